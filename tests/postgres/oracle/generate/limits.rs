//! Who may be erased, what must not be there, and what must not move?

use super::Shape;
use super::decisions::condition;
use crate::oracle::law::law_of;
use crate::oracle::model::{Outcome, predict};
use crate::oracle::rng::Rng;
use crate::oracle::rules::{Case, Decision, Guard, Reach, Report, Whose};
use crate::oracle::world::{Row, TableId, Type};

/// The subject's `where`, guards and reports: mostly such that the run goes through, by the model's own judgement.
pub fn limits(rng: &mut Rng, shape: &Shape, case: &mut Case) {
    let people: Vec<Row> = case.people().cloned().collect();
    let is_eligible = !rng.chance(shape.not_eligible);
    if case.policy.whose == Whose::Rows && (!is_eligible || rng.chance(30)) {
        for _ in 0..12 {
            let found = condition(rng, shape, &case.world, case.policy.subject);
            let holds = |person: &Row| found.holds(&case.world, person) == Some(true);
            if people.iter().all(holds) == is_eligible {
                case.policy.condition = Some(found);
                break;
            }
        }
    }
    let decided: Vec<TableId> = case.policy.tables.iter().map(|entry| entry.table).collect();
    if rng.chance(shape.guards) {
        let may_block = rng.chance(25);
        for number in 0..rng.between(1, 3) {
            let table = *rng.pick(&decided);
            let rules = case.policy.rules(table).unwrap_or_default();
            let reach = rng.pick(rules).reach.clone();
            if matches!(reach, Reach::BySubject(_)) {
                continue;
            }
            let guarded = Some(condition(rng, shape, &case.world, table));
            case.policy.guards.push(Guard { name: format!("guard {number}"), table, reach, condition: guarded });
            if matches!(predict(case).0, Outcome::Blocked(_)) && !may_block {
                case.policy.guards.pop();
            }
        }
    }
    if rng.chance(shape.reports) {
        let may_move = rng.chance(20);
        for number in 0..rng.between(1, 3) {
            let Some(report) = report(rng, shape, case, number) else { continue };
            case.policy.reports.push(report);
            if matches!(predict(case).0, Outcome::RolledBack(_)) && !may_move {
                case.policy.reports.pop();
            }
        }
    }
}

/// A report whose rows the model can foretell.
fn report(rng: &mut Rng, shape: &Shape, case: &Case, number: usize) -> Option<Report> {
    let world = &case.world;
    let table = rng.below(world.tables.len());
    if world.tables[table].name.contains('\n') {
        return None;
    }
    let column = rng.below(world.tables[table].columns.len());
    let condition = rng.chance(50).then(|| condition(rng, shape, world, table));
    let is_propagated = |at: TableId, column: usize| {
        let rules = case.policy.rules(at).unwrap_or_default();
        rules.iter().any(|rule| matches!(rule.action.decision(column), Some(Decision::Propagate(_))))
    };
    let is_random = |at: TableId, column: usize, unique: bool| {
        let tables = world.with_heirs(at);
        let mut rules = tables.iter().flat_map(|&at| case.policy.rules(at).unwrap_or_default());
        rules.any(|rule| match rule.action.decision(column) {
            Some(Decision::Randomize(random)) => !(unique && law_of(world, at, column, random).unique),
            Some(Decision::Propagate(_)) => !unique,
            Some(Decision::ShiftDays(_)) => true,
            _ => false,
        })
    };
    let receives = |at: TableId, column: usize| {
        let receivers = world.receivers(&is_propagated);
        world.with_heirs(at).iter().any(|&at| receivers.contains(&(at, column)))
    };
    let reads = condition.iter().flat_map(|it| it.reads(table)).collect::<Vec<_>>();
    // A sub-select would be evaluated over the state before.
    let is_foretold = world.tables[table].columns[column].ty != Type::Jsonb
        && !is_random(table, column, true)
        && reads.iter().all(|&(at, column)| at == table && !is_random(at, column, false) && !receives(at, column));
    is_foretold.then(|| Report { name: format!("report {number}"), table, column, condition })
}
