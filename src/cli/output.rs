//! Where does a line go?

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use super::arguments::{Color, Global};
use super::failure::Failure;
use crate::diagnostic::{Report, render};
use crate::source::SourceFile;

/// The two streams of this process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    quiet: bool,
    color: bool,
    /// Whether the server's messages are shown in full.
    pub detail: bool,
}

impl Output {
    pub fn new(global: &Global) -> Self {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let color = match global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => io::stderr().is_terminal() && !no_color,
        };
        Self { quiet: global.quiet, color, detail: global.show_server_detail }
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

    /// Whether progress is to be told.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// A line for the person at the keyboard.
    pub fn say(&self, line: impl AsRef<str>) {
        if !self.quiet {
            self.write(line.as_ref());
        }
    }

    /// A warning that is not about a place in a policy.
    pub fn warn(&self, line: impl AsRef<str>) {
        self.say(format!("{}: {}", self.paint("33", "warning"), line.as_ref()));
    }

    /// What must not be lost, quiet or not.
    pub fn last_resort(&self, text: &str) {
        self.write(text.trim_end());
    }

    /// Findings, with their places; warnings alone are left out when nothing is to be said.
    pub fn findings(&self, report: &Report, file: &SourceFile) {
        if report.has_errors() || (!report.is_empty() && !self.quiet) {
            self.write(render::text(report, file, self.color).trim_end());
            if let Some(first) = report.sorted().first() {
                self.say(format!("for more about a finding: efface explain {}", first.code.name()));
            }
        }
    }

    /// The last words of a command that didn't end well.
    pub fn failed(&self, failure: &Failure) -> ExitCode {
        if let Some(message) = &failure.message {
            self.write(&format!("{}: {message}", self.paint("31", "error")));
            for note in &failure.notes {
                self.write(&format!("  = note: {note}"));
            }
            for help in &failure.help {
                self.write(&format!("  = help: {help}"));
            }
        }
        ExitCode::from(failure.exit as u8)
    }

    fn write(&self, line: &str) {
        // There is nobody left to tell that stderr is closed.
        let _ = writeln!(io::stderr().lock(), "{line}");
    }

    fn paint(&self, code: &str, word: &str) -> String {
        if self.color { format!("\u{1b}[1;{code}m{word}\u{1b}[0m") } else { word.to_owned() }
    }
}

/// Writes a file whole or not at all: beside its place first, then renamed.
pub(super) fn write_file(path: &Path, text: &str) -> Result<(), Failure> {
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
