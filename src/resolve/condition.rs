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

/// Functions of `pg_catalog` that read no table (manual, chapter 9): an expression that calls another one is treated as
/// reading everything.
#[rustfmt::skip]
const READS_NO_TABLE: &[&str] = &[
    "abbrev", "abs", "acos", "age", "any_value", "array_agg", "array_append", "array_cat", "array_dims", "array_fill", "array_length",
    "array_lower", "array_ndims", "array_position", "array_positions", "array_prepend", "array_remove",
    "array_replace", "array_to_json", "array_to_string", "array_upper", "ascii", "asin", "atan", "atan2", "avg",
    "bit_and", "bit_length", "bit_or", "bool_and", "bool_or", "broadcast", "btrim", "cardinality", "cbrt", "ceil", "ceiling", "char_length", "character_length",
    "chr", "clock_timestamp", "coalesce", "concat", "concat_ws", "convert", "convert_from", "convert_to", "cos", "count",
    "current_date", "current_time", "current_timestamp", "current_user", "date_bin", "date_part", "date_trunc",
    "decode", "degrees", "div", "encode", "every", "exp", "extract", "factorial", "family", "floor", "format", "gcd",
    "gen_random_uuid", "get_bit", "get_byte", "greatest", "host", "hostmask", "inet_merge", "inet_same_family",
    "initcap", "int4", "int8", "isempty", "isfinite", "json_agg", "json_array_length", "json_build_array", "json_build_object",
    "json_extract_path", "json_extract_path_text", "json_object", "json_strip_nulls", "json_typeof",
    "jsonb_agg", "jsonb_array_length", "jsonb_build_array", "jsonb_build_object", "jsonb_extract_path", "jsonb_extract_path_text",
    "jsonb_insert", "jsonb_object", "jsonb_path_exists", "jsonb_path_match", "jsonb_path_query_array",
    "jsonb_path_query_first", "jsonb_pretty", "jsonb_set", "jsonb_set_lax", "jsonb_strip_nulls", "jsonb_typeof",
    "justify_days", "justify_hours", "justify_interval", "lcm", "least", "left", "length", "ln", "localtime",
    "localtimestamp", "log", "log10", "lower", "lower_inc", "lpad", "ltrim", "make_date", "make_interval",
    "make_time", "make_timestamp", "max", "min", "make_timestamptz", "masklen", "md5", "mod", "netmask", "network", "normalize",
    "now", "nullif", "num_nonnulls", "num_nulls", "octet_length", "overlay", "parse_ident", "pi", "plainto_tsquery",
    "position", "power", "quote_ident", "quote_literal", "quote_nullable", "radians", "random", "regexp_count",
    "regexp_instr", "regexp_like", "regexp_match", "regexp_matches", "regexp_replace", "regexp_split_to_array",
    "regexp_substr", "repeat", "replace", "reverse", "right", "round", "row_to_json", "rpad", "rtrim", "session_user",
    "set_bit", "set_byte", "set_masklen", "sha224", "sha256", "sha384", "sha512", "sign", "sin", "split_part", "sqrt",
    "starts_with", "statement_timestamp", "string_agg", "string_to_array", "strip", "strpos", "substr", "substring", "sum", "tan", "text",
    "timeofday", "timezone", "to_ascii", "to_char", "to_date", "to_hex", "to_json", "to_jsonb", "to_number",
    "to_timestamp", "to_tsquery", "to_tsvector", "transaction_timestamp", "translate", "trim", "trim_array", "trunc",
    "tsvector_to_array", "unistr", "upper", "upper_inc", "uuid_send", "width_bucket",
];

/// Functions that give another answer the next time within one transaction: a condition that calls one is asked once.
const ANSWERS_ANEW: &[&str] = &["clock_timestamp", "gen_random_uuid", "random", "statement_timestamp", "timeofday"];

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
    check_columns(context.catalog.table(table), fragment, &parsed, report).then(|| {
        let mut reads = reads(context, table, &parsed);
        reads.unknown |= parsed.functions.iter().any(|name| ANSWERS_ANEW.contains(&name.as_str()));
        Condition { fragment: fragment.clone(), subject: parsed.subject.clone(), reads }
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

/// Takes note of the relations that some SQL of the author's names, as far as the catalog knows them.
pub(super) fn name(context: &Context<'_>, parsed: &Parsed) {
    let known = |name: &TableName| {
        let other = |kind: &str| matches!(kind, "view" | "materialized view" | "foreign table");
        context.catalog.table_id(name).is_some()
            || context.catalog.others.iter().any(|found| found.name == *name && other(&found.kind))
    };
    let named = parsed.relations.iter().filter_map(|relation| {
        let of = |schema: &Ident| TableName { schema: schema.clone(), name: relation.name.clone() };
        match &relation.schema {
            Some(schema) => Some(of(schema)).filter(known),
            None => context.search_path.iter().map(of).find(known),
        }
    });
    context.named.borrow_mut().extend(named);
}

pub(super) fn reads(context: &Context<'_>, id: TableId, parsed: &Parsed) -> Reads {
    name(context, parsed);
    let table = context.catalog.table(id);
    let mut own: Vec<_> = parsed.columns.iter().filter_map(|found| table.column_id(&found.name)).collect();
    own.sort();
    own.dedup();
    let mut tables = Vec::new();
    let mut unknown = parsed.functions.iter().any(|name| !READS_NO_TABLE.contains(&name.as_str()));
    for relation in &parsed.relations {
        match relation_id(context, relation.schema.as_ref(), &relation.name) {
            Some(found) => {
                tables.push(found);
                // Their rows answer to its name too. (The gate reads no ONLY out of a name, so it is always thought away.)
                let heirs = &context.catalog.table(found).inherited_by;
                tables.extend(heirs.iter().filter_map(|name| context.catalog.table_id(name)));
            }
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
