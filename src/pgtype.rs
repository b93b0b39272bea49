//! What kinds of column do we tell apart?
//!
//! Only as far as a decision must fit: what a text column takes, how long, which numbers. A type that is none of these is
//! [`PgType::Other`], which takes null, default, SQL, and literals that the server reads.

use serde::{Deserialize, Serialize};

use crate::ident::TableName;

/// A column's type with its domains unfolded (PostgreSQL manual, chapter 8).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PgType {
    /// `text`, or `varchar` with its limit in characters.
    Text {
        /// The most characters that fit.
        limit: Option<u32>,
    },
    /// `char(n)`: padded with blanks.
    Char {
        /// Its length in characters.
        length: u32,
    },
    /// `citext` of the extension of that name.
    Citext,
    /// `name`, the type of the catalog's own identifiers: 63 bytes.
    Name,
    /// `smallint`.
    SmallInt,
    /// `integer`.
    Integer,
    /// `bigint`.
    BigInt,
    /// `numeric`, with precision and scale where they are declared.
    Numeric {
        /// Digits in all.
        precision: Option<u32>,
        /// Digits behind the point.
        scale: Option<i32>,
    },
    /// `real`.
    Real,
    /// `double precision`.
    Double,
    /// `boolean`.
    Boolean,
    /// `date`.
    Date,
    /// `time` without time zone.
    Time,
    /// `timestamp` without time zone.
    Timestamp,
    /// `timestamp with time zone`.
    Timestamptz,
    /// `interval`.
    Interval,
    /// `uuid`.
    Uuid,
    /// `json`: no equality operator.
    Json,
    /// `jsonb`.
    Jsonb,
    /// `bytea`.
    Bytea,
    /// `inet`.
    Inet,
    /// `cidr`.
    Cidr,
    /// An enum type.
    Enum {
        /// Its name; the labels are in the catalog.
        name: TableName,
    },
    /// `bit(n)`.
    Bit {
        /// Its length.
        length: u32,
    },
    /// `bit varying`, with its limit.
    VarBit {
        /// The most bits that fit.
        limit: Option<u32>,
    },
    /// An array of another type.
    Array {
        /// The element's type.
        of: Box<PgType>,
        /// The domains of the element's type that were unfolded, outermost first.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        domains: Vec<TableName>,
    },
    /// A composite type, be it the row type of a table.
    Composite {
        /// Its name; the fields are in the catalog.
        name: TableName,
    },
    /// A range of another type, or a multirange.
    Range {
        /// The type's own name, as `format_type` prints it.
        name: String,
        /// What its bounds are of.
        of: Box<PgType>,
        /// Whether a value holds several ranges.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        multi: bool,
    },
    /// Anything else, by the name that the server gives it.
    Other {
        /// As `format_type` prints it.
        name: String,
    },
}

impl PgType {
    /// Whether values are characters: what `replace` takes as it stands.
    pub fn is_text(&self) -> bool {
        matches!(self, PgType::Text { .. } | PgType::Char { .. } | PgType::Citext | PgType::Name)
    }

    /// Whether values are numbers.
    pub fn is_number(&self) -> bool {
        match self {
            PgType::SmallInt
            | PgType::Integer
            | PgType::BigInt
            | PgType::Numeric { .. }
            | PgType::Real
            | PgType::Double => true,
            PgType::Text { .. }
            | PgType::Char { .. }
            | PgType::Citext
            | PgType::Name
            | PgType::Boolean
            | PgType::Date
            | PgType::Time
            | PgType::Timestamp
            | PgType::Timestamptz
            | PgType::Interval
            | PgType::Uuid
            | PgType::Json
            | PgType::Jsonb
            | PgType::Bytea
            | PgType::Inet
            | PgType::Cidr
            | PgType::Enum { .. }
            | PgType::Array { .. }
            | PgType::Bit { .. }
            | PgType::VarBit { .. }
            | PgType::Composite { .. }
            | PgType::Range { .. }
            | PgType::Other { .. } => false,
        }
    }

    /// The type of single values: an array's elements', else the type itself.
    pub fn element(&self) -> &PgType {
        match self {
            PgType::Array { of, .. } => of.element(),
            other => other,
        }
    }

    /// Whether people's text tends to stand in such a column: what `other_columns: keep` should not cover unseen.
    pub fn may_hold_prose(&self) -> bool {
        match self {
            PgType::Array { of, .. } => of.may_hold_prose(),
            PgType::Json | PgType::Jsonb | PgType::Bytea => true,
            other => other.is_text(),
        }
    }

    /// Whether the type has an equality operator of its own (`json`, `xml` and `point` have none).
    pub fn has_equality(&self) -> bool {
        match self {
            PgType::Json => false,
            PgType::Array { of, .. } => of.has_equality(),
            // We don't know, of composite types not without their fields; comparing as text is always possible.
            PgType::Other { .. } | PgType::Composite { .. } | PgType::Range { .. } => false,
            _ => true,
        }
    }

    /// The most characters that fit, where that is limited.
    pub fn length_limit(&self) -> Option<u32> {
        match self {
            PgType::Text { limit } => *limit,
            PgType::Char { length } => Some(*length),
            PgType::Name => Some(63),
            _ => None,
        }
    }
}
