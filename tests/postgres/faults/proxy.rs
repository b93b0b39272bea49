//! A socket between client and server that counts what the client asks, and holds one request or one answer.
//!
//! Requests are counted from the script's BEGIN on, whatever the protocol makes of them: a simple query is one, and so is
//! everything up to a Sync. What comes before BEGIN, and the client's other sessions, pass unseen.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::harness::Db;

/// Where a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    /// The request, counted from 1, which is BEGIN.
    pub request: usize,
    pub side: Side,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// The client has asked, and the server has heard nothing of it.
    Before,
    /// The server has answered, and the client has heard nothing of it.
    Behind,
}

/// What becomes of what is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    PassOn,
    Cut,
}

#[derive(Default)]
struct Traffic {
    /// What the script's session has asked since BEGIN: the beginning of each request's SQL.
    requests: Vec<String>,
    /// The server's process for the script's session.
    backend: Option<i32>,
    /// Whether the point was reached.
    held: bool,
    verdict: Option<Verdict>,
    /// How many cancel requests have passed.
    cancels: usize,
    /// Whether nobody gets through any more.
    closed: bool,
}

struct Shared {
    point: Option<Point>,
    server: PathBuf,
    traffic: Mutex<Traffic>,
    changed: Condvar,
}

/// The socket, in a folder of its own.
pub struct Proxy {
    folder: tempfile::TempDir,
    shared: Arc<Shared>,
}

impl Proxy {
    /// Holds what is at a point of the first script that comes by; nothing without one.
    pub fn start(server: &Path, point: Option<Point>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).expect("a socket");
        let shared = Arc::new(Shared {
            point,
            server: server.join(".s.PGSQL.5432"),
            traffic: Mutex::default(),
            changed: Condvar::new(),
        });
        let ours = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if ours.lock().closed {
                    return;
                }
                let shared = Arc::clone(&ours);
                // A session that breaks is what this is for.
                std::thread::spawn(move || drop(session(&shared, client)));
            }
        });
        Self { folder, shared }
    }

    /// What connects to the database through here.
    pub fn url(&self, db: &Db) -> String {
        let name = db.value("select current_database()");
        format!("host={} dbname={name} user=postgres", self.folder.path().display())
    }

    /// Waits until the point is reached; false when it isn't while `alive`.
    pub fn until_held(&self, mut alive: impl FnMut() -> bool) -> bool {
        let begun = Instant::now();
        let mut traffic = self.shared.lock();
        while !traffic.held {
            assert!(begun.elapsed() < Duration::from_secs(60), "neither held nor ended");
            traffic = self.shared.wait(traffic, Duration::from_millis(2));
            if !traffic.held && !alive() {
                return false;
            }
        }
        true
    }

    /// Waits until the client has asked the server to cancel what it does.
    pub fn until_cancelled(&self) {
        let begun = Instant::now();
        let mut traffic = self.shared.lock();
        while traffic.cancels == 0 {
            assert!(begun.elapsed() < Duration::from_secs(20), "nothing is cancelled");
            traffic = self.shared.wait(traffic, Duration::from_millis(20));
        }
    }

    /// How many cancel requests have passed.
    pub fn cancels(&self) -> usize {
        self.shared.lock().cancels
    }

    /// Lets pass what is held.
    pub fn pass_on(&self) {
        self.judge(Verdict::PassOn);
    }

    /// Drops what is held, and the connection with it.
    pub fn cut(&self) {
        self.judge(Verdict::Cut);
    }

    /// Lets nobody through any more, as if the server's machine were gone; what is held stays held.
    pub fn close(&self) {
        self.shared.lock().closed = true;
        let _ = std::fs::remove_file(self.folder.path().join(".s.PGSQL.5432"));
    }

    /// What was asked from BEGIN on, by the beginning of its SQL.
    pub fn requests(&self) -> Vec<String> {
        self.shared.lock().requests.clone()
    }

    /// The server's process for the script's session.
    pub fn backend(&self) -> i32 {
        self.shared.lock().backend.expect("a script has begun")
    }

    fn judge(&self, verdict: Verdict) {
        self.shared.lock().verdict = Some(verdict);
        self.shared.changed.notify_all();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.close();
        self.judge(Verdict::Cut);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Traffic> {
        self.traffic.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn wait<'a>(&self, traffic: MutexGuard<'a, Traffic>, time: Duration) -> MutexGuard<'a, Traffic> {
        self.changed.wait_timeout(traffic, time).unwrap_or_else(|poisoned| poisoned.into_inner()).0
    }

    /// Holds whoever calls until it is known what becomes of what it holds.
    fn hold(&self) -> Verdict {
        let mut traffic = self.lock();
        traffic.held = true;
        self.changed.notify_all();
        loop {
            if let Some(verdict) = traffic.verdict {
                return verdict;
            }
            traffic = self.wait(traffic, Duration::from_secs(1));
        }
    }
}

