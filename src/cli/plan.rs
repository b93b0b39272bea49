//! `efface plan`: what would happen?

use std::path::Path;

use super::arguments::{PlanArguments, PlanFormat};
use super::failure::Failure;
use super::load::Wanted;
use super::output::{Output, write_file};
use super::whose::{Whose, is_stdin};
use super::{judge, load};
use crate::ident::shown;
use crate::review::{self, PlanFile, PlanFileError};

pub(super) async fn run(arguments: &PlanArguments, output: &Output) -> Result<(), Failure> {
    load::stdin_once(&arguments.policy, &arguments.schema)?;
    let file = load::policy_to_look_at(&arguments.policy)?;
    let whose = if arguments.expired { Whose::Expired } else { Whose::nobody_yet() };
    if arguments.expired {
        whose.suits(&file)?;
    }
    arguments.out.as_deref().map_or(Ok(()), replaceable)?;
    if arguments.out.is_some() && is_stdin(&arguments.policy) {
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
        PlanFormat::Json => output.result(&PlanFile::new(&reviewed).write()),
    }
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
