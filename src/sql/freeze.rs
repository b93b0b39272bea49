//! What is locked and remembered before anything changes, and what is decided again because triggers have added to it.

use std::collections::BTreeSet;

use super::lower::Lowering;
use super::script::{Assertion, Phase, Role};
use super::writer::Writer;
use crate::catalog::TableId;
use crate::plan::{CaptureReason, Closure, Predicate};
use crate::resolve::Subject;

impl Lowering<'_> {
    pub fn freeze(&mut self) {
        let plan = self.scene.plan;
        self.in_order(Phase::Freeze);
        let closes = |rows: &Predicate| rows.mentions(&|part| matches!(part, Predicate::Closure { .. }));
        let (below, above): (Vec<_>, Vec<_>) = plan.row_locks.iter().partition(|lock| closes(&lock.rows));
        for (index, lock) in above.into_iter().enumerate() {
            let comment = match index {
                0 => vec!["Lock first, read later: new rows that reference these wait for our COMMIT.".to_owned()],
                _ => Vec::new(),
            };
            self.lock(lock.table, &lock.rows, comment);
            // The first lock is the one on the subjects' own rows.
            if let Some(narrowed) = self.scene.narrowed().filter(|_| index == 0) {
                let comment = vec!["Whoever came back while the lock waited is no subject.".to_owned()];
                let role = Role::NarrowSubjects { keys: self.scene.keys_as_text() };
                self.push(Phase::Freeze, "choose again, with the rows locked", role, comment, narrowed);
            }
        }
        for index in 0..plan.closures.len() {
            self.closure(index);
        }
        for lock in below {
            self.lock(lock.table, &lock.rows, Vec::new());
        }
        self.recognise();
        let checks = self.scene.subject_checks();
        let headline = match plan.subject {
            Subject::Rows(_) | Subject::Value(_) => "the subject can't be erased:",
            Subject::EveryRow => "not every row can be changed:",
        };
        self.assertion(Phase::Freeze, Assertion::Subject, headline, &checks, Vec::new());
        for index in 0..plan.captures.len() {
            self.capture(index);
        }
        self.values_to_scrub();
        self.values_to_go();
    }

    /// The values that steps look for in texts, and whose rows these are, as everything is before the first change.
    fn values_to_scrub(&mut self) {
        let headline = "values can't be looked for in texts:";
        let Some(check) = self.scene.encoding_check() else { return };
        self.assertion(Phase::Freeze, Assertion::Values, headline, &[check], Vec::new());
        for (index, (name, spelling)) in self.scene.spelling().into_iter().enumerate() {
            let comment = match index {
                0 => vec!["How words, letters and their escapes are told in texts, whose ever they are.".to_owned()],
                _ => Vec::new(),
            };
            let mut w = Writer::new();
            w.kw("CREATE TEMP TABLE ").kw(name).kw(" ON COMMIT DROP AS\n").sql(&spelling);
            self.prepare(Phase::Freeze, "prepare to read texts", comment, w);
        }
        for (index, patterns) in self.scene.plan.patterns.iter().enumerate() {
            let number = index as i128 + 1;
            let title = "read the values to scrub";
            let comment = vec![
                format!(
                    "What is scrubbed by {}, as a regular expression for each person: their values side by side, character by",
                    self.place(patterns.origin)
                ),
                "character. Of this table only the key is ever analyzed, so that no statistics hold a value."
                    .to_owned(),
            ];
            let mut w = Writer::new();
            w.kw("CREATE TEMP TABLE efface_patterns_").number(number).kw(" ON COMMIT DROP AS\n");
            self.scene.patterns(&mut w, patterns);
            self.prepare(Phase::Freeze, title, comment, w);
            let Some(owner) = &patterns.values.owner else { continue };
            let keys = |w: &mut Writer| {
                w.list(1..=owner.key.len(), ", ", |w, n| {
                    w.kw("key").number(n as i128);
                });
            };
            let mut w = Writer::new();
            w.kw("CREATE UNIQUE INDEX ON pg_temp.efface_patterns_").number(number).kw(" (");
            keys(&mut w);
            w.kw(")");
            self.prepare(Phase::Freeze, title, Vec::new(), w);
            let mut w = Writer::new();
            w.kw("ANALYZE pg_temp.efface_patterns_").number(number).kw(" (");
            keys(&mut w);
            w.kw(")");
            self.prepare(Phase::Freeze, title, Vec::new(), w);
        }
        let checks = self.scene.value_checks();
        self.assertion(Phase::Freeze, Assertion::Values, headline, &checks, Vec::new());
        for (index, owners) in self.scene.plan.owners.iter().enumerate() {
            let name = self.name(owners.table);
            let title = format!("remember whose rows of {name} are");
            let comment =
                vec![format!("{name}: steps change what says whose these rows are, so it is remembered first.")];
            let table = self.scene.owner_table(index);
            self.prepare(Phase::Freeze, &title, comment, table);
            let mut w = Writer::new();
            w.kw("ANALYZE pg_temp.efface_owners_").number(index as i128 + 1).kw(" (").list(
                1..=owners.key.len(),
                ", ",
                |w, n| {
                    w.kw("key").number(n as i128);
                },
            );
            w.kw(")");
            self.prepare(Phase::Freeze, &title, Vec::new(), w);
        }
    }

    /// Whose the rows are that were added to a capture.
    fn owners_added(&mut self, phase: Phase, capture: usize, round: usize) {
        for (index, owners) in self.scene.plan.owners.iter().enumerate().filter(|(_, it)| it.capture == capture) {
            let name = self.name(owners.table);
            let mut w = Writer::new();
            w.kw("INSERT INTO pg_temp.efface_owners_").number(index as i128 + 1).kw("\nSELECT * FROM (\n");
            self.scene.owners(&mut w, owners, Some(round));
            w.kw("\n) AS added WHERE NOT EXISTS (SELECT FROM pg_temp.efface_owners_").number(index as i128 + 1);
            w.kw(" AS known WHERE ").list(1..=owners.key.len(), " AND ", |w, n| {
                w.kw("known.key").number(n as i128).kw(" = added.key").number(n as i128);
            });
            w.kw(")");
            let comment = vec![format!("{name}: whose the rows are that a trigger has added.")];
            self.prepare(phase, &format!("remember whose rows of {name} are"), comment, w);
        }
    }

    fn lock(&mut self, id: TableId, rows: &Predicate, comment: Vec<String>) {
        let table = self.scene.catalog.table(id);
        let mut w = Writer::new();
        w.kw("SELECT count(*) FROM (SELECT 1 FROM ")
            .rows_of(self.scene.catalog, &table.name)
            .kw(" WHERE ")
            .sql(&self.scene.rows(id, rows));
        let key: Vec<_> = table.primary_key.iter().collect();
        if !key.is_empty() {
            w.kw(" ORDER BY ").list(key, ", ", |w, name| {
                w.ident(name);
            });
        }
        w.kw(" FOR UPDATE) AS locked");
        let title = format!("lock rows of {}", table.name.bare());
        self.push(Phase::Freeze, title, Role::LockRows { table: id }, comment, w);
    }

    /// A closure is followed and locked, and followed once more now that nothing can be added below what is locked: what
    /// came in between is locked too.
    fn closure(&mut self, index: usize) {
        let closure = &self.scene.plan.closures[index];
        let names: Vec<_> = closure.members.iter().map(|member| self.name(member.table)).collect();
        let title = format!("follow the keys of {}", names.join(", "));
        let number = index as i128 + 1;
        let mut w = Writer::new();
        w.kw("CREATE TEMP VIEW efface_follow_").number(number).kw(" AS\n");
        self.scene.followed(&mut w, closure);
        let grows = closure.members.iter().any(|member| !member.follows.is_empty());
        let why = match grows {
            true => "the keys are followed until nothing new turns up",
            false => "the way here is long, so the rows are remembered",
        };
        let comment = vec![format!("{}: {why}.", names.join(", "))];
        self.prepare(Phase::Freeze, &title, comment, w);
        let mut w = Writer::new();
        w.kw("CREATE TEMP TABLE efface_closure_")
            .number(number)
            .kw(" ON COMMIT DROP AS SELECT * FROM pg_temp.efface_follow_");
        w.number(number);
        self.prepare(Phase::Freeze, &title, Vec::new(), w);
        let mut w = Writer::new();
        w.kw("ANALYZE pg_temp.efface_closure_").number(number).kw(" (");
        self.scene.closure_columns(&mut w, closure);
        w.kw(")");
        self.prepare(Phase::Freeze, &title, Vec::new(), w);
        self.lock_closure(index);
        let mut w = Writer::new();
        w.kw("DELETE FROM pg_temp.efface_closure_").number(number);
        let comment = vec!["Once more, for rows that came in or went elsewhere while we waited.".to_owned()];
        self.prepare(Phase::Freeze, &title, comment, w);
        let mut w = Writer::new();
        w.kw("INSERT INTO pg_temp.efface_closure_")
            .number(number)
            .kw(" SELECT * FROM pg_temp.efface_follow_")
            .number(number);
        self.prepare(Phase::Freeze, &title, Vec::new(), w);
        let mut w = Writer::new();
        w.kw("DROP VIEW pg_temp.efface_follow_").number(number);
        self.prepare(Phase::Freeze, &title, Vec::new(), w);
        self.lock_closure(index);
    }

    fn lock_closure(&mut self, index: usize) {
        for (member, found) in self.scene.plan.closures[index].members.iter().enumerate() {
            self.lock(found.table, &Predicate::Closure { closure: index, member }, Vec::new());
        }
    }

    fn capture(&mut self, index: usize) {
        let capture = &self.scene.plan.captures[index];
        let table = self.scene.catalog.table(capture.table);
        let why = match capture.reason {
            CaptureReason::SeveralRules => "several rules: the first that matches a row decides it, once",
            CaptureReason::Shared => "rows that others reference too are told from the rest, once",
            CaptureReason::Disturbed => "steps change what finds these rows, so they are remembered first",
            CaptureReason::Circle => "steps read each other's rows in a circle, so these are remembered first",
            CaptureReason::Trigger => "a trigger could hide what it did to these rows, so they are remembered first",
        };
        let mut w = Writer::new();
        w.kw("CREATE TEMP TABLE efface_rows_").number(index as i128 + 1).kw(" ON COMMIT DROP AS\n");
        self.scene.decided(&mut w, index, 0);
        let comment = vec![format!("{}: {why}.", table.name.bare())];
        let title = format!("remember rows of {}", table.name.bare());
        self.prepare(Phase::Freeze, &title, comment, w);
        // Key columns only: statistics of values would be copied to the standbys.
        let mut w = Writer::new();
        w.kw("ANALYZE pg_temp.efface_rows_").number(index as i128 + 1).kw(" (").list(
            1..=capture.key.len(),
            ", ",
            |w, n| {
                w.kw("key").number(n as i128);
            },
        );
        w.kw(", rule)");
        self.prepare(Phase::Freeze, &title, Vec::new(), w);
    }

    /// Rows that weren't there when captures were made are decided now.
    pub fn decide_again(&mut self, phase: Phase, captures: impl IntoIterator<Item = usize> + Clone, round: usize) {
        let plan = self.scene.plan;
        let rules = captures.clone().into_iter().flat_map(|capture| &plan.captures[capture].rules);
        let closures: BTreeSet<usize> = rules.flat_map(|(_, rows)| Closure::asked_for(&plan.closures, rows)).collect();
        closures.into_iter().for_each(|closure| self.follow_again(phase, closure));
        captures.into_iter().for_each(|capture| self.decide_added(phase, capture, round));
    }

    /// Rows that weren't there when a closure was followed are followed now.
    pub fn follow_again(&mut self, phase: Phase, index: usize) {
        let members = &self.scene.plan.closures[index].members;
        let names = members.iter().map(|member| self.name(member.table)).collect::<Vec<_>>().join(", ");
        let mut w = Writer::new();
        w.kw("INSERT INTO pg_temp.efface_closure_").number(index as i128 + 1).kw("\n");
        self.scene.added(&mut w, index);
        let comment = vec![format!("{names}: rows that a trigger has added are followed too.")];
        self.prepare(phase, &format!("follow the keys of {names}"), comment, w);
    }

    pub fn decide_added(&mut self, phase: Phase, index: usize, round: usize) {
        let capture = &self.scene.plan.captures[index];
        let name = self.name(capture.table);
        let mut w = Writer::new();
        w.kw("INSERT INTO pg_temp.efface_rows_").number(index as i128 + 1).kw("\nSELECT * FROM (\n");
        self.scene.decided(&mut w, index, round);
        // Not `NOT IN`, which reads all that is remembered for each row once it doesn't fit into work_mem.
        w.kw("\n) AS decided WHERE NOT EXISTS (\n    SELECT FROM pg_temp.efface_rows_").number(index as i128 + 1);
        w.kw(" AS known WHERE ").list(1..=capture.key.len(), " AND ", |w, n| {
            w.kw("known.key").number(n as i128).kw(" = decided.key").number(n as i128);
        });
        w.kw("\n)");
        let comment = vec![format!("{name}: rows that a trigger has added are decided too.")];
        self.prepare(phase, &format!("remember rows of {name}"), comment, w);
        self.owners_added(phase, index, round);
    }
}
