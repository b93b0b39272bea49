//! Does every decision fit its column?

use super::known::{Extent, Row};
use super::model::{ColumnChange, Derived, NewValue, ResolvedPolicy, ResolvedRule, RowAction};
use super::{literal, words};
use crate::catalog::{Catalog, Check, Column, Generated, ReferentialAction, Table};
use crate::diagnostic::{Diagnostic, Report};
use crate::ident::Ident;

/// Reports decisions that the database would refuse, or that would break a key.
pub(super) fn check(policy: &ResolvedPolicy, catalog: &Catalog, report: &mut Report) {
    for rule in &policy.rules {
        let RowAction::Change { changes, .. } = &rule.action else { continue };
        let table = catalog.table(rule.table);
        for change in changes {
            for found in of_change(policy, catalog, rule, table, change) {
                report.push(found);
            }
        }
        generated_not_null(Row { catalog, table, changes, extent: Extent::Some }, report);
        match_full(catalog, rule, table, report);
        if !catalog.observed.live {
            unverified_checks(catalog, table, changes, report);
        }
    }
}

fn of_change(
    policy: &ResolvedPolicy,
    catalog: &Catalog,
    rule: &ResolvedRule,
    table: &Table,
    change: &ColumnChange,
) -> Vec<Diagnostic> {
    let column = table.column_at(change.column);
    let span = change.value_at;
    match &column.generated {
        Generated::Expression { from, .. } => return vec![words::generated_column(table, column, from, span)],
        Generated::IdentityAlways => return vec![words::identity_column(table, column, span)],
        Generated::No | Generated::IdentityByDefault => {}
    }
    let mut found = Vec::new();
    match &change.value {
        NewValue::Null if catalog.refuses_null(column) => found.push(words::not_null(catalog, table, column, span)),
        NewValue::Default if catalog.default_of(column).is_none() && column.generated == Generated::No => {
            found.push(words::no_default(catalog, table, column, span));
        }
        NewValue::Literal(text) | NewValue::StandIn(text) => match literal::fits(catalog, &column.ty, text) {
            literal::Fit::Yes => {}
            literal::Fit::AskServer if catalog.observed.live => {}
            literal::Fit::AskServer => found.push(words::unverified_literal(table, column, span)),
            literal::Fit::No(problem) => found.push(words::literal_misfit(catalog, table, column, problem, span)),
        },
        NewValue::Null | NewValue::Default | NewValue::Expression(_) | NewValue::Random(_) | NewValue::Derived(_) => {}
    }
    let is_subject_key =
        policy.subject.rows().is_some_and(|rows| rows.table == rule.table && rows.key.contains(&change.column));
    // What is generated from a natural key has no value of its own that could be propagated.
    let left_behind = |moved: &&Column| change.propagate.is_none() || moved.name != column.name;
    if let Some((moved, key)) = catalog.keys_to(&table.name).find_map(|(_, key)| {
        let mut columns = key.parent_columns().filter_map(|name| moved(table, name, column));
        Some((columns.find(left_behind)?, key))
    }) {
        let offer =
            !is_subject_key && moved.name == column.name && !matches!(change.value, NewValue::Null | NewValue::Default);
        found.push(words::referenced_column(table, moved, key, offer, span));
    } else if is_subject_key {
        found.push(words::subject_key_changes(table, column, span));
    }
    let referencing = catalog
        .keys_of(&table.name)
        .find_map(|(_, key)| Some((key.child_columns().find_map(|name| moved(table, name, column))?, key)));
    if let Some((moved, key)) = referencing
        && matches!(change.value, NewValue::Literal(_) | NewValue::Random(_) | NewValue::Derived(_))
    {
        found.push(words::broken_reference(table, moved, key, span));
    }
    if let Some(partitioned) = &table.partitioned
        && partitioned.columns.contains(&column.name)
    {
        found.push(words::partition_key(table, column, span));
    }
    if matches!(change.value, NewValue::StandIn(_))
        && !catalog.keys_of(&table.name).any(|(_, key)| key.child_columns().any(|name| *name == column.name))
    {
        found.push(words::no_reference(catalog, table, column, span));
    }
    found
}

/// The column of that name, when a change of `changed` changes it: itself, or generated from it.
pub(super) fn moved<'a>(table: &'a Table, name: &Ident, changed: &Column) -> Option<&'a Column> {
    let column = table.column(name)?;
    let made = matches!(&column.generated, Generated::Expression { from, .. } if from.contains(&changed.name));
    (*name == changed.name || made).then_some(column)
}

