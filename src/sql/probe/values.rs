//! What would become of the new values?
//!
//! They are computed as the step would compute them, what the database generates from them too, and then held against
//! everything that an UPDATE is held against: types and their lengths, domains, NOT NULL, CHECKs.

use super::{About, Question, Which, fragment_question, parts};
use crate::action::Generator;
use crate::catalog::{Check, Column, Generated, TableId};
use crate::ident::{Ident, TableName};
use crate::pgtype::PgType;
use crate::plan::{Predicate, rows_for_anyone};
use crate::resolve::{
    ColumnChange, Expression, Extent, NewValue, ResolvedPolicy, ResolvedRule, Row, RowAction, as_changes, propagation,
};
use crate::sql::value::At;
use crate::sql::writer::{Scene, Writer};

/// So many random values are tried: one of a few hundred possible ones that doesn't fit is then found.
pub(super) const TRIES: i128 = 5_000;

/// The questions about what a rule makes, in its own rows and in those that follow its natural keys.
pub(super) fn of_rule(scene: Scene<'_>, policy: &ResolvedPolicy, rule: &ResolvedRule) -> Vec<Question> {
    let RowAction::Change { changes, .. } = &rule.action else { return Vec::new() };
    let catalog = scene.catalog;
    let row = Row { catalog, table: catalog.table(rule.table), changes, extent: Extent::Some };
    let own = Rows { scene, row, id: rule.table, rows: rows_for_anyone(policy, rule) };
    let mut questions: Vec<_> = own.expressions().chain(own.questions()).collect();
    // What goes along with natural keys, in whosever row.
    for follower in &propagation(catalog, rule.table, changes).followers {
        let mut changes = as_changes(changes, follower);
        // An expression over the rule's own table says nothing about another one's.
        changes.retain(|change| !matches!(change.value, NewValue::Expression(_)));
        let row = Row { catalog, table: catalog.table(follower.table), changes: &changes, extent: Extent::Following };
        questions.extend(Rows { scene, row, id: follower.table, rows: Predicate::All(Vec::new()) }.questions());
    }
    questions
}

/// Rows that change.
struct Rows<'a> {
    scene: Scene<'a>,
    row: Row<'a>,
    id: TableId,
    /// Those that may be reached for any subject.
    rows: Predicate,
}

/// What new values are computed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// They don't depend on the row: once.
    Once,
    /// Nor do these, but they are random.
    Tries,
    /// The rows that the rule may reach.
    Rows,
    /// These, each with the ends of random ranges and once between them.
    RowsAndEnds,
}

impl Source {
    fn is_of_rows(self) -> bool {
        match self {
            Source::Once | Source::Tries => false,
            Source::Rows | Source::RowsAndEnds => true,
        }
    }
}

