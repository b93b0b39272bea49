//! The receipt: what was done, once it is certain that it was.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::Order;
use super::afterwards::Leftover;
use super::commit::Committed;
use super::outcome::{Ran, StepRun, WrittenRows};
use crate::catalog::hexadecimal;
use crate::ident::TableName;
use crate::plan::{Reason, Step, StepAction};
use crate::review::{
    Account, AnonymisedRows, ErasedRows, FoundValues, LateRows, LedgerAccount, Outcome, PlanFile, RECEIPT_FORMAT,
    Retry, Reviewed, ShortValues, StepAccount, SubjectAccount, TriggeredRows, kept_parts, sent_away,
};
use crate::server::Connection;
use crate::sql::KeyColumn;

/// What a committed run did. There is none without a [`Committed`], which only an acknowledged COMMIT makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    account: Account,
}

impl Receipt {
    /// The receipt of a committed run.
    pub fn new(
        committed: &Committed,
        ran: &Ran,
        reviewed: &Reviewed<'_>,
        order: &Order<'_>,
        connection: &Connection,
        left: &[Leftover],
        late: &BTreeMap<TableName, u64>,
    ) -> Self {
        let outcome = Outcome::Committed { transaction: committed.transaction().to_owned() };
        let mut account = account(outcome, ran, reviewed, order, connection);
        account.ledger = ran.entry.as_ref().map(|entry| LedgerAccount { seq: entry.seq, digest: entry.digest.clone() });
        if !committed.is_replicated() {
            let what = "the synchronous standby may not have it: somebody ended the wait of COMMIT for it";
            account.left_over.push(what.to_owned());
        }
        for left in left {
            match left {
                Leftover::Stays(what) => account.left_over.push(what.clone()),
                Leftover::ToDo(what) => account.to_do.push(what.clone()),
            }
        }
        account.left_over.extend(always_left(reviewed));
        account.came_in_late =
            late.iter().map(|(table, rows)| LateRows { table: table.bare().to_string(), rows: *rows }).collect();
        Self { account }
    }

    /// What it says.
    pub fn account(&self) -> &Account {
        &self.account
    }
}

/// What a rehearsal would have done.
pub fn rehearsal(ran: &Ran, reviewed: &Reviewed<'_>, order: &Order<'_>, connection: &Connection) -> Account {
    let mut account = account(Outcome::RolledBack, ran, reviewed, order, connection);
    account.left_over = vec![
        "sequences that triggers and defaults drew from are not set back".into(),
        "dead row versions, until VACUUM".into(),
    ];
    account
}

fn account(
    outcome: Outcome,
    ran: &Ran,
    reviewed: &Reviewed<'_>,
    order: &Order<'_>,
    connection: &Connection,
) -> Account {
    let planned = PlanFile::new(reviewed);
    let mut erased: BTreeMap<String, u64> = BTreeMap::new();
    let mut anonymised: BTreeMap<String, (u64, BTreeSet<String>)> = BTreeMap::new();
    let mut steps = Vec::new();
    for run in &ran.steps {
        let (Some(step), Some(shown)) = (reviewed.plan.steps.get(run.step), planned.steps.get(run.step)) else {
            continue;
        };
        match &step.action {
            StepAction::Delete => *erased.entry(shown.table.clone()).or_default() += run.rows,
            // These rows lose a reference so that they can go: they are counted when they do.
            StepAction::Change(_) if matches!(step.reason, Reason::Opens { .. }) => {}
            StepAction::Change(_) => {
                let (rows, columns) = anonymised.entry(shown.table.clone()).or_default();
                // A sweep finds what doesn't have its new values yet: mostly rows that triggers have added.
                *rows += run.rows;
                columns.extend(shown.columns.iter().map(|column| column.column.clone()));
            }
        }
        steps.push(StepAccount {
            step: run.step + 1,
            sweep: run.sweep,
            name: shown.name.clone(),
            action: shown.action.clone(),
            table: shown.table.clone(),
            rows: run.rows,
        });
    }
    let keys = ran.chosen.as_ref().map_or(order.keys, |chosen| &chosen.keys[..]);
    Account {
        format: RECEIPT_FORMAT,
        efface: planned.efface,
        outcome,
        policy: planned.policy,
        schema_sha256: planned.schema.sha256,
        script_sha256: planned.script.sha256,
        ledger: None,
        subject: SubjectAccount {
            table: planned.subject.table,
            key: planned.subject.key,
            count: keys.first().map_or(0, |keys| keys.len() as u64),
            subjects: subjects(&order.script.key, keys),
            no_longer_expired: ran.chosen.as_ref().map(|chosen| chosen.dropped),
        },
        server_version: connection.server_version.text.clone(),
        started: ran.started.clone(),
        finished: ran.finished.clone(),
        attempts: ran.attempts,
        retries: ran.retries.iter().map(|(cause, times)| Retry { why: cause.to_string(), times: *times }).collect(),
        steps,
        erased: erased
            .into_iter()
            .filter(|(_, rows)| *rows > 0)
            .map(|(table, rows)| ErasedRows { table, rows })
            .collect(),
        anonymised: anonymised
            .into_iter()
            .filter(|(_, (rows, _))| *rows > 0)
            .map(|(table, (rows, columns))| AnonymisedRows { table, rows, columns: columns.into_iter().collect() })
            .collect(),
        kept: kept_parts(reviewed, &ran.shared),
        came_in_late: Vec::new(),
        found_elsewhere: (ran.elsewhere.iter())
            .filter_map(|found| {
                let (table, column) = found.place.clone()?;
                Some(FoundValues { table, column, values_of: found.values_of.clone(), rows: found.count })
            })
            .collect(),
        not_looked_for: (ran.elsewhere.iter())
            .filter(|found| found.place.is_none())
            .map(|found| ShortValues { values_of: found.values_of.clone(), values: found.count })
            .collect(),
        by_triggers: by_triggers(ran, reviewed),
        to_do: Vec::new(),
        left_over: Vec::new(),
    }
}

