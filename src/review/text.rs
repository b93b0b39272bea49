//! The plan as a page for a terminal: what will happen, to about how many rows, why, and what stays.

use std::fmt::Write;

use super::words::count;
use super::{Reviewed, sections};
use crate::ident::shown;

/// The plan for people to read.
pub fn text(reviewed: &Reviewed<'_>) -> String {
    let mut page = Page::default();
    page.line(0, format!("plan of policy `{}` ({})", shown(&reviewed.policy.name), shown(&reviewed.file.name)));
    page.heading("what is reviewed");
    for (thing, what) in sections::identity(reviewed) {
        page.line(2, format!("{thing:<8} {what}"));
    }
    sections::before(reviewed).iter().for_each(|section| page.section(section));
    steps(&mut page, reviewed);
    sections::after(reviewed).iter().for_each(|section| page.section(section));
    page.text
}

/// Lines with headings; writing to a `String` can't fail.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, indent: usize, line: impl AsRef<str>) {
        let line = line.as_ref();
        if !line.is_empty() {
            let _ = write!(self.text, "{:indent$}{line}", "");
        }
        self.text.push('\n');
    }

    fn heading(&mut self, line: impl AsRef<str>) {
        self.text.push('\n');
        self.line(0, line);
    }

    fn section(&mut self, section: &sections::Section) {
        self.heading(&section.heading);
        for line in &section.lines {
            self.line(2, &line.text);
            line.more.iter().for_each(|more| self.line(6, more));
        }
    }
}

fn steps(page: &mut Page, reviewed: &Reviewed<'_>) {
    page.heading(sections::steps_heading(reviewed));
    for step in sections::steps(reviewed) {
        let name = step.name.map_or_else(String::new, |name| format!(", rule `{name}`"));
        let rows = step.rows.map_or_else(String::new, |rows| format!(": about {}", count(rows, "row")));
        let number = format!("{}.", step.number);
        page.line(2, format!("{number:<4}{} {}{name}{rows}", step.verb, step.table));
        page.line(6, step.scope);
        for (column, value) in step.changes {
            page.line(8, format!("{column} -> {value}"));
        }
        step.along.into_iter().for_each(|line| page.line(8, line));
        step.window.into_iter().chain(step.reasons).for_each(|line| page.line(6, line));
    }
    sections::behind_steps(reviewed).into_iter().for_each(|line| page.line(2, line));
}
