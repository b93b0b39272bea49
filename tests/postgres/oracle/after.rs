//! What is changed, and does it hold together?
//!
//! The rows that stay, cell by cell, once it is known what decides them; what a database with its keys can't hold; and
//! whether a report reads the same.

use std::collections::{BTreeMap, BTreeSet};

use super::computed::{self, Pseudonyms};
use super::law::law_of;
use super::model::{Cell, Facts, State};
use super::rules::{Case, Decision, Report, Rule};
use super::scope::{Fates, RowId};
use super::world::{ColumnId, Row, TableId, Value, World};

/// The rows that stay, as they will be.
pub fn state_after(case: &Case, fates: &Fates<'_>, facts: &mut Facts) -> State {
    let world = &case.world;
    let stays = |table: TableId| move |place: &usize| !fates.deleted[table].contains(place);
    let mut after: State = (0..world.tables.len())
        .map(|table| {
            let places = (0..world.tables[table].rows.len()).filter(stays(table));
            places.map(|place| (place, change(case, (table, place), fates.rule((table, place))))).collect()
        })
        .collect();
    propagate(case, fates, &mut after, facts);
    let mut pseudonyms = Pseudonyms::new();
    for (id, table) in world.tables.iter().enumerate() {
        facts.deleted_rows += fates.deleted[id].len();
        for (&place, cells) in &after[id] {
            let changed: Vec<ColumnId> = (0..cells.len())
                .filter(|&column| cells[column] != Cell::Known(table.rows[place][column].clone()))
                .collect();
            facts.random |= cells.iter().any(|cell| !matches!(cell, Cell::Known(_)));
            for (column, new) in cells.iter().enumerate() {
                let Some(decision) = fates.rule((id, place)).and_then(|rule| rule.action.decision(column)) else {
                    continue;
                };
                let values = (&table.rows[place][column], new);
                computed::note(world, (id, column), decision, values, (&mut facts.computed, &mut pseudonyms));
            }
            facts.changed_rows += usize::from(!changed.is_empty());
            let decision = |column| fates.rule((id, place)).and_then(|rule| rule.action.decision(column));
            facts.null_stays |= (0..cells.len()).any(|column| {
                cells[column] == Cell::Known(Value::Null) && matches!(decision(column), Some(Decision::Randomize(_)))
            });
            facts.reassigned |= changed.iter().any(|&column| matches!(decision(column), Some(Decision::Reassign(_))));
            if !changed.is_empty() {
                facts.tables.insert(id);
            }
        }
        if !fates.deleted[id].is_empty() {
            facts.tables.insert(id);
        }
    }
    after
}

/// Carries new values into whatever referenced the old ones, and on from there.
fn propagate(case: &Case, fates: &Fates<'_>, after: &mut State, facts: &mut Facts) {
    let world = &case.world;
    let mut open: Vec<(RowId, ColumnId)> = Vec::new();
    for (table, rows) in after.iter().enumerate() {
        for &place in rows.keys() {
            let Some(rule) = fates.rule((table, place)) else { continue };
            let is_carried = |&column: &ColumnId| matches!(rule.action.decision(column), Some(Decision::Propagate(_)));
            open.extend((0..world.tables[table].columns.len()).filter(is_carried).map(|id| ((table, place), id)));
        }
    }
    while let Some(((table, place), column)) = open.pop() {
        let new = after[table][&place][column].clone();
        for (id, key) in world.keys.iter().enumerate().filter(|(_, key)| key.parent == table) {
            let pairs = key.child_columns.iter().zip(&key.parent_columns);
            for (&own, _) in pairs.filter(|(_, parent)| **parent == column) {
                for (&row, cells) in &mut after[key.child] {
                    let old = &world.tables[key.child].rows[row];
                    // A rule of its own may have let go of the reference, or moved it to just this row.
                    let holds_on = cells[own] == Cell::Known(old[own].clone()) && cells[own] != new;
                    let is_moved_here = || {
                        let mut now = old.clone();
                        let Cell::Known(value) = &cells[own] else { return false };
                        now[own] = value.clone();
                        key.child_columns.len() == 1
                            && case.is_moved(fates.rule((key.child, row)), own)
                            && world.parents(id, &now).contains(&place)
                    };
                    if holds_on && world.parents(id, old).contains(&place) || is_moved_here() {
                        cells[own] = new.clone();
                        facts.propagated = true;
                        open.push(((key.child, row), own));
                    }
                }
            }
        }
    }
}

