//! Random values that don't fit, and values that only a server can judge.

use super::of;
use crate::action::Kind;
use crate::catalog::{Column, Table};
use crate::diagnostic::{Code, Diagnostic};
use crate::ident::{Ident, TableName, shown};
use crate::source::Span;

/// `part` is a field within a composite value, and its type, where the column's own type is not the obstacle.
pub(in crate::resolve) fn no_random_values(
    table: &Table,
    column: &Column,
    part: Option<(String, String)>,
    span: Span,
) -> Diagnostic {
    let mut found = Diagnostic::new(
        Code::WrongType,
        format!("no random values for column `{}` of type `{}`", of(table, column), column.type_sql),
    )
    .at(span, "not for this type");
    if let Some((field, ty)) = part {
        found = found.note(format!("the values' field `{field}` is of type `{}`", shown(&ty)));
    }
    found.help("use `null`, `default`, `{ replace: … }` or `{ sql: … }`")
}

pub(in crate::resolve) fn random_misfit(table: &Table, column: &Column, kind: Kind, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::WrongType,
        format!("`{}` does not fit column `{}` of type `{}`", kind.name(), of(table, column), column.type_sql),
    )
    .at(span, kind.summary())
    .help("use `randomize` without a kind for a value of the column's type")
}

pub(in crate::resolve) fn random_too_long(
    table: &Table,
    column: &Column,
    kind: Kind,
    needed: usize,
    limit: u32,
    span: Span,
) -> Diagnostic {
    Diagnostic::new(
        Code::TooLong,
        format!("`{}` needs {needed} characters, and column `{}` takes {limit}", kind.name(), of(table, column)),
    )
    .at(span, format!("`{}`", column.type_sql))
    .help(match kind {
        Kind::Email => "give a shorter `domain:`, or use `{ randomize: token }`",
        Kind::Digits | Kind::Phone => "use `digits` with a shorter `format:`",
        _ => "use `{ randomize: token }`, which takes the column's length",
    })
}

pub(in crate::resolve) fn random_bound(table: &Table, column: &Column, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::WrongType,
        format!("not a bound for column `{}` of type `{}`", of(table, column), column.type_sql),
    )
    .at(span, "doesn't fit")
    .help("give a number that the column holds exactly; a whole one for `integer`")
}

pub(in crate::resolve) fn random_date_bound(table: &Table, column: &Column, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::WrongType,
        format!("not a bound for column `{}` of type `{}`", of(table, column), column.type_sql),
    )
    .at(span, "not a day")
    .help("give a day like 2020-01-31")
}

pub(in crate::resolve) fn random_empty_range(table: &Table, column: &Column, span: Span) -> Diagnostic {
    Diagnostic::new(Code::InvalidValue, format!("`min` is above `max` for column `{}`", of(table, column)))
        .at(span, "no value is possible")
        .help("give the other bound too")
}

pub(in crate::resolve) fn choice_of_nothing(table: &Table, column: &Column, span: Span) -> Diagnostic {
    Diagnostic::new(Code::InvalidValue, format!("nothing to choose from for column `{}`", of(table, column)))
        .at(span, "not an enum")
        .help("give the values: `{ randomize: choice, from: [a, b] }`")
}

// What only a server can answer.

const WITH_A_SERVER: &str = "run `efface check` with a database instead of a catalog file";

pub(in crate::resolve) fn unverified_literal(table: &Table, column: &Column, span: Span) -> Diagnostic {
    unverified(table, column, format!("whether the value is one of type `{}`", column.type_sql), span)
}

pub(in crate::resolve) fn unverified_check(table: &Table, column: &Column, check: &Ident, span: Span) -> Diagnostic {
    unverified(table, column, format!("whether the new value keeps the CHECK `{}`", check.bare()), span)
}

pub(in crate::resolve) fn unverified_old_rows(table: &Table, check: &Ident, span: Span) -> Diagnostic {
    let table = table.name.bare().to_string();
    let what = format!("unverified for table `{table}`: whether its rows keep the CHECK `{}`", check.bare());
    Diagnostic::new(Code::Unverified, what)
        .at(span, "a server can tell")
        .about(table)
        .note("it is NOT VALID: rows that break it may be there, and no change of them is taken")
        .help(WITH_A_SERVER)
}

pub(in crate::resolve) fn unverified_domain(
    table: &Table,
    column: &Column,
    domain: &TableName,
    span: Span,
) -> Diagnostic {
    unverified(table, column, format!("whether the new value keeps the domain `{}`", domain.bare()), span)
}

pub(in crate::resolve) fn unverified_generated(
    table: &Table,
    column: &Column,
    made: &Column,
    span: Span,
) -> Diagnostic {
    unverified(
        table,
        column,
        format!("whether `{}`, which is generated from it, stays NOT NULL", made.name.bare()),
        span,
    )
}

fn unverified(table: &Table, column: &Column, what: String, span: Span) -> Diagnostic {
    Diagnostic::new(Code::Unverified, format!("unverified for column `{}`: {what}", of(table, column)))
        .at(span, "a server can tell")
        .about(of(table, column))
        .help(WITH_A_SERVER)
}
