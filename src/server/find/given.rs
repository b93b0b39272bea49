//! How do the values come to the server, so that no log of it holds them?
//!
//! As parameters, which `log_statement` and its kin write out where `log_parameter_max_length` isn't 0. Who may set that
//! does; else the values are the data of a COPY into temporary tables, which is logged nowhere. A standby has no temporary
//! tables.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;

use futures_util::SinkExt;
use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use super::super::ServerError;
use super::{FindError, Sought};
use crate::sql::{Given, LONGEST, Sql, characters, spelled, spelled_simply, spelled_table, values_table};

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

/// How values come to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Way {
    pub given: Given,
    /// Whether parameters are kept out of the log by our own setting.
    pub silenced: bool,
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
pub(super) async fn way(client: &Client) -> Result<Way, FindError> {
    // Not by the session's own search path, in which anybody's operators may come first.
    client.batch_execute("BEGIN READ ONLY; SET LOCAL search_path = pg_catalog, pg_temp").await?;
    let rows = client.query_typed(LOGGED, &[]).await;
    client.batch_execute("ROLLBACK").await?;
    let rows = rows?;
    let row = rows.first().ok_or_else(|| ServerError::Protocol("no answer about the server's log".into()))?;
    let (statements, parameters, others, standby): (bool, bool, bool, bool) =
        (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
    if !others && (!statements || !parameters) {
        return Ok(Way { given: Given::Parameters, silenced: false });
    }
    if !others {
        let silenced = client.batch_execute("BEGIN; SET LOCAL log_parameter_max_length = 0").await.is_ok();
        client.batch_execute("ROLLBACK").await?;
        if silenced {
            return Ok(Way { given: Given::Parameters, silenced });
        }
    }
    if standby { Err(FindError::Logged) } else { Ok(Way { given: Given::Tables, silenced: false }) }
}

/// Begins a transaction in which values can be looked for, in a snapshot that another one has exported, if any.
pub(super) async fn begin(client: &Client, way: Way, snapshot: Option<&str>) -> Result<(), FindError> {
    let mode = match way.given {
        Given::Parameters => "READ ONLY",
        Given::Tables => "READ WRITE",
    };
    let mut text = format!("BEGIN ISOLATION LEVEL REPEATABLE READ {mode}; ");
    // A name that the server has made: digits and dashes.
    if let Some(name) = snapshot.filter(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')) {
        text.push_str(&format!("SET TRANSACTION SNAPSHOT '{name}'; "));
    }
    text.push_str(SETTINGS);
    if way.silenced {
        text.push_str("; SET LOCAL log_parameter_max_length = 0");
    }
    client.batch_execute(&text).await?;
    client.query_typed(IF_WE_DIE, &[]).await?;
    Ok(())
}

/// A server of version 14 or later that can notice that nobody waits for an answer any more does so.
const IF_WE_DIE: &str = "SELECT set_config(name, '1s', true) FROM pg_settings \
     WHERE name = 'client_connection_check_interval' AND version() ~ 'linux'";

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

/// The same in a database of another encoding, of which the server tells what it can write.
pub(super) async fn needles_in_other_encoding(
    client: &Client,
    sought: &[Sought],
    short: bool,
) -> Result<Vec<Needle>, FindError> {
    let asked: BTreeSet<char> = sought.iter().flat_map(|it| characters(&it.value)).collect();
    let mut written = BTreeSet::new();
    for c in asked {
        client.batch_execute("SAVEPOINT efface_written").await?;
        let text = c.to_string();
        match client.query_typed("SELECT length($1)", &[(&text, Type::TEXT)]).await.map_err(ServerError::from) {
            Ok(_) => drop(written.insert(c)),
            Err(error) if error.is_lost() => return Err(error.into()),
            Err(_) => {}
        }
        client.batch_execute("ROLLBACK TO SAVEPOINT efface_written; RELEASE SAVEPOINT efface_written").await?;
    }
    let needles = sought.iter().flat_map(|it| {
        // What can't be sent stands nowhere but in escapes.
        let value = if it.value.chars().all(|c| c.is_ascii() || written.contains(&c)) { it.value.as_str() } else { "" };
        let ways = spelled_simply(&it.value, short, &|c| written.contains(&c));
        ways.into_iter().map(move |way| Needle {
            no: it.number.cast_signed(),
            value: value.to_owned(),
            plain: way.plain,
            escaped: way.escaped,
            sieve: way.sieve,
            coarse: way.coarse,
        })
    });
    let needles: Vec<Needle> = needles.filter(|it| it.escaped.chars().count() <= LONGEST as usize).collect();
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
