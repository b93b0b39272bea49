//! How does a case's policy look in YAML?
//!
//! Printed by hand: the spelling of odd names, the block form of SQL and the order of rules are what is tested.

use super::condition::Condition;
use super::print::ident;
use super::world::{Action, Case, ColumnId, Decision, KeyId, Path, Random, Reach, Rule, Table, TableId};

/// The policy's text.
pub fn policy(case: &Case) -> String {
    let (world, policy) = (&case.world, &case.policy);
    let mut out = format!("version: 1\nname: case-{}\n\nsubject:\n", case.seed);
    out += &format!("  table: {}\n", table(&world.tables[policy.subject]));
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
    if !policy.guards.is_empty() {
        out += "\nguards:\n";
    }
    for guard in &policy.guards {
        out += &format!("  - name: {}\n    table: {}\n", guard.name, table(&world.tables[guard.table]));
        out += &reach(case, guard.table, &guard.reach, &guard.condition, "    ");
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
    for &key in &policy.accepted {
        let key = &world.keys[key];
        let child = &world.tables[key.child];
        let column = &child.columns[key.child_columns[0]].name;
        out += &format!("  - {{ code: path-not-followed, at: {}.{column}, because: staff only }}\n", child.name);
    }
    out
}

/// A rule that is one word.
fn word(rule: &Rule) -> Option<&'static str> {
    match (&rule.action, &rule.name, &rule.reach, &rule.condition) {
        (Action::Delete, None, Reach::Implied, None) => Some("delete"),
        (Action::Cascade, None, Reach::Implied, None) => Some("cascade"),
        _ => None,
    }
}

fn rule(case: &Case, id: TableId, rule: &Rule, indent: &str) -> String {
    let name = rule.name.as_ref().map_or(String::new(), |name| format!("{indent}name: {name}\n"));
    let reach = reach(case, id, &rule.reach, &rule.condition, indent);
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
fn reach(case: &Case, id: TableId, reach: &Reach, condition: &Option<Condition>, indent: &str) -> String {
    let world = &case.world;
    let condition = condition.as_ref().map(|condition| condition.sql(world, id, None));
    let via = |text: String| format!("{indent}via: {text}\n");
    let (via, condition) = match reach {
        Reach::Implied => (String::new(), condition),
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

fn path_text(case: &Case, path: &Path) -> String {
    let world = &case.world;
    let reference = |&id: &KeyId| {
        let key = &world.keys[id];
        let columns: Vec<_> =
            key.child_columns.iter().map(|&column| part(&world.tables[key.child].columns[column].name)).collect();
        match columns.as_slice() {
            _ if case.policy.by_name[id] => part(&key.name),
            [one] => one.clone(),
            several => format!("({})", several.join(", ")),
        }
    };
    let mut text = String::new();
    for (place, id) in path.iter().enumerate() {
        if place > 0 {
            let table = &world.tables[world.keys[*id].child];
            let schema = if table.schema == "public" { String::new() } else { format!("{}.", part(table.schema)) };
            text += &format!(" -> {schema}{}.", part(&table.name));
        }
        text += &reference(id);
    }
    text
}

fn decided(case: &Case, id: TableId, column: ColumnId, decision: &Decision, indent: &str) -> String {
    let name = scalar(&case.world.tables[id].columns[column].name);
    match decision {
        Decision::Keep => format!("{name}: keep\n"),
        Decision::Null => format!("{name}: null\n"),
        Decision::Default => format!("{name}: default\n"),
        Decision::Undecided => format!("{name}: undecided\n"),
        Decision::Replace(text) => format!("{name}: {{ replace: {} }}\n", quoted(text)),
        Decision::Sql(expression) => {
            format!("{name}:\n{}", sql(&format!("{indent}sql"), &expression.sql(&case.world, id)))
        }
        Decision::Randomize(Random::ByType) => format!("{name}: randomize\n"),
        Decision::Randomize(random) => format!("{name}: {{ randomize: {} }}\n", random_text(random)),
    }
}

fn random_text(random: &Random) -> String {
    match random {
        Random::ByType => "text".into(),
        Random::Email { domain: Some(domain) } => format!("email, domain: {domain}"),
        Random::Email { domain: None } => "email".into(),
        Random::Name => "name".into(),
        Random::FirstName => "first_name".into(),
        Random::LastName => "last_name".into(),
        Random::Phone => "phone".into(),
        Random::Text { length: Some(length) } => format!("text, length: {length}"),
        Random::Text { length: None } => "text".into(),
        Random::Token => "token".into(),
        Random::Digits { format } => format!("digits, format: {}", quoted(format)),
        Random::Integer { min, max } => format!("integer, min: {min}, max: {max}"),
        Random::Date { min, max } => format!("date, min: {min}, max: {max}"),
        Random::Choice { from } => {
            format!("choice, from: [{}]", from.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", "))
        }
    }
}

/// A table as `\d` shows it; parts with a dot or a quote as in SQL.
fn table(table: &Table) -> String {
    let part = |name: &str| if name.contains(['.', '"']) { ident(name) } else { name.to_owned() };
    let schema = if table.schema == "public" { String::new() } else { format!("{}.", part(table.schema)) };
    scalar(&(schema + &part(&table.name)))
}

/// One name in a path: quoted as in SQL where a reader could stumble.
fn part(name: &str) -> String {
    if name.chars().all(|c| c.is_alphanumeric() || c == '_') { name.to_owned() } else { ident(name) }
}

/// A plain scalar where YAML leaves the text alone, else a quoted one.
fn scalar(text: &str) -> String {
    let is_plain = text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || "_ ->.".contains(c))
        && !text.ends_with(' ')
        && text != "null";
    if is_plain { text.to_owned() } else { quoted(text) }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// SQL on one line where that is allowed and unambiguous, else in a literal block.
fn sql(key: &str, text: &str) -> String {
    let is_plain = text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.contains(' ')
        && !text.contains("--")
        && text.chars().all(|c| c.is_alphanumeric() || "_ =<>()',.%@!\"".contains(c));
    let indent = key.len() - key.trim_start().len() + 2;
    if is_plain { format!("{key}: {text}\n") } else { format!("{key}: |\n{:indent$}{text}\n", "") }
}
