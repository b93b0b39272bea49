//! What becomes of a person's rows, in three buckets: erased, anonymised, kept and why?
//!
//! The same three as on a receipt, before anything has happened.

use std::collections::{BTreeMap, BTreeSet};

use super::Reviewed;
use super::words::{SHARED, kept_columns, one_line, table};
use crate::ident::shown;
use crate::plan::{Reason, StepAction, followers};
use crate::resolve::IfShared;

/// What becomes of the rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Buckets {
    /// Tables that lose rows.
    pub erased: Vec<Entry>,
    /// Tables whose rows stay with other values.
    pub anonymised: Vec<Entry>,
    /// What stays as it is.
    pub kept: Vec<Entry>,
}

/// One line of a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// The table.
    pub table: String,
    /// The columns that it is about; none for whole rows.
    pub columns: Vec<String>,
    /// Which rows.
    pub scopes: Vec<String>,
    /// Why they stay, or what else there is to say.
    pub words: Option<String>,
    /// About how many rows, where the server could say of all steps.
    pub rows: Option<u64>,
}

/// Sorts a plan into its buckets; tables by name.
pub(super) fn buckets(reviewed: &Reviewed<'_>) -> Buckets {
    let Reviewed { policy, catalog, plan, estimates, .. } = reviewed;
    let mut erased: BTreeMap<String, Entry> = BTreeMap::new();
    let mut anonymised: BTreeMap<String, Entry> = BTreeMap::new();
    for (index, step) in plan.steps.iter().enumerate() {
        // A reference that is cleared so that rows can go is no row that stays.
        if matches!(step.reason, Reason::Opens { .. }) {
            continue;
        }
        let name = table(catalog, step.table);
        let bucket = if step.action == StepAction::Delete { &mut erased } else { &mut anonymised };
        let seen = bucket.contains_key(&name);
        let entry = bucket.entry(name.clone()).or_insert_with(|| Entry { table: name, ..Entry::default() });
        let rows = estimates.of(index);
        entry.rows = if seen { entry.rows.zip(rows).map(|(one, more)| one + more) } else { rows };
        entry.scopes.push(one_line(&step.scope));
        if let StepAction::Change(changes) = &step.action {
            let of = catalog.table(step.table);
            entry.columns.extend(changes.iter().map(|change| of.column_at(change.column).name.bare().to_string()));
        }
        for (column, keys) in followers(catalog, step) {
            let words = format!("{column} takes the new value along, by {keys}, in whosever row");
            anonymised.entry(words.clone()).or_insert_with(|| Entry { words: Some(words), ..Entry::default() });
        }
    }
    for entry in anonymised.values_mut() {
        entry.columns = entry.columns.drain(..).collect::<BTreeSet<_>>().into_iter().collect();
    }
    let mut kept: Vec<Entry> = Vec::new();
    kept.extend(plan.kept.iter().map(|kept| Entry {
        table: table(catalog, kept.table),
        scopes: vec![one_line(&kept.scope)],
        words: Some(shown(&kept.reason).to_string()),
        ..Entry::default()
    }));
    let shared = plan.shared.iter().filter(|shared| shared.if_shared == IfShared::Keep);
    kept.extend(shared.map(|shared| Entry {
        table: table(catalog, shared.table),
        words: Some(SHARED.into()),
        ..Entry::default()
    }));
    // Columns of a table that stay for one reason stand together.
    let mut columns: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for (table, column, reason) in kept_columns(policy, catalog) {
        let key = (table.bare().to_string(), shown(reason).to_string());
        columns.entry(key).or_default().push(column.bare().to_string());
    }
    let columns = columns.into_iter();
    kept.extend(columns.map(|((table, reason), columns)| Entry {
        table,
        columns,
        words: Some(reason),
        ..Entry::default()
    }));
    Buckets { erased: erased.into_values().collect(), anonymised: anonymised.into_values().collect(), kept }
}
