//! Do the ledger's entries still form the chain in which they were written?
//!
//! That an entry is whole says that nobody has changed it since. That it is the newest can only be told by a digest that was
//! kept elsewhere, such as a receipt's.

use std::fmt::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::ledger::LedgerEntry;
use super::words::count;
use crate::ident::shown;
use crate::sql::NO_ENTRY;

/// What is wrong with a ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum ChainFinding {
    /// The entry is not what its digest was made of.
    Altered {
        /// Its number.
        entry: u64,
    },
    /// The list of the entry's subjects is not the one of which it has the digest.
    SubjectsAltered {
        /// Its number.
        entry: u64,
    },
    /// Entries are not there.
    Missing {
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
    /// The entry holds another digest than that of the one before it.
    Unlinked {
        /// Its number.
        entry: u64,
        /// The number of the one before it; 0 where it is the first.
        after: u64,
    },
    /// Two entries follow the same one, or have the same number.
    Forked {
        /// The second of them.
        entry: u64,
    },
    /// Subjects are listed for entries that are not there.
    Strays {
        /// How many.
        subjects: u64,
    },
    /// No entry has the digest that was kept elsewhere.
    HeadMissing {
        /// The digest.
        digest: String,
    },
}

impl fmt::Display for ChainFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ChainFinding::Altered { entry } => write!(f, "entry {entry} was altered: it does not have its digest"),
            ChainFinding::SubjectsAltered { entry } => {
                write!(f, "the subjects of entry {entry} were altered: they do not have the entry's digest")
            }
            ChainFinding::Missing { from, to } if from == to => write!(f, "entry {from} is missing"),
            ChainFinding::Missing { from, to } => write!(f, "entries {from} to {to} are missing"),
            ChainFinding::Unlinked { entry, after: 0 } => {
                write!(f, "entry {entry} is the first, and follows one that is not there")
            }
            ChainFinding::Unlinked { entry, after } => {
                write!(f, "entry {entry} does not follow entry {after}: one of them is not the one that was written")
            }
            ChainFinding::Forked { entry } => write!(f, "entry {entry} follows the same one as another"),
            ChainFinding::Strays { subjects } => {
                write!(f, "{} listed for entries that are not there", count(*subjects, "subject"))
            }
            ChainFinding::HeadMissing { digest } => write!(
                f,
                "no entry has the digest sha256:{}: it was removed or altered, or it is another ledger's",
                shown(digest)
            ),
        }
    }
}

/// What was found out about a ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ChainReport {
    /// How many entries.
    pub entries: u64,
    /// How many subjects they list.
    pub subjects: u64,
    /// The number of the newest; 0 without entries.
    pub head: u64,
    /// The digest of the newest; empty without entries.
    pub head_digest: String,
    /// The number of the entry with the digest that was kept elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<u64>,
    /// What is wrong.
    pub findings: Vec<ChainFinding>,
}

impl ChainReport {
    /// What a chain can't tell: said wherever one is found whole.
    pub const LIMIT: &'static str = "removed newest entries, and a table that was rewritten as a whole, show only against a digest that was \
         kept elsewhere: `--head` takes a receipt's";

    /// For people.
    pub fn text(&self) -> String {
        let (entries, subjects) = (
            format!("{} entr{}", self.entries, if self.entries == 1 { "y" } else { "ies" }),
            count(self.subjects, "subject"),
        );
        let mut text = match self.findings.is_empty() {
            true => format!("whole: {entries}, {subjects}\n"),
            false => format!("not whole: {entries}, {subjects}\n"),
        };
        for finding in &self.findings {
            let _ = writeln!(text, "  {finding}");
        }
        if self.entries > 0 {
            let _ = writeln!(text, "  newest: entry {}, sha256:{}", self.head, shown(&self.head_digest));
        }
        if let Some(kept) = self.kept {
            let _ = writeln!(text, "  the digest that was kept elsewhere is that of entry {kept}");
        }
        text
    }

    /// For machines: JSON with a newline at its end.
    pub fn json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("names, texts and numbers are always JSON");
        text.push('\n');
        text
    }
}

