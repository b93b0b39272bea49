//! What has the role to be allowed?
//!
//! Computed from the plan, so that `check` foresees what a run would be refused for, and `efface grants` prints the least
//! that it takes. The server decides what the role has: a column may be granted alone, a role may be a member of another.
//! LOCK TABLE wants a privilege on the whole table (manual, LOCK; since version 16 more of them suffice), FOR UPDATE wants
//! UPDATE on one column at least (manual, SELECT), and temporary tables want one on the database. What the author's SQL
//! needs besides, in views and functions, the server says when it explains it.

use std::collections::BTreeSet;

use super::quote;
use super::script::{Script, Sql};
use super::writer::Writer;
use crate::catalog::{Catalog, ColumnId, TableId};
use crate::diagnostic::{Code, Diagnostic};
use crate::ident::{Ident, TableName, shown};
use crate::plan::{Choice, Plan, StepAction, TableLock};
use crate::resolve::{NewValue, ResolvedPolicy};
use crate::source::Span;

/// Something that the role has to be allowed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Need {
    /// `CREATE TEMP TABLE`.
    TemporaryTables,
    /// To look names up in a schema.
    Schema(Ident),
    /// To read a table.
    Read(TableId),
    /// To read a relation that only the author's SQL names.
    ReadNamed(TableName),
    /// `DELETE`.
    Delete(TableId),
    /// `UPDATE` of a column.
    Change(TableId, ColumnId),
    /// `SELECT … FOR UPDATE`.
    LockRows(TableId),
    /// `LOCK TABLE`.
    LockTable(TableId, TableLock),
}

/// The privileges that a need is met by.
struct Privileges {
    /// One of these is enough.
    any_of: &'static str,
    /// Whether it is enough to have it on one column, and on which.
    on: On,
}

/// On what a privilege is enough.
#[derive(Clone, Copy, PartialEq, Eq)]
enum On {
    Table,
    AnyColumn,
    Column(ColumnId),
}

/// Everything that a plan needs, sorted.
#[derive(Clone, Debug)]
pub struct Needs {
    pub(super) needs: Vec<Need>,
    pub(super) major: u32,
    /// Tables of which rows are deleted, where DELETE is granted on the whole table anyway.
    deleted: BTreeSet<TableId>,
}

impl Needs {
    /// What a plan's script needs.
    pub fn of(plan: &Plan, script: &Script, policy: &ResolvedPolicy, catalog: &Catalog) -> Self {
        let mut needs = BTreeSet::from([Need::TemporaryTables]);
        let mut deleted = BTreeSet::new();
        let members = plan.closures.iter().flat_map(|closure| &closure.members).map(|member| member.table);
        let locked = plan.row_locks.iter().map(|lock| lock.table).chain(members);
        needs.extend(locked.map(Need::LockRows));
        needs.extend(plan.table_locks.iter().map(|(table, lock)| Need::LockTable(*table, *lock)));
        for step in &plan.steps {
            match &step.action {
                StepAction::Delete => {
                    deleted.insert(step.table);
                    needs.insert(Need::Delete(step.table));
                }
                StepAction::Change(changes) => {
                    needs.extend(changes.iter().map(|change| Need::Change(step.table, change.column)));
                }
            }
            for (follower, _) in step.followers() {
                let columns = follower.columns.iter().map(|following| following.column);
                needs.extend(columns.map(|column| Need::Change(follower.table, column)));
            }
        }
        let read = named_in(script, catalog);
        needs.extend(read.iter().map(|table| Need::Read(*table)));
        let besides = policy.named.iter().filter(|name| !read.iter().any(|table| catalog.table(*table).name == **name));
        needs.extend(besides.map(|name| Need::ReadNamed(name.clone())));
        let schemas: BTreeSet<Ident> = needs.iter().filter_map(|need| need.schema(catalog)).cloned().collect();
        needs.extend(schemas.into_iter().map(Need::Schema));
        Self { needs: needs.into_iter().collect(), major: catalog.server_major, deleted }
    }

