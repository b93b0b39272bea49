//! Is this fragment of SQL one expression or one query, and what does it name?
//!
//! The author's SQL is embedded verbatim, between parentheses and newlines. So it has to be *one* thing from its first
//! character to its last, or it could say more than its place allows. This gate makes sure of that with sqlparser, and
//! reports what the fragment reads; whether the names exist and the types fit is the server's to judge. Nothing is ever
//! printed from the parser's tree: it is not faithful.

mod walk;

use sqlparser::ast::{Query, SetExpr, Visit};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};

use crate::diagnostic::Code;
use crate::ident::{Ident, shown};
use crate::source::Span;

/// What a fragment names, with places in bytes of its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// The relations that it reads, in the order of the text; names of its own WITH queries are left out.
    pub relations: Vec<RelationRef>,
    /// The columns that it names, in the order of the text. What `*`, NATURAL and whole rows read is not named.
    pub columns: Vec<ColumnRef>,
    /// The functions that it calls, folded, with their schema where it is written; sorted, each once.
    pub functions: Vec<String>,
    /// Where `:subject` stands.
    pub subject: Vec<Span>,
    /// Whether it holds a query: a sub-select, or for a query one besides itself.
    pub has_subquery: bool,
}

/// A table or view that a fragment reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelationRef {
    /// Its schema, where written.
    pub schema: Option<Ident>,
    /// Its name, folded as PostgreSQL does.
    pub name: Ident,
    /// The name that it goes by in the query.
    pub alias: Option<Ident>,
    /// Where it is written.
    pub span: Span,
}

/// A column that a fragment names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnRef {
    /// The schema in front of the table, where written.
    pub schema: Option<Ident>,
    /// The table, view or alias in front of the dot.
    pub qualifier: Option<Ident>,
    /// Its name, folded as PostgreSQL does.
    pub name: Ident,
    /// Where it is written.
    pub span: Span,
    /// Whether it stands in a sub-select (in a query: in any SELECT), where it may belong to another table.
    pub in_subquery: bool,
}

/// Why a fragment was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateError {
    /// What is wrong, in one line.
    pub message: String,
    /// The kind of problem.
    pub code: Code,
    /// The byte of the text at which it was noticed.
    pub at: usize,
    /// A few words for that place.
    pub label: String,
    /// What to do.
    pub help: Option<String>,
}

/// A `where`: one expression, in which `:subject` may stand.
pub fn parse_condition(text: &str) -> Result<Parsed, GateError> {
    parse_one(text, true)
}

/// The new value of a column: one expression over the row.
pub fn parse_expression(text: &str) -> Result<Parsed, GateError> {
    parse_one(text, false)
}

/// A report: one SELECT, also with WITH queries that are SELECTs.
pub fn parse_query(text: &str) -> Result<Parsed, GateError> {
    let tokens = Tokens::read(text, false)?;
    let mut parser = tokens.parser();
    let query = parser.parse_query().map_err(|error| tokens.not_understood(&error))?;
    tokens.end(&mut parser)?;
    if !is_select(&query) {
        return Err(tokens.not_allowed(
            0,
            "the query is not a SELECT",
            "expected SELECT or WITH",
            "write one SELECT, which may have WITH queries in front",
        ));
    }
    let mut walk = walk::Walk::new(&tokens, true);
    finish(query.visit(&mut walk), walk)
}

/// The name of a type, as it stands behind a cast: `text`, `character varying(20)`, `club.citext`.
pub fn parse_type(text: &str) -> Result<(), GateError> {
    let tokens = Tokens::read(text, false)?;
    // What no type's name holds could be a comment, a literal or an array's bounds.
    let strange = |c: char| !(c.is_alphanumeric() || matches!(c, ' ' | '_' | '.' | '"' | '(' | ')' | ','));
    if let Some(at) = text.find(strange) {
        return Err(tokens.error(Code::SqlNotUnderstood, at, NOT_A_TYPE, "not part of a type's name"));
    }
    let mut parser = tokens.parser();
    let refused = |error: GateError| GateError { message: NOT_A_TYPE.into(), help: None, ..error };
    parser.parse_data_type().map_err(|error| refused(tokens.not_understood(&error)))?;
    tokens.end(&mut parser).map_err(refused)
}

fn parse_one(text: &str, subject: bool) -> Result<Parsed, GateError> {
    let tokens = Tokens::read(text, subject)?;
    let mut parser = tokens.parser();
    let expr = parser.parse_expr().map_err(|error| tokens.not_understood(&error))?;
    tokens.end(&mut parser)?;
    let mut walk = walk::Walk::new(&tokens, false);
    finish(expr.visit(&mut walk), walk)
}

