//! Which keys close circles, and which does only the policy know of?
//!
//! Both lead to rows that may not be there yet when a row is made, so they get their values at the end.

use super::Shape;
use super::schema::{add, add_key};
use crate::oracle::condition::{Comparison, Condition};
use crate::oracle::rng::Rng;
use crate::oracle::world::{ColumnId, Declaration, ForeignKey, KeyId, OnDelete, TableId, Type, Value, World};

/// Whether a key gets its values when all rows are there.
pub fn is_late(key: &ForeignKey) -> bool {
    key.is_virtual() || key.parent > key.child
}

/// Lets tables reference tables that lead to them.
pub fn close_circles(rng: &mut Rng, shape: &Shape, world: &mut World, subject: TableId) {
    if !rng.chance(shape.circles) {
        return;
    }
    for _ in 0..rng.between(1, 2) {
        let has_below = |at: &TableId| world.below(*at).iter().any(|below| below > at);
        let children: Vec<TableId> = (0..world.tables.len()).filter(has_below).collect();
        if children.is_empty() {
            return;
        }
        // A circle that the subject lies on, or one below it, is what a policy has to do with.
        let preferred: Vec<TableId> = children.iter().copied().filter(|&at| at >= subject).collect();
        let child = if preferred.is_empty() || rng.chance(10) { *rng.pick(&children) } else { *rng.pick(&preferred) };
        let parents: Vec<TableId> = world.below(child).into_iter().filter(|&at| at > child).collect();
        let parent = *rng.pick(&parents);
        let before = world.keys.len();
        add_key(rng, shape, world, (child, parent), false, Declaration::Database);
        let can_be_null = rng.chance(85);
        for &column in world.keys[before..].iter().flat_map(|key| &key.child_columns) {
            world.tables[child].columns[column].nullable |= can_be_null;
        }
    }
}

/// Gives a table references that the database doesn't declare.
pub fn virtual_keys(rng: &mut Rng, shape: &Shape, world: &mut World, id: TableId, subject: TableId) {
    if id <= subject || !rng.chance(shape.virtual_keys) {
        return;
    }
    if rng.chance(shape.polymorphic) && polymorphic(rng, world, id, subject) {
        return;
    }
    let parent = if rng.chance(50) { subject } else { rng.below(id) };
    let condition = rng.chance(55).then(|| discriminator(rng, world, id));
    let before = world.keys.len();
    add_key(rng, shape, world, (id, parent), false, Declaration::Policy(condition));
    for &column in world.keys[before..].iter().flat_map(|key| &key.child_columns) {
        world.tables[id].columns[column].nullable = true;
    }
}

/// A condition over a column of its own that says whether a row's reference is meant.
fn discriminator(rng: &mut Rng, world: &mut World, id: TableId) -> Condition {
    let table = &mut world.tables[id];
    match rng.below(3) {
        0 => Condition::IsTrue(add(table, "is_member", Type::Boolean, true)),
        1 => {
            let status = add(table, "state", Type::Enum(0), true);
            Condition::In(status, vec![Value::Text("booked".into()), Value::Text("attended".into())])
        }
        _ => {
            let kind = add(table, "owner_type", Type::Text, true);
            Condition::Compare(kind, Comparison::Equal, Value::Text("ann".into()))
        }
    }
}

/// `(type, id)`: one column that references several tables, and another that says which.
fn polymorphic(rng: &mut Rng, world: &mut World, id: TableId, subject: TableId) -> bool {
    let is_numbered = |at: &TableId| {
        let table = &world.tables[*at];
        matches!(table.primary.as_slice(), [only] if matches!(table.columns[*only].ty, Type::Integer | Type::Bigint))
    };
    let mut parents: Vec<TableId> = (0..id).filter(is_numbered).collect();
    rng.shuffle(&mut parents);
    if parents.contains(&subject) {
        parents.retain(|&at| at != subject);
        parents.insert(0, subject);
    }
    parents.truncate(rng.between(2, 3));
    if parents.len() < 2 {
        return false;
    }
    let own = &mut world.tables[id];
    let kind = add(own, "about_type", Type::Text, true);
    let reference = add(own, "about_id", Type::Bigint, true);
    for (number, parent) in parents.into_iter().enumerate() {
        let label = ["User", "Booking", "it's"][number];
        let condition = Condition::Compare(kind, Comparison::Equal, Value::Text(label.into()));
        world.keys.push(ForeignKey {
            declared: Declaration::Policy(Some(condition)),
            name: format!("polymorphic {}", world.keys.len()),
            child: id,
            child_columns: vec![reference],
            parent,
            parent_columns: world.tables[parent].primary.clone(),
            on_delete: OnDelete::NoAction,
        });
    }
    true
}

