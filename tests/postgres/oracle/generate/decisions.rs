//! What may happen to columns, so that the policy fits its table? And which conditions?

use super::Shape;
use super::computed::computed;
use super::data::value;
use crate::oracle::condition::{Comparison, Condition, Expression};
use crate::oracle::law::law_of;
use crate::oracle::rng::Rng;
use crate::oracle::rules::{Action, Decision, Random};
use crate::oracle::world::{ColumnId, KeyId, Table, TableId, Type, Value, World};

/// The columns of a key that may be let go.
pub fn releases(world: &World, key: KeyId) -> Vec<(ColumnId, Decision)> {
    let key = &world.keys[key];
    let table = &world.tables[key.child];
    let mut found = Vec::new();
    for &column in key.child_columns.iter().filter(|&&column| !world.is_referenced(key.child, column)) {
        if table.columns[column].nullable {
            found.push((column, Decision::Null));
        }
        if table.columns[column].default.is_some() && !is_unique(table, column) {
            found.push((column, Decision::Default));
        }
    }
    found
}

/// The key of a row that can stand in for another, where a column alone is the reference: seldom somebody's.
fn stand_in(rng: &mut Rng, world: &World, table: TableId, column: ColumnId) -> Option<Decision> {
    let mut keys = world.keys.iter().filter(|key| key.child == table && key.child_columns.contains(&column));
    let (Some(key), None) = (keys.next(), keys.next()) else { return None };
    let ([_], [parent]) = (key.child_columns.as_slice(), key.parent_columns.as_slice()) else { return None };
    if is_unique(&world.tables[table], column) {
        return None;
    }
    let rows = &world.tables[key.parent].rows;
    let last = rows.last()?;
    let row = if rng.chance(80) { last } else { rng.pick(rows) };
    row[*parent].text().filter(|text| !text.is_empty()).map(Decision::Reassign)
}

/// Whether a natural key's new value can go into whatever references it.
pub fn is_free_natural_key(world: &World, table: TableId, id: ColumnId) -> bool {
    let is_it = |at: TableId, column: ColumnId| (at, column) == (table, id);
    let receivers = world.receivers(&is_it);
    let is_free = |&(at, column): &(TableId, ColumnId)| {
        !world.tables[at].primary.contains(&column) && !world.is_discriminator(at, column)
    };
    // The row's own value would have to be carried to itself.
    !receivers.is_empty() && receivers.iter().chain([&(table, id)]).all(is_free) && !receivers.contains(&(table, id))
}

/// A new value for a natural key that goes along with its references.
fn propagated(rng: &mut Rng, world: &World, table: TableId, id: ColumnId) -> Option<Decision> {
    if !is_free_natural_key(world, table, id) {
        return None;
    }
    let options = [Random::Text { length: Some(20) }, Random::Token, Random::Email { domain: None }];
    let random = rng.pick(&options).clone();
    let fits = law_of(world, table, id, &random).unique
        && matches!(world.tables[table].columns[id].ty, Type::Text | Type::Varchar(_));
    fits.then(|| Decision::Propagate(Box::new(Decision::Randomize(random))))
}

pub fn is_unique(table: &Table, column: ColumnId) -> bool {
    table.uniques.iter().chain([&table.primary]).any(|columns| columns.contains(&column))
}

/// A rule that changes columns and lets go of these keys.
pub fn columns(rng: &mut Rng, shape: &Shape, world: &World, table: TableId, settle: &[KeyId]) -> Action {
    let mut decisions: Vec<(ColumnId, Decision)> =
        (0..world.tables[table].columns.len()).map(|id| (id, decision(rng, shape, world, table, id))).collect();
    for &key in settle {
        let found = releases(world, key);
        if !found.is_empty() {
            // The stand-in row may be the very row that goes: null is the usual way.
            let (column, decision) = if rng.chance(85) { found[0].clone() } else { rng.pick(&found).clone() };
            let other = if rng.chance(shape.stand_ins) { stand_in(rng, world, table, column) } else { None };
            decisions[column].1 = other.unwrap_or(decision);
        }
    }
    let is = |wanted: Decision| move |(_, decision): &(ColumnId, Decision)| *decision == wanted;
    let by_type = Decision::Randomize(Random::ByType);
    let other = match rng.below(10) {
        0..=5 if decisions.iter().any(is(Decision::Keep)) => Some(Decision::Keep),
        6..=7 if decisions.iter().any(is(Decision::Null)) => Some(Decision::Null),
        8 if decisions.iter().any(is(Decision::Default)) => Some(Decision::Default),
        8 if decisions.iter().any(is(by_type.clone())) => Some(by_type),
        _ => None,
    };
    let mut named: Vec<_> =
        decisions.into_iter().filter(|(_, decision)| Some(decision) != other.as_ref() || rng.chance(20)).collect();
    if named.is_empty() {
        // `columns: {}` decides nothing, and is an error.
        named.push((0, Decision::Keep));
    }
    if rng.chance(40) {
        rng.shuffle(&mut named);
    }
    Action::Columns { named, other }
}

