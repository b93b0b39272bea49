//! What is sent to other servers.

use super::{ends, receipt, said};
use crate::harness::Db;

const SCHEMA: &str = "create table users (id int primary key, name text);
    create table notes (user_id int references users, body text, number int);
    create index on notes (user_id);
    insert into users values (1, 'SECRET Ann'), (2, 'Bob');
    insert into notes values (1, 'SECRET', 1), (2, 'fine', 2);
    analyze;";

const DELETE: &str = "version: 1\nname: p\nsubject: { table: users }\ntables:\n  users: { columns: { id: keep, name: null } }\n  \
                      notes: delete\n";
const CHANGE: &str = "version: 1\nname: p\nsubject: { table: users }\ntables:\n  users: { columns: { id: keep, name: null } }\n  \
                      notes: { columns: { user_id: keep, number: keep, body: null } }\n";

#[test]
fn a_published_table_without_a_replica_identity_is_an_error_of_check() {
    let db = Db::with(&format!("{SCHEMA} create publication changes for table notes;"));
    for (policy, verb) in [(DELETE, "would delete its rows"), (CHANGE, "would change its rows")] {
        let ran = ends(&db, policy, "check p.yaml", 1);
        assert!(ran.err.contains("[no-replica-identity]") && ran.err.contains(verb), "{}", ran.err);
        assert!(ran.err.contains("published by `changes`") && ran.err.contains("REPLICA IDENTITY"), "{}", ran.err);
        // The server says so itself.
        let said = db.refused(if policy == DELETE { "delete from notes" } else { "update notes set body = ''" });
        assert!(said.to_string().contains("55000"), "{said}");
    }
    // The help helps.
    for cure in [
        "alter publication changes set (publish = 'insert')",
        "alter publication changes set (publish = 'insert, update, delete'); alter table notes replica identity full",
        "alter table notes replica identity default; alter table notes add primary key (number)",
    ] {
        db.sql(cure);
        ends(&db, DELETE, "check p.yaml", 0);
        ends(&db, CHANGE, "check p.yaml", 0);
        ends(&db, DELETE, "rehearse p.yaml --subject 1", 0);
    }
}

#[test]
fn only_what_is_published_is_minded() {
    let db =
        Db::with(&format!("{SCHEMA} create publication changes for table notes with (publish = 'insert, update');"));
    ends(&db, DELETE, "check p.yaml", 0);
    ends(&db, CHANGE, "check p.yaml", 1);
    db.sql("alter publication changes set (publish = 'insert, delete')");
    ends(&db, DELETE, "check p.yaml", 1);
    ends(&db, CHANGE, "check p.yaml", 0);
}

#[test]
fn publications_of_all_tables_and_of_partition_roots_count() {
    let db = Db::with(&format!("{SCHEMA} create publication everything for all tables;"));
    let ran = ends(&db, DELETE, "check p.yaml", 1);
    assert!(ran.err.contains("published by `everything`"), "{}", ran.err);
    for root in ["false", "true"] {
        let db = Db::with(&format!(
            "create table users (id int primary key);
             create table notes (id int, user_id int references users) partition by range (id);
             create table notes_a partition of notes for values from (0) to (10);
             create table notes_b partition of notes for values from (10) to (20);
             create unique index on notes_a (id); alter table notes_a alter id set not null;
             create index on notes (user_id);
             create publication parts for table notes with (publish_via_partition_root = {root});"
        ));
        let policy = "version: 1\nname: p\nsubject: { table: users }\ntables: { users: delete, notes: delete }\n";
        let ran = ends(&db, policy, "check p.yaml", 1);
        assert!(ran.err.contains("partition notes_a, notes_b of table `notes` is published by `parts`"), "{}", ran.err);
        db.sql("alter table notes_a replica identity using index notes_a_id_idx");
        let ran = ends(&db, policy, "check p.yaml", 1);
        assert!(ran.err.contains("partition notes_b of"), "{}", ran.err);
        db.sql("alter table notes_b replica identity full");
        ends(&db, policy, "check p.yaml", 0);
    }
}

#[test]
fn where_changes_go_is_named_in_the_plan_and_in_the_receipt() {
    let db = Db::with(&format!(
        "{SCHEMA} alter table notes replica identity full; create publication changes for table notes;
         create function watch() returns event_trigger language plpgsql as 'begin end';
         create event trigger watching on ddl_command_end execute function watch();"
    ));
    let sent = "publication `changes` sends deletes of notes, with the old rows as a whole (REPLICA IDENTITY FULL)";
    // Another test's slot is every database's.
    db.sql("select pg_create_physical_replication_slot('derived_standby', true)");
    let plan = ends(&db, DELETE, "plan p.yaml", 0).out;
    let receipt = receipt(&db, DELETE, 0);
    db.sql("select pg_drop_replication_slot('derived_standby')");
    let slot = "physical replication slot `derived_standby`, which nobody takes from: it keeps write-ahead log";
    for words in [sent, slot, "watching"] {
        assert!(plan.contains(words), "{words}: {plan}");
    }
    let left = said(&receipt, "left_over");
    for words in [sent, slot] {
        assert!(left.iter().any(|it| it.contains(words)), "{words}: {left:?}");
    }
}
