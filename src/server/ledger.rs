//! What is in the ledger of a database, and may a run be entered in it?
//!
//! Only the tables of `schema/ledger.sql` are read and written here; entries are written by scripts alone.

use std::future::Future;
use std::pin::pin;

use futures_util::TryStreamExt;
use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use super::ServerError;
use crate::review::LedgerEntry;
use crate::sql::{LEDGER_DDL, LEDGER_PRIVILEGES, LEDGER_TABLES, LEDGER_VERSION, MOMENT};

/// What a database has of a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ledger {
    /// Nothing.
    Absent,
    /// Tables of somebody else's in its place.
    Foreign,
    /// One that this efface doesn't know, of this version.
    Unknown(i32),
    /// One that the role may not use; the privileges that it lacks, as for `GRANT`.
    Forbidden(Vec<String>),
    /// One that entries can be written to, unless efface is switched off: then with the reason.
    Ready {
        /// Why efface is switched off, where it is.
        off: Option<String>,
    },
}

/// Asks where names are PostgreSQL's own, whatever the session's search path offers.
async fn asked<T>(client: &Client, answer: impl Future<Output = Result<T, ServerError>>) -> Result<T, ServerError> {
    client.batch_execute("BEGIN READ ONLY; SET LOCAL search_path = pg_catalog, pg_temp").await?;
    let answer = answer.await;
    // A failed transaction is ended by it as well.
    let ended = client.batch_execute("COMMIT").await;
    let answer = answer?;
    ended?;
    Ok(answer)
}

/// Looks what there is.
///
/// # Errors
/// The connection is gone.
pub async fn look(client: &Client) -> Result<Ledger, ServerError> {
    asked(client, found(client)).await
}

async fn found(client: &Client) -> Result<Ledger, ServerError> {
    // Nothing is cast by name here: names in a schema that the role may not use can't be.
    const PRIVILEGES: &str = "
        WITH found AS (
            SELECT c.relname::pg_catalog.text AS name, c.oid, n.oid AS schema
            FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
            WHERE n.nspname = 'efface' AND c.relkind = 'r' AND c.relname = ANY ($1)
        ), may AS (
            SELECT name,
                pg_catalog.has_schema_privilege(schema, 'USAGE') AS used,
                pg_catalog.has_table_privilege(oid, 'SELECT') AS read,
                pg_catalog.has_table_privilege(oid, 'INSERT') AS inserted,
                pg_catalog.has_table_privilege(oid, 'UPDATE') AS updated,
                name = 'control' AND pg_catalog.has_any_column_privilege(oid, 'UPDATE') AS held
            FROM found
        )
        SELECT pg_catalog.count(*),
            pg_catalog.count(*) FILTER (WHERE name = 'version'),
            coalesce(pg_catalog.bool_and(used), false),
            coalesce(pg_catalog.bool_and(read) FILTER (WHERE name <> 'turn'), false),
            coalesce(pg_catalog.bool_and(inserted) FILTER (WHERE name IN ('ledger', 'erased')), false),
            coalesce(pg_catalog.bool_or(held), false),
            coalesce(pg_catalog.bool_or(updated) FILTER (WHERE name = 'turn'), false)
        FROM may";
    let tables: Vec<&str> = LEDGER_TABLES.to_vec();
    let rows = client.query_typed(PRIVILEGES, &[(&tables, Type::TEXT_ARRAY)]).await?;
    let row = rows.first().ok_or_else(|| ServerError::Protocol("no answer about the ledger".into()))?;
    let (found, versions): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    if found == 0 {
        return Ok(Ledger::Absent);
    }
    if versions == 0 {
        return Ok(Ledger::Foreign);
    }
    let mut lacking = Vec::new();
    for (column, privilege) in (2..).zip(LEDGER_PRIVILEGES) {
        if !row.try_get::<_, bool>(column)? {
            lacking.push(privilege.to_owned());
        }
    }
    // Without these two the version can't be read; with them a newer one is told before the privileges that it needs.
    if row.try_get::<_, bool>(2)? && row.try_get::<_, bool>(3)? {
        let rows = client.query_typed("SELECT pg_catalog.max(version) FROM efface.version", &[]).await?;
        let version = rows.first().and_then(|row| row.try_get::<_, Option<i32>>(0).ok().flatten()).unwrap_or(0);
        if version != LEDGER_VERSION {
            return Ok(Ledger::Unknown(version));
        }
    }
    if !lacking.is_empty() {
        return Ok(Ledger::Forbidden(lacking));
    }
    let rows = client.query_typed("SELECT reason FROM efface.control WHERE NOT enabled", &[]).await?;
    Ok(Ledger::Ready {
        off: rows.first().map(|row| row.try_get::<_, Option<String>>(0)).transpose()?.map(Option::unwrap_or_default),
    })
}

/// Makes the tables; where they are there, nothing is done.
///
/// # Errors
/// The role may not create a schema; tables of somebody else's are in the way.
pub async fn create(client: &Client) -> Result<(), ServerError> {
    let made = client.batch_execute(LEDGER_DDL).await;
    if made.is_err() {
        let _ = client.batch_execute("ROLLBACK").await;
    }
    Ok(made?)
}

/// Who owns the ledger.
///
/// # Errors
/// The connection is gone.
pub async fn owner(client: &Client) -> Result<String, ServerError> {
    const QUESTION: &str = "
        SELECT pg_catalog.pg_get_userbyid(c.relowner)::pg_catalog.text
        FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = 'efface' AND c.relname = 'ledger'";
    let rows = asked(client, async { Ok(client.query_typed(QUESTION, &[]).await?) }).await?;
    Ok(rows.first().map(|row| row.try_get(0)).transpose()?.unwrap_or_default())
}

