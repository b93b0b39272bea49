//! What is read is what is there: an ugly schema, fact by fact.

use std::collections::BTreeSet;

use efface::catalog::{
    self, Catalog, CheckTime, Column, ForeignKey, Generated, OtherObject, ReferentialAction, RowSecurity, Table,
};
use efface::ident::{Ident, TableName};
use efface::pgtype::PgType;
use efface::server::introspect::introspect;
use efface::source::SourceFile;

use crate::harness::Db;

const UGLY: &str = include_str!("ugly.sql");

fn table<'a>(catalog: &'a Catalog, schema: &str, name: &str) -> &'a Table {
    let id = catalog.table_id(&TableName::new(schema, name));
    catalog.table(id.unwrap_or_else(|| panic!("no table {schema}.{name}")))
}

fn column<'a>(table: &'a Table, name: &str) -> &'a Column {
    table.column(&Ident::from(name)).unwrap_or_else(|| panic!("no column {name}"))
}

fn key<'a>(catalog: &'a Catalog, name: &str) -> &'a ForeignKey {
    catalog.foreign_keys.iter().find(|key| key.name.as_str() == name).unwrap_or_else(|| panic!("no key {name}"))
}

fn other<'a>(catalog: &'a Catalog, name: &str) -> &'a OtherObject {
    catalog.others.iter().find(|other| other.name.name.as_str() == name).unwrap_or_else(|| panic!("no object {name}"))
}

fn words(names: &[Ident]) -> Vec<&str> {
    names.iter().map(Ident::as_str).collect()
}

#[test]
fn columns_are_read_with_their_types_and_what_makes_them() {
    let catalog = Db::with(UGLY).catalog();
    let users = table(&catalog, "public", "users");
    assert!(users.columns.iter().all(|column| !column.name.as_str().contains("dropped")), "a dropped column is gone");
    assert_eq!(words(&users.primary_key), ["id"]);
    assert_eq!(column(users, "id").generated, Generated::IdentityAlways);
    assert_eq!(column(users, "number").ty, PgType::Text { limit: Some(10) });
    assert_eq!(column(users, "number").type_sql, "character varying(10)");
    assert_eq!(column(users, "code").ty, PgType::Char { length: 4 });
    assert_eq!(column(users, "price").ty, PgType::Numeric { precision: Some(8), scale: Some(2) });
    assert_eq!(column(users, "anything").ty, PgType::Numeric { precision: None, scale: None });
    assert_eq!(column(users, "home").ty, PgType::Composite { name: TableName::new("club", "place") });
    let stay = PgType::Range { name: "tsrange".into(), of: Box::new(PgType::Timestamp), multi: false };
    assert_eq!(column(users, "stay").ty, stay);
    assert_eq!(column(users, "status").ty, PgType::Enum { name: TableName::new("club", "status") });
    assert_eq!(column(users, "status").default.as_deref(), Some("'booked'::club.status"));
    let Generated::Expression { from, .. } = &column(users, "full_name").generated else { panic!("generated") };
    assert_eq!(words(from), ["first_name", "last_name"]);
    let odd = table(&catalog, "Odd \"Schema\"", "x\n; DROP TABLE y");
    assert_eq!(odd.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>(), ["a\"b", "select", "Übung"]);
    assert_eq!(column(odd, "Übung").generated, Generated::IdentityByDefault);
    assert_eq!(
        column(table(&catalog, "club", "users"), "id").default.as_deref(),
        Some("nextval('club.users_id_seq'::regclass)")
    );
}

#[test]
fn domains_over_domains_are_unfolded_outermost_first() {
    let catalog = Db::with(UGLY).catalog();
    let email = column(table(&catalog, "public", "users"), "email");
    assert_eq!(email.ty, PgType::Text { limit: None });
    assert_eq!(email.domains, [TableName::new("public", "work_email"), TableName::new("public", "email_text")]);
    assert!(!email.not_null && catalog.refuses_null(email));
    assert_eq!(catalog.default_of(email), Some("'none@example.org'::text"));
    let work = catalog.domain(&email.domains[0]).expect("its domain");
    assert_eq!(
        (work.checks[0].name.as_str(), work.checks[0].expression.as_str()),
        ("at_work", "(length((VALUE)::text) > 5)")
    );
    let emails = column(table(&catalog, "public", "users"), "emails");
    let domains = email.domains.clone();
    assert_eq!(emails.ty, PgType::Array { of: Box::new(PgType::Text { limit: None }), domains });
    assert!(!catalog.refuses_null(emails), "an array of a NOT NULL domain takes NULL itself");
    let labels = &catalog.enum_type(&TableName::new("club", "status")).expect("the enum").labels;
    assert_eq!(labels.as_slice(), ["booked", "attended", "a\"b"]);
}

