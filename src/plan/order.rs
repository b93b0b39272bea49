//! In which order do the steps run?
//!
//! An edge means "must happen before". A step comes before another one that deletes rows which its own rows reference
//! (children first), or rows through which its scope is found. Ties are broken by table name and place in the policy, so
//! the same input gives the same order. Steps whose edges form a circle can't be ordered and are refused.

use super::model::{EdgeReason, Predicate, Step, StepAction};
use super::predicate;
use super::steps::changes_column;
use crate::catalog::{Catalog, TableId};
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::resolve::{NewValue, ResolvedPolicy};

/// Puts the steps in order and notes on each why it comes before others.
pub(super) fn sort(mut steps: Vec<Step>, policy: &ResolvedPolicy, catalog: &Catalog, report: &mut Report) -> Vec<Step> {
    steps.sort_by_key(|step| (step.table, step.origin, step.action == StepAction::Delete));
    let edges = edges(&steps, policy, catalog);
    let Some(order) = topological(steps.len(), &edges) else {
        let circle = circle(steps.len(), &edges);
        report.push(key_cycle(catalog, &steps, &circle, &edges));
        return steps;
    };
    let mut position = vec![0; steps.len()];
    for (place, index) in order.iter().enumerate() {
        position[*index] = place;
    }
    let mut sorted: Vec<Option<Step>> = steps.into_iter().map(Some).collect();
    let mut result: Vec<Step> = order.iter().filter_map(|index| sorted[*index].take()).collect();
    for (first, then, reason) in edges {
        result[position[first]].before.push((position[then], reason));
    }
    for step in &mut result {
        step.before.sort();
        step.before.dedup();
    }
    result
}

/// Every "must happen before" between two steps.
fn edges(steps: &[Step], policy: &ResolvedPolicy, catalog: &Catalog) -> Vec<(usize, usize, EdgeReason)> {
    let mut edges = Vec::new();
    for (then, deleting) in steps.iter().enumerate().filter(|(_, step)| step.action == StepAction::Delete) {
        let parent = catalog.table(deleting.table);
        for (id, key) in catalog.keys_to(&parent.name) {
            let Some(child) = catalog.table_id(&key.child) else { continue };
            for (first, step) in steps.iter().enumerate().filter(|(first, step)| *first != then && step.table == child)
            {
                let columns = key.child_columns().filter_map(|name| catalog.table(child).column_id(name));
                let clears = columns.into_iter().any(|column| changes_column(step, column));
                if step.action == StepAction::Delete || clears {
                    edges.push((first, then, EdgeReason::Key(id)));
                }
            }
        }
        for (first, step) in steps.iter().enumerate().filter(|(first, _)| *first != then) {
            let captured = matches!(step.rows, Predicate::Captured { .. });
            let reads = predicate::reads(catalog, policy, step.table, &step.rows);
            if !captured && reads.through.contains(&deleting.table) {
                edges.push((first, then, EdgeReason::Read));
            }
        }
    }
    for (first, step) in steps.iter().enumerate() {
        let then = steps.iter().enumerate().filter(|(then, _)| *then != first);
        // A new value is computed when its step runs: whatever it reads must be as it was.
        edges.extend(
            then.filter(|(_, other)| computes_from(step, other.table)).map(|(then, _)| (first, then, EdgeReason::Read)),
        );
    }
    edges.sort();
    edges.dedup();
    edges
}

/// Whether a step computes new values from rows of another table.
fn computes_from(step: &Step, table: TableId) -> bool {
    let StepAction::Change(changes) = &step.action else { return false };
    changes.iter().any(|change| match &change.value {
        NewValue::Expression(expression) => expression.reads.unknown || expression.reads.tables.contains(&table),
        NewValue::Null | NewValue::Default | NewValue::Literal(_) | NewValue::StandIn(_) | NewValue::Random(_) => false,
    })
}

