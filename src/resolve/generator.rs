//! Which generator gives random values that fit a column?
//!
//! A kind that the policy names, or what the type asks for (`by_type`). Of an array and of a composite type the parts are
//! made, each by itself.

mod by_type;

use super::literal::{self, Fit};
use super::words;
use crate::action::random::{FIRST_NAMES, LAST_NAMES};
use crate::action::{Generator, Kind, Part, Randomize};
use crate::catalog::{Catalog, Column, Table};
use crate::diagnostic::Report;
use crate::pgtype::PgType;
use crate::source::Span;

/// The domain of random addresses: reserved so that no mail can ever be delivered there (RFC 2606).
const DEFAULT_DOMAIN: &str = "deleted.invalid";
/// 555-0100 to 555-0199 are set aside for fiction in the North American Numbering Plan.
const DEFAULT_PHONE: &str = "+1-202-555-01##";
/// Hexadecimal characters of a text or token, where they fit.
const HEX: u32 = 32;
/// Bytes, where nobody says how many.
const BYTES: u32 = 32;
/// Fewer characters before the `@` would soon repeat.
const LEAST_LOCAL: u32 = 8;
/// A longer `char(n)` gets no more characters than these: it is filled up with blanks.
const LONGEST_CHAR: u32 = 1000;

/// Chooses the generator, or says why there is none.
pub(super) fn resolve(
    catalog: &Catalog,
    table: &Table,
    column: &Column,
    wish: &Randomize,
    span: Span,
    report: &mut Report,
) -> Option<Generator> {
    Fitting { catalog, table, column, wish, span }.of_type(&column.ty, &mut Vec::new(), report)
}

/// A wish that is to be fitted to a column.
struct Fitting<'a> {
    catalog: &'a Catalog,
    table: &'a Table,
    column: &'a Column,
    wish: &'a Randomize,
    span: Span,
}

impl<'a> Fitting<'a> {
    /// Values of a type: the column's, or that of a part of its values. `within` are the composite types around it.
    fn of_type(&self, ty: &'a PgType, within: &mut by_type::Within<'a>, report: &mut Report) -> Option<Generator> {
        match (ty, &self.wish.kind) {
            (PgType::Array { of, domains }, _) => {
                let generator = self.of_type(of, within, report)?;
                let element = Box::new(Part { generator, domain: domains.first().cloned() });
                Some(Generator::Each { element, ty: (**of).clone() })
            }
            (_, Some(kind)) => self.by_kind(kind.value, ty, report),
            (_, None) => self.by_type(ty, within, report),
        }
    }

    fn by_kind(&self, kind: Kind, ty: &PgType, report: &mut Report) -> Option<Generator> {
        let Fitting { table, column, wish, span, .. } = *self;
        if !fits_type(kind, ty) {
            report.push(words::random_misfit(table, column, kind, span));
            return None;
        }
        let limit = ty.length_limit();
        let too_long = |needed: usize, report: &mut Report| {
            let fits = limit.is_none_or(|limit| needed <= limit as usize);
            if !fits {
                report.push(words::random_too_long(table, column, kind, needed, limit.unwrap_or_default(), span));
            }
            !fits
        };
        match kind {
            Kind::Email => {
                let domain = wish.domain.as_ref().map_or(DEFAULT_DOMAIN, |domain| &domain.value).to_owned();
                let behind = 1 + domain.chars().count();
                if too_long(behind + LEAST_LOCAL as usize, report) {
                    return None;
                }
                let local = limit.map_or(HEX, |limit| HEX.min(limit - behind as u32));
                Some(Generator::Email { local, domain })
            }
            Kind::Name => {
                let longest = longest(FIRST_NAMES) + 1 + longest(LAST_NAMES);
                (!too_long(longest, report)).then_some(Generator::Name)
            }
            Kind::FirstName => (!too_long(longest(FIRST_NAMES), report)).then_some(Generator::FirstName),
            Kind::LastName => (!too_long(longest(LAST_NAMES), report)).then_some(Generator::LastName),
            Kind::Phone => digits(DEFAULT_PHONE, too_long, report),
            Kind::Digits => {
                // Without a picture, as many digits as fit, at most ten.
                let plain = "#".repeat(limit.map_or(10, |limit| limit.min(10)) as usize);
                digits(wish.format.as_ref().map_or(&plain, |format| &format.value), too_long, report)
            }
            Kind::Text | Kind::Token => {
                let length = match (&wish.length, ty) {
                    (Some(length), _) => length.value,
                    (None, PgType::Char { length }) => (*length).min(LONGEST_CHAR),
                    (None, _) => limit.map_or(HEX, |limit| HEX.min(limit)),
                };
                (!too_long(length as usize, report)).then_some(Generator::Hex { length })
            }
            Kind::Uuid => {
                let text = ty.is_text();
                (!text || !too_long(36, report)).then_some(Generator::Uuid { text })
            }
            Kind::Integer | Kind::Number => self.number(kind, ty, report),
            Kind::Date => {
                self.between(("1970-01-01", "2000-12-31"), report).map(|(min, max)| Generator::Date { min, max })
            }
            Kind::Timestamp => {
                self.between(("1970-01-01", "2000-12-31"), report).map(|(min, max)| Generator::Timestamp { min, max })
            }
            Kind::Boolean => Some(Generator::Boolean),
            Kind::Choice => self.choice(ty, report),
            Kind::Inet => {
                let text = ty.is_text();
                (!text || !too_long("192.0.2.255".len(), report)).then_some(Generator::Inet { text })
            }
            Kind::Bytes => Some(Generator::Bytes { length: wish.length.as_ref().map_or(BYTES, |length| length.value) }),
        }
    }

