//! `efface grants`: with exactly these a fresh role can do everything, and without any one of them `check` says which.

use std::cell::RefCell;

use efface::plan::plan_for;
use efface::resolve::Resolved;
use efface::server::ask;
use efface::source::SourceFile;
use efface::sql::privilege::Needs;
use efface::sql::{grants, script};

use crate::case::{Ends, each};
use crate::harness::Db;
use crate::tool::{POLICY, Place, SCHEMA};

/// The statements of what `efface grants` printed.
fn statements(printed: &str) -> Vec<String> {
    printed.lines().filter(|line| line.starts_with("GRANT ")).map(str::to_owned).collect()
}

/// What everybody may do by default is taken away, so that only GRANTs count.
fn nothing_for_everybody(db: &Db) {
    let database = db.value("select quote_ident(current_database())");
    db.sql(&format!("revoke temporary on database {database} from public"));
    for schema in db.rows(
        "select quote_ident(nspname) from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'",
    ) {
        let schema = schema[0].clone().expect("a name");
        db.sql(&format!("revoke all on schema {schema} from public"));
    }
    // What an extension's operators call stays everybody's.
    for function in db.rows(
        "select p.oid::regprocedure from pg_proc p where p.oid >= 16384 and not exists
         (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')",
    ) {
        db.sql(&format!("revoke execute on routine {} from public", function[0].clone().expect("a name")));
    }
    for of_type in db.rows(
        "select format_type(t.oid, null) from pg_type t join pg_namespace n on n.oid = t.typnamespace
         where t.typtype in ('e', 'd') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'",
    ) {
        db.sql(&format!("revoke usage on type {} from public", of_type[0].clone().expect("a name")));
    }
}

/// A fresh role in a place; it goes with it.
struct Eraser<'a> {
    place: &'a Place,
    name: String,
}

impl<'a> Eraser<'a> {
    fn new(place: &'a Place) -> Self {
        let name = place.role("eraser");
        place.db.sql(&format!("create role {name} login"));
        nothing_for_everybody(&place.db);
        Self { place, name }
    }

    fn granted(&self) -> Vec<String> {
        let ran = self.place.run(&format!("grants small.yaml --role {}", self.name));
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        // As a file for psql: comments too.
        self.place.db.sql(&ran.out);
        statements(&ran.out)
    }

    /// The codes of what is found by `check`, and every GRANT that is printed with them.
    fn check(&self) -> (Option<i32>, Vec<String>, Vec<String>) {
        let ran = self.place.run_as(&self.name, "check small.yaml --format json");
        let findings: serde_json::Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}", ran.err));
        let findings = findings.as_array().expect("a list").clone();
        let errors = findings.iter().filter(|found| found["severity"] == "error");
        let codes = errors.clone().map(|found| found["code"].as_str().expect("a code").to_owned()).collect();
        let helps = errors.filter_map(|found| found["help"][0].as_str().map(str::to_owned)).collect();
        (ran.code, codes, helps)
    }
}

impl Drop for Eraser<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.place.db.sql(&format!("drop owned by {}; drop role {}", self.name, self.name));
        }
    }
}

/// Each privilege is needed, and `check` prints it as it was printed.
fn each_is_needed(eraser: &Eraser<'_>, dump: impl Fn() -> Vec<Vec<String>>) -> usize {
    let granted = eraser.granted();
    let (code, codes, _) = eraser.check();
    assert_eq!((code, codes), (Some(0), vec![]), "with all of them");
    let before = dump();
    for grant in &granted {
        let revoke = grant.replacen("GRANT", "REVOKE", 1).replace(" TO ", " FROM ");
        eraser.place.db.sql(&revoke);
        if grant.contains("efface") {
            // A policy fits with a ledger as without: what the ledger takes is asked for by the run.
            let ran = eraser.place.run_as(&eraser.name, "apply small.yaml --subject 42 --yes");
            let lacks = grant.trim_start_matches("GRANT ").split(" TO ").next().expect("a privilege");
            assert!(ran.code == Some(1) && ran.err.contains(&format!("it lacks {lacks}")), "{grant}: {}", ran.err);
            eraser.place.db.sql(grant);
            continue;
        }
        let (code, codes, helps) = eraser.check();
        assert_eq!(code, Some(1), "without {grant}");
        assert!(codes.iter().all(|code| code == "missing-privilege"), "without {grant}: {codes:?} {helps:?}");
        assert!(helps.iter().any(|help| help.contains(grant.trim_end_matches(';'))), "without {grant}: {helps:?}");
        let ran = eraser.place.run_as(&eraser.name, "apply small.yaml --subject 42 --yes");
        assert_eq!(ran.code, Some(1), "without {grant}: {}", ran.err);
        assert!(ran.err.contains("error[missing-privilege]"), "without {grant}: {}", ran.err);
        eraser.place.db.sql(grant);
    }
    assert_eq!(dump(), before, "nothing was changed without one of them");
    granted.len()
}

