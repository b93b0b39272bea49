//! `efface rehearse`: everything but COMMIT.

use std::collections::BTreeMap;
use std::time::Duration;

use super::arguments::{Format, RehearseArguments};
use super::failure::Failure;
use super::judge;
use super::ledger::may_enter;
use super::load::{self, Live, Loaded, Wanted};
use super::output::Output;
use super::progress::Steps;
use super::secret::secret;
use super::whose::Whose;
use crate::plan::touched_tables;
use crate::review::{Account, Estimates};
use crate::server::apply::{
    Bounds, Finished, Leftover, Mode, Order, Receipt, RunError, afterwards, late_arrivals, rehearsal, run as run_script,
};
use crate::server::{Secret, connect};
use crate::sql::Role;

pub(super) async fn run(arguments: &RehearseArguments, output: &Output) -> Result<(), Failure> {
    let file = load::policy_file(&arguments.policy)?;
    let whose = Whose::read(&arguments.subjects)?;
    whose.suits(&file)?;
    let live = load::live(&arguments.database, "efface rehearse", output).await?;
    load::writable(&live, output).await?;
    let catalog = load::introspected(&live, output).await?;
    // As `check` asks: who rehearses wants to know beforehand what the server would refuse.
    let wanted = Wanted { whose: &whose, ledger: !arguments.entered.no_ledger };
    let (loaded, _) = judge::load(file, wanted, &catalog, Some(&live), output).await?;
    let secret = secret(&arguments.secret, &loaded)?;
    let given = Given {
        keys: whose.keys(&loaded)?,
        secret,
        again: arguments.again.again,
        max_block: arguments.waiting.max_block(),
    };
    if wanted.ledger {
        may_enter(&live, output).await?;
    }
    match transaction(&live, &loaded, &given, Intent::Rehearse, output).await? {
        Some(account) => print(&account, arguments.format, output),
        None => Ok(()),
    }
}

/// What a run is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Intent {
    /// To see what would happen.
    Rehearse,
    /// To stay, with statistics refreshed afterwards.
    Apply,
    /// To stay, with statistics left as they are.
    ApplyWithoutAnalyze,
}

/// What a run is given beside its script.
pub(super) struct Given {
    /// The subjects' keys, a list for each column.
    pub keys: Vec<Vec<String>>,
    /// What keys pseudonyms, where the script makes some.
    pub secret: Option<Secret>,
    /// How long others may wait for us.
    pub max_block: Option<Duration>,
    /// Whether whoever was erased before is erased again.
    pub again: bool,
}

