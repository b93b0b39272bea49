//! The saved plan: what a reviewer approved, bound by digests, and compared before it is applied.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::words::{SHARED, changed_columns, new_value, one_line, place, reasons, table, verb};
use super::{Reviewed, derived, kept_columns, parts, policy_digest};
use crate::catalog::hexadecimal;
use crate::catalog::{Catalog, diff, digest};
use crate::ident::{TableName, shown};
use crate::plan::{Choice, StepAction, TableLock, followers, touched_tables};
use crate::resolve::{Condition, IfShared};
use crate::source::SourceFile;

/// The saved plan's format; raised when an older efface could misread a newer file.
pub const PLAN_FORMAT: u32 = 1;

/// A plan as a file: what `efface plan --out` writes and `efface apply --plan` compares.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanFile {
    /// The format of this file: 1.
    pub format: u32,
    /// The version of efface that made it; another version that makes the same script is no drift.
    pub efface: String,
    /// The policy that was planned.
    pub policy: PolicyReference,
    /// The schema that it was held against.
    pub schema: SchemaReference,
    /// The SQL that was reviewed.
    pub script: ScriptReference,
    /// Whose rows.
    pub subject: SubjectReference,
    /// Whether the run enters itself in the database's ledger.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ledger: bool,
    /// What blocks a run.
    pub guards: Vec<PlannedGuard>,
    /// References that must not be found, or the run is rolled back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expected: Vec<String>,
    /// Which rows of their table virtual keys mean, where not all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub virtual_keys: Vec<String>,
    /// Rows that cascades follow in circles, and that are locked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closures: Vec<String>,
    /// Rows that are remembered before the first change, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub captures: Vec<String>,
    /// Keys whose check is put off to the end of the steps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deferred: Vec<String>,
    /// The changes, in order.
    pub steps: Vec<PlannedStep>,
    /// Numbers of steps that run again after triggers, in order.
    pub sweeps: Vec<usize>,
    /// What stays, and why.
    pub kept: Vec<KeptPart>,
    /// Names of reports that must not move.
    pub reports: Vec<String>,
    /// Columns whose old values must not be found afterwards: `users.email`, or `:subject`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<String>,
    /// Triggers that the steps fire: `table.trigger`.
    pub triggers: Vec<String>,
    /// Materialized views that are refreshed, and those that keep old values; which of them hold any is outside every digest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub views: Vec<String>,
    /// Publications that send these changes away.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub publications: Vec<String>,
    /// The tables and how they are locked until COMMIT.
    pub locks: Vec<PlannedLock>,
    /// Estimated rows of each step, in order, where the server could say; outside every digest.
    pub estimates: Vec<Option<u64>>,
}

/// The policy of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyReference {
    /// Its name.
    pub name: String,
    /// The file, as named on the command line.
    pub path: String,
    /// SHA-256 of the file's bytes, hexadecimal.
    pub sha256: String,
}

/// The relevant part of the schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SchemaReference {
    /// SHA-256 of the part, hexadecimal.
    pub sha256: String,
    /// The tables that the plan depends on: schema and name of each, sorted.
    pub tables: BTreeSet<TableName>,
    /// The part itself, in the format of `efface catalog`, so that a drift can be told in words.
    #[schemars(with = "serde_json::Value")]
    pub part: Catalog,
}

/// The SQL of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScriptReference {
    /// SHA-256 of the text, hexadecimal.
    pub sha256: String,
    /// The script, as `psql -X -f` runs it.
    pub text: String,
}

/// Whose rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubjectReference {
    /// The subject's table; none where subjects have no row, or every row is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// The columns of its key, in order, or the name of the value; empty where every row is meant.
    pub key: Vec<String>,
    /// Which rows of the table can be subjects, where not all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// Whether the policy chooses them when it runs, by its `expired_when`; otherwise they are given.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub expired: bool,
    /// Who is expired, where the policy chooses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired_when: Option<String>,
}

/// What blocks a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedGuard {
    /// Its name.
    pub name: String,
    /// The table whose rows block.
    pub table: String,
    /// Which of its rows do, as a sentence.
    pub rows: String,
    /// What to do about them.
    pub message: String,
    /// Its place in the policy.
    pub place: String,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedStep {
    /// Its number, from 1.
    pub number: usize,
    /// The rule's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `delete` or `change`.
    pub action: String,
    /// The table.
    pub table: String,
    /// The columns that change, with their new values in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<PlannedColumn>,
    /// Columns of rows that reference the changed ones, in this table or another, which take new values along.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub along: Vec<PlannedFollower>,
    /// Which rows, as a sentence.
    pub scope: String,
    /// Why the step exists and comes where it does.
    pub because: Vec<String>,
    /// Its place in the policy.
    pub place: String,
}

/// One column that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedColumn {
    /// The column.
    pub column: String,
    /// What it becomes, in words.
    pub becomes: String,
}

/// A column that takes the new value of what it references along.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedFollower {
    /// The column, with its table.
    pub column: String,
    /// The keys by which it references changed rows.
    pub by: String,
}

