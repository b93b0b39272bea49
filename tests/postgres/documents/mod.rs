//! Do edits in documents do what a naive model says, whatever the documents look like?
//!
//! Many tables of hostile documents, each with edits of its own, in one masked copy: `json`, `jsonb`, arrays, domains. Then
//! the same run once more, which must not write a row where everything is as it should be.

mod generate;
mod json;
mod judge;
mod model;

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use efface::catalog::Catalog;
use efface::diagnostic::{Code, render};
use efface::plan::{Plan, plan, touched_tables};
use efface::resolve::{Resolved, ResolvedPolicy, resolve};
use efface::server::apply::{Bounds, Finished, Mode, Order, Progress, run};
use efface::server::{Secret, connect};
use efface::source::SourceFile;
use efface::sql::probe::{self, Answer};
use efface::sql::{Statement, script};

use crate::harness::{Db, settings};
use crate::oracle::rng::Rng;
use json::{Json, parse};
use judge::{judge, notices};
use model::Edits;

const TABLES: usize = 40;
const ROWS: usize = 30;
/// The columns, and whether they take what only `json` does.
const COLUMNS: &[(&str, &str, bool)] = &[
    ("j", "json", true),
    ("b", "jsonb", false),
    ("d", "doc", false),
    ("js", "json[]", true),
    ("bs", "jsonb[]", false),
];

/// Documents of one column of one row: none for NULL, several for an array, of which some may be NULL.
type Cell = Option<Vec<Option<Json>>>;

struct Table {
    edits: Edits,
    before: Vec<Vec<Cell>>,
    after: Vec<Vec<Cell>>,
}

