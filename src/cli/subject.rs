//! How is a subject named on the command line?

use std::collections::BTreeSet;
use std::fmt;

use super::failure::Failure;
use crate::catalog::Catalog;
use crate::pgtype::PgType;
use crate::review::count;
use crate::sql::KeyColumn;

/// A subject's key as somebody wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub text: String,
    pub place: Place,
}

/// Where a key stands; messages name the place, since the key itself may be personal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Argument,
    /// Of `--subjects-from`, from 1.
    Line(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Argument => write!(f, "`--subject`"),
            Place::Line(line) => write!(f, "line {line} of `--subjects-from`"),
        }
    }
}

/// Keys as written, as one list for each key column: what the script binds.
///
/// The same subject twice is the same subject.
pub(super) fn keys(
    written: &[Written],
    columns: &[KeyColumn],
    fits: impl Fn(usize, &str) -> bool,
) -> Result<Vec<Vec<String>>, Failure> {
    let mut seen: BTreeSet<Vec<String>> = BTreeSet::new();
    let mut lists: Vec<Vec<String>> = vec![Vec::new(); columns.len()];
    for Written { text, place } in written {
        let values = split(text, *place)?;
        if values.len() != columns.len() {
            let failure = Failure::usage(format!(
                "a subject has {} ({}), and {place} gives {}",
                count(columns.len() as u64, "key column"),
                columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", "),
                count(values.len() as u64, "value"),
            ));
            return Err(failure.help(
                "values are separated by commas in the key's order, `\\,` is a comma within a value; \
                 each subject has a `--subject` or a line of its own",
            ));
        }
        let misfit = values.iter().enumerate().position(|(column, value)| !fits(column, value));
        if let Some(column) = misfit.and_then(|column| columns.get(column)) {
            // Not echoed: what was typed in the wrong place may be a name.
            let (name, kind) = (&column.name, &column.type_sql);
            let failure = Failure::usage(format!("{place} gives key column {name} a value that is no {kind}"));
            return Err(
                failure.help(format!("give the value of {name}, the column by which the policy knows subjects"))
            );
        }
        if !seen.contains(&values) {
            lists.iter_mut().zip(&values).for_each(|(list, value)| list.push(value.clone()));
            seen.insert(values);
        }
    }
    Ok(lists)
}

/// Whether the server could read the text as this type, where that is easily told; otherwise the server tells.
pub(super) fn fits(ty: &PgType, catalog: &Catalog, text: &str) -> bool {
    if let PgType::Enum { name } = ty {
        return catalog.enum_type(name).is_none_or(|found| found.labels.iter().any(|label| label == text));
    }
    let text = text.trim();
    match ty {
        PgType::SmallInt => text.parse::<i16>().is_ok(),
        PgType::Integer => text.parse::<i32>().is_ok(),
        PgType::BigInt => text.parse::<i64>().is_ok(),
        PgType::Numeric { .. } => is_number(text),
        PgType::Uuid => is_uuid(text),
        PgType::Date => could_be_a_day(text),
        _ => true,
    }
}

/// As `numeric` is written; `0x1f` and `1_000` are numbers to newer servers only, which then tell.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let begins = unsigned.strip_prefix('.').unwrap_or(unsigned).starts_with(|first: char| first.is_ascii_digit());
    let newer = unsigned.contains('_') || ["0x", "0o", "0b"].iter().any(|it| unsigned.to_lowercase().starts_with(it));
    let word = ["nan", "inf", "infinity"].contains(&unsigned.to_lowercase().as_str());
    word || (begins && (newer || unsigned.parse::<f64>().is_ok()))
}

/// 32 hexadecimal digits; the server knows more ways to group them than one.
fn is_uuid(text: &str) -> bool {
    let inside = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text);
    let digits = inside.chars().filter(|c| *c != '-');
    digits.clone().count() == 32 && digits.clone().all(|digit| digit.is_ascii_hexdigit())
}

/// Days are written in many ways, each with a digit in it but for a few words (manual, 8.5.1.4).
fn could_be_a_day(text: &str) -> bool {
    const WORDS: &[&str] = &["epoch", "infinity", "-infinity", "now", "today", "tomorrow", "yesterday"];
    text.contains(|c: char| c.is_ascii_digit()) || WORDS.contains(&text.to_lowercase().as_str())
}

/// Splits at commas; a backslash takes the next character as it is.
fn split(text: &str, place: Place) -> Result<Vec<String>, Failure> {
    let mut values = vec![String::new()];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            ',' => values.push(String::new()),
            '\\' => match characters.next() {
                Some(escaped @ (',' | '\\')) => values.extend_last(escaped),
                _ => {
                    let failure =
                        Failure::usage(format!("a backslash in {place} stands before something other than a comma"));
                    return Err(failure.help("write `\\\\` for a backslash"));
                }
            },
            other => values.extend_last(other),
        }
    }
    if values.iter().any(String::is_empty) {
        let failure = Failure::usage(format!("{place} has an empty value"));
        return Err(failure.help("give a value for each key column"));
    }
    Ok(values)
}

