//! efface erases people from a PostgreSQL database by a reviewed policy, and leaves the books standing.
//!
//! The path of the data, each stage a function from one value to the next:
//! `SourceFile → Policy → ResolvedPolicy (with a Catalog) → Plan → Script → one transaction → Receipt`.

#![allow(rustdoc::private_intra_doc_links)]

pub mod action;
pub mod catalog;
#[cfg(feature = "cli")]
pub mod cli;
pub mod diagnostic;
pub mod ident;
pub mod pgtype;
pub mod plan;
pub mod policy;
pub mod resolve;
pub mod review;
#[cfg(feature = "server")]
pub mod server;
pub mod source;
pub mod sql;
