//! How can steps that wait for each other run all the same?
//!
//! As one statement: PostgreSQL checks keys at its end. Only a trigger that fires before a row goes and writes rows of
//! another table of the statement stands in the way ("already modified by an operation triggered by the current
//! command"); then one key of the circle is opened first, by putting its check off or by clearing the reference.

use super::edges::Edge;
use super::model::{EdgeReason, Predicate, Reason, Step, StepAction};
use super::triggers::{fired, written};
use crate::catalog::{Catalog, CheckTime, ColumnId, KeyId, ReferentialAction, TableId, Trigger};
use crate::diagnostic::{Code, Diagnostic};
use crate::resolve::{ColumnChange, NewValue};

/// What lets a circle of steps run.
pub(super) enum Cure {
    /// They run as one statement.
    OneStatement,
    /// The check of this key is put off.
    Defer(KeyId),
    /// The reference is cleared first, in the rows of this step.
    Clear { step: usize, key: KeyId },
    /// The rows of this table have to be remembered before its reference can be cleared.
    Remember(TableId),
    /// Nothing does.
    None(Box<Diagnostic>),
}

/// Finds the cure for one circle.
pub(super) fn cure(
    steps: &[Step],
    circle: &[usize],
    edges: &[Edge],
    catalog: &Catalog,
    can_remember: &dyn Fn(TableId) -> bool,
) -> Cure {
    let twice = circle
        .iter()
        .enumerate()
        .find(|(place, step)| circle[..*place].iter().any(|other| steps[*other].table == steps[**step].table));
    if let Some((_, step)) = twice {
        return Cure::None(Box::new(table_twice(catalog, steps, circle, *step)));
    }
    if let Some(step) = circle.iter().find(|step| steps[**step].along.is_some()) {
        return Cure::None(Box::new(propagates(catalog, steps, circle, *step)));
    }
    // A function of the user's may see what the statement has done so far, where plain SQL sees what was before it.
    if let Some(step) = circle.iter().copied().find(|step| computes_by_own_function(&steps[*step])) {
        return Cure::None(Box::new(own_function(catalog, steps, circle, step)));
    }
    let Some((step, trigger)) = meddler(steps, circle, catalog) else { return Cure::OneStatement };
    let keys: Vec<(usize, KeyId)> = edges
        .iter()
        .filter(|(first, then, _)| circle.contains(first) && circle.contains(then))
        .filter_map(|(first, _, reason)| match reason {
            EdgeReason::Key(key) if steps[*first].action == StepAction::Delete => Some((*first, *key)),
            EdgeReason::Key(_) | EdgeReason::Read | EdgeReason::Compute | EdgeReason::Along(_) => None,
        })
        .collect();
    let deferrable = |key: KeyId| {
        let key = catalog.key(key);
        // The other actions are carried out at once even where the check is put off (manual, CREATE TABLE).
        key.check != CheckTime::Immediate && key.on_delete == ReferentialAction::NoAction
    };
    if let Some((_, key)) = keys.iter().find(|(_, key)| deferrable(*key)) {
        return Cure::Defer(*key);
    }
    for (first, key) in keys {
        if clearable(catalog, key).is_empty() {
            continue;
        }
        // Without its reference the row may not be found again.
        if matches!(steps[first].rows, Predicate::Captured { .. } | Predicate::Closure { .. }) {
            return Cure::Clear { step: first, key };
        }
        if can_remember(steps[first].table) {
            return Cure::Remember(steps[first].table);
        }
    }
    Cure::None(Box::new(meddling(catalog, steps, circle, step, trigger)))
}

/// Whether a step computes new values by functions that aren't PostgreSQL's own.
fn computes_by_own_function(step: &Step) -> bool {
    let StepAction::Change(changes) = &step.action else { return false };
    changes.iter().any(|change| matches!(&change.value, NewValue::Expression(expression) if expression.reads.unknown))
}

/// A trigger that may change rows of a circle's other tables before its own row goes.
fn meddler<'a>(steps: &[Step], circle: &[usize], catalog: &'a Catalog) -> Option<(usize, &'a Trigger)> {
    circle.iter().find_map(|index| {
        let step = &steps[*index];
        let others = || circle.iter().map(|other| steps[*other].table).filter(|table| *table != step.table);
        let mut meddling = fired(catalog, step).filter(|trigger| trigger.before_row);
        let found = meddling.find(|trigger| {
            let written = written(catalog, trigger);
            others().any(|table| written.may_be(table))
        });
        found.map(|trigger| (*index, trigger))
    })
}

