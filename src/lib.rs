//! efface erases people from a PostgreSQL database by a reviewed policy, and leaves the books standing.
//!
//! The path of the data, each stage a function from one value to the next:
//! `SourceFile → Policy → ResolvedPolicy (with a Catalog) → Plan → Script → one transaction → Receipt`.
//!
//! Up to the script nothing needs a socket, a runtime or a terminal (`default-features = false`):
//!
//! ```
//! use efface::diagnostic::{Report, render};
//! use efface::source::SourceFile;
//! use efface::{catalog, plan, policy, resolve, sql};
//!
//! let file = SourceFile::new("policies/client-erasure.yaml", include_str!("../policies/client-erasure.yaml"));
//! let catalog = catalog::read(include_str!("../policies/catalog.json"))?;
//!
//! let script = || -> Result<sql::Script, Report> {
//!     let policy = policy::read(&file)?.value;
//!     let resolved = resolve::resolve(&policy, &catalog)?.value;
//!     let plan = plan::plan(&resolved.policy, &resolved.catalog)?.with_ledger();
//!     Ok(sql::script(&plan, &resolved.catalog, &file))
//! };
//! match script() {
//!     Ok(script) => assert_eq!(script.text(), include_str!("../policies/client-erasure.sql")),
//!     Err(report) => panic!("{}", render::text(&report, &file, false)),
//! }
//! # Ok::<(), catalog::CatalogFileError>(())
//! ```
//!
//! With the feature `server`, [`server::apply::run`] runs such a script in one transaction.

#![allow(rustdoc::private_intra_doc_links)]

pub mod action;
pub mod catalog;
#[cfg(feature = "cli")]
pub mod cli;
pub mod diagnostic;
pub mod draft;
mod graph;
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
