//! `efface apply`: ask, run, commit, print the receipt.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::arguments::ApplyArguments;
use super::failure::Failure;
use super::judge;
use super::ledger::may_enter;
use super::load::{self, Live, Loaded, Wanted};
use super::output::Output;
use super::rehearse::{Given, Intent, print, transaction};
use super::secret::secret;
use super::whose::{Kind, Whose, is_stdin};
use crate::catalog::Catalog;
use crate::ident::shown;
use crate::plan::StepAction;
use crate::policy;
use crate::resolve::Subject;
use crate::review::{Account, Estimates, PlanFile, count};
use crate::server::ask::database_name;
use crate::source::SourceFile;

pub(super) async fn run(arguments: &ApplyArguments, output: &Output) -> Result<(), Failure> {
    let saved = arguments.plan.as_deref().map(saved_plan).transpose()?;
    let (path, name) = match (&arguments.policy, &saved) {
        (Some(path), None) => (path.clone(), None),
        (Some(path), Some(saved)) => (path.clone(), Some(saved.policy.path.clone())),
        (None, Some(saved)) => (PathBuf::from(&saved.policy.path), Some(saved.policy.path.clone())),
        (None, None) => return Err(Failure::usage("neither a policy nor a saved plan is named")),
    };
    let mut file = match (load::policy_file(&path), &saved) {
        // Without its policy a plan can't be held against anything.
        (Err(failure), Some(_)) => {
            let failure = Failure::stale(failure.message.into_iter().collect());
            return Err(failure.help("where the policy was only moved, name it: `efface apply POLICY --plan FILE`"));
        }
        (read, _) => read?,
    };
    // What can't be read has no subjects and no rows to consent to.
    if let (None, Err(report)) = (&saved, policy::read(&file)) {
        output.findings(&report, &file);
        return Err(Failure::printed());
    }
    let whose = whose(arguments, saved.as_ref())?;
    let kind = match (whose.suits(&file), &saved) {
        // A policy that was edited since is told as that.
        (Err(failure), Some(saved)) => {
            stale_unless_empty(saved.policy_moved(&file))?;
            return Err(failure);
        }
        (kind, _) => kind?,
    };
    let ledger = ledger(arguments, saved.as_ref())?;
    let consent = consent(arguments, kind)?;
    if let Some(name) = name {
        // The script names the file as it was reviewed, wherever it is read from now.
        file.name = name;
    }
    let live = load::live(&arguments.database, &format!("efface apply {}", short_name(&path)), output).await?;
    load::writable(&live, output).await?;
    let catalog = load::introspected(&live, output).await?;
    if let Some(saved) = &saved {
        unmoved(saved, &file, &catalog)?;
    }
    let loaded = load::load(file, Wanted { whose: &whose, ledger }, &load::as_if_readable(&catalog), output)?;
    if let Some(saved) = &saved {
        let now = PlanFile::new(&loaded.reviewed(&Estimates::default()));
        stale_unless_empty(saved.edited(&now))?;
    }
    judge::allowed(&live, &loaded, output).await?;
    let secret = secret(&arguments.secret, &loaded)?;
    let given = Given {
        keys: whose.keys(&loaded)?,
        secret,
        again: arguments.again.again,
        max_block: arguments.waiting.max_block(),
    };
    if ledger {
        may_enter(&live, output).await?;
    } else {
        output.say("without a ledger nothing tells whether somebody was erased before");
    }
    match consent {
        Consent::Given => {}
        Consent::ForDatabase(named) => same_database(&named, &database(&live, output).await?)?,
        Consent::Asked => {
            let database = database(&live, output).await?;
            let words = match kind {
                Kind::Subjects => "yes",
                Kind::EveryRow => database.as_str(),
            };
            confirm(&summary(&loaded, &live, &whose, &given.keys), words)?;
        }
    }
    let intent = if arguments.no_analyze { Intent::ApplyWithoutAnalyze } else { Intent::Apply };
    let Some(receipt) = transaction(&live, &loaded, &given, intent, output).await? else { return Ok(()) };
    if let Err(failure) = print(&receipt, arguments.format, output) {
        // It is committed: neither may the receipt be lost, nor may the exit code say otherwise.
        output.warn(failure.message.unwrap_or_default());
        output.last_resort(&receipt.text());
    }
    left_to_do(&receipt, ledger)
}

