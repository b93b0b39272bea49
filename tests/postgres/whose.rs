//! Whose rows a run means: whom a retention run chooses, and what a masked copy asks for, from outside.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::Db;

const SCHEMA: &str = "
    create table users (id bigint primary key, name text not null, last_seen date not null);
    create table visits (user_id bigint not null references users, visited_on date not null);
    create index on visits (user_id);
    insert into users values (1, 'Anna', '2001-01-01'), (2, 'Tom', '2002-02-02'), (3, 'Ito', '2999-01-01');
    insert into visits values (1, '2001-01-01'), (2, '2002-02-02'), (3, '2020-01-01');
";

/// Whoever was not seen, and has not been here, for long.
const RETENTION: &str = "version: 1
name: retention
subject:
  table: users
  expired_when: |
    last_seen < '2010-01-01'
    and not exists (select 1 from visits where user_id = users.id and visited_on > '2010-01-01')
tables:
  users: delete
  visits: delete
limits: { max_subjects: 2, lock_timeout: 5s }
";

const MASKED: &str = "version: 1
name: masked
every_row: true
tables:
  users:
    columns: { id: keep, name: { replace: somebody }, last_seen: keep }
  visits: { keep: numbers only }
";

struct Place {
    db: Db,
    folder: tempfile::TempDir,
}

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Place {
    fn with(policy: &str) -> Self {
        let place = Self { db: Db::with(SCHEMA), folder: tempfile::tempdir().expect("a folder") };
        place.write(policy);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, policy: &str) {
        std::fs::write(self.path("p.yaml"), policy).expect("the policy is written");
    }

    fn start(&self, line: &str) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_efface"));
        command.args(line.split_whitespace()).current_dir(self.folder.path()).env("DATABASE_URL", self.db.url());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the tool starts")
    }

    fn run(&self, line: &str) -> Ran {
        ended(self.start(line))
    }

    fn refused(&self, line: &str, code: i32, words: &str) {
        let before = self.rows();
        let ran = self.run(line);
        assert_eq!(ran.code, Some(code), "{line}: {}", ran.err);
        assert!(ran.err.contains(words) && ran.err.contains("help: "), "{line}: {}", ran.err);
        assert_eq!(self.rows(), before, "{line}");
    }

    fn rows(&self) -> Vec<Vec<String>> {
        ["users", "visits"].map(|table| self.db.dump_table(table)).to_vec()
    }

    fn ids(&self) -> String {
        self.db.value("select coalesce(string_agg(id::text, ',' order by id), '') from users")
    }
}

fn ended(child: Child) -> Ran {
    let output = child.wait_with_output().expect("the tool ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn subject(ran: &Ran) -> serde_json::Value {
    serde_json::from_str::<serde_json::Value>(&ran.out).expect("JSON")["subject"].clone()
}

#[test]
fn a_retention_run_erases_the_expired_and_counts_them() {
    let place = Place::with(RETENTION);
    let rehearsed = place.run("rehearse p.yaml --expired --format json");
    assert_eq!((rehearsed.code, place.ids().as_str()), (Some(0), "1,2,3"), "{}", rehearsed.err);
    let applied = place.run("apply p.yaml --expired --yes --format json");
    assert_eq!((applied.code, place.ids().as_str()), (Some(0), "3"), "{}", applied.err);
    for ran in [&rehearsed, &applied] {
        let expected = serde_json::json!({ "table": "users", "key": ["id"], "count": 2,
            "subjects": [["1"], ["2"]], "no_longer_expired": 0 });
        assert_eq!(subject(ran), expected);
    }
    // Once more there is nobody, which is no failure.
    let ran = place.run("apply p.yaml --expired --yes");
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""), "{}", ran.err);
    assert!(ran.err.contains("nobody is expired"), "{}", ran.err);
    assert_eq!(place.ids(), "3");
}

#[test]
fn whoever_comes_back_while_the_rows_are_locked_stays_and_is_counted() {
    let place = Place::with(RETENTION);
    let other = place.db.again();
    // The condition looks at another table, which no lock on the user's own row asks again by itself.
    other.sql("begin; insert into visits values (1, '2020-01-01')");
    let child = place.start("apply p.yaml --expired --yes --format json");
    let waiting =
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    let begun = Instant::now();
    while place.db.value(waiting) != "1" {
        assert!(begun.elapsed() < Duration::from_secs(20), "nobody waits");
        std::thread::sleep(Duration::from_millis(20));
    }
    other.sql("commit");
    let ran = ended(child);
    assert_eq!((ran.code, place.ids().as_str()), (Some(0), "1,3"), "{}", ran.err);
    let subject = subject(&ran);
    assert_eq!((&subject["subjects"], &subject["no_longer_expired"]), (&serde_json::json!([["2"]]), &1.into()));
}

#[test]
fn more_than_the_limit_are_not_erased() {
    let place = Place::with(&RETENTION.replace("max_subjects: 2", "max_subjects: 1"));
    let (before, ran) = (place.rows(), place.run("apply p.yaml --expired --yes"));
    assert_eq!((ran.code, place.rows()), (Some(1), before), "{}", ran.err);
    assert!(ran.err.contains("more are expired than `limits.max_subjects` allows (1)"), "{}", ran.err);
    assert!(ran.err.contains("raise the limit"), "{}", ran.err);
}

