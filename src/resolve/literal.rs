//! Is a literal a value of its column's type?
//!
//! Decided here as far as it can be without a server; the rest is asked there, with a cast.

use crate::catalog::Catalog;
use crate::ident::TableName;
use crate::pgtype::PgType;

/// Whether a literal fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    Yes,
    /// Only the server knows.
    AskServer,
    No(Misfit),
}

/// Why a literal doesn't fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    /// So many characters, where so many fit.
    TooLong { length: usize, limit: u32 },
    /// Not a label of this enum.
    NotInEnum(TableName),
    /// Not a value of the type, in words.
    WrongType(&'static str),
}

/// Holds a literal against a type.
pub(super) fn fits(catalog: &Catalog, ty: &PgType, text: &str) -> Fit {
    let wrong = |what| Fit::No(Misfit::WrongType(what));
    let test = |ok: bool, what| if ok { Fit::Yes } else { wrong(what) };
    match ty {
        PgType::Text { .. } | PgType::Char { .. } | PgType::Citext | PgType::Name => match ty.length_limit() {
            // Blanks at the end are cut off silently (manual, 8.3).
            Some(limit) if text.trim_end_matches(' ').chars().count() > limit as usize => {
                Fit::No(Misfit::TooLong { length: text.chars().count(), limit })
            }
            _ => Fit::Yes,
        },
        PgType::SmallInt => test(text.trim().parse::<i16>().is_ok(), "a whole number from -32768 to 32767"),
        PgType::Integer => test(text.trim().parse::<i32>().is_ok(), "a whole number from -2147483648 to 2147483647"),
        PgType::BigInt => test(text.trim().parse::<i64>().is_ok(), "a whole number of 64 bits"),
        PgType::Numeric { precision, scale } => numeric(text.trim(), *precision, *scale),
        PgType::Real | PgType::Double => {
            // Rust also reads `inf` and `nan` in spellings that PostgreSQL may not.
            if text.trim().parse::<f64>().is_ok_and(f64::is_finite) { Fit::Yes } else { Fit::AskServer }
        }
        PgType::Boolean => test(is_boolean(text.trim()), "true or false"),
        PgType::Uuid => test(is_uuid(text.trim()), "a UUID: 32 hexadecimal digits in groups of 8-4-4-4-12"),
        PgType::Enum { name } => {
            let Some(found) = catalog.enum_type(name) else { return Fit::AskServer };
            if found.labels.iter().any(|label| label == text) {
                Fit::Yes
            } else {
                Fit::No(Misfit::NotInEnum(name.clone()))
            }
        }
        PgType::Date | PgType::Timestamp | PgType::Timestamptz => {
            if is_iso_date(text.get(..10).unwrap_or(text)) {
                if text.len() == 10 { Fit::Yes } else { Fit::AskServer }
            } else if text.contains(|c: char| c.is_ascii_digit()) {
                Fit::AskServer
            } else {
                wrong("a date like 2020-01-31")
            }
        }
        PgType::Json | PgType::Jsonb => {
            test(serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok(), "a JSON document, in single quotes")
        }
        PgType::Time
        | PgType::Interval
        | PgType::Bytea
        | PgType::Inet
        | PgType::Cidr
        | PgType::Bit { .. }
        | PgType::VarBit { .. }
        | PgType::Composite { .. }
        | PgType::Range { .. }
        | PgType::Array { .. }
        | PgType::Other { .. } => Fit::AskServer,
    }
}

fn numeric(text: &str, precision: Option<u32>, scale: Option<i32>) -> Fit {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, part) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || (whole.is_empty() && part.is_empty()) {
        // `1e3` and `NaN` are numbers too.
        return if text.parse::<f64>().is_ok() { Fit::AskServer } else { Fit::No(Misfit::WrongType("a number")) };
    }
    match (precision, scale) {
        (Some(precision), Some(scale)) => {
            let room = i64::from(precision) - i64::from(scale);
            let needed = whole.trim_start_matches('0').len() as i64;
            // Rounding may carry into one more digit.
            if needed > room {
                Fit::No(Misfit::WrongType("a number with fewer digits before the point"))
            } else if needed == room && i64::from(scale) < part.len() as i64 {
                Fit::AskServer
            } else {
                Fit::Yes
            }
        }
        _ => Fit::Yes,
    }
}

fn is_boolean(text: &str) -> bool {
    // Unique prefixes of the words are read as well (manual, 8.6).
    let lower = text.to_ascii_lowercase();
    !lower.is_empty()
        && (["true", "false", "yes", "no"].iter().any(|word| word.starts_with(&lower))
            || ["on", "of", "off", "1", "0"].contains(&lower.as_str()))
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<_> = text.split('-').map(str::len).collect();
    groups == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

/// Whether a text is a day of the Gregorian calendar as `YYYY-MM-DD`.
pub(super) fn is_iso_date(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let [year, month, day] = parts[..] else { return false };
    if [year.len(), month.len(), day.len()] != [4, 2, 2] {
        return false;
    }
    let (Ok(year), Ok(month), Ok(day)) = (year.parse::<u32>(), month.parse::<u32>(), day.parse::<u32>()) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(leap),
        _ => return false,
    };
    year > 0 && (1..=days).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(ty: PgType, text: &str) -> Fit {
        fits(&Catalog::default(), &ty, text)
    }

    #[test]
    fn characters_are_counted_and_not_bytes() {
        assert_eq!(fit(PgType::Text { limit: Some(3) }, "äöü"), Fit::Yes);
        assert_eq!(fit(PgType::Text { limit: Some(3) }, "abc   "), Fit::Yes);
        assert_eq!(fit(PgType::Text { limit: Some(3) }, "abcd"), Fit::No(Misfit::TooLong { length: 4, limit: 3 }));
    }

    #[test]
    fn numbers_have_a_range() {
        assert_eq!(fit(PgType::SmallInt, "32767"), Fit::Yes);
        assert!(matches!(fit(PgType::SmallInt, "32768"), Fit::No(_)));
        let money = PgType::Numeric { precision: Some(5), scale: Some(2) };
        assert_eq!(fit(money.clone(), "999.99"), Fit::Yes);
        assert_eq!(fit(money.clone(), "999.999"), Fit::AskServer);
        assert!(matches!(fit(money.clone(), "1000"), Fit::No(_)));
        assert!(matches!(fit(money, "ten"), Fit::No(_)));
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        assert!(is_iso_date("2000-02-29"));
        assert!(!is_iso_date("1900-02-29"));
        assert!(!is_iso_date("2001-13-01"));
        assert!(!is_iso_date("2001-1-1"));
    }
}
