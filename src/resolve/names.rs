//! Which tables, columns and keys does the policy name?
//!
//! Every typed name becomes an id or a finding. What a decision means for its column is asked in `fit`.

use std::cell::RefCell;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::link::Links;
use super::model::{
    ColumnChange, Condition, Derived, Expression, NewValue, Reach, ResolvedGuard, ResolvedLimits, ResolvedPolicy,
    ResolvedReport, ResolvedRule, RowAction, Subject, Values,
};
use super::{condition, derived, document, generator, gone, parents, path, refresh, scrub, subject, words};
use crate::action::{Decision, OtherColumns, Randomize};
use crate::catalog::{Catalog, Column, ColumnId, Generated, KeyId, Table, TableId};
use crate::diagnostic::Report;
use crate::ident::{Ident, TableName};
use crate::policy::{self, Policy, RowDecision, Rule, Via};
use crate::source::{Fragment, Span, Spanned};

/// What every look-up needs.
pub(super) struct Context<'a> {
    pub catalog: &'a Catalog,
    pub search_path: Vec<Ident>,
    /// Whose rows.
    pub whose: Whose,
    /// The subject's key, where the subject is a row and its key could be found.
    pub subject_key: Vec<ColumnId>,
    /// Tables that the policy decides.
    pub decided: BTreeSet<TableId>,
    /// Relations that the author's SQL has named so far.
    pub named: RefCell<BTreeSet<TableName>>,
    /// The rules of these, as written.
    pub written: BTreeMap<TableId, &'a policy::TablePolicy>,
    /// For virtual foreign keys with a `where`, which rows of their tables reference by them.
    pub conditions: BTreeMap<KeyId, Condition>,
    /// For paths that compare values, what is compared.
    pub values: BTreeMap<KeyId, Values>,
    /// How rows are reached of rules that could not be looked up for other reasons.
    pub unfinished: RefCell<Vec<(TableId, Reach)>>,
}

/// Whose rows, as far as it decides how they are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// Those of rows of this table.
    Of(TableId),
    /// Those that conditions find by a value.
    Value,
    /// Everybody's.
    EveryRow,
}

