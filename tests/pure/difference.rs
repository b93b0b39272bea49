//! What a change of policy or schema means, told from two plans.

use efface::catalog::{self, Catalog};
use efface::diagnostic::{Report, render};
use efface::plan::plan;
use efface::policy;
use efface::resolve::{Resolved, resolve};
use efface::review::{Effect, Estimates, PlanDifference, PlanFile, Reviewed, plan_difference_schema};
use efface::source::SourceFile;
use efface::sql::script;

const POLICY: &str = include_str!("../../policies/client-erasure.yaml");

fn club() -> Catalog {
    catalog::read(include_str!("../../policies/catalog.json")).expect("the recorded catalog")
}

/// The saved plan of a policy, or what was found.
fn planned(file: &SourceFile, catalog: &Catalog) -> Result<PlanFile, Report> {
    let resolved = resolve(&policy::read(file)?.value, catalog)?;
    let Resolved { policy, catalog } = &resolved.value;
    let plan = plan(policy, catalog)?;
    let script = script(&plan, catalog, file);
    let (estimates, warnings) = (Estimates::default(), Report::default());
    let (plan, script, estimates, warnings) = (&plan, &script, &estimates, &warnings);
    Ok(PlanFile::new(&Reviewed { file, policy, catalog, plan, script, estimates, warnings }))
}

fn of(text: &str, catalog: &Catalog) -> PlanFile {
    let file = SourceFile::new("policies/client-erasure.yaml", text);
    planned(&file, catalog).unwrap_or_else(|report| panic!("{}", render::text(&report, &file, false)))
}

/// The policy with some text in place of another, which stands there.
fn with(old: &str, new: &str) -> String {
    assert!(POLICY.contains(old), "{old}");
    POLICY.replacen(old, new, 1)
}

/// What the difference between the club's policy and another one says.
fn told(changed: &str) -> PlanDifference {
    let club = club();
    PlanDifference::between(&of(POLICY, &club), &of(changed, &club))
}

fn lines(difference: &PlanDifference, effect: Effect) -> Vec<String> {
    let all = difference.data.iter().chain(&difference.protection).filter(|it| it.effect == effect);
    all.map(|it| format!("{}: {}", it.about, it.words)).collect()
}

#[test]
fn what_moves_by_itself_is_no_difference() {
    for moved in [
        format!("# a comment\n\n{POLICY}"),
        POLICY.replace("\n\n", "\n\n\n"),
        POLICY.replace("# Unique by construction", "# Unique"),
    ] {
        let difference = told(&moved);
        assert!(difference.is_empty(), "{difference:?}");
        assert_eq!(difference.summary, "client-erasure: nothing changes");
        assert_ne!(difference.old.policy, difference.new.policy);
    }
}

#[test]
fn each_decision_that_is_turned_into_keep_is_told_as_less() {
    let mut tried = 0;
    for (at, line) in POLICY.lines().enumerate() {
        let Some((column, _)) = line.trim().split_once(": null") else { continue };
        let mut changed: Vec<&str> = POLICY.lines().collect();
        let kept = format!("        {column}: keep");
        changed[at] = &kept;
        let file = SourceFile::new("p.yaml", changed.join("\n") + "\n");
        // Columns that must be gone, or that a CHECK ties to others, can't be kept.
        let Ok(new) = planned(&file, &club()) else { continue };
        let difference = PlanDifference::between(&of(POLICY, &club()), &new);
        let less = lines(&difference, Effect::Less);
        let says =
            |line: &String| line.contains(&format!(".{column}: kept")) || line.contains("rows are no longer changed");
        assert!(less.len() == 1 && less.iter().all(says), "{column}: {difference:?}");
        assert!(!lines(&difference, Effect::More).iter().any(|line| line.contains(column)), "{difference:?}");
        tried += 1;
    }
    assert!(tried > 20, "{tried} columns");
}

