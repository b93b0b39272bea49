//! What does the policy say about the rows of a table?
//!
//! A table has one rule or a list; the first rule that matches a row decides it. So a rule that can never match is an
//! error, and so is a path whose rows could be left without any rule.

use super::keys::{self, Fields, empty, shape};
use super::model::{ColumnRule, PathText, RowDecision, Rule, Segment, TablePolicy, Via};
use super::name::{self, NameError};
use super::scalar::{Reader, Sql};
use super::sql::Parsed;
use super::yaml::{Kind, Node, Style};
use crate::diagnostic::{Code, Diagnostic};
use crate::ident::{Ident, TableName, shown};
use crate::source::{Fragment, Span, Spanned};

const WORDS: &[&str] = &["delete", "cascade", "undecided"];

/// A rule, and what the order of rules depends on.
struct Read {
    rule: Rule,
    /// Whether `:subject` stands in its condition: then it has no path.
    by_subject: bool,
}

impl Reader<'_> {
    /// The map `tables`.
    pub fn tables(&mut self, node: &Node, owner: Span) -> Vec<TablePolicy> {
        let Some(map) = keys::map(node, owner, "`tables`", &mut self.report) else { return Vec::new() };
        if map.is_empty() {
            self.report.push(empty(owner, "`tables`"));
        }
        // Two spellings of one table are the same key.
        let entries = keys::unique(map, |key| name::table(key).map_err(|_| key.to_owned()), &mut self.report);
        let mut tables = Vec::new();
        for (key, value) in entries {
            let rules = self.rules(value, key);
            if let Some(table) = self.table_name(key)
                && !rules.is_empty()
            {
                tables.push(TablePolicy { table, rules });
            }
        }
        tables
    }

    /// A table's name in a key or a value.
    pub fn table_name(&mut self, text: &Spanned<String>) -> Option<Spanned<TableName>> {
        match name::table(&text.value) {
            Ok(table) => Some(Spanned::new(table, text.span)),
            Err(error) => {
                let found = self.name_error(&error, &text.value, text.span, "a table's name cannot be read");
                self.report.push(found.help("write `table` or `schema.table`; a part with a dot as '\"odd.name\"'"));
                None
            }
        }
    }

    /// What is wrong with a name, at its own place where the file spells it as it is.
    pub fn name_error(&self, error: &NameError, text: &str, span: Span, message: &str) -> Diagnostic {
        if error.later {
            let found = Diagnostic::new(Code::NotInThisVersion, error.message.as_str());
            return found.at(span, "known to a later version only");
        }
        let start = self.start_of(text, span);
        let place = start.map_or(span, |start| {
            let at = start + error.at;
            let next = text[error.at..].chars().next().map_or(0, char::len_utf8);
            Span::new(at, at + next)
        });
        Diagnostic::new(Code::InvalidPath, message).at(place, error.message.as_str())
    }

    /// Where a text begins within its scalar, when the file spells it as it is.
    fn start_of(&self, text: &str, span: Span) -> Option<usize> {
        let source = self.file.slice(span);
        let inner = source.len().checked_sub(1).and_then(|end| source.get(1..end));
        if source == text { Some(span.start) } else { (inner == Some(text)).then_some(span.start + 1) }
    }

    fn rules(&mut self, node: &Node, table: &Spanned<String>) -> Vec<Rule> {
        let read: Vec<Read> = match &node.kind {
            Kind::List(items) if items.is_empty() => {
                self.report.push(empty(node.span, &format!("the list of rules of `{}`", shown(&table.value))));
                Vec::new()
            }
            Kind::List(items) => {
                let before = items.len();
                let read: Vec<Read> = items.iter().filter_map(|item| self.rule(item, item.span, table)).collect();
                // The order says nothing while a rule is missing.
                if read.len() == before {
                    self.order(&read, table);
                }
                read
            }
            Kind::Empty | Kind::Scalar(_) | Kind::Map(_) => {
                let read: Vec<Read> = self.rule(node, table.span, table).into_iter().collect();
                self.order(&read, table);
                read
            }
        };
        read.into_iter().map(|read| read.rule).collect()
    }

    fn rule(&mut self, node: &Node, owner: Span, table: &Spanned<String>) -> Option<Read> {
        match &node.kind {
            Kind::Empty => {
                let found = empty(table.span, &format!("table `{}`", shown(&table.value)));
                self.report
                    .push(found.help("write what happens to its rows: `delete`, `{ keep: reason }` or `columns`"));
                None
            }
            Kind::List(_) => {
                self.report.push(shape(node, "a rule is a word or a map"));
                None
            }
            Kind::Scalar(scalar) => {
                let action = match (scalar.text.as_str(), scalar.style) {
                    ("delete", Style::Plain) => RowDecision::Delete,
                    ("cascade", Style::Plain) => RowDecision::Cascade,
                    ("undecided", Style::Plain) => RowDecision::Undecided,
                    (text, style) => {
                        self.report.push(unknown_rule(text, style == Style::Plain, node.span));
                        return None;
                    }
                };
                let action = Spanned::new(action, node.span);
                let rule = Rule {
                    span: node.span,
                    name: None,
                    via: None,
                    referenced_by: None,
                    if_shared: None,
                    condition: None,
                    action,
                };
                Some(Read { rule, by_subject: false })
            }
            Kind::Map(map) => {
                if map.entries.is_empty() {
                    if map.complete {
                        self.report.push(empty(owner, "a rule"));
                    }
                    return None;
                }
                let fields = keys::fields(node, owner, &keys::RULE, &mut self.report)?;
                self.rule_map(&fields, map.entries.first().map_or(node.span, |(key, _)| key.span))
            }
        }
    }

    fn rule_map(&mut self, fields: &Fields<'_>, first_key: Span) -> Option<Read> {
        let name = fields.entry("name").map(|(key, value)| self.line(value, key.span, "name"));
        let via = fields.entry("via").map(|(key, value)| self.via(value, key.span));
        let condition =
            fields.entry("where").map(|(key, value)| self.sql(value, key.span, "where", Sql::RuleCondition));
        let by_subject = self.subject_without_path(fields, condition.as_ref().and_then(Option::as_ref));
        let action = self.row_decision(fields);
        let decided = ["keep", "rows", "columns"].iter().any(|key| fields.entry(key).is_some());
        if let (Some((key, _)), false) = (fields.entry("other_columns"), decided) {
            let found = Diagnostic::new(Code::MissingKey, "`other_columns` stands without `columns`");
            self.report.push(found.at(key.span, "other than which?").help("name at least one column under `columns`"));
        }
        // What was written and could not be read must not be taken for what was not written.
        let name = present(name)?;
        let via = present(via)?;
        let condition = present(condition)?.map(|(fragment, _)| fragment);
        let span = name.as_ref().map_or(first_key, |name| name.span);
        Some(Read {
            rule: Rule { span, name, via, referenced_by: None, if_shared: None, condition, action: action? },
            by_subject,
        })
    }

    /// Whether `:subject` stands in a condition; a path beside it is an error, in rules and guards alike.
    pub fn subject_without_path(&mut self, fields: &Fields<'_>, condition: Option<&(Fragment, Parsed)>) -> bool {
        let Some((fragment, parsed)) = condition else { return false };
        let Some(subject) = parsed.subject.first() else { return false };
        if let Some((via, _)) = fields.entry("via") {
            let found = Diagnostic::new(Code::ConflictingKeys, "`via` stands beside a `where` with `:subject`")
                .at(via.span, "a path to the subject")
                .label(fragment.locate_span(*subject), "already says whose rows")
                .help("leave `via` out, or `:subject`");
            self.report.push(found);
        }
        true
    }

    fn row_decision(&mut self, fields: &Fields<'_>) -> Option<Spanned<RowDecision>> {
        let decisions: Vec<_> = ["keep", "rows", "columns"].into_iter().filter_map(|key| fields.entry(key)).collect();
        let [(key, value)] = decisions[..] else {
            let found = match decisions[..] {
                [(first, _), (second, _), ..] => Diagnostic::new(
                    Code::ConflictingKeys,
                    format!("a rule has `{}` and `{}`", first.value, second.value),
                )
                .at(second.span, "a second decision")
                .label(first.span, "the first"),
                _ => Diagnostic::new(Code::MissingKey, "a rule decides nothing")
                    .at(fields.span, "what happens to these rows?")
                    .help("add `keep: reason`, `rows: delete`, `rows: cascade` or `columns`"),
            };
            self.report.push(found);
            return None;
        };
        let decision = match key.value.as_str() {
            "keep" => RowDecision::Keep(self.reason(value, key.span)?),
            "rows" => self.rows(value, key.span)?,
            _ => {
                let columns = self.columns(value, key.span)?;
                let other = fields.entry("other_columns");
                let other = other.map(|(key, value)| self.other_columns(value, key.span));
                RowDecision::Columns { columns, other: present(other)? }
            }
        };
        if let (Some((other, _)), "keep" | "rows") = (fields.entry("other_columns"), key.value.as_str()) {
            let found =
                Diagnostic::new(Code::ConflictingKeys, format!("`other_columns` stands beside `{}`", key.value));
            self.report
                .push(found.at(other.span, "only for rows whose columns change").label(key.span, "decides the rows"));
        }
        Some(Spanned::new(decision, key.span))
    }

    fn rows(&mut self, node: &Node, owner: Span) -> Option<RowDecision> {
        match node.word() {
            Some("delete") => Some(RowDecision::Delete),
            Some("cascade") => Some(RowDecision::Cascade),
            _ => {
                let found = match &node.kind {
                    Kind::Empty => empty(owner, "`rows`"),
                    Kind::List(_) | Kind::Map(_) => shape(node, "`rows` is a word"),
                    Kind::Scalar(scalar) if scalar.text == "keep" => no_reason(node.span),
                    Kind::Scalar(scalar) => unknown_rule(&scalar.text, scalar.style == Style::Plain, node.span),
                };
                self.report.push(found.help("`rows` is `delete` or `cascade`"));
                None
            }
        }
    }

    fn columns(&mut self, node: &Node, owner: Span) -> Option<Vec<ColumnRule>> {
        let map = keys::map(node, owner, "`columns`", &mut self.report)?;
        if map.is_empty() {
            self.report.push(empty(owner, "`columns`").help("name at least one column"));
        }
        let mut columns = Vec::new();
        let mut complete = map.complete && !map.is_empty();
        for (key, value) in keys::unique(map, str::to_owned, &mut self.report) {
            match self.decision(value, key) {
                Some(decision) => {
                    columns.push(ColumnRule {
                        column: Spanned::new(Ident::new(key.value.as_str()), key.span),
                        decision,
                        propagate: None,
                    });
                }
                None => {
                    if map.flow && matches!(value.kind, Kind::Empty) {
                        let found = Diagnostic::new(Code::InvalidYaml, "a comma inside `{ }` ends a value");
                        let found = found.at(key.span, "read as a column of its own");
                        self.report.push(found.help("write the map as a block, one column on each line"));
                    }
                    complete = false;
                }
            }
        }
        complete.then_some(columns)
    }

    /// `via`: a path or a list of paths.
    pub fn via(&mut self, node: &Node, owner: Span) -> Option<Via> {
        let items = match &node.kind {
            Kind::List(items) if items.is_empty() => {
                self.report.push(empty(node.span, "`via`"));
                return None;
            }
            Kind::List(items) => items.as_slice(),
            Kind::Empty | Kind::Scalar(_) | Kind::Map(_) => std::slice::from_ref(node),
        };
        let mut paths: Vec<PathText> = Vec::new();
        for item in items {
            let owner = if matches!(item.kind, Kind::Empty) { owner } else { item.span };
            let path = self.path(item, owner)?;
            if paths.iter().any(|other| same(other, &path)) {
                let found = Diagnostic::new(Code::DuplicateKey, "a path stands twice").at(path.span, "again here");
                self.report.push(found.help("leave it out"));
            } else {
                paths.push(path);
            }
        }
        Some(Via { span: node.span, paths })
    }

    fn path(&mut self, node: &Node, owner: Span) -> Option<PathText> {
        let text = self.named(node, owner, "via")?;
        let start = self.start_of(&text.value, text.span);
        let place = |span: Span| match start {
            Some(start) => Span::new(start + span.start, start + span.end),
            None => text.span,
        };
        match name::path(&text.value, text.span, place) {
            Ok(path) => Some(path),
            Err(error) => {
                let mut found = self.name_error(&error, &text.value, text.span, "a path cannot be read");
                if error.later {
                    self.report.push(found);
                    return None;
                }
                if text.value.contains('(') != text.value.contains(')') {
                    found = found.help("inside `[ ]` and `{ }` a comma ends the value: put the path in quotes");
                }
                self.report.push(found.help("a path is a column, or `column -> table.column`"));
                None
            }
        }
    }

    /// First match: every rule can match, and the last rule of every path matches all that is left.
    fn order(&mut self, rules: &[Read], table: &Spanned<String>) {
        let rules: Vec<&Rule> = rules.iter().filter(|read| !read.by_subject).map(|read| &read.rule).collect();
        // A rule without `via` may follow the same path as one with it: only the catalog tells (see `resolve`).
        if rules.iter().any(|rule| rule.via.is_some()) && rules.iter().any(|rule| rule.via.is_none()) {
            return;
        }
        for (index, rule) in rules.iter().enumerate() {
            let blocks = |path: &PathKey<'_>| {
                rules[..index].iter().find(|other| other.condition.is_none() && covers(other, path))
            };
            let blocked: Option<Vec<&&Rule>> = paths(rule).iter().map(blocks).collect();
            if let Some(blockers) = blocked
                && let Some(blocker) = blockers.first()
            {
                let found = Diagnostic::new(Code::RuleOrder, "a rule can never match")
                    .at(rule.span, "no row gets here")
                    .label(blocker.span, "this rule has no `where` and takes every row of the path")
                    .help("move the rule without `where` behind the others");
                self.report.push(found);
            }
            for path in paths(rule) {
                let is_last = !rules[index + 1..].iter().any(|other| covers(other, &path));
                let open = is_last && rule.condition.is_some();
                if open && !rules[..index].iter().any(|other| other.condition.is_none() && covers(other, &path)) {
                    let of = match path {
                        Some(path) => format!(" reached by `{}`", shown(self.file.slice(path.span))),
                        None => String::new(),
                    };
                    let message = format!("rows of `{}`{of} may be left without a rule", shown(&table.value));
                    let found = Diagnostic::new(Code::RuleOrder, message)
                        .at(rule.span, "the last rule of this path has a `where`")
                        .note(
                            "the first rule that matches a row decides it; nothing may be reached and left undecided",
                        );
                    self.report.push(found.help(match path {
                        Some(path) => {
                            let path = shown(self.file.slice(path.span)).to_string();
                            format!("add a last rule for the other rows:\n- via: {path}\n  keep: why they stay")
                        }
                        None => "add a last rule for the other rows:\n- keep: why they stay".to_owned(),
                    }));
                }
            }
        }
    }
}

