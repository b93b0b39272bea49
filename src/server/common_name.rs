//! For whom is a certificate that has no `subjectAltName`?
//!
//! The recipe of PostgreSQL's manual makes such certificates (`openssl req -x509 … -subj "/CN=dbhost.yourdomain.com"`), and libpq
//! takes the host's name from their common name. So do we, where the user's own file says whom to trust: a public authority
//! vouches for the `subjectAltName` alone.

use std::net::IpAddr;

use rustls::pki_types::ServerName;
use x509_cert::Certificate;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode, Tag, Tagged};

/// `id-at-commonName` and `id-ce-subjectAltName` (RFC 5280, A.1 and 4.2.1.6).
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const ALTERNATIVE_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");

/// Whether a certificate (DER) has no alternative names, and this server's name for its common name.
pub(super) fn is_for(certificate: &[u8], server: &ServerName<'_>) -> bool {
    let Ok(certificate) = Certificate::from_der(certificate) else { return false };
    let names = certificate.tbs_certificate;
    if names.extensions.iter().flatten().any(|extension| extension.extn_id == ALTERNATIVE_NAME) {
        return false;
    }
    let mut attributes = names.subject.0.iter().flat_map(|part| part.0.iter());
    let Some(name) = attributes.find(|attribute| attribute.oid == COMMON_NAME) else { return false };
    let text = match name.value.tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String => str::from_utf8(name.value.value()).ok(),
        _ => None,
    };
    text.is_some_and(|text| stands_for(text, server))
}

/// As libpq compares: letter by letter, in either case; `*.` in front stands for one label.
fn stands_for(name: &str, server: &ServerName<'_>) -> bool {
    match server {
        ServerName::DnsName(host) => {
            let host = host.as_ref();
            let covered = || {
                let (label, rest) = host.split_once('.')?;
                let domain = name.strip_prefix("*.")?;
                Some(!label.is_empty() && domain.contains('.') && rest.eq_ignore_ascii_case(domain))
            };
            name.eq_ignore_ascii_case(host) || covered().unwrap_or(false)
        }
        ServerName::IpAddress(address) => name.parse::<IpAddr>().is_ok_and(|own| own == IpAddr::from(*address)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_common_name_stands_for_itself_and_a_star_for_one_label() {
        let is = |name: &str, host: &str| stands_for(name, &ServerName::try_from(host.to_owned()).expect("a name"));
        for (name, host) in [
            ("db.example.org", "db.example.org"),
            ("DB.example.ORG", "db.Example.org"),
            ("*.example.org", "db.example.org"),
            ("localhost", "localhost"),
            ("127.0.0.1", "127.0.0.1"),
            ("::1", "::1"),
        ] {
            assert!(is(name, host), "{name} {host}");
        }
        for (name, host) in [
            ("db.example.org", "db.example.com"),
            ("*.example.org", "a.db.example.org"),
            ("*.example.org", "example.org"),
            ("*.org", "example.org"),
            ("*", "localhost"),
            ("d*.example.org", "db.example.org"),
            ("db.example.org.", "db.example.or"),
            ("db.example.org\0.evil", "db.example.org"),
            ("", "localhost"),
            ("*.0.0.1", "127.0.0.1"),
        ] {
            assert!(!is(name, host), "{name} {host}");
        }
    }

    #[test]
    fn what_is_no_certificate_is_for_nobody() {
        let server = ServerName::try_from("localhost").expect("a name");
        for bytes in [&b""[..], b"0", b"localhost", &[0x30, 0x80, 0, 0]] {
            assert!(!is_for(bytes, &server));
        }
    }
}
