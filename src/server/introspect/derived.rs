//! Which copies of rows does the server keep elsewhere, or send away?

use std::collections::{BTreeMap, BTreeSet};

use tokio_postgres::Row;

use super::relations::{Relation, Relations};
use super::{get, ident};
use crate::catalog::{MaterializedView, Publication, PublishedTable, ReadTable, Replication, ReplicationSlot};
use crate::ident::{Ident, TableName};
use crate::server::ServerError;

impl Relations {
    /// Materialized views that people made, with what they read.
    pub(super) fn materialized_views(&self) -> Vec<MaterializedView> {
        let views = self.views();
        views.map(|(oid, relation)| self.materialized_view(oid, relation)).collect()
    }

    /// Those that hold nothing.
    pub(super) fn unpopulated(&self) -> Vec<TableName> {
        self.views().filter(|(_, view)| !view.populated).map(|(_, view)| view.name.clone()).collect()
    }

    /// Those that the role may not refresh.
    pub(super) fn not_maintained(&self) -> Vec<TableName> {
        self.views().filter(|(_, view)| !view.maintained).map(|(_, view)| view.name.clone()).collect()
    }

    fn views(&self) -> impl Iterator<Item = (u32, &Relation)> {
        let views = self.all.iter().filter(|(_, relation)| relation.kind == "m" && relation.extension.is_none());
        views.map(|(oid, relation)| (*oid, relation))
    }

    fn materialized_view(&self, oid: u32, relation: &Relation) -> MaterializedView {
        let mut after = BTreeSet::new();
        // Of a table, none stands for whole rows.
        let mut reads: BTreeMap<&TableName, Option<BTreeSet<&Ident>>> = BTreeMap::new();
        let (mut seen, mut open) = (BTreeSet::from([oid]), vec![oid]);
        while let Some(reader) = open.pop() {
            for read in self.read_by.get(&reader).into_iter().flatten() {
                let Some(found) = self.all.get(read) else { continue };
                match found.kind.as_str() {
                    "m" => {
                        after.insert(found.name.clone());
                    }
                    "v" if seen.insert(*read) => open.push(*read),
                    _ => {}
                }
                let columns = self.columns_read.get(&(reader, *read)).and_then(Option::as_ref);
                // Who reads a table reads the rows of those that inherit from it.
                let roots = std::iter::once(*read).chain(self.below(*read)).filter_map(|oid| self.root(oid));
                for root in roots.collect::<BTreeSet<_>>() {
                    let all = reads.entry(&self.all[&root].name).or_insert_with(|| Some(BTreeSet::new()));
                    match (columns, all.as_mut()) {
                        (Some(columns), Some(all)) => all.extend(columns),
                        _ => *all = None,
                    }
                }
            }
        }
        let reads = reads.into_iter().map(|(table, columns)| ReadTable {
            table: table.clone(),
            columns: columns.into_iter().flatten().cloned().collect(),
        });
        MaterializedView {
            name: relation.name.clone(),
            reads: reads.collect(),
            after: after.into_iter().collect(),
            unique: relation.unique_rows,
        }
    }

    /// Publications, noted by name; those that send what is changed or deleted, with what they send.
    pub(super) fn read_publications(&mut self, rows: &[Row]) -> Result<Vec<Publication>, ServerError> {
        let mut publications = Vec::new();
        for row in rows {
            let name = ident(row, "name")?;
            let relations: Vec<u32> = get(row, "relations")?;
            let (without, full): (Vec<u32>, Vec<u32>) = (get(row, "without_identity")?, get(row, "full_rows")?);
            let tables: BTreeSet<u32> = relations.iter().filter_map(|oid| self.root(*oid)).collect();
            let of = |table: u32, oids: &[u32]| {
                let own = oids.iter().filter(|oid| self.root(**oid) == Some(table));
                own.filter_map(|oid| self.name(*oid)).cloned().collect::<Vec<_>>()
            };
            let publication = Publication {
                name: name.clone(),
                updates: get(row, "updates")?,
                deletes: get(row, "deletes")?,
                tables: tables
                    .into_iter()
                    .map(|table| PublishedTable {
                        table: self.all[&table].name.clone(),
                        without_identity: of(table, &without),
                        full: of(table, &full),
                    })
                    .collect(),
            };
            if (publication.updates || publication.deletes) && !publication.tables.is_empty() {
                publications.push(publication);
            }
            self.note("publication", TableName { schema: Ident::from(""), name }, relations);
        }
        Ok(publications)
    }
}

pub(super) fn read_replication(rows: &[Row]) -> Result<Replication, ServerError> {
    let mut replication = Replication::default();
    for row in rows {
        let name: String = get(row, "name")?;
        match get::<String>(row, "kind")?.as_str() {
            "slot" => {
                let (logical, active) = (get(row, "logical")?, get(row, "active")?);
                replication.slots.push(ReplicationSlot { name, logical, active });
            }
            _ => replication.standbys.push(name),
        }
    }
    replication.slots.sort();
    replication.standbys.sort();
    Ok(replication)
}
