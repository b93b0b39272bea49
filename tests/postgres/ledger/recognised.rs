//! Who was erased before: nothing to do, or something that somebody has to decide.

use super::*;

#[test]
fn a_second_run_for_an_erased_subject_does_nothing_and_says_so() {
    let place = Place::new();
    place.done("apply p.yaml --subject 1 --subject 2 --yes");
    let before = place.state();
    for line in [
        "apply p.yaml --subject 1 --yes",
        "apply p.yaml --subject 002 --subject 1 --yes",
        "rehearse p.yaml --subject 1",
    ] {
        let ran = place.done(line);
        assert!(
            ran.err.contains("erased before, by entry 1 of the ledger, and nothing is left"),
            "{line}: {}",
            ran.err
        );
        assert_eq!((ran.out.as_str(), place.state()), ("", before.clone()), "{line}");
    }
    // By another policy it is another matter: what that one has done, it knows.
    place.write("q.yaml", &POLICY.replace("name: small", "name: other"));
    place.done("apply q.yaml --subject 1 --yes");
    assert_eq!(place.entries(), "2");
    assert!(place.done("apply q.yaml --subject 1 --yes").err.contains("by entry 2"));
}

#[test]
fn what_is_left_or_new_of_an_erased_subject_is_counted_and_takes_again() {
    let place = Place::new();
    place.done("apply p.yaml --subject 1 --yes");
    place.db.sql("insert into notes (user_id, body) values (1, 'MARKED'), (1, 'MARKED'); update users set name = 'MARKED' where id = 1");
    let words = [
        "1 of the 1 subjects were erased before, the last by entry 1",
        "notes: rows to delete (2 rows)",
        "users: rows to change (1 row)",
        "--again",
    ];
    place.refused("apply p.yaml --subject 1 --yes", 1, &words);
    place.refused("rehearse p.yaml --subject 1", 1, &words);
    // Together with somebody new as well.
    place.refused("apply p.yaml --subject 1 --subject 2 --yes", 1, &["1 of the 2 subjects were erased before"]);
    place.done("rehearse p.yaml --subject 1 --again");
    place.done("apply p.yaml --subject 1 --yes --again");
    assert_eq!(place.db.value("select count(*) from notes where user_id = 1"), "0");
    assert_eq!(place.db.value("select string_agg(subject, ',') from efface.erased where entry = 2"), "1");
    assert!(place.done("apply p.yaml --subject 1 --yes").err.contains("by entry 2"));
    // Again and nothing to do is an entry: somebody wanted it.
    place.done("apply p.yaml --subject 1 --yes --again");
    assert_eq!(place.entries(), "3");
    // Nobody is erased for being known to nobody.
    place.refused("apply p.yaml --subject 999 --yes --again", 1, &["no row has this key"]);
    assert_eq!(place.run("apply p.yaml --subject 1 --yes --again --no-ledger").code, Some(2));
    place.whole();
}

const GONE: &str = "version: 1\nname: gone\nsubject: { table: users }\nvirtual_foreign_keys:\n  - { table: audits, columns: user_id, references: users }\n\
    tables:\n  users: delete\n  audits: delete\nlimits: { lock_timeout: 10s, max_subjects: 9 }\n";
const GONE_SCHEMA: &str = "create table users (id uuid primary key, name text);
    create table audits (id integer primary key, user_id uuid, body text);
    insert into users values ('00000000-0000-0000-0000-00000000000a', 'MARKED');
    insert into audits values (1, '00000000-0000-0000-0000-00000000000a', 'MARKED');";

#[test]
fn a_subject_whose_row_is_gone_is_recognised_and_what_came_late_can_be_erased() {
    let place = Place::with(GONE_SCHEMA, GONE);
    let id = "00000000-0000-0000-0000-00000000000A";
    place.done(&format!("apply p.yaml --subject {id} --yes"));
    let ran = place.done(&format!("apply p.yaml --subject {{{id}}} --yes"));
    assert!(ran.err.contains("erased before, by entry 1"), "{}", ran.err);
    // A row that another session had not committed, by a key that nobody enforces.
    place.db.sql(&format!("insert into audits values (2, '{id}', 'MARKED')"));
    place.refused(&format!("apply p.yaml --subject {id} --yes"), 1, &["audits: rows to delete (1 row)"]);
    place.done(&format!("apply p.yaml --subject {id} --yes --again"));
    assert_eq!(place.db.value("select count(*) from audits"), "0");
    // Whoever was never there is not known, and still an error.
    place.refused("apply p.yaml --subject 00000000-0000-0000-0000-00000000000b --yes", 1, &["no row has this key"]);
    place.whole();
}

#[test]
fn new_values_that_do_not_tell_are_not_taken_for_done() {
    let place = Place::with(
        "create table users (id integer primary key, seen date); insert into users values (1, '2001-01-01')",
        "version: 1\nname: p\nsubject: { table: users }\ntables:\n  users: { columns: { id: keep, seen: { shift_days: 30 } } }\n",
    );
    place.done("apply p.yaml --subject 1 --yes");
    place.refused(
        "apply p.yaml --subject 1 --yes",
        1,
        &["whose new values don't tell that they are new (1 row)", "--again"],
    );
}

