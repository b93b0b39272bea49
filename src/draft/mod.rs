//! What would a first policy for this schema say?
//!
//! A catalog goes in, with what a look at the database has added ([`Facts`]); the text of a policy comes out, with its
//! reasons as comments. What is safe is guessed. What only people can know is marked `undecided`, which `check` refuses.
//!
//! A draft is tried before it is shown: with its marks decided it is read, resolved and planned like any policy, and a guess
//! that doesn't fit makes way for the next. So a draft passes `check` when its marks are decided, or [`Draft::left`] says
//! what stands in the way. Nothing here asks a server, and nothing holds a value of a row.

mod columns;
mod facts;
mod looks;
mod rows;
mod sketch;
mod tables;
mod words;
mod write;
mod yaml;

pub use facts::{Facts, Sample, TableFacts};
pub use looks::{Look, looks};

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{Basis, Catalog, ColumnPair, ForeignKey, Generated, KeyId, ReferentialAction, TableId};
use crate::diagnostic::{Code, Diagnostic, Report, Severity};
use crate::ident::{Ident, TableName};
use crate::plan::{Choice, plan_for};
use crate::policy;
use crate::resolve::{Lookalike, Resolved, lookalikes, resolve};
use crate::source::SourceFile;
use columns::Verdict;
use rows::{Closed, Known, Layout};
use sketch::{Accept, Body, Part, Sketch, Steps, Virtual};
use write::{Line, Marks, Written};

/// What a draft is to be of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The table of the persons.
    pub subject: TableName,
    /// What tells them apart, where it isn't the primary key.
    pub key: Vec<Ident>,
    /// Tables of which somebody knows already that the person's rows go.
    pub delete: Vec<TableName>,
    /// Tables of which somebody knows already that they stay as they are.
    pub keep: Vec<TableName>,
    /// How many rows of each table a sample had at most; none where nobody looked.
    pub sampled: Option<usize>,
}

/// A first policy.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The policy's text.
    pub text: String,
    /// How many columns wait for a decision.
    pub columns: usize,
    /// How many tables do.
    pub tables: usize,
    /// How many more hang on these, and go or stay with them.
    pub following: usize,
    /// Errors that stay whatever is decided: the schema has them, not the draft.
    pub left: Vec<Diagnostic>,
}

/// Why there is no draft.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// The database has no such table.
    #[error("there is no table `{}`", .table.bare())]
    NoTable {
        /// The table.
        table: TableName,
        /// Tables of nearly this name.
        near: Vec<TableName>,
    },
    /// It is something else: a view, a foreign table.
    #[error("`{}` is a {kind}, and a policy erases rows of tables", .table.bare())]
    NotATable {
        /// The object.
        table: TableName,
        /// What it is, in the manual's words.
        kind: String,
        /// Tables that it is made of.
        about: Vec<TableName>,
    },
    /// A table was named of which the draft says nothing.
    #[error("table `{}` is none of the draft: nothing leads from it to the person", .table.bare())]
    NotReached {
        /// The table.
        table: TableName,
    },
    /// The table has no primary key, and nobody said which columns tell persons apart.
    #[error("table `{}` has no primary key", .table.bare())]
    NoKey {
        /// The table.
        table: TableName,
        /// Columns that would do.
        keys: Vec<Vec<Ident>>,
    },
    /// These columns don't tell persons apart, or aren't there.
    #[error("({}) of table `{}` does not tell persons apart: it has to be unique and never NULL", list(.key), .table.bare())]
    BadKey {
        /// The table.
        table: TableName,
        /// What was asked for.
        key: Vec<Ident>,
        /// Columns that would do.
        keys: Vec<Vec<Ident>>,
    },
}

fn list(names: &[Ident]) -> String {
    names.iter().map(|name| name.bare().to_string()).collect::<Vec<_>>().join(", ")
}

