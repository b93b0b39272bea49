//! Where does a PostgreSQL to play with come from?
//!
//! For the demo and for tests: the machine's own binaries or freshly installed ones ([`find_or_install`]), and a server
//! of them in a temporary folder ([`Server`]) that is reached by its socket only and leaves nothing behind, however the
//! process ends. It trusts everyone who can reach its folder and syncs nothing to disk: nothing real belongs there.

mod account;
mod binaries;
mod folder;
mod install;

use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use self::account::Account;
pub use self::binaries::{Binaries, find_or_install};

/// A throw-away server that can't be had.
#[derive(Debug, thiserror::Error)]
pub enum ThrowawayError {
    /// No binaries, and no way to install them; the text says what to do.
    #[error("{0}")]
    NotFound(String),
    /// A program failed; its last words are with it.
    #[error("{program} failed: {words}")]
    Program {
        /// Its name.
        program: &'static str,
        /// The end of what it printed.
        words: String,
    },
    /// A file or folder can't be made or read.
    #[error("{what}: {error}")]
    Io {
        /// What was tried.
        what: String,
        /// Why not.
        error: io::Error,
    },
}

fn tried(what: impl Into<String>) -> impl FnOnce(io::Error) -> ThrowawayError {
    let what = what.into();
    move |error| ThrowawayError::Io { what, error }
}

/// A running server. Dropped, it stops and its folder goes; so it does when the process dies in any other way.
pub struct Server {
    folder: PathBuf,
    port: u16,
    watchdog: Child,
    /// Closed with us by the operating system, which is how the watchdog knows.
    lifeline: Option<ChildStdin>,
    kept: bool,
}

/// Starts the server and waits for its owner: a line that says `keep` leaves the server running, an end without it stops
/// the server and removes the folder. The signals that a terminal sends to everyone (Ctrl-C) are the owner's business.
///
/// The shell's parameters are the server's program, its folder, and the word to keep it.
const WATCHDOG: &str = r#"
trap '' HUP INT TERM
"$1" -D "$2/data" >"$2/log" 2>&1 </dev/null &
server=$!
read -r word
if [ "$word" = keep ]; then exit 0; fi
kill -QUIT "$server" 2>/dev/null
wait "$server"
rm -rf "$2"
"#;

impl Server {
    /// Makes a cluster in a temporary folder and starts it.
    ///
    /// # Errors
    /// A folder that can't be made, `initdb` or the server failing; nothing is left then either.
    pub fn start(binaries: &Binaries) -> Result<Self, ThrowawayError> {
        Self::start_with(binaries, "")
    }

    /// The same, with lines for `postgresql.conf` (`listen_addresses`, `port`), which go before ours.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn start_with(binaries: &Binaries, conf: &str) -> Result<Self, ThrowawayError> {
        let account = Account::for_a_server()?;
        let folder = folder::make(&account)?;
        let port = conf.lines().find_map(|line| line.split_once("port =")?.1.trim().parse().ok()).unwrap_or(5432);
        let binaries = binaries.usable_by(&account, folder.path())?;
        initdb(&binaries, &account, folder.path())?;
        let data = folder.path().join("data");
        let settings = format!(
            "listen_addresses = ''\nunix_socket_directories = '{}'\nfsync = off\nsynchronous_commit = off\n\
             full_page_writes = off\nshared_buffers = 32MB\nmax_connections = 100\n{conf}\n",
            folder.path().display()
        );
        append(&data.join("postgresql.conf"), &settings)?;

