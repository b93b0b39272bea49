//! A column's new value, as SQL, and how to tell afterwards that it is there.

use super::bits::Bits;
use super::generate::generated;
use super::looks::{hexadecimal_length, pattern};
use super::writer::Writer;
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
    /// The old value of a column; none without a row.
    pub fn old(self, column: &Column) -> Option<Writer> {
        let mut w = Writer::new();
        match self {
            At::Row => w.ident(&column.name),
            At::Beside(table) => w.ident(&table.name.name).kw(".").ident(&column.name),
            At::NoRow => return None,
        };
        Some(w)
    }
}

/// The new value, for `SET column = …`.
pub(super) fn value(w: &mut Writer, column: &Column, change: &ColumnChange, at: At<'_>) {
    match &change.value {
        NewValue::Null => w.kw("NULL"),
        NewValue::Default => w.kw("DEFAULT"),
        NewValue::Literal(text) | NewValue::StandIn(text) => w.text(text),
        NewValue::Expression(expression) => w.author(&expression.fragment, &[], &Writer::new()),
        NewValue::Random(generator) => {
            match at.old(column).filter(|_| change.keeps_null) {
                Some(old) => {
                    w.kw("CASE WHEN ").sql(&old).kw(" IS NOT NULL THEN ");
                    generated(w, column, generator, &Bits::Random);
                    w.kw(" END");
                }
                None => generated(w, column, generator, &Bits::Random),
            }
            w
        }
    };
}

/// A condition that is true where the new value is there; none where it can't be known.
pub(super) fn holds(column: &Column, change: &ColumnChange) -> Option<Writer> {
    let mut w = Writer::new();
    match &change.value {
        NewValue::Null => {
            w.ident(&column.name).kw(" IS NULL");
        }
        NewValue::Literal(text) | NewValue::StandIn(text) => {
            // The operator of enums takes no domain over one.
            let enum_domain = matches!(column.ty, PgType::Enum { .. }) && !column.domains.is_empty();
            let as_text = enum_domain || !column.ty.has_equality();
            w.ident(&column.name).kw(if as_text { "::text = " } else { " = " });
            literal(&mut w, column, text);
            w.kw(if as_text { "::text" } else { "" });
        }
        NewValue::Random(generator) => {
            let pattern = pattern(generator)?;
            if change.keeps_null {
                w.kw("(").ident(&column.name).kw(" IS NULL OR ");
            }
            w.ident(&column.name).kw("::text ~ ").text(&pattern);
            if let Some(length) = hexadecimal_length(generator) {
                w.kw(" AND length(").ident(&column.name).kw("::text) = ").number(length);
            }
            w.kw(if change.keeps_null { ")" } else { "" });
        }
        NewValue::Default | NewValue::Expression(_) => return None,
    }
    Some(w)
}

/// Whether all new values of a step are known beforehand, so that rows which have them need no writing.
pub(super) fn all_knowable(changes: &[ColumnChange]) -> bool {
    changes.iter().all(|change| matches!(change.value, NewValue::Null | NewValue::Literal(_) | NewValue::StandIn(_)))
}

/// A literal as a value of its column's type, cut and rounded as an assignment would.
pub(super) fn literal<'w>(w: &'w mut Writer, column: &Column, text: &str) -> &'w mut Writer {
    let as_it_stands = matches!(
        column.ty,
        PgType::Text { limit: None } | PgType::SmallInt | PgType::Integer | PgType::BigInt | PgType::Enum { .. }
    ) && column.domains.is_empty();
    if as_it_stands { w.text(text) } else { w.kw("CAST(").text(text).kw(" AS ").printed(&column.type_sql).kw(")") }
}
