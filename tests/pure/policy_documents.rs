//! Edits in JSON documents, as they are read: what is refused, where, why; and what stands just beside it and is not.

use efface::action::{Decision, Edit, OtherKeys, PathStep};
use efface::policy::RowDecision;

use crate::policy_broken::{check, column};
use crate::policy_good::accepted;

/// A policy around the edits of one column's documents, in line 7 from column 18 on.
fn edits(edits: &str) -> String {
    column(&format!("data: {{ json: {{ {edits} }}, other_keys: keep }}"))
}

#[test]
fn paths_and_edits() {
    check(
        "documents",
        &[
            ("no path", edits(""), &["7:21 empty-value"]),
            ("nothing", column("data: { json: , other_keys: keep }"), &["7:15 empty-value"]),
            ("a list of paths", column("data: { json: [$.a], other_keys: keep }"), &["7:21 wrong-shape"]),
            ("a path for a map", column("data: { json: $.a, other_keys: keep }"), &["7:21 wrong-shape"]),
            ("nothing about other keys", column("data: { json: { $.a: remove } }"), &["7:15 missing-key"]),
            ("null for other keys", column("data: { json: { $.a: null }, other_keys: null }"), &["7:48 invalid-value"]),
            ("a list of other keys", column("data: { json: { $.a: null }, other_keys: [a] }"), &["7:48 wrong-shape"]),
            ("no word for other keys", column("data: { json: { $.a: null }, other_keys: }"), &["7:36 empty-value"]),
            ("other keys of a mask", column("data: { mask: x, other_keys: keep }"), &["7:24 conflicting-keys"]),
            ("other keys alone", column("data: { other_keys: keep }"), &["7:15 missing-key"]),
            (
                "an option of another action",
                column("data: { json: { $.a: null }, other_keys: keep, domain: x }"),
                &["7:54 conflicting-keys"],
            ),
            ("a key without a path", edits("name: remove"), &["7:23 invalid-path"]),
            ("the whole document", edits("$: remove"), &["7:23 invalid-path"]),
            ("a position", edits("\"$.a[0]\": remove"), &["7:28 invalid-path"]),
            ("any depth", edits("$..a: remove"), &["7:25 invalid-path"]),
            ("any key", edits("$.a.*: remove"), &["7:27 invalid-path"]),
            ("a condition", edits("\"$.a[?(@.b)]\": remove"), &["7:28 invalid-path"]),
            ("two keys at once", edits("\"$['a','b']\": remove"), &["7:29 invalid-path"]),
            ("a key that is no plain word", edits("$.first-name: remove"), &["7:30 invalid-path"]),
            ("a key that begins with a digit", edits("$.2fa: remove"), &["7:25 invalid-path"]),
            ("a blank", edits("\"$.a .b\": remove"), &["7:27 invalid-path"]),
            ("an open bracket", edits("\"$['a'\": remove"), &["7:29 invalid-path"]),
            ("behind an escape of YAML's", edits("\"$[\\\"\\u00e9\\\"]-x\": remove"), &["7:37 invalid-path"]),
            ("in single quotes", edits("'$[''a'']x': remove"), &["7:32 invalid-path"]),
            ("no key with a NUL", edits("'$[\"\\u0000\"]': remove"), &["7:27 invalid-path"]),
            ("one path twice", edits("$.a: remove, $.a: null"), &["7:36 duplicate-key"]),
            ("one path in two spellings", edits("$.a: remove, \"$['a']\": null"), &["7:36 duplicate-key"]),
            ("a path within one that goes", edits("$.a: remove, $.a.b: keep"), &["7:36 conflicting-keys"]),
            (
                "a path within one that is replaced",
                edits("\"$.a[*].b\": null, $.a: randomize"),
                &["7:23 conflicting-keys"],
            ),
            ("a path within two", edits("$.a.b.c: null, $.a: keep, $.a.b: null"), &["7:23 conflicting-keys"]),
            ("everything kept", edits("$.a: keep, $.b: { keep: tax }"), &["7:15 conflicting-keys"]),
            ("no edit", edits("$.a: "), &["7:23 empty-value"]),
            ("an unknown edit", edits("$.a: remvoe"), &["7:28 unknown-action"]),
            ("a text for an edit", edits("$.a: deleted"), &["7:28 unknown-action"]),
            ("a row's word", edits("$.a: delete"), &["7:28 unknown-action"]),
            ("a column's word", edits("$.a: default"), &["7:28 unknown-action"]),
            ("another null of YAML", edits("$.a: ~"), &["7:28 empty-value"]),
            ("a null in quotes", edits("$.a: \"null\""), &["7:28 empty-value"]),
            ("a list for an edit", edits("$.a: [deleted]"), &["7:28 wrong-shape"]),
            ("a list in replace", edits("$.a: { replace: [deleted] }"), &["7:39 wrong-shape"]),
            ("an empty edit", edits("$.a: {}"), &["7:28 empty-value"]),
            ("SQL in a document", edits("$.a: { sql: now() }"), &["7:30 unknown-key"]),
            ("days in a document", edits("$.a: { shift_days: 3 }"), &["7:30 unknown-key"]),
            ("a document in a document", edits("$.a: { json: { $.b: null } }"), &["7:30 unknown-key"]),
            ("a unit of time", edits("$.a: { generalize: year }"), &["7:42 invalid-value"]),
            ("two actions", edits("$.a: { replace: x, mask: y }"), &["7:42 conflicting-keys"]),
            ("an option alone", edits("$.a: { keep_last: 4 }"), &["7:30 missing-key"]),
            ("an option of another edit", edits("$.a: { mask: x, domain: y }"), &["7:39 conflicting-keys"]),
            ("a switch for a reason", edits("$.a: { keep: true }"), &["7:36 missing-reason"]),
            ("a control character", edits("$.a: { replace: \"\\x01\" }"), &["7:39 invalid-value"]),
            ("a choice with one", edits("$.a: { randomize: choice, from: [\"\\e[2J\"] }"), &["7:56 invalid-value"]),
            (
                "several at once",
                column("data:\n        json:\n          $.a: delete\n          b: null\n        other_keys: null"),
                &["9:16 unknown-action", "10:11 invalid-path", "11:21 invalid-value"],
            ),
        ],
    );
}

