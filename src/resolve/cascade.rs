//! Which tables does a `cascade` reach?
//!
//! The rows that reference a deleted row, and so on down, over keys of any ON DELETE action: each table reached becomes a
//! rule of its own, so that the plan names it. A table with rules of its own agrees when all of them delete.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Reach, ResolvedPolicy, ResolvedRule, RowAction, RuleId};
use super::words;
use crate::catalog::{Catalog, KeyId, TableId};
use crate::diagnostic::Report;

/// Appends a rule for every table that a cascade reaches.
pub(super) fn expand(policy: &mut ResolvedPolicy, catalog: &Catalog, report: &mut Report) {
    let roots: Vec<RuleId> = (0..policy.rules.len())
        .map(RuleId)
        .filter(|id| policy.rule(*id).action == RowAction::Delete { cascade: true })
        .collect();
    if roots.is_empty() {
        return;
    }
    let inbound = inbound(catalog);
    let start: BTreeSet<TableId> = roots.iter().map(|id| policy.rule(*id).table).collect();
    let order = match top_down(&inbound, &start) {
        Ok(order) => order,
        Err(circle) => {
            let origin = policy.rule(roots[0]).origin;
            report.push(words::cascade_cycle(catalog, &circle, origin));
            return;
        }
    };
    let mut deleting: BTreeMap<TableId, Vec<RuleId>> = BTreeMap::new();
    for id in &roots {
        deleting.entry(policy.rule(*id).table).or_default().push(*id);
    }
    let mut reached: BTreeMap<TableId, Vec<(KeyId, Vec<RuleId>)>> = BTreeMap::new();
    for table in order {
        if let Some(keys) = reached.remove(&table) {
            let origin = policy.rule(keys[0].1[0]).origin;
            let keeps = policy.rules_of(table).find(|(_, rule)| !matches!(rule.action, RowAction::Delete { .. }));
            if let Some((_, rule)) = keeps {
                report.push(words::cascade_conflict(catalog, keys[0].0, rule.origin, origin));
                continue;
            }
            let reached = catalog.table(table);
            if !reached.inherited_by.is_empty() {
                report.push(words::inherited_table(reached, origin));
            }
            if let Some(rule) = reached.rewrite_rules.iter().find(|rule| rule.event == "delete") {
                report.push(words::rewrite_rule(reached, rule, origin));
            }
            let id = RuleId(policy.rules.len());
            policy.rules.push(ResolvedRule {
                table,
                name: None,
                reach: Reach::Cascade(keys),
                condition: None,
                action: RowAction::Delete { cascade: true },
                origin,
            });
            deleting.entry(table).or_default().push(id);
        }
        let rules = deleting.get(&table).cloned().unwrap_or_default();
        for (key, child) in inbound.get(&table).into_iter().flatten() {
            reached.entry(*child).or_default().push((*key, rules.clone()));
        }
    }
}

/// For each table, the keys that reference it and their tables.
fn inbound(catalog: &Catalog) -> BTreeMap<TableId, Vec<(KeyId, TableId)>> {
    let mut inbound: BTreeMap<TableId, Vec<(KeyId, TableId)>> = BTreeMap::new();
    for (id, key) in catalog.keys() {
        if let (Some(child), Some(parent)) = (catalog.table_id(&key.child), catalog.table_id(&key.parent)) {
            inbound.entry(parent).or_default().push((id, child));
        }
    }
    inbound
}

/// Everything below `start`, each table behind all that it references; or a circle of tables.
fn top_down(
    inbound: &BTreeMap<TableId, Vec<(KeyId, TableId)>>,
    start: &BTreeSet<TableId>,
) -> Result<Vec<TableId>, Vec<TableId>> {
    let mut done = BTreeSet::new();
    let mut order = Vec::new();
    for table in start {
        visit(inbound, *table, &mut Vec::new(), &mut done, &mut order)?;
    }
    order.reverse();
    Ok(order)
}

fn visit(
    inbound: &BTreeMap<TableId, Vec<(KeyId, TableId)>>,
    table: TableId,
    trail: &mut Vec<TableId>,
    done: &mut BTreeSet<TableId>,
    order: &mut Vec<TableId>,
) -> Result<(), Vec<TableId>> {
    if let Some(at) = trail.iter().position(|seen| *seen == table) {
        return Err(trail[at..].to_vec());
    }
    if done.contains(&table) {
        return Ok(());
    }
    trail.push(table);
    for (_, child) in inbound.get(&table).into_iter().flatten() {
        visit(inbound, *child, trail, done, order)?;
    }
    trail.pop();
    done.insert(table);
    order.push(table);
    Ok(())
}
