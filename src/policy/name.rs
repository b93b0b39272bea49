//! How are tables and paths written in a policy?
//!
//! A name is written as `\d` shows it and never folded. A part that holds a dot or a quote is written as in SQL, in
//! double quotes. An arrow means "references": `booking_id -> bookings.client_id`.

use super::model::{PathText, Segment};
use crate::ident::{Ident, TableName};
use crate::source::Span;

/// Why a name or a path can't be read, and at which byte of its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NameError {
    pub message: String,
    pub at: usize,
    /// Whether it belongs to a later version of the language.
    pub later: bool,
}

/// `users`, `club.users`, `"odd.name"`; without a schema: public.
pub(super) fn table(text: &str) -> Result<TableName, NameError> {
    let mut cursor = Cursor { text, at: 0 };
    let table = cursor.table_name()?;
    cursor.end()?;
    Ok(table)
}

/// A path, with `place` turning a byte range of the text into a place in the file.
pub(super) fn path(text: &str, span: Span, place: impl Fn(Span) -> Span) -> Result<PathText, NameError> {
    let mut cursor = Cursor { text, at: 0 };
    let mut segments = Vec::new();
    loop {
        cursor.blanks();
        let start = cursor.at;
        let (table, names) = cursor.segment(segments.is_empty())?;
        segments.push(Segment { span: place(Span::new(start, cursor.at)), table, names, expression: None });
        cursor.blanks();
        if cursor.at == text.len() {
            return Ok(PathText { span, segments });
        }
        if !cursor.take("->") {
            return Err(cursor.error("expected `->` or the end of the path"));
        }
    }
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl Cursor<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start_matches([' ', '\t']).len();
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn error(&self, message: &str) -> NameError {
        NameError { message: message.into(), at: self.at, later: false }
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
        let name = self.rest()[..len].trim_end_matches([' ', '\t']);
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

    /// `column`, `table.column`, `schema.table.column`, `(a, b)`, `table.(a, b)`.
    fn segment(&mut self, first: bool) -> Result<(Option<TableName>, Vec<Ident>), NameError> {
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
        self.blanks();
        if self.rest().starts_with('(') {
            let message = "a path that compares values is not in this version of efface".into();
            return Err(NameError { message, at: start, later: true });
        }
        let table = match (parts.pop(), parts.pop(), parts.pop()) {
            (None, ..) => None,
            (Some(name), None, _) => Some(TableName { schema: "public".into(), name }),
            (Some(name), Some(schema), None) => Some(TableName { schema, name }),
            (Some(_), Some(_), Some(_)) => {
                self.at = start;
                return Err(self.error("the name has too many parts"));
            }
        };
        match (&table, first) {
            (Some(_), true) => {
                self.at = start;
                Err(self.error("a path begins with a column of the rule's own table, without the table's name"))
            }
            (None, false) => {
                self.at = start;
                Err(self.error("behind an arrow the table is written too: `table.column`"))
            }
            (Some(_), false) | (None, true) => Ok((table, names)),
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

    fn read(text: &str) -> Result<PathText, NameError> {
        path(text, Span::new(0, text.len()), |span| span)
    }

    fn shape(text: &str) -> Vec<(Option<TableName>, Vec<String>)> {
        let segments = read(text).unwrap().segments.into_iter();
        segments
            .map(|segment| (segment.table, segment.names.iter().map(|name| name.as_str().into()).collect()))
            .collect()
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
        assert_eq!(at("a(b"), 0);
        assert_eq!(at("(a b"), 4);
        assert_eq!(at("a -> w.x.y.z"), 5);
        assert!(read("lower(email) -> lower(users.email)").unwrap_err().later);
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
            let _ = table(&text);
        }
    }
}
