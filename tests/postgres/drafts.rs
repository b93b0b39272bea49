//! A first policy for a live database: it passes `check` when its marks are decided, runs, and says nothing of any row.

use std::process::{Command, Stdio};

use efface::catalog::Table;
use efface::ident::TableName;
use efface::policy;

use crate::case::{Ends, each};
use crate::cases::loaded;
use crate::decided::{Way, decided};
use crate::harness::Db;
use crate::tool::Ran;
use crate::torture::tortured;

const CLUB: &str = include_str!("../../examples/fitness-club/schema.sql");
const CLUB_DATA: &str = include_str!("../../examples/fitness-club/data.sql");

/// A database and a folder for policies.
struct Desk {
    db: Db,
    folder: tempfile::TempDir,
}

impl Desk {
    fn of(db: Db) -> Self {
        Self { db, folder: tempfile::tempdir().expect("a folder") }
    }

    fn run_at(&self, url: &str, line: &[&str]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_efface"));
        command.args(line).current_dir(self.folder.path()).env("DATABASE_URL", url).stdin(Stdio::null());
        let output = command.output().expect("the tool runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ran { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    fn run(&self, line: &[&str]) -> Ran {
        self.run_at(self.db.url(), line)
    }

    /// What `init` writes.
    fn draft(&self, line: &[&str]) -> String {
        let ran = self.run(&[&["init"], line].concat());
        assert_eq!(ran.code, Some(0), "{line:?}: {}", ran.err);
        ran.out
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).expect("the policy is written");
    }
}

fn club() -> Desk {
    let db = Db::with(CLUB);
    db.sql("set club.clients = '120'");
    db.sql(CLUB_DATA);
    Desk::of(db)
}

#[test]
fn the_club_s_draft_runs_when_its_marks_are_decided() {
    for (number, way) in [Way::Keep, Way::Choice(0), Way::Choice(1), Way::Choice(2)].into_iter().enumerate() {
        let club = club();
        let email = club.db.value("select email from users where id = 42");
        let draft = club.draft(&["--subject", "users"]);
        assert!(draft.contains(": undecided"), "{draft}");
        club.write("club.yaml", &draft);
        let undecided = club.run(&["check", "club.yaml"]);
        assert_eq!(undecided.code, Some(1), "{}", undecided.err);
        let errors: Vec<_> = undecided.err.lines().filter(|line| line.starts_with("error")).collect();
        assert!(errors.iter().all(|line| line.starts_with("error[undecided-")), "{errors:?}");
        assert!(errors.len() <= 6, "few decisions are left: {errors:?}");
        club.write("club.yaml", &decided(&draft, way));
        for line in [
            &["check", "club.yaml"][..],
            &["snapshot", "club.yaml"],
            &["rehearse", "club.yaml", "--subject", "42"],
            &["apply", "club.yaml", "--subject", "42", "--yes"],
            &["verify", "club.yaml", "--subject", "42"],
        ] {
            let ran = club.run(line);
            // Who took part in what stays there, so `verify` may find the rows that are kept; it must not find a bug.
            assert_eq!(ran.code, Some(0), "{way:?} {line:?}: {}", ran.err);
        }
        assert_ne!(club.db.value("select email from users where id = 42"), email);
        assert_eq!(club.db.value("select count(*) from payments_credit_cards where client_id = 42"), "0");
        assert_ne!(club.db.value("select count(*) from bookings where client_id = 42"), "0", "the books stay");
        let kept = club.db.value("select count(*) from bookings where client_id = 42 and note is not null");
        assert_eq!(kept == "0", number == 1, "{way:?}: {kept} notes are left");
    }
}

/// The subject's table in a case's policy, and its key, where that is written.
fn subject(text: &str) -> Option<(TableName, String)> {
    let file = efface::source::SourceFile::new("policy.yaml", text);
    match policy::read(&file).ok()?.value.subject {
        policy::Subject::Rows(rows) => {
            let key: Vec<&str> = rows.key.iter().map(|name| name.value.as_str()).collect();
            Some((rows.table.value.clone(), key.join(",")))
        }
        policy::Subject::Value(_) | policy::Subject::EveryRow(_) => None,
    }
}

/// A table as the command line takes it.
fn spelled(name: &TableName) -> String {
    let part = |part: &str| format!("\"{}\"", part.replace('"', "\"\""));
    format!("{}.{}", part(name.schema.as_str()), part(name.name.as_str()))
}

