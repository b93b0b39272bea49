//! What does planning cost, and how does it grow with the schema?
//!
//! A generated catalog of N tables and 3 N foreign keys, with a policy of N / 5 rules: a fifth of the tables hangs on the
//! subject, up to three keys away, the others reference each other. No server, no randomness.
//!
//!     cargo bench --bench planning            # 100 to 10,000 tables
//!     cargo bench --bench planning -- 1000    # these sizes only
//!
//! Two rows of the table that is printed should differ by the factor of their sizes: "µs per table" stays what it is.

#![allow(clippy::print_stdout, reason = "it is what a bench does")]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use efface::catalog::{self, Catalog};
use efface::diagnostic::render;
use efface::source::SourceFile;
use efface::{plan, policy, resolve, sql};
use serde_json::{Value, json};

const SIZES: [usize; 5] = [100, 300, 1_000, 3_000, 10_000];
const RUNS: usize = 15;

/// What a table is to the subject.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It is the subject's.
    Subject,
    /// So many keys away, by way of that table.
    Below { table: usize, distance: usize },
    /// No key leads from it to the subject.
    Elsewhere,
}

fn name(table: usize) -> String {
    format!("table_{table:05}")
}

/// Every fifth table hangs on the subject: one after the other directly, by the one before, and by the one before that.
fn place(table: usize) -> Place {
    match (table, table % 5, table / 5 % 3) {
        (0, ..) => Place::Subject,
        (_, 0, 1) => Place::Below { table: 0, distance: 1 },
        (_, 0, 2) => Place::Below { table: table - 5, distance: 2 },
        (_, 0, _) => Place::Below { table: table - 5, distance: 3 },
        _ => Place::Elsewhere,
    }
}

/// Whether rows of a table go. One from which others hang stays, and changes.
fn goes(table: usize) -> bool {
    matches!(place(table), Place::Below { distance: 3, .. })
}

fn generated(tables: usize) -> String {
    let column = |name: &str, type_sql: &str, ty: Value| json!({ "name": name, "type_sql": type_sql, "ty": ty, "not_null": false });
    let text = || json!({ "text": { "limit": null } });
    let mut keys = Vec::new();
    let mut found = Vec::new();
    for table in 0..tables {
        let mut columns = vec![
            json!({ "name": "id", "type_sql": "bigint", "ty": "big_int", "not_null": true }),
            column("name", "text", text()),
            column("email", "character varying(200)", json!({ "text": { "limit": 200 } })),
            column("note", "text", text()),
            column("born", "date", json!("date")),
            column("amount", "numeric(10,2)", json!({ "numeric": { "precision": 10, "scale": 2 } })),
            column("created_at", "timestamp with time zone", json!("timestamptz")),
        ];
        let elsewhere = |step: usize| 1 + (table * 7 + step * 5) % (tables - 5) / 5 * 5 + step % 4;
        let parents = match place(table) {
            Place::Below { table: parent, .. } => vec![parent, elsewhere(1), elsewhere(2)],
            Place::Subject | Place::Elsewhere => vec![elsewhere(1), elsewhere(2), elsewhere(3)],
        };
        for (number, parent) in parents.iter().enumerate() {
            let column_name = format!("ref_{number}_id");
            columns.push(column(&column_name, "bigint", json!("big_int")));
            keys.push(json!({
                "name": format!("{}_{column_name}_fkey", name(table)),
                "child": ["public", name(table)],
                "parent": ["public", name(*parent)],
                "pairs": [{ "child": column_name, "parent": "id" }],
            }));
        }
        found.push(json!({
            "name": ["public", name(table)],
            "columns": columns,
            "primary_key": ["id"],
            "unique": [{
                "name": format!("{}_pkey", name(table)),
                "definition": format!("CREATE UNIQUE INDEX {0}_pkey ON public.{0} USING btree (id)", name(table)),
                "columns": ["id"],
            }],
            "indexed": [["id"], ["ref_0_id"], ["ref_1_id"], ["ref_2_id"]],
        }));
    }
    json!({
        "format": catalog::CATALOG_FORMAT, "server_major": 15, "tables": found, "foreign_keys": keys,
        "enums": [], "domains": [], "functions": [], "extensions": [], "others": [],
    })
    .to_string()
}

