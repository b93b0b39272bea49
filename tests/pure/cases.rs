//! What every case has to be without a server: checked, planned, written, the same each time.

use efface::catalog::{self, Catalog};
use efface::diagnostic::{Report, render};
use efface::plan::{Choice, EdgeReason, Plan, Reason, StepAction};
use efface::resolve::ResolvedPolicy;
use efface::source::SourceFile;
use efface::sql::{Role, Script};
use efface::{plan, policy, resolve, sql};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

use crate::case::{Case, Ends, each};

/// The recorded catalog.
pub fn recorded(case: &Case) -> Catalog {
    let text = case.file("catalog.json");
    let found = catalog::read(&text).unwrap_or_else(|error| panic!("catalog.json: {error}"));
    assert_eq!(catalog::write(&found), text, "a catalog file is read and written back as it is");
    found
}

/// What was made of a good policy.
pub struct Through {
    /// The one that the plan's ids are of.
    pub catalog: Catalog,
    pub plan: Plan,
    pub script: Script,
    pub warnings: Report,
}

/// From policy to script, or the report of a refused policy.
pub fn through(file: &SourceFile, catalog: &Catalog) -> Result<Through, Report> {
    through_for(plan::plan, file, catalog)
}

fn of_case(case: &Case, catalog: &Catalog) -> Result<Through, Report> {
    through_for(|policy, catalog| case.plan(policy, catalog), &case.policy, catalog)
}

fn through_for(
    planned: impl Fn(&ResolvedPolicy, &Catalog) -> Result<Plan, Report>,
    file: &SourceFile,
    catalog: &Catalog,
) -> Result<Through, Report> {
    let written = policy::read(file)?;
    let resolved = resolve::resolve(&written.value, catalog)?;
    let resolve::Resolved { policy, catalog } = resolved.value;
    let plan = planned(&policy, &catalog)?;
    let script = sql::script(&plan, &catalog, file);
    let mut warnings = written.warnings;
    warnings.extend(resolved.warnings);
    Ok(Through { catalog, plan, script, warnings })
}

#[test]
fn every_case_is_checked_and_planned_as_its_story_says() {
    each(|case| {
        let catalog = recorded(case);
        match (of_case(case, &catalog), &case.ends) {
            (Err(report), Ends::Refused) => {
                assert!(report.has_errors());
                case.snapshot("diagnostics", &render::text(&report, &case.policy, false));
            }
            (Ok(_), Ends::Refused) => panic!("accepted, where the story says refused"),
            (Err(report), _) => panic!("refused:\n{}", render::text(&report, &case.policy, false)),
            (Ok(Through { catalog, plan, script, warnings }), _) => {
                assert!(!warnings.has_errors());
                follows_the_plan(&plan, &script);
                parses(&script);
                let warned = render::text(&warnings, &case.policy, false);
                match warned.is_empty() {
                    true => assert!(!case.folder.join("diagnostics.snap").exists(), "no warnings, but a snapshot"),
                    false => case.snapshot("diagnostics", &warned),
                }
                case.snapshot("plan", &summary(&plan, &catalog));
                case.snapshot("script", &script.text());
            }
        }
    });
}

#[test]
fn the_order_in_which_a_catalog_lists_things_changes_nothing() {
    each(|case| {
        let catalog = recorded(case);
        let bytes = |catalog: &Catalog| match of_case(case, catalog) {
            Ok(Through { plan, script, warnings, .. }) => {
                let warnings = render::text(&warnings, &case.policy, false);
                format!("{plan:#?}\n{warnings}\n{}\n{}", script.digest(), script.text())
            }
            Err(report) => render::text(&report, &case.policy, false),
        };
        let first = bytes(&catalog);
        assert_eq!(bytes(&catalog), first, "twice the same");
        for turn in 1..4 {
            let shuffled = shuffled(catalog.clone(), turn).new().expect("the same catalog");
            assert_eq!(shuffled, catalog);
            assert_eq!(bytes(&shuffled), first);
        }
    });
}

/// One statement for each step, in the plan's order, and one more for each sweep.
pub fn follows_the_plan(plan: &Plan, script: &Script) {
    let run = |again: bool| {
        let roles = script.statements.iter().map(move |statement| match statement.role {
            Role::Step { step, sweep } if sweep == again => vec![step],
            Role::Together { ref steps } if !again => steps.clone(),
            _ => Vec::new(),
        });
        roles.flatten().collect::<Vec<_>>()
    };
    assert_eq!(run(false), (0..plan.steps.len()).collect::<Vec<_>>());
    assert_eq!(run(true), plan.sweeps.iter().map(|sweep| sweep.step).collect::<Vec<_>>());
    for (index, step) in plan.steps.iter().enumerate() {
        assert!(step.before.iter().all(|(then, _)| *then > index), "step {index} comes before what waits for it");
        assert!(!step.rules.is_empty() && !step.scope.is_empty(), "step {index} says why");
    }
    let binds = script.statements.iter().filter(|statement| matches!(statement.role, Role::BindSubject { .. }));
    let given = match &plan.choice {
        Choice::Given => script.key.len(),
        Choice::Expired(_) => 0,
    };
    assert_eq!(binds.count(), given);
    assert!(matches!(script.statements.first().map(|s| &s.role), Some(Role::Begin)));
    assert!(matches!(script.statements.last().map(|s| &s.role), Some(Role::Commit)));
}

