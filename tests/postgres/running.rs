//! Running a script: what is committed, what is rolled back, and what is said about it.

use std::collections::BTreeSet;
use std::time::Duration;

use efface::catalog::Catalog;
use efface::plan::{Plan, plan, touched_tables};
use efface::resolve::resolve;
use efface::server::apply::{Bounds, Finished, Mode, Order, Progress, RunError, run};
use efface::server::{Settings, connect};
use efface::source::SourceFile;
use efface::sql::{Script, Statement, script};

use crate::harness::{Db, settings};
use crate::tool::{POLICY, SCHEMA};

/// A policy made into a script for a database.
struct Ready {
    script: Script,
    tables: BTreeSet<efface::ident::TableName>,
    reviewed: Catalog,
}

fn ready(db: &Db) -> Ready {
    made(db, POLICY, |plan| plan)
}

/// The same, entered in the ledger.
fn entered(db: &Db) -> Ready {
    made(db, POLICY, Plan::with_ledger)
}

/// Runs a policy for 42 without a look at anything beforehand; `between` happens between the plan and the run.
pub fn run_prepared(db: &Db, policy: &str, between: impl FnOnce()) -> Result<Finished, RunError> {
    run_watched(db, policy, between, &mut Unwatched)
}

/// The same before somebody's eyes.
pub fn run_watched(
    db: &Db,
    policy: &str,
    between: impl FnOnce(),
    progress: &mut dyn Progress,
) -> Result<Finished, RunError> {
    let ready = made(db, policy, |plan| plan);
    between();
    ready.run(db, &settings(db.url()), Mode::Apply, progress)
}

fn made(db: &Db, policy: &str, change: impl Fn(Plan) -> Plan) -> Ready {
    let catalog = db.catalog();
    let file = SourceFile::new("policy.yaml", policy);
    let policy = efface::policy::read(&file).expect("the policy is readable").value;
    let efface::resolve::Resolved { policy, catalog } = resolve(&policy, &catalog).expect("the policy fits").value;
    let plan = change(plan(&policy, &catalog).expect("the policy can be planned"));
    let tables = touched_tables(&plan, &policy, &catalog);
    Ready { script: script(&plan, &catalog, &file), reviewed: catalog.part(&tables), tables }
}

impl Ready {
    fn run(&self, db: &Db, settings: &Settings, mode: Mode, progress: &mut dyn Progress) -> Result<Finished, RunError> {
        let keys = [vec!["42".to_owned()]];
        let order = Order {
            script: &self.script,
            keys: &keys,
            secret: None,
            tables: &self.tables,
            reviewed: &self.reviewed,
            mode,
            bounds: BOUNDS,
            again: false,
        };
        db.block_on(async {
            let connection = connect(settings, "efface tests").await.expect("a session");
            run(settings, &connection, &order, progress, Box::pin(std::future::pending())).await
        })
    }
}

/// As the tool has them.
const BOUNDS: Bounds = Bounds { statement: Duration::from_secs(60), block: Some(Duration::from_secs(10)) };

/// Nobody watches.
struct Unwatched;

impl Progress for Unwatched {
    fn started(&mut self, _: &Statement, _: usize, _: usize) {}
    fn finished(&mut self, _: &Statement, _: Option<u64>, _: Duration) {}
    fn retrying(&mut self, _: u32, _: &str, _: Duration) {}
}

/// Ends every other session of the database right before a statement.
struct Assassin<'a> {
    url: &'a str,
    before: usize,
    killed: bool,
}

impl Progress for Assassin<'_> {
    fn started(&mut self, _: &Statement, number: usize, _: usize) {
        if number < self.before || self.killed {
            return;
        }
        self.killed = true;
        let url = self.url.to_owned();
        // Another thread, since this one's runtime is in the middle of the run.
        let killer = std::thread::spawn(move || {
            // Its name says what it is about; that it does is sent ahead, and may still be on its way.
            let session = "from pg_stat_activity where application_name like 'efface tests%'
                 and datname = current_database() and pid <> pg_backend_pid() and state = 'idle in transaction'";
            let db = Db::open(&url);
            let begun = std::time::Instant::now();
            while db.value(&format!("select count(*) {session}")) != "1" {
                assert!(begun.elapsed() < Duration::from_secs(20), "the run has no transaction open");
            }
            let ended = db.value(&format!("select count(pg_terminate_backend(pid)) {session}"));
            while db.value(&format!("select count(*) {session}")) != "0" {
                std::thread::sleep(Duration::from_millis(5));
            }
            ended
        });
        assert_eq!(killer.join().expect("the killer lives"), "1");
    }

    fn finished(&mut self, _: &Statement, _: Option<u64>, _: Duration) {}
    fn retrying(&mut self, _: u32, _: &str, _: Duration) {}
}

