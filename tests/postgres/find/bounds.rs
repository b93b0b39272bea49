//! How a search gets along with others: its sessions, locks, logs and limits.

use std::process::Stdio;
use std::time::{Duration, Instant};

use efface::server::throwaway::Server;
use serde_json::Value;

use super::{fed, json, places};
use crate::harness::{Db, binaries};
use crate::tool::{Place, ended};

/// Texts enough for a search with many values to take a while.
const SLOW: &str = "create table slow (id int primary key, t text);
    insert into slow select n, repeat(md5(n::text) || ' ', 60) from generate_series(1, 6000) n;
    create table other (id int primary key, t text); insert into other values (1, 'x')";

fn many(values: usize) -> Vec<u8> {
    (0..values).map(|n| format!("somebody{n} marked\n")).collect::<String>().into_bytes()
}

/// Starts the tool with values on its standard input.
fn begun(place: &Place, line: &str, input: Vec<u8>) -> std::process::Child {
    let mut child = place.command(line).stdin(Stdio::piped()).spawn().expect("the tool starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    std::thread::spawn(move || std::io::Write::write_all(&mut pipe, &input));
    child
}

fn sessions(db: &Db) -> String {
    db.value(
        "select count(*) from pg_stat_activity where application_name = 'efface find' and datname = current_database()",
    )
}

fn until(what: &str, limit: Duration, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < limit, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn searching(db: &Db) -> bool {
    db.value("select count(*) from pg_stat_activity where query like 'WITH RECURSIVE efface_given%' and state = 'active' and datname = current_database()") != "0"
}

#[test]
fn two_hundred_tables_are_the_same_bytes_with_one_session_or_several() {
    let db = Db::new();
    let tables = (0..200).map(|n| {
        format!("create table t{n:03} (id int primary key, a text, b jsonb); insert into t{n:03} select i, case when i % {} = 0 then 'by Ann Berg' end, jsonb_build_object('email', case when i % 5 = 0 then 'ann@example.org' end) from generate_series(1, 20) i;", n % 7 + 1)
    });
    db.sql(&tables.collect::<String>());
    let place = Place::at(db);
    for format in ["text", "json"] {
        let one = fed(&place, &format!("find - --jobs 1 --keys --format {format}"), b"Ann Berg\nann@example.org\n");
        let several = fed(&place, &format!("find - --jobs 5 --keys --format {format}"), b"Ann Berg\nann@example.org\n");
        assert_eq!((one.code, several.code), (Some(1), Some(1)), "{}", one.err);
        assert!(one.out == several.out, "{}\n{}", one.out, several.out);
        assert!(one.out.contains("400 columns") || format == "json", "{}", one.out);
    }
}

#[test]
fn writers_are_not_kept_waiting_and_ctrl_c_ends_every_session() {
    let place = Place::at(Db::with(SLOW));
    let child = begun(&place, "find - --jobs 3", many(4000));
    until("the search", Duration::from_secs(20), || searching(&place.db));
    place.db.sql("set lock_timeout = '300ms'; update slow set t = 'new' where id = 1; insert into slow values (0, 'x'); delete from slow where id = 2");
    // A table that is looked through already may be altered.
    place.db.sql("alter table other add more int; drop table other");
    assert!(searching(&place.db), "it went on meanwhile");
    let pid = child.id().to_string();
    let killed = Instant::now();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().expect("kill").success());
    let ran = ended(child);
    assert_eq!(ran.code, Some(130), "{}{}", ran.out, ran.err);
    assert!(killed.elapsed() < Duration::from_secs(3), "{:?}", killed.elapsed());
    until("the end of all sessions", Duration::from_secs(3), || sessions(&place.db) == "0");
    assert!(ran.out.is_empty() && ran.err.contains("interrupted") && !ran.err.contains("somebody"), "{}", ran.err);
}

#[test]
fn whoever_dies_leaves_no_session_at_work() {
    let place = Place::at(Db::with(SLOW));
    let mut child = begun(&place, "find -", many(4000));
    until("the search", Duration::from_secs(20), || searching(&place.db));
    child.kill().expect("it is killed");
    child.wait().expect("it ends");
    if place.db.value("select current_setting('server_version_num')::int >= 140000") == "t" {
        until("the end of all sessions", Duration::from_secs(6), || sessions(&place.db) == "0");
    }
}

#[test]
fn what_takes_too_long_or_is_locked_is_told_and_is_no_clean_answer() {
    let place = Place::at(Db::with(SLOW));
    let ran = fed(&place, "find - --timeout 50ms", &many(3000));
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.out.contains("  slow: not finished within 0.05 s: give it more time, with `--timeout`"), "{}", ran.out);
    assert!(ran.out.contains("whether there is more is not known"), "{}", ran.out);
    let locker = place.db.again();
    locker.sql("begin; lock table other in access exclusive mode");
    let ran = fed(&place, "find - --jobs 1", b"Ann Berg\n");
    assert!(ran.out.contains("  other: another session has locked it"), "{}{}", ran.out, ran.err);
    assert_eq!(ran.code, Some(1));
}

