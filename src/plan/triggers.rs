//! Which triggers does a step fire, and where may they write ([`Written`])?

use std::collections::BTreeSet;

use super::model::{Step, StepAction};
use super::steps::changes_column;
use crate::catalog::{Catalog, Table, TableId, Trigger, Written};
use crate::ident::Ident;

/// The triggers that a step fires.
pub(super) fn fired<'a>(catalog: &'a Catalog, step: &Step) -> impl Iterator<Item = &'a Trigger> {
    let table = catalog.table(step.table);
    table.triggers.iter().filter(move |trigger| fires(catalog, trigger, step, table))
}

/// The triggers of other tables, and of the step's own for rows that only follow, that it fires because natural keys take
/// their references along.
pub(super) fn fired_along<'a>(catalog: &'a Catalog, step: &Step) -> impl Iterator<Item = (TableId, &'a Trigger)> {
    step.followers().flat_map(|(follower, _)| {
        let table = catalog.table(follower.table);
        let changes =
            |name: &Ident| follower.columns.iter().any(|following| Some(following.column) == table.column_id(name));
        let fires = |trigger: &&Trigger| {
            let of = trigger.update_of.is_empty() || trigger.update_of.iter().any(&changes);
            !trigger.disabled && trigger.on_update && of
        };
        table.triggers.iter().filter(fires).map(|trigger| (follower.table, trigger)).collect::<Vec<_>>()
    })
}

fn fires(catalog: &Catalog, trigger: &Trigger, step: &Step, table: &Table) -> bool {
    if trigger.disabled {
        return false;
    }
    match &step.action {
        StepAction::Delete => trigger.on_delete,
        StepAction::Change(_) => {
            let of = trigger.update_of.iter().filter_map(|name| table.column_id(name));
            trigger.on_update
                && (trigger.update_of.is_empty() || of.into_iter().any(|column| changes_column(catalog, step, column)))
        }
    }
}

/// Where a trigger may write: in tables that its function mentions, and that the triggers of these mention, and so on.
pub(super) fn written(catalog: &Catalog, trigger: &Trigger) -> Written {
    catalog.written_by(vec![trigger.function.as_str()])
}

/// Where the triggers that some steps fire may write. One that fires before a row changes may set any column of that row
/// without naming its table.
pub(super) fn written_by(catalog: &Catalog, steps: &[Step]) -> Written {
    let mut functions: BTreeSet<&str> = BTreeSet::new();
    let mut rows_of: BTreeSet<TableId> = BTreeSet::new();
    for step in steps {
        let changes = matches!(step.action, StepAction::Change(_));
        let own = fired(catalog, step).map(|trigger| (step.table, changes, trigger));
        let along = fired_along(catalog, step).map(|(table, trigger)| (table, true, trigger));
        for (table, changes, trigger) in own.chain(along) {
            functions.insert(&trigger.function);
            if changes && trigger.before_row {
                rows_of.insert(table);
            }
        }
    }
    let mut written = catalog.written_by(functions.into_iter().collect());
    written.tables.extend(rows_of);
    written
}