fn dump(db: &Db) -> Vec<Vec<String>> {
    ["users", "notes", "bills", "efface.ledger", "efface.erased"].map(|table| db.dump_table(table)).to_vec()
}

#[test]
fn a_session_that_is_ended_before_any_statement_leaves_the_data_as_they_were() {
    for made in [ready, entered] {
        leaves_the_data(made);
    }
}

fn leaves_the_data(made: fn(&Db) -> Ready) {
    let db = Db::with(SCHEMA);
    let (ready, before) = (made(&db), dump(&db));
    let mut ended = 0;
    // Statement 1 is BEGIN: before it there is no transaction to end.
    for number in 2..=ready.script.statements.len() {
        let mut assassin = Assassin { url: db.url(), before: number, killed: false };
        let result = ready.run(&db, &settings(db.url()), Mode::Apply, &mut assassin);
        if !assassin.killed {
            break;
        }
        ended += 1;
        assert!(matches!(result, Err(RunError::Refused { .. })), "statement {number}: {result:?}");
        assert_eq!(dump(&db), before, "statement {number}");
    }
    assert!(ended > 10, "{ended} statements only");
}

#[test]
fn after_a_session_that_was_ended_one_more_run_succeeds_and_a_third_deletes_nothing_more() {
    let db = Db::with(SCHEMA);
    let ready = ready(&db);
    let mut assassin = Assassin { url: db.url(), before: ready.script.statements.len() - 5, killed: false };
    assert!(ready.run(&db, &settings(db.url()), Mode::Apply, &mut assassin).is_err());
    let notes_deleted = || match ready.run(&db, &settings(db.url()), Mode::Apply, &mut Unwatched) {
        // The steps are those of notes and of users.
        Ok(Finished::Committed(ran, _)) => ran.steps[0].rows,
        other => panic!("not committed: {other:?}"),
    };
    assert_eq!((notes_deleted(), notes_deleted()), (1, 0));
}

#[test]
fn with_a_ledger_one_more_run_succeeds_and_a_third_finds_that_it_has() {
    let db = Db::with(SCHEMA);
    let ready = entered(&db);
    // With the turn to write, right before the entry.
    let mut assassin = Assassin { url: db.url(), before: ready.script.statements.len() - 3, killed: false };
    assert!(ready.run(&db, &settings(db.url()), Mode::Apply, &mut assassin).is_err());
    assert_eq!(db.value("select count(*) from efface.ledger"), "0");
    let run = || ready.run(&db, &settings(db.url()), Mode::Apply, &mut Unwatched);
    match run() {
        Ok(Finished::Committed(ran, _)) => assert_eq!(ran.entry.map(|entry| entry.seq), Some(1)),
        other => panic!("not committed: {other:?}"),
    }
    assert!(matches!(run(), Ok(Finished::ErasedBefore { entry: 1 })));
}

#[test]
fn a_schema_that_moves_after_the_review_is_noticed_under_the_locks() {
    let db = Db::with(SCHEMA);
    let (ready, before) = (ready(&db), dump(&db));
    db.sql("create table letters (user_id bigint references users)");
    match ready.run(&db, &settings(db.url()), Mode::Apply, &mut Unwatched) {
        Err(RunError::Drift(words)) => {
            assert!(words.iter().any(|words| words.contains("letters")), "{words:?}");
        }
        other => panic!("not noticed: {other:?}"),
    }
    assert_eq!(dump(&db), before);
}

#[test]
fn a_rehearsal_leaves_no_transaction_open() {
    let db = Db::with(SCHEMA);
    let (ready, before) = (ready(&db), dump(&db));
    let keys = [vec!["42".to_owned()]];
    let order = Order {
        script: &ready.script,
        keys: &keys,
        secret: None,
        tables: &ready.tables,
        reviewed: &ready.reviewed,
        mode: Mode::Rehearse,
        bounds: BOUNDS,
        again: false,
    };
    let settings = settings(db.url());
    db.block_on(async {
        let connection = connect(&settings, "rehearsing").await.expect("a session");
        let finished = run(&settings, &connection, &order, &mut Unwatched, Box::pin(std::future::pending())).await;
        assert!(matches!(finished, Ok(Finished::Rehearsed(_))), "{finished:?}");
        // Asked from another session: to ask is to be active.
        let pid = connection.backend_pid;
        let url = db.url().to_owned();
        let state = format!("select state from pg_stat_activity where pid = {pid}");
        let asked = std::thread::spawn(move || Db::open(&url).value(&state));
        assert_eq!(asked.join().expect("an answer"), "idle");
    });
    assert_eq!(dump(&db), before);
}