fn decision(rng: &mut Rng, shape: &Shape, world: &World, table: TableId, id: ColumnId) -> Decision {
    let it = &world.tables[table];
    let column = &it.columns[id];
    if world.is_referenced(table, id) && !it.primary.contains(&id) && rng.chance(shape.propagated) {
        return propagated(rng, world, table, id).unwrap_or(Decision::Keep);
    }
    let is_fixed = world.is_referenced(table, id) || it.primary.contains(&id) || world.is_discriminator(table, id);
    if is_fixed || rng.chance(30) {
        return Decision::Keep;
    }
    if world.is_reference(table, id) {
        if rng.chance(shape.stand_ins / 2)
            && let Some(decision) = stand_in(rng, world, table, id)
        {
            return decision;
        }
        return if column.nullable && rng.chance(12) { Decision::Null } else { Decision::Keep };
    }
    let random = random(rng, world, column.ty);
    if is_unique(it, id) {
        let unique = Some(random).filter(|random| law_of(world, table, id, random).unique);
        return match unique {
            Some(random) if rng.chance(70) => Decision::Randomize(random),
            _ if column.nullable => Decision::Null,
            Some(random) => Decision::Randomize(random),
            None => Decision::Keep,
        };
    }
    if rng.chance(shape.computed) {
        return computed(rng, world, column.ty);
    }
    match rng.below(10) {
        0..=2 if column.nullable => Decision::Null,
        3 if column.default.is_some() => Decision::Default,
        4..=5 => Decision::Sql(expression(rng, world, table, id)),
        6..=7 => Decision::Randomize(random),
        _ => match value(rng, column.ty, false).text().filter(|text| !text.is_empty()) {
            Some(text) => Decision::Replace(text),
            None => Decision::Keep,
        },
    }
}

fn random(rng: &mut Rng, world: &World, ty: Type) -> Random {
    let options = match ty {
        Type::Text | Type::Texts => vec![
            Random::ByType,
            Random::Email { domain: None },
            Random::Email { domain: Some("gone.example") },
            Random::Name,
            Random::FirstName,
            Random::LastName,
            Random::Phone,
            Random::Text { length: Some(20) },
            Random::Token,
            Random::Digits { format: "+## ### ####" },
            Random::Choice { from: vec!["red", "it's blue"] },
        ],
        Type::Varchar(length) if length >= 20 => {
            vec![Random::ByType, Random::Text { length: Some(16) }, Random::Token, Random::Digits { format: "##-##" }]
        }
        Type::Varchar(_) => vec![Random::ByType, Random::Text { length: Some(4) }],
        Type::Integer | Type::Bigint => vec![Random::ByType, Random::Integer { min: -5, max: 5 }],
        Type::Boolean => vec![Random::ByType],
        Type::Timestamp | Type::Numeric => vec![Random::ByType],
        Type::Date => vec![Random::ByType, Random::Date { min: "1950-01-01", max: "1999-12-31" }],
        Type::Enum(id) => {
            vec![Random::ByType, Random::Choice { from: world.enums[id].labels.iter().copied().take(2).collect() }]
        }
        Type::Jsonb => vec![Random::ByType],
    };
    rng.pick(&options).clone()
}