/// The roles, other than its owner, that could change or remove entries.
///
/// # Errors
/// The connection is gone.
pub async fn meddlers(client: &Client) -> Result<Vec<String>, ServerError> {
    const QUESTION: &str = "
        SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.pg_get_userbyid(a.grantee)::pg_catalog.text END
        FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) AS a
        WHERE n.nspname = 'efface' AND c.relname IN ('ledger', 'erased') AND a.grantee <> c.relowner
          AND a.privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE')
        ORDER BY 1";
    let rows = asked(client, async { Ok(client.query_typed(QUESTION, &[]).await?) }).await?;
    Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
}

/// An entry as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It can be read.
    Entry(Box<LedgerEntry>),
    /// Somebody has put something else in its place.
    Unreadable {
        /// Its number.
        seq: u64,
        /// What it says of the entry before.
        prev: String,
        /// What it says of itself.
        digest: String,
    },
}

/// Reads all entries, as one snapshot, in the order of their numbers; returns how many subjects are listed for entries that
/// are not there.
///
/// # Errors
/// There is no ledger, or the role may not read it.
pub async fn read(client: &Client, mut take: impl FnMut(Found)) -> Result<u64, ServerError> {
    client
        .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL search_path = pg_catalog, pg_temp")
        .await?;
    let strays = entries(client, &mut take).await;
    // A failed transaction is ended by it as well.
    let ended = client.batch_execute("COMMIT").await;
    let strays = strays?;
    ended?;
    Ok(strays)
}

async fn entries(client: &Client, take: &mut impl FnMut(Found)) -> Result<u64, ServerError> {
    // Streamed, since a ledger may be longer than memory.
    let question = format!(
        "SELECT l.seq, l.prev, l.digest, pg_catalog.json_build_object(
            'seq', l.seq, 'prev', l.prev, 'digest', l.digest, 'at', pg_catalog.to_char(l.at AT TIME ZONE 'UTC', {MOMENT}),
            'role', l.role, 'transaction', l.transaction, 'runner', l.runner, 'policy', l.policy,
            'policy_sha256', l.policy_sha256, 'plan_sha256', l.plan_sha256, 'subject', l.subject, 'key', l.key,
            'chosen', l.chosen, 'subjects', l.subjects, 'subjects_sha256', l.subjects_sha256, 'steps', l.steps,
            'erased', ARRAY(SELECT e.subject FROM efface.erased AS e WHERE e.entry = l.seq ORDER BY e.subject COLLATE \"C\")
         )::pg_catalog.text
         FROM efface.ledger AS l ORDER BY l.seq, l.digest"
    );
    let nothing: [(&(dyn ToSql + Sync), Type); 0] = [];
    let mut rows = pin!(client.query_typed_raw(&question, nothing).await?);
    while let Some(row) = rows.try_next().await? {
        let text: String = row.try_get(3)?;
        take(match LedgerEntry::read(&text) {
            Ok(entry) => Found::Entry(Box::new(entry)),
            Err(_) => Found::Unreadable {
                seq: u64::try_from(row.try_get::<_, i64>(0)?).unwrap_or_default(),
                prev: row.try_get::<_, Option<String>>(1)?.unwrap_or_default(),
                digest: row.try_get::<_, Option<String>>(2)?.unwrap_or_default(),
            },
        });
    }
    const STRAYS: &str = "
        SELECT pg_catalog.count(*) FROM efface.erased AS e
        WHERE NOT EXISTS (SELECT FROM efface.ledger AS l WHERE l.seq = e.entry)";
    let rows = client.query_typed(STRAYS, &[]).await?;
    let strays: i64 = rows.first().map(|row| row.try_get(0)).transpose()?.unwrap_or_default();
    Ok(strays.unsigned_abs())
}

/// Switches efface off, with a reason, or on again. Waits for the runs that are under way; those that begin meanwhile wait
/// behind it.
///
/// # Errors
/// The role doesn't own the ledger.
pub async fn switch(client: &Client, off: Option<&str>) -> Result<(), ServerError> {
    let switched = async {
        // Runs that begin share the row's lock with those that are under way; the table's lock is the one that they queue for.
        client.batch_execute("BEGIN; LOCK TABLE efface.control IN EXCLUSIVE MODE").await?;
        let enabled = off.is_none();
        let parameters: [(&(dyn ToSql + Sync), Type); 2] = [(&enabled, Type::BOOL), (&off, Type::TEXT)];
        client.query_typed("UPDATE efface.control SET enabled = $1, reason = $2", &parameters).await?;
        client.batch_execute("COMMIT").await
    };
    let switched: Result<(), tokio_postgres::Error> = switched.await;
    if switched.is_err() {
        let _ = client.batch_execute("ROLLBACK").await;
    }
    Ok(switched?)
}

/// Whether an entry with this digest is there. One that isn't says nothing: COMMIT may be waiting for a standby.
///
/// # Errors
/// There is no ledger, or the role may not read it.
pub async fn has(client: &Client, digest: &str) -> Result<bool, ServerError> {
    let question = "SELECT EXISTS (SELECT FROM efface.ledger WHERE digest OPERATOR(pg_catalog.=) $1)";
    let rows = client.query_typed(question, &[(&digest, Type::TEXT)]).await?;
    Ok(rows.first().map(|row| row.try_get(0)).transpose()?.unwrap_or(false))
}
