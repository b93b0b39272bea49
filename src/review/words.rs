//! The words for what the plan holds: small pieces that the page, the file and the receipt share.

use std::collections::{BTreeMap, BTreeSet};

use super::Reviewed;
use crate::action::{Generalize, Generator, Mask, OtherKeys, PathStep};
use crate::catalog::{Catalog, KeyId, TableId};
use crate::ident::{Ident, TableName, shown};
use crate::plan::{EdgeReason, Plan, Reason, Step, StepAction};
use crate::resolve::{Branch, Derived, Leaf, NewValue, ResolvedPolicy, RowAction, Scrub, ValueSource};
use crate::source::{SourceFile, Span};

/// Why a row stays that others reference too.
pub(super) const SHARED: &str = "rows that others reference too";

/// A table as a policy would write it.
pub(super) fn table(catalog: &Catalog, id: TableId) -> String {
    catalog.table(id).name.bare().to_string()
}

/// `policies/x.yaml:12`.
pub(super) fn place(file: &SourceFile, span: Span) -> String {
    format!("{}:{}", shown(&file.name), file.position(span.start).line)
}

/// What a step does to its rows, as one word.
pub(super) fn verb(action: &StepAction) -> &'static str {
    match action {
        StepAction::Delete => "delete",
        StepAction::Change(_) => "change",
    }
}

/// The names of the columns that a step changes.
pub(super) fn changed_columns(catalog: &Catalog, step: &Step) -> Vec<String> {
    match &step.action {
        StepAction::Delete => Vec::new(),
        StepAction::Change(changes) => {
            let table = catalog.table(step.table);
            changes.iter().map(|change| table.column_at(change.column).name.bare().to_string()).collect()
        }
    }
}

/// What a column becomes.
pub(super) fn new_value(value: &NewValue, catalog: &Catalog) -> String {
    match value {
        NewValue::Null => "null".into(),
        NewValue::Default => "its default".into(),
        NewValue::Literal(text) => format!("\"{}\"", shown(text)),
        NewValue::StandIn(key) => format!("a reference to \"{}\"", shown(key)),
        NewValue::Expression(expression) => format!("sql: {}", one_line(&expression.fragment.text)),
        NewValue::Random(generator) => random(generator),
        NewValue::Derived(derived) => self::derived(derived, catalog),
    }
}

/// What is looked for, and what stands in its place.
fn scrubbed(scrub: &Scrub, catalog: &Catalog) -> String {
    let sources = scrub.people.iter().flat_map(|people| &people.values.sources);
    let mut names: Vec<String> = sources
        .map(|source| match source {
            ValueSource::Column { table, column, .. } => {
                let table = catalog.table(*table);
                format!("{}.{}", table.name.bare(), table.column_at(*column).name.bare())
            }
            ValueSource::Subject => "the subject".to_owned(),
        })
        .collect();
    names.sort();
    names.dedup();
    let all = match scrub.people.iter().any(|people| people.values.owner.is_none()) {
        true => ", those of all people of the run",
        false => "",
    };
    format!("\"{}\" in place of the values of {}{all}, wherever they stand alone", shown(&scrub.with), names.join(", "))
}

fn derived(derived: &Derived, catalog: &Catalog) -> String {
    match derived {
        Derived::Pseudonym(generator) => pseudonym(generator),
        Derived::Mask(mask) => masked(mask),
        Derived::Generalize(Generalize::Unit(unit)) => format!("cut to the {}", unit.name()),
        Derived::Generalize(Generalize::Step(step)) => format!("cut to a multiple of {step}"),
        Derived::Document(root) => document(root),
        Derived::Scrub(scrub) => scrubbed(scrub, catalog),
        Derived::Shift { days } => format!("moved by a random number of days, {days} at most, either way"),
    }
}

fn pseudonym(generator: &Generator) -> String {
    let looks = random(generator).replace(" random ", " ").replace(" at random", "");
    format!("a pseudonym, by the run's secret: {looks}")
}

