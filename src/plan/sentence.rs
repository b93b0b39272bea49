//! Which rows, said as a sentence?

use super::model::Step;
use crate::catalog::{Basis, Catalog, KeyId, TableId};
use crate::ident::shown;
use crate::resolve::{IfShared, Path, Reach, ResolvedPolicy, RuleId};

/// The most characters of a condition that a sentence repeats.
const CONDITION: usize = 200;

/// The scope of a rule: `rows whose client_id is the subject, and starts_at > now()`.
pub fn scope_of(policy: &ResolvedPolicy, catalog: &Catalog, rule: RuleId) -> String {
    let rule = policy.rule(rule);
    let condition = rule.condition.as_ref().map(|condition| one_line(&condition.fragment.text));
    let reach = match &rule.reach {
        Reach::OwnRow => "the subject's own row".to_owned(),
        Reach::EveryRow => "every row".to_owned(),
        Reach::Parents(parents) => {
            let ways: Vec<_> = (parents.keys.iter())
                .map(|by| {
                    format!("reached rows of {} reference by {}", table(catalog, by.child), columns(catalog, by.key))
                })
                .collect();
            let shared = match parents.if_shared.filter(|_| rule.acts()) {
                Some(IfShared::Keep) => ", and nobody else does: shared rows stay",
                Some(IfShared::Refuse) => ", and nobody else may",
                None => "",
            };
            format!("rows that {}{shared}", ways.join(" or "))
        }
        Reach::Paths(paths) => {
            let ways: Vec<_> = paths.iter().map(|path| by_path(catalog, path)).collect();
            format!("rows {}", ways.join(" or "))
        }
        Reach::Condition => return format!("rows where {}", condition.unwrap_or_default()),
        Reach::Cascade(keys) => {
            let ways: Vec<_> = keys
                .iter()
                .map(|(key, _)| {
                    let foreign = catalog.key(*key);
                    format!("whose {} references a deleted row of {}", columns(catalog, *key), foreign.parent.bare())
                })
                .collect();
            format!("rows {}", ways.join(" or "))
        }
    };
    let rest = policy.rules_of(rule.table).take_while(|(_, other)| !std::ptr::eq(*other, rule)).count();
    let earlier = match rest {
        0 => "",
        _ => ", and no rule above takes them",
    };
    match condition {
        Some(condition) => format!("{reach}, and {condition}{earlier}"),
        None => format!("{reach}{earlier}"),
    }
}

/// What goes along with a step: each column, and the keys by which it references changed rows.
pub fn followers(catalog: &Catalog, step: &Step) -> Vec<(String, String)> {
    let columns = step.followers().flat_map(|(follower, _)| {
        let table = catalog.table(follower.table);
        follower.columns.iter().map(move |following| {
            let column = format!("{}.{}", table.name.bare(), table.column_at(following.column).name.bare());
            let keys: Vec<_> = following.keys.iter().map(|key| catalog.key(*key).name.bare().to_string()).collect();
            (column, keys.join(" and "))
        })
    });
    columns.collect()
}

fn table(catalog: &Catalog, id: TableId) -> String {
    catalog.table(id).name.bare().to_string()
}

fn by_path(catalog: &Catalog, path: &Path) -> String {
    let mut text = String::new();
    for (index, key) in path.0.iter().enumerate() {
        let foreign = catalog.key(*key);
        let last = index + 1 == path.0.len();
        if foreign.basis == Basis::Values {
            text.push_str(&format!("whose value matches the subject's by {}", foreign.name.as_str()));
            continue;
        }
        text.push_str(&format!("whose {} ", columns(catalog, *key)));
        if last {
            text.push_str("is the subject");
        } else {
            text.push_str(&format!("is a row of {} ", foreign.parent.bare()));
        }
    }
    text
}

fn columns(catalog: &Catalog, key: KeyId) -> String {
    let names: Vec<_> = catalog.key(key).child_columns().map(|column| column.bare().to_string()).collect();
    match &names[..] {
        [only] => only.clone(),
        many => format!("({})", many.join(", ")),
    }
}

/// An author's SQL on one line, shortened where it is long.
fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = shown(&line).to_string();
    if line.chars().count() <= CONDITION {
        return line;
    }
    let short: String = line.chars().take(CONDITION).collect();
    format!("{short} …")
}
