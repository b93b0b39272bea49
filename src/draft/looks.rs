//! What does a value look like?
//!
//! Shapes that give a person away wherever they stand: in a text, in a document, in an array. A value goes in, the shapes
//! that are in it come out; nobody remembers the value.

/// A shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Look {
    /// `name@host.tld`.
    Email,
    /// A telephone number with its plus or its separators.
    Phone,
    /// An IBAN whose checksum is right (ISO 13616).
    Iban,
    /// A card's number whose checksum is right (ISO/IEC 7812, by Luhn).
    Card,
    /// An IPv4 or IPv6 address.
    Ip,
    /// `https://…`.
    Url,
    /// A UUID.
    Uuid,
}

impl Look {
    /// For a comment, in the plural.
    pub fn words(self) -> &'static str {
        match self {
            Look::Email => "e-mail addresses",
            Look::Phone => "telephone numbers",
            Look::Iban => "IBANs",
            Look::Card => "card numbers",
            Look::Ip => "IP addresses",
            Look::Url => "links",
            Look::Uuid => "UUIDs",
        }
    }
}

/// The shapes in a value, each once, sorted.
pub fn looks(value: &str) -> Vec<Look> {
    let mut found = Vec::new();
    for chunk in value.split(is_border).map(|chunk| chunk.trim_matches(['.', ':', '\\', '='])) {
        if is_email(chunk) {
            found.push(Look::Email);
        } else if is_url(chunk) {
            found.push(Look::Url);
        } else if is_uuid(chunk) {
            found.push(Look::Uuid);
        } else if is_ip(chunk) {
            found.push(Look::Ip);
        }
    }
    numbers(value, &mut found);
    if has_iban(value) {
        found.push(Look::Iban);
    }
    found.sort();
    found.dedup();
    found
}

/// What ends a word in texts, JSON and arrays.
fn is_border(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '(' | ')' | '{' | '}' | '[' | ']' | ',' | ';' | '|' | '`')
}

fn is_email(text: &str) -> bool {
    let text = text.strip_prefix("mailto:").unwrap_or(text);
    let Some((local, host)) = text.rsplit_once('@') else { return false };
    let is_local = |c: char| c.is_alphanumeric() || ".!#$%&*+-/=?^_~".contains(c);
    let is_host = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-');
    let Some((name, top)) = host.rsplit_once('.') else { return false };
    !local.is_empty()
        && local.chars().all(is_local)
        && !name.is_empty()
        && host.chars().all(is_host)
        && top.chars().count() > 1
        && top.chars().all(char::is_alphabetic)
}

fn is_url(text: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| rest.len() > 3))
}

fn is_uuid(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn is_ip(text: &str) -> bool {
    let text = text.split_once('/').map_or(text, |(address, _)| address);
    match text.parse::<std::net::IpAddr>() {
        // `1.2.3.4` is an address, `::` and `::1` are noise of programs.
        Ok(std::net::IpAddr::V4(_)) => true,
        Ok(std::net::IpAddr::V6(address)) => !address.is_unspecified() && !address.is_loopback(),
        Err(_) => false,
    }
}

/// Telephone and card numbers: digits with what people write between them.
fn numbers(value: &str, found: &mut Vec<Look>) {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '-' | '/' | '.' | '(' | ')' | '+' | '\u{a0}');
    let mut rest = value;
    let mut before: Option<char> = None;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit() || matches!(c, '+' | '(')) {
        before = rest[..start].chars().next_back().or(before);
        let run = &rest[start..];
        let end = run.find(|c: char| !is_part(c)).unwrap_or(run.len());
        let (run, after) = run.split_at(end.max(1));
        // Digits that hang on letters are a part of something else.
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '@');
        let goes_on = run.ends_with(|c: char| c.is_ascii_digit()) && after.starts_with(is_word);
        let alone = !goes_on && before.is_none_or(|c| !is_word(c));
        if alone {
            let run = run.trim_end_matches(|c: char| !c.is_ascii_digit());
            if is_card(run) {
                found.push(Look::Card);
            } else if is_phone(run) {
                found.push(Look::Phone);
            }
        }
        before = run.chars().next_back();
        rest = after;
    }
}

fn digits(text: &str) -> Vec<u32> {
    text.chars().filter_map(|c| c.to_digit(10)).collect()
}

fn is_card(run: &str) -> bool {
    let digits = digits(run);
    let first = digits.first().copied().unwrap_or_default();
    let plain = run.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-'));
    let doubled = |(index, digit): (usize, &u32)| match index % 2 {
        0 => *digit,
        _ if *digit > 4 => digit * 2 - 9,
        _ => digit * 2,
    };
    plain
        && (13..=19).contains(&digits.len())
        && (2..=6).contains(&first)
        && digits.iter().any(|digit| *digit != first)
        && digits.iter().rev().enumerate().map(doubled).sum::<u32>() % 10 == 0
}

