//! The plan as one page for a browser: it asks nobody for anything, and reads without its script too.
//!
//! The page's own policy (`Content-Security-Policy`) lets nothing run and nothing load but the style and the script that
//! stand in it, by their digests.

use std::collections::BTreeSet;
use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::buckets::{Entry, buckets};
use super::picture::{Fold, Picture};
use super::sections::{self, Section, StepWords};
use super::svg::{self, escaped};
use super::words::{count, notes};
use super::{Estimates, Reviewed};
use crate::ident::shown;
use crate::resolve::survey_of;
use crate::sql::{Role, Statement};

const SCRIPT: &str = include_str!("page.js");

/// The plan as a page of HTML.
pub fn html(reviewed: &Reviewed<'_>) -> String {
    let style = format!("\n{}{}", include_str!("page.css"), svg::STYLE);
    let script = format!("\n{SCRIPT}");
    let name = shown(&reviewed.policy.name).to_string();
    let mut page = Page::default();
    page.line("<!DOCTYPE html>");
    page.line("<html lang=\"en\">");
    page.line("<head>");
    page.line("<meta charset=\"utf-8\">");
    page.line(format!(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{}'; \
         script-src 'sha256-{}'; base-uri 'none'; form-action 'none'\">",
        digest(&style),
        digest(&script)
    ));
    page.line("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    page.line(format!("<title>Plan of policy {}</title>", escaped(&name)));
    page.line(format!("<style>{style}</style>"));
    page.line("</head>");
    page.line("<body>");
    page.line("<a class=\"skip\" href=\"#steps\">Skip to the steps</a>");
    head(&mut page, reviewed, &name);
    let before = sections::before(reviewed);
    let after = sections::after(reviewed);
    navigation(&mut page, before.iter().chain(&after));
    page.line("<main>");
    bucketed(&mut page, reviewed);
    after.iter().filter(|section| section.key == "warnings").for_each(|found| section(&mut page, found));
    before.iter().for_each(|found| section(&mut page, found));
    graph(&mut page, reviewed);
    steps(&mut page, reviewed);
    let others = after.iter().filter(|section| !matches!(section.key, "warnings" | "kept"));
    others.for_each(|found| section(&mut page, found));
    whole(&mut page, reviewed);
    page.line("</main>");
    page.line(format!("<footer><p>{}</p></footer>", sentence(FOOT)));
    page.line(format!("<script>{script}</script>"));
    page.line("</body>");
    page.line("</html>");
    page.text
}

const FOOT: &str = "Names, counts and digests, and what the policy's author wrote: no value of a row stands on this page. Written by \
                    `efface plan --format html`.";

/// Lines of HTML.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, line: impl AsRef<str>) {
        self.text.push_str(line.as_ref());
        self.text.push('\n');
    }
}

/// SHA-256 as a page's policy writes it: in base 64.
fn digest(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for bytes in Sha256::digest(text.as_bytes()).chunks(3) {
        let number = bytes.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte)) << (8 * (3 - bytes.len()));
        for place in 0..4 {
            match place <= bytes.len() {
                true => encoded.push(char::from(LETTERS[(number >> (18 - 6 * place) & 63) as usize])),
                false => encoded.push('='),
            }
        }
    }
    encoded
}

/// A sentence in which names stand between backticks.
fn sentence(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    // Backticks that don't pair are no marks of ours.
    if parts.len().is_multiple_of(2) {
        return escaped(text);
    }
    let part = |(index, part): (usize, &&str)| match index % 2 {
        1 => format!("<code>{}</code>", escaped(part)),
        _ => escaped(part),
    };
    parts.iter().enumerate().map(part).collect()
}

/// A heading with a capital letter.
fn heading(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    sentence(&format!("{first}{}", letters.as_str()))
}

