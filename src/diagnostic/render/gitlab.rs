//! Findings as a code quality report of GitLab, which shows them in a merge request.
//!
//! GitLab documentation, "Code Quality", "Code Quality report format": a list of objects with these five keys.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Found, Lines, fingerprint, plain_words};
use crate::diagnostic::Severity;

/// The findings as GitLab's `codequality` report.
pub fn gitlab(found: &[Found]) -> Value {
    let mut seen = BTreeMap::new();
    let mut all = Vec::new();
    for Found { file, report } in found {
        let lines = Lines::new(file);
        for found in report.sorted() {
            // Of two findings with one fingerprint GitLab shows one.
            let print = fingerprint(found, file);
            let times = seen.entry(print.clone()).and_modify(|times| *times += 1).or_insert(1);
            let print = if *times == 1 { print } else { format!("{print}-{times}") };
            all.push(json!({
                "description": plain_words(found),
                "check_name": found.code.name(),
                "fingerprint": print,
                "severity": match found.severity {
                    Severity::Error => "critical",
                    Severity::Warning => "minor",
                },
                "location": {
                    "path": file.name,
                    "lines": { "begin": found.primary.as_ref().map_or(1, |label| lines.position(label.span.start).line) },
                },
            }));
        }
    }
    all.into()
}
