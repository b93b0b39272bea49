//! From which tables does row-level security hide rows of a run?
//!
//! The script runs with `row_security = off`: a query that would be filtered is an error (manual, `row_security`), since rows
//! that nobody sees would stay. That also holds inside trigger functions, which run as whoever fires them unless they are
//! `SECURITY DEFINER`. So it is told before anything runs, for the plan's tables and for those that trigger functions
//! mention.

use super::script::Sql;
use super::writer::Writer;
use crate::catalog::{Catalog, TableId};
use crate::diagnostic::{Code, Diagnostic};
use crate::ident::{TableName, shown};
use crate::plan::Plan;
use crate::resolve::ResolvedPolicy;
use crate::source::Span;

/// A table that some user has to see whole.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Look {
    table: TableName,
    /// The trigger function that mentions it; none for a table of the plan, at which the role itself looks.
    function: Option<String>,
    origin: Span,
}

/// Everything at which a plan's run looks.
#[derive(Clone, Debug)]
pub struct Looks(Vec<Look>);

/// What the server says of a look that would be filtered.
#[derive(serde::Deserialize)]
struct Filtered {
    number: usize,
    role: String,
    is_owner: bool,
}

impl Looks {
    /// The plan's own, those that the author's SQL names, and those of the trigger functions that its steps call.
    pub fn of(plan: &Plan, policy: &ResolvedPolicy, catalog: &Catalog) -> Self {
        let name = |table: TableId| catalog.table(table).name.clone();
        let own = plan.table_locks.iter().map(|(table, _)| Look {
            table: name(*table),
            function: None,
            origin: super::privilege::origin(*table, policy, catalog),
        });
        let named = policy.named.iter().filter_map(|name| {
            let origin = super::privilege::origin(catalog.table_id(name)?, policy, catalog);
            Some(Look { table: name.clone(), function: None, origin })
        });
        let by_triggers = plan.triggers.iter().flat_map(|fired| {
            let origin = fired.steps.first().map_or_else(Span::default, |step| plan.steps[*step].origin);
            let look =
                move |table: &TableName| Look { table: table.clone(), function: Some(fired.function.clone()), origin };
            fired.mentions.iter().map(look)
        });
        let mut looks: Vec<Look> = Vec::new();
        for look in own.chain(named).chain(by_triggers) {
            let known = |other: &Look| (&other.table, &other.function) == (&look.table, &look.function);
            if !looks.iter().any(known) {
                looks.push(look);
            }
        }
        Self(looks)
    }

    /// The question which of them are filtered: one text, for [`Looks::findings`], or NULL where none is.
    pub fn question(&self) -> Sql {
        let mut w = Writer::new();
        w.kw("WITH looks (number, schema, name, function) AS (SELECT * FROM unnest(ARRAY[");
        w.list(0..self.0.len(), ", ", |w, number| {
            w.number(number as i128);
        });
        w.kw("]::int[], ARRAY[").list(&self.0, ", ", |w, look| {
            w.text(look.table.schema.as_str());
        });
        w.kw("]::text[], ARRAY[").list(&self.0, ", ", |w, look| {
            w.text(look.table.name.as_str());
        });
        w.kw("]::text[], ARRAY[").list(&self.0, ", ", |w, look| match &look.function {
            Some(function) => {
                w.text(function);
            }
            None => {
                w.kw("NULL");
            }
        });
        w.kw("]::text[]))\n").kw(FILTERED);
        w.finish()
    }

    /// The findings that an answer means.
    ///
    /// # Errors
    /// It is no answer to this question.
    pub fn findings(&self, answer: &str) -> Result<Vec<Diagnostic>, serde_json::Error> {
        let filtered: Vec<Filtered> = serde_json::from_str(answer)?;
        Ok(filtered.iter().filter_map(|found| Some(self.0.get(found.number)?.finding(found))).collect())
    }
}

/// As the server decides it itself (`check_enable_rls` in PostgreSQL's sources). A function that sets `row_security` has
/// its own way.
const FILTERED: &str = "\
SELECT jsonb_agg(jsonb_build_object('number', l.number, 'role', r.rolname,
                                    'is_owner', pg_has_role(r.oid, c.relowner, 'USAGE')) ORDER BY l.number)::text
FROM looks l
JOIN pg_namespace n ON n.nspname = l.schema
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = l.name
LEFT JOIN pg_proc f ON f.oid = to_regprocedure(l.function)
JOIN pg_roles r ON r.oid = CASE WHEN f.prosecdef THEN f.proowner ELSE (SELECT oid FROM pg_roles WHERE rolname = current_user) END
WHERE c.relrowsecurity AND NOT r.rolsuper AND NOT r.rolbypassrls
  AND (c.relforcerowsecurity OR NOT pg_has_role(r.oid, c.relowner, 'USAGE'))
  AND NOT EXISTS (SELECT FROM unnest(f.proconfig) AS s (setting) WHERE s.setting LIKE 'row_security=%')";

impl Look {
    fn finding(&self, found: &Filtered) -> Diagnostic {
        let (table, role) = (self.table.bare().to_string(), shown(&found.role).to_string());
        let message = match &self.function {
            None => format!("row-level security would hide rows of table `{table}` from role `{role}`"),
            Some(function) => format!(
                "trigger function `{}` mentions table `{table}`, of which row-level security would hide rows from role `{role}`",
                shown(function)
            ),
        };
        let mut quoted = Writer::new();
        quoted.table(&self.table);
        let name = shown(quoted.as_str()).to_string();
        let bypass = format!(
            "ALTER ROLE {} BYPASSRLS",
            shown(&super::quote::ident(&crate::ident::Ident::new(found.role.as_str())))
        );
        Diagnostic::new(Code::RowLevelSecurity, message)
            .at(self.origin, "needed for this")
            .note(
                "a run sets `row_security` off, so that the server refuses what it would have to filter, instead of leaving \
                 rows behind that nobody sees; a policy that shows the role every row doesn't change that",
            )
            .help(match found.is_owner {
                true => format!(
                    "the role owns the table, and is filtered all the same: ALTER TABLE {name} NO FORCE ROW LEVEL SECURITY; \
                     or have a superuser say: {bypass};"
                ),
                false => format!("have a superuser say: {bypass}; or run as the owner of the table"),
            })
            .about(table)
    }
}
