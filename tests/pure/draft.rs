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
    let catalog = catalog::read(include_str!("../../examples/fitness-club/catalog.json")).expect("recorded");
    for table in &catalog.tables {
        lawful(&table.name, &catalog, true);
    }
    let draft = drafted(&TableName::new("public", "users"), &catalog).expect("users has a key");
    insta::assert_snapshot!("draft-fitness-club", draft.text);
    assert!(draft.columns + draft.tables <= 7, "{} columns, {} tables", draft.columns, draft.tables);
}
