//! Which rows, and what does finding them read?

use std::collections::BTreeSet;

use super::model::{Plan, Predicate, Step};
use super::parents;
use crate::catalog::{Catalog, ColumnId, KeyId, TableId};
use crate::resolve::{Condition, Path, Reach, ResolvedPolicy, ResolvedRule, Subject};

impl Predicate {
    /// Rows of any of these; equal ones once, a single one as itself.
    pub(super) fn any(parts: impl IntoIterator<Item = Predicate>) -> Predicate {
        let mut kept: Vec<Predicate> = Vec::new();
        for part in parts {
            let inner = match part {
                Predicate::Any(inner) => inner,
                other => vec![other],
            };
            for part in inner {
                if !kept.contains(&part) {
                    kept.push(part);
                }
            }
        }
        match kept.len() {
            1 => kept.remove(0),
            _ => Predicate::Any(kept),
        }
    }

    /// Rows of all of these; a single one as itself.
    pub(super) fn all(parts: impl IntoIterator<Item = Predicate>) -> Predicate {
        let mut kept: Vec<Predicate> = parts.into_iter().collect();
        match kept.len() {
            1 => kept.remove(0),
            _ => Predicate::All(kept),
        }
    }
}

/// The rows that reference the subject by a path of keys.
pub(super) fn by_path(policy: &ResolvedPolicy, path: &Path) -> Predicate {
    path.0.iter().rev().fold(Predicate::Subject, |rows, key| following(policy, *key, rows))
}

/// The rows that reference some rows by a key, as the policy understands the key: by a comparison of values, or only
/// where a virtual key's condition holds.
pub(super) fn following(policy: &ResolvedPolicy, key: KeyId, rows: Predicate) -> Predicate {
    let rows = Box::new(rows);
    if let Some(values) = policy.values.get(&key) {
        return Predicate::Matches { key, values: Box::new(values.clone()), rows };
    }
    let references = Predicate::References { key, rows };
    match policy.virtual_conditions.get(&key) {
        Some(condition) => Predicate::All(vec![references, Predicate::Author(condition.clone())]),
        None => references,
    }
}

/// The rows of a table that are reached, before any `where` narrows them; `decided` gives the rows of rules that a cascade follows:
/// those of rules that come later are followed by a closure and not asked for here.
pub(super) fn reached(
    policy: &ResolvedPolicy,
    table: TableId,
    reach: &Reach,
    condition: Option<&Condition>,
    decided: &[Option<Predicate>],
) -> Predicate {
    match reach {
        Reach::OwnRow => Predicate::Subject,
        Reach::Paths(paths) => {
            let rows = Predicate::any(paths.iter().map(|path| by_path(policy, path)));
            // In the subject's table a path leads to other people: a subject has the rule for its own row, also where it
            // references another subject or itself.
            match policy.subject.table() == Some(table) {
                true => Predicate::All(vec![rows, Predicate::NotTrue(Box::new(Predicate::Subject))]),
                false => rows,
            }
        }
        // Without `:subject` there would be no condition at all, and no rows.
        Reach::Condition => match condition.filter(|condition| !condition.subject.is_empty()) {
            Some(condition) => Predicate::Author(condition.clone()),
            None => Predicate::Any(Vec::new()),
        },
        Reach::EveryRow => Predicate::All(Vec::new()),
        Reach::Parents(parents) => parents::referenced(policy, parents),
        Reach::Cascade(keys) => Predicate::any(keys.iter().map(|(key, rules)| {
            let decided = rules.iter().filter_map(|rule| decided.get(rule.0).cloned().flatten());
            following(policy, *key, Predicate::any(decided))
        })),
    }
}

/// The rows of a predicate for which a condition holds too; a condition with `:subject` is the whole predicate.
pub(super) fn narrowed(rows: Predicate, condition: Option<&Condition>) -> Predicate {
    match condition {
        Some(condition) if condition.subject.is_empty() => Predicate::all([rows, Predicate::Author(condition.clone())]),
        _ => rows,
    }
}

