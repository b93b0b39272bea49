//! The plan as a page: what will happen, to about how many rows, why, and what stays.

use std::fmt::Write;

use super::words::{SHARED, count, kept_columns, new_value, one_line, place, reasons, table, verb};
use super::{Reviewed, parts, policy_digest};
use crate::catalog::{Basis, Catalog, KeyId, digest};
use crate::diagnostic::Severity;
use crate::ident::shown;
use crate::plan::{Choice, GonePlace, Step, StepAction, TableLock, followers, touched_tables};
use crate::resolve::{IfShared, Reach, Subject};

/// The plan for people to read.
pub fn text(reviewed: &Reviewed<'_>) -> String {
    let mut page = Page::default();
    head(&mut page, reviewed);
    guards(&mut page, reviewed);
    expected(&mut page, reviewed);
    steps(&mut page, reviewed);
    sweeps(&mut page, reviewed);
    kept(&mut page, reviewed);
    reports(&mut page, reviewed);
    gone(&mut page, reviewed);
    triggers(&mut page, reviewed);
    locks(&mut page, reviewed);
    warnings(&mut page, reviewed);
    page.text
}

/// Lines with headings; writing to a `String` can't fail.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, indent: usize, line: impl AsRef<str>) {
        let line = line.as_ref();
        if !line.is_empty() {
            let _ = write!(self.text, "{:indent$}{line}", "");
        }
        self.text.push('\n');
    }

    fn heading(&mut self, line: impl AsRef<str>) {
        self.text.push('\n');
        self.line(0, line);
    }
}

