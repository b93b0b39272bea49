//! Random values: which kinds can be asked for, with which options.

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
    /// `length:` of text or a token in characters, of bytes in bytes.
    pub length: Option<Spanned<u32>>,
    /// `from:` the values of a choice.
    pub from: Vec<Spanned<String>>,
}

/// The most characters or bytes that `length` takes: each sixty-four characters, or thirty-two bytes, are a draw of their own
/// in the script.
pub const LONGEST: u32 = 10_000;

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
    Bytes = "bytes", "bytes, 32 or `length`, unique from 8 on";
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
