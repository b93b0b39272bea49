//! The cases: one folder each, named with a sentence. Both test binaries walk them.
//!
//! `story.md` tells the trap, and in lines of their own what runs and how it has to end:
//!
//! - `- key: {42}` for each column of the subject's key, as an array;
//! - `- run: expired` where it is a retention run;
//! - `- ledger: yes` where the run is entered in a ledger;
//! - `- role: name` where somebody else than the owner runs it;
//! - `- ends: committed`, `refused` by check or plan, or the SQLSTATE with which the transaction fails.

use std::path::PathBuf;

use efface::catalog::Catalog;
use efface::diagnostic::Report;
use efface::plan::{Choice, Plan, plan_for};
use efface::resolve::ResolvedPolicy;
use efface::source::SourceFile;

/// One case.
pub struct Case {
    /// The folder's name.
    pub name: String,
    /// Where its files and snapshots are.
    pub folder: PathBuf,
    /// For each column of the subject's key, its values as an array.
    pub keys: Vec<String>,
    /// Whether the policy chooses its subjects.
    pub expired: bool,
    /// Whether the run is entered in a ledger.
    pub ledger: bool,
    /// Who runs it, where it isn't the owner.
    pub role: Option<String>,
    /// How it has to end.
    pub ends: Ends,
    /// The policy.
    pub policy: SourceFile,
}

/// How a case has to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ends {
    /// The transaction commits.
    Committed,
    /// check or plan refuses the policy.
    Refused,
    /// The transaction fails with this SQLSTATE, and nothing has changed.
    Fails(String),
}

impl Case {
    fn read(folder: PathBuf) -> Self {
        let name = folder.file_name().expect("a folder has a name").to_string_lossy().into_owned();
        let mut case = Self {
            policy: SourceFile::new("policy.yaml", ""),
            folder,
            keys: Vec::new(),
            expired: false,
            ledger: false,
            role: None,
            ends: Ends::Committed,
            name,
        };
        case.policy = SourceFile::new("policy.yaml", case.file("policy.yaml"));
        let story = case.file("story.md");
        let told = |word: &str| story.lines().filter_map(|line| line.strip_prefix(word)).collect::<Vec<_>>();
        case.keys = told("- key: ").into_iter().map(str::to_owned).collect();
        case.expired = told("- run: ") == ["expired"];
        case.ledger = told("- ledger: ") == ["yes"];
        case.role = told("- role: ").first().map(|role| (*role).to_owned());
        case.ends = match told("- ends: ")[..] {
            ["committed"] => Ends::Committed,
            ["refused"] => Ends::Refused,
            [sqlstate] if sqlstate.len() == 5 => Ends::Fails(sqlstate.to_owned()),
            _ => panic!("{}: story.md doesn't say how it ends", case.name),
        };
        case
    }

    /// Who says which subjects the run has.
    pub fn choice(&self, policy: &ResolvedPolicy) -> Choice {
        if self.expired { Choice::expired(policy).expect("the policy says who is expired") } else { Choice::Given }
    }

    /// The plan as the case wants it.
    pub fn plan(&self, policy: &ResolvedPolicy, catalog: &Catalog) -> Result<Plan, Report> {
        let plan = plan_for(self.choice(policy), policy, catalog)?;
        Ok(if self.ledger { plan.with_ledger() } else { plan })
    }

    /// A file of the case.
    pub fn file(&self, name: &str) -> String {
        let path = self.folder.join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Compares with the snapshot of that name in the case's folder.
    pub fn snapshot(&self, name: &str, text: &str) {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(&self.folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, text));
    }
}

/// Every case, by name.
pub fn all() -> Vec<Case> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let entries = std::fs::read_dir(&root).expect("tests/cases is there");
    let mut folders: Vec<_> =
        entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders.into_iter().map(Case::read).collect()
}

/// Runs a test on every case, and says at the end which have failed. `CASE=words` runs those that have the words in their
/// name.
pub fn each(test: impl Fn(&Case)) {
    let wanted = std::env::var("CASE").unwrap_or_default();
    let cases: Vec<Case> = all().into_iter().filter(|case| case.name.contains(&wanted)).collect();
    assert!(!cases.is_empty(), "no cases");
    let failed: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| test(case))).err()?;
            let words = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            Some(format!("=== {}\n{}", case.name, words.unwrap_or("panicked")))
        })
        .collect();
    assert!(failed.is_empty(), "{} of {} cases failed:\n{}", failed.len(), cases.len(), failed.join("\n"));
}
