//! What was tried?
//!
//! Every case is counted under the classes that it falls into; a class that stays empty is a test that can't fail.

use std::collections::BTreeMap;

use super::computed;
use super::model::{Facts, Outcome};
use super::rules::{Case, Decision, Whose};
use super::world::Layout;

/// How often what was seen.
#[derive(Default)]
pub struct Mix(BTreeMap<&'static str, usize>);

impl Mix {
    pub fn count(&mut self, class: &'static str, seen: bool) {
        *self.0.entry(class).or_default() += usize::from(seen);
    }

    /// What two runs have seen together.
    pub fn add(&mut self, other: Mix) {
        for (class, count) in other.0 {
            *self.0.entry(class).or_default() += count;
        }
    }

    /// Those of the classes that no case fell into.
    pub fn missing(&self, classes: Vec<&'static str>) -> Vec<&'static str> {
        classes.into_iter().filter(|class| self.0.get(class).is_none_or(|&count| count == 0)).collect()
    }

    /// Counts a case that was not refused.
    pub fn note(&mut self, case: &Case, outcome: &Outcome, facts: &Facts) {
        self.count("were blocked", matches!(outcome, Outcome::Blocked(_)));
        self.count("were rolled back", matches!(outcome, Outcome::RolledBack(_)));
        self.count("were not about an eligible subject", *outcome == Outcome::NotEligible);
        self.count("were stopped by the policy", matches!(outcome, Outcome::Stops(_)));
        self.count("had to fail when run", matches!(outcome, Outcome::Fails(_)));
        if !matches!(outcome, Outcome::After(_)) {
            return;
        }
        for class in computed::CLASSES {
            self.count(class, facts.computed.contains(class));
        }
        let reads_other = case.policy.tables.iter().any(|entry| {
            let conditions = entry.rules.iter().filter_map(|rule| rule.condition.as_ref());
            conditions.flat_map(|condition| condition.reads(entry.table)).any(|(table, _)| table != entry.table)
        });
        let stands_in = case.policy.tables.iter().flat_map(|entry| &entry.rules).any(|rule| {
            let columns = 0..case.world.tables.iter().map(|table| table.columns.len()).max().unwrap_or(0);
            columns.into_iter().any(|column| matches!(rule.action.decision(column), Some(Decision::Reassign(_))))
        });
        let world = &case.world;
        let changed =
            |wanted: &dyn Fn(&Layout) -> bool| facts.tables.iter().any(|&table| wanted(&world.tables[table].layout));
        let reads_heirs = case.policy.tables.iter().any(|entry| {
            let conditions = entry.rules.iter().filter_map(|rule| rule.condition.as_ref());
            let mut read = conditions.flat_map(|condition| condition.reads(entry.table));
            read.any(|(table, _)| table != entry.table && world.with_heirs(table).len() > 1)
        });
        for (class, seen) in [
            ("read another table in a condition", reads_other),
            ("accepted a path by name", !case.policy.accepted.is_empty()),
            ("expected no row by a path, and found none", case.policy.accepted.iter().any(|it| it.expect_none)),
            ("changed a row", facts.changed_rows > 0),
            ("deleted a row", facts.deleted_rows > 0),
            ("spanned three tables", facts.tables.len() >= 3),
            ("had two rules match a row", facts.two_rules),
            ("had a condition that is unknown", facts.unknown),
            ("reached a row by two keys or more", facts.far),
            ("reached a row by a key of its own table", facts.own_key),
            ("reached a row by a composite key", facts.composite_key),
            ("reached a row by a key to a unique key", facts.natural_key),
            ("reached a row by columns in another order", facts.reordered_key),
            ("reached a row by a virtual key", facts.virtual_key),
            ("reached a row by a virtual key with a condition", facts.conditional_key),
            ("reached a row by a composite virtual key", facts.composite_virtual_key),
            ("reached a row by a polymorphic key", facts.polymorphic_key),
            ("went through a circle of tables", facts.circular_schema && facts.tables.len() >= 2),
            ("deleted rows of one table in a circle", facts.circle == 1),
            ("deleted rows of two tables in a circle", facts.circle == 2),
            ("deleted rows of three tables in a circle", facts.circle >= 3),
            ("cascaded to a row that no rule names", facts.cascaded),
            ("cascaded down a tree", facts.cascaded_tree),
            ("deleted a parent", facts.parents_gone),
            ("changed a parent", facts.parents_changed),
            ("kept a shared parent", facts.shared),
            ("were about several subjects", case.keys().len() > 1 && !facts.tables.is_empty()),
            ("were about a value", matches!(case.policy.whose, Whose::Values(_)) && !facts.tables.is_empty()),
            ("were about every row", case.policy.whose == Whose::EveryRow && !facts.tables.is_empty()),
            ("made a random value", facts.random),
            ("had a NULL that no random value took the place of", facts.null_stays),
            ("changed a partitioned table", changed(&|layout| matches!(layout, Layout::Partitioned { .. }))),
            (
                "changed a table in nested partitions",
                changed(&|it| matches!(it, Layout::Partitioned { nested: true, .. })),
            ),
            ("changed a table that inherits", changed(&|layout| matches!(layout, Layout::Heir(_)))),
            ("read a table with those that inherit", reads_heirs),
            ("named a stand-in row", stands_in),
            ("moved a row to a stand-in row", facts.reassigned),
            ("propagated a value", facts.propagated),
            ("changed nothing although accepted", facts.tables.is_empty()),
        ] {
            self.count(class, seen);
        }
    }
}

impl std::fmt::Display for Mix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|(class, count)| writeln!(f, "{count:6} {class}"))
    }
}
