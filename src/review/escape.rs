//! How does any text stand in a comment on GitHub or GitLab, so that it shows as it is and does nothing?
//!
//! A name may hold what Markdown, HTML or the site read as something else: bars end a cell, `@name` calls somebody,
//! `#12` links an issue. What the site looks for in the finished page is broken by an empty comment of HTML, which nobody
//! sees.

use std::fmt::Write;

/// Breaks a word for the site, not for the eye.
const NOTHING: &str = "<!-- -->";

/// A text as words of a sentence, in a cell or outside.
pub(super) fn prose(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = |index: usize| chars.get(index).copied();
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let mut safe = String::with_capacity(text.len() + 16);
    for (index, c) in chars.iter().copied().enumerate() {
        let (before, next) = (index.checked_sub(1).and_then(at), at(index + 1));
        let begins = chars[..index].iter().all(|c| c.is_ascii_digit() || *c == ' ');
        let _ = match c {
            '<' => write!(safe, "&lt;"),
            '>' => write!(safe, "&gt;"),
            '&' => write!(safe, "&amp;"),
            // As numbers: a backslash before a bar would be read in two ways.
            '|' | '\\' | '`' | '$' => write!(safe, "&#{};", u32::from(c)),
            '_' if is_word(before) && is_word(next) => write!(safe, "_"),
            '*' | '_' | '[' | ']' | '~' => write!(safe, "\\{c}"),
            // What begins a list or a heading.
            '-' | '+' | '=' | '.' | ')' if begins => write!(safe, "\\{c}"),
            '#' | '@' if is_word(next) || next == Some('_') => write!(safe, "\\{c}{NOTHING}"),
            '#' => write!(safe, "\\#"),
            ':' if next == Some('/') || is_smiley(&chars[index..]) => write!(safe, ":{NOTHING}"),
            '.' if ends_with(&chars[..index], "www") => write!(safe, "{NOTHING}."),
            '-' if ends_with(&chars[..index], "gh") && next.is_some_and(|c| c.is_ascii_digit()) => {
                write!(safe, "{NOTHING}-")
            }
            // Nothing breaks a line.
            c if c.is_control() => write!(safe, " "),
            c => write!(safe, "{c}"),
        };
    }
    safe
}

/// Whether `:word:` begins here.
fn is_smiley(chars: &[char]) -> bool {
    let word = chars[1..].iter().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '-')).count();
    word > 0 && chars.get(1 + word) == Some(&':')
}

fn ends_with(chars: &[char], word: &str) -> bool {
    let start = chars.len().checked_sub(word.len());
    start.is_some_and(|start| chars[start..].iter().zip(word.chars()).all(|(a, b)| a.eq_ignore_ascii_case(&b)))
}

/// A name as code, in a cell or outside.
pub(super) fn code(name: &str) -> String {
    // In a cell a bar is escaped by a backslash even within code, and outside of one it isn't; and code can't be empty.
    if name.is_empty() || name.contains('|') || name.chars().any(char::is_control) {
        return prose(name);
    }
    let longest = name.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // One space at both ends is taken away again.
    let pad = if name.starts_with(['`', ' ']) || name.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{pad}{name}{pad}{fence}")
}

/// A sentence in which names stand between backticks.
pub(super) fn sentence(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    // Backticks that don't pair are no marks of ours.
    if parts.len().is_multiple_of(2) {
        return prose(text);
    }
    let part = |(index, part): (usize, &&str)| if index % 2 == 1 { code(part) } else { inner(part) };
    parts.iter().enumerate().map(part).collect()
}

/// Words between names: what begins a line begins it only at the front of the whole.
fn inner(text: &str) -> String {
    prose(text)
}

/// At most so many characters, with a mark where some are missing.
pub(super) fn short(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}\u{2026}", &text[..at]),
        None => text.to_owned(),
    }
}

/// A block of code: its fence is longer than any within.
pub(super) fn block(language: &str, text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let newline = if text.ends_with('\n') { "" } else { "\n" };
    format!("{fence}{language}\n{text}{newline}{fence}\n")
}

/// A file's name in a comment of HTML, which `--` and `>` would end.
pub(super) fn mark(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | ' ');
    let safe: String = name.chars().map(|c| if plain(c) { c } else { '_' }).collect();
    safe.replace("--", "-_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_site_would_act_upon_is_broken_unseen() {
        assert_eq!(prose("ask @team about #12 & <b>"), "ask \\@<!-- -->team about \\#<!-- -->12 &amp; &lt;b&gt;");
        assert_eq!(prose("see https://x.y or www.z"), "see https:<!-- -->//x.y or www<!-- -->.z");
        assert_eq!(prose("GH-7 :tada: 08:30"), "GH<!-- -->-7 :<!-- -->tada: 08:30");
        assert_eq!(prose("client_id of _x_"), "client_id of \\_x\\_");
        assert_eq!(prose("a|b\\"), "a&#124;b&#92;");
        assert_eq!(prose("- 1. x"), "\\- 1. x");
        assert_eq!(prose("1. x"), "1\\. x");
    }

    #[test]
    fn code_holds_any_backticks() {
        assert_eq!(code("users"), "`users`");
        assert_eq!(code("`a``b"), "``` `a``b ```");
        assert_eq!(block("sql", "x ```` y"), "`````sql\nx ```` y\n`````\n");
    }

    #[test]
    fn a_mark_ends_nowhere_but_at_its_end() {
        assert_eq!(mark("policies/a-->b--c.yaml"), "policies/a-__b-_c.yaml");
    }
}
