//! Who we are to a server that asks for a certificate.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::connecting::{TlsServer, refusal};
use crate::harness::Db;

/// The TLS server, which lets `carl` in by certificate alone, and certificates for him.
struct Certified {
    tls: TlsServer,
    folder: tempfile::TempDir,
}

/// Keys in every form, certificates of the server's authority and of another one.
const MAKE: &str = "set -e
    sign() { openssl x509 -req -in $1.csr -CA $2/$3.crt -CAkey $2/$3.key -CAcreateserial -days 2 -out $1.crt; }
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=carl -keyout carl.key -out carl.csr
    sign carl $1 root
    printf 'subjectAltName=DNS:carl\\n' > named.ext
    openssl x509 -req -in carl.csr -CA $1/root.crt -CAkey $1/root.key -CAcreateserial -days 2 -extfile named.ext -out named.crt
    openssl ec -in carl.key -out carl-sec1.key
    openssl pkcs8 -topk8 -in carl.key -passout pass:SECRET -out carl-encrypted.key
    openssl pkcs8 -topk8 -nocrypt -in carl.key -outform DER -out carl-der.key
    openssl req -newkey rsa:2048 -nodes -subj /CN=carl -keyout rsa.key -out rsa.csr
    sign rsa $1 root
    openssl rsa -in rsa.key -traditional -out rsa-pkcs1.key
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=dora -keyout dora.key -out dora.csr
    sign dora $1 root
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=carl -keyout foreign.key -out foreign.csr
    sign foreign $1 other
    chmod 0600 *.key";

impl Certified {
    fn start() -> Self {
        let tls = TlsServer::start();
        let folder = tempfile::tempdir().expect("a folder");
        let at = tls.server.folder().display();
        let made =
            Command::new("sh").args(["-c", MAKE, "sh", &at.to_string()]).current_dir(&folder).output().expect("sh");
        assert!(made.status.success(), "openssl: {}", String::from_utf8_lossy(&made.stderr));
        let db = Db::open(&tls.server.url("postgres"));
        db.sql("create role carl login; create role dora login");
        db.sql(&format!("alter system set ssl_ca_file = '{at}/root.crt'"));
        db.sql(&format!(
            "copy (values ('local all all trust'), ('hostssl all carl all cert'), ('hostssl all all all scram-sha-256 clientcert=verify-ca'))
             to '{at}/data/pg_hba.conf'"
        ));
        // Waits until what is presented is read again.
        tls.present("server");
        Self { tls, folder }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The settings of `carl` with one certificate and one key.
    fn with(&self, cert: &str, key: &str) -> String {
        let (cert, key) = (self.file(cert), self.file(key));
        let root = self.tls.root();
        format!(
            "user=carl dbname=ann host=localhost port={} sslmode=verify-full sslrootcert={root} connect_timeout=10 sslcert={} sslkey={}",
            self.tls.port,
            cert.display(),
            key.display()
        )
    }
}

fn mode(file: &Path, mode: u32) {
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).expect("its owner");
}

#[test]
fn a_client_s_certificate_lets_in_whom_it_is_for() {
    let place = Certified::start();
    for (cert, key) in [
        ("carl.crt", "carl.key"),
        ("named.crt", "carl.key"),
        ("carl.crt", "carl-sec1.key"),
        ("carl.crt", "carl-der.key"),
        ("rsa.crt", "rsa.key"),
        ("rsa.crt", "rsa-pkcs1.key"),
    ] {
        let db = Db::open(&place.with(cert, key));
        assert_eq!(db.value("select current_user"), "carl", "{key}");
        assert_eq!(db.value("select client_dn from pg_stat_ssl where pid = pg_backend_pid()"), "/CN=carl", "{key}");
        db.block_on(db.connection().cancel.cancel()).expect("cancelling goes the same way");
    }
    // Beside a password, which is bound to the channel.
    let url =
        place.with("carl.crt", "carl.key").replace("user=carl", "user=ann password=right channel_binding=require");
    assert_eq!(Db::open(&url).value("select current_user"), "ann");
    let without = format!("user=carl dbname=ann host=localhost connect_timeout=10 port={}", place.tls.port);
    for (url, words) in [
        (without.clone(), "name a certificate to show"),
        (format!("{without} sslmode=require"), "name a certificate to show"),
        (place.with("carl.crt", "carl.key") + " sslcertmode=disable", "name a certificate to show"),
        (place.with("dora.crt", "dora.key"), "refuses role `carl`"),
        (place.with("foreign.crt", "foreign.key"), "did not take the certificate"),
        (place.with("carl.crt", "dora.key"), "is not that of certificate"),
        (place.with("named.crt", "dora.key"), "is not that of certificate"),
        (place.with("carl.crt", "carl-encrypted.key"), "it is encrypted"),
        (place.with("carl.crt", "carl-encrypted.key") + " sslpassword=SECRET", "it is encrypted"),
        (place.with("carl.crt", "carl.crt"), "holds no private key"),
        (place.with("carl.key", "carl.key"), "holds no certificate"),
    ] {
        let said = if url.contains("carl.crt sslkey") && words.contains("no private") {
            mode(&place.file("carl.crt"), 0o600);
            refusal(&url)
        } else {
            refusal(&url)
        };
        assert!(said.contains(words) && !said.contains("SECRET"), "{url}: {said}");
    }
}

