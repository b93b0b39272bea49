//! Which triggers does a step fire, and where may they write?
//!
//! That can only be guessed from a function's text, and it may call others: so every table that it mentions counts, and
//! the triggers of those tables count too. A function whose text doesn't tell may write anywhere.

use std::collections::BTreeSet;

use super::model::{Step, StepAction};
use super::steps::changes_column;
use crate::catalog::{Catalog, Table, TableId, Trigger};
use crate::ident::Ident;

/// Where triggers may write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Written {
    tables: BTreeSet<TableId>,
    anywhere: bool,
}

impl Written {
    /// Whether rows of this table may be written.
    pub fn may_be(&self, table: TableId) -> bool {
        self.anywhere || self.tables.contains(&table)
    }

    /// Whether that can't be told.
    pub fn anywhere(&self) -> bool {
        self.anywhere
    }

    /// The tables of which the functions' text says so.
    pub fn named(&self) -> impl Iterator<Item = TableId> + '_ {
        self.tables.iter().copied()
    }
}

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
    follow(catalog, vec![trigger.function.as_str()])
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
    let mut written = follow(catalog, functions.into_iter().collect());
    written.tables.extend(rows_of);
    written
}

/// Where some functions may write, and the triggers that this fires.
fn follow<'a>(catalog: &'a Catalog, mut functions: Vec<&'a str>) -> Written {
    let mut written = Written::default();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    while let Some(name) = functions.pop() {
        if !seen.insert(name) {
            continue;
        }
        let Some(function) = catalog.function(name) else {
            written.anywhere = true;
            continue;
        };
        written.anywhere |= function.opaque;
        for id in function.mentions.iter().filter_map(|name| catalog.table_id(name)) {
            if written.tables.insert(id) {
                let triggers = catalog.table(id).triggers.iter().filter(|trigger| !trigger.disabled);
                functions.extend(triggers.map(|trigger| trigger.function.as_str()));
            }
        }
    }
    written
}
