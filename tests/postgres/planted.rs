//! Operators and functions that somebody has planted where names are looked up: refused before any of the policy's SQL
//! runs, and again under the table locks.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::time::Duration;

use efface::server::apply::{Progress, RunError};
use efface::sql::{Role, Statement};

use crate::harness::Db;
use crate::running::{run_prepared, run_watched};
use crate::tool::{Place, Ran, psql};

/// Comparisons that mean PostgreSQL's own operators and functions, and match somebody else's better.
const SCHEMA: &str = "
    create table users (id bigint primary key, role varchar(20) not null, name varchar(50), email varchar(80));
    create table notes (id bigint primary key, user_id bigint references users, body varchar(200));
    create index on notes (user_id);
    insert into users values (42, 'client', 'Anna Berg', 'anna@example.org'), (1, 'admin', 'Root', 'root@example.org');
    insert into notes values (1, 42, 'Call'), (2, 1, 'call');
    create table evil (who text);
    grant insert on evil to public;
";

const POLICY: &str = r#"version: 1
name: small
subject: { table: users, where: role = 'client' }
guards:
  - { name: old, table: users, where: name is null and now() < '2000-01-01', message: a guest }
tables:
  users:
    columns: { id: keep, role: keep, name: null, email: null }
  notes:
    - via: user_id
      where: lower(body) = 'call'
      rows: delete
    - { via: user_id, keep: "not theirs" }
"#;

/// Everything that runs a policy's SQL.
const COMMANDS: &[&str] = &[
    "check small.yaml",
    "plan small.yaml",
    "rehearse small.yaml --subject 42",
    "apply small.yaml --subject 42 --yes",
    "verify small.yaml --subject 42",
];

/// What an attacker plants: who calls it is written down, and everybody is a client.
const OPERATOR: &str = "
    create function public.same(varchar, varchar) returns boolean language plpgsql
        as $$ begin insert into public.evil values (current_user); return true; end $$;
    create operator public.= (leftarg = varchar, rightarg = varchar, function = public.same);
";
const LOWER: &str = "
    create function public.lower(varchar) returns text language plpgsql
        as $$ begin insert into public.evil values (current_user); return 'call'; end $$;
";

struct Planted {
    place: Place,
    /// Somebody who may log in, and nothing else.
    mallory: String,
}

impl Planted {
    fn new() -> Self {
        let place = Place::of(SCHEMA, POLICY);
        let mallory = place.role("mallory");
        place.db.sql(&format!("create role {mallory} login"));
        Self { place, mallory }
    }

    /// Runs SQL as somebody.
    fn as_role(&self, role: &str, sql: &str) {
        let url = self.place.db.url().replace("user=postgres", &format!("user={role}"));
        Db::open(&url).sql(sql);
    }

    /// Lets mallory create something in public, for as long as it takes.
    fn plants(&self, sql: &str) {
        let mallory = &self.mallory;
        self.place.db.sql(&format!("grant create on schema public to {mallory}"));
        self.as_role(mallory, sql);
        self.place.db.sql(&format!("revoke create on schema public from {mallory}"));
    }

    fn called(&self) -> String {
        self.place.db.value("select count(*) from evil")
    }

    /// Every command refuses, says why, and calls nothing.
    fn refused(&self, role: &str, code: &str, words: &str) {
        let before = self.place.dump_of(&["users", "notes"]);
        for line in COMMANDS {
            let ran = self.place.run_as(role, line);
            assert_eq!(ran.code, Some(1), "{line}: {}", ran.err);
            assert!(ran.err.contains(&format!("error[{code}]")) && ran.err.contains(words), "{line}: {}", ran.err);
        }
        // At the policy's name, since it says nothing of a search path.
        let found = self.place.run_as(role, "check small.yaml --format json").out;
        let found: serde_json::Value = serde_json::from_str(&found).expect("JSON");
        assert_eq!(
            (&found[0]["code"], &found[0]["line"], &found[0]["column"]),
            (&code.into(), &2.into(), &7.into()),
            "{found}"
        );
        assert_eq!(self.called(), "0", "something was called");
        assert_eq!(self.place.dump_of(&["users", "notes"]), before);
    }

