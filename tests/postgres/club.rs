//! The fitness club, as a newcomer meets it: one client erased, everybody else and every report as before.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::harness::{Db, binaries};

const SCHEMA: &str = include_str!("../../examples/fitness-club/schema.sql");
const DATA: &str = include_str!("../../examples/fitness-club/data.sql");
const POLICY: &str = include_str!("../../policies/client-erasure.yaml");

/// Tables of the policy whose rows may change; of every other one nothing may.
const PEOPLE: &[(&str, &str)] = &[
    ("users", "id <> 42"),
    ("bookings", "client_id <> 42"),
    ("waiting_list_entries", "client_id <> 42"),
    ("subscriptions", "client_id <> 42"),
    ("notes", "client_id <> 42"),
    ("visits", "booking_id NOT IN (SELECT id FROM bookings WHERE client_id = 42)"),
    ("identities_bases", "user_id <> 42"),
    ("payments_credit_cards", "client_id <> 42"),
    ("profile_images", "client_id <> 42"),
    ("client_trainers", "client_id <> 42"),
    ("client_linkings", "42 NOT IN (client_id, linked_client_id)"),
    ("notifications", "recipient_id IS DISTINCT FROM 42 AND about_id IS DISTINCT FROM 42"),
    ("audits", "user_id IS DISTINCT FROM 42 AND actor_id IS DISTINCT FROM 42"),
    ("payments", "(club_id, client_number) NOT IN (SELECT club_id, number FROM users WHERE id = 42)"),
];

/// A club of a few hundred clients and a folder with the policy.
struct Club {
    db: Db,
    folder: tempfile::TempDir,
    /// The key of the client's credit card.
    card: String,
}

impl Club {
    fn new() -> Self {
        let db = Db::with(SCHEMA);
        db.sql("set club.clients = '300'");
        db.sql(DATA);
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("club.yaml"), POLICY).expect("the policy is written");
        let card = db.value("select id from payments_credit_cards where client_id = 42");
        Self { db, folder, card }
    }

    fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_efface"));
        command.args(arguments).current_dir(self.folder.path()).env("DATABASE_URL", self.db.url());
        let output = command.stdin(Stdio::null()).output().expect("the tool runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    }

    fn tables(&self) -> Vec<String> {
        let query = "select table_name from information_schema.tables where table_schema = 'public' order by 1";
        self.db.rows(query).into_iter().map(|mut row| row.remove(0).expect("a name")).collect()
    }

    /// Every row of every table, as text.
    fn dump(&self) -> BTreeMap<String, Vec<String>> {
        self.tables().into_iter().map(|table| (table.clone(), self.db.dump_table(&table))).collect()
    }

    /// The rows of everybody but client 42; a payment with the client's card loses the card, whoever it is of.
    fn others(&self) -> BTreeMap<String, Vec<String>> {
        let of = |(table, condition): &(&str, &str)| {
            let row = if *table == "payments" {
                format!("to_jsonb(t) || jsonb_build_object('card_id', nullif(card_id, {}))", self.card)
            } else {
                "to_jsonb(t)".to_owned()
            };
            (table.to_string(), self.db.dump_table(&format!("(select {row} from {table} t where {condition})")))
        };
        PEOPLE.iter().map(of).collect()
    }

    /// The same data again: what depends on the clock is copied.
    fn copy(&self) -> Self {
        let db = Db::new();
        let (from, to) = (self.db.value("select current_database()"), db.value("select current_database()"));
        drop(db);
        let admin = Db::open(&crate::harness::server().url("postgres"));
        admin.sql(&format!(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname in ('{from}', '{to}')"
        ));
        admin.sql(&format!("drop database {to}"));
        admin.sql(&format!("create database {to} template {from}"));
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("club.yaml"), POLICY).expect("the policy is written");
        Self { db: Db::open(&crate::harness::server().url(&to)), folder, card: self.card.clone() }
    }
}

/// Both states are the same; otherwise the first rows that differ are shown, which are made-up people's.
fn same(one: &BTreeMap<String, Vec<String>>, other: &BTreeMap<String, Vec<String>>) {
    let only = |here: &BTreeMap<String, Vec<String>>, there: &BTreeMap<String, Vec<String>>| -> Vec<String> {
        let rows = here.iter().flat_map(|(table, rows)| rows.iter().map(move |row| (table, row)));
        let missing = rows.filter(|(table, row)| !there.get(*table).is_some_and(|rows| rows.contains(row)));
        missing.take(3).map(|(table, row)| format!("{table}: {row}")).collect()
    };
    assert_eq!((only(one, other), only(other, one)), (vec![], vec![]), "rows in only one of the states");
    assert!(one == other, "the number of equal rows differs");
}

