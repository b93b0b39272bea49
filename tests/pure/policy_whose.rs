//! Whose rows a policy is about, and which references the database doesn't declare.

use efface::action::Decision;
use efface::policy::{RowDecision, Subject};

use crate::policy_broken::{Case, check, column, top};
use crate::policy_good::{WHOLE, accepted, with_rules};

/// A policy whose subject is a value, around the rules of one table from line 6 on.
fn guest(rules: &str) -> String {
    with_rules(rules).replace("table: users", "value: text, name: email")
}

/// A policy for every row, around the rules of one table from line 6 on.
fn everybody(rules: &str) -> String {
    with_rules(rules).replace("subject: { table: users }", "every_row: true")
}

fn virtual_key(text: &str) -> String {
    top(&format!("subject: {{ table: users }}\nvirtual_foreign_keys:\n  - {{ {text} }}"))
}

fn accept(text: &str) -> String {
    top(&format!("subject: {{ table: users }}\naccept:\n  - {{ {text} }}"))
}

#[test]
fn a_subject_is_rows_or_a_value_or_everybody() {
    let Subject::Rows(rows) = accepted(WHOLE).subject else { panic!("no rows") };
    assert_eq!(rows.expired_when.unwrap().text, "last_seen_at < now() - interval '3 years'");

    for ty in ["text", "uuid", "character varying(20)", "double precision", "club.citext", "'club.\"Odd\"'"] {
        let policy = guest("    where: email = any(:subject)\n    rows: delete\n")
            .replace("value: text", &format!("value: {ty}"));
        let Subject::Value(value) = accepted(&policy).subject else { panic!("no value") };
        assert_eq!((value.ty.value.as_str(), value.name.value.as_str()), (ty.trim_matches('\''), "email"));
    }

    let policy = accepted(&everybody("    - { where: x > 1, rows: delete }\n    - keep: y\n"));
    assert!(matches!(policy.subject, Subject::EveryRow(_)));
}

#[test]
fn a_value_asks_every_rule_and_guard_for_the_subject_and_undecided_ones_for_nothing() {
    accepted(&guest("    undecided\n"));
    accepted(&guest(
        "    - { where: a = any(:subject), rows: delete }\n    - { where: 'b' = any(:subject), keep: c }\n"
            .replace("'b'", "b")
            .as_str(),
    ));
}

#[test]
fn virtual_keys_name_their_columns_in_order() {
    let policy = accepted(WHOLE);
    let [first, second] = &policy.virtual_keys[..] else { panic!("{:?}", policy.virtual_keys) };
    assert_eq!(first.condition.as_ref().unwrap().text, "auditable_type = 'User'");
    assert!(first.key.is_empty() && !first.lock_table);
    let names =
        |names: Vec<&efface::ident::Ident>| names.iter().map(|name| name.as_str().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(second.columns.iter().map(|column| &column.value).collect()), ["club_id", "number"]);
    assert_eq!(names(second.key.iter().collect()), ["club", "no"]);
    assert_eq!(second.references.value, efface::ident::TableName::new("club", "people"));
    assert!(second.lock_table);
    // The type of a polymorphic reference tells two of them apart.
    accepted(&top(
        "subject: { table: users }\nvirtual_foreign_keys:\n  - { table: a, columns: b, references: users, where: t = 'x' }\n  - { table: a, columns: b, references: users, where: t = 'y' }",
    ));
}

#[test]
fn new_values_may_be_propagated() {
    let policy = accepted(&column("a: { reassign_to: 0x01, propagate: true }\n      b: { reassign_to: \"\" }"));
    let RowDecision::Columns { columns, .. } = &policy.tables[0].rules[0].action.value else { panic!("no columns") };
    assert!(matches!(&columns[0].decision.value, Decision::ReassignTo(key) if key.value == "0x01"));
    assert!(columns[0].propagate.is_some() && columns[1].propagate.is_none());
    for decision in ["replace: x", "sql: b", "randomize: uuid", "randomize: email, domain: a.invalid"] {
        let policy = accepted(&column(&format!("a: {{ {decision}, propagate: true }}")));
        let RowDecision::Columns { columns, .. } = &policy.tables[0].rules[0].action.value else {
            panic!("no columns")
        };
        assert!(columns[0].propagate.is_some(), "{decision}");
    }
}

