//! Which policy fits a schema?
//!
//! Tables are decided from the subject downwards. What a table deletes is remembered, so that the tables below it
//! follow the same rows and go or let go: that is what makes most policies acceptable.

use super::Shape;
use super::decisions::{columns, condition, releases};
use crate::oracle::check::below;
use crate::oracle::condition::Condition;
use crate::oracle::law::law_of;
use crate::oracle::model::{Outcome, predict};
use crate::oracle::rng::Rng;
use crate::oracle::world::{
    Action, Case, Decision, Guard, KeyId, Path, Policy, Reach, Report, Rule, TableId, TableRules, Type, World,
};

struct Draft<'a> {
    rng: &'a mut Rng,
    shape: &'a Shape,
    world: &'a World,
    policy: Policy,
    /// Scopes whose rows are deleted by a rule of their own.
    deleted: Vec<(TableId, Path)>,
    /// Tables that only a cascade decides.
    taken: Vec<TableId>,
}

/// A policy for the person in a world.
pub fn policy(rng: &mut Rng, shape: &Shape, world: &World, subject: TableId, person: usize) -> Policy {
    let primary = &world.tables[subject].primary;
    let key = rng.chance(50).then(|| {
        let mut key = primary.clone();
        rng.shuffle(&mut key);
        key
    });
    let by_name = world
        .keys
        .iter()
        .map(|key| {
            let is_ambiguous =
                world.keys.iter().filter(|k| k.child == key.child && k.child_columns == key.child_columns).count() > 1;
            let is_reordered = world.keys.iter().any(|k| {
                k.child == key.child && k.child_columns != key.child_columns && {
                    let sorted = |columns: &[usize]| {
                        let mut columns = columns.to_vec();
                        columns.sort_unstable();
                        columns
                    };
                    sorted(&k.child_columns) == sorted(&key.child_columns)
                }
            });
            is_ambiguous || is_reordered || rng.chance(20)
        })
        .collect();
    let policy = Policy {
        subject,
        key,
        condition: None,
        guards: Vec::new(),
        tables: Vec::new(),
        reports: Vec::new(),
        accepted: Vec::new(),
        by_name,
    };
    let mut draft = Draft { rng, shape, world, policy, deleted: Vec::new(), taken: Vec::new() };
    draft.subject();
    let reached = below(world, subject);
    for table in (0..world.tables.len()).filter(|table| reached.contains(table) && *table != subject) {
        draft.table(table);
    }
    draft.loose_tables();
    let mut policy = draft.policy;
    rng.shuffle(&mut policy.tables);
    let mut case = Case { seed: 0, world: world.clone(), policy, person };
    limits(rng, shape, &mut case);
    case.policy
}

