//! Do pseudonyms keep the rows of a unique index apart?
//!
//! Different values become different pseudonyms, so a key that was unique stays so where all rows of the table change alike:
//! in a masked copy. Where some rows stay as they are, or were pseudonymised by an earlier run, one of them may have the
//! pseudonym already: a client who signed up again with the same address.

use super::{effect, keeps_distinct};
use crate::catalog::{Table, UniqueIndex};
use crate::pgtype::PgType;
use crate::resolve::model::{ColumnChange, Derived, NewValue, ResolvedPolicy, ResolvedRule, Subject};

/// Whether a rule changes every row of its table.
pub(super) fn is_whole(policy: &ResolvedPolicy, rule: &ResolvedRule) -> bool {
    let only = policy.rules_of(rule.table).count() == 1;
    only && policy.subject == Subject::EveryRow && rule.condition.is_none()
}

/// Whether keys that differ do so afterwards, when every row of the table changes so.
pub(super) fn keeps_apart(table: &Table, index: &UniqueIndex, changes: &[ColumnChange]) -> bool {
    let of = |name| effect(table, changes, name);
    // Rows that come into a partial index were never compared.
    if index.predicate_columns.iter().any(|name| of(name).is_some()) {
        return false;
    }
    let distinct = |change: &ColumnChange| match &change.value {
        NewValue::Derived(Derived::Pseudonym(generator)) => generator.is_unique(),
        _ => false,
    };
    let plain = index.columns.iter().filter_map(of).all(|effect| effect.faithful && distinct(effect.change));
    // In other types than text, values with different texts may be equal, and one expression may tell them apart.
    let exact = |change: &ColumnChange| {
        matches!(table.column_at(change.column).ty, PgType::Text { .. } | PgType::Char { .. }) && distinct(change)
    };
    let mut computed = index.expression_columns.iter().filter_map(of).peekable();
    plain
        && (computed.peek().is_none()
            || (keeps_distinct(&index.definition) && computed.all(|effect| effect.faithful && exact(effect.change))))
}
