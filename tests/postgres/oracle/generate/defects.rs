//! Which mistakes do people make in policies?
//!
//! One is planted at a time; whether the policy is wrong then is `check`'s business, not this file's.

use super::computed::{misfit, set};
use crate::oracle::condition::Condition;
use crate::oracle::rng::Rng;
use crate::oracle::rules::{Action, Case, Decision, Random, Reach, Whose};
use crate::oracle::world::Type;

/// Plants a mistake that the case has a place for, if any.
pub fn plant(rng: &mut Rng, case: &mut Case) {
    for _ in 0..12 {
        let entry = rng.below(case.policy.tables.len());
        let table = case.policy.tables[entry].table;
        let rule = rng.below(case.policy.tables[entry].rules.len());
        let columns = case.world.tables[table].columns.clone();
        let column = rng.below(columns.len());
        let tables = case.policy.tables.len();
        let rules = &mut case.policy.tables[entry].rules;
        let decide = |action: &mut Action, decision: Decision| match action {
            Action::Columns { named, .. } => {
                set(named, column, decision);
                true
            }
            _ => false,
        };
        let planted = match rng.below(18) {
            0 if table != case.policy.subject && tables > 1 => {
                case.policy.tables.remove(entry);
                true
            }
            1 => match &mut rules[rule].action {
                Action::Columns { named, other } if named.len() > 1 && *other != Some(Decision::Keep) => {
                    *other = None;
                    named.pop();
                    true
                }
                _ => false,
            },
            2 => decide(&mut rules[rule].action, Decision::Undecided),
            3 => decide(&mut rules[rule].action, Decision::Null),
            4 => {
                let text = match columns[column].ty {
                    Type::Varchar(length) => "much too long ".repeat(length / 8),
                    _ => "neither nor".into(),
                };
                decide(&mut rules[rule].action, Decision::Replace(text))
            }
            5 => decide(&mut rules[rule].action, Decision::Default),
            6 => decide(&mut rules[rule].action, Decision::Randomize(Random::ByType)),
            7 if rules.len() > 1 => {
                rules.remove(rule);
                true
            }
            8 => {
                rules[rule].action = Action::Keep;
                true
            }
            9 => {
                let last = rules.len() - 1;
                let is_open = rules[last].condition.is_none();
                rules[last].condition = Some(Condition::IsNotNull(column));
                is_open
            }
            10 if case.policy.whose == Whose::Rows => {
                rules[rule].reach = match rng.below(3) {
                    0 => Reach::Misspelt("no_such_key".into()),
                    1 if !case.world.keys.is_empty() => Reach::Via(vec![vec![rng.below(case.world.keys.len())]]),
                    _ => Reach::Implied,
                };
                true
            }
            11 => {
                rules[rule].action = Action::Delete;
                true
            }
            12..=17 => {
                let (column, decision) = misfit(rng, &case.world, table);
                match &mut rules[rule].action {
                    Action::Columns { named, .. } => {
                        set(named, column, decision);
                        true
                    }
                    _ => false,
                }
            }
            _ => false,
        };
        if planted {
            return;
        }
    }
}
