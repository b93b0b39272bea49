//! Can a column's new value be computed from its old one, as the policy says?

use super::model::{Derived, NewValue};
use super::{generator, words};
use crate::action::{Generalize, Generator, Kind, Mask, Part, Randomize};
use crate::catalog::{Catalog, Column, Table};
use crate::diagnostic::Report;
use crate::pgtype::PgType;
use crate::source::{Span, Spanned};

/// Hexadecimal characters before the `@` of a pseudonym: 64 bits, the same in every column.
const LOCAL: u32 = 16;
/// Hexadecimal characters of a pseudonym that is a text, where the policy doesn't say.
const HEX: u32 = 32;

/// The pseudonyms of a column. What a random value would adapt to the column's length has to be the same everywhere here,
/// or equal values would not stay equal: a column that is too short for it is refused.
pub(super) fn pseudonym(
    catalog: &Catalog,
    table: &Table,
    column: &Column,
    wish: &Randomize,
    span: Span,
    report: &mut Report,
) -> Option<Generator> {
    let wish = &in_one_range(column, wish, span);
    let found = generator::resolve(catalog, table, column, wish, span, report)?;
    match alike(found, wish, column.ty.element()) {
        Ok(generator) => Some(generator),
        Err(TooLong { needed, limit }) => {
            report.push(words::pseudonym_too_long(table, column, needed, limit, span));
            None
        }
    }
}

/// A pseudonym that doesn't fit.
struct TooLong {
    needed: u32,
    limit: u32,
}

/// The generator that makes the same of a value whatever the column is, be it for the elements of an array.
fn alike(found: Generator, wish: &Randomize, ty: &PgType) -> Result<Generator, TooLong> {
    let limit = ty.length_limit().unwrap_or(u32::MAX);
    let fits = |needed: u32| if needed <= limit { Ok(needed) } else { Err(TooLong { needed, limit }) };
    match found {
        Generator::Email { domain, .. } => {
            fits(LOCAL + 1 + domain.chars().count() as u32)?;
            Ok(Generator::Email { local: LOCAL, domain })
        }
        Generator::Hex { .. } => {
            Ok(Generator::Hex { length: fits(wish.length.as_ref().map_or(HEX, |length| length.value))? })
        }
        Generator::Number { min, max, .. } => {
            let scale = generator::decimals(&min).max(generator::decimals(&max));
            Ok(Generator::Number { min, max, scale })
        }
        Generator::Each { element, ty: of } => {
            let generator = alike(element.generator, wish, ty)?;
            Ok(Generator::Each { element: Box::new(Part { generator, domain: element.domain }), ty: of })
        }
        other => Ok(other),
    }
}

/// The greatest number where the policy doesn't say: that of `integer`, the same for every column.
const MOST: &str = "2147483647";

/// Numbers without bounds come from one range and are whole, whatever the column could hold.
fn in_one_range(column: &Column, wish: &Randomize, span: Span) -> Randomize {
    let mut wish = wish.clone();
    let numbers = matches!(wish.kind.as_ref().map(|kind| kind.value), None | Some(Kind::Integer | Kind::Number));
    if numbers && column.ty.element().is_number() && wish.max.is_none() {
        wish.max = Some(Spanned::new(MOST.to_owned(), span));
    }
    wish
}

/// A masked text.
pub(super) fn mask(table: &Table, column: &Column, mask: &Spanned<Mask>, report: &mut Report) -> Option<NewValue> {
    if !column.ty.element().is_text() {
        report.push(words::mask_misfit(table, column, mask.span));
        return None;
    }
    Some(NewValue::Derived(Derived::Mask(mask.value.clone())))
}

/// A coarser value.
pub(super) fn generalize(
    table: &Table,
    column: &Column,
    wish: &Spanned<Generalize>,
    report: &mut Report,
) -> Option<NewValue> {
    if !wish.value.fits(&column.ty) {
        report.push(words::generalize_misfit(table, column, &wish.value, wish.span));
        return None;
    }
    // A multiple that the column rounds is none.
    if let Generalize::Step(step) = &wish.value
        && let Some(scale) = scale_of(column.ty.element())
        && step.split_once('.').is_some_and(|(_, part)| part.trim_end_matches('0').len() > scale as usize)
    {
        report.push(words::generalize_too_fine(table, column, wish.span));
        return None;
    }
    Some(NewValue::Derived(Derived::Generalize(wish.value.clone())))
}

/// The digits behind the point that a column keeps; none where it keeps all.
fn scale_of(ty: &PgType) -> Option<u32> {
    match ty {
        PgType::SmallInt | PgType::Integer | PgType::BigInt => Some(0),
        PgType::Numeric { precision: Some(_), scale } => Some(u32::try_from(scale.unwrap_or(0)).unwrap_or(0)),
        _ => None,
    }
}

/// A day or a moment that moves.
pub(super) fn shift(table: &Table, column: &Column, days: &Spanned<u32>, report: &mut Report) -> Option<NewValue> {
    if !matches!(column.ty.element(), PgType::Date | PgType::Timestamp | PgType::Timestamptz) {
        report.push(words::shift_misfit(table, column, days.span));
        return None;
    }
    Some(NewValue::Derived(Derived::Shift { days: days.value }))
}
