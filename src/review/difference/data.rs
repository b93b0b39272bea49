//! What happens otherwise to people's data?

use std::collections::{BTreeMap, BTreeSet};

use super::pairs::{Pair, by_table};
use super::{Difference, Effect};
use crate::catalog::{Catalog, Table};
use crate::ident::shown;
use crate::review::{PlanFile, PlannedStep};

pub(super) fn differences(old: &PlanFile, new: &PlanFile) -> Vec<Difference> {
    let mut found = subject(old, new);
    let tables = by_table(&old.steps, &new.steps);
    for (table, pairs) in &tables {
        for pair in pairs {
            found.extend(rows(table, pair));
        }
        found.extend(columns(table, pairs, old, new));
    }
    found.extend(kept_rows(old, new));
    found.extend(reasons(old, new));
    found.extend(order(&tables));
    found
}

/// Whose rows.
fn subject(old: &PlanFile, new: &PlanFile) -> Vec<Difference> {
    let (before, now) = (&old.subject, &new.subject);
    let mut found = Vec::new();
    if (&before.table, &before.key, before.expired) != (&now.table, &now.key, now.expired) {
        let name = |it: &crate::review::SubjectReference| {
            let of = it.table.clone().unwrap_or_else(|| "no table".into());
            let chosen = if it.expired { ", chosen by the run" } else { "" };
            format!("{of} by {}{chosen}", if it.key.is_empty() { "nothing".into() } else { it.key.join(", ") })
        };
        found.push(Difference::new(Effect::Otherwise, "subject", format!("{}, before {}", name(now), name(before))));
    }
    for (what, before, now) in
        [("where", &before.condition, &now.condition), ("expired_when", &before.expired_when, &now.expired_when)]
    {
        let about = format!("subject `{what}`");
        match (before, now) {
            (None, Some(now)) => found.push(Difference::new(Effect::Less, about, format!("only those with {now}"))),
            (Some(before), None) => {
                found.push(Difference::new(
                    Effect::More,
                    about,
                    format!("everybody, no longer only those with {before}"),
                ));
            }
            (Some(before), Some(now)) if before != now => {
                found.push(Difference::new(Effect::Otherwise, about, format!("{now}, before {before}")));
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
    }
    found
}

/// `table`, with the rule where it has a name.
fn rule(step: &PlannedStep) -> String {
    match &step.name {
        Some(name) => format!("{}, rule `{}`", step.table, shown(name)),
        None => step.table.clone(),
    }
}

fn is_delete(step: &PlannedStep) -> bool {
    step.action == "delete"
}

/// Rows that a step deletes or changes, as a whole.
fn rows(table: &str, pair: &Pair<'_>) -> Option<Difference> {
    let difference = match pair {
        (None, None) => return None,
        (None, Some(now)) => {
            let does = if is_delete(now) { "rows are deleted now" } else { "rows are changed now" };
            Difference::new(Effect::More, rule(now), format!("{does}: {}", now.scope)).at(&now.place)
        }
        (Some(before), None) => {
            let did = if is_delete(before) { "rows are no longer deleted" } else { "rows are no longer changed" };
            Difference::new(Effect::Less, rule(before), format!("{did}: {}", before.scope)).at(&before.place)
        }
        (Some(before), Some(now)) if before.action != now.action => {
            let (effect, words) = match is_delete(now) {
                true => (Effect::More, "rows are deleted, and were changed before"),
                false => (Effect::Less, "rows are changed, and were deleted before"),
            };
            Difference::new(effect, rule(now), words).at(&now.place)
        }
        (Some(before), Some(now)) if before.scope != now.scope => {
            let verb = if is_delete(now) { "deletes" } else { "changes" };
            let words = format!("{verb} {}; before: {}", now.scope, before.scope);
            Difference::new(Effect::Otherwise, rule(now), words).at(&now.place)
        }
        (Some(before), Some(now)) if before.name != now.name => {
            let name =
                |step: &PlannedStep| step.name.as_ref().map_or("no name".into(), |name| format!("`{}`", shown(name)));
            let words = format!("the rule has another name: {}, before {}", name(now), name(before));
            Difference::new(Effect::Otherwise, table, words).at(&now.place)
        }
        (Some(_), Some(_)) => return None,
    };
    Some(difference)
}

/// What becomes of each column of rows that are changed on both sides; said once where all rules of a table agree.
fn columns(table: &str, pairs: &[Pair<'_>], old: &PlanFile, new: &PlanFile) -> Vec<Difference> {
    let changing: Vec<(&PlannedStep, &PlannedStep)> = pairs
        .iter()
        .filter_map(|(before, now)| before.zip(*now))
        .filter(|(before, now)| !is_delete(before) && !is_delete(now))
        .collect();
    let (columns_before, columns_now) = (columns_of(&old.schema.part, table), columns_of(&new.schema.part, table));
    let mut said: BTreeMap<(String, Effect, String), Vec<&PlannedStep>> = BTreeMap::new();
    for (before, now) in &changing {
        let (was, is) = (decisions(before), decisions(now));
        let names: BTreeSet<&str> =
            columns_now.iter().map(String::as_str).chain(is.keys().copied()).chain(was.keys().copied()).collect();
        for name in names {
            let there = columns_before.is_empty() || columns_before.contains(name);
            let here = columns_now.is_empty() || columns_now.contains(name);
            let new_word = if there { "" } else { "; the column is new" };
            let (effect, words) = match (was.get(name), is.get(name)) {
                (None, None) if there => continue,
                (None, None) => (Effect::Otherwise, format!("kept{}{new_word}", because(new, table, name))),
                (None, Some(now)) => (Effect::More, format!("becomes {now}{new_word}")),
                (Some(before), None) if here => {
                    (Effect::Less, format!("kept{}, before {before}", because(new, table, name)))
                }
                (Some(before), None) => (Effect::Otherwise, format!("is gone from the schema, before {before}")),
                (Some(before), Some(now)) if before != now => {
                    (Effect::Otherwise, format!("becomes {now}, before {before}"))
                }
                (Some(_), Some(_)) => continue,
            };
            said.entry((name.to_owned(), effect, words)).or_default().push(now);
        }
    }
    let mut found: Vec<Difference> = said
        .into_iter()
        .map(|((column, effect, words), steps)| {
            let all = steps.len() == changing.len();
            let names: Vec<_> =
                steps.iter().filter_map(|step| step.name.as_deref()).map(|it| format!("`{}`", shown(it))).collect();
            let rules = if all || names.is_empty() { String::new() } else { format!(" (rule {})", names.join(", ")) };
            let difference = Difference::new(effect, format!("{table}.{column}"), format!("{words}{rules}"));
            steps.first().map_or(difference.clone(), |step| difference.at(&step.place))
        })
        .collect();
    for (before, now) in changing {
        let follow = |step: &PlannedStep| -> BTreeSet<String> {
            step.along.iter().map(|it| format!("{} takes the new value along, by {}", it.column, it.by)).collect()
        };
        let (was, is) = (follow(before), follow(now));
        for line in is.difference(&was) {
            found.push(Difference::new(Effect::Otherwise, rule(now), line.as_str()).at(&now.place));
        }
        for line in was.difference(&is) {
            found.push(Difference::new(Effect::Otherwise, rule(now), format!("no longer: {line}")).at(&now.place));
        }
    }
    found
}

/// The columns that a step changes, and what they become.
fn decisions(step: &PlannedStep) -> BTreeMap<&str, &str> {
    step.columns.iter().map(|it| (it.column.as_str(), it.becomes.as_str())).collect()
}

/// The names of a table's columns, as plans spell them; none where the plan doesn't know the table.
fn columns_of(catalog: &Catalog, table: &str) -> BTreeSet<String> {
    let of = |found: &Table| found.columns.iter().map(|column| column.name.bare().to_string()).collect();
    catalog.tables.iter().find(|found| found.name.bare().to_string() == table).map(of).unwrap_or_default()
}

/// The reason with which a column is kept, where one is given.
fn because(plan: &PlanFile, table: &str, column: &str) -> String {
    let mut kept = plan.kept.iter().filter(|kept| kept.table == table && kept.column.as_deref() == Some(column));
    kept.next().map_or_else(String::new, |kept| format!(" ({})", shown(&kept.reason)))
}

/// Rows that are kept as a whole, with the reason.
fn kept_rows(old: &PlanFile, new: &PlanFile) -> Vec<Difference> {
    let of = |plan: &PlanFile| -> BTreeSet<(String, String)> {
        let whole = plan.kept.iter().filter(|kept| kept.column.is_none());
        whole.map(|kept| (kept.table.clone(), kept.reason.clone())).collect()
    };
    let (was, is) = (of(old), of(new));
    let says = |(table, reason): &(String, String), effect, words: &str| {
        Difference::new(effect, table.as_str(), format!("{words}: {}", shown(reason)))
    };
    let came = is.difference(&was).map(|kept| says(kept, Effect::Less, "rows are kept now"));
    let went = was.difference(&is).map(|kept| says(kept, Effect::More, "rows are no longer kept"));
    came.chain(went).collect()
}

/// Columns that stay on both sides, for another reason.
fn reasons(old: &PlanFile, new: &PlanFile) -> Vec<Difference> {
    let of = |plan: &PlanFile| -> BTreeMap<(String, String), BTreeSet<String>> {
        let mut all: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
        for kept in &plan.kept {
            if let Some(column) = &kept.column {
                all.entry((kept.table.clone(), column.clone())).or_default().insert(kept.reason.clone());
            }
        }
        all
    };
    let (was, is) = (of(old), of(new));
    let both = is.iter().filter_map(|(place, now)| was.get(place).map(|before| (place, before, now)));
    let moved = both.filter(|(_, before, now)| before != now);
    let words =
        |reasons: &BTreeSet<String>| reasons.iter().map(|it| shown(it).to_string()).collect::<Vec<_>>().join("; ");
    moved
        .map(|((table, column), before, now)| {
            let said = format!("kept for another reason: {}; before: {}", words(now), words(before));
            Difference::new(Effect::Otherwise, format!("{table}.{column}"), said)
        })
        .collect()
}

/// Steps that are on both sides and come in another order.
fn order(tables: &BTreeMap<&str, Vec<Pair<'_>>>) -> Option<Difference> {
    let mut both: Vec<(usize, usize, String)> = tables
        .values()
        .flatten()
        .filter_map(|(before, now)| before.zip(*now))
        .map(|(before, now)| (now.number, before.number, rule(now)))
        .collect();
    both.sort();
    let moved: Vec<&str> =
        both.windows(2).filter(|pair| pair[0].1 > pair[1].1).map(|pair| pair[1].2.as_str()).collect();
    let first = moved.first()?;
    let more = if moved.len() > 1 { format!(" and {} more", moved.len() - 1) } else { String::new() };
    Some(Difference::new(Effect::Otherwise, "the order of the steps", format!("{first}{more} earlier than before")))
}
