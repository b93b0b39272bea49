//! The words of this stage's findings: facts come from the passes, wording is here.

use super::literal::Misfit;
use super::model::{ColumnChange, NewValue, Path};
use super::names::Context;
use super::{fit, path};
use crate::action::Kind;
use crate::catalog::{
    Catalog, Column, ColumnId, Exclusion, ForeignKey, KeyId, RewriteRule, Table, TableId, UniqueIndex,
};
use crate::diagnostic::{Code, Diagnostic};
use crate::ident::{Ident, TableName, shown};
use crate::policy::sql::GateError;
use crate::policy::{Acceptance, PathText, Segment};
use crate::source::{Fragment, Span, Spanned};

/// The most names that one message lists.
const LISTED: usize = 12;

fn of(table: &Table, column: &Column) -> String {
    format!("{}.{}", table.name.bare(), column.name.bare())
}

fn list<'a>(names: impl Iterator<Item = &'a Ident>) -> String {
    let names: Vec<_> = names.map(|name| format!("`{}`", name.bare())).collect();
    match names.len() {
        0..=LISTED => names.join(", "),
        more => format!("{} and {} more", names[..LISTED].join(", "), more - LISTED),
    }
}

/// The nearest of some names, when it is near enough to be a slip.
fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let scored = names.map(|name| (strsim::damerau_levenshtein(&wanted.to_lowercase(), &name.to_lowercase()), name));
    let most = (wanted.chars().count() / 3).clamp(1, 3);
    scored.filter(|(distance, _)| *distance <= most).min().map(|(_, name)| name)
}

// Names.

pub(super) fn unknown_table(catalog: &Catalog, name: &Spanned<TableName>) -> Diagnostic {
    let wanted = &name.value;
    if let Some(other) = catalog.others.iter().find(|other| other.name == *wanted) {
        return Diagnostic::new(
            Code::UnsupportedTable,
            format!("`{}` is a {}, not a table", wanted.bare(), other.kind),
        )
        .at(name.span, "rows can't be changed here")
        .help(match &other.about[..] {
            [] => "remove it from the policy".to_owned(),
            about => format!(
                "decide the tables behind it: {}",
                about.iter().map(|table| format!("`{}`", table.bare())).collect::<Vec<_>>().join(", ")
            ),
        });
    }
    let root = catalog
        .tables
        .iter()
        .find(|table| table.partitioned.as_ref().is_some_and(|partitioned| partitioned.partitions.contains(wanted)));
    if let Some(root) = root {
        return Diagnostic::new(
            Code::UnsupportedTable,
            format!("`{}` is a partition of `{}`", wanted.bare(), root.name.bare()),
        )
        .at(name.span, "a partition")
        .help(format!("decide `{}`: its rules hold for every partition", root.name.bare()));
    }
    let elsewhere = catalog.tables.iter().find(|table| table.name.name == wanted.name);
    let shown: Vec<_> = catalog.tables.iter().map(|table| table.name.bare().to_string()).collect();
    let near = nearest(&wanted.bare().to_string(), shown.iter().map(String::as_str));
    Diagnostic::new(Code::UnknownTable, format!("no table `{}` in this database", wanted.bare()))
        .at(name.span, "not in the catalog")
        .help(match (elsewhere, near) {
            (Some(table), _) => format!("a table `{}` exists", table.name.bare()),
            (None, Some(near)) => format!("a table `{near}` exists"),
            (None, None) => "write it as `\\d` shows it: `table` in schema public, else `schema.table`".to_owned(),
        })
}

pub(super) fn unreadable_table(name: &Spanned<TableName>) -> Diagnostic {
    Diagnostic::new(Code::UnreadableTable, format!("this role may not read table `{}`", name.value.bare()))
        .at(name.span, "no SELECT privilege")
        .help(format!("GRANT SELECT ON {} to the role that runs efface", name.value.bare()))
}

pub(super) fn unknown_column(table: &Table, name: &Ident, span: Span) -> Diagnostic {
    let near = nearest(name.as_str(), table.columns.iter().map(|column| column.name.as_str()));
    Diagnostic::new(Code::UnknownColumn, format!("table `{}` has no column `{}`", table.name.bare(), name.bare()))
        .at(span, "not in the catalog")
        .help(match near {
            Some(near) => format!("a column named `{}` exists", shown(near)),
            None => format!("its columns are {}", list(table.columns.iter().map(|column| &column.name))),
        })
}

