//! What did the author of the policy write?
//!
//! [`read`] turns a [`SourceFile`](crate::source::SourceFile) into a [`Policy`]: typed, with the place of everything, and
//! with every problem of the file found at once. It knows no database: whether `users` exists is asked in `resolve`.
//!
//! Two stages: `yaml` makes a tree of the file in which every value is spelt as its author sees it; the other modules
//! lower that tree by hand, each pushing what it finds into one report.

mod decision;
mod document;
pub mod json_path;
mod keys;
mod model;
mod name;
mod partial;
mod place;
mod random;
mod reach;
mod read;
mod refresh;
mod rules;
mod scalar;
mod schema;
mod scrub;
pub mod sql;
mod subject;
mod syntax;
mod virtual_keys;
mod yaml;

pub use model::*;
pub use read::read;
pub use schema::json_schema;
#[doc(hidden)]
pub use yaml::outline;

/// A table's name as a policy spells it: `users`, `club.users`, `"odd.name"`; without a schema: public.
pub fn table_name(text: &str) -> Option<crate::ident::TableName> {
    name::table(text).ok()
}
