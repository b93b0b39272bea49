//! What may the role not do that a run needs, besides its steps?
//!
//! The server judges a step by EXPLAIN, privileges included. Nobody can ask it so about locks: LOCK TABLE wants a privilege
//! on the whole table (manual, LOCK; since version 16 more of them suffice), FOR UPDATE wants UPDATE on one column at least
//! (manual, SELECT), and the temporary tables want one on the database. So it is asked what the role has.

use std::collections::BTreeSet;

use super::script::Sql;
use super::writer::Writer;
use crate::catalog::{Catalog, TableId};
use crate::diagnostic::{Code, Diagnostic};
use crate::ident::shown;
use crate::plan::{Plan, TableLock};
use crate::resolve::ResolvedPolicy;
use crate::source::Span;

/// Something that the role has to be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Need {
    /// `CREATE TEMP TABLE`.
    TemporaryTables,
    /// `SELECT … FOR UPDATE`.
    LockRows(TableId),
    /// `LOCK TABLE`.
    LockTable(TableId, TableLock),
}

/// The privileges that a need is met by.
struct Privileges {
    /// One of these is enough.
    any_of: &'static str,
    /// Whether it is enough to have it on one column.
    on_a_column: bool,
    /// The one to grant.
    grant: &'static str,
}

/// Everything that a plan needs besides its steps.
#[derive(Clone, Debug)]
pub struct Needs(Vec<Need>);

impl Needs {
    /// What a plan's own statements need.
    pub fn of(plan: &Plan) -> Self {
        let members = plan.closures.iter().flat_map(|closure| &closure.members).map(|member| member.table);
        let rows: BTreeSet<TableId> = plan.row_locks.iter().map(|lock| lock.table).chain(members).collect();
        let tables = plan.table_locks.iter().map(|(table, lock)| Need::LockTable(*table, *lock));
        Self(std::iter::once(Need::TemporaryTables).chain(rows.into_iter().map(Need::LockRows)).chain(tables).collect())
    }

    /// The question which of them the role lacks: one text, for [`Needs::findings`], or NULL where it lacks nothing.
    pub fn question(&self, catalog: &Catalog) -> Sql {
        let mut w = Writer::new();
        w.kw("SELECT jsonb_agg(jsonb_build_array(number, said) ORDER BY number)::text FROM (\n");
        w.kw("  SELECT 0 AS number, format('GRANT TEMPORARY ON DATABASE %I TO %I', current_database(), current_user) AS said");
        w.kw("\n  WHERE NOT has_database_privilege(current_database(), 'TEMPORARY')");
        let of_tables: Vec<_> = (self.0.iter().enumerate())
            .filter_map(|(number, need)| Some((number, need.table()?, need.privileges(catalog.server_major)?)))
            .collect();
        if !of_tables.is_empty() {
            w.kw("\n  UNION ALL\n  SELECT need.number, format('GRANT %s ON TABLE %I.%I TO %I', need.privilege, n.nspname, c.relname, current_user)");
            w.kw("\n  FROM (VALUES\n    ").list(of_tables, ",\n    ", |w, (number, table, privileges)| {
                let name = &catalog.table(table).name;
                w.kw("(").number(number as i128).kw(", ").text(name.schema.as_str()).kw(", ").text(name.name.as_str());
                w.kw(", ").text(privileges.any_of).kw(if privileges.on_a_column { ", true, " } else { ", false, " });
                w.text(privileges.grant).kw(")");
            });
            w.kw("\n  ) AS need (number, schema, name, any_of, on_a_column, privilege)");
            w.kw("\n  JOIN pg_namespace AS n ON n.nspname = need.schema");
            w.kw("\n  JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = need.name");
            w.kw("\n  WHERE NOT has_table_privilege(c.oid, need.any_of)");
            w.kw(" AND NOT (need.on_a_column AND has_any_column_privilege(c.oid, need.any_of))");
        }
        w.kw("\n) AS lacking");
        w.finish()
    }

