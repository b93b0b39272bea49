//! Which rows can't be told any more when a step is to run again?

use super::model::{Capture, Closure, Predicate, Step, StepAction, Sweep};
use super::predicate::{self, Reads};
use super::propagate;
use crate::catalog::{Catalog, TableId};
use crate::diagnostic::{Code, Diagnostic};
use crate::resolve::ResolvedPolicy;
use crate::source::Span;

/// A sweep asks for its rows again. Where steps change a column on the way to them, or delete rows on it that what a
/// trigger writes may still lead to, it would not find them; `done` are the steps before it.
pub(super) fn out_of_reach(
    steps: &[Step],
    done: &[Step],
    captures: &[Capture],
    closures: &[Closure],
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
    let reads = ways(policy, catalog, closures, step.table, &way);
    let cut = done.iter().find(|other| reads.iter().any(|(table, reads)| cuts(catalog, other, *table, reads)))?;
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

/// What finding rows of a table reads, and rows of the tables with it in closures.
fn ways(
    policy: &ResolvedPolicy,
    catalog: &Catalog,
    closures: &[Closure],
    table: TableId,
    way: &Predicate,
) -> Vec<(TableId, Reads)> {
    let reads = |table: TableId, rows: &Predicate| (table, predicate::reads(catalog, policy, table, rows));
    let asked_for = Closure::asked_for(closures, way);
    let members = asked_for.into_iter().filter_map(|closure| closures.get(closure)).flat_map(|closure| {
        closure
            .members
            .iter()
            .flat_map(move |member| member.follows.iter().map(move |follow| (closure, member, follow)))
    });
    // Whoever references the remembered key is found whether the row is there or not.
    let by_others = members.filter(|(closure, _, follow)| {
        !closure.members.get(follow.member).is_some_and(|above| above.is_key_of(catalog, follow.key))
    });
    let followed = by_others.map(|(_, member, follow)| {
        let anything = Box::new(Predicate::All(Vec::new()));
        reads(member.table, &Predicate::References { key: follow.key, rows: anything })
    });
    let asked_for = Closure::asked_for(closures, way);
    let seeds = asked_for.into_iter().filter_map(|closure| closures.get(closure)).flat_map(|closure| &closure.members);
    let seeds = seeds.map(|member| reads(member.table, &member.seeds));
    std::iter::once(reads(table, way)).chain(followed).chain(seeds).collect()
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

/// The place of a computed value that a step without remembered rows would apply to its rows once more.
fn written_twice(step: &Step) -> Option<Span> {
    let StepAction::Change(changes) = &step.action else { return None };
    let expression = changes.iter().find(|change| !change.value.is_same_when_repeated())?;
    (!matches!(step.rows, Predicate::Captured { .. })).then_some(expression.value_at)
}

/// Whether a step cuts the way to rows of a table that a trigger has just written. They have their own columns as the
/// trigger set them; a key that is enforced leads to rows that are there.
fn cuts(catalog: &Catalog, step: &Step, table: TableId, reads: &Reads) -> bool {
    let gone = step.action == StepAction::Delete && reads.loosely.contains(&step.table);
    let on_the_way = reads.columns.iter().filter(|(other, _)| *other != table || reads.through.contains(other));
    gone || on_the_way.into_iter().any(|(other, column)| propagate::moves(catalog, step, *other, *column))
}
