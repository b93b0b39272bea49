//! How do the rows of a rule or a guard belong to the subject?
//!
//! By a path upwards (`via`), by references of other rows to them (`referenced_by`), or by the subject's own value in
//! the `where`. A path follows foreign keys by name; its end may compare values instead: `lower(email) ->
//! lower(users.email)`.

use super::keys::{Fields, empty};
use super::model::{PathText, ReferencedBy, RowDecision, Segment, Via};
use super::name::{self, Position};
use super::rules::present;
use super::scalar::{Reader, Sql, Whose, cut, cut_short, gate};
use super::sql::{self, ColumnRef};
use super::yaml::{Kind, Node, Scalar, Style};
use crate::diagnostic::{Code, Diagnostic};
use crate::ident::TableName;
use crate::source::{Fragment, Span, Spanned};

/// What a rule or a guard says about which rows it means.
pub(super) struct Reach {
    pub via: Option<Via>,
    pub referenced_by: Option<ReferencedBy>,
    pub condition: Option<Fragment>,
    /// Whether `:subject` stands in the condition: then there is no path.
    pub by_subject: bool,
}

/// A text of the file, and where it begins there when the file spells it as it is.
struct Written<'n> {
    text: Spanned<String>,
    scalar: &'n Scalar,
    start: Option<usize>,
}

impl Written<'_> {
    /// A range of the text as a place in the file.
    fn place(&self, range: &std::ops::Range<usize>) -> Span {
        self.start.map_or(self.text.span, |start| Span::new(start + range.start, start + range.end))
    }
}

