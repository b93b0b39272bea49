//! Which tables and rows are locked before anything is read?
//!
//! Inserting a row that references a locked row waits, and our next statement sees what was committed meanwhile (manual,
//! 13.2.1 and 13.3.2). So rows are locked top-down: the subject's own, then those on the way to other rows, then those
//! whose rule depends on more than the way, and those that are remembered. A leaf with one rule, one way and no condition
//! is locked by its own statement.

use std::collections::BTreeMap;

use super::model::{Choice, Closure, ExpectedNone, Predicate, RowLock, Step, StepAction, TableLock};
use super::scopes::Scopes;
use super::{predicate, propagate};
use crate::catalog::{Basis, Catalog, TableId};
use crate::resolve::{Reach, ResolvedPolicy, RuleId, Subject};

/// The rows to lock, top-down.
pub(super) fn row_locks(
    policy: &ResolvedPolicy,
    catalog: &Catalog,
    scopes: &Scopes,
    steps: &[Step],
    expected: &[ExpectedNone],
) -> Vec<RowLock> {
    // Where every row is meant the tables are locked, and no row can come or change.
    if policy.subject == Subject::EveryRow {
        return Vec::new();
    }
    let whole = |rule: RuleId| scopes.whole.get(rule.0).cloned().flatten().unwrap_or(Predicate::Any(Vec::new()));
    let mut found: BTreeMap<TableId, Vec<Predicate>> = BTreeMap::new();
    for none in expected {
        on_the_way(catalog, &none.rows, &mut found);
    }
    for step in steps {
        for rule in &step.rules {
            on_the_way(catalog, &whole(*rule), &mut found);
        }
    }
    for step in steps {
        // What stands behind the last rule that acts decides nothing that changes.
        let acting = policy.rules_of(step.table).filter(|(_, rule)| rule.acts()).map(|(id, _)| id).max();
        let rules: Vec<_> = policy.rules_of(step.table).filter(|(id, _)| Some(*id) <= acting).collect();
        let conditional = rules.iter().any(|(_, rule)| rule.condition.is_some());
        // Several ways are looked up beforehand: a row that another session takes off the way meanwhile would still go.
        let several_ways = rules.iter().any(|(id, _)| matches!(whole(*id), Predicate::Any(_)));
        // A remembered row is worked on by its key, wherever it may have gone meanwhile.
        let remembered = matches!(step.rows, Predicate::Captured { .. });
        // The rows that follow are found by these.
        let tells = step.along.is_some();
        if tells || rules.len() > 1 || conditional || several_ways || remembered || found.contains_key(&step.table) {
            let rows = rules.iter().map(|(id, _)| whole(*id));
            found.entry(step.table).or_default().extend(rows);
        }
    }
    for step in steps {
        let Some(along) = &step.along else { continue };
        let rows = Predicate::any(step.rules.iter().map(|rule| whole(*rule)));
        let following = propagate::follower_rows(policy, catalog, step.table, &rows, &along.propagation);
        for (follower, rows) in along.propagation.followers.iter().zip(following) {
            found.entry(follower.table).or_default().push(rows);
        }
    }
    let subject = policy.subject.table();
    let mut locks: Vec<RowLock> = Vec::new();
    for (table, parts) in found {
        // The subject's own row has its own lock, before all others; a closure is locked as it is followed.
        let own = |rows: &Predicate| Some(table) == subject && *rows == Predicate::Subject;
        let parts = parts.into_iter().filter(|rows| !own(rows) && !matches!(rows, Predicate::Closure { .. }));
        let rows = Predicate::any(parts);
        if rows != Predicate::Any(Vec::new()) {
            locks.push(RowLock { table, rows });
        }
    }
    locks.sort_by_key(|lock| (depth(&lock.rows), lock.table));
    if let Some(table) = subject {
        locks.insert(0, RowLock { table, rows: Predicate::Subject });
    }
    locks
}

/// The rows above a scope: new rows below them have to wait.
fn on_the_way(catalog: &Catalog, rows: &Predicate, found: &mut BTreeMap<TableId, Vec<Predicate>>) {
    match rows {
        Predicate::References { key, rows } | Predicate::Matches { key, rows, .. } => {
            if let Some(parent) = catalog.parent(*key)
                && **rows != Predicate::Subject
            {
                found.entry(parent).or_default().push((**rows).clone());
                on_the_way(catalog, rows, found);
            }
        }
        Predicate::All(parts) | Predicate::Any(parts) => {
            parts.iter().for_each(|part| on_the_way(catalog, part, found));
        }
        Predicate::ReferencedBy { key, rows } => {
            if let Some(child) = catalog.child(*key)
                && **rows != Predicate::Subject
            {
                found.entry(child).or_default().push((**rows).clone());
                on_the_way(catalog, rows, found);
            }
        }
        Predicate::NotTrue(part) => on_the_way(catalog, part, found),
        Predicate::Subject | Predicate::Captured { .. } | Predicate::Closure { .. } | Predicate::Author(_) => {}
    }
}

