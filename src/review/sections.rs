//! What does a plan say, section by section, before any format?
//!
//! The page for a terminal, the comment in a pull request and the page for a browser have these sections, with these
//! headings and sentences. A name within a sentence stands between backticks where it could be taken for a word.

use std::fmt::Write;

use super::words::{SHARED, count, kept_columns, new_value, one_line, place, reasons, table, verb};
use super::{Reviewed, derived, parts, policy_digest};
use crate::catalog::{Basis, Catalog, KeyId, digest};
use crate::diagnostic::Severity;
use crate::ident::shown;
use crate::plan::{Choice, GonePlace, StepAction, TableLock, followers, touched_tables};
use crate::resolve::{IfShared, Reach, Subject};
use crate::sql;

/// Some sentences under a heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    /// What it is about, as a word that no heading changes: for anchors and for what is cut first.
    pub key: &'static str,
    /// The heading.
    pub heading: String,
    /// The sentences.
    pub lines: Vec<Line>,
}

/// A sentence, with what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// The sentence.
    pub text: String,
    /// Which rows, or where in the policy.
    pub more: Option<String>,
}

impl From<String> for Line {
    fn from(text: String) -> Self {
        Self { text, more: None }
    }
}

/// None where there is nothing to say.
fn section(key: &'static str, heading: &str, lines: Vec<impl Into<Line>>) -> Option<Section> {
    let lines: Vec<Line> = lines.into_iter().map(Into::into).collect();
    (!lines.is_empty()).then(|| Section { key, heading: heading.into(), lines })
}

/// What is reviewed: a word for each thing, and what identifies it.
pub(super) fn identity(reviewed: &Reviewed<'_>) -> Vec<(&'static str, String)> {
    let Reviewed { file, policy, catalog, plan, script, .. } = reviewed;
    let touched = touched_tables(plan, policy, catalog);
    let part = catalog.part(&touched);
    let statements = count(script.statements.len() as u64, "statement");
    let mut things = vec![
        ("policy", format!("sha256:{}", policy_digest(file))),
        ("schema", format!("sha256:{} ({})", digest(&part), count(touched.len() as u64, "table"))),
        ("script", format!("sha256:{} ({statements})", script.digest())),
        ("subject", subject(reviewed)),
    ];
    if plan.ledger {
        things.push(("ledger", "one entry in efface.ledger, in the same transaction".into()));
    }
    things
}

/// Whose rows, and who says so.
fn subject(reviewed: &Reviewed<'_>) -> String {
    let Reviewed { catalog, plan, .. } = reviewed;
    let rows = match &plan.subject {
        Subject::Rows(rows) => rows,
        Subject::Value(value) => return format!("{}, a value without a row of its own", shown(&value.name)),
        Subject::EveryRow => return "every row of every table".to_owned(),
    };
    let key: Vec<_> = plan.subject.key(catalog).into_iter().map(|(name, _)| name).collect();
    let mut words = format!("{} by {}", table(catalog, rows.table), key.join(", "));
    if let Some(condition) = &rows.condition {
        let _ = write!(words, ", where {}", one_line(&condition.fragment.text));
    }
    if let Choice::Expired(condition) = &plan.choice {
        let most = count(plan.limits.max_subjects, "row");
        let _ = write!(words, "; chosen by the run, {most} at most: {}", one_line(&condition.fragment.text));
    }
    words
}

/// What must not be found before anything is changed.
pub(super) fn before(reviewed: &Reviewed<'_>) -> Vec<Section> {
    let expected = "references that must not be found, or everything is rolled back";
    let virtual_keys = "virtual keys that not every row of their table has";
    let sections = [
        guards(reviewed),
        section("expected", expected, parts::expected(reviewed)),
        section("virtual-keys", virtual_keys, parts::virtual_keys(reviewed)),
    ];
    sections.into_iter().flatten().collect()
}

fn guards(reviewed: &Reviewed<'_>) -> Option<Section> {
    let Reviewed { file, plan, .. } = reviewed;
    let line = |(index, guard): (usize, &crate::plan::Guard)| Line {
        text: format!("{}: {}", shown(&guard.name), shown(&guard.message)),
        more: Some(format!("{} ({})", parts::guarded(reviewed, index), place(file, guard.origin))),
    };
    section("guards", GUARDS, plan.guards.iter().enumerate().map(line).collect())
}

