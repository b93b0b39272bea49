//! The ledger, by the tool itself: what is entered, who is recognised, what is noticed, and who is let in.

mod chain;
mod entered;
mod recognised;
mod switch;

use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{Db, binaries};

const SCHEMA: &str = "
    create table users (id bigint primary key, name text not null);
    create table notes (id bigint generated always as identity primary key, user_id bigint not null references users, body text);
    create table bills (id bigint generated always as identity primary key, user_id bigint not null references users, paid boolean not null);
    create index on notes (user_id);
    create index on bills (user_id);
    insert into users select n, 'MARKED ' || n from generate_series(1, 60) as n;
    insert into notes (user_id, body) select id, 'MARKED note' from users;
";

const POLICY: &str = r#"version: 1
name: small
subject: { table: users }
guards:
  - { name: unpaid, table: bills, via: user_id, where: not paid, message: settle these first }
tables:
  users: { columns: { id: keep, name: { replace: "[deleted]" } } }
  notes: { rows: delete }
  bills: { keep: "seven years: tax law" }
limits: { max_subjects: 20, lock_timeout: 10s }
"#;

/// A database and a folder with a policy.
struct Place {
    db: Db,
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self::with(SCHEMA, POLICY)
    }

    fn with(schema: &str, policy: &str) -> Self {
        Self::on(Db::with(schema), policy)
    }

    fn on(db: Db, policy: &str) -> Self {
        let place = Self { db, folder: tempfile::tempdir().expect("a folder") };
        place.write("p.yaml", policy);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("the file is written");
    }

    /// The tool with a command line: words, and texts in quotes.
    fn command(&self, line: &str) -> Command {
        let words = line.split('\'').enumerate().flat_map(|(quoted, part)| match quoted % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect::<Vec<_>>(),
            _ => vec![part.to_owned()],
        });
        let mut command = Command::new(env!("CARGO_BIN_EXE_efface"));
        command.args(words).current_dir(self.folder.path()).env("DATABASE_URL", self.db.url());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn start(&self, line: &str) -> Child {
        self.command(line).spawn().expect("the tool starts")
    }

    fn run(&self, line: &str) -> Ran {
        ended(self.start(line))
    }

    /// A run that has to end well.
    fn done(&self, line: &str) -> Ran {
        let ran = self.run(line);
        assert_eq!(ran.code, Some(0), "{line}: {}{}", ran.out, ran.err);
        ran
    }

    /// A run that has to end so, and to leave the data and the ledger as they were.
    fn refused(&self, line: &str, code: i32, words: &[&str]) {
        let before = self.state();
        let ran = self.run(line);
        assert_eq!(ran.code, Some(code), "{line}: {}{}", ran.out, ran.err);
        words.iter().for_each(|words| assert!(ran.err.contains(words), "{line}: {words}: {}", ran.err));
        assert_eq!(self.state(), before, "{line}");
    }

    /// Every row of every table but the ledger's switch.
    fn state(&self) -> Vec<Vec<String>> {
        let tables =
            "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname in ('public', 'efface')
             and tablename not in ('turn', 'control') order by 1";
        let tables = self.db.rows(tables).into_iter().map(|mut row| row.remove(0).expect("a name"));
        tables.map(|table| self.db.dump_table(&table)).collect()
    }

    /// psql with a file of the folder.
    fn psql(&self, file: &str, variables: &[&str]) -> Output {
        let beside = binaries().program("psql");
        let mut command = Command::new(if beside.exists() { beside } else { "psql".into() });
        command.args(["-X", "-q", "-d", self.db.url()]).args(variables.iter().flat_map(|it| ["-v", it]));
        command.arg("-f").arg(self.path(file)).stdin(Stdio::null()).output().expect("psql runs")
    }

    /// What `ledger verify` finds; nothing where it says that the ledger is whole.
    fn findings(&self) -> serde_json::Value {
        let ran = self.run("ledger verify --format json");
        let report: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
        let whole = report["findings"].as_array().expect("a list").is_empty();
        assert_eq!(ran.code, Some(i32::from(!whole)), "{}{}", ran.out, ran.err);
        report["findings"].clone()
    }

    fn whole(&self) {
        assert_eq!(self.findings(), serde_json::json!([]));
    }

    fn entries(&self) -> String {
        self.db.value("select count(*) from efface.ledger")
    }

    /// Waits until something holds.
    fn until(&self, what: &str, holds: &str) {
        let begun = Instant::now();
        while self.db.value(holds) != "t" {
            assert!(begun.elapsed() < Duration::from_secs(20), "{what} did not happen");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until so many sessions wait for a lock.
    fn until_waiting(&self, sessions: u32) {
        self.until(
            "waiting",
            &format!(
                "select count(*) = {sessions} from pg_stat_activity
                 where datname = current_database() and wait_event_type = 'Lock'"
            ),
        );
    }
}

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

fn ended(child: Child) -> Ran {
    let output = child.wait_with_output().expect("the tool ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
