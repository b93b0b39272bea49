//! From a plan to a script: one function for each phase, in the order in which they run.

use std::collections::BTreeSet;
use std::time::Duration;

use super::assert::{self, report_digests};
use super::capture::answers_alike;
use super::predicate::key_type;
use super::script::{Assertion, KeyColumn, Phase, Role, Script, Statement};
use super::search_path::{PathQuestion, planted_check, search_path};
use super::writer::{Scene, Writer};
use crate::catalog::{Catalog, Table, TableId};
use crate::ident::shown;
use crate::plan::{Choice, Plan, Predicate, Reason, Step, StepAction, TableLock, followers};
use crate::resolve::{IfShared, Subject};
use crate::source::{SourceFile, Span};

/// Writes a plan as the script that is reviewed and run.
pub fn script(plan: &Plan, catalog: &Catalog, file: &SourceFile) -> Script {
    let mut lowering = Lowering { scene: Scene::new(catalog, plan), file, statements: Vec::new(), assertions: 0 };
    lowering.head();
    lowering.tables();
    lowering.switch();
    lowering.subject();
    lowering.secret();
    lowering.freeze();
    lowering.guards();
    lowering.before();
    lowering.watch();
    lowering.steps();
    lowering.sweeps();
    lowering.count_triggered();
    lowering.refresh();
    lowering.verification();
    lowering.entry();
    lowering.commit();
    let rehearsal = lowering.search_further();
    let path = PathQuestion::of(lowering.statements.iter().chain(&rehearsal), plan, catalog);
    Script { preamble: lowering.preamble(), key: lowering.key(), statements: lowering.statements, rehearsal, path }
}

pub(super) struct Lowering<'a> {
    pub scene: Scene<'a>,
    pub file: &'a SourceFile,
    pub statements: Vec<Statement>,
    assertions: u32,
}

