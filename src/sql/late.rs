//! What is the server asked after COMMIT, to find rows that came in while the run waited?
//!
//! A row that another session inserts below the subject waits for our lock, and goes through when we have committed. So every
//! scope is asked for once more, as far as its rows can be told by their looks. Rows that our transaction has written are
//! left out: one that a rule has changed may look like another rule's.

use super::explain::{stages, uncaptured};
use super::script::Sql;
use super::search_path::search_path;
use super::value;
use super::writer::{Scene, Writer};
use crate::catalog::{Catalog, TableId};
use crate::plan::{Plan, Predicate, Reason, Step, StepAction};
use crate::resolve::Subject;

/// Questions that count rows which came in late.
#[derive(Clone, Debug)]
pub struct Late {
    /// Settings under which they are asked.
    pub settings: Vec<Sql>,
    /// Binds a part of the subject's key each, with the array of keys as text in `$1`.
    pub keys: Vec<Sql>,
    /// Tells our transaction, with its 32-bit id as text in `$1`.
    pub transaction: Sql,
    /// One row with a count for each of the tables.
    pub counts: Sql,
    /// Whose rows are counted; a table may stand here more than once.
    pub tables: Vec<TableId>,
}

/// What to ask; nothing where every row is meant, or no scope can be asked for again.
pub fn late(plan: &Plan, catalog: &Catalog) -> Option<Late> {
    if plan.subject == Subject::EveryRow {
        return None;
    }
    let scene = Scene { inline: true, ..Scene::new(catalog, plan) };
    let counted: Vec<(TableId, Writer)> =
        plan.steps.iter().filter_map(|step| Some((step.table, count(&scene, step)?))).collect();
    if counted.is_empty() {
        return None;
    }
    let mut path = Writer::new();
    path.kw("SET LOCAL search_path = ").list(&search_path(catalog, plan), ", ", |w, schema| {
        w.ident(schema);
    });
    let mut timeout = Writer::new();
    timeout.kw("SET LOCAL statement_timeout = ").text(&format!("{}ms", plan.limits.statement_timeout.as_millis()));
    let fixed = ["SET LOCAL DateStyle = 'ISO, MDY'", "SET LOCAL TimeZone = 'UTC'", "SET LOCAL row_security = off"];
    let fixed = fixed.map(|words| {
        let mut w = Writer::new();
        w.kw(words);
        w
    });
    let keys = (1..=plan.subject.key(catalog).len()).map(|number| {
        let mut w = Writer::new();
        w.kw("SELECT set_config('efface.key").number(number as i128).kw("', $1, true)");
        w.finish()
    });
    let mut transaction = Writer::new();
    transaction.kw("SELECT set_config('efface.transaction', $1, true)");
    let mut counts = Writer::new();
    counts.kw("SELECT ").list(&counted, ",\n  ", |w, (_, count)| {
        w.kw("(").sql(count).kw(")");
    });
    Some(Late {
        settings: fixed.into_iter().chain([path, timeout]).map(Writer::finish).collect(),
        keys: keys.collect(),
        transaction: transaction.finish(),
        counts: counts.finish(),
        tables: counted.into_iter().map(|(table, _)| table).collect(),
    })
}

/// The rows of a step as they must not be.
fn count(scene: &Scene<'_>, step: &Step) -> Option<Writer> {
    // What clears a reference is followed by what deletes the row. What the subject references may be shared, and stay so.
    let shared = |rows: &Predicate| rows.mentions(&|part| matches!(part, Predicate::ReferencedBy { .. }));
    let rows = uncaptured(scene.plan, &step.rows);
    if matches!(step.reason, Reason::Opens { .. }) || shared(&rows) || stages(scene.plan, &rows) {
        return None;
    }
    let table = scene.catalog.table(step.table);
    // The script's temporary tables have ended with the transaction.
    let lasts = |part: &Writer| !part.as_str().contains("pg_temp.");
    let rows = Some(scene.rows(step.table, &rows)).filter(lasts)?;
    let mut w = Writer::new();
    w.kw("SELECT count(*) FROM ").rows_of(scene.catalog, &table.name);
    w.kw(" WHERE (").sql(&rows).kw(")");
    if let StepAction::Change(changes) = &step.action {
        let holds: Vec<Writer> =
            changes.iter().filter_map(|change| value::holds(scene, table, change).filter(lasts)).collect();
        if holds.is_empty() {
            return None;
        }
        w.kw(" AND (").list(&holds, " AND ", |w, hold| {
            w.sql(hold);
        });
        w.kw(") IS NOT TRUE");
    }
    w.kw(" AND ").ident(&table.name.name).kw(".xmin::text <> current_setting('efface.transaction')");
    Some(w)
}
