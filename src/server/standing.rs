//! May anything be changed where we are connected to?
//!
//! A hot standby takes questions only, and whoever sets `default_transaction_read_only` means that nothing is to be
//! written here, though a transaction could say otherwise. Both are told before anything is begun.

use tokio_postgres::Client;

use super::ServerError;
use super::ask::texts;
use crate::ident::shown;

/// Why nothing may be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadOnly {
    /// The server follows another one.
    Standby {
        /// Where that one is, as far as the role may know.
        primary: Option<String>,
    },
    /// `default_transaction_read_only` is on, for the role, the database or the server.
    BySetting,
}

/// The address of the primary without anything else that its connection string holds.
const QUESTION: &str = "
    SELECT pg_catalog.pg_is_in_recovery()::pg_catalog.text,
           pg_catalog.current_setting('default_transaction_read_only'),
           coalesce(
               (SELECT CASE WHEN r.sender_host IS NOT NULL THEN pg_catalog.concat(r.sender_host, ' port ', r.sender_port) END
                FROM pg_catalog.pg_stat_wal_receiver AS r),
               (SELECT (pg_catalog.regexp_match(s.setting, '(?:^|\\s)host\\s*=\\s*''?([^''\\s]+)'))[1]
                FROM pg_catalog.pg_settings AS s WHERE s.name OPERATOR(pg_catalog.=) 'primary_conninfo'))";

/// Why nothing may be changed here; none where it may.
///
/// # Errors
/// The connection is gone.
pub async fn read_only(client: &Client) -> Result<Option<ReadOnly>, ServerError> {
    let answer = texts(&client.simple_query(QUESTION).await?);
    let text = |column: usize| answer.get(column).cloned().flatten();
    Ok(match (text(0).as_deref(), text(1).as_deref()) {
        (Some("true"), _) => Some(ReadOnly::Standby { primary: text(2) }),
        (_, Some("on")) => Some(ReadOnly::BySetting),
        _ => None,
    })
}

impl ReadOnly {
    /// The fact, the reason and the next thing to do.
    pub fn words(&self) -> (&'static str, &'static str, String) {
        match self {
            ReadOnly::Standby { primary } => (
                "this server is a standby, on which nothing can be changed; nothing was begun",
                "`check` and `plan` can be run here",
                match primary {
                    Some(primary) => format!("connect to its primary, which is at {}", shown(primary)),
                    None => "connect to its primary; the role may not know where that is".to_owned(),
                },
            ),
            ReadOnly::BySetting => (
                "`default_transaction_read_only` is on, for this role, this database or this server; nothing was begun",
                "somebody wants nothing to be changed here; `check` and `plan` can be run",
                "connect to the database that is meant, or have the setting taken back (`\\drds` shows those of roles and \
                 databases)"
                    .to_owned(),
            ),
        }
    }
}
