//! A server for the run, a database for the test.

use std::future::Future;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use efface::catalog::Catalog;
use efface::server::throwaway::{Binaries, Server, find_or_install};
use efface::server::{Connection, ServerError, Settings, connect, introspect};
use tokio_postgres::SimpleQueryMessage;

/// The binaries that the run uses.
pub fn binaries() -> &'static Binaries {
    static BINARIES: OnceLock<Binaries> = OnceLock::new();
    BINARIES.get_or_init(|| find_or_install().unwrap_or_else(|error| panic!("no PostgreSQL for the tests: {error}")))
}

/// The run's server. Its watchdog stops it when the run ends.
pub fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(binaries()).unwrap_or_else(|error| panic!("no server for the tests: {error}")))
}

/// A runtime as the command-line tool has one: everything on this thread.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a tokio runtime")
}

/// Settings from a connection string alone, whatever the environment says.
pub fn settings(url: &str) -> Settings {
    Settings::resolve(Some(url), &|_| None).unwrap_or_else(|error| panic!("{url}: {error}"))
}

/// A fresh database with a session of `postgres` in it.
pub struct Db {
    runtime: tokio::runtime::Runtime,
    connection: Connection,
    url: String,
}

impl Db {
    /// A database with nothing in it but a ledger, so that every run of the tool enters itself.
    pub fn new() -> Self {
        static TEMPLATE: OnceLock<()> = OnceLock::new();
        TEMPLATE.get_or_init(|| {
            Self::open(&server().url("postgres")).sql("create database with_ledger template template0");
            let template = Self::open(&server().url("with_ledger"));
            template.sql(efface::sql::LEDGER_DDL);
            let Self { runtime, connection, .. } = template;
            // Nobody may be connected to what is copied.
            runtime.block_on(connection.close());
            let gone = "select count(*) from pg_stat_activity where datname = 'with_ledger'";
            let admin = Self::open(&server().url("postgres"));
            while admin.value(gone) != "0" {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        });
        Self::copy_of("with_ledger")
    }

    /// A database with nothing in it at all.
    pub fn bare() -> Self {
        Self::copy_of("template0")
    }

    fn copy_of(template: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        Self::open(&server().url("postgres")).sql(&format!("create database {name} template {template}"));
        let db = Self::open(&server().url(&name));
        // As newer versions have it; roles that other tests make could create objects there.
        if db.connection.server_version.major < 15 {
            db.sql("revoke create on schema public from public");
        }
        db
    }

    /// A database that holds what the SQL makes.
    pub fn with(sql: &str) -> Self {
        let db = Self::new();
        db.sql(sql);
        db
    }

    /// One more session, in any database.
    pub fn open(url: &str) -> Self {
        let runtime = runtime();
        let connection = runtime
            .block_on(connect(&settings(url), "efface tests"))
            .unwrap_or_else(|error| panic!("no connection to {url}: {error}"));
        Self { runtime, connection, url: url.to_owned() }
    }

    /// One more session in this database.
    pub fn again(&self) -> Self {
        Self::open(self.url())
    }

    /// What connects to it, psql too.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs statements. Panics where one fails (see [`Db::refused`]).
    pub fn sql(&self, sql: &str) {
        self.messages(sql)
            .unwrap_or_else(|error| panic!("failed (see `refused`): {:?}\n{}", error.with_detail(true), start(sql)));
    }

    /// Runs statements that may fail.
    pub fn try_sql(&self, sql: &str) -> Result<(), ServerError> {
        self.messages(sql).map(drop)
    }

    /// Runs statements of which one must fail, and gives the error. Panics where none does (see [`Db::sql`]).
    pub fn refused(&self, sql: &str) -> ServerError {
        match self.messages(sql) {
            Ok(_) => panic!("succeeded (see `sql`):\n{sql}"),
            Err(error) => error,
        }
    }

    /// The rows of a query, values as text.
    pub fn rows(&self, query: &str) -> Vec<Vec<Option<String>>> {
        let messages =
            self.messages(query).unwrap_or_else(|error| panic!("failed: {:?}\n{query}", error.with_detail(true)));
        let row = |message| match message {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|index| row.try_get(index).expect("a column").map(str::to_owned)).collect())
            }
            _ => None,
        };
        messages.into_iter().filter_map(row).collect()
    }

    /// The single value of a query; NULL is an empty text.
    pub fn value(&self, query: &str) -> String {
        let rows = self.rows(query);
        assert_eq!((rows.len(), rows.first().map(Vec::len)), (1, Some(1)), "one value expected:\n{query}");
        rows[0][0].clone().unwrap_or_default()
    }

    /// Every row of a table as text, sorted. The name stands as in SQL.
    pub fn dump_table(&self, table: &str) -> Vec<String> {
        let rows = self.rows(&format!("select t::text from {table} as t"));
        let mut rows: Vec<String> = rows.into_iter().map(|mut row| row.remove(0).unwrap_or_default()).collect();
        rows.sort();
        rows
    }

    /// The catalog, as efface reads it.
    pub fn catalog(&self) -> Catalog {
        let catalog = self.block_on(introspect::introspect_alone(&self.connection.client));
        catalog.unwrap_or_else(|error| panic!("introspection failed: {:?}", error.with_detail(true)))
    }

    /// The session, for what has no helper.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Runs a future on the session's thread.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    fn messages(&self, sql: &str) -> Result<Vec<SimpleQueryMessage>, ServerError> {
        Ok(self.block_on(self.connection.client.simple_query(sql))?)
    }
}

/// The beginning of a statement, for a message.
fn start(sql: &str) -> String {
    sql.chars().take(500).collect()
}
