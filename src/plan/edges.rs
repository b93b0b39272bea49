//! Which step has to come before which, and why?
//!
//! Children before the rows that they reference, readers before those who change what they read.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{EdgeReason, Predicate, Step, StepAction};
use super::predicate;
use super::steps::changes_column;
use super::triggers::written_by;
use crate::catalog::{Catalog, ColumnId, KeyId, TableId};
use crate::resolve::ResolvedPolicy;

/// The first step, the one that it comes before, and why.
pub(super) type Edge = (usize, usize, EdgeReason);

/// Every "must happen before" between two steps, sorted, each once.
pub(super) fn find(steps: &[Step], policy: &ResolvedPolicy, catalog: &Catalog) -> Vec<Edge> {
    let mut by_table: BTreeMap<TableId, Vec<usize>> = BTreeMap::new();
    for (index, step) in steps.iter().enumerate() {
        by_table.entry(step.table).or_default().push(index);
    }
    let mut following: BTreeMap<TableId, Vec<usize>> = BTreeMap::new();
    for (index, step) in steps.iter().enumerate() {
        for (follower, _) in step.followers() {
            following.entry(follower.table).or_default().push(index);
        }
    }
    let writing = |table: TableId| {
        [&by_table, &following].into_iter().flat_map(move |by| by.get(&table).into_iter().flatten().copied())
    };
    let of = |table: TableId| by_table.get(&table).into_iter().flatten().copied();
    let deleting = |table: TableId| of(table).filter(|index| steps[*index].action == StepAction::Delete);
    let mut edges = Vec::new();
    for (then, step) in steps.iter().enumerate().filter(|(_, step)| step.action == StepAction::Delete) {
        for (id, key) in catalog.keys_onto(step.table) {
            let Some(child) = catalog.child(id) else { continue };
            let columns: Vec<_> = key.child_columns().filter_map(|name| catalog.table(child).column_id(name)).collect();
            let settles = |first: usize| {
                let step = &steps[first];
                step.action == StepAction::Delete || columns.iter().any(|column| changes_column(catalog, step, *column))
            };
            let children = of(child).filter(|first| *first != then && settles(*first));
            edges.extend(children.map(|first| (first, then, EdgeReason::Key(id))));
        }
    }
    for (first, step) in steps.iter().enumerate() {
        let scope = if matches!(step.rows, Predicate::Captured { .. }) {
            BTreeSet::new()
        } else {
            predicate::reads(catalog, policy, step.table, &step.rows).through
        };
        edges.extend(scope.into_iter().flat_map(&deleting).map(|then| (first, then, EdgeReason::Read)));
        // A new value is computed when its step runs: whatever it reads must be as it was.
        match computes_from(step) {
            Computes::Nothing => {}
            Computes::From(tables) => {
                edges.extend(tables.into_iter().flat_map(writing).map(|then| (first, then, EdgeReason::Compute)));
            }
            Computes::Anything => edges.extend((0..steps.len()).map(|then| (first, then, EdgeReason::Compute))),
        }
        let moving = following.get(&step.table).into_iter().flatten().copied();
        let moved = moving.filter(|then| takes_along(&steps[*then], catalog, step));
        edges.extend(moved.map(|then| (first, then, EdgeReason::Compute)));
    }
    for (first, step) in steps.iter().enumerate() {
        edges.extend(letting_go(steps, step, policy, catalog).map(|(then, key)| (first, then, EdgeReason::Along(key))));
    }
    edges.retain(|(first, then, _)| first != then);
    edges.sort();
    edges.dedup();
    edges
}

/// The steps after which rows would no longer reference what a step takes along, though they keep its old values: those
/// that change a part of a reference, or what says that it is one.
fn letting_go(
    steps: &[Step],
    step: &Step,
    policy: &ResolvedPolicy,
    catalog: &Catalog,
) -> impl Iterator<Item = (usize, KeyId)> {
    let followers = step.followers().map(|(follower, _)| follower);
    let ways = followers.flat_map(|follower| follower.keys().into_iter().map(move |key| (follower, key)));
    ways.flat_map(move |(follower, key)| {
        let child = catalog.table(follower.table);
        let mut parts: BTreeSet<ColumnId> =
            catalog.key(key).child_columns().filter_map(|name| child.column_id(name)).collect();
        let reads = policy.virtual_conditions.get(&key).map(|condition| &condition.reads);
        parts.extend(reads.into_iter().flat_map(|reads| &reads.own));
        let following = follower.columns.iter().filter(|column| column.keys.contains(&key));
        let following: Vec<ColumnId> = following.map(|column| column.column).collect();
        let lets_go = |then: &Step| {
            let part = then.table == follower.table
                && parts.iter().any(|column| changes_column(catalog, then, *column))
                && !following.iter().all(|column| changes_column(catalog, then, *column));
            part || reads.is_some_and(|reads| reads.unknown || reads.tables.contains(&then.table))
        };
        let found: Vec<usize> = (0..steps.len()).filter(|then| lets_go(&steps[*then])).collect();
        found.into_iter().map(move |then| (then, key))
    })
}

/// Which step had better come before which: one that fires triggers before those of the tables that these write, which
/// then find what was written.
pub(super) fn wishes(steps: &[Step], catalog: &Catalog) -> Vec<(usize, usize)> {
    let mut by_table: BTreeMap<TableId, Vec<usize>> = BTreeMap::new();
    for (index, step) in steps.iter().enumerate() {
        by_table.entry(step.table).or_default().push(index);
    }
    let mut wishes = Vec::new();
    for (first, step) in steps.iter().enumerate() {
        let written = written_by(catalog, std::slice::from_ref(step));
        let others = written.tables.iter().copied().filter(|table| *table != step.table);
        wishes.extend(others.filter_map(|table| by_table.get(&table)).flatten().map(|then| (first, *then)));
    }
    wishes
}

enum Computes {
    Nothing,
    From(BTreeSet<TableId>),
    Anything,
}

/// Whether a step takes along a column from which another step computes a new value for the same row.
fn takes_along(step: &Step, catalog: &Catalog, reader: &Step) -> bool {
    let StepAction::Change(changes) = &reader.action else { return false };
    let read: BTreeSet<ColumnId> =
        changes.iter().filter_map(|change| change.value.reads()).flat_map(|reads| reads.own.iter().copied()).collect();
    let table = catalog.table(reader.table);
    let into = step.followers().map(|(follower, _)| follower).filter(|follower| follower.table == reader.table);
    let mut columns = into.flat_map(|follower| &follower.columns);
    columns.any(|following| table.changing_with(following.column).any(|column| read.contains(&column)))
}

/// From which tables a step computes new values.
fn computes_from(step: &Step) -> Computes {
    let StepAction::Change(changes) = &step.action else { return Computes::Nothing };
    let mut tables = BTreeSet::new();
    for reads in changes.iter().filter_map(|change| change.value.reads()) {
        if reads.unknown {
            return Computes::Anything;
        }
        tables.extend(&reads.tables);
    }
    if tables.is_empty() { Computes::Nothing } else { Computes::From(tables) }
}
