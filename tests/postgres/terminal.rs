//! How the tool behaves at a terminal, in a pipe and in a log.
//!
//! A pseudo-terminal is util-linux's `script`.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::tool::{Place, ended};

/// A command on a terminal of its own.
struct Terminal {
    child: Child,
    shown: Arc<Mutex<Vec<u8>>>,
    reader: std::thread::JoinHandle<()>,
}

impl Terminal {
    /// Starts it on a terminal of that many columns.
    fn start(place: &Place, columns: u32, environment: &[(&str, &str)], line: &str) -> Self {
        let efface = env!("CARGO_BIN_EXE_efface");
        let mut command = Command::new("script");
        command.args(["-qec", &format!("stty cols {columns} rows 40; exec '{efface}' {line}"), "/dev/null"]);
        command.current_dir(place.path("")).env("DATABASE_URL", place.db.url()).env("TERM", "xterm");
        for unwanted in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS"] {
            command.env_remove(unwanted);
        }
        command.envs(environment.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("`script` of util-linux is there");
        let shown = Arc::new(Mutex::new(Vec::new()));
        let (mut from, to) = (child.stdout.take().expect("a pipe"), Arc::clone(&shown));
        let reader = std::thread::spawn(move || {
            let mut some = [0; 4096];
            while let Ok(read @ 1..) = from.read(&mut some) {
                to.lock().expect("no panic").extend_from_slice(&some[..read]);
            }
        });
        Self { child, shown, reader }
    }

    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().expect("no panic")).into_owned()
    }

    /// Types when something has appeared.
    fn answer(&mut self, question: &str, typed: &str) {
        let begun = Instant::now();
        while !self.shown().contains(question) {
            assert!(begun.elapsed() < Duration::from_secs(20), "no {question}: {}", self.shown());
            std::thread::sleep(Duration::from_millis(10));
        }
        self.child.stdin.as_mut().expect("a pipe").write_all(typed.as_bytes()).expect("somebody reads");
    }

    /// The exit code, and everything that appeared.
    fn end(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().expect("it ends").code();
        self.reader.join().expect("no panic");
        (code, String::from_utf8_lossy(&self.shown.lock().expect("no panic")).replace("\r\n", "\n"))
    }
}

fn at(place: &Place, columns: u32, environment: &[(&str, &str)], line: &str) -> (Option<i32>, String) {
    Terminal::start(place, columns, environment, line).end()
}

/// A policy with an error.
fn wrong(place: &Place) {
    place.policy(&crate::tool::POLICY.replace("height: null", "hight: null"));
}

#[test]
fn a_bar_is_drawn_on_a_terminal_and_nowhere_else() {
    let place = Place::new();
    let line = "rehearse small.yaml --subject 42";
    let (code, shown) = at(&place, 100, &[], line);
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("\u{1b}[") && shown.contains("step 1 of 2"), "{shown:?}");
    for (environment, line) in [(&[("TERM", "dumb")][..], line), (&[], &format!("--quiet {line}"))] {
        let (code, shown) = at(&place, 100, environment, line);
        assert!(code == Some(0) && !shown.contains('\u{1b}'), "{shown:?}");
    }
    let piped = place.run(line);
    assert!(piped.err.contains("step 1 of 2") && !piped.err.contains(['\u{1b}', '\r']), "{:?}", piped.err);
}

#[test]
fn colours_are_for_terminals_unless_somebody_says_otherwise() {
    let place = Place::new();
    wrong(&place);
    let (code, shown) = at(&place, 100, &[], "check small.yaml");
    assert!(code == Some(1) && shown.contains("\u{1b}["), "{shown:?}");
    for environment in [("NO_COLOR", "1"), ("TERM", "dumb"), ("CLICOLOR", "0")] {
        let (_, shown) = at(&place, 100, &[environment], "check small.yaml");
        assert!(!shown.contains('\u{1b}'), "{environment:?}: {shown:?}");
    }
    for line in ["check --color never small.yaml", "chek --color=never", "check --help --color never"] {
        let (_, shown) = at(&place, 100, &[], line);
        assert!(!shown.contains('\u{1b}'), "{line}: {shown:?}");
    }
    assert!(!place.run("check small.yaml").err.contains('\u{1b}'));
    for line in ["check --color always small.yaml", "chek --color always", "apply small.yaml --color=always"] {
        assert!(place.run(line).err.contains("\u{1b}["), "{line}");
    }
    assert!(place.run("check --help --color always").out.contains("\u{1b}["));
    let forced = ended(place.command("check small.yaml").env("CLICOLOR_FORCE", "1").spawn().expect("it starts"));
    assert!(forced.err.contains("\u{1b}["));
}

#[test]
fn pages_are_as_wide_as_the_terminal() {
    let place = Place::new();
    for (line, skip) in [("explain not-null", "    "), ("apply --help --color never", "  efface ")] {
        let (code, shown) = at(&place, 64, &[], line);
        let wide = shown.lines().skip(1).find(|line| !line.starts_with(skip) && line.chars().count() > 64);
        assert_eq!((code, wide), (Some(0), None), "{shown}");
        assert!(shown.lines().any(|line| line.chars().count() > 50), "{shown}");
    }
}

