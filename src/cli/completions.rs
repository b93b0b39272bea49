//! `efface completions`: what makes a shell complete commands, options and codes.

use clap::CommandFactory;

use super::arguments::{Arguments, CompletionsArguments};
use super::failure::Failure;
use super::output::Output;

pub(super) fn run(arguments: &CompletionsArguments, output: &Output) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "efface", &mut script);
    output.result(&String::from_utf8_lossy(&script))
}
