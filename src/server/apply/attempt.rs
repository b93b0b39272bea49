//! One transaction, statement by statement, from BEGIN to where COMMIT would stand.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::io::Cursor;
use std::pin::pin;
use std::time::{Duration, Instant};

use futures_util::SinkExt;
use futures_util::future::join_all;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{SimpleQueryMessage, SimpleQueryRow};

use super::outcome::{Chosen, Elsewhere, Entry, Progress, Ran, StepRun, WrittenRows};
use super::{Interrupt, Mode, Order};
use crate::catalog::{Table, diff, digest};
use crate::ident::{Ident, TableName};
use crate::server::ask::hazards;
use crate::server::introspect::introspect;
use crate::server::{Connection, Secret, ServerError};
use crate::sql::search_path::Hazard;
use crate::sql::{ASSERTION_FAILED, AssertionFailure, Role, Statement};

/// Why a transaction did not come to its end.
#[derive(Debug)]
pub(super) enum Stopped {
    /// An assertion of the script failed.
    Findings(AssertionFailure),
    /// The schema is not the reviewed one.
    Drift(Vec<String>),
    /// Something in the search path could be called in place of PostgreSQL's own.
    Unsafe(Vec<String>),
    /// The server refused a statement.
    Refused { what: String, error: ServerError },
    /// Somebody pressed Ctrl-C.
    Interrupted,
    /// An answer of the server that no statement of ours can have.
    Malformed(String),
}

/// How far a transaction came.
pub(super) enum Reached {
    /// To where COMMIT stands.
    End(Box<Ran>),
    /// To the choice of the subjects: there is nobody.
    Nobody,
    /// To the look into the ledger: the subjects were erased before, the last by this entry, and nothing is left.
    ErasedBefore { entry: u64 },
}

/// What a statement answered.
enum Answer {
    /// Numbers of rows, where they mean something.
    Rows(Vec<u64>),
    /// The entry by which the subjects were erased before, where nothing is left of them.
    Recognised(Option<u64>),
    /// The entry of this run.
    Entered(Entry),
    /// Where values that were to go are.
    Found(Vec<Elsewhere>),
    /// What was written so far.
    Written(Vec<WrittenRows>),
}

impl Stopped {
    /// One line about it, names and codes only.
    pub(super) fn in_short(&self) -> String {
        match self {
            Stopped::Findings(failure) => {
                let names: Vec<_> = failure.findings.iter().map(|found| found.name.as_str()).collect();
                format!("a check failed: {}", names.join(", "))
            }
            Stopped::Drift(_) => "the schema changed".into(),
            Stopped::Unsafe(_) => "the search path is not safe".into(),
            Stopped::Refused { what, error } => format!("{what}: {error}"),
            Stopped::Interrupted => "interrupted".into(),
            Stopped::Malformed(what) => what.clone(),
        }
    }
}

/// The moments and the id of our transaction, as the server tells them, in one round trip and in the same transaction.
const NOTE: &str = "SELECT pg_catalog.to_char(pg_catalog.now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), \
     pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), \
     pg_catalog.pg_current_xact_id()::pg_catalog.text";

/// Keeps keys and values out of the server's log, as far as the role may say so; `efface grants` offers it.
const QUIET_LOG: &str = "SELECT pg_catalog.set_config(s.name, s.value, true) \
     FROM (VALUES ('log_parameter_max_length', '0'), ('log_error_verbosity', 'terse')) AS s (name, value) \
     WHERE pg_catalog.has_parameter_privilege(s.name, 'SET')";

/// The same below PostgreSQL 15, where nobody can be granted that.
const QUIET_LOG_OF_SUPERUSERS: &str = "SELECT pg_catalog.set_config(s.name, s.value, true) \
     FROM (VALUES ('log_parameter_max_length', '0'), ('log_error_verbosity', 'terse')) AS s (name, value) \
     WHERE pg_catalog.current_setting('is_superuser') OPERATOR(pg_catalog.=) 'on'";

/// How many statements without an answer of interest are sent before the first answer is awaited.
const PIPELINED: usize = 16;

