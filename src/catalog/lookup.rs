//! The catalog's door and its index: sorted once, then asked by name or by id.

use std::collections::BTreeSet;

use super::model::{
    Basis, Catalog, Column, CompositeType, Domain, EnumType, ForeignKey, Generated, Table, TriggerFunction, UniqueIndex,
};
use crate::ident::{Ident, TableName};

/// A table of one [`Catalog`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableId(pub(crate) usize);

/// A column of one [`Table`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ColumnId(pub(crate) usize);

/// A foreign key of one [`Catalog`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub(crate) usize);

/// The tables of each key; the keys of each table and those to it, in the order of their ids.
#[derive(Clone, Debug, Default)]
pub struct KeyIndex {
    /// The referencing and the referenced table: what is looked up by name once is asked for again and again.
    ends: Vec<(Option<TableId>, Option<TableId>)>,
    of: Vec<Vec<KeyId>>,
    to: Vec<Vec<KeyId>>,
}

/// It is made of the keys: two catalogs with the same keys are equal, whether one was indexed or not.
impl PartialEq for KeyIndex {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for KeyIndex {}

impl KeyIndex {
    /// The index of a catalog that holds the tables of its keys.
    fn of(catalog: &Catalog) -> Self {
        let none = || vec![Vec::new(); catalog.tables.len()];
        let mut index = Self { ends: Vec::new(), of: none(), to: none() };
        for (id, key) in catalog.all_keys() {
            let ends = (catalog.table_id(&key.child), catalog.table_id(&key.parent));
            if let (Some(child), Some(parent)) = ends
                && key.basis != Basis::Values
            {
                index.of[child.0].push(id);
                index.to[parent.0].push(id);
            }
            index.ends.push(ends);
        }
        index
    }
}

/// A catalog whose parts don't fit together: a damaged or hand-edited file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    /// The file is of another format.
    #[error(
        "the catalog file has format {found}, this efface reads format {expected}; write it again with `efface catalog`"
    )]
    Format {
        /// What the file says.
        found: u32,
        /// What this efface reads.
        expected: u32,
    },
    /// Something has the same name twice.
    #[error("the catalog holds {what} twice; write it again with `efface catalog`")]
    Duplicate {
        /// The thing, for people.
        what: String,
    },
    /// Something names a thing that isn't there.
    #[error("the catalog's {what} names {missing}, which it does not hold; write it again with `efface catalog`")]
    Dangling {
        /// The thing that names.
        what: String,
        /// What is missing.
        missing: String,
    },
}

impl Catalog {
    /// Sorts everything at the door, so that ids, plans and digests do not depend on the order in which the server or a
    /// file lists things, and makes sure that whatever is named exists.
    ///
    /// # Errors
    /// A format that this efface doesn't know, a name that stands twice, a name that leads nowhere.
    pub fn new(mut self) -> Result<Self, CatalogError> {
        if self.format != super::CATALOG_FORMAT {
            return Err(CatalogError::Format { found: self.format, expected: super::CATALOG_FORMAT });
        }
        self.tables.sort_by(|a, b| a.name.cmp(&b.name));
        for table in &mut self.tables {
            table.sort();
        }
        self.foreign_keys.sort_by(|a, b| (&a.child, &a.name).cmp(&(&b.child, &b.name)));
        for key in &mut self.foreign_keys {
            key.set_columns.sort();
        }
        self.enums.sort_by(|a, b| a.name.cmp(&b.name));
        self.domains.sort_by(|a, b| a.name.cmp(&b.name));
        self.composites.sort_by(|a, b| a.name.cmp(&b.name));
        for domain in &mut self.domains {
            domain.checks.sort_by(|a, b| a.name.cmp(&b.name));
        }
        self.functions.sort_by(|a, b| a.signature.cmp(&b.signature));
        for function in &mut self.functions {
            function.mentions.sort();
        }
        self.extensions.sort_by(|a, b| a.name.cmp(&b.name));
        for other in &mut self.others {
            other.about.sort();
        }
        self.others.sort();
        self.sort_derived();
        self.observed.unreadable.sort();
        self.verify()?;
        self.index = KeyIndex::of(&self);
        Ok(self)
    }

