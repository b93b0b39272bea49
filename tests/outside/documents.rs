//! Which files are read by others?

use std::collections::BTreeMap;

use efface::catalog::{self, Catalog};
use efface::diagnostic::render::{self, Found};
use efface::diagnostic::{Code, Diagnostic, Report};
use efface::resolve::Resolved;
use efface::review::{self, Estimates, Fold, Picture, PlanFile, Reviewed};
use efface::source::SourceFile;
use efface::sql::Role;
use efface::{plan, policy, resolve, sql};

use crate::{case, many};

/// The formats that `judge.mjs` has a reader for.
pub const FORMATS: [&str; 7] = ["dot", "html", "json", "markdown", "mermaid", "sarif", "svg"];

/// The example.
const CLUB: &str = "the fitness club";

/// A file for a reader.
#[derive(Debug, Default)]
pub struct Document {
    /// What it is, for the words of a failure.
    pub name: String,
    /// The reader, by its name in `judge.mjs`.
    pub format: &'static str,
    pub text: String,
    /// What a person has to see in it.
    pub says: Vec<String>,
    /// The JSON Schema, by its name in schema/.
    pub schema: Option<&'static str>,
    /// How many nodes a graph has.
    pub nodes: Option<usize>,
    /// What a check of a page has to know besides.
    pub facts: serde_json::Value,
}

/// Every file.
pub fn all() -> Vec<Document> {
    let mut documents = Vec::new();
    each_plan(|name, reviewed| documents.extend(of_plan(name, reviewed)));
    for (name, file, catalog) in sources() {
        documents.extend(graphs(&name, &file, &catalog, Fold::READABLE));
    }
    for (count, finished, fold) in [(36, false, Fold::Never), (100, false, Fold::READABLE), (400, true, Fold::READABLE)]
    {
        let (names, words) = (many::names(count), "a | b `c` <d> @e #1");
        let name = format!("{count} tables, {}", if finished { "finished" } else { "unfinished" });
        let (file, catalog) = (many::policy(&names, words, finished), many::schema(&names));
        documents.extend(graphs(&name, &file, &catalog, fold));
        let plans = documents.len();
        reviewed(&file, &catalog, |reviewed| documents.extend(of_plan(&name, reviewed)));
        assert_eq!(documents.len() > plans, finished, "{name}");
    }
    documents.extend(findings());
    documents.extend(differences());
    documents
}

/// What was found in every case, and in a file whose name and words are hard to write.
fn findings() -> Vec<Document> {
    let found = |(_, file, catalog): (String, SourceFile, Catalog)| {
        let report = match policy::read(&file).and_then(|read| resolve::resolve(&read.value, &catalog)) {
            Ok(resolved) => resolved.warnings,
            Err(report) => report,
        };
        Found { file, report }
    };
    let cases: Vec<Found> = sources().into_iter().map(found).collect();
    let (_, club, catalog) = sources().swap_remove(0);
    let odd =
        SourceFile::new("a folder/100% \u{e9}\u{1f600}?.yaml", club.text().replace("  visits:", "  \u{1f600} \"<b>:"));
    let odd = found((String::new(), odd, catalog));
    assert!(odd.report.has_errors());
    let sarif = |name: &str, found: &[Found], says: &[&str]| Document {
        name: name.into(),
        format: "sarif",
        text: format!("{:#}\n", render::sarif(found)),
        says: says.iter().map(|it| (*it).to_owned()).collect(),
        ..Document::default()
    };
    vec![
        sarif("findings of every case (sarif)", &cases, &["orphans", "not-null"]),
        sarif("findings of a file with an odd name (sarif)", &[odd], &["a%20folder/100%25%20%C3%A9"]),
        sarif("no finding (sarif)", &cases[..1], &["\"results\": ["]),
    ]
}

/// What turns each plan into the next one.
fn differences() -> Vec<Document> {
    let mut plans: Vec<(String, PlanFile)> = Vec::new();
    each_plan(|name, reviewed| plans.push((name.to_owned(), PlanFile::new(reviewed))));
    let mut documents = Vec::new();
    for pair in plans.windows(2).step_by(5) {
        let [(old, before), (new, now)] = pair else { continue };
        let difference = review::PlanDifference::between(before, now);
        let name = |format: &str| format!("from {old} to {new} ({format})");
        let (markdown, text) = (difference.markdown(), difference.json());
        let schema = Some("plan-diff.schema.json");
        documents.push(Document { name: name("json"), format: "json", text, schema, ..Document::default() });
        documents.push(Document { name: name("markdown"), format: "markdown", text: markdown, ..Document::default() });
    }
    documents
}

