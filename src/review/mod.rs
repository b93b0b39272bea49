//! How is a plan shown to people, and what is written down about a run?
//!
//! [`text`] is the plan as a page to read before anything happens; [`PlanFile`] is the plan as it is saved and compared
//! when it is applied later; [`Account`] is what a run did. All of it is names, counts and digests, and what the author of
//! the policy wrote; never a value from a row.

mod buckets;
mod chain;
mod derived;
mod difference;
mod dot;
mod escape;
mod file;
mod find;
mod html;
mod layout;
mod ledger;
mod markdown;
mod mermaid;
mod parts;
mod picture;
mod receipt;
mod schema;
mod sections;
mod svg;
mod text;
mod verification;
mod words;

pub use chain::*;
pub use derived::sent_away;
pub use difference::*;
pub use dot::dot;
pub use file::*;
pub use find::*;
pub use html::html;
pub use ledger::*;
pub use markdown::{LONGEST_COMMENT, markdown};
pub use mermaid::mermaid;
pub use picture::{Edge, Fold, Line, Node, Picture, picture_title};
pub use receipt::*;
pub use schema::{
    find_schema, ledger_schema, plan_difference_schema, plan_schema, receipt_schema, verification_schema,
};
pub use svg::svg;
pub use text::text;
pub use verification::*;
pub use words::{count, kept_columns};

pub use crate::sql::policy_digest;

use crate::catalog::Catalog;
use crate::diagnostic::Report;
use crate::plan::Plan;
use crate::resolve::ResolvedPolicy;
use crate::source::SourceFile;
use crate::sql::Script;

/// Everything that a reviewer looks at, in one place.
#[derive(Clone, Copy, Debug)]
pub struct Reviewed<'a> {
    /// The policy as written.
    pub file: &'a SourceFile,
    /// The policy as it was understood.
    pub policy: &'a ResolvedPolicy,
    /// The schema that it was held against.
    pub catalog: &'a Catalog,
    /// What will happen.
    pub plan: &'a Plan,
    /// The SQL that does it.
    pub script: &'a Script,
    /// How many rows, about.
    pub estimates: &'a Estimates,
    /// What was noticed on the way.
    pub warnings: &'a Report,
}

/// What the server's planner expects; outside every digest, since it moves with each ANALYZE.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Estimates {
    /// For each step of the plan its rows, where the server could say.
    pub rows: Vec<Option<u64>>,
}

impl Estimates {
    /// The estimate for a step.
    pub fn of(&self, step: usize) -> Option<u64> {
        self.rows.get(step).copied().flatten()
    }
}
