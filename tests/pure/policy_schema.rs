//! The JSON Schema of policies and the reader say the same.

use std::path::Path;
use std::sync::LazyLock;

use efface::policy::{json_schema, read};
use efface::source::SourceFile;

use crate::policy_good::{WHOLE, with_rules};

pub fn by_reader(text: &str) -> bool {
    read(&SourceFile::new("p", text)).is_ok()
}

pub fn by_schema(text: &str) -> bool {
    static VALIDATOR: LazyLock<jsonschema::Validator> =
        LazyLock::new(|| jsonschema::draft202012::new(&json_schema()).expect("the schema is one"));
    let value: serde_json::Value = serde_saphyr::from_str(text).expect("the corpus is YAML");
    VALIDATOR.is_valid(&value)
}

fn top(text: &str) -> String {
    format!("version: 1\nname: p\nsubject: {{ table: users }}\n{text}\ntables:\n  users: delete\n")
}

fn column(decision: &str) -> String {
    with_rules(&format!("    columns:\n      {decision}\n"))
}

#[test]
fn the_file_is_the_schema() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/policy.schema.json");
    let now = serde_json::to_string_pretty(&json_schema()).unwrap() + "\n";
    if std::env::var_os("UPDATE_SCHEMA").is_some_and(|value| value == "1") {
        std::fs::write(&path, &now).unwrap();
    }
    let file = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(file, now, "run the tests with UPDATE_SCHEMA=1 and look at the difference");
}

#[test]
fn every_key_has_a_description() {
    fn look(at: &str, value: &serde_json::Value) {
        if let Some(properties) = value.get("properties").and_then(|properties| properties.as_object()) {
            for (key, property) in properties {
                assert!(property.get("description").is_some(), "{at}.{key}");
            }
        }
        // A list of words has a meaning for each, but for units and spellings of yes and no.
        if let Some(words) = value.get("enum").and_then(|words| words.as_array()) {
            let meanings = value.get("enumDescriptions").and_then(|meanings| meanings.as_array());
            let known = ["century", "yes"].iter().any(|first| words[0] == *first);
            let all = |meanings: &Vec<serde_json::Value>| {
                meanings.len() == words.len() && meanings.iter().all(|it| it.as_str().is_some_and(|it| !it.is_empty()))
            };
            assert!(known || meanings.is_some_and(all), "{at}: {words:?}");
        }
        match value {
            serde_json::Value::Object(map) => map.iter().for_each(|(key, value)| look(&format!("{at}.{key}"), value)),
            serde_json::Value::Array(items) => items.iter().for_each(|value| look(at, value)),
            _ => {}
        }
    }
    look("", &json_schema());
}

#[test]
fn the_reference_names_every_key() {
    fn keys(value: &serde_json::Value, found: &mut std::collections::BTreeSet<String>) {
        if let Some(properties) = value.get("properties").and_then(|properties| properties.as_object()) {
            found.extend(properties.keys().cloned());
        }
        match value {
            serde_json::Value::Object(map) => map.values().for_each(|value| keys(value, found)),
            serde_json::Value::Array(items) => items.iter().for_each(|value| keys(value, found)),
            _ => {}
        }
    }
    let page = include_str!("../../docs/policy.md");
    let (_, page) = page.split_once("## Every key").expect("the section");
    let mut found = std::collections::BTreeSet::new();
    keys(&json_schema(), &mut found);
    let unnamed: Vec<_> = found.into_iter().filter(|key| !page.contains(&format!("`{key}`"))).collect();
    assert!(unnamed.is_empty(), "docs/policy.md, \"Every key\", leaves out {unnamed:?}");
}

