//! Is every foreign key that leads to the subject followed, and every table that reaches it decided?
//!
//! Keys are looked at one at a time rather than path by path: a schema has more paths than anybody reads. For a decided
//! table and one of its keys, the key must start a path that a rule follows, continued by each path of the table it leads
//! to. Paths end where they first meet the subject's table.

use std::collections::{BTreeMap, BTreeSet};

use super::accept::Accepted;
use super::model::{Expectation, Path, Reach, ResolvedPolicy, Subject};
use super::{partitions, path, words};
use crate::catalog::{Catalog, ForeignKey, KeyId, TableId};
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::policy::Policy;
use crate::source::Span;

/// Reports tables and keys that lead to the subject and that nobody has decided, and keys without an index. What comes
/// back are the accepted ones by which no row is expected.
pub(super) fn check(
    policy: &Policy,
    resolved: &ResolvedPolicy,
    catalog: &Catalog,
    accepted: &Accepted<'_>,
    report: &mut Report,
) -> Vec<Expectation> {
    if resolved.subject == Subject::EveryRow {
        every_table(policy, resolved, catalog, report);
    }
    let closed = closed(resolved, catalog, accepted);
    let open = |id: KeyId| !closed.contains(&id);
    let starts = starts(resolved);
    let distances = path::distances(catalog, &starts, open);
    let mut expectations = expected(resolved, catalog, accepted, open);
    for (&table, &distance) in &distances {
        let decided = resolved.rules_of(table).next().is_some();
        if !decided && Some(table) != resolved.subject.table() {
            let key = toward(catalog, table, &distances, &open);
            report.push(words::undecided_table(catalog, table, key, distance, policy.subject.place()));
            continue;
        }
        for (id, _) in catalog.keys_from(table).filter(|(id, _)| open(*id)) {
            let Some(parent) = catalog.parent(id).filter(|parent| distances.contains_key(parent)) else {
                continue;
            };
            for missing in not_followed(resolved, table, id, parent) {
                let found = finding(policy, resolved, catalog, table, &missing);
                let place = found.object.as_deref();
                if let Some(origin) = place.and_then(|place| accepted.expects_none(place)) {
                    let onward = Path(missing.0.iter().skip(1).copied().collect());
                    expectations.push(Expectation { key: id, onward: Some(onward), origin });
                }
                report.push(found);
            }
        }
    }
    unsupported(policy, resolved, catalog, &distances, report);
    keys_in_use(resolved, catalog, report);
    expectations
}

/// Keys that someone has accepted: they lead nowhere, unless a rule follows them all the same.
pub(super) fn closed(resolved: &ResolvedPolicy, catalog: &Catalog, accepted: &Accepted<'_>) -> BTreeSet<KeyId> {
    let followed = followers(resolved);
    let accepts = accepted.any(Code::PathNotFollowed);
    (catalog.keys())
        .filter(|_| accepts)
        .filter(|(id, key)| !followed.contains_key(id) && accepted.covers(Code::PathNotFollowed, &place(key)))
        .map(|(id, _)| id)
        .collect()
}

/// Keys that lead to the subject, that no rule follows though their table is decided, and that nobody has accepted.
pub(super) fn unfollowed(
    resolved: &ResolvedPolicy,
    catalog: &Catalog,
    distances: &BTreeMap<TableId, usize>,
    accepted: &Accepted<'_>,
) -> BTreeSet<KeyId> {
    let followed = followers(resolved);
    let decided = distances.keys().filter(|table| resolved.rules_of(**table).next().is_some());
    let keys = decided.flat_map(|table| catalog.keys_from(*table).map(|(id, _)| (*table, id)));
    let unfollowed = keys.filter(|(table, id)| {
        let open = |path: &Path| !accepted.covers(Code::PathNotFollowed, &place_of_path(catalog, *table, path));
        let parent = catalog.parent(*id).filter(|parent| !followed.contains_key(id) && distances.contains_key(parent));
        parent.is_some_and(|parent| not_followed(resolved, *table, *id, parent).iter().any(open))
    });
    unfollowed.map(|(_, id)| id).collect()
}

/// The name by which `accept` knows a path that nobody follows: that of its key, or all of it.
pub(super) fn place_of_path(catalog: &Catalog, table: TableId, path: &Path) -> String {
    match path.0[..] {
        [only] => place(catalog.key(only)),
        _ => format!("{}.{}", catalog.table(table).name.bare(), path::written(catalog, path)),
    }
}

