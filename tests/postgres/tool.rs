//! The command-line tool from outside: exit codes, streams, and what it must never print.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{Db, binaries};

/// People, what was written about them, and what they owe.
pub const SCHEMA: &str = "
    create table users (id bigint primary key, role text not null, name text not null, email text unique, height integer);
    create table notes (id bigint primary key, user_id bigint not null references users, body text);
    create table bills (id bigint primary key, user_id bigint not null references users, paid boolean not null, amount integer);
    create index on notes (user_id);
    create index on bills (user_id);
    insert into users values (42, 'client', 'SECRET Berg', 'SECRET@example.org', 170), (43, 'client', 'Tom', 'tom@example.org', 180),
        (1, 'admin', 'Root', 'root@example.org', null);
    insert into notes values (1, 42, 'SECRET knee'), (2, 43, 'fine');
    insert into bills values (1, 42, true, 10), (2, 43, false, 20), (3, 43, false, 30);
";

/// Anonymises a user, deletes the notes, keeps the bills.
pub const POLICY: &str = r#"version: 1
name: small
subject:
  table: users
  where: role = 'client'
guards:
  - name: unpaid bills
    table: bills
    via: user_id
    where: not paid
    message: settle these first
tables:
  users:
    columns:
      id: keep
      role: keep
      name: { replace: "[deleted]" }
      email: { randomize: email }
      height: null
  notes:
    rows: delete
  bills:
    keep: "seven years: tax law"
verify:
  unchanged:
    - name: revenue
      query: select sum(amount) from bills
limits: { lock_timeout: 50ms }
"#;

/// What a command printed and how it ended.
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// A database with the schema, and a folder with the policy.
pub struct Place {
    pub db: Db,
    folder: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Self {
        Self::with(POLICY)
    }

    pub fn with(policy: &str) -> Self {
        Self::of(SCHEMA, policy)
    }

    pub fn of(schema: &str, policy: &str) -> Self {
        let place = Self { db: Db::with(schema), folder: tempfile::tempdir().expect("a folder") };
        place.policy(policy);
        place
    }

    /// An empty folder beside a database.
    pub fn at(db: Db) -> Self {
        Self { db, folder: tempfile::tempdir().expect("a folder") }
    }

    /// Writes the policy anew.
    pub fn policy(&self, policy: &str) {
        std::fs::write(self.path("small.yaml"), policy).expect("the policy is written");
    }

    pub fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_efface"));
        command.args(line.split_whitespace()).current_dir(self.folder.path()).env("DATABASE_URL", self.db.url());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn start(&self, line: &str) -> Child {
        self.command(line).spawn().expect("the tool starts")
    }

    pub fn run(&self, line: &str) -> Ran {
        ended(self.start(line))
    }

    /// The same as another role.
    pub fn run_as(&self, role: &str, line: &str) -> Ran {
        let url = self.db.url().replace("user=postgres", &format!("user={role}"));
        ended(self.command(line).env("DATABASE_URL", url).spawn().expect("the tool starts"))
    }

    /// Runs a script by psql as the documented call does, as a role; what psql complains about.
    pub fn psql_as(&self, role: &str, script: &str, key: &str) -> Result<String, String> {
        std::fs::write(self.path("script.sql"), script).expect("the script is written");
        let mut command = psql();
        let url = self.db.url().replace("user=postgres", &format!("user={role}"));
        command
            .args(["-X", "-q", "-v"])
            .arg(format!("key1={key}"))
            .args(["-d", &url, "-f"])
            .arg(self.path("script.sql"));
        let output = command.stdin(Stdio::null()).output().expect("psql runs");
        let words = String::from_utf8(output.stderr).expect("UTF-8");
        if output.status.success() { Ok(words) } else { Err(words) }
    }

    /// A name for a role that no other test has.
    pub fn role(&self, name: &str) -> String {
        format!("{name}_of_{}", self.db.value("select current_database()"))
    }

