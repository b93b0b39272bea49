//! Is every table decided that inherits from a decided one?
//!
//! Statements name a table's own rows alone (`ONLY`): a foreign key references none of the rows that only answer to its
//! name. So those need rules of their own, or a person's rows would stay there unseen.

use std::collections::BTreeSet;

use super::model::ResolvedPolicy;
use super::words;
use crate::catalog::{Catalog, TableId};
use crate::diagnostic::Report;

/// Reports tables without rules that inherit from tables with some.
pub(super) fn check(policy: &ResolvedPolicy, catalog: &Catalog, report: &mut Report) {
    let decided: BTreeSet<TableId> = policy.rules.iter().map(|rule| rule.table).collect();
    let mut seen = decided.clone();
    for rule in &policy.rules {
        // Level by level: a table that inherits from an undecided one is as undecided as that.
        let mut above = vec![rule.table];
        while let Some(parent) = above.pop() {
            let parent = catalog.table(parent);
            for name in parent.inherited_by.iter().filter(|_| parent.is_inherited()) {
                match catalog.table_id(name) {
                    Some(child) if seen.insert(child) => {
                        report.push(words::undecided_heir(parent, name, rule.origin));
                        above.push(child);
                    }
                    Some(_) => {}
                    None => report.push(words::unsupported_heir(parent, name, rule.origin)),
                }
            }
        }
    }
}