    /// A range of numbers that the type holds.
    fn number(&self, kind: Kind, ty: &PgType, report: &mut Report) -> Option<Generator> {
        let Fitting { table, column, wish, span, .. } = *self;
        let (most, scale) = match ty {
            PgType::SmallInt => ("32767".to_owned(), 0),
            PgType::Integer => ("2147483647".to_owned(), 0),
            PgType::BigInt => ("999999999999999".to_owned(), 0),
            PgType::Numeric { precision: Some(precision), scale } => {
                // PostgreSQL 15 and later allow a negative scale: 10, 100 … are the steps then.
                // A number as wide as it can be would be rounded up to one digit more.
                let whole = (i64::from(*precision) - i64::from(scale.unwrap_or(0).max(0))).clamp(0, 15) as usize;
                let scale = scale.unwrap_or(0).clamp(0, 15) as u32;
                let nines = |n: usize| "9".repeat(n);
                let text = match (whole, scale) {
                    (0, scale) => format!("0.{}", nines(scale as usize)),
                    (whole, 0) => nines(whole),
                    (whole, scale) => format!("{}.{}", nines(whole), nines(scale as usize)),
                };
                (text, scale)
            }
            _ => ("1000000".to_owned(), 2),
        };
        let scale = if kind == Kind::Integer { 0 } else { scale };
        let most = if scale == 0 { most.split('.').next().unwrap_or("0").to_owned() } else { most };
        let min = wish.min.as_ref().map_or("0".to_owned(), |min| min.value.clone());
        let max = wish.max.as_ref().map_or(most, |max| max.value.clone());
        for (bound, text) in [(&wish.min, &min), (&wish.max, &max)] {
            let whole = kind != Kind::Integer || text.parse::<i64>().is_ok();
            if !whole || literal::fits(&Catalog::default(), &as_number(ty), text) != Fit::Yes {
                report.push(words::random_bound(table, column, bound.as_ref().map_or(span, |bound| bound.span)));
                return None;
            }
        }
        let fine = decimals(&min).max(decimals(&max));
        let scale = match ty {
            PgType::Real | PgType::Double | PgType::Numeric { precision: None, .. } if kind == Kind::Number => {
                scale.max(fine)
            }
            _ => scale,
        };
        // Rounded to the column's scale, a finer bound would be left.
        for (bound, text) in [(&wish.min, &min), (&wish.max, &max)] {
            if decimals(text) > scale {
                report.push(words::random_bound(table, column, bound.as_ref().map_or(span, |bound| bound.span)));
                return None;
            }
        }
        let ordered = match (min.parse::<f64>(), max.parse::<f64>()) {
            (Ok(min), Ok(max)) => min <= max,
            _ => false,
        };
        if !ordered {
            report.push(words::random_empty_range(table, column, span));
            return None;
        }
        Some(Generator::Number { min, max, scale })
    }

