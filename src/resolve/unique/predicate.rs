//! Does a new value keep a row out of a partial index?
//!
//! It does where a part of the predicate that must hold can't hold with it. Whatever else a predicate says is left to the
//! server.

use super::definition::{parenthesized, split_at_word};
use crate::catalog::Column;
use crate::ident::Ident;
use crate::pgtype::PgType;
use crate::resolve::known::Known;
use crate::resolve::model::NewValue;

/// Whether rows that take a new value for this column are never in the index.
pub(super) fn keeps_out(predicate: &str, column: &Column, value: &NewValue, known: Known) -> bool {
    conjuncts(predicate).iter().any(|part| excludes(part, column, value, known))
}

/// Whether a predicate asks no more of a column than whether it is NULL.
pub(super) fn asks_at_most_for_null(predicate: &str, name: &Ident) -> bool {
    let names = [name.as_str().to_owned(), quoted(name.as_str())];
    conjuncts(predicate).iter().all(|part| {
        let tests = |test: &str| names.iter().any(|name| part.strip_prefix(name.as_str()) == Some(test));
        // A longer name with this one in it is taken for it, which errs towards refusing.
        !mentions(part, name) || tests(" IS NULL") || tests(" IS NOT NULL")
    })
}

/// Whether NULL stays NULL with a new value, and nothing else becomes NULL.
pub(super) fn leaves_null_alone(value: &NewValue) -> bool {
    match value {
        NewValue::Random(_) | NewValue::Derived(_) => true,
        NewValue::Null | NewValue::Default | NewValue::Literal(_) | NewValue::StandIn(_) | NewValue::Expression(_) => {
            false
        }
    }
}

/// Whether a name stands in some SQL that the server has printed.
pub(super) fn mentions(sql: &str, name: &Ident) -> bool {
    sql.contains(name.as_str()) || sql.contains(&quoted(name.as_str()))
}

/// As PostgreSQL prints names: quoted where they wouldn't be read back.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Whether a condition that has to hold can't hold with the new value of its column.
fn excludes(part: &str, column: &Column, value: &NewValue, known: Known) -> bool {
    // Other texts may be equal in other types (`1` and `1.0`, `a` and `A` in citext), and in collations that say so.
    let exact = matches!(column.ty, PgType::Text { .. } | PgType::Enum { .. }) && !column.nondeterministic;
    let name = column.name.as_str();
    let quoted = quoted(name);
    let (negated, test) = part.strip_prefix("NOT ").map_or((false, part), |rest| (true, rest));
    let Some(rest) = [name, &quoted].into_iter().find_map(|name| {
        let cast = test.strip_prefix(&format!("({name})::text"));
        cast.or_else(|| test.strip_prefix(name))
    }) else {
        return false;
    };
    match (rest, value) {
        ("", NewValue::Literal(text)) => text == if negated { "true" } else { "false" },
        // NULL is no reason to be in, negated or not.
        ("", _) => known.null,
        (_, _) if negated => false,
        (" IS NULL", _) => known.some,
        (" IS NOT NULL", _) => known.null,
        (rest, value) => match (rest.strip_prefix(" = ").and_then(literal), value) {
            (Some(wanted), NewValue::Literal(text)) => exact && wanted != *text,
            (Some(_), _) => known.null,
            (None, _) => false,
        },
    }
}

/// The text of a literal that stands alone: `'closed'::text`.
fn literal(sql: &str) -> Option<String> {
    let mut text = String::new();
    let mut rest = sql.strip_prefix('\'')?;
    loop {
        let (before, after) = rest.split_once('\'')?;
        text.push_str(before);
        match after.strip_prefix('\'') {
            Some(more) => {
                text.push('\'');
                rest = more;
            }
            None => {
                let plain = |c: char| c.is_alphanumeric() || "_:. \"".contains(c);
                return (after.starts_with("::") && after.chars().all(plain)).then_some(text);
            }
        }
    }
}

