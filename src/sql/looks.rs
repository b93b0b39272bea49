//! What do generated values look like, so that they can be told from what stood there before?

use super::generate::{element_name, elements, field};
use super::writer::Writer;
use crate::action::Generator;
use crate::action::random::{FIRST_NAMES, LAST_NAMES};

/// A condition that is true of generated values, none of them NULL; none where anything might look so.
pub(super) fn looks(generator: &Generator, value: &Writer) -> Option<Writer> {
    let mut w = Writer::new();
    match generator {
        // NULL looks like nothing, and `bool_and` leaves it out.
        Generator::Each { element, ty } => {
            w.kw("(SELECT bool_and(").sql(&looks(&element.generator, &element_name())?);
            w.kw(") FROM ").sql(&elements(ty, value)).kw(") IS NOT FALSE");
        }
        Generator::Fields { fields, .. } => {
            let looks = fields.iter().filter_map(|(name, part)| looks(&part.generator, &field(value, name)));
            let looks: Vec<_> = looks.collect();
            if looks.is_empty() {
                return None;
            }
            // A field may have been NULL.
            w.list(&looks, " AND ", |w, looks| {
                w.kw("(").sql(looks).kw(") IS NOT FALSE");
            });
        }
        scalar => {
            w.sql(value).kw("::text ~ ").text(&pattern(scalar)?);
            if let Some(length) = hexadecimal_length(scalar) {
                w.kw(" AND length(").sql(value).kw("::text) = ").number(length);
            }
        }
    }
    Some(w)
}

/// How long generated values are of which the pattern leaves that open: the server takes no repetition count above 255,
/// and needs several times as long for a smaller one.
fn hexadecimal_length(generator: &Generator) -> Option<u32> {
    match generator {
        Generator::Email { local, domain } => Some(local + 1 + domain.chars().count() as u32),
        Generator::Hex { length } => Some(*length),
        Generator::Digits { .. }
        | Generator::Name
        | Generator::FirstName
        | Generator::LastName
        | Generator::Choice { .. }
        | Generator::Inet { .. }
        | Generator::Uuid { .. }
        | Generator::Number { .. }
        | Generator::Date { .. }
        | Generator::Timestamp { .. }
        | Generator::Boolean
        | Generator::Bytes { .. }
        | Generator::BitString { .. }
        | Generator::Composed { .. }
        | Generator::Each { .. }
        | Generator::Fields { .. } => None,
    }
}

/// What generated values look like, as a regular expression; none where anything might look so.
fn pattern(generator: &Generator) -> Option<String> {
    match generator {
        Generator::Email { domain, .. } => Some(format!("^[0-9a-f]+@{}$", escape(domain))),
        Generator::Hex { .. } => Some("^[0-9a-f]+$".to_owned()),
        Generator::Digits { format } => {
            let parts: String =
                format.chars().map(|c| if c == '#' { "[0-9]".to_owned() } else { escape(&c.to_string()) }).collect();
            Some(format!("^{parts}$"))
        }
        Generator::Name => Some(format!("^({}) ({})$", FIRST_NAMES.join("|"), LAST_NAMES.join("|"))),
        Generator::FirstName => Some(format!("^({})$", FIRST_NAMES.join("|"))),
        Generator::LastName => Some(format!("^({})$", LAST_NAMES.join("|"))),
        // A number may be stored in another spelling than it was written in.
        Generator::Choice { from, .. } if from.iter().any(|value| value.parse::<f64>().is_ok()) => None,
        Generator::Choice { from, .. } => {
            let values: Vec<_> = from.iter().map(|value| escape(value)).collect();
            Some(format!("^({})$", values.join("|")))
        }
        Generator::Inet { .. } => Some("^192\\.0\\.2\\.".to_owned()),
        Generator::Uuid { .. }
        | Generator::Number { .. }
        | Generator::Date { .. }
        | Generator::Timestamp { .. }
        | Generator::Boolean
        | Generator::Bytes { .. }
        | Generator::BitString { .. }
        | Generator::Composed { .. }
        | Generator::Each { .. }
        | Generator::Fields { .. } => None,
    }
}

/// A text as a regular expression that matches just it (manual, 9.7.3).
fn escape(text: &str) -> String {
    let special = |c: char| "\\^$.|?*+()[]{}".contains(c);
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}
