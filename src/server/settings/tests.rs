use std::collections::BTreeMap;
use std::io;

use super::*;

/// A machine that exists only here.
#[derive(Default)]
struct Fake {
    env: BTreeMap<&'static str, &'static str>,
    files: BTreeMap<&'static str, &'static str>,
    open_files: bool,
}

impl Fake {
    fn env(mut self, name: &'static str, value: &'static str) -> Self {
        self.env.insert(name, value);
        self
    }

    fn file(mut self, path: &'static str, text: &'static str) -> Self {
        self.files.insert(path, text);
        self
    }

    fn resolve(&self, arg: Option<&str>) -> Result<Settings, SettingsError> {
        only(self.candidates(arg)?)
    }

    /// Host and port of each server that is listed.
    fn places(&self, arg: &str) -> Vec<String> {
        let all = self.candidates(Some(arg)).unwrap_or_else(|error| panic!("refused (see `refuses`): {error}"));
        all.iter().map(Settings::place).collect()
    }

    fn candidates(&self, arg: Option<&str>) -> Result<Vec<Settings>, SettingsError> {
        let text = |path: &Path| path.to_str().and_then(|path| self.files.get(path).copied());
        Settings::candidates_on(
            arg,
            &Machine {
                env: &|name| self.env.get(name).map(|value| (*value).to_owned()),
                read: &|path| text(path).map(str::to_owned).ok_or_else(|| io::ErrorKind::NotFound.into()),
                exists: &|path| text(path).is_some(),
                exposed: &|_| self.open_files.then_some("others may read it; `chmod 0600` it"),
                user: &|| Some("ann".into()),
            },
        )
    }

    fn accepts(&self, arg: &str) -> Settings {
        self.resolve(Some(arg)).unwrap_or_else(|error| panic!("refused (see `refuses`): {error}"))
    }

    fn refuses(&self, arg: &str) -> String {
        match self.resolve(Some(arg)) {
            Ok(settings) => panic!("accepted (see `accepts`): {settings:?}"),
            Err(error) => error.to_string(),
        }
    }
}

fn home() -> Fake {
    Fake::default().env("HOME", "/home/ann")
}

fn secret(settings: &Settings) -> Option<&str> {
    settings.password.as_ref().map(Password::reveal)
}

#[test]
fn without_any_setting_it_is_ones_own_database_on_this_machine() {
    let settings = Fake::default().resolve(None).unwrap();
    assert_eq!((settings.host, settings.port), (Host::Tcp("localhost".into()), 5432));
    assert_eq!((settings.user.as_str(), settings.dbname.as_str()), ("ann", "ann"));
    let settings = Fake::default().file("/var/run/postgresql", "").resolve(None).unwrap();
    assert_eq!(settings.host, Host::Socket("/var/run/postgresql".into()));
}

#[test]
fn a_url_and_keywords_say_the_same() {
    let url = home().accepts("postgres://bob:s%3Aecret@db.example:6000/club%20a?sslmode=require&connect_timeout=3");
    let keywords = home().accepts(
        r"host=db.example port = 6000 user=bob password='s:ecret' dbname='club a' sslmode=require connect_timeout=3",
    );
    assert_eq!(url, keywords);
    assert_eq!((url.dbname.as_str(), secret(&url)), ("club a", Some("s:ecret")));
    assert_eq!(url.connect_timeout, Some(Duration::from_secs(3)));
}

#[test]
fn quotes_and_backslashes_in_keywords_are_escapes() {
    assert_eq!(secret(&home().accepts(r"password='it\'s \\ here' dbname=a\ b")), Some(r"it's \ here"));
    assert_eq!(home().accepts(r"dbname=a\ b").dbname, "a b");
}

#[test]
fn a_socket_folder_can_stand_in_a_url_in_both_ways() {
    let escaped = home().accepts("postgresql://%2Ftmp%2Fx/club");
    let parameter = home().accepts("postgresql:///club?host=/tmp/x");
    assert_eq!(escaped, parameter);
    assert_eq!(escaped.host, Host::Socket("/tmp/x".into()));
}

#[test]
fn an_ipv6_address_stands_in_brackets() {
    let settings = home().accepts("postgresql://[::1]:5433/club");
    assert_eq!((settings.host.clone(), settings.port), (Host::Tcp("::1".into()), 5433));
    assert!(settings.is_local());
}

