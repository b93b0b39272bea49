//! Deletes: what would be left behind, and how far they go.

use super::list;
use crate::catalog::{Basis, Catalog, ForeignKey, KeyId, ReferentialAction};
use crate::diagnostic::{Code, Diagnostic};
use crate::ident::Ident;
use crate::resolve::model::Path;
use crate::resolve::{coverage, fit, path};
use crate::source::Span;

pub(in crate::resolve) fn orphans(
    catalog: &Catalog,
    key: &ForeignKey,
    path: &Path,
    decided: bool,
    span: Span,
) -> Diagnostic {
    let child = key.child.bare().to_string();
    let via = path::written(catalog, path);
    // Deleting rows of a table on the way leaves new rows below them: there, clearing the reference is the way out.
    let circular = path.0.iter().skip(1).any(|id| catalog.key(*id).child == key.child);
    // And rows of the subject's table that reference the subject's rows are other people.
    let people = path.0.last().is_some_and(|id| catalog.key(*id).parent == key.child);
    let action = match clearable(catalog, key) {
        columns if (circular || people || key.on_delete == ReferentialAction::SetNull) && !columns.is_empty() => {
            let columns: Vec<_> = columns.iter().map(|name| format!("{}: null", name.bare())).collect();
            vec![format!("columns: {{ {} }}", columns.join(", ")), "other_columns: keep".to_owned()]
        }
        _ => vec!["rows: delete".to_owned()],
    };
    let lines = std::iter::once(format!("via: {via}")).chain(action);
    let rule = if decided {
        let lines: Vec<_> = lines.enumerate().map(|(n, line)| format!("{}{line}", ["- ", "  "][n.min(1)])).collect();
        format!("add to the rules of `{child}`:\n    {}", lines.join("\n    "))
    } else {
        format!("add under `tables:`\n    {child}:\n      {}", lines.collect::<Vec<_>>().join("\n      "))
    };
    let found = Diagnostic::new(
        Code::Orphans,
        format!("rows of `{child}` reference rows that this rule deletes, and no rule settles them"),
    )
    .at(span, format!("deletes rows of `{}`", key.parent.bare()))
    .note(key_note(key));
    let found = match people && clearable(catalog, key).is_empty() {
        true => found
            .note(format!("these rows of `{child}` are other people's"))
            .help(format!(
                "if there are none, let the transaction make sure of it:\n    accept: [{{ code: path-not-followed, at: \
                 {}, because: nobody else does, expect: none }}]",
                coverage::place(key)
            ))
            .help(format!("if other people are to go too, {rule}")),
        false => found.help(rule),
    };
    found.help_if(
        (!circular && !people).then_some("or `rows: cascade` here, to delete everything that references these rows"),
    )
}

pub(in crate::resolve) fn endless_orphans(catalog: &Catalog, key: &ForeignKey, span: Span) -> Diagnostic {
    let columns = list(key.child_columns());
    let found = Diagnostic::new(
        Code::KeyCycle,
        format!(
            "rows of `{}` reference deleted rows by {columns}, and rows below them do, without end",
            key.child.bare()
        ),
    )
    .at(span, format!("deletes rows of `{}`", key.parent.bare()))
    .note(key_note(key));
    let cascade = "use `rows: cascade`, which deletes the rows below too, however deep";
    match &clearable(catalog, key)[..] {
        [] => found.help(cascade),
        columns => {
            let columns = list(columns.iter().copied());
            found.help(format!("set {columns} to `null` where the rows below stay")).help(format!("or {cascade}"))
        }
    }
}

/// The columns of a key that become NULL to clear it: all of a MATCH FULL key, else those that can be NULL.
fn clearable<'a>(catalog: &Catalog, key: &'a ForeignKey) -> Vec<&'a Ident> {
    let child = catalog.table_id(&key.child).map(|id| catalog.table(id));
    let nullable =
        |name: &&Ident| child.and_then(|table| table.column(name)).is_some_and(|column| !catalog.refuses_null(column));
    let columns: Vec<_> = key.child_columns().filter(nullable).collect();
    if key.match_full && columns.len() < key.pairs.len() { Vec::new() } else { columns }
}

pub(in crate::resolve) fn orphans_kept(catalog: &Catalog, key: &ForeignKey, span: Span, keeper: Span) -> Diagnostic {
    let columns = list(key.child_columns());
    let it = if key.pairs.len() == 1 { "it is" } else { "they are" };
    let found = Diagnostic::new(
        Code::Orphans,
        format!("rows of `{}` would stay and reference rows that are deleted", key.child.bare()),
    )
    .at(keeper, format!("leaves {columns} as {it}"))
    .label(span, format!("deletes rows of `{}`", key.parent.bare()))
    .note(key_note(key));
    match &clearable(catalog, key)[..] {
        [] => found
            .note(format!("{columns} can't be null"))
            .help("delete these rows too, or keep those that they reference"),
        columns => {
            let columns = list(columns.iter().copied());
            found.help(format!("set {columns} to `null` in that rule, or delete its rows too"))
        }
    }
}

pub(in crate::resolve) fn orphans_of_own_row(catalog: &Catalog, key: &ForeignKey, span: Span) -> Diagnostic {
    let child = key.child.bare();
    let action = match &clearable(catalog, key)[..] {
        [] => "rows: delete".to_owned(),
        columns => {
            let columns: Vec<_> = columns.iter().map(|name| format!("{}: null", name.bare())).collect();
            format!("columns: {{ {} }}\n      other_columns: keep", columns.join(", "))
        }
    };
    Diagnostic::new(
        Code::Orphans,
        format!(
            "the subject's own row may reference rows that this rule deletes, and no rule of `{child}` is about it"
        ),
    )
    .at(span, format!("deletes rows of `{}`", key.parent.bare()))
    .note(key_note(key))
    .note("in the subject's table a rule with `via` is about other people")
    .help(format!("add to the rules of `{child}`:\n    - {action}"))
}

pub(in crate::resolve) fn orphans_of_condition(key: &ForeignKey, span: Span) -> Diagnostic {
    Diagnostic::new(Code::Orphans, format!("rows of `{}` may reference rows that this rule deletes", key.child.bare()))
        .at(span, format!("deletes those rows of `{}` that a condition is true of", key.parent.bare()))
        .note(key_note(key))
        .help(format!(
            "add a rule for those rows of `{}` with a `where` of its own, which deletes them or sets {} to `null`",
            key.child.bare(),
            list(key.child_columns()),
        ))
        .help("or use `rows: cascade` here, which deletes the referencing rows too")
}

pub(in crate::resolve) fn cascade_conflict(catalog: &Catalog, key: KeyId, keeper: Span, span: Span) -> Diagnostic {
    let key = catalog.key(key);
    Diagnostic::new(
        Code::CascadeConflict,
        format!("the cascade deletes rows of `{}`, whose own rule keeps them", key.child.bare()),
    )
    .at(keeper, "keeps rows")
    .label(span, "deletes them")
    .note(format!("`{}` references `{}` by `{}`", key.child.bare(), key.parent.bare(), key.name.bare()))
    .help("make every rule of that table `delete`, or `delete` here with a rule for each table that references these rows")
}

/// Which key it is, and what would happen by it.
fn key_note(key: &ForeignKey) -> String {
    match key.basis {
        Basis::Declared => format!("foreign key `{}`: {}", key.name.bare(), fit::action_words(key.on_delete)),
        Basis::Virtual { .. } | Basis::Values => {
            format!("virtual foreign key `{}`: the rows would point at nothing", key.name.bare())
        }
    }
}
