//! Columns that look like references.

use crate::catalog::Table;
use crate::diagnostic::{Code, Diagnostic};
use crate::ident::Ident;
use crate::resolve::suspects::{Habit, Suspect};
use crate::source::Span;

/// Why a column looks like a reference.
pub(in crate::resolve) fn habit(suspect: &Suspect<'_>) -> String {
    let parent = suspect.parent.name.bare();
    match suspect.habit {
        Habit::SameName(other) => format!("the column of that name in `{}` references `{parent}`", other.bare()),
        Habit::TableAndKey => format!("it is called after `{parent}` and its key, and has the key's type"),
        Habit::Pair => format!("it has the type of `{parent}`'s key, and the column beside it names a kind"),
    }
}

pub(in crate::resolve) fn looks_like_reference(
    table: &Table,
    column: &Ident,
    suspect: &Suspect<'_>,
    span: Span,
) -> Diagnostic {
    let (name, parent) = (table.name.bare(), suspect.parent.name.bare());
    let place = format!("{name}.{}", column.bare());
    let why = habit(suspect);
    let references = match &suspect.parent.primary_key[..] {
        [key] if key == suspect.column => parent.to_string(),
        _ => format!("{parent}({})", suspect.column.bare()),
    };
    let condition = suspect.type_column.map_or_else(String::new, |kind| format!("\n    where: {} = '…'", kind.bare()));
    let lines = format!(
        "virtual_foreign_keys:\n  - table: {name}\n    columns: {}\n    references: {references}{condition}",
        column.bare()
    );
    Diagnostic::new(
        Code::LooksLikeReference,
        format!("`{place}` looks like a reference to `{parent}`, and no foreign key says so"),
    )
    .at(span, "its rows are not found by that column")
    .about(place.clone())
    .note(why)
    .help(format!("if it is one, say so:\n{lines}"))
    .help(format!("or say why not: `accept: [{{ code: looks-like-reference, at: \"{place}\", because: … }}]`"))
}
