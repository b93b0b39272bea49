//! Which steps have to run again, because a trigger may have written into their rows?
//!
//! Triggers don't order steps; they add sweeps. A sweep takes the rows that weren't there before: the ones that a step has
//! had are not written twice. It runs before the next step that deletes rows which its own may reference, else behind the
//! last step. What one sweep makes a trigger write, a later one takes. The verification at the end asks for everything
//! again, and finds what no sweep did.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::model::{Capture, Closure, EdgeReason, FiredTrigger, Predicate, Step, Sweep};
use super::out_of_reach::out_of_reach;
use super::triggers::{fired, fired_along, written};
use crate::catalog::{Catalog, TableId, Trigger};
use crate::diagnostic::Report;
use crate::graph;
use crate::ident::Ident;
use crate::resolve::ResolvedPolicy;

/// The sweeps in the order in which they run, and the triggers that the steps fire. Marks the steps that look for their
/// remembered rows again.
pub(super) fn find(
    steps: &mut [Step],
    captures: &[Capture],
    closures: &[Closure],
    policy: &ResolvedPolicy,
    catalog: &Catalog,
    report: &mut Report,
) -> (Vec<Sweep>, Vec<FiredTrigger>) {
    let fires = fires(steps, catalog);
    let all_fired = all_fired(&fires, catalog);
    let mut run = Run::new(steps, captures, &fires);
    let mut next = 0;
    while let Some(step) = steps.get(next) {
        let with = |other: &&Step| step.together.is_some() && other.together == step.together;
        let together = next..next + steps[next..].iter().take_while(with).count().max(1);
        run.sweep_before(&together);
        run.steps(&together);
        next = together.end;
    }
    run.sweep_at_the_end();
    let Run { sweeps, again, .. } = run;
    for sweep in sweeps.iter().chain(&again) {
        let done = &steps[..sweep.before.unwrap_or(steps.len())];
        if let Some(found) = out_of_reach(steps, done, captures, closures, sweep, policy, catalog) {
            report.push(found);
        }
    }
    for sweep in again {
        steps[sweep.step].asked_again = true;
    }
    (sweeps, all_fired)
}

/// A trigger that a step fires, and the steps into whose rows it may write.
struct Fires<'a> {
    table: TableId,
    trigger: &'a Trigger,
    targets: Vec<usize>,
}

/// For each step, what it fires.
fn fires<'a>(steps: &[Step], catalog: &'a Catalog) -> Vec<Vec<Fires<'a>>> {
    let mut by_table: BTreeMap<TableId, Vec<usize>> = BTreeMap::new();
    // The subject's own row is one, and no trigger adds another.
    for (index, step) in steps.iter().enumerate().filter(|(_, step)| step.rows != Predicate::Subject) {
        by_table.entry(step.table).or_default().push(index);
    }
    let targets = |trigger: &Trigger| {
        let written = written(catalog, trigger);
        let mut targets: Vec<usize> = match written.anywhere {
            true => by_table.values().flatten().copied().collect(),
            false => written.tables.iter().filter_map(|table| by_table.get(table)).flatten().copied().collect(),
        };
        targets.sort_unstable();
        targets
    };
    let of_step = |step: &Step| {
        let own = fired(catalog, step).map(|trigger| (step.table, trigger));
        let all = own.chain(fired_along(catalog, step));
        all.map(|(table, trigger)| Fires { table, trigger, targets: targets(trigger) }).collect()
    };
    steps.iter().map(of_step).collect()
}

/// Every trigger once, with the steps that fire it.
fn all_fired(fires: &[Vec<Fires>], catalog: &Catalog) -> Vec<FiredTrigger> {
    let mut found: BTreeMap<Cause, FiredTrigger> = BTreeMap::new();
    for (step, fires) in fires.iter().enumerate() {
        for Fires { table, trigger, .. } in fires {
            let function = catalog.function(&trigger.function);
            let fired = found.entry((*table, &trigger.name)).or_insert_with(|| FiredTrigger {
                table: *table,
                trigger: trigger.name.clone(),
                function: trigger.function.clone(),
                mentions: function.map(|function| function.mentions.clone()).unwrap_or_default(),
                opaque: function.is_none_or(|function| function.opaque),
                steps: Vec::new(),
            });
            fired.steps.push(step);
            fired.steps.dedup();
        }
    }
    found.into_values().collect()
}

/// A trigger by its table and name.
type Cause<'a> = (TableId, &'a Ident);

/// The steps one after the other, as far as triggers make some of them stale.
struct Run<'a> {
    steps: &'a [Step],
    captures: &'a [Capture],
    fires: &'a [Vec<Fires<'a>>],
    /// For each step, those whose rows may reference the ones that it deletes.
    children: Vec<BTreeSet<usize>>,
    /// Steps into whose rows a trigger may have written since they ran, or since their rows were remembered.
    stale: BTreeMap<usize, BTreeSet<Cause<'a>>>,
    /// The number of the next round.
    round: usize,
    sweeps: Vec<Sweep>,
    /// The steps that look for their remembered rows again, each as what a sweep just before it would be.
    again: Vec<Sweep>,
}

