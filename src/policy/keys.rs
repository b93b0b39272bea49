//! Which keys may stand where, and what is said about one that may not?
//!
//! One table of places. A key that the language knows elsewhere is told its place; one that nobody knows gets the nearest
//! name; one of a later version is refused by name, so that nothing of a policy is ever ignored.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::yaml::{Kind, Map, Node};
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::ident::shown;
use crate::source::{Span, Spanned};

/// A kind of map in a policy.
#[derive(Debug)]
pub(super) struct Place {
    /// As a message names it.
    pub name: &'static str,
    pub keys: &'static [&'static str],
    /// Keys of the language that this version doesn't know yet.
    pub later: &'static [&'static str],
}

pub(super) static TOP: Place = Place {
    name: "the policy",
    keys: &[
        "version",
        "name",
        "description",
        "subject",
        "every_row",
        "search_path",
        "virtual_foreign_keys",
        "guards",
        "tables",
        "verify",
        "limits",
        "accept",
    ],
    later: &["seal", "suppress", "request"],
};
pub(super) static SUBJECT: Place =
    Place { name: "`subject`", keys: &["table", "key", "where", "expired_when", "value", "name"], later: &[] };
pub(super) static VIRTUAL_KEY: Place =
    Place { name: "a virtual foreign key", keys: &["table", "columns", "references", "where", "lock"], later: &[] };
pub(super) static GUARD: Place =
    Place { name: "a guard", keys: &["name", "table", "via", "referenced_by", "where", "message"], later: &[] };
pub(super) static RULE: Place = Place {
    name: "a rule",
    keys: &["name", "via", "referenced_by", "if_shared", "where", "keep", "rows", "columns", "other_columns"],
    later: &["emit", "objects", "refresh", "seal", "suppress"],
};
pub(super) static DECISION: Place = Place {
    name: "a column's decision",
    keys: &[
        "keep",
        "replace",
        "sql",
        "randomize",
        "pseudonymize",
        "mask",
        "generalize",
        "shift_days",
        "json",
        "reassign_to",
        "propagate",
        "domain",
        "format",
        "min",
        "max",
        "length",
        "from",
        "keep_first",
        "keep_last",
        "other_keys",
        "scrub",
        "with",
        "short",
        "via",
    ],
    later: &[],
};
pub(super) static EDIT: Place = Place {
    name: "an edit in a document",
    keys: &[
        "keep",
        "replace",
        "randomize",
        "pseudonymize",
        "mask",
        "generalize",
        "domain",
        "format",
        "min",
        "max",
        "length",
        "from",
        "keep_first",
        "keep_last",
    ],
    later: &[],
};
/// The keys of a decision of which there is exactly one; the others are options.
pub(super) const ACTIONS: &[&str] = &[
    "keep",
    "replace",
    "sql",
    "randomize",
    "pseudonymize",
    "mask",
    "generalize",
    "shift_days",
    "json",
    "scrub",
    "reassign_to",
];
pub(super) static VERIFY: Place = Place { name: "`verify`", keys: &["unchanged", "gone"], later: &[] };
pub(super) static GONE: Place = Place { name: "an entry of `gone`", keys: &["column", "anywhere"], later: &[] };
pub(super) static REPORT: Place = Place { name: "a report", keys: &["name", "query"], later: &[] };
pub(super) static LIMITS: Place =
    Place { name: "`limits`", keys: &["lock_timeout", "statement_timeout", "max_subjects", "max_rows"], later: &[] };
pub(super) static ACCEPT: Place = Place { name: "an `accept`", keys: &["code", "at", "because", "expect"], later: &[] };

static PLACES: &[&Place] =
    &[&TOP, &SUBJECT, &VIRTUAL_KEY, &GUARD, &RULE, &DECISION, &VERIFY, &GONE, &REPORT, &LIMITS, &ACCEPT];

/// The entries of one map, each key known at its place and there once.
pub(super) struct Fields<'n> {
    /// What a missing key is reported at.
    pub span: Span,
    pub entries: Vec<(&'n Spanned<String>, &'n Node)>,
}

