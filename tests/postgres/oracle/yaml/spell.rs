//! How are names, texts and SQL spelled in YAML?

use crate::oracle::print::ident;
use crate::oracle::world::Table;

/// A table in a path.
pub fn path_table(table: &Table) -> String {
    let schema = if table.schema == "public" { String::new() } else { format!("{}.", part(table.schema)) };
    schema + &part(&table.name)
}

/// A table as `\d` shows it; parts with a dot or a quote as in SQL.
pub fn table(table: &Table) -> String {
    scalar(&bare_table(table))
}

/// A table's name without YAML's own quotes.
pub fn bare_table(table: &Table) -> String {
    let part = |name: &str| if name.contains(['.', '"']) { ident(name) } else { name.to_owned() };
    let schema = if table.schema == "public" { String::new() } else { format!("{}.", part(table.schema)) };
    schema + &part(&table.name)
}

/// One name in a path: quoted as in SQL where a reader could stumble.
pub fn part(name: &str) -> String {
    if name.chars().all(|c| c.is_alphanumeric() || c == '_') { name.to_owned() } else { ident(name) }
}

/// A plain scalar where YAML leaves the text alone, else a quoted one.
pub fn scalar(text: &str) -> String {
    let is_plain = text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || "_ ->.".contains(c))
        && !text.ends_with(' ')
        && text != "null";
    if is_plain { text.to_owned() } else { quoted(text) }
}

/// A text that YAML leaves alone.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// SQL on one line where that is allowed and unambiguous, else in a literal block.
pub fn sql(key: &str, text: &str) -> String {
    let is_plain = text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.contains(' ')
        && !text.contains("--")
        && text.chars().all(|c| c.is_alphanumeric() || "_ =<>()',.%@!\"".contains(c));
    let indent = key.len() - key.trim_start().len() + 2;
    if is_plain { format!("{key}: {text}\n") } else { format!("{key}: |\n{:indent$}{text}\n", "") }
}