#[test]
fn edits_in_documents_do_what_the_model_says() {
    let seed = std::env::var("EFFACE_ORACLE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let rng = &mut Rng::new(seed);
    let db = Db::with("create domain doc as jsonb check (value is null or jsonb_typeof(value) <> 'nothing')");
    let mut policy = "version: 1\nname: documents\nevery_row: true\ntables:\n".to_owned();
    let mut edits = Vec::new();
    for table in 0..TABLES {
        let made = generate::edits(rng);
        let columns: String = COLUMNS.iter().map(|(name, ty, _)| format!(", {name} {ty}")).collect();
        let mut sql = format!("create table t{table} (id int primary key{columns});\n");
        for row in 0..ROWS {
            let cells: String = COLUMNS.iter().map(|(_, ty, odd)| format!(", {}", cell(rng, ty, *odd))).collect();
            sql.push_str(&format!("insert into t{table} values ({row}{cells});\n"));
        }
        db.sql(&sql);
        policy.push_str(&format!("  t{table}:\n    columns:\n      id: keep\n"));
        for (name, ..) in COLUMNS {
            policy.push_str(&format!("      {name}: {}\n", generate::yaml(rng, &made)));
        }
        edits.push(made);
    }
    // As the engine asks: compiling these questions takes longer than answering them.
    db.sql("set jit = off");
    let missed = settle(&db, &policy, &edits);
    let versions = |table: usize| db.rows(&format!("select xmin::text from t{table} order by id"));
    let before: Vec<_> = (0..TABLES).map(|table| (cells(&db, table), versions(table))).collect();
    apply(&db, &policy);
    let written: Vec<_> = (0..TABLES).map(versions).collect();
    let tables: Vec<Table> = edits
        .into_iter()
        .zip(&before)
        .enumerate()
        .map(|(table, (edits, (before, _)))| Table { edits, before: before.clone(), after: cells(&db, table) })
        .collect();
    for (number, table) in tables.iter().enumerate() {
        if let Err(difference) = judge(table, &table.edits) {
            panic!("seed {seed}, table t{number}: {:?}\n{difference}", table.edits);
        }
        if table.edits.is_idempotent() {
            for (row, versions) in before[number].1.iter().zip(&written[number]).enumerate() {
                let same = table.before[row] == table.after[row];
                assert_eq!(
                    versions.0 == versions.1,
                    same,
                    "seed {seed}: only what changes is written: t{number}, row {row}"
                );
            }
        }
    }
    apply(&db, &policy);
    for (number, table) in tables.iter().enumerate().filter(|(_, table)| table.edits.is_idempotent()) {
        assert_eq!(
            versions(number),
            written[number],
            "seed {seed}: nothing is left to do: t{number}: {:?}",
            table.edits
        );
    }
    notices(&tables);
    tell(seed, &tables, missed);
}

#[test]
fn the_longest_path_leads_to_the_value_of_the_deepest_document() {
    let levels = efface::action::document::MAX_STEPS;
    let path = format!("${}", ".k".repeat(levels));
    let elements = format!("\"${}.x\"", "[*]".repeat(levels - 1));
    let nested = |value: &str| format!("{}{value}{}", "{\"k\": ".repeat(levels - 1), "}".repeat(levels - 1));
    let in_lists = format!("{}{{\"x\": 1}}{}", "[".repeat(levels - 1), "]".repeat(levels - 1));
    // As deep as a server takes it at all: nothing may need more of its stack than reading it did.
    let deep = format!("{}1{}", "[".repeat(6_000), "]".repeat(6_000));
    let db = Db::with("create table t (id int primary key, b jsonb, j json, l jsonb, m json)");
    let object = nested(&format!("{{\"k\": 1, \"deep\": {deep}}}"));
    db.sql(&format!("insert into t values (1, '{object}', '{object}', '{in_lists}', '{in_lists}')"));
    let decision = |path: &str| format!("{{ json: {{ {path}: {{ mask: x }} }}, other_keys: keep }}");
    let columns = [("b", &path), ("j", &path), ("l", &elements), ("m", &elements)];
    let columns: String = columns.iter().map(|(name, path)| format!(", {name}: {}", decision(path))).collect();
    apply(
        &db,
        &format!("version: 1\nname: deep\nevery_row: true\ntables:\n  t: {{ columns: {{ id: keep{columns} }} }}\n"),
    );
    let object = nested(&format!("{{\"k\": \"x\", \"deep\": {deep}}}"));
    let in_lists = in_lists.replace('1', "\"x\"");
    let same = format!("b = '{object}' and j::jsonb = '{object}' and l = '{in_lists}' and m::jsonb = '{in_lists}'");
    assert_eq!(db.value(&format!("select {same} from t")), "t");
}

#[test]
fn a_check_with_a_database_knows_documents_that_no_path_was_meant_for() {
    let db = Db::with(
        "create table users (id int primary key, role text, profile jsonb, tags jsonb[], \
             constraint named check (profile ? 'name'));
         insert into users values
             (1, 'client', '{\"name\": 1, \"contacts\": {\"email\": 1}}', array['[1]'::jsonb, '{\"a\": 1}']),
             (2, 'staff', '{\"name\": 1, \"contacts\": {\"email\": 1}}', null),
             (3, 'client', '{\"name\": 1, \"contacts\": []}', array['{}'::jsonb])",
    );
    let policy = "version: 1\nname: p\nsubject: { table: users, where: role = 'client' }\ntables:\n  users:\n    columns:\n      id: keep\n      \
         role: keep\n      profile: { json: { \"$.contacts[*].email\": null, $.name: remove }, other_keys: keep }\n      \
         tags: { json: { \"$[*]\": remove }, other_keys: keep }\n";
    let ready = Ready::new(&db, policy);
    let mut report = efface::diagnostic::Report::default();
    for question in probe::questions(&ready.plan, &ready.policy, &ready.catalog).into_iter().filter(asks) {
        let rows = db.value(question.sql.as_str()).parse().expect("a count");
        if rows > 0 {
            report.push(question.finding(&Answer::Wrong(rows)).expect("a finding"));
        }
    }
    insta::assert_snapshot!(render::text(&report, &ready.file, false));
}

/// Whether a question is about rows; others ask whether the author's SQL may be asked at all.
fn asks(question: &probe::Question) -> bool {
    question.runs && !question.sql.as_str().starts_with("EXPLAIN")
}

/// Holds what the server says about documents that the paths miss against the model, and takes these away: a run would
/// fail, as a case shows. How many.
fn settle(db: &Db, policy: &str, edits: &[Edits]) -> usize {
    let mut wanted: BTreeMap<String, u64> = BTreeMap::new();
    let mut taken = String::new();
    for (table, edits) in edits.iter().enumerate() {
        for (id, row) in cells(db, table).into_iter().enumerate() {
            for (cell, (name, ..)) in row.into_iter().zip(COLUMNS) {
                if cell.into_iter().flatten().flatten().any(|document| edits.misses(&document)) {
                    *wanted.entry(format!("t{table}.{name}")).or_default() += 1;
                    taken.push_str(&format!("update t{table} set {name} = null where id = {id};\n"));
                }
            }
        }
    }
    let ready = Ready::new(db, policy);
    let mut found = BTreeMap::new();
    for question in probe::questions(&ready.plan, &ready.policy, &ready.catalog).into_iter().filter(asks) {
        let rows = db.value(question.sql.as_str()).parse().expect("a count");
        let Some(finding) = (rows > 0).then(|| question.finding(&Answer::Wrong(rows))).flatten() else { continue };
        assert_eq!(finding.code, Code::PathMisses);
        let column = finding.message.split('`').nth(1).expect("a column").to_owned();
        found.insert(column, rows);
    }
    assert_eq!(found, wanted);
    db.sql(&taken);
    wanted.values().sum::<u64>() as usize
}

/// A policy that is ready to run.
struct Ready {
    file: SourceFile,
    policy: ResolvedPolicy,
    catalog: Catalog,
    plan: Plan,
}

impl Ready {
    fn new(db: &Db, policy: &str) -> Self {
        let file = SourceFile::new("policy.yaml", policy);
        let told = |report| render::text(&report, &file, false);
        let written = efface::policy::read(&file).map_err(told).unwrap_or_else(|text| panic!("{text}")).value;
        let resolved = resolve(&written, &db.catalog()).map_err(told).unwrap_or_else(|text| panic!("{text}")).value;
        let Resolved { policy, catalog } = resolved;
        let plan = plan(&policy, &catalog).map_err(told).unwrap_or_else(|text| panic!("{text}"));
        Self { file, policy, catalog, plan }
    }
}

/// A literal, or an array of them.
fn cell(rng: &mut Rng, ty: &str, odd: bool) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    if rng.chance(4) {
        return "null".to_owned();
    }
    let Some(element) = ty.strip_suffix("[]") else { return quoted(&generate::document(rng, odd)) };
    let items = (0..rng.below(4))
        .map(|_| if rng.chance(10) { "null".to_owned() } else { quoted(&generate::document(rng, odd)) });
    let items: Vec<String> = items.collect();
    format!("array[{}]::{element}[]", items.join(", "))
}

