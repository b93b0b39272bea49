//! Paths, rules along them, and what someone has accepted.

use super::{LISTED, in_sql, list, table_in_sql};
use crate::catalog::{Catalog, ForeignKey, KeyId, OtherObject, Table, TableId};
use crate::diagnostic::{Code, Diagnostic};
use crate::ident::TableName;
use crate::policy::sql::GateError;
use crate::policy::{Acceptance, PathText, Segment};
use crate::resolve::model::Path;
use crate::resolve::names::Context;
use crate::resolve::partitions::{Lacking, OfRoot};
use crate::resolve::path;
use crate::source::{Fragment, Span};

pub(in crate::resolve) fn path_required(
    context: &Context<'_>,
    subject: TableId,
    table: TableId,
    direct: usize,
    span: Span,
) -> Diagnostic {
    let catalog = context.catalog;
    let name = catalog.table(table).name.bare().to_string();
    let candidates: Vec<_> = path::candidates(catalog, subject, table, 5)
        .iter()
        .map(|found| format!("`via: {}`", path::written(catalog, found)))
        .collect();
    let subject = catalog.table(subject).name.bare().to_string();
    let message = match direct {
        0 => format!("table `{name}` has no foreign key to `{subject}`: the path has to be written out"),
        many => format!("table `{name}` has {many} foreign keys to `{subject}`: the path has to be written out"),
    };
    let found = Diagnostic::new(Code::PathRequired, message).at(span, "`via` is missing");
    match &candidates[..] {
        [] => found
            .note("no chain of foreign keys leads from it to the subject")
            .help("use a `where` with `:subject`, or remove the table from the policy"),
        [only] => found.help(format!("add {only}")),
        many => found.help(format!("add one of these, or a list: {}", many.join(", "))),
    }
}

fn keys_help(catalog: &Catalog, table: &Table) -> String {
    let keys: Vec<_> = catalog
        .keys_of(&table.name)
        .map(|(id, key)| format!("`{}` (to `{}`)", path::written(catalog, &Path(vec![id])), key.parent.bare()))
        .collect();
    match keys.len() {
        0 => format!("table `{}` has no foreign keys", table.name.bare()),
        _ => format!("the foreign keys of `{}` are {}", table.name.bare(), keys.join(", ")),
    }
}

pub(in crate::resolve) fn unknown_key(catalog: &Catalog, table: &Table, segment: &Segment) -> Diagnostic {
    let names = list(segment.names.iter());
    let missing = segment.names.iter().find(|name| table.column(name).is_none());
    let part_of = catalog.keys_of(&table.name).find(|(_, key)| {
        key.pairs.len() > segment.names.len() && segment.names.iter().all(|name| key.child_columns().any(|c| c == name))
    });
    let found = Diagnostic::new(
        Code::UnknownPath,
        match missing {
            Some(_) => format!("table `{}` has no foreign key {names}", table.name.bare()),
            None => format!("{names} of table `{}` references nothing", table.name.bare()),
        },
    )
    .at(segment.span, "not a foreign key");
    match part_of {
        Some((id, _)) => {
            found.help(format!("it is part of a composite key: write `{}`", path::written(catalog, &Path(vec![id]))))
        }
        None => found.help(keys_help(catalog, table)),
    }
}

pub(in crate::resolve) fn ambiguous_key(
    catalog: &Catalog,
    table: &Table,
    segment: &Segment,
    keys: &[KeyId],
) -> Diagnostic {
    let names: Vec<_> = keys.iter().map(|id| format!("`{}`", catalog.key(*id).name.bare())).collect();
    Diagnostic::new(
        Code::UnknownPath,
        format!("{} of table `{}` is in several foreign keys", list(segment.names.iter()), table.name.bare()),
    )
    .at(segment.span, "which one is meant?")
    .help(format!("write the constraint's name: {}", names.join(" or ")))
}