#[test]
fn types_of_parts_are_read_down_through_arrays_domains_fields_and_bounds() {
    let db = Db::with(
        "create extension citext;
         create domain mail as citext check (value <> '');
         create domain work as mail not null;
         create type \"In ner\" as (\"b\"\"c\" work, gone int, a varchar(7)[]);
         alter type \"In ner\" drop attribute gone;
         create domain inners as \"In ner\"[];
         create type floats as range (subtype = float4);
         create type unused as (a int);
         create table people (id int primary key, note text);
         create table things (parts inners, spans floats[], flags bit(12), bits varbit(3), owner people, oids oidvector);",
    );
    let catalog = db.catalog();
    let things = table(&catalog, "public", "things");
    let public = |name: &str| TableName::new("public", name);
    let (inner, parts) = (public("In ner"), column(things, "parts"));
    let elements = PgType::Array { of: Box::new(PgType::Composite { name: inner.clone() }), domains: Vec::new() };
    assert_eq!((&parts.ty, parts.domains.as_slice()), (&elements, [public("inners")].as_slice()));
    let floats = PgType::Range { name: "public.floats".into(), of: Box::new(PgType::Real), multi: false };
    assert_eq!(column(things, "spans").ty, PgType::Array { of: Box::new(floats), domains: Vec::new() });
    assert_eq!(column(things, "flags").ty, PgType::Bit { length: 12 });
    assert_eq!(column(things, "bits").ty, PgType::VarBit { limit: Some(3) });
    assert_eq!(column(things, "oids").ty, PgType::Other { name: "oidvector".into() });
    assert_eq!(catalog.composites.iter().map(|found| &found.name).collect::<Vec<_>>(), [&inner, &public("people")]);
    let fields = &catalog.composite(&inner).expect("the type").fields;
    assert_eq!(fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>(), ["b\"c", "a"], "in their order");
    assert_eq!(
        (&fields[0].ty, fields[0].domains.as_slice()),
        (&PgType::Citext, [public("work"), public("mail")].as_slice())
    );
    let short = PgType::Array { of: Box::new(PgType::Text { limit: Some(7) }), domains: Vec::new() };
    assert_eq!(fields[1].ty, short);
    // What a plan depends on holds them too.
    let part = catalog.part(&std::collections::BTreeSet::from([public("things")]));
    assert_eq!(part.composites, catalog.composites);
    assert!(part.domain(&public("mail")).is_some() && part.domain(&public("work")).is_some());
    let part = catalog.part(&std::collections::BTreeSet::from([public("people")]));
    assert!(part.composites.is_empty());
    if db.connection().server_version.major >= 14 {
        db.sql("alter table things add ranges floats_multirange, add days datemultirange[]");
        let catalog = db.catalog();
        let ty = &column(table(&catalog, "public", "things"), "ranges").ty;
        let of = Box::new(PgType::Real);
        assert_eq!(*ty, PgType::Range { name: "public.floats_multirange".into(), of, multi: true });
    }
}

#[test]
fn unique_indexes_tell_keys_expressions_predicates_and_includes_apart() {
    let db = Db::with(UGLY);
    if db.connection().server_version.major >= 15 {
        db.sql("create unique index strict on users (price) nulls not distinct");
    }
    let catalog = db.catalog();
    let users = table(&catalog, "public", "users");
    let index = |name: &str| users.unique.iter().find(|index| index.name.as_str() == name).expect("the index");
    let email = index("users_email");
    assert_eq!(words(&email.columns), ["club_id"]);
    assert_eq!(words(&email.expression_columns), ["first_name"]);
    assert_eq!(words(&email.predicate_columns), ["deleted_at"]);
    assert!(email.partial && !email.deferrable && !email.nulls_not_distinct);
    assert!(email.definition.starts_with("CREATE UNIQUE INDEX users_email ON public.users"));
    assert!(index("later").deferrable);
    assert_eq!(words(&index("number_key").columns), ["number", "club_id"]);
    if db.connection().server_version.major >= 15 {
        assert!(index("strict").nulls_not_distinct);
    }
    let indexed: Vec<_> = users.indexed.iter().map(|columns| words(columns)).collect();
    let strict = if db.connection().server_version.major >= 15 { vec![vec!["price"]] } else { vec![] };
    assert_eq!(
        indexed,
        [vec![vec!["born", "number"], vec!["id"], vec!["last_name"], vec!["number", "club_id"]], strict].concat()
    );
    assert_eq!(words(&users.exclusions[0].columns), ["deleted_at", "stay"]);
    let names = users.checks.iter().find(|check| check.name.as_str() == "names").expect("the check");
    assert_eq!(
        (names.expression.as_str(), words(&names.columns)),
        ("(first_name <> last_name)", vec!["first_name", "last_name"])
    );
}

