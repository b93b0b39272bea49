//! What can only be done after COMMIT?
//!
//! Planner statistics keep old values until ANALYZE. It runs in transactions of its own; what it can't do here is a named
//! leftover and no error: the erasure is committed either way. Materialized views that the policy doesn't refresh are left
//! over too.

use std::collections::{BTreeMap, BTreeSet};

use tokio_postgres::Client;

use super::statistics::left_in_statistics;
use crate::catalog::{Catalog, Generated, TableId};
use crate::ident::{Ident, TableName, shown};
use crate::pgtype::PgType;
use crate::plan::{Plan, Step, StepAction};
use crate::server::ServerError;
use crate::sql::{analyze, refresh_statement};

/// What efface could not do, and where it is left.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leftover {
    /// It stays, or goes by itself.
    Stays(String),
    /// Somebody has to do something, or it stays for ever.
    ToDo(String),
}

/// ANALYZEs what a run touched, and looks at what is left in the statistics and in materialized views.
///
/// `touched` tells how many rows of each step of the plan were deleted or changed; tables without any are left alone.
/// Without `analyze` the statistics are left as they are, and every touched table is left over.
#[tracing::instrument(skip_all)]
pub async fn afterwards(
    client: &Client,
    plan: &Plan,
    catalog: &Catalog,
    touched: &[u64],
    analyze: bool,
) -> Vec<Leftover> {
    let changed = changed(plan, catalog, touched);
    let mut left = stale_views(plan, catalog, &changed);
    for (table, columns) in analyzed(plan, catalog, &changed) {
        let shown = table.name.bare();
        if !analyze {
            left.push(Leftover::Stays(format!("planner statistics of `{shown}` may hold old values: ANALYZE it")));
            continue;
        }
        let mut refused = None;
        // Without the right it says a WARNING and "success"; what it left is looked at below either way.
        if let Err(error) = analyze_one(client, table.name).await {
            let _ = client.simple_query("ROLLBACK").await;
            refused = Some(error.to_string());
        }
        match (left_in_statistics(client, &table, columns.as_deref(), catalog.server_major).await, refused) {
            (Ok(found), None) => left.extend(found.into_iter().map(Leftover::ToDo)),
            // A lock that others held: nothing is wrong with the statistics that another time doesn't mend.
            (_, Some(error)) => left.push(Leftover::ToDo(format!(
                "planner statistics of `{shown}` may hold old values: {error}; ANALYZE it again"
            ))),
            (Err(error), None) => left.push(Leftover::ToDo(format!(
                "planner statistics of `{shown}` could not be looked at: {error}; ANALYZE it as its owner"
            ))),
        }
    }
    left
}

/// Something whose statistics are renewed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Analyzed<'a> {
    pub name: &'a TableName,
    /// Whether only what it has over the rows of tables below is stale.
    pub inherited_only: bool,
}

/// The columns that changed, of which the statistics are stale; none for all.
type Changed<'a> = Option<BTreeSet<&'a Ident>>;

/// What a run has changed, by table.
fn changed<'a>(plan: &'a Plan, catalog: &'a Catalog, touched: &[u64]) -> BTreeMap<TableId, Changed<'a>> {
    let mut changed: BTreeMap<TableId, Changed<'a>> = BTreeMap::new();
    for (step, _) in plan.steps.iter().zip(touched).filter(|(_, rows)| **rows > 0) {
        for (table, columns) in written(step, catalog) {
            let all = changed.entry(table).or_insert_with(|| Some(BTreeSet::new()));
            match (columns, all.as_mut()) {
                (Some(columns), Some(all)) => all.extend(columns),
                _ => *all = None,
            }
        }
    }
    changed
}

/// What a step writes: columns, those that the database makes of them too, or whole rows.
fn written<'a>(step: &'a Step, catalog: &'a Catalog) -> Vec<(TableId, Changed<'a>)> {
    let own = match &step.action {
        StepAction::Delete => None,
        StepAction::Change(changes) => Some(changes.iter().map(|change| change.column).collect::<Vec<_>>()),
    };
    let along = step.followers().map(|(follower, _)| {
        (follower.table, Some(follower.columns.iter().map(|following| following.column).collect::<Vec<_>>()))
    });
    let with_made = |(table, columns): (TableId, Option<Vec<_>>)| {
        let of = catalog.table(table);
        let names =
            columns.map(|columns| columns.into_iter().map(|id| &of.column_at(id).name).collect::<BTreeSet<_>>());
        let names = names.map(|mut names| {
            let made = of.columns.iter().filter(|column| match &column.generated {
                Generated::Expression { from, .. } => from.iter().any(|name| names.contains(name)),
                Generated::No | Generated::IdentityAlways | Generated::IdentityByDefault => false,
            });
            let made: Vec<&Ident> = made.map(|column| &column.name).collect();
            names.extend(made);
            names
        });
        (table, names)
    };
    std::iter::once((step.table, own)).chain(along).map(with_made).collect()
}

