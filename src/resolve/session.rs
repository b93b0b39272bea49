//! Does the plan's transaction fit the server that it will run on?
//!
//! Two settings of the transaction are the policy's, and mean something only beside the server's own: how long it waits
//! for a lock, and where names are looked up that nobody qualified.

use std::time::Duration;

use super::model::{ResolvedPolicy, ResolvedRule, RowAction};
use super::words;
use crate::catalog::{Catalog, TableId, Trigger};
use crate::diagnostic::Report;
use crate::ident::Ident;
use crate::policy::Policy;

/// PostgreSQL's default `deadlock_timeout`.
const DEFAULT_DEADLOCK_TIMEOUT: Duration = Duration::from_secs(1);

/// Warns of a lock timeout that makes others give way, and of triggers that would mean other tables than otherwise.
pub(super) fn check(policy: &Policy, resolved: &ResolvedPolicy, catalog: &Catalog, report: &mut Report) {
    let deadlock = catalog.observed.deadlock_timeout_ms.map_or(DEFAULT_DEADLOCK_TIMEOUT, Duration::from_millis);
    if resolved.limits.lock_timeout > deadlock {
        let span = policy.limits.lock_timeout.as_ref().map_or(policy.name.span, |written| written.span);
        report.push(words::long_lock_timeout(resolved.limits.lock_timeout, deadlock, span).about("lock_timeout"));
    }
    let Some(own) = &catalog.observed.search_path else { return };
    if lookup(own) == lookup(&resolved.search_path) {
        return;
    }
    for table in catalog.table_ids() {
        let mut firing = firing(resolved, catalog, table);
        if let Some((rule, trigger)) = firing.next() {
            let others = firing.filter(|(_, other)| other.name != trigger.name).count();
            let table = catalog.table(table);
            let place = table.name.bare().to_string();
            report.push(words::search_path_differs(table, trigger, others, own, rule.origin).about(place));
        }
    }
}

/// Where a name is looked up beyond the system's own schemas.
fn lookup(path: &[Ident]) -> Vec<&Ident> {
    path.iter().filter(|schema| !matches!(schema.as_str(), "pg_catalog" | "pg_temp")).collect()
}

/// The triggers of a table that fire when the policy's rules change or delete its rows, each with the first such rule.
fn firing<'a>(
    resolved: &'a ResolvedPolicy,
    catalog: &'a Catalog,
    table: TableId,
) -> impl Iterator<Item = (&'a ResolvedRule, &'a Trigger)> {
    catalog.table(table).triggers.iter().filter(|trigger| !trigger.disabled).filter_map(move |trigger| {
        let fires = |rule: &&ResolvedRule| match &rule.action {
            RowAction::Keep(_) => false,
            RowAction::Delete { .. } => trigger.on_delete,
            RowAction::Change { changes, .. } => trigger.on_update && !changes.is_empty(),
        };
        let rule = resolved.rules_of(table).map(|(_, rule)| rule).find(fires)?;
        Some((rule, trigger))
    })
}
