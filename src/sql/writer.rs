//! The pen: SQL is written with key words that stand in this program, and with run-time text that is quoted on the way.

use super::helper::HelperNames;
use super::quote;
use super::script::Sql;
use crate::catalog::{Catalog, ColumnId, Table};
use crate::ident::{Ident, TableName};
use crate::plan::Plan;
use crate::source::{Fragment, Span};

/// SQL in the making.
#[derive(Clone, Debug, Default)]
pub(super) struct Writer {
    text: String,
}

impl Writer {
    pub fn new() -> Self {
        Self::default()
    }

    /// Words of SQL, spaces included.
    pub fn kw(&mut self, words: &'static str) -> &mut Self {
        self.text.push_str(words);
        self
    }

    pub fn ident(&mut self, name: &Ident) -> &mut Self {
        self.text.push_str(&quote::ident(name));
        self
    }

    /// A table, always with its schema.
    pub fn table(&mut self, name: &TableName) -> &mut Self {
        self.ident(&name.schema).kw(".").ident(&name.name)
    }

    /// A table's own rows, where statements take them from: tables that inherit from it are decided for themselves, and a
    /// foreign key references none of their rows. A partitioned table has no rows but its partitions'.
    pub fn rows_of(&mut self, catalog: &Catalog, name: &TableName) -> &mut Self {
        let inherited = catalog.table_id(name).is_some_and(|id| catalog.table(id).is_inherited());
        self.kw(if inherited { "ONLY " } else { "" }).table(name)
    }

    pub fn column(&mut self, table: &Table, column: ColumnId) -> &mut Self {
        self.ident(&table.column_at(column).name)
    }

    /// A literal.
    pub fn text(&mut self, value: &str) -> &mut Self {
        self.text.push_str(&quote::literal(value));
        self
    }

    /// A regular expression as a literal, or a part of one. Its backslashes stand as they are, without the escape form, since
    /// the script and whoever asks questions set `standard_conforming_strings`.
    pub fn regex(&mut self, text: &str) -> &mut Self {
        self.text.push('\'');
        self.text.push_str(&text.replace('\'', "''"));
        self.text.push('\'');
        self
    }

    pub fn number(&mut self, value: impl Into<i128>) -> &mut Self {
        self.text.push_str(&value.into().to_string());
        self
    }

    /// A type or expression that the server has printed itself, with an empty search path.
    pub fn printed(&mut self, by_server: &str) -> &mut Self {
        self.text.push_str(by_server);
        self
    }

    /// An author's fragment, verbatim, in parentheses; `:subject` becomes `keys`. A newline ends a comment that the
    /// fragment may end with.
    pub fn author(&mut self, fragment: &Fragment, subject: &[Span], keys: &Writer) -> &mut Self {
        if fragment.text.contains('\n') || fragment.text.contains("--") {
            self.kw("(\n").author_with(fragment, subject, keys).kw("\n)")
        } else {
            self.kw("(").author_with(fragment, subject, keys).kw(")")
        }
    }

    /// A whole query of an author's, verbatim, on lines of its own in parentheses.
    pub fn author_block(&mut self, fragment: &Fragment) -> &mut Self {
        self.kw("(\n").author_inner(fragment).kw("\n)")
    }

    /// An author's fragment, verbatim: for places where nothing can follow it on its line.
    pub fn author_inner(&mut self, fragment: &Fragment) -> &mut Self {
        self.author_with(fragment, &[], &Writer::new())
    }

    /// An author's fragment with `:subject` replaced.
    pub fn author_with(&mut self, fragment: &Fragment, subject: &[Span], keys: &Writer) -> &mut Self {
        let mut done = 0;
        for span in subject {
            self.text.push_str(&fragment.text[done..span.start]);
            self.text.push_str(&keys.text);
            done = span.end;
        }
        self.text.push_str(fragment.text[done..].trim_end());
        self
    }

    /// SQL that was written elsewhere.
    pub fn sql(&mut self, other: &Writer) -> &mut Self {
        self.text.push_str(&other.text);
        self
    }

    /// Things with something between them.
    pub fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        between: &'static str,
        mut write: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.kw(between);
            }
            write(self, item);
        }
        self
    }

    /// Columns with commas between them, in parentheses where there are several.
    pub fn columns(&mut self, table: &Table, columns: &[ColumnId]) -> &mut Self {
        let several = columns.len() > 1;
        if several {
            self.kw("(");
        }
        self.list(columns, ", ", |w, column| {
            w.column(table, *column);
        });
        if several {
            self.kw(")");
        }
        self
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn finish(self) -> Sql {
        Sql::new(self.text)
    }
}

/// Everything that lowering needs at hand.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub catalog: &'a Catalog,
    pub plan: &'a Plan,
    /// Whether `the subject` means anybody who could be one: for questions about a policy before there is a subject.
    pub anyone: bool,
    /// Whether closures are followed on the spot, because no temporary table holds them yet.
    pub inline: bool,
    /// What the script's own helpers are called.
    pub helpers: HelperNames,
}

impl<'a> Scene<'a> {
    pub fn new(catalog: &'a Catalog, plan: &'a Plan) -> Self {
        Self { catalog, plan, anyone: false, inline: false, helpers: HelperNames::beside(catalog) }
    }
}