#[test]
fn a_client_is_found_nowhere_afterwards_and_everybody_else_is_as_before() {
    let club = Club::new();
    let values =
        club.db.rows("select unnest(array[name, email, mobile_no, phone_no, facebook_id]) from users where id = 42");
    let values: Vec<String> = values.into_iter().filter_map(|mut row| row.remove(0)).collect();
    // A namesake of the client lives in the club on purpose: the name is searched in the client's own rows below.
    let (name, unique) = values.split_first().expect("the client has a name");
    let found = |value: &str| {
        let rows = club.dump().into_values().flatten().filter(|row| row.contains(value)).count();
        (value.to_owned(), rows)
    };
    assert!(unique.iter().all(|value| found(value).1 > 0), "the search finds them before");
    let (others, untouched) = (club.others(), ["clubs", "classes", "sessions"].map(|table| club.db.dump_table(table)));

    let (code, out, err) = club.run(&["apply", "--yes", "club.yaml", "--subject", "42"]);
    assert_eq!(code, Some(0), "{err}");

    let left: Vec<_> = unique.iter().map(|value| found(value)).filter(|(_, rows)| *rows > 0).collect();
    assert_eq!(left, [], "found in some row of some table");
    let own =
        "select count(*) from users u where id = 42 and u::text like '%' || $$NAME$$ || '%'".replace("NAME", name);
    assert_eq!(club.db.value(&own), "0");
    for table in ["audits", "notes", "notifications", "payments_credit_cards"] {
        let key = if table == "audits" {
            "user_id"
        } else if table == "notifications" {
            "about_id"
        } else {
            "client_id"
        };
        let query =
            format!("select count(*) from {table} t where {key} = 42 and t::text like '%' || $${name}$$ || '%'");
        assert_eq!(club.db.value(&query), "0", "{table}");
    }
    same(&others, &club.others());
    assert_eq!(["clubs", "classes", "sessions"].map(|table| club.db.dump_table(table)), untouched);
    for value in values {
        assert!(!out.contains(&value) && !err.contains(&value), "no value is printed");
    }
}

#[test]
fn psql_leaves_the_state_that_apply_leaves() {
    let club = Club::new();
    let copy = club.copy();
    // Making the copy has ended the first session.
    let club = Club { db: Db::open(club.db.url()), ..club };
    let (code, script, err) = club.run(&["plan", "club.yaml", "--format", "sql"]);
    assert_eq!(code, Some(0), "{err}");
    let (code, _, err) = club.run(&["apply", "--yes", "club.yaml", "--subject", "42"]);
    assert_eq!(code, Some(0), "{err}");
    let file = copy.folder.path().join("script.sql");
    std::fs::write(&file, script).expect("the script is written");
    let output = psql(&copy.db, &file, &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (mut applied, mut run) = (club.dump(), copy.dump());
    // Three tables hold the moment of the run, and one a random address: those are compared without.
    for table in ["users", "bookings", "subscriptions"] {
        applied.remove(table);
        run.remove(table);
    }
    same(&applied, &run);
    for (table, moments) in [
        ("users", "{updated_at,email}"),
        ("bookings", "{updated_at,cancelled_at}"),
        ("subscriptions", "{updated_at,cancelled_at}"),
    ] {
        let query = format!("(select to_jsonb(t) - '{moments}'::text[] as row from {table} t)");
        assert_eq!(club.db.dump_table(&query), copy.db.dump_table(&query), "{table}");
    }
}

/// Runs a file with psql, as the documented call does.
fn psql(db: &Db, file: &Path, settings: &[(&str, &str)]) -> std::process::Output {
    let beside = binaries().program("psql");
    let mut command = Command::new(if beside.exists() { beside } else { "psql".into() });
    command.args(["-X", "-q", "-v", "key1={42}", "-d", db.url()]);
    for (name, value) in settings {
        command.args(["-v", &format!("{name}={value}")]);
    }
    command.arg("-f").arg(file).stdin(Stdio::null()).output().expect("psql runs")
}

#[test]
fn with_on_error_rollback_a_failing_guard_changes_nothing() {
    let club = Club::new();
    let (_, script, _) = club.run(&["plan", "club.yaml", "--format", "sql"]);
    club.db.sql(
        "update payments set status = 'due', paid_at = null where id = (select min(p.id) from payments p
         join users u on (p.club_id, p.client_number) = (u.club_id, u.number) where u.id = 42)",
    );
    let before = club.dump();
    let file = club.folder.path().join("script.sql");
    std::fs::write(&file, &script).expect("the script is written");
    // As a .psqlrc of many DBAs has it; -v is read before the file, as the .psqlrc is.
    let output = psql(&club.db, &file, &[("ON_ERROR_ROLLBACK", "on"), ("ON_ERROR_STOP", "off")]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("outstanding payments"));
    same(&before, &club.dump());

    // Even where somebody has taken out the lines that guard psql, COMMIT itself fails.
    let bare: String =
        script.lines().filter(|line| !line.starts_with("\\set")).map(|line| format!("{line}\n")).collect();
    std::fs::write(&file, bare).expect("the script is written");
    let output = psql(&club.db, &file, &[("ON_ERROR_ROLLBACK", "on"), ("ON_ERROR_STOP", "off")]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("efface_assertions_failed"), "the gate speaks");
    same(&before, &club.dump());
}

