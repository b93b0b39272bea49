//! In which order do the steps run?
//!
//! Along the edges of `edges`; where these leave it open, a step that fires triggers comes before those of the tables that
//! the triggers write. Ties are broken by table name and place in the policy, so the same input gives the same
//! order. Steps whose edges form a circle are opened where something is read, by remembering it first, and run as one
//! statement where keys form the circle: PostgreSQL checks foreign keys at the end of a statement (manual, 5.4.5).

use std::collections::{BTreeMap, BTreeSet};

use super::circle::{self, Cure};
use super::edges::{self, Edge};
use super::model::{EdgeReason, Step, StepAction};
use crate::catalog::{Basis, Catalog, KeyId, TableId};
use crate::diagnostic::Report;
use crate::graph;
use crate::resolve::ResolvedPolicy;

/// Steps in their order, or what has to be known first.
pub(super) enum Order {
    /// They can run so.
    Sorted {
        /// In the order in which they run; those that run as one statement side by side.
        steps: Vec<Step>,
        /// Keys whose check is put off to the end of the steps.
        deferred: Vec<KeyId>,
    },
    /// The rows of these tables have to be remembered.
    Remember(BTreeSet<TableId>),
}

/// Puts the steps in order and notes on each why it comes before others. `can_remember` says of which tables the rows
/// could be remembered, and aren't yet.
pub(super) fn sort(
    mut steps: Vec<Step>,
    policy: &ResolvedPolicy,
    catalog: &Catalog,
    can_remember: &dyn Fn(TableId) -> bool,
    report: &mut Report,
) -> Order {
    steps.sort_by_key(|step| (step.table, step.origin, step.action == StepAction::Delete));
    let mut edges = edges::find(&steps, policy, catalog);
    let mut deferred = BTreeSet::new();
    loop {
        let circles = circles_of(steps.len(), &edges);
        let within = |edge: &Edge| circles.iter().find(|circle| circle.contains(&edge.0) && circle.contains(&edge.1));
        // Nobody enforces a virtual key: its rows may go in any order.
        let soft = |edge: &Edge| match edge.2 {
            EdgeReason::Key(key) => matches!(catalog.key(key).basis, Basis::Virtual { .. }) && within(edge).is_some(),
            EdgeReason::Read | EdgeReason::Compute | EdgeReason::Along(_) => false,
        };
        if edges.iter().any(soft) {
            edges.retain(|edge| !soft(edge));
            continue;
        }
        let readers = edges.iter().filter(|edge| edge.2 == EdgeReason::Read && within(edge).is_some());
        // Steps that keys hold together run as one statement, and all of it reads the rows as they were.
        let held = circles_of(steps.len(), edges.iter().filter(|edge| edge.2 != EdgeReason::Read));
        let readers =
            readers.filter(|edge| !held.iter().any(|circle| circle.contains(&edge.0) && circle.contains(&edge.1)));
        let readers: BTreeSet<TableId> =
            readers.map(|edge| steps[edge.0].table).filter(|id| can_remember(*id)).collect();
        if !readers.is_empty() {
            return Order::Remember(readers);
        }
        let mut opened = false;
        for circle in &circles {
            match circle::cure(&steps, circle, &edges, catalog, can_remember) {
                Cure::OneStatement => {}
                Cure::Defer(key) => {
                    deferred.insert(key);
                    edges.retain(|edge| edge.2 != EdgeReason::Key(key) || !circle.contains(&edge.0));
                    opened = true;
                }
                Cure::Remember(table) => return Order::Remember(BTreeSet::from([table])),
                Cure::Clear { step, key } => {
                    let added = circle::edges_of_clearing(&edges, steps.len(), step, key);
                    edges.retain(|edge| edge.2 != EdgeReason::Key(key) || edge.0 != step);
                    edges.extend(added);
                    steps.push(circle::clearing(&steps[step], key, catalog));
                    opened = true;
                }
                Cure::None(found) => {
                    report.push(*found);
                    return Order::Sorted { steps, deferred: Vec::new() };
                }
            }
            if opened {
                break;
            }
        }
        if !opened {
            let wishes = edges::wishes(&steps, catalog);
            let steps = sorted(steps, &circles, &edges, &wishes);
            return Order::Sorted { steps, deferred: deferred.into_iter().collect() };
        }
    }
}

/// The groups of steps that wait for each other.
fn circles_of<'a>(count: usize, edges: impl IntoIterator<Item = &'a Edge>) -> Vec<Vec<usize>> {
    let groups = graph::components(count, edges.into_iter().map(|(first, then, _)| (*first, *then)));
    groups.into_iter().filter(|group| group.len() > 1).collect()
}

