//! What is wrong, where, why, and what to do?
//!
//! A finding is one value, [`Diagnostic`], whatever noticed it; how it looks is decided by a renderer ([`render`]).
//! [`Report`] collects them, and [`Report::finish`] is the only way out of a check.

mod code;
pub mod explain;
pub mod render;

pub use code::{Code, Severity};

use crate::source::Span;

/// One finding: what is wrong, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of problem it is.
    pub code: Code,
    /// Whether it stops the work.
    pub severity: Severity,
    /// The fact, in one line that stands alone.
    pub message: String,
    /// Where it is.
    pub primary: Option<Label>,
    /// Other places that explain it.
    pub labels: Vec<Label>,
    /// Why it is so.
    pub notes: Vec<String>,
    /// What to do next.
    pub help: Vec<String>,
    /// The database object that it is about, as `accept … at:` names it: `table`, `table.column`.
    pub object: Option<String>,
}

/// A place in the policy, with a few words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is to be seen there; may be empty.
    pub text: String,
}

impl Diagnostic {
    /// A finding of the code's own severity. The message states the fact in one line: lowercase, no full stop.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            message: message.into(),
            primary: None,
            labels: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
            object: None,
        }
    }

    /// Says where it is.
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.primary = Some(Label { span, text: text.into() });
        self
    }

    /// Points at another place that explains it.
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Says why.
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Says what to do next.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// Says what to do next, where something is known.
    pub fn help_if(self, text: Option<impl Into<String>>) -> Self {
        match text {
            Some(text) => self.help(text),
            None => self,
        }
    }

    /// Names the database object that it is about, as `accept` would.
    pub fn about(mut self, object: impl Into<String>) -> Self {
        self.object = Some(object.into());
        self
    }
}

/// The findings of a stage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    diagnostics: Vec<Diagnostic>,
}

/// A value that was reached with warnings only.
#[derive(Clone, Debug)]
pub struct Warned<T> {
    /// The value.
    pub value: T,
    /// What was noticed on the way; no errors.
    pub warnings: Report,
}

impl Report {
    /// Adds a finding.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Adds all findings of another report.
    pub fn extend(&mut self, other: Report) {
        self.diagnostics.extend(other.diagnostics);
    }

    /// Whether nothing was found at all.
    pub fn is_empty(&self) -> bool {
        self.diagnostics.is_empty()
    }

    /// Whether an error was found.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|found| found.severity == Severity::Error)
    }

    /// The findings, sorted by place, then code, then message; equal ones once.
    pub fn sorted(&self) -> Vec<&Diagnostic> {
        let mut all: Vec<_> = self.diagnostics.iter().collect();
        let key = |found: &Diagnostic| {
            (found.primary.as_ref().map_or(usize::MAX, |label| label.span.start), found.code, found.message.clone())
        };
        all.sort_by_key(|found| key(found));
        all.dedup();
        all
    }

    /// Keeps the findings for which `keep` holds: how accepted warnings leave.
    pub fn retain(&mut self, keep: impl FnMut(&Diagnostic) -> bool) {
        self.diagnostics.retain(keep);
    }

    /// The only way out of a check: a value and an error cannot leave together.
    pub fn finish<T>(self, value: T) -> Result<Warned<T>, Report> {
        if self.has_errors() { Err(self) } else { Ok(Warned { value, warnings: self }) }
    }
}