    /// What `check` says; and the script's own look, under psql, never refuses what `check` lets through.
    fn check(&self, policy: &str) -> Ran {
        self.place.policy(policy);
        let ran = self.place.run("check small.yaml");
        if ran.code == Some(0) {
            let script = self.place.run("plan small.yaml --format sql");
            assert_eq!(script.code, Some(0), "{}", script.err);
            let words = self.place.psql_as("postgres", &script.out, NOBODY).expect_err("nobody is there");
            assert!(!words.contains(REFUSED_BY_SCRIPT) && words.contains("the subject"), "{words}");
        }
        ran
    }

    /// psql refuses as well, with the script's own look alone, before anything is called.
    fn refused_by_psql(&self, script: &str) {
        let before = self.place.dump_of(&["users", "notes"]);
        let words = self.place.psql_as("postgres", script, "{42}").expect_err("it refuses");
        assert!(words.contains(REFUSED_BY_SCRIPT) && words.contains("- `public`: roles that may create"), "{words}");
        assert_eq!(self.called(), "0", "something was called");
        assert_eq!(self.place.dump_of(&["users", "notes"]), before);
    }
}

impl Drop for Planted {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.place.db.sql(&format!("drop owned by {}; drop role {}", self.mallory, self.mallory));
        }
    }
}

impl Place {
    fn dump_of(&self, tables: &[&str]) -> Vec<Vec<String>> {
        tables.iter().map(|table| self.db.dump_table(table)).collect()
    }
}

/// How a script refuses by itself.
const REFUSED_BY_SCRIPT: &str = "the search path is not safe";

/// The key of nobody: a script goes as far as to its subject.
const NOBODY: &str = "{-1}";

#[test]
fn an_operator_that_somebody_planted_would_be_called_and_is_refused_by_every_command() {
    let planted = Planted::new();
    let script = planted.place.run("plan small.yaml --format sql").out;
    planted.plants(OPERATOR);
    planted.refused("postgres", "search-path-shadows", "operator `public.=(character varying,character varying)`");
    planted.refused_by_psql(&script);
    // The attack is real: it is called with the rights of whoever compares.
    planted.place.db.sql("set search_path = pg_catalog, public");
    planted.place.db.sql("select 1 from users where role = 'client'");
    planted.place.db.sql("reset search_path");
    assert_ne!(planted.called(), "0", "the operator is the better match, though pg_catalog comes first");
    assert_eq!(planted.place.db.value("select distinct who from evil"), "postgres");
}

#[test]
fn a_function_that_somebody_planted_would_be_called_and_is_refused_by_every_command() {
    let planted = Planted::new();
    let script = planted.place.run("plan small.yaml --format sql").out;
    planted.plants(LOWER);
    planted.refused("postgres", "search-path-shadows", "function `public.lower(character varying)`");
    planted.refused_by_psql(&script);
    planted.place.db.sql("set search_path = pg_catalog, public");
    planted.place.db.sql("select 1 from notes where lower(body) = 'call'");
    planted.place.db.sql("reset search_path");
    assert_ne!(planted.called(), "0");
}

#[test]
fn one_that_is_never_the_better_match_is_refused_for_being_there() {
    let planted = Planted::new();
    planted.plants(
        "create function public.now() returns timestamptz language sql as 'select ''1999-01-01''::timestamptz'",
    );
    planted.refused("postgres", "search-path-shadows", "function `public.now()`");
}

#[test]
fn a_schema_in_which_others_may_create_is_refused_and_the_words_to_say_mend_it() {
    let planted = Planted::new();
    let script = planted.place.run("plan small.yaml --format sql").out;
    for grantee in ["public".to_owned(), planted.mallory.clone()] {
        planted.place.db.sql(&format!("grant create on schema public to {grantee}"));
        // Of everybody only some are named, and other tests have roles on this server too.
        let words = if grantee == "public" { "others may create objects in schema `public`" } else { &planted.mallory };
        planted.refused("postgres", "search-path-open", words);
        planted.refused_by_psql(&script);
        let ran = planted.place.run("check small.yaml --format json");
        let findings: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
        let help = findings[0]["help"][0].as_str().expect("a help").to_owned();
        let revoke = help.split_once("say: ").and_then(|(_, rest)| rest.split_once(';')).expect("words to say").0;
        planted.place.db.sql(revoke);
        assert_eq!(planted.check(POLICY).code, Some(0), "{revoke}");
    }
    // Whoever needs not look anything up there needs not mind.
    planted.place.db.sql("grant create on schema public to public");
    let ran = planted.check(&POLICY.replace("subject:", "search_path: []\nsubject:"));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
}

