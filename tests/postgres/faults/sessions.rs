//! The client, its session on the server, or the connection between them ends.

use std::sync::OnceLock;
use std::time::Duration;

use super::place::{Place, ended, interrupt};
use super::proxy::{Point, Proxy, Side};
use super::{Outcome, Tally, is_commit, one_more_run_gets_there, requests, sample, truth};
use crate::harness::Db;

/// Limits under which a silent server is given up soon.
pub const PATIENT: &str = "{ statement_timeout: 1s }";

/// Who or what ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The client is killed, and can say nothing.
    Killed,
    /// Somebody ends the session on the server.
    Terminated,
    /// The connection breaks: before a request it is lost, behind it the answer is.
    Broken,
    /// Nothing comes through any more, and nobody is told.
    Stalled,
    /// Ctrl-C.
    Interrupted,
}

/// Strikes at some points, one after the other; in places side by side where most of the time is waited.
fn strike(fault: Fault, at: &[Point]) -> Tally {
    let mut tally = Tally::new();
    let places = if fault == Fault::Stalled { 24.min(at.len()) } else { 1 };
    let struck: Vec<(Point, Outcome)> = std::thread::scope(|scope| {
        let shares = at.chunks(at.len().div_ceil(places));
        let all: Vec<_> = shares.map(|share| scope.spawn(move || strike_in_a_place(fault, share))).collect();
        all.into_iter().flat_map(|it| it.join().expect("what was struck")).collect()
    });
    for (point, outcome) in struck {
        tally.note(point, outcome);
    }
    tally.tell(&format!("{fault:?}"));
    tally
}

fn strike_in_a_place(fault: Fault, at: &[Point]) -> Vec<(Point, Outcome)> {
    let place = if fault == Fault::Stalled { Place::limited(PATIENT) } else { Place::new() };
    let mut struck = Vec::new();
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
        struck.push((*point, outcome));
    }
    struck
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
        // What is held stays held until the run has ended.
        Fault::Stalled => {}
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
    TALLY.get_or_init(|| strike(Fault::Killed, &sample(6, 0)))
}

pub fn terminated() -> &'static Tally {
    static TALLY: OnceLock<Tally> = OnceLock::new();
    TALLY.get_or_init(|| strike(Fault::Terminated, &sample(6, 6)))
}

pub fn broken() -> &'static Tally {
    static TALLY: OnceLock<Tally> = OnceLock::new();
    TALLY.get_or_init(|| strike(Fault::Broken, &sample(6, 12)))
}

pub fn stalled() -> &'static Tally {
    static TALLY: OnceLock<Tally> = OnceLock::new();
    TALLY.get_or_init(|| strike(Fault::Stalled, &sample(2, 9)))
}

pub fn interrupted() -> &'static Tally {
    static TALLY: OnceLock<Tally> = OnceLock::new();
    TALLY.get_or_init(|| strike(Fault::Interrupted, &sample(6, 18)))
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
fn a_connection_that_falls_silent_is_given_up_and_a_commit_is_asked_after() {
    stalled();
}

#[test]
fn ctrl_c_rolls_back_at_every_point_but_in_commit() {
    interrupted();
}
