//! How are names and values quoted?
//!
//! Names are quoted only where the server would read them otherwise, so that the script looks hand-written (manual,
//! 4.1.1 and appendix C).

use crate::ident::Ident;

/// Key words that are not "non-reserved" in any version from 13 to 18: as a bare name they could mean something else.
/// From the `catcode` column of `pg_get_keywords()`; a test compares the list with the server's.
pub const KEYWORDS: &[&str] = &[
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "between",
    "bigint",
    "binary",
    "bit",
    "boolean",
    "both",
    "case",
    "cast",
    "char",
    "character",
    "check",
    "coalesce",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "dec",
    "decimal",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "exists",
    "extract",
    "false",
    "fetch",
    "float",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "greatest",
    "group",
    "grouping",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "inout",
    "int",
    "integer",
    "intersect",
    "interval",
    "into",
    "is",
    "isnull",
    "join",
    "json",
    "json_array",
    "json_arrayagg",
    "json_exists",
    "json_object",
    "json_objectagg",
    "json_query",
    "json_scalar",
    "json_serialize",
    "json_table",
    "json_value",
    "lateral",
    "leading",
    "least",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "merge_action",
    "national",
    "natural",
    "nchar",
    "none",
    "normalize",
    "not",
    "notnull",
    "null",
    "nullif",
    "numeric",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "out",
    "outer",
    "overlaps",
    "overlay",
    "placing",
    "position",
    "precision",
    "primary",
    "real",
    "references",
    "returning",
    "right",
    "row",
    "select",
    "session_user",
    "setof",
    "similar",
    "smallint",
    "some",
    "substring",
    "symmetric",
    "system_user",
    "table",
    "tablesample",
    "then",
    "time",
    "timestamp",
    "to",
    "trailing",
    "treat",
    "trim",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "values",
    "varchar",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
    "xmlattributes",
    "xmlconcat",
    "xmlelement",
    "xmlexists",
    "xmlforest",
    "xmlnamespaces",
    "xmlparse",
    "xmlpi",
    "xmlroot",
    "xmlserialize",
    "xmltable",
];

/// A name as SQL.
pub fn ident(name: &Ident) -> String {
    let text = name.as_str();
    let plain = text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && KEYWORDS.binary_search(&text).is_err();
    if plain { text.to_owned() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}

/// A text as an SQL literal. With `standard_conforming_strings` on, which the script sets, only quotes are special; a
/// backslash gets the escape form, which reads the same either way.
pub fn literal(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    if text.contains('\\') { format!("E'{}'", doubled.replace('\\', "\\\\")) } else { format!("'{doubled}'") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads a quoted identifier back, as the server would.
    fn parse(sql: &str) -> Option<String> {
        match sql.strip_prefix('"') {
            None => Some(sql.to_owned()),
            Some(rest) => {
                let inner = rest.strip_suffix('"')?;
                let unquoted = inner.replace("\"\"", "\0");
                (!unquoted.contains('"')).then(|| unquoted.replace('\0', "\""))
            }
        }
    }

    proptest! {
        #[test]
        fn a_quoted_name_reads_back_as_itself(name in "[^\0]{1,20}") {
            prop_assert_eq!(parse(&ident(&Ident::new(name.as_str()))), Some(name));
        }

        #[test]
        fn a_literal_never_ends_early(text in "[^\0]{0,20}") {
            let sql = literal(&text);
            let inner = sql.trim_start_matches('E').strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
            prop_assert!(inner.is_some_and(|inner| !inner.replace("''", "").contains('\'')));
        }
    }

    #[test]
    fn the_keywords_are_sorted() {
        assert!(KEYWORDS.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn only_names_that_need_it_are_quoted() {
        let quoted = |name: &str| ident(&Ident::new(name));
        assert_eq!(quoted("client_id"), "client_id");
        assert_eq!(quoted("user"), "\"user\"");
        assert_eq!(quoted("Übung"), "\"Übung\"");
        assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
        assert_eq!(quoted("2fa"), "\"2fa\"");
    }
}
