//! Uniqueness by construction: every decision that makes a value, under every kind of unique index.
//!
//! Each combination is a table of its own with up to 2,000 rows, all of which change. Either check refuses the decision
//! and names the index, or the script commits: there is no third. How many did which is told for each kind.

mod decisions;
mod indexes;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use efface::action::Kind;
use efface::catalog::Catalog;
use efface::diagnostic::Code;

use self::decisions::Decision;
use self::indexes::{Index, Nulls};
use crate::harness::Db;
use crate::oracle::tell;
use crate::tried::{self, Checked};

const ROWS: u32 = 2_000;
/// So many tables change in one transaction, in as many sessions at once.
const TOGETHER: usize = 40;
const SESSIONS: usize = 2;

/// A decision about the column `v` of a table, and a unique index there.
struct Combination<'a> {
    number: usize,
    decision: &'a Decision,
    index: &'a Index,
}

impl Combination<'_> {
    fn table(&self) -> String {
        format!("t{}", self.number)
    }

    fn name(&self) -> String {
        format!("{} under {}", self.decision.name, self.index.name)
    }

    /// The table and its index, without rows.
    fn schema(&self) -> String {
        let table = self.table();
        let (ty, default) = (self.decision.ty, self.decision.default);
        let made = self.index.generated.replace("{type}", self.decision.base());
        let columns = format!(
            "id int, tenant int, k int, v {ty} {} {default}, w text, flag boolean, status text{}{made}",
            self.index.collation,
            if made.is_empty() { "" } else { ", " }
        );
        let index = self.index.ddl.replace("{t}", &table).replace("{i}", &format!("{table}_index"));
        match self.index.whole_table {
            "" => format!("create table {table} ({columns}, primary key (id)); {index};"),
            whole => {
                let whole = whole.replace("{t}", &table).replace("{columns}", &columns);
                format!("{whole}; {index};")
            }
        }
    }

    /// Rows that the index takes before the change.
    fn rows(&self) -> String {
        let index = self.index;
        let rows = [ROWS, index.most, self.decision.most].into_iter().min().unwrap_or_default();
        // Several tenants have the same value where the tenant is part of the key.
        let m = if index.by_tenant { "(n / 5 + 1)" } else { "n" };
        let fill = if index.fill.is_empty() { self.decision.fill } else { index.fill }.replace("{m}", m);
        let null = match index.nulls {
            Nulls::Many => "n % 7 = 0",
            Nulls::One => "n = 7",
            Nulls::None => "false",
        };
        format!(
            "insert into {} (id, tenant, k, v, w, flag, status)
             select n, n % 5, 1, case when {null} then null else ({fill})::{} end, 'w' || n % 5, n % 2 = 0, 'old'
             from generate_series(1, {rows}) as n;",
            self.table(),
            self.decision.base(),
        )
    }

    fn rule(&self) -> String {
        let mut lines = format!("  {}:\n    columns:\n      v: {}\n", self.table(), self.decision.yaml);
        for change in self.index.changes {
            lines.push_str(&format!("      {change}\n"));
        }
        lines + "    other_columns: keep\n"
    }
}

fn policy(combinations: &[&Combination<'_>]) -> String {
    let rules: String = combinations.iter().map(|combination| combination.rule()).collect();
    format!("version: 1\nname: unique\nevery_row: true\ntables:\n{rules}")
}

/// What came of a combination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Came {
    Refused,
    Ran,
}

/// The findings about each table, by its name: whether its index was named, and the words.
fn refused(checked: &Checked) -> BTreeMap<String, (bool, String)> {
    let mut found = BTreeMap::new();
    for finding in checked.errors() {
        let start = finding.primary.as_ref().expect("a place").span.start;
        let above = &checked.file.text()[..start];
        let line = above.lines().rev().find(|line| line.starts_with("  t")).expect("a table above");
        let table = line.trim().trim_end_matches(':').to_owned();
        let by_index = match finding.code {
            Code::NotUnique | Code::ExclusionConstraint => finding.message.contains(&format!("`{table}_")),
            // NULL in a primary key is refused before anything is compared.
            Code::NotNull => true,
            _ => false,
        };
        let entry = found.entry(table).or_insert((true, String::new()));
        entry.0 &= by_index;
        entry.1.push_str(&format!("{}: {}\n", finding.code.name(), finding.message));
    }
    found
}

#[test]
fn every_decision_is_refused_under_a_unique_index_or_commits() {
    let began = std::time::Instant::now();
    let db = Db::with(
        "create extension citext; create type mood as enum ('good', 'bad', 'so so'); create sequence numbers;
         create collation loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
    );
    let decisions = decisions::all();
    let major = db.catalog().server_major;
    let indexes: Vec<_> = indexes::all().into_iter().filter(|index| index.since <= major).collect();
    let pairs = decisions.iter().flat_map(|decision| indexes.iter().map(move |index| (decision, index)));
    let pairs = pairs.filter(|(decision, index)| index.fits(decision)).enumerate();
    let all: Vec<_> = pairs.map(|(number, (decision, index))| Combination { number, decision, index }).collect();
    for some in all.chunks(TOGETHER) {
        db.sql(&some.iter().map(Combination::schema).collect::<Vec<_>>().join("\n"));
    }
    let catalog = db.catalog();
    let part = |combinations: &[&Combination<'_>]| {
        let tables: BTreeSet<_> = combinations.iter().map(|it| it.table()).collect();
        let names = catalog.tables.iter().map(|table| &table.name).filter(|name| tables.contains(name.name.as_str()));
        tried::part(&catalog, &names.cloned().collect())
    };

    let (refused, ran, mut wrong) = decide(&db, &all, &part);
    let left = Mutex::new(ran.chunks(TOGETHER));
    let next = || left.lock().expect("no session panics with it").next();
    let url = db.url().to_owned();
    let session = || {
        let db = Db::open(&url);
        let mut wrong = Vec::new();
        while let Some(some) = next() {
            wrong.extend(carried_out(&db, some, &part));
        }
        wrong
    };
    std::thread::scope(|scope| {
        let sessions: Vec<_> = (0..SESSIONS).map(|_| scope.spawn(session)).collect();
        wrong.extend(sessions.into_iter().flat_map(|session| session.join().expect("a session ends")));
    });
    let score = Score::of(&refused, &ran);
    score.tell(began.elapsed().as_secs_f32());
    assert!(wrong.is_empty(), "{} combinations:\n{}", wrong.len(), wrong.join("\n"));
    score.has_both(&decisions, &indexes);
}

