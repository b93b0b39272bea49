//! The plan as a comment in a pull request: what happens to a person's rows, in words first, the SQL last and folded.
//!
//! A comment has a largest size, and a plan has none. So each part has a share: what doesn't fit is counted, and the last
//! line says where the whole is. The first line is a mark by which a program finds its own comment again.

use std::fmt::Write;

use super::buckets::{Entry, buckets};
use super::escape::{block, code, mark, prose, sentence, short};
use super::picture::{Fold, Picture};
use super::sections::{self, Section, StepWords};
use super::words::{count, notes};
use super::{Reviewed, mermaid};
use crate::ident::shown;
use crate::resolve::survey_of;
use crate::sql::Role;

/// No comment is longer, in bytes and so in characters: GitHub takes 65,536.
pub const LONGEST_COMMENT: usize = 65_000;

/// The share of each part, in bytes. Together they leave the SQL room enough to be of use.
mod share {
    pub const BUCKET: usize = 4_500;
    pub const WARNINGS: usize = 4_000;
    pub const BEFORE: usize = 3_000;
    pub const STEPS: usize = 13_000;
    pub const GRAPH: usize = 11_000;
    pub const SECTION: usize = 1_300;
    pub const FOOT: usize = 400;
}

/// A name, a condition, a reason: nobody reads more of it in a comment.
const WORDS: usize = 280;

/// The plan as Markdown.
pub fn markdown(reviewed: &Reviewed<'_>) -> String {
    let mut comment = Comment::default();
    comment.push(&head(reviewed));
    for (heading, entries) in bucketed(reviewed) {
        comment.list(&format!("**{heading}**\n\n"), &entries, share::BUCKET);
    }
    let after = sections::after(reviewed);
    let named = |key: &str| after.iter().find(|section| section.key == key);
    if let Some(warnings) = named("warnings") {
        comment.section("### Warnings\n\n", warnings, share::WARNINGS);
    }
    for section in sections::before(reviewed) {
        comment.section(&format!("### {}\n\n", heading(&section)), &section, share::BEFORE);
    }
    if let Some(reports) = named("reports") {
        comment.section(&format!("### {}\n\n", heading(reports)), reports, share::SECTION);
    }
    steps(&mut comment, reviewed);
    graph(&mut comment, reviewed);
    let folded = after.iter().filter(|section| !matches!(section.key, "warnings" | "reports" | "kept"));
    let lines: usize = folded.clone().map(|section| section.lines.len()).sum();
    comment.push(&format!(
        "<details>\n<summary>Triggers, locks, and what else there is: {}</summary>\n\n",
        count(lines as u64, "line")
    ));
    for section in folded {
        comment.section(&format!("**{}**\n\n", heading(section)), section, share::SECTION);
    }
    comment.push("</details>\n\n");
    let identity = identity(reviewed);
    let foot = "The whole plan: ";
    let name = short(&shown(&reviewed.file.name).to_string(), 100);
    let foot = format!("{foot}{}.\n", code(&format!("efface plan {name}")));
    let rest = comment.left().saturating_sub(identity.len() + foot.len() + share::FOOT);
    script(&mut comment, reviewed, rest);
    comment.push(&identity);
    if comment.cut {
        comment.push(&format!(
            "A comment holds {} at most, so parts of this one are cut. {foot}",
            count(LONGEST_COMMENT as u64, "character")
        ));
    } else {
        comment.push(&foot);
    }
    comment.text
}

/// A text that never grows beyond its size.
#[derive(Default)]
struct Comment {
    text: String,
    /// Whether something was left out.
    cut: bool,
}

impl Comment {
    fn left(&self) -> usize {
        LONGEST_COMMENT - self.text.len()
    }

    /// Adds it whole or not at all.
    fn push(&mut self, text: &str) {
        if text.len() <= self.left() { self.text.push_str(text) } else { self.cut = true }
    }

    /// Adds lines after a heading, as many as fit into a share, and how many more there are; nothing where there are none.
    fn list(&mut self, heading: &str, lines: &[String], share: usize) {
        if lines.is_empty() {
            return;
        }
        // For the line that says how many more.
        let most = share.min(self.left()).saturating_sub(heading.len() + 80);
        let mut text = String::new();
        let mut held = 0;
        for line in lines {
            if text.len() + line.len() > most {
                break;
            }
            text.push_str(line);
            held += 1;
        }
        if held < lines.len() {
            self.cut = true;
            let _ = writeln!(text, "- \u{2026} and {} more", lines.len() - held);
        }
        self.push(&format!("{heading}{text}\n"));
    }

