//! Findings in SARIF, the format of static analysis results (OASIS, "Static Analysis Results Interchange Format Version 2.1.0"),
//! which code scanning on GitHub and many editors read.

use serde_json::{Map, Value, json};

use super::{Found, Lines, fingerprint, plain_words};
use crate::diagnostic::{Code, Diagnostic, Label, Severity, explain};
use crate::source::{SourceFile, Span};

/// The findings as a SARIF log with one run.
pub fn sarif(found: &[Found]) -> Value {
    let mut codes: Vec<Code> = found.iter().flat_map(|it| it.report.sorted()).map(|found| found.code).collect();
    codes.sort();
    codes.dedup();
    let rules: Vec<Value> = codes.iter().map(|code| rule(*code)).collect();
    let results: Vec<Value> = found
        .iter()
        .flat_map(|Found { file, report }| {
            let lines = Lines::new(file);
            report.sorted().into_iter().map(|found| result(found, file, &lines, &codes)).collect::<Vec<_>>()
        })
        .collect();
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "efface",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            // Columns are counted in characters, as everywhere in efface.
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(code: Code) -> Value {
    let (name, summary) = (code.name(), code.summary());
    json!({
        "id": name,
        "shortDescription": { "text": sentence(summary) },
        "fullDescription": { "text": sentence(summary) },
        "help": { "text": explain::text(code, 100), "markdown": explain::markdown(code) },
        "defaultConfiguration": { "level": level(code.severity()) },
    })
}

fn result(found: &Diagnostic, file: &SourceFile, lines: &Lines<'_>, codes: &[Code]) -> Value {
    let start = found.primary.as_ref().map(|label| label.span);
    let mut result = json!({
        "ruleId": found.code.name(),
        "ruleIndex": codes.iter().position(|code| *code == found.code),
        "level": level(found.severity),
        "message": { "text": sentence(&plain_words(found)) },
        // A finding without a place is about the file as a whole: code scanning shows none without a line.
        "locations": [location(start.unwrap_or_default(), None, file, lines)],
        "partialFingerprints": { "efface/v1": fingerprint(found, file) },
    });
    if !found.labels.is_empty() {
        let related = found.labels.iter().map(|Label { span, text }| location(*span, Some(text), file, lines));
        result["relatedLocations"] = related.collect();
    }
    result
}

fn location(span: Span, text: Option<&str>, file: &SourceFile, lines: &Lines<'_>) -> Value {
    let (start, end) = (lines.position(span.start), lines.position(span.end));
    let mut location = Map::new();
    location.insert(
        "physicalLocation".into(),
        json!({
            "artifactLocation": { "uri": uri(&file.name) },
            "region": {
                "startLine": start.line,
                "startColumn": start.column,
                "endLine": end.line,
                "endColumn": end.column,
            },
        }),
    );
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        location.insert("message".into(), json!({ "text": sentence(text) }));
    }
    location.into()
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// Messages in SARIF are sentences (3.11.3); ours are clauses without a full stop, and may end in lines of a policy.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let end = if text.contains('\n') { "" } else { "." };
    format!("{first}{}{end}", chars.as_str())
}

/// A file's name as a URI reference (RFC 3986): relative to the folder in which efface runs, as it was given.
fn uri(name: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    let path: String = name.bytes().map(byte).collect();
    if path.starts_with('/') { format!("file://{path}") } else { path }
}
