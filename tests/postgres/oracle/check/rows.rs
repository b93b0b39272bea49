//! Is every reference to a row that goes settled?

use super::Check;
use crate::oracle::rules::{Action, Decision, Reach, Rule, Whose};
use crate::oracle::world::{ForeignKey, Path, TableId};

impl Check<'_> {
    /// Every row that may reference a deleted one goes too, or lets go.
    pub(super) fn deletes(&mut self, table: TableId, rule: &Rule) {
        const CODES: &[&str] = &["orphans", "path-not-followed", "undecided-table", "cascade-conflict", "key-cycle"];
        let world = self.world;
        if let Reach::Parents(keys, _) = &rule.reach {
            // What is looked up from rows that go on pointing here is shared with these, or refused at once.
            let points_on = |key: &&ForeignKey| {
                self.case.policy.rules(key.child).unwrap_or_default().iter().any(|it| !settles(key, &it.action))
            };
            let keys: Vec<&ForeignKey> = keys.iter().map(|&key| &world.keys[key]).filter(points_on).collect();
            keys.iter().for_each(|key| self.push(false, CODES, format!("{:?} stays and dangles", key.name)));
            // Whoever else references them keeps them.
            return;
        }
        let into = world.keys.iter().enumerate().filter(|(_, key)| key.parent == table);
        for (id, key) in into {
            let case = self.case;
            // Whatever the rule takes, each row of the others may reference it: some rule has to let go, and a run shows
            // whether all have.
            let takes_any = match rule.reach {
                Reach::BySubject(_) => true,
                Reach::EveryRow => rule.condition.is_some(),
                Reach::Implied | Reach::Via(_) | Reach::Parents(..) | Reach::Misspelt(_) => false,
            };
            let Some(rules) = case.policy.rules(key.child) else {
                // A cascade may take these rows, but not because of this rule.
                let is_decided = self.is_cascade(key.child) || takes_any && case.is_below_cascade(key.child);
                self.push(!is_decided, CODES, format!("{:?}", key.name));
                continue;
            };
            if takes_any {
                let is_forgotten = !rules.iter().any(|it| settles(key, &it.action));
                self.push(is_forgotten, CODES, format!("{:?}: a rule doesn't settle it", key.name));
                continue;
            }
            if rule.reach == Reach::EveryRow && !rules.iter().all(|it| settles(key, &it.action)) {
                self.push(true, CODES, format!("{:?}: a rule doesn't settle it", key.name));
            }
            for path in self.paths_of(table, rule) {
                let path: Path = [id].into_iter().chain(path).collect();
                let follows = |rule: &Rule| self.paths_of(key.child, rule).contains(&path);
                let Some(last) = rules.iter().rposition(follows) else {
                    self.push(true, CODES, format!("{:?}: no rule settles what references deleted rows", key.name));
                    continue;
                };
                let loose: Vec<bool> =
                    rules[..=last].iter().filter(|rule| !settles(key, &rule.action)).map(follows).collect();
                // Which rows a condition takes is the database's to know, where somebody has thought of those below them.
                let is_thought_of =
                    rule.condition.is_some() && rules[..=last].iter().any(|it| follows(it) && settles(key, &it.action));
                for certain in loose {
                    self.push(
                        certain && !is_thought_of,
                        &["orphans", "rule-order"],
                        format!("{:?} stays and dangles", key.name),
                    );
                }
                if !is_thought_of {
                    self.own_row(key, rules, &path);
                }
            }
        }
    }

    /// A person's own row may reference, by this path, what goes as well, and no path is about it.
    fn own_row(&mut self, key: &ForeignKey, rules: &[Rule], path: &Path) {
        let is_person = self.case.policy.whose == Whose::Rows && key.child == self.case.policy.subject;
        if !is_person || path.len() < 2 || path[1..].contains(&path[0]) {
            return;
        }
        let own: Vec<&Rule> = rules.iter().filter(|rule| rule.reach == Reach::Implied).collect();
        if own.is_empty() || own.iter().any(|rule| !settles(key, &rule.action)) {
            self.push(true, &["orphans"], format!("{:?} of a person's own row dangles", key.name));
        }
    }

    /// A cascade meets only tables that go as well.
    pub(super) fn cascades(&mut self, table: TableId) {
        let reached = self.world.below(table);
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
        || key.child_columns.iter().any(|&column| {
            matches!(action.decision(column), Some(Decision::Null | Decision::Default | Decision::Reassign(_)))
        })
}
