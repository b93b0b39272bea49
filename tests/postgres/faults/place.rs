//! A small club whose policy makes a script with every kind of statement, and what must be true of it after any fault.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::proxy::Proxy;
use crate::harness::{Db, server};

const SCHEMA: &str = "
    create table addresses (id bigint primary key, street text);
    create table users (
        id bigint primary key, role text not null, name text, email text, address_id bigint references addresses
    );
    create table audits (
        id bigint generated always as identity primary key, user_id bigint not null references users, old jsonb
    );
    create table bookings (
        id bigint primary key, user_id bigint not null references users, status text, note text, sent_to text
    );
    create table visits (id bigint primary key, booking_id bigint not null references bookings, note text);
    create table comments (
        id bigint primary key, author_id bigint references users, parent_id bigint references comments, body text
    );
    create table carts (id bigint primary key, user_id bigint not null references users);
    create table items (id bigint primary key, cart_id bigint not null references carts, what text);
    alter table carts add last_item_id bigint references items;
    create table logs (id bigint primary key, of_id bigint, of_kind text, body text);
    create table bills (id bigint primary key, user_id bigint not null references users, paid boolean, amount integer);
    create index on users (address_id);
    create index on audits (user_id);
    create index on bookings (user_id);
    create index on visits (booking_id);
    create index on comments (author_id);
    create index on comments (parent_id);
    create index on carts (user_id);
    create index on carts (last_item_id);
    create index on items (cart_id);
    create index on logs (of_id);
    create index on bills (user_id);
    create function audit() returns trigger language plpgsql as $$ begin
        insert into audits (user_id, old) values (old.id, to_jsonb(old));
        return null;
    end $$;
    create trigger audit after update on users for each row execute function audit();
";

const DATA: &str = "
    truncate efface.erased, efface.ledger;
    truncate addresses, users, audits, bookings, visits, comments, carts, items, logs, bills restart identity;
    insert into addresses values (1, 'Zoroaster street'), (2, 'shared street');
    insert into users values (1, 'client', 'Zoroaster', 'Zoroaster@example.org', 1), (2, 'client', 'Tom', 'tom@example.org', 2),
        (3, 'client', 'Ina', 'ina@example.org', 2);
    insert into audits (user_id, old) values (1, '{\"name\": \"Zoroaster before\"}'), (2, '{\"name\": \"Thomas\"}');
    insert into bookings values (1, 1, 'booked', 'Zoroaster knee', 'Zoroaster@example.org'), (2, 1, 'attended', 'Zoroaster', null),
        (3, 1, null, 'Zoroaster', null), (4, 2, 'booked', 'fine', 'tom@example.org');
    insert into visits values (1, 1, 'Zoroaster'), (2, 2, 'Zoroaster'), (3, 4, 'fine');
    insert into comments values (1, 1, null, 'Zoroaster'), (2, 2, 1, 'about Zoroaster'), (3, 2, null, 'fine'), (4, 3, 2, 'Zoroaster');
    insert into carts values (1, 1, null), (2, 2, null);
    insert into items values (1, 1, 'Zoroaster'), (2, 1, 'Zoroaster'), (3, 2, 'fine');
    update carts set last_item_id = case id when 1 then 2 else 3 end;
    insert into logs values (1, 1, 'User', 'Zoroaster'), (2, 1, 'Club', 'fine');
    insert into bills values (1, 1, true, 10), (2, 2, false, 20);
";

pub const POLICY: &str = r#"version: 1
name: every-kind
subject: { table: users, where: role = 'client' }
virtual_foreign_keys:
  - { table: logs, columns: of_id, references: users, where: of_kind = 'User', lock: table }
guards:
  - { name: unpaid bills, table: bills, via: user_id, where: not paid, message: settle these first }
