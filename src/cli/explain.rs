//! `efface explain`: a page about each kind of finding.

use clap::builder::{PossibleValue, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::arguments::{ExplainArguments, Format};
use super::failure::Failure;
use super::output::Output;
use crate::diagnostic::{Code, explain};

pub(super) fn run(arguments: &ExplainArguments, output: &Output) -> Result<(), Failure> {
    match (arguments.code, arguments.format) {
        (Some(code), Format::Text) => output.result(&explain::text(code, width())),
        (Some(code), Format::Json) => output.result(&format!("{:#}\n", explain::json(code))),
        (None, Format::Text) => {
            output.result(&explain::list())?;
            output.say("`efface explain CODE` says more about one of them");
            Ok(())
        }
        (None, Format::Json) => {
            let all: serde_json::Value = Code::ALL.iter().map(|code| explain::json(*code)).collect();
            output.result(&format!("{all:#}\n"))
        }
    }
}

/// As wide as the terminal, and no wider than one reads with ease.
fn width() -> usize {
    let columns = terminal_size::terminal_size().map_or(100, |(width, _)| usize::from(width.0));
    columns.clamp(40, 100)
}

/// Reads a code as it is printed: `not-null`, or with what stands around it, `error[not-null]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct CodeParser;

impl TypedValueParser for CodeParser {
    type Value = Code;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<Code, clap::Error> {
        let written = value.to_string_lossy();
        let name = written.trim().trim_end_matches([']', ':']);
        let name = name.rsplit('[').next().unwrap_or_default().to_lowercase();
        Code::from_name(&name).ok_or_else(|| {
            let mut error = clap::Error::new(ErrorKind::InvalidValue).with_cmd(command);
            let argument = argument.map_or_else(|| "[CODE]".to_owned(), ToString::to_string);
            error.insert(ContextKind::InvalidArg, ContextValue::String(argument));
            error.insert(ContextKind::InvalidValue, ContextValue::String(written.into_owned()));
            let near = nearest(&name);
            if !near.is_empty() {
                error.insert(ContextKind::SuggestedValue, ContextValue::Strings(near));
            }
            let help = "`efface explain` without a code lists all of them";
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![help.into()]));
            error
        })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Code::ALL.iter().map(|code| PossibleValue::new(code.name()).help(code.summary()))))
    }
}

/// The codes that look most like it: misspelt, or with a word in common.
fn nearest(name: &str) -> Vec<String> {
    let words: Vec<&str> = name.split(['-', '_', ' ']).filter(|word| word.len() > 2).collect();
    let rank = |code: &Code| {
        let distance = strsim::osa_distance(name, code.name());
        let shared = words.iter().filter(|word| code.name().split('-').any(|own| own == **word)).count();
        match (distance, shared) {
            (0..=3, _) => Some(distance),
            (_, 1..) => Some(10 * words.len().saturating_sub(shared) + distance),
            _ => None,
        }
    };
    let mut near: Vec<(usize, &Code)> = Code::ALL.iter().filter_map(|code| Some((rank(code)?, code))).collect();
    near.sort_by_key(|(rank, _)| *rank);
    near.iter().take(3).map(|(_, code)| code.name().to_owned()).collect()
}
