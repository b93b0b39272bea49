//! What has to happen, in which order, and why?
//!
//! A [`Plan`] is data: no SQL, no handles. [`plan`] makes it from a resolved policy; the `sql` module writes it as a
//! script, the `review` module shows it to people.
//!
//! Every rule that changes or deletes rows becomes a step: a scope and an action. A scope that other steps disturb is
//! captured by key before the first change; the others stay inline, as a person would write them. Steps are ordered so
//! that referencing rows come first.

mod circle;
mod edges;
mod freeze;
mod gone;
mod model;
mod order;
mod out_of_reach;
mod parents;
mod predicate;
mod propagate;
mod remember;
mod scopes;
mod scrub;
mod sentence;
mod stand_in;
mod steps;
mod sweep;
mod triggers;

pub use model::*;
pub use predicate::touched_tables;
pub(crate) use predicate::{direct_columns, rows_for_anyone};
pub use sentence::{followers, scope_of};

use std::collections::BTreeSet;

use crate::catalog::{Catalog, KeyId, TableId};
use crate::diagnostic::Report;
use crate::resolve::{ResolvedPolicy, RowAction};

/// Orders the rules of a policy, for subjects that are given by key.
///
/// # Errors
/// What can't be planned: tables that reference each other in a circle, rows that would have to be remembered in a table
/// without a key, triggers that write where nothing is found again.
pub fn plan(policy: &ResolvedPolicy, catalog: &Catalog) -> Result<Plan, Report> {
    plan_for(Choice::Given, policy, catalog)
}

/// Orders the rules of a policy, for subjects that are given or that the policy chooses; without a ledger
/// ([`Plan::with_ledger`]).
///
/// # Errors
/// As [`plan`].
pub fn plan_for(choice: Choice, policy: &ResolvedPolicy, catalog: &Catalog) -> Result<Plan, Report> {
    let mut report = Report::default();
    let scopes = scopes::find(policy, catalog, &mut report);
    let Ordered { mut steps, captures, shared, deferred } = ordered(policy, catalog, &scopes, &mut report);
    propagate::refuse_meddlers(&steps, catalog, &mut report);
    let (sweeps, triggers) = sweep::find(&mut steps, &captures, &scopes.closures, policy, catalog, &mut report);
    let guards: Vec<Guard> = policy
        .guards
        .iter()
        .map(|guard| Guard {
            name: guard.name.clone(),
            table: guard.table,
            rows: predicate::narrowed(
                predicate::reached(policy, guard.table, &guard.reach, guard.condition.as_ref(), &[]),
                guard.condition.as_ref(),
            ),
            message: guard.message.clone(),
            origin: guard.origin,
        })
        .collect();
    let expected = parents::expected(policy, catalog);
    let row_locks = freeze::row_locks(policy, catalog, &scopes, &steps, &expected);
    let kept = policy.rules.iter().enumerate().filter_map(|(index, rule)| {
        let reason = match &rule.action {
            RowAction::Keep(reason) => reason.clone(),
            RowAction::Delete { .. } | RowAction::Change { .. } => return None,
        };
        let rule_id = crate::resolve::RuleId(index);
        Some(Kept {
            table: rule.table,
            rule: rule_id,
            scope: sentence::scope_of(policy, catalog, rule_id),
            reason,
            origin: rule.origin,
        })
    });
    let patterns = scrub::patterns(&steps, policy, &scopes);
    let owners = scrub::owners(&steps, &captures, policy, catalog);
    let guarded = guards.iter().map(|guard| (guard.table, &guard.rows));
    let only_looked_at = guarded.chain(expected.iter().map(|none| (none.table, &none.rows)));
    let gone = gone::find(policy, catalog, &steps, &scopes, &triggers);
    let searched = gone.iter().flat_map(|gone| &gone.places).map(|place| (place.table, &place.reached));
    let only_looked_at: Vec<_> = only_looked_at.chain(scrub::tables(&patterns)).chain(searched).collect();
    let plan = Plan {
        policy: policy.name.clone(),
        subject: policy.subject.clone(),
        search_path: policy.search_path.clone(),
        table_locks: freeze::table_locks(
            policy,
            &choice,
            catalog,
            &steps,
            &row_locks,
            &scopes.closures,
            &only_looked_at,
        ),
        choice,
        row_locks,
        closures: scopes.closures,
        captures,
        patterns,
        owners,
        guards,
        shared,
        expected,
        reports: policy.reports.clone(),
        gone,
        limits: policy.limits.clone(),
        limited_rows: policy
            .limits
            .max_rows
            .iter()
            .map(|(table, most)| (*table, *most, steps::rows_of_table(&steps, *table)))
            .collect(),
        virtual_conditions: policy.virtual_conditions.clone(),
        comparisons: policy.values.clone(),
        deferred,
        stand_ins: stand_in::find(&steps, policy, catalog),
        steps,
        sweeps,
        kept: kept.collect(),
        triggers,
        ledger: false,
    };
    if report.has_errors() { Err(report) } else { Ok(plan) }
}

/// Steps in their order, with what is remembered for them.
struct Ordered {
    steps: Vec<Step>,
    captures: Vec<Capture>,
    shared: Vec<SharedRows>,
    deferred: Vec<KeyId>,
}

/// Drafts the steps and puts them in order; where they read in a circle, once more with more of them remembered.
fn ordered(policy: &ResolvedPolicy, catalog: &Catalog, scopes: &scopes::Scopes, report: &mut Report) -> Ordered {
    let mut circular = BTreeSet::new();
    loop {
        let mut found = Report::default();
        let drafted = steps::draft(policy, catalog, scopes, &circular, &mut found);
        let (captures, shared) = (drafted.captures, drafted.shared);
        let can_remember = |table: TableId| {
            !captures.iter().any(|capture| capture.table == table) && steps::has_key(policy, catalog, table)
        };
        match order::sort(drafted.steps, policy, catalog, &can_remember, &mut found) {
            order::Order::Remember(tables) => circular.extend(tables),
            order::Order::Sorted { steps, deferred } => {
                report.extend(found);
                return Ordered { steps, captures, shared, deferred };
            }
        }
    }
}
