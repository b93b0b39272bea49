//! How do we get a session?
//!
//! By the settings, as psql would: socket or TCP, TLS as far as it is asked for, a time limit for all of it. What goes
//! wrong is said in words that name the next thing to try. Notices are counted and otherwise swallowed: a trigger's
//! `RAISE NOTICE` can quote rows.

use std::error::Error as _;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio_postgres::config::{ChannelBinding as DriverBinding, SslMode as DriverMode};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{AsyncMessage, CancelToken, Client, Config, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::ServerError;
use super::settings::{ChannelBinding, Host, Settings, SslMode};
use super::tls;

/// A session. Its traffic runs as a task of the current tokio runtime.
pub struct Connection {
    /// The driver's client.
    pub client: Client,
    /// Cancels what the session is doing.
    pub cancel: Cancel,
    /// The server's version.
    pub server_version: ServerVersion,
    /// The server's process for this session.
    pub backend_pid: i32,
    /// What the session calls itself (`application_name`); none where the settings say how.
    pub name: Option<String>,
    /// Whether the session is encrypted.
    pub encrypted: bool,
    /// What the user should hear beside the settings' own: that `prefer` fell back to plain text.
    pub warnings: Vec<String>,
    notices: Arc<AtomicU64>,
    /// Whether the server has said that a wait for a synchronous standby was ended.
    unreplicated: Arc<AtomicBool>,
    traffic: tokio::task::JoinHandle<()>,
}

/// A server's version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerVersion {
    /// 15 of `15.18`.
    pub major: u32,
    /// As the server prints it.
    pub text: String,
}

/// Cancels the running statement of a session, over a connection of its own.
#[derive(Clone)]
pub struct Cancel {
    token: CancelToken,
    tls: Option<MakeRustlsConnect>,
}

impl Cancel {
    /// Asks the server to stop the session's running statement. That it was asked does not say that it will.
    ///
    /// # Errors
    /// The server can't be reached.
    pub async fn cancel(&self) -> Result<(), ServerError> {
        match &self.tls {
            Some(tls) => self.token.cancel_query(tls.clone()).await?,
            None => self.token.cancel_query(NoTls).await?,
        }
        Ok(())
    }
}

impl Connection {
    /// How many notices the server has sent. Their texts can quote rows, and are not kept.
    pub fn notices(&self) -> u64 {
        self.notices.load(Ordering::Relaxed)
    }

    /// Whether somebody ended the wait of a COMMIT for its synchronous standby: it is committed, on this server.
    pub fn has_given_up_on_a_standby(&self) -> bool {
        self.unreplicated.load(Ordering::Relaxed)
    }

    /// Takes leave of the server; without it the session ends when the runtime does.
    pub async fn close(self) {
        drop(self.client);
        // The task ends when the goodbye is sent; a task that panicked has nothing left to say.
        let _ = self.traffic.await;
    }
}

/// Connects.
///
/// # Errors
/// No server, no such role or database, a wrong password, a certificate that doesn't hold, a version that we don't know.
pub async fn connect(settings: &Settings, application_name: &str) -> Result<Connection, ServerError> {
    connect_or_tell(settings, application_name).await.map_err(|refusal| refusal.error)
}

/// Why there is no session.
pub(super) struct Refusal {
    pub error: ServerError,
    /// Whether a server has said so: libpq tries no other one then.
    pub by_server: bool,
}

