//! What triggers do beyond the steps: foreseen where their text says it, counted, and stopped where it breaks a promise.

use super::{ends, receipt};
use crate::harness::Db;

/// People and their notes; `body` is a trigger function's statements.
fn schema(event: &str, body: &str) -> Db {
    Db::with(&format!(
        "create table users (id int primary key, name text, notes_count int default 0, joined date);
         create table notes (id int primary key, user_id int references users, body text);
         create index on notes (user_id);
         create table log (id serial primary key, what text);
         insert into users values (1, 'SECRET Ann', 2, '2020-01-01'), (2, 'SECRET Bob', 1, '2021-01-01');
         insert into notes values (1, 1, 'SECRET a'), (2, 1, 'SECRET b'), (3, 2, 'SECRET c');
         create function f() returns trigger language plpgsql as $$ begin {body} return coalesce(new, old); end $$;
         create trigger t {event} for each row execute function f();"
    ))
}

const POLICY: &str = "version: 1\nname: p\nsubject: { table: users }\ntables:\n  users:\n    columns: { id: keep, name: null, \
                      notes_count: keep, joined: { keep: joiners report } }\n  notes: delete\n";

#[test]
fn a_table_that_a_trigger_mentions_and_no_rule_decides_is_a_warning_until_somebody_accepts_it() {
    let db = schema("after delete on notes", "insert into log (what) values (old.body);");
    let ran = ends(&db, POLICY, "check p.yaml", 0);
    assert!(ran.err.contains("[trigger-beyond-policy]"), "{}", ran.err);
    assert!(ran.err.contains("trigger `t` on `notes` mentions `log`, and no rule decides that table"), "{}", ran.err);
    // A team can demand that somebody has looked.
    let ran = ends(&db, POLICY, "check p.yaml --strict", 1);
    assert!(ran.err.contains("[trigger-beyond-policy]"), "{}", ran.err);
    let accept = "accept: [{ code: trigger-beyond-policy, at: log, because: emptied every night }]\n";
    ends(&db, &format!("{POLICY}{accept}"), "check p.yaml --strict", 0);
    let receipt = receipt(&db, &format!("{POLICY}{accept}"), 0);
    let by_triggers = serde_json::json!([{ "table": "log", "added": 2, "changed": 0, "deleted": 0 }]);
    assert_eq!(receipt["by_triggers"], by_triggers, "{receipt}");
}

#[test]
fn a_function_that_builds_its_statements_is_a_warning_of_its_own() {
    let db =
        schema("after delete on notes", "execute 'insert into ' || 'lo' || 'g (what) values ($1)' using old.body;");
    let ran = ends(&db, POLICY, "check p.yaml", 0);
    assert!(ran.err.contains("where trigger `t` on `notes` writes can't be known from its text"), "{}", ran.err);
    let accept = "accept: [{ code: trigger-beyond-policy, at: notes.t, because: writes log }]\n";
    ends(&db, &format!("{POLICY}{accept}"), "check p.yaml --strict", 0);
    // What it did is counted all the same.
    let receipt = receipt(&db, POLICY, 0);
    assert_eq!(receipt["by_triggers"][0]["table"], "log", "{receipt}");
}

#[test]
fn what_functions_rules_and_views_lead_to_is_found_at_any_depth() {
    let db = schema("after delete on notes", "perform note_it(old.body);");
    db.sql(
        "create table archive (what text);
         create function note_it(text) returns void language sql as 'insert into log (what) values ($1)';
         create rule copied as on insert to log do also insert into archive values (new.what);",
    );
    let ran = ends(&db, POLICY, "check p.yaml", 0);
    assert!(ran.err.contains("mentions `log`") && ran.err.contains("mentions `archive`"), "{}", ran.err);
    db.sql(
        "create table far (what text);
         create view near as select what from far;
         create function far() returns trigger language plpgsql as
           $$ begin insert into far values (new.what); return new; end $$;
         create trigger far instead of insert on near for each row execute function far();
         create or replace function note_it(text) returns void language sql as 'insert into near values ($1)';",
    );
    let ran = ends(&db, POLICY, "check p.yaml", 0);
    assert!(ran.err.contains("mentions `far`"), "{}", ran.err);
}

