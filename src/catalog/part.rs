//! Which part of the catalog can a plan depend on?
//!
//! The tables that it touches, with everything that says what touching them does. A change elsewhere in the schema must
//! not make a reviewed plan stale; a change here must.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::{Catalog, KeyIndex, Observed, Partitioning, RowSecurity, Table};
use crate::ident::{Ident, TableName};
use crate::pgtype::PgType;

impl Catalog {
    /// These tables and what hangs on them: every foreign key from or to them, and the enums, domains, functions,
    /// extensions and other objects that they use or that are about them.
    ///
    /// A table outside that a key leads to or comes from is there by its key's columns only, so that the part is itself
    /// a catalog. What was observed ([`Observed`]) is left behind.
    pub fn part(&self, tables: &BTreeSet<TableName>) -> Catalog {
        let foreign_keys: Vec<_> = self
            .foreign_keys
            .iter()
            .filter(|key| tables.contains(&key.child) || tables.contains(&key.parent))
            .cloned()
            .collect();
        let mut outside: BTreeMap<&TableName, BTreeSet<&Ident>> = BTreeMap::new();
        for key in &foreign_keys {
            for (table, columns) in
                [(&key.child, key.child_columns().collect::<Vec<_>>()), (&key.parent, key.parent_columns().collect())]
            {
                if !tables.contains(table) {
                    outside.entry(table).or_default().extend(columns);
                }
            }
        }
        let inside = self.tables.iter().filter(|table| tables.contains(&table.name)).cloned();
        let bare = self.tables.iter().filter_map(|table| Some(bare(table, outside.get(&table.name)?)));
        let mut part_tables: Vec<Table> = inside.chain(bare).collect();
        part_tables.sort_by(|a, b| a.name.cmp(&b.name));

        let used = Used::by(self, &part_tables);
        Catalog {
            format: self.format,
            server_major: self.server_major,
            foreign_keys,
            enums: self.enums.iter().filter(|found| used.types.contains(&found.name)).cloned().collect(),
            domains: self.domains.iter().filter(|found| used.types.contains(&found.name)).cloned().collect(),
            composites: self.composites.iter().filter(|found| used.types.contains(&found.name)).cloned().collect(),
            functions: self
                .functions
                .iter()
                .filter(|found| used.functions.contains(&found.signature))
                .cloned()
                .collect(),
            // Which extensions exist decides the script's search path, whatever the tables are.
            extensions: self.extensions.clone(),
            others: self
                .others
                .iter()
                .filter(|other| other.about.iter().any(|table| tables.contains(table)))
                .cloned()
                .map(|mut other| {
                    other.about.retain(|table| tables.contains(table));
                    other
                })
                .collect(),
            materialized_views: self.views_about(tables),
            publications: self.publications_about(tables),
            tables: part_tables,
            observed: Observed::default(),
            virtual_keys: Vec::new(),
            index: KeyIndex::default(),
        }
        // The policy's own references are no part of the schema; this only finds the declared ones again.
        .with_virtual_keys(Vec::new())
    }
}

/// A table by some of its columns only.
fn bare(table: &Table, columns: &BTreeSet<&Ident>) -> Table {
    Table {
        name: table.name.clone(),
        columns: table.columns.iter().filter(|column| columns.contains(&column.name)).cloned().collect(),
        primary_key: Vec::new(),
        unique: Vec::new(),
        checks: Vec::new(),
        exclusions: Vec::new(),
        indexed: Vec::new(),
        triggers: Vec::new(),
        rewrite_rules: Vec::new(),
        row_security: RowSecurity::Off,
        partitioned: table.partitioned.as_ref().map(|found| Partitioning {
            definition: found.definition.clone(),
            columns: Vec::new(),
            partitions: Vec::new(),
        }),
        inherited_by: Vec::new(),
        inherits: Vec::new(),
    }
}

#[derive(Default)]
struct Used {
    types: BTreeSet<TableName>,
    functions: BTreeSet<String>,
}

impl Used {
    fn by(catalog: &Catalog, tables: &[Table]) -> Self {
        let mut used = Self::default();
        for table in tables {
            for column in &table.columns {
                used.types.extend(column.domains.iter().cloned());
                used.add_type(catalog, &column.ty);
            }
            used.functions.extend(table.triggers.iter().map(|trigger| trigger.function.clone()));
        }
        used
    }

    fn add_type(&mut self, catalog: &Catalog, ty: &PgType) {
        match ty {
            PgType::Enum { name } => {
                self.types.insert(name.clone());
            }
            PgType::Array { of, domains } => {
                self.types.extend(domains.iter().cloned());
                self.add_type(catalog, of);
            }
            PgType::Range { of, .. } => self.add_type(catalog, of),
            // Once for each: a file may say that a type is a field of itself.
            PgType::Composite { name } if self.types.insert(name.clone()) => {
                for field in catalog.composite(name).iter().flat_map(|found| &found.fields) {
                    self.types.extend(field.domains.iter().cloned());
                    self.add_type(catalog, &field.ty);
                }
            }
            _ => {}
        }
    }
}

/// A catalog's SHA-256, hexadecimal: equal for equal schemas, whatever the estimates and the role's privileges are.
pub fn digest(catalog: &Catalog) -> String {
    let canonical = serde_json::to_vec(catalog).expect("a catalog has string keys only, and no floats");
    hexadecimal(&Sha256::digest(canonical))
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string can't fail");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::super::sample::{catalog, column, name};
    use super::*;

    fn bookings() -> BTreeSet<TableName> {
        BTreeSet::from([name("bookings")])
    }

    #[test]
    fn a_part_is_a_catalog_itself() {
        let part = catalog().part(&bookings());
        assert_eq!(part.clone().new().unwrap(), part);
        assert_eq!(part.tables.iter().map(|table| table.name.name.as_str()).collect::<Vec<_>>(), ["bookings", "users"]);
        assert_eq!(part.tables[1].columns.len(), 1, "only the key's column");
        assert_eq!((part.enums.len(), part.others.len(), part.functions.len()), (1, 1, 0));
    }

    #[test]
    fn keys_that_come_from_outside_belong_to_the_part() {
        let part = catalog().part(&BTreeSet::from([name("users")]));
        assert_eq!(part.foreign_keys.len(), 2);
        assert_eq!(part.functions.len(), 1);
    }

    #[test]
    fn the_whole_is_a_part_of_itself() {
        let all = catalog().tables.into_iter().map(|table| table.name).collect();
        assert_eq!(catalog().part(&all), catalog());
    }

    #[test]
    fn a_change_elsewhere_leaves_the_digest_alone() {
        let before = digest(&catalog().part(&bookings()));
        let mut elsewhere = catalog();
        elsewhere.tables[2].columns.push(column("town", "text", PgType::Text { limit: None }));
        elsewhere.observed.rows.insert(name("bookings"), 7);
        assert_eq!(digest(&elsewhere.part(&bookings())), before);
        let mut here = catalog();
        here.tables[1].columns[0].not_null = true;
        assert_ne!(digest(&here.part(&bookings())), before);
    }

    #[test]
    fn digests_are_written_in_hexadecimal() {
        assert_eq!(hexadecimal(&[0, 0xab, 0x10]), "00ab10");
        assert_eq!(digest(&catalog()).len(), 64);
    }
}
