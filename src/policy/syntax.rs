//! Why is this file not YAML, and where?
//!
//! The parser's message says what it met; the notes here say which habit of YAML is behind it, because a comma inside
//! braces or a colon inside SQL is what people meet most.

use serde_saphyr::Error;

use super::yaml::refused;
use crate::diagnostic::{Code, Diagnostic};
use crate::ident::shown;
use crate::source::{SourceFile, Span};

/// A character that a reviewer doesn't see, or that ends a line for YAML and not for an editor.
pub(super) fn invisible_character(file: &SourceFile) -> Option<Diagnostic> {
    let mut chars = file.text().char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let (what, help) = match c {
            ' '..='~' | '\n' | '\t' => continue,
            '\r' if chars.peek().is_some_and(|(_, next)| *next == '\n') => continue,
            '\r' => ("a carriage return without a newline", "end lines with a newline"),
            '\u{feff}' if at == 0 => continue,
            c if shown(c.encode_utf8(&mut [0; 4])).to_string().starts_with('\\') => (
                "a character that cannot be seen",
                "leave it out, or write it inside SQL as `U&'\\2028'` or `chr(8232)`",
            ),
            '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' => {
                ("a blank that is none", "write an ordinary blank")
            }
            '\u{feff}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{fffd}' => {
                ("a character that cannot be seen", "save the file as UTF-8 text without it")
            }
            _ => continue,
        };
        let found = Diagnostic::new(Code::InvalidYaml, format!("{what} stands in the file"))
            .at(Span::new(at, at + c.len_utf8()), format!("this is U+{:04X}", u32::from(c)))
            .note("a reviewer has to see everything that the policy says");
        return Some(found.help(help));
    }
    None
}

/// What the parser could not read.
pub(super) fn broken(error: &Error, file: &SourceFile) -> Diagnostic {
    let at = error.location().map_or(0, |place| byte_offset(file.text(), place.span().offset()));
    let span = Span::new(at, at + file.text()[at..].chars().next().filter(|c| *c != '\n').map_or(0, char::len_utf8));
    let alias = &file.text()[at..];
    let alias = alias.split(|c: char| c.is_whitespace() || matches!(c, ',' | ']' | '}')).next().unwrap_or_default();
    let alias = Span::new(at, at + alias.len());
    let line_start = file.text()[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let before = &file.text()[line_start..at];
    match error {
        Error::MultipleDocuments { .. } => {
            return refused(span, "a second YAML document", "write a second policy into a file of its own");
        }
        Error::Budget { .. } if !file.text()[at..].starts_with('*') => {
            return too_deep(span);
        }
        Error::UnknownAnchor { .. } | Error::AliasError { .. } | Error::Budget { .. } => {
            return refused(alias, "an alias", "write the value out where it belongs");
        }
        Error::InvalidScalar { .. }
        | Error::UnsupportedTag { .. }
        | Error::TaggedScalarCannotDeserializeIntoString { .. } => {
            return refused(span, "a tag", "leave the tag out: a literal means the text that is written");
        }
        _ => {}
    }
    if file.text()[at..].starts_with('*') {
        return refused(alias, "an alias", "write the value out where it belongs");
    }
    let words = error.to_string();
    let words = words.lines().next().unwrap_or_default();
    let words = words.split(" at line ").next().unwrap_or_default();
    if words.starts_with("recursion limit") {
        return too_deep(span);
    }
    let mut found = Diagnostic::new(Code::InvalidYaml, "the file is not YAML").at(span, shown(words).to_string());
    let opened = before.matches(['{', '[']).count() > before.matches(['}', ']']).count();
    if opened || file.text()[at..].starts_with(['{', '[']) {
        found = found
            .note("inside `{ }` and `[ ]` a comma, a colon or a bracket ends the value")
            .help("write the map as a block, one key on each line, and SQL behind `|`");
    } else if file.text()[at..].starts_with(':') && before.contains(": ") {
        found = found
            .note("`: ` inside a value begins another key")
            .help("put the value in quotes, or SQL into a block behind `|`");
    } else if before.contains(['"', '\'']) || file.text()[at..].starts_with(['"', '\'']) {
        found = found
            .note("a value that begins with a quote ends with the next one")
            .help("put SQL into a block behind `|`, where quotes are only characters");
    } else if file.text()[at..].starts_with('\t') || before.starts_with('\t') {
        found = found.note("YAML indents with blanks only").help("replace the tab by blanks");
    } else if words.contains("did not find expected") {
        found = found
            .note("indentation says what belongs together, and a comment with less of it ends a block")
            .help("indent this line as the lines that it belongs to");
    } else if file.text()[at..].starts_with(['@', '`', '%']) {
        found = found.note("a value cannot begin with this character").help("put the value in quotes");
    }
    found
}

fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::new(Code::InvalidYaml, "the file is nested too deeply, or too large")
        .at(span, "from here on")
        .note("a policy is never more than a few levels deep")
        .help("close what was opened, or divide the policy")
}

/// The parser counts characters; spans count bytes.
fn byte_offset(text: &str, chars: u64) -> usize {
    let nth = usize::try_from(chars).unwrap_or(usize::MAX);
    text.char_indices().nth(nth).map_or(text.len(), |(at, _)| at)
}
