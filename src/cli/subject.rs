//! How is a subject named on the command line?

use super::failure::Failure;

/// Keys as typed, as one list for each key column: what the script binds.
///
/// The same subject twice is the same subject.
pub(super) fn keys(typed: &[String], columns: &[String]) -> Result<Vec<Vec<String>>, Failure> {
    let mut subjects: Vec<Vec<String>> = Vec::new();
    for text in typed {
        let values = split(text)?;
        if values.len() != columns.len() {
            let failure = Failure::usage(format!(
                "a subject has {} ({}), and `--subject` gives {}",
                crate::review::count(columns.len() as u64, "key column"),
                columns.join(", "),
                crate::review::count(values.len() as u64, "value"),
            ));
            return Err(failure.help(
                "values are separated by commas in the key's order, `\\,` is a comma within a value; \
                 `--subject` is given once for each subject",
            ));
        }
        if !subjects.contains(&values) {
            subjects.push(values);
        }
    }
    Ok((0..columns.len()).map(|column| subjects.iter().map(|values| values[column].clone()).collect()).collect())
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

    fn columns(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    fn typed(keys: &[&str]) -> Vec<String> {
        columns(keys)
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