/// A path of a rule; none for a rule without `via`.
type PathKey<'a> = Option<&'a PathText>;

fn paths(rule: &Rule) -> Vec<PathKey<'_>> {
    rule.via.as_ref().map_or_else(|| vec![None], |via| via.paths.iter().map(Some).collect())
}

fn covers(rule: &Rule, path: &PathKey<'_>) -> bool {
    paths(rule).iter().any(|own| match (own, path) {
        (None, None) => true,
        (Some(own), Some(path)) => same(own, path),
        (None, Some(_)) | (Some(_), None) => false,
    })
}

/// Whether two paths say the same, wherever they stand.
fn same(a: &PathText, b: &PathText) -> bool {
    let same = |(a, b): (&Segment, &Segment)| a.table == b.table && a.names == b.names;
    a.segments.len() == b.segments.len() && a.segments.iter().zip(&b.segments).all(same)
}

/// `None` when something was written and could not be read.
#[expect(clippy::option_option, reason = "written or not, and if so, read or not")]
pub(super) fn present<T>(value: Option<Option<T>>) -> Option<Option<T>> {
    match value {
        Some(None) => None,
        Some(Some(value)) => Some(Some(value)),
        None => Some(None),
    }
}

fn no_reason(span: Span) -> Diagnostic {
    Diagnostic::new(Code::MissingReason, "rows are kept without a reason")
        .at(span, "why do they stay?")
        .help("write `keep: seven years, tax law` with your reason")
}

fn unknown_rule(text: &str, plain: bool, span: Span) -> Diagnostic {
    if plain && text == "keep" {
        return no_reason(span);
    }
    if WORDS.contains(&text) {
        let found = Diagnostic::new(Code::InvalidValue, format!("`{text}` stands in quotes"));
        return found.at(span, "in quotes this is a text").help(format!("write {text} without quotes"));
    }
    let found = Diagnostic::new(Code::UnknownAction, format!("no decision about rows named `{}`", shown(text)));
    let found = found.at(span, "not known");
    if matches!(text, "null" | "~" | "default" | "randomize") {
        return found.help("columns are decided one by one under `columns`");
    }
    match keys::nearest(text, WORDS.iter().copied()) {
        Some(near) => found.help(format!("a decision named `{near}` exists")),
        None => found.help("a rule is `delete`, `cascade`, `undecided` or a map"),
    }
}
