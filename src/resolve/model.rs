//! The resolved policy: no typed names any more, only ids of one catalog.

use std::collections::BTreeMap;
use std::time::Duration;

use super::document::Branch;
use crate::action::{Generalize, Generator, Mask};
use crate::catalog::{Catalog, ColumnId, KeyId, TableId};
use crate::ident::{Ident, TableName};
use crate::pgtype::PgType;
use crate::policy::Acceptance;
pub use crate::policy::IfShared;
use crate::source::{Fragment, Span};

/// A policy that fits a catalog, and that catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The policy, in ids.
    pub policy: ResolvedPolicy,
    /// The catalog that the ids are of: the policy's virtual foreign keys stand beside the declared ones.
    pub catalog: Catalog,
}

/// A policy that fits a catalog. It can't exist where an error was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedPolicy {
    /// The policy's name.
    pub name: String,
    /// Whose rows.
    pub subject: Subject,
    /// The author's search path.
    pub search_path: Vec<Ident>,
    /// Its place; where the policy says nothing of it, that of the policy's name.
    pub search_path_at: Span,
    /// Tables, views and foreign tables that the author's SQL names.
    pub named: std::collections::BTreeSet<TableName>,
    /// What must not be found.
    pub guards: Vec<ResolvedGuard>,
    /// For virtual foreign keys with a `where`, which rows of their tables reference by them.
    pub virtual_conditions: BTreeMap<KeyId, Condition>,
    /// For paths that compare values, what is compared.
    pub values: BTreeMap<KeyId, Values>,
    /// Where no row may be found.
    pub expectations: Vec<Expectation>,
    /// Sorted by table, then by the order in which they are tried. A cascade's rules come last.
    pub rules: Vec<ResolvedRule>,
    /// The rules of each table, in the order in which they are tried.
    pub(super) by_table: BTreeMap<TableId, Vec<RuleId>>,
    /// Reports that must not move.
    pub reports: Vec<ResolvedReport>,
    /// Values that must not be found afterwards.
    pub gone: Vec<ResolvedGone>,
    /// Bounds.
    pub limits: ResolvedLimits,
    /// Warnings that someone has looked at, see [`ResolvedPolicy::accepts`].
    pub(super) accepted: Vec<Acceptance>,
}

/// Values that must not be found afterwards: those that rows had in a column, or the subjects themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedGone {
    /// The column; none where they are the subjects.
    pub column: Option<(TableId, ColumnId)>,
    /// Whether they must not be found in other people's rows either.
    pub anywhere: bool,
    /// The place in the policy.
    pub origin: Span,
}

/// What a path compares where there is no key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Values {
    /// Of the table that is searched.
    pub own: Operand,
    /// Of the table that the path leads to.
    pub theirs: Operand,
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    /// Columns, as they are; at least one.
    Columns(Vec<ColumnId>),
    /// The author's expression.
    Expression(Expression),
}

impl Operand {
    /// What it reads.
    pub fn reads(&self) -> Reads {
        match self {
            Operand::Columns(columns) => Reads { own: columns.clone(), ..Reads::default() },
            Operand::Expression(expression) => expression.reads.clone(),
        }
    }
}

/// A reference that nobody follows because nothing is expected there: `expect: none`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// By which no row may reference what the policy reaches.
    pub key: KeyId,
    /// Only those of its parent's rows that are reached by this path; none for all that are reached.
    pub onward: Option<Path>,
    /// The place of the acceptance.
    pub origin: Span,
}

/// A rule of one [`ResolvedPolicy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleId(pub(crate) usize);

/// Whose rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Rows of a table, given by key.
    Rows(Box<SubjectRows>),
    /// Somebody without a row.
    Value(SubjectValue),
    /// Everybody's.
    EveryRow,
}

/// Subjects that are rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectRows {
    /// The table.
    pub table: TableId,
    /// The key's columns, in order; unique together and never null.
    pub key: Vec<ColumnId>,
    /// Nobody else can be erased.
    pub condition: Option<Condition>,
    /// Whom a retention run chooses.
    pub expired_when: Option<Condition>,
}

/// A subject that is a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectValue {
    /// What it is called, for people.
    pub name: String,
    /// Its type.
    pub ty: PgType,
}

impl Subject {
    /// The subjects' rows, where they have some.
    pub fn rows(&self) -> Option<&SubjectRows> {
        match self {
            Subject::Rows(rows) => Some(rows),
            Subject::Value(_) | Subject::EveryRow => None,
        }
    }

