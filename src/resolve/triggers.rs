//! Which triggers would write, or may write, where no rule looks?
//!
//! What a function mentions it may only read: that can't be told from its text by us, so a person says it (`accept`).

use std::collections::BTreeMap;

use super::model::ResolvedPolicy;
use super::touched::Touched;
use super::words;
use crate::catalog::{Catalog, Table, TableId, Trigger};
use crate::diagnostic::Report;
use crate::source::Span;

/// A trigger that fires, and the rule that fires it.
#[derive(Clone, Copy)]
pub(super) struct Fires<'a> {
    pub table: &'a Table,
    pub trigger: &'a Trigger,
    pub by: Span,
}

/// Warns of tables that triggers mention and that no rule decides, each once, and of triggers that nobody can read.
pub(super) fn check(
    resolved: &ResolvedPolicy,
    touched: &BTreeMap<TableId, Touched>,
    catalog: &Catalog,
    report: &mut Report,
) {
    let mut beyond: BTreeMap<TableId, Vec<Fires>> = BTreeMap::new();
    for fires in touched.iter().flat_map(|(id, touched)| firing(catalog.table(*id), touched)) {
        let written = catalog.written_by(vec![&fires.trigger.function]);
        if written.anywhere {
            let place = format!("{}.{}", fires.table.name.bare(), fires.trigger.name.bare());
            report.push(words::unreadable_trigger(fires.table, fires.trigger, fires.by).about(place));
        }
        for table in written.tables.into_iter().filter(|table| !resolved.by_table.contains_key(table)) {
            beyond.entry(table).or_default().push(fires);
        }
    }
    for (table, fires) in beyond {
        let Some(first) = fires.first() else { continue };
        let name = &catalog.table(table).name;
        let found = words::beyond_policy(name, first.table, first.trigger, fires.len() - 1, first.by);
        report.push(found.about(name.bare().to_string()));
    }
}

/// The triggers that what rules do to a table fires.
fn firing<'a>(table: &'a Table, touched: &'a Touched) -> impl Iterator<Item = Fires<'a>> {
    table.triggers.iter().filter(|trigger| !trigger.disabled).filter_map(move |trigger| {
        let deletes = touched.deletes.filter(|_| trigger.on_delete);
        let updates = || touched.columns.iter().find(|_| trigger.on_update && trigger.update_of.is_empty());
        let of = || {
            let named = |id| trigger.on_update && trigger.update_of.contains(&table.column_at(id).name);
            touched.columns.iter().find(|(id, _)| named(**id))
        };
        let by = deletes.or_else(|| updates().or_else(of).map(|(_, span)| *span))?;
        Some(Fires { table, trigger, by })
    })
}