/// Tables that a draft for this subject decides: whose rows are worth a look.
///
/// # Errors
/// No such table, or no key.
pub fn reached(request: &Request, catalog: &Catalog) -> Result<Vec<TableName>, DraftError> {
    let subject = subject(request, catalog)?;
    let facts = Facts::default();
    let mut tried = Tried::of(request, catalog, subject, &facts);
    let layout = tried.lay_out();
    Ok(layout.tables.iter().map(|rows| tried.catalog.table(rows.table).name.clone()).collect())
}

/// Drafts a policy.
///
/// # Errors
/// No such table, or no key.
pub fn draft(request: &Request, catalog: &Catalog, facts: &Facts) -> Result<Draft, DraftError> {
    Ok(Drafting::begin(request, catalog, facts)?.finish())
}

/// A draft that can be tried elsewhere too: a server knows more than a catalog.
pub struct Drafting<'a> {
    request: &'a Request,
    tried: Tried<'a>,
    learned: Learned,
    sketch: Sketch,
    left: Vec<Diagnostic>,
}

impl<'a> Drafting<'a> {
    /// Drafts a policy that fits the catalog.
    ///
    /// # Errors
    /// No such table, or no key.
    pub fn begin(request: &'a Request, catalog: &Catalog, facts: &'a Facts) -> Result<Self, DraftError> {
        let subject = subject(request, catalog)?;
        let mut tried = Tried::of(request, catalog, subject, facts);
        let mut learned = Learned::default();
        let (sketch, left) = tried.mend(request, &mut learned);
        let is_there = |name: &&TableName| {
            let id = tried.catalog.table_id(name).filter(|id| *id != subject);
            sketch.tables.iter().any(|table| Some(table.rows.table) == id)
        };
        if let Some(table) = request.delete.iter().chain(&request.keep).find(|name| !is_there(name)) {
            return Err(DraftError::NotReached { table: table.clone() });
        }
        Ok(Self { request, tried, learned, sketch, left })
    }

    /// The draft with its marks decided, as a policy that can be checked.
    pub fn trial(&self) -> SourceFile {
        SourceFile::new("draft", write::write(&self.tried.catalog, &self.sketch, Marks::Kept, None).text)
    }

    /// Learns from what was found in the [`trial`](Self::trial). Whether the draft is now another one.
    pub fn learn(&mut self, report: &Report) -> bool {
        let written = write::write(&self.tried.catalog, &self.sketch, Marks::Kept, None);
        let found = placed(&written, report);
        let mut changed = false;
        for (finding, line) in &found {
            changed |= self.tried.learn(finding, *line, &self.sketch, &mut self.learned.steps);
        }
        if changed {
            (self.sketch, self.left) = self.tried.mend(self.request, &mut self.learned);
        }
        changed
    }

    /// The draft.
    pub fn finish(mut self) -> Draft {
        self.tried.offer(&mut self.sketch);
        self.tried.hold(&mut self.sketch);
        let written = write::write(&self.tried.catalog, &self.sketch, Marks::Shown, self.request.sampled);
        let write::Count { columns, tables, following } = write::marks(&self.sketch);
        Draft { text: written.text, columns, tables, following, left: self.left }
    }
}

/// What trials have shown, besides what [`Known`] holds.
#[derive(Default)]
struct Learned {
    steps: Steps,
    refreshes: Vec<TableName>,
    /// Views that can't be refreshed.
    refused: BTreeSet<TableName>,
    /// Ways that no rule follows.
    paths: BTreeSet<Accept>,
}

