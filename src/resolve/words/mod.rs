//! The words of this stage's findings: facts come from the passes, wording is here.

mod deletes;
mod derived;
mod followers;
mod names;
mod parents;
mod published;
mod random;
mod reach;
mod refresh;
mod scrub;
mod session;
mod subject;
mod suspects;
mod triggers;
mod values;
mod virtual_keys;

pub(super) use deletes::*;
pub(super) use derived::*;
pub(super) use followers::*;
pub(super) use names::*;
pub(super) use parents::*;
pub(super) use published::*;
pub(super) use random::*;
pub(super) use reach::*;
pub(super) use refresh::*;
pub(super) use scrub::*;
pub(super) use session::*;
pub(super) use subject::*;
pub(super) use suspects::*;
pub(super) use triggers::*;
pub(super) use values::*;
pub(super) use virtual_keys::*;

use crate::catalog::{Column, Table};
use crate::ident::{Ident, TableName};

/// The most names that one message lists.
const LISTED: usize = 12;

/// A name in a statement that somebody may run: quoted where the server would fold it.
fn in_sql(name: &Ident) -> String {
    let text = name.bare().to_string();
    let plain = text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    // Key words are few among names of tables; `order` and `user` are the ones that people use.
    let reserved = ["user", "order", "group", "table", "column", "check", "default", "references", "end", "all", "to"];
    if plain && !reserved.contains(&text.as_str()) { text } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}

/// A table's name in such a statement.
fn table_in_sql(name: &TableName) -> String {
    match name.schema.as_str() {
        "public" => in_sql(&name.name),
        _ => format!("{}.{}", in_sql(&name.schema), in_sql(&name.name)),
    }
}

fn of(table: &Table, column: &Column) -> String {
    format!("{}.{}", table.name.bare(), column.name.bare())
}

fn list<'a>(names: impl Iterator<Item = &'a Ident>) -> String {
    let names: Vec<_> = names.map(|name| format!("`{}`", name.bare())).collect();
    match names.len() {
        0..=LISTED => names.join(", "),
        more => format!("{} and {} more", names[..LISTED].join(", "), more - LISTED),
    }
}

/// The nearest of some names, when it is near enough to be a slip.
fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let scored = names.map(|name| (strsim::damerau_levenshtein(&wanted.to_lowercase(), &name.to_lowercase()), name));
    let most = (wanted.chars().count() / 3).clamp(1, 3);
    scored.filter(|(distance, _)| *distance <= most).min().map(|(_, name)| name)
}
