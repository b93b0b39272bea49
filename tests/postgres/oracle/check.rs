//! Which policies must be refused before anything runs?
//!
//! What 2-policy.md calls an error, as far as the test's own language can express it. Where the answer depends on the
//! rows, the finding is uncertain: whoever accepts such a policy must then do what the model says, or fail whole.

use super::law::law_of;
use super::world::{Action, Case, ColumnId, Decision, ForeignKey, KeyId, Path, Rule, TableId, TableRules, Type, World};

/// One thing that is wrong with a policy.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Whether every engine must refuse, whatever the rows.
    pub certain: bool,
    /// The diagnostics that say so; one of them is enough.
    pub codes: &'static [&'static str],
    /// Where.
    pub place: String,
}

struct Check<'a> {
    case: &'a Case,
    world: &'a World,
    findings: Vec<Finding>,
}

/// Everything that is wrong with a case's policy.
pub fn findings(case: &Case) -> Vec<Finding> {
    let mut check = Check { case, world: &case.world, findings: Vec::new() };
    check.coverage();
    for entry in &case.policy.tables {
        check.paths(entry);
        check.order(entry);
        for rule in &entry.rules {
            check.columns(entry.table, rule);
            match rule.action {
                Action::Delete => check.deletes(entry.table, rule),
                Action::Cascade => check.cascades(entry.table),
                Action::Keep | Action::Columns { .. } => {}
            }
        }
    }
    for guard in &case.policy.guards {
        if case.policy.resolved(check.world, guard.table, &guard.reach).is_none() {
            check.push(true, &["unknown-path", "path-required", "invalid-path"], format!("guard {}", guard.name));
        }
    }
    check.findings
}

/// Every table that references this one, directly or through others.
pub fn below(world: &World, table: TableId) -> Vec<TableId> {
    let mut found: Vec<TableId> = Vec::new();
    let mut open = vec![table];
    while let Some(parent) = open.pop() {
        for key in world.keys.iter().filter(|key| key.parent == parent) {
            if !found.contains(&key.child) {
                found.push(key.child);
                open.push(key.child);
            }
        }
    }
    found
}