    /// The subjects' table, where they have one.
    pub fn table(&self) -> Option<TableId> {
        self.rows().map(|rows| rows.table)
    }

    /// What names one of them: the name and the type of each part; nothing where everybody is meant.
    pub fn key(&self, catalog: &Catalog) -> Vec<(String, PgType)> {
        match self {
            Subject::Rows(rows) => {
                let columns = rows.key.iter().map(|id| catalog.table(rows.table).column_at(*id));
                columns.map(|column| (column.name.bare().to_string(), column.ty.clone())).collect()
            }
            Subject::Value(value) => vec![(value.name.clone(), value.ty.clone())],
            Subject::EveryRow => Vec::new(),
        }
    }
}

/// Rows that must not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedGuard {
    /// Its name.
    pub name: String,
    /// The table.
    pub table: TableId,
    /// How its rows belong to the subject.
    pub reach: Reach,
    /// Which of them block.
    pub condition: Option<Condition>,
    /// What to do about them.
    pub message: String,
    /// Its place.
    pub origin: Span,
}

/// One rule, or one table that a cascade reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedRule {
    /// The table.
    pub table: TableId,
    /// Its name.
    pub name: Option<String>,
    /// How rows belong to the subject.
    pub reach: Reach,
    /// Which of these rows.
    pub condition: Option<Condition>,
    /// What happens to them.
    pub action: RowAction,
    /// Its place.
    pub origin: Span,
}

/// How rows belong to the subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// They are the subject's own.
    OwnRow,
    /// By any of these paths.
    Paths(Vec<Path>),
    /// The condition says so itself, with `:subject`.
    Condition,
    /// They reference, by any of these keys, rows that any of these rules delete.
    Cascade(Vec<(KeyId, Vec<RuleId>)>),
    /// The other way round: rows that rules reach reference them.
    Parents(Parents),
    /// All rows, in a policy for every row.
    EveryRow,
}

/// Rows that are referenced by rows which the rules of other tables reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parents {
    /// The keys by which they are, to the rule's table; at least one.
    pub keys: Vec<ParentKey>,
    /// What happens to a row that others reference too; none for a guard, which only looks.
    pub if_shared: Option<IfShared>,
    /// Every key by which others may reference a row that the rule changes; filled in when all rules are known.
    pub shared_by: Vec<ParentKey>,
}

/// A key to the table of a rule, seen from that table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParentKey {
    /// The key.
    pub key: KeyId,
    /// The table that references by it.
    pub child: TableId,
    /// The rules of that table whose rows are no others: they go or lose the reference where the referenced row goes,
    /// and are reached where it changes. Empty under [`Parents::keys`].
    pub settled: Vec<RuleId>,
}

/// Foreign keys from a table up to the subject's; at least one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path(pub Vec<KeyId>);

/// The author's condition, with what it reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Verbatim.
    pub fragment: Fragment,
    /// Places of `:subject` in the fragment's text, ascending.
    pub subject: Vec<Span>,
    /// What it reads.
    pub reads: Reads,
}

/// What an expression of the author's reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// Columns of its own table, sorted.
    pub own: Vec<ColumnId>,
    /// Tables in its sub-selects, sorted.
    pub tables: Vec<TableId>,
    /// Whether it may read more than can be seen: a view, a function of the user's.
    pub unknown: bool,
}

/// The author's expression for a new value, with what it reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    /// Verbatim.
    pub fragment: Fragment,
    /// What it reads.
    pub reads: Reads,
}

/// What happens to the rows of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowAction {
    /// They stay, for this reason.
    Keep(String),
    /// They are deleted.
    Delete {
        /// Whether the rows that reference them go too.
        cascade: bool,
    },
    /// They stay, with these columns changed; those that are kept are not here.
    Change {
        /// In the order of the file, then by name.
        changes: Vec<ColumnChange>,
        /// Columns that stay and say why, by name.
        kept: Vec<(ColumnId, String)>,
    },
}

/// A new value for a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnChange {
    /// The column.
    pub column: ColumnId,
    /// Its new value.
    pub value: NewValue,
    /// Whether rows may have NULL here, which then stays: nobody who had no number gets one.
    pub keeps_null: bool,
    /// The column's place in the policy.
    pub origin: Span,
    /// The new value's place in the policy.
    pub value_at: Span,
    /// The new value goes into every column that references this one, too. The place of the word.
    pub propagate: Option<Span>,
}

