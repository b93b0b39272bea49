//! How are many cases run?
//!
//! On two sessions at once, each with a database of its own, as the time goes into waiting for the server.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::engine::{Engine, Server};
use super::generate::{Shape, case};
use super::judge::judge;
use super::mix::Mix;
use super::{efface, naive, server};

/// Where the environment doesn't say.
const SEED: u64 = 1;
const CASES: u64 = 1000;
/// So many cases are set up in one database: its catalogs grow with every dropped table.
const CASES_OF_A_DATABASE: u64 = 200;
/// So many disagreements end a run that goes by the clock.
const ENOUGH: usize = 20;
/// So many disagreements are printed whole.
const SHOWN: usize = 3;
const SESSIONS: usize = 2;

/// An engine, and the database that it works on.
pub struct Bench {
    pub engine: Box<dyn Engine>,
    pub server: Box<dyn Server>,
}

impl Bench {
    pub fn naive() -> Self {
        Self { engine: Box::new(naive::Naive), server: Box::new(server::Throwaway::start()) }
    }

    pub fn efface() -> Self {
        let server = server::Throwaway::start();
        Self { engine: Box::new(efface::Efface::beside(&server)), server: Box::new(server) }
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is a number, not {text:?}")))
}

pub fn first_seed() -> u64 {
    number("EFFACE_ORACLE_SEED").unwrap_or(SEED)
}

/// Written past the test harness, which keeps the output of tests that succeed to itself.
pub fn tell(text: &str) {
    writeln!(std::io::stderr(), "{text}").expect("standard error can be written");
}

/// What a run has come to so far.
struct Score {
    mix: Mix,
    checks: bool,
    /// Seeds and texts.
    wrong: Vec<(u64, String)>,
}

/// Runs the cases, and fails on disagreements or on an empty class.
pub fn agrees(shape: &Shape, start: fn() -> Bench) {
    let (first, minutes) = (first_seed(), number("EFFACE_ORACLE_MINUTES"));
    let count = match minutes {
        Some(_) => u64::MAX - first,
        None => number("EFFACE_ORACLE_CASES").unwrap_or(CASES),
    };
    let end = minutes.map(|minutes| Instant::now() + Duration::from_secs(minutes * 60));
    let clock = || {
        let now = "select to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD HH24:MI:SS')";
        let rows = start().server.rows(now).unwrap_or_default();
        rows.into_iter().flatten().flatten().next().unwrap_or_default()
    };
    let (began, started) = (clock(), Instant::now());
    if minutes.is_some() {
        tell(&format!("oracle: started at {began} UTC, seeds from {first}"));
    }
    let (next, score) =
        (AtomicU64::new(first), Mutex::new(Score { mix: Mix::default(), checks: false, wrong: Vec::new() }));
    let is_over = || {
        let enough = score.lock().expect("no session panics with it").wrong.len() >= ENOUGH;
        end.is_some_and(|end| Instant::now() >= end || enough)
    };
    std::thread::scope(|scope| {
        for _ in 0..SESSIONS {
            scope.spawn(|| {
                while !is_over() {
                    let mut bench = start();
                    score.lock().expect("no session panics with it").checks = bench.engine.checks();
                    for _ in 0..CASES_OF_A_DATABASE {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if seed >= first + count || is_over() {
                            return;
                        }
                        if !one(shape, &mut bench, seed, &score) {
                            break;
                        }
                    }
                }
            });
        }
    });
    let Score { mix, checks, mut wrong } = score.into_inner().expect("no session panics with it");
    wrong.sort();
    let last = next.load(Ordering::Relaxed).min(first + count) - 1;
    tell(&format!(
        "oracle: seeds {first} to {last} in {} s, ended at {} UTC\n{mix}",
        started.elapsed().as_secs(),
        clock()
    ));
    let shown = number("EFFACE_ORACLE_SHOWN").map_or(SHOWN, |shown| shown as usize);
    let shown: Vec<&str> = wrong.iter().map(|(_, text)| text.as_str()).take(shown).collect();
    let seeds: Vec<u64> = wrong.iter().map(|(seed, _)| *seed).collect();
    assert!(wrong.is_empty(), "{} cases disagree: {seeds:?}; the first:\n\n{}", wrong.len(), shown.join("\n\n"));
    if count >= CASES {
        let mut classes = shape.classes();
        if checks {
            classes.push("were refused by both");
            classes.extend(super::computed::REFUSED);
        }
        assert_eq!(mix.missing(classes), Vec::<&str>::new(), "classes without a case");
    }
}

/// One case. Whether the session can go on.
fn one(shape: &Shape, bench: &mut Bench, seed: u64, score: &Mutex<Score>) -> bool {
    let mut mix = Mix::default();
    let judged = catch_unwind(AssertUnwindSafe(|| {
        let case = case(seed, shape);
        judge(&case, &case, &mut *bench.engine, &mut *bench.server, None, &mut mix)
    }));
    let can_go_on = judged.is_ok();
    let wrong = match judged {
        Ok(judged) => judged.err().map(|mismatch| mismatch.text),
        Err(_) => Some(format!("seed {seed} panics")),
    };
    let mut score = score.lock().expect("no session panics with it");
    score.mix.add(mix);
    if let Some(text) = wrong {
        tell(&format!("oracle: seed {seed} disagrees"));
        score.wrong.push((seed, text));
    }
    can_go_on
}
