//! How does a draft stand in a file?
//!
//! Line by line, with what each line is about, so that a finding of `check` leads back to the guess that is to blame.

use std::collections::BTreeSet;

use super::columns::{Guess, keep_because, may_be_own};
use super::rows;
use super::sketch::{Accept, Body, Part, Rule, Sketch, Table};
use super::words::{self, Class};
use super::yaml;
use crate::catalog::{self, Catalog, ColumnId, TableId};
use crate::ident::shown;
use crate::pgtype::PgType;
use crate::sql::quote;

/// What the marks stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marks {
    /// `undecided`: the draft itself.
    Shown,
    /// What is undecided is kept: how a draft is tried.
    Kept,
    /// Undecided columns by the choice of this number, rows by their columns.
    Chosen(usize),
}

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    Rule(TableId, Part),
    Column(TableId, Part, ColumnId),
    Virtual(usize),
    Refresh(usize),
    Other,
}

/// A written draft.
#[derive(Debug)]
pub(super) struct Written {
    pub text: String,
    pub lines: Vec<Line>,
}

/// How far to the right comments stand.
const COMMENT: usize = 44;

struct Page<'a> {
    catalog: &'a Catalog,
    sketch: &'a Sketch,
    marks: Marks,
    text: String,
    lines: Vec<Line>,
}

/// Writes a draft.
pub(super) fn write(catalog: &Catalog, sketch: &Sketch, marks: Marks, sampled: Option<usize>) -> Written {
    let mut page = Page { catalog, sketch, marks, text: String::new(), lines: Vec::new() };
    page.head(sampled);
    page.virtuals();
    page.tables();
    page.verify();
    page.end();
    Written { text: page.text, lines: page.lines }
}

/// How many marks a draft has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Count {
    /// Columns; those that wait for their table are not counted.
    pub columns: usize,
    /// Tables that are decided for themselves.
    pub tables: usize,
    /// Tables that hang on these.
    pub following: usize,
}

/// Counts the marks of a draft.
pub(super) fn marks(sketch: &Sketch) -> Count {
    let mut count = Count { columns: 0, tables: 0, following: 0 };
    for table in &sketch.tables {
        for rule in &table.rules {
            match &rule.body {
                Body::Columns(guesses) => {
                    count.columns += guesses.iter().filter(|guess| guess.decision().is_none()).count();
                }
                Body::Undecided(_) if table.rows.follows.is_some() => count.following += 1,
                Body::Undecided(_) => count.tables += 1,
                Body::Delete | Body::Keep(_) => {}
            }
        }
    }
    count
}

