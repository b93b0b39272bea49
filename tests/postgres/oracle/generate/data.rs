//! Which rows, and whose?

use super::Shape;
use crate::oracle::rng::Rng;
use crate::oracle::world::{Row, TableId, Type, Value, World};

const TEXTS: [&str; 9] = ["ann", "Bob", "", "O'Neil", "Zoë", "a b", "[deleted]", "50%", "x"];
const DATES: [&str; 6] = ["1900-12-30", "1999-12-31", "2020-02-29", "2024-01-01", "2025-06-15", "2031-10-03"];
const MOMENTS: [&str; 5] =
    ["1969-12-28 00:00:00", "2000-12-31 23:59:59", "2001-01-01 07:08:09", "2024-02-29 12:00:00", "2031-10-03 05:30:00"];
const FRACTIONS: [&str; 6] = ["0.00", "-7.25", "12.50", "99.99", "-0.10", "123456.78"];
const ARRAYS: [&str; 6] =
    ["{}", "{ann}", "{O'Neil,NULL}", "{\"a b\",Zoë,x}", "{\"\",NULL,\"say \\\"no\\\"\"}", "{50%,1-2}"];
const DOCUMENTS: [&str; 4] = [r#"{"a": 1}"#, "[]", r#"{"name": "ann", "tags": ["x", "it's"]}"#, r#"{"n": null}"#];

/// A value of a type; ASCII only where a default or literal is made of it.
pub fn value(rng: &mut Rng, ty: Type, ascii: bool) -> Value {
    let text = |text: &&str| Value::Text((*text).to_owned());
    match ty {
        Type::Integer | Type::Bigint => Value::Integer(rng.below(6) as i64),
        Type::Boolean => Value::Boolean(rng.chance(50)),
        Type::Text | Type::Varchar(_) => loop {
            let found = *rng.pick(&TEXTS);
            let fits = !matches!(ty, Type::Varchar(length) if found.chars().count() > length);
            if fits && (found.is_ascii() || !ascii) {
                break text(&found);
            }
        },
        Type::Date => text(rng.pick(&DATES)),
        Type::Timestamp => text(rng.pick(&MOMENTS)),
        Type::Numeric => text(rng.pick(&FRACTIONS)),
        Type::Texts => loop {
            let found = *rng.pick(&ARRAYS);
            if found.is_ascii() || !ascii {
                break text(&found);
            }
        },
        Type::Jsonb => text(rng.pick(&DOCUMENTS)),
        Type::Enum(0) => text(rng.pick(&["booked", "attended", "cancelled"])),
        Type::Enum(_) => text(rng.pick(&["in progress", "it's", "Ünklar"])),
    }
}

/// Fills every table, parents first; a row that would break a key is left out.
pub fn fill(rng: &mut Rng, shape: &Shape, world: &mut World) {
    for id in 0..world.tables.len() {
        for serial in 0..rng.between(shape.rows.0, shape.rows.1) {
            for _ in 0..4 {
                if let Some(row) = row(rng, shape, world, id, serial) {
                    world.tables[id].rows.push(row);
                    break;
                }
            }
        }
    }
    super::links::point(rng, shape, world);
    ghosts(rng, world);
}

fn row(rng: &mut Rng, shape: &Shape, world: &World, id: TableId, serial: usize) -> Option<Row> {
    let table = &world.tables[id];
    let mut cells: Vec<Option<Value>> = vec![None; table.columns.len()];
    if let ([only], false) = (table.primary.as_slice(), world.is_reference(id, table.primary[0])) {
        cells[*only] = Some(match table.columns[*only].ty {
            Type::Integer | Type::Bigint => Value::Integer(serial as i64 * 3 + 10),
            _ => Value::Text(format!("k{serial}")),
        });
    }
    for key in world.keys.iter().filter(|key| key.child == id && !super::links::is_late(key)) {
        let pairs = || key.child_columns.iter().zip(&key.parent_columns);
        let fits = |parent: &&Row| {
            pairs().all(|(&c, &p)| !parent[p].is_null() && cells[c].as_ref().is_none_or(|cell| *cell == parent[p]))
        };
        let parents: Vec<&Row> = world.tables[key.parent].rows.iter().filter(fits).collect();
        let open: Vec<usize> = key
            .child_columns
            .iter()
            .copied()
            .filter(|&column| cells[column].is_none() && table.columns[column].nullable)
            .collect();
        if !open.is_empty() && (parents.is_empty() || rng.chance(if shape.nullable > 0 { 20 } else { 0 })) {
            cells[*rng.pick(&open)] = Some(Value::Null);
        } else if parents.is_empty() {
            if key.child_columns.iter().all(|&column| cells[column].as_ref().is_none_or(|cell| !cell.is_null())) {
                return None;
            }
        } else {
            // The first rows have the most children, so that the subject's subtree is not empty.
            // Nobody's own parent but by chance: tables above the others are what people share.
            let often = if key.parent == 0 && shape.parents > 0 { 10 } else { 45 };
            let parent = if rng.chance(often) { parents[0] } else { *rng.pick(&parents) };
            for (&c, &p) in pairs() {
                cells[c] = Some(parent[p].clone());
            }
        }
    }
    let under_unique = |column: usize| table.uniques.iter().any(|columns| columns.contains(&column));
    let row: Row = cells
        .into_iter()
        .enumerate()
        .map(|(id, cell)| {
            let column = &table.columns[id];
            match cell {
                Some(value) => value,
                None if column.nullable && rng.chance(25) => Value::Null,
                None if under_unique(id) && rng.chance(80) => match column.ty {
                    Type::Text | Type::Varchar(_) => Value::Text(format!("u{}@x.org", rng.below(1000))),
                    ty => value(rng, ty, false),
                },
                None if column.name == "user_ref" || column.name.starts_with("user_ref_") => {
                    let owners = world.tables.iter().take(2).flat_map(|t| t.rows.iter().flatten());
                    let fitting: Vec<&Value> = owners
                        .filter(|value| match column.ty {
                            Type::Integer | Type::Bigint => matches!(value, Value::Integer(_)),
                            _ => matches!(value, Value::Text(text) if text.chars().count() <= 12),
                        })
                        .take(4)
                        .collect();
                    if fitting.is_empty() { Value::Null } else { (*rng.pick(&fitting)).clone() }
                }
                None => value(rng, column.ty, false),
            }
        })
        .collect();
    let collides = |columns: &Vec<usize>| {
        columns.iter().all(|&column| !row[column].is_null())
            && table.rows.iter().any(|other| columns.iter().all(|&column| other[column] == row[column]))
    };
    let fits = world.keys.iter().enumerate().filter(|(_, key)| key.child == id && !super::links::is_late(key)).all(
        |(at, key)| {
            key.child_columns.iter().any(|&column| row[column].is_null()) || !world.parents(at, &row).is_empty()
        },
    );
    (fits && !table.uniques.iter().chain([&table.primary]).any(collides)).then_some(row)
}

/// Some references get a default: the stand-in row that `default` points to.
fn ghosts(rng: &mut Rng, world: &mut World) {
    for at in 0..world.keys.len() {
        let key = world.keys[at].clone();
        if key.condition().is_some() {
            continue;
        }
        let ([child], [parent]) = (key.child_columns.as_slice(), key.parent_columns.as_slice()) else { continue };
        let Some(last) = world.tables[key.parent].rows.last() else { continue };
        if rng.chance(15) && !last[*parent].is_null() && !world.tables[key.child].primary.contains(child) {
            world.tables[key.child].columns[*child].default = Some(last[*parent].clone());
        }
    }
}

/// The persons: mostly the one whom most rows reference, and now and then others besides.
pub fn persons(rng: &mut Rng, shape: &Shape, world: &World, subject: TableId) -> Vec<usize> {
    let rows = world.tables[subject].rows.len();
    let references = |person: &usize| {
        let into = world.keys.iter().enumerate().filter(|(_, key)| key.parent == subject);
        into.flat_map(|(id, key)| world.tables[key.child].rows.iter().map(move |row| (id, row)))
            .filter(|(id, row)| world.parents(*id, row).contains(person))
            .count()
    };
    let first = match rng.chance(20) {
        true => rng.below(rows),
        false => (0..rows).rev().max_by_key(references).unwrap_or(0),
    };
    let mut persons = vec![first];
    let more = if rng.chance(shape.sets) { rng.between(1, 2) } else { 0 };
    for _ in 0..more {
        let other = rng.below(rows);
        if !persons.contains(&other) {
            persons.push(other);
        }
    }
    persons
}