fn masked(mask: &Mask) -> String {
    let kept = match (mask.keep_first, mask.keep_last) {
        (0, 0) => String::new(),
        (first, 0) => format!(", but for the first {first}"),
        (0, last) => format!(", but for the last {last}"),
        (first, last) => format!(", but for the first {first} and the last {last}"),
    };
    format!("masked with {}{kept}", shown(&mask.with.to_string()))
}

/// What happens inside a document, path by path.
fn document(root: &Branch) -> String {
    let edit = |(steps, leaf): (Vec<PathStep>, &Leaf)| {
        let steps: String = steps.iter().map(ToString::to_string).collect();
        let path = shown(&format!("${steps}")).to_string();
        match leaf {
            Leaf::Keep => format!("{path} stays"),
            Leaf::Remove => format!("{path} goes"),
            Leaf::Null => format!("{path}: null"),
            Leaf::Text(text) => format!("{path}: \"{}\"", shown(text)),
            Leaf::Random(generator) => format!("{path}: {}", random(generator)),
            Leaf::Pseudonym(generator) => format!("{path}: {}", pseudonym(generator)),
            Leaf::Mask(mask) => format!("{path}: {}", masked(mask)),
            Leaf::Multiple(step) => format!("{path}: cut to a multiple of {step}"),
        }
    };
    let edits: Vec<String> = root.edits().into_iter().map(edit).collect();
    let others = match root.others {
        OtherKeys::Keep => "other keys stay",
        OtherKeys::Remove => "other keys go",
    };
    format!("{}; {others}", edits.join("; "))
}

fn random(generator: &Generator) -> String {
    match generator {
        Generator::Email { domain, .. } => format!("a random address at {}", shown(domain)),
        Generator::Name => "a random name".into(),
        Generator::FirstName => "a random first name".into(),
        Generator::LastName => "a random last name".into(),
        Generator::Hex { length } => count((*length).into(), "random hexadecimal character"),
        Generator::Digits { format } => format!("random digits as {}", shown(format)),
        Generator::Uuid { .. } => "a random uuid".into(),
        Generator::Number { min, max, .. } => format!("a random number from {min} to {max}"),
        Generator::Date { min, max } => format!("a random day from {min} to {max}"),
        Generator::Timestamp { min, max } => format!("a random moment from {min} to {max}"),
        Generator::Boolean => "true or false at random".into(),
        Generator::Choice { from, .. } => format!("one of {} values at random", from.len()),
        Generator::Inet { .. } => "a random address in 192.0.2.0/24".into(),
        Generator::Bytes { length } => count((*length).into(), "random byte"),
        Generator::BitString { length } => count((*length).into(), "random bit"),
        Generator::Composed { format: "%s", .. } => "a random value of its type".into(),
        Generator::Composed { format, .. } => format!("a random value like `{}`", format.replace("%s", "…")),
        Generator::Each { element, .. } => format!("each element {}", random(&element.generator)),
        Generator::Fields { fields, .. } => {
            let names: Vec<_> = fields.iter().map(|(name, _)| format!("`{}`", name.bare())).collect();
            format!("its fields at random: {}", names.join(", "))
        }
    }
}