impl Reader<'_> {
    /// `via`, `referenced_by` and `where`, which exclude each other in several ways.
    pub fn reach(&mut self, fields: &Fields<'_>) -> Option<Reach> {
        let via = fields.entry("via").map(|(key, value)| self.via(value, key.span));
        let parents = fields.entry("referenced_by").map(|(key, value)| self.referenced_by(value, key.span));
        let condition =
            fields.entry("where").map(|(key, value)| self.sql(value, key.span, "where", Sql::RuleCondition));
        let read = present(condition);
        let subject = read
            .as_ref()
            .and_then(Option::as_ref)
            .and_then(|(fragment, parsed)| parsed.subject.first().map(|subject| fragment.locate_span(*subject)));
        let ways: Vec<&Spanned<String>> =
            ["via", "referenced_by"].into_iter().filter_map(|key| fields.entry(key)).map(|(key, _)| key).collect();
        if let [via, parents] = ways[..] {
            let found = Diagnostic::new(Code::ConflictingKeys, "`via` and `referenced_by` stand in one map")
                .at(parents.span, "these rows are referenced")
                .label(via.span, "these rows reference");
            self.report.push(found.help("leave one of them out, or write an entry for each"));
        }
        match self.whose {
            Whose::Unknown | Whose::Rows => self.subject_without_way(&ways, subject),
            Whose::Value(span) => self.value_without_way(&ways, subject, span, fields, read.is_some()),
            Whose::EveryRow(span) => self.everybody_without_way(&ways, subject, span),
        }
        let condition = read?.map(|(fragment, _)| fragment);
        Some(Reach { via: present(via)?, referenced_by: present(parents)?, condition, by_subject: subject.is_some() })
    }

    fn subject_without_way(&mut self, ways: &[&Spanned<String>], subject: Option<Span>) {
        let Some(subject) = subject else { return };
        for way in ways {
            let message = format!("`{}` stands beside a `where` with `:subject`", way.value);
            let found = Diagnostic::new(Code::ConflictingKeys, message)
                .at(way.span, "another way to say whose rows")
                .label(subject, "already says whose rows")
                .help(format!("leave `{}` out, or `:subject`", way.value));
            self.report.push(found);
        }
    }

    fn value_without_way(
        &mut self,
        ways: &[&Spanned<String>],
        subject: Option<Span>,
        owner: Span,
        fields: &Fields<'_>,
        readable: bool,
    ) {
        const HELP: &str = "say whose rows these are in `where`, as in `where: email = any(:subject)`";
        for way in ways {
            let message = format!("`{}` stands in a policy whose subject is a value", way.value);
            let found = Diagnostic::new(Code::ConflictingKeys, message)
                .at(way.span, "leads to no row of the subject's")
                .label(owner, "this subject has no row")
                .note("a path ends at a row of the subject's; a value is compared");
            self.report.push(found.help(HELP));
        }
        // A condition that can't be read may hold it.
        if ways.is_empty() && subject.is_none() && readable {
            let place = fields.entry("where").map_or(fields.span, |(key, _)| key.span);
            self.report.push(no_subject(place, owner).help(HELP));
        }
    }

    fn everybody_without_way(&mut self, ways: &[&Spanned<String>], subject: Option<Span>, owner: Span) {
        const NOTE: &str = "`every_row: true` means the rows of everybody, so nobody is asked for";
        for way in ways {
            let message = format!("`{}` stands in a policy for every row", way.value);
            let found = Diagnostic::new(Code::ConflictingKeys, message)
                .at(way.span, "leads to a subject")
                .label(owner, "there is none")
                .note(NOTE);
            self.report.push(found.help(format!("leave `{}` out, or name a `subject:`", way.value)));
        }
        if let Some(subject) = subject {
            let found = Diagnostic::new(Code::ConflictingKeys, "`:subject` stands in a policy for every row")
                .at(subject, "asks for a subject")
                .label(owner, "there is none")
                .note(NOTE);
            self.report.push(found.help("leave `:subject` out, or name a `subject:`"));
        }
    }

    /// A rule that is one word says nothing about whose rows it means.
    pub fn word_reaches(&mut self, action: &RowDecision, span: Span) {
        let decides = !matches!(action, RowDecision::Undecided);
        if let (Whose::Value(owner), true) = (self.whose, decides) {
            let help = "write a map, with the decision behind its `where`:\nwhere: email = any(:subject)\nrows: delete";
            self.report.push(no_subject(span, owner).help(help));
        }
    }

    /// `via`: a path or a list of paths.
    pub fn via(&mut self, node: &Node, owner: Span) -> Option<Via> {
        let mut paths: Vec<PathText> = Vec::new();
        for (item, owner) in self.one_or_many(node, owner, "via")? {
            let written = self.written(item, owner, "via")?;
            let path = self.path(&written)?;
            if paths.iter().any(|other| same_path(other, &path)) {
                let found = Diagnostic::new(Code::DuplicateKey, "a path stands twice").at(path.span, "again here");
                self.report.push(found.help("leave it out"));
            } else {
                paths.push(path);
            }
        }
        Some(Via { span: node.span, paths })
    }

    /// `referenced_by`: a reference or a list of references, each with its table.
    fn referenced_by(&mut self, node: &Node, owner: Span) -> Option<ReferencedBy> {
        let mut references: Vec<Segment> = Vec::new();
        for (item, owner) in self.one_or_many(node, owner, "referenced_by")? {
            let written = self.written(item, owner, "referenced_by")?;
            let reference = self.parent(&written)?;
            if references.iter().any(|other| same_segment(other, &reference)) {
                let found = Diagnostic::new(Code::DuplicateKey, "a reference stands twice");
                self.report.push(found.at(reference.span, "again here").help("leave it out"));
            } else {
                references.push(reference);
            }
        }
        Some(ReferencedBy { span: node.span, references })
    }

    fn parent(&mut self, written: &Written<'_>) -> Option<Segment> {
        const HELP: &str = "write the referencing column with its table: `users.address_id`";
        let text = written.text.value.as_str();
        let parts = name::segments(text);
        let [range] = &parts[..] else {
            let found = Diagnostic::new(Code::InvalidPath, "an arrow stands in `referenced_by`")
                .at(written.text.span, "one reference stands here, not a path")
                .note("the rows that reference these are reached by the rules of their own table");
            self.report.push(found.help(HELP));
            return None;
        };
        if name::is_expression(&text[range.clone()]) {
            let found = Diagnostic::new(Code::InvalidPath, "a value stands in `referenced_by`")
                .at(written.place(range), "not the name of a reference")
                .note("only a foreign key, declared or virtual, says which rows reference these");
            self.report.push(found.help(HELP).help("declare a reference under `virtual_foreign_keys`"));
            return None;
        }
        match name::reference(text, range.clone(), Position::Referencing) {
            Ok((table, names)) => Some(Segment { span: written.place(range), table, names, expression: None }),
            Err(error) => {
                let found =
                    self.name_error_at(&error, text, written.start, written.text.span, "a reference cannot be read");
                self.report.push(found.help_if(cut_by_comma(text)).help(HELP));
                None
            }
        }
    }

    /// The items of a value that is one or a list, each with the place that an empty one is reported at.
    pub fn one_or_many<'n>(&mut self, node: &'n Node, owner: Span, key: &str) -> Option<Vec<(&'n Node, Span)>> {
        let items = match &node.kind {
            Kind::List(items) if items.is_empty() => {
                self.report.push(empty(node.span, &format!("`{key}`")).help(format!("leave `{key}` out, or fill it")));
                return None;
            }
            Kind::List(items) => items.as_slice(),
            Kind::Empty | Kind::Scalar(_) | Kind::Map(_) => std::slice::from_ref(node),
        };
        let place = |item: &Node| if matches!(item.kind, Kind::Empty) { owner } else { item.span };
        Some(items.iter().map(|item| (item, place(item))).collect())
    }

    fn written<'n>(&mut self, node: &'n Node, owner: Span, key: &str) -> Option<Written<'n>> {
        let text = self.named(node, owner, key)?;
        let Kind::Scalar(scalar) = &node.kind else { return None };
        let start = match scalar.style {
            // One line of a block begins behind its indentation.
            Style::Literal => Some(scalar.fragment(node.span, self.file).locate(0)),
            Style::Plain | Style::PlainLines | Style::Quoted | Style::Folded => self.start_of(&text.value, text.span),
        };
        Some(Written { text, scalar, start })
    }

    fn path(&mut self, written: &Written<'_>) -> Option<PathText> {
        let text = written.text.value.as_str();
        let parts = name::segments(text);
        let values = parts.iter().any(|range| name::is_expression(&text[range.clone()]));
        if values && self.misread_path(written) {
            return None;
        }
        let mut segments = Vec::new();
        let mut complete = true;
        for (index, range) in parts.iter().enumerate() {
            let segment = if name::is_expression(&text[range.clone()]) {
                self.value(written, range, index == 0)
            } else {
                let position = if index == 0 { Position::Own } else { Position::BehindArrow };
                self.reference(written, range, position)
            };
            match segment {
                Some(segment) => segments.push(segment),
                None => complete = false,
            }
        }
        if !complete {
            return None;
        }
        let path = PathText { span: written.text.span, segments };
        self.values_at_the_end(&path).then_some(path)
    }

    fn reference(
        &mut self,
        written: &Written<'_>,
        range: &std::ops::Range<usize>,
        position: Position,
    ) -> Option<Segment> {
        let text = written.text.value.as_str();
        match name::reference(text, range.clone(), position) {
            Ok((table, names)) => Some(Segment { span: written.place(range), table, names, expression: None }),
            Err(error) => {
                let found = self.name_error_at(&error, text, written.start, written.text.span, "a path cannot be read");
                self.report
                    .push(found.help_if(cut_by_comma(text)).help("a path is a column, or `column -> table.column`"));
                None
            }
        }
    }

    /// SQL in a path stands where YAML neither folds nor cuts it, and holds no comment.
    fn misread_path(&mut self, written: &Written<'_>) -> bool {
        let (span, scalar) = (written.text.span, written.scalar);
        let found = if let Some(comment) = cut_short(scalar, span, self.file) {
            cut(comment, "the path").help("a comment stands two blanks apart and has one behind its `#`")
        } else if matches!(scalar.style, Style::PlainLines | Style::Folded) {
            let found = Diagnostic::new(Code::SqlQuoting, "a path with SQL stands on several lines");
            found.at(span, "YAML folds these lines into one").help("write the path on one line, in quotes where needed")
        } else if let Some(at) = ["--", "/*"].iter().filter_map(|sign| written.text.value.find(sign)).min() {
            Diagnostic::new(Code::SqlComment, "a path with SQL holds an SQL comment")
                .at(written.place(&(at..at + 2)), "a comment, or what looks like one")
                .help("leave it out, or write a YAML comment above the path")
        } else {
            return false;
        };
        self.report.push(found);
        true
    }

    /// A part of a path that is SQL over the columns of one table.
    fn value(&mut self, written: &Written<'_>, range: &std::ops::Range<usize>, first: bool) -> Option<Segment> {
        let text = &written.text.value[range.clone()];
        let span = written.place(range);
        let runs = written.start.map(|start| (0, start + range.start));
        let fragment = Fragment::new(text, span, runs.into_iter().collect());
        let parsed = match sql::parse_expression(text) {
            Ok(parsed) => parsed,
            Err(error) => {
                self.report.push(gate(&error, &fragment, written.scalar, self.file));
                return None;
            }
        };
        if parsed.has_subquery {
            let found = Diagnostic::new(Code::SqlNotAllowed, "a sub-select stands in a path")
                .at(span, "only columns of one table are compared")
                .help("write a condition instead: a `where` with `:subject`, and no path");
            self.report.push(found);
            return None;
        }
        let table = match compared(&parsed.columns, first) {
            Ok(table) => table,
            Err(problem) => {
                let place = problem.at.map_or(span, |at| fragment.locate_span(at));
                let found = Diagnostic::new(Code::InvalidPath, problem.message).at(place, problem.label);
                // `data -> 'email'` was cut at what SQL takes for an operator.
                let operator = text.starts_with('\'').then_some("an operator `->` of SQL stands in parentheses");
                self.report.push(found.help_if(operator).help(problem.help));
                return None;
            }
        };
        Some(Segment { span, table, names: Vec::new(), expression: Some(fragment) })
    }

    /// Values are compared once: between the last two parts of a path.
    fn values_at_the_end(&mut self, path: &PathText) -> bool {
        let last = path.segments.len().saturating_sub(2);
        let early = path.segments.iter().take(last).find(|segment| segment.expression.is_some());
        let found = match (early, &path.segments[..]) {
            (Some(early), _) => Diagnostic::new(Code::InvalidPath, "a value stands in the middle of a path")
                .at(early.span, "only the last two parts may be values")
                .note("in front of them a path follows foreign keys by name"),
            (None, [only]) if only.expression.is_some() => {
                Diagnostic::new(Code::InvalidPath, "a value stands alone in a path")
                    .at(only.span, "compared with what?")
            }
            (None, _) => return true,
        };
        self.report.push(found.help("write the two values last: `lower(email) -> lower(users.email)`"));
        false
    }
}

