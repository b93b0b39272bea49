//! Can every column that references a natural key take its new value?
//!
//! A propagated value goes into columns that no rule names, so each of them is held against the value as if a rule had
//! decided it: by the words of that column, at the place of `propagate`.

use super::known::{Extent, Row};
use super::model::{ColumnChange, Derived, NewValue, ResolvedPolicy, ResolvedRule, RowAction};
use super::propagate::{self, Follower, FollowingColumn, Propagation};
use super::{fit, literal, unique, words};
use crate::catalog::{Catalog, Generated, Table};
use crate::diagnostic::Report;
use crate::source::Span;

/// Reports natural keys that can't take their references along, and references that can't follow.
pub(super) fn check(policy: &ResolvedPolicy, catalog: &Catalog, report: &mut Report) {
    defaults(policy, catalog, report);
    for rule in &policy.rules {
        let RowAction::Change { changes, .. } = &rule.action else { continue };
        let Some(span) = changes.iter().find_map(|change| change.propagate) else { continue };
        let table = catalog.table(rule.table);
        let propagation = match propagate::try_propagation(catalog, rule.table, changes) {
            Ok(propagation) => propagation,
            Err(obstacle) => {
                report.push(words::propagation_obstacle(catalog, table, obstacle, span));
                continue;
            }
        };
        for change in changes {
            let Some(span) = change.propagate else { continue };
            let follows = |follower: &Follower| follower.columns.iter().any(|column| column.root == change.column);
            if !propagation.followers.iter().any(follows) {
                report.push(words::nothing_to_propagate(table, table.column_at(change.column), span));
            }
        }
        for follower in &propagation.followers {
            of_follower(catalog, rule, &propagation, follower, report);
        }
    }
}

/// Reports defaults in references that nobody enforces, where the natural key that they are to lead to changes: whether the
/// default is the old value of such a row, only the rows can tell, and nobody would see the reference dangle.
fn defaults(policy: &ResolvedPolicy, catalog: &Catalog, report: &mut Report) {
    let propagations = policy.rules.iter().filter_map(|rule| match &rule.action {
        RowAction::Change { changes, .. } if changes.iter().any(|change| change.propagate.is_some()) => {
            Some(propagate::propagation(catalog, rule.table, changes))
        }
        RowAction::Change { .. } | RowAction::Keep(_) | RowAction::Delete { .. } => None,
    });
    let followers: Vec<Follower> = propagations.flat_map(|propagation| propagation.followers).collect();
    for rule in &policy.rules {
        let RowAction::Change { changes, .. } = &rule.action else { continue };
        for change in changes.iter().filter(|change| change.value == NewValue::Default) {
            let columns = followers.iter().filter(|follower| follower.table == rule.table);
            let mut columns = columns.flat_map(|follower| &follower.columns).filter(|it| it.column == change.column);
            let key = columns.find_map(|it| it.keys.iter().find(|key| !catalog.key(**key).is_enforced()));
            if let Some(key) = key {
                let table = catalog.table(rule.table);
                let column = table.column_at(change.column);
                report.push(words::default_may_dangle(table, column, catalog.key(*key), change.value_at));
            }
        }
    }
}

/// The changes that follow in one table, as if a rule of it had decided them.
pub(crate) fn as_changes(changes: &[ColumnChange], follower: &Follower) -> Vec<ColumnChange> {
    let of = |following: &FollowingColumn| {
        let root = changes.iter().find(|change| change.column == following.root)?;
        let at = root.propagate.unwrap_or(root.value_at);
        let value = root.value.clone();
        let keeps_null = root.keeps_null;
        Some(ColumnChange { column: following.column, value, keeps_null, origin: at, value_at: at, propagate: None })
    };
    follower.columns.iter().filter_map(of).collect()
}

fn of_follower(
    catalog: &Catalog,
    rule: &ResolvedRule,
    propagation: &Propagation,
    follower: &Follower,
    report: &mut Report,
) {
    let RowAction::Change { changes, .. } = &rule.action else { return };
    let table = catalog.table(follower.table);
    let following = as_changes(changes, follower);
    let Some(span) = following.first().map(|change| change.value_at) else { return };
    if catalog.observed.unreadable.contains(&table.name) {
        report.push(words::unreadable_follower(table, span));
    }
    if let Some(rule) = table.rewrite_rules.iter().find(|rule| rule.event == "update") {
        report.push(words::rewrite_rule(table, rule, span));
    }
    for change in &following {
        of_column(catalog, propagation, table, change, report);
    }
    let row = Row { catalog, table, changes: &following, extent: Extent::Following };
    unique::of_row(row, report);
    fit::generated_not_null(row, report);
    if !catalog.observed.live {
        fit::unverified_checks(catalog, table, &following, report);
    }
}

fn of_column(catalog: &Catalog, propagation: &Propagation, table: &Table, change: &ColumnChange, report: &mut Report) {
    let column = table.column_at(change.column);
    let span: Span = change.value_at;
    match &column.generated {
        Generated::Expression { .. } => report.push(words::follower_computed(table, column, span)),
        Generated::IdentityAlways => report.push(words::identity_column(table, column, span)),
        Generated::No | Generated::IdentityByDefault => {}
    }
    if let Some(partitioned) = &table.partitioned
        && partitioned.columns.contains(&column.name)
    {
        report.push(words::partition_key(table, column, span));
    }
    // Made of the column, and referenced: nobody would tell those that reference it.
    let made = catalog.keys_to(&table.name).find_map(|(_, key)| {
        let mut moved = key.parent_columns().filter_map(|name| fit::moved(table, name, column));
        Some((moved.find(|moved| moved.name != column.name)?, key))
    });
    if let Some((made, key)) = made {
        report.push(words::referenced_column(table, made, key, false, span));
    }
    let taken_along = propagation.keys();
    let other = catalog.keys_of(&table.name).find_map(|(id, key)| {
        let mut moved = key.child_columns().filter_map(|name| fit::moved(table, name, column));
        Some((moved.next()?, key)).filter(|_| !taken_along.contains(&id))
    });
    if let Some((moved, key)) = other {
        report.push(words::broken_reference(table, moved, key, span));
    }
    match &change.value {
        NewValue::Literal(text) | NewValue::StandIn(text) => {
            if let literal::Fit::No(problem) = literal::fits(catalog, &column.ty, text) {
                report.push(words::literal_misfit(catalog, table, column, problem, span));
            }
        }
        NewValue::Random(generator) | NewValue::Derived(Derived::Pseudonym(generator)) => {
            let limit = column.ty.length_limit();
            if let (Some(limit), Some(length)) = (limit, generator.longest())
                && length > limit as usize
            {
                report.push(words::follower_too_short(table, column, length, limit, span));
            }
        }
        // Of the rest a column of the key's own type is as long as the key's.
        NewValue::Expression(_) | NewValue::Derived(_) | NewValue::Null | NewValue::Default => {}
    }
}