fn head(page: &mut Page, reviewed: &Reviewed<'_>, name: &str) {
    let Reviewed { file, plan, estimates, .. } = reviewed;
    page.line("<header>");
    page.line("<p class=\"kind\">Plan of a policy: what will happen to a person's rows, before it happens</p>");
    page.line(format!("<h1>{}</h1>", escaped(name)));
    let steps = count(plan.steps.len() as u64, "step");
    let rows = total(estimates, plan.steps.len());
    let rows = rows.map_or_else(String::new, |rows| format!(", about {} for one run", count(rows, "row")));
    page.line(format!("<p class=\"lead\">{steps} in one transaction{rows}.</p>"));
    page.line("<dl class=\"identity\">");
    page.line(format!("<dt>file</dt><dd><code>{}</code></dd>", escaped(&shown(&file.name).to_string())));
    for (thing, what) in sections::identity(reviewed) {
        let what = match what.strip_prefix("sha256:").map(|rest| rest.split_once(' ').unwrap_or((rest, ""))) {
            Some((digest, more)) => format!("<code>sha256:{digest}</code> {}", escaped(more)),
            None => sentence(&what),
        };
        page.line(format!("<dt>{thing}</dt><dd>{}</dd>", what.trim_end()));
    }
    page.line("</dl>");
    page.line("</header>");
}

/// Rows of all steps, where the server could say of each.
fn total(estimates: &Estimates, steps: usize) -> Option<u64> {
    (0..steps).map(|step| estimates.of(step)).sum()
}

fn navigation<'s>(page: &mut Page, sections: impl Iterator<Item = &'s Section>) {
    let there: BTreeSet<&str> =
        sections.map(|section| section.key).chain(["happens", "tables", "steps", "script"]).collect();
    // In the order of the page.
    let links = [
        ("happens", "What happens"),
        ("warnings", "Warnings"),
        ("guards", "Guards"),
        ("tables", "Tables"),
        ("steps", "Steps"),
        ("reports", "Reports"),
        ("gone", "Gone"),
        ("triggers", "Triggers"),
        ("views", "Views"),
        ("locks", "Locks"),
        ("script", "SQL"),
    ];
    let links = links.into_iter().filter(|(key, _)| there.contains(key));
    page.line("<nav aria-label=\"Parts of this page\">");
    page.line("<ul>");
    links.for_each(|(key, name)| page.line(format!("<li><a href=\"#{key}\">{name}</a></li>")));
    page.line("</ul>");
    page.line("</nav>");
}

fn bucketed(page: &mut Page, reviewed: &Reviewed<'_>) {
    let buckets = buckets(reviewed);
    page.line("<section id=\"happens\" aria-labelledby=\"happens-heading\">");
    page.line("<h2 id=\"happens-heading\">What happens</h2>");
    page.line("<div class=\"buckets\">");
    let none = [
        ("erased", "Erased", &buckets.erased, "No rows are deleted."),
        ("anonymised", "Anonymised", &buckets.anonymised, "No values change."),
        ("kept", "Kept, and why", &buckets.kept, "Nothing is kept for a reason of its own."),
    ];
    for (class, heading, entries, none) in none {
        page.line(format!("<div class=\"bucket {class}\">"));
        page.line(format!("<h3>{heading}</h3>"));
        if entries.is_empty() {
            page.line(format!("<p class=\"quiet\">{none}</p>"));
        } else {
            page.line("<ul>");
            entries
                .iter()
                .for_each(|entry| page.line(format!("<li>{}</li>", bucket_line(entry, class != "anonymised"))));
            page.line("</ul>");
        }
        page.line("</div>");
    }
    page.line("</div>");
    page.line("</section>");
}