pub(super) fn table_twice(name: &Spanned<TableName>, earlier: Span) -> Diagnostic {
    Diagnostic::new(Code::DuplicateKey, format!("table `{}` is decided twice", name.value.bare()))
        .at(name.span, "the same table again")
        .label(earlier, "first decided here")
        .help("write its rules as one list, in the order in which they are tried")
}

pub(super) fn inherited_table(table: &Table, span: Span) -> Diagnostic {
    Diagnostic::new(Code::NotInThisVersion, format!("table `{}` is inherited by other tables", table.name.bare()))
        .at(span, "has inheritance children")
        .note(format!(
            "its statements would also change rows of {}",
            table.inherited_by.iter().map(|child| format!("`{}`", child.bare())).collect::<Vec<_>>().join(", ")
        ))
        .help("this version of efface changes partitioned tables, but none with plain inheritance")
}

pub(super) fn rewrite_rule(table: &Table, rule: &RewriteRule, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::ChangedByRule,
        format!("table `{}` has the rewrite rule `{}` on {}", table.name.bare(), rule.name.bare(), rule.event),
    )
    .at(span, "statements on it are rewritten")
    .note("a rewrite rule replaces or multiplies the statement, and reports success either way")
    .help("drop the rule, or replace it with a trigger")
}

// The subject.

pub(super) fn subject_without_key(table: &Table, span: Span) -> Diagnostic {
    Diagnostic::new(Code::InvalidSubject, format!("subject table `{}` has no primary key", table.name.bare()))
        .at(span, "no primary key")
        .help("name the columns that tell its rows apart: `key: [club_id, number]`")
}

pub(super) fn key_not_unique(table: &Table, key: &[ColumnId], span: Span) -> Diagnostic {
    let columns = list(key.iter().map(|id| &table.column_at(*id).name));
    Diagnostic::new(Code::InvalidSubject, format!("{columns} of `{}` may stand for several rows", table.name.bare()))
        .at(span, "not a key")
        .note("a subject's key needs a unique constraint or full unique index over exactly its columns, all NOT NULL")
        .help("use the primary key, or add the constraint")
}

// Decisions that are missing.

pub(super) fn undecided_rule(table: &Table, span: Span) -> Diagnostic {
    Diagnostic::new(Code::UndecidedTable, format!("nobody has decided about table `{}` yet", table.name.bare()))
        .at(span, "undecided")
        .about(table.name.bare().to_string())
        .help("write `delete`, `cascade`, `keep: reason` or `columns:`")
}

pub(super) fn undecided_column_word(table: &Table, id: ColumnId, span: Span) -> Diagnostic {
    let column = of(table, table.column_at(id));
    Diagnostic::new(Code::UndecidedColumn, format!("nobody has decided about column `{column}` yet"))
        .at(span, "undecided")
        .about(column)
        .help("write a decision: `keep`, `null`, `{ replace: … }`, `{ randomize: … }`")
}

pub(super) fn undecided_columns(table: &Table, columns: &[ColumnId], span: Span) -> Diagnostic {
    let names = list(columns.iter().map(|id| &table.column_at(*id).name));
    let (what, first) = match columns {
        [only] => ("column", of(table, table.column_at(*only))),
        _ => ("columns", table.name.bare().to_string()),
    };
    Diagnostic::new(Code::UndecidedColumn, format!("{what} {names} of table `{}` not decided", table.name.bare()))
        .at(span, "this rule leaves them open")
        .about(first)
        .note("nothing is kept because somebody forgot it")
        .help("decide each, or write `other_columns: keep`")
}

pub(super) fn other_columns_kept(table: &Table, columns: &[ColumnId], span: Span) -> Diagnostic {
    let names = list(columns.iter().map(|id| &table.column_at(*id).name));
    Diagnostic::new(
        Code::OtherColumnsKept,
        format!("`other_columns: keep` keeps {names} of table `{}`", table.name.bare()),
    )
    .at(span, "text and documents often hold personal data")
    .about(table.name.bare().to_string())
    .help("name these columns under `columns:`, with `keep` where they are harmless")
}

