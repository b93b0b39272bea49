//! Subjects that can't be told apart, and rows that can't be theirs.

use super::{list, nearest};
use crate::catalog::{ColumnId, Table};
use crate::diagnostic::{Code, Diagnostic};
use crate::ident::shown;
use crate::source::{Span, Spanned};

pub(in crate::resolve) fn subject_without_key(table: &Table, span: Span) -> Diagnostic {
    Diagnostic::new(Code::InvalidSubject, format!("subject table `{}` has no primary key", table.name.bare()))
        .at(span, "no primary key")
        .help("name the columns that tell its rows apart: `key: [club_id, number]`")
}

pub(in crate::resolve) fn key_not_unique(table: &Table, key: &[ColumnId], span: Span) -> Diagnostic {
    let columns = list(key.iter().map(|id| &table.column_at(*id).name));
    Diagnostic::new(Code::InvalidSubject, format!("{columns} of `{}` may stand for several rows", table.name.bare()))
        .at(span, "not a key")
        .note("a subject's key needs a unique constraint or full unique index over exactly its columns, all NOT NULL")
        .help("use the primary key, or add the constraint")
}

/// A value of a type that isn't known, with the types that are.
pub(in crate::resolve) fn unknown_value_type(ty: &Spanned<String>, known: &[&str]) -> Diagnostic {
    let near = nearest(&ty.value, known.iter().copied());
    Diagnostic::new(Code::InvalidSubject, format!("a subject can't be a value of type `{}`", shown(&ty.value)))
        .at(ty.span, "not a type that efface binds keys of")
        .help(match near {
            Some(near) => format!("a type named `{near}` exists"),
            None => {
                format!("the types are {}", known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
            }
        })
}

pub(in crate::resolve) fn value_without_extension(span: Span) -> Diagnostic {
    Diagnostic::new(Code::InvalidSubject, "this database has no type `citext`")
        .at(span, "the extension is not installed")
        .help("use `text`, and `lower(email) = any(:subject)` with keys in lower case")
}

pub(in crate::resolve) fn undecided_in_every_row(table: &Table, whose: Span) -> Diagnostic {
    let name = table.name.bare().to_string();
    Diagnostic::new(Code::UndecidedTable, format!("table `{name}` is not decided, and the policy is for every row"))
        .at(whose, "every table of the database")
        .about(name.clone())
        .note("nothing stays as it is because somebody forgot it")
        .help(format!("add to `tables:`\n  {name}: {{ keep: why its rows stay }}\nor `delete`, or `columns:`"))
}
