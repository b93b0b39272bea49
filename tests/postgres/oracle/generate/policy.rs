//! Which policy fits a schema?
//!
//! Tables are decided from the subject downwards. What a table deletes is remembered, so that the tables below it
//! follow the same rows and go or let go: that is what makes most policies acceptable. A key that leads to a table that
//! is decided later (a circle) is let go of in advance, and what comes back by it gets a rule at the end.

use super::Shape;
use super::circles::Circles;
use super::decisions::{columns, condition, releases};
use crate::oracle::rng::Rng;
use crate::oracle::rules::{Accepted, Action, Policy, Reach, Rule, TableRules, Whose};
use crate::oracle::world::{KeyId, Path, TableId, World};

pub struct Draft<'a> {
    pub rng: &'a mut Rng,
    pub shape: &'a Shape,
    pub world: &'a World,
    pub policy: Policy,
    pub persons: &'a [usize],
    /// What is known of the graph, and what has been promised about it.
    pub circles: Circles,
    /// Scopes whose rows are deleted by a rule of their own.
    pub deleted: Vec<(TableId, Path)>,
    /// Tables that only a cascade decides.
    pub taken: Vec<TableId>,
}

/// The rules for the persons in a world.
pub fn policy(rng: &mut Rng, shape: &Shape, world: &World, subject: TableId, persons: &[usize]) -> Policy {
    let primary = &world.tables[subject].primary;
    let key = rng.chance(50).then(|| {
        let mut key = primary.clone();
        rng.shuffle(&mut key);
        key
    });
    let by_name = (0..world.keys.len()).map(|id| is_named(rng, world, id)).collect();
    let policy = Policy {
        whose: Whose::Rows,
        subject,
        key,
        condition: None,
        guards: Vec::new(),
        tables: Vec::new(),
        reports: Vec::new(),
        accepted: Vec::new(),
        by_name,
    };
    let circles = Circles::new(world, subject);
    let mut draft = Draft { rng, shape, world, policy, persons, circles, deleted: Vec::new(), taken: Vec::new() };
    draft.doom();
    draft.subject();
    for table in draft.circles.order.clone().into_iter().skip(1) {
        draft.table(table);
    }
    draft.replies_upwards();
    draft.loose_tables();
    draft.parents();
    let mut policy = draft.policy;
    rng.shuffle(&mut policy.tables);
    policy
}

/// Whether paths spell a key by its constraint: where the columns don't say which is meant, and now and then.
fn is_named(rng: &mut Rng, world: &World, id: KeyId) -> bool {
    let key = &world.keys[id];
    let sorted = |columns: &[usize]| {
        let mut columns = columns.to_vec();
        columns.sort_unstable();
        columns
    };
    let is_twin = |(other, it): (KeyId, &crate::oracle::world::ForeignKey)| {
        other != id && it.child == key.child && sorted(&it.child_columns) == sorted(&key.child_columns)
    };
    !key.is_virtual() && (world.keys.iter().enumerate().any(is_twin) || rng.chance(20))
}

