//! Which policies must be refused before anything runs?
//!
//! What 2-policy.md calls an error, as far as the test's own language can express it. Where the answer depends on the
//! rows, the finding is uncertain: whoever accepts such a policy must then do what the model says, or fail whole.

mod fit;
mod reach;
mod rows;

pub use self::rows::settles;
use super::rules::{Accepted, Action, Case, Reach, Rule, Whose};
use super::world::{ForeignKey, KeyId, Layout, Path, Table, TableId, World};

/// One thing that is wrong with a policy.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Whether every engine must refuse, whatever the rows.
    pub certain: bool,
    /// The diagnostics that say so; one of them is enough.
    pub codes: &'static [&'static str],
    /// Where.
    pub place: String,
    /// What it is counted as, of `computed::REFUSED`.
    pub class: Option<&'static str>,
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
    check.heirs();
    for entry in &case.policy.tables {
        check.paths(entry);
        check.order(entry);
        for rule in &entry.rules {
            check.columns(entry, rule);
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

impl<'a> Check<'a> {
    fn push(&mut self, certain: bool, codes: &'static [&'static str], place: String) {
        self.findings.push(Finding { certain, codes, place, class: None });
    }

    /// A finding about a computed value.
    fn push_computed(&mut self, class: &'static str, codes: &'static [&'static str], place: String) {
        self.findings.push(Finding { certain: true, codes, place, class: Some(class) });
    }

    fn name(&self, table: TableId) -> String {
        format!("{:?}", self.world.tables[table].name)
    }

    fn keys_from(&self, child: TableId) -> Vec<(KeyId, &'a ForeignKey)> {
        let world = self.world;
        world.keys.iter().enumerate().filter(|(_, key)| key.child == child).collect()
    }

    /// Whether a table's rows go whole with the rows that they reference: by rules of its own that say so, or because
    /// every key that leads to the subject leads into such a table.
    fn is_cascade(&self, table: TableId) -> bool {
        let world = self.world;
        let leading = self.leading();
        let leads = |at: TableId| leading.contains(&at);
        let says_so = |rules: &[Rule]| rules.iter().all(|rule| rule.action == Action::Cascade);
        let is_candidate = |at: &TableId| self.case.policy.rules(*at).map_or(leads(*at), says_so);
        let mut whole: Vec<TableId> = (0..world.tables.len()).filter(is_candidate).collect();
        // Circles of tables hold each other up, until one of them has a reference to somewhere else.
        loop {
            let is_held = |at: &TableId| {
                self.case.policy.rules(*at).is_some()
                    || self.keys_from(*at).iter().all(|(_, key)| !leads(key.parent) || whole.contains(&key.parent))
            };
            let held: Vec<TableId> = whole.iter().copied().filter(is_held).collect();
            if held.len() == whole.len() {
                return whole.contains(&table);
            }
            whole = held;
        }
    }

    /// The subject's table, tables whose rows are the subject's without a key, and every table that leads there by keys
    /// that nobody has accepted.
    fn leading(&self) -> Vec<TableId> {
        let policy = &self.case.policy;
        let is_start = |at: &TableId| {
            let by_value = |rule: &Rule| matches!(rule.reach, Reach::BySubject(_));
            policy.whose == Whose::Rows && *at == policy.subject
                || policy.rules(*at).is_some_and(|rules| rules.iter().any(by_value))
        };
        let mut found: Vec<TableId> = (0..self.world.tables.len()).filter(is_start).collect();
        let mut next = 0;
        while let Some(&parent) = found.get(next) {
            for (id, key) in self.world.keys.iter().enumerate().filter(|(_, key)| key.parent == parent) {
                if !found.contains(&key.child) && !self.is_accepted(id) {
                    found.push(key.child);
                }
            }
            next += 1;
        }
        found
    }

    /// Whether somebody has accepted that a key isn't followed, and no rule follows it all the same.
    fn is_accepted(&self, id: KeyId) -> bool {
        let (policy, key) = (&self.case.policy, &self.world.keys[id]);
        let names = |accepted: &Accepted| {
            let named = &self.world.keys[accepted.key];
            named.child == key.child && named.child_columns == key.child_columns
        };
        let mut rules = policy.tables.iter().flat_map(|entry| entry.rules.iter().map(move |rule| (entry.table, rule)));
        policy.accepted.iter().any(names)
            && !rules.any(|(table, rule)| self.paths_of(table, rule).iter().any(|path| path.contains(&id)))
            && !self.case.is_cascaded(key.parent)
    }

    fn paths_of(&self, table: TableId, rule: &Rule) -> Vec<Path> {
        self.case.policy.resolved(self.world, table, &rule.reach).unwrap_or_default()
    }

    /// Who inherits from a decided table is decided, too.
    fn heirs(&mut self) {
        let is_decided = |table: TableId| self.case.policy.rules(table).is_some() || self.case.is_below_cascade(table);
        let is_left = |(id, table): &(TableId, &Table)| match table.layout {
            Layout::Heir(of) => is_decided(of) && !is_decided(*id),
            Layout::Plain | Layout::Partitioned { .. } => false,
        };
        let left: Vec<TableId> = self.world.tables.iter().enumerate().filter(is_left).map(|(id, _)| id).collect();
        left.into_iter().for_each(|table| self.push(true, &["undecided-table"], self.name(table)));
    }

    /// Every table that leads to the subject is decided.
    fn coverage(&mut self) {
        let (policy, subject) = (&self.case.policy, self.case.policy.subject);
        let wanted = match policy.whose {
            Whose::Rows | Whose::Values(_) => self.leading(),
            Whose::EveryRow => (0..self.world.tables.len()).collect(),
        };
        let is_nobodys = |table: &TableId| policy.whose != Whose::Rows || *table != subject;
        for table in wanted.into_iter().filter(is_nobodys) {
            if policy.rules(table).is_some() || self.is_cascade(table) {
                continue;
            }
            let is_below_cascade = self.case.is_below_cascade(table);
            let is_direct = self.keys_from(table).iter().any(|(_, key)| {
                policy.whose == Whose::Rows
                    && key.parent == subject
                    && !policy.rules(subject).is_some_and(|rules| rules.iter().any(|r| r.action == Action::Cascade))
            });
            let codes = &["undecided-table", "path-not-followed", "path-outside-policy", "orphans"];
            self.push(!is_below_cascade || is_direct, codes, self.name(table));
        }
    }
}
