//! Is it committed?
//!
//! Three answers: the server acknowledged COMMIT; it refused; or nothing was heard of it. In the third case the server is
//! asked what became of the transaction's id, as soon as it can be reached, and for a bounded time. Asking the data instead
//! would be wrong: while COMMIT waits for a synchronous standby, its changes are not visible yet.

use std::fmt;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::join_all;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::answers::text_at;
use super::attempt::GRACE;
use super::outcome::{Ran, RunError};
use super::{Interrupt, Order};
use crate::server::{Connection, ServerError, Settings, connect, ledger};
use crate::sql::Role;

/// The proof that a transaction is committed. Only sending COMMIT makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    transaction: String,
    learned: Learned,
    replicated: bool,
}

/// How it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Learned {
    /// The server acknowledged COMMIT.
    Acknowledged,
    /// No answer was heard, and the server said so when asked.
    Asked(Unheard),
}

impl Committed {
    /// The transaction's id (`xid8`), as text.
    pub fn transaction(&self) -> &str {
        &self.transaction
    }

    /// Why the server had to be asked, where no answer to COMMIT was heard.
    pub fn had_to_be_asked(&self) -> Option<Unheard> {
        match self.learned {
            Learned::Acknowledged => None,
            Learned::Asked(why) => Some(why),
        }
    }

    /// Whether a synchronous standby has it, where the server waits for one; false when somebody ended that wait.
    pub fn is_replicated(&self) -> bool {
        self.replicated
    }
}

/// How long to wait before each question: about half a minute in all.
const WAITS: [Duration; 10] = [
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
    Duration::from_millis(1500),
    Duration::from_secs(3),
    Duration::from_secs(5),
    Duration::from_secs(5),
    Duration::from_secs(5),
    Duration::from_secs(10),
];

/// After Ctrl-C: how much longer COMMIT's answer is waited for before the server is asked, once.
const AFTER_INTERRUPT: Duration = Duration::from_secs(3);

/// How often, and after how long each time, it is looked whether a session that we have ended is over.
const ENDS: u32 = 40;
const ENDING: Duration = Duration::from_millis(50);

/// Which server a session is with: ids of transactions mean nothing on another one, or on another timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server {
    /// The cluster's identifier and timeline, or the moment of its start; none where the role may ask neither.
    identity: Option<String>,
    /// When it was started.
    started: Option<String>,
    /// Since when it has kept statistics: it forgets them in a crash, also in one of a single process, which it survives.
    remembers_since: Option<String>,
    /// Whether the role may ask where the server's log ends.
    pub reads_log: bool,
}

impl Server {
    /// Asks which server this is. Not inside a transaction of ours: a refusal would end it.
    pub(super) async fn identify(client: &Client) -> Self {
        const CLUSTER: &str = "SELECT pg_catalog.concat(system_identifier, ' ', CASE WHEN pg_catalog.pg_is_in_recovery() THEN 'standby' \
             ELSE pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8) END) \
             FROM pg_catalog.pg_control_system()";
        const START: &str = "SELECT pg_catalog.pg_postmaster_start_time()";
        const MEMORY: &str = "SELECT stats_reset FROM pg_catalog.pg_stat_bgwriter";
        const LOG: &str = "SELECT pg_catalog.pg_current_wal_insert_lsn()";
        let questions = [CLUSTER, START, MEMORY, LOG].map(|question| client.simple_query(question));
        let answers = join_all(questions).await;
        let mut answers = answers.into_iter().map(|answer| text_at(&answer.ok()?, 0));
        let [cluster, started, remembers_since, log] = std::array::from_fn(|_| answers.next().flatten());
        Server { identity: cluster.or_else(|| started.clone()), started, remembers_since, reads_log: log.is_some() }
    }

    fn is_same(&self, other: &Server) -> bool {
        self.identity.is_some() && self.identity == other.identity
    }

    /// What the id of a transaction says now that this is how the server is.
    fn life(&self, now: &Server) -> Life {
        match (&self.started, &now.started) {
            (Some(before), Some(now)) if before != now => Life::StartedAgain,
            (Some(_), Some(_)) if self.remembers_since.is_some() && self.remembers_since == now.remembers_since => {
                Life::Unbroken
            }
            _ => Life::MayHaveCrashed,
        }
    }
}

/// What a server has been through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    /// It has been up all the time.
    Unbroken,
    /// It was started again, after a crash or in peace.
    StartedAgain,
    /// It has forgotten its statistics: it has recovered from a crash of one of its processes, or somebody has reset them.
    MayHaveCrashed,
}

/// Why COMMIT's answer was not heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unheard {
    /// The connection was lost.
    Lost,
    /// Nothing was said for so long.
    Silent(Duration),
    /// Somebody pressed Ctrl-C.
    Interrupted,
}

impl fmt::Display for Unheard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unheard::Lost => f.write_str("the connection was lost in COMMIT"),
            Unheard::Silent(time) => write!(f, "COMMIT was not answered for {} s", time.as_secs()),
            Unheard::Interrupted => f.write_str("COMMIT was under way when it was interrupted"),
        }
    }
}

