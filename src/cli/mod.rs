//! The command line: arguments, output, exit codes, one file for each subcommand.
//!
//! Results go to stdout, everything for the person at the keyboard to stderr.

mod apply;
mod arguments;
mod catalog;
mod check;
mod completions;
mod demo;
mod explain;
mod failure;
mod find;
mod grants;
mod graph;
mod help;
mod init;
mod judge;
mod ledger;
mod load;
mod logs;
mod output;
mod plan;
mod progress;
mod rehearse;
mod schema;
mod secret;
mod snapshot;
mod subject;
mod values;
mod verify;
mod whose;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use arguments::{Arguments, Command};
use failure::Failure;
use output::Output;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let arguments = read(&std::env::args_os().collect::<Vec<_>>());
    logs::hook_panics(arguments.global.log_format);
    logs::start(&arguments.global);
    let output = Output::new(&arguments.global);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return output.failed(&Failure::refused(format!("no event loop: {error}"))),
    };
    match runtime.block_on(dispatch(arguments.command, &output)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => output.failed(&failure),
    }
}

/// What was typed. Help and what can't be meant end here.
fn read(typed: &[OsString]) -> Arguments {
    let mut command = Arguments::command().color(output::color_of_parser(typed));
    let read = command.try_get_matches_from_mut(typed).and_then(|matches| Arguments::from_arg_matches(&matches));
    read.unwrap_or_else(|error| error.format(&mut command).exit())
}

async fn dispatch(command: Command, output: &Output) -> Result<(), Failure> {
    match command {
        Command::Init(arguments) => init::run(&arguments, output).await,
        Command::Check(arguments) => check::run(&arguments, output).await,
        Command::Plan(arguments) => plan::run(&arguments, output).await,
        Command::Snapshot(arguments) => snapshot::run(&arguments, output).await,
        Command::Rehearse(arguments) => rehearse::run(&arguments, output).await,
        Command::Apply(arguments) => apply::run(&arguments, output).await,
        Command::Grants(arguments) => grants::run(&arguments, output).await,
        Command::Graph(arguments) => graph::run(&arguments, output).await,
        Command::Catalog(arguments) => catalog::run(&arguments, output).await,
        Command::Explain(arguments) => explain::run(&arguments, output),
        Command::Schema(arguments) => schema::run(&arguments, output),
        Command::Completions(arguments) => completions::run(&arguments, output),
        Command::Demo(arguments) => demo::run(&arguments, output).await,
        Command::Find(arguments) => find::run(&arguments, output).await,
        Command::Verify(arguments) => verify::run(&arguments, output).await,
        Command::Ledger(arguments) => ledger::run(&arguments.command, output).await,
    }
}
