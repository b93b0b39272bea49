//! What will the database hold afterwards?
//!
//! The naive model: rows in memory, rules tried one by one, foreign keys followed by brute force. All scopes are
//! evaluated against the state before; then rows are changed and deleted, and reports are compared.

use std::collections::{BTreeMap, BTreeSet};

use super::law::{Law, law_of};
use super::world::{
    Action, Case, ColumnId, Decision, Guard, KeyId, Path, Reach, Report, Row, Rule, TableId, Value, World,
};

/// A cell as it will be: a value, or any that keeps a law.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell {
    Known(Value),
    Random(Law),
}

/// What a run comes to, unless check refuses the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The subject's `where` doesn't hold for the person: nothing may change.
    NotEligible,
    /// These guards find rows: nothing may change.
    Blocked(Vec<String>),
    /// These reports would move: nothing may change.
    RolledBack(Vec<String>),
    /// A reference would dangle or values would collide: whoever accepts this must fail, and change nothing.
    Fails(&'static str),
    /// The rows that stay, for each table: the place of the row before, and its cells now.
    After(Vec<BTreeMap<usize, Vec<Cell>>>),
}

/// What was seen on the way, for the case mix.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub changed_rows: usize,
    pub deleted_rows: usize,
    pub tables: BTreeSet<TableId>,
    /// A row that two rules match.
    pub two_rules: bool,
    /// A condition that was neither true nor false for a row within reach.
    pub unknown: bool,
    /// A row that only a path of two or more keys reaches.
    pub far: bool,
    /// A row that only a cascade reached.
    pub cascaded: bool,
    /// A row that was reached by a key of its own table.
    pub own_key: bool,
    /// A random cell.
    pub random: bool,
}

/// Which rule decides each row, and what follows.
pub fn predict(case: &Case) -> (Outcome, Facts) {
    let mut facts = Facts::default();
    let person = &case.world.tables[case.policy.subject].rows[case.person];
    if case.policy.condition.as_ref().is_some_and(|it| it.holds(&case.world, person) != Some(true)) {
        return (Outcome::NotEligible, facts);
    }
    let blocked: Vec<_> = case.policy.guards.iter().filter(|guard| blocks(case, guard)).collect();
    if !blocked.is_empty() {
        return (Outcome::Blocked(blocked.into_iter().map(|guard| guard.name.clone()).collect()), facts);
    }
    let decided = decide(case, &mut facts);
    let deleted = deleted(case, &decided, &mut facts);
    let mut after = Vec::new();
    for (id, table) in case.world.tables.iter().enumerate() {
        let mut rows = BTreeMap::new();
        for (place, row) in table.rows.iter().enumerate() {
            if deleted[id].contains(&place) {
                facts.deleted_rows += 1;
                facts.tables.insert(id);
                continue;
            }
            let cells = change(case, id, row, decided[id].get(&place).copied());
            let is_changed = cells.iter().zip(row).any(|(cell, old)| *cell != Cell::Known(old.clone()));
            facts.random |= cells.iter().any(|cell| matches!(cell, Cell::Random(_)));
            if is_changed {
                facts.changed_rows += 1;
                facts.tables.insert(id);
            }
            rows.insert(place, cells);
        }
        after.push(rows);
    }
    if let Some(why) = inconsistency(&case.world, &after) {
        return (Outcome::Fails(why), facts);
    }
    let moved: Vec<_> = case.policy.reports.iter().filter(|report| moves(case, report, &after)).collect();
    if !moved.is_empty() {
        return (Outcome::RolledBack(moved.into_iter().map(|report| report.name.clone()).collect()), facts);
    }
    (Outcome::After(after), facts)
}

/// Whether a row belongs to the person by a path: every key followed upwards.
fn is_reached(case: &Case, table: TableId, place: usize, path: &[KeyId]) -> bool {
    match path.split_first() {
        None => table == case.policy.subject && place == case.person,
        Some((&key, rest)) => case
            .world
            .parents(key, &case.world.tables[table].rows[place])
            .into_iter()
            .any(|parent| is_reached(case, case.world.keys[key].parent, parent, rest)),
    }
}

/// Whether a row is within reach, and the shortest path that it is reached by.
fn reached_by(case: &Case, table: TableId, place: usize, reach: &Reach) -> Option<Path> {
    if let Reach::BySubject(columns) = reach {
        let row = &case.world.tables[table].rows[place];
        let person = &case.world.tables[case.policy.subject].rows[case.person];
        let is_theirs = columns.iter().zip(case.key_columns()).all(|(&own, &key)| row[own] == person[key]);
        return is_theirs.then(Vec::new);
    }
    let paths = case.policy.resolved(&case.world, table, reach).unwrap_or_default();
    paths.into_iter().filter(|path| is_reached(case, table, place, path)).min_by_key(Vec::len)
}

fn blocks(case: &Case, guard: &Guard) -> bool {
    let rows = &case.world.tables[guard.table].rows;
    (0..rows.len()).any(|place| {
        reached_by(case, guard.table, place, &guard.reach).is_some()
            && guard.condition.as_ref().is_none_or(|it| it.holds(&case.world, &rows[place]) == Some(true))
    })
}