#[test]
fn an_acceptance_may_expect_no_row() {
    let policy = accepted(&accept("code: path-not-followed, at: a.b, because: c, expect: none"));
    assert!(policy.accept[0].expect_none);
    assert!(!accepted(&accept("code: path-not-followed, at: a.b, because: c")).accept[0].expect_none);
}

#[test]
fn whose() {
    let subject = |text: &str| top(&format!("subject: {{ {text} }}"));
    let guard =
        |head: &str, text: &str| top(&format!("{head}\nguards:\n  - {{ name: g, table: t, message: m{text} }}"));
    let cases: &[Case] = &[
        ("neither", top("description: x"), &["1:1 missing-key"]),
        ("both", top("every_row: true\nsubject: { table: users }"), &["3:1 conflicting-keys"]),
        ("both, and one empty", top("subject:\nevery_row: true"), &["3:1 empty-value", "4:1 conflicting-keys"]),
        ("every_row: false", top("every_row: false"), &["3:12 invalid-value"]),
        ("every_row: yes", top("every_row: yes"), &["3:12 invalid-value"]),
        ("every_row in quotes", top("every_row: \"true\""), &["3:12 invalid-value"]),
        ("every_row without a word", top("every_row:"), &["3:1 empty-value"]),
        ("every_row with a table", top("every_row: [users]"), &["3:12 wrong-shape"]),
        ("nothing in braces", subject(""), &["3:1 missing-key"]),
        ("a value without a name", subject("value: text"), &["3:1 missing-key"]),
        ("a name without a value", subject("name: email"), &["3:12 conflicting-keys"]),
        ("a name beside a table", subject("table: users, name: email"), &["3:26 conflicting-keys"]),
        (
            "a value and a row",
            subject("value: text, name: email, table: users, key: id, where: a, expired_when: b"),
            &["3:38 conflicting-keys", "3:52 conflicting-keys", "3:61 conflicting-keys", "3:71 conflicting-keys"],
        ),
        ("a type that is none", subject("value: 5, name: email"), &["3:19 sql-not-understood"]),
        ("a type with a comment", subject("value: text --, name: email"), &["3:19 sql-not-understood"]),
        ("a type and more", subject("value: text) or (true, name: email"), &["3:19 sql-not-understood"]),
        ("an array", subject("value: \"text[]\", name: email"), &["3:19 sql-not-understood"]),
        ("a null for a type", subject("value: null, name: email"), &["3:19 empty-value"]),
        ("a long name", subject(&format!("value: text, name: {}", "n".repeat(64))), &["3:31 invalid-value"]),
        ("a misspelt key", subject("table: users, expires_when: a > b"), &["3:26 unknown-key"]),
        (
            "the subject in `expired_when`",
            subject("table: users, expired_when: a = :subject"),
            &["3:44 sql-not-allowed"],
        ),
        ("a guest's word", guest("    delete\n"), &["6:5 missing-key"]),
        ("a guest's path", guest("    via: a\n    rows: delete\n"), &["6:5 conflicting-keys"]),
        (
            "a guest's parent",
            guest("    referenced_by: users.a\n    if_shared: keep\n    rows: delete\n"),
            &["6:5 conflicting-keys"],
        ),
        ("a guest's rule without a `where`", guest("    - rows: delete\n"), &["6:7 missing-key"]),
        ("a guest's rule without the subject", guest("    where: a > 1\n    keep: b\n"), &["6:5 missing-key"]),
        (
            "a guest's guard",
            guard("subject: { value: text, name: email }", ""),
            &["5:7 missing-key", "7:10 missing-key"],
        ),
        ("a path for everybody", everybody("    via: a\n    rows: delete\n"), &["6:5 conflicting-keys"]),
        (
            "a parent for everybody",
            everybody("    referenced_by: users.a\n    if_shared: keep\n    rows: delete\n"),
            &["6:5 conflicting-keys"],
        ),
        (
            "the subject of everybody",
            everybody("    - { where: a = any(:subject), rows: delete }\n    - keep: y\n"),
            &["6:24 conflicting-keys"],
        ),
        ("a guard for everybody", guard("every_row: true", ", via: a"), &["5:38 conflicting-keys"]),
        (
            "rows of everybody that are left open",
            everybody("    where: a > 1\n    rows: delete\n"),
            &["6:5 rule-order"],
        ),
    ];
    check("whose", cases);
}

