//! Which values are computed from the old ones?

use super::Shape;
use super::decisions::{is_free_natural_key, is_unique};
use crate::oracle::computed::maker;
use crate::oracle::rng::Rng;
use crate::oracle::rules::{Action, Coarser, Decision, Mask, Policy, Random, Rule};
use crate::oracle::world::{ColumnId, TableId, Type, World};

const UNITS: [&str; 9] = ["century", "decade", "year", "quarter", "month", "week", "day", "hour", "minute"];

/// A decision that computes a column's new value.
pub fn computed(rng: &mut Rng, world: &World, ty: Type) -> Decision {
    let is_pseudonym = rng.chance(35);
    match ty {
        Type::Text | Type::Varchar(_) | Type::Texts if !is_pseudonym => Decision::Mask(mask(rng)),
        Type::Date | Type::Timestamp if !is_pseudonym => moment(rng, ty),
        Type::Integer | Type::Bigint if !is_pseudonym => step(rng, &["2", "10", "7", "250", "5.0"]),
        Type::Numeric if !is_pseudonym => step(rng, &["10", "0.25", "0.5", "3", "100000"]),
        _ => Decision::Pseudonymize(pseudonym(rng, world, ty)),
    }
}

pub fn mask(rng: &mut Rng) -> Mask {
    let kept = |rng: &mut Rng| *rng.pick(&[0, 0, 1, 1, 2, 4]);
    Mask { with: *rng.pick(&['*', 'x', '█', '#', '0']), first: kept(rng), last: kept(rng) }
}

fn moment(rng: &mut Rng, ty: Type) -> Decision {
    if rng.chance(45) {
        return Decision::ShiftDays(*rng.pick(&[1, 3, 30, 400]));
    }
    let units = if ty == Type::Date { &UNITS[..6] } else { &UNITS };
    Decision::Generalize(Coarser::Unit(rng.pick::<&str>(units)))
}

fn step(rng: &mut Rng, steps: &[&'static str]) -> Decision {
    Decision::Generalize(Coarser::Step(rng.pick::<&str>(steps)))
}

/// The kind of a pseudonym that fits.
fn pseudonym(rng: &mut Rng, world: &World, ty: Type) -> Random {
    let options = match ty {
        Type::Text | Type::Texts => vec![
            Random::ByType,
            Random::ByType,
            Random::Email { domain: None },
            Random::Email { domain: Some("gone.example") },
            Random::Phone,
            Random::Text { length: Some(20) },
            Random::Token,
            Random::Digits { format: "+## (##)#" },
            Random::Digits { format: "################" },
            Random::Choice { from: vec!["red", "it's blue"] },
        ],
        Type::Varchar(length) if length >= 32 => {
            vec![Random::ByType, Random::Text { length: Some(20) }, Random::Email { domain: None }, Random::Token]
        }
        Type::Varchar(_) => vec![Random::Text { length: Some(8) }, Random::Digits { format: "##-##" }],
        Type::Integer | Type::Bigint => vec![Random::ByType, Random::Integer { min: -5, max: 5 }],
        Type::Date => vec![Random::ByType, Random::Date { min: "1950-01-01", max: "1999-12-31" }],
        Type::Enum(id) => {
            vec![Random::ByType, Random::Choice { from: world.enums[id].labels.iter().copied().take(2).collect() }]
        }
        Type::Boolean | Type::Timestamp | Type::Numeric | Type::Jsonb => vec![Random::ByType],
    };
    rng.pick(&options).clone()
}

/// A kind of pseudonym that keeps different values apart, where one is found soon.
fn unique_pseudonym(rng: &mut Rng, world: &World, ty: Type) -> Option<Random> {
    let is_unique = |random: &Random| maker(world, ty, random).is_some_and(|maker| maker.is_unique());
    (0..4).map(|_| pseudonym(rng, world, ty)).find(is_unique)
}

/// In a masked copy, pseudonyms under unique keys too, and natural keys whose pseudonym their references take: where all
/// rows of a table change alike.
pub fn pseudonyms(rng: &mut Rng, shape: &Shape, world: &World, policy: &mut Policy) {
    for entry in &mut policy.tables {
        let (it, at) = (&world.tables[entry.table], entry.table);
        let changes = |rule: &Rule| matches!(rule.action, Action::Columns { .. });
        if entry.rules.len() > 1 && entry.rules.last().is_some_and(changes) && rng.chance(shape.keyed / 2) {
            entry.rules.drain(..entry.rules.len() - 1);
        }
        let [rule] = entry.rules.as_mut_slice() else { continue };
        let (Action::Columns { named, .. }, None) = (&mut rule.action, &rule.condition) else { continue };
        for id in 0..it.columns.len() {
            let is_fixed = it.primary.contains(&id) || world.is_discriminator(at, id) || !is_unique(it, id);
            if is_fixed || !rng.chance(shape.keyed) {
                continue;
            }
            let is_referenced = world.is_referenced(at, id);
            let fits = if is_referenced { is_free_natural_key(world, at, id) } else { !world.is_reference(at, id) };
            let Some(random) = unique_pseudonym(rng, world, it.columns[id].ty).filter(|_| fits) else { continue };
            let decision = Decision::Pseudonymize(random);
            let decision = if is_referenced { Decision::Propagate(Box::new(decision)) } else { decision };
            set(named, id, decision);
        }
    }
}

pub fn set(named: &mut Vec<(ColumnId, Decision)>, id: ColumnId, decision: Decision) {
    named.retain(|(column, _)| *column != id);
    named.push((id, decision));
}

/// Computed values that don't fit, or that would meet under a unique key: a mistake in a table's rule.
pub fn misfit(rng: &mut Rng, world: &World, table: TableId) -> (ColumnId, Decision) {
    let it = &world.tables[table];
    let under_unique: Vec<ColumnId> = it.uniques.iter().flatten().copied().collect();
    let meets = !under_unique.is_empty() && rng.chance(75);
    let all: Vec<ColumnId> = if meets { under_unique } else { (0..it.columns.len()).collect() };
    let id = *rng.pick(&all);
    let ty = it.columns[id].ty;
    let decision = match rng.below(6) {
        _ if meets => computed(rng, world, ty),
        0 => Decision::Mask(mask(rng)),
        1 => Decision::Pseudonymize(Random::ByType),
        2 => Decision::Pseudonymize(Random::Email { domain: Some("a-rather-long-name-for-a-domain.example") }),
        3 => step(rng, &["0.5", "10", "0.125"]),
        4 => Decision::Generalize(Coarser::Unit(rng.pick::<&str>(&UNITS))),
        _ => computed(rng, world, ty),
    };
    (id, decision)
}
