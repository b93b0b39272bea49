//! Which rows does each rule mean, before anything is remembered?
//!
//! Top-down, so that a cascade's rules find the rows that they follow. Where a cascade leads back to a table that it has
//! passed, there is no end to writing the way down: those tables become a [`Closure`], which is followed on the server
//! until nothing new turns up.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Closure, Follow, Member, Predicate};
use super::parents;
use super::predicate::{following, narrowed, reached};
use super::steps::{first_match, row_key};
use crate::catalog::{Catalog, KeyId, TableId};
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::graph;
use crate::resolve::{Reach, ResolvedPolicy, ResolvedRule, RowAction, RuleId};

/// The most parts of which a cascade's scope is made and still written where it is needed.
const MOST_PARTS: usize = 24;

/// The rows of each rule, by its id, and the closures that they need.
pub(super) struct Scopes {
    /// The tables of the rules, each behind those above it in a cascade.
    pub tables: Vec<TableId>,
    /// Rows that cascades reach in circles.
    pub closures: Vec<Closure>,
    /// What locks are taken on: the rows that a rule reaches, whatever its condition and the other rules say.
    pub whole: Vec<Option<Predicate>>,
    /// The closure and the member in it of each rule that needs one.
    in_closure: BTreeMap<RuleId, (usize, usize)>,
}

impl Scopes {
    /// The rows of a rule whose way leads in circles.
    pub fn closure_of(&self, rule: RuleId) -> Option<Predicate> {
        let (closure, member) = *self.in_closure.get(&rule)?;
        Some(Predicate::Closure { closure, member })
    }
}

/// Finds the rows of every rule.
pub(super) fn find(policy: &ResolvedPolicy, catalog: &Catalog, report: &mut Report) -> Scopes {
    let tables = tables(policy);
    let groups = circles(policy);
    let mut scopes =
        Scopes { tables, closures: Vec::new(), whole: vec![None; policy.rules.len()], in_closure: BTreeMap::new() };
    // What each rule takes, the rules before it considered.
    let mut taken: Vec<Option<Predicate>> = vec![None; policy.rules.len()];
    for table in scopes.tables.clone() {
        let rules: Vec<(RuleId, &ResolvedRule)> = policy.rules_of(table).collect();
        let circle = rules.iter().find_map(|(id, _)| groups.iter().find(|group| group.contains(id)));
        if let Some(group) = circle.filter(|group| !group.iter().all(|rule| scopes.in_closure.contains_key(rule))) {
            let number = scopes.closures.len();
            let closure = closure(policy, catalog, group, &taken, report);
            for (rule, member) in group.iter().zip(0..) {
                scopes.in_closure.insert(*rule, (number, member));
            }
            scopes.closures.push(closure);
        }
        for (id, rule) in &rules {
            if scopes.in_closure.contains_key(id) {
                continue;
            }
            if let Some(closure) = lengthy(policy, catalog, rule, &taken) {
                scopes.in_closure.insert(*id, (scopes.closures.len(), 0));
                scopes.closures.push(closure);
            }
        }
        let rows = |id: RuleId, rule: &ResolvedRule, above: &[Option<Predicate>]| match scopes.closure_of(id) {
            Some(rows) => rows,
            None => reached(policy, rule.table, &rule.reach, rule.condition.as_ref(), above),
        };
        let whole: Vec<_> = rules.iter().map(|(id, rule)| rows(*id, rule, &scopes.whole)).collect();
        let alone: Vec<_> =
            rules.iter().map(|(id, rule)| narrowed(rows(*id, rule, &taken), rule.condition.as_ref())).collect();
        for (index, (id, _)) in rules.iter().enumerate() {
            taken[id.0] = Some(parents::unshared(policy, *id, first_match(&rules, &alone, index), &taken));
        }
        for ((id, _), whole) in rules.iter().zip(whole) {
            scopes.whole[id.0] = Some(whole);
        }
    }
    scopes
}

/// A cascade's rows, remembered where writing down how they are found would fill pages: below a table that several keys
/// lead to, each of them would repeat all that is above it.
fn lengthy(
    policy: &ResolvedPolicy,
    catalog: &Catalog,
    rule: &ResolvedRule,
    taken: &[Option<Predicate>],
) -> Option<Closure> {
    if !matches!(rule.reach, Reach::Cascade(_)) {
        return None;
    }
    let seeds = reached(policy, rule.table, &rule.reach, rule.condition.as_ref(), taken);
    if seeds.size() <= MOST_PARTS {
        return None;
    }
    let key = row_key(catalog, rule.table, &[])?;
    Some(Closure { members: vec![Member { table: rule.table, key, seeds, follows: Vec::new() }] })
}

