//! What others say about what efface writes: each format is read by a reader that is no relation of ours, and the page is
//! opened, filtered and printed in a real browser.
//!
//! [`documents`] makes the files, one run of `judge.mjs` reads them all, and each test looks at its share of the verdicts.

mod documents;
mod tools;

#[path = "../cases/mod.rs"]
#[allow(dead_code, reason = "the other test targets use the rest")]
mod case;

#[path = "../many/mod.rs"]
mod many;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::json;

/// What a reader said of one document.
#[derive(Debug, Deserialize)]
struct Verdict {
    name: String,
    format: String,
    problems: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Judged {
    verdicts: Vec<Verdict>,
    /// How long each format took.
    milliseconds: BTreeMap<String, u64>,
}

/// Everything judged, in one run.
fn judged() -> &'static Judged {
    static JUDGED: OnceLock<Judged> = OnceLock::new();
    JUDGED.get_or_init(|| {
        // Two processes at once: one draws in a browser, the other reads.
        let drawn = |document: &documents::Document| matches!(document.format, "mermaid" | "svg");
        let (drawings, texts): (Vec<_>, Vec<_>) = documents::all().into_iter().partition(drawn);
        let pages = documents::pages();
        let (mut judged, more) = std::thread::scope(|scope| {
            let read = scope.spawn(|| judge(&texts, &[]));
            (judge(&drawings, &pages), read.join().expect("the other process"))
        });
        judged.verdicts.extend(more.verdicts);
        judged.milliseconds.extend(more.milliseconds);
        #[allow(clippy::print_stdout, reason = "the count belongs to the run's record")]
        let () = println!("outside: {} verdicts, milliseconds {:?}", judged.verdicts.len(), judged.milliseconds);
        judged
    })
}

fn judge(documents: &[documents::Document], pages: &[documents::Document]) -> Judged {
    let tools = tools::tools();
    let files = tempfile::tempdir().expect("a folder");
    let listed = |kind: &'static str, documents: &[documents::Document]| -> Vec<serde_json::Value> {
        let written = documents.iter().enumerate().map(|(index, document)| {
            let path = files.path().join(format!("{kind}-{index}.{}", document.format));
            std::fs::write(&path, &document.text).expect("written");
            let schema = document.schema.map(|schema| Path::new(env!("CARGO_MANIFEST_DIR")).join("schema").join(schema));
            let (name, says, facts) = (&document.name, &document.says, &document.facts);
            let format = document.format;
            json!({ "name": name, "format": format, "path": path, "says": says, "schema": schema, "nodes": document.nodes,
                "facts": facts })
        });
        written.collect()
    };
    // `SHOTS=folder cargo test --test outside` leaves what is worth a look there.
    if let Some(folder) = std::env::var_os("SHOTS").map(std::path::PathBuf::from) {
        for document in documents.iter().chain(pages).filter(|document| document.name.starts_with(['1', 't'])) {
            let name = document.name.replace([' ', ','], "-");
            std::fs::write(folder.join(format!("{name}.{}", document.format)), &document.text).expect("written");
        }
    }
    let list = json!({
        "documents": listed("document", documents),
        "pages": listed("page", pages),
        "chromium": tools.chromium,
        "modules": tools.folder.join("node_modules"),
    });
    let path = files.path().join("list.json");
    std::fs::write(&path, list.to_string()).expect("written");
    let mut command = Command::new("node");
    command.arg("judge.mjs").arg(&path).current_dir(&tools.folder).stdin(Stdio::null());
    let output = command.output().expect("node runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "judge.mjs failed:\n{said}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}\n{said}"))
}

/// The verdicts on a format: enough of them, and none with a problem.
fn is_well(format: &str, least: usize) {
    let verdicts: Vec<_> = judged().verdicts.iter().filter(|verdict| verdict.format == format).collect();
    assert!(verdicts.len() >= least, "{} of {format}, and {least} at least were expected", verdicts.len());
    let problems = verdicts.iter().filter(|verdict| !verdict.problems.is_empty());
    let problems: Vec<_> = problems.map(|it| format!("{}:\n    {}", it.name, it.problems.join("\n    "))).collect();
    assert!(problems.is_empty(), "{} of {} are not well:\n{}", problems.len(), verdicts.len(), problems.join("\n"));
}