impl<'a> Run<'a> {
    fn new(steps: &'a [Step], captures: &'a [Capture], fires: &'a [Vec<Fires<'a>>]) -> Self {
        let mut children = vec![BTreeSet::new(); steps.len()];
        for (child, step) in steps.iter().enumerate() {
            let by_key = step.before.iter().filter(|(_, reason)| matches!(reason, EdgeReason::Key(_)));
            by_key.for_each(|(parent, _)| {
                children[*parent].insert(child);
            });
        }
        Run {
            steps,
            captures,
            fires,
            children,
            stale: BTreeMap::new(),
            round: 0,
            sweeps: Vec::new(),
            again: Vec::new(),
        }
    }

    /// What steps that run as one statement find, and what their triggers may write.
    fn steps(&mut self, together: &Range<usize>) {
        for index in together.clone() {
            let step = &self.steps[index];
            // A step finds by itself what was written before it, unless its rows were remembered.
            if !matches!(step.rows, Predicate::Captured { .. }) {
                self.stale.remove(&index);
            } else if renewable(self.steps, self.captures, step)
                && let Some(causes) = self.stale.remove(&index)
            {
                self.again.push(sweep(index, 0, Some(index), causes));
            }
        }
        together.clone().for_each(|index| self.fire(index, false));
    }

    /// Marks what the triggers of a step may write into, now or where deferred triggers speak.
    fn fire(&mut self, step: usize, deferred: bool) {
        for Fires { table, trigger, targets } in
            self.fires[step].iter().filter(|fires| fires.trigger.deferred == deferred)
        {
            for target in targets {
                self.stale.entry(*target).or_default().insert((*table, &trigger.name));
            }
        }
    }

    /// The sweeps without which rows that triggers have written would still reference those that the next steps delete.
    fn sweep_before(&mut self, next: &Range<usize>) {
        let children: BTreeSet<usize> = next.clone().flat_map(|step| self.children[step].iter().copied()).collect();
        let children = children.into_iter().filter(|child| *child < next.start);
        let children: Vec<usize> = self.led_to(children.collect());
        self.sweep(children, Some(next.start));
    }

    /// The sweeps behind the last step.
    fn sweep_at_the_end(&mut self) {
        (0..self.steps.len()).for_each(|step| self.fire(step, true));
        let all = self.led_to((0..self.steps.len()).collect());
        self.sweep(all, None);
    }

    /// Those of some steps that are stale, and those that sweeps of such make stale.
    fn led_to(&self, among: BTreeSet<usize>) -> Vec<usize> {
        let mut open: Vec<usize> = self.stale.keys().copied().filter(|step| among.contains(step)).collect();
        let mut found: BTreeSet<usize> = open.iter().copied().collect();
        while let Some(step) = open.pop() {
            let targets = self.fires[step].iter().flat_map(|fires| &fires.targets);
            open.extend(targets.copied().filter(|target| among.contains(target) && found.insert(*target)));
        }
        found.into_iter().collect()
    }

    fn sweep(&mut self, swept: Vec<usize>, before: Option<usize>) {
        let rounds = self.rounds(&swept);
        let mut in_order: Vec<(usize, usize)> = rounds.into_iter().zip(swept).collect();
        in_order.sort_unstable();
        for (round, step) in &in_order {
            // In a circle it may be what comes later that leads here: then the verification has the last word.
            let Some(causes) = self.stale.remove(step) else { continue };
            self.sweeps.push(sweep(*step, self.round + round, before, causes));
            self.fire(*step, false);
        }
        self.round += in_order.last().map_or(0, |(round, _)| round + 1);
    }

    /// For each sweep how many others have to come before it, one making triggers write into the next: 0, 1, … Those in a
    /// circle share a round.
    fn rounds(&self, swept: &[usize]) -> Vec<usize> {
        let place: BTreeMap<usize, usize> = swept.iter().enumerate().map(|(place, step)| (*step, place)).collect();
        let leads = |from: &usize| {
            let targets: BTreeSet<usize> =
                self.fires[*from].iter().flat_map(|fires| fires.targets.iter().copied()).collect();
            let others = targets.into_iter().filter(|to| self.steps[*to].table != self.steps[*from].table);
            others.filter_map(|to| place.get(&to).copied()).collect::<Vec<_>>()
        };
        let leads: Vec<Vec<usize>> = swept.iter().map(leads).collect();
        let edges = leads.iter().enumerate().flat_map(|(from, targets)| targets.iter().map(move |to| (from, *to)));
        let mut rounds = vec![0; swept.len()];
        for group in graph::components(swept.len(), edges) {
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
}

fn sweep(step: usize, round: usize, before: Option<usize>, causes: BTreeSet<Cause>) -> Sweep {
    let after = causes.into_iter().map(|(table, trigger)| (table, trigger.clone())).collect();
    Sweep { step, round, before, after }
}

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
