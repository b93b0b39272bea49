//! The chain: one after the other, without gaps, and nothing changed in it unnoticed.

use super::*;

#[test]
fn eight_runs_at_once_make_one_chain_and_those_that_are_refused_leave_no_gap() {
    let place = Place::new();
    // Every fourth owes something.
    place.db.sql("insert into bills (user_id, paid) select id, id % 4 <> 0 from users");
    let lanes: Vec<_> = (0..8)
        .map(|lane| {
            let commands: Vec<Command> =
                (0..6).map(|n| place.command(&format!("apply p.yaml --subject {} --yes", 1 + lane + 8 * n))).collect();
            std::thread::spawn(move || {
                commands.into_iter().map(|mut it| it.output().expect("the tool runs").status.code()).collect::<Vec<_>>()
            })
        })
        .collect();
    let codes: Vec<_> = lanes.into_iter().flat_map(|lane| lane.join().expect("a lane ends")).collect();
    let ended = |code: i32| codes.iter().filter(|it| **it == Some(code)).count();
    assert_eq!((ended(0), ended(1)), (36, 12), "{codes:?}");
    assert_eq!(
        place.db.value("select max(seq) = 36 and count(*) = 36 and count(distinct prev) = 36 from efface.ledger"),
        "t"
    );
    assert_eq!(place.db.value("select count(distinct subject) = 36 and count(*) = 36 from efface.erased"), "t");
    assert_eq!(
        place.db.value("select count(*) from notes n join users u on u.id = n.user_id where u.name = '[deleted]'"),
        "0"
    );
    place.whole();
}