/// The steps in order, with those of a circle as one; a wish counts where nothing speaks against it.
fn sorted(steps: Vec<Step>, circles: &[Vec<usize>], edges: &[Edge], wishes: &[(usize, usize)]) -> Vec<Step> {
    // Every step stands for itself, those of a circle for its first.
    let mut stands_for: Vec<usize> = (0..steps.len()).collect();
    for circle in circles {
        for step in circle {
            stands_for[*step] = circle[0];
        }
    }
    let between = edges.iter().map(|(first, then, _)| (stands_for[*first], stands_for[*then]));
    let between: BTreeSet<(usize, usize)> = between.filter(|(first, then)| first != then).collect();
    let wishes = wishes.iter().map(|(first, then)| (stands_for[*first], stands_for[*then]));
    let between = with_wishes(steps.len(), between, wishes.filter(|(first, then)| first != then).collect());
    let mut standing: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (step, stands) in stands_for.iter().enumerate() {
        standing.entry(*stands).or_default().push(step);
    }
    let order = topological(steps.len(), &between);
    let run: Vec<usize> = order.iter().flat_map(|index| standing.get(index).into_iter().flatten()).copied().collect();
    let mut position = vec![0; steps.len()];
    for (place, index) in run.iter().enumerate() {
        position[*index] = place;
    }
    let groups: BTreeMap<usize, usize> =
        circles.iter().enumerate().map(|(number, circle)| (circle[0], number)).collect();
    let mut waiting: Vec<Option<Step>> = steps.into_iter().map(Some).collect();
    let mut result: Vec<Step> = Vec::new();
    for index in &run {
        if let Some(mut step) = waiting[*index].take() {
            step.together = groups.get(&stands_for[*index]).copied();
            result.push(step);
        }
    }
    for (first, then, reason) in edges {
        if stands_for[*first] != stands_for[*then] {
            result[position[*first]].before.push((position[*then], *reason));
        }
    }
    for step in &mut result {
        step.before.sort();
        step.before.dedup();
    }
    result
}

/// The edges, and those wishes that are on no circle with them.
fn with_wishes(
    count: usize,
    edges: BTreeSet<(usize, usize)>,
    wishes: BTreeSet<(usize, usize)>,
) -> BTreeSet<(usize, usize)> {
    let mut group_of = vec![0; count];
    for (number, group) in graph::components(count, edges.iter().chain(&wishes).copied()).iter().enumerate() {
        for step in group {
            group_of[*step] = number;
        }
    }
    let granted = wishes.into_iter().filter(|(first, then)| group_of[*first] != group_of[*then]);
    let granted: Vec<_> = granted.collect();
    edges.into_iter().chain(granted).collect()
}

/// An order that respects every edge, smallest index first where several could come next. What lies on a circle is left
/// out.
fn topological(count: usize, edges: &BTreeSet<(usize, usize)>) -> Vec<usize> {
    let mut waiting = vec![0usize; count];
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (first, then) in edges {
        waiting[*then] += 1;
        after[*first].push(*then);
    }
    let mut ready: BTreeSet<usize> = (0..count).filter(|index| waiting[*index] == 0).collect();
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
    order
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_wish_makes_no_circle_and_takes_no_edge_away(count in 1usize..8, raw in prop::collection::vec((0usize..8, 0usize..8), 0..12), wished in prop::collection::vec((0usize..8, 0usize..8), 0..12)) {
            let edges: BTreeSet<_> = raw.into_iter().map(|(a, b)| (a % count, b % count)).filter(|(a, b)| a < b).collect();
            let wishes = wished.into_iter().map(|(a, b)| (a % count, b % count)).filter(|(a, b)| a != b).collect();
            let all = with_wishes(count, edges.clone(), wishes);
            prop_assert!(edges.is_subset(&all));
            prop_assert_eq!(topological(count, &all).len(), count);
        }

        #[test]
        fn every_edge_is_respected_unless_it_leads_to_a_circle(count in 1usize..8, raw in prop::collection::vec((0usize..8, 0usize..8), 0..16)) {
            let edges: BTreeSet<_> = raw.into_iter().map(|(a, b)| (a % count, b % count)).filter(|(a, b)| a != b).collect();
            let order = topological(count, &edges);
            let place = |step: usize| order.iter().position(|other| *other == step);
            for (first, then) in &edges {
                if let Some(then) = place(*then) {
                    prop_assert!(place(*first).is_some_and(|first| first < then));
                }
            }
            let circles = graph::components(count, edges.iter().copied()).into_iter().any(|group| group.len() > 1);
            prop_assert_eq!(order.len() == count, !circles);
        }
    }
}
