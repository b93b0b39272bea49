//! Which rows are looked at from below: those that the subject's rows point to?

use super::policy::Draft;
use crate::oracle::check::settles;
use crate::oracle::rules::{IfShared, Reach, TableRules};
use crate::oracle::world::{KeyId, TableId};

impl Draft<'_> {
    /// Rules for tables that nothing leads down to from the subject, from the rows that reference them.
    pub fn parents(&mut self) {
        let world = self.world;
        // From the last to the first: parents of parents come after them.
        for table in (0..world.tables.len()).rev() {
            if self.circles.order.contains(&table) || self.policy.rules(table).is_some() {
                continue;
            }
            let is_decided = |id: &KeyId| {
                let key = &world.keys[*id];
                key.parent == table && key.child != table && self.policy.rules(key.child).is_some()
            };
            let keys: Vec<KeyId> = (0..world.keys.len()).filter(is_decided).collect();
            let is_tree = !self.self_keys(table).is_empty();
            let odds = if is_tree { self.shape.parents.min(self.shape.parent_trees) } else { self.shape.parents };
            if !keys.is_empty() && self.rng.chance(odds) {
                self.parent(table, keys);
            }
        }
    }

    /// Decides which parents are to go, so that the rules of the rows that reference them let go of them.
    pub fn doom(&mut self) {
        for table in 0..self.world.tables.len() {
            if !self.circles.order.contains(&table) && self.shape.parents > 0 && self.rng.chance(65) {
                self.circles.doomed.push(table);
            }
        }
    }

    fn parent(&mut self, table: TableId, mut keys: Vec<KeyId>) {
        let is_settled = |key: &KeyId| {
            let foreign = &self.world.keys[*key];
            let rules = self.policy.rules(foreign.child).unwrap_or_default();
            rules.iter().all(|rule| settles(foreign, &rule.action))
        };
        let settled: Vec<KeyId> = keys.iter().copied().filter(is_settled).collect();
        let is_doomed = self.circles.doomed.contains(&table) && !settled.is_empty();
        // Now and then a reference is forgotten.
        if is_doomed && !self.rng.chance(5) {
            keys = settled;
        }
        if keys.len() > 1 && self.rng.chance(30) {
            let at = self.rng.below(keys.len());
            keys.remove(at);
        }
        let if_shared = if self.rng.chance(self.shape.refuse_shared) { IfShared::Refuse } else { IfShared::Keep };
        let before = self.deleted.len();
        let settle = self.circles.to_doomed(self.world, table);
        let mut rules = self.group(table, &[Vec::new()], is_doomed, &settle);
        self.deleted.truncate(before);
        for rule in &mut rules {
            rule.reach = Reach::Parents(keys.clone(), if_shared);
        }
        let as_list = self.rng.chance(15);
        self.policy.tables.push(TableRules { table, rules, as_list });
    }
}
