//! Policies that can be read and don't fit the database: where, why, and with which words.
//!
//! All against the catalog of the case `policies-that-are-refused`, which a test on a real server keeps true.

use efface::catalog::{self, Catalog};
use efface::diagnostic::{Report, render};
use efface::pgtype::PgType;
use efface::source::SourceFile;
use efface::{plan, policy, resolve};

/// The catalog that the policies are held against.
pub fn club() -> Catalog {
    catalog::read(include_str!("../cases/policies-that-are-refused/catalog.json")).expect("the recorded catalog")
}

/// Everything that check and plan say about a policy.
pub fn report(text: &str) -> (Report, SourceFile) {
    report_in(&club(), text)
}

/// The same against another catalog.
pub fn report_in(catalog: &Catalog, text: &str) -> (Report, SourceFile) {
    let file = SourceFile::new("policy.yaml", text);
    let read = policy::read(&file);
    let read = read.unwrap_or_else(|report| panic!("not a policy:\n{}", render::text(&report, &file, false)));
    let found = match resolve::resolve(&read.value, catalog) {
        Ok(resolved) => {
            let mut report = resolved.warnings;
            if let Err(refused) = plan::plan(&resolved.value.policy, &resolved.value.catalog) {
                report.extend(refused);
            }
            report
        }
        Err(report) => report,
    };
    (found, file)
}

