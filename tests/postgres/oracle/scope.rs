//! Which rule decides a row, and which rows go?
//!
//! By brute force: every rule is tried on every row, every key is followed, and what one row's fate changes about
//! another's is tried again until nothing moves any more.

use std::collections::{BTreeMap, BTreeSet};

use super::model::Facts;
use super::rules::{Action, Case, Guard, IfShared, Reach, Rule, Whose};
use super::shared::is_shared;
use super::world::{ForeignKey, KeyId, Path, TableId, Value, World};

/// A row: its table, and its place among the table's rows.
pub type RowId = (TableId, usize);

/// What becomes of the rows of a database.
pub struct Fates<'a> {
    /// The first rule that matches, for each row that any rule matches, by table.
    pub decided: Vec<BTreeMap<usize, &'a Rule>>,
    /// The rows that go, by table.
    pub deleted: Vec<BTreeSet<usize>>,
    /// Parents that a rule decides, and that stay as they are because somebody else references them.
    pub shared: BTreeSet<RowId>,
    /// Whether one of these stops the run.
    pub refused: bool,
}

impl<'a> Fates<'a> {
    /// The rule that is carried out on a row that stays.
    pub fn rule(&self, (table, place): RowId) -> Option<&'a Rule> {
        if self.shared.contains(&(table, place)) { None } else { self.decided[table].get(&place).copied() }
    }

    pub fn is_deleted(&self, (table, place): RowId) -> bool {
        self.deleted[table].contains(&place)
    }
}

/// Whether a row belongs to one of the persons by a path: every key followed upwards.
fn is_reached(case: &Case, table: TableId, place: usize, path: &[KeyId]) -> bool {
    match path.split_first() {
        None => table == case.policy.subject && case.persons.contains(&place),
        Some((&key, rest)) => case
            .world
            .parents(key, &case.world.tables[table].rows[place])
            .into_iter()
            .any(|parent| is_reached(case, case.world.keys[key].parent, parent, rest)),
    }
}

/// Whether a row is within reach, and the shortest path that it is reached by. `through` are the tables that ask.
fn reached_by(case: &Case, (table, place): RowId, reach: &Reach, through: &[TableId]) -> Option<Path> {
    let world = &case.world;
    match reach {
        Reach::EveryRow => Some(Vec::new()),
        Reach::BySubject(columns) => {
            let row = &world.tables[table].rows[place];
            let is = |key: &Vec<Value>| columns.iter().zip(key).all(|(&own, value)| row[own] == *value);
            case.keys().iter().any(is).then(Vec::new)
        }
        Reach::Parents(keys, _) => {
            let is_pointed_at = |&key: &KeyId| {
                let child = world.keys[key].child;
                let points = |&row: &usize| world.parents(key, &world.tables[child].rows[row]).contains(&place);
                (0..world.tables[child].rows.len()).filter(points).any(|row| belongs(case, (child, row), through))
            };
            keys.iter().any(is_pointed_at).then(Vec::new)
        }
        Reach::Implied | Reach::Via(_) | Reach::Misspelt(_) => {
            let paths = case.policy.resolved(world, table, reach).unwrap_or_default();
            // In the subject's table a path leads to other people: a person's own row has a rule of its own.
            let is_person = table == case.policy.subject && case.persons.contains(&place);
            let paths = paths.into_iter().filter(|path| path.is_empty() || !is_person);
            paths.filter(|path| is_reached(case, table, place, path)).min_by_key(Vec::len)
        }
    }
}

/// Whether a row is another person's than those who are erased.
pub fn is_somebody_else(case: &Case, (table, place): RowId) -> bool {
    case.policy.whose == Whose::Rows && table == case.policy.subject && !case.persons.contains(&place)
}