#[test]
fn a_long_line_of_a_policy_is_cut_to_the_terminal() {
    let place = Place::new();
    let long =
        "{ id: keep, role: keep, name: null, email: { randomize: email }, height: { replace: a word for a number } }";
    let policy = crate::tool::POLICY;
    let (before, rest) = policy.split_once("    columns:\n").expect("columns");
    let (_, after) = rest.split_once("  notes:").expect("notes");
    place.policy(&format!("{before}    columns: {long}\n  notes:{after}"));
    let (code, shown) = at(&place, 70, &[("NO_COLOR", "1")], "check small.yaml");
    let wide = shown.lines().find(|line| line.contains('|') && line.chars().count() > 76);
    assert!(code == Some(1) && wide.is_none() && shown.contains("a word for a number"), "{shown}");
    assert!(place.run("check small.yaml").err.contains(long));
}

#[test]
fn quiet_leaves_results_and_errors() {
    let place = Place::new();
    for line in ["check small.yaml", "ledger enable", "snapshot small.yaml", "explain"] {
        let ran = place.run(&format!("--quiet {line}"));
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{line}");
    }
    for line in ["plan small.yaml", "rehearse small.yaml --subject 42", "apply small.yaml --subject 42 --yes"] {
        let ran = place.run(&format!("{line} -q --format json"));
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{line}");
        assert!(serde_json::from_str::<serde_json::Value>(&ran.out).is_ok(), "{line}");
    }
    let refused = place.run("-q apply small.yaml --subject 43 --yes");
    assert!(refused.code == Some(1) && refused.err.starts_with("error: ") && refused.out.is_empty(), "{}", refused.err);
    wrong(&place);
    let found = place.run("-q check small.yaml");
    assert!(found.code == Some(1) && found.err.contains("error[unknown-column]"), "{}", found.err);
    assert!(
        !found.err.contains("efface explain")
            && place.run("check small.yaml").err.contains("efface explain unknown-column")
    );
}

#[test]
fn every_line_of_a_log_in_json_is_an_object() {
    let place = Place::new();
    let objects = |line: &str| -> Vec<serde_json::Value> {
        let ran = place.run(&format!("--log-format json -v {line}"));
        let object = |line: &str| match serde_json::from_str(line) {
            Ok(value @ serde_json::Value::Object(_)) => value,
            _ => panic!("no object: {line}"),
        };
        ran.err.lines().map(object).collect()
    };
    let says = |objects: &[serde_json::Value], level: &str, message: &str| {
        let told = objects.iter().any(|it| {
            it["level"] == level
                && it["timestamp"].is_string()
                && it["fields"]["message"].as_str().is_some_and(|it| it.contains(message))
        });
        assert!(told, "no {level} {message}: {objects:#?}");
    };
    says(&objects("rehearse small.yaml --subject 42"), "INFO", "step 1 of 2");
    says(&objects("check small.yaml"), "INFO", "small.yaml fits the schema: 2 steps");
    let refused = objects("apply small.yaml --subject 43 --yes");
    says(&refused, "ERROR", "the run was stopped by its own checks");
    let last = &refused.last().expect("a line")["fields"];
    assert_eq!(
        (&last["exit_code"], &last["notes"][0]),
        (&1.into(), &"unpaid bills: settle these first (2 rows)".into())
    );
    wrong(&place);
    let found = objects("check small.yaml");
    says(&found, "ERROR", "table `users` has no column `hight`");
    let first = &found.iter().find(|it| it["fields"]["code"] == "unknown-column").expect("the finding")["fields"];
    assert_eq!((&first["line"], &first["column"]), (&19.into(), &7.into()));
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let place = Place::new();
    let efface = env!("CARGO_BIN_EXE_efface");
    for line in [
        "plan small.yaml | head -n 1",
        "explain --format json | head -n 1",
        "plan small.yaml --format sql | true",
        "completions bash | true",
        "--help | true",
        "-vv --log-format json check small.yaml 2>&1 >/dev/null | true",
        "-vv rehearse small.yaml --subject 42 2>&1 >/dev/null | true",
    ] {
        let mut command = Command::new("bash");
        command.args(["-c", &format!("'{efface}' {line}; echo \"ended ${{PIPESTATUS[0]}}\"")]);
        let output =
            command.current_dir(place.path("")).env("DATABASE_URL", place.db.url()).output().expect("bash runs");
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(out.ends_with("ended 0\n") && !err.contains("bug") && !err.contains("anic"), "{line}: {out} {err}");
    }
}

