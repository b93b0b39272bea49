//! Every key of the language, wrong in every way that a shape can be wrong.
//!
//! Each key of each good policy gets values of other types, an empty one and none, is misspelt, left out, and put where it
//! doesn't belong; the reader and the JSON Schema have to agree about all of it, but for what [`ONLY_THE_READER`] lists.

use std::collections::{BTreeMap, BTreeSet};

use efface::policy::json_schema;
use serde_json::{Map, Value, json};

use crate::policy_schema::{by_reader, by_schema, good};

/// A place in a policy: keys, and numbers of a list's items.
type Place = Vec<String>;

/// What a schema can't see: key, what was put there, and why it can't. Every other difference is a fault.
const ONLY_THE_READER: &[(&str, &[&str], &str)] = &[
    ("columns.*", &["nothing"], "nothing behind a colon is null to a schema"),
    (
        "domain",
        &["an empty text", "blanks", "a text", "a negative number"],
        "which values a kind takes hangs on the kind",
    ),
    (
        "guards.referenced_by",
        &["blanks", "a text", "a number", "zero", "a negative number", "true", "false", "a list"],
        "names and paths have a spelling of their own",
    ),
    ("guards.table", &["blanks"], "names and paths have a spelling of their own"),
    ("guards.via", &["blanks", "a fraction"], "names and paths have a spelling of their own"),
    ("guards.where", &["blanks", "a text"], "whether a text is SQL, and which, the gate says"),
    ("json.*", &["nothing"], "nothing behind a colon is null to a schema"),
    (
        "max",
        &["an empty text", "blanks", "a text", "a number", "zero", "a negative number", "a fraction", "true", "false"],
        "which values a kind takes hangs on the kind",
    ),
    (
        "min",
        &["an empty text", "blanks", "a text", "a number", "zero", "a negative number", "a fraction", "true", "false"],
        "which values a kind takes hangs on the kind",
    ),
    ("other_columns", &["nothing"], "it hangs on what stands elsewhere in the policy"),
    (
        "referenced_by",
        &["blanks", "a text", "a number", "zero", "a negative number", "true", "false", "a list"],
        "names and paths have a spelling of their own",
    ),
    (
        "scrub",
        &["blanks", "a text", "a number", "zero", "a negative number", "true", "false", "a list"],
        "names and paths have a spelling of their own",
    ),
    ("search_path", &["nothing"], "names and paths have a spelling of their own"),
    ("sql", &["blanks", "a text"], "whether a text is SQL, and which, the gate says"),
    ("subject.expired_when", &["blanks", "a text"], "whether a text is SQL, and which, the gate says"),
    ("subject.key", &["nothing"], "names and paths have a spelling of their own"),
    ("subject.table", &["blanks"], "names and paths have a spelling of their own"),
    (
        "subject.value",
        &["blanks", "a text", "a number", "zero", "a negative number", "a fraction"],
        "names and paths have a spelling of their own",
    ),
    ("subject.where", &["blanks", "a text"], "whether a text is SQL, and which, the gate says"),
    (
        "verify.gone",
        &["blanks", "a text", "a number", "zero", "a negative number", "true", "false", "a list"],
        "names and paths have a spelling of their own",
    ),
    (
        "gone.column",
        &["blanks", "a text", "a number", "zero", "a negative number", "true", "false"],
        "names and paths have a spelling of their own",
    ),
    (
        "unchanged.query",
        &["blanks", "a text", "a number", "zero", "a negative number", "a fraction", "true", "false"],
        "whether a text is SQL, and which, the gate says",
    ),
    (
        "via",
        &["blanks", "a text", "a number", "zero", "a negative number", "a fraction", "true", "false", "a list"],
        "names and paths have a spelling of their own",
    ),
    (
        "virtual_foreign_keys.columns",
        &[
            "nothing",
            "null",
            "blanks",
            "a text",
            "a number",
            "zero",
            "a negative number",
            "a fraction",
            "true",
            "false",
            "a list",
            "a list of null",
        ],
        "as many as the referenced columns, in their spelling",
    ),
    ("virtual_foreign_keys.references", &["blanks"], "names and paths have a spelling of their own"),
    ("virtual_foreign_keys.table", &["blanks"], "names and paths have a spelling of their own"),
    ("virtual_foreign_keys.where", &["blanks", "a text"], "whether a text is SQL, and which, the gate says"),
    (
        "where",
        &[
            "blanks",
            "a text",
            "a number",
            "zero",
            "a negative number",
            "a fraction",
            "true",
            "false",
            "left out",
            "misplaced",
        ],
        "whether a text is SQL, and which, the gate says; a last rule has none, and one of a guest has one",
    ),
];

