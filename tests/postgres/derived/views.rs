//! Materialized views that have read what a policy changes.

use super::{as_role, ends, receipt, said};
use crate::harness::Db;

/// `people` reads the names through a view, `initials` reads `people`, `towns` reads what nobody changes.
const SCHEMA: &str = "
    create table users (id int primary key, name text, town text);
    insert into users values (1, 'SECRET Ann', 'Bern'), (2, 'Bob', 'Basel');
    create view named as select id, name from users where name is not null;
    create materialized view people as select id, name from named;
    create materialized view a_initials as select id, left(name, 8) as initial from people;
    create materialized view towns as select town, count(*) from users group by 1;
";

fn policy(tables: &str, rest: &str) -> String {
    format!(
        "version: 1\nname: p\nsubject: {{ table: users }}\ntables:\n  users:\n    columns: {{ id: keep, town: keep, name: \
         {{ replace: gone }} }}\n{tables}{rest}"
    )
}

fn names(db: &Db, view: &str, column: &str) -> String {
    db.value(&format!("select string_agg({column}, ', ' order by id) from {view}"))
}

#[test]
fn views_are_refreshed_in_the_order_in_which_they_read_each_other() {
    let db = Db::with(SCHEMA);
    let policy = policy("  a_initials: { refresh: true }\n  people: { refresh: true }\n", "");
    let ran = ends(&db, &policy, "check p.yaml", 0);
    assert!(!ran.err.contains("warning"), "{}", ran.err);
    let plan = ends(&db, &policy, "plan p.yaml", 0).out;
    assert!(plan.contains("ACCESS EXCLUSIVE (others wait, readers too): people, a_initials"), "{plan}");
    let receipt = receipt(&db, &policy, 0);
    assert_eq!(said(&receipt, "to_do"), Vec::<String>::new());
    assert_eq!(names(&db, "people", "name"), "gone, Bob");
    assert_eq!(names(&db, "a_initials", "initial"), "gone, Bob");
}

#[test]
fn a_rehearsal_leaves_the_views_as_they_were() {
    let db = Db::with(SCHEMA);
    let policy = policy("  people: { refresh: true }\n  a_initials: { refresh: true }\n", "");
    ends(&db, &policy, "rehearse p.yaml --subject 1", 0);
    assert_eq!(db.value("select count(*) from people where name like 'SECRET%'"), "1");
}

#[test]
fn a_view_that_is_not_refreshed_is_a_warning_and_is_left_to_do() {
    let db = Db::with(SCHEMA);
    let ran = ends(&db, &policy("", ""), "check p.yaml", 0);
    for view in ["people", "a_initials"] {
        let words = format!("materialized view `{view}` keeps old values of `users`");
        assert!(ran.err.contains("stale-materialized-view") && ran.err.contains(&words), "{}", ran.err);
    }
    assert!(!ran.err.contains("towns"), "it reads nothing that changes: {}", ran.err);
    let receipt = receipt(&db, &policy("", ""), 1);
    let to_do = said(&receipt, "to_do");
    assert!(to_do.iter().any(|it| it.ends_with("REFRESH MATERIALIZED VIEW public.people")), "{to_do:?}");
    assert_eq!(db.value("select name from users where id = 1"), "gone", "it is committed all the same");
}

#[test]
fn an_accepted_view_is_named_and_no_reason_to_end_otherwise() {
    let db = Db::with(SCHEMA);
    let accept = "accept:\n  - { code: stale-materialized-view, at: people, because: refreshed every night }\n  - \
                  { code: stale-materialized-view, at: a_initials, because: refreshed every night }\n";
    let policy = policy("", accept);
    let ran = ends(&db, &policy, "check p.yaml", 0);
    assert!(!ran.err.contains("warning"), "{}", ran.err);
    let receipt = receipt(&db, &policy, 0);
    assert!(said(&receipt, "left_over").iter().any(|it| it.contains("`people` keeps old values")), "{receipt}");
}

#[test]
fn a_view_that_is_refreshed_from_a_stale_one_is_stale() {
    let db = Db::with(SCHEMA);
    let ran = ends(&db, &policy("  a_initials: { refresh: true }\n", ""), "check p.yaml", 0);
    assert!(ran.err.contains("`a_initials` is refreshed from `people`, which keeps old values"), "{}", ran.err);
}

#[test]
fn a_view_over_whole_rows_reads_every_column() {
    let db = Db::with(
        "create table users (id int primary key, name text, town text);
         insert into users values (1, 'SECRET Ann', 'Bern');
         create materialized view docs as select id, to_jsonb(users) as doc from users;
         create materialized view numbers as select count(*) from users;",
    );
    let ran = ends(&db, &policy("", ""), "check p.yaml", 0);
    assert!(ran.err.contains("`docs` keeps old values"), "{}", ran.err);
    let delete = "version: 1\nname: p\nsubject: { table: users }\ntables: { users: delete }\n";
    let ran = ends(&db, delete, "check p.yaml", 0);
    assert!(ran.err.contains("`docs` keeps") && ran.err.contains("`numbers` keeps"), "{}", ran.err);
}