    /// The question which of them the role lacks: one text, for [`Needs::findings`], or NULL where it lacks nothing.
    pub fn question(&self, catalog: &Catalog) -> Sql {
        let mut w = Writer::new();
        w.kw("SELECT jsonb_build_array(current_user, current_database(), jsonb_agg(number ORDER BY number))::text FROM (\n");
        w.kw("  SELECT 0 AS number WHERE false");
        for (number, need) in self.needs.iter().enumerate() {
            let number = number as i128;
            match need {
                Need::TemporaryTables => {
                    w.kw("\n  UNION ALL SELECT ").number(number);
                    w.kw(" WHERE NOT has_database_privilege(current_database(), 'TEMPORARY')");
                }
                Need::Schema(schema) => {
                    w.kw("\n  UNION ALL SELECT ").number(number).kw(" FROM pg_namespace n WHERE n.nspname = ");
                    w.text(schema.as_str()).kw(" AND NOT has_schema_privilege(n.oid, 'USAGE')");
                }
                Need::Read(_)
                | Need::ReadNamed(_)
                | Need::Delete(_)
                | Need::Change(..)
                | Need::LockRows(_)
                | Need::LockTable(..) => {}
            }
        }
        let of_tables: Vec<_> = (self.needs.iter().enumerate())
            .filter_map(|(number, need)| Some((number, need.relation(catalog)?, need.privileges(self.major)?)))
            .collect();
        if !of_tables.is_empty() {
            w.kw("\n  UNION ALL\n  SELECT need.number FROM (VALUES\n    ").list(
                of_tables,
                ",\n    ",
                |w, (number, name, privileges)| {
                    w.kw("(").number(number as i128);
                    w.kw(", ").text(name.schema.as_str()).kw(", ").text(name.name.as_str());
                    w.kw(", ").text(privileges.any_of).kw(", ");
                    match privileges.on {
                        On::Table => w.kw("false, NULL"),
                        On::AnyColumn => w.kw("true, NULL"),
                        On::Column(column) => {
                            let column = catalog
                                .table_id(&name)
                                .map(|table| catalog.table(table).column_at(column).name.clone());
                            w.kw("true, ").text(column.as_ref().map_or("", Ident::as_str))
                        }
                    };
                    w.kw(")");
                },
            );
            w.kw("\n  ) AS need (number, schema, name, any_of, by_column, col)");
            w.kw("\n  JOIN pg_namespace AS n ON n.nspname = need.schema");
            w.kw("\n  JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = need.name");
            w.kw(
                "\n  LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = need.col AND NOT a.attisdropped",
            );
            w.kw("\n  WHERE NOT has_table_privilege(c.oid, need.any_of) AND NOT (need.by_column AND CASE WHEN a.attnum IS NULL");
            w.kw("\n    THEN has_any_column_privilege(c.oid, need.any_of) ELSE has_column_privilege(c.oid, a.attnum, need.any_of) END)");
        }
        w.kw("\n) AS lacking HAVING count(*) > 0");
        w.finish()
    }

    /// The findings that an answer means: one for each privilege on each object.
    ///
    /// # Errors
    /// It is no answer to this question.
    pub fn findings(
        &self,
        answer: &str,
        policy: &ResolvedPolicy,
        catalog: &Catalog,
    ) -> Result<Vec<Diagnostic>, serde_json::Error> {
        let (role, database, lacking): (String, String, Vec<usize>) = serde_json::from_str(answer)?;
        let lacking: BTreeSet<&Need> = lacking.into_iter().filter_map(|number| self.needs.get(number)).collect();
        let mut said = BTreeSet::new();
        let mut found = Vec::new();
        for need in &lacking {
            let grant = self.grant(need, &lacking.iter().copied().collect::<Vec<_>>(), catalog);
            if said.insert(grant.clone()) {
                let statement = grant.statement(&Ident::new(role.as_str()), &Ident::new(database.as_str()));
                found.push(need.finding(&statement, policy, catalog));
            }
        }
        Ok(found)
    }