pub(super) fn undecided_table(
    catalog: &Catalog,
    table: TableId,
    key: Option<KeyId>,
    distance: usize,
    span: Span,
) -> Diagnostic {
    let name = &catalog.table(table).name;
    let reference = key.map(|id| {
        let key = catalog.key(id);
        let columns = list(key.child_columns());
        match distance {
            1 => format!("it references `{}` by {columns}", key.parent.bare()),
            _ => format!("it references `{}` by {columns}, which leads to the subject", key.parent.bare()),
        }
    });
    let place = key.map(|id| super::coverage::place(catalog.key(id)));
    let mut found = Diagnostic::new(
        Code::UndecidedTable,
        format!("table `{}` leads to the subject and the policy does not decide it", name.bare()),
    )
    .at(span, "the subject")
    .about(name.bare().to_string());
    if let Some(reference) = reference {
        found = found.note(reference);
    }
    let accept = place.map(|place| {
        format!("or settle the key: `accept: [{{ code: path-not-followed, at: \"{place}\", because: … }}]`")
    });
    found
        .help(format!("add `{}:` under `tables:`, with `delete`, `keep: reason` or `columns:`", name.bare()))
        .help_if(accept)
}

pub(super) fn never_matches(span: Span, blocker: Span) -> Diagnostic {
    Diagnostic::new(Code::RuleOrder, "a rule can never match")
        .at(span, "no row gets here")
        .label(blocker, "this rule has no `where` and takes every row of the path")
        .help("move the rule without `where` behind the others")
}

pub(super) fn left_open(catalog: &Catalog, table: &Table, path: &Path, span: Span) -> Diagnostic {
    let (of, via) = match path.0[..] {
        [] => (String::new(), "- keep: why they stay".to_owned()),
        _ => {
            let written = path::written(catalog, path);
            (format!(" reached by `{written}`"), format!("- via: {written}\n  keep: why they stay"))
        }
    };
    Diagnostic::new(Code::RuleOrder, format!("rows of `{}`{of} may be left without a rule", table.name.bare()))
        .at(span, "the last rule of this path has a `where`")
        .note("the first rule that matches a row decides it; nothing may be reached and left undecided")
        .help(format!("add a last rule for the other rows:\n{via}"))
}

// Paths.

pub(super) fn path_required(context: &Context<'_>, table: TableId, direct: usize, span: Span) -> Diagnostic {
    let catalog = context.catalog;
    let name = catalog.table(table).name.bare().to_string();
    let subject = catalog.table(context.subject).name.bare().to_string();
    let candidates: Vec<_> = path::candidates(catalog, context.subject, table, 5)
        .iter()
        .map(|found| format!("`via: {}`", path::written(catalog, found)))
        .collect();
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

pub(super) fn unknown_key(catalog: &Catalog, table: &Table, segment: &Segment) -> Diagnostic {
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

pub(super) fn ambiguous_key(catalog: &Catalog, table: &Table, segment: &Segment, keys: &[KeyId]) -> Diagnostic {
    let names: Vec<_> = keys.iter().map(|id| format!("`{}`", catalog.key(*id).name.bare())).collect();
    Diagnostic::new(
        Code::UnknownPath,
        format!("{} of table `{}` is in several foreign keys", list(segment.names.iter()), table.name.bare()),
    )
    .at(segment.span, "which one is meant?")
    .help(format!("write the constraint's name: {}", names.join(" or ")))
}

pub(super) fn path_elsewhere(here: &Table, named: &TableName, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::UnknownPath,
        format!("the path is at table `{}`, not at `{}`", here.name.bare(), named.bare()),
    )
    .at(span, "another table")
    .note("an arrow means \"references\": each part names a foreign key of the table that the part before it leads to")
    .help(format!("go on with `{}.column`, or leave this part out where the path has arrived", here.name.bare()))
}

pub(super) fn path_ends_elsewhere(context: &Context<'_>, here: TableId, text: &PathText) -> Diagnostic {
    let catalog = context.catalog;
    let end = catalog.table(here).name.bare().to_string();
    let onward = path::candidates(catalog, context.subject, here, 1);
    let more = onward.first().map(|rest| {
        let rest = path::written(catalog, rest);
        format!("go on: `… -> {end}.{rest}`")
    });
    Diagnostic::new(
        Code::UnknownPath,
        format!("the path ends at `{end}`, not at `{}`", catalog.table(context.subject).name.bare()),
    )
    .at(text.span, "doesn't reach the subject")
    .help(more.unwrap_or_else(|| "choose a path whose last part references the subject's table".to_owned()))
}

pub(super) fn path_outside_policy(table: &Table, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::PathOutsidePolicy,
        format!("the path leads through table `{}`, which the policy does not decide", table.name.bare()),
    )
    .at(span, "leads through it")
    .help(format!("add `{}:` under `tables:`, with `keep: reason` where its rows stay", table.name.bare()))
}

