//! What is the server asked, to be sure that a policy fits?
//!
//! The server is the judge of what efface can't know: whether the author's SQL is valid, whether a literal is a value of
//! its type, whether new values keep the CHECKs. Every question is asked in a read-only transaction; those that run look
//! at counts only.

mod parts;

use super::script::Sql;
use super::value::At;
use super::writer::{Scene, Writer};
use crate::action::Generator;
use crate::catalog::{Basis, Catalog, Check, Column, KeyId, Table, TableId};
use crate::diagnostic::{Code, Diagnostic};
use crate::ident::TableName;
use crate::pgtype::PgType;
use crate::plan::{Plan, Predicate};
use crate::resolve::{
    ColumnChange, Condition, Expression, NewValue, ResolvedPolicy, ResolvedRule, RowAction, as_changes, propagation,
};
use crate::source::{Fragment, Span};

/// So many values are tried where something random has to fit.
const TRIES: &str = "generate_series(1, 100) AS efface_try";

/// A question to the server.
#[derive(Clone, Debug)]
pub struct Question {
    /// What is asked.
    pub sql: Sql,
    /// Whether it runs and answers with a count of wrong rows; otherwise it is only parsed and typed.
    pub runs: bool,
    /// What it is about.
    about: About,
    /// Where in the policy that stands.
    origin: Span,
}

#[derive(Clone, Debug)]
enum About {
    /// The author's SQL, and where in the question's text it begins, in bytes.
    Fragment { fragment: Fragment, subject: Vec<Span>, start: usize, keys: usize },
    /// A new value for `table.column` of a type; `by_author` where it is an expression, which has a question of its own.
    Value { column: String, type_sql: String, by_author: bool },
    /// What a part of a new value for `table.column` has to be: an array's element, a composite's field.
    Part { column: String, of: String },
    /// Whether both sides of a reference that the policy adds can be compared, as the policy writes it.
    Comparison { written: String },
    /// Whether paths into the documents of `table.column` lead past values that they were meant for.
    Paths { column: String },
    /// A CHECK constraint by name, on a table.
    Check { table: String, check: String },
}

/// What the server answered, when the answer isn't "fine".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It refuses the statement.
    Refused {
        /// The five characters.
        sqlstate: String,
        /// Its message, where that holds no values.
        message: String,
        /// Where in the text, in characters from 1.
        position: Option<u32>,
    },
    /// So many rows would be wrong.
    Wrong(u64),
    /// It didn't answer in time.
    TooLong,
}

impl Question {
    /// The finding that an answer means; none where another question says it better.
    pub fn finding(&self, answer: &Answer) -> Option<Diagnostic> {
        match (&self.about, answer) {
            // An expression that the server doesn't even understand (class 42) has a question of its own. A literal has
            // none: `x` as a regclass is refused in that class too.
            (About::Value { by_author: true, .. } | About::Check { .. }, Answer::Refused { sqlstate, .. })
                if sqlstate.starts_with("42") && sqlstate != "42501" =>
            {
                None
            }
            _ => Some(self.words(answer)),
        }
    }

