//! Random values: which kinds there are, what they fit, and what they promise.

use crate::pgtype::PgType;
use crate::source::Spanned;

/// `randomize`, as written: a kind or the column's type, and options.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Randomize {
    /// The kind; none means by the column's type.
    pub kind: Option<Spanned<Kind>>,
    /// `domain:` of an e-mail address.
    pub domain: Option<Spanned<String>>,
    /// `format:` of digits: each `#` becomes a digit, everything else stands as written.
    pub format: Option<Spanned<String>>,
    /// `min:` of a number or date, as written.
    pub min: Option<Spanned<String>>,
    /// `max:` of a number or date, as written.
    pub max: Option<Spanned<String>>,
    /// `length:` of text or a token, in characters.
    pub length: Option<Spanned<u32>>,
    /// `from:` the values of a choice.
    pub from: Vec<Spanned<String>>,
}

macro_rules! kinds {
    ($($variant:ident = $name:literal, $summary:literal;)*) => {
        /// A kind of random value.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind {
            $(#[doc = $summary] $variant,)*
        }

        impl Kind {
            /// Every kind, in the order of this table.
            pub const ALL: &'static [Kind] = &[$(Kind::$variant,)*];

            /// The word in the policy.
            pub fn name(self) -> &'static str {
                match self { $(Kind::$variant => $name,)* }
            }

            /// What values look like.
            pub fn summary(self) -> &'static str {
                match self { $(Kind::$variant => $summary,)* }
            }

            /// The kind of that name.
            pub fn from_name(name: &str) -> Option<Kind> {
                Kind::ALL.iter().copied().find(|kind| kind.name() == name)
            }
        }
    };
}

kinds! {
    Email = "email", "an address at `domain` (default `deleted.invalid`), unique";
    Name = "name", "a first and a last name from a small list";
    FirstName = "first_name", "a first name from a small list";
    LastName = "last_name", "a last name from a small list";
    Phone = "phone", "a telephone number in a range reserved for fiction";
    Text = "text", "hexadecimal characters, unique where 16 or more fit";
    Token = "token", "hexadecimal characters, unique where 16 or more fit";
    Digits = "digits", "digits in `format`, where each `#` becomes a digit";
    Uuid = "uuid", "a version 4 UUID, unique";
    Integer = "integer", "a whole number from `min` to `max`";
    Number = "number", "a number from `min` to `max`, with the column's scale";
    Date = "date", "a day from `min` to `max`";
    Timestamp = "timestamp", "a moment from `min` to `max`";
    Boolean = "boolean", "true or false";
    Choice = "choice", "one of the values in `from`, or of the enum's labels";
    Inet = "inet", "an address in the documentation range 192.0.2.0/24 (RFC 5737)";
}

/// A source of random values that fits one column: what `resolve` makes of a [`Randomize`] and a type.
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
    Uuid,
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
    /// One of these, as text that the column's type reads.
    Choice {
        /// The values; at least one.
        from: Vec<String>,
    },
    /// An address in 192.0.2.0/24.
    Inet,
}

/// Fewer hexadecimal characters than this (64 bits) are not called unique by construction.
pub const UNIQUE_HEX: u32 = 16;

impl Generator {
    /// Whether two values never meet, by construction: at least 64 bits of the server's strong randomness.
    pub fn is_unique(&self) -> bool {
        match self {
            Generator::Email { local, .. } => *local >= UNIQUE_HEX,
            Generator::Hex { length } => *length >= UNIQUE_HEX,
            Generator::Uuid => true,
            Generator::Name
            | Generator::FirstName
            | Generator::LastName
            | Generator::Digits { .. }
            | Generator::Number { .. }
            | Generator::Date { .. }
            | Generator::Timestamp { .. }
            | Generator::Boolean
            | Generator::Choice { .. }
            | Generator::Inet => false,
        }
    }
}

impl Generator {
    /// Whether a value can be told from any that stood there before by its looks, so that the verification can see that it
    /// is new. Seven digits or a name of the list may have been somebody's own.
    pub fn is_recognisable(&self) -> bool {
        match self {
            Generator::Email { local, .. } => *local >= UNIQUE_HEX,
            // Nobody has an address that is reserved for documentation.
            Generator::Inet => true,
            Generator::Name
            | Generator::FirstName
            | Generator::LastName
            | Generator::Hex { .. }
            | Generator::Digits { .. }
            | Generator::Choice { .. }
            | Generator::Uuid
            | Generator::Number { .. }
            | Generator::Date { .. }
            | Generator::Timestamp { .. }
            | Generator::Boolean => false,
        }
    }
}

/// The kind that `randomize` without a kind takes for a type, where there is one.
pub fn default_kind(ty: &PgType) -> Option<Kind> {
    match ty {
        PgType::Text { .. } | PgType::Char { .. } | PgType::Citext | PgType::Name => Some(Kind::Text),
        PgType::SmallInt | PgType::Integer | PgType::BigInt => Some(Kind::Integer),
        PgType::Numeric { .. } | PgType::Real | PgType::Double => Some(Kind::Number),
        PgType::Boolean => Some(Kind::Boolean),
        PgType::Date => Some(Kind::Date),
        PgType::Timestamp | PgType::Timestamptz => Some(Kind::Timestamp),
        PgType::Uuid => Some(Kind::Uuid),
        PgType::Inet => Some(Kind::Inet),
        PgType::Enum { .. } => Some(Kind::Choice),
        PgType::Time
        | PgType::Interval
        | PgType::Json
        | PgType::Jsonb
        | PgType::Bytea
        | PgType::Cidr
        | PgType::Array { .. }
        | PgType::Other { .. } => None,
    }
}

/// Sixteen first names, so that four random bits choose one.
pub const FIRST_NAMES: &[&str] = &[
    "Ada", "Ben", "Clara", "David", "Elif", "Felix", "Grace", "Hugo", "Ines", "Jonas", "Kira", "Liam", "Mina", "Noah",
    "Olga", "Paul",
];

/// Sixteen last names.
pub const LAST_NAMES: &[&str] = &[
    "Adler", "Baker", "Costa", "Dahl", "Evans", "Fischer", "Gruber", "Hansen", "Ivanov", "Jensen", "Keller", "Lopez",
    "Meyer", "Novak", "Olsen", "Rossi",
];
