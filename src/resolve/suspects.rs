//! Which columns look like references that nobody has declared?
//!
//! In many schemas keys are a habit of naming, not constraints. What such a column references is not followed, so its rows
//! stay undecided without a word. Three habits are known: the name that a declared key to the same table has elsewhere
//! (`client_id`), the table's name with its key's (`user_id`), and a pair that names the table beside the key
//! (`owner_id`, `owner_type`). The type must be the key's. A name that could mean several tables means none here: an alarm
//! that is often false is soon accepted unread.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Reach, ResolvedPolicy, Subject};
use super::words;
use crate::catalog::{Catalog, Column, ColumnId, Table, TableId};
use crate::diagnostic::Report;
use crate::ident::{Ident, TableName};
use crate::pgtype::PgType;
use crate::policy::Policy;

/// What a column looks like.
pub(super) struct Suspect<'a> {
    /// The table that it would reference.
    pub parent: &'a Table,
    /// The column there.
    pub column: &'a Ident,
    /// Why it looks so.
    pub habit: Habit<'a>,
    /// The column that would name the table, where there are rows of several tables to reference.
    pub type_column: Option<&'a Ident>,
}

/// A habit of naming.
#[derive(Clone, Copy)]
pub(super) enum Habit<'a> {
    /// A column of this table, of the same name, is declared to reference it.
    SameName(&'a TableName),
    /// It is called after the table and its key.
    TableAndKey,
    /// Another column tells which table is meant.
    Pair,
}

/// Reports columns that look like references to the subject's table or to one with rules, and are none.
pub(super) fn check(policy: &Policy, resolved: &ResolvedPolicy, catalog: &Catalog, report: &mut Report) {
    // Every row is decided for itself, by no way to it.
    if resolved.subject == Subject::EveryRow {
        return;
    }
    let subject = resolved.subject.table();
    let habits = Habits::of(subject, resolved.rules.iter().map(|rule| rule.table).chain(subject).collect(), catalog);
    let known = known(resolved, catalog);
    let mut rules = BTreeMap::new();
    for rule in &resolved.rules {
        rules.entry(rule.table).or_insert(rule.origin);
    }
    for id in catalog.table_ids() {
        let table = catalog.table(id);
        for (index, column) in table.columns.iter().enumerate() {
            // A table's own key may be shared with another table, and then that is a key, or nothing tells it.
            let is_key = table.primary_key.len() == 1 && table.primary_key.contains(&column.name);
            if is_key || known.contains(&(id, ColumnId(index))) {
                continue;
            }
            if let Some(suspect) = habits.suspect(id, column) {
                let span = rules.get(&id).copied().unwrap_or(policy.subject.place());
                report.push(words::looks_like_reference(table, &column.name, &suspect, span));
            }
        }
    }
}

/// A column that looks like a reference, by ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lookalike {
    /// The table and its column.
    pub child: (TableId, ColumnId),
    /// The table that it would reference, and the column there.
    pub parent: (TableId, Ident),
    /// Why it looks so.
    pub why: String,
    /// The column that would name the table.
    pub type_column: Option<Ident>,
    /// Whether nothing but such a column says so.
    pub by_pair: bool,
    /// Whether it is called after the table and its key.
    pub by_name: bool,
}

/// Columns that look like references to the subject's table or to one of `targets`, and are in no key: for a policy that
/// is yet to be written.
pub(crate) fn lookalikes(subject: TableId, targets: BTreeSet<TableId>, catalog: &Catalog) -> Vec<Lookalike> {
    let habits = Habits::of(Some(subject), targets, catalog);
    let mut found = Vec::new();
    for id in catalog.table_ids() {
        let table = catalog.table(id);
        let known: BTreeSet<&Ident> = catalog.keys_from(id).flat_map(|(_, key)| key.child_columns()).collect();
        for (index, column) in table.columns.iter().enumerate() {
            let is_key = table.primary_key.len() == 1 && table.primary_key.contains(&column.name);
            if is_key || known.contains(&column.name) {
                continue;
            }
            let Some(suspect) = habits.suspect(id, column) else { continue };
            let Some(parent) = catalog.table_id(&suspect.parent.name) else { continue };
            found.push(Lookalike {
                child: (id, ColumnId(index)),
                parent: (parent, suspect.column.clone()),
                why: words::habit(&suspect),
                type_column: suspect.type_column.cloned(),
                by_pair: matches!(suspect.habit, Habit::Pair),
                by_name: matches!(suspect.habit, Habit::TableAndKey),
            });
        }
    }
    found
}