/// An order that respects every edge, smallest index first where several could come next; none when there is a circle.
fn topological(count: usize, edges: &[(usize, usize, EdgeReason)]) -> Option<Vec<usize>> {
    let mut waiting = vec![0usize; count];
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (first, then, _) in edges {
        waiting[*then] += 1;
        after[*first].push(*then);
    }
    let mut ready: std::collections::BTreeSet<usize> = (0..count).filter(|index| waiting[*index] == 0).collect();
    let mut order = Vec::with_capacity(count);
    while let Some(next) = ready.pop_first() {
        order.push(next);
        for then in &after[next] {
            waiting[*then] -= 1;
            if waiting[*then] == 0 {
                ready.insert(*then);
            }
        }
    }
    (order.len() == count).then_some(order)
}

/// The steps of one circle, in the order of its edges.
fn circle(count: usize, edges: &[(usize, usize, EdgeReason)]) -> Vec<usize> {
    // What is left when everything that can be ordered from either end is taken away lies on or between circles.
    let mut left = vec![true; count];
    loop {
        let stuck = |index: usize, left: &[bool]| {
            let within = |edge: &&(usize, usize, EdgeReason)| left[edge.0] && left[edge.1];
            edges.iter().filter(within).any(|edge| edge.0 == index)
                && edges.iter().filter(within).any(|edge| edge.1 == index)
        };
        let Some(free) = (0..count).find(|index| left[*index] && !stuck(*index, &left)) else { break };
        left[free] = false;
    }
    let Some(start) = (0..count).find(|index| left[*index]) else { return Vec::new() };
    let mut trail = vec![start];
    loop {
        let here = trail[trail.len() - 1];
        let Some(next) = edges.iter().find(|edge| edge.0 == here && left[edge.1]).map(|edge| edge.1) else {
            return trail;
        };
        if let Some(at) = trail.iter().position(|seen| *seen == next) {
            return trail.split_off(at);
        }
        trail.push(next);
    }
}

fn key_cycle(catalog: &Catalog, steps: &[Step], circle: &[usize], edges: &[(usize, usize, EdgeReason)]) -> Diagnostic {
    let name = |table: TableId| format!("`{}`", catalog.table(table).name.bare());
    let names: Vec<_> = circle.iter().map(|index| name(steps[*index].table)).collect();
    let origin = circle.first().map(|index| steps[*index].origin).unwrap_or_default();
    let within = |edge: &&(usize, usize, EdgeReason)| circle.contains(&edge.0) && circle.contains(&edge.1);
    let reads = edges.iter().filter(within).any(|(_, _, reason)| *reason == EdgeReason::Read);
    let message = match reads {
        true => format!("steps on {} each read what another one changes", names.join(", ")),
        false => format!("rows of {} are deleted and reference each other in a circle", names.join(", ")),
    };
    let found = Diagnostic::new(Code::KeyCycle, message).at(origin, "part of the circle");
    let others = circle.iter().skip(1).map(|index| steps[*index].origin);
    let found = others.fold(found, |found, origin| found.label(origin, "and this"));
    if reads {
        return found
            .note("every value is computed from the data as they were, so each step would have to come first")
            .help("leave other tables, views and functions of your own out of `sql:`, or keep what they read");
    }
    found
        .note("this version of efface deletes tables one after the other, children first")
        .help("keep the rows of one table and set its reference to `null`")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_edge_is_respected_or_there_is_a_circle(count in 1usize..8, raw in prop::collection::vec((0usize..8, 0usize..8), 0..16)) {
            let edges: Vec<_> = raw.into_iter()
                .map(|(a, b)| (a % count, b % count, EdgeReason::Read))
                .filter(|(a, b, _)| a != b)
                .collect();
            match topological(count, &edges) {
                Some(order) => {
                    let place = |step: usize| order.iter().position(|other| *other == step);
                    for (first, then, _) in &edges {
                        prop_assert!(place(*first) < place(*then));
                    }
                }
                None => {
                    let found = circle(count, &edges);
                    prop_assert!(found.len() > 1);
                    for (index, here) in found.iter().enumerate() {
                        let next = found[(index + 1) % found.len()];
                        prop_assert!(edges.iter().any(|edge| edge.0 == *here && edge.1 == next));
                    }
                }
            }
        }
    }
}
