//! How does a report look?
//!
//! [`text`] shows it to people in rustc's look, [`json()`] to programs, [`sarif()`], [`github()`] and [`gitlab()`] to places where
//! code is reviewed. All are functions of the reports and the files alone: the same findings give the same bytes.

mod github;
mod gitlab;
mod sarif;

pub use github::github;
pub use gitlab::gitlab;
pub use sarif::sarif;

use std::borrow::Cow;

use annotate_snippets::{AnnotationKind, Element, Group, Level, Renderer, Snippet};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Diagnostic, Label, Report, Severity};
use crate::ident::shown;
use crate::source::{Position, SourceFile, Span};

/// The report for people: every finding with its place, then how many there are.
pub fn text(report: &Report, file: &SourceFile, color: bool) -> String {
    text_within(report, file, color, annotate_snippets::renderer::DEFAULT_TERM_WIDTH)
}

/// The same on a terminal of that many columns: of longer lines of the policy only the part around the place is shown,
/// since carets that a terminal has wrapped point at nothing.
pub fn text_within(report: &Report, file: &SourceFile, color: bool, columns: usize) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.term_width(columns);
    let findings = report.sorted();
    let mut out = String::new();
    let lines = Lines::new(file);
    for found in &findings {
        out.push_str(&renderer.render(&[group(found, file, &lines)]));
        out.push_str("\n\n");
    }
    if !findings.is_empty() {
        out.push_str(&summary(&findings));
        out.push('\n');
    }
    out
}

/// What was found in one file.
#[derive(Clone, Debug)]
pub struct Found {
    /// The file.
    pub file: SourceFile,
    /// What was found in it; may be nothing.
    pub report: Report,
}

/// The findings for programs: one list, the files in their order, the findings of each in the order of the text.
pub fn json(found: &[Found]) -> Value {
    let of = |Found { file, report }: &Found| {
        let lines = Lines::new(file);
        report.sorted().into_iter().map(|found| finding(found, file, &lines)).collect::<Vec<_>>()
    };
    found.iter().flat_map(of).collect()
}

/// A finding in one text without colours: the fact, then why, then what to do.
fn plain_words(found: &Diagnostic) -> String {
    let notes = found.notes.iter().map(|note| format!("note: {}", visible_lines(note)));
    let help = found.help.iter().map(|help| format!("help: {}", visible_lines(help)));
    let message = std::iter::once(shown(&found.message).to_string());
    message.chain(notes).chain(help).collect::<Vec<_>>().join("\n")
}

/// What tells a finding from the others of its file, wherever the lines move: SHA-256, hexadecimal.
fn fingerprint(found: &Diagnostic, file: &SourceFile) -> String {
    let parts = [file.name.as_str(), found.code.name(), found.object.as_deref().unwrap_or_default(), &found.message];
    Sha256::digest(parts.join("\n").as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn finding(found: &Diagnostic, file: &SourceFile, lines: &Lines<'_>) -> Value {
    let span = found.primary.as_ref().map(|label| label.span);
    let start = span.map(|span| lines.position(span.start));
    let end = span.map(|span| lines.position(span.end));
    json!({
        "code": found.code.name(),
        "severity": severity(found.severity),
        "message": found.message,
        "file": file.name,
        "line": start.map(|place| place.line),
        "column": start.map(|place| place.column),
        "end_line": end.map(|place| place.line),
        "end_column": end.map(|place| place.column),
        "notes": found.notes,
        "help": found.help,
        "object": found.object,
    })
}

/// Where the lines of a file begin: counted once, not for every finding again.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn new(file: &'a SourceFile) -> Self {
        let starts = std::iter::once(0).chain(file.text().match_indices('\n').map(|(at, _)| at + 1)).collect();
        Lines { text: file.text(), starts }
    }

    fn position(&self, offset: usize) -> Position {
        let offset = self.text.floor_char_boundary(offset);
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or_default();
        Position { line, column: 1 + self.text[start..offset].chars().count() }
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn group<'a>(found: &'a Diagnostic, file: &'a SourceFile, index: &Lines<'_>) -> Group<'a> {
    let level = match found.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(shown(&found.message).to_string()).id(found.code.name());
    let mut elements: Vec<Element<'a>> = Vec::new();
    let labels: Vec<(AnnotationKind, &Label)> = found
        .primary
        .iter()
        .map(|label| (AnnotationKind::Primary, label))
        .chain(found.labels.iter().map(|label| (AnnotationKind::Context, label)))
        .collect();
    let lines = labels
        .iter()
        .map(|(_, label)| inside(label.span, file))
        .reduce(|a, b| Span::new(a.start.min(b.start), a.end.max(b.end)));
    if let Some(lines) = lines {
        // Only the lines that are shown: the renderer walks over all that it is given, for each finding again.
        let source = file.text();
        let start = source[..lines.start].rfind('\n').map_or(0, |newline| newline + 1);
        let end = source[lines.end..].find('\n').map_or(source.len(), |length| lines.end + length);
        let end = source.floor_char_boundary(end.min(lines.end + 1_000));
        let annotations = labels.into_iter().map(|(kind, label)| {
            let span = inside(label.span, file);
            let text = (!label.text.is_empty()).then(|| shown(&label.text).to_string());
            kind.span(span.start - start..span.end - start).label(text)
        });
        let snippet = Snippet::source(visible_source(&source[start..end]))
            .line_start(index.position(start).line)
            .path(shown(&file.name).to_string())
            .annotations(annotations);
        elements.push(snippet.into());
    }
    elements.extend(found.notes.iter().map(|note| Level::NOTE.message(visible_lines(note)).into()));
    elements.extend(found.help.iter().map(|help| Level::HELP.message(visible_lines(help)).into()));
    if elements.is_empty() { Group::with_title(title) } else { title.elements(elements) }
}

