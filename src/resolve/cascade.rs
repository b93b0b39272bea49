//! Which tables does a `cascade` reach?
//!
//! The rows that reference a deleted row, and so on down, over keys of any ON DELETE action: each table reached becomes a
//! rule of its own, so that the plan names it. Trees and circles of tables lead back to rules that are there already. A
//! table with rules of its own agrees when all of them delete.

use std::collections::{BTreeMap, VecDeque};

use super::model::{Reach, ResolvedPolicy, ResolvedRule, RowAction, RuleId};
use super::words;
use crate::catalog::{Catalog, KeyId, TableId};
use crate::diagnostic::Report;
use crate::graph;
use crate::source::Span;

/// Appends a rule for every table that a cascade reaches, those further down behind those further up.
pub(super) fn expand(policy: &mut ResolvedPolicy, catalog: &Catalog, report: &mut Report) {
    let mut roots: BTreeMap<TableId, Vec<RuleId>> = BTreeMap::new();
    for (index, rule) in policy.rules.iter().enumerate() {
        if rule.action == (RowAction::Delete { cascade: true }) {
            roots.entry(rule.table).or_default().push(RuleId(index));
        }
    }
    let reached = reached(policy, catalog, &roots);
    let order = top_down(&reached, catalog);
    let rule_of: BTreeMap<TableId, RuleId> =
        order.iter().enumerate().map(|(index, table)| (*table, RuleId(policy.rules.len() + index))).collect();
    for table in order {
        let Some(Reached { keys, origin }) = reached.get(&table) else { continue };
        agree(policy, catalog, table, keys, *origin, report);
        let sources = |key: &KeyId| {
            let parent = catalog.parent(*key);
            let own = parent.and_then(|parent| roots.get(&parent)).into_iter().flatten();
            own.chain(parent.and_then(|parent| rule_of.get(&parent))).copied().collect::<Vec<_>>()
        };
        let reach = Reach::Cascade(keys.iter().map(|key| (*key, sources(key))).collect());
        let action = RowAction::Delete { cascade: true };
        policy.push_rule(ResolvedRule { table, name: None, reach, condition: None, action, origin: *origin });
    }
}

/// A table that a cascade reaches.
struct Reached {
    /// The keys by which it does, sorted.
    keys: Vec<KeyId>,
    /// The place of the rule that asked for it.
    origin: Span,
}

/// Everything below the tables with a rule that cascades.
fn reached(
    policy: &ResolvedPolicy,
    catalog: &Catalog,
    roots: &BTreeMap<TableId, Vec<RuleId>>,
) -> BTreeMap<TableId, Reached> {
    let mut reached: BTreeMap<TableId, Reached> = BTreeMap::new();
    let mut origins: BTreeMap<TableId, Span> = BTreeMap::new();
    for (table, rules) in roots {
        origins.extend(rules.first().map(|rule| (*table, policy.rule(*rule).origin)));
    }
    let mut queue: VecDeque<TableId> = roots.keys().copied().collect();
    while let Some(table) = queue.pop_front() {
        let origin = origins.get(&table).copied().unwrap_or_default();
        for (id, _) in catalog.keys_onto(table) {
            let Some(child) = catalog.child(id) else { continue };
            reached.entry(child).or_insert_with(|| Reached { keys: Vec::new(), origin }).keys.push(id);
            origins.entry(child).or_insert_with(|| {
                // Below rows that a rule keeps there is nothing to delete.
                if keeper(policy, child).is_none() {
                    queue.push_back(child);
                }
                origin
            });
        }
    }
    for found in reached.values_mut() {
        found.keys.sort();
    }
    reached
}

/// The tables reached, each behind all that it references; those on a circle by name.
fn top_down(reached: &BTreeMap<TableId, Reached>, catalog: &Catalog) -> Vec<TableId> {
    let tables: Vec<TableId> = reached.keys().copied().collect();
    let place = |table: TableId| tables.binary_search(&table).ok();
    let edges = reached.iter().flat_map(|(child, found)| {
        let parents = found.keys.iter().filter_map(|key| catalog.parent(*key));
        parents.filter_map(|parent| Some((place(parent)?, place(*child)?))).collect::<Vec<_>>()
    });
    graph::components(tables.len(), edges).into_iter().flatten().map(|index| tables[index]).collect()
}

/// A rule that keeps rows of a table.
fn keeper(policy: &ResolvedPolicy, table: TableId) -> Option<&ResolvedRule> {
    let rules = policy.rules_of(table).map(|(_, rule)| rule);
    rules.into_iter().find(|rule| !matches!(rule.action, RowAction::Delete { .. }))
}

/// Reports what keeps a cascade from deleting rows of a table.
fn agree(policy: &ResolvedPolicy, catalog: &Catalog, id: TableId, keys: &[KeyId], origin: Span, report: &mut Report) {
    if let (Some(rule), Some(key)) = (keeper(policy, id), keys.first()) {
        report.push(words::cascade_conflict(catalog, *key, rule.origin, origin));
        return;
    }
    let table = catalog.table(id);
    if let Some(rule) = table.rewrite_rules.iter().find(|rule| rule.event == "delete") {
        report.push(words::rewrite_rule(table, rule, origin));
    }
}