pub(in crate::resolve) fn path_elsewhere(here: &Table, named: &TableName, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::UnknownPath,
        format!("the path is at table `{}`, not at `{}`", here.name.bare(), named.bare()),
    )
    .at(span, "another table")
    .note("an arrow means \"references\": each part names a foreign key of the table that the part before it leads to")
    .help(format!("go on with `{}.column`, or leave this part out where the path has arrived", here.name.bare()))
}

pub(in crate::resolve) fn path_ends_elsewhere(
    context: &Context<'_>,
    subject: TableId,
    here: TableId,
    text: &PathText,
) -> Diagnostic {
    let catalog = context.catalog;
    let end = catalog.table(here).name.bare().to_string();
    let onward = path::candidates(catalog, subject, here, 1);
    let more = onward.first().map(|rest| {
        let rest = path::written(catalog, rest);
        format!("go on: `… -> {end}.{rest}`")
    });
    Diagnostic::new(
        Code::UnknownPath,
        format!("the path ends at `{end}`, not at `{}`", catalog.table(subject).name.bare()),
    )
    .at(text.span, "doesn't reach the subject")
    .help(more.unwrap_or_else(|| "choose a path whose last part references the subject's table".to_owned()))
}

pub(in crate::resolve) fn path_outside_policy(table: &Table, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::PathOutsidePolicy,
        format!("the path leads through table `{}`, which the policy does not decide", table.name.bare()),
    )
    .at(span, "leads through it")
    .help(format!("add `{}:` under `tables:`, with `keep: reason` where its rows stay", table.name.bare()))
}

pub(in crate::resolve) fn path_not_followed(
    catalog: &Catalog,
    table: TableId,
    missing: &Path,
    span: Span,
) -> Diagnostic {
    let name = catalog.table(table).name.bare().to_string();
    let written = path::written(catalog, missing);
    let place = crate::resolve::coverage::place_of_path(catalog, table, missing);
    let mut found =
        Diagnostic::new(Code::PathNotFollowed, format!("no rule of table `{name}` follows `{written}` to the subject"))
            .at(span, "the rules of this table")
            .about(place.clone());
    if missing.0.len() > 1 {
        found.severity = crate::diagnostic::Severity::Warning;
    }
    found
        .note("rows that reach the subject only this way are not decided")
        .help(format!("add a rule with `via: {written}`"))
        .help(format!("or say why not: `accept: [{{ code: path-not-followed, at: \"{place}\", because: … }}]`"))
}

pub(in crate::resolve) fn unsupported_key(key: &OtherObject, of_root: Option<&OfRoot<'_>>, span: Span) -> Diagnostic {
    let name = key.name.name.bare();
    let what = match &key.between[..] {
        [child, parent] => {
            format!("foreign key `{name}` from `{}` to `{}` is not followed", child.bare(), parent.bare())
        }
        _ => format!("foreign key `{name}` is not followed"),
    };
    let tables = key.about.iter().map(|table| format!("`{}`", table.bare())).collect::<Vec<_>>().join(" and ");
    let found = Diagnostic::new(Code::UnsupportedKey, what)
        .at(span, "in reach of the subject")
        .note(format!("it is a {}, about {tables}: the rows behind it would change or stay undecided", key.kind));
    match of_root {
        Some(of_root) => found
            .note("this version of efface follows the keys of a partitioned table by its root only")
            .help(format!("say that the whole table references:\n{}", of_root.virtual_key())),
        None if key.kind.contains("one partition") => found
            .note("this version of efface follows the keys of a partitioned table by its root only")
            .help("declare the key from root to root, or drop it"),
        None => found.help(
            "this version of efface can't erase from tables with such a key; drop it, or take both tables out of reach",
        ),
    }
}

