//! How is a connection string read?
//!
//! Both of libpq's forms: `postgresql://user@host:port/db?sslmode=require` and `host=… dbname='a b'`. A value remembers
//! where it was written, for messages.

use std::collections::BTreeMap;

use super::SettingsError;

/// The settings of libpq that we act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Keyword {
    Host,
    Hostaddr,
    Port,
    Dbname,
    User,
    Password,
    Passfile,
    Service,
    Sslmode,
    Sslrootcert,
    Sslcert,
    Sslkey,
    Sslcertmode,
    ChannelBinding,
    TargetSessionAttrs,
    ConnectTimeout,
    Options,
    ApplicationName,
    Keepalives,
    KeepalivesIdle,
    KeepalivesInterval,
    KeepalivesCount,
    TcpUserTimeout,
}

/// Each setting with its keyword and its variable, where it has one.
const KEYWORDS: [(Keyword, &str, &str); 23] = [
    (Keyword::Host, "host", "PGHOST"),
    (Keyword::Hostaddr, "hostaddr", "PGHOSTADDR"),
    (Keyword::Port, "port", "PGPORT"),
    (Keyword::Dbname, "dbname", "PGDATABASE"),
    (Keyword::User, "user", "PGUSER"),
    (Keyword::Password, "password", "PGPASSWORD"),
    (Keyword::Passfile, "passfile", "PGPASSFILE"),
    (Keyword::Service, "service", "PGSERVICE"),
    (Keyword::Sslmode, "sslmode", "PGSSLMODE"),
    (Keyword::Sslrootcert, "sslrootcert", "PGSSLROOTCERT"),
    (Keyword::Sslcert, "sslcert", "PGSSLCERT"),
    (Keyword::Sslkey, "sslkey", "PGSSLKEY"),
    (Keyword::Sslcertmode, "sslcertmode", "PGSSLCERTMODE"),
    (Keyword::ChannelBinding, "channel_binding", "PGCHANNELBINDING"),
    (Keyword::TargetSessionAttrs, "target_session_attrs", "PGTARGETSESSIONATTRS"),
    (Keyword::ConnectTimeout, "connect_timeout", "PGCONNECT_TIMEOUT"),
    (Keyword::Options, "options", "PGOPTIONS"),
    (Keyword::ApplicationName, "application_name", "PGAPPNAME"),
    (Keyword::Keepalives, "keepalives", ""),
    (Keyword::KeepalivesIdle, "keepalives_idle", ""),
    (Keyword::KeepalivesInterval, "keepalives_interval", ""),
    (Keyword::KeepalivesCount, "keepalives_count", ""),
    (Keyword::TcpUserTimeout, "tcp_user_timeout", ""),
];

/// Settings of libpq that change nothing here, with their variables: with these values, or with any, the driver does as
/// they ask.
const WITHOUT_EFFECT: [(&str, &str, &[&str]); 10] = [
    ("client_encoding", "", &["utf8", "UTF8", "UTF-8", "utf-8", "auto"]),
    ("fallback_application_name", "", &[]),
    ("gssencmode", "PGGSSENCMODE", &["disable", "prefer"]),
    ("load_balance_hosts", "PGLOADBALANCEHOSTS", &["disable"]),
    // Nothing below this is spoken.
    ("ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION", &["TLSv1", "TLSv1.1", "TLSv1.2"]),
    ("ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION", &["TLSv1.3"]),
    ("sslcompression", "PGSSLCOMPRESSION", &["0"]),
    ("sslnegotiation", "PGSSLNEGOTIATION", &["postgres"]),
    // A key that is encrypted is refused as that.
    ("sslpassword", "", &[]),
    ("sslsni", "PGSSLSNI", &["1"]),
];

/// Settings of libpq that we would have to act on, and don't. Those about Kerberos have no variable here: what is set for
/// other programs doesn't matter, since nothing here speaks it.
const UNSUPPORTED: [(&str, &str); 12] = [
    ("krbsrvname", ""),
    ("gssdelegation", ""),
    ("gsslib", ""),
    ("replication", ""),
    ("require_auth", "PGREQUIREAUTH"),
    ("requirepeer", "PGREQUIREPEER"),
    ("requiressl", "PGREQUIRESSL"),
    ("scram_client_key", ""),
    ("scram_server_key", ""),
    ("sslcrl", "PGSSLCRL"),
    ("sslcrldir", "PGSSLCRLDIR"),
    ("sslkeylogfile", ""),
];

impl Keyword {
    fn row(self) -> &'static (Keyword, &'static str, &'static str) {
        KEYWORDS.iter().find(|(keyword, ..)| *keyword == self).expect("every keyword has its row in KEYWORDS")
    }
}

/// Settings as written, each with the place where it was.
#[derive(Clone, Debug, Default)]
pub(super) struct Values(BTreeMap<Keyword, (String, String)>);

