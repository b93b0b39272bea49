//! Policies that are refused: where, why, and with which words.

use efface::diagnostic::render;
use efface::policy::read;
use efface::source::SourceFile;

use crate::policy_good::with_rules;
use crate::policy_schema::by_schema;

/// What is found in a policy that has to be refused, each as `line:column code`; its twin is `policy_good::accepted`.
pub fn refused(text: &str) -> (Vec<String>, String) {
    let file = SourceFile::new("policy.yaml", text);
    let Err(report) = read(&file) else { panic!("accepted:\n{text}") };
    let found = report.sorted().into_iter().map(|found| {
        let place = found.primary.as_ref().expect("every finding of the reader has a place").span;
        assert!(!found.help.is_empty(), "nothing says what to do: {found:?}");
        assert!(place.end <= text.len() && text.is_char_boundary(place.start) && text.is_char_boundary(place.end));
        let position = file.position(place.start);
        format!("{}:{} {}", position.line, position.column, found.code.name())
    });
    (found.collect(), render::text(&report, &file, false))
}

/// A sentence, a policy, and what has to be found in it.
pub type Case = (&'static str, String, &'static [&'static str]);

/// Findings about a shape, which an editor can mark while one types: the JSON Schema refuses the policy too.
pub const OF_SHAPE: &[&str] = &[
    "unknown-key",
    "wrong-shape",
    "missing-key",
    "unknown-action",
    "missing-reason",
    "unsupported-version",
    "not-in-this-version",
    "conflicting-keys",
];

/// Policies of a wrong shape that a schema can't know to be so, each with the reason.
const ONLY_THE_READER: &[(&str, &str)] = &[
    ("gone, and the subject is a row", "`:subject` hangs on what the subject is"),
    ("subject and via", "`:subject` stands within SQL"),
    ("the subject too", "`:subject` stands within SQL"),
    ("a guard with the subject too", "`:subject` stands within SQL"),
    ("a path within one that goes", "paths have a meaning together"),
    ("a path within one that is replaced", "paths have a meaning together"),
    ("a path within two", "paths have a meaning together"),
    ("everything kept", "whether anything changes is said by all edits together"),
    ("a guest's word", "what a rule may say hangs on what the subject is"),
    ("a guest's path", "what a rule may say hangs on what the subject is"),
    ("a guest's parent", "what a rule may say hangs on what the subject is"),
    ("a guest's rule without a `where`", "what a rule may say hangs on what the subject is"),
    ("a guest's rule without the subject", "what a rule may say hangs on what the subject is"),
    ("a guest's guard", "what a guard may say hangs on what the subject is"),
    ("a path for everybody", "what a rule may say hangs on what the subject is"),
    ("a parent for everybody", "what a rule may say hangs on what the subject is"),
    ("a guard for everybody", "what a guard may say hangs on what the subject is"),
];

/// The law first: the places and codes; then the words, for a person to judge.
pub fn check(name: &str, cases: &[Case]) {
    let mut words = String::new();
    let mut wrong = String::new();
    for (sentence, text, expected) in cases {
        let (found, rendered) = refused(text);
        let by_schema = serde_saphyr::from_str::<serde_json::Value>(text).ok().map(|_| by_schema(text));
        let has_wrong_shape = found.iter().any(|it| it.split(' ').nth(1).is_some_and(|code| OF_SHAPE.contains(&code)));
        let excepted = ONLY_THE_READER.iter().any(|(known, _)| known == sentence);
        match (by_schema, has_wrong_shape) {
            // An exception that is none any more has to go.
            (Some(accepted), true) if accepted != excepted => wrong.push_str(&format!(
                "{sentence}: the schema {}, and ONLY_THE_READER {}\n",
                if accepted { "accepts it" } else { "refuses it" },
                if excepted { "lists it" } else { "doesn't list it" },
            )),
            (_, false) | (None, true) if excepted => wrong.push_str(&format!("{sentence}: is no exception\n")),
            _ => {}
        }
        if found != *expected {
            wrong.push_str(&format!("{sentence}: found {found:?}, expected {expected:?}\n{rendered}\n"));
        }
        words.push_str(&format!("=== {sentence}\n{rendered}\n"));
    }
    assert!(wrong.is_empty(), "{wrong}");
    insta::assert_snapshot!(name, words);
}

/// A policy around one column's decision, in line 7 from column 7 on.
pub fn column(decision: &str) -> String {
    with_rules(&format!("    columns:\n      {decision}\n"))
}

/// A policy around one `where`, in line 6.
fn condition(sql: &str) -> String {
    with_rules(&format!("    where: {sql}\n    keep: it is a test\n"))
}

pub fn top(text: &str) -> String {
    format!("version: 1\nname: p\n{text}\ntables:\n  users: delete\n")
}

#[test]
fn refreshes() {
    let view = |how: &str| top("subject: { table: users }") + &format!("  names: {{ {how} }}\n");
    check(
        "refreshes",
        &[
            ("a word that refresh doesn't have", view("refresh: now"), &["6:21 invalid-value"]),
            ("false", view("refresh: false"), &["6:21 invalid-value"]),
            ("true in quotes", view("refresh: \"true\""), &["6:21 invalid-value"]),
            ("nothing", view("refresh: "), &["6:12 empty-value"]),
            ("a list", view("refresh: [true]"), &["6:21 wrong-shape"]),
            ("a rule beside it", view("refresh: true, rows: delete"), &["6:27 conflicting-keys"]),
            ("an unknown key beside it", view("refresh: true, order: 1"), &["6:27 unknown-key"]),
            (
                "in a list of rules",
                with_rules("    - rows: delete\n    - refresh: true\n"),
                &["7:7 unknown-key", "7:7 missing-key"],
            ),
        ],
    );
}

#[test]
fn keys() {
    check(
        "keys",
        &[
            ("a misspelt key", top("subject: { table: users }\nlimts: { max_subjects: 1 }"), &["4:1 unknown-key"]),
            ("a key of a rule under a subject", top("subject: { table: users, via: id }"), &["3:26 unknown-key"]),
            ("a duplicate key", column("email: null\n      email: keep"), &["8:7 duplicate-key"]),
            (
                "one table in two spellings",
                top("subject: { table: users }\nlimits: { max_rows: { users: 1, public.users: 2 } }"),
                &["4:33 duplicate-key"],
            ),
            ("a missing subject", top("description: x"), &["1:1 missing-key"]),
            ("an empty subject", top("subject:"), &["3:1 empty-value"]),
            (
                "a subject that slipped to the left",
                top("subject:\ntable: users"),
                &["3:1 empty-value", "4:1 wrong-shape"],
            ),
            ("a key of a later version", top("subject: { table: users }\nseal: true"), &["4:1 not-in-this-version"]),
            (
                "another version",
                top("subject: { table: users }").replace("version: 1", "version: 2"),
                &["1:10 unsupported-version"],
            ),
            (
                "a version in quotes",
                top("subject: { table: users }").replace("version: 1", "version: \"1\""),
                &["1:10 unsupported-version"],
            ),
            (
                "no version",
                "name: p\nsubject: { table: users }\ntables: { users: delete }\n".into(),
                &["1:1 missing-key"],
            ),
            (
                "a number without a unit",
                top("subject: { table: users }\nlimits: { lock_timeout: 5 }"),
                &["4:25 invalid-value"],
            ),
            (
                "no limit at all",
                top("subject: { table: users }\nlimits: { lock_timeout: 0s }"),
                &["4:25 invalid-value"],
            ),
            (
                "an unknown code, an error, no reason",
                top(
                    "subject: { table: users }\naccept:\n  - { code: unindexed, at: x, because: y }\n  - { code: not-null, at: x, because: y }\n  - { code: unverified, at: x }",
                ),
                &["5:13 invalid-value", "6:13 invalid-value", "7:7 missing-key"],
            ),
            (
                "an acceptance of everything",
                top("subject: { table: users }\naccept:\n  - { code: unverified, at: \"*.*\", because: y }"),
                &["5:29 invalid-value"],
            ),
            ("an empty list", top("subject: { table: users }\naccept: []"), &["4:1 empty-value"]),
            ("a list for a map", top("subject: [users]"), &["3:10 wrong-shape"]),
            (
                "gone, and no word that is known there",
                top("subject: { table: users }\nverify: { gone: [{ column: users.name, anywhere: keep }] }"),
                &["4:50 invalid-value"],
            ),
            (
                "gone, twice",
                top("subject: { table: users }\nverify: { gone: [users.name, { column: users.name }] }"),
                &["4:40 duplicate-key"],
            ),
            (
                "gone, without a table, behind an arrow, and two as one",
                top("subject: { table: users }\nverify: { gone: [name, users.a -> b.c, \"users(a, b)\"] }"),
                &["4:18 invalid-path", "4:24 invalid-path", "4:41 invalid-path"],
            ),
            (
                "gone, and the subject is a row",
                top("subject: { table: users }\nverify: { gone: \":subject\" }"),
                &["4:17 conflicting-keys"],
            ),
            (
                "the connection's own schema",
                top("subject: { table: users }\nsearch_path: $user"),
                &["4:14 invalid-value"],
            ),
            (
                "a composite key that names a column twice",
                top("subject: { table: users, key: [a, a] }"),
                &["3:35 duplicate-key"],
            ),
            ("two dots in a table", top("subject: { table: a.b.c }"), &["3:22 invalid-path"]),
        ],
    );
}

#[test]
fn decisions() {
    check(
        "decisions",
        &[
            ("a misspelt word", column("email: nul"), &["7:14 unknown-action"]),
            ("a misspelt action", column("email: { replce: x }"), &["7:16 unknown-action"]),
            ("a text for a decision", column("email: deleted"), &["7:14 unknown-action"]),
            ("an empty value", column("email:"), &["7:7 empty-value"]),
            ("a tilde", column("email: ~"), &["7:14 empty-value"]),
            ("a null in quotes", column("email: \"null\""), &["7:14 empty-value"]),
            ("another null of YAML", column("email: NULL"), &["7:14 empty-value"]),
            ("a word in quotes", column("email: \"keep\""), &["7:14 invalid-value"]),
            ("a list", column("email: [deleted]"), &["7:14 wrong-shape"]),
            ("a list in replace", column("email: { replace: [deleted] }"), &["7:25 wrong-shape"]),
            ("nothing in replace", column("email: { replace: }"), &["7:16 empty-value"]),
            ("null in replace", column("email: { replace: null }"), &["7:25 empty-value"]),
            ("a moment in replace", column("at: { replace: now() }"), &["7:22 invalid-value"]),
            ("infinity in replace", column("at: { replace: \"Infinity\" }"), &["7:22 invalid-value"]),
            ("no action", column("email: { domain: x.invalid }"), &["7:16 missing-key"]),
            ("two actions", column("email: { replace: x, sql: y }"), &["7:28 conflicting-keys"]),
            ("an option of another action", column("email: { replace: x, domain: y }"), &["7:28 conflicting-keys"]),
            ("an option of another kind", column("email: { randomize: uuid, domain: y }"), &["7:33 conflicting-keys"]),
            ("no bytes at all", column("key: { randomize: bytes, length: 0 }"), &["7:40 invalid-value"]),
            (
                "more bytes than fit a script",
                column("key: { randomize: bytes, length: 10001 }"),
                &["7:40 invalid-value"],
            ),
            ("bytes in a picture", column("key: { randomize: bytes, format: \"##\" }"), &["7:32 conflicting-keys"]),
            ("an unknown kind", column("email: { randomize: emial }"), &["7:27 unknown-action"]),
            ("a mask of two characters", column("email: { mask: XX }"), &["7:22 invalid-value"]),
            ("a mask that nobody sees", column("email: { mask: \" \" }"), &["7:22 invalid-value"]),
            ("a mask that keeps nothing", column("email: { mask: x, keep_last: 0 }"), &["7:36 invalid-value"]),
            ("a mask of nothing", column("email: { mask: }"), &["7:16 empty-value"]),
            ("an option of a mask", column("email: { replace: x, keep_first: 1 }"), &["7:28 conflicting-keys"]),
            ("a mask with a domain", column("email: { mask: x, domain: y }"), &["7:25 conflicting-keys"]),
            ("a misspelt unit", column("at: { generalize: yaer }"), &["7:25 invalid-value"]),
            ("a negative multiple", column("n: { generalize: -10 }"), &["7:24 invalid-value"]),
            ("a multiple of zero", column("n: { generalize: 0.00 }"), &["7:24 invalid-value"]),
            ("a list of units", column("at: { generalize: [year] }"), &["7:25 wrong-shape"]),
            ("no day at all", column("at: { shift_days: 0 }"), &["7:25 invalid-value"]),
            ("more than a century", column("at: { shift_days: 36526 }"), &["7:25 invalid-value"]),
            ("half a day", column("at: { shift_days: 0.5 }"), &["7:25 invalid-value"]),
            ("a kind of pseudonym that is none", column("email: { pseudonymize: emial }"), &["7:30 unknown-action"]),
            ("no kind of pseudonym", column("email: { pseudonymize: }"), &["7:16 empty-value"]),
            (
                "an option of another pseudonym",
                column("email: { pseudonymize: uuid, domain: y }"),
                &["7:36 conflicting-keys"],
            ),
            ("a switch for a reason", column("email: { keep: true }"), &["7:22 missing-reason"]),
            ("a picture without a digit", column("pin: { randomize: digits, format: abc }"), &["7:41 invalid-value"]),
            (
                "a picture that is cut",
                column("pin:\n        randomize: digits\n        format: +## ###"),
                &["9:21 sql-cut-short"],
            ),
            ("a day that is none", column("d: { randomize: date, min: 2023-02-29 }"), &["7:34 invalid-value"]),
            (
                "bounds the wrong way round",
                column("d: { randomize: integer, min: 5, max: -5 }"),
                &["7:37 invalid-value"],
            ),
            ("a literal that is cut", column("email:\n        replace: user #1"), &["8:23 sql-cut-short"]),
            ("an empty map", column("email: {}"), &["7:14 empty-value"]),
            ("rows: delete as a column", column("email: delete"), &["7:14 unknown-action"]),
        ],
    );
}

#[test]
fn rules() {
    check(
        "rules",
        &[
            (
                "keep without a reason",
                top("subject: { table: users }").replace("users: delete", "users: keep"),
                &["5:10 missing-reason"],
            ),
            (
                "a misspelt word",
                top("subject: { table: users }").replace("users: delete", "users: delte"),
                &["5:10 unknown-action"],
            ),
            ("no rule", with_rules("    []\n"), &["6:5 empty-value"]),
            ("nothing", with_rules(""), &["5:3 empty-value"]),
            ("no columns", with_rules("    columns: {}\n"), &["6:5 empty-value"]),
            ("no decision", with_rules("    via: a_id\n"), &["5:3 missing-key"]),
            ("two decisions", with_rules("    rows: delete\n    keep: x\n"), &["6:5 conflicting-keys"]),
            (
                "other columns of nothing",
                with_rules("    rows: delete\n    other_columns: null\n"),
                &["7:5 conflicting-keys"],
            ),
            ("keep as a value of rows", with_rules("    rows: keep\n"), &["6:11 missing-reason"]),
            ("a later key", with_rules("    rows: delete\n    emit: []\n"), &["7:5 not-in-this-version"]),
            (
                "subject and via",
                with_rules("    via: id\n    where: ref = any(:subject)\n    rows: delete\n"),
                &["6:5 conflicting-keys"],
            ),
            (
                "a rule that can never match",
                with_rules("    - { via: a, rows: delete }\n    - { via: a, where: x > 1, keep: y }\n"),
                &["7:9 rule-order"],
            ),
            (
                "a path that is left open",
                with_rules("    - { via: [a, b], where: x > 1, rows: delete }\n    - { via: a, keep: y }\n"),
                &["6:9 rule-order"],
            ),
            ("rows that are left open", with_rules("    where: x > 1\n    rows: delete\n"), &["6:5 rule-order"]),
            (
                "a path without a table behind the arrow",
                with_rules("    via: a -> b\n    rows: delete\n"),
                &["6:15 invalid-path"],
            ),
            (
                "a path that is cut by a comma",
                with_rules("    { via: (a, b), rows: delete }\n"),
                &["6:14 invalid-path", "6:16 unknown-key"],
            ),
            ("a path twice", with_rules("    via: [a, ' a']\n    rows: delete\n"), &["6:14 duplicate-key"]),
            (
                "a guard without a message",
                top("subject: { table: users }\nguards:\n  - { name: x, table: y }"),
                &["5:7 missing-key"],
            ),
        ],
    );
}

#[test]
fn sql() {
    check(
        "sql",
        &[
            ("a comment that swallows", condition("a > 1 -- and b\n      or true"), &["6:18 sql-comment"]),
            ("a comment in a folded block", condition(">\n      a > 1 /* x */\n      and b"), &["7:13 sql-comment"]),
            ("a YAML comment that cuts", condition("a > 1 # and b"), &["6:18 sql-cut-short"]),
            ("an operator that is cut", condition("data  #>> '{a}' = 'x'"), &["6:18 sql-cut-short"]),
            ("a string that is cut", condition("a = 'x  # y'"), &["6:16 sql-not-understood"]),
            ("two lines", condition("a > 1\n      and b"), &["6:12 sql-quoting"]),
            ("a folded block", condition(">-\n      a > 1\n      and b"), &["7:7 sql-quoting"]),
            ("quotes", condition("\"a > 1\""), &["6:12 sql-quoting"]),
            ("braces", condition("{a: b}"), &["6:12 sql-quoting"]),
            ("nothing", condition(""), &["6:5 empty-value"]),
            ("an empty block", condition("|"), &["6:5 empty-value"]),
            ("a psql variable", condition("a = :x"), &["6:16 sql-not-allowed"]),
            ("a quoted psql variable", condition("a = :'x'"), &["6:16 sql-not-allowed"]),
            ("a psql name", condition("a = :\"x\""), &["6:16 sql-not-allowed"]),
            ("a slice that psql would read as a variable", condition("a[1:2] is null"), &["6:15 sql-not-allowed"]),
            ("a psql command", condition("|\n      a = 1 \\! ls"), &["7:13 sql-not-allowed"]),
            ("a parameter", condition("a = $1"), &["6:16 sql-not-allowed"]),
            ("a second statement", condition("a = 1; drop table x"), &["6:17 sql-not-allowed"]),
            ("a way out of the parentheses", condition("a = 1) or (true"), &["6:17 sql-not-understood"]),
            ("an unfinished string", condition("a = 'x"), &["6:16 sql-not-understood"]),
            ("an unfinished condition", condition("a = 1 and"), &["6:21 sql-not-understood"]),
            ("a form that the parser does not know", condition("a isnull"), &["6:14 sql-not-understood"]),
            ("a comment that ends a block", condition("|\n      a > 1\n# or b\n      and c"), &["9:7 invalid-yaml"]),
            ("a null", condition("null"), &["6:12 empty-value"]),
            ("a tab in front of a comment", condition("a > 1\t# and b"), &["6:18 sql-cut-short"]),
            ("an aggregate", condition("count(*) > 1"), &["6:12 sql-not-allowed"]),
            (
                "a setting of the run itself",
                condition("set_config('efface.key1', '{2}', true) is null"),
                &["6:12 sql-not-allowed"],
            ),
            ("a window", condition("row_number() over () > 1"), &["6:12 sql-not-allowed"]),
            (
                "rows that change",
                condition("exists (with d as (delete from x returning 1) select 1)"),
                &["6:31 sql-not-allowed"],
            ),
            ("rows that are locked", condition("exists (select 1 from t for update)"), &["6:36 sql-not-allowed"]),
            (
                "the subject in the subject",
                top("subject: { table: users, where: id = :subject }"),
                &["3:38 sql-not-allowed"],
            ),
            (
                "a report that is no SELECT",
                top("subject: { table: users }\nverify:\n  unchanged:\n    - name: x\n      query: delete from users"),
                &["7:14 sql-not-allowed"],
            ),
            (
                "a report that stores",
                top(
                    "subject: { table: users }\nverify:\n  unchanged:\n    - name: x\n      query: select a into t from users",
                ),
                &["7:23 sql-not-allowed"],
            ),
        ],
    );
}

#[test]
fn yaml() {
    check(
        "yaml",
        &[
            ("an empty file", String::new(), &["1:1 empty-value"]),
            ("only comments", "# nothing\n".into(), &["1:1 empty-value"]),
            ("a list", "- version: 1\n".into(), &["1:1 wrong-shape"]),
            ("a word", "version\n".into(), &["1:1 wrong-shape"]),
            ("an anchor", column("email: &x null"), &["7:14 invalid-yaml"]),
            ("a word like a key's sign", with_rules("    via: [?a, b]\n    rows: delete\n"), &["6:11 invalid-yaml"]),
            ("an alias", column("email: &x null\n      name: *x"), &["8:13 invalid-yaml"]),
            ("an unknown alias", column("email: *x"), &["7:14 invalid-yaml"]),
            ("a merge key", column("<<: { a: null }"), &["7:7 invalid-yaml"]),
            ("a tag", column("email: { replace: !!str 12 }"), &["7:25 invalid-yaml"]),
            ("a tag on a map", with_rules("    !rule\n    rows: delete\n"), &["6:5 invalid-yaml"]),
            ("a tag that does not fit", column("email: { replace: !!int x }"), &["7:31 invalid-yaml"]),
            ("a directive", format!("%YAML 1.1\n---\n{}", column("email: null")), &["1:1 invalid-yaml"]),
            ("a second document", format!("{}---\na: b\n", column("email: null")), &["9:1 invalid-yaml"]),
            ("a tab", column("email:\n\treplace: x"), &["8:2 invalid-yaml"]),
            (
                "a comma inside braces",
                with_rules("    columns: { a: { sql: coalesce(x, y) }, b: null }\n"),
                &["6:36 sql-not-understood", "6:38 unknown-key"],
            ),
            ("a colon inside a value", column("email: { replace: x }\n      name: a: b"), &["8:14 invalid-yaml"]),
            ("a NUL character", column("email: { replace: \"a\\0b\" }"), &["7:25 invalid-value"]),
            ("a NUL character in a reason", column("email: { keep: \"a\\0b\" }"), &["7:22 invalid-value"]),
            ("an open brace", column("email: { replace: x"), &["7:14 invalid-yaml"]),
            ("text behind a quote", condition("'a' = b"), &["6:16 invalid-yaml"]),
            ("an at sign", column("email: @x"), &["7:14 invalid-yaml"]),
            ("a list for a key", column("? [a]\n      : null"), &["7:9 invalid-yaml"]),
            ("an escape", column("email: \u{1b}[31m"), &["7:14 invalid-yaml"]),
            ("text from right to left", column("email: { replace: \u{202e}x }"), &["7:25 invalid-yaml"]),
            ("a carriage return alone", column("email: null\r      name: null"), &["7:18 invalid-yaml"]),
            (
                "a no-break space for an indentation",
                column("email: null").replace("      email", "    \u{a0} email"),
                &["7:5 invalid-yaml"],
            ),
            ("an error behind a byte order mark", format!("\u{feff}{}", column("é: @x")), &["7:10 invalid-yaml"]),
            ("sixty braces", format!("a: {}", "{a: ".repeat(60)), &["1:128 invalid-yaml"]),
            ("five thousand brackets", "[".repeat(5_000), &["1:256 invalid-yaml"]),
        ],
    );
}