/// [`connect`], which tells as well whether another server is worth a try.
pub(super) async fn connect_or_tell(settings: &Settings, application_name: &str) -> Result<Connection, Refusal> {
    let attempts = async {
        let socket = matches!(settings.host, Host::Socket(_));
        let order: &[bool] = match settings.sslmode {
            _ if socket => &[false],
            SslMode::Disable => &[false],
            SslMode::Allow => &[false, true],
            SslMode::Prefer => &[true, false],
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => &[true],
        };
        let mut first_error = None;
        for encrypted in order {
            match attempt(settings, application_name, *encrypted).await {
                Ok(mut connection) => {
                    connection.warnings.extend(first_error.and_then(|why| in_the_clear(why, settings)));
                    return Ok(connection);
                }
                // Only what another try without (or with) TLS can change is tried again, as in libpq.
                Err(failure) if failure.other_way_may_work() => {
                    first_error.get_or_insert(failure);
                }
                Err(failure) => return Err(failure.explain(settings)),
            }
        }
        Err(first_error
            .map_or(Refusal { error: ServerError::Lost, by_server: false }, |failure| failure.explain(settings)))
    };
    match settings.connect_timeout {
        None => attempts.await,
        Some(limit) => tokio::time::timeout(limit, attempts).await.unwrap_or_else(|_| {
            let words = format!("no answer from {} within {} s", settings.place(), limit.as_secs());
            Err(Refusal { error: ServerError::Connect(words), by_server: false })
        }),
    }
}

async fn attempt(settings: &Settings, application_name: &str, encrypted: bool) -> Result<Connection, Failure> {
    let mut config = Config::new();
    config
        .user(&settings.user)
        .dbname(&settings.dbname)
        .port(settings.port)
        .application_name(settings.application_name.as_deref().unwrap_or(application_name))
        .ssl_mode(if encrypted { DriverMode::Require } else { DriverMode::Disable })
        .channel_binding(match settings.channel_binding {
            ChannelBinding::Disable => DriverBinding::Disable,
            ChannelBinding::Prefer => DriverBinding::Prefer,
            ChannelBinding::Require => DriverBinding::Require,
        });
    match &settings.host {
        Host::Socket(folder) => config.host_path(folder),
        Host::Tcp(name) => config.host(name),
    };
    if let (Host::Tcp(_), Some(address)) = (&settings.host, settings.hostaddr) {
        config.hostaddr(address);
    }
    let socket = &settings.socket;
    config.keepalives(socket.keepalives);
    if let Some(idle) = socket.idle {
        config.keepalives_idle(idle);
    }
    if let Some(interval) = socket.interval {
        config.keepalives_interval(interval);
    }
    if let Some(count) = socket.count {
        config.keepalives_retries(count);
    }
    if let Some(timeout) = socket.user_timeout {
        config.tcp_user_timeout(timeout);
    }
    if let Some(password) = &settings.password {
        config.password(password.reveal());
    }
    if let Some(options) = &settings.options {
        config.options(options);
    }
    if encrypted {
        let tls = tls::connector(settings).map_err(Failure::Ours)?;
        open(&config, settings, application_name, tls.clone(), Some(tls)).await
    } else {
        open(&config, settings, application_name, NoTls, None).await
    }
}

async fn open<T>(
    config: &Config,
    settings: &Settings,
    application_name: &str,
    connector: T,
    tls: Option<MakeRustlsConnect>,
) -> Result<Connection, Failure>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + 'static,
{
    let (client, mut connection) = config.connect(connector).await.map_err(Failure::Driver)?;
    let server_version = version(connection.parameter("server_version").unwrap_or_default()).map_err(Failure::Ours)?;
    let notices = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&notices);
    let unreplicated = Arc::new(AtomicBool::new(false));
    let gave_up = Arc::clone(&unreplicated);
    let traffic = tokio::spawn(async move {
        loop {
            match std::future::poll_fn(|context| connection.poll_message(context)).await {
                Some(Ok(AsyncMessage::Notice(notice))) => {
                    counter.fetch_add(1, Ordering::Relaxed);
                    // Told by the place in the server that says it: the words are in the server's language.
                    gave_up.fetch_or(notice.file() == Some("syncrep.c"), Ordering::Relaxed);
                    tracing::debug!(sqlstate = notice.code().code(), "notice");
                }
                // Notifications are somebody else's; later kinds of message have nothing to tell us either.
                Some(Ok(_)) => {}
                // Whoever waits for an answer is told by the driver that the connection is closed.
                Some(Err(error)) => {
                    tracing::debug!(sqlstate = error.code().map(|code| code.code()), "connection lost");
                    return;
                }
                None => return,
            }
        }
    });
    let row = client.query_typed("SELECT pg_catalog.pg_backend_pid()", &[]).await.map_err(Failure::Driver)?;
    let backend_pid = row.first().and_then(|row| row.try_get(0).ok()).unwrap_or_default();
    let encrypted = tls.is_some();
    let name = settings.application_name.is_none().then(|| application_name.to_owned());
    let cancel = Cancel { token: client.cancel_token(), tls };
    Ok(Connection {
        client,
        cancel,
        server_version,
        backend_pid,
        name,
        encrypted,
        warnings: Vec::new(),
        notices,
        unreplicated,
        traffic,
    })
}