/// What is committed, and not the end of it.
fn left_to_do(receipt: &Account, ledger: bool) -> Result<(), Failure> {
    let to_do = match receipt.to_do.len() {
        0 => None,
        1 => Some("1 thing is left to do before everything is gone".to_owned()),
        things => Some(format!("{things} things are left to do before everything is gone")),
    };
    let what = "the receipt says what, each with the statement";
    if receipt.came_in_late.is_empty() {
        let Some(to_do) = to_do else { return Ok(()) };
        return Err(Failure::findings(format!("committed, and {to_do}")).help(what));
    }
    let late = receipt.came_in_late.iter();
    let late: Vec<_> = late.map(|it| format!("{}: {}", it.table, count(it.rows, "row"))).collect();
    let failure =
        Failure::findings("the run is committed, and rows of its subjects have come in since they were locked");
    let again = if ledger { "run it again with `--again`" } else { "run it again" };
    let failure =
        failure.note(late.join(", ")).help(format!("{again}; a subject whose row stays can get new rows at any time"));
    Err(match to_do {
        Some(to_do) => failure.note(to_do).help(what),
        None => failure,
    })
}

fn saved_plan(path: &Path) -> Result<PlanFile, Failure> {
    let refused = |error: crate::review::PlanFileError| {
        Failure::refused(format!("`{}`: {error}", shown(&path.to_string_lossy())))
            .help("write it again with `efface plan --out`, and have it reviewed")
    };
    let saved = PlanFile::read(&load::read(path)?).map_err(refused)?;
    stale_unless_empty(saved.contradictions())?;
    Ok(saved)
}

/// The policy and the schema are what they were when the plan was saved.
fn unmoved(saved: &PlanFile, file: &SourceFile, catalog: &Catalog) -> Result<(), Failure> {
    let mut moved = saved.policy_moved(file);
    moved.extend(saved.schema_moved(catalog));
    stale_unless_empty(moved)
}

fn stale_unless_empty(moved: Vec<String>) -> Result<(), Failure> {
    if moved.is_empty() { Ok(()) } else { Err(Failure::stale(moved)) }
}

/// What `pg_stat_activity` calls us: the policy's file without folder and ending.
fn short_name(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The subjects of the command line; those of a saved retention plan need not be named, and can't be.
fn whose(arguments: &ApplyArguments, saved: Option<&PlanFile>) -> Result<Whose, Failure> {
    let typed = Whose::read(&arguments.subjects)?;
    match saved.map(|saved| saved.subject.expired) {
        Some(true) if typed == Whose::nobody_yet() => Ok(Whose::Expired),
        Some(true) if typed != Whose::Expired => {
            let failure = Failure::usage("the saved plan is a retention plan, which chooses its subjects itself");
            Err(failure.help("leave `--subject` and `--subjects-from` out, or plan again without `--expired`"))
        }
        Some(false) if typed == Whose::Expired => {
            let failure = Failure::usage("the saved plan is for subjects that are named");
            Err(failure.help("name them with `--subject`, or plan again with `efface plan --expired --out`"))
        }
        Some(_) | None => Ok(typed),
    }
}

/// Whether the run is entered in the ledger: as the saved plan was reviewed.
fn ledger(arguments: &ApplyArguments, saved: Option<&PlanFile>) -> Result<bool, Failure> {
    match saved.map(|saved| saved.ledger) {
        Some(true) if arguments.entered.no_ledger => {
            let failure =
                Failure::usage("the saved plan enters its runs in the ledger, and `--no-ledger` says otherwise");
            Err(failure.help("leave `--no-ledger` out, or plan again with `efface plan --no-ledger --out`"))
        }
        Some(false) if arguments.again.again => {
            let failure = Failure::usage("the saved plan is without a ledger, so `--again` has nothing to overrule");
            Err(failure.help("leave `--again` out"))
        }
        Some(ledger) => Ok(ledger),
        None => Ok(!arguments.entered.no_ledger),
    }
}

/// How it is known that somebody wants this.
enum Consent {
    /// `--yes`.
    Given,
    /// `--yes-all-rows`, in a database of this name.
    ForDatabase(String),
    /// The terminal is to be asked.
    Asked,
}

/// What was consented to on the command line. Said before anything is contacted: in a script nobody would see a question.
fn consent(arguments: &ApplyArguments, kind: Kind) -> Result<Consent, Failure> {
    let rehearse = "look at `efface rehearse` first, then add";
    match (kind, &arguments.yes_all_rows) {
        (Kind::EveryRow, Some(name)) => return Ok(Consent::ForDatabase(name.clone())),
        (Kind::EveryRow, None) if arguments.yes => {
            let failure = Failure::usage("the policy is for every row, and `--yes` does not say of which database");
            let why = "a masked copy is made in place: on the wrong database nothing would be left";
            return Err(failure.note(why).help("name it: `--yes-all-rows DATABASE`"));
        }
        (Kind::Subjects, Some(_)) => {
            let failure =
                Failure::usage("`--yes-all-rows` is for policies with `every_row`, and this one has subjects");
            return Err(failure.help("use `--yes`"));
        }
        (Kind::Subjects, None) if arguments.yes => return Ok(Consent::Given),
        (Kind::Subjects | Kind::EveryRow, None) => {}
    }
    let flag = match kind {
        Kind::Subjects => "`--yes`",
        Kind::EveryRow => "`--yes-all-rows DATABASE`",
    };
    if arguments.subjects.subjects_from.as_deref().is_some_and(is_stdin) {
        let failure = Failure::usage("`apply` asks before it erases anything, and standard input names the subjects");
        return Err(failure.help(format!("{rehearse} {flag}, or name a file")));
    }
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        let failure = Failure::usage("`apply` asks before it erases anything, and there is no terminal to ask on");
        return Err(failure.help(format!("{rehearse} {flag}")));
    }
    Ok(Consent::Asked)
}

