//! Eight sessions write for people while these are erased, one by one and in batches.
//!
//! The server notes when each transaction was committed, so a row that has escaped is told from one that came later: it was
//! committed before the transaction that erased its person, and is still what it was.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::faults::mortal::Mortal;
use crate::faults::place::SEARCHED;
use crate::faults::{is_long, tell};
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
    insert into users select n, 'Zoroaster ' || n from generate_series(1, 500) as n;
    insert into bookings (user_id, note) select id, 'Zoroaster' from users;
    insert into visits (booking_id, note) select id, 'Zoroaster' from bookings;
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

/// What the eight sessions write; the first of them everything. Each does its own so that those who wait for one lock don't
/// leave the others' ways untried.
const WRITE: [Option<u64>; 8] = [None, Some(1), Some(2), Some(2), Some(3), Some(4), Some(6), Some(7)];

const PEOPLE: u64 = 500;

const TABLES: [(&str, &str); 5] = [
    ("bookings", "e.id = t.user_id"),
    ("visits", "e.id = (select user_id from bookings where id = t.booking_id)"),
    ("referrals", "e.id in (t.referrer_id, t.referred_id)"),
    ("audits", "e.id = t.of_id"),
    ("events", "e.id = t.of_id"),
];

/// What came of it.
#[derive(Debug, Default)]
pub struct Crowd {
    /// Who was erased by a run of their own, and who in batches.
    pub alone: u32,
    pub in_batches: u32,
    pub runs: u32,
    pub seconds: u64,
    pub writes: u64,
    pub deadlocks: u64,
    /// Writes for people who were gone.
    pub refused: u64,
    pub longest_write: Duration,
    /// Rows that were committed before their person was erased and are still there, by table.
    pub escaped: BTreeMap<&'static str, u64>,
    /// Rows that came in late, as receipts count them.
    pub counted_late: u64,
    /// Of those that escaped, how many no receipt has counted.
    pub uncounted: u64,
    /// Of what is left in the tables, whenever it came, how many rows `efface verify` doesn't find.
    pub unfound: u64,
    /// References by declared keys that lead nowhere.
    pub dangling: u64,
    /// What is left when everybody is erased once more.
    pub left_after_another_run: u64,
}

#[derive(Default)]
struct Writers {
    done: AtomicBool,
    /// Who is being erased: every third write is for this person.
    current: AtomicU32,
    written: AtomicU64,
    refused: AtomicU64,
    deadlocks: AtomicU64,
    longest: AtomicU64,
}

/// What applications do: the child first, then its parent; and the other way round.
fn write(url: &str, seed: u64, only: Option<u64>, writers: &Writers) {
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
        let (anybody, other, what, aimed) = (next(PEOPLE), next(PEOPLE), next(7), next(3) == 1);
        let what = only.unwrap_or(what);
        let current = u64::from(writers.current.load(Ordering::Relaxed));
        let one = if aimed && current > 0 { current } else { anybody };
        let exists = format!("from users where id = {one}");
        let sql = match what {
            1 => format!(
                "begin; insert into bookings (user_id, note) values ({one}, 'Zoroaster'); update users set seen = seen + 1 where id = {one}; commit"
            ),
            2 => format!("insert into referrals (referrer_id, referred_id, note) values ({one}, {other}, 'Zoroaster')"),
            3 => format!("insert into audits (of_id, of_kind, note) select id, 'User', 'Zoroaster' {exists}"),
            4 => format!(
                "begin; insert into events (of_id, of_kind, note) select id, 'User', 'Zoroaster' {exists}; select pg_sleep(0.005); commit"
            ),
            5 => format!(
                "begin; update bookings set note = 'Zoroaster again' where id = (select max(id) from bookings where user_id = {one}); update users set seen = seen + 1 where id = {one}; commit"
            ),
            6 => format!(
                "insert into visits (booking_id, note) select min(id), 'Zoroaster' from bookings where user_id = {one} having min(id) is not null"
            ),
            _ => format!(
                "begin; update users set seen = seen + 1 where id = {one}; insert into bookings (user_id, note) values ({one}, 'Zoroaster'); commit"
            ),
        };
        // As fast as a shop on a busy day: what the server can do at most for one person would keep every run from its end.
        std::thread::sleep(Duration::from_millis(if only == Some(4) { 15 } else { 2 }));
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

/// A run that erased somebody.
struct Erased {
    transaction: String,
    /// The rows of `events` that its receipt has counted as late, and those of all tables.
    late_events: u64,
    late: u64,
}

/// Erases people, again and again while others are in the way.
fn erase(folder: &Path, url: &str, arguments: &str, subjects: &[u32], runs: &AtomicU32) -> Erased {
    let mut last = String::new();
    for _ in 0..20 {
        runs.fetch_add(1, Ordering::Relaxed);
        let (code, out, err) = run(folder, url, arguments, subjects);
        match code {
            // 1 with a receipt: rows came in after COMMIT.
            Some(0 | 1) if !out.is_empty() => {
                let receipt: serde_json::Value =
                    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {err}"));
                let late = |wanted: Option<&str>| -> u64 {
                    let tables = receipt["came_in_late"].as_array().into_iter().flatten();
                    let tables = tables.filter(|it| wanted.is_none_or(|wanted| it["table"] == wanted));
                    tables.map(|it| it["rows"].as_u64().expect("a number")).sum()
                };
                assert_eq!(code == Some(1), late(None) > 0, "{out}\n{err}");
                let transaction = receipt["outcome"]["committed"]["transaction"].as_str().expect("an id").to_owned();
                return Erased { transaction, late_events: late(Some("events")), late: late(None) };
            }
            Some(3) => assert!(err.contains("nothing was committed"), "{err}"),
            // Three times somebody has written by the open key between step and verification.
            Some(1) => {
                assert!(err.contains("nothing was committed") && err.contains("events: rows that were"), "{err}");
            }
            code => panic!("exit code {code:?}: {err}"),
        }
        last = err;
    }
    panic!("others are in the way of {arguments} {subjects:?} for ever: {last}");
}

fn run(folder: &Path, url: &str, arguments: &str, subjects: &[u32]) -> (Option<i32>, String, String) {
    told(folder, url, &format!("apply {arguments} --yes --no-analyze"), subjects)
}

/// What the tool answers to a line about some people.
fn told(folder: &Path, url: &str, line: &str, subjects: &[u32]) -> (Option<i32>, String, String) {
    let file = folder.join("who.txt");
    std::fs::write(&file, subjects.iter().map(|id| format!("{id}\n")).collect::<String>()).expect("a file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_efface"));
    let line = format!("{line} --format json --subjects-from who.txt");
    command.args(line.split(' ')).current_dir(folder).env("DATABASE_URL", url).stdin(Stdio::null());
    let output = command.output().expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    for printed in [&out, &err] {
        assert!(!printed.contains("Zoroaster"), "{printed}");
        SEARCHED.fetch_add(1, Ordering::Relaxed);
    }
    (output.status.code(), out, err)
}