/// Looks up everything; none when the subject itself can't be found, because nothing can be followed then. Beside it how
/// the rows are reached of rules that could not be looked up.
pub(super) fn resolve(
    policy: &Policy,
    links: &Links<'_>,
    report: &mut Report,
) -> Option<(ResolvedPolicy, Vec<(TableId, Reach)>)> {
    let catalog = &links.catalog;
    let tables: Vec<Option<TableId>> = policy.tables.iter().map(|entry| table(catalog, &entry.table, report)).collect();
    let mut first: BTreeMap<TableId, Span> = BTreeMap::new();
    for (entry, id) in policy.tables.iter().zip(&tables) {
        let Some(id) = id else { continue };
        match first.entry(*id) {
            Entry::Occupied(earlier) => report.push(words::table_twice(&entry.table, *earlier.get())),
            Entry::Vacant(place) => {
                place.insert(entry.table.span);
            }
        }
    }
    let whose = match &policy.subject {
        policy::Subject::Rows(rows) => table(catalog, &rows.table, report).map(Whose::Of),
        policy::Subject::Value(_) => Some(Whose::Value),
        policy::Subject::EveryRow(_) => Some(Whose::EveryRow),
    };
    for guard in &policy.guards {
        // Looked up again below, with the subject at hand; here only so that every unknown table is told at once.
        if whose.is_none() {
            table(catalog, &guard.table, report);
        }
    }
    let decided = || policy.tables.iter().zip(&tables).filter_map(|(entry, id)| id.map(|id| (id, entry)));
    let mut context = Context {
        catalog,
        search_path: policy.search_path.iter().map(|schema| schema.value.clone()).collect(),
        whose: whose?,
        subject_key: Vec::new(),
        decided: tables.iter().flatten().copied().collect(),
        named: RefCell::default(),
        written: decided().collect(),
        conditions: BTreeMap::new(),
        values: BTreeMap::new(),
        unfinished: RefCell::default(),
    };
    context.conditions = links.conditions(&context, report).into_iter().collect();
    context.values = links.values(&context, report).into_iter().collect();
    let subject = subject::resolve(&context, &policy.subject, report);
    context.subject_key = subject.iter().filter_map(Subject::rows).flat_map(|rows| rows.key.clone()).collect();
    let context = context;
    let guards = policy.guards.iter().filter_map(|found| guard(&context, found, report)).collect();
    let mut rules: Vec<ResolvedRule> = Vec::new();
    let mut entries: Vec<_> = decided().collect();
    entries.sort_by_key(|(id, _)| *id);
    for (id, entry) in entries {
        changeable(&context, id, entry, report);
        rules.extend(entry.rules.iter().filter_map(|found| {
            let looked_up = rule(&context, id, found, report);
            if looked_up.is_none() {
                let reach = reach_of(&context, id, found);
                context.unfinished.borrow_mut().extend(reach.map(|reach| (id, reach)));
            }
            looked_up
        }));
    }
    let max_rows = policy.limits.max_rows.iter();
    let max_rows = max_rows.filter_map(|(name, rows)| Some((table(catalog, name, report)?, *rows))).collect();
    for report in &policy.unchanged {
        // The reader has refused what the gate doesn't understand.
        let parsed = policy::sql::parse_query(&report.query.text).unwrap_or_default();
        condition::name(&context, &parsed);
    }
    let reports = policy.unchanged.iter().map(|found| ResolvedReport {
        name: found.name.value.clone(),
        query: found.query.clone(),
        origin: found.name.span,
    });
    let gone = gone::resolve(&context, &policy.gone, report);
    let mut resolved = ResolvedPolicy {
        name: policy.name.value.clone(),
        subject: subject?,
        search_path: context.search_path,
        search_path_at: policy.search_path.first().map_or(policy.name.span, |schema| schema.span),
        named: context.named.into_inner(),
        guards,
        virtual_conditions: context.conditions,
        values: context.values,
        expectations: Vec::new(),
        accepted: policy.accept.clone(),
        rules: Vec::new(),
        by_table: BTreeMap::new(),
        refreshes: refresh::resolve(policy, catalog, report),
        stale_views: Vec::new(),
        reports: reports.collect(),
        gone,
        limits: ResolvedLimits {
            lock_timeout: policy.limits.lock_timeout.as_ref().map_or(policy::DEFAULT_LOCK_TIMEOUT, |t| t.value),
            statement_timeout: (policy.limits.statement_timeout.as_ref())
                .map_or(policy::DEFAULT_STATEMENT_TIMEOUT, |t| t.value),
            max_subjects: policy.limits.max_subjects.as_ref().map_or(policy::DEFAULT_MAX_SUBJECTS, |n| n.value),
            max_rows,
        },
    };
    rules.into_iter().for_each(|rule| resolved.push_rule(rule));
    Some((resolved, context.unfinished.into_inner()))
}

/// A table by name.
pub(super) fn table(catalog: &Catalog, name: &Spanned<TableName>, report: &mut Report) -> Option<TableId> {
    let found = catalog.table_id(&name.value);
    match found {
        None => report.push(words::unknown_table(catalog, name)),
        Some(_) if catalog.observed.unreadable.contains(&name.value) => report.push(words::unreadable_table(name)),
        Some(_) => {}
    }
    found
}

/// A column by name.
pub(super) fn column(table: &Table, name: &Spanned<Ident>, place: Span, report: &mut Report) -> Option<ColumnId> {
    let found = table.column_id(&name.value);
    if found.is_none() {
        report.push(words::unknown_column(table, &name.value, name.span).label(place, "in this table"));
    }
    found
}

