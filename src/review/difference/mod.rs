//! What does a change of policy or schema mean?
//!
//! Two saved plans are held against each other, and the difference is told by what it does to people's data: less is erased, more
//! is erased, it goes otherwise; then what protects a run, the schema, the SQL. Where lines stand in the policy, how steps are
//! numbered and how many rows are estimated is no difference.

mod data;
mod pairs;
mod protection;
mod script;
mod show;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::words::one_line;
use super::{PlanFile, count};
use crate::catalog::diff;
use crate::ident::shown;

/// The difference between two plans.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanDifference {
    /// The name of the policy, as it is now.
    pub policy: String,
    /// The plan before.
    pub old: PlanSide,
    /// The plan now.
    pub new: PlanSide,
    /// All of it in one line.
    pub summary: String,
    /// What happens to people's data, by what it means for them.
    pub data: Vec<Difference>,
    /// What protects a run and is seen of it: guards, reports, values that must be gone, triggers, locks.
    pub protection: Vec<Difference>,
    /// How the schema of the plan's tables moved, a line each.
    pub schema: Vec<String>,
    /// How the SQL moved.
    pub script: ScriptDifference,
}

/// One of the two plans.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanSide {
    /// The policy's file.
    pub path: String,
    /// SHA-256 of the policy's bytes, hexadecimal.
    pub policy: String,
    /// SHA-256 of the part of the schema that it depends on, hexadecimal.
    pub schema: String,
    /// SHA-256 of the script, hexadecimal.
    pub script: String,
}

/// One thing that is otherwise than before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// What it means.
    pub effect: Effect,
    /// What it is about: `table`, `table.column`, a guard's or report's name.
    pub about: String,
    /// What is otherwise, in words.
    pub words: String,
    /// Its place in the policy as it is now, or before where it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

/// What a difference means for the people whose data it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Something stays that was erased before, or is no longer proved.
    Less,
    /// Something is erased that stayed before, or is proved that wasn't.
    More,
    /// It goes otherwise; or which of the two it is can't be told.
    Otherwise,
}

/// How the SQL moved. Comments are left out: places in the policy stand in them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScriptDifference {
    /// Lines that came.
    pub added: usize,
    /// Lines that went.
    pub removed: usize,
    /// The parts of the script in which they stand, by what the script says above them.
    pub parts: Vec<String>,
}

impl PlanDifference {
    /// Holds two plans against each other.
    pub fn between(old: &PlanFile, new: &PlanFile) -> Self {
        let data = sorted(data::differences(old, new));
        let schema = diff(&old.schema.part, &new.schema.part);
        let script = script::difference(&old.script.text, &new.script.text);
        let protection = sorted(protection::differences(old, new, &script));
        let mut difference = PlanDifference {
            policy: new.policy.name.clone(),
            old: side(old),
            new: side(new),
            summary: String::new(),
            data,
            protection,
            schema,
            script,
        };
        difference.summary = difference.in_one_line();
        difference
    }

    /// Whether a run would do the same in the same schema.
    pub fn is_empty(&self) -> bool {
        let same_sql = self.script == ScriptDifference::default();
        same_sql && self.data.is_empty() && self.protection.is_empty() && self.schema.is_empty()
    }

    /// The line that a reviewer reads first.
    fn in_one_line(&self) -> String {
        let told: Vec<&Difference> = self.data.iter().chain(&self.protection).collect();
        let words = match told.as_slice() {
            [] if self.is_empty() => "nothing changes".to_owned(),
            [] if self.script == ScriptDifference::default() => {
                format!("the schema moved ({}), and the same SQL runs", count(self.schema.len() as u64, "difference"))
            }
            [] => "the SQL changes, in nothing that the steps of the plan show".to_owned(),
            [one] => one.line(),
            several => {
                let mut effects = BTreeMap::new();
                several.iter().for_each(|it| *effects.entry(it.effect).or_insert(0_u64) += 1);
                let of = |(effect, number): (&Effect, &u64)| match effect {
                    Effect::Less => format!("{number} by which less is erased or proved"),
                    Effect::More => format!("{number} by which more is"),
                    Effect::Otherwise => format!("{number} otherwise"),
                };
                let parts: Vec<_> = effects.iter().map(of).collect();
                format!("{}: {}", count(several.len() as u64, "change"), parts.join(", "))
            }
        };
        format!("{}: {words}", shown(&self.policy))
    }
}

impl Difference {
    /// Each on one line: a saved plan is text that anybody can edit.
    fn new(effect: Effect, about: impl AsRef<str>, words: impl AsRef<str>) -> Self {
        Difference { effect, about: one_line(about.as_ref()), words: one_line(words.as_ref()), place: None }
    }

    fn at(mut self, place: &str) -> Self {
        self.place = Some(place.to_owned());
        self
    }

    fn line(&self) -> String {
        format!("{}: {}", self.about, self.words)
    }
}

fn side(plan: &PlanFile) -> PlanSide {
    PlanSide {
        path: plan.policy.path.clone(),
        policy: plan.policy.sha256.clone(),
        schema: plan.schema.sha256.clone(),
        script: plan.script.sha256.clone(),
    }
}

fn sorted(mut differences: Vec<Difference>) -> Vec<Difference> {
    differences.sort_by(|a, b| (a.effect, &a.about, &a.words).cmp(&(b.effect, &b.about, &b.words)));
    differences.dedup();
    differences
}
