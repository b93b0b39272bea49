//! What may die, dies: the client, the server's process, the connection, the server; before and behind every request of
//! a run. Afterwards the data are as they were or as they must become, the ledger agrees, and what was said of it is true.
//!
//! A few of the points are tried in each run of the tests, the same each time; `FAULTS=all` tries all.

pub mod crashes;
mod freeze;
pub mod mortal;
pub mod place;
mod proxy;
mod refusals;
pub mod sessions;
mod silence;
mod standby;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use place::{Place, Ran};
use proxy::{Point, Proxy, Side};

/// Whether every point is tried.
pub fn is_long() -> bool {
    std::env::var("FAULTS").is_ok_and(|value| value == "all")
}

/// Says what was tried.
#[allow(clippy::print_stdout, reason = "the counts belong to the run's record")]
pub fn tell(what: &str) {
    println!("{what}");
}

/// What a fault came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The data are as before, and efface said that nothing was committed.
    SaidNothing,
    /// The data are as they must become, and efface said that it is committed.
    SaidCommitted,
    /// Efface said that it doesn't know, and nobody could.
    SaidUnknown,
    /// Efface could say nothing any more; the data are as before.
    DiedBefore,
    /// Efface could say nothing any more; the data are as they must become.
    DiedBehind,
}

/// Where a fault struck, as far as it makes a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// Before or behind any request but COMMIT.
    InTheScript,
    /// The client has asked for COMMIT, and the server has heard nothing of it.
    CommitAsked,
    /// The server has committed, and the client has heard nothing of it.
    CommitDone,
}

pub const WHENS: [When; 3] = [When::InTheScript, When::CommitAsked, When::CommitDone];

impl When {
    fn of(point: Point) -> Self {
        match (is_commit(point), point.side) {
            (false, _) => When::InTheScript,
            (true, Side::Before) => When::CommitAsked,
            (true, Side::Behind) => When::CommitDone,
        }
    }
}

/// How often each outcome was seen, and at how many points it can be looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub points: usize,
    outcomes: BTreeMap<(When, Outcome), usize>,
}

impl Tally {
    fn new() -> Self {
        Self { points: points().len(), ..Self::default() }
    }

    fn note(&mut self, point: Point, outcome: Outcome) {
        *self.outcomes.entry((When::of(point), outcome)).or_default() += 1;
    }

    fn tell(&self, what: &str) {
        tell(&format!("{what}: {} of {} points tried: {:?}", self.tried(), self.points, self.outcomes));
    }

    pub fn tried(&self) -> usize {
        self.outcomes.values().sum()
    }

    pub fn count(&self, outcome: Outcome) -> usize {
        self.outcomes.iter().filter(|((_, it), _)| *it == outcome).map(|(_, times)| times).sum()
    }

    /// What came of it at such points, each time.
    pub fn outcomes(&self, when: When) -> Vec<Outcome> {
        self.outcomes.keys().filter(|(at, _)| *at == when).map(|(_, outcome)| *outcome).collect()
    }
}

/// What is true of the data and of what was said about them. Panics where neither state is there, or the words are untrue.
fn truth(place: &Place, ran: &Ran, context: &str) -> Outcome {
    place.is_clean(context);
    let rows = place.rows();
    let changed = rows == place.after;
    assert!(changed || rows == place.before, "{context}: neither before nor after: {rows:#?}\n{}", ran.err);
    assert_eq!(place.entries(), usize::from(changed), "{context}: the ledger says otherwise: {}", ran.err);
    let says = |words: &str| assert!(ran.err.contains(words), "{context}: {words:?} is not said: {}", ran.err);
    match ran.code {
        None if changed => Outcome::DiedBehind,
        None => Outcome::DiedBefore,
        Some(0) => {
            assert!(changed, "{context}: nothing is committed: {}\n{}", ran.out, ran.err);
            assert!(
                ran.out.contains("committed as transaction") || is_recognised(ran),
                "{context}: {}\n{}",
                ran.out,
                ran.err
            );
            Outcome::SaidCommitted
        }
        // Its session ended behind COMMIT: the statistics are left to do.
        Some(1) => {
            says("committed, and 1 thing is left to do");
            assert!(changed, "{context}: nothing is committed: {}\n{}", ran.out, ran.err);
            Outcome::SaidCommitted
        }
        Some(5) => {
            says("is not known");
            Outcome::SaidUnknown
        }
        Some(130) => {
            says("rolled back");
            assert!(!changed, "{context}: it is committed: {}", ran.err);
            Outcome::SaidNothing
        }
        Some(3) => {
            says("nothing was committed");
            assert!(!changed, "{context}: it is committed: {}", ran.err);
            Outcome::SaidNothing
        }
        code => panic!("{context}: exit code {code:?}: {}", ran.err),
    }
}

/// Whether a run has found that there is nothing left to do.
fn is_recognised(ran: &Ran) -> bool {
    ran.err.contains("erased before, by entry 1 of the ledger, and nothing is left; nothing was changed")
}

/// After any fault one more run gets there, and a further one does nothing, and says so.
fn one_more_run_gets_there(place: &Place, context: &str) {
    let [_, further] = [(); 2].map(|()| {
        let ran = place.apply();
        assert_eq!(truth(place, &ran, context), Outcome::SaidCommitted, "{context}: {}", ran.err);
        ran
    });
    assert!(is_recognised(&further), "{context}: {}", further.err);
}