/// Why the server could not say what became of a COMMIT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// It is still at it.
    InProgress,
    /// It has crashed since, and the number may be another transaction's.
    NumberGivenAgain,
    /// It is another server, or can't be shown to be the same.
    OtherServer,
    /// Transactions of that age are forgotten.
    Forgotten,
    /// It can't be reached; in words.
    Unreachable(String),
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Doubt::InProgress => "the server says that it is in progress",
            Doubt::NumberGivenAgain => "the server may have crashed since, and have given the number to another one",
            Doubt::OtherServer => {
                "the server that answers now is not, or can't be shown to be, the one that ran the transaction"
            }
            Doubt::Forgotten => "the server has forgotten transactions of that age",
            Doubt::Unreachable(words) => words,
        })
    }
}

/// Sends COMMIT, and finds out what became of it. An interrupt doesn't reach the server from here on: it only ends the
/// waiting for an answer.
#[tracing::instrument(skip_all)]
pub(super) async fn commit(
    settings: &Settings,
    connection: &Connection,
    order: &Order<'_>,
    server: &Server,
    ran: &Ran,
    interrupt: &mut Interrupt<'_>,
) -> Result<Committed, RunError> {
    let last = order.script.statements.last().filter(|statement| statement.role == Role::Commit);
    let Some(statement) = last else {
        return Err(RunError::Malformed("the script does not end with COMMIT".into()));
    };
    let committed = |learned| {
        let replicated = !connection.has_given_up_on_a_standby();
        Ok(Committed { transaction: ran.transaction.clone(), learned, replicated })
    };
    let patience = order.bounds.statement + GRACE;
    let mut answer = pin!(connection.client.simple_query(statement.sql.as_str()));
    let heard = tokio::select! {
        biased;
        answer = &mut answer => Ok(answer),
        () = interrupt => {
            tracing::warn!("COMMIT is under way and can't be taken back; its answer is waited for a little longer");
            tokio::time::timeout(AFTER_INTERRUPT, &mut answer).await.map_err(|_| Unheard::Interrupted)
        }
        () = tokio::time::sleep(patience) => Err(Unheard::Silent(patience)),
    };
    let why = match heard {
        Ok(Ok(_)) => return committed(Learned::Acknowledged),
        Ok(Err(error)) => {
            let error = ServerError::from(error);
            if is_definite(&error) {
                return Err(RunError::CommitRefused(error));
            }
            Unheard::Lost
        }
        Err(why) => why,
    };
    tracing::warn!(%why, "asking the server what became of COMMIT");
    let waits = if why == Unheard::Interrupted { &WAITS[..1] } else { &WAITS[..] };
    let asked = ask(settings, server, ran, waits);
    let asked = if why == Unheard::Lost {
        asked.await
    } else {
        // The answer may still come, while a standby is waited for. An error is none: it comes when we hang up, too.
        tokio::select! {
            biased;
            Ok(_) = &mut answer => return committed(Learned::Acknowledged),
            asked = asked => asked,
        }
    };
    match asked {
        Ok(true) => committed(Learned::Asked(why)),
        Ok(false) => Err(RunError::RolledBack(why)),
        Err(doubt) => Err(RunError::OutcomeUnknown { why, transaction: ran.transaction.clone(), doubt }),
    }
}

/// Whether an error in COMMIT says that the server rolled back: an answer, and not the end of the session.
fn is_definite(error: &ServerError) -> bool {
    error.sqlstate().is_some() && !error.is_lost()
}

/// Asks until the server says `committed` (true) or `aborted` (false), or until the waits are used up.
///
/// Where the server can't be asked, the ledger is: an entry that is there was committed. One that isn't there says nothing,
/// unless the transaction of its number is committed.
async fn ask(settings: &Settings, server: &Server, ran: &Ran, waits: &[Duration]) -> Result<bool, Doubt> {
    let transaction = ran.transaction.as_str();
    let mut doubt = Doubt::Unreachable("nobody was asked".into());
    for wait in waits {
        tokio::time::sleep(*wait).await;
        let connected = tokio::time::timeout(GRACE, connect(settings, "efface: what became of a commit")).await;
        let connection = match connected {
            Ok(Ok(connection)) => connection,
            Ok(Err(error)) => {
                doubt = Doubt::Unreachable(error.to_string());
                continue;
            }
            Err(_) => {
                doubt = Doubt::Unreachable("the server does not answer".into());
                continue;
            }
        };
        let now = Server::identify(&connection.client).await;
        if !server.is_same(&now) {
            if is_entered(&connection.client, ran).await == Some(true) {
                return Ok(true);
            }
            doubt = Doubt::OtherServer;
            continue;
        }
        let mut answer = status(&connection.client, transaction).await;
        if answer.as_ref().is_ok_and(is_in_progress) && end_where_idle(&connection.client, transaction).await {
            for _ in 0..ENDS {
                answer = status(&connection.client, transaction).await;
                if !answer.as_ref().is_ok_and(is_in_progress) {
                    break;
                }
                tokio::time::sleep(ENDING).await;
            }
        }
        match answer {
            Ok(Some(status)) if status == "committed" => {
                // A crash takes along what was not on disk of the log, the transaction's number too, and the next transaction
                // gets it: `committed` may be said of somebody else's.
                return match (server.life(&now), kept_its_log(&connection.client, ran).await) {
                    (Life::Unbroken, _) | (_, Some(true)) => Ok(true),
                    // The log was found to end before our COMMIT.
                    (Life::StartedAgain, Some(false)) => Ok(false),
                    (Life::StartedAgain, None) | (Life::MayHaveCrashed, _) => {
                        is_entered(&connection.client, ran).await.ok_or(Doubt::NumberGivenAgain)
                    }
                };
            }
            Ok(Some(status)) if status == "aborted" => return Ok(false),
            Ok(Some(_)) => doubt = Doubt::InProgress,
            Ok(None) if is_entered(&connection.client, ran).await == Some(true) => return Ok(true),
            Ok(None) => return Err(Doubt::Forgotten),
            Err(error) => match error {
                // The same server has not come so far: it crashed before anything of the transaction was on disk.
                error if error.sqlstate() == Some(NOT_YET) => return Ok(false),
                error => doubt = Doubt::Unreachable(error.to_string()),
            },
        }
    }
    Err(doubt)
}

