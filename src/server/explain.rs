//! How many rows does the server's planner expect?
//!
//! One EXPLAIN for each step, in a short READ ONLY transaction of its own: it takes the step's table lock, waits behind DDL
//! and holds it up for milliseconds, no longer. A step that the server refuses to explain it would refuse to run: a
//! privilege is missing, a published table has no replica identity.

use serde_json::Value;
use tokio_postgres::Client;

use super::ServerError;
use super::ask::{Objection, first, read_only};
use crate::review::Estimates;
use crate::sql::Sql;

/// A question to the planner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The index in the plan's steps.
    pub step: usize,
    /// `EXPLAIN (FORMAT JSON) …`.
    pub sql: Sql,
}

/// What the planner said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explained {
    /// Rows of each step, where the planner could say.
    pub estimates: Estimates,
    /// The steps that the server refuses, with its reasons.
    pub refused: Vec<(usize, Objection)>,
}

/// Explains each step; `settings` (a search path, the subject's key) hold while it is.
///
/// # Errors
/// The connection is gone, or a setting was refused.
#[tracing::instrument(skip_all, fields(questions = questions.len()))]
pub async fn explain(
    client: &Client,
    settings: &[Sql],
    steps: usize,
    questions: &[Question],
) -> Result<Explained, ServerError> {
    let mut explained = Explained { estimates: Estimates { rows: vec![None; steps] }, refused: Vec::new() };
    for question in questions {
        let asked = async { client.simple_query(question.sql.as_str()).await.map(|answer| first(&answer)) };
        match read_only(client, settings, asked).await? {
            Ok(answer) => {
                if let Some(slot) = explained.estimates.rows.get_mut(question.step) {
                    *slot = answer.as_deref().and_then(rows);
                }
            }
            // The time that we allowed was too short, or the lock was held by someone else: only the estimate is missing.
            Err(objection) if matches!(objection.sqlstate.as_str(), "57014" | "55P03") => {
                tracing::debug!(step = question.step, sqlstate = objection.sqlstate, "no estimate");
            }
            Err(objection) => explained.refused.push((question.step, objection)),
        }
    }
    Ok(explained)
}

/// The rows of the node below ModifyTable (which itself says 0), or of the top node of a plain SELECT.
fn rows(plan: &str) -> Option<u64> {
    let plan: Value = serde_json::from_str(plan).ok()?;
    let top = plan.get(0)?.get("Plan")?;
    let children = top.get("Plans").and_then(Value::as_array);
    // Estimates are whole numbers, but may be printed beyond what an i64 holds.
    let rows = |node: &Value| node.get("Plan Rows").and_then(Value::as_f64).map(|rows| rows as u64);
    if top.get("Node Type")?.as_str()? != "ModifyTable" {
        return rows(top);
    }
    // A CTE or a sub-select evaluated once hangs beside the rows that are changed. Up to PostgreSQL 13 these come by
    // partition, as "Member".
    let changed =
        |node: &&Value| matches!(node.get("Parent Relationship").and_then(Value::as_str), Some("Outer" | "Member"));
    let parts: Vec<u64> = children?.iter().filter(changed).filter_map(rows).collect();
    if parts.is_empty() { None } else { Some(parts.iter().sum()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_from_the_node_below_the_change() {
        let plan = r#"[{"Plan": {"Node Type": "ModifyTable", "Plan Rows": 0, "Plans": [
            {"Node Type": "Result", "Parent Relationship": "InitPlan", "Plan Rows": 1},
            {"Node Type": "Index Scan", "Parent Relationship": "Outer", "Plan Rows": 12}]}}]"#;
        assert_eq!(rows(plan), Some(12));
    }

    #[test]
    fn partitions_of_an_old_server_are_added_up() {
        let plan = r#"[{"Plan": {"Node Type": "ModifyTable", "Plan Rows": 0, "Plans": [
            {"Node Type": "Index Scan", "Parent Relationship": "Member", "Plan Rows": 2},
            {"Node Type": "Seq Scan", "Parent Relationship": "Member", "Plan Rows": 3}]}}]"#;
        assert_eq!(rows(plan), Some(5));
    }

    #[test]
    fn an_answer_that_is_no_plan_is_no_estimate() {
        for answer in ["", "[]", "{}", r#"[{"Plan": {"Node Type": "ModifyTable", "Plan Rows": 0}}]"#] {
            assert_eq!(rows(answer), None, "{answer}");
        }
    }
}
