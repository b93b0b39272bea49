//! `efface ledger`: the tables, the entries, whether they are whole, and the kill switch. And for the runs: may this one be
//! entered?

use std::io::{BufRead, BufReader};
use std::path::Path;

use super::arguments::{
    Database, Format, LedgerCommand, LedgerDisableArguments, LedgerExportArguments, LedgerInitArguments,
    LedgerListArguments, LedgerVerifyArguments,
};
use super::failure::{Exit, Failure};
use super::load::{self, Live};
use super::output::{Output, write_file};
use crate::ident::{Ident, shown};
use crate::review::{Chain, ChainReport, LedgerEntry, ledger_text};
use crate::server::ServerError;
use crate::server::ledger::{self, Found, Ledger};
use crate::sql::{LEDGER_DDL, LEDGER_VERSION, ledger_grants, ledger_grants_told};

pub(super) async fn run(command: &LedgerCommand, output: &Output) -> Result<(), Failure> {
    match command {
        LedgerCommand::Init(arguments) => init(arguments, output).await,
        LedgerCommand::List(arguments) => list(arguments, output).await,
        LedgerCommand::Export(arguments) => export(arguments, output).await,
        LedgerCommand::Verify(arguments) => verify(arguments, output).await,
        LedgerCommand::Disable(arguments) => disable(arguments, output).await,
        LedgerCommand::Enable(database) => enable(database, output).await,
    }
}

async fn init(arguments: &LedgerInitArguments, output: &Output) -> Result<(), Failure> {
    let role = Ident::new(arguments.role.as_str());
    if arguments.print {
        let grants = ledger_grants_told(&role);
        return output.result(&format!("{LEDGER_DDL}\n-- For the role that erases:\n{grants}"));
    }
    let live = load::live(&arguments.database, "efface ledger", output).await?;
    make(&live, output).await?;
    let owner = ledger::owner(&live.connection.client).await.map_err(|error| Failure::server(error, output.detail))?;
    output.say(format!("owned by role `{}`; what another role needs to erase, and nothing more:", shown(&owner)));
    tell_meddlers(&live, output).await?;
    output.result(&ledger_grants(&role))
}

/// Makes the ledger's tables where there are none.
pub(super) async fn make(live: &Live, output: &Output) -> Result<(), Failure> {
    let client = &live.connection.client;
    let refused = |error: ServerError| Failure::server(error, output.detail);
    match ledger::look(client).await.map_err(refused)? {
        Ledger::Absent => {}
        found @ (Ledger::Foreign | Ledger::Unknown(_)) => return Err(unusable(found)),
        Ledger::Forbidden(_) | Ledger::Ready { .. } => {
            output.say(format!("the ledger is there, version {LEDGER_VERSION}; nothing was changed"));
            return Ok(());
        }
    }
    ledger::create(client).await.map_err(|error| {
        let failure = refused(error);
        failure.help("have the database's owner run it, or what `efface ledger init --print` prints")
    })?;
    output.say(format!("the ledger is made: schema efface, version {LEDGER_VERSION}"));
    Ok(())
}

/// Refuses a run that could not be entered, before it begins. The script asks again, under its lock on the switch.
pub(super) async fn may_enter(live: &Live, output: &Output) -> Result<(), Failure> {
    match ledger::look(&live.connection.client).await.map_err(|error| Failure::server(error, output.detail))? {
        Ledger::Ready { off: None } => Ok(()),
        found => Err(unusable(found)),
    }
}

fn unusable(found: Ledger) -> Failure {
    match found {
        Ledger::Absent => Failure::findings("this database has no ledger to enter the run in; nothing was changed")
            .note("by the ledger an erased subject is recognised, and somebody can tell later who was erased when")
            .help("make one with `efface ledger init`, or do without: `--no-ledger`"),
        Ledger::Foreign => Failure::findings("schema `efface` holds tables that are no ledger of efface")
            .help("move them to another schema, or do without a ledger: `--no-ledger`"),
        Ledger::Unknown(version) => Failure::findings(format!(
            "the ledger is of version {version}, and this efface knows version {LEDGER_VERSION}"
        ))
        .help("take the efface that made it, or a newer one"),
        Ledger::Forbidden(lacking) => {
            let failure = Failure::findings("the role may not use the ledger; nothing was changed");
            let failure =
                lacking.into_iter().map(|privilege| format!("it lacks {privilege}")).fold(failure, Failure::note);
            failure.help("have the ledger's owner say what `efface ledger init --role ROLE` prints")
        }
        Ledger::Ready { off } => {
            let reason = off.unwrap_or_default();
            Failure::findings("efface is switched off in this database; nothing was changed")
                .note(shown(&reason).to_string())
                .help("ask whoever switched it off; `efface ledger enable` switches it on again")
        }
    }
}

/// A ledger to read from.
async fn readable(database: &Database, output: &Output) -> Result<Live, Failure> {
    let live = load::live(database, "efface ledger", output).await?;
    match ledger::look(&live.connection.client).await.map_err(|error| Failure::server(error, output.detail))? {
        Ledger::Absent => {
            Err(Failure::findings("this database has no ledger").help("make one with `efface ledger init`"))
        }
        // Who may not write may still read, and is told by the server where not.
        Ledger::Forbidden(_) | Ledger::Ready { .. } => Ok(live),
        found @ (Ledger::Foreign | Ledger::Unknown(_)) => Err(unusable(found)),
    }
}