/// Why the columns of a value can't be compared.
struct Incomparable {
    message: &'static str,
    at: Option<Span>,
    label: &'static str,
    help: &'static str,
}

/// The one table whose columns a value is made of; none for the rule's own.
fn compared(columns: &[ColumnRef], first: bool) -> Result<Option<TableName>, Incomparable> {
    let Some(column) = columns.first() else {
        return Err(Incomparable {
            message: "a value in a path names no column",
            at: None,
            label: "the same for every row, so that strangers would be reached",
            help: "compare columns of the two tables: `lower(email) -> lower(users.email)`",
        });
    };
    if first {
        return match columns.iter().find(|column| column.qualifier.is_some()) {
            None => Ok(None),
            Some(other) => Err(Incomparable {
                message: "a path cannot be read",
                at: Some(other.span),
                label: "a path begins with columns of the rule's own table, without the table's name",
                help: "leave the table's name out: `lower(email) -> lower(users.email)`",
            }),
        };
    }
    let table = |column: &ColumnRef| column.qualifier.as_ref().map(|name| (column.schema.clone(), name.clone()));
    if let Some(bare) = columns.iter().find(|column| column.qualifier.is_none()) {
        return Err(Incomparable {
            message: "a path cannot be read",
            at: Some(bare.span),
            label: "behind an arrow the table of every column is written too",
            help: "write `table.column`: `lower(email) -> lower(users.email)`",
        });
    }
    if let Some(other) = columns.iter().find(|other| table(other) != table(column)) {
        return Err(Incomparable {
            message: "a value in a path is made of columns of two tables",
            at: Some(other.span),
            label: "another table",
            help: "compare values of one table on each side of the arrow",
        });
    }
    let named = |(schema, name): (Option<_>, _)| TableName { schema: schema.unwrap_or_else(|| "public".into()), name };
    Ok(table(column).map(named))
}

fn no_subject(place: Span, owner: Span) -> Diagnostic {
    Diagnostic::new(Code::MissingKey, "nothing says which rows belong to the subject")
        .at(place, "everybody's rows, without `:subject`")
        .label(owner, "this subject is a value and has no row")
}

/// What YAML did to a name in parentheses that was meant whole.
pub(super) fn cut_by_comma(text: &str) -> Option<&'static str> {
    let cut = text.contains('(') != text.contains(')');
    cut.then_some("inside `[ ]` and `{ }` a comma ends the value: put it in quotes")
}

/// Whether two paths say the same, wherever they stand.
pub(super) fn same_path(a: &PathText, b: &PathText) -> bool {
    let mut pairs = a.segments.iter().zip(&b.segments);
    a.segments.len() == b.segments.len() && pairs.all(|(a, b)| same_segment(a, b))
}

/// Whether two references or values say the same, wherever they stand.
pub(super) fn same_segment(a: &Segment, b: &Segment) -> bool {
    let text = |segment: &Segment| segment.expression.as_ref().map(|fragment| fragment.text.clone());
    a.table == b.table && a.names == b.names && text(a) == text(b)
}
