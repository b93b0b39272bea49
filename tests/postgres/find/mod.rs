//! `efface find`: values that somebody knows are found wherever they stand, told by line and place, and shown nowhere.

mod bounds;
mod laws;

use std::collections::BTreeSet;
use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use crate::harness::Db;
use crate::tool::{Place, Ran, ended};

/// The tool with something on its standard input.
fn fed(place: &Place, line: &str, input: &[u8]) -> Ran {
    let mut child = place.command(line).stdin(Stdio::piped()).spawn().expect("the tool starts");
    // A tool that has refused the command line doesn't read.
    let _ = child.stdin.take().expect("a pipe").write_all(input);
    ended(child)
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}{}", ran.out, ran.err))
}

/// Relation, column, rows, and the lines of the values with their rows.
type Seen = (String, String, u64, Vec<(u64, u64)>);

fn places(found: &Value) -> Vec<Seen> {
    let number = |value: &Value| value.as_u64().expect("a number");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let place = |it: &Value| {
        let values = it["values"].as_array().expect("a list").iter();
        let values = values.map(|it| (number(&it["value"]["line"]), number(&it["rows"]))).collect();
        (text(&it["relation"]), text(&it["column"]), number(&it["rows"]), values)
    };
    found["found"].as_array().expect("a list").iter().map(place).collect()
}

const VALUES: &str = "Ann Bürg-O'Neil\nann@example.org\n+49 (30) 123-4567\n欧阳小明\n2001:DB8:0::7\n{550E8400-E29B-41D4-A716-446655440000}\nStraße 12 % \\ 5\n";

/// Type, value, and the line that stands in it.
const PLANTED: [(&str, &str, u64); 48] = [
    ("text", "'booked by ANN bürg-o''neil, who paid'", 1),
    ("text", "E'Ann\\n  Bürg-O''Neil'", 1),
    ("text", "E'Ann Bu\\u0308rg-O''Neil'", 1),
    ("text", "'Ann Bürg‑O’Neil'", 1),
    ("text", "'{\"by\": \"Ann B\\u00fcrg-O''Neil\"}'", 1),
    ("text", "'{\"by\": \"Ann\\nB\\u00FCrg-O\\u0027Neil\"}'", 1),
    ("text", "'<td>Ann&nbsp;B&uuml;rg-O&#39;Neil</td>'", 1),
    ("text", "'Ann B&amp;#252;rg-O&apos;Neil'", 1),
    ("varchar(200)", "'write to <Ann@Example.ORG>'", 2),
    ("text", "'mailto:ann&#64;example.org'", 2),
    ("citext", "'ANN@EXAMPLE.ORG'", 2),
    ("char(40)", "'ann@example.org'", 2),
    ("name", "'ann@example.org'", 2),
    ("json", "'{\"by\": {\"name\": \"Ann B\\u00fcrg-O''Neil\"}}'", 1),
    ("jsonb", "'[1, {\"mail\": \"x ann@example.org\"}]'", 2),
    ("jsonb", "'{\"ann@example.org\": true}'", 2),
    ("jsonb", "'{\"phone\": 49301234567}'", 3),
    ("json", "'{\"broken\": \"\\u0000\", \"mail\": \"ann@example.org\"}'", 2),
    ("text[]", "array['a', 'Ann \"x\" , ann@example.org']", 2),
    ("citext[]", "array['a', 'ann@example.org']::citext[]", 2),
    ("jsonb[]", "array['{\"a\": \"ann@example.org\"}'::jsonb]", 2),
    ("hstore", "'mail=>\"ann@example.org\"'", 2),
    ("pair", "row('ann@example.org', 1)", 2),
    ("pair[]", "array[row('Ann Bürg-O''Neil', 1)]::pair[]", 1),
    ("bytea", "convert_to('mail ann@example.org', 'UTF8')", 2),
    ("bytea", "convert_to('by Ann Bürg-O''Neil.', 'UTF8')", 1),
    ("bytea", "'\\x0001ff0f'::bytea || convert_to('ann@example.org', 'UTF8') || '\\x00'::bytea", 2),
    ("blob", "convert_to('欧阳小明', 'UTF8')", 4),
    ("tsvector", "to_tsvector('simple', 'said by Ann@example.org today')", 2),
    ("tsvector", "to_tsvector('english', 'Ann Bürg-O''Neil')", 1),
    ("xml", "'<a>ann@example.org</a>'", 2),
    ("xml", "'<a b=\"Ann B&#xFC;rg-O&apos;Neil\"/>'", 1),
    ("text", "'call 0049301234567'", 3),
    ("text", "'call 49/30/1234567 now'", 3),
    ("text", "'{\"tel\":\"+49\\/30\\/1234567\"}'", 3),
    ("text", "'和欧阳小明说'", 4),
    ("jsonb", "'{\"name\": \"欧阳小明\"}'", 4),
    ("text", "'{\"name\": \"\\u6b27\\u9633\\u5c0f\\u660e\"}'", 4),
    ("inet", "'2001:db8::7'", 5),
    ("cidr", "'2001:db8::7/128'", 5),
    ("text", "'from 2001:db8::7 at noon'", 5),
    ("uuid", "'550e8400-e29b-41d4-a716-446655440000'", 6),
    ("uuid[]", "array['550e8400-e29b-41d4-a716-446655440000'::uuid]", 6),
    ("text", "'id=550e8400-e29b-41d4-a716-446655440000'", 6),
    ("mail_address", "'ann@example.org'", 2),
    ("text", "'STRASSE  12 % \\ 5'", 7),
    ("text", "'{\"a\": \"Stra\\u00dfe 12 % \\\\ 5\"}'", 7),
    ("text", "'Straẞe 12 % \\ 5'", 7),
];

