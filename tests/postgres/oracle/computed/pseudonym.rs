//! Which pseudonym does a value get?
//!
//! The digest is HMAC-SHA-256 over the value's text; whoever has the secret can compute it, and so does this file.

use super::calendar::{day, day_number};
use crate::oracle::rules::Random;
use crate::oracle::world::{Type, World};
use crate::pseudonyms::hmac;

/// The secret of every run.
pub const SECRET: &str = "the oracle's \"secret\", \\N longer than a block of SHA-256, which has sixty-four bytes: ü";

/// What a pseudonym is made as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Maker {
    Email { domain: &'static str },
    Hex { length: usize },
    Picture(&'static str),
    Number { min: i64, max: i64 },
    Day { min: &'static str, max: &'static str },
    Moment { min: &'static str, max: &'static str },
    Truth,
    Document,
    OneOf(Vec<&'static str>),
}

/// The greatest number where a policy doesn't say.
const MOST: i64 = 2_147_483_647;
/// The days where a policy doesn't say.
const DAYS: (&str, &str) = ("1970-01-01", "2000-12-31");

/// What pseudonyms of a type are made as; none where check refuses. Names come from a list that is the engine's own: no
/// policy of a case asks for them.
pub fn maker(world: &World, ty: Type, random: &Random) -> Option<Maker> {
    let is_text = matches!(ty, Type::Text | Type::Varchar(_) | Type::Texts);
    let is_number = matches!(ty, Type::Integer | Type::Bigint | Type::Numeric);
    match random {
        Random::Email { domain } => is_text.then_some(Maker::Email { domain: domain.unwrap_or("deleted.invalid") }),
        Random::Text { length } => is_text.then_some(Maker::Hex { length: length.unwrap_or(32) }),
        Random::Token => is_text.then_some(Maker::Hex { length: 32 }),
        Random::Phone => is_text.then_some(Maker::Picture("+1-202-555-01##")),
        Random::Digits { format } => is_text.then_some(Maker::Picture(format)),
        Random::Integer { min, max } => is_number.then_some(Maker::Number { min: *min, max: *max }),
        Random::Date { min, max } => (ty == Type::Date).then_some(Maker::Day { min, max }),
        Random::Choice { from } => (is_text || matches!(ty, Type::Enum(_))).then(|| Maker::OneOf(from.clone())),
        Random::Name | Random::FirstName | Random::LastName => None,
        Random::ByType => match ty {
            Type::Text | Type::Varchar(_) | Type::Texts => Some(Maker::Hex { length: 32 }),
            Type::Integer | Type::Bigint | Type::Numeric => Some(Maker::Number { min: 0, max: MOST }),
            Type::Date => Some(Maker::Day { min: DAYS.0, max: DAYS.1 }),
            Type::Timestamp => Some(Maker::Moment { min: DAYS.0, max: DAYS.1 }),
            Type::Boolean => Some(Maker::Truth),
            Type::Enum(id) => Some(Maker::OneOf(world.enums[id].labels.clone())),
            Type::Jsonb => Some(Maker::Document),
        },
    }
}

/// One draw of a value's digest: a text that needs several has them numbered.
struct Draw(String);

impl Draw {
    fn of(text: &str, number: usize) -> Self {
        let text = if number > 1 { format!("{text}\u{1}{number}") } else { text.to_owned() };
        Self(hmac(SECRET.as_bytes(), text.as_bytes()))
    }

    fn hex(&self, length: usize) -> &str {
        &self.0[..length]
    }

    /// Its first sixty bits.
    fn number(&self) -> i64 {
        i64::from_str_radix(self.hex(15), 16).unwrap_or(0)
    }
}

impl Maker {
    /// The characters of a pseudonym; nothing where it isn't a text.
    pub fn length(&self) -> usize {
        match self {
            Maker::Email { domain } => 16 + 1 + domain.len(),
            Maker::Hex { length } => *length,
            Maker::Picture(picture) => picture.len(),
            Maker::OneOf(values) => values.iter().map(|value| value.chars().count()).max().unwrap_or(0),
            Maker::Number { .. } | Maker::Day { .. } | Maker::Moment { .. } | Maker::Truth | Maker::Document => 0,
        }
    }

    /// Whether pseudonyms of different values never meet.
    pub fn is_unique(&self) -> bool {
        match self {
            Maker::Email { .. } => true,
            Maker::Hex { length } => *length >= 16,
            Maker::Picture(_)
            | Maker::OneOf(_)
            | Maker::Number { .. }
            | Maker::Day { .. }
            | Maker::Moment { .. }
            | Maker::Truth
            | Maker::Document => false,
        }
    }

    /// The pseudonym of a value, as the server prints it in a column of a type.
    pub fn make(&self, text: &str, ty: Type) -> String {
        // Equal numbers have one text, however many zeros are printed.
        let text = if ty == Type::Numeric { text.trim_end_matches('0').trim_end_matches('.') } else { text };
        let draw = Draw::of(text, 1);
        let span = |min: &str, max: &str| day_number(max).unwrap_or(0) - day_number(min).unwrap_or(0) + 1;
        match self {
            Maker::Email { domain } => format!("{}@{domain}", draw.hex(16)),
            Maker::Hex { length } => draw.hex(*length).to_owned(),
            Maker::Picture(picture) => pictured(picture, text),
            Maker::Number { min, max } => {
                let number = min + draw.number() % (max - min + 1);
                if ty == Type::Numeric { format!("{number}.00") } else { number.to_string() }
            }
            Maker::Day { min, max } => day(day_number(min).unwrap_or(0) + draw.number() % span(min, max)),
            Maker::Moment { min, max } => {
                let seconds = draw.number() % (86_400 * span(min, max));
                let clock = seconds % 86_400;
                let date = day(day_number(min).unwrap_or(0) + seconds / 86_400);
                format!("{date} {:02}:{:02}:{:02}", clock / 3600, clock / 60 % 60, clock % 60)
            }
            Maker::Truth => (draw.number() % 2 == 1).to_string(),
            Maker::Document => format!("{{\"random\": \"{}\"}}", draw.hex(32)),
            Maker::OneOf(values) => values[(draw.number() % values.len() as i64) as usize].to_owned(),
        }
    }
}

/// A part of a picture.
pub enum Part {
    Fixed(&'static str),
    /// So many digits, one draw.
    Digits(usize),
}

/// The parts of a picture: runs of `#`, of fifteen at most, and what stands between them.
pub fn parts(picture: &'static str) -> Vec<Part> {
    let (mut parts, mut left) = (Vec::new(), picture);
    while !left.is_empty() {
        let digits = left.chars().take_while(|c| *c == '#').take(15).count();
        let end = if digits > 0 { digits } else { left.find('#').unwrap_or(left.len()) };
        let (part, behind) = left.split_at(end);
        parts.push(if digits > 0 { Part::Digits(digits) } else { Part::Fixed(part) });
        left = behind;
    }
    parts
}

fn pictured(picture: &'static str, text: &str) -> String {
    let mut draws = 0;
    let made = parts(picture).into_iter().map(|part| match part {
        Part::Fixed(fixed) => fixed.to_owned(),
        Part::Digits(count) => {
            draws += 1;
            format!("{:0count$}", Draw::of(text, draws).number() % 10_i64.pow(count as u32))
        }
    });
    made.collect()
}
