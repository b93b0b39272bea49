//! What is known about tables beyond the catalog?
//!
//! The order of columns, what people have said about them (`COMMENT ON`), and how many values of a small sample have which
//! shape. Counts, never a value.

use std::collections::BTreeMap;

use super::looks::Look;
use crate::ident::{Ident, TableName};

/// What is known about tables; empty where nobody was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// By table.
    pub tables: BTreeMap<TableName, TableFacts>,
}

/// What is known about one table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableFacts {
    /// The columns, in the table's own order.
    pub order: Vec<Ident>,
    /// What is said about columns (`COMMENT ON COLUMN`).
    pub comments: BTreeMap<Ident, String>,
    /// What a sample has shown, of columns that were looked at.
    pub samples: BTreeMap<Ident, Sample>,
}

/// What a sample of a column's values looks like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// How many values were looked at; NULL and empty ones not counted.
    pub values: usize,
    /// How many different ones there were among them.
    pub different: usize,
    /// The longest, in characters.
    pub longest: usize,
    /// How many hold which shape; those with none are left out.
    pub looks: BTreeMap<Look, usize>,
}

impl Sample {
    /// The shape that most of the values have, where at least a tenth does.
    pub fn most(&self) -> Option<(Look, usize)> {
        let best = self.looks.iter().max_by_key(|(look, count)| (**count, std::cmp::Reverse(**look)))?;
        (best.1 * 10 >= self.values).then_some((*best.0, *best.1))
    }

    /// Whether the values may be labels: short, and not nearly each another one.
    pub fn may_be_labels(&self) -> bool {
        self.longest <= 80 && (self.values < 30 || self.different * 2 <= self.values)
    }

    /// Whether the values are a few words that come again and again.
    pub fn is_few_words(&self) -> bool {
        self.values >= 30
            && self.different <= 12
            && self.different * 5 <= self.values
            && self.longest <= 40
            && self.looks.keys().all(|look| *look == Look::Url)
    }
}
