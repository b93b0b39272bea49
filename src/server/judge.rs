//! Does a policy fit, as far as only the server can tell?
//!
//! Every question of [`crate::sql::probe`] is asked in a read-only transaction of its own; what the server has against it
//! becomes a finding at its place in the policy. What it can't answer in time is *unverified*.

use tokio_postgres::Client;

use super::ServerError;
use super::ask::{Objection, ask, prepare};
use crate::catalog::Catalog;
use crate::diagnostic::Report;
use crate::plan::Plan;
use crate::resolve::ResolvedPolicy;
use crate::sql::explain::settings;
use crate::sql::probe::{Answer, questions};

/// Asks everything that only the server can answer about a policy.
///
/// # Errors
/// The connection is gone, or a setting was refused.
#[tracing::instrument(skip_all)]
pub async fn judge(
    client: &Client,
    plan: &Plan,
    policy: &ResolvedPolicy,
    catalog: &Catalog,
) -> Result<Report, ServerError> {
    let settings = settings(plan, catalog, false);
    let mut report = Report::default();
    for question in questions(plan, policy, catalog) {
        let answer = if question.runs {
            match ask(client, &settings, &question.sql).await? {
                Ok(count) => count.and_then(|count| count.parse().ok()).filter(|count| *count > 0).map(Answer::Wrong),
                Err(objection) => Some(refused(objection)),
            }
        } else {
            prepare(client, &settings, &question.sql).await?.err().map(refused)
        };
        if let Some(answer) = answer {
            report.push(question.finding(&answer));
        }
    }
    Ok(report)
}

fn refused(objection: Objection) -> Answer {
    match objection.sqlstate.as_str() {
        // query_canceled by our statement_timeout, lock_not_available by our lock_timeout.
        "57014" | "55P03" => Answer::TooLong,
        _ => Answer::Refused { sqlstate: objection.sqlstate, message: objection.message, position: objection.position },
    }
}
