//! How is a path into a JSON document written?
//!
//! As a JSONPath (RFC 9535) of keys and `[*]`: `$.contacts[*].email`, `$."odd key"`, `$['odd key']`. Everything else that
//! JSONPath has is refused by name, with what to write instead: a path has to say at first sight what it matches, and a
//! position in an array is another element as soon as somebody adds one.

use std::ops::Range;

use crate::action::document::{MAX_STEPS, is_word};
use crate::action::{DocumentPath, PathStep};

/// Why a path can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathError {
    /// What is wrong with the characters there.
    pub message: &'static str,
    /// Where in the text, in bytes: at character boundaries, empty only at the end.
    pub at: Range<usize>,
    /// What to write instead.
    pub help: String,
}

/// Reads a path.
///
/// # Errors
/// The first character from which on the text is no path.
pub fn parse(text: &str) -> Result<DocumentPath, PathError> {
    let mut cursor = Cursor { text, at: 0 };
    if !cursor.take("$") {
        let word = text.trim_matches(['.', ' ']);
        let help = if !word.is_empty() && word.chars().all(|c| is_word(c) || matches!(c, '.' | '[' | '*' | ']')) {
            format!("a path begins at the document's root: `$.{word}`")
        } else {
            "a path begins at the document's root: `$.key`".to_owned()
        };
        return Err(cursor.error("expected `$`", help));
    }
    let mut steps = Vec::new();
    while !cursor.rest().is_empty() {
        if steps.len() == MAX_STEPS {
            return Err(cursor.error("the path has more than 32 steps", "decide a value further up as a whole"));
        }
        steps.push(cursor.step()?);
    }
    let whole = || PathError {
        message: "the path ends at the root",
        at: 0..1,
        help: "name a key, as in `$.key`; for the whole document decide the column".to_owned(),
    };
    DocumentPath::new(steps).ok_or_else(whole)
}

