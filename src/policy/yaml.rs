//! What does the YAML of a policy hold, and how exactly is it spelt?
//!
//! serde-saphyr reads the file; what comes out is a small tree of [`Node`]s in which every scalar is the text that the
//! author sees, with its style and its place. YAML's types are not used: `no`, `007` and `1e3` keep their spelling.
//!
//! A policy is one file that a reviewer sees whole. So the second half of this module walks over the bytes *between* the
//! scalars and accounts for each of them: anchors, tags, directives and anything else that is neither structure nor
//! comment is refused there.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::json;
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy, NonFiniteFloatPolicy};

use super::syntax;
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::source::{Fragment, SourceFile, Span, Spanned};

/// A value of the file.
#[derive(Debug)]
pub(super) struct Node {
    /// Where it stands; at its first entry and up to its last for lists and maps without brackets.
    pub span: Span,
    pub kind: Kind,
}

/// What stands there.
#[derive(Debug)]
pub(super) enum Kind {
    /// Nothing is written.
    Empty,
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Map),
}

/// A map in the order of the file, duplicate keys included.
#[derive(Debug)]
pub(super) struct Map {
    pub entries: Vec<(Spanned<String>, Node)>,
    /// Whether it stands in braces, where a comma ends a value.
    pub flow: bool,
    /// Whether every key could be read; where not, that is a finding already.
    pub complete: bool,
}

/// A text, however it is written.
#[derive(Debug)]
pub(super) struct Scalar {
    /// What the author sees: the source's own characters for plain ones.
    pub text: String,
    pub style: Style,
    /// The YAML comment behind it on its line.
    pub comment: Option<Span>,
    /// Where the first line of a block begins in the file.
    first_line: usize,
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Without quotes, on one line.
    Plain,
    /// Without quotes, over several lines, which YAML folds into one.
    PlainLines,
    /// In single or double quotes.
    Quoted,
    /// A block behind `|`, in which every character counts.
    Literal,
    /// A block behind `>`, whose lines YAML folds.
    Folded,
}

impl Node {
    /// The text of a plain word on one line.
    pub fn word(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(scalar) if scalar.style == Style::Plain => Some(&scalar.text),
            _ => None,
        }
    }
}

impl Node {
    /// The tree as JSON. A map is no object: a key may stand twice.
    fn outline(&self) -> serde_json::Value {
        match &self.kind {
            Kind::Empty => serde_json::Value::Null,
            Kind::Scalar(scalar) => scalar.text.as_str().into(),
            Kind::List(items) => items.iter().map(Node::outline).collect(),
            Kind::Map(map) => {
                let pairs = map.entries.iter().map(|(key, value)| json!([key.value, value.outline()]));
                json!({ "map": pairs.collect::<Vec<_>>() })
            }
        }
    }
}

impl Map {
    /// Whether nothing is written in it.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.complete
    }
}

impl Scalar {
    /// The text as a fragment that finds its way back to the file; trailing newlines of a block stay behind.
    pub fn fragment(&self, span: Span, file: &SourceFile) -> Fragment {
        let text = self.text.trim_end_matches('\n');
        let mut runs = Vec::new();
        let mut in_file = if self.style == Style::Literal { self.first_line } else { span.start };
        let mut in_text = 0;
        for line in text.split('\n') {
            let source = file.text().get(in_file..).unwrap_or_default().split('\n').next().unwrap_or_default();
            // A block's lines stand in the file as they are, behind their indentation.
            let indent = match self.style {
                Style::Literal => source.trim_end_matches('\r').len().saturating_sub(line.len()),
                Style::Plain | Style::PlainLines | Style::Quoted | Style::Folded => 0,
            };
            runs.push((in_text, in_file + indent));
            in_text += line.len() + 1;
            in_file += source.len() + 1;
        }
        Fragment::new(text, span, runs)
    }
}

/// What a file says before anything of it is understood, for holding this reader against others; `None` where its syntax
/// is broken. Every value is the text that the author sees; of a map, see its `map`: pairs of key and value.
#[doc(hidden)]
pub fn outline(file: &SourceFile) -> Option<serde_json::Value> {
    read(file, &mut Report::default()).map(|node| node.outline())
}

/// Larger files are not policies, and findings of them could not be shown.
const MAX_BYTES: usize = 4 << 20;

/// Reads the file's tree; `None` when its syntax is broken or it is empty, with the reason in the report.
pub(super) fn read(file: &SourceFile, report: &mut Report) -> Option<Node> {
    if file.text().len() > MAX_BYTES {
        let found = Diagnostic::new(Code::InvalidYaml, "the file is larger than 4 MiB")
            .at(Span::new(0, 0), "the policy begins here");
        report.push(found.help("divide it into several policies"));
        return None;
    }
    if let Some(found) = syntax::invisible_character(file) {
        report.push(found);
        return None;
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_depth: 32, max_aliases: 0, max_merge_keys: 0 },
        // The reader reports every duplicate itself, with both places.
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::AsOrdinary,
        // Types are not used, so no spelling may be refused for its type.
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        strict_booleans: true,
        ignore_binary_tag_for_string: true,
        with_snippet: false,
    };
    let raw = match serde_saphyr::from_str_with_options::<Raw>(file.text(), options) {
        Ok(raw) => raw,
        Err(error) => {
            report.push(syntax::broken(&error, file));
            return None;
        }
    };
    let mut walk = Walk { text: file.text(), cursor: 0, header: None, report };
    let node = walk.node(raw);
    walk.gap(file.text().len());
    Some(node)
}

