//! Connecting as psql users expect, and hearing why not.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use efface::server::throwaway::Server;
use efface::server::{ServerError, connect};

use crate::harness::{Db, binaries, runtime, server, settings};

pub fn refusal(url: &str) -> String {
    match runtime().block_on(connect(&settings(url), "efface tests")) {
        Ok(_) => panic!("connected: {url}"),
        Err(error) => error.to_string(),
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

#[test]
fn a_socket_is_reached_by_url_and_by_keywords() {
    let by_url = Db::open(&server().url("postgres"));
    let by_keywords = Db::open(&format!("host={} user=postgres dbname=postgres", server().folder().display()));
    for db in [&by_url, &by_keywords] {
        assert_eq!(db.value("select current_database()"), "postgres");
        assert_eq!(db.value("select current_setting('application_name')"), "efface tests");
        let pid = db.value("select pg_backend_pid()");
        assert_eq!(pid, db.connection().backend_pid.to_string());
    }
    assert!((13..=18).contains(&by_url.connection().server_version.major));
}

#[test]
fn what_is_not_there_is_said_with_what_to_do() {
    let folder = server().folder().display();
    let text = refusal(&format!("host={folder} user=postgres dbname=nowhere"));
    assert!(text.contains("no database `nowhere`"), "{text}");
    let text = refusal(&format!("host={folder}/none user=postgres"));
    assert!(text.contains("nothing listens at") && text.contains("DATABASE_URL"), "{text}");
    let text = refusal(&format!("host=127.0.0.1 port={} user=postgres sslmode=disable", free_port()));
    assert!(text.contains("nothing listens at 127.0.0.1"), "{text}");
}

#[test]
fn a_server_that_does_not_answer_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("its address").port();
    let before = Instant::now();
    let text = refusal(&format!("host=127.0.0.1 port={port} user=postgres connect_timeout=1"));
    assert!(text.contains("no answer from 127.0.0.1") && before.elapsed() < Duration::from_secs(5), "{text}");
}

#[test]
fn a_statement_can_be_cancelled() {
    let db = Db::new();
    let cancel = db.connection().cancel.clone();
    let outcome = db.block_on(async {
        let sleep = db.connection().client.batch_execute("select pg_sleep(60)");
        let stop = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            cancel.cancel().await
        };
        let (slept, stopped) = tokio::join!(sleep, stop);
        stopped.expect("cancelling");
        slept.map_err(ServerError::from)
    });
    assert_eq!(outcome.expect_err("cancelled").sqlstate(), Some("57014"));
    assert_eq!(db.value("select 1"), "1");
}

#[test]
fn a_session_that_the_server_ends_is_lost() {
    let db = Db::new();
    let pid = db.connection().backend_pid;
    db.again().sql(&format!("select pg_terminate_backend({pid})"));
    std::thread::sleep(Duration::from_millis(100));
    let error = db.refused("select 1");
    assert!(error.is_lost(), "{error}");
}

#[test]
fn rows_that_a_server_quotes_are_withheld() {
    let db = Db::with("create table t (email text unique, age int, day date)");
    db.sql("insert into t (email) values ('SECRET')");
    db.sql(
        "create function shout() returns trigger language plpgsql as $$ begin
             raise notice 'SECRET'; raise exception 'SECRET is here' using errcode = '42501', column = 'SECRET'; end $$;
         create function dynamic() returns void language plpgsql as $$ begin execute 'select \"SECRET\" from t'; end $$;
         create table loud (a int); create trigger shout before insert on loud for each row execute function shout()",
    );
    let cases = [
        ("insert into t (email) values ('SECRET')", "23505"),
        ("update t set age = email::int", "22P02"),
        ("update t set day = email::date", "22007"),
        ("insert into loud values (1)", "42501"),
        ("select dynamic()", "42703"),
    ];
    for (sql, sqlstate) in cases {
        let error = db.refused(sql);
        assert_eq!(error.sqlstate(), Some(sqlstate), "{sql}");
        let text = format!("{error} {error:?} {error:#?}");
        assert!(!text.contains("SECRET"), "{sql}: {text}");
        assert!(error.with_detail(true).to_string().contains("SECRET"), "{sql}");
    }
    assert_eq!(db.connection().notices(), 1);
    assert_eq!(db.dump_table("t"), ["(SECRET,,)"]);
    assert!(db.refused("select * from nowhere").to_string().contains("nowhere"), "a name is no row");
}

