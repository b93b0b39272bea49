//! `docs/under-fire.md` says what was tried; what it says is what the tests have found.
//!
//! The page has two blocks. "Laws" holds what is the same at every point, on every machine, in the sample of each run as in the
//! long form: it is made by every run, and compared with the page. "Measured" holds numbers, those of one long run: how many
//! points, how many writes, how long. `UPDATE_DOCS=1` writes the first, and with `FAULTS=all` both.

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use crate::crowd::{Crowd, crowd};
use crate::faults::place::SEARCHED;
use crate::faults::{Outcome, WHENS, is_long, requests, struck};
use crate::harness::{Db, server};
use crate::secrecy::searched;

/// The parts of "laws", in their order, and those of "measured". One more kind of fire is one more line here.
const LAWS: [fn() -> String; 2] = [laws_of_death, laws_of_writers];
const MEASURED: [fn() -> String; 5] = [whereabouts, deaths, writers, injections, outputs];

const OUTCOMES: [Outcome; 5] =
    [Outcome::SaidNothing, Outcome::SaidCommitted, Outcome::DiedBefore, Outcome::DiedBehind, Outcome::SaidUnknown];

fn words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::SaidNothing => "as before, and efface says so",
        Outcome::SaidCommitted => "as it must be, and efface says so",
        Outcome::DiedBefore => "as before, nobody left to say it",
        Outcome::DiedBehind => "as it must be, nobody left to say it",
        Outcome::SaidUnknown => "unknown",
    }
}

/// What strikes, where, and what it comes to: each time the same.
fn laws_of_death() -> String {
    let mut table = String::from(
        "| what happens | before or behind any other request | COMMIT was sent and didn't arrive | COMMIT was done and its answer didn't arrive |\n\
         |---|---|---|---|\n",
    );
    for (what, tally) in struck() {
        let cells = WHENS.map(|when| tally.outcomes(when).into_iter().map(words).collect::<Vec<_>>().join("; or "));
        let _ = writeln!(table, "| {what} | {} |", cells.join(" | "));
    }
    table
}

/// Rows that escaped, by how they hang on the subject.
fn escapes(crowd: &Crowd) -> [(&'static str, u64); 6] {
    let declared = ["bookings", "visits", "referrals"].iter().map(|table| crowd.escaped[table]).sum();
    [
        ("by declared foreign keys: of one table, of a table below it, of two keys to two people", declared),
        ("by a virtual key with `lock: table`", crowd.escaped["audits"]),
        ("by a virtual key without it, and not counted by the receipt", crowd.uncounted),
        ("there afterwards by any key, and not found by `efface verify`", crowd.unfound),
        ("left by any key when everybody is erased once more", crowd.left_after_another_run),
        ("declared references that dangle", crowd.dangling),
    ]
}

fn laws_of_writers() -> String {
    let mut table = String::from("| eight sessions write for people while these are erased | rows |\n|---|---|\n");
    for (what, rows) in escapes(crowd()) {
        let _ = writeln!(table, "| {what} | {rows} |");
    }
    table
}

/// When and where it was measured.
fn whereabouts() -> String {
    let db = Db::open(&server().url("postgres"));
    let (day, version) = (db.value("select current_date"), db.value("show server_version"));
    let version = version.split(' ').next().unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let requests = requests().len();
    format!(
        "Measured once, on {day}, with PostgreSQL {version} on {cores} cores and a debug build: a run of {requests} requests from \
         BEGIN to COMMIT.\n"
    )
}

/// At how many points was struck, and what came of it.
fn deaths() -> String {
    let outcomes = OUTCOMES.map(words).join(" | ");
    let mut table = format!(
        "| what happens | points | tried | {outcomes} | anything else |\n|---|{}\n",
        "---|".repeat(OUTCOMES.len() + 3)
    );
    for (what, tally) in struck() {
        let counts = OUTCOMES.map(|outcome| tally.count(outcome).to_string()).join(" | ");
        // A run in which anything else is found doesn't come to this line.
        let _ = writeln!(table, "| {what} | {} | {} | {counts} | 0 |", tally.points, tally.tried());
    }
    table
}

fn writers() -> String {
    let crowd = crowd();
    let mut table = String::from("| eight sessions that write | |\n|---|---|\n");
    let escaped = crowd.escaped["events"];
    for (what, number) in [
        ("people erased by a run of their own", u64::from(crowd.alone)),
        ("people erased in batches of twenty", u64::from(crowd.in_batches)),
        ("runs, those included that gave way and those once more at the end", u64::from(crowd.runs)),
        ("seconds", crowd.seconds),
        ("writes that were committed", crowd.writes),
        ("writes that were refused, since the person was gone", crowd.refused),
        ("deadlocks of which a writer was the victim", crowd.deadlocks),
        ("longest write, its waiting included, in milliseconds", crowd.longest_write.as_millis() as u64),
        ("rows that escaped by the virtual key without a lock, all counted by receipts", escaped),
        ("rows that came in late by any key, counted by receipts", crowd.counted_late),
    ] {
        let _ = writeln!(table, "| {what} | {number} |");
    }
    table
}

fn injections() -> String {
    let mut table = String::from(
        "| hostile names, values, conditions, paths and keys, by efface and by psql | broke out |\n|---|---|\n",
    );
    for tried in crate::injection::tried() {
        let _ = writeln!(table, "| {tried} | 0 |");
    }
    table
}

/// Last, since the others print.
fn outputs() -> String {
    let under_fire = SEARCHED.load(Ordering::Relaxed);
    let cases = searched();
    let mut table = String::from(
        "| what efface printed, at trace level, searched for values of people | outputs | hits |\n|---|---|---|\n",
    );
    for (what, outputs, hits) in [
        // A hit doesn't come to this line.
        ("whatever died and whoever wrote, as above", under_fire, 0),
        ("every case of `tests/cases`: check, rehearse, apply, verify, the ledger", cases.outputs, cases.found.len()),
    ] {
        let _ = writeln!(table, "| {what} | {outputs} | {hits} |");
    }
    table
}

fn page() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/under-fire.md")
}

