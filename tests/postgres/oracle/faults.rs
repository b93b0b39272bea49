//! Would the oracle notice?
//!
//! Each fault gives the engine something slightly other than the model: a policy that `check` has nothing against, or
//! a plan with something left out.

use super::check::findings;
use super::condition::Condition;
use super::engine::PlanFault;
use super::rules::{Action, Case, Coarser, Decision, Random, Reach, Rule};
use super::world::{Declaration, Path};

/// What is planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    WhereIgnored,
    PathSwapped,
    RulesReversed,
    EdgeDropped,
    CaptureLeftOut,
    VirtualWhereIgnored,
    ClosureCutShort,
    SharedDeleted,
    KeepLastIgnored,
    UnitSwapped,
    DaysNotMoved,
    PseudonymsSwapped,
    AnotherSecret,
}

impl Fault {
    pub const ALL: [Fault; 13] = [
        Fault::WhereIgnored,
        Fault::PathSwapped,
        Fault::RulesReversed,
        Fault::EdgeDropped,
        Fault::CaptureLeftOut,
        Fault::VirtualWhereIgnored,
        Fault::ClosureCutShort,
        Fault::SharedDeleted,
        Fault::KeepLastIgnored,
        Fault::UnitSwapped,
        Fault::DaysNotMoved,
        Fault::PseudonymsSwapped,
        Fault::AnotherSecret,
    ];

    /// The fault behind the seam, if it is one.
    pub fn of_plan(self) -> Option<PlanFault> {
        match self {
            Fault::EdgeDropped => Some(PlanFault::EdgeDropped),
            Fault::CaptureLeftOut => Some(PlanFault::CaptureLeftOut),
            Fault::ClosureCutShort => Some(PlanFault::ClosureCutShort),
            Fault::SharedDeleted => Some(PlanFault::SharedDeleted),
            Fault::AnotherSecret => Some(PlanFault::AnotherSecret),
            Fault::WhereIgnored
            | Fault::PathSwapped
            | Fault::RulesReversed
            | Fault::VirtualWhereIgnored
            | Fault::KeepLastIgnored
            | Fault::UnitSwapped
            | Fault::DaysNotMoved
            | Fault::PseudonymsSwapped => None,
        }
    }

    /// What the engine is given in the place of a case; nothing where the fault has no place, or `check` would see it.
    pub fn given(self, case: &Case) -> Option<Case> {
        if !findings(case).is_empty() {
            return None;
        }
        match self {
            Fault::EdgeDropped
            | Fault::CaptureLeftOut
            | Fault::ClosureCutShort
            | Fault::SharedDeleted
            | Fault::AnotherSecret => Some(case.clone()),
            Fault::KeepLastIgnored => decided_otherwise(case, |decision| match decision {
                Decision::Mask(mask) if mask.last > 0 => {
                    mask.last = 0;
                    true
                }
                _ => false,
            }),
            Fault::UnitSwapped => decided_otherwise(case, |decision| match decision {
                Decision::Generalize(Coarser::Unit(unit)) => {
                    *unit = if *unit == "year" { "month" } else { "year" };
                    true
                }
                _ => false,
            }),
            Fault::DaysNotMoved => decided_otherwise(case, |decision| {
                let moves = matches!(decision, Decision::ShiftDays(_));
                if moves {
                    *decision = Decision::Keep;
                }
                moves
            }),
            Fault::PseudonymsSwapped => decided_otherwise(case, |decision| {
                let Decision::Pseudonymize(random) = decision else { return false };
                let other = match random {
                    Random::Email { domain: None } => Random::Email { domain: Some("gone.example") },
                    Random::Email { domain: Some(_) } => Random::Email { domain: None },
                    Random::Text { .. } | Random::Token => Random::Text { length: Some(6) },
                    Random::Digits { .. } => Random::Digits { format: "##.##" },
                    Random::Integer { .. } | Random::Date { .. } | Random::Choice { .. } => Random::ByType,
                    _ => return false,
                };
                *random = other;
                true
            }),
            Fault::VirtualWhereIgnored => {
                let mut given = case.clone();
                let ignored = Declaration::Policy(None);
                let conditional = given.world.keys.iter_mut().filter(|key| key.condition().is_some());
                let count = conditional.map(|key| key.declared = ignored.clone()).count();
                (count > 0 && findings(&given).is_empty()).then_some(given)
            }
            Fault::WhereIgnored => altered(case, |rules, _| {
                let conditional = rules.iter_mut().find(|rule| rule.condition.is_some());
                conditional.is_some_and(|rule| rule.condition.replace(Condition::True) != Some(Condition::True))
            }),
            Fault::PathSwapped => altered(case, |rules, candidates| {
                let taken: Vec<Path> = rules.iter().flat_map(paths).collect();
                if let [first, second] = rules.as_mut_slice()
                    && paths(first) != paths(second)
                {
                    std::mem::swap(&mut first.reach, &mut second.reach);
                    return true;
                }
                let other = candidates.iter().find(|path| !taken.contains(path));
                other.is_some_and(|other| {
                    rules.iter_mut().for_each(|rule| rule.reach = Reach::Via(vec![other.clone()]));
                    true
                })
            }),
            Fault::RulesReversed => altered(case, |rules, _| {
                rules.reverse();
                rules.len() > 1
            })
            .or_else(|| {
                altered(case, |rules, _| {
                    let conditional = rules.iter().take_while(|rule| rule.condition.is_some()).count();
                    rules[..conditional].reverse();
                    conditional > 1
                })
            }),
        }
    }
}

/// The case with the first decision that the change is about changed.
fn decided_otherwise(case: &Case, change: impl Fn(&mut Decision) -> bool) -> Option<Case> {
    altered(case, |rules, _| {
        let mut decisions = rules.iter_mut().flat_map(|rule| match &mut rule.action {
            Action::Columns { named, .. } => named.as_mut_slice(),
            Action::Keep | Action::Delete | Action::Cascade => &mut [],
        });
        decisions.any(|(_, decision)| change(decision))
    })
}

fn paths(rule: &Rule) -> Vec<Path> {
    match &rule.reach {
        Reach::Via(paths) => paths.clone(),
        Reach::Implied | Reach::EveryRow | Reach::BySubject(_) | Reach::Parents(..) | Reach::Misspelt(_) => Vec::new(),
    }
}

/// The case with the first table's rules changed where that makes a policy without findings.
fn altered(case: &Case, change: impl Fn(&mut Vec<Rule>, &[Path]) -> bool) -> Option<Case> {
    (0..case.policy.tables.len()).find_map(|entry| {
        let mut given = case.clone();
        let table = given.policy.tables[entry].table;
        let candidates = case.world.paths(table, case.policy.subject, 3);
        (change(&mut given.policy.tables[entry].rules, &candidates) && findings(&given).is_empty()).then_some(given)
    })
}