#[test]
fn what_the_string_leaves_open_comes_from_the_service_then_the_environment() {
    let machine =
        home().env("PGSERVICE", "club").env("PGPORT", "7000").env("PGHOST", "elsewhere").env("PGUSER", "carl").file(
            "/home/ann/.pg_service.conf",
            "# mine\n[other]\nhost=x\n[club]\nhost=db.example\nport=6000\n[next]\nuser=x\n",
        );
    let settings = machine.accepts("port=5000");
    assert_eq!((settings.host, settings.port), (Host::Tcp("db.example".into()), 5000));
    assert_eq!(settings.user, "carl");
    assert!(machine.refuses("service=club2").contains("no service file defines the service `club2`"));
}

#[test]
fn service_files_are_the_user_s_then_the_system_s() {
    let machine = home()
        .env("PGSYSCONFDIR", "/conf")
        .file("/conf/pg_service.conf", "[club]\nhost=system\n[both]\nhost=system\n")
        .file("/home/ann/.pg_service.conf", "[both]\nhost=mine\n[nested]\nservice=club\n[odd]\nhots=x\n")
        .file("/named.conf", "[both]\nhost=named\n");
    assert_eq!(machine.accepts("service=club").host, Host::Tcp("system".into()));
    assert_eq!(machine.accepts("postgresql:///?service=both").host, Host::Tcp("mine".into()));
    insta::assert_snapshot!(machine.refuses("service=nested"), @"/home/ann/.pg_service.conf:4 is not a connection string: a service within a service");
    insta::assert_snapshot!(machine.refuses("service=odd"), @"unknown connection setting `hots` in /home/ann/.pg_service.conf:6; a setting named `host` exists");
    let named = machine.env("PGSERVICEFILE", "/named.conf");
    assert_eq!(named.accepts("service=both").host, Host::Tcp("named".into()));
    assert_eq!(named.accepts("service=club").host, Host::Tcp("system".into()));
    let missing = named.env("PGSERVICEFILE", "/none.conf");
    assert!(missing.refuses("service=club").contains("service file /none.conf"));
}

#[test]
fn the_argument_goes_before_database_url() {
    let machine = home().env("DATABASE_URL", "postgres://bob@one/club");
    assert_eq!(machine.resolve(None).unwrap().user, "bob");
    let settings = machine.accepts("host=two");
    assert_eq!((settings.host, settings.user.as_str()), (Host::Tcp("two".into()), "ann"));
}

#[test]
fn pgpass_is_matched_from_above_with_wildcards_and_escapes() {
    let file = "# host:port:database:user:password\nh:5432:club:bob:first\n*:*:a\\:b:*:colon\\:\\\\s\n*:*:*:ann:any\n\\*:*:*:*:star\n";
    let machine = home().file("/home/ann/.pgpass", file);
    assert_eq!(secret(&machine.accepts("host=h dbname=club user=bob")), Some("first"));
    assert_eq!(secret(&machine.accepts("host=h dbname=a:b user=bob")), Some(r"colon:\s"));
    assert_eq!(secret(&machine.accepts("host=h dbname=zoo")), Some("any"));
    assert_eq!(secret(&machine.accepts("host=h dbname=zoo user=bob")), None);
}

#[test]
fn the_usual_socket_is_localhost_to_pgpass() {
    let machine = home().file("/home/ann/.pgpass", "localhost:*:*:*:s").file("/run/postgresql", "");
    assert_eq!(secret(&machine.resolve(None).unwrap()), Some("s"));
}

#[test]
fn a_pgpass_that_others_can_read_is_ignored_with_a_warning() {
    let mut machine = home().file("/home/ann/.pgpass", "*:*:*:*:s");
    machine.open_files = true;
    let settings = machine.accepts("host=h");
    assert_eq!(secret(&settings), None);
    assert!(settings.warnings[0].contains("chmod 0600"), "{:?}", settings.warnings);
}

#[test]
fn a_password_is_never_printed() {
    let settings = home().accepts("postgres://bob:SECRET@h/club");
    assert!(!format!("{settings:?} {settings:#?} {}", settings.place()).contains("SECRET"));
    for wrong in
        ["postgres://bob:SECRET@h,i/club", "postgres://bob:SECRET%zz@h/club", "host=h SECRET", "password='SECRET"]
    {
        assert!(!home().refuses(wrong).contains("SECRET"), "{wrong}");
    }
}

