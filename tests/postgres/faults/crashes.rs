//! The server stops at once, and recovers.

use std::sync::OnceLock;

use super::mortal::Mortal;
use super::place::{Place, ended};
use super::proxy::{Point, Proxy, Side};
use super::{Outcome, Tally, is_commit, one_more_run_gets_there, requests, sample, truth};

/// What has to be durable is: the rest of the tests' server cares less.
const DURABLE: &str = "synchronous_commit = on";

pub fn crashed() -> &'static Tally {
    static TALLY: OnceLock<Tally> = OnceLock::new();
    TALLY.get_or_init(|| {
        let mut mortal = Mortal::start("");
        let db = mortal.database();
        db.sql(&format!("alter system set {}", DURABLE.replace('=', "to")));
        db.value("select pg_reload_conf()");
        let mut place = Place::in_database(db);
        let mut tally = Tally::new();
        for point in sample(2, 100) {
            let context = format!("a crash at {point:?} ({})", requests()[point.request - 1]);
            place.reset();
            let proxy = Proxy::start(mortal.folder(), Some(point));
            let mut child = place.start(&proxy);
            assert!(proxy.until_held(|| child.try_wait().is_ok_and(|ended| ended.is_none())), "{context}: not reached");
            mortal.stop_at_once();
            proxy.cut();
            mortal.start_again();
            place.db = mortal.open();
            let ran = ended(child);
            let outcome = truth(&place, &ran, &context);
            let may_be_behind = is_commit(point) && point.side == Side::Behind;
            assert_eq!(outcome == Outcome::SaidCommitted, may_be_behind, "{context}: {outcome:?}: {}", ran.err);
            one_more_run_gets_there(&place, &context);
            tally.note(point, outcome);
        }
        tally.tell("crashes");
        tally
    })
}

#[test]
fn a_server_that_stops_at_once_recovers_the_state_before_or_the_state_after() {
    crashed();
}

#[test]
fn a_number_that_a_crashed_server_gives_to_somebody_else_is_not_taken_for_ours() {
    let mut mortal = Mortal::start("wal_writer_delay = 10s\nautovacuum = off\ncheckpoint_timeout = 1h");
    let mut place = Place::in_database(mortal.database());
    // Everything so far is on disk; nothing of what follows will be.
    place.db.sql("checkpoint");
    let last = Point { request: requests().len(), side: Side::Before };
    let proxy = Proxy::start(mortal.folder(), Some(last));
    let mut child = place.start(&proxy);
    assert!(proxy.until_held(|| child.try_wait().is_ok_and(|ended| ended.is_none())));
    mortal.stop_at_once();
    proxy.cut();
    mortal.start_again();
    place.db = mortal.open();
    // Others go on, and commit.
    for _ in 0..10 {
        place.db.sql("create temp table anything (n integer); drop table anything");
    }
    let ran = ended(child);
    let outcome = truth(&place, &ran, "a number given twice");
    assert_eq!(outcome, Outcome::SaidNothing, "{}", ran.err);
    assert!(ran.err.contains("the server rolled back"), "{}", ran.err);
}
