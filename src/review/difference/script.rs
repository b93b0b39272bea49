//! How did the SQL move?

use similar::{ChangeTag, TextDiff};

use super::ScriptDifference;

/// A line of SQL without what moves by itself, and the part of the script that it stands in.
struct Line {
    text: String,
    part: String,
}

pub(super) fn difference(old: &str, new: &str) -> ScriptDifference {
    let (old, new) = (lines(old), lines(new));
    let text = |lines: &[Line]| lines.iter().map(|line| format!("{}\n", line.text)).collect::<String>();
    let (before, now) = (text(&old), text(&new));
    let mut difference = ScriptDifference::default();
    for change in TextDiff::from_lines(&before, &now).iter_all_changes() {
        let line = match change.tag() {
            ChangeTag::Equal => continue,
            ChangeTag::Delete => {
                difference.removed += 1;
                change.old_index().and_then(|at| old.get(at))
            }
            ChangeTag::Insert => {
                difference.added += 1;
                change.new_index().and_then(|at| new.get(at))
            }
        };
        if let Some(line) = line.filter(|line| !difference.parts.contains(&line.part)) {
            difference.parts.push(line.part.clone());
        }
    }
    difference
}

/// A line without what moves by itself: digests of the policy's bytes and of the script, numbers in the names of our own
/// temporary tables and variables.
fn settled(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(at) = rest.find(|c: char| c.is_ascii_alphanumeric()) {
        out.push_str(&rest[..at]);
        let length = rest[at..].find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len() - at);
        let word = &rest[at..at + length];
        let is_digest = word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let own = word.strip_prefix("efface_").map(|name| name.trim_end_matches(|c: char| c.is_ascii_digit()));
        match own.filter(|name| name.ends_with('_')) {
            _ if is_digest => out.push_str("(a digest)"),
            Some(name) => out.extend(["efface_", name]),
            None => out.push_str(word),
        }
        rest = &rest[at + length..];
    }
    out + rest
}

/// The lines that are no comment, each with the comment that its part begins with.
fn lines(script: &str) -> Vec<Line> {
    // The first comment is about the file.
    let (mut part, mut in_heading, mut lines) = ("head: settings and limits".to_owned(), true, Vec::new());
    for text in script.lines() {
        if let Some(comment) = text.strip_prefix("--") {
            if !in_heading {
                part = heading(comment.trim());
            }
            in_heading = true;
        } else if text.is_empty() {
            in_heading = false;
        } else {
            in_heading = false;
            lines.push(Line { text: settled(text), part: part.clone() });
        }
    }
    lines
}

/// A part's first comment without what moves by itself: a step's number, a place in the policy.
fn heading(comment: &str) -> String {
    let comment = match comment.strip_prefix("step ").and_then(|it| it.split_once(": ")) {
        Some((number, title)) if number.contains(" of ") => title,
        _ => comment,
    };
    let comment =
        comment.rsplit_once(" (").filter(|(_, place)| place.contains(".y")).map_or(comment, |(words, _)| words);
    comment.trim_end_matches(['.', ':']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_by_itself_is_settled_and_nothing_else() {
        let digest = "0123456789abcdef".repeat(4);
        for (line, expected) in [
            ("\\set efface_rows_12 :ROW_COUNT", "\\set efface_rows_ :ROW_COUNT"),
            ("IN (SELECT key1 FROM pg_temp.efface_rows_2 WHERE", "IN (SELECT key1 FROM pg_temp.efface_rows_ WHERE"),
            (&format!("'{digest}', 'x'"), "'(a digest)', 'x'"),
            ("SET efface_version2 = 'b_1', é_3 = 4;", "SET efface_version2 = 'b_1', é_3 = 4;"),
            ("", ""),
        ] {
            assert_eq!(settled(line), expected);
        }
    }

    #[test]
    fn comments_and_numbers_of_steps_are_no_difference_and_a_part_has_its_name() {
        let old = "-- p: made by efface from p.yaml.\nBEGIN;\n\n-- step 1 of 2: delete rows of a\n--   because p.yaml:3 says so\nDELETE;\n";
        let new = "-- p: made by efface from q.yaml.\nBEGIN;\n\n-- step 2 of 3: delete rows of a\n--   because q.yaml:9 says so\nDELETE;\n";
        assert_eq!(difference(old, new), ScriptDifference::default());
        let more = new.replace("DELETE;", "DELETE\nWHERE true;");
        let expected = ScriptDifference { added: 2, removed: 1, parts: vec!["delete rows of a".into()] };
        assert_eq!(difference(old, &more), expected);
    }
}
