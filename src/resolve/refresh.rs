//! Which materialized views keep what the policy erases, and can those be refreshed that it wants to be?

use std::collections::{BTreeMap, BTreeSet};

use super::accept::Accepted;
use super::model::{ResolvedPolicy, ResolvedRefresh, StaleView};
use super::touched::Touched;
use super::words;
use crate::catalog::{Catalog, TableId};
use crate::diagnostic::{Code, Report};
use crate::ident::TableName;
use crate::policy::{Policy, RefreshHow};

/// Looks the views up; they come in the order in which they are to be refreshed, each behind those that it reads.
pub(super) fn resolve(policy: &Policy, catalog: &Catalog, report: &mut Report) -> Vec<ResolvedRefresh> {
    for refresh in &policy.refreshes {
        if catalog.materialized_view(&refresh.view.value).is_none() {
            report.push(words::unknown_view(catalog, &refresh.view));
        }
    }
    let asked = |view: &TableName| policy.refreshes.iter().find(|refresh| refresh.view.value == *view);
    let views = catalog.refresh_order().into_iter().filter_map(|view| Some((view, asked(&view.name)?)));
    let found = views.map(|(view, refresh)| {
        let concurrently = refresh.how.value == RefreshHow::Concurrently;
        let unpopulated = catalog.observed.unpopulated.contains(&view.name);
        if concurrently && !view.unique {
            report.push(words::no_unique_index(refresh));
        }
        if concurrently && unpopulated {
            report.push(words::holds_nothing(refresh));
        }
        if catalog.observed.not_maintained.contains(&view.name) {
            report.push(words::may_not_refresh(refresh));
        }
        ResolvedRefresh { view: view.name.clone(), concurrently, origin: refresh.view.span }
    });
    found.collect()
}

/// Warns of views that keep old values, which it returns, and of refreshing without need.
pub(super) fn check(
    resolved: &ResolvedPolicy,
    touched: &BTreeMap<TableId, Touched>,
    catalog: &Catalog,
    accepted: &Accepted<'_>,
    report: &mut Report,
) -> Vec<StaleView> {
    let mut left = Vec::new();
    let first = |table: &TableName, columns: &[crate::ident::Ident]| {
        let id = catalog.table_id(table)?;
        touched.get(&id)?.seen_by(catalog.table(id), columns)
    };
    let stale = catalog.stale_views(&|table, columns| first(table, columns).is_some());
    let asked = |view: &TableName| resolved.refreshes.iter().any(|refresh| refresh.view == *view);
    // What a view reads of another that stays as it was is no newer for having been read again.
    let mut kept: BTreeSet<&TableName> = BTreeSet::new();
    for view in catalog.refresh_order() {
        let Some(tables) = stale.get(&view.name) else { continue };
        // It holds nothing that could be old.
        if catalog.observed.unpopulated.contains(&view.name) && !asked(&view.name) {
            continue;
        }
        let from = view.after.iter().find(|other| kept.contains(other));
        if asked(&view.name) && from.is_none() {
            continue;
        }
        kept.insert(&view.name);
        let reads = view.reads.iter().find_map(|read| first(&read.table, &read.columns));
        let anywhere = || tables.iter().find_map(|table| first(table, &[]));
        let Some(place) = reads.or_else(anywhere) else { continue };
        let place_of = view.name.bare().to_string();
        let found = match from.filter(|_| asked(&view.name)) {
            Some(other) => words::refreshed_from_old(&view.name, other, place),
            None => words::stale_view(view, tables, place),
        };
        let accepted = accepted.covers(Code::StaleMaterializedView, &place_of);
        left.push(StaleView { view: view.name.clone(), accepted });
        report.push(found.about(place_of));
    }
    for refresh in resolved.refreshes.iter().filter(|refresh| !stale.contains_key(&refresh.view)) {
        report.push(words::nothing_to_refresh(refresh).about(refresh.view.bare().to_string()));
    }
    left
}
