//! A new value that is computed from the old one, as SQL.
//!
//! Every family writes an expression over an input: a column, an element of an array, a value inside of a document. NULL
//! goes in and comes out.

use super::value::At;
use super::writer::{Scene, Writer};
use super::{document, partial};
use crate::catalog::{Column, Table};
use crate::pgtype::PgType;
use crate::resolve::Derived;

/// What a value is computed from.
#[derive(Clone, Copy)]
pub(super) struct Input<'a> {
    /// The table whose row it is in.
    pub table: &'a Table,
    /// The value, as SQL.
    pub value: &'a Writer,
    /// Its type.
    pub ty: &'a PgType,
}

impl Scene<'_> {
    /// The new value of a column, for `SET column = …`.
    pub fn derived(&self, w: &mut Writer, table: &Table, column: &Column, derived: &Derived, at: At<'_>) {
        let value = at.old(column);
        self.derived_from(w, Input { table, value: &value, ty: &column.ty }, derived);
    }

    /// What comes out of an input.
    pub fn derived_from(&self, w: &mut Writer, input: Input<'_>, derived: &Derived) {
        match (input.ty, derived) {
            // A generator takes values apart by itself.
            (_, Derived::Pseudonym(generator)) => return self.pseudonym(w, input, generator),
            (PgType::Array { of, .. }, _) => return self.derived_each(w, Input { ty: of, ..input }, derived),
            _ => {}
        }
        match derived {
            Derived::Pseudonym(generator) => self.pseudonym(w, input, generator),
            Derived::Mask(mask) => partial::mask(w, input.value, input.ty, mask),
            Derived::Generalize(generalize) => partial::generalize(w, input.value, input.ty, generalize),
            Derived::Shift { days } => partial::shift(w, input.value, input.ty, *days),
            Derived::Document(root) => document::document(self, w, input, root),
            Derived::Scrub(scrub) => self.scrub(w, input, scrub),
        }
    }

    /// An array's elements one by one; an array without any stays what it is. Of several dimensions one comes out.
    fn derived_each(&self, w: &mut Writer, array: Input<'_>, derived: &Derived) {
        let mut element = Writer::new();
        element.kw("efface_each.value");
        w.kw("CASE WHEN cardinality(").sql(array.value).kw(") > 0 THEN (SELECT array_agg(");
        self.derived_from(w, Input { value: &element, ..array }, derived);
        w.kw(" ORDER BY efface_each.n) FROM unnest(").sql(array.value);
        w.kw(") WITH ORDINALITY AS efface_each (value, n)) ELSE ").sql(array.value).kw(" END");
    }

    /// A condition that is true where a path of the policy's leads past values that it was meant for; none where that
    /// can't be.
    pub fn derived_misses(&self, table: &Table, column: &Column, derived: &Derived) -> Option<Writer> {
        let mut value = Writer::new();
        value.ident(&column.name);
        let input = Input { table, value: &value, ty: &column.ty };
        match derived {
            Derived::Document(root) => document::missed(input, root),
            Derived::Pseudonym(_)
            | Derived::Mask(_)
            | Derived::Generalize(_)
            | Derived::Shift { .. }
            | Derived::Scrub(_) => None,
        }
    }

    /// A condition that is true where the derivation has been done; none where that can't be told.
    pub fn derived_holds(&self, table: &Table, column: &Column, derived: &Derived) -> Option<Writer> {
        if !derived.is_idempotent() {
            return None;
        }
        let cast = if column.ty.has_equality() { "" } else { "::text" };
        let mut w = Writer::new();
        w.ident(&column.name).printed(cast).kw(" IS NOT DISTINCT FROM CAST(");
        self.derived(&mut w, table, column, derived, At::Row);
        w.kw(" AS ").printed(&column.type_sql).kw(")").printed(cast);
        Some(w)
    }
}