/// The source with what repaints a terminal replaced, byte for byte, so that every place stays where it is.
///
/// The renderer knows the ASCII control characters itself, and replaces them by their pictures.
fn visible_source(text: &str) -> Cow<'_, str> {
    let hidden = |c: char| !c.is_ascii() && shown(c.encode_utf8(&mut [0; 4])).to_string().starts_with('\\');
    if !text.contains(hidden) {
        return Cow::Borrowed(text);
    }
    let replace = |c: char| match c.len_utf8() {
        2 if hidden(c) => '\u{b7}',
        3 if hidden(c) => '\u{fffd}',
        _ => c,
    };
    Cow::Owned(text.chars().map(replace).collect())
}

/// A span that can be shown: within the file and on its first line, so that a long value is not printed whole.
fn inside(span: Span, file: &SourceFile) -> Span {
    let text = file.text();
    let start = text.floor_char_boundary(span.start.min(text.len()));
    let end = text.floor_char_boundary(span.end.min(text.len())).max(start);
    let line = text[start..end].find(['\r', '\n']).map_or(end, |length| start + length);
    Span::new(start, line)
}

/// Notes and help may hold lines of a policy to copy; within a line nothing repaints a terminal.
fn visible_lines(text: &str) -> String {
    text.split('\n').map(|line| shown(line).to_string()).collect::<Vec<_>>().join("\n")
}

fn summary(findings: &[&Diagnostic]) -> String {
    let count = |wanted| findings.iter().filter(|found| found.severity == wanted).count();
    let plural = |number: usize, word: &str| format!("{number} {word}{}", if number == 1 { "" } else { "s" });
    format!("{}, {}", plural(count(Severity::Error), "error"), plural(count(Severity::Warning), "warning"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;

    fn file() -> SourceFile {
        SourceFile::new("a\u{1b}[2J.yaml", "version: 1\ntables:\n  users:\n    rows: delete\n")
    }

    fn report() -> Report {
        let mut report = Report::default();
        let found =
            Diagnostic::new(Code::UnknownTable, "no table `us\u{1b}[31mers`").at(Span::new(21, 26), "not \u{7}there");
        report.push(found.label(Span::new(32, 36), "for this").note("why").help("write\n    users:").about("users"));
        report.push(Diagnostic::new(Code::Unverified, "no place at all"));
        report
    }

    #[test]
    fn the_text_looks_like_rustc_and_nothing_repaints_the_terminal() {
        let text = text(&report(), &file(), false);
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
        insta::assert_snapshot!(text, @r"
        error[unknown-table]: no table `us\u{1b}[31mers`
         --> a\u{1b}[2J.yaml:3:3
          |
        3 |   users:
          |   ^^^^^ not \u{7}there
        4 |     rows: delete
          |     ---- for this
          |
          = note: why
          = help: write
                      users:

        warning[unverified]: no place at all

        1 error, 1 warning
        ");
    }

    #[test]
    fn json_has_the_place_and_the_object() {
        assert_eq!(
            json(&[Found { file: file(), report: report() }])[0],
            serde_json::json!({
                "code": "unknown-table",
                "severity": "error",
                "message": "no table `us\u{1b}[31mers`",
                "file": "a\u{1b}[2J.yaml",
                "line": 3,
                "column": 3,
                "end_line": 3,
                "end_column": 8,
                "notes": ["why"],
                "help": ["write\n    users:"],
                "object": "users",
            })
        );
    }

    #[test]
    fn places_are_those_of_the_file() {
        let file = SourceFile::new("p", "a\né\r\n\nlast");
        let lines = Lines::new(&file);
        for at in 0..=file.text().len() + 1 {
            assert_eq!(lines.position(at), file.position(at));
        }
    }

    #[test]
    fn a_long_line_is_cut_around_the_place_where_a_terminal_is_narrow() {
        let line = format!("tables: {{ users: {{ columns: {{ {}name: null }} }} }}", "a: keep, ".repeat(20));
        let file = SourceFile::new("p", format!("{line}\n"));
        let mut report = Report::default();
        let at = line.find("name").expect("it");
        report.push(Diagnostic::new(Code::NotNull, "x").at(Span::new(at, at + 4), "here"));
        let narrow = text_within(&report, &file, false, 60);
        assert!(narrow.contains("name: null") && narrow.contains("^^^^ here"), "{narrow}");
        assert_eq!(narrow.lines().find(|line| line.chars().count() > 70), None, "{narrow}");
        assert!(text(&report, &file, false).len() > narrow.len());
    }

    #[test]
    fn a_span_outside_the_file_is_shown_at_its_end() {
        let mut report = Report::default();
        report.push(Diagnostic::new(Code::UnknownTable, "x").at(Span::new(1_000, 2_000), ""));
        assert!(text(&report, &file(), true).contains("1 error, 0 warnings"));
    }
}