#[test]
fn all_sessions_see_one_state_of_the_data() {
    let db = Db::with(SLOW);
    db.sql("create table a_later (t text); create table z_later (t text)");
    let place = Place::at(db);
    // Both are smaller than `slow`, so one session takes them while the other is busy; what is written now is not seen.
    let child = begun(&place, "find - --jobs 2 --format json", [b"Ann Berg\n".to_vec(), many(1500)].concat());
    until("the search", Duration::from_secs(20), || searching(&place.db));
    place.db.sql("insert into slow values (-1, 'Ann Berg'); insert into a_later values ('Ann Berg'); insert into z_later values ('Ann Berg')");
    let found = json(&ended(child));
    assert_eq!(places(&found), []);
}

#[test]
fn more_sessions_than_there_are_is_a_warning() {
    let db = Db::with("create table notes (t text); insert into notes values ('Ann Berg')");
    let place = Place::at(db);
    let role = place.role("narrow");
    place.db.sql(&format!("create role {role} login connection limit 1; grant select on notes to {role}"));
    let url = place.db.url().replace("user=postgres", &format!("user={role}"));
    let mut child =
        place.command("find - --jobs 4").env("DATABASE_URL", url).stdin(Stdio::piped()).spawn().expect("it starts");
    let _ = std::io::Write::write_all(&mut child.stdin.take().expect("a pipe"), b"Ann Berg\n");
    let ran = ended(child);
    assert!(ran.err.contains("warning: only 1 session for the search"), "{}", ran.err);
    assert!(ran.out.contains("notes.t  text  1 row  line 1"), "{}", ran.out);
}

#[test]
fn what_cannot_be_read_is_told_column_by_column() {
    let db = Db::with(
        "create table hidden (t text); create table half (id int primary key, a text, b text); create schema shut; create table shut.t (t text);
         create table filtered (t text); alter table filtered enable row level security;
         create table rooms (id int, t text) partition by list (id); create table rooms_1 partition of rooms for values in (1);
         insert into rooms values (1, 'Ann Berg'); insert into half values (7, 'Ann Berg', 'Ann Berg');
         create extension if not exists file_fdw; create server files foreign data wrapper file_fdw;
         create foreign table far (t text) server files options (filename '/nowhere');
         create materialized view stale as select 'x'::text as t with no data",
    );
    let place = Place::at(db);
    let role = place.role("reader");
    place.db.sql(&format!(
        "create role {role} login; grant select on filtered, rooms, far, stale to {role}; grant select (a) on half to {role}; grant select on shut.t to {role}"
    ));
    let url = place.db.url().replace("user=postgres", &format!("user={role}"));
    let mut child =
        place.command("find - --keys").env("DATABASE_URL", url).stdin(Stdio::piped()).spawn().expect("it starts");
    let _ = std::io::Write::write_all(&mut child.stdin.take().expect("a pipe"), b"Ann Berg\n");
    let ran = ended(child);
    for line in [
        "half.a   text  1 row  line 1\n  no primary key that can be read",
        "rooms.t  text  1 row  line 1",
        "  far: it is a foreign table",
        "  filtered: query would be affected by row-level security policy",
        "  half.b: the role may not read it",
        "  hidden: the role may not read it",
        "  shut.t: the role may not read it",
        "  stale: it has not been populated",
    ] {
        assert!(ran.out.contains(line), "{line}:\n{}{}", ran.out, ran.err);
    }
    assert_eq!(ran.code, Some(1));
}

#[test]
fn thousands_of_values_are_looked_for_and_more_than_that_refused() {
    let db = Db::with(
        "create table notes (t text); insert into notes values ('x somebody2999 MARKED y'), ('somebody12 marked')",
    );
    let place = Place::at(db);
    let ran = fed(&place, "find - --format json", &many(3000));
    assert_eq!(places(&json(&ran)), [("notes".into(), "t".into(), 2, vec![(13, 1), (3000, 1)])], "{}", ran.err);
    let long = format!("{}\n{}\n", "somebody ".repeat(100), "somebody ".repeat(50_000));
    let ran = fed(&place, "find -", long.as_bytes());
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("  line 2: more than 1000 characters\n") && !ran.out.contains("line 1"), "{}", ran.out);
    let ran = fed(&place, "find -", &many(10_001));
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    assert!(ran.err.contains("too many values") && ran.err.contains("split"), "{}", ran.err);
}

