//! What does a live server say about a plan, before anything runs?
//!
//! It is the judge of the author's SQL, of values for their types and of CHECKs, it knows what the role may do, and it
//! estimates rows. All of it in READ ONLY transactions.

use std::collections::BTreeSet;

use super::failure::Failure;
use super::load::{Live, Loaded, Wanted, compile};
use super::output::Output;
use crate::catalog::Catalog;
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::plan::Step;
use crate::review::Estimates;
use crate::server::ServerError;
use crate::server::ask::{self, Objection};
use crate::server::explain::{self, Explained};
use crate::source::SourceFile;
use crate::sql;
use crate::sql::privilege::Needs;

/// A policy that fits, with estimates; or everything that was found.
pub(super) type Examined = Result<(Loaded, Estimates), (SourceFile, Report)>;

/// Holds a policy against the schema, and where there is a session, asks the server what only it can answer.
pub(super) async fn examine(
    file: SourceFile,
    wanted: Wanted<'_>,
    catalog: &Catalog,
    live: Option<&Live>,
    output: &Output,
) -> Result<Examined, Failure> {
    let mut loaded = match compile(file, wanted, catalog) {
        Ok(loaded) => loaded,
        Err(found) => return Ok(Err(found)),
    };
    let Some(live) = live else { return Ok(Ok((loaded, Estimates::default()))) };
    let (estimates, findings) = judge(live, &loaded).await.map_err(|error| Failure::server(error, output.detail))?;
    loaded.warnings.extend(findings);
    Ok(if loaded.warnings.has_errors() { Err((loaded.file, loaded.warnings)) } else { Ok((loaded, estimates)) })
}

/// [`examine`] with what was found printed: for commands that go on only with a policy that fits.
pub(super) async fn load(
    file: SourceFile,
    wanted: Wanted<'_>,
    catalog: &Catalog,
    live: Option<&Live>,
    output: &Output,
) -> Result<(Loaded, Estimates), Failure> {
    match examine(file, wanted, catalog, live, output).await? {
        Ok((loaded, estimates)) => {
            output.findings(&loaded.warnings, &loaded.file);
            Ok((loaded, estimates))
        }
        Err((file, report)) => {
            output.findings(&report, &file);
            Err(Failure::printed())
        }
    }
}

async fn judge(live: &Live, loaded: &Loaded) -> Result<(Estimates, Report), ServerError> {
    let catalog = &loaded.catalog;
    let client = &live.connection.client;
    let mut findings = Report::default();
    let settings = sql::explain::settings(&loaded.plan, catalog, false);
    for question in sql::probe::questions(&loaded.plan, &loaded.policy, catalog) {
        let answer = ask::answer(client, &settings, &question).await?;
        let found = answer.and_then(|answer| question.finding(&answer));
        if let Some(found) = found.filter(|found| !loaded.policy.accepts(found)) {
            findings.push(found);
        }
    }
    let explained = explain(live, loaded).await?;
    // A value or an expression that is refused was told above, in better words.
    let told = findings.has_errors();
    let mut forbidden = BTreeSet::new();
    for (step, objection) in explained.refused.into_iter().filter(|(_, found)| found.sqlstate == "42501" || !told) {
        let step = &loaded.plan.steps[step];
        if objection.sqlstate == "42501" {
            forbidden.insert(step.table);
        }
        findings.push(refused_step(step, catalog, &objection));
    }
    let needs = Needs::of(&loaded.plan);
    let lacking = ask::ask(client, &settings, &needs.question(catalog)).await?;
    for found in
        lacking.ok().flatten().iter().flat_map(|lacking| needs.findings(lacking, &forbidden, &loaded.policy, catalog))
    {
        findings.push(found);
    }
    Ok((explained.estimates, findings))
}

/// The server would not run a step.
fn refused_step(step: &Step, catalog: &Catalog, objection: &Objection) -> Diagnostic {
    let table = catalog.table(step.table).name.bare().to_string();
    let found = match objection.sqlstate.as_str() {
        "42501" => {
            let words = format!("the role may not do this to table `{table}`: {}", objection.message);
            Diagnostic::new(Code::MissingPrivilege, words)
                .help("ask the table's owner for the privilege, or run as another role")
        }
        // The only state of a table for which an UPDATE or DELETE has this code before it has met a row.
        "55000" => {
            Diagnostic::new(Code::SqlRefused, format!("table `{table}` is published, and has no replica identity"))
                .note("a publication sends out what is changed or deleted, and the server refuses what it can't send")
                .help("give the table a primary key, or set its REPLICA IDENTITY; `\\d+` shows the publications")
        }
        _ => Diagnostic::new(
            Code::SqlRefused,
            format!("the server refuses this for table `{table}`: {}", objection.message),
        )
        .help("look at the statement with `efface plan --format sql`, and try it in psql"),
    };
    found.at(step.origin, "this rule asks for it").about(table)
}

async fn explain(live: &Live, loaded: &Loaded) -> Result<Explained, ServerError> {
    let catalog = &loaded.catalog;
    let client = &live.connection.client;
    let (plan, steps) = (&loaded.plan, loaded.plan.steps.len());
    let questions: Vec<_> =
        sql::explain::questions(plan, catalog).into_iter().map(|(step, sql)| explain::Question { step, sql }).collect();
    let sampled = explain::explain(client, &sql::explain::settings(plan, catalog, true), steps, &questions).await;
    match sampled {
        // To choose a sample is to read the subject's table, which the role may not be allowed to; then without one.
        Err(error) if !error.is_lost() => {
            explain::explain(client, &sql::explain::settings(plan, catalog, false), steps, &questions).await
        }
        answered => answered,
    }
}
