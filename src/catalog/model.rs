//! The catalog's structs, which are also its file format (`efface catalog`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::derived::{MaterializedView, Publication, Replication};
use super::lookup::KeyIndex;
use crate::ident::{Ident, TableName};
use crate::pgtype::PgType;

/// The catalog file's format; raised when an older efface could misread a newer file.
pub const CATALOG_FORMAT: u32 = 1;

/// What exists in a database, as far as a policy can meet it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalog {
    /// [`CATALOG_FORMAT`].
    pub format: u32,
    /// The server's major version: 15.
    pub server_major: u32,
    /// Ordinary and partitioned tables, sorted by name. Partitions are inside their root.
    pub tables: Vec<Table>,
    /// Foreign keys, sorted by child table and name. Those of partitions that come from the root's are left out.
    pub foreign_keys: Vec<ForeignKey>,
    /// Enum types, sorted by name.
    pub enums: Vec<EnumType>,
    /// Domains, sorted by name.
    pub domains: Vec<Domain>,
    /// Composite types that columns are of, directly or within others, sorted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub composites: Vec<CompositeType>,
    /// Functions that triggers call, sorted by signature.
    pub functions: Vec<TriggerFunction>,
    /// Extensions and the schemas in which they live, sorted by name.
    pub extensions: Vec<Extension>,
    /// Everything else that is a relation or hangs on one, by kind and name, sorted: nothing vanishes.
    pub others: Vec<OtherObject>,
    /// What is known about the materialized views among these, sorted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub materialized_views: Vec<MaterializedView>,
    /// What is known about the publications among these that send updates or deletes, sorted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub publications: Vec<Publication>,
    /// Estimates and privileges: what differs between two servers with one schema.
    #[serde(skip)]
    pub observed: Observed,
    /// References that a policy adds to the declared ones, see [`Catalog::with_virtual_keys`]: no part of the schema, so
    /// never in a file and never in a digest.
    #[serde(skip)]
    pub virtual_keys: Vec<ForeignKey>,
    /// Which keys are at which tables.
    #[serde(skip)]
    pub index: KeyIndex,
}

/// What the catalog knows that is not schema: never in a file, never in a digest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// For each table its estimated rows; none where it was never analyzed.
    pub rows: BTreeMap<TableName, u64>,
    /// Tables that the role may not SELECT from.
    pub unreadable: Vec<TableName>,
    /// The server's `deadlock_timeout`, in milliseconds; none without a server.
    pub deadlock_timeout_ms: Option<u64>,
    /// Where the session looks names up that nobody qualified, by the settings of the role and the database; none
    /// without a server.
    pub search_path: Option<Vec<Ident>>,
    /// Materialized views that hold nothing (`WITH NO DATA`).
    pub unpopulated: Vec<TableName>,
    /// Materialized views that the role may not refresh.
    pub not_maintained: Vec<TableName>,
    /// Who takes changes from the server.
    pub replication: Replication,
    /// Whether this was read from a server just now, which then can be asked more.
    pub live: bool,
}

/// An ordinary or partitioned table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Schema and name.
    pub name: TableName,
    /// Columns, sorted by name.
    pub columns: Vec<Column>,
    /// The primary key's columns, in the key's order; empty without one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub primary_key: Vec<Ident>,
    /// Unique constraints and unique indexes, the primary key's too, sorted by name; invalid ones where they refuse rows
    /// all the same (CREATE INDEX, "Building Indexes Concurrently").
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unique: Vec<UniqueIndex>,
    /// CHECK constraints, sorted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
    /// Exclusion constraints, sorted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclusions: Vec<Exclusion>,
    /// Indexes by which rows can be found: the leading plain columns of each valid, non-partial index, sorted, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indexed: Vec<Vec<Ident>>,
    /// Triggers that people made (not those of foreign keys), sorted by name. Disabled ones too, marked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub triggers: Vec<Trigger>,
    /// Rewrite rules, sorted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rewrite_rules: Vec<RewriteRule>,
    /// Row-level security.
    #[serde(default, skip_serializing_if = "RowSecurity::is_off")]
    pub row_security: RowSecurity,
    /// How the table is partitioned; none for an ordinary table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partitioned: Option<Partitioning>,
    /// Tables that inherit from this one (not partitions), sorted; their rows answer to this table's name too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inherited_by: Vec<TableName>,
    /// Tables that this one inherits from, at any depth, sorted: its rows answer to their names too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inherits: Vec<TableName>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Its name.
    pub name: Ident,
    /// The type as the server writes it with an empty search path: `character varying(20)`, `public.citext`.
    pub type_sql: String,
    /// The type as far as we tell types apart, domains unfolded.
    pub ty: PgType,
    /// The domains that were unfolded, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<TableName>,
    /// Whether its collation is nondeterministic: texts that differ may be equal (CREATE COLLATION).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nondeterministic: bool,
    /// Whether the column itself (not its domain) refuses NULL.
    pub not_null: bool,
    /// Whether it does so for some rows only: for those of one partition, or for new ones. Then others may hold NULL.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not_null_in_part: bool,
    /// The default's expression, as the server prints it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// Whether the database makes the value.
    #[serde(default, skip_serializing_if = "Generated::is_no")]
    pub generated: Generated,
}