/// Columns that are in a key, or that a policy finds rows by in another way.
fn known(resolved: &ResolvedPolicy, catalog: &Catalog) -> BTreeSet<(TableId, ColumnId)> {
    let mut known = BTreeSet::new();
    for (key, foreign) in catalog.all_keys() {
        let Some(child) = catalog.child(key) else { continue };
        let columns = foreign.child_columns().filter_map(|name| catalog.table(child).column_id(name));
        known.extend(columns.map(|column| (child, column)));
        let compared = resolved.values.get(&key).into_iter().flat_map(|values| values.own.reads().own.clone());
        known.extend(compared.map(|column| (child, column)));
    }
    for rule in resolved.rules.iter().filter(|rule| rule.reach == Reach::Condition) {
        let read = rule.condition.iter().flat_map(|condition| &condition.reads.own);
        known.extend(read.map(|column| (rule.table, *column)));
    }
    known
}

/// The names that references have here.
struct Habits<'a> {
    catalog: &'a Catalog,
    subject: Option<TableId>,
    /// For a name of declared references, what they reference and a table that has one; none where they differ.
    declared: BTreeMap<&'a Ident, Option<(TableId, &'a Ident, &'a TableName)>>,
    /// For a table's name with its key's, the tables.
    named: BTreeMap<String, Vec<TableId>>,
}

impl<'a> Habits<'a> {
    fn of(subject: Option<TableId>, targets: BTreeSet<TableId>, catalog: &'a Catalog) -> Self {
        let mut declared: BTreeMap<&Ident, Option<(TableId, &Ident, &TableName)>> = BTreeMap::new();
        for (id, key) in catalog.keys() {
            // `parent_id` is every tree's word for itself.
            let ([pair], Some(parent)) = (&key.pairs[..], catalog.parent(id)) else { continue };
            if catalog.child(id) == Some(parent) {
                continue;
            }
            let found = (parent, &pair.parent, &key.child);
            let kept = declared.entry(&pair.child).or_insert(Some(found));
            if kept.is_some_and(|kept| (kept.0, kept.1) != (found.0, found.1)) {
                *kept = None;
            }
        }
        declared.retain(|_, found| found.is_some_and(|found| targets.contains(&found.0)));
        let mut named: BTreeMap<String, Vec<TableId>> = BTreeMap::new();
        for id in targets {
            let table = catalog.table(id);
            let [key] = &table.primary_key[..] else { continue };
            for form in forms(table.name.name.as_str()) {
                named.entry(joined(&format!("{form}{}", key.as_str()))).or_default().push(id);
            }
        }
        Self { catalog, subject, declared, named }
    }

    fn suspect(&self, id: TableId, column: &'a Column) -> Option<Suspect<'a>> {
        self.same_name(id, column).or_else(|| self.table_and_key(id, column)).or_else(|| self.pair(id, column))
    }

    fn same_name(&self, id: TableId, column: &Column) -> Option<Suspect<'a>> {
        let (parent, key, other) = (*self.declared.get(&column.name)?)?;
        // A table's own number isn't a reference to a row of it.
        (id != parent).then_some(())?;
        self.fitting(id, column, parent, key, Habit::SameName(other))
    }

