//! Hostile names, values, conditions, paths, keys: each does exactly what was asked, or is refused; by the engine and by
//! psql. A table and a file that nobody may touch tell whether anything has broken out.
//!
//! Each test says how many it has tried.
#![allow(clippy::print_stdout, reason = "how many were tried belongs to the run's record")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::harness::{Db, binaries};
use crate::tool::{Place, Ran, ended};

/// What would like to be more than a name or a value.
const HOSTILE: &[&str] = &[
    // Quotes and dollar quotes.
    "'",
    "''",
    "\"",
    "\"\"",
    "a\"b",
    "a'b",
    "it''s",
    "\\",
    "\\'",
    "\\\\",
    "$$",
    "$",
    "$1",
    "$efface$",
    "$efface_1$",
    "$efface$ '",
    "$a$ $efface$ $a$",
    "E'\\''",
    "U&\"\\0061\"",
    "U&'\\0027'",
    "\\u0027",
    "&quot;",
    "%I %L %s",
    "%",
    "`touch hit`",
    // Statements.
    "x; DROP TABLE canary.bird",
    "'; DROP TABLE canary.bird; --",
    "\"; DROP TABLE canary.bird; --",
    "); DROP TABLE canary.bird; --",
    "')); DROP TABLE canary.bird; --",
    "$efface$; DROP TABLE canary.bird; --",
    "\nCOMMIT;\nDROP TABLE canary.bird;\n",
    "\n;DELETE FROM canary.bird;\n",
    "1; UPDATE canary.bird SET note=''",
    "x\"; COMMIT; DROP TABLE canary.bird; --",
    "ROLLBACK",
    // Comments.
    "--",
    "-- x",
    "x --",
    "/*",
    "/* x",
    "*/",
    "*/ x /*",
    "/*/* x",
    "# x",
    "x #",
    // What psql would obey, and what it would fill in.
    "\\! touch hit",
    "\n\\! touch hit\n",
    "x\n\\! touch hit",
    "\r\n\\! touch hit",
    "\r\\! touch hit",
    "\u{85}\\! touch hit",
    "\u{2028}\\! touch hit",
    "\n\\o hit\n",
    "\n\\q\n",
    "\n\\gset\n",
    "x \\gexec",
    "\n\\i hit",
    "\n\\copy canary.bird to 'hit'\n",
    "\n\\w hit\n",
    "\n\\g hit",
    "\n\\set x `touch hit`\n",
    "\n\\.\n",
    "\n\\if false\n",
    "\n\\connect x\n",
    ":key1",
    ":'key1'",
    ":\"key1\"",
    "::text",
    ":{?key1}",
    ":subject",
    "any(:subject)",
    // What YAML, JSON and arrays would read.
    "{}",
    "{1,2}",
    "{\"a\"}",
    "NULL",
    "null",
    "~",
    "true",
    "no",
    "007",
    "1e3",
    "-1",
    "0x1F",
    "1_000",
    "a: b",
    "- x",
    "? x",
    "&a",
    "*a",
    "!x",
    "@x",
    "|",
    ">",
    "[x]",
    "x, y",
    "\\N",
    "(1,2)",
    "default",
    "select",
    "user",
    "public.users",
    "a.b.c",
    "a -> b.c",
    "lower(x)",
    // Blanks, controls, and what looks like something else.
    " ",
    "  x  ",
    "\t",
    "\n",
    "\u{1}",
    "\u{7f}",
    "\u{1b}[2J",
    "\u{feff}x",
    "\u{200b}x",
    "\u{202e}xyz",
    "us\u{435}rs",
    "\u{212a}",
    "\u{130}",
    "\u{df}",
    "e\u{301}",
    "\u{1f600}",
    "\u{10ffff}",
    // As long as names can be.
    "a23456789012345678901234567890123456789012345678901234567890123",
    "'''''''''''''''''''''''''''''''''''''''''''''''''''''''''''''''",
    "\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}x",
];

