//! What did a run do, for people and for machines?
//!
//! An [`Account`] is plain data. Whether it tells of something that is committed is not for this module to say: the
//! server's module makes one into a receipt only after COMMIT was acknowledged.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::file::KeptPart;
use super::words::count;
use crate::ident::shown;

/// The receipt's format; raised when an older reader could misread a newer file.
pub const RECEIPT_FORMAT: u32 = 1;

/// What one run did, in names, counts and digests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The format of this file: 1.
    pub format: u32,
    /// The version of efface that ran.
    pub efface: String,
    /// Whether it is permanent.
    pub outcome: Outcome,
    /// The policy that was run.
    pub policy: super::PolicyReference,
    /// SHA-256 of the relevant part of the schema, hexadecimal.
    pub schema_sha256: String,
    /// SHA-256 of the script, hexadecimal.
    pub script_sha256: String,
    /// The entry in the database's ledger; none in a rehearsal, and in a run without a ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<LedgerAccount>,
    /// Who was erased.
    pub subject: SubjectAccount,
    /// The server's version, as it says it.
    pub server_version: String,
    /// When the transaction began, by the server's clock, RFC 3339.
    pub started: String,
    /// When its last statement had run, by the server's clock, RFC 3339.
    pub finished: String,
    /// How often the transaction was begun; more than one where others were in the way.
    pub attempts: u32,
    /// Why it was begun again, and how often for that reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retries: Vec<Retry>,
    /// The statements that changed rows, in order.
    pub steps: Vec<StepAccount>,
    /// Deleted rows, by table.
    pub erased: Vec<ErasedRows>,
    /// Changed rows, by table.
    pub anonymised: Vec<AnonymisedRows>,
    /// What stayed, and why.
    pub kept: Vec<KeptPart>,
    /// Rows of the subjects that other sessions have added or changed since they were locked: their turn came with our COMMIT.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub came_in_late: Vec<LateRows>,
    /// Where values that were to go still are, in rows that the plan has nothing to do with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub found_elsewhere: Vec<FoundValues>,
    /// Values that were too short to be looked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_looked_for: Vec<ShortValues>,
    /// What efface could not do, and where it is left.
    pub left_over: Vec<String>,
    /// What triggers did beyond the steps, by table, as far as the server counts it (`track_counts`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_triggers: Vec<TriggeredRows>,
    /// What somebody has to do before everything is gone, with the statement; the exit code is then 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to_do: Vec<String>,
}

/// A reason for which the transaction was rolled back and begun again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// The reason.
    pub why: String,
    /// How often.
    pub times: u32,
}

/// Whether what happened is permanent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// COMMIT was acknowledged, or the server said afterwards that the transaction is committed.
    Committed {
        /// The transaction's id (`xid8`).
        transaction: String,
    },
    /// Everything was rolled back, as a rehearsal does.
    RolledBack,
}

/// An entry in the ledger. Kept where whoever may write the ledger can't, its digest shows what is done to the ledger later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LedgerAccount {
    /// Its number.
    pub seq: u64,
    /// Its digest, hexadecimal: for `efface ledger verify --head`.
    pub digest: String,
}

/// Who was erased: the keys themselves only where they are numbers or uuids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubjectAccount {
    /// The subject's table; none where subjects have no row, or every row is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// The columns of its key, or the name of the value; empty where every row is meant.
    pub key: Vec<String>,
    /// How many subjects; 0 where every row is meant.
    pub count: u64,
    /// Each subject's key; a column that could hold personal data stands as `sha256:` and a short digest.
    pub subjects: Vec<Vec<String>>,
    /// In a retention run, how many more were expired before their rows were locked; they stayed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_longer_expired: Option<u64>,
}

/// One statement that changed rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepAccount {
    /// The step's number in the plan, from 1.
    pub step: usize,
    /// Whether it is the step's repetition after triggers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sweep: bool,
    /// The rule's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `delete` or `change`.
    pub action: String,
    /// The table.
    pub table: String,
    /// Rows that the statement deleted or changed.
    pub rows: u64,
}

/// Deleted rows of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErasedRows {
    /// The table.
    pub table: String,
    /// How many.
    pub rows: u64,
}

/// Rows of a table that came in while the run waited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LateRows {
    /// The table.
    pub table: String,
    /// How many.
    pub rows: u64,
}

/// Old values that were found in a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FoundValues {
    /// The table.
    pub table: String,
    /// Its column.
    pub column: String,
    /// The column whose values they were: `users.email`.
    pub values_of: String,
    /// In how many rows.
    pub rows: u64,
}

