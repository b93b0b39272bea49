//! `docs/under-fire.md` says what was tried; what it says is what the tests have counted.
//!
//! The page has a block for what every run of the tests tries, and one for what `FAULTS=all` tries. Each is made by its own
//! kind of run and compared with the page; `UPDATE_DOCS=1` writes it. Only what is the same each time stands there: how many
//! points, and what came of them; no milliseconds, and no numbers that hang on who was faster.

use std::fmt::Write;
use std::path::PathBuf;

use crate::crowd::crowd;
use crate::faults::{Outcome, Tally, crashes, is_long, points, sessions};

/// The parts of a block, in their order. One more kind of fire is one more line here.
const PARTS: [fn() -> String; 2] = [deaths, writers];

/// What was struck, and what came of it.
fn deaths() -> String {
    let struck: [(&str, &Tally); 5] = [
        ("the client is killed", sessions::killed()),
        ("its session on the server is ended", sessions::terminated()),
        ("the connection breaks: the request or the answer is lost", sessions::broken()),
        ("Ctrl-C", sessions::interrupted()),
        ("the server stops at once, and recovers", crashes::crashed()),
    ];
    let mut table = String::from(
        "| what dies, before and behind requests of a run | points | tried | as before, and said so | as after, and said so | as before, nobody left to say it | as after, nobody left to say it | unknown | anything else |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    for (what, tally) in struck {
        let of = [
            Outcome::SaidNothing,
            Outcome::SaidCommitted,
            Outcome::DiedBefore,
            Outcome::DiedBehind,
            Outcome::SaidUnknown,
        ]
        .map(|outcome| tally.count(outcome));
        let [nothing, committed, before, behind, unknown] = of;
        // A run in which anything else is found doesn't come to this line.
        let _ = writeln!(
            table,
            "| {what} | {} | {} | {nothing} | {committed} | {before} | {behind} | {unknown} | 0 |",
            tally.points,
            tally.tried()
        );
    }
    table
}

/// Who wrote while people were erased, and what escaped.
fn writers() -> String {
    let crowd = crowd();
    let mut table = format!(
        "| eight sessions write while {} people are erased, one by one and in batches | rows that escaped |\n|---|---|\n",
        crowd.alone
    );
    let declared: u64 = ["bookings", "visits", "referrals"].iter().map(|table| crowd.escaped[table]).sum();
    for (what, rows) in [
        ("by declared foreign keys, one, two and three tables deep", declared),
        ("by a virtual key with `lock: table`", crowd.escaped["audits"]),
        ("references that dangle afterwards", crowd.dangling),
        (
            "by a virtual key without `lock: table`: left when the people whose rows stay are erased once more",
            crowd.left_after_another_run,
        ),
    ] {
        let _ = writeln!(table, "| {what} | {rows} |");
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

#[test]
fn the_page_says_what_the_tests_have_counted() {
    let made: Vec<String> = PARTS.iter().map(|part| part()).collect();
    let made = format!("\n{}\n", made.join("\n"));
    let mut text = std::fs::read_to_string(page()).expect("the page is there");
    let place = block(&text, if is_long() { "everything" } else { "every run" });
    if std::env::var_os("UPDATE_DOCS").is_some() {
        text.replace_range(place, &made);
        std::fs::write(page(), text).expect("the page is written");
    } else {
        assert_eq!(text[place].to_owned(), made, "UPDATE_DOCS=1 writes it anew (with FAULTS=all its second block)");
    }
}

/// What a short run can know of the long one: how many points there are.
#[test]
fn the_long_form_on_the_page_has_tried_every_point_that_there_is_now() {
    let text = std::fs::read_to_string(page()).expect("the page is there");
    let long = &text[block(&text, "everything")];
    for what in ["the client is killed", "its session on the server is ended", "Ctrl-C"] {
        let all = points().len();
        let line = format!("| {what} | {all} | {all} |");
        assert!(
            long.contains(&line),
            "{line:?} is not there: FAULTS=all UPDATE_DOCS=1 cargo test --test postgres under_fire"
        );
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
