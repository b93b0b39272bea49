//! Which failures are worth another transaction, and when?
//!
//! What others cause passes: a lock that was held, a deadlock, a row that moved to another partition while it was being
//! locked. A report can move by another session's commit, too, and rows can come in by a key that nobody enforces; but mostly
//! it is the policy that moves a report, and a trigger that keeps rows: fewer tries. Delays are fixed, so that two runs behave alike.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::stopped::Stopped;
use crate::sql::Assertion;

/// `lock_not_available` (manual, appendix A).
pub(super) const LOCK_TIMEOUT: &str = "55P03";

/// Before each further transaction: five in all.
const DELAYS: [Duration; 4] =
    [Duration::from_millis(100), Duration::from_millis(300), Duration::from_millis(1000), Duration::from_millis(3000)];

/// What may be others' doing, and mostly isn't, is looked at this often in all.
const FEW: u32 = 3;

/// Why a transaction is begun again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// A lock was not to be had in time.
    LockTimeout,
    /// A deadlock, in which the server chose us.
    Deadlock,
    /// A row that was waited for had moved to another partition; or a trigger's function said so.
    Serialization,
    /// Others waited for us too long.
    HeldUp,
    /// Another run was at the same subjects; the next transaction sees what it has done.
    Meanwhile,
    /// Rows were not as the steps had made them, references dangled, or values were there that were to go.
    Rows,
    /// A report moved.
    Report,
}

impl Cause {
    fn of(stopped: &Stopped) -> Option<Self> {
        match stopped {
            Stopped::Refused { error, .. } => match error.sqlstate()? {
                LOCK_TIMEOUT => Some(Cause::LockTimeout),
                "40P01" => Some(Cause::Deadlock),
                "40001" => Some(Cause::Serialization),
                _ => None,
            },
            Stopped::HeldUp(_) => Some(Cause::HeldUp),
            Stopped::Findings(failure) => match failure.assertion {
                Assertion::Reports => Some(Cause::Report),
                Assertion::Meanwhile => Some(Cause::Meanwhile),
                // Others may have committed rows in between, which only looks like a trigger's work.
                Assertion::Steps | Assertion::References | Assertion::Gone | Assertion::Unnamed => Some(Cause::Rows),
                Assertion::SearchPath
                | Assertion::Subject
                | Assertion::Secret
                | Assertion::Ledger
                | Assertion::Erased
                | Assertion::Guards
                | Assertion::Limits
                | Assertion::StandIns
                | Assertion::Shared
                | Assertion::Expected
                | Assertion::Values => None,
            },
            Stopped::Drift(_) | Stopped::Unsafe(_) | Stopped::Interrupted | Stopped::Malformed(_) => None,
        }
    }

    /// How often such a transaction is begun in all.
    fn tries(self) -> u32 {
        match self {
            Cause::LockTimeout | Cause::Deadlock | Cause::Serialization | Cause::HeldUp | Cause::Meanwhile => u32::MAX,
            Cause::Rows | Cause::Report => FEW,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cause::LockTimeout => "a lock was not to be had in time",
            Cause::Deadlock => "deadlock",
            Cause::Serialization => "serialization failure",
            Cause::HeldUp => "others waited for us",
            Cause::Meanwhile => "another run was at the same subjects",
            Cause::Rows => "rows were not as they must be",
            Cause::Report => "a report moved",
        })
    }
}

/// Counts the transactions of one run.
#[derive(Debug)]
pub(super) struct Tries {
    begun: u32,
    causes: BTreeMap<Cause, u32>,
}

impl Default for Tries {
    fn default() -> Self {
        Self { begun: 1, causes: BTreeMap::new() }
    }
}

impl Tries {
    /// How many transactions were begun.
    pub(super) fn begun(&self) -> u32 {
        self.begun
    }

    /// Why all but the last came to nothing; the most frequent reason first.
    pub(super) fn causes(&self) -> Vec<(Cause, u32)> {
        let mut causes: Vec<_> = self.causes.iter().map(|(cause, times)| (*cause, *times)).collect();
        causes.sort_by_key(|(cause, times)| (std::cmp::Reverse(*times), *cause));
        causes
    }

    /// Counts another transaction, and says how long to wait before it; none when this failure is the last word.
    pub(super) fn again(&mut self, stopped: &Stopped) -> Option<Duration> {
        let cause = Cause::of(stopped).filter(|cause| self.begun < cause.tries())?;
        let delay = DELAYS.get(self.begun as usize - 1)?;
        self.begun += 1;
        *self.causes.entry(cause).or_default() += 1;
        Some(*delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::AssertionFailure;

    fn tries(stopped: &Stopped) -> u32 {
        let mut tries = Tries::default();
        while tries.again(stopped).is_some() {}
        tries.begun()
    }

    fn failed(assertion: Assertion) -> Stopped {
        Stopped::Findings(AssertionFailure { assertion, findings: Vec::new() })
    }

    #[test]
    fn what_may_be_others_doing_is_looked_at_three_times() {
        for assertion in [Assertion::Reports, Assertion::Steps, Assertion::References, Assertion::Gone] {
            assert_eq!(tries(&failed(assertion)), 3);
        }
    }

    #[test]
    fn others_that_wait_for_us_are_let_through_five_times_and_counted() {
        let mut tries = Tries::default();
        while tries.again(&Stopped::HeldUp(Vec::new())).is_some() {}
        assert_eq!((tries.begun(), tries.causes()), (5, vec![(Cause::HeldUp, 4)]));
    }

    #[test]
    fn a_guard_that_blocks_is_the_last_word() {
        for assertion in [Assertion::Subject, Assertion::Guards, Assertion::Limits, Assertion::Shared] {
            assert_eq!(tries(&failed(assertion)), 1);
        }
        assert_eq!(tries(&Stopped::Interrupted), 1);
        assert_eq!(tries(&Stopped::Drift(vec!["a column was added".into()])), 1);
    }

    #[test]
    fn the_retries_end_within_five_seconds_of_waiting() {
        assert!(DELAYS.iter().sum::<Duration>() < Duration::from_secs(5));
    }
}
