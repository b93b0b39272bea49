//! How rules say which rows they mean: paths, values that are compared, references of other rows.

use efface::ident::TableName;
use efface::policy::{IfShared, Policy, Segment, read};
use efface::source::SourceFile;

use crate::policy_broken::{Case, check, top};
use crate::policy_good::{accepted, with_rules};

/// A policy around one path, in line 6 from column 10 on.
fn via(path: &str) -> String {
    with_rules(&format!("    via: {path}\n    rows: delete\n"))
}

/// A policy around one reference, in line 6 from column 20 on.
fn parent(reference: &str) -> String {
    with_rules(&format!("    referenced_by: {reference}\n    if_shared: keep\n    rows: delete\n"))
}

fn segments(policy: &Policy) -> &[Segment] {
    &policy.tables[0].rules[0].via.as_ref().unwrap().paths[0].segments
}

/// The parts of a path: the table, then the names or the expression.
fn parts(path: &str) -> Vec<String> {
    let text = via(path);
    let policy = accepted(&text);
    let part = |segment: &Segment| {
        let table = segment.table.as_ref().map_or(String::new(), |table| format!("{} ", table.bare()));
        let names: Vec<&str> = segment.names.iter().map(|name| name.as_str()).collect();
        match &segment.expression {
            Some(fragment) => {
                assert!(names.is_empty(), "a value has no names: {segment:?}");
                format!("{table}= {}", fragment.text)
            }
            None => format!("{table}{}", names.join(" ")),
        }
    };
    segments(&policy).iter().map(part).collect()
}

#[test]
fn a_path_compares_values_at_its_end() {
    assert_eq!(parts("lower(email) -> lower(users.email)"), ["= lower(email)", "users = lower(users.email)"]);
    assert_eq!(parts("contact_email -> users.email"), ["contact_email", "users email"]);
    assert_eq!(
        parts("booking_id -> lower(bookings.guest_email) -> lower(club.users.email)"),
        ["booking_id", "bookings = lower(bookings.guest_email)", "club.users = lower(club.users.email)"]
    );
    assert_eq!(parts("ref::text -> users.id::text"), ["= ref::text", "users = users.id::text"]);
    assert_eq!(parts("email -> lower(users.email)"), ["email", "users = lower(users.email)"]);
    assert_eq!(parts("data->>'email' -> users.email"), ["= data->>'email'", "users email"]);
    assert_eq!(
        parts("(data -> 'a' ->> 'b') -> btrim(users.email, ' ->')"),
        ["= (data -> 'a' ->> 'b')", "users = btrim(users.email, ' ->')"]
    );
    // A name may look like a value where it stands in double quotes.
    assert_eq!(parts("'\"lower(a)\" -> users.\"it''s::x\"'"), ["lower(a)", "users it's::x"]);
    assert_eq!(parts("(a, b) -> users.(c, d)"), ["a b", "users c d"]);
}

#[test]
fn sql_in_a_path_folds_its_table_as_sql_does_and_names_do_not() {
    assert_eq!(parts("Lower(Email) -> lower(Users.Email)"), ["= Lower(Email)", "users = lower(Users.Email)"]);
    assert_eq!(parts("lower(email) -> lower(\"Users\".email)")[1], "Users = lower(\"Users\".email)");
    assert_eq!(parts("email -> Users.Email")[1], "Users Email");
}

#[test]
fn every_character_of_a_value_finds_its_place() {
    let path = "Bestellung -> coalesce(bookings.größe, '->') -> lower(users.email)";
    for written in [path.to_owned(), format!("[{}]", quoted(path)), quoted(path), format!("|\n      {path}")] {
        let file = SourceFile::new("p", via(&written));
        let policy = read(&file).unwrap_or_else(|report| panic!("{written}: {report:?}")).value;
        let found: Vec<&str> = segments(&policy).iter().map(|segment| file.slice(segment.span)).collect();
        assert_eq!(found, ["Bestellung", "coalesce(bookings.größe, '->')", "lower(users.email)"], "{written}");
        for fragment in segments(&policy).iter().filter_map(|segment| segment.expression.as_ref()) {
            for (at, c) in fragment.text.char_indices() {
                assert!(file.text()[fragment.locate(at)..].starts_with(c), "{written}: {c} of {}", fragment.text);
            }
        }
    }
}