pub(super) fn path_not_followed(catalog: &Catalog, table: TableId, missing: &Path, span: Span) -> Diagnostic {
    let name = catalog.table(table).name.bare().to_string();
    let written = path::written(catalog, missing);
    let place = match missing.0.len() {
        1 => super::coverage::place(catalog.key(missing.0[0])),
        _ => format!("{name}.{written}"),
    };
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

pub(super) fn unindexed_key(key: &ForeignKey, followed: bool, span: Span) -> Diagnostic {
    let columns = list(key.child_columns());
    Diagnostic::new(Code::UnindexedForeignKey, format!("{columns} of table `{}` has no index", key.child.bare()))
        .at(span, if followed { "rows are found by it" } else { "deleting here looks for rows that reference them" })
        .note(format!("each run reads the whole of `{}`", key.child.bare()))
        .help(format!(
            "CREATE INDEX CONCURRENTLY ON {} ({})",
            key.child.bare(),
            key.child_columns().map(|column| column.bare().to_string()).collect::<Vec<_>>().join(", ")
        ))
}

pub(super) fn unmatched_acceptance(entry: &Acceptance) -> Diagnostic {
    Diagnostic::new(
        Code::UnmatchedAcceptance,
        format!("nothing to accept: no `{}` at this place", entry.code.value.name()),
    )
    .at(entry.at.span, "matches no finding")
    .help("remove the entry, or mend the place")
}

// SQL.

pub(super) fn gate(fragment: &Fragment, error: &GateError) -> Diagnostic {
    Diagnostic::new(error.code, error.message.clone()).at(fragment.locate_span(Span::new(error.at, error.at)), "here")
}

// Deletes.

pub(super) fn orphans(catalog: &Catalog, key: &ForeignKey, path: &Path, decided: bool, span: Span) -> Diagnostic {
    let child = key.child.bare().to_string();
    let via = path::written(catalog, path);
    // Deleting rows of a table on the way leaves new rows below them: there, clearing the reference is the way out.
    let circular = path.0[1..].iter().any(|id| catalog.key(*id).child == key.child);
    let action = match clearable(catalog, key) {
        columns if circular && !columns.is_empty() => {
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
    Diagnostic::new(
        Code::Orphans,
        format!("rows of `{child}` reference rows that this rule deletes, and no rule settles them"),
    )
    .at(span, format!("deletes rows of `{}`", key.parent.bare()))
    .note(format!("foreign key `{}`: {}", key.name.bare(), fit::action_words(key.on_delete)))
    .help(rule)
    .help_if((!circular).then_some("or `rows: cascade` here, to delete everything that references these rows"))
}

pub(super) fn endless_orphans(key: &ForeignKey, span: Span) -> Diagnostic {
    let columns = list(key.child_columns());
    Diagnostic::new(
        Code::KeyCycle,
        format!(
            "rows of `{}` reference deleted rows by {columns}, and rows below them do, without end",
            key.child.bare()
        ),
    )
    .at(span, format!("deletes rows of `{}`", key.parent.bare()))
    .note(format!("foreign key `{}`: {}", key.name.bare(), fit::action_words(key.on_delete)))
    .note("this version of efface deletes rows that are a known number of keys away")
    .help(format!("set {columns} to `null` where the rows below stay"))
}

/// The columns of a key that become NULL to clear it: all of a MATCH FULL key, else those that can be NULL.
fn clearable<'a>(catalog: &Catalog, key: &'a ForeignKey) -> Vec<&'a Ident> {
    let child = catalog.table_id(&key.child).map(|id| catalog.table(id));
    let nullable =
        |name: &&Ident| child.and_then(|table| table.column(name)).is_some_and(|column| !catalog.refuses_null(column));
    let columns: Vec<_> = key.child_columns().filter(nullable).collect();
    if key.match_full && columns.len() < key.pairs.len() { Vec::new() } else { columns }
}

pub(super) fn orphans_kept(catalog: &Catalog, key: &ForeignKey, span: Span, keeper: Span) -> Diagnostic {
    let columns = list(key.child_columns());
    let it = if key.pairs.len() == 1 { "it is" } else { "they are" };
    let found = Diagnostic::new(
        Code::Orphans,
        format!("rows of `{}` would stay and reference rows that are deleted", key.child.bare()),
    )
    .at(keeper, format!("leaves {columns} as {it}"))
    .label(span, format!("deletes rows of `{}`", key.parent.bare()))
    .note(format!("foreign key `{}`: {}", key.name.bare(), fit::action_words(key.on_delete)));
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

pub(super) fn orphans_of_condition(key: &ForeignKey, span: Span) -> Diagnostic {
    Diagnostic::new(Code::Orphans, format!("rows of `{}` may reference rows that this rule deletes", key.child.bare()))
        .at(span, format!("deletes rows of `{}` by a condition with `:subject`", key.parent.bare()))
        .note(format!("foreign key `{}`: {}", key.name.bare(), fit::action_words(key.on_delete)))
        .help("use `rows: cascade`, which deletes the referencing rows too")
}

pub(super) fn cascade_cycle(catalog: &Catalog, circle: &[TableId], span: Span) -> Diagnostic {
    let names: Vec<_> = circle.iter().map(|id| format!("`{}`", catalog.table(*id).name.bare())).collect();
    let message = match &names[..] {
        [only] => format!("the cascade reaches {only}, which references itself"),
        many => format!("the cascade reaches tables that reference each other in a circle: {}", many.join(", ")),
    };
    Diagnostic::new(Code::KeyCycle, message)
        .at(span, "cascades from here")
        .note("this version of efface cascades over tables without circles")
        .help(
            "open the circle with a rule of its own that sets a reference to `null`, and delete the tables one by one",
        )
}

pub(super) fn cascade_conflict(catalog: &Catalog, key: KeyId, keeper: Span, span: Span) -> Diagnostic {
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

// Fit.

pub(super) fn generated_column(table: &Table, column: &Column, from: &[Ident], span: Span) -> Diagnostic {
    Diagnostic::new(Code::GeneratedColumn, format!("the database computes column `{}`", of(table, column)))
        .at(span, "a generated column")
        .help(match from {
            [] => "leave it out".to_owned(),
            from => format!("decide what it is made of: {}; leave it out here", list(from.iter())),
        })
}

pub(super) fn identity_column(table: &Table, column: &Column, span: Span) -> Diagnostic {
    Diagnostic::new(Code::GeneratedColumn, format!("no statement may set column `{}`", of(table, column)))
        .at(span, "GENERATED ALWAYS AS IDENTITY")
        .help("keep it")
}

pub(super) fn not_null(catalog: &Catalog, table: &Table, column: &Column, span: Span) -> Diagnostic {
    let domain = column.domains.iter().find(|name| catalog.domain(name).is_some_and(|domain| domain.not_null));
    let found = Diagnostic::new(Code::NotNull, format!("column `{}` can't be null", of(table, column)))
        .at(span, "would become null");
    let found = match domain {
        Some(domain) if !column.not_null => found.note(format!("its domain `{}` is NOT NULL", domain.bare())),
        _ => found.note("it is declared NOT NULL"),
    };
    found.help(if column.ty.is_text() {
        "use `{ replace: \"[deleted]\" }` or `randomize`"
    } else {
        "use `{ replace: … }`, `randomize` or `default`"
    })
}

pub(super) fn no_default(catalog: &Catalog, table: &Table, column: &Column, span: Span) -> Diagnostic {
    Diagnostic::new(Code::NoDefault, format!("column `{}` has no default", of(table, column)))
        .at(span, "nothing to set it to")
        .help(if catalog.refuses_null(column) {
            "use `{ replace: … }` or `randomize`"
        } else {
            "write `null` to set it to NULL"
        })
}

pub(super) fn literal_misfit(
    catalog: &Catalog,
    table: &Table,
    column: &Column,
    problem: Misfit,
    span: Span,
) -> Diagnostic {
    let name = of(table, column);
    match problem {
        Misfit::TooLong { length, limit } => Diagnostic::new(
            Code::TooLong,
            format!("{length} characters don't fit column `{name}`, which takes {limit}"),
        )
        .at(span, format!("`{}`", column.type_sql))
        .help("use a shorter value"),
        Misfit::NotInEnum(name_of_enum) => {
            let labels = catalog.enum_type(&name_of_enum).map(|found| found.labels.clone()).unwrap_or_default();
            let labels: Vec<_> = labels.iter().map(|label| format!("`{}`", shown(label))).collect();
            Diagnostic::new(
                Code::NotInEnum,
                format!("not a label of enum `{}`, the type of column `{name}`", name_of_enum.bare()),
            )
            .at(span, "not a label")
            .help(format!("its labels are {}", labels.join(", ")))
        }
        Misfit::WrongType(wanted) => {
            Diagnostic::new(Code::WrongType, format!("column `{name}` of type `{}` takes {wanted}", column.type_sql))
                .at(span, "not such a value")
                .help(match column.ty {
                    crate::pgtype::PgType::Date
                    | crate::pgtype::PgType::Timestamp
                    | crate::pgtype::PgType::Timestamptz => "for a moment of the run use `{ sql: now() }`",
                    _ => "mend the value",
                })
        }
    }
}

pub(super) fn referenced_column(table: &Table, column: &Column, key: &ForeignKey, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::ReferencedColumn,
        format!("column `{}` is referenced by `{}`", of(table, column), key.child.bare()),
    )
    .at(span, "would change under the rows that reference it")
    .note(format!("foreign key `{}` of `{}`", key.name.bare(), key.child.bare()))
    .help("keep it; a key is changed together with its references in a later version of efface")
}

pub(super) fn subject_key_changes(table: &Table, column: &Column, span: Span) -> Diagnostic {
    Diagnostic::new(Code::ReferencedColumn, format!("column `{}` is the subject's key", of(table, column)))
        .at(span, "would change while the run finds rows by it")
        .help("keep it, or choose another key under `subject:`")
}

pub(super) fn broken_reference(table: &Table, column: &Column, key: &ForeignKey, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::BrokenReference,
        format!(
            "column `{}` references `{}`, and the new value would point at nothing",
            of(table, column),
            key.parent.bare()
        ),
    )
    .at(span, "a reference")
    .note(format!("foreign key `{}`", key.name.bare()))
    .help(if column.not_null { "keep it" } else { "use `null` or `default`, or keep it" })
}

pub(super) fn match_full(table: &Table, key: &ForeignKey, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::BrokenReference,
        format!(
            "foreign key `{}` of `{}` is MATCH FULL: null in one column is refused",
            key.name.bare(),
            table.name.bare()
        ),
    )
    .at(span, "only this column becomes null")
    .help(format!("set all of {} to `null`", list(key.child_columns())))
}

