//! The throw-away server: it comes up beside others and leaves nothing behind.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use efface::server::throwaway::Server;

use crate::harness::{Db, binaries, server};

fn soon(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "never happened: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn runs(pid: u32) -> bool {
    Command::new("kill").args(["-0", &pid.to_string()]).stderr(Stdio::null()).status().expect("kill").success()
}

#[test]
fn two_servers_run_side_by_side_and_one_that_is_dropped_leaves_nothing() {
    let second = Server::start(binaries()).expect("a second server");
    let (folder, pid) = (second.folder().to_owned(), second.pid().expect("its process"));
    assert_eq!(Db::open(&second.url("postgres")).value("select 1"), "1");
    assert_ne!(folder, server().folder());
    drop(second);
    assert!(!folder.exists() && !runs(pid));
    assert_eq!(Db::open(&server().url("postgres")).value("select 1"), "1");
}

#[test]
fn a_server_whose_owner_is_killed_leaves_nothing() {
    if let Ok(place) = std::env::var("EFFACE_TEST_OWNER") {
        // We are the owner, started below.
        let own = Server::start(binaries()).expect("a server");
        let words = format!("{} {}", own.pid().expect("its process"), own.folder().display());
        std::fs::write(&place, words).expect("writing");
        std::thread::sleep(Duration::from_secs(600));
    }
    let file = tempfile::NamedTempFile::new().expect("a file");
    let this = std::env::current_exe().expect("this program");
    let mut owner = Command::new(this)
        .args(["--exact", "throwaway::a_server_whose_owner_is_killed_leaves_nothing"])
        .env("EFFACE_TEST_OWNER", file.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("an owner");
    let words = || std::fs::read_to_string(file.path()).unwrap_or_default();
    soon("the owner's server", || words().contains('/'));
    let text = words();
    let (pid, folder) = text.split_once(' ').expect("a process and a folder");
    let pid = pid.parse().expect("a process");
    assert!(runs(pid));
    owner.kill().expect("killing the owner");
    owner.wait().expect("the owner's end");
    soon("the server's end", || !runs(pid));
    soon("the folder's end", || !std::path::Path::new(folder).exists());
}

#[test]
fn a_kept_server_goes_on_until_its_command_is_run() {
    let server = Server::start(binaries()).expect("a server");
    let (folder, url) = (server.folder().to_owned(), server.url("postgres"));
    let stop = server.keep().expect("kept");
    assert_eq!(Db::open(&url).value("select 1"), "1");
    assert!(Command::new("sh").args(["-c", &stop]).status().expect("sh").success());
    assert!(!folder.exists());
}

#[test]
fn an_url_is_read_by_us_with_whatever_name() {
    let db = Db::open(&server().url("postgres"));
    db.sql("create database \"a/b %c?\"");
    assert_eq!(Db::open(&server().url("a/b %c?")).value("select current_database()"), "a/b %c?");
}
