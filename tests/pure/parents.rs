//! `referenced_by` and `expect: none` where they don't fit: place, code, words; and what is right just beside it.

use efface::catalog::{self, Catalog};
use efface::diagnostic::render;

use crate::broken::report_in;

const GOOD: &str = include_str!("../cases/a-parent-that-third-tables-reference/policy.yaml");

fn shops() -> Catalog {
    let text = include_str!("../cases/a-parent-that-third-tables-reference/catalog.json");
    catalog::read(text).expect("the recorded catalog")
}

/// The findings as `line:column code`, without warnings, and everything in words.
fn found(text: &str) -> (Vec<String>, String) {
    let (report, file) = report_in(&shops(), text);
    let errors = report.sorted().into_iter().filter(|found| found.severity == efface::diagnostic::Severity::Error);
    let places = errors.map(|found| {
        let place = file.position(found.primary.as_ref().expect("every finding has a place").span.start);
        format!("{}:{} {}", place.line, place.column, found.code.name())
    });
    (places.collect(), render::text(&report, &file, false))
}

#[test]
fn a_reference_that_is_none_is_told_where_it_stands() {
    assert_eq!(found(GOOD).0, Vec::<String>::new());
    let mut words = String::new();
    for (sentence, from, to, expected) in [
        ("no such table", "users.work_id", "persons.work_id", &["16:36 unknown-table"][..]),
        ("no such column", "users.work_id", "users.job_id", &["16:36 unknown-path"]),
        ("no key", "users.work_id", "users.name", &["16:36 unknown-path"]),
        ("a key to another table", "users.work_id", "orders.client_id", &["16:36 unknown-path"]),
        ("a table without rules", "users.work_id", "depots.address_id", &["16:36 path-outside-policy"]),
        (
            "the subject goes on referencing it",
            "home_id: null, work_id: null",
            "home_id: null, work_id: keep",
            &["6:5 orphans"],
        ),
        (
            "one key by two names",
            "    referenced_by: [users.home_id, users.work_id, homes.address_id]\n    if_shared: keep\n    rows: delete",
            "    - { referenced_by: users.home_id, if_shared: keep, rows: delete }\n    \
             - { referenced_by: users.users_home_id_fkey, if_shared: keep, keep: x }",
            &["17:9 rule-order"],
        ),
    ] {
        assert!(GOOD.contains(from), "{sentence}");
        let (places, text) = found(&GOOD.replace(from, to));
        assert_eq!(places, expected, "{sentence}\n{text}");
        words.push_str(&format!("=== {sentence}\n{text}\n"));
    }
    insta::assert_snapshot!("parents", words);
}

#[test]
fn rows_that_wait_for_each_other_are_told() {
    let catalog =
        catalog::read(include_str!("../cases/parents-of-parents/catalog.json")).expect("the recorded catalog");
    let policy = "version: 1\nname: x\nsubject: { table: users }\ntables:\n  users: { keep: x }\n  visits: { keep: x }\n  \
                  streets: { referenced_by: addresses.street_id, if_shared: keep, keep: x }\n  \
                  cities: { referenced_by: streets.city_id, if_shared: keep, keep: x }\n";
    let addresses = "  addresses: { referenced_by: users.address_id, if_shared: keep, keep: x }\n";
    let (good, _) = report_in(&catalog, &format!("{policy}{addresses}"));
    assert!(!good.has_errors());
    let mut round = catalog.clone();
    let mut back = round.foreign_keys[0].clone();
    (back.name, back.child, back.parent) = ("back".into(), round.tables[1].name.clone(), round.tables[0].name.clone());
    back.pairs = vec![catalog::ColumnPair { child: "id".into(), parent: "id".into() }];
    assert_eq!((back.child.name.as_str(), back.parent.name.as_str()), ("cities", "addresses"));
    round.foreign_keys.push(back);
    let round = round.new().expect("a catalog");
    let addresses = "  addresses: { referenced_by: cities.id, if_shared: keep, keep: x }\n";
    let (bad, file) = report_in(&round, &format!("{policy}{addresses}"));
    let told = render::text(&bad, &file, false);
    assert_eq!(told.matches("error[key-cycle]").count(), 3, "{told}");
}