/// Gives late references their values, and closes circles in trees.
pub fn point(rng: &mut Rng, shape: &Shape, world: &mut World) {
    let mut done: Vec<(TableId, Vec<ColumnId>)> = Vec::new();
    for id in 0..world.keys.len() {
        let key = world.keys[id].clone();
        let is_loop = key.child == key.parent && !key.is_virtual() && is_own(world, id);
        if is_late(&key) && !done.contains(&(key.child, key.child_columns.clone())) {
            done.push((key.child, key.child_columns.clone()));
            discriminate(rng, world, &key);
            for place in 0..world.tables[key.child].rows.len() {
                point_row(rng, world, &key, place);
            }
        } else if is_loop && rng.chance(shape.loops) {
            for place in 0..world.tables[key.child].rows.len() {
                if rng.chance(35) {
                    point_to(rng, world, id, place);
                }
            }
        }
    }
}

/// Whether a key's columns are nobody else's.
fn is_own(world: &World, id: KeyId) -> bool {
    let key = &world.keys[id];
    let table = &world.tables[key.child];
    let keys = table.uniques.iter().chain([&table.primary]);
    let foreign = world.keys.iter().enumerate().filter(|(other, it)| *other != id && it.child == key.child);
    let taken: Vec<ColumnId> = keys.flatten().chain(foreign.flat_map(|(_, it)| &it.child_columns)).copied().collect();
    !key.child_columns.iter().any(|column| taken.contains(column))
}

/// Most rows say by the columns that conditions read which parent is meant.
fn discriminate(rng: &mut Rng, world: &mut World, key: &ForeignKey) {
    for place in 0..world.tables[key.child].rows.len() {
        let options: Vec<Condition> =
            twins(world, key).iter().filter_map(|&id| world.keys[id].condition()).cloned().collect();
        if options.is_empty() || rng.chance(25) {
            continue;
        }
        let (column, value) = match rng.pick(&options) {
            Condition::Compare(column, _, value) => (*column, value.clone()),
            Condition::In(column, values) => (*column, rng.pick(values).clone()),
            Condition::IsTrue(column) => (*column, Value::Boolean(true)),
            _ => continue,
        };
        world.tables[key.child].rows[place][column] = value;
    }
}

/// The keys over the same columns.
fn twins(world: &World, key: &ForeignKey) -> Vec<KeyId> {
    let is_twin = |id: &KeyId| {
        let other = &world.keys[*id];
        other.child == key.child && other.child_columns == key.child_columns
    };
    (0..world.keys.len()).filter(is_twin).collect()
}

fn point_row(rng: &mut Rng, world: &mut World, key: &ForeignKey, place: usize) {
    let table = &world.tables[key.child];
    let nullable: Vec<ColumnId> =
        key.child_columns.iter().copied().filter(|&column| table.columns[column].nullable).collect();
    let row = &table.rows[place];
    let meant = twins(world, key)
        .into_iter()
        .find(|&id| world.keys[id].condition().is_none_or(|condition| condition.holds(world, row) == Some(true)));
    let id = meant.unwrap_or_else(|| twins(world, key)[0]);
    if !nullable.is_empty() && rng.chance(15) {
        let column = *rng.pick(&nullable);
        world.tables[key.child].rows[place][column] = Value::Null;
    } else if key.is_virtual() && rng.chance(10) {
        // Nobody enforces it: some rows reference what isn't there.
        for &column in &key.child_columns {
            let value = match world.tables[key.child].columns[column].ty {
                Type::Integer | Type::Bigint => Value::Integer(9000 + rng.below(3) as i64),
                _ => Value::Text("nobody".into()),
            };
            world.tables[key.child].rows[place][column] = value;
        }
    } else {
        point_to(rng, world, id, place);
    }
}

/// References one of the parent's rows, or nothing where there is none that could be referenced.
fn point_to(rng: &mut Rng, world: &mut World, id: KeyId, place: usize) {
    let key = world.keys[id].clone();
    let is_whole = |row: &&Vec<Value>| key.parent_columns.iter().all(|&column| !row[column].is_null());
    let parents: Vec<&Vec<Value>> = world.tables[key.parent].rows.iter().filter(is_whole).collect();
    let values: Vec<Value> = match parents.as_slice() {
        [] => key.parent_columns.iter().map(|_| Value::Null).collect(),
        [first, ..] => {
            let parent = if rng.chance(40) { *first } else { *rng.pick(&parents) };
            key.parent_columns.iter().map(|&column| parent[column].clone()).collect()
        }
    };
    for (&column, value) in key.child_columns.iter().zip(values) {
        let is_refused = value.is_null() && !world.tables[key.child].columns[column].nullable;
        if is_refused {
            world.tables[key.child].columns[column].nullable = true;
        }
        world.tables[key.child].rows[place][column] = value;
    }
}