#[test]
fn the_draft_of_every_case_passes_check_on_its_own_database() {
    each(|case| {
        let Some(subject) = subject(&case.file("policy.yaml")).filter(|_| case.role.is_none()) else { return };
        let desk = Desk::of(loaded(case));
        let (subject, key) = (spelled(&subject.0), subject.1);
        let keyed = ["--subject", &subject, "--key", &key];
        let line = if key.is_empty() { &keyed[..2] } else { &keyed };
        if case.ends == Ends::Refused {
            let ran = desk.run(&[&["init"], line].concat());
            if ran.err.contains("does not tell persons apart") {
                return;
            }
        }
        let draft = desk.draft(line);
        for way in [Way::Keep, Way::Choice(0)] {
            let text = decided(&draft, way);
            desk.write("draft.yaml", &text);
            let ran = desk.run(&["check", "draft.yaml"]);
            assert_eq!(ran.code, Some(0), "{way:?}\n{}\n{text}", ran.err);
        }
    });
}

#[test]
fn a_draft_for_any_table_of_the_torture_passes_check_when_its_marks_are_decided() {
    let desk = Desk::of(tortured());
    let catalog = desk.db.catalog();
    let keyed = |table: &&Table| !table.primary_key.is_empty();
    let mut drafted = 0;
    for (number, table) in catalog.tables.iter().filter(keyed).enumerate() {
        // Every twelfth, each time the same: each asks the server about all that its draft reaches.
        if number % 12 > 0 {
            continue;
        }
        let line = ["init", "--subject", &spelled(&table.name)];
        let ran = desk.run(&line);
        assert_eq!(ran.code, Some(0), "{}: {}", table.name.bare(), ran.err);
        drafted += 1;
        // What it says can't be helped is the schema's.
        let beyond = ran.err.contains("will find this whatever is decided");
        desk.write("draft.yaml", &decided(&ran.out, Way::Keep));
        let checked = desk.run(&["check", "draft.yaml"]);
        if !beyond {
            assert_eq!(checked.code, Some(0), "{}\n{}\n{}", table.name.bare(), checked.err, ran.out);
        }
    }
    assert!(drafted > 20, "{drafted}");
}