/// A sentence, a policy, and what has to be found in it, each as `line:column code`.
type Case = (&'static str, String, &'static [&'static str]);

/// The law first: the places and codes; then the words, for a person to judge.
fn check(name: &str, cases: &[Case]) {
    let mut words = String::new();
    let mut wrong = String::new();
    for (sentence, text, expected) in cases {
        let (report, file) = report(text);
        let rendered = render::text(&report, &file, false);
        let found: Vec<String> = report
            .sorted()
            .into_iter()
            .map(|found| {
                let place = found.primary.as_ref().expect("every finding has a place").span;
                assert!(place.end <= text.len() && place.start < place.end, "{sentence}: a place in the file");
                let position = file.position(place.start);
                format!("{}:{} {}", position.line, position.column, found.code.name())
            })
            .collect();
        if found != *expected {
            wrong.push_str(&format!("{sentence}: found {found:?}, expected {expected:?}\n{rendered}\n"));
        }
        words.push_str(&format!("=== {sentence}\n{rendered}\n"));
    }
    assert!(wrong.is_empty(), "{wrong}");
    insta::assert_snapshot!(name, words);
}

/// What no case is about: everything that leads to the subject, kept.
const OTHERS: &[(&str, &str)] = &[
    ("bookings", "{ via: [client_id, trainer_id], keep: x }"),
    ("cards", "{ via: [user_id, \"(user_club, user_number)\"], keep: x }"),
    ("diary", "{ keep: x }"),
    ("eggs", "{ via: user_id, keep: x }"),
    ("hens", "{ via: user_id, keep: x }"),
    ("logins", "{ keep: x }"),
    ("ratings", "{ via: \"visit_id -> visits.(booking_id, club_id) -> bookings.client_id\", keep: x }"),
    ("ruled", "{ keep: x }"),
    ("visits", "{ via: \"(booking_id, club_id) -> bookings.client_id\", keep: x }"),
];

/// A policy around some tables: they begin in line 5, the others are kept behind them, the paths that those don't follow
/// are accepted.
pub fn tables(rules: &str) -> String {
    let named = |table: &str| rules.lines().any(|line| line.starts_with(&format!("  {table}:")));
    let others: String =
        OTHERS.iter().filter(|(table, _)| !named(table)).map(|(table, rule)| format!("  {table}: {rule}\n")).collect();
    let users = if named("users") { "" } else { "  users: { keep: x }\n" };
    format!(
        "version: 1\nname: p\nsubject: {{ table: users }}\ntables:\n{rules}{users}{others}accept:\n  \
         - {{ code: path-not-followed, at: \"eggs.hen_id*\", because: x }}\n  \
         - {{ code: path-not-followed, at: \"hens.egg_id*\", because: x }}\n  \
         - {{ code: path-not-followed, at: \"visits.*trainer_id\", because: x }}\n"
    )
}

/// A decision about one column of the subject's row, in line 7 from column 7 on.
pub fn column(decision: &str) -> String {
    let rules = tables(&format!("  users:\n    columns:\n      {decision}\n    other_columns: keep\n"));
    format!("{rules}  - {{ code: other-columns-kept, at: users, because: x }}\n")
}

#[test]
fn the_policy_around_the_cases_is_fine() {
    let (report, file) = report(&tables(""));
    assert!(report.is_empty(), "{}", render::text(&report, &file, false));
}

#[test]
fn names() {
    check(
        "names",
        &[
            ("a misspelt table", tables("  bookngs: delete\n"), &["5:3 unknown-table"]),
            (
                "a table of another schema",
                tables("  stock: delete\n  sales: delete\n"),
                &["5:3 unknown-table", "6:3 unknown-table"],
            ),
            ("a misspelt column", column("emial: null"), &["7:7 unknown-column"]),
            (
                "a misspelt column in a condition",
                tables("  bookings:\n    via: client_id\n    rows: delete\n  diary:\n  - where: mod is null and diary.dy = mood\n    keep: x\n  - delete\n"),
                &["9:12 unknown-column", "9:28 unknown-column"],
            ),
            (
                "a misspelt column in an expression",
                column("name: { sql: upper(nam) }"),
                &["7:26 unknown-column"],
            ),
            ("a view", tables("  people: delete\n"), &["5:3 unsupported-table"]),
            ("a foreign table", tables("  remote_users: delete\n"), &["5:3 unsupported-table"]),
            ("a partition", tables("  logins_old: delete\n"), &["5:3 unsupported-table"]),
            ("a table with a rewrite rule", tables("  ruled: delete\n"), &["5:3 changed-by-rule"]),
            (
                "a misspelt table of a guard and of a limit",
                tables("").replace(
                    "tables:\n",
                    "guards:\n  - { name: g, table: bokings, message: m }\nlimits: { max_rows: { viists: 1 } }\ntables:\n",
                ),
                &["5:23 unknown-table", "6:23 unknown-table"],
            ),
        ],
    );
}

#[test]
fn subjects() {
    let subject = |text: &str| {
        let table = text.split([' ', ',']).nth(2).expect("{ table: name …");
        format!("version: 1\nname: p\nsubject: {text}\ntables:\n  {table}: {{ keep: x }}\n")
    };
    check(
        "subjects",
        &[
            ("a misspelt subject", subject("{ table: user }"), &["3:19 unknown-table", "5:3 unknown-table"]),
            ("a subject without a key", subject("{ table: diary }"), &["3:19 invalid-subject"]),
            ("a key that isn't unique", subject("{ table: users, key: email }"), &["3:31 invalid-subject"]),
            ("half of a key", subject("{ table: users, key: [club_id] }"), &["3:32 invalid-subject"]),
            ("a key that may be null", subject("{ table: cards, key: [a, b] }"), &["3:32 invalid-subject"]),
            ("a misspelt key", subject("{ table: users, key: idd }"), &["3:31 unknown-column"]),
        ],
    );
}

#[test]
fn paths() {
    let bookings = |via: &str| tables(&format!("  bookings: {{ via: {via}, keep: x }}\n"));
    let visits = |via: &str| tables(&format!("  visits: {{ via: \"{via}\", keep: x }}\n"));
    check(
        "paths",
        &[
            ("two ways and no via", tables("  bookings: delete\n"), &["5:13 path-required"]),
            ("a way over another table and no via", tables("  visits: delete\n"), &["5:11 path-required"]),
            ("no way at all", tables("  club.stock: delete\n"), &["5:15 path-required"]),
            ("a column that references nothing", bookings("note"), &["5:20 unknown-path"]),
            ("a key that doesn't exist", bookings("clientid"), &["5:20 unknown-path"]),
            ("half of a composite key", visits("booking_id -> bookings.client_id"), &["5:19 unknown-path"]),
            ("a path that ends elsewhere", visits("(booking_id, club_id)"), &["5:18 unknown-path"]),
            (
                "a path that is at another table",
                visits("(booking_id, club_id) -> cards.user_id"),
                &["5:44 unknown-path"],
            ),
            (
                "a path through a table that nobody decides",
                tables("").replace("  bookings: { via: [client_id, trainer_id], keep: x }\n", ""),
                &["11:32 path-outside-policy", "13:19 path-outside-policy"],
            ),
            (
                "a path that no rule follows",
                tables("  bookings: { via: client_id, keep: x }\n"),
                &["5:15 path-not-followed"],
            ),
            (
                "a longer path that no rule follows",
                tables("").replace("visits.*trainer_id", "visits.x"),
                &["14:13 path-not-followed", "18:36 unmatched-acceptance"],
            ),
            (
                "a table that nobody decides",
                tables("").replace("  diary: { keep: x }\n", ""),
                &["3:19 undecided-table"],
            ),
            (
                "a table two keys away that nobody decides",
                tables("").replace(
                    "  ratings: { via: \"visit_id -> visits.(booking_id, club_id) -> bookings.client_id\", keep: x }\n",
                    "",
                ),
                &["3:19 undecided-table"],
            ),
            (
                "a table with a composite key that nobody decides",
                tables("")
                    .lines()
                    .filter(|line| !line.contains("  visits:") && !line.contains("  ratings:"))
                    .map(|line| format!("{line}\n"))
                    .collect(),
                &["3:19 undecided-table", "3:19 undecided-table"],
            ),
            ("a table for later", tables("  diary: undecided\n"), &["5:10 undecided-table"]),
            (
                "an acceptance of nothing",
                tables("").replace("eggs.hen_id*", "eggs.henid"),
                &["9:11 path-not-followed", "16:36 unmatched-acceptance"],
            ),
        ],
    );
}

#[test]
fn columns() {
    check(
        "columns",
        &[
            (
                "a column that nobody decides",
                tables("  diary:\n    columns: { user_id: keep, mood: null }\n"),
                &["6:5 undecided-column"],
            ),
            (
                "columns that nobody decides",
                tables("  diary:\n    columns: { user_id: keep }\n"),
                &["6:5 undecided-column"],
            ),
            (
                "a column for later",
                tables("  diary:\n    columns: { user_id: keep, mood: undecided, day: null }\n"),
                &["6:37 undecided-column"],
            ),
            (
                "text kept unseen",
                tables("  diary:\n    columns: { user_id: keep }\n    other_columns: keep\n"),
                &["7:20 other-columns-kept"],
            ),
        ],
    );
}

#[test]
fn fit() {
    check(
        "fit",
        &[
            ("null on NOT NULL", column("name: null"), &["7:13 not-null"]),
            ("null on a domain that is NOT NULL", column("mobile: null"), &["7:15 not-null"]),
            (
                "a constant on a unique column",
                column("number: { replace: 0 }"),
                &["7:26 referenced-column", "7:26 not-unique"],
            ),
            (
                "a constant under a partial index on an expression",
                column("email: { replace: x }"),
                &["7:25 not-unique"],
            ),
            ("a short random value under it", column("email: { randomize: token, length: 8 }"), &["7:14 not-unique"]),
            ("names under it", column("email: { randomize: name }"), &["7:14 not-unique"]),
            ("an expression under it", column("email: { sql: lower(name) }"), &["7:21 not-unique"]),
            ("a row that comes into the index", column("deleted_at: null"), &["7:19 not-unique"]),
            (
                "half of a unique pair",
                tables("  cards:\n    via: user_id\n    columns: { a: { replace: 1 } }\n    other_columns: keep\n"),
                &["6:5 path-not-followed", "7:30 not-unique"],
            ),
            ("too long for varchar", column("nickname: { replace: ten and one }"), &["7:28 too-long"]),
            ("a random value that is too long", column("nickname: { randomize: email }"), &["7:17 too-long"]),
            (
                "too long for the varchar in a domain",
                column("mobile: { replace: +00 000 000 000 000 000 }"),
                &["7:26 too-long", "7:26 unverified"],
            ),
            ("outside an enum", column("status: { replace: Active }"), &["7:26 not-in-enum"]),
            (
                "a choice outside an enum",
                column("status: { randomize: choice, from: [active, gone] }"),
                &["7:51 not-in-enum"],
            ),
            ("not a date", column("born_on: { replace: unknown }"), &["7:27 wrong-type"]),
            ("a random value of another type", column("born_on: { randomize: email }"), &["7:16 wrong-type"]),
            ("a number that is masked", column("score: { mask: x }"), &["7:22 wrong-type"]),
            ("a text that is cut to a year", column("name: { generalize: year }"), &["7:27 wrong-type"]),
            ("a day that is cut to an hour", column("born_on: { generalize: hour }"), &["7:30 wrong-type"]),
            ("a number that is cut to a year", column("score: { generalize: year }"), &["7:28 wrong-type"]),
            ("a multiple finer than the column", column("score: { generalize: 0.25 }"), &["7:28 wrong-type"]),
            ("a text that is moved by days", column("name: { shift_days: 3 }"), &["7:27 wrong-type"]),
            ("a pseudonym of another type", column("born_on: { pseudonymize: email }"), &["7:16 wrong-type"]),
            ("a pseudonym that is too long", column("mobile: pseudonymize"), &["7:15 too-long"]),
            ("a pseudonym under a unique index", column("email: { pseudonymize: email }"), &["7:14 not-unique"]),
            ("a masked value under a unique index", column("email: { mask: x }"), &["7:22 not-unique"]),
            (
                "a random value under an exclusion constraint",
                column("during: randomize"),
                &["7:15 exclusion-constraint"],
            ),
            ("too many digits", column("score: { replace: 1000 }"), &["7:25 wrong-type"]),
            ("a bound finer than the column", column("score: { randomize: number, max: 1.25 }"), &["7:40 wrong-type"]),
            (
                "a range that is empty with its other end",
                column("born_on: { randomize: date, min: 2020-01-01 }"),
                &["7:16 invalid-value"],
            ),
            ("a generated column", column("full_name: null"), &["7:18 generated-column"]),
            ("an identity column", column("seq: { replace: 1 }"), &["7:23 generated-column"]),
            ("a default that isn't there", column("room: default"), &["7:13 no-default"]),
            ("the subject's key", column("id: { replace: 1 }"), &["7:22 referenced-column", "7:22 not-unique"]),
            (
                "a reference that would point at nothing",
                column("club_id: { replace: 0 }"),
                &["7:27 referenced-column", "7:27 broken-reference", "7:27 not-unique"],
            ),
            (
                "a column under an exclusion constraint",
                column("during: { replace: empty }"),
                &["7:26 exclusion-constraint", "7:26 unverified"],
            ),
            ("a CHECK that only a server can answer", column("mobile: { replace: \"0\" }"), &["7:26 unverified"]),
            (
                "a partition key",
                tables(
                    "  logins:\n    columns: { day: { replace: 1900-01-01 }, id: keep, user_id: keep, agent: null }\n",
                ),
                &["6:32 partition-key", "6:32 not-unique"],
            ),
            (
                "half of a MATCH FULL key",
                tables(
                    "  cards:\n    via: [user_id, \"(user_club, user_number)\"]\n    columns: { user_club: null }\n    other_columns: keep\n",
                ),
                &["7:16 broken-reference"],
            ),
            (
                "null in the NOT NULL part of a composite key",
                tables(
                    "  visits:\n    via: (booking_id, club_id) -> bookings.client_id\n    columns: { club_id: null }\n    other_columns: keep\n",
                ),
                &["7:25 not-null"],
            ),
        ],
    );
}

#[test]
fn deletes() {
    let no_visits = |rule: &str| tables(&format!("  bookings: {{ via: [client_id, trainer_id], {rule} }}\n"));
    check(
        "deletes",
        &[
            (
                "a subject's row that many tables reference",
                tables("  users: delete\n"),
                &[
                    "6:15 orphans",
                    "6:15 orphans",
                    "7:12 orphans",
                    "7:12 orphans",
                    "8:12 orphans",
                    "9:11 orphans",
                    "10:11 orphans",
                    "11:13 orphans",
                    "13:12 orphans",
                ],
            ),
            (
                "rows that stay and reference deleted ones, ON DELETE SET NULL",
                no_visits("rows: delete"),
                &["5:15 orphans", "14:13 orphans"],
            ),
            (
                "ON DELETE CASCADE",
                tables("  visits: { via: \"(booking_id, club_id) -> bookings.client_id\", rows: delete }\n"),
                &["13:14 orphans"],
            ),
            (
                "no rule for the referencing rows on this path",
                tables("  bookings: delete\n")
                    .replace("bookings: delete", "bookings: { via: trainer_id, rows: delete }"),
                &["5:15 path-not-followed", "5:15 orphans"],
            ),
            ("a cascade into a table that is kept", no_visits("rows: cascade"), &["14:13 cascade-conflict"]),
            (
                "tables that reference each other in a circle",
                tables(
                    "  eggs: { via: [user_id, hen_id -> hens.user_id], rows: delete }\n  \
                     hens: { via: [user_id, egg_id -> eggs.user_id], rows: delete }\n",
                ),
                &["5:11 orphans", "6:11 orphans"],
            ),
            (
                "a circle of rows below rows",
                tables(
                    "  eggs: { via: [user_id, hen_id -> hens.user_id, hen_id -> hens.egg_id -> eggs.user_id], rows: delete }\n  \
                     hens: { via: [user_id, egg_id -> eggs.user_id, egg_id -> eggs.hen_id -> hens.user_id], rows: delete }\n",
                ),
                &["5:11 key-cycle", "6:11 key-cycle"],
            ),
            (
                "rows of a table without a key that several rules decide",
                tables(
                    "  diary:\n    - { where: mood = 'bad', rows: delete }\n    - columns: { user_id: keep, mood: null, day: keep }\n",
                ),
                &["6:9 needs-primary-key"],
            ),
        ],
    );
}

#[test]
fn a_random_number_fits_a_column_that_counts_in_hundreds() {
    let mut catalog = club();
    let users = catalog.tables.iter_mut().find(|table| table.name.name.as_str() == "users").expect("users");
    let score = users.columns.iter_mut().find(|column| column.name.as_str() == "score").expect("score");
    score.ty = PgType::Numeric { precision: Some(6), scale: Some(-2) };
    let (report, file) = report_in(&catalog, &column("score: randomize"));
    assert!(report.is_empty(), "{}", render::text(&report, &file, false));
}

#[test]
fn a_key_without_an_index_is_a_warning_that_can_be_accepted() {
    let mut catalog = club();
    let diary = catalog.tables.iter_mut().find(|table| table.name.name.as_str() == "diary").expect("diary");
    diary.indexed.clear();
    let text = tables("  diary: delete\n");
    let (found, file) = report_in(&catalog, &text);
    assert!(!found.has_errors());
    insta::assert_snapshot!(render::text(&found, &file, false), @r"
    warning[unindexed-foreign-key]: `user_id` of table `diary` has no index
     --> policy.yaml:5:10
      |
    5 |   diary: delete
      |          ^^^^^^ rows are found by it
      |
      = note: each run reads the whole of `diary`
      = help: CREATE INDEX CONCURRENTLY ON diary (user_id)

    0 errors, 1 warning
    ");
    let accepted = format!("{text}  - {{ code: unindexed-foreign-key, at: diary.user_id, because: nightly run }}\n");
    assert!(report_in(&catalog, &accepted).0.is_empty());
}
