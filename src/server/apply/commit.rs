//! Is it committed?
//!
//! Three answers: the server acknowledged COMMIT; it refused; or the connection was lost in between. In the third case the
//! server is asked what became of the transaction's id, as soon as it can be reached, and for a bounded time. Asking the
//! data instead would be wrong: while COMMIT waits for a synchronous standby, its changes are not visible yet.

use std::time::Duration;

use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::Order;
use super::attempt::text_at;
use super::outcome::{Ran, RunError};
use crate::server::{Connection, ServerError, Settings, connect, ledger};
use crate::sql::Role;

/// The proof that a transaction is committed. Only sending COMMIT makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    transaction: String,
    learned: Learned,
}

/// How it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Learned {
    /// The server acknowledged COMMIT.
    Acknowledged,
    /// The connection was lost, and the server said so when asked.
    Asked,
}

impl Committed {
    /// The transaction's id (`xid8`), as text.
    pub fn transaction(&self) -> &str {
        &self.transaction
    }

    /// Whether the connection was lost in COMMIT and the server had to be asked.
    pub fn had_to_be_asked(&self) -> bool {
        self.learned == Learned::Asked
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

/// Which server a session is with: ids of transactions mean nothing on another one, or on another timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server {
    /// The cluster's identifier and timeline, or the moment of its start; none where the role may ask neither.
    identity: Option<String>,
}

impl Server {
    /// Asks which server this is. Not inside a transaction of ours: a refusal would end it.
    pub(super) async fn identify(client: &Client) -> Self {
        const CLUSTER: &str = "SELECT pg_catalog.concat(system_identifier, ' ', CASE WHEN pg_catalog.pg_is_in_recovery() THEN 'standby' \
             ELSE pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8) END) \
             FROM pg_catalog.pg_control_system()";
        const START: &str = "SELECT pg_catalog.pg_postmaster_start_time()";
        for question in [CLUSTER, START] {
            if let Ok(answer) = client.simple_query(question).await
                && let Some(identity) = text_at(&answer, 0)
            {
                return Server { identity: Some(identity) };
            }
        }
        Server { identity: None }
    }

    fn is_same(&self, other: &Server) -> bool {
        self.identity.is_some() && self.identity == other.identity
    }
}

/// Sends COMMIT, and finds out what became of it. No interrupt reaches the server from here on.
#[tracing::instrument(skip_all)]
pub(super) async fn commit(
    settings: &Settings,
    connection: &Connection,
    order: &Order<'_>,
    server: &Server,
    ran: &Ran,
) -> Result<Committed, RunError> {
    let last = order.script.statements.last().filter(|statement| statement.role == Role::Commit);
    let Some(statement) = last else {
        return Err(RunError::Malformed("the script does not end with COMMIT".into()));
    };
    let committed = |learned| Ok(Committed { transaction: ran.transaction.clone(), learned });
    let error = match connection.client.simple_query(statement.sql.as_str()).await {
        Ok(_) => return committed(Learned::Acknowledged),
        Err(error) => ServerError::from(error),
    };
    if is_definite(&error) {
        return Err(RunError::CommitRefused(error));
    }
    tracing::warn!("the connection was lost in COMMIT; asking the server what became of it");
    match ask(settings, server, ran).await {
        Ok(true) => committed(Learned::Asked),
        Ok(false) => Err(RunError::RolledBack),
        Err(reason) => Err(RunError::OutcomeUnknown { transaction: ran.transaction.clone(), reason }),
    }
}

/// Whether an error in COMMIT says that the server rolled back: an answer, and not the end of the session.
fn is_definite(error: &ServerError) -> bool {
    error.sqlstate().is_some() && !error.is_lost()
}

/// Asks until the server says `committed` (true) or `aborted` (false), or until the waits are used up.
///
/// Where the server can't be asked, the ledger is: an entry that is there was committed. One that isn't there says nothing.
async fn ask(settings: &Settings, server: &Server, ran: &Ran) -> Result<bool, String> {
    let transaction = ran.transaction.as_str();
    let mut reason = String::new();
    for wait in WAITS {
        tokio::time::sleep(wait).await;
        let connection = match connect(settings, "efface: what became of a commit").await {
            Ok(connection) => connection,
            Err(error) => {
                reason = error.to_string();
                continue;
            }
        };
        if !server.is_same(&Server::identify(&connection.client).await) {
            if is_entered(&connection.client, ran).await {
                return Ok(true);
            }
            reason =
                "the server that answers now is not, or can't be shown to be, the one that ran the transaction".into();
            continue;
        }
        let question = "SELECT pg_catalog.pg_xact_status($1::pg_catalog.text::pg_catalog.xid8)";
        let answer = connection.client.query_typed(question, &[(&transaction, Type::TEXT)]).await;
        let status = answer.map(|rows| rows.first().and_then(|row| row.try_get::<_, Option<String>>(0).ok().flatten()));
        match status {
            Ok(Some(status)) if status == "committed" => return Ok(true),
            Ok(Some(status)) if status == "aborted" => return Ok(false),
            Ok(Some(_)) => reason = "the transaction is still in progress".into(),
            Ok(None) if is_entered(&connection.client, ran).await => return Ok(true),
            Ok(None) => return Err("the server has forgotten transactions of that age".into()),
            Err(error) => reason = ServerError::from(error).to_string(),
        }
    }
    Err(reason)
}

/// Whether the ledger has the run's entry, by its digest, which no other run has.
async fn is_entered(client: &Client, ran: &Ran) -> bool {
    match &ran.entry {
        Some(entry) => ledger::has(client, &entry.digest).await.unwrap_or(false),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_cannot_be_identified_is_never_the_same() {
        let unknown = Server { identity: None };
        let known = Server { identity: Some("7 00000001".into()) };
        assert!(!unknown.is_same(&unknown) && !known.is_same(&unknown) && known.is_same(&known.clone()));
    }

    #[test]
    fn a_lost_connection_is_no_answer() {
        assert!(!is_definite(&ServerError::Lost));
        assert!(!is_definite(&ServerError::Protocol("unexpected message".into())));
    }
}
