//! What are the script's own helpers called, beside the tables of the database?
//!
//! A CTE or an alias hides a table of the same name from whatever stands in the same statement. So where a table is called
//! like a helper, all helpers get longer names.

use super::writer::Scene;
use crate::catalog::Catalog;

/// A helper that stands in one FROM with tables of the database.
#[derive(Clone, Copy)]
pub(super) enum Helper {
    /// The growing set of a closure.
    Reached,
    /// The remembered new values of a step.
    Values,
    /// Old values of natural keys beside their new ones.
    Moved,
    /// The row to which a reference is reassigned.
    StandIn,
    /// The row in hand, on the way to those whose it is.
    Own,
    /// A table on that way.
    Way,
    /// Those whose the row is, where that was remembered.
    Owner,
    /// The patterns of their values.
    Pattern,
    /// The text in which these are looked for.
    Text,
}

impl Helper {
    const ALL: [Self; 9] = [
        Self::Reached,
        Self::Values,
        Self::Moved,
        Self::StandIn,
        Self::Own,
        Self::Way,
        Self::Owner,
        Self::Pattern,
        Self::Text,
    ];

    /// Its name, with so many words more.
    fn name(self, more: usize) -> String {
        let own = match self {
            Self::Reached => "reached",
            Self::Values => "values",
            Self::Moved => "moved",
            Self::StandIn => "stand_in",
            Self::Own => "own",
            Self::Way => "way",
            Self::Owner => "owner",
            Self::Pattern => "pattern",
            Self::Text => "text",
        };
        format!("efface_{}{own}", "own_".repeat(more))
    }
}

/// By how many words the helpers' names are longer than they would be alone.
#[derive(Clone, Copy)]
pub(super) struct HelperNames(usize);

impl HelperNames {
    /// Names that no table has, and that no table's name begins with: some helpers are numbered.
    pub fn beside(catalog: &Catalog) -> Self {
        let tables = catalog.tables.iter().map(|table| table.name.name.as_str());
        let alike: Vec<&str> = tables.filter(|name| name.starts_with("efface_")).collect();
        let free = |more: &usize| {
            !Helper::ALL.iter().any(|helper| {
                let name = helper.name(*more);
                alike.iter().any(|table| table.starts_with(&name))
            })
        };
        // Each table stands in the way of one length at most.
        Self((0..alike.len()).find(free).unwrap_or(alike.len()))
    }
}

impl Scene<'_> {
    /// The name of a helper in this script.
    pub fn helper(&self, helper: Helper) -> String {
        helper.name(self.helpers.0)
    }
}
