//! Which relations are tables to us, which are parts of one, and which can only be named?

use std::collections::{BTreeMap, BTreeSet};

use tokio_postgres::Row;

use super::{get, ident, sorted};
use crate::catalog::{ColumnPair, OtherObject, Partitioning, RowSecurity, Table};
use crate::ident::{Ident, TableName};
use crate::server::ServerError;

/// The relations of a database by oid, and the tables among them while they are being filled.
pub(super) struct Relations {
    pub(super) all: BTreeMap<u32, Relation>,
    /// What views read, one level deep.
    pub(super) read_by: BTreeMap<u32, Vec<u32>>,
    /// Which columns of it, by reader and read; none where whole rows are read.
    pub(super) columns_read: BTreeMap<(u32, u32), Option<Vec<Ident>>>,
    tables: BTreeMap<u32, Table>,
    /// Things by kind and name that turned up along the way, with the relations that they hang on.
    named: Vec<Named>,
}

struct Named {
    kind: String,
    name: TableName,
    /// The relations that it hangs on.
    on: Vec<u32>,
    /// Of a foreign key.
    pairs: Vec<ColumnPair>,
}

pub(super) struct Relation {
    pub name: TableName,
    pub kind: String,
    is_partition: bool,
    pub populated: bool,
    /// Of a materialized view: whether the role may refresh it.
    pub maintained: bool,
    /// Of a materialized view: whether it has a unique index that tells all of its rows apart.
    pub unique_rows: bool,
    pub extension: Option<String>,
    rows: Option<u64>,
    readable: bool,
    parents: Vec<u32>,
    children: Vec<u32>,
}

impl Relation {
    /// What it is, in the manual's words.
    fn described(&self) -> String {
        let kind = match self.kind.as_str() {
            "r" | "p" => "table",
            "v" => "view",
            "m" => "materialized view",
            "f" => "foreign table",
            "S" => "sequence",
            "c" => "composite type",
            code => &format!("relation of kind `{code}`"),
        };
        match &self.extension {
            Some(extension) => format!("{kind} of extension {extension}"),
            None => kind.to_owned(),
        }
    }
}