#[test]
fn whoever_could_do_anything_else_to_the_tables_may_create_there_too() {
    let planted = Planted::new();
    let (db, mallory) = (&planted.place.db, &planted.mallory);
    let member = planted.place.role("member");
    db.sql(&format!("create role {member} login in role {mallory}; grant create on schema public to {mallory}"));
    assert_eq!(planted.place.run("check small.yaml").code, Some(1));
    // The owner of a table of the plan: triggers are at hand already. Members can become who they are members of.
    db.sql(&format!("alter table notes owner to {mallory}"));
    let ran = planted.place.run("check small.yaml");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    // What they have made is the application's own, as long as nothing is called that isn't meant.
    planted.as_role(
        mallory,
        "create function public.round(double precision, integer) returns numeric language sql as 'select 1.0'",
    );
    assert_eq!(planted.place.run("check small.yaml").code, Some(0));
    let ran = planted.check(&POLICY.replace("lower(body) = 'call'", "round(length(body)::float8, 1) > 3"));
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.err.contains("write its schema in front"), "{}", ran.err);
    let ran = planted.check(&POLICY.replace("lower(body) = 'call'", "public.round(length(body)::float8, 1) > 3"));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    db.sql(&format!("alter table notes owner to postgres; drop owned by {member}; drop role {member}"));
}

#[test]
fn functions_and_operators_of_one_s_own_go_on_working() {
    let planted = Planted::new();
    planted.place.db.sql(
        "create function public.is_active(users) returns boolean stable language sql as 'select $1.role = ''client''';
         create type public.pair as (a int, b int);
         create function public.pairs_equal(pair, pair) returns boolean immutable language sql as 'select ($1).a OPERATOR(pg_catalog.=) ($2).a';
         create operator public.= (leftarg = pair, rightarg = pair, function = public.pairs_equal);
         create function public.lower(pair) returns text immutable language sql as 'select ''x''';
         create function public.lower(text, text, text) returns text immutable language sql as 'select ''x''';
         create function public.same(varchar, varchar) returns boolean immutable language sql as 'select true';
         create operator public.<=> (leftarg = varchar, rightarg = varchar, function = public.same);",
    );
    let ran = planted.check(&POLICY.replace(
        "lower(body) = 'call'",
        "lower(body) <=> 'call' and is_active((select u from users u where u.id = user_id))",
    ));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
}

#[test]
fn a_role_without_power_is_protected_as_well() {
    let planted = Planted::new();
    let eraser = planted.place.role("eraser");
    planted.place.db.sql(&format!("create role {eraser} login"));
    planted.place.db.sql(&planted.place.run(&format!("grants small.yaml --role {eraser}")).out);
    assert_eq!(planted.place.run_as(&eraser, "check small.yaml").code, Some(0));
    planted.plants(OPERATOR);
    planted.refused(&eraser, "search-path-shadows", "could be called in place of PostgreSQL's own");
    planted.place.db.sql(&format!("drop owned by {eraser}; drop role {eraser}"));
}

#[test]
fn what_is_planted_between_plan_and_apply_is_found_under_the_locks() {
    let planted = Planted::new();
    let run = run_prepared(&planted.place.db, POLICY, || planted.plants(OPERATOR));
    match run {
        Err(RunError::Unsafe(words)) => {
            assert!(words.iter().any(|words| words.contains("operator `public.=(")), "{words:?}")
        }
        other => panic!("not noticed: {other:?}"),
    }
    assert_eq!(planted.called(), "0");
    assert_eq!(planted.place.db.value("select count(*) from notes"), "2");
}

/// A session of psql that is told what to do line by line.
struct Slow {
    child: std::process::Child,
    answers: BufReader<std::process::ChildStdout>,
}

impl Slow {
    fn new(url: &str) -> Self {
        let mut command = psql();
        command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("psql runs");
        let answers = BufReader::new(child.stdout.take().expect("its output"));
        Self { child, answers }
    }

