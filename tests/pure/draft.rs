//! A first policy for any table of any schema: it is read, refused for its marks alone, and passes when they are decided.

use std::collections::BTreeSet;

use efface::catalog::{self, Catalog};
use efface::diagnostic::{Code, Report, Severity, render};
use efface::draft::{self, Draft, DraftError, Facts, Request};
use efface::ident::TableName;
use efface::source::SourceFile;

use crate::case::each;
use crate::cases::{recorded, through};
use crate::decided::{Way, decided};

/// What no draft can help: the schema itself is what efface doesn't take.
const BEYOND: &[Code] = &[Code::UnsupportedKey, Code::ChangedByRule];

fn request(subject: &TableName) -> Request {
    Request { subject: subject.clone(), key: Vec::new(), delete: Vec::new(), keep: Vec::new(), sampled: None }
}

fn drafted(subject: &TableName, catalog: &Catalog) -> Option<Draft> {
    match draft::draft(&request(subject), catalog, &Facts::default()) {
        Ok(draft) => Some(draft),
        Err(DraftError::NoKey { .. }) => None,
        Err(error) => panic!("{error}"),
    }
}

fn report(text: &str, catalog: &Catalog) -> Report {
    match through(&SourceFile::new("draft.yaml", text), catalog) {
        Ok(through) => through.warnings,
        Err(report) => report,
    }
}

fn errors(report: &Report) -> Vec<Code> {
    report.sorted().iter().filter(|found| found.severity == Severity::Error).map(|found| found.code).collect()
}

/// Holds a draft against its law; says how many marks it has.
fn lawful(subject: &TableName, catalog: &Catalog, thorough: bool) -> Option<usize> {
    let draft = drafted(subject, catalog)?;
    let name = subject.bare();
    let left: BTreeSet<Code> = draft.left.iter().map(|found| found.code).collect();
    assert!(left.iter().all(|code| BEYOND.contains(code)), "{name}: {:?}\n{}", draft.left, draft.text);
    // As it is, it is refused for nothing but its marks.
    let found = report(&draft.text, catalog);
    let marks = |code: &Code| matches!(code, Code::UndecidedColumn | Code::UndecidedTable);
    let shown = |found: &Report, text: &str| render::text(found, &SourceFile::new("draft.yaml", text), false);
    let others: Vec<Code> = errors(&found).into_iter().filter(|code| !marks(code) && !left.contains(code)).collect();
    assert_eq!(others, [], "{name}\n{}\n{}", shown(&found, &draft.text), draft.text);
    assert_eq!(
        errors(&found).iter().any(marks),
        draft.columns + draft.tables + draft.following > 0,
        "{name}\n{}",
        draft.text
    );
    let ways = [Way::Keep, Way::Choice(0), Way::Choice(1), Way::Choice(2), Way::Choice(3)];
    for way in ways.into_iter().take(if thorough { 5 } else { 2 }) {
        let text = decided(&draft.text, way);
        let found = report(&text, catalog);
        let others: Vec<Code> = errors(&found).into_iter().filter(|code| !left.contains(code)).collect();
        assert_eq!(others, [], "{name}, {way:?}\n{}\n{text}", shown(&found, &text));
        let live = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        assert!(!live.into_iter().any(|line| line.contains(": undecided")), "{text}");
    }
    // Rows that go may be referenced by rows that stay, and nothing else is wrong with it.
    let found = report(&decided(&draft.text, Way::Delete), catalog);
    let others: Vec<Code> = errors(&found)
        .into_iter()
        .filter(|code| *code != Code::Orphans && !left.contains(code) && !BEYOND.contains(code))
        .collect();
    assert_eq!(others, [], "{name}, delete\n{}\n{}", shown(&found, &draft.text), draft.text);
    if thorough {
        let again = drafted(subject, catalog).expect("there was one");
        assert_eq!(again.text, draft.text, "the same schema, the same bytes");
    }
    Some(draft.columns + draft.tables + draft.following)
}