/// Policies with every key of the language.
pub fn good() -> Vec<String> {
    // Other readers of YAML take a bare `null` for no key at all.
    let whole = WHOLE.replace("      null: default", "      \"null\": default");
    let everybody = top("").replace("subject: { table: users }", "every_row: true");
    let guest = with_rules("    where: email = any(:subject)\n    rows: delete\n");
    let guest = guest.replace("table: users", "value: text, name: email");
    let expired = top("").replace("table: users", "table: users, expired_when: a > b");
    let mut good = vec![
        whole,
        everybody,
        guest,
        expired,
        top("search_path: club"),
        top("search_path: []"),
        top("description: 2026"),
    ];
    let keys = [
        "virtual_foreign_keys: [{ table: a, columns: b, references: users }]",
        "virtual_foreign_keys: [{ table: a, columns: [b, c], references: 'u(d, e)', where: f, lock: table }]",
        "accept: [{ code: path-not-followed, at: a, because: b, expect: none }]",
        "guards: [{ name: a, table: b, referenced_by: users.b_id, message: c }]",
    ];
    good.extend(keys.map(top));
    let decisions = [
        "a: keep",
        "a: null",
        "a: { keep: tax }",
        "a: { replace: 007 }",
        "a: { replace: true }",
        "a: { replace: \"\" }",
        "a: { sql: 1 }",
        "a: { randomize: uuid }",
        "a: { randomize: email }",
        "a: { randomize: bytes }",
        "a: { randomize: bytes, length: 16 }",
        "a: { randomize: token, length: 10000 }",
        "a: { randomize: integer, min: 1, max: 2 }",
        "a: undecided",
        "a: { randomize: choice, from: [1, b] }",
        "a: { reassign_to: 1 }",
        "a: { reassign_to: 1, propagate: true }",
        "a: { replace: b, propagate: true }",
        "a: { sql: b, propagate: true }",
        "a: { randomize: digits, format: '#', propagate: true }",
        "a: pseudonymize",
        "a: { pseudonymize: email, domain: a.invalid }",
        "a: { pseudonymize: digits, format: '##-##', propagate: true }",
        "a: { mask: \"*\" }",
        "a: { mask: x, keep_first: 1, keep_last: 4 }",
        "a: { mask: 0 }",
        "a: { generalize: year }",
        "a: { generalize: 10 }",
        "a: { generalize: 0.25 }",
        "a: { shift_days: 30, propagate: true }",
        "a: { scrub: b.c, with: \"[deleted]\" }",
        "a: { scrub: [b.c, d.e.f], with: x, short: true }",
        "a: { json: { $.b: remove }, other_keys: keep }",
        "a: { json: { \"$.b[*].c\": null, \"$['odd key']\": { keep: why }, '$.\"x\"': keep }, other_keys: remove }",
        "a: { json: { \"$[*]\": { replace: b }, $.ö_2: { randomize: email, domain: c } }, other_keys: keep, propagate: true }",
        "a: { json: { $.b: randomize, $.c: pseudonymize, $.d: { mask: x, keep_last: 2 }, $.e: { generalize: 10 } }, other_keys: keep }",
    ];
    good.extend(decisions.map(column));
    let rules = [
        "    keep: why\n",
        "    via: [a, b]\n    rows: cascade\n",
        "    - { rows: delete, where: x = any(:subject) }\n",
        "    referenced_by: a.b\n    if_shared: keep\n    rows: delete\n",
        "    referenced_by: [a.b, c.d]\n    if_shared: refuse\n    keep: why\n",
        "    via: lower(a) -> lower(users.a)\n    rows: delete\n",
    ];
    good.extend(rules.map(with_rules));
    good
}

#[test]
fn both_accept_what_is_right() {
    for text in good() {
        assert!(by_reader(&text), "the reader refuses:\n{text}");
        assert!(by_schema(&text), "the schema refuses:\n{text}");
    }
}