trait ExtendLast {
    /// Adds a character to the value that is being read.
    fn extend_last(&mut self, character: char);
}

impl ExtendLast for Vec<String> {
    fn extend_last(&mut self, character: char) {
        if let Some(last) = self.last_mut() {
            last.push(character);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn columns(names: &[&str]) -> Vec<KeyColumn> {
        names
            .iter()
            .map(|name| KeyColumn { name: name.to_string(), type_sql: "bigint".into(), ty: PgType::BigInt })
            .collect()
    }

    /// As a column of numbers takes them.
    fn number(_: usize, text: &str) -> bool {
        text.parse::<i64>().is_ok()
    }

    fn typed(keys: &[&str]) -> Vec<Written> {
        keys.iter().map(|text| Written { text: text.to_string(), place: Place::Argument }).collect()
    }

    fn split(text: &str) -> Result<Vec<String>, Failure> {
        super::split(text, Place::Line(7))
    }

    #[test]
    fn a_name_where_a_number_is_meant_is_refused_and_not_repeated() {
        let failure = keys(&typed(&["Anna"]), &columns(&["id"]), number).unwrap_err();
        let message = failure.message.unwrap_or_default();
        assert!(failure.exit as u8 == 2 && message.contains("bigint") && !message.contains("Anna"), "{message}");
    }

    #[test]
    fn what_cannot_be_a_value_of_the_key_is_told_from_what_may_be_one() {
        let catalog = crate::catalog::read(
            r#"{"format": 1, "server_major": 15, "tables": [], "foreign_keys": [],
                "enums": [{"name": ["public", "mood"], "labels": ["calm", "in love"]}],
                "domains": [], "functions": [], "extensions": [], "others": []}"#,
        )
        .unwrap();
        let numeric = PgType::Numeric { precision: None, scale: None };
        let mood = PgType::Enum { name: crate::ident::TableName::new("public", "mood") };
        let uuid = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
        let braced = uuid.replace('-', "").to_uppercase();
        for (ty, good, bad) in [
            (
                numeric,
                vec!["7", "-7.50", ".5", "1e3", " 7 ", "NaN", "0x1F", "1_000"],
                vec!["Anna", "7a", "", "1.2.3", "-"],
            ),
            (
                PgType::Uuid,
                vec![uuid, &format!("{{{braced}}}")],
                vec!["42", "Anna", &uuid[1..], &uuid.replace('a', "g")],
            ),
            (PgType::Date, vec!["2020-01-31", "31.1.2020", "Jan 5 2020", "Epoch"], vec!["Anna", ""]),
            (mood, vec!["calm", "in love"], vec!["Calm", "angry", " calm"]),
            (PgType::Interval, vec!["anything"], vec![]),
        ] {
            good.iter().for_each(|text| assert!(fits(&ty, &catalog, text), "{ty:?} {text}"));
            bad.iter().for_each(|text| assert!(!fits(&ty, &catalog, text), "{ty:?} {text}"));
        }
    }

    #[test]
    fn several_subjects_become_one_list_for_each_key_column() {
        let keys = keys(&typed(&["7,42", "7,43", "7,42"]), &columns(&["club_id", "number"]), number).unwrap();
        assert_eq!(keys, [["7", "7"], ["42", "43"]]);
    }

    #[test]
    fn a_comma_within_a_value_is_escaped() {
        assert_eq!(split(r"a\,b,c\\d").unwrap(), ["a,b", r"c\d"]);
    }

    #[test]
    fn a_list_where_one_subject_is_meant_is_refused() {
        let failure = keys(&typed(&["42,43"]), &columns(&["id"]), number).unwrap_err();
        assert_eq!(failure.exit as u8, 2);
        assert_eq!(failure.message.as_deref(), Some("a subject has 1 key column (id), and `--subject` gives 2 values"));
    }

    #[test]
    fn an_empty_value_is_refused() {
        for text in ["", ",", "7,", ",42"] {
            let failure = split(text).unwrap_err();
            assert_eq!(failure.message.as_deref(), Some("line 7 of `--subjects-from` has an empty value"), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_was_escaped_is_read_back(values in proptest::collection::vec("[a-c,\\\\\" ]{1,6}", 1..4)) {
            let escaped: Vec<_> = values.iter().map(|it| it.replace('\\', "\\\\").replace(',', "\\,")).collect();
            prop_assert_eq!(split(&escaped.join(",")).unwrap(), values);
        }
    }
}
