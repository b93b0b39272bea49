//! How is a reviewed script run?
//!
//! Statement by statement in one transaction (`attempt`), which somebody watches for those who wait for it (`watch`), begun
//! again as a whole where others were in the way (`retry`), up to COMMIT and what became of it (`commit`), or to where it is
//! left (`leave`); then the afterwards-steps ([`afterwards`]), a look at what came in late ([`late_arrivals`]), and the receipt
//! (`receipt`). Nothing here makes SQL about user tables: what runs is the [`Script`] that was reviewed.

mod afterwards;
mod answers;
mod attempt;
mod blockers;
mod commit;
mod late;
mod leave;
mod outcome;
mod receipt;
mod retry;
mod statistics;
mod stopped;
mod watch;

pub use afterwards::{Leftover, afterwards};
pub use blockers::Blocker;
pub use commit::{Committed, Doubt, Unheard};
pub use late::late_arrivals;
pub use outcome::{Chosen, Entry, Finished, Progress, Ran, RunError, StepRun, WrittenRows};
pub use receipt::{Receipt, rehearsal};
pub use retry::Cause;
pub use watch::Session;

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

pub(in crate::server) use answers::array_text;
use attempt::{Attempt, Reached};
use leave::{cancel, leave};
use retry::Tries;
use stopped::Stopped;
use watch::Watch;

use crate::catalog::Catalog;
use crate::ident::TableName;
use crate::server::{Connection, Secret, Settings};
use crate::sql::{Role, Script};

/// What is to be run, for whom, and against which schema it was reviewed.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// The reviewed script.
    pub script: &'a Script,
    /// For each key column of the subject the keys as text, all of one length; nothing where the script chooses the
    /// subjects, or means every row.
    pub keys: &'a [Vec<String>],
    /// What keys the script's pseudonyms, where it makes some.
    pub secret: Option<&'a Secret>,
    /// The tables of the plan.
    pub tables: &'a BTreeSet<TableName>,
    /// The part of the catalog about these tables that the plan was made from.
    pub reviewed: &'a Catalog,
    /// Whether it is to stay.
    pub mode: Mode,
    /// Whether subjects are erased again that the ledger knows and of whom something is left or new.
    pub again: bool,
    /// How long somebody may have to wait.
    pub bounds: Bounds,
}

/// How long somebody may have to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// We for the server: as long as it lets a statement run, and a little longer.
    pub statement: Duration,
    /// Others for us: longer, and the transaction is rolled back and tried again. Without it nobody looks.
    pub block: Option<Duration>,
}

/// Whether a run is to stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Everything but COMMIT, then ROLLBACK.
    Rehearse,
    /// Everything.
    Apply,
}

impl Default for Bounds {
    /// A minute for each statement, as where a policy names no limit; nobody looks who waits.
    fn default() -> Self {
        Self { statement: Duration::from_secs(60), block: None }
    }
}

