//! Whose is a row? The way from a row to the people to whom it belongs, as SQL.
//!
//! Scopes are asked from the subject downwards ([`super::predicate`]); here it is the other way round: what the row in hand
//! references, and what that references, up to the key that tells the people apart. Each table on the way stands as a
//! sub-select, so that the author's conditions see the columns of their own table only.

use super::helper::Helper;
use super::writer::{Scene, Writer};
use crate::catalog::{KeyId, Table, TableId};
use crate::plan::RowOwners;
use crate::resolve::{Operand, Owner, Path, leads_to};

/// A way, as parts of a query.
pub(super) struct Way {
    /// What it reads, in order.
    pub tables: Vec<Writer>,
    /// How these hang together.
    pub conditions: Vec<Writer>,
    /// The key of the person at its end.
    pub key: Vec<Writer>,
}

impl Way {
    /// Its tables, with commas between them.
    pub fn from(&self) -> Writer {
        let mut w = Writer::new();
        w.list(&self.tables, ", ", |w, table| {
            w.sql(table);
        });
        w
    }

    /// Its conditions, with AND between them.
    pub fn conditions(&self) -> Writer {
        let mut w = Writer::new();
        w.list(&self.conditions, " AND ", |w, condition| {
            w.sql(condition);
        });
        w
    }
}