impl<'n> Fields<'n> {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&'n Node> {
        self.entry(key).map(|(_, value)| value)
    }

    /// A key with its value.
    pub fn entry(&self, key: &str) -> Option<(&'n Spanned<String>, &'n Node)> {
        self.entries.iter().copied().find(|(name, _)| name.value == key)
    }

    /// The value of a key that has to be there.
    pub fn require(&self, key: &str, place: &Place, report: &mut Report) -> Option<&'n Node> {
        let found = self.get(key);
        if found.is_none() {
            let missing = Diagnostic::new(Code::MissingKey, format!("{} has no `{key}`", place.name));
            let missing = missing.at(self.span, format!("`{key}` is missing here"));
            report.push(missing.help(format!("add `{key}:`")));
        }
        found
    }
}

/// The entries of a map at a place; `None` when something else stands there.
pub(super) fn fields<'n>(
    node: &'n Node,
    owner: Span,
    place: &'static Place,
    report: &mut Report,
) -> Option<Fields<'n>> {
    let map = map(node, owner, place.name, report)?;
    let entries = known(map, place, report);
    // Where it is a list's item, the owner's key is far away: the first key shows which.
    let span = map.entries.first().map_or(owner, |(key, _)| if owner == node.span { key.span } else { owner });
    Some(Fields { span, entries })
}

/// A map, or the finding that it is none.
pub(super) fn map<'n>(node: &'n Node, owner: Span, what: &str, report: &mut Report) -> Option<&'n Map> {
    match &node.kind {
        Kind::Map(map) => return Some(map),
        Kind::Empty => report.push(empty(owner, what).help(MAP)),
        Kind::Scalar(_) => report.push(shape(node, &format!("{what} is a map")).help(MAP)),
        Kind::List(_) => report.push(shape(node, &format!("{what} is a map, not a list")).help(MAP)),
    }
    None
}

/// What to do where a map has to be.
const MAP: &str = "write its keys below it, each on a line of its own, indented by two blanks";

/// Something of another shape stands here.
pub(super) fn shape(node: &Node, what: &str) -> Diagnostic {
    let found = match &node.kind {
        Kind::Empty => "nothing",
        Kind::Scalar(_) => "a single value",
        Kind::List(_) => "a list",
        Kind::Map(_) => "a map",
    };
    Diagnostic::new(Code::WrongShape, what).at(first_line(node), format!("this is {found}"))
}

/// The place of a node that is worth pointing at.
pub(super) fn first_line(node: &Node) -> Span {
    match &node.kind {
        Kind::Map(map) if !map.flow => map.entries.first().map_or(node.span, |(key, _)| key.span),
        Kind::Empty | Kind::Scalar(_) | Kind::List(_) | Kind::Map(_) => node.span,
    }
}

/// Nothing is written where something has to be.
pub(super) fn empty(at: Span, what: &str) -> Diagnostic {
    Diagnostic::new(Code::EmptyValue, format!("{what} is empty")).at(at, "nothing is written here")
}

/// The entries whose keys are known here; everything else is a finding.
fn known<'n>(map: &'n Map, place: &'static Place, report: &mut Report) -> Vec<(&'n Spanned<String>, &'n Node)> {
    let entries = unique(map, |key| key.to_owned(), report);
    let (known, unknown): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|(key, _)| place.keys.contains(&key.value.as_str()));
    for (key, value) in unknown {
        report.push(unknown_key(key, value, map, place));
    }
    known
}

/// The entries of a map, of equal keys the first; the others are findings that show both places.
pub(super) fn unique<'n, K: Ord>(
    map: &'n Map,
    name: impl Fn(&str) -> K,
    report: &mut Report,
) -> Vec<(&'n Spanned<String>, &'n Node)> {
    let mut seen: BTreeMap<K, &Spanned<String>> = BTreeMap::new();
    let mut entries = Vec::new();
    for (key, value) in &map.entries {
        match seen.entry(name(&key.value)) {
            Entry::Occupied(first) => {
                let first = first.get();
                let found = Diagnostic::new(Code::DuplicateKey, format!("`{}` stands twice", shown(&key.value)))
                    .at(key.span, "again here")
                    .label(first.span, "first here");
                report.push(found.help("keep one of them: which of two would hold is not for efface to guess"));
            }
            Entry::Vacant(place) => {
                place.insert(key);
                entries.push((key, value));
            }
        }
    }
    entries
}

