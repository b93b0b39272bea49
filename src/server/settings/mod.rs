//! Which server or servers, which database, as whom?
//!
//! The answer that psql would give (PostgreSQL manual, "Connection Strings" and "Environment Variables"): a URL or
//! keywords on the command line, else `DATABASE_URL`; what they leave open comes from a service file, the PG* variables,
//! `.pgpass` and the usual defaults. Nothing is contacted here. What we don't know is refused, because a setting that is
//! silently dropped (`sslmode`!) is worse than none.

mod files;
mod parse;
mod socket;
mod tls;

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use self::files::Machine;
use self::parse::{Keyword, Values};
pub use self::socket::SocketSettings;
pub use self::tls::{ChannelBinding, ClientCert, RootCert, SslMode};

/// Everything that is needed to connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where the server listens.
    pub host: Host,
    /// The address to use instead of looking the host's name up; the name is still what certificates are held against.
    pub hostaddr: Option<IpAddr>,
    /// The port, also of a socket: it is part of the file's name.
    pub port: u16,
    /// The role.
    pub user: String,
    /// The database.
    pub dbname: String,
    /// The password, where one was found.
    pub password: Option<Password>,
    /// How much TLS is asked for.
    pub sslmode: SslMode,
    /// Whom to trust for the server's certificate.
    pub root_cert: RootCert,
    /// What shows the server who we are, where it asks for a certificate.
    pub client_cert: Option<ClientCert>,
    /// Whether the password exchange must be bound to the TLS channel.
    pub channel_binding: ChannelBinding,
    /// What the session must be able to do, where several servers are listed or one may be a standby.
    pub session: SessionAttrs,
    /// How a silent connection is noticed.
    pub socket: SocketSettings,
    /// How long connecting may take; none waits for ever.
    pub connect_timeout: Option<Duration>,
    /// Command-line options for the server's process (`-c statement_timeout=5s`).
    pub options: Option<String>,
    /// An application name that the user asked for, which goes before ours.
    pub application_name: Option<String>,
    /// What the user should hear: a `.pgpass` that others can read.
    pub warnings: Vec<String>,
}

/// What a session must be able to do, in libpq's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SessionAttrs {
    /// Whatever answers first.
    #[default]
    Any,
    /// Writing: neither on a standby, nor where `default_transaction_read_only` is on.
    ReadWrite,
    /// The contrary.
    ReadOnly,
    /// On no standby.
    Primary,
    /// On a standby.
    Standby,
    /// On a standby if there is one, else anywhere.
    PreferStandby,
}

const SESSION_ATTRS: [(&str, SessionAttrs); 6] = [
    ("any", SessionAttrs::Any),
    ("read-write", SessionAttrs::ReadWrite),
    ("read-only", SessionAttrs::ReadOnly),
    ("primary", SessionAttrs::Primary),
    ("standby", SessionAttrs::Standby),
    ("prefer-standby", SessionAttrs::PreferStandby),
];

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// The folder of its Unix socket.
    Socket(PathBuf),
    /// A name or an address.
    Tcp(String),
}

/// A password: it is nowhere printed, not even for debugging.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// Settings that can't be used. No variant holds a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A keyword that neither we nor libpq know.
    #[error("unknown connection setting `{}` in {source_name}{}", crate::ident::shown(.keyword), nearest(.near))]
    Unknown {
        /// As written.
        keyword: String,
        /// Where it was written.
        source_name: String,
        /// One that looks like it.
        near: Option<String>,
    },
    /// A keyword of libpq's that we don't act on.
    #[error("efface does not support the connection setting `{keyword}` (in {source_name})")]
    Unsupported {
        /// As libpq spells it.
        keyword: String,
        /// Where it was written.
        source_name: String,
    },
    /// A value that its keyword doesn't take.
    #[error("`{keyword}` in {source_name} is {problem}")]
    Value {
        /// Whose value.
        keyword: &'static str,
        /// Where it was written.
        source_name: String,
        /// What it is, and what it should be.
        problem: String,
    },
    /// A string that is neither a URL nor keywords.
    #[error("{source_name} is not a connection string: {problem}")]
    Syntax {
        /// Where it was written.
        source_name: String,
        /// What is wrong.
        problem: String,
    },
    /// A file that was named and can't be used.
    #[error("{0}")]
    File(String),
    /// Nobody says who connects.
    #[error("no role to connect as: the operating system does not name its user; set PGUSER")]
    NoUser,
}

fn nearest(near: &Option<String>) -> String {
    near.as_ref().map(|name| format!("; a setting named `{name}` exists")).unwrap_or_default()
}

impl Password {
    /// Takes a password.
    pub fn new(password: impl Into<String>) -> Self {
        Self(password.into())
    }

    /// For the driver, and nobody else.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(a password)")
    }
}

impl fmt::Display for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(a password)")
    }
}

impl Settings {
    /// Finds out where to connect: by `arg` (a URL, or keywords), else by `DATABASE_URL`; what is left open there, by a
    /// service file, the PG* variables and defaults.
    ///
    /// # Errors
    /// An unknown or unsupported setting, a value that its setting doesn't take, a file that was named and can't be read;
    /// several servers (see [`Settings::candidates`]).
    pub fn resolve(arg: Option<&str>, env: &dyn Fn(&str) -> Option<String>) -> Result<Settings, SettingsError> {
        only(Self::candidates(arg, env)?)
    }

