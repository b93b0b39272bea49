//! Which cases are worth trying?
//!
//! From a seed: a schema with odd corners, rows of several people, and a policy that is accepted more often than not
//! and changes something. [`Shape`] says how often what occurs; a later issue widens it.

mod circles;
mod data;
mod decisions;
mod defects;
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

/// The case of a seed.
pub fn case(seed: u64, shape: &Shape) -> Case {
    let mut rng = Rng::new(seed);
    let (world, subject) = loop {
        let (mut world, subject) = schema::world(&mut rng, shape);
        data::fill(&mut rng, shape, &mut world);
        // Unique keys may have left nobody to erase.
        if !world.tables[subject].rows.is_empty() {
            break (world, subject);
        }
    };
    let odds = rng.below(100);
    let (policy, persons) = if odds < shape.every_row && whole::can_be_whole(&world) {
        (whole::every_row(&mut rng, shape, &world), Vec::new())
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
    limits::limits(&mut rng, shape, &mut case);
    if rng.chance(shape.defects) {
        defects::plant(&mut rng, &mut case);
    }
    case
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
