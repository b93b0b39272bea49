//! A catalog of everything that PostgreSQL has, under every name that it takes: nothing vanishes, and nothing panics.
//!
//! The schema is in `tests/torture/`. What efface reads of it is held against the server's own catalogs, which the tests
//! ask by themselves; then every table is the subject of policies that nobody would write.

use std::collections::{BTreeMap, BTreeSet};

use efface::catalog::{self, Catalog, Generated, Table};
use efface::ident::{Ident, TableName};

use crate::harness::Db;

mod policies;

/// The torture catalog, as far as the server knows what is in it.
pub fn tortured() -> Db {
    // Without a ledger: it is no part of a catalog.
    let db = Db::bare();
    let major = db.connection().server_version.major;
    for (since, sql) in [
        (0, include_str!("../torture/1-types.sql")),
        (0, include_str!("../torture/2-keys.sql")),
        (0, include_str!("../torture/3-trees.sql")),
        (0, include_str!("../torture/4-code.sql")),
        (0, include_str!("../torture/5-names.sql")),
        (14, include_str!("../torture/since-14.sql")),
        (15, include_str!("../torture/since-15.sql")),
        (0, include_str!("../torture/9-event-triggers.sql")),
    ] {
        if major >= since {
            db.sql(sql);
        }
    }
    // What CREATE INDEX CONCURRENTLY leaves behind where it fails at once: it neither finds nor refuses anything.
    db.sql("create table twice (word text, id int primary key); insert into twice values ('a', 1), ('a', 2)");
    db.refused("create unique index concurrently twice_word on twice (word)");
    // And where it fails late: it finds nothing, and refuses what comes.
    db.sql("create table once (word text, id int primary key); create unique index once_word on once (word)");
    db.sql("update pg_index set indisvalid = false where indexrelid = 'once_word'::regclass; insert into once values ('a', 1)");
    assert_eq!(db.refused("insert into once values ('a', 2)").sqlstate(), Some("23505"));
    db
}

/// What the server has and the catalog should have, with the sentences about what it hasn't.
struct Missing<'a> {
    catalog: &'a Catalog,
    /// Every relation's table: itself, or the root of a partition.
    roots: BTreeMap<TableName, TableName>,
    sentences: Vec<String>,
    looked_at: BTreeMap<&'static str, usize>,
}

impl<'a> Missing<'a> {
    fn new(catalog: &'a Catalog) -> Self {
        let mut roots = BTreeMap::new();
        for table in &catalog.tables {
            roots.insert(table.name.clone(), table.name.clone());
            let partitions = table.partitioned.iter().flat_map(|found| &found.partitions);
            roots.extend(partitions.map(|partition| (partition.clone(), table.name.clone())));
        }
        Self { catalog, roots, sentences: Vec::new(), looked_at: BTreeMap::new() }
    }

    fn table(&self, name: &TableName) -> Option<&'a Table> {
        self.catalog.table_id(self.roots.get(name)?).map(|id| self.catalog.table(id))
    }

    fn named(&self, kind: &str, name: &TableName) -> bool {
        self.catalog.others.iter().any(|other| other.kind == kind && other.name == *name)
    }

    /// Takes note of an object, and of its absence.
    fn holds(&mut self, what: &'static str, name: &TableName, there: bool) {
        *self.looked_at.entry(what).or_default() += 1;
        if !there {
            self.sentences.push(format!("{what} {}", name.bare()));
        }
    }
}

/// The rows of a query, each cell as text; NULL is empty.
fn rows<const N: usize>(db: &Db, query: &str) -> Vec<[String; N]> {
    db.rows(query)
        .into_iter()
        .map(|row| row.into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>().try_into().expect("the columns"))
        .collect()
}

