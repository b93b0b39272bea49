//! Is the server at the other end the one that was meant, and who are we to it?
//!
//! libpq's levels as one verifier for rustls: encrypted only, signed by a trusted authority, and that for this very host.
//! The cryptography is ring's, handed over explicitly: nothing is installed for the whole process.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, InconsistentKeys, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::common_name;
use super::error::ServerError;
use super::settings::{RootCert, Settings, SslMode};

/// What the driver needs to speak TLS as the settings ask.
pub(super) fn connector(settings: &Settings) -> Result<MakeRustlsConnect, ServerError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let trusted = match (&settings.root_cert, settings.sslmode) {
        // libpq: "if a root CA file exists, the behavior of sslmode=require will be the same as that of verify-ca".
        (RootCert::File(file), SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull) => Some(from_file(file)?),
        (RootCert::System, SslMode::VerifyFull) => Some(from_system()?),
        _ => None,
    };
    let verifier =
        Verifier { trusted, check_name: settings.sslmode == SslMode::VerifyFull, provider: Arc::clone(&provider) };
    let signer = provider.key_provider;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ServerError::Connect(format!("TLS can't be used: {error}")))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let config = match &settings.client_cert {
        None => config.with_no_client_auth(),
        Some(ours) => {
            let refused =
                |problem: String| ServerError::Connect(format!("private key file {} {problem}", told(&ours.key)));
            let (chain, key) = (chain(&ours.cert)?, key(&ours.key)?);
            let key = signer.load_private_key(key).map_err(|error| refused(format!("can't be used: {error}")))?;
            let certified = CertifiedKey::new(chain, key);
            // What else is said is about the certificate's form, such as version 1, which is for the server to judge.
            if let Err(rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) = certified.keys_match() {
                return Err(refused(format!("is not that of certificate {}", told(&ours.cert))));
            }
            config.with_client_cert_resolver(Arc::new(Shown(Arc::new(certified))))
        }
    };
    Ok(MakeRustlsConnect::new(config))
}

/// The certificate that is shown to whoever asks for one: the server says whom it trusts, and refuses others itself.
#[derive(Debug)]
struct Shown(Arc<CertifiedKey>);

impl ResolvesClientCert for Shown {
    fn resolve(&self, _authorities: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Our certificate, with those of the authorities between.
fn chain(file: &Path) -> Result<Vec<CertificateDer<'static>>, ServerError> {
    certificates(file).map_err(|problem| ServerError::Connect(format!("certificate file {}: {problem}", told(file))))
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = std::fs::read(file).map_err(|error| error.to_string())?;
    let certificates: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>().map_err(|error| error.to_string())?;
    if certificates.is_empty() { Err("it holds no certificate in PEM form".into()) } else { Ok(certificates) }
}

/// Our private key: PKCS#8, PKCS#1 or SEC1, as PEM or DER. Nobody else may be able to read its file.
fn key(file: &Path) -> Result<PrivateKeyDer<'static>, ServerError> {
    let refused = |problem: String| ServerError::Connect(format!("private key file {}: {problem}", told(file)));
    let found = file.metadata().map_err(|error| refused(error.to_string()))?;
    if !found.is_file() {
        return Err(refused("it is no plain file".into()));
    }
    // libpq's rule: a key of root's may be given to a group.
    let exposed = if found.uid() == 0 { 0o037 } else { 0o077 };
    if found.mode() & exposed != 0 {
        return Err(refused("others may use it; `chmod 0600` it (0640 where root owns it)".into()));
    }
    let bytes = std::fs::read(file).map_err(|error| refused(error.to_string()))?;
    let text = String::from_utf8_lossy(&bytes);
    if text.contains("ENCRYPTED") {
        return Err(refused(
            "it is encrypted, which efface can't read; `openssl pkey -in FILE -out OTHER` decrypts it, and `chmod 0600` \
             keeps it to yourself"
                .into(),
        ));
    }
    if text.contains("-----BEGIN") {
        return PrivateKeyDer::from_pem_slice(&bytes)
            .map_err(|_| refused("it holds no private key in PEM form".into()));
    }
    PrivateKeyDer::try_from(bytes).map_err(|_| refused("it holds no private key".into()))
}

fn told(file: &Path) -> String {
    crate::ident::shown(&file.to_string_lossy()).to_string()
}

fn from_file(file: &Path) -> Result<Trusted, ServerError> {
    let refused = |problem: String| ServerError::Connect(format!("root certificate file {}: {problem}", told(file)));
    let certificates = certificates(file).map_err(refused)?;
    let mut roots = RootCertStore::empty();
    for certificate in &certificates {
        roots.add(certificate.clone()).map_err(|error| refused(error.to_string()))?;
    }
    Ok(Trusted { roots, certificates })
}

fn from_system() -> Result<Trusted, ServerError> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        return Err(ServerError::Connect(
            "`sslrootcert=system`: the operating system trusts no authority that can be read".into(),
        ));
    }
    Ok(Trusted { roots, certificates: Vec::new() })
}

#[derive(Debug)]
struct Trusted {
    roots: RootCertStore,
    /// The certificates of the user's own file, which may be the server's own.
    certificates: Vec<CertificateDer<'static>>,
}

#[derive(Debug)]
struct Verifier {
    /// None checks nobody: `require` without a root file.
    trusted: Option<Trusted>,
    check_name: bool,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    /// A certificate of X.509 version 1, as `openssl x509 -req` makes without extensions, can't be read here at all. Where
    /// nobody is trusted, its signature proves nothing either: to refuse it would only mean to go on in the clear.
    fn unless_too_old(
        &self,
        verified: Result<HandshakeSignatureValid, rustls::Error>,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        match verified {
            Err(error) if self.trusted.is_none() && format!("{error:?}").contains("UnsupportedCertVersion") => {
                Ok(HandshakeSignatureValid::assertion())
            }
            other => other,
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(trusted) = &self.trusted else { return Ok(ServerCertVerified::assertion()) };
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        match verify_server_cert_signed_by_trust_anchor(&certificate, &trusted.roots, intermediates, now, algorithms) {
            Ok(()) => {}
            // The usual self-made certificate (`openssl req -x509`) is its own authority, which webpki refuses for a
            // server though it is in the user's file; its dates were checked before. libpq accepts it, so do we.
            Err(error) if is_authority(&error) && trusted.certificates.iter().any(|own| own == end_entity) => {}
            Err(error) => return Err(error),
        }
        if self.check_name {
            let named = verify_server_name(&certificate, server_name);
            // The certificates of the user's own file: none of them is there where the system's are trusted.
            let own = !trusted.certificates.is_empty();
            if !(named.is_err() && own && common_name::is_for(end_entity, server_name)) {
                named?;
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        self.unless_too_old(verify_tls12_signature(message, certificate, signature, algorithms))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        self.unless_too_old(verify_tls13_signature(message, certificate, signature, algorithms))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// rustls wraps this one of webpki's errors as "other"; its name is all that is left to tell it by.
fn is_authority(error: &rustls::Error) -> bool {
    matches!(error, rustls::Error::InvalidCertificate(CertificateError::Other(_)))
        && format!("{error:?}").contains("CaUsedAsEndEntity")
}