const CANARY: &str = "create schema canary; create table canary.bird (id int primary key, note text); insert into canary.bird values (1, 'alive');";

/// A database with the canary, and a folder in which the tool and psql run.
struct Cage {
    place: Place,
}

impl Cage {
    fn new(schema: &str) -> Self {
        let place = Place::of(&format!("{CANARY}{schema}"), "");
        std::fs::write(place.path("bird.txt"), "alive").expect("the canary's file");
        Self { place }
    }

    fn db(&self) -> &Db {
        &self.place.db
    }

    /// Nothing has broken out.
    fn intact(&self, after: &str) {
        assert_eq!(self.db().dump_table("canary.bird"), ["(1,alive)"], "the canary's table, after {after:?}");
        assert_eq!(std::fs::read_to_string(self.place.path("bird.txt")).ok().as_deref(), Some("alive"), "{after:?}");
        assert!(!self.place.path("hit").exists(), "a command was run: {after:?}");
        let tables = "select count(*) from pg_tables where schemaname = 'canary'";
        assert_eq!(self.db().value(tables), "1", "{after:?}");
    }

    fn tool(&self, arguments: &[&str]) -> Ran {
        let mut command = self.place.command("");
        ended(command.args(arguments).spawn().expect("the tool starts"))
    }

    /// Runs a script as its first lines say.
    fn psql(&self, script: &str, keys: &[String]) -> Output {
        psql(&self.place.path(""), self.db().url(), script, keys)
    }
}

fn psql(folder: &Path, url: &str, script: &str, keys: &[String]) -> Output {
    let file = folder.join("script.sql");
    std::fs::write(&file, script).expect("the script is written");
    let beside = binaries().program("psql");
    let mut command = Command::new(if beside.exists() { beside } else { "psql".into() });
    command.args(["-X", "-q", "-d", url]).current_dir(folder);
    for (index, key) in keys.iter().enumerate() {
        command.arg("-v").arg(format!("key{}={key}", index + 1));
    }
    command.arg("-f").arg(&file).stdin(Stdio::null()).output().expect("psql runs")
}

/// Keys as the text of an array.
fn array(keys: &[&str]) -> String {
    let quoted = keys.iter().map(|key| format!("\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\"")));
    format!("{{{}}}", quoted.collect::<Vec<_>>().join(","))
}

/// A key as the command line takes it.
fn typed(key: &str) -> String {
    key.replace('\\', "\\\\").replace(',', "\\,")
}

/// A name for SQL, made by hand: nothing of ours is used to test ours.
fn name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text for SQL.
fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

/// A text for SQL on one line, for a block of YAML.
fn escaped(value: &str) -> String {
    let escape = |c: char| match c {
        '\'' => "''".to_owned(),
        '\\' => "\\\\".to_owned(),
        c if c.is_control() || !c.is_ascii() => format!("\\U{:08X}", c as u32),
        c => c.to_string(),
    };
    format!("E'{}'", value.chars().map(escape).collect::<String>())
}

