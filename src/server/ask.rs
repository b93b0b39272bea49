//! What does the server think of a statement?
//!
//! The server is the judge of the author's SQL: [`prepare`] lets it parse and type a statement without running it, [`ask`]
//! runs a question. Both in READ ONLY transactions of their own, so neither can change anything, and bounded in time.

use std::collections::BTreeSet;
use std::future::Future;

use futures_util::future::{join_all, join4, try_join4};
use tokio_postgres::{Client, SimpleQueryMessage};

use super::ServerError;
use crate::sql::Sql;
use crate::sql::probe::{Answer, Question};
use crate::sql::search_path::{Hazard, PathQuestion};

/// Begins a transaction that can change nothing, and that gives way soon.
pub(super) const BEGIN_READ_ONLY: &str =
    "BEGIN READ ONLY; SET LOCAL lock_timeout = '200ms'; SET LOCAL statement_timeout = '10s'";

/// Why the server doesn't like a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// The five characters of its SQLSTATE.
    pub sqlstate: String,
    /// The server's message, where it names nothing but schema objects; otherwise our own words for the SQLSTATE.
    pub message: String,
    /// Where in the statement's text, in characters from 1.
    pub position: Option<u32>,
    /// Whether it is about row-level security.
    pub filtered: bool,
    /// The constraint that it speaks for.
    pub constraint: Option<String>,
}

/// A question that the server answered, or a statement that it objects to; the outer error is the connection's.
pub type Judgement<T> = Result<Result<T, Objection>, ServerError>;

/// Has a statement parsed and typed; `settings` (a search path) hold while it is.
///
/// # Errors
/// The connection is gone, or a setting was refused.
pub async fn prepare(client: &Client, settings: &[Sql], sql: &Sql) -> Judgement<()> {
    read_only(client, settings, async { client.prepare(sql.as_str()).await.map(drop) }).await
}

/// Runs a question, and returns the first column of its first row.
///
/// # Errors
/// The connection is gone, or a setting was refused.
pub async fn ask(client: &Client, settings: &[Sql], sql: &Sql) -> Judgement<Option<String>> {
    read_only(client, settings, async { client.simple_query(sql.as_str()).await.map(|answer| first(&answer)) }).await
}

/// What the server says to a question about a policy; nothing where all is well.
///
/// # Errors
/// The connection is gone, or a setting was refused.
pub async fn answer(client: &Client, settings: &[Sql], question: &Question) -> Result<Option<Answer>, ServerError> {
    let judgement = if question.runs {
        ask(client, settings, &question.sql).await?
    } else {
        prepare(client, settings, &question.sql).await?.map(|()| None)
    };
    Ok(match judgement {
        Ok(rows) => rows.and_then(|rows| rows.parse().ok()).filter(|rows| *rows > 0).map(Answer::Wrong),
        // The time that we allowed was too short, or the lock was held by someone else.
        Err(objection) if matches!(objection.sqlstate.as_str(), "57014" | "55P03") => Some(Answer::TooLong),
        Err(Objection { sqlstate, message, position, filtered, constraint }) => {
            Some(Answer::Refused { sqlstate, message, position, filtered, constraint })
        }
    })
}

/// Runs something in a READ ONLY transaction that is rolled back, so that no setting stays behind.
///
/// All of it is sent at once, for one round trip: what is joined is polled in this order, and each sends when it is first
/// polled. After a setting that was refused the server refuses the question too.
pub(super) async fn read_only<T>(
    client: &Client,
    settings: &[Sql],
    question: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Judgement<T> {
    let set = join_all(settings.iter().map(|setting| client.simple_query(setting.as_str())));
    let (begun, set, answer, rolled_back) =
        join4(client.simple_query(BEGIN_READ_ONLY), set, question, client.simple_query("ROLLBACK")).await;
    begun?;
    for setting in set {
        setting?;
    }
    let answer = answer.map_err(ServerError::from);
    match answer {
        Ok(answer) => rolled_back.map(|_| Ok(answer)).map_err(ServerError::from),
        Err(error) => match error.refusal().filter(|_| !error.is_lost()) {
            Some(refusal) => Ok(Err(Objection {
                sqlstate: refusal.sqlstate.clone(),
                message: refusal
                    .public_message()
                    .map_or_else(|| error.to_string(), |it| crate::ident::shown(it).to_string()),
                position: refusal.position,
                filtered: refusal.is_about_row_security(),
                constraint: refusal.constraint.clone(),
            })),
            None => Err(error),
        },
    }
}

/// The name of the database that a session is connected to.
///
/// # Errors
/// The connection is gone.
pub async fn database_name(client: &Client) -> Result<String, ServerError> {
    let answer = client.simple_query("SELECT pg_catalog.current_database()").await?;
    Ok(first(&answer).unwrap_or_default())
}

/// What is wrong with the search path, asked inside the caller's transaction; its settings are afterwards what they were.
///
/// # Errors
/// No transaction, or a connection that is gone.
pub async fn hazards(client: &Client, path: &PathQuestion) -> Result<BTreeSet<Hazard>, ServerError> {
    let run = |sql: &'static str| async move { client.batch_execute(sql).await };
    let answers = try_join4(
        run("SAVEPOINT efface_path"),
        client.simple_query(path.setting.as_str()),
        client.simple_query(path.sql.as_str()),
        run("ROLLBACK TO SAVEPOINT efface_path; RELEASE SAVEPOINT efface_path"),
    );
    let ((), _, answer, ()) = answers.await?;
    let read = |answer: String| path.hazards(&answer).map_err(ServerError::no_answer);
    first(&answer).map_or_else(|| Ok(BTreeSet::new()), read)
}

/// The columns of the first row; none without a row.
pub(super) fn texts(answer: &[SimpleQueryMessage]) -> Vec<Option<String>> {
    let row = answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    row.map_or_else(Vec::new, |row| {
        (0..row.len()).map(|column| row.try_get(column).ok().flatten().map(str::to_owned)).collect()
    })
}

/// The first column of the first row.
pub(super) fn first(answer: &[SimpleQueryMessage]) -> Option<String> {
    answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.try_get(0).ok().flatten().map(str::to_owned),
        _ => None,
    })
}
