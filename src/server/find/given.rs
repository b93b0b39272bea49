//! How do the values come to the server, so that no log of it holds them?
//!
//! As parameters, which `log_statement` and its kin write out where `log_parameter_max_length` isn't 0. Who may set that
//! does; else the values are the data of a COPY into temporary tables, which is logged nowhere. A standby has no temporary
//! tables.

use std::collections::BTreeMap;
use std::pin::pin;

use futures_util::SinkExt;
use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use super::super::ServerError;
use super::{FindError, Sought};
use crate::sql::{Given, LONGEST, Sql, spelled, spelled_table, values_table};

/// One way to look for a value.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Needle {
    pub no: i32,
    pub value: String,
    pub plain: String,
    pub escaped: String,
    pub sieve: String,
    pub coarse: String,
}

/// Whether what a SELECT is given could be written to the server's log, or shown by an extension that logs.
const LOGGED: &str = "SELECT (current_setting('log_statement') = 'all'
        OR current_setting('log_min_duration_statement') <> '-1' OR current_setting('log_transaction_sample_rate') <> '0'
        OR (current_setting('log_min_duration_sample') <> '-1' AND current_setting('log_statement_sample_rate') <> '0')),
    current_setting('log_parameter_max_length') <> '0',
    coalesce(current_setting('auto_explain.log_min_duration', true), '-1') NOT IN ('', '-1')
        OR coalesce(current_setting('pgaudit.log', true), 'none') NOT IN ('', 'none'),
    pg_is_in_recovery()";

/// How values are to be given in this session, which is in no transaction yet.
pub(super) async fn way(client: &Client) -> Result<Given, FindError> {
    let rows = client.query_typed(LOGGED, &[]).await?;
    let row = rows.first().ok_or_else(|| ServerError::Protocol("no answer about the server's log".into()))?;
    let (statements, parameters, others, standby): (bool, bool, bool, bool) =
        (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
    if !others && (!statements || !parameters) {
        return Ok(Given::Parameters);
    }
    if !others && client.batch_execute("BEGIN; SET LOCAL log_parameter_max_length = 0; ROLLBACK").await.is_ok() {
        return Ok(Given::Parameters);
    }
    client.batch_execute("ROLLBACK").await?;
    if standby { Err(FindError::Logged) } else { Ok(Given::Tables) }
}

/// Begins a transaction in which values can be looked for, in a snapshot that another one has exported, if any.
pub(super) async fn begin(client: &Client, given: Given, snapshot: Option<&str>, timeout_ms: u64) -> Result<(), FindError> {
    let mode = match given {
        Given::Parameters => "READ ONLY",
        Given::Tables => "READ WRITE",
    };
    let mut text = format!("BEGIN ISOLATION LEVEL REPEATABLE READ {mode}; ");
    // A name that the server has made: digits and dashes.
    if let Some(name) = snapshot.filter(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')) {
        text.push_str(&format!("SET TRANSACTION SNAPSHOT '{name}'; "));
    }
    text.push_str(SETTINGS);
    text.push_str(&format!("; SET LOCAL statement_timeout = {timeout_ms}"));
    client.batch_execute(&text).await?;
    // Only whoever may set it can be logged without it.
    for optional in ["SET LOCAL log_parameter_max_length = 0", "SET LOCAL client_connection_check_interval = '1s'"] {
        client.batch_execute("SAVEPOINT efface_set").await?;
        let end = match client.batch_execute(optional).await {
            Ok(()) => "RELEASE SAVEPOINT efface_set",
            Err(_) => "ROLLBACK TO SAVEPOINT efface_set",
        };
        client.batch_execute(end).await?;
    }
    Ok(())
}

/// Our own names only; an error, not zero rows, where row-level security would hide some; nobody waits behind us for long.
const SETTINGS: &str = "SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL standard_conforming_strings = on; \
     SET LOCAL jit = off; SET LOCAL row_security = off; SET LOCAL max_parallel_workers_per_gather = 0; \
     SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL log_parameter_max_length_on_error = 0; \
     SET LOCAL lock_timeout = '2s'";

/// Has the server make what values are looked for by.
pub(super) async fn needles(
    client: &Client,
    given: Given,
    sought: &[Sought],
    short: bool,
) -> Result<Vec<Needle>, FindError> {
    let numbers: Vec<i32> = sought.iter().map(|it| it.number.cast_signed()).collect();
    let values: Vec<&str> = sought.iter().map(|it| it.value.as_str()).collect();
    let rows = match given {
        Given::Parameters => {
            let parameters: [(&(dyn ToSql + Sync), Type); 2] =
                [(&numbers, Type::INT4_ARRAY), (&values, Type::TEXT_ARRAY)];
            client.query_typed(spelled(given, short).as_str(), &parameters).await?
        }
        Given::Tables => {
            let lines = sought.iter().map(|it| format!("{}\t{}\n", it.number, escaped(&it.value)));
            fill(client, &values_table(), lines.collect()).await?;
            client.query_typed(spelled(given, short).as_str(), &[]).await?
        }
    };
    let mut of_number: BTreeMap<i32, Vec<&str>> = BTreeMap::new();
    for it in sought {
        of_number.entry(it.number.cast_signed()).or_default().push(&it.value);
    }
    let mut needles = Vec::new();
    for row in rows {
        let needle = |value: &str| -> Result<Needle, ServerError> {
            Ok(Needle {
                no: row.try_get(0)?,
                value: value.to_owned(),
                plain: row.try_get(1)?,
                escaped: row.try_get(2)?,
                sieve: row.try_get(3)?,
                coarse: row.try_get(4)?,
            })
        };
        let no: i32 = row.try_get(0)?;
        for value in of_number.get(&no).into_iter().flatten() {
            needles.push(needle(value)?);
        }
    }
    // A value that no expression can hold.
    needles.retain(|it| it.escaped.chars().count() <= LONGEST as usize);
    Ok(needles)
}

/// Has the needles where a search finds them.
pub(super) async fn give(client: &Client, given: Given, needles: &[Needle]) -> Result<(), FindError> {
    if given == Given::Tables {
        let line = |it: &Needle| {
            let texts = [&it.value, &it.plain, &it.escaped, &it.sieve, &it.coarse].map(|text| escaped(text));
            format!("{}\t{}\n", it.no, texts.join("\t"))
        };
        fill(client, &spelled_table(), needles.iter().map(line).collect()).await?;
        client.batch_execute("SET TRANSACTION READ ONLY").await?;
    }
    Ok(())
}

async fn fill(client: &Client, (table, copy): &(Sql, Sql), data: String) -> Result<(), FindError> {
    client.batch_execute(table.as_str()).await.map_err(|error| match ServerError::from(error) {
        error if error.sqlstate() == Some("42501") => FindError::Logged,
        error => error.into(),
    })?;
    let mut sink = pin!(client.copy_in(copy.as_str()).await?);
    sink.send(std::io::Cursor::new(data.into_bytes())).await?;
    sink.finish().await?;
    Ok(())
}

/// A text in the format of COPY.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_copy_is_one_row_whatever_a_value_holds() {
        assert_eq!(escaped("a\tb\\n\n\r"), "a\\tb\\\\n\\n\\r");
    }
}
