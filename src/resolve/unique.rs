//! Would two rows get values that an index doesn't take together?
//!
//! A column under a unique index or an exclusion constraint takes a decision that is unique by construction: a generator
//! of at least 64 random bits, or NULL where the index lets NULLs be distinct. One key element with such a value makes
//! the whole key unique, and so does another key of the table that is part of it and stays.

mod definition;
mod predicate;

use self::definition::{Definition, Element};
use super::known::{Extent, Known, Row};
use super::model::{ColumnChange, NewValue, ResolvedPolicy, RowAction, Subject};
use super::words;
use crate::action::{Generator, UNIQUE_HEX};
use crate::catalog::{Catalog, Column, Exclusion, Generated, UniqueIndex};
use crate::diagnostic::Report;
use crate::ident::Ident;
use crate::pgtype::PgType;

/// Reports changes under unique indexes and exclusion constraints that could collide.
pub(super) fn check(policy: &ResolvedPolicy, catalog: &Catalog, report: &mut Report) {
    for rule in &policy.rules {
        let RowAction::Change { changes, .. } = &rule.action else { continue };
        // Whether the rule decides every row of its table.
        let whole = policy.subject == Subject::EveryRow && rule.condition.is_none();
        let alone = policy.rules_of(rule.table).count() == 1;
        let extent = if whole && alone { Extent::All } else { Extent::Some };
        of_row(Row { catalog, table: catalog.table(rule.table), changes, extent }, report);
    }
}

