//! Where in a file is something?
//!
//! A [`SourceFile`] is a name and a text; a [`Span`] is a range of its bytes. Spans know no file: whoever renders one
//! brings the file along.

use std::ops::Range;

/// A file that a person wrote, with the name under which they know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// As given on the command line; shown in messages and in the script's comments.
    pub name: String,
    /// The whole text.
    pub text: String,
    /// Where its lines begin, so that finding a line takes no look at all that stands before it.
    lines: Vec<usize>,
}

/// A range of bytes in a [`SourceFile`], always at character boundaries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// A value and the place where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// What was written.
    pub value: T,
    /// Where.
    pub span: Span,
}

/// A line and a column as editors count them: from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

impl SourceFile {
    /// Takes a file's name and text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { name: name.into(), text, lines }
    }

    /// The name without its folder: the same from wherever the file is read.
    pub fn short_name(&self) -> &str {
        self.name.rsplit(['/', '\\']).next().unwrap_or(&self.name)
    }

    /// The line and column of a byte.
    pub fn position(&self, offset: usize) -> Position {
        let offset = self.text.floor_char_boundary(offset);
        let line = self.lines.partition_point(|start| *start <= offset);
        let line_start = line.checked_sub(1).and_then(|line| self.lines.get(line)).copied().unwrap_or(0);
        let before = self.text.get(line_start..offset).unwrap_or_default();
        Position { line, column: 1 + before.chars().count() }
    }

    /// The text of a span.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or_default()
    }
}

impl Span {
    /// A span from its first byte to one past its last.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end: end.max(start) }
    }

    /// As a range, for slicing.
    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

impl<T> Spanned<T> {
    /// A value at a place.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }

    /// Another value at the same place.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned { value: f(self.value), span: self.span }
    }
}

/// The author's own SQL, verbatim, with the way back from its characters to the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// The text, as YAML read it; never re-printed from a parser's tree.
    pub text: String,
    /// The whole scalar in the file.
    pub span: Span,
    /// For each run of text that stands in the file as it is: its offset in `text` and in the file, ascending.
    runs: Vec<(usize, usize)>,
}

impl Fragment {
    /// A fragment with the runs of text that stand in the file unchanged: `(offset in text, offset in file)`, ascending.
    pub fn new(text: impl Into<String>, span: Span, runs: Vec<(usize, usize)>) -> Self {
        Self { text: text.into(), span, runs }
    }

    /// Where in the file a byte of the fragment's text stands.
    pub fn locate(&self, offset: usize) -> usize {
        let run = self.runs.iter().rev().find(|(text, _)| *text <= offset);
        run.map_or(self.span.start, |(text, file)| (file + offset - text).min(self.span.end))
    }

    /// Where in the file a range of the fragment's text stands.
    pub fn locate_span(&self, span: Span) -> Span {
        Span::new(self.locate(span.start), self.locate(span.end))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_place_is_as_many_lines_and_characters_in_as_one_can_count(text in "[ab\n\u{fc}]{0,40}", at in 0usize..60) {
            let file = SourceFile::new("policy.yaml", text.as_str());
            let before = &text[..text.floor_char_boundary(at)];
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
            prop_assert_eq!(file.position(at), Position { line, column });
        }
    }
}