/// Whether the database makes a column's value (CREATE TABLE, `GENERATED`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Generated {
    /// It doesn't.
    #[default]
    No,
    /// `GENERATED ALWAYS AS (…)`: computed from these columns.
    Expression {
        /// As the server prints it.
        sql: String,
        /// The columns that it is made of, sorted.
        from: Vec<Ident>,
    },
    /// `GENERATED ALWAYS AS IDENTITY`: no UPDATE may set it.
    IdentityAlways,
    /// `GENERATED BY DEFAULT AS IDENTITY`.
    IdentityByDefault,
}

/// A unique index, with or without a constraint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UniqueIndex {
    /// The index's name (and its constraint's).
    pub name: Ident,
    /// The whole definition, as the server prints it.
    pub definition: String,
    /// Plain key columns, in the index's order; INCLUDE columns are not here.
    pub columns: Vec<Ident>,
    /// Columns that its expressions read, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expression_columns: Vec<Ident>,
    /// Columns that its predicate reads, sorted; empty for a full index.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub predicate_columns: Vec<Ident>,
    /// Whether it is partial.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
    /// `NULLS NOT DISTINCT` (15 and later): NULL is a value like others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nulls_not_distinct: bool,
    /// Whether it is deferrable.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deferrable: bool,
    /// Whether it is of one partition only, or not valid: it refuses some rows, and others may hold the same values.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_part: bool,
}

/// A CHECK constraint of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Its name.
    pub name: Ident,
    /// The expression, as the server prints it, without `CHECK (` and `)`.
    pub expression: String,
    /// The columns that it reads, sorted; all of them where it reads the whole row.
    pub columns: Vec<Ident>,
    /// `NOT VALID`: old rows may break it, and then no change of them is taken, of whatever column.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not_valid: bool,
    /// The only partition that has it; none where the whole table does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<TableName>,
}

/// An exclusion constraint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    /// Its name.
    pub name: Ident,
    /// As the server prints it.
    pub definition: String,
    /// The columns that it reads, sorted.
    pub columns: Vec<Ident>,
}

/// A trigger that people made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// Its name.
    pub name: Ident,
    /// The function that it calls, as [`TriggerFunction::signature`] names it.
    pub function: String,
    /// The whole definition, as the server prints it.
    pub definition: String,
    /// Fires on UPDATE.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub on_update: bool,
    /// `UPDATE OF` these columns only; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub update_of: Vec<Ident>,
    /// Fires on DELETE.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub on_delete: bool,
    /// Fires BEFORE the row is changed, and can change or suppress what happens.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub before_row: bool,
    /// Fires where deferred constraints are checked (`INITIALLY DEFERRED`), not behind its statement.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deferred: bool,
    /// Doesn't fire in an ordinary session (disabled, or for replicas only).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
}

/// A function that triggers call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TriggerFunction {
    /// `schema.name(arguments)`, quoted as the server quotes it.
    pub signature: String,
    /// `plpgsql`, `sql`, `c` …
    pub language: String,
    /// SHA-256 of its source, and of the functions' that it names, hexadecimal.
    pub digest: String,
    /// Tables of this catalog whose names occur as words in its source, or in that of functions that it names, sorted.
    /// Text matching: it may name too many.
    pub mentions: Vec<TableName>,
    /// Whether its source builds statements at run time (`EXECUTE`), or isn't readable: what it writes can't be known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub opaque: bool,
}

/// A rewrite rule (CREATE RULE).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RewriteRule {
    /// Its name.
    pub name: Ident,
    /// `select`, `insert`, `update` or `delete`.
    pub event: String,
    /// `DO INSTEAD`.
    pub instead: bool,
    /// The whole definition, as the server prints it.
    pub definition: String,
}

/// Row-level security of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowSecurity {
    /// Off.
    #[default]
    Off,
    /// On, not for the owner.
    Enabled,
    /// On, for the owner too.
    Forced,
}

/// How a table is partitioned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partitioning {
    /// As the server prints it: `RANGE (visited_at)`.
    pub definition: String,
    /// The columns of the keys, of sub-partitioned levels too, sorted.
    pub columns: Vec<Ident>,
    /// Every partition, at any depth, sorted.
    pub partitions: Vec<TableName>,
}