const TYPES: &str = "create extension citext; create extension hstore; create type pair as (a text, b int);
    create domain mail_address as citext check (value ~ '@'); create domain raw as bytea; create domain blob as raw;";

#[test]
fn a_value_planted_in_every_type_and_spelling_is_found_there_and_nowhere_else() {
    let db = Db::new();
    db.sql(TYPES);
    let mut expected: Vec<Seen> = Vec::new();
    for (n, (ty, value, line)) in PLANTED.iter().enumerate() {
        db.sql(&format!(
            "create table planted_{n:02} (id int primary key, held {ty});
             insert into planted_{n:02} values (1, null), (2, {value}), (3, {value})"
        ));
        expected.push((format!("planted_{n:02}"), "held".into(), 2, vec![(*line, 2)]));
    }
    let alike = [
        "'joann@example.org'",
        "'ann@example.org.uk'",
        "'Hann Bürg-O''Neil'",
        "'Ann Bürg-O''Neilson'",
        "'Ann and Bürg-O''Neil'",
        "'9949301234567'",
        "'493012345678'",
        "'2001:db8::70'",
        "'Strase 12 % \\ 5'",
        "''",
        "'%'",
        "'_____________________'",
    ];
    for (n, value) in alike.iter().enumerate() {
        db.sql(&format!("create table alike_{n:02} as select {value}::text as held, {value}::text as again"));
    }
    db.sql("create table numbers (a int, b bigint, c numeric, d int[], e date); insert into numbers values (1234567, 49301234567, 49301234567, '{1234567}', now())");
    let place = Place::at(db);
    let ran = fed(&place, "find - --format json", VALUES.as_bytes());
    let found = json(&ran);
    assert_eq!(places(&found), expected, "{}", ran.err);
    assert_eq!((ran.code, &found["outcome"]), (Some(1), &Value::from("found")));
    assert_eq!(found["not_searched"], serde_json::json!([]));
    for value in VALUES.lines() {
        assert!(!(ran.out.clone() + &ran.err).contains(value), "{value} is shown: {}{}", ran.out, ran.err);
    }
    crate::find::laws::is_valid(&found);
}

