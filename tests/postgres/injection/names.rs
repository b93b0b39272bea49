//! Names of everything that has one.

use super::{CANARY, Cage, HOSTILE, escaped, name, scalar, text};
use crate::harness::Db;
use crate::tool::Place;

/// A policy about things that all have this name, with its own names and messages as in `own`.
fn named(hostile: &str, own: &str) -> String {
    let table = scalar(&format!("{0}.{0}", name(hostile)));
    let child = scalar(&format!("kids.{}", name(hostile)));
    let follows = scalar(&format!("kids.{}", name(&format!("{}.", &shortened(hostile)))));
    let column = scalar(hostile);
    let path = scalar(&name(hostile));
    let literal = escaped(hostile);
    let own = scalar(own);
    format!(
        "version: 1\nname: {own}\ndescription: {own}\nsubject:\n  table: {table}\n  where: |\n    kind <> {literal}\n\
         virtual_foreign_keys:\n  - {{ table: {follows}, columns: {column}, references: {table} }}\n\
         guards:\n  - {{ name: {own}, table: {table}, where: id < 0, message: {own} }}\n\
         tables:\n  {table}:\n    columns:\n      id: keep\n      {column}: {{ replace: {column} }}\n      kind: {{ replace: {column} }}\n  \
         {child}:\n    - name: {own}\n      via: {path}\n      where: |\n        note <> {literal}\n      rows: delete\n    \
         - {{ via: {path}, columns: {{ id: keep, {column}: keep, note: {{ keep: {own} }} }} }}\n  \
         {follows}: {{ via: {path}, rows: delete }}\n\
         verify:\n  unchanged:\n    - {{ name: {own}, query: select count(*) from canary.bird }}\n"
    )
}

/// A name that leaves room for one more character.
fn shortened(hostile: &str) -> String {
    let end = hostile.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= 61).last();
    hostile[..end.unwrap_or(0)].to_owned()
}

fn named_schema(hostile: &str) -> String {
    let (hostile, follows, literal) = (name(hostile), name(&format!("{}.", shortened(hostile))), text(hostile));
    format!(
        "create schema {hostile}; create schema kids; create schema kinds;
         create type kinds.{hostile} as enum ({literal}, 'just another kind');
         create table {hostile}.{hostile} (id int, {hostile} text, kind kinds.{hostile}, primary key (id), constraint {hostile} check (id > 0));
         create table kids.{hostile} (id int primary key, {hostile} int, note text,
             constraint {hostile} foreign key ({hostile}) references {hostile}.{hostile});
         create index on kids.{hostile} ({hostile});
         create table kids.{follows} (id int primary key, {hostile} int);
         create index on kids.{follows} ({hostile});
         create function kids.{hostile}() returns trigger language plpgsql as 'begin return old; end';
         create trigger {hostile} after delete on kids.{hostile} for each row execute function kids.{hostile}();"
    )
}

fn named_data(hostile: &str) -> String {
    let (hostile, follows, literal) = (name(hostile), name(&format!("{}.", shortened(hostile))), text(hostile));
    format!(
        "truncate efface.ledger, efface.erased; truncate {hostile}.{hostile}, kids.{hostile}, kids.{follows};
         insert into {hostile}.{hostile} values (1, 'gone', 'just another kind'), (2, 'stays', 'just another kind');
         insert into kids.{hostile} values (1, 1, 'x'), (2, 2, 'stays'), (3, 1, {literal});
         insert into kids.{follows} values (1, 1), (2, 2);"
    )
}

/// The state that was asked for.
fn as_asked(db: &Db, hostile: &str) {
    let (quoted, follows, literal) = (name(hostile), name(&format!("{}.", shortened(hostile))), text(hostile));
    let is = |query: String| assert_eq!(db.value(&query), "t", "{hostile:?}: {query}");
    is(format!(
        "select count(*) = 2 and bool_and(case id when 1 then {quoted} = {literal} and kind = {literal} else {quoted} = 'stays' and kind = 'just another kind' end) from {quoted}.{quoted}"
    ));
    is(format!("select array_agg(id order by id) = '{{2,3}}' from kids.{quoted}"));
    is(format!("select array_agg(id order by id) = '{{2}}' from kids.{follows}"));
}