tables:
  users:
    columns: { id: keep, role: keep, name: { replace: "[deleted]" }, email: { replace: gone@example.org }, address_id: null }
  addresses: { referenced_by: users.address_id, if_shared: keep, rows: delete }
  audits: delete
  bookings:
    - where: status = 'booked'
      columns: { id: keep, user_id: keep, status: { replace: cancelled }, note: null, sent_to: { pseudonymize: email } }
    - columns: { id: keep, user_id: keep, status: keep, note: null, sent_to: { pseudonymize: email } }
  visits: { via: booking_id -> bookings.user_id, rows: delete }
  comments: cascade
  carts:
    - { via: user_id, rows: delete }
    - via: last_item_id -> items.cart_id -> carts.user_id
      columns: { id: keep, user_id: keep, last_item_id: null }
  items: { via: cart_id -> carts.user_id, rows: delete }
  logs: delete
  bills: { keep: "seven years: tax law" }
verify:
  unchanged:
    - { name: revenue, query: select sum(amount) from bills }
    - { name: attended, query: select count(*) from bookings where status = 'attended' }
  gone: [users.name, users.email]
limits: { lock_timeout: 200ms, statement_timeout: 5s }
"#;

const TABLES: [&str; 10] =
    ["addresses", "users", "audits", "bookings", "visits", "comments", "carts", "items", "logs", "bills"];

/// How a run ended.
#[derive(Debug)]
pub struct Ran {
    /// None where it was killed.
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// Every row of every table.
pub type Rows = Vec<Vec<String>>;

/// The club, how it was, and how it must be once its client is erased.
pub struct Place {
    pub db: Db,
    folder: tempfile::TempDir,
    pub before: Rows,
    pub after: Rows,
}

impl Place {
    pub fn new() -> Self {
        Self::with(POLICY)
    }

    /// The policy with other limits.
    pub fn limited(limits: &str) -> Self {
        let policy = POLICY.replace("{ lock_timeout: 200ms, statement_timeout: 5s }", limits);
        assert_ne!(policy, POLICY);
        Self::with(&policy)
    }

    /// Another policy for the same club, with the same effect.
    pub fn with(policy: &str) -> Self {
        Self::on(Db::with(SCHEMA), policy)
    }

    /// Another policy for runs to come.
    pub fn write_policy(&self, policy: &str) {
        std::fs::write(self.folder.path().join("club.yaml"), policy).expect("the policy is written");
    }

    /// A run with more words on its command line.
    pub fn start_with(&self, words: &str) -> Child {
        self.command(self.db.url(), &format!("{APPLY} {words}")).spawn().expect("the tool starts")
    }

