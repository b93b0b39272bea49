//! Where are rows kept?
//!
//! In partitions, or in tables that inherit from others. A policy names the table that is partitioned, and the rows of a
//! table that inherits are nobody's but its own.

use super::Shape;
use super::schema::empty_table;
use crate::oracle::rng::Rng;
use crate::oracle::world::{ColumnId, Declaration, ForeignKey, KeyId, Layout, OnDelete, Table, TableId, World};

/// Keeps the rows of some tables in partitions by a column that every key of theirs has.
pub fn partition(rng: &mut Rng, shape: &Shape, world: &mut World) {
    let inherited: Vec<TableId> = (0..world.tables.len()).filter(|&id| world.with_heirs(id).len() > 1).collect();
    for (id, table) in world.tables.iter_mut().enumerate() {
        let is_in_all = |column: &ColumnId| table.uniques.iter().all(|unique| unique.contains(column));
        let options: Vec<ColumnId> = table.primary.iter().copied().filter(is_in_all).collect();
        if table.layout == Layout::Plain
            && !inherited.contains(&id)
            && !options.is_empty()
            && rng.chance(shape.partitioned)
        {
            table.layout = Layout::Partitioned { by: *rng.pick(&options), nested: rng.chance(25) };
        }
    }
}

/// Lets a table inherit from one that references others. Keys are not inherited: only the policy knows of the new one's.
pub fn heir(rng: &mut Rng, shape: &Shape, world: &mut World, subject: TableId) {
    let below = world.below(subject);
    let can_be_copied = |id: &KeyId| {
        let key = &world.keys[*id];
        let child = &world.tables[key.child];
        let fixed: Vec<ColumnId> = child.uniques.iter().chain([&child.primary]).flatten().copied().collect();
        let twins = world.keys.iter().filter(|other| other.child == key.child);
        below.contains(&key.child)
            && key.child != subject
            && (key.parent == subject || below.contains(&key.parent))
            && !key.child_columns.iter().any(|column| fixed.contains(column))
            && twins.filter(|other| other.child_columns == key.child_columns).count() == 1
            && !world.is_discriminator(key.child, key.child_columns[0])
    };
    let keys: Vec<KeyId> = (0..world.keys.len()).filter(can_be_copied).collect();
    if keys.is_empty() || !rng.chance(shape.heirs) {
        return;
    }
    let key = world.keys[*rng.pick(&keys)].clone();
    let above = world.tables[key.child].clone();
    let own = empty_table(rng, shape, world);
    let uniques = Vec::new();
    world.tables.push(Table { layout: Layout::Heir(key.child), schema: own.schema, name: own.name, uniques, ..above });
    let child = world.tables.len() - 1;
    for &column in &key.child_columns {
        // What is there to be let go of has to be nullable in both.
        world.tables[child].columns[column].nullable = true;
        world.tables[key.child].columns[column].nullable = true;
    }
    world.keys.push(ForeignKey {
        declared: Declaration::Policy(None),
        name: format!("inherited {}", world.keys.len()),
        child,
        on_delete: OnDelete::NoAction,
        ..key
    });
}