fn expression(rng: &mut Rng, world: &World, table: TableId, id: ColumnId) -> Expression {
    let it = &world.tables[table];
    let column = &it.columns[id];
    let fixed = value(rng, column.ty, true);
    let twins: Vec<ColumnId> = (0..it.columns.len())
        .filter(|&other| it.columns[other].ty == column.ty && (column.nullable || !it.columns[other].nullable))
        .collect();
    let is_ascii = it.rows.iter().all(|row| !matches!(&row[id], Value::Text(text) if !text.is_ascii()));
    match (rng.below(6), column.ty) {
        (0, Type::Text | Type::Varchar(_)) if is_ascii => Expression::Upper(id),
        (1, Type::Text | Type::Varchar(_)) if is_ascii => Expression::Lower(id),
        (2, Type::Text) => Expression::Prefixed("was ", id),
        (0..=2, Type::Integer | Type::Bigint) => Expression::Plus(id, 7),
        (3, _) => Expression::Column(*rng.pick(&twins)),
        (4, Type::Text | Type::Integer | Type::Boolean) => Expression::Missing(id, fixed, value(rng, column.ty, true)),
        (4 | 5, _) => Expression::Coalesce(id, fixed),
        _ => Expression::Literal(fixed),
    }
}

/// A condition over a table's columns that is neither always true nor always false, as a rule.
pub fn condition(rng: &mut Rng, shape: &Shape, world: &World, table: TableId) -> Condition {
    let boxed = |rng: &mut Rng| Box::new(simple(rng, world, table));
    if rng.chance(shape.subselects)
        && let Some(found) = subselect(rng, world, table)
    {
        return found;
    }
    match rng.below(10) {
        0 => Condition::And(boxed(rng), boxed(rng)),
        1 => Condition::Or(boxed(rng), boxed(rng)),
        2 => Condition::Not(boxed(rng)),
        _ => simple(rng, world, table),
    }
}

fn simple(rng: &mut Rng, world: &World, table: TableId) -> Condition {
    let it = &world.tables[table];
    let usable: Vec<ColumnId> = (0..it.columns.len()).filter(|&id| it.columns[id].ty != Type::Jsonb).collect();
    let payload: Vec<ColumnId> =
        usable.iter().copied().filter(|&id| !world.is_reference(table, id) && !it.primary.contains(&id)).collect();
    let id = if payload.is_empty() || rng.chance(10) { *rng.pick(&usable) } else { *rng.pick(&payload) };
    let ty = it.columns[id].ty;
    let found = match it.rows.is_empty() {
        true => Value::Null,
        false => rng.pick(&it.rows)[id].clone(),
    };
    let fixed = if found.is_null() { value(rng, ty, false) } else { found };
    let prefix = *rng.pick(&["a", "B", "u", "x"]);
    let is_ordered = matches!(ty, Type::Integer | Type::Bigint | Type::Date | Type::Timestamp);
    match rng.below(9) {
        0 => Condition::IsNull(id),
        1 => Condition::IsNotNull(id),
        2 => Condition::In(id, vec![fixed, value(rng, ty, false)]),
        3 if ty == Type::Boolean => Condition::IsTrue(id),
        3 if matches!(ty, Type::Text | Type::Varchar(_)) => Condition::Like(id, prefix),
        4 => Condition::Distinct(id, fixed),
        5 => Condition::Coalesced(id, fixed),
        6 => Condition::Compare(id, Comparison::NotEqual, fixed),
        7 if is_ordered => Condition::Compare(id, Comparison::Less, fixed),
        8 if is_ordered => Condition::Compare(id, Comparison::Greater, fixed),
        _ => Condition::Compare(id, Comparison::Equal, fixed),
    }
}

/// A condition that reads a table that this one references or that references it.
fn subselect(rng: &mut Rng, world: &World, table: TableId) -> Option<Condition> {
    let mut options = Vec::new();
    for key in &world.keys {
        if let ([child], [parent]) = (key.child_columns.as_slice(), key.parent_columns.as_slice()) {
            if key.child == table {
                options.push((*child, key.parent, *parent));
            }
            if key.parent == table {
                options.push((*parent, key.child, *child));
            }
        }
    }
    if options.is_empty() {
        return None;
    }
    let (column, other, selected) = *rng.pick(&options);
    let filter = rng.chance(70).then(|| Box::new(simple(rng, world, other)));
    let found = Condition::InSelect { column, table: other, selected, filter };
    Some(if rng.chance(30) { Condition::Not(Box::new(found)) } else { found })
}
