//! What can happen to the value of a column?
//!
//! A [`Decision`] is what the policy says about one column. Random values come from a [`Generator`], which describes
//! itself: which types it fits, how long its values are, whether they are unique by construction. How a decision is
//! written as SQL is the `sql` module's business.

pub mod document;
mod generator;
mod partial;
pub mod random;
mod scrub;

pub use document::{Document, DocumentPath, Edit, OtherKeys, PathStep};
pub use generator::{Generator, Part, UNIQUE_HEX};
pub use partial::{Generalize, Mask, Unit};
pub use random::{Kind, Randomize};
pub use scrub::{SHORT, Scrub, ValuesOf};

use crate::source::{Fragment, Spanned};

/// What the policy says about one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The value stays; with a reason where it isn't obvious.
    Keep {
        /// Why.
        reason: Option<String>,
    },
    /// The value becomes NULL.
    Null,
    /// The value becomes the column's default.
    Default,
    /// The value becomes a literal: the characters that the author sees.
    Replace(Spanned<String>),
    /// The value becomes an SQL expression over the row.
    Sql(Fragment),
    /// The value becomes random.
    Randomize(Randomize),
    /// The value becomes one that hangs on it and on a secret: the same for the same value, wherever it stands.
    Pseudonymize(Randomize),
    /// Most characters of the value become the same one.
    Mask(Spanned<Mask>),
    /// The value becomes a coarser one.
    Generalize(Spanned<Generalize>),
    /// The value moves by a random number of days, at most so many, either way.
    ShiftDays(Spanned<u32>),
    /// The value is a JSON document, in which values at some paths change.
    Json(Document),
    /// People's values in the text become another text.
    Scrub(Spanned<Scrub>),
    /// The reference becomes one to a stand-in row, of which this is the key's value.
    ReassignTo(Spanned<String>),
    /// Nobody has decided yet: an error for `check`.
    Undecided,
}

/// What happens to the columns that a rule doesn't name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherColumns {
    /// They stay.
    Keep,
    /// They become NULL.
    Null,
    /// They become their default.
    Default,
    /// They become random, by type.
    Randomize,
}