#[test]
pub fn names_are_names_whatever_they_say() {
    let (mut tried, mut refused) = (0, 0);
    let cage = Cage::new("");
    for hostile in HOSTILE {
        tried += 1;
        cage.db().sql(&named_schema(hostile));
        cage.db().sql(&named_data(hostile));
        // The file's name stands in the script, too.
        let file = format!("./x{}.yaml", hostile.replace('/', "_"));
        std::fs::write(cage.place.path(&file), named(hostile, hostile)).expect("the policy is written");
        let mut ran = cage.tool(&["apply", &file, "--subject", "1", "--yes"]);
        cage.intact(hostile);
        if ran.code == Some(1) && ran.err.contains("error[") {
            // A policy's own names are for people, and have no control characters; the database's can have them.
            refused += 1;
            assert!(hostile.trim().is_empty() || hostile.contains(char::is_control), "{hostile:?}: {}", ran.err);
            std::fs::write(cage.place.path(&file), named(hostile, "plain")).expect("the policy is written");
            ran = cage.tool(&["apply", &file, "--subject", "1", "--yes"]);
        }
        assert_eq!(ran.code, Some(0), "{hostile:?}: {}", ran.err);
        as_asked(cage.db(), hostile);
        cage.db().sql(&named_data(hostile));
        let script = cage.tool(&["plan", &file, "--format", "sql"]);
        assert_eq!(script.code, Some(0), "{hostile:?}: {}", script.err);
        let ran = cage.psql(&script.out, &["{1}".to_owned()]);
        assert!(ran.status.success(), "{hostile:?}: {}", String::from_utf8_lossy(&ran.stderr));
        as_asked(cage.db(), hostile);
        cage.intact(hostile);
        granted(&cage, &file, hostile);
        let hostile = name(hostile);
        cage.db().sql(&format!("drop schema {hostile} cascade; drop schema kids cascade; drop schema kinds cascade"));
        std::fs::remove_file(cage.place.path(&file)).expect("the policy's file");
    }
    told!(
        "{tried} hostile names of schemas, tables, columns, types, constraints, triggers, functions, roles and files; \
         {refused} of them refused as the name of a policy, a rule or a guard"
    );
    assert!(tried > 100 && refused < 30, "{refused} of {tried}");
}

/// GRANTs for a role of that name, run by psql, give it what they say.
fn granted(cage: &Cage, file: &str, hostile: &str) {
    let (role, table) = (name(hostile), text(&format!("{0}.{0}", name(hostile))));
    if hostile == "default" || hostile == "public" {
        return;
    }
    cage.db().sql(&format!("create role {role}"));
    let ran = cage.tool(&["grants", file, &format!("--role={hostile}")]);
    assert_eq!(ran.code, Some(0), "{hostile:?}: {}", ran.err);
    let output = cage.psql(&ran.out, &[]);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && !stderr.contains("ERROR"), "{hostile:?}: {stderr}");
    let has = format!("select has_table_privilege({}, {table}, 'UPDATE')", text(hostile));
    assert_eq!(cage.db().value(&has), "t", "{hostile:?}\n{}", ran.out);
    cage.intact(hostile);
    // What it takes for the ledger is a comment there, whatever the role is called.
    let ran = cage.tool(&["ledger", "init", "--print", &format!("--role={hostile}")]);
    assert_eq!(ran.code, Some(0), "{hostile:?}: {}", ran.err);
    let output = cage.psql(&ran.out, &[]);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && stderr.is_empty(), "{hostile:?}: {stderr}");
    cage.intact(hostile);
    cage.db().sql(&format!("drop owned by {role}; drop role {role}"));
}

#[test]
pub fn databases_and_those_who_connect_have_any_name() {
    let mut tried = 0;
    for hostile in HOSTILE.iter().filter(|hostile| hostile.contains(['\'', '"', ';', '\n', '\\', '$', ':'])).step_by(3)
    {
        tried += 1;
        let admin = Db::open(&crate::harness::server().url("postgres"));
        let quoted = name(hostile);
        admin.sql(&format!("create database {quoted} template template0"));
        admin.sql(&format!("create role {quoted} login superuser"));
        let url = crate::harness::server().url(hostile);
        let role: String = hostile.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let url = url.replace("user=postgres", &format!("user={role}"));
        let cage = Cage { place: Place::at(Db::open(&url)) };
        cage.db().sql(efface::sql::LEDGER_DDL);
        cage.db().sql(CANARY);
        std::fs::write(cage.place.path("bird.txt"), "alive").expect("the canary's file");
        cage.db().sql("create table people (id int primary key); insert into people values (1), (2)");
        cage.place.policy("version: 1\nname: p\nsubject: { table: people }\ntables: { people: delete }\n");
        for line in [&["check", "small.yaml"][..], &["apply", "small.yaml", "--subject=1", "--yes"]] {
            let ran = cage.tool(line);
            assert_eq!(ran.code, Some(0), "{hostile:?}: {}", ran.err);
        }
        assert_eq!(cage.db().dump_table("people"), ["(2)"]);
        cage.intact(hostile);
        drop(cage);
        // The session may take a moment to end.
        admin.sql(&format!("drop database {quoted} with (force)"));
        admin.sql(&format!("drop role {quoted}"));
    }
    told!("{tried} hostile names of databases, and of roles that connect");
    assert!(tried > 12);
}