impl<'a> Check<'a> {
    fn push(&mut self, certain: bool, codes: &'static [&'static str], place: String) {
        self.findings.push(Finding { certain, codes, place });
    }

    fn name(&self, table: TableId) -> String {
        format!("{:?}", self.world.tables[table].name)
    }

    fn keys_from(&self, child: TableId) -> Vec<(KeyId, &'a ForeignKey)> {
        let world = self.world;
        world.keys.iter().enumerate().filter(|(_, key)| key.child == child).collect()
    }

    /// Whether a table's rows go whole with the rows that they reference.
    fn is_cascade(&self, table: TableId) -> bool {
        match self.case.policy.rules(table) {
            Some(rules) => rules.iter().all(|rule| rule.action == Action::Cascade),
            None => {
                let subject = self.case.policy.subject;
                let leads = |at: TableId| at == subject || below(self.world, subject).contains(&at);
                let up: Vec<_> = self.keys_from(table).into_iter().filter(|(_, key)| leads(key.parent)).collect();
                !up.is_empty() && up.iter().all(|(_, key)| key.parent != table && self.is_cascade(key.parent))
            }
        }
    }

    /// Every table that leads to the subject is decided.
    fn coverage(&mut self) {
        let (policy, subject) = (&self.case.policy, self.case.policy.subject);
        for table in below(self.world, subject) {
            if policy.rules(table).is_some() || self.is_cascade(table) {
                continue;
            }
            let is_below_cascade = policy.tables.iter().any(|entry| {
                entry.rules.iter().any(|rule| rule.action == Action::Cascade)
                    && below(self.world, entry.table).contains(&table)
            });
            let is_direct = self.keys_from(table).iter().any(|(_, key)| {
                key.parent == subject
                    && !policy.rules(subject).is_some_and(|rules| rules.iter().any(|r| r.action == Action::Cascade))
            });
            let codes = &["undecided-table", "path-not-followed", "path-outside-policy", "orphans"];
            self.push(!is_below_cascade || is_direct, codes, self.name(table));
        }
    }

    fn paths_of(&self, table: TableId, rule: &Rule) -> Vec<Path> {
        self.case.policy.resolved(self.world, table, &rule.reach).unwrap_or_default()
    }

    /// Every `via` names a path, and every direct path is followed.
    fn paths(&mut self, entry: &TableRules) {
        let policy = &self.case.policy;
        for rule in &entry.rules {
            if policy.resolved(self.world, entry.table, &rule.reach).is_none() {
                self.push(
                    true,
                    &["unknown-path", "path-required", "invalid-path", "unknown-column", "rule-order"],
                    format!("a rule of {}", self.name(entry.table)),
                );
            }
            for path in self.paths_of(entry.table, rule) {
                for &key in path.iter().skip(1) {
                    if policy.rules(self.world.keys[key].child).is_none() {
                        let place = format!("a path of {}", self.name(entry.table));
                        self.push(true, &["path-outside-policy", "undecided-table"], place);
                    }
                }
            }
        }
        for (id, key) in self.keys_from(entry.table) {
            let is_followed = entry.rules.iter().any(|rule| self.paths_of(entry.table, rule).contains(&vec![id]));
            if key.parent == policy.subject && !is_followed && !policy.accepted.contains(&id) {
                let is_taken =
                    policy.rules(key.parent).is_some_and(|rules| rules.iter().any(|r| r.action == Action::Cascade));
                self.push(!is_taken, &["path-not-followed", "orphans"], format!("{:?}", key.name));
            }
        }
    }

    /// Nothing is reached and left undecided, and every rule can match.
    fn order(&mut self, entry: &TableRules) {
        let paths: Vec<Vec<Path>> = entry.rules.iter().map(|rule| self.paths_of(entry.table, rule)).collect();
        let mut seen: Vec<&Path> = Vec::new();
        for path in paths.iter().flatten() {
            if seen.contains(&path) {
                continue;
            }
            seen.push(path);
            let last = (0..entry.rules.len()).rev().find(|&place| paths[place].contains(path));
            if last.is_some_and(|place| entry.rules[place].condition.is_some()) {
                self.push(true, &["rule-order"], format!("the last rule of a path of {}", self.name(entry.table)));
            }
        }
        for (place, own) in paths.iter().enumerate() {
            let is_shadowed = |path: &Path| {
                (0..place).any(|earlier| entry.rules[earlier].condition.is_none() && paths[earlier].contains(path))
            };
            if !own.is_empty() && own.iter().all(is_shadowed) {
                self.push(true, &["rule-order"], format!("rule {place} of {}", self.name(entry.table)));
            }
        }
    }

    /// Every column is decided, and each decision fits.
    fn columns(&mut self, table: TableId, rule: &Rule) {
        if !matches!(rule.action, Action::Columns { .. }) {
            return;
        }
        let mut changed = Vec::new();
        for column in 0..self.world.tables[table].columns.len() {
            let place = format!("{}.{:?}", self.name(table), self.world.tables[table].columns[column].name);
            match rule.action.decision(column) {
                None | Some(Decision::Undecided) => self.push(true, &["undecided-column"], place),
                Some(Decision::Keep) => {}
                Some(decision) => {
                    changed.push((column, decision));
                    self.fit(table, column, decision, place);
                }
            }
        }
        self.uniqueness(table, &changed);
    }

    fn fit(&mut self, table: TableId, id: ColumnId, decision: &Decision, place: String) {
        let column = &self.world.tables[table].columns[id];
        if self.world.is_referenced(table, id) {
            self.push(
                true,
                &["referenced-column", "not-null", "not-unique", "no-default", "wrong-type"],
                place.clone(),
            );
        }
        match decision {
            Decision::Keep | Decision::Undecided => {}
            Decision::Null if column.nullable => {}
            Decision::Null => self.push(true, &["not-null"], place),
            Decision::Default if column.default.is_none() => self.push(true, &["no-default", "not-null"], place),
            // The stand-in row may be among those that go.
            Decision::Default if self.may_lose_stand_in(table, id) => {
                self.push(false, &["broken-reference", "orphans"], place)
            }
            Decision::Default => {}
            Decision::Sql(_) if self.world.is_reference(table, id) => self.push(false, &["broken-reference"], place),
            Decision::Sql(_) => {}
            Decision::Replace(text) => {
                if self.world.is_reference(table, id) {
                    self.push(false, &["broken-reference"], place.clone());
                }
                match column.ty {
                    Type::Integer if text.parse::<i32>().is_err() => self.push(true, &["wrong-type"], place),
                    Type::Bigint if text.parse::<i64>().is_err() => self.push(true, &["wrong-type"], place),
                    Type::Varchar(length) if text.chars().count() > length => self.push(true, &["too-long"], place),
                    Type::Boolean if text != "true" && text != "false" => self.push(true, &["wrong-type"], place),
                    Type::Date if text.len() != 10 => self.push(true, &["wrong-type", "invalid-value"], place),
                    Type::Jsonb if !text.starts_with(['{', '[']) => self.push(true, &["wrong-type"], place),
                    Type::Enum(of) if !self.world.enums[of].labels.contains(&text.as_str()) => {
                        self.push(true, &["not-in-enum"], place);
                    }
                    _ => {}
                }
            }
            Decision::Randomize(random) => {
                if self.world.is_reference(table, id) {
                    self.push(true, &["broken-reference", "not-unique", "wrong-type"], place.clone());
                }
                if law_of(self.world, table, id, random).form == super::law::Form::Nothing {
                    self.push(true, &["wrong-type"], place);
                }
            }
        }
    }

    fn may_lose_stand_in(&self, table: TableId, column: ColumnId) -> bool {
        let policy = &self.case.policy;
        let loses = |parent: TableId| {
            self.is_cascade(parent)
                || policy.rules(parent).is_some_and(|rules| rules.iter().any(|rule| rule.action.deletes()))
        };
        self.keys_from(table).iter().any(|(_, key)| key.child_columns.contains(&column) && loses(key.parent))
    }

    /// What changes under a unique key is unique by construction, or null.
    fn uniqueness(&mut self, table: TableId, changed: &[(ColumnId, &Decision)]) {
        let it = &self.world.tables[table];
        for columns in it.uniques.iter().chain([&it.primary]) {
            let decisions: Vec<_> = changed.iter().filter(|(column, _)| columns.contains(column)).collect();
            let is_unique = |(column, decision): &&&(ColumnId, &Decision)| match decision {
                Decision::Null => true,
                Decision::Randomize(random) => law_of(self.world, table, *column, random).unique,
                _ => false,
            };
            let unique = decisions.iter().filter(is_unique).count();
            if unique < decisions.len() {
                let codes = &["not-unique", "referenced-column", "no-default", "wrong-type", "broken-reference"];
                self.push(unique == 0, codes, format!("a unique key of {}", self.name(table)));
            }
        }
    }

    /// Every row that may reference a deleted one goes too, or lets go.
    fn deletes(&mut self, table: TableId, rule: &Rule) {
        const CODES: &[&str] = &["orphans", "path-not-followed", "undecided-table", "cascade-conflict"];
        let world = self.world;
        let into = world.keys.iter().enumerate().filter(|(_, key)| key.parent == table);
        for (id, key) in into {
            let case = self.case;
            let Some(rules) = case.policy.rules(key.child) else {
                // A cascade may take these rows, but not because of this rule.
                let is_decided = self.is_cascade(key.child);
                self.push(!is_decided, CODES, format!("{:?}", key.name));
                continue;
            };
            for path in self.paths_of(table, rule) {
                let path: Path = [id].into_iter().chain(path).collect();
                let follows = |rule: &Rule| self.paths_of(key.child, rule).contains(&path);
                let Some(last) = rules.iter().rposition(follows) else {
                    self.push(true, CODES, format!("{:?}: no rule settles what references deleted rows", key.name));
                    continue;
                };
                let loose: Vec<bool> =
                    rules[..=last].iter().filter(|rule| !settles(key, &rule.action)).map(follows).collect();
                for certain in loose {
                    self.push(certain, &["orphans", "rule-order"], format!("{:?} stays and dangles", key.name));
                }
            }
        }
    }

    /// A cascade meets only tables that go as well.
    fn cascades(&mut self, table: TableId) {
        let reached = below(self.world, table);
        if reached.iter().any(|&at| self.world.keys.iter().any(|key| key.child == at && key.parent == at))
            || reached.contains(&table)
        {
            self.push(false, &["key-cycle", "cascade-conflict", "path-not-followed", "orphans"], self.name(table));
        }
        for at in reached {
            if self.case.policy.rules(at).is_some_and(|rules| rules.iter().any(|rule| !rule.action.deletes())) {
                self.push(true, &["cascade-conflict"], self.name(at));
            }
        }
    }
}

/// Whether an action ends a row's reference, or the row.
pub fn settles(key: &ForeignKey, action: &Action) -> bool {
    action.deletes()
        || key
            .child_columns
            .iter()
            .any(|&column| matches!(action.decision(column), Some(Decision::Null | Decision::Default)))
}
