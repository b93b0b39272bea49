//! `efface catalog`: the schema as a file.

use super::arguments::CatalogArguments;
use super::failure::Failure;
use super::load;
use super::output::{Output, write_file};
use crate::catalog::write;

pub(super) async fn run(arguments: &CatalogArguments, output: &Output) -> Result<(), Failure> {
    let live = load::live(&arguments.database, "efface", output).await?;
    let text = write(&load::introspected(&live, output).await?);
    match &arguments.out {
        Some(path) => write_file(path, &text),
        None => output.result(&text),
    }
}
