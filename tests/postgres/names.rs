//! Hard case 17: every kind of name and of key that tools stumble over, in one schema and one policy.

use crate::tool::Place;

/// Two schemas with one table name; a unique key that a foreign key lists in another order; two foreign keys between two
/// tables; partitions of partitions; and `y`, which a table's name would like to see dropped.
const SCHEMA: &str = r#"
    create schema "a""b"; create schema "select";
    create table y (id int primary key); insert into y values (1);
    create table "select"."Übung" (id bigint primary key, club int not null, no int not null, "a""b" text, "select" text, unique (club, no));
    create table "a""b"."Übung" (id bigint primary key, "select" bigint references "select"."Übung", note text);
    create index on "a""b"."Übung" ("select");
    create table "x
; DROP TABLE y" (id bigint primary key, "from" bigint not null references "select"."Übung", "to" bigint references "select"."Übung", "a""b" text);
    create index on "x
; DROP TABLE y" ("from");
    create index on "x
; DROP TABLE y" ("to");
    create table cards (id bigint primary key, no int, club int, foreign key (no, club) references "select"."Übung" (no, club));
    create index on cards (no, club);
    create table visits (id bigint, owner bigint references "select"."Übung", at date, place text, primary key (id, at, place)) partition by range (at);
    create index on visits (owner);
    create table "visits-25" partition of visits for values from ('2025-01-01') to ('2026-01-01') partition by list (place);
    create table "visits-25-'A'" partition of "visits-25" for values in ('A');
    create table "visits-25-*" partition of "visits-25" default;
    create table "visits-26" partition of visits for values from ('2026-01-01') to ('2027-01-01');
    do $do$ begin for n in 1..300 loop
        execute format('create table inbound_%s (id bigint primary key, owner bigint references "select"."Übung" on delete cascade)', n);
        execute format('create index on inbound_%s (owner)', n);
    end loop; end $do$;
"#;

/// Of 7 everything goes, of 8 everything stays. They have each other's numbers the other way round, in club and number.
const DATA: &str = r#"
    insert into "select"."Übung" values (7, 1, 2, 'gone', 'gone'), (8, 2, 1, 'stays', 'stays');
    insert into "a""b"."Übung" values (1, 7, 'gone'), (2, 8, 'stays'), (7, null, 'stays');
    insert into "x
; DROP TABLE y" values (1, 7, 8, 'gone'), (2, 8, 7, 'gone'), (3, 8, 8, 'stays'), (4, 7, 7, 'gone');
    insert into cards values (1, 2, 1), (2, 1, 2);
    insert into visits values (1, 7, '2025-05-05', 'A'), (2, 7, '2025-05-05', 'B'), (3, 7, '2026-05-05', 'A'),
        (4, 8, '2025-05-05', 'A'), (5, 8, '2025-05-05', 'B'), (6, 8, '2026-05-05', 'A');
    do $do$ begin for n in 1..300 loop
        execute format('insert into inbound_%s values (1, 7), (2, 8)', n);
    end loop; end $do$;
"#;

fn policy() -> String {
    let mut policy = r#"version: 1
name: every name
subject: { table: 'select."Übung"' }
search_path: ["select", 'a"b', public]
tables:
  'select."Übung"': { rows: delete }
  '"a""b"."Übung"': { via: select, rows: delete }
  "public.\"x\n; DROP TABLE y\"":
    - { via: from, rows: delete }
    - { via: to, columns: { id: keep, from: keep, to: null, 'a"b': null } }
  public.cards: { via: "(no, club)", rows: delete }
  public.visits: { via: owner, rows: delete }
"#
    .to_owned();
    for n in 1..=300 {
        policy.push_str(&format!("  public.inbound_{n}: {{ via: owner, rows: delete }}\n"));
    }
    policy
}

/// Who is left: by hand, from what the data and the policy say.
fn as_asked(place: &Place) {
    let is = |query: &str, expected: &str| assert_eq!(place.db.value(query), expected, "{query}");
    is(r#"select string_agg(t::text, ' ' order by id) from "select"."Übung" as t"#, "(8,2,1,stays,stays)");
    is(r#"select string_agg(t::text, ' ' order by id) from "a""b"."Übung" as t"#, "(2,8,stays) (7,,stays)");
    is("select string_agg(t::text, ' ' order by id) from \"x\n; DROP TABLE y\" as t", "(2,8,,) (3,8,8,stays)");
    is("select string_agg(t::text, ' ' order by id) from cards as t", "(2,1,2)");
    is(
        "select string_agg(id::text || tableoid::regclass, ' ' order by id) from visits",
        r#"4"visits-25-'A'" 5"visits-25-*" 6"visits-26""#,
    );
    let left = (1..=300).map(|n| format!("select owner from inbound_{n}")).collect::<Vec<_>>().join(" union all ");
    is(&format!("select count(*) || ' ' || min(owner) || ' ' || max(owner) from ({left}) as t"), "300 8 8");
    is("select count(*) from y", "1");
}

#[test]
fn hard_case_17_names_that_say_something_else_and_keys_of_every_kind() {
    let place = Place::of(SCHEMA, &policy());
    place.db.sql(DATA);
    let check = place.run("check small.yaml");
    assert_eq!(check.code, Some(0), "{}", check.err);
    let script = place.run("plan small.yaml --format sql");
    assert_eq!(script.code, Some(0), "{}", script.err);
    // Where a line begins as the table's name would like it to, that is inside of quotes.
    assert!(!script.out.replace("\"x\n; DROP TABLE y\"", "").contains("\n; DROP"));
    let comments = script.out.lines().filter(|line| line.starts_with("--"));
    assert!(comments.clone().any(|line| line.contains(r"x\u{a}; DROP TABLE y")), "the comments name the table");

    let ran = place.run("apply small.yaml --subject 7 --yes");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    as_asked(&place);

    // The same by psql, from the start, with an entry of its own.
    let tables: Vec<String> = (1..=300).map(|n| format!("inbound_{n}")).collect();
    place.db.sql(&format!(
        "truncate efface.ledger, efface.erased, \"select\".\"Übung\", \"a\"\"b\".\"Übung\", \"x\n; DROP TABLE y\", cards, visits, {}",
        tables.join(", ")
    ));
    place.db.sql(DATA);
    place.psql_as("postgres", &script.out, "{7}").expect("psql takes it");
    assert_eq!(place.db.value("select string_agg(runner || ' ' || subjects, ' ') from efface.ledger"), "psql 1");
    as_asked(&place);
}
