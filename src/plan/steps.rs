//! Which statements does a policy need?
//!
//! All deletes of a table are one statement; each rule that changes columns is one. Which scopes are remembered first, so
//! that each row is decided once, is `remember`'s to say.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Capture, CaptureReason, Predicate, Reason, SharedRows, Step, StepAction};
use super::parents;
use super::predicate;
use super::remember::{Writing, capture_reason, has_untold};
use super::scopes::Scopes;
use super::triggers::{Written, fired, written_by};
use super::{propagate, sentence};
use crate::catalog::{Catalog, ColumnId, TableId};
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::resolve::{Parents, Reach, ResolvedPolicy, ResolvedRule, RowAction, RuleId};

/// The steps in no particular order, and the captures in the order in which they are made.
pub(super) struct Drafted {
    pub steps: Vec<Step>,
    pub captures: Vec<Capture>,
    pub shared: Vec<SharedRows>,
}

/// Makes steps of rules; the rows of the tables in `circular` are remembered because their steps read in a circle.
pub(super) fn draft(
    policy: &ResolvedPolicy,
    catalog: &Catalog,
    scopes: &Scopes,
    circular: &BTreeSet<TableId>,
    report: &mut Report,
) -> Drafted {
    let plain = Layout { policy, catalog, scopes, captured: &|_| None }.draft(report);
    // Which triggers fire doesn't hang on what is remembered.
    let by_triggers = written_by(catalog, &plain.steps);
    let steps = Writing::of(&plain.steps);
    let reason = |table: TableId| {
        capture_reason(policy, catalog, table, &steps, &by_triggers)
            .or_else(|| circular.contains(&table).then_some(CaptureReason::Circle))
    };
    let reasons: BTreeMap<TableId, CaptureReason> =
        scopes.tables.iter().filter_map(|table| Some((*table, reason(*table)?))).collect();
    let mut drafted = if reasons.is_empty() {
        plain
    } else {
        Layout { policy, catalog, scopes, captured: &|table| reasons.get(&table).copied() }.draft(report)
    };
    for step in &mut drafted.steps {
        step.values_first = values_first(policy, catalog, step, &drafted.captures, &by_triggers);
    }
    drafted
}

/// The key by which new values are remembered before they are set: where one can't be told by its looks, and a trigger,
/// of this table or another, may keep it back or write over it.
fn values_first(
    policy: &ResolvedPolicy,
    catalog: &Catalog,
    step: &Step,
    captures: &[Capture],
    by_triggers: &Written,
) -> Option<Vec<ColumnId>> {
    let told_by_looks = !has_untold(step);
    if told_by_looks || !(by_triggers.may_be(step.table) || fired(catalog, step).any(|trigger| trigger.before_row)) {
        return None;
    }
    match &step.rows {
        Predicate::Captured { capture, .. } => Some(captures[*capture].key.clone()),
        Predicate::Subject => policy.subject.rows().map(|rows| rows.key.clone()),
        // A table whose rows can't be remembered has been refused.
        Predicate::References { .. }
        | Predicate::ReferencedBy { .. }
        | Predicate::Matches { .. }
        | Predicate::Closure { .. }
        | Predicate::Author(_)
        | Predicate::All(_)
        | Predicate::Any(_)
        | Predicate::NotTrue(_) => None,
    }
}

/// The numbers of a rule within a capture.
struct Numbers {
    /// For the rows that others reference too, where they are told apart.
    shared: Option<usize>,
    /// For the rows that it decides.
    rule: usize,
}

struct Layout<'a> {
    policy: &'a ResolvedPolicy,
    catalog: &'a Catalog,
    scopes: &'a Scopes,
    captured: &'a dyn Fn(TableId) -> Option<CaptureReason>,
}

