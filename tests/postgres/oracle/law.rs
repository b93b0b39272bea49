//! What may a random cell hold?
//!
//! The model can't know a random value; it knows what every such value has in common.

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
    Boolean,
    OneOf(Vec<&'static str>),
    /// An object with one random text.
    Document,
}

/// Hexadecimal characters from which on values are unique by construction.
const UNIQUE: usize = 16;

/// The law of a decision about a column.
pub fn law_of(world: &World, table: TableId, column: ColumnId, random: &Random) -> Law {
    let ty = world.tables[table].columns[column].ty;
    let fits = match ty {
        Type::Varchar(length) => length,
        _ => usize::MAX,
    };
    let form = match (random, ty) {
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
        (Random::ByType, Type::Jsonb) => Form::Document,
    };
    let unique = match &form {
        Form::Hex { length } => length.unwrap_or(fits).min(fits) >= UNIQUE,
        Form::Email { domain } => fits > domain.len() + UNIQUE,
        Form::Document => true,
        _ => false,
    };
    Law { form, fits, unique }
}

impl Law {
    /// What is wrong with a value, if anything; `before` is what the cell held.
    pub fn breach(&self, value: Option<&str>, before: Option<&str>) -> Option<String> {
        let Some(value) = value else { return Some("null for a random value".into()) };
        let is_form = match &self.form {
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
            Form::Boolean => value == "true" || value == "false",
            Form::OneOf(values) => values.contains(&value),
            Form::Document => {
                let text = value.strip_prefix('{').and_then(|rest| rest.strip_suffix("\"}"));
                text.and_then(|text| text.rsplit_once('"')).is_some_and(|(_, text)| text.len() >= UNIQUE)
            }
        };
        if !is_form || value.chars().count() > self.fits {
            return Some(format!("`{value}` breaks {self:?}"));
        }
        (self.unique && before == Some(value)).then(|| format!("`{value}` is still there"))
    }
}

/// A literal's text as a value of the column, as far as it is one.
pub fn read(world: &World, table: TableId, column: ColumnId, text: &str) -> Value {
    match world.tables[table].columns[column].ty {
        Type::Integer | Type::Bigint => text.parse().map_or(Value::Null, Value::Integer),
        Type::Boolean => Value::Boolean(text == "true"),
        Type::Text | Type::Varchar(_) | Type::Date | Type::Jsonb | Type::Enum(_) => Value::Text(text.to_owned()),
    }
}