#[test]
fn with_exactly_the_printed_grants_a_fresh_role_can_do_everything_and_without_one_nothing() {
    let place = Place::new();
    let eraser = Eraser::new(&place);
    assert_eq!(each_is_needed(&eraser, || place.dump()), 7 + 5);
    for line in [
        "check small.yaml",
        "plan small.yaml",
        "rehearse small.yaml --subject 42",
        "apply small.yaml --subject 42 --yes",
    ] {
        let ran = place.run_as(&eraser.name, line);
        assert_eq!(ran.code, Some(0), "{line}: {}", ran.err);
    }
    assert_eq!(place.db.value("select name from users where id = 42"), "[deleted]");
}

#[test]
fn what_the_ledger_takes_is_granted_where_there_is_one_and_somebody_wants_it() {
    let place = Place::new();
    let grants = |more: &str| place.run(&format!("grants small.yaml --role x {more}")).out;
    assert!(grants("").contains("GRANT INSERT ON efface.ledger, efface.erased TO x;\n"), "{}", grants(""));
    assert!(!grants("--no-ledger").contains("efface.ledger"), "{}", grants("--no-ledger"));
    place.db.sql("drop schema efface cascade");
    assert!(!grants("").contains("efface.ledger"), "{}", grants(""));
    assert!(grants("").contains("-- This database has no ledger yet"), "{}", grants(""));
}

/// What hangs on more than tables: a schema, a sequence and a function behind defaults, a type that is remembered, a
/// function of the author's, a view, columns of a table of which rows also go.
const MORE: &str = "
    create schema app;
    create type app.mood as enum ('calm', 'gone');
    create sequence app.numbers;
    create function app.anew() returns text volatile language sql as 'select ''anew''';
    create function app.is_old(text) returns boolean immutable language sql as 'select $1 like ''old%''';
    create table app.letters (mood app.mood, user_id bigint references users, number bigint default nextval('app.numbers'),
                              title text default app.anew(), body text, primary key (mood, user_id));
    create index on app.letters (user_id);
    insert into app.letters values ('calm', 42, 1, 'x', 'old news'), ('gone', 42, 2, 'x', 'news'), ('calm', 43, 3, 'x', 'old');
    create view app.totals as select count(*) as n from bills;
";

const MORE_POLICY: &str = r#"
  app.letters:
    - where: app.is_old(body)
      rows: delete
    - columns: { mood: keep, user_id: keep, number: default, title: default, body: null }
verify:
  unchanged:
    - { name: totals, query: select n from app.totals }
    - { name: revenue, query: select sum(amount) from bills }
"#;

