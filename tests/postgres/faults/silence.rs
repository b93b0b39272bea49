//! Nobody answers: the network swallows what is said, a standby is waited for, the server is gone.

use std::time::{Duration, Instant};

use super::place::{Place, Ran, ended, interrupt};
use super::proxy::{Point, Proxy, Side};
use super::sessions::PATIENT;
use super::{Outcome, one_more_run_gets_there, requests, truth};

/// A run whose traffic stops at a point, which is never released.
fn stalled(place: &Place, point: Point, meanwhile: impl FnOnce(&Proxy, &std::process::Child)) -> (Ran, Duration) {
    let proxy = Proxy::start(place.socket(), Some(point));
    let mut child = place.start(&proxy);
    assert!(proxy.until_held(|| child.try_wait().is_ok_and(|ended| ended.is_none())), "{point:?} is not reached");
    let begun = Instant::now();
    meanwhile(&proxy, &child);
    let ran = ended(child);
    (ran, begun.elapsed())
}

fn patient() -> Place {
    Place::limited(PATIENT)
}

/// Before a request and behind it, since mostly it is waited.
fn side_by_side(tried: impl Fn(&Place, Side) + Sync) {
    std::thread::scope(|scope| {
        for side in [Side::Before, Side::Behind] {
            let tried = &tried;
            scope.spawn(move || tried(&patient(), side));
        }
    });
}

fn commit(side: Side) -> Point {
    Point { request: requests().len(), side }
}

#[test]
fn a_request_that_the_network_swallows_is_waited_for_a_little_longer_than_the_server_would_work_on_it() {
    let step = requests().iter().position(|sql| sql.starts_with("UPDATE public.users")).expect("a step") + 1;
    side_by_side(|place, side| {
        let (ran, waited) = stalled(place, Point { request: step, side }, |_, _| ());
        assert!(ran.err.contains("has not answered for 11 s"), "{}", ran.err);
        assert!(waited < Duration::from_secs(20), "{waited:?}");
        assert_eq!(truth(place, &ran, "stalled"), Outcome::SaidNothing, "{}", ran.err);
        one_more_run_gets_there(place, "stalled");
    });
}

#[test]
fn a_commit_whose_answer_the_network_swallows_is_asked_after() {
    let place = patient();
    let (ran, _) = stalled(&place, commit(Side::Behind), |_, _| ());
    assert!(ran.err.contains("COMMIT was not answered for 11 s; the server says that"), "{}", ran.err);
    assert_eq!(truth(&place, &ran, "stalled"), Outcome::SaidCommitted);
}

#[test]
fn a_commit_that_the_network_swallows_is_ended_on_the_server_and_nothing_is_committed() {
    let place = patient();
    for interrupts in [false, true] {
        place.reset();
        let (ran, _) = stalled(&place, commit(Side::Before), |_, child| {
            if interrupts {
                interrupt(child);
            }
        });
        assert!(ran.err.contains("the server rolled back"), "{}", ran.err);
        assert_eq!(truth(&place, &ran, "swallowed"), Outcome::SaidNothing);
        one_more_run_gets_there(&place, "swallowed");
    }
}

#[test]
fn ctrl_c_ends_the_waiting_for_a_connection_that_is_stalled() {
    let place = patient();
    let (ran, waited) = stalled(&place, Point { request: 20, side: Side::Before }, |_, child| interrupt(child));
    assert_eq!(ran.code, Some(130), "{}", ran.err);
    assert!(waited < Duration::from_secs(15), "{waited:?}");
    assert_eq!(truth(&place, &ran, "stalled"), Outcome::SaidNothing);
}

#[test]
fn ctrl_c_in_a_commit_that_is_stalled_asks_once_and_tells_what_is_true() {
    let place = patient();
    let (ran, waited) = stalled(&place, commit(Side::Behind), |_, child| interrupt(child));
    assert!(ran.err.contains("COMMIT was under way when it was interrupted; the server says that"), "{}", ran.err);
    assert_eq!(truth(&place, &ran, "stalled"), Outcome::SaidCommitted);
    assert!(waited < Duration::from_secs(8), "{waited:?}");
}

#[test]
fn where_the_server_can_no_longer_be_asked_what_became_of_commit_the_outcome_is_unknown_whatever_it_is() {
    side_by_side(|place, side| {
        let (ran, _) = stalled(place, commit(side), |proxy, _| {
            proxy.close();
            proxy.cut();
        });
        assert_eq!(truth(place, &ran, "gone"), Outcome::SaidUnknown, "{}", ran.err);
        assert!(ran.err.contains("SELECT pg_xact_status("), "{}", ran.err);
        one_more_run_gets_there(place, "gone");
    });
}