/// Where the keys that lead to the subject end: at the subject's table, and, one further away, at tables whose rows are
/// the subject's without a key. Rows that the subject references are no such end: whatever else references one of them
/// shares it.
pub(super) fn starts(resolved: &ResolvedPolicy) -> BTreeMap<TableId, usize> {
    let keyless = resolved.rules.iter().filter(|rule| match &rule.reach {
        Reach::Condition => true,
        Reach::Paths(paths) => {
            (paths.iter()).any(|path| path.0.first().is_some_and(|key| resolved.values.contains_key(key)))
        }
        Reach::OwnRow | Reach::Cascade(_) | Reach::Parents(_) | Reach::EveryRow => false,
    });
    let keyless = keyless.map(|rule| (rule.table, 1));
    keyless.chain(resolved.subject.table().map(|table| (table, 0))).collect()
}

/// Whole keys that nobody follows because no row is expected there. What references a table that no rule reaches is
/// nobody's: there is nothing to assert.
fn expected(
    resolved: &ResolvedPolicy,
    catalog: &Catalog,
    accepted: &Accepted<'_>,
    open: impl Fn(KeyId) -> bool,
) -> Vec<Expectation> {
    let reached: BTreeSet<TableId> = resolved.rules.iter().map(|rule| rule.table).collect();
    let accepts = accepted.any(Code::PathNotFollowed);
    let keys = catalog.keys().filter(|_| accepts).filter_map(|(key, foreign)| {
        let origin = accepted.expects_none(&place(foreign))?;
        let parent = catalog.parent(key)?;
        let reaches = resolved.subject.table() == Some(parent) || reached.contains(&parent);
        (reaches && !open(key)).then_some(Expectation { key, onward: None, origin })
    });
    keys.collect()
}

/// In a policy for every row, tables without a rule. What a cascade reaches of a table is not all of it.
fn every_table(policy: &Policy, resolved: &ResolvedPolicy, catalog: &Catalog, report: &mut Report) {
    for table in catalog.table_ids() {
        if !resolved.rules_of(table).any(|(_, rule)| rule.reach == Reach::EveryRow) {
            report.push(words::undecided_in_every_row(catalog.table(table), policy.subject.place()));
        }
    }
}

/// Keys that can't be followed, at tables that the policy decides or that lead to the subject: what they hold back,
/// delete or lead to would happen without anybody having decided it.
fn unsupported(
    policy: &Policy,
    resolved: &ResolvedPolicy,
    catalog: &Catalog,
    distances: &BTreeMap<TableId, usize>,
    report: &mut Report,
) {
    for key in catalog.others.iter().filter(|other| other.is_foreign_key()) {
        let of_root = partitions::of_root(catalog, key);
        if of_root.as_ref().is_some_and(|of_root| of_root.is_covered(catalog)) {
            continue;
        }
        let rule_at = |table: TableId| resolved.rules_of(table).next().map(|(_, rule)| rule.origin);
        let tables: Vec<TableId> = key.about.iter().filter_map(|name| catalog.table_id(name)).collect();
        let decided = tables.iter().find_map(|table| rule_at(*table));
        let leads = tables.iter().any(|table| distances.contains_key(table)).then_some(policy.subject.place());
        if let Some(span) = decided.or(leads) {
            report.push(words::unsupported_key(key, of_root.as_ref(), span));
        }
    }
    for lacking in partitions::lacking(catalog) {
        let rule = catalog.table_id(&lacking.root.name).and_then(|root| resolved.rules_of(root).next());
        let span = rule.map_or(policy.subject.place(), |(_, rule)| rule.origin);
        report.push(words::partition_without_key(&lacking, span));
    }
}

/// The name by which `accept` knows a key: `audits.user_id`; of several columns, the first that only this key has would
/// be a riddle, so all stand in parentheses.
pub(super) fn place(key: &ForeignKey) -> String {
    let columns: Vec<_> = key.child_columns().map(|column| column.bare().to_string()).collect();
    match &columns[..] {
        [only] => format!("{}.{only}", key.child.bare()),
        many => format!("{}.({})", key.child.bare(), many.join(", ")),
    }
}

/// The keys that paths and cascades follow, each with the place of the first rule that does.
fn followers(resolved: &ResolvedPolicy) -> BTreeMap<KeyId, Span> {
    let mut followers = BTreeMap::new();
    for rule in &resolved.rules {
        let keys: Vec<KeyId> = match &rule.reach {
            Reach::Paths(paths) => paths.iter().flat_map(|path| path.0.iter().copied()).collect(),
            Reach::Cascade(keys) => keys.iter().map(|(key, _)| *key).collect(),
            Reach::OwnRow | Reach::Condition | Reach::Parents(_) | Reach::EveryRow => Vec::new(),
        };
        for key in keys {
            followers.entry(key).or_insert(rule.origin);
        }
    }
    followers
}

