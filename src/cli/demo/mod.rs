//! `efface demo`: a throw-away PostgreSQL, a fitness club, the whole story.
//!
//! Every step calls what the subcommand of that name calls; only the looking before and after is the demo's own.

use std::time::Instant;

use sha2::{Digest, Sha256};
use tokio_postgres::{Client, SimpleQueryMessage};

use super::arguments::{DemoArguments, Subjects};
use super::failure::{Exit, Failure};
use super::ledger;
use super::load::{self, Live, Loaded, Wanted};
use super::output::Output;
use super::rehearse::{Given, Intent, interrupted, transaction};
use super::whose::Whose;
use crate::review::{Account, Estimates, count, ledger_text, text};
use crate::server::throwaway::{Server, find_or_install};
use crate::server::{ServerError, Settings, connect};
use crate::source::SourceFile;

const SCHEMA: &str = include_str!("../../../examples/fitness-club/schema.sql");
const DATA: &str = include_str!("../../../examples/fitness-club/data.sql");
const REPORTS: &str = include_str!("../../../examples/fitness-club/reports.sql");
const POLICY: &str = include_str!("../../../policies/client-erasure.yaml");
const POLICY_NAME: &str = "policies/client-erasure.yaml";

/// The client who goes.
const CLIENT: &str = "42";
/// The client who owes money.
const DEBTOR: &str = "43";

pub(super) async fn run(arguments: &DemoArguments, output: &Output) -> Result<(), Failure> {
    let begun = Instant::now();
    let tell = |line: &str| output.result(&format!("{line}\n"));
    let throwaway = |error: crate::server::throwaway::ThrowawayError| Failure::refused(error.to_string());
    tell("A throw-away PostgreSQL, in a temporary folder and on a socket only:")?;
    let server = Server::start(&find_or_install().map_err(throwaway)?).map_err(throwaway)?;
    let url = server.url("club");
    let live = club(&server, &url, output).await?;
    let version = &live.connection.server_version.text;
    tell(&format!("  PostgreSQL {version} with the fitness club of examples/fitness-club"))?;
    // Once somebody listens for Ctrl-C, it no longer ends the process by itself between the runs either.
    tokio::select! {
        told = story(&live, output) => told?,
        () = interrupted() => return Err(Failure::new(Exit::Interrupted, "interrupted; the server is stopped and removed")),
    }
    tell(&format!("\nAll of it took {:.1} s.", begun.elapsed().as_secs_f32()))?;
    if arguments.keep {
        let stop = server.keep().map_err(throwaway)?;
        tell(&format!("\nThe server keeps running. To play with it:\n  export DATABASE_URL='{url}'"))?;
        tell(&format!("  efface rehearse {POLICY_NAME} --subject 44\nTo stop it and remove what it left:\n  {stop}"))?;
    }
    Ok(())
}

/// The club's database, loaded and connected to.
async fn club(server: &Server, url: &str, output: &Output) -> Result<Live, Failure> {
    let refused = |error: ServerError| Failure::server(error, output.detail);
    let settings = |url: &str| {
        // Nothing of the user's own settings: this server is ours.
        Settings::resolve(Some(url), &|_| None).map_err(|error| Failure::refused(error.to_string()))
    };
    let first = connect(&settings(&server.url("postgres"))?, "efface demo").await.map_err(refused)?;
    batch(&first.client, "CREATE DATABASE club", output).await?;
    first.close().await;
    let settings = settings(url)?;
    let connection = connect(&settings, "efface demo").await.map_err(refused)?;
    for sql in [SCHEMA, DATA, "ANALYZE"] {
        batch(&connection.client, sql, output).await?;
    }
    Ok(Live { settings, connection })
}

async fn batch(client: &Client, sql: &str, output: &Output) -> Result<(), Failure> {
    client.batch_execute(sql).await.map_err(|error| Failure::server(error.into(), output.detail))
}