fn unknown_key(key: &Spanned<String>, value: &Node, map: &Map, place: &'static Place) -> Diagnostic {
    let name = key.value.as_str();
    if place.later.contains(&name) {
        return later(key.span, name);
    }
    if let Some(owner) = slipped_from(key, map) {
        let message = format!("`{name}` is not indented under `{}`", owner.value);
        return Diagnostic::new(Code::WrongShape, message)
            .at(key.span, "indent this by two blanks")
            .label(owner.span, "it belongs to this")
            .help(format!("write two blanks in front of `{name}:`"));
    }
    // A decision without any known action has misspelt its action, not an option.
    let acts = |(key, _): &(Spanned<String>, Node)| ACTIONS.contains(&key.value.as_str());
    let decides = std::ptr::eq(place, &DECISION) || std::ptr::eq(place, &EDIT);
    let code = if decides && !map.entries.iter().any(acts) { Code::UnknownAction } else { Code::UnknownKey };
    let found = |code| {
        let message = match code {
            Code::UnknownAction => format!("no action named `{}`", shown(name)),
            _ => format!("{} has no key `{}`", place.name, shown(name)),
        };
        Diagnostic::new(code, message).at(key.span, "not known here")
    };
    // In braces a comma ends the value; what stood behind it looks like a key without a value.
    if map.flow && matches!(value.kind, Kind::Empty) {
        return found(Code::UnknownKey)
            .note("inside `{ }` a comma ends the value, so this is read as a key without a value")
            .help("write the map as a block, one key on each line, and SQL behind `|`");
    }
    let near = nearest(name, place.keys.iter().chain(place.later).copied());
    // One for many, or many for one.
    if let Some(near) = near.filter(|near| near.trim_end_matches('s') == name.trim_end_matches('s')) {
        return found(code).help(format!("`{near}` exists"));
    }
    let elsewhere: Vec<&str> = PLACES
        .iter()
        .filter(|other| other.keys.contains(&name) || other.later.contains(&name))
        .map(|other| other.name)
        .collect();
    if !elsewhere.is_empty() {
        return found(code).help(format!("`{name}` belongs to {}", elsewhere.join(" or ")));
    }
    match near {
        Some(near) => found(code).help(format!("`{near}` exists")),
        None => found(code).help(format!("known here: {}", list(place.keys))),
    }
}

/// The key without a value that this key belongs under, where an indentation slipped.
fn slipped_from<'n>(key: &Spanned<String>, map: &'n Map) -> Option<&'n Spanned<String>> {
    let before = map.entries.partition_point(|(other, _)| other.span < key.span);
    // A slip is near: a block that was meant to be indented has few keys.
    let near = &map.entries[before.saturating_sub(8)..before];
    let (owner, _) = near.iter().rfind(|(_, value)| matches!(value.kind, Kind::Empty))?;
    let place = match owner.value.as_str() {
        "subject" => &SUBJECT,
        "limits" => &LIMITS,
        "verify" => &VERIFY,
        _ => return None,
    };
    place.keys.contains(&key.value.as_str()).then_some(owner)
}

/// Something that another version of efface knows.
pub(super) fn later(span: Span, name: &str) -> Diagnostic {
    Diagnostic::new(Code::NotInThisVersion, format!("`{name}` is not in this version of efface"))
        .at(span, "known to a later version only")
        .note("nothing of a policy is ignored, so the whole policy is refused")
        .help("leave it out, or use a version of efface that knows it")
}

/// Names in backticks, for a sentence.
pub(super) fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The name that was probably meant.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase().replace('-', "_");
    // Longer names are no slips of the finger, and comparing them costs the product of both lengths.
    if name.len() > 40 {
        return None;
    }
    let allowed = (name.chars().count() / 3).max(1);
    let distance = |other: &&str| strsim::osa_distance(&name, other);
    known.into_iter().filter(|other| distance(other) <= allowed).min_by_key(distance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_key_and_another_word_does_not() {
        assert_eq!(nearest("colunms", RULE.keys.iter().copied()), Some("columns"));
        assert_eq!(nearest("other-columns", RULE.keys.iter().copied()), Some("other_columns"));
        assert_eq!(nearest("banana", RULE.keys.iter().copied()), None);
    }

    #[test]
    fn no_key_is_both_known_and_of_a_later_version() {
        for place in PLACES {
            assert!(place.keys.iter().all(|key| !place.later.contains(key)), "{place:?}");
        }
    }
}
