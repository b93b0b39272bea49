//! The typed policy: the document that the rest of efface reads.

use std::time::Duration;

use crate::action::{Decision, OtherColumns, ValuesOf};
use crate::diagnostic::Code;
use crate::ident::{Ident, TableName};
use crate::source::{Fragment, Span, Spanned};

/// A policy as written: nothing of it has met a database yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Its name, for plans and receipts.
    pub name: Spanned<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Whose rows.
    pub subject: Subject,
    /// References that the database doesn't declare.
    pub virtual_keys: Vec<VirtualKey>,
    /// The schemas in which unqualified names of SQL fragments and of the database's own trigger functions are looked up.
    pub search_path: Vec<Spanned<Ident>>,
    /// What must not be found before anything is changed.
    pub guards: Vec<Guard>,
    /// The tables that the policy decides, in the order of the file.
    pub tables: Vec<TablePolicy>,
    /// Reports that must not move.
    pub unchanged: Vec<ReportQuery>,
    /// Values that must not be found afterwards.
    pub gone: Vec<Gone>,
    /// Bounds on time and rows.
    pub limits: Limits,
    /// Warnings that someone has looked at.
    pub accept: Vec<Acceptance>,
}

/// Whose rows the policy is about; never everybody's by omission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Rows of a table, given by key.
    Rows(SubjectRows),
    /// Somebody without a row: an e-mail address in ten tables.
    Value(SubjectValue),
    /// `every_row: true`: a masked copy. The place of the word.
    EveryRow(Span),
}

impl Subject {
    /// The `subject:` or `every_row:` key.
    pub fn span(&self) -> Span {
        match self {
            Subject::Rows(rows) => rows.span,
            Subject::Value(value) => value.span,
            Subject::EveryRow(span) => *span,
        }
    }

    /// The place that a message about the subject points at: its table, where it has one.
    pub fn place(&self) -> Span {
        match self {
            Subject::Rows(rows) => rows.table.span,
            Subject::Value(value) => value.ty.span,
            Subject::EveryRow(span) => *span,
        }
    }
}

/// A subject that is a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectRows {
    /// The `subject:` key.
    pub span: Span,
    /// The subject table.
    pub table: Spanned<TableName>,
    /// The columns of the key; empty where the primary key is meant.
    pub key: Vec<Spanned<Ident>>,
    /// Nobody else can be erased.
    pub condition: Option<Fragment>,
    /// Whom `--expired` chooses.
    pub expired_when: Option<Fragment>,
}

/// A subject that is a value and has no row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectValue {
    /// The `subject:` key.
    pub span: Span,
    /// Its type, as written: `text`.
    pub ty: Spanned<String>,
    /// What the value is called, for people: `email`.
    pub name: Spanned<String>,
}

/// A reference that the database doesn't declare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualKey {
    /// The whole entry.
    pub span: Span,
    /// The referencing table.
    pub table: Spanned<TableName>,
    /// The referencing columns; at least one.
    pub columns: Vec<Spanned<Ident>>,
    /// The referenced table.
    pub references: Spanned<TableName>,
    /// The referenced columns, in the order of `columns`; empty where the primary key is meant.
    pub key: Vec<Ident>,
    /// Which rows of the referencing table reference that table: `auditable_type = 'User'`.
    pub condition: Option<Fragment>,
    /// `lock: table`: writers of the referencing table wait, so that no uncommitted row escapes.
    pub lock_table: bool,
}

/// Rows that must not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    /// The guard's name.
    pub name: Spanned<String>,
    /// The table that is looked at.
    pub table: Spanned<TableName>,
    /// How its rows belong to the subject.
    pub via: Option<Via>,
    /// Or that rows of the subject's reference them.
    pub referenced_by: Option<ReferencedBy>,
    /// Which of them block.
    pub condition: Option<Fragment>,
    /// What to do about it.
    pub message: Spanned<String>,
}

/// The rules of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TablePolicy {
    /// The table.
    pub table: Spanned<TableName>,
    /// In the order in which they are tried; at least one.
    pub rules: Vec<Rule>,
}

