//! Which values must not be found afterwards, and where are they looked for?
//!
//! In every table that the run changes, with all of its rows, and in those that the triggers which it fires mention: a
//! history table may have been given the old values by this very run. The other tables of the policy, whose rows all stay,
//! are looked through in rehearsals.

use std::collections::BTreeSet;

use super::model::{FiredTrigger, Gone, GonePlace, GoneValues, Predicate, Step, StepAction};
use super::scopes::Scopes;
use super::steps::merge;
use crate::catalog::{Catalog, ColumnId, TableId};
use crate::pgtype::PgType;
use crate::resolve::{ResolvedGone, ResolvedPolicy, RowAction};

/// Finds them; none where the policy names no values.
pub(super) fn find(
    policy: &ResolvedPolicy,
    catalog: &Catalog,
    steps: &[Step],
    scopes: &Scopes,
    fired: &[FiredTrigger],
) -> Option<Gone> {
    if policy.gone.is_empty() {
        return None;
    }
    let uuids = policy
        .gone
        .iter()
        .filter_map(|gone| gone.column)
        .any(|(table, column)| matches!(catalog.table(table).column_at(column).ty.element(), PgType::Uuid));
    let own = steps.iter().map(|step| step.table);
    let following = steps.iter().flat_map(|step| step.followers().map(|(follower, _)| follower.table));
    let mentioned = fired.iter().flat_map(|trigger| &trigger.mentions).filter_map(|name| catalog.table_id(name));
    let searched: BTreeSet<TableId> = own.chain(following).chain(mentioned).collect();
    let decided: BTreeSet<TableId> = policy.rules.iter().map(|rule| rule.table).collect();
    let place = |table: TableId| {
        let columns = columns(catalog, table, uuids);
        (!columns.is_empty()).then(|| GonePlace {
            table,
            columns,
            reached: reached(policy, steps, scopes, table),
            written: policy.subject.table() != Some(table),
        })
    };
    Some(Gone {
        values: policy.gone.iter().map(|gone| values(gone, steps)).collect(),
        places: searched.iter().copied().filter_map(place).collect(),
        further: decided.difference(&searched).copied().filter_map(place).collect(),
    })
}

/// The rows of which a step takes the values away.
fn values(gone: &ResolvedGone, steps: &[Step]) -> GoneValues {
    let of_column = |(table, column): (TableId, ColumnId)| {
        let own = steps.iter().filter(move |step| step.table == table);
        own.filter_map(move |step| match &step.action {
            StepAction::Delete => Some((step.rows.clone(), None)),
            StepAction::Change(changes) => {
                let change = changes.iter().find(|change| change.column == column)?;
                Some((step.rows.clone(), Some(change.clone())))
            }
        })
    };
    GoneValues {
        column: gone.column,
        rows: gone.column.into_iter().flat_map(of_column).collect(),
        anywhere: gone.anywhere,
        origin: gone.origin,
    }
}

/// The rows of a table that the plan has reached and that stay: those that its steps change, found as the verification
/// finds them, and those that its rules keep, as far as the steps have left the way to them. In the subjects' own table it
/// is their own rows.
fn reached(policy: &ResolvedPolicy, steps: &[Step], scopes: &Scopes, table: TableId) -> Predicate {
    if policy.subject.table() == Some(table) {
        return Predicate::Subject;
    }
    let changed = steps.iter().filter(|step| step.table == table && step.action != StepAction::Delete);
    let kept = policy.rules_of(table).filter(|(_, rule)| matches!(rule.action, RowAction::Keep(_)));
    let kept = kept.filter_map(|(id, _)| scopes.whole.get(id.0).cloned().flatten());
    merge(changed.map(|step| step.rows.clone()).chain(kept))
}

/// The columns in which a text could stand that says something about somebody.
fn columns(catalog: &Catalog, table: TableId, uuids: bool) -> Vec<ColumnId> {
    let columns = catalog.table(table).columns.iter().enumerate();
    let searched =
        columns.filter(|(_, column)| may_hold(&column.ty) || (uuids && *column.ty.element() == PgType::Uuid));
    searched.map(|(index, _)| ColumnId(index)).collect()
}

/// Whether values of a type may hold a text.
fn may_hold(ty: &PgType) -> bool {
    match ty {
        PgType::Text { .. }
        | PgType::Char { .. }
        | PgType::Citext
        | PgType::Name
        | PgType::Json
        | PgType::Jsonb
        | PgType::Bytea
        | PgType::Composite { .. }
        | PgType::Other { .. } => true,
        PgType::Array { of, .. } => may_hold(of),
        PgType::SmallInt
        | PgType::Integer
        | PgType::BigInt
        | PgType::Numeric { .. }
        | PgType::Real
        | PgType::Double
        | PgType::Boolean
        | PgType::Date
        | PgType::Time
        | PgType::Timestamp
        | PgType::Timestamptz
        | PgType::Interval
        | PgType::Uuid
        | PgType::Inet
        | PgType::Cidr
        | PgType::Enum { .. }
        | PgType::Bit { .. }
        | PgType::VarBit { .. }
        | PgType::Range { .. } => false,
    }
}