/// Something that stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeptPart {
    /// The table.
    pub table: String,
    /// The column, where it is one column of changed rows; none for whole rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Why.
    pub reason: String,
    /// How many rows, after a run, where that was counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
}

/// A table lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedLock {
    /// The table.
    pub table: String,
    /// The mode, as PostgreSQL names it.
    pub mode: String,
}

/// A saved plan that can't be read.
#[derive(Debug, thiserror::Error)]
pub enum PlanFileError {
    /// It isn't a saved plan.
    #[error("the file is not a plan that `efface plan --out` wrote")]
    Shape(#[source] serde_json::Error),
    /// It is of another format.
    #[error("the plan has format {0}, this efface reads format {PLAN_FORMAT}")]
    Format(u32),
}

impl PlanFile {
    /// The plan as it is saved.
    pub fn new(reviewed: &Reviewed<'_>) -> Self {
        let Reviewed { file, policy, catalog, plan, script, estimates, .. } = *reviewed;
        let tables = touched_tables(plan, policy, catalog);
        let part = catalog.part(&tables);
        PlanFile {
            format: PLAN_FORMAT,
            efface: env!("CARGO_PKG_VERSION").into(),
            policy: PolicyReference { name: policy.name.clone(), path: file.name.clone(), sha256: policy_digest(file) },
            schema: SchemaReference { sha256: digest(&part), tables, part },
            script: ScriptReference { sha256: script.digest(), text: script.text() },
            subject: subject(reviewed),
            ledger: plan.ledger,
            guards: plan
                .guards
                .iter()
                .enumerate()
                .map(|(index, guard)| PlannedGuard {
                    name: guard.name.clone(),
                    table: table(catalog, guard.table),
                    rows: parts::guarded(reviewed, index),
                    message: guard.message.clone(),
                    place: place(file, guard.origin),
                })
                .collect(),
            expected: parts::expected(reviewed),
            virtual_keys: parts::virtual_keys(reviewed),
            closures: parts::closures(reviewed),
            captures: parts::captures(reviewed),
            deferred: parts::deferred(reviewed),
            steps: steps(reviewed),
            sweeps: plan.sweeps.iter().map(|sweep| sweep.step + 1).collect(),
            kept: kept_parts(reviewed, &BTreeMap::new()),
            reports: plan.reports.iter().map(|report| report.name.clone()).collect(),
            gone: parts::gone(reviewed),
            triggers: plan
                .triggers
                .iter()
                .map(|fired| format!("{}.{}", table(catalog, fired.table), fired.trigger.bare()))
                .collect(),
            locks: plan
                .table_locks
                .iter()
                .map(|(id, lock)| PlannedLock { table: table(catalog, *id), mode: mode(*lock).into() })
                .collect(),
            views: derived::views(reviewed),
            publications: derived::publications(reviewed),
            estimates: estimates.rows.clone(),
        }
    }

    /// The file's text: JSON with a newline at its end.
    pub fn write(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("names, texts and numbers are always JSON");
        text.push('\n');
        text
    }

    /// Reads a saved plan.
    ///
    /// # Errors
    /// The text isn't JSON, lacks a part, holds an unknown one, or is of another format.
    pub fn read(text: &str) -> Result<Self, PlanFileError> {
        // The format first: a newer file should not be called damaged for the parts that it has more.
        let value: serde_json::Value = serde_json::from_str(text).map_err(PlanFileError::Shape)?;
        if let Some(format) = value.get("format").and_then(serde_json::Value::as_u64)
            && format != u64::from(PLAN_FORMAT)
        {
            return Err(PlanFileError::Format(u32::try_from(format).unwrap_or(u32::MAX)));
        }
        serde_json::from_value(value).map_err(PlanFileError::Shape)
    }

    /// How the policy's file differs from the one that was planned, in words.
    pub fn policy_moved(&self, now: &SourceFile) -> Vec<String> {
        let same = self.policy.sha256 == policy_digest(now);
        if same { Vec::new() } else { vec![format!("policy file `{}` was edited", shown(&now.name))] }
    }

    /// How the schema differs from the one that was planned for, in words. Asked before the policy is resolved anew,
    /// because a column that was added is an undecided column to the policy.
    pub fn schema_moved(&self, now: &Catalog) -> Vec<String> {
        let part = now.part(&self.schema.tables);
        if digest(&part) == self.schema.sha256 {
            return Vec::new();
        }
        let mut words = diff(&self.schema.part, &part);
        if words.is_empty() {
            words.push("the schema of the plan's tables changed".into());
        }
        words
    }

    /// Where the file contradicts itself, in words. It is text that anybody can edit.
    pub fn contradictions(&self) -> Vec<String> {
        let script = self.script.sha256 == hexadecimal(&Sha256::digest(self.script.text.as_bytes()));
        let part = self.schema.sha256 == digest(&self.schema.part);
        let parts = [(script, "script"), (part, "part of the schema")].into_iter().filter(|(holds, _)| !holds);
        parts.map(|(_, part)| format!("the saved plan was edited: its {part} is not the one of its digest")).collect()
    }

