//! Which parents are somebody else's, too?

use super::after::change;
use super::model::Cell;
use super::rules::{Action, Case, Decision, IfShared, Reach, Rule};
use super::scope::{Fates, RowId, is_somebody_else};

/// Whether a row that stays references a parent that is to go, or a row of nobody's one that is to change.
pub fn is_shared(case: &Case, fates: &Fates<'_>, (table, place): RowId) -> bool {
    let world = &case.world;
    let goes = fates.is_deleted((table, place));
    let into = world.keys.iter().enumerate().filter(|(_, key)| key.parent == table);
    into.flat_map(|(id, key)| (0..world.tables[key.child].rows.len()).map(move |row| (id, (key.child, row)))).any(
        |(id, child)| {
            let row = &world.tables[child.0].rows[child.1];
            let holds_on = || {
                let now = change(case, child, fates.rule(child));
                let is_same = |&column: &usize| now[column] == Cell::Known(row[column].clone());
                world.keys[id].child_columns.iter().all(is_same)
            };
            // A parent that others need needs its own parents for them.
            let lets_go = |rule: &Rule| {
                let mut decisions = world.keys[id].child_columns.iter().map(|&column| rule.action.decision(column));
                let is_empty =
                    |decision: Option<&Decision>| matches!(decision, Some(Decision::Null | Decision::Default));
                decisions.clone().any(|it: Option<&Decision>| matches!(it, Some(Decision::Reassign(_))))
                    || decisions.all(is_empty)
            };
            // Whoever is moved to the row where they are already has been decided about.
            let is_outside = || {
                let own = fates.rule(child);
                own.is_none_or(|rule| is_somebody_else(case, child) && holds_on() && !lets_go(rule))
            };
            let stays = || !fates.is_deleted(child) && if goes { holds_on() } else { is_outside() };
            world.parents(id, row).contains(&place) && (is_sibling(fates, (table, place), child) || stays())
        },
    )
}

/// Whether a row may have to stay as its parent in the same table may: then both do.
fn is_sibling(fates: &Fates<'_>, parent: RowId, child: RowId) -> bool {
    let rule = |(table, place): RowId| fates.decided[table].get(&place).copied();
    let cascades = rule(parent).is_some_and(|rule| rule.action == Action::Cascade);
    let may_stay = |rule: &Rule| matches!(rule.reach, Reach::Parents(_, IfShared::Keep)) && rule.action.acts();
    parent.0 == child.0 && !cascades && rule(child).is_some_and(may_stay)
}
