//! Copies of rows that the database keeps elsewhere: materialized views, and what it sends to other servers.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Catalog;
use crate::ident::{Ident, TableName};

/// A materialized view: what it has read of tables stays in it until it is refreshed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaterializedView {
    /// Its name.
    pub name: TableName,
    /// What it reads of tables of this catalog, directly and through views, sorted by table. What functions in it read is
    /// not known.
    pub reads: Vec<ReadTable>,
    /// The materialized views that it reads, directly and through views, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<TableName>,
    /// Whether it has a unique index over plain columns and all rows, without which it can't be refreshed CONCURRENTLY.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unique: bool,
}

/// What is read of a table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadTable {
    /// The table.
    pub table: TableName,
    /// The columns, sorted; empty where whole rows are read, or only which rows there are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<Ident>,
}

/// A publication: changes of its tables are sent to whoever has subscribed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publication {
    /// Its name.
    pub name: Ident,
    /// Whether it sends updates.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub updates: bool,
    /// Whether it sends deletes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deletes: bool,
    /// The tables whose changes it sends.
    pub tables: Vec<PublishedTable>,
}

/// A table of a publication.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedTable {
    /// The table.
    pub table: TableName,
    /// It, or those of its partitions, that have no replica identity: the server refuses to change or delete their rows
    /// where the publication sends that. Sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without_identity: Vec<TableName>,
    /// It, or those of its partitions, whose old rows are sent as a whole (`REPLICA IDENTITY FULL`). Sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub full: Vec<TableName>,
}

/// Who takes changes from this server, as it is now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replication {
    /// Replication slots, by name.
    pub slots: Vec<ReplicationSlot>,
    /// What connected standbys and subscribers call themselves, sorted; empty names are those that the role may not see.
    pub standbys: Vec<String>,
}

/// A place up to which the server keeps what it has written for somebody.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReplicationSlot {
    /// Its name.
    pub name: String,
    /// Whether changes are decoded for it, by publications or plugins; otherwise it is a standby's.
    pub logical: bool,
    /// Whether somebody takes from it now.
    pub active: bool,
}

impl Catalog {
    /// The materialized view of that name.
    pub fn materialized_view(&self, name: &TableName) -> Option<&MaterializedView> {
        let place = self.materialized_views.binary_search_by(|view| view.name.cmp(name)).ok()?;
        self.materialized_views.get(place)
    }

    /// The materialized views, each behind those that it reads: the order in which they are to be refreshed.
    pub fn refresh_order(&self) -> Vec<&MaterializedView> {
        let mut order = Vec::new();
        let mut done: BTreeSet<&TableName> = BTreeSet::new();
        let mut open: Vec<&MaterializedView> = self.materialized_views.iter().collect();
        // The server allows no circle; a file may tell of one, and then the rest stands in the order of the names.
        while !open.is_empty() {
            let there = |name: &&TableName| self.materialized_view(name).is_some();
            let ready = |view: &&MaterializedView| view.after.iter().filter(there).all(|name| done.contains(name));
            let next = open.iter().position(ready).unwrap_or(0);
            let view = open.remove(next);
            done.insert(&view.name);
            order.push(view);
        }
        order
    }

    /// The materialized views that read what changes, directly or from each other, each with the tables from which it
    /// hears of that; `touches` says of a table and the columns that are read of it whether it does.
    pub fn stale_views(
        &self,
        touches: &impl Fn(&TableName, &[Ident]) -> bool,
    ) -> BTreeMap<&TableName, BTreeSet<&TableName>> {
        let mut stale: BTreeMap<&TableName, BTreeSet<&TableName>> = BTreeMap::new();
        for view in self.refresh_order() {
            let own = view.reads.iter().filter(|read| touches(&read.table, &read.columns)).map(|read| &read.table);
            let others = view.after.iter().filter_map(|name| stale.get(name)).flatten().copied();
            let tables: BTreeSet<&TableName> = own.chain(others).collect();
            if !tables.is_empty() {
                stale.insert(&view.name, tables);
            }
        }
        stale
    }