#[test]
fn what_is_not_understood_is_refused() {
    insta::assert_snapshot!(home().refuses("hots=x"), @"unknown connection setting `hots` in the connection string; a setting named `host` exists");
    insta::assert_snapshot!(home().refuses("postgres://h/d?pgbouncer=true"), @"unknown connection setting `pgbouncer` in the connection string");
    insta::assert_snapshot!(home().refuses("sslcrl=x"), @"efface does not support the connection setting `sslcrl` (in the connection string)");
    insta::assert_snapshot!(home().env("PGREQUIREAUTH", "scram-sha-256").refuses("host=h"), @"efface does not support the connection setting `require_auth` (in PGREQUIREAUTH)");
    insta::assert_snapshot!(home().env("PGGSSENCMODE", "require").refuses("host=h"), @"efface does not support the connection setting `gssencmode=require` (in PGGSSENCMODE)");
    insta::assert_snapshot!(home().refuses("host=a channel_binding="), @"`channel_binding` in the connection string is ``, expected one of `disable`, `prefer`, `require`");
    assert!(home().refuses("postgresql://h/d?sslmode=").contains("`sslmode` in the connection string is ``"));
    insta::assert_snapshot!(home().refuses("host=a,b port=1,2,3"), @"`port` in the connection string is a list of 3, where 2 servers are listed");
    insta::assert_snapshot!(home().refuses("host=a,b hostaddr=127.0.0.1"), @"`hostaddr` in the connection string is a list of 1, where 2 servers are listed");
    insta::assert_snapshot!(home().refuses("host=a target_session_attrs=master"), @"`target_session_attrs` in the connection string is `master`, expected one of `any`, `read-write`, `read-only`, `primary`, `standby`, `prefer-standby`");
    insta::assert_snapshot!(home().refuses("port=70000"), @"`port` in the connection string is `70000`, expected a port from 1 to 65535");
    insta::assert_snapshot!(home().refuses("sslmode=verify_full"), @"`sslmode` in the connection string is `verify_full`, expected one of `disable`, `allow`, `prefer`, `require`, `verify-ca`, `verify-full`");
    insta::assert_snapshot!(home().refuses("club"), @"the connection string is not a connection string: expected `keyword=value` pairs or a URL that begins with `postgresql://`");
}

#[test]
fn verification_needs_someone_to_trust() {
    assert!(home().refuses("host=h sslmode=verify-full").contains("sslrootcert=system"));
    assert!(home().refuses("host=h sslmode=require sslrootcert=system").contains("too weak"));
    assert_eq!(home().accepts("host=h sslrootcert=system").sslmode, SslMode::VerifyFull);
    let usual = home().file("/home/ann/.postgresql/root.crt", "");
    let settings = usual.accepts("host=h sslmode=verify-ca");
    assert_eq!(settings.root_cert, RootCert::File("/home/ann/.postgresql/root.crt".into()));
}

#[test]
fn a_silent_connection_is_noticed_as_asked() {
    let usual = home().accepts("host=h").socket;
    assert!(usual.keepalives && usual.idle.is_none() && usual.user_timeout.is_none());
    let text = "host=h keepalives_idle=30 keepalives_interval=5 keepalives_count=3 tcp_user_timeout=15000";
    let socket = home().accepts(text).socket;
    assert_eq!((socket.idle, socket.interval), (Some(Duration::from_secs(30)), Some(Duration::from_secs(5))));
    assert_eq!((socket.count, socket.user_timeout), (Some(3), Some(Duration::from_secs(15))));
    assert!(!home().accepts("host=h keepalives=0 keepalives_idle=0").socket.keepalives);
    insta::assert_snapshot!(home().refuses("keepalives_idle=30s"), @"`keepalives_idle` in the connection string is `30s`, expected a number");
}

