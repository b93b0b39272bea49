//! How does a generator make a value, in SQL?
//!
//! A value of its column's type, or one that an assignment turns into such. The bits come from elsewhere (`bits`).
//! Functions for arguments of any type are named with their schema: one of the user's for just these types would be taken
//! instead (manual, 10.3).

use super::bits::{Bits, DIGITS, Draws};
use super::predicate::key_type;
use super::writer::Writer;
use crate::action::random::{FIRST_NAMES, LAST_NAMES};
use crate::action::{Generator, Part};
use crate::ident::{Ident, TableName};
use crate::pgtype::PgType;

/// A value that takes the place of an old one, which is written so.
pub(super) fn generated(w: &mut Writer, generator: &Generator, old: &Writer, bits: &Bits) {
    write(w, generator, old, &mut Draws::from(bits));
}

fn write(w: &mut Writer, generator: &Generator, old: &Writer, draws: &mut Draws<'_>) {
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
        Generator::Uuid { text } => {
            draws.uuid(w);
            w.kw(if *text { "::text" } else { "" });
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
        Generator::Choice { from, ty } => {
            w.kw("(ARRAY[").list(from, ", ", |w, value| {
                w.text(value);
            });
            w.kw("]::text[])[1 + ");
            draws.number(w);
            w.kw(" % ").number(from.len() as i128).kw("]");
            if !ty.is_text() {
                w.kw("::").printed(&key_type(ty));
            }
        }
        Generator::Inet { text } => {
            w.kw("('192.0.2.' || ");
            draws.number(w);
            w.kw(" % 256)");
            w.kw(if *text { "" } else { "::inet" });
        }
        Generator::Bytes { length } => draws.bytes(w, *length),
        Generator::BitString { length } => {
            w.kw("('x' || ");
            draws.hex(w, length.div_ceil(4));
            w.kw(")::bit(").number(*length).kw(")");
        }
        Generator::Composed { format, parts, ty } => {
            w.kw("pg_catalog.format(").text(format).kw(", ").list(parts, ", ", |w, part| write(w, part, old, draws));
            w.kw(")::").printed(&key_type(ty));
        }
        Generator::Each { element, ty } => each(w, element, ty, old, draws),
        Generator::Fields { ty, fields } => row(w, ty, fields, old, draws),
    }
}

/// The elements of an array one by one, in their order. The sub-select is about the old array, so the server answers it
/// for each row anew.
fn each(w: &mut Writer, element: &Part, ty: &PgType, old: &Writer, draws: &Draws<'_>) {
    let one = element_name();
    w.kw("ARRAY(SELECT ").kw(if element.domain.is_some() { "CAST(" } else { "" });
    part(w, &element.generator, (&one, Some(ty)), draws);
    if let Some(domain) = &element.domain {
        // An array of arrays is none, unless these are of a domain.
        w.kw(" AS ").table(domain).kw(")");
    }
    w.kw(" FROM ").sql(&elements(ty, old)).kw(")");
}

/// The fields of a composite value one by one.
fn row(w: &mut Writer, ty: &TableName, fields: &[(Ident, Part)], old: &Writer, draws: &Draws<'_>) {
    w.kw("ROW(").list(fields, ", ", |w, (name, part)| {
        self::part(w, &part.generator, (&field(old, name), None), draws);
    });
    w.kw(")::").table(ty);
}

/// A part of a value, which stays NULL where it was; its old one is written so, and of that type where it is known.
fn part(w: &mut Writer, generator: &Generator, (old, ty): (&Writer, Option<&PgType>), draws: &Draws<'_>) {
    w.kw("CASE WHEN ").sql(&is_something(generator, old)).kw(" THEN ");
    generated(w, generator, old, &draws.bits_of_part(old, ty));
    w.kw(" END");
}

/// Whether an old value is not NULL. `IS NOT NULL` is not true of a composite value with a NULL in it (manual, 9.2).
pub(super) fn is_something(generator: &Generator, old: &Writer) -> Writer {
    let mut w = Writer::new();
    let composite =
        matches!(generator, Generator::Fields { .. } | Generator::Choice { ty: PgType::Composite { .. }, .. });
    w.sql(old).kw(if composite { " IS DISTINCT FROM NULL" } else { " IS NOT NULL" });
    w
}

/// An element of [`elements`].
pub(super) fn element_name() -> Writer {
    let mut w = Writer::new();
    w.kw("efface_element");
    w
}

/// The elements of an array, for a FROM. Composite ones would come as rows there, of which none is NULL.
pub(super) fn elements(ty: &PgType, array: &Writer) -> Writer {
    let mut w = Writer::new();
    match ty {
        PgType::Composite { .. } => {
            w.kw("(SELECT pg_catalog.unnest(").sql(array).kw(")) AS efface_elements (efface_element)");
        }
        _ => {
            w.kw("pg_catalog.unnest(").sql(array).kw(") AS efface_element");
        }
    }
    w
}

/// A field of a composite value.
pub(super) fn field(of: &Writer, name: &Ident) -> Writer {
    let mut w = Writer::new();
    w.kw("(").sql(of).kw(").").ident(name);
    w
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