pub(super) fn partition_key(table: &Table, column: &Column, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::PartitionKey,
        format!("table `{}` is partitioned by column `{}`", table.name.bare(), column.name.bare()),
    )
    .at(span, "rows would move to another partition")
    .help("keep it")
}

pub(super) fn exclusion(table: &Table, column: &Column, exclusion: &Exclusion, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::ExclusionConstraint,
        format!("column `{}` is under the exclusion constraint `{}`", of(table, column), exclusion.name.bare()),
    )
    .at(span, "may collide with another row")
    .help("keep it, or set it to `null`")
}

pub(super) fn not_unique(table: &Table, index: &UniqueIndex, change: &ColumnChange) -> Diagnostic {
    let column = table.column_at(change.column);
    // A column that only the index's predicate reads brings the row into the index, with the key that it has.
    let enters = !index.columns.contains(&column.name) && !index.expression_columns.contains(&column.name);
    let what = match &change.value {
        _ if enters => "the row would come into this partial index, where another may have its key",
        NewValue::Null if index.nulls_not_distinct => "a second NULL would collide (NULLS NOT DISTINCT)",
        NewValue::Null => "efface can't tell that the new value is unique in this index",
        NewValue::Literal(_) => "a second row would get the same value",
        NewValue::Default => "a second row would get the same default",
        NewValue::Expression(_) => "efface can't tell that the expression is unique",
        NewValue::Random(_) => "these random values may repeat",
    };
    Diagnostic::new(
        Code::NotUnique,
        format!("column `{}` is under the unique index `{}`", of(table, column), index.name.bare()),
    )
    .at(change.value_at, what)
    .note(shown(&index.definition).to_string())
    .help(match (&column.ty, column.not_null || index.nulls_not_distinct) {
        _ if enters => "keep it",
        (ty, true) if ty.is_text() => "use `{ randomize: email }` or `{ randomize: token }`, or keep it",
        (ty, false) if ty.is_text() => "use `{ randomize: email }`, `{ randomize: token }` or `null`, or keep it",
        (crate::pgtype::PgType::Uuid, _) => "use `randomize`, or keep it",
        (_, true) => "keep it",
        (_, false) => "use `null`, or keep it",
    })
}