/// What a column becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewValue {
    /// NULL.
    Null,
    /// Its default.
    Default,
    /// This text, read as the column's type.
    Literal(String),
    /// The author's expression over the row.
    Expression(Expression),
    /// Something random.
    Random(Generator),
    /// A reference to a stand-in row: this is its key's value, read as the column's type.
    StandIn(String),
    /// Something that is computed from the value that stands there.
    Derived(Derived),
}

/// A new value that is computed from the old one. NULL stays NULL, and an array's elements are computed one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Derived {
    /// What the generator makes of a digest of the value, keyed by the run's secret.
    Pseudonym(Generator),
    /// Most of its characters are masked.
    Mask(Mask),
    /// A coarser one.
    Generalize(Generalize),
    /// Moved by a random number of days, at most so many, either way.
    Shift {
        /// The most days; at least one.
        days: u32,
    },
    /// A JSON document, in which values change. What is no document's NULL never becomes one.
    Document(Branch),
    /// People's values in it become another text.
    Scrub(Box<Scrub>),
}

/// What is looked for in a text, and what stands in its place then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scrub {
    /// What stands in the place of each value.
    pub with: String,
    /// Whose values; at least one.
    pub people: Vec<People>,
    /// What telling whose a row is reads.
    pub reads: Reads,
}

/// People whose values are looked for in rows of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct People {
    /// Their values.
    pub values: ValueSet,
    /// The ways from a row to those whose row it is: one empty path where the row is their own. None where the values of
    /// all people of the run are looked for in every row.
    pub ways: Vec<Path>,
}

/// Values of people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueSet {
    /// What tells the people apart; none where they are all of the run, together.
    pub owner: Option<Owner>,
    /// Where the values are; at least one.
    pub sources: Vec<ValueSource>,
    /// Whether those of less than [`SHORT`](crate::action::SHORT) characters are meant too.
    pub short: bool,
}

/// The table whose rows are people, and the key by which these are told apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owner {
    /// The table.
    pub table: TableId,
    /// Columns that are unique together and never null.
    pub key: Vec<ColumnId>,
}

/// Where values of people are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ValueSource {
    /// In a column.
    Column {
        /// The table.
        table: TableId,
        /// The column.
        column: ColumnId,
        /// The ways from its rows to those whose they are, as [`People::ways`].
        ways: Vec<Path>,
    },
    /// They are the subjects themselves.
    Subject,
}

impl Derived {
    /// Whether computing it once more, from what has come out, gives the same: so that the verification sees that it has
    /// been done, and rows to which it has been done need no writing.
    pub fn is_idempotent(&self) -> bool {
        match self {
            Derived::Mask(_) | Derived::Generalize(_) | Derived::Scrub(_) => true,
            Derived::Pseudonym(_) | Derived::Shift { .. } => false,
            Derived::Document(root) => root.is_idempotent(),
        }
    }

    /// Whether it is keyed by the run's secret.
    pub fn is_keyed(&self) -> bool {
        match self {
            Derived::Pseudonym(_) => true,
            Derived::Document(root) => root.is_keyed(),
            Derived::Mask(_) | Derived::Generalize(_) | Derived::Shift { .. } | Derived::Scrub(_) => false,
        }
    }

    /// What it reads besides the value itself; none where that is all.
    pub fn reads(&self) -> Option<&Reads> {
        match self {
            Derived::Scrub(scrub) => Some(&scrub.reads),
            Derived::Pseudonym(_)
            | Derived::Mask(_)
            | Derived::Generalize(_)
            | Derived::Shift { .. }
            | Derived::Document(_) => None,
        }
    }
}

/// A query whose rows must be the same after as before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedReport {
    /// Its name.
    pub name: String,
    /// One SELECT, verbatim.
    pub query: Fragment,
    /// Its place.
    pub origin: Span,
}

/// Bounds on time and rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedLimits {
    /// How long to wait for a lock.
    pub lock_timeout: Duration,
    /// How long one statement may take.
    pub statement_timeout: Duration,
    /// How many subjects one run may have.
    pub max_subjects: u64,
    /// How many rows of a table may change or go in one transaction.
    pub max_rows: Vec<(TableId, u64)>,
}