pub(in crate::resolve) fn partition_without_key(lacking: &Lacking<'_>, span: Span) -> Diagnostic {
    let (root, place) = (lacking.root.name.bare(), lacking.place());
    let partitions: Vec<_> = lacking.partitions.iter().map(|name| format!("`{}`", name.bare())).collect();
    let listed = match partitions.len() {
        0..=LISTED => partitions.join(", "),
        more => format!("{} and {} more", partitions[..LISTED].join(", "), more - LISTED),
    };
    Diagnostic::new(Code::PartitionWithoutKey, format!("partitions of `{root}` lack a foreign key that others have"))
        .at(span, "the policy follows it in all of them")
        .about(place.clone())
        .note(format!("`{place}` is not checked by the database in {listed}"))
        .help("look for rows there that reference nothing, and declare the key at the root")
        .help(format!("or say why not: `accept: [{{ code: partition-without-key, at: \"{place}\", because: … }}]`"))
}

pub(in crate::resolve) fn unindexed_key(key: &ForeignKey, followed: bool, span: Span) -> Diagnostic {
    let columns = list(key.child_columns());
    Diagnostic::new(Code::UnindexedForeignKey, format!("{columns} of table `{}` has no index", key.child.bare()))
        .at(span, if followed { "rows are found by it" } else { "deleting here looks for rows that reference them" })
        .note(format!("each run reads the whole of `{}`", key.child.bare()))
        .help(format!(
            "CREATE INDEX CONCURRENTLY ON {} ({})",
            table_in_sql(&key.child),
            key.child_columns().map(in_sql).collect::<Vec<_>>().join(", ")
        ))
}

pub(in crate::resolve) fn unenforced_key(key: &ForeignKey, span: Span) -> Diagnostic {
    let (child, name) = (key.child.bare(), key.name.bare());
    Diagnostic::new(Code::UnenforcedForeignKey, format!("foreign key `{name}` of table `{child}` is declared, and nothing checks it"))
        .at(span, "deletes or finds rows by it")
        .note("it is `NOT ENFORCED`, or its triggers are disabled: a row that another session inserts at the same time is not found")
        .help(format!("ALTER TABLE {child} ENABLE TRIGGER ALL, on `{}` as well, and look for rows that reference nothing", key.parent.bare()))
}

pub(in crate::resolve) fn unmatched_acceptance(entry: &Acceptance) -> Diagnostic {
    Diagnostic::new(
        Code::UnmatchedAcceptance,
        format!("nothing to accept: no `{}` at this place", entry.code.value.name()),
    )
    .at(entry.at.span, "matches no finding")
    .help("remove the entry, or mend the place")
}

// SQL.

pub(in crate::resolve) fn gate(fragment: &Fragment, error: &GateError) -> Diagnostic {
    Diagnostic::new(error.code, error.message.clone()).at(fragment.locate_span(Span::new(error.at, error.at)), "here")
}

pub(in crate::resolve) fn undecided_heir(parent: &Table, heir: &TableName, span: Span) -> Diagnostic {
    let (name, parent) = (heir.bare().to_string(), parent.name.bare());
    Diagnostic::new(
        Code::UndecidedTable,
        format!("table `{name}` inherits from `{parent}`, and the policy decides only the latter"),
    )
    .at(span, format!("decides `{parent}`"))
    .about(name.clone())
    .note(format!("a rule for `{parent}` decides its own rows alone, and foreign keys are not inherited"))
    .help(format!(
        "add `{name}` under `tables:`, reached by a key of its own, one under `virtual_foreign_keys:`, or a `where` with `:subject`"
    ))
}

pub(in crate::resolve) fn unsupported_heir(parent: &Table, heir: &TableName, span: Span) -> Diagnostic {
    let (name, parent) = (heir.bare().to_string(), parent.name.bare());
    Diagnostic::new(Code::UnsupportedTable, format!("`{name}` inherits from `{parent}`, and no policy can decide it"))
        .at(span, format!("decides `{parent}`"))
        .about(name.clone())
        .note("a rule decides a table's own rows")
        .help(format!("ALTER TABLE {name} NO INHERIT {parent}, and erase there by other means"))
}
