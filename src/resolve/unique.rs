//! Would two rows get values that an index doesn't take together?
//!
//! A column under a unique index or an exclusion constraint takes a decision that is unique by construction: a generator
//! of at least 64 random bits, or NULL where the index lets NULLs be distinct. One key element with such a value makes
//! the whole key unique, and so does another key of the table that is part of it and stays.

mod definition;
mod predicate;

use self::definition::{Definition, Element};
use super::known::{self, Known};
use super::model::{ColumnChange, ResolvedPolicy, RowAction};
use super::words;
use crate::catalog::{Catalog, Column, Exclusion, Generated, Table, UniqueIndex};
use crate::diagnostic::Report;
use crate::ident::Ident;

/// Reports changes under unique indexes and exclusion constraints that could collide.
pub(super) fn check(policy: &ResolvedPolicy, catalog: &Catalog, report: &mut Report) {
    for rule in &policy.rules {
        let RowAction::Change { changes, .. } = &rule.action else { continue };
        of_changes(catalog, catalog.table(rule.table), changes, report);
    }
}

/// The same for the changes of one table.
pub(super) fn of_changes(catalog: &Catalog, table: &Table, changes: &[ColumnChange], report: &mut Report) {
    let row = Row { catalog, table, changes };
    for index in &table.unique {
        if let Some((change, how)) = row.collides(index) {
            report.push(words::not_unique(table, index, change, how));
        }
    }
    for exclusion in &table.exclusions {
        if let Some((change, how)) = row.is_excluded(exclusion) {
            report.push(words::exclusion(table, exclusion, change, how));
        }
    }
}

/// How a change may make two keys of an index equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Collision<'a> {
    /// A key column takes a value that others may have.
    Value,
    /// This key column is generated from the column that changes.
    Generated(&'a Column),
    /// The row comes into a partial index with the key that it has.
    Enters,
}

/// A row in the middle of being changed.
struct Row<'a> {
    catalog: &'a Catalog,
    table: &'a Table,
    changes: &'a [ColumnChange],
}

impl<'a> Row<'a> {
    /// The first change that may make two keys of a unique index equal.
    fn collides(&self, index: &'a UniqueIndex) -> Option<(&'a ColumnChange, Collision<'a>)> {
        let key = || index.columns.iter().chain(&index.expression_columns);
        let found = self.first(key()).or_else(|| self.enters(&index.predicate_columns))?;
        let definition = Definition::read(&index.definition).unwrap_or_default();
        let distinct = |element: &Element<'_>| {
            let known = self.known(element);
            element.usual && (known.apart || (known.null && !index.nulls_not_distinct))
        };
        let safe = self.stays_out(&definition, &index.predicate_columns)
            || definition.elements.iter().any(distinct)
            || self.holds_a_key(&index.columns, index.nulls_not_distinct);
        (!safe).then_some(found)
    }

    /// The first change that may bring two rows together which an exclusion constraint keeps apart.
    fn is_excluded(&self, exclusion: &'a Exclusion) -> Option<(&'a ColumnChange, Collision<'a>)> {
        let definition = Definition::read(&exclusion.definition).unwrap_or_default();
        let is_element = |name: &&Ident| {
            // Its columns and those of its predicate are listed together.
            definition.predicate.is_empty()
                || definition.elements.iter().any(|element| element.expression.contains(name.as_str()))
        };
        let found =
            self.first(exclusion.columns.iter().filter(is_element)).or_else(|| self.enters(&exclusion.columns))?;
        let by_equality = |element: &&Element<'_>| element.usual && element.operator == Some("=");
        // Where an element is NULL, nothing is compared.
        let distinct = |element: &Element<'_>| {
            let known = self.known(element);
            known.null || (known.apart && by_equality(&element))
        };
        let equal = definition.elements.iter().filter(by_equality);
        let plain: Vec<Ident> = equal.filter_map(|element| self.plain(element)).collect();
        let safe = self.stays_out(&definition, &exclusion.columns)
            || definition.elements.iter().any(distinct)
            || self.holds_a_key(&plain, false);
        (!safe).then_some(found)
    }

    /// The first of these columns that changes, with its change, or that of a column that it is generated from.
    fn first(&self, mut names: impl Iterator<Item = &'a Ident>) -> Option<(&'a ColumnChange, Collision<'a>)> {
        names.find_map(|name| {
            let column = self.table.column(name)?;
            let change = self.change_of(column)?;
            let made = matches!(column.generated, Generated::Expression { .. });
            Some((change, if made { Collision::Generated(column) } else { Collision::Value }))
        })
    }

    /// The change by which a row may come into a partial index.
    fn enters(&self, names: &'a [Ident]) -> Option<(&'a ColumnChange, Collision<'a>)> {
        self.first(names.iter()).map(|(change, _)| (change, Collision::Enters))
    }

    /// What changes a column: its own change, or the first of a column that it is generated from.
    fn change_of(&self, column: &Column) -> Option<&'a ColumnChange> {
        let mut changes = self.changes.iter();
        let name = |change: &ColumnChange| &self.table.column_at(change.column).name;
        match &column.generated {
            // In the order of the file, like every other finding.
            Generated::Expression { from, .. } => changes.find(|change| from.contains(name(change))),
            Generated::No | Generated::IdentityAlways | Generated::IdentityByDefault => {
                changes.find(|change| *name(change) == column.name)
            }
        }
    }

    /// What is known of a key element's new value.
    fn known(&self, element: &Element<'_>) -> Known {
        known::of_expression(element.expression, &|name| {
            let column = self.table.column(name);
            column.map_or(Known::default(), |column| known::of_column(self.catalog, self.table, self.changes, column))
        })
    }

    /// The column that an element is, where it is one.
    fn plain(&self, element: &Element<'_>) -> Option<Ident> {
        let is = |column: &&Column| {
            let name = column.name.as_str();
            element.expression == name || element.expression == format!("\"{}\"", name.replace('"', "\"\""))
        };
        self.table.columns.iter().find(is).map(|column| column.name.clone())
    }

    /// Whether some new value keeps the row out of a partial index.
    fn stays_out(&self, definition: &Definition<'_>, names: &[Ident]) -> bool {
        let keeps_out = |change: &ColumnChange| {
            let column = self.table.column_at(change.column);
            let known = known::of_column(self.catalog, self.table, self.changes, column);
            names.contains(&column.name) && predicate::keeps_out(definition.predicate, column, &change.value, known)
        };
        !definition.predicate.is_empty() && self.changes.iter().any(keeps_out)
    }

    /// Whether a part of these columns is a key of the whole table by itself, and stays as it is.
    fn holds_a_key(&self, columns: &[Ident], nulls_not_distinct: bool) -> bool {
        let stays = |name: &Ident| {
            let column = self.table.column(name);
            let never_null = || column.is_some_and(|column| self.catalog.is_never_null(column));
            columns.contains(name)
                && column.is_some_and(|column| self.change_of(column).is_none())
                && (!nulls_not_distinct || never_null())
        };
        self.table.keys().any(|key| key.iter().all(stays))
    }
}