    /// The findings that an answer means, one for each table and privilege; none about the tables of which the role was
    /// `told` already that it lacks something.
    pub fn findings(
        &self,
        answer: &str,
        told: &BTreeSet<TableId>,
        policy: &ResolvedPolicy,
        catalog: &Catalog,
    ) -> Vec<Diagnostic> {
        let lacking: Vec<(usize, String)> = serde_json::from_str(answer).unwrap_or_default();
        let mut said = BTreeSet::new();
        let new = lacking.into_iter().filter(|(_, grant)| said.insert(grant.clone()));
        let needs = new.filter_map(|(number, grant)| Some((self.0.get(number)?, grant)));
        let needs = needs.filter(|(need, _)| !need.table().is_some_and(|table| told.contains(&table)));
        needs.map(|(need, grant)| need.finding(&grant, policy, catalog)).collect()
    }
}

impl Need {
    fn table(&self) -> Option<TableId> {
        match self {
            Need::TemporaryTables => None,
            Need::LockRows(table) | Need::LockTable(table, _) => Some(*table),
        }
    }

    /// What a server of this version asks for; none where it is nothing on a table.
    fn privileges(&self, major: u32) -> Option<Privileges> {
        let (any_of, on_a_column, grant) = match self {
            Need::TemporaryTables => return None,
            Need::LockRows(_) => ("UPDATE", true, "UPDATE"),
            Need::LockTable(_, TableLock::AccessShare) if major >= 16 => {
                ("SELECT, INSERT, UPDATE, DELETE, TRUNCATE", false, "SELECT")
            }
            Need::LockTable(_, TableLock::AccessShare) => ("SELECT", false, "SELECT"),
            Need::LockTable(_, TableLock::RowExclusive) => ("INSERT, UPDATE, DELETE, TRUNCATE", false, "UPDATE"),
            Need::LockTable(_, TableLock::ShareRowExclusive) => ("UPDATE, DELETE, TRUNCATE", false, "UPDATE"),
        };
        Some(Privileges { any_of, on_a_column, grant })
    }

    fn finding(&self, grant: &str, policy: &ResolvedPolicy, catalog: &Catalog) -> Diagnostic {
        let name = |table: TableId| catalog.table(table).name.bare().to_string();
        let (words, label, note) = match self {
            Need::TemporaryTables => (
                "the role may not create temporary tables in this database".to_owned(),
                "a run needs one at least",
                "what has to be remembered, and the gate before COMMIT, are temporary tables",
            ),
            Need::LockRows(table) => (
                format!("the role may not lock rows of table `{}`", name(*table)),
                "needed for this",
                "rows that decide about others are locked, so that nobody adds any below them meanwhile; that takes the \
                 privilege UPDATE, though they stay as they are",
            ),
            Need::LockTable(table, _) => (
                format!("the role may not lock table `{}`", name(*table)),
                "needed for this",
                "LOCK TABLE asks for a privilege on the whole table, whatever the role may do to some of its columns",
            ),
        };
        let found = Diagnostic::new(Code::MissingPrivilege, words)
            .at(self.origin(policy, catalog), label)
            .note(note)
            .help(format!("have its owner say: {};", shown(grant)));
        match self.table() {
            Some(table) => found.about(name(table)),
            None => found,
        }
    }

    /// Where the policy asks for it: at the table's own rule or guard, else at the first rule that leads through it.
    fn origin(&self, policy: &ResolvedPolicy, catalog: &Catalog) -> Span {
        let first = || policy.rules.first().map(|rule| rule.origin);
        let Some(table) = self.table() else { return first().unwrap_or_default() };
        let own = policy.rules_of(table).map(|(_, rule)| rule.origin).next();
        let guarded = || policy.guards.iter().find(|guard| guard.table == table).map(|guard| guard.origin);
        let through = || {
            let leads = |key: &crate::catalog::KeyId| catalog.parent(*key) == Some(table);
            let mut rules = policy.rules.iter();
            rules.find(|rule| rule.paths().iter().any(|path| path.0.iter().any(leads))).map(|rule| rule.origin)
        };
        own.or_else(guarded).or_else(through).or_else(first).unwrap_or_default()
    }
}