    /// How this file differs from the plan that the same policy and schema give now, in words: nothing that it says is
    /// believed. Estimates and the version of efface are no difference.
    pub fn edited(&self, now: &PlanFile) -> Vec<String> {
        let mut words = self.contradictions();
        let (saved, anew) = (self.compared(), now.compared());
        for (part, _) in saved.iter().filter(|(part, value)| anew.get(*part) != Some(value)) {
            let from = match part.as_str() {
                "script" if self.script.text != now.script.text => {
                    format!(" from line {} on", self.differing_line(now))
                }
                _ => String::new(),
            };
            words.push(format!("`{part}` is not what this policy and schema give{from}"));
        }
        if !words.is_empty() {
            words.push(if self.efface == now.efface {
                "the saved plan is not what this policy and schema give: it was edited".to_owned()
            } else {
                let (then, now) = (shown(&self.efface), &now.efface);
                format!(
                    "the saved plan was edited, or efface {now} plans another way than efface {then}, which saved it"
                )
            });
        }
        words
    }

    /// The parts that have to be the same, by their names in the file.
    fn compared(&self) -> serde_json::Map<String, serde_json::Value> {
        let value = serde_json::to_value(self).expect("names, texts and numbers are always JSON");
        let mut parts = match value {
            serde_json::Value::Object(parts) => parts,
            _ => unreachable!("a struct with named fields is a JSON object"),
        };
        for part in ["efface", "estimates", "views"] {
            parts.remove(part);
        }
        parts
    }

    fn differing_line(&self, now: &PlanFile) -> usize {
        let (before, after) = (self.script.text.lines(), now.script.text.lines());
        let differing = before.clone().zip(after.clone()).position(|(before, after)| before != after);
        differing.unwrap_or_else(|| before.count().min(after.count())) + 1
    }
}

fn subject(reviewed: &Reviewed<'_>) -> SubjectReference {
    let subject = &reviewed.plan.subject;
    let table = subject.table().map(|table| reviewed.catalog.table(table).name.bare().to_string());
    let words = |condition: &Condition| one_line(&condition.fragment.text);
    SubjectReference {
        table,
        condition: subject.rows().and_then(|rows| rows.condition.as_ref()).map(words),
        expired: reviewed.plan.choice != Choice::Given,
        expired_when: match &reviewed.plan.choice {
            Choice::Given => None,
            Choice::Expired(condition) => Some(words(condition)),
        },
        key: subject.key(reviewed.catalog).into_iter().map(|(name, _)| name).collect(),
    }
}

fn steps(reviewed: &Reviewed<'_>) -> Vec<PlannedStep> {
    let Reviewed { file, catalog, plan, .. } = *reviewed;
    let numbered = plan.steps.iter().enumerate();
    numbered
        .map(|(index, step)| PlannedStep {
            number: index + 1,
            name: step.name.clone(),
            action: verb(&step.action).into(),
            table: table(catalog, step.table),
            columns: match &step.action {
                StepAction::Delete => Vec::new(),
                StepAction::Change(changes) => changed_columns(catalog, step)
                    .into_iter()
                    .zip(changes)
                    .map(|(column, change)| PlannedColumn { column, becomes: new_value(&change.value, catalog) })
                    .collect(),
            },
            along: followers(catalog, step).into_iter().map(|(column, by)| PlannedFollower { column, by }).collect(),
            scope: step.scope.clone(),
            because: reasons(catalog, plan, file, step),
            place: place(file, step.origin),
        })
        .collect()
}

/// What stays and why; with the numbers of shared rows that a run has counted.
pub fn kept_parts(reviewed: &Reviewed<'_>, shared: &BTreeMap<usize, u64>) -> Vec<KeptPart> {
    let Reviewed { policy, catalog, plan, .. } = *reviewed;
    let rows = plan.kept.iter().map(|kept| KeptPart {
        table: table(catalog, kept.table),
        column: None,
        reason: kept.reason.clone(),
        rows: None,
    });
    let stay =
        plan.shared.iter().enumerate().filter(|(_, it)| it.if_shared == IfShared::Keep).map(|(index, it)| KeptPart {
            table: table(catalog, it.table),
            column: None,
            reason: SHARED.into(),
            rows: shared.get(&index).copied(),
        });
    let columns = kept_columns(policy, catalog).into_iter().map(|(table, column, reason)| KeptPart {
        table: table.bare().to_string(),
        column: Some(column.bare().to_string()),
        reason: reason.into(),
        rows: None,
    });
    rows.chain(stay).chain(columns).collect()
}

fn mode(lock: TableLock) -> &'static str {
    match lock {
        TableLock::AccessShare => "ACCESS SHARE",
        TableLock::RowExclusive => "ROW EXCLUSIVE",
        TableLock::ShareRowExclusive => "SHARE ROW EXCLUSIVE",
    }
}
