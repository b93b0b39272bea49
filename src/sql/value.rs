//! A column's new value, as SQL, and how to tell afterwards that it is there.

use super::bits::Bits;
use super::generate::{generated, is_something};
use super::looks::looks;
use super::writer::{Scene, Writer};
use crate::catalog::{Column, Table};
use crate::pgtype::PgType;
use crate::resolve::{ColumnChange, NewValue};

/// Where a new value is computed: how the row's old values are written there.
#[derive(Clone, Copy)]
pub(super) enum At<'a> {
    /// In a statement over the column's table alone.
    Row,
    /// Beside other tables that may have columns of the same names.
    Beside(&'a Table),
    /// Without a row: a value is tried as for one that has something in the column.
    NoRow,
}

impl At<'_> {
    /// The old value of a column.
    pub fn old(self, column: &Column) -> Writer {
        let mut w = Writer::new();
        // Where different texts may be equal the server takes no regular expressions.
        let loose = column.nondeterministic && !matches!(self, At::NoRow);
        w.kw(if loose { "(" } else { "" });
        match self {
            At::Row => w.ident(&column.name),
            At::Beside(table) => w.ident(&table.name.name).kw(".").ident(&column.name),
            At::NoRow => w.kw("CAST(NULL AS ").printed(&column.type_sql).kw(")"),
        };
        w.kw(if loose { " COLLATE \"C\")" } else { "" });
        w
    }
}

impl Scene<'_> {
    /// The new value, for `SET column = …`.
    pub fn value(&self, w: &mut Writer, table: &Table, change: &ColumnChange, at: At<'_>) {
        let column = table.column_at(change.column);
        match &change.value {
            NewValue::Null => w.kw("NULL"),
            NewValue::Default => w.kw("DEFAULT"),
            NewValue::Literal(text) | NewValue::StandIn(text) => w.text(text),
            NewValue::Expression(expression) => w.author(&expression.fragment, &[], &Writer::new()),
            NewValue::Random(generator) => {
                let old = at.old(column);
                let may_be_null = change.keeps_null && !matches!(at, At::NoRow);
                if may_be_null {
                    w.kw("CASE WHEN ").sql(&is_something(generator, &old)).kw(" THEN ");
                }
                generated(w, generator, &old, &Bits::Random);
                w.kw(if may_be_null { " END" } else { "" })
            }
            NewValue::Derived(derived) => {
                self.derived(w, table, column, derived, at);
                w
            }
        };
    }
}

/// A condition that is true where the new value is there; none where it can't be known.
pub(super) fn holds(scene: &Scene<'_>, table: &Table, change: &ColumnChange) -> Option<Writer> {
    let column = table.column_at(change.column);
    let mut w = Writer::new();
    match &change.value {
        NewValue::Null => {
            w.ident(&column.name).kw(" IS NULL");
        }
        NewValue::Literal(text) | NewValue::StandIn(text) => {
            // The operator of enums takes no domain over one.
            let enum_domain = matches!(column.ty, PgType::Enum { .. }) && !column.domains.is_empty();
            // The new value is the text that was asked for, and no other that is equal to it.
            let loose = column.nondeterministic || column.ty == PgType::Citext;
            let as_text = enum_domain || loose || !column.ty.has_equality();
            w.sql(&At::Row.old(column)).kw(if as_text { "::text = " } else { " = " });
            literal(&mut w, column, text);
            w.kw(if as_text { "::text" } else { "" });
        }
        NewValue::Random(generator) => {
            let looks = looks(generator, &At::Row.old(column))?;
            if change.keeps_null {
                w.kw("(").ident(&column.name).kw(" IS NULL OR ").sql(&looks).kw(")");
            } else {
                w.sql(&looks);
            }
        }
        NewValue::Derived(derived) => return scene.derived_holds(table, column, derived),
        NewValue::Default | NewValue::Expression(_) => return None,
    }
    Some(w)
}

/// Whether it can be told of all new values of a step whether they are there, so that rows which have them need no writing.
pub(super) fn all_knowable(changes: &[ColumnChange]) -> bool {
    changes.iter().all(|change| match &change.value {
        NewValue::Null | NewValue::Literal(_) | NewValue::StandIn(_) => true,
        NewValue::Derived(derived) => derived.is_idempotent(),
        NewValue::Default | NewValue::Expression(_) | NewValue::Random(_) => false,
    })
}

/// A literal as a value of its column's type, cut and rounded as an assignment would.
pub(super) fn literal<'w>(w: &'w mut Writer, column: &Column, text: &str) -> &'w mut Writer {
    let as_it_stands = matches!(
        column.ty,
        PgType::Text { limit: None } | PgType::SmallInt | PgType::Integer | PgType::BigInt | PgType::Enum { .. }
    ) && column.domains.is_empty();
    if as_it_stands { w.text(text) } else { w.kw("CAST(").text(text).kw(" AS ").printed(&column.type_sql).kw(")") }
}