    pub fn dump(&self) -> Vec<Vec<String>> {
        ["users", "notes", "bills"].map(|table| self.db.dump_table(table)).to_vec()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// psql of the server's version, else the machine's.
pub fn psql() -> Command {
    let beside = binaries().program("psql");
    Command::new(if beside.exists() { beside } else { "psql".into() })
}

pub fn ended(child: Child) -> Ran {
    let output = child.wait_with_output().expect("the tool ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// Waits for something that another session is about to do.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what} did not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn an_applied_policy_is_committed_and_its_receipt_says_so() {
    let place = Place::new();
    let others = |dump: Vec<Vec<String>>| -> Vec<String> {
        dump.into_iter().flatten().filter(|row| !row.contains("42") && !row.contains("SECRET")).collect()
    };
    let before = others(place.dump());
    let ran = place.run("apply small.yaml --subject 42 --yes");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.starts_with("receipt of policy `small`: committed as transaction"), "{}", ran.out);
    assert!(ran.out.contains("notes: 1 row\n") && ran.out.contains("bills: seven years: tax law"), "{}", ran.out);
    assert_eq!(place.db.value("select name from users where id = 42"), "[deleted]");
    assert_eq!(others(place.dump()), before);
}

#[test]
fn a_rehearsal_changes_nothing_and_counts_what_an_apply_then_does() {
    let place = Place::new();
    let before = place.dump();
    let steps = |out: &str| -> serde_json::Value {
        serde_json::from_str::<serde_json::Value>(out).expect("JSON")["steps"].clone()
    };
    let rehearsed = place.run("rehearse small.yaml --subject 42 --format json");
    assert_eq!(rehearsed.code, Some(0), "{}", rehearsed.err);
    assert_eq!(place.dump(), before);
    let applied = place.run("apply small.yaml --subject 42 --yes --format json");
    assert_eq!(steps(&rehearsed.out), steps(&applied.out));
}

#[test]
fn a_guard_that_blocks_is_exit_1_and_changes_nothing() {
    let place = Place::new();
    let before = place.dump();
    let ran = place.run("apply small.yaml --subject 43 --yes");
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("= note: unpaid bills: settle these first (2 rows)"), "{}", ran.err);
    assert_eq!(place.dump(), before);
}

#[test]
fn someone_whom_the_policy_does_not_mean_is_exit_1() {
    let place = Place::new();
    let before = place.dump();
    for subject in ["1", "999"] {
        assert_eq!(place.run(&format!("apply small.yaml --subject {subject} --yes")).code, Some(1), "{subject}");
    }
    assert_eq!(place.dump(), before);
}

/// Starts a command with something on its standard input.
fn fed(mut command: Command, input: &[u8]) -> Ran {
    let mut child = command.stdin(Stdio::piped()).spawn().expect("the tool starts");
    // A tool that has refused the command line doesn't read.
    let _ = child.stdin.take().expect("a pipe").write_all(input);
    ended(child)
}

#[test]
fn subjects_come_from_a_file_and_from_the_command_line_together_and_each_once() {
    let policy = POLICY.replace("lock_timeout: 50ms", "max_subjects: 2, lock_timeout: 50ms");
    for file in ["43\n", "\u{feff}\r\n43\r\n\r\n42\r\n43"] {
        let place = Place::with(&policy);
        place.db.sql("update bills set paid = true");
        std::fs::write(place.path("who.txt"), file).expect("the file is written");
        let ran = place.run("apply small.yaml --subject 42 --subjects-from who.txt --yes --format json");
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        let account: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
        assert_eq!(account["subject"]["count"], 2, "{}", ran.out);
        assert_eq!(place.db.value("select count(*) from users where name = '[deleted]'"), "2");
        assert_eq!(place.db.value("select count(*) from notes"), "0");
    }
}

#[test]
fn subjects_on_standard_input_leave_nobody_to_answer_a_question() {
    let place = Place::new();
    let (before, line) = (place.dump(), "apply small.yaml --subjects-from -");
    let ran = fed(place.command(line), b"42\n");
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    assert!(ran.err.contains("--yes"), "{}", ran.err);
    assert_eq!(place.dump(), before);
    let ran = fed(place.command("rehearse small.yaml --subjects-from -"), b"42\n");
    assert_eq!((ran.code, place.dump()), (Some(0), before), "{}", ran.err);
    let ran = fed(place.command(&format!("{line} --yes")), b"42\n");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(place.db.value("select name from users where id = 42"), "[deleted]");
}

#[test]
fn a_line_that_is_no_subject_is_named_by_its_number_and_never_shown() {
    let place = Place::new();
    let before = place.dump();
    for (input, code, words) in [
        (&b"42\nSECRET Berg\n"[..], 2, "line 2 of `--subjects-from` gives key column id a value that is no bigint"),
        (b"42\n\n43,SECRET\n", 2, "line 3 of `--subjects-from` gives 2 values"),
        (b"42\nSECRET\xff\n", 2, "line 2 of `--subjects-from` is not UTF-8 text"),
        (b"\n \r\n", 2, "names no subject"),
        (b"42\n43\n", 1, "2 subjects given, and the policy allows 1 in one run"),
    ] {
        let ran = fed(place.command("apply small.yaml --subjects-from - --yes"), input);
        assert_eq!(ran.code, Some(code), "{}", ran.err);
        assert!(ran.err.contains(words) && ran.err.contains("help: "), "{}", ran.err);
        assert!(!ran.err.contains("SECRET"), "{}", ran.err);
    }
    let ran = place.run("apply small.yaml --subjects-from nowhere.txt --yes");
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    assert_eq!(place.run("apply small.yaml --yes").code, Some(2));
    assert_eq!(place.dump(), before);
}

#[test]
fn without_a_terminal_apply_asks_for_yes_before_it_contacts_anything() {
    let place = Place::new();
    let ran =
        ended(place.command("apply small.yaml --subject 42").env("DATABASE_URL", "host=/nowhere").spawn().unwrap());
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("--yes"), "{}", ran.err);
}

