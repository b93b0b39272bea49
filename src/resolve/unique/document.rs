//! What do edits in a document do to the keys of a unique index?
//!
//! An index reads single values of documents: `((profile ->> 'email'::text))`. Where no edit comes near these, its keys stay
//! what they are; where they go, its keys become NULL.

use crate::action::OtherKeys;
use crate::catalog::{Generated, Table, UniqueIndex};
use crate::resolve::document::{Branch, Leaf, Node};
use crate::resolve::model::{ColumnChange, Derived, NewValue};

/// What becomes of one value in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Stays,
    Goes,
    Changes,
}

/// The changes that may change keys of the index, or which rows are in it.
pub(super) fn touching(table: &Table, index: &UniqueIndex, changes: &[ColumnChange]) -> Vec<ColumnChange> {
    let read = index.columns.iter().chain(&index.expression_columns).chain(&index.predicate_columns);
    let generated = read.filter_map(|name| match &table.column(name)?.generated {
        Generated::Expression { sql, from } => Some((sql.as_str(), from)),
        Generated::No | Generated::IdentityAlways | Generated::IdentityByDefault => None,
    });
    let generated: Vec<_> = generated.collect();
    let beside = |change: &ColumnChange| {
        let NewValue::Derived(Derived::Document(root)) = &change.value else { return false };
        let name = &table.column_at(change.column).name;
        let stays = |sql: &str| {
            let fates = mentions(sql, name.as_str()).map(|found| found.into_iter().map(|found| found.fate(root)));
            fates.is_some_and(|mut fates| fates.all(|fate| fate == Fate::Stays))
        };
        let made = generated.iter().filter(|(_, from)| from.contains(name));
        !index.columns.contains(name) && stays(body(&index.definition)) && made.into_iter().all(|(sql, _)| stays(sql))
    };
    changes.iter().filter(|change| !beside(change)).cloned().collect()
}

/// Whether every key of the index becomes NULL, which equals no other.
pub(super) fn keys_go(table: &Table, index: &UniqueIndex, changes: &[ColumnChange]) -> bool {
    let key = body(&index.definition).split(" WHERE ").next().unwrap_or_default();
    let goes = |change: &ColumnChange| {
        let NewValue::Derived(Derived::Document(root)) = &change.value else { return false };
        let name = &table.column_at(change.column).name;
        let Some(found) = mentions(key, name.as_str()).filter(|found| !found.is_empty()) else { return false };
        // What is made of NULL is NULL, where it is made of it as of a column.
        let mut plain = key.to_owned();
        for mention in found.iter().rev() {
            plain.replace_range(mention.steps_at.clone(), "");
        }
        found.iter().all(|mention| mention.fate(root) == Fate::Goes) && is_null_of_null(&plain)
    };
    !index.nulls_not_distinct && changes.iter().any(goes)
}

/// Whether what is made of NULL is NULL: by `lower`, `upper` and `btrim` it is; of anything else we don't know.
fn is_null_of_null(body: &str) -> bool {
    let called = body.match_indices('(').filter_map(|(at, _)| {
        let before = &body[..at];
        let start = before.rfind(|c: char| !(c.is_alphanumeric() || "_.\"".contains(c))).map_or(0, |at| at + 1);
        (start < at).then(|| &before[start..])
    });
    let harmless = |name: &str| matches!(name, "lower" | "upper" | "btrim" | "varying");
    let operators = ["||", "->", "#>", " + ", " - ", "CASE ", "COALESCE("].iter().any(|op| body.contains(op));
    !operators && called.into_iter().all(harmless)
}

/// What the index is over, without names in front.
fn body(definition: &str) -> &str {
    definition.split_once(" USING ").map_or(definition, |(_, body)| body)
}

/// One value that SQL reads of a column's document.
#[derive(Debug, PartialEq, Eq)]
struct Mention {
    /// The keys that lead there; at least one.
    keys: Vec<String>,
    /// Whether it is read as a text, of which null has none.
    as_text: bool,
    /// Where in the SQL the keys stand.
    steps_at: std::ops::Range<usize>,
}

impl Mention {
    fn fate(&self, root: &Branch) -> Fate {
        let mut branch = root;
        for key in &self.keys {
            match branch.keys.iter().find(|(name, _)| name == key).map(|(_, node)| node) {
                Some(Node::Branch(inner)) => branch = inner,
                Some(Node::Leaf(Leaf::Keep)) => return Fate::Stays,
                Some(Node::Leaf(Leaf::Remove)) => return Fate::Goes,
                Some(Node::Leaf(Leaf::Null)) if self.as_text => return Fate::Goes,
                Some(Node::Leaf(_)) => return Fate::Changes,
                None if branch.others == OtherKeys::Keep => return Fate::Stays,
                None => return Fate::Goes,
            }
        }
        Fate::Changes
    }
}