/// The paths that start with a key and that no rule of its table follows.
fn not_followed(resolved: &ResolvedPolicy, table: TableId, id: KeyId, parent: TableId) -> Vec<Path> {
    let cascaded = |id: KeyId| {
        resolved.rules_of(table).any(|(_, rule)| match &rule.reach {
            Reach::Cascade(keys) => keys.iter().any(|(key, _)| *key == id),
            Reach::OwnRow | Reach::Paths(_) | Reach::Condition | Reach::Parents(_) | Reach::EveryRow => false,
        })
    };
    if cascaded(id) {
        return Vec::new();
    }
    let followed: Vec<Path> = resolved.rules_of(table).flat_map(|(_, rule)| rule.paths()).collect();
    let onward: Vec<Path> = if Some(parent) == resolved.subject.table() {
        vec![Path(Vec::new())]
    } else {
        let mut onward: Vec<Path> = resolved.rules_of(parent).flat_map(|(_, rule)| rule.paths()).collect();
        // A tree would go on for ever: parent, parent of the parent …
        onward.retain(|path| path.0.first() != Some(&id));
        onward.sort();
        onward.dedup();
        onward
    };
    let whole = onward.into_iter().map(|rest| Path([vec![id], rest.0].concat()));
    whole.filter(|path| !followed.iter().any(|other| is_same_way(resolved, path, other))).collect()
}

/// Whether two paths lead the same way. Each path has comparisons of its own; two that read the same columns are one.
fn is_same_way(resolved: &ResolvedPolicy, one: &Path, other: &Path) -> bool {
    let compares = |key: &KeyId| resolved.values.get(key).map(|values| (values.own.reads(), values.theirs.reads()));
    let same = |(a, b): (&KeyId, &KeyId)| a == b || compares(a).is_some_and(|read| Some(read) == compares(b));
    one.0.len() == other.0.len() && one.0.iter().zip(&other.0).all(same)
}

fn finding(
    policy: &Policy,
    resolved: &ResolvedPolicy,
    catalog: &Catalog,
    table: TableId,
    missing: &Path,
) -> Diagnostic {
    let span = resolved.rules_of(table).next().map_or(policy.subject.place(), |(_, rule)| rule.origin);
    words::path_not_followed(catalog, table, missing, span)
}

/// The key by which an undecided table leads to the subject, the shortest way.
fn toward(
    catalog: &Catalog,
    table: TableId,
    distances: &BTreeMap<TableId, usize>,
    open: &impl Fn(KeyId) -> bool,
) -> Option<KeyId> {
    let away = |id: KeyId| catalog.parent(id).and_then(|parent| distances.get(&parent)).copied();
    let keys = catalog.keys_from(table).filter(|(id, _)| open(*id));
    keys.filter_map(|(id, _)| Some((away(id)?, id))).min().map(|(_, id)| id)
}

/// Keys that the plan looks rows up by, or that the server checks when rows are deleted: those without an index, and those
/// that the server doesn't check after all.
fn keys_in_use(resolved: &ResolvedPolicy, catalog: &Catalog, report: &mut Report) {
    let mut followers = followers(resolved);
    let mut deleted: BTreeMap<TableId, Span> = BTreeMap::new();
    for rule in &resolved.rules {
        if let Reach::Parents(parents) = &rule.reach {
            for by in parents.keys.iter().chain(&parents.shared_by) {
                followers.entry(by.key).or_insert(rule.origin);
            }
        }
        if matches!(rule.action, super::RowAction::Delete { .. }) {
            deleted.entry(rule.table).or_insert(rule.origin);
        }
    }
    for (id, key) in catalog.keys() {
        let Some(child) = catalog.child(id) else { continue };
        let columns: Vec<_> = key.child_columns().collect();
        let indexed = catalog.table(child).indexed.iter().any(|index| {
            index.len() >= columns.len() && index[..columns.len()].iter().all(|column| columns.contains(&column))
        });
        if indexed && !key.unenforced {
            continue;
        }
        let follower = followers.get(&id).copied();
        let checked = || deleted.get(&catalog.parent(id)?).copied();
        let Some(span) = follower.or_else(checked) else { continue };
        if key.unenforced {
            report.push(words::unenforced_key(key, span).about(place(key)));
        }
        if !indexed {
            report.push(words::unindexed_key(key, follower.is_some(), span).about(place(key)));
        }
    }
}