async fn story(live: &Live, output: &Output) -> Result<(), Failure> {
    let client = &live.connection.client;
    let tell = |line: &str| output.result(&format!("{line}\n"));

    tell(&format!("\nBefore: the monthly reports, and where client {CLIENT} can be found"))?;
    let reports = reports(client, output).await?;
    reports.iter().try_for_each(|report| tell(&format!("  {}", report.line())))?;
    batch(client, include_str!("search.sql"), output).await?;
    found(client, output).await?.iter().try_for_each(|line| tell(&format!("  {line}")))?;

    tell("\n$ efface ledger init")?;
    ledger::make(live, output).await?;
    tell("  schema efface: who was erased, when, by which policy; each entry in the transaction that erases")?;

    tell(&format!("\n$ efface check {POLICY_NAME}"))?;
    let catalog = load::introspected(live, output).await?;
    let whose = subject(CLIENT)?;
    let wanted = Wanted { whose: &whose, ledger: true };
    let loaded = load::load(SourceFile::new(POLICY_NAME, POLICY), wanted, &catalog, output)?;
    tell(&format!("  fits the schema: {}", count(loaded.plan.steps.len() as u64, "step")))?;

    tell(&format!("\n$ efface plan {POLICY_NAME}    (its steps; run it yourself to see all of it)"))?;
    steps(&loaded).iter().try_for_each(|line| tell(line))?;

    tell(&format!("\n$ efface rehearse {POLICY_NAME} --subject {CLIENT}"))?;
    let client_given = given(CLIENT, &loaded)?;
    let rehearsed = run_for(live, &loaded, &client_given, Intent::Rehearse, output).await?;
    let rows = |rows: u64| count(rows, "row");
    let (erased, changed) =
        (rehearsed.erased.iter().map(|it| it.rows).sum(), rehearsed.anonymised.iter().map(|it| it.rows).sum());
    tell(&format!("  would delete {} and change {}; everything was rolled back", rows(erased), rows(changed)))?;

    tell(&format!("\n$ efface apply {POLICY_NAME} --subject {DEBTOR} --yes    (a client who owes money)"))?;
    let debtor = given(DEBTOR, &loaded)?;
    blocked(run_for(live, &loaded, &debtor, Intent::Apply, output).await, output)?;

    tell(&format!("\n$ efface apply {POLICY_NAME} --subject {CLIENT} --yes"))?;
    let receipt = run_for(live, &loaded, &client_given, Intent::Apply, output).await?;
    receipt.text().lines().try_for_each(|line| tell(&format!("  {line}")))?;

    tell(&format!("\nAfter: the same reports, and where client {CLIENT} can be found"))?;
    let after = self::reports(client, output).await?;
    if after != reports {
        return Err(Failure::new(Exit::Bug, "a report moved, and the run did not notice"));
    }
    after.iter().try_for_each(|report| tell(&format!("  {}, as before", report.line())))?;
    found(client, output).await?.iter().try_for_each(|line| tell(&format!("  {line}")))?;

    tell(&format!("\n$ efface apply {POLICY_NAME} --subject {CLIENT} --yes    (once more)"))?;
    if transaction(live, &loaded, &client_given, Intent::Apply, output).await?.is_some() {
        return Err(Failure::new(Exit::Bug, "a client was erased twice, and the ledger did not notice"));
    }
    tell("  the ledger knows the client, and nothing is left: nothing to do")?;

    tell("\n$ efface ledger list && efface ledger verify --head …    (the digest in the receipt)")?;
    let listed = ledger_text(&ledger::entries(live, output).await?);
    let head = receipt.ledger.map(|entry| entry.digest);
    let verified = ledger::verified(live, head, output).await?;
    if !verified.findings.is_empty() {
        return Err(Failure::new(Exit::Bug, "the ledger is not whole"));
    }
    listed.lines().chain(verified.text().lines()).try_for_each(|line| tell(&format!("  {line}")))
}

/// A run for somebody who is named.
async fn run_for(
    live: &Live,
    loaded: &Loaded,
    given: &Given,
    intent: Intent,
    output: &Output,
) -> Result<Account, Failure> {
    let nobody = || Failure::new(Exit::Bug, "a client was named, and the run was for nobody");
    transaction(live, loaded, given, intent, output).await?.ok_or_else(nobody)
}