#[test]
fn a_column_added_after_the_plan_was_saved_is_exit_4_and_is_named() {
    let place = Place::new();
    let before = place.dump();
    assert_eq!(place.run("plan small.yaml --out plan.json").code, Some(0));
    place.db.sql("alter table users add nickname text");
    let ran = place.run("apply --plan plan.json --subject 42 --yes");
    assert_eq!(ran.code, Some(4), "{}", ran.err);
    assert!(ran.err.contains("`users.nickname`"), "{}", ran.err);
    place.db.sql("alter table users drop nickname");
    assert_eq!(place.dump(), before);
    // The same plan again, where nothing moved: statistics and rows are no schema.
    place.db.sql("analyze; insert into notes values (3, 43, 'x')");
    assert_eq!(place.run("apply --plan plan.json --subject 42 --yes").code, Some(0));
}

#[test]
fn a_policy_that_was_edited_after_its_plan_was_saved_is_exit_4() {
    let place = Place::new();
    assert_eq!(place.run("plan small.yaml --out plan.json").code, Some(0));
    std::fs::write(place.path("small.yaml"), POLICY.replace("[deleted]", "[gone]")).expect("the policy is written");
    let ran = place.run("apply --plan plan.json --subject 42 --yes");
    assert_eq!(ran.code, Some(4));
    assert!(ran.err.contains("`small.yaml` was edited"), "{}", ran.err);
}

#[test]
fn a_saved_plan_that_was_edited_is_exit_4() {
    let place = Place::new();
    let before = place.dump();
    assert_eq!(place.run("plan small.yaml --out plan.json").code, Some(0));
    let saved = std::fs::read_to_string(place.path("plan.json")).expect("a plan");
    for (from, to) in [("[deleted]'", "[gone]'"), ("settle these first", "ignore these"), ("seven years", "one year")] {
        assert!(saved.contains(from), "{from}");
        std::fs::write(place.path("plan.json"), saved.replace(from, to)).expect("the plan is written");
        let ran = place.run("apply --plan plan.json --subject 42 --yes");
        assert_eq!(ran.code, Some(4), "{from}: {}", ran.err);
        assert!(ran.err.contains("was edited"), "{}", ran.err);
    }
    std::fs::write(place.path("plan.json"), saved).expect("the plan is written");
    assert_eq!(place.dump(), before);
    assert_eq!(place.run("apply --plan plan.json --subject 42 --yes").code, Some(0));
}

#[test]
fn a_policy_that_is_not_there_is_usage_and_for_a_saved_plan_it_is_stale() {
    let place = Place::new();
    assert_eq!(place.run("plan small.yaml --out plan.json").code, Some(0));
    std::fs::remove_file(place.path("small.yaml")).expect("it is removed");
    let ran = place.run("apply --plan plan.json --subject 42 --yes");
    assert_eq!(ran.code, Some(4), "{}", ran.err);
    assert!(ran.err.contains("small.yaml"), "{}", ran.err);
    for line in
        ["check small.yaml", "check .", "rehearse small.yaml --subject 42", "apply small.yaml --subject 42 --yes"]
    {
        assert_eq!(place.run(line).code, Some(2), "{line}");
    }
}

