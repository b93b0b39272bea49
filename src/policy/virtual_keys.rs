//! Which references does the database not declare?

use super::keys::{self, empty, shape};
use super::model::VirtualKey;
use super::name;
use super::reach::cut_by_comma;
use super::rules::present;
use super::scalar::{Reader, Sql};
use super::yaml::{Kind, Node};
use crate::diagnostic::{Code, Diagnostic};
use crate::ident::{Ident, TableName, shown};
use crate::source::{Span, Spanned};

impl Reader<'_> {
    /// The list `virtual_foreign_keys`.
    pub fn virtual_keys(&mut self, node: &Node, owner: Span) -> Vec<VirtualKey> {
        let items = self.items(node, owner, "virtual_foreign_keys");
        let mut read: Vec<VirtualKey> = Vec::new();
        for item in items {
            let Some(key) = self.virtual_key(item) else { continue };
            match read.iter().find(|other| same(other, &key)) {
                Some(first) => {
                    let found = Diagnostic::new(Code::DuplicateKey, "a virtual foreign key stands twice")
                        .at(key.table.span, "again here")
                        .label(first.table.span, "first here");
                    self.report.push(found.help("leave one of them out"));
                }
                None => read.push(key),
            }
        }
        read
    }

    fn virtual_key(&mut self, node: &Node) -> Option<VirtualKey> {
        let fields = keys::fields(node, node.span, &keys::VIRTUAL_KEY, &mut self.report)?;
        let table = fields.require("table", &keys::VIRTUAL_KEY, &mut self.report);
        let table = table.and_then(|table| self.table_value(table, fields.span));
        let columns = fields.require("columns", &keys::VIRTUAL_KEY, &mut self.report);
        let columns = columns.and_then(|columns| self.idents(columns, fields.span, "columns"));
        let references = fields.require("references", &keys::VIRTUAL_KEY, &mut self.report);
        let references = references.and_then(|node| self.references(node, fields.span));
        let condition = fields.entry("where").map(|(key, node)| self.sql(node, key.span, "where", Sql::Condition));
        let lock = fields.entry("lock").map(|(key, node)| self.lock_table(node, key.span));
        let (columns, references) = (columns?, references?);
        let (parent, key) = references.value;
        if !key.is_empty() && key.len() != columns.len() {
            let message = format!("{} and {} don't go together", count(columns.len()), count(key.len()));
            let first = columns.first().map_or(fields.span, |column| column.span);
            let found = Diagnostic::new(Code::InvalidValue, message)
                .at(references.span, "a column is referenced by exactly one")
                .label(first, "the referencing columns begin here");
            self.report.push(found.help("write as many referenced columns as `columns` has, in the same order"));
            return None;
        }
        let condition = present(condition)?.map(|(fragment, _)| fragment);
        let lock_table = present(lock)?.is_some();
        let references = Spanned::new(parent, references.span);
        Some(VirtualKey { span: node.span, table: table?, columns, references, key, condition, lock_table })
    }

    /// `users`, `users(club_id, number)`.
    fn references(&mut self, node: &Node, owner: Span) -> Option<Spanned<(TableName, Vec<Ident>)>> {
        const HELP: &str = "write `users` for its primary key, or the columns: `users(club_id, number)`";
        let text = self.text(node, owner, "references")?;
        let (table, key) = match name::referenced(&text.value) {
            Ok(read) => read,
            Err(error) => {
                let found = self.name_error(&error, &text.value, text.span, "a referenced key cannot be read");
                self.report.push(found.help_if(cut_by_comma(&text.value)).help(HELP));
                return None;
            }
        };
        let twice = key.iter().enumerate().find(|(index, name)| key.iter().take(*index).any(|other| other == *name));
        if let Some((_, name)) = twice {
            let message = format!("`{}` stands twice in a referenced key", name.bare());
            let found = Diagnostic::new(Code::DuplicateKey, message).at(text.span, "a key has each column once");
            self.report.push(found.help("leave it out"));
            return None;
        }
        Some(Spanned::new((table, key), text.span))
    }

    /// `lock: table`, the only word that there is.
    fn lock_table(&mut self, node: &Node, owner: Span) -> Option<()> {
        if node.word() == Some("table") {
            return Some(());
        }
        let found = match &node.kind {
            Kind::Empty => empty(owner, "`lock`"),
            Kind::List(_) | Kind::Map(_) => shape(node, "`lock` is a word"),
            Kind::Scalar(scalar) => {
                let message = format!("`lock` has no word `{}`", shown(&scalar.text));
                Diagnostic::new(Code::InvalidValue, message).at(node.span, "not known here")
            }
        };
        self.report.push(found.help("write `lock: table` to make writers of the table wait, or leave it out"));
        None
    }
}

/// A number of columns, in words for people.
fn count(columns: usize) -> String {
    if columns == 1 { "1 column".to_owned() } else { format!("{columns} columns") }
}

/// Whether two keys say the same, wherever they stand.
fn same(a: &VirtualKey, b: &VirtualKey) -> bool {
    let columns = |key: &VirtualKey| key.columns.iter().map(|column| column.value.clone()).collect::<Vec<_>>();
    let condition = |key: &VirtualKey| key.condition.as_ref().map(|fragment| fragment.text.clone());
    a.table.value == b.table.value
        && a.references.value == b.references.value
        && a.key == b.key
        && columns(a) == columns(b)
        && condition(a) == condition(b)
}
