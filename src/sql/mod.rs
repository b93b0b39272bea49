//! How is a plan written as SQL?
//!
//! The only place where SQL text is made: run-time text enters as an identifier, a literal, or an author's fragment that
//! passed the gate, never otherwise. [`script`] writes a plan as the script that people review and the engine runs.

mod analyze;
mod assert;
mod bits;
mod calls;
mod capture;
mod closure;
mod derived;
mod document;
mod enter;
pub mod explain;
mod find;
mod freeze;
mod generate;
mod gone;
pub mod grants;
mod helper;
mod keyed;
mod known;
pub mod late;
mod ledger;
mod left;
mod letters;
mod looks;
mod lower;
mod orphans;
mod owner;
mod partial;
mod pattern;
mod predicate;
pub mod privilege;
pub mod probe;
mod propagate;
pub mod quote;
mod refresh;
pub mod row_security;
mod sample;
mod script;
mod scrub;
mod search;
pub mod search_path;
mod sieve;
mod simple;
mod stand_in;
pub mod statistics;
mod step;
mod subject;
mod value;
mod watch;
mod writer;

pub use analyze::analyze;
pub use find::{Details, Given, Haystack, Holds, Paths, search, spelled, spelled_table, values_table};
pub use keyed::LEAST_SECRET;
pub use known::known_values;
#[cfg(feature = "server")]
pub(crate) use ledger::MOMENT;
pub use ledger::{
    LEDGER_DDL, LEDGER_PRIVILEGES, LEDGER_TABLES, LEDGER_VERSION, NO_ENTRY, ledger_grants, ledger_grants_told,
    ledger_questions,
};
pub use left::{LeftAbout, LeftQuestion, Remains, left_questions, left_settings};
pub use lower::{report_heading, script};
pub use pattern::LONGEST;
pub use refresh::refresh_statement;
pub use sample::{columns_of, sample, sample_settings, sampled_columns};
pub use script::*;
pub use simple::{Spelled, characters, spelled_simply};
