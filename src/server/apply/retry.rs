//! Which failures are worth another transaction, and when?
//!
//! What others cause passes: a lock that was held, a deadlock, a row that moved to another partition while it was being
//! locked. A report can move by another session's commit, too, but mostly it moves because the policy moves it: fewer
//! tries. Delays are fixed, so that two runs behave alike.

use std::time::Duration;

use super::attempt::Stopped;
use crate::sql::Assertion;

/// `lock_not_available` (manual, appendix A).
pub(super) const LOCK_TIMEOUT: &str = "55P03";

/// Before each further transaction: five in all.
const DELAYS: [Duration; 4] =
    [Duration::from_millis(100), Duration::from_millis(300), Duration::from_millis(1000), Duration::from_millis(3000)];

/// A report that moved is looked at this often in all.
const REPORT_TRIES: u32 = 3;

/// Counts the transactions of one run.
#[derive(Debug)]
pub(super) struct Tries {
    begun: u32,
}

impl Default for Tries {
    fn default() -> Self {
        Self { begun: 1 }
    }
}

impl Tries {
    /// How many transactions were begun.
    pub(super) fn begun(&self) -> u32 {
        self.begun
    }

    /// Counts another transaction, and says how long to wait before it; none when this failure is the last word.
    pub(super) fn again(&mut self, stopped: &Stopped) -> Option<Duration> {
        let allowed = match stopped {
            Stopped::Refused { error, .. } => error.is_worth_a_retry(),
            Stopped::Findings(failure) => match failure.assertion {
                // Others may have committed rows in between, which only looks like a trigger's work.
                Assertion::Reports | Assertion::Unnamed => self.begun < REPORT_TRIES,
                // The next transaction sees what the other has done.
                Assertion::Meanwhile => true,
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
                | Assertion::References
                | Assertion::Steps
                | Assertion::Values
                | Assertion::Gone => false,
            },
            Stopped::Drift(_) | Stopped::Unsafe(_) | Stopped::Interrupted | Stopped::Malformed(_) => false,
        };
        let delay = DELAYS.get(self.begun as usize - 1).filter(|_| allowed)?;
        self.begun += 1;
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
    fn a_report_that_moved_is_looked_at_three_times() {
        assert_eq!(tries(&failed(Assertion::Reports)), 3);
    }

    #[test]
    fn a_guard_that_blocks_is_the_last_word() {
        for assertion in [Assertion::Subject, Assertion::Guards, Assertion::Limits, Assertion::Steps] {
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
