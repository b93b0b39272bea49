//! What did the author of the policy write?
//!
//! [`read`] turns a [`SourceFile`](crate::source::SourceFile) into a [`Policy`]: typed, with the place of everything, and
//! with every problem of the file found at once. It knows no database: whether `users` exists is asked in `resolve`.

mod model;
pub mod sql;
mod syntax;
mod yaml;

pub use model::*;