#[test]
fn what_hangs_on_sequences_types_functions_and_views_is_granted_and_missed_too() {
    let policy = POLICY.split("verify:").next().expect("a beginning").to_owned() + MORE_POLICY.trim_start_matches('\n');
    let place = Place::of(&format!("{SCHEMA}{MORE}"), &policy);
    let eraser = Eraser::new(&place);
    let dump = || ["users", "notes", "bills", "app.letters"].map(|table| place.db.dump_table(table)).to_vec();
    let printed = place.run("grants small.yaml --role x").out;
    for words in [
        "GRANT DELETE ON TABLE app.letters TO x;",
        "GRANT UPDATE (body, number, title) ON TABLE app.letters TO x;",
        "GRANT USAGE ON SEQUENCE app.numbers TO x;",
        "GRANT EXECUTE ON FUNCTION app.anew() TO x;",
        "GRANT EXECUTE ON FUNCTION app.is_old(text) TO x;",
        "GRANT USAGE ON TYPE app.mood TO x;",
        "GRANT USAGE ON SCHEMA app TO x;",
        "GRANT SELECT ON TABLE app.totals TO x;",
    ] {
        assert!(printed.contains(words), "{words}\n{printed}");
    }
    assert!(each_is_needed(&eraser, dump) > 14);
    let ran = place.run_as(&eraser.name, "apply small.yaml --subject 42 --yes");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(
        place.db.value("select count(*) from app.letters where user_id = 42 and body is null and title = 'anew'"),
        "1"
    );
}

#[test]
fn names_that_need_quotes_are_quoted_and_comments_tell_the_rest() {
    let place = Place::new();
    place.db.sql(
        "create function noted() returns trigger language plpgsql as $$ begin delete from bills where false; return old; end $$;
         create trigger noted after delete on notes for each row execute function noted();
         alter table notes enable row level security",
    );
    let mut command = place.command("grants small.yaml");
    let printed =
        crate::tool::ended(command.args(["--role", "a \"b\"; DROP TABLE users; --\nx"]).spawn().expect("it starts"))
            .out;
    assert!(printed.contains("ON TABLE public.users TO \"a \"\"b\"\"; DROP TABLE users; --\nx\";"), "{printed}");
    assert!(printed.contains("-- Row-level security is on for notes."), "{printed}");
    assert!(printed.contains("--   public.noted() by trigger noted on notes; it mentions bills"), "{printed}");
    let first = printed.lines().next().expect("a line");
    assert_eq!(first, "-- What role a \"b\"; DROP TABLE users; --\\u{a}x needs for policy `small`.");
    place.db.sql("create role \"a \"\"b\"\"; DROP TABLE users; --\nx\"");
    place.db.sql(&printed);
    assert_eq!(place.db.value("select count(*) from users"), "3");
    place.db.sql(
        "drop owned by \"a \"\"b\"\"; DROP TABLE users; --\nx\"; drop role \"a \"\"b\"\"; DROP TABLE users; --\nx\"",
    );
}

#[test]
fn what_a_trigger_function_lacks_is_told_by_the_run_with_where_to_look() {
    let place = Place::new();
    place.db.sql(
        "create table log (what text);
         create function logged() returns trigger language plpgsql as $$ begin insert into log values (old.name); return new; end $$;
         create trigger logged after update on users for each row execute function logged()",
    );
    let eraser = Eraser::new(&place);
    let granted = eraser.granted();
    assert_eq!(eraser.check().0, Some(0));
    let apply = || place.run_as(&eraser.name, "apply small.yaml --subject 42 --yes");
    let ran = apply();
    assert_eq!(ran.code, Some(3), "{}", ran.err);
    assert!(ran.err.contains("the role may not do that (SQLSTATE 42501)"), "{}", ran.err);
    assert!(ran.err.contains("= help: look at the triggers of that table: `efface grants` lists"), "{}", ran.err);
    assert!(!granted.iter().any(|grant| grant.contains("log")), "{granted:?}");
    let printed = place.run("grants small.yaml").out;
    assert!(printed.contains("--   public.logged() by trigger logged on users; it mentions log"), "{printed}");
    place.db.sql(&format!("grant insert on log to {}", eraser.name));
    assert_eq!(apply().code, Some(0));
}

