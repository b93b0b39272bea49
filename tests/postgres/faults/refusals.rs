//! The server refuses: a lock is not to be had, time or room is up, there is no connection left, others change the schema.

use std::time::{Duration, Instant};

use super::place::{POLICY, Place, Ran, ended};
use super::proxy::{Point, Proxy, Side};
use super::{Outcome, requests, truth};
use crate::harness::Db;

/// What another session holds so that each of the lock statements waits.
const HELD: [&str; 10] = [
    "lock table logs in share mode",
    "lock table users in share mode",
    "lock table bills in access exclusive mode",
    "select 1 from users where id = 1 for update",
    "select 1 from addresses where id = 1 for update",
    "select 1 from audits where user_id = 1 for update",
    "select 1 from bookings where id = 2 for update",
    "select 1 from comments where id = 1 for update",
    "select 1 from items where id = 1 for update",
    "select 1 from carts where id = 1 for update",
];

/// A run that is planned while nobody holds anything: the lock is taken when it is about to begin.
fn run_while_held(place: &Place, other: &Db, held: &str) -> Ran {
    let proxy = Proxy::start(place.socket(), Some(Point { request: 1, side: Side::Before }));
    let mut child = place.start(&proxy);
    assert!(proxy.until_held(|| child.try_wait().is_ok_and(|ended| ended.is_none())), "{held}: it doesn't begin");
    other.sql(&format!("begin; {held}"));
    proxy.pass_on();
    ended(child)
}

#[test]
fn a_table_that_somebody_rebuilds_is_waited_for_only_so_long_when_the_schema_is_read() {
    let place = Place::new();
    let other = place.db.again();
    other.sql("begin; lock table bills in access exclusive mode");
    let begun = Instant::now();
    for line in ["check club.yaml", "plan club.yaml", "apply club.yaml --subject 1 --yes"] {
        let ran = ended(place.command(place.db.url(), line).spawn().expect("the tool starts"));
        assert_eq!(ran.code, Some(3), "{line}: {}", ran.err);
        assert!(
            ran.err.contains("reading the schema failed: canceling statement due to lock timeout"),
            "{line}: {}",
            ran.err
        );
        assert!(ran.err.contains("run again when"), "{line}: {}", ran.err);
    }
    assert!(begun.elapsed() < Duration::from_secs(25), "{:?}", begun.elapsed());
    other.sql("rollback");
}

#[test]
fn every_lock_statement_gives_up_in_time_and_names_who_holds_the_lock() {
    // Side by side: five attempts take five seconds.
    std::thread::scope(|scope| {
        for held in HELD {
            scope.spawn(move || {
                let place = Place::new();
                let other = place.db.again();
                let ran = run_while_held(&place, &other, held);
                let pid = other.connection().backend_pid;
                assert!(ran.err.contains("55P03") && ran.err.contains("after 5 attempts"), "{held}: {}", ran.err);
                assert!(ran.err.contains(&format!("process {pid} of role `postgres`")), "{held}: {}", ran.err);
                other.sql("rollback");
                assert_eq!(truth(&place, &ran, held), Outcome::SaidNothing, "{held}: {}", ran.err);
            });
        }
    });
}

#[test]
fn every_lock_statement_ends_with_the_statement_timeout() {
    let place = Place::limited("{ lock_timeout: 20s, statement_timeout: 300ms }");
    for held in HELD {
        let other = place.db.again();
        let ran = run_while_held(&place, &other, held);
        other.sql("rollback");
        assert!(ran.err.contains("57014"), "{held}: {}", ran.err);
        assert_eq!(truth(&place, &ran, held), Outcome::SaidNothing, "{held}: {}", ran.err);
    }
}

#[test]
fn room_for_temporary_files_that_is_used_up_is_a_refusal() {
    let report = "    - name: large
      query: |
        select g from generate_series(1, 200000) as g order by md5(g::text)
";
    let place = Place::with(&POLICY.replace("  unchanged:\n", &format!("  unchanged:\n{report}")));
    let name = place.db.value("select format('%I', current_database())");
    place.db.sql(&format!(
        "alter database {name} set work_mem = '64kB'; alter database {name} set temp_file_limit = '1MB'"
    ));
    let ran = place.apply();
    assert!(ran.err.contains("53400") && ran.err.contains("report `large` before"), "{}", ran.err);
    assert_eq!(truth(&place, &ran, "no room"), Outcome::SaidNothing);
}