/// The rows that a rule could decide for one subject or another: those that no rule above takes. What a condition with
/// `:subject` takes isn't known before there is a subject, so it takes nothing away.
pub(crate) fn rows_for_anyone(policy: &ResolvedPolicy, rule: &ResolvedRule) -> Predicate {
    let above = policy.rules_of(rule.table).map(|(_, other)| other).take_while(|other| !std::ptr::eq(*other, rule));
    let above = above.filter(|other| other.reach != Reach::Condition);
    let taken = above.map(|other| Predicate::NotTrue(Box::new(alone_for_anyone(policy, other))));
    Predicate::all(std::iter::once(alone_for_anyone(policy, rule)).chain(taken))
}

/// The rows that a rule could reach if it were alone.
fn alone_for_anyone(policy: &ResolvedPolicy, rule: &ResolvedRule) -> Predicate {
    match &rule.condition {
        // Who is the subject of such a condition is not known yet: all rows.
        Some(condition) if !condition.subject.is_empty() => Predicate::All(Vec::new()),
        condition => narrowed(reached(policy, rule.table, &rule.reach, condition.as_ref(), &[]), condition.as_ref()),
    }
}

/// What finding the rows of a predicate reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reads {
    /// Columns, by table.
    pub columns: BTreeSet<(TableId, ColumnId)>,
    /// Those of them that are compared by a key, with the key.
    pub compared: BTreeSet<(TableId, ColumnId, KeyId)>,
    /// Those of them that are read in any other way.
    pub looked_at: BTreeSet<(TableId, ColumnId)>,
    /// Tables on the way to the subject, whose rows have to be there.
    pub through: BTreeSet<TableId>,
    /// Those of them whose rows reference the ones that are looked for: without them nothing is found.
    pub below: BTreeSet<TableId>,
    /// Those of them that are passed by a key that nobody enforces: a row may lead to one that is gone.
    pub loosely: BTreeSet<TableId>,
    /// Tables that the author's sub-selects read.
    pub author: BTreeSet<TableId>,
    /// Whether the author's conditions may read anything.
    pub unknown: bool,
}

impl Reads {
    /// Whether another answer comes out when a step has changed this column. Where a key is compared along which the
    /// step's values go, the same rows are found as before.
    pub fn touch(&self, step: &Step, table: TableId, column: ColumnId) -> bool {
        let by_key = self.compared.iter().filter(|(other, own, _)| (*other, *own) == (table, column));
        let mut apart = by_key.filter(|(_, _, key)| !super::propagate::takes_along(step, *key));
        self.looked_at.contains(&(table, column)) || apart.next().is_some()
    }
}

/// Collects what a predicate over `table` reads.
pub(super) fn reads(catalog: &Catalog, policy: &ResolvedPolicy, table: TableId, rows: &Predicate) -> Reads {
    let mut found = Reads::default();
    collect(catalog, policy, table, rows, &mut found);
    found
}

