//! The plan as a value.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{Catalog, ColumnId, KeyId, TableId};
use crate::resolve::{
    ColumnChange, Condition, Follower, IfShared, NewValue, People, Propagation, ResolvedLimits, ResolvedPolicy,
    ResolvedReport, RuleId, Subject, ValueSet, ValueSource, Values,
};
use crate::source::Span;

/// Everything that one run does, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The policy's name.
    pub policy: String,
    /// Whose rows.
    pub subject: Subject,
    /// Who says which subjects those are.
    pub choice: Choice,
    /// The schemas in which unqualified names are looked up while the script runs, in order.
    pub search_path: Vec<crate::ident::Ident>,
    /// Every table of the plan with the lock that it gets, sorted by name.
    pub table_locks: Vec<(TableId, TableLock)>,
    /// Rows that are locked before anything is read, top-down; the subject's own first.
    pub row_locks: Vec<RowLock>,
    /// Rows that cascades reach in circles, followed to their end before anything else is remembered.
    pub closures: Vec<Closure>,
    /// Sets of rows that are remembered by key before the first change.
    pub captures: Vec<Capture>,
    /// Values of people that steps look for in texts.
    pub patterns: Vec<Patterns>,
    /// Rows of which is remembered whose they are.
    pub owners: Vec<RowOwners>,
    /// What must not be found.
    pub guards: Vec<Guard>,
    /// Rows that rules mean and that others reference too.
    pub shared: Vec<SharedRows>,
    /// References that nobody follows and that must not be found.
    pub expected: Vec<ExpectedNone>,
    /// Reports that must not move.
    pub reports: Vec<ResolvedReport>,
    /// Values that must not be found afterwards; none where the policy names none.
    pub gone: Option<Gone>,
    /// Bounds.
    pub limits: ResolvedLimits,
    /// For tables with a bound, the rows that count.
    pub limited_rows: Vec<(TableId, u64, Predicate)>,
    /// For virtual keys with a condition, which rows reference by them.
    pub virtual_conditions: std::collections::BTreeMap<KeyId, Condition>,
    /// For paths that compare values, what is compared.
    pub comparisons: BTreeMap<KeyId, Values>,
    /// Keys whose check is put off to the end of the steps, because rows reference each other in a circle.
    pub deferred: Vec<KeyId>,
    /// Rows to which references are reassigned: they have to be there, and to stay.
    pub stand_ins: Vec<StandIn>,
    /// The changes, in order.
    pub steps: Vec<Step>,
    /// Steps that run again, in that order, because a trigger may have written into their rows.
    pub sweeps: Vec<Sweep>,
    /// Tables of the policy whose rows stay, with the reason, in the order of the file.
    pub kept: Vec<Kept>,
    /// Triggers that the steps will fire; what they do can't be promised.
    pub triggers: Vec<FiredTrigger>,
    /// Whether the run enters itself in the ledger of the database, and recognises by it whom it has erased before.
    pub ledger: bool,
}

impl Plan {
    /// The same plan, entered in the ledger.
    pub fn with_ledger(self) -> Self {
        Plan { ledger: true, ..self }
    }

    /// Whether new values are keyed by a secret, which the run then needs.
    pub fn is_keyed(&self) -> bool {
        let changes = self.steps.iter().filter_map(|step| match &step.action {
            StepAction::Change(changes) => Some(changes),
            StepAction::Delete => None,
        });
        changes.flatten().any(|change| matches!(&change.value, NewValue::Derived(derived) if derived.is_keyed()))
    }
}

/// Who says which subjects a run has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// Whoever starts it, by their keys.
    #[default]
    Given,
    /// The policy: all rows of the subject's table that are its subjects and expired when the run begins.
    Expired(Box<Condition>),
}

impl Choice {
    /// The choice of a retention run; none where the policy doesn't say who is expired.
    pub fn expired(policy: &ResolvedPolicy) -> Option<Self> {
        let condition = policy.subject.rows()?.expired_when.clone()?;
        Some(Choice::Expired(Box::new(condition)))
    }
}

/// How a table is locked for the length of the transaction (manual, 13.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TableLock {
    /// Read only: `ACCESS SHARE`.
    AccessShare,
    /// Written or locked by row: `ROW EXCLUSIVE`, which keeps out new triggers, rules and foreign keys, not writers.
    RowExclusive,
    /// Written as a whole, or referencing by a virtual key whose window the policy closes: `SHARE ROW EXCLUSIVE`, which
    /// keeps out other writers, not readers.
    ShareRowExclusive,
}

/// Rows to lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowLock {
    /// The table.
    pub table: TableId,
    /// Which rows.
    pub rows: Predicate,
}