#[test]
fn a_report_that_would_move_is_rolled_back_and_named() {
    let club = Club::new();
    let policy = POLICY.replace("status: { keep: sessions-conducted report }", "status: { replace: no_show }");
    assert_ne!(policy, POLICY);
    std::fs::write(club.folder.path().join("club.yaml"), policy).expect("the policy is written");
    let before = club.dump();
    let (code, _, err) = club.run(&["apply", "--yes", "club.yaml", "--subject", "42"]);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("sessions conducted per month"), "{err}");
    same(&before, &club.dump());
}

/// The reports as the club has them, by their names, digit by digit.
fn reports(club: &Club) -> Vec<(String, Vec<Vec<Option<String>>>)> {
    let text = include_str!("../../examples/fitness-club/reports.sql");
    let blocks = text.split("\n\n").filter_map(|block| block.strip_prefix("-- ")?.split_once('\n'));
    let reports = blocks.filter(|(_, query)| query.starts_with("SELECT"));
    let mut rows: Vec<_> = reports.map(|(name, query)| (name.to_owned(), club.db.rows(query))).collect();
    let members = "select club_id, date_trunc('month', starts_at) as month, count(distinct client_id) from bookings
         where starts_at < date_trunc('month', now()) group by 1, 2 order by 1, 2";
    rows.push(("members".to_owned(), club.db.rows(members)));
    rows
}

#[test]
fn hard_case_13_reports_of_closed_months_are_equal_to_the_cent_and_a_policy_that_moves_one_is_rolled_back() {
    let club = Club::new();
    let before = reports(&club);
    assert!(before.len() == 5 && before.iter().all(|(_, rows)| !rows.is_empty()), "{before:?}");
    let moving = POLICY.replace("amount: { keep: revenue-per-month report }", "amount: { replace: \"0\" }");
    assert_ne!(moving, POLICY);
    std::fs::write(club.folder.path().join("moving.yaml"), moving).expect("the policy is written");
    let (code, _, err) = club.run(&["apply", "--yes", "moving.yaml", "--subject", "42"]);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("revenue per month"), "{err}");
    assert_eq!(reports(&club), before, "rolled back");
    let (code, _, err) = club.run(&["apply", "--yes", "club.yaml", "--subject", "42"]);
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(reports(&club), before, "to the cent");
}

#[test]
fn a_plan_is_the_same_twice_after_analyze_and_for_another_role() {
    let club = Club::new();
    let script = |club: &Club| {
        let (code, out, err) = club.run(&["plan", "club.yaml", "--format", "sql"]);
        assert_eq!(code, Some(0), "{err}");
        out
    };
    let first = script(&club);
    assert_eq!(script(&club), first, "twice");
    club.db.sql("analyze");
    assert_eq!(script(&club), first, "after ANALYZE");

    let saved = |club: &Club, url: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_efface"));
        command.args(["plan", "club.yaml", "--format", "json", "--database", url]).current_dir(club.folder.path());
        let output = command.output().expect("the tool runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let plan: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        [plan["policy"]["sha256"].clone(), plan["schema"]["sha256"].clone(), plan["script"].clone()]
    };
    let name = format!("reader_of_{}", club.db.value("select current_database()"));
    club.db.sql(&format!(
        "create role {name} login; grant select, update, delete on all tables in schema public to {name}"
    ));
    let other = club.db.url().replacen("user=postgres", &format!("user={name}"), 1);
    assert_ne!(other, club.db.url());
    assert_eq!(saved(&club, &other), saved(&club, club.db.url()), "as another role");
    club.db.sql(&format!("drop owned by {name}; drop role {name}"));
}

#[test]
fn the_script_in_the_repository_is_what_snapshot_writes_from_the_database_and_from_the_catalog_file() {
    let club = Club::new();
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("policies")).expect("a folder");
    for name in ["client-erasure.yaml", "client-erasure.sql", "catalog.json"] {
        let text = std::fs::read_to_string(Path::new("policies").join(name)).expect("the file is there");
        // The catalog says of which version the server was.
        let text = if name == "catalog.json" { crate::guide::of_this_server(&club.db, &text) } else { text };
        std::fs::write(folder.path().join("policies").join(name), text).expect("written");
    }
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_efface"));
        command.args(["snapshot", "--check", "policies"]).args(arguments).current_dir(folder.path());
        let output = command.stdin(Stdio::null()).output().expect("the tool runs");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    assert_eq!(run(&["--database", club.db.url()]), (Some(0), String::new()), "run `efface snapshot policies`");
    assert_eq!(run(&["--catalog", "policies/catalog.json"]), (Some(0), String::new()));
}