/// Runs the statements of an order, as often as it is asked to.
pub(super) struct Attempt<'a> {
    connection: &'a Connection,
    order: &'a Order<'a>,
    interrupt: Interrupt<'a>,
    interrupted: bool,
}

impl<'a> Attempt<'a> {
    pub(super) fn new(connection: &'a Connection, order: &'a Order<'a>, interrupt: Interrupt<'a>) -> Self {
        Self { connection, order, interrupt, interrupted: false }
    }

    /// Everything up to COMMIT. A rehearsal is rolled back here; otherwise the transaction is left open, as it is where
    /// nothing was to be done.
    pub(super) async fn run(&mut self, progress: &mut dyn Progress) -> Result<Reached, Stopped> {
        let (connection, order) = (self.connection, self.order);
        let client = &connection.client;
        let statements = &order.script.statements;
        let before_commit = &statements[..statements.len() - 1];
        let mut steps = Vec::new();
        let mut shared = BTreeMap::new();
        let mut chosen: Option<Chosen> = None;
        let (mut entry, mut elsewhere, mut compared) = (None, BTreeSet::new(), false);
        let mut written = Vec::new();
        let mut next = 0;
        while let Some(statement) = before_commit.get(next) {
            if statement.role == Role::Prepare {
                let rest = &before_commit[next..];
                let run = rest.iter().take(PIPELINED).take_while(|statement| statement.role == Role::Prepare).count();
                self.prepare(&rest[..run]).await?;
                next += run;
                continue;
            }
            progress.started(statement, next + 1, statements.len());
            let begun = Instant::now();
            if statement.role == Role::LockLedger {
                // Other runs wait behind this lock, so what takes long comes before it.
                self.nothing_moved().await?;
                compared = true;
            }
            let rows = match self.statement(statement, &steps).await? {
                Answer::Rows(rows) => rows,
                Answer::Recognised(Some(entry)) => return Ok(Reached::ErasedBefore { entry }),
                Answer::Recognised(None) => Vec::new(),
                Answer::Entered(new) => {
                    entry = Some(new);
                    Vec::new()
                }
                Answer::Found(found) => {
                    elsewhere.extend(found);
                    Vec::new()
                }
                Answer::Written(all) => {
                    written = all;
                    Vec::new()
                }
            };
            match &statement.role {
                Role::Step { step, sweep } => {
                    steps.extend(rows.iter().map(|rows| StepRun { step: *step, sweep: *sweep, rows: *rows }));
                }
                Role::Together { steps: all } => {
                    let run = all.iter().zip(&rows);
                    steps.extend(run.map(|(step, rows)| StepRun { step: *step, sweep: false, rows: *rows }));
                }
                Role::CountShared { shared: index } => shared.extend(rows.iter().map(|rows| (*index, *rows))),
                _ => {}
            }
            if let (Role::ChooseSubjects | Role::NarrowSubjects { .. }, [subjects]) = (&statement.role, &rows[..]) {
                if *subjects == 0 {
                    return Ok(Reached::Nobody);
                }
                let dropped = chosen.take().map_or(0, |before| before.subjects.saturating_sub(*subjects));
                chosen = Some(Chosen { subjects: *subjects, dropped, keys: self.keys(&statement.role).await? });
            }
            let rows = (!rows.is_empty()).then(|| rows.iter().sum());
            progress.finished(statement, rows, begun.elapsed());
            next += 1;
        }
        if !compared {
            self.nothing_moved().await?;
        }
        let note = self.watched("noting the transaction's id", client.simple_query(NOTE)).await?;
        let [Some(started), Some(finished), Some(transaction)] = [0, 1, 2].map(|at| text_at(&note, at)) else {
            return Err(Stopped::Malformed("the server did not say the transaction's id".into()));
        };
        if order.mode == Mode::Rehearse {
            for statement in &order.script.rehearsal {
                progress.started(statement, statements.len(), statements.len());
                if let Answer::Found(found) = self.statement(statement, &steps).await? {
                    elsewhere.extend(found);
                }
            }
            // What COMMIT would check: the gate, and whatever a trigger deferred since the verification.
            let sql = "SET CONSTRAINTS ALL IMMEDIATE";
            self.watched("the checks of COMMIT", client.simple_query(sql)).await?;
            self.watched("ROLLBACK", client.simple_query("ROLLBACK")).await?;
        }
        Ok(Reached::End(Box::new(Ran {
            steps,
            shared,
            written,
            chosen,
            entry,
            elsewhere: elsewhere.into_iter().collect(),
            started,
            finished,
            transaction,
            attempts: 1,
        })))
    }

