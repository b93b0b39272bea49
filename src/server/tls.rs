//! Is the server at the other end the one that was meant?
//!
//! libpq's levels as one verifier for rustls: encrypted only, signed by a trusted authority, and that for this very host.
//! The cryptography is ring's, handed over explicitly: nothing is installed for the whole process.

use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

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
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ServerError::Connect(format!("TLS can't be used: {error}")))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn from_file(file: &Path) -> Result<Trusted, ServerError> {
    let refused =
        |problem: String| ServerError::Connect(format!("root certificate file {}: {problem}", file.display()));
    let pem = std::fs::read(file).map_err(|error| refused(error.to_string()))?;
    let certificates: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>().map_err(|error| refused(error.to_string()))?;
    if certificates.is_empty() {
        return Err(refused("it holds no certificate in PEM form".into()));
    }
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
            verify_server_name(&certificate, server_name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
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
