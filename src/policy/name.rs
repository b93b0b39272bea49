//! How are names of tables and references written in a policy?
//!
//! A name is written as `\d` shows it and never folded. A part that holds a dot or a quote is written as in SQL, in
//! double quotes. An arrow means "references": `booking_id -> bookings.client_id`. Where no name is meant but a value,
//! the text between two arrows is SQL: [`is_expression`] tells them apart.

use std::ops::Range;

use crate::ident::{Ident, TableName};

/// Why a name or a path can't be read, and at which byte of its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NameError {
    pub message: String,
    pub at: usize,
}

/// Where a reference stands, which decides whether its table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Position {
    /// It begins a path: in the rule's own table.
    Own,
    /// Behind an arrow.
    BehindArrow,
    /// In `referenced_by`.
    Referencing,
    /// In `scrub`.
    Scrubbed,
}

/// `users`, `club.users`, `"odd.name"`; without a schema: public.
pub(super) fn table(text: &str) -> Result<TableName, NameError> {
    let mut cursor = Cursor { text, at: 0 };
    let table = cursor.table_name()?;
    cursor.end()?;
    Ok(table)
}

/// `users`, `users(club_id, number)`, `club.users(…)`: a table with the columns of a key, where they are written.
pub(super) fn referenced(text: &str) -> Result<(TableName, Vec<Ident>), NameError> {
    let mut cursor = Cursor { text, at: 0 };
    let table = cursor.table_name()?;
    cursor.blanks();
    let key = if cursor.rest().starts_with('(') { cursor.names()? } else { Vec::new() };
    cursor.end()?;
    Ok((table, key))
}

/// The parts of a path between its arrows, as ranges of its text without the blanks around them.
///
/// An arrow in parentheses or quotes is part of a value, and so is the operator `->>`.
pub(super) fn segments(text: &str) -> Vec<Range<usize>> {
    let mut segments = Vec::new();
    let (mut start, mut depth, mut quote) = (0, 0_usize, None);
    for (at, c) in text.char_indices().filter(|(_, c)| matches!(c, '\'' | '"' | '(' | ')' | '-')) {
        match (c, quote) {
            (_, Some(open)) => quote = (c != open).then_some(open),
            ('\'' | '"', None) => quote = Some(c),
            ('(', None) => depth += 1,
            (')', None) => depth = depth.saturating_sub(1),
            _ => {
                let rest = &text[at..];
                if depth == 0 && rest.starts_with("->") && !rest.starts_with("->>") {
                    segments.push(trimmed(text, start..at));
                    start = at + 2;
                }
            }
        }
    }
    segments.push(trimmed(text, start..text.len()));
    segments
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let start = range.start + part.len() - part.trim_start_matches(BLANKS).len();
    start..(range.start + part.trim_end_matches(BLANKS).len()).max(start)
}

/// Whether a part of a path is SQL and no name: it holds parentheses behind a name, a cast, a quote or `->>`.
pub(super) fn is_expression(text: &str) -> bool {
    let mut quoted = false;
    let mut before = None;
    for (at, c) in text.char_indices() {
        if c == '"' {
            quoted = !quoted;
        }
        let rest = &text[at..];
        let call = c == '(' && before.is_some_and(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '"'));
        if !quoted && (call || c == '\'' || rest.starts_with("::") || rest.starts_with("->>")) {
            return true;
        }
        if !BLANKS.contains(&c) {
            before = Some(c);
        }
    }
    false
}

/// One reference: `column`, `table.column`, `schema.table.column`, `(a, b)`, `table.(a, b)`, or a constraint's name in
/// a column's place. The range is that of a whole part of `text`.
pub(super) fn reference(
    text: &str,
    range: Range<usize>,
    position: Position,
) -> Result<(Option<TableName>, Vec<Ident>), NameError> {
    let mut cursor = Cursor { text: &text[..range.end], at: range.start };
    let found = cursor.reference(position)?;
    cursor.end()?;
    Ok(found)
}