    fn verify(&self) -> Result<(), CatalogError> {
        if let Some(pair) = self.tables.windows(2).find(|pair| pair[0].name == pair[1].name) {
            return Err(CatalogError::Duplicate { what: format!("table `{}`", pair[0].name.bare()) });
        }
        for table in &self.tables {
            if let Some(pair) = table.columns.windows(2).find(|pair| pair[0].name == pair[1].name) {
                let what = format!("column `{}` of table `{}`", pair[0].name.bare(), table.name.bare());
                return Err(CatalogError::Duplicate { what });
            }
            let named = table.primary_key.iter().chain(table.unique.iter().flat_map(|index| &index.columns));
            if let Some(missing) = named.into_iter().find(|name| table.column(name).is_none()) {
                return Err(CatalogError::Dangling {
                    what: format!("table `{}`", table.name.bare()),
                    missing: format!("column `{}`", missing.bare()),
                });
            }
        }
        if let Some(pair) = self.materialized_views.windows(2).find(|pair| pair[0].name == pair[1].name) {
            return Err(CatalogError::Duplicate { what: format!("materialized view `{}`", pair[0].name.bare()) });
        }
        for (index, key) in self.foreign_keys.iter().enumerate() {
            let what = || format!("foreign key `{}` of `{}`", key.name.bare(), key.child.bare());
            if index > 0
                && (&self.foreign_keys[index - 1].child, &self.foreign_keys[index - 1].name) == (&key.child, &key.name)
            {
                return Err(CatalogError::Duplicate { what: what() });
            }
            let dangling = |missing: String| Err(CatalogError::Dangling { what: what(), missing });
            if key.pairs.is_empty() {
                return dangling("no column".into());
            }
            for (table, column) in
                key.pairs.iter().flat_map(|pair| [(&key.child, &pair.child), (&key.parent, &pair.parent)])
            {
                let Some(id) = self.table_id(table) else { return dangling(format!("table `{}`", table.bare())) };
                if self.table(id).column(column).is_none() {
                    return dangling(format!("column `{}` of `{}`", column.bare(), table.bare()));
                }
            }
        }
        Ok(())
    }

    /// The table of that name.
    pub fn table_id(&self, name: &TableName) -> Option<TableId> {
        self.tables.binary_search_by(|table| table.name.cmp(name)).ok().map(TableId)
    }

    /// The trigger function of that signature.
    pub fn function(&self, signature: &str) -> Option<&TriggerFunction> {
        let place = self.functions.binary_search_by(|function| function.signature.as_str().cmp(signature)).ok()?;
        self.functions.get(place)
    }

    /// A column with its table, for people: `users.email`.
    pub fn spelled(&self, table: TableId, column: ColumnId) -> String {
        let table = self.table(table);
        format!("{}.{}", table.name.bare(), table.column_at(column).name.bare())
    }

    /// A table by id.
    pub fn table(&self, id: TableId) -> &Table {
        &self.tables[id.0]
    }

    /// Every table's id, by name.
    pub fn table_ids(&self) -> impl Iterator<Item = TableId> + use<> {
        (0..self.tables.len()).map(TableId)
    }

    /// The catalog with a policy's own references beside the declared ones. Their tables and columns exist.
    pub fn with_virtual_keys(mut self, keys: Vec<ForeignKey>) -> Self {
        self.virtual_keys = keys;
        self.index = KeyIndex::of(&self);
        self
    }

    /// A foreign key by id.
    pub fn key(&self, id: KeyId) -> &ForeignKey {
        let declared = self.foreign_keys.len();
        if id.0 < declared { &self.foreign_keys[id.0] } else { &self.virtual_keys[id.0 - declared] }
    }

    /// The table whose rows reference others by a key.
    pub fn child(&self, id: KeyId) -> Option<TableId> {
        self.index.ends.get(id.0).and_then(|(child, _)| *child)
    }