/// In double quotes of YAML; nothing in it needs an escape.
fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

#[test]
fn paths_are_the_same_when_they_say_the_same() {
    let rules = |first: &str, second: &str| {
        with_rules(&format!(
            "    - {{ via: '{first}', where: x > 1, rows: delete }}\n    - {{ via: '{second}', keep: y }}\n"
        ))
    };
    accepted(&rules("lower(a) -> lower(users.a)", "lower(a)  ->  lower(users.a)"));
    check(
        "values_that_differ",
        &[(
            "two values are two paths",
            rules("lower(a) -> lower(users.a)", "upper(a) -> upper(users.a)"),
            &["6:9 rule-order"],
        )],
    );
}

#[test]
fn a_parent_is_referenced_by_columns_or_by_a_constraint() {
    let policy = accepted(&parent("[users.address_id, 'club.users.(a, b)', users.users_address_fkey]"));
    let rule = &policy.tables[0].rules[0];
    assert_eq!(rule.via, None);
    assert_eq!(rule.if_shared.as_ref().unwrap().value, IfShared::Keep);
    let references = &rule.referenced_by.as_ref().unwrap().references;
    assert_eq!(references.len(), 3);
    assert_eq!(references[1].table, Some(TableName::new("club", "users")));
    assert_eq!(references[1].names.len(), 2);
    let refuse = parent("users.address_id").replace("keep", "refuse");
    assert_eq!(accepted(&refuse).tables[0].rules[0].if_shared.as_ref().unwrap().value, IfShared::Refuse);
    let guard = "subject: { table: users }\nguards: [{ name: a, table: b, referenced_by: users.b_id, message: c }]";
    assert_eq!(accepted(&top(guard)).guards[0].referenced_by.as_ref().unwrap().references.len(), 1);
}

#[test]
fn values() {
    let cases: &[Case] = &[
        ("a value alone", via("lower(email)"), &["6:10 invalid-path"]),
        ("a value in the middle", via("lower(email) -> bookings.user_id -> users.email"), &["6:10 invalid-path"]),
        ("a value of no column", via("lower('x') -> users.email"), &["6:10 invalid-path"]),
        ("a value of no column behind the arrow", via("email -> now()::text"), &["6:19 invalid-path"]),
        ("an operator for an arrow", via("data -> 'email' -> users.email"), &["6:18 invalid-path"]),
        ("a table in front", via("lower(orders.email) -> lower(users.email)"), &["6:16 invalid-path"]),
        ("no table behind the arrow", via("lower(email) -> lower(email)"), &["6:32 invalid-path"]),
        ("one of two without a table", via("lower(email) -> coalesce(users.email, phone)"), &["6:48 invalid-path"]),
        ("two tables", via("lower(email) -> coalesce(users.email, people.email)"), &["6:48 invalid-path"]),
        (
            "the same name in two schemas",
            via("lower(email) -> coalesce(users.email, club.users.email)"),
            &["6:48 invalid-path"],
        ),
        ("a sub-select", via("lower(email) -> lower((select users.email))"), &["6:26 sql-not-allowed"]),
        ("a sub-select that hides", via("exists(select 1 from x) -> users.a"), &["6:10 sql-not-allowed"]),
        ("the subject", via("lower(:subject) -> users.email"), &["6:16 sql-not-allowed"]),
        ("an aggregate", via("max(email) -> users.email"), &["6:10 sql-not-allowed"]),
        ("an open parenthesis", via("lower(email -> users.email"), &["6:36 sql-not-understood"]),
        ("a way out of the parentheses", via("lower(a)) or (true -> users.email"), &["6:18 sql-not-understood"]),
        ("an open quote", via("a || 'x -> users.email"), &["6:15 sql-not-understood"]),
        ("an SQL comment", via("lower(email) /* x */ -> users.email"), &["6:23 sql-comment"]),
        ("an SQL comment that swallows", via("lower(email) -- -> users.email"), &["6:23 sql-comment"]),
        ("a YAML comment that cuts", via("lower(email) #- a -> users.email"), &["6:23 sql-cut-short"]),
        ("two lines", via("lower(email)\n      -> users.email"), &["6:10 sql-quoting"]),
        ("a psql variable", via("a::text || :x -> users.a"), &["6:21 sql-not-allowed"]),
        (
            "a comma in braces",
            with_rules("    - { via: [btrim(a, b) -> users.a], rows: delete }\n"),
            &["6:22 sql-not-understood"],
        ),
        ("two slips at once", via("lower(x.a) -> lower(b)"), &["6:16 invalid-path", "6:30 invalid-path"]),
        ("a path twice", via("[lower(a) -> users.b, 'lower(a)  -> users.b']"), &["6:32 duplicate-key"]),
    ];
    check("values", cases);
}

