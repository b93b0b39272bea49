//! `efface completions`: what makes a shell complete commands, options and codes.

use clap::CommandFactory;
use clap_complete::Shell;

use super::arguments::{Arguments, CompletionsArguments};
use super::failure::Failure;
use super::output::Output;
use crate::diagnostic::Code;

pub(super) fn run(arguments: &CompletionsArguments, output: &Output) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "efface", &mut script);
    let mut script = String::from_utf8_lossy(&script).into_owned();
    if arguments.shell == Shell::Fish {
        // What is no option is completed by the others only.
        for code in Code::ALL {
            let (name, summary) = (code.name(), code.summary().replace('\'', "\\'"));
            script.push_str(&format!(
                "complete -c efface -n \"__fish_efface_using_subcommand explain\" -f -a {name} -d '{summary}'\n"
            ));
        }
    }
    output.result(&script)
}
