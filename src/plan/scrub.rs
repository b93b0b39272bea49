//! Whose values have to be known before the first change, and of which rows has it to be remembered whose they are?
//!
//! The values that are looked for are read before the first step: the steps may change them. Whose a row is, is asked when
//! its text is scrubbed, and again by the verification. Where steps change what says so, it is remembered first.

use super::model::{Patterns, Predicate, RowOwners, SourceRows, Step, StepAction};
use super::predicate::{self, by_path};
use super::remember;
use super::scopes::Scopes;
use crate::catalog::{Catalog, TableId};
use crate::resolve::{Derived, NewValue, People, ResolvedPolicy, Scrub, Subject, ValueSet, ValueSource};
use crate::source::Span;

/// What some steps scrub, with the place in the policy.
fn scrubs(steps: &[Step]) -> impl Iterator<Item = (&Step, &Scrub, Span)> {
    steps.iter().flat_map(|step| {
        let changes = match &step.action {
            StepAction::Change(changes) => changes.as_slice(),
            StepAction::Delete => &[],
        };
        changes.iter().filter_map(move |change| match &change.value {
            NewValue::Derived(Derived::Scrub(scrub)) => Some((step, &**scrub, change.value_at)),
            NewValue::Derived(_)
            | NewValue::Null
            | NewValue::Default
            | NewValue::Literal(_)
            | NewValue::Expression(_)
            | NewValue::Random(_)
            | NewValue::StandIn(_) => None,
        })
    })
}

/// The values that steps look for, each set once.
pub(super) fn patterns(steps: &[Step], policy: &ResolvedPolicy, scopes: &Scopes) -> Vec<Patterns> {
    let mut found: Vec<Patterns> = Vec::new();
    for (_, scrub, origin) in scrubs(steps) {
        for people in &scrub.people {
            if found.iter().any(|other| other.is_for(&people.values, &scrub.with)) {
                continue;
            }
            let sources = people.values.sources.iter().map(|source| SourceRows {
                source: source.clone(),
                rows: rows(source, &people.values, policy, scopes),
            });
            let sources = sources.collect();
            found.push(Patterns { values: people.values.clone(), with: scrub.with.clone(), sources, origin });
        }
    }
    found
}

/// The rows in which the values of a source are.
fn rows(source: &ValueSource, values: &ValueSet, policy: &ResolvedPolicy, scopes: &Scopes) -> Predicate {
    match source {
        ValueSource::Subject => Predicate::Any(Vec::new()),
        ValueSource::Column { table, ways, .. } => match policy.subject {
            Subject::EveryRow => Predicate::All(Vec::new()),
            Subject::Rows(_) | Subject::Value(_) if policy.subject.table() == Some(*table) => Predicate::Subject,
            Subject::Rows(_) | Subject::Value(_) if values.owner.is_some() => {
                Predicate::any(ways.iter().map(|way| by_path(policy, way)))
            }
            Subject::Rows(_) | Subject::Value(_) => {
                let whole = policy.rules_of(*table).filter_map(|(id, _)| scopes.whole.get(id.0).cloned().flatten());
                Predicate::any(whole)
            }
        },
    }
}

/// The rows of which is remembered whose they are: those that are remembered by key anyway, where a step changes what says
/// so. Otherwise the verification would find nobody's values in them.
pub(super) fn owners(
    steps: &[Step],
    captures: &[super::model::Capture],
    policy: &ResolvedPolicy,
    catalog: &Catalog,
) -> Vec<RowOwners> {
    let mut found: Vec<RowOwners> = Vec::new();
    for (step, scrub, _) in scrubs(steps) {
        let Predicate::Captured { capture, .. } = &step.rows else { continue };
        for people in scrub.people.iter().filter(|people| is_disturbed(step, people, steps, policy, catalog)) {
            match found.iter_mut().find(|other| other.table == step.table && other.people == *people) {
                Some(known) => known.rows = Predicate::any([known.rows.clone(), step.rows.clone()]),
                None => found.push(RowOwners {
                    table: step.table,
                    key: captures[*capture].key.clone(),
                    rows: step.rows.clone(),
                    capture: *capture,
                    people: people.clone(),
                    with: scrub.with.clone(),
                }),
            }
        }
    }
    found
}

/// Whether any step changes what says whose a row is.
fn is_disturbed(reader: &Step, people: &People, steps: &[Step], policy: &ResolvedPolicy, catalog: &Catalog) -> bool {
    people.ways.iter().filter(|way| !way.0.is_empty()).any(|way| {
        let reads = predicate::reads(catalog, policy, reader.table, &by_path(policy, way));
        steps.iter().any(|step| remember::disturbs(catalog, step, reader, &reads))
    })
}

/// The tables in which the values are, with what finding their rows there reads.
pub(super) fn tables(patterns: &[Patterns]) -> Vec<(TableId, &Predicate)> {
    let sources = patterns.iter().flat_map(|set| &set.sources);
    let in_table = |source: &'_ SourceRows| match &source.source {
        ValueSource::Column { table, .. } => Some(*table),
        ValueSource::Subject => None,
    };
    sources.filter_map(|source| Some((in_table(source)?, &source.rows))).collect()
}