#[test]
fn virtual_keys() {
    let key = virtual_key;
    let cases: &[Case] = &[
        ("nothing", top("subject: { table: users }\nvirtual_foreign_keys:"), &["4:1 empty-value"]),
        ("a map", top("subject: { table: users }\nvirtual_foreign_keys: { table: a }"), &["4:23 wrong-shape"]),
        ("no table", key("columns: a, references: b"), &["5:7 missing-key"]),
        ("no columns, no reference", key("table: a"), &["5:7 missing-key", "5:7 missing-key"]),
        ("a misspelt key", key("table: a, column: b, references: c"), &["5:7 missing-key", "5:17 unknown-key"]),
        ("no columns in the list", key("table: a, columns: [], references: b"), &["5:26 empty-value"]),
        ("a column twice", key("table: a, columns: [b, b], references: c"), &["5:30 duplicate-key"]),
        ("another number of columns", key("table: a, columns: b, references: 'c(d, e)'"), &["5:41 invalid-value"]),
        ("fewer columns", key("table: a, columns: [b, c, d], references: c(d)"), &["5:49 invalid-value"]),
        ("a referenced column twice", key("table: a, columns: [b, c], references: 'd(e, e)'"), &["5:46 duplicate-key"]),
        ("no referenced column", key("table: a, columns: b, references: c()"), &["5:43 invalid-path"]),
        ("a dot too many", key("table: a, columns: b, references: c.d.e"), &["5:44 invalid-path"]),
        (
            "a reference that is cut by a comma",
            key("table: a, columns: [b, c], references: d(e, f)"),
            &["5:49 invalid-path", "5:51 unknown-key"],
        ),
        ("another lock", key("table: a, columns: b, references: c, lock: rows"), &["5:50 invalid-value"]),
        ("a lock in quotes", key("table: a, columns: b, references: c, lock: \"table\""), &["5:50 invalid-value"]),
        ("no lock", key("table: a, columns: b, references: c, lock: "), &["5:44 empty-value"]),
        ("the subject", key("table: a, columns: b, references: c, where: d = :subject"), &["5:55 sql-not-allowed"]),
        (
            "a key twice",
            key("table: a, columns: b, references: c }\n  - { table: public.a, columns: [b], references: public.c"),
            &["6:14 duplicate-key"],
        ),
    ];
    check("virtual_keys", cases);
}

#[test]
fn stand_ins_and_expectations() {
    let cases: &[Case] = &[
        ("nobody to reassign to", column("a: { reassign_to: }"), &["7:12 empty-value"]),
        ("a null to reassign to", column("a: { reassign_to: null }"), &["7:25 empty-value"]),
        ("a list to reassign to", column("a: { reassign_to: [1, 2] }"), &["7:25 wrong-shape"]),
        ("two actions", column("a: { reassign_to: 1, replace: b }"), &["7:28 conflicting-keys"]),
        ("a word alone", column("a: reassign_to"), &["7:10 unknown-action"]),
        ("propagate without an action", column("a: { propagate: true }"), &["7:12 missing-key"]),
        ("propagate beside keep", column("a: { keep: tax, propagate: true }"), &["7:23 conflicting-keys"]),
        ("propagate: false", column("a: { replace: b, propagate: false }"), &["7:35 invalid-value"]),
        ("propagate in quotes", column("a: { replace: b, propagate: 'true' }"), &["7:35 invalid-value"]),
        ("propagate without a word", column("a: { replace: b, propagate: }"), &["7:24 empty-value"]),
        (
            "another expectation",
            accept("code: path-not-followed, at: a, because: b, expect: 3"),
            &["5:59 invalid-value"],
        ),
        ("nothing expected", accept("code: path-not-followed, at: a, because: b, expect:"), &["5:51 empty-value"]),
        (
            "an expectation of another finding",
            accept("code: unverified, at: a, because: b, expect: none"),
            &["5:44 conflicting-keys"],
        ),
    ];
    check("stand_ins_and_expectations", cases);
}