#[test]
fn no_log_of_the_server_holds_a_value_whoever_searches() {
    let conf = "log_statement = 'all'\nlog_min_duration_statement = 0\nlog_parameter_max_length = -1\nlog_parameter_max_length_on_error = -1\nlog_error_verbosity = verbose\n";
    let server = Server::start_with(binaries(), conf).expect("a server");
    let admin = Db::open(&server.url("postgres"));
    admin.sql("create role plain login; create role bare login");
    admin.sql("create database club");
    admin.sql("revoke temporary on database club from public; grant temporary on database club to plain");
    let db = Db::open(&server.url("club"));
    db.sql("create table notes (id int primary key, t text, d jsonb); grant select on notes to plain, bare; insert into notes select 1, convert_from('\\x4d41524b454420426572677468616c', 'UTF8'), '{}'");
    let place = Place::at(db);
    let run = |role: &str| {
        let url = place.db.url().replace("user=postgres", &format!("user={role}"));
        let mut child = place
            .command("-vvv find - --keys --jobs 2")
            .env("DATABASE_URL", url)
            .stdin(Stdio::piped())
            .spawn()
            .expect("it starts");
        let _ = std::io::Write::write_all(
            &mut child.stdin.take().expect("a pipe"),
            "MARKED Bergthal\nmärked-1234567\n".as_bytes(),
        );
        ended(child)
    };
    for role in ["postgres", "plain"] {
        let ran = run(role);
        assert_eq!(ran.code, Some(1), "{role}: {}", ran.err);
        assert!(ran.out.contains("notes.t  text  1 row  line 1"), "{role}: {}{}", ran.out, ran.err);
        assert!(!(ran.out + &ran.err).contains("Bergthal"), "{role}");
    }
    let ran = run("bare");
    assert_eq!(ran.code, Some(3), "{}", ran.err);
    assert!(ran.err.contains("to its log") && ran.err.contains("log_parameter_max_length"), "{}", ran.err);
    let log = server.log();
    assert!(log.contains("WITH RECURSIVE efface_given"), "statements are logged");
    for marked in ["Bergthal", "bergthal", "[Bb][Ee]", "marked-", "1234567"] {
        assert!(!log.contains(marked), "{marked} stands in the server's log");
    }
}

#[test]
fn what_is_found_says_so_in_a_database_of_another_encoding() {
    for (encoding, client) in [("LATIN1", "LATIN1"), ("SQL_ASCII", "UTF8")] {
        let admin = Db::new();
        let name = format!("{}_{}", admin.value("select current_database()"), encoding.to_lowercase());
        admin.sql(&format!(
            "create database {name} template template0 encoding '{encoding}' lc_collate 'C' lc_ctype 'C'"
        ));
        let url = admin.url().replace(&format!("/{}", admin.value("select current_database()")), &format!("/{name}"));
        let db = Db::open(&url);
        let _ = client;
        db.sql(
            "create table notes (id int primary key, t text, d json, b bytea); create table others (t text, v tsvector);
             insert into notes values (1, 'by ANN bürg-o''neil', null, null), (2, null, '{\"name\": \"Ann B\\u00fcrg-O''Neil\"}', null), (3, 'x', null, 'mail ann@example.org'::bytea);
             insert into others values ('call 0049 30/1234567', to_tsvector('simple', 'ann@example.org')), ('joann@example.org', null)",
        );
        let place = Place::at(db);
        let ran = fed(
            &place,
            "find - --format json",
            "Ann Bürg-O'Neil\nann@example.org\n+49 30 1234567\n王小明 nobody\n".as_bytes(),
        );
        let seen = places(&json(&ran));
        let one =
            |relation: &str, column: &str, line: u64| (relation.to_owned(), column.to_owned(), 1, vec![(line, 1)]);
        assert_eq!(
            seen,
            [
                one("notes", "t", 1),
                one("notes", "d", 1),
                one("notes", "b", 2),
                one("others", "t", 3),
                one("others", "v", 2)
            ],
            "{encoding}: {}",
            ran.err
        );
        let found: Value = json(&ran);
        assert_eq!(found["outcome"], "found");
    }
}

#[test]
fn nothing_that_somebody_has_planted_is_called_with_our_rights() {
    let db = Db::new();
    let place = Place::at(db);
    let role = place.role("planter");
    place.db.sql(&format!(
        "create role {role} login; create schema theirs authorization {role}; set role {role}; set search_path = theirs, pg_catalog;
         create type pair as (a text, b int);
         create function shout(pair) returns text language plpgsql as $$ begin raise exception 'called'; end $$;
         create cast (pair as text) with function shout(pair);
         create function shout(pair[]) returns text language plpgsql as $$ begin raise exception 'called'; end $$;
         create cast (pair[] as text) with function shout(pair[]);
         create function lower(text) returns text language plpgsql as $$ begin raise exception 'called'; end $$;
         create function is_like(text, text) returns boolean language plpgsql as $$ begin raise exception 'called'; end $$;
         create operator ~~ (leftarg = text, rightarg = text, function = is_like);
         create operator ~ (leftarg = text, rightarg = text, function = is_like);
         create operator = (leftarg = text, rightarg = text, function = is_like);
         create operator <> (leftarg = text, rightarg = text, function = is_like);
         create table held (id int primary key, one pair, several pair[], t text);
         reset role;
         insert into theirs.held values (1, row('Ann Berg', 1), array[row('Ann Berg', 1)::theirs.pair], 'Ann Berg');
         alter role {role} set search_path = theirs, pg_catalog; alter database {} set search_path = theirs, pg_catalog",
        place.db.value("select current_database()")
    ));
    let ran = fed(&place, "find - --keys --format json", b"Ann Berg\n");
    let one = |column: &str| ("theirs.held".to_owned(), column.to_owned(), 1, vec![(1, 1)]);
    assert_eq!(places(&json(&ran)), [one("one"), one("several"), one("t")], "{}{}", ran.out, ran.err);
}
