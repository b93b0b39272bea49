//! What looks like a reference and is none, and partitions that differ: told where it is so, and nowhere else.

use efface::catalog::{self, Catalog};
use efface::diagnostic::{Code, Report, render};

use crate::broken::report_in;

const HABITS: &str = include_str!("../cases/columns-that-look-like-references/policy.yaml");

fn habits() -> Catalog {
    catalog::read(include_str!("../cases/columns-that-look-like-references/catalog.json"))
        .expect("the recorded catalog")
}

/// The places of the findings of one kind.
fn places(report: &Report, code: Code) -> Vec<String> {
    let found = report.sorted().into_iter().filter(|found| found.code == code);
    let mut places: Vec<String> = found.filter_map(|found| found.object.clone()).collect();
    places.sort();
    places
}

#[test]
fn columns_that_follow_a_habit_of_naming_are_told_and_no_others() {
    let (found, _) = report_in(&habits(), HABITS);
    let suspects = ["audits.auditable_id", "audits.user_id", "logins.user_id", "tags.category_id", "visits.client_id"];
    assert_eq!(places(&found, Code::LooksLikeReference), suspects);
    assert!(!found.has_errors());
}

#[test]
fn what_the_policy_says_is_a_reference_no_longer_looks_like_one() {
    let text = HABITS.replace(
        "tables:\n",
        "virtual_foreign_keys:\n  - { table: visits, columns: client_id, references: users }\n  \
         - { table: audits, columns: auditable_id, references: users, where: auditable_type = 'User' }\n\
         tables:\n  visits: { rows: delete }\n  audits: { rows: delete }\n",
    );
    let accepted = "accept: [{ code: looks-like-reference, at: \"*.user_id\", because: checked }]\n";
    let (found, file) = report_in(&habits(), &format!("{text}{accepted}"));
    assert!(!found.has_errors(), "{}", render::text(&found, &file, false));
    assert_eq!(places(&found, Code::LooksLikeReference), ["tags.category_id"]);
}

#[test]
fn a_table_that_nobody_decides_is_nobody_s_reference() {
    let text =
        HABITS.replace("  categories: { via: owner_id, columns: { owner_id: null }, other_columns: keep }\n", "");
    let (found, _) = report_in(&habits(), &text);
    assert!(!places(&found, Code::LooksLikeReference).contains(&"tags.category_id".to_owned()));
}

#[test]
fn a_key_of_one_partition_is_refused_until_the_policy_says_it_of_the_root() {
    let catalog = include_str!("../cases/a-partition-without-the-key-of-its-siblings/catalog.json");
    let catalog = catalog::read(catalog).expect("the recorded catalog");
    let good = include_str!("../cases/a-partition-without-the-key-of-its-siblings/policy.yaml");
    let (found, _) = report_in(&catalog, good);
    assert_eq!(places(&found, Code::PartitionWithoutKey), ["visits.user_id"]);
    let bad = good.replace("virtual_foreign_keys:\n  - { table: visits, columns: user_id, references: users }\n", "");
    let bad = bad.replace("  visits: { via: user_id, rows: delete }\n", "");
    let (found, file) = report_in(&catalog, &bad);
    let told = render::text(&found, &file, false);
    assert!(found.sorted().iter().any(|found| found.code == Code::UnsupportedKey), "{told}");
    assert!(told.contains("  - table: visits"), "{told}");
}
