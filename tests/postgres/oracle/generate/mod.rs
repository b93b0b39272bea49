//! Which cases are worth trying?
//!
//! From a seed: a schema with odd corners, rows of several people, and a policy that is accepted more often than not
//! and changes something. [`Shape`] says how often what occurs; a later issue widens it.

mod circles;
mod computed;
mod data;
mod decisions;
mod defects;
mod layout;
mod limits;
mod links;
mod parents;
mod policy;
mod schema;
mod shape;
mod whole;

pub use self::shape::Shape;
use super::model::{Outcome, predict};
use super::rng::Rng;
use super::rules::{Action, Case, Decision};
use super::world::{ColumnId, TableId};

/// The case of a seed.
pub fn case(seed: u64, shape: &Shape) -> Case {
    let mut rng = Rng::new(seed);
    let (world, subject) = loop {
        let (mut world, subject) = schema::world(&mut rng, shape);
        data::fill(&mut rng, shape, &mut world);
        layout::partition(&mut rng, shape, &mut world);
        // Unique keys may have left nobody to erase.
        if !world.tables[subject].rows.is_empty() {
            break (world, subject);
        }
    };
    let odds = rng.below(100);
    let (policy, persons) = if odds < shape.every_row && whole::can_be_whole(&world) {
        let mut policy = whole::every_row(&mut rng, shape, &world);
        computed::pseudonyms(&mut rng, shape, &world, &mut policy);
        (policy, Vec::new())
    } else if odds >= 100 - shape.values {
        (whole::values(&mut rng, shape, &world), Vec::new())
    } else {
        let persons = data::persons(&mut rng, shape, &world, subject);
        (policy::policy(&mut rng, shape, &world, subject, &persons), persons)
    };
    let mut case = Case { seed, world, policy, persons };
    if rng.chance(90) && matches!(predict(&case).0, Outcome::Fails(_) | Outcome::Stops(_)) {
        drop_stand_ins(&mut case);
    }
    settle_expressions(&mut case);
    limits::limits(&mut rng, shape, &mut case);
    if rng.chance(shape.defects) {
        defects::plant(&mut rng, &mut case);
    }
    case
}

/// Whether an expression reads a propagated value of before or of after is not settled yet: none does.
fn settle_expressions(case: &mut Case) {
    let is_carried = |table: TableId, column: ColumnId| {
        let mut rules = case.policy.rules(table).unwrap_or_default().iter();
        rules.any(|rule| matches!(rule.action.decision(column), Some(Decision::Propagate(_))))
    };
    let receivers = case.world.receivers(&is_carried);
    for entry in &mut case.policy.tables {
        let receives = |column: ColumnId| receivers.contains(&(entry.table, column));
        for rule in &mut entry.rules {
            let Action::Columns { named, .. } = &mut rule.action else { continue };
            for (_, decision) in named {
                if matches!(decision, Decision::Sql(expression) if expression.reads().is_some_and(receives)) {
                    *decision = Decision::Keep;
                }
            }
        }
    }
}

/// A stand-in row that goes itself is no help: the reference is let go of instead, where it can be.
fn drop_stand_ins(case: &mut Case) {
    for entry in &mut case.policy.tables {
        let columns = &case.world.tables[entry.table].columns;
        for rule in &mut entry.rules {
            let Action::Columns { named, .. } = &mut rule.action else { continue };
            for (column, decision) in named.iter_mut().filter(|(_, it)| matches!(it, Decision::Reassign(_))) {
                *decision = if columns[*column].nullable { Decision::Null } else { Decision::Keep };
            }
        }
    }
}