/// What is ANALYZEd: the tables, those whose statistics are over their rows too, and the materialized views that were
/// refreshed.
fn analyzed<'a>(
    plan: &'a Plan,
    catalog: &'a Catalog,
    changed: &BTreeMap<TableId, Changed<'a>>,
) -> Vec<(Analyzed<'a>, Option<Vec<String>>)> {
    let mut all: BTreeMap<&TableName, (Analyzed<'a>, Option<Vec<String>>)> = BTreeMap::new();
    for (id, columns) in changed {
        let table = catalog.table(*id);
        let whole_row =
            || table.columns.iter().map(|column| &column.name).filter(|name| !is_key(catalog, *id, name)).collect();
        let columns = columns.clone().unwrap_or_else(whole_row);
        let columns = Some(columns.into_iter().map(|name| name.as_str().to_owned()).collect::<Vec<_>>());
        all.insert(&table.name, (Analyzed { name: &table.name, inherited_only: false }, columns.clone()));
        for above in
            table.inherits.iter().filter(|above| !catalog.table_id(above).is_some_and(|id| changed.contains_key(&id)))
        {
            // Several tables may be below it: then whatever changed in any counts.
            let entry =
                all.entry(above).or_insert_with(|| (Analyzed { name: above, inherited_only: true }, Some(Vec::new())));
            match (&mut entry.1, &columns) {
                (Some(all), Some(columns)) => all.extend(columns.iter().cloned()),
                (all, _) => *all = None,
            }
        }
    }
    let refreshed = plan.refreshes.iter().filter(|refresh| !catalog.observed.not_maintained.contains(&refresh.view));
    let refreshed = refreshed.map(|refresh| (Analyzed { name: &refresh.view, inherited_only: false }, None));
    all.into_values().chain(refreshed).collect()
}

/// Whether a column says which row it is, and no more: a number or uuid that is a part of a key, which receipts show too.
fn is_key(catalog: &Catalog, table: TableId, name: &Ident) -> bool {
    let of = catalog.table(table);
    let says_no_more = of.column_id(name).is_some_and(|id| {
        let column = of.column_at(id);
        matches!(column.ty, PgType::SmallInt | PgType::Integer | PgType::BigInt | PgType::Uuid)
    });
    let mut references = catalog.keys_from(table).flat_map(|(_, key)| key.child_columns());
    says_no_more && (of.primary_key.contains(name) || references.any(|column| column == name))
}

/// Materialized views that have read what changed, and that nobody has refreshed.
fn stale_views(plan: &Plan, catalog: &Catalog, changed: &BTreeMap<TableId, Changed<'_>>) -> Vec<Leftover> {
    let touches = |table: &TableName, columns: &[Ident]| {
        let changed = catalog.table_id(table).and_then(|id| changed.get(&id));
        changed.is_some_and(|changed| {
            let hit = |changed: &BTreeSet<&Ident>| columns.is_empty() || columns.iter().any(|it| changed.contains(it));
            changed.as_ref().is_none_or(hit)
        })
    };
    let stale = catalog.stale_views(&touches);
    let of_plan = plan.stale_views.iter().filter(|view| stale.contains_key(&view.view));
    let words = |view: &TableName| {
        let statement = refresh_statement(view, false);
        let statement = shown(statement.as_str()).to_string();
        format!("materialized view `{}` keeps old values until it is refreshed: {statement}", view.bare())
    };
    let left = |accepted: bool| if accepted { Leftover::Stays } else { Leftover::ToDo };
    of_plan.map(|view| left(view.accepted)(words(&view.view))).collect()
}

/// In a transaction of its own that gives way soon: ANALYZE queues behind DDL and a running VACUUM of the table.
async fn analyze_one(client: &Client, table: &TableName) -> Result<(), ServerError> {
    client.simple_query("BEGIN; SET LOCAL lock_timeout = '2s'").await?;
    client.simple_query(analyze(table).as_str()).await?;
    client.simple_query("COMMIT").await?;
    Ok(())
}