fn finish(flow: std::ops::ControlFlow<GateError>, walk: walk::Walk<'_>) -> Result<Parsed, GateError> {
    match flow {
        std::ops::ControlFlow::Break(error) => Err(error),
        std::ops::ControlFlow::Continue(()) => walk.finish(),
    }
}

/// Whether a query's own body reads and does nothing else; its parts are looked at one by one in the walk.
fn is_select(query: &Query) -> bool {
    let mut body = &*query.body;
    loop {
        match body {
            SetExpr::Select(_) => return true,
            SetExpr::Query(inner) => body = &inner.body,
            SetExpr::SetOperation { left, .. } => body = left,
            SetExpr::Values(_)
            | SetExpr::Insert(_)
            | SetExpr::Update(_)
            | SetExpr::Delete(_)
            | SetExpr::Merge(_)
            | SetExpr::Table(_) => return false,
        }
    }
}

/// Longer fragments are not read: a chain of operators is as deep a tree as it is long.
const MAX_TOKENS: usize = 5_000;
const MAX_BYTES: usize = 64 << 10;

/// The fragment's tokens, checked for what psql would read in another way than the server.
struct Tokens<'a> {
    text: &'a str,
    /// The byte at which each character begins.
    chars: Vec<usize>,
    /// The character with which each line begins.
    lines: Vec<usize>,
    tokens: Vec<TokenWithSpan>,
    subject: Vec<Span>,
}

impl<'a> Tokens<'a> {
    fn read(text: &'a str, subject: bool) -> Result<Self, GateError> {
        let mut this = Tokens { text, chars: Vec::new(), lines: vec![0], tokens: Vec::new(), subject: Vec::new() };
        if text.len() > MAX_BYTES {
            return Err(this.too_long(text.floor_char_boundary(MAX_BYTES)));
        }
        for (index, (at, c)) in text.char_indices().enumerate() {
            this.chars.push(at);
            if c == '\n' {
                this.lines.push(index + 1);
            }
        }
        let tokens = Tokenizer::new(&PostgreSqlDialect {}, text).tokenize_with_location();
        this.tokens = tokens.map_err(|error| {
            let unfinished = error.message.to_lowercase().contains("unterminated");
            let label = if unfinished { "this does not end" } else { "not a token of SQL" };
            this.error(Code::SqlNotUnderstood, this.offset(error.location), NOT_UNDERSTOOD, label)
        })?;
        if this.tokens.len() > MAX_TOKENS {
            return Err(this.too_long(this.span(&this.tokens[MAX_TOKENS]).start));
        }
        this.check(subject)?;
        Ok(this)
    }

    fn too_long(&self, at: usize) -> GateError {
        let error = self.error(Code::SqlNotUnderstood, at, "the SQL is too long for efface's parser", "from here");
        GateError { help: Some("put it into a view, and name the view here".into()), ..error }
    }

    /// The tokens one by one, each with the ones behind it.
    fn check(&mut self, subject: bool) -> Result<(), GateError> {
        let mut found = Vec::new();
        let text = self.text;
        for (index, here) in self.tokens.iter().enumerate() {
            let at = self.span(here).start;
            let next = self.tokens.get(index + 1).map(|token| &token.token);
            let after = self.tokens.get(index + 2).map(|token| &token.token);
            match &here.token {
                Token::Backslash => {
                    let message = "a backslash stands outside a string";
                    let label = "psql would read a command of its own here";
                    return Err(self.not_allowed(at, message, label, "leave it out, or write it inside a string"));
                }
                Token::Colon => match next {
                    Some(Token::Word(word)) if word.value == "subject" && word.quote_style.is_none() => {
                        if !subject {
                            let message = "`:subject` stands where no subject is known";
                            let label = "only the `where` of a rule or a guard has it";
                            return Err(self.not_allowed(at, message, label, "name columns of the row instead"));
                        }
                        found.push(Span::new(at, self.span(&self.tokens[index + 1]).end));
                    }
                    _ if is_psql_variable(&text[at + 1..]) => {
                        let message = "a psql variable stands in SQL";
                        let help = if self.open_brackets(index) {
                            "in a slice of an array, write blanks around the colon, in a block behind `|`: `[1 : 2]`"
                        } else {
                            "write the value itself, or `:subject` for the key of whom the run erases"
                        };
                        return Err(self.not_allowed(at, message, "psql would put a value here", help));
                    }
                    _ => {}
                },
                Token::Placeholder(_) => {
                    let message = "a parameter stands in SQL";
                    return Err(self.not_allowed(at, message, "nothing would fill it", "write the value itself"));
                }
                Token::SemiColon => {
                    let message = "a semicolon stands in SQL";
                    let label = "one expression or one query stands here";
                    return Err(self.not_allowed(at, message, label, "leave it out, and what stands behind it"));
                }
                // The server reads `U&"…"` as one name; the parser reads an operator between two.
                Token::Word(word)
                    if word.value.eq_ignore_ascii_case("u")
                        && next == Some(&Token::Ampersand)
                        && matches!(after, Some(Token::Word(name)) if name.quote_style.is_some()) =>
                {
                    return Err(self.error(Code::SqlNotUnderstood, at, NOT_UNDERSTOOD, "a name in Unicode escapes"));
                }
                // To the server these characters begin a comment, even inside an operator.
                Token::CustomBinaryOperator(operator) if operator.contains("--") || operator.contains("/*") => {
                    return Err(self.error(Code::SqlNotUnderstood, at, NOT_UNDERSTOOD, "an operator or a comment"));
                }
                _ => {}
            }
        }
        self.subject = found;
        Ok(())
    }