/// Whether any rule of its table decides a row, and it is nobody else's.
fn belongs(case: &Case, row: RowId, through: &[TableId]) -> bool {
    if is_somebody_else(case, row) {
        return false;
    }
    let through: Vec<TableId> = through.iter().copied().chain([row.0]).collect();
    // Parents of parents are followed, a circle of them is not.
    let is_open = |rule: &&Rule| match &rule.reach {
        Reach::Parents(keys, _) => keys.iter().all(|&key| !through.contains(&case.world.keys[key].child)),
        _ => true,
    };
    let values = &case.world.tables[row.0].rows[row.1];
    let rules = case.policy.rules(row.0).unwrap_or_default();
    rules.iter().filter(is_open).any(|rule| {
        reached_by(case, row, &rule.reach, &through).is_some()
            && rule.condition.as_ref().is_none_or(|it| it.holds(&case.world, values) == Some(true))
    })
}

/// Whether a guard finds a row.
pub fn blocks(case: &Case, guard: &Guard) -> bool {
    let rows = &case.world.tables[guard.table].rows;
    (0..rows.len()).any(|place| {
        reached_by(case, (guard.table, place), &guard.reach, &[]).is_some()
            && guard.condition.as_ref().is_none_or(|it| it.holds(&case.world, &rows[place]) == Some(true))
    })
}

/// What becomes of every row.
pub fn fates<'a>(case: &'a Case, facts: &mut Facts) -> Fates<'a> {
    let mut fates = Fates {
        decided: decide(case, facts),
        deleted: vec![BTreeSet::new(); case.world.tables.len()],
        shared: BTreeSet::new(),
        refused: false,
    };
    let mut parents: Vec<(RowId, IfShared)> = Vec::new();
    for (table, rows) in fates.decided.iter().enumerate() {
        for (&place, rule) in rows {
            // What stays as it is may be anybody's.
            if let Reach::Parents(_, if_shared) = rule.reach
                && rule.action.acts()
            {
                parents.push(((table, place), if_shared));
            }
        }
    }
    loop {
        fates.deleted = deleted(case, &fates);
        let is_found = |(row, _): &&(RowId, IfShared)| !fates.shared.contains(row) && is_shared(case, &fates, *row);
        let found: Vec<_> = parents.iter().filter(is_found).copied().collect();
        if found.is_empty() {
            break;
        }
        fates.refused |= found.iter().any(|(_, if_shared)| *if_shared == IfShared::Refuse);
        fates.shared.extend(found.iter().map(|(row, _)| row));
    }
    facts.parents_gone = parents.iter().any(|(row, _)| fates.is_deleted(*row));
    facts.parents_changed = parents.iter().any(|(row, _)| !fates.is_deleted(*row) && !fates.shared.contains(row));
    facts.shared = !fates.shared.is_empty();
    let world = &case.world;
    let unnamed = |table: TableId| -> Vec<usize> {
        fates.deleted[table].iter().copied().filter(|place| !fates.decided[table].contains_key(place)).collect()
    };
    facts.cascaded = (0..world.tables.len()).any(|table| !unnamed(table).is_empty());
    facts.cascaded_tree = world.keys.iter().enumerate().filter(|(_, key)| key.child == key.parent).any(|(id, key)| {
        let above = |place: usize| world.parents(id, &world.tables[key.child].rows[place]);
        unnamed(key.child)
            .into_iter()
            .any(|place| above(place).iter().any(|up| *up != place && fates.is_deleted((key.child, *up))))
    });
    let is_circular = |key: &ForeignKey| key.child != key.parent && world.below(key.child).contains(&key.parent);
    facts.circular_schema = world.keys.iter().any(|key| is_circular(key) && case.policy.rules(key.child).is_some());
    fates
}

/// The first rule that matches, for each row that any rule matches, by table.
fn decide<'a>(case: &'a Case, facts: &mut Facts) -> Vec<BTreeMap<usize, &'a Rule>> {
    let world = &case.world;
    let mut decided = vec![BTreeMap::new(); world.tables.len()];
    for entry in &case.policy.tables {
        for (place, row) in world.tables[entry.table].rows.iter().enumerate() {
            let mut matching = Vec::new();
            for rule in &entry.rules {
                let Some(path) = reached_by(case, (entry.table, place), &rule.reach, &[]) else { continue };
                let truth = rule.condition.as_ref().map_or(Some(true), |it| it.holds(world, row));
                facts.unknown |= truth.is_none();
                if truth == Some(true) {
                    facts.far |= path.len() > 1;
                    facts.own_key |= path.first().is_some_and(|&key| world.keys[key].parent == world.keys[key].child);
                    path.iter().for_each(|&key| note(world, key, facts));
                    matching.push(rule);
                }
            }
            facts.two_rules |= matching.len() > 1;
            if let Some(first) = matching.first() {
                decided[entry.table].insert(place, *first);
            }
        }
    }
    decided
}