impl Draft<'_> {
    pub fn self_keys(&self, table: TableId) -> Vec<KeyId> {
        (0..self.world.keys.len())
            .filter(|&id| self.world.keys[id].child == table && self.world.keys[id].parent == table)
            .collect()
    }

    /// Whether a cascade from here meets no table that keeps rows, and no circle unless that is wanted.
    fn can_cascade(&mut self, table: TableId) -> bool {
        let mut reached = self.world.below(table);
        let keeps = |at: &TableId| {
            *at != table && self.policy.rules(*at).is_some_and(|rules| rules.iter().any(|it| !it.action.deletes()))
        };
        if reached.iter().any(keeps) {
            return false;
        }
        let is_circular = |draft: &Self, at: TableId| draft.world.below(at).contains(&at);
        reached.push(table);
        !reached.iter().any(|&at| is_circular(self, at)) || self.rng.chance(self.shape.recursive)
    }

    /// Whether a cascade from above reaches a table.
    fn is_below_cascade(&self, table: TableId) -> bool {
        let cascades = |rules: &[Rule]| rules.iter().any(|rule| rule.action == Action::Cascade);
        let starts = |at: TableId| self.taken.contains(&at) || self.policy.rules(at).is_some_and(cascades);
        (0..self.world.tables.len()).any(|at| starts(at) && self.world.below(at).contains(&table))
    }

    fn subject(&mut self) {
        let table = self.policy.subject;
        let own_keys = self.self_keys(table);
        let own = vec![Vec::new()];
        let referrals: Vec<Path> = own_keys.iter().map(|&key| vec![key]).collect();
        let is_cascade = self.rng.chance(self.shape.cascades / 2) && self.can_cascade(table);
        let is_deleted = is_cascade || self.rng.chance(self.shape.deletes / 2);
        let mut settle = self.let_go_in_advance(table);
        if is_deleted {
            settle.extend(&own_keys);
        }
        let mut rules = match (is_cascade, is_deleted) {
            (true, _) => vec![self.rule(own.clone(), None, Action::Cascade)],
            (false, deletes) => self.group(table, &own, deletes, &settle),
        };
        if !referrals.is_empty() {
            let mut theirs = match is_cascade {
                true => vec![self.rule(referrals, None, Action::Cascade)],
                false => self.group(table, &referrals, false, &settle),
            };
            if self.rng.chance(40) {
                theirs.append(&mut rules);
                rules = theirs;
            } else {
                rules.append(&mut theirs);
            }
        }
        self.push(table, rules);
    }

    fn table(&mut self, table: TableId) {
        let (world, subject) = (self.world, self.policy.subject);
        let up: Vec<KeyId> = (0..world.keys.len())
            .filter(|&id| world.keys[id].child == table && world.keys[id].parent != table)
            .filter(|&id| self.circles.order.contains(&world.keys[id].parent))
            .collect();
        let is_below_cascade = self.is_below_cascade(table);
        let is_whole = self.is_whole(table);
        let candidates: Vec<Path> = world
            .paths(table, subject, 4)
            .into_iter()
            .filter(|path| world.keys[path[0]].parent != table)
            .filter(|path| path.iter().skip(1).all(|&key| !self.taken.contains(&world.keys[key].child)))
            .collect();
        if is_whole && !self.circles.needed.contains(&table) && (candidates.is_empty() || self.rng.chance(75)) {
            self.taken.push(table);
            return;
        }
        let mut settle = Vec::new();
        let mut followed: Vec<Path> = Vec::new();
        for &key in &up {
            for (parent, path) in self.deleted.clone() {
                if parent == world.keys[key].parent {
                    followed.push([key].into_iter().chain(path).collect());
                    settle.push(key);
                }
            }
        }
        self.direct_paths(table, &mut followed);
        if !candidates.is_empty() && (followed.is_empty() || self.rng.chance(20)) {
            let more = candidates[self.rng.below(candidates.len().min(3))].clone();
            if !followed.contains(&more) {
                followed.push(more);
            }
        }
        if followed.is_empty() {
            return;
        }
        let must_delete = is_below_cascade || settle.iter().any(|&key| releases(world, key).is_empty());
        if is_whole || self.rng.chance(self.shape.cascades) && self.can_cascade(table) {
            let rule = self.rule(followed, None, Action::Cascade);
            self.push(table, vec![rule]);
            return;
        }
        // A circle below a cascade can only be left by cascading on.
        if is_below_cascade && world.below(table).contains(&table) {
            let rule = self.rule(followed, None, Action::Cascade);
            self.push(table, vec![rule]);
            return;
        }
        settle.extend(self.let_go_in_advance(table));
        self.groups(table, followed, must_delete, settle);
    }

    /// Keys to the subject itself are followed, or accepted by name.
    fn direct_paths(&mut self, table: TableId, followed: &mut Vec<Path>) {
        let (world, subject) = (self.world, self.policy.subject);
        for (id, key) in world.keys.iter().enumerate() {
            if key.child != table || key.parent != subject || followed.contains(&vec![id]) {
                continue;
            }
            let it = &world.tables[table];
            let is_plain = |name: &str| name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            let column = &it.columns[key.child_columns[0]].name;
            let can_be_accepted = it.schema == "public"
                && is_plain(&it.name)
                && key.child_columns.len() == 1
                && is_plain(column)
                && world.keys.iter().filter(|k| k.child == table && k.child_columns == key.child_columns).count() == 1
                && !followed.is_empty();
            let is_followed = || {
                let people = self.persons;
                it.rows.iter().any(|row| world.parents(id, row).iter().any(|parent| people.contains(parent)))
            };
            if can_be_accepted && self.rng.chance(self.shape.accepted_paths) {
                let expect_none = self.rng.chance(self.shape.expect_none) && (!is_followed() || self.rng.chance(15));
                self.policy.accepted.push(Accepted { key: id, expect_none });
            } else {
                followed.push(vec![id]);
            }
        }
    }

    /// The rules of a table: its paths in one or two groups, and what replies to deleted rows.
    fn groups(&mut self, table: TableId, mut followed: Vec<Path>, must_delete: bool, mut settle: Vec<KeyId>) {
        let own_keys = self.self_keys(table);
        let is_frozen = self.circles.frozen.contains(&table) && !self.rng.chance(5);
        let deletes = must_delete || !is_frozen && self.rng.chance(self.shape.deletes);
        if deletes {
            settle.extend(&own_keys);
        }
        self.rng.shuffle(&mut followed);
        let mut groups = vec![followed];
        if groups[0].len() > 1 && self.rng.chance(55) {
            let at = self.rng.between(1, groups[0].len() - 1);
            let second = groups[0].split_off(at);
            groups.push(second);
        }
        let before = self.deleted.len();
        let mut rules = Vec::new();
        for group in groups {
            let mut some = match must_delete {
                true => self.deleting(table, &group),
                false => self.group(table, &group, deletes, &settle),
            };
            rules.append(&mut some);
        }
        let mut replies = Vec::new();
        for &key in &own_keys {
            let gone: Vec<Path> = self.deleted[before..].iter().map(|(_, path)| path.clone()).collect();
            replies.extend(gone.into_iter().map(|path| [key].into_iter().chain(path).collect::<Path>()));
        }
        if !replies.is_empty() {
            let action = columns(self.rng, self.shape, self.world, table, &settle);
            let rule = self.rule(replies, None, action);
            let at = if self.rng.chance(30) && !must_delete { 0 } else { rules.len() };
            rules.insert(at, rule);
        }
        self.circles.settled.insert(table, settle);
        self.push(table, rules);
    }

    fn deleting(&mut self, table: TableId, group: &[Path]) -> Vec<Rule> {
        self.deleted.extend(group.iter().map(|path| (table, path.clone())));
        vec![self.rule(group.to_vec(), None, Action::Delete)]
    }

    /// One or more rules for the same paths: conditional ones first, the last without a condition.
    pub fn group(&mut self, table: TableId, group: &[Path], deletes: bool, settle: &[KeyId]) -> Vec<Rule> {
        let mut rules = Vec::new();
        let conditional = *self.rng.pick(&[0, 0, 1, 1, 2]);
        for place in 0..=conditional {
            let action = match self.rng.below(100) {
                0..=55 if deletes => {
                    self.deleted.extend(group.iter().map(|path| (table, path.clone())));
                    Action::Delete
                }
                // Now and then a reference is forgotten.
                0..=20 if settle.is_empty() || self.rng.chance(4) => Action::Keep,
                _ => columns(self.rng, self.shape, self.world, table, settle),
            };
            let condition = (place < conditional).then(|| condition(self.rng, self.shape, self.world, table));
            rules.push(self.rule(group.to_vec(), condition, action));
        }
        rules
    }

    pub fn rule(
        &mut self,
        paths: Vec<Path>,
        condition: Option<crate::oracle::condition::Condition>,
        action: Action,
    ) -> Rule {
        let between = paths.iter().flat_map(|path| path.iter().skip(1)).map(|&key| self.world.keys[key].child);
        self.circles.needed.extend(between);
        let reach = if paths == [Path::new()] { Reach::Implied } else { Reach::Via(paths) };
        let name = self.rng.chance(25).then(|| format!("rule {}", self.rng.below(1000)));
        Rule { name, reach, condition, action }
    }

    fn push(&mut self, table: TableId, mut rules: Vec<Rule>) {
        let is_implied = |rule: &Rule| {
            let implied = self.policy.resolved(self.world, table, &Reach::Implied);
            table != self.policy.subject && implied == self.policy.resolved(self.world, table, &rule.reach)
        };
        if rules.iter().all(is_implied) && self.rng.chance(50) {
            for rule in &mut rules {
                rule.reach = Reach::Implied;
            }
        }
        let as_list = self.rng.chance(15);
        self.policy.tables.push(TableRules { table, rules, as_list });
    }

    /// Tables whose rows belong to the subject by convention only.
    fn loose_tables(&mut self) {
        let world = self.world;
        for (table, it) in world.tables.iter().enumerate() {
            let refs: Vec<usize> =
                (0..it.columns.len()).filter(|&id| it.columns[id].name.starts_with("user_ref")).collect();
            if refs.is_empty() || world.keys.iter().any(|key| key.child == table) {
                continue;
            }
            let primary = &world.tables[self.policy.subject].primary;
            let key = self.policy.key.as_ref().unwrap_or(primary);
            let place = |column: &usize| primary.iter().position(|id| id == column).unwrap_or(0);
            let refs: Vec<usize> = key.iter().map(|column| refs[place(column)]).collect();
            let mut rules = self.group(table, &[Vec::new()], true, &[]);
            for rule in &mut rules {
                rule.reach = Reach::BySubject(refs.clone());
            }
            self.deleted.retain(|(at, _)| *at != table);
            self.policy.tables.push(TableRules { table, rules, as_list: false });
        }
    }
}