fn guard(context: &Context<'_>, guard: &policy::Guard, report: &mut Report) -> Option<ResolvedGuard> {
    let id = table(context.catalog, &guard.table, report)?;
    let condition = match &guard.condition {
        Some(fragment) => Some(condition::resolve(context, id, fragment, report)?),
        None => None,
    };
    Some(ResolvedGuard {
        name: guard.name.value.clone(),
        table: id,
        reach: match &guard.referenced_by {
            Some(written) => Reach::Parents(parents::resolve(context, id, written, None, report)?),
            None => reach(context, id, guard.via.as_ref(), condition.as_ref(), guard.table.span, report)?,
        },
        condition,
        message: guard.message.value.clone(),
        origin: guard.name.span,
    })
}

/// Whether a policy can change rows of this table at all.
fn changeable(context: &Context<'_>, id: TableId, entry: &policy::TablePolicy, report: &mut Report) {
    let table = context.catalog.table(id);
    let acts =
        entry.rules.iter().any(|rule| !matches!(rule.action.value, RowDecision::Keep(_) | RowDecision::Undecided));
    if !acts {
        return;
    }
    let replacing = table.rewrite_rules.iter().find(|rule| matches!(rule.event.as_str(), "update" | "delete"));
    if let Some(rule) = replacing {
        report.push(words::rewrite_rule(table, rule, entry.table.span));
    }
}

fn rule(context: &Context<'_>, id: TableId, rule: &Rule, report: &mut Report) -> Option<ResolvedRule> {
    let table = context.catalog.table(id);
    let condition = rule.condition.as_ref().map(|fragment| condition::resolve(context, id, fragment, report));
    let failed_condition = matches!(condition, Some(None));
    let condition = condition.flatten();
    let reach = rule_reach(context, id, rule, condition.as_ref(), report);
    let action = match &rule.action.value {
        RowDecision::Keep(reason) => RowAction::Keep(reason.value.clone()),
        RowDecision::Delete => RowAction::Delete { cascade: false },
        RowDecision::Cascade => RowAction::Delete { cascade: true },
        RowDecision::Undecided => {
            report.push(words::undecided_rule(table, rule.action.span));
            return None;
        }
        RowDecision::Columns { columns, other } => {
            columns_of(context, id, (rule, reach.as_ref()), columns, other.as_ref(), report)?
        }
    };
    if failed_condition {
        return None;
    }
    Some(ResolvedRule {
        table: id,
        name: rule.name.as_ref().map(|name| name.value.clone()),
        reach: reach?,
        condition,
        action,
        origin: rule.span,
    })
}

/// How the rows of a rule belong to the subject, where that could be told.
pub(super) fn reach_of(context: &Context<'_>, id: TableId, rule: &Rule) -> Option<Reach> {
    // Whatever is wrong is reported where the rule itself is looked up.
    let mut unheard = Report::default();
    let condition = match &rule.condition {
        Some(fragment) => Some(condition::resolve(context, id, fragment, &mut unheard)?),
        None => None,
    };
    rule_reach(context, id, rule, condition.as_ref(), &mut unheard)
}

fn rule_reach(
    context: &Context<'_>,
    id: TableId,
    rule: &Rule,
    condition: Option<&Condition>,
    report: &mut Report,
) -> Option<Reach> {
    match &rule.referenced_by {
        Some(written) => {
            let if_shared = rule.if_shared.as_ref().map(|word| word.value);
            parents::resolve(context, id, written, if_shared, report).map(Reach::Parents)
        }
        None => reach(context, id, rule.via.as_ref(), condition, rule.span, report),
    }
}

