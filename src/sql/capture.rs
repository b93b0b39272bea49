//! Rows that are remembered by key, with the rule that decides each.

use super::writer::{Scene, Writer};
use crate::plan::{Capture, Predicate};

impl Scene<'_> {
    /// The rows of a capture with the number of the rule that decides each, and the round in which they were found: 0
    /// before the first change, then one for each round of sweeps, and one for the verification.
    pub fn decided(&self, w: &mut Writer, index: usize, round: usize) {
        let capture = &self.plan.captures[index];
        let table = self.catalog.table(capture.table);
        w.kw("SELECT ").list(capture.key.iter().enumerate(), ", ", |w, (n, column)| {
            w.column(table, *column).kw(" AS key").number(n as i128 + 1);
        });
        // With one way for all rules, the way is the WHERE and only the conditions differ.
        let split: Vec<(&Predicate, Option<Predicate>)> = capture.rules.iter().map(|(_, rows)| split(rows)).collect();
        let shared = split.iter().all(|(way, _)| *way == split[0].0).then(|| split[0].0);
        let tests: Vec<Option<Writer>> = (capture.rules.iter().enumerate())
            .map(|(number, (_, rows))| match shared {
                Some(_) => split[number].1.as_ref().map(|condition| self.rows(capture.table, condition)),
                None => Some(self.rows(capture.table, rows)),
            })
            .collect();
        // A rule without a condition of its own takes all that is left.
        let last = tests.iter().position(Option::is_none);
        match last {
            Some(0) => {
                w.kw(", 1");
            }
            _ => {
                w.kw(", CASE");
                for (number, test) in tests.iter().enumerate().take_while(|(_, test)| test.is_some()) {
                    if let Some(test) = test {
                        w.kw(" WHEN ").sql(test).kw(" THEN ").number(number as i128 + 1);
                    }
                }
                if let Some(last) = last {
                    w.kw(" ELSE ").number(last as i128 + 1);
                }
                w.kw(" END");
            }
        }
        w.kw(" AS rule");
        if self.asks_again() {
            w.kw(", ").number(round as i128).kw(" AS round");
        }
        w.kw("\nFROM ").rows_of(self.catalog, &table.name).kw("\nWHERE ");
        match shared {
            Some(way) => w.sql(&self.rows(capture.table, way)),
            None => {
                let any = Predicate::Any(capture.rules.iter().map(|(_, rows)| rows.clone()).collect());
                w.sql(&self.rows(capture.table, &any))
            }
        };
    }
}

impl Scene<'_> {
    /// Whether captures are asked again, for what triggers may have written.
    pub fn asks_again(&self) -> bool {
        !self.plan.triggers.is_empty()
    }
}

/// Whether a capture, asked again after the steps, gives no row that was there before and isn't remembered. A path does;
/// a condition that is the whole scope and looks at other tables may not, as the steps have changed those.
pub(super) fn answers_alike(capture: &Capture) -> bool {
    capture.rules.iter().all(|(_, rows)| alike(rows))
}

/// Whether some rows are the same ones, asked for again, but for those that were added.
pub(super) fn alike(rows: &Predicate) -> bool {
    match rows {
        Predicate::Author(condition) => {
            condition.subject.is_empty() || (condition.reads.tables.is_empty() && !condition.reads.unknown)
        }
        Predicate::All(parts) | Predicate::Any(parts) => parts.iter().all(alike),
        Predicate::NotTrue(part) => alike(part),
        Predicate::References { rows, .. } | Predicate::Matches { rows, .. } => alike(rows),
        // A reference may have been moved to a stand-in, which nobody meant.
        Predicate::ReferencedBy { .. } => false,
        Predicate::Subject | Predicate::Captured { .. } | Predicate::Closure { .. } => true,
    }
}

/// A rule's rows as the way to them and what narrows them.
fn split(rows: &Predicate) -> (&Predicate, Option<Predicate>) {
    match rows {
        Predicate::All(parts) => match &parts[..] {
            [way, only] => (way, Some(only.clone())),
            [way, rest @ ..] => (way, Some(Predicate::All(rest.to_vec()))),
            [] => (rows, None),
        },
        other => (other, None),
    }
}
