//! Where does a line go?

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use super::arguments::{Color, Global, LogFormat};
use super::failure::Failure;
use super::logs;
use crate::diagnostic::Report;
use crate::diagnostic::render::{self, Found};
use crate::source::SourceFile;

/// The two streams of this process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    quiet: bool,
    color: bool,
    /// Whether what goes to stderr is for a program that reads logs.
    json: bool,
    /// Whether the server's messages are shown in full.
    pub detail: bool,
}

impl Output {
    pub fn new(global: &Global) -> Self {
        let color = colored(global.color, io::stderr().is_terminal(), &|name| std::env::var(name).ok());
        let json = global.log_format == LogFormat::Json;
        Self { quiet: global.quiet, color, json, detail: global.show_server_detail }
    }

    /// A result, to stdout as it is. A reader that went away (`efface plan | head`) is no failure.
    pub fn result(&self, text: &str) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::refused(format!("writing to stdout failed: {error}")))
            }
            _ => Ok(()),
        }
    }

    /// Whether a person looks at stderr, on a terminal where a line can be drawn over.
    pub fn is_drawable(&self) -> bool {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        io::stderr().is_terminal() && !dumb && !self.quiet && !self.json
    }

    /// A line for the person at the keyboard.
    pub fn say(&self, line: impl AsRef<str>) {
        if !self.quiet {
            self.tell("INFO", line.as_ref(), line.as_ref());
        }
    }

    /// A warning that is not about a place in a policy.
    pub fn warn(&self, line: impl AsRef<str>) {
        if !self.quiet {
            self.tell("WARN", line.as_ref(), &format!("{}: {}", self.paint("33", "warning"), line.as_ref()));
        }
    }

    /// What must not be lost, quiet or not.
    pub fn last_resort(&self, text: &str) {
        self.tell("ERROR", text.trim_end(), text.trim_end());
    }

    /// Findings, with their places; warnings alone are left out when nothing is to be said.
    pub fn findings(&self, report: &Report, file: &SourceFile) {
        if !report.has_errors() && (report.is_empty() || self.quiet) {
            return;
        }
        if self.json {
            let found = render::json(&[Found { file: file.clone(), report: report.clone() }]);
            for finding in found.as_array().into_iter().flatten() {
                let level = if finding["severity"] == "error" { "ERROR" } else { "WARN" };
                self.write(&logs::line(level, finding.clone()));
            }
            return;
        }
        let text = match io::stderr().is_terminal().then(|| terminal_size::terminal_size_of(io::stderr())).flatten() {
            // Narrower than this nothing of a line would be left.
            Some((columns, _)) => render::text_within(report, file, self.color, usize::from(columns.0).max(40)),
            None => render::text(report, file, self.color),
        };
        self.write(text.trim_end());
        if let Some(first) = report.sorted().first() {
            self.say(format!("for more about a finding: efface explain {}", first.code.name()));
        }
    }

    /// The last words of a command that didn't end well.
    pub fn failed(&self, failure: &Failure) -> ExitCode {
        let exit = failure.exit as u8;
        match &failure.message {
            Some(message) if self.json => {
                let fields =
                    json!({ "message": message, "notes": failure.notes, "help": failure.help, "exit_code": exit });
                self.write(&logs::line("ERROR", fields));
            }
            Some(message) => {
                self.write(&format!("{}: {message}", self.paint("31", "error")));
                for note in &failure.notes {
                    self.write(&format!("  = note: {note}"));
                }
                for help in &failure.help {
                    self.write(&format!("  = help: {help}"));
                }
            }
            None => {}
        }
        ExitCode::from(exit)
    }

    /// The same words, as a log's line or for people.
    fn tell(&self, level: &str, message: &str, text: &str) {
        match self.json {
            true => self.write(&logs::line(level, json!({ "message": message }))),
            false => self.write(text),
        }
    }

    fn write(&self, line: &str) {
        // There is nobody left to tell that stderr is closed.
        let _ = writeln!(io::stderr().lock(), "{line}");
    }

    fn paint(&self, code: &str, word: &str) -> String {
        if self.color { format!("\u{1b}[1;{code}m{word}\u{1b}[0m") } else { word.to_owned() }
    }
}

