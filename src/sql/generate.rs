//! How does a generator make a value, in SQL?
//!
//! A value of its column's type, or one that an assignment turns into such. The bits come from elsewhere (`bits`).

use super::bits::{Bits, DIGITS, Draws};
use super::writer::Writer;
use crate::action::Generator;
use crate::action::random::{FIRST_NAMES, LAST_NAMES};
use crate::catalog::Column;

/// A generated value of a column's type.
pub(super) fn generated(w: &mut Writer, column: &Column, generator: &Generator, bits: &Bits) {
    let mut draws = Draws::from(bits);
    let draws = &mut draws;
    match generator {
        Generator::Email { local, domain } => {
            draws.hex(w, *local);
            w.kw(" || ").text(&format!("@{domain}"));
        }
        Generator::Name => {
            pick(w, FIRST_NAMES, draws);
            w.kw(" || ' ' || ");
            pick(w, LAST_NAMES, draws);
        }
        Generator::FirstName => pick(w, FIRST_NAMES, draws),
        Generator::LastName => pick(w, LAST_NAMES, draws),
        Generator::Hex { length } => draws.hex(w, *length),
        Generator::Digits { format } => digits(w, format, draws),
        Generator::Uuid => {
            draws.uuid(w);
            if column.ty.is_text() {
                w.kw("::text");
            }
        }
        Generator::Number { min, max, scale } => {
            // A random one of the possible values, in steps of the scale. `10 ^ 2` would not be numeric.
            let steps = 10i128.pow((*scale).min(DIGITS as u32));
            w.kw("round(").text(min).kw("::numeric + mod(");
            draws.number(w);
            w.kw("::numeric, (").text(max).kw("::numeric - ");
            w.text(min).kw("::numeric) * ").number(steps).kw(" + 1) / ").number(steps).kw(", ").number(*scale).kw(")");
        }
        Generator::Date { min, max } => {
            w.kw("DATE ").text(min).kw(" + (");
            draws.number(w);
            w.kw(" % (DATE ").text(max).kw(" - DATE ").text(min).kw(" + 1))::integer");
        }
        Generator::Timestamp { min, max } => {
            w.kw("TIMESTAMP ").text(min).kw(" + make_interval(secs => ");
            draws.number(w);
            w.kw(" % (86400 * (DATE ").text(max).kw(" - DATE ").text(min).kw(" + 1)))");
        }
        Generator::Boolean => {
            draws.number(w);
            w.kw(" % 2 = 1");
        }
        Generator::Choice { from } => {
            w.kw("(ARRAY[").list(from, ", ", |w, value| {
                w.text(value);
            });
            w.kw("]::text[])[1 + ");
            draws.number(w);
            w.kw(" % ").number(from.len() as i128).kw("]::").printed(&column.type_sql);
        }
        Generator::Inet => {
            w.kw("('192.0.2.' || ");
            draws.number(w);
            w.kw(" % 256)");
            if !column.ty.is_text() {
                w.kw("::inet");
            }
        }
    }
}

fn pick(w: &mut Writer, names: &'static [&'static str], draws: &mut Draws<'_>) {
    w.kw("(ARRAY[").list(names, ", ", |w, name| {
        w.text(name);
    });
    w.kw("])[1 + ");
    draws.number(w);
    w.kw(" % ").number(names.len() as i128).kw("]");
}

/// A picture, in which each `#` becomes a digit.
fn digits(w: &mut Writer, format: &str, draws: &mut Draws<'_>) {
    let mut parts: Vec<(bool, String)> = Vec::new();
    for c in format.chars() {
        let digit = c == '#';
        match parts.last_mut() {
            Some((same, text)) if *same == digit && !(digit && text.len() == DIGITS) => text.push(c),
            _ => parts.push((digit, c.to_string())),
        }
    }
    if parts.is_empty() {
        w.kw("''");
    }
    w.list(&parts, " || ", |w, (digit, text)| {
        if *digit {
            let count = text.len() as u32;
            w.kw("lpad((");
            draws.number(w);
            w.kw(" % ").number(10i128.pow(count)).kw(")::text, ").number(count).kw(", '0')");
        } else {
            w.text(text);
        }
    });
}