#[test]
fn a_file_that_efface_did_not_write_is_not_overwritten() {
    let place = Place::new();
    let unharmed = |name: &str, text: &str, line: &str, code: i32| {
        std::fs::write(place.path(name), text).expect("the file is written");
        let ran = place.run(line);
        assert_eq!(ran.code, Some(code), "{line}: {}", ran.err);
        assert!(ran.err.contains(name), "{}", ran.err);
        assert_eq!(std::fs::read_to_string(place.path(name)).expect("the file"), text, "{line}");
    };
    unharmed("small.sql", "-- my own notes\nselect 1;\n", "snapshot .", 1);
    unharmed("notes.txt", "mine", "plan small.yaml --out notes.txt", 2);
    unharmed("small.yaml", POLICY, "plan small.yaml --out small.yaml", 2);
    std::fs::remove_file(place.path("small.sql")).expect("it is removed");
    for line in ["snapshot .", "plan small.yaml --out plan.json"] {
        // The second time it is there, and our own.
        assert_eq!((place.run(line).code, place.run(line).code), (Some(0), Some(0)), "{line}");
    }
}

#[test]
fn a_file_that_is_no_catalog_is_called_so() {
    let place = Place::new();
    for text in ["mine", "{}", "[1]"] {
        std::fs::write(place.path("other.json"), text).expect("the file is written");
        let ran = place.run("check small.yaml --catalog other.json");
        assert!(ran.err.contains("not a catalog that `efface catalog` wrote"), "{}", ran.err);
    }
}

#[test]
fn a_rehearsal_asks_the_server_what_check_asks() {
    let place = Place::with(&POLICY.replace("height: null", "height: { sql: heigth / 2 }"));
    let ran = place.run("rehearse small.yaml --subject 42");
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("error[sql-refused]") || ran.err.contains("error[unknown-column]"), "{}", ran.err);
}

#[test]
fn a_key_that_is_no_value_of_its_type_is_told_in_words_about_the_key() {
    let place = Place::with("version: 1\nname: small\nsubject: { table: people }\ntables:\n  people: delete\n");
    let key =
        |sql: &str| place.db.sql(&format!("drop table if exists people; create table people (id {sql} primary key)"));
    // Told from the catalog, where that is easy.
    place.db.sql("create type mood as enum ('calm')");
    for sql in ["uuid", "numeric(9,2)", "date", "mood"] {
        key(sql);
        let ran = place.run("apply small.yaml --subject SECRET --yes");
        assert_eq!(ran.code, Some(2), "{sql}: {}", ran.err);
        assert!(ran.err.contains("key column id a value that is no") && !ran.err.contains("SECRET"), "{}", ran.err);
    }
    // Otherwise the server tells, and what it means is said.
    key("inet");
    let ran = place.run("apply small.yaml --subject SECRET --yes");
    assert_eq!(ran.code, Some(3), "{}", ran.err);
    assert!(
        ran.err.contains("the server can't read a subject's key as id inet") && !ran.err.contains("SECRET"),
        "{}",
        ran.err
    );
}

#[test]
fn a_lock_that_stays_held_is_exit_3_and_its_holder_is_named_without_its_query() {
    let place = Place::new();
    let (before, other) = (place.dump(), place.db.again());
    other.sql("begin; update users set height = 171 where id = 42; select 'SECRET query'");
    let ran = place.run("apply small.yaml --subject 42 --yes");
    assert_eq!(ran.code, Some(3));
    let pid = other.connection().backend_pid;
    assert!(ran.err.contains(&format!("process {pid} of role `postgres` (efface tests)")), "{}", ran.err);
    assert!(ran.err.contains("after 5 attempts") && !ran.err.contains("SECRET"), "{}", ran.err);
    other.sql("rollback");
    assert_eq!(place.dump(), before);
}

#[test]
fn a_lock_that_is_released_in_time_is_only_another_attempt() {
    let place = Place::new();
    let other = place.db.again();
    other.sql("begin; update users set height = 171 where id = 42");
    let child = place.start("apply small.yaml --subject 42 --yes --format json");
    until("waiting", || {
        place.db.value(
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        ) == "1"
    });
    std::thread::sleep(Duration::from_millis(200));
    other.sql("commit");
    let ran = ended(child);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let account: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    assert!(account["attempts"].as_u64() > Some(1), "{}", ran.out);
}