#[test]
fn the_columns_of_an_index_are_those_that_the_server_depends_on() {
    // Expressions and predicates are read out of stored trees: pg_depend must agree about the whole.
    let db = Db::with(UGLY);
    let catalog = db.catalog();
    let rows = db.rows(
        "select n.nspname, t.relname, i.relname, string_agg(distinct a.attname, ',' order by a.attname)
         from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
         join pg_namespace n on n.oid = t.relnamespace join pg_attribute a on a.attrelid = t.oid and a.attnum > 0
         where n.nspname in ('public', 'club') and x.indisunique and t.relkind = 'r' and not t.relispartition
           and (a.attnum = any (x.indkey[0:x.indnkeyatts - 1]) or exists (
               select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = i.oid and d.refobjid = t.oid
               and d.refobjsubid = a.attnum and not a.attnum = any (x.indkey)))
         group by 1, 2, 3",
    );
    assert!(rows.len() >= 3);
    for row in rows {
        let text = |index: usize| row[index].clone().unwrap_or_default();
        let found = table(&catalog, &text(0), &text(1));
        let index = found.unique.iter().find(|index| index.name.as_str() == text(2)).expect("the index");
        let columns: BTreeSet<&str> = [&index.columns, &index.expression_columns, &index.predicate_columns]
            .into_iter()
            .flatten()
            .map(Ident::as_str)
            .collect();
        assert_eq!(columns.into_iter().collect::<Vec<_>>().join(","), text(3), "{}", text(2));
    }
}

#[test]
fn foreign_keys_keep_their_order_their_actions_and_their_times() {
    let db = Db::with(UGLY);
    if db.connection().server_version.major >= 15 {
        db.sql(
            "create table pairs (club_id int not null, number varchar(10), constraint only_number foreign key
             (number, club_id) references users (number, club_id) on delete set null (number))",
        );
    }
    let catalog = db.catalog();
    let to_number = key(&catalog, "to_number");
    assert_eq!(
        (&to_number.child, &to_number.parent),
        (&TableName::new("club", "users"), &TableName::new("public", "users"))
    );
    let pairs: Vec<_> = to_number.pairs.iter().map(|pair| (pair.child.as_str(), pair.parent.as_str())).collect();
    assert_eq!(pairs, [("club_id", "club_id"), ("number", "number")]);
    assert!(to_number.match_full && to_number.check == CheckTime::DeferrableDeferred && !to_number.not_valid);
    assert_eq!((to_number.on_delete, to_number.on_update), (ReferentialAction::Restrict, ReferentialAction::Cascade));
    let own = key(&catalog, "users_referred_by_fkey");
    assert_eq!((&own.child, own.on_delete), (&own.parent, ReferentialAction::SetNull));
    assert!(key(&catalog, "to users").not_valid);
    if db.connection().server_version.major >= 15 {
        assert_eq!(words(&key(&catalog, "only_number").set_columns), ["number"]);
    }
}

