//! What does a test case's database consist of?
//!
//! A small description of tables, keys, and rows in memory: plain data, made by the generator, printed for the server,
//! and read by the model. Nothing of efface is used here; the policy about it is in [`super::rules`].

use super::condition::Condition;

/// Place in `World::tables`.
pub type TableId = usize;
/// Place in `Table::columns`.
pub type ColumnId = usize;
/// Place in `World::keys`.
pub type KeyId = usize;
/// Foreign keys from a table upwards; the last one references the subject. Empty: the subject's own row.
pub type Path = Vec<KeyId>;
/// One value for each column.
pub type Row = Vec<Value>;

/// A value, as far as the model tells values apart. Whatever is none of the others is the text that the server prints:
/// days and moments (ISO 8601), numbers with a fraction, documents, arrays.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    Null,
    Integer(i64),
    Boolean(bool),
    Text(String),
}

impl Value {
    pub fn is_null(&self) -> bool {
        *self == Value::Null
    }

    /// As `column::text` prints it.
    pub fn text(&self) -> Option<String> {
        match self {
            Value::Null => None,
            Value::Integer(number) => Some(number.to_string()),
            Value::Boolean(truth) => Some(truth.to_string()),
            Value::Text(text) => Some(text.clone()),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Integer,
    Bigint,
    Text,
    Varchar(usize),
    Boolean,
    Date,
    Timestamp,
    /// Twelve digits, of which two stand behind the point.
    Numeric,
    /// An array of texts.
    Texts,
    Jsonb,
    /// Place in `World::enums`.
    Enum(usize),
}

#[derive(Clone, Debug)]
pub struct Column {
    pub name: String,
    pub ty: Type,
    pub nullable: bool,
    pub default: Option<Value>,
}

/// Where a table's rows are kept, as far as a policy needn't know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layout {
    Plain,
    /// In partitions by a column, these themselves in partitions or not.
    Partitioned {
        by: ColumnId,
        nested: bool,
    },
    /// In itself; who reads the other table by name reads these rows, too. Its columns are this one's first.
    Heir(TableId),
}

#[derive(Clone, Debug)]
pub struct Table {
    pub layout: Layout,
    pub schema: &'static str,
    pub name: String,
    pub columns: Vec<Column>,
    pub primary: Vec<ColumnId>,
    pub uniques: Vec<Vec<ColumnId>>,
    pub rows: Vec<Row>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDelete {
    NoAction,
    Restrict,
    Cascade,
    SetNull,
    SetDefault,
}

/// Who knows of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Declaration {
    /// The database, which enforces it.
    Database,
    /// The policy only; a condition says which of the referencing table's rows mean this parent.
    Policy(Option<Condition>),
}

/// A foreign key; `child_columns` and `parent_columns` go in pairs.
#[derive(Clone, Debug)]
pub struct ForeignKey {
    pub declared: Declaration,
    pub name: String,
    pub child: TableId,
    pub child_columns: Vec<ColumnId>,
    pub parent: TableId,
    pub parent_columns: Vec<ColumnId>,
    pub on_delete: OnDelete,
}

#[derive(Clone, Debug)]
pub struct Enumeration {
    pub name: &'static str,
    pub labels: Vec<&'static str>,
}

impl ForeignKey {
    pub fn is_virtual(&self) -> bool {
        self.declared != Declaration::Database
    }

    /// The condition of a virtual key.
    pub fn condition(&self) -> Option<&Condition> {
        match &self.declared {
            Declaration::Database => None,
            Declaration::Policy(condition) => condition.as_ref(),
        }
    }
}

/// A database: what exists, and what it holds.
#[derive(Clone, Debug)]
pub struct World {
    pub enums: Vec<Enumeration>,
    pub tables: Vec<Table>,
    pub keys: Vec<ForeignKey>,
}

impl World {
    /// The places in the parent's rows that a row references by a key (MATCH SIMPLE).
    pub fn parents(&self, key: KeyId, row: &Row) -> Vec<usize> {
        let key = &self.keys[key];
        let is_meant = key.condition().is_none_or(|condition| condition.holds(self, row) == Some(true));
        if !is_meant || key.child_columns.iter().any(|&column| row[column].is_null()) {
            return Vec::new();
        }
        let references =
            |parent: &Row| key.child_columns.iter().zip(&key.parent_columns).all(|(&c, &p)| row[c] == parent[p]);
        (0..self.tables[key.parent].rows.len())
            .filter(|&place| references(&self.tables[key.parent].rows[place]))
            .collect()
    }

