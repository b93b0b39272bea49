//! Which relations are there to look through, and which can't be?

use tokio_postgres::{Client, Row};

use super::super::ServerError;
use crate::ident::{Ident, TableName};
use crate::sql::{Haystack, Holds};

/// A relation with columns that may hold texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// Its name.
    pub name: TableName,
    /// The partitioned table whose partition it is, at any depth.
    pub root: Option<TableName>,
    /// How many pages it has, as far as the planner knows.
    pub pages: u64,
    /// What to look through; none where nothing can be.
    pub haystack: Option<Haystack>,
    /// The types of the columns to look through.
    pub types: Vec<String>,
    /// What can't be looked through: the whole, or a column, with the reason.
    pub barred: Vec<(Option<Ident>, &'static str)>,
}

/// One row of the answer.
struct Found {
    relation: Relation,
    kind: Kind,
    partition: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Table,
    Partitioned,
    Materialized,
    Foreign,
}

/// Every relation that stores rows, by its name. A partitioned table is its partitions, as long as the role may read these.
pub(super) async fn relations(client: &Client) -> Result<Vec<Relation>, ServerError> {
    let rows = client.query_typed(include_str!("relations.sql"), &[]).await?;
    let found = rows.iter().map(read).collect::<Result<Vec<Found>, _>>()?;
    let whole = |it: &Found| it.relation.barred.is_empty() && it.relation.haystack.is_some();
    let leaves = |root: &TableName| {
        let root = root.clone();
        found.iter().filter(move |it| it.kind != Kind::Partitioned && it.relation.root.as_ref() == Some(&root))
    };
    // Whoever may read a partitioned table may not always read its partitions by themselves.
    let as_one = |root: &Found| {
        let readable = leaves(&root.relation.name).all(whole);
        !readable && whole(root) && leaves(&root.relation.name).all(|it| it.kind != Kind::Foreign)
    };
    let as_one: Vec<TableName> = found
        .iter()
        .filter(|it| it.kind == Kind::Partitioned && !it.partition && as_one(it))
        .map(|it| it.relation.name.clone())
        .collect();
    let is_looked_at = |it: &Found| match it.kind {
        Kind::Partitioned => as_one.contains(&it.relation.name),
        Kind::Table | Kind::Materialized | Kind::Foreign => {
            !it.relation.root.as_ref().is_some_and(|root| as_one.contains(root))
        }
    };
    let looked_at: Vec<bool> = found.iter().map(is_looked_at).collect();
    Ok(found.into_iter().zip(looked_at).filter(|(_, is)| *is).map(|(it, _)| it.relation).collect())
}

fn read(row: &Row) -> Result<Found, ServerError> {
    let (schema, name, kind): (String, String, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    let root: (Option<String>, Option<String>) = (row.try_get(3)?, row.try_get(4)?);
    let kind = match kind.as_str() {
        "r" => Kind::Table,
        "p" => Kind::Partitioned,
        "m" => Kind::Materialized,
        "f" => Kind::Foreign,
        other => return Err(ServerError::Protocol(format!("pg_class.relkind `{other}` was not asked for"))),
    };
    let (partition, populated, pages): (bool, bool, i64) = (row.try_get(5)?, row.try_get(6)?, row.try_get(7)?);
    let (names, holds): (Vec<String>, Vec<String>) = (row.try_get(8)?, row.try_get(9)?);
    let (types, readable): (Vec<String>, Vec<bool>) = (row.try_get(10)?, row.try_get(11)?);
    let (key, key_is_readable): (Vec<String>, bool) = (row.try_get(12)?, row.try_get(13)?);
    let name = TableName::new(schema, name);
    let root = match root {
        (Some(schema), Some(root)) => Some(TableName::new(schema, root)),
        (_, None) | (None, _) => None,
    };
    let mut relation = Relation {
        name: name.clone(),
        root,
        pages: pages.unsigned_abs(),
        haystack: None,
        types: Vec::new(),
        barred: Vec::new(),
    };
    let whole = match kind {
        Kind::Foreign => Some("it is a foreign table: look on the server where its rows are"),
        Kind::Materialized if !populated => Some("it has not been populated: REFRESH MATERIALIZED VIEW does it"),
        Kind::Table | Kind::Partitioned | Kind::Materialized if !readable.contains(&true) => {
            Some("the role may not read it: GRANT SELECT on it, and USAGE on its schema")
        }
        Kind::Table | Kind::Partitioned | Kind::Materialized => None,
    };
    if let Some(why) = whole {
        relation.barred.push((None, why));
        return Ok(Found { relation, kind, partition });
    }
    let mut columns = Vec::new();
    for (((column, holds), ty), readable) in names.into_iter().zip(&holds).zip(types).zip(readable) {
        let column = Ident::new(column);
        if !readable {
            relation.barred.push((Some(column), "the role may not read it: GRANT SELECT on it"));
            continue;
        }
        columns.push((
            column,
            match holds.as_str() {
                "bytes" => Holds::Bytes,
                "words" => Holds::Words,
                "document" => Holds::Documents,
                "printed" => Holds::Printed,
                _ => Holds::Texts,
            },
        ));
        relation.types.push(ty);
    }
    let key = if key_is_readable { key.into_iter().map(Ident::new).collect() } else { Vec::new() };
    relation.haystack = Some(Haystack { name, only: kind == Kind::Table, columns, key });
    Ok(Found { relation, kind, partition })
}