#[test]
fn without_a_connection_left_nothing_begins_and_with_a_single_one_nobody_watches() {
    let report = "    - { name: slow, query: select count(*) from pg_sleep(0.5) }\n";
    let place = Place::with(&POLICY.replace("  unchanged:\n", &format!("  unchanged:\n{report}")));
    let role = format!("few_{}", place.db.value("select current_database()"));
    place.db.sql(&format!(
        "create role {role} login connection limit 1; grant all on all tables in schema public to {role};
         grant all on all sequences in schema public to {role};
         grant usage on schema efface to {role}; grant all on all tables in schema efface to {role}"
    ));
    let url = place.db.url().replace("user=postgres", &format!("user={role}"));
    let held = Db::open(&url);
    let ran = ended(place.start_at(&url));
    assert_eq!(ran.code, Some(3), "{}", ran.err);
    assert!(ran.err.contains("the server has no connection left"), "{}", ran.err);
    drop(held);
    let gone = format!("select count(*) from pg_stat_activity where usename = '{role}'");
    while place.db.value(&gone) != "0" {
        std::thread::sleep(Duration::from_millis(5));
    }
    let ran = ended(place.start_at(&url));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(
        ran.err.contains("nobody watches for sessions that wait for the run: the server has no connection left"),
        "{}",
        ran.err
    );
    assert_eq!(place.rows(), place.after);
    place.db.sql(&format!("drop owned by {role}; drop role {role}"));
}

#[test]
fn nobody_changes_the_schema_between_two_statements_unnoticed() {
    let place = Place::new();
    let locked = requests().iter().position(|sql| sql.starts_with("LOCK TABLE public.bills")).expect("locks") + 1;
    let changes = [
        ("alter table users add nickname text", "alter table users drop nickname"),
        ("create table letters (user_id bigint references users)", "drop table letters"),
        (
            "create trigger late after delete on visits for each row execute function audit()",
            "drop trigger late on visits",
        ),
        ("create rule late as on delete to visits do instead nothing", "drop rule late on visits"),
        ("drop table logs", ""),
    ];
    // Before the tables are locked: it is noticed under the locks.
    for (change, back) in changes.iter().filter(|(_, back)| !back.is_empty()) {
        let proxy = Proxy::start(place.socket(), Some(Point { request: 1, side: Side::Before }));
        let mut child = place.start(&proxy);
        assert!(proxy.until_held(|| child.try_wait().is_ok_and(|ended| ended.is_none())));
        place.db.sql(change);
        proxy.pass_on();
        let ran = ended(child);
        assert_eq!(ran.code, Some(4), "{change}: {}", ran.err);
        place.db.sql(back);
        assert_eq!(place.rows(), place.before, "{change}");
    }
    // Behind that: it has to wait.
    for request in [locked, locked + 40, requests().len() - 1] {
        let proxy = Proxy::start(place.socket(), Some(Point { request, side: Side::Behind }));
        let mut child = place.start(&proxy);
        assert!(proxy.until_held(|| child.try_wait().is_ok_and(|ended| ended.is_none())));
        let other = place.db.again();
        other.sql("set lock_timeout = '50ms'");
        for (change, _) in changes {
            assert_eq!(other.refused(change).sqlstate(), Some("55P03"), "{change} behind {}", requests()[request - 1]);
        }
        proxy.pass_on();
        assert_eq!(truth(&place, &ended(child), "changes that wait"), Outcome::SaidCommitted);
        place.reset();
    }
}

#[test]
fn a_trigger_function_that_changes_under_the_locks_is_noticed_before_commit() {
    let place = Place::new();
    let point = Point { request: requests().len() - 40, side: Side::Before };
    let proxy = Proxy::start(place.socket(), Some(point));
    let mut child = place.start(&proxy);
    assert!(proxy.until_held(|| child.try_wait().is_ok_and(|ended| ended.is_none())));
    place.db.sql("create or replace function audit() returns trigger language plpgsql as $$ begin return null; end $$");
    proxy.pass_on();
    let ran = ended(child);
    assert_eq!(ran.code, Some(4), "{}", ran.err);
    assert_eq!(place.rows(), place.before);
}