#[test]
fn parents() {
    let rule = |text: &str| with_rules(&format!("    rows: delete\n{text}"));
    let guard = |text: &str| {
        top(&format!("subject: {{ table: users }}\nguards:\n  - {{ name: g, table: t, message: m, {text} }}"))
    };
    let cases: &[Case] = &[
        ("no `if_shared`", rule("    referenced_by: users.a_id\n"), &["7:5 missing-key"]),
        ("`if_shared` alone", rule("    if_shared: keep\n"), &["7:5 conflicting-keys"]),
        ("another word", rule("    referenced_by: users.a_id\n    if_shared: delete\n"), &["8:16 invalid-value"]),
        ("a word in quotes", rule("    referenced_by: users.a_id\n    if_shared: \"keep\"\n"), &["8:16 invalid-value"]),
        ("no word", rule("    referenced_by: users.a_id\n    if_shared:\n"), &["8:5 empty-value"]),
        (
            "a path too",
            rule("    referenced_by: users.a_id\n    if_shared: keep\n    via: b\n"),
            &["7:5 conflicting-keys"],
        ),
        (
            "the subject too",
            rule("    referenced_by: users.a_id\n    if_shared: keep\n    where: a = any(:subject)\n"),
            &["7:5 conflicting-keys"],
        ),
        ("no table", parent("address_id"), &["6:20 invalid-path"]),
        ("a list that is cut by a comma", parent("[users.(a, b)]"), &["6:29 invalid-path"]),
        ("too many parts", parent("a.b.c.d"), &["6:20 invalid-path"]),
        ("an arrow", parent("users.a_id -> b.c"), &["6:20 invalid-path"]),
        ("a value", parent("lower(users.a)"), &["6:20 invalid-path"]),
        ("an empty list", parent("[]"), &["6:20 empty-value"]),
        ("nothing", parent(""), &["6:5 empty-value"]),
        ("a map", parent("{ a: b }"), &["6:20 wrong-shape"]),
        ("a reference twice", parent("[users.a, public.users.a]"), &["6:30 duplicate-key"]),
        (
            "rows that are left open",
            with_rules(
                "    - { referenced_by: users.a, if_shared: keep, where: x > 1, rows: delete }\n    - { referenced_by: users.b, if_shared: keep, keep: y }\n",
            ),
            &["6:9 rule-order"],
        ),
        (
            "a rule that can never match",
            with_rules(
                "    - { referenced_by: [users.a, users.b], if_shared: keep, rows: delete }\n    - { referenced_by: users.b, if_shared: keep, keep: y }\n",
            ),
            &["7:9 rule-order"],
        ),
        ("a guard that shares", guard("referenced_by: users.a, if_shared: keep"), &["5:62 unknown-key"]),
        ("a guard with a path too", guard("referenced_by: users.a, via: b"), &["5:38 conflicting-keys"]),
        (
            "a guard with the subject too",
            guard("referenced_by: users.a, where: a = any(:subject)"),
            &["5:38 conflicting-keys"],
        ),
    ];
    check("parents", cases);
}

#[test]
fn a_way_that_is_not_followed_by_another_rule_needs_no_rule_of_its_own() {
    // A parent's rule and a rule over the table's only key are two ways: the order of the first says nothing of the second.
    accepted(&with_rules(
        "    - { referenced_by: users.a, if_shared: keep, rows: delete }\n    - { where: x > 1, rows: delete }\n    - keep: y\n",
    ));
    accepted(&with_rules(
        "    - { via: a, rows: delete }\n    - { referenced_by: users.a, if_shared: keep, where: x > 1, rows: delete }\n    - { referenced_by: users.a, if_shared: refuse, keep: y }\n",
    ));
}
