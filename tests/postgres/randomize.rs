//! What random values of every type come to, over some hundred rows; and what only a server can say against them.

use crate::harness::Db;
use crate::telling::efface;

/// Rows of the person, and those among them with NULL everywhere.
const ROWS: u64 = 300;
const NULLS: u64 = 10;

/// A type, an old value of it, and how many different new ones there must be among [`ROWS`] at least. From 250 on the
/// space is so large that the old value doesn't come again.
const TYPES: &[(&str, &str, u64)] = &[
    ("text", "old", 290),
    ("varchar", "old", 290),
    ("varchar(1)", "z", 10),
    ("char(12)", "old", 290),
    ("bpchar", "old", 290),
    ("\"char\"", "z", 10),
    ("name", "old", 290),
    ("citext", "old", 290),
    ("smallint", "1", 250),
    ("integer", "1", 290),
    ("bigint", "1", 290),
    ("numeric", "1", 280),
    ("numeric(3,3)", "0.001", 200),
    ("numeric(20,4)", "1", 290),
    ("real", "1", 280),
    ("double precision", "1", 280),
    ("money", "1", 280),
    ("boolean", "t", 2),
    ("date", "1850-01-01", 250),
    ("time", "12:00", 250),
    ("time(0)", "12:00", 250),
    ("timetz", "12:00+05", 250),
    ("timestamp", "1850-01-01", 290),
    ("timestamptz(0)", "1850-01-01", 290),
    ("interval", "90 years", 250),
    ("interval year", "90 years", 50),
    ("interval year to month", "190 years", 200),
    ("interval day", "900 days", 100),
    ("interval day to second(0)", "900 days", 250),
    ("uuid", "00000000-0000-0000-0000-000000000000", 290),
    ("bytea", "\\x00", 290),
    ("bit", "1", 2),
    ("bit(9)", "101010101", 100),
    ("bit(300)", "", 290),
    ("varbit", "1", 290),
    ("varbit(3)", "", 8),
    ("inet", "10.0.0.1", 100),
    ("cidr", "10.0.0.0/8", 100),
    ("macaddr", "08:00:2b:01:02:03", 290),
    ("macaddr8", "08:00:2b:01:02:03:04:05", 290),
    ("json", "{}", 290),
    ("jsonb", "null", 290),
    ("xml", "<a/>", 290),
    ("tsvector", "old", 290),
    ("tsquery", "old", 290),
    ("point", "(1,1)", 290),
    ("line", "{1,2,3}", 290),
    ("lseg", "[(1,1),(2,2)]", 290),
    ("box", "(1,1),(2,2)", 290),
    ("path", "((1,1))", 290),
    ("polygon", "((1,1))", 290),
    ("circle", "<(1,1),1>", 290),
    ("int4range", "empty", 290),
    ("int8range", "[1,)", 290),
    ("numrange", "(,)", 290),
    ("daterange", "[1850-01-01,1850-02-01)", 290),
    ("tsrange", "[1850-01-01,1850-02-01)", 290),
    ("tstzrange", "[1850-01-01,1850-02-01)", 290),
    ("timerange", "[08:00,09:00)", 290),
    ("smallrange", "[1,2)", 290),
    ("realrange", "[1,2)", 290),
    ("dayrange", "[1850-01-01,1850-02-01)", 290),
    ("datemultirange", "{[1850-01-01,1850-02-01)}", 290),
    ("timemultirange", "{}", 290),
    ("nummultirange[]", "{\"{[1,2)}\"}", 290),
    ("hstore", "a=>b", 290),
    ("ltree", "a.b", 290),
    ("oid", "1", 290),
    ("pg_lsn", "0/1", 290),
    ("mood", "sad", 2),
    ("short", "old", 290),
    ("shorter", "old", 250),
    ("text[]", "{old}", 290),
    ("varchar(3)[]", "{old,old}", 290),
    ("mood[]", "{sad,sad,sad}", 8),
    ("shorter[]", "{old}", 250),
    ("cidr[]", "{10.0.0.0/8}", 100),
    ("money[]", "{1,1}", 290),
    ("oid[]", "{1}", 290),
    ("\"char\"[]", "{z,z}", 100),
    ("name[]", "{old}", 290),
    ("citext[]", "{old}", 290),
    ("time[]", "{12:00,12:00}", 290),
    ("timestamptz[]", "{1850-01-01}", 290),
    ("interval[]", "{90 years}", 250),
    ("bit(20)[]", "{00000000000000000000}", 290),
    ("numrange[]", "{empty}", 290),
    ("hstore[]", "{a=>b}", 290),
    ("jsonb[]", "{1}", 290),
    ("xml[]", "{<a/>}", 290),
    ("box[]", "{(1,1),(2,2)}", 290),
    ("uuids", "{00000000-0000-0000-0000-000000000000}", 290),
    ("uuids[]", "{\"{00000000-0000-0000-0000-000000000000}\",\"{}\"}", 290),
    ("pair", "(old,1)", 290),
    ("pairs", "{\"(old,1)\",\"(,)\"}", 290),
    ("\"A \"\"B\"\"\"", "(\"(old,1)\",{1})", 290),
    ("onlypair", "(old,1)", 290),
];

