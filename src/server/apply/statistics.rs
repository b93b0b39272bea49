//! Which old values do planner statistics still hold, and who takes them away?
//!
//! Names and statements only: the values themselves never leave the server.

use std::collections::BTreeMap;

use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};

use super::afterwards::Analyzed;
use crate::ident::{Ident, TableName, shown};
use crate::server::ServerError;
use crate::server::ask::{self, BEGIN_READ_ONLY};
use crate::sql::statistics::{CANDIDATES, Held, Shape, Why, cure, missing, missing_elements, setting};

/// What somebody has to do about the statistics of what was ANALYZEd, a sentence each; `columns` are those that changed.
pub(super) async fn left_in_statistics(
    client: &Client,
    analyzed: &Analyzed<'_>,
    columns: Option<&[String]>,
    server_major: u32,
) -> Result<Vec<String>, ServerError> {
    let mut held = candidates(client, analyzed.name, columns).await?;
    held.retain(|held| held.inherited || !analyzed.inherited_only);
    let mut left: BTreeMap<(TableName, Option<TableName>, Kind), Vec<Held>> = BTreeMap::new();
    for held in held {
        let kind = match (look(client, &held).await, held.why) {
            (Look::Clean, _) => continue,
            (Look::Unknown, _) => Kind::Unknown,
            (Look::Left, Why::Right) => Kind::NotAllowed,
            (Look::Left, Why::Target) => Kind::SwitchedOff,
            (Look::Left, Why::Empty) if is_in_the_way(&held, server_major) => Kind::InTheWay,
            (Look::Left, Why::Empty) => Kind::Empty,
        };
        left.entry((held.relation.clone(), held.within.clone(), kind)).or_default().push(held);
    }
    Ok(left.iter().map(|((.., kind), held)| sentence(*kind, held, analyzed.name, server_major)).collect())
}

/// Why values are left, as far as it makes another sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// Whether any are left can't be told.
    Unknown,
    NotAllowed,
    SwitchedOff,
    Empty,
    /// The table is empty, and its columns can't be altered.
    InTheWay,
}

/// Whether the column can't be altered, which is how its statistics are taken away before 18.
fn is_in_the_way(held: &Held, server_major: u32) -> bool {
    held.type_sql.is_none() && held.within.is_none() && server_major < 18
}

fn sentence(kind: Kind, held: &[Held], root: &TableName, server_major: u32) -> String {
    let mut columns: Vec<String> = held.iter().map(|held| shown(&held.column).to_string()).collect();
    columns.sort();
    columns.dedup();
    let columns = columns.join(", ");
    let relation = held.first().map(|held| held.relation.bare().to_string()).unwrap_or_default();
    let within = held.first().and_then(|held| held.within.as_ref());
    let within = within.map(|name| format!(" (in `{}`)", name.bare())).unwrap_or_default();
    // One statement for a column, though it has statistics of its own rows and of those below.
    let mut each: Vec<&Held> = Vec::new();
    for held in held {
        let same =
            |other: &&Held| other.column == held.column && (server_major < 18 || other.inherited == held.inherited);
        if !each.iter().any(same) {
            each.push(held);
        }
    }
    let what = match kind {
        Kind::Unknown => format!("planner statistics of `{relation}`{within} may hold old values of {columns}"),
        _ => format!("planner statistics of `{relation}`{within} hold values of {columns} that no row has"),
    };
    let why = match kind {
        Kind::Unknown => "this role may neither renew nor look at them",
        Kind::NotAllowed => "this role may not ANALYZE it",
        Kind::SwitchedOff => "ANALYZE is told to leave them",
        Kind::Empty => "ANALYZE finds no rows and leaves them",
        Kind::InTheWay => {
            "ANALYZE finds no rows and leaves them, and a view or the partition key is in the way of altering the column"
        }
    };
    match cure(&each, root, server_major).filter(|_| kind != Kind::InTheWay) {
        Some(sql) => format!("{what}: {why}; its owner runs: {}", shown(sql.as_str())),
        None => format!("{what}: {why}; ANALYZE it when it has rows again"),
    }
}

/// What statistics hold of values that no row has.
enum Look {
    Clean,
    Left,
    /// That can't be told.
    Unknown,
}

async fn look(client: &Client, held: &Held) -> Look {
    if !held.visible {
        return Look::Unknown;
    }
    let Some(question) = missing(held) else {
        return if held.why == Why::Empty { Look::Left } else { Look::Unknown };
    };
    for question in std::iter::once(question).chain(missing_elements(held)) {
        match ask::ask(client, &[setting()], &question).await {
            Ok(Ok(Some(rows))) if rows == "0" => {}
            Ok(Ok(Some(_))) => return Look::Left,
            // Too long, or not allowed.
            Ok(Ok(None) | Err(_)) | Err(_) => return Look::Unknown,
        }
    }
    Look::Clean
}

async fn candidates(client: &Client, table: &TableName, columns: Option<&[String]>) -> Result<Vec<Held>, ServerError> {
    let (schema, name) = (table.schema.as_str(), table.name.as_str());
    client.simple_query(BEGIN_READ_ONLY).await?;
    // What is printed must be readable whatever the session's path is.
    let rows = async {
        client.simple_query("SET LOCAL search_path = pg_catalog, pg_temp").await?;
        client
            .query_typed(CANDIDATES, &[(&schema, Type::TEXT), (&name, Type::TEXT), (&columns, Type::TEXT_ARRAY)])
            .await
    }
    .await;
    let _ = client.simple_query("ROLLBACK").await;
    rows?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Held, ServerError> {
    let table = |schema: &str, name: &str| TableName { schema: Ident::new(schema), name: Ident::new(name) };
    let (kind, shape, why): (String, String, String) = (row.try_get(2)?, row.try_get(9)?, row.try_get(10)?);
    let within: (Option<String>, Option<String>) = (row.try_get(3)?, row.try_get(4)?);
    let unknown = |what: &str| ServerError::Protocol(format!("statistics of an unknown kind: {what}"));
    Ok(Held {
        relation: table(row.try_get(0)?, row.try_get(1)?),
        is_view: kind == "m",
        within: within.0.zip(within.1).map(|(schema, name)| table(&schema, &name)),
        column: row.try_get(5)?,
        expression: row.try_get(6)?,
        type_sql: row.try_get(7)?,
        inherited: row.try_get(8)?,
        shape: match shape.as_str() {
            "v" => Shape::Values,
            "e" => Shape::Elements,
            "l" => Shape::Lexemes,
            "b" => Shape::Bounds,
            number => Shape::Combined(number.parse().map_err(|_| unknown(number))?),
        },
        why: match why.as_str() {
            "r" => Why::Right,
            "e" => Why::Empty,
            "t" => Why::Target,
            other => return Err(unknown(other)),
        },
        visible: row.try_get(11)?,
        definition: row.try_get(12)?,
    })
}