impl Values {
    /// Reads a URL or keywords. `source_name` says where it was written, for messages.
    pub(super) fn read(text: &str, source_name: &str) -> Result<Values, SettingsError> {
        let mut values = Values::default();
        match text.strip_prefix("postgresql://").or_else(|| text.strip_prefix("postgres://")) {
            Some(rest) => values.read_url(rest, source_name)?,
            None => values.read_keywords(text, source_name)?,
        }
        Ok(values)
    }

    pub(super) fn from_env(env: &dyn Fn(&str) -> Option<String>) -> Result<Values, SettingsError> {
        let mut values = Values::default();
        let known = KEYWORDS.iter().map(|(_, keyword, variable)| (*keyword, *variable));
        let idle = WITHOUT_EFFECT.iter().map(|(keyword, variable, _)| (*keyword, *variable));
        for (keyword, variable) in known.chain(idle).chain(UNSUPPORTED) {
            if let Some(value) = Some(variable).filter(|name| !name.is_empty()).and_then(env) {
                values.set(keyword, value, variable)?;
            }
        }
        Ok(values)
    }

    /// Takes over what isn't set yet.
    pub(super) fn fill(&mut self, weaker: Values) {
        for (keyword, value) in weaker.0 {
            self.0.entry(keyword).or_insert(value);
        }
    }

    pub(super) fn set(&mut self, keyword: &str, value: String, source_name: &str) -> Result<(), SettingsError> {
        let source_name = source_name.to_owned();
        if value.contains('\0') {
            return Err(SettingsError::Syntax { source_name, problem: format!("`{keyword}` holds a null character") });
        }
        if let Some((known, ..)) = KEYWORDS.iter().find(|(_, name, _)| *name == keyword) {
            // As in libpq, an empty value is as good as none; but not of these, where a variable of the shell's that isn't
            // set (`sslmode=$MODE`) would ask for less than was meant.
            let strict = matches!(known, Keyword::Sslmode | Keyword::ChannelBinding | Keyword::TargetSessionAttrs);
            if value.is_empty() && !strict {
                self.0.remove(known);
            } else {
                self.0.insert(*known, (value, source_name));
            }
            return Ok(());
        }
        if let Some((.., allowed)) = WITHOUT_EFFECT.iter().find(|(name, ..)| *name == keyword) {
            if allowed.is_empty() || allowed.contains(&value.as_str()) {
                return Ok(());
            }
            return Err(SettingsError::Unsupported { keyword: format!("{keyword}={value}"), source_name });
        }
        if UNSUPPORTED.iter().any(|(name, _)| *name == keyword) {
            return Err(SettingsError::Unsupported { keyword: keyword.into(), source_name });
        }
        let near =
            KEYWORDS.iter().map(|(_, name, _)| *name).find(|name| strsim::damerau_levenshtein(name, keyword) <= 2);
        Err(SettingsError::Unknown { keyword: keyword.into(), source_name, near: near.map(Into::into) })
    }

    /// The settings of each server, where several are listed: the same but for host, address and port (libpq, "Specifying
    /// Multiple Hosts").
    pub(super) fn each_server(&self) -> Result<Vec<Values>, SettingsError> {
        let list = |keyword| -> Vec<&str> {
            self.0
                .get(&keyword)
                .map_or(Vec::new(), |(text, _): &(String, String)| text.split(',').map(str::trim).collect())
        };
        let (hosts, addresses, ports) = (list(Keyword::Host), list(Keyword::Hostaddr), list(Keyword::Port));
        let servers = hosts.len().max(addresses.len()).max(1);
        let uneven = |keyword: Keyword, listed: usize| SettingsError::Value {
            keyword: keyword.row().1,
            source_name: self.source_of(keyword),
            problem: format!("a list of {listed}, where {servers} servers are listed"),
        };
        for (keyword, listed, alone) in [
            (Keyword::Host, hosts.len(), false),
            (Keyword::Hostaddr, addresses.len(), false),
            (Keyword::Port, ports.len(), true),
        ] {
            if listed != 0 && listed != servers && !(alone && listed == 1) {
                return Err(uneven(keyword, listed));
            }
        }
        let of = |server: usize| {
            let mut values = self.clone();
            for (keyword, list) in [(Keyword::Host, &hosts), (Keyword::Hostaddr, &addresses), (Keyword::Port, &ports)] {
                let own = list.get(server).or(list.first().filter(|_| list.len() == 1)).copied().unwrap_or_default();
                match values.0.get_mut(&keyword) {
                    Some(_) if own.is_empty() => drop(values.0.remove(&keyword)),
                    Some((text, _)) => own.clone_into(text),
                    None => {}
                }
            }
            values
        };
        Ok((0..servers).map(of).collect())
    }

