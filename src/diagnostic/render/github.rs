//! Findings as annotations of a pull request on GitHub.
//!
//! Workflow commands (GitHub Actions documentation, "Workflow commands for GitHub Actions", "Setting an error message"): a line
//! each on standard output, from which the runner makes an annotation on the line of the file.

use std::fmt::Write;

use super::{Found, Lines, inside, plain_words};
use crate::diagnostic::Severity;

/// The findings as workflow commands, a line each; nothing where nothing was found.
pub fn github(found: &[Found]) -> String {
    let mut out = String::new();
    for Found { file, report } in found {
        let lines = Lines::new(file);
        for found in report.sorted() {
            let command = match found.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            let _ = write!(out, "::{command} file={}", property(&file.name));
            if let Some(label) = &found.primary {
                // One line: GitHub ignores columns of places that span several.
                let span = inside(label.span, file);
                let (start, end) = (lines.position(span.start), lines.position(span.end));
                let (line, column) = (start.line, start.column);
                let _ = write!(out, ",line={line},endLine={line},col={column},endColumn={}", end.column.max(column));
            }
            let title = format!("efface: {}", found.code.name());
            let _ = writeln!(out, ",title={}::{}", property(&title), data(&plain_words(found)));
        }
    }
    out
}

/// What stands behind `::`: one line, in which `%` and line ends are written as GitHub's own toolkit writes them.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// What stands in a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Code, Diagnostic, Report};
    use crate::source::{SourceFile, Span};

    #[test]
    fn every_finding_is_one_line_at_its_place() {
        let file = SourceFile::new("a, b: c.yaml", "version: 1\ntables:\n  \u{e9}: 100%\n");
        let mut report = Report::default();
        let place = Span::new(21, 29);
        report
            .push(Diagnostic::new(Code::UnknownTable, "100% `a\nb`").at(place, "").note("why").help("write\n  users:"));
        report.push(Diagnostic::new(Code::Unverified, "::error::no place"));
        insta::assert_snapshot!(github(&[Found { file, report }]), @r"
        ::error file=a%2C b%3A c.yaml,line=3,endLine=3,col=3,endColumn=10,title=efface%3A unknown-table::100%25 `a\u{a}b`%0Anote: why%0Ahelp: write%0A  users:
        ::warning file=a%2C b%3A c.yaml,title=efface%3A unverified::::error::no place
        ");
    }
}
