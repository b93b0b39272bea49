//! Would two rows get equal values under a unique index?
//!
//! A column under a unique index takes a decision that is unique by construction: a generator of at least 64 random
//! bits, or NULL where the index lets NULLs be distinct. Any key column with such a value makes the whole key unique.

mod document;
mod predicate;
mod pseudonym;

use std::collections::BTreeSet;

use super::model::{ColumnChange, NewValue, ResolvedPolicy, RowAction};
use super::words;
use crate::catalog::{Catalog, Column, Generated, Table, UniqueIndex};
use crate::diagnostic::Report;
use crate::ident::Ident;

/// Reports changes under unique indexes that could collide.
pub(super) fn check(policy: &ResolvedPolicy, catalog: &Catalog, report: &mut Report) {
    for rule in &policy.rules {
        let RowAction::Change { changes, .. } = &rule.action else { continue };
        let table = catalog.table(rule.table);
        let whole = pseudonym::is_whole(policy, rule);
        for index in &table.unique {
            if whole && pseudonym::keeps_apart(table, index, changes) {
                continue;
            }
            let touching = document::touching(table, index, changes);
            if document::keys_go(table, index, changes) {
                continue;
            }
            if let Some((change, how)) = collides(catalog, table, index, &touching) {
                report.push(words::not_unique(table, index, change, how));
            }
        }
    }
}

/// How a change may make two keys of an index equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Collision<'a> {
    /// A key column takes a value that others may have.
    Value,
    /// This key column is generated from the column that changes.
    Generated(&'a Column),
    /// The row comes into a partial index with the key that it has.
    Enters,
}

/// The first change that may make two keys of the index equal.
pub(super) fn collides<'a>(
    catalog: &Catalog,
    table: &'a Table,
    index: &'a UniqueIndex,
    changes: &'a [ColumnChange],
) -> Option<(&'a ColumnChange, Collision<'a>)> {
    let of = |name: &Ident| effect(table, changes, name);
    let Some(first) = index.columns.iter().chain(&index.expression_columns).find_map(of) else {
        // Nothing of the key changes, but a row that wasn't in a partial index may come into it.
        let enters = index.predicate_columns.iter().filter_map(|name| Some((name, of(name)?)));
        let mut enters = enters.filter(|(name, effect)| predicate::may_enter(table, index, name, effect));
        return enters.next().map(|(_, effect)| (effect.change, Collision::Enters));
    };
    let read = || index.columns.iter().chain(&index.expression_columns).chain(&index.predicate_columns);
    // A NULL that stays is as distinct from the others as it was, where nothing else of its key changes.
    let alone = read().filter(|name| of(name).is_some()).collect::<BTreeSet<_>>().len() == 1;
    let nulls_apart = alone || !index.nulls_not_distinct;
    let distinct = |name: &Ident| {
        of(name).is_some_and(|effect| {
            is_distinct(catalog, table, index, &effect) && (nulls_apart || !effect.change.keeps_null)
        })
    };
    let plain = index.columns.iter().any(distinct);
    let computed = keeps_distinct(&index.definition) && index.expression_columns.iter().any(distinct);
    let how = first.generated.map_or(Collision::Value, Collision::Generated);
    if plain || computed { None } else { Some((first.change, how)) }
}

/// What a rule's changes do to one column: its own change, or that of a column that it is generated from.
pub(super) struct Effect<'a> {
    change: &'a ColumnChange,
    generated: Option<&'a Column>,
    /// Whether the column takes the change's value, or one that differs where the change's does: not just any.
    faithful: bool,
}

fn effect<'a>(table: &'a Table, changes: &'a [ColumnChange], name: &Ident) -> Option<Effect<'a>> {
    let column = table.column(name)?;
    let Generated::Expression { sql, from } = &column.generated else {
        let change = changes.iter().find(|change| table.column_at(change.column).name == *name)?;
        return Some(Effect { change, generated: None, faithful: true });
    };
    // In the order of the file, like every other finding.
    let change = changes.iter().find(|change| from.contains(&table.column_at(change.column).name))?;
    Some(Effect { change, generated: Some(column), faithful: from.len() == 1 && maps_distinct(sql) })
}

/// Whether the new value differs from every other row's.
fn is_distinct(catalog: &Catalog, table: &Table, index: &UniqueIndex, effect: &Effect<'_>) -> bool {
    effect.faithful
        && match &effect.change.value {
            NewValue::Null => !index.nulls_not_distinct,
            NewValue::Random(generator) => generator.is_unique(),
            NewValue::Default => {
                let default = catalog.default_of(table.column_at(effect.change.column)).unwrap_or_default();
                ["nextval(", "gen_random_uuid(", "uuid_generate_v"].iter().any(|source| default.contains(source))
            }
            // Equal values become equal pseudonyms: whether that is no matter is `pseudonym`'s question.
            NewValue::Derived(_) => false,
            NewValue::Literal(_) | NewValue::StandIn(_) | NewValue::Expression(_) => false,
        }
}

/// Whether the index's expressions map different generated values to different keys and NULL to NULL: `lower`, `upper`
/// and `btrim` do; of anything else we don't know.
fn keeps_distinct(definition: &str) -> bool {
    let body = definition.split_once(" USING ").map_or(definition, |(_, body)| body);
    maps_distinct(body.split(" WHERE ").next().unwrap_or(body))
}

/// The same of an expression alone.
fn maps_distinct(body: &str) -> bool {
    let called = body.match_indices('(').filter_map(|(at, _)| {
        let before = &body[..at];
        let start = before.rfind(|c: char| !(c.is_alphanumeric() || "_.\"".contains(c))).map_or(0, |at| at + 1);
        (start < at).then(|| &before[start..])
    });
    let harmless = |name: &str| matches!(name, "lower" | "upper" | "btrim" | "varying");
    let operators = ["||", "->", "#>", " + ", " - ", "CASE ", "COALESCE("].iter().any(|op| body.contains(op));
    !operators && called.into_iter().all(harmless)
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
