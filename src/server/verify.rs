//! What is left of somebody? Asked in READ ONLY transactions, so a standby can answer too.

use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};

use super::ServerError;
use crate::sql::{LeftAbout, LeftQuestion, Sql};

/// How questions about subjects are asked.
#[derive(Debug)]
pub struct About<'a> {
    /// What holds while they are: a search path.
    pub settings: &'a [Sql],
    /// For each key column the statement that takes its keys as the text of an array.
    pub takes: &'a [Sql],
    /// The keys, a list for each key column.
    pub keys: &'a [Vec<String>],
    /// The questions.
    pub questions: &'a [LeftQuestion],
    /// Where there is a ledger: what calls the subjects as it does, and what asks it for them.
    pub ledger: Option<&'a (Sql, Sql)>,
}

/// What was answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// For each question its number of rows.
    pub rows: Vec<u64>,
    /// How many of the subjects the ledger knows, and the last entry about any of them.
    pub known: Option<(u64, Option<u64>)>,
}

/// Asks all questions of one snapshot.
///
/// # Errors
/// The server refuses a question, or the connection is gone.
pub async fn ask(client: &Client, about: &About<'_>) -> Result<Answers, ServerError> {
    client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL row_security = off").await?;
    let answered = answers(client, about).await;
    let ended = client.batch_execute("ROLLBACK").await;
    let answered = answered?;
    ended?;
    Ok(answered)
}

async fn answers(client: &Client, about: &About<'_>) -> Result<Answers, ServerError> {
    set(client, about.settings, about.takes, about.keys).await?;
    let mut answers = Answers::default();
    if let Some((call, known)) = about.ledger {
        client.batch_execute(call.as_str()).await?;
        let rows = client.query_typed(known.as_str(), &[]).await?;
        if let Some(row) = rows.first() {
            let (subjects, entry): (i64, Option<i64>) = (row.try_get(0)?, row.try_get(1)?);
            answers.known = Some((subjects.unsigned_abs(), entry.map(i64::unsigned_abs)));
        }
    }
    for question in about.questions {
        let rows = client.query_typed(question.sql.as_str(), &[]).await?;
        answers.rows.push(rows.first().map(number).transpose()?.unwrap_or_default());
    }
    Ok(answers)
}

/// The values that some questions answer, from one snapshot.
///
/// # Errors
/// The server refuses a question, or the connection is gone.
pub async fn values(
    client: &Client,
    settings: &[Sql],
    takes: &[Sql],
    keys: &[Vec<String>],
    questions: &[&Sql],
) -> Result<Vec<Vec<String>>, ServerError> {
    client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL row_security = off").await?;
    let answered = async {
        set(client, settings, takes, keys).await?;
        let mut values = Vec::new();
        for question in questions {
            let rows = client.query_typed(question.as_str(), &[]).await?;
            let texts = rows.iter().map(|row| row.try_get::<_, Option<String>>(0)).collect::<Result<Vec<_>, _>>()?;
            values.push(texts.into_iter().flatten().collect());
        }
        Ok::<_, ServerError>(values)
    };
    let answered = answered.await;
    let ended = client.batch_execute("ROLLBACK").await;
    let answered = answered?;
    ended?;
    Ok(answered)
}

/// What holds while questions are asked, and whom they are about.
async fn set(client: &Client, settings: &[Sql], takes: &[Sql], keys: &[Vec<String>]) -> Result<(), ServerError> {
    for setting in settings {
        client.batch_execute(setting.as_str()).await?;
    }
    for (takes, keys) in takes.iter().zip(keys) {
        let keys = super::apply::array_text(keys);
        client.query_typed(takes.as_str(), &[(&keys, Type::TEXT)]).await?;
    }
    Ok(())
}

fn number(row: &Row) -> Result<u64, ServerError> {
    Ok(row.try_get::<_, i64>(0)?.unsigned_abs())
}

/// What each answer is about, beside its number of rows.
pub fn answered<'a>(questions: &'a [LeftQuestion], answers: &Answers) -> Vec<(&'a LeftAbout, u64)> {
    questions.iter().map(|question| &question.about).zip(answers.rows.iter().copied()).collect()
}