#[test]
fn without_a_ledger_a_further_run_does_its_work_again_and_says_so() {
    let place = Place::new();
    for _ in 0..2 {
        let ran = place::ended(place.start_with("--no-ledger"));
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        assert!(ran.err.contains("without a ledger nothing tells whether somebody was erased before"), "{}", ran.err);
        assert!(ran.out.contains("committed as transaction"), "{}", ran.out);
        assert_eq!(place.rows(), place.after);
    }
    assert_eq!(place.entries(), 0);
}

/// Everything that strikes, and what it came to.
pub fn struck() -> [(&'static str, &'static Tally); 6] {
    // Side by side: mostly they wait.
    std::thread::scope(|scope| {
        let all: [fn() -> &'static Tally; 6] = [
            sessions::killed,
            sessions::terminated,
            sessions::broken,
            sessions::stalled,
            sessions::interrupted,
            crashes::crashed,
        ];
        for strike in all {
            scope.spawn(strike);
        }
    });
    [
        ("the client is killed", sessions::killed()),
        ("its session on the server is ended", sessions::terminated()),
        ("the connection breaks", sessions::broken()),
        ("the connection falls silent", sessions::stalled()),
        ("Ctrl-C", sessions::interrupted()),
        ("the server stops at once, and recovers", crashes::crashed()),
    ]
}

/// The requests of an undisturbed run.
pub fn requests() -> &'static [String] {
    static REQUESTS: OnceLock<Vec<String>> = OnceLock::new();
    REQUESTS.get_or_init(|| {
        let place = Place::new();
        let proxy = Proxy::start(place.socket(), None);
        let ran = place::ended(place.start(&proxy));
        assert_eq!(truth(&place, &ran, "undisturbed"), Outcome::SaidCommitted);
        proxy.requests()
    })
}

/// Both sides of every request.
fn points() -> Vec<Point> {
    let sides = |request| [Side::Before, Side::Behind].map(|side| Point { request, side });
    (1..=requests().len()).flat_map(sides).collect()
}

/// All points in the long form; else so many, spread over the script from a start that differs from fault to fault, and always
/// those of COMMIT and of the request before it.
fn sample(many: usize, from: usize) -> Vec<Point> {
    let points = points();
    let (script, around_commit) = points.split_at(points.len() - 4);
    let mut taken: Vec<Point> = if is_long() {
        script.to_vec()
    } else {
        (0..many).map(|at| script[(at * script.len() / many + from) % script.len()]).collect()
    };
    taken.extend(around_commit);
    taken
}

fn is_commit(point: Point) -> bool {
    point.request == requests().len()
}

#[test]
fn hard_case_9_whatever_dies_at_whichever_statement_one_more_run_gets_there() {
    for (what, tally) in struck() {
        assert!(tally.tried() > 4, "{what}: {tally:?}");
        assert_eq!(tally.count(Outcome::SaidUnknown), 0, "{what}: the server can be asked: {tally:?}");
        let behind = tally.count(Outcome::SaidCommitted) + tally.count(Outcome::DiedBehind);
        assert!((1..=2).contains(&behind), "{what}: only around COMMIT anything can have happened: {tally:?}");
    }
}

#[test]
fn hard_case_8_a_payment_that_falls_due_between_plan_and_apply_blocks_and_every_blocker_is_listed() {
    let guard = "  - { name: disputes, table: bookings, via: user_id, where: status = 'disputed', message: settle the dispute }\n";
    let place = Place::with(&place::POLICY.replace("tables:\n  users:", &format!("{guard}tables:\n  users:")));
    // When everything is planned, and nothing is begun; and while the freeze waits for somebody who then commits.
    for waits in [false, true] {
        place.reset();
        let due = "update bills set paid = false where id = 1; update bookings set status = 'disputed' where id = 2";
        let other = place.db.again();
        let proxy = Proxy::start(place.socket(), Some(Point { request: 1, side: Side::Before }));
        let mut child = place.start(&proxy);
        assert!(proxy.until_held(|| child.try_wait().is_ok_and(|ended| ended.is_none())));
        if waits {
            other.sql(&format!("begin; {due}"));
            proxy.pass_on();
            place.until_waiting(1);
            other.sql("commit");
        } else {
            other.sql(due);
            proxy.pass_on();
        }
        let before = place.rows();
        let ran = place::ended(child);
        assert_eq!(ran.code, Some(1), "{}", ran.err);
        for blocker in ["unpaid bills: settle these first (1 row)", "disputes: settle the dispute (1 row)"] {
            assert!(ran.err.contains(blocker), "{blocker}: {}", ran.err);
        }
        assert_eq!(place.rows(), before, "no row has changed");
    }
}

#[test]
fn every_kind_of_statement_is_in_the_script() {
    let place = Place::new();
    let plan =
        place::ended(place.command(place.db.url(), "plan club.yaml --format sql").spawn().expect("the tool starts"));
    for part in [
        "IN SHARE ROW EXCLUSIVE MODE",
        "IN ROW EXCLUSIVE MODE",
        "IN ACCESS SHARE MODE",
        "set_config('efface.key1'",
        "copy pg_temp.efface_secret",
        "FOR UPDATE",
        "CREATE TEMP VIEW efface_follow_1",
        "CREATE TEMP TABLE efface_rows_1",
        "'guards'",
        "CREATE TEMP TABLE efface_report_1",
        "WITH efface_step_",
        "step 1 of ",
        "SET CONSTRAINTS ALL IMMEDIATE",
        "'steps'",
        "'reports'",
        "'gone'",
        "INSERT INTO pg_temp.efface_gate",
    ] {
        assert!(plan.out.contains(part), "{part} is not in the script");
    }
    let last = requests().last().map(String::as_str);
    assert_eq!(last, Some("COMMIT"));
    tell(&format!("{} requests from BEGIN to COMMIT", requests().len()));
}