/// How many keys away from the subject a predicate's farthest rows are.
fn depth(rows: &Predicate) -> usize {
    match rows {
        Predicate::Subject | Predicate::Captured { .. } | Predicate::Closure { .. } | Predicate::Author(_) => 0,
        Predicate::References { rows, .. } | Predicate::ReferencedBy { rows, .. } | Predicate::Matches { rows, .. } => {
            1 + depth(rows)
        }
        Predicate::All(parts) | Predicate::Any(parts) => parts.iter().map(depth).max().unwrap_or(0),
        Predicate::NotTrue(part) => depth(part),
    }
}

/// Every table that the plan writes, locks or reads, with the strongest lock that it needs, by name.
pub(super) fn table_locks(
    policy: &ResolvedPolicy,
    choice: &Choice,
    catalog: &Catalog,
    steps: &[Step],
    row_locks: &[RowLock],
    closures: &[Closure],
    only_looked_at: &[(TableId, &Predicate)],
) -> Vec<(TableId, TableLock)> {
    let mut locks: BTreeMap<TableId, TableLock> = BTreeMap::new();
    let mut add = |table: TableId, lock: TableLock| {
        let held = locks.entry(table).or_insert(lock);
        *held = lock.max(*held);
    };
    let read = |table: TableId, rows: &Predicate, add: &mut dyn FnMut(TableId, TableLock)| {
        let reads = predicate::reads(catalog, policy, table, rows);
        for found in reads.through.iter().chain(&reads.author).chain([&table]) {
            add(*found, TableLock::AccessShare);
        }
    };
    for (table, rows) in only_looked_at {
        read(*table, rows, &mut add);
    }
    if let Some(rows) = policy.subject.rows() {
        let expired = match choice {
            Choice::Given => None,
            Choice::Expired(condition) => Some(&**condition),
        };
        for condition in rows.condition.iter().chain(expired) {
            read(rows.table, &Predicate::Author(condition.clone()), &mut add);
        }
    }
    let written = match policy.subject {
        Subject::Rows(_) | Subject::Value(_) => TableLock::RowExclusive,
        Subject::EveryRow => TableLock::ShareRowExclusive,
    };
    for step in steps {
        read(step.table, &step.rows, &mut add);
        for rule in policy.rules_of(step.table).filter_map(|(_, rule)| rule.condition.clone()) {
            read(step.table, &Predicate::Author(rule), &mut add);
        }
        for found in computed_from(step) {
            add(found, TableLock::AccessShare);
        }
        for (_, rule) in policy.rules_of(step.table) {
            if let Reach::Parents(parents) = &rule.reach {
                for by in &parents.shared_by {
                    let locked = catalog.key(by.key).basis == (Basis::Virtual { lock_table: true });
                    add(by.child, if locked { TableLock::ShareRowExclusive } else { TableLock::AccessShare });
                }
            }
        }
        add(step.table, written);
        for (follower, rows) in step.followers() {
            read(follower.table, rows, &mut add);
            add(follower.table, written);
        }
    }
    for lock in row_locks {
        read(lock.table, &lock.rows, &mut add);
        add(lock.table, TableLock::RowExclusive);
    }
    for member in closures.iter().flat_map(|closure| &closure.members) {
        read(member.table, &member.seeds, &mut add);
        for condition in member.follows.iter().filter_map(|follow| follow.condition.clone()) {
            read(member.table, &Predicate::Author(condition), &mut add);
        }
    }
    // No lock on a row keeps out rows that reference it by a key which nobody enforces, be they deleted or only asked for.
    let met: Vec<TableId> = locks.keys().copied().collect();
    for (id, _) in catalog.keys().filter(|(_, key)| key.basis == (Basis::Virtual { lock_table: true })) {
        let both = [catalog.child(id), catalog.parent(id)];
        if let [Some(child), _] = both
            && both.into_iter().flatten().any(|table| met.contains(&table))
        {
            locks.insert(child, TableLock::ShareRowExclusive);
        }
    }
    locks.into_iter().collect()
}

/// Tables from which a step computes new values.
fn computed_from(step: &Step) -> Vec<TableId> {
    let StepAction::Change(changes) = &step.action else { return Vec::new() };
    changes.iter().filter_map(|change| change.value.reads()).flat_map(|reads| reads.tables.iter().copied()).collect()
}