/// What to write for a key that is no word.
const QUOTES: &str = "a key that is no plain word stands in quotes: `$.\"odd key\"` or `$['odd key']`";
/// What to write for a step that can match several values.
const EACH: &str = "`[*]` means each element of an array; write a path for each key";

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl Cursor<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    /// An error at the next character.
    fn error(&self, message: &'static str, help: impl Into<String>) -> PathError {
        let next = self.rest().chars().next().map_or(0, char::len_utf8);
        PathError { message, at: self.at..self.at + next, help: help.into() }
    }

    fn step(&mut self) -> Result<PathStep, PathError> {
        if self.take(".") {
            return self.behind_dot();
        }
        if self.take("[") {
            return self.in_brackets();
        }
        let found = "expected `.` or `[`";
        if self.rest().starts_with(is_word) {
            return Err(self.error(found, "write a dot in front of a key: `$.key`"));
        }
        Err(self.error(found, QUOTES))
    }

    /// `.key`, `."odd key"`.
    fn behind_dot(&mut self) -> Result<PathStep, PathError> {
        let rest = self.rest();
        match rest.chars().next() {
            None => Err(self.error("expected a key behind the dot", "write the key, as in `$.key`")),
            Some('"') => self.quoted('"').map(PathStep::Key),
            Some('.') => Err(self.error("`..` would match at any depth", "write a path for each place")),
            Some('*') => Err(self.error("`.*` would match keys that nobody has named", EACH)),
            Some('[') => Err(self.error("a dot stands in front of `[`", "leave the dot out: `$.list[*]`")),
            Some('\'') => Err(self.error("behind a dot, quotes are double", "write `.\"key\"` or `['key']`")),
            Some(c) if is_word(c) && !c.is_numeric() => {
                let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                let key = rest[..end].to_owned();
                self.at += end;
                match self.rest().chars().next() {
                    None | Some('.' | '[') => Ok(PathStep::Key(key)),
                    Some(_) => Err(self.error("this does not belong to a plain word", QUOTES)),
                }
            }
            Some(_) => Err(self.error("no plain word begins with this", QUOTES)),
        }
    }

    /// `*]`, `'odd key']`, `"odd key"]`.
    fn in_brackets(&mut self) -> Result<PathStep, PathError> {
        let step = match self.rest().chars().next() {
            Some('*') => {
                self.at += 1;
                PathStep::Elements
            }
            Some(quote @ ('\'' | '"')) => PathStep::Key(self.quoted(quote)?),
            Some(c) if c.is_ascii_digit() || c == '-' => {
                let why = "a position in an array is not the same element tomorrow";
                return Err(self.error(why, "write `[*]` for each element"));
            }
            Some('?') => return Err(self.error("conditions are not understood in a path", EACH)),
            Some(':') => return Err(self.error("a range of positions is not understood in a path", EACH)),
            Some(_) | None => {
                let help = "write `[*]` for each element, or a key in quotes: `['key']`";
                return Err(self.error("expected `*` or a key in quotes", help));
            }
        };
        if self.take("]") {
            return Ok(step);
        }
        let help = if self.rest().starts_with(',') { EACH } else { "write `]` behind it" };
        Err(self.error("expected `]`", help))
    }

    /// A key in quotes, with the escapes of JSON.
    fn quoted(&mut self, quote: char) -> Result<String, PathError> {
        let start = self.at;
        let mut key = String::new();
        self.at += 1;
        loop {
            let Some(c) = self.rest().chars().next() else {
                self.at = start;
                return Err(self.error("the quote does not end", format!("write `{quote}` behind the key")));
            };
            match c {
                '\\' => key.push(self.escape(quote)?),
                c if c == quote => {
                    self.at += 1;
                    return Ok(key);
                }
                c if u32::from(c) < 0x20 => {
                    let help = format!("write it as an escape: `\\u{:04x}`", u32::from(c));
                    return Err(self.error("a control character stands in the key", help));
                }
                c => {
                    key.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
    }

    fn escape(&mut self, quote: char) -> Result<char, PathError> {
        let letter = self.rest()[1..].chars().next();
        let c = match letter {
            Some('b') => '\u{8}',
            Some('t') => '\t',
            Some('n') => '\n',
            Some('f') => '\u{c}',
            Some('r') => '\r',
            Some(c @ ('/' | '\\')) => c,
            Some(c) if c == quote => c,
            Some('u') => return self.unicode(),
            Some(_) | None => {
                let end = self.at + 1 + letter.map_or(0, char::len_utf8);
                let help =
                    format!("known are `\\{quote}`, `\\\\`, `\\/`, `\\b`, `\\f`, `\\n`, `\\r`, `\\t` and `\\u0000`");
                return Err(PathError { message: "no escape of JSON's", at: self.at..end, help });
            }
        };
        self.at += 2;
        Ok(c)
    }

    /// `\u00e9`, or two of these for a character beyond U+FFFF.
    fn unicode(&mut self) -> Result<char, PathError> {
        let unit = |text: &str| {
            let digits = text.strip_prefix("\\u")?.get(..4)?;
            let hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            u16::from_str_radix(digits, 16).ok().filter(|_| hexadecimal)
        };
        let rest = self.rest();
        let first = unit(rest);
        let second = rest.get(6..).and_then(unit);
        let refused = |message, help: &str| {
            let end = self.text.len().min(self.at + 6);
            Err(PathError { message, at: self.at..self.text.ceil_char_boundary(end), help: help.to_owned() })
        };
        let Some(first) = first else {
            return refused("four hexadecimal digits follow `\\u`", "write the character itself, or four digits");
        };
        if first == 0 {
            return refused("PostgreSQL reads no key with a NUL character", "leave the path out");
        }
        let units = [first].into_iter().chain(second);
        match char::decode_utf16(units).next() {
            Some(Ok(c)) => {
                self.at += 6 * c.len_utf16();
                Ok(c)
            }
            Some(Err(_)) | None => refused("half a character", "write the character itself, or both of its halves"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn steps(text: &str) -> Vec<PathStep> {
        parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}")).steps().to_vec()
    }

    fn key(key: &str) -> PathStep {
        PathStep::Key(key.to_owned())
    }

    #[test]
    fn keys_and_elements_are_all_that_a_path_has() {
        use PathStep::Elements;
        assert_eq!(steps("$.a.b"), [key("a"), key("b")]);
        assert_eq!(steps("$.contacts[*].email"), [key("contacts"), Elements, key("email")]);
        assert_eq!(steps("$[*].x"), [Elements, key("x")]);
        assert_eq!(steps("$.a[*][*].b"), [key("a"), Elements, Elements, key("b")]);
        assert_eq!(steps("$.\"odd key\"['odd key'][\"odd key\"]"), [key("odd key"), key("odd key"), key("odd key")]);
        assert_eq!(steps("$.Größe_2.名前"), [key("Größe_2"), key("名前")]);
        assert_eq!(steps("$['']"), [key("")]);
        assert_eq!(steps("$['$.a[*]']"), [key("$.a[*]")]);
    }

    #[test]
    fn escapes_in_quotes_are_those_of_json() {
        assert_eq!(steps(r#"$['it\'s']["a\"b"]['a"b']["it's"]"#), [key("it's"), key("a\"b"), key("a\"b"), key("it's")]);
        assert_eq!(steps(r"$['\\\/\b\f\n\r\t']"), [key("\\/\u{8}\u{c}\n\r\t")]);
        assert_eq!(steps(r"$['\u00e9\ud83d\uDE00']"), [key("é😀")]);
    }

    #[test]
    fn what_is_no_path_says_where_and_what_to_write() {
        let refused = |text: &str| {
            let error = parse(text).unwrap_err();
            (error.at.start, error.message, error.help)
        };
        for (text, at, message) in [
            ("", 0, "expected `$`"),
            ("name", 0, "expected `$`"),
            (" $.a", 0, "expected `$`"),
            ("$", 0, "the path ends at the root"),
            ("$name", 1, "expected `.` or `[`"),
            ("$ .a", 1, "expected `.` or `[`"),
            ("$.", 2, "expected a key behind the dot"),
            ("$.a.", 4, "expected a key behind the dot"),
            ("$..a", 2, "`..` would match at any depth"),
            ("$.a..b", 4, "`..` would match at any depth"),
            ("$.*", 2, "`.*` would match keys that nobody has named"),
            ("$.[*]", 2, "a dot stands in front of `[`"),
            ("$.'a'", 2, "behind a dot, quotes are double"),
            ("$.2fa", 2, "no plain word begins with this"),
            ("$.$ref", 2, "no plain word begins with this"),
            ("$.@type", 2, "no plain word begins with this"),
            ("$.a-b", 3, "this does not belong to a plain word"),
            ("$.a b", 3, "this does not belong to a plain word"),
            ("$.a ", 3, "this does not belong to a plain word"),
            ("$.a\u{a0}", 3, "this does not belong to a plain word"),
            ("$.a()", 3, "this does not belong to a plain word"),
            ("$.a\"b\"", 3, "this does not belong to a plain word"),
            ("$.\"a\"b", 5, "expected `.` or `[`"),
            ("$[0]", 2, "a position in an array is not the same element tomorrow"),
            ("$[-1]", 2, "a position in an array is not the same element tomorrow"),
            ("$[:2]", 2, "a range of positions is not understood in a path"),
            ("$[?(@.a)]", 2, "conditions are not understood in a path"),
            ("$[]", 2, "expected `*` or a key in quotes"),
            ("$[a]", 2, "expected `*` or a key in quotes"),
            ("$[ 'a']", 2, "expected `*` or a key in quotes"),
            ("$[", 2, "expected `*` or a key in quotes"),
            ("$['a','b']", 5, "expected `]`"),
            ("$['a'", 5, "expected `]`"),
            ("$[*", 3, "expected `]`"),
            ("$[**]", 3, "expected `]`"),
            ("$['a", 2, "the quote does not end"),
            ("$['a\\']", 2, "the quote does not end"),
            ("$['a\nb']", 4, "a control character stands in the key"),
            ("$['\\x']", 3, "no escape of JSON's"),
            ("$['\\\"']", 3, "no escape of JSON's"),
            ("$['\\", 3, "no escape of JSON's"),
            ("$['\\u12']", 3, "four hexadecimal digits follow `\\u`"),
            ("$['\\u+123']", 3, "four hexadecimal digits follow `\\u`"),
            ("$['\\u0000']", 3, "PostgreSQL reads no key with a NUL character"),
            ("$['\\ud83d']", 3, "half a character"),
            ("$['\\ud83d\\u0041']", 3, "half a character"),
            ("$['\\ude00\\ud83d']", 3, "half a character"),
        ] {
            let found = refused(text);
            assert_eq!((found.0, found.1), (at, message), "{text}");
            assert!(!found.2.is_empty(), "{text}");
        }
        assert_eq!(refused("address.street").2, "a path begins at the document's root: `$.address.street`");
    }

    #[test]
    fn a_path_without_end_is_refused_and_not_followed() {
        let deep = format!("${}", "[*]".repeat(MAX_STEPS));
        assert_eq!(steps(&deep).len(), MAX_STEPS);
        assert_eq!(parse(&format!("{deep}[*]")).unwrap_err().message, "the path has more than 32 steps");
        assert!(parse(&format!("${}", ".a".repeat(1_000_000))).is_err());
    }

    proptest! {
        #[test]
        fn a_printed_path_reads_back_as_itself(
            keys in proptest::collection::vec(proptest::option::of("([a-z_]{1,4}|[^\0]{0,6})"), 1..6),
        ) {
            let steps = keys.into_iter().map(|key| key.map_or(PathStep::Elements, PathStep::Key)).collect();
            let path = DocumentPath::new(steps).unwrap();
            prop_assert_eq!(parse(&path.to_string()), Ok(path));
        }

        #[test]
        fn what_is_read_is_what_a_longer_text_begins_with(text in "\\$[.\\[\\]*'\"a\\\\u0-9 $]{0,12}") {
            match parse(&text) {
                // Nothing of a text is left over: printed, it is a path of as many steps.
                Ok(path) => prop_assert_eq!(parse(&path.to_string()), Ok(path)),
                Err(error) => prop_assert!(text.get(error.at.clone()).is_some() && error.at.start <= text.len()),
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,20}|[$.\\[\\]*'\"\\\\u\\x00-\\x7f\u{e9}\u{1f600}]{0,20}") {
            if let Err(error) = parse(&text) {
                prop_assert!(text.get(error.at.clone()).is_some());
                prop_assert!(!error.at.is_empty() || error.at.start == text.len());
            }
        }
    }
}