#[test]
fn rows_are_found_in_whatever_stores_them_and_once() {
    let db = Db::with(
        "create table \"Odd \"\"name\"\"\n\" (\"Id\" int, \"sub.id\" text, \"Text\n%s\" text, gone text, primary key (\"sub.id\", \"Id\"));
         insert into \"Odd \"\"name\"\"\n\" values (2, 'b', 'by Ann Berg', null), (1, 'b', 'ann berg', null), (1, 'a', 'Ben', 'x');
         alter table \"Odd \"\"name\"\"\n\" drop column gone;
         create schema \"a.b\"; create table \"a.b\".\"c\" (efface_row text, cell1 text, given text, low text, key text, numbers text, \"text\" text);
         insert into \"a.b\".c values ('Ann Berg', null, null, 'Ann Berg', 'Ann Berg', 'x', 'Ann Berg');
         create table efface_given (no int, value text); insert into efface_given values (1, 'Ann Berg');
         create table visits (id int, at date, note text, primary key (id, at)) partition by range (at);
         create table visits_1 partition of visits for values from ('2020-01-01') to ('2021-01-01');
         create table visits_2 partition of visits for values from ('2021-01-01') to ('2022-01-01') partition by list (id);
         create table visits_2a partition of visits_2 for values in (1);
         insert into visits values (1, '2020-05-05', 'Ann Berg'), (2, '2020-05-05', 'x'), (1, '2021-05-05', 'Ann Berg');
         create table parent (id int, t text); create table child (more text) inherits (parent);
         insert into parent values (1, 'Ann Berg'); insert into child values (2, 'Ann Berg', 'Ann Berg');
         create materialized view summary as select note from visits; create unlogged table fast (t text generated always as ('Ann Berg') stored);
         insert into fast default values;
         create view seen as select * from visits; create temp table mine (t text); insert into mine values ('Ann Berg');
         create table empty (t text); create table nothing ();",
    );
    let place = Place::at(db);
    let ran = fed(&place, "find - --format json --keys", "Ann Berg\n".as_bytes());
    let one = |relation: &str, column: &str, rows: u64| (relation.to_owned(), column.to_owned(), rows, vec![(1, rows)]);
    let expected = [
        one("\"a.b\".c", "efface_row", 1),
        one("\"a.b\".c", "low", 1),
        one("\"a.b\".c", "key", 1),
        one("\"a.b\".c", "text", 1),
        one("\"Odd \"\"name\"\"\\u{a}\"", "Text\\u{a}%s", 2),
        one("child", "t", 1),
        one("child", "more", 1),
        one("efface_given", "value", 1),
        one("fast", "t", 1),
        one("parent", "t", 1),
        one("summary", "note", 2),
        one("visits_1", "note", 1),
        one("visits_2a", "note", 1),
    ];
    let found = json(&ran);
    assert_eq!(places(&found), expected, "{}", ran.err);
    let odd = &found["found"][4]["keys"];
    assert_eq!(*odd, serde_json::json!({ "columns": ["sub.id", "Id"], "rows": [["b", "1"], ["b", "2"]] }));
    assert_eq!(found["found"][11]["partition_of"], "visits");
    assert_eq!(found["found"][7]["keys"], serde_json::json!({ "columns": [], "rows": [] }));
}

#[test]
fn a_table_of_all_types_and_more_columns_than_a_function_has_arguments_is_looked_through() {
    let db = Db::with("create table wide (id int primary key)");
    let types = db.rows(
        "select format_type(oid, null) from pg_type where typtype in ('b', 'r', 'm') and typnamespace = 'pg_catalog'::regnamespace
         and typname !~ '^_?(pg_ndistinct|pg_dependencies|pg_mcv_list|pg_brin_.*|any.*|cstring|gtsvector)$' and typelem = 0 order by oid",
    );
    for (n, row) in types.iter().enumerate() {
        let ty = row[0].as_deref().expect("a type");
        db.sql(&format!("alter table wide add c{n:03} {ty}, add t{n:03} text"));
    }
    let last = types.len() - 1;
    assert!(last > 60, "{last} types");
    db.sql(&format!("insert into wide (id, t000, t{last:03}) values (1, 'Ann Berg', 'x'), (2, null, 'by ann berg')"));
    db.sql("insert into wide select n from generate_series(3, 5) n");
    let place = Place::at(db);
    let ran = fed(&place, "find - --format json", b"Ann Berg\n");
    let one = |column: String| ("wide".to_owned(), column, 1, vec![(1, 1)]);
    let found = json(&ran);
    assert_eq!(places(&found), [one("t000".into()), one(format!("t{last:03}"))], "{}", ran.out);
    assert_eq!(found["not_searched"], serde_json::json!([]));
}

