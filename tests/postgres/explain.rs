//! The pages behind `efface explain`: every policy on them fails or passes as they say, on a real server.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

use efface::diagnostic::Code;

use crate::harness::Db;

/// What the examples leave out, as each page says below itself.
const HEADER: &str = "version: 1\nname: example\n";
const SUBJECT: &str = "subject: { table: users }\n";

/// The role of pages about what a role may do.
const ROLE: &str = "create role eraser login; grant eraser to current_user";

/// `PAGE=name` runs one of them, as its file is now.
#[test]
fn every_policy_of_a_page_fails_or_passes_as_the_page_says() {
    Db::open(&crate::harness::server().url("postgres")).sql(ROLE);
    let only = std::env::var("PAGE").ok();
    let pages = Code::ALL.iter().copied().filter(|code| only.as_ref().is_none_or(|only| only == code.name()));
    let pages: Vec<Code> = pages.collect();
    // Each waits for the server and the tool most of the time.
    let next = AtomicUsize::new(0);
    let work = || {
        let taken = std::iter::from_fn(|| pages.get(next.fetch_add(1, Ordering::Relaxed)));
        let wrong = taken.filter_map(|code| run(*code).err().map(|words| format!("{}: {words}", code.name())));
        wrong.collect::<Vec<String>>()
    };
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let workers = [(); 3].map(|()| scope.spawn(work));
        workers.into_iter().flat_map(|worker| worker.join().expect("no panic")).collect()
    });
    assert!(wrong.is_empty(), "{} pages are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn run(code: Code) -> Result<(), String> {
    let db = Db::new();
    let folder = tempfile::tempdir().expect("a folder");
    let mut failing: Option<Block> = None;
    let (mut failed, mut passed) = (0, 0);
    let page = format!("{}/src/diagnostic/explain/{}.md", env!("CARGO_MANIFEST_DIR"), code.name());
    let page = std::fs::read_to_string(page).map_err(|error| error.to_string())?;
    for block in blocks(&page) {
        match block.words[..] {
            ["sql"] => db.try_sql(block.text).map_err(|error| error.with_detail(true).to_string())?,
            ["sql", "mends"] => {
                db.try_sql(block.text).map_err(|error| error.with_detail(true).to_string())?;
                let failing = failing.as_ref().ok_or("nothing to mend")?;
                nothing_found(check(&db, folder.path(), failing, &failing.words[2..])?)?;
                passed += 1;
            }
            ["yaml", "fails", ref options @ ..] => {
                let found = check(&db, folder.path(), &block, options)?;
                let expected =
                    [code.name()].into_iter().chain(options.iter().filter_map(|it| it.strip_prefix("also=")));
                let mut expected: Vec<&str> = expected.collect();
                expected.sort_unstable();
                let mut codes: Vec<&str> = found.iter().map(|(code, _)| code.as_str()).collect();
                codes.sort_unstable();
                codes.dedup();
                if codes != expected {
                    return Err(format!("found {found:#?}, expected {expected:?}"));
                }
                failed += 1;
                failing = Some(block);
            }
            ["yaml", "passes", ref options @ ..] => {
                nothing_found(check(&db, folder.path(), &block, options)?)?;
                passed += 1;
            }
            _ => return Err(format!("a block of an unknown kind: {:?}", block.words)),
        }
    }
    if failed == 0 || passed == 0 { Err("both a failing policy and a mended one are expected".into()) } else { Ok(()) }
}

fn nothing_found(found: Vec<(String, String)>) -> Result<(), String> {
    if found.is_empty() { Ok(()) } else { Err(format!("should pass, but {found:#?}")) }
}

/// Code and message of everything that efface finds.
fn check(db: &Db, folder: &Path, block: &Block, options: &[&str]) -> Result<Vec<(String, String)>, String> {
    let says = |key: &str| block.text.lines().any(|line| line.starts_with(key));
    let header = if says("version:") || options.contains(&"whole") { "" } else { HEADER };
    let subject = if header.is_empty() || says("subject:") || says("every_row:") { "" } else { SUBJECT };
    std::fs::write(folder.join("policy.yaml"), format!("{header}{subject}{}", block.text)).expect("a file");
    let mut settings = String::new();
    for option in options {
        match option.split_once('=') {
            Some(("role", role)) => settings.push_str(&format!("-c role={role} ")),
            Some(("path", path)) => settings.push_str(&format!("-c search_path={path} ")),
            Some(("also", _)) => {}
            None if ["offline", "snapshot", "whole"].contains(option) => {}
            _ => return Err(format!("an unknown option: {option}")),
        }
    }
    let efface = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_efface"));
        command.arg("--quiet").args(arguments).current_dir(folder);
        command.env("DATABASE_URL", db.url()).env("PGOPTIONS", &settings);
        command.output().expect("efface runs")
    };
    if options.contains(&"snapshot") {
        return Ok(by_snapshot(&efface(&["snapshot", "policy.yaml"])));
    }
    let mut arguments = vec!["check", "--strict", "--format", "json", "policy.yaml"];
    if options.contains(&"offline") {
        assert!(efface(&["catalog", "--out", "catalog.json"]).status.success());
        arguments.extend(["--catalog", "catalog.json"]);
    }
    let output = efface(&arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    let found: serde_json::Value =
        serde_json::from_slice(&output.stdout).map_err(|_| format!("exit {:?}: {said}", output.status.code()))?;
    let found = found.as_array().expect("a list").iter().map(|it| {
        let text = |key: &str| it[key].as_str().unwrap_or_default().to_owned();
        (text("code"), format!("{}:{} {}", it["line"], it["column"], text("message")))
    });
    let found: Vec<(String, String)> = found.collect();
    assert_eq!(output.status.code(), Some(if found.is_empty() { 0 } else { 1 }), "{said}");
    Ok(found)
}

/// The same of a command that prints its findings for people only.
fn by_snapshot(output: &Output) -> Vec<(String, String)> {
    let said = String::from_utf8_lossy(&output.stderr);
    let found = said.lines().filter_map(|line| {
        let (code, message) = line.strip_prefix("error[").or(line.strip_prefix("warning["))?.split_once("]: ")?;
        Some((code.to_owned(), message.to_owned()))
    });
    let found: Vec<(String, String)> = found.collect();
    assert_eq!(output.status.success(), found.is_empty(), "{said}");
    found
}

/// A fenced block of a page.
struct Block<'a> {
    /// What stands behind the fence.
    words: Vec<&'a str>,
    text: &'a str,
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    let mut rest = page;
    while let Some(start) = rest.find("```") {
        let opened = &rest[start + 3..];
        let (words, body) = opened.split_once('\n').expect("a fence ends");
        let end = body.find("```").expect("a block is closed");
        found.push(Block { words: words.split_whitespace().collect(), text: &body[..end] });
        rest = &body[end + 3..];
    }
    found
}
