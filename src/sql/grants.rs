//! Which GRANTs does a policy take?
//!
//! What the plan needs on tables ([`Needs`]), and what hangs on the server: sequences and functions behind defaults, types
//! that temporary tables copy, functions that the author's SQL calls, schemas of the search path. What can't be computed is
//! said as a comment: trigger functions run with the rights of whoever fires them, and do what they like.

use std::collections::BTreeSet;

use super::calls::Calls;
use super::ledger::ledger_grants;
use super::privilege::{Columns, Needs, columns_in_use};
use super::script::{Script, Sql};
use super::search_path::search_path;
use super::writer::Writer;
use crate::catalog::{Catalog, RowSecurity};
use crate::diagnostic::{Code, Diagnostic};
use crate::ident::{Ident, TableName, shown};
use crate::plan::Plan;
use crate::resolve::ResolvedPolicy;

/// What hangs on the server, as it answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
pub struct Besides {
    /// The connected role.
    role: String,
    /// The database.
    database: String,
    /// Whether there is a ledger.
    has_ledger: bool,
    /// Privileges on objects that are no tables.
    objects: Vec<Privilege>,
    /// Functions of the plan's triggers that run with their owner's rights.
    definers: BTreeSet<String>,
    /// Views that the author's SQL names and that read with the rights of whoever asks.
    invoker_views: Vec<String>,
}

/// A privilege on an object that is no table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
struct Privilege {
    /// `TYPE public.mood`, `SEQUENCE …`, `FUNCTION …`, `SCHEMA …`, as the server quotes it.
    object: String,
    /// `USAGE` or `EXECUTE`.
    privilege: String,
    /// Whether the connected role has it.
    has: bool,
    /// Whether everybody has it.
    everybody: bool,
}

/// The question for [`Besides`].
pub fn question(plan: &Plan, script: &Script, policy: &ResolvedPolicy, catalog: &Catalog) -> Sql {
    let (copied, defaults) = columns_in_use(plan);
    let mut calls = Calls::default();
    script.statements.iter().for_each(|statement| calls.read(statement.sql.as_str()));
    let mut w = Writer::new();
    w.kw("WITH path (schema) AS (SELECT unnest(ARRAY[").list(search_path(catalog, plan), ", ", |w, schema| {
        w.text(schema.as_str());
    });
    w.kw("]::text[])), tables (schema, name) AS (");
    pairs(&mut w, plan.table_locks.iter().map(|(table, _)| &catalog.table(*table).name));
    w.kw("), views (schema, name) AS (");
    pairs(&mut w, &policy.named);
    w.kw("), copied (schema, name, col) AS (");
    columns(&mut w, catalog, &copied);
    w.kw("), defaulted (schema, name, col) AS (");
    columns(&mut w, catalog, &defaults);
    w.kw("), called (schema, name) AS (SELECT * FROM unnest(ARRAY[").list(&calls.functions, ", ", |w, (schema, _)| {
        match schema {
            Some(schema) => w.text(schema),
            None => w.kw("NULL"),
        };
    });
    w.kw("]::text[], ARRAY[").list(&calls.functions, ", ", |w, (_, name)| {
        w.text(name);
    });
    w.kw("]::text[])), fired (signature) AS (SELECT unnest(ARRAY[").list(&plan.triggers, ", ", |w, fired| {
        w.text(&fired.function);
    });
    w.kw("]::text[])),\n").kw(include_str!("besides.sql"));
    w.finish()
}

fn pairs<'a>(w: &mut Writer, names: impl IntoIterator<Item = &'a TableName, IntoIter: Clone>) {
    let names = names.into_iter();
    w.kw("SELECT * FROM unnest(ARRAY[").list(names.clone(), ", ", |w, name| {
        w.text(name.schema.as_str());
    });
    w.kw("]::text[], ARRAY[").list(names, ", ", |w, name| {
        w.text(name.name.as_str());
    });
    w.kw("]::text[])");
}

fn columns(w: &mut Writer, catalog: &Catalog, columns: &Columns) {
    w.kw("SELECT * FROM unnest(ARRAY[").list(columns, ", ", |w, (table, _)| {
        w.text(catalog.table(*table).name.schema.as_str());
    });
    w.kw("]::text[], ARRAY[").list(columns, ", ", |w, (table, _)| {
        w.text(catalog.table(*table).name.name.as_str());
    });
    w.kw("]::text[], ARRAY[").list(columns, ", ", |w, (table, column)| {
        w.text(catalog.table(*table).column_at(*column).name.as_str());
    });
    w.kw("]::text[])");
}

impl Besides {
    /// Reads the answer.
    ///
    /// # Errors
    /// It is no answer to this question.
    pub fn read(answer: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(answer)
    }

    /// Whether the connected role may not look into a schema of the search path.
    pub fn is_blind(&self) -> bool {
        self.objects.iter().any(|object| !object.has && object.object.starts_with("SCHEMA "))
    }

