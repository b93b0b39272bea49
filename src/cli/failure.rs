//! Why does a command not end well, and with which exit code?

use crate::ident::shown;
use crate::server::ServerError;
use crate::server::apply::{Doubt, RunError, Unheard};
use crate::sql::Assertion;

/// The exit codes, other than 0 for done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// The policy is wrong, a guard blocks, a report moved, a limit was reached, declined.
    Findings = 1,
    /// The command line can't be meant.
    Usage = 2,
    /// The server or disk refused; nothing committed.
    Refused = 3,
    /// The plan is stale or the schema drifted; nothing committed.
    Stale = 4,
    /// Whether COMMIT took effect is not known.
    Unknown = 5,
    /// A fault of efface.
    Bug = 70,
    /// Ctrl-C; rolled back.
    Interrupted = 130,
}

/// A command that didn't end well, with what there is to say about it.
#[derive(Debug)]
pub(super) struct Failure {
    pub exit: Exit,
    /// The fact in one line; none where everything was said already.
    pub message: Option<String>,
    pub notes: Vec<String>,
    pub help: Vec<String>,
}

impl Failure {
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: Some(message.into()), notes: Vec::new(), help: Vec::new() }
    }

    /// Findings that were printed.
    pub fn printed() -> Self {
        Self { exit: Exit::Findings, message: None, notes: Vec::new(), help: Vec::new() }
    }

    pub fn findings(message: impl Into<String>) -> Self {
        Self::new(Exit::Findings, message)
    }

    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(Exit::Refused, message)
    }

    /// A file that can't be read or written.
    pub fn file(path: &std::path::Path, what: &str, error: &std::io::Error) -> Self {
        Self::refused(format!("{what} `{}` failed: {error}", shown(&path.to_string_lossy())))
    }

    /// What was reviewed is not what would run.
    pub fn stale(moved: Vec<String>) -> Self {
        let failure = Self::new(Exit::Stale, "what was reviewed is not what would run; nothing was committed");
        moved
            .into_iter()
            .fold(failure, Self::note)
            .help("plan again with `efface plan --out`, and have the new plan reviewed")
    }

    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// A refusal of the server; its own words in full where that is asked for.
    pub fn server(error: ServerError, detail: bool) -> Self {
        Self::refused(error.with_detail(detail).to_string())
    }

    /// A refusal of the server while the schema was read.
    pub fn reading_the_schema(error: ServerError, detail: bool) -> Self {
        let locked = error.sqlstate() == Some("55P03");
        let failure = Self::refused(format!("reading the schema failed: {}", error.with_detail(detail)));
        if !locked {
            return failure;
        }
        failure.help(
            "somebody changes or rebuilds a table (`pg_locks` where mode is AccessExclusiveLock): run again when that is over",
        )
    }

    /// A run that did not come to its end.
    pub fn run(error: RunError, detail: bool) -> Self {
        let error = match error {
            RunError::Refused { what, error, attempts, blockers } => {
                RunError::Refused { what, error: error.with_detail(detail), attempts, blockers }
            }
            RunError::CommitRefused(error) => RunError::CommitRefused(error.with_detail(detail)),
            other => other,
        };
        let message = error.to_string();
        match error {
            RunError::Findings(failure) => {
                let lines = failure.findings.iter().map(|found| {
                    let rows = match found.rows {
                        1 => " (1 row)".into(),
                        0 => String::new(),
                        rows => format!(" ({rows} rows)"),
                    };
                    format!("{}: {}{rows}", shown(&found.name), shown(&found.message))
                });
                let found = lines.fold(Self::findings(message), Self::note);
                match failure.assertion {
                    Assertion::Erased => found.help(
                        "look whose rows these are now: a key may have been given to somebody else since; \
                         `--again` erases what is left, for all who are named",
                    ),
                    Assertion::Meanwhile => found.help("run again"),
                    Assertion::Steps | Assertion::References => found.help(
                        "where no trigger did it, other sessions did while this ran: run again when they write less, or keep \
                         them out with `lock: table` at the virtual key",
                    ),
                    Assertion::Gone => found.help(
                        "`efface rehearse` shows the same without changing anything; what may stay is left out of `verify.gone`",
                    ),
                    Assertion::SearchPath
                    | Assertion::Subject
                    | Assertion::Secret
                    | Assertion::Ledger
                    | Assertion::Guards
                    | Assertion::Limits
                    | Assertion::StandIns
                    | Assertion::Shared
                    | Assertion::Expected
                    | Assertion::Values
                    | Assertion::Unnamed
                    | Assertion::Reports => found,
                }
            }
            RunError::Drift(words) => Self::stale(words),
            RunError::Unsafe(words) => words.into_iter().fold(Self::findings(message), Self::note),
            RunError::Refused { blockers, error, .. } => {
                let failure = blockers.iter().map(ToString::to_string).fold(Self::refused(message), Self::note);
                let failure = error.help().into_iter().fold(failure, Self::help);
                if blockers.is_empty() { failure } else { failure.help("run again when they have ended") }
            }
            RunError::HeldUp { sessions, .. } => {
                let failure = sessions.iter().map(ToString::to_string).fold(Self::refused(message), Self::note);
                failure.help("run again at a quieter time, with fewer subjects at once, or with a longer `--max-block`")
            }
            RunError::Interrupted => Self::new(Exit::Interrupted, message),
            RunError::CommitRefused(error) => error.help().into_iter().fold(Self::refused(message), Self::help),
            RunError::RolledBack(Unheard::Interrupted) => Self::new(Exit::Interrupted, message),
            RunError::RolledBack(Unheard::Lost | Unheard::Silent(_)) => Self::refused(message),
            RunError::OutcomeUnknown { transaction, doubt, .. } => Self::new(Exit::Unknown, message).help(match doubt {
                Doubt::NumberGivenAgain | Doubt::Forgotten => {
                    "look at the subject's rows: `efface rehearse` shows what there is left to do; to erase again does no harm"
                        .to_owned()
                }
                Doubt::InProgress | Doubt::OtherServer | Doubt::Unreachable(_) => format!(
                    "ask the same server: `SELECT pg_xact_status('{transaction}')`; only `aborted` means that nothing was \
                     erased; `in progress`, as while COMMIT waits for a synchronous standby, that it may yet be"
                ),
            }),
            RunError::Malformed(_) => Self::new(Exit::Bug, message),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::sql::{AssertionFailure, AssertionFinding};

    #[test]
    fn each_end_of_a_run_has_its_exit_code() {
        let findings = AssertionFailure { assertion: Assertion::Guards, findings: Vec::new() };
        let unknown =
            RunError::OutcomeUnknown { why: Unheard::Lost, transaction: "743".into(), doubt: Doubt::InProgress };
        let ends = [
            (RunError::Findings(findings), 1),
            (RunError::CommitRefused(ServerError::Lost), 3),
            (RunError::RolledBack(Unheard::Lost), 3),
            (RunError::RolledBack(Unheard::Interrupted), 130),
            (RunError::HeldUp { sessions: Vec::new(), most: Duration::from_secs(2), attempts: 5 }, 3),
            (RunError::Unsafe(vec!["others may create objects in schema `public`".into()]), 1),
            (RunError::Drift(vec!["column `users.nickname` was added".into()]), 4),
            (unknown, 5),
            (RunError::Malformed("x".into()), 70),
            (RunError::Interrupted, 130),
        ];
        for (error, exit) in ends {
            let text = format!("{error:?}");
            assert_eq!(Failure::run(error, false).exit as u8, exit, "{text}");
        }
    }

    #[test]
    fn every_blocker_is_listed_with_its_fix() {
        let finding = |name: &str, rows| AssertionFinding { name: name.into(), message: "settle first".into(), rows };
        let findings = vec![finding("payments", 2), finding("bookings", 1)];
        let failure =
            Failure::run(RunError::Findings(AssertionFailure { assertion: Assertion::Guards, findings }), false);
        assert_eq!(failure.notes, ["payments: settle first (2 rows)", "bookings: settle first (1 row)"]);
    }
}
