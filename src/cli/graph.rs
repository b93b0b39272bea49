//! `efface graph`: which tables does the subject reach, and what happens to each?

use std::collections::BTreeMap;

use super::arguments::{GraphArguments, GraphFormat};
use super::failure::Failure;
use super::load;
use super::output::Output;
use crate::policy;
use crate::resolve::{self, Unfinished};
use crate::review::{self, Fold, Picture, count};

pub(super) async fn run(arguments: &GraphArguments, output: &Output) -> Result<(), Failure> {
    let file = load::policy_file(&arguments.policy)?;
    let (catalog, _) = load::catalog(&arguments.schema, output).await?;
    let drawn = || {
        let read = policy::read(&file)?;
        let unfinished = resolve::survey(&read.value, &load::as_if_readable(&catalog))?;
        Ok((read.value.name.value, unfinished))
    };
    let (name, Unfinished { survey, catalog, findings }) = drawn().map_err(|report| {
        output.findings(&report, &file);
        Failure::printed()
    })?;
    let fold = if arguments.all { Fold::Never } else { Fold::READABLE };
    let title = review::picture_title(&name);
    let picture = Picture::new(title, &survey, &catalog, &BTreeMap::new(), fold);
    if findings.has_errors() {
        let undecided = picture.undecided();
        let tables = if undecided == 0 {
            String::new()
        } else {
            format!(", {} not decided in full", count(undecided as u64, "table"))
        };
        output.warn(format!("the policy does not fit the schema yet{tables}; `efface check` says what to do"));
    }
    output.result(&match arguments.format {
        GraphFormat::Mermaid => review::mermaid(&picture),
        GraphFormat::Dot => review::dot(&picture),
        GraphFormat::Svg => review::svg(&picture),
    })
}