    fn words(&self, answer: &Answer) -> Diagnostic {
        if *answer == Answer::TooLong {
            return Diagnostic::new(Code::Unverified, format!("unverified: {}", self.what()))
                .at(self.origin, "the server needed too long to answer")
                .help("try again at a quieter time, or accept it by its place");
        }
        if let Answer::Refused { sqlstate, message, .. } = answer
            && sqlstate == "42501"
        {
            return Diagnostic::new(Code::MissingPrivilege, format!("this role lacks a privilege: {message}"))
                .at(self.origin, "needed for this")
                .help("GRANT it to the role that runs efface");
        }
        match (&self.about, answer) {
            (About::Fragment { fragment, .. }, Answer::Refused { message, position, .. }) => {
                let span = position.and_then(|position| self.locate(position)).unwrap_or(fragment.span);
                Diagnostic::new(Code::SqlRefused, format!("the server refuses this SQL: {message}"))
                    .at(span, "here")
                    .help("try the expression in psql")
            }
            (About::Comparison { written }, _) => {
                let why = match answer {
                    Answer::Refused { message, .. } => format!(": {message}"),
                    Answer::Wrong(_) | Answer::TooLong => String::new(),
                };
                Diagnostic::new(Code::SqlRefused, format!("the server can't compare the sides of `{written}`{why}"))
                    .at(self.origin, "followed here")
                    .help("compare values of one type: cast one side in the path, as `via: ref::bigint -> users.id`")
            }
            (About::Value { column, type_sql, .. }, _) => Diagnostic::new(
                Code::WrongType,
                format!("the new value is not one of type `{type_sql}`, the type of `{column}`"),
            )
            .at(self.origin, "the server refuses it")
            .help(format!("try it in psql: SELECT CAST(… AS {type_sql})")),
            (About::Paths { column }, _) => Diagnostic::new(
                Code::PathMisses,
                format!("documents of `{column}` have another shape than their paths{}", in_rows(answer)),
            )
            .at(self.origin, "an array where a key is named, or an object where `[*]` stands")
            .note("what is in it would stay, so a run would be rolled back")
            .help("add a path for the other shape: `$.contacts[*].email` beside `$.contacts.email`"),
            (About::Part { column, of }, _) => {
                Diagnostic::new(Code::WrongType, format!("not every new value in `{column}` is one of type `{of}`"))
                    .at(self.origin, "the server refuses it")
                    .help(format!("try it in psql: SELECT CAST(… AS {of})"))
            }
            (About::Check { table, check }, _) => {
                let rows = in_rows(answer);
                Diagnostic::new(Code::CheckConstraint, format!("the new values break the CHECK `{check}` of table `{table}`{rows}"))
                    .at(self.origin, "this rule")
                    .help("look at the constraint with `\\d`, and choose values that keep it; decide all of its columns together")
            }
            (About::Fragment { fragment, .. }, Answer::Wrong(_) | Answer::TooLong) => {
                Diagnostic::new(Code::SqlRefused, "the server refuses this SQL")
                    .at(fragment.span, "here")
                    .help("try the expression in psql")
            }
        }
    }

    fn what(&self) -> String {
        match &self.about {
            About::Fragment { .. } => "whether the server takes this SQL".to_owned(),
            About::Comparison { written } => format!("whether the sides of `{written}` can be compared"),
            About::Value { column, type_sql, .. } => {
                format!("whether the new value of `{column}` is one of type `{type_sql}`")
            }
            About::Paths { column } => format!("whether the paths lead to the values in documents of `{column}`"),
            About::Part { column, of } => format!("whether every new value in `{column}` is one of type `{of}`"),
            About::Check { table, check } => {
                format!("whether the new values keep the CHECK `{check}` of table `{table}`")
            }
        }
    }

    /// Where in the policy a position of the server's stands.
    fn locate(&self, position: u32) -> Option<Span> {
        let About::Fragment { fragment, subject, start, keys } = &self.about else { return None };
        let sql = self.sql.as_str();
        let (at, _) = sql.char_indices().nth(position.checked_sub(1)? as usize)?;
        let mut offset = at.checked_sub(*start)?;
        for span in subject {
            // Behind each `:subject` the text is longer by what it was replaced with.
            if offset <= span.start {
                break;
            }
            let longer = keys.saturating_sub(span.end - span.start);
            offset = offset.saturating_sub(longer).max(span.start);
        }
        let text = fragment.text.get(offset..)?;
        let word = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len()).max(1);
        Some(fragment.locate_span(Span::new(offset, (offset + word).min(fragment.text.len()))))
    }
}

/// How many rows are wrong, where that is known.
fn in_rows(answer: &Answer) -> String {
    match answer {
        Answer::Wrong(1) => " in 1 row that it may reach".to_owned(),
        Answer::Wrong(rows) => format!(" in {rows} rows that it may reach"),
        Answer::Refused { .. } | Answer::TooLong => String::new(),
    }
}