    fn table_and_key(&self, id: TableId, column: &Column) -> Option<Suspect<'a>> {
        let tables = self.named.get(&joined(column.name.as_str()))?;
        let table = self.catalog.table(id);
        let near = |parent: &&TableId| self.catalog.table(**parent).name.schema == table.name.schema;
        let parent = match tables.iter().filter(near).collect::<Vec<_>>()[..] {
            [only] => *only,
            [] => self.only_far(table, tables)?,
            _ => return None,
        };
        let [key] = &self.catalog.table(parent).primary_key[..] else { return None };
        self.fitting(id, column, parent, key, Habit::TableAndKey)
    }

    /// The only table of that name, in another schema, where the column's own schema has none.
    fn only_far(&self, table: &Table, tables: &[TableId]) -> Option<TableId> {
        let [only] = tables else { return None };
        let here = TableName { schema: table.name.schema.clone(), name: self.catalog.table(*only).name.name.clone() };
        self.catalog.table_id(&here).is_none().then_some(*only)
    }

    fn pair(&self, id: TableId, column: &Column) -> Option<Suspect<'a>> {
        let parent = self.subject?;
        let [key] = &self.catalog.table(parent).primary_key[..] else { return None };
        let found = self.fitting(id, column, parent, key, Habit::Pair)?;
        found.type_column.is_some().then_some(found)
    }

    /// The suspicion, where the types are the same.
    fn fitting(
        &self,
        id: TableId,
        column: &Column,
        parent: TableId,
        key: &'a Ident,
        habit: Habit<'a>,
    ) -> Option<Suspect<'a>> {
        let (table, parent) = (self.catalog.table(id), self.catalog.table(parent));
        let same = same_base(&column.ty, &parent.column(key)?.ty);
        let type_column = || {
            let stem = column.name.as_str().strip_suffix("_id")?;
            let named = table.column(&Ident::from(format!("{stem}_type").as_str()))?;
            (named.ty.is_text() || matches!(named.ty, PgType::Enum { .. })).then_some(&named.name)
        };
        same.then(|| Suspect { parent, column: key, habit, type_column: type_column() })
    }
}

/// A name however it is written: `user_id`, `userId`, `userid`.
fn joined(name: &str) -> String {
    name.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect()
}

/// Whether two columns can hold the same keys: lengths don't matter.
fn same_base(one: &PgType, other: &PgType) -> bool {
    one == other || (one.is_text() && other.is_text())
}

/// A table's name as a column would say it: as it is, and for one row (`users`, `user`).
fn forms(name: &str) -> Vec<String> {
    let irregular = [("people", "person"), ("children", "child"), ("men", "man"), ("women", "woman")];
    let mut forms = vec![name.to_owned()];
    for (many, one) in irregular {
        // `sales_people` too, `specimen` not.
        if name == many || name.ends_with(&format!("_{many}")) {
            forms.push(format!("{}{one}", name.strip_suffix(many).unwrap_or_default()));
        }
    }
    if let Some(stem) = name.strip_suffix("ies") {
        forms.push(format!("{stem}y"));
    }
    if let Some(stem) =
        name.strip_suffix("es").filter(|stem| ["s", "x", "z", "ch", "sh"].iter().any(|end| stem.ends_with(end)))
    {
        forms.push(stem.to_owned());
    }
    if let Some(stem) = name.strip_suffix('s').filter(|stem| !stem.ends_with('s')) {
        forms.push(stem.to_owned());
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::forms;

    #[test]
    fn a_column_says_one_row_of_a_table_in_simple_english() {
        for (table, one) in [
            ("users", "user"),
            ("classes", "class"),
            ("categories", "category"),
            ("people", "person"),
            ("sales_people", "sales_person"),
            ("boxes", "box"),
            ("houses", "house"),
            ("client", "client"),
        ] {
            assert!(forms(table).iter().any(|form| form == one), "{table}: {:?}", forms(table));
        }
        assert!(!forms("glass").iter().any(|form| form == "glas"));
    }
}
