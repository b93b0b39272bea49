//! COMMIT waits for a synchronous standby that isn't there.

use std::process::Child;
use std::time::{Duration, Instant};

use super::mortal::Mortal;
use super::place::{Place, ended, interrupt};
use super::{Outcome, one_more_run_gets_there, truth};
use crate::harness::Db;

struct Waiting {
    mortal: Mortal,
    place: Place,
}

impl Waiting {
    fn new() -> Self {
        let mortal = Mortal::start("");
        let place = Place::in_database(mortal.database());
        for setting in ["synchronous_commit to on", "synchronous_standby_names to 'nowhere'"] {
            place.db.sql("set synchronous_commit to local");
            place.db.sql(&format!("alter system set {setting}"));
        }
        place.db.value("select pg_reload_conf()");
        Self { mortal, place }
    }

    /// Starts a run, and waits until its COMMIT waits for the standby.
    fn start(&self) -> (Child, String) {
        let child = self.place.start_at(self.place.db.url());
        let begun = Instant::now();
        let pid = loop {
            let waiting = "select coalesce(min(pid)::text, '') from pg_stat_activity where wait_event = 'SyncRep'";
            let pid = self.place.db.value(waiting);
            if !pid.is_empty() {
                break pid;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "nobody waits for the standby");
            std::thread::sleep(Duration::from_millis(5));
        };
        (child, pid)
    }

    /// The standby is no longer waited for.
    fn end(&self) {
        self.place.db.sql("alter system reset synchronous_standby_names");
        self.place.db.value("select pg_reload_conf()");
    }
}

#[test]
fn a_commit_that_waits_for_a_standby_and_is_interrupted_is_unknown_until_it_is_asked_again() {
    let waiting = Waiting::new();
    let (child, _) = waiting.start();
    interrupt(&child);
    let ran = ended(child);
    assert_eq!(ran.code, Some(5), "{}", ran.err);
    assert!(ran.err.contains("is not known: the server says that it is in progress"), "{}", ran.err);
    let transaction =
        ran.err.split("whether transaction ").nth(1).and_then(|text| text.split(' ').next()).expect("an id");
    let asked = format!("select pg_xact_status('{transaction}')");
    assert_eq!(waiting.place.db.value(&asked), "in progress");
    assert_eq!(waiting.place.rows(), waiting.place.before, "nobody sees it yet");
    waiting.end();
    let begun = Instant::now();
    while waiting.place.db.value(&asked) != "committed" {
        assert!(begun.elapsed() < Duration::from_secs(20), "it isn't committed");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(truth(&waiting.place, &ran, "a standby"), Outcome::SaidUnknown);
    one_more_run_gets_there(&waiting.place, "a standby");
}

#[test]
fn a_wait_for_a_standby_that_an_administrator_ends_is_committed_here_and_the_receipt_says_only_here() {
    let waiting = Waiting::new();
    for end in ["pg_cancel_backend", "pg_terminate_backend"] {
        waiting.place.db.sql("set synchronous_commit to local");
        waiting.place.reset();
        let (child, pid) = waiting.start();
        waiting.place.db.value(&format!("select {end}({pid})"));
        let ran = ended(child);
        assert_eq!(truth(&waiting.place, &ran, end), Outcome::SaidCommitted, "{end}: {}", ran.err);
        assert!(ran.out.contains("the synchronous standby may not have it"), "{end}: {}\n{}", ran.out, ran.err);
    }
}

#[test]
fn a_server_that_stops_while_it_waits_for_a_standby_has_committed() {
    let mut waiting = Waiting::new();
    let (child, _) = waiting.start();
    waiting.mortal.stop_at_once();
    waiting.mortal.start_again();
    waiting.place.db = waiting.mortal.open();
    let ran = ended(child);
    assert_eq!(truth(&waiting.place, &ran, "a standby"), Outcome::SaidCommitted, "{}", ran.err);
    let _: &Db = &waiting.place.db;
}