    /// The table whose rows are referenced by a key.
    pub fn parent(&self, id: KeyId) -> Option<TableId> {
        self.index.ends.get(id.0).and_then(|(_, parent)| *parent)
    }

    /// Every reference with its id, declared ones first, by child table and name; no mere comparisons of values.
    pub fn keys(&self) -> impl Iterator<Item = (KeyId, &ForeignKey)> {
        self.all_keys().filter(|(_, key)| key.basis != Basis::Values)
    }

    /// Comparisons of values too.
    pub(crate) fn all_keys(&self) -> impl Iterator<Item = (KeyId, &ForeignKey)> {
        self.foreign_keys.iter().chain(&self.virtual_keys).enumerate().map(|(index, key)| (KeyId(index), key))
    }

    /// Every mere comparison of values with its id.
    pub(crate) fn comparisons(&self) -> impl Iterator<Item = (KeyId, &ForeignKey)> {
        let declared = self.foreign_keys.len();
        let added = self.virtual_keys.iter().enumerate().map(move |(index, key)| (KeyId(declared + index), key));
        added.filter(|(_, key)| key.basis == Basis::Values)
    }

    /// The references of a table: the keys by which its rows reference others.
    pub fn keys_from(&self, child: TableId) -> impl Iterator<Item = (KeyId, &ForeignKey)> + use<'_> {
        self.index.of.get(child.0).into_iter().flatten().map(|id| (*id, self.key(*id)))
    }

    /// The keys that reference a table.
    pub fn keys_onto(&self, parent: TableId) -> impl Iterator<Item = (KeyId, &ForeignKey)> + use<'_> {
        self.index.to.get(parent.0).into_iter().flatten().map(|id| (*id, self.key(*id)))
    }

    /// [`Catalog::keys_from`] a table by name.
    pub fn keys_of<'a>(&'a self, child: &TableName) -> impl Iterator<Item = (KeyId, &'a ForeignKey)> + use<'a> {
        self.table_id(child).into_iter().flat_map(|id| self.keys_from(id))
    }

    /// [`Catalog::keys_onto`] a table by name.
    pub fn keys_to<'a>(&'a self, parent: &TableName) -> impl Iterator<Item = (KeyId, &'a ForeignKey)> + use<'a> {
        self.table_id(parent).into_iter().flat_map(|id| self.keys_onto(id))
    }

    /// The enum type of that name.
    pub fn enum_type(&self, name: &TableName) -> Option<&EnumType> {
        self.enums.binary_search_by(|found| found.name.cmp(name)).ok().map(|index| &self.enums[index])
    }

    /// The composite type of that name.
    pub fn composite(&self, name: &TableName) -> Option<&CompositeType> {
        self.composites.binary_search_by(|found| found.name.cmp(name)).ok().map(|index| &self.composites[index])
    }

    /// The domain of that name.
    pub fn domain(&self, name: &TableName) -> Option<&Domain> {
        self.domains.binary_search_by(|found| found.name.cmp(name)).ok().map(|index| &self.domains[index])
    }

    /// Whether these columns tell every row of a table from every other: a key over exactly them, and never NULL.
    pub fn tells_rows_apart(&self, table: &Table, columns: &[ColumnId]) -> bool {
        table.is_key(columns) && columns.iter().all(|id| self.is_never_null(table.column_at(*id)))
    }

    /// Whether no row of the table has NULL in a column, where [`Catalog::refuses_null`] speaks of what may be written.
    pub fn is_never_null(&self, column: &Column) -> bool {
        let by_domain = || column.domains.iter().any(|name| self.domain(name).is_some_and(|domain| domain.not_null));
        (column.not_null && !column.not_null_in_part) || by_domain()
    }

    /// Whether a column refuses NULL, by itself or by a domain of its type, be it for some rows only.
    pub fn refuses_null(&self, column: &Column) -> bool {
        column.not_null || column.domains.iter().any(|name| self.domain(name).is_some_and(|domain| domain.not_null))
    }

    /// The default of a column, its own or its domain's, as the server prints it.
    pub fn default_of<'a>(&'a self, column: &'a Column) -> Option<&'a str> {
        let of_domain = || column.domains.iter().find_map(|name| self.domain(name)?.default.as_deref());
        column.default.as_deref().or_else(of_domain)
    }
}