    /// The same, where several servers may be listed: in the order in which they are to be tried, never none.
    ///
    /// # Errors
    /// As [`Settings::resolve`], but for several servers.
    pub fn candidates(arg: Option<&str>, env: &dyn Fn(&str) -> Option<String>) -> Result<Vec<Settings>, SettingsError> {
        Self::candidates_on(arg, &Machine::this(env))
    }

    fn candidates_on(arg: Option<&str>, machine: &Machine<'_>) -> Result<Vec<Settings>, SettingsError> {
        let env = |name: &str| (machine.env)(name).filter(|value| !value.is_empty());
        let mut values = match arg {
            Some(text) => Values::read(text, "the connection string")?,
            None => match env("DATABASE_URL") {
                Some(text) => Values::read(&text, "DATABASE_URL")?,
                None => Values::default(),
            },
        };
        if let Some(service) = values.take(Keyword::Service).or_else(|| env("PGSERVICE")) {
            values.fill(files::service(&service, machine)?);
        }
        values.fill(Values::from_env(&env)?);
        values.each_server()?.into_iter().map(|values| Self::settle(values, machine)).collect()
    }

    fn settle(mut values: Values, machine: &Machine<'_>) -> Result<Settings, SettingsError> {
        let mut warnings = Vec::new();
        let user = values.take(Keyword::User).or_else(|| (machine.user)()).ok_or(SettingsError::NoUser)?;
        let dbname = values.take(Keyword::Dbname).unwrap_or_else(|| user.clone());
        let hostaddr = values.parsed(Keyword::Hostaddr, "an IP address", |text| text.parse().ok())?;
        let host = match values.take(Keyword::Host) {
            Some(folder) if folder.starts_with('/') => Host::Socket(folder.into()),
            Some(name) => Host::Tcp(name),
            None => match hostaddr {
                Some(address) => Host::Tcp(IpAddr::to_string(&address)),
                None => default_host(machine),
            },
        };
        let port = values
            .parsed(Keyword::Port, "a port from 1 to 65535", |text| text.parse().ok().filter(|port: &u16| *port > 0))?;
        let port = port.unwrap_or(5432);
        let passfile = values.take(Keyword::Passfile);
        let password = match values.take(Keyword::Password) {
            Some(password) => Some(Password(password)),
            None => files::password(passfile, &host, port, &dbname, &user, machine, &mut warnings),
        };
        let (sslmode, root_cert) = tls::trust(&mut values, machine)?;
        let client_cert = tls::client_cert(&mut values, &host, sslmode, machine)?;
        let channel_binding = tls::channel_binding(&mut values)?;
        let session = values.one_of(Keyword::TargetSessionAttrs, &SESSION_ATTRS)?.unwrap_or_default();
        // As in libpq: zero, and whatever is below it, waits for ever.
        let timeout: Option<i64> =
            values.parsed(Keyword::ConnectTimeout, "a number of seconds", |text| text.trim().parse().ok())?;
        let connect_timeout = timeout
            .and_then(|seconds| u64::try_from(seconds).ok())
            .filter(|seconds| *seconds > 0)
            .map(Duration::from_secs);
        Ok(Settings {
            host,
            hostaddr,
            port,
            user,
            dbname,
            password,
            sslmode,
            root_cert,
            client_cert,
            channel_binding,
            session,
            socket: socket::socket(&mut values)?,
            connect_timeout,
            options: values.take(Keyword::Options),
            application_name: values.take(Keyword::ApplicationName),
            warnings,
        })
    }

    /// The server for people: no password, no role.
    pub fn place(&self) -> String {
        match &self.host {
            Host::Socket(folder) => format!("socket {}/.s.PGSQL.{}", folder.display(), self.port),
            Host::Tcp(name) => format!("{}, port {}", crate::ident::shown(name), self.port),
        }
    }

    /// Whether what is sent stays on this machine.
    pub fn is_local(&self) -> bool {
        match (&self.host, self.hostaddr) {
            (Host::Socket(_), _) => true,
            (Host::Tcp(_), Some(address)) => address.is_loopback(),
            (Host::Tcp(name), None) => {
                name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
            }
        }
    }
}

fn only(mut all: Vec<Settings>) -> Result<Settings, SettingsError> {
    match (all.pop(), all.is_empty()) {
        (Some(only), true) => Ok(only),
        _ => Err(SettingsError::Value {
            keyword: "host",
            source_name: "the settings".into(),
            problem: "a list, where one server is meant".into(),
        }),
    }
}

/// The folders in which servers are built to put their sockets, in the order of Debian's libpq, Red Hat's, and the
/// project's own.
const SOCKET_FOLDERS: [&str; 3] = ["/var/run/postgresql", "/run/postgresql", "/tmp"];

fn default_host(machine: &Machine<'_>) -> Host {
    // /tmp always exists, and says nothing: there the socket itself must be seen.
    let usable = |folder: &str| {
        let seen = if folder == "/tmp" { "/tmp/.s.PGSQL.5432" } else { folder };
        (machine.exists)(Path::new(seen))
    };
    match SOCKET_FOLDERS.iter().find(|folder| usable(folder)) {
        Some(folder) => Host::Socket(folder.into()),
        None => Host::Tcp("localhost".into()),
    }
}

#[cfg(test)]
mod tests;