    /// A range of days.
    fn between(&self, default: (&str, &str), report: &mut Report) -> Option<(String, String)> {
        let Fitting { table, column, wish, span, .. } = *self;
        let min = wish.min.as_ref().map_or(default.0, |min| &min.value).to_owned();
        let max = wish.max.as_ref().map_or(default.1, |max| &max.value).to_owned();
        for (bound, text) in [(&wish.min, &min), (&wish.max, &max)] {
            if !literal::is_iso_date(text) {
                report.push(words::random_date_bound(table, column, bound.as_ref().map_or(span, |bound| bound.span)));
                return None;
            }
        }
        // ISO dates sort as text.
        if min > max {
            report.push(words::random_empty_range(table, column, span));
            return None;
        }
        Some((min, max))
    }

    /// The values to choose from: those given, or the enum's labels.
    fn choice(&self, ty: &PgType, report: &mut Report) -> Option<Generator> {
        let Fitting { catalog, table, column, wish, span } = *self;
        if wish.from.is_empty() {
            let labels = match ty {
                PgType::Enum { name } => catalog.enum_type(name).map(|found| found.labels.clone()),
                _ => None,
            };
            let labels = labels.filter(|labels| !labels.is_empty());
            if labels.is_none() {
                report.push(words::choice_of_nothing(table, column, span));
            }
            return labels.map(|from| Generator::Choice { from, ty: ty.clone() });
        }
        let mut all = true;
        for value in &wish.from {
            match literal::fits(catalog, ty, &value.value) {
                Fit::Yes => {}
                Fit::AskServer => {
                    if !catalog.observed.live {
                        report.push(words::unverified_literal(table, column, value.span));
                    }
                }
                Fit::No(problem) => {
                    report.push(words::literal_misfit(catalog, table, column, problem, value.span));
                    all = false;
                }
            }
        }
        all.then(|| Generator::Choice {
            from: wish.from.iter().map(|value| value.value.clone()).collect(),
            ty: ty.clone(),
        })
    }
}

/// `money` as the number that it is cast from: sixty-four bits of cents, of which numbers of fifteen digits fit.
fn as_number(ty: &PgType) -> PgType {
    match ty {
        PgType::Other { name } if name == "money" => PgType::Numeric { precision: Some(15), scale: Some(2) },
        other => other.clone(),
    }
}

/// Digits behind the point.
pub(super) fn decimals(text: &str) -> u32 {
    text.split_once('.').map_or(0, |(_, part)| part.trim().len() as u32)
}

fn digits(format: &str, too_long: impl Fn(usize, &mut Report) -> bool, report: &mut Report) -> Option<Generator> {
    (!too_long(format.chars().count(), report)).then(|| Generator::Digits { format: format.to_owned() })
}

fn longest(names: &[&str]) -> usize {
    names.iter().map(|name| name.chars().count()).max().unwrap_or_default()
}

/// Whether values of a kind are values of a type.
fn fits_type(kind: Kind, ty: &PgType) -> bool {
    match kind {
        Kind::Email
        | Kind::Name
        | Kind::FirstName
        | Kind::LastName
        | Kind::Phone
        | Kind::Text
        | Kind::Token
        | Kind::Digits => ty.is_text(),
        Kind::Uuid => *ty == PgType::Uuid || ty.is_text(),
        Kind::Integer | Kind::Number => matches!(
            as_number(ty),
            PgType::SmallInt
                | PgType::Integer
                | PgType::BigInt
                | PgType::Numeric { .. }
                | PgType::Real
                | PgType::Double
        ),
        Kind::Date => *ty == PgType::Date,
        Kind::Timestamp => matches!(ty, PgType::Timestamp | PgType::Timestamptz),
        Kind::Boolean => *ty == PgType::Boolean,
        Kind::Choice => true,
        Kind::Inet => matches!(ty, PgType::Inet | PgType::Cidr) || ty.is_text(),
        Kind::Bytes => *ty == PgType::Bytea,
    }
}
