//! New values that can't be computed from the old ones of their column.

use super::of;
use crate::action::{Generalize, Unit};
use crate::catalog::{Column, Table};
use crate::diagnostic::{Code, Diagnostic};
use crate::pgtype::PgType;
use crate::source::Span;

fn misfit(table: &Table, column: &Column, what: &str, span: Span) -> Diagnostic {
    let message = format!("`{what}` does not fit column `{}` of type `{}`", of(table, column), column.type_sql);
    Diagnostic::new(Code::WrongType, message).at(span, "not for this type")
}

pub(in crate::resolve) fn pseudonym_too_long(
    table: &Table,
    column: &Column,
    needed: u32,
    limit: u32,
    span: Span,
) -> Diagnostic {
    let message = format!("a pseudonym has {needed} characters, and column `{}` takes {limit}", of(table, column));
    Diagnostic::new(Code::TooLong, message)
        .at(span, format!("`{}`", column.type_sql))
        .note("pseudonyms are as long in every column, so that equal values stay equal")
        .help("give a shorter `domain:` or a `length:`, and the same one wherever equal values have to stay equal")
}

pub(in crate::resolve) fn mask_misfit(table: &Table, column: &Column, span: Span) -> Diagnostic {
    misfit(table, column, "mask", span).help("only characters can be masked; use `generalize` for numbers and moments")
}

pub(in crate::resolve) fn generalize_misfit(
    table: &Table,
    column: &Column,
    wish: &Generalize,
    span: Span,
) -> Diagnostic {
    let what = match wish {
        Generalize::Unit(unit) => format!("generalize: {}", unit.name()),
        Generalize::Step(step) => format!("generalize: {step}"),
    };
    let units = |fits: &dyn Fn(&Generalize) -> bool| {
        let names = Unit::ALL.iter().filter(|unit| fits(&Generalize::Unit(**unit)));
        names.map(|unit| format!("`{}`", unit.name())).collect::<Vec<_>>().join(", ")
    };
    let fitting = units(&|wish| wish.fits(&column.ty));
    misfit(table, column, &what, span).help(match column.ty.element() {
        ty if ty.is_number() => "write a number to whose multiples its values are cut: `generalize: 10`".to_owned(),
        PgType::Date | PgType::Time | PgType::Timestamp | PgType::Timestamptz => format!("units that fit: {fitting}"),
        _ => "it fits numbers, days and moments; use `{ sql: … }` for other types".to_owned(),
    })
}

pub(in crate::resolve) fn generalize_too_fine(table: &Table, column: &Column, span: Span) -> Diagnostic {
    let message = format!("column `{}` of type `{}` would round these multiples", of(table, column), column.type_sql);
    Diagnostic::new(Code::WrongType, message)
        .at(span, "finer than the column")
        .help("write a number with no more digits behind the point than the column has")
}

pub(in crate::resolve) fn shift_misfit(table: &Table, column: &Column, span: Span) -> Diagnostic {
    misfit(table, column, "shift_days", span).help("it moves days and moments: `date`, `timestamp`, `timestamptz`")
}

pub(in crate::resolve) fn document_misfit(table: &Table, column: &Column, span: Span) -> Diagnostic {
    let found = misfit(table, column, "json", span);
    match column.ty.element() {
        ty if ty.is_text() => found
            .note("a text need not be a JSON document, whatever most rows hold")
            .help("use `{ replace: … }` or `null` for the whole text, or `{ sql: … }` if it is JSON in every row"),
        _ => found.help("it edits documents: `json`, `jsonb`, and arrays of these"),
    }
}
