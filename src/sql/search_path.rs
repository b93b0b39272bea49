//! Where are names looked up, and is it safe to look there?
//!
//! Author's SQL and our own leave operators and functions to the search path. PostgreSQL's own schema comes first in it,
//! but the better match wins wherever it stands (manual, 10.2 and 10.3): `public.=(varchar, varchar)` is called in place of
//! the operator that compares texts. So objects that could be taken for PostgreSQL's own are looked for, and whoever could
//! make some. It is asked before any of the author's SQL runs, and again under the table locks.

use std::collections::BTreeSet;

use super::assert::Check;
use super::calls::Calls;
use super::script::{Sql, Statement};
use super::writer::Writer;
use super::{explain, quote};
use crate::catalog::Catalog;
use crate::diagnostic::{Code, Diagnostic};
use crate::ident::{Ident, shown};
use crate::pgtype::PgType;
use crate::plan::Plan;
use crate::resolve::{ResolvedPolicy, Subject};

/// Never inherited: PostgreSQL's own names first, then the policy's, then the schemas of the extensions whose types occur
/// (without them citext compares case-sensitively), temporary tables last.
pub(super) fn search_path(catalog: &Catalog, plan: &Plan) -> Vec<Ident> {
    // Types print with their schema, quoted where that is needed, as the catalog is read with an empty search path. An
    // enum or a domain is the application's, whatever lives in its schema besides.
    let columns = || plan.table_locks.iter().flat_map(|(id, _)| &catalog.table(*id).columns);
    let types = || columns().filter(|column| may_be_an_extensions(&column.ty)).map(|column| &column.type_sql);
    let extensions = catalog.extensions.iter().filter(|extension| {
        let prefix = format!("{}.", quote::ident(&extension.schema));
        types().any(|printed| printed.starts_with(&prefix))
    });
    // A subject that is a value is compared by its own type, whatever the columns' are.
    let citext = matches!(&plan.subject, Subject::Value(value) if value.ty == PgType::Citext);
    let compared = catalog.extensions.iter().filter(|extension| citext && extension.name.as_str() == "citext");
    let wanted = std::iter::once(Ident::from("pg_catalog"))
        .chain(plan.search_path.iter().cloned())
        .chain(extensions.map(|extension| extension.schema.clone()))
        .chain(compared.map(|extension| extension.schema.clone()))
        .chain([Ident::from("pg_temp")]);
    let mut path: Vec<Ident> = Vec::new();
    for schema in wanted {
        if !path.contains(&schema) {
            path.push(schema);
        }
    }
    path
}

/// Whether a type may come from an extension.
fn may_be_an_extensions(ty: &PgType) -> bool {
    match ty {
        PgType::Array { of, .. } => may_be_an_extensions(of),
        PgType::Citext | PgType::Composite { .. } | PgType::Range { .. } | PgType::Other { .. } => true,
        _ => false,
    }
}

/// Something in the search path that must not be there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Hazard {
    /// Others may create objects in a schema.
    Open {
        /// The schema.
        schema: String,
        /// Who may: PUBLIC, or roles.
        granted_to: Vec<String>,
        /// Roles that can make use of it, other than those who are trusted.
        roles: Vec<String>,
    },
    /// The schema isn't there, and others could create it.
    Missing {
        /// The schema.
        schema: String,
        /// Roles that could.
        roles: Vec<String>,
    },
    /// An operator that could be taken for one of PostgreSQL's or of an extension's.
    Operator {
        /// Its name.
        name: String,
        /// With schema and types, as the server prints it.
        signature: String,
        /// Its owner.
        owner: String,
        /// Whether the owner is someone who could do anything else to the plan's tables too.
        trusted: bool,
        /// Whether one of PostgreSQL's or of an extension's has this name.
        known: bool,
    },
    /// A function that could.
    Function {
        /// Its name.
        name: String,
        /// With schema and types.
        signature: String,
        /// Its owner.
        owner: String,
        /// As above.
        trusted: bool,
        /// As above.
        known: bool,
    },
    /// A cast by a function of somebody who isn't trusted.
    Cast {
        /// `from AS to`.
        signature: String,
        /// The function's owner.
        owner: String,
    },
    /// A type of the name of an extension's type.
    Type {
        /// With its schema.
        signature: String,
        /// Its owner.
        owner: String,
    },
}

/// The question what is wrong with the search path of a script, and how to read the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathQuestion {
    /// The settings with which it is asked; to be undone afterwards.
    pub setting: Sql,
    /// The question: one text, for [`PathQuestion::hazards`], or NULL where nothing is wrong.
    pub sql: Sql,
    calls: Calls,
}

/// What is called by `check` besides what stands in the script.
const ASKED_WITH: &str = "array_agg() count() coalesce() generate_series() set_config() current_setting()";

