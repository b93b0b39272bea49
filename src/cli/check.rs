//! `efface check`: does the policy fit the schema?

use super::arguments::{CheckArguments, Format};
use super::failure::Failure;
use super::load::Wanted;
use super::output::Output;
use super::whose::Whose;
use super::{judge, load};
use crate::diagnostic::{Report, render};
use crate::ident::shown;
use crate::review::count;
use crate::source::SourceFile;

pub(super) async fn run(arguments: &CheckArguments, output: &Output) -> Result<(), Failure> {
    load::stdin_once(&arguments.policy, &arguments.schema)?;
    let file = load::policy_to_look_at(&arguments.policy)?;
    let (catalog, live) = load::catalog(&arguments.schema, output).await?;
    let print = |report: &Report, file: &SourceFile| match arguments.format {
        Format::Text => {
            output.findings(report, file);
            Ok(())
        }
        Format::Json => output.result(&json(report, file)),
    };
    // Whether its runs are entered in a ledger makes no difference to a policy.
    let wanted = Wanted { whose: &Whose::nobody_yet(), ledger: true };
    match judge::examine(file, wanted, &catalog, live.as_ref(), output).await? {
        Ok((loaded, _)) => {
            print(&loaded.warnings, &loaded.file)?;
            if arguments.strict && !loaded.warnings.is_empty() {
                let found = count(loaded.warnings.sorted().len() as u64, "warning");
                let failure = Failure::findings(format!("{found}, and `--strict` lets none pass"));
                return Err(failure
                    .help("mend what it is about, or `accept` it in the policy by code and place, with the reason"));
            }
            let steps = count(loaded.plan.steps.len() as u64, "step");
            output.say(format!("{} fits the schema: {steps}", shown(&loaded.file.name)));
            Ok(())
        }
        Err((file, report)) => {
            print(&report, &file)?;
            Err(Failure::printed())
        }
    }
}

fn json(report: &Report, file: &SourceFile) -> String {
    format!("{:#}\n", render::json(report, file))
}
