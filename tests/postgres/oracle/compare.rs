//! Does the real state keep the prediction?
//!
//! Row by row, by primary key. What is printed here is test data, so values may be shown.

use std::collections::BTreeMap;

use super::model::{Cell, State};
use super::print::dump;
use super::rules::Case;
use super::world::{ColumnId, TableId, Value};

/// Cells of a row as text; `None` is NULL.
pub type TextRow = Vec<Option<String>>;

/// The rows of every table, in the order of `World::tables`.
pub fn state(case: &Case, rows: &mut dyn FnMut(&str) -> Vec<TextRow>) -> Vec<Vec<TextRow>> {
    case.world.tables.iter().map(|table| rows(&dump(table))).collect()
}

/// The state before, as a prediction: what has to be there when nothing may change.
pub fn before(case: &Case) -> State {
    let cells = |row: &Vec<Value>| row.iter().cloned().map(Cell::Known).collect();
    case.world.tables.iter().map(|table| table.rows.iter().map(cells).enumerate().collect()).collect()
}

/// Every difference between a prediction and the real rows, a line each.
pub fn differences(case: &Case, expected: &State, real: &[Vec<TextRow>]) -> Vec<String> {
    let mut lines = Vec::new();
    let tables = real;
    for ((table, expected), real) in case.world.tables.iter().zip(expected).zip(tables) {
        let mut found: BTreeMap<TextRow, &TextRow> =
            real.iter().map(|row| (table.primary.iter().map(|&id| row[id].clone()).collect(), row)).collect();
        if found.len() != real.len() {
            lines.push(format!("{:?}: two rows with one key", table.name));
        }
        for (&place, cells) in expected {
            let old = &table.rows[place];
            let key: TextRow = table.primary.iter().map(|&id| old[id].text()).collect();
            let Some(row) = found.remove(&key) else {
                lines.push(format!("{:?} {key:?}: gone, and should have stayed", table.name));
                continue;
            };
            for (id, cell) in cells.iter().enumerate() {
                let breach = match cell {
                    Cell::Known(value) => {
                        (value.text() != row[id]).then(|| format!("{:?}, expected {:?}", row[id], value.text()))
                    }
                    Cell::Random(law) => law.breach(row[id].as_deref(), old[id].text().as_deref()),
                    Cell::Same(law, of) => law.breach(row[id].as_deref(), old[id].text().as_deref()).or_else(|| {
                        (cell_of(case, *of, tables) != row[id]).then(|| "another value than propagated".into())
                    }),
                };
                if let Some(breach) = breach {
                    lines.push(format!("{:?} {key:?} {:?}: {breach}", table.name, table.columns[id].name));
                }
            }
        }
        lines.extend(found.keys().map(|key| format!("{:?} {key:?}: still there, and should be gone", table.name)));
        lines.extend(repeated(table, expected, real));
    }
    lines
}

/// What a cell really holds now.
fn cell_of(case: &Case, (table, place, column): (TableId, usize, ColumnId), real: &[Vec<TextRow>]) -> Option<String> {
    let (it, old) = (&case.world.tables[table], &case.world.tables[table].rows[place]);
    let is_it = |row: &&TextRow| it.primary.iter().all(|&id| row[id] == old[id].text());
    real[table].iter().find(is_it).and_then(|row| row[column].clone())
}

/// Random values that are unique by construction must not come twice.
fn repeated(table: &super::world::Table, expected: &BTreeMap<usize, Vec<Cell>>, real: &[TextRow]) -> Option<String> {
    // Other kinds of random values, and values that were propagated, may come as often as they like.
    let is_unique = |id: usize| expected.values().all(|cells| matches!(&cells[id], Cell::Random(law) if law.unique));
    (0..table.columns.len()).filter(|&id| is_unique(id)).find_map(|id| {
        let mut values: Vec<_> = real.iter().map(|row| &row[id]).collect();
        let count = values.len();
        values.sort();
        values.dedup();
        (values.len() < count)
            .then(|| format!("{:?} {:?}: a random value comes twice", table.name, table.columns[id].name))
    })
}
