//! Does the server read names and literals as we mean them?

use std::collections::BTreeSet;

use efface::ident::Ident;
use efface::sql::quote::{KEYWORDS, ident, literal};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio_postgres::SimpleQueryMessage;

use crate::harness::Db;

/// A column of that name in a place where key words count: the server must call it the same.
fn read_back(db: &Db, names: &[String]) -> Vec<String> {
    let quoted: Vec<_> = names.iter().map(|name| ident(&Ident::new(name.as_str()))).collect();
    let query = format!(
        "SELECT {} FROM {}",
        (0..quoted.len()).map(|n| format!("t{n}.{}, {}", quoted[n], quoted[n])).collect::<Vec<_>>().join(", "),
        (0..quoted.len()).map(|n| format!("(SELECT 1) AS t{n} ({})", quoted[n])).collect::<Vec<_>>().join(", ")
    );
    let messages = db.block_on(db.connection().client.simple_query(&query));
    let messages = messages.unwrap_or_else(|error| panic!("{error:?}\n{query}"));
    let row = messages.into_iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let columns = row.expect("a row").columns().iter().map(|column| column.name().to_owned()).collect::<Vec<_>>();
    columns.chunks(2).map(|pair| if pair[0] == pair[1] { pair[0].clone() } else { panic!("{pair:?}") }).collect()
}

#[test]
fn a_quoted_name_is_the_name_for_the_server() {
    let db = Db::new();
    let name = "[^\0]{1,15}|[a-z\"_$ ]{1,8}|[A-Z]{1,3}|[0-9a-f]{1,4}";
    // A name twice would be ambiguous, and the server cuts at 63 bytes.
    let names = prop::collection::btree_set(name, 1..20).prop_map(|names| names.into_iter().collect::<Vec<_>>());
    let mut runner = TestRunner::new(Config { cases: 64, failure_persistence: None, ..Config::default() });
    let law = runner.run(&names, |names| {
        prop_assert_eq!(read_back(&db, &names), names);
        Ok(())
    });
    law.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn a_quoted_literal_is_the_text_for_the_server() {
    let db = Db::new();
    let texts = prop::collection::vec("[^\0]{0,20}|[\\\\'\"$a]{0,8}", 1..20);
    for setting in ["on", "off"] {
        db.sql(&format!("SET standard_conforming_strings = {setting}; SET escape_string_warning = off"));
        let mut runner = TestRunner::new(Config { cases: 64, failure_persistence: None, ..Config::default() });
        let law = runner.run(&texts, |texts| {
            let query = format!("SELECT {}", texts.iter().map(|text| literal(text)).collect::<Vec<_>>().join(", "));
            let row = db.rows(&query).remove(0);
            prop_assert_eq!(row.into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>(), texts);
            Ok(())
        });
        law.unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn every_key_word_that_is_reserved_somewhere_is_in_our_list() {
    let db = Db::new();
    let server = db.rows("SELECT word FROM pg_get_keywords() WHERE catcode <> 'U'");
    let server: BTreeSet<String> = server.into_iter().flatten().flatten().collect();
    assert!(server.contains("select"));
    let missing: Vec<_> = server.iter().filter(|word| KEYWORDS.binary_search(&word.as_str()).is_err()).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let all: Vec<String> =
        db.rows("SELECT word FROM pg_get_keywords() ORDER BY 1").into_iter().flatten().flatten().collect();
    assert_eq!(read_back(&db, &all), all);
}
