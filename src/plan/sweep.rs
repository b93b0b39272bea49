//! Which steps have to run again, because a trigger may have written into their rows?
//!
//! Triggers don't order steps; they add sweeps. Whether a trigger's function writes into a table can only be guessed from
//! its text, and it may call others: so every table that it mentions counts, and the triggers of those tables count too.
//! The verification at the end finds what no sweep did.

use std::collections::BTreeSet;

use super::model::{Capture, FiredTrigger, Predicate, Step, StepAction, Sweep};
use super::steps::changes_column;
use crate::catalog::{Catalog, Table, TableId, Trigger};
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::ident::{Ident, TableName};

/// The sweeps, in the order of their steps, and the triggers that the steps fire.
pub(super) fn find(
    steps: &[Step],
    captures: &[Capture],
    catalog: &Catalog,
    report: &mut Report,
) -> (Vec<Sweep>, Vec<FiredTrigger>) {
    let mut fired: Vec<FiredTrigger> = Vec::new();
    let mut sweeps: Vec<Sweep> = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let table = catalog.table(step.table);
        for trigger in table.triggers.iter().filter(|trigger| fires(trigger, step, table)) {
            note(&mut fired, catalog, step.table, trigger, index);
            for written in reached(catalog, &trigger.function) {
                for (target, other) in steps.iter().enumerate() {
                    // A step that comes later finds what this trigger wrote by itself, unless its rows were remembered.
                    let misses = target < index || matches!(other.rows, Predicate::Captured { .. });
                    if catalog.table(other.table).name == written && other.table != step.table && misses {
                        add(&mut sweeps, target, (step.table, trigger.name.clone()));
                    }
                }
            }
        }
    }
    sweeps.sort_by_key(|sweep| sweep.step);
    for sweep in &sweeps {
        if let Some(found) = out_of_reach(steps, captures, sweep, catalog) {
            report.push(found);
        }
    }
    fired.sort_by(|a, b| (a.table, &a.trigger).cmp(&(b.table, &b.trigger)));
    (sweeps, fired)
}

fn add(sweeps: &mut Vec<Sweep>, step: usize, cause: (TableId, Ident)) {
    match sweeps.iter_mut().find(|sweep| sweep.step == step) {
        Some(sweep) => {
            sweep.after.push(cause);
            sweep.after.sort();
            sweep.after.dedup();
        }
        None => sweeps.push(Sweep { step, after: vec![cause] }),
    }
}

/// Whether a step fires a trigger of its table.
fn fires(trigger: &Trigger, step: &Step, table: &Table) -> bool {
    if trigger.disabled {
        return false;
    }
    match &step.action {
        StepAction::Delete => trigger.on_delete,
        StepAction::Change(_) => {
            let of = trigger.update_of.iter().filter_map(|name| table.column_id(name));
            trigger.on_update
                && (trigger.update_of.is_empty() || of.into_iter().any(|column| changes_column(step, column)))
        }
    }
}

fn note(fired: &mut Vec<FiredTrigger>, catalog: &Catalog, table: TableId, trigger: &Trigger, step: usize) {
    if let Some(known) = fired.iter_mut().find(|known| known.table == table && known.trigger == trigger.name) {
        known.steps.push(step);
        return;
    }
    let function = catalog.functions.iter().find(|function| function.signature == trigger.function);
    fired.push(FiredTrigger {
        table,
        trigger: trigger.name.clone(),
        function: trigger.function.clone(),
        mentions: function.map(|function| function.mentions.clone()).unwrap_or_default(),
        opaque: function.is_none_or(|function| function.opaque),
        steps: vec![step],
    });
}

/// Tables that a trigger function mentions, and that the triggers of these mention, and so on.
fn reached(catalog: &Catalog, function: &str) -> BTreeSet<TableName> {
    let mut found: BTreeSet<TableName> = BTreeSet::new();
    let mut functions = vec![function.to_owned()];
    let mut seen: BTreeSet<String> = BTreeSet::new();
    while let Some(name) = functions.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let Some(function) = catalog.functions.iter().find(|function| function.signature == name) else { continue };
        for mentioned in &function.mentions {
            if let Some(id) = catalog.table_id(mentioned)
                && found.insert(mentioned.clone())
            {
                let triggers = catalog.table(id).triggers.iter().filter(|trigger| !trigger.disabled);
                functions.extend(triggers.map(|trigger| trigger.function.clone()));
            }
        }
    }
    found
}

/// A sweep asks for its rows again. Where steps change a column on the way to them, it would not find them.
fn out_of_reach(steps: &[Step], captures: &[Capture], sweep: &Sweep, catalog: &Catalog) -> Option<Diagnostic> {
    let step = &steps[sweep.step];
    let way = match &step.rows {
        Predicate::Captured { capture, .. } => {
            Predicate::any(captures[*capture].rules.iter().map(|(_, rows)| rows.clone()))
        }
        rows => rows.clone(),
    };
    let mut columns = BTreeSet::new();
    collect_way(catalog, step.table, &way, &mut columns);
    let cut = steps.iter().find(|other| {
        columns.iter().any(|(table, name)| {
            *table == other.table
                && *table != step.table
                && catalog.table(*table).column_id(name).is_some_and(|column| changes_column(other, column))
        })
    })?;
    let (table, trigger) = sweep.after.first()?;
    let name = catalog.table(step.table).name.bare().to_string();
    Some(
        Diagnostic::new(
            Code::TriggerOutOfReach,
            format!("trigger `{}` may write rows of `{name}` that can't be found again", trigger.bare()),
        )
        .at(cut.origin, "changes the way to them")
        .label(step.origin, format!("decides rows of `{name}`"))
        .note(format!(
            "the trigger is on `{}`; its function mentions `{name}`, so its rule runs again at the end",
            catalog.table(*table).name.bare()
        ))
        .help("keep the column that leads to the subject, or reach the table by a shorter path"),
    )
}

/// The columns of the keys that a predicate follows, above the table itself.
fn collect_way(catalog: &Catalog, table: TableId, rows: &Predicate, columns: &mut BTreeSet<(TableId, Ident)>) {
    match rows {
        Predicate::References { key, rows } => {
            let foreign = catalog.key(*key);
            columns.extend(foreign.child_columns().map(|name| (table, name.clone())));
            if let Some(parent) = catalog.table_id(&foreign.parent) {
                collect_way(catalog, parent, rows, columns);
            }
        }
        Predicate::All(parts) | Predicate::Any(parts) => {
            parts.iter().for_each(|part| collect_way(catalog, table, part, columns));
        }
        Predicate::NotTrue(part) => collect_way(catalog, table, part, columns),
        Predicate::Subject | Predicate::Captured { .. } | Predicate::Author(_) => {}
    }
}
