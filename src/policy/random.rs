//! Which random values does the policy ask for?
//!
//! A kind, or nothing for one by the column's type, and the options of that kind. `randomize` and `pseudonymize` take the
//! same: what comes out looks alike, and only where its bits come from differs.

use super::keys::{self, Fields, empty, shape};
use super::scalar::Reader;
use super::yaml::{Kind, Node};
use crate::action::{Randomize, random};
use crate::diagnostic::{Code, Diagnostic};
use crate::ident::shown;
use crate::source::Spanned;

impl Reader<'_> {
    /// The kind and the options of `randomize` or `pseudonymize`.
    pub fn random(&mut self, node: &Node, action: &Spanned<String>, fields: &Fields<'_>) -> Option<Randomize> {
        let word_itself = action.value.as_str();
        let names: Vec<&str> = random::Kind::ALL.iter().map(|kind| kind.name()).collect();
        let word = match &node.kind {
            Kind::Empty => {
                let found = empty(action.span, &format!("`{word_itself}`"));
                let help = format!("write the word `{word_itself}` alone for a value by the column's type");
                self.report.push(found.help(help));
                return None;
            }
            Kind::Scalar(scalar) => scalar.text.as_str(),
            Kind::List(_) | Kind::Map(_) => {
                let found = shape(node, &format!("`{word_itself}` takes the name of a kind"));
                self.report.push(found.help(format!("kinds: {}", keys::list(&names))));
                return None;
            }
        };
        let Some(kind) = random::Kind::from_name(word) else {
            let found =
                Diagnostic::new(Code::UnknownAction, format!("no kind of random value named `{}`", shown(word)));
            let help = match keys::nearest(word, names.iter().copied()) {
                Some(near) => format!("a kind named `{near}` exists"),
                None => format!("kinds: {}", keys::list(&names)),
            };
            self.report.push(found.at(node.span, "not known").help(help));
            return None;
        };
        let mut random = Randomize { kind: Some(Spanned::new(kind, node.span)), ..Randomize::default() };
        for (option, value) in fields.entries.iter().copied().filter(|(key, _)| key.value != action.value) {
            let name = option.value.as_str();
            if keys::ACTIONS.contains(&name) || name == "propagate" {
                continue;
            }
            if !options(kind).contains(&name) {
                let message = format!("`{word_itself}: {}` has no option `{name}`", kind.name());
                let found = Diagnostic::new(Code::ConflictingKeys, message);
                let found = found.at(option.span, "an option of other kinds").label(node.span, "the kind");
                let known = options(kind);
                let help = match known {
                    [] => format!("leave `{name}` out"),
                    _ => format!("its options: {}", keys::list(known)),
                };
                self.report.push(found.help(help));
                continue;
            }
            match name {
                "domain" => {
                    random.domain = self.checked(value, option, "a domain such as `deleted.invalid`", is_domain)
                }
                "format" => {
                    let what = "a picture with at least one `#` for a digit, in quotes: `\"+## ###\"`";
                    random.format = self.checked(value, option, what, |text| text.contains('#'));
                }
                "min" => random.min = self.bound(value, option, kind),
                "max" => random.max = self.bound(value, option, kind),
                "length" => {
                    let length = self.number(value, option.span, name, 1);
                    let fits = |length: &u64| u32::try_from(*length).ok().filter(|length| *length <= random::LONGEST);
                    random.length =
                        length.as_ref().and_then(|length| Some(Spanned::new(fits(&length.value)?, length.span)));
                    if let (Some(length), None) = (length, &random.length) {
                        let found = Diagnostic::new(Code::InvalidValue, "`length` is more than anybody reads");
                        let found = found.at(length.span, "too long");
                        self.report.push(found.help(format!("{} are the most", random::LONGEST)));
                    }
                }
                _ => random.from = self.choices(value, option),
            }
        }
        self.bounds_in_order(&random, kind);
        Some(random)
    }

    fn checked(
        &mut self,
        node: &Node,
        option: &Spanned<String>,
        what: &str,
        fits: impl Fn(&str) -> bool,
    ) -> Option<Spanned<String>> {
        let literal = self.literal(node, option.span, &option.value)?;
        if fits(&literal.value) {
            return Some(literal);
        }
        let found = Diagnostic::new(Code::InvalidValue, format!("`{}` is {what}", option.value));
        self.report.push(found.at(literal.span, "this is something else").help(format!("write {what}")));
        None
    }

    fn bound(&mut self, node: &Node, option: &Spanned<String>, kind: random::Kind) -> Option<Spanned<String>> {
        match kind {
            random::Kind::Integer => self.checked(node, option, "a whole number", |text| text.parse::<i64>().is_ok()),
            random::Kind::Number => self.checked(node, option, "a number such as `12.50`", is_decimal),
            random::Kind::Date => self.checked(node, option, "a day such as `1980-12-31`", is_date),
            _ => self.checked(node, option, "a moment such as `1980-12-31 23:59:59`", is_timestamp),
        }
    }

    fn bounds_in_order(&mut self, random: &Randomize, kind: random::Kind) {
        let (Some(min), Some(max)) = (&random.min, &random.max) else { return };
        let turned = match kind {
            random::Kind::Integer => min.value.parse::<i64>().ok() > max.value.parse::<i64>().ok(),
            random::Kind::Number => min.value.parse::<f64>().ok() > max.value.parse::<f64>().ok(),
            // ISO 8601 texts are in order as their moments are; `T` and a blank mean the same.
            _ => min.value.replace('T', " ") > max.value.replace('T', " "),
        };
        if turned {
            let found = Diagnostic::new(Code::InvalidValue, "`min` is greater than `max`").at(min.span, "greater");
            self.report.push(found.label(max.span, "than this").help("write the lesser one as `min`"));
        }
    }

    fn choices(&mut self, node: &Node, option: &Spanned<String>) -> Vec<Spanned<String>> {
        match &node.kind {
            Kind::List(items) if !items.is_empty() => {
                items.iter().filter_map(|item| self.literal(item, item.span, "from")).collect()
            }
            Kind::Empty | Kind::Scalar(_) | Kind::List(_) | Kind::Map(_) => {
                let found = Diagnostic::new(Code::WrongShape, "`from` is a list of at least one value");
                self.report.push(found.at(option.span, "this is something else").help("write `from: [a, b]`"));
                Vec::new()
            }
        }
    }
}