/// What `prefer` does when TLS fails, whatever the reason: it goes on in the clear.
fn in_the_clear(why: Failure, settings: &Settings) -> Option<String> {
    if settings.sslmode != SslMode::Prefer || settings.is_local() {
        return None;
    }
    let why = why.words(settings);
    Some(format!(
        "the connection to {} is not encrypted, and `sslmode=prefer` goes on without; `sslmode=verify-full` refuses that ({why})",
        settings.place()
    ))
}

fn version(text: &str) -> Result<ServerVersion, ServerError> {
    // "15.18 (Debian 15.18-0+deb12u1)", "18beta1"
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    match digits.parse() {
        Ok(major @ 13..=18) => Ok(ServerVersion { major, text: text.to_owned() }),
        _ => Err(ServerError::Version { found: text.to_owned() }),
    }
}

/// Why an attempt failed, before it is put into words.
enum Failure {
    Driver(tokio_postgres::Error),
    Ours(ServerError),
}

impl Failure {
    fn is_tls(error: &tokio_postgres::Error) -> bool {
        // The driver's kind is private; this is its constant text.
        error.to_string() == "error performing TLS handshake"
    }

    fn other_way_may_work(&self) -> bool {
        match self {
            // 28000: pg_hba.conf has no line for this kind of connection.
            Failure::Driver(error) => Self::is_tls(error) || error.code().is_some_and(|code| code.code() == "28000"),
            Failure::Ours(_) => false,
        }
    }

    fn explain(self, settings: &Settings) -> Refusal {
        // 57P03: it starts up or shuts down, and another one may be there in its place.
        let by_server = match &self {
            Failure::Driver(error) => error.code().is_some_and(|code| code.code() != "57P03"),
            Failure::Ours(_) => true,
        };
        Refusal { error: self.words(settings), by_server }
    }