#[test]
fn whoever_does_not_take_the_turn_cannot_fork_the_chain() {
    let place = Place::new();
    place.done("apply p.yaml --subject 1 --yes");
    place.done("apply p.yaml --subject 2 --yes");
    let copy = "insert into efface.ledger select 3, prev, repeat('f', 64), at, role, transaction, runner, policy, policy_sha256,
                plan_sha256, subject, key, chosen, subjects, subjects_sha256, steps from efface.ledger where seq = 2";
    assert_eq!(place.db.refused(copy).sqlstate(), Some("23505"));
    // And where somebody takes the constraint away, it is noticed.
    place.db.sql(&format!("alter table efface.ledger drop constraint ledger_prev_key; {copy}"));
    let found = place.findings().to_string();
    assert!(found.contains(r#"{"entry":3,"finding":"forked"}"#), "{found}");
}

/// A ledger of four entries, and a way back to it.
fn four() -> Place {
    let place = Place::new();
    for subjects in ["--subject 1", "--subject 2 --subject 3", "--subject 4", "--subject 5"] {
        place.done(&format!("apply p.yaml {subjects} --yes"));
    }
    place.db.sql("create schema kept; create table kept.ledger as table efface.ledger; create table kept.erased as table efface.erased");
    place.db.sql("alter table efface.erased drop constraint erased_entry_fkey; alter table efface.ledger drop constraint ledger_prev_key");
    place.whole();
    place
}

fn put_back(place: &Place) {
    place.db.sql("truncate efface.ledger, efface.erased; insert into efface.ledger table kept.ledger; insert into efface.erased table kept.erased");
    place.whole();
}

#[test]
fn every_column_of_an_entry_that_is_altered_is_noticed_at_that_entry() {
    let place = four();
    let columns =
        "select attname from pg_attribute where attrelid = 'efface.ledger'::regclass and attnum > 0 order by attnum";
    let columns: Vec<String> =
        place.db.rows(columns).into_iter().map(|mut row| row.remove(0).expect("a name")).collect();
    assert_eq!(columns.len(), 16, "{columns:?}");
    for column in columns {
        let value = match column.as_str() {
            "seq" => "9".to_owned(),
            "subjects" => "subjects + 1".to_owned(),
            "at" => "at + interval '1 microsecond'".to_owned(),
            "prev" | "digest" => "repeat('a', 64)".to_owned(),
            "chosen" => "'expired'".to_owned(),
            "key" => "'{other}'".to_owned(),
            "subject" => "null".to_owned(),
            "steps" => "jsonb_set(steps, '{0,rows}', '0')".to_owned(),
            _ => format!("{column} || 'x'"),
        };
        place.db.sql(&format!("update efface.ledger set {column} = {value} where seq = 2"));
        let found = place.findings().to_string();
        let at = if column == "seq" { 9 } else { 2 };
        assert!(found.contains(&format!(r#"{{"entry":{at},"finding":"altered"}}"#)), "{column}: {found}");
        put_back(&place);
    }
    // What can't even be read.
    for steps in ["'{\"a\": 1}'", "'[{\"action\": \"delete\", \"table\": \"notes\", \"rows\": -1}]'"] {
        place.db.sql(&format!("update efface.ledger set steps = {steps} where seq = 2"));
        assert!(place.findings().to_string().contains(r#"{"entry":2,"finding":"altered"}"#));
        let ran = place.run("ledger list");
        assert_eq!(ran.code, Some(1), "{}", ran.err);
        put_back(&place);
    }
}

#[test]
fn an_entry_that_was_removed_swapped_or_written_anew_is_noticed() {
    let place = four();
    let newest = place.db.value("select digest from efface.ledger where seq = 4");
    let noticed = |sql: &str, expected: serde_json::Value| {
        place.db.sql(sql);
        assert_eq!(place.findings(), expected, "{sql}");
        put_back(&place);
    };
    let missing = |from: u64, to: u64| serde_json::json!({"finding": "missing", "from": from, "to": to});
    let entry = |finding: &str, entry: u64| serde_json::json!({"finding": finding, "entry": entry});
    noticed(
        "delete from efface.ledger where seq = 2; delete from efface.erased where entry = 2",
        serde_json::json!([missing(2, 2)]),
    );
    noticed(
        "delete from efface.ledger where seq in (1, 2); delete from efface.erased where entry in (1, 2)",
        serde_json::json!([missing(1, 2)]),
    );
    noticed(
        "delete from efface.ledger where seq = 3",
        serde_json::json!([missing(3, 3), {"finding": "strays", "subjects": 1}]),
    );
    noticed(
        "update efface.ledger set seq = 9 where seq = 2; update efface.ledger set seq = 2 where seq = 3;
         update efface.ledger set seq = 3 where seq = 9",
        serde_json::json!([
            entry("altered", 2), entry("subjects_altered", 2), {"finding": "unlinked", "entry": 2, "after": 1},
            entry("altered", 3), entry("subjects_altered", 3), {"finding": "unlinked", "entry": 3, "after": 2},
            {"finding": "unlinked", "entry": 4, "after": 3},
        ]),
    );
    for sql in [
        "update efface.erased set subject = '9' where subject = '2'",
        "delete from efface.erased where subject = '2'",
        "insert into efface.erased values (2, '9')",
    ] {
        noticed(sql, serde_json::json!([entry("subjects_altered", 2)]));
    }
    // The newest only against a digest that was kept elsewhere.
    place.db.sql("delete from efface.ledger where seq = 4; delete from efface.erased where entry = 4");
    let ran = place.done("ledger verify");
    assert!(ran.err.contains("kept elsewhere"), "{}", ran.err);
    let ran = place.run(&format!("ledger verify --head {newest}"));
    assert!(ran.code == Some(1) && ran.out.contains(&newest), "{}", ran.out);
    assert_eq!(place.run("ledger verify --head x").code, Some(2));
}

#[test]
fn an_export_is_verified_without_a_database() {
    let place = four();
    place.done("ledger export --out ledger.jsonl");
    let text = std::fs::read_to_string(place.path("ledger.jsonl")).expect("an export");
    assert_eq!((text.lines().count(), &place.done("ledger export").out), (4, &text));
    let verify = |head: &str| {
        ended(
            place
                .command(&format!("ledger verify ledger.jsonl {head}"))
                .env("DATABASE_URL", "host=/nowhere")
                .spawn()
                .expect("it starts"),
        )
    };
    let ran = verify("");
    assert!(ran.code == Some(0) && ran.out.starts_with("whole: 4 entries, 5 subjects"), "{}{}", ran.out, ran.err);
    let newest = place.db.value("select digest from efface.ledger where seq = 4");
    assert!(verify(&format!("--head {newest}")).out.contains("that of entry 4"));
    place.write("ledger.jsonl", &text.replacen("\"role\":\"postgres\"", "\"role\":\"somebody\"", 2));
    let ran = verify("");
    assert!(
        ran.code == Some(1) && ran.out.contains("entry 1 was altered") && ran.out.contains("entry 2 was altered"),
        "{}",
        ran.out
    );
    place.write("ledger.jsonl", "no entry\n");
    assert!(verify("").err.contains("line 1 of `ledger.jsonl` is no entry"));
}

#[test]
fn a_role_that_may_change_entries_is_named() {
    let place = Place::new();
    let role = format!("meddler_{}", place.db.value("select current_database()"));
    place.db.sql(&format!(
        "create role {role}; grant usage on schema efface to {role}; grant delete on efface.ledger to {role}"
    ));
    for line in ["ledger verify", "ledger init"] {
        let ran = place.done(line);
        assert!(ran.err.contains(&format!("role `{role}` may change or remove entries")), "{}", ran.err);
    }
    place.db.sql(&format!("drop owned by {role}"));
    place.db.sql(&format!("drop role {role}"));
}
