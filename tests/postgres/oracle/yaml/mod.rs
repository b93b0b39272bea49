//! How does a case's policy look in YAML?
//!
//! Printed by hand: the spelling of odd names, the block form of SQL and the order of rules are what is tested.

mod decision;
mod spell;

use self::decision::decided;
use self::spell::{bare_table, part, path_table, scalar, sql, table};
use super::condition::Condition;
use super::print::ident;
use super::rules::{Action, Case, Decision, IfShared, Reach, Rule, Whose};
use super::world::{ColumnId, Declaration, KeyId, Path, Table, TableId};

/// The policy's text.
pub fn policy(case: &Case) -> String {
    let (world, policy) = (&case.world, &case.policy);
    let mut out = format!("version: 1\nname: case-{}\n\n", case.seed);
    out += &match &policy.whose {
        Whose::Rows => format!("subject:\n  table: {}\n", table(&world.tables[policy.subject])),
        Whose::Values(_) => "subject: { value: text, name: guest }\n".into(),
        Whose::EveryRow => "every_row: true\n".into(),
    };
    if let Some(key) = &policy.key {
        let names: Vec<_> = key.iter().map(|&id| scalar(&world.tables[policy.subject].columns[id].name)).collect();
        out += &match names.as_slice() {
            [one] => format!("  key: {one}\n"),
            several => format!("  key: [{}]\n", several.join(", ")),
        };
    }
    if let Some(condition) = &policy.condition {
        out += &sql("  where", &condition.sql(world, policy.subject, None));
    }
    out += &virtual_keys(case);
    if !policy.guards.is_empty() {
        out += "\nguards:\n";
    }
    for guard in &policy.guards {
        out += &format!("  - name: {}\n    table: {}\n", guard.name, table(&world.tables[guard.table]));
        out += &reach(case, guard.table, &guard.reach, &guard.condition, "    ", true);
        out += "    message: settle this first\n";
    }
    out += "\ntables:\n";
    for entry in &policy.tables {
        out += &format!("  {}:", table(&world.tables[entry.table]));
        match entry.rules.as_slice() {
            [only] if !entry.as_list => match word(only) {
                Some(word) => out += &format!(" {word}\n"),
                None => out += &format!("\n{}", rule(case, entry.table, only, "    ")),
            },
            several => {
                out += "\n";
                for each in several {
                    out += &match word(each) {
                        Some(word) => format!("    - {word}\n"),
                        None => rule(case, entry.table, each, "      ").replacen("      ", "    - ", 1),
                    };
                }
            }
        }
    }
    if !policy.reports.is_empty() {
        out += "\nverify:\n  unchanged:\n";
    }
    for report in &policy.reports {
        out += &format!("    - name: {}\n{}", report.name, sql("      query", &report.query(world)));
    }
    if !policy.accepted.is_empty() {
        out += "\naccept:\n";
    }
    for accepted in &policy.accepted {
        let place = scalar(&accepted_place(case, accepted.key));
        let expect = if accepted.expect_none { ", expect: none" } else { "" };
        out += &format!("  - {{ code: path-not-followed, at: {place}, because: staff only{expect} }}\n");
    }
    let persons = case.keys().len();
    if persons > 1 {
        out += &format!("\nlimits: {{ max_subjects: {persons} }}\n");
    }
    out
}

fn virtual_keys(case: &Case) -> String {
    let world = &case.world;
    let mut out = String::new();
    for key in &world.keys {
        let Declaration::Policy(condition) = &key.declared else { continue };
        let (child, parent) = (&world.tables[key.child], &world.tables[key.parent]);
        let names = |table: &Table, columns: &[ColumnId], spell: fn(&str) -> String| {
            columns.iter().map(|&id| spell(&table.columns[id].name)).collect::<Vec<_>>().join(", ")
        };
        out += &format!("  - table: {}\n", table(child));
        out += &match key.child_columns.as_slice() {
            [_] => format!("    columns: {}\n", names(child, &key.child_columns, scalar)),
            several => format!("    columns: [{}]\n", names(child, several, scalar)),
        };
        let of = match key.parent_columns == parent.primary {
            true => String::new(),
            false => format!("({})", names(parent, &key.parent_columns, part)),
        };
        out += &format!("    references: {}\n", scalar(&(bare_table(parent) + &of)));
        out += &condition.as_ref().map_or(String::new(), |it| sql("    where", &it.sql(world, key.child, None)));
    }
    if out.is_empty() { out } else { format!("\nvirtual_foreign_keys:\n{out}") }
}

/// A rule that is one word.
fn word(rule: &Rule) -> Option<&'static str> {
    match (&rule.action, &rule.name, &rule.reach, &rule.condition) {
        (Action::Delete, None, Reach::Implied | Reach::EveryRow, None) => Some("delete"),
        (Action::Cascade, None, Reach::Implied, None) => Some("cascade"),
        _ => None,
    }
}

