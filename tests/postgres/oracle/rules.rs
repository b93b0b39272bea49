//! What does a test case's policy consist of, and whom is it about?
//!
//! The policy language as plain data; [`super::yaml`] prints it, [`super::model`] carries it out in memory.

use super::condition::{Condition, Expression};
use super::world::{ColumnId, KeyId, Path, Row, TableId, Value, World};

/// What happens to a parent that somebody else references as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfShared {
    Keep,
    Refuse,
}

/// Which rows a rule or guard is about, before its condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// No `via`: the subject's own row, or the only foreign key to the subject's table.
    Implied,
    /// The rows that any of these paths reach.
    Via(Vec<Path>),
    /// All rows, in a policy about every row.
    EveryRow,
    /// No path: the condition compares these columns with `:subject`.
    BySubject(Vec<ColumnId>),
    /// The rows that rows of other tables, as far as rules of these reach them, reference by any of these keys.
    Parents(Vec<KeyId>, IfShared),
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

/// Most characters become the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    pub with: char,
    /// So many characters at the beginning and at the end stay.
    pub first: usize,
    pub last: usize,
}

/// How a value becomes a coarser one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Coarser {
    /// A day or a moment is cut to the beginning of a unit of time.
    Unit(&'static str),
    /// A number is cut to a multiple of this one.
    Step(&'static str),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    Keep,
    Null,
    Default,
    Replace(String),
    Sql(Expression),
    Randomize(Random),
    Mask(Mask),
    Generalize(Coarser),
    /// By so many days at most, either way.
    ShiftDays(u32),
    /// The same for the same value.
    Pseudonymize(Random),
    /// The key of a stand-in row.
    Reassign(String),
    /// The new value also in every column that references this one.
    Propagate(Box<Decision>),
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

    /// Whether anything happens to a row.
    pub fn acts(&self) -> bool {
        match self {
            Action::Keep => false,
            Action::Delete | Action::Cascade => true,
            Action::Columns { .. } => self.decisions().any(|decision| *decision != Decision::Keep),
        }
    }

    /// Every decision that is written out.
    pub fn decisions(&self) -> impl Iterator<Item = &Decision> {
        let (named, other): (&[_], Option<&Decision>) = match self {
            Action::Keep | Action::Delete | Action::Cascade => (&[], None),
            Action::Columns { named, other } => (named, other.as_ref()),
        };
        named.iter().map(|(_, decision)| decision).chain(other)
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

/// A direct path that no rule follows, settled by name.
#[derive(Clone, Debug)]
pub struct Accepted {
    pub key: KeyId,
    /// `expect: none`: nobody's row references the subject by it.
    pub expect_none: bool,
}

#[derive(Clone, Debug)]
pub struct TableRules {
    pub table: TableId,
    pub rules: Vec<Rule>,
    /// Written as a list although there is one rule only.
    pub as_list: bool,
}

/// Whose rows a policy is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Persons with a row in the subject's table.
    Rows,
    /// Somebody who has no row, but this value in the rows of others; several of them in one run.
    Values(Vec<Value>),
    /// Everybody's.
    EveryRow,
}

#[derive(Clone, Debug)]
pub struct Policy {
    pub whose: Whose,
    /// The subject's table; any where the subject has none.
    pub subject: TableId,
    /// The key's columns where the policy writes them; in any order.
    pub key: Option<Vec<ColumnId>>,
    pub condition: Option<Condition>,
    pub guards: Vec<Guard>,
    pub tables: Vec<TableRules>,
    pub reports: Vec<Report>,
    /// Foreign keys whose path nobody has to follow.
    pub accepted: Vec<Accepted>,
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
            Reach::Via(paths) => paths.iter().map(|path| self.read(world, table, path)).collect(),
            Reach::BySubject(_) | Reach::Parents(..) | Reach::EveryRow => Some(Vec::new()),
            Reach::Misspelt(_) => None,
        }
    }

    /// The path that a table's `via` means: a name means whatever the table at that place calls so, and leads to the table
    /// that is named next, at last to the subject's.
    fn read(&self, world: &World, table: TableId, path: &Path) -> Option<Path> {
        let mut at = table;
        let mut found = Path::new();
        for (place, &spelled) in path.iter().enumerate() {
            if place > 0 && world.keys[spelled].child != at {
                return None;
            }
            let next = path.get(place + 1).map_or(self.subject, |&next| world.keys[next].child);
            let candidates: Vec<KeyId> = (0..world.keys.len())
                .filter(|&id| world.keys[id].child == at && self.is_spelled(world, spelled, id))
                .collect();
            let towards: Vec<KeyId> = candidates.iter().copied().filter(|&id| world.keys[id].parent == next).collect();
            let meant = match (candidates.as_slice(), towards.as_slice()) {
                (_, [only]) | ([only], []) => *only,
                _ => return None,
            };
            found.push(meant);
            at = world.keys[meant].parent;
        }
        (at == self.subject && !found.is_empty()).then_some(found)
    }

    /// Whether a key goes by what another is spelled as: the constraint's name, or the columns in any order.
    fn is_spelled(&self, world: &World, spelled: KeyId, id: KeyId) -> bool {
        let names = |id: KeyId| {
            let key = &world.keys[id];
            let columns = &world.tables[key.child].columns;
            let mut names: Vec<&str> = key.child_columns.iter().map(|&column| columns[column].name.as_str()).collect();
            names.sort_unstable();
            names
        };
        if self.by_name[spelled] { id == spelled } else { names(id) == names(spelled) }
    }
}

