//! Whose rows is the policy about?
//!
//! Rows of a table, a value that has no row, or everybody's. Exactly one of them is written out, so that nobody's rows
//! are meant by omission.

use super::keys::{self, Fields, empty, shape};
use super::model::{Subject, SubjectRows, SubjectValue};
use super::rules::present;
use super::scalar::{Reader, Sql, Whose};
use super::sql;
use super::yaml::{Kind, Node};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Span, Spanned};

/// The longest name of a value, as of anything that PostgreSQL names.
const MAX_NAME: usize = 63;

impl Reader<'_> {
    /// `subject` or `every_row`, of which there is exactly one. `start` is where the policy begins.
    pub fn whose(&mut self, fields: &Fields<'_>, start: Span) -> Option<Subject> {
        match (fields.entry("subject"), fields.entry("every_row")) {
            (Some((key, node)), None) => self.subject(node, key.span),
            (None, Some((key, node))) => self.every_row(node, key.span),
            (Some((subject, node)), Some((every_row, word))) => {
                let _ = (self.subject(node, subject.span), self.every_row(word, every_row.span));
                let found = Diagnostic::new(Code::ConflictingKeys, "`subject` and `every_row` stand in one policy")
                    .at(every_row.span, "everybody's rows")
                    .label(subject.span, "somebody's rows");
                self.report.push(found.help("leave one of them out: a masked copy and an erasure are two policies"));
                None
            }
            (None, None) => {
                let found = Diagnostic::new(Code::MissingKey, "the policy has no `subject`")
                    .at(start, "`subject` is missing here")
                    .note("without it nothing says whose rows are meant");
                let found = found.help("add:\nsubject:\n  table: users");
                self.report.push(found.help("or, for a masked copy of everybody's rows, `every_row: true`"));
                None
            }
        }
    }

    fn every_row(&mut self, node: &Node, owner: Span) -> Option<Subject> {
        if node.word() == Some("true") {
            return Some(Subject::EveryRow(owner));
        }
        let found = match &node.kind {
            Kind::Empty => empty(owner, "`every_row`"),
            Kind::List(_) | Kind::Map(_) => shape(node, "`every_row` is the word `true`"),
            Kind::Scalar(_) => Diagnostic::new(Code::InvalidValue, "`every_row` is not the word `true`")
                .at(node.span, "this says neither whose rows nor everybody's"),
        };
        let found = found.help("name a subject instead:\nsubject:\n  table: users");
        self.report.push(found.help("or, for a masked copy of everybody's rows, write `every_row: true`"));
        None
    }

    fn subject(&mut self, node: &Node, owner: Span) -> Option<Subject> {
        if matches!(node.kind, Kind::Empty) {
            let found = empty(owner, "`subject`").note("without it nothing says whose rows are meant");
            self.report.push(found.help("write, indented under it:\nsubject:\n  table: users"));
            return None;
        }
        let fields = keys::fields(node, owner, &keys::SUBJECT, &mut self.report)?;
        match fields.entry("value") {
            Some((value, _)) => self.subject_value(&fields, value.span, owner).map(Subject::Value),
            None => self.subject_rows(&fields, owner).map(Subject::Rows),
        }
    }

    fn subject_rows(&mut self, fields: &Fields<'_>, owner: Span) -> Option<SubjectRows> {
        if let Some((name, _)) = fields.entry("name") {
            let found = Diagnostic::new(Code::ConflictingKeys, "`name` stands without `value`")
                .at(name.span, "names a value that is the subject")
                .help("leave it out, or, for a subject without a row, write `{ value: text, name: email }`");
            self.report.push(found);
        }
        let table = match fields.get("table") {
            // What only a value has was reported already.
            None if fields.get("name").is_some() => None,
            _ => fields.require("table", &keys::SUBJECT, &mut self.report),
        };
        let table = table.and_then(|table| self.table_value(table, owner));
        let key = fields.entry("key").map(|(key, node)| self.idents(node, key.span, "key"));
        let [condition, expired_when] = ["where", "expired_when"].map(|name| {
            let condition = fields.entry(name);
            present(condition.map(|(key, node)| self.sql(node, key.span, name, Sql::Condition)))
        });
        Some(SubjectRows {
            span: owner,
            table: table?,
            key: present(key)?.unwrap_or_default(),
            condition: condition?.map(|(fragment, _)| fragment),
            expired_when: expired_when?.map(|(fragment, _)| fragment),
        })
    }

    fn subject_value(&mut self, fields: &Fields<'_>, value: Span, owner: Span) -> Option<SubjectValue> {
        let others = || fields.entries.iter().filter(|(key, _)| !matches!(key.value.as_str(), "value" | "name"));
        for (key, _) in others() {
            let found = Diagnostic::new(Code::ConflictingKeys, format!("`{}` stands beside `value`", key.value))
                .at(key.span, "belongs to a subject that is a row")
                .label(value, "this subject is a value and has no row");
            self.report.push(found.help(format!("leave `{}` out, or `value` and `name`", key.value)));
        }
        let ty = fields.get("value").and_then(|node| self.line(node, value, "value"));
        let ty = ty.and_then(|ty| self.type_name(ty));
        let name = fields.require("name", &keys::SUBJECT, &mut self.report);
        let name = name.and_then(|node| self.line(node, owner, "name")).and_then(|name| self.short_name(name));
        // Which of two kinds of subject was meant, the rules need not be held against.
        others().next().is_none().then_some(())?;
        Some(SubjectValue { span: owner, ty: ty?, name: name? })
    }

    fn type_name(&mut self, ty: Spanned<String>) -> Option<Spanned<String>> {
        let Err(error) = sql::parse_type(&ty.value) else { return Some(ty) };
        let found = Diagnostic::new(error.code, error.message).at(ty.span, error.label);
        self.report.push(found.help("write a type as in a cast: `text`, `uuid`, `character varying(20)`"));
        None
    }

    fn short_name(&mut self, name: Spanned<String>) -> Option<Spanned<String>> {
        if name.value.chars().count() <= MAX_NAME && !name.value.chars().any(char::is_control) {
            return Some(name);
        }
        let found = Diagnostic::new(Code::InvalidValue, "the name of the value is too long")
            .at(name.span, format!("at most {MAX_NAME} characters, all of them visible"));
        self.report.push(found.help("write a word for people: `email`"));
        None
    }
}

impl Whose {
    /// What the rules have to know of a subject.
    pub fn of(subject: Option<&Subject>) -> Self {
        match subject {
            None => Whose::Unknown,
            Some(Subject::Rows(_)) => Whose::Rows,
            Some(Subject::Value(value)) => Whose::Value(value.span),
            Some(Subject::EveryRow(span)) => Whose::EveryRow(*span),
        }
    }
}
