//! Who waits for us, and for whom do we wait?
//!
//! Asked again and again from a second connection, which is opened only when a transaction has lasted a while: most are over
//! before. Sessions are named by what the server knows of them; the text of their queries is never read, since it holds
//! values.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::{Duration, Instant};

use tokio_postgres::types::Type;

use crate::ident::shown;
use crate::server::{Connection, ServerError, Settings, connect};

/// A session that waits for a lock of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The server process.
    pub pid: i32,
    /// The role; none where ours may not see it.
    pub role: Option<String>,
    /// What the session calls itself.
    pub name: String,
    /// For how long it has been seen waiting for us.
    pub waited: Duration,
}

impl Session {
    /// For a line that names several.
    pub(super) fn in_short(&self) -> String {
        format!("process {} for {} ms", self.pid, self.waited.as_millis())
    }
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {}", self.pid)?;
        if let Some(role) = &self.role {
            write!(f, " of role `{}`", shown(role))?;
        }
        if !self.name.is_empty() {
            write!(f, " ({})", shown(&self.name))?;
        }
        write!(f, " has waited for {} ms", self.waited.as_millis())
    }
}

/// Who holds us up (true) and whom we hold up. Whoever waits stands in `pg_locks` without a grant, whatever the role may see
/// of the session. A prepared transaction that holds us up is process 0.
const QUESTION: &str = "
    SELECT pid, true, NULL, NULL FROM unnest(pg_catalog.pg_blocking_pids($1)) AS blocking (pid)
    UNION ALL
    SELECT waiting.pid, false, a.usename::text, a.application_name
    FROM (SELECT DISTINCT pid FROM pg_catalog.pg_locks WHERE NOT granted AND pid <> $1) AS waiting
    LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = waiting.pid
    WHERE $1 = ANY (pg_catalog.pg_blocking_pids(waiting.pid))
    ORDER BY 1";

/// How long a transaction lasts before it is watched.
const FIRST_LOOK: Duration = Duration::from_millis(150);

/// Watches the transactions of one run.
pub(super) struct Watch<'a> {
    settings: &'a Settings,
    ours: i32,
    most: Option<Duration>,
    connection: Option<Connection>,
    /// Since when each of those who wait has been seen waiting.
    since: BTreeMap<i32, Instant>,
    blocking: BTreeSet<i32>,
    blind: Option<ServerError>,
}

impl<'a> Watch<'a> {
    /// Watches for sessions that wait longer than `most` for the process `ours`; nothing without a limit.
    pub(super) fn new(settings: &'a Settings, ours: i32, most: Option<Duration>) -> Self {
        Self { settings, ours, most, connection: None, since: BTreeMap::new(), blocking: BTreeSet::new(), blind: None }
    }

    /// The processes for which we have waited when it was last looked; 0 is a prepared transaction.
    pub(super) fn blocking(&self) -> &BTreeSet<i32> {
        &self.blocking
    }

    /// Why nobody watches.
    pub(super) fn blind(&mut self) -> Option<ServerError> {
        self.blind.take()
    }

    /// Resolves when somebody has waited too long; never, where nobody does, or where it can't be asked.
    pub(super) async fn until_held_up(&mut self) -> Vec<Session> {
        let Some(most) = self.most else { return std::future::pending().await };
        self.since.clear();
        self.blocking.clear();
        let pause = (most / 4).clamp(Duration::from_millis(20), Duration::from_millis(100));
        tokio::time::sleep(FIRST_LOOK.min(pause * 2)).await;
        loop {
            match self.look().await {
                Ok(waiting) => {
                    if waiting.iter().any(|session| session.waited > most) {
                        return waiting;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "nobody watches for sessions that wait for us");
                    self.connection = None;
                    self.blind.get_or_insert(error);
                    return std::future::pending().await;
                }
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Who waits for us now, longest first.
    async fn look(&mut self) -> Result<Vec<Session>, ServerError> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(connect(self.settings, "efface: who waits for us").await?),
        };
        let rows = connection.client.query_typed(QUESTION, &[(&self.ours, Type::INT4)]).await?;
        let now = Instant::now();
        let mut waiting = Vec::new();
        let mut blocking = BTreeSet::new();
        for row in &rows {
            let (Ok(pid), Ok(blocks)) = (row.try_get::<_, i32>(0), row.try_get::<_, bool>(1)) else { continue };
            if blocks {
                blocking.insert(pid);
                continue;
            }
            let text = |at: usize| row.try_get::<_, Option<String>>(at).ok().flatten();
            let since = *self.since.entry(pid).or_insert(now);
            waiting.push(Session { pid, role: text(2), name: text(3).unwrap_or_default(), waited: now - since });
        }
        self.since.retain(|pid, _| waiting.iter().any(|session| session.pid == *pid));
        waiting.sort_by_key(|session| std::cmp::Reverse(session.waited));
        if !blocking.is_empty() {
            self.blocking = blocking;
        }
        Ok(waiting)
    }
}
