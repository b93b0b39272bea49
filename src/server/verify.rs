//! What is left of somebody, and where do values stand? Asked in READ ONLY transactions, so a standby can answer too.

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use super::ServerError;
use crate::ident::{Ident, TableName};
use crate::sql::{Haystack, Holds, LONGEST, LeftAbout, LeftQuestion, Sql, patterns_of_values, search};

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
    for setting in about.settings {
        client.batch_execute(setting.as_str()).await?;
    }
    for (takes, keys) in about.takes.iter().zip(about.keys) {
        let keys = super::apply::array_text(keys);
        client.query_typed(takes.as_str(), &[(&keys, Type::TEXT)]).await?;
    }
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

fn number(row: &Row) -> Result<u64, ServerError> {
    Ok(row.try_get::<_, i64>(0)?.unsigned_abs())
}

/// Why values weren't looked for.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// More than one search can hold.
    #[error("these are too many values to be looked for at once")]
    TooMany,
    /// The connection is gone.
    #[error(transparent)]
    Server(#[from] ServerError),
}

impl From<tokio_postgres::Error> for FindError {
    fn from(error: tokio_postgres::Error) -> Self {
        FindError::Server(error.into())
    }
}

/// What was found of some values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// How many were not looked for, since they are short.
    pub too_short: u64,
    /// How many relations were looked through.
    pub relations: u64,
    /// Relation, column, rows.
    pub places: Vec<(TableName, Ident, u64)>,
    /// Relations that could not be looked through, with the reason.
    pub not_searched: Vec<(TableName, String)>,
}

/// Looks for values in all relations that are wanted.
///
/// # Errors
/// The connection is gone, or there are more values than one search can hold.
pub async fn find(client: &Client, values: &[String], wanted: impl Fn(&TableName) -> bool) -> Result<Found, FindError> {
    // A pattern is longer than its values; already to make it would take long.
    if values.iter().map(|value| value.chars().count()).sum::<usize>() > LONGEST as usize {
        return Err(FindError::TooMany);
    }
    client.batch_execute(BEGIN).await?;
    let found = find_within(client, values, wanted).await;
    let ended = client.batch_execute("ROLLBACK").await;
    let found = found?;
    ended?;
    Ok(found)
}

/// One snapshot; our own names only; an error, not zero rows, where row-level security would hide some.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL search_path = pg_catalog, pg_temp; \
     SET LOCAL standard_conforming_strings = on; SET LOCAL jit = off; SET LOCAL row_security = off";

async fn find_within(
    client: &Client,
    values: &[String],
    wanted: impl Fn(&TableName) -> bool,
) -> Result<Found, FindError> {
    let parameters: [(&(dyn ToSql + Sync), Type); 1] = [(&values, Type::TEXT_ARRAY)];
    let rows = client.query_typed(patterns_of_values().as_str(), &parameters).await?;
    let row = rows.first().ok_or_else(|| ServerError::Protocol("no patterns were made of the values".into()))?;
    let (plain, escaped): (Option<String>, Option<String>) = (row.try_get(0)?, row.try_get(1)?);
    let mut found = Found { too_short: row.try_get::<_, i64>(2)?.unsigned_abs(), ..Found::default() };
    let (Some(plain), Some(escaped)) = (plain, escaped) else { return Ok(found) };
    if escaped.chars().count() > LONGEST as usize {
        return Err(FindError::TooMany);
    }
    for relation in relations(client).await? {
        let name = match &relation {
            Ok(haystack) => &haystack.name,
            Err((name, _)) => name,
        };
        if !wanted(name) {
            continue;
        }
        found.relations += 1;
        match relation {
            Err((name, why)) => found.not_searched.push((name, why.to_owned())),
            Ok(haystack) => {
                client.batch_execute("SAVEPOINT efface_search").await?;
                let parameters: [(&(dyn ToSql + Sync), Type); 3] =
                    [(&plain, Type::TEXT), (&escaped, Type::TEXT), (&values, Type::TEXT_ARRAY)];
                match client.query_typed(search(&haystack).as_str(), &parameters).await.map_err(ServerError::from) {
                    Ok(rows) => {
                        for row in rows {
                            let (column, rows): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
                            found.places.push((haystack.name.clone(), column.as_str().into(), rows.unsigned_abs()));
                        }
                    }
                    Err(error) if error.is_lost() => return Err(error.into()),
                    Err(error) => {
                        client.batch_execute("ROLLBACK TO efface_search").await?;
                        found.not_searched.push((haystack.name, error.to_string()));
                    }
                }
            }
        }
    }
    Ok(found)
}

/// Every table and materialized view with columns that may hold texts, or why it can't be read.
async fn relations(client: &Client) -> Result<Vec<Result<Haystack, (TableName, &'static str)>>, ServerError> {
    // A domain is of its base type's category, an array is one whatever it is of.
    const QUESTION: &str = "
        SELECT n.nspname::text, c.relname::text, c.relkind = 'r', has_schema_privilege(n.oid, 'USAGE')
                AND (has_table_privilege(c.oid, 'SELECT') OR bool_and(has_column_privilege(c.oid, a.attnum, 'SELECT'))),
            c.relispopulated, array_agg(a.attname::text ORDER BY a.attnum),
            array_agg(CASE coalesce(b.typname, t.typname) WHEN 'bytea' THEN 'b' WHEN 'tsvector' THEN 'w' ELSE 't' END ORDER BY a.attnum)
        FROM pg_class AS c
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        JOIN pg_type AS t ON t.oid = a.atttypid
        LEFT JOIN pg_type AS b ON b.oid = t.typbasetype
        WHERE c.relkind IN ('r', 'p', 'm') AND NOT c.relispartition AND t.typcategory IN ('S', 'U', 'C', 'A', 'X', 'Z')
          AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'efface') AND n.nspname !~ '^pg_(toast|temp_|toast_temp_)'
        GROUP BY n.oid, n.nspname, c.oid, c.relname, c.relkind, c.relispopulated
        ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\"";
    let rows = client.query_typed(QUESTION, &[]).await?;
    let relation = |row: &Row| -> Result<_, ServerError> {
        let (schema, name): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let name = TableName::new(schema, name);
        let (only, may_read, populated): (bool, bool, bool) = (row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
        if !populated {
            return Ok(Err((name, "it has not been populated: REFRESH MATERIALIZED VIEW does it")));
        }
        if !may_read {
            return Ok(Err((name, "the role may not read it: GRANT SELECT on it")));
        }
        let (columns, kinds): (Vec<String>, Vec<String>) = (row.try_get(5)?, row.try_get(6)?);
        let holds = |kind: &String| match kind.as_str() {
            "b" => Holds::Bytes,
            "w" => Holds::Words,
            _ => Holds::Texts,
        };
        let columns = columns.iter().map(|name| Ident::new(name.as_str())).zip(kinds.iter().map(holds)).collect();
        Ok(Ok(Haystack { name, only, columns }))
    };
    rows.iter().map(relation).collect()
}

/// What each answer is about, beside its number of rows.
pub fn answered<'a>(questions: &'a [LeftQuestion], answers: &Answers) -> Vec<(&'a LeftAbout, u64)> {
    questions.iter().map(|question| &question.about).zip(answers.rows.iter().copied()).collect()
}
