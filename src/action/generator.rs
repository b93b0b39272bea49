//! Generated values: how they are made, how long they are, and what they promise.

use super::random::{FIRST_NAMES, LAST_NAMES};
use crate::ident::{Ident, TableName};
use crate::pgtype::PgType;

/// A source of new values that fits one column: what `resolve` makes of a wish and a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Generator {
    /// `local@domain`, the local part that many hexadecimal characters.
    Email {
        /// Characters before the `@`.
        local: u32,
        /// Characters behind the `@`.
        domain: String,
    },
    /// A first and a last name.
    Name,
    /// A first name.
    FirstName,
    /// A last name.
    LastName,
    /// That many hexadecimal characters.
    Hex {
        /// Characters.
        length: u32,
    },
    /// A picture in which each `#` becomes a digit.
    Digits {
        /// The picture.
        format: String,
    },
    /// A version 4 UUID.
    Uuid {
        /// Whether as text.
        text: bool,
    },
    /// A number with `scale` digits behind the point, from `min` to `max`, both included, as decimal text.
    Number {
        /// The least, as decimal text.
        min: String,
        /// The greatest, as decimal text.
        max: String,
        /// Digits behind the point.
        scale: u32,
    },
    /// A day from `min` to `max`, both included, as ISO 8601 text.
    Date {
        /// The first day.
        min: String,
        /// The last day.
        max: String,
    },
    /// A moment from `min` to `max`, both included, as ISO 8601 text.
    Timestamp {
        /// The first moment.
        min: String,
        /// The last moment.
        max: String,
    },
    /// true or false.
    Boolean,
    /// One of these, as text that the type reads.
    Choice {
        /// The values; at least one.
        from: Vec<String>,
        /// Of which type they are.
        ty: PgType,
    },
    /// An address in 192.0.2.0/24.
    Inet {
        /// Whether as text.
        text: bool,
    },
    /// That many bytes.
    Bytes {
        /// Bytes.
        length: u32,
    },
    /// That many bits.
    BitString {
        /// Bits.
        length: u32,
    },
    /// A text made of generated parts, read as a value of a type: whatever is made of numbers, moments or words.
    Composed {
        /// The text, with one `%s` for each part.
        format: &'static str,
        /// The parts.
        parts: Vec<Generator>,
        /// The type that reads it.
        ty: PgType,
    },
    /// An array as long as the old one, each element made of the old element; NULL stays NULL.
    Each {
        /// How an element is made.
        element: Box<Part>,
        /// The element's type.
        ty: PgType,
    },
    /// A composite value, each field made of the old field; NULL stays NULL.
    Fields {
        /// The composite type.
        ty: TableName,
        /// The fields by name, in the type's order.
        fields: Vec<(Ident, Part)>,
    },
}

/// A part of a value: an array's element, a composite's field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// How it is made.
    pub generator: Generator,
    /// The domain that it has to be of.
    pub domain: Option<TableName>,
}

/// Fewer hexadecimal characters than this (64 bits) are not called unique by construction.
pub const UNIQUE_HEX: u32 = 16;

impl Generator {
    /// Whether two values never meet, by construction: at least 64 bits of strong randomness in each.
    pub fn is_unique(&self) -> bool {
        self.hexadecimal_digits() >= UNIQUE_HEX
    }

    /// How many hexadecimal digits' worth of strong randomness every value holds, and holds so that other digits make
    /// another value.
    fn hexadecimal_digits(&self) -> u32 {
        match self {
            Generator::Email { local, .. } => *local,
            Generator::Hex { length } => *length,
            // 122 bits.
            Generator::Uuid { .. } => 30,
            Generator::Bytes { length } => length.saturating_mul(2),
            Generator::BitString { length } => length / 4,
            Generator::Composed { parts, .. } => parts.iter().map(Generator::hexadecimal_digits).sum(),
            // An array may be empty, a field may be NULL.
            Generator::Each { .. } | Generator::Fields { .. } => 0,
            Generator::Name
            | Generator::FirstName
            | Generator::LastName
            | Generator::Digits { .. }
            | Generator::Number { .. }
            | Generator::Date { .. }
            | Generator::Timestamp { .. }
            | Generator::Boolean
            | Generator::Choice { .. }
            | Generator::Inet { .. } => 0,
        }
    }