#[test]
fn an_ordinary_run_does_not_ask_who_is_expired() {
    let place = Place::with(RETENTION);
    assert_eq!(place.run("apply p.yaml --subject 3 --yes").code, Some(0));
    assert_eq!(place.ids(), "1,2");
}

#[test]
fn a_saved_retention_plan_knows_what_it_is() {
    let place = Place::with(RETENTION);
    assert_eq!(place.run("plan p.yaml --expired --out retention.json").code, Some(0));
    assert_eq!(place.run("plan p.yaml --out named.json").code, Some(0));
    place.refused("apply --plan retention.json --subject 1 --yes", 2, "chooses its subjects itself");
    place.refused("apply --plan named.json --expired --yes", 2, "for subjects that are named");
    place.refused("apply --plan named.json --yes", 2, "no subject is named");
    place.write(&RETENTION.replace("2010", "2011"));
    place.refused("apply --plan retention.json --yes", 4, "was edited");
    place.write(&RETENTION.replace("expired_when", "where"));
    place.refused("apply --plan retention.json --yes", 4, "was edited");
    place.write(RETENTION);
    let ran = place.run("apply --plan retention.json --yes");
    assert_eq!((ran.code, place.ids().as_str()), (Some(0), "3"), "{}", ran.err);
}

#[test]
fn a_snapshot_shows_the_retention_script_too() {
    let place = Place::with(RETENTION);
    assert_eq!(place.run("snapshot .").code, Some(0));
    let read = |name| std::fs::read_to_string(place.path(name)).expect("a script");
    let (named, expired) = (read("p.sql"), read("p.expired.sql"));
    assert!(named.contains(":'key1'") && !named.contains("last_seen"), "{named}");
    assert!(!expired.contains(":'key1'") && expired.contains("last_seen <"), "{expired}");
    assert_eq!(expired, place.run("plan p.yaml --expired --format sql").out);
    place.write(&RETENTION.replace("'2010-01-01'\n", "'2011-01-01'\n"));
    assert_eq!(place.run("snapshot . --check").code, Some(1));
}

#[test]
fn who_is_meant_has_to_suit_the_policy() {
    let place = Place::with(&RETENTION.replace("expired_when", "where"));
    for command in ["plan p.yaml --expired", "rehearse p.yaml --expired", "apply p.yaml --expired --yes"] {
        place.refused(command, 2, "does not say who is expired");
    }
    place.refused("rehearse p.yaml", 2, "no subject is named");
    place.refused("apply p.yaml --subject 1 --yes-all-rows x", 2, "is for policies with `every_row`");
    assert_eq!(place.run("rehearse p.yaml --expired --subject 1").code, Some(2));
    place.write(MASKED);
    for whom in ["--subject 1", "--expired"] {
        place.refused(&format!("rehearse p.yaml {whom}"), 2, "takes no subject");
    }
    place.write("version: 1\nname: g\nsubject: { value: bigint, name: id }\ntables:\n  users:\n    where: id = any(:subject)\n    columns: { id: keep, name: { replace: x }, last_seen: keep }\n  visits:\n    where: user_id = any(:subject)\n    keep: numbers only\n");
    place.refused("rehearse p.yaml --expired", 2, "does not expire");
    place.refused("rehearse p.yaml --subject Anna", 2, "gives key column id a value that is no bigint");
    let ran = place.run("apply p.yaml --subject 1 --yes --format json");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(subject(&ran), serde_json::json!({ "key": ["id"], "count": 1, "subjects": [["1"]] }));
    let ran = place.run("apply p.yaml --subject 99 --yes");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("1 value of id: 99") && ran.out.contains("anonymised\n  nothing"), "{}", ran.out);
}

#[test]
fn a_masked_copy_is_made_only_of_the_database_that_is_named() {
    let place = Place::with(MASKED);
    let name = place.db.value("select current_database()");
    let before = place.rows();
    let rehearsed = place.run("rehearse p.yaml");
    assert_eq!((rehearsed.code, place.rows()), (Some(0), before), "{}", rehearsed.err);
    assert!(rehearsed.out.contains("every row of every table"), "{}", rehearsed.out);
    place.refused("apply p.yaml", 2, "--yes-all-rows");
    place.refused("apply p.yaml --yes", 2, "does not say of which database");
    place.refused("apply p.yaml --yes-all-rows another", 2, &format!("this is database `{name}`"));
    let ran = place.run(&format!("apply p.yaml --yes-all-rows {name}"));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(place.db.value("select count(*) from users where name = 'somebody'"), "3");
    assert!(place.run("plan p.yaml").out.contains("subject  every row of every table"));
}

#[test]
fn nobody_writes_beside_a_masked_copy() {
    let place = Place::with(&MASKED.replace("version: 1", "version: 1\nlimits: { lock_timeout: 50ms }"));
    let other = place.db.again();
    other.sql("begin; insert into users values (4, 'late', '2020-01-01')");
    let name = place.db.value("select current_database()");
    let (before, ran) = (place.rows(), place.run(&format!("apply p.yaml --yes-all-rows {name}")));
    assert_eq!((ran.code, place.rows()), (Some(3), before), "{}", ran.err);
    other.sql("commit");
    assert_eq!(place.run(&format!("apply p.yaml --yes-all-rows {name}")).code, Some(0));
    assert_eq!(place.db.value("select count(*) from users where name <> 'somebody'"), "0");
}
