//! `efface check`: does the policy fit the schema?

use super::arguments::{CheckArguments, Format};
use super::failure::Failure;
use super::load;
use super::output::Output;
use crate::diagnostic::{Report, render};
use crate::review::count;
use crate::source::SourceFile;

pub(super) async fn run(arguments: &CheckArguments, output: &Output) -> Result<(), Failure> {
    let file = load::policy_file(&arguments.policy)?;
    let (catalog, _live) = load::catalog(&arguments.schema, output).await?;
    match arguments.format {
        Format::Text => {
            let loaded = load::load(file, &catalog, output)?;
            let steps = count(loaded.plan.steps.len() as u64, "step");
            output.say(format!("{} fits the schema: {steps}", loaded.file.name));
            Ok(())
        }
        Format::Json => match load::compile(file, &catalog) {
            Ok(loaded) => output.result(&json(&loaded.warnings, &loaded.file)),
            Err((file, report)) => {
                output.result(&json(&report, &file))?;
                Err(Failure::printed())
            }
        },
    }
}

fn json(report: &Report, file: &SourceFile) -> String {
    format!("{:#}\n", render::json(report, file))
}
