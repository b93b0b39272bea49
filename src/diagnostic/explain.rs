//! What is to be said about a kind of finding, beyond the finding itself?
//!
//! Each code has a page in `explain/`: what it means, what would become of people's data, a policy that fails, and the
//! same one mended. A test runs them on a real server, so a fence says what its block is: `yaml fails`, `yaml passes`,
//! `sql`, `sql mends`. Here the pages get their shape for a terminal ([`text`]), for programs ([`json()`]) and for
//! `docs/findings.md` ([`manual`]).

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Code, Severity};

/// A part of a page.
enum Part<'a> {
    Prose(&'a str),
    Block(Block<'a>),
}

/// A fenced block.
struct Block<'a> {
    language: &'a str,
    words: Vec<&'a str>,
    text: &'a str,
}

impl Block<'_> {
    /// What stands above it, as a comment of its language.
    fn label(&self, code: Code) -> Option<String> {
        let comment = if self.language == "sql" { "--" } else { "#" };
        let what = match self.words.first().copied() {
            Some("fails") => {
                let also = self.words.iter().filter_map(|word| word.strip_prefix("also="));
                let codes: Vec<&str> = [code.name()].into_iter().chain(also).collect();
                format!("fails: {}", codes.join(", "))
            }
            Some("passes") => "passes".to_owned(),
            Some("mends") => "then it passes".to_owned(),
            _ => return None,
        };
        let how = self.words.iter().find_map(|word| match word.split_once('=') {
            Some(("role", role)) => Some(format!("as role `{role}`")),
            None if *word == "offline" => Some("with `--catalog`".into()),
            None if *word == "snapshot" => Some("by `efface snapshot`".into()),
            _ => None,
        });
        let by = how.map_or_else(String::new, |how| format!(" ({how})"));
        Some(format!("{comment} {what}{by}\n"))
    }

    /// Whether it leaves out what every policy begins with.
    fn is_shortened(&self) -> bool {
        self.language == "yaml" && !self.text.starts_with("version:")
    }
}

fn parts(page: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = page;
    while let Some((prose, opened)) = rest.split_once("```") {
        let (fence, body) = opened.split_once('\n').unwrap_or((opened, ""));
        let (text, after) = body.split_once("```\n").unwrap_or((body, ""));
        let mut words = fence.split_whitespace();
        parts.push(Part::Prose(prose.trim()));
        parts.push(Part::Block(Block { language: words.next().unwrap_or_default(), words: words.collect(), text }));
        rest = after;
    }
    parts.push(Part::Prose(rest.trim()));
    parts.retain(|part| !matches!(part, Part::Prose("")));
    parts
}

/// How much it weighs, and what may be done about it in a policy.
fn weight(code: Code) -> String {
    let accept = format!("`accept: [{{ code: {}, at: …, because: … }}]`", code.name());
    match (code.severity(), code.is_acceptable()) {
        (Severity::Error, false) => "An error: nothing is planned or run.".into(),
        (Severity::Error, true) => format!("An error, unless the policy says why not: {accept}."),
        (Severity::Warning, _) => {
            format!("A warning; `check --strict` fails on it. A policy may say why it is fine: {accept}.")
        }
    }
}

const SHORTENED: &str = "The examples leave out `version: 1`, `name: …` and `subject: { table: users }`.";

/// A page for people at a terminal of that many columns: blocks are indented, prose is broken.
pub fn text(code: Code, width: usize) -> String {
    let mut out = format!("{}: {}\n", code.name(), code.summary());
    let mut shortened = false;
    for part in parts(code.page()) {
        out.push('\n');
        match part {
            Part::Prose(prose) => push_wrapped(&mut out, prose, width),
            Part::Block(block) => {
                shortened |= block.is_shortened();
                let label = block.label(code).unwrap_or_default();
                label
                    .lines()
                    .chain(block.text.lines())
                    .for_each(|line| push_line(&mut out, format!("    {line}").trim_end()));
            }
        }
    }
    out.push('\n');
    push_wrapped(&mut out, &weight(code), width);
    if shortened {
        push_wrapped(&mut out, SHORTENED, width);
    }
    out
}

/// All codes with their summaries, in groups.
pub fn list() -> String {
    let width = Code::ALL.iter().map(|code| code.name().len()).max().unwrap_or_default();
    let mut out = String::new();
    let mut group = "";
    for code in Code::ALL {
        if code.group() != group {
            out.push_str(if group.is_empty() { "" } else { "\n" });
            group = code.group();
            push_line(&mut out, group);
        }
        let weight = match code.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        push_line(&mut out, &format!("  {:width$}  {weight:7}  {}", code.name(), code.summary()));
    }
    out
}

/// A page for programs; its text is Markdown.
pub fn json(code: Code) -> Value {
    json!({
        "code": code.name(),
        "severity": match code.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        "acceptable": code.is_acceptable(),
        "group": code.group(),
        "summary": code.summary(),
        "page": markdown(code),
    })
}

