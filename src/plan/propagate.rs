//! What goes along when a step changes natural keys?
//!
//! The step and everything that follows it run as one statement: PostgreSQL checks keys at its end, so no key has to be
//! deferrable and no ON UPDATE action finds anything left to do. In such a statement a trigger that fires before a row is
//! changed must not write rows of the statement's other tables: they would be "already modified".

use super::model::{Along, Predicate, Step, StepAction};
use super::predicate::following;
use super::steps::{changes_column, row_key};
use super::triggers::{fired, fired_along, written};
use crate::catalog::{Catalog, ColumnId, KeyId, TableId, Trigger};
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::resolve::{ColumnChange, Propagation, ResolvedPolicy, RowAction, propagation};
use crate::source::Span;

/// What goes along with a rule's changes to the rows of one table.
pub(super) fn along(
    policy: &ResolvedPolicy,
    catalog: &Catalog,
    table: TableId,
    rows: &Predicate,
    changes: &[ColumnChange],
    report: &mut Report,
) -> Option<Along> {
    let propagation = propagation(catalog, table, changes);
    if propagation.is_empty() {
        return None;
    }
    let Some(key) = row_key(catalog, table, &[]) else {
        let origin = changes.iter().find_map(|change| change.propagate).unwrap_or_default();
        report.push(needs_key(catalog, table, origin));
        return None;
    };
    let rows = follower_rows(policy, catalog, table, rows, &propagation);
    let conditions = propagation.keys().into_iter();
    let conditions = conditions.filter_map(|key| Some((key, policy.virtual_conditions.get(&key)?.clone()))).collect();
    Some(Along { key, propagation, rows, conditions })
}

/// For each table that follows, its rows: those that reference rows which change.
pub(super) fn follower_rows(
    policy: &ResolvedPolicy,
    catalog: &Catalog,
    table: TableId,
    rows: &Predicate,
    propagation: &Propagation,
) -> Vec<Predicate> {
    let followers = &propagation.followers;
    let mut found: Vec<Option<Predicate>> = vec![None; followers.len()];
    let above = |key: KeyId, found: &[Option<Predicate>]| {
        let parent = catalog.parent(key)?;
        match followers.iter().position(|follower| follower.table == parent) {
            Some(index) if parent != table => found.get(index).cloned().flatten(),
            _ => Some(rows.clone()),
        }
    };
    // Each round finds at least the tables that reference those of the one before.
    for _ in 0..followers.len() {
        for (index, follower) in followers.iter().enumerate() {
            if found[index].is_some() {
                continue;
            }
            let ways = follower.keys().into_iter().filter_map(|key| Some((key, above(key, &found)?)));
            let ways: Vec<Predicate> = ways.map(|(key, rows)| following(policy, key, rows)).collect();
            if !ways.is_empty() {
                found[index] = Some(Predicate::any(ways));
            }
        }
    }
    found.into_iter().map(|rows| rows.unwrap_or(Predicate::Any(Vec::new()))).collect()
}

/// The columns of a table that follow natural keys, whichever rule changes these.
pub(super) fn followed_columns(policy: &ResolvedPolicy, catalog: &Catalog, table: TableId) -> Vec<ColumnId> {
    let rules = policy.rules.iter().filter_map(|rule| match &rule.action {
        // Most rules change no natural key, and this is asked for many tables.
        RowAction::Change { changes, .. } if changes.iter().any(|change| change.propagate.is_some()) => {
            Some((rule.table, changes))
        }
        RowAction::Change { .. } | RowAction::Keep(_) | RowAction::Delete { .. } => None,
    });
    let followers = rules.flat_map(|(changed, changes)| propagation(catalog, changed, changes).followers);
    let columns = followers.filter(|follower| follower.table == table).flat_map(|follower| follower.columns);
    columns.map(|column| column.column).collect()
}

/// Whether the columns that a predicate's keys compare move together: a key along which the step's values go compares
/// equal afterwards exactly where it did before.
pub(super) fn takes_along(step: &Step, key: KeyId) -> bool {
    step.along.as_ref().is_some_and(|along| along.propagation.keys().contains(&key))
}

/// Whether a step changes a column of any table, its own or one that follows, also one that is generated from others.
pub(super) fn moves(catalog: &Catalog, step: &Step, table: TableId, column: ColumnId) -> bool {
    let changing = |changed: ColumnId| catalog.table(table).changing_with(changed).any(|other| other == column);
    (step.table == table && changes_column(catalog, step, column))
        || step.followers().any(|(follower, _)| {
            follower.table == table && follower.columns.iter().any(|following| changing(following.column))
        })
}

/// Reports triggers that one statement can't have.
pub(super) fn refuse_meddlers(steps: &[Step], catalog: &Catalog, report: &mut Report) {
    for step in steps.iter().filter(|step| step.along.is_some()) {
        let own = fired(catalog, step).map(|trigger| (step.table, trigger));
        let before = own.chain(fired_along(catalog, step)).filter(|(_, trigger)| trigger.before_row);
        let tables: Vec<TableId> = step.followers().map(|(follower, _)| follower.table).chain([step.table]).collect();
        for (table, trigger) in before {
            let written = written(catalog, trigger);
            let others = tables.iter().filter(|other| **other != table);
            if let Some(other) = others.into_iter().find(|other| written.may_be(**other)) {
                report.push(meddling(catalog, step, (table, trigger), *other));
            }
        }
    }
}

fn propagated_at(step: &Step) -> Span {
    let StepAction::Change(changes) = &step.action else { return step.origin };
    changes.iter().find_map(|change| change.propagate).unwrap_or(step.origin)
}

fn meddling(catalog: &Catalog, step: &Step, (table, trigger): (TableId, &Trigger), other: TableId) -> Diagnostic {
    let name = |id: TableId| catalog.table(id).name.bare().to_string();
    Diagnostic::new(
        Code::TriggerInTheWay,
        format!(
            "trigger `{}` of `{}` may write `{}`, which changes in the same statement",
            trigger.name.bare(),
            name(table),
            name(other)
        ),
    )
    .at(propagated_at(step), "a natural key and its references change together")
    .about(name(table))
    .note("a row that a BEFORE trigger has written can't be changed by the statement that fired it")
    .help("make the trigger fire AFTER, or keep the natural key")
}

fn needs_key(catalog: &Catalog, table: TableId, origin: Span) -> Diagnostic {
    let name = catalog.table(table).name.bare().to_string();
    Diagnostic::new(
        Code::NeedsPrimaryKey,
        format!("the rows of table `{name}` have to be told apart, and it has no key"),
    )
    .at(origin, "changes a natural key together with its references")
    .about(name)
    .note("old and new values are kept side by side, by the key of their row")
    .help("add a primary key or a unique index over NOT NULL columns")
}