#[test]
fn ctrl_c_cancels_the_running_statement_and_rolls_back() {
    let place = Place::with(&POLICY.replace("lock_timeout: 50ms", "lock_timeout: 50s"));
    let (before, other) = (place.dump(), place.db.again());
    other.sql("begin; update users set height = 171 where id = 42");
    let child = place.start("apply small.yaml --subject 42 --yes");
    until("waiting", || {
        place.db.value(
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        ) == "1"
    });
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success());
    let ran = ended(child);
    assert_eq!(ran.code, Some(130), "{}", ran.err);
    other.sql("rollback");
    assert_eq!(place.dump(), before);
}

#[test]
fn no_value_is_printed_whatever_fails_and_however_much_is_logged() {
    // A cast that quotes the name, a trigger that breaks a unique constraint with the address, and a run that succeeds.
    let cast = POLICY.replace(r#"{ replace: "[deleted]" }"#, "{ sql: (name::integer)::text }");
    let trigger = "
        create table seen (email text unique);
        create function remember() returns trigger language plpgsql
            as $$ begin insert into public.seen values (old.email), (old.email); return new; end $$;
        create trigger remember after update on users for each row execute function remember();
    ";
    for (policy, sql, code) in [(cast.as_str(), "", 3), (POLICY, trigger, 3), (POLICY, "", 0)] {
        let place = Place::with(policy);
        place.db.sql(sql);
        let ran = place.run("apply small.yaml --subject 42 --yes -vvv --log-format json");
        assert_eq!(ran.code, Some(code), "{}", ran.err);
        assert!(!ran.out.contains("SECRET") && !ran.err.contains("SECRET"), "{}\n{}", ran.out, ran.err);
        if code == 3 {
            let ran = place.run("apply small.yaml --subject 42 --yes --show-server-detail");
            assert!(ran.err.contains("SECRET"), "shown where asked for: {}", ran.err);
        }
    }
}

#[test]
fn a_snapshot_that_moved_is_exit_1_with_a_diff_and_writes_nothing() {
    let place = Place::new();
    assert_eq!(place.run("snapshot .").code, Some(0));
    assert_eq!(place.run("snapshot . --check").code, Some(0));
    let script = std::fs::read_to_string(place.path("small.sql")).expect("a script");
    assert_eq!(script, place.run("plan small.yaml --format sql").out);
    std::fs::write(place.path("small.yaml"), POLICY.replace("[deleted]", "[gone]")).expect("the policy is written");
    let ran = place.run("snapshot . --check");
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.contains("-SET name = '[deleted]'") && ran.out.contains("+SET name = '[gone]'"), "{}", ran.out);
    assert_eq!(std::fs::read_to_string(place.path("small.sql")).expect("a script"), script);
}

#[test]
fn a_catalog_file_gives_the_script_that_the_database_gives() {
    let place = Place::new();
    assert_eq!(place.run("catalog --out catalog.json").code, Some(0));
    let live = place.run("plan small.yaml --format sql").out;
    let file = ended(
        place
            .command("plan small.yaml --format sql --catalog catalog.json")
            .env("DATABASE_URL", "host=/nowhere")
            .spawn()
            .unwrap(),
    );
    assert_eq!((file.code, file.out), (Some(0), live));
}

#[test]
fn a_receipt_that_cannot_be_printed_is_not_lost_and_the_run_is_done() {
    let place = Place::new();
    let full = std::fs::File::options().write(true).open("/dev/full").expect("a full disk");
    let ran = ended(place.command("apply small.yaml --subject 42 --yes --quiet").stdout(full).spawn().unwrap());
    assert_eq!(ran.code, Some(0));
    assert!(ran.err.contains("receipt of policy `small`: committed"), "{}", ran.err);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let place = Place::new();
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let ran = ended(place.command("plan small.yaml").stdout(writer).spawn().unwrap());
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
}