#[test]
fn saved_plans_are_what_their_json_schema_says() {
    is_well("json", 100);
}

#[test]
fn findings_are_logs_that_code_scanning_takes() {
    is_well("sarif", 3);
}

#[test]
fn mermaid_draws_every_graph_with_every_name() {
    is_well("mermaid", 100);
}

#[test]
fn graphviz_draws_every_graph_with_every_name() {
    is_well("dot", 100);
}

#[test]
fn no_box_of_a_drawing_lies_on_another_and_no_text_leaves_its_box() {
    is_well("svg", 100);
}

#[test]
fn a_comment_has_the_structure_that_it_seems_to_have_and_calls_nobody() {
    is_well("markdown", 100);
}

#[test]
fn pages_are_what_the_standard_says() {
    is_well("html", 30);
}

#[test]
fn a_page_is_read_filtered_and_printed_in_a_browser_with_the_keyboard_and_without_its_script() {
    is_well("page", 24);
}

/// What a command printed, and how it ended.
fn efface(folder: &Path, line: &[&str]) -> (String, String, Option<i32>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_efface"));
    command.args(line).current_dir(folder).env_remove("DATABASE_URL").stdin(Stdio::null());
    let output = command.output().expect("the tool runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (text(output.stdout), text(output.stderr), output.status.code())
}

#[test]
fn the_command_line_draws_and_writes_without_a_database() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let club = ["policies/client-erasure.yaml", "--catalog", "policies/catalog.json"];
    for (command, format, begin, end) in [
        ("graph", "mermaid", "%%{init", "stroke-width:1px\n"),
        ("graph", "dot", "digraph policy {", "}\n"),
        ("graph", "svg", "<svg ", "</svg>\n"),
        ("plan", "markdown", "<!-- efface:plan policies/client-erasure.yaml -->\n", ".\n"),
        ("plan", "html", "<!DOCTYPE html>", "</html>\n"),
    ] {
        let (out, err, code) = efface(root, &[&[command], &club[..], &["--format", format]].concat());
        assert_eq!(code, Some(0), "{err}");
        assert!(out.starts_with(begin) && out.ends_with(end), "{command} {format}: {out}");
    }
    let (drawn, _, _) = efface(root, &[&["graph"], &club[..], &["--format", "svg"]].concat());
    assert!(drawn == std::fs::read_to_string(root.join("docs/fitness-club.svg")).expect("it is there"));

    let folder = tempfile::tempdir().expect("a folder");
    let catalog = root.join("policies/catalog.json").to_string_lossy().into_owned();
    let graph = |policy: &str| {
        std::fs::write(folder.path().join("p.yaml"), policy).expect("written");
        efface(folder.path(), &["graph", "p.yaml", "--catalog", &catalog])
    };
    let (out, err, code) = graph("version: 1\nname: p\nsubject: { table: users }\ntables:\n  notes: delete\n");
    assert_eq!(code, Some(0), "an unfinished policy is drawn: {err}");
    assert!(out.contains("NOT DECIDED") && err.contains("14 tables not decided in full"), "{err}{out}");
    let (out, err, code) = graph("version: 1\nname: p\nsubject: { table: people }\ntables:\n  notes: delete\n");
    assert_eq!((code, out.as_str()), (Some(1), ""), "without a subject nothing leads anywhere");
    assert!(err.contains("unknown-table"), "{err}");
    let (out, err, code) = graph("version: 1\nname: [\n");
    assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
}

/// Who finds nothing wrong with anything proves nothing.
#[test]
fn every_reader_refuses_what_is_broken() {
    let (good, broken) = (documents::good(), documents::broken());
    let judged = judge(&[good, broken].into_iter().flatten().collect::<Vec<_>>(), &[]);
    for verdict in &judged.verdicts {
        let expected = verdict.name.starts_with("good");
        assert_eq!(
            verdict.problems.is_empty(),
            expected,
            "{} ({}): {:?}",
            verdict.name,
            verdict.format,
            verdict.problems
        );
    }
    let of = |format: &str, prefix: &str| {
        judged.verdicts.iter().any(|verdict| verdict.format == format && verdict.name.starts_with(prefix))
    };
    for format in documents::FORMATS {
        assert!(of(format, "good") && of(format, "broken"), "{format} has a good one and a broken one");
    }
}
