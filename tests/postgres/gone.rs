//! `verify.gone`: old values that are still somewhere, in whatever spelling, are found and roll back; other people's are told.

use crate::harness::Db;
use crate::telling::efface;

const PEOPLE: &str = r#"
    create table users (id bigint primary key, friend_id bigint references users, name text, email text, phone text, note text);
    create index on users (friend_id);
    insert into users values
      (1, null, 'Ann Bürg-O''Neil', 'ann@example.org', '+49 (30) 123-4567', 'Li'),
      (2, 1, 'Ben Other', 'ben@example.org', '0049 30 123 45 67', null),
      (3, null, 'Cy', 'cy@example.org', null, null);
"#;

const POLICY: &str = r#"version: 1
name: gone
subject: { table: users }
tables:
  users:
    - columns: { id: keep, friend_id: keep, name: { replace: "[deleted]" }, email: { randomize: email }, phone: null, note: null }
    - { via: friend_id, keep: a friend's own row }
"#;

const GONE: &str = "verify: { gone: [users.name, users.email, users.phone, users.note] }\n";

/// Nothing of anybody's stands in what the tool writes.
fn says_nothing_of_anybody(said: &str) {
    for marked in ["ann@", "Bürg", "B\\u00fcrg", "123-45", "1234567", "Ann "] {
        assert!(!said.contains(marked), "{marked} stands in:\n{said}");
    }
}

/// A table whose rows are kept, with a value of the subject's in some spelling in a column of some type.
fn kept_in(ty: &str, value: &str) -> (Db, String) {
    let db = Db::with(PEOPLE);
    db.sql("create extension citext; create extension hstore; create type pair as (a text, b int)");
    db.sql(&format!(
        "create table kept (id int primary key, user_id bigint references users, amount int, held {ty});
         create index on kept (user_id);
         insert into kept values (1, 1, 10, {value}::{ty})"
    ));
    let tables = "  kept: { columns: { id: keep, user_id: keep, amount: null, held: keep } }\n";
    (db, format!("{POLICY}{tables}{GONE}"))
}

#[test]
fn a_value_that_is_left_is_found_in_any_spelling_and_type_and_rolls_back() {
    let spellings = [
        ("text", "'booked by ANN bürg-o''neil, who paid'"),
        ("text", "E'Ann\\n  Bürg-O''Neil'"),
        // Composed of letters and marks.
        ("text", "E'Ann Bu\\u0308rg-O''Neil'"),
        ("text", "'{\"by\": \"Ann B\\u00fcrg-O''Neil\"}'"),
        ("text", "'<td>Ann B&uuml;rg-O&#39;Neil</td>'"),
        ("varchar(200)", "'write to <Ann@Example.ORG>'"),
        ("citext", "'ANN@EXAMPLE.ORG'"),
        ("char(40)", "'ann@example.org'"),
        ("json", "'{\"by\": {\"name\": \"Ann B\\u00fcrg-O''Neil\"}}'"),
        ("jsonb", "'[1, {\"mail\": \"x ann@example.org\"}]'"),
        ("text[]", "array['a', 'Ann \"x\" , ann@example.org']"),
        ("jsonb[]", "array['{\"a\": \"ann@example.org\"}'::jsonb]"),
        ("hstore", "'mail=>\"ann@example.org\"'"),
        ("pair", "row('ann@example.org', 1)"),
        ("bytea", "convert_to('mail ann@example.org', 'UTF8')"),
        ("bytea", "convert_to('by Ann Bürg-O''Neil.', 'UTF8')"),
        ("bytea", "'\\x0001ff0f'::bytea || convert_to('ann@example.org', 'UTF8') || '\\x00'::bytea"),
        ("tsvector", "to_tsvector('simple', 'said by Ann@example.org today')"),
        ("tsvector", "to_tsvector('simple', 'Ann Bürg-O''Neil')"),
        ("xml", "'<a>ann@example.org</a>'"),
        ("text", "'call 0049301234567'"),
        ("text", "'call 49/30/1234567 now'"),
    ];
    for (ty, value) in spellings {
        let (db, policy) = kept_in(ty, value);
        let before = [db.dump_table("users"), db.dump_table("kept")];
        let (_, said, code) = efface(&db, &policy, "check p.yaml");
        assert_eq!(code, Some(0), "{said}");
        let (printed, said, code) = efface(&db, &policy, "apply p.yaml --subject 1 --yes");
        assert_eq!(code, Some(1), "{ty} {value}: {said}{printed}");
        assert!(said.contains("kept.held: values of users."), "{ty} {value}: {said}");
        says_nothing_of_anybody(&(said + &printed));
        assert_eq!([db.dump_table("users"), db.dump_table("kept")], before, "{ty} {value}");
    }
}

#[test]
fn a_column_may_be_called_as_the_script_calls_its_own() {
    let db = Db::with(PEOPLE);
    let names =
        ["value", "place", "name", "text", "cell", "cell1", "gone", "reached", "plain", "escaped", "anywhere", "n"];
    let columns: Vec<String> = names.iter().map(|name| format!("{name} tsvector, {name}_2 text")).collect();
    db.sql(&format!(
        "create table gone (id int primary key, user_id bigint references users, amount int, {});
         create index on gone (user_id);
         insert into gone (id, user_id, amount, value, text) values (1, 1, 10, to_tsvector('simple', 'nobody'), null)",
        columns.join(", ")
    ));
    let kept: Vec<String> = names.iter().map(|name| format!("{name}: keep, {name}_2: keep")).collect();
    let tables = format!("  gone: {{ columns: {{ id: keep, user_id: keep, amount: null, {} }} }}\n", kept.join(", "));
    let policy = format!("{POLICY}{tables}{GONE}");
    let (printed, said, code) = efface(&db, &policy, "rehearse p.yaml --subject 1");
    assert_eq!(code, Some(0), "{said}{printed}");
    db.sql("update gone set value = to_tsvector('simple', 'ann@example.org')");
    let (_, said, code) = efface(&db, &policy, "apply p.yaml --subject 1 --yes");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("gone.value: values of users.email"), "{said}");
}