const GUARDS: &str = "guards: any row found blocks the run";

/// Only a key makes others wait; what a condition finds is what is committed when it is asked.
const WINDOW: &str = "rows that another session has inserted and not committed when it is last asked are not found";

/// Whether rows can come in by a key of this reach that nobody enforces and that the policy doesn't lock.
fn is_open(catalog: &Catalog, reach: &Reach) -> bool {
    let open = |key: &KeyId| matches!(catalog.key(*key).basis, Basis::Virtual { lock_table: false } | Basis::Values);
    match reach {
        Reach::Paths(paths) => paths.iter().any(|path| path.0.iter().any(open)),
        Reach::Cascade(keys) => keys.iter().any(|(key, _)| open(key)),
        Reach::Parents(parents) => parents.keys.iter().chain(&parents.shared_by).any(|by| open(&by.key)),
        Reach::OwnRow | Reach::Condition | Reach::EveryRow => false,
    }
}

/// A step in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StepWords {
    /// From 1.
    pub number: usize,
    /// `delete` or `change`.
    pub verb: &'static str,
    /// The table.
    pub table: String,
    /// The rule's name.
    pub name: Option<String>,
    /// How many rows, about.
    pub rows: Option<u64>,
    /// Which rows.
    pub scope: String,
    /// The columns that change, with what they become.
    pub changes: Vec<(String, String)>,
    /// What takes new values along.
    pub along: Vec<String>,
    /// Which rows can't be seen.
    pub window: Option<String>,
    /// Why it is there and why it comes where it does, each as a sentence of its own.
    pub reasons: Vec<String>,
    /// Its place in the policy.
    pub place: String,
}

/// Every step in words, in order.
pub(super) fn steps(reviewed: &Reviewed<'_>) -> Vec<StepWords> {
    let Reviewed { file, policy, catalog, plan, estimates, .. } = reviewed;
    let numbered = plan.steps.iter().enumerate();
    let words = numbered.map(|(index, step)| {
        let changes = match &step.action {
            StepAction::Delete => Vec::new(),
            StepAction::Change(changes) => changes
                .iter()
                .map(|change| {
                    let column = &catalog.table(step.table).column_at(change.column).name;
                    (column.bare().to_string(), new_value(&change.value, catalog))
                })
                .collect(),
        };
        let along = followers(catalog, step).into_iter();
        let mut reaches = step.rules.iter().map(|rule| &policy.rule(*rule).reach);
        let window = if reaches.clone().any(|reach| *reach == Reach::Condition) {
            Some(format!("found by its `where` alone: {WINDOW}"))
        } else if reaches.any(|reach| is_open(catalog, reach)) {
            Some(format!("found by a virtual key or by values: {WINDOW}"))
        } else {
            None
        };
        let reasons = reasons(catalog, plan, file, step).into_iter();
        StepWords {
            number: index + 1,
            verb: verb(&step.action),
            table: table(catalog, step.table),
            name: step.name.as_ref().map(|name| shown(name).to_string()),
            rows: estimates.of(index),
            scope: one_line(&step.scope),
            changes,
            along: along
                .map(|(column, keys)| format!("{column} takes the new value along, by {keys}, in whosever row"))
                .collect(),
            window,
            reasons: reasons
                .map(|reason| format!("because {reason}").replacen("because before", "before", 1))
                .collect(),
            place: place(file, step.origin),
        }
    });
    words.collect()
}

/// The heading of the steps.
pub(super) fn steps_heading(reviewed: &Reviewed<'_>) -> String {
    match reviewed.plan.steps.len() {
        0 => "steps: none".into(),
        steps => format!("{}, in one transaction", count(steps as u64, "step")),
    }
}

/// What stands behind the steps.
pub(super) fn behind_steps(reviewed: &Reviewed<'_>) -> Vec<String> {
    [parts::closures(reviewed), parts::captures(reviewed), parts::deferred(reviewed)].concat()
}