/// What a run for one client is given; the club's policy makes no pseudonyms.
fn given(key: &str, loaded: &Loaded) -> Result<Given, Failure> {
    Ok(Given { keys: subject(key)?.keys(loaded)?, secret: None, again: false, max_block: None })
}

/// The subject, as if it had been typed.
fn subject(key: &str) -> Result<Whose, Failure> {
    Whose::read(&Subjects { subjects: vec![key.to_owned()], ..Subjects::default() })
}

/// The numbered steps of the plan's page.
fn steps(loaded: &Loaded) -> Vec<String> {
    let page = text(&loaded.reviewed(&Estimates::default()));
    let is_step = |line: &&str| line.starts_with("  ") && line[2..].starts_with(|first: char| first.is_ascii_digit());
    page.lines().filter(is_step).map(str::to_owned).collect()
}

/// The guard has to block; anything else is a failure of the demo.
fn blocked(run: Result<Account, Failure>, output: &Output) -> Result<(), Failure> {
    match run {
        Ok(_) => Err(Failure::new(Exit::Bug, format!("client {DEBTOR} owes money, and no guard blocked"))),
        Err(failure) if failure.exit == Exit::Findings => {
            let message = failure.message.unwrap_or_default();
            output.result(&format!("  error: {message}\n"))?;
            failure.notes.iter().try_for_each(|note| output.result(&format!("    = note: {note}\n")))
        }
        Err(failure) => Err(failure),
    }
}

/// One of the club's reports, as a name, a number of rows and their digest.
#[derive(Debug, PartialEq, Eq)]
struct ReportRows {
    name: String,
    rows: u64,
    digest: String,
}

impl ReportRows {
    fn line(&self) -> String {
        format!("{:<32} {:>12}  sha256:{}", self.name, count(self.rows, "row"), &self.digest[..12])
    }
}

async fn reports(client: &Client, output: &Output) -> Result<Vec<ReportRows>, Failure> {
    let answers = client.simple_query(REPORTS).await.map_err(|error| Failure::server(error.into(), output.detail))?;
    // Above each query of the file stands its name: a comment right before the SELECT.
    let lines: Vec<_> = REPORTS.lines().collect();
    let names =
        lines.windows(2).filter(|pair| pair[1].starts_with("SELECT")).map(|pair| pair[0].trim_start_matches("-- "));
    let mut names = names.map(str::to_owned);
    let (mut reports, mut digest, mut rows) = (Vec::new(), Sha256::new(), 0);
    for answer in &answers {
        match answer {
            SimpleQueryMessage::Row(row) => {
                rows += 1;
                for column in 0..row.len() {
                    let value = row.try_get(column).ok().flatten();
                    digest.update(value.map_or(0, |value: &str| value.len() as u64 + 1).to_be_bytes());
                    digest.update(value.unwrap_or_default().as_bytes());
                }
            }
            SimpleQueryMessage::CommandComplete(_) => {
                let digest = crate::catalog::hexadecimal(&std::mem::take(&mut digest).finalize());
                reports.push(ReportRows { name: names.next().unwrap_or_default(), rows, digest });
                rows = 0;
            }
            _ => {}
        }
    }
    Ok(reports)
}

/// Where the client's old values stand now, one line for each kind; the values themselves stay on the server.
async fn found(client: &Client, output: &Output) -> Result<Vec<String>, Failure> {
    let rows = client.simple_query(include_str!("found.sql")).await;
    let rows = rows.map_err(|error| Failure::server(error.into(), output.detail))?;
    let lines = rows.iter().filter_map(|answer| match answer {
        SimpleQueryMessage::Row(row) => {
            let column = |at| row.try_get(at).ok().flatten().unwrap_or_default();
            let rows = count(column(1).parse().unwrap_or(0), "row");
            Some(format!("{:<32} {rows:>12}  {}", column(0), column(2)))
        }
        _ => None,
    });
    Ok(lines.collect())
}
