//! Values that can't be looked for, and texts in which they can't be.

use super::of;
use crate::catalog::{Column, Table, TableId};
use crate::diagnostic::{Code, Diagnostic};
use crate::resolve::names::Context;
use crate::resolve::path;
use crate::source::Span;

pub(in crate::resolve) fn scrub_misfit(table: &Table, column: &Column, span: Span) -> Diagnostic {
    let message = format!("`scrub` does not fit column `{}` of type `{}`", of(table, column), column.type_sql);
    Diagnostic::new(Code::WrongType, message)
        .at(span, "not for this type")
        .help("it looks for values in texts: `text`, `varchar`, `char`, `citext`, `json`, `jsonb`, and arrays of these")
}

pub(in crate::resolve) fn not_sought(table: &Table, column: &Column, span: Span) -> Diagnostic {
    let message =
        format!("values of column `{}` of type `{}` can't be looked for in texts", of(table, column), column.type_sql);
    Diagnostic::new(Code::WrongType, message)
        .at(span, "not of a type that stands in texts as it is")
        .note("a number with decimals, a moment or a document has many spellings")
        .help("name columns with characters, whole numbers or UUIDs, or arrays of these")
}

pub(in crate::resolve) fn scrub_outside_policy(table: &Table, span: Span) -> Diagnostic {
    let name = table.name.bare();
    Diagnostic::new(
        Code::PathOutsidePolicy,
        format!("`scrub` looks for values of table `{name}`, which the policy does not decide"),
    )
    .at(span, "not under `tables`")
    .note("a rule says which of its rows are whose")
    .help(format!("add `{name}` under `tables`, with a rule that keeps its rows if they stay"))
}

pub(in crate::resolve) fn gone_outside_policy(table: &Table, span: Span) -> Diagnostic {
    let name = table.name.bare();
    Diagnostic::new(
        Code::PathOutsidePolicy,
        format!("`gone` names values of table `{name}`, which the policy does not decide"),
    )
    .at(span, "not under `tables`")
    .note("only values that a rule takes away can be gone afterwards")
    .help(format!("add `{name}` under `tables`, or leave it out here"))
}

pub(in crate::resolve) fn gone_of_every_row(span: Span) -> Diagnostic {
    Diagnostic::new(Code::ConflictingKeys, "`gone` stands in a policy for every row")
        .at(span, "there is nobody whose values could be looked for among the others'")
        .note("that every row has its new values is verified without it")
        .help("leave it out")
}

pub(in crate::resolve) fn gone_but_kept(table: &Table, column: &Column, span: Span) -> Diagnostic {
    let column = of(table, column);
    Diagnostic::new(Code::GoneButKept, format!("values of `{column}` must be gone, but every rule keeps them"))
        .at(span, "no rule changes this column or deletes its rows")
        .about(column.clone())
        .help(format!("decide `{column}` otherwise than `keep`, or leave it out of `gone`"))
}

pub(in crate::resolve) fn scrub_without_key(table: &Table, span: Span) -> Diagnostic {
    let name = table.name.bare().to_string();
    Diagnostic::new(Code::NeedsPrimaryKey, format!("the people of table `{name}` can't be told apart"))
        .at(span, "whose values these are")
        .about(name.to_string())
        .help("add a primary key or a unique index over NOT NULL columns")
}

pub(in crate::resolve) fn scrub_path_required(
    context: &Context<'_>,
    owner: TableId,
    table: TableId,
    span: Span,
) -> Diagnostic {
    let catalog = context.catalog;
    let candidates: Vec<_> = path::candidates(catalog, owner, table, 5)
        .iter()
        .map(|found| format!("`via: {}`", path::written(catalog, found)))
        .collect();
    let (name, owner) = (catalog.table(table).name.bare(), catalog.table(owner).name.bare());
    let message = match candidates.len() {
        0 => format!("no foreign key leads from table `{name}` to `{owner}`, whose values are to be scrubbed"),
        _ => format!(
            "several chains of foreign keys lead from table `{name}` to `{owner}`, whose values are to be scrubbed"
        ),
    };
    let found =
        Diagnostic::new(Code::PathRequired, message).at(span, "which of these people a row is about is not said");
    match &candidates[..] {
        [] => found.help("declare the reference under `virtual_foreign_keys`, or decide the column otherwise"),
        many => found.help(format!("add one of these beside `scrub`, or a list: {}", many.join(", "))),
    }
}