impl Layout<'_> {
    fn draft(&self, report: &mut Report) -> Drafted {
        let mut drafted = Drafted { steps: Vec::new(), captures: Vec::new(), shared: Vec::new() };
        // For each rule the rows that it decides, for the cascades below it.
        let mut decided: Vec<Option<Predicate>> = vec![None; self.policy.rules.len()];
        for &table in &self.scopes.tables {
            self.draft_table(table, &mut drafted, &mut decided, report);
        }
        drafted
    }

    fn draft_table(
        &self,
        table: TableId,
        drafted: &mut Drafted,
        decided: &mut [Option<Predicate>],
        report: &mut Report,
    ) {
        let rules: Vec<(RuleId, &ResolvedRule)> = self.policy.rules_of(table).collect();
        let alone: Vec<Predicate> = rules.iter().map(|(id, rule)| self.alone(*id, rule, decided)).collect();
        let shared: Vec<Option<Predicate>> =
            rules.iter().map(|(id, _)| parents::shared(self.policy, *id, decided)).collect();
        let capture =
            (self.captured)(table).and_then(|reason| self.capture(table, reason, &rules, &alone, &shared, report));
        let rows: Vec<Predicate> = match capture {
            Some((capture, numbers)) => {
                drafted.captures.push(capture);
                let capture = drafted.captures.len() - 1;
                for ((id, rule), number) in rules.iter().zip(&numbers) {
                    if let (Some(shared), Reach::Parents(Parents { if_shared: Some(if_shared), .. })) =
                        (number.shared, &rule.reach)
                    {
                        drafted.shared.push(SharedRows {
                            table,
                            rule: *id,
                            rows: captured(capture, vec![shared]),
                            if_shared: *if_shared,
                            origin: rule.origin,
                        });
                    }
                }
                numbers.iter().map(|number| captured(capture, vec![number.rule])).collect()
            }
            None => (0..rules.len()).map(|index| first_match(&rules, &alone, index)).collect(),
        };
        for ((id, _), rows) in rules.iter().zip(&rows) {
            decided[id.0] = Some(rows.clone());
        }
        let deletes: Vec<usize> =
            (0..rules.len()).filter(|index| matches!(rules[*index].1.action, RowAction::Delete { .. })).collect();
        if let Some(first) = deletes.first() {
            let together = merge(deletes.iter().map(|index| rows[*index].clone()));
            drafted.steps.push(self.step(&rules, &deletes, *first, together, StepAction::Delete));
        }
        for (index, (_, rule)) in rules.iter().enumerate() {
            if let RowAction::Change { changes, .. } = &rule.action
                && !changes.is_empty()
            {
                let along = propagate::along(self.policy, self.catalog, table, &rows[index], changes, report);
                let action = StepAction::Change(changes.clone());
                let step = self.step(&rules, &[index], index, rows[index].clone(), action);
                drafted.steps.push(Step { along, ..step });
            }
        }
    }

    /// The rows that a rule would take if it were the table's only one.
    fn alone(&self, id: RuleId, rule: &ResolvedRule, decided: &[Option<Predicate>]) -> Predicate {
        self.scopes.closure_of(id).unwrap_or_else(|| {
            let reached = predicate::reached(self.policy, rule.table, &rule.reach, rule.condition.as_ref(), decided);
            predicate::narrowed(reached, rule.condition.as_ref())
        })
    }

    fn capture(
        &self,
        table: TableId,
        reason: CaptureReason,
        rules: &[(RuleId, &ResolvedRule)],
        alone: &[Predicate],
        shared: &[Option<Predicate>],
        report: &mut Report,
    ) -> Option<(Capture, Vec<Numbers>)> {
        let Some(key) = row_key(self.catalog, table, &changed_columns(self.policy, self.catalog, table, rules)) else {
            report.push(needs_key(self.catalog, table, reason, rules));
            return None;
        };
        let mut tried = Vec::new();
        let mut numbers = Vec::new();
        for (((id, _), rows), shared) in rules.iter().zip(alone).zip(shared) {
            let shared = shared.as_ref().map(|shared| {
                // They are this rule's, and no rule behind it takes them.
                let narrowed = match rows {
                    Predicate::All(parts) => parts.clone(),
                    other => vec![other.clone()],
                };
                tried.push((*id, Predicate::all(narrowed.into_iter().chain([shared.clone()]))));
                tried.len()
            });
            tried.push((*id, rows.clone()));
            numbers.push(Numbers { shared, rule: tried.len() });
        }
        Some((Capture { table, key, rules: tried, reason }, numbers))
    }

    fn step(
        &self,
        rules: &[(RuleId, &ResolvedRule)],
        carried: &[usize],
        first: usize,
        rows: Predicate,
        action: StepAction,
    ) -> Step {
        let (_, rule) = rules[first];
        let keys = carried.iter().filter_map(|index| match &rules[*index].1.reach {
            Reach::Cascade(keys) => Some(keys.iter().map(|(key, _)| *key)),
            Reach::OwnRow | Reach::Paths(_) | Reach::Condition | Reach::Parents(_) | Reach::EveryRow => None,
        });
        let keys: Vec<_> = keys.flatten().collect();
        let names: Vec<_> = carried.iter().filter_map(|index| rules[*index].1.name.clone()).collect();
        let scopes: Vec<_> =
            carried.iter().map(|index| sentence::scope_of(self.policy, self.catalog, rules[*index].0)).collect();
        let asked = carried.iter().any(|index| !matches!(rules[*index].1.reach, Reach::Cascade(_)));
        Step {
            table: rule.table,
            rules: carried.iter().map(|index| rules[*index].0).collect(),
            rows,
            action,
            reason: if asked { Reason::Asked } else { Reason::Cascade { keys } },
            values_first: None,
            asked_again: false,
            along: None,
            before: Vec::new(),
            together: None,
            name: (!names.is_empty()).then(|| names.join(", ")),
            scope: scopes.join("; or "),
            origin: rule.origin,
        }
    }
}

