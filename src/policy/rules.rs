//! What does the policy say about the rows of a table?
//!
//! A table has one rule or a list; the first rule that matches a row decides it. So a rule that can never match is an
//! error, and so is a path whose rows could be left without any rule.

use super::keys::{self, Fields, empty, shape};
use super::model::{ColumnRule, IfShared, PathText, Refresh, RowDecision, Rule, Segment, TablePolicy};
use super::name::{self, NameError};
use super::reach::{Reach, same_path, same_segment};
use super::refresh::is_refresh;
use super::scalar::{Reader, Whose};
use super::yaml::{Kind, Node, Style};
use crate::diagnostic::{Code, Diagnostic};
use crate::ident::{TableName, shown};
use crate::source::{Span, Spanned};

const WORDS: &[&str] = &["delete", "cascade", "undecided"];

/// A rule, and what the order of rules depends on.
struct Read {
    rule: Rule,
    /// Whether `:subject` stands in its condition: then it has no path.
    by_subject: bool,
}

impl Reader<'_> {
    /// The map `tables`: rules of tables, and materialized views that are refreshed.
    pub fn tables(&mut self, node: &Node, owner: Span) -> (Vec<TablePolicy>, Vec<Refresh>) {
        let Some(map) = keys::map(node, owner, "`tables`", &mut self.report) else { return Default::default() };
        if map.is_empty() {
            self.report.push(empty(owner, "`tables`").help("write what happens to a table: `users: delete`"));
        }
        // Two spellings of one table are the same key.
        let entries = keys::unique(map, |key| name::table(key).map_err(|_| key.to_owned()), &mut self.report);
        let mut tables = Vec::new();
        let mut refreshes = Vec::new();
        for (key, value) in entries {
            if let Some(map) = is_refresh(value) {
                refreshes.extend(self.refreshed(value, map, key));
                continue;
            }
            let rules = self.rules(value, key);
            if let Some(table) = self.table_name(key)
                && !rules.is_empty()
            {
                tables.push(TablePolicy { table, rules });
            }
        }
        (tables, refreshes)
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
        self.name_error_at(error, text, self.start_of(text, span), span, message)
    }

    /// The same, where it is known already at which byte of the file the text begins.
    pub fn name_error_at(
        &self,
        error: &NameError,
        text: &str,
        start: Option<usize>,
        span: Span,
        message: &str,
    ) -> Diagnostic {
        let place = start.map_or(span, |start| {
            let at = start + error.at;
            let next = text[error.at..].chars().next().map_or(0, char::len_utf8);
            Span::new(at, at + next)
        });
        Diagnostic::new(Code::InvalidPath, message).at(place, error.message.as_str())
    }

    /// Where a text begins within its scalar, when the file spells it as it is.
    pub fn start_of(&self, text: &str, span: Span) -> Option<usize> {
        let source = self.file.slice(span);
        let inner = source.len().checked_sub(1).and_then(|end| source.get(1..end));
        if source == text { Some(span.start) } else { (inner == Some(text)).then_some(span.start + 1) }
    }

    fn rules(&mut self, node: &Node, table: &Spanned<String>) -> Vec<Rule> {
        let read: Vec<Read> = match &node.kind {
            Kind::List(items) if items.is_empty() => {
                let found = empty(node.span, &format!("the list of rules of `{}`", shown(&table.value)));
                self.report.push(found.help("write a rule below it, or leave the table out"));
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
                let found = shape(node, "a rule is a word or a map");
                self.report.push(found.help("begin each rule of a table with one `- `, and no list in it"));
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
                self.word_reaches(&action, node.span);
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
                        let help = "write what happens to its rows: `delete`, `{ keep: reason }` or `columns`";
                        self.report.push(empty(owner, "a rule").help(help));
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
        let reach = self.reach(fields);
        let if_shared = self.if_shared(fields);
        let action = self.row_decision(fields);
        let decided = ["keep", "rows", "columns"].iter().any(|key| fields.entry(key).is_some());
        if let (Some((key, _)), false) = (fields.entry("other_columns"), decided) {
            let found = Diagnostic::new(Code::MissingKey, "`other_columns` stands without `columns`");
            self.report.push(found.at(key.span, "other than which?").help("name at least one column under `columns`"));
        }
        // What was written and could not be read must not be taken for what was not written.
        let name = present(name)?;
        let if_shared = present(if_shared)?;
        let Reach { via, referenced_by, condition, by_subject } = reach?;
        let span = name.as_ref().map_or(first_key, |name| name.span);
        let rule = Rule { span, name, via, referenced_by, if_shared, condition, action: action? };
        Some(Read { rule, by_subject })
    }

    /// `if_shared`, which stands exactly where `referenced_by` does.
    #[expect(clippy::option_option, reason = "written or not, and if so, read or not")]
    fn if_shared(&mut self, fields: &Fields<'_>) -> Option<Option<Spanned<IfShared>>> {
        let (key, value) = match (fields.entry("referenced_by"), fields.entry("if_shared")) {
            (None, None) => return None,
            (Some((parents, _)), None) => {
                let found = Diagnostic::new(Code::MissingKey, "a rule with `referenced_by` has no `if_shared`")
                    .at(parents.span, "what if someone else's rows reference the same row?")
                    .note("a row that several rows reference belongs to several people");
                self.report.push(found.help("add `if_shared: keep`, or `if_shared: refuse` to fail then"));
                return Some(None);
            }
            (None, Some((shared, _))) => {
                let found = Diagnostic::new(Code::ConflictingKeys, "`if_shared` stands without `referenced_by`")
                    .at(shared.span, "shared with whom?")
                    .note("it is about rows that the subject's rows reference, and others may reference too");
                self.report.push(found.help("leave it out, or add `referenced_by: table.column`"));
                return Some(None);
            }
            (Some(_), Some(entry)) => entry,
        };
        let shared = match value.word() {
            Some("keep") => IfShared::Keep,
            Some("refuse") => IfShared::Refuse,
            _ => {
                let found = match &value.kind {
                    Kind::Empty => empty(key.span, "`if_shared`"),
                    Kind::List(_) | Kind::Map(_) => shape(value, "`if_shared` is a word"),
                    Kind::Scalar(scalar) => {
                        let message = format!("`if_shared` has no word `{}`", shown(&scalar.text));
                        Diagnostic::new(Code::InvalidValue, message).at(value.span, "not known here")
                    }
                };
                self.report.push(found.help("write keep or refuse, without quotes"));
                return Some(None);
            }
        };
        Some(Some(Spanned::new(shared, value.span)))
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
                .label(first.span, "the first")
                .help("leave one of them out, or write a rule for each"),
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
            let found = found.at(other.span, "only for rows whose columns change").label(key.span, "decides the rows");
            self.report.push(found.help("leave `other_columns` out"));
        }
        Some(Spanned::new(decision, key.span))
    }

    fn rows(&mut self, node: &Node, owner: Span) -> Option<RowDecision> {
        match node.word() {
            Some("delete") => Some(RowDecision::Delete),
            Some("cascade") => Some(RowDecision::Cascade),
            Some("undecided") => Some(RowDecision::Undecided),
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
            match self.column_rule(value, key) {
                Some(column) => columns.push(column),
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

    /// First match: every rule can match, and the last rule of every path matches all that is left.
    fn order(&mut self, rules: &[Read], table: &Spanned<String>) {
        // A value has no path: every rule says for itself whose rows it means.
        if matches!(self.whose, Whose::Value(_)) {
            return;
        }
        let rules: Vec<&Rule> = rules.iter().filter(|read| !read.by_subject).map(|read| &read.rule).collect();
        // A rule without `via` may follow the same path as one with it: only the catalog tells (see `resolve`).
        let implicit = |rule: &&Rule| rule.via.is_none() && rule.referenced_by.is_none();
        if rules.iter().any(|rule| rule.via.is_some()) && rules.iter().any(implicit) {
            return;
        }
        for (index, rule) in rules.iter().enumerate() {
            let blocks =
                |path: &Way<'_>| rules[..index].iter().find(|other| other.condition.is_none() && covers(other, path));
            let blocked: Option<Vec<&&Rule>> = ways(rule).iter().map(blocks).collect();
            if let Some(blockers) = blocked
                && let Some(blocker) = blockers.first()
            {
                let found = Diagnostic::new(Code::RuleOrder, "a rule can never match")
                    .at(rule.span, "no row gets here")
                    .label(blocker.span, "this rule has no `where` and takes every row of the path")
                    .help("move the rule without `where` behind the others");
                self.report.push(found);
            }
            for path in ways(rule) {
                let is_last = !rules[index + 1..].iter().any(|other| covers(other, &path));
                let open = is_last && rule.condition.is_some();
                if open && !rules[..index].iter().any(|other| other.condition.is_none() && covers(other, &path)) {
                    let written = match path {
                        Way::Only => None,
                        Way::Path(path) => Some(("via", path.span)),
                        Way::Parent(reference) => Some(("referenced_by", reference.span)),
                    };
                    let written = written.map(|(key, span)| (key, shown(self.file.slice(span)).to_string()));
                    let of = written.as_ref().map_or(String::new(), |(_, way)| format!(" reached by `{way}`"));
                    let message = format!("rows of `{}`{of} may be left without a rule", shown(&table.value));
                    let found = Diagnostic::new(Code::RuleOrder, message)
                        .at(rule.span, "the last rule of this path has a `where`")
                        .note(
                            "the first rule that matches a row decides it; nothing may be reached and left undecided",
                        );
                    let rule = match written {
                        Some(("via", way)) => format!("- via: {way}"),
                        Some((key, way)) => format!("- {key}: {way}\n  if_shared: keep"),
                        None => {
                            self.report.push(found.help("add a last rule for the other rows:\n- keep: why they stay"));
                            continue;
                        }
                    };
                    let help = format!("add a last rule for the other rows:\n{rule}\n  keep: why they stay");
                    self.report.push(found.help(help));
                }
            }
        }
    }
}

/// One of the ways on which a rule reaches its rows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way<'a> {
    /// The table's only foreign key to the subject, the subject's own row, or every row: nothing is written.
    Only,
    /// A path upwards.
    Path(&'a PathText),
    /// A reference of other rows to these.
    Parent(&'a Segment),
}

impl Way<'_> {
    /// Whether two ways say the same, wherever they stand.
    fn is(&self, other: &Way<'_>) -> bool {
        match (self, other) {
            (Way::Only, Way::Only) => true,
            (Way::Path(a), Way::Path(b)) => same_path(a, b),
            (Way::Parent(a), Way::Parent(b)) => same_segment(a, b),
            (Way::Only | Way::Path(_) | Way::Parent(_), _) => false,
        }
    }
}

fn ways(rule: &Rule) -> Vec<Way<'_>> {
    let paths = rule.via.iter().flat_map(|via| via.paths.iter().map(Way::Path));
    let parents = rule.referenced_by.iter().flat_map(|by| by.references.iter().map(Way::Parent));
    let written: Vec<_> = paths.chain(parents).collect();
    if written.is_empty() { vec![Way::Only] } else { written }
}

fn covers(rule: &Rule, way: &Way<'_>) -> bool {
    ways(rule).iter().any(|own| own.is(way))
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
