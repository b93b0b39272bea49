//! `efface verify`: whether somebody who was erased is still gone, and where values are that somebody knows.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::harness::Db;

const PEOPLE: &str = "
    create table users (id bigint primary key, name text, email text, score int);
    create table notes (id int primary key, user_id bigint references users, body text);
    create table comments (id int primary key, parent_id int references comments, user_id bigint references users, body text);
    create table bills (id int primary key, user_id bigint references users, paid boolean);
    create index on notes (user_id); create index on comments (user_id); create index on comments (parent_id); create index on bills (user_id);
    insert into users values (1, 'Ann Berg', 'ann@example.org', 10), (2, 'Ben', 'ben@example.org', 20);
    insert into notes values (1, 1, 'x'), (2, 2, 'y');
    insert into comments values (1, null, 1, 'mine'), (2, 1, 2, 'below mine'), (3, null, 2, 'other');
    insert into bills values (1, 1, true), (2, 2, false);";

const POLICY: &str = r#"version: 1
name: verified
subject: { table: users }
guards:
  - { name: unpaid, table: bills, via: user_id, where: not paid, message: settle these first }
tables:
  users: { columns: { id: keep, name: { replace: "[deleted]" }, email: { randomize: email }, score: { sql: score + 1 } } }
  notes: { columns: { id: keep, user_id: keep, body: { sql: upper(body) } } }
  comments: cascade
  bills: { keep: tax law }
limits: { max_subjects: 1 }
"#;

struct Ran {
    out: String,
    err: String,
    code: Option<i32>,
}

fn efface_with(db: &Db, policy: &str, line: &str, input: &str) -> Ran {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("p.yaml"), policy).expect("the policy is written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_efface"));
    command.args(line.split_whitespace()).current_dir(folder.path()).env("DATABASE_URL", db.url());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the tool starts");
    // One that takes no input has closed it.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("the tool ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Ran { out: text(output.stdout), err: text(output.stderr), code: output.status.code() }
}

fn efface(db: &Db, line: &str) -> Ran {
    efface_with(db, POLICY, line, "")
}

#[test]
fn whoever_is_gone_is_gone_and_whoever_comes_back_is_found() {
    let db = Db::with(PEOPLE);
    let ran = efface(&db, "verify p.yaml --subject 1");
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    for line in ["users: 1 row to change", "comments: 2 rows to delete", "ledger    knows none of them"] {
        assert!(ran.out.contains(line), "{line}:\n{}", ran.out);
    }
    let ran = efface(&db, "apply p.yaml --subject 1 --yes");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let state = || ["users", "notes", "comments", "bills"].map(|table| db.dump_table(table));
    let before = state();
    let ran = efface(&db, "verify p.yaml --subject 1");
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    for line in ["nothing is left", "knows 1 of them, the last by entry 1", "notes: 1 row to change"] {
        assert!(ran.out.contains(line), "{line}:\n{}", ran.out);
    }
    assert_eq!(state(), before);
    // A restored backup, and a bill that came in.
    db.sql(
        "update users set name = 'Ann Berg' where id = 1; insert into comments values (9, null, 1, 'again');
         insert into bills values (9, 1, false)",
    );
    let ran = efface(&db, "verify p.yaml --subject 1 --subject 2 --format json");
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    let found: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(found["ledger"], serde_json::json!({ "subjects": 1, "entry": 1 }));
    assert_eq!(
        found["left"],
        serde_json::json!([
            { "table": "comments", "action": "delete", "rows": 2 },
            { "table": "users", "action": "change", "rows": 2 },
        ])
    );
    assert_eq!(found["guards"], serde_json::json!([{ "guard": "unpaid", "rows": 2 }]));
}