/// The drawings of a policy that may not fit; none where its subject can't be found.
fn graphs(name: &str, file: &SourceFile, catalog: &Catalog, fold: Fold) -> Vec<Document> {
    let Ok(read) = policy::read(file) else { return Vec::new() };
    let Ok(unfinished) = resolve::survey(&read.value, catalog) else { return Vec::new() };
    let title = format!("the tables of {name} <&\"'");
    let picture = Picture::new(title, &unfinished.survey, &unfinished.catalog, &BTreeMap::new(), fold);
    let says: Vec<String> =
        picture.nodes.iter().flat_map(|node| node.lines.iter().chain([&node.title])).cloned().collect();
    let labels = picture.edges.iter().map(review::Edge::label);
    let says: Vec<String> = says.into_iter().chain(labels).collect();
    let drawn =
        [("mermaid", review::mermaid(&picture)), ("dot", review::dot(&picture)), ("svg", review::svg(&picture))];
    let document = |(format, text)| Document {
        name: format!("{name} ({format})"),
        format,
        text,
        says: says.clone(),
        nodes: Some(picture.nodes.len()),
        ..Document::default()
    };
    drawn.into_iter().map(document).collect()
}

/// The pages that are opened and used.
pub fn pages() -> Vec<Document> {
    let mut pages = Vec::new();
    for (name, file, catalog) in sources().into_iter().take(1) {
        reviewed(&file, &catalog, |reviewed| pages.push(page(&name, reviewed)));
    }
    for (count, words) in [(36, "a | b `c` <d> @e #1 </script>"), (400, "many")] {
        let names = many::names(count);
        let (file, catalog) = (many::policy(&names, words, true), many::schema(&names));
        reviewed(&file, &catalog, |reviewed| pages.push(page(&format!("{count} tables"), reviewed)));
    }
    pages
}

/// A page with what has to be found on it: each step with its SQL.
fn page(name: &str, reviewed: &Reviewed<'_>) -> Document {
    let sql = |index: usize| -> Vec<String> {
        let of_step = |role: &Role| match role {
            Role::Step { step, .. } => *step == index,
            Role::Together { steps } => steps.contains(&index),
            _ => false,
        };
        let statements = reviewed.script.statements.iter().filter(|it| of_step(&it.role));
        statements.map(|it| format!("{};", it.sql.as_str())).collect()
    };
    let steps = reviewed.plan.steps.iter().enumerate().map(|(index, step)| {
        let table = reviewed.catalog.table(step.table).name.bare().to_string();
        serde_json::json!({ "number": index + 1, "table": table, "sql": sql(index) })
    });
    let facts = serde_json::json!({ "steps": steps.collect::<Vec<_>>(), "script": reviewed.script.text() });
    let (name, text) = (format!("{name} (html)"), review::html(reviewed));
    Document { name, format: "html", text, facts, ..Document::default() }
}

fn of_plan(name: &str, reviewed: &Reviewed<'_>) -> Vec<Document> {
    let named = |format: &str| format!("{name} ({format})");
    let steps = reviewed.plan.steps.iter().map(|step| reviewed.catalog.table(step.table).name.bare().to_string());
    let markdown = Document {
        name: named("markdown"),
        format: "markdown",
        text: review::markdown(reviewed),
        // A comment has a largest size; what it leaves out it counts.
        says: if reviewed.plan.steps.len() > 60 { vec!["more steps".into()] } else { steps.collect() },
        ..Document::default()
    };
    let json = Document {
        name: named("json"),
        format: "json",
        text: PlanFile::new(reviewed).write(),
        schema: Some("plan.schema.json"),
        ..Document::default()
    };
    // To hold a page against the standard takes its time; what differs between cases are whole sections.
    let chosen = name.len().is_multiple_of(4) && reviewed.plan.steps.len() < 100;
    let html = (chosen || name == CLUB).then(|| page(name, reviewed));
    [markdown, json].into_iter().chain(html).collect()
}

/// The fitness club and every case whose policy fits, with what a reviewer is shown.
fn each_plan(mut look: impl FnMut(&str, &Reviewed<'_>)) {
    for (name, file, catalog) in sources() {
        reviewed(&file, &catalog, |reviewed| look(&name, reviewed));
    }
}

/// The fitness club and every case: name, policy, catalog.
fn sources() -> Vec<(String, SourceFile, Catalog)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = |path: &str| std::fs::read_to_string(root.join(path)).expect("a file of ours");
    let club = SourceFile::new("policies/client-erasure.yaml", text("policies/client-erasure.yaml"));
    let club = (CLUB.to_owned(), club, text("policies/catalog.json"));
    let cases = case::all().into_iter().map(|case| (case.name.clone(), case.policy.clone(), case.file("catalog.json")));
    let read = |text: String| catalog::read(&text).expect("the recorded catalog");
    std::iter::once(club).chain(cases).map(|(name, file, catalog)| (name, file, read(catalog))).collect()
}

