//! Who waits for whom: retries that are counted, blockers that are named, others that are not held up, rows that come in late.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::mortal::Mortal;
use super::place::{POLICY, Place, Ran, ended};
use super::proxy::{Point, Proxy, Side};
use super::{Outcome, requests, truth};

/// The receipt of a run that was asked for JSON.
fn receipt(ran: &Ran) -> serde_json::Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}\n{}", ran.out, ran.err))
}

/// How often it was begun again for a reason.
fn retries(ran: &Ran, why: &str) -> u64 {
    let receipt = receipt(ran);
    let found = receipt["retries"].as_array().into_iter().flatten().find(|it| it["why"] == why);
    found.map_or(0, |it| it["times"].as_u64().expect("a number"))
}

/// The first request that begins so.
fn request(sql: &str) -> usize {
    requests().iter().position(|it| it.starts_with(sql)).unwrap_or_else(|| panic!("{sql} is not asked")) + 1
}

#[test]
fn a_deadlock_is_another_attempt_and_counted() {
    let place = Place::limited("{ lock_timeout: 20s }");
    let other = place.db.again();
    // The usual order of applications: child, then parent. We are the first to look for a deadlock, and so its victim.
    other.sql("set deadlock_timeout = '60s'; begin; update bookings set status = 'attended' where id = 1");
    let child = place.start_with("--format json");
    place.until_waiting(1);
    other.sql("update users set role = role where id = 1");
    other.sql("commit");
    let ran = ended(child);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(retries(&ran, "deadlock"), 1, "{}", ran.out);
    assert!(ran.err.contains("rolled back, attempt 2 in 100 ms") && ran.err.contains("40P01"), "{}", ran.err);
    assert_eq!(place.db.value("select count(*) from bookings where note like '%Zoroaster%'"), "0");
}

#[test]
fn a_row_that_moves_to_another_partition_while_it_is_waited_for_is_another_attempt_and_counted() {
    let place = Place::limited("{ lock_timeout: 20s }");
    place.db.sql(
        "drop table visits; drop table items, carts;
         create table visits (id bigint, booking_id bigint not null references bookings, note text, half integer,
             primary key (id, half)) partition by list (half);
         create table visits_1 partition of visits for values in (1);
         create table visits_2 partition of visits for values in (2);
         create index on visits (booking_id);
         insert into visits values (1, 1, 'Zoroaster', 1), (3, 4, 'fine', 1)",
    );
    let carts = POLICY.find("  carts:\n").expect("carts")..POLICY.find("  logs: delete").expect("logs");
    let policy = POLICY.replace(&POLICY[carts], "").replace("lock_timeout: 200ms", "lock_timeout: 20s");
    // A step behind the freeze would not wait: several rules have their rows locked.
    let policy = policy.replace(
        "  visits: { via: booking_id -> bookings.user_id, rows: delete }",
        "  visits:\n    - { via: booking_id -> bookings.user_id, where: half = 1, rows: delete }\n    - { via: booking_id -> bookings.user_id, rows: delete }",
    );
    place.write_policy(&policy);
    let other = place.db.again();
    // Without its key: the row's insert into the other partition would lock the booking, and we would wait there.
    other.sql("set session_replication_role = replica; begin; update visits set half = 2 where id = 1");
    let child = place.start_with("--format json");
    place.until_waiting(1);
    other.sql("commit");
    let ran = ended(child);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(retries(&ran, "serialization failure"), 1, "{}\n{}", ran.out, ran.err);
    assert_eq!(place.db.dump_table("visits"), ["(3,4,fine,1)"]);
}

#[test]
fn a_prepared_transaction_that_holds_a_lock_is_named_and_no_bystander() {
    let mortal = Mortal::start("max_prepared_transactions = 5");
    let place = Place::in_database(mortal.database());
    let other = place.db.again();
    other.sql("begin; update users set role = role where id = 1; prepare transaction 'forgotten'");
    let bystander = place.db.again();
    bystander.sql("begin; update bookings set status = status where id = 4");
    let ran = place.apply();
    assert_eq!(ran.code, Some(3), "{}", ran.err);
    assert!(ran.err.contains("prepared transaction `forgotten` of role `postgres`, prepared"), "{}", ran.err);
    assert!(ran.err.contains("holds locks on audits, users"), "{}", ran.err);
    assert!(!ran.err.contains("= note: process"), "only whoever we waited for: {}", ran.err);
    bystander.sql("rollback");
    other.sql("rollback prepared 'forgotten'");
    assert_eq!(truth(&place, &ran, "prepared"), Outcome::SaidNothing);
}

/// A report that takes a while under the locks.
fn slow() -> Place {
    let report = "    - { name: slow, query: select count(*) from pg_sleep(1) }\n";
    Place::with(&POLICY.replace("  unchanged:\n", &format!("  unchanged:\n{report}")))
}