fn rule(case: &Case, id: TableId, rule: &Rule, indent: &str) -> String {
    let name = rule.name.as_ref().map_or(String::new(), |name| format!("{indent}name: {name}\n"));
    let reach = reach(case, id, &rule.reach, &rule.condition, indent, false);
    let action = match &rule.action {
        Action::Keep => format!("{indent}keep: it is needed for the books\n"),
        Action::Delete => format!("{indent}rows: delete\n"),
        Action::Cascade => format!("{indent}rows: cascade\n"),
        Action::Columns { named, other } => {
            let mut lines = format!("{indent}columns:\n");
            for (column, decision) in named {
                lines += &format!("{indent}  {}", decided(case, id, *column, decision, &format!("{indent}    ")));
            }
            match other {
                Some(Decision::Keep) => lines += &format!("{indent}other_columns: keep\n"),
                Some(Decision::Null) => lines += &format!("{indent}other_columns: null\n"),
                Some(Decision::Default) => lines += &format!("{indent}other_columns: default\n"),
                Some(_) => lines += &format!("{indent}other_columns: randomize\n"),
                None => {}
            }
            lines
        }
    };
    name + &reach + &action
}

/// `via` and `where`.
fn reach(
    case: &Case,
    id: TableId,
    reach: &Reach,
    condition: &Option<Condition>,
    indent: &str,
    is_guard: bool,
) -> String {
    let world = &case.world;
    let condition = condition.as_ref().map(|condition| condition.sql(world, id, None));
    let via = |text: String| format!("{indent}via: {text}\n");
    let (via, condition) = match reach {
        Reach::Implied | Reach::EveryRow => (String::new(), condition),
        Reach::Via(paths) => {
            let texts: Vec<_> = paths.iter().map(|path| scalar(&path_text(case, path))).collect();
            let text = match texts.as_slice() {
                [one] => via(one.clone()),
                several => {
                    // Written the same way twice is refused, and says nothing more.
                    let mut once: Vec<String> = Vec::new();
                    several.iter().for_each(|path| {
                        if !once.contains(path) {
                            once.push(path.clone())
                        }
                    });
                    match &once[..] {
                        [one] => via(one.clone()),
                        several => via(format!("[{}]", several.join(", "))),
                    }
                }
            };
            (text, condition)
        }
        Reach::Misspelt(text) => (via(scalar(text)), condition),
        Reach::Parents(keys, if_shared) => {
            let texts: Vec<_> = keys.iter().map(|&key| scalar(&parent_text(case, key))).collect();
            let from = match texts.as_slice() {
                [one] => one.clone(),
                several => format!("[{}]", several.join(", ")),
            };
            let shared = match if_shared {
                _ if is_guard => String::new(),
                IfShared::Keep => format!("{indent}if_shared: keep\n"),
                IfShared::Refuse => format!("{indent}if_shared: refuse\n"),
            };
            (format!("{indent}referenced_by: {from}\n{shared}"), condition)
        }
        Reach::BySubject(columns) => {
            let names: Vec<_> = columns.iter().map(|&column| ident(&world.tables[id].columns[column].name)).collect();
            let is_subject = match names.as_slice() {
                [one] => format!("{one} = any(:subject)"),
                several => format!("({}) in (:subject)", several.join(", ")),
            };
            let both = condition.map_or(is_subject.clone(), |other| format!("{is_subject} and ({other})"));
            (String::new(), Some(both))
        }
    };
    via + &condition.map_or(String::new(), |text| sql(&format!("{indent}where"), &text))
}

/// One key of a path: its columns, or the constraint's name.
fn reference(case: &Case, id: KeyId) -> String {
    let key = &case.world.keys[id];
    let table = &case.world.tables[key.child];
    let columns: Vec<_> = key.child_columns.iter().map(|&column| part(&table.columns[column].name)).collect();
    match columns.as_slice() {
        _ if case.policy.by_name[id] => part(&key.name),
        [one] => one.clone(),
        several => format!("({})", several.join(", ")),
    }
}

/// A key by its table and columns: `users.address_id`.
fn parent_text(case: &Case, id: KeyId) -> String {
    format!("{}.{}", path_table(&case.world.tables[case.world.keys[id].child]), reference(case, id))
}

/// The place of a finding about a key: `users.address_id`, `members.(tenant, number)`.
fn accepted_place(case: &Case, id: KeyId) -> String {
    let key = &case.world.keys[id];
    let child = &case.world.tables[key.child];
    let columns: Vec<&str> = key.child_columns.iter().map(|&column| child.columns[column].name.as_str()).collect();
    match columns.as_slice() {
        [only] => format!("{}.{only}", bare_table(child)),
        several => format!("{}.({})", bare_table(child), several.join(", ")),
    }
}

fn path_text(case: &Case, path: &Path) -> String {
    let mut text = String::new();
    for (place, &id) in path.iter().enumerate() {
        text += &if place > 0 { format!(" -> {}", parent_text(case, id)) } else { reference(case, id) };
    }
    text
}
