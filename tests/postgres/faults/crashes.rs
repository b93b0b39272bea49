//! The server stops at once, and recovers.

use std::sync::OnceLock;

use super::mortal::Mortal;
use super::place::{Place, ended};
use super::proxy::{Point, Proxy, Side};
use super::{Outcome, Tally, is_commit, is_long, one_more_run_gets_there, requests, truth};

/// The first requests of the script's parts, and COMMIT.
fn boundaries() -> Vec<usize> {
    const PARTS: [&str; 9] = [
        "BEGIN",
        "LOCK TABLE public.logs",
        "SELECT set_config('efface.key1'",
        "SELECT count(*) FROM (SELECT 1 FROM public.users",
        "CREATE TEMP TABLE efface_report_1",
        "UPDATE public.bookings",
        "SET CONSTRAINTS ALL IMMEDIATE",
        "SET CONSTRAINTS pg_temp.efface_assertions_failed",
        "COMMIT",
    ];
    let at = |part: &str| requests().iter().position(|sql| sql.starts_with(part)).map(|at| at + 1);
    PARTS.iter().map(|part| at(part).unwrap_or_else(|| panic!("{part} is not asked"))).collect()
}

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
        let sides = |request| [Side::Before, Side::Behind].map(|side| Point { request, side });
        let points: Vec<Point> = boundaries().into_iter().flat_map(sides).collect();
        let mut tally = Tally { points: points.len(), ..Tally::default() };
        let taken =
            points.iter().enumerate().filter(|(index, point)| is_long() || index % 5 == 3 || is_commit(**point));
        for (_, point) in taken {
            let context = format!("a crash at {point:?} ({})", requests()[point.request - 1]);
            place.reset();
            let proxy = Proxy::start(mortal.folder(), Some(*point));
            let mut child = place.start(&proxy);
            assert!(proxy.until_held(|| child.try_wait().is_ok_and(|ended| ended.is_none())), "{context}: not reached");
            mortal.stop_at_once();
            proxy.cut();
            mortal.start_again();
            place.db = mortal.open();
            let ran = ended(child);
            let outcome = truth(&place, &ran, &context);
            let may_be_behind = is_commit(*point) && point.side == Side::Behind;
            assert_eq!(outcome == Outcome::SaidCommitted, may_be_behind, "{context}: {outcome:?}: {}", ran.err);
            one_more_run_gets_there(&place, &context);
            *tally.outcomes.entry(outcome).or_default() += 1;
        }
        println!("crashes: {} of {} points tried: {:?}", tally.tried(), tally.points, tally.outcomes);
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