/// Values of fewer than four characters stand in texts by chance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShortValues {
    /// The column whose values they were: `users.name`.
    pub values_of: String,
    /// How many.
    pub values: u64,
}

/// Changed rows of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnonymisedRows {
    /// The table.
    pub table: String,
    /// How many; a row that had its new values already is not counted, and one that a trigger turned back is counted for
    /// each time that it was changed. Rows that are erased afterwards are not counted here.
    pub rows: u64,
    /// The columns that its rules change, sorted.
    pub columns: Vec<String>,
}

/// Rows of a table that triggers have written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TriggeredRows {
    /// The table.
    pub table: String,
    /// Rows that were added; some of them may have been swept away since.
    pub added: u64,
    /// How often rows were changed, beyond the steps.
    pub changed: u64,
    /// Rows that were deleted, beyond the steps' own.
    pub deleted: u64,
}

impl TriggeredRows {
    fn text(&self) -> String {
        let parts = [(self.added, "added"), (self.changed, "changed"), (self.deleted, "deleted")];
        let parts = parts.into_iter().filter(|(rows, _)| *rows > 0);
        let parts: Vec<_> = parts.map(|(rows, what)| format!("{} {what}", count(rows, "row"))).collect();
        format!("{}: {}", self.table, parts.join(", "))
    }
}

impl Account {
    /// For people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a `String` can't fail.
        let mut line = |line: String| {
            let _ = writeln!(text, "{line}");
        };
        let policy = shown(&self.policy.name);
        match &self.outcome {
            Outcome::Committed { transaction } => {
                line(format!("receipt of policy `{policy}`: committed as transaction {transaction}"));
            }
            Outcome::RolledBack => line(format!("rehearsal of policy `{policy}`: everything was rolled back")),
        }
        line(format!("  subject   {}", self.subject.text()));
        line(format!("  when      {} to {}, PostgreSQL {}", self.started, self.finished, shown(&self.server_version)));
        if self.attempts > 1 {
            let why: Vec<_> = self.retries.iter().map(|it| format!("{} × {}", it.times, it.why)).collect();
            line(format!("  attempts  {} (rolled back before: {})", self.attempts, why.join(", ")));
        }
        line(format!("  policy    sha256:{}", self.policy.sha256));
        line(format!("  schema    sha256:{}", self.schema_sha256));
        line(format!("  script    sha256:{}", self.script_sha256));
        if let Some(entry) = &self.ledger {
            line(format!("  ledger    entry {}, sha256:{}", entry.seq, entry.digest));
        }
        let mut section = |title: &str, lines: Vec<String>| {
            line(String::new());
            line(title.into());
            let lines = if lines.is_empty() { vec!["nothing".into()] } else { lines };
            lines.into_iter().for_each(|it| line(format!("  {it}")));
        };
        section("erased", self.erased.iter().map(|it| format!("{}: {}", it.table, count(it.rows, "row"))).collect());
        let anonymised = self.anonymised.iter();
        section(
            "anonymised",
            anonymised
                .map(|it| format!("{}: {} ({})", it.table, count(it.rows, "row"), it.columns.join(", ")))
                .collect(),
        );
        section("kept, and why", self.kept.iter().map(KeptPart::text).collect());
        if !self.came_in_late.is_empty() {
            let late = self.came_in_late.iter();
            section("came in late", late.map(|it| format!("{}: {}", it.table, count(it.rows, "row"))).collect());
        }
        let found = self.found_elsewhere.iter();
        let found = found
            .map(|it| format!("{}.{}: values of {} in {}", it.table, it.column, it.values_of, count(it.rows, "row")));
        let short = self.not_looked_for.iter();
        let short =
            short.map(|it| format!("{}: {} too short to be looked for", it.values_of, count(it.values, "value")));
        let found: Vec<_> = found.chain(short).collect();
        if !found.is_empty() {
            section("old values elsewhere", found);
        }
        if !self.by_triggers.is_empty() {
            section("by triggers, beyond the steps", self.by_triggers.iter().map(TriggeredRows::text).collect());
        }
        if !self.to_do.is_empty() {
            section("to do, or it stays", self.to_do.clone());
        }
        section("left over", self.left_over.clone());
        text
    }

    /// For machines: JSON with a newline at its end.
    pub fn json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("names, texts and numbers are always JSON");
        text.push('\n');
        text
    }
}

