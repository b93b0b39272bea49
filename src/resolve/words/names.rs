//! Names that aren't there, subjects without a key, decisions that nobody has made.

use super::{list, nearest, of};
use crate::catalog::{Catalog, ColumnId, KeyId, RewriteRule, Table, TableId};
use crate::diagnostic::{Code, Diagnostic};
use crate::ident::{Ident, TableName, shown};
use crate::resolve::first_match::Way;
use crate::resolve::{coverage, path};
use crate::source::{Span, Spanned};

pub(in crate::resolve) fn unknown_table(catalog: &Catalog, name: &Spanned<TableName>) -> Diagnostic {
    let wanted = &name.value;
    if let Some(other) = catalog.others.iter().find(|other| other.name == *wanted) {
        return Diagnostic::new(
            Code::UnsupportedTable,
            format!("`{}` is a {}, not a table", wanted.bare(), other.kind),
        )
        .at(name.span, "rows can't be changed here")
        .help_if(
            (other.kind == "materialized view").then(|| "write `refresh: true` below it, and nothing else".to_owned()),
        )
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

pub(in crate::resolve) fn unreadable_table(name: &Spanned<TableName>) -> Diagnostic {
    Diagnostic::new(Code::UnreadableTable, format!("this role may not read table `{}`", name.value.bare()))
        .at(name.span, "no SELECT privilege")
        .help(format!("GRANT SELECT ON {} to the role that runs efface", name.value.bare()))
}

pub(in crate::resolve) fn unknown_column(table: &Table, name: &Ident, span: Span) -> Diagnostic {
    let near = nearest(name.as_str(), table.columns.iter().map(|column| column.name.as_str()));
    Diagnostic::new(Code::UnknownColumn, format!("table `{}` has no column `{}`", table.name.bare(), name.bare()))
        .at(span, "not in the catalog")
        .help(match near {
            Some(near) => format!("a column named `{}` exists", shown(near)),
            None => format!("its columns are {}", list(table.columns.iter().map(|column| &column.name))),
        })
}

pub(in crate::resolve) fn table_twice(name: &Spanned<TableName>, earlier: Span) -> Diagnostic {
    Diagnostic::new(Code::DuplicateKey, format!("table `{}` is decided twice", name.value.bare()))
        .at(name.span, "the same table again")
        .label(earlier, "first decided here")
        .help("write its rules as one list, in the order in which they are tried")
}

pub(in crate::resolve) fn rewrite_rule(table: &Table, rule: &RewriteRule, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::ChangedByRule,
        format!("table `{}` has the rewrite rule `{}` on {}", table.name.bare(), rule.name.bare(), rule.event),
    )
    .at(span, "statements on it are rewritten")
    .note("a rewrite rule replaces or multiplies the statement, and reports success either way")
    .help("drop the rule, or replace it with a trigger")
}

// Decisions that are missing.

pub(in crate::resolve) fn undecided_rule(table: &Table, span: Span) -> Diagnostic {
    Diagnostic::new(Code::UndecidedTable, format!("nobody has decided about table `{}` yet", table.name.bare()))
        .at(span, "undecided")
        .about(table.name.bare().to_string())
        .help("write `delete`, `cascade`, `keep: reason` or `columns:`")
}

pub(in crate::resolve) fn undecided_column_word(table: &Table, id: ColumnId, span: Span) -> Diagnostic {
    let column = of(table, table.column_at(id));
    Diagnostic::new(Code::UndecidedColumn, format!("nobody has decided about column `{column}` yet"))
        .at(span, "undecided")
        .about(column)
        .help("write a decision: `keep`, `null`, `{ replace: … }`, `{ randomize: … }`")
}

pub(in crate::resolve) fn undecided_columns(table: &Table, columns: &[ColumnId], span: Span) -> Diagnostic {
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

pub(in crate::resolve) fn other_columns_kept(table: &Table, columns: &[ColumnId], span: Span) -> Diagnostic {
    let names = list(columns.iter().map(|id| &table.column_at(*id).name));
    Diagnostic::new(
        Code::OtherColumnsKept,
        format!("`other_columns: keep` keeps {names} of table `{}`", table.name.bare()),
    )
    .at(span, "text and documents often hold personal data")
    .about(table.name.bare().to_string())
    .help("name these columns under `columns:`, with `keep` where they are harmless")
}

pub(in crate::resolve) fn undecided_table(
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
    let place = key.map(|id| crate::resolve::coverage::place(catalog.key(id)));
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

pub(in crate::resolve) fn never_matches(span: Span, blocker: Span) -> Diagnostic {
    Diagnostic::new(Code::RuleOrder, "a rule can never match")
        .at(span, "no row gets here")
        .label(blocker, "this rule has no `where` and takes every row of the path")
        .help("move the rule without `where` behind the others")
}

pub(in crate::resolve) fn left_open(catalog: &Catalog, table: &Table, way: &Way, span: Span) -> Diagnostic {
    let (of, via) = match way {
        Way::Path(path) if path.0.is_empty() => (String::new(), "- keep: why they stay".to_owned()),
        Way::Path(path) => {
            let written = path::written(catalog, path);
            (format!(" reached by `{written}`"), format!("- via: {written}\n  keep: why they stay"))
        }
        Way::Parent(key) => {
            let written = coverage::place(catalog.key(*key));
            let rule = format!("- referenced_by: {written}\n  if_shared: keep\n  keep: why they stay");
            (format!(" referenced by `{written}`"), rule)
        }
    };
    Diagnostic::new(Code::RuleOrder, format!("rows of `{}`{of} may be left without a rule", table.name.bare()))
        .at(span, "the last rule of this path has a `where`")
        .note("the first rule that matches a row decides it; nothing may be reached and left undecided")
        .help(format!("add a last rule for the other rows:\n{via}"))
}
