//! Catalog files that nobody wrote: parts are missing, doubled or of another kind. They are refused or used, and nothing
//! panics.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use efface::catalog;
use efface::diagnostic::{Severity, render};
use efface::source::SourceFile;
use proptest::prelude::*;
use serde_json::Value;

use crate::case;
use crate::cases::{recorded, through};

/// Each case's policy with its catalog as JSON.
fn corpus() -> &'static [(SourceFile, Value)] {
    static CORPUS: OnceLock<Vec<(SourceFile, Value)>> = OnceLock::new();
    CORPUS.get_or_init(|| {
        let json = |case: &case::Case| serde_json::from_str(&case.file("catalog.json")).expect("JSON");
        case::all().into_iter().map(|case| (case.policy.clone(), json(&case))).collect()
    })
}

/// One change of a JSON value, at places that are chosen on the way down.
#[derive(Clone, Debug)]
enum Mutation {
    Remove,
    Double,
    Empty,
    /// The value of another place, of the same kind of thing.
    Borrow(prop::sample::Index),
    Flip,
}

fn mutations() -> impl Strategy<Value = Vec<(Vec<prop::sample::Index>, Mutation)>> {
    use Mutation::{Borrow, Double, Empty, Flip, Remove};
    let index = any::<prop::sample::Index>;
    let mutation = prop_oneof![
        4 => Just(Remove),
        1 => Just(Double),
        1 => Just(Empty),
        3 => index().prop_map(Borrow),
        2 => Just(Flip),
    ];
    prop::collection::vec((prop::collection::vec(index(), 2..7), mutation), 1..5)
}

/// Goes down as far as the places lead, and changes what is there.
fn mutate(value: &mut Value, places: &[prop::sample::Index], mutation: &Mutation) {
    let Some((place, deeper)) = places.split_first() else {
        match (mutation, value) {
            (Mutation::Flip, Value::Bool(flag)) => *flag = !*flag,
            (Mutation::Flip, Value::String(text)) => text.push('x'),
            (Mutation::Flip, value) => *value = Value::Null,
            (_, Value::String(text)) => text.clear(),
            (_, value) => *value = Value::Array(Vec::new()),
        }
        return;
    };
    match value {
        Value::Array(items) if !items.is_empty() => {
            let at = place.index(items.len());
            match (deeper.is_empty() || matches!(items[at], Value::String(_)), mutation) {
                (true, Mutation::Remove) => drop(items.remove(at)),
                (true, Mutation::Double) => items.push(items[at].clone()),
                (true, Mutation::Borrow(other)) => items[at] = items[other.index(items.len())].clone(),
                (true, Mutation::Empty) => items.clear(),
                _ => mutate(&mut items[at], deeper, mutation),
            }
        }
        Value::Object(entries) if !entries.is_empty() => {
            let key = entries.keys().nth(place.index(entries.len())).expect("an entry").clone();
            match (deeper.is_empty(), mutation) {
                (true, Mutation::Remove) => drop(entries.remove(&key)),
                _ => mutate(&mut entries[&key], deeper, mutation),
            }
        }
        value => mutate(value, &[], mutation),
    }
}

/// Whether a mutated catalog was used, and what it came to: an error without a help, or a panic, is a failure.
fn used(policy: &SourceFile, json: &Value) -> Result<bool, String> {
    let text = json.to_string();
    let judged = || {
        let Ok(catalog) = catalog::read(&text) else { return Ok(false) };
        if let Err(report) = through(policy, &catalog) {
            render::text(&report, policy, false);
            let errors = report.sorted().into_iter().filter(|found| found.severity == Severity::Error);
            if let Some(found) = errors.into_iter().find(|found| found.help.is_empty()) {
                return Err(format!("an error without a help: {}", found.message));
            }
        }
        Ok(true)
    };
    catch_unwind(AssertUnwindSafe(judged)).unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        Err(format!("panicked: {}", words.unwrap_or_default()))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_catalog_is_refused_or_used(
        which in any::<prop::sample::Index>(),
        mutations in mutations(),
    ) {
        let (policy, json) = which.get(corpus());
        let mut json = json.clone();
        for (places, mutation) in &mutations {
            mutate(&mut json, places, mutation);
        }
        if let Err(words) = used(policy, &json) {
            prop_assert!(false, "{words}");
        }
    }

    #[test]
    fn the_order_in_a_catalog_s_file_does_not_matter(
        which in any::<prop::sample::Index>(),
        turn in any::<prop::sample::Index>(),
    ) {
        /// What a catalog lists in no order of its own.
        const UNORDERED: [&str; 17] = [
            "tables", "foreign_keys", "enums", "domains", "composites", "functions", "extensions", "others", "about",
            "mentions", "unique", "checks", "exclusions", "indexed", "triggers", "rewrite_rules", "partitions",
        ];
        fn turned(value: &mut Value, unordered: bool, turn: prop::sample::Index) {
            match value {
                Value::Array(items) => {
                    if unordered && !items.is_empty() {
                        items.reverse();
                        let by = turn.index(items.len());
                        items.rotate_left(by);
                    }
                    items.iter_mut().for_each(|item| turned(item, false, turn));
                }
                Value::Object(entries) => {
                    for (key, value) in entries.iter_mut() {
                        // The domains of a column, by name, lie one within the other.
                        let nested = key == "domains" && value.get(0).is_some_and(Value::is_array);
                        turned(value, UNORDERED.contains(&key.as_str()) && !nested, turn);
                    }
                }
                _ => {}
            }
        }
        let (_, json) = which.get(corpus());
        let mut other = json.clone();
        turned(&mut other, false, turn);
        let (one, other) = (catalog::read(&json.to_string()), catalog::read(&other.to_string()));
        prop_assert_eq!(catalog::digest(&one.expect("recorded")), catalog::digest(&other.expect("in another order")));
    }
}

#[test]
fn most_small_damages_leave_a_catalog_that_is_used() {
    // Otherwise the law above would say nothing about check.
    let (mut all, mut of_use) = (0, 0);
    for case in case::all() {
        let json: Value = serde_json::from_str(&case.file("catalog.json")).expect("JSON");
        assert!(catalog::read(&json.to_string()).is_ok_and(|catalog| catalog == recorded(&case)));
        let tables = json["tables"].as_array().map_or(0, Vec::len);
        for table in 0..tables {
            for part in ["primary_key", "unique", "indexed", "triggers"] {
                let mut json = json.clone();
                json["tables"][table].as_object_mut().expect("a table").remove(part);
                all += 1;
                of_use +=
                    usize::from(used(&case.policy, &json).unwrap_or_else(|words| panic!("{}: {words}", case.name)));
            }
        }
    }
    assert!(of_use * 2 > all, "{of_use} of {all}");
}
