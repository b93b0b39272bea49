//! Which rows are referenced by rows that rules reach, and which of them do others reference too?
//!
//! A row is shared when some row references it that the policy leaves there, reference and all. Where that depends on
//! rows of its own table that may be shared themselves, the answer errs on the side of what stays: such a row counts as
//! shared.

use super::model::{ExpectedNone, Predicate};
use super::predicate::{following, narrowed, reached};
use crate::catalog::{Catalog, TableId};
use crate::resolve::{IfShared, ParentKey, Parents, Reach, ResolvedPolicy, ResolvedRule, RowAction, RuleId};

/// The rows that are referenced, by any of the keys, by rows which their tables' own rules reach.
pub(super) fn referenced(policy: &ResolvedPolicy, parents: &Parents) -> Predicate {
    Predicate::any(parents.keys.iter().map(|by| {
        let rows = restricted(policy, by, reached_by_own_rules(policy, by.child));
        Predicate::ReferencedBy { key: by.key, rows: Box::new(rows) }
    }))
}

/// The rows of a table that are the subject's: those that its rules reach, in the subject's own table the own row alone.
/// The others there are other people, whose references are theirs.
fn reached_by_own_rules(policy: &ResolvedPolicy, table: TableId) -> Predicate {
    if policy.subject.table() == Some(table) { Predicate::Subject } else { reached_by_rules(policy, table) }
}

/// The rows that the rules of a table reach; rows that only a cascade reaches are nobody's own. As the last rule of each
/// path has no condition, conditions decide which rule it is, not whether there is one.
fn reached_by_rules(policy: &ResolvedPolicy, table: TableId) -> Predicate {
    let own = policy.rules_of(table).filter(|(_, rule)| !matches!(rule.reach, Reach::Cascade(_)));
    Predicate::any(own.map(|(_, rule)| reached(policy, rule.table, &rule.reach, rule.condition.as_ref(), &[])))
}

/// A virtual key may mean some rows of its table only.
fn restricted(policy: &ResolvedPolicy, by: &ParentKey, rows: Predicate) -> Predicate {
    match policy.virtual_conditions.get(&by.key) {
        Some(condition) => Predicate::all([rows, Predicate::Author(condition.clone())]),
        None => rows,
    }
}

/// Whether some rows of a rule may have to stay as they are because others reference them.
pub(super) fn may_be_shared(rule: &ResolvedRule) -> bool {
    matches!(&rule.reach, Reach::Parents(parents) if parents.if_shared.is_some()) && rule.acts()
}

/// Whether a table's scopes come behind those of cascades, which may delete whatever else references its rows; not where
/// it begins a cascade itself.
pub(super) fn look_back(policy: &ResolvedPolicy, table: TableId) -> bool {
    let cascades = |rule: &ResolvedRule| rule.action == RowAction::Delete { cascade: true };
    policy.rules_of(table).any(|(_, rule)| may_be_shared(rule)) && !policy.rules_of(table).any(|(_, r)| cascades(r))
}

/// Which rows of a rule are somebody else's too; none where nobody asks. `decided` has the rows of cascades.
pub(super) fn shared(policy: &ResolvedPolicy, rule: RuleId, decided: &[Option<Predicate>]) -> Option<Predicate> {
    may_be_shared(policy.rule(rule)).then(|| Sharing { policy, decided, trail: Vec::new() }.shared(rule))
}

/// The rows of a rule without those that it leaves to somebody else.
pub(super) fn unshared(
    policy: &ResolvedPolicy,
    rule: RuleId,
    rows: Predicate,
    decided: &[Option<Predicate>],
) -> Predicate {
    match shared(policy, rule, decided) {
        Some(shared) => Predicate::all([rows, Predicate::NotTrue(Box::new(shared))]),
        None => rows,
    }
}

struct Sharing<'a> {
    policy: &'a ResolvedPolicy,
    decided: &'a [Option<Predicate>],
    /// The rules whose sharing is being asked for.
    trail: Vec<RuleId>,
}