/// The columns that become NULL to open a key: all of a MATCH FULL key, else the first that can be NULL.
fn clearable(catalog: &Catalog, key: KeyId) -> Vec<ColumnId> {
    let key = catalog.key(key);
    let Some(child) = catalog.table_id(&key.child).map(|id| catalog.table(id)) else { return Vec::new() };
    let nullable: Vec<ColumnId> = key
        .child_columns()
        .filter_map(|name| child.column_id(name))
        .filter(|id| !catalog.refuses_null(child.column_at(*id)))
        .collect();
    match key.match_full {
        true if nullable.len() < key.pairs.len() => Vec::new(),
        true => nullable,
        false => nullable.into_iter().take(1).collect(),
    }
}

/// The step that clears a reference in the rows of another one.
pub(super) fn clearing(step: &Step, key: KeyId, catalog: &Catalog) -> Step {
    let null = |column| ColumnChange {
        column,
        value: NewValue::Null,
        keeps_null: false,
        origin: step.origin,
        value_at: step.origin,
        propagate: None,
    };
    let changes = clearable(catalog, key).into_iter().map(null).collect();
    Step { action: StepAction::Change(changes), reason: Reason::Opens { key }, ..step.clone() }
}

/// The clearing step, which will have the number `clearing`, comes before whatever waited for the key, and before its own
/// rows go.
pub(super) fn edges_of_clearing(waiting: &[Edge], clearing: usize, step: usize, key: KeyId) -> Vec<Edge> {
    let of_key = waiting.iter().filter(|edge| edge.0 == step && edge.2 == EdgeReason::Key(key));
    of_key.map(|edge| edge.1).chain([step]).map(|then| (clearing, then, EdgeReason::Key(key))).collect()
}

fn names(catalog: &Catalog, steps: &[Step], circle: &[usize]) -> String {
    let names = circle.iter().map(|index| format!("`{}`", catalog.table(steps[*index].table).name.bare()));
    names.collect::<Vec<_>>().join(", ")
}

fn found(steps: &[Step], circle: &[usize], message: String) -> Diagnostic {
    let origin = circle.first().map(|index| steps[*index].origin).unwrap_or_default();
    let others = circle.iter().skip(1).map(|index| steps[*index].origin).filter(|other| *other != origin);
    let found = Diagnostic::new(Code::KeyCycle, message).at(origin, "part of the circle");
    others.fold(found, |found, origin| found.label(origin, "and this"))
}

fn table_twice(catalog: &Catalog, steps: &[Step], circle: &[usize], step: usize) -> Diagnostic {
    let table = catalog.table(steps[step].table).name.bare().to_string();
    let names = names(catalog, steps, circle);
    found(steps, circle, format!("steps on {names} wait for each other in a circle"))
        .about(table.clone())
        .note(format!(
            "they would run as one statement, where `{table}` would stand twice: a row that both took would change once"
        ))
        .help(format!("give `{table}` one rule, or leave what the others change out of `sql:`"))
}

fn propagates(catalog: &Catalog, steps: &[Step], circle: &[usize], step: usize) -> Diagnostic {
    let table = catalog.table(steps[step].table).name.bare().to_string();
    let names = names(catalog, steps, circle);
    found(steps, circle, format!("steps on {names} wait for each other in a circle"))
        .about(table.clone())
        .note(format!("a natural key of `{table}` changes with its references, which is a statement of its own"))
        .help("leave what the others change out of `sql:`, let each of them set all of a reference or nothing, or keep the natural key")
}

fn own_function(catalog: &Catalog, steps: &[Step], circle: &[usize], step: usize) -> Diagnostic {
    let table = catalog.table(steps[step].table).name.bare().to_string();
    let names = names(catalog, steps, circle);
    found(steps, circle, format!("steps on {names} each read what another one changes"))
        .about(table.clone())
        .note(format!("the new values of `{table}` come from a view or a function of your own, which may see what the others have changed"))
        .help("leave views and functions of your own out of `sql:`, or keep what they read")
}

fn meddling(catalog: &Catalog, steps: &[Step], circle: &[usize], step: usize, trigger: &Trigger) -> Diagnostic {
    let table = catalog.table(steps[step].table).name.bare().to_string();
    let names = names(catalog, steps, circle);
    found(steps, circle, format!("rows of {names} reference each other in a circle, and a trigger is in the way"))
        .about(table.clone())
        .note(format!(
            "they would go in one statement, in which trigger `{}` of `{table}` may not write rows of the others",
            trigger.name.bare()
        ))
        .help("make one of the keys deferrable, or one of its columns nullable: then efface opens the circle there")
        .help("or make the trigger fire AFTER the row is gone")
}
