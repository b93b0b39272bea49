//! Do engine and model agree on a case?

use super::check::{Finding, findings};
use super::compare::{before, differences, state};
use super::computed;
use super::engine::{Engine, EngineOutcome, PlanFault, Server};
use super::mix::Mix;
use super::model::{Outcome, predict};
use super::print::{ddl, foreign_keys, inserts, setup};
use super::rules::Case;
use super::yaml;

/// A disagreement.
pub struct Mismatch {
    /// The engine refused what the model takes for right.
    pub refused: bool,
    /// Everything that is needed to look into it.
    pub text: String,
}

/// Runs a case and compares. The engine is handed `given`: the case itself, unless a fault is planted.
pub fn judge(
    case: &Case,
    given: &Case,
    engine: &mut dyn Engine,
    server: &mut dyn Server,
    fault: Option<PlanFault>,
    mix: &mut Mix,
) -> Result<(), Mismatch> {
    let wrong = findings(case);
    let is_certain = wrong.iter().any(|finding| finding.certain);
    mix.count("cases", true);
    mix.count("had to be refused", is_certain);
    mix.count("might be refused", !is_certain && !wrong.is_empty());
    if is_certain && !engine.checks() {
        return Ok(());
    }
    let (outcome, facts) = predict(case);
    let explain = |what: String, refused: bool| Mismatch { refused, text: report(case, &wrong, &outcome, &what) };
    if let (Outcome::Fails(why), true) = (&outcome, wrong.is_empty()) {
        return Err(explain(format!("the model itself is wrong: it accepts a policy after which {why}"), false));
    }
    if matches!(outcome, Outcome::Fails(_)) && !engine.checks() {
        // Whoever doesn't look lets ON DELETE CASCADE and its like tidy up, unnamed.
        return Ok(());
    }
    server.sql(&setup(&case.world)).map_err(|error| explain(format!("the case can't be set up: {error}"), false))?;
    let got = engine.run(given, server, fault);
    let mut unread = None;
    let real = state(case, &mut |query| {
        server.rows(query).unwrap_or_else(|error| {
            unread = Some(error);
            Vec::new()
        })
    });
    if let Some(error) = unread {
        return Err(explain(format!("{got}, and then the tables can't be read: {error}"), false));
    }
    let changed = differences(case, &before(case), &real);
    let agree = |is_right: bool, what: &str| match is_right {
        true if changed.is_empty() => Ok(()),
        true => Err(explain(format!("{got}, and yet changed:\n{}", changed.join("\n")), false)),
        false => Err(explain(format!("{what}, but the engine: {got}"), false)),
    };
    if let EngineOutcome::Refused { codes, text } = &got {
        let has = |codes: &[String], code: &str| codes.iter().any(|found| found == code);
        let is_named = wrong.iter().any(|it| it.codes.iter().any(|code| has(codes, code)));
        mix.count("were refused by both", is_certain && is_named);
        mix.count("might be refused, and were", !is_certain && is_named);
        for class in computed::REFUSED {
            let is_it = |it: &&Finding| it.class == Some(class) && it.codes.iter().any(|code| has(codes, code));
            mix.count(class, wrong.iter().any(|it| is_it(&it)));
        }
        return match is_named {
            true => agree(true, ""),
            false => Err(explain(format!("refused for another reason:\n{text}"), wrong.is_empty())),
        };
    }
    if is_certain {
        return agree(false, "check must refuse this");
    }
    mix.note(case, &outcome, &facts);
    match &outcome {
        Outcome::NotEligible => agree(true, ""),
        Outcome::Stops(why) => agree(!matches!(got, EngineOutcome::Done), why),
        Outcome::Blocked(names) => {
            agree(matches!(&got, EngineOutcome::Blocked(found) if same(found, names)), "these guards block")
        }
        // What need not be accepted may also fail before anybody looks at a report.
        Outcome::RolledBack(_) if matches!(got, EngineOutcome::Failed(_)) && !wrong.is_empty() => agree(true, ""),
        Outcome::RolledBack(names) => {
            agree(matches!(&got, EngineOutcome::RolledBack(found) if same(found, names)), "these reports move")
        }
        Outcome::Fails(why) => agree(matches!(got, EngineOutcome::Failed(_)), why),
        Outcome::After(after) => {
            let wrong_cells = differences(case, after, &real);
            match got {
                EngineOutcome::Done if wrong_cells.is_empty() => Ok(()),
                EngineOutcome::Done => Err(explain(wrong_cells.join("\n"), false)),
                // A default may lead to a row that goes: what need not be accepted may also fail, and change nothing.
                EngineOutcome::Failed(_) if !wrong.is_empty() => agree(true, ""),
                _ => Err(explain(format!("this must succeed, but the engine: {got}"), false)),
            }
        }
    }
}