/// Runs the script, and the afterwards-steps where it was committed: what `rehearse`, `apply` and `demo` share.
/// Nothing where there was nothing to do: the run was to choose its subjects and there is nobody, or they were erased before.
pub(super) async fn transaction(
    live: &Live,
    loaded: &Loaded,
    given: &Given,
    intent: Intent,
    output: &Output,
) -> Result<Option<Account>, Failure> {
    let mode = if intent == Intent::Rehearse { Mode::Rehearse } else { Mode::Apply };
    let catalog = &loaded.catalog;
    let touched = touched_tables(&loaded.plan, &loaded.policy, catalog);
    let reviewed_part = catalog.part(&touched);
    let order = Order {
        script: &loaded.script,
        keys: &given.keys,
        secret: given.secret.as_ref(),
        tables: &touched,
        reviewed: &reviewed_part,
        mode,
        bounds: Bounds { statement: loaded.plan.limits.statement_timeout, block: given.max_block },
        again: given.again,
    };
    let mut progress = Steps::new(output, &loaded.script);
    let interrupt = Box::pin(interrupted());
    let finished = run_script(&live.settings, &live.connection, &order, &mut progress, interrupt).await;
    progress.end();
    let finished = finished.map_err(|error| {
        let words = unread_key(loaded, &error);
        let failure = Failure::run(error, output.detail);
        match (words, failure.message.clone()) {
            (Some(words), Some(message)) => Failure { message: Some(words), ..failure }.note(message),
            _ => failure,
        }
    })?;
    let estimates = Estimates::default();
    let reviewed = loaded.reviewed(&estimates);
    match finished {
        Finished::Nobody => {
            output.say("nobody is expired; nothing was changed");
            Ok(None)
        }
        Finished::ErasedBefore { entry } => {
            output.say(format!(
                "erased before, by entry {entry} of the ledger, and nothing is left; nothing was changed"
            ));
            Ok(None)
        }
        Finished::Rehearsed(ran) => Ok(Some(rehearsal(&ran, &reviewed, &order, &live.connection))),
        Finished::Committed(ran, committed) => {
            output.say(format!("committed as transaction {}", committed.transaction()));
            if let Some(why) = committed.had_to_be_asked() {
                output.warn(format!("{why}; the server says that the transaction is committed"));
            }
            let mut rows = vec![0; loaded.plan.steps.len()];
            for step in &ran.steps {
                if let Some(rows) = rows.get_mut(step.step) {
                    *rows += step.rows;
                }
            }
            // Where COMMIT's answer was not heard, or nothing is heard any more, that connection is of no more use.
            let lost = committed.had_to_be_asked().is_some() || live.connection.client.is_closed();
            let again = match lost {
                true => connect(&live.settings, "efface: after a commit").await.ok(),
                false => None,
            };
            let connection = again.as_ref().unwrap_or(&live.connection);
            let client = &connection.client;
            let left = afterwards(client, &loaded.plan, catalog, &rows, intent == Intent::Apply);
            let mut left = tokio::select! {
                left = left => left,
                // It is committed: what stops is the rest.
                () = interrupted() => {
                    let _ = connection.cancel.cancel().await;
                    let _ = client.simple_query("ROLLBACK").await;
                    afterwards(client, &loaded.plan, catalog, &rows, false).await
                }
            };
            let late = match late_arrivals(client, &loaded.plan, catalog, &order, &ran).await {
                Ok(late) => late,
                Err(error) => {
                    left.push(Leftover::ToDo(format!(
                        "rows that came in while the run waited could not be looked for: {error}; `efface verify` looks for them"
                    )));
                    BTreeMap::new()
                }
            };
            let receipt = Receipt::new(&committed, &ran, &reviewed, &order, &live.connection, &left, &late);
            Ok(Some(receipt.account().clone()))
        }
    }
}

/// A key is text until the first lock compares it: what the server says of that is said of the key.
fn unread_key(loaded: &Loaded, error: &RunError) -> Option<String> {
    let script = &loaded.script;
    // Without a row of the subject's the first lock has a condition of the author's in it.
    loaded.plan.subject.rows()?;
    let RunError::Refused { what, error, .. } = error else { return None };
    let mut locks = script.statements.iter().filter(|statement| matches!(statement.role, Role::LockRows { .. }));
    let first = locks.next()?;
    // A second lock on the same table has the author's conditions in it, and the same title.
    let is_first = first.title == *what && locks.all(|other| other.title != first.title);
    if !is_first || !error.sqlstate()?.starts_with(DATA_EXCEPTION) {
        return None;
    }
    let types: Vec<_> = script.key.iter().map(|column| format!("{} {}", column.name, column.type_sql)).collect();
    Some(format!("the server can't read a subject's key as {}", types.join(", ")))
}

/// The class of what is wrong with a value (manual, appendix A).
const DATA_EXCEPTION: &str = "22";

/// Resolves at Ctrl-C. Where it can't be listened for, it ends the process, and the server rolls back.
pub(super) async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Prints what happened.
pub(super) fn print(account: &Account, format: Format, output: &Output) -> Result<(), Failure> {
    output.result(&match format {
        Format::Text => account.text(),
        Format::Json => account.json(),
    })
}