    /// What to grant for a need, when these are met as well: UPDATE on single columns is no use where the whole table's is
    /// needed.
    fn grant(&self, need: &Need, others: &[&Need], catalog: &Catalog) -> Grant {
        let on_table = |table: &TableId| Object::Table(catalog.table(*table).name.clone());
        let update = |table: &TableId, columns: Vec<ColumnId>| {
            let names = columns.iter().map(|column| catalog.table(*table).column_at(*column).name.clone());
            Grant { privilege: "UPDATE", columns: names.collect(), on: on_table(table) }
        };
        let whole = |table: &TableId| {
            others.iter().any(|other| matches!(other, Need::LockTable(locked, TableLock::RowExclusive | TableLock::ShareRowExclusive) if locked == table))
                && !self.deleted.contains(table)
        };
        let changed = |table: &TableId| -> Vec<ColumnId> {
            let of = |other: &&Need| match other {
                Need::Change(changed, column) if changed == table => Some(*column),
                _ => None,
            };
            others.iter().filter_map(of).collect()
        };
        match need {
            Need::TemporaryTables => Grant { privilege: "TEMPORARY", columns: Vec::new(), on: Object::Database },
            Need::Schema(schema) => {
                Grant { privilege: "USAGE", columns: Vec::new(), on: Object::Schema(schema.clone()) }
            }
            Need::Read(table) => Grant { privilege: "SELECT", columns: Vec::new(), on: on_table(table) },
            Need::ReadNamed(name) => {
                Grant { privilege: "SELECT", columns: Vec::new(), on: Object::Table(name.clone()) }
            }
            Need::LockTable(table, TableLock::AccessShare) => {
                Grant { privilege: "SELECT", columns: Vec::new(), on: on_table(table) }
            }
            Need::Delete(table) => Grant { privilege: "DELETE", columns: Vec::new(), on: on_table(table) },
            Need::Change(table, _) | Need::LockRows(table) | Need::LockTable(table, _) if whole(table) => {
                update(table, Vec::new())
            }
            Need::Change(table, _) => update(table, changed(table)),
            // Any one column will do: one that changes, or the first of the key.
            Need::LockRows(table) => match &changed(table)[..] {
                [] if self.deleted.contains(table) => {
                    let here = catalog.table(*table);
                    let key = here.primary_key.first().and_then(|name| here.column_id(name));
                    update(table, key.into_iter().collect())
                }
                [] => update(table, Vec::new()),
                columns => update(table, columns.to_vec()),
            },
            Need::LockTable(table, _) if self.deleted.contains(table) => {
                Grant { privilege: "DELETE", columns: Vec::new(), on: on_table(table) }
            }
            Need::LockTable(table, _) => update(table, Vec::new()),
        }
    }

    /// Everything to grant, sorted by object.
    pub(super) fn grants(&self, catalog: &Catalog) -> BTreeSet<Grant> {
        let all: Vec<&Need> = self.needs.iter().collect();
        all.iter().map(|need| self.grant(need, &all, catalog)).collect()
    }
}

/// One privilege on one object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Grant {
    pub on: Object,
    pub privilege: &'static str,
    /// Only on these columns; empty for the whole.
    pub columns: Vec<Ident>,
}

/// On what a privilege is granted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Object {
    Database,
    Schema(Ident),
    Table(TableName),
}