#[test]
fn a_draft_for_any_table_of_any_case_passes_when_its_marks_are_decided() {
    let counted = std::sync::Mutex::new((0, 0));
    each(|case| {
        let catalog = recorded(case);
        for (number, table) in catalog.tables.iter().enumerate() {
            // Every third as the subject, each time the same, and whoever is one in most cases.
            let turn = number + case.name.len();
            if turn % 3 > 0 && table.name.name.as_str() != "users" {
                continue;
            }
            if let Some(marks) = lawful(&table.name, &catalog, turn % 6 == 0) {
                let mut counted = counted.lock().expect("nobody panicked with it");
                *counted = (counted.0 + 1, counted.1 + marks);
            }
        }
    });
    let counted = *counted.lock().expect("nobody panicked with it");
    #[allow(clippy::print_stdout, reason = "the count belongs to the run's record")]
    let () = println!("{} drafts, {} marks", counted.0, counted.1);
    assert!(counted.0 > 200 || std::env::var_os("CASE").is_some(), "{counted:?}");
}

#[test]
fn a_draft_for_the_fitness_club_leaves_few_decisions() {
    let catalog = club();
    for table in &catalog.tables {
        lawful(&table.name, &catalog, true);
    }
    let draft = drafted(&TableName::new("public", "users"), &catalog).expect("users has a key");
    insta::assert_snapshot!("draft-fitness-club", draft.text);
    assert!(draft.columns + draft.tables <= 7, "{} columns, {} tables", draft.columns, draft.tables);
}

/// The fitness club's schema, as it stands beside the policies.
fn club() -> Catalog {
    catalog::read(include_str!("../../policies/catalog.json")).expect("recorded")
}

fn catalog_of(case: &str) -> Catalog {
    let path = format!("{}/tests/cases/{case}/catalog.json", env!("CARGO_MANIFEST_DIR"));
    catalog::read(&std::fs::read_to_string(path).expect("the case is there")).expect("recorded")
}

fn text_of(case: &str) -> String {
    drafted(&TableName::new("public", "users"), &catalog_of(case)).expect("users has a key").text
}

#[test]
fn materialized_views_are_refreshed_and_parents_suggested() {
    let views = text_of("a-materialized-view-that-is-refreshed");
    assert!(views.contains(": { refresh: true }\n"), "{views}");
    let parents = text_of("an-address-that-nobody-else-has");
    for said in [
        "# leads to `addresses`, which holds what is a person's: see `referenced_by` below",
        "  # addresses:\n  #   referenced_by: users.address_id\n  #   if_shared: keep\n  #   rows: delete\n",
    ] {
        assert!(parents.contains(said), "{said}\n{parents}");
    }
}

#[test]
fn references_that_nobody_declared_are_followed_where_their_names_say_so() {
    let text = text_of("columns-that-look-like-references");
    let followed = "  - table: logins                           # it is called after `users` and its key, and has the key's type\n    \
                    columns: user_id\n    references: users\n";
    assert!(text.contains(followed), "{text}");
    let suggested = "  # - table: audits                         # it has the type of `users`'s key, and the column beside it names a kind\n  \
                     #   columns: auditable_id\n  #   references: users\n  #   where: auditable_type = 'User'";
    assert!(text.contains(suggested), "{text}");
}

#[test]
fn what_is_said_of_a_table_is_taken_with_all_that_follows() {
    let catalog = club();
    let reached = draft::reached(&request(&TableName::new("public", "users")), &catalog).expect("users has a key");
    let mut drafts = 0;
    for table in reached.iter().filter(|name| name.name.as_str() != "users") {
        for delete in [true, false] {
            let mut request = request(&TableName::new("public", "users"));
            if delete { &mut request.delete } else { &mut request.keep }.push(table.clone());
            let draft = draft::draft(&request, &catalog, &Facts::default()).expect("a draft");
            let text = decided(&draft.text, Way::Keep);
            let found = report(&text, &catalog);
            assert_eq!(errors(&found), [], "{} {delete}\n{text}", table.bare());
            drafts += 1;
        }
    }
    assert!(drafts > 20, "{drafts}");
    // Payments reference subscriptions, and let go of those that go.
    let mut request = request(&TableName::new("public", "users"));
    request.delete.push(TableName::new("public", "subscriptions"));
    let draft = draft::draft(&request, &catalog, &Facts::default()).expect("a draft");
    assert!(draft.text.contains("subscription_id: null"), "{}", draft.text);
    request.delete = vec![TableName::new("public", "clubs")];
    let error = draft::draft(&request, &catalog, &Facts::default()).expect_err("nothing leads from there");
    assert_eq!(error.to_string(), "table `clubs` is none of the draft: nothing leads from it to the person");
}
