//! A natural key and everything that references it, in one statement.
//!
//! The new values stand beside the old ones in a CTE that is computed once (`MATERIALIZED`: a random value must be the same
//! wherever it goes), and each table takes part once: of two changes to a row, a statement carries out the first alone.

use super::helper::Helper;
use super::value::At;
use super::writer::{Scene, Writer};
use crate::catalog::{ColumnId, KeyId, Table, TableId};
use crate::plan::{Along, Step};
use crate::resolve::{ColumnChange, Follower, FollowingColumn, NewValue};

/// Old values beside new ones, of one table.
struct Mapping {
    /// The table.
    table: TableId,
    /// The name of the CTE.
    name: String,
    /// The columns that are kept beside each other: `efface_old1`, `efface_new1` …
    columns: Vec<ColumnId>,
}

impl Mapping {
    fn number(&self, column: ColumnId) -> i128 {
        self.columns.iter().position(|other| *other == column).map_or(0, |index| index as i128 + 1)
    }

    fn write_old(&self, w: &mut Writer, column: ColumnId) {
        w.kw("efface_old").number(self.number(column));
    }

    fn write_new(&self, w: &mut Writer, column: ColumnId) {
        w.kw("efface_new").number(self.number(column));
    }
}

/// How a column finds its new value.
struct Lookup<'a> {
    mapping: &'a Mapping,
    /// Own columns and the mapping's columns that they are compared with.
    pairs: Vec<(ColumnId, ColumnId)>,
    /// The mapping's column with the new value.
    takes: ColumnId,
    /// Own columns that must hold something, or the row references nothing.
    present: Vec<ColumnId>,
    /// The key, for the condition of a virtual one.
    key: KeyId,
}

/// One statement in the making.
struct Together<'a> {
    scene: Scene<'a>,
    /// The index of the step in the plan.
    index: usize,
    step: &'a Step,
    along: &'a Along,
    changes: &'a [ColumnChange],
    mappings: Vec<Mapping>,
}

impl Scene<'_> {
    /// The statement of a step with what goes along.
    pub fn change_together(
        &self,
        w: &mut Writer,
        (index, step): (usize, &Step),
        along: &Along,
        changes: &[ColumnChange],
    ) {
        let together = Together { scene: *self, index, step, along, changes, mappings: self.mappings(step, along) };
        together.write(w);
    }

    /// The rule's table, and those that tell their new values to others.
    fn mappings(&self, step: &Step, along: &Along) -> Vec<Mapping> {
        let columns = along.propagation.followers.iter().flat_map(|follower| &follower.columns);
        let by_row: Vec<KeyId> =
            columns.filter(|column| !column.by_value).flat_map(|column| column.keys.clone()).collect();
        let compared = |table: TableId| {
            let name = &self.catalog.table(table).name;
            let keys = by_row.iter().map(|key| self.catalog.key(*key)).filter(move |key| key.parent == *name);
            keys.flat_map(|key| key.parent_columns()).filter_map(move |name| self.catalog.table(table).column_id(name))
        };
        let sorted = |mut columns: Vec<ColumnId>| {
            columns.sort();
            columns.dedup();
            columns
        };
        let own = sorted(along.propagation.roots.iter().copied().chain(compared(step.table)).collect());
        let own = Mapping { table: step.table, name: self.helper(Helper::Moved), columns: own };
        let others = along.propagation.followers.iter().enumerate().filter(|(_, other)| other.table != step.table);
        let others = others.filter_map(|(index, follower)| {
            let columns = sorted(compared(follower.table).collect());
            let changes = follower.columns.iter().any(|column| columns.contains(&column.column));
            changes.then(|| Mapping {
                table: follower.table,
                name: format!("{}_{}", self.helper(Helper::Moved), index + 1),
                columns,
            })
        });
        std::iter::once(own).chain(others).collect()
    }
}

