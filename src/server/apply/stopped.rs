//! Why does a transaction not come to its end?

use super::watch::Session;
use crate::server::ServerError;
use crate::sql::{ASSERTION_FAILED, AssertionFailure};

/// Why a transaction did not come to its end.
#[derive(Debug)]
pub(super) enum Stopped {
    /// An assertion of the script failed.
    Findings(AssertionFailure),
    /// The schema is not the reviewed one.
    Drift(Vec<String>),
    /// Something in the search path could be called in place of PostgreSQL's own.
    Unsafe(Vec<String>),
    /// The server refused a statement.
    Refused { what: String, error: ServerError },
    /// Others waited for us too long.
    HeldUp(Vec<Session>),
    /// Somebody pressed Ctrl-C.
    Interrupted,
    /// An answer of the server that no statement of ours can have.
    Malformed(String),
}

impl Stopped {
    /// Whether there is no connection any more on which something could be said.
    pub(super) fn is_lost(&self) -> bool {
        matches!(self, Stopped::Refused { error, .. } if error.is_lost())
    }

    /// One line about it, names and codes only.
    pub(super) fn in_short(&self) -> String {
        match self {
            Stopped::Findings(failure) => {
                let names: Vec<_> = failure.findings.iter().map(|found| found.name.as_str()).collect();
                format!("a check failed: {}", names.join(", "))
            }
            Stopped::Drift(_) => "the schema changed".into(),
            Stopped::Unsafe(_) => "the search path is not safe".into(),
            Stopped::Refused { what, error } => format!("{what}: {error}"),
            Stopped::HeldUp(sessions) => {
                let names: Vec<_> = sessions.iter().map(Session::in_short).collect();
                format!("others have waited for us too long: {}", names.join(", "))
            }
            Stopped::Interrupted => "interrupted".into(),
            Stopped::Malformed(what) => what.clone(),
        }
    }
}

/// A refusal of the server, or what an assertion of ours has found.
pub(super) fn refused(what: &str, error: impl Into<ServerError>) -> Stopped {
    let error = error.into();
    let own = error.refusal().and_then(|refusal| refusal.own_detail(ASSERTION_FAILED));
    match own.and_then(|detail| serde_json::from_str(detail).ok()) {
        Some(failure) => Stopped::Findings(failure),
        None => Stopped::Refused { what: what.to_owned(), error },
    }
}
