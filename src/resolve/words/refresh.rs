//! Materialized views: what they keep, and why they can't be refreshed.

use std::collections::BTreeSet;

use super::nearest;
use crate::catalog::{Catalog, MaterializedView};
use crate::diagnostic::{Code, Diagnostic};
use crate::ident::TableName;
use crate::policy::Refresh;
use crate::resolve::ResolvedRefresh;
use crate::source::{Span, Spanned};

pub(in crate::resolve) fn unknown_view(catalog: &Catalog, name: &Spanned<TableName>) -> Diagnostic {
    let wanted = name.value.bare();
    let other = catalog.others.iter().find(|other| other.name == name.value).map(|other| other.kind.as_str());
    if let Some(kind) = catalog.table_id(&name.value).map(|_| "table").or(other) {
        return Diagnostic::new(Code::UnsupportedTable, format!("`{wanted}` is a {kind}, not a materialized view"))
            .at(name.span, "nothing to refresh here")
            .help("decide its rows, or leave it out");
    }
    let views: Vec<String> = catalog.materialized_views.iter().map(|view| view.name.bare().to_string()).collect();
    let near = nearest(&wanted.to_string(), views.iter().map(String::as_str));
    Diagnostic::new(Code::UnknownTable, format!("no materialized view `{wanted}` in this database"))
        .at(name.span, "not in the catalog")
        .help(match near {
            Some(near) => format!("a materialized view `{near}` exists"),
            None => "write it as `\\dm` shows it: `view` in schema public, else `schema.view`".to_owned(),
        })
}

pub(in crate::resolve) fn no_unique_index(refresh: &Refresh) -> Diagnostic {
    let view = refresh.view.value.bare();
    Diagnostic::new(Code::CannotRefresh, format!("`{view}` has no unique index, so it can't be refreshed concurrently"))
        .at(refresh.how.span, "compares row by row")
        .label(refresh.view.span, "this materialized view")
        .note("the index must be over plain columns and without a `WHERE`")
        .help(format!("CREATE UNIQUE INDEX ON {view} (…), or write `refresh: true`"))
}

pub(in crate::resolve) fn holds_nothing(refresh: &Refresh) -> Diagnostic {
    let view = refresh.view.value.bare();
    Diagnostic::new(Code::CannotRefresh, format!("`{view}` holds no data, so it can't be refreshed concurrently"))
        .at(refresh.how.span, "compares with what is there")
        .note("it was created or refreshed WITH NO DATA, so it keeps nothing of anybody")
        .help(format!("leave `{view}` out of the policy, or write `refresh: true` to fill it"))
}

pub(in crate::resolve) fn may_not_refresh(refresh: &Refresh) -> Diagnostic {
    let view = refresh.view.value.bare();
    Diagnostic::new(Code::MissingPrivilege, format!("this role may not refresh materialized view `{view}`"))
        .at(refresh.view.span, "belongs to another role")
        .note("only the owner may, and from PostgreSQL 17 on whoever has MAINTAIN")
        .help("GRANT the owner's role to the role that runs efface, or leave the view out and refresh it afterwards")
}

pub(in crate::resolve) fn stale_view(view: &MaterializedView, tables: &BTreeSet<&TableName>, span: Span) -> Diagnostic {
    let name = view.name.bare();
    let tables: Vec<_> = tables.iter().map(|table| format!("`{}`", table.bare())).collect();
    Diagnostic::new(
        Code::StaleMaterializedView,
        format!("materialized view `{name}` keeps old values of {} until it is refreshed", tables.join(", ")),
    )
    .at(span, "changes what it has read")
    .help(format!("refresh it in the transaction: `{name}: {{ refresh: true }}` under `tables`"))
    .help("or say in an `accept` how it is refreshed afterwards")
}

pub(in crate::resolve) fn refreshed_from_old(view: &TableName, from: &TableName, span: Span) -> Diagnostic {
    let (view, from) = (view.bare(), from.bare());
    Diagnostic::new(
        Code::StaleMaterializedView,
        format!("materialized view `{view}` is refreshed from `{from}`, which keeps old values"),
    )
    .at(span, "changes what they have read")
    .help(format!("refresh that one too: `{from}: {{ refresh: true }}`"))
}

pub(in crate::resolve) fn nothing_to_refresh(refresh: &ResolvedRefresh) -> Diagnostic {
    let view = refresh.view.bare();
    Diagnostic::new(Code::NothingToRefresh, format!("materialized view `{view}` reads nothing that the policy changes"))
        .at(refresh.origin, "refreshed without need")
        .note("what functions in its query read is not known: it is refreshed as the policy says")
        .help("leave it out, or accept this with the reason")
}
