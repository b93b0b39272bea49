//! What is entered, and who may.

use super::*;

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn the_receipt_names_the_entry_that_is_in_the_ledger() {
    let place = Place::new();
    let receipt = json(&place.done("apply p.yaml --subject 7 --subject 8 --yes --format json").out);
    let listed = json(&place.done("ledger list --format json").out);
    let [entry] = &listed.as_array().expect("a list")[..] else { panic!("{listed}") };
    assert_eq!((&receipt["ledger"]["seq"], &receipt["ledger"]["digest"]), (&entry["seq"], &entry["digest"]));
    assert_eq!(entry["transaction"], receipt["outcome"]["committed"]["transaction"]);
    assert_eq!(entry["policy_sha256"], receipt["policy"]["sha256"]);
    let expected = serde_json::json!({
        "seq": 1, "prev": "0".repeat(64), "policy": "small", "role": "postgres", "subject": "users", "key": ["id"],
        "chosen": "given", "subjects": 2, "erased": ["7", "8"], "runner": "efface 0.1.0",
        "steps": [{"action": "delete", "table": "notes", "rows": 2}, {"action": "change", "table": "users", "rows": 2}],
    });
    for (field, value) in expected.as_object().expect("an object") {
        assert_eq!(&entry[field], value, "{field}");
    }
    let text = place.done("ledger list").out;
    assert!(text.contains("small: 2 rows of users by id; 2 rows deleted, 2 rows changed"), "{text}");
    // The digest of the plan stands in the script, and is that of what stands above it.
    let script = place.done("plan p.yaml --format sql").out;
    let plan = entry["plan_sha256"].as_str().expect("a digest");
    assert!(script.contains(plan), "`git log -S` finds it");
    let above = script.split("\n-- The ledger: ").next().expect("a beginning");
    use sha2::Digest;
    let digest: String = sha2::Sha256::digest(above).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, plan);
    place.whole();
    let head = entry["digest"].as_str().expect("a digest");
    assert!(place.done(&format!("ledger verify --head sha256:{head}")).out.contains("that of entry 1"));
}

#[test]
fn a_rehearsal_enters_nothing_and_its_account_names_no_entry() {
    let place = Place::new();
    let before = place.state();
    let account = json(&place.done("rehearse p.yaml --subject 7 --format json").out);
    assert_eq!(account["ledger"], serde_json::Value::Null);
    assert_eq!(place.state(), before);
}

#[test]
fn by_psql_the_same_is_entered_and_the_same_is_recognised() {
    let place = Place::new();
    place.write("p.sql", &place.done("plan p.yaml --format sql").out);
    place.done("apply p.yaml --subject 1 --yes");
    let ran = place.psql("p.sql", &["key1={2}"]);
    assert!(ran.status.success(), "{}", told(&ran));
    let rows = place.db.rows("select runner, steps::text, policy_sha256, plan_sha256 from efface.ledger order by seq");
    assert_eq!(rows[1][0].as_deref(), Some("psql"));
    assert_eq!(rows[0][1..], rows[1][1..], "the same policy, plan and rows");
    place.whole();

    // A second time there is nothing to do.
    let before = place.state();
    let ran = place.psql("p.sql", &["key1={1}"]);
    assert!(ran.status.success() && told(&ran).contains("erased before, by entry 1 of the ledger"), "{}", told(&ran));
    assert_eq!(place.state(), before);
    place.db.sql("insert into notes (user_id, body) values (1, 'MARKED late')");
    let before = place.state();
    let ran = place.psql("p.sql", &["key1={1}"]);
    assert!(!ran.status.success() && told(&ran).contains("notes: rows to delete (1)"), "{}", told(&ran));
    assert_eq!(place.state(), before);
    let ran = place.psql("p.sql", &["key1={1}", "again=on"]);
    assert!(ran.status.success(), "{}", told(&ran));
    assert_eq!(
        (place.entries().as_str(), place.db.value("select count(*) from notes where user_id = 1").as_str()),
        ("3", "0")
    );
    place.whole();
}

