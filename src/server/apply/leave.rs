//! How is a transaction left that is not to be committed?
//!
//! By ROLLBACK. Where that isn't answered, or the connection is lost, the server may not have noticed: until it does, the session
//! stands there with its locks, and whoever wants these waits, a run that tries once more too. So it is ended from another one.

use std::time::Duration;

use tokio_postgres::types::{ToSql, Type};

use super::attempt::GRACE;
use crate::server::{Connection, ServerError, Settings, connect};

/// Ends what the server is doing for us. Where that fails, it goes on to its end or to its timeout.
pub(super) async fn cancel(connection: &Connection) {
    let _ = tokio::time::timeout(GRACE, connection.cancel.cancel()).await;
}

/// Rolls back; or ends the session, where it can't be told to.
pub(super) async fn leave(settings: &Settings, connection: &Connection, is_lost: bool) {
    if is_lost || !rolled_back(connection).await {
        let ended = tokio::time::timeout(GRACE, end(settings, connection)).await;
        tracing::debug!(?ended, "our session on the server, if it is still there");
    }
}

/// Whether the server has answered.
async fn rolled_back(connection: &Connection) -> bool {
    tokio::time::timeout(GRACE, connection.client.simple_query("ROLLBACK")).await.is_ok_and(|answer| answer.is_ok())
}

/// Ends our session, and waits until it is over. Only where it still has the name that we gave it: behind a pooler the process may
/// serve somebody else by now.
async fn end(settings: &Settings, connection: &Connection) -> Result<(), ServerError> {
    const END: &str = "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity \
         WHERE pid = $1 AND datname = pg_catalog.current_database() AND usename = current_user \
         AND pg_catalog.starts_with(application_name, $2)";
    const IS_THERE: &str = "SELECT count(*) > 0 FROM pg_catalog.pg_stat_activity WHERE pid = $1";
    let Some(name) = &connection.name else { return Ok(()) };
    let other = connect(settings, "efface: ends a session that was lost").await?;
    let pid = connection.backend_pid;
    let parameters: [(&(dyn ToSql + Sync), Type); 2] = [(&pid, Type::INT4), (name, Type::TEXT)];
    if other.client.query_typed(END, &parameters).await?.is_empty() {
        return Ok(());
    }
    loop {
        let rows = other.client.query_typed(IS_THERE, &[(&pid, Type::INT4)]).await?;
        if !rows.first().is_some_and(|row| row.try_get(0).unwrap_or(false)) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