    fn words(self, settings: &Settings) -> ServerError {
        let error = match self {
            Failure::Ours(error) => return error,
            Failure::Driver(error) => error,
        };
        let place = settings.place();
        if let Some(refused) = error.as_db_error() {
            let role = crate::ident::shown(&settings.user);
            let dbname = crate::ident::shown(&settings.dbname);
            let text = match refused.code().code() {
                "28P01" => format!("the server refused the password of role `{role}`"),
                "28000" => {
                    let words = format!("the server refuses role `{role}`: {}", crate::ident::shown(refused.message()));
                    match settings.client_cert {
                        None if refused.message().contains("certificate") => {
                            format!("{words}; `sslcert` and `sslkey` name a certificate to show, where it asks for one")
                        }
                        None | Some(_) => words,
                    }
                }
                "3D000" => {
                    format!("the server has no database `{dbname}`; name one in the connection string or in PGDATABASE")
                }
                "53300" => "the server has no connection left".to_owned(),
                "57P03" => "the server is starting up or shutting down".to_owned(),
                _ => return error.into(),
            };
            return ServerError::Connect(format!("{text} ({place})"));
        }
        let source = error.source();
        if let Some(cause) =
            source.and_then(|source| source.downcast_ref::<io::Error>()).filter(|_| !Self::is_tls(&error))
        {
            if let Some(alert) = cause.to_string().strip_prefix("received fatal alert: ") {
                return ServerError::Connect(alert_words(alert, settings));
            }
            return ServerError::Connect(match cause.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused | io::ErrorKind::AddrNotAvailable => {
                    format!(
                        "nothing listens at {place}; is a server running there? DATABASE_URL or PGHOST name another place"
                    )
                }
                io::ErrorKind::PermissionDenied => format!("no permission to use {place}"),
                io::ErrorKind::UnexpectedEof => format!("the server at {place} hung up while connecting"),
                _ => format!("no connection to {place}: {cause}"),
            });
        }
        let cause = source.map(ToString::to_string).unwrap_or_default();
        ServerError::Connect(match error.to_string().as_str() {
            "error performing TLS handshake" if cause.contains("does not support TLS") => {
                format!("the server at {place} offers no TLS, and `sslmode` asks for it")
            }
            "error performing TLS handshake" => format!("no TLS with {place}: {}", tls_words(&cause, settings)),
            // The driver bounds the work that a server may ask of it.
            "authentication error" if cause.contains("iteration") => format!(
                "role `{}` has a password with more SCRAM iterations than efface accepts (100000); set \
                 `scram_iterations` lower and the password anew",
                crate::ident::shown(&settings.user)
            ),
            "invalid configuration" if cause.contains("password") => format!(
                "the server asks for a password of role `{}`, and none was given; PGPASSWORD or ~/.pgpass hold one",
                crate::ident::shown(&settings.user)
            ),
            "authentication error" => format!("the server at {place} could not be authenticated with: {cause}"),
            kind => format!("no connection to {place}: {kind}"),
        })
    }
}

/// What the server says of our certificate comes behind the handshake, by an alert of TLS.
fn alert_words(alert: &str, settings: &Settings) -> String {
    let place = settings.place();
    match &settings.client_cert {
        Some(shown) => {
            let (cert, key) = (shown.cert.to_string_lossy(), shown.key.to_string_lossy());
            let (cert, key) = (crate::ident::shown(&cert), crate::ident::shown(&key));
            match alert {
                "DecryptError" => format!("private key file {key} is not that of certificate {cert}, says {place}"),
                _ => format!("the server at {place} did not take the certificate {cert} ({alert})"),
            }
        }
        None => format!(
            "the server at {place} ended the connection ({alert}); where it asks for a certificate, `sslcert` and `sslkey` \
             name one"
        ),
    }
}

fn tls_words(cause: &str, settings: &Settings) -> String {
    if cause.contains("UnsupportedCertVersion") {
        return "the server's certificate is of X.509 version 1, which efface can't check: have one made with a \
                `subjectAltName`"
            .into();
    }
    if cause.contains("not valid for name") || cause.contains("NotValidForName") {
        let name = match &settings.host {
            Host::Tcp(name) => name.clone(),
            Host::Socket(folder) => folder.display().to_string(),
        };
        let hint = if name.parse::<IpAddr>().is_ok() { "; connect by the name that stands in it" } else { "" };
        let name = crate::ident::shown(&name);
        return format!("the server's certificate is not for `{name}`{hint}");
    }
    if cause.contains("UnknownIssuer") {
        return "the server's certificate is signed by nobody whom `sslrootcert` trusts".into();
    }
    if cause.contains("expired") || cause.contains("Expired") {
        return "the server's certificate has expired".into();
    }
    cause.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_with_its_distribution_behind_it() {
        assert_eq!(version("15.18 (Debian 15.18-0+deb12u1)").unwrap().major, 15);
        assert_eq!(version("18beta1").unwrap().major, 18);
    }

    #[test]
    fn an_unknown_version_is_refused() {
        for text in ["12.22", "19.0", "", "CockroachDB"] {
            assert!(version(text).is_err(), "{text}");
        }
    }
}
