//! A policy held against a live database as `check` does, and its script run: what was foreseen, and what happens.

use std::collections::BTreeSet;

use efface::catalog::Catalog;
use efface::diagnostic::{Diagnostic, Report, Severity, render};
use efface::ident::TableName;
use efface::server::ask;
use efface::source::SourceFile;
use efface::sql::{Role, Script};
use efface::{plan, policy, resolve, sql};
use tokio_postgres::types::Type;

use crate::cases::secret;
use crate::harness::Db;

/// What check says about a policy.
pub struct Checked {
    pub file: SourceFile,
    pub report: Report,
    /// Where the policy can be planned, whatever the server says about it.
    pub script: Option<Script>,
}

impl Checked {
    pub fn findings(&self) -> Vec<&Diagnostic> {
        self.report.sorted()
    }

    pub fn errors(&self) -> Vec<&Diagnostic> {
        self.findings().into_iter().filter(|found| found.severity == Severity::Error).collect()
    }

    pub fn text(&self) -> String {
        render::text(&self.report, &self.file, false)
    }
}

/// Everything that check finds, the server's answers too.
pub fn check(db: &Db, catalog: &Catalog, text: &str) -> Checked {
    let file = SourceFile::new("policy.yaml", text);
    let planned = || -> Result<_, Report> {
        let read = policy::read(&file)?;
        let resolved = resolve::resolve(&read.value, catalog)?;
        let plan = plan::plan(&resolved.value.policy, &resolved.value.catalog)?;
        Ok((resolved, plan))
    };
    let (resolved, plan) = match planned() {
        Ok(found) => found,
        Err(report) => return Checked { file, report, script: None },
    };
    let mut report = resolved.warnings;
    let (policy, catalog) = (&resolved.value.policy, &resolved.value.catalog);
    let settings = sql::explain::settings(&plan, catalog, false);
    for question in sql::probe::questions(&plan, policy, catalog) {
        let answer = db.block_on(ask::answer(&db.connection().client, &settings, &question)).expect("a connection");
        let found = answer.and_then(|answer| question.finding(&answer));
        if let Some(found) = found.filter(|found| !policy.accepts(found)) {
            report.push(found);
        }
    }
    let script = Some(sql::script(&plan, catalog, &file));
    Checked { file, report, script }
}

/// The live catalog, with these tables only: others are nobody's to decide.
pub fn part(catalog: &Catalog, tables: &BTreeSet<TableName>) -> Catalog {
    let mut part = catalog.part(tables);
    part.observed = catalog.observed.clone();
    part
}

/// Runs a script to its end, or rolls back and says why.
pub fn run(db: &Db, script: &Script, key: &str) -> Result<(), String> {
    let client = &db.connection().client;
    let outcome = db.block_on(async {
        for statement in &script.statements {
            let done = match &statement.role {
                Role::BindSubject { bound, .. } => {
                    client.query_typed(bound.as_str(), &[(&key, Type::TEXT)]).await.map(drop)
                }
                Role::CopySecret { copy } => secret(client, copy.as_str()).await,
                _ => client.simple_query(statement.sql.as_str()).await.map(drop),
            };
            done.map_err(|error| {
                let told = error.as_db_error().unwrap_or_else(|| panic!("{error}"));
                let (code, title) = (told.code().code(), &statement.title);
                format!("{code} at {title}: {}\n{}", told.message(), statement.sql.as_str())
            })?;
        }
        Ok(())
    });
    if outcome.is_err() {
        db.sql("ROLLBACK");
    }
    outcome
}
