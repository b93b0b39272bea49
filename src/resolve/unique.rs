//! Would two rows get equal values under a unique index?
//!
//! A column under a unique index takes a decision that is unique by construction: a generator of at least 64 random
//! bits, or NULL where the index lets NULLs be distinct. Any key column with such a value makes the whole key unique.

use super::model::{ColumnChange, NewValue, ResolvedPolicy, ResolvedRule, RowAction};
use super::words;
use crate::catalog::{Catalog, Table, UniqueIndex};
use crate::diagnostic::Report;
use crate::ident::Ident;

/// Reports changes under unique indexes that could collide.
pub(super) fn check(policy: &ResolvedPolicy, catalog: &Catalog, report: &mut Report) {
    for rule in &policy.rules {
        let RowAction::Change { changes, .. } = &rule.action else { continue };
        let table = catalog.table(rule.table);
        for index in &table.unique {
            if let Some(change) = collides(catalog, rule, table, index, changes) {
                report.push(words::not_unique(table, index, change));
            }
        }
    }
}

/// The first change that may make two keys of the index equal.
fn collides<'a>(
    catalog: &Catalog,
    rule: &'a ResolvedRule,
    table: &Table,
    index: &UniqueIndex,
    changes: &'a [ColumnChange],
) -> Option<&'a ColumnChange> {
    let of = |name: &Ident| table.column_id(name).and_then(|id| rule.change_of(id));
    let mut key = index.columns.iter().chain(&index.expression_columns).filter_map(of);
    let Some(first) = key.next() else {
        // Nothing of the key changes, but a row that wasn't in a partial index may come into it.
        return changes.iter().find(|change| enters(table, index, change));
    };
    let plain = index.columns.iter().filter_map(of).any(|change| is_distinct(catalog, table, index, change));
    let computed = !index.expression_columns.is_empty()
        && keeps_distinct(&index.definition)
        && index.expression_columns.iter().filter_map(of).any(|change| is_distinct(catalog, table, index, change));
    if plain || computed { None } else { Some(first) }
}

/// Whether the new value differs from every other row's.
fn is_distinct(catalog: &Catalog, table: &Table, index: &UniqueIndex, change: &ColumnChange) -> bool {
    match &change.value {
        NewValue::Null => !index.nulls_not_distinct,
        NewValue::Random(generator) => generator.is_unique(),
        NewValue::Default => {
            let default = catalog.default_of(table.column_at(change.column)).unwrap_or_default();
            ["nextval(", "gen_random_uuid(", "uuid_generate_v"].iter().any(|source| default.contains(source))
        }
        NewValue::Literal(_) | NewValue::Expression(_) => false,
    }
}

/// Whether the index's expressions map different generated values to different keys and NULL to NULL: `lower`, `upper`
/// and `btrim` do; of anything else we don't know.
fn keeps_distinct(definition: &str) -> bool {
    let body = definition.split_once(" USING ").map_or(definition, |(_, body)| body);
    let body = body.split(" WHERE ").next().unwrap_or(body);
    let called = body.match_indices('(').filter_map(|(at, _)| {
        let before = &body[..at];
        let start = before.rfind(|c: char| !(c.is_alphanumeric() || "_.\"".contains(c))).map_or(0, |at| at + 1);
        (start < at).then(|| &before[start..])
    });
    let harmless = |name: &str| matches!(name, "lower" | "upper" | "btrim" | "varying");
    let operators = ["||", "->", "#>", " + ", " - ", "CASE ", "COALESCE("].iter().any(|op| body.contains(op));
    !operators && called.into_iter().all(harmless)
}

/// Whether a change of a column that the index's predicate reads brings rows into the index. Only the two forms that
/// soft deletion uses are told apart; the server still refuses a real collision.
fn enters(table: &Table, index: &UniqueIndex, change: &ColumnChange) -> bool {
    let name = &table.column_at(change.column).name;
    if !index.predicate_columns.contains(name) {
        return false;
    }
    let predicate = index.definition.split_once(" WHERE ").map_or("", |(_, predicate)| predicate);
    match change.value {
        NewValue::Null => predicate.contains(&format!("({} IS NULL)", name.as_str())),
        NewValue::Default | NewValue::Literal(_) | NewValue::Expression(_) | NewValue::Random(_) => {
            predicate.contains(&format!("({} IS NOT NULL)", name.as_str()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::keeps_distinct;

    #[test]
    fn only_expressions_that_keep_values_apart_count() {
        let index = |expression: &str| format!("CREATE UNIQUE INDEX i ON public.users USING btree ({expression})");
        assert!(keeps_distinct(&index("lower((email)::text)")));
        assert!(keeps_distinct(&format!("{} WHERE (left(note, 3) = 'a'::text)", index("club_id, lower(email)"))));
        assert!(!keeps_distinct(&index("\"left\"(email, 3)")));
        assert!(!keeps_distinct(&index("COALESCE(email, ''::text)")));
        assert!(!keeps_distinct(&index("split_part(email, '@'::text, 2)")));
    }
}