/// Every relation, with what it is about for the questions below.
const RELATIONS: &str = "
    with user_schemas as (select oid, nspname from pg_namespace
                          where nspname not like 'pg\\_%' and nspname <> 'information_schema')
    select s.nspname, c.relname, c.relkind, c.relispartition, r.nspname, r.relname, c.relkind in ('i', 'I') and x.indisunique and x.indisready,
           e.conname, o.attname
    from pg_class c join user_schemas s on s.oid = c.relnamespace
    left join pg_index x on x.indexrelid = c.oid
    -- What an index is of, and what a sequence belongs to.
    left join pg_depend d on d.objid = c.oid and d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass
        and c.relkind = 'S' and d.deptype in ('a', 'i')
    left join pg_attribute o on o.attrelid = d.refobjid and o.attnum = d.refobjsubid
    left join lateral (select n.nspname, t.relname from pg_class t join pg_namespace n on n.oid = t.relnamespace
                       where t.oid in (x.indrelid, d.refobjid)) r on true
    left join pg_constraint e on e.conindid = c.oid and e.contype = 'x'";

fn relations(db: &Db, missing: &mut Missing) {
    for [schema, name, kind, is_partition, of_schema, of_name, is_unique, exclusion, column] in rows::<9>(db, RELATIONS)
    {
        let (name, of) = (TableName::new(schema, name), TableName::new(of_schema, of_name));
        match kind.as_str() {
            "r" | "p" => {
                let there = missing.roots.get(&name).is_some_and(|root| (*root != name) == (is_partition == "t"));
                missing.holds("table", &name, there);
            }
            "v" => missing.holds("view", &name, missing.named("view", &name)),
            "m" => missing.holds("materialized view", &name, missing.named("materialized view", &name)),
            "c" => missing.holds("composite type", &name, missing.named("composite type", &name)),
            "f" => {
                missing.holds("foreign table", &name, missing.named("foreign table", &name));
                if is_partition == "t" {
                    missing.holds("foreign partition", &name, missing.roots.contains_key(&name));
                }
            }
            "S" if column.is_empty() => missing.holds("sequence", &name, missing.named("sequence", &name)),
            "S" => {
                let there =
                    missing.table(&of).is_some_and(|table| table.column(&Ident::from(column.as_str())).is_some());
                missing.holds("sequence of a column", &name, there);
            }
            "i" | "I" => {
                let Some(table) = missing.table(&of) else {
                    missing.holds("index of a materialized view", &name, missing.named("materialized view", &of));
                    continue;
                };
                if is_unique == "t" && (table.name == of || is_partition == "f") {
                    let there = table.unique.iter().any(|index| index.name == name.name);
                    missing.holds("unique index", &name, there);
                } else if !exclusion.is_empty() {
                    let there = table.exclusions.iter().any(|found| found.name.as_str() == exclusion);
                    missing.holds("index of an exclusion", &name, there);
                }
                // Any other index is a way to find rows: it refuses none, and holds nothing but what its table holds.
            }
            other => panic!("a relation of kind {other}"),
        }
    }
}

fn constraints(db: &Db, missing: &mut Missing) {
    let found = rows::<9>(
        db,
        "select n.nspname, k.conname, k.contype, tn.nspname, t.relname, t.relkind, yn.nspname, y.typname, k.conparentid = 0
         from pg_constraint k join pg_namespace n on n.oid = k.connamespace
         left join pg_class t on t.oid = k.conrelid left join pg_namespace tn on tn.oid = t.relnamespace
         left join pg_type y on y.oid = k.contypid left join pg_namespace yn on yn.oid = y.typnamespace
         where n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'",
    );
    for [schema, name, kind, of_schema, of_name, of_kind, type_schema, type_name, own] in found {
        let (name, of) = (TableName::new(schema, name), TableName::new(of_schema, of_name));
        let table = missing.table(&of);
        match kind.as_str() {
            "c" if of_kind.is_empty() => {
                let domain = missing.catalog.domain(&TableName::new(type_schema, type_name));
                let there = domain.is_some_and(|domain| domain.checks.iter().any(|check| check.name == name.name));
                missing.holds("CHECK of a domain", &name, there);
            }
            "c" => {
                let there = table.map_or_else(
                    || missing.named("CHECK constraint of a foreign table", &name),
                    |table| table.checks.iter().any(|check| check.name == name.name),
                );
                missing.holds("CHECK", &name, there);
            }
            "f" if own == "t" => {
                let key = |key: &&catalog::ForeignKey| key.child == of && key.name == name.name;
                let modelled = missing.catalog.foreign_keys.iter().find(key).is_some();
                let other = |other: &&catalog::OtherObject| {
                    other.is_foreign_key() && other.name == name && other.between.first() == Some(&of)
                };
                let named = missing.catalog.others.iter().find(other);
                // A later check has to follow it: between which tables, and by which columns.
                let whole = named.is_some_and(|other| other.between.len() == 2 && !other.pairs.is_empty());
                missing.holds("foreign key", &name, modelled != whole);
            }
            // Copies of a root's for its partitions, and of a partition's for the server's own bookkeeping.
            "f" => {}
            "x" => {
                let there = table.is_some_and(|table| table.exclusions.iter().any(|found| found.name == name.name));
                missing.holds("exclusion constraint", &name, there);
            }
            "t" => {
                let there = table.is_some_and(|table| table.triggers.iter().any(|found| found.name == name.name));
                missing.holds("constraint trigger", &name, there);
            }
            // Their indexes are looked at above; NOT NULL (18) is the column's.
            "p" | "u" | "n" => {}
            other => panic!("a constraint of kind {other}"),
        }
    }
}

