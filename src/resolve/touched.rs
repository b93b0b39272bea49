//! Which tables do the rules change, in which columns, and by which rule first?

use std::collections::BTreeMap;

use super::model::{ResolvedPolicy, RowAction};
use super::propagate::propagation;
use crate::catalog::{Catalog, ColumnId, Generated, Table, TableId};
use crate::ident::Ident;
use crate::source::Span;

/// What rules do to a table.
#[derive(Clone, Debug, Default)]
pub(super) struct Touched {
    /// The first rule that deletes rows.
    pub deletes: Option<Span>,
    /// The columns that change, those that the database makes of them too, each with the first rule that does.
    pub columns: BTreeMap<ColumnId, Span>,
}

impl Touched {
    /// The first rule by which somebody who reads these columns reads something else afterwards; without columns whole rows
    /// are read.
    pub fn seen_by(&self, table: &Table, columns: &[Ident]) -> Option<Span> {
        let mut changed = self.columns.iter();
        let column = changed.find(|(id, _)| columns.is_empty() || columns.contains(&table.column_at(**id).name));
        self.deletes.or(column.map(|(_, span)| *span))
    }
}

/// Every table that the rules touch.
pub(super) fn touched(resolved: &ResolvedPolicy, catalog: &Catalog) -> BTreeMap<TableId, Touched> {
    let mut all: BTreeMap<TableId, Touched> = BTreeMap::new();
    for rule in &resolved.rules {
        match &rule.action {
            RowAction::Keep(_) => {}
            RowAction::Delete { .. } => {
                all.entry(rule.table).or_default().deletes.get_or_insert(rule.origin);
            }
            RowAction::Change { changes, .. } => {
                let own = changes.iter().map(|change| (rule.table, change.column));
                let propagation = propagation(catalog, rule.table, changes);
                let followers = propagation.followers.iter();
                let along = followers.flat_map(|it| it.columns.iter().map(|column| (it.table, column.column)));
                for (table, column) in own.chain(along) {
                    let columns = &mut all.entry(table).or_default().columns;
                    for column in std::iter::once(column).chain(made_of(catalog.table(table), column)) {
                        columns.entry(column).or_insert(rule.origin);
                    }
                }
            }
        }
    }
    all
}

/// The columns that the database makes of one.
fn made_of(table: &Table, column: ColumnId) -> impl Iterator<Item = ColumnId> + '_ {
    let name = &table.column_at(column).name;
    let made = move |column: &&crate::catalog::Column| match &column.generated {
        Generated::Expression { from, .. } => from.contains(name),
        Generated::No | Generated::IdentityAlways | Generated::IdentityByDefault => false,
    };
    table.columns.iter().filter(made).filter_map(|column| table.column_id(&column.name))
}
