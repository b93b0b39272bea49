//! How do names and texts stand in a policy?
//!
//! Whatever the catalog holds: blanks, quotes, dots, line breaks, words that YAML would read as something else.

use crate::catalog::{Catalog, ForeignKey};
use crate::ident::{Ident, TableName};
use crate::resolve::Path;

/// A scalar that is read as just this text: plain where that is safe, in quotes elsewhere.
pub(super) fn scalar(text: &str) -> String {
    const WORDS: &[&str] = &["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | ' ' | '>' | '(' | ')' | ',' | '$');
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '('))
        && text.chars().all(safe)
        && !text.ends_with(' ')
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if plain { text.to_owned() } else { quoted(text) }
}

/// A scalar within `[ ]` or `{ }`, where a comma ends one.
pub(super) fn in_flow(text: &str) -> String {
    if text.contains([',', '(', ')']) { quoted(text) } else { scalar(text) }
}

/// A text in double quotes.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() || !is_seen(c) => match u32::from(c) {
                code @ 0..=0xff => quoted.push_str(&format!("\\x{code:02x}")),
                code @ 0x100..=0xffff => quoted.push_str(&format!("\\u{code:04x}")),
                code => quoted.push_str(&format!("\\U{code:08x}")),
            },
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a character is one that people see, and that YAML leaves as it is.
fn is_seen(c: char) -> bool {
    !matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// A name as a path or a table's name spells it.
pub(super) fn part(name: &Ident) -> String {
    let text = name.as_str();
    let plain = text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || c == '_');
    if plain { text.to_owned() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}

/// `users`, `club.users`, `club."odd.name"`, before YAML's quoting.
pub(super) fn table(name: &TableName) -> String {
    if name.schema.as_str() == "public" {
        part(&name.name)
    } else {
        format!("{}.{}", part(&name.schema), part(&name.name))
    }
}

/// `users.email`, before YAML's quoting.
pub(super) fn column(table_name: &TableName, column: &Ident) -> String {
    format!("{}.{}", table(table_name), part(column))
}

/// `booking_id -> bookings.client_id`, before YAML's quoting.
pub(super) fn path(catalog: &Catalog, path: &Path) -> String {
    let written = path.0.iter().enumerate().map(|(index, id)| {
        let key = catalog.key(*id);
        let reference = reference(catalog, key);
        if index == 0 { reference } else { format!("{}.{reference}", table(&key.child)) }
    });
    written.collect::<Vec<_>>().join(" -> ")
}

/// A key as a path spells it: its columns, or the constraint's name where several keys have the same.
fn reference(catalog: &Catalog, key: &ForeignKey) -> String {
    let sorted = |key: &ForeignKey| {
        let mut columns: Vec<Ident> = key.child_columns().cloned().collect();
        columns.sort();
        columns
    };
    let same = |other: &ForeignKey| other.parent == key.parent && sorted(other) == sorted(key);
    if catalog.keys_of(&key.child).filter(|(_, other)| same(other)).count() > 1 {
        return part(&key.name);
    }
    let columns: Vec<String> = key.child_columns().map(part).collect();
    match &columns[..] {
        [only] => only.clone(),
        many => format!("({})", many.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_yaml_would_misread_stands_in_quotes() {
        for (text, written) in [
            ("users", "users"),
            ("club.users", "club.users"),
            ("no", "\"no\""),
            ("Null", "\"Null\""),
            ("007", "\"007\""),
            ("it's: #1", "\"it's: #1\""),
            ("a\nb", "\"a\\nb\""),
            ("a\u{85}b", "\"a\\x85b\""),
            ("", "\"\""),
            ("booking_id -> bookings.client_id", "booking_id -> bookings.client_id"),
        ] {
            assert_eq!(scalar(text), written);
        }
        assert_eq!(in_flow("(a, b)"), "\"(a, b)\"");
    }

    #[test]
    fn odd_names_are_spelled_as_in_sql() {
        assert_eq!(table(&TableName::new("public", "users")), "users");
        assert_eq!(table(&TableName::new("Club House", "a.b\"c")), "\"Club House\".\"a.b\"\"c\"");
    }
}