/// A page as Markdown, without its title.
pub(super) fn markdown(code: Code) -> String {
    let mut out = String::new();
    for part in parts(code.page()) {
        match part {
            Part::Prose(prose) => push_line(&mut out, prose),
            Part::Block(block) => {
                let label = block.label(code).unwrap_or_default();
                let _ = write!(out, "```{}\n{label}{}```\n", block.language, block.text);
            }
        }
        out.push('\n');
    }
    push_line(&mut out, &weight(code));
    out
}

/// Every page, as `docs/findings.md` has them.
pub fn manual() -> String {
    let mut out = String::from(
        "# Findings\n\nWhat `efface check` finds has a code, and each code has a page: `efface explain not-null`, and below. A test runs \
         the\nexamples on a real server: the first policy of a page fails with this code, the next one passes. They leave out \
         what is\nalways the same: `version: 1`, `name: …` and `subject: { table: users }`.\n",
    );
    let mut group = "";
    for code in Code::ALL {
        if code.group() != group {
            group = code.group();
            let mut letters = group.chars();
            let first = letters.next().map_or_else(String::new, |first| first.to_uppercase().to_string());
            let _ = writeln!(out, "\n## {first}{}", letters.as_str());
        }
        let _ = write!(out, "\n### {}\n\n*{}*\n\n{}", code.name(), code.summary(), markdown(*code));
    }
    out
}

fn push_line(out: &mut String, line: &str) {
    out.push_str(line);
    out.push('\n');
}

/// Paragraphs, in lines of at most so many characters where no single word is longer.
fn push_wrapped(out: &mut String, text: &str, width: usize) {
    for (number, paragraph) in text.split("\n\n").enumerate() {
        out.push_str(if number == 0 { "" } else { "\n" });
        let mut column = 0;
        for word in paragraph.split_whitespace() {
            let length = word.chars().count();
            match column {
                0 => {}
                _ if column + 1 + length <= width => {
                    out.push(' ');
                    column += 1;
                }
                _ => {
                    out.push('\n');
                    column = 0;
                }
            }
            out.push_str(word);
            column += length;
        }
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_says_something_and_has_a_policy_that_fails_and_what_mends_it() {
        for code in Code::ALL {
            let (name, parts) = (code.name(), parts(code.page()));
            assert!(matches!(parts.first(), Some(Part::Prose(prose)) if prose.len() > 50), "{name} begins with words");
            let has = |word: &str| {
                parts.iter().any(|part| matches!(part, Part::Block(block) if block.words.first() == Some(&word)))
            };
            assert!(has("fails") && (has("passes") || has("mends")), "{name}");
            assert!(code.page().ends_with('\n') && !code.page().contains("\n\n\n"), "{name}");
            let long = code.page().lines().find(|line| line.chars().count() > 100);
            assert_eq!(long, None, "{name}: a line is too long");
            let narrow = text(*code, 60);
            assert!(!narrow.contains("```"), "{name}");
            let wide = |line: &&str| !line.starts_with("    ") && line.chars().count() > 60;
            assert_eq!(narrow.lines().skip(1).find(wide), None, "{name}");
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(words(&narrow), words(&text(*code, 100)), "{name}: only blanks differ");
        }
    }

    #[test]
    fn codes_of_one_group_stand_together() {
        let mut groups: Vec<&str> = Code::ALL.iter().map(|code| code.group()).collect();
        groups.dedup();
        let mut once = groups.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(groups.len(), once.len());
    }

    #[test]
    fn a_page_looks_like_this() {
        insta::assert_snapshot!(text(Code::NotNull, 100), @r#"
        not-null: a column that cannot be null would become null

        A column that must not be NULL would become NULL: by its own NOT NULL, as part of a primary key, by
        its domain, or because a generated column that must not be NULL is made of it.

        The server would refuse the first such row, and roll the whole run back.

            create table users (id int primary key, name text not null, email text);

            # fails: not-null
            tables:
              users: { columns: { id: keep, name: null, email: null } }

            # passes
            tables:
              users: { columns: { id: keep, name: { replace: "[deleted]" }, email: null } }

        An error: nothing is planned or run.
        The examples leave out `version: 1`, `name: …` and `subject: { table: users }`.
        "#);
        insta::assert_snapshot!(text(Code::MissingPrivilege, 100), @"
        missing-privilege: the role lacks a privilege that the plan needs

        The role that is connected lacks a privilege that the plan needs: on a table, a column, a schema, a
        function, or for temporary tables.

        A run would be refused in the middle and roll back.

            create table users (id int primary key, name text);
            grant select on users to eraser;

            # fails: missing-privilege (as role `eraser`)
            tables:
              users: { columns: { id: keep, name: null } }

        The finding has the GRANT to say; `efface grants POLICY --role NAME` prints all that a policy needs.

            -- then it passes
            grant update on users to eraser;

        An error: nothing is planned or run.
        The examples leave out `version: 1`, `name: …` and `subject: { table: users }`.
        ");
    }
}