impl Rows<'_> {
    /// Whether the server takes the author's expressions.
    fn expressions(&self) -> impl Iterator<Item = Question> {
        self.row.changes.iter().filter_map(|change| {
            let NewValue::Expression(Expression { fragment, .. }) = &change.value else { return None };
            let mut w = Writer::new();
            w.kw("UPDATE ").rows_of(self.scene.catalog, &self.row.table.name).kw(" SET ");
            w.column(self.row.table, change.column).kw(" = (\n");
            let start = w.as_str().len();
            w.author_inner(fragment).kw("\n)");
            Some(fragment_question(w, fragment, &[], start, 0))
        })
    }

    fn questions(&self) -> impl Iterator<Item = Question> {
        let columns = self.row.table.columns.iter().filter_map(|column| Some((column, self.row.change_of(column)?)));
        let values = columns.flat_map(|(column, change)| {
            let value = self.is_asked(column, change).then(|| self.value(column, change));
            let null = self.is_asked_for_null(column, change).then(|| self.null(column, change));
            let parts =
                if is_generated(column) { Vec::new() } else { parts::questions(self.row.table, column, change) };
            value.into_iter().chain(null).chain(parts).chain(self.paths(column, change))
        });
        values.chain(self.row.table.checks.iter().filter_map(|check| self.check(check)))
    }

    /// How many rows have documents of another shape than the paths say.
    fn paths(&self, column: &Column, change: &ColumnChange) -> Option<Question> {
        let NewValue::Derived(derived) = &change.value else { return None };
        if is_generated(column) {
            return None;
        }
        let missed = self.scene.derived_misses(self.row.table, column, derived)?;
        let mut w = Writer::new();
        w.kw("SELECT count(*) FROM ").rows_of(self.scene.catalog, &self.row.table.name).kw(" WHERE (");
        w.sql(&self.scene.rows(self.id, &self.rows)).kw(") AND ").sql(&missed);
        let about = About::Paths { column: self.name(column) };
        Some(Question { sql: w.finish(), runs: true, of_rows: true, about, origin: change.value_at })
    }

    /// Whether only the server can tell that the new value is one of its column's type, domains included.
    fn is_asked(&self, column: &Column, change: &ColumnChange) -> bool {
        let constrained = !column.domains.is_empty();
        match &change.value {
            _ if is_generated(column) => true,
            NewValue::Literal(_) | NewValue::StandIn(_) => {
                constrained || !matches!(column.ty, PgType::Text { .. } | PgType::Enum { .. })
            }
            NewValue::Null | NewValue::Derived(_) => constrained,
            // Each of them is asked about.
            NewValue::Random(Generator::Choice { .. }) => false,
            // Parts that are made of nothing old are tried without the rows.
            NewValue::Random(generator) => {
                let of_row = |(_, part): &(&TableName, &Generator)| part.reads_old_value();
                constrained || generator.parts_of_domains().iter().any(of_row)
            }
            NewValue::Expression(_) => true,
            NewValue::Default => self.scene.catalog.default_of(column).is_some(),
        }
    }

    /// Whether the new value may be NULL where that is refused.
    fn is_asked_for_null(&self, column: &Column, change: &ColumnChange) -> bool {
        is_computed(column, change) && self.scene.catalog.refuses_null(column) && self.row.may_be_null(column)
    }

    /// Whether a new value is one of its column's type, and how often it would be too long.
    fn value(&self, column: &Column, change: &ColumnChange) -> Question {
        let mut w = self.begun(&[column]);
        // The value has to be used, or the server would not compute it.
        w.kw("SELECT count(CAST(efface_value AS ").printed(&column.type_sql).kw(")) * 0");
        if is_computed(column, change) {
            too_long(&mut w, &column.ty);
        }
        self.in_new_value(&mut w, column, change);
        let about = About::Value {
            column: self.name(column),
            type_sql: column.type_sql.clone(),
            which: if is_generated(column) { Which::Generated } else { Which::New },
            null_is_asked: self.is_asked_for_null(column, change),
            by_author: self.is_by_author(&[column]),
        };
        let of_rows = self.source_of(&self.read(&[column])).is_of_rows();
        Question { sql: w.finish(), runs: true, of_rows, about, origin: change.value_at }
    }

    /// In how many rows a column would become NULL.
    fn null(&self, column: &Column, change: &ColumnChange) -> Question {
        let mut w = self.begun(&[column]);
        w.kw("SELECT count(*)");
        self.in_new_value(&mut w, column, change);
        // A composite value whose fields are all NULL `IS NULL`, and is something.
        w.kw(" WHERE efface_value IS NOT DISTINCT FROM NULL");
        let about = About::Null { column: self.name(column), by_author: self.is_by_author(&[column]) };
        let of_rows = self.source_of(&self.read(&[column])).is_of_rows();
        Question { sql: w.finish(), runs: true, of_rows, about, origin: change.value_at }
    }

    /// How many rows would break a CHECK: one that reads a column which changes, or one that old rows may break.
    fn check(&self, check: &Check) -> Option<Question> {
        let table = self.row.table;
        let columns: Vec<&Column> = check.columns.iter().filter_map(|name| table.column(name)).collect();
        let first = columns.iter().find_map(|column| self.row.change_of(column));
        let origin = first.or(self.row.changes.first().filter(|_| check.not_valid))?.origin;
        let mut w = self.begun(&columns);
        // A row with several values is one row.
        let source = self.source_of(&self.read(&columns));
        let count = if source == Source::RowsAndEnds { "DISTINCT efface_row" } else { "*" };
        w.kw("SELECT count(").kw(count).kw(") FROM (");
        self.new_row(&mut w, &columns, check.partition.as_ref());
        w.kw(") AS ").ident(&table.name.name).kw(" WHERE NOT (").printed(&check.expression).kw(")");
        let owner = check.partition.as_ref().unwrap_or(&table.name).bare().to_string();
        let name = check.name.bare().to_string();
        let about = match first {
            Some(_) => About::Check { table: owner, check: name, by_author: self.is_by_author(&columns) },
            None => About::OldRows { table: owner, check: name },
        };
        Some(Question { sql: w.finish(), runs: true, of_rows: source.is_of_rows(), about, origin })
    }

    /// What stands in front of a question about these columns' new values.
    fn begun(&self, columns: &[&Column]) -> Writer {
        let changes: Vec<&ColumnChange> =
            self.read(columns).iter().filter_map(|column| self.row.change_of(column)).collect();
        let mut w = Writer::new();
        self.scene.with_patterns(&mut w, &changes);
        w
    }

    fn name(&self, column: &Column) -> String {
        format!("{}.{}", self.row.table.name.bare(), column.name.bare())
    }

    /// Whether one of these columns takes, or is generated from, the value of an expression of the author's.
    fn is_by_author(&self, columns: &[&Column]) -> bool {
        self.read(columns).iter().filter_map(|column| self.row.change_of(column)).any(is_expression)
    }

    /// ` FROM …` of what a column's new values are called `efface_value` in, before they are made values of its type.
    fn in_new_value(&self, w: &mut Writer, column: &Column, change: &ColumnChange) {
        w.kw(" FROM (SELECT ");
        match (&column.generated, &change.value) {
            (Generated::Expression { sql, .. }, _) => {
                w.kw("(").printed(sql).kw(") AS efface_value FROM (");
                self.plain_row(w, &self.read(&[column]), None);
                w.kw(") AS ").ident(&self.row.table.name.name);
            }
            (_, NewValue::Expression(expression)) => {
                w.author(&expression.fragment, &[], &Writer::new()).kw(" AS efface_value");
                self.from(w, self.source_of(&[column]), None);
            }
            (_, NewValue::Default) => {
                w.kw("(").printed(self.scene.catalog.default_of(column).unwrap_or("NULL")).kw(") AS efface_value");
            }
            (
                _,
                NewValue::Null
                | NewValue::Literal(_)
                | NewValue::StandIn(_)
                | NewValue::Random(_)
                | NewValue::Derived(_),
            ) => {
                let source = self.source_of(&[column]);
                self.new_value(w, column, change, source);
                w.kw(" AS efface_value");
                self.from(w, source, None);
            }
        }
        w.kw(" OFFSET 0) AS efface_new");
    }

    /// A SELECT of columns as they would be, with those that the database generates.
    fn new_row(&self, w: &mut Writer, columns: &[&Column], partition: Option<&TableName>) {
        let read = self.read(columns);
        if columns.iter().all(|column| !self.is_made_anew(column)) {
            return self.plain_row(w, &read, partition);
        }
        w.kw("SELECT ").list(columns, ", ", |w, column| match &column.generated {
            Generated::Expression { sql, .. } if self.is_made_anew(column) => {
                w.kw("CAST((").printed(sql).kw(") AS ").printed(&column.type_sql).kw(") AS ").ident(&column.name);
            }
            _ => {
                w.ident(&column.name);
            }
        });
        if self.source_of(&read) == Source::RowsAndEnds {
            w.kw(", efface_row");
        }
        w.kw(" FROM (");
        self.plain_row(w, &read, partition);
        w.kw(") AS ").ident(&self.row.table.name.name).kw(" OFFSET 0");
    }

    /// The same of columns that nothing is generated for.
    fn plain_row(&self, w: &mut Writer, columns: &[&Column], partition: Option<&TableName>) {
        let source = self.source_of(columns);
        w.kw("SELECT ").list(columns, ", ", |w, column| {
            if let Some(change) = self.row.change_of(column) {
                self.new_value(w, column, change, source);
                w.kw(" AS ");
            }
            w.ident(&column.name);
        });
        if source == Source::RowsAndEnds {
            let name = &self.row.table.name.name;
            w.kw(", (").ident(name).kw(".tableoid, ").ident(name).kw(".ctid) AS efface_row");
        }
        self.from(w, source, partition);
        w.kw(" OFFSET 0");
    }

    /// The stored columns that the new values of these are made of, by name.
    fn read<'c>(&'c self, columns: &[&'c Column]) -> Vec<&'c Column> {
        let table = self.row.table;
        let mut read: Vec<&Column> = Vec::new();
        for column in columns {
            match &column.generated {
                Generated::Expression { from, .. } if self.is_made_anew(column) => {
                    read.extend(from.iter().filter_map(|name: &Ident| table.column(name)));
                }
                _ => read.push(column),
            }
        }
        read.sort_by(|a, b| a.name.cmp(&b.name));
        read.dedup_by(|a, b| a.name == b.name);
        read
    }

    fn is_made_anew(&self, column: &Column) -> bool {
        is_generated(column) && self.row.change_of(column).is_some()
    }

    /// What these columns' new values are computed for.
    fn source_of(&self, columns: &[&Column]) -> Source {
        let changes = || columns.iter().map(|column| self.row.change_of(column));
        let by_row = |change: Option<&ColumnChange>| match change.map(|change| &change.value) {
            None => true,
            Some(NewValue::Expression(Expression { reads, .. })) => {
                reads.unknown || !reads.own.is_empty() || !reads.tables.is_empty()
            }
            // It stays NULL beside another that is something.
            Some(NewValue::Random(generator)) => {
                generator.reads_old_value() || (columns.len() > 1 && change.is_some_and(|change| change.keeps_null))
            }
            Some(NewValue::Derived(_)) => true,
            Some(NewValue::Null | NewValue::Default | NewValue::Literal(_) | NewValue::StandIn(_)) => false,
        };
        let generators = || changes().flatten().filter_map(generator);
        match (changes().any(by_row), generators().next()) {
            (false, None) => Source::Once,
            (false, Some(_)) => Source::Tries,
            (true, _) if generators().any(|generator| ends(generator).is_some()) => Source::RowsAndEnds,
            (true, _) => Source::Rows,
        }
    }

    fn from(&self, w: &mut Writer, source: Source, partition: Option<&TableName>) {
        let table = self.row.table;
        let ends = match source {
            Source::Once => return,
            Source::Tries => {
                w.kw(" FROM generate_series(-1, ").number(TRIES).kw(") AS efface_try");
                return;
            }
            Source::RowsAndEnds => true,
            Source::Rows => false,
        };
        w.kw(" FROM ");
        match partition {
            Some(partition) => w.table(partition).kw(" AS ").ident(&table.name.name),
            None => w.rows_of(self.scene.catalog, &table.name),
        };
        w.kw(if ends { " CROSS JOIN generate_series(-1, 1) AS efface_try" } else { "" });
        w.kw(" WHERE ").sql(&self.scene.rows(self.id, &self.rows));
    }

    fn new_value(&self, w: &mut Writer, column: &Column, change: &ColumnChange, source: Source) {
        let (at, tries) = match source {
            Source::Once => (At::NoRow, false),
            Source::Tries => (At::NoRow, true),
            Source::Rows => (At::Row, false),
            Source::RowsAndEnds => (At::Row, true),
        };
        w.kw("CAST(");
        match (&change.value, generator(change).and_then(ends).filter(|_| tries)) {
            (NewValue::Default, _) => {
                w.printed(self.scene.catalog.default_of(column).unwrap_or("NULL"));
            }
            (_, Some([min, max])) => {
                let end = |w: &mut Writer, value: Generator| {
                    let value = NewValue::Random(value);
                    self.scene.value(w, self.row.table, &ColumnChange { value, ..change.clone() }, at);
                };
                w.kw("CASE efface_try WHEN -1 THEN ");
                end(w, min);
                w.kw(" WHEN 0 THEN ");
                end(w, max);
                w.kw(" ELSE ");
                self.scene.value(w, self.row.table, change, at);
                w.kw(" END");
            }
            (_, None) => self.scene.value(w, self.row.table, change, at),
        }
        w.kw(" AS ").printed(&column.type_sql).kw(")");
    }
}

