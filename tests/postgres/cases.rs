//! What every case has to be on a real server: its catalog true, its script's effect the same for the engine and for psql.
//!
//! In a case's data, a cell with the word `stays` marks a row that must be the same byte for byte afterwards, and one
//! with the word `gone` a value that must be nowhere.

use std::collections::BTreeSet;
use std::io::{Cursor, Write};
use std::path::PathBuf;
use std::pin::pin;
use std::process::{Command, Stdio};

use efface::catalog::{self, Catalog};
use efface::diagnostic::{Report, render};
use efface::plan::Plan;
use efface::server::ask::hazards;
use efface::sql::search_path::Hazard;
use efface::sql::{ASSERTION_FAILED, Role, Script};
use efface::{policy, resolve, sql};
use futures_util::SinkExt;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::case::{Case, Ends, each};
use crate::harness::{Db, binaries};
use crate::state::{State, random_columns};

/// A fresh database with the case's schema and data.
pub fn loaded(case: &Case) -> Db {
    let db = Db::with(&case.file("schema.sql"));
    db.sql(&case.file("data.sql"));
    db
}

/// `UPDATE_CATALOGS=1` writes the files instead.
#[test]
fn every_recorded_catalog_is_what_introspection_says() {
    let update = std::env::var_os("UPDATE_CATALOGS").is_some();
    each(|case| {
        let found = catalog::write(&Db::with(&case.file("schema.sql")).catalog());
        // One record serves every server: the major version is the server's business.
        let found = with_major(&found, 15);
        let path = case.folder.join("catalog.json");
        // Another test reads these files meanwhile.
        if update && std::fs::read_to_string(&path).ok().as_ref() != Some(&found) {
            std::fs::write(&path, &found).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
        assert_eq!(case.file("catalog.json"), found, "UPDATE_CATALOGS=1 records it anew");
    });
}

fn with_major(text: &str, major: u32) -> String {
    let mut catalog = catalog::read(text).expect("what was written is read");
    catalog.server_major = major;
    catalog::write(&catalog)
}

#[test]
fn every_case_ends_as_its_story_says_by_the_engine_s_way_and_by_psql() {
    each(|case| {
        let db = loaded(case);
        let catalog = db.catalog();
        let (plan, script) = match scripted(case, &catalog) {
            Ok(found) => found,
            Err(_) if case.ends == Ends::Refused => return,
            Err(report) => panic!("refused:\n{}", render::text(&report, &case.policy, false)),
        };
        let on_record = scripted(case, &catalog::read(&case.file("catalog.json")).expect("the recorded catalog"));
        assert_eq!(
            on_record.map(|(_, script)| script).ok().as_ref(),
            Some(&script),
            "the record makes the same script"
        );
        // The search for planted objects must not cry wolf.
        db.sql("BEGIN");
        let found = db.block_on(hazards(&db.connection().client, &script.path)).expect("an answer");
        db.sql("COMMIT");
        assert_eq!(found, BTreeSet::<Hazard>::new());
        let before = State::of(&db, &catalog);
        let outcome = run(&db, case, &script);
        let ended = outcome.as_ref().map_or_else(|failure| Ends::Fails(failure.sqlstate.clone()), |_| Ends::Committed);
        assert_eq!(ended, case.ends, "{outcome:?}");
        let after = State::of(&db, &catalog);
        laws(case, &before, &after);

        let copy = loaded(case);
        assert_eq!(State::of(&copy, &catalog), before, "the data are the same at every load");
        let psql = by_psql(&copy, case, &script);
        assert_eq!(psql.is_ok(), outcome.is_ok(), "psql says otherwise: {psql:?}");
        let random = random_columns(&plan, &catalog);
        let psql = State::of(&copy, &catalog);
        assert_eq!(psql.masked(&before, &random), after.masked(&before, &random), "psql leaves the same state");

        let told = match &outcome {
            Ok(counts) => counts.join("\n"),
            Err(failure) => format!("{} at: {}\n{}", failure.sqlstate, failure.title, failure.message),
        };
        case.snapshot("state", &format!("{told}\n{}", after.difference(&before, &random)));
    });
}

/// The plan and its script, or what check or plan refuses.
fn scripted(case: &Case, catalog: &Catalog) -> Result<(Plan, Script), Report> {
    let written = policy::read(&case.policy)?;
    let resolved = resolve::resolve(&written.value, catalog)?;
    let (policy, catalog) = (&resolved.value.policy, &resolved.value.catalog);
    let plan = case.plan(policy, catalog)?;
    let script = sql::script(&plan, catalog, &case.policy);
    Ok((plan, script))
}

/// Runs the script as another role; what went wrong.
pub fn run_as(db: &Db, case: &Case, script: &Script, role: &str) -> Result<(), String> {
    db.sql(&format!("SET ROLE {role}"));
    let outcome = run(db, case, script).map(drop).map_err(|failure| format!("{failure:?}"));
    db.sql("RESET ROLE");
    outcome
}

/// How a statement failed: nothing that quotes a row.
#[derive(Debug)]
struct Failure {
    sqlstate: String,
    title: String,
    message: String,
}

/// Runs the statements one by one, as the engine does; the row counts of the steps, or the failure.
fn run(db: &Db, case: &Case, script: &Script) -> Result<Vec<String>, Failure> {
    if let Some(role) = &case.role {
        db.sql(&format!("SET ROLE {role}"));
    }
    let client = &db.connection().client;
    let (mut counts, mut ran) = (Vec::new(), Vec::new());
    let outcome = db.block_on(async {
        for statement in &script.statements {
            let done = match &statement.role {
                Role::BindSubject { column, bound } => {
                    let key = &case.keys[*column];
                    client.query_typed(bound.as_str(), &[(key, Type::TEXT)]).await.map(|_| Vec::new())
                }
                Role::CopySecret { copy } => secret(client, copy.as_str()).await.map(|()| Vec::new()),
                Role::TellRun { bound } => {
                    let parameters: [(&(dyn ToSql + Sync), Type); 2] =
                        [(&"off", Type::TEXT), (&"the tests", Type::TEXT)];
                    client.query_typed(bound.as_str(), &parameters).await.map(|_| Vec::new())
                }
                Role::TellRows { bound } => {
                    let rows = format!("{{{}}}", ran.iter().map(u64::to_string).collect::<Vec<_>>().join(","));
                    client.query_typed(bound.as_str(), &[(&rows, Type::TEXT)]).await.map(|_| Vec::new())
                }
                Role::Step { .. } => client.execute_typed(statement.sql.as_str(), &[]).await.map(|rows| vec![rows]),
                Role::Together { steps } => client.query_typed_one(statement.sql.as_str(), &[]).await.map(|row| {
                    (0..steps.len()).map(|column| row.get::<_, i64>(column).unsigned_abs()).collect::<Vec<u64>>()
                }),
                Role::ChooseSubjects | Role::NarrowSubjects { .. } => {
                    client.simple_query(statement.sql.as_str()).await.map(|answer| vec![number(&answer)])
                }
                _ => client.simple_query(statement.sql.as_str()).await.map(|_| Vec::new()),
            };
            let rows = done.map_err(|error| {
                let told = error.as_db_error().unwrap_or_else(|| panic!("{error}"));
                let ours = told.code().code() == ASSERTION_FAILED;
                Failure {
                    sqlstate: told.code().code().to_owned(),
                    title: statement.title.clone(),
                    message: if ours { told.message().to_owned() } else { told.constraint().unwrap_or("").to_owned() },
                }
            })?;
            if matches!(statement.role, Role::ChooseSubjects | Role::NarrowSubjects { .. }) {
                counts.push(format!("{}: {}", statement.title, rows[0]));
                if rows == [0] {
                    client.simple_query("ROLLBACK").await.expect("a rollback");
                    return Ok(());
                }
            }
            let (steps, again) = match &statement.role {
                Role::Step { step, sweep } => (vec![*step], if *sweep { " again" } else { "" }),
                Role::Together { steps } => (steps.clone(), ""),
                _ => (Vec::new(), ""),
            };
            for (step, rows) in steps.into_iter().zip(rows) {
                ran.push(rows);
                counts.push(format!("step {}{again}: {}: {rows}", step + 1, statement.title));
            }
        }
        Ok(())
    });
    if outcome.is_err() {
        db.sql("ROLLBACK");
    }
    db.sql("RESET ROLE");
    outcome.map(|()| counts)
}

/// The secret of every case: longer than a block of SHA-256, with what a COPY could misread.
pub const SECRET: &str = "\\N a secret, with \"quotes\", 'more', \\. and \\t, that has more than sixty-four characters";

pub async fn secret(client: &Client, copy: &str) -> Result<(), tokio_postgres::Error> {
    let mut sink = pin!(client.copy_in(copy).await?);
    sink.send(Cursor::new(format!("{SECRET}\n").into_bytes())).await?;
    sink.finish().await.map(|_| ())
}

/// The first column of the only row.
fn number(answer: &[SimpleQueryMessage]) -> u64 {
    let row = answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    row.and_then(|text| text.parse().ok()).expect("a number")
}

/// Runs the script's text as a file; what psql complains of.
fn by_psql(db: &Db, case: &Case, script: &Script) -> Result<(), String> {
    let beside = binaries().program("psql");
    let psql = if beside.exists() { beside } else { PathBuf::from("psql") };
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), script.text()).expect("writing the script");
    let mut command = Command::new(psql);
    command.args(["-X", "-q", "-d", db.url(), "-f"]).arg(file.path());
    for (index, key) in case.keys.iter().enumerate() {
        command.arg("-v").arg(format!("key{}={key}", index + 1));
    }
    if let Some(role) = &case.role {
        command.env("PGOPTIONS", format!("-c role={role}"));
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("psql is there");
    // Where no secret is asked for, psql may be gone before it could be written.
    let _ = writeln!(child.stdin.take().expect("a pipe"), "{SECRET}");
    let output = child.wait_with_output().expect("psql ends");
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// What must hold whatever the snapshot says.
fn laws(case: &Case, before: &State, after: &State) {
    if case.ends != Ends::Committed {
        assert_eq!(after, before, "nothing has changed");
        return;
    }
    let mut marked = 0;
    for (table, rows) in &before.tables {
        for row in rows.iter().filter(|row| row.has("stays")) {
            marked += 1;
            assert!(after.tables[table].contains(row), "a row of {table} that stays was touched: {row:?}");
        }
    }
    assert!(marked > 0, "the data mark no row that stays");
    for (table, rows) in &after.tables {
        let left = rows.iter().find(|row| row.has("gone"));
        assert!(left.is_none(), "a value of {table} that was to go is there: {left:?}");
    }
}