    /// Those that belong to a part of the catalog: they read one of these tables, or each other.
    pub(super) fn views_about(&self, tables: &BTreeSet<TableName>) -> Vec<MaterializedView> {
        let about: BTreeSet<&TableName> = self.stale_views(&|table, _| tables.contains(table)).into_keys().collect();
        let within = self.materialized_views.iter().filter(|view| about.contains(&view.name)).cloned();
        let narrowed = within.map(|mut view| {
            view.reads.retain(|read| tables.contains(&read.table));
            view.after.retain(|name| about.contains(name));
            view
        });
        narrowed.collect()
    }

    /// The publications that send changes of these tables.
    pub(super) fn publications_about(&self, tables: &BTreeSet<TableName>) -> Vec<Publication> {
        let narrowed = self.publications.iter().cloned().map(|mut publication| {
            publication.tables.retain(|published| tables.contains(&published.table));
            publication
        });
        narrowed.filter(|publication| !publication.tables.is_empty()).collect()
    }

    /// Sorts what this module is about.
    pub(super) fn sort_derived(&mut self) {
        for view in &mut self.materialized_views {
            view.reads.iter_mut().for_each(|read| read.columns.sort());
            view.reads.sort();
            view.after.sort();
        }
        self.materialized_views.sort();
        for publication in &mut self.publications {
            for published in &mut publication.tables {
                published.without_identity.sort();
                published.full.sort();
            }
            publication.tables.sort();
        }
        self.publications.sort();
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{catalog, name};
    use super::*;

    fn view(own: &str, table: &str, columns: &[&str], after: &[&str]) -> MaterializedView {
        let read = ReadTable { table: name(table), columns: columns.iter().copied().map(Ident::from).collect() };
        let after = after.iter().map(|it| name(it)).collect();
        MaterializedView { name: name(own), reads: vec![read], after, unique: false }
    }

    fn with_views() -> Catalog {
        let views = vec![
            view("a_totals", "clubs", &["id"], &["z_names"]),
            view("m_other", "clubs", &["id"], &[]),
            view("z_names", "users", &["email"], &[]),
        ];
        Catalog { materialized_views: views, ..catalog() }.new().unwrap()
    }

    #[test]
    fn a_view_is_refreshed_behind_those_that_it_reads() {
        let catalog = with_views();
        let order: Vec<_> = catalog.refresh_order().into_iter().map(|view| view.name.name.as_str()).collect();
        assert_eq!(order, ["m_other", "z_names", "a_totals"]);
    }

    #[test]
    fn what_reads_a_stale_view_is_stale_too_and_the_rest_is_not() {
        let catalog = with_views();
        let email =
            |table: &TableName, columns: &[Ident]| *table == name("users") && columns.contains(&Ident::from("email"));
        let stale = catalog.stale_views(&email);
        assert_eq!(stale.keys().map(|name| name.name.as_str()).collect::<Vec<_>>(), ["a_totals", "z_names"]);
        let id = |table: &TableName, columns: &[Ident]| *table == name("users") && columns.contains(&Ident::from("id"));
        assert!(catalog.stale_views(&id).is_empty());
    }

    #[test]
    fn a_part_has_the_views_of_its_tables_and_no_word_of_others() {
        let part = with_views().part(&BTreeSet::from([name("users")]));
        let names: Vec<_> = part.materialized_views.iter().map(|view| view.name.name.as_str()).collect();
        assert_eq!(names, ["a_totals", "z_names"]);
        assert!(part.materialized_views[0].reads.is_empty(), "it reads a table that is no part");
    }

    #[test]
    fn a_file_that_tells_of_a_circle_still_has_an_order() {
        let views = vec![view("a", "users", &[], &["b"]), view("b", "users", &[], &["a"])];
        let catalog = Catalog { materialized_views: views, ..catalog() }.new().unwrap();
        assert_eq!(catalog.refresh_order().len(), 2);
    }
}
