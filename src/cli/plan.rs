//! `efface plan`: what would happen?

use super::arguments::{PlanArguments, PlanFormat};
use super::failure::Failure;
use super::output::{Output, write_file};
use super::{judge, load};
use crate::review::{self, PlanFile};

pub(super) async fn run(arguments: &PlanArguments, output: &Output) -> Result<(), Failure> {
    let file = load::policy_file(&arguments.policy)?;
    let (catalog, live) = load::catalog(&arguments.schema, output).await?;
    let (loaded, estimates) = match judge::examine(file, &catalog, live.as_ref(), output).await? {
        Ok(examined) => examined,
        Err((file, report)) => {
            output.findings(&report, &file);
            return Err(Failure::printed());
        }
    };
    output.findings(&loaded.warnings, &loaded.file);
    let reviewed = loaded.reviewed(&catalog, &estimates);
    if let Some(path) = &arguments.out {
        write_file(path, &PlanFile::new(&reviewed).write())?;
        output.say(format!("saved to {}", path.display()));
    }
    match arguments.format {
        PlanFormat::Text => output.result(&review::text(&reviewed)),
        PlanFormat::Sql => output.result(&loaded.script.text()),
        PlanFormat::Json => output.result(&PlanFile::new(&reviewed).write()),
    }
}
