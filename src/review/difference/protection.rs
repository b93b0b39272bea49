//! What is otherwise in what protects a run, and in what is seen of it?

use std::collections::{BTreeMap, BTreeSet};

use super::{Difference, Effect, ScriptDifference};
use crate::ident::shown;
use crate::review::{PlanFile, PlannedGuard};
use crate::sql::report_heading;

pub(super) fn differences(old: &PlanFile, new: &PlanFile, script: &ScriptDifference) -> Vec<Difference> {
    let mut found = guards(old, new);
    found.extend(reports(old, new, script));
    found.extend(ledger(old, new));
    for part in PARTS {
        let (was, is): (BTreeSet<String>, BTreeSet<String>) =
            ((part.of)(old).into_iter().collect(), (part.of)(new).into_iter().collect());
        let says = |thing: &String, effect, word: &str| Difference::new(effect, part.about, format!("{word}{thing}"));
        found.extend(is.difference(&was).map(|thing| says(thing, part.effect, "")));
        let opposite = match part.effect {
            Effect::More => Effect::Less,
            Effect::Less => Effect::More,
            Effect::Otherwise => Effect::Otherwise,
        };
        found.extend(was.difference(&is).map(|thing| says(thing, opposite, "no longer ")));
    }
    found
}

/// A part of a plan that is a list of things.
struct Part {
    about: &'static str,
    /// What it means if there is one more.
    effect: Effect,
    of: fn(&PlanFile) -> Vec<String>,
}

const PARTS: &[Part] = &[
    Part { about: "reports that must not move", effect: Effect::More, of: |plan| names(&plan.reports) },
    Part { about: "old values that must be gone", effect: Effect::More, of: |plan| names(&plan.gone) },
    Part { about: "references that must not be found", effect: Effect::More, of: |plan| names(&plan.expected) },
    Part { about: "virtual keys", effect: Effect::Otherwise, of: |plan| names(&plan.virtual_keys) },
    Part { about: "rows followed in circles", effect: Effect::Otherwise, of: |plan| names(&plan.closures) },
    Part { about: "rows remembered", effect: Effect::Otherwise, of: |plan| names(&plan.captures) },
    Part { about: "checks put off", effect: Effect::Otherwise, of: |plan| names(&plan.deferred) },
    Part { about: "triggers that fire", effect: Effect::Otherwise, of: |plan| names(&plan.triggers) },
    Part { about: "steps run again after triggers", effect: Effect::Otherwise, of: sweeps },
    Part {
        about: "materialized views",
        effect: Effect::Otherwise,
        of: |plan| plan.views.iter().map(|it| without_place(it)).collect(),
    },
    Part { about: "what leaves the server", effect: Effect::Otherwise, of: |plan| names(&plan.publications) },
    Part {
        about: "locks",
        effect: Effect::Otherwise,
        of: |plan| plan.locks.iter().map(|it| format!("{} on {}", it.mode, it.table)).collect(),
    },
];

fn names(list: &[String]) -> Vec<String> {
    list.iter().map(|it| shown(&without_place(it)).to_string()).collect()
}

/// A line without the place in the policy at its end, ` (policies/x.yaml:12)`: that moves with every line above it.
fn without_place(line: &str) -> String {
    let place = |found: &(&str, &str)| {
        let digits = found.1.strip_suffix(')').and_then(|it| it.rsplit_once(':')).map(|(_, line)| line);
        digits.is_some_and(|it| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit()))
    };
    line.rsplit_once(" (").filter(place).map_or(line, |(words, _)| words).to_owned()
}

fn sweeps(plan: &PlanFile) -> Vec<String> {
    let steps = plan.sweeps.iter().filter_map(|number| plan.steps.iter().find(|step| step.number == *number));
    steps.map(|step| format!("{} of {}", step.action, step.table)).collect()
}

fn guards(old: &PlanFile, new: &PlanFile) -> Vec<Difference> {
    let of = |plan: &PlanFile| -> BTreeMap<String, PlannedGuard> {
        plan.guards.iter().map(|guard| (guard.name.clone(), guard.clone())).collect()
    };
    let (was, is) = (of(old), of(new));
    let about = |guard: &PlannedGuard| format!("guard `{}`", shown(&guard.name));
    let mut found = Vec::new();
    for (name, now) in &is {
        match was.get(name) {
            None => {
                let words = format!("blocks a run now: {}", now.rows);
                found.push(Difference::new(Effect::Otherwise, about(now), words).at(&now.place));
            }
            Some(before) if (&before.table, &before.rows) != (&now.table, &now.rows) => {
                let words = format!("blocks by {}; before: {}", now.rows, before.rows);
                found.push(Difference::new(Effect::Otherwise, about(now), words).at(&now.place));
            }
            Some(before) if before.message != now.message => {
                let words = format!("says `{}`, before `{}`", shown(&now.message), shown(&before.message));
                found.push(Difference::new(Effect::Otherwise, about(now), words).at(&now.place));
            }
            Some(_) => {}
        }
    }
    for (_, before) in was.iter().filter(|(name, _)| !is.contains_key(*name)) {
        let words = format!("no longer blocks a run: {}", before.rows);
        found.push(Difference::new(Effect::Otherwise, about(before), words).at(&before.place));
    }
    found
}

/// Reports of one name that ask something else: their queries stand in the script only.
fn reports(old: &PlanFile, new: &PlanFile, script: &ScriptDifference) -> Vec<Difference> {
    let both = new.reports.iter().filter(|name| old.reports.contains(name));
    let asks = both.filter(|name| script.parts.contains(&report_heading(name)));
    let words = "its query is another one";
    asks.map(|name| Difference::new(Effect::Otherwise, format!("report `{}`", shown(name)), words)).collect()
}

fn ledger(old: &PlanFile, new: &PlanFile) -> Option<Difference> {
    let words = match (old.ledger, new.ledger) {
        (false, true) => "runs enter themselves in it now",
        (true, false) => "runs no longer enter themselves in it",
        (true, true) | (false, false) => return None,
    };
    Some(Difference::new(Effect::Otherwise, "ledger", words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_at_the_end_of_a_line_is_no_part_of_it() {
        let lines =
            ["v: refreshed (policies/x.yaml:12)", "v: stays (accepted)", "no row of t by `k` (a b:c.yaml:3)", "x (:)"];
        let without: Vec<_> = lines.iter().map(|line| without_place(line)).collect();
        assert_eq!(without, ["v: refreshed", "v: stays (accepted)", "no row of t by `k`", "x (:)"]);
    }
}