    /// Statements of which only a failure matters, sent together: one round trip. In a failed transaction the server
    /// refuses the rest, so the first refusal is the one that counts.
    async fn prepare(&mut self, statements: &[Statement]) -> Result<(), Stopped> {
        let connection = self.connection;
        let all = join_all(statements.iter().map(|statement| connection.client.simple_query(statement.sql.as_str())));
        // The titles are needed one by one, so failures are told apart here and not in `watched`.
        let answers = self.watched("preparing", async { Ok::<_, ServerError>(all.await) }).await?;
        for (statement, answer) in statements.iter().zip(answers) {
            answer.map_err(|error| refused(&statement.title, error))?;
        }
        Ok(())
    }

    #[tracing::instrument(skip_all, fields(phase = ?statement.phase, title = %statement.title))]
    async fn statement(&mut self, statement: &Statement, so_far: &[StepRun]) -> Result<Answer, Stopped> {
        let connection = self.connection;
        let client = &connection.client;
        let title = statement.title.as_str();
        let sql = statement.sql.as_str();
        let rows = match &statement.role {
            Role::Begin => {
                self.watched(title, client.simple_query(sql)).await?;
                let quiet = if connection.server_version.major >= 15 { QUIET_LOG } else { QUIET_LOG_OF_SUPERUSERS };
                self.watched("settings", client.simple_query(quiet)).await?;
                Vec::new()
            }
            Role::Prepare | Role::Assert(_) | Role::LockLedger => {
                self.watched(title, client.simple_query(sql)).await?;
                Vec::new()
            }
            Role::LockTables => {
                self.watched(title, client.simple_query(sql)).await?;
                self.same_schema().await?;
                Vec::new()
            }
            Role::BindSubject { column, bound } => {
                let keys = array_text(&self.order.keys[*column]);
                self.watched(title, client.query_typed(bound.as_str(), &[(&keys, Type::TEXT)])).await?;
                Vec::new()
            }
            Role::TellRun { bound } => {
                let again = if self.order.again { "on" } else { "off" };
                let runner = concat!("efface ", env!("CARGO_PKG_VERSION"));
                let parameters: [(&(dyn ToSql + Sync), Type); 2] = [(&again, Type::TEXT), (&runner, Type::TEXT)];
                self.watched(title, client.query_typed(bound.as_str(), &parameters)).await?;
                Vec::new()
            }
            Role::TellRows { bound } => {
                let rows: Vec<_> = so_far.iter().map(|run| run.rows.to_string()).collect();
                let rows = array_text(&rows);
                self.watched(title, client.query_typed(bound.as_str(), &[(&rows, Type::TEXT)])).await?;
                Vec::new()
            }
            Role::RecogniseSubjects => {
                let answer = self.watched(title, client.simple_query(sql)).await?;
                let over = text_at(&answer, 0).as_deref() == Some("t");
                return Ok(Answer::Recognised(over.then_some(number_at(&answer, 1, title)?)));
            }
            Role::Enter => {
                let answer = self.watched(title, client.simple_query(sql)).await?;
                let digest = text_at(&answer, 1);
                let digest = digest.ok_or_else(|| Stopped::Malformed("the ledger returned no digest".into()))?;
                return Ok(Answer::Entered(Entry { seq: number_at(&answer, 0, title)?, digest }));
            }
            Role::ListFound => {
                let answer = self.watched(title, client.simple_query(sql)).await?;
                return Ok(Answer::Found(found(&answer, title)?));
            }
            Role::CountTriggered => {
                let answer = self.watched(title, client.simple_query(sql)).await?;
                return Ok(Answer::Written(written_rows(&answer, title)?));
            }
            Role::CopySecret { copy } => {
                // `check_shape` has seen that there is one.
                let line = self.order.secret.map(Secret::line).unwrap_or_default();
                let copied = async {
                    let mut sink = pin!(client.copy_in(copy.as_str()).await?);
                    sink.send(Cursor::new(line.into_bytes())).await?;
                    sink.finish().await
                };
                self.watched(title, copied).await?;
                Vec::new()
            }
            Role::LockRows { .. } | Role::CountShared { .. } | Role::ChooseSubjects | Role::NarrowSubjects { .. } => {
                let answer = self.watched(title, client.simple_query(sql)).await?;
                vec![number_at(&answer, 0, title)?]
            }
            Role::Step { .. } => {
                let answer = self.watched(title, client.simple_query(sql)).await?;
                vec![affected(&answer)]
            }
            Role::Together { steps } => {
                let answer = self.watched(title, client.simple_query(sql)).await?;
                (0..steps.len()).map(|column| number_at(&answer, column, title)).collect::<Result<_, _>>()?
            }
            // `check_shape` lets it stand at the end only, which the caller leaves out.
            Role::Commit => return Err(Stopped::Malformed("COMMIT stands before the end".into())),
        };
        tracing::debug!(?rows, "statement run");
        Ok(Answer::Rows(rows))
    }