/// A server on TCP with a certificate of a self-made authority, for `localhost` only, that asks for passwords.
pub struct TlsServer {
    pub server: Server,
    pub port: u16,
}

impl TlsServer {
    pub fn start() -> Self {
        let port = free_port();
        let server = Server::start_with(binaries(), &format!("listen_addresses = '127.0.0.1'\nport = {port}"))
            .expect("a server with TCP");
        let folder = server.folder();
        certificates(folder);
        let db = Db::open(&server.url("postgres"));
        db.sql("create table key (line text)");
        db.sql("alter system set ssl = on");
        db.sql("set password_encryption = 'scram-sha-256'; create role ann login password 'right'");
        db.sql("create database ann");
        db.sql(&format!(
            "copy (values ('local all all trust'), ('hostssl all all all scram-sha-256')) to '{}/data/pg_hba.conf'",
            folder.display()
        ));
        let tls = Self { server, port };
        tls.present("server");
        tls
    }

    /// Makes the server show the certificate of that name.
    pub fn present(&self, name: &str) {
        let folder = self.server.folder().display();
        let db = Db::open(&self.server.url("postgres"));
        // The key must belong to the server's own user: it writes the copy itself.
        db.sql(&format!(
            "truncate key; copy key from '{folder}/{name}.key' with (delimiter e'\\x01');
             copy key to program 'umask 077; cat > {folder}/data/server.key'"
        ));
        db.sql(&format!("alter system set ssl_cert_file = '{folder}/{name}.crt'"));
        db.sql("select pg_reload_conf()");
        let deadline = Instant::now() + Duration::from_secs(10);
        let reloaded = || {
            let settings = Db::open(&self.server.url("postgres"));
            settings.value("show ssl") == "on"
                && settings.value("show ssl_cert_file").ends_with(&format!("/{name}.crt"))
        };
        while !reloaded() {
            assert!(Instant::now() < deadline, "{}", self.server.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn url(&self, rest: &str) -> String {
        format!("user=ann port={} {rest}", self.port)
    }

    pub fn root(&self) -> String {
        self.server.folder().join("root.crt").display().to_string()
    }

    pub fn connects(&self, rest: &str) -> Db {
        Db::open(&self.url(rest))
    }
}

fn certificates(folder: &Path) {
    let script = "set -e
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=root -keyout root.key -out root.crt
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout server.key -out server.csr
        printf 'subjectAltName=DNS:localhost\\nbasicConstraints=CA:FALSE\\n' > server.ext
        openssl x509 -req -in server.csr -CA root.crt -CAkey root.key -CAcreateserial -days 2 -extfile server.ext -out server.crt
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout unnamed.key -out unnamed.csr
        printf 'basicConstraints=CA:FALSE\\n' > unnamed.ext
        openssl x509 -req -in unnamed.csr -CA root.crt -CAkey root.key -CAcreateserial -days 2 -extfile unnamed.ext -out unnamed.crt
        cp unnamed.key first.key
        openssl x509 -req -in unnamed.csr -CA root.crt -CAkey root.key -CAcreateserial -days 2 -out first.crt
        openssl req -new -x509 -days 2 -nodes -text -subj /CN=localhost -keyout manual.key -out manual.crt
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=other -keyout other.key -out other.crt
        chmod 0644 *.key *.crt";
    let made = Command::new("sh").args(["-c", script]).current_dir(folder).output().expect("sh");
    assert!(made.status.success(), "openssl: {}", String::from_utf8_lossy(&made.stderr));
}

#[test]
fn tls_is_as_strict_as_it_was_asked_to_be() {
    let tls = TlsServer::start();
    let root = tls.root();
    for rest in [
        "host=localhost password=right".to_owned(),
        "host=localhost password=right sslmode=allow".to_owned(),
        "host=localhost password=right sslmode=require".to_owned(),
        "host=localhost password=right sslmode=require channel_binding=require".to_owned(),
        // The name isn't 127.0.0.1's, which `verify-ca` doesn't mind.
        format!("host=127.0.0.1 password=right sslmode=verify-ca sslrootcert={root}"),
        format!("host=localhost password=right sslmode=verify-full sslrootcert={root}"),
        format!("host=localhost hostaddr=127.0.0.1 password=right sslmode=verify-full sslrootcert={root}"),
    ] {
        let db = tls.connects(&rest);
        assert!(db.connection().encrypted, "{rest}");
        assert_eq!(db.value("select ssl from pg_stat_ssl where pid = pg_backend_pid()"), "t", "{rest}");
        // A cancel request goes the same way.
        db.block_on(db.connection().cancel.cancel()).expect("cancelling");
    }
    let other = tls.server.folder().join("other.crt").display().to_string();
    for (rest, words) in [
        (format!("host=127.0.0.1 password=right sslmode=verify-full sslrootcert={root}"), "is not for `127.0.0.1`"),
        (
            format!("host=localhost password=right sslmode=verify-full sslrootcert={other}"),
            "nobody whom `sslrootcert` trusts",
        ),
        // As in libpq: a root file makes `require` check the chain.
        (
            format!("host=localhost password=right sslmode=require sslrootcert={other}"),
            "nobody whom `sslrootcert` trusts",
        ),
        ("host=localhost password=right sslmode=disable".to_owned(), "refuses role `ann`"),
        ("host=localhost password=SECRET".to_owned(), "refused the password of role `ann`"),
        ("host=localhost".to_owned(), "asks for a password of role `ann`"),
    ] {
        let text = refusal(&tls.url(&rest));
        assert!(text.contains(words) && !text.contains("SECRET") && !text.contains("right"), "{rest}: {text}");
    }
    // Without a `subjectAltName` the common name counts, as for psql; of version 1 nothing can be verified.
    let full = format!("password=right sslmode=verify-full sslrootcert={root}");
    for (name, host, words) in [
        ("unnamed", "localhost", None),
        ("unnamed", "127.0.0.1", Some("is not for `127.0.0.1`")),
        ("first", "localhost", Some("version 1")),
    ] {
        tls.present(name);
        let rest = format!("host={host} {full}");
        match words {
            None => assert!(tls.connects(&rest).connection().encrypted, "{name}"),
            Some(words) => assert!(refusal(&tls.url(&rest)).contains(words), "{name}: {}", refusal(&tls.url(&rest))),
        }
        for mode in ["require", "prefer"] {
            let rest = format!("host=localhost password=right sslmode={mode}");
            assert!(tls.connects(&rest).connection().encrypted, "{name} {mode}");
        }
    }
    // The recipe of PostgreSQL's manual, which is its own authority as well.
    tls.present("manual");
    let manual = tls.server.folder().join("manual.crt").display().to_string();
    let own = format!("host=localhost password=right sslmode=verify-full sslrootcert={manual}");
    assert!(tls.connects(&own).connection().encrypted);
    assert!(refusal(&tls.url(&own.replace("localhost", "127.0.0.1"))).contains("is not for `127.0.0.1`"));
    // The usual self-made certificate is its own authority: it is trusted where it is the root file itself.
    tls.present("other");
    let own = format!("host=localhost password=right sslmode=verify-ca sslrootcert={other}");
    assert!(tls.connects(&own).connection().encrypted);
    let text = refusal(&tls.url(&format!("host=localhost password=right sslmode=verify-full sslrootcert={other}")));
    assert!(text.contains("is not for `localhost`"), "{text}");
    let text = refusal(&tls.url(&format!("host=localhost password=right sslmode=verify-ca sslrootcert={root}")));
    assert!(text.contains("no TLS with localhost"), "{text}");
}

/// What `efface catalog` says with nothing but these variables and a home of its own.
fn told(home: &Path, environment: &[(&str, String)]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_efface"));
    command.args(["catalog", "--out", "catalog.json"]).env_clear().env("HOME", home).current_dir(home);
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).envs(environment.iter().cloned());
    let output = command.output().expect("the tool runs");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn passwords_come_from_a_file_that_only_its_owner_reads() {
    use std::os::unix::fs::PermissionsExt;
    let tls = TlsServer::start();
    let home = tempfile::tempdir().expect("a folder");
    let file = home.path().join("passwords");
    let to = |host: &str| -> Vec<(&'static str, String)> {
        let port = tls.port.to_string();
        vec![
            ("PGHOST", host.into()),
            ("PGPORT", port),
            ("PGUSER", "ann".into()),
            ("PGPASSFILE", file.display().to_string()),
        ]
    };
    let write = |line: &str, mode: u32| {
        std::fs::write(&file, format!("# the club's\n{line}\n")).expect("a file");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("its owner");
    };
    for line in ["localhost:*:ann:ann:right", "*:*:*:*:right", &format!("localhost:{}:*:ann:right:more", tls.port)] {
        write(line, 0o600);
        let (code, said) = told(home.path(), &to("localhost"));
        assert_eq!((code, said.as_str()), (Some(0), ""), "{line}");
    }
    for line in ["elsewhere:*:*:*:right", "localhost:*:*:bob:right", "\\*:*:*:*:right", "localhost:*:*:ann:SECRET"] {
        write(line, 0o600);
        let (code, said) = told(home.path(), &to("localhost"));
        assert!(
            code == Some(3) && said.contains("role `ann`") && !said.contains("SECRET") && !said.contains("right"),
            "{line}: {said}"
        );
    }
    write("*:*:*:*:right", 0o640);
    let (code, said) = told(home.path(), &to("localhost"));
    assert_eq!(code, Some(3));
    assert_eq!(said.matches("others may read it; `chmod 0600` it").count(), 1, "told once: {said}");
    // A socket is looked up by its folder, and the password of the variable goes before the file.
    let mut own = to("localhost");
    own.push(("PGPASSWORD", "right".into()));
    assert_eq!(told(home.path(), &own).0, Some(0));
    own.push(("PGPASSFILE", "/dev/null".into()));
    assert_eq!(told(home.path(), &own), (Some(0), String::new()), "no file is asked then");
    own.retain(|(name, _)| *name != "PGPASSWORD");
    let (_, said) = told(home.path(), &own);
    assert!(said.contains("password file /dev/null is ignored: it is no plain file"), "{said}");
}

#[test]
fn a_variable_that_can_t_be_read_is_refused() {
    use std::os::unix::ffi::OsStrExt;
    let mut command = Command::new(env!("CARGO_BIN_EXE_efface"));
    command.args(["catalog", "--database", &server().url("postgres")]);
    command.env("PGPASSWORD", std::ffi::OsStr::from_bytes(b"SECR\xc9T"));
    let output = command.output().expect("the tool runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.code() == Some(2) && said.contains("PGPASSWORD is not UTF-8") && !said.contains("SECR"),
        "{said}"
    );
}

#[test]
fn time_zone_and_date_style_are_the_script_s_own_whatever_a_user_has_set() {
    let db = Db::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_efface"));
    let folder = tempfile::tempdir().expect("a folder");
    db.sql("create table users (id int primary key, name text)");
    // What was reviewed means the same whoever runs it.
    let policy = "version: 1\nname: zone\nsubject: { table: users }\nguards:\n  - name: zone\n    table: users\n    where: current_setting('TimeZone') <> 'UTC' or current_setting('DateStyle') not like 'ISO%'\n    message: found\ntables:\n  users: { columns: { id: keep, name: null } }\n";
    std::fs::write(folder.path().join("p.yaml"), policy).expect("a file");
    db.sql("insert into users values (1, 'x')");
    command.args(["rehearse", "p.yaml", "--subject", "1"]).current_dir(&folder).env("DATABASE_URL", db.url());
    command.env("PGTZ", "Asia/Tokyo").env("PGDATESTYLE", "German");
    command.env("PGOPTIONS", "-c timezone=Asia/Tokyo -c datestyle=German");
    let output = command.output().expect("the tool runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(0) && !said.contains("zone: found"), "{said}");
}

#[test]
fn a_server_without_tls_is_refused_by_those_who_ask_for_it() {
    let port = free_port();
    let server =
        Server::start_with(binaries(), &format!("listen_addresses = '0.0.0.0'\nport = {port}")).expect("a server");
    // Elsewhere than on this machine's own address `prefer` tells that it goes on in the clear.
    let own = std::net::UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        socket.connect("192.0.2.1:9")?;
        socket.local_addr()
    });
    let own = own.expect("an address of this machine").ip();
    let db = Db::open(&server.url("postgres"));
    let hba = server.data().join("pg_hba.conf").display().to_string();
    db.sql(&format!(
        "copy (values ('local all all trust'), ('host all all all trust')) to '{hba}'; select pg_reload_conf()"
    ));
    let begun = Instant::now();
    let far = loop {
        match runtime().block_on(connect(&settings(&format!("host={own} port={port} user=postgres")), "efface tests")) {
            Ok(connection) => break connection,
            Err(error) => assert!(begun.elapsed() < Duration::from_secs(10), "{error}"),
        }
    };
    let warned = far.warnings.join("\n");
    let told =
        warned.contains("is not encrypted, and `sslmode=prefer` goes on without") && warned.contains("offers no TLS");
    assert_eq!(told, !own.is_loopback(), "{own}: {warned}");
    let text = refusal(&format!("host=localhost port={port} user=postgres sslmode=require"));
    assert!(text.contains("offers no TLS"), "{text}");
    // What Linux tells of a socket: which timer runs, and for how long; 02 is that of keepalives.
    let silence = |db: &Db| {
        let client = db.value("select client_port from pg_stat_activity where pid = pg_backend_pid()");
        let ours = format!(":{:04X}", client.parse::<u16>().expect("a port"));
        let sockets = ["/proc/net/tcp", "/proc/net/tcp6"].map(|file| std::fs::read_to_string(file).unwrap_or_default());
        let timer = sockets.concat().lines().find_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            fields.get(1)?.ends_with(&ours).then(|| (*fields.get(5).expect("a timer")).to_owned())
        });
        let timer = timer.expect("the socket");
        let (kind, when) = timer.split_once(':').expect("kind and time");
        (kind == "02").then(|| u64::from_str_radix(when, 16).expect("ticks") / 100)
    };
    let asked =
        Db::open(&format!("host=127.0.0.1 port={port} user=postgres keepalives_idle=30 tcp_user_timeout=15000"));
    assert!(silence(&asked).is_some_and(|seconds| seconds <= 30), "{:?}", silence(&asked));
    let usual = Db::open(&format!("host=127.0.0.1 port={port} user=postgres"));
    assert!(silence(&usual).is_some_and(|seconds| seconds > 60), "{:?}", silence(&usual));
    let plain = Db::open(&format!("host=localhost port={port} user=postgres"));
    assert!(!plain.connection().encrypted && plain.connection().warnings.is_empty(), "local: no warning");
    drop(server);
}
