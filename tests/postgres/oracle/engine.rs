//! The seam: what the oracle needs from whatever carries out a policy, and from the server beneath.

use std::fmt;

use super::rules::Case;

/// What an engine says that it did. What it really did is read from the tables.
#[derive(Clone, Debug)]
pub enum EngineOutcome {
    /// `check` refused the policy, with these codes.
    Refused { codes: Vec<String>, text: String },
    /// Guards of these names found rows.
    Blocked(Vec<String>),
    /// Reports of these names moved.
    RolledBack(Vec<String>),
    /// Anything else that ended the run without a commit: the server refused, the subject doesn't qualify.
    Failed(String),
    /// Committed.
    Done,
}

impl fmt::Display for EngineOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EngineOutcome::Refused { codes, text } => write!(f, "refused with {codes:?}:\n{text}"),
            EngineOutcome::Blocked(guards) => write!(f, "blocked by {guards:?}"),
            EngineOutcome::RolledBack(reports) => write!(f, "rolled back because of {reports:?}"),
            EngineOutcome::Failed(text) => write!(f, "failed: {text}"),
            EngineOutcome::Done => write!(f, "committed"),
        }
    }
}

/// A fault that is planted into the plan, behind the seam.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanFault {
    /// Two steps that a key edge orders are swapped: parents are deleted before their children.
    EdgeDropped,
    /// Scopes are evaluated when their step comes, although a step before it has changed what they read.
    CaptureLeftOut,
    /// A cascade stops before it has reached everything.
    ClosureCutShort,
    /// A parent goes although somebody else references it.
    SharedDeleted,
    /// Pseudonyms are keyed by another secret.
    AnotherSecret,
}

/// Carries out a case's policy (`yaml::policy`) for its subject (`Case::subject_key`) on a database that holds its data.
pub trait Engine {
    /// Whether it checks policies. One that doesn't isn't given any that must be refused.
    fn checks(&self) -> bool;

    /// Whether this fault can be planted into it.
    fn plants(&self, fault: PlanFault) -> bool;

    /// One whole run, committed where nothing speaks against it.
    fn run(&mut self, case: &Case, server: &mut dyn Server, fault: Option<PlanFault>) -> EngineOutcome;
}

/// The database that the cases are set up in, one after the other.
pub trait Server {
    /// Runs statements; the error as text.
    fn sql(&mut self, sql: &str) -> Result<(), String>;

    /// The rows of a query as text.
    fn rows(&mut self, query: &str) -> Result<Vec<Vec<Option<String>>>, String>;
}
