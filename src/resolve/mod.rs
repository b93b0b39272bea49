//! What does the policy mean in this database?
//!
//! The one place where a policy and a catalog meet. All errors at once; after this stage there are ids, no typed names.

mod model;

pub use model::*;