    /// The keys of the subjects that were chosen, one list for each key column; none before their rows are locked.
    async fn keys(&mut self, role: &Role) -> Result<Vec<Vec<String>>, Stopped> {
        let Role::NarrowSubjects { keys } = role else { return Ok(Vec::new()) };
        let client = &self.connection.client;
        let answer = self.watched("reading the subjects' keys", client.simple_query(keys.as_str())).await?;
        let mut lists = vec![Vec::new(); self.order.script.key.len()];
        for message in &answer {
            let SimpleQueryMessage::Row(row) = message else { continue };
            for (column, list) in lists.iter_mut().enumerate() {
                let key = row.try_get(column).ok().flatten();
                list.push(key.ok_or_else(|| Stopped::Malformed("a chosen subject has no key".into()))?.to_owned());
            }
        }
        Ok(lists)
    }

    /// Table locks keep out DDL on the tables, not a new body of a trigger function, nor a new partition; nor what a
    /// transaction had made in the search path when we looked, and commits since.
    async fn nothing_moved(&mut self) -> Result<(), Stopped> {
        let may_move = |table: &Table| table.partitioned.is_some() || !table.triggers.is_empty();
        if self.order.reviewed.tables.iter().any(may_move) { self.same_schema().await } else { self.safe_path().await }
    }

    /// Looks at the search path again, whoever looked before.
    async fn safe_path(&mut self) -> Result<(), Stopped> {
        let asked = hazards(&self.connection.client, &self.order.script.path);
        let hazards = self.watched("looking at the search path", asked).await?;
        if hazards.is_empty() { Ok(()) } else { Err(Stopped::Unsafe(hazards.iter().map(Hazard::in_short).collect())) }
    }

    /// Compares the schema of the plan's tables with the reviewed one, and looks at the search path. Their locks keep out
    /// whatever would change the tables now.
    async fn same_schema(&mut self) -> Result<(), Stopped> {
        let (connection, order) = (self.connection, self.order);
        let client = &connection.client;
        let compared = async {
            // Behind a savepoint of its own, so the script's settings stay what they are.
            let catalog = introspect(client).await?;
            Ok::<_, ServerError>(catalog.part(order.tables))
        };
        let now = self.watched("comparing the schema with the reviewed one", compared).await?;
        self.safe_path().await?;
        if digest(&now) == digest(order.reviewed) {
            return Ok(());
        }
        let mut words = diff(order.reviewed, &now);
        if words.is_empty() {
            words.push("the schema of the plan's tables changed".into());
        }
        Err(Stopped::Drift(words))
    }