/// How rows belong to the subject.
fn reach(
    context: &Context<'_>,
    id: TableId,
    via: Option<&Via>,
    condition: Option<&super::Condition>,
    span: Span,
    report: &mut Report,
) -> Option<Reach> {
    let subject = match context.whose {
        Whose::Of(table) => table,
        // The reader lets no path stand there, and every `where` has a `:subject`.
        Whose::Value => return Some(Reach::Condition),
        Whose::EveryRow => return Some(Reach::EveryRow),
    };
    if condition.is_some_and(|found| !found.subject.is_empty()) {
        return Some(Reach::Condition);
    }
    match via {
        Some(via) => {
            let found = via.paths.iter().map(|text| path::resolve(context, subject, id, text, report));
            let found: Vec<_> = found.collect();
            let mut paths = found.into_iter().collect::<Option<Vec<_>>>()?;
            paths.dedup();
            Some(Reach::Paths(paths))
        }
        None if id == subject => Some(Reach::OwnRow),
        None => {
            let direct: Vec<_> = context
                .catalog
                .keys_from(id)
                .map(|(key, _)| key)
                .filter(|key| context.catalog.parent(*key) == Some(subject))
                .collect();
            if let [only] = direct[..] {
                return Some(Reach::Paths(vec![super::Path(vec![only])]));
            }
            report.push(words::path_required(context, subject, id, direct.len(), span));
            None
        }
    }
}

/// What a rule with `columns` does: every column named, or covered by `other_columns`.
fn columns_of(
    context: &Context<'_>,
    owner: TableId,
    (rule, reach): (&Rule, Option<&Reach>),
    columns: &[policy::ColumnRule],
    other: Option<&Spanned<OtherColumns>>,
    report: &mut Report,
) -> Option<RowAction> {
    let table = context.catalog.table(owner);
    let mut changes = Vec::new();
    let mut kept = Vec::new();
    let mut decided = Vec::new();
    let mut complete = true;
    for entry in columns {
        let Some(id) = column(table, &entry.column, rule.span, report) else {
            complete = false;
            continue;
        };
        decided.push(id);
        let origin = entry.column.span;
        match &entry.decision.value {
            Decision::Keep { reason } => kept.extend(reason.clone().map(|reason| (id, reason))),
            Decision::Undecided => {
                report.push(words::undecided_column_word(table, id, entry.decision.span));
                complete = false;
            }
            Decision::Scrub(written) => {
                let target = scrub::Target { table: owner, column: id, reach, via: entry.via.as_ref() };
                match scrub::resolve(context, &target, written, report) {
                    Some(value) => {
                        let value = NewValue::Derived(value);
                        changes.push(ColumnChange {
                            column: id,
                            value,
                            keeps_null: false,
                            origin,
                            value_at: written.span,
                            propagate: None,
                        });
                    }
                    None => complete = false,
                }
            }
            decision => match new_value(context, owner, id, decision, entry.decision.span, report) {
                Some(value) => {
                    let keeps_null = keeps_null(context.catalog, table.column_at(id), &value);
                    let (value_at, propagate) = (written_at(&entry.decision), entry.propagate);
                    kept.extend(document::reasons(decision).map(|reason| (id, reason)));
                    changes.push(ColumnChange { column: id, value, keeps_null, origin, value_at, propagate });
                }
                None => complete = false,
            },
        }
    }
    let left: Vec<ColumnId> = (0..table.columns.len())
        .map(ColumnId)
        .filter(|id| !decided.contains(id))
        // The database makes its value from other columns; these are the ones to decide.
        .filter(|id| !matches!(table.column_at(*id).generated, Generated::Expression { .. }))
        .collect();
    match other {
        None if left.is_empty() => {}
        None => {
            // With a name that doesn't exist, the missing column is most likely the misspelt one.
            if complete {
                report.push(words::undecided_columns(table, &left, rule.span));
            }
            complete = false;
        }
        Some(other) => match other.value {
            OtherColumns::Keep => {
                let prose: Vec<_> =
                    left.iter().copied().filter(|id| table.column_at(*id).ty.may_hold_prose()).collect();
                if !prose.is_empty() {
                    report.push(words::other_columns_kept(table, &prose, other.span));
                }
            }
            OtherColumns::Null | OtherColumns::Default | OtherColumns::Randomize => {
                for id in left {
                    let decision = match other.value {
                        OtherColumns::Null => Decision::Null,
                        OtherColumns::Default => Decision::Default,
                        OtherColumns::Keep | OtherColumns::Randomize => Decision::Randomize(Randomize::default()),
                    };
                    match new_value(context, owner, id, &decision, other.span, report) {
                        Some(value) => {
                            let keeps_null = keeps_null(context.catalog, table.column_at(id), &value);
                            let (origin, value_at, propagate) = (other.span, other.span, None);
                            changes.push(ColumnChange { column: id, value, keeps_null, origin, value_at, propagate });
                        }
                        None => complete = false,
                    }
                }
            }
        },
    }
    complete.then_some(RowAction::Change { changes, kept })
}