const DOCUMENTS: &str = "create table audits (id int primary key, email text, row_data jsonb, raw json);
    insert into audits values
      (1, null, '{\"email\": \"ann@example.org\", \"old\": {\"Email\": \"x\"}}', null),
      (2, null, '{\"email\": \"ann@example.org\", \"old\": {\"e_mail\": \"ANN@example.org\"}}', null),
      (3, null, '{\"friends\": [{\"Ben Roth\": {\"name\": \"ann@example.org\"}}]}', '{\"nickname\": [\"ann@example.org\"]}'),
      (4, null, '{\"ann@example.org\": {\"email\": \"ann@example.org\"}}', null),
      (5, null, '{\"email\": \"ben@example.org\"}', null)";

#[test]
fn the_places_in_documents_are_told_without_keys_that_are_somebodys() {
    let place = Place::at(Db::with(DOCUMENTS));
    let ran = fed(&place, "find - --format json", b"ann@example.org\n");
    let found = json(&ran);
    let paths = |n: usize| -> BTreeSet<(String, u64)> {
        let all = found["found"][n]["paths"].as_array().expect("paths").iter();
        all.map(|it| (it["path"].as_str().expect("a path").to_owned(), it["rows"].as_u64().expect("rows"))).collect()
    };
    let expected = [("$.email", 2), ("$.old.e_mail", 1), ("$.*[*].*.name", 1), ("$.*", 1), ("$.*.email", 1)];
    assert_eq!(paths(0), expected.map(|(path, rows)| (path.to_owned(), rows)).into(), "{}", ran.out);
    assert_eq!(paths(1), [("$.nickname[*]".to_owned(), 1)].into());
    let said = ran.out + &ran.err;
    assert!(!said.contains("Roth") && !said.contains("ann@"), "{said}");
    // Words of the schema are such whatever is looked through.
    place.db.sql("create table others (very_own_word int, t text); update audits set raw = '{\"veryOwnWord\": \"ann@example.org\"}' where id = 5");
    let ran = fed(&place, "find - --table audits", b"ann@example.org\n");
    assert!(ran.out.contains("  at $.veryOwnWord: 1 row\n"), "{}", ran.out);
    // Whoever asks for all keys sees them, other than the values themselves.
    let ran = fed(&place, "find - --paths", b"ann@example.org\n");
    assert!(ran.out.contains("  at $.friends[*].\"Ben Roth\".name: 1 row\n"), "{}", ran.out);
    assert!(ran.out.contains("  at $.*.email: 1 row\n") && !ran.out.contains("ann@"), "{}", ran.out);
}

#[test]
fn a_document_that_no_function_reads_is_found_without_its_paths() {
    let db = Db::with("create table deep (id int, doc json)");
    let nested = format!("{}\"ann@example.org\"{}", "[".repeat(3000), "]".repeat(3000));
    db.sql(&format!(
        "insert into deep values (1, '{nested}'), (2, '{{\"email\": \"\\ud83d\", \"name\": \"ann@example.org\"}}')"
    ));
    let place = Place::at(db);
    let ran = fed(&place, "find - --format json", b"ann@example.org\n");
    assert_eq!(places(&json(&ran)), [("deep".to_owned(), "doc".to_owned(), 2, vec![(1, 2)])], "{}", ran.err);
}

