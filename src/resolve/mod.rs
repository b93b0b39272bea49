//! What does the policy mean in this database?
//!
//! The one place where a policy and a catalog meet. [`resolve`] looks up every name, follows every path, and holds every
//! decision against its column; all errors come at once, each with its place, code and next action. After this stage
//! there are ids, no typed names. What only a server can answer (a CHECK, a cast, the author's SQL) is asked later, by
//! the `server` module, with the questions of [`crate::sql::probe`].

mod accept;
mod cascade;
mod condition;
mod coverage;
mod derived;
mod document;
mod first_match;
mod fit;
mod followers;
mod generator;
mod gone;
mod inheritance;
mod known;
mod link;
mod literal;
mod model;
mod names;
mod orphans;
mod parents;
mod partitions;
mod path;
mod propagate;
mod published;
mod refresh;
mod scrub;
mod session;
mod subject;
mod survey;
mod suspects;
mod touched;
mod triggers;
mod unique;
mod words;

pub use document::{Branch, Leaf, Node};
pub(crate) use followers::as_changes;
pub(crate) use known::{Extent, Row};
pub use model::*;
pub(crate) use propagate::propagation;
pub use propagate::{Follower, FollowingColumn, Propagation};
pub(crate) use scrub::leads_to;
pub use survey::{Followed, Survey, Surveyed, TableDecision, Unfinished, survey, survey_of};
pub(crate) use suspects::{Lookalike, lookalikes};

use crate::catalog::{Catalog, ColumnId, TableId};
use crate::diagnostic::{Report, Warned};
use crate::policy::Policy;

/// Holds a policy against a catalog.
///
/// What comes back has a catalog of its own, because a policy may add references to it: ids are of that one.
///
/// # Errors
/// The report of everything that was found, when at least one finding is an error.
pub fn resolve(policy: &Policy, catalog: &Catalog) -> Result<Warned<Resolved>, Report> {
    let Held { policy, catalog, report, .. } = held(policy, catalog);
    match policy {
        Some(policy) => report.finish(Resolved { policy, catalog }),
        None => Err(report),
    }
}

/// What is understood of a policy, with or without errors.
struct Held {
    /// Where there are errors rules may be missing; none where the subject can't be found.
    policy: Option<ResolvedPolicy>,
    /// How rows are reached of the rules that are missing, as far as that is known.
    unfinished: Vec<(TableId, Reach)>,
    /// The catalog with the policy's own keys.
    catalog: Catalog,
    /// Everything that was found.
    report: Report,
}

fn held(policy: &Policy, catalog: &Catalog) -> Held {
    let mut report = Report::default();
    let links = link::link(policy, catalog, &mut report);
    let Some((mut resolved, unfinished)) = names::resolve(policy, &links, &mut report) else {
        return Held { policy: None, unfinished: Vec::new(), catalog: links.catalog, report };
    };
    let catalog = &links.catalog;
    let accepted = accept::Accepted::new(&policy.accept);
    let all_rules = !report.has_errors();
    // Whether a decision fits its column is each rule's own affair.
    fit::check(&resolved, catalog, &mut report);
    followers::check(&resolved, catalog, &mut report);
    unique::check(&resolved, catalog, &mut report);
    // Where rules are missing because their names are wrong, what they leave open would be noise.
    if all_rules {
        first_match::check(&resolved, catalog, &mut report);
        cascade::expand(&mut resolved, catalog, &mut report);
        inheritance::check(&resolved, catalog, &mut report);
        parents::check(&resolved, catalog, &mut report);
        parents::share(&mut resolved, catalog);
        gone::check(&resolved, catalog, &mut report);
        resolved.expectations = coverage::check(policy, &resolved, catalog, &accepted, &mut report);
        suspects::check(policy, &resolved, catalog, &mut report);
        orphans::check(&resolved, catalog, &mut report);
        session::check(policy, &resolved, catalog, &mut report);
        let touched = touched::touched(&resolved, catalog);
        resolved.stale_views = refresh::check(&resolved, &touched, catalog, &accepted, &mut report);
        published::check(&touched, catalog, &mut report);
        triggers::check(&resolved, &touched, catalog, &mut report);
    } else {
        // For a picture of what is there; its findings would be noise too.
        cascade::expand(&mut resolved, catalog, &mut Report::default());
    }
    accepted.settle(&mut report);
    Held { policy: Some(resolved), unfinished, catalog: links.catalog, report }
}

