//! May a change bring a row into a partial index?
//!
//! It may, unless a part of the predicate that must hold shows that it can't. Whatever else a predicate says is left to
//! the server, and the change is refused here.

use super::{Effect, NewValue};
use crate::catalog::{Table, UniqueIndex};
use crate::ident::Ident;
use crate::pgtype::PgType;

/// Whether a change of this column, which the index's predicate reads, may bring a row into the index.
pub(super) fn may_enter(table: &Table, index: &UniqueIndex, name: &Ident, effect: &Effect<'_>) -> bool {
    let Some(column) = table.column(name).filter(|_| effect.generated.is_none()) else { return true };
    let predicate = index.definition.split_once(" WHERE ").map_or("", |(_, predicate)| predicate);
    // Other texts may be equal in other types: `1` and `1.0`, `a` and `A` in citext.
    let exact = matches!(column.ty, PgType::Text { .. } | PgType::Enum { .. });
    let parts = conjuncts(predicate);
    // What makes something of something and leaves NULL alone doesn't move a row over such a test.
    let stays = leaves_null_alone(&effect.change.value) && parts.iter().all(|part| tests_for_null_at_most(part, name));
    !stays && !parts.iter().any(|part| excludes(part, name, exact, &effect.change.value))
}

/// Whether a condition asks no more of a column than whether it is NULL.
fn tests_for_null_at_most(part: &str, name: &Ident) -> bool {
    let quoted = quoted(name);
    let names = [name.as_str(), &quoted];
    let bare = |test: &str| names.iter().any(|name| part.strip_prefix(name).is_some_and(|rest| rest == test));
    // A longer name with this one in it is taken for it, which errs towards refusing.
    !names.iter().any(|name| part.contains(name)) || bare(" IS NULL") || bare(" IS NOT NULL")
}

/// As PostgreSQL prints names: quoted where they wouldn't be read back.
fn quoted(name: &Ident) -> String {
    format!("\"{}\"", name.as_str().replace('"', "\"\""))
}

/// Whether NULL stays NULL with a new value, and nothing else becomes NULL.
fn leaves_null_alone(value: &NewValue) -> bool {
    match value {
        NewValue::Random(_) | NewValue::Derived(_) => true,
        NewValue::Null | NewValue::Default | NewValue::Literal(_) | NewValue::StandIn(_) | NewValue::Expression(_) => {
            false
        }
    }
}

/// Whether a condition that has to hold can't hold with the new value of its column, unless it held before.
fn excludes(part: &str, name: &Ident, exact: bool, value: &NewValue) -> bool {
    let quoted = quoted(name);
    let (negated, test) = part.strip_prefix("NOT ").map_or((false, part), |rest| (true, rest));
    let Some(rest) = [name.as_str(), &quoted].into_iter().find_map(|name| {
        let cast = test.strip_prefix(&format!("({name})::text"));
        cast.or_else(|| test.strip_prefix(name))
    }) else {
        return false;
    };
    match (rest, value) {
        ("", NewValue::Null) => true,
        ("", NewValue::Literal(text)) => text == if negated { "true" } else { "false" },
        (_, _) if negated => false,
        (" IS NULL", value) => is_never_null(value),
        (" IS NOT NULL", value) => *value == NewValue::Null,
        (rest, value) => match (rest.strip_prefix(" = ").and_then(literal), value) {
            (Some(_), NewValue::Null) => true,
            (Some(wanted), NewValue::Literal(text)) => exact && wanted != *text,
            (_, _) => false,
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

/// Whether a new value is certainly something, or the column was NULL before.
fn is_never_null(value: &NewValue) -> bool {
    match value {
        NewValue::Literal(_) | NewValue::StandIn(_) | NewValue::Random(_) | NewValue::Derived(_) => true,
        NewValue::Expression(expression) => {
            let text = expression.fragment.text.trim().to_lowercase();
            let last = text.strip_prefix("coalesce(").and_then(|rest| rest.strip_suffix(')'));
            let last = last.and_then(|arguments| arguments.rsplit_once(',')).map_or(text.as_str(), |(_, last)| last);
            ["now()", "clock_timestamp()", "statement_timestamp()", "transaction_timestamp()"].contains(&last.trim())
                || ["current_timestamp", "current_date", "localtimestamp", "true", "false"].contains(&last.trim())
        }
        // A default may be NULL however it is written.
        NewValue::Null | NewValue::Default => false,
    }
}

/// The conditions that all have to hold, without the parentheses around each, of a predicate as PostgreSQL prints it.
fn conjuncts(predicate: &str) -> Vec<&str> {
    let whole = bare(predicate.trim());
    let (mut depth, mut quote) = (0_usize, None);
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, c) in whole.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            (None, ' ') if depth == 0 && whole[at..].starts_with(" AND ") => {
                parts.push(bare(&whole[start..at]));
                start = at + " AND ".len();
            }
            (None, _) => {}
        }
    }
    parts.push(bare(&whole[start..]));
    parts
}

/// Without the one pair of parentheses around the whole.
fn bare(sql: &str) -> &str {
    let Some(inner) = sql.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) else { return sql };
    let (mut depth, mut quote) = (0_usize, None);
    for c in inner.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') if depth == 0 => return sql,
            (None, ')') => depth -= 1,
            (None, _) => {}
        }
    }
    inner
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stays_out(predicate: &str, column: &str, value: &NewValue) -> bool {
        conjuncts(predicate).iter().any(|part| excludes(part, &Ident::from(column), true, value))
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
        let at_most = |part: &str, column: &str| tests_for_null_at_most(part, &Ident::from(column));
        assert!(at_most("email IS NOT NULL", "email") && at_most("\"E\" IS NULL", "E"));
        assert!(at_most("deleted_at IS NULL", "email"));
        assert!(!at_most("email <> ''::text", "email") && !at_most("lower(email) IS NOT NULL", "email"));
        assert!(!at_most("(a IS NULL) OR (email IS NULL)", "email"));
        assert!(!at_most("\"a\"\"b\" = 1", "a\"b"));
    }
}
