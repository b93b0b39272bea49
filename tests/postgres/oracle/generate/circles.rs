//! What has to be promised in advance where tables lead back to each other?
//!
//! A table is decided before some of the tables that it references: the parents in a circle. If these are to delete
//! rows, the references must be let go of by every rule that was written before anybody knew.

use std::collections::BTreeMap;

use super::decisions::{columns, releases};
use super::policy::Draft;
use crate::oracle::rules::{Action, Reach};
use crate::oracle::world::{KeyId, Path, TableId, World};

/// What is known of the graph, and what has been promised about it.
pub struct Circles {
    /// The subject's table and those below it, in the order in which they are decided.
    pub order: Vec<TableId>,
    /// Tables that paths of others go through: they need rules of their own.
    pub needed: Vec<TableId>,
    /// Tables whose rows somebody doesn't let go of, so that no rule should delete them.
    pub frozen: Vec<TableId>,
    /// The keys that every rule of a table lets go of.
    pub settled: BTreeMap<TableId, Vec<KeyId>>,
    /// Tables above the others whose rows are to go with those that reference them.
    pub doomed: Vec<TableId>,
}

impl Circles {
    pub fn new(world: &World, subject: TableId) -> Self {
        let reached = world.below(subject);
        let below = (0..world.tables.len()).filter(|table| reached.contains(table) && *table != subject);
        let order = [subject].into_iter().chain(below).collect();
        Self { order, needed: Vec::new(), frozen: Vec::new(), settled: BTreeMap::new(), doomed: Vec::new() }
    }

    /// The keys of a table to parents that are to go with its rows.
    pub fn to_doomed(&self, world: &World, table: TableId) -> Vec<KeyId> {
        let is_doomed = |id: &KeyId| {
            let key = &world.keys[*id];
            key.child == table && self.doomed.contains(&key.parent) && !releases(world, *id).is_empty()
        };
        (0..world.keys.len()).filter(is_doomed).collect()
    }

    fn place(&self, table: TableId) -> Option<usize> {
        self.order.iter().position(|&at| at == table)
    }

    /// The keys of a table to tables that are decided after it.
    fn later(&self, world: &World, table: TableId) -> Vec<KeyId> {
        let is_later = |id: &KeyId| {
            let key = &world.keys[*id];
            key.child == table && self.place(key.parent).is_some_and(|at| Some(at) > self.place(table))
        };
        (0..world.keys.len()).filter(is_later).collect()
    }

    /// No rule shall delete rows of a table, nor of those without which its rows can't be.
    fn freeze(&mut self, world: &World, table: TableId) {
        if self.frozen.contains(&table) {
            return;
        }
        self.frozen.push(table);
        let needs = |id: &KeyId| world.keys[*id].child == table && releases(world, *id).is_empty();
        for id in (0..world.keys.len()).filter(needs) {
            self.freeze(world, world.keys[id].parent);
        }
    }
}

impl Draft<'_> {
    /// The keys to tables that are decided later which this table lets go of; the other parents may not be deleted.
    pub fn let_go_in_advance(&mut self, table: TableId) -> Vec<KeyId> {
        let mut settled = self.circles.to_doomed(self.world, table);
        for key in self.circles.later(self.world, table) {
            if !releases(self.world, key).is_empty() && self.rng.chance(80) {
                settled.push(key);
            } else {
                self.circles.freeze(self.world, self.world.keys[key].parent);
            }
        }
        self.circles.settled.insert(table, settled.clone());
        settled
    }

    /// Whether a table can be left to a cascade: every key that leads to the subject leads to a table that goes whole.
    /// Circles of undecided tables hold each other up, until one of them has a reference to somewhere else.
    pub fn is_whole(&self, table: TableId) -> bool {
        let world = self.world;
        let cascades = |at: TableId| {
            self.policy.rules(at).is_some_and(|rules| rules.iter().all(|rule| rule.action == Action::Cascade))
        };
        let goes = |at: TableId| self.taken.contains(&at) || cascades(at);
        if !(0..world.tables.len()).any(|at| goes(at) && world.below(at).contains(&table)) {
            return false;
        }
        let is_open = |at: &TableId| self.policy.rules(*at).is_none() && !self.taken.contains(at);
        let mut open: Vec<TableId> = self.circles.order.iter().copied().filter(is_open).collect();
        loop {
            let is_held = |at: &TableId| {
                let up = world.keys.iter().filter(|key| key.child == *at && self.circles.order.contains(&key.parent));
                let mut parents = up.map(|key| key.parent);
                parents.all(|parent| goes(parent) || open.contains(&parent))
            };
            let held: Vec<TableId> = open.iter().copied().filter(is_held).collect();
            if held.len() == open.len() {
                return open.contains(&table);
            }
            open = held;
        }
    }

    /// Rules for the rows that reference deleted rows of tables that were decided later.
    pub fn replies_upwards(&mut self) {
        for table in self.circles.order.clone() {
            let mut replies: Vec<Path> = Vec::new();
            for key in self.circles.later(self.world, table) {
                let gone = self.deleted.iter().filter(|(at, _)| *at == self.world.keys[key].parent);
                replies.extend(gone.map(|(_, path)| [key].into_iter().chain(path.iter().copied()).collect::<Path>()));
            }
            replies.sort();
            replies.dedup();
            let rules = self.policy.rules(table).unwrap_or_default();
            let is_followed = |path: &Path| {
                rules.iter().any(|rule| {
                    rule.condition.is_none() && matches!(&rule.reach, Reach::Via(paths) if paths.contains(path))
                })
            };
            replies.retain(|path| !is_followed(path));
            if replies.is_empty() || rules.is_empty() {
                continue;
            }
            let cascades = rules.iter().all(|rule| rule.action == Action::Cascade);
            let settle = self.circles.settled.get(&table).cloned().unwrap_or_default();
            let action = match cascades {
                true => Action::Cascade,
                false => columns(self.rng, self.shape, self.world, table, &settle),
            };
            let rule = self.rule(replies, None, action);
            if let Some(entry) = self.policy.tables.iter_mut().find(|entry| entry.table == table) {
                entry.rules.push(rule);
            }
        }
    }
}
