//! What is a test case made of?
//!
//! A small description of a database (tables, keys, rows in memory) and of a policy about it: plain data, made by the
//! generator, printed for the server and the engine, and read by the model. Nothing of efface is used here.

use super::condition::{Condition, Expression};

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

/// A value, as far as the model tells values apart. Dates are ISO 8601, documents are as jsonb prints them.
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

#[derive(Clone, Debug)]
pub struct Table {
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

/// A foreign key; `child_columns` and `parent_columns` go in pairs.
#[derive(Clone, Debug)]
pub struct ForeignKey {
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
        if key.child_columns.iter().any(|&column| row[column].is_null()) {
            return Vec::new();
        }
        let references =
            |parent: &Row| key.child_columns.iter().zip(&key.parent_columns).all(|(&c, &p)| row[c] == parent[p]);
        (0..self.tables[key.parent].rows.len())
            .filter(|&place| references(&self.tables[key.parent].rows[place]))
            .collect()
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
}

/// Which rows a rule or guard is about, before its condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// No `via`: the subject's own row, or the only foreign key to the subject's table.
    Implied,
    /// The rows that any of these paths reach.
    Via(Vec<Path>),
    /// No path: the condition compares these columns with `:subject`.
    BySubject(Vec<ColumnId>),
    /// A `via` that names nothing, as written.
    Misspelt(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Random {
    ByType,
    Email { domain: Option<&'static str> },
    Name,
    FirstName,
    LastName,
    Phone,
    Text { length: Option<usize> },
    Token,
    Digits { format: &'static str },
    Integer { min: i64, max: i64 },
    Date { min: &'static str, max: &'static str },
    Choice { from: Vec<&'static str> },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    Keep,
    Null,
    Default,
    Replace(String),
    Sql(Expression),
    Randomize(Random),
    Undecided,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Keep,
    Delete,
    Cascade,
    Columns { named: Vec<(ColumnId, Decision)>, other: Option<Decision> },
}

impl Action {
    /// What happens to a column of a row that stays.
    pub fn decision(&self, column: ColumnId) -> Option<&Decision> {
        match self {
            Action::Keep | Action::Delete | Action::Cascade => None,
            Action::Columns { named, other } => {
                named.iter().find(|(id, _)| *id == column).map(|(_, decision)| decision).or(other.as_ref())
            }
        }
    }

    pub fn deletes(&self) -> bool {
        matches!(self, Action::Delete | Action::Cascade)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub name: Option<String>,
    pub reach: Reach,
    pub condition: Option<Condition>,
    pub action: Action,
}

#[derive(Clone, Debug)]
pub struct Guard {
    pub name: String,
    pub table: TableId,
    pub reach: Reach,
    pub condition: Option<Condition>,
}

/// `select column, count(*) from table where condition group by 1`.
#[derive(Clone, Debug)]
pub struct Report {
    pub name: String,
    pub table: TableId,
    pub column: ColumnId,
    pub condition: Option<Condition>,
}

#[derive(Clone, Debug)]
pub struct TableRules {
    pub table: TableId,
    pub rules: Vec<Rule>,
    /// Written as a list although there is one rule only.
    pub as_list: bool,
}

#[derive(Clone, Debug)]
pub struct Policy {
    pub subject: TableId,
    /// The key's columns where the policy writes them; in any order.
    pub key: Option<Vec<ColumnId>>,
    pub condition: Option<Condition>,
    pub guards: Vec<Guard>,
    pub tables: Vec<TableRules>,
    pub reports: Vec<Report>,
    /// Foreign keys whose path nobody has to follow.
    pub accepted: Vec<KeyId>,
    /// Foreign keys that paths spell by the constraint's name, by place in `World::keys`.
    pub by_name: Vec<bool>,
}

impl Policy {
    pub fn rules(&self, table: TableId) -> Option<&[Rule]> {
        self.tables.iter().find(|entry| entry.table == table).map(|entry| entry.rules.as_slice())
    }

    /// The paths of a reach; none where it names no foreign key or needs no path.
    pub fn resolved(&self, world: &World, table: TableId, reach: &Reach) -> Option<Vec<Path>> {
        match reach {
            Reach::Implied if table == self.subject => Some(vec![Vec::new()]),
            Reach::Implied => {
                let is_direct = |id: &KeyId| world.keys[*id].child == table && world.keys[*id].parent == self.subject;
                let direct: Vec<KeyId> = (0..world.keys.len()).filter(is_direct).collect();
                (direct.len() == 1).then_some(vec![direct])
            }
            Reach::Via(paths) => {
                let is_whole = |path: &Path| {
                    let mut at = table;
                    let connects = path.iter().all(|&id| {
                        let meets = world.keys[id].child == at;
                        at = world.keys[id].parent;
                        meets
                    });
                    connects && at == self.subject && !path.is_empty()
                };
                paths.iter().all(is_whole).then(|| paths.clone())
            }
            Reach::BySubject(_) => Some(Vec::new()),
            Reach::Misspelt(_) => None,
        }
    }
}

/// A database, a policy, and the person to erase.
#[derive(Clone, Debug)]
pub struct Case {
    pub seed: u64,
    pub world: World,
    pub policy: Policy,
    /// The place of the person in the subject table's rows.
    pub person: usize,
}

impl Case {
    /// The key's columns: as the policy writes them, or the primary key's.
    pub fn key_columns(&self) -> &[ColumnId] {
        self.policy.key.as_deref().unwrap_or(&self.world.tables[self.policy.subject].primary)
    }

    /// The subject's key as text, in the order of `key_columns`.
    pub fn subject_key(&self) -> Vec<String> {
        let row = &self.world.tables[self.policy.subject].rows[self.person];
        self.key_columns().iter().map(|&column| row[column].text().expect("a key column is never null")).collect()
    }
}