#[test]
fn one_difference_is_the_summary() {
    for (changed, effect, summary) in [
        (
            with("town: null", "town: { keep: statistics by town }"),
            Effect::Less,
            "client-erasure: users.town: kept (statistics by town), before null",
        ),
        (
            with("name: { replace: \"[deleted]\" }", "name: { randomize: name }"),
            Effect::Otherwise,
            "client-erasure: users.name: becomes a random name, before \"[deleted]\"",
        ),
        (
            with("where: role = 'client'", "where: role <> 'admin'"),
            Effect::Otherwise,
            "client-erasure: subject `where`: role <> 'admin', before role = 'client'",
        ),
        (
            with("where: status in ('due', 'failed')", "where: status = 'due'"),
            Effect::Otherwise,
            "client-erasure: guard `outstanding payments`: blocks by the subject's rows of payments where status = 'due'; \
             before: the subject's rows of payments where status in ('due', 'failed')",
        ),
        (
            with("count(*) as joiners", "count(*) as new_ones"),
            Effect::Otherwise,
            "client-erasure: report `joiners per month`: its query is another one",
        ),
        (
            with("gone: [users.name, ", "gone: ["),
            Effect::Less,
            "client-erasure: old values that must be gone: no longer users.name",
        ),
    ] {
        let difference = told(&changed);
        assert_eq!(difference.summary, summary);
        assert_eq!(lines(&difference, effect).len(), 1, "{difference:?}");
        assert!(difference.schema.is_empty() && difference.script.added > 0, "{difference:?}");
    }
    let limits = told(&with("lock_timeout: 300ms", "lock_timeout: 900ms"));
    assert_eq!(limits.summary, "client-erasure: the SQL changes, in nothing that the steps of the plan show");
    assert_eq!(limits.script.parts, ["head: settings and limits"]);
}

/// The club's schema behind a migration that adds `users.nickname`.
fn with_nickname() -> Catalog {
    let mut after = club();
    let users = after.tables.iter_mut().find(|table| table.name.name.as_str() == "users").expect("there are users");
    let mut nickname = users.columns.iter().find(|column| column.name.as_str() == "town").expect("a text").clone();
    nickname.name = efface::ident::Ident::new("nickname");
    users.columns.push(nickname);
    catalog::read(&catalog::write(&after)).expect("a catalog")
}

#[test]
fn a_column_that_a_migration_adds_is_one_line() {
    let (before, after) = (club(), with_nickname());
    for (decision, effect, words) in [
        ("null", Effect::More, "becomes null; the column is new"),
        ("{ keep: shown in rankings }", Effect::Otherwise, "kept (shown in rankings); the column is new"),
        ("keep", Effect::Otherwise, "kept; the column is new"),
    ] {
        let amended = with("        town: null\n", &format!("        town: null\n        nickname: {decision}\n"));
        let difference = PlanDifference::between(&of(POLICY, &before), &of(&amended, &after));
        assert_eq!(difference.summary, format!("client-erasure: users.nickname: {words}"));
        assert_eq!(lines(&difference, effect), [format!("users.nickname: {words}")]);
        assert_eq!(difference.schema, ["column `users.nickname` was added"]);
        let back = PlanDifference::between(&of(&amended, &after), &of(POLICY, &before));
        assert_eq!(back.schema, ["column `users.nickname` was dropped"]);
    }
}

#[test]
fn rows_that_go_or_stay_and_rules_with_other_names_or_places() {
    let club = club();
    let visits = POLICY.find("  visits:\n").expect("visits are decided");
    let end = visits + POLICY[visits..].find("\n\n").expect("a blank line behind them");
    let without = |rule: &str| format!("{}{rule}{}", &POLICY[..visits], &POLICY[end..]);
    let deleted = told(&without("  visits:\n    rows: delete\n    via: booking_id -> bookings.client_id"));
    assert_eq!(lines(&deleted, Effect::More), ["visits: rows are deleted, and were changed before"]);
    let kept = told(&without("  visits:\n    keep: statistics\n    via: booking_id -> bookings.client_id"));
    let less = lines(&kept, Effect::Less);
    assert_eq!(less.len(), 2, "{kept:?}");
    assert!(less[0].starts_with("visits: rows are kept now: statistics"), "{less:?}");
    assert!(less[1].starts_with("visits: rows are no longer changed: rows whose booking_id is"), "{less:?}");
    let back = PlanDifference::between(
        &of(&without("  visits:\n    rows: delete\n    via: booking_id -> bookings.client_id"), &club),
        &of(POLICY, &club),
    );
    assert_eq!(lines(&back, Effect::Less), ["visits: rows are changed, and were deleted before"]);
    let renamed = told(&with("- name: cancel upcoming", "- name: upcoming ones"));
    assert_eq!(
        lines(&renamed, Effect::Otherwise),
        ["bookings: the rule has another name: `upcoming ones`, before `cancel upcoming`"]
    );
}