/// The first rule that matches, for each row that any rule matches, by table.
fn decide<'a>(case: &'a Case, facts: &mut Facts) -> Vec<BTreeMap<usize, &'a Rule>> {
    let mut decided = vec![BTreeMap::new(); case.world.tables.len()];
    for entry in &case.policy.tables {
        for (place, row) in case.world.tables[entry.table].rows.iter().enumerate() {
            let mut matching = Vec::new();
            for rule in &entry.rules {
                let Some(path) = reached_by(case, entry.table, place, &rule.reach) else { continue };
                let truth = rule.condition.as_ref().map_or(Some(true), |it| it.holds(&case.world, row));
                facts.unknown |= truth.is_none();
                if truth == Some(true) {
                    facts.far |= path.len() > 1;
                    facts.own_key |=
                        path.first().is_some_and(|&key| case.world.keys[key].parent == case.world.keys[key].child);
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

/// The rows that go: by a rule, or because they reference a row that a cascade takes.
fn deleted(case: &Case, decided: &[BTreeMap<usize, &Rule>], facts: &mut Facts) -> Vec<BTreeSet<usize>> {
    let by = |wanted: fn(&Action) -> bool| -> Vec<BTreeSet<usize>> {
        let of_table = |rules: &BTreeMap<usize, &Rule>| {
            rules.iter().filter(|(_, rule)| wanted(&rule.action)).map(|(&place, _)| place).collect()
        };
        decided.iter().map(of_table).collect()
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
            facts.cascaded |= !decided[table].contains_key(&place);
            cascading[table].insert(place);
        }
    }
    let mut all = by(Action::deletes);
    for (rows, more) in all.iter_mut().zip(cascading) {
        rows.extend(more);
    }
    all
}

fn change(case: &Case, table: TableId, row: &Row, rule: Option<&Rule>) -> Vec<Cell> {
    let cell = |column: ColumnId| match rule.and_then(|rule| rule.action.decision(column)) {
        None | Some(Decision::Keep | Decision::Undecided) => Cell::Known(row[column].clone()),
        Some(Decision::Null) => Cell::Known(Value::Null),
        Some(Decision::Default) => {
            Cell::Known(case.world.tables[table].columns[column].default.clone().unwrap_or(Value::Null))
        }
        Some(Decision::Replace(text)) => Cell::Known(super::law::read(&case.world, table, column, text)),
        Some(Decision::Sql(expression)) => Cell::Known(expression.value(row)),
        Some(Decision::Randomize(random)) => Cell::Random(law_of(&case.world, table, column, random)),
    };
    (0..row.len()).map(cell).collect()
}

/// Why a state can't be: a dangling reference, equal values under a unique key, NULL where there must be a value.
pub fn inconsistency(world: &World, after: &[BTreeMap<usize, Vec<Cell>>]) -> Option<&'static str> {
    let pick =
        |cells: &[Cell], columns: &[ColumnId]| -> Vec<Cell> { columns.iter().map(|&c| cells[c].clone()).collect() };
    let has_null = |cells: &[Cell]| cells.contains(&Cell::Known(Value::Null));
    for key in &world.keys {
        let parents: BTreeSet<_> = after[key.parent].values().map(|row| pick(row, &key.parent_columns)).collect();
        let references = after[key.child].values().map(|row| pick(row, &key.child_columns));
        if references.into_iter().any(|reference| !has_null(&reference) && !parents.contains(&reference)) {
            return Some("a reference dangles");
        }
    }
    for (table, rows) in world.tables.iter().zip(after) {
        for columns in table.uniques.iter().chain([&table.primary]) {
            let mut seen = BTreeSet::new();
            for values in rows.values().map(|row| pick(row, columns)) {
                let is_certain = values.iter().all(|cell| matches!(cell, Cell::Known(_)));
                if is_certain && !has_null(&values) && !seen.insert(values) {
                    return Some("equal values under a unique key");
                }
            }
        }
        let is_null = |row: &&Vec<Cell>| {
            table.columns.iter().zip(*row).any(|(column, cell)| !column.nullable && *cell == Cell::Known(Value::Null))
        };
        if rows.values().any(|row| is_null(&row)) {
            return Some("null where there must be a value");
        }
    }
    None
}

/// Whether a report's rows differ afterwards. Random cells count as values that were never there before.
fn moves(case: &Case, report: &Report, after: &[BTreeMap<usize, Vec<Cell>>]) -> bool {
    let known = |cells: &Vec<Cell>| -> Row {
        let value = |cell: &Cell| match cell {
            Cell::Known(value) => value.clone(),
            Cell::Random(_) => Value::Null,
        };
        cells.iter().map(value).collect()
    };
    // A sub-select of the report's reads the other tables as they are then.
    let count = |world: &World, rows: &[Vec<Cell>]| {
        let mut groups: BTreeMap<Cell, usize> = BTreeMap::new();
        for cells in rows {
            if report.condition.as_ref().is_none_or(|it| it.holds(world, &known(cells)) == Some(true)) {
                *groups.entry(cells[report.column].clone()).or_default() += 1;
            }
        }
        groups
    };
    let mut world_after = case.world.clone();
    for (table, rows) in world_after.tables.iter_mut().zip(after) {
        table.rows = rows.values().map(known).collect();
    }
    let rows = &case.world.tables[report.table].rows;
    let before: Vec<Vec<Cell>> = rows.iter().map(|row| row.iter().cloned().map(Cell::Known).collect()).collect();
    let now: Vec<Vec<Cell>> = after[report.table].values().cloned().collect();
    count(&case.world, &before) != count(&world_after, &now)
}