/// Every place where SQL, as PostgreSQL prints it, names a column; none where one reads more than a value by its keys.
fn mentions(sql: &str, name: &str) -> Option<Vec<Mention>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = sql[at..].chars().next() {
        let rest = &sql[at..];
        let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
        let (length, named) = match c {
            '\'' => (quoted(rest, '\'')?.1, false),
            '"' => quoted(rest, '"').map(|(text, length)| (length, text == name))?,
            c if word(c) => {
                let length = rest.find(|c| !word(c)).unwrap_or(rest.len());
                (length, &rest[..length] == name)
            }
            c => (c.len_utf8(), false),
        };
        at += length;
        if named {
            let mention = steps(sql, at)?;
            at = mention.steps_at.end;
            found.push(mention);
        }
    }
    Some(found)
}

/// The keys behind a column's name: ` -> 'a'::text) ->> 'b'::text`.
fn steps(sql: &str, start: usize) -> Option<Mention> {
    let mut mention = Mention { keys: Vec::new(), as_text: false, steps_at: start..start };
    loop {
        let rest = &sql[mention.steps_at.end..];
        let inner = if mention.keys.is_empty() { Some(rest) } else { rest.strip_prefix(')') };
        let step = inner.and_then(|rest| {
            let as_text = rest.starts_with(" ->> ");
            Some((as_text, rest.strip_prefix(" ->> ").or_else(|| rest.strip_prefix(" -> "))?))
        });
        let Some((as_text, literal)) = step.filter(|_| !mention.as_text) else { break };
        let (key, length) = quoted(literal, '\'')?;
        let behind = literal[length..].strip_prefix("::text")?;
        mention.keys.push(key);
        mention.as_text = as_text;
        mention.steps_at.end = sql.len() - behind.len();
    }
    (!mention.keys.is_empty()).then_some(mention)
}

/// The text in quotes at the beginning, and how long it is with them.
fn quoted(sql: &str, quote: char) -> Option<(String, usize)> {
    let mut text = String::new();
    let mut characters = sql.strip_prefix(quote)?.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        if c != quote {
            text.push(c);
        } else if characters.next_if(|(_, next)| *next == quote).is_some() {
            text.push(quote);
        } else {
            return Some((text, at + 2));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(sql: &str, name: &str) -> Option<Vec<(Vec<String>, bool)>> {
        Some(mentions(sql, name)?.into_iter().map(|found| (found.keys, found.as_text)).collect())
    }

    fn path(keys: &[&str], as_text: bool) -> Vec<(Vec<String>, bool)> {
        vec![(keys.iter().map(|key| (*key).to_owned()).collect(), as_text)]
    }

    #[test]
    fn the_values_that_an_index_reads_are_found_by_their_keys() {
        assert_eq!(read("btree (((p ->> 'email'::text)))", "p"), Some(path(&["email"], true)));
        assert_eq!(read("btree (id, lower((p ->> 'e m'::text)))", "p"), Some(path(&["e m"], true)));
        assert_eq!(read("((((p -> 'a'::text) ->> 'b'::text)))", "p"), Some(path(&["a", "b"], true)));
        assert_eq!(read("((((p -> 'a'::text) -> 'b'::text)))", "p"), Some(path(&["a", "b"], false)));
        assert_eq!(read("(((\"P x\" ->> 'it''s'::text)))", "P x"), Some(path(&["it's"], true)));
        assert_eq!(read("((\"p\" ->> 'b'::text)) || 'p'", "p"), Some(path(&["b"], true)));
        assert_eq!(read("(email, pp, 'p ->'::text)", "p"), Some(Vec::new()));
    }

    #[test]
    fn whatever_else_it_reads_may_be_anything() {
        for sql in [
            "(p)",
            "(p ? 'x'::text)",
            "((p ->> 0))",
            "((p #>> '{a}'::text[]))",
            "(p['a'::text])",
            "(f(p), (p ->> 'a'::text))",
        ] {
            assert_eq!(read(sql, "p"), None, "{sql}");
        }
    }

    #[test]
    fn a_value_stays_or_goes_by_the_nearest_path_above_it() {
        let leaf = |leaf| Node::Leaf(leaf);
        let inner = Branch { others: OtherKeys::Remove, keys: vec![("x".into(), leaf(Leaf::Keep))], elements: None };
        let root = Branch {
            others: OtherKeys::Keep,
            keys: vec![
                ("a".into(), leaf(Leaf::Remove)),
                ("b".into(), Node::Branch(inner)),
                ("n".into(), leaf(Leaf::Null)),
            ],
            elements: None,
        };
        let fate = |keys: &[&str], as_text| {
            let keys = keys.iter().map(|key| (*key).to_owned()).collect();
            Mention { keys, as_text, steps_at: 0..0 }.fate(&root)
        };
        assert_eq!(fate(&["other"], true), Fate::Stays);
        assert_eq!(fate(&["a"], true), Fate::Goes);
        assert_eq!(fate(&["a", "below"], true), Fate::Goes);
        assert_eq!(fate(&["b"], true), Fate::Changes);
        assert_eq!(fate(&["b", "x", "y"], true), Fate::Stays);
        assert_eq!(fate(&["b", "y"], true), Fate::Goes);
        assert_eq!((fate(&["n"], true), fate(&["n"], false)), (Fate::Goes, Fate::Changes));
    }
}