impl Together<'_> {
    fn write(&self, w: &mut Writer) {
        let (first, others) = match self.mappings.split_first() {
            Some(found) => found,
            None => return,
        };
        w.kw("WITH ").printed(&first.name).kw(" AS MATERIALIZED (\n  ");
        self.own_values(w, first);
        w.kw("\n)");
        for mapping in others {
            if let Some(follower) = self.follower(mapping.table) {
                w.kw(", ").printed(&mapping.name).kw(" AS MATERIALIZED (\n  ");
                self.followed_values(w, mapping, follower);
                w.kw("\n)");
            }
        }
        let others = self.along.propagation.followers.iter().enumerate();
        for (index, follower) in others.filter(|(_, follower)| follower.table != self.step.table) {
            w.kw(", efface_also_").number(index as i128 + 1).kw(" AS (\n  ");
            self.update_follower(w, follower);
            w.kw("\n)");
        }
        w.kw("\n");
        match self.follower(self.step.table) {
            Some(own) => self.update_self_referencing(w, own),
            None => self.update_own(w),
        }
    }

    fn follower(&self, table: TableId) -> Option<&Follower> {
        self.along.propagation.followers.iter().find(|follower| follower.table == table)
    }

    fn table(&self, id: TableId) -> &Table {
        self.scene.catalog.table(id)
    }

    fn own(&self) -> &Table {
        self.table(self.step.table)
    }

    fn change_of(&self, column: ColumnId) -> Option<&ColumnChange> {
        self.changes.iter().find(|change| change.column == column)
    }

    /// `"bookings"."code"`.
    fn column(&self, w: &mut Writer, table: &Table, column: ColumnId) {
        w.ident(&table.name.name).kw(".").column(table, column);
    }

    /// The rows of the step with their keys, old and new values.
    fn own_values(&self, w: &mut Writer, mapping: &Mapping) {
        let table = self.own();
        w.kw("SELECT ").list(self.along.key.iter().enumerate(), ", ", |w, (n, column)| {
            self.column(w, table, *column);
            w.kw(" AS efface_key").number(n as i128 + 1);
        });
        for column in &mapping.columns {
            w.kw(", ");
            self.column(w, table, *column);
            w.kw(" AS efface_old").number(mapping.number(*column));
            let root = self.along.propagation.roots.contains(column);
            if let Some(change) = self.change_of(*column).filter(|_| root) {
                w.kw(",\n    ");
                self.typed_value(w, change);
                w.kw(" AS efface_new").number(mapping.number(*column));
            }
        }
        w.kw("\n  FROM ").rows_of(self.scene.catalog, &table.name);
        if self.step.values_first.is_some() {
            w.kw(", ").sql(&self.scene.remembered(self.index));
            w.kw("\n  WHERE ").sql(&self.scene.remembered_rows(self.step));
        } else {
            w.kw("\n  WHERE ").sql(&self.scene.rows(self.step.table, &self.step.rows));
        }
    }

    /// A new value of its column's type: in a query nothing else says what an untyped literal is.
    fn typed_value(&self, w: &mut Writer, change: &ColumnChange) {
        if let Some(remembered) = self.scene.remembered_value(self.step, change.column) {
            w.sql(&remembered);
            return;
        }
        let column = self.own().column_at(change.column);
        w.kw("CAST(");
        self.plain_value(w, change);
        // A text that is too long must stay an error, which a cast to its own type would cut.
        let ty = if column.ty.is_text() { "text" } else { &column.type_sql };
        w.kw(" AS ").printed(ty).kw(")");
    }

    fn plain_value(&self, w: &mut Writer, change: &ColumnChange) {
        let column = self.own().column_at(change.column);
        match &change.value {
            NewValue::Default => {
                w.printed(self.scene.catalog.default_of(column).unwrap_or("NULL"));
            }
            NewValue::Null
            | NewValue::Literal(_)
            | NewValue::StandIn(_)
            | NewValue::Expression(_)
            | NewValue::Random(_)
            | NewValue::Derived(_) => self.scene.value(w, self.own(), change, At::Beside(self.own())),
        }
    }

    /// The rows of a table on the way, for those below it.
    fn followed_values(&self, w: &mut Writer, mapping: &Mapping, follower: &Follower) {
        let table = self.table(mapping.table);
        w.kw("SELECT ").list(&mapping.columns, ", ", |w, column| {
            self.column(w, table, *column);
            w.kw(" AS efface_old").number(mapping.number(*column));
            if let Some(following) = follower.columns.iter().find(|following| following.column == *column) {
                w.kw(", ");
                self.new_or_same(w, table, following);
                w.kw(" AS efface_new").number(mapping.number(*column));
            }
        });
        w.kw("\n  FROM ").rows_of(self.scene.catalog, &table.name).kw("\n  WHERE ");
        self.any_follows(w, table, follower);
    }

    fn update_follower(&self, w: &mut Writer, follower: &Follower) {
        let table = self.table(follower.table);
        w.kw("UPDATE ").rows_of(self.scene.catalog, &table.name).kw(" SET ");
        let lookups: Vec<(ColumnId, Vec<Lookup<'_>>)> =
            follower.columns.iter().map(|following| (following.column, self.lookups(following))).collect();
        if let Some(key) = only_key(&lookups) {
            // One way for all columns: a join, which the planner can hash.
            w.list(&lookups, ", ", |w, (column, lookups)| {
                w.column(table, *column).kw(" = ");
                for lookup in lookups {
                    lookup.mapping.write_new(w, lookup.takes);
                }
            });
            w.kw(" FROM ").printed(&key.mapping.name).kw("\n  WHERE ");
            self.compared(w, table, key);
            self.references_at_all(w, table, key);
            return;
        }
        w.list(&follower.columns, ",\n    ", |w, following| {
            w.column(table, following.column).kw(" = ");
            self.new_or_same(w, table, following);
        });
        w.kw("\n  WHERE ");
        self.any_follows(w, table, follower);
    }

    fn update_own(&self, w: &mut Writer) {
        let table = self.own();
        w.kw("UPDATE ").rows_of(self.scene.catalog, &table.name).kw("\nSET ").list(
            self.changes,
            ",\n    ",
            |w, change| {
                w.column(table, change.column).kw(" = ");
                match self.mappings.first().filter(|_| self.along.propagation.roots.contains(&change.column)) {
                    Some(mapping) => mapping.write_new(w, change.column),
                    None => match self.scene.remembered_value(self.step, change.column) {
                        Some(remembered) => {
                            w.sql(&remembered);
                        }
                        None => self.scene.value(w, table, change, At::Beside(table)),
                    },
                }
            },
        );
        w.kw("\nFROM ").printed(&self.scene.helper(Helper::Moved));
        if self.step.values_first.is_some() {
            w.kw(", ").sql(&self.scene.remembered(self.index));
        }
        w.kw("\nWHERE ");
        self.own_keys(w);
        if self.step.values_first.is_some() {
            w.kw(" AND ").sql(&self.scene.remembered_rows(self.step));
        }
    }

    /// `"users"."id" = efface_key1`.
    fn own_keys(&self, w: &mut Writer) {
        w.list(self.along.key.iter().enumerate(), " AND ", |w, (n, column)| {
            self.column(w, self.own(), *column);
            w.kw(" = efface_key").number(n as i128 + 1);
        });
    }

    /// Rows that are changed because the rule says so, and rows that reference them, in one table.
    fn update_self_referencing(&self, w: &mut Writer, follower: &Follower) {
        let table = self.own();
        let decided = |w: &mut Writer| {
            let several = self.along.key.len() > 1;
            w.kw(if several { "(" } else { "" });
            w.list(&self.along.key, ", ", |w, column| self.column(w, table, *column));
            w.kw(if several { ") IN (SELECT " } else { " IN (SELECT " });
            w.list(1..=self.along.key.len(), ", ", |w, n| {
                w.kw("efface_key").number(n as i128);
            });
            w.kw(" FROM ").printed(&self.scene.helper(Helper::Moved)).kw(")");
        };
        let following = |column: ColumnId| follower.columns.iter().find(move |following| following.column == column);
        let followed = follower.columns.iter().filter(|following| self.change_of(following.column).is_none());
        w.kw("UPDATE ").rows_of(self.scene.catalog, &table.name).kw("\nSET ").list(
            self.changes,
            ",\n    ",
            |w, change| {
                w.column(table, change.column).kw(" = CASE WHEN ");
                decided(w);
                w.kw("\n      THEN ");
                self.value_of_own_row(w, change);
                w.kw("\n      ELSE ");
                match following(change.column) {
                    Some(following) => self.new_or_same(w, table, following),
                    None => self.column(w, table, change.column),
                }
                w.kw(" END");
            },
        );
        for following in followed {
            w.kw(",\n    ").column(table, following.column).kw(" = ");
            self.new_or_same(w, table, following);
        }
        w.kw("\nWHERE ");
        decided(w);
        w.kw("\n   OR ");
        self.any_follows(w, table, follower);
    }

    /// The new value of a row of the step, within a query over its table.
    fn value_of_own_row(&self, w: &mut Writer, change: &ColumnChange) {
        match self.mappings.first().filter(|_| self.along.propagation.roots.contains(&change.column)) {
            Some(mapping) => {
                w.kw("(SELECT ");
                mapping.write_new(w, change.column);
                w.kw(" FROM ").printed(&self.scene.helper(Helper::Moved)).kw(" WHERE ");
                self.own_keys(w);
                w.kw(")");
            }
            None => match self.scene.remembered_value(self.step, change.column) {
                Some(remembered) => {
                    w.kw("(SELECT ").sql(&remembered).kw(" FROM ").sql(&self.scene.remembered(self.index));
                    w.kw(" WHERE ").sql(&self.scene.remembered_rows(self.step)).kw(")");
                }
                None => self.plain_value(w, change),
            },
        }
    }

    /// The ways in which a column finds its new value, each once.
    fn lookups(&self, following: &FollowingColumn) -> Vec<Lookup<'_>> {
        let mut found: Vec<Lookup<'_>> = Vec::new();
        for key in &following.keys {
            if let Some(lookup) = self.lookup(following, *key)
                && !found.iter().any(|other| self.same(other, &lookup))
            {
                found.push(lookup);
            }
        }
        found
    }

    fn same(&self, one: &Lookup<'_>, other: &Lookup<'_>) -> bool {
        let condition = |lookup: &Lookup<'_>| self.along.conditions.get(&lookup.key);
        one.mapping.name == other.mapping.name
            && one.pairs == other.pairs
            && one.present == other.present
            && condition(one) == condition(other)
    }

    fn lookup(&self, following: &FollowingColumn, key: KeyId) -> Option<Lookup<'_>> {
        let foreign = self.scene.catalog.key(key);
        let child = self.table(self.scene.catalog.child(key)?);
        let columns: Vec<ColumnId> = foreign.child_columns().filter_map(|name| child.column_id(name)).collect();
        if following.by_value {
            let mapping = self.mappings.first()?;
            let pairs = vec![(following.column, following.root)];
            let others = columns.into_iter().filter(|column| *column != following.column);
            let present = others.filter(|column| !self.scene.catalog.refuses_null(child.column_at(*column))).collect();
            return Some(Lookup { mapping, pairs, takes: following.root, present, key });
        }
        let parent = self.scene.catalog.parent(key)?;
        let mapping = self.mappings.iter().find(|mapping| mapping.table == parent)?;
        let above = foreign.parent_columns().filter_map(|name| self.table(parent).column_id(name));
        let pairs: Vec<(ColumnId, ColumnId)> = columns.into_iter().zip(above).collect();
        let takes = pairs.iter().find(|(own, _)| *own == following.column)?.1;
        Some(Lookup { mapping, pairs, takes, present: Vec::new(), key })
    }

    /// The comparison of a row with the old values.
    fn compared(&self, w: &mut Writer, table: &Table, lookup: &Lookup<'_>) {
        w.list(&lookup.pairs, " AND ", |w, (own, theirs)| {
            self.column(w, table, *own);
            w.kw(" = ");
            lookup.mapping.write_old(w, *theirs);
        });
    }

    /// What else has to be so for the row to reference anything by the key.
    fn references_at_all(&self, w: &mut Writer, table: &Table, lookup: &Lookup<'_>) {
        for column in &lookup.present {
            w.kw(" AND ");
            self.column(w, table, *column);
            w.kw(" IS NOT NULL");
        }
        if let Some(condition) = self.along.conditions.get(&lookup.key) {
            w.kw(" AND ");
            self.scene.condition(w, condition);
        }
    }

    /// Whether the row references one that changes.
    fn follows(&self, w: &mut Writer, table: &Table, lookup: &Lookup<'_>) {
        let several = lookup.pairs.len() > 1;
        w.kw(if several { "(" } else { "" }).list(&lookup.pairs, ", ", |w, (own, _)| self.column(w, table, *own));
        w.kw(if several { ") IN (SELECT " } else { " IN (SELECT " });
        w.list(&lookup.pairs, ", ", |w, (_, theirs)| lookup.mapping.write_old(w, *theirs));
        w.kw(" FROM ").printed(&lookup.mapping.name).kw(")");
        self.references_at_all(w, table, lookup);
    }

    /// The new value where the row references one that changes, else the old one.
    fn new_or_same(&self, w: &mut Writer, table: &Table, following: &FollowingColumn) {
        w.kw("CASE");
        for lookup in self.lookups(following) {
            w.kw(" WHEN ");
            self.follows(w, table, &lookup);
            w.kw("\n      THEN (SELECT ");
            lookup.mapping.write_new(w, lookup.takes);
            w.kw(" FROM ").printed(&lookup.mapping.name).kw(" WHERE ");
            self.compared(w, table, &lookup);
            w.kw(")");
        }
        w.kw("\n      ELSE ");
        self.column(w, table, following.column);
        w.kw(" END");
    }

    fn any_follows(&self, w: &mut Writer, table: &Table, follower: &Follower) {
        let mut written: Vec<String> = Vec::new();
        for lookup in follower.columns.iter().flat_map(|following| self.lookups(following)) {
            let mut way = Writer::new();
            self.follows(&mut way, table, &lookup);
            if !written.contains(&way.as_str().to_owned()) {
                w.kw(if written.is_empty() { "" } else { "\n   OR " }).sql(&way);
                written.push(way.as_str().to_owned());
            }
        }
    }
}

/// The one way by which all columns of a table follow, where there is but one.
fn only_key<'a>(lookups: &'a [(ColumnId, Vec<Lookup<'a>>)]) -> Option<&'a Lookup<'a>> {
    let (_, first) = lookups.first()?;
    let [only] = &first[..] else { return None };
    let same = |other: &Lookup<'_>| {
        other.key == only.key && other.pairs == only.pairs && other.mapping.name == only.mapping.name
    };
    let all = lookups.iter().all(|(_, found)| matches!(&found[..], [other] if same(other)));
    all.then_some(only)
}