/// What is put in the place of a value.
fn wrong_values() -> Vec<(&'static str, Printed)> {
    vec![
        ("nothing", Printed::Nothing),
        ("null", Printed::Value(Value::Null)),
        ("an empty text", Printed::Value(json!(""))),
        ("blanks", Printed::Value(json!("  "))),
        ("a text", Printed::Value(json!("zzz zzz"))),
        ("a number", Printed::Value(json!(12))),
        ("zero", Printed::Value(json!(0))),
        ("a negative number", Printed::Value(json!(-1))),
        ("a fraction", Printed::Value(json!(1.5))),
        ("true", Printed::Value(json!(true))),
        ("false", Printed::Value(json!(false))),
        ("an empty list", Printed::Value(json!([]))),
        ("a list", Printed::Value(json!(["zzz"]))),
        ("a list of null", Printed::Value(json!([null]))),
        ("a list of lists", Printed::Value(json!([["zzz"]]))),
        ("a list of maps", Printed::Value(json!([{ "zzz": "zzz" }]))),
        ("an empty map", Printed::Value(json!({}))),
        ("a map", Printed::Value(json!({ "zzz": "zzz" }))),
    ]
}

/// A value, or nothing behind the colon.
#[derive(Clone)]
enum Printed {
    Value(Value),
    Nothing,
}

/// The text that stands for nothing, until it is printed.
const NOTHING: &str = "\u{1}";

/// A policy in YAML, in block form: a text is quoted where it could be something else, and SQL is a literal block.
fn print(value: &Value) -> String {
    let mut out = String::new();
    block(value, 0, "", &mut out);
    out
}

fn block(value: &Value, indent: usize, key: &str, out: &mut String) {
    let line = |out: &mut String, text: &str| *out += &format!(" {text}\n");
    match value {
        Value::Object(map) if !map.is_empty() => {
            *out += "\n";
            for (key, value) in map {
                *out += &format!("{:indent$}{}:", "", scalar(key));
                block(value, indent + 2, key, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            *out += "\n";
            for item in items {
                *out += &format!("{:indent$}-", "");
                block(item, indent + 2, key, out);
            }
        }
        Value::Object(_) => line(out, "{}"),
        Value::Array(_) => line(out, "[]"),
        Value::String(text) if text == NOTHING => *out += "\n",
        Value::String(text) if matches!(key, "where" | "sql" | "query" | "expired_when") && !text.trim().is_empty() => {
            *out += " |\n";
            text.lines().for_each(|line| *out += &format!("{:indent$}{line}\n", ""));
        }
        Value::String(text) => line(out, &scalar(text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => line(out, &value.to_string()),
    }
}

fn scalar(text: &str) -> String {
    const WORDS: [&str; 9] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.".contains(c));
    if is_plain && !WORDS.contains(&text) { text.to_owned() } else { Value::from(text).to_string() }
}

/// Whether the names in a map are the author's: tables, columns, paths into documents.
fn is_free(key: &str) -> bool {
    matches!(key, "tables" | "columns" | "max_rows" | "json")
}

/// Every map of a policy, and what it is: its place with the author's own names and the numbers of items left out, and
/// its keys. Of two that are the same only the first counts.
fn maps(policy: &Value) -> Vec<(String, Place)> {
    let mut found = Vec::new();
    let mut open: Vec<(Place, Place)> = vec![(Vec::new(), Vec::new())];
    while let Some((place, general)) = open.pop() {
        let with = |step: &str, general: &Place, shown: &str| {
            let longer = |place: &Place, step: &str| place.iter().cloned().chain([step.to_owned()]).collect::<Place>();
            (longer(&place, step), longer(general, shown))
        };
        match at(policy, &place) {
            Value::Object(map) => {
                let names_are_free = place.last().is_some_and(|key| is_free(key));
                let keys: Vec<&str> = map.keys().map(String::as_str).collect();
                let keys = if names_are_free { "*".to_owned() } else { keys.join(",") };
                found.push((format!("{}{{{keys}}}", general.join(".")), place.clone()));
                open.extend(map.keys().map(|key| with(key, &general, if names_are_free { "*" } else { key })));
            }
            Value::Array(items) => {
                open.extend((0..items.len()).map(|number| with(&number.to_string(), &general, "-")));
            }
            _ => {}
        }
    }
    found
}

fn at<'a>(policy: &'a Value, place: &[String]) -> &'a Value {
    place.iter().fold(policy, |value, step| match value {
        Value::Array(items) => &items[step.parse::<usize>().expect("a number")],
        value => &value[step],
    })
}

fn map_at<'a>(policy: &'a mut Value, place: &[String]) -> &'a mut Map<String, Value> {
    let found = place.iter().fold(policy, |value, step| match value {
        Value::Array(items) => &mut items[step.parse::<usize>().expect("a number")],
        value => &mut value[step],
    });
    found.as_object_mut().expect("a map")
}