#[test]
fn of_two_runs_for_one_subject_at_once_one_wins_and_the_other_says_so() {
    for (schema, policy, subject) in
        [(SCHEMA, POLICY, "1"), (GONE_SCHEMA, GONE, "00000000-0000-0000-0000-00000000000a")]
    {
        let place = Place::with(schema, policy);
        let other = place.db.again();
        // Both wait for the subject's row.
        other.sql("begin; select 1 from users for update");
        let line = format!("apply p.yaml --subject {subject} --yes");
        let children = [place.start(&line), place.start(&line)];
        place.until_waiting(2);
        other.sql("commit");
        let ran = children.map(ended);
        assert!(ran.iter().all(|ran| ran.code == Some(0)), "{}\n{}", ran[0].err, ran[1].err);
        let recognised = ran.iter().filter(|ran| ran.err.contains("erased before, by entry 1")).count();
        assert_eq!((recognised, place.entries().as_str()), (1, "1"), "{}\n{}", ran[0].err, ran[1].err);
        place.whole();
    }
}

#[test]
fn a_subject_without_a_row_to_wait_for_is_erased_once_too() {
    let place = Place::with(
        "create table letters (id integer primary key, address text); insert into letters values (1, 'ann@example.org')",
        "version: 1\nname: p\nsubject: { value: text, name: address }\ntables:\n  letters:\n    where: address = any(:subject)\n    \
         columns: { id: keep, address: { replace: x } }\nlimits: { lock_timeout: 10s }\n",
    );
    // Neither has found a row of the subject's, so both have asked the ledger before either is entered.
    place.db.sql("update letters set address = 'else'");
    let other = place.db.again();
    other.sql("begin; lock table efface.turn in exclusive mode");
    let line = "apply p.yaml --subject ann@example.org --yes";
    let children = [place.start(line), place.start(line)];
    place.until_waiting(2);
    other.sql("commit");
    let ran = children.map(ended);
    assert!(ran.iter().all(|ran| ran.code == Some(0)), "{}\n{}", ran[0].err, ran[1].err);
    let second =
        ran.iter().filter(|ran| ran.err.contains("attempt 2") && ran.err.contains("erased before, by entry 1")).count();
    assert_eq!((second, place.entries().as_str()), (1, "1"), "{}\n{}", ran[0].err, ran[1].err);
}

#[test]
fn whoever_is_known_and_has_nothing_left_goes_along_with_somebody_new() {
    let place = Place::new();
    place.done("apply p.yaml --subject 1 --subject 2 --yes");
    place.done("apply p.yaml --subject 2 --subject 3 --subject 1 --yes");
    assert_eq!(
        place.db.value("select string_agg(subject, ',' order by subject) from efface.erased where entry = 2"),
        "1,2,3"
    );
    assert_eq!(place.db.value("select string_agg(rows::text, ',') from efface.ledger, jsonb_to_recordset(steps) as s (rows int) where seq = 2"), "1,1");
    // What is left of one who is known is told, whatever there is of the new.
    place.db.sql("insert into notes (user_id, body) values (3, 'MARKED')");
    let words = ["2 of the 3 subjects were erased before, the last by entry 2", "notes: rows to delete (1 row)"];
    place.refused("apply p.yaml --subject 4 --subject 3 --subject 1 --yes", 1, &words);
    place.whole();
}

#[test]
fn in_circles_the_known_are_not_told_from_the_new() {
    let place = Place::with(
        "create table users (id integer primary key, name text);
         create table comments (id integer primary key, user_id integer not null references users, parent_id integer references comments);
         create index on comments (user_id); create index on comments (parent_id);
         insert into users select n, 'MARKED' from generate_series(1, 3) as n;
         insert into comments values (1, 1, null), (2, 2, 1), (3, 3, null), (4, 3, 3);",
        "version: 1\nname: p\nsubject: { table: users }\ntables:\n  users: { columns: { id: keep, name: null } }\n  comments: cascade\n\
         limits: { max_subjects: 9 }\n",
    );
    place.done("apply p.yaml --subject 1 --yes");
    assert!(place.done("apply p.yaml --subject 1 --yes").err.contains("erased before, by entry 1"));
    place.refused("apply p.yaml --subject 1 --subject 3 --yes", 1, &["comments: rows to delete (2 rows)"]);
    place.done("apply p.yaml --subject 1 --subject 3 --yes --again");
    assert_eq!(place.db.value("select count(*) from comments"), "0");
    place.whole();
}

#[test]
fn ten_thousand_subjects_are_one_entry_and_are_recognised() {
    let place = Place::with(
        "create table users (id bigint primary key, name text); insert into users select n, 'MARKED' from generate_series(1, 10000) as n",
        "version: 1\nname: many\nsubject: { table: users }\ntables:\n  users: { columns: { id: keep, name: null } }\nlimits: { max_subjects: 10000 }\n",
    );
    place.write("who.txt", &(1..=10000).map(|n| format!("{n}\n")).collect::<String>());
    place.done("apply p.yaml --subjects-from who.txt --yes --quiet");
    assert_eq!(
        (place.entries().as_str(), place.db.value("select count(*) from efface.erased").as_str()),
        ("1", "10000")
    );
    let begun = Instant::now();
    let ran = place.done("apply p.yaml --subjects-from who.txt --yes");
    assert!(ran.err.contains("erased before, by entry 1"), "{}", ran.err);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    place.whole();
}
