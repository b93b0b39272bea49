//! What do the user's own files say about connecting?
//!
//! `.pgpass` and service files, read as libpq reads them. The machine is a parameter, so that all of it can be tested
//! without one.

use std::io;
use std::path::{Path, PathBuf};

use super::parse::Values;
use super::{Host, Password, SettingsError};

/// What is asked of the machine that we run on.
pub(super) struct Machine<'a> {
    pub(super) env: &'a dyn Fn(&str) -> Option<String>,
    pub(super) read: &'a dyn Fn(&Path) -> io::Result<String>,
    pub(super) exists: &'a dyn Fn(&Path) -> bool,
    /// Why a file is no place for a secret: it is no ordinary one, or others than its owner may read it.
    pub(super) exposed: &'a dyn Fn(&Path) -> Option<&'static str>,
    pub(super) user: &'a dyn Fn() -> Option<String>,
}

impl<'a> Machine<'a> {
    pub(super) fn this(env: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            env,
            read: &|path| std::fs::read_to_string(path),
            exists: &Path::exists,
            exposed: &exposed,
            user: &os_user,
        }
    }
}

fn exposed(path: &Path) -> Option<&'static str> {
    use std::os::unix::fs::MetadataExt;
    match path.metadata() {
        Ok(data) if !data.is_file() => Some("it is no plain file"),
        Ok(data) if data.mode() & 0o077 != 0 => Some("others may read it; `chmod 0600` it"),
        Ok(_) => None,
        Err(_) => Some("it can't be looked at"),
    }
}

/// The operating system's user. `id` knows them all, those of directories (LDAP) too, and is everywhere.
fn os_user() -> Option<String> {
    let output = std::process::Command::new("id").arg("-un").output().ok().filter(|output| output.status.success())?;
    let name = String::from_utf8(output.stdout).ok()?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

/// A path as written, with `~/` for the user's own folder.
pub(super) fn expand(path: &str, machine: &Machine<'_>) -> PathBuf {
    match (path.strip_prefix("~/"), (machine.env)("HOME")) {
        (Some(rest), Some(home)) => Path::new(&home).join(rest),
        _ => path.into(),
    }
}

/// A path for people.
fn told(path: &Path) -> String {
    crate::ident::shown(&path.to_string_lossy()).to_string()
}

/// The settings of a service: the user's file goes before the system's.
pub(super) fn service(name: &str, machine: &Machine<'_>) -> Result<Values, SettingsError> {
    let user_file = (machine.env)("PGSERVICEFILE");
    let named = user_file.is_some();
    let user_file = user_file.map_or_else(|| expand("~/.pg_service.conf", machine), Into::into);
    let system_file = (machine.env)("PGSYSCONFDIR").unwrap_or_else(|| "/etc/postgresql-common".into());
    let system_file = Path::new(&system_file).join("pg_service.conf");
    for (file, required) in [(user_file, named), (system_file, false)] {
        let text = match (machine.read)(&file) {
            Ok(text) => text,
            Err(_) if !required => continue,
            Err(error) => return Err(SettingsError::File(format!("service file {}: {error}", told(&file)))),
        };
        if let Some(values) = section(&text, name, &told(&file))? {
            return Ok(values);
        }
    }
    Err(SettingsError::File(format!("no service file defines the service `{}`", crate::ident::shown(name))))
}

fn section(text: &str, name: &str, file: &str) -> Result<Option<Values>, SettingsError> {
    let mut found: Option<Values> = None;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(header) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            if found.is_some() {
                break;
            }
            if header == name {
                found = Some(Values::default());
            }
        } else if let Some(values) = &mut found {
            let place = format!("{file}:{}", index + 1);
            match line.split_once('=') {
                Some(("service", _)) => {
                    let problem = "a service within a service".into();
                    return Err(SettingsError::Syntax { source_name: place, problem });
                }
                None => {
                    return Err(SettingsError::Syntax {
                        source_name: place,
                        problem: "expected `keyword=value`".into(),
                    });
                }
                Some((keyword, value)) => values.set(keyword.trim(), value.trim().into(), &place)?,
            }
        }
    }
    Ok(found)
}

/// The password that `.pgpass` holds for this connection.
pub(super) fn password(
    passfile: Option<String>,
    host: &Host,
    port: u16,
    dbname: &str,
    user: &str,
    machine: &Machine<'_>,
    warnings: &mut Vec<String>,
) -> Option<Password> {
    let file = expand(&passfile.unwrap_or_else(|| "~/.pgpass".into()), machine);
    if !(machine.exists)(&file) {
        return None;
    }
    if let Some(why) = (machine.exposed)(&file) {
        // As libpq does: a file that others may have written or read is no source of secrets.
        warnings.push(format!("password file {} is ignored: {why}", told(&file)));
        return None;
    }
    let host = match host {
        // libpq looks the usual socket folders up under `localhost`.
        Host::Socket(folder) if super::SOCKET_FOLDERS.iter().any(|usual| Path::new(usual) == folder) => {
            "localhost".into()
        }
        Host::Socket(folder) => folder.display().to_string(),
        Host::Tcp(name) => name.clone(),
    };
    let text = match (machine.read)(&file) {
        Ok(text) => text,
        Err(error) => {
            warnings.push(format!("password file {} is ignored: {error}", told(&file)));
            return None;
        }
    };
    let port = port.to_string();
    let wanted = [host.as_str(), &port, dbname, user];
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| matching(line, wanted)).map(Password)
}

/// The fifth field of a line whose first four match.
fn matching(line: &str, wanted: [&str; 4]) -> Option<String> {
    let mut rest = line;
    for wanted in wanted {
        let (raw, field, after) = field(rest);
        // Only a bare `*` is a wildcard; `\*` is a star.
        if raw != "*" && field != wanted {
            return None;
        }
        rest = after?;
    }
    let (_, password, _) = field(rest);
    Some(password).filter(|password| !password.is_empty())
}

/// A field as written and as meant, and what stands behind its colon; `\:` and `\\` are escapes.
fn field(text: &str) -> (&str, String, Option<&str>) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            ':' => return (&text[..at], value, Some(&text[at + 1..])),
            _ => value.push(c),
        }
    }
    (text, value, None)
}
