//! The examples of `docs/policy.md`: each is run, and what it leaves behind is what stands below it.

use std::path::PathBuf;
use std::process::Command;

use efface::source::SourceFile;
use efface::{plan, policy, resolve};

use crate::harness::Db;
use crate::state::{State, random_columns};

/// What every example leaves out.
const HEADER: &str = "version: 1\nname: example\n";
const SUBJECT: &str = "subject: { table: users }\n";

/// `UPDATE_DOCS=1` writes the page instead.
#[test]
fn every_example_of_the_reference_does_what_stands_below_it() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/policy.md");
    let page = std::fs::read_to_string(&path).expect("the page is there");
    let examples = examples(&page);
    // All but the header that each of them leaves out.
    assert_eq!(examples.len() + 1, page.lines().filter(|line| line.starts_with("```yaml")).count());
    let mut told = page.clone();
    // From the end, so that the places of the others stay.
    for example in examples.iter().rev() {
        let block = format!("\n```text\n{}```\n", example.run());
        told.replace_range(example.below.clone(), &block);
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, told).expect("the page is written");
    } else {
        assert_same(&page, &told);
    }
}

/// Says where two texts differ first.
fn assert_same(page: &str, told: &str) {
    let moved = page.lines().zip(told.lines()).enumerate().find(|(_, (page, told))| page != told);
    let place = moved.map(|(line, (page, told))| format!("line {}:\n- {page}\n+ {told}", line + 1));
    assert_eq!(page.len(), told.len(), "UPDATE_DOCS=1 writes it anew; {place:?}");
    assert!(place.is_none(), "UPDATE_DOCS=1 writes it anew; {}", place.unwrap_or_default());
}

/// One policy of the page.
struct Example {
    /// Tables and rows.
    schema: String,
    policy: String,
    arguments: Vec<String>,
    /// Where its outcome stands or has to.
    below: std::ops::Range<usize>,
}

/// The page's examples: each YAML block with `tables:`, behind the SQL block that is nearest above.
fn examples(page: &str) -> Vec<Example> {
    let mut found: Vec<Example> = Vec::new();
    let mut schema = String::new();
    let mut at = 0;
    while let Some(start) = page[at..].find("\n```").map(|start| at + start + 1) {
        let opening_ends = start + page[start..].find('\n').expect("a fence ends");
        let body = opening_ends + 1;
        let close = body + page[body..].find("```\n").expect("a block is closed");
        let end = close + "```\n".len();
        let text = page[body..close].to_owned();
        let mut words = page[start + 3..opening_ends].split_whitespace().map(str::to_owned);
        match words.next().as_deref() {
            Some("sql") => schema = text,
            Some("yaml") if text.contains("tables:\n") => {
                let arguments = words.collect();
                found.push(Example { schema: schema.clone(), policy: text, arguments, below: end..end });
            }
            // The outcome of the example right above it.
            Some("text") => {
                if let Some(example) = found.last_mut().filter(|example| example.below == (start - 1..start - 1)) {
                    example.below = start - 1..end;
                }
            }
            _ => {}
        }
        at = end - 1;
    }
    found
}

impl Example {
    fn run(&self) -> String {
        let db = Db::with(&self.schema);
        let catalog = db.catalog();
        let before = State::of(&db, &catalog);
        let folder = tempfile::tempdir().expect("a folder");
        let whose =
            if self.policy.starts_with("subject:") || self.policy.contains("every_row:") { "" } else { SUBJECT };
        let text = format!("{HEADER}{whose}{}", self.policy);
        std::fs::write(folder.path().join("policy.yaml"), &text).expect("the policy is written");
        let mut command = Command::new(env!("CARGO_BIN_EXE_efface"));
        command.args(["--quiet", "apply", "policy.yaml"]).current_dir(folder.path());
        command.env("DATABASE_URL", db.url()).env("EFFACE_SECRET", "the secret of the reference");
        match &self.arguments[..] {
            [] => command.args(["--yes", "--subject", "1"]),
            [only] if only == "--yes-all-rows" => command.arg(only).arg(db.value("select current_database()")),
            given => command.arg("--yes").args(given),
        };
        let output = command.output().expect("efface runs");
        let said = String::from_utf8(output.stderr).expect("text");
        if !output.status.success() {
            assert_eq!(State::of(&db, &catalog), before, "nothing has changed: {said}");
            return said;
        }
        let policy = policy::read(&SourceFile::new("policy.yaml", &text)).expect("it was applied").value;
        let resolved = resolve::resolve(&policy, &catalog).expect("it was applied").value;
        let plan = plan::plan(&resolved.policy, &resolved.catalog).expect("it was applied");
        let random = random_columns(&plan, &resolved.catalog);
        // On a page quotes need no escape.
        let difference =
            State::of(&db, &catalog).difference(&before, &random).replace("\\\"", "\"").replace("\\'", "'");
        format!("{said}{difference}")
    }
}
