//! What people are told, by the tool itself: the counts of a receipt, and what to do about a refusal.

use std::process::Command;

use crate::harness::Db;

/// What the tool says to a command line about a policy, on standard output and standard error, and its exit code.
pub fn efface(db: &Db, policy: &str, line: &str) -> (String, String, Option<i32>) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("p.yaml"), policy).expect("the policy is written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_efface"));
    command.args(line.split_whitespace()).current_dir(folder.path()).env("DATABASE_URL", db.url());
    let ran = command.output().expect("the tool runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&ran.stdout), text(&ran.stderr), ran.status.code())
}

fn receipt(schema: &str, policy: &str) -> serde_json::Value {
    let (out, err, code) = efface(&Db::with(schema), policy, "apply p.yaml --subject 1 --yes --format json");
    assert_eq!(code, Some(0), "{err}");
    serde_json::from_str(&out).expect("a receipt")
}

fn rows(receipt: &serde_json::Value, bucket: &str) -> Vec<(String, u64)> {
    let entries = receipt[bucket].as_array().expect("a bucket");
    let entry =
        |it: &serde_json::Value| (it["table"].as_str().expect("a table").into(), it["rows"].as_u64().expect("rows"));
    entries.iter().map(entry).collect()
}

#[test]
fn rows_that_only_a_sweep_has_changed_are_counted() {
    let receipt = receipt(
        "create table users (id int primary key, name text);
         create table audits (id serial primary key, user_id int references users, old text);
         create function note() returns trigger language plpgsql as
           $$ begin insert into audits (user_id, old) values (old.id, old.name); return null; end $$;
         create trigger noted after update on users for each row execute function note();
         insert into users values (1, 'Ann'), (2, 'Bob');",
        "version: 1\nname: p\nsubject: { table: users }\ntables:\n  users:\n    columns: { id: keep, name: null }\n  \
         audits:\n    columns: { id: keep, user_id: keep, old: null }\n",
    );
    assert_eq!(rows(&receipt, "anonymised"), [("audits".to_owned(), 1), ("users".to_owned(), 1)], "{receipt}");
    let left = receipt["left_over"].to_string();
    assert!(left.contains("trigger `noted` on `users` fired") && left.contains("in whichever table"), "{left}");
}

#[test]
fn a_row_that_lets_go_of_a_reference_and_then_goes_is_erased_only() {
    let case = "tests/cases/a-circle-that-a-cleared-reference-opens";
    let read = |name: &str| std::fs::read_to_string(format!("{case}/{name}")).expect("the case is there");
    let receipt = receipt(&(read("schema.sql") + &read("data.sql")), &read("policy.yaml"));
    let (erased, anonymised) = (rows(&receipt, "erased"), rows(&receipt, "anonymised"));
    assert!(erased.iter().any(|(table, _)| table == "accounts"), "{receipt}");
    assert!(!anonymised.iter().any(|(table, _)| table == "accounts"), "{receipt}");
}

#[test]
fn a_trigger_in_the_way_of_a_running_statement_is_what_the_help_points_at() {
    let db = Db::with(
        "create table users (id int primary key);
         create table t (id int primary key, user_id int references users, parent_id int references t, n int default 0);
         create function f() returns trigger language plpgsql as
           $$ begin update t set n = n + 1 where id <> old.id; return old; end $$;
         create trigger tr before delete on t for each row execute function f();
         insert into users values (1);
         insert into t values (1, 1, null), (2, null, 1), (3, null, 2);",
    );
    let policy = "version: 1\nname: p\nsubject: { table: users }\ntables: { users: delete, t: cascade }\n";
    let (_, err, code) = efface(&db, policy, "apply p.yaml --subject 1 --yes");
    assert_eq!(code, Some(3), "{err}");
    assert!(err.contains("27000") && err.contains("help: look at the BEFORE triggers"), "{err}");
}

#[test]
fn who_references_the_subject_s_rows_is_not_first_told_to_go() {
    let schema = |main: &str| {
        format!(
            "create table users (id int primary key, main int{main});
             create table acc (id int primary key, user_id int not null references users on delete restrict);
             alter table users add foreign key (main) references acc on delete restrict;"
        )
    };
    let policy = "version: 1\nname: p\nsubject: { table: users }\ntables:\n  users: delete\n  acc: { via: user_id, rows: delete }\n";
    let (out, err, _) = efface(&Db::with(&schema("")), policy, "check p.yaml");
    let said = out + &err;
    assert!(said.contains("columns: { main: null }") && !said.contains("rows: delete\n"), "{said}");
    let (out, err, _) = efface(&Db::with(&schema(" not null")), policy, "check p.yaml");
    let said = out + &err;
    let (expect, delete) = (said.find("expect: none"), said.rfind("rows: delete"));
    assert!(expect.is_some() && expect < delete, "{said}");
    // What the help offers does what it says.
    let accepted =
        format!("{policy}accept: [{{ code: path-not-followed, at: users.main, because: nobody, expect: none }}]\n");
    let rows = "set session_replication_role = replica; insert into users values (1, 1), (2, 2), (3, 2);
                insert into acc values (1, 1), (2, 2); set session_replication_role = origin;";
    let db = Db::with(&(schema(" not null") + rows));
    let (_, err, code) = efface(&db, &accepted, "apply p.yaml --subject 1 --yes");
    assert_eq!(code, Some(0), "{err}");
    let (_, err, code) = efface(&db, &accepted, "apply p.yaml --subject 2 --yes");
    assert!(code == Some(1) && err.contains("users"), "{err}");
    assert_eq!(db.value("select count(*) from users"), "2");
}
