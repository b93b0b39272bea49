//! What will the database hold afterwards?
//!
//! The naive model: rows in memory, rules tried one by one, foreign keys followed by brute force. All scopes are
//! evaluated against the state before ([`super::scope`]); then rows are changed and deleted ([`super::after`]), and
//! reports are compared.

use std::collections::{BTreeMap, BTreeSet};

use super::after::{inconsistency, moves, state_after};
use super::law::Law;
use super::rules::Case;
use super::scope::{Fates, blocks, circle, fates};
use super::world::{ColumnId, TableId, Value};

/// A cell as it will be: a value, or any that keeps a law.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell {
    Known(Value),
    Random(Law),
    /// The random value of the cell at this table, row and column, wherever it has been propagated to.
    Same(Law, (TableId, usize, ColumnId)),
}

/// The rows that stay, for each table: the place of the row before, and its cells now.
pub type State = Vec<BTreeMap<usize, Vec<Cell>>>;

/// What a run comes to, unless check refuses the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The subject's `where` doesn't hold for a person: nothing may change.
    NotEligible,
    /// These guards find rows: nothing may change.
    Blocked(Vec<String>),
    /// These reports would move: nothing may change.
    RolledBack(Vec<String>),
    /// The policy itself stops the run: nothing may change.
    Stops(&'static str),
    /// A reference would dangle or values would collide: whoever accepts this must fail, and change nothing.
    Fails(&'static str),
    /// A commit.
    After(State),
}

/// What was seen on the way, for the case mix.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub changed_rows: usize,
    pub deleted_rows: usize,
    pub tables: BTreeSet<TableId>,
    /// A row that two rules match.
    pub two_rules: bool,
    /// A condition that was neither true nor false for a row within reach.
    pub unknown: bool,
    /// A row that only a path of two or more keys reaches.
    pub far: bool,
    /// A row that only a cascade reached.
    pub cascaded: bool,
    /// A row that was reached by a key of its own table.
    pub own_key: bool,
    /// A row that was reached by a key of such a kind.
    pub composite_key: bool,
    pub natural_key: bool,
    pub reordered_key: bool,
    pub virtual_key: bool,
    pub conditional_key: bool,
    pub composite_virtual_key: bool,
    pub polymorphic_key: bool,
    /// A table with rules leads back to itself by keys of other tables.
    pub circular_schema: bool,
    /// A row that a cascade reached by a key of its own table.
    pub cascaded_tree: bool,
    /// A parent that went, one that changed, and one that somebody else needs.
    pub parents_gone: bool,
    pub parents_changed: bool,
    pub shared: bool,
    /// The tables of deleted rows that reference each other in a circle.
    pub circle: usize,
    /// What was computed from old values: of `computed::CLASSES`.
    pub computed: BTreeSet<&'static str>,
    /// A random cell, and one that would be if it weren't NULL.
    pub random: bool,
    pub null_stays: bool,
    /// A row that references another row than before.
    pub reassigned: bool,
    /// A value that was propagated to other rows.
    pub propagated: bool,
}

/// Which rule decides each row, and what follows.
pub fn predict(case: &Case) -> (Outcome, Facts) {
    let mut facts = Facts::default();
    let world = &case.world;
    if let Some(condition) = &case.policy.condition
        && case.people().any(|person| condition.holds(world, person) != Some(true))
    {
        return (Outcome::NotEligible, facts);
    }
    let fates = fates(case, &mut facts);
    if fates.refused {
        return (Outcome::Stops("a parent that must not be shared is shared"), facts);
    }
    if case.expected_none().into_iter().any(|key| is_followed(case, &fates, key)) {
        return (Outcome::Stops("a row by a path of which none was expected"), facts);
    }
    if let Some(condition) = &case.policy.condition {
        let subject = case.policy.subject;
        let others = fates.deleted[subject].iter().filter(|place| !case.persons.contains(place));
        if others.into_iter().any(|&place| condition.holds(world, &world.tables[subject].rows[place]) != Some(true)) {
            return (Outcome::Stops("somebody else goes whom the policy may not erase"), facts);
        }
    }
    let after = state_after(case, &fates, &mut facts);
    if case.stand_ins().into_iter().any(|(key, value)| !stands_in(case, &after, key, &value)) {
        let why = "a stand-in row that isn't there, or goes, or is a person's, or is called otherwise";
        return (Outcome::Stops(why), facts);
    }
    let blocked: Vec<_> = case.policy.guards.iter().filter(|guard| blocks(case, guard)).collect();
    if !blocked.is_empty() {
        return (Outcome::Blocked(blocked.into_iter().map(|guard| guard.name.clone()).collect()), facts);
    }
    facts.circle = circle(case, &fates.deleted);
    if let Some(why) = inconsistency(world, &after) {
        return (Outcome::Fails(why), facts);
    }
    let moved: Vec<_> = case.policy.reports.iter().filter(|report| moves(case, report, &after)).collect();
    if !moved.is_empty() {
        return (Outcome::RolledBack(moved.into_iter().map(|report| report.name.clone()).collect()), facts);
    }
    (Outcome::After(after), facts)
}

/// Whether a row with this key can stand in for others: it is still there and called so.
fn stands_in(case: &Case, after: &State, key: usize, value: &Value) -> bool {
    let key = &case.world.keys[key];
    let is_person = |place: usize| key.parent == case.policy.subject && case.persons.contains(&place);
    let rows = case.world.tables[key.parent].rows.iter().enumerate();
    let is_called_so = |place: usize| {
        let row = after[key.parent].get(&place);
        row.is_some_and(|cells| cells[key.parent_columns[0]] == Cell::Known(value.clone()))
    };
    rows.filter(|(_, row)| row[key.parent_columns[0]] == *value)
        .any(|(place, _)| is_called_so(place) && !is_person(place))
}

/// Whether any row references a person by this key, but for persons who go themselves.
fn is_followed(case: &Case, fates: &Fates<'_>, key: usize) -> bool {
    let child = case.world.keys[key].child;
    let goes = |place: &usize| {
        child == case.policy.subject && case.persons.contains(place) && fates.deleted[child].contains(place)
    };
    let rows = case.world.tables[child].rows.iter().enumerate().filter(|(place, _)| !goes(place));
    rows.into_iter().any(|(_, row)| case.world.parents(key, row).iter().any(|parent| case.persons.contains(parent)))
}
