//! The statement of a step.

use super::helper::Helper;
use super::value::{self, At};
use super::writer::{Scene, Writer};
use crate::catalog::ColumnId;
use crate::plan::{Predicate, Step, StepAction};
use crate::resolve::{ColumnChange, NewValue};

impl Scene<'_> {
    /// The statement of a step, which is the plan's at this index, be it for other rows.
    pub fn step(&self, index: usize, step: &Step) -> Writer {
        let table = self.catalog.table(step.table);
        let mut w = Writer::new();
        match &step.action {
            StepAction::Delete => {
                w.kw("DELETE FROM ")
                    .rows_of(self.catalog, &table.name)
                    .kw("\nWHERE ")
                    .sql(&self.rows(step.table, &step.rows));
            }
            StepAction::Change(changes) => {
                if let Some(along) = &step.along {
                    self.change_together(&mut w, (index, step), along, changes);
                    return w;
                }
                if step.values_first.is_some() {
                    self.change_to_remembered(&mut w, (index, step), changes);
                    return w;
                }
                w.kw("UPDATE ").rows_of(self.catalog, &table.name).kw("\nSET ").list(
                    changes,
                    ",\n    ",
                    |w, change| {
                        w.column(table, change.column).kw(" = ");
                        self.value(w, table, change, At::Row);
                    },
                );
                let rows = self.rows(step.table, &step.rows);
                let several = matches!(step.rows, Predicate::Any(_));
                w.kw("\nWHERE ");
                // Rows that have their new values already are not written again.
                let holds: Option<Vec<Writer>> = value::all_knowable(changes)
                    .then(|| changes.iter().filter_map(|change| value::holds(self, table, change)).collect());
                match holds {
                    Some(holds) => {
                        w.kw(if several { "(" } else { "" }).sql(&rows).kw(if several { ")" } else { "" });
                        w.kw("\n  AND (").list(&holds, " AND ", |w, hold| {
                            w.sql(hold);
                        });
                        w.kw(") IS NOT TRUE");
                    }
                    None => {
                        w.sql(&rows);
                    }
                }
            }
        }
        w
    }

    /// The new values of a step that can't be told by their looks, computed first and remembered by key.
    pub fn remembered_values(&self, index: usize, step: &Step) -> Option<Writer> {
        let (StepAction::Change(changes), Some(key)) = (&step.action, &step.values_first) else { return None };
        let table = self.catalog.table(step.table);
        let mut w = Writer::new();
        w.kw("CREATE TEMP TABLE efface_values_").number(index as i128 + 1).kw(" ON COMMIT DROP AS\nSELECT ");
        w.list(key.iter().enumerate(), ", ", |w, (n, column)| {
            w.column(table, *column).kw(" AS key").number(n as i128 + 1);
        });
        for (n, change) in untold(changes).enumerate() {
            let column = table.column_at(change.column);
            // Cast where an assignment would read an untyped literal as the column's type; a text that is too long
            // must stay an error, which a cast would cut.
            let cast = !column.ty.is_text();
            w.kw(if cast { ",\n  CAST(" } else { ",\n  (" });
            match &change.value {
                NewValue::Default => w.printed(self.catalog.default_of(column).unwrap_or("NULL")),
                NewValue::Null
                | NewValue::Literal(_)
                | NewValue::StandIn(_)
                | NewValue::Expression(_)
                | NewValue::Random(_)
                | NewValue::Derived(_) => {
                    self.value(&mut w, table, change, At::Row);
                    &mut w
                }
            };
            if cast {
                w.kw(" AS ").printed(&column.type_sql);
            }
            w.kw(") AS value").number(n as i128 + 1);
        }
        w.kw("\nFROM ").rows_of(self.catalog, &table.name).kw("\nWHERE ").sql(&self.rows(step.table, &step.rows));
        Some(w)
    }

    /// A change whose new values have been remembered.
    fn change_to_remembered(&self, w: &mut Writer, (index, step): (usize, &Step), changes: &[ColumnChange]) {
        let table = self.catalog.table(step.table);
        let mut remembered = 0;
        w.kw("UPDATE ").rows_of(self.catalog, &table.name).kw("\nSET ").list(changes, ",\n    ", |w, change| {
            w.column(table, change.column).kw(" = ");
            if change.is_told_by_looks() {
                self.value(w, table, change, At::Beside(table));
            } else {
                remembered += 1;
                w.printed(&self.helper(Helper::Values)).kw(".value").number(remembered);
            }
        });
        w.kw("\nFROM ").sql(&self.remembered(index)).kw("\nWHERE ").sql(&self.remembered_rows(step));
    }

    /// A value that was remembered for a column, from the table of [`Scene::remembered`].
    pub fn remembered_value(&self, step: &Step, column: ColumnId) -> Option<Writer> {
        let (StepAction::Change(changes), Some(_)) = (&step.action, &step.values_first) else { return None };
        let number = untold(changes).position(|change| change.column == column)?;
        let mut w = Writer::new();
        w.printed(&self.helper(Helper::Values)).kw(".value").number(number as i128 + 1);
        Some(w)
    }

    /// The remembered values of a step, as a table with an alias.
    pub fn remembered(&self, index: usize) -> Writer {
        let mut w = Writer::new();
        w.kw("pg_temp.efface_values_").number(index as i128 + 1).kw(" AS ").printed(&self.helper(Helper::Values));
        w
    }

    /// The rows of a step's table that have remembered values.
    pub fn remembered_rows(&self, step: &Step) -> Writer {
        let (table, values) = (self.catalog.table(step.table), self.helper(Helper::Values));
        let mut w = Writer::new();
        w.list(step.values_first.iter().flatten().enumerate(), " AND ", |w, (n, column)| {
            w.ident(&table.name.name).kw(".").column(table, *column);
            w.kw(" = ").printed(&values).kw(".key").number(n as i128 + 1);
        });
        w
    }

    /// Whether the remembered values are there, as a condition over both tables.
    pub fn remembered_hold(&self, step: &Step) -> Writer {
        let (table, values) = (self.catalog.table(step.table), self.helper(Helper::Values));
        let mut w = Writer::new();
        let StepAction::Change(changes) = &step.action else { return w };
        w.list(untold(changes).enumerate(), " AND ", |w, (n, change)| {
            w.ident(&table.name.name).kw(".").column(table, change.column);
            w.kw("::text IS NOT DISTINCT FROM ").printed(&values).kw(".value").number(n as i128 + 1).kw("::text");
        });
        w
    }
}

fn untold(changes: &[ColumnChange]) -> impl Iterator<Item = &ColumnChange> {
    changes.iter().filter(|change| !change.is_told_by_looks())
}