fn triggers_and_rules(db: &Db, missing: &mut Missing) {
    let described = "case t.relkind when 'v' then 'a view' when 'm' then 'a materialized view' when 'f' then 'a foreign table' else 'a table' end";
    let triggers = format!(
        "select n.nspname, t.relname, {described}, g.tgname, count(*) from pg_trigger g
         join pg_class t on t.oid = g.tgrelid join pg_namespace n on n.oid = t.relnamespace
         where not g.tgisinternal and g.tgparentid = 0 group by 1, 2, 3, 4"
    );
    let mut expected: BTreeMap<(TableName, String), usize> = BTreeMap::new();
    for [schema, name, kind, trigger, _] in rows::<5>(db, &triggers) {
        let of = TableName::new(schema.clone(), name);
        match missing.table(&of) {
            Some(table) => *expected.entry((table.name.clone(), trigger)).or_default() += 1,
            None => {
                let name = TableName::new(schema, trigger);
                missing.holds("trigger", &name, missing.named(&format!("trigger of {kind}"), &name));
            }
        }
    }
    for ((table, trigger), expected) in expected {
        let found = missing.table(&table).expect("seen above").triggers.iter();
        let found = found.filter(|found| found.name.as_str() == trigger).count();
        missing.holds("trigger", &TableName { schema: table.schema, name: Ident::new(trigger) }, found == expected);
    }
    let rules = format!(
        "select n.nspname, t.relname, {described}, r.rulename from pg_rewrite r join pg_class t on t.oid = r.ev_class
         join pg_namespace n on n.oid = t.relnamespace
         where r.ev_type <> '1' and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'"
    );
    for [schema, name, kind, rule] in rows::<4>(db, &rules) {
        let of = TableName::new(schema.clone(), name);
        let rule = TableName::new(schema, rule);
        let there = match missing.table(&of) {
            Some(table) if table.name == of => table.rewrite_rules.iter().any(|found| found.name == rule.name),
            Some(_) => missing.named("rewrite rule of one partition", &rule),
            None => missing.named(&format!("rewrite rule of {kind}"), &rule),
        };
        missing.holds("rewrite rule", &rule, there);
    }
}

