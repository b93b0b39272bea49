//! To which stand-in rows are references reassigned?
//!
//! For a declared key the server would refuse a stand-in that isn't there, in its own words and late; for a virtual key
//! nobody would. So the row is asked for before anything changes, and that it doesn't go itself or get another key.

use super::model::{Predicate, StandIn, Step, StepAction};
use super::steps::changes_column;
use crate::catalog::{Catalog, ColumnId, KeyId, TableId};
use crate::resolve::{Follower, NewValue, ResolvedPolicy};

/// The references that steps reassign, one for each step and key.
pub(super) fn find(steps: &[Step], policy: &ResolvedPolicy, catalog: &Catalog) -> Vec<StandIn> {
    let mut found = Vec::new();
    for step in steps {
        let StepAction::Change(changes) = &step.action else { continue };
        let table = catalog.table(step.table);
        for (key, foreign) in catalog.keys_from(step.table) {
            let changed: Vec<_> = foreign
                .child_columns()
                .filter_map(|name| table.column_id(name))
                .filter_map(|column| changes.iter().find(|change| change.column == column))
                .collect();
            let reassigned = changed.iter().any(|change| matches!(change.value, NewValue::StandIn(_)));
            // With NULL beside it the reference is cleared, and what a default will be nobody knows.
            let all = changed.iter().all(|change| matches!(change.value, NewValue::StandIn(_)));
            let Some(parent) = catalog.parent(key).filter(|_| reassigned && all) else { continue };
            found.push(StandIn {
                table: step.table,
                rows: step.rows.clone(),
                key,
                condition: policy.virtual_conditions.get(&key).cloned(),
                values: changed
                    .into_iter()
                    .filter_map(|change| match &change.value {
                        NewValue::StandIn(text) => Some((change.column, text.clone())),
                        _ => None,
                    })
                    .collect(),
                going: going(steps, policy, parent),
                renamed: renamed(steps, catalog, parent, key),
            });
        }
    }
    found
}

/// Rows that are no stand-in for anybody: those that go, and the subject's own.
fn going(steps: &[Step], policy: &ResolvedPolicy, table: TableId) -> Predicate {
    let deleted = steps.iter().filter(|step| step.table == table && step.action == StepAction::Delete);
    let subject = (policy.subject.table() == Some(table)).then_some(Predicate::Subject);
    Predicate::any(deleted.map(|step| step.rows.clone()).chain(subject))
}

/// Rows to which a reference by this key would lead nowhere afterwards: their natural key has another value then.
fn renamed(steps: &[Step], catalog: &Catalog, table: TableId, key: KeyId) -> Predicate {
    let columns: Vec<ColumnId> =
        catalog.key(key).parent_columns().filter_map(|name| catalog.table(table).column_id(name)).collect();
    let rows = steps.iter().flat_map(|step| {
        let own = (step.table == table && columns.iter().any(|column| changes_column(catalog, step, *column)))
            .then_some(&step.rows);
        let follows = |follower: &Follower| {
            let changing =
                |column: ColumnId| catalog.table(table).changing_with(column).any(|at| columns.contains(&at));
            follower.table == table && follower.columns.iter().any(|following| changing(following.column))
        };
        own.into_iter().chain(step.followers().filter(move |(follower, _)| follows(follower)).map(|(_, rows)| rows))
    });
    Predicate::any(rows.cloned())
}