/// Follows a chain, entry by entry in the order of their numbers.
#[derive(Debug, Default)]
pub struct Chain {
    report: ChainReport,
    /// The number, digest and predecessor of the entry before.
    before: Option<(u64, String, String)>,
    wanted: Option<String>,
}

impl Chain {
    /// A chain in which an entry with this digest has to be, where one was kept.
    pub fn with_head(wanted: Option<String>) -> Self {
        Self { wanted, ..Self::default() }
    }

    /// Takes the next entry.
    pub fn follow(&mut self, entry: &LedgerEntry) {
        if entry.computed() != entry.digest {
            self.find(ChainFinding::Altered { entry: entry.seq });
        }
        if !entry.lists_its_subjects() {
            self.find(ChainFinding::SubjectsAltered { entry: entry.seq });
        }
        self.report.subjects += entry.erased.len() as u64;
        self.link(entry.seq, &entry.prev, &entry.digest);
    }

    /// Takes the next entry of which no more than its number and digests can be read.
    pub fn follow_unreadable(&mut self, seq: u64, prev: &str, digest: &str) {
        self.find(ChainFinding::Altered { entry: seq });
        self.link(seq, prev, digest);
    }

    fn link(&mut self, seq: u64, prev: &str, digest: &str) {
        let (last, last_digest, last_prev) = self.before.take().unwrap_or((0, NO_ENTRY.to_owned(), String::new()));
        if seq <= last || prev == last_prev {
            self.find(ChainFinding::Forked { entry: seq });
        } else if seq > last + 1 {
            self.find(ChainFinding::Missing { from: last + 1, to: seq - 1 });
        } else if prev != last_digest {
            self.find(ChainFinding::Unlinked { entry: seq, after: last });
        }
        self.report.entries += 1;
        self.report.head = seq;
        digest.clone_into(&mut self.report.head_digest);
        if self.wanted.as_deref() == Some(digest) {
            self.report.kept = Some(seq);
        }
        self.before = Some((seq, digest.to_owned(), prev.to_owned()));
    }

    /// Takes the number of subjects that are listed for entries which are not there.
    pub fn strays(&mut self, subjects: u64) {
        if subjects > 0 {
            self.find(ChainFinding::Strays { subjects });
        }
    }

    fn find(&mut self, finding: ChainFinding) {
        self.report.findings.push(finding);
    }

