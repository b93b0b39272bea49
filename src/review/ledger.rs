//! What do the ledger's entries say?
//!
//! Entries come from a database or from a file that `efface ledger export` wrote; here they are only read. Their digests are
//! computed again by this program, so neither the server nor whoever may write its functions has to be believed.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::words::count;
use crate::catalog::hexadecimal;
use crate::ident::shown;

/// One entry, as `efface ledger export` writes it, one in a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LedgerEntry {
    /// Its number, from 1.
    pub seq: u64,
    /// The digest of the entry before; zeros for the first.
    pub prev: String,
    /// SHA-256 over everything else in the entry, hexadecimal.
    pub digest: String,
    /// When the transaction began, RFC 3339.
    pub at: String,
    /// Who had logged in to the server.
    pub role: String,
    /// The transaction's id (`xid8`).
    pub transaction: String,
    /// The program that ran the script: efface with its version, or psql.
    pub runner: String,
    /// The policy's name.
    pub policy: String,
    /// SHA-256 of the policy's file, hexadecimal.
    pub policy_sha256: String,
    /// SHA-256 of the script down to its statements about the ledger, in which it stands, hexadecimal.
    pub plan_sha256: String,
    /// The subject's table; none where subjects have no row, or every row was meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The columns of its key, or the name of the value; empty where every row was meant.
    pub key: Vec<String>,
    /// Who said which subjects.
    pub chosen: ChosenBy,
    /// How many subjects.
    pub subjects: u64,
    /// SHA-256 over the list of subjects, hexadecimal.
    pub subjects_sha256: String,
    /// For each step of the plan, in order, the rows that it deleted or changed.
    pub steps: Vec<LedgerStep>,
    /// The subjects, sorted: keys that are integers or uuids as they are, any other as a keyed digest.
    pub erased: Vec<String>,
}

/// Who said which subjects a run had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ChosenBy {
    /// Whoever started it.
    #[serde(rename = "given")]
    Given,
    /// The policy, by its `expired_when`.
    #[serde(rename = "expired")]
    Expired,
    /// The policy: everybody.
    #[serde(rename = "every row")]
    EveryRow,
}

/// What a step did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LedgerStep {
    /// `delete` or `change`.
    pub action: String,
    /// The table.
    pub table: String,
    /// Rows that it deleted or changed, its repetitions after triggers included.
    pub rows: u64,
}

impl LedgerEntry {
    /// Reads an entry from its line.
    ///
    /// # Errors
    /// The line isn't an entry.
    pub fn read(line: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(line)
    }

    /// Its line, with the newline.
    pub fn line(&self) -> String {
        let mut line = json(self);
        line.push('\n');
        line
    }

    /// The digest that it should have. The script computes it on the server from the same text.
    pub fn computed(&self) -> String {
        hexadecimal(&Sha256::digest(self.canonical().as_bytes()))
    }

    /// Everything that the digest is over, one fact in a line; texts as JSON, so that none of them can look like two.
    fn canonical(&self) -> String {
        let mut lines = vec![
            "efface ledger entry, version 1".to_owned(),
            format!("seq {}", self.seq),
            format!("prev {}", json(&self.prev)),
            format!("at {}", json(&self.at)),
            format!("role {}", json(&self.role)),
            format!("transaction {}", json(&self.transaction)),
            format!("runner {}", json(&self.runner)),
            format!("policy {}", json(&self.policy)),
            format!("policy_sha256 {}", json(&self.policy_sha256)),
            format!("plan_sha256 {}", json(&self.plan_sha256)),
        ];
        lines.extend(self.subject.iter().map(|subject| format!("subject {}", json(subject))));
        lines.push(format!("key {}", json(&self.key)));
        lines.push(format!("chosen {}", json(&self.chosen)));
        lines.push(format!("subjects {} {}", self.subjects, json(&self.subjects_sha256)));
        let steps = self.steps.iter().zip(1..);
        lines.extend(
            steps.map(|(step, n)| format!("step {n} {} {} {}", json(&step.action), step.rows, json(&step.table))),
        );
        lines.join("\n")
    }

    /// Whether the subjects are those of which the entry has the digest.
    pub(super) fn lists_its_subjects(&self) -> bool {
        let mut sorted = self.erased.clone();
        sorted.sort_unstable();
        let digest = hexadecimal(&Sha256::digest(sorted.join("\n").as_bytes()));
        digest == self.subjects_sha256 && self.erased.len() as u64 == self.subjects
    }

    /// Rows deleted and rows changed, of all steps.
    fn rows(&self) -> (u64, u64) {
        let sum = |action: &str| self.steps.iter().filter(|step| step.action == action).map(|step| step.rows).sum();
        (sum("delete"), sum("change"))
    }

    /// Whom it is about, in a few words.
    fn about(&self) -> String {
        let key = self.key.join(", ");
        match (&self.subject, self.chosen) {
            (_, ChosenBy::EveryRow) => "every row".to_owned(),
            (Some(table), _) => format!("{} of {table} by {key}", count(self.subjects, "row")),
            (None, _) => format!("{} of {key}", count(self.subjects, "value")),
        }
    }
}

fn json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("names, texts and numbers are always JSON")
}

/// The entries as a page, two lines for each.
pub fn ledger_text(entries: &[LedgerEntry]) -> String {
    let mut text = String::new();
    for entry in entries {
        let (deleted, changed) = entry.rows();
        let LedgerEntry { seq, at, policy, role, runner, digest, .. } = entry;
        // Writing to a `String` can't fail.
        let _ = writeln!(
            text,
            "{seq:>6}  {at}  {}: {}; {} deleted, {} changed",
            shown(policy),
            shown(&entry.about()),
            count(deleted, "row"),
            count(changed, "row"),
        );
        let _ = writeln!(text, "        by {} with {}, sha256:{}", shown(role), shown(runner), shown(digest));
    }
    if entries.is_empty() {
        text.push_str("no entries\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::chain::tests::chain;
    use super::*;

    #[test]
    fn an_entry_reads_back_from_its_line() {
        for entry in chain(2) {
            assert_eq!(LedgerEntry::read(&entry.line()).unwrap(), entry);
        }
    }

    #[test]
    fn a_ledger_reads_as_two_lines_for_each_entry() {
        insta::assert_snapshot!(ledger_text(&chain(1)).replace(&chain(1)[0].digest, "DIGEST"), @r#"
             1  2026-11-21T10:00:01.000000Z  client-erasure: 2 rows of users by id; 1 row deleted, 0 rows changed
                by efface "x"\u{a} with efface 0.1.0, sha256:DIGEST
        "#);
    }
}
