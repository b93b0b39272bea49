//! Which cases are worth trying?
//!
//! From a seed: a schema with odd corners, rows of several people, and a policy that is accepted more often than not
//! and changes something. [`Shape`] says how often what occurs; a later issue widens it.

mod data;
mod decisions;
mod defects;
mod policy;
mod schema;

use super::rng::Rng;
use super::world::Case;

/// How often what occurs, in percent unless it says otherwise.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The least and the greatest number of tables in the graph of foreign keys.
    pub tables: (usize, usize),
    /// The least and the greatest number of rows that are tried for each table.
    pub rows: (usize, usize),
    /// Names that need quotes.
    pub odd_names: usize,
    /// Tables outside `public`.
    pub second_schema: usize,
    /// Primary keys of several columns.
    pub composite_keys: usize,
    /// Unique keys beside the primary one.
    pub uniques: usize,
    /// Foreign keys to a unique key that isn't the primary one, where there is one.
    pub unique_targets: usize,
    /// Composite foreign keys that share a column with another foreign key.
    pub shared_columns: usize,
    /// A second foreign key between one pair of tables.
    pub parallel_keys: usize,
    /// The subject's table references itself.
    pub referrals: usize,
    /// Another table references itself.
    pub trees: usize,
    /// The subject's table references another table.
    pub subject_parents: usize,
    /// A table without foreign keys whose rows are found by `:subject`.
    pub loose_tables: usize,
    /// Columns that can be null.
    pub nullable: usize,
    /// Rules that delete, where a rule may.
    pub deletes: usize,
    /// Rules that cascade, where a rule may.
    pub cascades: usize,
    /// Conditions that read another table.
    pub subselects: usize,
    /// Direct paths that are accepted instead of followed.
    pub accepted_paths: usize,
    /// Policies with a guard.
    pub guards: usize,
    /// Policies with a report.
    pub reports: usize,
    /// A `where` of the subject that is false for the person.
    pub not_eligible: usize,
    /// Policies with a planted mistake.
    pub defects: usize,
}

impl Shape {
    /// Acyclic graphs, self references apart.
    pub fn acyclic() -> Self {
        Self {
            tables: (3, 7),
            rows: (3, 9),
            odd_names: 20,
            second_schema: 12,
            composite_keys: 25,
            uniques: 45,
            unique_targets: 35,
            shared_columns: 35,
            parallel_keys: 25,
            referrals: 40,
            trees: 20,
            subject_parents: 40,
            loose_tables: 20,
            nullable: 65,
            deletes: 35,
            cascades: 12,
            subselects: 12,
            accepted_paths: 8,
            guards: 45,
            reports: 45,
            not_eligible: 3,
            defects: 18,
        }
    }
}

/// The case of a seed.
pub fn case(seed: u64, shape: &Shape) -> Case {
    let mut rng = Rng::new(seed);
    let (mut world, subject) = schema::world(&mut rng, shape);
    data::fill(&mut rng, shape, &mut world);
    let person = data::person(&mut rng, &world, subject);
    let policy = policy::policy(&mut rng, shape, &world, subject, person);
    let mut case = Case { seed, world, policy, person };
    if rng.chance(shape.defects) {
        defects::plant(&mut rng, &mut case);
    }
    case
}
