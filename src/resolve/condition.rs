//! What does an expression of the author's read?
//!
//! The text stays verbatim; only its parse tree is looked at. What can't be seen (a view, a function that isn't
//! PostgreSQL's own) makes the condition *unknown*, and the planner then evaluates it before the first change.

use super::model::{Condition, Reads};
use super::names::Context;
use super::words;
use crate::catalog::{Table, TableId};
use crate::diagnostic::Report;
use crate::ident::{Ident, TableName};
use crate::policy::sql::{self, Parsed};
use crate::source::Fragment;

/// Functions of `pg_catalog` that read no table: a condition that calls another one is treated as reading everything.
const READS_NO_TABLE: &[&str] = &[
    "abs",
    "age",
    "array_length",
    "array_position",
    "ascii",
    "btrim",
    "cardinality",
    "ceil",
    "char_length",
    "coalesce",
    "concat",
    "concat_ws",
    "current_date",
    "current_time",
    "current_timestamp",
    "current_user",
    "date_part",
    "date_trunc",
    "encode",
    "extract",
    "floor",
    "format",
    "gen_random_uuid",
    "greatest",
    "initcap",
    "jsonb_array_length",
    "jsonb_typeof",
    "json_typeof",
    "least",
    "left",
    "length",
    "localtimestamp",
    "lower",
    "lpad",
    "ltrim",
    "make_date",
    "make_interval",
    "md5",
    "mod",
    "now",
    "nullif",
    "octet_length",
    "overlay",
    "position",
    "regexp_replace",
    "replace",
    "reverse",
    "right",
    "round",
    "rpad",
    "rtrim",
    "session_user",
    "sign",
    "split_part",
    "starts_with",
    "strpos",
    "substr",
    "substring",
    "to_char",
    "to_date",
    "to_timestamp",
    "transaction_timestamp",
    "translate",
    "trim",
    "trunc",
    "upper",
];

/// Looks up what a condition over a table reads.
pub(super) fn resolve(
    context: &Context<'_>,
    table: TableId,
    fragment: &Fragment,
    report: &mut Report,
) -> Option<Condition> {
    let parsed = match sql::parse_condition(&fragment.text) {
        Ok(parsed) => parsed,
        Err(error) => {
            report.push(words::gate(fragment, &error));
            return None;
        }
    };
    check_columns(context.catalog.table(table), fragment, &parsed, report).then(|| Condition {
        fragment: fragment.clone(),
        subject: parsed.subject.clone(),
        reads: reads(context, table, &parsed),
    })
}

/// Whether the columns that an expression names outside of sub-selects exist in its table.
pub(super) fn check_columns(table: &Table, fragment: &Fragment, parsed: &Parsed, report: &mut Report) -> bool {
    let mut all = true;
    for found in parsed.columns.iter().filter(|found| !found.in_subquery) {
        let own = found.qualifier.as_ref().is_none_or(|qualifier| *qualifier == table.name.name);
        if !own || table.column(&found.name).is_none() {
            let span = fragment.locate_span(found.span);
            report.push(words::unknown_column(table, &found.name, span));
            all = false;
        }
    }
    all
}

pub(super) fn reads(context: &Context<'_>, id: TableId, parsed: &Parsed) -> Reads {
    let table = context.catalog.table(id);
    let mut own: Vec<_> = parsed.columns.iter().filter_map(|found| table.column_id(&found.name)).collect();
    own.sort();
    own.dedup();
    let mut tables = Vec::new();
    let mut unknown = parsed.functions.iter().any(|name| !READS_NO_TABLE.contains(&name.as_str()));
    for relation in &parsed.relations {
        match relation_id(context, relation.schema.as_ref(), &relation.name) {
            Some(found) => tables.push(found),
            // A view, a CTE's name, a table of the system's: nothing that we can follow.
            None => unknown = true,
        }
    }
    tables.sort();
    tables.dedup();
    Reads { own, tables, unknown }
}

/// The table that a name in a sub-select means: by the search path, as the server will read it.
fn relation_id(context: &Context<'_>, schema: Option<&Ident>, name: &Ident) -> Option<TableId> {
    let find = |schema: &Ident| context.catalog.table_id(&TableName { schema: schema.clone(), name: name.clone() });
    match schema {
        Some(schema) => find(schema),
        None => context.search_path.iter().find_map(find),
    }
}
