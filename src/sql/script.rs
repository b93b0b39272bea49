//! The script: what people read, what is stored, and what runs are one value.
//!
//! A [`Script`] is a list of [`Statement`]s. [`Script::text`] writes them as a file that `psql -X -f` runs as it is; the
//! engine sends the very same statements one by one. Only the statement that binds the subject has two spellings: psql
//! fills in `:'key1'`, the engine sends `$1`.

use sha2::{Digest, Sha256};

use super::ledger::Counted;
use super::search_path::PathQuestion;
use super::subject::NOBODY;
use crate::catalog::{TableId, hexadecimal};
use crate::pgtype::PgType;
use crate::source::SourceFile;

/// One SQL statement. Only this module's neighbours in `sql` can make one, so no run-time text becomes SQL elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sql(String);

impl Sql {
    pub(super) fn new(text: String) -> Self {
        Self(text)
    }

    /// The statement's text, without a closing semicolon.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The SQL of a plan, as reviewed and as run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// The comment at the top: what the script is for and how to run it, line by line.
    pub preamble: Vec<String>,
    /// In the order in which they run.
    pub statements: Vec<Statement>,
    /// What a rehearsal runs before it rolls back, beside these: it looks at more than there is time for while others wait.
    pub rehearsal: Vec<Statement>,
    /// The subject's key columns, for people and for binding: one setting each, in the key's order.
    pub key: Vec<KeyColumn>,
    /// What is asked about the search path before it runs, and under its locks; no part of its text.
    pub path: PathQuestion,
}

/// A column of the subject's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyColumn {
    /// Its name, for people.
    pub name: String,
    /// Its type, as SQL.
    pub type_sql: String,
    /// Its type.
    pub ty: PgType,
}

/// One statement with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The part of the script that it belongs to.
    pub phase: Phase,
    /// What it does, in a few words, for progress and errors: names and numbers only.
    pub title: String,
    /// The comment above it, line by line.
    pub comment: Vec<String>,
    /// The statement, as psql runs it.
    pub sql: Sql,
    /// What the engine has to know to run it.
    pub role: Role,
}

/// The parts of a script (in their order).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// BEGIN, settings, the gate.
    Head,
    /// Table locks.
    Tables,
    /// The subject's key.
    Subject,
    /// Row locks, and what has to be remembered.
    Freeze,
    /// What must not be found.
    Guards,
    /// Reports as they were.
    Before,
    /// The changes.
    Steps,
    /// Steps repeated for what triggers wrote.
    Sweeps,
    /// Proof.
    Verification,
    /// The entry in the ledger.
    Ledger,
    /// The gate and COMMIT.
    Commit,
}

/// What the engine has to know about a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// `BEGIN`.
    Begin,
    /// Settings, temporary tables, captures: nothing to report.
    Prepare,
    /// The tables are locked after it: the moment to compare the schema with the reviewed one.
    LockTables,
    /// Binds one key column of the subject: the engine sends `bound` with the array of keys as text in `$1`.
    BindSubject {
        /// The index in [`Script::key`].
        column: usize,
        /// The same statement with `$1`.
        bound: Sql,
    },
    /// Takes the secret that keys pseudonyms: psql passes its standard input on, the engine sends `copy` and the secret as
    /// its data, one line.
    CopySecret {
        /// The same statement as the server takes it.
        copy: Sql,
    },
    /// Tells the run about itself: the engine sends `bound` with `on` or `off` for "again" in `$1`, and the program in `$2`.
    TellRun {
        /// The same statement with `$1` and `$2`.
        bound: Sql,
    },
    /// Returns whether the subjects were erased before and nothing is left of them, and by which entry of the ledger. Then
    /// the run is over: nothing has changed.
    RecogniseSubjects,
    /// Takes the turn to write into the ledger: from here on other runs wait, so nothing that takes long comes behind it.
    LockLedger,
    /// Tells the rows of the statements that change some: the engine sends `bound` with their array as text in `$1`.
    TellRows {
        /// The same statement with `$1`.
        bound: Sql,
    },
    /// Enters the run in the ledger; returns the entry's number and digest.
    Enter,
    /// Chooses the subjects by the policy's own condition; returns their number in its first column. With none the run is
    /// over: nothing has changed.
    ChooseSubjects,
    /// The same among those that were chosen, with their rows locked.
    NarrowSubjects {
        /// Lists their keys as text, one column for each of [`Script::key`].
        keys: Sql,
    },
    /// Locks rows; returns their number in one row with one column.
    LockRows {
        /// The table.
        table: TableId,
    },
    /// Counts rows that stay because others reference them too; returns their number in one row with one column.
    CountShared {
        /// The index in the plan's shared rows.
        shared: usize,
    },
    /// A DO block that raises [`ASSERTION_FAILED`] with an [`AssertionFailure`] in its DETAIL.
    Assert(Assertion),
    /// Lists where values that were to go were found in other people's rows, and how many were too short to be looked for:
    /// a relation, a column, the column whose values they are, and a number; of the latter without the first two.
    ListFound,
    /// A step of the plan: its row count is the statement's.
    Step {
        /// The index in the plan's steps.
        step: usize,
        /// Whether it is the step's repetition after triggers.
        sweep: bool,
    },
    /// Steps that run as one statement: one row with the row count of each.
    Together {
        /// The indices in the plan's steps.
        steps: Vec<usize>,
    },
    /// `COMMIT`.
    Commit,
}

