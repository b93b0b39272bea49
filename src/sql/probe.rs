//! What is the server asked, to be sure that a policy fits?
//!
//! The server is the judge of what efface can't know: whether the author's SQL is valid, whether a literal is a value of
//! its type, whether new values keep the CHECKs. Every question is asked in a read-only transaction; those that run look
//! at counts only.

mod parts;
mod values;

use super::script::Sql;
use super::writer::{Scene, Writer};
use crate::catalog::{Basis, Catalog, KeyId, TableId};
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{Plan, Predicate};
use crate::resolve::{Condition, ResolvedPolicy, ResolvedRule};
use crate::source::{Fragment, Span};

/// A question to the server.
#[derive(Clone, Debug)]
pub struct Question {
    /// What is asked.
    pub sql: Sql,
    /// Whether it runs, and answers with a count of wrong rows or how it would be executed; otherwise it is only parsed and
    /// typed.
    pub runs: bool,
    /// Whether these are rows of the database, and not values that were tried.
    of_rows: bool,
    /// What it is about.
    about: About,
    /// Where in the policy that stands.
    origin: Span,
}

/// `by_author` says that an expression is in it that has a question of its own.
#[derive(Clone, Debug)]
enum About {
    /// The author's SQL, and where in the question's text it begins, in bytes.
    Fragment { fragment: Fragment, subject: Vec<Span>, start: usize, keys: usize },
    /// Whether the new value of `table.column` is one of its type, and not too long for it.
    Value { column: String, type_sql: String, which: Which, null_is_asked: bool, by_author: bool },
    /// Whether the new value of `table.column`, which refuses NULL, is NULL.
    Null { column: String, by_author: bool },
    /// Whether both sides of a reference that the policy adds can be compared, as the policy writes it.
    Comparison { written: String },
    /// Whether paths into the documents of `table.column` lead past values that they were meant for.
    Paths { column: String },
    /// A CHECK constraint by name, on a table or partition.
    Check { table: String, check: String, by_author: bool },
    /// A CHECK that is NOT VALID, and of which no column changes.
    OldRows { table: String, check: String },
}

/// Which value it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    /// The one that the column takes.
    New,
    /// An array's element or a composite's field in it, or one that may be chosen.
    Part,
    /// The one that the database makes of others.
    Generated,
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
        /// Whether row-level security would have filtered something.
        filtered: bool,
        /// The constraint that it speaks for.
        constraint: Option<String>,
    },
    /// So many rows would be wrong.
    Wrong(u64),
    /// It didn't answer in time.
    TooLong,
}

impl Answer {
    /// Whether the role lacks something. Where it may not look into a schema, names in there are unknown to it.
    pub fn is_about_privileges(&self, blind: bool) -> bool {
        matches!(self, Answer::Refused { sqlstate, .. } if sqlstate == "42501" || (blind && sqlstate.starts_with("42")))
    }
}

impl Question {
    /// The finding that an answer means; none where another question says it better.
    pub fn finding(&self, answer: &Answer) -> Option<Diagnostic> {
        let Answer::Refused { sqlstate, message, .. } = answer else { return Some(self.words(answer)) };
        let by_author = match &self.about {
            About::Value { by_author, .. } | About::Null { by_author, .. } | About::Check { by_author, .. } => {
                *by_author
            }
            About::OldRows { .. } | About::Paths { .. } => false,
            About::Fragment { .. } | About::Comparison { .. } => return Some(self.words(answer)),
        };
        match (sqlstate.get(..2).unwrap_or_default(), &self.about) {
            _ if sqlstate == "42501" => Some(self.words(answer)),
            // An expression that the server doesn't even understand (class 42) has a question of its own. A literal has
            // none: `x` as a regclass is refused in that class too.
            ("42", _) if by_author => None,
            ("42", About::Value { which: Which::New | Which::Part, .. }) => Some(self.words(answer)),
            // What writes can't be tried in a transaction that reads: most often a sequence, whose numbers fit.
            ("25", About::Value { .. } | About::Null { .. }) => None,
            ("42" | "25", _) => Some(self.unverified(&format!("the server can't be asked: {message}"))),
            (_, About::Value { null_is_asked: true, .. }) if sqlstate == "23502" => None,
            // Domains speak where the value itself is asked about.
            ("23", About::Check { .. } | About::Null { .. }) => None,
            (_, About::Null { .. }) => None,
            _ => Some(self.words(answer)),
        }
    }

