//! Plans and graphs in their formats: what every one of them holds, how large it may become, and that nothing is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use efface::catalog::{self, Catalog};
use efface::diagnostic::{Report, render};
use efface::plan::Plan;
use efface::resolve::{self, Followed, Resolved, ResolvedPolicy, TableDecision, Unfinished};
use efface::review::{self, Estimates, Fold, Line, Picture, PlanFile, Reviewed};
use efface::source::SourceFile;
use efface::{plan, policy, sql};
use proptest::prelude::*;

use crate::{case, many};

/// The example's policy, under its name.
fn club() -> (SourceFile, Catalog) {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let text = |path: &str| std::fs::read_to_string(root.join(path)).expect("a file of ours");
    let file = SourceFile::new("policies/client-erasure.yaml", text("policies/client-erasure.yaml"));
    (file, catalog::read(&text("policies/catalog.json")).expect("a catalog"))
}

fn shown(report: &Report, file: &SourceFile) -> String {
    render::text(report, file, false).chars().take(2_000).collect()
}

/// What a reviewer looks at, or what was found.
fn reviewed<T>(file: &SourceFile, catalog: &Catalog, look: impl FnOnce(&Reviewed<'_>) -> T) -> Result<T, Report> {
    reviewed_as(file, catalog, |policy, catalog| Ok(plan::plan(policy, catalog)?.with_ledger()), look)
}

fn reviewed_as<T>(
    file: &SourceFile,
    catalog: &Catalog,
    planned: impl Fn(&ResolvedPolicy, &Catalog) -> Result<Plan, Report>,
    look: impl FnOnce(&Reviewed<'_>) -> T,
) -> Result<T, Report> {
    let read = policy::read(file)?;
    let resolved = resolve::resolve(&read.value, catalog)?;
    let mut warnings = read.warnings;
    warnings.extend(resolved.warnings);
    let Resolved { policy, catalog } = resolved.value;
    let plan = planned(&policy, &catalog)?;
    let script = sql::script(&plan, &catalog, file);
    let estimates = Estimates { rows: (0..plan.steps.len() as u64).map(|step| Some(3 * step + 1)).collect() };
    let (policy, catalog, plan, script, warnings) = (&policy, &catalog, &plan, &script, &warnings);
    Ok(look(&Reviewed { file, policy, catalog, plan, script, estimates: &estimates, warnings }))
}

/// Every plan of the cases and of the example.
fn each_plan(look: impl Fn(&str, &Reviewed<'_>)) {
    let (file, catalog) = club();
    reviewed(&file, &catalog, |reviewed| look("the fitness club", reviewed)).expect("the example fits");
    let mut plans = 0;
    for case in case::all() {
        let catalog = catalog::read(&case.file("catalog.json")).expect("the recorded catalog");
        let planned = |policy: &ResolvedPolicy, catalog: &Catalog| case.plan(policy, catalog);
        let looked = reviewed_as(&case.policy, &catalog, planned, |reviewed| look(&case.name, reviewed));
        plans += usize::from(looked.is_ok());
    }
    assert!(plans > 100, "{plans} plans");
}

#[test]
fn the_schemas_with_many_names_have_policies_that_fit() {
    for count in [1, 36, 100, 400] {
        let names = many::names(count);
        let (file, catalog) = (many::policy(&names, "a | b", true), many::schema(&names));
        let steps = reviewed(&file, &catalog, |reviewed| reviewed.plan.steps.len());
        assert!(steps.unwrap_or_else(|report| panic!("{}", shown(&report, &file))) * 2 > count);
    }
}

#[test]
fn every_step_of_a_plan_is_in_every_format() {
    each_plan(|name, reviewed| {
        let (text, markdown, html) = (review::text(reviewed), review::markdown(reviewed), review::html(reviewed));
        let file = PlanFile::new(reviewed);
        assert_eq!(file.steps.len(), reviewed.plan.steps.len(), "{name}");
        let rows = markdown.lines().filter(|line| line.starts_with("| ") && line.contains(" | line ")).count();
        let left_out: usize = markdown
            .lines()
            .filter_map(|line| line.strip_prefix("\u{2026} and ")?.split(' ').next()?.parse::<usize>().ok())
            .sum();
        assert_eq!(rows + left_out, reviewed.plan.steps.len(), "{name}\n{markdown}");
        for step in &file.steps {
            let number = step.number;
            assert!(
                text.contains(&format!("\n  {:<4}{} {}", format!("{number}."), step.action, step.table)),
                "{name} {number}"
            );
            assert!(html.contains(&format!("id=\"step-{number}\"")), "{name} {number}");
        }
    });
}

#[test]
fn the_same_plan_is_the_same_bytes_in_every_format() {
    let formats = |reviewed: &Reviewed<'_>| {
        let survey = resolve::survey_of(reviewed.policy, reviewed.catalog);
        let picture = Picture::new("x", &survey, reviewed.catalog, &BTreeMap::new(), Fold::READABLE);
        let drawings = [review::mermaid(&picture), review::dot(&picture), review::svg(&picture)];
        [review::text(reviewed), review::markdown(reviewed), review::html(reviewed)]
            .into_iter()
            .chain(drawings)
            .collect::<Vec<_>>()
    };
    let (file, catalog) = club();
    let first = reviewed(&file, &catalog, formats).expect("the example fits");
    let mut turned = catalog;
    turned.tables.reverse();
    turned.foreign_keys.rotate_left(3);
    let again = reviewed(&file, &turned.new().expect("the same catalog"), formats).expect("the example fits");
    assert!(first == again);
}

/// The survey and the picture of a policy that may not fit.
fn drawn(file: &SourceFile, catalog: &Catalog, fold: Fold) -> Option<(Unfinished, Picture)> {
    let unfinished = resolve::survey(&policy::read(file).ok()?.value, catalog).ok()?;
    let picture = Picture::new("x", &unfinished.survey, &unfinished.catalog, &BTreeMap::new(), fold);
    Some((unfinished, picture))
}

/// Every table stands in one node, and every key is an edge of its nodes or a line of one.
fn holds_everything(name: &str, Unfinished { survey, catalog, .. }: &Unfinished, picture: &Picture) {
    let mut drawn: Vec<&String> = picture.nodes.iter().flat_map(|node| &node.tables).collect();
    let count = drawn.len();
    drawn.sort();
    drawn.dedup();
    assert_eq!(drawn.len(), count, "{name}: each table once");
    let expected: BTreeSet<String> =
        survey.tables.keys().map(|id| catalog.table(*id).name.bare().to_string()).collect();
    assert_eq!(drawn.into_iter().cloned().collect::<BTreeSet<_>>(), expected, "{name}");
    let ids: BTreeSet<&String> = picture.nodes.iter().map(|node| &node.id).collect();
    assert_eq!(ids.len(), picture.nodes.len(), "{name}: each node has a name of its own");
    let node_of = |table: &efface::ident::TableName| {
        let name = table.bare().to_string();
        picture.nodes.iter().position(|node| node.tables.contains(&name)).expect("every table is drawn")
    };
    for (id, _) in &survey.keys {
        let key = catalog.key(*id);
        let (from, to) = (node_of(&key.child), node_of(&key.parent));
        let edge = picture.edges.iter().any(|edge| (edge.from, edge.to) == (from, to));
        assert!(edge || (from == to && key.child == key.parent), "{name}: {} is drawn", key.name.bare());
    }
}

#[test]
fn every_table_of_a_survey_is_drawn_once_and_every_key_too() {
    let (file, catalog) = club();
    let (unfinished, picture) = drawn(&file, &catalog, Fold::READABLE).expect("the example has a subject");
    holds_everything("the fitness club", &unfinished, &picture);
    let mut pictures = 0;
    for case in case::all() {
        let catalog = catalog::read(&case.file("catalog.json")).expect("the recorded catalog");
        for fold in [Fold::Never, Fold::Over(3)] {
            let Some((unfinished, picture)) = drawn(&case.policy, &catalog, fold) else { continue };
            holds_everything(&case.name, &unfinished, &picture);
            pictures += 1;
        }
    }
    assert!(pictures > 200, "{pictures} pictures");
    for (count, most) in [(36, 40), (100, 40), (400, 60)] {
        let names = many::names(count);
        let (file, catalog) = (many::policy(&names, "x", false), many::schema(&names));
        let (unfinished, picture) = drawn(&file, &catalog, Fold::READABLE).expect("a subject");
        holds_everything(&format!("{count} tables"), &unfinished, &picture);
        assert!(picture.nodes.len() <= most, "{} nodes", picture.nodes.len());
    }
}

/// How a table looks.
fn look(picture: &Picture, table: &str) -> (TableDecision, String) {
    let node = picture.nodes.iter().find(|node| node.tables.iter().any(|name| name == table));
    let node = node.unwrap_or_else(|| panic!("{table} is drawn"));
    (node.look, node.lines.join("; "))
}

fn edge(picture: &Picture, from: &str, label: &str) -> (Line, Followed) {
    let at = |edge: &&review::Edge| picture.nodes[edge.from].title == from && edge.labels.iter().any(|it| it == label);
    let found = picture.edges.iter().find(at).unwrap_or_else(|| panic!("{from} by {label} is drawn"));
    (found.line, found.followed)
}

#[test]
fn what_nobody_has_decided_stands_out_and_the_rest_is_drawn_all_the_same() {
    let (file, catalog) = club();
    let edited = |from: &str, to: &str| {
        assert!(file.text().contains(from), "{from}");
        SourceFile::new("x.yaml", file.text().replacen(from, to, 1))
    };
    let picture = |file: &SourceFile| drawn(file, &catalog, Fold::Never).expect("a subject").1;
    let finished = picture(&file);
    assert_eq!(look(&finished, "audits"), (TableDecision::Deleted, "\u{2715} deleted".into()));
    assert_eq!(look(&finished, "notes").0, TableDecision::Changed);
    assert_eq!(look(&finished, "classes").0, TableDecision::Accepted);
    assert_eq!(edge(&finished, "notes", "author_id").1, Followed::Accepted);
    assert_eq!(edge(&finished, "bookings", "client_id").1, Followed::Yes);
    assert_eq!(finished.undecided(), 0);

    // A table that nobody mentions.
    let start = file.text().find("\n  notes:").expect("it is there");
    let end = start + 1 + file.text()[start + 1..].find("\n\n").expect("something follows");
    let without = SourceFile::new("x.yaml", format!("{}{}", &file.text()[..start], &file.text()[end..]));
    let without = picture(&without);
    assert_eq!(look(&without, "notes"), (TableDecision::Undecided, "\u{26a0} NOT DECIDED".into()));
    assert_eq!(edge(&without, "notes", "client_id").1, Followed::No);
    assert_eq!(without.undecided(), 1);
    assert_eq!(look(&without, "audits").0, TableDecision::Deleted, "the others are as they were");

    // A column that nobody mentions: the way of the rule is known all the same.
    let column = picture(&edited("      device_name: null ", "      # "));
    let (decision, lines) = look(&column, "visits");
    assert_eq!(decision, TableDecision::Undecided);
    assert!(lines.contains("NOT DECIDED: 1 column; device_name"), "{lines}");
    assert_eq!(edge(&column, "visits", "booking_id").1, Followed::Yes);

    // What a draft leaves to somebody is as undecided.
    let draft = picture(&edited("      device_name: null ", "      device_name: undecided "));
    assert_eq!(look(&draft, "visits"), look(&column, "visits"));
    let draft = picture(&SourceFile::new(
        "x.yaml",
        format!("{}  notes: undecided\n{}", &file.text()[..=start], &file.text()[end..]),
    ));
    assert_eq!(look(&draft, "notes"), (TableDecision::Undecided, "\u{26a0} NOT DECIDED".into()));

    // A name that doesn't exist: what was written is drawn, and that it is wrong.
    let wrong = picture(&edited("      device_name: null ", "      device_nam: null\n      device_name: null "));
    let (decision, lines) = look(&wrong, "visits");
    assert_eq!(decision, TableDecision::Changed);
    assert!(lines.ends_with("with errors"), "{lines}");

    // Without the subject's table nothing leads anywhere.
    assert!(drawn(&edited("table: users", "table: people"), &catalog, Fold::Never).is_none());
}

#[test]
fn cascades_virtual_keys_and_comparisons_are_told_apart() {
    let of = |name: &str| {
        let case = case::all().into_iter().find(|case| case.name == name).expect("the case is there");
        let catalog = catalog::read(&case.file("catalog.json")).expect("the recorded catalog");
        drawn(&case.policy, &catalog, Fold::Never).expect("a subject").1
    };
    let cascade = of("a-cascade-over-a-diamond");
    assert!(cascade.nodes.iter().any(|node| node.look == TableDecision::Cascaded));
    assert!(of("virtual-keys-of-every-form").edges.iter().any(|edge| edge.line == Line::Dashed));
    let compared = of("paths-that-compare-values");
    assert!(compared.edges.iter().any(|edge| edge.line == Line::Dotted && edge.followed == Followed::Yes));
    let guest = of("a-guest-is-an-address-in-ten-tables");
    assert!(guest.nodes.len() >= 10 && guest.nodes.iter().all(|node| !node.subject));
    let masked = of("a-masked-copy-that-forgets-a-table");
    assert_eq!(masked.undecided(), 1, "a policy for every row decides every table");
}

/// A comment of a plan with so many tables, whose author writes these words wherever words can stand.
fn comment(count: usize, words: &str) -> String {
    let names = many::names(count);
    let (file, catalog) = (many::policy(&names, words, true), many::schema(&names));
    let text = reviewed(&file, &catalog, review::markdown);
    text.unwrap_or_else(|report| panic!("{}", shown(&report, &file)))
}

/// What holds of every comment.
fn is_a_comment(text: &str) -> Result<(), TestCaseError> {
    prop_assert!(text.len() <= review::LONGEST_COMMENT, "{} bytes", text.len());
    prop_assert!(text.starts_with("<!-- efface:plan policies/many.yaml -->\n"));
    prop_assert!(text.contains("efface plan policies/many.yaml"), "says where the whole is");
    // As lines outside of fences: a table may be called so, and SQL may hold anything.
    let mut fence: Option<&str> = None;
    let mut tags = (0, 0);
    for line in text.lines() {
        match fence {
            Some(open) if line == open => fence = None,
            Some(_) => {}
            None if line.starts_with("```") => fence = Some(line.trim_end_matches(char::is_alphabetic)),
            None => tags = (tags.0 + usize::from(line == "<details>"), tags.1 + usize::from(line == "</details>")),
        }
    }
    prop_assert!(fence.is_none(), "every fence is closed");
    prop_assert!(tags.0 == tags.1 && tags.0 >= 2, "{tags:?}");
    Ok(())
}

#[test]
fn the_largest_plans_are_comments_that_say_what_is_missing() {
    for words in
        ["x".repeat(9_000), "``` @a #1 <b> | \\ ".repeat(400), "</details>\n\n".repeat(200), "\u{1f600}".repeat(3_000)]
    {
        let text = comment(400, &words);
        is_a_comment(&text).unwrap();
        assert!(text.contains("more steps") && text.contains("so parts of this one are cut"), "{text}");
        assert!(text.len() > 40_000, "{} bytes: what there is room for is there", text.len());
    }
    let small = comment(3, "kept");
    assert!(!small.contains("are cut") && small.contains("as it runs"), "{small}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn no_comment_is_longer_than_a_site_takes(
        count in prop_oneof![1_usize..40, 150_usize..200],
        words in prop_oneof![
            "[ -~]{1,40}",
            "(`{1,6}|@x|#1|<i>|\\||\\\\|\\n|[a-z ]){1,60}",
            "[a-z|`@#<>\\\\\u{e4}\u{1f600}]{500,3000}",
        ],
    ) {
        prop_assume!(!words.trim().is_empty());
        is_a_comment(&comment(count, &words))?;
    }
}

/// Compares with the snapshot of that name.
fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots/formats");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name.to_owned(), text));
}

/// The text with what stands between two marks left out, each time.
fn without(text: &str, from: &str, to: &str) -> String {
    let mut parts = text.split(from);
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (_, after) = part.split_once(to).expect("it ends");
        kept.push_str(&format!("{from}\u{2026}{to}{after}"));
    }
    kept
}

