//! Does every reference to a deleted row have a rule that settles it?
//!
//! The database would refuse the delete, or act by itself (`ON DELETE CASCADE`, `SET NULL`, `SET DEFAULT`). Neither is
//! decided by anybody, so both are errors here: whatever the key's action, a rule must delete the referencing rows or
//! clear the reference. Of rows that go by a condition only the database knows which others reference them: there it is
//! enough that some rule settles the reference, and the transaction proves that it was the right one.

use super::coverage;
use super::model::{NewValue, Path, Reach, ResolvedPolicy, ResolvedRule, RowAction};
use super::words;
use crate::catalog::{Catalog, ForeignKey, KeyId, TableId};
use crate::diagnostic::Report;

/// Reports keys to deleted rows that no rule settles.
pub(super) fn check(policy: &ResolvedPolicy, catalog: &Catalog, report: &mut Report) {
    for rule in &policy.rules {
        // The rows below a cascade are all reached by it.
        if rule.action != (RowAction::Delete { cascade: false }) {
            continue;
        }
        for (id, key) in catalog.keys_onto(rule.table) {
            let Some(child) = catalog.child(id) else { continue };
            if expects_none(policy, rule.table, id, None) {
                continue;
            }
            let reached = match &rule.reach {
                Reach::Parents(parents) => {
                    // Whoever else references such a row makes it a shared one. Those by whom it is meant let go of it.
                    if parents.keys.iter().any(|by| by.key == id)
                        && let Some(keeper) = holds_on(policy, catalog, child, key)
                    {
                        let found = words::orphans_kept(catalog, key, rule.origin, keeper.origin);
                        report.push(found.about(coverage::place(key)));
                    }
                    continue;
                }
                Reach::OwnRow | Reach::Paths(_) => rule.paths(),
                Reach::EveryRow if rule.condition.is_none() => rule.paths(),
                Reach::EveryRow | Reach::Condition => {
                    if !somebody_settles(policy, catalog, child, key) {
                        report.push(words::orphans_of_condition(key, rule.origin).about(coverage::place(key)));
                    }
                    continue;
                }
                Reach::Cascade(_) => continue,
            };
            for path in reached {
                if expects_none(policy, rule.table, id, Some(&path)) {
                    continue;
                }
                let endless = path.0.contains(&id);
                let whole = Path([vec![id], path.0].concat());
                let found = match settled(policy, catalog, child, key, &whole) {
                    Settled::Yes => continue,
                    Settled::Kept { thought_of: true, .. } if rule.condition.is_some() => continue,
                    // A rule for these rows would ask for one for the rows below them, and so on.
                    Settled::NotReached if endless => words::endless_orphans(catalog, key, rule.origin),
                    Settled::OwnRowUndecided => words::orphans_of_own_row(catalog, key, rule.origin),
                    Settled::NotReached => {
                        let decided = policy.rules_of(child).next().is_some();
                        words::orphans(catalog, key, &whole, decided, rule.origin)
                    }
                    Settled::Kept { keeper, .. } => words::orphans_kept(catalog, key, rule.origin, keeper.origin),
                };
                report.push(found.about(coverage::place(key)));
            }
        }
    }
}

/// Whether the transaction makes sure that no row references, by a key, the rows that a path reaches, or any rows that the
/// table's rules do. In the subject's table the latter are the subject's own.
fn expects_none(policy: &ResolvedPolicy, table: TableId, key: KeyId, path: Option<&Path>) -> bool {
    let of_subject = policy.subject.table() == Some(table);
    policy.expectations.iter().filter(|expectation| expectation.key == key).any(|expectation| {
        match (&expectation.onward, path) {
            (None, None) => !of_subject,
            (None, Some(path)) => !of_subject || path.0.is_empty(),
            (Some(onward), Some(path)) => onward == path,
            (Some(_), None) => false,
        }
    })
}

/// A rule whose rows stay and go on referencing what they reference by a key. Other people's rows beside the subject's may:
/// what they reference is theirs too.
fn holds_on<'a>(
    policy: &'a ResolvedPolicy,
    catalog: &Catalog,
    child: TableId,
    key: &ForeignKey,
) -> Option<&'a ResolvedRule> {
    let others = |rule: &ResolvedRule| Some(child) == policy.subject.table() && rule.reach != Reach::OwnRow;
    let mut rules = policy.rules_of(child).map(|(_, rule)| rule);
    rules.find(|rule| !others(rule) && !settles(rule, catalog, child, key))
}