/// One rule: which rows, and what happens to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The place that stands for the rule in messages: its name, or its first key, or its word.
    pub span: Span,
    /// Its name.
    pub name: Option<Spanned<String>>,
    /// How rows belong to the subject.
    pub via: Option<Via>,
    /// Or that rows which other rules reach reference them.
    pub referenced_by: Option<ReferencedBy>,
    /// What happens to a row that others reference too; there exactly where `referenced_by` is.
    pub if_shared: Option<Spanned<IfShared>>,
    /// Which of these rows.
    pub condition: Option<Fragment>,
    /// What happens to them.
    pub action: Spanned<RowDecision>,
}

/// What happens to the rows of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowDecision {
    /// They stay, for this reason.
    Keep(Spanned<String>),
    /// They are deleted.
    Delete,
    /// They are deleted, and so are the rows that reference them.
    Cascade,
    /// They stay, with these columns changed.
    Columns {
        /// By name, in the order of the file.
        columns: Vec<ColumnRule>,
        /// The columns that have no name here.
        other: Option<Spanned<OtherColumns>>,
    },
    /// Nobody has decided yet: an error for `check`.
    Undecided,
}

/// What happens to one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnRule {
    /// The column.
    pub column: Spanned<Ident>,
    /// What happens to its value.
    pub decision: Spanned<Decision>,
    /// `propagate: true`: the new value also goes into every column that references this one. The place of the word.
    pub propagate: Option<Span>,
    /// Beside `scrub` in a policy for every row: how the rows belong to those whose values are scrubbed.
    pub via: Option<Via>,
}

/// How rows belong to the subject: by any of these paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via {
    /// The whole value.
    pub span: Span,
    /// At least one path.
    pub paths: Vec<PathText>,
}

/// One path, as written: `booking_id -> bookings.client_id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathText {
    /// The whole path.
    pub span: Span,
    /// At least one; only the first has no table.
    pub segments: Vec<Segment>,
}

/// One reference in a path: `client_id`, `bookings.client_id`, `bookings.(club_id, number)`, a constraint's name, or a
/// value to compare: `lower(users.email)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The segment.
    pub span: Span,
    /// The table that the reference is in; none for the rule's own.
    pub table: Option<TableName>,
    /// One name is a column or a constraint; several are the columns of a composite key. Empty for an expression.
    pub names: Vec<Ident>,
    /// An expression over one table's columns, which are all written with their table but in the first segment.
    pub expression: Option<Fragment>,
}

/// `referenced_by: users.address_id`: rows that rows of another table point to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferencedBy {
    /// The whole value.
    pub span: Span,
    /// At least one reference, each with its table.
    pub references: Vec<Segment>,
}

/// What happens to a row that others reference too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfShared {
    /// It stays as it is, and is counted.
    Keep,
    /// The run fails.
    Refuse,
}

/// A column whose old values must not be found afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// The column, or the subjects themselves.
    pub values: Spanned<ValuesOf>,
    /// Whether they must not be found in other people's rows either.
    pub anywhere: bool,
}

/// A query whose rows must be the same after as before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportQuery {
    /// The report's name.
    pub name: Spanned<String>,
    /// One SELECT.
    pub query: Fragment,
}

/// Bounds on time and rows; unset ones take their defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// How long to wait for a lock. Below the server's `deadlock_timeout`, so that in a conflict it is we who give way.
    pub lock_timeout: Option<Spanned<Duration>>,
    /// How long one statement may take.
    pub statement_timeout: Option<Spanned<Duration>>,
    /// How many subjects one run may have.
    pub max_subjects: Option<Spanned<u64>>,
    /// How many rows of a table one transaction may change or delete.
    pub max_rows: Vec<(Spanned<TableName>, u64)>,
}

/// A warning that someone has looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// The whole entry.
    pub span: Span,
    /// The finding's code.
    pub code: Spanned<Code>,
    /// The place, as the finding names it; `*` stands for any characters.
    pub at: Spanned<String>,
    /// Why.
    pub because: Spanned<String>,
    /// `expect: none`: no row may be found there, which the transaction asserts.
    pub expect_none: bool,
}

/// The greatest number of subjects where the policy doesn't say.
pub const DEFAULT_MAX_SUBJECTS: u64 = 1;
/// The lock timeout where the policy doesn't say: below PostgreSQL's default `deadlock_timeout` of one second.
pub const DEFAULT_LOCK_TIMEOUT: Duration = Duration::from_millis(300);
/// The statement timeout where the policy doesn't say.
pub const DEFAULT_STATEMENT_TIMEOUT: Duration = Duration::from_secs(60);