/// `UPDATE_DOCS=1` writes it instead.
#[test]
fn the_drawing_in_the_documentation_is_what_the_tool_draws() {
    let (file, catalog) = club();
    let (Unfinished { survey, catalog, .. }, _) = drawn(&file, &catalog, Fold::READABLE).expect("a subject");
    let title = review::picture_title("client-erasure");
    let picture = Picture::new(title, &survey, &catalog, &BTreeMap::new(), Fold::READABLE);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/fitness-club.svg");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, review::svg(&picture)).expect("written");
    }
    let drawing = std::fs::read_to_string(&path).expect("docs/fitness-club.svg");
    assert!(drawing == review::svg(&picture), "UPDATE_DOCS=1 cargo test --test pure drawing writes it anew");
    assert!(drawing.len() < 100_000);
}

#[test]
fn every_format_of_two_plans() {
    let (club, club_catalog) = club();
    let ugly =
        case::all().into_iter().find(|case| case.name == "names-that-would-break-out").expect("the case is there");
    let ugly_catalog = catalog::read(&ugly.file("catalog.json")).expect("the recorded catalog");
    for (name, file, catalog) in [("club", &club, &club_catalog), ("ugly", &ugly.policy, &ugly_catalog)] {
        let looked = reviewed(file, catalog, |reviewed| {
            snapshot(&format!("{name}.txt"), &review::text(reviewed));
            snapshot(&format!("{name}.md"), &review::markdown(reviewed));
            // The script and the schema are snapshots elsewhere, and the version isn't worth one.
            let mut saved = serde_json::to_value(PlanFile::new(reviewed)).expect("JSON");
            for part in ["/script/text", "/schema/part", "/efface"] {
                *saved.pointer_mut(part).expect("it is there") = serde_json::json!("\u{2026}");
            }
            snapshot(&format!("{name}.json"), &format!("{saved:#}\n"));
            let page = without(&review::html(reviewed), "<style>", "</style>");
            let page = without(&without(&page, "<script>", "</script>"), "<summary>The whole script", "</pre>");
            snapshot(&format!("{name}.html"), &without(&page, "'sha256-", "'"));
            if name == "ugly" {
                // That of the example is policies/client-erasure.sql.
                snapshot(&format!("{name}.sql"), &reviewed.script.text());
            }
            snapshot(&format!("{name}.check.txt"), &render::text(reviewed.warnings, file, false));
            let found = render::Found { file: file.clone(), report: reviewed.warnings.clone() };
            snapshot(&format!("{name}.check.json"), &format!("{:#}\n", render::json(&[found])));
        });
        looked.unwrap_or_else(|report| panic!("{}", shown(&report, file)));
        let (_, picture) = drawn(file, catalog, Fold::READABLE).expect("a subject");
        snapshot(&format!("{name}.mermaid"), &review::mermaid(&picture));
        snapshot(&format!("{name}.dot"), &review::dot(&picture));
        snapshot(&format!("{name}.svg"), &without(&review::svg(&picture), "<style>", "</style>"));
    }
}
