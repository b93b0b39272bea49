//! `efface plan`: what would happen?

use std::path::Path;

use super::arguments::{DiffFormat, PlanArguments, PlanCommand, PlanDiffArguments, PlanFormat};
use super::failure::Failure;
use super::load::{CATALOG, Wanted};
use super::output::{Output, write_file};
use super::whose::{Whose, is_stdin};
use super::{judge, load};
use crate::ident::shown;
use crate::review::{self, Estimates, PlanDifference, PlanFile, PlanFileError};

pub(super) async fn run(arguments: &PlanArguments, output: &Output) -> Result<(), Failure> {
    match &arguments.command {
        Some(PlanCommand::Diff(arguments)) => return difference(arguments, output),
        None => {}
    }
    let policy = arguments.policy.as_deref().ok_or_else(|| Failure::usage("no policy is named"))?;
    load::stdin_once(policy, &arguments.schema)?;
    let file = load::policy_to_look_at(policy)?;
    let whose = if arguments.expired { Whose::Expired } else { Whose::nobody_yet() };
    if arguments.expired {
        whose.suits(&file)?;
    }
    arguments.out.as_deref().map_or(Ok(()), replaceable)?;
    if arguments.out.is_some() && is_stdin(policy) {
        let failure = Failure::usage("a plan is saved of a policy that is a file, and not of standard input");
        return Err(failure.help("save the policy: `apply --plan` holds the plan against it"));
    }
    let (catalog, live) = load::catalog(&arguments.schema, output).await?;
    let wanted = Wanted { whose: &whose, ledger: !arguments.entered.no_ledger };
    let (loaded, estimates) = judge::load(file, wanted, &catalog, live.as_ref(), output).await?;
    let reviewed = loaded.reviewed(&estimates);
    if let Some(path) = &arguments.out {
        write_file(path, &PlanFile::new(&reviewed).write())?;
        output.say(format!("saved to {}", load::told(path)));
    }
    match arguments.format {
        PlanFormat::Text => output.result(&review::text(&reviewed)),
        PlanFormat::Sql => output.result(&loaded.script.text()),
        PlanFormat::Markdown => output.result(&review::markdown(&reviewed)),
        PlanFormat::Html => output.result(&review::html(&reviewed)),
        PlanFormat::Json => output.result(&PlanFile::new(&reviewed).write()),
    }
}

/// `efface plan diff`: what does a change mean?
fn difference(arguments: &PlanDiffArguments, output: &Output) -> Result<(), Failure> {
    let whose = if arguments.expired { Whose::Expired } else { Whose::nobody_yet() };
    let (old, new) = (side(&arguments.old, &whose, output)?, side(&arguments.new, &whose, output)?);
    let difference = PlanDifference::between(&old, &new);
    output.result(&match arguments.format {
        DiffFormat::Text => difference.text(),
        DiffFormat::Markdown => difference.markdown(),
        DiffFormat::Json => difference.json(),
    })
}

/// A saved plan, or the plan of a policy in the schema that is kept beside it.
fn side(path: &Path, whose: &Whose, output: &Output) -> Result<PlanFile, Failure> {
    let name = shown(&path.to_string_lossy()).to_string();
    if path.extension().is_some_and(|it| it.eq_ignore_ascii_case("json")) {
        let failed = |error: PlanFileError| {
            let failure = Failure::usage(format!("`{name}`: {error}"));
            failure.help("save one with `efface plan --out`, or name the policy")
        };
        return PlanFile::read(&load::read(path)?).map_err(failed);
    }
    let file = load::policy_file(path)?;
    if *whose == Whose::Expired {
        whose.suits(&file)?;
    }
    let beside = path.with_file_name(CATALOG);
    if !beside.exists() {
        let beside = shown(&beside.to_string_lossy()).to_string();
        let failure = Failure::usage(format!("beside `{name}` there is no `{beside}`, the schema that it is for"));
        return Err(
            failure.help("`efface snapshot` on the folder writes it; or name plans that `efface plan --out` saved")
        );
    }
    let catalog = load::catalog_file(&beside)?;
    let wanted = Wanted { whose, ledger: true };
    let loaded = load::compile(file, wanted, &catalog).map_err(|(file, report)| {
        output.findings(&report, &file);
        Failure::printed()
    })?;
    Ok(PlanFile::new(&loaded.reviewed(&Estimates::default())))
}

/// Only a plan of ours may be written over: a slip in `--out` must not cost a file, least of all the policy.
fn replaceable(path: &Path) -> Result<(), Failure> {
    let ours = |bytes: Vec<u8>| match String::from_utf8(bytes).map(|text| PlanFile::read(&text)) {
        Ok(Ok(_) | Err(PlanFileError::Format(_))) => true,
        Ok(Err(PlanFileError::Shape(_))) | Err(_) => false,
    };
    let free = match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        // A pipe or a device is not read: that could wait for ever.
        Ok(found) if found.is_file() => std::fs::read(path).is_ok_and(ours),
        Ok(_) | Err(_) => false,
    };
    if free {
        return Ok(());
    }
    let name = path.to_string_lossy();
    let failure = Failure::usage(format!("`{}` exists and is not a plan that `efface plan --out` wrote", shown(&name)));
    Err(failure.help("name another file, or move that one away"))
}