impl Sharing<'_> {
    fn shared(&mut self, id: RuleId) -> Predicate {
        let Reach::Parents(parents) = &self.policy.rule(id).reach else { return Predicate::Any(Vec::new()) };
        self.trail.push(id);
        let candidates = referenced(self.policy, parents);
        let mut ways = Vec::new();
        for by in &parents.shared_by {
            // Looked up by the candidates' keys, where there may be an index, rather than by reading the whole table.
            let rows = following(self.policy, by.key, candidates.clone());
            let others = match self.settled(by) {
                Predicate::Any(none) if none.is_empty() => rows,
                settled => Predicate::all([rows, Predicate::NotTrue(Box::new(settled))]),
            };
            ways.push(Predicate::ReferencedBy { key: by.key, rows: Box::new(others) });
        }
        self.trail.pop();
        Predicate::any(ways)
    }

    /// The rows of a referencing table that go, lose the reference, or are reached themselves.
    fn settled(&mut self, by: &ParentKey) -> Predicate {
        let rules: Vec<(RuleId, &ResolvedRule)> = self.policy.rules_of(by.child).collect();
        let plain = |rule: &ResolvedRule| !may_be_shared(rule) && !matches!(rule.reach, Reach::Cascade(_));
        if rules.iter().all(|(id, rule)| by.settled.contains(id) && plain(rule)) {
            return reached_by_rules(self.policy, by.child);
        }
        let mut rows = Vec::new();
        for (index, (id, rule)) in rules.iter().enumerate().filter(|(_, (id, _))| by.settled.contains(id)) {
            let Some(acting) = self.acting(*id, rule) else { continue };
            let above = rules.iter().take(index).filter(|(id, rule)| !by.settled.contains(id) || !plain(rule));
            let taken =
                above.filter_map(|(id, rule)| self.alone(*id, rule)).map(|rows| Predicate::NotTrue(Box::new(rows)));
            rows.push(Predicate::all(std::iter::once(acting).chain(taken)));
        }
        Predicate::any(rows)
    }

    /// The rows of a rule that it doesn't leave to somebody else.
    fn acting(&mut self, id: RuleId, rule: &ResolvedRule) -> Option<Predicate> {
        let alone = self.alone(id, rule)?;
        let keeps = matches!(&rule.reach, Reach::Parents(parents) if parents.if_shared == Some(IfShared::Keep));
        if !(keeps && rule.acts()) {
            return Some(alone);
        }
        if self.trail.iter().any(|asked| self.policy.rule(*asked).table == rule.table) {
            return None;
        }
        let shared = self.shared(id);
        Some(Predicate::all([alone, Predicate::NotTrue(Box::new(shared))]))
    }

    /// The rows that a rule would take if it were alone; none where a cascade's are not known yet.
    fn alone(&self, id: RuleId, rule: &ResolvedRule) -> Option<Predicate> {
        if matches!(rule.reach, Reach::Cascade(_)) {
            return self.decided.get(id.0).cloned().flatten();
        }
        Some(narrowed(
            reached(self.policy, rule.table, &rule.reach, rule.condition.as_ref(), &[]),
            rule.condition.as_ref(),
        ))
    }
}

/// The rows that must not be there, because an acceptance says so.
pub(super) fn expected(policy: &ResolvedPolicy, catalog: &Catalog) -> Vec<ExpectedNone> {
    let found = policy.expectations.iter().filter_map(|expectation| {
        let (table, parent) = (catalog.child(expectation.key)?, catalog.parent(expectation.key)?);
        let above = match &expectation.onward {
            Some(path) => super::predicate::by_path(policy, path),
            None if policy.subject.table() == Some(parent) => Predicate::Subject,
            None => reached_by_own_rules(policy, parent),
        };
        let rows = following(policy, expectation.key, above);
        // The subject's own row may reference what goes with it: it goes itself.
        let rows = match policy.subject.table() == Some(table) && parent != table && own_row_goes(policy, table) {
            true => Predicate::all([rows, Predicate::NotTrue(Box::new(Predicate::Subject))]),
            false => rows,
        };
        Some(ExpectedNone { key: expectation.key, table, rows, origin: expectation.origin })
    });
    found.collect()
}

/// Whether every rule for the subject's own row deletes it.
fn own_row_goes(policy: &ResolvedPolicy, table: TableId) -> bool {
    let mut own = policy.rules_of(table).filter(|(_, rule)| rule.reach == Reach::OwnRow).peekable();
    own.peek().is_some() && own.all(|(_, rule)| matches!(rule.action, RowAction::Delete { .. }))
}
