//! `efface check`: does the policy fit the schema?

use super::arguments::{CheckArguments, CheckFormat};
use super::failure::Failure;
use super::load::{Loaded, Wanted};
use super::output::Output;
use super::whose::Whose;
use super::{judge, load};
use crate::diagnostic::render::{self, Found};
use crate::ident::shown;
use crate::review::count;

pub(super) async fn run(arguments: &CheckArguments, output: &Output) -> Result<(), Failure> {
    let policies = load::policies(&arguments.policies)?;
    for path in &policies {
        load::stdin_once(path, &arguments.schema)?;
    }
    let (catalog, live) = load::catalog(&arguments.schema, output).await?;
    // Whether its runs are entered in a ledger makes no difference to a policy.
    let wanted = Wanted { whose: &Whose::nobody_yet(), ledger: true };
    let mut all = Vec::new();
    for path in &policies {
        let file = load::policy_to_look_at(path)?;
        let (found, fits) = match judge::examine(file, wanted, &catalog, live.as_ref(), output).await? {
            Ok((Loaded { file, warnings, plan, .. }, _)) => (Found { file, report: warnings }, Some(plan.steps.len())),
            Err((file, report)) => (Found { file, report }, None),
        };
        if arguments.format == CheckFormat::Text {
            output.findings(&found.report, &found.file);
        }
        if let Some(steps) = fits.filter(|_| !arguments.strict || found.report.is_empty()) {
            output.say(format!("{} fits the schema: {}", shown(&found.file.name), count(steps as u64, "step")));
        }
        all.push(found);
    }
    match arguments.format {
        CheckFormat::Text => {}
        CheckFormat::Json => output.result(&format!("{:#}\n", render::json(&all)))?,
        CheckFormat::Sarif => output.result(&format!("{:#}\n", render::sarif(&all)))?,
        CheckFormat::Github => output.result(&render::github(&all))?,
        CheckFormat::Gitlab => output.result(&format!("{:#}\n", render::gitlab(&all)))?,
    }
    if all.iter().any(|found| found.report.has_errors()) {
        return Err(Failure::printed());
    }
    let warnings: usize = all.iter().map(|found| found.report.sorted().len()).sum();
    if arguments.strict && warnings > 0 {
        let failure =
            Failure::findings(format!("{}, and `--strict` lets none pass", count(warnings as u64, "warning")));
        return Err(
            failure.help("mend what it is about, or `accept` it in the policy by code and place, with the reason")
        );
    }
    Ok(())
}
