//! What does a single value say: a text, a number, a time, or SQL?
//!
//! Here lives the rule that nothing is erased because a line was misread: an empty value is never a null, a time has its
//! unit, and SQL stands only where YAML can't fold, cut or unquote it.

use std::time::Duration;

use super::keys::{empty, shape};
use super::sql::{self, GateError, Parsed};
use super::yaml::{Kind, Node, Scalar, Style};
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::ident::shown;
use crate::source::{Fragment, SourceFile, Span, Spanned};

/// How a plain null may be spelt in YAML.
const NULLS: &[&str] = &["null", "Null", "NULL", "~"];

/// The file that is read and what was found in it so far.
pub(super) struct Reader<'a> {
    pub file: &'a SourceFile,
    pub report: Report,
    /// Whose rows are meant, which decides how a rule may reach its rows.
    pub whose: Whose,
}

/// Whose rows a policy is about, as far as its rules have to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// It could not be read: rules are not held against it.
    Unknown,
    /// A row of the subject table.
    Rows,
    /// A value without a row; the place of `subject`.
    Value(Span),
    /// Everybody's; the place of `every_row`.
    EveryRow(Span),
}

/// What kind of SQL stands somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sql {
    /// A boolean expression.
    Condition,
    /// A boolean expression in which `:subject` may stand.
    RuleCondition,
    /// An expression over the row.
    Expression,
    /// One SELECT.
    Query,
}

