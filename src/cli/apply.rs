//! `efface apply`: ask, run, commit, print the receipt.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::arguments::ApplyArguments;
use super::failure::Failure;
use super::load::{self, Live, Loaded};
use super::output::Output;
use super::rehearse::{Intent, print, subjects, transaction};
use crate::catalog::Catalog;
use crate::ident::shown;
use crate::plan::StepAction;
use crate::review::{Estimates, PlanFile, count};
use crate::source::SourceFile;

pub(super) async fn run(arguments: &ApplyArguments, output: &Output) -> Result<(), Failure> {
    // Said before anything is contacted: in a script nobody would see the question.
    let asks = !arguments.yes;
    if asks && !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        let failure = Failure::usage("`apply` asks before it erases anything, and there is no terminal to ask on");
        return Err(failure.help("look at `efface rehearse` first, then add `--yes`"));
    }
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
    if let Some(name) = name {
        // The script names the file as it was reviewed, wherever it is read from now.
        file.name = name;
    }
    let live = load::live(&arguments.database, &format!("efface apply {}", short_name(&path)), output).await?;
    let catalog = load::introspected(&live, output).await?;
    if let Some(saved) = &saved {
        unmoved(saved, &file, &catalog)?;
    }
    let loaded = load::load(file, &catalog, output)?;
    if let Some(saved) = &saved {
        let now = PlanFile::new(&loaded.reviewed(&Estimates::default()));
        stale_unless_empty(saved.edited(&now))?;
    }
    let keys = subjects(&loaded, &arguments.subjects.subjects)?;
    if asks {
        confirm(&loaded, &live, keys.first().map_or(0, Vec::len))?;
    }
    let intent = if arguments.no_analyze { Intent::ApplyWithoutAnalyze } else { Intent::Apply };
    let receipt = transaction(&live, &loaded, &keys, intent, output).await?;
    if let Err(failure) = print(&receipt, arguments.format, output) {
        // It is committed: neither may the receipt be lost, nor may the exit code say otherwise.
        output.warn(failure.message.unwrap_or_default());
        output.last_resort(&receipt.text());
    }
    Ok(())
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

/// Asks on the terminal; anything but `yes` declines.
fn confirm(loaded: &Loaded, live: &Live, subjects: usize) -> Result<(), Failure> {
    let declined = || Failure::findings("declined; nothing was changed");
    let mut stderr = std::io::stderr().lock();
    let asked = write!(stderr, "{}Type `yes` to go on: ", summary(loaded, live, subjects));
    if asked.and_then(|()| stderr.flush()).is_err() {
        return Err(declined());
    }
    let mut answer = String::new();
    match std::io::stdin().read_line(&mut answer) {
        Ok(_) if answer.trim() == "yes" => Ok(()),
        _ => Err(declined()),
    }
}

fn summary(loaded: &Loaded, live: &Live, subjects: usize) -> String {
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
    let subject = loaded.plan.subject.table().map_or_else(String::new, |id| catalog.table(id).name.bare().to_string());
    format!(
        "policy `{}` will erase {} of `{subject}` in database `{}` at {}\n  delete rows of: {}\n  change rows of: {}\n\
         What is committed can't be taken back.\n",
        shown(&loaded.policy.name),
        count(subjects as u64, "subject"),
        shown(&settings.dbname),
        settings.place(),
        tables(true),
        tables(false),
    )
}