#[test]
fn a_table_may_have_more_columns_than_a_function_has_arguments() {
    let db = Db::with(PEOPLE);
    let columns: Vec<String> = (0..300).map(|n| format!("c{n} text")).collect();
    db.sql(&format!(
        "create table kept (id int primary key, user_id bigint references users, amount int, {});
         create index on kept (user_id); insert into kept (id, user_id, c1, c299) values (1, 1, 'x', 'to ANN@example.org')",
        columns.join(", ")
    ));
    let kept: Vec<String> = (0..300).map(|n| format!("c{n}: keep")).collect();
    let tables = format!("  kept: {{ columns: {{ id: keep, user_id: keep, amount: null, {} }} }}\n", kept.join(", "));
    let (_, said, code) = efface(&db, &format!("{POLICY}{tables}{GONE}"), "apply p.yaml --subject 1 --yes");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("kept.c299: values of users.email") && !said.contains("kept.c1:"), "{said}");
}

#[test]
fn what_only_looks_alike_is_not_found() {
    let others = [
        ("text", "'joann@example.org'"),
        ("text", "'ann@example.org.uk'"),
        ("text", "'Hann Bürg-O''Neil'"),
        ("text", "'Ann Bürg-O''Neilson'"),
        ("text", "'Ann and Bürg-O''Neil'"),
        ("text", "'9949301234567'"),
        ("text", "'493012345678'"),
        ("int", "1234567"),
        // Too short to be looked for.
        ("text", "'Li is here'"),
        ("text", "'[deleted]'"),
    ];
    for (ty, value) in others {
        let (db, policy) = kept_in(ty, value);
        let (printed, said, code) = efface(&db, &policy, "apply p.yaml --subject 1 --yes");
        assert_eq!(code, Some(0), "{ty} {value}: {said}");
        assert!(printed.contains("users.note: 1 value too short to be looked for"), "{printed}");
        says_nothing_of_anybody(&(said + &printed));
    }
}

#[test]
fn in_other_peoples_rows_a_value_is_told_and_stays_unless_it_must_be_nowhere() {
    let db = Db::with(PEOPLE);
    db.sql(
        "create table kept (id int primary key, user_id bigint references users, held text, amount int);
         create index on kept (user_id);
         insert into kept values (1, 1, 'mine', 1), (2, 3, 'for Ann Bürg-O''Neil', 1), (3, 3, 'ann bürg-o''neil', 1)",
    );
    let tables = "  kept: { columns: { id: keep, user_id: keep, held: keep, amount: null } }\n";
    let policy = format!("{POLICY}{tables}{GONE}");
    let strict = policy.replace("users.name,", "{ column: users.name, anywhere: error },");
    let (_, said, code) = efface(&db, &strict, "apply p.yaml --subject 1 --yes");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("kept.held: values of users.name are in other rows") && said.contains("(2 rows)"), "{said}");
    says_nothing_of_anybody(&said);
    let (printed, said, code) = efface(&db, &policy, "apply p.yaml --subject 1 --yes --format json");
    assert_eq!(code, Some(0), "{said}");
    says_nothing_of_anybody(&(said + &printed));
    let receipt: serde_json::Value = serde_json::from_str(&printed).expect("JSON");
    // The friend's telephone is the family's: her row is hers.
    let found: serde_json::Value = serde_json::json!([
        { "table": "kept", "column": "held", "values_of": "users.name", "rows": 2 },
        { "table": "users", "column": "phone", "values_of": "users.phone", "rows": 1 },
    ]);
    assert_eq!(receipt["found_elsewhere"], found);
    assert_eq!(receipt["not_looked_for"], serde_json::json!([{ "values_of": "users.note", "values": 1 }]));
}