#[test]
fn values_are_found_in_the_policy_s_tables_and_with_everywhere_in_all_that_can_be_read() {
    let db = Db::with(PEOPLE);
    db.sql(
        "create extension hstore;
         create schema \"o\"\"dd\"; create table \"o\"\"dd\".\"T x\" (\"a\"\"b\" jsonb, n int);
         insert into \"o\"\"dd\".\"T x\" values ('{\"m\": \"to ANN@example.org\"}', 1);
         create materialized view seen as select upper(name) as name from users;
         create materialized view empty as select name from users with no data;
         create table parts (id int, what text) partition by list (id);
         create table parts_1 partition of parts for values in (1);
         insert into parts values (1, 'Ann  Berg was here');
         create table parent (t text); create table child () inherits (parent);
         insert into child values ('ann berg');
         create table vectors (v tsvector, b bytea, h hstore, d text[]);
         insert into vectors values (to_tsvector('english', 'mail of Ann Berg'), 'ann berg', 'a=>\"Ann Berg\"', '{Ann Berg}')",
    );
    let ran = efface(&db, "apply p.yaml --subject 1 --yes");
    // The materialized view is left to do.
    assert!(ran.code == Some(1) && ran.err.contains("committed, and 1 thing is left"), "{}", ran.err);
    let values = "Ann Berg\r\n ann@example.org \n\nLi\n";
    let ran = efface_with(&db, POLICY, "verify p.yaml --subject 1 --values-from -", values);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("2 values looked for in 3 relations\n1 value too short to be looked for"), "{}", ran.out);
    let ran = efface_with(&db, POLICY, "verify p.yaml --subject 1 --values-from - --everywhere", values);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    for line in [
        "\"o\"\"dd\".T x.a\"b: in 1 row",
        "seen.name: in 1 row",
        "parts.what: in 1 row",
        "child.t: in 1 row",
        "vectors.v: in 1 row",
        "vectors.b: in 1 row",
        "vectors.h: in 1 row",
        "vectors.d: in 1 row",
        "empty: it has not been populated",
    ] {
        assert!(ran.out.contains(line), "{line}:\n{}", ran.out);
    }
    assert!(!ran.out.contains("parent"), "{}", ran.out);
    let all = ran.out + &ran.err;
    assert!(!all.contains("Ann") && !all.contains("ann@"), "{all}");
}

#[test]
fn what_cannot_be_read_is_told_and_is_no_clean_answer() {
    let db = Db::with(PEOPLE);
    db.sql(
        "create table hidden (t text);
         create table filtered (t text); alter table filtered enable row level security;
         do $$ begin if not exists (select from pg_roles where rolname = 'reader') then create role reader login; end if; end $$;
         grant select on users, notes, comments, bills, filtered to reader;
         update users set name = '[deleted]', email = 'x@deleted.invalid'; delete from comments",
    );
    let url = db.url().replace("postgres@", "reader@");
    let url = if url == db.url() { format!("{url}&user=reader") } else { url };
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("p.yaml"), POLICY).expect("the policy is written");
    std::fs::write(folder.path().join("values"), "Ann Berg\n").expect("the values are written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_efface"));
    command.args(["verify", "p.yaml", "--subject", "1", "--values-from", "values", "--everywhere"]);
    let output = command.current_dir(folder.path()).env("DATABASE_URL", url).output().expect("the tool runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    for line in ["hidden: the role may not read it", "filtered: "] {
        assert!(text.contains(line), "{line}:\n{text}");
    }
}

#[test]
fn what_makes_no_sense_is_wrong_usage() {
    let db = Db::with(PEOPLE);
    for (line, input, words) in [
        ("verify p.yaml", "", "no subject is named"),
        ("verify p.yaml --expired", "", "says who is to be erased now"),
        ("verify p.yaml --subject 1 --values-from -", "\n \n", "names no value"),
        ("verify p.yaml --subjects-from - --values-from -", "1\n", "can't both come from standard input"),
        ("verify p.yaml --subject 1 --values-from nowhere", "", "nowhere"),
        ("verify p.yaml --subject 1 --everywhere", "", "--values-from"),
    ] {
        let ran = efface_with(&db, POLICY, line, input);
        assert_eq!(ran.code, Some(2), "{line}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains(words), "{line}: {}", ran.err);
    }
}

#[test]
fn more_values_than_one_search_can_hold_are_refused_before_any_table_is_read() {
    let db = Db::with(PEOPLE);
    let values: String = (0..20_000).map(|n| format!("somebody{n}@example.org\n")).collect();
    let ran = efface_with(&db, POLICY, "verify p.yaml --subject 1 --values-from - --everywhere", &values);
    assert_eq!(ran.code, Some(2), "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("too many values") && ran.err.contains("split"), "{}", ran.err);
    assert!(!(ran.out + &ran.err).contains("somebody"), "no value is printed");
}
