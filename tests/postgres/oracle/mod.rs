//! Does efface do what a naive model says?
//!
//! The oracle: [`generate`] makes a database and a policy of a seed; [`check`] says whether the policy must be refused
//! and [`model`] what it does, by brute force over rows in memory; an [`engine`] carries it out on a real server; and
//! [`judge`] compares, row by row. Only [`mod@efface`] uses the engine. `EFFACE_ORACLE_SEED` and `EFFACE_ORACLE_CASES` choose the
//! cases; a failure prints both.

mod check;
mod compare;
mod condition;
mod efface;
mod engine;
mod faults;
mod generate;
mod judge;
mod law;
mod model;
mod naive;
mod print;
mod rng;
mod server;
mod world;
mod yaml;

use std::io::Write;

use engine::{Engine, Server};
use faults::Fault;
use generate::{Shape, case};
use judge::{Mix, judge};

/// Where the environment doesn't say.
const SEED: u64 = 1;
const CASES: u64 = 300;
/// A fault that isn't found within so many cases would not be found by a user either.
const FAULT_CASES: u64 = 300;

fn number(variable: &str, otherwise: u64) -> u64 {
    match std::env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable} is a number, not {text:?}")),
        Err(_) => otherwise,
    }
}

/// Written past the test harness, which keeps the output of tests that succeed to itself.
fn tell(text: &str) {
    writeln!(std::io::stderr(), "{text}").expect("standard error can be written");
}

/// Runs the cases, and fails on the first few disagreements or on an empty class.
fn agrees(engine: &mut dyn Engine, server: &mut dyn Server) {
    let (first, count) = (number("EFFACE_ORACLE_SEED", SEED), number("EFFACE_ORACLE_CASES", CASES));
    let mut mix = Mix::default();
    let mut wrong = Vec::new();
    for seed in first..first + count {
        let case = case(seed, &Shape::acyclic());
        if let Err(mismatch) = judge(&case, &case, engine, server, None, &mut mix) {
            wrong.push(mismatch.text);
        }
    }
    tell(&format!("oracle: seeds {first} to {}\n{mix}", first + count - 1));
    let shown = wrong.iter().take(3).cloned().collect::<Vec<_>>().join("\n\n");
    assert!(wrong.is_empty(), "{} of {count} cases disagree; the first:\n\n{shown}", wrong.len());
    if count >= CASES {
        assert_eq!(mix.empty_classes(engine.checks()), Vec::<&str>::new(), "classes without a case");
    }
}

/// Plants each fault, and fails when one goes unnoticed.
fn notices(engine: &mut dyn Engine, server: &mut dyn Server) {
    let first = number("EFFACE_ORACLE_SEED", SEED);
    for fault in Fault::ALL {
        let is_found = |seed: &u64| {
            let case = case(*seed, &Shape::acyclic());
            let Some(given) = fault.given(&case) else { return false };
            let found = judge(&case, &given, engine, server, fault.of_plan(), &mut Mix::default());
            // A refusal would be the engine's merit, not the comparison's.
            found.is_err_and(|mismatch| !mismatch.refused)
        };
        let found = (first..first + FAULT_CASES).find(is_found);
        tell(&format!("oracle: {fault:?} is found by seed {found:?}"));
        assert!(found.is_some(), "{fault:?} is not found within {FAULT_CASES} cases");
    }
}

#[test]
fn the_model_agrees_with_sql_written_by_hand() {
    agrees(&mut naive::Naive, &mut server::Throwaway::start());
}

#[test]
fn planted_faults_are_found_in_sql_written_by_hand() {
    notices(&mut naive::Naive, &mut server::Throwaway::start());
}

#[test]
fn efface_agrees_with_the_model() {
    let mut server = server::Throwaway::start();
    agrees(&mut efface::Efface::beside(&server), &mut server);
}

#[test]
fn faults_planted_into_efface_are_found() {
    let mut server = server::Throwaway::start();
    notices(&mut efface::Efface::beside(&server), &mut server);
}

#[test]
fn a_seed_makes_the_same_case_every_time() {
    for seed in 0..50 {
        let text = || {
            let case = case(seed, &Shape::acyclic());
            format!("{}{}{:?}", print::setup(&case.world), yaml::policy(&case), case.subject_key())
        };
        assert_eq!(text(), text());
    }
}