/// How many rows of some people, and of which tables, `efface verify` finds.
fn verified(folder: &Path, url: &str, policy: &str, subjects: &[u32]) -> BTreeMap<String, u64> {
    let (code, out, err) = told(folder, url, &format!("verify {policy}"), subjects);
    let verification: serde_json::Value =
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {code:?} {err}"));
    let mut found = BTreeMap::new();
    for left in verification["left"].as_array().expect("a list") {
        let (table, rows) = (left["table"].as_str().expect("a table"), left["rows"].as_u64().expect("a number"));
        *found.entry(table.to_owned()).or_default() += rows;
    }
    assert_eq!(code, Some(if found.is_empty() { 0 } else { 1 }), "{out}\n{err}");
    found
}

pub fn crowd() -> &'static Crowd {
    static CROWD: OnceLock<Crowd> = OnceLock::new();
    CROWD.get_or_init(tried)
}

fn tried() -> Crowd {
    let mortal = Mortal::start("track_commit_timestamp = on");
    let db = mortal.database();
    db.sql(efface::sql::LEDGER_DDL);
    db.sql(SCHEMA);
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    for (name, users) in
        [("stays", "{ columns: { id: keep, seen: keep, name: { replace: gone } } }"), ("goes", "delete")]
    {
        std::fs::write(folder.join(format!("{name}.yaml")), policy(name, users)).expect("a policy");
    }
    let (alone, in_batches, seconds) = if is_long() { (200, 40, 60) } else { (30, 20, 8) };
    let time = Duration::from_secs(seconds);
    let (writers, runs, begun) = (Writers::default(), AtomicU32::new(0), Instant::now());
    // Whom, by which policy: of every two groups one stays and one goes.
    let mut groups: Vec<(Vec<u32>, &str, Erased)> = Vec::new();
    std::thread::scope(|scope| {
        let stop = Stop(&writers.done);
        for (seed, only) in (1..).zip(WRITE) {
            let (url, writers) = (db.url(), &writers);
            scope.spawn(move || write(url, seed, only, writers));
        }
        let everybody: Vec<u32> = (1..=alone + in_batches).collect();
        let (singles, batches) = everybody.split_at(alone as usize);
        let planned: Vec<&[u32]> = singles.chunks(1).chain(batches.chunks(20)).collect();
        for (number, group) in planned.iter().enumerate() {
            // Spread over the time, so that everybody is written for before and afterwards.
            let due = time.mul_f64(number as f64 / planned.len() as f64);
            std::thread::sleep(due.saturating_sub(begun.elapsed()));
            writers.current.store(group[0], Ordering::Relaxed);
            let policy = if number % 2 == 0 { "stays.yaml" } else { "goes.yaml" };
            let erased = erase(folder, db.url(), policy, group, &runs);
            groups.push((group.to_vec(), policy, erased));
        }
        std::thread::sleep(time.saturating_sub(begun.elapsed()));
        drop(stop);
    });
    let seconds = begun.elapsed().as_secs();
    db.sql("create table erased (id bigint primary key, by text, run integer)");
    for (number, (group, _, erased)) in groups.iter().enumerate() {
        for id in group {
            db.sql(&format!("insert into erased values ({id}, '{}', {number})", erased.transaction));
        }
    }
    let number = |query: &str| db.value(query).parse::<u64>().expect("a number");
    let of_erased = |table: &str, person: &str, order: &str| {
        format!(
            "from {table} t join erased e on {person} where t.note like 'Zoroaster%'
             and pg_xact_commit_timestamp(t.xmin) {order} pg_xact_commit_timestamp(e.by::xid)"
        )
    };
    let counts = |order: &str| -> BTreeMap<&'static str, u64> {
        TABLES
            .into_iter()
            .map(|(table, person)| (table, number(&format!("select count(*) {}", of_erased(table, person, order)))))
            .collect()
    };
    let (escaped, later) = (counts("<="), counts(">"));
    let by_run = db.rows(&format!("select e.run, count(*) {} group by 1", of_erased("events", "e.id = t.of_id", "<=")));
    let uncounted = by_run.iter().map(|row| {
        let [run, rows] = [0, 1].map(|at| row[at].as_deref().expect("a number").parse::<u64>().expect("a number"));
        rows.saturating_sub(groups[run as usize].2.late_events)
    });
    let uncounted = uncounted.sum();
    let dangling = number(
        "select (select count(*) from bookings where user_id not in (select id from users))
             + (select count(*) from visits where booking_id not in (select id from bookings))
             + (select count(*) from referrals where referrer_id not in (select id from users)
                   or referred_id not in (select id from users))",
    );
    // Now that nobody writes: whoever has got rows since is refused, is erased again where that is asked for, and is
    // recognised then.
    let (mut entries, mut unfound) = (groups.len(), 0);
    for (number_of_group, (group, policy, _)) in groups.iter().enumerate() {
        let found = verified(folder, db.url(), policy, group);
        for (table, person) in TABLES {
            let left = number(&format!(
                "select count(distinct t.id) from {table} t join erased e on {person} where e.run = {number_of_group}"
            ));
            unfound += left.saturating_sub(found.get(table).copied().unwrap_or(0));
        }
        let known = run(folder, db.url(), policy, group);
        if known.0 == Some(1) {
            assert!(known.2.contains("were erased before, the last by entry"), "{}", known.2);
            let erased = erase(folder, db.url(), &format!("{policy} --again"), group, &runs);
            assert_eq!(erased.late, 0, "nobody writes");
            entries += 1;
        } else {
            assert!(known.0 == Some(0) && known.2.contains("erased before, by entry"), "{}", known.2);
        }
    }
    assert_eq!(number("select count(*) from efface.ledger"), entries as u64, "the ledger agrees");
    let left = TABLES.map(|(table, person)| {
        number(&format!("select count(*) from {table} t join erased e on {person} where t.note like 'Zoroaster%'"))
    });
    let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let crowd = Crowd {
        alone,
        in_batches,
        runs: runs.into_inner(),
        seconds,
        writes: of(&writers.written),
        deadlocks: of(&writers.deadlocks),
        refused: of(&writers.refused),
        longest_write: Duration::from_millis(of(&writers.longest)),
        escaped,
        counted_late: groups.iter().map(|(_, _, erased)| erased.late).sum(),
        uncounted,
        unfound,
        dangling,
        left_after_another_run: left.iter().sum(),
    };
    tell(&format!("{crowd:?}, committed later {later:?}"));
    assert!(crowd.writes > 100 && crowd.refused > 0, "too few writes to mean something");
    assert!(crowd.longest_write < Duration::from_secs(20), "a writer was held up for too long");
    crowd
}

/// The writers stop however the erasing ends: a panic must not leave them writing.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn hard_case_10_while_eight_sessions_write_nothing_escapes_and_no_deadlock_lasts() {
    let crowd = crowd();
    for table in ["bookings", "visits", "referrals", "audits"] {
        assert_eq!(crowd.escaped[table], 0, "{table}");
    }
    assert_eq!(crowd.uncounted, 0, "what escapes by a virtual key without a lock is counted after COMMIT");
    assert_eq!(crowd.unfound, 0, "whatever came in, `efface verify` finds it");
    assert_eq!((crowd.dangling, crowd.left_after_another_run), (0, 0));
}