/// Whether any rule deletes rows that reference by a key, or clears the reference in them.
///
/// Where the rows that go are found by a condition, no path says which rows reference them, and that their rule means
/// just these can't be proven here. Somebody has thought of them; the transaction proves the rest.
fn somebody_settles(policy: &ResolvedPolicy, catalog: &Catalog, child: TableId, key: &ForeignKey) -> bool {
    policy.rules_of(child).any(|(_, rule)| settles(rule, catalog, child, key))
}

enum Settled<'a> {
    Yes,
    /// No rule follows the path.
    NotReached,
    /// A rule follows it, but the subject's own row may reference such a row too, and no rule is about that one.
    OwnRowUndecided,
    Kept {
        /// This rule may decide such a row, and leaves the reference as it is.
        keeper: &'a ResolvedRule,
        /// Whether another rule with the path settles the reference, in the rows that its condition means.
        thought_of: bool,
    },
}

/// Whether every row that references a deleted row by this path is deleted or loses the reference.
///
/// The rules are tried in order, and the last one with the path has no condition: so every rule up to that one may
/// decide such a row, and none behind it can. In the subject's table they are about other people: the own row has rules of
/// its own, anywhere in the list. That it lies on a circle of rows is left to the transaction.
fn settled<'a>(
    policy: &'a ResolvedPolicy,
    catalog: &Catalog,
    child: TableId,
    key: &ForeignKey,
    path: &Path,
) -> Settled<'a> {
    let rules: Vec<_> = policy.rules_of(child).map(|(_, rule)| rule).collect();
    let follows = |rule: &ResolvedRule| match &rule.reach {
        Reach::Paths(paths) => paths.contains(path),
        // A cascade reaches the rows below what it deletes itself, not those below another rule's rows.
        Reach::Cascade(_) | Reach::OwnRow | Reach::Condition | Reach::Parents(_) => false,
        // Every row is reached, whatever it references.
        Reach::EveryRow => true,
    };
    let Some(last) = rules.iter().rposition(|rule| follows(rule)) else { return Settled::NotReached };
    let is_circle = |path: &Path| matches!(&path.0[..], [first, rest @ ..] if rest.contains(first));
    let about_own = |rule: &&&ResolvedRule| rule.reach == Reach::OwnRow;
    let asks_for_own = policy.subject.table() == Some(child) && path.0.len() > 1 && !is_circle(path);
    if asks_for_own && !rules.iter().any(|rule| about_own(&rule)) {
        return Settled::OwnRowUndecided;
    }
    let own = rules.iter().skip(last + 1).filter(|rule| asks_for_own && about_own(rule));
    match rules.iter().take(last + 1).chain(own).find(|rule| !settles(rule, catalog, child, key)) {
        Some(keeper) => {
            let thought_of =
                rules.iter().take(last + 1).any(|rule| follows(rule) && settles(rule, catalog, child, key));
            Settled::Kept { keeper, thought_of }
        }
        None => Settled::Yes,
    }
}

/// Whether a rule deletes its rows or clears this reference in them.
pub(super) fn settles(rule: &ResolvedRule, catalog: &Catalog, child: TableId, key: &ForeignKey) -> bool {
    match &rule.action {
        RowAction::Delete { .. } => true,
        RowAction::Keep(_) => false,
        RowAction::Change { .. } => {
            let changes: Vec<_> =
                key.child_columns().filter_map(|name| rule.change_of(catalog.table(child).column_id(name)?)).collect();
            // One NULL is enough for MATCH SIMPLE; MATCH FULL wants all of them.
            let nulls = changes.iter().filter(|change| change.value == NewValue::Null).count();
            let cleared = if key.match_full { nulls == key.pairs.len() } else { nulls > 0 };
            let defaults = changes.len() == key.pairs.len()
                && changes.iter().all(|change| matches!(change.value, NewValue::Null | NewValue::Default));
            // A stand-in for one column of a composite key makes it another row's; whether that row is there, and stays, is
            // asked in the transaction.
            let reassigned = changes.iter().any(|change| matches!(change.value, NewValue::StandIn(_)));
            cleared || defaults || reassigned
        }
    }
}