/// The conditions that all have to hold, without the parentheses around each, of a predicate as PostgreSQL prints it.
fn conjuncts(predicate: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = bare(predicate);
    while let Some((part, behind)) = split_at_word(rest, " AND ") {
        parts.push(bare(part));
        rest = behind;
    }
    parts.push(bare(rest));
    parts
}

/// Without the parentheses around the whole.
fn bare(sql: &str) -> &str {
    match parenthesized(sql.trim()) {
        Some((inner, "")) => bare(inner),
        _ => sql.trim(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Generated;

    fn stays_out(predicate: &str, name: &str, value: &NewValue) -> bool {
        let column = Column {
            name: name.into(),
            type_sql: "text".into(),
            ty: PgType::Text { limit: None },
            domains: Vec::new(),
            nondeterministic: false,
            not_null: false,
            not_null_in_part: false,
            default: None,
            generated: Generated::No,
        };
        let null = *value == NewValue::Null;
        let known = Known { null, some: !null && *value != NewValue::Default, ..Known::default() };
        keeps_out(predicate, &column, value, known)
    }

    #[test]
    fn conditions_that_must_all_hold_are_told_apart() {
        assert_eq!(
            conjuncts("((deleted_at IS NULL) AND ((note)::text = ') AND ('::text) AND ((a = 1) OR (b = 2)))"),
            ["deleted_at IS NULL", "(note)::text = ') AND ('::text", "(a = 1) OR (b = 2)"]
        );
        assert_eq!(conjuncts("active"), ["active"]);
        assert_eq!(conjuncts("(a = 1) OR (b = 2)"), ["(a = 1) OR (b = 2)"]);
    }

    #[test]
    fn only_a_condition_that_cannot_hold_keeps_a_row_out() {
        let literal = |text: &str| NewValue::Literal(text.into());
        let closed = "((status)::text = 'closed'::text)";
        assert!(stays_out(closed, "status", &literal("open")) && stays_out(closed, "status", &NewValue::Null));
        assert!(!stays_out(closed, "status", &literal("closed")));
        assert!(!stays_out("(status <> 'closed'::text)", "status", &literal("open")));
        assert!(!stays_out("((status = 'a'::text) OR (status = 'b'::text))", "status", &literal("c")));
        assert!(!stays_out("(status = ANY (ARRAY['a'::text, 'b'::text]))", "status", &literal("c")));
        assert!(!stays_out("(status = ('closed'::text || kind))", "status", &literal("c")));
        assert!(stays_out("(deleted_at IS NULL)", "deleted_at", &literal("2024-01-01")));
        assert!(!stays_out("(deleted_at IS NULL)", "deleted_at", &NewValue::Default));
        assert!(stays_out("((a = 1) AND (\"Gone\" IS NOT NULL))", "Gone", &NewValue::Null));
        assert!(!stays_out("(gone_by IS NULL)", "gone", &literal("x")));
        assert!(stays_out("active", "active", &literal("false")) && !stays_out("active", "active", &literal("true")));
        assert!(stays_out("(NOT closed)", "closed", &literal("true")));
        assert!(!stays_out("(NOT (closed IS NULL))", "closed", &literal("true")));
    }

    #[test]
    fn a_test_for_null_is_told_from_everything_else_that_reads_the_column() {
        let at_most = |part: &str, column: &str| asks_at_most_for_null(part, &Ident::from(column));
        assert!(at_most("(email IS NOT NULL)", "email") && at_most("(\"E\" IS NULL)", "E"));
        assert!(at_most("((deleted_at IS NULL) AND active)", "email"));
        assert!(!at_most("(email <> ''::text)", "email") && !at_most("(lower(email) IS NOT NULL)", "email"));
        assert!(!at_most("((a IS NULL) OR (email IS NULL))", "email"));
        assert!(!at_most("(\"a\"\"b\" = 1)", "a\"b"));
    }
}
