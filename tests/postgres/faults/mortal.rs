//! A server that can be stopped at once, as a power cut does it, and started again.

use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use efface::server::throwaway::Server;

use crate::harness::{Db, binaries};

pub struct Mortal {
    server: Server,
    program: PathBuf,
    again: Option<Child>,
}

impl Mortal {
    pub fn start(conf: &str) -> Self {
        let server = Server::start_with(binaries(), conf).expect("a server");
        let pid = server.pid().expect("a process");
        let program = std::fs::read_link(format!("/proc/{pid}/exe")).expect("a program");
        Self { server, program, again: None }
    }

    pub fn folder(&self) -> &Path {
        self.server.folder()
    }

    /// An empty database in it.
    pub fn database(&self) -> Db {
        let name = "mortal";
        Db::open(&self.server.url("postgres")).sql(&format!("create database {name} template template0"));
        Db::open(&self.server.url(name))
    }

    pub fn open(&self) -> Db {
        Db::open(&self.server.url("mortal"))
    }

    /// Nothing is written to disk, nobody is told.
    pub fn stop_at_once(&mut self) {
        let pid = self.server.pid().expect("a process");
        let sent = Command::new("kill").args(["-QUIT", &pid.to_string()]).status().expect("kill runs");
        assert!(sent.success());
        match &mut self.again {
            Some(child) => drop(child.wait()),
            // A child of the watchdog's, whose end shows by the file.
            None => until("stopped", || self.server.pid().is_none()),
        }
        self.again = None;
    }

    /// Recovers what was on disk.
    pub fn start_again(&mut self) {
        let data = self.server.data();
        let owner = std::fs::metadata(&data).expect("a folder");
        let mut command = Command::new(&self.program);
        command.arg("-D").arg(&data).current_dir(self.folder()).process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // Where the tests run as root, the server doesn't.
        let ours = std::fs::metadata("/proc/self").expect("ourselves").uid();
        if owner.uid() != ours {
            command.uid(owner.uid()).gid(owner.gid());
        }
        self.again = Some(command.spawn().expect("the server starts"));
        let pidfile = data.join("postmaster.pid");
        let ready = || {
            let text = std::fs::read_to_string(&pidfile).unwrap_or_default();
            text.lines().nth(7).is_some_and(|state| state.trim() == "ready")
        };
        until("ready", ready);
    }
}

impl Drop for Mortal {
    fn drop(&mut self) {
        if self.again.is_some() {
            self.stop_at_once();
        }
    }
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(30), "the server is not {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
