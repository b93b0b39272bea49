//! What is the planner asked about each step?
//!
//! A captured step is explained with the rows of its capture inline: the temporary table doesn't exist in a read-only
//! transaction. The subject is a sample: some row that the policy may erase, whose key nobody gets to see.

use super::script::Sql;
use super::search_path::search_path;
use super::writer::{Scene, Writer};
use crate::catalog::Catalog;
use crate::plan::{Plan, Predicate, Step};

/// For questions about the server's own catalog; to compile them would take longer than to answer them.
pub(super) const SAFE_PATH: &str = "SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL jit = off";

/// Settings that hold while questions are asked: the script's search path, and an empty or sample subject.
pub fn settings(plan: &Plan, catalog: &Catalog, sample: bool) -> Vec<Sql> {
    let scene = Scene::new(catalog, plan);
    let key = (0..plan.subject.key(catalog).len()).map(|index| {
        let mut w = Writer::new();
        w.kw("SELECT set_config('efface.key").number(index as i128 + 1).kw("', ");
        if let Some(rows) = plan.subject.rows().filter(|_| sample) {
            let table = catalog.table(rows.table);
            w.kw("(SELECT coalesce(array_agg(sample), '{}')::text FROM (SELECT ").column(table, rows.key[index]);
            w.kw(" AS sample FROM ").rows_of(catalog, &table.name);
            // A condition may need the keys themselves, which are only being set.
            if let Some(condition) = rows.condition.as_ref().filter(|condition| condition.subject.is_empty()) {
                w.kw(" WHERE ");
                scene.condition(&mut w, condition);
            }
            w.kw(" ORDER BY ").list(&rows.key, ", ", |w, column| {
                w.column(table, *column);
            });
            w.kw(" LIMIT 1) AS sample)");
        } else {
            w.kw("'{}'");
        }
        w.kw(", true)");
        w.finish()
    });
    search_path_and_settings(plan, catalog).into_iter().chain(key).collect()
}

/// The settings of a question, without a subject.
pub(super) fn search_path_and_settings(plan: &Plan, catalog: &Catalog) -> Vec<Sql> {
    let mut path = Writer::new();
    path.kw("SET LOCAL search_path = ").list(&search_path(catalog, plan), ", ", |w, schema| {
        w.ident(schema);
    });
    // As the script does: what would be filtered is refused.
    let mut security = Writer::new();
    security.kw("SET LOCAL row_security = off");
    let mut strings = Writer::new();
    strings.kw("SET LOCAL standard_conforming_strings = on");
    // Compiling a question takes longer than answering it.
    let mut jit = Writer::new();
    jit.kw("SET LOCAL jit = off");
    vec![path.finish(), security.finish(), strings.finish(), jit.finish()]
}

/// `EXPLAIN (FORMAT JSON)` of each step, by the step's index; without those whose scope is remembered in stages, which
/// would be as long written out as remembering them is meant to avoid.
pub fn questions(plan: &Plan, catalog: &Catalog) -> Vec<(usize, Sql)> {
    let scene = Scene { inline: true, ..Scene::new(catalog, plan) };
    let steps = plan.steps.iter().enumerate().filter(|(_, step)| !stages(plan, &step.rows));
    steps
        .map(|(index, step)| {
            let inline = Step { rows: uncaptured(plan, &step.rows), values_first: None, ..step.clone() };
            let mut w = Writer::new();
            w.kw("EXPLAIN (FORMAT JSON)\n").sql(&scene.step(index, &inline));
            (index, w.finish())
        })
        .collect()
}

/// Whether a scope is remembered in stages: a closure that begins with another one.
pub(super) fn stages(plan: &Plan, rows: &Predicate) -> bool {
    rows.mentions(&|part| match part {
        Predicate::Closure { closure, .. } => plan.closures.get(*closure).is_some_and(|closure| {
            let closes = |seeds: &Predicate| seeds.mentions(&|part| matches!(part, Predicate::Closure { .. }));
            closure.members.iter().any(|member| closes(&member.seeds))
        }),
        _ => false,
    })
}

/// The rows of a predicate without captures.
pub(super) fn uncaptured(plan: &Plan, rows: &Predicate) -> Predicate {
    let each = |parts: &[Predicate]| parts.iter().map(|part| uncaptured(plan, part)).collect();
    match rows {
        Predicate::Captured { capture, rules, .. } => {
            let decided = &plan.captures[*capture].rules;
            let rows = |number: &usize| {
                let earlier = decided[..number - 1].iter();
                let taken = earlier.map(|(_, rows)| Predicate::NotTrue(Box::new(uncaptured(plan, rows))));
                let own = std::iter::once(uncaptured(plan, &decided[number - 1].1));
                Predicate::All(own.chain(taken).collect())
            };
            match &rules[..] {
                [only] => rows(only),
                many => Predicate::Any(many.iter().map(rows).collect()),
            }
        }
        Predicate::References { key, rows } => {
            Predicate::References { key: *key, rows: Box::new(uncaptured(plan, rows)) }
        }
        Predicate::ReferencedBy { key, rows } => {
            Predicate::ReferencedBy { key: *key, rows: Box::new(uncaptured(plan, rows)) }
        }
        Predicate::All(parts) => Predicate::All(each(parts)),
        Predicate::Any(parts) => Predicate::Any(each(parts)),
        Predicate::NotTrue(part) => Predicate::NotTrue(Box::new(uncaptured(plan, part))),
        Predicate::Matches { key, values, rows } => {
            Predicate::Matches { key: *key, values: values.clone(), rows: Box::new(uncaptured(plan, rows)) }
        }
        Predicate::Subject | Predicate::Closure { .. } | Predicate::Author(_) => rows.clone(),
    }
}