const MADE: &str = "
    create extension citext; create extension hstore; create extension ltree;
    create type timerange as range (subtype = time);
    create type smallrange as range (subtype = smallint);
    create type realrange as range (subtype = real);
    create domain day as date check (value > '1800-01-01');
    create type dayrange as range (subtype = day, subtype_opclass = date_ops);
    create type mood as enum ('fine', 'sad');
    create domain short as varchar(40) not null check (value <> '');
    create domain shorter as varchar(4) check (value <> '');
    create domain uuids as uuid[];
    create type pair as (\"the text\" text, number bigint);
    create domain pairs as pair[];
    create type \"A \"\"B\"\"\" as (\"p \"\"q\"\"\" pair, \"select\" int[]);
    create domain onlypair as pair check ((value).number >= 0);
";

/// The types that a server knows.
fn types(db: &Db) -> Vec<(usize, &'static (&'static str, &'static str, u64))> {
    let has_multiranges = db.connection().server_version.major >= 14;
    TYPES.iter().enumerate().filter(|(_, (ty, ..))| has_multiranges || !ty.contains("multirange")).collect()
}

#[test]
fn every_type_gets_values_that_differ_from_the_old_one_and_from_each_other() {
    let db = Db::with(MADE);
    let types = types(&db);
    let columns: Vec<String> = types.iter().map(|(n, (ty, _, _))| format!("c{n} {ty}")).collect();
    let literal = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let values: Vec<String> = types
        .iter()
        .map(|(_, (ty, old, _))| match *ty {
            "bit(300)" => "repeat('01', 150)::bit(300)".to_owned(),
            _ => format!("{}::{ty}", literal(old)),
        })
        .collect();
    // A domain that refuses NULL has a value in every row.
    let nulls = types.iter().map(|(n, (ty, ..))| if *ty == "short" { format!("c{n}") } else { "null".into() });
    let nulls: Vec<String> = nulls.collect();
    db.sql(&format!(
        "create table users (id int primary key);
         create table kept (id int primary key, user_id int references users, {});
         create index on kept (user_id);
         insert into users values (1), (2);
         insert into kept select n, 1, {} from generate_series(1, {}) as n;
         insert into kept select {ROWS} + n, 1, {} from kept, generate_series(1, {NULLS}) as n where id = 1;
         insert into kept select 10000, 2, {}",
        columns.join(", "),
        values.join(", "),
        ROWS - NULLS,
        nulls.join(", "),
        values.join(", "),
    ));
    let policy = "version: 1\nname: p\nsubject: { table: users }\ntables:\n  users: { keep: x }\n  kept:\n    columns:\n      \
                  id: keep\n      user_id: keep\n    other_columns: randomize\n";
    let (_, said, code) = efface(&db, policy, "check p.yaml");
    assert_eq!(code, Some(0), "{said}");
    let (_, said, code) = efface(&db, policy, "apply p.yaml --subject 1 --yes");
    assert_eq!(code, Some(0), "{said}");
    let mut wrong = Vec::new();
    for (n, (ty, _, different)) in types {
        let old = db.value(&format!("select c{n}::text from kept where id = 10000"));
        let count = |what: &str| -> u64 {
            db.value(&format!("select {what} from kept where user_id = 1")).parse().expect("a number")
        };
        let null = count(&format!("count(*) filter (where c{n} is not distinct from null)"));
        let same = count(&format!("count(*) filter (where c{n}::text = {})", literal(&old)));
        let found = count(&format!("count(distinct c{n}::text)"));
        let nulls = if *ty == "short" { 0 } else { NULLS };
        if null != nulls || found < different.saturating_sub(NULLS) || (*different >= 250 && same > 0) {
            wrong.push(format!("{ty}: {null} are NULL, {same} as before, {found} different"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_type_with_nothing_sensible_is_refused_with_what_to_do() {
    for ty in ["regclass", "regprocedure", "int2vector", "tid", "xid", "jsonpath", "cube", "cube[]", "odd", "isbn"] {
        let db = Db::with(&format!(
            "create extension cube; create extension isn; create type odd as (a text, b cube);
             create table users (id int primary key, it {ty})"
        ));
        let policy = "version: 1\nname: p\nsubject: { table: users }\ntables:\n  users: { columns: { id: keep, it: randomize } }\n";
        let (_, said, code) = efface(&db, policy, "check p.yaml");
        assert_eq!(code, Some(1), "{ty}: {said}");
        assert!(said.contains("no random values for column `users.it`") && said.contains("use `null`"), "{ty}: {said}");
        assert_eq!(said.contains("field `b` is of type `public.cube`"), ty == "odd", "{ty}: {said}");
    }
}

/// What `check` says about one decision over a table of one person.
fn said(schema: &str, decision: &str) -> (String, Option<i32>) {
    let db = Db::with(schema);
    db.sql("insert into users default values");
    let policy = format!(
        "version: 1\nname: p\nsubject: {{ table: users }}\ntables:\n  users:\n    columns:\n      id: keep\n      {decision}\n"
    );
    let (_, said, code) = efface(&db, &policy, "check p.yaml");
    (said, code)
}

#[test]
fn a_server_says_what_a_part_may_not_be() {
    let refused = [
        (
            "create domain code as text check (value ~ '^x');
             create table users (id serial primary key, it code[] default '{x}')",
            "it: randomize",
            "a part of the new value of `users.it` breaks the CHECK `code_check` of its domain",
        ),
        (
            "create domain code as text check (value ~ '^x'); create type pair as (a text, b code[]);
             create table users (id serial primary key, it pair[])",
            "it: randomize",
            "a part of the new value of `users.it` breaks the CHECK `code_check` of its domain",
        ),
        // Only rows show that.
        (
            "create domain codes as text[] check (value[1] ~ '^x');
             create table users (id serial primary key, it codes default '{x}')",
            "it: randomize",
            "the new value of `users.it` breaks the CHECK `codes_check` of its domain",
        ),
        (
            "create domain codes as text[] check (value[1] ~ '^x');
             create table users (id serial primary key, it codes[] default array['{x}'::codes])",
            "it: randomize",
            "the new value of `users.it` breaks the CHECK `codes_check` of its domain",
        ),
        (
            "create table users (id serial primary key, it text[] default '{x}' check (it[1] ~ '^x'))",
            "it: randomize",
            "break the CHECK `users_it_check`",
        ),
        (
            "create table users (id serial primary key, it int[] check (array_ndims(it) = 2) default '{{1,2},{3,4}}')",
            "it: randomize",
            "break the CHECK `users_it_check`",
        ),
        (
            "create table users (id serial primary key, it inet)",
            "it: { randomize: choice, from: [10.0.0.1, banana] }",
            "a part of the new value of `users.it` is not one of type `inet`",
        ),
        (
            "create table users (id serial primary key, it macaddr[])",
            "it: { randomize: choice, from: [\"08:00:2b:01:02:03\", banana] }",
            "a part of the new value of `users.it` is not one of type `macaddr`",
        ),
        (
            "create domain tea as text check (value <> 'coffee');
             create table users (id serial primary key, it tea)",
            "it: { randomize: choice, from: [green, coffee] }",
            "a part of the new value of `users.it` breaks the CHECK `tea_check` of its domain",
        ),
        (
            "create type pair as (a text, b int); create table users (id serial primary key, it pair[])",
            "it: { randomize: choice, from: [\"(a,1)\", \"(b,c)\"] }",
            "a part of the new value of `users.it` is not one of type `public.pair`",
        ),
        // Both or none: one of the two is left as it is.
        (
            "create table users (id serial primary key, it text, other text,
                 check ((it is null) = (other is null)))",
            "it: randomize\n      other: { replace: x }",
            "break the CHECK `users_check`",
        ),
    ];
    for (schema, decision, expected) in refused {
        let (said, code) = said(schema, decision);
        assert!(code == Some(1) && said.contains(expected), "{schema}\n{decision}\n{said}");
    }
    let fine = [
        (
            "create type pair as (a text, b int); create table users (id serial primary key, it pair, them pair[])",
            "it: { randomize: choice, from: [\"(a,1)\", \"(b,)\"] }\n      \
             them: { randomize: choice, from: [\"(a,1)\", \"(b,)\"] }",
        ),
        (
            "create table users (id serial primary key, it text, other text check (num_nonnulls(it, other) = 1) default 'x')",
            "it: randomize\n      other: randomize",
        ),
        ("create table users (id serial primary key, it text check (it is not null) default 'x')", "it: randomize"),
        (
            "create table users (id serial primary key, it text[] default '{a,b}' check (cardinality(it) = 2))",
            "it: randomize",
        ),
        (
            "create domain code as text check (value ~ '^[0-9a-f]+$'); create type pair as (a text, b code[]);
             create table users (id serial primary key, it pair[])",
            "it: randomize",
        ),
    ];
    for (schema, decision) in fine {
        let (said, code) = said(schema, decision);
        assert_eq!(code, Some(0), "{schema}\n{decision}\n{said}");
    }
}
