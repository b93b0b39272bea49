//! What could triggers do to rows that no step names, and to columns that stay?
//!
//! Only where a trigger may write is anything watched: a plan that fires none has nothing of this.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Predicate, Step, StepAction, Watched};
use super::triggers::written_by;
use crate::catalog::{Catalog, ColumnId, Generated, TableId};
use crate::resolve::{ResolvedPolicy, RowAction};

/// The tables of the policy into which triggers may write, by name.
pub(super) fn find(steps: &[Step], policy: &ResolvedPolicy, catalog: &Catalog) -> Vec<Watched> {
    let written = written_by(catalog, steps);
    let tables: BTreeSet<TableId> = policy.rules.iter().map(|rule| rule.table).collect();
    let kept = kept(policy, catalog);
    let watched = tables.into_iter().filter(|table| written.may_be(*table)).map(|table| {
        let deletes = |step: &&Step| step.table == table && step.action == StepAction::Delete;
        Watched {
            table,
            going: steps.iter().filter(deletes).map(|step| step.rows.clone()).collect(),
            kept: kept.get(&table).into_iter().flatten().copied().collect(),
        }
    });
    watched.collect()
}

/// The columns of changed rows for which the policy says why they stay, but for those that the database makes of others.
fn kept(policy: &ResolvedPolicy, catalog: &Catalog) -> BTreeMap<TableId, BTreeSet<ColumnId>> {
    let mut all: BTreeMap<TableId, BTreeSet<ColumnId>> = BTreeMap::new();
    for rule in &policy.rules {
        let RowAction::Change { kept, changes } = &rule.action else { continue };
        let made = |column: &ColumnId| {
            matches!(catalog.table(rule.table).column_at(*column).generated, Generated::Expression { .. })
        };
        // Within a document some of it stays.
        let changed = |column: &ColumnId| changes.iter().any(|change| change.column == *column);
        let stays = kept.iter().map(|(column, _)| *column).filter(|column| !made(column) && !changed(column));
        all.entry(rule.table).or_default().extend(stays);
    }
    all
}

impl Watched {
    /// The rows that go, by the steps' own words.
    pub fn rows(&self) -> Predicate {
        Predicate::Any(self.going.clone())
    }
}