impl Scene<'_> {
    /// The way from a row of `table` that stands outside of the query.
    pub fn way_of_row(&self, table: &Table, path: &Path, owner: &Owner) -> Way {
        let mut way = Way { tables: Vec::new(), conditions: Vec::new(), key: Vec::new() };
        let Some(first) = path.0.first() else {
            way.key = owner.key.iter().map(|column| qualified(table, &table.column_at(*column).name)).collect();
            return way;
        };
        let mut own = Writer::new();
        let bare = !self.plan.virtual_conditions.contains_key(first) && !self.is_comparison(*first);
        if bare {
            let columns = self.catalog.key(*first).child_columns().map(|name| qualified(table, name)).collect();
            self.follow(&mut way, path, owner, columns);
            return way;
        }
        own.kw("(SELECT ");
        let count = self.next_columns(&mut own, *first, Some(table));
        own.kw(") AS ").printed(&self.helper(Helper::Own));
        way.tables.push(own);
        let columns = self.columns_of(&self.helper(Helper::Own), "next", count);
        self.follow(&mut way, path, owner, columns);
        way
    }

    /// The way from rows with values; `value` is the column for these.
    pub fn way_of_source(&self, path: &Path, owner: &Owner, value: Writer, rows: &Writer) -> Way {
        let mut way = Way { tables: Vec::new(), conditions: Vec::new(), key: Vec::new() };
        let Some(first) = path.0.first() else { return way };
        let Some(child) = self.catalog.child(*first) else { return way };
        let mut own = Writer::new();
        own.kw("(SELECT ").sql(&value).kw(", ");
        let count = self.next_columns(&mut own, *first, None);
        own.kw(" FROM ").rows_of(self.catalog, &self.catalog.table(child).name).kw(" WHERE ").sql(rows);
        own.kw(") AS ").printed(&self.helper(Helper::Own));
        way.tables.push(own);
        let columns = self.columns_of(&self.helper(Helper::Own), "next", count);
        self.follow(&mut way, path, owner, columns);
        way
    }

    /// Follows the keys of a path from where the columns of the first one are at hand.
    fn follow(&self, way: &mut Way, path: &Path, owner: &Owner, mut columns: Vec<Writer>) {
        for (index, key) in path.0.iter().enumerate() {
            let next = path.0.get(index + 1);
            if next.is_none() && leads_to(self.catalog, *key, Some(owner)) && !self.is_comparison(*key) {
                way.key = self.in_order(*key, owner, &columns);
                return;
            }
            let Some(parent) = self.catalog.parent(*key) else { return };
            let alias = format!("{}_{}", self.helper(Helper::Way), index + 1);
            let mut w = Writer::new();
            w.kw("(SELECT ");
            let here = self.here_columns(&mut w, *key, parent);
            w.kw(", ");
            let table = self.catalog.table(parent);
            let count = match next {
                Some(next) => self.next_columns(&mut w, *next, None),
                None => {
                    w.list(owner.key.iter().enumerate(), ", ", |w, (n, column)| {
                        w.column(table, *column).kw(" AS next").number(n as i128 + 1);
                    });
                    owner.key.len()
                }
            };
            w.kw(" FROM ").rows_of(self.catalog, &table.name);
            if let Some(values) = self.comparison(*key) {
                w.kw(" WHERE ");
                self.says_something(&mut w, parent, &values.theirs);
                w.kw("true");
            }
            w.kw(") AS ").printed(&alias);
            way.tables.push(w);
            for (here, there) in self.columns_of(&alias, "here", here).iter().zip(&columns) {
                let mut condition = Writer::new();
                condition.sql(here).kw(" = ").sql(there);
                way.conditions.push(condition);
            }
            columns = self.columns_of(&alias, "next", count);
        }
        way.key = columns;
    }

    /// The columns by which a row is found from below: `here1` and so on. How many.
    fn here_columns(&self, w: &mut Writer, key: KeyId, parent: TableId) -> usize {
        let table = self.catalog.table(parent);
        if let Some(values) = self.comparison(key) {
            return self.operand_columns(w, table, &values.theirs, "here", None);
        }
        let names: Vec<_> = self.catalog.key(key).parent_columns().collect();
        w.list(names.iter().enumerate(), ", ", |w, (n, name)| {
            w.ident(name).kw(" AS here").number(n as i128 + 1);
        });
        names.len()
    }

    /// The columns by which a key leads on: `next1` and so on; NULL where a virtual key doesn't reference. How many. Of a row
    /// that stands outside of the query, the columns are written with its table.
    fn next_columns(&self, w: &mut Writer, key: KeyId, outside: Option<&Table>) -> usize {
        let Some(child) = self.catalog.child(key) else { return 0 };
        let child = self.catalog.table(child);
        if let Some(values) = self.comparison(key) {
            return self.operand_columns(w, child, &values.own, "next", outside);
        }
        let names: Vec<_> = self.catalog.key(key).child_columns().collect();
        let condition = self.plan.virtual_conditions.get(&key);
        w.list(names.iter().enumerate(), ", ", |w, (n, name)| {
            if let Some(condition) = condition {
                w.kw("CASE WHEN ");
                self.condition(w, condition);
                w.kw(" THEN ");
            }
            match outside {
                Some(table) => w.sql(&qualified(table, name)),
                None => w.ident(name),
            };
            w.kw(if condition.is_some() { " END AS next" } else { " AS next" }).number(n as i128 + 1);
        });
        names.len()
    }

    fn operand_columns(
        &self,
        w: &mut Writer,
        table: &Table,
        operand: &Operand,
        name: &'static str,
        outside: Option<&Table>,
    ) -> usize {
        match operand {
            Operand::Columns(columns) => {
                w.list(columns.iter().enumerate(), ", ", |w, (n, column)| {
                    match outside {
                        Some(outside) => w.sql(&qualified(outside, &table.column_at(*column).name)),
                        None => w.column(table, *column),
                    };
                    w.kw(" AS ").kw(name).number(n as i128 + 1);
                });
                columns.len()
            }
            Operand::Expression(expression) => {
                w.author(&expression.fragment, &[], &Writer::new()).kw(" AS ").kw(name).number(1);
                1
            }
        }
    }

    /// Referencing columns in the order of the owner's key.
    fn in_order(&self, key: KeyId, owner: &Owner, columns: &[Writer]) -> Vec<Writer> {
        let table = self.catalog.table(owner.table);
        let parents: Vec<_> = self.catalog.key(key).parent_columns().collect();
        let place = |name| parents.iter().position(|parent| **parent == name).unwrap_or(0);
        owner.key.iter().map(|column| columns[place(table.column_at(*column).name.clone())].clone()).collect()
    }

    fn columns_of(&self, alias: &str, name: &'static str, count: usize) -> Vec<Writer> {
        let column = |n: usize| {
            let mut w = Writer::new();
            w.printed(alias).kw(".").kw(name).number(n as i128);
            w
        };
        (1..=count).map(column).collect()
    }

    fn comparison(&self, key: KeyId) -> Option<&crate::resolve::Values> {
        self.plan.comparisons.get(&key)
    }

    fn is_comparison(&self, key: KeyId) -> bool {
        self.comparison(key).is_some()
    }

    /// A table that remembers whose some rows are.
    pub fn owner_table(&self, index: usize) -> Writer {
        let owners = &self.plan.owners[index];
        let mut w = Writer::new();
        w.kw("CREATE TEMP TABLE efface_owners_").number(index as i128 + 1).kw(" ON COMMIT DROP AS\n");
        self.owners(&mut w, owners, None);
        w
    }

    /// Whose some rows are: the key of each row, and that of a person, as often as it takes. In a round of sweeps only the
    /// rows that were added.
    pub fn owners(&self, w: &mut Writer, owners: &RowOwners, round: Option<usize>) {
        let table = self.catalog.table(owners.table);
        let Some(owner) = &owners.people.values.owner else { return };
        let found = self.helper(Helper::Owner);
        w.list(&owners.people.ways, "\nUNION\n", |w, way| {
            let way = self.way_of_row(table, way, owner);
            w.kw("SELECT ").list(owners.key.iter().enumerate(), ", ", |w, (n, column)| {
                w.sql(&qualified(table, &table.column_at(*column).name)).kw(" AS key").number(n as i128 + 1);
            });
            w.kw(", ")
                .printed(&found)
                .kw(".*\nFROM ")
                .rows_of(self.catalog, &table.name)
                .kw(" CROSS JOIN LATERAL (SELECT ");
            w.list(way.key.iter().enumerate(), ", ", |w, (n, key)| {
                w.sql(key).kw(" AS owner").number(n as i128 + 1);
            });
            if !way.tables.is_empty() {
                w.kw(" FROM ").sql(&way.from());
            }
            if !way.conditions.is_empty() {
                w.kw(" WHERE ").sql(&way.conditions());
            }
            let rows = match round {
                Some(round) => owners.added(round),
                None => owners.rows.clone(),
            };
            w.kw(") AS ").printed(&found).kw("\nWHERE ").sql(&self.rows(owners.table, &rows));
            w.kw("\n  AND ").printed(&found).kw(".owner1 IS NOT NULL");
        });
    }
}

/// A column with its table.
pub(super) fn qualified(table: &Table, column: &crate::ident::Ident) -> Writer {
    let mut w = Writer::new();
    w.ident(&table.name.name).kw(".").ident(column);
    w
}
