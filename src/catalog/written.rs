//! Where may triggers write?
//!
//! That can only be guessed from a function's text, and it may call others: so every table that it mentions counts, and
//! the triggers of those tables count too. A function whose text doesn't tell may write anywhere.

use std::collections::BTreeSet;

use super::{Catalog, TableId};

/// Where triggers may write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The tables of which the functions' text says so.
    pub tables: BTreeSet<TableId>,
    /// Whether it may be any table, since some text can't be read.
    pub anywhere: bool,
}

impl Written {
    /// Whether rows of this table may be written.
    pub fn may_be(&self, table: TableId) -> bool {
        self.anywhere || self.tables.contains(&table)
    }
}

impl Catalog {
    /// Where some trigger functions may write, and the triggers that this fires.
    pub fn written_by<'a>(&'a self, mut functions: Vec<&'a str>) -> Written {
        let mut written = Written::default();
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        while let Some(name) = functions.pop() {
            if !seen.insert(name) {
                continue;
            }
            let Some(function) = self.function(name) else {
                written.anywhere = true;
                continue;
            };
            written.anywhere |= function.opaque;
            for id in function.mentions.iter().filter_map(|name| self.table_id(name)) {
                if written.tables.insert(id) {
                    let triggers = self.table(id).triggers.iter().filter(|trigger| !trigger.disabled);
                    functions.extend(triggers.map(|trigger| trigger.function.as_str()));
                }
            }
        }
        written
    }
}
