//! A hot standby, made by `pg_basebackup` and streaming: `check` and `plan` work there, and whatever would change something
//! is refused before it begins.

use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use efface::server::throwaway::Server;

use crate::harness::{Db, binaries};
use crate::tool::{POLICY, SCHEMA, ended};

/// A standby of a server, in its folder.
struct Standby {
    process: Child,
    url: String,
}

impl Standby {
    fn of(primary: &Server) -> Self {
        let folder = primary.folder();
        let owner = std::fs::metadata(primary.data()).expect("the primary's data");
        // As whoever the primary runs as: it refuses to run as root.
        let command = |program: &str| {
            let mut command = Command::new(binaries().program(program));
            if std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() != owner.uid()) {
                command.uid(owner.uid()).gid(owner.gid());
            }
            command.current_dir(folder).stdin(Stdio::null());
            command
        };
        let data = folder.join("standby");
        let backup = command("pg_basebackup")
            .args(["-U", "postgres", "-R", "-X", "stream", "-c", "fast", "--no-sync", "-h"])
            .arg(folder)
            .arg("-D")
            .arg(&data)
            .output()
            .expect("pg_basebackup runs");
        assert!(backup.status.success(), "{}", String::from_utf8_lossy(&backup.stderr));
        let log = std::fs::File::create(folder.join("standby.log")).expect("a log");
        let process = command("postgres")
            .arg("-D")
            .arg(&data)
            .args(["-c", "port=5433", "-c", "hot_standby=on"])
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect("a standby");
        let url = format!("{}&port=5433", primary.url("postgres"));
        Self { process, url }
    }

    /// Waits until it takes questions, and follows the primary.
    fn until_ready(&self) {
        let settings = crate::harness::settings(&self.url);
        let runtime = crate::harness::runtime();
        let begun = Instant::now();
        let ready = || runtime.block_on(efface::server::connect(&settings, "efface tests")).is_ok();
        while !ready() {
            assert!(begun.elapsed() < Duration::from_secs(30), "the standby doesn't come up");
            std::thread::sleep(Duration::from_millis(20));
        }
        let db = Db::open(&self.url);
        while db.value("select count(*) from pg_stat_wal_receiver where status = 'streaming'") != "1" {
            assert!(begun.elapsed() < Duration::from_secs(30), "the standby doesn't stream");
            std::thread::sleep(Duration::from_millis(20));
        }
        while db.value("select count(*) from pg_tables where tablename = 'ready'") != "1" {
            assert!(begun.elapsed() < Duration::from_secs(30), "the standby doesn't follow");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Standby {
    fn drop(&mut self) {
        // Immediately: nothing of it is to stay.
        let _ = Command::new("kill").args(["-QUIT", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
    }
}

fn run(url: &str, line: &str) -> crate::tool::Ran {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("small.yaml"), POLICY).expect("the policy is written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_efface"));
    command.args(line.split_whitespace()).current_dir(folder.path()).env("DATABASE_URL", url);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    ended(command.spawn().expect("the tool starts"))
}

#[test]
fn a_hot_standby_is_asked_and_never_run_on() {
    let primary = Server::start(binaries()).expect("a primary");
    let db = Db::open(&primary.url("postgres"));
    db.sql(SCHEMA);
    db.sql("create role weak login; grant all on all tables in schema public to weak");
    let standby = Standby::of(&primary);
    db.sql("create table ready ()");
    standby.until_ready();
    let plan = run(&primary.url("postgres"), "plan small.yaml --format sql");
    assert_eq!(plan.code, Some(0), "{}", plan.err);
    for (line, out) in [("check small.yaml", ""), ("plan small.yaml --format sql", &*plan.out)] {
        let ran = run(&standby.url, line);
        assert_eq!((ran.code, &*ran.out), (Some(0), out), "{line}: {}", ran.err);
    }
    assert_eq!(
        run(&standby.url, "grants small.yaml --role weak").out,
        run(&primary.url("postgres"), "grants small.yaml --role weak").out
    );
    // What is only looked for is looked for here too, over several sessions in one snapshot.
    let found = run(&standby.url, "find --policy small.yaml --subject 42 --jobs 3");
    assert_eq!((found.code, found.err.as_str()), (Some(1), ""), "{}", found.out);
    assert!(found.out.contains("users.email  text  1 row  users.email"), "{}", found.out);
    let place = primary.folder().display().to_string();
    for line in ["apply small.yaml --subject 42 --yes", "rehearse small.yaml --subject 42"] {
        let ran = run(&standby.url, line);
        assert_eq!(ran.code, Some(3), "{line}: {}", ran.err);
        assert!(ran.err.contains("this server is a standby, on which nothing can be changed"), "{}", ran.err);
        assert!(ran.err.contains(&place) && ran.err.contains("5432"), "the primary is named: {}", ran.err);
        // Whoever may not know where the primary is isn't told.
        let ran = run(&standby.url.replace("user=postgres", "user=weak"), line);
        assert_eq!(ran.code, Some(3), "{line}: {}", ran.err);
        assert!(ran.err.contains("the role may not know where that is") && !ran.err.contains(&place), "{}", ran.err);
    }
    assert_eq!(db.value("select name from users where id = 42"), "SECRET Berg");
}

#[test]
fn of_several_servers_the_one_that_suits_is_found() {
    let primary = Server::start(binaries()).expect("a primary");
    let db = Db::open(&primary.url("postgres"));
    db.sql(SCHEMA);
    db.sql("create role sleepy login; alter role sleepy set default_transaction_read_only = on");
    let standby = Standby::of(&primary);
    db.sql("create table ready ()");
    standby.until_ready();
    let (folder, dead) = (primary.folder().display(), crate::connecting::free_port());
    // A port at which nothing listens, the standby, the primary.
    let url = |rest: &str| {
        format!("postgresql://127.0.0.1:{dead},%2F:5433,%2F:5432/postgres?user=postgres{rest}")
            .replace("%2F", &folder.to_string().replace('/', "%2F"))
    };
    let first = |rest: &str| run(&url(rest), "apply small.yaml --subject 42 --yes --no-ledger");
    for rest in
        ["", "&target_session_attrs=any", "&target_session_attrs=standby", "&target_session_attrs=prefer-standby"]
    {
        let ran = first(rest);
        assert!(ran.code == Some(3) && ran.err.contains("this server is a standby"), "{rest}: {}", ran.err);
    }
    for (rest, wanted) in [("&target_session_attrs=read-write", "no place"), ("&target_session_attrs=read-only", "")] {
        let ran = run(&url(rest).replace("user=postgres", "user=sleepy"), "check small.yaml");
        assert_ne!(ran.code, Some(0));
        let refused = ran.err.contains("none of 3 servers will do: nothing listens at 127.0.0.1")
            && ran.err.contains("a standby, where nothing can be changed")
            && ran.err.contains("`default_transaction_read_only` is on");
        assert_eq!(refused, !wanted.is_empty(), "{rest}: {}", ran.err);
    }
    // A server that refuses the role ends the search, as for psql.
    let refused = run(&url("").replace("user=postgres", "user=nobody_here"), "check small.yaml");
    assert!(refused.code == Some(3) && !refused.err.contains("none of"), "{}", refused.err);
    let gone = run(&format!("host=127.0.0.1,localhost port={dead} user=postgres"), "check small.yaml");
    assert!(gone.code == Some(3) && gone.err.contains("none of 2 servers will do"), "{}", gone.err);
    assert_eq!(db.value("select name from users where id = 42"), "SECRET Berg");
    let ran = first("&target_session_attrs=primary");
    assert_eq!(
        (ran.code, db.value("select name from users where id = 42").as_str()),
        (Some(0), "[deleted]"),
        "{}",
        ran.err
    );
}

#[test]
fn where_transactions_are_read_only_nothing_is_run() {
    let place = crate::tool::Place::new();
    let database = place.db.value("select quote_ident(current_database())");
    let before = place.dump();
    place.db.sql(&format!("alter database {database} set default_transaction_read_only = on"));
    for (line, code) in [
        ("check small.yaml", 0),
        ("plan small.yaml", 0),
        ("rehearse small.yaml --subject 42", 3),
        ("apply small.yaml --subject 42 --yes", 3),
    ] {
        let ran = place.run(line);
        assert_eq!(ran.code, Some(code), "{line}: {}", ran.err);
        assert_eq!(ran.err.contains("`default_transaction_read_only` is on"), code == 3, "{}", ran.err);
    }
    place.db.sql(&format!(
        "set transaction_read_only = off; alter database {database} reset default_transaction_read_only"
    ));
    assert_eq!(place.dump(), before);
    assert_eq!(place.run("apply small.yaml --subject 42 --yes").code, Some(0));
}