/// What serde-saphyr says: kinds and places, with the text of strings.
struct Raw {
    span: Option<Span>,
    kind: RawKind,
}

enum RawKind {
    /// A null, a boolean or a number: the source has the spelling.
    Typed,
    Text(String),
    List(Vec<Raw>),
    Map(Vec<(Raw, Raw)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = serde_saphyr::Spanned::<RawKind>::deserialize(deserializer)?;
        let span = spanned.defined.span();
        let span = span.byte_offset().zip(span.byte_len());
        let range = |(start, len): (u64, u64)| Some((usize::try_from(start).ok()?, usize::try_from(len).ok()?));
        let span = span.and_then(range).map(|(start, len)| Span::new(start, start.saturating_add(len)));
        Ok(Raw { span, kind: spanned.value })
    }
}

impl<'de> Deserialize<'de> for RawKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = RawKind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any YAML value")
    }

    fn visit_unit<E>(self) -> Result<RawKind, E> {
        Ok(RawKind::Typed)
    }

    fn visit_bool<E>(self, _: bool) -> Result<RawKind, E> {
        Ok(RawKind::Typed)
    }

    fn visit_i64<E>(self, _: i64) -> Result<RawKind, E> {
        Ok(RawKind::Typed)
    }

    fn visit_i128<E>(self, _: i128) -> Result<RawKind, E> {
        Ok(RawKind::Typed)
    }

    fn visit_u64<E>(self, _: u64) -> Result<RawKind, E> {
        Ok(RawKind::Typed)
    }

    fn visit_u128<E>(self, _: u128) -> Result<RawKind, E> {
        Ok(RawKind::Typed)
    }

    fn visit_f64<E>(self, _: f64) -> Result<RawKind, E> {
        Ok(RawKind::Typed)
    }

    fn visit_str<E>(self, text: &str) -> Result<RawKind, E> {
        Ok(RawKind::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<RawKind, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
            if list.len() > MAX_ITEMS {
                return Err(A::Error::custom("a list has too many items"));
            }
        }
        Ok(RawKind::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<RawKind, A::Error> {
        let mut map = Vec::new();
        while let Some(pair) = pairs.next_entry()? {
            map.push(pair);
            if map.len() > MAX_ENTRIES {
                return Err(A::Error::custom("a map has too many keys"));
            }
        }
        Ok(RawKind::Map(map))
    }
}

/// More tables or columns, and more rules or reports, than a policy can mean.
const MAX_ITEMS: usize = 5_000;
const MAX_ENTRIES: usize = 20_000;

/// The walk over the whole text, leaf by leaf and gap by gap.
struct Walk<'a> {
    text: &'a str,
    /// The first byte that is not accounted for.
    cursor: usize,
    /// The header of a block that was seen last, and where the block's first line begins.
    header: Option<(Style, usize)>,
    report: &'a mut Report,
}

