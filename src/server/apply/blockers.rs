//! Who was in the way?
//!
//! Asked from a second connection when a lock was waited for in vain. Sessions are named by what the server knows of
//! them; the text of their queries is never read, since it holds values.

use std::collections::BTreeSet;
use std::fmt;

use tokio_postgres::types::Type;

use super::Order;
use crate::ident::shown;
use crate::server::{ServerError, Settings, connect};

/// A session, or a prepared transaction, that holds a lock on a table of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocker {
    /// The server process; none for a prepared transaction.
    pub pid: Option<i32>,
    /// The role.
    pub role: String,
    /// What the session calls itself; for a prepared transaction its global identifier.
    pub name: String,
    /// `active`, `idle in transaction`, `prepared` …
    pub state: String,
    /// For how long its transaction has been open, in seconds.
    pub age_seconds: i64,
    /// The tables of the plan on which it holds locks, sorted.
    pub tables: String,
}

/// Locks that only readers hold are in nobody's way here. A prepared transaction has no process: in `pg_locks` it shows by the
/// lock that it has on its own id.
const QUESTION: &str = "
    WITH held AS (
        SELECT l.pid, l.virtualtransaction, string_agg(DISTINCT c.relname::text, ', ' ORDER BY c.relname::text) AS tables
        FROM pg_catalog.pg_locks AS l
        JOIN pg_catalog.pg_class AS c ON c.oid = l.relation
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        JOIN unnest($1::text[], $2::text[]) AS wanted (nspname, relname)
          ON wanted.nspname = n.nspname AND wanted.relname = c.relname
        WHERE l.granted AND l.mode <> 'AccessShareLock' AND l.pid IS DISTINCT FROM $3
          AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
        GROUP BY l.pid, l.virtualtransaction
    )
    SELECT held.pid, a.usename::text, a.application_name, a.state,
           extract(epoch FROM clock_timestamp() - a.xact_start)::bigint, held.tables
    FROM held JOIN pg_catalog.pg_stat_activity AS a ON a.pid = held.pid
    UNION ALL
    SELECT NULL, p.owner::text, p.gid, 'prepared', extract(epoch FROM clock_timestamp() - p.prepared)::bigint, held.tables
    FROM pg_catalog.pg_prepared_xacts AS p
    JOIN pg_catalog.pg_locks AS own ON own.locktype = 'transactionid' AND own.transactionid = p.transaction AND own.granted
    JOIN held ON held.virtualtransaction = own.virtualtransaction
    WHERE held.pid IS NULL AND own.pid IS NULL
    ORDER BY 5 DESC NULLS LAST, 1";

/// Names who holds locks on the plan's tables, oldest transaction first; nobody, where that can't be asked. Where it was
/// seen for whom we waited (`seen`, with 0 for a prepared transaction), only those.
pub(super) async fn blockers(settings: &Settings, ours: i32, seen: &BTreeSet<i32>, order: &Order<'_>) -> Vec<Blocker> {
    let holders = match ask(settings, ours, order).await {
        Ok(holders) => holders,
        Err(error) => {
            tracing::debug!(%error, "blockers could not be asked for");
            return Vec::new();
        }
    };
    let waited_for = |blocker: &&Blocker| seen.contains(&blocker.pid.unwrap_or(0));
    let waited_for: Vec<_> = holders.iter().filter(waited_for).cloned().collect();
    if waited_for.is_empty() { holders } else { waited_for }
}

async fn ask(settings: &Settings, ours: i32, order: &Order<'_>) -> Result<Vec<Blocker>, ServerError> {
    let connection = connect(settings, "efface: who is in the way").await?;
    // The session's own search path may hold anything.
    connection.client.batch_execute("BEGIN READ ONLY; SET LOCAL search_path = pg_catalog, pg_temp").await?;
    let of_plan = order.reviewed.tables.iter().filter(|table| order.tables.contains(&table.name));
    let partitions = of_plan.filter_map(|table| table.partitioned.as_ref()).flat_map(|it| &it.partitions);
    let (schemas, names): (Vec<&str>, Vec<&str>) =
        order.tables.iter().chain(partitions).map(|table| (table.schema.as_str(), table.name.as_str())).unzip();
    let parameters: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 3] =
        [(&schemas, Type::TEXT_ARRAY), (&names, Type::TEXT_ARRAY), (&ours, Type::INT4)];
    let rows = connection.client.query_typed(QUESTION, &parameters).await?;
    let text = |row: &tokio_postgres::Row, at: usize| row.try_get::<_, Option<String>>(at).ok().flatten();
    Ok(rows
        .iter()
        .map(|row| Blocker {
            pid: row.try_get(0).ok().flatten(),
            role: text(row, 1).unwrap_or_else(|| "unknown".into()),
            name: text(row, 2).unwrap_or_default(),
            state: text(row, 3).unwrap_or_else(|| "unknown".into()),
            age_seconds: row.try_get::<_, Option<i64>>(4).ok().flatten().unwrap_or(0),
            tables: text(row, 5).unwrap_or_default(),
        })
        .collect())
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (role, name, state, age) = (shown(&self.role), shown(&self.name), shown(&self.state), self.age_seconds);
        match self.pid {
            Some(pid) => {
                write!(f, "process {pid} of role `{role}` ({name}), {state}, in a transaction for {age} s")?;
                write!(f, ", holds locks on {}", shown(&self.tables))
            }
            None => {
                write!(f, "prepared transaction `{name}` of role `{role}`, prepared {age} s ago")?;
                write!(f, ", holds locks on {}", shown(&self.tables))
            }
        }
    }
}