    fn section(&mut self, heading: &str, section: &Section, share: usize) {
        let lines: Vec<String> = section
            .lines
            .iter()
            .map(|line| {
                let more = line.more.as_ref().map(|more| format!("; {}", sentence(&short(more, WORDS))));
                format!("- {}{}\n", sentence(&short(&line.text, WORDS)), more.unwrap_or_default())
            })
            .collect();
        self.list(heading, &lines, share);
    }
}

fn heading(section: &Section) -> String {
    let mut letters = section.heading.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    sentence(&format!("{first}{}", letters.as_str()))
}

fn head(reviewed: &Reviewed<'_>) -> String {
    let Reviewed { file, policy, plan, estimates, .. } = reviewed;
    let named = |text: &str| short(&shown(text).to_string(), 120);
    let mut text = format!("<!-- efface:plan {} -->\n", mark(&named(&file.name)));
    let _ = writeln!(text, "## Plan of policy {}\n", code(&named(&policy.name)));
    let steps = count(plan.steps.len() as u64, "step");
    let rows: Option<u64> = (0..plan.steps.len()).map(|step| estimates.of(step)).sum();
    let rows = rows.map_or_else(String::new, |rows| format!(", about {} for one run", count(rows, "row")));
    let subject = sections::identity(reviewed).into_iter().find(|(thing, _)| *thing == "subject");
    let subject = subject.map_or_else(String::new, |(_, words)| prose(&short(&words, WORDS)));
    let _ = writeln!(
        text,
        "**{steps} in one transaction**{rows}. Subject: {subject}. Policy: {}.\n",
        code(&named(&file.name))
    );
    text
}

/// The three buckets, each with its heading.
fn bucketed(reviewed: &Reviewed<'_>) -> [(String, Vec<String>); 3] {
    let buckets = buckets(reviewed);
    let line = |entry: &Entry, scoped: bool| {
        let mut text = String::from("- ");
        if !entry.table.is_empty() {
            text.push_str(&code(&entry.table));
        }
        if !entry.columns.is_empty() {
            let names: Vec<_> = entry.columns.iter().take(40).map(|name| code(name)).collect();
            let more = entry.columns.len() - names.len();
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            let number =
                if scoped { String::new() } else { format!(", {}", count(entry.columns.len() as u64, "column")) };
            let _ = write!(text, "{number}: {}{more}", names.join(", "));
        }
        if let Some(rows) = entry.rows {
            let _ = write!(text, "{} about {}", if scoped { "," } else { ";" }, count(rows, "row"));
        }
        if scoped && !entry.scopes.is_empty() {
            let scopes: Vec<_> = entry.scopes.iter().take(4).map(|words| sentence(&short(words, WORDS))).collect();
            let _ = write!(text, " ({})", scopes.join("; "));
        }
        if let Some(words) = &entry.words {
            let dash = if entry.table.is_empty() { "" } else { " \u{2014} " };
            let _ = write!(text, "{dash}{}", sentence(&short(words, WORDS)));
        }
        text.push('\n');
        text
    };
    let tables = |entries: &[Entry]| {
        let named = entries.iter().filter(|entry| !entry.table.is_empty()).count();
        count(named as u64, "table")
    };
    let lines = |entries: &[Entry], scoped: bool| entries.iter().map(|entry| line(entry, scoped)).collect();
    [
        (format!("Erased: rows of {}", tables(&buckets.erased)), lines(&buckets.erased, true)),
        (format!("Anonymised: values in {}", tables(&buckets.anonymised)), lines(&buckets.anonymised, false)),
        ("Kept, and why".to_owned(), lines(&buckets.kept, true)),
    ]
}

fn steps(comment: &mut Comment, reviewed: &Reviewed<'_>) {
    let heading = sections::steps_heading(reviewed);
    let mut text = format!("### {}\n\n", sentence(&heading));
    let steps = sections::steps(reviewed);
    if steps.is_empty() {
        return comment.push(&text);
    }
    text.push_str("| # | does | table | rows, about | which | new values | policy |\n|--:|---|---|--:|---|---|---|\n");
    let mut held = 0;
    let most = share::STEPS.min(comment.left()).saturating_sub(300);
    for step in &steps {
        let row = row(step);
        if text.len() + row.len() > most {
            break;
        }
        text.push_str(&row);
        held += 1;
    }
    if held < steps.len() {
        comment.cut = true;
        let _ = writeln!(text, "\n\u{2026} and {}", count((steps.len() - held) as u64, "more step"));
    }
    text.push('\n');
    comment.push(&text);
}