    /// Whether a value can be told from any that stood there before by its looks, so that the verification can see that it
    /// is new. Seven digits or a name of the list may have been somebody's own.
    pub fn is_recognisable(&self) -> bool {
        match self {
            Generator::Email { local, .. } => *local >= UNIQUE_HEX,
            // Nobody has an address that is reserved for documentation.
            Generator::Inet { .. } => true,
            Generator::Name
            | Generator::FirstName
            | Generator::LastName
            | Generator::Hex { .. }
            | Generator::Digits { .. }
            | Generator::Choice { .. }
            | Generator::Uuid { .. }
            | Generator::Number { .. }
            | Generator::Date { .. }
            | Generator::Timestamp { .. }
            | Generator::Boolean
            | Generator::Bytes { .. }
            | Generator::BitString { .. }
            | Generator::Composed { .. }
            // An array that is empty, a field that is NULL, looks as it did.
            | Generator::Each { .. }
            | Generator::Fields { .. } => false,
        }
    }

    /// Whether a new value is made of the old one: how many elements there are, and which are NULL.
    pub fn reads_old_value(&self) -> bool {
        matches!(self, Generator::Each { .. } | Generator::Fields { .. })
    }

    /// The most characters of a text; none where values aren't texts.
    pub fn longest(&self) -> Option<usize> {
        let most = |names: &[&str]| names.iter().map(|name| name.chars().count()).max().unwrap_or_default();
        match self {
            Generator::Email { local, domain } => Some(*local as usize + 1 + domain.chars().count()),
            Generator::Name => Some(most(FIRST_NAMES) + 1 + most(LAST_NAMES)),
            Generator::FirstName => Some(most(FIRST_NAMES)),
            Generator::LastName => Some(most(LAST_NAMES)),
            Generator::Hex { length } => Some(*length as usize),
            Generator::Digits { format } => Some(format.chars().count()),
            Generator::Uuid { .. } => Some(36),
            Generator::Choice { from, .. } => from.iter().map(|value| value.chars().count()).max(),
            Generator::Inet { .. } => Some("192.0.2.255".len()),
            Generator::Number { .. }
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

    /// What is chosen from, be it for the elements of an array, and the type of the values; none where nothing is.
    pub fn choice(&self) -> Option<(&[String], &PgType)> {
        match self {
            Generator::Choice { from, ty } => Some((from, ty)),
            Generator::Each { element, .. } => element.generator.choice(),
            Generator::Email { .. }
            | Generator::Name
            | Generator::FirstName
            | Generator::LastName
            | Generator::Hex { .. }
            | Generator::Digits { .. }
            | Generator::Uuid { .. }
            | Generator::Number { .. }
            | Generator::Date { .. }
            | Generator::Timestamp { .. }
            | Generator::Boolean
            | Generator::Inet { .. }
            | Generator::Bytes { .. }
            | Generator::BitString { .. }
            | Generator::Composed { .. }
            // Of a field that is an enum the labels are chosen from, which need no asking.
            | Generator::Fields { .. } => None,
        }
    }

    /// The parts that have to be of a domain, at any depth, with it.
    pub fn parts_of_domains(&self) -> Vec<(&TableName, &Generator)> {
        let parts: Vec<&Part> = match self {
            Generator::Each { element, .. } => vec![element],
            Generator::Fields { fields, .. } => fields.iter().map(|(_, part)| part).collect(),
            Generator::Email { .. }
            | Generator::Name
            | Generator::FirstName
            | Generator::LastName
            | Generator::Hex { .. }
            | Generator::Digits { .. }
            | Generator::Uuid { .. }
            | Generator::Number { .. }
            | Generator::Date { .. }
            | Generator::Timestamp { .. }
            | Generator::Boolean
            | Generator::Choice { .. }
            | Generator::Inet { .. }
            | Generator::Bytes { .. }
            | Generator::BitString { .. }
            | Generator::Composed { .. } => Vec::new(),
        };
        parts
            .into_iter()
            .flat_map(|part| {
                let own = part.domain.as_ref().map(|domain| (domain, &part.generator));
                own.into_iter().chain(part.generator.parts_of_domains())
            })
            .collect()
    }
}