    /// A table and those that inherit from it.
    pub fn with_heirs(&self, table: TableId) -> Vec<TableId> {
        let is_heir = |id: &TableId| self.tables[*id].layout == Layout::Heir(table);
        [table].into_iter().chain((0..self.tables.len()).filter(is_heir)).collect()
    }

    /// The rows that SQL finds by a table's name.
    pub fn rows_by_name(&self, table: TableId) -> impl Iterator<Item = &Row> {
        self.with_heirs(table).into_iter().flat_map(|id| &self.tables[id].rows)
    }

    /// Every path from a table to the subject's that visits no key twice and has at most `longest` keys.
    pub fn paths(&self, from: TableId, subject: TableId, longest: usize) -> Vec<Path> {
        let mut found = Vec::new();
        let mut open: Vec<(TableId, Path)> = vec![(from, Vec::new())];
        while let Some((at, path)) = open.pop() {
            if path.len() == longest {
                continue;
            }
            for (id, key) in self.keys.iter().enumerate().filter(|(id, key)| key.child == at && !path.contains(id)) {
                let longer: Path = path.iter().copied().chain([id]).collect();
                if key.parent == subject {
                    found.push(longer.clone());
                }
                open.push((key.parent, longer));
            }
        }
        found.sort_by_key(|path| (path.len(), path.clone()));
        found
    }

    /// Whether a column is referenced by a foreign key.
    pub fn is_referenced(&self, table: TableId, column: ColumnId) -> bool {
        self.keys.iter().any(|key| key.parent == table && key.parent_columns.contains(&column))
    }

    /// Whether a column is part of a foreign key of its table.
    pub fn is_reference(&self, table: TableId, column: ColumnId) -> bool {
        self.keys.iter().any(|key| key.child == table && key.child_columns.contains(&column))
    }

    /// The columns that reference such columns, directly or through others.
    pub fn receivers(&self, wanted: &dyn Fn(TableId, ColumnId) -> bool) -> Vec<(TableId, ColumnId)> {
        let mut found: Vec<(TableId, ColumnId)> = Vec::new();
        loop {
            let is_source = |at: TableId, column: ColumnId| wanted(at, column) || found.contains(&(at, column));
            let pairs = self.keys.iter().flat_map(|key| {
                let columns = key.child_columns.iter().zip(&key.parent_columns);
                columns.map(move |(&child, &parent)| ((key.child, child), (key.parent, parent)))
            });
            let more: Vec<_> = pairs
                .filter(|(child, parent)| is_source(parent.0, parent.1) && !found.contains(child))
                .map(|(child, _)| child)
                .collect();
            if more.is_empty() {
                return found;
            }
            found.extend(more);
        }
    }

    /// Whether the condition of a virtual key reads a column of its table.
    pub fn is_discriminator(&self, table: TableId, column: ColumnId) -> bool {
        let conditions = self.keys.iter().filter(|key| key.child == table).filter_map(ForeignKey::condition);
        conditions.flat_map(|condition| condition.reads(table)).any(|read| read == (table, column))
    }

    /// Every table that references this one, directly or through others; itself where a circle leads back to it.
    pub fn below(&self, table: TableId) -> Vec<TableId> {
        let mut found: Vec<TableId> = Vec::new();
        let mut open = vec![table];
        while let Some(parent) = open.pop() {
            for key in self.keys.iter().filter(|key| key.parent == parent) {
                if !found.contains(&key.child) {
                    found.push(key.child);
                    open.push(key.child);
                }
            }
        }
        found
    }
}
