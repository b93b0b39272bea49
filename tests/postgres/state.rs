//! The rows of a database, before and after.

use std::collections::{BTreeMap, BTreeSet};

use efface::catalog::Catalog;
use efface::plan::{Plan, StepAction};
use efface::resolve::{Derived, Leaf, NewValue};

use crate::harness::Db;

/// The rows of every table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// By table, sorted.
    pub tables: BTreeMap<String, Vec<Row>>,
}

/// A row: its columns with their values as text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row(Vec<(String, Option<String>)>);

impl Row {
    /// Whether a value contains a word.
    pub fn has(&self, word: &str) -> bool {
        self.0.iter().any(|(_, value)| value.as_ref().is_some_and(|value| value.contains(word)))
    }

    fn shown(&self) -> String {
        let cells = self.0.iter().map(|(name, value)| {
            let value = value.as_deref().unwrap_or("∅");
            format!("{}={}", name.escape_debug(), value.escape_debug())
        });
        cells.collect::<Vec<_>>().join(" ")
    }
}

impl State {
    /// Every table as it is now.
    pub fn of(db: &Db, catalog: &Catalog) -> Self {
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let tables = catalog.tables.iter().map(|table| {
            let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
            let columns: Vec<_> = names.iter().map(|name| format!("{}::text", quoted(name))).collect();
            let from = format!("{}.{}", quoted(table.name.schema.as_str()), quoted(table.name.name.as_str()));
            // The rows of tables that inherit from this one are theirs.
            let only = if table.inherited_by.is_empty() { "" } else { "ONLY " };
            let query = format!("SELECT {} FROM {only}{from}", columns.join(", "));
            let row =
                |values: Vec<Option<String>>| Row(names.iter().map(|name| (*name).to_owned()).zip(values).collect());
            let mut rows: Vec<Row> = db.rows(&query).into_iter().map(row).collect();
            rows.sort();
            (table.name.bare().to_string(), rows)
        });
        Self { tables: tables.collect() }
    }

    /// The same with `<random>` for each value of a random column in a row that was not there before.
    pub fn masked(&self, before: &State, random: &BTreeSet<(String, String)>) -> State {
        let mut masked = self.clone();
        for (table, rows) in &mut masked.tables {
            for row in rows.iter_mut().filter(|row| !before.tables[table].contains(row)) {
                for (name, value) in &mut row.0 {
                    if value.is_some() && random.contains(&(table.clone(), name.clone())) {
                        *value = Some("<random>".to_owned());
                    }
                }
            }
            rows.sort();
        }
        masked
    }

    /// Each table's rows: as they are, with `-` where they went, with `+` where they came.
    pub fn difference(&self, before: &State, random: &BTreeSet<(String, String)>) -> String {
        let masked = self.masked(before, random);
        let mut text = String::new();
        for (table, old) in &before.tables {
            text.push_str(&format!("{table}\n"));
            let new = &self.tables[table];
            let mut lines: Vec<String> = Vec::new();
            for row in old {
                lines.push(format!("{} {}", if new.contains(row) { " " } else { "-" }, row.shown()));
            }
            for row in masked.tables[table].iter().filter(|row| !old.contains(row)) {
                lines.push(format!("+ {}", row.shown()));
            }
            text.push_str(&lines.iter().map(|line| format!("  {line}\n")).collect::<String>());
        }
        text
    }
}

/// Whether nobody knows beforehand what comes out.
fn is_random(value: &NewValue) -> bool {
    match value {
        NewValue::Random(_) | NewValue::Derived(Derived::Shift { .. }) => true,
        NewValue::Derived(Derived::Document(root)) => {
            root.edits().iter().any(|(_, leaf)| matches!(leaf, Leaf::Random(_)))
        }
        _ => false,
    }
}

/// Columns, by table, that get something random.
pub fn random_columns(plan: &Plan, catalog: &Catalog) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for step in &plan.steps {
        if let StepAction::Change(changes) = &step.action {
            let table = catalog.table(step.table);
            for change in changes.iter().filter(|change| is_random(&change.value)) {
                let column = table.column_at(change.column);
                found.insert((table.name.bare().to_string(), column.name.as_str().to_owned()));
            }
            for (follower, _) in step.followers() {
                let table = catalog.table(follower.table);
                let columns = follower.columns.iter().map(|following| table.column_at(following.column));
                found.extend(columns.map(|column| (table.name.bare().to_string(), column.name.as_str().to_owned())));
            }
        }
    }
    found
}
