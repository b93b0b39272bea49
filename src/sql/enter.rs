//! Where in the script do the statements about the ledger stand?
//!
//! None of them is there where the plan is without a ledger.

use std::time::Duration;

use super::ledger::{Counted, Known};
use super::lower::Lowering;
use super::script::{Assertion, Phase, Role, Script, policy_digest};
use super::search_path::PathQuestion;
use super::writer::Writer;

/// How long the turn to write is waited for, at the least. Whoever has it only commits and waits for nobody, so waiting for
/// it can't end in a deadlock, as it could for the application's rows.
const TURN: Duration = Duration::from_secs(5);

impl Lowering<'_> {
    /// Behind the table locks: nothing was looked at yet.
    pub fn switch(&mut self) {
        if !self.scene.plan.ledger {
            return;
        }
        let comment = vec!["Nobody switches efface off in this database while this runs.".to_owned()];
        let sql = self.scene.switched_on();
        self.assert(Phase::Tables, Assertion::Ledger, comment, sql);
        let (psql, engine) = self.scene.told();
        let role = Role::TellRun { bound: engine.finish() };
        self.push(Phase::Tables, "tell the run about itself", role, Vec::new(), psql);
    }

    /// Behind the row locks, before anything else is asked of the subjects: their rows may be gone.
    pub fn recognise(&mut self) {
        if !self.scene.plan.ledger || !self.scene.has_subjects() {
            return;
        }
        let comment = vec!["Whoever was erased before is recognised, and needs no second time.".to_owned()];
        let sql = self.scene.call_subjects();
        self.prepare(Phase::Freeze, "call the subjects as the ledger does", comment, sql);
        let sql = self.scene.recognise();
        self.assert(Phase::Freeze, Assertion::Erased, Vec::new(), sql);
        let sql = self.scene.erased_before();
        self.push(Phase::Freeze, "look whether anything is to do", Role::RecogniseSubjects, Vec::new(), sql);
    }

    /// Behind the verification: from here to COMMIT other runs wait.
    pub fn entry(&mut self) {
        let plan = self.scene.plan;
        if !plan.ledger {
            return;
        }
        let phase = Phase::Ledger;
        let (statements, path) = (self.statements.clone(), PathQuestion::of([], plan, self.scene.catalog));
        let (preamble, key, rehearsal) = (self.preamble(), self.key(), Vec::new());
        let so_far = Script { preamble, key, statements, rehearsal, path }.digest();
        let (ran, counted) = self.ran();
        let (psql, engine) = self.scene.counted(&counted);
        let comment = vec!["The ledger: who it was, what was run, how many rows; no values.".to_owned()];
        let role = Role::TellRows { bound: engine.finish() };
        self.push(phase, "tell the rows", role, comment, psql);
        self.timeout(phase, "SET LOCAL lock_timeout = ", plan.limits.lock_timeout.max(TURN));
        let comment = vec!["One writes at a time: locked first, read in a statement of its own.".to_owned()];
        let sql = self.scene.lock_ledger();
        self.push(phase, "wait for the turn to write", Role::LockLedger, comment, sql);
        if self.scene.has_subjects() {
            let check = self.scene.meanwhile_check();
            self.assertion(phase, Assertion::Meanwhile, "somebody was faster:", &[check], Vec::new());
        }
        let policy_sha256 = policy_digest(self.file);
        let known = Known { policy_sha256: &policy_sha256, plan_sha256: &so_far, ran: &ran };
        let sql: Writer = self.scene.enter(&known);
        self.push(phase, "enter the run in the ledger", Role::Enter, Vec::new(), sql);
    }

    /// The steps of the statements that change rows, in the order in which they run, and where psql keeps their rows.
    fn ran(&self) -> (Vec<usize>, Vec<Counted>) {
        let (mut ran, mut counted, mut single) = (Vec::new(), Vec::new(), 0);
        for statement in &self.statements {
            if let Role::Step { step, .. } = &statement.role {
                single += 1;
                ran.push(*step);
                counted.push(Counted::Step(single));
            } else if let Role::Together { steps } = &statement.role {
                ran.extend(steps);
                counted.extend(steps.iter().map(|step| Counted::Together(*step)));
            }
        }
        (ran, counted)
    }
}
