//! The client, its session on the server, or the connection between them ends.

use std::sync::OnceLock;
use std::time::Duration;

use super::place::{Place, ended, interrupt};
use super::proxy::{Point, Proxy, Side};
use super::{Outcome, Tally, is_commit, one_more_run_gets_there, points, requests, sample, truth};
use crate::harness::Db;

/// Who or what ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The client is killed, and can say nothing.
    Killed,
    /// Somebody ends the session on the server.
    Terminated,
    /// The connection breaks: before a request it is lost, behind it the answer is.
    Broken,
    /// Ctrl-C.
    Interrupted,
}

/// Strikes at some points, one after the other.
fn strike(fault: Fault, at: &[Point]) -> Tally {
    let place = Place::new();
    let mut tally = Tally { points: points().len(), ..Tally::default() };
    for point in at {
        let context = format!("{fault:?} at {point:?} ({})", requests()[point.request - 1]);
        place.reset();
        let outcome = strike_once(&place, fault, *point, &context);
        // Only what was asked of the server can have happened.
        let may_be_behind = is_commit(*point) && point.side == Side::Behind;
        let is_behind = matches!(outcome, Outcome::SaidCommitted | Outcome::DiedBehind);
        let survives = fault == Fault::Interrupted && is_commit(*point);
        assert_eq!(is_behind, may_be_behind || survives, "{context}: {outcome:?}");
        one_more_run_gets_there(&place, &context);
        *tally.outcomes.entry(outcome).or_default() += 1;
    }
    println!("{fault:?}: {} of {} points tried: {:?}", tally.tried(), tally.points, tally.outcomes);
    tally
}

fn strike_once(place: &Place, fault: Fault, point: Point, context: &str) -> Outcome {
    let proxy = Proxy::start(place.socket(), Some(point));
    let mut child = place.start(&proxy);
    assert!(proxy.until_held(|| child.try_wait().is_ok_and(|ended| ended.is_none())), "{context}: not reached");
    match fault {
        Fault::Killed => {
            child.kill().expect("a child");
            proxy.cut();
        }
        Fault::Broken => proxy.cut(),
        Fault::Terminated => {
            terminate(&place.db, proxy.backend());
            proxy.pass_on();
        }
        Fault::Interrupted => {
            interrupt(&child);
            if is_commit(point) {
                std::thread::sleep(Duration::from_millis(200));
                assert_eq!(proxy.cancels(), 0, "{context}: COMMIT is not cancelled");
            } else {
                proxy.until_cancelled();
            }
            proxy.pass_on();
        }
    }
    let ran = ended(child);
    if fault == Fault::Interrupted && !is_commit(point) {
        assert_eq!(ran.code, Some(130), "{context}: {}", ran.err);
    }
    truth(place, &ran, context)
}

fn terminate(db: &Db, backend: i32) {
    db.value(&format!("select pg_terminate_backend({backend})"));
    while db.value(&format!("select count(*) from pg_stat_activity where pid = {backend}")) != "0" {
        std::thread::sleep(Duration::from_millis(2));
    }
}

pub fn killed() -> &'static Tally {
    static TALLY: OnceLock<Tally> = OnceLock::new();
    TALLY.get_or_init(|| strike(Fault::Killed, &sample(23, 0)))
}

pub fn terminated() -> &'static Tally {
    static TALLY: OnceLock<Tally> = OnceLock::new();
    TALLY.get_or_init(|| strike(Fault::Terminated, &sample(23, 6)))
}

pub fn broken() -> &'static Tally {
    static TALLY: OnceLock<Tally> = OnceLock::new();
    TALLY.get_or_init(|| strike(Fault::Broken, &sample(23, 12)))
}

pub fn interrupted() -> &'static Tally {
    static TALLY: OnceLock<Tally> = OnceLock::new();
    TALLY.get_or_init(|| strike(Fault::Interrupted, &sample(23, 18)))
}

#[test]
fn a_client_that_is_killed_leaves_the_data_as_they_were_unless_it_has_committed() {
    killed();
}

#[test]
fn a_session_that_is_ended_on_the_server_leaves_the_data_as_they_were_unless_it_has_committed() {
    terminated();
}

#[test]
fn a_connection_that_breaks_is_told_apart_from_a_commit_whose_answer_was_lost() {
    broken();
}

#[test]
fn ctrl_c_rolls_back_at_every_point_but_in_commit() {
    interrupted();
}
