//! Which values are given? One in each line of a file or of standard input, and never in an argument, where other users of
//! the machine and the shell's history would see them.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Read};
use std::path::Path;

use super::failure::{Exit, Failure};
use super::output::Output;
use super::whose::is_stdin;
use crate::ident::shown;

/// A line with a value.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Its number, from 1.
    pub number: u32,
    /// The value, without the blanks around it.
    pub value: String,
    /// The line that has the same value, before this one.
    pub same_as: Option<u32>,
}

/// Reads a file, or standard input for `-`.
pub(super) fn read(path: &Path, what: &str, output: &Output) -> Result<Vec<Line>, Failure> {
    let mut bytes = Vec::new();
    let read = if is_stdin(path) {
        if std::io::stdin().is_terminal() {
            output.say("one value in each line; Ctrl-D ends them");
        }
        std::io::stdin().lock().read_to_end(&mut bytes).map(drop)
    } else {
        std::fs::read(path).map(|read| bytes = read)
    };
    let help = format!("{what} takes UTF-8 text with a value in each line, or `-` for standard input");
    read.map_err(|error| Failure { exit: Exit::Usage, ..Failure::file(path, "reading", &error) }.help(help))?;
    let lines = lines(&bytes)?;
    if lines.is_empty() {
        let failure = Failure::usage(format!("`{}` names no value", shown(&path.to_string_lossy())));
        return Err(failure.help("write a value in each line"));
    }
    Ok(lines)
}

/// Blank lines are no values; a line may end as on Windows, and a file begin with a byte order mark.
fn lines(bytes: &[u8]) -> Result<Vec<Line>, Failure> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut known: BTreeMap<String, u32> = BTreeMap::new();
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        let Ok(text) = std::str::from_utf8(line) else {
            let failure = Failure::usage(format!("line {number} of the values is not UTF-8 text"));
            return Err(failure.help("save the file as UTF-8"));
        };
        // PostgreSQL has no text with this character in it.
        if text.contains('\0') {
            let failure = Failure::usage(format!("line {number} of the values holds a NUL character"));
            return Err(failure.help("save the file as UTF-8 text; UTF-16 looks so"));
        }
        let value = text.trim();
        if value.is_empty() {
            continue;
        }
        let same_as = known.get(value).copied();
        known.entry(value.to_owned()).or_insert(number);
        lines.push(Line { number, value: value.to_owned(), same_as });
    }
    Ok(lines)
}

/// How else an address or a UUID is spelled by the server.
pub(super) fn canonical(value: &str) -> Option<String> {
    let other = match value.parse::<std::net::IpAddr>() {
        Ok(address) => address.to_string(),
        Err(_) => uuid(value)?,
    };
    (other != value).then_some(other)
}

/// As PostgreSQL prints it; it reads upper case, braces, and hyphens behind any four digits or none.
fn uuid(value: &str) -> Option<String> {
    let inner = value.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(value);
    let digits: String = inner.chars().filter(|c| *c != '-').map(|c| c.to_ascii_lowercase()).collect();
    if digits.len() != 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    Some([&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_of(bytes: &[u8]) -> Vec<(u32, String, Option<u32>)> {
        lines(bytes).unwrap_or_default().into_iter().map(|line| (line.number, line.value, line.same_as)).collect()
    }

    #[test]
    fn a_value_has_the_number_of_its_line_whatever_the_file_is_like() {
        let expected = [(1, "ann".to_owned(), None), (4, "Ben Roth".to_owned(), None), (5, "ann".to_owned(), Some(1))];
        for text in ["ann\n\n \n Ben Roth\nann\n", "\u{feff}ann\r\n\r\n\t\r\nBen Roth \r\nann"] {
            assert_eq!(read_of(text.as_bytes()), expected, "{text:?}");
        }
        assert_eq!(read_of(b""), []);
    }

    #[test]
    fn what_is_no_text_is_told_by_its_line_and_not_repeated() {
        for (bytes, words) in [
            (&b"42\n\xff\xfeAnna\n"[..], "line 2 of the values is not UTF-8 text"),
            (b"42\n43\nAn\0na", "line 3 of the values holds a NUL character"),
        ] {
            let failure = lines(bytes).err().expect("it is refused");
            assert_eq!((failure.message.as_deref(), failure.exit), (Some(words), Exit::Usage));
        }
    }

    #[test]
    fn addresses_and_uuids_are_looked_for_as_the_server_prints_them() {
        for (value, other) in [
            ("2001:DB8:0:0::1", Some("2001:db8::1")),
            ("192.0.2.7", None),
            ("{550E8400-E29B-41D4-A716-446655440000}", Some("550e8400-e29b-41d4-a716-446655440000")),
            ("550e8400e29b41d4a716446655440000", Some("550e8400-e29b-41d4-a716-446655440000")),
            ("550e8400-e29b-41d4-a716-446655440000", None),
            ("Ann Berg", None),
        ] {
            assert_eq!(canonical(value).as_deref(), other, "{value}");
        }
    }
}
