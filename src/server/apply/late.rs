//! What came in while the run waited?
//!
//! Asked once, after COMMIT, when those who waited for our locks have ended their transactions.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::{try_join, try_join_all};
use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use super::Order;
use super::answers::{array_text, text_at};
use super::outcome::Ran;
use crate::catalog::Catalog;
use crate::ident::TableName;
use crate::plan::Plan;
use crate::server::ServerError;
use crate::server::ask::read_only;
use crate::sql::late::late;

/// For how many milliseconds at a time those who waited are waited for.
const PAUSES: [u64; 7] = [10, 20, 50, 100, 300, 500, 1000];

/// Counts, by table, the subjects' rows that other sessions have added or changed since they were locked, as far as they can
/// be told by their looks.
///
/// # Errors
/// The server refuses the question: a scope that takes too long, or no connection.
#[tracing::instrument(skip_all)]
pub async fn late_arrivals(
    client: &Client,
    plan: &Plan,
    catalog: &Catalog,
    order: &Order<'_>,
    ran: &Ran,
) -> Result<BTreeMap<TableName, u64>, ServerError> {
    let Some(late) = late(plan, catalog) else { return Ok(BTreeMap::new()) };
    those_who_waited_have_ended(client, ran).await?;
    let keys = ran.chosen.as_ref().map_or(order.keys, |chosen| &chosen.keys[..]);
    let arrays: Vec<String> = keys.iter().map(|keys| array_text(keys)).collect();
    // The id that a row keeps (`xmin`) is the lower half of it.
    let id = ran.transaction.parse::<u64>().map_or_else(|_| String::new(), |id| (id & 0xffff_ffff).to_string());
    let bound = arrays.iter().zip(&late.keys).map(|(array, sql)| (sql, array)).chain([(&late.transaction, &id)]);
    let bind = bound.map(|(sql, text)| async move {
        let parameters: [(&(dyn ToSql + Sync), Type); 1] = [(text, Type::TEXT)];
        client.query_typed(sql.as_str(), &parameters).await
    });
    // Sent together, as `read_only` demands of a question.
    let question = try_join(try_join_all(bind), client.simple_query(late.counts.as_str()));
    let answer = read_only(client, &late.settings, async { question.await.map(|(_, counts)| counts) }).await?;
    let mut found = BTreeMap::new();
    if let Ok(answer) = &answer {
        for (at, table) in late.tables.iter().enumerate() {
            let rows = text_at(answer, at).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
            if rows > 0 {
                *found.entry(catalog.table(*table).name.clone()).or_default() += rows;
            }
        }
    }
    answer.map(|_| found).map_err(|objection| ServerError::Protocol(objection.message))
}

/// Their inserts go through when our locks are gone, and are seen when their transactions are at their end.
async fn those_who_waited_have_ended(client: &Client, ran: &Ran) -> Result<(), ServerError> {
    const QUESTION: &str = "SELECT count(*) FROM pg_catalog.pg_locks WHERE locktype = 'virtualxid' AND granted \
         AND virtualtransaction = ANY ($1)";
    if ran.waiting.is_empty() {
        return Ok(());
    }
    for pause in PAUSES {
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let rows = client.query_typed(QUESTION, &[(&ran.waiting, Type::TEXT_ARRAY)]).await?;
        if rows.first().is_some_and(|row| row.try_get::<_, i64>(0).is_ok_and(|open| open == 0)) {
            break;
        }
    }
    Ok(())
}