#[test]
fn partitions_are_part_of_their_root() {
    let db = Db::with(UGLY);
    db.sql(
        "insert into visits (id, at, room, note) select g, '2024-01-02', 0, 'x' from generate_series(1, 50) g; analyze",
    );
    let catalog = db.catalog();
    let visits = table(&catalog, "public", "visits");
    let partitioning = visits.partitioned.as_ref().expect("partitioned");
    assert_eq!(partitioning.definition, "RANGE (at)");
    assert_eq!(words(&partitioning.columns), ["at", "room"]);
    let names: Vec<_> = partitioning.partitions.iter().map(|name| name.name.as_str()).collect();
    assert_eq!(names, ["visits_1", "visits_1_a", "visits_2"]);
    assert!(catalog.tables.iter().all(|table| !table.name.name.as_str().starts_with("visits_")));
    let keys: Vec<_> = catalog.keys_of(&visits.name).map(|(_, key)| key.name.as_str()).collect();
    assert_eq!(keys, ["visits_user_id_fkey"], "once, not once per partition");
    assert_eq!(other(&catalog, "visits_2_room").kind, "foreign key of one partition");
    assert_eq!(other(&catalog, "visits_2_room").about, [TableName::new("public", "users"), visits.name.clone()]);
    assert_eq!(
        other(&catalog, "visits_2_room").between,
        [TableName::new("public", "visits_2"), TableName::new("public", "users")]
    );
    // What one partition refuses, the table refuses for some rows.
    assert!(column(visits, "note").not_null);
    assert_eq!(visits.unique.iter().map(|index| index.name.as_str()).collect::<Vec<_>>(), ["visits_2_note"]);
    assert_eq!(visits.checks.iter().map(|check| check.name.as_str()).collect::<Vec<_>>(), ["visits_2_check"]);
    assert_eq!(visits.triggers.len(), 1, "the root's, without its copies");
    assert_eq!(visits.indexed.iter().map(|columns| words(columns)).collect::<Vec<_>>(), [["user_id"]]);
    assert_eq!(catalog.observed.rows.get(&visits.name), Some(&50));
}

#[test]
fn a_key_to_one_partition_is_told_with_both_its_tables() {
    let db = Db::with(UGLY);
    db.sql(
        "alter table visits_1_a add primary key (id); create table pics (visit_id bigint, constraint of_visit
         foreign key (visit_id) references visits_1_a on delete cascade)",
    );
    let catalog = db.catalog();
    let found = other(&catalog, "of_visit");
    let public = |name: &str| TableName::new("public", name);
    assert_eq!((found.kind.as_str(), found.is_foreign_key()), ("foreign key to one partition", true));
    assert_eq!(found.about, [public("pics"), public("visits")]);
    assert_eq!(found.between, [public("pics"), public("visits_1_a")]);
    // Its ON DELETE CASCADE would empty a table that no rule names.
    let file = SourceFile::new(
        "policy.yaml",
        "version: 1\nname: p\nsubject: { table: users }\ntables:\n  users: { keep: x }\n  visits: delete\n",
    );
    let policy = efface::policy::read(&file).expect("a policy");
    let report = efface::resolve::resolve(&policy.value, &catalog).expect_err("refused");
    let refused = |message: &str| report.sorted().iter().any(|found| found.message == message);
    assert!(refused("foreign key `of_visit` from `pics` to `visits_1_a` is not followed"));
    assert!(refused("foreign key `visits_2_room` from `visits_2` to `users` is not followed"));
}

#[test]
fn triggers_and_their_functions_are_read() {
    let db = Db::with(UGLY);
    let catalog = db.catalog();
    let users = table(&catalog, "public", "users");
    let log = users.triggers.iter().find(|trigger| trigger.name.as_str() == "log").expect("the trigger");
    assert!(log.on_update && log.on_delete && !log.before_row && !log.disabled);
    assert_eq!(words(&log.update_of), ["email", "first_name"]);
    let before = users.triggers.iter().find(|trigger| trigger.name.as_str() == "before_all").expect("the trigger");
    assert!(!before.on_update && !before.before_row, "a statement's trigger can't change a row");
    assert!(table(&catalog, "public", "visits").triggers[0].before_row);
    assert!(table(&catalog, "public", "animals").triggers[0].disabled);
    let function = |signature: &str| {
        catalog
            .functions
            .iter()
            .find(|function| function.signature == signature)
            .unwrap_or_else(|| panic!("{signature}"))
    };
    let log_it = function("public.log_it()");
    assert_eq!(
        log_it.mentions,
        [TableName::new("public", "Audits2"), TableName::new("public", "audits")],
        "through a call"
    );
    assert!(!log_it.opaque && function("public.run_it()").opaque);
    assert!(!function("suppress_redundant_updates_trigger()").opaque, "PostgreSQL's own, and it writes nothing");
    assert_eq!(function("public.run_it()").mentions, [TableName::new("public", "dogs")], "inside a string");
    let before = catalog::digest(&catalog);
    db.sql("create or replace function write_audit(what jsonb) returns void language sql as 'select'");
    assert_ne!(catalog::digest(&db.catalog()), before, "a function that a trigger's function calls");
}