#[test]
fn both_refuse_what_has_the_wrong_shape() {
    let mut bad = vec!["[]".to_owned(), "{}".into(), "text".into(), top("").replace("version: 1", "version: 2")];
    let keys = [
        "limts: {}",
        "limits: []",
        "limits: { lock_timeout: 5 }",
        "limits: { lock_timeout: 0s }",
        "limits: { max_subjects: 0 }",
        "limits: { max_rows: { a: x } }",
        "accept: []",
        "accept: [{ code: not-null, at: a, because: b }]",
        "accept: [{ code: unverified, at: a }]",
        "accept: [{ code: unverified, at: \"*\", because: b }]",
        "accept: [{ code: unverified, at: \"*.*\", because: b }]",
        "guards: [{ name: a, table: b }]",
        "guards: {}",
        "verify: {}",
        "verify: { unchanged: [] }",
        "verify: { unchanged: [{ name: a }] }",
        "verify: { gone: [] }",
        "verify: { gone: null }",
        "verify: { gone: [[a.b]] }",
        "verify: { gone: { anywhere: error } }",
        "verify: { gone: [{ column: a.b, anywhere: keep }] }",
        "verify: { gone: [{ column: a.b, where: c }] }",
        "description: null",
        "every_row: true",
        "every_row: false",
        "virtual_foreign_keys: []",
        "virtual_foreign_keys: {}",
        "virtual_foreign_keys: [{ table: a, columns: b }]",
        "virtual_foreign_keys: [{ table: a, columns: [], references: c }]",
        "virtual_foreign_keys: [{ table: a, columns: b, references: c, lock: rows }]",
        "virtual_foreign_keys: [{ table: a, columns: b, references: c, via: d }]",
        "guards: [{ name: a, table: b, via: c, referenced_by: d.e, message: f }]",
        "guards: [{ name: a, table: b, referenced_by: d.e, if_shared: keep, message: f }]",
        "accept: [{ code: unverified, at: a, because: b, expect: none }]",
        "accept: [{ code: path-not-followed, at: a, because: b, expect: some }]",
        // Of later versions.
        "seal: true",
        "suppress: true",
        "request: {}",
    ];
    bad.extend(keys.map(top));
    bad.push(top("").replace("subject: { table: users }", "every_row: false"));
    bad.push(top("").replace("table: users", "value: text"));
    bad.push(top("").replace("table: users", "name: email"));
    bad.push(top("").replace("table: users", "value: text, name: email, table: users"));
    bad.push(top("").replace("table: users", &format!("value: text, name: {}", "n".repeat(64))));
    bad.push(top("").replace("subject: { table: users }\n", ""));
    bad.push(top("").replace("users: delete", "users: keep"));
    bad.push(top("").replace("users: delete", "users: delte"));
    bad.push(top("").replace("users: delete", "users: []"));
    bad.push(top("").replace("tables:\n  users: delete", "tables: {}"));
    let decisions = [
        "a:",
        "a: ~x",
        "a: delete",
        "a: []",
        "a: {}",
        "a: { replace: [b] }",
        "a: { replace: null }",
        "a: { replace: b, sql: c }",
        "a: { domain: b }",
        "a: { replace: b, domain: c }",
        "a: { randomize: b }",
        "a: { randomize: uuid, domain: c }",
        "a: { keep: true }",
        "a: { keep: no }",
        "a: { keep: \"\" }",
        "a: { randomize: text, length: 0 }",
        "a: { randomize: text, length: 10001 }",
        "a: { randomize: bytes, length: 0 }",
        "a: { randomize: bytes, length: 4294967297 }",
        "a: { randomize: bytes, format: '#' }",
        "a: { randomize: uuid, length: 16 }",
        "a: { randomize: choice, from: [] }",
        "a: { sql: null }",
        "a: { pseudonymize: null }",
        "a: { pseudonymize: emial }",
        "a: { pseudonymize: email, length: 3 }",
        "a: { mask: \"**\" }",
        "a: { mask: \"\" }",
        "a: { mask: 10 }",
        "a: { mask: [x] }",
        "a: { mask: x, keep_last: 0 }",
        "a: { mask: x, keep_last: -1 }",
        "a: { mask: x, domain: b }",
        "a: { keep_last: 4 }",
        "a: { replace: b, keep_last: 4 }",
        "a: { generalize: years }",
        "a: { generalize: 0 }",
        "a: { generalize: -10 }",
        "a: { generalize: [10] }",
        "a: { generalize: year, with: x }",
        "a: { shift_days: 0 }",
        "a: { shift_days: -3 }",
        "a: { shift_days: 1.5 }",
        "a: { shift_days: 40000 }",
        "a: { shift_days: month }",
        "a: { json: { $.b: remove } }",
        "a: { json: {}, other_keys: keep }",
        "a: { json: [$.b], other_keys: keep }",
        "a: { json: $.b, other_keys: keep }",
        "a: { other_keys: keep }",
        "a: { json: { $.b: remove }, other_keys: null }",
        "a: { json: { $.b: remove }, other_keys: keep, domain: c }",
        "a: { json: { b: remove }, other_keys: keep }",
        "a: { json: { $: remove }, other_keys: keep }",
        "a: { json: { \"$[0]\": remove }, other_keys: keep }",
        "a: { json: { $..b: remove }, other_keys: keep }",
        "a: { json: { $.*: remove }, other_keys: keep }",
        "a: { json: { $.2fa: remove }, other_keys: keep }",
        "a: { json: { \"$['b]\": remove }, other_keys: keep }",
        "a: { json: { $.b: delete }, other_keys: keep }",
        "a: { json: { $.b: default }, other_keys: keep }",
        "a: { json: { $.b: [x] }, other_keys: keep }",
        "a: { json: { $.b: {} }, other_keys: keep }",
        "a: { json: { $.b: { sql: c } }, other_keys: keep }",
        "a: { json: { $.b: { shift_days: 3 } }, other_keys: keep }",
        "a: { json: { $.b: { generalize: year } }, other_keys: keep }",
        "a: { json: { $.b: { mask: x, propagate: true } }, other_keys: keep }",
        "a: { json: { $.b: { randomize: uuid, propagate: true } }, other_keys: keep }",
        "a: { scrub: [b.c] }",
        "a: { scrub: [], with: x }",
        "a: { scrub: { b: c }, with: x }",
        "a: { scrub: null, with: x }",
        "a: { scrub: [b.c], with: [x] }",
        "a: { scrub: [b.c], with: \"<x>\" }",
        "a: { scrub: [b.c], with: x, short: no }",
        "a: { scrub: [b.c], with: x, short: 4 }",
        "a: { scrub: [b.c], with: x, domain: d }",
        "a: { with: x }",
        "a: { short: true }",
        "a: { replace: b, with: x }",
        "a: { reassign_to: [1] }",
        "a: { reassign_to: null }",
        "a: { reassign_to: 1, replace: b }",
        "a: { reassign_to: 1, domain: b }",
        "a: { propagate: true }",
        "a: { keep: b, propagate: true }",
        "a: { replace: b, propagate: false }",
        "a: { replace: b, propagate: }",
    ];
    // `a:` is a null to a schema, and written out it is allowed: only the reader tells them apart.
    bad.extend(decisions.iter().skip(1).map(|decision| column(decision)));
    let rules = [
        "    columns: {}\n",
        "    via: a\n",
        "    via: []\n    rows: delete\n",
        "    rows: delete\n    keep: b\n",
        "    rows: keep\n",
        "    rows: delete\n    other_columns: keep\n",
        "    keep: null\n",
        "    referenced_by: a.b\n    rows: delete\n",
        "    if_shared: keep\n    rows: delete\n",
        "    referenced_by: a.b\n    if_shared: delete\n    rows: delete\n",
        "    referenced_by: []\n    if_shared: keep\n    rows: delete\n",
        "    referenced_by: a.b\n    via: c\n    if_shared: keep\n    rows: delete\n",
        "    rows: delete\n    emit: []\n",
        "    rows: delete\n    objects: a\n",
        "    rows: delete\n    refresh: true\n",
        "    refresh: false\n",
        "    refresh: now\n",
        "    refresh: true\n    order: 1\n",
        "    - refresh: true\n",
    ];
    bad.extend(rules.map(with_rules));
    for text in bad {
        assert!(!by_reader(&text), "the reader accepts:\n{text}");
        assert!(!by_schema(&text), "the schema accepts:\n{text}");
    }
}

#[test]
fn what_only_the_reader_can_see() {
    let only = [
        column("a:"),
        column("a: ~"),
        column("a: { replace: now() }"),
        column("a: { randomize: date, min: 5 }"),
        column("a: { sql: 'x' }"),
        with_rules("    where: a >\n    rows: delete\n"),
        with_rules("    where: a > 1\n    rows: delete\n"),
        with_rules("    via: a.b.c.d\n    rows: delete\n"),
        with_rules("    via: lower(a)\n    rows: delete\n"),
        with_rules("    referenced_by: a\n    if_shared: keep\n    rows: delete\n"),
        with_rules("    rows: delete\n").replace("table: users", "value: text, name: email"),
        with_rules("    via: a\n    rows: delete\n").replace("subject: { table: users }", "every_row: true"),
        top("virtual_foreign_keys: [{ table: a, columns: b, references: 'c(d, e)' }]"),
        top("").replace("table: users", "value: text -- x, name: email"),
    ];
    for text in only {
        assert!(!by_reader(&text), "the reader accepts:\n{text}");
        assert!(by_schema(&text), "the schema refuses, so this is no exception:\n{text}");
    }
}
