//! What does the database keep of these rows elsewhere, and what does it send away?

use super::Reviewed;
use super::words::table;
use crate::catalog::{Publication, PublishedTable};
use crate::ident::shown;
use crate::plan::StepAction;

/// Materialized views that the run refreshes, and those that keep old values, a line each.
pub(super) fn views(reviewed: &Reviewed<'_>) -> Vec<String> {
    let plan = reviewed.plan;
    let refreshed = plan.refreshes.iter().map(|refresh| {
        let how = match refresh.concurrently {
            true => "refreshed concurrently: readers go on, other refreshes wait until COMMIT",
            false => "refreshed: ACCESS EXCLUSIVE, so whoever reads it waits until COMMIT",
        };
        format!("{}: {how} ({})", refresh.view.bare(), super::words::place(reviewed.file, refresh.origin))
    });
    let stale = plan.stale_views.iter().map(|view| {
        let accepted = if view.accepted { " (accepted)" } else { "" };
        format!("{}: keeps old values until somebody refreshes it{accepted}", view.view.bare())
    });
    refreshed.chain(stale).collect()
}

/// Where changes of the plan's tables go, by name, a line each.
pub(super) fn publications(reviewed: &Reviewed<'_>) -> Vec<String> {
    let catalog = reviewed.catalog;
    let mut lines = Vec::new();
    for publication in &catalog.publications {
        for published in &publication.tables {
            let sent = sent(reviewed, publication, published);
            if sent.is_empty() {
                continue;
            }
            let old = match published.full.is_empty() {
                true => "",
                false => ", with the old rows as a whole (REPLICA IDENTITY FULL)",
            };
            lines.push(format!(
                "publication `{}` sends {} of {}{old}",
                publication.name.bare(),
                sent.join(" and "),
                published.table.bare()
            ));
        }
    }
    lines
}

/// What a publication sends of what the plan does to a table.
fn sent(reviewed: &Reviewed<'_>, publication: &Publication, published: &PublishedTable) -> Vec<&'static str> {
    let catalog = reviewed.catalog;
    let steps = || reviewed.plan.steps.iter();
    let name = |id| &catalog.table(id).name;
    let deletes = || steps().any(|step| *name(step.table) == published.table && step.action == StepAction::Delete);
    let updates = || {
        let own = steps().filter(|step| step.action != StepAction::Delete);
        own.flat_map(|step| step.tables()).any(|id| *name(id) == published.table)
    };
    let mut sent = Vec::new();
    if publication.updates && updates() {
        sent.push("updates");
    }
    if publication.deletes && deletes() {
        sent.push("deletes");
    }
    sent
}

/// The database's event triggers, which fire on the script's temporary tables and on refreshing.
pub(super) fn event_triggers(reviewed: &Reviewed<'_>) -> Vec<String> {
    let others = reviewed.catalog.others.iter().filter(|other| other.kind == "event trigger");
    others.map(|other| other.name.name.bare().to_string()).collect()
}

/// Who takes from the server what is written, as it was when the schema was read.
pub(super) fn replication(reviewed: &Reviewed<'_>) -> Vec<String> {
    let replication = &reviewed.catalog.observed.replication;
    let slots = replication.slots.iter().map(|slot| {
        let kind = if slot.logical { "logical" } else { "physical" };
        match slot.active {
            true => format!("{kind} replication slot `{}`", shown(&slot.name)),
            false => format!(
                "{kind} replication slot `{}`, which nobody takes from: it keeps write-ahead log for ever",
                shown(&slot.name)
            ),
        }
    });
    let named = replication.standbys.iter().filter(|name| !name.is_empty());
    let named = named.map(|name| format!("standby or subscriber `{}`", shown(name)));
    let hidden = replication.standbys.iter().filter(|name| name.is_empty()).count();
    let hidden = (hidden > 0).then(|| format!("{hidden} more standbys or subscribers, whom this role may not see"));
    slots.chain(named).chain(hidden).collect()
}

/// What a committed run has sent away, and to whom, as far as that has a name.
pub fn sent_away(reviewed: &Reviewed<'_>) -> Vec<String> {
    let mut lines = publications(reviewed);
    lines.extend(replication(reviewed).into_iter().map(|who| format!("{who}: until it has replayed and removed it")));
    lines.push("write-ahead log, and copies of it, until they are removed".into());
    lines
}

/// Materialized views by the tables that they are about, for the locks of a plan.
pub(super) fn refreshed_names(reviewed: &Reviewed<'_>) -> Vec<String> {
    let views = reviewed.plan.refreshes.iter();
    views.filter(|refresh| !refresh.concurrently).map(|refresh| refresh.view.bare().to_string()).collect()
}

/// The tables that are ANALYZEd, and the views.
pub(super) fn analyzed(reviewed: &Reviewed<'_>) -> Vec<String> {
    let catalog = reviewed.catalog;
    let mut changed: Vec<_> = reviewed.plan.steps.iter().flat_map(crate::plan::Step::tables).collect();
    changed.sort_unstable();
    changed.dedup();
    let above = changed.iter().flat_map(|id| &catalog.table(*id).inherits).map(|name| name.bare().to_string());
    let mut names: Vec<String> = changed.iter().map(|id| table(catalog, *id)).collect();
    for name in above.chain(reviewed.plan.refreshes.iter().map(|refresh| refresh.view.bare().to_string())) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}