#[test]
fn a_session_that_waits_for_us_too_long_is_let_through_and_we_try_again() {
    let place = slow();
    let proxy = Proxy::start(
        place.socket(),
        Some(Point { request: request("CREATE TEMP TABLE efface_rows_1"), side: Side::Before }),
    );
    let mut child = place
        .command(
            &proxy.url(&place.db),
            "apply club.yaml --subject 1 --yes --no-analyze --format json --max-block 300ms",
        )
        .spawn()
        .expect("the tool starts");
    assert!(proxy.until_held(|| child.try_wait().is_ok_and(|ended| ended.is_none())));
    let url = place.db.url().to_owned();
    let writer = std::thread::spawn(move || {
        let other = session(&url);
        let begun = std::time::Instant::now();
        other.sql("insert into bookings values (9, 1, 'booked', 'Zoroaster', null)");
        begun.elapsed()
    });
    place.until_waiting(1);
    proxy.pass_on();
    let ran = ended(child);
    let waited = writer.join().expect("a writer");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(retries(&ran, "others waited for us"), 1, "{}\n{}", ran.out, ran.err);
    assert!(ran.err.contains("others have waited for us too long: process "), "{}", ran.err);
    assert!(waited < Duration::from_secs(3), "{waited:?}");
    assert_eq!(place.db.value("select note is null from bookings where id = 9"), "t");
}

#[test]
fn where_others_wait_for_us_each_time_we_give_up_and_name_them() {
    let place = slow();
    let done = AtomicBool::new(false);
    let ran = std::thread::scope(|scope| {
        scope.spawn(|| {
            let other = session(place.db.url());
            other.sql("set application_name = 'the web shop'");
            while !done.load(Ordering::Relaxed) {
                // Whoever has a booking has been seen.
                other.sql("update users set role = role where id = 1");
            }
        });
        let ran = ended(place.start_with("--max-block 200ms"));
        done.store(true, Ordering::Relaxed);
        ran
    });
    assert_eq!(ran.code, Some(3), "{}", ran.err);
    assert!(ran.err.contains("others have waited for us longer than 200 ms after 5 attempts"), "{}", ran.err);
    assert!(ran.err.contains("of role `postgres` (the web shop) has waited for"), "{}", ran.err);
    assert!(ran.err.contains("--max-block"), "{}", ran.err);
    assert!(!ran.err.contains("update users"), "no text of a query: {}", ran.err);
    // Only audits that the shop's own updates have made are new.
    assert_eq!(place.db.value("select name from users where id = 1"), "Zoroaster");
}

fn session(url: &str) -> crate::harness::Db {
    crate::harness::Db::open(url)
}

#[test]
fn of_two_runs_for_one_client_one_wins_and_the_other_names_it() {
    let place = Place::new();
    let point = Point { request: request("UPDATE public.users"), side: Side::Before };
    let proxy = Proxy::start(place.socket(), Some(point));
    let mut first = place.start(&proxy);
    assert!(proxy.until_held(|| first.try_wait().is_ok_and(|ended| ended.is_none())));
    let called = "select application_name from pg_stat_activity where application_name like 'efface apply%' and datname = current_database()";
    let begun = std::time::Instant::now();
    while place.db.value(called) != "efface apply club 7/10" {
        assert!(begun.elapsed() < Duration::from_secs(20), "{}", place.db.value(called));
    }
    let second = place.apply();
    assert_eq!(second.code, Some(3), "{}", second.err);
    assert!(second.err.contains("(efface apply club 7/10)"), "{}", second.err);
    assert!(second.err.contains("after 5 attempts"), "{}", second.err);
    proxy.pass_on();
    let first = ended(first);
    assert_eq!(truth(&place, &first, "the first of two"), Outcome::SaidCommitted, "{}", first.err);
}

#[test]
fn of_two_runs_that_delete_one_client_the_second_says_that_the_client_is_gone() {
    let place = Place::limited("{ lock_timeout: 20s }");
    place.db.sql("create table guests (id bigint primary key, name text)");
    place.write_policy(
        "version: 1\nname: gone\nsubject: { table: guests }\ntables: { guests: delete }\nlimits: { lock_timeout: 20s }\n",
    );
    for (words, code, told) in [
        ("", 0, "erased before, by entry 1 of the ledger, and nothing is left"),
        ("--no-ledger", 1, "the subject is gone already"),
    ] {
        place.reset();
        place.db.sql("insert into guests values (1, 'Zoroaster')");
        let other = place.db.again();
        other.sql("begin; select 1 from guests where id = 1 for update");
        let both = [place.start_with(words), place.start_with(words)];
        place.until_waiting(2);
        other.sql("commit");
        let mut both = both.map(ended);
        both.sort_by_key(|ran| !ran.out.contains("committed as transaction"));
        let [first, second] = both;
        assert_eq!((first.code, second.code), (Some(0), Some(code)), "{}\n{}", first.err, second.err);
        assert!(second.out.is_empty() && second.err.contains(told), "{}\n{}", second.out, second.err);
        assert_eq!(place.db.value("select count(*) from guests"), "0");
    }
}