fn head(page: &mut Page, reviewed: &Reviewed<'_>) {
    let Reviewed { file, policy, catalog, plan, script, .. } = reviewed;
    let touched = touched_tables(plan, policy, catalog);
    page.line(0, format!("plan of policy `{}` ({})", shown(&policy.name), shown(&file.name)));
    page.heading("what is reviewed");
    page.line(2, format!("policy   sha256:{}", policy_digest(file)));
    let part = catalog.part(&touched);
    page.line(2, format!("schema   sha256:{} ({})", digest(&part), count(touched.len() as u64, "table")));
    let statements = count(script.statements.len() as u64, "statement");
    page.line(2, format!("script   sha256:{} ({statements})", script.digest()));
    page.line(2, format!("subject  {}", subject(reviewed)));
    if plan.ledger {
        page.line(2, "ledger   one entry in efface.ledger, in the same transaction");
    }
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

fn guards(page: &mut Page, reviewed: &Reviewed<'_>) {
    let Reviewed { file, plan, .. } = reviewed;
    if plan.guards.is_empty() {
        return;
    }
    page.heading("guards: any row found blocks the run");
    for (index, guard) in plan.guards.iter().enumerate() {
        page.line(2, format!("{}: {}", shown(&guard.name), shown(&guard.message)));
        let place = place(file, guard.origin);
        page.line(6, format!("{} ({place})", parts::guarded(reviewed, index)));
    }
}

fn expected(page: &mut Page, reviewed: &Reviewed<'_>) {
    list(page, "references that must not be found, or everything is rolled back", parts::expected(reviewed));
    list(page, "virtual keys that not every row of their table has", parts::virtual_keys(reviewed));
}

fn list(page: &mut Page, heading: &str, lines: Vec<String>) {
    if !lines.is_empty() {
        page.heading(heading);
        lines.into_iter().for_each(|line| page.line(2, line));
    }
}

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

fn steps(page: &mut Page, reviewed: &Reviewed<'_>) {
    let Reviewed { file, policy, catalog, plan, estimates, .. } = reviewed;
    page.heading(match plan.steps.len() {
        0 => "steps: none".into(),
        steps => format!("{}, in one transaction", count(steps as u64, "step")),
    });
    for (index, step) in plan.steps.iter().enumerate() {
        let name = step.name.as_ref().map_or_else(String::new, |name| format!(", rule `{}`", shown(name)));
        let rows = match estimates.of(index) {
            Some(rows) => format!(": about {}", count(rows, "row")),
            None => String::new(),
        };
        let number = format!("{}.", index + 1);
        page.line(2, format!("{number:<4}{} {}{name}{rows}", verb(&step.action), table(catalog, step.table)));
        page.line(6, one_line(&step.scope));
        if let StepAction::Change(changes) = &step.action {
            for change in changes {
                let column = &catalog.table(step.table).column_at(change.column).name;
                page.line(8, format!("{} -> {}", column.bare(), new_value(&change.value, catalog)));
            }
        }
        for (column, keys) in followers(catalog, step) {
            page.line(8, format!("{column} takes the new value along, by {keys}, in whosever row"));
        }
        let mut reaches = step.rules.iter().map(|rule| &policy.rule(*rule).reach);
        if reaches.clone().any(|reach| *reach == Reach::Condition) {
            page.line(6, format!("found by its `where` alone: {WINDOW}"));
        } else if reaches.any(|reach| is_open(catalog, reach)) {
            page.line(6, format!("found by a virtual key or by values: {WINDOW}"));
        }
        for reason in reasons(catalog, plan, file, step) {
            page.line(6, format!("because {reason}").replacen("because before", "before", 1));
        }
    }
    let behind = [parts::closures(reviewed), parts::captures(reviewed), parts::deferred(reviewed)];
    behind.into_iter().flatten().for_each(|line| page.line(2, line));
}

fn sweeps(page: &mut Page, reviewed: &Reviewed<'_>) {
    let Reviewed { catalog, plan, .. } = reviewed;
    if plan.sweeps.is_empty() {
        return;
    }
    page.heading("sweeps: steps that run again, for what triggers wrote");
    for sweep in &plan.sweeps {
        let after: Vec<_> = sweep
            .after
            .iter()
            .map(|(on, trigger)| format!("`{}` on {}", trigger.bare(), table(catalog, *on)))
            .collect();
        let swept = plan.steps.get(sweep.step).map_or_else(String::new, |step| table(catalog, step.table));
        let before = sweep.before.map_or_else(String::new, |step| format!(", before step {}", step + 1));
        page.line(2, format!("step {} ({swept}), after {}{before}", sweep.step + 1, after.join(", ")));
    }
}

fn kept(page: &mut Page, reviewed: &Reviewed<'_>) {
    let Reviewed { file, policy, catalog, plan, .. } = reviewed;
    let columns = kept_columns(policy, catalog);
    let shared: Vec<_> = plan.shared.iter().filter(|shared| shared.if_shared == IfShared::Keep).collect();
    if plan.kept.is_empty() && columns.is_empty() && shared.is_empty() {
        return;
    }
    page.heading("what stays, and why");
    for kept in &plan.kept {
        page.line(2, format!("{}: {} ({})", table(catalog, kept.table), shown(&kept.reason), place(file, kept.origin)));
        page.line(6, one_line(&kept.scope));
    }
    for shared in shared {
        let place = place(file, shared.origin);
        page.line(2, format!("{}: {SHARED} ({place}); the receipt counts them", table(catalog, shared.table)));
    }
    for (table, column, reason) in columns {
        page.line(2, format!("{}.{}: {}", table.bare(), column.bare(), shown(reason)));
    }
}

fn reports(page: &mut Page, reviewed: &Reviewed<'_>) {
    let Reviewed { file, plan, .. } = reviewed;
    if plan.reports.is_empty() {
        return;
    }
    page.heading("reports: the same rows after as before, or everything is rolled back");
    for report in &plan.reports {
        page.line(2, format!("{} ({})", shown(&report.name), place(file, report.origin)));
    }
}

fn gone(page: &mut Page, reviewed: &Reviewed<'_>) {
    let Reviewed { file, catalog, plan, .. } = reviewed;
    let Some(gone) = &plan.gone else { return };
    page.heading("gone: old values that are not found any more, or everything is rolled back");
    for (values, name) in gone.values.iter().zip(parts::gone(reviewed)) {
        let anywhere = if values.anywhere { ", in nobody's rows" } else { "" };
        page.line(2, format!("{name}{anywhere} ({})", place(file, values.origin)));
    }
    let tables = |places: &[GonePlace]| {
        let names: Vec<_> = places.iter().map(|it| catalog.table(it.table).name.bare().to_string()).collect();
        names.join(", ")
    };
    page.line(2, format!("all rows are read, while the subject's are locked: {}", tables(&gone.places)));
    if !gone.further.is_empty() {
        page.line(2, format!("in a rehearsal also: {}", tables(&gone.further)));
    }
}

fn triggers(page: &mut Page, reviewed: &Reviewed<'_>) {
    let Reviewed { catalog, plan, .. } = reviewed;
    if plan.triggers.is_empty() {
        return;
    }
    page.heading("triggers that the steps fire: listed, since what they do can't be promised");
    for fired in &plan.triggers {
        let steps: Vec<_> = fired.steps.iter().map(|step| (step + 1).to_string()).collect();
        let mentions: Vec<_> = fired.mentions.iter().map(|name| name.bare().to_string()).collect();
        let what = match (fired.opaque, mentions.is_empty()) {
            (true, _) => "; what it writes can't be known from its text".into(),
            (false, true) => String::new(),
            (false, false) => format!("; it mentions {}", mentions.join(", ")),
        };
        let on = table(catalog, fired.table);
        let by = steps.join(", ");
        page.line(
            2,
            format!("`{}` on {on}, by step {by}, calls {}{what}", fired.trigger.bare(), shown(&fired.function)),
        );
    }
}

fn locks(page: &mut Page, reviewed: &Reviewed<'_>) {
    let Reviewed { catalog, plan, .. } = reviewed;
    page.heading("locks, until COMMIT");
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
            page.line(2, format!("{what}: {}", names.join(", ")));
        }
    }
    let rows: Vec<_> = plan.row_locks.iter().map(|lock| table(catalog, lock.table)).collect();
    if !rows.is_empty() {
        page.line(2, format!("rows, in this order: {}", rows.join(", ")));
    }
    let (lock, statement) = (plan.limits.lock_timeout, plan.limits.statement_timeout);
    page.line(2, format!("a lock is waited for {lock:?} at most, a statement may take {statement:?}"));
    page.heading("afterwards, outside the transaction");
    let mut changed: Vec<_> = plan.steps.iter().flat_map(Step::tables).collect();
    changed.sort_unstable();
    changed.dedup();
    let changed: Vec<_> = changed.into_iter().map(|id| table(catalog, id)).collect();
    page.line(2, format!("ANALYZE {}", changed.join(", ")));
}

fn warnings(page: &mut Page, reviewed: &Reviewed<'_>) {
    let warnings: Vec<_> =
        reviewed.warnings.sorted().into_iter().filter(|found| found.severity == Severity::Warning).collect();
    if warnings.is_empty() {
        return;
    }
    page.heading("warnings");
    for found in warnings {
        let place =
            found.primary.as_ref().map_or_else(String::new, |label| format!(" ({})", place(reviewed.file, label.span)));
        page.line(2, format!("[{}] {}{place}", found.code.name(), found.message));
    }
}