impl Reader<'_> {
    /// A single value that is there.
    fn scalar<'n>(&mut self, node: &'n Node, owner: Span, key: &str) -> Option<&'n Scalar> {
        match &node.kind {
            Kind::Scalar(scalar) => return Some(scalar),
            Kind::Empty => self.report.push(empty(owner, &format!("`{key}`")).help(behind(key))),
            Kind::List(_) | Kind::Map(_) => {
                let found = shape(node, &format!("`{key}` is a single value"));
                self.report.push(found.help("write one value, in quotes where it begins with a bracket or a brace"));
            }
        }
        None
    }

    /// A text for people: a name, a reason, a message. Never null, never empty.
    pub fn text(&mut self, node: &Node, owner: Span, key: &str) -> Option<Spanned<String>> {
        let scalar = self.scalar(node, owner, key)?;
        let is_null = scalar.style == Style::Plain && NULLS.contains(&scalar.text.as_str());
        if is_null || scalar.text.trim().is_empty() {
            self.report.push(empty(node.span, &format!("`{key}`")).help(behind(key)));
            return None;
        }
        if self.refuses_nul(scalar, node.span, key) {
            return None;
        }
        Some(Spanned::new(scalar.text.trim_end_matches('\n').to_owned(), node.span))
    }

    /// A text on one line.
    pub fn line(&mut self, node: &Node, owner: Span, key: &str) -> Option<Spanned<String>> {
        let text = self.text(node, owner, key)?;
        if text.value.contains('\n') {
            let found = Diagnostic::new(Code::InvalidValue, format!("`{key}` has more than one line"));
            self.report.push(found.at(text.span, "one line stands here").help("write it on one line"));
            return None;
        }
        Some(text)
    }

    /// A name, or a path of names. In quotes it holds whatever a name of the server's holds: blanks only, a line break.
    pub fn named(&mut self, node: &Node, owner: Span, key: &str) -> Option<Spanned<String>> {
        match &node.kind {
            Kind::Scalar(scalar) if scalar.style == Style::Quoted && !scalar.text.is_empty() => {
                let refused = self.refuses_nul(scalar, node.span, key);
                (!refused).then(|| Spanned::new(scalar.text.clone(), node.span))
            }
            Kind::Scalar(_) | Kind::Empty | Kind::List(_) | Kind::Map(_) => self.line(node, owner, key),
        }
    }

    /// The characters of a literal, as the author sees them.
    pub fn literal(&mut self, node: &Node, owner: Span, key: &str) -> Option<Spanned<String>> {
        match &node.kind {
            Kind::List(_) => {
                let found = shape(node, &format!("`{key}` takes one value"));
                let help = "a value that begins with a bracket stands in quotes: `\"[deleted]\"`";
                self.report.push(found.help(help).help("an array is PostgreSQL text in quotes: `'{a,b}'`"));
                None
            }
            Kind::Map(_) => {
                let found = shape(node, &format!("`{key}` takes one value"));
                self.report.push(found.help("JSON and arrays are PostgreSQL text in quotes: `'{\"a\": 1}'`"));
                None
            }
            Kind::Empty => {
                let found = empty(owner, &format!("`{key}`"));
                self.report
                    .push(found.help("write `null` for the whole decision to set it to NULL, or `\"\"` for no text"));
                None
            }
            Kind::Scalar(scalar) if scalar.style == Style::Plain && NULLS.contains(&scalar.text.as_str()) => {
                let found = Diagnostic::new(Code::EmptyValue, format!("`{key}` takes a literal, not a null"))
                    .at(node.span, "this is YAML's null");
                let help =
                    format!("write `null` for the whole decision to set it to NULL, or \"{}\" in quotes", scalar.text);
                self.report.push(found.help(help));
                None
            }
            Kind::Scalar(scalar) => {
                if scalar.style == Style::PlainLines || scalar.style == Style::Folded {
                    let found = Diagnostic::new(Code::WrongShape, format!("`{key}` stands on several lines"));
                    let found = found.at(node.span, "YAML folds these lines into one");
                    self.report.push(found.help("put the value on one line, in quotes, or keep its lines with `|`"));
                    return None;
                }
                if let Some(comment) = cut_short(scalar, node.span, self.file) {
                    let found = cut(comment, "the value");
                    self.report.push(
                        found.help(
                            "put the value in quotes; a comment stands two blanks apart and has one behind its `#`",
                        ),
                    );
                    return None;
                }
                if self.refuses_nul(scalar, node.span, key) {
                    return None;
                }
                Some(Spanned::new(scalar.text.clone(), node.span))
            }
        }
    }

    /// No text of PostgreSQL's holds the character 0: a script with it would end there.
    fn refuses_nul(&mut self, scalar: &Scalar, span: Span, key: &str) -> bool {
        let holds = scalar.text.contains('\0');
        if holds {
            let found = Diagnostic::new(Code::InvalidValue, format!("`{key}` holds a NUL character"));
            self.report.push(found.at(span, "PostgreSQL has no text with it").help("leave the `\\0` out"));
        }
        holds
    }

    /// A whole number from `least` on.
    pub fn number(&mut self, node: &Node, owner: Span, key: &str, least: u64) -> Option<Spanned<u64>> {
        let scalar = self.scalar(node, owner, key)?;
        let digits = scalar.style == Style::Plain && scalar.text.bytes().all(|byte| byte.is_ascii_digit());
        let value = scalar.text.parse().ok().filter(|value| digits && *value >= least);
        if value.is_none() {
            let found = Diagnostic::new(Code::InvalidValue, format!("`{key}` is not a whole number"))
                .at(node.span, "something else");
            self.report.push(found.help(format!("write digits, at least {least}")));
        }
        value.map(|value| Spanned::new(value, node.span))
    }

    /// A time with its unit.
    pub fn duration(&mut self, node: &Node, owner: Span, key: &str) -> Option<Spanned<Duration>> {
        let scalar = self.scalar(node, owner, key)?;
        let text = scalar.text.as_str();
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = text.split_at(digits);
        let milliseconds = match unit {
            "ms" => Some(1),
            "s" => Some(1_000),
            "min" => Some(60_000),
            "h" => Some(3_600_000),
            _ => None,
        };
        // The server keeps times as milliseconds in 32 bits.
        let value = number.parse::<u64>().ok().zip(milliseconds).and_then(|(number, unit)| number.checked_mul(unit));
        let value = value.filter(|value| *value <= i32::MAX as u64);
        let problem = match value {
            Some(0) => Diagnostic::new(Code::InvalidValue, format!("`{key}` would be switched off"))
                .at(node.span, "zero means no limit to the server"),
            Some(value) => return Some(Spanned::new(Duration::from_millis(value), node.span)),
            None if unit.is_empty() && !number.is_empty() => {
                Diagnostic::new(Code::InvalidValue, "times need a unit").at(node.span, "of what?")
            }
            None => {
                Diagnostic::new(Code::InvalidValue, format!("`{key}` is not a time")).at(node.span, "not understood")
            }
        };
        self.report.push(problem.help("write a whole number and `ms`, `s`, `min` or `h`: `5s`"));
        None
    }

    /// SQL, verbatim, that passes the gate.
    pub fn sql(&mut self, node: &Node, owner: Span, key: &str, kind: Sql) -> Option<(Fragment, Parsed)> {
        let scalar = match &node.kind {
            Kind::Scalar(scalar) => scalar,
            Kind::Empty => {
                self.report.push(empty(owner, &format!("`{key}`")).help(behind(key)));
                return None;
            }
            Kind::List(_) | Kind::Map(_) => {
                let text = self.file.slice(node.span);
                let found = Diagnostic::new(Code::SqlQuoting, format!("`{key}` is SQL, which stands in one value"))
                    .at(super::keys::first_line(node), "YAML reads this as a list or a map");
                self.report.push(found.help(block(key, text)));
                return None;
            }
        };
        if let Some(found) = misread(scalar, node.span, key, self.file) {
            self.report.push(found);
            return None;
        }
        let fragment = scalar.fragment(node.span, self.file);
        let parsed = match kind {
            Sql::Condition | Sql::RuleCondition => sql::parse_condition(&fragment.text),
            Sql::Expression => sql::parse_expression(&fragment.text),
            Sql::Query => sql::parse_query(&fragment.text),
        };
        match parsed {
            Ok(parsed) => {
                if let (Sql::Condition, Some(span)) = (kind, parsed.subject.first()) {
                    let found = Diagnostic::new(Code::SqlNotAllowed, "`:subject` stands where no subject is known");
                    let label = "only the `where` of a rule or a guard has it";
                    let found = found.at(fragment.locate_span(*span), label);
                    self.report.push(found.help("name columns of the row instead"));
                    return None;
                }
                Some((fragment, parsed))
            }
            Err(error) => {
                self.report.push(gate(&error, &fragment, scalar, self.file));
                None
            }
        }
    }
}

