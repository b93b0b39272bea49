//! How much is TLS asked to prove, about the server and about us?

use std::path::PathBuf;

use super::files::{self, Machine};
use super::parse::{Keyword, Values};
use super::{Host, SettingsError};

/// How much TLS is asked for, in libpq's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SslMode {
    /// Never.
    Disable,
    /// Only if the server insists.
    Allow,
    /// If the server can; in the clear otherwise.
    #[default]
    Prefer,
    /// Always; the certificate is checked only where a root file is at hand.
    Require,
    /// Always, with a certificate that a trusted authority signed.
    VerifyCa,
    /// Always, with such a certificate for this very host.
    VerifyFull,
}

/// Whom to trust for the server's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RootCert {
    /// Nobody was named, and the usual file doesn't exist.
    None,
    /// The authorities that the operating system trusts.
    System,
    /// Those in a PEM file.
    File(PathBuf),
}

/// Whether the password exchange is bound to the TLS channel, in libpq's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChannelBinding {
    /// Never.
    Disable,
    /// Where both sides can.
    #[default]
    Prefer,
    /// Always, or no connection.
    Require,
}

/// A client's certificate with its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCert {
    /// The certificate, and those of authorities between it and one that the server knows; PEM.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

const SSL_MODES: [(&str, SslMode); 6] = [
    ("disable", SslMode::Disable),
    ("allow", SslMode::Allow),
    ("prefer", SslMode::Prefer),
    ("require", SslMode::Require),
    ("verify-ca", SslMode::VerifyCa),
    ("verify-full", SslMode::VerifyFull),
];

const CHANNEL_BINDINGS: [(&str, ChannelBinding); 3] =
    [("disable", ChannelBinding::Disable), ("prefer", ChannelBinding::Prefer), ("require", ChannelBinding::Require)];

/// How much TLS, and whom it trusts.
pub(super) fn trust(values: &mut Values, machine: &Machine<'_>) -> Result<(SslMode, RootCert), SettingsError> {
    let source_name = values.source_of(Keyword::Sslmode);
    let sslmode = values.one_of(Keyword::Sslmode, &SSL_MODES)?;
    let root_cert = match values.take(Keyword::Sslrootcert) {
        Some(name) if name == "system" => RootCert::System,
        Some(file) => RootCert::File(files::expand(&file, machine)),
        None => {
            let usual = files::expand("~/.postgresql/root.crt", machine);
            if (machine.exists)(&usual) { RootCert::File(usual) } else { RootCert::None }
        }
    };
    let value =
        |problem: String| SettingsError::Value { keyword: "sslmode", source_name: source_name.clone(), problem };
    match (sslmode, &root_cert) {
        (None, RootCert::System) => Ok((SslMode::VerifyFull, root_cert)),
        (Some(SslMode::VerifyFull), RootCert::System) => Ok((SslMode::VerifyFull, root_cert)),
        // Anyone can have a certificate from a public authority: without the host's name it proves nothing.
        (Some(_), RootCert::System) => {
            Err(value("too weak for `sslrootcert=system`, which needs `sslmode=verify-full`".into()))
        }
        (Some(SslMode::VerifyCa | SslMode::VerifyFull), RootCert::None) => Err(value(
            "not possible without a root certificate: name its file with `sslrootcert`, or `sslrootcert=system` for the \
             authorities of the operating system"
                .into(),
        )),
        (mode, _) => Ok((mode.unwrap_or_default(), root_cert)),
    }
}

pub(super) fn channel_binding(values: &mut Values) -> Result<ChannelBinding, SettingsError> {
    Ok(values.one_of(Keyword::ChannelBinding, &CHANNEL_BINDINGS)?.unwrap_or_default())
}

/// The certificate that we show where the server asks for one: the file that is named, or the usual one where it is there.
pub(super) fn client_cert(
    values: &mut Values,
    host: &Host,
    sslmode: SslMode,
    machine: &Machine<'_>,
) -> Result<Option<ClientCert>, SettingsError> {
    let shown = values.one_of(Keyword::Sslcertmode, &[("disable", false), ("allow", true)])?.unwrap_or(true);
    let (cert_source, key_source) = (values.source_of(Keyword::Sslcert), values.source_of(Keyword::Sslkey));
    let (cert, key) = (values.take(Keyword::Sslcert), values.take(Keyword::Sslkey));
    // Without TLS there is nothing to show it in; a variable that is set for other servers does no harm.
    if !shown || sslmode == SslMode::Disable || matches!(host, Host::Socket(_)) {
        return Ok(None);
    }
    let path = |named: &Option<String>, usual: &str| files::expand(named.as_deref().unwrap_or(usual), machine);
    let (cert_file, key_file) =
        (path(&cert, "~/.postgresql/postgresql.crt"), path(&key, "~/.postgresql/postgresql.key"));
    let value =
        |keyword, source_name, problem: &str| SettingsError::Value { keyword, source_name, problem: problem.into() };
    if !(machine.exists)(&cert_file) {
        return match (cert, key) {
            // libpq would go on without; whoever names a file means it.
            (Some(_), _) => Err(value("sslcert", cert_source, "a file that can't be found")),
            (None, Some(_)) if key_source != "PGSSLKEY" => {
                Err(value("sslkey", key_source, "a key without a certificate: name that with `sslcert`"))
            }
            (None, _) => Ok(None),
        };
    }
    if !(machine.exists)(&key_file) {
        let problem = match key {
            Some(key) if key.contains(':') => "a key in a device, which efface can't use: it has to be a file",
            Some(_) => "a file that can't be found",
            None => "not given, and the certificate's private key is not in ~/.postgresql/postgresql.key either",
        };
        return Err(value("sslkey", key_source, problem));
    }
    Ok(Some(ClientCert { cert: cert_file, key: key_file }))
}
