//! How are things in a database named?
//!
//! A name is a type here, and printing one is a decision: [`Ident::bare`] for people, and the `sql` module's quoting
//! for the server. Neither type has a `Display`, so nobody prints a name without having chosen.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A PostgreSQL identifier exactly as the catalog spells it: folded already, never quoted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Ident(Box<str>);

impl Ident {
    /// Takes a name as the catalog spells it.
    pub fn new(name: impl Into<Box<str>>) -> Self {
        Self(name.into())
    }

    /// The name's characters, for comparing and for quoting.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// For people: messages, and comments in the script.
    ///
    /// Control characters are shown escaped: a name may contain a newline, and must neither end an SQL comment nor
    /// repaint a terminal.
    pub fn bare(&self) -> impl fmt::Display + '_ {
        Bare(&self.0)
    }
}

impl From<&str> for Ident {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

/// An object that lives in a schema: a table, a type, a function. `search_path` is not ours to guess.
///
/// What lives in none (a publication, an event trigger) has the empty schema, which no server has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableName {
    /// The schema's name.
    pub schema: Ident,
    /// The object's name within the schema.
    pub name: Ident,
}

impl TableName {
    /// Takes both parts as the catalog spells them.
    pub fn new(schema: impl Into<Box<str>>, name: impl Into<Box<str>>) -> Self {
        Self { schema: Ident::new(schema), name: Ident::new(name) }
    }

    /// For people: `users` for a table in `public`, `club.users` elsewhere, as a policy would write it.
    pub fn bare(&self) -> impl fmt::Display + '_ {
        BareTable(self)
    }
}

struct Bare<'a>(&'a str);

impl fmt::Display for Bare<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        visible(self.0, f)
    }
}

/// Writes `text` with everything that could end a line or repaint a terminal made visible.
fn visible(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    use fmt::Write;
    text.chars().try_for_each(|c| {
        if c.is_control() || is_layout(c) { write!(f, "{}", c.escape_unicode()) } else { f.write_char(c) }
    })
}

/// Whether a character changes the layout without being a control character: line separators and the marks that
/// reorder text from right to left (Unicode Standard Annex 9).
fn is_layout(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Any text for people, with control characters made visible: for what a policy's author wrote.
pub fn shown(text: &str) -> impl fmt::Display + '_ {
    Bare(text)
}

struct BareTable<'a>(&'a TableName);

impl fmt::Display for BareTable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |name: &Ident, f: &mut fmt::Formatter<'_>| {
            // A dot or a quote inside a part would read as another name: such a part is shown as in SQL.
            if name.as_str().contains(['.', '"']) {
                f.write_str("\"")?;
                visible(&name.as_str().replace('"', "\"\""), f)?;
                f.write_str("\"")
            } else {
                visible(name.as_str(), f)
            }
        };
        if !matches!(self.0.schema.as_str(), "public" | "") {
            part(&self.0.schema, f)?;
            f.write_str(".")?;
        }
        part(&self.0.name, f)
    }
}

/// In files a table is `["schema", "name"]`: unambiguous whatever characters the parts hold.
impl Serialize for TableName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.schema, &self.name).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for TableName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (schema, name) = Deserialize::deserialize(deserializer)?;
        Ok(Self { schema, name })
    }
}

impl schemars::JsonSchema for TableName {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TableName".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let mut schema = <(Ident, Ident)>::json_schema(generator);
        schema.insert("description".into(), "schema and name, as the catalog spells them".into());
        schema
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newline_in_a_name_cannot_end_a_comment() {
        let name = TableName::new("public", "x\n; DROP TABLE y");
        assert_eq!(name.bare().to_string(), "x\\u{a}; DROP TABLE y");
    }

    #[test]
    fn names_with_dots_are_told_from_schemas() {
        assert_eq!(TableName::new("a", "b").bare().to_string(), "a.b");
        assert_eq!(TableName::new("public", "a.b").bare().to_string(), "\"a.b\"");
    }
}