fn same(found: &[String], expected: &[String]) -> bool {
    let sorted = |names: &[String]| {
        let mut names = names.to_vec();
        names.sort();
        names
    };
    sorted(found) == sorted(expected)
}

fn report(case: &Case, wrong: &[Finding], outcome: &Outcome, what: &str) -> String {
    let expected = match outcome {
        Outcome::After(_) => "a commit".to_owned(),
        other => format!("{other:?}"),
    };
    let findings: String = wrong
        .iter()
        .map(|it| {
            let how = if it.certain { "must be refused" } else { "may be refused" };
            format!("{how}: {} ({})\n", it.place, it.codes.join(", "))
        })
        .collect();
    format!(
        "seed {} (EFFACE_ORACLE_SEED={} EFFACE_ORACLE_CASES=1)\n--- schema and data\n{}{}{}--- policy, subjects {:?}\n{}\
         --- the model says\n{findings}expects {expected}\n--- but\n{what}\n",
        case.seed,
        case.seed,
        ddl(&case.world),
        inserts(&case.world),
        foreign_keys(&case.world),
        case.subject_keys(),
        yaml::policy(case),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::generate::{Shape, case};
    use crate::oracle::print::dump;

    /// Says always the same, and does nothing.
    struct Idle(EngineOutcome);

    impl Engine for Idle {
        fn checks(&self) -> bool {
            true
        }

        fn plants(&self, _: PlanFault) -> bool {
            false
        }

        fn run(&mut self, _: &Case, _: &mut dyn Server, _: Option<PlanFault>) -> EngineOutcome {
            self.0.clone()
        }
    }

    /// Holds the state before, whatever is run.
    struct Still<'a>(&'a Case);

    impl Server for Still<'_> {
        fn sql(&mut self, _: &str) -> Result<(), String> {
            Ok(())
        }

        fn rows(&mut self, query: &str) -> Result<Vec<Vec<Option<String>>>, String> {
            let table = self.0.world.tables.iter().find(|table| dump(table) == query).ok_or("no such table")?;
            Ok(table.rows.iter().map(|row| row.iter().map(|value| value.text()).collect()).collect())
        }
    }

    /// How many of 200 cases are found to be wrong, and how many of these as refused for no reason.
    fn wrong_cases(says: &EngineOutcome) -> (usize, usize) {
        let judged = (0..200).filter_map(|seed| {
            let case = case(seed, &Shape::acyclic());
            judge(&case, &case, &mut Idle(says.clone()), &mut Still(&case), None, &mut Mix::default()).err()
        });
        let refused: Vec<bool> = judged.map(|mismatch| mismatch.refused).collect();
        (refused.len(), refused.iter().filter(|&&refused| refused).count())
    }

    #[test]
    fn an_engine_that_does_nothing_is_noticed() {
        assert!(wrong_cases(&EngineOutcome::Done).0 > 150);
        assert!(wrong_cases(&EngineOutcome::Failed("declined".into())).0 > 150);
    }

    #[test]
    fn an_engine_that_refuses_everything_is_noticed() {
        let (wrong, without_reason) = wrong_cases(&EngineOutcome::Refused { codes: vec![], text: String::new() });
        assert_eq!(wrong, 200, "no code is never the right code");
        assert!(without_reason > 150);
    }

    #[test]
    fn an_engine_that_blocks_or_rolls_back_without_reason_is_noticed() {
        assert!(wrong_cases(&EngineOutcome::Blocked(vec!["guard 0".into()])).0 > 150);
        assert!(wrong_cases(&EngineOutcome::RolledBack(vec!["report 0".into()])).0 > 150);
    }
}
