//! People's values in text that nobody structured.

use crate::ident::{Ident, TableName};
use crate::source::Spanned;

/// `scrub`, as written: whose values are replaced wherever they stand alone, and by what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scrub {
    /// Where the values are; at least one.
    pub values: Vec<Spanned<ValuesOf>>,
    /// What stands in their place.
    pub with: Spanned<String>,
    /// `short: true`: values of less than [`SHORT`] characters too.
    pub short: bool,
}

/// Where values to look for are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValuesOf {
    /// In a column: `users.name`.
    Column {
        /// The table.
        table: TableName,
        /// The column.
        column: Ident,
    },
    /// They are the subjects of the run themselves: `:subject`, where the subject is a value.
    Subject,
}

/// Values of fewer characters stand in texts by chance.
pub const SHORT: u32 = 4;