/// Whether messages are coloured: as `--color` says, else by the conventions that other tools follow, as the argument
/// parser's own messages do.
fn colored(when: Color, terminal: bool, variable: &dyn Fn(&str) -> Option<String>) -> bool {
    let is = |name: &str, value: &str| variable(name).is_some_and(|found| found == value);
    let says = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    match when {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if says("NO_COLOR") => false,
        Color::Auto if says("CLICOLOR_FORCE") && !is("CLICOLOR_FORCE", "0") => true,
        Color::Auto => terminal && !is("CLICOLOR", "0") && !is("TERM", "dumb"),
    }
}

/// What `--color` says, for help and for what the parser complains about: these are printed before, or in place of, what
/// it would have read.
pub(super) fn color_of_parser(arguments: &[OsString]) -> clap::ColorChoice {
    let before_values = arguments.iter().skip(1).take_while(|argument| *argument != "--");
    let texts: Vec<&str> = before_values.filter_map(|argument| argument.to_str()).collect();
    let mut said = texts.iter().enumerate().filter_map(|(at, text)| match text.strip_prefix("--color") {
        Some("") => texts.get(at + 1).copied(),
        Some(rest) => rest.strip_prefix('='),
        None => None,
    });
    match said.next_back() {
        Some("always") => clap::ColorChoice::Always,
        Some("never") => clap::ColorChoice::Never,
        _ => clap::ColorChoice::Auto,
    }
}

/// Writes a file whole or not at all: beside its place first, then renamed. What is no file (a device, a pipe) is written
/// to, and never replaced; a link stays, and what it leads to is written.
pub(super) fn write_file(path: &Path, text: &str) -> Result<(), Failure> {
    let place = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let path = match std::fs::metadata(path) {
        Ok(found) if !found.is_file() && !found.is_dir() => {
            let written = std::fs::OpenOptions::new().write(true).open(path);
            let written = written.and_then(|mut file| file.write_all(text.as_bytes()));
            return match written {
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::file(path, "writing", &error)),
                _ => Ok(()),
            };
        }
        _ => place.as_path(),
    };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".efface-");
    // A temporary file is private by default; this one becomes an ordinary file.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let written = builder.tempfile_in(folder).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    });
    written.map_err(|error| Failure::file(path, "writing", &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_follow_the_conventions() {
        let colored = |when, terminal, set: &[(&str, &str)]| {
            let value = |name: &str| set.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
            super::colored(when, terminal, &value)
        };
        assert!(colored(Color::Auto, true, &[]));
        assert!(!colored(Color::Auto, false, &[]));
        assert!(!colored(Color::Auto, true, &[("NO_COLOR", "1")]));
        assert!(colored(Color::Auto, true, &[("NO_COLOR", "")]), "an empty one counts as none");
        assert!(!colored(Color::Auto, true, &[("TERM", "dumb")]));
        assert!(!colored(Color::Auto, true, &[("CLICOLOR", "0")]));
        assert!(colored(Color::Auto, false, &[("CLICOLOR_FORCE", "1"), ("TERM", "dumb")]));
        assert!(!colored(Color::Auto, false, &[("CLICOLOR_FORCE", "0")]));
        assert!(!colored(Color::Auto, true, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
        assert!(colored(Color::Always, false, &[("NO_COLOR", "1")]));
        assert!(!colored(Color::Never, true, &[("CLICOLOR_FORCE", "1")]));
    }

    #[test]
    fn the_parser_s_own_words_are_coloured_as_the_rest() {
        let says = |line: &str| color_of_parser(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert_eq!(says("efface --color always chek"), clap::ColorChoice::Always);
        assert_eq!(says("efface check --color=never"), clap::ColorChoice::Never);
        assert_eq!(says("efface check p.yaml --color"), clap::ColorChoice::Auto);
        assert_eq!(says("efface check --colour=never -- --color=always"), clap::ColorChoice::Auto);
    }
}
