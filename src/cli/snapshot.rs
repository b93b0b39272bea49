//! `efface snapshot`: the script of each policy as a file beside it, so that a pull request shows how it moves.
//!
//! A policy that says who is expired has a second one, `NAME.expired.sql`: what its retention run does. A folder of policies
//! also keeps the schema that they were held against, `catalog.json`, so that CI needs no database.

use std::path::{Path, PathBuf};

use similar::TextDiff;

use super::arguments::SnapshotArguments;
use super::failure::Failure;
use super::load::{self, CATALOG, Wanted};
use super::output::{Output, write_file};
use super::whose::Whose;
use crate::catalog::{self, Catalog};
use crate::plan::Choice;
use crate::review::count;

/// A file that people keep in git.
struct Kept {
    path: PathBuf,
    text: String,
    what: What,
}

#[derive(Clone, Copy)]
enum What {
    Script,
    Catalog,
}

pub(super) async fn run(arguments: &SnapshotArguments, output: &Output) -> Result<(), Failure> {
    let policies = load::policies(&arguments.policies)?;
    let (catalog, live) = load::catalog(&arguments.schema, output).await?;
    let (mut wrong, mut moved) = (0, 0);
    let mut kept = Vec::new();
    let nobody = Whose::nobody_yet();
    let wanted = |whose| Wanted { whose, ledger: !arguments.entered.no_ledger };
    for path in &policies {
        let Ok(loaded) = load::load(load::policy_file(path)?, wanted(&nobody), &catalog, output) else {
            // Its findings are printed; the other policies' are worth seeing too, and so is how the schema moved.
            wrong += 1;
            continue;
        };
        kept.push(Kept::script(path.with_extension("sql"), loaded.script.text()));
        if Choice::expired(&loaded.policy).is_some() {
            let retention = load::compile(loaded.file, wanted(&Whose::Expired), &catalog);
            let retention = retention.map_err(|(file, report)| {
                output.findings(&report, &file);
                Failure::printed()
            })?;
            kept.push(Kept::script(path.with_extension("expired.sql"), retention.script.text()));
        }
    }
    // A schema that comes from a file is kept already.
    if live.is_some() {
        let folders = arguments.policies.iter().filter(|named| named.is_dir());
        kept.extend(folders.map(|folder| Kept::catalog(folder.join(CATALOG), &catalog)));
    }
    let mut changed = Vec::new();
    for file in kept {
        let before = existing(&file.path)?;
        let name = load::told(&file.path);
        if before.as_deref() == Some(file.text.as_str()) {
            output.say(format!("{name}: unchanged"));
        } else if arguments.check {
            moved += 1;
            let before = before.unwrap_or_default();
            output.result(&diff(&file.path, &before, &file.text))?;
            file.differences(&before, &catalog).iter().for_each(|line| output.say(format!("{name}: {line}")));
        } else if before.as_deref().is_some_and(|before| !file.what.is_ours(before)) {
            return Err(file.in_the_way());
        } else {
            changed.push((file, name, before));
        }
    }
    // Only when it is known that no file of somebody else's is in the way of any.
    for (file, name, before) in &changed {
        write_file(&file.path, &file.text)?;
        output.say(format!("{name}: {}", if before.is_some() { "written anew" } else { "written" }));
        let differences = before.as_ref().map(|before| file.differences(before, &catalog)).unwrap_or_default();
        differences.iter().for_each(|line| output.say(format!("{name}: {line}")));
    }
    if wrong > 0 {
        let of = count(policies.len() as u64, "file");
        return Err(Failure::findings(format!("{wrong} of {of} is no policy that fits the schema")));
    }
    if moved > 0 {
        let failure = Failure::findings(format!("{} moved", count(moved, "file")));
        return Err(failure.help("run `efface snapshot` and commit what it writes, when that is what you want"));
    }
    Ok(())
}

impl Kept {
    fn script(path: PathBuf, text: String) -> Self {
        Kept { path, text, what: What::Script }
    }

    fn catalog(path: PathBuf, catalog: &Catalog) -> Self {
        Kept { path, text: catalog::write(catalog), what: What::Catalog }
    }

    /// How the schema moved, in words. What a script does otherwise is what `plan diff` tells.
    fn differences(&self, before: &str, now: &Catalog) -> Vec<String> {
        match self.what {
            What::Script => Vec::new(),
            What::Catalog => catalog::read(before).map(|before| catalog::diff(&before, now)).unwrap_or_default(),
        }
    }

    /// Somebody else's file has this one's name.
    fn in_the_way(&self) -> Failure {
        let name = load::told(&self.path);
        match self.what {
            What::Script => Failure::findings(format!("`{name}` is not a script that efface wrote"))
                .note("a script stands beside its policy, under the policy's name; nothing was written")
                .help("move that file away, or give the policy another file name"),
            What::Catalog => Failure::findings(format!("`{name}` is not a catalog that efface wrote"))
                .note("a folder of policies keeps the schema under this name; nothing was written")
                .help("move that file away"),
        }
    }
}

impl What {
    /// Whether a file begins as ours do.
    fn is_ours(self, text: &str) -> bool {
        match self {
            What::Script => {
                let first = text.lines().next();
                first.is_some_and(|line| line.starts_with("-- ") && line.contains(": made by efface from "))
            }
            // Not whether it can be read: after a merge that went wrong it can't, and is to be written anew.
            What::Catalog => text.starts_with("{\n  \"format\": ") && text.contains("\"server_major\": "),
        }
    }
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