    pub(super) fn take(&mut self, keyword: Keyword) -> Option<String> {
        self.0.remove(&keyword).map(|(value, _)| value)
    }

    pub(super) fn source_of(&self, keyword: Keyword) -> String {
        self.0.get(&keyword).map_or_else(|| "the settings".into(), |(_, source_name)| source_name.clone())
    }

    pub(super) fn parsed<T>(
        &mut self,
        keyword: Keyword,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, SettingsError> {
        let Some((value, source_name)) = self.0.remove(&keyword) else { return Ok(None) };
        let refused = || SettingsError::Value {
            keyword: keyword.row().1,
            source_name,
            problem: format!("`{}`, expected {expected}", crate::ident::shown(&value)),
        };
        parse(&value).map(Some).ok_or_else(refused)
    }

    pub(super) fn one_of<T: Copy>(
        &mut self,
        keyword: Keyword,
        words: &[(&str, T)],
    ) -> Result<Option<T>, SettingsError> {
        let expected =
            format!("one of {}", words.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>().join(", "));
        self.parsed(keyword, &expected, |text| words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value))
    }

    /// Reads what stands behind `postgresql://`.
    fn read_url(&mut self, rest: &str, source_name: &str) -> Result<(), SettingsError> {
        let syntax = |problem: &str| SettingsError::Syntax { source_name: source_name.into(), problem: problem.into() };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        // The last `@`: an unescaped one in a password is a slip that libpq forgives too.
        let (login, place) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let decoded =
            |text: &str| decode(text).ok_or_else(|| syntax("a `%` that is not followed by two hexadecimal digits"));
        let mut hosts = Vec::new();
        let mut ports = Vec::new();
        for place in place.split(',') {
            let (host, port) = match place.strip_prefix('[') {
                Some(rest) => {
                    let (host, after) = rest.split_once(']').ok_or_else(|| syntax("a `[` without `]`"))?;
                    let port = after.strip_prefix(':').unwrap_or(after);
                    if !after.is_empty() && !after.starts_with(':') {
                        return Err(syntax("something other than `:port` behind `]`"));
                    }
                    (host, port)
                }
                None => place.split_once(':').unwrap_or((place, "")),
            };
            hosts.push(host);
            ports.push(port);
        }
        // A list of nothing is none: each has its default.
        let listed = |all: &[&str]| if all.iter().all(|it| it.is_empty()) { String::new() } else { all.join(",") };
        let (host, port) = (listed(&hosts), listed(&ports));
        for (keyword, text) in
            [("user", user), ("password", password), ("host", &host), ("port", &port), ("dbname", path)]
        {
            if !text.is_empty() {
                self.set(keyword, decoded(text)?, source_name)?;
            }
        }
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let (keyword, value) = part.split_once('=').ok_or_else(|| syntax("a parameter behind `?` without `=`"))?;
            match (decoded(keyword)?, decoded(value)?) {
                // Java's spelling, which libpq takes as well.
                (keyword, value) if keyword == "ssl" && value == "true" => {
                    self.set("sslmode", "require".into(), source_name)?
                }
                (keyword, value) => self.set(&keyword, value, source_name)?,
            }
        }
        Ok(())
    }

    fn read_keywords(&mut self, text: &str, source_name: &str) -> Result<(), SettingsError> {
        let syntax = |problem: String| SettingsError::Syntax { source_name: source_name.into(), problem };
        let mut chars = text.chars().peekable();
        loop {
            while chars.next_if(|c| c.is_whitespace()).is_some() {}
            if chars.peek().is_none() {
                return Ok(());
            }
            let mut keyword = String::new();
            while let Some(c) = chars.next_if(|c| *c != '=' && !c.is_whitespace()) {
                keyword.push(c);
            }
            while chars.next_if(|c| c.is_whitespace()).is_some() {}
            if chars.next() != Some('=') {
                // What stands there may be anything, a password too: it is not repeated.
                return Err(syntax("expected `keyword=value` pairs or a URL that begins with `postgresql://`".into()));
            }
            while chars.next_if(|c| c.is_whitespace()).is_some() {}
            let quoted = chars.next_if_eq(&'\'').is_some();
            let mut value = String::new();
            loop {
                match chars.next() {
                    None if quoted => return Err(syntax(format!("the value of `{keyword}` lacks its closing quote"))),
                    None => break,
                    Some('\'') if quoted => break,
                    Some(c) if !quoted && c.is_whitespace() => break,
                    Some('\\') => value.extend(chars.next()),
                    Some(c) => value.push(c),
                }
            }
            self.set(&keyword, value, source_name)?;
        }
    }
}

/// Undoes percent-encoding; none where it is broken.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        if byte == b'%' {
            let digit = |at: usize| char::from(*after.get(at)?).to_digit(16);
            bytes.push(u8::try_from(digit(0)? * 16 + digit(1)?).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(byte);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}