/// Where something that hangs on a relation belongs.
pub(super) enum Place<'a> {
    /// On a table.
    Table(&'a mut Table),
    /// On one partition of a table.
    PartitionOf(&'a mut Table),
    /// On a relation that is no table of ours.
    Elsewhere,
}

impl Relations {
    pub(super) fn read(rows: &[Row], inheritance: &[Row], reads: &[Row]) -> Result<Self, ServerError> {
        let mut all = BTreeMap::new();
        let mut keys = BTreeMap::new();
        let mut security = BTreeMap::new();
        for row in rows {
            let oid: u32 = get(row, "oid")?;
            let name = TableName { schema: ident(row, "schema")?, name: ident(row, "name")? };
            let (estimate, pages): (f64, i32) = (get(row, "rows")?, get(row, "pages")?);
            // Before 14, a table that was never analyzed says 0 rows in 0 pages.
            let analyzed = estimate > 0.0 || (estimate == 0.0 && pages > 0);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "an estimate, and not negative"
            )]
            let estimate = analyzed.then_some(estimate as u64);
            if let Some(definition) = get::<Option<String>>(row, "partition_key")? {
                keys.insert(oid, (definition, sorted(row, "partition_columns")?));
            }
            security.insert(
                oid,
                match (get(row, "row_security")?, get(row, "row_security_forced")?) {
                    (false, _) => RowSecurity::Off,
                    (true, false) => RowSecurity::Enabled,
                    (true, true) => RowSecurity::Forced,
                },
            );
            let relation = Relation {
                name,
                kind: get(row, "kind")?,
                is_partition: get(row, "is_partition")?,
                populated: get(row, "populated")?,
                maintained: get(row, "maintained")?,
                unique_rows: get(row, "unique_rows")?,
                extension: get(row, "extension")?,
                rows: estimate,
                readable: get(row, "readable")?,
                parents: Vec::new(),
                children: Vec::new(),
            };
            all.insert(oid, relation);
        }
        for row in inheritance {
            let (child, parent): (u32, u32) = (get(row, "child")?, get(row, "parent")?);
            if let (true, Some(relation)) = (all.contains_key(&parent), all.get_mut(&child)) {
                relation.parents.push(parent);
                all.entry(parent).and_modify(|relation| relation.children.push(child));
            }
        }
        let mut read_by: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        let mut columns_read: BTreeMap<(u32, u32), Option<Vec<Ident>>> = BTreeMap::new();
        for row in reads {
            let (reader, read): (u32, u32) = (get(row, "reader")?, get(row, "read")?);
            read_by.entry(reader).or_default().push(read);
            let whole: bool = get(row, "whole")?;
            let columns = if whole { None } else { Some(sorted(row, "columns")?) };
            columns_read.insert((reader, read), columns);
        }
        let mut found = Self { all, read_by, columns_read, tables: BTreeMap::new(), named: Vec::new() };
        let oids: Vec<u32> = found.all.keys().copied().filter(|oid| found.is_table(*oid)).collect();
        for oid in oids {
            let partitioned = keys.get(&oid).map(|(definition, columns)| {
                let below = found.below(oid);
                let levels = below.iter().filter_map(|oid| keys.get(oid)).flat_map(|(_, columns)| columns);
                let columns: BTreeSet<Ident> = columns.iter().chain(levels).cloned().collect();
                Partitioning {
                    definition: definition.clone(),
                    columns: columns.into_iter().collect(),
                    partitions: below.iter().map(|oid| found.all[oid].name.clone()).collect(),
                }
            });
            let inherited_by = if partitioned.is_some() { Vec::new() } else { found.names_of(&found.below(oid)) };
            let inherits = found.names_of(&found.above(oid));
            let table = Table {
                name: found.all[&oid].name.clone(),
                columns: Vec::new(),
                primary_key: Vec::new(),
                unique: Vec::new(),
                checks: Vec::new(),
                exclusions: Vec::new(),
                indexed: Vec::new(),
                triggers: Vec::new(),
                rewrite_rules: Vec::new(),
                row_security: security[&oid],
                partitioned,
                inherited_by,
                inherits,
            };
            found.tables.insert(oid, table);
        }
        Ok(found)
    }

    pub(super) fn is_table(&self, oid: u32) -> bool {
        self.all.get(&oid).is_some_and(|relation| {
            matches!(relation.kind.as_str(), "r" | "p") && !relation.is_partition && relation.extension.is_none()
        })
    }

    /// Everything that hangs below a relation, at any depth, each once.
    pub(super) fn below(&self, oid: u32) -> BTreeSet<u32> {
        let mut below = BTreeSet::new();
        let mut open = vec![oid];
        while let Some(oid) = open.pop() {
            open.extend(self.all[&oid].children.iter().copied().filter(|child| below.insert(*child)));
        }
        below
    }

    /// Everything that a relation inherits from, at any depth, each once.
    fn above(&self, oid: u32) -> BTreeSet<u32> {
        let mut above = BTreeSet::new();
        let mut open = vec![oid];
        while let Some(oid) = open.pop() {
            open.extend(self.all[&oid].parents.iter().copied().filter(|parent| above.insert(*parent)));
        }
        above
    }

    fn names_of(&self, oids: &BTreeSet<u32>) -> Vec<TableName> {
        oids.iter().map(|oid| self.all[oid].name.clone()).collect()
    }

    /// The table that a relation is, or is a partition of.
    pub(super) fn root(&self, oid: u32) -> Option<u32> {
        let mut oid = oid;
        while self.all.get(&oid)?.is_partition {
            oid = *self.all[&oid].parents.first()?;
        }
        self.is_table(oid).then_some(oid)
    }

    /// Whether a relation is a partition, however deep.
    pub(super) fn is_partition(&self, oid: u32) -> bool {
        self.all.get(&oid).is_some_and(|relation| relation.is_partition)
    }

    /// Where something that hangs on a relation belongs.
    pub(super) fn place(&mut self, oid: u32) -> Place<'_> {
        let partition = self.is_partition(oid);
        match self.root(oid).and_then(|root| self.tables.get_mut(&root)) {
            Some(table) if partition => Place::PartitionOf(table),
            Some(table) => Place::Table(table),
            None => Place::Elsewhere,
        }
    }

    /// A relation's own name.
    pub(super) fn name(&self, oid: u32) -> Option<&TableName> {
        self.all.get(&oid).map(|relation| &relation.name)
    }

    /// Every name by which a table's rows can be reached, with the table's own: partitions', those of tables that it inherits
    /// from, and of views that read it.
    pub(super) fn names(&self) -> Vec<(&TableName, &TableName)> {
        let name = |oid: u32| &self.all[&oid].name;
        let reached = self.all.keys().map(|oid| (name(*oid), self.behind([*oid])));
        reached.flat_map(|(own, tables)| tables.into_iter().map(move |table| (own, name(table)))).collect()
    }

    /// The tables whose rows are meant where relations are named, through views and down inheritance.
    fn behind(&self, start: impl IntoIterator<Item = u32>) -> BTreeSet<u32> {
        let mut open: Vec<u32> = start.into_iter().collect();
        let mut seen: BTreeSet<u32> = open.iter().copied().collect();
        while let Some(oid) = open.pop() {
            let children = self.all.get(&oid).into_iter().flat_map(|relation| &relation.children);
            let read = self.read_by.get(&oid).into_iter().flatten();
            open.extend(children.chain(read).copied().filter(|below| seen.insert(*below)));
        }
        seen.into_iter().filter_map(|oid| self.root(oid)).collect()
    }

    /// Notes something that can only be named.
    pub(super) fn note(&mut self, kind: &str, name: TableName, on: impl IntoIterator<Item = u32>) {
        self.named.push(Named { kind: kind.to_owned(), name, on: on.into_iter().collect(), pairs: Vec::new() });
    }

    /// Notes a foreign key that can only be named, from its referencing to its referenced relation.
    pub(super) fn note_key(&mut self, kind: &str, name: TableName, between: [u32; 2], pairs: Vec<ColumnPair>) {
        self.named.push(Named { kind: kind.to_owned(), name, on: between.to_vec(), pairs });
    }

    /// Notes something that hangs on a relation which is no table of ours: a view's trigger, a foreign table's CHECK.
    pub(super) fn note_on(&mut self, kind: &str, name: Ident, relation: u32) {
        let Some(on) = self.all.get(&relation) else { return };
        let kind = format!("{kind} of a {}", on.described());
        let name = TableName { schema: on.name.schema.clone(), name };
        self.note(&kind, name, [relation]);
    }

    pub(super) fn read_statistics(&mut self, rows: &[Row]) -> Result<(), ServerError> {
        for row in rows {
            let name = TableName { schema: ident(row, "schema")?, name: ident(row, "name")? };
            self.note("extended statistics", name, [get(row, "relation")?]);
        }
        Ok(())
    }

    pub(super) fn read_event_triggers(&mut self, rows: &[Row]) -> Result<(), ServerError> {
        for row in rows {
            let name = TableName { schema: Ident::from(""), name: ident(row, "name")? };
            self.note("event trigger", name, []);
        }
        Ok(())
    }

    /// Everything that is no table of ours, by kind and name, with the tables that it is about.
    pub(super) fn others(&self) -> Vec<OtherObject> {
        let about = |start: &BTreeSet<u32>| {
            let (mut seen, mut open) = (start.clone(), start.iter().copied().collect::<Vec<_>>());
            while let Some(oid) = open.pop() {
                open.extend(self.read_by.get(&oid).into_iter().flatten().copied().filter(|read| seen.insert(*read)));
            }
            let tables: BTreeSet<_> = seen.iter().filter_map(|oid| self.root(*oid)).collect();
            tables.iter().map(|oid| self.all[oid].name.clone()).collect::<BTreeSet<_>>().into_iter().collect()
        };
        let mut others: Vec<OtherObject> = self
            .named
            .iter()
            .map(|named| {
                let mut other = OtherObject {
                    kind: named.kind.clone(),
                    name: named.name.clone(),
                    about: about(&named.on.iter().copied().collect()),
                    between: Vec::new(),
                    pairs: named.pairs.clone(),
                };
                if other.is_foreign_key() {
                    other.between = named.on.iter().filter_map(|oid| self.name(*oid)).cloned().collect();
                }
                other
            })
            .collect();
        for (oid, relation) in &self.all {
            if matches!(relation.kind.as_str(), "r" | "p") && relation.extension.is_none() && self.root(*oid).is_some()
            {
                continue;
            }
            others.push(OtherObject {
                kind: relation.described(),
                name: relation.name.clone(),
                about: about(&BTreeSet::from([*oid])),
                between: Vec::new(),
                pairs: Vec::new(),
            });
        }
        others
    }

    /// The server's estimates; a partitioned table's is the sum of its partitions'.
    pub(super) fn estimates(&self) -> BTreeMap<TableName, u64> {
        let estimate = |oid: &u32| {
            if self.all[oid].kind != "p" {
                return self.all[oid].rows;
            }
            // From 14 on, a level in between has an estimate of its own, which is its partitions' again.
            let leaves = self.below(*oid).into_iter().filter(|oid| self.all[oid].kind != "p");
            leaves.filter_map(|oid| self.all[&oid].rows).reduce(u64::saturating_add)
        };
        self.tables.iter().filter_map(|(oid, table)| Some((table.name.clone(), estimate(oid)?))).collect()
    }

    pub(super) fn unreadable(&self) -> Vec<TableName> {
        let unreadable = |oid: &&u32| !self.all[*oid].readable;
        self.tables.keys().filter(unreadable).map(|oid| self.all[oid].name.clone()).collect()
    }

    pub(super) fn into_tables(self) -> Vec<Table> {
        self.tables.into_values().collect()
    }
}
