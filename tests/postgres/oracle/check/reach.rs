//! Does every `via` name a path, is every direct path followed, and can every rule match?

use super::Check;
use crate::oracle::rules::{Action, Reach, Rule, TableRules, Whose};
use crate::oracle::world::{KeyId, Path, TableId};

impl Check<'_> {
    /// Every `via` names a path, and every direct path is followed.
    pub(super) fn paths(&mut self, entry: &TableRules) {
        let policy = &self.case.policy;
        for rule in &entry.rules {
            if policy.resolved(self.world, entry.table, &rule.reach).is_none() {
                self.push(
                    true,
                    &["unknown-path", "path-required", "invalid-path", "unknown-column", "rule-order"],
                    format!("a rule of {}", self.name(entry.table)),
                );
            }
            if let Reach::Parents(keys, _) = &rule.reach {
                for &key in keys {
                    let child = self.world.keys[key].child;
                    // In the subject's table a path is about other people, whose references are theirs.
                    let is_own = |rule: &Rule| child != policy.subject || rule.reach == Reach::Implied;
                    let is_meant = policy.whose != Whose::Rows
                        || policy.rules(child).is_some_and(|rules| rules.iter().any(is_own));
                    if policy.rules(child).is_none() || child == entry.table || !is_meant {
                        let place = format!("the parents in {}", self.name(entry.table));
                        self.push(true, &["path-outside-policy", "undecided-table", "unknown-path"], place);
                    }
                }
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
        let has_rows = policy.whose == Whose::Rows;
        for (id, key) in self.keys_from(entry.table).into_iter().filter(|_| has_rows) {
            let is_followed = entry.rules.iter().any(|rule| self.paths_of(entry.table, rule).contains(&vec![id]));
            if key.parent == policy.subject && !is_followed && !policy.accepted.iter().any(|it| it.key == id) {
                let is_taken =
                    policy.rules(key.parent).is_some_and(|rules| rules.iter().any(|r| r.action == Action::Cascade));
                self.push(!is_taken, &["path-not-followed", "orphans"], format!("{:?}", key.name));
            }
        }
    }

    /// What a rule follows: its paths, and the keys that lead down to rows whose parents it is about.
    fn ways_of(&self, table: TableId, rule: &Rule) -> Vec<Path> {
        match &rule.reach {
            Reach::Parents(keys, _) => keys.iter().map(|&key| vec![KeyId::MAX, key]).collect(),
            Reach::EveryRow => vec![vec![KeyId::MAX]],
            Reach::Implied | Reach::Via(_) | Reach::BySubject(_) | Reach::Misspelt(_) => self.paths_of(table, rule),
        }
    }

    /// Nothing is reached and left undecided, and every rule can match.
    pub(super) fn order(&mut self, entry: &TableRules) {
        let paths: Vec<Vec<Path>> = entry.rules.iter().map(|rule| self.ways_of(entry.table, rule)).collect();
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
}
