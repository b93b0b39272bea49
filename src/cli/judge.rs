//! What does a live server say about a plan, before anything runs?
//!
//! It is the judge of the author's SQL, of values for their types and of CHECKs, it knows what the role may do, and it
//! estimates rows. All of it in READ ONLY transactions.

use std::collections::BTreeSet;

use futures_util::future::try_join4;
use tokio_postgres::Client;

use super::failure::Failure;
use super::load::{Live, Loaded, Wanted, as_if_readable, compile};
use super::output::Output;
use crate::catalog::Catalog;
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::plan::Step;
use crate::review::Estimates;
use crate::server::ServerError;
use crate::server::ask::{self, Objection};
use crate::server::explain::{self, Explained};
use crate::source::SourceFile;
use crate::sql::grants::{self, Besides};
use crate::sql::privilege::Needs;
use crate::sql::row_security::Looks;
use crate::sql::{self, Sql};

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
    // What the role may not read is told with everything else that it lacks.
    let readable = live.map(|_| as_if_readable(catalog));
    let mut loaded = match compile(file, wanted, readable.as_ref().unwrap_or(catalog)) {
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

/// What the server's own catalog says, before any SQL of the policy runs: is the search path safe, has the role what it
/// needs, does row-level security hide something?
async fn beforehand(live: &Live, loaded: &Loaded) -> Result<Beforehand, ServerError> {
    let (plan, script, policy, catalog) = (&loaded.plan, &loaded.script, &loaded.policy, &loaded.catalog);
    let (looks, needs) = (Looks::of(plan, policy, catalog), Needs::of(plan, script, policy, catalog));
    let (client, path) = (&live.connection.client, &script.path);
    let settings = std::slice::from_ref(&path.setting);
    let (filtered, lacking) = (looks.question(), needs.question(catalog));
    // Sent together: each is a transaction of its own.
    let answers = try_join4(
        told(client, settings, &path.sql),
        told(client, settings, &filtered),
        told(client, settings, &lacking),
        besides(live, loaded),
    );
    let (hazards, filtered, lacking, besides) = answers.await?;
    let mut findings = Report::default();
    if let Some(answer) = hazards {
        let hazards = path.hazards(&answer).map_err(ServerError::no_answer)?;
        hazards.iter().for_each(|hazard| findings.push(hazard.finding(policy)));
    }
    if let Some(answer) = filtered {
        let found = looks.findings(&answer).map_err(ServerError::no_answer)?;
        found.into_iter().for_each(|found| findings.push(found));
    }
    if let Some(answer) = lacking {
        let found = needs.findings(&answer, policy, catalog).map_err(ServerError::no_answer)?;
        found.into_iter().for_each(|found| findings.push(found));
    }
    let told: BTreeSet<String> = findings.sorted().iter().flat_map(|found| found.help.iter().cloned()).collect();
    let besides_tables =
        besides.findings(policy).into_iter().filter(|found| !found.help.iter().any(|it| told.contains(it)));
    besides_tables.for_each(|found| findings.push(found));
    Ok(Beforehand { findings, blind: besides.is_blind() })
}

/// What was found before any SQL of the policy ran.
struct Beforehand {
    findings: Report,
    /// Whether names that nobody qualified can't be found, because the role may not look into their schema.
    blind: bool,
}

/// What hangs on the server besides tables.
pub(super) async fn besides(live: &Live, loaded: &Loaded) -> Result<Besides, ServerError> {
    let settings = std::slice::from_ref(&loaded.script.path.setting);
    let question = grants::question(&loaded.plan, &loaded.script, &loaded.policy, &loaded.catalog);
    let answer = told(&live.connection.client, settings, &question).await?;
    Besides::read(&answer.unwrap_or_default()).map_err(ServerError::no_answer)
}

/// The answer to a question that no server has a reason to refuse.
async fn told(client: &Client, settings: &[Sql], question: &Sql) -> Result<Option<String>, ServerError> {
    let refused = |objection: Objection| ServerError::Protocol(format!("{} {}", objection.sqlstate, objection.message));
    ask::ask(client, settings, question).await?.map_err(refused)
}

/// Refuses a run that the server would refuse, or that isn't safe: for commands that don't ask all that `check` asks.
pub(super) async fn allowed(live: &Live, loaded: &Loaded, output: &Output) -> Result<(), Failure> {
    let found = beforehand(live, loaded).await.map_err(|error| Failure::server(error, output.detail))?;
    let findings = found.findings;
    output.findings(&findings, &loaded.file);
    if findings.has_errors() { Err(Failure::printed()) } else { Ok(()) }
}

/// Refuses questions whose answers could not be believed: where others could have a say in them, or rows are hidden.
pub(super) async fn believable(live: &Live, loaded: &Loaded, output: &Output) -> Result<(), Failure> {
    let found = beforehand(live, loaded).await.map_err(|error| Failure::server(error, output.detail))?;
    let concerns = |found: &&Diagnostic| {
        matches!(found.code, Code::SearchPathOpen | Code::SearchPathShadows | Code::RowLevelSecurity)
    };
    let mut findings = Report::default();
    found.findings.sorted().into_iter().filter(concerns).for_each(|found| findings.push(found.clone()));
    output.findings(&findings, &loaded.file);
    if findings.has_errors() { Err(Failure::printed()) } else { Ok(()) }
}

async fn judge(live: &Live, loaded: &Loaded) -> Result<(Estimates, Report), ServerError> {
    let catalog = &loaded.catalog;
    let client = &live.connection.client;
    let Beforehand { mut findings, blind } = beforehand(live, loaded).await?;
    let unsafe_path = |found: &&Diagnostic| matches!(found.code, Code::SearchPathOpen | Code::SearchPathShadows);
    if findings.sorted().iter().any(unsafe_path) {
        // To ask is to run the author's SQL, and with it what others may have planted.
        return Ok((Estimates::default(), findings));
    }
    // The same would be refused again and again, in worse words.
    let foreseen = findings.has_errors();
    let settings = sql::explain::settings(&loaded.plan, catalog, false);
    for question in sql::probe::questions(&loaded.plan, &loaded.policy, catalog) {
        let answer = ask::answer(client, &settings, &question).await?;
        let answer = answer.filter(|answer| !(foreseen && answer.is_about_privileges(blind)));
        let found = answer.and_then(|answer| question.finding(&answer));
        if let Some(found) = found.filter(|found| !loaded.policy.accepts(found)) {
            findings.push(found);
        }
    }
    let explained = explain(live, loaded).await?;
    // A value or an expression that is refused was told above, in better words.
    if !findings.has_errors() {
        for (step, objection) in &explained.refused {
            findings.push(refused_step(&loaded.plan.steps[*step], catalog, objection));
        }
    }
    Ok((explained.estimates, findings))
}

/// The server would not run a step.
fn refused_step(step: &Step, catalog: &Catalog, objection: &Objection) -> Diagnostic {
    let table = catalog.table(step.table).name.bare().to_string();
    let found = match objection.sqlstate.as_str() {
        _ if objection.filtered => {
            let words = format!("row-level security is in the way of changing table `{table}`: {}", objection.message);
            Diagnostic::new(Code::RowLevelSecurity, words)
                .help("have a superuser give BYPASSRLS to whoever reads the table that is named")
        }
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