impl Lowering<'_> {
    pub fn push(&mut self, phase: Phase, title: impl Into<String>, role: Role, comment: Vec<String>, sql: Writer) {
        self.statements.push(Statement { phase, title: title.into(), comment, sql: sql.finish(), role });
    }

    /// A statement with nothing to report.
    pub fn prepare(&mut self, phase: Phase, title: &str, comment: Vec<String>, sql: Writer) {
        self.push(phase, title, Role::Prepare, comment, sql);
    }

    fn set(&mut self, phase: Phase, words: &'static str) {
        let mut w = Writer::new();
        w.kw(words);
        self.prepare(phase, "settings", Vec::new(), w);
    }

    pub fn place(&self, span: Span) -> String {
        format!("{}:{}", shown(self.file.short_name()), self.file.position(span.start).line)
    }

    pub fn table(&self, id: TableId) -> &Table {
        self.scene.catalog.table(id)
    }

    pub fn name(&self, id: TableId) -> String {
        self.table(id).name.bare().to_string()
    }

    pub fn preamble(&self) -> Vec<String> {
        let plan = self.scene.plan;
        let keys: Vec<_> = plan.subject.key(self.scene.catalog).into_iter().map(|(name, _)| name).collect();
        let arguments = || (1..=keys.len()).map(|index| format!("-v key{index}='{{…}}' ")).collect::<String>();
        let (whose, arguments) = match (&plan.subject, &plan.choice) {
            (Subject::Rows(rows), Choice::Given) => {
                let table = self.name(rows.table);
                (
                    format!(
                        "for the row of {table} whose {} is given, one value or more in the braces",
                        keys.join(", ")
                    ),
                    arguments(),
                )
            }
            (Subject::Rows(rows), Choice::Expired(_)) => {
                (format!("for the rows of {} that are expired when it runs", self.name(rows.table)), String::new())
            }
            (Subject::Value(value), _) => {
                (format!("for the {} that is given, one value or more in the braces", shown(&value.name)), arguments())
            }
            (Subject::EveryRow, _) => ("for every row".to_owned(), String::new()),
        };
        let (secret, input) = match plan.is_keyed() {
            true => (", with the secret on standard input, one line", " < SECRET_FILE"),
            false => ("", ""),
        };
        vec![
            format!(
                "{}: made by efface from {}. Do not edit: change the policy.",
                shown(&plan.policy),
                shown(self.file.short_name())
            ),
            format!("Run it {whose}{secret}:"),
            format!("  psql -X {arguments}-f THIS_FILE{input}"),
        ]
    }

    pub fn key(&self) -> Vec<KeyColumn> {
        let key = self.scene.plan.subject.key(self.scene.catalog).into_iter();
        key.map(|(name, ty)| KeyColumn { name, type_sql: key_type(&ty), ty }).collect()
    }

    // 0. Head.

    fn head(&mut self) {
        let phase = Phase::Head;
        let mut w = Writer::new();
        w.kw("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
        self.push(phase, "begin", Role::Begin, Vec::new(), w);
        let limits = self.scene.plan.limits.clone();
        self.timeout(phase, "SET LOCAL lock_timeout = ", limits.lock_timeout);
        self.timeout(phase, "SET LOCAL statement_timeout = ", limits.statement_timeout);
        self.set(phase, "SET LOCAL idle_in_transaction_session_timeout = '60s'");
        self.set(phase, "SET LOCAL DateStyle = 'ISO, MDY'");
        self.set(phase, "SET LOCAL TimeZone = 'UTC'");
        self.set(phase, "SET LOCAL standard_conforming_strings = on");
        self.set(phase, "SET LOCAL jit = off");
        let mut w = Writer::new();
        w.kw("SET LOCAL row_security = off");
        let comment = vec!["A role under row-level security gets an error, not zero rows.".to_owned()];
        self.prepare(phase, "settings", comment, w);
        let mut w = Writer::new();
        w.kw("CREATE TEMP TABLE efface_gate (n integer CONSTRAINT efface_assertions_failed UNIQUE DEFERRABLE INITIALLY DEFERRED) ON COMMIT DROP");
        let comment = vec![
            "COMMIT itself fails unless every assertion below has passed: the gate at the end sees to it.".to_owned(),
        ];
        self.prepare(phase, "create the gate", comment, w);
        self.set(phase, "SET LOCAL efface.passed = '0'");
    }

    pub fn timeout(&mut self, phase: Phase, words: &'static str, duration: Duration) {
        let mut w = Writer::new();
        let millis = duration.as_millis();
        let text = if millis.is_multiple_of(1000) { format!("{}s", millis / 1000) } else { format!("{millis}ms") };
        w.kw(words).text(&text);
        self.prepare(phase, "settings", Vec::new(), w);
    }

    // 1. Tables.

    fn tables(&mut self) {
        let plan = self.scene.plan;
        // The stronger lock first: taking it later, over a weaker one, is how deadlocks are made.
        let modes = [
            (
                TableLock::ShareRowExclusive,
                " IN SHARE ROW EXCLUSIVE MODE",
                "Nobody else writes here until COMMIT, and no DDL; readers go on.",
            ),
            (TableLock::RowExclusive, " IN ROW EXCLUSIVE MODE", "No DDL from here; readers and writers go on."),
            (TableLock::AccessShare, " IN ACCESS SHARE MODE", "These are only read."),
        ];
        let held = |lock: TableLock| plan.table_locks.iter().filter(move |(_, held)| *held == lock).map(|(id, _)| *id);
        let last = modes.iter().rposition(|(lock, ..)| held(*lock).next().is_some());
        for (index, (lock, words, comment)) in modes.into_iter().enumerate() {
            if held(lock).next().is_none() {
                continue;
            }
            let mut w = Writer::new();
            w.kw("LOCK TABLE ").list(held(lock), ", ", |w, id| {
                w.rows_of(self.scene.catalog, &self.scene.catalog.table(id).name);
            });
            w.kw(words);
            // The schema is compared when all tables are locked, not before.
            let role = if Some(index) == last { Role::LockTables } else { Role::Prepare };
            self.push(Phase::Tables, "lock tables", role, vec![comment.to_owned()], w);
        }
        let planted: Vec<_> = planted_check(self.scene.plan, self.scene.catalog).into_iter().collect();
        if !planted.is_empty() {
            self.set(Phase::Tables, "SET LOCAL search_path = pg_catalog, pg_temp");
            let comment =
                vec!["Nothing that others made, or can make, may be called in place of PostgreSQL's own.".to_owned()];
            self.assertion(Phase::Tables, Assertion::SearchPath, "the search path is not safe:", &planted, comment);
        }
        let mut w = Writer::new();
        let path = search_path(self.scene.catalog, self.scene.plan);
        w.kw("SET LOCAL search_path = ").list(&path, ", ", |w, schema| {
            w.ident(schema);
        });
        self.prepare(Phase::Tables, "settings", Vec::new(), w);
    }

    // 2. Subject.

    fn subject(&mut self) {
        if let Some(chosen) = self.scene.chosen() {
            let comment = vec!["The subjects are whoever is expired now.".to_owned()];
            self.push(Phase::Subject, "choose the subjects", Role::ChooseSubjects, comment, chosen);
            // Before their rows are locked: a limit that is far too small should disturb nobody.
            let check: Vec<_> = self.scene.number_check().into_iter().collect();
            self.assertion(Phase::Subject, Assertion::Subject, "too many subjects:", &check, Vec::new());
            return;
        }
        for index in 0..self.key().len() {
            let statement = |value: &str| {
                let mut w = Writer::new();
                w.kw("SELECT set_config('efface.key").number(index as i128 + 1).kw("', ").printed(value);
                w.kw(", true) IS NOT NULL AS subject_is_set");
                w
            };
            let psql = statement(&format!(":'key{}'", index + 1));
            let bound = statement("$1").finish();
            self.push(Phase::Subject, "set the subject", Role::BindSubject { column: index, bound }, Vec::new(), psql);
        }
    }

    fn secret(&mut self) {
        if !self.scene.plan.is_keyed() {
            return;
        }
        let phase = Phase::Subject;
        let comment =
            vec!["The secret comes as data: it stands in no statement, and in no log of statements.".to_owned()];
        self.prepare(phase, "make room for the secret", comment, self.scene.secret_table());
        let (psql, engine) = self.scene.copy_secret();
        let role = Role::CopySecret { copy: engine.finish() };
        self.push(phase, "take the secret", role, Vec::new(), psql);
        let check = self.scene.secret_check();
        self.assertion(phase, Assertion::Secret, "not a secret:", &[check], Vec::new());
        self.prepare(phase, "make keys of the secret", Vec::new(), self.scene.secret_keys());
        self.prepare(phase, "forget the secret", Vec::new(), self.scene.drop_secret());
    }

    // 4. Guards and limits.

    fn guards(&mut self) {
        let strangers = self.scene.stranger_checks();
        self.assertion(Phase::Guards, Assertion::Subject, "somebody else would be erased:", &strangers, Vec::new());
        let guards = self.scene.guard_checks();
        let comment = self
            .scene
            .plan
            .guards
            .iter()
            .map(|guard| format!("guard `{}` ({})", shown(&guard.name), self.place(guard.origin)));
        let comment = comment.collect();
        self.assertion(Phase::Guards, Assertion::Guards, "blocked:", &guards, comment);
        let expected = self.scene.expected_checks();
        let comment: Vec<_> = (self.scene.plan.expected.iter())
            .map(|none| {
                let key = self.scene.catalog.key(none.key);
                format!("no row of {} by {} ({})", key.child.bare(), key.name.bare(), self.place(none.origin))
            })
            .collect();
        self.assertion(Phase::Guards, Assertion::Expected, "more references than expected:", &expected, comment);
        let shared = self.scene.shared_checks();
        self.assertion(Phase::Guards, Assertion::Shared, "others reference these rows too:", &shared, Vec::new());
        for (index, shared) in self.scene.plan.shared.iter().enumerate() {
            if shared.if_shared == IfShared::Keep {
                let name = self.name(shared.table);
                let count = self.scene.count_of(shared.table, &shared.rows);
                let title = format!("count shared rows of {name}");
                let comment =
                    vec![format!("{name}: rows that others reference too stay ({})", self.place(shared.origin))];
                self.push(Phase::Guards, title, Role::CountShared { shared: index }, comment, count);
            }
        }
        let limits = self.scene.limit_checks();
        self.assertion(Phase::Guards, Assertion::Limits, "too many rows:", &limits, Vec::new());
        let stand_ins = self.scene.stand_in_checks();
        self.assertion(Phase::Guards, Assertion::StandIns, "references can't be reassigned:", &stand_ins, Vec::new());
    }

    pub fn assertion(
        &mut self,
        phase: Phase,
        assertion: Assertion,
        headline: &str,
        checks: &[assert::Check],
        comment: Vec<String>,
    ) {
        if !checks.is_empty() {
            self.assert(phase, assertion, comment, assert::block(assertion, headline, checks));
        }
    }

    /// An assertion that is written already.
    pub fn assert(&mut self, phase: Phase, assertion: Assertion, comment: Vec<String>, sql: Writer) {
        self.assertions += 1;
        let title = match assertion {
            Assertion::SearchPath => "check the search path",
            Assertion::Subject => "check the subject",
            Assertion::Secret => "check the secret",
            Assertion::Ledger => "check the ledger",
            Assertion::Erased => "look for the subjects in the ledger",
            Assertion::Meanwhile => "look for the subjects in the ledger again",
            Assertion::Guards => "check the guards",
            Assertion::Limits => "check the limits",
            Assertion::StandIns => "check the stand-in rows",
            Assertion::Shared => "check for rows that others reference too",
            Assertion::Expected => "check for references that nobody expects",
            Assertion::Values => "check the values to scrub",
            Assertion::References => "check what references the rows",
            Assertion::Steps => "verify the steps",
            Assertion::Unnamed => "verify what triggers did",
            Assertion::Reports => "verify the reports",
            Assertion::Gone => "verify that values are gone",
        };
        self.push(phase, title, Role::Assert(assertion), comment, sql);
    }

    /// From here on sets of keys are sorted rather than hashed: a row's neighbours in the indexes come next, which for many
    /// subjects takes half the time.
    pub fn in_order(&mut self, phase: Phase) {
        let mut w = Writer::new();
        w.kw("SET LOCAL enable_hashagg = off");
        let comment = vec!["Keys are looked up in their order, so that neighbours are found together.".to_owned()];
        self.prepare(phase, "settings", comment, w);
    }

    /// What the author's reports do with their rows is not ours to say.
    pub fn in_any_order(&mut self, phase: Phase) {
        self.set(phase, "SET LOCAL enable_hashagg TO DEFAULT");
    }

    // 5. Before.

    fn before(&mut self) {
        if self.scene.plan.reports.is_empty() {
            return;
        }
        self.in_any_order(Phase::Before);
        for (index, report) in self.scene.plan.reports.iter().enumerate() {
            let mut w = Writer::new();
            w.kw("CREATE TEMP TABLE efface_report_").number(index as i128 + 1).kw(" ON COMMIT DROP AS\n");
            w.sql(&report_digests(report));
            let comment = vec![format!("{} ({})", report_heading(&report.name), self.place(report.origin))];
            let title = format!("report `{}` before", shown(&report.name));
            self.prepare(Phase::Before, &title, comment, w);
        }
        self.in_order(Phase::Before);
    }

    // 6. Steps and sweeps.

    fn steps(&mut self) {
        let steps = &self.scene.plan.steps;
        self.defer();
        let mut next = 0;
        while let Some(step) = steps.get(next) {
            let with = |other: &&Step| step.together.is_some() && other.together == step.together;
            let together = steps[next..].iter().take_while(with).count();
            self.swept(Phase::Steps, Some(next));
            if together > 1 {
                self.together(next, together);
            } else {
                if let (true, Predicate::Captured { capture, .. }) = (step.asked_again, &step.rows) {
                    self.decide_again(Phase::Steps, [*capture], 0);
                }
                let comment = self.explain_step(next, step);
                self.step(Phase::Steps, next, None, comment);
            }
            next += together.max(1);
        }
    }

    /// Where a circle of keys is opened by putting a check off.
    fn defer(&mut self) {
        let (plan, catalog) = (self.scene.plan, self.scene.catalog);
        if plan.deferred.is_empty() {
            return;
        }
        let mut w = Writer::new();
        w.kw("SET CONSTRAINTS ").list(&plan.deferred, ", ", |w, key| {
            let key = catalog.key(*key);
            w.ident(&key.child.schema).kw(".").ident(&key.name);
        });
        w.kw(" DEFERRED");
        let comment =
            vec!["Rows reference each other in a circle: these keys are checked behind the last step.".to_owned()];
        self.prepare(Phase::Steps, "put off the check of keys", comment, w);
    }

    /// Steps that wait for each other, as one statement: what each finds is what was there before it.
    fn together(&mut self, first: usize, count: usize) {
        let steps = &self.scene.plan.steps[first..first + count];
        let mut comment = Vec::new();
        for (index, step) in (first..).zip(steps) {
            self.before_step(Phase::Steps, index, step, true);
            comment.extend(self.explain_step(index, step));
        }
        comment.push("  as one statement, since each waits for the other: keys are checked at its end".to_owned());
        let mut w = Writer::new();
        w.kw("WITH ").list((first..).zip(steps), ",\n", |w, (index, step)| {
            w.kw("efface_step_").number(index as i128 + 1).kw(" AS (\n").sql(&self.scene.step(index, step));
            w.kw("\nRETURNING 1)");
        });
        w.kw("\nSELECT ").list(first..first + count, ", ", |w, index| {
            w.kw("(SELECT count(*) FROM efface_step_")
                .number(index as i128 + 1)
                .kw(") AS step_")
                .number(index as i128 + 1);
        });
        let titles: Vec<_> = steps.iter().map(|step| self.title(step)).collect();
        let role = Role::Together { steps: (first..first + count).collect() };
        self.push(Phase::Steps, titles.join(" and "), role, comment, w);
    }

    fn step(&mut self, phase: Phase, index: usize, sweep: Option<usize>, comment: Vec<String>) {
        let planned = &self.scene.plan.steps[index];
        let step = &sweep.map_or_else(|| planned.clone(), |round| planned.for_added_rows(round + 1));
        let title = self.title(step);
        self.before_step(phase, index, step, sweep.is_none());
        let sql = self.scene.step(index, step);
        self.push(phase, title, Role::Step { step: index, sweep: sweep.is_some() }, comment, sql);
    }

    /// What has to hold and what has to be computed before a step.
    fn before_step(&mut self, phase: Phase, index: usize, step: &Step, first_time: bool) {
        if step.action == StepAction::Delete {
            let checks = self.scene.reference_checks(step);
            let headline = "rows would change that no step names:";
            let why = "Nothing may reference them by a key on which the database would act by itself.";
            let name = self.name(step.table);
            let comment = vec![format!("rows of {name} go next. {why}")];
            self.assertion(phase, Assertion::References, headline, &checks, comment);
        }
        if let Some(values) = self.scene.remembered_values(index, step).filter(|_| first_time) {
            let name = self.name(step.table);
            let why = "a trigger could keep these values back, so they are computed first and compared in the end.";
            self.prepare(phase, &format!("compute values for {name}"), vec![format!("{name}: {why}")], values);
        }
    }

    fn title(&self, step: &Step) -> String {
        let table = self.name(step.table);
        match &step.action {
            StepAction::Delete => format!("delete rows of {table}"),
            StepAction::Change(changes) => {
                let columns =
                    if changes.len() == 1 { "1 column".to_owned() } else { format!("{} columns", changes.len()) };
                let along = if step.along.is_some() { " and what references it" } else { "" };
                format!("change {columns} of {table}{along}")
            }
        }
    }

    fn explain_step(&self, index: usize, step: &Step) -> Vec<String> {
        let rule = step.name.as_ref().map(|name| format!(", rule `{}`", shown(name))).unwrap_or_default();
        let mut lines =
            vec![format!("step {} of {}: {}{rule}", index + 1, self.scene.plan.steps.len(), self.title(step))];
        lines.push(format!("  {}", step.scope));
        let follow = followers(self.scene.catalog, step);
        lines.extend(
            follow.into_iter().map(|(column, keys)| format!("  and {column}, where it references them by {keys}")),
        );
        lines.push(match &step.reason {
            Reason::Asked => format!("  because {} says so", self.place(step.origin)),
            Reason::Opens { key } => {
                let key = self.scene.catalog.key(*key).name.bare();
                format!("  because rows reference each other in a circle, which is opened at {key}")
            }
            Reason::Cascade { keys } => {
                let parents: Vec<_> = keys
                    .iter()
                    .map(|key| {
                        let key = self.scene.catalog.key(*key);
                        format!("{} references {}", key.name.bare(), key.parent.bare())
                    })
                    .collect();
                format!("  because {}, which the cascade at {} deletes", parents.join(" and "), self.place(step.origin))
            }
        });
        lines
    }

    fn sweeps(&mut self) {
        let mut w = Writer::new();
        w.kw("SET CONSTRAINTS ALL IMMEDIATE");
        let comment = vec!["Deferred keys and triggers speak here, not in COMMIT.".to_owned()];
        self.prepare(Phase::Sweeps, "check deferred constraints", comment, w);
        self.swept(Phase::Sweeps, None);
    }

    /// The sweeps before some step, or behind the last, round by round.
    fn swept(&mut self, phase: Phase, before: Option<usize>) {
        let plan = self.scene.plan;
        let here = || plan.sweeps.iter().filter(move |sweep| sweep.before == before);
        let rounds: BTreeSet<usize> = here().map(|sweep| sweep.round).collect();
        for round in rounds {
            let of_round = || here().filter(move |sweep| sweep.round == round);
            let remembered = of_round().filter_map(|sweep| match &plan.steps[sweep.step].rows {
                Predicate::Captured { capture, .. } => Some(*capture),
                _ => None,
            });
            self.decide_again(phase, remembered.collect::<BTreeSet<_>>(), round + 1);
            for sweep in of_round() {
                let step = &plan.steps[sweep.step];
                let causes: Vec<_> = sweep
                    .after
                    .iter()
                    .map(|(table, trigger)| format!("{} on {}", trigger.bare(), self.name(*table)))
                    .collect();
                let comment = vec![
                    format!("step {} again: {}", sweep.step + 1, self.title(step)),
                    format!("  because a trigger may have written such rows: {}", causes.join(", ")),
                ];
                self.step(phase, sweep.step, Some(round), comment);
            }
        }
    }

    // 7. Verification and commit.

    fn verification(&mut self) {
        // Remembered keys would vouch for the rows that were there, not for those that a trigger has added.
        if self.scene.asks_again() {
            let captures = self.scene.plan.captures.iter().enumerate();
            let again: Vec<usize> =
                captures.filter(|(_, capture)| answers_alike(capture)).map(|(index, _)| index).collect();
            let last = self.scene.plan.sweeps.iter().map(|sweep| sweep.round + 1).max();
            (0..self.scene.plan.closures.len()).for_each(|closure| self.follow_again(Phase::Verification, closure));
            for capture in again {
                self.decide_added(Phase::Verification, capture, last.unwrap_or(0) + 1);
            }
        }
        let steps = self.scene.step_checks();
        self.assertion(Phase::Verification, Assertion::Steps, "a step did not do what it said:", &steps, Vec::new());
        self.unnamed();
        let orphans = self.scene.orphan_checks();
        self.assertion(
            Phase::Verification,
            Assertion::References,
            "rows reference what is gone:",
            &orphans,
            Vec::new(),
        );
        let reports = self.scene.report_checks();
        if !reports.is_empty() {
            self.in_any_order(Phase::Verification);
        }
        self.assertion(Phase::Verification, Assertion::Reports, "a report moved:", &reports, Vec::new());
        self.verify_gone();
    }

    fn commit(&mut self) {
        let comment = vec![format!("All {} assertions have passed, or this makes COMMIT fail.", self.assertions)];
        let mut w = Writer::new();
        w.kw("SET CONSTRAINTS pg_temp.efface_assertions_failed DEFERRED");
        self.prepare(Phase::Commit, "set the gate", comment, w);
        let mut w = Writer::new();
        w.kw("INSERT INTO pg_temp.efface_gate SELECT 1 FROM generate_series(1, CASE WHEN current_setting('efface.passed') = ");
        w.text(&self.assertions.to_string()).kw(" THEN 1 ELSE 2 END)");
        self.prepare(Phase::Commit, "set the gate", Vec::new(), w);
        let mut w = Writer::new();
        w.kw("COMMIT");
        self.push(Phase::Commit, "commit", Role::Commit, Vec::new(), w);
    }
}

/// What the script says above a report's query.
pub fn report_heading(name: &str) -> String {
    format!("report `{}`, as it is before", shown(name))
}