/// What was written beyond what the steps counted.
fn by_triggers(ran: &Ran, reviewed: &Reviewed<'_>) -> Vec<TriggeredRows> {
    let (plan, catalog) = (reviewed.plan, reviewed.catalog);
    let beyond = |written: &WrittenRows| {
        let id = catalog.table_id(&written.table);
        let of_table = |run: &&StepRun| plan.steps.get(run.step).is_some_and(|step| Some(step.table) == id);
        let rows = |deletes: bool| -> u64 {
            let own = ran.steps.iter().filter(of_table);
            own.filter(|run| (plan.steps[run.step].action == StepAction::Delete) == deletes).map(|run| run.rows).sum()
        };
        // A step that takes natural keys along counts its own rows, not those that follow.
        let mut along = plan.steps.iter().filter(|step| step.along.is_some()).flat_map(Step::tables);
        let follows = along.any(|table| Some(table) == id);
        TriggeredRows {
            table: written.table.bare().to_string(),
            added: written.added,
            changed: if follows { 0 } else { written.changed.saturating_sub(rows(false)) },
            deleted: written.deleted.saturating_sub(rows(true)),
        }
    };
    let all = ran.written.iter().map(beyond);
    all.filter(|rows| rows.added + rows.changed + rows.deleted > 0).collect()
}

/// Each subject's key, column by column: as it is where it is a number or a uuid, otherwise as a short digest, because
/// a key such as an e-mail address is itself what was to be erased.
fn subjects(columns: &[KeyColumn], keys: &[Vec<String>]) -> Vec<Vec<String>> {
    let count = keys.first().map_or(0, Vec::len);
    let shown = |column: usize, subject: usize| -> Option<String> {
        let (kind, key) = (columns.get(column)?, keys.get(column)?.get(subject)?);
        Some(match kind.type_sql.as_str() {
            "smallint" | "integer" | "bigint" | "uuid" => crate::ident::shown(key).to_string(),
            _ => format!("sha256:{}", &hexadecimal(&Sha256::digest(key.as_bytes()))[..12]),
        })
    };
    (0..count).map(|subject| (0..columns.len()).filter_map(|column| shown(column, subject)).collect()).collect()
}

/// What no transaction can do, and where it is left.
fn always_left(reviewed: &Reviewed<'_>) -> Vec<String> {
    let Reviewed { plan, catalog, .. } = *reviewed;
    let mut left = Vec::new();
    left.extend(plan.triggers.iter().map(|fired| {
        let on = catalog.table(fired.table).name.bare();
        format!(
            "trigger `{}` on `{on}` fired: what it did to rows that no rule reaches, in whichever table, is counted and stays",
            fired.trigger.bare()
        )
    }));
    left.extend(
        [
            "backups, until their retention ends",
            "dead row versions in the tables' files, until VACUUM",
            "the server's log, where it logs statements or their parameters",
        ]
        .map(String::from),
    );
    left.extend(sent_away(reviewed));
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_could_be_personal_is_shown_as_a_digest_only() {
        let columns = [("id", "bigint"), ("email", "text")].map(|(name, type_sql)| KeyColumn {
            name: name.into(),
            type_sql: type_sql.into(),
            ty: crate::pgtype::PgType::BigInt,
        });
        let keys = [vec!["42".to_string()], vec!["ann@example.org".to_string()]];
        let subjects = subjects(&columns, &keys);
        assert_eq!(subjects[0][0], "42");
        assert!(subjects[0][1].starts_with("sha256:") && !subjects[0][1].contains("ann"), "{subjects:?}");
    }
}