#[test]
fn a_friend_whose_row_lets_go_keeps_the_family_s_telephone() {
    let db = Db::with(PEOPLE);
    let lets_go = "{ via: friend_id, columns: { friend_id: null }, other_columns: keep }";
    let policy = POLICY.replace("{ via: friend_id, keep: a friend's own row }", lets_go) + GONE;
    let (printed, said, code) = efface(&db, &policy, "apply p.yaml --subject 1 --yes");
    assert_eq!(code, Some(0), "{said}");
    assert!(printed.contains("users.phone: values of users.phone in 1 row"), "{printed}");
    assert_eq!(db.value("select friend_id is null and phone is not null from users where id = 2"), "t");
}

#[test]
fn a_history_that_no_rule_names_is_searched_for_what_the_run_has_put_there() {
    let db = Db::with(PEOPLE);
    db.sql(
        "create table history (at timestamptz default now(), old jsonb);
         insert into history (old) values ('{\"name\": \"Ann Bürg-O''Neil\"}');
         create function remember() returns trigger language plpgsql as $$
         begin
           begin
             insert into history (old) values (to_jsonb(old));
           exception when others then raise;
           end;
           return null;
         end $$;
         create trigger history after update or delete on users for each row execute function remember();",
    );
    let policy = format!("{POLICY}{GONE}");
    let (_, said, code) = efface(&db, &policy, "apply p.yaml --subject 1 --yes");
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("history.old: values of users.email are still in rows that were reached or written"),
        "{said}"
    );
    says_nothing_of_anybody(&said);
    assert_eq!(db.value("select count(*) from history"), "1");
    // A trigger that writes nothing there: what was there before may be anybody's, and is told.
    db.sql(
        "drop trigger history on users;
         create function look() returns trigger language plpgsql as $$
         begin perform count(*) from history; return null; end $$;
         create trigger looks after update on users for each row execute function look();",
    );
    let (printed, said, code) = efface(&db, &policy, "apply p.yaml --subject 1 --yes");
    assert_eq!(code, Some(0), "{said}");
    assert!(printed.contains("history.old: values of users.name in 1 row"), "{printed}");
}

#[test]
fn a_second_run_does_not_look_for_what_has_taken_the_values_place() {
    let db = Db::with(PEOPLE);
    let policy = format!("{POLICY}{GONE}");
    let (_, said, code) = efface(&db, &policy, "apply p.yaml --subject 1 --yes --no-ledger");
    assert_eq!(code, Some(0), "{said}");
    db.sql("update users set name = '[deleted]' where id = 3");
    let (printed, said, code) = efface(&db, &policy, "apply p.yaml --subject 1 --yes --no-ledger");
    assert_eq!(code, Some(0), "{said}");
    assert!(!printed.contains("elsewhere"), "{printed}");
}

#[test]
fn a_rehearsal_looks_into_the_tables_that_stay_as_they_are_too() {
    let db = Db::with(PEOPLE);
    db.sql(
        "create table kept (id int primary key, user_id bigint references users, held text);
         create index on kept (user_id);
         insert into kept values (1, 1, 'Ann Bürg-O''Neil'), (2, 3, 'ann@example.org')",
    );
    let policy = format!("{POLICY}  kept: {{ via: user_id, keep: tax law }}\n{GONE}");
    let (printed, said, code) = efface(&db, &policy, "rehearse p.yaml --subject 1");
    assert_eq!(code, Some(0), "{said}");
    assert!(printed.contains("kept.held: values of users.name in 1 row"), "{printed}");
    assert!(printed.contains("kept.held: values of users.email in 1 row"), "{printed}");
    says_nothing_of_anybody(&(said + &printed));
    let (printed, _, code) = efface(&db, &policy, "apply p.yaml --subject 1 --yes");
    assert_eq!(code, Some(0));
    assert!(!printed.contains("kept.held"), "{printed}");
}

#[test]
fn values_of_rows_that_go_and_of_several_subjects_are_looked_for() {
    let db = Db::with(PEOPLE);
    db.sql(
        "create table cards (id int primary key, user_id bigint references users, holder text);
         create table kept (id int primary key, user_id bigint references users, held text, amount int);
         create index on cards (user_id);
         create index on kept (user_id);
         insert into cards values (1, 1, 'A. B. O''Neil'), (2, 3, 'C. Y. Young');
         insert into kept values (1, 1, 'paid by a. b. o''neil', 1), (2, 3, 'paid by C. Y. Young', 1)",
    );
    let tables = "  cards: delete\n  kept: { columns: { id: keep, user_id: keep, held: keep, amount: null } }\n";
    let limits = "limits: { max_subjects: 2 }\n";
    let policy = format!("{POLICY}{tables}verify: {{ gone: cards.holder }}\n{limits}");
    let (_, said, code) = efface(&db, &policy, "apply p.yaml --subject 1 --subject 3 --yes");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("kept.held: values of cards.holder") && said.contains("(2 rows)"), "{said}");
}
