//! Where does the new value of a natural key go besides its own column?
//!
//! Into every column that references it, declared or virtual, in other people's rows too; from there into the columns that
//! reference those, and so on. Where the natural key's values are unique by themselves, an old value alone says what the
//! new one is, however long the way. Where only the whole of a composite key is, each table on the way has to tell for
//! those below it, so no way may lead back.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::model::ColumnChange;
use crate::catalog::{Catalog, ColumnId, KeyId, TableId};

/// The tables that follow the natural keys of one rule; those that tell for others come before these.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Propagation {
    /// The natural keys: columns of the rule's table, ascending.
    pub roots: Vec<ColumnId>,
    /// Each table once; the rule's own too, where it references itself.
    pub followers: Vec<Follower>,
}

/// A table whose rows take the new values, because they reference rows that do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Follower {
    /// The table.
    pub table: TableId,
    /// Its columns that change, ascending.
    pub columns: Vec<FollowingColumn>,
}

/// A column that takes the new values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowingColumn {
    /// The column.
    pub column: ColumnId,
    /// The natural key that it follows.
    pub root: ColumnId,
    /// The keys by which it does, ascending; at least one.
    pub keys: Vec<KeyId>,
    /// Whether the value alone says which new one it takes. Otherwise the row that it references does.
    pub by_value: bool,
}

/// Why a natural key can't be propagated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// By this key the way leads back to where it came from.
    Circle(KeyId),
    /// By this key a column would follow two natural keys at once.
    TwoRoots(KeyId),
}

impl Propagation {
    /// Whether there is nothing to propagate.
    pub fn is_empty(&self) -> bool {
        self.followers.is_empty()
    }

    /// The keys along which values go, ascending.
    pub fn keys(&self) -> BTreeSet<KeyId> {
        self.followers.iter().flat_map(Follower::keys).collect()
    }
}

impl Follower {
    /// The keys by which its rows follow, ascending.
    pub fn keys(&self) -> BTreeSet<KeyId> {
        self.columns.iter().flat_map(|column| &column.keys).copied().collect()
    }
}

/// The tables that follow a rule's changes; nothing where they can't.
pub(crate) fn propagation(catalog: &Catalog, table: TableId, changes: &[ColumnChange]) -> Propagation {
    try_propagation(catalog, table, changes).unwrap_or_default()
}

pub(super) fn try_propagation(
    catalog: &Catalog,
    table: TableId,
    changes: &[ColumnChange],
) -> Result<Propagation, Obstacle> {
    let mut roots: Vec<ColumnId> =
        changes.iter().filter(|change| change.propagate.is_some()).map(|change| change.column).collect();
    roots.sort();
    let mut found: BTreeMap<(TableId, ColumnId), FollowingColumn> = BTreeMap::new();
    for root in &roots {
        let by_value = catalog.table(table).is_key(&[*root]);
        follow(catalog, table, &roots, *root, by_value, &mut found)?;
    }
    let mut followers: BTreeMap<TableId, Vec<FollowingColumn>> = BTreeMap::new();
    for ((follower, _), column) in found {
        followers.entry(follower).or_default().push(column);
    }
    let followers = followers.into_iter().map(|(table, columns)| Follower { table, columns }).collect();
    Ok(Propagation { roots, followers: sorted(catalog, table, followers)? })
}

/// Collects every column that follows one natural key.
fn follow(
    catalog: &Catalog,
    table: TableId,
    roots: &[ColumnId],
    root: ColumnId,
    by_value: bool,
    found: &mut BTreeMap<(TableId, ColumnId), FollowingColumn>,
) -> Result<(), Obstacle> {
    let mut queue = VecDeque::from([(table, root)]);
    while let Some((parent, column)) = queue.pop_front() {
        let name = &catalog.table(parent).column_at(column).name;
        for (id, key) in catalog.keys_onto(parent) {
            let Some(child) = catalog.child(id) else { continue };
            for pair in key.pairs.iter().filter(|pair| pair.parent == *name) {
                let Some(own) = catalog.table(child).column_id(&pair.child) else { continue };
                if child == table && roots.contains(&own) {
                    return Err(Obstacle::Circle(id));
                }
                match found.get_mut(&(child, own)) {
                    Some(known) if known.root != root => return Err(Obstacle::TwoRoots(id)),
                    Some(known) => {
                        known.keys.push(id);
                        known.keys.sort();
                        known.keys.dedup();
                    }
                    None => {
                        let following = FollowingColumn { column: own, root, keys: vec![id], by_value };
                        found.insert((child, own), following);
                        queue.push_back((child, own));
                    }
                }
            }
        }
    }
    Ok(())
}

/// Those that tell for others first; where values alone tell, the order doesn't matter.
fn sorted(catalog: &Catalog, root: TableId, mut left: Vec<Follower>) -> Result<Vec<Follower>, Obstacle> {
    if let Some(own) = left.iter().find(|follower| follower.table == root)
        && let Some(key) = left.iter().flat_map(keys_by_row).find(|key| references(catalog, *key, own))
    {
        return Err(Obstacle::Circle(key));
    }
    let mut sorted: Vec<Follower> = Vec::new();
    while !left.is_empty() {
        // The rule's own rows tell from the beginning.
        let waits = |follower: &Follower| {
            let told = |key: &KeyId| left.iter().any(|other| other.table != root && references(catalog, *key, other));
            keys_by_row(follower).find(told)
        };
        match left.iter().position(|follower| waits(follower).is_none()) {
            Some(next) => sorted.push(left.remove(next)),
            None => {
                let key = left.first().and_then(waits);
                return key.map_or(Ok(sorted), |key| Err(Obstacle::Circle(key)));
            }
        }
    }
    Ok(sorted)
}

/// The keys by which a table follows as the rows that it references do.
fn keys_by_row(follower: &Follower) -> impl Iterator<Item = KeyId> {
    follower.columns.iter().filter(|column| !column.by_value).flat_map(|column| &column.keys).copied()
}

/// Whether a key references columns that follow themselves.
fn references(catalog: &Catalog, key: KeyId, parent: &Follower) -> bool {
    let (key, table) = (catalog.key(key), catalog.table(parent.table));
    let referenced = |column: &FollowingColumn| {
        let name = &table.column_at(column.column).name;
        key.parent_columns().any(|other| other == name)
    };
    key.parent == table.name && parent.columns.iter().any(referenced)
}