/// The columns of a table that any of its rules changes, or that follow what rules of other tables change.
fn changed_columns(
    policy: &ResolvedPolicy,
    catalog: &Catalog,
    table: TableId,
    rules: &[(RuleId, &ResolvedRule)],
) -> Vec<ColumnId> {
    let changes = rules.iter().filter_map(|(_, rule)| match &rule.action {
        RowAction::Change { changes, .. } => Some(changes),
        RowAction::Keep(_) | RowAction::Delete { .. } => None,
    });
    let own = changes.flatten().map(|change| change.column);
    own.chain(propagate::followed_columns(policy, catalog, table)).collect()
}

/// Whether rows of a table could be remembered.
pub(super) fn has_key(policy: &ResolvedPolicy, catalog: &Catalog, table: TableId) -> bool {
    let rules: Vec<(RuleId, &ResolvedRule)> = policy.rules_of(table).collect();
    row_key(catalog, table, &changed_columns(policy, catalog, table, &rules)).is_some()
}

/// Columns that tell the rows of a table apart and that no rule changes: the primary key, else a unique index.
pub(super) fn row_key(catalog: &Catalog, table: TableId, changed: &[ColumnId]) -> Option<Vec<ColumnId>> {
    let table = catalog.table(table);
    let mut keys =
        table.keys().filter_map(|names| names.iter().map(|name| table.column_id(name)).collect::<Option<Vec<_>>>());
    keys.find(|key| key.iter().all(|id| catalog.is_never_null(table.column_at(*id)) && !changed.contains(id)))
}

/// The rows of a rule that no rule before it takes. Rules that do the same need no telling apart, and with NULL a
/// condition is not true, so the rows go on to the next rule.
pub(super) fn first_match(rules: &[(RuleId, &ResolvedRule)], alone: &[Predicate], index: usize) -> Predicate {
    let deletes = |rule: &ResolvedRule| matches!(rule.action, RowAction::Delete { .. });
    let same = |other: usize| deletes(rules[other].1) && rules[other].1.action == rules[index].1.action;
    let earlier = (0..index).filter(|other| !same(*other));
    let taken = earlier.map(|other| Predicate::NotTrue(Box::new(alone[other].clone())));
    Predicate::all(std::iter::once(alone[index].clone()).chain(taken))
}

/// All rows that a capture remembers for some rules.
fn captured(capture: usize, rules: Vec<usize>) -> Predicate {
    Predicate::Captured { capture, rules, added: None }
}

/// The rows of any of some rules; of one capture, by the rules' numbers.
pub(super) fn merge(rows: impl Iterator<Item = Predicate>) -> Predicate {
    let mut numbers: Vec<usize> = Vec::new();
    let mut found = None;
    let mut others = Vec::new();
    for part in rows {
        match part {
            Predicate::Captured { capture, rules, .. } => {
                found = Some(capture);
                numbers.extend(rules);
            }
            other => others.push(other),
        }
    }
    numbers.sort_unstable();
    numbers.dedup();
    let remembered = found.map(|capture| captured(capture, numbers));
    Predicate::any(remembered.into_iter().chain(others))
}

/// All rows of a table that its steps change or delete.
pub(super) fn rows_of_table(steps: &[Step], table: TableId) -> Predicate {
    let own = steps.iter().filter(|step| step.table == table).map(|step| step.rows.clone());
    let follow = steps.iter().flat_map(Step::followers).filter(|(follower, _)| follower.table == table);
    merge(own.chain(follow.map(|(_, rows)| rows.clone())))
}

fn needs_key(
    catalog: &Catalog,
    table: TableId,
    reason: CaptureReason,
    rules: &[(RuleId, &ResolvedRule)],
) -> Diagnostic {
    let name = catalog.table(table).name.bare().to_string();
    let why = match reason {
        CaptureReason::SeveralRules => {
            "several rules change the table, so the rule of each row is decided once, by key"
        }
        CaptureReason::Disturbed => "other steps change what finds these rows, so they are remembered first, by key",
        CaptureReason::Shared => "rows that others reference too are told apart once, by key",
        CaptureReason::Circle => "steps read each other's rows in a circle, so these are remembered first, by key",
        CaptureReason::Trigger => {
            "a trigger may keep these rows, or change what finds them: so they are remembered first, by key"
        }
    };
    let origin = rules.first().map(|(_, rule)| rule.origin).unwrap_or_default();
    Diagnostic::new(
        Code::NeedsPrimaryKey,
        format!("the rows of table `{name}` have to be remembered, and it has no key"),
    )
    .at(origin, "no primary key that stays")
    .about(name)
    .note(why)
    .help("add a primary key or a unique index over NOT NULL columns that the policy keeps")
}

/// Whether a step changes this column of its rows, also one that the database generates from others.
pub(super) fn changes_column(catalog: &Catalog, step: &Step, column: ColumnId) -> bool {
    let table = catalog.table(step.table);
    match &step.action {
        StepAction::Delete => false,
        StepAction::Change(changes) => {
            changes.iter().any(|change| table.changing_with(change.column).any(|changing| changing == column))
        }
    }
}
