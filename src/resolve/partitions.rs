//! Which foreign keys do only some partitions of a table have?
//!
//! Such a key says something about the whole table that the database doesn't know. A policy says it with a virtual key of
//! the root; until it does, rows behind the key would stay undecided. What is left then are partitions in which nobody
//! checks it.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{Basis, Catalog, ColumnPair, ForeignKey, OtherObject, Table};
use crate::ident::TableName;

/// A key of one partition, as if its root had it.
#[derive(Clone, Copy)]
pub(super) struct OfRoot<'a> {
    root: &'a Table,
    partition: &'a TableName,
    parent: &'a Table,
    pairs: &'a [ColumnPair],
}

/// A key that some partitions have and these don't.
pub(super) struct Lacking<'a> {
    /// The partitioned table.
    pub root: &'a Table,
    /// The partitions without the key.
    pub partitions: Vec<&'a TableName>,
    key: &'a ForeignKey,
}

impl Lacking<'_> {
    /// The name by which `accept` knows the key.
    pub(super) fn place(&self) -> String {
        super::coverage::place(self.key)
    }
}

/// The key of one partition that a catalog could not take for one of the whole table, seen from the root; none for other
/// kinds of keys, and where it references a partition itself.
pub(super) fn of_root<'a>(catalog: &'a Catalog, key: &'a OtherObject) -> Option<OfRoot<'a>> {
    let [partition, parent] = &key.between[..] else { return None };
    if !key.kind.contains("of one partition") || key.pairs.is_empty() {
        return None;
    }
    let mut tables = key.about.iter().filter_map(|name| catalog.table_id(name)).map(|id| catalog.table(id));
    let has = |table: &&Table| table.partitioned.as_ref().is_some_and(|it| it.partitions.contains(partition));
    let root = tables.find(has)?;
    let parent = catalog.table(catalog.table_id(parent)?);
    Some(OfRoot { root, partition, parent, pairs: &key.pairs })
}

impl<'a> OfRoot<'a> {
    /// The key of the root that says the same.
    fn covering(&self, catalog: &'a Catalog) -> Option<&'a ForeignKey> {
        let sorted = |pairs: &[ColumnPair]| pairs.iter().cloned().collect::<BTreeSet<_>>();
        let mut keys = catalog.keys_of(&self.root.name).map(|(_, key)| key);
        keys.find(|key| key.parent == self.parent.name && sorted(&key.pairs) == sorted(self.pairs))
    }

    /// Whether the root has a key that says the same.
    pub(super) fn is_covered(&self, catalog: &'a Catalog) -> bool {
        self.covering(catalog).is_some()
    }

    /// The lines of a policy that say it.
    pub(super) fn virtual_key(&self) -> String {
        let list = |names: Vec<String>| match &names[..] {
            [only] => only.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        let columns = list(self.pairs.iter().map(|pair| pair.child.bare().to_string()).collect());
        let parent = self.parent.name.bare();
        let is_primary = self.pairs.iter().map(|pair| &pair.parent).eq(&self.parent.primary_key);
        let references: Vec<_> = self.pairs.iter().map(|pair| pair.parent.bare().to_string()).collect();
        let references = if is_primary { parent.to_string() } else { format!("{parent}({})", references.join(", ")) };
        let table = self.root.name.bare();
        format!("virtual_foreign_keys:\n  - table: {table}\n    columns: {columns}\n    references: {references}")
    }
}

/// The virtual keys of roots that only some partitions have as constraints, with the partitions that don't.
pub(super) fn lacking(catalog: &Catalog) -> Vec<Lacking<'_>> {
    let mut having: BTreeMap<(&TableName, &str), (&Table, &ForeignKey, BTreeSet<&TableName>)> = BTreeMap::new();
    for of_root in catalog.others.iter().filter_map(|key| of_root(catalog, key)) {
        if let Some(key) = of_root.covering(catalog).filter(|key| key.basis != Basis::Declared) {
            let (_, _, partitions) = having
                .entry((&of_root.root.name, key.name.as_str()))
                .or_insert_with(|| (of_root.root, key, BTreeSet::new()));
            partitions.insert(of_root.partition);
        }
    }
    let lacking = having.into_values().map(|(root, key, having)| {
        let all = root.partitioned.iter().flat_map(|partitioned| &partitioned.partitions);
        Lacking { root, key, partitions: all.filter(|name| !having.contains(name)).collect() }
    });
    lacking.filter(|lacking| !lacking.partitions.is_empty()).collect()
}