/// The live catalog with the tables of some combinations only.
type Part<'p> = &'p (dyn Fn(&[&Combination<'_>]) -> Catalog + Sync);
/// Those that check refuses, those that it takes, and what it says about anything else than an index.
type Decided<'a, 'b> = (Vec<&'b Combination<'a>>, Vec<&'b Combination<'a>>, Vec<String>);

fn decide<'a, 'b>(db: &Db, all: &'b [Combination<'a>], part: Part<'_>) -> Decided<'a, 'b> {
    let everything: Vec<_> = all.iter().collect();
    let found = refused(&tried::check(db, &part(&everything), &policy(&everything)));
    let (refused, ran): (Vec<_>, Vec<_>) = everything.into_iter().partition(|it| found.contains_key(&it.table()));
    let strange = refused.iter().filter_map(|it| Some((it, found.get(&it.table()).filter(|(named, _)| !named)?)));
    let strange = strange.map(|(it, (_, words))| format!("{}: {words}", it.name())).collect();
    (refused, ran, strange)
}

/// Fills the tables and changes every row; what the server says against it.
fn carried_out(db: &Db, some: &[&Combination<'_>], part: Part<'_>) -> Vec<String> {
    db.sql(&some.iter().map(|combination| combination.rows()).collect::<Vec<_>>().join("\n"));
    let failed = |combinations: &[&Combination<'_>]| {
        let checked = tried::check(db, &part(combinations), &policy(combinations));
        match &checked.script {
            Some(script) if checked.errors().is_empty() => tried::run(db, script, "").err(),
            _ => Some(checked.text()),
        }
    };
    // Together first; each alone where that fails.
    match failed(some) {
        None => Vec::new(),
        Some(_) => some.iter().filter_map(|one| Some(format!("{}: {}", one.name(), failed(&[*one])?))).collect(),
    }
}

/// How many were refused and how many ran, by decision and by index.
struct Score<'a> {
    counts: BTreeMap<(&'a str, Came), usize>,
    pairs: BTreeMap<(&'a str, &'a str), Came>,
}

impl<'a> Score<'a> {
    fn of(refused: &[&Combination<'a>], ran: &[&Combination<'a>]) -> Self {
        let (mut counts, mut pairs) = (BTreeMap::new(), BTreeMap::new());
        let came = refused.iter().map(|it| (it, Came::Refused)).chain(ran.iter().map(|it| (it, Came::Ran)));
        for (combination, came) in came {
            let (decision, index) = (combination.decision.name.as_str(), combination.index.name);
            *counts.entry((decision, came)).or_default() += 1;
            *counts.entry((index, came)).or_default() += 1;
            pairs.insert((decision, index), came);
        }
        Self { counts, pairs }
    }

    fn count(&self, name: &str, came: Came) -> usize {
        self.counts.iter().filter(|((known, how), _)| *known == name && *how == came).map(|(_, count)| count).sum()
    }

    fn tell(&self, seconds: f32) {
        let names: BTreeSet<_> = self.counts.keys().map(|(name, _)| *name).collect();
        for name in names {
            let (refused, ran) = (self.count(name, Came::Refused), self.count(name, Came::Ran));
            tell(&format!("unique: {name}: {refused} refused, {ran} ran"));
        }
        tell(&format!("unique: {} combinations in {seconds:.1} s", self.pairs.len()));
    }

    /// A kind of index that refuses nothing or takes nothing, where it should, would be no test.
    fn has_both(&self, decisions: &[Decision], indexes: &[Index]) {
        for index in indexes {
            let (refused, ran) = (self.count(index.name, Came::Refused), self.count(index.name, Came::Ran));
            assert!((refused > 0) == index.refuses, "{}: {refused} were refused", index.name);
            assert!((ran > 0) == index.runs, "{}: {ran} ran", index.name);
            if let Some(came) = self.pairs.get(&("random token in text", index.name)) {
                assert_eq!(*came == Came::Ran, index.takes_tokens, "a random token under {}", index.name);
            }
        }
        for decision in decisions {
            let ran = self.count(&decision.name, Came::Ran);
            assert!(self.count(&decision.name, Came::Refused) > 0, "{} is never refused", decision.name);
            if let Some(came) = self.pairs.get(&(decision.name.as_str(), "a plain index")) {
                assert_eq!(*came == Came::Ran, decision.is_unique, "{} under a plain index", decision.name);
            }
            assert!(ran > 0, "{} never runs", decision.name);
        }
        for kind in Kind::ALL {
            assert!(decisions.iter().any(|decision| decision.kind == Some(*kind)), "{} is not tried", kind.name());
        }
    }
}
