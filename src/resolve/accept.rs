//! Which findings has someone looked at and accepted?

use std::cell::RefCell;

use super::model::ResolvedPolicy;
use super::words;
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::policy::Acceptance;
use crate::source::Span;

/// The policy's `accept` entries, and which of them matched something.
pub(super) struct Accepted<'a> {
    entries: &'a [Acceptance],
    used: RefCell<Vec<bool>>,
}

impl<'a> Accepted<'a> {
    pub(super) fn new(entries: &'a [Acceptance]) -> Self {
        Self { entries, used: RefCell::new(vec![false; entries.len()]) }
    }

    /// Whether any finding of this code is accepted: where none is, nobody needs to name the places of all keys.
    pub(super) fn any(&self, code: Code) -> bool {
        self.entries.iter().any(|entry| entry.code.value == code)
    }

    /// Whether a finding of this code at this place is accepted; remembers which entries said so.
    pub(super) fn covers(&self, code: Code, object: &str) -> bool {
        let mut any = false;
        for (index, entry) in self.entries.iter().enumerate() {
            if entry.code.value == code && matches(&entry.at.value, object) {
                self.used.borrow_mut()[index] = true;
                any = true;
            }
        }
        any
    }

    /// The place of an entry that expects no row where it accepts that a path isn't followed.
    pub(super) fn expects_none(&self, object: &str) -> Option<Span> {
        let of_paths = self.entries.iter().filter(|entry| entry.code.value == Code::PathNotFollowed);
        of_paths
            .filter(|entry| entry.expect_none)
            .find(|entry| matches(&entry.at.value, object))
            .map(|entry| entry.at.span)
    }

    /// Takes the accepted findings out of the report, and reports the entries that match nothing.
    pub(super) fn settle(&self, report: &mut Report) {
        report.retain(|found| {
            let object = found.object.as_deref();
            !(found.code.is_acceptable() && object.is_some_and(|object| self.covers(found.code, object)))
        });
        // With errors in the way not every pass has run: an entry may yet match.
        if report.has_errors() {
            return;
        }
        for (entry, used) in self.entries.iter().zip(self.used.borrow().iter()) {
            // What only a server says is not known here.
            let server_s = matches!(
                entry.code.value,
                Code::Unverified | Code::BrokenAlready | Code::SearchPathDiffers | Code::LongLockTimeout
            );
            if !used && !server_s {
                report.push(words::unmatched_acceptance(entry));
            }
        }
    }
}

impl ResolvedPolicy {
    /// Whether a finding of a later stage is accepted: what the server says when it is asked about the policy.
    pub fn accepts(&self, finding: &Diagnostic) -> bool {
        let covers =
            |entry: &Acceptance, object: &str| entry.code.value == finding.code && matches(&entry.at.value, object);
        let object = finding.object.as_deref();
        finding.code.is_acceptable() && object.is_some_and(|object| self.accepted.iter().any(|it| covers(it, object)))
    }
}

/// Whether a pattern with `*` for any characters matches the whole text.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let parts: Vec<_> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_any_characters() {
        assert!(matches("*.created_by_id", "audits.created_by_id"));
        assert!(matches("audits.user_id", "audits.user_id"));
        assert!(matches("a*b*c", "a.b.b.c"));
        assert!(!matches("*.created_by_id", "audits.created_by_id2"));
        assert!(!matches("audits.user", "audits.user_id"));
        assert!(!matches("ab*ba", "aba"));
    }
}