/// Where in a session's traffic the script is, known to both directions.
#[derive(Default)]
struct Session {
    backend: i32,
    /// Requests begun in the session, and the one of them that is BEGIN.
    asked: usize,
    begin: Option<usize>,
    /// Whether COMMIT is behind: what is asked then is no part of the script.
    committed: bool,
}

fn session(shared: &Arc<Shared>, mut client: UnixStream) -> io::Result<()> {
    let mut server = UnixStream::connect(&shared.server)?;
    let startup = packet(&mut client, None)?;
    server.write_all(&startup)?;
    const CANCEL: [u8; 4] = 80_877_102_i32.to_be_bytes();
    if startup.get(4..8) == Some(&CANCEL) {
        // Its end is the server's sign that it was heard.
        let _ = io::copy(&mut server, &mut client);
        shared.lock().cancels += 1;
        shared.changed.notify_all();
        return Ok(());
    }
    let place = Arc::new(Mutex::new(Session::default()));
    let back = {
        let (shared, place) = (Arc::clone(shared), Arc::clone(&place));
        let (mut server, mut client) = (server.try_clone()?, client.try_clone()?);
        std::thread::spawn(move || {
            let _ = answers(&shared, &place, &mut server, &mut client);
            let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
        })
    };
    let _ = requests(shared, &place, &mut client, &mut server);
    let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
    let _ = back.join();
    Ok(())
}

fn requests(
    shared: &Shared,
    place: &Mutex<Session>,
    client: &mut UnixStream,
    server: &mut UnixStream,
) -> io::Result<()> {
    let mut begins = true;
    loop {
        let kind = byte(client)?;
        let message = packet(client, Some(kind))?;
        // Data of a COPY belong to the request that began it, though a Sync was sent already, which the server ignores.
        begins &= !matches!(kind, b'd' | b'c' | b'f');
        let mut hold = false;
        if begins && kind != b'X' {
            let mut session = place.lock().expect("a session");
            session.asked += 1;
            let sql = text(&message, kind);
            if session.begin.is_none() && sql.starts_with("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE") {
                let mut traffic = shared.lock();
                // A transaction that is begun again is none of ours, nor is another client's.
                if traffic.requests.is_empty() {
                    session.begin = Some(session.asked);
                    traffic.backend = Some(session.backend);
                }
            }
            if let Some(begin) = session.begin.filter(|_| !session.committed) {
                session.committed = sql == "COMMIT";
                let number = session.asked - begin + 1;
                shared.lock().requests.push(sql);
                hold = shared.point == Some(Point { request: number, side: Side::Before });
            }
        }
        if hold && shared.hold() == Verdict::Cut {
            return Ok(());
        }
        begins = matches!(kind, b'Q' | b'S');
        server.write_all(&message)?;
    }
}

fn answers(
    shared: &Shared,
    place: &Mutex<Session>,
    server: &mut UnixStream,
    client: &mut UnixStream,
) -> io::Result<()> {
    // The first answer is to the startup.
    let mut answered = 0_usize;
    let mut started = false;
    let mut kept = Vec::new();
    loop {
        let kind = byte(server)?;
        let message = packet(server, Some(kind))?;
        if kind == b'K' {
            place.lock().expect("a session").backend = i32::from_be_bytes(message[5..9].try_into().expect("a process"));
        }
        let begin = place.lock().expect("a session").begin;
        let number = begin.and_then(|begin| (answered + 2).checked_sub(begin)).filter(|number| *number > 0);
        let held = number.is_some_and(|request| shared.point == Some(Point { request, side: Side::Behind }));
        if kind == b'Z' {
            answered += usize::from(started);
            started = true;
        }
        if !held {
            client.write_all(&message)?;
            continue;
        }
        kept.extend(message);
        // Without this the client sends no data, and there is no end to its request.
        if kind == b'G' {
            client.write_all(&std::mem::take(&mut kept))?;
        }
        if kind == b'Z' {
            if shared.hold() == Verdict::Cut {
                return Ok(());
            }
            client.write_all(&kept)?;
            kept.clear();
        }
    }
}

fn byte(from: &mut UnixStream) -> io::Result<u8> {
    let mut kind = [0];
    from.read_exact(&mut kind)?;
    Ok(kind[0])
}

/// A message as it is on the wire, its kind in front where it has one.
fn packet(from: &mut UnixStream, kind: Option<u8>) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let rest = usize::try_from(u32::from_be_bytes(length)).expect("a length").saturating_sub(4);
    let mut message: Vec<u8> = kind.into_iter().chain(length).collect();
    let head = message.len();
    message.resize(head + rest, 0);
    from.read_exact(&mut message[head..])?;
    Ok(message)
}

/// The SQL of a message that has some.
fn text(message: &[u8], kind: u8) -> String {
    let body = &message[5..];
    let sql = match kind {
        b'Q' => body.split(|byte| *byte == 0).next(),
        // The name of the prepared statement comes first.
        b'P' => body.split(|byte| *byte == 0).nth(1),
        _ => None,
    };
    String::from_utf8_lossy(sql.unwrap_or_default()).chars().take(60).collect::<String>().replace('\n', " ")
}