impl Walk<'_> {
    fn node(&mut self, raw: Raw) -> Node {
        let span = self.inside(raw.span);
        match raw.kind {
            RawKind::Typed => self.scalar(span, None),
            RawKind::Text(text) => self.scalar(span, Some(text)),
            RawKind::List(items) => {
                let opened = self.text[span.start..].starts_with('[');
                let items = items.into_iter().map(|item| self.node(item)).collect();
                Node { span: self.close(span.start, opened, ']'), kind: Kind::List(items) }
            }
            RawKind::Map(pairs) => {
                let flow = self.text[span.start..].starts_with('{');
                let mut entries = Vec::new();
                let count = pairs.len();
                for (key, value) in pairs {
                    let key = self.node(key);
                    let value = self.node(value);
                    if let Some(key) = self.key(key) {
                        entries.push((key, value));
                    }
                }
                let complete = entries.len() == count;
                Node { span: self.close(span.start, flow, '}'), kind: Kind::Map(Map { entries, flow, complete }) }
            }
        }
    }

    fn key(&mut self, node: Node) -> Option<Spanned<String>> {
        let problem = match node.kind {
            Kind::Scalar(scalar) if scalar.style == Style::Plain && scalar.text == "<<" => refused(
                node.span,
                "a merge key",
                "write the keys out where they belong; a column of this name stands in quotes",
            ),
            Kind::Scalar(scalar) => return Some(Spanned::new(scalar.text, node.span)),
            Kind::Empty => Diagnostic::new(Code::InvalidYaml, "a key is missing")
                .at(node.span, "in front of this")
                .help("write a name in front of the colon"),
            Kind::List(_) | Kind::Map(_) => Diagnostic::new(Code::InvalidYaml, "a list or a map stands for a key")
                .at(node.span, "expected a name")
                .help("put a value that begins with a bracket or a brace in quotes"),
        };
        self.report.push(problem);
        None
    }

    fn scalar(&mut self, span: Span, text: Option<String>) -> Node {
        self.gap(span.start);
        let header = self.header.take();
        let source = &self.text[span.range()];
        if span.start == span.end {
            return Node { span, kind: Kind::Empty };
        }
        self.cursor = self.cursor.max(span.end);
        let first_line = header.map_or(span.start, |(_, first_line)| first_line);
        let style = match header {
            Some((style, _)) => style,
            None if source.starts_with(['"', '\'']) => Style::Quoted,
            None if source.contains('\n') => Style::PlainLines,
            None => Style::Plain,
        };
        if matches!(style, Style::Plain | Style::PlainLines) && source.starts_with('?') {
            // YAML 1.2 takes `[?a]` for a text, YAML 1.1 for a key.
            self.report.push(refused(span, "a word that begins with `?`", "put it in quotes"));
        }
        let text = match (style, text) {
            (Style::Plain, _) | (_, None) => source.to_owned(),
            (_, Some(text)) => text,
        };
        let comment = if header.is_none() { self.comment_behind(span.end) } else { None };
        // A block's span ends with the newlines behind it: nothing to point at.
        let span = Span::new(span.start, span.start + source.trim_end().len());
        Node { span, kind: Kind::Scalar(Scalar { text, style, comment, first_line }) }
    }

    fn comment_behind(&self, end: usize) -> Option<Span> {
        let line = self.text[end..].lines().next().unwrap_or_default();
        let blanks = line.len() - line.trim_start_matches([' ', '\t']).len();
        let comment = &line[blanks..];
        (blanks > 0 && comment.starts_with('#')).then(|| Span::new(end + blanks, end + line.len()))
    }

    /// A span that can be sliced, whatever the parser said.
    fn inside(&self, span: Option<Span>) -> Span {
        let span = span.unwrap_or(Span::new(self.cursor, self.cursor));
        let end = self.text.floor_char_boundary(span.end.min(self.text.len()));
        Span::new(self.text.floor_char_boundary(span.start.min(end)), end)
    }

    /// Moves behind a list or map; its span.
    fn close(&mut self, start: usize, opened: bool, bracket: char) -> Span {
        if opened {
            let mut at = self.cursor.max(start);
            while let Some(c) = self.text[at..].chars().next() {
                match c {
                    '#' => at += self.text[at..].find('\n').unwrap_or(self.text.len() - at),
                    c if c == bracket => {
                        self.gap(at + 1);
                        break;
                    }
                    c => at += c.len_utf8(),
                }
            }
        }
        Span::new(start, self.cursor)
    }

    /// Accounts for the bytes up to `end`, which belong to no scalar.
    fn gap(&mut self, end: usize) {
        while self.cursor < end {
            let rest = &self.text[self.cursor..end];
            let line = rest.lines().next().unwrap_or_default();
            let word = || line.len().min(line.find([' ', '\t', ',', ']', '}']).unwrap_or(line.len())).max(1);
            let first = rest.chars().next().unwrap_or(' ');
            let (len, refusal) = match first {
                ' ' | '\t' | '\r' | '\n' | ',' | '[' | ']' | '{' | '}' | ':' | '?' | '-' | '\u{feff}' => {
                    (first.len_utf8(), None)
                }
                '#' => (line.len(), None),
                '|' | '>' => {
                    // The block's first line is the next one, also when the gap ends before it.
                    let newline = self.text[self.cursor..].find('\n').unwrap_or(self.text.len() - self.cursor - 1);
                    let style = if first == '|' { Style::Literal } else { Style::Folded };
                    self.header = Some((style, self.cursor + newline + 1));
                    (newline.min(rest.len()).max(1), None)
                }
                '&' => (word(), Some(("an anchor", "write the value out where it belongs"))),
                '*' => (word(), Some(("an alias", "write the value out where it belongs"))),
                '!' => (word(), Some(("a tag", "leave the tag out: a literal means the text that is written"))),
                '%' => (line.len(), Some(("a directive", "leave it out: policies are YAML 1.2"))),
                '.' if line.trim_end() == "..." => (line.len(), None),
                other => (other.len_utf8(), Some(("something that is not YAML", "put the value in quotes"))),
            };
            if let Some((what, help)) = refusal {
                self.report.push(refused(Span::new(self.cursor, self.cursor + len), what, help));
            }
            self.cursor += len;
        }
    }
}

/// A feature of YAML that hides from a reviewer what the policy says.
pub(super) fn refused(span: Span, what: &str, help: &str) -> Diagnostic {
    Diagnostic::new(Code::InvalidYaml, format!("{what} stands in a policy"))
        .at(span, "not understood here")
        .note("one policy is one file that says everything where it applies, so that a reviewer sees all of it")
        .help(help)
}