fn subject(request: &Request, catalog: &Catalog) -> Result<TableId, DraftError> {
    let name = &request.subject;
    let Some(id) = catalog.table_id(name) else {
        if let Some(other) = catalog.others.iter().find(|other| other.name == *name && !other.is_foreign_key()) {
            let (table, kind, about) = (name.clone(), other.kind.clone(), other.about.clone());
            return Err(DraftError::NotATable { table, kind, about });
        }
        if let Some(root) = catalog
            .tables
            .iter()
            .find(|table| table.partitioned.as_ref().is_some_and(|it| it.partitions.contains(name)))
        {
            return Err(DraftError::NotATable {
                table: name.clone(),
                kind: "partition".into(),
                about: vec![root.name.clone()],
            });
        }
        return Err(DraftError::NoTable { table: name.clone(), near: near(catalog, name) });
    };
    let table = catalog.table(id);
    let names = |columns: &Vec<Ident>| {
        columns.iter().all(|name| table.column(name).is_some_and(|column| catalog.is_never_null(column)))
    };
    let keys = || table.keys().filter(|columns| names(columns)).cloned().collect::<BTreeSet<_>>().into_iter().collect();
    if request.key.is_empty() {
        if table.primary_key.is_empty() {
            return Err(DraftError::NoKey { table: name.clone(), keys: keys() });
        }
        return Ok(id);
    }
    let columns: Option<Vec<_>> = request.key.iter().map(|name| table.column_id(name)).collect();
    match columns {
        Some(columns) if catalog.tells_rows_apart(table, &columns) => Ok(id),
        _ => Err(DraftError::BadKey { table: name.clone(), key: request.key.clone(), keys: keys() }),
    }
}

/// Tables of nearly that name: in another schema, in another case, or a few letters away.
fn near(catalog: &Catalog, name: &TableName) -> Vec<TableName> {
    let wanted = name.name.as_str().to_lowercase();
    let mut found: Vec<(usize, &TableName)> = Vec::new();
    for table in &catalog.tables {
        let other = table.name.name.as_str().to_lowercase();
        let distance = strsim::damerau_levenshtein(&wanted, &other);
        if other == wanted || distance <= wanted.chars().count() / 3 || distance == 1 {
            found.push((distance, &table.name));
        }
    }
    found.sort();
    found.into_iter().take(3).map(|(_, name)| name.clone()).collect()
}

/// A draft under trial, with what was learned.
struct Tried<'a> {
    /// With the references that nobody has declared.
    catalog: Catalog,
    subject: TableId,
    facts: &'a Facts,
    known: Known,
    /// Lookalikes that are none after all.
    dropped: BTreeSet<(TableId, crate::catalog::ColumnId)>,
    lookalikes: Vec<Lookalike>,
}

/// Attempts before a draft is shown as it is: each settles at least one thing, so this is never reached but by a bug.
const MOST_ATTEMPTS: usize = 200;

impl<'a> Tried<'a> {
    /// What is held against a draft is the schema: privileges are another matter, and no server is asked.
    fn of(request: &Request, catalog: &Catalog, subject: TableId, facts: &'a Facts) -> Self {
        let mut catalog = catalog.clone();
        catalog.observed.unreadable.clear();
        catalog.observed.live = false;
        let mut known = Known::default();
        for (names, fate) in [(&request.delete, rows::Fate::Delete), (&request.keep, rows::Fate::Keep)] {
            known.said.extend(names.iter().filter_map(|name| Some((catalog.table_id(name)?, fate))));
        }
        Self { catalog, subject, facts, known, dropped: BTreeSet::new(), lookalikes: Vec::new() }
    }

    /// Tables, keys, and references that nobody has declared, found where others reach.
    fn lay_out(&mut self) -> Layout {
        self.lookalikes.clear();
        self.catalog = std::mem::take(&mut self.catalog).with_virtual_keys(Vec::new());
        loop {
            let layout = rows::lay_out(&self.catalog, self.subject, &mut self.known);
            let targets = layout.tables.iter().map(|rows| rows.table).collect();
            let mut found = lookalikes(self.subject, targets, &self.catalog);
            found.extend(self.of_heirs(&layout));
            let is_new = |it: &Lookalike| {
                !self.dropped.contains(&it.child) && !self.lookalikes.iter().any(|known| known.child == it.child)
            };
            let mut fresh: Vec<Lookalike> = found.into_iter().filter(is_new).collect();
            fresh.sort_by_key(|it| it.child);
            fresh.dedup_by_key(|it| it.child);
            if fresh.is_empty() {
                return layout;
            }
            self.lookalikes.extend(fresh);
            self.lookalikes.sort_by_key(|it| it.child);
            let keys = self.lookalikes.iter().filter(|it| self.is_active(it)).map(|it| self.key(it)).collect();
            self.catalog = std::mem::take(&mut self.catalog).with_virtual_keys(keys);
        }
    }