#[test]
fn several_servers_are_listed_as_for_psql() {
    let both = ["a, port 5432", "b, port 6000"];
    assert_eq!(home().places("postgresql://a,b:6000/club?target_session_attrs=read-write"), both);
    assert_eq!(home().places("host=a,b port=5432,6000"), both);
    assert_eq!(home().places("host=a,b port=,6000"), both);
    assert_eq!(home().places("postgresql:///club?host=a,b&port=5432,6000"), both);
    assert_eq!(home().env("PGHOST", "a,b").env("PGPORT", "5432,6000").places(""), both);
    assert_eq!(home().places("host=a,b port=7"), ["a, port 7", "b, port 7"]);
    assert_eq!(home().places("postgresql://[::1]:1,/tmp/x/club")[..1], ["::1, port 1"]);
    assert_eq!(home().places("host=/tmp/x,b"), ["socket /tmp/x/.s.PGSQL.5432", "b, port 5432"]);
    assert_eq!(home().places("hostaddr=127.0.0.1,::1"), ["127.0.0.1, port 5432", "::1, port 5432"]);
    let machine = home().file("/home/ann/.pgpass", "a:*:*:*:one\nb:6000:*:*:two\n");
    let all = machine.candidates(Some("postgresql://a,b:6000/club?target_session_attrs=primary")).unwrap();
    assert_eq!(all.iter().map(secret).collect::<Vec<_>>(), [Some("one"), Some("two")]);
    assert!(all.iter().all(|one| one.session == SessionAttrs::Primary && one.dbname == "club"));
    assert!(home().refuses("host=a,b").contains("a list, where one server is meant"));
}

#[test]
fn a_client_s_certificate_is_the_named_one_or_the_usual_one() {
    let usual = || home().file("/home/ann/.postgresql/postgresql.crt", "");
    let with_key = || usual().file("/home/ann/.postgresql/postgresql.key", "");
    assert_eq!(home().accepts("host=h").client_cert, None);
    let found = with_key().accepts("host=h").client_cert.expect("the usual files");
    assert_eq!(found.cert, Path::new("/home/ann/.postgresql/postgresql.crt"));
    assert_eq!(found.key, Path::new("/home/ann/.postgresql/postgresql.key"));
    let named = with_key().file("/c.crt", "").file("/c.key", "").env("PGSSLCERT", "/c.crt").env("PGSSLKEY", "/x.key");
    let found = named.accepts("host=h sslkey=/c.key").client_cert.expect("the named files");
    assert_eq!((found.cert, found.key), ("/c.crt".into(), "/c.key".into()));
    // Nothing is shown where there is no TLS, or where somebody says so.
    for without in ["host=/tmp/x", "host=h sslmode=disable", "host=h sslcertmode=disable"] {
        assert_eq!(named.accepts(without).client_cert, None, "{without}");
    }
    assert_eq!(home().env("PGSSLKEY", "/x.key").accepts("host=h").client_cert, None);
    insta::assert_snapshot!(home().refuses("host=h sslcert=/none.crt"), @"`sslcert` in the connection string is a file that can't be found");
    insta::assert_snapshot!(home().refuses("host=h sslkey=/none.key"), @"`sslkey` in the connection string is a key without a certificate: name that with `sslcert`");
    insta::assert_snapshot!(usual().refuses("host=h"), @"`sslkey` in the settings is not given, and the certificate's private key is not in ~/.postgresql/postgresql.key either");
    insta::assert_snapshot!(usual().refuses("host=h sslkey=/none.key"), @"`sslkey` in the connection string is a file that can't be found");
    insta::assert_snapshot!(usual().refuses("host=h sslkey=pkcs11:token"), @"`sslkey` in the connection string is a key in a device, which efface can't use: it has to be a file");
    insta::assert_snapshot!(home().refuses("host=h sslcertmode=require"), @"`sslcertmode` in the connection string is `require`, expected one of `disable`, `allow`");
}

proptest::proptest! {
    #[test]
    fn any_value_survives_quoting_and_encoding(value in "[^\\x00]{1,20}") {
        let quoted = format!("dbname='{}'", value.replace('\\', r"\\").replace('\'', r"\'"));
        proptest::prop_assert_eq!(&home().accepts(&quoted).dbname, &value);
        let encoded: String = value.bytes().map(|byte| format!("%{byte:02x}")).collect();
        proptest::prop_assert_eq!(&home().accepts(&format!("postgres://h/{encoded}")).dbname, &value);
    }

    #[test]
    fn no_string_makes_it_panic(text in ".*") {
        let _ = home().resolve(Some(&text));
        let _ = home().resolve(Some(&format!("postgres://{text}")));
    }
}
