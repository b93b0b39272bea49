//! How is a difference shown?

use std::fmt::Write;

use super::{Difference, Effect, PlanDifference};
use crate::ident::shown;
use crate::review::count;
use crate::review::escape::{mark, sentence, short};

/// What the list may take of [`LONGEST_COMMENT`](crate::review::LONGEST_COMMENT); the rest is for the headings and the last line.
const MOST: usize = 60_000;

/// No line of a comment is longer: conditions may be.
const LONGEST_LINE: usize = 600;

/// So many parts of the script are named; `git diff` on the script shows them all.
const MOST_PARTS: usize = 12;

/// The sections of both pages: a heading, and its lines.
fn sections(difference: &PlanDifference) -> Vec<(&'static str, Vec<String>)> {
    let of = |effect: Effect| difference.data.iter().filter(move |it| it.effect == effect).map(line).collect();
    vec![
        ("less is erased", of(Effect::Less)),
        ("more is erased", of(Effect::More)),
        ("erased otherwise", of(Effect::Otherwise)),
        ("what protects a run, and what is seen of it", difference.protection.iter().map(line).collect()),
        ("the schema", difference.schema.clone()),
        ("the SQL", script(difference)),
    ]
}

fn line(difference: &Difference) -> String {
    let place = difference.place.as_ref().map_or_else(String::new, |place| format!(" ({})", shown(place)));
    format!("{}{place}", difference.line())
}

fn script(difference: &PlanDifference) -> Vec<String> {
    let script = &difference.script;
    if script.parts.is_empty() {
        return Vec::new();
    }
    let lines = format!("{} came, {} went", count(script.added as u64, "line"), count(script.removed as u64, "line"));
    let parts = script.parts.iter().take(MOST_PARTS).map(|part| format!("in: {}", shown(part)));
    let more = script.parts.len().saturating_sub(MOST_PARTS);
    let more = (more > 0).then(|| format!("and in {}", count(more as u64, "other part")));
    std::iter::once(lines).chain(parts).chain(more).collect()
}

impl PlanDifference {
    /// For people at a terminal: the summary, then every difference.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n", self.summary);
        for (heading, lines) in sections(self).into_iter().filter(|(_, lines)| !lines.is_empty()) {
            let _ = writeln!(text, "\n{heading}");
            lines.iter().for_each(|line| {
                let _ = writeln!(text, "  {line}");
            });
        }
        text
    }

    /// For a comment on a pull request: under 65,000 characters, whatever the plans.
    ///
    /// The first line is a comment by which a workflow finds what it wrote before.
    pub fn markdown(&self) -> String {
        let mut text = format!("<!-- efface:plan-diff {} -->\n", mark(&short(&self.new.path, LONGEST_LINE)));
        let _ = writeln!(text, "### {}", sentence(&short(&self.summary, LONGEST_LINE)));
        let mut left_out = 0;
        for (heading, lines) in sections(self).into_iter().filter(|(_, lines)| !lines.is_empty()) {
            let _ = writeln!(text, "\n**{heading}**\n");
            for line in lines {
                let item = format!("- {}\n", sentence(&short(&line, LONGEST_LINE)));
                if text.len() + item.len() > MOST {
                    left_out += 1;
                } else {
                    text.push_str(&item);
                }
            }
        }
        if left_out > 0 {
            let _ = writeln!(text, "\n{} more than fit here: `efface plan diff` shows them.", count(left_out, "line"));
        }
        text
    }

    /// For programs; `schema/plan-diff.schema.json` says what is in it.
    pub fn json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("names, texts and numbers are always JSON");
        text.push('\n');
        text
    }
}