impl PathQuestion {
    pub(super) fn of<'a>(statements: impl IntoIterator<Item = &'a Statement>, plan: &Plan, catalog: &Catalog) -> Self {
        let mut calls = Calls::default();
        calls.read(ASKED_WITH);
        statements.into_iter().for_each(|statement| calls.read(statement.sql.as_str()));
        let mut setting = Writer::new();
        setting.kw(explain::SAFE_PATH);
        Self { setting: setting.finish(), sql: question(plan, catalog), calls }
    }

    /// What an answer tells.
    ///
    /// # Errors
    /// It is no answer to this question.
    pub fn hazards(&self, answer: &str) -> Result<BTreeSet<Hazard>, serde_json::Error> {
        let all: Vec<Hazard> = serde_json::from_str(answer)?;
        let matters = |hazard: &Hazard| match hazard {
            Hazard::Open { .. } | Hazard::Missing { .. } | Hazard::Cast { .. } | Hazard::Type { .. } => true,
            // What trusted people have made is the application's, unless we would call it without meaning it. What others
            // have made may also be a better match for something of the application's.
            Hazard::Operator { name, trusted, known, .. } => (*known && !trusted) || self.calls.operator(name),
            Hazard::Function { name, trusted, known, .. } => (*known && !trusted) || self.calls.by_bare_name(name),
        };
        Ok(all.into_iter().filter(matters).collect())
    }
}

/// Who is trusted: superusers, ourselves, the owners of the database, of the plan's tables and of the path's schemas, and
/// whoever is a member of one of these. The others are those who can log in here.
fn question(plan: &Plan, catalog: &Catalog) -> Sql {
    let path = search_path(catalog, plan);
    let of_users = path.iter().filter(|schema| !matches!(schema.as_str(), "pg_catalog" | "pg_temp"));
    let mut w = Writer::new();
    w.kw("WITH wanted (schema) AS (SELECT unnest(ARRAY[").list(of_users, ", ", |w, schema| {
        w.text(schema.as_str());
    });
    w.kw("]::text[])), tables (schema, name) AS (SELECT * FROM unnest(ARRAY[");
    w.list(&plan.table_locks, ", ", |w, (table, _)| {
        w.text(catalog.table(*table).name.schema.as_str());
    });
    w.kw("]::text[], ARRAY[").list(&plan.table_locks, ", ", |w, (table, _)| {
        w.text(catalog.table(*table).name.name.as_str());
    });
    w.kw("]::text[])),\n").kw(HAZARDS);
    w.finish()
}

/// The script's own look, for whoever runs it without efface: the part of the question that can be read in a review. Less
/// than [`PathQuestion`], never more: it knows neither casts nor types, nor whose things are called without being meant.
pub(super) fn planted_check(plan: &Plan, catalog: &Catalog) -> Option<Check> {
    let path = search_path(catalog, plan);
    let of_users: Vec<_> = path.iter().filter(|schema| !matches!(schema.as_str(), "pg_catalog" | "pg_temp")).collect();
    if of_users.is_empty() {
        return None;
    }
    let mut count = Writer::new();
    count.kw("\n        WITH path AS (SELECT oid, nspowner FROM pg_namespace WHERE nspname IN (");
    count.list(&of_users, ", ", |w, schema| {
        w.text(schema.as_str());
    });
    count.kw(")),\n        trusted (oid) AS (SELECT nspowner FROM path UNION SELECT datdba FROM pg_database WHERE datname = current_database()");
    count.kw("\n          UNION SELECT oid FROM pg_roles WHERE rolname = current_user");
    if !plan.table_locks.is_empty() {
        count.kw("\n          UNION SELECT relowner FROM pg_class WHERE oid IN (").list(
            &plan.table_locks,
            ", ",
            |w, (table, _)| {
                let mut name = Writer::new();
                name.table(&catalog.table(*table).name);
                w.text(name.as_str()).kw("::regclass");
            },
        );
        count.kw(")");
    }
    count.kw(PLANTED);
    let names: Vec<_> = of_users.iter().map(|schema| format!("`{}`", schema.bare())).collect();
    Some(Check {
        name: names.join(", "),
        message:
            "roles that may create operators and functions here, or theirs that have the name of one of PostgreSQL's: \
                  `efface check` names them, and what to do"
                .into(),
        count,
    })
}

