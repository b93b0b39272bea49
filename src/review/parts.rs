//! What stands behind the steps of a plan, a sentence each: the page prints these, the saved plan holds them.

use super::Reviewed;
use super::words::{one_line, place, table};
use crate::catalog::{ColumnId, KeyId, TableId};
use crate::plan::CaptureReason;
use crate::resolve::{Condition, Reach};

/// Which rows block, for the guard of this index.
pub(super) fn guarded(reviewed: &Reviewed<'_>, index: usize) -> String {
    let Reviewed { policy, catalog, plan, .. } = reviewed;
    let resolved = policy.guards.get(index);
    let whose = match resolved.map(|guard| &guard.reach) {
        Some(Reach::OwnRow) => "the subject's own row in",
        Some(Reach::Paths(_) | Reach::Cascade(_)) => "the subject's rows of",
        Some(Reach::Parents(_)) => "rows that the subject's rows reference, of",
        Some(Reach::Condition | Reach::EveryRow) | None => "rows of",
    };
    let name = plan.guards.get(index).map_or_else(String::new, |guard| table(catalog, guard.table));
    let condition = resolved.and_then(|guard| guard.condition.as_ref());
    format!("{whose} {name}{}", condition.map_or_else(String::new, |it| format!(" {}", narrowed(it))))
}

/// Columns whose old values must not be found afterwards.
pub(super) fn gone(reviewed: &Reviewed<'_>) -> Vec<String> {
    let Reviewed { catalog, plan, .. } = reviewed;
    let values = plan.gone.iter().flat_map(|gone| &gone.values);
    let name = |column: Option<(TableId, ColumnId)>| match column {
        None => ":subject".to_owned(),
        Some((table, column)) => catalog.spelled(table, column),
    };
    values.map(|values| name(values.column)).collect()
}

/// References that must not be found.
pub(super) fn expected(reviewed: &Reviewed<'_>) -> Vec<String> {
    let Reviewed { file, catalog, plan, .. } = reviewed;
    let expected = plan.expected.iter();
    expected
        .map(|none| {
            format!(
                "no row of {} by {} ({})",
                table(catalog, none.table),
                key(reviewed, none.key),
                place(file, none.origin)
            )
        })
        .collect()
}

/// Which rows of their table the virtual keys mean, where not all.
pub(super) fn virtual_keys(reviewed: &Reviewed<'_>) -> Vec<String> {
    let conditions = reviewed.plan.virtual_conditions.iter();
    conditions
        .map(|(id, condition)| {
            let child = reviewed.catalog.key(*id).child.bare();
            format!("{child} by {}: only {}", key(reviewed, *id), narrowed(condition))
        })
        .collect()
}

/// Tables whose rows cascades follow in circles.
pub(super) fn closures(reviewed: &Reviewed<'_>) -> Vec<String> {
    let Reviewed { catalog, plan, .. } = reviewed;
    let closures = plan.closures.iter().map(|closure| {
        let members = closure.members.iter();
        let names: Vec<_> = members.clone().map(|member| table(catalog, member.table)).collect();
        let mut keys: Vec<_> = members.flat_map(|member| &member.follows).map(|follow| follow.key).collect();
        keys.sort();
        keys.dedup();
        let keys: Vec<_> = keys.into_iter().map(|id| key(reviewed, id)).collect();
        format!("rows of {} are followed to their end and locked, by {}", names.join(", "), keys.join(", "))
    });
    closures.collect()
}

/// Tables whose rows are remembered before the first change, and why.
pub(super) fn captures(reviewed: &Reviewed<'_>) -> Vec<String> {
    let captures = reviewed.plan.captures.iter().map(|capture| {
        let why = match capture.reason {
            CaptureReason::SeveralRules => "several rules change it, and each row is decided once",
            CaptureReason::Shared => "rows that others reference too are told from the rest, once",
            CaptureReason::Disturbed => "other steps change what its scope reads",
            CaptureReason::Circle => "steps read each other's rows in a circle",
            CaptureReason::Trigger => "a trigger could hide what it did to its rows",
        };
        format!("rows of {} are remembered by key first: {why}", table(reviewed.catalog, capture.table))
    });
    captures.collect()
}

/// Keys whose check is put off.
pub(super) fn deferred(reviewed: &Reviewed<'_>) -> Vec<String> {
    let deferred = reviewed.plan.deferred.iter().map(|id| {
        let child = reviewed.catalog.key(*id).child.bare();
        format!("the check of {} of {child} is put off to the end of the steps", key(reviewed, *id))
    });
    deferred.collect()
}

fn key(reviewed: &Reviewed<'_>, id: KeyId) -> String {
    format!("`{}`", reviewed.catalog.key(id).name.bare())
}

fn narrowed(condition: &Condition) -> String {
    format!("where {}", one_line(&condition.fragment.text))
}
