//! Does a row still reference, by a key that nobody enforces, one that is gone?
//!
//! Before a delete its references are looked for through the rows that go. Behind the last step only their remembered keys can
//! tell; so it is asked where triggers may have added rows since, and where the reference is to the columns that are
//! remembered.

use super::assert::Check;
use super::closure::aligned;
use super::writer::{Scene, Writer};
use crate::catalog::ColumnId;
use crate::plan::{Predicate, Step, StepAction};

impl Scene<'_> {
    /// No row references a deleted one by a key that nobody enforces.
    pub fn orphan_checks(&self) -> Vec<Check> {
        if !self.asks_again() {
            return Vec::new();
        }
        let deleting = self.plan.steps.iter().filter(|step| step.action == StepAction::Delete);
        deleting.flat_map(|step| self.orphans_of(step)).collect()
    }

    fn orphans_of(&self, step: &Step) -> Vec<Check> {
        let parent = self.catalog.table(step.table);
        let Some((key, gone)) = self.remembered_keys(&step.rows) else { return Vec::new() };
        let keys = self.catalog.keys_onto(step.table);
        let unenforced = keys.filter(|(_, key)| !key.is_enforced());
        let checks = unenforced.filter_map(|(id, foreign)| {
            let child = self.catalog.table(self.catalog.child(id)?);
            let columns = aligned(child, parent, &key, foreign)?;
            let mut count = Writer::new();
            count.kw("SELECT count(*) FROM ").rows_of(self.catalog, &child.name).kw(" WHERE ");
            count.columns(child, &columns).kw(" IN (").sql(&gone).kw(")");
            if let Some(condition) = self.plan.virtual_conditions.get(&id) {
                count.kw(" AND ");
                self.condition(&mut count, condition);
            }
            let (child, parent, key) = (child.name.bare(), parent.name.bare(), foreign.name.bare());
            Some(Check {
                name: child.to_string(),
                message: format!(
                    "rows reference deleted rows of `{parent}`, by `{key}`, which nobody enforces: look at the triggers that \
                     write `{child}`, or reach these rows by a rule"
                ),
                count,
            })
        });
        checks.collect()
    }

    /// The key columns of rows that are remembered, and the query of their values.
    fn remembered_keys(&self, rows: &Predicate) -> Option<(Vec<ColumnId>, Writer)> {
        let mut keys = Writer::new();
        match rows {
            Predicate::Subject => {
                self.subject_keys(&mut keys);
                Some((self.plan.subject.rows()?.key.clone(), keys))
            }
            Predicate::Captured { capture, rules, .. } => {
                self.captured_keys(&mut keys, *capture, rules);
                Some((self.plan.captures.get(*capture)?.key.clone(), keys))
            }
            Predicate::Closure { closure, member } => {
                self.closure_keys(&mut keys, *closure, *member);
                Some((self.plan.closures.get(*closure)?.members.get(*member)?.key.clone(), keys))
            }
            Predicate::References { .. }
            | Predicate::ReferencedBy { .. }
            | Predicate::Matches { .. }
            | Predicate::Author(_)
            | Predicate::All(_)
            | Predicate::Any(_)
            | Predicate::NotTrue(_) => None,
        }
    }
}