    /// What the connected role lacks.
    pub fn findings(&self, policy: &ResolvedPolicy) -> Vec<Diagnostic> {
        let lacking = self.objects.iter().filter(|object| !object.has);
        let role = Ident::new(self.role.as_str());
        let finding = |object: &Privilege| {
            Diagnostic::new(
                Code::MissingPrivilege,
                format!("the role lacks {} on {}", object.privilege, shown(&object.object)),
            )
            .at(policy.rules.first().map(|rule| rule.origin).unwrap_or_default(), "needed by a run of this policy")
            .help(format!("have its owner say: {};", shown(&object.statement(&role))))
        };
        lacking.map(finding).collect()
    }
}

impl Privilege {
    fn statement(&self, role: &Ident) -> String {
        let mut w = Writer::new();
        w.kw("GRANT ").printed(&self.privilege).kw(" ON ").printed(&self.object).kw(" TO ").ident(role);
        w.as_str().to_owned()
    }
}

/// The GRANTs as a file for psql, sorted, with comments on what they don't cover. `role` is the connected one where none is
/// named.
pub fn text(
    needs: &Needs,
    besides: &Besides,
    role: Option<&str>,
    plan: &Plan,
    policy: &ResolvedPolicy,
    catalog: &Catalog,
) -> String {
    let role = Ident::new(role.unwrap_or(&besides.role));
    let database = Ident::new(besides.database.as_str());
    let on_tables = needs.grants(catalog).into_iter().map(|grant| grant.statement(&role, &database));
    let mut statements: Vec<String> = on_tables.collect();
    for object in besides.objects.iter().filter(|object| !object.everybody) {
        let statement = object.statement(&role);
        if !statements.contains(&statement) {
            statements.push(statement);
        }
    }
    let mut text = format!("-- What role {} needs for policy `{}`.\n", role.bare(), shown(&policy.name));
    for statement in statements {
        text.push_str(&statement);
        text.push_str(";\n");
    }
    if plan.ledger {
        // Without tables they would fail.
        match besides.has_ledger {
            true => text.push_str(&ledger_grants(&role)),
            false => text.push_str(
                "-- This database has no ledger yet: as soon as it has, `efface ledger init --role ROLE` prints what the role needs for it.\n",
            ),
        }
    }
    comments(&mut text, besides, &role, plan, policy, catalog);
    text
}

fn comments(
    text: &mut String,
    besides: &Besides,
    role: &Ident,
    plan: &Plan,
    policy: &ResolvedPolicy,
    catalog: &Catalog,
) {
    let mut say = |line: String| {
        text.push_str("-- ");
        text.push_str(&line);
        text.push('\n');
    };
    let quoted = shown(&super::quote::ident(role)).to_string();
    let own = plan.table_locks.iter().map(|(table, _)| catalog.table(*table).name.clone());
    let mentioned = plan.triggers.iter().flat_map(|fired| fired.mentions.iter().cloned());
    let hidden: BTreeSet<TableName> = own.chain(mentioned).chain(policy.named.iter().cloned()).collect();
    let hides = |name: &&TableName| {
        catalog.table_id(name).is_some_and(|table| catalog.table(table).row_security != RowSecurity::Off)
    };
    let hidden: Vec<String> = hidden.iter().filter(hides).map(|name| name.bare().to_string()).collect();
    if !hidden.is_empty() {
        say(format!("Row-level security is on for {}. Unless the role owns them:", hidden.join(", ")));
        say(format!("  ALTER ROLE {quoted} BYPASSRLS;"));
    }
    let invokers: Vec<_> = plan.triggers.iter().filter(|fired| !besides.definers.contains(&fired.function)).collect();
    if !invokers.is_empty() {
        say("Not computed: what these trigger functions need, which run with the rights of the role:".to_owned());
        for fired in invokers {
            let mentions: Vec<_> = fired.mentions.iter().map(|name| name.bare().to_string()).collect();
            let mentions = match (fired.opaque, mentions.is_empty()) {
                (true, _) => "; its text doesn't tell what it touches".to_owned(),
                (false, true) => "; it mentions no table".to_owned(),
                (false, false) => format!("; it mentions {}", mentions.join(", ")),
            };
            let table = catalog.table(fired.table).name.bare();
            say(format!("  {} by trigger {} on {table}{mentions}", shown(&fired.function), fired.trigger.bare()));
        }
    }
    if !besides.invoker_views.is_empty() {
        let views: Vec<_> = besides.invoker_views.iter().map(|view| shown(view).to_string()).collect();
        say(format!("Not computed: what these views read with the rights of the role: {}", views.join(", ")));
    }
    if catalog.server_major >= 15 {
        say("Optional, by a superuser: keys and values then stay out of the server's log, whatever it logs.".to_owned());
        say(format!("  GRANT SET ON PARAMETER log_parameter_max_length, log_error_verbosity TO {quoted};"));
    }
}