/// Everything that only the server can answer about a policy.
pub fn questions(plan: &Plan, policy: &ResolvedPolicy, catalog: &Catalog) -> Vec<Question> {
    let asking = Asking { scene: Scene { anyone: true, ..Scene::new(catalog, plan) }, policy };
    let mut questions = Vec::new();
    if let Some(rows) = policy.subject.rows() {
        let conditions = rows.condition.iter().chain(&rows.expired_when);
        questions.extend(conditions.map(|condition| asking.condition(rows.table, condition)));
    }
    for guard in &policy.guards {
        questions.extend(guard.condition.iter().map(|condition| asking.condition(guard.table, condition)));
    }
    for (key, condition) in &policy.virtual_conditions {
        let child = catalog.child(*key);
        questions.extend(child.map(|child| asking.condition(child, condition)));
    }
    for (key, _) in catalog.all_keys().filter(|(_, foreign)| foreign.basis != Basis::Declared) {
        questions.extend(catalog.child(key).map(|child| asking.comparison(child, key)));
    }
    for rule in &policy.rules {
        questions.extend(rule.condition.iter().map(|condition| asking.condition(rule.table, condition)));
        questions.extend(asking.values(rule));
        questions.extend(asking.followers(rule));
    }
    for report in &policy.reports {
        let mut w = Writer::new();
        w.kw("SELECT count(*) FROM (\n");
        let start = w.as_str().len();
        w.author_inner(&report.query).kw("\n) AS efface_row");
        questions.push(fragment_question(w, &report.query, &[], start, 0));
    }
    questions
}

fn fragment_question(w: Writer, fragment: &Fragment, subject: &[Span], start: usize, keys: usize) -> Question {
    Question {
        sql: w.finish(),
        runs: false,
        about: About::Fragment { fragment: fragment.clone(), subject: subject.to_vec(), start, keys },
        origin: fragment.span,
    }
}

struct Asking<'a> {
    scene: Scene<'a>,
    policy: &'a ResolvedPolicy,
}