/// A generated column that refuses NULL, where the new values of what it is made of make it NULL. What isn't certain the
/// server is asked.
pub(super) fn generated_not_null(row: Row<'_>, report: &mut Report) {
    let Row { catalog, table, changes, .. } = row;
    for made in table.columns.iter().filter(|column| catalog.refuses_null(column)) {
        let Generated::Expression { from, .. } = &made.generated else { continue };
        let changed = |change: &&ColumnChange| from.contains(&table.column_at(change.column).name);
        let Some(first) = changes.iter().find(changed) else { continue };
        let known = row.known(made);
        if known.null {
            let null = |change: &&ColumnChange| changed(change) && change.value == NewValue::Null;
            let change = changes.iter().find(null).unwrap_or(first);
            report.push(words::generated_not_null(table, table.column_at(change.column), made, change.value_at));
        } else if !known.some && !catalog.observed.live {
            report.push(words::unverified_generated(table, table.column_at(first.column), made, first.value_at));
        }
    }
}

/// A MATCH FULL key is null as a whole or not at all.
fn match_full(catalog: &Catalog, rule: &ResolvedRule, table: &Table, report: &mut Report) {
    for (_, key) in catalog.keys_of(&table.name).filter(|(_, key)| key.match_full && key.pairs.len() > 1) {
        let nulls: Vec<_> = key
            .child_columns()
            .filter_map(|name| rule.change_of(table.column_id(name)?))
            .filter(|change| change.value == NewValue::Null)
            .collect();
        if let [first, ..] = nulls[..]
            && nulls.len() < key.pairs.len()
        {
            report.push(words::match_full(table, key, first.origin));
        }
    }
}

/// Without a server nobody can evaluate a CHECK.
pub(super) fn unverified_checks(catalog: &Catalog, table: &Table, changes: &[ColumnChange], report: &mut Report) {
    for check in &table.checks {
        let tied = |change: &&ColumnChange| {
            let column = table.column_at(change.column);
            // A CHECK that is NULL holds (manual, 5.4.1), and one over this column alone nearly always is then.
            let null_alone =
                change.value == NewValue::Null && check.columns.len() == 1 && !may_refuse_null(&check.expression);
            let read = check.columns.iter().any(|name| moved(table, name, column).is_some());
            let kept = change.value != NewValue::Null && is_not_null(&check.expression, &column.name);
            read && !null_alone && !kept
        };
        // Once for each CHECK, however many of its columns change.
        if let Some(change) = changes.iter().find(tied) {
            report.push(words::unverified_check(table, table.column_at(change.column), &check.name, change.value_at));
        } else if let (true, Some(change)) = (check.not_valid, changes.first()) {
            report.push(words::unverified_old_rows(table, &check.name, change.value_at));
        }
    }
    for change in changes {
        let column = table.column_at(change.column);
        // A domain's CHECKs hold for NULL nearly always too; every other new value has to be asked about.
        let parts = match &change.value {
            NewValue::Random(generator) | NewValue::Derived(Derived::Pseudonym(generator)) => {
                generator.parts_of_domains()
            }
            NewValue::Derived(_)
            | NewValue::Null
            | NewValue::Default
            | NewValue::Literal(_)
            | NewValue::StandIn(_)
            | NewValue::Expression(_) => Vec::new(),
        };
        let asks = |check: &Check| change.value != NewValue::Null || may_refuse_null(&check.expression);
        let mut domains = column.domains.iter().chain(parts.into_iter().map(|(domain, _)| domain));
        let constrained = domains.find(|name| catalog.domain(name).is_some_and(|it| it.checks.iter().any(asks)));
        if let Some(domain) = constrained {
            report.push(words::unverified_domain(table, column, domain, change.value_at));
        }
    }
}

/// Whether a condition may be false for NULL, and not just NULL itself.
fn may_refuse_null(expression: &str) -> bool {
    [" IS ", "COALESCE(", "num_nulls(", "num_nonnulls("].iter().any(|word| expression.contains(word))
}

fn is_not_null(expression: &str, column: &Ident) -> bool {
    expression == format!("({} IS NOT NULL)", column.as_str())
}

/// What a key's action would do by itself, in words.
pub(super) fn action_words(action: ReferentialAction) -> &'static str {
    match action {
        ReferentialAction::NoAction | ReferentialAction::Restrict => "the server would refuse the delete",
        ReferentialAction::Cascade => "`ON DELETE CASCADE` would delete the rows without any rule having asked for it",
        ReferentialAction::SetNull => "`ON DELETE SET NULL` would change the rows without any rule having asked for it",
        ReferentialAction::SetDefault => {
            "`ON DELETE SET DEFAULT` would change the rows without any rule having asked for it"
        }
    }
}
