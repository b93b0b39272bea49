//! Constraints that new values would break: where check says so, and with which words, when there is no server to ask.

use efface::catalog::{Catalog, Check, Exclusion, Generated, Table};
use efface::diagnostic::render;
use efface::ident::Ident;

use crate::broken::{club, column, report_in};

fn users(catalog: &mut Catalog) -> &mut Table {
    catalog.tables.iter_mut().find(|table| table.name.name.as_str() == "users").expect("users")
}

/// The catalog with one exclusion constraint over `users`, which reads these columns.
fn excluding(definition: &str, columns: &[&str]) -> Catalog {
    let mut catalog = club();
    users(&mut catalog).exclusions = vec![Exclusion {
        name: "one_at_a_time".into(),
        definition: definition.into(),
        columns: columns.iter().map(|name| Ident::from(*name)).collect(),
    }];
    catalog
}

/// The catalog with one CHECK over `users`.
fn checking(expression: &str, columns: &[&str], not_valid: bool) -> Catalog {
    let mut catalog = club();
    users(&mut catalog).checks = vec![Check {
        name: "odd \"name\"".into(),
        expression: expression.into(),
        columns: columns.iter().map(|name| Ident::from(*name)).collect(),
        not_valid,
        partition: None,
    }];
    catalog
}

/// `line:column code: message` of everything that is found about a decision.
fn found(catalog: &Catalog, decision: &str) -> Vec<String> {
    let (report, file) = report_in(catalog, &column(decision));
    let told = report.sorted().into_iter().map(|found| {
        let place = file.position(found.primary.as_ref().expect("a place").span.start);
        format!("{}:{} {}: {}", place.line, place.column, found.code.name(), found.message)
    });
    told.collect()
}

#[test]
fn null_is_no_way_out_of_an_exclusion_that_makes_something_of_it() {
    let rooms = excluding("EXCLUDE USING gist (room WITH =, during WITH &&)", &["during", "room"]);
    assert!(found(&rooms, "room: null").is_empty());
    assert_eq!(
        found(&rooms, "room: { replace: 7 }"),
        ["7:24 exclusion-constraint: column `users.room` is under the exclusion constraint `one_at_a_time`"]
    );
    let open = excluding(
        "EXCLUDE USING gist (daterange(born_on, NULL::date) WITH &&) WHERE ((deleted_at IS NULL))",
        &["born_on", "deleted_at"],
    );
    let (report, file) = report_in(&open, &column("born_on: null"));
    insta::assert_snapshot!(render::text(&report, &file, false), @r"
    error[exclusion-constraint]: column `users.born_on` is under the exclusion constraint `one_at_a_time`
     --> policy.yaml:7:16
      |
    7 |       born_on: null
      |                ^^^^ may collide with another row
      |
      = note: EXCLUDE USING gist (daterange(born_on, NULL::date) WITH &&) WHERE ((deleted_at IS NULL))
      = help: keep it

    1 error, 0 warnings
    ");
    assert_eq!(
        found(&open, "deleted_at: null"),
        [
            "7:19 not-unique: column `users.deleted_at` decides which rows are in the unique index `users_live_email`",
            "7:19 exclusion-constraint: column `users.deleted_at` decides which rows are under the exclusion constraint \
             `one_at_a_time`",
        ]
    );
    // Rows that leave it may take what they like.
    assert!(found(&open, "born_on: null\n      deleted_at: { sql: now() }").is_empty());
}

#[test]
fn a_source_of_a_generated_column_is_under_its_exclusion() {
    let mut catalog = excluding("EXCLUDE USING gist (full_name WITH =)", &["full_name"]);
    assert_eq!(
        found(&catalog, "name: { replace: x }"),
        [
            "7:24 exclusion-constraint: column `users.name`, from which `full_name` is generated, decides about the exclusion \
          constraint `one_at_a_time`"
        ]
    );
    let made = users(&mut catalog).columns.iter_mut().find(|column| column.name.as_str() == "full_name").expect("it");
    made.generated = Generated::Expression { sql: "lower(name)".into(), from: vec!["name".into()] };
    assert!(found(&catalog, "name: { randomize: token }").is_empty());
    assert!(!found(&catalog, "name: { randomize: name }").is_empty());
}

#[test]
fn a_check_is_followed_through_generated_columns_and_into_rows_that_break_it_already() {
    let of_made = checking("(length(full_name) < 20)", &["full_name"], false);
    assert_eq!(
        found(&of_made, "name: { replace: x }"),
        ["7:24 unverified: unverified for column `users.name`: whether the new value keeps the CHECK `odd \"name\"`"]
    );
    assert!(found(&of_made, "nickname: null").is_empty());
    let old = checking("(room > 0)", &["room"], true);
    let (report, file) = report_in(&old, &column("nickname: null"));
    insta::assert_snapshot!(render::text(&report, &file, false), @r#"
    warning[unverified]: unverified for table `users`: whether its rows keep the CHECK `odd "name"`
     --> policy.yaml:7:17
      |
    7 |       nickname: null
      |                 ^^^^ a server can tell
      |
      = note: it is NOT VALID: rows that break it may be there, and no change of them is taken
      = help: run `efface check` with a database instead of a catalog file

    0 errors, 1 warning
    "#);
}

#[test]
fn null_keeps_a_check_that_doesn_t_ask_for_it() {
    let plain = checking("(room > 0)", &["room"], false);
    assert!(found(&plain, "room: null").is_empty());
    assert_eq!(found(&plain, "room: { replace: 7 }").len(), 1);
    for expression in ["(room IS NOT NULL)", "(COALESCE(room, 0) > 0)", "(num_nonnulls(room) = 1)"] {
        let asking = checking(expression, &["room"], false);
        assert_eq!(found(&asking, "room: null").len(), 1, "{expression}");
    }
    let not_null = checking("(room IS NOT NULL)", &["room"], false);
    assert!(found(&not_null, "room: { replace: 7 }").is_empty());
}