#[test]
fn without_a_ledger_nothing_begins_unless_that_is_what_is_meant() {
    let db = Db::bare();
    db.sql(SCHEMA);
    let place = Place::on(db, POLICY);
    for line in ["apply p.yaml --subject 1 --yes", "rehearse p.yaml --subject 1"] {
        place.refused(line, 1, &["no ledger", "efface ledger init", "--no-ledger"]);
    }
    for line in ["ledger list", "ledger verify", "ledger export", "ledger enable"] {
        place.refused(line, 1, &["this database has no ledger", "efface ledger init"]);
    }
    // The script says so by itself, in psql too.
    place.write("p.sql", &place.done("plan p.yaml --format sql").out);
    let ran = place.psql("p.sql", &["key1={1}"]);
    assert!(!ran.status.success() && told(&ran).contains("this database has no ledger"), "{}", told(&ran));
    assert_eq!(place.db.value("select count(*) from notes where user_id = 1"), "1");
    // Planning asks for none.
    place.done("check p.yaml");
    place.done("snapshot .");

    place.write("p.sql", &place.done("plan p.yaml --format sql --no-ledger").out);
    let ran = place.psql("p.sql", &["key1={1}"]);
    assert!(ran.status.success(), "{}", told(&ran));
    // A second time everything is done again, and it is said that nothing tells whether it was.
    for _ in 0..2 {
        let ran = place.done("apply p.yaml --subject 2 --yes --no-ledger");
        assert!(ran.err.contains("without a ledger") && ran.out.starts_with("receipt"), "{}{}", ran.out, ran.err);
    }
    assert_eq!(place.db.value("select count(*) from pg_namespace where nspname = 'efface'"), "0");
}

#[test]
fn a_saved_plan_keeps_to_the_ledger_or_to_none() {
    let place = Place::new();
    place.done("plan p.yaml --out with.json");
    place.done("plan p.yaml --no-ledger --out without.json");
    place.refused("apply --plan with.json --subject 1 --yes --no-ledger", 2, &["--no-ledger"]);
    place.refused("apply --plan without.json --subject 1 --yes --again", 2, &["--again"]);
    place.done("apply --plan without.json --subject 1 --yes");
    assert_eq!(place.entries(), "0");
    place.done("apply --plan with.json --subject 2 --yes");
    assert_eq!(place.entries(), "1");
}

#[test]
fn a_role_with_the_printed_grants_can_erase_and_neither_change_nor_remove_an_entry() {
    let place = Place::new();
    let role = format!("eraser_{}", place.db.value("select current_database()"));
    place.db.sql(&format!("create role {role} login; grant select, update on users, bills to {role}"));
    place.db.sql(&format!("grant select, update, delete on notes to {role}"));
    let url = place.db.url().replace("user=postgres", &format!("user={role}"));
    let as_role = |line: &str| ended(place.command(line).env("DATABASE_URL", &url).spawn().expect("the tool starts"));
    let grants = place.done(&format!("ledger init --role {role}")).out;
    // With any one of them missing nothing begins, and what is missing is told.
    for missing in grants.lines() {
        let others: String = grants.lines().filter(|grant| *grant != missing).collect();
        place.db.sql(&others);
        let ran = as_role("apply p.yaml --subject 1 --yes");
        assert_eq!(ran.code, Some(1), "{missing}: {}", ran.err);
        let (privilege, _) = missing.strip_prefix("GRANT ").and_then(|it| it.split_once(" TO ")).expect("a grant");
        assert!(ran.err.contains(&format!("it lacks {privilege}")), "{missing}: {}", ran.err);
        place.db.sql(&format!(
            "revoke all on all tables in schema efface from {role}; revoke all on schema efface from {role}"
        ));
        place.db.sql(&format!("revoke update (held) on efface.control from {role}"));
    }
    assert_eq!(place.entries(), "0");
    place.db.sql(&grants);
    let ran = as_role("apply p.yaml --subject 1 --yes");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(place.db.value("select role from efface.ledger"), role);
    let session = Db::open(&url);
    for sql in [
        "update efface.ledger set role = 'x'",
        "delete from efface.ledger",
        "truncate efface.ledger cascade",
        "delete from efface.erased",
        "update efface.erased set subject = '9'",
        "update efface.salt set inner_key = outer_key",
        "update efface.control set enabled = true",
        "insert into efface.version values (2)",
        "drop table efface.turn",
        "create table efface.mine ()",
    ] {
        assert_eq!(session.refused(sql).sqlstate(), Some("42501"), "{sql}");
    }
    // What it may do beyond is nothing.
    session.sql("update efface.control set held = true");
    drop(session);
    place.whole();
    place.db.sql(&format!("drop owned by {role}"));
    place.db.sql(&format!("drop role {role}"));
}