/// Superusers are members of everything. What has a name of PostgreSQL's could be the better match for the types in use.
const PLANTED: &str = "),
        others AS (SELECT oid, rolcanlogin FROM pg_roles AS r WHERE NOT EXISTS (SELECT FROM trusted AS t WHERE pg_has_role(r.oid, t.oid, 'MEMBER'))),
        things (name, schema, owner) AS (SELECT oprname, oprnamespace, oprowner FROM pg_operator
          UNION ALL SELECT proname, pronamespace, proowner FROM pg_proc WHERE prokind <> 'p')
        SELECT count(*) FROM (
          SELECT 1 FROM others AS r, path AS n
          WHERE rolcanlogin AND has_database_privilege(r.oid, current_database(), 'CONNECT') AND has_schema_privilege(r.oid, n.oid, 'CREATE')
          UNION ALL
          SELECT 1 FROM things WHERE schema IN (SELECT oid FROM path) AND owner IN (SELECT oid FROM others)
            AND name IN (SELECT name FROM things WHERE schema = 'pg_catalog'::regnamespace)
        ) AS planted";

/// What could be meant by mistake: a name of PostgreSQL's or an extension's, over types that expressions have; those over
/// a type that somebody made, other than an enum or a domain, can't be reached by accident.
const HAZARDS: &str = include_str!("hazards.sql");

impl Hazard {
    /// One line about it, for the end of a run that it stops.
    pub fn in_short(&self) -> String {
        let (message, _, help) = self.words();
        format!("{message}; {help}")
    }

    /// What it is, why it matters, what to do.
    fn words(&self) -> (String, &'static str, String) {
        const TAKEN: &str = "the best match by types wins, wherever in the search path it stands: it would be called with \
                             the rights of the role that runs efface, and decide which rows are meant";
        let some = |roles: &[String]| {
            let first: Vec<_> = roles.iter().take(3).map(|role| format!("`{}`", shown(role))).collect();
            let more = roles.len().saturating_sub(3);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("{}{more}", first.join(", "))
        };
        let leave = |what: String| format!("{what}, or leave its schema out of the policy's `search_path`");
        match self {
            Hazard::Open { schema, granted_to, roles } => {
                let name = quote::ident(&Ident::new(schema.as_str()));
                let revoke = granted_to.iter().map(|role| {
                    let role = if role == "PUBLIC" { role.clone() } else { quote::ident(&Ident::new(role.as_str())) };
                    format!("REVOKE CREATE ON SCHEMA {name} FROM {role};")
                });
                let revoke: Vec<_> = revoke.collect();
                (
                    format!(
                        "others may create objects in schema `{}` of the search path: {}",
                        shown(schema),
                        some(roles)
                    ),
                    "an operator or a function made there could be called in place of PostgreSQL's own, with the rights of \
                     the role that runs efface",
                    format!(
                        "have its owner say: {} (PostgreSQL 14 and older let everybody create in `public`); or leave it out \
                         of the policy's `search_path`",
                        shown(&revoke.join(" "))
                    ),
                )
            }
            Hazard::Missing { schema, roles } => (
                format!(
                    "schema `{}` of the search path is not there, and others may create it: {}",
                    shown(schema),
                    some(roles)
                ),
                "whoever creates it can fill it with functions that would be called in place of PostgreSQL's own",
                "name only schemas that are there in the policy's `search_path`".to_owned(),
            ),
            Hazard::Operator { signature, owner, .. } => (
                format!(
                    "operator `{}` of role `{}` could be called in place of PostgreSQL's own",
                    shown(signature),
                    shown(owner)
                ),
                TAKEN,
                leave(format!("DROP OPERATOR {}", shown(signature))),
            ),
            Hazard::Function { name, signature, owner, .. } => (
                format!(
                    "function `{}` of role `{}` could be called in place of PostgreSQL's own",
                    shown(signature),
                    shown(owner)
                ),
                TAKEN,
                leave(format!(
                    "where the policy means it, write its schema in front; else write `pg_catalog.{}`, or DROP FUNCTION {}",
                    shown(name),
                    shown(signature)
                )),
            ),
            Hazard::Cast { signature, owner } => (
                format!(
                    "the cast `{}` calls a function of role `{}`, who is not the owner of anything here",
                    shown(signature),
                    shown(owner)
                ),
                TAKEN,
                format!("DROP CAST ({})", shown(signature)),
            ),
            Hazard::Type { signature, owner } => (
                format!("type `{}` of role `{}` has the name of an extension's type", shown(signature), shown(owner)),
                TAKEN,
                leave(format!("DROP TYPE {}", shown(signature))),
            ),
        }
    }

    /// The finding.
    pub fn finding(&self, policy: &ResolvedPolicy) -> Diagnostic {
        let (message, note, help) = self.words();
        let (code, label) = match self {
            Hazard::Open { .. } | Hazard::Missing { .. } => (Code::SearchPathOpen, "names are looked up there"),
            Hazard::Operator { .. } | Hazard::Function { .. } | Hazard::Cast { .. } | Hazard::Type { .. } => {
                (Code::SearchPathShadows, "found by this policy's search path")
            }
        };
        Diagnostic::new(code, message).at(policy.search_path_at, label).note(note).help(help)
    }
}