#[test]
fn values_are_told_by_line_and_each_in_its_own_rows() {
    let db = Db::with(
        "create table notes (id int primary key, body text);
         insert into notes values (1, 'Ann Berg'), (2, 'Ann Berg and Ben Roth'), (3, 'Ben Roth'), (4, 'Li')",
    );
    let place = Place::at(db);
    let ran =
        fed(&place, "find -", "\u{feff}Ann Berg\r\n\r\nBen Roth\r\nLi\r\nAnn Berg\r\n--\r\nNobody Here\r\n".as_bytes());
    let expected = "notes.body  text  3 rows  lines 1, 3\n\nnot looked for\n  \
        line 4: fewer than four characters, or no letter and no digit: `--short` looks for short ones too\n  \
        line 6: fewer than four characters, or no letter and no digit: `--short` looks for short ones too\n\n\
        3 values looked for in 1 relation\nfound in 1 column\n";
    assert_eq!((ran.out.as_str(), ran.code), (expected, Some(1)), "{}", ran.err);
    let ran = fed(&place, "find - --short --format json", b"Li\nNobody\n");
    assert_eq!(places(&json(&ran)), [("notes".to_owned(), "body".to_owned(), 1, vec![(1, 1)])]);
    let ran = fed(&place, "find -", b"Nobody Here\n");
    assert_eq!(
        (ran.out.as_str(), ran.code),
        ("1 value looked for in 1 relation\nfound nowhere\n", Some(0)),
        "{}",
        ran.err
    );
    let ran = fed(&place, "find -", b"Nobody Here\nLi\n");
    assert_eq!(ran.code, Some(1), "not everything was looked for: {}", ran.out);
    assert!(ran.out.contains("whether there is more is not known"), "{}", ran.out);
}

#[test]
fn keys_are_printed_on_request_only_up_to_a_bound_and_never_a_value() {
    let db = Db::with(
        "create table notes (id bigint primary key, body text); create table people (email text primary key, name text);
         insert into notes select n, 'Ann Berg' from generate_series(8, 40) n;
         insert into people values ('ann@example.org', 'ann@example.org')",
    );
    let place = Place::at(db);
    let input = b"Ann Berg\nann@example.org\n";
    let ran = fed(&place, "find -", input);
    assert!(!ran.out.contains("id") && !ran.err.contains("keys"), "{}{}", ran.out, ran.err);
    let ran = fed(&place, "find - --keys --max-keys 4", input);
    assert!(ran.out.contains("  id: 8, 9, 10, 11 and 29 more\n"), "{}", ran.out);
    assert!(ran.out.contains("  email: …\n") && !ran.out.contains("ann@"), "{}", ran.out);
    assert!(ran.err.contains("a key can be personal"), "{}", ran.err);
}

