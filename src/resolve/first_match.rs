//! Can every rule match, and is every row that a path reaches decided?
//!
//! The first rule that matches a row decides it. So for each path the last rule that follows it has no `where`, and no rule
//! stands behind such rules on all of its paths. The reader has looked at rules that are written alike; here paths are
//! compared by what they mean.

use std::collections::BTreeSet;

use super::model::{Path, ResolvedPolicy, ResolvedRule};
use super::words;
use crate::catalog::{Catalog, TableId};
use crate::diagnostic::Report;

/// Reports rules that can never match, and paths whose rows may be left open.
pub(super) fn check(policy: &ResolvedPolicy, catalog: &Catalog, report: &mut Report) {
    let tables: BTreeSet<TableId> = policy.rules.iter().map(|rule| rule.table).collect();
    for table in tables {
        let rules: Vec<&ResolvedRule> = policy.rules_of(table).map(|(_, rule)| rule).collect();
        for (index, rule) in rules.iter().enumerate() {
            let takes_all = |path: &Path| {
                rules[..index].iter().find(|other| other.condition.is_none() && other.paths().contains(path))
            };
            let blockers: Option<Vec<_>> = rule.paths().iter().map(takes_all).collect();
            if let Some(blockers) = blockers
                && let Some(blocker) = blockers.first()
            {
                report.push(words::never_matches(rule.origin, blocker.origin));
            }
            for path in rule.paths() {
                let is_last = !rules[index + 1..].iter().any(|other| other.paths().contains(&path));
                if is_last && rule.condition.is_some() && takes_all(&path).is_none() {
                    report.push(words::left_open(catalog, catalog.table(table), &path, rule.origin));
                }
            }
        }
    }
}
