//! How is a subject named on the command line?

use super::failure::Failure;
use crate::sql::KeyColumn;

/// Keys as typed, as one list for each key column: what the script binds.
///
/// The same subject twice is the same subject.
pub(super) fn keys(typed: &[String], columns: &[KeyColumn]) -> Result<Vec<Vec<String>>, Failure> {
    let mut subjects: Vec<Vec<String>> = Vec::new();
    for text in typed {
        let values = split(text)?;
        if values.len() != columns.len() {
            let failure = Failure::usage(format!(
                "a subject has {} ({}), and `--subject` gives {}",
                crate::review::count(columns.len() as u64, "key column"),
                columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", "),
                crate::review::count(values.len() as u64, "value"),
            ));
            return Err(failure.help(
                "values are separated by commas in the key's order, `\\,` is a comma within a value; \
                 `--subject` is given once for each subject",
            ));
        }
        if let Some((column, _)) = columns.iter().zip(&values).find(|(column, value)| !fits(&column.type_sql, value)) {
            // Not echoed: what was typed in the wrong place may be a name.
            let (name, kind) = (&column.name, &column.type_sql);
            return Err(Failure::usage(format!("`--subject` gives key column {name} a value that is no {kind}")));
        }
        if !subjects.contains(&values) {
            subjects.push(values);
        }
    }
    Ok((0..columns.len()).map(|column| subjects.iter().map(|values| values[column].clone()).collect()).collect())
}

/// Whether the server would read the text as this type, where that is easily told; otherwise the server tells.
fn fits(type_sql: &str, text: &str) -> bool {
    let text = text.trim();
    match type_sql {
        "smallint" => text.parse::<i16>().is_ok(),
        "integer" => text.parse::<i32>().is_ok(),
        "bigint" => text.parse::<i64>().is_ok(),
        _ => true,
    }
}

/// Splits at commas; a backslash takes the next character as it is.
fn split(text: &str) -> Result<Vec<String>, Failure> {
    let mut values = vec![String::new()];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            ',' => values.push(String::new()),
            '\\' => match characters.next() {
                Some(escaped @ (',' | '\\')) => values.extend_last(escaped),
                _ => {
                    let failure =
                        Failure::usage("a backslash in `--subject` stands before something other than a comma");
                    return Err(failure.help("write `\\\\` for a backslash"));
                }
            },
            other => values.extend_last(other),
        }
    }
    if values.iter().any(String::is_empty) {
        return Err(Failure::usage("`--subject` has an empty value"));
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
        names.iter().map(|name| KeyColumn { name: name.to_string(), type_sql: "bigint".into() }).collect()
    }

    fn typed(keys: &[&str]) -> Vec<String> {
        keys.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_name_where_a_number_is_meant_is_refused_and_not_repeated() {
        let failure = keys(&typed(&["Anna"]), &columns(&["id"])).unwrap_err();
        let message = failure.message.unwrap_or_default();
        assert!(failure.exit as u8 == 2 && message.contains("bigint") && !message.contains("Anna"), "{message}");
    }

    #[test]
    fn several_subjects_become_one_list_for_each_key_column() {
        let keys = keys(&typed(&["7,42", "7,43", "7,42"]), &columns(&["club_id", "number"])).unwrap();
        assert_eq!(keys, [["7", "7"], ["42", "43"]]);
    }

    #[test]
    fn a_comma_within_a_value_is_escaped() {
        assert_eq!(split(r"a\,b,c\\d").unwrap(), ["a,b", r"c\d"]);
    }

    #[test]
    fn a_list_where_one_subject_is_meant_is_refused() {
        let failure = keys(&typed(&["42,43"]), &columns(&["id"])).unwrap_err();
        assert_eq!(failure.exit as u8, 2);
        assert_eq!(failure.message.as_deref(), Some("a subject has 1 key column (id), and `--subject` gives 2 values"));
    }

    #[test]
    fn an_empty_value_is_refused() {
        for text in ["", ",", "7,", ",42"] {
            assert!(split(text).is_err(), "{text:?}");
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