/// A scalar of YAML in double quotes.
fn scalar(value: &str) -> String {
    let escape = |c: char| match c {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        c if c.is_ascii_graphic() || c == ' ' => c.to_string(),
        c => format!("\\U{:08X}", c as u32),
    };
    format!("\"{}\"", value.chars().map(escape).collect::<String>())
}

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
        "truncate {hostile}.{hostile}, kids.{hostile}, kids.{follows};
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
fn names_are_names_whatever_they_say() {
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
    println!(
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
    cage.db().sql(&format!("drop owned by {role}; drop role {role}"));
}

#[test]
fn databases_and_those_who_connect_have_any_name() {
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
    println!("{tried} hostile names of databases, and of roles that connect");
    assert!(tried > 12);
}

/// Longer than names can be, and what text can hold besides.
fn values() -> Vec<String> {
    let long =
        ["'".repeat(5000), "$efface$".repeat(700), "\\".repeat(4001), format!("{}\n\\! touch hit\n", "x".repeat(9000))];
    HOSTILE.iter().map(|value| (*value).to_owned()).chain(long).chain([String::new()]).collect()
}

#[test]
fn values_are_written_as_they_are_or_refused() {
    let values = values();
    let mut tried = 0;
    let (mut columns, mut decisions, mut expected) = (Vec::new(), Vec::new(), Vec::new());
    let mut refused = 0;
    for value in &values {
        let v = scalar(value);
        let written = text(value);
        let candidates = [
            (format!("{{ replace: {v} }}"), format!("COL = {written}")),
            (format!("{{ mask: {v}, keep_last: 2 }}"), format!("COL = repeat({written}, 6) || 'ne'")),
            (format!("{{ randomize: choice, from: [{v}] }}"), format!("COL = {written}")),
            (format!("{{ randomize: digits, format: {v} }}"), format!("length(COL) = length({written})")),
            (format!("{{ randomize: email, domain: {v} }}"), format!("COL like '%@' || {written}")),
            (format!("\n        sql: |\n          {}", escaped(value)), format!("COL = {written}")),
        ];
        for (decision, holds) in candidates {
            tried += 1;
            let policy = format!(
                "version: 1\nname: p\nsubject: {{ table: people }}\ntables:\n  people:\n    columns:\n      id: keep\n      c: {decision}\n"
            );
            let file = efface::source::SourceFile::new("policy.yaml", policy);
            if efface::policy::read(&file).is_err() {
                refused += 1;
                continue;
            }
            let column = format!("c{}", columns.len());
            decisions.push(format!("      {column}: {decision}\n"));
            expected.push(holds.replace("COL", &column));
            columns.push(format!("{column} text"));
        }
    }
    let cage = Cage::new(&format!("create table people (id int primary key, {});", columns.join(", ")));
    let fill = |db: &Db| {
        let names: Vec<_> = (0..columns.len()).map(|_| "'somegone'").collect();
        let stays: Vec<_> = (0..columns.len()).map(|_| "'stays'").collect();
        db.sql(&format!(
            "truncate people; insert into people values (1, {}), (2, {})",
            names.join(", "),
            stays.join(", ")
        ));
    };
    let holds = |by: &str| {
        for condition in &expected {
            let query = format!("select count(*) from people where id = 1 and ({condition})");
            assert_eq!(cage.db().value(&query), "1", "{by}: {condition:.300}");
        }
        let stays = "select count(*) from (select unnest(string_to_array(trim(p::text, '()'), ',')) as v from people p where id = 2) v where v = 'stays'";
        assert_eq!(cage.db().value(stays), columns.len().to_string(), "{by}: somebody else's");
        cage.intact(by);
    };
    cage.place.policy(&format!(
        "version: 1\nname: p\nsubject: {{ table: people }}\ntables:\n  people:\n    columns:\n      id: keep\n{}",
        decisions.concat()
    ));
    fill(cage.db());
    let ran = cage.tool(&["apply", "small.yaml", "--subject=1", "--yes"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    holds("the engine");
    fill(cage.db());
    let script = cage.tool(&["plan", "small.yaml", "--format", "sql"]).out;
    let ran = cage.psql(&script, &["{1}".to_owned()]);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    holds("psql");
    println!("{tried} hostile values in six kinds of decisions; {refused} refused when the policy was read");
    assert!(tried > 600 && columns.len() > 400, "{} of {tried}", columns.len());
}

#[test]
fn keys_are_keys_on_the_command_line_in_files_and_for_psql() {
    let cage =
        Cage::new("create table people (key text primary key, note text); create table numbers (id int primary key);");
    let keys: Vec<&str> = HOSTILE.iter().copied().collect();
    let fill = || {
        cage.db().sql("truncate people");
        let mut rows: std::collections::BTreeMap<String, &str> = std::collections::BTreeMap::new();
        for key in &keys {
            // Neighbours: what a slip in quoting would take for the key.
            for other in [format!("{key}x"), format!("x{key}"), key.replace('\'', "''") + "'", key.to_uppercase() + "!"]
            {
                rows.entry(other).or_insert("stays");
            }
        }
        keys.iter().for_each(|key| drop(rows.insert((*key).to_owned(), "goes")));
        let rows: Vec<_> = rows.iter().map(|(key, note)| format!("({}, '{note}')", text(key))).collect();
        cage.db().sql(&format!("insert into people values {}", rows.join(", ")));
    };
    let left = || {
        cage.db().value(
            "select count(*) filter (where note = 'goes') || ' ' || count(*) filter (where note = 'stays') from people",
        )
    };
    cage.place.policy(
        "version: 1\nname: p\nsubject: { table: people, key: key }\ntables: { people: delete }\nlimits: { max_subjects: 1000 }\n",
    );
    fill();
    let all = left();
    let stays = all.split_once(' ').expect("two counts").1;
    // Each by itself on the command line: it and nobody else.
    let mut tried = 0;
    for (index, key) in keys.iter().enumerate().step_by(4) {
        tried += 1;
        let ran = cage.tool(&["apply", "small.yaml", "--no-analyze", &format!("--subject={}", typed(key)), "--yes"]);
        assert_eq!(ran.code, Some(0), "{key:?}: {}", ran.err);
        assert_eq!(left(), format!("{} {stays}", keys.len() - index / 4 - 1), "{key:?}");
        cage.intact(key);
    }
    // All from a file, those with a line's end by argument.
    fill();
    let (lines, arguments): (Vec<&str>, Vec<&str>) = keys.iter().partition(|key| {
        !key.contains('\n') && !key.contains('\r') && !key.trim().is_empty() && !key.starts_with('\u{feff}')
    });
    let file: String = lines.iter().map(|key| format!("{}\n", typed(key))).collect();
    std::fs::write(cage.place.path("who.txt"), file).expect("the file is written");
    let subjects: Vec<String> = arguments.iter().map(|key| format!("--subject={}", typed(key))).collect();
    let mut words = vec!["apply", "small.yaml", "--subjects-from", "who.txt", "--yes"];
    words.extend(subjects.iter().map(String::as_str));
    let ran = cage.tool(&words);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(left(), format!("0 {stays}"));
    cage.intact("a file of keys");
    // By psql.
    fill();
    let script = cage.tool(&["plan", "small.yaml", "--format", "sql"]).out;
    let ran = cage.psql(&script, &[array(&keys)]);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(left(), format!("0 {stays}"));
    cage.intact("keys by psql");

    // Where a number is meant none of them is one, and nothing is done.
    cage.db().sql("insert into numbers select generate_series(1, 9)");
    cage.place.policy("version: 1\nname: p\nsubject: { table: numbers }\ntables: { numbers: delete }\nlimits: { max_subjects: 1000 }\n");
    let script = cage.tool(&["plan", "small.yaml", "--format", "sql"]).out;
    let mut none = 0;
    for raw in [
        "1); DELETE FROM numbers; --",
        "1 or true",
        "{1,2}",
        "1,2",
        "1;2",
        "NULL",
        "",
        " ",
        "1\u{0660}",
        "\u{661}",
        "1\n2",
        "'1'",
        "1--",
    ] {
        none += 1;
        let ran = cage.tool(&["apply", "small.yaml", &format!("--subject={raw}"), "--yes"]);
        assert_eq!(ran.code, Some(2), "{raw:?}: {}", ran.err);
        let ran = cage.psql(&script, &[raw.to_owned()]);
        // psql takes an array, which is what two of these are.
        assert!(!ran.status.success() || raw == "{1,2}", "{raw:?}");
        cage.intact(raw);
        if raw != "{1,2}" {
            assert_eq!(cage.db().value("select count(*) from numbers"), if none > 3 { "7" } else { "9" }, "{raw:?}");
        }
    }
    println!("{} hostile keys in a file and for psql, {tried} one by one, {none} where a number is meant", keys.len());
}

/// Conditions that would like to end before they end, or to go on behind their end.
const CONDITIONS: &[&str] = &[
    "true) or (true",
    "true)) or ((true",
    "true)))",
    "(true",
    "true; drop table canary.bird",
    "true); drop table canary.bird; --",
    "true\n; drop table canary.bird",
    "true -- and false",
    "true /* and false",
    "true /* x */ and id = 1",
    "true */ or /* true",
    "id = 1 -- )",
    "id = 1 --",
    "id = 1 /* ) */",
    "/**/ id = 1",
    "--\nid = 1",
    "id /* ;drop table canary.bird; */ = 1",
    "note = $$x$$",
    "note = $efface$x$efface$",
    "note = $efface_1$ $$ $efface_1$",
    "note = $a$'$a$ or note = $b$'$b$",
    "note = $x$ unfinished",
    "note = 'unfinished",
    "note = \"unfinished",
    "note = E'\\'' or id = 1",
    "note = E'\\' or true -- '",
    "note = 'a\\' or id = 1",
    "note = 'it''s'",
    "note = '''; drop table canary.bird; --'",
    "note = U&'d\\0061t\\+000061'",
    "note = U&'d!0061t' UESCAPE '!'",
    "u&\"no\\0074e\" = 'x'",
    "note = B'101'::text",
    "note = X'1F'::text",
    "note = N'x'",
    "note = e'x' 'y'",
    "note = 'x'\n'y'",
    "\\! touch hit",
    "true \\! touch hit",
    "true\n\\! touch hit",
    "true \\gset",
    "true \\g hit",
    "true \\;",
    "true \\watch",
    "note = '\n\\! touch hit\n'",
    "note ~ '\\!'",
    "note = ':key1'",
    ":key1 = '1'",
    ":'key1' is not null",
    ":\"key1\" is not null",
    "note = :{?key1}",
    "id = $1",
    "id = ?",
    "id = any(:subject)",
    "(:subject) is not null",
    "note = ':subject'",
    "id = any(:subject) -- :subject",
    "array[1,2][1:1] is null",
    "id::text = '1'",
    "id :: text = '1'",
    "id in (select 1) union select 1",
    "id = (select 1) ; select 1",
    "exists (delete from canary.bird returning 1)",
    "exists (with d as (delete from canary.bird returning 1) select from d)",
    "exists (select 1 into canary.x)",
    "exists (table canary.bird)",
    "exists (select 1 from canary.bird for update)",
    "exists (select from canary.bird)",
    "exists (values (1))",
    "(select note from canary.bird) = 'alive'",
    "set_config('efface.key1', '{2}', true) is not null",
    "pg_catalog.set_config('efface.key1', '{2}', true) is not null",
    "current_setting('efface.key1') = '{1}'",
    "id = 1 and pg_sleep(0) is not null",
    "row(1) = row(1)",
    "(id, note) = (1, 'x')",
    "id = 1 limit 1",
    "id = 1 order by 1",
    "id = 1 group by id",
    "id = 1 returning *",
    "id = 1 for update",
    "id = 1 as x",
    "id = 1, note = 'x'",
    "not id = 2",
    "case when true then id = 1 end",
    "id operator(pg_catalog.=) 1",
    "id = 1::int",
    "cast(id as text) = '1'",
    "note is json",
    "xmlparse(document note) is null",
    "note collate \"C\" = 'x'",
    "note like '%' escape '\\'",
    "note similar to '%'",
    "copy canary.bird to 'hit'",
    "current_user = 'postgres'",
    "commit",
    "null",
    "",
    "1",
    "'true'",
    "id",
    "*",
    "people",
    "people.*",
    "people is not null",
    "id = 1 and true or true",
    "\u{a0}id = 1",
    "id\u{3000}= 1",
    "id = 1\u{85}",
    "id = 1\u{2028}-- x",
    "id = 1\u{0}",
    "\u{feff}id = 1",
];

/// Queries that would like to do more than look.
const QUERIES: &[&str] = &[
    "select 1",
    "select 1;",
    "select 1; drop table canary.bird",
    "select 1) as x; drop table canary.bird; --",
    "select 1 --",
    "select 1 /*",
    "select 1 -- ) AS efface_row",
    "delete from canary.bird",
    "delete from canary.bird returning 1",
    "with d as (delete from canary.bird returning 1) select * from d",
    "with d as (update canary.bird set note = '' returning 1) select * from d",
    "insert into canary.bird values (2, '') returning 1",
    "select * into canary.x from canary.bird",
    "select * from canary.bird for update",
    "table canary.bird",
    "values (1)",
    "(select 1)",
    "select 1 union all select 2",
    "select 1 \\gexec",
    "select 1\n\\! touch hit",
    "select :key1",
    "select $1",
    "select ':key1'",
    "select $efface$x$efface$",
    "select '\n\\! touch hit\n' as x",
    "select 1 as efface_row",
    "select efface_row.* from (select 1 as a) as efface_row",
    "explain select 1",
    "show all",
    "call x()",
    "do $$ begin end $$",
    "copy canary.bird to 'hit'",
    "select 1 as \"a\"\"b\", 2 as \"a\"\"b\"",
    "select",
    "select from canary.bird",
    "with recursive r(n) as (select 1 union all select n + 1 from r where n < 3) select * from r",
    "select set_config('efface.key1', '{2}', true)",
    "select 1 where false",
    "begin",
    "",
];

#[test]
fn conditions_and_queries_are_what_they_say_or_refused() {
    let cage = Cage::new("create table people (id int primary key, note text);");
    let fill = || {
        cage.db().sql("truncate people; insert into people select n, n::text from generate_series(1, 4) n");
        cage.db().sql("insert into people values (5, 'data'), (6, ''''), (7, 'x'), (8, 'it''s'), (9, ':subject'), (10, ''), (11, null)");
    };
    let rows = || cage.db().value("select string_agg(id::text, ',' order by id) from people");
    let block = |sql: &str| sql.split('\n').map(|line| format!("        {line}\n")).collect::<String>();
    let (mut tried, mut accepted) = (0, Vec::new());
    for hostile in CONDITIONS {
        tried += 1;
        fill();
        let all = rows();
        cage.place.policy(&format!(
            "version: 1\nname: p\nevery_row: true\nsearch_path: []\ntables:\n  canary.bird: {{ keep: it lives }}\n  people:\n    - rows: delete\n      where: |\n{}    - keep: rest\n",
            block(hostile)
        ));
        let ran = cage.tool(&["apply", "small.yaml", "--yes-all-rows", &cage.db().value("select current_database()")]);
        cage.intact(hostile);
        if ran.code != Some(0) {
            assert_eq!(rows(), all, "{hostile:?}: {}", ran.err);
            assert!(matches!(ran.code, Some(1..=3)), "{hostile:?}: {:?} {}", ran.code, ran.err);
            continue;
        }
        accepted.push(*hostile);
        let left = rows();
        fill();
        // What the server says of the very same words, where nothing stands around them.
        cage.db().sql(&format!("delete from people where (\n{hostile}\n)"));
        assert_eq!(rows(), left, "{hostile:?}");
        fill();
        let script = cage.tool(&["plan", "small.yaml", "--format", "sql"]).out;
        let ran = cage.psql(&script, &[]);
        assert!(ran.status.success(), "{hostile:?}: {}", String::from_utf8_lossy(&ran.stderr));
        assert_eq!(rows(), left, "{hostile:?} by psql");
        cage.intact(hostile);
    }
    assert!(accepted.len() > 20, "{accepted:?}");
    println!("{tried} hostile conditions, {} of them are conditions after all", accepted.len());

    let (mut tried, mut accepted) = (0, 0);
    for hostile in QUERIES {
        tried += 1;
        fill();
        let all = rows();
        cage.place.policy(&format!(
            "version: 1\nname: p\nsubject: {{ table: people }}\ntables: {{ people: delete }}\nverify:\n  unchanged:\n    - name: r\n      query: |\n{}",
            block(hostile)
        ));
        let ran = cage.tool(&["apply", "small.yaml", "--subject=1", "--yes"]);
        cage.intact(hostile);
        if ran.code != Some(0) {
            assert_eq!(rows(), all, "{hostile:?}: {}", ran.err);
            assert!(matches!(ran.code, Some(1..=3)), "{hostile:?}: {:?} {}", ran.code, ran.err);
            continue;
        }
        accepted += 1;
        assert_eq!(Some(rows().as_str()), all.strip_prefix("1,"), "{hostile:?}");
        fill();
        let script = cage.tool(&["plan", "small.yaml", "--format", "sql"]).out;
        let ran = cage.psql(&script, &["{1}".to_owned()]);
        assert!(ran.status.success(), "{hostile:?}: {}", String::from_utf8_lossy(&ran.stderr));
        assert_eq!(Some(rows().as_str()), all.strip_prefix("1,"), "{hostile:?} by psql");
        cage.intact(hostile);
    }
    println!("{tried} hostile queries of reports, {accepted} of them are queries after all");
    assert!(accepted > 8);
}

#[test]
fn paths_and_places_that_name_nothing_are_refused() {
    let cage = Cage::new(
        "create table people (id int primary key, note text);
         create table notes (id int primary key, person_id int references people, body text); create index on notes (person_id);",
    );
    let dump = || ["people", "notes"].map(|table| cage.db().dump_table(table));
    cage.db().sql("insert into people values (1, 'x'), (2, 'y'); insert into notes values (1, 1, 'a'), (2, 2, 'b')");
    let before = dump();
    let hostile = HOSTILE.iter().copied().chain([
        "person_id -> people.id; drop table canary.bird",
        "person_id) in (select 1) or (true",
        "lower(body) -> lower(people.note)) or (true",
        "lower(body); drop table canary.bird -> people.note",
        "body -> people.note -- x",
        "body -> lower(people.note /*)",
        "body -> (select 1)",
        "(select body) -> people.note",
        "body -> people.note) or (true",
        "set_config('a', body, true) -> people.note",
        "person_id -> people",
        "(person_id, body) -> people.(id, note); x",
        "pg_sleep(1)::text -> people.note",
        "\"person_id",
        "person_id\"",
    ]);
    let (mut tried, mut further) = (0, 0);
    let catalog = cage.db().catalog();
    for hostile in hostile {
        let templates = [
            format!(
                "version: 1\nname: p\nsubject: {{ table: people }}\ntables: {{ people: {{ columns: {{ id: keep, note: null }} }}, notes: {{ via: {0}, rows: delete }} }}\n",
                scalar(hostile)
            ),
            format!("version: 1\nname: p\nsubject: {{ table: {0} }}\ntables: {{ people: delete }}\n", scalar(hostile)),
            format!(
                "version: 1\nname: p\nsubject: {{ table: people, key: {0} }}\ntables: {{ people: delete, notes: delete }}\n",
                scalar(hostile)
            ),
            format!(
                "version: 1\nname: p\nsubject: {{ table: people }}\nvirtual_foreign_keys: [{{ table: notes, columns: {0}, references: people }}]\ntables: {{ people: delete, notes: {{ via: person_id, rows: delete }} }}\n",
                scalar(hostile)
            ),
            format!(
                "version: 1\nname: p\nsubject: {{ table: people }}\nvirtual_foreign_keys: [{{ table: notes, columns: id, references: {0} }}]\ntables: {{ people: delete, notes: {{ via: person_id, rows: delete }} }}\n",
                scalar(hostile)
            ),
            format!(
                "version: 1\nname: p\nsubject: {{ value: {0}, name: x }}\ntables: {{ people: {{ where: note = any(:subject), rows: delete }} }}\n",
                scalar(hostile)
            ),
        ];
        for policy in templates {
            tried += 1;
            let file = efface::source::SourceFile::new("small.yaml", policy.as_str());
            let resolved = efface::policy::read(&file).and_then(|read| efface::resolve::resolve(&read.value, &catalog));
            if resolved.is_err() {
                continue;
            }
            further += 1;
            cage.place.policy(&policy);
            let ran = cage.tool(&["apply", "small.yaml", "--subject=1", "--yes"]);
            assert!(matches!(ran.code, Some(1 | 2)), "{policy}\n{:?} {}", ran.code, ran.err);
        }
        cage.intact(hostile);
        assert_eq!(dump(), before, "{hostile:?}");
    }
    println!(
        "{tried} hostile paths, tables, keys, references and types of subjects; {further} of them went to the server"
    );
    assert!(tried > 600);
}

#[test]
fn secrets_are_secrets_whatever_they_hold() {
    let cage = Cage::new("create table people (id int primary key, name text);");
    cage.place.policy("version: 1\nname: p\nsubject: { table: people }\ntables: { people: { columns: { id: keep, name: { pseudonymize: name } } } }\n");
    let fill = || cage.db().sql("truncate people; insert into people values (1, 'Anna'), (2, 'stays')");
    let script = cage.tool(&["plan", "small.yaml", "--format", "sql"]).out;
    let (mut tried, mut refused) = (0, 0);
    let mut seen = std::collections::BTreeSet::new();
    for hostile in HOSTILE.iter().filter(|hostile| !hostile.contains(['\n', '\r'])).step_by(2) {
        tried += 1;
        let secret = format!("{hostile} and something behind it {hostile}");
        std::fs::write(cage.place.path("secret"), format!("{secret}\n")).expect("the secret is written");
        fill();
        let ran =
            cage.tool(&["apply", "small.yaml", "--no-analyze", "--subject=1", "--secret-file", "secret", "--yes"]);
        if ran.code == Some(2) && ran.err.contains("holds a control character") {
            refused += 1;
            assert_eq!(cage.db().dump_table("people"), ["(1,Anna)", "(2,stays)"], "{hostile:?}");
            continue;
        }
        assert_eq!(ran.code, Some(0), "{hostile:?}: {}", ran.err);
        let by_engine = cage.db().dump_table("people");
        fill();
        std::fs::write(cage.place.path("script.sql"), &script).expect("the script is written");
        let beside = binaries().program("psql");
        let mut command = Command::new(if beside.exists() { beside } else { "psql".into() });
        let input = std::fs::File::open(cage.place.path("secret")).expect("the secret");
        command
            .args(["-X", "-q", "-v", "key1={1}", "-d", cage.db().url(), "-f", "script.sql"])
            .current_dir(cage.place.path(""))
            .stdin(input);
        let ran = command.output().expect("psql runs");
        assert!(ran.status.success(), "{hostile:?}: {}", String::from_utf8_lossy(&ran.stderr));
        assert_eq!(cage.db().dump_table("people"), by_engine, "{hostile:?}");
        assert!(by_engine.contains(&"(2,stays)".to_owned()));
        cage.intact(hostile);
        seen.insert(by_engine);
    }
    println!("{tried} hostile secrets, {} different pseudonyms; {refused} refused for control characters", seen.len());
    assert!(tried > 40 && seen.len() > 20, "{} of {tried}", seen.len());
}
