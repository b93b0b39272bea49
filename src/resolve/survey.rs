//! What has been decided of each table that the subject reaches, finished or not?
//!
//! A [`ResolvedPolicy`] can't exist where an error was found, and that is when a picture of the tables helps most. A
//! [`Survey`] says of each table and each key what the policy says, and what it doesn't: data for a picture, and for
//! nothing that runs.

use std::collections::{BTreeMap, BTreeSet};

use super::accept::Accepted;
use super::model::{Reach, ResolvedPolicy, RowAction, Subject};
use super::{Held, coverage, held, path};
use crate::action::Decision;
use crate::catalog::{Catalog, ColumnId, Generated, KeyId, TableId};
use crate::diagnostic::Report;
use crate::policy::{Acceptance, Policy, RowDecision, Rule};

/// What has been decided, table by table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// The subject's table, where subjects have one.
    pub subject: Option<TableId>,
    /// The tables that the subject reaches, and those that the policy decides.
    pub tables: BTreeMap<TableId, Surveyed>,
    /// The keys between them, in the catalog's order.
    pub keys: Vec<(KeyId, Followed)>,
}

/// What has been decided of one table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surveyed {
    /// What happens to its rows; several where several rules decide it, empty where nobody does.
    pub decisions: BTreeSet<TableDecision>,
    /// The columns that some rule changes, ascending.
    pub changed: Vec<ColumnId>,
    /// Columns that a rule leaves undecided, ascending.
    pub undecided: Vec<ColumnId>,
    /// Whether rules of it could not be understood: what is said of it is what was written.
    pub broken: bool,
}

/// What happens to rows of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TableDecision {
    /// Nobody has decided.
    Undecided,
    /// They are deleted, because a rule says so.
    Deleted,
    /// They are deleted, because rows that they reference are.
    Cascaded,
    /// They stay, with other values.
    Changed,
    /// They stay as they are, for a reason.
    Kept,
    /// They are not looked at: somebody has accepted that, for a reason.
    Accepted,
}

/// What the policy makes of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Followed {
    /// A path, a cascade or a rule's `referenced_by` goes along it.
    Yes,
    /// It leads to the subject and no rule follows it.
    No,
    /// The same, and somebody has accepted it for a reason.
    Accepted,
    /// It says nothing of whose the rows are.
    Aside,
}

/// A survey of a policy that may not be finished.
#[derive(Clone, Debug)]
pub struct Unfinished {
    /// What has been decided.
    pub survey: Survey,
    /// The catalog that its ids are of.
    pub catalog: Catalog,
    /// What `resolve` finds.
    pub findings: Report,
}

/// Surveys a policy that may have errors.
///
/// # Errors
/// The report of everything that was found, where the subject itself can't be found: then nothing leads anywhere.
pub fn survey(policy: &Policy, catalog: &Catalog) -> Result<Unfinished, Report> {
    let Held { policy: resolved, unfinished, catalog, report: findings } = held(policy, catalog);
    let Some(resolved) = resolved else { return Err(findings) };
    let reaches: Vec<&Reach> =
        resolved.rules.iter().map(|rule| &rule.reach).chain(unfinished.iter().map(|(_, it)| it)).collect();
    let mut survey = of(&resolved, &reaches, &catalog, &policy.accept);
    for entry in &policy.tables {
        let Some(table) = catalog.table_id(&entry.table.value) else { continue };
        let surveyed = survey.tables.entry(table).or_default();
        // Of a cascade's rules each has a reach of its own.
        let own = |rule: &super::ResolvedRule| !matches!(rule.reach, Reach::Cascade(_));
        surveyed.broken = resolved.rules_of(table).filter(|(_, rule)| own(rule)).count() < entry.rules.len();
        if surveyed.broken {
            surveyed.decisions.remove(&TableDecision::Undecided);
            entry.rules.iter().for_each(|rule| written(rule, table, &catalog, surveyed));
        }
    }
    let broken =
        |key: KeyId| catalog.child(key).is_some_and(|child| survey.tables.get(&child).is_some_and(|it| it.broken));
    for (key, followed) in &mut survey.keys {
        // A rule that isn't there follows nothing; whether it would have, nobody knows.
        if *followed == Followed::No && broken(*key) {
            *followed = Followed::Aside;
        }
    }
    survey.keys.extend(keys(&survey, &reaches, &catalog));
    survey.keys.sort();
    survey.keys.dedup_by_key(|(key, _)| *key);
    Ok(Unfinished { survey, catalog, findings })
}

/// Surveys a policy that fits.
pub fn survey_of(resolved: &ResolvedPolicy, catalog: &Catalog) -> Survey {
    let reaches: Vec<&Reach> = resolved.rules.iter().map(|rule| &rule.reach).collect();
    of(resolved, &reaches, catalog, &resolved.accepted)
}