impl Grant {
    /// `GRANT … ON … TO …`, without a semicolon.
    pub fn statement(&self, role: &Ident, database: &Ident) -> String {
        let mut w = Writer::new();
        w.kw("GRANT ").kw(self.privilege);
        if !self.columns.is_empty() {
            w.kw(" (").list(&self.columns, ", ", |w, column| {
                w.ident(column);
            });
            w.kw(")");
        }
        match &self.on {
            Object::Database => w.kw(" ON DATABASE ").ident(database),
            Object::Schema(schema) => w.kw(" ON SCHEMA ").ident(schema),
            Object::Table(table) => w.kw(" ON TABLE ").table(table),
        };
        w.kw(" TO ").ident(role);
        w.as_str().to_owned()
    }
}

/// The tables that a script names, as it writes them.
fn named_in(script: &Script, catalog: &Catalog) -> BTreeSet<TableId> {
    let statements = script.statements.iter().chain(&script.rehearsal);
    let text: String = statements.map(|statement| format!("{}\n", statement.sql.as_str())).collect();
    let ends = |c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$' | '"'));
    let named = |table: &TableId| {
        let name = &catalog.table(*table).name;
        let written = format!("{}.{}", quote::ident(&name.schema), quote::ident(&name.name));
        let mut found = text.match_indices(&written);
        found.any(|(at, _)| {
            text[at + written.len()..].chars().next().is_none_or(ends)
                && text[..at].chars().next_back().is_none_or(ends)
        })
    };
    catalog.table_ids().filter(named).collect()
}

impl Need {
    fn table(&self) -> Option<TableId> {
        match self {
            Need::TemporaryTables | Need::Schema(_) | Need::ReadNamed(_) => None,
            Need::Read(table)
            | Need::Delete(table)
            | Need::Change(table, _)
            | Need::LockRows(table)
            | Need::LockTable(table, _) => Some(*table),
        }
    }

    fn relation(&self, catalog: &Catalog) -> Option<TableName> {
        match self {
            Need::ReadNamed(name) => Some(name.clone()),
            other => other.table().map(|table| catalog.table(table).name.clone()),
        }
    }

    fn schema<'a>(&'a self, catalog: &'a Catalog) -> Option<&'a Ident> {
        match self {
            Need::ReadNamed(name) => Some(&name.schema),
            other => other.table().map(|table| &catalog.table(table).name.schema),
        }
    }

    /// What a server of this version asks for; none where it is nothing on a table.
    fn privileges(&self, major: u32) -> Option<Privileges> {
        let (any_of, on) = match self {
            Need::TemporaryTables | Need::Schema(_) => return None,
            Need::Read(_) | Need::ReadNamed(_) => ("SELECT", On::AnyColumn),
            Need::Delete(_) => ("DELETE", On::Table),
            Need::Change(_, column) => ("UPDATE", On::Column(*column)),
            Need::LockRows(_) => ("UPDATE", On::AnyColumn),
            Need::LockTable(_, TableLock::AccessShare) if major >= 16 => {
                ("SELECT, INSERT, UPDATE, DELETE, TRUNCATE", On::Table)
            }
            Need::LockTable(_, TableLock::AccessShare) => ("SELECT", On::Table),
            Need::LockTable(_, TableLock::RowExclusive) => ("INSERT, UPDATE, DELETE, TRUNCATE", On::Table),
            Need::LockTable(_, TableLock::ShareRowExclusive) => ("UPDATE, DELETE, TRUNCATE", On::Table),
        };
        Some(Privileges { any_of, on })
    }