/// Seven to fifteen digits (ITU-T E.164), with a plus, a trunk zero or separators; no day, no amount, no version.
fn is_phone(run: &str) -> bool {
    let count = digits(run).len();
    if !(7..=15).contains(&count)
        || is_moment(run)
        || run.matches('.').count() == 1 && !run.contains(['+', '-', ' ', '/'])
    {
        return false;
    }
    let plain = run.chars().all(|c| c.is_ascii_digit());
    let groups = run.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).count();
    if let Some(rest) = run.strip_prefix('+') {
        return rest.starts_with(|c: char| matches!(c, '1'..='9' | '(')) && count >= 8;
    }
    if plain {
        return run.starts_with('0') && !run.starts_with("0000") && count >= 9;
    }
    // Four numbers with points are an address of the network or a version.
    (2..=6).contains(&groups)
        && count >= 9
        && run.starts_with(['0', '(', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
        && !(run.contains('.') && !run.contains([' ', '-', '/', '(']) && groups == 4 && count > 9 && is_ip(run))
}

/// `2026-01-05`, `05.01.2026`, also with a time behind it.
fn is_moment(run: &str) -> bool {
    let mut groups = run.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty());
    let lengths: Vec<usize> = groups.by_ref().map(str::len).collect();
    matches!(lengths[..], [4, 1 | 2, 1 | 2, ..] | [1 | 2, 1 | 2, 4, ..]) && !run.starts_with('+')
}

/// Two letters, two digits and up to thirty more, in groups of four or not, whose remainder by 97 is 1.
fn has_iban(value: &str) -> bool {
    let chars: Vec<char> = value.chars().collect();
    let starts = (0..chars.len()).filter(|&at| {
        let fresh = at == 0 || !chars[at - 1].is_alphanumeric();
        let head = chars.get(at..at + 4);
        fresh
            && head.is_some_and(|head| {
                head[..2].iter().all(char::is_ascii_uppercase) && head[2..].iter().all(char::is_ascii_digit)
            })
    });
    starts.into_iter().any(|at| {
        let mut code = String::new();
        for (index, &c) in chars[at..].iter().enumerate() {
            let ends = !chars.get(at + index + 1).is_some_and(|next| next.is_ascii_alphanumeric());
            match c {
                ' ' if index > 0 && chars[at + index - 1] != ' ' => {}
                c if c.is_ascii_uppercase() || c.is_ascii_digit() => code.push(c),
                _ => return false,
            }
            if code.len() > 34 {
                return false;
            }
            if ends && (15..=34).contains(&code.len()) && remainder(&code) == Some(1) {
                return true;
            }
        }
        false
    })
}

fn remainder(code: &str) -> Option<u32> {
    let (head, tail) = code.split_at_checked(4)?;
    tail.chars().chain(head.chars()).try_fold(0_u32, |rest, c| {
        let value = c.to_digit(36)?;
        Some((rest * if value > 9 { 100 } else { 10 } + value) % 97)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shapes_are_found_wherever_they_stand() {
        for (value, expected) in [
            ("ann@example.org", vec![Look::Email]),
            ("write to <ann@example.org>, soon", vec![Look::Email]),
            (r#"{"to": ["ann@example.org"]}"#, vec![Look::Email]),
            ("{ann@example.org,tom@example.org}", vec![Look::Email]),
            ("+49 30 1234567", vec![Look::Phone]),
            ("call 0049 30 / 123 45 67 now", vec![Look::Phone]),
            ("(415) 555-0132", vec![Look::Phone]),
            ("07700900123", vec![Look::Phone]),
            ("DE89 3704 0044 0532 0130 00", vec![Look::Iban]),
            ("to GB82WEST12345698765432.", vec![Look::Iban]),
            ("4111 1111 1111 1111", vec![Look::Card]),
            (r#"{"card": "5500005555555559"}"#, vec![Look::Card]),
            ("203.0.113.7", vec![Look::Ip]),
            ("2001:db8::7", vec![Look::Ip]),
            ("https://example.org/ann", vec![Look::Url]),
            ("00000000-0000-4000-8000-000000000001", vec![Look::Uuid]),
        ] {
            assert_eq!(looks(value), expected, "{value}");
        }
    }

    #[test]
    fn what_is_nobody_s_is_not_found() {
        for value in [
            "",
            "ann",
            "ann@",
            "@example.org",
            "a@b",
            "2026-01-05",
            "2026-01-05 10:17:00+00",
            "05.01.2026",
            "1234567890",
            "12.50",
            "1.2.3",
            "DE88 3704 0044 0532 0130 00",
            "4111 1111 1111 1112",
            "3.14159265",
            "::1",
            "v10.2.3-rc1",
            "1,234,567",
            "order 1234567",
            "http://",
            "Mon 10:30",
            "0000000000",
            "4444444444444444",
        ] {
            assert_eq!(looks(value), [], "{value}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,60}") {
            let _ = looks(&text);
        }

        #[test]
        fn digits_and_signs_do_not_panic(text in "[A-Z0-9+() ./-]{0,60}") {
            let _ = looks(&text);
        }
    }
}