// Random values.

pub(super) fn no_random_values(table: &Table, column: &Column, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::WrongType,
        format!("no random values for column `{}` of type `{}`", of(table, column), column.type_sql),
    )
    .at(span, "not for this type")
    .help("use `null`, `default`, `{ replace: … }` or `{ sql: … }`")
}

pub(super) fn random_misfit(table: &Table, column: &Column, kind: Kind, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::WrongType,
        format!("`{}` does not fit column `{}` of type `{}`", kind.name(), of(table, column), column.type_sql),
    )
    .at(span, kind.summary())
    .help("use `randomize` without a kind for a value of the column's type")
}

pub(super) fn random_too_long(
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

pub(super) fn random_bound(table: &Table, column: &Column, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::WrongType,
        format!("not a bound for column `{}` of type `{}`", of(table, column), column.type_sql),
    )
    .at(span, "doesn't fit")
    .help("give a number that the column holds exactly; a whole one for `integer`")
}

pub(super) fn random_date_bound(table: &Table, column: &Column, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::WrongType,
        format!("not a bound for column `{}` of type `{}`", of(table, column), column.type_sql),
    )
    .at(span, "not a day")
    .help("give a day like 2020-01-31")
}

pub(super) fn random_empty_range(table: &Table, column: &Column, span: Span) -> Diagnostic {
    Diagnostic::new(Code::InvalidValue, format!("`min` is above `max` for column `{}`", of(table, column)))
        .at(span, "no value is possible")
        .help("give the other bound too")
}