/// Where a block stands in the page: between its marks.
fn block(page: &str, name: &str) -> std::ops::Range<usize> {
    let (start, end) = (format!("<!-- {name}: made by the tests -->\n"), format!("<!-- end of {name} -->"));
    let from = page.find(&start).unwrap_or_else(|| panic!("{start:?} is not in the page")) + start.len();
    from..from + page[from..].find(&end).unwrap_or_else(|| panic!("{end:?} is not in the page"))
}

fn made(parts: &[fn() -> String]) -> String {
    let made: Vec<String> = parts.iter().map(|part| part()).collect();
    format!("\n{}\n", made.join("\n"))
}

#[test]
fn the_page_says_what_the_tests_have_found() {
    let laws = made(&LAWS);
    let mut text = std::fs::read_to_string(page()).expect("the page is there");
    let place = block(&text, "laws");
    if std::env::var_os("UPDATE_DOCS").is_none() {
        assert_eq!(text[place].to_owned(), laws, "UPDATE_DOCS=1 writes it anew");
        return;
    }
    text.replace_range(place, &laws);
    if is_long() {
        let place = block(&text, "measured");
        text.replace_range(place, &made(&MEASURED));
    }
    std::fs::write(page(), text).expect("the page is written");
}

/// Numbers that are laws: every point was tried, nothing was unknown, each table says all.
#[test]
fn what_was_measured_once_has_tried_every_point_and_left_none_unknown() {
    let text = std::fs::read_to_string(page()).expect("the page is there");
    let measured = &text[block(&text, "measured")];
    let struck = measured.lines().filter_map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let numbers: Vec<u64> = cells[1..].iter().map_while(|cell| cell.parse().ok()).collect();
        (numbers.len() == OUTCOMES.len() + 3).then(|| (cells[0].to_owned(), numbers))
    });
    let struck: Vec<(String, Vec<u64>)> = struck.collect();
    assert_eq!(struck.len(), 6, "FAULTS=all UPDATE_DOCS=1 cargo test --test postgres under_fire: {struck:?}");
    for (what, numbers) in struck {
        let [points, tried, outcomes @ .., unknown, other] = &numbers[..] else { panic!("{numbers:?}") };
        assert!(*points > 200 && points == tried, "{what}: {numbers:?}");
        assert_eq!((outcomes.iter().sum::<u64>(), *unknown, *other), (*points, 0, 0), "{what}");
    }
    assert!(measured.contains("| people erased by a run of their own | 200 |"));
    assert!(measured.matches(" hostile ").count() >= 8, "what was tried of each kind");
    let searched = measured.split("searched for values of people").nth(1).expect("a table").trim().lines().skip(2);
    for line in searched {
        assert!(line.ends_with("| 0 |"), "{line}");
    }
}

/// The page names the tests of the hard cases, and they exist.
#[test]
fn every_test_that_the_page_names_is_there() {
    let text = std::fs::read_to_string(page()).expect("the page is there");
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut sources = String::new();
    let mut open = vec![root.clone()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                sources.push_str(&std::fs::read_to_string(path).expect("a source"));
            }
        }
    }
    let named: Vec<&str> = text.split('`').skip(1).step_by(2).collect();
    let tests: Vec<&&str> = named
        .iter()
        .filter(|name| name.matches('_').count() > 3 && !name.contains(' ') && !name.contains('/'))
        .collect();
    assert!(tests.len() >= 8, "{tests:?}");
    for test in tests {
        assert!(sources.contains(&format!("fn {test}()")), "{test} is no test");
    }
    for case in named.iter().filter_map(|name| name.strip_prefix("tests/cases/")) {
        assert!(root.join("cases").join(case).is_dir(), "{case} is no case");
    }
}
