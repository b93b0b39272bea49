//! What could triggers do to rows that no step names, and to what the policy says stays?
//!
//! Only where a trigger may write is anything watched: a plan that fires none has nothing of this.

use super::model::{KeptValues, Predicate, Step, StepAction, Watched};
use super::steps::row_key;
use super::triggers::written_by;
use crate::catalog::{Catalog, ColumnId, TableId};
use crate::resolve::{ResolvedPolicy, RowAction};

/// The tables of the policy in which triggers may delete rows, and the rows whose kept columns they may change.
pub(super) fn find(steps: &[Step], policy: &ResolvedPolicy, catalog: &Catalog) -> (Vec<Watched>, Vec<KeptValues>) {
    let written = written_by(catalog, steps);
    let mut tables: Vec<TableId> = policy.rules.iter().map(|rule| rule.table).collect();
    tables.sort_unstable();
    tables.dedup();
    let watched = tables.into_iter().filter(|table| written.may_be(*table)).map(|table| {
        let deletes = |step: &&Step| step.table == table && step.action == StepAction::Delete;
        Watched { table, going: steps.iter().filter(deletes).map(|step| step.rows.clone()).collect() }
    });
    let kept = steps.iter().filter(|step| written.may_be(step.table)).filter_map(|step| {
        let columns = promised(step, policy);
        let all = (0..catalog.table(step.table).columns.len()).map(ColumnId);
        let changed: Vec<ColumnId> = all.filter(|column| changes(step.table, *column, steps)).collect();
        let key = row_key(catalog, step.table, &changed)?;
        let columns: Vec<ColumnId> = columns.into_iter().filter(|column| !changed.contains(column)).collect();
        (!columns.is_empty()).then(|| KeptValues {
            table: step.table,
            key,
            columns,
            rows: step.rows.clone(),
            origin: step.origin,
        })
    });
    (watched.collect(), kept.collect())
}

/// The columns of the rows of a step for which the policy says why they stay. A reason is a promise; without one, `keep`
/// says that nobody minds what stands there, `updated_at` for instance.
fn promised(step: &Step, policy: &ResolvedPolicy) -> Vec<ColumnId> {
    let kept = step.rules.iter().flat_map(|rule| match &policy.rule(*rule).action {
        RowAction::Change { kept, .. } => kept.as_slice(),
        RowAction::Keep(_) | RowAction::Delete { .. } => &[],
    });
    let mut columns: Vec<ColumnId> = kept.map(|(column, _)| *column).collect();
    columns.sort_unstable();
    columns.dedup();
    columns
}

/// Whether a step changes a column, by itself or along with another's natural key.
fn changes(table: TableId, column: ColumnId, steps: &[Step]) -> bool {
    steps.iter().any(|step| {
        let own = step.table == table
            && matches!(&step.action, StepAction::Change(changes) if changes.iter().any(|it| it.column == column));
        let mut along = step.followers().filter(|(follower, _)| follower.table == table);
        own || along.any(|(follower, _)| follower.columns.iter().any(|following| following.column == column))
    })
}

impl Watched {
    /// The rows that go, by the steps' own words.
    pub fn rows(&self) -> Predicate {
        Predicate::Any(self.going.clone())
    }
}