#[test]
fn a_key_that_others_may_use_is_none() {
    let place = Certified::start();
    let key = place.file("carl.key");
    let owned_by_root = std::os::unix::fs::MetadataExt::uid(&key.metadata().expect("it is there")) == 0;
    let url = place.with("carl.crt", "carl.key");
    for exposed in [0o644, 0o660, 0o604, 0o610] {
        mode(&key, exposed);
        let said = refusal(&url);
        assert!(said.contains("others may use it; `chmod 0600` it"), "{exposed:o}: {said}");
    }
    // As libpq: root's key may be a group's to read, anybody else's not.
    mode(&key, 0o640);
    if owned_by_root {
        Db::open(&url);
    } else {
        assert!(refusal(&url).contains("others may use it"));
    }
    mode(&key, 0o400);
    Db::open(&url);
    let folder = place.with("carl.crt", "");
    assert!(refusal(&folder).contains("no plain file"));
}

#[test]
fn the_tool_finds_the_files_of_its_user() {
    let place = Certified::start();
    let home = tempfile::tempdir().expect("a folder");
    let usual = home.path().join(".postgresql");
    std::fs::create_dir(&usual).expect("a folder");
    for (from, to) in [("carl.crt", "postgresql.crt"), ("carl.key", "postgresql.key")] {
        std::fs::copy(place.file(from), usual.join(to)).expect("a copy");
    }
    std::fs::copy(place.tls.root(), usual.join("root.crt")).expect("a copy");
    std::fs::write(
        home.path().join(".pg_service.conf"),
        format!("[club]\nhost=localhost\nconnect_timeout=10\nport={}\nuser=carl\ndbname=ann\n", place.tls.port),
    )
    .expect("a file");
    let catalog = |environment: &[(&str, String)], arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_efface"));
        command.args(["catalog"]).args(arguments).env_clear().env("HOME", home.path());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).envs(environment.iter().cloned());
        let output = command.current_dir(&home).output().expect("the tool runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let service = ("PGSERVICE", "club".to_owned());
    for (environment, arguments) in [
        (vec![service.clone()], &[][..]),
        (vec![service.clone(), ("PGSSLMODE", "verify-full".into())], &[]),
        (vec![], &["--database", "service=club sslmode=verify-full"]),
        (vec![], &["--database", "postgresql:///?service=club&sslmode=verify-ca"]),
    ] {
        let (code, said) = catalog(&environment, arguments);
        assert_eq!(code, Some(0), "{environment:?} {arguments:?}: {said}");
    }
    let none = ("PGSSLCERT", "/none.crt".to_owned());
    let (code, said) = catalog(&[service.clone(), none], &[]);
    assert!(code == Some(2) && said.contains("`sslcert` in PGSSLCERT is a file that can't be found"), "{said}");
    let auth = ("PGREQUIREAUTH", "scram-sha-256".to_owned());
    let (code, said) = catalog(&[service, auth], &[]);
    assert!(code == Some(2) && said.contains("does not support the connection setting `require_auth`"), "{said}");
}