    fn finding(&self, grant: &str, policy: &ResolvedPolicy, catalog: &Catalog) -> Diagnostic {
        let name = |table: TableId| catalog.table(table).name.bare().to_string();
        let (words, label, note) = match self {
            Need::TemporaryTables => (
                "the role may not create temporary tables in this database".to_owned(),
                "a run needs one at least",
                Some("what has to be remembered, and the gate before COMMIT, are temporary tables"),
            ),
            Need::Schema(schema) => (
                format!("the role may not look into schema `{}`", schema.bare()),
                "a table of the policy, or one that leads to it, is in there",
                None,
            ),
            Need::Read(table) => (format!("the role may not read table `{}`", name(*table)), "needed for this", None),
            Need::ReadNamed(relation) => (
                format!("the role may not read `{}`, which SQL of the policy names", relation.bare()),
                "somewhere in this policy",
                None,
            ),
            Need::Delete(table) => {
                (format!("the role may not delete rows of table `{}`", name(*table)), "needed for this", None)
            }
            Need::Change(table, column) => (
                format!(
                    "the role may not change column `{}.{}`",
                    name(*table),
                    catalog.table(*table).column_at(*column).name.bare()
                ),
                "needed for this",
                None,
            ),
            Need::LockRows(table) => (
                format!("the role may not lock rows of table `{}`", name(*table)),
                "needed for this",
                Some(
                    "rows that decide about others are locked, so that nobody adds any below them meanwhile; that takes the \
                     privilege UPDATE, though they stay as they are",
                ),
            ),
            Need::LockTable(table, _) => (
                format!("the role may not lock table `{}`", name(*table)),
                "needed for this",
                Some(
                    "LOCK TABLE asks for a privilege on the whole table, whatever the role may do to some of its columns",
                ),
            ),
        };
        let place = match self.table() {
            Some(table) => origin(table, policy, catalog),
            None => policy.rules.first().map(|rule| rule.origin).unwrap_or_default(),
        };
        let found = Diagnostic::new(Code::MissingPrivilege, words)
            .at(place, label)
            .help(format!("have its owner say: {};", shown(grant)));
        let found = note.map_or(found.clone(), |note| found.note(note));
        match self.table() {
            Some(table) => found.about(name(table)),
            None => found,
        }
    }
}

/// Where the policy asks for something about a table: at its own rule or guard, else at the first rule that leads through
/// it.
pub(super) fn origin(table: TableId, policy: &ResolvedPolicy, catalog: &Catalog) -> Span {
    let first = || policy.rules.first().map(|rule| rule.origin);
    let own = policy.rules_of(table).map(|(_, rule)| rule.origin).next();
    let guarded = || policy.guards.iter().find(|guard| guard.table == table).map(|guard| guard.origin);
    let through = || {
        let leads = |key: &crate::catalog::KeyId| catalog.parent(*key) == Some(table);
        let mut rules = policy.rules.iter();
        rules.find(|rule| rule.paths().iter().any(|path| path.0.iter().any(leads))).map(|rule| rule.origin)
    };
    own.or_else(guarded).or_else(through).or_else(first).unwrap_or_default()
}

/// Columns of some tables, sorted.
pub(super) type Columns = BTreeSet<(TableId, ColumnId)>;

/// Columns whose values are copied into temporary tables, for which their types have to be usable, and columns that get
/// their defaults, for which sequences and functions have to be.
pub(super) fn columns_in_use(plan: &Plan) -> (Columns, Columns) {
    let mut copied = BTreeSet::new();
    copied.extend(plan.captures.iter().flat_map(|capture| capture.key.iter().map(|key| (capture.table, *key))));
    let members = plan.closures.iter().flat_map(|closure| &closure.members);
    copied.extend(members.flat_map(|member| member.key.iter().map(|key| (member.table, *key))));
    if let (Choice::Expired(_), Some(rows)) = (&plan.choice, plan.subject.rows()) {
        copied.extend(rows.key.iter().map(|key| (rows.table, *key)));
    }
    let mut defaults = BTreeSet::new();
    for step in &plan.steps {
        let StepAction::Change(changes) = &step.action else { continue };
        if let Some(key) = &step.values_first {
            copied.extend(
                key.iter().copied().chain(changes.iter().map(|change| change.column)).map(|it| (step.table, it)),
            );
        }
        let by_default = changes.iter().filter(|change| change.value == NewValue::Default);
        defaults.extend(by_default.map(|change| (step.table, change.column)));
    }
    (copied, defaults)
}
