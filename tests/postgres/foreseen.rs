//! What check foresees: each decision is refused with the constraint's name, or carried out, and the server agrees.
//!
//! Where check says nothing, the script must commit. Where the server's answers refuse a policy that could be planned, the
//! script must fail: a refusal is no guess.

mod trials;

use std::collections::BTreeSet;

use efface::diagnostic::{Code, Severity};

use crate::harness::Db;
use crate::tried::{self, Checked};

/// A decision about the table `t` of a schema of its own.
struct Trial {
    /// What it is about.
    sentence: &'static str,
    /// Tables and rows, in the trial's schema.
    schema: String,
    /// What stands under `tables:` for the table `t`.
    rule: String,
    /// What has to be found: each error's and notable warning's code, and words of its message.
    expected: Vec<(&'static str, &'static str)>,
}

/// A warning that says whether a run will end well.
fn is_notable(code: Code) -> bool {
    matches!(code, Code::Unverified | Code::BrokenAlready)
}

#[test]
fn what_would_break_a_constraint_is_refused_by_name_and_what_keeps_it_commits() {
    let db = Db::with("create extension citext; create extension btree_gist");
    let (mut wrong, mut ran, mut refused) = (Vec::new(), 0, 0);
    let trials = trials::all();
    for (number, trial) in trials.iter().enumerate() {
        let schema = format!("c{number}");
        db.sql(&format!("create schema {schema}; set search_path = {schema}, public; {}", trial.schema));
        db.sql("reset search_path");
        let mut catalog = db.catalog();
        let tables: BTreeSet<_> = catalog.tables.iter().map(|table| table.name.clone()).collect();
        let tables = tables.into_iter().filter(|name| name.schema.as_str() == schema).collect();
        catalog = tried::part(&catalog, &tables);
        let text = format!("version: 1\nname: p\nevery_row: true\ntables:\n  {schema}.t:\n{}", trial.rule);
        let checked = tried::check(&db, &catalog, &text.replace("{s}", &schema));
        let found: Vec<_> = checked
            .findings()
            .into_iter()
            .filter(|found| found.severity == Severity::Error || is_notable(found.code))
            .map(|found| (found.code.name(), found.message.as_str()))
            .collect();
        let as_expected = found.len() == trial.expected.len()
            && found
                .iter()
                .zip(&trial.expected)
                .all(|(found, wanted)| found.0 == wanted.0 && found.1.contains(wanted.1));
        if !as_expected {
            wrong.push(format!("{}: expected {:?}\n{}", trial.sentence, trial.expected, checked.text()));
        }
        match proven(&db, &checked, text.contains("randomize")) {
            Ok(true) => ran += 1,
            Ok(false) => refused += 1,
            Err(words) => wrong.push(format!("{}: {words}\n{}", trial.sentence, checked.text())),
        }
        db.sql(&format!("drop schema {schema} cascade"));
    }
    crate::oracle::tell(&format!("foreseen: {ran} decisions ran, {refused} were refused"));
    assert!(wrong.is_empty(), "{} of {} trials:\n{}", wrong.len(), trials.len(), wrong.join("\n"));
    assert!(ran > 30 && refused > 30);
}

/// Whether it ran; an error where the server is of another opinion than check. Random values may fit by chance.
fn proven(db: &Db, checked: &Checked, random: bool) -> Result<bool, String> {
    let foreseen = checked.findings().iter().any(|found| found.code == Code::BrokenAlready);
    let refused = !checked.errors().is_empty() || foreseen;
    let Some(script) = &checked.script else { return Ok(false) };
    match (tried::run(db, script, "{}"), refused) {
        (Ok(()), false) => Ok(true),
        (Err(_), true) => Ok(false),
        (Ok(()), true) if random => Ok(false),
        (Ok(()), true) => Err("check refuses what the server takes".to_owned()),
        (Err(refused), false) => Err(format!("check takes what the server refuses: {refused}")),
    }
}

#[test]
fn what_a_server_would_be_asked_is_unverified_without_one() {
    let db = Db::with(
        "create table t (id int primary key, first text not null, last text, code text, amount int,
            full_name text not null generated always as (nullif(first, '') || coalesce(last, '')) stored,
            both_names text not null generated always as (first || coalesce(last, '')) stored,
            constraint short check (length(full_name) < 20));
         alter table t add constraint positive check (amount > 0) not valid;
         insert into t (id, first) values (1, 'a')",
    );
    let mut catalog = db.catalog();
    let codes = |catalog: &efface::catalog::Catalog, decision: &str| -> Vec<String> {
        let text = format!(
            "version: 1\nname: p\nevery_row: true\ntables:\n  t:\n    columns: {{ {decision} }}\n    other_columns: keep\n"
        );
        let checked = tried::check(&db, catalog, &text);
        let notable = checked.findings().into_iter().filter(|it| it.severity == Severity::Error || is_notable(it.code));
        notable.map(|found| format!("{}: {}", found.code.name(), found.message)).collect()
    };
    assert_eq!(codes(&catalog, "first: { replace: x }"), Vec::<String>::new());
    catalog.observed.live = false;
    // Whatever the questions say is left out by who reads a file; here they are asked all the same, and all is well.
    assert_eq!(
        codes(&catalog, "first: { replace: x }"),
        [
            "unverified: unverified for column `t.first`: whether `full_name`, which is generated from it, stays NOT NULL",
            "unverified: unverified for column `t.first`: whether the new value keeps the CHECK `short`",
            "unverified: unverified for table `t`: whether its rows keep the CHECK `positive`",
        ]
    );
    assert_eq!(
        codes(&catalog, "code: null"),
        ["unverified: unverified for table `t`: whether its rows keep the CHECK `positive`"]
    );
}

#[test]
fn rows_that_break_a_check_already_are_told_with_their_place_and_can_be_accepted() {
    let db = Db::with(
        "create table t (id int primary key, a int, b text, c text);
         insert into t values (1, -1, 'x', 'y'), (2, 1, 'y', 'z');
         alter table t add constraint positive check (a > 0) not valid",
    );
    let text =
        "version: 1\nname: p\nevery_row: true\ntables:\n  t:\n    columns: { id: keep, a: keep, b: null, c: keep }\n";
    insta::assert_snapshot!(tried::check(&db, &db.catalog(), text).text(), @r"
    warning[broken-already]: 1 row of table `t` that this rule may reach breaks the CHECK `positive` already
     --> policy.yaml:6:35
      |
    6 |     columns: { id: keep, a: keep, b: null, c: keep }
      |                                   ^ changes them
      |
      = note: the constraint is NOT VALID: such rows may be there, and no change of them is taken
      = help: mend these rows first, and then VALIDATE CONSTRAINT

    0 errors, 1 warning
    ");
    let accepted = format!("{text}accept: [{{ code: broken-already, at: t, because: they are mended next week }}]\n");
    assert!(tried::check(&db, &db.catalog(), &accepted).findings().is_empty());
    db.sql("update t set a = 1");
    assert!(tried::check(&db, &db.catalog(), text).findings().is_empty());
}
