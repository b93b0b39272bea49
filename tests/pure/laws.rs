//! What holds for any policy: most are nonsense, and none may make the stages panic or disagree.

use std::sync::OnceLock;

use efface::catalog::Catalog;
use efface::source::SourceFile;
use proptest::prelude::*;

use crate::case;
use crate::cases::{Through, follows_the_plan, recorded, through};

/// Each case's policy, cut into words and what is between them, with its catalog.
struct Corpus {
    cases: Vec<(Vec<String>, Catalog)>,
    words: Vec<String>,
}

fn corpus() -> &'static Corpus {
    static CORPUS: OnceLock<Corpus> = OnceLock::new();
    CORPUS.get_or_init(|| {
        let cases: Vec<_> = case::all().iter().map(|case| (cut(case.policy.text()), recorded(case))).collect();
        let mut words: Vec<String> = cases.iter().flat_map(|(words, _)| words.clone()).collect();
        words.sort();
        words.dedup();
        Corpus { cases, words }
    })
}

/// A text as runs of word characters, runs of blanks, and single other characters.
fn cut(text: &str) -> Vec<String> {
    let class = |c: char| match c {
        c if c.is_alphanumeric() || c == '_' => 0,
        ' ' => 1,
        _ => 2,
    };
    let mut parts: Vec<String> = Vec::new();
    for c in text.chars() {
        match parts.last_mut() {
            Some(last) if class(c) != 2 && last.chars().all(|other| class(other) == class(c)) => last.push(c),
            _ => parts.push(c.to_string()),
        }
    }
    parts
}

/// One change to a text in parts.
#[derive(Clone, Debug)]
enum Change {
    Replace(prop::sample::Index, prop::sample::Index),
    Remove(prop::sample::Index),
    Swap(prop::sample::Index, prop::sample::Index),
    Double(prop::sample::Index),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    use Change::{Double, Remove, Replace, Swap};
    let index = any::<prop::sample::Index>;
    let change = prop_oneof![
        6 => (index(), index()).prop_map(|(at, word)| Replace(at, word)),
        2 => index().prop_map(Remove),
        2 => (index(), index()).prop_map(|(a, b)| Swap(a, b)),
        1 => index().prop_map(Double),
    ];
    prop::collection::vec(change, 0..4)
}

fn changed(parts: &[String], changes: &[Change], words: &[String]) -> String {
    let mut parts = parts.to_vec();
    for change in changes {
        let length = parts.len();
        match change {
            Change::Replace(at, word) => parts[at.index(length)] = words[word.index(words.len())].clone(),
            Change::Remove(at) if length > 1 => {
                parts.remove(at.index(length));
            }
            Change::Remove(_) => {}
            Change::Swap(a, b) => parts.swap(a.index(length), b.index(length)),
            Change::Double(at) => {
                let part = parts[at.index(length)].clone();
                parts.insert(at.index(length), part);
            }
        }
    }
    parts.concat()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_policy_is_refused_at_a_place_or_planned_whole(
        which in any::<prop::sample::Index>(),
        changes in changes(),
    ) {
        let corpus = corpus();
        let (parts, catalog) = &corpus.cases[which.index(corpus.cases.len())];
        let file = SourceFile::new("policy.yaml", changed(parts, &changes, &corpus.words));
        match through(&file, catalog) {
            Ok(Through { plan, script, warnings, .. }) => {
                prop_assert!(!warnings.has_errors());
                follows_the_plan(&plan, &script);
                let again = through(&file, catalog).expect("the same input");
                prop_assert_eq!(again.script, script);
            }
            Err(report) => {
                prop_assert!(report.has_errors());
                for found in report.sorted() {
                    let place = found.primary.as_ref().expect("every finding has a place").span;
                    prop_assert!(place.start <= place.end && place.end <= file.text().len(), "{found:?}");
                    prop_assert!(file.text().is_char_boundary(place.start) && file.text().is_char_boundary(place.end));
                    let first = found.message.chars().next().unwrap_or('A');
                    prop_assert!(!first.is_uppercase() && !found.message.ends_with('.'), "{}", found.message);
                }
            }
        }
    }

    #[test]
    fn any_catalog_and_any_policy_meet_without_a_panic(
        policy in any::<prop::sample::Index>(),
        catalog in any::<prop::sample::Index>(),
    ) {
        let corpus = corpus();
        let count = corpus.cases.len();
        let file = SourceFile::new("policy.yaml", corpus.cases[policy.index(count)].0.concat());
        if let Ok(Through { plan, script, .. }) = through(&file, &corpus.cases[catalog.index(count)].1) {
            follows_the_plan(&plan, &script);
        }
    }
}