/// Which rows of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Predicate {
    /// Those of the subject's key; only of the subject's table.
    Subject,
    /// Those that reference, by this key, rows of its parent table.
    References {
        /// The foreign key, from this table.
        key: KeyId,
        /// Which rows of the parent table.
        rows: Box<Predicate>,
    },
    /// Those that rows of another table reference by this key.
    ReferencedBy {
        /// The foreign key, to this table.
        key: KeyId,
        /// Which rows of the table that references.
        rows: Box<Predicate>,
    },
    /// Those remembered in a capture, decided by one of these rules.
    Captured {
        /// The index in [`Plan::captures`].
        capture: usize,
        /// The rules, by their number within the capture.
        rules: Vec<usize>,
        /// Only those that were added when the capture was asked again for this round of sweeps, counted from 1.
        added: Option<usize>,
    },
    /// Those that a closure holds.
    Closure {
        /// The index in [`Plan::closures`].
        closure: usize,
        /// The index in its members.
        member: usize,
    },
    /// Those with a value that also rows of another table have.
    Matches {
        /// The comparison, as a key from this table to the other.
        key: KeyId,
        /// What is compared.
        values: Box<Values>,
        /// Which rows of the other table.
        rows: Box<Predicate>,
    },
    /// Those for which the author's condition holds.
    Author(Condition),
    /// Those of all of these.
    All(Vec<Predicate>),
    /// Those of any of these.
    Any(Vec<Predicate>),
    /// Those for which it isn't true; NULL counts as not true.
    NotTrue(Box<Predicate>),
}

/// Rows that go because rows that go are referenced by them, in a tree or a circle of tables: found by following the keys
/// until nothing new turns up. Without keys to follow it is its seeds, remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closure {
    /// The tables, each once, by name.
    pub members: Vec<Member>,
}

impl Closure {
    /// The seeds of a member that has none of its own.
    pub fn nothing() -> Predicate {
        Predicate::Any(Vec::new())
    }

    /// Those of some closures, by index, for which a predicate asks, with those in which these begin.
    pub fn asked_for(closures: &[Closure], rows: &Predicate) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut open = vec![rows];
        while let Some(rows) = open.pop() {
            if let Predicate::Closure { closure, .. } = rows
                && found.insert(*closure)
            {
                let members = closures.get(*closure).into_iter().flat_map(|closure| &closure.members);
                open.extend(members.map(|member| &member.seeds));
            }
            open.extend(rows.parts());
        }
        found
    }
}

/// A table of a closure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The table.
    pub table: TableId,
    /// Columns that tell its rows apart.
    pub key: Vec<ColumnId>,
    /// The rows with which it begins.
    pub seeds: Predicate,
    /// The keys by which its rows reference rows of a member, by index, and so follow them.
    pub follows: Vec<Follow>,
}

impl Member {
    /// Whether a foreign key references exactly the columns by which the member's rows are remembered.
    pub fn is_key_of(&self, catalog: &Catalog, key: KeyId) -> bool {
        let (table, key) = (catalog.table(self.table), catalog.key(key));
        let is_of_key = |column: &ColumnId| key.parent_columns().any(|name| *name == table.column_at(*column).name);
        key.pairs.len() == self.key.len() && self.key.iter().all(is_of_key)
    }
}

/// A key along which a closure grows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Follow {
    /// The key, from the member's table.
    pub key: KeyId,
    /// For a virtual key, which rows reference by it.
    pub condition: Option<Condition>,
    /// The member whose rows are followed.
    pub member: usize,
}

/// Rows of one table, remembered by key with the rule that decides each: the first that matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// The table.
    pub table: TableId,
    /// Columns that tell its rows apart.
    pub key: Vec<ColumnId>,
    /// The rules in the order in which they are tried, with the rows that each would take.
    pub rules: Vec<(RuleId, Predicate)>,
    /// Why the rows are remembered.
    pub reason: CaptureReason,
}

/// Why rows are remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptureReason {
    /// Several rules change the table: each row is decided once.
    SeveralRules,
    /// Steps change what the scope reads: asked again later, it would answer otherwise.
    Disturbed,
    /// Rows that others reference too are told from those that nobody else does, once.
    Shared,
    /// Its step and others read each other's rows in a circle.
    Circle,
    /// A trigger could keep or change them so that the scope, asked again, would not find them.
    Trigger,
}

/// Values of people that steps look for in texts: read before the first change, and made a search pattern for each person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patterns {
    /// Whose they are and where they are.
    pub values: ValueSet,
    /// What stands in their place: values that are part of it can't be looked for.
    pub with: String,
    /// The sources, each with its rows.
    pub sources: Vec<SourceRows>,
    /// The place in the policy.
    pub origin: Span,
}

impl Patterns {
    /// Whether these are the patterns of some values.
    pub fn is_for(&self, values: &ValueSet, with: &str) -> bool {
        self.values == *values && self.with == with
    }
}