fn is_generated(column: &Column) -> bool {
    matches!(column.generated, Generated::Expression { .. })
}

/// Whether the value is an expression's, and its type and length the server's business until then.
fn is_computed(column: &Column, change: &ColumnChange) -> bool {
    is_generated(column) || is_expression(change) || change.value == NewValue::Default
}

fn is_expression(change: &ColumnChange) -> bool {
    matches!(change.value, NewValue::Expression(_))
}

fn generator(change: &ColumnChange) -> Option<&Generator> {
    match &change.value {
        NewValue::Random(generator) => Some(generator),
        NewValue::Null
        | NewValue::Default
        | NewValue::Literal(_)
        | NewValue::StandIn(_)
        | NewValue::Expression(_)
        | NewValue::Derived(_) => None,
    }
}

/// What a range begins and ends with: among many values the ends are seldom met by chance.
fn ends(generator: &Generator) -> Option<[Generator; 2]> {
    let twice = |end: &String| (end.clone(), end.clone());
    match generator {
        Generator::Number { min, max, scale } => Some([min, max].map(|end| {
            let (min, max) = twice(end);
            Generator::Number { min, max, scale: *scale }
        })),
        Generator::Date { min, max } => Some([min, max].map(|end| {
            let (min, max) = twice(end);
            Generator::Date { min, max }
        })),
        Generator::Timestamp { min, max } => Some([min, max].map(|end| {
            let (min, max) = twice(end);
            Generator::Timestamp { min, max }
        })),
        Generator::Email { .. }
        | Generator::Name
        | Generator::FirstName
        | Generator::LastName
        | Generator::Hex { .. }
        | Generator::Digits { .. }
        | Generator::Uuid { .. }
        | Generator::Boolean
        | Generator::Choice { .. }
        | Generator::Inet { .. }
        | Generator::Bytes { .. }
        | Generator::BitString { .. }
        | Generator::Composed { .. }
        | Generator::Each { .. }
        | Generator::Fields { .. } => None,
    }
}

/// An assignment refuses what a cast cuts off, blanks aside (manual, 8.3).
fn too_long(w: &mut Writer, ty: &PgType) {
    let limit = |ty: &PgType| match ty {
        PgType::Text { limit } => *limit,
        PgType::Char { length } => Some(*length),
        _ => None,
    };
    if let Some(limit) = limit(ty) {
        w.kw(" + count(*) FILTER (WHERE length(rtrim(efface_value::text, ' ')) > ").number(limit).kw(")");
    }
    if let PgType::Array { of, .. } = ty
        && let Some(limit) = limit(of)
    {
        w.kw(" + count(*) FILTER (WHERE EXISTS (SELECT FROM unnest(efface_value::text[]) AS efface_part");
        w.kw(" WHERE length(rtrim(efface_part, ' ')) > ").number(limit).kw("))");
    }
}