#[test]
fn init_twice_is_init_once_and_another_version_is_left_alone() {
    let place = Place::on(Db::bare(), POLICY);
    place.db.sql(SCHEMA);
    assert!(place.done("ledger init").err.contains("the ledger is made"));
    let salt = place.db.dump_table("efface.salt");
    place.done("apply p.yaml --subject 1 --yes");
    let before = place.state();
    assert!(place.done("ledger init").err.contains("nothing was changed"));
    // By psql too, as it is printed.
    place.write("ledger.sql", &place.done("ledger init --print").out);
    let ran = place.psql("ledger.sql", &["ON_ERROR_STOP=1"]);
    assert!(ran.status.success(), "{}", told(&ran));
    assert_eq!((place.state(), place.db.dump_table("efface.salt")), (before, salt));

    place.db.sql("insert into efface.version (version) values (2)");
    for line in ["ledger init", "apply p.yaml --subject 2 --yes", "rehearse p.yaml --subject 2", "ledger verify"] {
        place.refused(line, 1, &["the ledger is of version 2, and this efface knows version 1"]);
    }
    let ran = place.psql("ledger.sql", &["ON_ERROR_STOP=1"]);
    assert!(!ran.status.success() && told(&ran).contains("a ledger of version 2"), "{}", told(&ran));
}

#[test]
fn tables_of_somebody_elses_in_schema_efface_are_left_alone() {
    let place = Place::on(Db::bare(), POLICY);
    place.db.sql(&format!("{SCHEMA}; create schema efface; create table efface.ledger (entry text); insert into efface.ledger values ('mine')"));
    place.refused("ledger init", 1, &["no ledger of efface"]);
    place.refused("apply p.yaml --subject 1 --yes", 1, &["no ledger of efface"]);
    // And they are part of the catalog, which a ledger is not.
    assert!(place.done("catalog").out.contains("\"efface\""));
}

#[test]
fn a_ledger_is_no_part_of_the_catalog() {
    let place = Place::on(Db::bare(), POLICY);
    place.db.sql(SCHEMA);
    let before = place.done("catalog").out;
    place.done("ledger init");
    assert_eq!(place.done("catalog").out, before);
    place.write("p.yaml", &POLICY.replace("  bills: {", "  efface.ledger: delete\n  bills: {"));
    place.refused("apply p.yaml --subject 1 --yes", 1, &["efface.ledger"]);
}

#[test]
fn no_personal_data_is_entered_whatever_the_key_is() {
    let schema = "
        create table people (email text, born date, name text, primary key (email, born));
        create table letters (id integer primary key, email text, born date, address text, foreign key (email, born) references people);
        insert into people values ('MARKED@example.org', '1970-01-01', 'MARKED'), ('tom@example.org', '1980-01-01', 'Tom');
        insert into letters values (1, 'MARKED@example.org', '1970-01-01', 'MARKED@example.org');";
    let composite =
        "version: 1\nname: composite\nsubject: { table: people }\ntables:\n  people: delete\n  letters: delete\n";
    let value = "version: 1\nname: value\nsubject: { value: text, name: email }\ntables:\n  letters:\n    \
                 where: address = any(:subject)\n    rows: delete\n";
    for (policy, subject, other) in [
        (composite, "MARKED@example.org,1970-01-01", "tom@example.org,1980-01-01"),
        (value, "MARKED@example.org", "tom@example.org"),
    ] {
        let place = Place::with(schema, policy);
        let receipt = place.done(&format!("apply p.yaml --subject {subject} --yes --format json")).out;
        place.done(&format!("apply p.yaml --subject {other} --yes"));
        place.whole();
        let export = place.done("ledger export").out;
        let everything: Vec<Vec<String>> = ["ledger", "erased", "control", "salt", "version"]
            .map(|table| place.db.dump_table(&format!("efface.{table}")))
            .to_vec();
        for text in [receipt, export, format!("{everything:?}"), place.done("ledger list").out] {
            assert!(!text.contains("MARKED") && !text.contains("1970-01-01"), "{text}");
        }
        // The digest is keyed: the same key has another one in another database.
        let erased = "select subject from efface.erased where entry = 1";
        let digest = place.db.value(erased);
        assert!(digest.starts_with("hmac-sha256:") && digest.len() == 76, "{digest}");
        let elsewhere = Place::on(Db::bare(), policy);
        elsewhere.db.sql(schema);
        elsewhere.done("ledger init");
        elsewhere.done(&format!("apply p.yaml --subject {subject} --yes"));
        assert_ne!(elsewhere.db.value(erased), digest);
        // And the same here, however it is written.
        let ran = place.done(&format!("apply p.yaml --subject {subject} --yes"));
        assert!(ran.err.contains("erased before, by entry 1"), "{}", ran.err);
    }
}