/// Counts a key that a row was reached by.
fn note(world: &World, id: KeyId, facts: &mut Facts) {
    let key = &world.keys[id];
    let sorted = |columns: &[usize]| {
        let mut columns = columns.to_vec();
        columns.sort_unstable();
        columns
    };
    let parent = &world.tables[key.parent];
    let is_primary = sorted(&key.parent_columns) == sorted(&parent.primary);
    let is_composite = key.child_columns.len() > 1;
    let twins = world.keys.iter().filter(|other| other.child == key.child && other.child_columns == key.child_columns);
    facts.composite_key |= is_composite;
    facts.natural_key |= !is_primary;
    facts.reordered_key |=
        is_composite && !parent.uniques.contains(&key.parent_columns) && key.parent_columns != parent.primary;
    facts.virtual_key |= key.is_virtual();
    facts.conditional_key |= key.condition().is_some();
    facts.composite_virtual_key |= key.is_virtual() && is_composite;
    facts.polymorphic_key |= key.is_virtual() && twins.count() > 1;
}

/// The rows that go: by a rule, or because they reference a row that a cascade takes.
fn deleted(case: &Case, fates: &Fates<'_>) -> Vec<BTreeSet<usize>> {
    let by = |wanted: fn(&Action) -> bool| -> Vec<BTreeSet<usize>> {
        let goes = |row: RowId| fates.rule(row).is_some_and(|rule| wanted(&rule.action));
        let of_table = |(table, rows): (TableId, &BTreeMap<usize, &Rule>)| {
            rows.keys().copied().filter(|&place| goes((table, place))).collect()
        };
        fates.decided.iter().enumerate().map(of_table).collect()
    };
    let mut cascading = by(|action| *action == Action::Cascade);
    loop {
        let mut found = Vec::new();
        for (id, key) in case.world.keys.iter().enumerate() {
            for (place, row) in case.world.tables[key.child].rows.iter().enumerate() {
                let goes = case.world.parents(id, row).iter().any(|parent| cascading[key.parent].contains(parent));
                if goes && !cascading[key.child].contains(&place) {
                    found.push((key.child, place));
                }
            }
        }
        if found.is_empty() {
            break;
        }
        for (table, place) in found {
            cascading[table].insert(place);
        }
    }
    let mut all = by(Action::deletes);
    for (rows, more) in all.iter_mut().zip(cascading) {
        rows.extend(more);
    }
    all
}

/// How many tables the largest circle of deleted rows spans that reference each other, as far as a count tells: the
/// tables of the deleted rows that can't be taken away one after the other, children first.
pub fn circle(case: &Case, deleted: &[BTreeSet<usize>]) -> usize {
    let mut left = deleted.to_vec();
    loop {
        let is_referenced = |(table, place): RowId| {
            let into = case.world.keys.iter().enumerate().filter(|(_, key)| key.parent == table);
            into.flat_map(|(id, key)| left[key.child].iter().map(move |&row| (id, (key.child, row))))
                .filter(|(_, child)| *child != (table, place))
                .any(|(id, (child, row))| case.world.parents(id, &case.world.tables[child].rows[row]).contains(&place))
        };
        let free: Vec<RowId> = (0..left.len())
            .flat_map(|table| left[table].iter().map(move |&place| (table, place)))
            .filter(|&row| !is_referenced(row))
            .collect();
        if free.is_empty() {
            return left.iter().filter(|rows| !rows.is_empty()).count();
        }
        for (table, place) in free {
            left[table].remove(&place);
        }
    }
}