mod commit {
    //! The connection is lost in COMMIT: a proxy between client and server sees to it.

    use std::io::{Read, Write};
    use std::net::Shutdown;
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::path::PathBuf;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::harness::server;

    /// When the first COMMIT is cut off.
    #[derive(Clone, Copy, PartialEq)]
    enum Cut {
        /// The server never sees it.
        Before,
        /// The client never sees the answer.
        Behind,
    }

    /// A socket that passes everything on to the server, except around the first COMMIT.
    fn proxy(cut: Cut) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).expect("a socket");
        let real: PathBuf = server().folder().join(".s.PGSQL.5432");
        let done = Arc::new(AtomicBool::new(false));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = UnixStream::connect(&real) else { return };
                let done = Arc::clone(&done);
                std::thread::spawn(move || pass(client, server, cut, &done));
            }
        });
        folder
    }

    fn pass(mut client: UnixStream, mut server: UnixStream, cut: Cut, done: &AtomicBool) {
        let (mut answers, mut back) = (server.try_clone().expect("a stream"), client.try_clone().expect("a stream"));
        let silent = Arc::new(AtomicBool::new(false));
        let mute = Arc::clone(&silent);
        let backwards = std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(length @ 1..) = answers.read(&mut buffer) {
                // The server's answer to COMMIT is read to its end, so that the commit really happens.
                if mute.load(Ordering::SeqCst) {
                    let _ = back.shutdown(Shutdown::Both);
                    return;
                }
                if back.write_all(&buffer[..length]).is_err() {
                    return;
                }
            }
        });
        let mut buffer = [0; 8192];
        while let Ok(length @ 1..) = client.read(&mut buffer) {
            let message = &buffer[..length];
            if message.windows(7).any(|part| part == b"COMMIT\0") && !done.swap(true, Ordering::SeqCst) {
                match cut {
                    Cut::Before => break,
                    Cut::Behind => silent.store(true, Ordering::SeqCst),
                }
            }
            if server.write_all(message).is_err() {
                break;
            }
        }
        let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
        let _ = backwards.join();
    }

    fn through(folder: &tempfile::TempDir, db: &Db) -> Settings {
        let name = db.value("select current_database()");
        settings(&format!("host={} dbname={name} user=postgres", folder.path().display()))
    }

    #[test]
    fn a_commit_whose_answer_was_lost_is_asked_after_and_found() {
        let db = Db::with(SCHEMA);
        let (ready, folder) = (ready(&db), proxy(Cut::Behind));
        match ready.run(&db, &through(&folder, &db), Mode::Apply, &mut Unwatched) {
            Ok(Finished::Committed(_, committed)) => assert!(committed.had_to_be_asked().is_some()),
            other => panic!("not found: {other:?}"),
        }
        assert_eq!(db.value("select name from users where id = 42"), "[deleted]");
    }

    #[test]
    fn where_the_server_cannot_be_asked_the_ledger_tells_that_it_was_committed() {
        for (cut, known) in [(Cut::Behind, true), (Cut::Before, false)] {
            let db = Db::with(SCHEMA);
            let (ready, folder) = (entered(&db), proxy(cut));
            let role = format!("asking_{}", db.value("select current_database()"));
            db.sql(&format!("create role {role} login; grant all on all tables in schema public to {role}"));
            db.sql(&efface::sql::ledger_grants(&efface::ident::Ident::new(role.as_str())));
            // Without these nobody can tell that the server which answers later is the same one.
            db.sql("revoke execute on function pg_control_system(), pg_postmaster_start_time() from public");
            let name = db.value("select current_database()");
            let settings = settings(&format!("host={} dbname={name} user={role}", folder.path().display()));
            match ready.run(&db, &settings, Mode::Apply, &mut Unwatched) {
                Ok(Finished::Committed(_, committed)) if known => assert!(committed.had_to_be_asked().is_some()),
                // That there is no entry says nothing: COMMIT might still be waiting.
                Err(RunError::OutcomeUnknown { .. }) if !known => {}
                other => panic!("{known}: {other:?}"),
            }
            assert_eq!(db.value("select count(*) from efface.ledger"), if known { "1" } else { "0" });
            db.sql(&format!("drop owned by {role}"));
            db.sql(&format!("drop role {role}"));
        }
    }

    #[test]
    fn a_commit_that_never_arrived_is_found_rolled_back() {
        let db = Db::with(SCHEMA);
        let (ready, before, folder) = (ready(&db), dump(&db), proxy(Cut::Before));
        let result = ready.run(&db, &through(&folder, &db), Mode::Apply, &mut Unwatched);
        assert!(matches!(result, Err(RunError::RolledBack(_))), "{result:?}");
        assert_eq!(dump(&db), before);
    }
}