        let mut watchdog = account
            .command("/bin/sh")
            .args(["-c", WATCHDOG, "efface-watchdog"])
            .arg(binaries.program("postgres"))
            .arg(folder.path())
            .current_dir(folder.path())
            // A group of its own: the terminal's Ctrl-C is for us.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(tried("starting /bin/sh"))?;
        let lifeline = watchdog.stdin.take();
        // From here on the watchdog removes the folder.
        let server = Self { folder: folder.keep(), port, watchdog, lifeline, kept: false };
        server.wait_until_ready()?;
        Ok(server)
    }

    fn wait_until_ready(&self) -> Result<(), ThrowawayError> {
        let deadline = Instant::now() + Duration::from_secs(60);
        // The eighth line is the server's state (PostgreSQL's `utils/pidfile.h`).
        let state = |pidfile: String| pidfile.lines().nth(7).map(|line| line.trim().to_owned());
        let pidfile = self.data().join("postmaster.pid");
        let mut started = false;
        while Instant::now() < deadline {
            let text = std::fs::read_to_string(&pidfile).ok();
            match text.clone().and_then(state).as_deref() {
                Some("ready") => return Ok(()),
                // A server that gives up takes the file away.
                None if started && text.is_none() => break,
                _ => started |= text.is_some(),
            }
            // One that fails at its first look at the settings never writes the file; it writes its log.
            if !started && self.log().contains("FATAL:") {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Err(ThrowawayError::Program { program: "postgres", words: last_words(&self.log()) })
    }

    /// A connection string for a database of the server, as `postgres`; psql takes it too.
    pub fn url(&self, dbname: &str) -> String {
        let escaped = |text: &str| {
            text.bytes().fold(String::new(), |mut url, byte| {
                if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/') {
                    url.push(byte.into());
                } else {
                    url.push_str(&format!("%{byte:02X}"));
                }
                url
            })
        };
        let port = if self.port == 5432 { String::new() } else { format!("&port={}", self.port) };
        let folder = escaped(&self.folder.display().to_string());
        format!("postgresql:///{}?host={folder}&user=postgres{port}", escaped(dbname).replace('/', "%2F"))
    }

    /// The folder of its socket, its log and its data; it goes with the server.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder of its data.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// The server's process.
    pub fn pid(&self) -> Option<u32> {
        std::fs::read_to_string(self.data().join("postmaster.pid")).ok()?.lines().next()?.trim().parse().ok()
    }

    /// Leaves it running when this process ends, and says how to stop it and remove what it leaves: a shell command.
    ///
    /// # Errors
    /// The watchdog is gone, and the server with it.
    pub fn keep(mut self) -> Result<String, ThrowawayError> {
        let pid = self.pid();
        let told = self.lifeline.take().map(|mut lifeline| lifeline.write_all(b"keep\n"));
        match (told, pid) {
            (Some(Ok(())), Some(pid)) => {
                self.kept = true;
                let _ = self.watchdog.wait();
                Ok(format!("kill -INT {pid}; sleep 1; rm -rf '{}'", self.folder.display()))
            }
            (Some(Err(error)), _) => Err(tried("keeping the server")(error)),
            _ => Err(ThrowawayError::Program { program: "postgres", words: "it is no longer running".into() }),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The end of the lifeline is the watchdog's sign.
        self.lifeline = None;
        if !self.kept {
            let _ = self.watchdog.wait();
        }
    }
}

fn initdb(binaries: &Binaries, account: &Account, folder: &Path) -> Result<(), ThrowawayError> {
    // C.UTF-8 sorts by code point and still knows letters; where the system lacks it, C does.
    let mut words = String::new();
    for locale in ["C.UTF-8", "C"] {
        let data = folder.join("data");
        let output = account
            .command(binaries.program("initdb"))
            .arg("-D")
            .arg(&data)
            .args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"])
            .arg(format!("--locale={locale}"))
            .current_dir(folder)
            .stdin(Stdio::null())
            .output()
            .map_err(tried("starting initdb"))?;
        if output.status.success() {
            return Ok(());
        }
        words = last_words(&String::from_utf8_lossy(&output.stderr));
        if data.exists() {
            std::fs::remove_dir_all(&data).map_err(tried("removing a cluster that was not finished"))?;
        }
    }
    Err(ThrowawayError::Program { program: "initdb", words })
}

fn append(file: &Path, text: &str) -> Result<(), ThrowawayError> {
    let open = std::fs::OpenOptions::new().append(true).open(file);
    open.and_then(|mut file| file.write_all(text.as_bytes())).map_err(tried(format!("writing {}", file.display())))
}

/// The end of what a program printed, for a message.
fn last_words(output: &str) -> String {
    let lines: Vec<&str> = output.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(5)..].join("; ")
}

/// Tells the user what is done, since it takes time or changes the machine. Nobody reading is no reason to stop.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Runs a program to its end with its output on stderr, where progress belongs.
fn run(program: &'static str, command: &mut Command) -> Result<(), ThrowawayError> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(tried(format!("starting {program}")))?;
    let mut output = Vec::new();
    if let Some(stdout) = &mut child.stdout {
        stdout.read_to_end(&mut output).map_err(tried(format!("reading from {program}")))?;
    }
    let status = child.wait().map_err(tried(format!("waiting for {program}")))?;
    if status.success() {
        return Ok(());
    }
    Err(ThrowawayError::Program {
        program,
        words: format!("{status}; {}", last_words(&String::from_utf8_lossy(&output))),
    })
}