#[test]
fn concurrently_needs_a_unique_index_and_a_view_that_holds_something() {
    let db = Db::with(SCHEMA);
    let policy = policy("  people: { refresh: concurrently }\n  a_initials: { refresh: true }\n", "");
    let ran = ends(&db, &policy, "check p.yaml", 1);
    assert!(ran.err.contains("[cannot-refresh]") && ran.err.contains("has no unique index"), "{}", ran.err);
    // Partial ones and expressions don't tell all rows apart.
    db.sql("create unique index on people (lower(name)); create unique index on people (id) where id > 0");
    ends(&db, &policy, "check p.yaml", 1);
    db.sql("create unique index on people (id); refresh materialized view people with no data");
    let ran = ends(&db, &policy, "check p.yaml", 1);
    assert!(ran.err.contains("holds no data"), "{}", ran.err);
    db.sql("refresh materialized view people");
    ends(&db, &policy, "check p.yaml", 0);
    let plan = ends(&db, &policy, "plan p.yaml --format sql", 0).out;
    assert!(plan.contains("REFRESH MATERIALIZED VIEW CONCURRENTLY public.people;\n"), "{plan}");
    receipt(&db, &policy, 0);
    assert_eq!(names(&db, "people", "name"), "gone, Bob");
}

#[test]
fn only_the_owner_may_refresh() {
    let db = Db::with(&format!(
        "{SCHEMA} create role clerk_views login; grant select, update, delete on users to clerk_views;
         grant select on people, a_initials to clerk_views;"
    ));
    let policy = policy("  people: { refresh: true }\n  a_initials: { refresh: true }\n", "");
    let ran = ends(&as_role(&db, "clerk_views"), &policy, "check p.yaml", 1);
    assert!(ran.err.contains("[missing-privilege]"), "{}", ran.err);
    assert!(ran.err.contains("may not refresh materialized view `people`"), "{}", ran.err);
}

#[test]
fn what_is_refreshed_without_need_or_is_no_materialized_view_is_found() {
    let db = Db::with(SCHEMA);
    let refresh = |name: &str| policy(&format!("  {name}: {{ refresh: true }}\n"), "");
    let ran = ends(&db, &refresh("towns"), "check p.yaml", 0);
    assert!(ran.err.contains("nothing-to-refresh"), "{}", ran.err);
    let ran = ends(&db, &refresh("poeple"), "check p.yaml", 1);
    assert!(ran.err.contains("a materialized view `people` exists"), "{}", ran.err);
    let ran = ends(&db, &refresh("named"), "check p.yaml", 1);
    assert!(ran.err.contains("is a view, not a materialized view"), "{}", ran.err);
    let ran = ends(&db, &policy("  people: delete\n", ""), "check p.yaml", 1);
    assert!(ran.err.contains("write `refresh: true` below it"), "{}", ran.err);
}

#[test]
fn a_report_over_a_refreshed_view_is_compared_as_it_will_be() {
    let db = Db::with(SCHEMA);
    let report = "verify:\n  unchanged:\n    - { name: names, query: select name from people }\n";
    let policy = policy("  people: { refresh: true }\n  a_initials: { refresh: true }\n", report);
    let ran = ends(&db, &policy, "apply p.yaml --subject 1 --yes", 1);
    assert!(ran.err.contains("names") && ran.err.contains("nothing was committed"), "{}", ran.err);
    assert_eq!(db.value("select count(*) from people where name like 'SECRET%'"), "1");
}

#[test]
fn a_reader_that_holds_a_view_makes_the_run_give_way_and_nothing_is_committed() {
    let db = Db::with(SCHEMA);
    let policy = policy(
        "  people: { refresh: true }\n  a_initials: { refresh: true }\n",
        "limits: { lock_timeout: 20ms, max_subjects: 1 }\n",
    );
    let reader = db.again();
    reader.sql("begin; select count(*) from people");
    let ran = ends(&db, &policy, "apply p.yaml --subject 1 --yes", 3);
    assert!(ran.err.contains("refresh people failed") && ran.err.contains("nothing was committed"), "{}", ran.err);
    assert_eq!(db.value("select count(*) from users where name like 'SECRET%'"), "1");
    reader.sql("rollback");
    receipt(&db, &policy, 0);
    assert_eq!(names(&db, "people", "name"), "gone, Bob");
}
