//! What has to happen, in which order, and why?
//!
//! A [`Plan`] is data: no SQL, no handles. [`plan`] makes it from a resolved policy; the `sql` module writes it as a
//! script, the `review` module shows it to people.

mod model;

pub use model::*;