/// What changes rows, locks them or remembers them is one statement for another parser too.
fn parses(script: &Script) {
    for statement in &script.statements {
        let sql = statement.sql.as_str();
        let remembers = ["CREATE TEMP TABLE efface_", "CREATE TEMP VIEW efface_", "INSERT INTO pg_temp."]
            .iter()
            .any(|start| sql.starts_with(start));
        if remembers || matches!(statement.role, Role::Step { .. } | Role::Together { .. } | Role::LockRows { .. }) {
            // The other parser doesn't know the word; the server does.
            let sql = sql.replace(" ONLY ", " ");
            // Paths into documents nest deeper than that parser likes.
            let parser = Parser::new(&PostgreSqlDialect {}).with_recursion_limit(200).try_with_sql(&sql);
            match parser.and_then(|mut parser| parser.parse_statements()) {
                Ok(parsed) => assert_eq!(parsed.len(), 1, "{sql}"),
                Err(error) => panic!("{error}\n{sql}"),
            }
        }
    }
}

/// The same catalog with everything that has no order of its own in another one.
fn shuffled(mut catalog: Catalog, turn: usize) -> Catalog {
    fn turned<T>(list: &mut [T], turn: usize) {
        list.reverse();
        if !list.is_empty() {
            list.rotate_left(turn % list.len());
        }
    }
    turned(&mut catalog.tables, turn);
    turned(&mut catalog.foreign_keys, turn);
    turned(&mut catalog.enums, turn);
    turned(&mut catalog.domains, turn);
    turned(&mut catalog.composites, turn);
    turned(&mut catalog.functions, turn);
    turned(&mut catalog.extensions, turn);
    turned(&mut catalog.others, turn);
    for table in &mut catalog.tables {
        turned(&mut table.columns, turn);
        turned(&mut table.unique, turn);
        turned(&mut table.checks, turn);
        turned(&mut table.exclusions, turn);
        turned(&mut table.indexed, turn);
        turned(&mut table.triggers, turn);
        turned(&mut table.rewrite_rules, turn);
        turned(&mut table.inherited_by, turn);
        if let Some(partitioned) = &mut table.partitioned {
            turned(&mut partitioned.columns, turn);
            turned(&mut partitioned.partitions, turn);
        }
    }
    for key in &mut catalog.foreign_keys {
        turned(&mut key.set_columns, turn);
    }
    for domain in &mut catalog.domains {
        turned(&mut domain.checks, turn);
    }
    for function in &mut catalog.functions {
        turned(&mut function.mentions, turn);
    }
    for other in &mut catalog.others {
        turned(&mut other.about, turn);
    }
    catalog
}

/// A plan in a few lines: what is locked, remembered and done, and why in this order.
fn summary(plan: &Plan, catalog: &Catalog) -> String {
    use std::fmt::Write;
    let table = |id| catalog.table(id).name.bare().to_string();
    let mut text = String::new();
    let mut line = |words: String| writeln!(text, "{words}").expect("writing to a string");
    line(format!(
        "lock rows of {}",
        plan.row_locks.iter().map(|lock| table(lock.table)).collect::<Vec<_>>().join(", ")
    ));
    for capture in &plan.captures {
        line(format!("remember rows of {} ({:?})", table(capture.table), capture.reason));
    }
    for guard in &plan.guards {
        line(format!("guard `{}` on {}", guard.name, table(guard.table)));
    }
    for (index, step) in plan.steps.iter().enumerate() {
        let action = match &step.action {
            StepAction::Delete => "delete rows of".to_owned(),
            StepAction::Change(changes) => {
                let columns = changes.iter().map(|change| catalog.table(step.table).column_at(change.column));
                let columns: Vec<_> = columns.map(|column| column.name.bare().to_string()).collect();
                format!("change {} of", columns.join(", "))
            }
        };
        line(format!("{}. {action} {}: {}", index + 1, table(step.table), step.scope));
        if let Reason::Cascade { keys } = &step.reason {
            let keys: Vec<_> = keys.iter().map(|key| catalog.key(*key).name.bare().to_string()).collect();
            line(format!("   because of the cascade over {}", keys.join(", ")));
        }
        if let Reason::Opens { key } = &step.reason {
            line(format!("   to open a circle at {}", catalog.key(*key).name.bare()));
        }
        if let Some(together) = step.together {
            line(format!("   in one statement with the others of circle {}", together + 1));
        }
        for (then, reason) in &step.before {
            let why = match reason {
                EdgeReason::Compute => "its new values are computed from what changes there".to_owned(),
                EdgeReason::Read => "its rows are found through rows that go there".to_owned(),
                EdgeReason::Along(key) => format!("{} takes new values along", catalog.key(*key).name.bare()),
                EdgeReason::Key(key) => format!("{} references rows that go there", catalog.key(*key).name.bare()),
            };
            line(format!("   before {}: {why}", then + 1));
        }
    }
    for sweep in &plan.sweeps {
        let after: Vec<_> = sweep.after.iter().map(|(on, name)| format!("{} on {}", name.bare(), table(*on))).collect();
        let before = sweep.before.map_or_else(String::new, |step| format!(", before {}", step + 1));
        line(format!("{} again, after {}{before}", sweep.step + 1, after.join(", ")));
    }
    for kept in &plan.kept {
        line(format!("keep {}: {} ({})", table(kept.table), kept.scope, kept.reason));
    }
    for fired in &plan.triggers {
        let unknown = if fired.opaque { ", and what it writes can't be known" } else { "" };
        line(format!("trigger {} on {} fires{unknown}", fired.trigger.bare(), table(fired.table)));
    }
    text
}