#[test]
fn what_is_no_file_is_written_to_and_not_replaced() {
    let place = Place::new();
    let pipe = place.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::read_to_string(pipe).expect("what is written")
    });
    let ran = place.run("catalog --out pipe");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(reader.join().expect("no panic").contains("\"tables\"") && !pipe.is_file());
    assert_eq!(place.run("catalog --out /dev/stdout").out, place.run("catalog").out);
    let link = place.path("link.json");
    std::os::unix::fs::symlink("real.json", &link).expect("a link");
    std::fs::write(place.path("real.json"), "").expect("a file");
    assert_eq!(place.run("catalog --out link.json").code, Some(0));
    assert!(link.is_symlink() && std::fs::read_to_string(place.path("real.json")).expect("it").contains("\"tables\""));
    assert_ne!(place.run("catalog --out .").code, Some(0));
}

#[test]
fn a_path_need_not_be_text() {
    let place = Place::new();
    let odd = OsStr::from_bytes(b"b\xe9ta \x1b[31m.yaml");
    std::fs::copy(place.path("small.yaml"), place.path("").join(odd)).expect("a copy");
    let ran = ended(place.command("check").arg(odd).spawn().expect("it starts"));
    assert!(ran.code == Some(0) && !ran.err.contains('\u{1b}'), "{:?}", ran.err);
    let snapshot = ended(place.command("snapshot").arg(odd).spawn().expect("it starts"));
    assert!(snapshot.code == Some(0) && !snapshot.err.contains('\u{1b}'), "{:?}", snapshot.err);
    assert!(place.path("").join(OsStr::from_bytes(b"b\xe9ta \x1b[31m.sql")).exists());
    let plan = OsStr::from_bytes(b"p\xff \x1b[31m.json");
    let saved = ended(place.command("plan small.yaml --out").arg(plan).spawn().expect("it starts"));
    assert!(saved.code == Some(0) && !saved.err.contains('\u{1b}'), "{:?}", saved.err);
    let missing = ended(place.command("check").arg(OsStr::from_bytes(b"\xff\x1b")).spawn().expect("it starts"));
    assert!(missing.code == Some(2) && !missing.err.contains('\u{1b}'), "{:?}", missing.err);
}

#[test]
fn at_the_question_only_the_word_goes_on_and_ctrl_c_ends_it() {
    let place = Place::new();
    let before = place.dump();
    for (typed, code, said) in [("no\n", 1, "declined"), ("\u{4}", 1, "declined"), ("\u{3}", 130, "")] {
        let mut terminal = Terminal::start(&place, 100, &[], "apply small.yaml --subject 42");
        terminal.answer("Type `yes` to go on: ", typed);
        let (ended, shown) = terminal.end();
        assert!(ended == Some(code) && shown.contains(said), "{typed:?}: {ended:?} {shown}");
        assert_eq!(place.dump(), before);
    }
    let mut terminal = Terminal::start(&place, 100, &[], "apply small.yaml --subject 42");
    terminal.answer("Type `yes` to go on: ", "yes\n");
    let (code, shown) = terminal.end();
    assert!(code == Some(0) && shown.contains("committed as transaction"), "{shown}");
    assert_ne!(place.dump(), before);
}

#[test]
fn efface_alone_prints_help_and_help_knows_every_command() {
    let place = Place::new();
    let alone = place.run("");
    assert!(alone.code == Some(2) && alone.out.is_empty() && alone.err.contains("Usage: efface"), "{}", alone.err);
    for command in ["apply", "ledger", "ledger init", "explain"] {
        let (help, flag) = (place.run(&format!("help {command}")), place.run(&format!("{command} --help")));
        assert_eq!((help.code, &help.out), (Some(0), &flag.out), "{command}");
        assert!(help.out.contains("Examples:\n  efface"), "{command}");
    }
    assert_eq!(place.run("ledger").code, Some(2));
}

#[test]
fn standard_input_is_a_policy_to_look_at_or_a_catalog_but_not_both() {
    let place = Place::new();
    let given = |line: &str, text: &str| {
        let mut child = place.command(line).stdin(Stdio::piped()).spawn().expect("it starts");
        // Some refuse without reading.
        let _ = child.stdin.take().expect("a pipe").write_all(text.as_bytes());
        ended(child)
    };
    let policy = crate::tool::POLICY;
    assert!(given("check -", policy).err.contains("<stdin> fits the schema: 2 steps"));
    let wrong = given("check -", &policy.replace("height: null", "hight: null"));
    assert!(wrong.code == Some(1) && wrong.err.contains("--> <stdin>:19:7"), "{}", wrong.err);
    assert_eq!(given("plan - --format json", policy).code, Some(0));
    assert_eq!(given("grants -", policy).code, Some(0));
    let catalog = place.run("catalog").out;
    assert_eq!(given("plan small.yaml --catalog -", &catalog).code, Some(0));
    for line in [
        "check - --catalog -",
        "plan - --out plan.json",
        "apply - --subject 42 --yes",
        "rehearse - --subject 42",
        "snapshot -",
    ] {
        let refused = given(line, policy);
        assert!(refused.code == Some(2) && refused.err.contains("standard input"), "{line}: {}", refused.err);
    }
}
