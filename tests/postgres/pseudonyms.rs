//! Pseudonyms: the digest is the one that anybody can compute, and the secret is nowhere but where it was given.

use std::process::{Command, Output, Stdio};

use sha2::{Digest, Sha256};

use crate::harness::{Db, server};

const POLICY: &str = "version: 1
name: keyed
subject: { table: users }
tables:
  users:
    columns: { id: keep, email: { pseudonymize: email }, token: pseudonymize }
";
const SECRET: &str = "MARKED-secret-of-this-test";

/// HMAC-SHA-256 as RFC 2104 writes it.
pub fn hmac(secret: &[u8], text: &[u8]) -> String {
    let mut key = if secret.len() > 64 { Sha256::digest(secret).to_vec() } else { secret.to_vec() };
    key.resize(64, 0);
    let padded = |pad: u8| key.iter().map(|byte| byte ^ pad).collect::<Vec<u8>>();
    let inner = Sha256::digest([padded(0x36), text.to_vec()].concat());
    let outer = Sha256::digest([padded(0x5c), inner.to_vec()].concat());
    outer.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_model_of_the_digest_is_the_one_of_the_standard() {
    // RFC 4231, test cases 2 and 6.
    let found = hmac(b"Jefe", b"what do ya want for nothing?");
    assert_eq!(found, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    let found = hmac(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First");
    assert_eq!(found, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

struct Place {
    db: Db,
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("keyed.yaml"), POLICY).expect("the policy is written");
        let db = Db::with(
            "create table users (id bigint primary key, email text, token text);
             insert into users select n, 'Ann' || n || '@exämple.org', E'\\\\x\\t' || n from generate_series(1, 9) as n;",
        );
        Self { db, folder }
    }

    fn secret(&self, text: &str) {
        std::fs::write(self.folder.path().join("secret"), text).expect("the secret is written");
    }

    fn run(&self, line: &str, environment: Option<&str>) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_efface"));
        command.args(line.split_whitespace()).current_dir(self.folder.path()).env("DATABASE_URL", self.db.url());
        command.env_remove("EFFACE_SECRET").stdin(Stdio::null());
        if let Some(secret) = environment {
            command.env("EFFACE_SECRET", secret);
        }
        command.output().expect("the tool runs")
    }

    fn email(&self, id: u32) -> String {
        self.db.value(&format!("select email from users where id = {id}"))
    }
}

fn told(ran: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr))
}

#[test]
fn pseudonyms_are_the_digest_that_anybody_with_the_secret_can_compute() {
    let place = Place::new();
    for (id, secret) in [(1, SECRET.to_owned()), (2, "ü".repeat(40)), (3, "x".repeat(64)), (4, "x".repeat(65))] {
        place.secret(&format!("{secret}\n"));
        let ran = place.run(&format!("apply keyed.yaml --subject {id} --yes --secret-file secret"), None);
        assert_eq!(ran.status.code(), Some(0), "{}", told(&ran));
        let digest = |text: String| hmac(secret.as_bytes(), text.as_bytes());
        let email = digest(format!("Ann{id}@exämple.org"));
        assert_eq!(place.email(id), format!("{}@deleted.invalid", &email[..16]));
        let token = place.db.value(&format!("select token from users where id = {id}"));
        assert_eq!(token, digest(format!("\\x\t{id}"))[..32]);
    }
    // From the environment, the same.
    let ran = place.run("apply keyed.yaml --subject 5 --yes", Some(SECRET));
    assert_eq!(ran.status.code(), Some(0), "{}", told(&ran));
    let expected = hmac(SECRET.as_bytes(), "Ann5@exämple.org".as_bytes());
    assert_eq!(place.email(5), format!("{}@deleted.invalid", &expected[..16]));
}

#[test]
fn without_a_secret_nothing_begins() {
    let place = Place::new();
    let before = place.email(1);
    let refused = |line: &str, secret: Option<&str>, words: &str| {
        let ran = place.run(line, secret);
        assert_eq!(ran.status.code(), Some(2), "{}", told(&ran));
        assert!(told(&ran).contains(words), "{}", told(&ran));
        assert!(told(&ran).contains("help:"), "{}", told(&ran));
    };
    let apply = "apply keyed.yaml --subject 1 --yes";
    refused(apply, None, "policy `keyed` makes pseudonyms, which a secret keys");
    refused("rehearse keyed.yaml --subject 1", None, "--secret-file FILE");
    refused(apply, Some("too short"), "EFFACE_SECRET: the secret has fewer than 16 characters");
    refused(apply, Some("two lines of which\neither is long enough"), "more than one line");
    place.secret("MARKED short");
    refused(&format!("{apply} --secret-file secret"), None, "`secret`: the secret has fewer than 16 characters");
    assert_eq!(place.email(1), before);
    // Nor does check or plan want one.
    for line in ["check keyed.yaml", "plan keyed.yaml", "plan keyed.yaml --format sql"] {
        assert_eq!(place.run(line, None).status.code(), Some(0), "{line}");
    }
}

#[test]
fn the_secret_is_in_no_output_and_in_no_log_of_statements() {
    let place = Place::new();
    let name = place.db.value("select current_database()");
    for setting in ["log_statement = 'all'", "log_min_duration_statement = 0", "log_parameter_max_length = -1"] {
        place.db.sql(&format!("alter database {name} set {setting}"));
    }
    place.secret(SECRET);
    let ran = place.run("apply keyed.yaml --subject 1 --yes --secret-file secret -vv --show-server-detail", None);
    assert_eq!(ran.status.code(), Some(0), "{}", told(&ran));
    assert!(!told(&ran).contains("MARKED"), "{}", told(&ran));
    let log = server().log();
    assert!(log.contains("COPY pg_temp.efface_secret"), "statements are logged");
    // As text, and as the hexadecimal digits of a bytea.
    let hexadecimal: String = "MARKED".bytes().map(|byte| format!("{byte:02x}")).collect();
    assert!(!log.contains("MARKED-secret") && !log.contains(&hexadecimal));
    // What psql would run takes it from its standard input, and says so.
    let script = told(&place.run("plan keyed.yaml --format sql", None));
    assert!(script.contains("-f THIS_FILE < SECRET_FILE"), "{script}");
}