/// What to do where nothing is written.
fn behind(key: &str) -> String {
    format!("write a value behind `{key}:`")
}

/// What the gate said, at its place in the file.
pub(super) fn gate(error: &GateError, fragment: &Fragment, scalar: &Scalar, file: &SourceFile) -> Diagnostic {
    let at = fragment.locate(error.at).min(file.text().len());
    // The whole word where one begins, else one character.
    let rest = &file.text()[at..fragment.span.end.max(at)];
    let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    let span = Span::new(at, at + word.max(rest.chars().next().map_or(0, char::len_utf8)));
    let found = Diagnostic::new(error.code, error.message.as_str()).at(span, error.label.as_str());
    let mut found = found.help_if(error.help.clone());
    let open = fragment.text.matches('(').count() > fragment.text.matches(')').count();
    if open && scalar.style == Style::Plain && file.text()[fragment.span.end..].starts_with(',') {
        found = found.note("inside `{ }` a comma ends the value, so that YAML reads no further than this");
    }
    match scalar.comment {
        Some(comment) => found.label(comment, "for YAML a comment begins here"),
        None => found,
    }
}

/// Why YAML would read this SQL otherwise than its author.
fn misread(scalar: &Scalar, span: Span, key: &str, file: &SourceFile) -> Option<Diagnostic> {
    let is_null = scalar.style == Style::Plain && NULLS.contains(&scalar.text.as_str());
    if is_null {
        let found = Diagnostic::new(Code::EmptyValue, format!("`{key}` takes SQL, not a null"));
        return Some(found.at(span, "this is YAML's null").help(behind(key)));
    }
    if scalar.text.trim().is_empty() {
        return Some(empty(span, &format!("`{key}`")).help(behind(key)));
    }
    if scalar.style == Style::Literal {
        return None;
    }
    let source = file.slice(span);
    let written = if scalar.style == Style::Quoted { scalar.text.as_str() } else { source };
    if let Some(at) = source.find("--").into_iter().chain(source.find("/*")).min() {
        let comment = Span::new(span.start + at, span.start + at + 2);
        let found = Diagnostic::new(Code::SqlComment, format!("`{key}` holds an SQL comment outside of a block"))
            .at(comment, "a comment, or what looks like one")
            .note("YAML folds lines into one, so that a comment could swallow the condition behind it");
        return Some(found.help(block(key, written)));
    }
    let why = match scalar.style {
        Style::Plain => {
            let comment = cut_short(scalar, span, file)?;
            let whole = format!("{source} {}", file.slice(comment));
            return Some(
                cut(comment, "the SQL")
                    .help(block(key, &whole))
                    .help("a comment stands two blanks apart and has one behind its `#`"),
            );
        }
        Style::PlainLines => "YAML folds these lines into one",
        Style::Folded => "YAML folds the lines of a block behind `>` into one",
        Style::Quoted => "YAML takes these quotes away, and SQL needs its own",
        Style::Literal => return None,
    };
    let found =
        Diagnostic::new(Code::SqlQuoting, format!("`{key}` is SQL in a form that is easily misread")).at(span, why);
    Some(found.help(block(key, written)))
}

/// The comment that probably belongs to the value: one that is meant as a comment stands two blanks apart, and a blank
/// follows its `#`. In `data  #> '{a}'` it is an operator, in `+## ###` a picture of digits.
pub(super) fn cut_short(scalar: &Scalar, span: Span, file: &SourceFile) -> Option<Span> {
    let comment = scalar.comment.filter(|_| scalar.style == Style::Plain)?;
    let text = file.slice(comment).trim_start_matches('#');
    let apart = comment.start > span.end + 1 && (text.is_empty() || text.starts_with([' ', '\t']));
    (!apart).then_some(comment)
}

pub(super) fn cut(comment: Span, what: &str) -> Diagnostic {
    Diagnostic::new(Code::SqlCutShort, format!("a YAML comment cuts {what} short"))
        .at(comment, "for YAML the value ends in front of this")
        .note("` #` begins a comment")
}

/// The block form of a key, to copy.
fn block(key: &str, sql: &str) -> String {
    let lines: Vec<&str> = sql.lines().map(str::trim).filter(|line| !line.is_empty()).take(8).collect();
    let mut text = format!("write it as a block, in which every character counts:\n{key}: |");
    for line in lines {
        text.push_str("\n  ");
        text.push_str(&shown(line).to_string());
    }
    text
}