fn collect(catalog: &Catalog, policy: &ResolvedPolicy, table: TableId, rows: &Predicate, found: &mut Reads) {
    match rows {
        Predicate::Subject => {
            let key = policy.subject.rows().into_iter().flat_map(|rows| &rows.key);
            let key: Vec<_> = key.map(|column| (table, *column)).collect();
            found.columns.extend(&key);
            found.looked_at.extend(key);
        }
        Predicate::References { key, rows } => {
            let foreign = catalog.key(*key);
            let child = catalog.table(table);
            let own = foreign.child_columns().filter_map(|name| Some((table, child.column_id(name)?)));
            for (table, column) in own {
                found.columns.insert((table, column));
                found.compared.insert((table, column, *key));
            }
            if is_direct(catalog, policy, *key, rows) {
                return;
            }
            if let Some(parent) = catalog.parent(*key) {
                let columns = catalog.table(parent);
                for column in foreign.parent_columns().filter_map(|name| columns.column_id(name)) {
                    found.columns.insert((parent, column));
                    found.compared.insert((parent, column, *key));
                }
                found.through.insert(parent);
                if !foreign.is_enforced() {
                    found.loosely.insert(parent);
                }
                collect(catalog, policy, parent, rows, found);
            }
        }
        Predicate::ReferencedBy { key, rows } => {
            let foreign = catalog.key(*key);
            let parent = catalog.table(table);
            for column in foreign.parent_columns().filter_map(|name| parent.column_id(name)) {
                found.columns.insert((table, column));
                found.compared.insert((table, column, *key));
            }
            if let Some(child) = catalog.child(*key) {
                let columns = catalog.table(child);
                for column in foreign.child_columns().filter_map(|name| columns.column_id(name)) {
                    found.columns.insert((child, column));
                    found.compared.insert((child, column, *key));
                }
                found.through.insert(child);
                found.below.insert(child);
                collect(catalog, policy, child, rows, found);
            }
        }
        Predicate::Matches { key, values, rows } => {
            own_reads(table, &values.own.reads(), found);
            if let Some(parent) = catalog.parent(*key) {
                own_reads(parent, &values.theirs.reads(), found);
                found.through.insert(parent);
                found.loosely.insert(parent);
                collect(catalog, policy, parent, rows, found);
            }
        }
        Predicate::Captured { .. } | Predicate::Closure { .. } => {}
        Predicate::Author(condition) => {
            own_reads(table, &condition.reads, found);
        }
        Predicate::All(parts) | Predicate::Any(parts) => {
            parts.iter().for_each(|part| collect(catalog, policy, table, part, found));
        }
        Predicate::NotTrue(part) => collect(catalog, policy, table, part, found),
    }
}

/// What an author's expression over a table reads.
fn own_reads(table: TableId, reads: &crate::resolve::Reads, found: &mut Reads) {
    found.columns.extend(reads.own.iter().map(|column| (table, *column)));
    found.looked_at.extend(reads.own.iter().map(|column| (table, *column)));
    found.author.extend(&reads.tables);
    found.unknown |= reads.unknown;
}

/// Whether a key references exactly the subject's key, so that no look at the subject's table is needed.
pub(crate) fn is_direct(catalog: &Catalog, policy: &ResolvedPolicy, key: KeyId, rows: &Predicate) -> bool {
    direct_columns(catalog, &policy.subject, key, rows).is_some()
}

/// The referencing columns in the order of the subject's key, where a key references exactly that.
pub(crate) fn direct_columns(
    catalog: &Catalog,
    subject: &Subject,
    key: KeyId,
    rows: &Predicate,
) -> Option<Vec<ColumnId>> {
    let foreign = catalog.key(key);
    let subject = subject.rows()?;
    let table = catalog.table(subject.table);
    if *rows != Predicate::Subject || table.name != foreign.parent || foreign.pairs.len() != subject.key.len() {
        return None;
    }
    let child = catalog.table(catalog.child(key)?);
    (subject.key)
        .iter()
        .map(|column| {
            let name = &table.column_at(*column).name;
            let pair = foreign.pairs.iter().find(|pair| pair.parent == *name)?;
            child.column_id(&pair.child)
        })
        .collect()
}

/// Every table that a plan touches, reads or keeps: the part of the schema that it is bound to.
pub fn touched_tables(plan: &Plan, policy: &ResolvedPolicy, catalog: &Catalog) -> BTreeSet<crate::ident::TableName> {
    let locked = plan.table_locks.iter().map(|(table, _)| *table);
    let decided = policy.rules.iter().map(|rule| rule.table);
    locked.chain(decided).chain(policy.subject.table()).map(|id| catalog.table(id).name.clone()).collect()
}
