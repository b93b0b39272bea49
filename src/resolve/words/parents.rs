//! Rows that are referenced by what rules reach.

use crate::catalog::{Catalog, KeyId, Table};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::Segment;
use crate::resolve::coverage;
use crate::source::Span;

/// The keys to a table, as `referenced_by` names them.
fn references(catalog: &Catalog, table: &Table) -> String {
    let keys: Vec<_> =
        catalog.keys_to(&table.name).map(|(_, key)| format!("`referenced_by: {}`", coverage::place(key))).collect();
    match &keys[..] {
        [] => format!("no foreign key references `{}`", table.name.bare()),
        [only] => format!("write {only}"),
        many => format!("write one of these, or a list: {}", many.join(", ")),
    }
}

pub(in crate::resolve) fn reference_without_table(catalog: &Catalog, here: &Table, segment: &Segment) -> Diagnostic {
    Diagnostic::new(Code::UnknownPath, "a reference from another table is written with that table")
        .at(segment.span, "no table")
        .help(references(catalog, here))
}

pub(in crate::resolve) fn reference_elsewhere(
    catalog: &Catalog,
    here: &Table,
    key: KeyId,
    segment: &Segment,
) -> Diagnostic {
    let foreign = catalog.key(key);
    Diagnostic::new(
        Code::UnknownPath,
        format!("`{}` references `{}`, not `{}`", coverage::place(foreign), foreign.parent.bare(), here.name.bare()),
    )
    .at(segment.span, "another table's rows")
    .note("`referenced_by` names a foreign key of another table that leads to this one")
    .help(references(catalog, here))
}

pub(in crate::resolve) fn referenced_by_undecided(child: &Table, span: Span) -> Diagnostic {
    let name = child.name.bare();
    Diagnostic::new(Code::PathOutsidePolicy, format!("no rule of the policy reaches rows of `{name}`"))
        .at(span, "which of its rows are meant?")
        .note("`referenced_by` means the rows that are referenced by rows which the rules of that table reach")
        .help(format!("add `{name}:` under `tables:`, with `keep: reason` where its rows stay"))
}

pub(in crate::resolve) fn referenced_in_a_circle(table: &Table, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::KeyCycle,
        format!("which rows of `{}` are meant depends on which rows of `{0}` are meant", table.name.bare()),
    )
    .at(span, "`referenced_by` leads back to this table")
    .note("`referenced_by` begins at rows that the rules of the named table reach, and those must begin elsewhere")
    .help("reach one of the tables by `via`, or by a `where` with `:subject`")
}