    /// Columns of tables that inherit from a table of the draft, and with it no foreign key: its keys, once more.
    fn of_heirs(&self, layout: &Layout) -> Vec<Lookalike> {
        let catalog = &self.catalog;
        let mut found = Vec::new();
        for rows in layout.tables.iter().filter(|rows| rows.table != self.subject) {
            let heirs = catalog.table(rows.table).inherited_by.iter().filter_map(|name| catalog.table_id(name));
            for heir in heirs {
                let known: BTreeSet<&Ident> =
                    catalog.keys_from(heir).flat_map(|(_, key)| key.child_columns()).collect();
                let firsts = rows.owned.iter().filter_map(|path| path.0.first());
                for key in firsts.map(|id| catalog.key(*id)) {
                    let [pair] = &key.pairs[..] else { continue };
                    let column = catalog.table(heir).column_id(&pair.child).filter(|_| !known.contains(&pair.child));
                    let (Some(column), Some(parent)) = (column, catalog.table_id(&key.parent)) else { continue };
                    let why = format!("`{}` has this key, and inherits none to here", key.child.bare());
                    let parent = (parent, pair.parent.clone());
                    found.push(Lookalike {
                        child: (heir, column),
                        parent,
                        why,
                        type_column: None,
                        by_pair: false,
                        by_name: true,
                    });
                }
            }
        }
        found
    }

    /// Whether a lookalike is taken for a reference: not where another column says what is referenced, by an unknown word.
    fn is_active(&self, it: &Lookalike) -> bool {
        let column = self.catalog.table(it.child.0).column_at(it.child.1);
        // Who did something is not whose the row is; and a name that other tables share is too far a guess.
        let actor = words::is_actor(column.name.as_str(), self.catalog.table(self.subject).name.name.as_str());
        let near = it.parent.0 == self.subject || it.by_name;
        !it.by_pair && it.type_column.is_none() && column.generated == Generated::No && near && !actor
    }

    /// Lookalikes that say who did something: no reference to follow, be it one or not.
    fn actors(&self) -> Vec<Accept> {
        let subject = self.catalog.table(self.subject).name.name.as_str();
        let of = |it: &&Lookalike| {
            words::is_actor(self.catalog.table(it.child.0).column_at(it.child.1).name.as_str(), subject)
        };
        let accept = |it: &Lookalike| Accept {
            code: Code::LooksLikeReference,
            at: self.catalog.spelled(it.child.0, it.child.1),
            because: rows::ACTED.to_owned(),
        };
        self.lookalikes.iter().filter(of).filter(|it| !self.is_active(it)).map(accept).collect()
    }

    fn key(&self, it: &Lookalike) -> ForeignKey {
        let (child, parent) = (self.catalog.table(it.child.0), self.catalog.table(it.parent.0));
        let column = child.column_at(it.child.1).name.clone();
        ForeignKey {
            name: Ident::new(format!("{} references {}", column.bare(), parent.name.bare())),
            child: child.name.clone(),
            parent: parent.name.clone(),
            pairs: vec![ColumnPair { child: column, parent: it.parent.1.clone() }],
            on_delete: ReferentialAction::NoAction,
            on_update: ReferentialAction::NoAction,
            set_columns: Vec::new(),
            match_full: false,
            check: Default::default(),
            not_valid: false,
            unenforced: false,
            basis: Basis::Virtual { lock_table: false },
        }
    }