#[test]
fn a_booking_that_waited_for_us_and_went_through_is_counted_after_commit() {
    let place = Place::new();
    // Behind the freeze; and right before COMMIT.
    for sql in ["UPDATE public.users", "SET CONSTRAINTS pg_temp.efface_assertions_failed"] {
        place.reset();
        let proxy = Proxy::start(place.socket(), Some(Point { request: request(sql), side: Side::Before }));
        let mut child = place.start(&proxy);
        assert!(proxy.until_held(|| child.try_wait().is_ok_and(|ended| ended.is_none())));
        let ran = std::thread::scope(|scope| {
            let url = place.db.url();
            scope.spawn(move || {
                let other = session(url);
                other.sql(
                    "begin;
                     insert into bookings values (8, 1, 'booked', 'Zoroaster', null), (9, 2, 'booked', 'of Tom', null);
                     select pg_sleep(0.2);
                     commit",
                );
            });
            place.until_waiting(1);
            proxy.pass_on();
            ended(child)
        });
        assert_eq!(ran.code, Some(1), "{}\n{}", ran.out, ran.err);
        assert!(
            ran.out.contains("committed as transaction") && ran.out.contains("came in late\n  bookings: 1 row\n"),
            "{}",
            ran.out
        );
        assert!(ran.err.contains("the run is committed, and rows of its subjects have come in"), "{}", ran.err);
        assert_eq!(place.db.value("select note from bookings where id = 8"), "Zoroaster");
        assert!(ran.err.contains("run it again with `--again`"), "{}", ran.err);
        let again = ended(place.start_with("--again"));
        assert_eq!(again.code, Some(0), "{}", again.err);
        assert_eq!(place.db.value("select note is null from bookings where id = 8"), "t");
        assert_eq!(place.db.value("select note from bookings where id = 9"), "of Tom");
    }
}

/// A virtual key that keeps nobody out.
fn open() -> Place {
    let policy = POLICY.replace(", lock: table }", " }");
    assert_ne!(policy, POLICY);
    Place::with(&policy)
}

#[test]
fn a_row_that_comes_in_by_an_open_virtual_key_before_the_verification_is_another_attempt_and_counted() {
    let place = open();
    let point = Point { request: request("SET CONSTRAINTS ALL IMMEDIATE"), side: Side::Before };
    let proxy = Proxy::start(place.socket(), Some(point));
    let line = "apply club.yaml --subject 1 --yes --no-analyze --format json";
    let mut child = place.command(&proxy.url(&place.db), line).spawn().expect("the tool starts");
    assert!(proxy.until_held(|| child.try_wait().is_ok_and(|ended| ended.is_none())));
    place.db.sql("insert into logs values (9, 1, 'User', 'Zoroaster')");
    proxy.pass_on();
    let ran = ended(child);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(retries(&ran, "rows were not as they must be"), 1, "{}\n{}", ran.out, ran.err);
    assert_eq!(place.rows(), place.after, "the row has gone with the others");
}

#[test]
fn rows_that_come_in_again_and_again_are_told_from_what_a_trigger_does() {
    let place = open();
    let done = AtomicBool::new(false);
    let ran = std::thread::scope(|scope| {
        scope.spawn(|| {
            let other = session(place.db.url());
            let mut id = 10;
            while !done.load(Ordering::Relaxed) {
                other.sql(&format!("insert into logs values ({id}, 1, 'User', 'Zoroaster')"));
                id += 1;
            }
        });
        let ran = ended(place.start_with(""));
        done.store(true, Ordering::Relaxed);
        ran
    });
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.err.contains("attempt 3 in") && !ran.err.contains("attempt 4 in"), "{}", ran.err);
    assert!(ran.err.contains("logs: rows that were to be deleted are there"), "{}", ran.err);
    assert!(
        ran.err.contains("where no trigger did it, other sessions did") && ran.err.contains("`lock: table`"),
        "{}",
        ran.err
    );
    assert_eq!(place.db.value("select name from users where id = 1"), "Zoroaster");
}

#[test]
fn the_server_s_process_is_told_to_those_who_want_to_know() {
    let place = Place::new();
    let ran = ended(place.start_with("-v"));
    assert!(ran.err.contains("the server's process pid="), "{}", ran.err);
}