/// What is said of a plan when its steps have been told.
pub(super) fn after(reviewed: &Reviewed<'_>) -> Vec<Section> {
    let sent: Vec<_> = derived::publications(reviewed).into_iter().chain(derived::replication(reviewed)).collect();
    let events = "event triggers: they fire on the script's temporary tables";
    let sections = [
        sweeps(reviewed),
        kept(reviewed),
        reports(reviewed),
        gone(reviewed),
        triggers(reviewed),
        beside_triggers(reviewed),
        section("views", "materialized views that have read what changes", derived::views(reviewed)),
        section("sent", "what leaves this server", sent),
        section("event-triggers", events, derived::event_triggers(reviewed)),
        locks(reviewed),
        afterwards(reviewed),
        warnings(reviewed),
    ];
    sections.into_iter().flatten().collect()
}

fn sweeps(reviewed: &Reviewed<'_>) -> Option<Section> {
    let Reviewed { catalog, plan, .. } = reviewed;
    let line = |sweep: &crate::plan::Sweep| {
        let after: Vec<_> = sweep
            .after
            .iter()
            .map(|(on, trigger)| format!("`{}` on {}", trigger.bare(), table(catalog, *on)))
            .collect();
        let swept = plan.steps.get(sweep.step).map_or_else(String::new, |step| table(catalog, step.table));
        let before = sweep.before.map_or_else(String::new, |step| format!(", before step {}", step + 1));
        format!("step {} ({swept}), after {}{before}", sweep.step + 1, after.join(", "))
    };
    let heading = "sweeps: steps that run again, for what triggers wrote";
    section("sweeps", heading, plan.sweeps.iter().map(line).collect())
}

fn kept(reviewed: &Reviewed<'_>) -> Option<Section> {
    let Reviewed { file, policy, catalog, plan, .. } = reviewed;
    let mut lines: Vec<Line> = Vec::new();
    lines.extend(plan.kept.iter().map(|kept| Line {
        text: format!("{}: {} ({})", table(catalog, kept.table), shown(&kept.reason), place(file, kept.origin)),
        more: Some(one_line(&kept.scope)),
    }));
    let shared = plan.shared.iter().filter(|shared| shared.if_shared == IfShared::Keep);
    lines.extend(shared.map(|shared| {
        let place = place(file, shared.origin);
        Line::from(format!("{}: {SHARED} ({place}); the receipt counts them", table(catalog, shared.table)))
    }));
    let columns = kept_columns(policy, catalog).into_iter();
    lines.extend(
        columns.map(|(table, column, reason)| {
            Line::from(format!("{}.{}: {}", table.bare(), column.bare(), shown(reason)))
        }),
    );
    section("kept", "what stays, and why", lines)
}

fn reports(reviewed: &Reviewed<'_>) -> Option<Section> {
    let Reviewed { file, plan, .. } = reviewed;
    let lines = plan.reports.iter().map(|report| format!("{} ({})", shown(&report.name), place(file, report.origin)));
    section("reports", "reports: the same rows after as before, or everything is rolled back", lines.collect())
}

fn gone(reviewed: &Reviewed<'_>) -> Option<Section> {
    let Reviewed { file, catalog, plan, .. } = reviewed;
    let gone = plan.gone.as_ref()?;
    let mut lines: Vec<String> = Vec::new();
    for (values, name) in gone.values.iter().zip(parts::gone(reviewed)) {
        let anywhere = if values.anywhere { ", in nobody's rows" } else { "" };
        lines.push(format!("{name}{anywhere} ({})", place(file, values.origin)));
    }
    let tables = |places: &[GonePlace]| {
        let names: Vec<_> = places.iter().map(|it| catalog.table(it.table).name.bare().to_string()).collect();
        names.join(", ")
    };
    lines.push(format!("all rows are read, while the subject's are locked: {}", tables(&gone.places)));
    if !gone.further.is_empty() {
        lines.push(format!("in a rehearsal also: {}", tables(&gone.further)));
    }
    section("gone", "gone: old values that are not found any more, or everything is rolled back", lines)
}

