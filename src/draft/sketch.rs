//! The draft as a value: which rules a policy would have, before a word of it is written.

use super::columns::{self, About, Guess, Verdicts};
use super::facts::Facts;
use super::rows::{Fate, Known, Layout, Rows};
use crate::catalog::{Catalog, ColumnId, TableId};
use crate::diagnostic::Code;
use crate::ident::{Ident, TableName};
use crate::resolve::Path;
use crate::sql::quote;

/// Everything that is written down.
#[derive(Clone, Debug)]
pub(super) struct Sketch {
    pub subject: TableId,
    /// The subject's key, where it isn't the primary key.
    pub key: Vec<Ident>,
    pub virtuals: Vec<Virtual>,
    pub tables: Vec<Table>,
    pub refreshes: Vec<TableName>,
    pub accepts: Vec<Accept>,
}

/// A reference that nobody has declared.
#[derive(Clone, Debug)]
pub(super) struct Virtual {
    pub child: TableId,
    pub column: ColumnId,
    pub parent: TableId,
    pub references: Ident,
    pub why: String,
    /// The column that would name the table: then it is a suggestion only, as nobody knows by which word.
    pub type_column: Option<Ident>,
    pub active: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Table {
    pub rows: Rows,
    pub rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
pub(super) struct Rule {
    /// Which rule of its table: what was learned about one is kept by this when the draft is made anew.
    pub part: Part,
    pub name: Option<String>,
    pub via: Vec<Path>,
    /// For rows that are found by no way.
    pub condition: Option<String>,
    pub why: String,
    pub body: Body,
    /// Where the rows are undecided: the references that `delete` would have to be reconciled with, `table.column`.
    pub held_by: Vec<String>,
}

/// Whose rows a rule of a table is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Owned,
    LettingGo,
    Acted,
}

#[derive(Clone, Debug)]
pub(super) enum Body {
    Delete,
    Keep(String),
    Columns(Vec<Guess>),
    /// Do the rows go or stay? What would happen to their columns if they stayed, where that is known to fit.
    Undecided(Vec<Guess>),
}

/// A finding that is settled.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Accept {
    pub code: Code,
    pub at: String,
    pub because: String,
}

/// Which decisions were found not to fit, so that others of their ladder stand.
pub(super) type Steps = std::collections::BTreeMap<(TableId, Part, ColumnId), Verdicts>;

/// Makes the rules of every table.
pub(super) fn tables(
    catalog: &Catalog,
    facts: &Facts,
    subject: TableId,
    layout: &Layout,
    key: &[Ident],
    known: &Known,
    steps: &Steps,
) -> Vec<Table> {
    let scrub = columns::scrubbed(catalog, subject);
    let scrub = scrub.iter().map(|column| super::yaml::in_flow(column)).collect::<Vec<_>>().join(", ");
    let decided = |table: TableId| layout.tables.iter().any(|rows| rows.table == table);
    let of = |rows: &Rows| {
        let about = About { catalog, facts, subject, key, rows, scrub: &scrub, decided: &decided };
        Table { rows: rows.clone(), rules: rules(&about, known, steps) }
    };
    layout.tables.iter().map(of).collect()
}

/// The condition that finds the persons in a table that inherits from theirs: no key leads to it.
fn heir_s(catalog: &Catalog, subject: TableId, key: &[Ident]) -> String {
    let key = if key.is_empty() { &catalog.table(subject).primary_key } else { key };
    let names: Vec<String> = key.iter().map(quote::ident).collect();
    match &names[..] {
        [only] => format!("{only} = any(:subject)"),
        many => format!("({}) in (:subject)", many.join(", ")),
    }
}

fn rules(about: &About<'_>, known: &Known, steps: &Steps) -> Vec<Rule> {
    let (catalog, rows) = (about.catalog, about.rows);
    let table = catalog.table(rows.table).name.bare().to_string();
    let own = rows.table == about.subject;
    let guesses = |part: Part| -> Vec<Guess> {
        let stepped = |id: ColumnId| {
            let mut guess = columns::guess(about, id);
            if let Some(verdicts) = steps.get(&(rows.table, part, id)) {
                guess.choose(verdicts);
            }
            guess
        };
        about.order().into_iter().map(stepped).collect()
    };
    // Rows of others: nothing of theirs changes but the references that must go.
    let others = |because: &str| {
        if rows.cleared.is_empty() {
            return Body::Keep(because.to_owned());
        }
        let one = |id: ColumnId| {
            let ladder = if rows.cleared.contains_key(&id) { "null".into() } else { "keep".to_owned() };
            Guess { column: id, ladder: vec![ladder], at: 0, why: String::new(), choices: Vec::new() }
        };
        Body::Columns(about.order().into_iter().map(one).collect())
    };
    let mut rules = Vec::new();
    let condition = rows.heir.then(|| heir_s(catalog, about.subject, about.key));
    if own || rows.heir || !rows.owned.is_empty() {
        let body = match rows.fate {
            Fate::Delete => Body::Delete,
            Fate::Stay => Body::Columns(guesses(Part::Owned)),
            Fate::Keep => others(&rows.why),
            Fate::Undecided if known.unchangeable.contains(&rows.table) => Body::Undecided(Vec::new()),
            Fate::Undecided => Body::Undecided(guesses(Part::Owned)),
        };
        let (why, name) = if own {
            ("the person's own row: it stays, without the person, for whatever references it".to_owned(), "the person")
        } else {
            (rows.why.clone(), "the person's own")
        };
        rules.push(Rule {
            part: Part::Owned,
            name: Some(name.into()),
            via: rows.owned.clone(),
            condition,
            why,
            body,
            held_by: Vec::new(),
        });
    }
    if !rows.letting_go.is_empty() {
        rules.push(Rule {
            part: Part::LettingGo,
            name: Some("others, which let go".into()),
            via: rows.letting_go.clone(),
            condition: None,
            why: "other people's rows that reference what goes".into(),
            body: others(""),
            held_by: Vec::new(),
        });
    }
    if !rows.acted.is_empty() {
        let because = if own {
            "other people's rows; the reference leads to a row that is nobody any more"
        } else {
            "not about the person, who only did something with them; the reference leads to a row that is nobody any more"
        };
        rules.push(Rule {
            part: Part::Acted,
            name: Some(if own { "those who reference the person".into() } else { format!("{table} of others") }),
            via: rows.acted.clone(),
            condition: None,
            why: String::new(),
            body: others(because),
            held_by: Vec::new(),
        });
    }
    if let [only] = &mut rules[..] {
        only.name = None;
    }
    rules
}