#[test]
fn what_only_a_server_can_know_is_a_finding_of_check() {
    let sql = Place::with(&POLICY.replace("height: null", "height: { sql: heigth / 2 }"));
    let ran = sql.run("check small.yaml");
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("error[sql-refused]") || ran.err.contains("error[unknown-column]"), "{}", ran.err);
    let weak = Place::new();
    weak.db.sql("create role weak login; grant select on all tables in schema public to weak");
    let url = weak.db.url().replace("user=postgres", "user=weak");
    let ran = ended(weak.command("check small.yaml --format json").env("DATABASE_URL", url).spawn().unwrap());
    weak.db.sql("drop owned by weak; drop role weak");
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.out.contains("missing-privilege") && ran.out.contains("notes"), "{}", ran.out);
}

#[test]
fn a_role_that_may_not_lock_is_told_by_check_with_the_words_to_grant_it() {
    let place = Place::new();
    let role = format!("half_{}", place.db.value("select current_database()"));
    let database = place.db.value("select format('%I', current_database())");
    let url = place.db.url().replace("user=postgres", &format!("user={role}"));
    let check = || {
        let ran = ended(place.command("check small.yaml --format json").env("DATABASE_URL", &url).spawn().unwrap());
        let findings: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
        let lacking = findings.as_array().expect("a list").iter().filter(|found| found["code"] == "missing-privilege");
        lacking.map(|found| found["help"][0].as_str().expect("a help").to_owned()).collect::<Vec<_>>()
    };
    place.db.sql(&format!(
        "create role {role} login; grant select, delete on notes to {role}; grant select on bills to {role}"
    ));
    place.db.sql(&format!("grant select, update (name, email, height) on users to {role}"));
    place.db.sql(&format!("revoke temporary on database {database} from public"));
    let before = check();
    // What each of them says makes it true: the grants are the help's own words.
    for help in &before {
        place.db.sql(help.split_once(": ").expect("words to say").1);
    }
    let after = check();
    let mut told: Vec<_> =
        before.iter().map(|help| help.replace(&role, "role").replace(&database, "database")).collect();
    told.sort();
    place.db.sql(&format!("drop owned by {role}"));
    place.db.sql(&format!("drop role {role}"));
    assert_eq!(
        told,
        [
            "have its owner say: GRANT TEMPORARY ON DATABASE database TO role;",
            "have its owner say: GRANT UPDATE ON TABLE public.users TO role;",
        ]
    );
    assert_eq!(after, Vec::<String>::new());
}

#[test]
fn a_plan_estimates_rows_and_changes_nothing() {
    let place = Place::new();
    place.db.sql("analyze");
    let before = place.dump();
    let ran = place.run("plan small.yaml");
    assert!(ran.out.contains("delete notes: about 1 row"), "{}\n{}", ran.out, ran.err);
    assert_eq!(place.dump(), before);
}

#[test]
fn a_check_is_held_against_the_rows_behind_a_rule_that_only_a_condition_finds() {
    let rules = "  notes:
    - where: user_id = any(:subject) and id < 0
      rows: delete
    - via: user_id
      columns:
        id: keep
        user_id: keep
        body:
          sql: repeat(body, 9)
";
    let place = Place::with(&POLICY.replace("  notes:\n    rows: delete\n", rules));
    place.db.sql("alter table notes add constraint short check (length(body) < 20)");
    let ran = place.run("check small.yaml");
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.err.contains("error[check-constraint]") && ran.err.contains("short"), "{}", ran.err);
}

#[test]
fn what_virtual_keys_and_compared_values_say_is_asked_of_the_server() {
    let with = |keys: &str, tables: &str, schema: &str| {
        let policy = POLICY.replace("guards:\n", &format!("{keys}guards:\n"));
        let place = Place::with(&policy.replace("  bills:\n", &format!("{tables}  bills:\n")));
        place.db.sql(schema);
        place.run("check small.yaml")
    };
    let schema = "create table mail (id bigint primary key, kind integer, owner bigint, sizes integer)";
    let keys = "virtual_foreign_keys:\n  - { table: mail, columns: owner, references: users, where: kind = 'User' }\n";
    let ran = with(keys, "  mail: { via: owner, rows: delete }\n", schema);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.err.contains("error[sql-refused]") && ran.err.contains("kind = 'User'"), "{}", ran.err);

    let ran = with("", "  mail: { via: kind -> users.email, rows: delete }\n", schema);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.err.contains("can't compare the sides of `kind -> users.email`"), "{}", ran.err);
}