/// The keys that the schema knows.
fn keys_of_the_schema() -> BTreeSet<String> {
    fn look(value: &Value, found: &mut BTreeSet<String>) {
        if let Some(properties) = value.get("properties").and_then(Value::as_object) {
            found.extend(properties.keys().cloned());
        }
        match value {
            Value::Object(map) => map.values().for_each(|value| look(value, found)),
            Value::Array(items) => items.iter().for_each(|value| look(value, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    look(&json_schema(), &mut found);
    found
}

/// One policy that is wrong, or may be.
struct Tried {
    key: String,
    how: String,
    place: String,
    policy: Value,
}

/// Every key of every good policy, wrong in every way.
fn tried() -> Vec<Tried> {
    let policies: Vec<Value> =
        good().iter().map(|text| serde_saphyr::from_str(text).expect("good policies are YAML")).collect();
    // A good value for each key, to be put where it doesn't belong.
    let mut values: BTreeMap<String, Value> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let mut places: Vec<(usize, String, Place)> = Vec::new();
    for (number, policy) in policies.iter().enumerate() {
        for (general, place) in maps(policy) {
            let map = at(policy, &place).as_object().expect("a map");
            if !place.last().is_some_and(|key| is_free(key)) {
                for (key, value) in map {
                    values.entry(key.clone()).or_insert_with(|| value.clone());
                }
            }
            if seen.insert(general.clone()) {
                places.push((number, general, place));
            }
        }
    }
    let mut all = Vec::new();
    let mut kinds_of_map = BTreeSet::new();
    for (number, general, place) in &places {
        let policy = &policies[*number];
        let free = place.last().filter(|key| is_free(key));
        let (kind, _) = general.split_once('{').expect("a place and its keys");
        // Of the author's names nothing is told by.
        let within = kind.split('.').rfind(|step| *step != "-").filter(|step| !step.is_empty() && *step != "*");
        let named = |key: &str| match (free, within) {
            (Some(map), _) => format!("{map}.*"),
            (None, Some(within)) => format!("{within}.{key}"),
            (None, None) => key.to_owned(),
        };
        let mut push = |key: &str, how: &str, change: &dyn Fn(&mut Map<String, Value>)| {
            let mut policy = policy.clone();
            change(map_at(&mut policy, place));
            all.push(Tried { key: named(key), how: how.to_owned(), place: general.clone(), policy });
        };
        let map = at(policy, place).as_object().expect("a map");
        // What is put in the place of one of the author's names tells of all.
        for key in map.keys().take(if free.is_some() { 1 } else { usize::MAX }) {
            for (how, printed) in wrong_values() {
                let value = match printed {
                    Printed::Value(value) => value,
                    Printed::Nothing => NOTHING.into(),
                };
                push(key, how, &|map| drop(map.insert(key.clone(), value.clone())));
            }
            push(key, "left out", &|map| drop(map.remove(key)));
            if free.is_none() {
                push(key, "misspelt", &|map| {
                    let value = map.remove(key).expect("it was there");
                    map.insert(format!("{key}s"), value);
                });
            }
        }
        if !kinds_of_map.insert(kind) {
            continue;
        }
        for (key, value) in values.iter().filter(|(key, _)| !map.contains_key(*key)) {
            push(key, "misplaced", &|map| drop(map.insert(key.clone(), value.clone())));
        }
    }
    all
}

#[test]
fn good_policies_are_good_however_they_are_printed_and_have_every_key() {
    let mut seen = BTreeSet::new();
    for text in good() {
        let policy: Value = serde_saphyr::from_str(&text).expect("good policies are YAML");
        let printed = print(&policy);
        assert!(by_reader(&printed), "the reader refuses:\n{printed}");
        assert!(by_schema(&printed), "the schema refuses:\n{printed}");
        for (_, place) in maps(&policy) {
            seen.extend(at(&policy, &place).as_object().expect("a map").keys().cloned());
        }
    }
    let never: Vec<String> = keys_of_the_schema().into_iter().filter(|key| !seen.contains(key)).collect();
    assert!(never.is_empty(), "no good policy has these keys: {never:?}");
}

#[test]
fn the_reader_and_the_schema_agree_about_every_key_that_is_wrong() {
    let (mut wrong, mut used) = (Vec::new(), BTreeSet::new());
    let (mut count, mut refused) = (0, 0);
    for Tried { key, how, place, policy } in tried() {
        let text = print(&policy);
        let (reader, schema) = (by_reader(&text), by_schema(&text));
        count += 1;
        refused += usize::from(!reader && !schema);
        let exception = ONLY_THE_READER.iter().position(|(of, hows, _)| *of == key && hows.contains(&how.as_str()));
        match (reader, schema, exception) {
            (true, true, _) | (false, false, _) => {}
            (false, true, Some(exception)) => drop(used.insert((exception, how))),
            (true, false, _) => wrong.push(format!("{key}, {how}, in {place}: only the schema refuses")),
            (false, true, None) => wrong.push(format!("{key}, {how}, in {place}: only the reader refuses")),
        }
    }
    #[allow(clippy::print_stdout, reason = "the count belongs to the run's record")]
    let () = println!("{count} policies, {refused} refused by both");
    let stale = ONLY_THE_READER.iter().enumerate().flat_map(|(number, (key, hows, _))| {
        let used = &used;
        let is_stale = move |how: &&&str| !used.contains(&(number, (**how).to_owned()));
        hows.iter().filter(is_stale).map(move |how| format!("{key}, {how}: no exception any more"))
    });
    wrong.extend(stale);
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}