fn triggers(reviewed: &Reviewed<'_>) -> Option<Section> {
    let Reviewed { catalog, plan, .. } = reviewed;
    let line = |fired: &crate::plan::FiredTrigger| {
        let steps: Vec<_> = fired.steps.iter().map(|step| (step + 1).to_string()).collect();
        let mentions: Vec<_> = fired.mentions.iter().map(|name| name.bare().to_string()).collect();
        let what = match (fired.opaque, mentions.is_empty()) {
            (true, _) => "; what it writes can't be known from its text".into(),
            (false, true) => String::new(),
            (false, false) => format!("; it mentions {}", mentions.join(", ")),
        };
        let on = table(catalog, fired.table);
        let by = steps.join(", ");
        format!("`{}` on {on}, by step {by}, calls {}{what}", fired.trigger.bare(), shown(&fired.function))
    };
    let heading = "triggers that the steps fire: listed, since what they do can't be promised";
    section("triggers", heading, plan.triggers.iter().map(line).collect())
}

/// Columns that stay by the policy's word, in rows that triggers may write.
fn beside_triggers(reviewed: &Reviewed<'_>) -> Option<Section> {
    let Reviewed { catalog, plan, .. } = reviewed;
    let watched = plan.watched.iter().filter(|watched| !watched.kept.is_empty());
    let line = |watched: &crate::plan::Watched| {
        let of = catalog.table(watched.table);
        let columns: Vec<_> = watched.kept.iter().map(|id| of.column_at(*id).name.bare().to_string()).collect();
        format!("{}: {}", table(catalog, watched.table), columns.join(", "))
    };
    let heading = "columns that stay where triggers may write: a report under `verify: unchanged` would prove it";
    section("watched", heading, watched.map(line).collect())
}

fn locks(reviewed: &Reviewed<'_>) -> Option<Section> {
    let Reviewed { catalog, plan, .. } = reviewed;
    let mut lines = Vec::new();
    let names = |wanted: TableLock| -> Vec<String> {
        let locks = plan.table_locks.iter().filter(|(_, lock)| *lock == wanted);
        locks.map(|(id, _)| table(catalog, *id)).collect()
    };
    for (lock, what) in [
        (TableLock::AccessShare, "ACCESS SHARE (others may do anything but drop or rewrite the table)"),
        (TableLock::ShareRowExclusive, "SHARE ROW EXCLUSIVE (others may read; writers wait)"),
        (TableLock::RowExclusive, "ROW EXCLUSIVE (others may read and write; changes to the schema wait)"),
    ] {
        let names = names(lock);
        if !names.is_empty() {
            lines.push(format!("{what}: {}", names.join(", ")));
        }
    }
    let refreshed = derived::refreshed_names(reviewed);
    if !refreshed.is_empty() {
        lines.push(format!("ACCESS EXCLUSIVE (others wait, readers too): {}", refreshed.join(", ")));
    }
    let rows: Vec<_> = plan.row_locks.iter().map(|lock| table(catalog, lock.table)).collect();
    if !rows.is_empty() {
        lines.push(format!("rows, in this order: {}", rows.join(", ")));
    }
    let (lock, statement) = (plan.limits.lock_timeout, plan.limits.statement_timeout);
    lines.push(format!("a lock is waited for {lock:?} at most, a statement may take {statement:?}"));
    section("locks", "locks, until COMMIT", lines)
}

fn afterwards(reviewed: &Reviewed<'_>) -> Option<Section> {
    let analyze = format!("ANALYZE {}", derived::analyzed(reviewed).join(", "));
    let refresh = reviewed
        .plan
        .stale_views
        .iter()
        .map(|view| format!("{}, by whoever owns it", shown(sql::refresh_statement(&view.view, false).as_str())));
    let lines = std::iter::once(analyze).chain(refresh).collect();
    section("afterwards", "afterwards, outside the transaction", lines)
}

fn warnings(reviewed: &Reviewed<'_>) -> Option<Section> {
    let warnings = reviewed.warnings.sorted().into_iter().filter(|found| found.severity == Severity::Warning);
    let line = |found: &crate::diagnostic::Diagnostic| {
        let place =
            found.primary.as_ref().map_or_else(String::new, |label| format!(" ({})", place(reviewed.file, label.span)));
        format!("[{}] {}{place}", found.code.name(), found.message)
    };
    section("warnings", "warnings", warnings.map(line).collect())
}