fn bucket_line(entry: &Entry, scoped: bool) -> String {
    let mut text = String::new();
    if !entry.table.is_empty() {
        let _ = write!(text, "<span class=\"name\">{}</span>", escaped(&entry.table));
    }
    if !entry.columns.is_empty() {
        let names: Vec<_> = entry.columns.iter().map(|name| format!("<code>{}</code>", escaped(name))).collect();
        let _ = write!(text, ": {}", names.join(", "));
    }
    if let Some(rows) = entry.rows {
        let _ = write!(text, ", about {}", count(rows, "row"));
    }
    if let Some(words) = &entry.words {
        let dash = if text.is_empty() { "" } else { " \u{2014} " };
        let _ = write!(text, "{dash}{}", sentence(words));
    }
    if scoped && !entry.scopes.is_empty() {
        let scopes: Vec<_> = entry.scopes.iter().map(|words| sentence(words)).collect();
        let _ = write!(text, " <span class=\"quiet\">{}</span>", scopes.join("; "));
    }
    text
}

fn section(page: &mut Page, section: &Section) {
    let key = section.key;
    page.line(format!("<section id=\"{key}\" aria-labelledby=\"{key}-heading\">"));
    page.line(format!("<h2 id=\"{key}-heading\">{}</h2>", heading(&section.heading)));
    page.line(format!("<div class=\"section {key}\">"));
    page.line("<ul>");
    for line in &section.lines {
        let more = line.more.as_ref().map(|more| format!("<br><span class=\"quiet\">{}</span>", sentence(more)));
        page.line(format!("<li>{}{}</li>", sentence(&line.text), more.unwrap_or_default()));
    }
    page.line("</ul>");
    page.line("</div>");
    page.line("</section>");
}

fn graph(page: &mut Page, reviewed: &Reviewed<'_>) {
    let survey = survey_of(reviewed.policy, reviewed.catalog);
    let title = "The tables that the subject reaches, and what happens to their rows";
    let picture = Picture::new(title, &survey, reviewed.catalog, &notes(reviewed), Fold::READABLE);
    page.line("<section id=\"tables\" aria-labelledby=\"tables-heading\">");
    page.line("<h2 id=\"tables-heading\">Tables</h2>");
    page.line("<figure>");
    page.line("<section class=\"scroll\" tabindex=\"0\" aria-label=\"Drawing of the tables, scrolls\">");
    page.text.push_str(&svg::inline(&picture));
    page.line("</section>");
    page.line("<figcaption>Arrows lead from the table that references to the one that is referenced. What a drawing can't say to \
               everybody, the lists above and the steps below say in words.</figcaption>");
    page.line("</figure>");
    page.line("</section>");
}

fn steps(page: &mut Page, reviewed: &Reviewed<'_>) {
    let steps = sections::steps(reviewed);
    page.line("<section id=\"steps\" tabindex=\"-1\" aria-labelledby=\"steps-heading\">");
    page.line(format!("<h2 id=\"steps-heading\">{}</h2>", heading(&sections::steps_heading(reviewed))));
    if !steps.is_empty() {
        let tables: BTreeSet<&str> = steps.iter().map(|step| step.table.as_str()).collect();
        page.line("<div class=\"tools\" hidden>");
        page.line("<label for=\"filter\">Filter by table</label>");
        page.line(
            "<input id=\"filter\" type=\"search\" list=\"filter-tables\" autocomplete=\"off\" spellcheck=\"false\">",
        );
        page.line("<datalist id=\"filter-tables\">");
        tables.iter().for_each(|name| page.line(format!("<option value=\"{}\"></option>", escaped(name))));
        page.line("</datalist>");
        page.line("<button type=\"button\" id=\"open\">Open or close all</button>");
        page.line(format!("<p id=\"count\" role=\"status\" aria-live=\"polite\">{0} of {0} steps</p>", steps.len()));
        page.line("<p class=\"quiet\"><kbd>/</kbd> filter, <kbd>Esc</kbd> clear, <kbd>j</kbd> <kbd>k</kbd> next and previous, \
                   <kbd>Enter</kbd> open</p>");
        page.line("</div>");
    }
    page.line("<ol class=\"steps\">");
    steps.iter().for_each(|words| step(page, reviewed, words));
    page.line("</ol>");
    let behind = sections::behind_steps(reviewed);
    if !behind.is_empty() {
        page.line("<ul>");
        behind.iter().for_each(|line| page.line(format!("<li>{}</li>", sentence(line))));
        page.line("</ul>");
    }
    page.line("</section>");
}

