//! Which steps have to run again, because a trigger may have written into their rows?
//!
//! Triggers don't order steps; they add sweeps. A sweep takes the rows that weren't there before: the ones that a step has
//! had are not written twice. What one sweep makes a trigger write, a later one takes. The verification at the end asks
//! for everything again, and finds what no sweep did.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Capture, FiredTrigger, Predicate, Step, StepAction, Sweep};
use super::predicate::{self, Reads};
use super::propagate;
use super::triggers::{fired, fired_along, written, written_by};
use crate::catalog::{Catalog, TableId, Trigger};
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::graph;
use crate::ident::Ident;
use crate::resolve::{NewValue, ResolvedPolicy};
use crate::source::Span;

/// The sweeps, each behind those whose triggers may write into its rows, and the triggers that the steps fire. Marks the
/// steps that look for their remembered rows again.
pub(super) fn find(
    steps: &mut [Step],
    captures: &[Capture],
    policy: &ResolvedPolicy,
    catalog: &Catalog,
    report: &mut Report,
) -> (Vec<Sweep>, Vec<FiredTrigger>) {
    let mut all_fired: Vec<FiredTrigger> = Vec::new();
    let mut after: BTreeMap<usize, Causes> = BTreeMap::new();
    let mut again: BTreeMap<usize, Causes> = BTreeMap::new();
    for (index, step) in steps.iter().enumerate() {
        let own = fired(catalog, step).map(|trigger| (step.table, trigger));
        for (table, trigger) in own.chain(fired_along(catalog, step)) {
            note(&mut all_fired, catalog, table, trigger, index);
            let written = written(catalog, trigger);
            for (target, other) in steps.iter().enumerate().filter(|(_, other)| written.may_be(other.table)) {
                // The subject's own row is one, and no trigger adds another.
                if other.rows == Predicate::Subject {
                    continue;
                }
                // A step that comes later finds what this trigger wrote by itself, unless its rows were remembered.
                let remembered = matches!(other.rows, Predicate::Captured { .. });
                let later = target > index;
                let causes = match (later, remembered) {
                    (true, false) => continue,
                    (true, true) if renewable(steps, captures, other) => &mut again,
                    _ => &mut after,
                };
                causes.entry(target).or_default().insert((table, trigger.name.clone()));
            }
        }
    }
    let sweep = |(step, causes): (usize, Causes)| Sweep { step, round: 0, after: causes.into_iter().collect() };
    let mut sweeps: Vec<Sweep> = after.into_iter().map(sweep).collect();
    let rounds = rounds(catalog, steps, &sweeps);
    for (sweep, round) in sweeps.iter_mut().zip(rounds) {
        sweep.round = round;
    }
    sweeps.sort_by_key(|sweep| (sweep.round, sweep.step));
    for sweep in &sweeps {
        if let Some(found) = out_of_reach(steps, steps, captures, sweep, policy, catalog) {
            report.push(found);
        }
    }
    for sweep in again.into_iter().map(sweep) {
        if let Some(found) = out_of_reach(steps, &steps[..sweep.step], captures, &sweep, policy, catalog) {
            report.push(found);
        }
        steps[sweep.step].asked_again = true;
    }
    all_fired.sort_by(|a, b| (a.table, &a.trigger).cmp(&(b.table, &b.trigger)));
    (sweeps, all_fired)
}

/// Triggers by table.
type Causes = BTreeSet<(TableId, Ident)>;

/// Whether a step's remembered rows can be looked for once more just before it runs. No other step goes by the same
/// memory, and what is asked takes no rows that were there before and weren't meant.
fn renewable(steps: &[Step], captures: &[Capture], step: &Step) -> bool {
    let Predicate::Captured { capture, .. } = step.rows else { return false };
    let alone = steps.iter().filter(|other| other.table == step.table).count() == 1 && step.together.is_none();
    let moved = |rows: &Predicate| {
        matches!(rows, Predicate::ReferencedBy { .. })
            || matches!(rows, Predicate::Author(condition) if !condition.subject.is_empty())
    };
    alone && !captures[capture].rules.iter().any(|(_, rows)| rows.mentions(&moved))
}

/// For each sweep how many others have to come before it, one making triggers write into the next: 0, 1, … Those in a
/// circle share a round, and the verification has the last word.
fn rounds(catalog: &Catalog, steps: &[Step], sweeps: &[Sweep]) -> Vec<usize> {
    let leads = |from: usize| {
        let step = &steps[sweeps[from].step];
        let written = written_by(catalog, std::slice::from_ref(step));
        let others = (0..sweeps.len()).filter(move |to| steps[sweeps[*to].step].table != step.table);
        others.filter(move |to| written.may_be(steps[sweeps[*to].step].table)).collect::<Vec<_>>()
    };
    let leads: Vec<Vec<usize>> = (0..sweeps.len()).map(leads).collect();
    let edges = leads.iter().enumerate().flat_map(|(from, targets)| targets.iter().map(move |to| (from, *to)));
    let mut rounds = vec![0; sweeps.len()];
    for group in graph::components(sweeps.len(), edges) {
        let round = group.iter().map(|sweep| rounds[*sweep]).max().unwrap_or_default();
        let inside: BTreeSet<usize> = group.iter().copied().collect();
        for from in &group {
            rounds[*from] = round;
            for to in leads[*from].iter().filter(|to| !inside.contains(to)) {
                rounds[*to] = rounds[*to].max(round + 1);
            }
        }
    }
    rounds
}

