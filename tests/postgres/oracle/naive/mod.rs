//! A second, even simpler engine: the policy by hand-written SQL.
//!
//! Scopes are captured in temporary tables ([`capture`]), then rows are changed, and one statement deletes all that go.
//! It checks nothing, knows nothing of plans, and shares nothing with the engine: it holds the model, and the generator,
//! against a real server.

mod capture;
mod change;
mod computed;
mod reach;

use super::engine::{Engine, EngineOutcome, PlanFault, Server};
use super::print::{ident, literal, rows_of};
use super::rules::{Action, Case, Reach, Whose};
use super::world::TableId;

pub struct Naive;

impl Engine for Naive {
    fn checks(&self) -> bool {
        false
    }

    fn plants(&self, _: PlanFault) -> bool {
        true
    }

    fn run(&mut self, case: &Case, server: &mut dyn Server, fault: Option<PlanFault>) -> EngineOutcome {
        let outcome = run(case, server, fault);
        let end = if matches!(outcome, Ok(EngineOutcome::Done)) { "commit" } else { "rollback" };
        match server.sql(end).and(outcome) {
            Ok(outcome) => outcome,
            Err(text) => EngineOutcome::Failed(text),
        }
    }
}

fn run(case: &Case, server: &mut dyn Server, fault: Option<PlanFault>) -> Result<EngineOutcome, String> {
    let captures = capture::statements(case, fault);
    server.sql(&format!("begin;\n{};", captures.join(";\n")))?;
    let mut blocked = Vec::new();
    for name in obstacles(case, server)? {
        match name.strip_prefix("stop ") {
            Some(why) => return Ok(EngineOutcome::Failed(why.into())),
            None => blocked.push(name),
        }
    }
    if !blocked.is_empty() {
        return Ok(EngineOutcome::Blocked(blocked));
    }
    let before = reports(case, server)?;
    server.sql(&change::statements(case, fault).join(";\n"))?;
    let after = reports(case, server)?;
    let moved = before.iter().zip(&after).zip(&case.policy.reports).filter(|((before, after), _)| before != after);
    let moved: Vec<String> = moved.map(|(_, report)| report.name.clone()).collect();
    Ok(if moved.is_empty() { EngineOutcome::Done } else { EngineOutcome::RolledBack(moved) })
}

/// What speaks against the run: guards by name, anything else behind the word `stop`.
fn obstacles(case: &Case, server: &mut dyn Server) -> Result<Vec<String>, String> {
    let (world, policy) = (&case.world, &case.policy);
    let mut queries: Vec<String> = Vec::new();
    let subject = rows_of(&world.tables[policy.subject]);
    let person = reach::reach(case, policy.subject, &Reach::Implied);
    if let Some(condition) = &policy.condition {
        let condition = condition.sql(world, policy.subject, Some("t"));
        queries.push(format!(
            "select 'stop not eligible' where exists (select 1 from {subject} as t where {person} and ({condition}) is not true)"
        ));
        queries.push(format!(
            "select 'stop not to be erased' where exists (select 1 from {subject} as t join s{} as d on ({}) = ({}) \
             where d.g and ({condition}) is not true)",
            policy.subject,
            reach::key_of(case, policy.subject, "t"),
            reach::key_of(case, policy.subject, "d"),
        ));
    }
    for key in case.expected_none() {
        let child = rows_of(&world.tables[world.keys[key].child]);
        let follows = reach::follow(case, &[key], "t", 0);
        let id = world.keys[key].child;
        let goes = match policy.whose == Whose::Rows && id == policy.subject {
            true => format!(
                "({person} and exists (select 1 from s{id} as d where ({}) = ({}) and d.g))",
                reach::key_of(case, id, "t"),
                reach::key_of(case, id, "d")
            ),
            false => "false".into(),
        };
        queries.push(format!(
            "select 'stop followed' where exists (select 1 from {child} as t where {follows} and not {goes})"
        ));
    }
    for (id, refusing) in capture::refusing(case) {
        queries.push(format!("select 'stop shared' where exists (select 1 from s{id} where h and r in ({refusing}))"));
    }
    for (key, value) in case.stand_ins() {
        let foreign = &world.keys[key];
        let (id, parent) = (foreign.parent, &world.tables[foreign.parent]);
        let is_renamed = reach::is_renamed(case, (id, foreign.parent_columns[0]), "t", &mut Vec::new());
        let is_person = match policy.whose == Whose::Rows && id == policy.subject {
            true => person.clone(),
            false => "false".into(),
        };
        queries.push(format!(
            "select 'stop stand-in' where not exists (select 1 from {} as t join s{id} as d on ({}) = ({}) \
             where t.{} = {} and not d.g and not ({is_person}) and not ({is_renamed}))",
            rows_of(parent),
            reach::key_of(case, id, "t"),
            reach::key_of(case, id, "d"),
            ident(&parent.columns[foreign.parent_columns[0]].name),
            literal(&value),
        ));
    }
    for guard in &policy.guards {
        let condition = guard.condition.as_ref().map_or("true".into(), |it| it.sql(world, guard.table, Some("t")));
        let table = rows_of(&world.tables[guard.table]);
        let reach = reach::reach(case, guard.table, &guard.reach);
        queries.push(format!(
            "select '{}' where exists (select 1 from {table} as t where {reach} and ({condition}))",
            guard.name
        ));
    }
    if queries.is_empty() {
        return Ok(Vec::new());
    }
    let rows = server.rows(&queries.join(" union all "))?;
    Ok(rows.into_iter().flatten().flatten().collect())
}

fn reports(case: &Case, server: &mut dyn Server) -> Result<Vec<Vec<Vec<Option<String>>>>, String> {
    let queries = case.policy.reports.iter().map(|report| report.query(&case.world));
    queries.map(|query| server.rows(&format!("select r::text from ({query}) as r order by 1"))).collect()
}

/// The numbers of a table's rules with such a reach and action, for `in (…)`.
fn numbers(case: &Case, table: TableId, wanted: impl Fn(&Reach, &Action) -> bool) -> String {
    let rules = case.policy.rules(table).unwrap_or_default();
    let found = rules.iter().enumerate().filter(|(_, rule)| wanted(&rule.reach, &rule.action));
    found.map(|(number, _)| number.to_string()).chain(["-2".into()]).collect::<Vec<_>>().join(", ")
}
