//! What the database keeps of rows elsewhere: materialized views, planner statistics, what triggers write, what is sent away.

mod case_12;
mod published;
mod statistics;
mod triggers;
mod views;

use crate::harness::Db;
use crate::telling::efface;

/// What the tool answered.
struct Ran {
    out: String,
    err: String,
    code: Option<i32>,
}

fn run(db: &Db, policy: &str, line: &str) -> Ran {
    let (out, err, code) = efface(db, policy, line);
    // What the tests mark must stand in no output, whatever is told.
    assert!(!out.contains("SECRET") && !err.contains("SECRET"), "{out}{err}");
    Ran { out, err, code }
}

/// A run that has to end with this code.
fn ends(db: &Db, policy: &str, line: &str, code: i32) -> Ran {
    let ran = run(db, policy, line);
    assert_eq!(ran.code, Some(code), "{line}: {}{}", ran.out, ran.err);
    ran
}

/// The receipt of a run that has to end with this code.
fn receipt(db: &Db, policy: &str, code: i32) -> serde_json::Value {
    let ran = ends(db, policy, "apply p.yaml --subject 1 --yes --format json", code);
    serde_json::from_str(&ran.out).expect("a receipt")
}

/// The sentences of a list in a receipt.
fn said(receipt: &serde_json::Value, list: &str) -> Vec<String> {
    let lines = receipt[list].as_array().into_iter().flatten();
    lines.map(|line| line.as_str().expect("a sentence").to_owned()).collect()
}

/// A session of another role in the same database.
fn as_role(db: &Db, role: &str) -> Db {
    let url = db.url().replacen("user=postgres", &format!("user={role}"), 1);
    assert_ne!(url, db.url(), "the address names its role");
    Db::open(&url)
}