/// The options that a kind of random value takes.
pub(super) fn options(kind: random::Kind) -> &'static [&'static str] {
    use random::Kind;
    match kind {
        Kind::Email => &["domain"],
        Kind::Digits => &["format"],
        Kind::Integer | Kind::Number | Kind::Date | Kind::Timestamp => &["min", "max"],
        Kind::Text | Kind::Token | Kind::Bytes => &["length"],
        Kind::Choice => &["from"],
        Kind::Name | Kind::FirstName | Kind::LastName | Kind::Phone | Kind::Uuid | Kind::Boolean | Kind::Inet => &[],
    }
}

fn is_domain(text: &str) -> bool {
    let label = |part: &str| {
        let edge = part.starts_with('-') || part.ends_with('-');
        !part.is_empty() && part.len() <= 63 && !edge && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

pub(super) fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, part].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_date(text: &str) -> bool {
    let number = |part: &str, digits: usize| {
        (part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| part.parse::<u32>().ok())
            .flatten()
    };
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next(), parts.next(), parts.next());
    let (Some(year), Some(month), Some(day), None) = (year, month, day, parts.next()) else { return false };
    let (Some(year), Some(month), Some(day)) = (number(year, 4), number(month, 2), number(day, 2)) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    year > 0 && (1..=days).contains(&day)
}

fn is_timestamp(text: &str) -> bool {
    let Some((date, time)) = text.split_once([' ', 'T']) else { return is_date(text) };
    let parts: Vec<&str> = time.split(':').collect();
    let below = |part: &str, limit: u8| {
        part.len() == 2
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && part.parse().is_ok_and(|number: u8| number < limit)
    };
    let clock = match parts[..] {
        [hour, minute] => below(hour, 24) && below(minute, 60),
        [hour, minute, second] => below(hour, 24) && below(minute, 60) && below(second, 60),
        _ => false,
    };
    is_date(date) && clock
}