/// The name of the database that answers, which behind a pooler need not be the one that was asked for.
async fn database(live: &Live, output: &Output) -> Result<String, Failure> {
    database_name(&live.connection.client).await.map_err(|error| Failure::server(error, output.detail))
}

fn same_database(named: &str, connected: &str) -> Result<(), Failure> {
    if named == connected {
        return Ok(());
    }
    let failure =
        Failure::usage(format!("this is database `{}`, and `--yes-all-rows` names another", shown(connected)));
    Err(failure.note("nothing was changed").help("connect to the database that is meant, or name this one"))
}

/// Asks on the terminal; anything but the words declines.
fn confirm(summary: &str, words: &str) -> Result<(), Failure> {
    let declined = || Failure::findings("declined; nothing was changed");
    let mut stderr = std::io::stderr().lock();
    let asked = write!(stderr, "{summary}Type `{}` to go on: ", shown(words));
    if asked.and_then(|()| stderr.flush()).is_err() {
        return Err(declined());
    }
    let mut answer = String::new();
    match std::io::stdin().read_line(&mut answer) {
        Ok(_) if answer.trim() == words => Ok(()),
        _ => Err(declined()),
    }
}

fn summary(loaded: &Loaded, live: &Live, whose: &Whose, keys: &[Vec<String>]) -> String {
    let catalog = &loaded.catalog;
    let tables = |delete: bool| {
        let steps = loaded.plan.steps.iter().filter(|step| matches!(step.action, StepAction::Delete) == delete);
        let mut names: Vec<_> =
            steps.flat_map(|step| step.tables()).map(|id| catalog.table(id).name.bare().to_string()).collect();
        names.sort();
        names.dedup();
        if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
    };
    let settings = &live.settings;
    let subjects = count(keys.first().map_or(0, |keys| keys.len() as u64), "subject");
    let what = match (&loaded.plan.subject, whose) {
        (Subject::Rows(rows), Whose::Given(_)) => {
            format!("erase {subjects} of `{}`", catalog.table(rows.table).name.bare())
        }
        (Subject::Rows(rows), Whose::Expired) => {
            let most = count(loaded.plan.limits.max_subjects, "subject");
            format!("erase whoever of `{}` is expired, {most} at most,", catalog.table(rows.table).name.bare())
        }
        (Subject::Value(value), _) => format!("erase {subjects}, named by {},", shown(&value.name)),
        (Subject::EveryRow, _) => "change EVERY ROW".to_owned(),
    };
    format!(
        "policy `{}` will {what} in database `{}` at {}\n  delete rows of: {}\n  change rows of: {}\n\
         What is committed can't be taken back.\n",
        shown(&loaded.policy.name),
        shown(&settings.dbname),
        settings.place(),
        tables(true),
        tables(false),
    )
}