/// The same for the rows of one table.
pub(super) fn of_row(row: Row<'_>, report: &mut Report) {
    for index in &row.table.unique {
        if let Some((change, how)) = row.collides(index) {
            report.push(words::not_unique(row.table, index, change, how, &row.instead(index, change)));
        }
    }
    for exclusion in &row.table.exclusions {
        if let Some((change, how)) = row.is_excluded(exclusion) {
            report.push(words::exclusion(row.table, exclusion, change, how));
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

impl<'a> Row<'a> {
    /// The first change that may make two keys of a unique index equal.
    fn collides(&self, index: &'a UniqueIndex) -> Option<(&'a ColumnChange, Collision<'a>)> {
        let definition = Definition::read(&index.definition).unwrap_or_default();
        let enters = self.enters(&definition, &index.predicate_columns);
        let found = self.first(index.columns.iter().chain(&index.expression_columns)).or(enters)?;
        let distinct = |element: &Element<'_>| element.usual && self.of(element).is_distinct(index.nulls_not_distinct);
        let safe = definition.elements.iter().any(distinct)
            || (enters.is_none() && self.joins_nobody(&definition))
            || self.stays_out(&definition, &index.predicate_columns)
            || self.holds_a_key(&index.columns, index.nulls_not_distinct);
        (!safe).then_some(found)
    }

    /// What could be decided instead of a change that collides, as the policy writes it.
    fn instead(&self, index: &UniqueIndex, change: &ColumnChange) -> Vec<&'static str> {
        let column = self.table.column_at(change.column);
        let fits = |length: u32| column.ty.length_limit().is_none_or(|limit| limit >= length);
        let hex = |length: u32| NewValue::Random(Generator::Hex { length });
        let text = column.ty.is_text();
        let candidates = [
            (text && fits(32), "`{ randomize: email }`", hex(32)),
            (text && fits(UNIQUE_HEX), "`{ randomize: token }`", hex(UNIQUE_HEX)),
            (column.ty == PgType::Uuid, "`randomize`", NewValue::Random(Generator::Uuid { text: false })),
            (!self.catalog.refuses_null(column), "`null`", NewValue::Null),
        ];
        let does = |value: NewValue| {
            let keeps_null = matches!(value, NewValue::Random(_)) && !self.catalog.is_never_null(column);
            let instead = ColumnChange { value, keeps_null, ..change.clone() };
            let others = self.changes.iter().filter(|other| other.column != change.column).cloned();
            let changes: Vec<_> = others.chain([instead]).collect();
            Row { changes: &changes, ..*self }.collides(index).is_none()
        };
        candidates
            .into_iter()
            .filter(|(fits, _, value)| *fits && does(value.clone()))
            .map(|(_, word, _)| word)
            .collect()
    }

    /// The first change that may bring two rows together which an exclusion constraint keeps apart.
    fn is_excluded(&self, exclusion: &'a Exclusion) -> Option<(&'a ColumnChange, Collision<'a>)> {
        let definition = Definition::read(&exclusion.definition).unwrap_or_default();
        // Its columns and those of its predicate are listed together.
        let of_element = |name: &&Ident| {
            let mut elements = definition.elements.iter();
            definition.predicate.is_empty() || elements.any(|element| predicate::mentions(element.expression, name))
        };
        let enters = self.enters(&definition, &exclusion.columns);
        let found = self.first(exclusion.columns.iter().filter(of_element)).or(enters)?;
        let by_equality = |element: &&Element<'_>| element.usual && element.operator == Some("=");
        // Where an element is NULL nothing is compared, whatever the operator.
        let distinct = |element: &Element<'_>| {
            let known = self.of(element);
            known.null || (known.is_distinct(false) && by_equality(&element))
        };
        let equal = definition.elements.iter().filter(by_equality);
        let plain: Vec<Ident> = equal.filter_map(|it| Some(self.plain(it)?.name.clone())).collect();
        let safe = definition.elements.iter().any(distinct)
            || self.stays_out(&definition, &exclusion.columns)
            || self.holds_a_key(&plain, false);
        (!safe).then_some(found)
    }

    /// Whether two rows have the whole key in common only where they had before.
    fn joins_nobody(&self, definition: &Definition<'_>) -> bool {
        let joins_nobody = |element: &Element<'_>| element.usual && self.of(element).joins_nobody();
        !definition.elements.is_empty() && definition.elements.iter().all(joins_nobody)
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
    fn enters(&self, definition: &Definition<'_>, names: &'a [Ident]) -> Option<(&'a ColumnChange, Collision<'a>)> {
        let moves = |name: &&Ident| {
            let column = self.table.column(name).filter(|it| !matches!(it.generated, Generated::Expression { .. }));
            let change = column.and_then(|column| self.change_of(column));
            let null_stays = change.is_some_and(|change| predicate::leaves_null_alone(&change.value));
            // What makes something of something and leaves NULL alone doesn't move a row over a test for NULL.
            !(null_stays && predicate::asks_at_most_for_null(definition.predicate, name))
        };
        if definition.predicate.is_empty() || self.of_expression(definition.predicate).same {
            return None;
        }
        // An exclusion's columns are listed with those of its predicate.
        let names = names.iter().filter(|name| predicate::mentions(definition.predicate, name));
        self.first(names.filter(moves)).map(|(change, _)| (change, Collision::Enters))
    }

    /// What is known of a key element's new value.
    fn of(&self, element: &Element<'_>) -> Known {
        match self.plain(element) {
            Some(column) => self.known(column),
            None => self.of_expression(element.expression),
        }
    }

    /// The column that an element is, where it is one.
    fn plain(&self, element: &Element<'_>) -> Option<&'a Column> {
        let is = |column: &&Column| {
            let name = column.name.as_str();
            element.expression == name || element.expression == format!("\"{}\"", name.replace('"', "\"\""))
        };
        self.table.columns.iter().find(is)
    }

    /// Whether some new value keeps the row out of a partial index.
    fn stays_out(&self, definition: &Definition<'_>, names: &[Ident]) -> bool {
        let keeps_out = |change: &ColumnChange| {
            let column = self.table.column_at(change.column);
            let keeps_out = || predicate::keeps_out(definition.predicate, column, &change.value, self.known(column));
            names.contains(&column.name) && keeps_out()
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