async fn read(live: &Live, output: &Output, take: impl FnMut(Found)) -> Result<u64, Failure> {
    ledger::read(&live.connection.client, take).await.map_err(|error| Failure::server(error, output.detail))
}

/// The entries; those that can't be read are what `verify` is for.
pub(super) async fn entries(live: &Live, output: &Output) -> Result<Vec<LedgerEntry>, Failure> {
    let (mut entries, mut unreadable) = (Vec::new(), Vec::new());
    read(live, output, |found| match found {
        Found::Entry(entry) => entries.push(*entry),
        Found::Unreadable { seq, .. } => unreadable.push(seq),
    })
    .await?;
    if let Some(seq) = unreadable.first() {
        let failure = Failure::findings(format!("entry {seq} can't be read"));
        return Err(failure.help("`efface ledger verify` names all that were altered"));
    }
    Ok(entries)
}

async fn list(arguments: &LedgerListArguments, output: &Output) -> Result<(), Failure> {
    let live = readable(&arguments.database, output).await?;
    let entries = entries(&live, output).await?;
    output.result(&match arguments.format {
        Format::Text => ledger_text(&entries),
        Format::Json => {
            let json = serde_json::to_string_pretty(&entries).expect("names, texts and numbers are always JSON");
            format!("{json}\n")
        }
    })
}

async fn export(arguments: &LedgerExportArguments, output: &Output) -> Result<(), Failure> {
    let live = readable(&arguments.database, output).await?;
    let lines: String = entries(&live, output).await?.iter().map(LedgerEntry::line).collect();
    match &arguments.out {
        Some(path) => write_file(path, &lines),
        None => output.result(&lines),
    }
}

async fn verify(arguments: &LedgerVerifyArguments, output: &Output) -> Result<(), Failure> {
    let head = arguments.head.as_deref().map(digest).transpose()?;
    let report = match &arguments.export {
        Some(path) => from_file(path, head)?,
        None => {
            let live = readable(&arguments.database, output).await?;
            tell_meddlers(&live, output).await?;
            verified(&live, head, output).await?
        }
    };
    output.result(&match arguments.format {
        Format::Text => report.text(),
        Format::Json => report.json(),
    })?;
    if !report.findings.is_empty() {
        return Err(Failure { exit: Exit::Findings, ..Failure::printed() });
    }
    if report.kept != Some(report.head) {
        output.say(format!("note: {}", ChainReport::LIMIT));
    }
    Ok(())
}

/// What is found out about the ledger of a database.
pub(super) async fn verified(live: &Live, head: Option<String>, output: &Output) -> Result<ChainReport, Failure> {
    let mut chain = Chain::with_head(head);
    let strays = read(live, output, |found| match found {
        Found::Entry(entry) => chain.follow(&entry),
        Found::Unreadable { seq, prev, digest } => chain.follow_unreadable(seq, &prev, &digest),
    });
    let strays = strays.await?;
    chain.strays(strays);
    Ok(chain.end())
}

/// A digest as receipts and lists print it.
fn digest(text: &str) -> Result<String, Failure> {
    let digest = text.strip_prefix("sha256:").unwrap_or(text);
    if digest.len() == 64 && digest.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f')) {
        return Ok(digest.to_owned());
    }
    let failure = Failure::usage("`--head` is not the digest of an entry");
    Err(failure.help("it is 64 hexadecimal digits: a receipt has it in its line `ledger`"))
}

fn from_file(path: &Path, head: Option<String>) -> Result<ChainReport, Failure> {
    let mut chain = Chain::with_head(head);
    let unread = |error: std::io::Error| Failure { exit: Exit::Usage, ..Failure::file(path, "reading", &error) };
    let file = std::fs::File::open(path).map_err(unread)?;
    for (line, number) in BufReader::new(file).lines().zip(1..) {
        let line = line.map_err(unread)?;
        let entry = LedgerEntry::read(&line).map_err(|_| {
            let name = path.to_string_lossy();
            Failure::findings(format!("line {number} of `{}` is no entry", shown(&name)))
                .help("it takes what `efface ledger export` writes")
        })?;
        chain.follow(&entry);
    }
    Ok(chain.end())
}

/// Entries are as safe as the privileges on them.
async fn tell_meddlers(live: &Live, output: &Output) -> Result<(), Failure> {
    let roles =
        ledger::meddlers(&live.connection.client).await.map_err(|error| Failure::server(error, output.detail))?;
    for role in roles {
        output.warn(format!("role `{}` may change or remove entries of the ledger: REVOKE that", shown(&role)));
    }
    Ok(())
}

async fn disable(arguments: &LedgerDisableArguments, output: &Output) -> Result<(), Failure> {
    switch(&arguments.database, Some(&arguments.because), output).await?;
    output.say("efface is switched off in this database");
    Ok(())
}

async fn enable(database: &Database, output: &Output) -> Result<(), Failure> {
    switch(database, None, output).await?;
    output.say("efface is switched on in this database");
    Ok(())
}

async fn switch(database: &Database, off: Option<&str>, output: &Output) -> Result<(), Failure> {
    if off.is_some_and(|reason| reason.trim().is_empty()) {
        return Err(Failure::usage("`--because` is empty").help("say why: it is what the others are told"));
    }
    let live = readable(database, output).await?;
    ledger::switch(&live.connection.client, off).await.map_err(|error| Failure::server(error, output.detail))
}
