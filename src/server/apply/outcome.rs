//! What a run came to: its facts, or why it stopped.

use std::collections::BTreeMap;
use std::time::Duration;

use super::blockers::Blocker;
use super::commit::{Committed, Doubt, Unheard};
use super::retry::Cause;
use super::stopped::Stopped;
use super::watch::Session;
use crate::ident::TableName;
use crate::server::ServerError;
use crate::sql::{AssertionFailure, Statement};

/// A run that came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finished {
    /// Everything was rolled back, as asked.
    Rehearsed(Ran),
    /// Everything is committed.
    Committed(Ran, Committed),
    /// The script was to choose the subjects, and there is nobody; nothing has changed.
    Nobody,
    /// The ledger knows the subjects, and nothing is left of them; nothing has changed.
    ErasedBefore {
        /// The last entry about them.
        entry: u64,
    },
}

/// The facts of a transaction: numbers and times, no values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// The statements that changed rows, in order.
    pub steps: Vec<StepRun>,
    /// Rows that stayed because others reference them too, by the index in the plan's shared rows.
    pub shared: BTreeMap<usize, u64>,
    /// What steps and the triggers that they fired have written, by table; nothing where none fired.
    pub written: Vec<WrittenRows>,
    /// The subjects that the script has chosen itself.
    pub chosen: Option<Chosen>,
    /// The entry in the ledger, where there is one.
    pub entry: Option<Entry>,
    /// Where values that were to go still are, in rows that the plan has nothing to do with.
    pub elsewhere: Vec<Elsewhere>,
    /// When the transaction began, by the server's clock, RFC 3339.
    pub started: String,
    /// When its last statement had run, by the server's clock, RFC 3339.
    pub finished: String,
    /// The transaction's id (`xid8`), as text.
    pub transaction: String,
    /// Where the server's log ended before COMMIT (`pg_lsn`), as text; none where the role may not ask.
    pub log_end: Option<String>,
    /// Who waited for a lock of ours before COMMIT, by the virtual ids of their transactions.
    pub waiting: Vec<String>,
    /// How often the transaction was begun.
    pub attempts: u32,
    /// Why it was begun again, and how often for that reason; most frequent first.
    pub retries: Vec<(Cause, u32)>,
}

/// Subjects that a script has chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// How many.
    pub subjects: u64,
    /// How many more there were before their rows were locked.
    pub dropped: u64,
    /// For each key column their keys as text.
    pub keys: Vec<Vec<String>>,
}

/// An entry in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub seq: u64,
    /// Its digest, hexadecimal.
    pub digest: String,
}

/// Values that were to go, in rows of other people; or that were too short to be looked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Elsewhere {
    /// The table and its column in which they are; none where they were not looked for.
    pub place: Option<(String, String)>,
    /// The column whose values they are.
    pub values_of: String,
    /// In how many rows they are, or how many values were too short.
    pub count: u64,
}

/// A statement that changed rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepRun {
    /// The index in the plan's steps.
    pub step: usize,
    /// Whether it is the step's repetition after triggers.
    pub sweep: bool,
    /// Rows that it deleted or changed.
    pub rows: u64,
}

/// Rows of a table that a transaction has written, whoever wrote them in there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenRows {
    /// The table; for partitions their root.
    pub table: TableName,
    /// Rows that were added.
    pub added: u64,
    /// How often rows were changed.
    pub changed: u64,
    /// Rows that were deleted.
    pub deleted: u64,
}

/// Who watches a run.
pub trait Progress {
    /// A statement is sent, the `number`th of `of`.
    fn started(&mut self, statement: &Statement, number: usize, of: usize);
    /// A statement has run; with its row count where that means something.
    fn finished(&mut self, statement: &Statement, rows: Option<u64>, elapsed: Duration);
    /// The transaction was rolled back and is begun again, for the `begun + 1`th time, after a delay.
    fn retrying(&mut self, begun: u32, why: &str, delay: Duration);
    /// Nobody watches for sessions that wait for the transaction, because there is no second connection.
    fn unwatched(&mut self, _why: &ServerError) {}
}

/// Why a run did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// An assertion of the script failed; nothing was committed.
    #[error("the run was stopped by its own checks; nothing was committed")]
    Findings(AssertionFailure),
    /// The schema is not the one that was reviewed; nothing was committed.
    #[error("the schema is not the one that was reviewed; nothing was committed")]
    Drift(Vec<String>),
    /// Something in the search path could be called in place of PostgreSQL's own; nothing was committed.
    #[error("the search path is not safe; nothing was committed")]
    Unsafe(Vec<String>),
    /// The server refused a statement; nothing was committed.
    #[error("{what} failed{}: {error}; nothing was committed", after(*.attempts))]
    Refused {
        /// The statement's title.
        what: String,
        /// What the server said, rows withheld.
        #[source]
        error: ServerError,
        /// How often the transaction was begun.
        attempts: u32,
        /// Sessions that hold locks on the plan's tables, where a lock was waited for in vain.
        blockers: Vec<Blocker>,
    },
    /// Others waited for us too long, each time; nothing was committed.
    #[error("others have waited for us longer than {} ms{}; nothing was committed", .most.as_millis(), after(*.attempts))]
    HeldUp {
        /// Who waited in the end.
        sessions: Vec<Session>,
        /// How long others may wait.
        most: Duration,
        /// How often the transaction was begun.
        attempts: u32,
    },
    /// Somebody pressed Ctrl-C; nothing was committed.
    #[error("interrupted; everything was rolled back")]
    Interrupted,
    /// COMMIT was refused; nothing was committed.
    #[error("COMMIT failed: {0}; nothing was committed")]
    CommitRefused(#[source] ServerError),
    /// COMMIT was not answered, and the server says that it rolled back.
    #[error("{0}, and the server rolled back; nothing was committed")]
    RolledBack(Unheard),
    /// COMMIT was not answered, and the server could not say what became of it.
    #[error("{why}, and whether transaction {transaction} is committed is not known: {doubt}")]
    OutcomeUnknown {
        /// Why no answer was heard.
        why: Unheard,
        /// The transaction's id (`xid8`).
        transaction: String,
        /// Why the server could not say.
        doubt: Doubt,
    },
    /// The script or the keys don't fit together: a fault of efface.
    #[error("efface made something that it can't run: {0}; nothing was committed")]
    Malformed(String),
}

fn after(attempts: u32) -> String {
    if attempts > 1 { format!(" after {attempts} attempts") } else { String::new() }
}

impl RunError {
    pub(super) fn new(stopped: Stopped, attempts: u32, blockers: Vec<Blocker>, most: Duration) -> Self {
        match stopped {
            Stopped::HeldUp(sessions) => RunError::HeldUp { sessions, most, attempts },
            Stopped::Findings(failure) => RunError::Findings(failure),
            Stopped::Drift(words) => RunError::Drift(words),
            Stopped::Unsafe(words) => RunError::Unsafe(words),
            Stopped::Interrupted => RunError::Interrupted,
            Stopped::Refused { what, error } => RunError::Refused { what, error, attempts, blockers },
            Stopped::Malformed(what) => RunError::Malformed(what),
        }
    }
}
