//! The statement of a step.

use super::value;
use super::writer::{Scene, Writer};
use crate::plan::{Predicate, Step, StepAction};

impl Scene<'_> {
    /// A step's statement.
    pub fn step(&self, step: &Step) -> Writer {
        let table = self.catalog.table(step.table);
        let mut w = Writer::new();
        match &step.action {
            StepAction::Delete => {
                w.kw("DELETE FROM ").table(&table.name).kw("\nWHERE ").sql(&self.rows(step.table, &step.rows));
            }
            StepAction::Change(changes) => {
                w.kw("UPDATE ").table(&table.name).kw("\nSET ").list(changes, ",\n    ", |w, change| {
                    w.column(table, change.column).kw(" = ");
                    value::value(w, table.column_at(change.column), change);
                });
                let rows = self.rows(step.table, &step.rows);
                let several = matches!(step.rows, Predicate::Any(_));
                w.kw("\nWHERE ");
                // Rows that have their new values already are not written again.
                let holds: Option<Vec<Writer>> = value::all_knowable(changes).then(|| {
                    changes.iter().filter_map(|change| value::holds(table.column_at(change.column), change)).collect()
                });
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
}