fn step(page: &mut Page, reviewed: &Reviewed<'_>, words: &StepWords) {
    let StepWords { number, verb, table, .. } = words;
    let name =
        words.name.as_ref().map_or_else(String::new, |name| format!(" <span class=\"quiet\">{}</span>", escaped(name)));
    let rows = words.rows.map_or_else(String::new, |rows| format!("about {}", count(rows, "row")));
    let table = escaped(table);
    page.line("<li>");
    page.line(format!("<details class=\"step\" id=\"step-{number}\" data-table=\"{table}\">"));
    page.line(format!(
        "<summary><span class=\"number\">{number}</span> <span class=\"verb {verb}\">{verb}</span> \
         <span class=\"what\"><span class=\"name\">{table}</span>{name}</span> <span class=\"rows\">{rows}</span></summary>"
    ));
    page.line("<div class=\"body\">");
    page.line(format!("<p>{}</p>", sentence(&words.scope)));
    if !words.changes.is_empty() {
        page.line("<table>");
        page.line("<thead><tr><th scope=\"col\">column</th><th scope=\"col\">becomes</th></tr></thead>");
        page.line("<tbody>");
        for (column, value) in &words.changes {
            page.line(format!("<tr><td><code>{}</code></td><td>{}</td></tr>", escaped(column), sentence(value)));
        }
        page.line("</tbody>");
        page.line("</table>");
    }
    page.line("<ul>");
    for line in words.along.iter().chain(&words.window).chain(&words.reasons) {
        page.line(format!("<li>{}</li>", sentence(line)));
    }
    page.line("</ul>");
    if !words.reasons.iter().any(|reason| reason.contains(&words.place)) {
        page.line(format!("<p class=\"quiet\">for {}</p>", escaped(&words.place)));
    }
    for statement in reviewed.script.statements.iter().filter(|it| carries_out(it, number - 1)) {
        let again = matches!(statement.role, Role::Step { sweep: true, .. });
        if again {
            page.line("<p>Once more, for what triggers wrote:</p>");
        }
        page.text.push_str(&code(&format!("{};", statement.sql.as_str())));
    }
    page.line("</div>");
    page.line("</details>");
    page.line("</li>");
}

/// Whether a statement is of this step.
fn carries_out(statement: &Statement, step: usize) -> bool {
    let alone = matches!(statement.role, Role::Step { step: of, .. } if of == step);
    alone || matches!(&statement.role, Role::Together { steps } if steps.contains(&step))
}

/// SQL as it is.
fn code(sql: &str) -> String {
    // The first newline of a `pre` is taken away; one of ours saves the author's.
    format!("<pre>\n<code>{}</code></pre>\n", escaped(sql))
}

/// The whole script, folded.
fn whole(page: &mut Page, reviewed: &Reviewed<'_>) {
    let statements = count(reviewed.script.statements.len() as u64, "statement");
    page.line("<section id=\"script\" aria-labelledby=\"script-heading\">");
    page.line("<h2 id=\"script-heading\">The SQL</h2>");
    page.line("<details class=\"whole\">");
    page.line(format!("<summary>The whole script as it runs: {statements}</summary>"));
    page.text.push_str(&code(&reviewed.script.text()));
    page.line("</details>");
    page.line("</section>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_written_as_a_page_s_policy_wants_it() {
        // `printf '' | openssl dgst -sha256 -binary | base64`
        assert_eq!(digest(""), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        assert_eq!(digest("abc"), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
    }

    #[test]
    fn an_authors_text_is_never_a_tag() {
        assert_eq!(sentence("`<b>` & '\"`"), "`&lt;b&gt;` &amp; &#39;&quot;`");
        assert_eq!(sentence("in `<b>`"), "in <code>&lt;b&gt;</code>");
    }
}