/// Resolves when the person at the keyboard wants to stop; [`std::future::pending`] where nobody sits there.
pub type Interrupt<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Runs a script in one transaction.
///
/// The connection must be fresh or idle. A second connection is opened from the settings where the transaction lasts a
/// while, to see who waits for it, and where something went wrong: to name blockers, and to ask what became of a COMMIT.
///
/// # Errors
/// Whatever keeps the transaction from its end; every variant of [`RunError`] but
/// [`OutcomeUnknown`](RunError::OutcomeUnknown) says that nothing was committed.
#[tracing::instrument(skip_all, fields(statements = order.script.statements.len(), subjects = order.keys.first().map_or(0, Vec::len)))]
pub async fn run(
    settings: &Settings,
    connection: &Connection,
    order: &Order<'_>,
    progress: &mut dyn Progress,
    interrupt: Interrupt<'_>,
) -> Result<Finished, RunError> {
    check_shape(order)?;
    // Asked before BEGIN: where it may not be asked, the error must not end our transaction.
    let server = commit::Server::identify(&connection.client).await;
    let mut tries = Tries::default();
    let mut watch = Watch::new(settings, connection.backend_pid, order.bounds.block);
    let mut attempt = Attempt::new(connection, order, interrupt, server.reads_log);
    loop {
        let ran = tokio::select! {
            biased;
            ran = attempt.run(progress) => ran,
            sessions = watch.until_held_up() => {
                cancel(connection).await;
                Err(Stopped::HeldUp(sessions))
            }
        };
        if let Some(error) = watch.blind() {
            progress.unwatched(&error);
        }
        let stopped = match ran {
            Ok(Reached::Nobody) => {
                leave(settings, connection, false).await;
                return Ok(Finished::Nobody);
            }
            Ok(Reached::ErasedBefore { entry }) => {
                leave(settings, connection, false).await;
                return Ok(Finished::ErasedBefore { entry });
            }
            Ok(Reached::End(mut ran)) => {
                (ran.attempts, ran.retries) = (tries.begun(), tries.causes());
                return match order.mode {
                    Mode::Rehearse => Ok(Finished::Rehearsed(*ran)),
                    Mode::Apply => {
                        let interrupt = attempt.interrupt();
                        let committed = commit::commit(settings, connection, order, &server, &ran, interrupt).await?;
                        Ok(Finished::Committed(*ran, committed))
                    }
                };
            }
            Err(stopped) => stopped,
        };
        // While our transaction is still open our own locks are too, so whoever else holds some is in the way.
        let Some(delay) = tries.again(&stopped) else {
            let blockers = match &stopped {
                Stopped::Refused { error, .. } if error.sqlstate() == Some(retry::LOCK_TIMEOUT) => {
                    blockers::blockers(settings, connection.backend_pid, watch.blocking(), order).await
                }
                _ => Vec::new(),
            };
            leave(settings, connection, stopped.is_lost() || attempt.is_unheard()).await;
            let most = order.bounds.block.unwrap_or_default();
            return Err(RunError::new(stopped, tries.begun(), blockers, most));
        };
        leave(settings, connection, false).await;
        progress.retrying(tries.begun(), &stopped.in_short(), delay);
        tracing::info!(attempt = tries.begun(), "the transaction is begun again");
        if attempt.interrupted_within(delay).await {
            return Err(RunError::Interrupted);
        }
    }
}

/// What a script must be to be run at all; it is made by `sql` alone, so a fault here is ours.
fn check_shape(order: &Order<'_>) -> Result<(), RunError> {
    let malformed = |what: &str| Err(RunError::Malformed(what.to_owned()));
    let roles = || order.script.statements.iter().map(|statement| &statement.role);
    if !matches!(roles().next(), Some(Role::Begin)) || roles().filter(|role| **role == Role::Begin).count() != 1 {
        return malformed("the script does not begin with its only BEGIN");
    }
    if !matches!(roles().next_back(), Some(Role::Commit)) || roles().filter(|role| **role == Role::Commit).count() != 1
    {
        return malformed("the script does not end with its only COMMIT");
    }
    let tables = roles().position(|role| *role == Role::LockTables);
    let first_write =
        roles().position(|role| matches!(role, Role::Step { .. } | Role::Together { .. } | Role::LockRows { .. }));
    // Where nothing is touched there is nothing to lock.
    if first_write.is_some_and(|write| tables.is_none_or(|tables| write < tables)) {
        return malformed("the script touches rows before it locks its tables");
    }
    let bound: Vec<_> = roles()
        .filter_map(|role| match role {
            Role::BindSubject { column, .. } => Some(*column),
            _ => None,
        })
        .collect();
    let chooses = roles().any(|role| *role == Role::ChooseSubjects);
    if chooses != roles().any(|role| matches!(role, Role::NarrowSubjects { .. })) {
        return malformed("the script chooses subjects and doesn't look again, or the other way round");
    }
    // Where the policy means every row, there is no key.
    let columns: Vec<_> = (0..order.script.key.len()).filter(|_| !chooses).collect();
    if bound != columns {
        return malformed("the script does not bind each key column once");
    }
    let keyed = roles().any(|role| matches!(role, Role::CopySecret { .. }));
    if keyed && order.secret.is_none() {
        return malformed("the script makes pseudonyms, and there is no secret");
    }
    if order.keys.len() != columns.len() {
        return malformed("the keys don't have the subject's columns");
    }
    if order.keys.iter().any(|keys| keys.is_empty() || keys.len() != order.keys[0].len()) {
        return malformed("the key columns don't have equally many keys, or none");
    }
    Ok(())
}