#[test]
fn the_keyed_digest_is_hmac_as_the_standard_has_it() {
    use sha2::{Digest, Sha256};
    let place = Place::with(
        "create table people (email text primary key); insert into people values ('\"Ann\"@exämple.org')",
        "version: 1\nname: p\nsubject: { table: people }\ntables: { people: delete }\n",
    );
    place.db.sql(
        "update efface.salt set (inner_key, outer_key) = (select
            string_agg(set_byte('\\x00', 0, get_byte(key, i) # 54), '' order by i),
            string_agg(set_byte('\\x00', 0, get_byte(key, i) # 92), '' order by i)
         from (select convert_to('Jefe', 'UTF8') || decode(repeat('00', 60), 'hex') as key) as key, generate_series(0, 63) as i)",
    );
    place.done("apply p.yaml --subject '\"Ann\"@exämple.org' --yes");
    let mut key = b"Jefe".to_vec();
    key.resize(64, 0);
    let padded = |pad: u8| key.iter().map(|byte| byte ^ pad).collect::<Vec<u8>>();
    let text = "[\"\\\"Ann\\\"@exämple.org\"]";
    let inner = Sha256::digest([padded(0x36), text.as_bytes().to_vec()].concat());
    let outer = Sha256::digest([padded(0x5c), inner.to_vec()].concat());
    let expected: String = outer.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(place.db.value("select subject from efface.erased"), format!("hmac-sha256:{expected}"));
}

#[test]
fn every_row_and_whoever_is_expired_are_entered_too() {
    let schema = "create table users (id integer primary key, name text, seen date);
                  insert into users values (1, 'Ann', '2001-01-01'), (2, 'Tom', '2999-01-01'), (3, 'Ito', '2002-01-01');";
    let masked = "version: 1\nname: masked\nevery_row: true\ntables:\n  users: { columns: { id: keep, name: null, seen: keep } }\n";
    let place = Place::with(schema, masked);
    let name = place.db.value("select current_database()");
    for n in ["1", "2"] {
        place.done(&format!("apply p.yaml --yes-all-rows {name}"));
        assert_eq!(place.entries(), n, "a masked copy can be made again");
    }
    let entered = "select chosen, subject, key::text, subjects::text from efface.ledger where seq = ";
    let expected = [Some("every row"), None, Some("{}"), Some("0")].map(|it| it.map(str::to_owned));
    assert_eq!(place.db.rows(&format!("{entered} 1")), [expected]);
    place.whole();

    // Whoever is chosen is entered by key; those who stay expired, and of whom nothing is left, are no work.
    let retention = "version: 1\nname: retention\nsubject:\n  table: users\n  expired_when: seen < '2010-01-01'\ntables:\n  \
                     users: { columns: { id: keep, name: null, seen: keep } }\nlimits: { max_subjects: 9 }\n";
    let place = Place::with(schema, retention);
    place.done("apply p.yaml --expired --yes");
    let expected = [Some("expired"), Some("users"), Some("{id}"), Some("2")].map(|it| it.map(str::to_owned));
    assert_eq!(place.db.rows(&format!("{entered} 1")), [expected]);
    assert_eq!(place.db.value("select string_agg(subject, ',' order by subject) from efface.erased"), "1,3");
    let ran = place.done("apply p.yaml --expired --yes");
    assert!(ran.err.contains("erased before, by entry 1"), "{}", ran.err);
    // Somebody new among them is erased without more ado, and so is what is new of somebody who was: both are expired now.
    place.db.sql("update users set seen = '2003-01-01' where id = 2; update users set name = 'new' where id = 1");
    place.done("apply p.yaml --expired --yes");
    assert_eq!(place.db.value("select count(*) from users where name is not null"), "0");
    assert_eq!(place.entries(), "2");
    place.whole();
}
