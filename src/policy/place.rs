//! Where in the file do some characters of a text stand, however the text is spelt there?

use crate::source::{SourceFile, Span, Spanned};

/// The place of a range of a text's bytes: within its quotes, behind its escapes. The whole text where YAML has folded it.
pub(super) fn within(file: &SourceFile, text: &Spanned<String>, range: std::ops::Range<usize>) -> Span {
    let source = file.slice(text.span);
    let Some(starts) = starts(source, &text.value) else { return text.span };
    // Behind the last character stands a quote, or nothing.
    let place = |at: usize| starts.get(at).copied().flatten().map(|at| text.span.start + at);
    match (place(range.start), place(range.end)) {
        (Some(start), Some(end)) => Span::new(start, end),
        (_, _) => text.span,
    }
}

/// For each byte of a text that begins a character, and for its end, where in its spelling that begins.
fn starts(source: &str, text: &str) -> Option<Vec<Option<usize>>> {
    let quote = source.chars().next().filter(|c| matches!(c, '"' | '\''));
    let mut starts = vec![None; text.len() + 1];
    let mut at = quote.map_or(0, char::len_utf8);
    for (offset, c) in text.char_indices() {
        starts[offset] = Some(at);
        let rest = &source[at..];
        at += match quote {
            Some('\'') if rest.starts_with("''") => 2,
            Some('"') if rest.starts_with('\\') => escape(rest)?,
            _ if rest.starts_with(c) => c.len_utf8(),
            _ => return None,
        };
    }
    starts[text.len()] = Some(at);
    let end = quote.map_or(0, char::len_utf8);
    (at + end == source.len()).then_some(starts)
}

/// How long an escape is in double quotes (YAML 1.2, 5.7), when it stands for one character.
fn escape(rest: &str) -> Option<usize> {
    let letter = rest[1..].chars().next()?;
    let length = match letter {
        'x' => 4,
        'u' => 6,
        'U' => 10,
        '\n' | '\r' => return None,
        other => 1 + other.len_utf8(),
    };
    rest.is_char_boundary(length).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(source: &str, text: &str, part: &str) -> String {
        let file = SourceFile::new("p", source);
        let text = Spanned::new(text.to_owned(), Span::new(0, source.len()));
        let start = text.value.find(part).unwrap();
        file.slice(within(&file, &text, start..start + part.len())).to_owned()
    }

    #[test]
    fn a_character_is_found_behind_whatever_stands_in_front_of_it() {
        assert_eq!(at("$.a-b", "$.a-b", "-"), "-");
        assert_eq!(at("'it''s-b'", "it's-b", "-"), "-");
        assert_eq!(at("'it''s-b'", "it's-b", "'"), "''");
        assert_eq!(at(r#""\"\x41\u00e9\U0001F600\n-b""#, "\"Aé😀\n-b", "-"), "-");
        assert_eq!(at(r#""\u00e9""#, "é", "é"), "\\u00e9");
        assert_eq!(at("'-b'", "-b", "b"), "b");
    }

    #[test]
    fn what_yaml_has_folded_is_one_place() {
        let source = "\"a\n  -b\"";
        assert_eq!(at(source, "a -b", "-"), source);
    }
}
