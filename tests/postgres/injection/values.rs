//! New values of every kind that the policy writes out, and secrets.

use std::process::Command;

use super::{Cage, HOSTILE, escaped, scalar, text};
use crate::harness::{Db, binaries};

/// Longer than names can be, and what text can hold besides.
fn values() -> Vec<String> {
    let long =
        ["'".repeat(5000), "$efface$".repeat(700), "\\".repeat(4001), format!("{}\n\\! touch hit\n", "x".repeat(9000))];
    HOSTILE.iter().map(|value| (*value).to_owned()).chain(long).chain([String::new()]).collect()
}

#[test]
pub fn values_are_written_as_they_are_or_refused() {
    let values = values();
    let mut tried = 0;
    let (mut columns, mut decisions, mut expected) = (Vec::new(), Vec::new(), Vec::new());
    let mut refused = 0;
    for value in &values {
        let v = scalar(value);
        let written = text(value);
        let candidates = [
            (format!("{{ replace: {v} }}"), format!("COL = {written}")),
            (format!("{{ mask: {v}, keep_last: 2 }}"), format!("COL = repeat({written}, 6) || 'ne'")),
            (format!("{{ randomize: choice, from: [{v}] }}"), format!("COL = {written}")),
            (format!("{{ randomize: digits, format: {v} }}"), format!("length(COL) = length({written})")),
            (format!("{{ randomize: email, domain: {v} }}"), format!("COL like '%@' || {written}")),
            (format!("\n        sql: |\n          {}", escaped(value)), format!("COL = {written}")),
        ];
        for (decision, holds) in candidates {
            tried += 1;
            let policy = format!(
                "version: 1\nname: p\nsubject: {{ table: people }}\ntables:\n  people:\n    columns:\n      id: keep\n      c: {decision}\n"
            );
            let file = efface::source::SourceFile::new("policy.yaml", policy);
            if efface::policy::read(&file).is_err() {
                refused += 1;
                continue;
            }
            let column = format!("c{}", columns.len());
            decisions.push(format!("      {column}: {decision}\n"));
            expected.push(holds.replace("COL", &column));
            columns.push(format!("{column} text"));
        }
    }
    let cage = Cage::new(&format!("create table people (id int primary key, {});", columns.join(", ")));
    let fill = |db: &Db| {
        let names: Vec<_> = (0..columns.len()).map(|_| "'somegone'").collect();
        let stays: Vec<_> = (0..columns.len()).map(|_| "'stays'").collect();
        db.sql(&format!(
            "truncate efface.ledger, efface.erased, people; insert into people values (1, {}), (2, {})",
            names.join(", "),
            stays.join(", ")
        ));
    };
    let holds = |by: &str| {
        for condition in &expected {
            let query = format!("select count(*) from people where id = 1 and ({condition})");
            assert_eq!(cage.db().value(&query), "1", "{by}: {condition:.300}");
        }
        let stays = "select count(*) from (select unnest(string_to_array(trim(p::text, '()'), ',')) as v from people p where id = 2) v where v = 'stays'";
        assert_eq!(cage.db().value(stays), columns.len().to_string(), "{by}: somebody else's");
        cage.intact(by);
    };
    cage.place.policy(&format!(
        "version: 1\nname: p\nsubject: {{ table: people }}\ntables:\n  people:\n    columns:\n      id: keep\n{}",
        decisions.concat()
    ));
    fill(cage.db());
    let ran = cage.tool(&["apply", "small.yaml", "--subject=1", "--yes"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    holds("the engine");
    fill(cage.db());
    let script = cage.tool(&["plan", "small.yaml", "--format", "sql"]).out;
    let ran = cage.psql(&script, &["{1}".to_owned()]);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    holds("psql");
    told!("{tried} hostile values in six kinds of decisions; {refused} refused when the policy was read");
    assert!(tried > 600 && columns.len() > 400, "{} of {tried}", columns.len());
}

#[test]
pub fn secrets_are_secrets_whatever_they_hold() {
    let cage = Cage::new("create table people (id int primary key, name text);");
    cage.place.policy("version: 1\nname: p\nsubject: { table: people }\ntables: { people: { columns: { id: keep, name: { pseudonymize: name } } } }\n");
    let fill = || {
        cage.db()
            .sql("truncate efface.ledger, efface.erased, people; insert into people values (1, 'Anna'), (2, 'stays')")
    };
    let script = cage.tool(&["plan", "small.yaml", "--format", "sql"]).out;
    let (mut tried, mut refused) = (0, 0);
    let mut seen = std::collections::BTreeSet::new();
    for hostile in HOSTILE.iter().filter(|hostile| !hostile.contains(['\n', '\r'])).step_by(2) {
        tried += 1;
        let secret = format!("{hostile} and something behind it {hostile}");
        std::fs::write(cage.place.path("secret"), format!("{secret}\n")).expect("the secret is written");
        fill();
        let ran =
            cage.tool(&["apply", "small.yaml", "--no-analyze", "--subject=1", "--secret-file", "secret", "--yes"]);
        if ran.code == Some(2) && ran.err.contains("holds a control character") {
            refused += 1;
            assert_eq!(cage.db().dump_table("people"), ["(1,Anna)", "(2,stays)"], "{hostile:?}");
            continue;
        }
        assert_eq!(ran.code, Some(0), "{hostile:?}: {}", ran.err);
        let by_engine = cage.db().dump_table("people");
        fill();
        std::fs::write(cage.place.path("script.sql"), &script).expect("the script is written");
        let beside = binaries().program("psql");
        let mut command = Command::new(if beside.exists() { beside } else { "psql".into() });
        let input = std::fs::File::open(cage.place.path("secret")).expect("the secret");
        command
            .args(["-X", "-q", "-v", "key1={1}", "-d", cage.db().url(), "-f", "script.sql"])
            .current_dir(cage.place.path(""))
            .stdin(input);
        let ran = command.output().expect("psql runs");
        assert!(ran.status.success(), "{hostile:?}: {}", String::from_utf8_lossy(&ran.stderr));
        assert_eq!(cage.db().dump_table("people"), by_engine, "{hostile:?}");
        assert!(by_engine.contains(&"(2,stays)".to_owned()));
        cage.intact(hostile);
        seen.insert(by_engine);
    }
    told!("{tried} hostile secrets, {} different pseudonyms; {refused} refused for control characters", seen.len());
    assert!(tried > 40 && seen.len() > 20, "{} of {tried}", seen.len());
}