    fn virtuals(&self) -> Vec<Virtual> {
        let one = |it: &Lookalike| Virtual {
            child: it.child.0,
            column: it.child.1,
            parent: it.parent.0,
            references: it.parent.1.clone(),
            why: it.why.clone(),
            type_column: it.type_column.clone(),
            active: self.is_active(it),
        };
        let actors = self.actors();
        let told =
            |it: &&Lookalike| !actors.iter().any(|accept| accept.at == self.catalog.spelled(it.child.0, it.child.1));
        self.lookalikes.iter().filter(told).map(one).collect()
    }

    /// Makes the draft, tries it, and makes it anew until everything fits that can.
    fn mend(&mut self, request: &Request, learned: &mut Learned) -> (Sketch, Vec<Diagnostic>) {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let layout = self.lay_out();
            let tables = sketch::tables(
                &self.catalog,
                self.facts,
                self.subject,
                &layout,
                &request.key,
                &self.known,
                &learned.steps,
            );
            let mut accepts = accepts(&self.catalog, &layout.closed);
            accepts.extend(learned.paths.iter().cloned());
            accepts.extend(self.actors());
            let sketch = Sketch {
                subject: self.subject,
                key: request.key.clone(),
                virtuals: self.virtuals(),
                tables,
                refreshes: learned.refreshes.clone(),
                accepts,
            };
            let mut left = Vec::new();
            let changed = [Marks::Kept, Marks::Chosen(usize::MAX)].into_iter().any(|marks| {
                let written = write::write(&self.catalog, &sketch, marks, None);
                let mut changed = false;
                for (finding, line) in judge(&written, &self.catalog_of_schema()) {
                    let mended = self.learn(&finding, line, &sketch, &mut learned.steps)
                        || self.accepted(&finding, line, &sketch, learned);
                    changed |= mended;
                    if finding.severity == Severity::Error && !mended && marks == Marks::Kept {
                        left.push(finding);
                    }
                }
                changed
            });
            if !changed || attempts == MOST_ATTEMPTS {
                return (sketch, left);
            }
        }
    }

    /// Settles findings that are no guess's fault: ways that nobody follows, views that are to be refreshed.
    fn accepted(&self, finding: &Diagnostic, line: Line, sketch: &Sketch, learned: &mut Learned) -> bool {
        if let (Line::Refresh(index), Severity::Error) = (line, finding.severity)
            && let Some(view) = sketch.refreshes.get(index)
        {
            learned.refreshes.retain(|other| other != view);
            return learned.refused.insert(view.clone());
        }
        let Some(object) = finding.object.as_deref() else { return false };
        match finding.code {
            Code::PathNotFollowed => {
                let because = "rows that lead to the person by this way alone are other people's".to_owned();
                learned.paths.insert(Accept { code: Code::PathNotFollowed, at: object.to_owned(), because })
            }
            Code::StaleMaterializedView => {
                let views = &self.catalog.materialized_views;
                let view = views.iter().find(|view| view.name.bare().to_string() == object);
                let Some(view) = view.filter(|view| !learned.refused.contains(&view.name)) else { return false };
                let is_new = !learned.refreshes.contains(&view.name);
                if is_new {
                    learned.refreshes.push(view.name.clone());
                    learned.refreshes.sort();
                }
                is_new
            }
            _ => false,
        }
    }

    /// The catalog as the policy finds it: without the references that it adds itself.
    fn catalog_of_schema(&self) -> Catalog {
        self.catalog.clone().with_virtual_keys(Vec::new())
    }

    /// Learns from a finding; says whether the next attempt will be another one.
    fn learn(&mut self, finding: &Diagnostic, line: Line, sketch: &Sketch, steps: &mut Steps) -> bool {
        let refuses = finding.severity == Severity::Error || finding.code == Code::Unverified;
        if !refuses {
            return false;
        }
        match line {
            Line::Column(table, part, column) => {
                let rules = sketch.tables.iter().filter(|it| it.rows.table == table).flat_map(|it| &it.rules);
                let guess = rules.filter(|rule| rule.part == part).find_map(|rule| match &rule.body {
                    Body::Columns(guesses) | Body::Undecided(guesses) => {
                        guesses.iter().find(|guess| guess.column == column)
                    }
                    Body::Delete | Body::Keep(_) => None,
                });
                let Some(guess) = guess.filter(|guess| guess.at < guess.ladder.len()) else { return false };
                if let Some(parent) =
                    sketch.tables.iter().find(|it| it.rows.table == table).and_then(|it| it.rows.cleared.get(&column))
                {
                    // A reference that can't be cleared keeps the row that it leads to.
                    return self
                        .known
                        .stays
                        .insert(*parent, "another table's reference can't be cleared".into())
                        .is_none();
                }
                if guess.decision().is_some_and(|decision| decision.contains("keep")) {
                    return false;
                }
                let verdict = if finding.severity == Severity::Error { Verdict::Refused } else { Verdict::Unsure };
                let verdicts = steps.entry((table, part, column)).or_default();
                let before = verdicts.get(&guess.at).copied();
                verdicts.insert(guess.at, before.map_or(verdict, |before| before.max(verdict)));
                verdicts.get(&guess.at).copied() != before
            }
            Line::Rule(table, part) => {
                let of_table = sketch.tables.iter().find(|it| it.rows.table == table);
                let rule = of_table.and_then(|it| it.rules.iter().find(|rule| rule.part == part));
                let why = finding.message.clone();
                match rule.map(|rule| &rule.body) {
                    Some(Body::Delete) => self.known.stays.insert(table, format!("{why}, so they stay")).is_none(),
                    Some(Body::Columns(_)) if table != self.subject && part == Part::Owned => {
                        self.known.doubtful.insert(table, why).is_none()
                    }
                    Some(Body::Undecided(guesses)) => !guesses.is_empty() && self.known.unchangeable.insert(table),
                    Some(Body::Columns(_) | Body::Keep(_)) | None => false,
                }
            }
            Line::Virtual(index) => {
                let Some(it) = sketch.virtuals.get(index) else { return false };
                self.dropped.insert((it.child, it.column))
            }
            Line::Refresh(_) | Line::Other => false,
        }
    }

    /// Finds out which references stand in the way of deleting rows that are undecided: those of rows that don't go.
    fn hold(&self, sketch: &mut Sketch) {
        let goes: BTreeSet<TableId> = sketch
            .tables
            .iter()
            .filter(|table| table.rules.iter().all(|rule| matches!(rule.body, Body::Delete)))
            .map(|table| table.rows.table)
            .collect();
        for table in &mut sketch.tables {
            let id = table.rows.table;
            let held: BTreeSet<String> = self
                .catalog
                .keys_onto(id)
                .filter(|(key, _)| self.catalog.child(*key).is_some_and(|child| !goes.contains(&child)))
                .map(|(_, key)| format!("{}.{}", key.child.bare(), rows::columns(key)))
                .collect();
            for rule in table.rules.iter_mut().filter(|rule| matches!(rule.body, Body::Undecided(_))) {
                rule.held_by = held.iter().cloned().collect();
            }
        }
    }

    /// Takes choices away that don't fit where they are offered.
    fn offer(&self, sketch: &mut Sketch) {
        let most = |sketch: &Sketch| {
            let rules = sketch.tables.iter().flat_map(|table| &table.rules);
            let guesses = rules.flat_map(|rule| match &rule.body {
                Body::Columns(guesses) | Body::Undecided(guesses) => guesses.as_slice(),
                Body::Delete | Body::Keep(_) => &[],
            });
            guesses.filter(|guess| guess.decision().is_none()).map(|guess| guess.choices.len()).max().unwrap_or(0)
        };
        let schema = self.catalog_of_schema();
        let mut number = 0;
        while number < most(sketch) {
            let written = write::write(&self.catalog, sketch, Marks::Chosen(number), None);
            let found = judge(&written, &schema);
            let mut bad = BTreeSet::new();
            for (finding, line) in found {
                let refuses = finding.severity == Severity::Error || finding.code == Code::Unverified;
                if let (Line::Column(table, part, column), true) = (line, refuses) {
                    bad.insert((table, part, column));
                }
            }
            let mut changed = false;
            for table in &mut sketch.tables {
                for rule in &mut table.rules {
                    let part = rule.part;
                    let (Body::Columns(guesses) | Body::Undecided(guesses)) = &mut rule.body else { continue };
                    for guess in guesses.iter_mut().filter(|guess| guess.decision().is_none()) {
                        if bad.contains(&(table.rows.table, part, guess.column)) && number < guess.choices.len() {
                            guess.choices.remove(number);
                            changed = true;
                        }
                    }
                }
            }
            // Where one was taken away the next stands in its place, and is tried there.
            if !changed {
                number += 1;
            }
        }
    }
}

