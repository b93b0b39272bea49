//! What do a database's tables look like, for a first policy?
//!
//! Reads the order of columns and their comments, and a small sample of each table's rows, in READ ONLY transactions that
//! are bounded in time. Of the rows only counts of shapes are left when a function here returns: no value is kept, logged
//! or shown.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use tokio_postgres::{Client, SimpleQueryMessage, SimpleQueryRow};

use super::ServerError;
use super::ask::{self, Objection};
use crate::catalog::Catalog;
use crate::draft::{Facts, Sample, TableFacts, looks};
use crate::ident::{Ident, TableName};
use crate::sql;

/// Reads the order of columns and their comments.
///
/// # Errors
/// The connection is gone, or the server refused to say.
pub async fn columns(client: &Client, tables: &[TableName]) -> Result<Facts, ServerError> {
    let mut facts = Facts::default();
    // A thousand names at once are enough for one statement.
    for some in tables.chunks(1_000) {
        let question = sql::columns_of(some);
        let answer = ask::read_only(client, &[], client.simple_query(question.as_str())).await?;
        let answer = answer.map_err(|it| ServerError::Protocol(format!("{} {}", it.sqlstate, it.message)))?;
        for row in rows(&answer) {
            let text = |index: usize| row.try_get(index).ok().flatten();
            let (Some(schema), Some(table), Some(column)) = (text(0), text(1), text(2)) else { continue };
            let about = facts.tables.entry(TableName::new(schema, table)).or_default();
            about.order.push(Ident::from(column));
            if let Some(comment) = text(3) {
                about.comments.insert(Ident::from(column), comment.to_owned());
            }
        }
    }
    Ok(facts)
}

/// Looks at a few rows of a table, and adds what their values look like. What the server objects to comes back: then there
/// is no sample.
///
/// # Errors
/// The connection is gone.
pub async fn look(
    client: &Client,
    catalog: &Catalog,
    name: &TableName,
    most: usize,
    facts: &mut TableFacts,
) -> Result<Option<Objection>, ServerError> {
    let Some(table) = catalog.table_id(name).map(|id| catalog.table(id)) else { return Ok(None) };
    let columns = sql::sampled_columns(table);
    if columns.is_empty() {
        return Ok(None);
    }
    let settings = sql::sample_settings();
    // The pages that were drawn may hold no row.
    for whole in [false, true] {
        let question = sql::sample(catalog, table, &columns, most, whole);
        let answer = match ask::read_only(client, &settings, client.simple_query(question.as_str())).await? {
            Ok(answer) => answer,
            Err(objection) => return Ok(Some(objection)),
        };
        let found: Vec<&SimpleQueryRow> = rows(&answer).collect();
        if found.is_empty() && !whole {
            continue;
        }
        for (index, column) in columns.iter().enumerate() {
            let values = found.iter().filter_map(|row| row.try_get(index).ok().flatten());
            facts.samples.insert(table.column_at(*column).name.clone(), counted(values));
        }
        break;
    }
    Ok(None)
}

fn rows(answer: &[SimpleQueryMessage]) -> impl Iterator<Item = &SimpleQueryRow> {
    answer.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    })
}

/// Counts shapes. Different values are told apart by digests, so that none is kept.
fn counted<'a>(values: impl Iterator<Item = &'a str>) -> Sample {
    let mut sample = Sample { looks: BTreeMap::new(), ..Sample::default() };
    let mut digests = BTreeSet::new();
    for value in values.filter(|value| !value.trim().is_empty() && !matches!(*value, "{}" | "[]")) {
        sample.values += 1;
        sample.longest = sample.longest.max(value.chars().count());
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        digests.insert(hasher.finish());
        for look in looks(value) {
            *sample.looks.entry(look).or_default() += 1;
        }
    }
    sample.different = digests.len();
    sample
}