fn what_has_no_relation(db: &Db, missing: &mut Missing) {
    for [schema, name] in rows::<2>(
        db,
        "select n.nspname, s.stxname from pg_statistic_ext s join pg_namespace n on n.oid = s.stxnamespace",
    ) {
        let name = TableName::new(schema, name);
        missing.holds("extended statistics", &name, missing.named("extended statistics", &name));
    }
    let published = rows::<3>(
        db,
        "select p.pubname, t.schemaname, t.tablename from pg_publication p left join pg_publication_tables t using (pubname)",
    );
    let mut publications: BTreeMap<String, BTreeSet<TableName>> = BTreeMap::new();
    for [publication, schema, table] in published {
        let about = publications.entry(publication).or_default();
        about.extend(missing.roots.get(&TableName::new(schema, table)).cloned());
    }
    for (name, tables) in publications {
        let name = TableName::new("", name);
        let there = missing
            .catalog
            .others
            .iter()
            .any(|other| other.kind == "publication" && other.name == name && other.about.iter().eq(tables.iter()));
        missing.holds("publication", &name, there);
    }
    for [name] in rows::<1>(db, "select evtname from pg_event_trigger") {
        let name = TableName::new("", name);
        missing.holds("event trigger", &name, missing.named("event trigger", &name));
    }
    for [schema, name, kind, labels] in rows::<4>(
        db,
        "select n.nspname, t.typname, t.typtype, count(l.oid) from pg_type t join pg_namespace n on n.oid = t.typnamespace
         left join pg_enum l on l.enumtypid = t.oid
         where t.typtype in ('d', 'e') and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema' group by 1, 2, 3",
    ) {
        let name = TableName::new(schema, name);
        let there = match kind.as_str() {
            "d" => missing.catalog.domain(&name).is_some(),
            _ => missing.catalog.enum_type(&name).is_some_and(|found| found.labels.len().to_string() == labels),
        };
        missing.holds("enum or domain", &name, there);
    }
}

fn columns(db: &Db, missing: &mut Missing) {
    let found = rows::<6>(
        db,
        "select n.nspname, c.relname, a.attname, a.attnotnull, a.atthasdef, a.attidentity::text || a.attgenerated::text
         from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
         where c.relkind in ('r', 'p') and not c.relispartition and a.attnum > 0 and not a.attisdropped
           and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'",
    );
    let mut counted: BTreeMap<TableName, usize> = BTreeMap::new();
    for [schema, table, column, not_null, has_default, made] in found {
        let name = TableName::new(schema, table);
        *counted.entry(name.clone()).or_default() += 1;
        let found = missing.table(&name).and_then(|table| table.column(&Ident::new(column.as_str())));
        let there = found.is_some_and(|found| {
            let made_as = match &found.generated {
                Generated::No => "",
                Generated::Expression { .. } => "s",
                Generated::IdentityAlways => "a",
                Generated::IdentityByDefault => "d",
            };
            made == made_as
                && (not_null == "f" || found.not_null)
                && (has_default == "t") == (found.default.is_some() || made_as == "s")
        });
        missing.holds("column", &TableName::new(name.name.as_str(), column), there);
    }
    for table in &missing.catalog.tables {
        assert_eq!(counted.get(&table.name).copied().unwrap_or_default(), table.columns.len(), "{:?}", table.name);
    }
}

#[test]
fn every_object_is_modelled_or_named() {
    let db = tortured();
    let catalog = db.catalog();
    let mut missing = Missing::new(&catalog);
    relations(&db, &mut missing);
    constraints(&db, &mut missing);
    triggers_and_rules(&db, &mut missing);
    what_has_no_relation(&db, &mut missing);
    columns(&db, &mut missing);
    assert!(missing.sentences.is_empty(), "not in the catalog:\n{}", missing.sentences.join("\n"));
    let searched = |table: &str| &missing.table(&TableName::new("public", table)).expect("a table").indexed;
    assert_eq!(searched("once"), &[[Ident::from("id")]], "an invalid index finds nothing");
    // The law is about something.
    for what in
        ["table", "foreign partition", "sequence of a column", "unique index", "CHECK of a domain", "foreign key"]
    {
        assert!(missing.looked_at.contains_key(what), "no {what} was looked at");
    }
    for what in
        ["trigger", "rewrite rule", "publication", "event trigger", "exclusion constraint", "constraint trigger"]
    {
        assert!(missing.looked_at[what] >= 1, "no {what} was looked at");
    }
}

#[test]
fn a_catalog_is_read_the_same_twice_and_from_its_file() {
    let db = tortured();
    let (once, twice) = (db.catalog(), db.again().catalog());
    let text = catalog::write(&once);
    assert!(text == catalog::write(&twice), "{:?}", catalog::diff(&once, &twice));
    let mut read = catalog::read(&text).expect("our own file");
    assert_eq!(catalog::digest(&read), catalog::digest(&once));
    read.observed = once.observed.clone();
    assert!(read == once, "{:?}", catalog::diff(&once, &read));
}