/// Where values are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRows {
    /// The column.
    pub source: ValueSource,
    /// Its rows; none where the subjects are the values themselves.
    pub rows: Predicate,
}

/// Rows of which is remembered, by key, whose they are, because steps change what says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowOwners {
    /// The table.
    pub table: TableId,
    /// Columns that tell its rows apart.
    pub key: Vec<ColumnId>,
    /// Which rows.
    pub rows: Predicate,
    /// The capture that remembers these rows.
    pub capture: usize,
    /// To whom the rows belong, and by which ways.
    pub people: People,
    /// What is scrubbed there: with `people` this says which patterns are meant.
    pub with: String,
}

impl RowOwners {
    /// Those of the rows that were added to the capture in a round of sweeps, counted from 1.
    pub fn added(&self, round: usize) -> Predicate {
        let of_round = |rows: &Predicate| match rows {
            Predicate::Captured { capture, rules, .. } => {
                Predicate::Captured { capture: *capture, rules: rules.clone(), added: Some(round) }
            }
            other => other.clone(),
        };
        match &self.rows {
            Predicate::Any(parts) => Predicate::Any(parts.iter().map(of_round).collect()),
            one => of_round(one),
        }
    }
}

/// Values that must not be found afterwards, and where they are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// The values, column by column.
    pub values: Vec<GoneValues>,
    /// The tables that every run looks through: those that it changes, and those into which triggers may have copied.
    pub places: Vec<GonePlace>,
    /// The other tables of the policy, which a rehearsal looks through too.
    pub further: Vec<GonePlace>,
}

/// Values of one column that are to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoneValues {
    /// Where they are; none where they are the subjects themselves.
    pub column: Option<(TableId, ColumnId)>,
    /// The rows from which they go, with what takes their place; none where the rows go. A value that has its new one
    /// already is not looked for.
    pub rows: Vec<(Predicate, Option<ColumnChange>)>,
    /// Whether they must not be found in other people's rows either.
    pub anywhere: bool,
    /// The place in the policy.
    pub origin: Span,
}

/// A table in which values are looked for that are to be gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GonePlace {
    /// The table.
    pub table: TableId,
    /// The columns in which they could stand; at least one.
    pub columns: Vec<ColumnId>,
    /// The rows that the plan has reached and that are still there.
    pub reached: Predicate,
    /// Whether rows that the run has written count as reached. In the subjects' own table they don't: a friend whose row
    /// loses its reference may well have the same telephone.
    pub written: bool,
}

/// Rows that must not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    /// Its name.
    pub name: String,
    /// The table.
    pub table: TableId,
    /// The rows that block.
    pub rows: Predicate,
    /// What to do about them.
    pub message: String,
    /// Its place in the policy.
    pub origin: Span,
}

/// A row to which references of other rows are reassigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandIn {
    /// The referencing table.
    pub table: TableId,
    /// Its rows that are reassigned.
    pub rows: Predicate,
    /// The key.
    pub key: KeyId,
    /// For a virtual key with a `where`, which rows reference by it.
    pub condition: Option<Condition>,
    /// The referencing columns that change, with the stand-in's values.
    pub values: Vec<(ColumnId, String)>,
    /// Rows of the referenced table that can't stand in, because they go or are the subject's own.
    pub going: Predicate,
    /// Rows of the referenced table that are called otherwise afterwards, because their natural key changes.
    pub renamed: Predicate,
}

/// Rows of a rule that are somebody else's too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedRows {
    /// The table.
    pub table: TableId,
    /// The rule, which leaves them as they are.
    pub rule: RuleId,
    /// The rows, remembered.
    pub rows: Predicate,
    /// Whether the run goes on.
    pub if_shared: IfShared,
    /// The rule's place in the policy.
    pub origin: Span,
}

/// References that must not be found, because the policy says that there are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedNone {
    /// The key by which no row may reference what the policy reaches.
    pub key: KeyId,
    /// The table of the key.
    pub table: TableId,
    /// The rows that would.
    pub rows: Predicate,
    /// The place of the acceptance in the policy.
    pub origin: Span,
}

/// One statement that changes or deletes rows of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The table.
    pub table: TableId,
    /// The rules that it carries out; several only where rows are deleted.
    pub rules: Vec<RuleId>,
    /// Which rows, now.
    pub rows: Predicate,
    /// What happens to them.
    pub action: StepAction,
    /// The key by which new values are computed and remembered first, so that the verification can compare: where a
    /// trigger may keep a value back that can't be told by its looks.
    pub values_first: Option<Vec<ColumnId>>,
    /// Whether its rows, which are remembered, are looked for once more before it runs, because triggers of the steps before
    /// it may have added some.
    pub asked_again: bool,
    /// The columns of other rows that take new values along, in the same statement, where natural keys change.
    pub along: Option<Along>,
    /// Why this step exists.
    pub reason: Reason,
    /// Steps, by index, before which it has to come, with the reason.
    pub before: Vec<(usize, EdgeReason)>,
    /// Steps side by side with the same number wait for each other, and run as one statement.
    pub together: Option<usize>,
    /// The rule's name, for people.
    pub name: Option<String>,
    /// The scope as a sentence, for people.
    pub scope: String,
    /// Its place in the policy.
    pub origin: Span,
}

