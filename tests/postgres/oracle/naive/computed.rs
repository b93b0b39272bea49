//! How is a value computed from the old one, as SQL?

use sha2::{Digest, Sha256};

use crate::oracle::computed::{Maker, Part, SECRET, maker, parts};
use crate::oracle::engine::PlanFault;
use crate::oracle::print::literal;
use crate::oracle::rules::{Case, Coarser, Decision, Mask, Random};
use crate::oracle::world::{Type, Value};

/// The function that makes digests of values: HMAC-SHA-256 with its two keys written out.
pub fn digest_function(fault: Option<PlanFault>) -> String {
    let secret = if fault == Some(PlanFault::AnotherSecret) { "another secret" } else { SECRET };
    let mut key = if secret.len() > 64 { Sha256::digest(secret).to_vec() } else { secret.as_bytes().to_vec() };
    key.resize(64, 0);
    let padded = |pad: u8| key.iter().map(|byte| format!("{:02x}", byte ^ pad)).collect::<String>();
    format!(
        "create or replace function pg_temp.digest(value text, number int) returns text language sql immutable as $$ \
         select encode(sha256('\\x{}'::bytea || sha256('\\x{}'::bytea || convert_to(value || case when number > 1 then \
         chr(1) || number else '' end, 'UTF8'))), 'hex') $$",
        padded(0x5c),
        padded(0x36)
    )
}

/// The new value of a column, which is called so.
pub fn computed(case: &Case, name: &str, ty: Type, decision: &Decision) -> String {
    match decision {
        Decision::Mask(_) | Decision::Pseudonymize(_) if ty == Type::Texts => {
            each(name, &computed(case, "e.value", Type::Text, decision))
        }
        Decision::Mask(mask) => masked(name, mask),
        Decision::Generalize(Coarser::Unit(unit)) => {
            let cast = if ty == Type::Date { "::date" } else { "" };
            format!("date_trunc('{unit}', {name}::timestamp){cast}")
        }
        // Integers are divided without a remainder.
        Decision::Generalize(Coarser::Step(step)) if ty == Type::Numeric => format!("trunc({name} / {step}) * {step}"),
        Decision::Generalize(Coarser::Step(step)) => format!("{name} / {step}::int * {step}::int"),
        Decision::ShiftDays(_) => format!("{name} + interval '1 day'"),
        Decision::Pseudonymize(random) => pseudonym(case, name, ty, random),
        _ => name.to_owned(),
    }
}

/// An array, each of its elements `e.value` computed so.
pub fn each(name: &str, element: &str) -> String {
    format!(
        "coalesce((select array_agg({element} order by e.n) from unnest({name}) with ordinality as e (value, n)), {name})"
    )
}

fn masked(name: &str, mask: &Mask) -> String {
    let Mask { with, first, last } = mask;
    let all = format!("regexp_replace({name}, '.', '{with}', 'g')");
    let middle = format!("substr({name}, {first} + 1, greatest(length({name}) - {first} - {last}, 0))");
    format!(
        "case when length({name}) <= {first} + {last} then {all} \
         else left({name}, {first}) || regexp_replace({middle}, '.', '{with}', 'g') || right({name}, {last}) end"
    )
}

fn pseudonym(case: &Case, name: &str, ty: Type, random: &Random) -> String {
    let value = if ty == Type::Numeric { format!("trim_scale({name})") } else { name.to_owned() };
    let hex = |number: usize, length: usize| format!("left(pg_temp.digest({value}::text, {number}), {length})");
    let number = |draw: usize| format!("('x' || {})::bit(60)::bigint", hex(draw, 15));
    let text = |text: &str| literal(&Value::Text(text.into()));
    let days = |min: &str, max: &str| format!("('{max}'::date - '{min}'::date + 1)");
    match maker(&case.world, ty, random) {
        None => "null".into(),
        Some(Maker::Email { domain }) => format!("{} || '@{domain}'", hex(1, 16)),
        Some(Maker::Hex { length }) => hex(1, length),
        Some(Maker::Picture(picture)) => {
            let mut draws = 0;
            let parts = parts(picture).into_iter().map(|part| match part {
                Part::Fixed(fixed) => text(fixed),
                Part::Digits(count) => {
                    draws += 1;
                    format!("lpad(({} % {})::text, {count}, '0')", number(draws), 10_i64.pow(count as u32))
                }
            });
            parts.collect::<Vec<_>>().join(" || ")
        }
        Some(Maker::Number { min, max }) => format!("{min} + {} % {}", number(1), max - min + 1),
        Some(Maker::Day { min, max }) => format!("'{min}'::date + ({} % {})::int", number(1), days(min, max)),
        Some(Maker::Moment { min, max }) => {
            format!("'{min}'::timestamp + {} % (86400 * {}) * interval '1 second'", number(1), days(min, max))
        }
        Some(Maker::Truth) => format!("{} % 2 = 1", number(1)),
        Some(Maker::Document) => {
            format!("case when {name} is not null then jsonb_build_object('random', {}) end", hex(1, 32))
        }
        Some(Maker::OneOf(values)) => {
            let values: Vec<String> = values.iter().map(|value| text(value)).collect();
            format!("(array[{}])[1 + {} % {}]", values.join(", "), number(1), values.len())
        }
    }
}
