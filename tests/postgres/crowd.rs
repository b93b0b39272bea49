//! Eight sessions write for people while these are erased, one by one and in batches.
//!
//! The server notes when each transaction was committed, so a row that has escaped is told from one that came later: it was
//! committed before the transaction that erased its person, and is still what it was.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::faults::is_long;
use crate::faults::mortal::Mortal;
use crate::harness::Db;

const SCHEMA: &str = "
    create table users (id bigint primary key, name text not null, seen integer not null default 0);
    create table bookings (id bigint generated always as identity primary key, user_id bigint not null references users, note text);
    create table visits (id bigint generated always as identity primary key, booking_id bigint not null references bookings, note text);
    create table referrals (
        id bigint generated always as identity primary key, referrer_id bigint not null references users,
        referred_id bigint not null references users, note text
    );
    create table audits (id bigint generated always as identity primary key, of_id bigint, of_kind text, note text);
    create table events (id bigint generated always as identity primary key, of_id bigint, of_kind text, note text);
    create index on bookings (user_id);
    create index on visits (booking_id);
    create index on referrals (referrer_id);
    create index on referrals (referred_id);
    create index on audits (of_id);
    create index on events (of_id);
    insert into users select n, 'SECRET ' || n from generate_series(1, 400) as n;
    insert into bookings (user_id, note) select id, 'SECRET' from users;
    insert into visits (booking_id, note) select id, 'SECRET' from bookings;
";

/// The person's row stays or goes; either way nothing that was written is left.
fn policy(name: &str, users: &str) -> String {
    format!(
        "version: 1\nname: {name}\nsubject: {{ table: users }}\nvirtual_foreign_keys:\n  - {{ table: audits, columns: of_id, \
         references: users, where: of_kind = 'User', lock: table }}\n  - {{ table: events, columns: of_id, references: users, \
         where: of_kind = 'User' }}\ntables:\n  users: {users}\n  bookings: delete\n  visits: {{ via: booking_id -> \
         bookings.user_id, rows: delete }}\n  referrals:\n    - {{ via: referrer_id, rows: delete }}\n    - {{ via: \
         referred_id, rows: delete }}\n  audits: delete\n  events: delete\nlimits: {{ max_subjects: 20 }}\n"
    )
}

const TABLES: [(&str, &str); 5] = [
    ("bookings", "t.user_id"),
    ("visits", "(select user_id from bookings where id = t.booking_id)"),
    ("referrals", "t.referrer_id"),
    ("audits", "t.of_id"),
    ("events", "t.of_id"),
];

/// What came of it. Only what is the same each time may stand in a page.
#[derive(Debug, Default)]
pub struct Crowd {
    pub subjects: u32,
    /// Rows that were committed before their person was erased and are still there, by table.
    pub escaped: BTreeMap<&'static str, u64>,
    pub dangling: u64,
    /// Of those in `events`, how many are left when their people are erased once more.
    pub left_after_another_run: u64,
}

#[derive(Default)]
struct Writers {
    done: AtomicBool,
    written: AtomicU64,
    refused: AtomicU64,
    deadlocks: AtomicU64,
    longest: AtomicU64,
}