/// The place of the value itself, where the decision has one.
fn written_at(decision: &Spanned<Decision>) -> Span {
    match &decision.value {
        Decision::Replace(text) => text.span,
        Decision::Sql(fragment) => fragment.span,
        Decision::ReassignTo(text) => text.span,
        Decision::Mask(mask) => mask.span,
        Decision::Generalize(generalize) => generalize.span,
        Decision::ShiftDays(days) => days.span,
        Decision::Scrub(scrub) => scrub.span,
        Decision::Keep { .. }
        | Decision::Null
        | Decision::Default
        | Decision::Randomize(_)
        | Decision::Pseudonymize(_)
        | Decision::Json(_)
        | Decision::Undecided => decision.span,
    }
}

/// The new value that a decision asks for.
fn new_value(
    context: &Context<'_>,
    owner: TableId,
    id: ColumnId,
    decision: &Decision,
    span: Span,
    report: &mut Report,
) -> Option<NewValue> {
    let table = context.catalog.table(owner);
    let column = table.column_at(id);
    match decision {
        Decision::Null => Some(NewValue::Null),
        Decision::Default => Some(NewValue::Default),
        Decision::Replace(text) => Some(NewValue::Literal(text.value.clone())),
        Decision::ReassignTo(text) => Some(NewValue::StandIn(text.value.clone())),
        Decision::Sql(fragment) => expression(context, owner, fragment, report).map(NewValue::Expression),
        Decision::Randomize(randomize) => {
            generator::resolve(context.catalog, table, column, randomize, span, report).map(NewValue::Random)
        }
        Decision::Pseudonymize(randomize) => {
            let generator = derived::pseudonym(context.catalog, table, column, randomize, span, report);
            generator.map(|generator| NewValue::Derived(Derived::Pseudonym(generator)))
        }
        Decision::Mask(mask) => derived::mask(table, column, mask, report),
        Decision::Generalize(generalize) => derived::generalize(table, column, generalize, report),
        Decision::ShiftDays(days) => derived::shift(table, column, days, report),
        Decision::Json(document) => document::resolve(context.catalog, table, column, document, span, report),
        // The caller has dealt with these: they change nothing, or hang on the rule.
        Decision::Keep { .. } | Decision::Undecided | Decision::Scrub(_) => None,
    }
}

/// Whether a new value leaves NULL alone, and may meet it.
fn keeps_null(catalog: &Catalog, column: &Column, value: &NewValue) -> bool {
    match value {
        NewValue::Random(_) => !catalog.is_never_null(column),
        // What is computed from NULL is NULL, without anybody's asking.
        NewValue::Derived(_)
        | NewValue::Null
        | NewValue::Default
        | NewValue::Literal(_)
        | NewValue::StandIn(_)
        | NewValue::Expression(_) => false,
    }
}

/// The author's expression, with what it reads; none where it names a column that doesn't exist.
fn expression(context: &Context<'_>, id: TableId, fragment: &Fragment, report: &mut Report) -> Option<Expression> {
    let table = context.catalog.table(id);
    // The reader has refused what the gate doesn't understand: a fragment that gets here has passed.
    let parsed = policy::sql::parse_expression(&fragment.text).ok()?;
    condition::check_columns(table, fragment, &parsed, report)
        .then(|| Expression { fragment: fragment.clone(), reads: condition::reads(context, id, &parsed) })
}