/// What an assertion is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assertion {
    /// Nothing that others have made can be called in place of PostgreSQL's own.
    SearchPath,
    /// The subject exists and may be erased by this policy.
    Subject,
    /// The secret that keys pseudonyms is one.
    Secret,
    /// There is a ledger, and efface is not switched off.
    Ledger,
    /// Whoever was erased before has nothing left or new.
    Erased,
    /// Nobody else has erased the subjects meanwhile.
    Meanwhile,
    /// No guard found a row.
    Guards,
    /// No table has more rows in scope than `limits.max_rows` allows.
    Limits,
    /// The rows to which references are reassigned are there, and stay.
    StandIns,
    /// Nobody else references rows that only the subject may.
    Shared,
    /// Nothing references by a key by which the policy expects nothing.
    Expected,
    /// The values that are looked for in texts can be looked for.
    Values,
    /// Nothing references rows that the next step deletes, by a key whose ON DELETE action would change it unasked.
    References,
    /// Every step did what it said.
    Steps,
    /// No report moved.
    Reports,
    /// Values that were to go are not found any more.
    Gone,
}

/// The SQLSTATE with which our assertions raise: class `EF`, which PostgreSQL doesn't use (manual, appendix A).
pub const ASSERTION_FAILED: &str = "EF001";

/// What a failed assertion says in its DETAIL, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AssertionFailure {
    /// Which one.
    pub assertion: Assertion,
    /// Everything that it found.
    pub findings: Vec<AssertionFinding>,
}

/// One thing that an assertion found: names and counts, never values.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AssertionFinding {
    /// The guard, step, table or report, for people.
    pub name: String,
    /// What is wrong and what to do, in words.
    pub message: String,
    /// How many rows.
    pub rows: i64,
}

/// SHA-256 of a policy's text, hexadecimal.
pub fn policy_digest(file: &SourceFile) -> String {
    hexadecimal(&Sha256::digest(file.text().as_bytes()))
}

/// Lines that psql obeys and the engine skips: a failed statement ends the script, psql's own savepoints
/// (`ON_ERROR_ROLLBACK on` in a `.psqlrc`) can't carry it past a failed assertion, and the literals are read as what they
/// are: the file is UTF-8, whatever the terminal is.
const PSQL_HEAD: [&str; 3] = ["\\set ON_ERROR_STOP on", "\\set ON_ERROR_ROLLBACK off", "\\encoding UTF8"];

/// What psql says where the ledger knows the subjects and nothing is left of them.
const ERASED_BEFORE: &str =
    "'erased before, by entry' :efface_entry 'of the ledger, and nothing is left; nothing was changed'";

/// Whether somebody who was erased before is erased again: `-v again=on` says so.
const PSQL_AGAIN: &str = "\\if :{?again}\n\\else\n\\set again off\n\\endif\n";

/// The end of a statement behind which there may be nothing to do: psql then ends well and goes no further.
fn unless(over: &str, words: &str) -> String {
    format!("\n\\gset efface_\n\\if :efface_{over}\n\\echo {words}\nROLLBACK;\n\\q\n\\endif\n")
}

impl Script {
    /// The script as a file for `psql -X -f`.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let comment = |text: &mut String, line: &str| {
            text.push_str("--");
            if !line.is_empty() {
                text.push(' ');
                text.push_str(line);
            }
            text.push('\n');
        };
        for line in &self.preamble {
            comment(&mut text, line);
        }
        for line in PSQL_HEAD {
            text.push_str(line);
            text.push('\n');
        }
        let entered = self.statements.iter().any(|statement| matches!(statement.role, Role::TellRun { .. }));
        if entered {
            text.push_str(PSQL_AGAIN);
        }
        let mut phase = None;
        let mut steps = 0;
        for statement in &self.statements {
            if phase != Some(statement.phase) || !statement.comment.is_empty() {
                text.push('\n');
            }
            phase = Some(statement.phase);
            for line in &statement.comment {
                comment(&mut text, line);
            }
            text.push_str(statement.sql.as_str());
            match statement.role {
                Role::ChooseSubjects | Role::NarrowSubjects { .. } => {
                    text.push_str(&unless("nobody", &format!("'{NOBODY}'")));
                }
                Role::RecogniseSubjects => text.push_str(&unless("done", ERASED_BEFORE)),
                // psql's own commands end with their line.
                Role::CopySecret { .. } => text.push('\n'),
                // What was changed is entered in the ledger later.
                Role::Step { .. } if entered => {
                    steps += 1;
                    text.push_str(&format!(";\n\\set {} :ROW_COUNT\n", Counted::Step(steps).variable()));
                }
                Role::Together { .. } if entered => text.push_str("\n\\gset efface_\n"),
                Role::Begin
                | Role::Prepare
                | Role::LockTables
                | Role::BindSubject { .. }
                | Role::TellRun { .. }
                | Role::LockLedger
                | Role::TellRows { .. }
                | Role::Enter
                | Role::LockRows { .. }
                | Role::CountShared { .. }
                | Role::Assert(_)
                | Role::ListFound
                | Role::Step { .. }
                | Role::Together { .. }
                | Role::Commit => text.push_str(";\n"),
            }
        }
        text
    }

    /// SHA-256 of [`Script::text`], hexadecimal: what binds a reviewed plan to what runs.
    pub fn digest(&self) -> String {
        hexadecimal(&Sha256::digest(self.text().as_bytes()))
    }
}
