//! Is somebody still gone?

use std::fmt::Write;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::words::count;
use crate::ident::shown;

/// The format of a verification; raised when an older reader could misread a newer file.
pub const VERIFICATION_FORMAT: u32 = 1;

/// What was found of subjects who had been erased, in names and counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verification {
    /// The format of this file: 1.
    pub format: u32,
    /// The version of efface that looked.
    pub efface: String,
    /// The policy's name.
    pub policy: String,
    /// How many subjects; 0 where every row is meant.
    pub subjects: u64,
    /// What the ledger knows of them; none in a database without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<LedgerKnows>,
    /// Rows that are in the scope of a step and not as it leaves them.
    pub left: Vec<LeftRows>,
    /// Rows in the scope of a step of which nothing tells whether they were changed.
    pub untold: Vec<LeftRows>,
    /// Guards that find rows.
    pub guards: Vec<GuardedRows>,
    /// Where values that were given are; none where none were given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<SearchedValues>,
}

/// What the ledger knows of some subjects, by the policy's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LedgerKnows {
    /// How many of them.
    pub subjects: u64,
    /// The last entry about any of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<u64>,
}

/// Rows in the scope of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LeftRows {
    /// The table.
    pub table: String,
    /// The rule's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// What the step does with them: `delete` or `change`.
    pub action: String,
    /// How many.
    pub rows: u64,
}

/// Rows that a guard finds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GuardedRows {
    /// The guard.
    pub guard: String,
    /// How many.
    pub rows: u64,
}

/// What was looked for, and where it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchedValues {
    /// How many values were looked for.
    pub values: u64,
    /// How many were not: of fewer than four characters, or without a letter and a digit.
    pub too_short: u64,
    /// How many relations were looked through.
    pub relations: u64,
    /// Where they are.
    pub found: Vec<FoundColumn>,
    /// Relations that were to be looked through and could not be, with the reason.
    pub not_searched: Vec<UnsearchedRelation>,
}

/// A column in which values are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FoundColumn {
    /// The relation.
    pub relation: String,
    /// Its column.
    pub column: String,
    /// In how many rows.
    pub rows: u64,
}

/// A relation that could not be looked through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnsearchedRelation {
    /// The relation.
    pub relation: String,
    /// Why.
    pub because: String,
}

impl Verification {
    /// Whether anything was found, or could not be looked for.
    pub fn has_findings(&self) -> bool {
        let values = self.values.as_ref();
        let found = values.is_some_and(|values| !values.found.is_empty() || !values.not_searched.is_empty());
        found || !self.left.is_empty() || !self.guards.is_empty()
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a `String` can't fail.
        let mut line = |line: String| {
            let _ = writeln!(text, "{line}");
        };
        let whose = if self.subjects == 0 { "every row".into() } else { count(self.subjects, "subject") };
        line(format!("verification of policy `{}`, for {whose}", shown(&self.policy)));
        if let Some(ledger) = &self.ledger {
            line(match ledger.entry {
                Some(entry) => format!("  ledger    knows {} of them, the last by entry {entry}", ledger.subjects),
                None => "  ledger    knows none of them".into(),
            });
        }
        let rows = |left: &LeftRows| {
            let rule = left.rule.iter().map(|rule| format!(", rule `{}`", shown(rule))).collect::<String>();
            format!("{}{rule}: {} to {}", left.table, count(left.rows, "row"), left.action)
        };
        let mut section = |title: &str, lines: Vec<String>| {
            if !lines.is_empty() {
                line(String::new());
                line(title.into());
                lines.into_iter().for_each(|it| line(format!("  {it}")));
            }
        };
        section("still there", self.left.iter().map(rows).collect());
        section(
            "guards that find rows",
            self.guards.iter().map(|it| format!("{}: {}", shown(&it.guard), count(it.rows, "row"))).collect(),
        );
        section("changed or not: their new values don't tell", self.untold.iter().map(rows).collect());
        if let Some(values) = &self.values {
            let found = values.found.iter();
            section(
                "values are found",
                found.map(|it| format!("{}.{}: in {}", it.relation, it.column, count(it.rows, "row"))).collect(),
            );
            let not = values.not_searched.iter();
            section("not looked through", not.map(|it| format!("{}: {}", it.relation, it.because)).collect());
            line(String::new());
            let places = count(values.relations, "relation");
            line(format!("{} looked for in {places}", count(values.values, "value")));
            if values.too_short > 0 {
                line(format!("{} too short to be looked for", count(values.too_short, "value")));
            }
        }
        if !self.has_findings() {
            line(String::new());
            line("nothing is left".into());
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