/// What separates words and ends no name.
const BLANKS: [char; 2] = [' ', '\t'];

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl Cursor<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start_matches(BLANKS).len();
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn error(&self, message: &str) -> NameError {
        NameError { message: message.into(), at: self.at }
    }

    fn end(&mut self) -> Result<(), NameError> {
        self.blanks();
        if self.at == self.text.len() { Ok(()) } else { Err(self.error("did not expect this behind the name")) }
    }

    fn ident(&mut self) -> Result<Ident, NameError> {
        self.blanks();
        if self.rest().starts_with('"') {
            return self.quoted();
        }
        // Exactly as `\d` shows it, blanks and apostrophes too; only what separates names ends one.
        let end = |(at, c): (usize, char)| {
            c.is_control() || matches!(c, '.' | '"' | '(' | ')' | ',') || self.rest()[at..].starts_with("->")
        };
        let len = self.rest().char_indices().find(|found| end(*found)).map_or(self.rest().len(), |(at, _)| at);
        let name = self.rest()[..len].trim_end_matches(BLANKS);
        if name.is_empty() {
            return Err(self.error("expected a name"));
        }
        let ident = Ident::new(name);
        self.at += len;
        Ok(ident)
    }

    fn quoted(&mut self) -> Result<Ident, NameError> {
        let start = self.at;
        let mut name = String::new();
        self.at += 1;
        loop {
            let Some(end) = self.rest().find('"') else {
                self.at = start;
                return Err(self.error("the quote does not end"));
            };
            name.push_str(&self.rest()[..end]);
            self.at += end + 1;
            if !self.take("\"") {
                break;
            }
            name.push('"');
        }
        if name.is_empty() {
            self.at = start;
            return Err(self.error("the name is empty"));
        }
        Ok(Ident::new(name))
    }

    fn table_name(&mut self) -> Result<TableName, NameError> {
        let first = self.ident()?;
        if !self.take(".") {
            return Ok(TableName { schema: "public".into(), name: first });
        }
        let name = self.ident()?;
        Ok(TableName { schema: first, name })
    }

    fn reference(&mut self, position: Position) -> Result<(Option<TableName>, Vec<Ident>), NameError> {
        let start = self.at;
        let mut parts = Vec::new();
        let names = loop {
            self.blanks();
            if self.rest().starts_with('(') {
                break self.names()?;
            }
            parts.push(self.ident()?);
            if !self.take(".") {
                break Vec::from_iter(parts.pop());
            }
        };
        let table = match (parts.pop(), parts.pop(), parts.pop()) {
            (None, ..) => None,
            (Some(name), None, _) => Some(TableName { schema: "public".into(), name }),
            (Some(name), Some(schema), None) => Some(TableName { schema, name }),
            (Some(_), Some(_), Some(_)) => {
                self.at = start;
                return Err(self.error("the name has too many parts"));
            }
        };
        let problem = match (&table, position) {
            (Some(_), Position::BehindArrow | Position::Referencing | Position::Scrubbed) | (None, Position::Own) => {
                None
            }
            (Some(_), Position::Own) => {
                Some("a path begins with a column of the rule's own table, without the table's name")
            }
            (None, Position::BehindArrow) => Some("behind an arrow the table is written too: `table.column`"),
            (None, Position::Referencing) => Some("the table whose rows reference these is written too"),
            (None, Position::Scrubbed) => Some("the table is written too: `table.column`"),
        };
        match problem {
            Some(problem) => {
                self.at = start;
                Err(self.error(problem))
            }
            None => Ok((table, names)),
        }
    }

    fn names(&mut self) -> Result<Vec<Ident>, NameError> {
        self.at += 1;
        let mut names = Vec::new();
        loop {
            names.push(self.ident()?);
            self.blanks();
            if self.take(")") {
                return Ok(names);
            }
            if !self.take(",") {
                return Err(self.error("expected `,` or `)`"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Reference = (Option<TableName>, Vec<Ident>);

    fn read(text: &str) -> Result<Vec<Reference>, NameError> {
        let position = |index| if index == 0 { Position::Own } else { Position::BehindArrow };
        let parts = segments(text).into_iter().enumerate();
        parts.map(|(index, range)| reference(text, range, position(index))).collect()
    }

    fn shape(text: &str) -> Vec<(Option<TableName>, Vec<String>)> {
        let references = read(text).unwrap().into_iter();
        references.map(|(table, names)| (table, names.iter().map(|name| name.as_str().into()).collect())).collect()
    }

    #[test]
    fn an_arrow_path_names_the_table_of_every_segment_but_the_first() {
        let bookings = Some(TableName::new("public", "bookings"));
        assert_eq!(
            shape("booking_id -> bookings.client_id"),
            [(None, vec!["booking_id".to_owned()]), (bookings, vec!["client_id".to_owned()]),]
        );
        let users = Some(TableName::new("club", "a.b"));
        assert_eq!(
            shape("(a, b)->club.\"a.b\".(\"x\"\"y\", d)"),
            [(None, vec!["a".to_owned(), "b".to_owned()]), (users, vec!["x\"y".to_owned(), "d".to_owned()]),]
        );
    }

    #[test]
    fn a_path_that_cannot_be_read_says_where() {
        let at = |text: &str| read(text).unwrap_err().at;
        assert_eq!(at("a ->"), 4);
        assert_eq!(at("a -> b"), 5);
        assert_eq!(at("t.a"), 0);
        assert_eq!(at("a b (c"), 4);
        assert_eq!(at("(a b"), 4);
        assert_eq!(at("a -> w.x.y.z"), 5);
    }

    #[test]
    fn an_arrow_in_parentheses_or_quotes_is_part_of_a_value() {
        let parts = |text: &'static str| segments(text).into_iter().map(|range| &text[range]).collect::<Vec<_>>();
        assert_eq!(parts("lower(a -> 'x') ->lower(u.b)"), ["lower(a -> 'x')", "lower(u.b)"]);
        assert_eq!(parts("'->' || a -> u.\"->\""), ["'->' || a", "u.\"->\""]);
        assert_eq!(parts("data->>'a' -> u.b"), ["data->>'a'", "u.b"]);
        assert_eq!(parts("a -> "), ["a", ""]);
        assert_eq!(parts("f('it''s)') -> b.c"), ["f('it''s)')", "b.c"]);
        assert_eq!(parts("a--> b.c"), ["a-", "b.c"]);
    }

    #[test]
    fn a_name_is_no_value_and_a_value_is_no_name() {
        for value in ["lower(a)", "lower (a)", "\"F\"(a)", "a::text", "'x' || a", "data->>b", "(lower(a))", "u.f$(a)"] {
            assert!(is_expression(value), "{value}");
        }
        for name in ["a", "u.a", "(a, b)", "u.(a, b)", "club.u.(a, b)", "\"it's::(x)\"", "u.\"f(a)\"", "(\"a\", b)"] {
            assert!(!is_expression(name), "{name}");
        }
    }

    #[test]
    fn a_referenced_key_is_a_table_with_columns_or_without() {
        let read = |text: &str| {
            let (table, key) = referenced(text).unwrap();
            (table, key.iter().map(|name| name.as_str().to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(read("users"), (TableName::new("public", "users"), vec![]));
        let key = vec!["club_id".to_owned(), "no,1".to_owned()];
        assert_eq!(read("club.users (club_id, \"no,1\")"), (TableName::new("club", "users"), key));
        for text in ["users()", "users(a", "users(a)b", "users.(a)", "(a)", "users(a,)", "a.b.c"] {
            assert!(referenced(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_name_stands_as_the_catalog_shows_it() {
        assert_eq!(table("Club House.it's").unwrap(), TableName::new("Club House", "it's"));
        assert_eq!(table("naïve  table-2;").unwrap(), TableName::new("public", "naïve  table-2;"));
        assert_eq!(shape("by id  -> Club House.a-b.c d")[1].0, Some(TableName::new("Club House", "a-b")));
    }

    proptest! {
        #[test]
        fn any_name_survives_quoting(schema in "[^\0]{1,9}", name in "[^\0]{1,9}") {
            let quote = |part: &str| format!("\"{}\"", part.replace('"', "\"\""));
            let written = format!("{}.{}", quote(&schema), quote(&name));
            prop_assert_eq!(table(&written).unwrap(), TableName::new(schema, name));
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            if let Err(error) = read(&text) {
                prop_assert!(text.is_char_boundary(error.at));
            }
            let _ = (table(&text), referenced(&text), is_expression(&text));
        }
    }
}
