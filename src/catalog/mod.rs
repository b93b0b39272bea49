//! What exists in the database?
//!
//! One snapshot of the schema as a value: sorted, free of oids, the same bytes for the same schema. It knows no policy.
//! Estimates and privileges are a separate part, [`Observed`], outside every digest and never in a snapshot.

mod derived;
mod diff;
mod file;
mod lookup;
mod model;
mod part;
#[cfg(test)]
mod sample;
mod written;

pub use derived::{MaterializedView, Publication, PublishedTable, ReadTable, Replication, ReplicationSlot};
pub use diff::diff;
pub use file::{CatalogFileError, read, write};
pub use lookup::{CatalogError, ColumnId, KeyId, KeyIndex, TableId};
pub use model::*;
pub use part::digest;
pub(crate) use part::hexadecimal;
pub use written::Written;