fn of(resolved: &ResolvedPolicy, reaches: &[&Reach], catalog: &Catalog, accepted: &[Acceptance]) -> Survey {
    let accepted = Accepted::new(accepted);
    let closed = coverage::closed(resolved, catalog, &accepted);
    let distances = path::distances(catalog, &coverage::starts(resolved), |id| !closed.contains(&id));
    let mut survey = Survey { subject: resolved.subject.table(), ..Survey::default() };
    let everything = (resolved.subject == Subject::EveryRow).then(|| catalog.table_ids()).into_iter().flatten();
    for table in distances.keys().copied().chain(everything).chain(survey.subject) {
        survey.tables.entry(table).or_default();
    }
    for rule in &resolved.rules {
        let surveyed = survey.tables.entry(rule.table).or_default();
        surveyed.decisions.insert(match (&rule.action, &rule.reach) {
            (RowAction::Keep(_), _) => TableDecision::Kept,
            (RowAction::Delete { .. }, Reach::Cascade(_)) => TableDecision::Cascaded,
            (RowAction::Delete { .. }, _) => TableDecision::Deleted,
            (RowAction::Change { changes, .. }, _) if changes.is_empty() => TableDecision::Kept,
            (RowAction::Change { changes, .. }, _) => {
                surveyed.changed.extend(changes.iter().map(|change| change.column));
                TableDecision::Changed
            }
        });
    }
    for (table, surveyed) in &mut survey.tables {
        surveyed.changed.sort();
        surveyed.changed.dedup();
        // Nobody has to decide the subject's own row where what references it is all that matters.
        if surveyed.decisions.is_empty() && Some(*table) != survey.subject {
            surveyed.decisions.insert(TableDecision::Undecided);
        }
    }
    // Who is left out by name is shown beside what they reference.
    let beside = closed.iter().filter_map(|key| Some((catalog.child(*key)?, catalog.parent(*key)?)));
    let beside: Vec<TableId> =
        beside.filter(|(_, parent)| survey.tables.contains_key(parent)).map(|(child, _)| child).collect();
    for table in beside {
        let left_out = || Surveyed { decisions: BTreeSet::from([TableDecision::Accepted]), ..Surveyed::default() };
        survey.tables.entry(table).or_insert_with(left_out);
    }
    survey.keys = keys(&survey, reaches, catalog);
    let unfollowed = coverage::unfollowed(resolved, catalog, &distances, &accepted);
    for (key, followed) in &mut survey.keys {
        if closed.contains(key) {
            *followed = Followed::Accepted;
        } else if *followed == Followed::Aside && unfollowed.contains(key) {
            *followed = Followed::No;
        }
    }
    survey
}

/// The keys between the tables of a survey, as far as rules follow them.
fn keys(survey: &Survey, reaches: &[&Reach], catalog: &Catalog) -> Vec<(KeyId, Followed)> {
    let mut followed: BTreeSet<KeyId> = BTreeSet::new();
    for reach in reaches {
        match reach {
            Reach::Paths(paths) => followed.extend(paths.iter().flat_map(|path| path.0.iter().copied())),
            Reach::Cascade(keys) => followed.extend(keys.iter().map(|(key, _)| *key)),
            Reach::Parents(parents) => followed.extend(parents.keys.iter().map(|by| by.key)),
            Reach::OwnRow | Reach::Condition | Reach::EveryRow => {}
        }
    }
    let shown = |table: Option<TableId>| table.is_some_and(|table| survey.tables.contains_key(&table));
    let between = catalog.all_keys().filter(|(id, _)| shown(catalog.child(*id)) && shown(catalog.parent(*id)));
    between.map(|(id, _)| (id, if followed.contains(&id) { Followed::Yes } else { Followed::Aside })).collect()
}

/// What a rule says that could not be looked up.
fn written(rule: &Rule, table: TableId, catalog: &Catalog, surveyed: &mut Surveyed) {
    let table = catalog.table(table);
    surveyed.decisions.insert(match &rule.action.value {
        RowDecision::Keep(_) => TableDecision::Kept,
        RowDecision::Delete | RowDecision::Cascade => TableDecision::Deleted,
        RowDecision::Undecided => TableDecision::Undecided,
        RowDecision::Columns { columns, other } => {
            let decided =
                |column: &ColumnId| columns.iter().find(|it| it.column.value == table.column_at(*column).name);
            for column in (0..table.columns.len()).map(ColumnId) {
                let computed = matches!(table.column_at(column).generated, Generated::Expression { .. });
                match decided(&column).map(|it| &it.decision.value) {
                    None if other.is_none() && !computed => surveyed.undecided.push(column),
                    Some(Decision::Undecided) => surveyed.undecided.push(column),
                    None | Some(Decision::Keep { .. }) => {}
                    Some(_) => surveyed.changed.push(column),
                }
            }
            for columns in [&mut surveyed.changed, &mut surveyed.undecided] {
                columns.sort();
                columns.dedup();
            }
            if surveyed.changed.is_empty() { TableDecision::Kept } else { TableDecision::Changed }
        }
    });
}
