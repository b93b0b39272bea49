//! Virtual foreign keys that can't be.

use super::{list, of};
use crate::catalog::{Basis, Column, ForeignKey, Table};
use crate::diagnostic::{Code, Diagnostic};
use crate::ident::Ident;
use crate::source::Span;

pub(in crate::resolve) fn virtual_key_without_key(parent: &Table, span: Span) -> Diagnostic {
    let name = parent.name.bare().to_string();
    Diagnostic::new(Code::VirtualForeignKey, format!("table `{name}` has no primary key to reference"))
        .at(span, "which columns are meant?")
        .help(format!("name the columns of a unique key: `{name}(club_id, number)`"))
}

pub(in crate::resolve) fn virtual_key_length(parent: &Table, key: &[Ident], columns: usize, span: Span) -> Diagnostic {
    let found = match columns {
        1 => "one column references".to_owned(),
        many => format!("{many} columns reference"),
    };
    Diagnostic::new(
        Code::VirtualForeignKey,
        format!("{found} a key of {} columns of `{}`", key.len(), parent.name.bare()),
    )
    .at(span, format!("its key is {}", list(key.iter())))
    .help("write as many `columns` as the key has, in its order")
}

pub(in crate::resolve) fn virtual_key_not_unique(parent: &Table, key: &[Ident], span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::VirtualForeignKey,
        format!("{} of `{}` may stand for several rows", list(key.iter()), parent.name.bare()),
    )
    .at(span, "not a unique key")
    .note(
        "a foreign key references a primary key, or a unique constraint or full unique index over exactly its columns",
    )
    .help("name such a key, or compare values in the path: `via: code -> users.code`")
}

pub(in crate::resolve) fn virtual_key_types(
    child: &Table,
    own: &Column,
    parent: &Table,
    theirs: &Column,
    span: Span,
) -> Diagnostic {
    let (own_name, their_name) = (of(child, own), of(parent, theirs));
    Diagnostic::new(
        Code::VirtualForeignKey,
        format!(
            "`{own_name}` is {} and `{their_name}` is {}: their values can't be compared as they are",
            own.type_sql, theirs.type_sql
        ),
    )
    .at(span, "references another type")
    .help(format!("compare values in the path instead: `via: {}::text -> {their_name}::text`", own.name.bare()))
}

pub(in crate::resolve) fn virtual_key_twice(other: &ForeignKey, span: Span) -> Diagnostic {
    let found = Diagnostic::new(Code::VirtualForeignKey, "this reference is there already").at(span, "the same again");
    match other.basis {
        Basis::Declared => found
            .note(format!("the database declares it as foreign key `{}`", other.name.bare()))
            .help("leave it out: efface follows declared keys by itself"),
        Basis::Virtual { .. } | Basis::Values => found.help("write one entry, with both conditions joined by `or`"),
    }
}