#[test]
fn nothing_vanishes() {
    let catalog = Db::with(UGLY).catalog();
    let public = |name: &str| TableName::new("public", name);
    assert_eq!(
        (other(&catalog, "recent").kind.as_str(), other(&catalog, "recent").about.clone()),
        ("view", vec![public("visits")])
    );
    let monthly = other(&catalog, "monthly");
    assert_eq!(
        (monthly.kind.as_str(), &monthly.about),
        ("materialized view", &vec![public("animals"), public("visits")])
    );
    assert_eq!(other(&catalog, "together").kind, "extended statistics");
    assert_eq!(other(&catalog, "invoice_numbers").kind, "sequence");
    assert!(catalog.others.iter().all(|other| other.name.name.as_str() != "users_id_seq"), "part of its column");
    assert_eq!(table(&catalog, "public", "animals").inherited_by, [public("dogs")]);
    let rule = &table(&catalog, "public", "dogs").rewrite_rules[0];
    assert_eq!((rule.event.as_str(), rule.instead), ("delete", true));
    assert_eq!(table(&catalog, "public", "users").row_security, RowSecurity::Enabled);
    assert_eq!(table(&catalog, "club", "users").row_security, RowSecurity::Forced);
    assert!(catalog.observed.live && catalog.observed.deadlock_timeout_ms == Some(1000));
}

#[test]
fn what_extensions_bring_is_told_by_their_name() {
    let db = Db::new();
    db.sql("create schema ext; create extension citext schema ext; create extension postgres_fdw");
    db.sql("create server far foreign data wrapper postgres_fdw; create foreign table far_users (id int) server far");
    db.sql("create table users (email ext.citext, emails ext.citext[]); create view v as select * from far_users");
    let catalog = db.catalog();
    let users = table(&catalog, "public", "users");
    assert_eq!((&column(users, "email").ty, column(users, "email").type_sql.as_str()), (&PgType::Citext, "ext.citext"));
    assert_eq!(column(users, "emails").ty, PgType::Array { of: Box::new(PgType::Citext), domains: Vec::new() });
    assert_eq!(other(&catalog, "far_users").kind, "foreign table");
    let places: Vec<_> = catalog.extensions.iter().map(|found| (found.name.as_str(), found.schema.as_str())).collect();
    assert_eq!(places, [("citext", "ext"), ("plpgsql", "pg_catalog"), ("postgres_fdw", "public")]);
}

#[test]
fn neither_the_session_nor_the_role_nor_estimates_change_the_digest() {
    let db = Db::with(UGLY);
    let expected = catalog::digest(&db.catalog());
    db.sql("analyze; set search_path = club, public; set datestyle = 'German'; set quote_all_identifiers = on");
    db.sql("create temporary table pg_class (oid oid); create temporary table users (id int)");
    let catalog = db.catalog();
    assert_eq!(catalog::digest(&catalog), expected, "{:?}", catalog::diff(&db.again().catalog(), &catalog));
    assert_eq!(db.value("show search_path"), "club, public", "the session is as it was");
    let role = format!("reader_{}", db.value("select current_database()"));
    db.sql(&format!(
        "create role {role}; grant usage on schema public to {role}; grant select on public.audits to {role}"
    ));
    db.sql(&format!("set role {role}"));
    let catalog = db.catalog();
    assert_eq!(catalog::digest(&catalog), expected);
    assert!(catalog.observed.unreadable.contains(&TableName::new("public", "users")));
    assert!(!catalog.observed.unreadable.contains(&TableName::new("public", "audits")));
}

