//! The engine itself, behind the oracle's seam: from the policy's text to COMMIT, as the command line does it.

use std::time::Duration;

use efface::catalog::Catalog;
use efface::diagnostic::{Report, render};
use efface::plan::{EdgeReason, Plan, Predicate};
use efface::server::Secret;
use efface::server::apply::{self, Bounds, Finished, Mode, Order, Progress, RunError};
use efface::source::SourceFile;
use efface::sql::{Assertion, Statement};
use efface::{plan, policy, resolve, sql};

use super::computed::SECRET;
use super::engine::{Engine, EngineOutcome, PlanFault, Server};
use super::rules::Case;
use super::yaml;
use crate::harness::{Db, settings};

/// efface, with a session of its own.
pub struct Efface {
    db: Db,
}

impl Efface {
    /// In the database in which the cases are set up.
    pub fn beside(server: &super::server::Throwaway) -> Self {
        Self { db: server.db().again() }
    }

    fn apply(&self, case: &Case, fault: Option<PlanFault>) -> Result<(), EngineOutcome> {
        let file = SourceFile::new("policy.yaml", yaml::policy(case));
        let refused = |report: Report| EngineOutcome::Refused {
            codes: report.sorted().iter().map(|found| found.code.name().to_owned()).collect(),
            text: render::text(&report, &file, false),
        };
        let catalog = self.db.catalog();
        let read = policy::read(&file).map_err(refused)?;
        let resolve::Resolved { policy: resolved, catalog } =
            resolve::resolve(&read.value, &catalog).map_err(refused)?.value;
        let mut planned = plan::plan(&resolved, &catalog).map_err(refused)?;
        if let Some(fault) = fault {
            plant(&mut planned, fault);
        }
        let script = sql::script(&planned, &catalog, &file);
        let tables = plan::touched_tables(&planned, &resolved, &catalog);
        let reviewed: Catalog = catalog.part(&tables);
        let subjects = case.subject_keys();
        let column = |at: usize| subjects.iter().map(|key| key[at].clone()).collect();
        let keys: Vec<Vec<String>> = (0..subjects.first().map_or(0, Vec::len)).map(column).collect();
        let secret = if fault == Some(PlanFault::AnotherSecret) { "one more secret of the tests" } else { SECRET };
        let secret = Secret::new(secret).map_err(|error| EngineOutcome::Failed(error.to_string()))?;
        let order = Order {
            script: &script,
            keys: &keys,
            secret: Some(&secret),
            tables: &tables,
            reviewed: &reviewed,
            mode: Mode::Apply,
            bounds: Bounds::default(),
            again: false,
        };
        let settings = settings(self.db.url());
        let mut silent = Silent;
        let run = apply::run(&settings, self.db.connection(), &order, &mut silent, Box::pin(std::future::pending()));
        match self.db.block_on(run) {
            Ok(Finished::Committed(..)) => Ok(()),
            Ok(Finished::Rehearsed(_) | Finished::Nobody | Finished::ErasedBefore { .. }) => {
                Err(EngineOutcome::Failed("nothing committed".into()))
            }
            Err(RunError::Findings(failure)) => {
                let names = failure.findings.iter().map(|found| found.name.clone()).collect();
                Err(match failure.assertion {
                    Assertion::Guards | Assertion::Shared | Assertion::Expected => EngineOutcome::Blocked(names),
                    Assertion::Reports => EngineOutcome::RolledBack(names),
                    Assertion::SearchPath
                    | Assertion::Subject
                    | Assertion::Secret
                    | Assertion::Ledger
                    | Assertion::Erased
                    | Assertion::Meanwhile
                    | Assertion::Values
                    | Assertion::Limits
                    | Assertion::StandIns
                    | Assertion::References
                    | Assertion::Gone
                    | Assertion::Unnamed
                    | Assertion::Steps => EngineOutcome::Failed(format!("{failure:?}")),
                })
            }
            Err(RunError::Refused { what, error, .. }) => {
                Err(EngineOutcome::Failed(format!("{what}: {:?}\n{}", error.with_detail(true), script.text())))
            }
            Err(other) => Err(EngineOutcome::Failed(other.to_string())),
        }
    }
}

impl Engine for Efface {
    fn checks(&self) -> bool {
        true
    }

    fn plants(&self, fault: PlanFault) -> bool {
        match fault {
            PlanFault::EdgeDropped
            | PlanFault::CaptureLeftOut
            | PlanFault::ClosureCutShort
            | PlanFault::AnotherSecret => true,
            PlanFault::SharedDeleted => false,
        }
    }

    fn run(&mut self, case: &Case, _: &mut dyn Server, fault: Option<PlanFault>) -> EngineOutcome {
        self.apply(case, fault).err().unwrap_or(EngineOutcome::Done)
    }
}

/// Leaves something out of a plan.
fn plant(plan: &mut Plan, fault: PlanFault) {
    match fault {
        PlanFault::EdgeDropped => {
            let edges = plan.steps.iter().enumerate().flat_map(|(first, step)| {
                let keys = step.before.iter().filter(|(_, reason)| matches!(reason, EdgeReason::Key(_)));
                keys.map(move |(then, _)| (first, *then))
            });
            if let Some((first, then)) = edges.collect::<Vec<_>>().first().copied() {
                plan.steps.swap(first, then);
            }
        }
        PlanFault::CaptureLeftOut => {
            for step in &mut plan.steps {
                if let Predicate::Captured { capture, rules, .. } = &step.rows {
                    let decided = &plan.captures[*capture].rules;
                    step.rows = Predicate::Any(rules.iter().map(|number| decided[number - 1].1.clone()).collect());
                }
            }
        }
        PlanFault::ClosureCutShort => {
            for member in plan.closures.iter_mut().flat_map(|closure| &mut closure.members) {
                member.follows.clear();
            }
        }
        // What has no place in a plan yet.
        PlanFault::SharedDeleted => {}
        // It isn't the plan that knows the secret.
        PlanFault::AnotherSecret => {}
    }
}

/// Nobody watches.
struct Silent;

impl Progress for Silent {
    fn started(&mut self, _: &Statement, _: usize, _: usize) {}
    fn finished(&mut self, _: &Statement, _: Option<u64>, _: Duration) {}
    fn retrying(&mut self, _: u32, _: &str, _: Duration) {}
}