fn note(fired: &mut Vec<FiredTrigger>, catalog: &Catalog, table: TableId, trigger: &Trigger, step: usize) {
    if let Some(known) = fired.iter_mut().find(|known| known.table == table && known.trigger == trigger.name) {
        known.steps.push(step);
        known.steps.dedup();
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

/// A sweep asks for its rows again. Where steps change a column on the way to them, or delete rows on it that what a
/// trigger writes may still lead to, it would not find them; `done` are the steps before it.
fn out_of_reach(
    steps: &[Step],
    done: &[Step],
    captures: &[Capture],
    sweep: &Sweep,
    policy: &ResolvedPolicy,
    catalog: &Catalog,
) -> Option<Diagnostic> {
    let step = &steps[sweep.step];
    let way = match &step.rows {
        Predicate::Captured { capture, .. } => {
            Predicate::any(captures[*capture].rules.iter().map(|(_, rows)| rows.clone()))
        }
        rows => rows.clone(),
    };
    let (table, trigger) = sweep.after.first()?;
    let name = catalog.table(step.table).name.bare().to_string();
    if let Some(origin) = written_twice(step) {
        return Some(
            Diagnostic::new(
                Code::TriggerOutOfReach,
                format!("rows that trigger `{}` may write can't be told from rows that have changed", trigger.bare()),
            )
            .at(origin, "would be computed twice")
            .note(format!("table `{name}` has no key by which its rows could be remembered"))
            .help("add a primary key, or a value that is the same however often it is set"),
        );
    }
    if let Some(condition) = answers_otherwise(steps, &way) {
        return Some(
            Diagnostic::new(
                Code::TriggerOutOfReach,
                format!("trigger `{}` may write rows of `{name}` that can't be told afterwards", trigger.bare()),
            )
            .at(condition, "reads what the steps change")
            .note("asked again after the changes, the condition would take other rows than it means now")
            .help("reach the table by a path, or leave other tables and functions of your own out of the condition"),
        );
    }
    let reads = predicate::reads(catalog, policy, step.table, &way);
    let cut = done.iter().find(|other| cuts(catalog, other, step.table, &reads))?;
    let deleted = cut.action == StepAction::Delete;
    Some(
        Diagnostic::new(
            Code::TriggerOutOfReach,
            format!("trigger `{}` may write rows of `{name}` that can't be found again", trigger.bare()),
        )
        .at(cut.origin, if deleted { "deletes rows on the way to them" } else { "changes the way to them" })
        .label(step.origin, format!("decides rows of `{name}`"))
        .note(format!(
            "the trigger is on `{}` and may write into `{name}`, so its rule runs again at the end",
            catalog.table(*table).name.bare()
        ))
        .help(match deleted {
            true => "reach the table by a key to the subject's own, or disable the trigger while the policy runs",
            false => "keep the column that leads to the subject, or reach the table by a shorter path",
        }),
    )
}

/// The place of a condition with `:subject` that reads what steps change: it is the whole scope, and nothing else says
/// which rows were meant.
fn answers_otherwise(steps: &[Step], way: &Predicate) -> Option<Span> {
    match way {
        Predicate::Author(condition) => {
            let changed = |table: &TableId| steps.iter().any(|step| step.table == *table);
            let moves = condition.reads.unknown || condition.reads.tables.iter().any(changed);
            (!condition.subject.is_empty() && moves).then_some(condition.fragment.span)
        }
        Predicate::All(parts) | Predicate::Any(parts) => parts.iter().find_map(|part| answers_otherwise(steps, part)),
        Predicate::NotTrue(part) => answers_otherwise(steps, part),
        Predicate::References { rows, .. } | Predicate::ReferencedBy { rows, .. } | Predicate::Matches { rows, .. } => {
            answers_otherwise(steps, rows)
        }
        Predicate::Subject | Predicate::Captured { .. } | Predicate::Closure { .. } => None,
    }
}

/// The place of an expression that a step without remembered rows would apply to its rows once more.
fn written_twice(step: &Step) -> Option<Span> {
    let StepAction::Change(changes) = &step.action else { return None };
    let expression = changes.iter().find(|change| matches!(change.value, NewValue::Expression(..)))?;
    (!matches!(step.rows, Predicate::Captured { .. })).then_some(expression.value_at)
}

/// Whether a step cuts the way to rows of a table that a trigger has just written. They have their own columns as the
/// trigger set them; a key that is enforced leads to rows that are there.
fn cuts(catalog: &Catalog, step: &Step, table: TableId, reads: &Reads) -> bool {
    let gone = step.action == StepAction::Delete && reads.loosely.contains(&step.table);
    let on_the_way = reads.columns.iter().filter(|(other, _)| *other != table || reads.through.contains(other));
    gone || on_the_way.into_iter().any(|(other, column)| propagate::moves(catalog, step, *other, *column))
}