/// What `check` finds in a draft whose marks are decided, each with the line that it is about.
fn judge(written: &Written, catalog: &Catalog) -> Vec<(Diagnostic, Line)> {
    let file = SourceFile::new("draft", written.text.as_str());
    let stages = || -> Result<Report, Report> {
        let read = policy::read(&file)?;
        let mut report = read.warnings;
        let resolved = resolve(&read.value, catalog)?;
        report.extend(resolved.warnings);
        let Resolved { policy, catalog } = resolved.value;
        if let Err(found) = plan_for(Choice::Given, &policy, &catalog) {
            report.extend(found);
        }
        Ok(report)
    };
    placed(written, &stages().unwrap_or_else(|report| report))
}

/// Findings, each with what the line is about at which it stands.
fn placed(written: &Written, report: &Report) -> Vec<(Diagnostic, Line)> {
    let file = SourceFile::new("draft", written.text.as_str());
    let line_of = |found: &Diagnostic| {
        let place = found.primary.as_ref().map(|label| file.position(label.span.start).line);
        place.and_then(|line| written.lines.get(line - 1)).copied().unwrap_or(Line::Other)
    };
    report.sorted().into_iter().map(|found| (found.clone(), line_of(found))).collect()
}

/// Keys that nobody follows, as `accept` names them; one entry for keys of one name, where none of that name is followed.
fn accepts(catalog: &Catalog, closed: &[Closed]) -> Vec<Accept> {
    let column = |id: KeyId| match &catalog.key(id).pairs[..] {
        [only] => Some(only.child.clone()),
        _ => None,
    };
    let mut named: BTreeMap<Ident, Vec<&Closed>> = BTreeMap::new();
    for it in closed {
        if let Some(name) = column(it.key) {
            named.entry(name).or_default().push(it);
        }
    }
    let is_all = |name: &Ident, found: &[&Closed]| {
        let all = catalog.keys().filter(|(id, _)| column(*id).as_ref() == Some(name)).count();
        found.len() > 1
            && all == found.len()
            && found.iter().all(|it| it.why == found[0].why)
            && !name.as_str().contains('*')
    };
    let mut accepts = BTreeSet::new();
    for it in closed {
        let key = catalog.key(it.key);
        let group = column(it.key).and_then(|name| named.get(&name).filter(|found| is_all(&name, found)).map(|_| name));
        let at = match group {
            Some(name) => format!("*.{}", name.bare()),
            None => format!("{}.{}", key.child.bare(), rows::columns(key)),
        };
        accepts.insert(Accept { code: Code::PathNotFollowed, at, because: it.why.clone() });
    }
    accepts.into_iter().collect()
}