    /// Awaits an answer; on an interrupt cancels what the server is doing, and awaits that.
    async fn watched<T, E: Into<ServerError>>(
        &mut self,
        what: &str,
        answer: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Stopped> {
        tokio::pin!(answer);
        if !self.interrupted {
            tokio::select! {
                biased;
                answer = &mut answer => return answer.map_err(|error| refused(what, error)),
                () = &mut self.interrupt => self.interrupted = true,
            }
            // Where the request doesn't arrive, the statement runs on to its end or its timeout; we roll back either way.
            let _ = self.connection.cancel.cancel().await;
            let _ = answer.await;
        }
        Err(Stopped::Interrupted)
    }

    /// Waits; true when the wait was interrupted.
    pub(super) async fn interrupted_within(&mut self, delay: Duration) -> bool {
        if !self.interrupted {
            tokio::select! {
                () = tokio::time::sleep(delay) => {}
                () = &mut self.interrupt => self.interrupted = true,
            }
        }
        self.interrupted
    }
}

fn refused(what: &str, error: impl Into<ServerError>) -> Stopped {
    let error = error.into();
    let own = error.refusal().and_then(|refusal| refusal.own_detail(ASSERTION_FAILED));
    match own.and_then(|detail| serde_json::from_str(detail).ok()) {
        Some(failure) => Stopped::Findings(failure),
        None => Stopped::Refused { what: what.to_owned(), error },
    }
}

/// The text in a column of the only row.
pub(super) fn text_at(answer: &[SimpleQueryMessage], column: usize) -> Option<String> {
    answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.try_get(column).ok().flatten().map(str::to_owned),
        _ => None,
    })
}

/// The number of rows in a column of the only row.
fn number_at(answer: &[SimpleQueryMessage], column: usize, title: &str) -> Result<u64, Stopped> {
    let rows = text_at(answer, column).and_then(|text| text.parse().ok());
    rows.ok_or_else(|| Stopped::Malformed(format!("`{title}` did not return a number of rows")))
}

/// Where values that were to go are.
fn found(answer: &[SimpleQueryMessage], title: &str) -> Result<Vec<Elsewhere>, Stopped> {
    let rows = answer.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let text = |row: &SimpleQueryRow, column: usize| row.try_get(column).ok().flatten().map(str::to_owned);
    let one = |row: &SimpleQueryRow| {
        let count = text(row, 3).and_then(|count| count.parse().ok());
        Some(Elsewhere { place: text(row, 0).zip(text(row, 1)), values_of: text(row, 2)?, count: count? })
    };
    let malformed = || Stopped::Malformed(format!("`{title}` did not return places and numbers"));
    rows.map(|row| one(row).ok_or_else(malformed)).collect()
}

/// What each row says of a table: schema, name, rows added, changed and deleted.
fn written_rows(answer: &[SimpleQueryMessage], title: &str) -> Result<Vec<WrittenRows>, Stopped> {
    let rows = answer.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let read = |row: &SimpleQueryRow| {
        let text = |column: usize| row.try_get(column).ok().flatten();
        let rows = |column: usize| text(column)?.parse().ok();
        let table = TableName { schema: Ident::new(text(0)?), name: Ident::new(text(1)?) };
        Some(WrittenRows { table, added: rows(2)?, changed: rows(3)?, deleted: rows(4)? })
    };
    let malformed = || Stopped::Malformed(format!("`{title}` did not return tables with numbers of rows"));
    rows.map(|row| read(row).ok_or_else(malformed)).collect()
}

/// The row count of the statement.
fn affected(answer: &[SimpleQueryMessage]) -> u64 {
    answer
        .iter()
        .map(|message| match message {
            SimpleQueryMessage::CommandComplete(rows) => *rows,
            _ => 0,
        })
        .sum()
}

/// Keys as the text of an array (manual, 8.15.2): every element quoted, so that `NULL`, commas and braces are text.
pub(in crate::server) fn array_text(keys: &[String]) -> String {
    let elements: Vec<_> =
        keys.iter().map(|key| format!("\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""))).collect();
    format!("{{{}}}", elements.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_become_the_text_of_an_array() {
        let keys = ["42", "a,b", "NULL", "say \"hi\"", "back\\slash", ""].map(String::from);
        assert_eq!(array_text(&keys), r#"{"42","a,b","NULL","say \"hi\"","back\\slash",""}"#);
    }
}