    /// Waits until so many sessions wait for a lock.
    pub fn until_waiting(&self, sessions: usize) {
        let waiting =
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        let begun = Instant::now();
        while self.db.value(waiting) != sessions.to_string() {
            assert!(begun.elapsed() < Duration::from_secs(20), "{sessions} sessions don't wait");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The club in an empty database.
    pub fn in_database(db: Db) -> Self {
        db.sql(efface::sql::LEDGER_DDL);
        db.sql(SCHEMA);
        Self::on(db, POLICY)
    }

    fn on(db: Db, policy: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("club.yaml"), policy).expect("the policy is written");
        let mut place = Self { db, folder, before: Vec::new(), after: Vec::new() };
        place.reset();
        place.before = place.rows();
        let ran = place.apply();
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        place.after = place.rows();
        let text = format!("{:?}", place.after);
        assert!(!text.contains("Zoroaster") && text.contains("fine") && text.contains("shared street"), "{text}");
        place.reset();
        place
    }

    /// Everything as it was. Fails where somebody still holds a lock.
    pub fn reset(&self) {
        self.db.sql("set lock_timeout = '10s'");
        self.db.sql(DATA);
    }

    /// How many runs are entered in the ledger.
    pub fn entries(&self) -> usize {
        self.db.value("select count(*) from efface.ledger").parse().expect("a number")
    }

    pub fn rows(&self) -> Rows {
        TABLES.map(|table| self.db.dump_table(table).into_iter().map(|row| masked(&row)).collect()).to_vec()
    }

    /// The tool's command line, for a server that is reached by this.
    pub fn command(&self, url: &str, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_efface"));
        command.args(line.split_whitespace()).current_dir(self.folder.path());
        command.env("DATABASE_URL", url).env("EFFACE_SECRET", "correct horse battery staple");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn start_at(&self, url: &str) -> Child {
        self.command(url, APPLY).spawn().expect("the tool starts")
    }

    /// Starts a run through a proxy.
    pub fn start(&self, proxy: &Proxy) -> Child {
        self.start_at(&proxy.url(&self.db))
    }

    /// A run from its beginning to its end.
    pub fn apply(&self) -> Ran {
        ended(self.start_at(self.db.url()))
    }

    /// The socket's folder of the server of all tests.
    pub fn socket(&self) -> &'static Path {
        server().folder()
    }

    /// Nothing of a run is left on the server: no session, no lock, no temporary table, no prepared transaction.
    pub fn is_clean(&self, context: &str) {
        const LEFT: [(&str, &str); 4] = [
            (
                "sessions",
                "select count(*) from pg_stat_activity where datname = current_database() and application_name like 'efface%'
                     and application_name <> 'efface tests'",
            ),
            (
                "locks",
                "select count(*) from pg_locks where database = (select oid from pg_database where datname = current_database())
                     and pid is distinct from pg_backend_pid()
                     and pid not in (select pid from pg_stat_activity where backend_type <> 'client backend'
                                     or application_name = 'efface tests')",
            ),
            ("temporary tables", "select count(*) from pg_class where relpersistence = 't' and relkind in ('r', 'v')"),
            ("prepared transactions", "select count(*) from pg_prepared_xacts where database = current_database()"),
        ];
        for (what, query) in LEFT {
            let begun = Instant::now();
            while self.db.value(query) != "0" {
                assert!(begun.elapsed() < Duration::from_secs(20), "{context}: {what} are left");
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }
}

/// What every test of this folder runs; all that is logged is searched, too.
const APPLY: &str = "apply club.yaml --subject 1 --yes --no-analyze -vvv";

/// A pseudonym of a pseudonym is as good as the first one.
fn masked(row: &str) -> String {
    match row.split_once("@deleted.invalid") {
        Some((head, tail)) => {
            let digest = head.len() - head.chars().rev().take_while(char::is_ascii_hexdigit).count();
            format!("{}<pseudonym>@deleted.invalid{tail}", &head[..digest])
        }
        None => row.to_owned(),
    }
}

/// How many outputs were searched for values that must not be there.
pub static SEARCHED: AtomicUsize = AtomicUsize::new(0);

/// Waits for a run, but not for ever, and searches what it printed: no value of anybody's is there.
pub fn ended(mut child: Child) -> Ran {
    let out = drained(child.stdout.take().expect("a pipe"));
    let err = drained(child.stderr.take().expect("a pipe"));
    let begun = Instant::now();
    let code = loop {
        if let Some(status) = child.try_wait().expect("a child") {
            break status.code();
        }
        if begun.elapsed() > Duration::from_secs(90) {
            let _ = child.kill();
            panic!("the run doesn't end: {}", err.join().expect("what was printed"));
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let [out, err] = [out, err].map(|printed| printed.join().expect("what was printed"));
    for printed in [&out, &err] {
        assert!(!printed.contains("Zoroaster"), "a value is printed: {printed}");
        SEARCHED.fetch_add(1, Ordering::Relaxed);
    }
    Ran { code, out, err }
}

/// Reads to the end beside the run: what nobody reads makes it wait.
fn drained(mut from: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = String::new();
        from.read_to_string(&mut text).expect("UTF-8");
        text
    })
}

/// Ctrl-C.
pub fn interrupt(child: &Child) {
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success());
}