/// What the server says of a transaction; nothing where it has forgotten it.
async fn status(client: &Client, transaction: &str) -> Result<Option<String>, ServerError> {
    const QUESTION: &str = "SELECT pg_catalog.pg_xact_status($1::pg_catalog.text::pg_catalog.xid8)";
    let rows = client.query_typed(QUESTION, &[(&transaction, Type::TEXT)]).await?;
    Ok(rows.first().and_then(|row| row.try_get::<_, Option<String>>(0).ok().flatten()))
}

fn is_in_progress(status: &Option<String>) -> bool {
    status.as_deref() == Some("in progress")
}

/// Ends the session of our transaction where the server waits for us there: COMMIT never came to it, and the network may still
/// bring it. Not where it works on COMMIT, or waits for a standby. Whether there was one.
async fn end_where_idle(client: &Client, transaction: &str) -> bool {
    const END: &str = "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity \
         WHERE state = 'idle in transaction' AND datname = pg_catalog.current_database() \
         AND backend_xid::pg_catalog.text::pg_catalog.int8 = $1::pg_catalog.text::pg_catalog.int8 & 4294967295";
    let ended = client.query_typed(END, &[(&transaction, Type::TEXT)]).await;
    ended.is_ok_and(|rows| rows.first().is_some_and(|row| row.try_get(0).unwrap_or(false)))
}

/// Whether the ledger has the run's entry, by its digest, which no other run has. None where there is none to look for, or
/// where it can't be looked for.
async fn is_entered(client: &Client, ran: &Ran) -> Option<bool> {
    ledger::has(client, &ran.entry.as_ref()?.digest).await.ok()
}

/// Whether the log goes beyond where it ended before our COMMIT: the checkpoint at the end of recovery stands where it was
/// found to end. None where that can't be asked.
async fn kept_its_log(client: &Client, ran: &Ran) -> Option<bool> {
    const QUESTION: &str =
        "SELECT checkpoint_lsn > $1::pg_catalog.text::pg_catalog.pg_lsn FROM pg_catalog.pg_control_checkpoint()";
    let end = ran.log_end.as_deref()?;
    let rows = client.query_typed(QUESTION, &[(&end, Type::TEXT)]).await.ok()?;
    rows.first()?.try_get(0).ok()
}

/// `invalid_parameter_value` (manual, appendix A): a transaction's id that the server has not given yet.
const NOT_YET: &str = "22023";

#[cfg(test)]
mod tests {
    use super::*;

    fn server(identity: Option<&str>, started: Option<&str>, remembers_since: Option<&str>) -> Server {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let [identity, started, remembers_since] = [identity, started, remembers_since].map(owned);
        Server { identity, started, remembers_since, reads_log: false }
    }

    #[test]
    fn a_server_that_cannot_be_identified_is_never_the_same() {
        let (unknown, known) = (server(None, None, None), server(Some("7 00000001"), None, None));
        assert!(!unknown.is_same(&unknown) && !known.is_same(&unknown) && known.is_same(&known.clone()));
    }

    #[test]
    fn a_server_that_has_forgotten_its_statistics_may_have_crashed() {
        let before = server(None, Some("monday"), Some("sunday"));
        assert_eq!(before.life(&before), Life::Unbroken);
        assert_eq!(before.life(&server(None, Some("tuesday"), Some("sunday"))), Life::StartedAgain);
        for now in
            [server(None, Some("monday"), Some("monday")), server(None, Some("monday"), None), server(None, None, None)]
        {
            assert_eq!(before.life(&now), Life::MayHaveCrashed);
        }
        let silent = server(None, Some("monday"), None);
        assert_eq!(silent.life(&silent), Life::MayHaveCrashed);
    }

    #[test]
    fn a_lost_connection_is_no_answer() {
        assert!(!is_definite(&ServerError::Lost));
        assert!(!is_definite(&ServerError::Protocol("unexpected message".into())));
    }
}