/// A row's cells under a rule, before anything is propagated to them.
pub fn change(case: &Case, (table, place): RowId, rule: Option<&Rule>) -> Vec<Cell> {
    let row = &case.world.tables[table].rows[place];
    let cell = |column: ColumnId| match rule.and_then(|rule| rule.action.decision(column)) {
        Some(Decision::Propagate(decision)) => match changed(case, table, row, column, Some(decision)) {
            Cell::Random(law) => Cell::Same(law, (table, place, column)),
            cell => cell,
        },
        decision => changed(case, table, row, column, decision),
    };
    (0..row.len()).map(cell).collect()
}

fn changed(case: &Case, table: TableId, row: &Row, column: ColumnId, decision: Option<&Decision>) -> Cell {
    match decision {
        None | Some(Decision::Keep | Decision::Undecided | Decision::Propagate(_)) => Cell::Known(row[column].clone()),
        Some(Decision::Null) => Cell::Known(Value::Null),
        Some(Decision::Default) => {
            Cell::Known(case.world.tables[table].columns[column].default.clone().unwrap_or(Value::Null))
        }
        Some(Decision::Replace(text) | Decision::Reassign(text)) => {
            Cell::Known(super::law::read(&case.world, table, column, text))
        }
        Some(Decision::Sql(expression)) => Cell::Known(expression.value(row)),
        // Whoever had nothing there gets nothing.
        Some(Decision::Randomize(_)) if row[column].is_null() => Cell::Known(Value::Null),
        Some(Decision::Randomize(random)) => Cell::Random(law_of(&case.world, table, column, random)),
        Some(
            decision @ (Decision::Mask(_)
            | Decision::Generalize(_)
            | Decision::ShiftDays(_)
            | Decision::Pseudonymize(_)),
        ) => computed::computed(&case.world, table, column, decision, &row[column])
            .unwrap_or_else(|| Cell::Known(row[column].clone())),
    }
}

/// Why a state can't be: a dangling reference, equal values under a unique key, NULL where there must be a value.
pub fn inconsistency(world: &World, after: &State) -> Option<&'static str> {
    let pick =
        |cells: &[Cell], columns: &[ColumnId]| -> Vec<Cell> { columns.iter().map(|&c| cells[c].clone()).collect() };
    let has_null = |cells: &[Cell]| cells.contains(&Cell::Known(Value::Null));
    for (id, key) in world.keys.iter().enumerate() {
        let parents: BTreeSet<_> = after[key.parent].values().map(|row| pick(row, &key.parent_columns)).collect();
        let dangles = after[key.child].iter().any(|(&place, cells)| {
            let old = &world.tables[key.child].rows[place];
            // What the policy alone calls a key may have dangled before.
            let counts = !key.is_virtual() || !world.parents(id, old).is_empty();
            let reference = pick(cells, &key.child_columns);
            counts && !has_null(&reference) && !parents.contains(&reference)
        });
        if dangles {
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
pub fn moves(case: &Case, report: &Report, after: &State) -> bool {
    let known = |cells: &Vec<Cell>| -> Row {
        let value = |cell: &Cell| match cell {
            Cell::Known(value) => value.clone(),
            Cell::Random(_) | Cell::Same(..) => Value::Null,
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
    let rows = case.world.rows_by_name(report.table);
    let before: Vec<Vec<Cell>> = rows.map(|row| row.iter().cloned().map(Cell::Known).collect()).collect();
    let tables = case.world.with_heirs(report.table);
    let now: Vec<Vec<Cell>> = tables.iter().flat_map(|&table| after[table].values().cloned()).collect();
    count(&case.world, &before) != count(&world_after, &now)
}