    fn unverified(&self, why: &str) -> Diagnostic {
        Diagnostic::new(Code::Unverified, format!("unverified: {}", self.what()))
            .at(self.origin, why)
            .about(self.place())
            .help("try it in psql, or accept it by its place")
    }

    fn words(&self, answer: &Answer) -> Diagnostic {
        let (sqlstate, message, constraint) = match answer {
            Answer::TooLong => return self.unverified("the server needed too long to answer"),
            Answer::Refused { filtered: true, message, .. } => {
                return Diagnostic::new(Code::RowLevelSecurity, format!("row-level security is in the way: {message}"))
                    .at(self.origin, "needed for this")
                    .note("a view reads with the rights of its owner, unless it is a `security_invoker`")
                    .help(
                        "have a superuser give BYPASSRLS to whoever reads the table: the role, or the owner of the view",
                    );
            }
            Answer::Refused { sqlstate, message, .. } if sqlstate == "42501" => {
                return Diagnostic::new(Code::MissingPrivilege, format!("this role lacks a privilege: {message}"))
                    .at(self.origin, "needed for this")
                    .help("GRANT it to the role that runs efface");
            }
            Answer::Refused { sqlstate, message, constraint, .. } => {
                // That something is withheld is no news about a policy.
                let message = message.split_once("; the server's").map_or(message.as_str(), |(said, _)| said);
                (sqlstate.as_str(), message, constraint.as_deref())
            }
            Answer::Wrong(_) => ("", "", None),
        };
        let rows = match answer {
            Answer::Wrong(1) if self.of_rows => " in 1 row that it may reach".to_owned(),
            Answer::Wrong(rows) if self.of_rows => format!(" in {rows} rows that it may reach"),
            Answer::Wrong(_) | Answer::Refused { .. } | Answer::TooLong => String::new(),
        };
        match &self.about {
            About::Fragment { fragment, .. } => {
                let position = match answer {
                    Answer::Refused { position, .. } => *position,
                    Answer::Wrong(_) | Answer::TooLong => None,
                };
                let span = position.and_then(|position| self.locate(position)).unwrap_or(fragment.span);
                Diagnostic::new(Code::SqlRefused, format!("the server refuses this SQL: {message}"))
                    .at(span, "here")
                    .help("try the expression in psql")
            }
            About::Comparison { written } => {
                let words = format!("the server can't compare the sides of `{written}`: {message}");
                Diagnostic::new(Code::SqlRefused, words)
                    .at(self.origin, "followed here")
                    .help("compare values of one type: cast one side in the path, as `via: ref::bigint -> users.id`")
            }
            About::Value { column, type_sql, which, by_author, .. } => {
                let value = match which {
                    Which::New => format!("the new value of `{column}`"),
                    Which::Part => format!("a part of the new value of `{column}`"),
                    Which::Generated => format!("what the database makes of the new values for `{column}`"),
                };
                match (sqlstate, constraint) {
                    ("", _) => Diagnostic::new(Code::TooLong, format!("{value} is too long{rows}"))
                        .at(self.origin, format!("`{type_sql}`"))
                        .help("cut it to the column's length, as `left(…, 20)`"),
                    ("23514", Some(check)) => Diagnostic::new(
                        Code::CheckConstraint,
                        format!("{value} breaks the CHECK `{check}` of its domain"),
                    )
                    .at(self.origin, "the server refuses it")
                    .note(format!("its type is `{type_sql}`"))
                    .help("look at the domain with `\\dD`, and choose a value that keeps it"),
                    ("23502", _) => Diagnostic::new(Code::NotNull, format!("{value} would be null"))
                        .at(self.origin, "the server refuses it")
                        .note(format!("its type `{type_sql}` is a domain that refuses NULL"))
                        .help("choose a value that is never null"),
                    (code, _) if *by_author && !is_of_type(code) => {
                        Diagnostic::new(Code::SqlRefused, format!("{value} can't be computed: {message}"))
                            .at(self.origin, "fails for rows that it may reach")
                            .help("try it in psql")
                    }
                    _ => {
                        let words = format!("{value} is not one of type `{type_sql}`: {message}");
                        let help = match which {
                            Which::New | Which::Part => format!("try it in psql: SELECT CAST(… AS {type_sql})"),
                            Which::Generated => "look at the column's expression with `\\d`".to_owned(),
                        };
                        Diagnostic::new(Code::WrongType, words).at(self.origin, "the server refuses it").help(help)
                    }
                }
            }
            About::Paths { column } => Diagnostic::new(
                Code::PathMisses,
                format!("documents of `{column}` have another shape than their paths{rows}"),
            )
            .at(self.origin, "an array where a key is named, or an object where `[*]` stands")
            .note("what is in it would stay, so a run would be rolled back")
            .help("add a path for the other shape: `$.contacts[*].email` beside `$.contacts.email`"),
            About::Null { column, .. } => {
                Diagnostic::new(Code::NotNull, format!("column `{column}` can't be null, and would be{rows}"))
                    .at(self.origin, "makes it null")
                    .help("give those rows something else: `coalesce(…, '[deleted]')`")
            }
            About::Check { table, check, .. } => {
                let words = match sqlstate {
                    "" => format!("the new values break the CHECK `{check}` of table `{table}`{rows}"),
                    _ => format!("the CHECK `{check}` of table `{table}` fails with the new values: {message}"),
                };
                Diagnostic::new(Code::CheckConstraint, words).at(self.origin, "this rule").help(
                    "look at the constraint with `\\d`, and choose values that keep it; decide all of its columns together",
                )
            }
            About::OldRows { table, check } => {
                let (rows, break_it) = match answer {
                    Answer::Wrong(1) => ("1 row".to_owned(), "breaks"),
                    Answer::Wrong(rows) => (format!("{rows} rows"), "break"),
                    Answer::Refused { .. } | Answer::TooLong => ("rows".to_owned(), "break"),
                };
                let words = format!(
                    "{rows} of table `{table}` that this rule may reach {break_it} the CHECK `{check}` already"
                );
                Diagnostic::new(Code::BrokenAlready, words)
                    .at(self.origin, "changes them")
                    .about(table.clone())
                    .note("the constraint is NOT VALID: such rows may be there, and no change of them is taken")
                    .help("mend these rows first, and then VALIDATE CONSTRAINT")
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
            About::Null { column, .. } => format!("whether `{column}` would be null"),
            About::Check { table, check, .. } => {
                format!("whether the new values keep the CHECK `{check}` of table `{table}`")
            }
            About::OldRows { table, check } => format!("whether the rows of table `{table}` keep the CHECK `{check}`"),
        }
    }

    /// What an `accept` names it by.
    fn place(&self) -> String {
        match &self.about {
            About::Fragment { .. } => String::new(),
            About::Comparison { written } => written.clone(),
            About::Value { column, .. } | About::Null { column, .. } | About::Paths { column } => column.clone(),
            About::Check { table, .. } | About::OldRows { table, .. } => table.clone(),
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

/// Whether a refusal says that a value isn't one of a type, or isn't in its range.
fn is_of_type(sqlstate: &str) -> bool {
    matches!(sqlstate, "22P02" | "22003" | "22007" | "22008" | "22000" | "42846")
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
        questions.extend(values::of_rule(asking.scene, policy, rule));
    }
    for report in &policy.reports {
        let mut w = Writer::new();
        w.kw("EXPLAIN SELECT count(*) FROM (\n");
        let start = w.as_str().len();
        w.author_inner(&report.query).kw("\n) AS efface_row");
        questions.push(Question { runs: true, ..fragment_question(w, &report.query, &[], start, 0) });
    }
    questions
}

fn fragment_question(w: Writer, fragment: &Fragment, subject: &[Span], start: usize, keys: usize) -> Question {
    Question {
        sql: w.finish(),
        runs: false,
        of_rows: false,
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
        // Only parsed and typed, privileges are not looked at.
        w.kw("EXPLAIN SELECT 1 FROM ")
            .rows_of(self.scene.catalog, &self.scene.catalog.table(table).name)
            .kw(" WHERE (\n");
        let start = w.as_str().len();
        w.author_with(&condition.fragment, &condition.subject, &keys).kw("\n)");
        let question = fragment_question(w, &condition.fragment, &condition.subject, start, keys.as_str().len());
        Question { runs: true, ..question }
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
            of_rows: false,
            about: About::Comparison { written: catalog.key(key).name.bare().to_string() },
            origin: rule.map(|rule| rule.origin).unwrap_or_default(),
        }
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