/// What a reviewer is shown of a policy; nothing where it doesn't fit.
pub fn reviewed(file: &SourceFile, catalog: &Catalog, look: impl FnOnce(&Reviewed<'_>)) {
    let stages = || -> Result<_, Report> {
        let read = policy::read(file)?;
        let resolved = resolve::resolve(&read.value, catalog)?;
        let mut warnings = read.warnings;
        warnings.extend(resolved.warnings);
        let Resolved { policy, catalog } = resolved.value;
        let plan = plan::plan(&policy, &catalog)?.with_ledger();
        let script = sql::script(&plan, &catalog, file);
        Ok((policy, catalog, plan, script, warnings))
    };
    if let Ok((policy, catalog, plan, script, warnings)) = stages() {
        let estimates = Estimates { rows: (0..plan.steps.len() as u64).map(|step| Some(step * 1_111)).collect() };
        let (policy, catalog, plan, script) = (&policy, &catalog, &plan, &script);
        look(&Reviewed { file, policy, catalog, plan, script, estimates: &estimates, warnings: &warnings });
    }
}

fn sample(name: &str, format: &'static str, text: &str) -> Document {
    let says = if matches!(format, "json" | "html" | "sarif") { Vec::new() } else { vec!["club members".to_owned()] };
    let schema = (format == "json").then_some("plan.schema.json");
    Document { name: name.into(), format, text: text.into(), says, schema, ..Document::default() }
}

const PAGE: &str = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<title>club members</title>\n</head>\n<body>\n<main>\n\
                    <h1>club members</h1>\n</main>\n</body>\n</html>\n";
const DRAWING: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\"><title>members</title>\
                       <text y=\"20\">club members</text></svg>";

/// Boxes with a text in each, at these places and of these widths.
fn drawn(boxes: &[(u32, u32)]) -> String {
    let drawn = boxes.iter().map(|(x, width)| {
        format!(
            "<g data-node=\"n\"><rect data-shape=\"\" x=\"{x}\" width=\"{width}\" height=\"30\"/>\
             <text x=\"{x}\" y=\"20\">club members</text></g>"
        )
    });
    DRAWING.replace("</title>", &format!("</title>{}", drawn.collect::<String>()))
}

const COMMENT: &str = "<!-- efface:plan x -->\nclub members\n\n| a | b |\n|---|---|\n| 1 | `x\\|y` |\n";

/// One small file of each format with which nothing is wrong.
pub fn good() -> Vec<Document> {
    vec![
        sample("good page", "html", PAGE),
        sample("good drawing", "svg", DRAWING),
        sample("good boxes", "svg", &drawn(&[(0, 200), (210, 200)])),
        sample("good comment", "markdown", COMMENT),
        sample("good graph", "dot", "digraph { a [label=\"club members\"]; a -> b }"),
        sample("good graph", "mermaid", "flowchart RL\n  a[\"club members\"] --> b\n"),
        sample("good file", "json", &club_file()),
        sample("good log", "sarif", &log()),
    ]
}

/// A log with one finding.
fn log() -> String {
    let file = SourceFile::new("p.yaml", "version: 1\ntables:\n  users: delete\n");
    let mut report = Report::default();
    let place = efface::source::Span::new(21, 26);
    report.push(Diagnostic::new(Code::UnknownTable, "no table `users` of club members").at(place, "not there"));
    format!("{:#}\n", render::sarif(&[Found { file, report }]))
}

fn club_file() -> String {
    let mut text = String::new();
    each_plan(|name, reviewed| {
        if name == CLUB {
            text = PlanFile::new(reviewed).write();
        }
    });
    text
}

/// The same with a fault each.
pub fn broken() -> Vec<Document> {
    vec![
        sample("broken: a heading that isn't closed", "html", &PAGE.replace("</h1>", "")),
        sample("broken: style in an attribute", "html", &PAGE.replace("<h1>", "<h1 style=\"color: red\">")),
        sample("broken: no XML", "svg", &DRAWING.replace("</text>", "")),
        sample("broken: a script", "svg", &DRAWING.replace("<text", "<script>1</script><text")),
        sample("broken: nothing said", "svg", &DRAWING.replace("club", "")),
        sample("broken: no name", "svg", &DRAWING.replace("<title>members</title>", "")),
        sample("broken: a text too long", "svg", &drawn(&[(0, 20)])),
        sample("broken: boxes that overlap", "svg", &drawn(&[(0, 200), (100, 200)])),
        sample("broken: a cell too many", "markdown", &COMMENT.replace("\\|", "|")),
        sample("broken: HTML of a name", "markdown", &COMMENT.replace("| 1 |", "| <img src=x> |")),
        sample("broken: somebody is called", "markdown", &COMMENT.replace("| 1 |", "| @everybody |")),
        sample("broken: no mark", "markdown", &COMMENT.replace("efface", "")),
        sample("broken: a quote", "dot", "digraph { a [label=\"club members] }"),
        sample("broken: nothing said", "dot", "digraph { a }"),
        sample("broken: a reserved word", "mermaid", "flowchart RL\n  end[\"club members\"] --> b\n"),
        sample("broken: nothing said", "mermaid", "flowchart RL\n  a --> b\n"),
        sample("broken: a level that isn't one", "sarif", &log().replacen("\"error\"", "\"fatal\"", 1)),
        sample("broken: a line before the first", "sarif", &log().replacen("\"startLine\": 3", "\"startLine\": 0", 1)),
        sample("broken: a rule that isn't there", "sarif", &log().replacen("\"ruleIndex\": 0", "\"ruleIndex\": 7", 1)),
        sample("broken: no JSON", "json", "{"),
        sample("broken: a part more", "json", &club_file().replacen('{', "{\"more\": 1,", 1)),
    ]
}