/// Every output of every pair is within its bounds, the same each time, and one value in all formats.
#[test]
fn any_two_plans_can_be_held_against_each_other() {
    let schema = jsonschema::validator_for(&plan_difference_schema()).expect("a JSON Schema");
    let mut plans: Vec<PlanFile> = Vec::new();
    for case in crate::case::all() {
        let catalog = catalog::read(&case.file("catalog.json")).expect("the recorded catalog");
        plans.extend(planned(&case.policy, &catalog));
    }
    assert!(plans.len() > 80, "{} plans", plans.len());
    for (old, new) in plans.iter().zip(plans.iter().cycle().skip(1)) {
        let same = PlanDifference::between(old, old);
        assert!(same.is_empty(), "{same:?}");
        let there = PlanDifference::between(old, new);
        if there.is_empty() {
            let does = |plan: &PlanFile| -> Vec<_> {
                let steps = plan.steps.iter();
                steps.map(|it| (it.table.clone(), it.action.clone(), it.scope.clone(), it.columns.clone())).collect()
            };
            assert_eq!(does(old), does(new), "{}", new.policy.name);
        }
        assert_eq!(there, PlanDifference::between(old, new));
        let json = serde_json::from_str(&there.json()).expect("JSON");
        assert!(schema.is_valid(&json));
        let (text, markdown) = (there.text(), there.markdown());
        assert!(markdown.chars().count() < 65_000);
        for it in there.data.iter().chain(&there.protection) {
            assert!(text.contains(&it.words), "{}\n{text}", it.words);
        }
        assert_eq!(text.lines().next(), Some(there.summary.as_str()));
    }
}

/// A saved plan is text that anybody can edit.
#[test]
fn nothing_in_a_saved_plan_repaints_a_terminal_or_breaks_a_line() {
    let old = of(POLICY, &club());
    let mut new = old.clone();
    let hostile = "a\u{1b}[2J\nb\rc\u{202e}d";
    new.policy.name = hostile.into();
    new.subject.condition = Some(hostile.into());
    new.guards[0].rows = hostile.into();
    new.reports.push(hostile.into());
    new.triggers.push(hostile.into());
    new.locks[0].table = hostile.into();
    for step in &mut new.steps {
        step.scope = hostile.into();
        step.place = hostile.into();
    }
    new.steps[13].columns[0].becomes = hostile.into();
    new.steps[13].columns[1].column = hostile.into();
    new.kept.push(efface::review::KeptPart { table: hostile.into(), column: None, reason: hostile.into(), rows: None });
    new.script.text = format!("{}\n-- {hostile}\nSELECT 1;\n", new.script.text);
    let difference = PlanDifference::between(&old, &new);
    for page in [difference.text(), difference.markdown()] {
        assert!(!page.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{202e}'), "{page:?}");
        assert!(!page.lines().any(|line| line.starts_with('b')), "{page}");
    }
}

#[test]
fn a_comment_of_two_enormous_plans_fits_and_says_what_it_leaves_out() {
    let mut plan = of(POLICY, &club());
    let step = plan.steps[0].clone();
    let old = plan.clone();
    plan.steps = (0..4_000)
        .map(|number| {
            let mut step = step.clone();
            step.table = format!("a_rather_long_name_of_a_table_{number}<img src=x>@everybody|`");
            step.scope = "x".repeat(5_000);
            step
        })
        .collect();
    let markdown = PlanDifference::between(&old, &plan).markdown();
    assert!(markdown.chars().count() < 65_000, "{}", markdown.chars().count());
    assert!(markdown.contains("more than fit here: `efface plan diff` shows them."));
    assert!(!markdown.contains("<img") && !markdown.contains("@everybody"), "{}", &markdown[..2_000]);
}

#[test]
fn the_pages_of_a_difference() {
    let changed =
        with("town: null", "town: keep").replace("where: status in ('due', 'failed')", "where: status = 'due'");
    let difference = told(&changed);
    assert!(difference.data.len() + difference.protection.len() > 1);
    insta::assert_snapshot!("plan-diff-text", difference.text());
    insta::assert_snapshot!("plan-diff-markdown", difference.markdown());
    insta::assert_snapshot!("plan-diff-json", difference.json());
    let amended = with("        town: null\n", "        town: null\n        nickname: { randomize: name }\n");
    let migrated = PlanDifference::between(&of(POLICY, &club()), &of(&amended, &with_nickname()));
    assert_eq!((migrated.data.len(), migrated.schema.len()), (1, 1));
    insta::assert_snapshot!("plan-diff-of-a-migration-text", migrated.text());
    insta::assert_snapshot!("plan-diff-of-a-migration-markdown", migrated.markdown());
    insta::assert_snapshot!("plan-diff-of-a-migration-json", migrated.json());
}