#[test]
fn what_stands_just_beside_it_is_accepted() {
    for good in [
        "$.a: remove",
        "\"$.a[*]\": remove",
        "$.a.b: remove, $.a.c: null",
        "$.\"first-name\": remove",
        "\"$['2fa']\": remove",
        "'$[\"\\u0001\"]': remove",
        "$.a: remove, \"$['A']\": null",
        "$.a: keep, $.a.b: remove",
        "\"$.a[*].b\": null, $.b: randomize",
        "$.a.b.c: null, $.a: keep, $.a.b: keep",
        "$.a: keep, $.b: { keep: tax }, $.c: null",
        "$.a: { replace: now() }",
        "$.a: { replace: \"\\t\\n\" }",
        "$.a: { mask: x, keep_last: 2 }",
        "$.a: { generalize: 0.5 }",
        "$.a: { randomize: choice, from: [x, y] }",
        "$.a: { pseudonymize: email, domain: x.invalid }",
    ] {
        accepted(&edits(good));
    }
    accepted(&column("data: { json: { $.a: keep }, other_keys: remove }"));
}

#[test]
fn edits_are_read_in_the_order_of_the_file() {
    let policy = accepted(&column(
        "data:\n        json:\n          \"$.contacts[*]['e mail']\": { replace: 007 }\n          $.name: { keep: tax }\n          $.at: { randomize: date, min: 1980-01-01 }\n        other_keys: remove",
    ));
    let RowDecision::Columns { columns, .. } = &policy.tables[0].rules[0].action.value else { panic!("no columns") };
    let Decision::Json(document) = &columns[0].decision.value else { panic!("no document") };
    assert_eq!(document.other_keys.value, OtherKeys::Remove);
    let paths: Vec<_> = document.edits.iter().map(|(path, _)| path.value.to_string()).collect();
    assert_eq!(paths, ["$.contacts[*]['e mail']", "$.name", "$.at"]);
    assert_eq!(document.edits[0].0.value.steps()[1], PathStep::Elements);
    assert!(matches!(&document.edits[0].1.value, Edit::Replace(text) if text.value == "007"));
    assert!(matches!(&document.edits[1].1.value, Edit::Keep { reason: Some(reason) } if reason == "tax"));
    assert!(matches!(&document.edits[2].1.value, Edit::Randomize(random) if random.min.is_some()));
}
