//! Does efface do what a naive model says?
//!
//! The oracle: [`generate`] makes a database and a policy of a seed; [`check`] says whether the policy must be refused
//! and [`model`] what it does, by brute force over rows in memory; an [`engine`] carries it out on a real server; and
//! [`judge`] compares, row by row. Only [`mod@efface`] uses the engine. `EFFACE_ORACLE_SEED` and `EFFACE_ORACLE_CASES`
//! choose the cases; a failure prints both. With `EFFACE_ORACLE_MINUTES` cases are tried until the time is over.

mod after;
mod check;
mod compare;
mod computed;
mod condition;
mod efface;
mod engine;
mod faults;
mod generate;
mod judge;
mod law;
mod mix;
mod model;
mod naive;
mod print;
pub mod rng;
mod rules;
mod run;
mod scope;
mod server;
mod shared;
mod world;
mod yaml;

use faults::Fault;
use generate::{Shape, case};
use judge::judge;
use mix::Mix;
pub use run::tell;
use run::{Bench, agrees, first_seed};

/// A fault that isn't found within so many cases would not be found by a user either.
const FAULT_CASES: u64 = 300;

/// Plants each fault, and fails when one goes unnoticed.
fn notices(shape: &Shape, mut bench: Bench) {
    let first = first_seed();
    for fault in Fault::ALL {
        if fault.of_plan().is_some_and(|fault| !bench.engine.plants(fault)) {
            continue;
        }
        let is_found = |seed: &u64| {
            let case = case(*seed, shape);
            let Some(given) = fault.given(&case) else { return false };
            let found =
                judge(&case, &given, &mut *bench.engine, &mut *bench.server, fault.of_plan(), &mut Mix::default());
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
    agrees(&Shape::all(), Bench::naive);
}

#[test]
fn planted_faults_are_found_in_sql_written_by_hand() {
    notices(&Shape::all(), Bench::naive());
}

#[test]
fn efface_agrees_with_the_model() {
    agrees(&Shape::planned(), Bench::efface);
}

#[test]
fn faults_planted_into_efface_are_found() {
    notices(&Shape::planned(), Bench::efface());
}

#[test]
fn a_seed_makes_the_same_case_every_time() {
    for seed in 0..50 {
        let text = || {
            let case = case(seed, &Shape::all());
            format!("{}{}{:?}", print::setup(&case.world), yaml::policy(&case), case.subject_keys())
        };
        assert_eq!(text(), text());
    }
}