/// A foreign key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignKey {
    /// The constraint's name; unique within the child table.
    pub name: Ident,
    /// The referencing table.
    pub child: TableName,
    /// The referenced table.
    pub parent: TableName,
    /// The columns, together, in the constraint's order; at least one. Parents need not be the primary key.
    pub pairs: Vec<ColumnPair>,
    /// What deleting a referenced row does.
    #[serde(default, skip_serializing_if = "ReferentialAction::is_no_action")]
    pub on_delete: ReferentialAction,
    /// What changing a referenced key does.
    #[serde(default, skip_serializing_if = "ReferentialAction::is_no_action")]
    pub on_update: ReferentialAction,
    /// `ON DELETE SET NULL (these)` (15 and later); empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set_columns: Vec<Ident>,
    /// `MATCH FULL`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub match_full: bool,
    /// When it is checked.
    #[serde(default, skip_serializing_if = "CheckTime::is_immediate")]
    pub check: CheckTime,
    /// `NOT VALID` (or `NOT ENFORCED`, 18): rows that break it may exist.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not_valid: bool,
    /// `NOT ENFORCED` (18), or its triggers are disabled (`ALTER TABLE … DISABLE TRIGGER ALL`): nothing is checked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unenforced: bool,
    /// Whether the database knows of it.
    #[serde(skip)]
    pub basis: Basis,
}

/// Who says that two tables belong together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Basis {
    /// The database: it is a constraint.
    #[default]
    Declared,
    /// A policy, under `virtual_foreign_keys`. Nobody enforces it.
    Virtual {
        /// Whether the referencing table is locked against writers.
        lock_table: bool,
    },
    /// A path that compares values: it says how rows are found, and nothing depends on it.
    Values,
}

impl ForeignKey {
    /// Whether the database sees to it that its rows reference rows that are there.
    pub fn is_enforced(&self) -> bool {
        self.basis == Basis::Declared && !self.unenforced
    }
}

/// A referencing column and the column that it references.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnPair {
    /// In the referencing table.
    pub child: Ident,
    /// In the referenced table.
    pub parent: Ident,
}

/// What a foreign key does when the referenced row goes or its key changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReferentialAction {
    /// An error at the end of the statement, or of the transaction where deferred.
    #[default]
    NoAction,
    /// An error at once.
    Restrict,
    /// The referencing rows go or change too.
    Cascade,
    /// The referencing columns become NULL.
    SetNull,
    /// The referencing columns take their defaults.
    SetDefault,
}

/// When a constraint is checked; three legal states, where two booleans would have four.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckTime {
    /// At the end of each statement, always.
    #[default]
    Immediate,
    /// At the end of each statement, unless the transaction defers it.
    DeferrableImmediate,
    /// At COMMIT, unless the transaction says otherwise.
    DeferrableDeferred,
}

/// An enum type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnumType {
    /// Its name.
    pub name: TableName,
    /// Its labels, in the type's order.
    pub labels: Vec<String>,
}

/// A domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// Its name.
    pub name: TableName,
    /// Whether it refuses NULL.
    pub not_null: bool,
    /// The default's expression, as the server prints it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// Its CHECK constraints over `VALUE`, sorted by name; `columns` is empty.
    pub checks: Vec<Check>,
}

/// A composite type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompositeType {
    /// Its name.
    pub name: TableName,
    /// Its fields, in the type's order.
    pub fields: Vec<Field>,
}

/// A field of a composite type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its name.
    pub name: Ident,
    /// Its type, domains unfolded.
    pub ty: PgType,
    /// The domains that were unfolded, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<TableName>,
}

/// An installed extension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// Its name.
    pub name: Ident,
    /// The schema in which its objects live.
    pub schema: Ident,
}

/// An object that a policy cannot decide, by kind and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherObject {
    /// `view`, `foreign table`, `publication`, `trigger of a view`, `foreign key of one partition`, … in the manual's words.
    pub kind: String,
    /// Its name.
    pub name: TableName,
    /// Tables of this catalog that it reads, publishes or hangs on, directly or through views, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub about: Vec<TableName>,
    /// Of a foreign key: the referencing and the referenced table, by their own names, a partition's too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub between: Vec<TableName>,
    /// Of a foreign key: its columns, in the constraint's order. A partition's columns are called as its root's are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pairs: Vec<ColumnPair>,
}

impl OtherObject {
    /// Whether it is a foreign key, of a kind that is not followed.
    pub fn is_foreign_key(&self) -> bool {
        self.kind.contains("foreign key")
    }
}

impl RowSecurity {
    fn is_off(&self) -> bool {
        *self == RowSecurity::Off
    }
}

impl Generated {
    fn is_no(&self) -> bool {
        *self == Generated::No
    }
}

impl ReferentialAction {
    /// As SQL and people write it.
    pub fn sql(self) -> &'static str {
        match self {
            ReferentialAction::NoAction => "NO ACTION",
            ReferentialAction::Restrict => "RESTRICT",
            ReferentialAction::Cascade => "CASCADE",
            ReferentialAction::SetNull => "SET NULL",
            ReferentialAction::SetDefault => "SET DEFAULT",
        }
    }

    /// Whether the database changes rows by itself, where it would otherwise refuse.
    pub fn acts(self) -> bool {
        !matches!(self, ReferentialAction::NoAction | ReferentialAction::Restrict)
    }

    fn is_no_action(&self) -> bool {
        *self == ReferentialAction::NoAction
    }
}

impl CheckTime {
    fn is_immediate(&self) -> bool {
        *self == CheckTime::Immediate
    }
}