impl Predicate {
    /// The predicates that this one is made of.
    pub fn parts(&self) -> &[Predicate] {
        match self {
            Predicate::References { rows, .. }
            | Predicate::ReferencedBy { rows, .. }
            | Predicate::Matches { rows, .. }
            | Predicate::NotTrue(rows) => std::slice::from_ref(rows),
            Predicate::All(parts) | Predicate::Any(parts) => parts,
            Predicate::Subject | Predicate::Captured { .. } | Predicate::Closure { .. } | Predicate::Author(_) => &[],
        }
    }

    /// Of how many parts it is made.
    pub fn size(&self) -> usize {
        1 + self.parts().iter().map(Predicate::size).sum::<usize>()
    }

    /// Whether this one, or one that it is made of, is such.
    pub fn mentions(&self, wanted: &impl Fn(&Predicate) -> bool) -> bool {
        wanted(self) || self.parts().iter().any(|part| part.mentions(wanted))
    }
}

impl Step {
    /// The step for rows that were added to its capture in a round of sweeps, counted from 1. A step without remembered
    /// rows is the same again.
    pub fn for_added_rows(&self, round: usize) -> Step {
        let rows = match &self.rows {
            Predicate::Captured { capture, rules, .. } => {
                Predicate::Captured { capture: *capture, rules: rules.clone(), added: Some(round) }
            }
            other => other.clone(),
        };
        // Values were remembered for the rows that were there before.
        Step { rows, values_first: None, ..self.clone() }
    }
}

/// What happens to the rows of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepAction {
    /// They are deleted.
    Delete,
    /// These columns change.
    Change(Vec<ColumnChange>),
}

/// What goes along with a change of natural keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Along {
    /// Columns that tell the rows of the step's own table apart; they may change themselves.
    pub key: Vec<ColumnId>,
    /// The tables that follow.
    pub propagation: Propagation,
    /// For each of them, which rows.
    pub rows: Vec<Predicate>,
    /// For virtual keys with a `where`, which rows reference by them.
    pub conditions: BTreeMap<KeyId, Condition>,
}

impl Step {
    /// Every table that it writes: its own, and those that follow.
    pub fn tables(&self) -> impl Iterator<Item = TableId> {
        std::iter::once(self.table).chain(self.followers().map(|(follower, _)| follower.table))
    }

    /// The tables that follow a natural key of this step, with the columns that change there and their rows.
    pub fn followers(&self) -> impl Iterator<Item = (&Follower, &Predicate)> {
        self.along.iter().flat_map(|along| along.propagation.followers.iter().zip(&along.rows))
    }
}

/// Why a step exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The policy asks for it.
    Asked,
    /// Rows that it deletes reference rows that a `cascade` deletes.
    Cascade {
        /// The keys by which they do.
        keys: Vec<KeyId>,
    },
    /// It clears a reference, so that rows which reference each other in a circle can go one after the other.
    Opens {
        /// The key of the reference.
        key: KeyId,
    },
}

/// Why one step comes before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EdgeReason {
    /// Its scope reads what the other changes.
    Read,
    /// Its new values are computed from what the other changes.
    Compute,
    /// Its new values go along this key, which the other changes in part.
    Along(KeyId),
    /// Its rows reference, by this key, rows that the other deletes.
    Key(KeyId),
}

/// A step that runs again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// The step, by index.
    pub step: usize,
    /// Sweeps of a later round take what those of an earlier one made triggers write.
    pub round: usize,
    /// The step, by index, before which it runs, since its rows may reference those that go there; else behind the last.
    pub before: Option<usize>,
    /// The triggers that may have written into its rows: table and trigger, sorted.
    pub after: Vec<(TableId, crate::ident::Ident)>,
}

/// Rows that stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The table.
    pub table: TableId,
    /// The rule.
    pub rule: RuleId,
    /// Which rows, as a sentence.
    pub scope: String,
    /// Why.
    pub reason: String,
    /// Its place in the policy.
    pub origin: Span,
}

/// A trigger that a step fires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FiredTrigger {
    /// The table that it is on.
    pub table: TableId,
    /// Its name.
    pub trigger: crate::ident::Ident,
    /// The function that it calls.
    pub function: String,
    /// Tables that the function mentions.
    pub mentions: Vec<crate::ident::TableName>,
    /// Whether what it writes can't be known from its text.
    pub opaque: bool,
    /// The steps that fire it, by index.
    pub steps: Vec<usize>,
}