    /// The end of the chain.
    pub fn end(mut self) -> ChainReport {
        if let (Some(digest), None) = (self.wanted.take(), self.report.kept) {
            self.find(ChainFinding::HeadMissing { digest });
        }
        self.report
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::catalog::hexadecimal;
    use crate::review::{ChosenBy, LedgerStep};

    /// A chain as the script would have written it.
    pub fn chain(length: u64) -> Vec<LedgerEntry> {
        let mut entries: Vec<LedgerEntry> = Vec::new();
        for seq in 1..=length {
            let erased = vec![seq.to_string(), (seq + 100).to_string()];
            let mut sorted = erased.clone();
            sorted.sort();
            let mut entry = LedgerEntry {
                seq,
                prev: entries.last().map_or(NO_ENTRY.to_owned(), |entry| entry.digest.clone()),
                digest: String::new(),
                at: format!("2026-11-21T10:00:0{}.000000Z", seq % 10),
                role: "efface \"x\"\n".into(),
                transaction: (700 + seq).to_string(),
                runner: "efface 0.1.0".into(),
                policy: "client-erasure".into(),
                policy_sha256: "aa".repeat(32),
                plan_sha256: "bb".repeat(32),
                subject: Some("users".into()),
                key: vec!["id".into()],
                chosen: ChosenBy::Given,
                subjects: 2,
                subjects_sha256: hexadecimal(&Sha256::digest(sorted.join("\n").as_bytes())),
                steps: vec![LedgerStep { action: "delete".into(), table: "notes".into(), rows: seq }],
                erased,
            };
            entry.digest = entry.computed();
            entries.push(entry);
        }
        entries
    }

    fn verified(entries: &[LedgerEntry], head: Option<&str>) -> ChainReport {
        let mut chain = Chain::with_head(head.map(str::to_owned));
        entries.iter().for_each(|entry| chain.follow(entry));
        chain.end()
    }

    fn findings(entries: &[LedgerEntry]) -> Vec<ChainFinding> {
        verified(entries, None).findings
    }

    #[test]
    fn a_chain_as_it_was_written_is_whole() {
        let report = verified(&chain(5), Some(&chain(5)[2].digest));
        assert_eq!(report.findings, []);
        assert_eq!((report.entries, report.subjects, report.head, report.kept), (5, 10, 5, Some(3)));
        assert_eq!(findings(&[]), []);
    }

    #[test]
    fn an_entry_that_was_taken_out_or_put_elsewhere_is_named() {
        let without = |index: usize| {
            let mut entries = chain(5);
            entries.remove(index);
            entries
        };
        assert_eq!(findings(&without(0)), [ChainFinding::Missing { from: 1, to: 1 }]);
        assert_eq!(findings(&without(2)), [ChainFinding::Missing { from: 3, to: 3 }]);
        // The newest only by its digest.
        assert_eq!(findings(&without(4)), []);
        let newest = chain(5)[4].digest.clone();
        assert_eq!(verified(&without(4), Some(&newest)).findings, [ChainFinding::HeadMissing { digest: newest }]);

        let mut swapped = chain(5);
        (swapped[1].seq, swapped[2].seq) = (3, 2);
        swapped.sort_by_key(|entry| entry.seq);
        let found = findings(&swapped);
        for entry in [2, 3] {
            assert!(found.contains(&ChainFinding::Altered { entry }), "{found:?}");
        }
    }

    #[test]
    fn an_entry_that_was_written_anew_no_longer_fits_the_next() {
        let mut entries = chain(5);
        entries[2].role = "somebody else".into();
        assert_eq!(findings(&entries), [ChainFinding::Altered { entry: 3 }]);
        entries[2].digest = entries[2].computed();
        assert_eq!(findings(&entries), [ChainFinding::Unlinked { entry: 4, after: 3 }]);
    }

    #[test]
    fn a_fork_is_named() {
        let mut entries = chain(3);
        let mut other = LedgerEntry { seq: 4, role: "other".into(), ..entries[2].clone() };
        other.digest = other.computed();
        entries.push(other);
        assert_eq!(findings(&entries), [ChainFinding::Forked { entry: 4 }]);
    }

    #[test]
    fn subjects_that_were_added_or_taken_out_are_noticed() {
        let mut entries = chain(3);
        entries[1].erased.pop();
        entries[2].erased.push("7".into());
        let expected = [ChainFinding::SubjectsAltered { entry: 2 }, ChainFinding::SubjectsAltered { entry: 3 }];
        assert_eq!(findings(&entries), expected);
    }

    proptest! {
        /// Whatever is changed in any field of any entry is noticed, and at that entry.
        #[test]
        fn no_change_of_a_single_field_goes_unnoticed(at in 0usize..5, field in 0usize..16, text in "[a-z0-9]{1,8}") {
            let mut entries = chain(5);
            let entry = &mut entries[at];
            let before = entry.clone();
            match field {
                0 => entry.prev = text,
                1 => entry.digest = text,
                2 => entry.at = text,
                3 => entry.role = text,
                4 => entry.transaction = text,
                5 => entry.runner = text,
                6 => entry.policy = text,
                7 => entry.policy_sha256 = text,
                8 => entry.plan_sha256 = text,
                9 => entry.subject = None,
                10 => entry.key = vec![text],
                11 => entry.chosen = ChosenBy::Expired,
                12 => entry.subjects += 1,
                13 => entry.subjects_sha256 = text,
                14 => entry.steps[0].rows += 1,
                _ => entry.erased = vec![text],
            }
            prop_assume!(*entry != before);
            let seq = entry.seq;
            let found = findings(&entries);
            let named = |found: &ChainFinding| match found {
                ChainFinding::Altered { entry } | ChainFinding::SubjectsAltered { entry } => *entry == seq,
                _ => false,
            };
            prop_assert!(found.iter().any(named), "{:?}", found);
        }
    }
}
