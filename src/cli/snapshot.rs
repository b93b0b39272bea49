//! `efface snapshot`: the script of each policy as a file beside it, so that a pull request shows how it moves.
//!
//! A policy that says who is expired has a second one, `NAME.expired.sql`: what its retention run does.

use std::path::{Path, PathBuf};

use similar::TextDiff;

use super::arguments::SnapshotArguments;
use super::failure::Failure;
use super::load::{self, Wanted};
use super::output::{Output, write_file};
use super::whose::Whose;
use crate::plan::Choice;
use crate::review::count;

pub(super) async fn run(arguments: &SnapshotArguments, output: &Output) -> Result<(), Failure> {
    let policies = policies(&arguments.policies)?;
    let (catalog, _live) = load::catalog(&arguments.schema, output).await?;
    let (mut wrong, mut moved) = (0, 0);
    let mut made = Vec::new();
    let nobody = Whose::nobody_yet();
    let wanted = |whose| Wanted { whose, ledger: !arguments.entered.no_ledger };
    for path in &policies {
        let Ok(loaded) = load::load(load::policy_file(path)?, wanted(&nobody), &catalog, output) else {
            // Its findings are printed; the other policies' are worth seeing too.
            wrong += 1;
            continue;
        };
        made.push((path.with_extension("sql"), loaded.script.text()));
        if Choice::expired(&loaded.policy).is_some() {
            let retention = load::compile(loaded.file, wanted(&Whose::Expired), &catalog);
            let retention = retention.map_err(|(file, report)| {
                output.findings(&report, &file);
                Failure::printed()
            })?;
            made.push((path.with_extension("expired.sql"), retention.script.text()));
        }
    }
    let mut scripts = Vec::new();
    for (beside, now) in made {
        let before = existing(&beside)?;
        if before.as_deref() == Some(now.as_str()) {
            output.say(format!("{}: unchanged", load::told(&beside)));
        } else if arguments.check {
            moved += 1;
            output.result(&diff(&beside, before.as_deref().unwrap_or_default(), &now))?;
        } else if before.as_deref().is_some_and(|before| !is_ours(before)) {
            let failure = Failure::findings(format!("`{}` is not a script that efface wrote", load::told(&beside)));
            return Err(failure
                .note("a script stands beside its policy, under the policy's name; nothing was written")
                .help("move that file away, or give the policy another file name"));
        } else {
            scripts.push((beside, now, if before.is_some() { "written anew" } else { "written" }));
        }
    }
    // Only when it is known that no file of somebody else's is in the way of any.
    for (beside, now, words) in &scripts {
        write_file(beside, now)?;
        output.say(format!("{}: {words}", load::told(beside)));
    }
    if wrong > 0 {
        let of = count(policies.len() as u64, "file");
        return Err(Failure::findings(format!("{wrong} of {of} is no policy that fits the schema")));
    }
    if moved > 0 {
        let failure = Failure::findings(format!("{} moved", count(moved, "script")));
        return Err(failure.help("run `efface snapshot` and commit what it writes, when that is what you want"));
    }
    Ok(())
}

/// The policies named, and those in the folders named, sorted.
fn policies(named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut policies = Vec::new();
    for path in named {
        if !path.is_dir() {
            policies.push(path.clone());
            continue;
        }
        let entries = std::fs::read_dir(path).map_err(|error| Failure::file(path, "reading", &error))?;
        let before = policies.len();
        for entry in entries {
            let entry = entry.map_err(|error| Failure::file(path, "reading", &error))?.path();
            if entry.is_file() && matches!(entry.extension().and_then(|it| it.to_str()), Some("yaml" | "yml")) {
                policies.push(entry);
            }
        }
        if policies.len() == before {
            return Err(Failure::usage(format!("`{}` holds no policy (*.yaml)", load::told(path))));
        }
    }
    policies.sort();
    policies.dedup();
    Ok(policies)
}

/// Whether a file begins as our scripts do.
fn is_ours(text: &str) -> bool {
    text.lines().next().is_some_and(|line| line.starts_with("-- ") && line.contains(": made by efface from "))
}

fn existing(path: &Path) -> Result<Option<String>, Failure> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::file(path, "reading", &error)),
    }
}

fn diff(path: &Path, before: &str, now: &str) -> String {
    let name = load::told(path);
    let diff = TextDiff::from_lines(before, now);
    diff.unified_diff().context_radius(3).header(&format!("{name} (committed)"), &format!("{name} (now)")).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_stands_for_its_policies_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.yaml", "a.yml", "a.sql", "notes.md"] {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        let found = policies(&[folder.path().to_path_buf(), folder.path().join("b.yaml")]).unwrap();
        let names: Vec<_> = found.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["a.yml", "b.yaml"]);
    }

    #[test]
    fn a_moved_script_is_shown_as_a_diff() {
        let diff = diff(Path::new("p.sql"), "BEGIN;\nDELETE;\n", "BEGIN;\nUPDATE;\n");
        insta::assert_snapshot!(diff, @r"
        --- p.sql (committed)
        +++ p.sql (now)
        @@ -1,2 +1,2 @@
         BEGIN;
        -DELETE;
        +UPDATE;
        ");
    }
}