#[test]
fn settings_of_the_database_and_the_role_change_not_a_byte() {
    let db = Db::with(UGLY);
    db.sql(
        r"create domain drive as text default 'C:\' check (value ~ '^\w+:\\');
          create table files (file drive, at interval default '1 day 2 hours', day timestamptz default '2024-02-01 10:00+00',
              raw bytea default '\x5c00', ratio float8 default 0.1, price money default '12.50',
              name text generated always as (file || '\d') stored, check (ratio <> 1 / 3.0::float8));
          create unique index on files (replace(file, '\', '/')) where file <> '\\'",
    );
    let expected = catalog::write(&db.again().catalog());
    let name = db.value("select current_database()");
    for (setting, value) in [
        ("standard_conforming_strings", "off"),
        ("escape_string_warning", "off"),
        ("backslash_quote", "on"),
        ("quote_all_identifiers", "on"),
        ("datestyle", "'German, DMY'"),
        ("intervalstyle", "iso_8601"),
        ("timezone", "'Asia/Kolkata'"),
        ("extra_float_digits", "-5"),
        ("bytea_output", "escape"),
        ("array_nulls", "off"),
        ("transform_null_equals", "on"),
        ("search_path", "pg_temp, club"),
        ("xmlbinary", "hex"),
    ] {
        db.sql(&format!("alter database {name} set {setting} = {value}"));
    }
    let again = db.again();
    assert_eq!(again.value("show standard_conforming_strings"), "off", "the settings are in force");
    assert_eq!(catalog::write(&again.catalog()), expected);
    assert_eq!(again.value("show standard_conforming_strings"), "off", "and the session is as it was");
}

#[test]
fn the_search_path_of_the_role_is_observed() {
    let db = Db::with("create schema app; create table app.t (a int)");
    let path = |db: &Db| db.catalog().observed.search_path.map(|path| words(&path).join(", "));
    assert_eq!(path(&db).as_deref(), Some("public"), "schemas that don't exist are no part of it");
    let name = db.value("select current_database()");
    db.sql(&format!("alter database {name} set search_path = app, nowhere, public"));
    assert_eq!(path(&db.again()).as_deref(), Some("app, public"));
}

#[test]
fn the_order_in_which_things_were_made_does_not_matter() {
    let tables = ["create table a (x int, y text)", "create table b (x int)", "create view v as select 1"];
    let forwards = Db::with(&tables.join(";")).catalog();
    let backwards = Db::with(&tables.iter().rev().copied().collect::<Vec<_>>().join(";")).catalog();
    assert_eq!(catalog::write(&forwards), catalog::write(&backwards));
}

#[test]
fn a_file_says_what_the_server_said() {
    let catalog = Db::with(UGLY).catalog();
    let mut read = catalog::read(&catalog::write(&catalog)).expect("our own file");
    assert_eq!(catalog::digest(&read), catalog::digest(&catalog));
    read.observed = catalog.observed.clone();
    assert_eq!(read, catalog);
    for table in &catalog.tables {
        let part = catalog.part(&BTreeSet::from([table.name.clone()]));
        assert_eq!(part.clone().new().expect("a part is a catalog"), part);
    }
}

#[test]
fn it_runs_inside_the_callers_transaction_and_leaves_it_usable() {
    let db = Db::with("create table t (a int)");
    let outside = db.block_on(introspect(&db.connection().client)).expect_err("no transaction");
    assert_eq!(outside.sqlstate(), Some("25P01"));
    db.sql("begin; set local search_path = nowhere; alter table public.t add b int");
    let catalog = db.block_on(introspect(&db.connection().client)).expect("inside");
    assert_eq!(table(&catalog, "public", "t").columns.len(), 2);
    assert_eq!(db.value("show search_path"), "nowhere");
    db.sql("rollback");
}

#[test]
fn what_newer_servers_know_is_read_where_they_know_it() {
    let db = Db::new();
    if db.connection().server_version.major < 18 {
        // An older server can't have any of it; that its catalog is read at all is what the other tests show.
        db.refused("create table t (a int, constraint c check (a > 0) not enforced)");
        return;
    }
    db.sql(
        "create extension btree_gist;
         create table rooms (id int, at daterange, primary key (id, at without overlaps));
         create table stays (room int, at daterange, twice int generated always as (room * 2) virtual,
             constraint in_room foreign key (room, period at) references rooms (id, period at),
             constraint positive check (room > 0) not enforced);
         create table plain (id int primary key);
         create table loose (plain_id int constraint to_plain references plain not enforced, late int);
         alter table loose add constraint late_there not null late not valid",
    );
    let catalog = db.catalog();
    assert_eq!(other(&catalog, "in_room").kind, "temporal foreign key");
    assert_eq!(other(&catalog, "in_room").about.len(), 2);
    let stays = table(&catalog, "public", "stays");
    assert!(stays.checks.is_empty());
    let Generated::Expression { from, .. } = &column(stays, "twice").generated else { panic!("generated") };
    assert_eq!(words(from), ["room"]);
    assert!(key(&catalog, "to_plain").not_valid);
    assert!(column(table(&catalog, "public", "loose"), "late").not_null, "new rows are held to it");
}