impl Table {
    fn sort(&mut self) {
        self.columns.sort_by(|a, b| a.name.cmp(&b.name));
        self.unique.sort_by(|a, b| a.name.cmp(&b.name));
        // Partitions may have CHECKs of one name.
        self.checks.sort_by(|a, b| (&a.name, &a.partition).cmp(&(&b.name, &b.partition)));
        self.exclusions.sort_by(|a, b| a.name.cmp(&b.name));
        self.indexed.sort();
        self.indexed.dedup();
        self.triggers.sort_by(|a, b| a.name.cmp(&b.name));
        self.rewrite_rules.sort_by(|a, b| a.name.cmp(&b.name));
        self.inherited_by.sort();
        self.inherits.sort();
        if let Some(partitioned) = &mut self.partitioned {
            partitioned.columns.sort();
            partitioned.partitions.sort();
        }
    }

    /// The column of that name.
    pub fn column(&self, name: &Ident) -> Option<&Column> {
        self.column_id(name).map(|id| &self.columns[id.0])
    }

    /// The id of the column of that name.
    pub fn column_id(&self, name: &Ident) -> Option<ColumnId> {
        self.columns.binary_search_by(|column| column.name.cmp(name)).ok().map(ColumnId)
    }

    /// Columns of which no two rows of the whole table have the same values, NULLs aside: the primary key, then those of
    /// other unique indexes. What is checked at COMMIT only, or refuses only some rows, is no such key.
    pub fn keys(&self) -> impl Iterator<Item = &Vec<Ident>> {
        let full = |index: &&UniqueIndex| !index.partial && index.expression_columns.is_empty();
        let late =
            self.unique.iter().any(|index| index.deferrable && full(&index) && index.columns == self.primary_key);
        let primary = std::iter::once(&self.primary_key).filter(move |key| !key.is_empty() && !late);
        let others = self.unique.iter().filter(full).filter(|index| !index.deferrable && !index.in_part);
        primary.chain(others.map(|index| &index.columns).filter(|columns| !columns.is_empty()))
    }

    /// Whether a key of the whole table is over exactly these columns.
    pub fn is_key(&self, columns: &[ColumnId]) -> bool {
        let wanted: BTreeSet<&Ident> = columns.iter().map(|id| &self.column_at(*id).name).collect();
        self.keys().any(|key| key.iter().collect::<BTreeSet<_>>() == wanted)
    }

    /// Whether other tables inherit from this one, and their rows answer to its name. Partitions are no such tables.
    pub fn is_inherited(&self) -> bool {
        self.partitioned.is_none() && !self.inherited_by.is_empty()
    }

    /// The columns that change when one is set: itself, and those that the database generates from it.
    pub fn changing_with(&self, id: ColumnId) -> impl Iterator<Item = ColumnId> + '_ {
        let name = &self.column_at(id).name;
        let generated = self.columns.iter().enumerate().filter_map(move |(index, column)| match &column.generated {
            Generated::Expression { from, .. } if from.contains(name) => Some(ColumnId(index)),
            _ => None,
        });
        std::iter::once(id).chain(generated)
    }

    /// A column by id.
    pub fn column_at(&self, id: ColumnId) -> &Column {
        &self.columns[id.0]
    }
}

impl ForeignKey {
    /// The referencing columns, in the constraint's order.
    pub fn child_columns(&self) -> impl Iterator<Item = &Ident> {
        self.pairs.iter().map(|pair| &pair.child)
    }

    /// The referenced columns, in the constraint's order.
    pub fn parent_columns(&self) -> impl Iterator<Item = &Ident> {
        self.pairs.iter().map(|pair| &pair.parent)
    }
}
