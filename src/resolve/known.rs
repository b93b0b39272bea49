//! What is known of a value without computing it: is it something, is it NULL, does each row have its own?
//!
//! New values are followed through the expressions of generated columns and indexes, of which the server has printed the
//! text. What isn't certain isn't known: an unfamiliar function, an operator of somebody's, a text that isn't understood.

mod document;
mod expression;

use self::expression::{Columns, of_expression};
use super::model::{ColumnChange, Derived, NewValue};
use crate::catalog::{Catalog, Column, Generated, Table};
use crate::ident::Ident;
use crate::pgtype::PgType;

/// What is known of a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// It is NULL.
    pub null: bool,
    /// It is not NULL.
    pub some: bool,
    /// How it differs from those of other rows.
    pub apart: Apart,
    /// It is what it was before.
    pub same: bool,
    /// It is the same for every row.
    pub constant: bool,
    /// It is a text, and not an array or a document.
    pub text: bool,
}

/// Whether each row has a value of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Apart {
    /// Not that we know.
    #[default]
    No,
    /// It has one that no other row has or had, or the one that it had before; or else those rows that had one in common
    /// have one in common.
    OrAsBefore,
    /// It has one that no other row has or had, or NULL as before.
    OrNull,
}

impl Known {
    const NOTHING: Known =
        Known { null: false, some: false, apart: Apart::No, same: false, constant: false, text: false };
    const SAME: Known = Known { same: true, ..Known::NOTHING };
    const SOME: Known = Known { some: true, ..Known::NOTHING };
    const CONSTANT: Known = Known { constant: true, ..Known::SOME };
    const NULL: Known = Known { null: true, constant: true, ..Known::NOTHING };
    const APART: Known = Known { apart: Apart::OrNull, ..Known::SOME };

    /// Whether no two rows have it in common, whatever else is compared with it.
    pub fn is_distinct(self, nulls_not_distinct: bool) -> bool {
        (self.apart == Apart::OrNull && (self.some || !nulls_not_distinct)) || (self.null && !nulls_not_distinct)
    }

    /// Whether two rows have it in common only where they had before.
    pub fn joins_nobody(self) -> bool {
        self.same || self.apart != Apart::No
    }
}

/// A row in the middle of being changed.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    pub catalog: &'a Catalog,
    pub table: &'a Table,
    pub changes: &'a [ColumnChange],
    pub extent: Extent,
}

/// Which rows of the table change so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of them, as in a masked copy.
    All,
    /// Some.
    Some,
    /// Those that reference a natural key: where they reference one row they take one value.
    Following,
}

impl<'a> Row<'a> {
    /// Whether a column may be NULL when the row has been changed.
    pub fn may_be_null(&self, column: &Column) -> bool {
        !self.known(column).some
    }

    /// What is known of an expression's value when the row has been changed.
    pub(super) fn of_expression(&self, sql: &str) -> Known {
        of_expression(sql, self)
    }

    /// What is known of a column's value when the row has been changed.
    pub(super) fn known(&self, column: &Column) -> Known {
        let known = match &column.generated {
            Generated::Expression { sql, .. } => self.of_expression(sql),
            Generated::No | Generated::IdentityAlways | Generated::IdentityByDefault => match self.change_of(column) {
                Some(change) => self.new_value(column, change),
                None => Known { same: true, some: self.catalog.is_never_null(column), ..Known::NOTHING },
            },
        };
        Known { text: column.ty.is_text(), ..known }
    }

    /// What changes a column: its own change, or the first of a column that it is generated from.
    pub fn change_of(&self, column: &Column) -> Option<&'a ColumnChange> {
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

    fn new_value(&self, column: &Column, change: &ColumnChange) -> Known {
        match &change.value {
            NewValue::Null => Known::NULL,
            NewValue::Literal(_) | NewValue::StandIn(_) => Known::CONSTANT,
            NewValue::Random(generator) => Known {
                apart: match (generator.is_unique(), self.extent) {
                    (true, Extent::All | Extent::Some) => Apart::OrNull,
                    (true, Extent::Following) => Apart::OrAsBefore,
                    (false, _) => Apart::No,
                },
                some: self.catalog.is_never_null(column),
                ..Known::NOTHING
            },
            // NULL is computed from NULL alone. Different values become different pseudonyms, but where some rows stay as
            // they are, or were pseudonymised by an earlier run, one of them may have a pseudonym already.
            NewValue::Derived(derived) => Known {
                apart: match (derived, self.extent) {
                    (Derived::Pseudonym(generator), Extent::All | Extent::Following) if generator.is_unique() => {
                        Apart::OrAsBefore
                    }
                    (
                        Derived::Pseudonym(_)
                        | Derived::Mask(_)
                        | Derived::Generalize(_)
                        | Derived::Shift { .. }
                        | Derived::Document(_)
                        | Derived::Scrub(_),
                        Extent::All | Extent::Some | Extent::Following,
                    ) => Apart::No,
                },
                some: self.catalog.is_never_null(column),
                ..Known::NOTHING
            },
            NewValue::Default => match (self.catalog.default_of(column), &column.generated) {
                (Some(default), _) => Known { same: false, ..of_expression(default, &|_: &Ident| Known::NOTHING) },
                (None, Generated::IdentityAlways | Generated::IdentityByDefault) => Known::APART,
                (None, Generated::No | Generated::Expression { .. }) => Known::NULL,
            },
            // It is computed from the row as it was.
            NewValue::Expression(expression) => {
                let known = of_expression(&expression.fragment.text, &|name: &Ident| {
                    let old = self.table.column(name);
                    let some = old.is_some_and(|column| self.catalog.is_never_null(column));
                    Known { some, text: old.is_some_and(|column| column.ty.is_text()), ..Known::NOTHING }
                });
                Known { same: false, ..known }
            }
        }
    }
}

/// The row's columns in the expressions of indexes and generated columns.
impl Columns for Row<'_> {
    fn column(&self, name: &Ident) -> Known {
        let Some(column) = self.table.column(name) else { return Known::NOTHING };
        let known = self.known(column);
        let derived = matches!(self.change_of(column), Some(ColumnChange { value: NewValue::Derived(_), .. }));
        // One value is made of values that are equal, and an expression may tell `1.0` from `1.00`.
        let exact = matches!(column.ty, PgType::Text { .. } | PgType::Char { .. });
        Known { apart: if derived && !exact { Apart::No } else { known.apart }, ..known }
    }

    fn within(&self, name: &Ident, keys: &[String], as_text: bool) -> Option<Known> {
        match &self.change_of(self.table.column(name)?)?.value {
            NewValue::Derived(Derived::Document(root)) => Some(document::value(root, keys, as_text)),
            NewValue::Derived(_)
            | NewValue::Null
            | NewValue::Default
            | NewValue::Literal(_)
            | NewValue::Expression(_)
            | NewValue::Random(_)
            | NewValue::StandIn(_) => None,
        }
    }
}