const MARKED: &str = "
    create type mood as enum ('good', 'bad');
    create type address as (street text, town text);
    create domain mail as text check (value like '%@%');
    create table users (
        id bigint generated always as identity primary key,
        name text not null, nick varchar(40), email mail unique not null, phone text, ip inet, mac macaddr, doc json,
        docb jsonb, tags text[], words tsvector, raw bytea, code char(9), home address, place point, born date, mood mood,
        salary numeric, bits bit(3), span daterange, markup xml, seen timestamptz, made text generated always as (name || '!') stored);
    comment on column users.nick is 'the family name that somebody uses';
    create table notes (id int primary key, user_id bigint not null references users on delete cascade, body text,
        iban text, card text, link text, \"odd \"\"name\" text);
    create index on notes (user_id);
    insert into users (name, nick, email, phone, ip, mac, doc, docb, tags, words, raw, code, home, place, born, mood, salary, bits, span, markup, seen)
    select 'ZQVALUE Berg ' || n, 'ZQVALUE' || n, 'zqvalue' || n || '@example.org', '+49 30 55501' || n, '203.0.113.77', '08:00:2b:01:02:03',
        '{\"a\": \"ZQVALUE\", \"mail\": \"zqvalue@example.org\"}', '{\"a\": [\"ZQVALUE\"]}', '{ZQVALUE,zqvalue@example.org}', 'ZQVALUE word',
        'ZQVALUE bytes', 'ZQVALUE', row('ZQVALUE street', 'ZQVALUE')::address, point(77.123, 5), '1977-07-07', 'bad', 77123.45, '101',
        '[1977-07-07,1977-08-08)', '<a>ZQVALUE</a>', '1977-07-07'
    from generate_series(100, 140) n;
    insert into notes select n, n - 99, 'ZQVALUE note, write to zqvalue@example.org', 'DE89 3704 0044 0532 0130 00',
        '4111 1111 1111 1111', 'https://ZQVALUE.example/x', 'ZQVALUE odd' from generate_series(100, 140) n;
    analyze;
";

#[test]
fn nothing_that_init_prints_holds_a_value() {
    let desk = Desk::of(Db::with(MARKED));
    let values =
        ["zqvalue", "203.0.113.77", "55501", "08:00:2b", "77.123", "1977", "77123", "3704 0044", "4111", "DE89"];
    for line in [
        &["-vvv", "init", "--subject", "users"][..],
        &["-vvv", "--log-format", "json", "init", "--subject", "users", "--sample", "5"],
        &["-vvv", "--show-server-detail", "init", "--subject", "users"],
        &["-vvv", "init", "--subject", "users", "--no-sample"],
        &["-vvv", "init", "--subject", "users", "--keep", "notes"],
    ] {
        let ran = desk.run(line);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        let printed = format!("{}{}", ran.out, ran.err).to_lowercase();
        for value in values {
            assert!(!printed.contains(&value.to_lowercase()), "{line:?} tells {value}:\n{printed}");
        }
    }
    let draft = desk.draft(&["--subject", "users"]);
    for said in [
        "41 of 41 sampled values hold e-mail addresses",
        "41 of 41 sampled values hold telephone numbers",
        "email: { randomize: email }",
        "nick: null",
        "a trace of a device, by its name",
    ] {
        assert!(draft.contains(said), "{said}\n{draft}");
    }
    let order: Vec<usize> = ["\n      id:", "\n      name:", "\n      nick:", "\n      email:", "\n      phone:"]
        .iter()
        .filter_map(|column| draft.find(column))
        .collect();
    assert!(order.len() == 5 && order.is_sorted(), "columns stand as in the table\n{draft}");
    let kept = desk.draft(&["--subject", "users", "--keep", "notes"]);
    assert!(kept.contains("keep: as was said when this was drafted"), "{kept}");
}

#[test]
fn shapes_are_counted_inside_of_documents_arrays_and_texts() {
    let desk = Desk::of(Db::with(MARKED));
    desk.db.sql("alter table notes drop constraint notes_user_id_fkey, add foreign key (user_id) references users on delete set null");
    let draft = desk.draft(&["--subject", "users"]);
    for (column, said) in [
        ("doc", "e-mail addresses"),
        ("tags", "e-mail addresses"),
        ("body", "e-mail addresses"),
        ("iban", "IBANs"),
        ("card", "card numbers"),
        ("link", "links"),
    ] {
        let at = draft.find(&format!(" {column}: ")).unwrap_or_else(|| panic!("{column}\n{draft}"));
        let until = draft[at..].find('\n').map_or(draft.len(), |end| at + end);
        let near = &draft[at.saturating_sub(260)..until];
        assert!(near.contains(said), "{column}: {near}");
    }
}

#[test]
fn a_sample_calls_nothing_that_somebody_has_planted() {
    let desk = Desk::of(Db::with(
        "create table users (id int primary key, name text);
         create type pair as (a text, b int);
         create function shout(pair) returns text language plpgsql as $$ begin raise exception 'called'; end $$;
         create cast (pair as text) with function shout(pair);
         create table orders (id int primary key, user_id int references users on delete set null, told pair, said json);
         insert into users values (1, 'Ann');
         insert into orders values (1, 1, row('ann@example.org', 1), '{\"mail\": \"ann@example.org\"}'), (2, 1, null, null);",
    ));
    let ran = desk.run(&["init", "--subject", "users"]);
    assert!(!ran.err.contains("was not sampled"), "{}", ran.err);
    let near = |column: &str| {
        let at = ran.out.find(&format!(" {column}: ")).unwrap_or_else(|| panic!("{column}\n{}", ran.out));
        let until = ran.out[at..].find('\n').map_or(ran.out.len(), |end| at + end);
        ran.out[at.saturating_sub(260)..until].to_owned()
    };
    for column in ["told", "said"] {
        assert!(near(column).contains("1 of 1 sampled value"), "{column}: {}", near(column));
    }
}

#[test]
fn of_a_large_table_pages_are_drawn_and_not_its_first_rows() {
    let desk = Desk::of(Db::with(
        "create table users (id int primary key, name text);
         create table visits (id int primary key, user_id int references users on delete set null, door text, remark text, source text);
         insert into visits select n, null, case when n % 2 = 0 then 'north' else 'south' end,
             case when n > 20000 then 'zq' || n || '@example.org' else 'fine' end, 'source ' || n from generate_series(1, 60000) n;
         analyze;",
    ));
    let draft = desk.draft(&["--subject", "users"]);
    assert!(draft.contains(" sampled values hold e-mail addresses"), "late rows are seen\n{draft}");
    assert!(draft.contains("door: { keep: \"a label: 2 different values among 1"), "{draft}");
    // A label by its name, and yet each value is another one.
    assert!(draft.contains("# a label, by its name, and yet nearly every value is another one\n"), "{draft}");
    let whole = desk.draft(&["--subject", "users", "--sample", "10000"]);
    assert_eq!(whole, desk.draft(&["--subject", "users", "--sample", "10000"]), "the same pages each time");
}

#[test]
fn a_draft_is_the_same_each_time() {
    let club = club();
    club.db.sql("analyze");
    assert_eq!(club.draft(&["--subject", "users"]), club.draft(&["--subject", "users"]));
    assert_eq!(club.draft(&["--subject", "users", "--no-sample"]), club.draft(&["--subject", "users", "--no-sample"]));
}

#[test]
fn without_a_sample_no_row_is_read() {
    let desk = Desk::of(Db::with(MARKED));
    let role = format!("draft_{}", desk.db.value("select pg_backend_pid()"));
    desk.db.sql(&format!("create role {role} login"));
    let url = desk.db.url().replace("user=postgres", &format!("user={role}"));
    // The role may read no table: without a sample nobody notices.
    let ran = desk.run_at(&url, &["init", "--subject", "users", "--no-sample"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(!ran.err.contains("warning"), "{}", ran.err);
    let ran = desk.run_at(&url, &["init", "--subject", "users"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.contains("table `users` was not sampled: the role may not read it (42501)"), "{}", ran.err);
    assert!(ran.out.contains("email: { randomize: email }"), "{}", ran.out);
    desk.db.sql(&format!("drop role {role}"));
}

#[test]
fn what_cannot_be_drafted_says_what_to_do_next() {
    let desk = Desk::of(Db::with(
        "create schema club;
         create table users (id int primary key, email text);
         create table club.members (id int primary key);
         create table keyless (number int not null unique, club int not null, email text);
         create table heap (email text);
         create view people as select * from users;
         create table parts (id int primary key) partition by range (id);
         create table parts_1 partition of parts for values from (1) to (10);",
    ));
    for (line, code, said) in [
        (&["--subject", "user"][..], 1, "did you mean `--subject users`?"),
        (&["--subject", "nothing_like_it"], 1, "`\\dt` in psql shows it"),
        (&["--subject", "people"], 1, "`people` is a view, and a policy erases rows of tables"),
        (&["--subject", "people"], 1, "name the table behind it: `--subject users`"),
        (&["--subject", "parts_1"], 1, "name the table behind it: `--subject parts`"),
        (&["--subject", "keyless"], 1, "say which columns tell persons apart: `--key number`"),
        (&["--subject", "keyless", "--key", "email"], 1, "does not tell persons apart"),
        (&["--subject", "keyless", "--key", "nothing"], 1, "does not tell persons apart"),
        (&["--subject", "heap"], 1, "give the table a key"),
        (&["--subject", "users", "--delete", "heap"], 1, "table `heap` is none of the draft"),
        (&["--subject", "users", "--delete", "heap", "--keep", "heap"], 2, "are to go and to stay"),
        (&["--subject", "users", "--sample", "0"], 2, "0 is not in 1..=10000"),
    ] {
        let ran = desk.run(&[&["init"], line].concat());
        assert_eq!(ran.code, Some(code), "{line:?}: {}", ran.err);
        assert!(ran.err.contains(said), "{line:?}: {}", ran.err);
        assert_eq!(ran.out, "", "{line:?}");
    }
    let keyed = desk.draft(&["--subject", "keyless", "--key", "number"]);
    assert!(keyed.contains("  key: number\n"), "{keyed}");
    // A schema may be left out where the name says which is meant.
    assert!(desk.draft(&["--subject", "members"]).contains("table: club.members"), "found in its schema");
    desk.write("there.yaml", "mine");
    let ran = desk.run(&["init", "--subject", "users", "--out", "there.yaml"]);
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    assert!(ran.err.contains("`there.yaml` is there already"), "{}", ran.err);
    assert_eq!(std::fs::read_to_string(desk.folder.path().join("there.yaml")).expect("still there"), "mine");
    let ran = desk.run(&["init", "--subject", "users", "--out", "there.yaml", "--overwrite"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(std::fs::read_to_string(desk.folder.path().join("there.yaml")).expect("written").contains("subject:"));
}