impl SubjectAccount {
    fn text(&self) -> String {
        /// More keys than this are for the JSON form.
        const SHOWN: usize = 5;
        let mut keys: Vec<_> = self.subjects.iter().take(SHOWN).map(|key| key.join(",")).collect();
        if self.subjects.len() > SHOWN {
            keys.push("…".into());
        }
        let key = self.key.join(", ");
        let what = match &self.table {
            _ if self.key.is_empty() => return "every row of every table".to_owned(),
            Some(table) => format!("{} of {table} by {key}", count(self.count, "row")),
            None => format!("{} of {key}", count(self.count, "value")),
        };
        let left = match self.no_longer_expired {
            None => "",
            Some(0) => ", all that were expired",
            Some(_) => ", still expired when locked",
        };
        let stayed = match self.no_longer_expired {
            None | Some(0) => String::new(),
            Some(rows) => format!("; {} no longer expired, and stayed", count(rows, "row")),
        };
        format!("{what}{left}: {}{stayed}", keys.join("; "))
    }
}

impl KeptPart {
    fn text(&self) -> String {
        let column = self.column.as_ref().map_or_else(String::new, |column| format!(".{column}"));
        let rows = self.rows.map_or_else(String::new, |rows| format!(" ({})", count(rows, "row")));
        format!("{}{column}: {}{rows}", self.table, shown(&self.reason))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> Account {
        Account {
            format: RECEIPT_FORMAT,
            efface: "0.1.0".into(),
            outcome: Outcome::Committed { transaction: "743".into() },
            policy: crate::review::PolicyReference {
                name: "client-erasure".into(),
                path: "policies/client-erasure.yaml".into(),
                sha256: "aa".into(),
            },
            schema_sha256: "bb".into(),
            script_sha256: "cc".into(),
            ledger: Some(LedgerAccount { seq: 7, digest: "dd".into() }),
            subject: SubjectAccount {
                table: Some("users".into()),
                key: vec!["id".into()],
                count: 1,
                subjects: vec![vec!["42".into()]],
                no_longer_expired: None,
            },
            server_version: "15.18".into(),
            started: "2026-11-21T10:00:00Z".into(),
            finished: "2026-11-21T10:00:01Z".into(),
            attempts: 2,
            retries: vec![Retry { why: "a lock was not to be had in time".into(), times: 1 }],
            steps: vec![StepAccount {
                step: 1,
                sweep: false,
                name: None,
                action: "delete".into(),
                table: "audits".into(),
                rows: 1200,
            }],
            erased: vec![ErasedRows { table: "audits".into(), rows: 1200 }],
            anonymised: vec![AnonymisedRows {
                table: "users".into(),
                rows: 1,
                columns: vec!["email".into(), "name".into()],
            }],
            kept: vec![
                KeptPart { table: "payments".into(), column: None, reason: "seven years: tax law".into(), rows: None },
                KeptPart {
                    table: "users".into(),
                    column: Some("created_at".into()),
                    reason: "joiners report".into(),
                    rows: None,
                },
            ],
            came_in_late: vec![LateRows { table: "bookings".into(), rows: 1 }],
            found_elsewhere: Vec::new(),
            not_looked_for: Vec::new(),
            left_over: vec!["backups, until their retention ends".into()],
            by_triggers: vec![TriggeredRows { table: "counters".into(), added: 0, changed: 2, deleted: 1 }],
            to_do: vec!["materialized view `people` keeps old values until it is refreshed: REFRESH …".into()],
        }
    }

    #[test]
    fn a_receipt_reads_as_three_buckets_and_what_is_left_over() {
        insta::assert_snapshot!(account().text());
    }

    #[test]
    fn a_rehearsal_says_first_that_nothing_stayed() {
        let text = Account { outcome: Outcome::RolledBack, ..account() }.text();
        assert!(text.starts_with("rehearsal of policy `client-erasure`: everything was rolled back\n"), "{text}");
    }

    #[test]
    fn a_receipt_survives_its_json() {
        let read: Account = serde_json::from_str(&account().json()).unwrap();
        assert_eq!(read, account());
    }

    #[test]
    fn many_subjects_are_not_all_listed_in_the_text() {
        let subjects = (0..9).map(|id| vec![id.to_string()]).collect();
        let subject = SubjectAccount { count: 9, subjects, ..account().subject };
        assert_eq!(subject.text(), "9 rows of users by id: 0; 1; 2; 3; 4; …");
    }
}