#[test]
fn a_trigger_that_only_a_partition_has_switched_on_fires_and_is_listed() {
    let db = Db::with(
        "create table users (id int primary key);
         insert into users values (1);
         create table notes (id int, user_id int references users) partition by range (id);
         create table notes_old partition of notes for values from (0) to (10);
         create index on notes (user_id);
         insert into notes values (1, 1);
         create table log (id int);
         create function f() returns trigger language plpgsql as $$ begin insert into log values (old.id); return old; end $$;
         create trigger t after delete on notes for each row execute function f();
         alter table notes disable trigger t;",
    );
    let policy = "version: 1\nname: p\nsubject: { table: users }\ntables: { users: delete, notes: delete }\n";
    let ran = ends(&db, policy, "check p.yaml", 0);
    assert!(!ran.err.contains("trigger"), "{}", ran.err);
    db.sql("alter table notes_old enable trigger t");
    let ran = ends(&db, policy, "check p.yaml", 0);
    assert!(ran.err.contains("mentions `log`"), "{}", ran.err);
    let plan = ends(&db, policy, "plan p.yaml", 0).out;
    assert!(plan.contains("`t` on notes, by step"), "{plan}");
}

#[test]
fn a_trigger_that_deletes_somebody_else_s_row_stops_the_run() {
    let db = schema("after update on users", "delete from notes where user_id <> old.id;");
    let before = db.dump_table("notes");
    let ran = ends(&db, POLICY, "apply p.yaml --subject 1 --yes", 1);
    assert!(ran.err.contains("rows were deleted that no step names, by a trigger"), "{}", ran.err);
    assert!(ran.err.contains("(1 row)") && ran.err.contains("nothing was committed"), "{}", ran.err);
    assert_eq!(db.dump_table("notes"), before);
    // psql alone notices it too.
    let sql = ends(&db, POLICY, "plan p.yaml --format sql --no-ledger", 0).out;
    assert!(sql.contains("efface.going"), "{sql}");
}

#[test]
fn a_trigger_that_is_before_a_step_with_its_rows_stops_nothing() {
    // It deletes what a rule deletes anyway.
    let db = schema("before update on users", "delete from notes where user_id = old.id;");
    let receipt = receipt(&db, POLICY, 0);
    assert_eq!(db.value("select count(*) from notes"), "1");
    let notes = receipt["by_triggers"].as_array().expect("a list").iter().find(|rows| rows["table"] == "notes");
    let by_step = receipt["erased"].as_array().expect("a list").iter().find(|rows| rows["table"] == "notes");
    let deleted = |rows: Option<&serde_json::Value>, key: &str| rows.and_then(|it| it[key].as_u64()).unwrap_or(0);
    assert_eq!(deleted(notes, "deleted") + deleted(by_step, "rows"), 2, "{receipt}");
}

#[test]
fn a_counter_that_a_trigger_keeps_is_counted_and_stops_nothing() {
    let db = schema("after delete on notes", "update users set notes_count = notes_count - 1 where id = old.user_id;");
    let receipt = receipt(&db, POLICY, 0);
    assert_eq!(db.value("select notes_count from users where id = 1"), "0");
    let by_triggers = serde_json::json!([{ "table": "users", "added": 0, "changed": 2, "deleted": 0 }]);
    assert_eq!(receipt["by_triggers"], by_triggers, "{receipt}");
}

#[test]
fn what_is_kept_where_triggers_may_write_is_listed_and_a_report_proves_it() {
    for event in ["before update on users", "after delete on notes"] {
        let body = match event {
            "before update on users" => "new.joined := '2026-01-01';",
            _ => "update users set joined = '2026-01-01' where id = old.user_id;",
        };
        let db = schema(event, body);
        let plan = ends(&db, POLICY, "plan p.yaml", 0).out;
        assert!(
            plan.contains("columns that stay where triggers may write") && plan.contains("users: joined"),
            "{plan}"
        );
        let report = "verify:\n  unchanged:\n    - { name: joiners, query: select joined from users }\n";
        let before = db.dump_table("users");
        let ran = ends(&db, &format!("{POLICY}{report}"), "apply p.yaml --subject 1 --yes", 1);
        assert!(ran.err.contains("joiners") && ran.err.contains("nothing was committed"), "{event}: {}", ran.err);
        assert_eq!(db.dump_table("users"), before, "{event}");
    }
}

#[test]
fn a_plan_that_fires_nothing_counts_nothing() {
    let db = schema("after insert on notes", "perform 1;");
    let sql = ends(&db, POLICY, "plan p.yaml --format sql", 0).out;
    assert!(!sql.contains("pg_stat_xact") && !sql.contains("efface.going"), "{sql}");
}