/// What applications do: the child first, then its parent; and the other way round.
fn write(url: &str, seed: u64, writers: &Writers) {
    let db = Db::open(url);
    // Whoever waits longer than this has found a lock that lasts.
    db.sql("set lock_timeout = '30s'");
    let mut random = seed;
    let mut next = |below: u64| {
        // Knuth's constants: any sequence will do.
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below + 1
    };
    while !writers.done.load(Ordering::Relaxed) {
        let (one, other, what) = (next(400), next(400), next(7));
        let exists = format!("from users where id = {one}");
        let sql = match what {
            1 => format!(
                "begin; insert into bookings (user_id, note) values ({one}, 'SECRET'); update users set seen = seen + 1 where id = {one}; commit"
            ),
            2 => format!("insert into referrals (referrer_id, referred_id, note) values ({one}, {other}, 'SECRET')"),
            3 => format!("insert into audits (of_id, of_kind, note) select id, 'User', 'SECRET' {exists}"),
            4 => format!(
                "begin; insert into events (of_id, of_kind, note) select id, 'User', 'SECRET' {exists}; select pg_sleep(0.005); commit"
            ),
            5 => format!(
                "begin; update bookings set note = 'SECRET again' where user_id = {one}; update users set seen = seen + 1 where id = {one}; commit"
            ),
            6 => format!(
                "insert into visits (booking_id, note) select min(id), 'SECRET' from bookings where user_id = {one} having min(id) is not null"
            ),
            _ => format!(
                "begin; update users set seen = seen + 1 where id = {one}; insert into bookings (user_id, note) values ({one}, 'SECRET'); commit"
            ),
        };
        let begun = Instant::now();
        let written = db.try_sql(&sql);
        writers.longest.fetch_max(begun.elapsed().as_millis() as u64, Ordering::Relaxed);
        match written {
            Ok(()) => writers.written.fetch_add(1, Ordering::Relaxed),
            Err(error) => {
                db.sql("rollback");
                match error.sqlstate() {
                    // The person is gone.
                    Some("23503") => writers.refused.fetch_add(1, Ordering::Relaxed),
                    Some("40P01") => writers.deadlocks.fetch_add(1, Ordering::Relaxed),
                    code => panic!("a writer was refused with {code:?}: {error}"),
                }
            }
        };
    }
}

/// Erases people, again and again while others are in the way; gives the transaction's id.
fn erase(folder: &std::path::Path, url: &str, arguments: &str, subjects: &[u32], runs: &AtomicU32) -> String {
    let file = folder.join("who.txt");
    std::fs::write(&file, subjects.iter().map(|id| format!("{id}\n")).collect::<String>()).expect("a file");
    for _ in 0..20 {
        runs.fetch_add(1, Ordering::Relaxed);
        let mut command = Command::new(env!("CARGO_BIN_EXE_efface"));
        let line = format!("apply {arguments} --yes --no-analyze --format json --subjects-from who.txt");
        command.args(line.split(' '));
        let output =
            command.current_dir(folder).env("DATABASE_URL", url).stdin(Stdio::null()).output().expect("it runs");
        let err = String::from_utf8_lossy(&output.stderr);
        match output.status.code() {
            // 1: rows came in after COMMIT, which the receipt counts.
            Some(0 | 1) => {
                let receipt: serde_json::Value =
                    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {err}"));
                return receipt["outcome"]["committed"]["transaction"].as_str().expect("an id").to_owned();
            }
            Some(3) => assert!(err.contains("nothing was committed"), "{err}"),
            code => panic!("exit code {code:?}: {err}"),
        }
    }
    panic!("others are in the way for ever");
}