/// A database, a policy, and the persons to erase.
#[derive(Clone, Debug)]
pub struct Case {
    pub seed: u64,
    pub world: World,
    pub policy: Policy,
    /// The places of the persons in the subject table's rows, nobody twice; one at least where persons have rows.
    pub persons: Vec<usize>,
}

impl Case {
    /// The key's columns: as the policy writes them, or the primary key's.
    pub fn key_columns(&self) -> &[ColumnId] {
        self.policy.key.as_deref().unwrap_or(&self.world.tables[self.policy.subject].primary)
    }

    /// The rows of the persons.
    pub fn people(&self) -> impl Iterator<Item = &Row> {
        self.persons.iter().map(|&place| &self.world.tables[self.policy.subject].rows[place])
    }

    /// Whether a rule moves a reference to another row.
    pub fn is_moved(&self, rule: Option<&Rule>, column: ColumnId) -> bool {
        let decision = rule.and_then(|rule| rule.action.decision(column));
        matches!(decision, Some(Decision::Default | Decision::Sql(_)))
    }

    /// Whether a cascade takes rows of a table, and all that references them.
    pub fn is_cascaded(&self, table: TableId) -> bool {
        let rules = self.policy.rules(table).unwrap_or_default();
        rules.iter().any(|rule| rule.action == Action::Cascade) || self.is_below_cascade(table)
    }

    /// Whether a cascade from another row reaches a table.
    pub fn is_below_cascade(&self, table: TableId) -> bool {
        let reaches = |entry: &TableRules| {
            entry.rules.iter().any(|rule| rule.action == Action::Cascade)
                && self.world.below(entry.table).contains(&table)
        };
        self.policy.tables.iter().any(reaches)
    }

    /// The keys by which no row is expected; one that a rule or a cascade follows all the same is followed.
    pub fn expected_none(&self) -> Vec<KeyId> {
        let follows = |key: KeyId| {
            let child = self.world.keys[key].child;
            self.policy.rules(child).unwrap_or_default().iter().any(|rule| {
                let paths = self.policy.resolved(&self.world, child, &rule.reach).unwrap_or_default();
                paths.contains(&vec![key])
            })
        };
        let accepted = self.policy.accepted.iter().filter(|accepted| accepted.expect_none);
        accepted
            .map(|accepted| accepted.key)
            .filter(|&key| !follows(key) && !self.is_cascaded(self.world.keys[key].parent))
            .collect()
    }

    /// The stand-in rows that rules name: the key that leads to them, and its value.
    pub fn stand_ins(&self) -> Vec<(KeyId, Value)> {
        let mut found = Vec::new();
        for (id, key) in self.world.keys.iter().enumerate() {
            let [column] = key.child_columns.as_slice() else { continue };
            for rule in self.policy.rules(key.child).unwrap_or_default() {
                if let Some(Decision::Reassign(text)) = rule.action.decision(*column) {
                    found.push((id, super::law::read(&self.world, key.child, *column, text)));
                }
            }
        }
        found
    }

    /// The persons' keys, each in the order of `key_columns`; nothing for everybody.
    pub fn keys(&self) -> Vec<Vec<Value>> {
        match &self.policy.whose {
            Whose::Rows => {
                self.people().map(|row| self.key_columns().iter().map(|&id| row[id].clone()).collect()).collect()
            }
            Whose::Values(values) => values.iter().map(|value| vec![value.clone()]).collect(),
            Whose::EveryRow => Vec::new(),
        }
    }

    /// The persons' keys as text, each in the order of `key_columns`.
    pub fn subject_keys(&self) -> Vec<Vec<String>> {
        let text = |value: Value| value.text().expect("a key is never null");
        self.keys().into_iter().map(|key| key.into_iter().map(text).collect()).collect()
    }
}