/// The tables of the rules: those that a cascade reaches behind those above them, which `resolve` lists top-down.
fn tables(policy: &ResolvedPolicy) -> Vec<TableId> {
    let mut position: BTreeMap<TableId, usize> = BTreeMap::new();
    for (index, rule) in policy.rules.iter().enumerate() {
        let place = if matches!(rule.reach, Reach::Cascade(_)) { index + 1 } else { 0 };
        let found = position.entry(rule.table).or_default();
        *found = place.max(*found);
    }
    let mut tables: Vec<TableId> = position.keys().copied().collect();
    tables.sort_by_key(|table| (parents::look_back(policy, *table), position.get(table).copied(), *table));
    tables
}

/// The groups of rules that lead in circles, each by table.
fn circles(policy: &ResolvedPolicy) -> Vec<Vec<RuleId>> {
    let sources = |index: usize| -> Vec<usize> {
        match &policy.rules[index].reach {
            Reach::Cascade(keys) => keys.iter().flat_map(|(_, rules)| rules.iter().map(|rule| rule.0)).collect(),
            _ => Vec::new(),
        }
    };
    let edges = (0..policy.rules.len()).flat_map(|index| sources(index).into_iter().map(move |from| (from, index)));
    let groups = graph::components(policy.rules.len(), edges);
    let circular = groups.into_iter().filter(|group| group.len() > 1 || sources(group[0]).contains(&group[0]));
    circular
        .map(|group| {
            let mut group: Vec<RuleId> = group.into_iter().map(RuleId).collect();
            group.sort_by_key(|rule| policy.rule(*rule).table);
            group
        })
        .collect()
}

/// The closure over the tables of some rules; there is one rule for each of them that a cascade reaches.
fn closure(
    policy: &ResolvedPolicy,
    catalog: &Catalog,
    group: &[RuleId],
    taken: &[Option<Predicate>],
    report: &mut Report,
) -> Closure {
    let tables: Vec<TableId> = group.iter().map(|rule| policy.rule(*rule).table).collect();
    let member_of = |rule: &RuleId| tables.iter().position(|table| *table == policy.rule(*rule).table);
    let members = group.iter().map(|id| {
        let rule = policy.rule(*id);
        let key = row_key(catalog, rule.table, &[]).unwrap_or_else(|| {
            report.push(needs_key(catalog, rule));
            Vec::new()
        });
        let Reach::Cascade(ways) = &rule.reach else {
            return Member { table: rule.table, key, seeds: Predicate::Any(Vec::new()), follows: Vec::new() };
        };
        let mut follows: BTreeSet<(KeyId, usize)> = BTreeSet::new();
        let mut seeds: Vec<Predicate> = own_rules(policy, rule.table);
        for (way, sources) in ways {
            follows.extend(sources.iter().filter_map(|source| Some((*way, member_of(source)?))));
            let outside = sources.iter().filter(|source| member_of(source).is_none());
            let rows: Vec<Predicate> = outside.filter_map(|source| taken.get(source.0).cloned().flatten()).collect();
            if !rows.is_empty() {
                seeds.push(following(policy, *way, Predicate::any(rows)));
            }
        }
        let follows = follows.into_iter().map(|(key, member)| {
            let condition = policy.virtual_conditions.get(&key).cloned();
            Follow { key, condition, member }
        });
        Member { table: rule.table, key, seeds: Predicate::any(seeds), follows: follows.collect() }
    });
    Closure { members: members.collect() }
}

/// The rows with which a table's own rules begin a cascade.
fn own_rules(policy: &ResolvedPolicy, table: TableId) -> Vec<Predicate> {
    let rules: Vec<(RuleId, &ResolvedRule)> =
        policy.rules_of(table).filter(|(_, rule)| !matches!(rule.reach, Reach::Cascade(_))).collect();
    let alone = |rule: &ResolvedRule| {
        narrowed(reached(policy, rule.table, &rule.reach, rule.condition.as_ref(), &[]), rule.condition.as_ref())
    };
    let alone: Vec<Predicate> = rules.iter().map(|(_, rule)| alone(rule)).collect();
    let cascades = |index: &usize| rules[*index].1.action == (RowAction::Delete { cascade: true });
    let own = (0..rules.len()).filter(cascades);
    own.map(|index| parents::unshared(policy, rules[index].0, first_match(&rules, &alone, index), &[])).collect()
}

fn needs_key(catalog: &Catalog, rule: &ResolvedRule) -> Diagnostic {
    let name = catalog.table(rule.table).name.bare().to_string();
    Diagnostic::new(
        Code::NeedsPrimaryKey,
        format!("the rows of table `{name}` have to be remembered, and it has no key"),
    )
    .at(rule.origin, "this cascade leads through it in a circle")
    .about(name)
    .note("the rows are followed until nothing new turns up, so each has to be told from the others")
    .help("add a primary key or a unique index over NOT NULL columns")
}
