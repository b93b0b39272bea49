//! What can only be done after COMMIT?
//!
//! Planner statistics keep old values until ANALYZE. It runs in transactions of its own; what it can't do here is a named
//! leftover and no error: the erasure is committed either way.

use std::collections::BTreeSet;

use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::catalog::Catalog;
use crate::ident::TableName;
use crate::plan::Plan;
use crate::server::ServerError;
use crate::sql::analyze;

/// What efface could not do, and where it is left.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leftover(pub String);

/// ANALYZEs what a run touched, and looks at what is left in the statistics.
///
/// `touched` tells how many rows of each step of the plan were deleted or changed; tables without any are left alone.
/// Without `analyze` nothing is done, and every touched table is left over.
#[tracing::instrument(skip_all)]
pub async fn afterwards(
    client: &Client,
    plan: &Plan,
    catalog: &Catalog,
    touched: &[u64],
    analyze: bool,
) -> Vec<Leftover> {
    let mut left = Vec::new();
    for table in stale(plan, catalog, touched) {
        let shown = table.bare();
        if !analyze {
            left.push(Leftover(format!("planner statistics of `{shown}` may hold old values: ANALYZE it")));
            continue;
        }
        match may_analyze(client, table).await {
            Ok(true) => {}
            Ok(false) => {
                left.push(Leftover(format!(
                    "planner statistics of `{shown}` may hold old values: the role may not ANALYZE it, its owner can"
                )));
                continue;
            }
            Err(error) => {
                left.push(Leftover(format!("planner statistics of `{shown}` may hold old values: {error}")));
                continue;
            }
        }
        if let Err(error) = analyze_one(client, table).await {
            let _ = client.simple_query("ROLLBACK").await;
            left.push(Leftover(format!("planner statistics of `{shown}` may hold old values: {error}")));
            continue;
        }
        match values_left(client, table).await {
            Ok(columns) if columns.is_empty() => {}
            Ok(columns) => left.push(Leftover(format!(
                "planner statistics of `{shown}` keep old values of {}: the table is empty, and ANALYZE skips it; its owner \
                 removes them by ALTER TABLE … ALTER COLUMN … TYPE with the same type",
                columns.join(", ")
            ))),
            Err(error) => left.push(Leftover(format!("planner statistics of `{shown}` could not be looked at: {error}"))),
        }
    }
    left
}

/// In a transaction of its own that gives way soon: ANALYZE queues behind DDL and a running VACUUM of the table.
async fn analyze_one(client: &Client, table: &TableName) -> Result<(), ServerError> {
    client.simple_query("BEGIN; SET LOCAL lock_timeout = '2s'").await?;
    client.simple_query(analyze(table).as_str()).await?;
    client.simple_query("COMMIT").await?;
    Ok(())
}

/// The tables whose statistics are stale. All of their columns are: expression indexes, generated columns and extended
/// statistics hold values of columns that no rule names.
fn stale<'a>(plan: &Plan, catalog: &'a Catalog, touched: &[u64]) -> BTreeSet<&'a TableName> {
    let steps = plan.steps.iter().zip(touched).filter(|(_, rows)| **rows > 0);
    steps.flat_map(|(step, _)| step.tables()).map(|table| &catalog.table(table).name).collect()
}

/// Without the right, ANALYZE says a WARNING and "success": so the right is asked for first.
async fn may_analyze(client: &Client, table: &TableName) -> Result<bool, ServerError> {
    const QUESTION: &str = "
        SELECT pg_catalog.pg_has_role(c.relowner, 'USAGE')
            OR (NOT c.relisshared AND pg_catalog.pg_has_role(d.datdba, 'USAGE'))
            OR CASE WHEN pg_catalog.current_setting('server_version_num')::pg_catalog.int4 OPERATOR(pg_catalog.>=) 170000
               THEN pg_catalog.has_table_privilege(c.oid, 'MAINTAIN') ELSE false END
        FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
        JOIN pg_catalog.pg_database AS d ON d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
        WHERE n.nspname OPERATOR(pg_catalog.=) $1 AND c.relname OPERATOR(pg_catalog.=) $2";
    let (schema, name) = (table.schema.as_str(), table.name.as_str());
    let rows = client.query_typed(QUESTION, &[(&schema, Type::TEXT), (&name, Type::TEXT)]).await?;
    Ok(rows.first().and_then(|row| row.try_get(0).ok()).unwrap_or(false))
}

/// Columns of an empty table whose statistics still hold values.
async fn values_left(client: &Client, table: &TableName) -> Result<Vec<String>, ServerError> {
    const QUESTION: &str = "
        SELECT DISTINCT s.attname::pg_catalog.text
        FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
        JOIN pg_catalog.pg_stats AS s ON s.schemaname OPERATOR(pg_catalog.=) n.nspname AND s.tablename OPERATOR(pg_catalog.=) c.relname
        WHERE n.nspname OPERATOR(pg_catalog.=) $1 AND c.relname OPERATOR(pg_catalog.=) $2 AND c.reltuples OPERATOR(pg_catalog.=) 0
          AND (s.most_common_vals IS NOT NULL OR s.histogram_bounds IS NOT NULL)
        ORDER BY 1";
    let (schema, name) = (table.schema.as_str(), table.name.as_str());
    let rows = client.query_typed(QUESTION, &[(&schema, Type::TEXT), (&name, Type::TEXT)]).await?;
    let names = rows.iter().filter_map(|row| row.try_get::<_, String>(0).ok());
    Ok(names.map(|name| crate::ident::shown(&name).to_string()).collect())
}