#[test]
fn a_value_on_the_command_line_is_refused_and_not_repeated() {
    let place = Place::at(Db::with("create table notes (body text)"));
    std::fs::write(place.path("values.txt"), "Ann Berg\n").expect("the file is written");
    for line in ["find ann@example.org", "find Ann Berg", "find - ann@example.org", "find values.txt ann@example.org"] {
        let ran = fed(&place, line, b"");
        assert_eq!(ran.code, Some(2), "{line}: {}", ran.err);
        assert!(ran.err.contains("never taken from the command line") && ran.err.contains("find -"), "{}", ran.err);
        assert!(!ran.err.contains("nn@") && !ran.err.contains("Ann"), "{}", ran.err);
    }
    assert_eq!(fed(&place, "find values.txt", b"").code, Some(0));
    for (line, input, words) in [
        ("find", &b""[..], "no values are given"),
        ("find -", b"\n \n", "names no value"),
        ("find -", b"ok then\nAnn\xff Berg\n", "line 2 of the values is not UTF-8"),
        ("find -", b"Ann\0Berg", "line 1 of the values holds a NUL"),
        ("find .", b"", "a folder"),
        ("find - --subject 42", b"", "--policy"),
        ("find - --jobs 0", b"", "--jobs"),
        ("find - --timeout 5", b"", "--timeout"),
        ("find - --table notes --exclude", b"", "--exclude"),
        ("find - --table nots", b"Ann Berg", "nothing that could hold texts is called `nots`"),
        ("find - --schema publik", b"Ann Berg", "`publik`"),
        ("find - --table a.b.c", b"Ann Berg", "`a.b.c` is no name of a table"),
    ] {
        let ran = fed(&place, line, input);
        assert_eq!(ran.code, Some(2), "{line}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains(words) && !ran.err.contains("Ann"), "{line}: {}", ran.err);
    }
}

#[test]
fn filters_say_what_is_looked_through_and_what_is_left_out() {
    let db = Db::with(
        "create schema shop; create table shop.orders (t text); create table orders (t text); create table notes (t text);
         create table visits (id int, t text) partition by list (id); create table visits_1 partition of visits for values in (1);
         insert into shop.orders values ('Ann Berg'); insert into orders values ('Ann Berg');
         insert into notes values ('Ann Berg'); insert into visits values (1, 'Ann Berg')",
    );
    let place = Place::at(db);
    for (line, names, left_out) in [
        ("", &["notes", "orders", "visits_1", "shop.orders"][..], 0),
        ("--schema shop", &["shop.orders"], 3),
        ("--schema shop --table visits", &["visits_1", "shop.orders"], 2),
        ("--table orders --table shop.orders", &["orders", "shop.orders"], 2),
        ("--exclude orders --exclude visits", &["notes", "shop.orders"], 2),
        ("--schema public --exclude visits_1 --exclude notes", &["orders"], 3),
    ] {
        let found = json(&fed(&place, &format!("find - --format json {line}"), b"Ann Berg\n"));
        let seen: Vec<String> = places(&found).into_iter().map(|it| it.0).collect();
        assert_eq!(
            (seen.as_slice(), &found["left_out"]),
            (names.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>().as_slice(), &Value::from(left_out)),
            "{line}"
        );
    }
}

#[test]
fn the_values_of_a_subject_come_from_the_database_and_are_told_by_column() {
    let db = Db::with(
        "create table users (id bigint primary key, role text not null, name text, email text, height int, tags text[]);
         create table notes (id int primary key, user_id bigint references users, body text); create index on notes (user_id);
         create table elsewhere (id int primary key, t text);
         insert into users values (42, 'client', 'Ann Berg', 'ann@example.org', 170, '{vip guest,x}'), (43, 'client', 'Ben Roth', null, 180, null);
         insert into notes values (1, 42, 'called'), (2, 43, 'met Ann Berg');
         insert into elsewhere values (1, 'ann@example.org'), (2, 'ben'), (3, 'a VIP guest'), (4, 'client')",
    );
    let policy = "version: 1\nname: small\nsubject: { table: users }\ntables:\n  users:\n    columns: { id: keep, role: keep, name: { replace: \"[deleted]\" }, email: null, height: null, tags: null }\n  notes: { rows: delete }\n";
    let place = Place::at(db);
    place.policy(policy);
    let ran = place.run("find --policy small.yaml --subject 42");
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    for words in [
        "elsewhere.t  text    2 rows  users.email, users.tags",
        "notes.body   text     1 row  users.name",
        "users.name   text     1 row  users.name",
    ] {
        assert!(ran.out.contains(words), "{words}:\n{}", ran.out);
    }
    assert!(!ran.out.contains("role") && !ran.out.contains("Ann") && !ran.out.contains("ann@"), "{}", ran.out);
    // Where the policy says which values are somebody's, it is these.
    place.policy(&format!("{policy}verify: {{ gone: [users.name, notes.body] }}\n"));
    let ran = place.run("find --policy small.yaml --subject 42 --format json");
    let columns: BTreeSet<String> = json(&ran)["found"]
        .as_array()
        .expect("a list")
        .iter()
        .flat_map(|it| it["values"].as_array().expect("a list"))
        .map(|it| it["value"]["column"].as_str().expect("a text").to_owned())
        .collect();
    assert_eq!(columns, ["notes.body".to_owned(), "users.name".to_owned()].into());
    let ran = place.run("find --policy small.yaml --subject 42 --all-values");
    assert!(ran.out.contains("users.email, users.tags"), "{}", ran.out);
    let ran = place.run("find --policy small.yaml --subject 44");
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.err.contains("knows no values of these subjects"), "{}", ran.err);
    let ran = fed(&place, "find - --policy small.yaml --subject 42", b"x");
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    assert_eq!(place.run("find --policy small.yaml").code, Some(2));
}
