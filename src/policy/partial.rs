//! Which part of a value does the policy let stay?

use super::keys::{self, Fields, empty, shape};
use super::scalar::Reader;
use super::yaml::{Kind, Node};
use crate::action::{Generalize, Mask, Unit};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Span, Spanned};

/// A century: nobody hides a day of birth by moving it further.
const MOST_DAYS: u64 = 36_525;

impl Reader<'_> {
    /// `mask: "*"`, with `keep_first` and `keep_last`.
    pub(super) fn mask(&mut self, node: &Node, owner: Span, fields: &Fields<'_>) -> Option<Spanned<Mask>> {
        let text = self.literal(node, owner, "mask")?;
        let mut characters = text.value.chars();
        let (Some(with), None) =
            (characters.next().filter(|c| !c.is_whitespace() && !c.is_control()), characters.next())
        else {
            let found =
                Diagnostic::new(Code::InvalidValue, "`mask` takes one character, which stands for each other one");
            let found = found.at(text.span, "not one character that can be seen");
            self.report.push(found.help("write `mask: \"*\"`; for another text as a whole, `replace`"));
            return None;
        };
        let keep_first = self.kept_characters(fields, "keep_first");
        let keep_last = self.kept_characters(fields, "keep_last");
        Some(Spanned::new(Mask { with, keep_first: keep_first?, keep_last: keep_last? }, node.span))
    }

    fn kept_characters(&mut self, fields: &Fields<'_>, key: &str) -> Option<u32> {
        let Some((name, node)) = fields.entry(key) else { return Some(0) };
        let number = self.number(node, name.span, key, 1)?;
        match u32::try_from(number.value).ok().filter(|number| *number <= 1_000_000) {
            Some(number) => Some(number),
            None => {
                let found =
                    Diagnostic::new(Code::InvalidValue, format!("`{key}` keeps more than a million characters"));
                self.report.push(found.at(number.span, "nothing would be masked").help("write a smaller number"));
                None
            }
        }
    }

    /// `generalize: year`, or a number to whose multiples numbers are cut.
    pub(super) fn generalize(&mut self, node: &Node, owner: Span) -> Option<Spanned<Generalize>> {
        let names: Vec<&str> = Unit::ALL.iter().map(|unit| unit.name()).collect();
        let help = format!("a unit of time ({}), or a number such as `10`", keys::list(&names));
        let word = match &node.kind {
            Kind::Empty => {
                self.report.push(empty(owner, "`generalize`").help(help));
                return None;
            }
            Kind::List(_) | Kind::Map(_) => {
                self.report.push(shape(node, "`generalize` takes one value").help(help));
                return None;
            }
            Kind::Scalar(scalar) => scalar.text.as_str(),
        };
        if let Some(unit) = Unit::from_name(word) {
            return Some(Spanned::new(Generalize::Unit(unit), node.span));
        }
        let above_zero = word.chars().any(|c| ('1'..='9').contains(&c)) && !word.starts_with('-');
        if super::random::is_decimal(word) && above_zero && word.len() <= 30 {
            return Some(Spanned::new(Generalize::Step(word.to_owned()), node.span));
        }
        let near = keys::nearest(word, names);
        let found = Diagnostic::new(Code::InvalidValue, "`generalize` takes a unit of time, or a number above zero");
        self.report.push(found.at(node.span, "neither").help(match near {
            Some(near) => format!("a unit named `{near}` exists"),
            None => help,
        }));
        None
    }

    /// `shift_days: 30`.
    pub(super) fn shift_days(&mut self, node: &Node, owner: Span) -> Option<Spanned<u32>> {
        let days = self.number(node, owner, "shift_days", 1)?;
        match u32::try_from(days.value).ok().filter(|_| days.value <= MOST_DAYS) {
            Some(number) => Some(Spanned::new(number, days.span)),
            None => {
                let found = Diagnostic::new(Code::InvalidValue, format!("`shift_days` is above {MOST_DAYS}"));
                self.report.push(found.at(days.span, "more than a century").help("write a smaller number of days"));
                None
            }
        }
    }
}
