//! Natural keys, what follows them, and stand-in rows.

use super::of;
use crate::catalog::{Catalog, Column, ForeignKey, Table};
use crate::diagnostic::{Code, Diagnostic};
use crate::resolve::propagate::Obstacle;
use crate::source::Span;

pub(in crate::resolve) fn propagation_obstacle(
    catalog: &Catalog,
    table: &Table,
    obstacle: Obstacle,
    span: Span,
) -> Diagnostic {
    let name = table.name.bare();
    let (key, message, why) = match obstacle {
        Obstacle::Circle(key) => (
            key,
            format!("what references `{name}` leads in a circle, and its new values with it"),
            "each table on the way would have to know its new values before itself",
        ),
        Obstacle::TwoRoots(key) => (
            key,
            format!("a column references two columns of `{name}` whose new values are propagated"),
            "it would have to take two values at once",
        ),
    };
    let key = catalog.key(key);
    Diagnostic::new(Code::KeyCycle, message)
        .at(span, "can't be carried out")
        .note(format!("by foreign key `{}` of `{}`: {why}", key.name.bare(), key.child.bare()))
        .help("keep the column")
}

pub(in crate::resolve) fn nothing_to_propagate(table: &Table, column: &Column, span: Span) -> Diagnostic {
    Diagnostic::new(Code::NothingToPropagate, format!("no key references column `{}`", of(table, column)))
        .at(span, "nothing takes the new value along")
        .about(of(table, column))
        .help("leave `propagate` out, or declare the reference under `virtual_foreign_keys:`")
}

pub(in crate::resolve) fn unreadable_follower(table: &Table, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::UnreadableTable,
        format!("rows of `{}` reference the column, and this role may not read them", table.name.bare()),
    )
    .at(span, "their references would have to change too")
    .help(format!("GRANT SELECT, UPDATE ON {} to the role that runs efface, or keep the column", table.name.bare()))
}

pub(in crate::resolve) fn follower_computed(table: &Table, column: &Column, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::GeneratedColumn,
        format!("the database computes column `{}`, which references this one", of(table, column)),
    )
    .at(span, "its value can't follow")
    .help("keep the column")
}

pub(in crate::resolve) fn follower_too_short(
    table: &Table,
    column: &Column,
    length: usize,
    limit: u32,
    span: Span,
) -> Diagnostic {
    Diagnostic::new(
        Code::TooLong,
        format!("{length} characters don't fit column `{}`, which follows and takes {limit}", of(table, column)),
    )
    .at(span, format!("`{}`", column.type_sql))
    .help(format!("use a shorter value: `{{ randomize: token, length: {limit} }}`"))
}

pub(in crate::resolve) fn default_may_dangle(
    table: &Table,
    column: &Column,
    key: &ForeignKey,
    span: Span,
) -> Diagnostic {
    let parent = key.parent.bare();
    let message = format!("the default of `{}` may lead to a row of `{parent}` whose key changes", of(table, column));
    Diagnostic::new(Code::BrokenReference, message)
        .at(span, "may reference nothing afterwards")
        .note(format!("a rule gives rows of `{parent}` another key, and nobody enforces `{}`", key.name.bare()))
        .help("write `null`, or `{ reassign_to: … }`, of which the run sees that the row keeps its key")
}

pub(in crate::resolve) fn no_reference(catalog: &Catalog, table: &Table, column: &Column, span: Span) -> Diagnostic {
    let found = Diagnostic::new(
        Code::BrokenReference,
        format!("column `{}` is part of no foreign key, so there is no row to reassign to", of(table, column)),
    )
    .at(span, "references nothing");
    let keys: Vec<_> = catalog.keys_of(&table.name).flat_map(|(_, key)| key.child_columns()).collect();
    let found = match &keys[..] {
        [] => found,
        _ => found.note(format!("columns that are: {}", super::list(keys.into_iter()))),
    };
    found.help("use `{ replace: … }`").help("or declare the reference under `virtual_foreign_keys:`")
}