impl Asking<'_> {
    fn condition(&self, table: TableId, condition: &Condition) -> Question {
        let keys = self.scene.subject_in_author();
        let mut w = Writer::new();
        w.kw("SELECT 1 FROM ").rows_of(self.scene.catalog, &self.scene.catalog.table(table).name).kw(" WHERE (\n");
        let start = w.as_str().len();
        w.author_with(&condition.fragment, &condition.subject, &keys).kw("\n)");
        fragment_question(w, &condition.fragment, &condition.subject, start, keys.as_str().len())
    }

    /// Whether the two sides of a reference that nobody but the policy declares can be compared at all.
    fn comparison(&self, child: TableId, key: KeyId) -> Question {
        let everything = Box::new(Predicate::All(Vec::new()));
        let rows = match self.policy.values.get(&key) {
            Some(values) => Predicate::Matches { key, values: Box::new(values.clone()), rows: everything },
            None => Predicate::References { key, rows: everything },
        };
        let catalog = self.scene.catalog;
        let mut w = Writer::new();
        w.kw("SELECT 1 FROM ").rows_of(catalog, &catalog.table(child).name).kw(" WHERE ");
        w.sql(&self.scene.rows(child, &rows));
        let follows = |rule: &&ResolvedRule| rule.paths().iter().any(|path| path.0.contains(&key));
        let own = |rule: &&ResolvedRule| rule.table == child;
        let rules = &self.policy.rules;
        let rule = rules.iter().find(follows).or_else(|| rules.iter().find(own)).or_else(|| rules.first());
        Question {
            sql: w.finish(),
            runs: false,
            about: About::Comparison { written: catalog.key(key).name.bare().to_string() },
            origin: rule.map(|rule| rule.origin).unwrap_or_default(),
        }
    }

    fn values(&self, rule: &ResolvedRule) -> Vec<Question> {
        let RowAction::Change { changes, .. } = &rule.action else { return Vec::new() };
        let table = self.scene.catalog.table(rule.table);
        let rows = (rule.table, crate::plan::rows_for_anyone(self.policy, rule));
        let mut questions = Vec::new();
        for change in changes {
            let column = table.column_at(change.column);
            if let NewValue::Expression(Expression { fragment, .. }) = &change.value {
                let mut w = Writer::new();
                w.kw("UPDATE ").rows_of(self.scene.catalog, &table.name).kw(" SET ").ident(&column.name).kw(" = (\n");
                let start = w.as_str().len();
                w.author_inner(fragment).kw("\n)");
                questions.push(fragment_question(w, fragment, &[], start, 0));
            }
            questions.extend(self.value(&rows, table, column, change));
            questions.extend(self.paths(&rows, table, column, change));
            questions.extend(self.parts(table, column, change));
        }
        questions.extend(table.checks.iter().filter_map(|check| self.check(&rows, table, changes, check)));
        questions
    }

    /// What goes along with a rule's natural keys, in whosever row.
    fn followers(&self, rule: &ResolvedRule) -> Vec<Question> {
        let RowAction::Change { changes, .. } = &rule.action else { return Vec::new() };
        let propagation = propagation(self.scene.catalog, rule.table, changes);
        let mut questions = Vec::new();
        for follower in &propagation.followers {
            let table = self.scene.catalog.table(follower.table);
            let mut changes = as_changes(changes, follower);
            // An expression over the rule's own table says nothing about another one's.
            changes.retain(|change| !matches!(change.value, NewValue::Expression(_)));
            let rows = (follower.table, Predicate::All(Vec::new()));
            let values =
                changes.iter().filter_map(|change| self.value(&rows, table, table.column_at(change.column), change));
            questions.extend(values);
            questions.extend(table.checks.iter().filter_map(|check| self.check(&rows, table, &changes, check)));
        }
        questions
    }

    /// Whether a new value is one of its column's type, domains included.
    fn value(
        &self,
        rows: &(TableId, Predicate),
        table: &Table,
        column: &Column,
        change: &ColumnChange,
    ) -> Option<Question> {
        let constrained = !column.domains.is_empty();
        let plain = matches!(column.ty, PgType::Text { .. } | PgType::Enum { .. }) && !constrained;
        let of_row = |(_, part): &(&TableName, &Generator)| part.reads_old_value();
        let asks = match &change.value {
            NewValue::Literal(_) | NewValue::StandIn(_) => !plain,
            NewValue::Random(generator) => constrained || generator.parts_of_domains().iter().any(of_row),
            NewValue::Null | NewValue::Expression(_) | NewValue::Derived(_) => constrained,
            NewValue::Default => false,
        };
        if !asks {
            return None;
        }
        let mut w = Writer::new();
        // The value has to be used, or the server would not compute it.
        w.kw("SELECT count(efface_value) * 0 FROM (SELECT ");
        let by_row = reads_row(&change.value);
        self.new_value(&mut w, table, change, by_row);
        w.kw(" AS efface_value");
        self.source(&mut w, rows, by_row);
        w.kw(" OFFSET 0) AS efface_new");
        let name = format!("{}.{}", table.name.bare(), column.name.bare());
        Some(Question {
            sql: w.finish(),
            runs: true,
            about: About::Value {
                column: name,
                type_sql: column.type_sql.clone(),
                by_author: matches!(change.value, NewValue::Expression(_)),
            },
            origin: change.value_at,
        })
    }

    /// How many rows have documents of another shape than the paths say.
    fn paths(
        &self,
        rows: &(TableId, Predicate),
        table: &Table,
        column: &Column,
        change: &ColumnChange,
    ) -> Option<Question> {
        let NewValue::Derived(derived) = &change.value else { return None };
        let missed = self.scene.derived_misses(table, column, derived)?;
        let mut w = Writer::new();
        w.kw("SELECT count(*) FROM ").rows_of(self.scene.catalog, &table.name).kw(" WHERE (");
        w.sql(&self.scene.rows(rows.0, &rows.1)).kw(") AND ").sql(&missed);
        let column = format!("{}.{}", table.name.bare(), column.name.bare());
        Some(Question { sql: w.finish(), runs: true, about: About::Paths { column }, origin: change.value_at })
    }

    /// How many rows would break a CHECK over columns that the rule changes.
    fn check(
        &self,
        rows: &(TableId, Predicate),
        table: &Table,
        changes: &[ColumnChange],
        check: &Check,
    ) -> Option<Question> {
        let of =
            |name: &crate::ident::Ident| changes.iter().find(|change| table.column_at(change.column).name == *name);
        let first = check.columns.iter().find_map(of)?;
        // Whether the answer depends on rows: a column stays, its new value is computed from the row, or it stays NULL
        // beside another that is something.
        let of_row = |change: &ColumnChange| reads_row(&change.value) || (change.keeps_null && check.columns.len() > 1);
        let by_row = check.columns.iter().any(|name| of(name).is_none_or(of_row));
        let mut w = Writer::new();
        w.kw("SELECT count(*) FROM (SELECT ").list(&check.columns, ", ", |w, name| {
            match (of(name), table.column(name)) {
                (Some(change), Some(_)) => {
                    self.new_value(w, table, change, by_row);
                    w.kw(" AS ").ident(name);
                }
                _ => {
                    w.ident(name);
                }
            }
        });
        self.source(&mut w, rows, by_row);
        w.kw(" OFFSET 0) AS ").ident(&table.name.name).kw(" WHERE NOT (").printed(&check.expression).kw(")");
        Some(Question {
            sql: w.finish(),
            runs: true,
            about: About::Check { table: table.name.bare().to_string(), check: check.name.bare().to_string() },
            origin: first.origin,
        })
    }

    fn new_value(&self, w: &mut Writer, table: &Table, change: &ColumnChange, by_row: bool) {
        let column = table.column_at(change.column);
        w.kw("CAST(");
        match &change.value {
            NewValue::Default => {
                w.printed(self.scene.catalog.default_of(column).unwrap_or("NULL"));
            }
            NewValue::Null
            | NewValue::Literal(_)
            | NewValue::StandIn(_)
            | NewValue::Expression(_)
            | NewValue::Random(_)
            | NewValue::Derived(_) => {
                self.scene.value(w, table, change, if by_row { At::Row } else { At::NoRow });
            }
        }
        w.kw(" AS ").printed(&column.type_sql).kw(")");
    }

    /// The rows that the rule may reach for any subject, or as many empty ones as random values are tried.
    fn source(&self, w: &mut Writer, (id, rows): &(TableId, Predicate), by_row: bool) {
        if !by_row {
            w.kw(" FROM ").kw(TRIES);
            return;
        }
        let table = self.scene.catalog.table(*id);
        w.kw(" FROM ").rows_of(self.scene.catalog, &table.name).kw(" WHERE ").sql(&self.scene.rows(*id, rows));
    }
}

/// Whether a new value is computed from its row.
fn reads_row(value: &NewValue) -> bool {
    match value {
        NewValue::Expression(_) | NewValue::Derived(_) => true,
        NewValue::Random(generator) => generator.reads_old_value(),
        NewValue::Null | NewValue::Default | NewValue::Literal(_) | NewValue::StandIn(_) => false,
    }
}

impl Scene<'_> {
    /// The subject's own rows, whoever the subject may be.
    pub(super) fn any_subject(&self, w: &mut Writer) {
        let condition = self.plan.subject.rows().and_then(|rows| rows.condition.as_ref());
        match condition.filter(|condition| condition.subject.is_empty()) {
            Some(condition) => self.condition(w, condition),
            None => {
                w.kw("true");
            }
        }
    }
}