    fn says(&mut self, sql: &str) {
        let input = self.child.stdin.as_mut().expect("its input");
        writeln!(input, "{sql}\n\\echo done").expect("psql listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("psql answers");
        assert_eq!(line, "done\n", "{sql}");
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        drop(self.child.wait());
    }
}

/// Commits when the first step begins.
struct Late(Option<Slow>);

impl Progress for Late {
    fn started(&mut self, statement: &Statement, _: usize, _: usize) {
        if let Role::Step { .. } = &statement.role
            && let Some(mut session) = self.0.take()
        {
            session.says("commit;");
        }
    }
    fn finished(&mut self, _: &Statement, _: Option<u64>, _: Duration) {}
    fn retrying(&mut self, _: u32, _: &str, _: Duration) {}
}

/// Made while that was still allowed, and committed while we run: it is called, and nothing of it stays.
#[test]
fn what_is_planted_under_our_eyes_is_found_before_commit() {
    let planted = Planted::new();
    let (db, mallory) = (&planted.place.db, &planted.mallory);
    db.sql(&format!("grant create on schema public to {mallory}"));
    let mut session = Slow::new(&db.url().replace("user=postgres", &format!("user={mallory}")));
    session.says(&format!("begin; {LOWER}"));
    db.sql(&format!("revoke create on schema public from {mallory}"));
    assert_eq!(planted.place.run("check small.yaml").code, Some(0), "nothing is to be seen yet");
    let before = planted.place.dump_of(&["users", "notes"]);
    let mut late = Late(Some(session));
    match run_watched(db, POLICY, || (), &mut late) {
        Err(RunError::Unsafe(words)) => {
            assert!(words.iter().any(|words| words.contains("function `public.lower(")), "{words:?}");
        }
        other => panic!("not noticed: {other:?}"),
    }
    assert!(late.0.is_none(), "it was committed while the steps ran");
    assert_eq!(planted.place.dump_of(&["users", "notes"]), before);
    assert_eq!(planted.called(), "0");
}

#[test]
fn casts_types_and_schemas_to_come_are_looked_at() {
    let planted = Planted::new();
    let db = &planted.place.db;
    let words = |policy: &str| planted.check(policy).err;
    // A schema that isn't there, and that others could create.
    let elsewhere = POLICY.replace("subject:", "search_path: [public, app]\nsubject:");
    let database = db.value("select quote_ident(current_database())");
    assert!(!words(&elsewhere).contains("search-path-open"));
    db.sql(&format!("grant create on database {database} to {}", planted.mallory));
    assert!(words(&elsewhere).contains("schema `app` of the search path is not there"), "{}", words(&elsewhere));
    assert!(words(&elsewhere).contains("small.yaml:3:15"), "{}", words(&elsewhere));
    db.sql(&format!("revoke create on database {database} from {}", planted.mallory));
    // A cast by a function of mallory's.
    planted.plants(
        "create type public.mood as enum ('calm');
         create function public.spoken(mood) returns text language sql as 'select ''x''';
         create cast (mood as text) with function public.spoken(mood) as assignment;",
    );
    assert!(words(POLICY).contains("the cast `public.mood AS text`"), "{}", words(POLICY));
    planted.as_role(&planted.mallory, "drop type mood cascade");
    assert_eq!(words(POLICY).matches("error").count(), 0, "{}", words(POLICY));
}

#[test]
fn what_others_have_made_is_refused_in_place_of_the_application_s_own_too() {
    let planted = Planted::new();
    planted
        .place
        .db
        .sql("create function public.is_call(text) returns boolean immutable language sql as 'select $1 = ''Call'''");
    let bare = POLICY.replace("lower(body) = 'call'", "is_call(body)");
    assert_eq!(planted.check(&bare).code, Some(0));
    planted.plants("create function public.is_call(varchar) returns boolean language sql as 'select true'");
    let ran = planted.check(&bare);
    assert!(ran.code == Some(1) && ran.err.contains("function `public.is_call(character varying)`"), "{}", ran.err);
    // Who doesn't call it has nothing to fear from it.
    assert_eq!(planted.check(POLICY).code, Some(0));
}

#[test]
fn an_extension_vouches_for_what_it_brings_and_not_for_what_its_owner_adds() {
    let planted = Planted::new();
    let (db, mallory) = (&planted.place.db, &planted.mallory);
    let database = db.value("select quote_ident(current_database())");
    // Extensions that are trusted can be made by anybody who may create in the database; what they bring is a superuser's.
    db.sql(&format!("grant create on database {database} to {mallory}"));
    planted.plants("create extension citext schema public; create extension pg_trgm schema public");
    db.sql(&format!("revoke create on database {database} from {mallory}"));
    assert_eq!(db.value("select count(*) from pg_extension where extowner <> 10"), "2");
    let ran = planted.check(POLICY);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    planted.plants(&format!("{LOWER} alter extension citext add function public.lower(varchar)"));
    planted.refused("postgres", "search-path-shadows", "function `public.lower(character varying)`");
    planted.as_role(
        mallory,
        "alter extension citext drop function public.lower(varchar); drop function public.lower(varchar)",
    );
    assert_eq!(planted.place.run("check small.yaml").code, Some(0));
}

#[test]
fn neighbours_in_one_database_are_left_in_peace() {
    let planted = Planted::new();
    let (db, mallory) = (&planted.place.db, &planted.mallory);
    db.sql(&format!("create schema neighbour authorization {mallory}"));
    planted.as_role(
        mallory,
        "create type neighbour.mood as enum ('calm');
         create function neighbour.spoken(neighbour.mood) returns text language sql as 'select ''x''';
         create cast (neighbour.mood as text) with function neighbour.spoken(neighbour.mood) as implicit;
         create function neighbour.lower(varchar) returns text language sql as 'select ''x''';
         create function neighbour.same(varchar, varchar) returns boolean language sql as 'select true';
         create operator neighbour.= (leftarg = varchar, rightarg = varchar, function = neighbour.same);",
    );
    let ran = planted.check(POLICY);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    // The type of a column is in everybody's way.
    db.sql(&format!("alter table notes add column mood neighbour.mood; grant usage on schema neighbour to {mallory}"));
    let ran = planted.check(POLICY);
    assert!(ran.err.contains("the cast `neighbour.mood AS text`"), "{}", ran.err);
    db.sql("alter table notes drop column mood; drop schema neighbour cascade");
}

/// What databases that came from elsewhere have: comparisons of a text with a number.
#[test]
fn an_operator_that_takes_nobody_s_place_is_the_application_s_own() {
    let planted = Planted::new();
    let db = &planted.place.db;
    let operator = |left: &str, right: &str| {
        db.sql(&format!(
            "create function public.alike({left}, {right}) returns boolean language plpgsql as $$ begin raise 'called'; end $$;
             create operator public.= (leftarg = {left}, rightarg = {right}, function = public.alike)"
        ));
        // Not only looked at: what is called raises.
        let ran = planted.place.run("rehearse small.yaml --subject 42");
        db.sql(&format!("drop operator public.= ({left}, {right}); drop function public.alike"));
        ran
    };
    for (left, right) in [("text", "integer"), ("integer", "text"), ("boolean", "integer"), ("text", "uuid")] {
        let ran = operator(left, right);
        assert_eq!(ran.code, Some(0), "{left} = {right}: {}", ran.err);
    }
    db.sql("create type public.mood as enum ('calm')");
    // There is no `=` over varchar twice: this would be the best match for a constant that is compared with one. And
    // between these there is one already.
    for (left, right) in [
        ("varchar", "integer"),
        ("varchar", "varchar"),
        ("mood", "text"),
        ("text", "varchar"),
        ("integer", "numeric"),
        ("text", "name"),
    ] {
        let ran = operator(left, right);
        assert!(ran.code == Some(1) && ran.err.contains("operator `public.=("), "{left} = {right}: {}", ran.err);
    }
}

/// A limit, not a promise: nobody can tell a report's view from an attack.
#[test]
fn a_view_that_the_policy_names_is_trusted_as_the_policy_is() {
    let planted = Planted::new();
    planted.place.db.sql(&format!("create schema neighbour authorization {}", planted.mallory));
    planted.as_role(
        &planted.mallory,
        "create function neighbour.who() returns text language plpgsql as
             $$ begin insert into public.evil values (current_user); return 'x'; end $$;
         create view neighbour.seen as select neighbour.who() as who;",
    );
    let policy =
        format!("{POLICY}verify: {{ unchanged: [{{ name: seen, query: select who from neighbour.seen }}] }}\n");
    assert_eq!(planted.check(&policy).code, Some(0));
    assert_eq!(planted.place.run("apply small.yaml --subject 42 --yes").code, Some(0));
    assert_eq!(planted.place.db.value("select distinct who from evil"), "postgres");
}

/// As many of PostgreSQL's own operators and functions as can be made anew with the same types. Each raises when called.
const EVERYTHING: &str = r#"
    do $do$
    declare it record;
    begin
        for it in
            select o.oprname, format_type(o.oprleft, null) l, format_type(o.oprright, null) r, format_type(o.oprresult, null) res, row_number() over () n
            from pg_catalog.pg_operator o join pg_catalog.pg_type a on a.oid = o.oprleft join pg_catalog.pg_type b on b.oid = o.oprright
            join pg_catalog.pg_type c on c.oid = o.oprresult
            where a.typtype = 'b' and b.typtype = 'b' and c.typtype = 'b' and o.oid < 16384
        loop
            execute format('create function public.evil_%s(%s, %s) returns %s language plpgsql as ''begin raise $$called$$; end''', it.n, it.l, it.r, it.res);
            execute format('create operator public.%s (leftarg = %s, rightarg = %s, function = public.evil_%s)', it.oprname, it.l, it.r, it.n);
        end loop;
        for it in
            select f.proname, pg_get_function_identity_arguments(f.oid) a, format_type(f.prorettype, null) res, f.proretset
            from pg_catalog.pg_proc f join pg_catalog.pg_type c on c.oid = f.prorettype
            where f.prokind = 'f' and c.typtype = 'b' and f.oid < 16384 and f.proargmodes is null and not exists
                (select from unnest(f.proargtypes) t join pg_catalog.pg_type y on y.oid = t where y.typtype <> 'b')
        loop
            execute format('create function public.%I(%s) returns %s %s language plpgsql as ''begin raise $$called$$; end''',
                it.proname, it.a, case when it.proretset then 'setof' end, it.res);
        end loop;
    end $do$"#;

/// The worst that a session can inherit: a search path in which everything of PostgreSQL's stands behind somebody else's.
#[test]
fn efface_s_own_questions_call_nothing_that_the_session_s_search_path_offers() {
    let planted = Planted::new();
    let (db, eraser) = (&planted.place.db, planted.place.role("eraser"));
    // Nobody's names are looked up in `public`; so it may be run.
    planted.place.policy(&POLICY.replace("subject:", "search_path: []\nsubject:"));
    db.sql(&format!("create role {eraser} login"));
    db.sql(&planted.place.run(&format!("grants small.yaml --role {eraser}")).out);
    // Of this table the planner keeps values, and it becomes empty: what is done afterwards has something to say.
    db.sql(&format!("delete from notes where user_id = 1; insert into notes select n, 42, 'Call' from generate_series(10, 60) as n; analyze notes; alter table notes owner to {eraser}"));
    planted.plants(EVERYTHING);
    assert!(db.value("select count(*) from pg_proc where proowner = (select oid from pg_roles where rolname like 'mallory%' and pg_has_role(oid, proowner, 'MEMBER'))").len() > 3, "planted");
    db.sql(&format!("alter role {eraser} set search_path = public, pg_catalog"));
    let hit = Db::open(&db.url().replace("user=postgres", &format!("user={eraser}")));
    assert_eq!(
        hit.block_on(hit.connection().client.simple_query("select 1 = 1")).err().map(|_| ()),
        Some(()),
        "it raises"
    );
    for line in
        ["catalog", "grants small.yaml", "check small.yaml", "plan small.yaml", "rehearse small.yaml --subject 42"]
    {
        let ran = planted.place.run_as(&eraser, line);
        assert_eq!(ran.code, Some(0), "{line}: {}", ran.err);
    }
    // Somebody is in the way for a while, and is named.
    db.sql("begin; lock table notes in share row exclusive mode");
    let ran = planted.place.run_as(&eraser, "apply small.yaml --subject 42 --yes");
    assert!(ran.code == Some(3) && ran.err.contains("holds locks on notes"), "{}", ran.err);
    db.sql("rollback");
    let ran = planted.place.run_as(&eraser, "apply small.yaml --subject 42 --yes");
    // Statistics are for the owner to renew.
    assert!(ran.code == Some(1) && ran.err.contains("committed, and 1 thing is left"), "{}", ran.err);
    assert!(ran.out.contains("planner statistics of `notes`"), "{}", ran.out);
    std::fs::write(planted.place.path("values.txt"), "Anna Berg\nanna@example.org\n").expect("the values are written");
    for line in [
        "verify small.yaml --subject 42",
        "verify small.yaml --subject 42 --values-from values.txt --everywhere",
        "ledger list",
        "ledger export",
        "ledger verify",
    ] {
        let ran = planted.place.run_as(&eraser, line);
        // What the role may not read is left out there, and told: a finding.
        let told = ran.code == Some(1) && ran.out.contains("the role may not read it") && line.contains("everywhere");
        assert!(ran.code == Some(0) || told, "{line}: {} {}", ran.out, ran.err);
    }
    assert_eq!(db.value("select count(*) from notes"), "0");
    db.sql(&format!("alter table notes owner to postgres; drop owned by {eraser}; drop role {eraser}"));
}
