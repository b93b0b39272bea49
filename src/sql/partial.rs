//! Values of which a part stays, as SQL.

use super::bits::{Bits, Draws};
use super::writer::Writer;
use crate::action::{Generalize, Mask};
use crate::pgtype::PgType;

/// A text with most characters masked. One that isn't longer than what would stay is masked as a whole.
pub(super) fn mask(w: &mut Writer, input: &Writer, ty: &PgType, mask: &Mask) {
    let mut text = Writer::new();
    text.sql(input);
    // Blanks that only pad a `char(n)` are no characters of it.
    text.kw(if matches!(ty, PgType::Text { .. }) { "" } else { "::text" });
    let (text, with) = (&text, mask.with.to_string());
    let kept = i128::from(mask.keep_first) + i128::from(mask.keep_last);
    if kept == 0 {
        w.kw("repeat(").text(&with).kw(", length(").sql(text).kw("))");
        return;
    }
    w.kw("CASE WHEN length(").sql(text).kw(") > ").number(kept).kw(" THEN ");
    if mask.keep_first > 0 {
        w.kw("left(").sql(text).kw(", ").number(mask.keep_first).kw(") || ");
    }
    w.kw("repeat(").text(&with).kw(", length(").sql(text).kw(") - ").number(kept).kw(")");
    if mask.keep_last > 0 {
        w.kw(" || right(").sql(text).kw(", ").number(mask.keep_last).kw(")");
    }
    w.kw(" ELSE repeat(").text(&with).kw(", length(").sql(text).kw(")) END");
}

/// A coarser value: a moment cut to the beginning of its unit, a number cut towards zero, so that it always fits.
pub(super) fn generalize(w: &mut Writer, input: &Writer, ty: &PgType, generalize: &Generalize) {
    match generalize {
        Generalize::Unit(unit) => {
            // As a day or a time of day, `date_trunc` would take it for a moment of the session's time zone, or an interval.
            let (before, after) = match ty {
                PgType::Date => ("::timestamp", "::date"),
                PgType::Time => ("::interval", "::time"),
                _ => ("", ""),
            };
            w.kw("date_trunc(").text(unit.name()).kw(", ").sql(input).printed(before).kw(")").printed(after);
        }
        Generalize::Step(step) => match ty {
            PgType::Real | PgType::Double => {
                // Neither infinity nor NaN has a remainder.
                w.kw("CASE WHEN ").sql(input).kw(" IN ('Infinity', '-Infinity', 'NaN') THEN ").sql(input).kw(" ELSE ");
                w.sql(input).kw("::numeric - mod(").sql(input).kw("::numeric, ").text(step).kw("::numeric) END");
            }
            PgType::Numeric { .. } => {
                // `Infinity` is a numeric since 14.
                w.kw("CASE WHEN ").sql(input).kw("::text IN ('Infinity', '-Infinity', 'NaN') THEN ").sql(input);
                w.kw(" ELSE ").sql(input).kw(" - mod(").sql(input).kw(", ").text(step).kw("::numeric) END");
            }
            _ => {
                w.sql(input).kw(" - mod(").sql(input).kw("::numeric, ").text(step).kw("::numeric)");
            }
        },
    }
}

/// Moved by at least one day, and at most so many, either way.
pub(super) fn shift(w: &mut Writer, input: &Writer, ty: &PgType, days: u32) {
    w.sql(input).kw(if *ty == PgType::Date { " + (" } else { " + make_interval(days => (" });
    let mut draws = Draws::from(&Bits::Random);
    w.kw("(1 + ");
    draws.number(w);
    w.kw(" % ").number(days).kw(") * (1 - 2 * (");
    draws.number(w);
    w.kw(" % 2)))::integer");
    w.kw(if *ty == PgType::Date { "" } else { ")" });
}
