//! What exists in the database that we are connected to?
//!
//! A constant number of set-based queries, one file each beside this one, all sent at once. They run inside the caller's
//! transaction and behind a savepoint, so that the session's settings are afterwards what they were. oids tie the answers
//! together here and go no further: a [`Catalog`] has names only.

mod columns;
mod constraints;
mod derived;
mod relations;
mod triggers;

use tokio_postgres::types::FromSqlOwned;
use tokio_postgres::{Client, Row};

use self::relations::Relations;
use super::error::ServerError;
use crate::catalog::{CATALOG_FORMAT, Catalog, Extension, KeyIndex, Observed};
use crate::ident::Ident;

/// Reads the catalog, inside the caller's transaction. REPEATABLE READ gives one snapshot of it; under READ COMMITTED a
/// schema that changes meanwhile can make it an error.
///
/// # Errors
/// No transaction, a connection that is gone, codes in the server's catalog that we don't know.
pub async fn introspect(client: &Client) -> Result<Catalog, ServerError> {
    let ask = |sql: &'static str| async move { Ok::<_, ServerError>(client.query_typed(sql, &[]).await?) };
    let run = |sql: &'static str| async move { Ok::<_, ServerError>(client.batch_execute(sql).await?) };
    // Joined futures are polled in this order, and each sends when it is first polled: one round trip for all.
    let answers = futures_util::future::try_join4(
        // Before our own search path takes its place.
        ask("SELECT pg_catalog.current_schemas(false)::pg_catalog.text[] AS search_path"),
        run(include_str!("session.sql")),
        futures_util::future::try_join_all([
            ask(include_str!("server.sql")),
            ask(include_str!("relations.sql")),
            ask(include_str!("inheritance.sql")),
            ask(include_str!("columns.sql")),
            ask(include_str!("types.sql")),
            ask(include_str!("checks.sql")),
            ask(include_str!("indexes.sql")),
            ask(include_str!("foreign_keys.sql")),
            ask(include_str!("triggers.sql")),
            ask(include_str!("functions.sql")),
            ask(include_str!("rules.sql")),
            ask(include_str!("reads.sql")),
            ask(include_str!("extensions.sql")),
            ask(include_str!("statistics.sql")),
            ask(include_str!("publications.sql")),
            ask(include_str!("event_triggers.sql")),
            ask(include_str!("replication.sql")),
        ]),
        run("ROLLBACK TO SAVEPOINT efface_introspect; RELEASE SAVEPOINT efface_introspect"),
    );
    let (path, (), answers, ()) = answers.await?;
    let answers: [Vec<Row>; 17] = answers.try_into().expect("as many answers as the seventeen queries above");
    let path = path.first().map(|row| idents(row, "search_path")).transpose()?;
    assemble(&answers, path)
}

/// Reads the catalog in a read-only transaction of its own, as one snapshot. Definitions of indexes are read under a lock
/// on their tables, so a table that somebody rebuilds is waited for, five seconds at most.
///
/// # Errors
/// As [`introspect`].
pub async fn introspect_alone(client: &Client) -> Result<Catalog, ServerError> {
    client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL lock_timeout = '5s'").await?;
    let catalog = introspect(client).await;
    // A failed transaction is ended by it as well.
    let ended = client.batch_execute("COMMIT").await;
    let catalog = catalog?;
    ended?;
    Ok(catalog)
}

fn assemble(answers: &[Vec<Row>; 17], search_path: Option<Vec<Ident>>) -> Result<Catalog, ServerError> {
    let [
        server,
        relations,
        inheritance,
        columns,
        types,
        checks,
        indexes,
        keys,
        triggers,
        functions,
        rules,
        reads,
        extensions,
        statistics,
        publications,
        event_triggers,
        replication,
    ] = answers;
    let server = server.first().ok_or_else(|| ServerError::Protocol("no answer about the server itself".into()))?;
    let major: i32 = get(server, "major")?;
    let mut found = Relations::read(relations, inheritance, reads)?;
    let mut types = columns::read_types(types)?;
    columns::read_columns(columns, &types, &mut found)?;
    constraints::read_checks(checks, &mut found, &mut types)?;
    constraints::read_indexes(indexes, &mut found)?;
    let foreign_keys = constraints::read_foreign_keys(keys, &mut found)?;
    triggers::read_rules(rules, &mut found)?;
    let functions = triggers::read_triggers(triggers, functions, rules, &mut found)?;
    found.read_statistics(statistics)?;
    let publications = found.read_publications(publications)?;
    found.read_event_triggers(event_triggers)?;
    let others = found.others();
    let observed = Observed {
        rows: found.estimates(),
        unreadable: found.unreadable(),
        deadlock_timeout_ms: u64::try_from(get::<i64>(server, "deadlock_timeout_ms")?).ok(),
        search_path,
        unpopulated: found.unpopulated(),
        not_maintained: found.not_maintained(),
        replication: derived::read_replication(replication)?,
        live: true,
    };
    let columns::TypesFound { enums, domains, composites } = types.into_catalog()?;
    let catalog = Catalog {
        format: CATALOG_FORMAT,
        materialized_views: found.materialized_views(),
        publications,
        server_major: major.unsigned_abs(),
        tables: found.into_tables(),
        foreign_keys,
        enums,
        domains,
        composites,
        functions,
        extensions: extensions
            .iter()
            .map(|row| Ok(Extension { name: ident(row, "name")?, schema: ident(row, "schema")? }))
            .collect::<Result<_, ServerError>>()?,
        others,
        observed,
        virtual_keys: Vec::new(),
        index: KeyIndex::default(),
    };
    Ok(catalog.new()?)
}

fn get<T: FromSqlOwned>(row: &Row, column: &str) -> Result<T, ServerError> {
    Ok(row.try_get(column)?)
}

fn ident(row: &Row, column: &str) -> Result<Ident, ServerError> {
    get::<String>(row, column).map(Ident::new)
}

/// Names, in the order of the row.
fn idents(row: &Row, column: &str) -> Result<Vec<Ident>, ServerError> {
    Ok(get::<Vec<String>>(row, column)?.into_iter().map(Ident::new).collect())
}

/// Names as a sorted set.
fn sorted(row: &Row, column: &str) -> Result<Vec<Ident>, ServerError> {
    let mut names = idents(row, column)?;
    names.sort();
    names.dedup();
    Ok(names)
}

fn unknown(column: &'static str, code: &str) -> ServerError {
    ServerError::UnknownCode { column, code: code.to_owned() }
}
