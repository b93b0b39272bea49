//! Hostile names, values, conditions, paths, keys: each does exactly what was asked, or is refused; by the engine and by
//! psql. A table and a file that nobody may touch tell whether anything has broken out.
//!
//! Each test says how many it has tried.

/// Says what was tried, and remembers it for the page that counts.
macro_rules! told {
    ($($words:tt)*) => { crate::injection::tell(format!($($words)*)) };
}

mod keys;
mod names;
mod paths;
mod sql;
mod values;

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;

use crate::harness::{Db, binaries};
use crate::tool::{Place, Ran, ended};

static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());

#[allow(clippy::print_stdout, reason = "how many were tried belongs to the run's record")]
fn tell(words: String) {
    println!("{words}");
    TOLD.lock().expect("nobody fails here").push(words);
}

/// Runs all of it, and says what was tried. Whatever breaks out doesn't come to an end here.
pub fn tried() -> Vec<String> {
    let all: [fn(); 7] = [
        names::names_are_names_whatever_they_say,
        names::databases_and_those_who_connect_have_any_name,
        keys::keys_are_keys_on_the_command_line_in_files_and_for_psql,
        values::values_are_written_as_they_are_or_refused,
        values::secrets_are_secrets_whatever_they_hold,
        paths::paths_and_places_that_name_nothing_are_refused,
        sql::conditions_and_queries_are_what_they_say_or_refused,
    ];
    all.iter().for_each(|test| test());
    std::mem::take(&mut *TOLD.lock().expect("nobody fails here"))
}

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
