//! How is a decision about a column spelled?

use super::spell::{quoted, scalar, sql};
use crate::oracle::rules::{Case, Coarser, Decision, Mask, Random};
use crate::oracle::world::{ColumnId, TableId};

/// A column and what happens to it.
pub fn decided(case: &Case, id: TableId, column: ColumnId, decision: &Decision, indent: &str) -> String {
    let name = scalar(&case.world.tables[id].columns[column].name);
    match decision {
        Decision::Sql(expression) => {
            format!("{name}:\n{}", sql(&format!("{indent}sql"), &expression.sql(&case.world, id)))
        }
        Decision::Propagate(inner) => match inner.as_ref() {
            Decision::Sql(expression) => {
                let text = sql(&format!("{indent}sql"), &expression.sql(&case.world, id));
                format!("{name}:\n{text}{indent}propagate: true\n")
            }
            inner => format!("{name}: {{ {}, propagate: true }}\n", option(inner)),
        },
        Decision::Keep | Decision::Null | Decision::Default | Decision::Undecided => {
            format!("{name}: {}\n", option(decision))
        }
        Decision::Randomize(Random::ByType) => format!("{name}: randomize\n"),
        Decision::Pseudonymize(Random::ByType) => format!("{name}: pseudonymize\n"),
        Decision::Replace(_)
        | Decision::Reassign(_)
        | Decision::Randomize(_)
        | Decision::Mask(_)
        | Decision::Generalize(_)
        | Decision::ShiftDays(_)
        | Decision::Pseudonymize(_) => {
            format!("{name}: {{ {} }}\n", option(decision))
        }
    }
}

/// A decision as a word, or as what stands between braces.
fn option(decision: &Decision) -> String {
    match decision {
        Decision::Keep | Decision::Propagate(_) | Decision::Sql(_) => "keep".into(),
        Decision::Null => "null".into(),
        Decision::Default => "default".into(),
        Decision::Undecided => "undecided".into(),
        Decision::Replace(text) => format!("replace: {}", quoted(text)),
        Decision::Reassign(text) => format!("reassign_to: {}", quoted(text)),
        Decision::Randomize(random) => format!("randomize: {}", random_text(random)),
        Decision::Pseudonymize(random) => format!("pseudonymize: {}", random_text(random)),
        Decision::Mask(Mask { with, first, last }) => {
            let kept = |key: &str, count: usize| if count > 0 { format!(", {key}: {count}") } else { String::new() };
            let with = quoted(&with.to_string());
            format!("mask: {with}{}{}", kept("keep_first", *first), kept("keep_last", *last))
        }
        Decision::Generalize(Coarser::Unit(word) | Coarser::Step(word)) => format!("generalize: {word}"),
        Decision::ShiftDays(days) => format!("shift_days: {days}"),
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