pub(super) fn choice_of_nothing(table: &Table, column: &Column, span: Span) -> Diagnostic {
    Diagnostic::new(Code::InvalidValue, format!("nothing to choose from for column `{}`", of(table, column)))
        .at(span, "not an enum")
        .help("give the values: `{ randomize: choice, from: [a, b] }`")
}

// What only a server can answer.

pub(super) fn unverified_literal(table: &Table, column: &Column, span: Span) -> Diagnostic {
    unverified(table, column, format!("whether the value is one of type `{}`", column.type_sql), span)
}

pub(super) fn unverified_check(table: &Table, column: &Column, check: &Ident, span: Span) -> Diagnostic {
    unverified(table, column, format!("whether the new value keeps the CHECK `{}`", check.bare()), span)
}

pub(super) fn unverified_domain(table: &Table, column: &Column, domain: &TableName, span: Span) -> Diagnostic {
    unverified(table, column, format!("whether the new value keeps the domain `{}`", domain.bare()), span)
}

fn unverified(table: &Table, column: &Column, what: String, span: Span) -> Diagnostic {
    Diagnostic::new(Code::Unverified, format!("unverified for column `{}`: {what}", of(table, column)))
        .at(span, "a server can tell")
        .about(of(table, column))
        .help("run `efface check` with a database instead of a catalog file")
}
