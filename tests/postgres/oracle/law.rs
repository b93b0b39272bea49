//! What may a random cell hold?
//!
//! The model can't know a random value; it knows what every such value has in common.

use super::computed::{day_number, elements, hundredths};
use super::rules::Random;
use super::world::{ColumnId, TableId, Type, Value, World};

/// What holds for every value that a random decision makes of another one; NULL stays NULL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Law {
    pub form: Form,
    /// The column's length.
    pub fits: usize,
    /// So many possibilities that the old value never comes up again, and no other one twice.
    pub unique: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    Hex {
        length: Option<usize>,
    },
    Email {
        domain: &'static str,
    },
    Words,
    Picture(&'static str),
    Integer {
        min: i64,
        max: i64,
    },
    Date {
        min: &'static str,
        max: &'static str,
    },
    /// A number with two digits behind the point.
    Fraction,
    Moment,
    /// The day or moment that stood there, moved by one day at least, and so many at most.
    Moved {
        days: u32,
    },
    Boolean,
    OneOf(Vec<&'static str>),
    /// A document of its own.
    Document,
    /// An array in which each element is such, but for those that were NULL.
    Each(Box<Form>),
}

/// Hexadecimal characters from which on values are unique by construction.
const UNIQUE: usize = 16;

/// The law of a decision about a column.
pub fn law_of(world: &World, table: TableId, column: ColumnId, random: &Random) -> Law {
    let ty = world.tables[table].columns[column].ty;
    if ty == Type::Texts {
        let form = Form::Each(Box::new(form_of(world, Type::Text, random)));
        return Law { form, fits: usize::MAX, unique: false };
    }
    let fits = match ty {
        Type::Varchar(length) => length,
        _ => usize::MAX,
    };
    let form = form_of(world, ty, random);
    let unique = match &form {
        Form::Hex { length } => length.unwrap_or(fits).min(fits) >= UNIQUE,
        Form::Email { domain } => fits > domain.len() + UNIQUE,
        Form::Document => true,
        _ => false,
    };
    Law { form, fits, unique }
}

fn form_of(world: &World, ty: Type, random: &Random) -> Form {
    match (random, ty) {
        (Random::Email { domain }, _) => Form::Email { domain: domain.unwrap_or("deleted.invalid") },
        (Random::Name | Random::FirstName | Random::LastName | Random::Phone, _) => Form::Words,
        (Random::Text { length }, _) => Form::Hex { length: *length },
        (Random::Token, _) => Form::Hex { length: None },
        (Random::Digits { format }, _) => Form::Picture(format),
        (Random::Integer { min, max }, _) => Form::Integer { min: *min, max: *max },
        (Random::Date { min, max }, _) => Form::Date { min, max },
        (Random::Choice { from }, _) => Form::OneOf(from.clone()),
        (Random::ByType, Type::Integer) => Form::Integer { min: i32::MIN.into(), max: i32::MAX.into() },
        (Random::ByType, Type::Bigint) => Form::Integer { min: i64::MIN, max: i64::MAX },
        (Random::ByType, Type::Text | Type::Varchar(_)) => Form::Hex { length: None },
        (Random::ByType, Type::Boolean) => Form::Boolean,
        (Random::ByType, Type::Date) => Form::Date { min: "0001-01-01", max: "9999-12-31" },
        (Random::ByType, Type::Enum(id)) => Form::OneOf(world.enums[id].labels.clone()),
        (Random::ByType, Type::Timestamp) => Form::Moment,
        (Random::ByType, Type::Numeric) => Form::Fraction,
        (Random::ByType, Type::Jsonb) => Form::Document,
        (Random::ByType, Type::Texts) => Form::Each(Box::new(Form::Hex { length: None })),
    }
}

impl Law {
    /// What is wrong with a value, if anything; `before` is what the cell held.
    pub fn breach(&self, value: Option<&str>, before: Option<&str>) -> Option<String> {
        let Some(value) = value else { return Some("null for a random value".into()) };
        let is_form = self.form.is_of(value, before);
        if !is_form || value.chars().count() > self.fits {
            return Some(format!("`{value}` breaks {self:?}"));
        }
        (self.unique && before == Some(value)).then(|| format!("`{value}` is still there"))
    }
}

impl Form {
    /// Whether a value is of the form; `before` is what the cell held.
    fn is_of(&self, value: &str, before: Option<&str>) -> bool {
        match self {
            Form::Hex { length } => {
                !value.is_empty()
                    && value.chars().all(|c| c.is_ascii_hexdigit())
                    && length.is_none_or(|length| value.chars().count() == length)
            }
            Form::Email { domain } => value.strip_suffix(domain).is_some_and(|rest| {
                rest.strip_suffix('@').is_some_and(|local| !local.is_empty() && !local.contains(['@', ' ']))
            }),
            Form::Words => !value.trim().is_empty(),
            Form::Picture(picture) => {
                value.chars().count() == picture.chars().count()
                    && value
                        .chars()
                        .zip(picture.chars())
                        .all(|(c, p)| if p == '#' { c.is_ascii_digit() } else { c == p })
            }
            Form::Integer { min, max } => value.parse::<i64>().is_ok_and(|number| (*min..=*max).contains(&number)),
            Form::Date { min, max } => value.len() == 10 && (*min..=*max).contains(&value),
            Form::Fraction => hundredths(value).is_some() && value.chars().rev().nth(2) == Some('.'),
            Form::Moment => value.len() == 19 && day_number(value).is_some(),
            Form::Moved { days } => {
                let moved = before.and_then(|before| Some(day_number(value)? - day_number(before)?));
                let is_same_clock = before.is_some_and(|before| before.get(10..) == value.get(10..));
                is_same_clock && moved.is_some_and(|moved| moved != 0 && moved.abs() <= i64::from(*days))
            }
            Form::Boolean => value == "true" || value == "false",
            Form::OneOf(values) => values.contains(&value),
            Form::Document => value
                .strip_prefix("{\"random\": \"")
                .and_then(|rest| rest.strip_suffix("\"}"))
                .is_some_and(|hex| hex.len() == 32 && hex.chars().all(|c| c.is_ascii_hexdigit())),
            Form::Each(form) => {
                let (now, before) = (elements(value), elements(before.unwrap_or_default()));
                let is_each = |(now, before): (&Option<String>, &Option<String>)| match (now, before) {
                    (Some(now), Some(before)) => form.is_of(now, Some(before)),
                    (None, None) => true,
                    (Some(_), None) | (None, Some(_)) => false,
                };
                now.len() == before.len() && now.iter().zip(&before).all(is_each)
            }
        }
    }
}

/// A literal's text as a value of the column, as far as it is one.
pub fn read(world: &World, table: TableId, column: ColumnId, text: &str) -> Value {
    match world.tables[table].columns[column].ty {
        Type::Integer | Type::Bigint => text.parse().map_or(Value::Null, Value::Integer),
        Type::Boolean => Value::Boolean(text == "true"),
        Type::Text
        | Type::Varchar(_)
        | Type::Date
        | Type::Timestamp
        | Type::Numeric
        | Type::Texts
        | Type::Jsonb
        | Type::Enum(_) => Value::Text(text.to_owned()),
    }
}