pub fn crowd() -> &'static Crowd {
    static CROWD: OnceLock<Crowd> = OnceLock::new();
    CROWD.get_or_init(|| {
        let mortal = Mortal::start("track_commit_timestamp = on");
        let db = mortal.database();
        db.sql(efface::sql::LEDGER_DDL);
        db.sql(SCHEMA);
        let folder = tempfile::tempdir().expect("a folder");
        for (name, users) in [("stays", "{ columns: { id: keep, seen: keep, name: { replace: gone } } }"), ("goes", "delete")] {
            std::fs::write(folder.path().join(format!("{name}.yaml")), policy(name, users)).expect("a policy");
        }
        // Half of them one by one, half in batches of twenty; in each half the rows of some stay and of others go.
        let subjects: u32 = if is_long() { 200 } else { 40 };
        let (writers, runs, begun) = (Writers::default(), AtomicU32::new(0), Instant::now());
        let mut erased: BTreeMap<u32, String> = BTreeMap::new();
        let mut committed = 0;
        std::thread::scope(|scope| {
            for seed in 1..=8 {
                let (url, writers) = (db.url(), &writers);
                scope.spawn(move || write(url, seed, writers));
            }
            let singles: Vec<u32> = (1..=subjects / 2).collect();
            let batches: Vec<u32> = (subjects / 2 + 1..=subjects).collect();
            let groups = singles.chunks(1).chain(batches.chunks(20)).enumerate();
            for (number, group) in groups {
                let policy = if number % 2 == 0 { "stays.yaml" } else { "goes.yaml" };
                let transaction = erase(folder.path(), db.url(), policy, group, &runs);
                committed += 1;
                erased.extend(group.iter().map(|id| (*id, transaction.clone())));
            }
            while is_long() && begun.elapsed() < Duration::from_secs(60) {
                std::thread::sleep(Duration::from_millis(100));
            }
            writers.done.store(true, Ordering::Relaxed);
        });
        let values: Vec<String> = erased.iter().map(|(id, transaction)| format!("({id}, '{transaction}')")).collect();
        db.sql(&format!("create table erased (id bigint primary key, by text); insert into erased values {}", values.join(", ")));
        let mut crowd = Crowd { subjects: erased.len() as u32, ..Crowd::default() };
        let mut later = BTreeMap::new();
        for (table, person) in TABLES {
            let count = |order: &str| {
                let query = format!(
                    "select count(*) from {table} t join erased e on e.id = {person}
                     where t.note like 'SECRET%' and pg_xact_commit_timestamp(t.xmin) {order} pg_xact_commit_timestamp(e.by::xid)"
                );
                db.value(&query).parse::<u64>().expect("a number")
            };
            crowd.escaped.insert(table, count("<="));
            later.insert(table, count(">"));
        }
        let dangling = "select (select count(*) from bookings where user_id not in (select id from users))
             + (select count(*) from visits where booking_id not in (select id from bookings))
             + (select count(*) from referrals where referrer_id not in (select id from users) or referred_id not in (select id from users))";
        crowd.dangling = db.value(dangling).parse().expect("a number");
        // Whoever's row stayed is erased once more, now that nobody writes: their scopes hold nothing then.
        let staying = db.rows("select id from erased join users using (id) order by 1");
        let staying: Vec<u32> = staying.iter().map(|row| row[0].as_deref().expect("a key").parse().expect("a number")).collect();
        for group in staying.chunks(20) {
            erase(folder.path(), db.url(), "stays.yaml --again", group, &runs);
            committed += 1;
        }
        assert_eq!(db.value("select count(*) from efface.ledger"), committed.to_string(), "the ledger agrees");
        let left = "select count(*) from events t join erased e on e.id = t.of_id join users u on u.id = e.id";
        crowd.left_after_another_run = db.value(left).parse().expect("a number");
        println!(
            "8 sessions wrote {} times in {:.1} s while {} people were erased in {} runs; {} writes refused since the person was gone, \
             {} deadlocks, longest write {} ms; escaped {:?}, later {:?}",
            writers.written.load(Ordering::Relaxed),
            begun.elapsed().as_secs_f64(),
            crowd.subjects,
            runs.load(Ordering::Relaxed),
            writers.refused.load(Ordering::Relaxed),
            writers.deadlocks.load(Ordering::Relaxed),
            writers.longest.load(Ordering::Relaxed),
            crowd.escaped,
            later,
        );
        assert!(writers.written.load(Ordering::Relaxed) > 100, "too few writes to mean something");
        assert!(writers.longest.load(Ordering::Relaxed) < 20_000, "a writer was held up for too long");
        crowd
    })
}

#[test]
fn hard_case_10_while_eight_sessions_write_nothing_escapes_and_no_deadlock_lasts() {
    let crowd = crowd();
    for table in ["bookings", "visits", "referrals", "audits"] {
        assert_eq!(crowd.escaped[table], 0, "{table}");
    }
    assert_eq!((crowd.dangling, crowd.left_after_another_run), (0, 0));
}