impl Page<'_> {
    fn line(&mut self, line: Line, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
        self.lines.push(line);
    }

    fn plain(&mut self, text: &str) {
        self.line(Line::Other, text);
    }

    /// A line with a comment behind it.
    fn said(&mut self, line: Line, text: &str, comment: &str) {
        if comment.is_empty() {
            return self.line(line, text);
        }
        let width = text.chars().count();
        let pad = COMMENT.saturating_sub(width).max(2);
        let comment = shown(comment).to_string();
        self.line(line, &format!("{text}{}# {comment}", " ".repeat(pad)));
    }

    /// A comment of its own, in lines that people can read.
    fn comment(&mut self, indent: &str, text: &str) {
        let text = shown(text).to_string();
        let mut line = String::new();
        for word in text.split(' ') {
            if !line.is_empty() && indent.len() + line.chars().count() + word.chars().count() > 116 {
                self.plain(&format!("{indent}# {line}"));
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.plain(&format!("{indent}# {line}"));
    }

    fn name(&self, table: TableId) -> String {
        self.catalog.table(table).name.bare().to_string()
    }

    fn head(&mut self, sampled: Option<usize>) {
        let table = self.catalog.table(self.sketch.subject);
        let name = self.name(self.sketch.subject);
        let Count { columns, tables, following } = marks(self.sketch);
        let looked = match sampled {
            Some(rows) => format!("the schema, and from a sample of at most {rows} rows of each table"),
            None => "the schema alone, without a look at any row".to_owned(),
        };
        self.comment(
            "",
            &format!("A first policy for erasing somebody of `{name}`, guessed by `efface init` from {looked}."),
        );
        match columns + tables + following {
            0 => self.comment(
                "",
                "Nothing is marked `undecided`; read it all the same: what is deleted, what stays and why.",
            ),
            _ => {
                let left = format!(
                    "Left to you: {}. Each is marked `undecided`, with what it could be; `efface check` refuses them until they \
                     are decided. The rest is guessed: read it, above all what is deleted and what is accepted at the end.",
                    counted(columns, tables)
                );
                self.comment("", &left);
                if following > 0 {
                    let follow = format!(
                        "{} more hang on undecided tables, and go or stay with them: decide those first. With `--delete TABLE` \
                         and `--keep TABLE` another `efface init` takes your word for it, and writes what follows.",
                        counted(0, following)
                    );
                    self.comment("", &follow);
                }
            }
        }
        self.plain("version: 1");
        self.plain(&format!("name: {}", yaml::scalar(&format!("{}-erasure", table.name.name.bare()))));
        self.plain(&format!("description: {}", yaml::quoted(&format!("Erase somebody of {name} on request."))));
        self.plain("");
        self.plain("subject:");
        let spelled = yaml::scalar(&yaml::table(&table.name));
        self.plain(&format!("  table: {spelled}"));
        match &self.sketch.key[..] {
            [] => {}
            [only] => self.plain(&format!("  key: {}", yaml::scalar(only.as_str()))),
            several => {
                let names: Vec<String> = several.iter().map(|name| yaml::in_flow(name.as_str())).collect();
                self.plain(&format!("  key: [{}]", names.join(", ")));
            }
        }
        let kinds = table.columns.iter().find_map(|column| match &column.ty {
            PgType::Enum { name: ty }
                if words::has(&words::split(column.name.as_str()), "role type kind rolle rol ruolo papel rola") =>
            {
                self.catalog.enum_type(ty).map(|ty| (column, ty))
            }
            _ => None,
        });
        if let Some((column, ty)) = kinds {
            let labels: Vec<String> = ty.labels.iter().take(8).map(|label| shown(label).to_string()).collect();
            let label = labels.first().cloned().unwrap_or_default();
            self.comment(
                "  ",
                &format!(
                    "If not everybody in this table may be erased ({} is {}):",
                    column.name.bare(),
                    labels.join(", ")
                ),
            );
            self.comment("  ", &format!("where: {} = '{}'", column.name.bare(), label.replace('\'', "''")));
        }
        self.plain("");
    }

    fn virtuals(&mut self) {
        let virtuals = &self.sketch.virtuals;
        if virtuals.is_empty() {
            return;
        }
        let active = virtuals.iter().any(|it| it.active);
        self.comment("", "References that the database doesn't declare. Take out what is none; with `lock: table` nobody else writes the table during a run.");
        self.plain(if active { "virtual_foreign_keys:" } else { "# virtual_foreign_keys:" });
        for (index, it) in virtuals.iter().enumerate() {
            let (child, parent) = (self.catalog.table(it.child), self.catalog.table(it.parent));
            let mark = if it.active { "  " } else { "  # " };
            let column = &child.column_at(it.column).name;
            self.said(
                Line::Virtual(index),
                &format!("{mark}- table: {}", yaml::scalar(&yaml::table(&child.name))),
                &it.why,
            );
            self.line(Line::Virtual(index), &format!("{mark}  columns: {}", yaml::scalar(column.as_str())));
            let references = match &parent.primary_key[..] {
                [only] if *only == it.references => yaml::table(&parent.name),
                _ => format!("{}({})", yaml::table(&parent.name), yaml::part(&it.references)),
            };
            self.line(Line::Virtual(index), &format!("{mark}  references: {}", yaml::scalar(&references)));
            if let Some(kind) = &it.type_column {
                let word = singular(parent.name.name.as_str());
                self.said(
                    Line::Virtual(index),
                    &format!("{mark}  where: {} = '{word}'", kind.bare()),
                    "or whatever stands there for these rows",
                );
            }
        }
        self.plain("");
    }

    fn tables(&mut self) {
        self.plain("tables:");
        let sketch = self.sketch;
        let (own, following): (Vec<&Table>, Vec<&Table>) =
            sketch.tables.iter().partition(|table| !self.is_following(table));
        for (index, table) in own.into_iter().enumerate() {
            if index > 0 {
                self.plain("");
            }
            self.table(table);
        }
        if !following.is_empty() {
            self.plain("");
            self.comment("  ", "These hang on tables that are undecided, and go or stay with them.");
            for table in following {
                self.following(table);
            }
        }
        for (index, view) in sketch.refreshes.iter().enumerate() {
            self.plain("");
            self.comment("  ", "a materialized view keeps what it has read until it is refreshed");
            self.line(Line::Refresh(index), &format!("  {}: {{ refresh: true }}", yaml::scalar(&yaml::table(view))));
        }
        let told = self.parents();
        self.addresses(&told);
    }

    /// Whether a table is one line only: until the table is decided on which it hangs.
    fn is_following(&self, table: &Table) -> bool {
        let waits =
            matches!(&table.rules[..], [rule] if matches!(rule.body, Body::Undecided(_)) && rule.condition.is_none());
        table.rows.follows.is_some() && waits
    }

    /// A table that goes or stays with another.
    fn following(&mut self, table: &Table) {
        let (Some(parent), [rule]) = (table.rows.follows, &table.rules[..]) else { return };
        let id = table.rows.table;
        let name = yaml::scalar(&yaml::table(&self.catalog.table(id).name));
        let ways: Vec<String> = rule.via.iter().map(|path| yaml::in_flow(&yaml::path(self.catalog, path))).collect();
        let via = match &ways[..] {
            [only] => only.clone(),
            several => format!("[{}]", several.join(", ")),
        };
        let word = if self.marks == Marks::Shown { "rows: undecided" } else { "keep: tried" };
        self.comment("  ", &format!("with `{}`: `rows: delete`, or `keep: why`", self.name(parent)));
        self.line(Line::Rule(id, rule.part), &format!("  {name}: {{ via: {via}, {word} }}"));
    }

    fn table(&mut self, table: &Table) {
        let id = table.rows.table;
        let name = yaml::scalar(&yaml::table(&self.catalog.table(id).name));
        match &table.rules[..] {
            [only] => {
                self.said(Line::Rule(id, only.part), &format!("  {name}:"), &only.why);
                self.rule(id, only, "    ", "    ");
            }
            several => {
                self.plain(&format!("  {name}:"));
                for rule in several {
                    self.rule(id, rule, "    - ", "      ");
                }
            }
        }
    }

    /// A rule, whose first line begins with `first` and the others with `rest`.
    fn rule(&mut self, table: TableId, rule: &Rule, first: &str, rest: &str) {
        let here = Line::Rule(table, rule.part);
        let mut indent = first.to_owned();
        let next = |indent: &mut String| std::mem::replace(indent, rest.to_owned());
        if let Some(name) = &rule.name {
            let start = next(&mut indent);
            self.said(here, &format!("{start}name: {}", yaml::scalar(name)), &rule.why);
        }
        let ways: Vec<String> = rule.via.iter().map(|path| yaml::path(self.catalog, path)).collect();
        match &ways[..] {
            [] => {}
            [only] => {
                let start = next(&mut indent);
                self.line(here, &format!("{start}via: {}", yaml::scalar(only)));
            }
            several if several.iter().all(|way| yaml::in_flow(way) == **way && !way.contains(' ')) => {
                let start = next(&mut indent);
                self.line(here, &format!("{start}via: [{}]", several.join(", ")));
            }
            several => {
                let start = next(&mut indent);
                self.line(here, &format!("{start}via:"));
                for way in several {
                    self.line(here, &format!("{rest}  - {}", yaml::scalar(way)));
                }
            }
        }
        if let Some(condition) = &rule.condition {
            let start = next(&mut indent);
            // SQL that begins with a quote stands in a block.
            self.line(here, &format!("{start}where: |"));
            self.line(here, &format!("{rest}  {condition}"));
        }
        let start = next(&mut indent);
        match &rule.body {
            Body::Delete => self.line(here, &format!("{start}rows: delete")),
            Body::Keep(why) => self.line(here, &format!("{start}keep: {}", yaml::scalar(why))),
            Body::Columns(guesses) => {
                self.line(here, &format!("{start}columns:"));
                self.columns(table, rule.part, guesses, &format!("{rest}  "));
            }
            Body::Undecided(guesses) => self.undecided(table, rule, guesses, &start, rest),
        }
    }

    fn undecided(&mut self, table: TableId, rule: &Rule, guesses: &[Guess], start: &str, rest: &str) {
        let part = rule.part;
        let here = Line::Rule(table, part);
        let left = guesses.iter().filter(|guess| guess.decision().is_none()).count();
        match self.marks {
            Marks::Kept => self.line(here, &format!("{start}keep: tried")),
            Marks::Chosen(_) => {}
            Marks::Shown => {
                let further = match (guesses.is_empty(), left) {
                    (true, _) => String::new(),
                    (false, 0) => ", or the columns behind it".to_owned(),
                    (false, left) => format!(", or the columns behind it ({left} to decide there)"),
                };
                let held = match &rule.held_by[..] {
                    [] => String::new(),
                    held => {
                        format!(" (then rules for what references them: `check` says which, by {})", in_words(held))
                    }
                };
                let choice =
                    format!("one of: `rows: delete`{held}, or `keep: why` in place of the line below{further}");
                if start.trim() == "-" {
                    self.comment("    ", &choice);
                } else {
                    self.comment(rest, &choice);
                }
                self.line(here, &format!("{start}rows: undecided"));
            }
        }
        match self.marks {
            Marks::Kept => {}
            Marks::Chosen(_) if guesses.is_empty() => self.line(here, &format!("{start}keep: tried")),
            Marks::Chosen(_) => {
                self.line(here, &format!("{start}columns:"));
                self.columns(table, part, guesses, &format!("{rest}  "));
            }
            Marks::Shown if guesses.is_empty() => {}
            Marks::Shown => {
                let from = self.text.len();
                self.line(here, &format!("{rest}columns:"));
                self.columns(table, part, guesses, &format!("{rest}  "));
                // What stands there is a suggestion: each of its lines becomes a comment.
                let written = self.text.split_off(from);
                for line in written.lines() {
                    let line = line.strip_prefix(rest).unwrap_or(line);
                    self.text.push_str(&format!("{rest}# {line}\n"));
                }
            }
        }
    }

    fn columns(&mut self, table: TableId, part: Part, guesses: &[Guess], indent: &str) {
        for guess in guesses {
            let here = Line::Column(table, part, guess.column);
            let column = self.catalog.table(table).column_at(guess.column);
            let name = yaml::scalar(column.name.as_str());
            match guess.decision() {
                Some(decision) => self.said(here, &format!("{indent}{name}: {decision}"), &guess.why),
                None => {
                    let (word, comment) = match self.marks {
                        Marks::Shown => ("undecided".to_owned(), guess.why.clone()),
                        Marks::Kept => (keep_because("tried"), String::new()),
                        Marks::Chosen(number) => {
                            (guess.choices.get(number).cloned().unwrap_or_else(|| keep_because("tried")), String::new())
                        }
                    };
                    if !comment.is_empty() {
                        self.comment(indent, &comment);
                        self.choices(indent, guess, &column.ty);
                    }
                    self.line(here, &format!("{indent}{name}: {word}"));
                }
            }
        }
    }

    /// What an undecided column could be, each choice on one line as a whole.
    fn choices(&mut self, indent: &str, guess: &Guess, ty: &PgType) {
        let mut line = String::from("one of: ");
        let offered = offered(guess, ty);
        for (index, choice) in offered.iter().enumerate() {
            let width = indent.len() + line.chars().count() + choice.chars().count();
            if index > 0 && width > 114 {
                self.plain(&format!("{indent}# {line}"));
                line.clear();
            }
            line.push_str(choice);
            if index + 1 < offered.len() {
                line.push_str(" · ");
            }
        }
        self.plain(&format!("{indent}# {line}"));
    }

    /// Rows that the person's rows point to, which nobody else may need: suggestions.
    fn parents(&mut self) -> BTreeSet<TableId> {
        let mut told = BTreeSet::new();
        if self.marks != Marks::Shown {
            return told;
        }
        for table in &self.sketch.tables {
            let own = table.rules.iter().find(|rule| rule.part == Part::Owned);
            let Some(rule) = own else { continue };
            for (id, key) in self.catalog.keys_from(table.rows.table) {
                let Some(parent) = self.catalog.parent(id) else { continue };
                let decided = self.sketch.tables.iter().any(|other| other.rows.table == parent);
                let name = self.catalog.table(parent).name.name.as_str();
                if decided || may_be_own(self.catalog, parent).is_none() || !told.insert(parent) {
                    continue;
                }
                let column = rows::columns(key);
                let loose = match &rule.body {
                    Body::Delete => String::new(),
                    Body::Columns(_) | Body::Undecided(_) | Body::Keep(_) => format!(", with `{column}: null` there"),
                };
                self.plain("");
                let text = format!(
                    "`{}.{column}` points at rows of `{name}`. Where nobody else needs them, they go too{loose}:",
                    self.name(table.rows.table)
                );
                self.comment("  ", &text);
                let names: Vec<String> = key.child_columns().map(yaml::part).collect();
                let columns = match &names[..] {
                    [only] => only.clone(),
                    many => format!("({})", many.join(", ")),
                };
                let by = format!("{}.{columns}", yaml::table(&self.catalog.table(table.rows.table).name));
                self.plain(&format!("  # {}:", yaml::scalar(&yaml::table(&self.catalog.table(parent).name))));
                self.plain(&format!("  #   referenced_by: {}", yaml::scalar(&by)));
                self.plain("  #   if_shared: keep");
                self.plain("  #   rows: delete");
            }
        }
        told
    }

    /// Tables outside the draft that hold e-mail addresses: the person's may stand there, though no key says so.
    fn addresses(&mut self, told: &BTreeSet<TableId>) {
        let is_address = |table: &catalog::Table, column: &catalog::Column| {
            column.ty.is_text() && words::class(column.name.as_str(), table.name.name.as_str()) == Some(Class::Email)
        };
        let catalog = self.catalog;
        let subject = catalog.table(self.sketch.subject);
        let Some(own) = subject.columns.iter().find(|column| is_address(subject, column)) else { return };
        let outside: Vec<&catalog::Table> = catalog
            .table_ids()
            .filter(|id| !told.contains(id) && !self.sketch.tables.iter().any(|other| other.rows.table == *id))
            .map(|id| catalog.table(id))
            .collect();
        if self.marks != Marks::Shown {
            return;
        }
        for table in outside {
            let Some(column) = table.columns.iter().find(|column| is_address(table, column)) else { continue };
            self.plain("");
            let text = format!(
                "`{}.{}` holds e-mail addresses, and no rule finds its rows. Where the person's may stand there:",
                table.name.bare(),
                column.name.bare()
            );
            self.comment("  ", &text);
            self.plain(&format!("  # {}:", yaml::scalar(&yaml::table(&table.name))));
            let theirs = match subject.name.schema.as_str() {
                "public" => format!("{}.{}", quote::ident(&subject.name.name), quote::ident(&own.name)),
                _ => format!(
                    "{}.{}.{}",
                    quote::ident(&subject.name.schema),
                    quote::ident(&subject.name.name),
                    quote::ident(&own.name)
                ),
            };
            self.plain(&format!(
                "  #   via: {}",
                yaml::scalar(&format!("lower({}) -> lower({theirs})", quote::ident(&column.name)))
            ));
            self.plain("  #   rows: delete");
        }
    }

    fn verify(&mut self) {
        if self.marks != Marks::Shown {
            return;
        }
        let gone = self.gone();
        let reports = self.reports();
        if gone.is_empty() && reports.is_empty() {
            return self.plain("");
        }
        self.plain("");
        self.comment("", "What has to hold afterwards, or everything is rolled back. `unchanged`: your own reports; `gone`: old values that must not be found any more (it reads whole tables: time it with `efface rehearse`).");
        self.plain("# verify:");
        if !reports.is_empty() {
            self.plain("#   unchanged:");
            for (table, query) in reports {
                self.plain(&format!("#     - name: rows of {}", yaml::scalar(&table)));
                self.plain(&format!("#       query: {query}"));
            }
        }
        if !gone.is_empty() {
            self.plain(&format!("#   gone: [{}]", gone.join(", ")));
        }
        self.plain("");
    }

    /// Columns whose old values could be looked for: those of the person that go.
    fn gone(&self) -> Vec<String> {
        let table = self.catalog.table(self.sketch.subject);
        let own = self.sketch.tables.iter().find(|it| it.rows.table == self.sketch.subject);
        let guesses = own.and_then(|table| table.rules.first()).map(|rule| match &rule.body {
            Body::Columns(guesses) => guesses.as_slice(),
            Body::Delete | Body::Keep(_) | Body::Undecided(_) => &[],
        });
        let told = |guess: &&Guess| {
            let column = table.column_at(guess.column);
            let class = words::class(column.name.as_str(), table.name.name.as_str());
            let goes = guess.decision().is_some_and(|decision| !decision.contains("keep"));
            goes && column.ty.is_text()
                && matches!(
                    class,
                    Some(Class::Email | Class::Name | Class::Phone | Class::Handle | Class::Account | Class::Official)
                )
        };
        let columns = guesses.unwrap_or_default().iter().filter(told);
        columns.map(|guess| yaml::in_flow(&yaml::column(&table.name, &table.column_at(guess.column).name))).collect()
    }

    /// A report for each of the books: a query to begin with.
    fn reports(&self) -> Vec<(String, String)> {
        let books = self.sketch.tables.iter().filter(|table| {
            let name = self.catalog.table(table.rows.table).name.name.as_str();
            super::tables::kind(name) == Some(super::tables::Kind::Books)
                && table.rules.iter().all(|rule| !matches!(rule.body, Body::Delete))
        });
        let query = |table: &Table| {
            let name = &self.catalog.table(table.rows.table).name;
            let spelled = yaml::table(name);
            // Names that SQL would fold or that YAML would cut are left to the author.
            let plain = spelled.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.'));
            plain.then(|| (name.bare().to_string(), format!("select count(*) from {spelled}")))
        };
        books.filter_map(query).take(3).collect()
    }

    fn end(&mut self) {
        self.comment("", "`max_subjects`: how many may be erased in one run.");
        self.plain("limits: { lock_timeout: 300ms, statement_timeout: 60s, max_subjects: 1 }");
        let sketch = self.sketch;
        if sketch.accepts.is_empty() {
            return;
        }
        self.plain("");
        self.comment("", "Keys by which no rule finds rows: what hangs on them stays as it is. Read these; a wrong one leaves something of the person behind. With `expect: none` a run proves that no row is there.");
        self.plain("accept:");
        for Accept { code, at, because: why } in &sketch.accepts {
            self.plain(&format!("  - code: {}", code.name()));
            self.plain(&format!("    at: {}", yaml::scalar(at)));
            self.plain(&format!("    because: {}", yaml::scalar(why)));
        }
    }
}

/// What an undecided column could be.
fn offered(guess: &Guess, ty: &PgType) -> Vec<String> {
    let mut choices = guess.choices.clone();
    if matches!(ty, PgType::Json | PgType::Jsonb) {
        choices.push("{ json: … }".into());
    }
    choices.push("{ keep: why }".into());
    choices
}

/// Places, at most four.
fn in_words(places: &[String]) -> String {
    let named: Vec<String> = places.iter().take(4).map(|place| format!("`{place}`")).collect();
    match places.len() {
        0..=4 => named.join(", "),
        more => format!("{} and {} more", named.join(", "), more - 4),
    }
}

fn counted(columns: usize, tables: usize) -> String {
    let of = |count: usize, one: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        many => Some(format!("{many} {one}s")),
    };
    [of(columns, "column"), of(tables, "table")].into_iter().flatten().collect::<Vec<_>>().join(" and ")
}

/// What an application calls one row: `User` for `users`.
fn singular(table: &str) -> String {
    let one = table
        .strip_suffix("ies")
        .map_or_else(|| table.strip_suffix('s').unwrap_or(table).to_owned(), |stem| format!("{stem}y"));
    let mut name = String::new();
    for word in words::split(&one) {
        let mut chars = word.chars();
        name.extend(chars.next().map(|c| c.to_uppercase().to_string()));
        name.push_str(chars.as_str());
    }
    name
}