/// One rule for each table that hangs on the subject.
fn policy_text(tables: usize) -> String {
    let mut text = format!("version: 1\nname: planning\nsubject:\n  table: {}\ntables:\n", name(0));
    for table in (0..tables).step_by(5) {
        let mut path = String::from("ref_0_id");
        let mut above = place(table);
        while let Place::Below { table: parent, distance: 2.. } = above {
            write!(path, " -> {}.ref_0_id", name(parent)).expect("writing to a string");
            above = place(parent);
        }
        let via = if table == 0 { String::new() } else { format!("via: {path}\n      ") };
        let columns = |columns: &str| format!("columns: {{ {columns} }}\n      other_columns: keep");
        let actions = match (goes(table), table / 15 % 3) {
            // Some of them go, the others change: one decision for each row.
            (true, 0) => vec![
                format!("{via}where: note is not null or amount > 0\n      rows: delete"),
                format!("{via}{}", columns("name: null, note: null")),
            ],
            (true, _) => vec![format!("{via}rows: delete")],
            (false, 0) => vec![format!("{via}keep: tax law")],
            (false, 1) => {
                vec![format!(
                    "{via}{}",
                    columns("name: { replace: \"[deleted]\" }, email: { randomize: email }, note: null")
                )]
            }
            (false, _) => {
                vec![format!("{via}{}", columns("name: { replace: x }, email: null, note: null, born: null"))]
            }
        };
        writeln!(text, "  {}:", name(table)).expect("writing to a string");
        actions.iter().for_each(|action| writeln!(text, "    - {action}").expect("writing to a string"));
    }
    text
}

/// How long each stage takes: reading the policy, resolving, planning, writing the script.
const STAGES: [&str; 4] = ["read", "resolve", "plan", "script"];

fn stages(file: &SourceFile, catalog: &Catalog) -> ([Duration; 4], usize) {
    let refused = |report| -> ! { panic!("the generated policy is refused:\n{}", render::text(&report, file, false)) };
    let begun = Instant::now();
    let written = policy::read(file).unwrap_or_else(|report| refused(report)).value;
    let read = begun.elapsed();
    let resolved = resolve::resolve(&written, catalog).unwrap_or_else(|report| refused(report)).value;
    let resolving = begun.elapsed();
    let plan = plan::plan(&resolved.policy, &resolved.catalog).unwrap_or_else(|report| refused(report));
    let planning = begun.elapsed();
    let script = sql::script(&plan, &resolved.catalog, file).text();
    let writing = begun.elapsed();
    assert!(!script.is_empty());
    ([read, resolving - read, planning - resolving, writing - planning], plan.steps.len())
}

/// Whatever else the machine does only adds to a run.
fn fastest(times: impl Iterator<Item = Duration>) -> f64 {
    times.min().unwrap_or_default().as_secs_f64() * 1000.0
}

fn main() {
    // Cargo itself passes `--bench`.
    let asked: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if asked.is_empty() { SIZES.to_vec() } else { asked };
    println!("planning, the fastest of {RUNS} runs, in milliseconds\n");
    print!("{:>8} {:>8} {:>7} {:>7}", "tables", "keys", "rules", "steps");
    STAGES.iter().for_each(|stage| print!(" {stage:>9}"));
    println!(" {:>9} {:>13}", "all", "µs per table");
    for tables in sizes {
        let catalog = catalog::read(&generated(tables)).expect("the generated catalog fits together");
        let file = SourceFile::new("policy.yaml", policy_text(tables));
        let runs: Vec<_> = (0..RUNS).map(|_| stages(&file, &catalog)).collect();
        let rules = file.text().matches("\n    - ").count();
        print!("{tables:>8} {:>8} {rules:>7} {:>7}", catalog.foreign_keys.len(), runs[0].1);
        for stage in 0..STAGES.len() {
            print!(" {:>9.2}", fastest(runs.iter().map(|(times, _)| times[stage])));
        }
        let all = fastest(runs.iter().map(|(times, _)| times.iter().sum()));
        println!(" {all:>9.2} {:>13.1}", all * 1000.0 / tables as f64);
    }
}