/// As `docs/role.md` says.
#[test]
fn the_fitness_club_s_eraser_needs_the_printed_grants_and_one_for_its_audit_trigger() {
    let schema = concat!(
        "set club.clients = '300';",
        include_str!("../../examples/fitness-club/schema.sql"),
        include_str!("../../examples/fitness-club/data.sql")
    );
    let place = Place::of(schema, include_str!("../../policies/client-erasure.yaml"));
    let eraser = Eraser::new(&place);
    eraser.granted();
    let apply = || place.run_as(&eraser.name, "apply small.yaml --subject 42 --yes");
    let ran = apply();
    assert!(ran.code == Some(3) && ran.err.contains("SQLSTATE 42501"), "{}", ran.err);
    place.db.sql(&format!("grant insert on audits to {}", eraser.name));
    let ran = apply();
    assert_eq!(ran.code, Some(0), "{}", ran.err);
}

/// A server that logs every statement with its parameters, and every error with its details.
#[test]
fn the_server_s_log_holds_no_key_where_the_role_may_say_so() {
    use efface::server::throwaway::Server;
    let conf = "log_statement = 'all'\nlog_min_error_statement = panic\n";
    let server = Server::start_with(crate::harness::binaries(), conf).expect("a server");
    let db = Db::open(&server.url("postgres"));
    db.sql("create table people (email text primary key, name text); create role weak login");
    db.sql("grant select, delete, update on people to weak");
    let place = Place::at(db);
    place.policy("version: 1\nname: p\nsubject: { table: people, key: email }\ntables: { people: delete }\n");
    let logged = |role: &str, key: &str| {
        let line = format!("apply small.yaml --subject {key} --yes --no-ledger");
        // Nobody of that name is there: the run comes as far as it needs to.
        let ran = place.run_as(role, &line);
        assert_eq!(ran.code, Some(1), "{}", ran.err);
        server.log().contains(key)
    };
    assert!(logged("weak", "anna@example.org"), "the server logs what it is told to");
    assert!(!logged("postgres", "bert@example.org"));
    if place.db.connection().server_version.major >= 15 {
        place.db.sql("grant set on parameter log_parameter_max_length, log_error_verbosity to weak");
        assert!(!logged("weak", "carl@example.org"));
    }
}

/// Every case that ends well, by a role that has what `efface grants` prints and nothing else. Those with triggers that run
/// with the rights of the role need what nobody can compute, and are counted.
#[test]
#[allow(clippy::print_stdout, reason = "how many there are belongs to the run's record")]
fn every_case_that_can_be_is_run_by_a_role_with_the_printed_grants_alone() {
    let (run, left) = (RefCell::new(0), RefCell::new(0));
    each(|case| {
        if case.ends != Ends::Committed || case.role.is_some() {
            return;
        }
        let db = crate::cases::loaded(case);
        nothing_for_everybody(&db);
        let written = efface::policy::read(&case.policy).expect("a policy").value;
        let Resolved { policy, catalog } = efface::resolve::resolve(&written, &db.catalog()).expect("it fits").value;
        let plan = plan_for(case.choice(&policy), &policy, &catalog).expect("a plan");
        if !plan.triggers.is_empty() {
            *left.borrow_mut() += 1;
            return;
        }
        let script = script(&plan, &catalog, &SourceFile::new("policy.yaml", case.policy.text()));
        let (client, settings) = (&db.connection().client, [script.path.setting.clone()]);
        let question = grants::question(&plan, &script, &policy, &catalog);
        let answer = db.block_on(ask::ask(client, &settings, &question)).expect("a connection").expect("an answer");
        let besides = grants::Besides::read(&answer.expect("a row")).expect("an answer");
        let needs = Needs::of(&plan, &script, &policy, &catalog);
        let role = format!("eraser_of_{}", db.value("select current_database()"));
        db.sql(&format!("create role {role}"));
        db.sql(&grants::text(&needs, &besides, Some(&role), &plan, &policy, &catalog));
        let outcome = crate::cases::run_as(&db, case, &script, &role);
        db.sql(&format!("drop owned by {role}; drop role {role}"));
        assert!(outcome.is_ok(), "{outcome:?}");
        *run.borrow_mut() += 1;
    });
    println!("{} cases run with the printed grants alone; {} have triggers", run.borrow(), left.borrow());
    assert!(std::env::var_os("CASE").is_some() || *run.borrow() > 60, "{} cases only", run.borrow());
}