fn row(step: &StepWords) -> String {
    const VALUES: usize = 12;
    let mut values: Vec<String> = step
        .changes
        .iter()
        .take(VALUES)
        .map(|(column, value)| format!("{}: {}", code(column), sentence(&short(value, 80))))
        .collect();
    if step.changes.len() > VALUES {
        values.push(format!("and {} more", step.changes.len() - VALUES));
    }
    values.extend(step.along.iter().take(VALUES).map(|line| sentence(&short(line, 120))));
    let name = step.name.as_ref().map_or_else(String::new, |name| format!("<br>{}", prose(&short(name, 80))));
    let rows = step.rows.map_or_else(String::new, |rows| count(rows, "row"));
    let rows = rows.split(' ').next().unwrap_or_default();
    let line = step.place.rsplit(':').next().unwrap_or_default();
    format!(
        "| {} | {} | {}{name} | {rows} | {} | {} | line {line} |\n",
        step.number,
        step.verb,
        code(&step.table),
        sentence(&short(&step.scope, WORDS)),
        values.join("<br>"),
    )
}

/// The graph, smaller and smaller until it fits.
fn graph(comment: &mut Comment, reviewed: &Reviewed<'_>) {
    let survey = survey_of(reviewed.policy, reviewed.catalog);
    let notes = notes(reviewed);
    for most in [40, 25, 12, 1] {
        let title = "tables and what happens to their rows";
        let picture = Picture::new(title, &survey, reviewed.catalog, &notes, Fold::Over(most));
        if picture.nodes.is_empty() {
            return;
        }
        let drawn = block("mermaid", &mermaid::mermaid(&picture));
        if drawn.len() < share::GRAPH {
            return comment.push(&format!("### Tables\n\n{drawn}\n"));
        }
    }
    comment.cut = true;
    comment.push("### Tables\n\nToo many tables for a picture in a comment: `efface graph` draws them.\n\n");
}

/// The SQL: all of it, or as many of the statements that change rows as there is room for.
fn script(comment: &mut Comment, reviewed: &Reviewed<'_>, rest: usize) {
    let script = reviewed.script;
    let folded = |summary: &str, sql: &str| {
        format!("<details>\n<summary>{summary}</summary>\n\n{}\n</details>\n\n", block("sql", sql))
    };
    let all = count(script.statements.len() as u64, "statement");
    let whole = folded(&format!("The SQL: {all}, as it runs"), &script.text());
    if whole.len() <= rest {
        return comment.push(&whole);
    }
    comment.cut = true;
    let changing = script.statements.iter().filter(|it| matches!(it.role, Role::Step { .. } | Role::Together { .. }));
    let texts: Vec<String> = changing.map(|it| format!("-- {}\n{};\n\n", shown(&it.title), it.sql.as_str())).collect();
    let mut sql = String::new();
    let mut held = 0;
    for text in &texts {
        // The fence may be longer than three, and the summary says two numbers.
        if sql.len() + text.len() + 400 > rest {
            break;
        }
        sql.push_str(text);
        held += 1;
    }
    let summary =
        format!("Of the SQL, {held} of the {} that change rows; {all} in all", count(texts.len() as u64, "statement"));
    let part = folded(&summary, &sql);
    if held > 0 && part.len() <= rest {
        comment.push(&part);
    }
}

fn identity(reviewed: &Reviewed<'_>) -> String {
    let things = sections::identity(reviewed).into_iter();
    let lines: String = things
        .map(|(thing, what)| match what.strip_prefix("sha256:") {
            Some(rest) => {
                let (digest, more) = rest.split_once(' ').unwrap_or((rest, ""));
                format!("- {thing}: `sha256:{digest}` {}\n", prose(more))
            }
            None => format!("- {thing}: {}\n", prose(&short(&what, WORDS))),
        })
        .collect();
    format!("<details>\n<summary>What is reviewed: digests</summary>\n\n{lines}\n</details>\n\n")
}
