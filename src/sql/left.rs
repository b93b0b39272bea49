//! What is left of subjects whom a policy was to erase: asked before they are erased once more, and by `efface verify`.

use super::explain::{search_path_and_settings, uncaptured};
use super::predicate::key_type;
use super::script::Sql;
use super::value;
use super::writer::{Scene, Writer};
use crate::catalog::Catalog;
use crate::plan::{Plan, Step, StepAction};
use crate::resolve::{ColumnChange, NewValue};

/// What rows are, in a step's scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remains {
    /// Still there, where the step deletes them.
    ToDelete,
    /// Without their new values.
    ToChange,
    /// There, and their new values don't tell that they are new.
    Untold,
}

impl Remains {
    /// In words, behind a number of rows.
    pub fn words(self) -> &'static str {
        match self {
            Remains::ToDelete => "rows to delete",
            Remains::ToChange => "rows to change",
            Remains::Untold => "rows to change, whose new values don't tell that they are new",
        }
    }
}

/// The rows that are left in a step's scope.
pub(super) struct Left {
    pub what: Remains,
    /// A query for their number.
    pub count: Writer,
}

impl Scene<'_> {
    /// Rows that would be deleted; rows that don't have their new values, or of which that can't be told.
    pub(super) fn left_of(&self, step: &Step) -> Left {
        let table = self.catalog.table(step.table);
        let mut count = Writer::new();
        count.kw("SELECT count(*) FROM ").rows_of(self.catalog, &table.name).kw(" WHERE (");
        count.sql(&self.rows(step.table, &uncaptured(self.plan, &step.rows))).kw(")");
        let StepAction::Change(changes) = &step.action else { return Left { what: Remains::ToDelete, count } };
        // Nobody knows any more what values that were found elsewhere were.
        let tells = |change: &&ColumnChange| match &change.value {
            NewValue::Derived(derived) => derived.reads().is_none(),
            NewValue::Null
            | NewValue::Default
            | NewValue::Literal(_)
            | NewValue::StandIn(_)
            | NewValue::Expression(_)
            | NewValue::Random(_) => true,
        };
        let holds: Vec<Writer> =
            (changes.iter().filter(tells)).filter_map(|change| value::holds(self, table, change)).collect();
        if holds.is_empty() {
            return Left { what: Remains::Untold, count };
        }
        count.kw(" AND (").list(&holds, " AND ", |w, hold| {
            w.sql(hold);
        });
        count.kw(") IS NOT TRUE");
        Left { what: Remains::ToChange, count }
    }
}

/// What is asked about the scope of a step, or a guard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftQuestion {
    /// About what.
    pub about: LeftAbout,
    /// A query for the number of rows.
    pub sql: Sql,
}

/// What a question is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeftAbout {
    /// The step of this index, of whose scope rows are what is said.
    Step(usize, Remains),
    /// The guard of this index.
    Guard(usize),
}

/// What is left of the subjects of a plan; to be asked with [`left_settings`].
pub fn left_questions(plan: &Plan, catalog: &Catalog) -> Vec<LeftQuestion> {
    let scene = Scene { inline: true, ..Scene::new(catalog, plan) };
    let steps = plan.steps.iter().enumerate().map(|(index, step)| {
        let left = scene.left_of(step);
        LeftQuestion { about: LeftAbout::Step(index, left.what), sql: left.count.finish() }
    });
    let guards = scene.guard_checks().into_iter().enumerate().map(|(index, check)| LeftQuestion {
        about: LeftAbout::Guard(index),
        sql: {
            let mut w = Writer::new();
            w.kw("SELECT (").sql(&check.count).kw(")");
            w.finish()
        },
    });
    steps.chain(guards).collect()
}

/// What holds while [`left_questions`] are asked, and for each column of the subject's key the statement that takes the keys
/// as the text of an array in `$1`, with the name of its type.
pub fn left_settings(plan: &Plan, catalog: &Catalog) -> (Vec<Sql>, Vec<(Sql, String)>) {
    let keys = plan.subject.key(catalog).into_iter().enumerate().map(|(index, (_, ty))| {
        let mut w = Writer::new();
        w.kw("SELECT set_config('efface.key").number(index as i128 + 1).kw("', $1, true)");
        (w.finish(), key_type(&ty))
    });
    (search_path_and_settings(plan, catalog), keys.collect())
}