    /// Whether more brackets open than close in front of a token.
    fn open_brackets(&self, index: usize) -> bool {
        let count = |wanted: Token| self.tokens[..index].iter().filter(|token| token.token == wanted).count();
        count(Token::LBracket) > count(Token::RBracket)
    }

    fn parser(&self) -> Parser<'static> {
        Parser::new(&PostgreSqlDialect {}).with_recursion_limit(64).with_tokens_with_locations(self.tokens.clone())
    }

    /// Nothing may be left: what is left would stand outside the parentheses of the author's mind.
    fn end(&self, parser: &mut Parser<'_>) -> Result<(), GateError> {
        let rest = parser.peek_token();
        if rest.token == Token::EOF {
            return Ok(());
        }
        let label = match &rest.token {
            Token::Word(word) if word.keyword == Keyword::AND || word.keyword == Keyword::OR => {
                "nothing to combine".into()
            }
            token => format!("did not expect `{}` here", shown(&token.to_string())),
        };
        Err(self.error(Code::SqlNotUnderstood, self.span(&rest).start, NOT_UNDERSTOOD, &label))
    }

    fn not_understood(&self, error: &ParserError) -> GateError {
        let (words, at) = match error {
            ParserError::TokenizerError(words) | ParserError::ParserError(words) => self.split_place(words),
            ParserError::RecursionLimitExceeded => ("nested too deeply".to_owned(), 0),
        };
        self.error(Code::SqlNotUnderstood, at, NOT_UNDERSTOOD, &words)
    }

    /// The parser says the place in words at the end of its message.
    fn split_place(&self, message: &str) -> (String, usize) {
        let place = |rest: &str| {
            let (line, column) = rest.split_once(", Column: ")?;
            Some(Location { line: line.parse().ok()?, column: column.parse().ok()? })
        };
        let (words, at) = match message.rsplit_once(" at Line: ") {
            Some((words, rest)) => (words, place(rest).map_or(self.text.len(), |location| self.offset(location))),
            None => (message, self.text.trim_end().len()),
        };
        let words = words.replace("Expected: ", "expected ").replace(", found: EOF", ", found the end");
        (shown(&words.replace("found: ", "found ")).to_string(), at)
    }

    fn not_allowed(&self, at: usize, message: &str, label: &str, help: &str) -> GateError {
        GateError { help: Some(help.to_owned()), ..self.error(Code::SqlNotAllowed, at, message, label) }
    }

    fn error(&self, code: Code, at: usize, message: &str, label: &str) -> GateError {
        let help = (message == NOT_UNDERSTOOD).then(|| "write it in another way, or put it into a view".to_owned());
        GateError { message: message.into(), code, at, label: label.into(), help }
    }

    fn span(&self, token: &TokenWithSpan) -> Span {
        Span::new(self.offset(token.span.start), self.offset(token.span.end))
    }

    /// The parser counts lines and characters from 1.
    fn offset(&self, location: Location) -> usize {
        let index = |number: u64| usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
        let line = self.lines.get(index(location.line));
        let at = line.and_then(|first| self.chars.get(first.saturating_add(index(location.column))));
        at.copied().unwrap_or(self.text.len())
    }
}

/// Whether psql would read a variable in what follows a colon (manual, psql, "SQL Interpolation").
fn is_psql_variable(rest: &str) -> bool {
    rest.starts_with(|c: char| c.is_ascii_alphanumeric() || !c.is_ascii() || matches!(c, '_' | '\'' | '"' | '{'))
}

const NOT_A_TYPE: &str = "this is not the name of a type";
const NOT_UNDERSTOOD: &str = "the SQL is not understood by efface's parser";
