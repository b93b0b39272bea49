//! Which scopes have to be remembered before the first change, and why?
//!
//! Those of tables with several statements, so that each row is decided once; those that other steps disturb, since the
//! verification asks the same question again and must not get another answer; those that triggers may meddle with.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{CaptureReason, Predicate, Step, StepAction};
use super::parents;
use super::predicate::{self, Reads};
use super::steps::row_key;
use super::triggers::fired;
use crate::catalog::{Catalog, TableId, Written};
use crate::resolve::{Follower, ResolvedPolicy, ResolvedRule, RowAction};

/// Whether a step sets a value that can't be told by its looks, or leaves NULL where another NULL would look the same.
pub(super) fn has_untold(step: &Step) -> bool {
    match &step.action {
        StepAction::Delete => false,
        StepAction::Change(changes) => changes.iter().any(|change| !change.is_told_by_looks()),
    }
}

/// Whether a step sets a value that can't be told by its looks. Where no row can be remembered, a NULL has to do for one
/// that was there before: whoever wrote it has erased the old value all the same.
fn has_unrecognisable(step: &Step) -> bool {
    match &step.action {
        StepAction::Delete => false,
        StepAction::Change(changes) => changes.iter().any(|change| !change.value.is_recognisable()),
    }
}

/// Steps by the tables that they write.
pub(super) struct Writing<'a> {
    steps: &'a [Step],
    own: BTreeMap<TableId, Vec<&'a Step>>,
    following: BTreeMap<TableId, Vec<&'a Step>>,
}

impl<'a> Writing<'a> {
    pub fn of(steps: &'a [Step]) -> Self {
        let (mut own, mut following) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::<_, Vec<_>>::new());
        for step in steps {
            own.entry(step.table).or_default().push(step);
            step.followers().for_each(|(follower, _)| following.entry(follower.table).or_default().push(step));
        }
        Writing { steps, own, following }
    }

    fn own(&self, table: TableId) -> &[&'a Step] {
        self.own.get(&table).map_or(&[], Vec::as_slice)
    }

    /// The steps that write what is read: all of them, where it may be anything.
    fn of_what(&self, reads: &Reads) -> Vec<&'a Step> {
        if reads.unknown {
            return self.steps.iter().collect();
        }
        let mut tables: BTreeSet<TableId> = reads.columns.iter().map(|(table, _)| *table).collect();
        tables.extend(reads.author.iter().chain(&reads.through).chain(&reads.below));
        let writing = |table| [&self.own, &self.following].into_iter().filter_map(move |by| by.get(&table));
        tables.into_iter().flat_map(writing).flatten().copied().collect()
    }
}

/// Why the scopes of a table have to be remembered, if they have to; `by_triggers` is where the steps' triggers may write.
pub(super) fn capture_reason(
    policy: &ResolvedPolicy,
    catalog: &Catalog,
    table: TableId,
    steps: &Writing,
    by_triggers: &Written,
) -> Option<CaptureReason> {
    match steps.own(table) {
        [] => None,
        _ if policy.rules_of(table).any(|(_, rule)| parents::may_be_shared(rule)) => Some(CaptureReason::Shared),
        [only] => {
            let reads = predicate::reads(catalog, policy, table, &only.rows);
            // What a condition asks of its own table is another question as soon as the first row has changed; a function
            // of the user's may see what its own statement has done so far (manual, 38.7).
            let by_itself = reads.author.contains(&table) || reads.unknown;
            let mut others = steps.of_what(&reads).into_iter().filter(|other| other.table != table);
            if by_itself || others.any(|other| disturbs(catalog, other, only, &reads)) {
                return Some(CaptureReason::Disturbed);
            }
            trigger_reason(policy, catalog, only, &reads, steps, by_triggers)
        }
        _ => Some(CaptureReason::SeveralRules),
    }
}

/// Whether a trigger could do otherwise than the step says, and hide it from whoever asks for the scope again.
fn trigger_reason(
    policy: &ResolvedPolicy,
    catalog: &Catalog,
    step: &Step,
    reads: &Reads,
    steps: &Writing,
    by_triggers: &Written,
) -> Option<CaptureReason> {
    let table = catalog.table(step.table);
    // The subject's own row is remembered already: by the key of the run.
    if step.rows == Predicate::Subject {
        return None;
    }
    // A step that changes what its own scope reads has left nothing there to look at.
    let own = matches!(step.action, StepAction::Change(_))
        && disturbs(catalog, step, step, reads)
        && table.triggers.iter().any(|trigger| !trigger.disabled && trigger.on_update);
    // A trigger in front of the change may turn it into another one, and take the row off the way.
    let turned = fired(catalog, step).any(|trigger| trigger.before_row);
    let way_rewritten = reads.through.iter().chain(&reads.author).any(|table| by_triggers.may_be(*table));
    let rewritten = by_triggers.may_be(step.table);
    if !(own || turned || way_rewritten || rewritten) {
        return None;
    }
    // A table without a key still has its rows looked for by the scope, as long as the way to them is there, the values
    // that they have to have are known, and no other answer can come out for a row that has been decided.
    let way_goes =
        reads.through.iter().any(|table| steps.own(*table).iter().any(|other| other.action == StepAction::Delete));
    let decided_anew = rewritten || (turned && step.action != StepAction::Delete);
    let told_apart = decided_anew && tells_rows_apart(policy, step.table);
    let looked_for = !own && !way_rewritten && !way_goes && !told_apart && !has_unrecognisable(step);
    let could_be = row_key(catalog, step.table, &[]).is_some();
    (could_be || !looked_for).then_some(CaptureReason::Trigger)
}

/// Whether what happens to a row of a table hangs on more than that one of its ways leads to it.
fn tells_rows_apart(policy: &ResolvedPolicy, table: TableId) -> bool {
    let rules: Vec<&ResolvedRule> = policy.rules_of(table).map(|(_, rule)| rule).collect();
    // A condition with `:subject` is the way itself.
    let narrowed = |rule: &&ResolvedRule| rule.condition.as_ref().is_some_and(|condition| condition.subject.is_empty());
    let deletes = |rule: &&ResolvedRule| matches!(rule.action, RowAction::Delete { .. });
    rules.iter().any(narrowed) || (rules.len() > 1 && !rules.iter().all(deletes))
}

/// Whether a step, once done, changes the answer of another step's scope in a way that matters.
pub(super) fn disturbs(catalog: &Catalog, step: &Step, reader: &Step, reads: &Reads) -> bool {
    let follow = |table: &TableId| step.followers().any(|(follower, _)| follower.table == *table);
    let by_author = reads.unknown || reads.author.contains(&step.table) || reads.author.iter().any(follow);
    match &step.action {
        // Rows that referenced deleted rows are gone themselves, or the key would have been refused: for a delete the
        // empty answer is the right one. A changed row stays, and would not be found again.
        StepAction::Delete => {
            by_author
                || reads.below.contains(&step.table)
                || (reads.through.contains(&step.table) && matches!(reader.action, StepAction::Change(_)))
        }
        StepAction::Change(changes) => {
            let table = catalog.table(step.table);
            let mut changing = changes.iter().flat_map(|change| table.changing_with(change.column));
            let own = changing.any(|column| reads.touch(step, step.table, column));
            let follows = |(follower, _): (&Follower, &Predicate)| {
                let table = catalog.table(follower.table);
                let mut changing = follower.columns.iter().flat_map(|following| table.changing_with(following.column));
                changing.any(|column| reads.touch(step, follower.table, column))
            };
            by_author || own || step.followers().any(follows)
        }
    }
}