impl Draft<'_> {
    fn self_keys(&self, table: TableId) -> Vec<KeyId> {
        (0..self.world.keys.len())
            .filter(|&id| self.world.keys[id].child == table && self.world.keys[id].parent == table)
            .collect()
    }

    /// Whether a cascade from here meets no tree, which would be a cycle.
    fn can_cascade(&self, table: TableId) -> bool {
        below(self.world, table).into_iter().chain([table]).all(|at| self.self_keys(at).is_empty())
    }

    fn subject(&mut self) {
        let table = self.policy.subject;
        let own_keys = self.self_keys(table);
        let own = vec![Vec::new()];
        let referrals: Vec<Path> = own_keys.iter().map(|&key| vec![key]).collect();
        let is_cascade = self.can_cascade(table) && self.rng.chance(self.shape.cascades / 2);
        let is_deleted = is_cascade || self.rng.chance(self.shape.deletes / 2);
        let settle = if is_deleted { own_keys } else { Vec::new() };
        let mut rules = match (is_cascade, is_deleted) {
            (true, _) => vec![self.rule(own.clone(), None, Action::Cascade)],
            (false, deletes) => self.group(table, &own, deletes, &settle),
        };
        if !referrals.is_empty() {
            let mut theirs = self.group(table, &referrals, false, &settle);
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
            .filter(|&id| world.keys[id].parent == subject || below(world, subject).contains(&world.keys[id].parent))
            .collect();
        let cascades = |rules: &[Rule]| rules.iter().any(|rule| rule.action == Action::Cascade);
        let is_taken_with = |at: TableId| self.taken.contains(&at) || self.policy.rules(at).is_some_and(cascades);
        let is_below_cascade = (0..world.tables.len()).any(|at| is_taken_with(at) && below(world, at).contains(&table));
        let is_whole = up.iter().all(|&key| {
            let parent = world.keys[key].parent;
            self.taken.contains(&parent)
                || self
                    .policy
                    .rules(parent)
                    .is_some_and(|rules| rules.iter().all(|rule| rule.action == Action::Cascade))
        });
        let candidates: Vec<Path> = world
            .paths(table, subject, 4)
            .into_iter()
            .filter(|path| world.keys[path[0]].parent != table)
            .filter(|path| path.iter().skip(1).all(|&key| !self.taken.contains(&world.keys[key].child)))
            .collect();
        if is_whole && (candidates.is_empty() || self.rng.chance(75)) {
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
        if self.can_cascade(table) && self.rng.chance(self.shape.cascades) {
            let rule = self.rule(followed, None, Action::Cascade);
            self.push(table, vec![rule]);
            return;
        }
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
            let can_be_accepted = it.schema == "public"
                && is_plain(&it.name)
                && key.child_columns.len() == 1
                && is_plain(&it.columns[key.child_columns[0]].name)
                && !followed.is_empty();
            if can_be_accepted && self.rng.chance(self.shape.accepted_paths) {
                self.policy.accepted.push(id);
            } else {
                followed.push(vec![id]);
            }
        }
    }

    /// The rules of a table: its paths in one or two groups, and what replies to deleted rows.
    fn groups(&mut self, table: TableId, mut followed: Vec<Path>, must_delete: bool, mut settle: Vec<KeyId>) {
        let own_keys = self.self_keys(table);
        let deletes = must_delete || self.rng.chance(self.shape.deletes);
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
            let action = columns(self.rng, self.world, table, &settle);
            let rule = self.rule(replies, None, action);
            let at = if self.rng.chance(30) { 0 } else { rules.len() };
            rules.insert(at, rule);
        }
        self.push(table, rules);
    }

    fn deleting(&mut self, table: TableId, group: &[Path]) -> Vec<Rule> {
        self.deleted.extend(group.iter().map(|path| (table, path.clone())));
        vec![self.rule(group.to_vec(), None, Action::Delete)]
    }

    /// One or more rules for the same paths: conditional ones first, the last without a condition.
    fn group(&mut self, table: TableId, group: &[Path], deletes: bool, settle: &[KeyId]) -> Vec<Rule> {
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
                _ => columns(self.rng, self.world, table, settle),
            };
            let condition = (place < conditional).then(|| condition(self.rng, self.shape, self.world, table));
            rules.push(self.rule(group.to_vec(), condition, action));
        }
        rules
    }

    fn rule(&mut self, paths: Vec<Path>, condition: Option<Condition>, action: Action) -> Rule {
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

/// The subject's `where`, guards and reports: mostly such that the run goes through, by the model's own judgement.
fn limits(rng: &mut Rng, shape: &Shape, case: &mut Case) {
    let person = case.world.tables[case.policy.subject].rows[case.person].clone();
    let is_eligible = !rng.chance(shape.not_eligible);
    if !is_eligible || rng.chance(30) {
        for _ in 0..12 {
            let found = condition(rng, shape, &case.world, case.policy.subject);
            if (found.holds(&case.world, &person) == Some(true)) == is_eligible {
                case.policy.condition = Some(found);
                break;
            }
        }
    }
    let decided: Vec<TableId> = case.policy.tables.iter().map(|entry| entry.table).collect();
    if rng.chance(shape.guards) {
        let may_block = rng.chance(25);
        for number in 0..rng.between(1, 3) {
            let table = *rng.pick(&decided);
            let rules = case.policy.rules(table).unwrap_or_default();
            let reach = rng.pick(rules).reach.clone();
            if matches!(reach, Reach::BySubject(_)) {
                continue;
            }
            let guarded = Some(condition(rng, shape, &case.world, table));
            case.policy.guards.push(Guard { name: format!("guard {number}"), table, reach, condition: guarded });
            if matches!(predict(case).0, Outcome::Blocked(_)) && !may_block {
                case.policy.guards.pop();
            }
        }
    }
    if rng.chance(shape.reports) {
        let may_move = rng.chance(20);
        for number in 0..rng.between(1, 3) {
            let Some(report) = report(rng, shape, case, number) else { continue };
            case.policy.reports.push(report);
            if matches!(predict(case).0, Outcome::RolledBack(_)) && !may_move {
                case.policy.reports.pop();
            }
        }
    }
}

/// A report whose rows the model can foretell.
fn report(rng: &mut Rng, shape: &Shape, case: &Case, number: usize) -> Option<Report> {
    let world = &case.world;
    let table = rng.below(world.tables.len());
    if world.tables[table].name.contains('\n') {
        return None;
    }
    let column = rng.below(world.tables[table].columns.len());
    let condition = rng.chance(50).then(|| condition(rng, shape, world, table));
    let is_random = |at: TableId, column: usize, unique: bool| {
        let rules = case.policy.rules(at).unwrap_or_default();
        rules.iter().any(|rule| match rule.action.decision(column) {
            Some(Decision::Randomize(random)) => !(unique && law_of(world, at, column, random).unique),
            _ => false,
        })
    };
    let reads = condition.iter().flat_map(|it| it.reads(table)).collect::<Vec<_>>();
    // A sub-select would be evaluated over the state before.
    let is_foretold = world.tables[table].columns[column].ty != Type::Jsonb
        && !is_random(table, column, true)
        && reads.iter().all(|&(at, column)| at == table && !is_random(at, column, false));
    is_foretold.then(|| Report { name: format!("report {number}"), table, column, condition })
}