impl ResolvedPolicy {
    /// A rule by id.
    pub fn rule(&self, id: RuleId) -> &ResolvedRule {
        &self.rules[id.0]
    }

    /// The rules of a table with their ids, in the order in which they are tried.
    pub fn rules_of(&self, table: TableId) -> impl Iterator<Item = (RuleId, &ResolvedRule)> {
        self.by_table.get(&table).into_iter().flatten().map(|id| (*id, self.rule(*id)))
    }

    /// Adds a rule behind all others.
    fn push_rule(&mut self, rule: ResolvedRule) {
        self.by_table.entry(rule.table).or_default().push(RuleId(self.rules.len()));
        self.rules.push(rule);
    }
}

impl ResolvedRule {
    /// What this rule does to a column; none where it stays or the rows go.
    pub fn change_of(&self, column: ColumnId) -> Option<&ColumnChange> {
        match &self.action {
            RowAction::Change { changes, .. } => changes.iter().find(|change| change.column == column),
            RowAction::Keep(_) | RowAction::Delete { .. } => None,
        }
    }

    /// Whether rows of this rule change or go.
    pub fn acts(&self) -> bool {
        match &self.action {
            RowAction::Keep(_) => false,
            RowAction::Delete { .. } => true,
            RowAction::Change { changes, .. } => !changes.is_empty(),
        }
    }

    /// The paths by which its rows are reached: one empty path for the subject's own row, none for a condition.
    pub fn paths(&self) -> Vec<Path> {
        self.reach.paths()
    }
}

impl ColumnChange {
    /// Whether the verification can see by the looks of what is there that the change was made. A NULL that was to stay
    /// looks like one that a trigger has written.
    pub fn is_told_by_looks(&self) -> bool {
        !self.keeps_null && self.value.is_recognisable()
    }
}

impl NewValue {
    /// Whether the value can be told from others by its looks, so that the verification can see that it is there.
    pub fn is_recognisable(&self) -> bool {
        match self {
            NewValue::Null | NewValue::Literal(_) | NewValue::StandIn(_) => true,
            NewValue::Random(generator) => generator.is_recognisable(),
            NewValue::Derived(derived) => derived.is_idempotent(),
            NewValue::Default | NewValue::Expression(_) => false,
        }
    }
}

impl NewValue {
    /// Whether rows that have the value may be given it once more, and nothing is lost.
    pub fn is_same_when_repeated(&self) -> bool {
        match self {
            NewValue::Null | NewValue::Default | NewValue::Literal(_) | NewValue::StandIn(_) | NewValue::Random(_) => {
                true
            }
            NewValue::Derived(derived) => derived.is_idempotent(),
            NewValue::Expression(_) => false,
        }
    }

    /// Whether it hangs on what stands in the row.
    pub fn is_computed(&self) -> bool {
        match self {
            NewValue::Expression(_) | NewValue::Derived(_) => true,
            NewValue::Null | NewValue::Default | NewValue::Literal(_) | NewValue::StandIn(_) | NewValue::Random(_) => {
                false
            }
        }
    }

    /// What it is computed from, besides the value that stands there; none where that is all.
    pub fn reads(&self) -> Option<&Reads> {
        match self {
            NewValue::Expression(expression) => Some(&expression.reads),
            NewValue::Derived(derived) => derived.reads(),
            NewValue::Null | NewValue::Default | NewValue::Literal(_) | NewValue::StandIn(_) | NewValue::Random(_) => {
                None
            }
        }
    }
}

impl Reach {
    /// The paths by which rows are reached: one empty path for the subject's own row and for every row, none for a
    /// condition, a cascade or parents.
    pub fn paths(&self) -> Vec<Path> {
        match self {
            Reach::OwnRow | Reach::EveryRow => vec![Path(Vec::new())],
            Reach::Paths(paths) => paths.clone(),
            Reach::Condition | Reach::Cascade(_) | Reach::Parents(_) => Vec::new(),
        }
    }
}
