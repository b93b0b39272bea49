//! Which rows are referenced by the rows that rules reach, and by whom else?
//!
//! A path leads up to the subject; `referenced_by` is the other way round: the address that a client has, the file of a
//! profile image. Such a row may be somebody else's as well. By which keys it can be, and which rows don't count as
//! somebody else's, is said here; which rows those are, in `plan`.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{ParentKey, Parents, Reach, ResolvedPolicy, ResolvedRule, RowAction, RuleId};
use super::names::Context;
use super::{orphans, path, words};
use crate::catalog::{Catalog, TableId};
use crate::diagnostic::Report;
use crate::policy::{IfShared, ReferencedBy, Segment};
use crate::source::Spanned;

/// Looks up the keys by which rows of a table are referenced.
pub(super) fn resolve(
    context: &Context<'_>,
    table: TableId,
    written: &ReferencedBy,
    if_shared: Option<IfShared>,
    report: &mut Report,
) -> Option<Parents> {
    let keys: Vec<_> = written.references.iter().map(|segment| key(context, table, segment, report)).collect();
    let mut keys = keys.into_iter().collect::<Option<Vec<_>>>()?;
    keys.sort_by_key(|by| by.key);
    keys.dedup();
    Some(Parents { keys, if_shared, shared_by: Vec::new() })
}

/// One key to the table: from a table that has rules, which say whose references are meant.
fn key(context: &Context<'_>, table: TableId, segment: &Segment, report: &mut Report) -> Option<ParentKey> {
    let catalog = context.catalog;
    let here = catalog.table(table);
    let Some(name) = &segment.table else {
        report.push(words::reference_without_table(catalog, here, segment));
        return None;
    };
    let Some(child) = catalog.table_id(name) else {
        report.push(words::unknown_table(catalog, &Spanned { value: name.clone(), span: segment.span }));
        return None;
    };
    let candidates = path::matching(catalog, child, segment);
    let towards: Vec<_> = candidates.iter().copied().filter(|id| catalog.key(*id).parent == here.name).collect();
    let key = match (&candidates[..], &towards[..]) {
        ([], _) => {
            report.push(words::unknown_key(catalog, catalog.table(child), segment));
            return None;
        }
        (_, [only]) => *only,
        ([other, ..], []) => {
            report.push(words::reference_elsewhere(catalog, here, *other, segment));
            return None;
        }
        (_, several) => {
            report.push(words::ambiguous_key(catalog, catalog.table(child), segment, several));
            return None;
        }
    };
    if !context.decided.contains(&child) {
        report.push(words::referenced_by_undecided(catalog.table(child), segment.span));
        return None;
    }
    Some(ParentKey { key, child, settled: Vec::new() })
}

/// Reports rules that each mean the rows which the other's rows reference: nothing says where to begin.
pub(super) fn check(policy: &ResolvedPolicy, catalog: &Catalog, report: &mut Report) {
    let mut below: BTreeMap<TableId, BTreeSet<TableId>> = BTreeMap::new();
    for rule in &policy.rules {
        if let Reach::Parents(parents) = &rule.reach {
            below.entry(rule.table).or_default().extend(parents.keys.iter().map(|by| by.child));
        }
    }
    for rule in &policy.rules {
        let Reach::Parents(parents) = &rule.reach else { continue };
        let mut seen = BTreeSet::new();
        let mut next: Vec<TableId> = parents.keys.iter().map(|by| by.child).collect();
        while let Some(table) = next.pop() {
            if seen.insert(table) {
                next.extend(below.get(&table).into_iter().flatten());
            }
        }
        if seen.contains(&rule.table) {
            report.push(words::referenced_in_a_circle(catalog.table(rule.table), rule.origin));
        }
        let begins = |table: TableId, rule: &ResolvedRule| match rule.reach {
            Reach::Cascade(_) => false,
            Reach::OwnRow | Reach::EveryRow => true,
            // In the subject's table these reach other people.
            Reach::Paths(_) | Reach::Condition | Reach::Parents(_) => policy.subject.table() != Some(table),
        };
        let has_own = |table: TableId| policy.rules_of(table).any(|(_, rule)| begins(table, rule));
        for by in parents.keys.iter().filter(|by| !has_own(by.child)) {
            report.push(words::referenced_by_undecided(catalog.table(by.child), rule.origin));
        }
    }
}

/// Notes for every rule over parents by which keys its rows may be somebody else's too.
pub(super) fn share(policy: &mut ResolvedPolicy, catalog: &Catalog) {
    for index in 0..policy.rules.len() {
        let rule = &policy.rules[index];
        let Reach::Parents(parents) = &rule.reach else { continue };
        if parents.if_shared.is_none() || !rule.acts() {
            continue;
        }
        let by_keys = catalog.keys_onto(rule.table).filter_map(|(key, foreign)| {
            let child = catalog.child(key)?;
            let settled: Vec<RuleId> = match rule.action {
                // Whatever else references the row goes with it.
                RowAction::Delete { cascade: true } if parents.keys.iter().all(|by| by.key != key) => return None,
                RowAction::Delete { .. } => {
                    let settling =
                        policy.rules_of(child).filter(|(_, other)| orphans::settles(other, catalog, child, foreign));
                    settling.map(|(id, _)| id).collect()
                }
                RowAction::Keep(_) | RowAction::Change { .. } => {
                    // Other people whom the policy reaches beside the subject are somebody else all the same.
                    let people = policy.subject.table() == Some(child);
                    let reached = policy.rules_of(child).filter(|(_, other)| {
                        !people || other.reach == Reach::OwnRow || orphans::settles(other, catalog, child, foreign)
                    });
                    reached.map(|(id, _)| id).collect()
                }
            };
            Some(ParentKey { key, child, settled })
        });
        let by_keys: Vec<_> = by_keys.collect();
        if let Reach::Parents(parents) = &mut policy.rules[index].reach {
            parents.shared_by = by_keys;
        }
    }
}
