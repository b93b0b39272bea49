//! Can every rule match, and is every row that a path reaches decided?
//!
//! The first rule that matches a row decides it. So for each path the last rule that follows it has no `where`, and no rule
//! stands behind such rules on all of its paths. The reader has looked at rules that are written alike; here paths are
//! compared by what they mean.

use std::collections::BTreeSet;

use super::model::{Path, Reach, ResolvedPolicy, ResolvedRule};
use super::words;
use crate::catalog::{Catalog, KeyId, TableId};
use crate::diagnostic::Report;

/// How rows get to a rule.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// By a path to the subject.
    Path(Path),
    /// By a key with which rows of another table reference them.
    Parent(KeyId),
}

/// Reports rules that can never match, and paths whose rows may be left open.
pub(super) fn check(policy: &ResolvedPolicy, catalog: &Catalog, report: &mut Report) {
    let tables: BTreeSet<TableId> = policy.rules.iter().map(|rule| rule.table).collect();
    for table in tables {
        let rules: Vec<&ResolvedRule> = policy.rules_of(table).map(|(_, rule)| rule).collect();
        let ways: Vec<Vec<Way>> = rules.iter().map(|rule| ways(rule)).collect();
        for (index, rule) in rules.iter().enumerate() {
            let takes_all = |way: &Way| {
                let before = rules.iter().zip(&ways).take(index);
                before
                    .map(|(other, ways)| (*other, ways))
                    .find(|(other, ways)| other.condition.is_none() && ways.contains(way))
            };
            let blockers: Option<Vec<_>> = ways[index].iter().map(takes_all).collect();
            if let Some(blockers) = blockers
                && let Some((blocker, _)) = blockers.first()
            {
                report.push(words::never_matches(rule.origin, blocker.origin));
            }
            for way in &ways[index] {
                let is_last = !ways[index + 1..].iter().any(|other| other.contains(way));
                if is_last && rule.condition.is_some() && takes_all(way).is_none() {
                    report.push(words::left_open(catalog, catalog.table(table), way, rule.origin));
                }
            }
        }
    }
}

fn ways(rule: &ResolvedRule) -> Vec<Way> {
    match &rule.reach {
        Reach::Parents(parents) => parents.keys.iter().map(|by| Way::Parent(by.key)).collect(),
        Reach::OwnRow | Reach::Paths(_) | Reach::Condition | Reach::Cascade(_) | Reach::EveryRow => {
            rule.paths().into_iter().map(Way::Path).collect()
        }
    }
}
