//! How is a plan written as SQL?
//!
//! The only place where SQL text is made: run-time text enters as an identifier, a literal, or an author's fragment that
//! passed the gate, never otherwise.

mod analyze;
mod script;

pub use analyze::analyze;
pub(crate) use script::hex;
pub use script::*;