/// Why a step exists and why it comes where it does, a sentence each.
pub(super) fn reasons(catalog: &Catalog, plan: &Plan, file: &SourceFile, step: &Step) -> Vec<String> {
    let mut sentences = vec![match &step.reason {
        Reason::Asked => format!("{} asks for it", place(file, step.origin)),
        Reason::Cascade { keys } => {
            let keys: Vec<_> = keys.iter().map(|id| key(catalog, *id)).collect();
            format!("{} cascades, and its rows reference deleted ones by {}", place(file, step.origin), keys.join(", "))
        }
        Reason::Opens { key: id } => {
            format!(
                "rows reference each other in a circle, which is opened at {} so that they can go",
                key(catalog, *id)
            )
        }
    }];
    if let Some(together) = step.together {
        let others = plan.steps.iter().enumerate().filter(|(_, other)| other.together == Some(together));
        let others: Vec<_> =
            others.filter(|(_, other)| other.table != step.table).map(|(n, _)| (n + 1).to_string()).collect();
        sentences.push(format!("in one statement with step {}, since each waits for the other", others.join(" and ")));
    }
    for (later, reason) in &step.before {
        let other = plan.steps.get(*later).map_or_else(String::new, |other| table(catalog, other.table));
        sentences.push(match reason {
            EdgeReason::Read => format!("before step {} ({other}), which changes what its scope reads", later + 1),
            EdgeReason::Compute => {
                format!("before step {} ({other}), which changes what its new values are computed from", later + 1)
            }
            EdgeReason::Along(id) => {
                format!("before step {} ({other}), which changes a part of {}", later + 1, key(catalog, *id))
            }
            EdgeReason::Key(id) => {
                format!("before step {} ({other}), whose rows it references by {}", later + 1, key(catalog, *id))
            }
        });
    }
    sentences
}

fn key(catalog: &Catalog, id: KeyId) -> String {
    format!("`{}`", catalog.key(id).name.bare())
}

/// What the plan adds to a picture of its tables: the steps and about how many rows.
pub(super) fn notes(reviewed: &Reviewed<'_>) -> BTreeMap<TableId, Vec<String>> {
    let mut steps: BTreeMap<TableId, Vec<usize>> = BTreeMap::new();
    for (index, step) in reviewed.plan.steps.iter().enumerate() {
        steps.entry(step.table).or_default().push(index);
    }
    let note = |indexes: Vec<usize>| {
        let numbers: Vec<_> = indexes.iter().map(|index| (index + 1).to_string()).collect();
        let rows: Option<u64> = indexes.iter().map(|index| reviewed.estimates.of(*index)).sum();
        let rows = rows.map_or_else(String::new, |rows| format!(": about {}", count(rows, "row")));
        let word = if indexes.len() == 1 { "step" } else { "steps" };
        vec![format!("{word} {}{rows}", numbers.join(", "))]
    };
    steps.into_iter().map(|(table, indexes)| (table, note(indexes))).collect()
}

/// Columns of changed rows that stay and say why, by table, column and reason; each once, though several rules say it.
pub fn kept_columns<'a>(
    policy: &'a ResolvedPolicy,
    catalog: &'a Catalog,
) -> BTreeSet<(&'a TableName, &'a Ident, &'a str)> {
    let kept = policy.rules.iter().flat_map(|rule| {
        let table = catalog.table(rule.table);
        let kept = match &rule.action {
            RowAction::Change { kept, .. } => kept.as_slice(),
            RowAction::Keep(_) | RowAction::Delete { .. } => &[],
        };
        kept.iter().map(move |(column, reason)| (&table.name, &table.column_at(*column).name, reason.as_str()))
    });
    kept.collect()
}

/// The author's text on one line, for people only: what runs is the text as written.
pub(super) fn one_line(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    shown(&words.join(" ")).to_string()
}

/// `1 row`, `2 rows`, with thousands grouped.
pub fn count(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), if number == 1 { "" } else { "s" })
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped_and_agree_with_their_noun() {
        let shown = [(0, "row"), (1, "row"), (999, "row"), (1000, "row"), (1_234_567, "table")];
        let shown: Vec<_> = shown.iter().map(|(number, noun)| count(*number, noun)).collect();
        assert_eq!(shown, ["0 rows", "1 row", "999 rows", "1,000 rows", "1,234,567 tables"]);
    }

    #[test]
    fn an_authors_text_on_one_line_cannot_repaint_a_terminal() {
        assert_eq!(one_line("a >\n  \u{1b}[2J b"), "a > \\u{1b}[2J b");
    }
}