/// Every document of a table, row by row.
fn cells(db: &Db, table: usize) -> Vec<Vec<Cell>> {
    let column = |(name, ty, _): &(&str, &str, bool)| {
        let single = format!("array[{name}]::text[]");
        let all = if ty.ends_with("[]") { format!("{name}::text[]") } else { single };
        format!(
            "case when {name} is not null then (select coalesce(string_agg(coalesce(d, '~'), E'\\x02' order by n), '-') \
                 from unnest({all}) with ordinality as u (d, n)) end"
        )
    };
    let columns: Vec<String> = COLUMNS.iter().map(column).collect();
    let rows = db.rows(&format!("select {} from t{table} order by id", columns.join(", ")));
    let document = |text: &str| (text != "~").then(|| parse(text));
    let read = |text: String| if text == "-" { Vec::new() } else { text.split('\u{2}').map(document).collect() };
    rows.into_iter().map(|row| row.into_iter().map(|cell| cell.map(read)).collect()).collect()
}

/// Runs a policy for every row, as the command line would.
fn apply(db: &Db, policy: &str) {
    let Ready { file, policy, catalog, plan } = Ready::new(db, policy);
    let script = script(&plan, &catalog, &file);
    let tables = touched_tables(&plan, &policy, &catalog);
    let secret = Secret::new("a secret of sixteen characters and more").expect("a secret");
    let order = Order {
        script: &script,
        keys: &[],
        secret: Some(&secret),
        tables: &tables,
        reviewed: &catalog.part(&tables),
        mode: Mode::Apply,
        again: false,
        bounds: Bounds::default(),
    };
    let settings = settings(db.url());
    let finished = db.block_on(async {
        let connection = connect(&settings, "efface tests").await.expect("a session");
        run(&settings, &connection, &order, &mut Unwatched, Box::pin(std::future::pending())).await
    });
    match finished {
        Ok(Finished::Committed(..)) => {}
        Ok(Finished::Rehearsed(_) | Finished::Nobody | Finished::ErasedBefore { .. }) => panic!("nothing is committed"),
        Err(error) => panic!("{error:?}"),
    }
}

struct Unwatched;

impl Progress for Unwatched {
    fn started(&mut self, _: &Statement, _: usize, _: usize) {}
    fn finished(&mut self, _: &Statement, _: Option<u64>, _: Duration) {}
    fn retrying(&mut self, _: u32, _: &str, _: Duration) {}
}

fn tell(seed: u64, tables: &[Table], missed: usize) {
    let documents = |rows: &[Vec<Cell>]| rows.iter().flatten().flatten().flatten().flatten().count();
    let changed = |table: &Table| {
        let rows = table.before.iter().flatten().zip(table.after.iter().flatten());
        rows.filter(|(before, after)| before != after).count()
    };
    let all: usize = tables.iter().map(|table| documents(&table.before)).sum();
    let changed: usize = tables.iter().map(changed).sum();
    let told = format!("{all} documents under {TABLES} sets of edits, {changed} cells changed, {missed} missed");
    writeln!(std::io::stderr(), "documents: seed {seed}: {told}").expect("standard error can be written");
    assert!(changed * 4 > TABLES * ROWS * COLUMNS.len(), "hardly anything changed");
}
