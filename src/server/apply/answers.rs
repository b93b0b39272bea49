//! What does an answer of the server say, and what is it told?

use tokio_postgres::{SimpleQueryMessage, SimpleQueryRow};

use super::outcome::{Elsewhere, WrittenRows};
use super::stopped::Stopped;
use crate::ident::{Ident, TableName};

/// The texts in the first column.
pub(super) fn texts(answer: &[SimpleQueryMessage]) -> Vec<String> {
    let text = |message: &SimpleQueryMessage| match message {
        SimpleQueryMessage::Row(row) => row.try_get(0).ok().flatten().map(str::to_owned),
        _ => None,
    };
    answer.iter().filter_map(text).collect()
}

/// The text in a column of the only row.
pub(super) fn text_at(answer: &[SimpleQueryMessage], column: usize) -> Option<String> {
    answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.try_get(column).ok().flatten().map(str::to_owned),
        _ => None,
    })
}

/// The number of rows in a column of the only row.
pub(super) fn number_at(answer: &[SimpleQueryMessage], column: usize, title: &str) -> Result<u64, Stopped> {
    let rows = text_at(answer, column).and_then(|text| text.parse().ok());
    rows.ok_or_else(|| Stopped::Malformed(format!("`{title}` did not return a number of rows")))
}

/// Where values that were to go are.
pub(super) fn found(answer: &[SimpleQueryMessage], title: &str) -> Result<Vec<Elsewhere>, Stopped> {
    let rows = answer.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let text = |row: &SimpleQueryRow, column: usize| row.try_get(column).ok().flatten().map(str::to_owned);
    let one = |row: &SimpleQueryRow| {
        let count = text(row, 3).and_then(|count| count.parse().ok());
        Some(Elsewhere { place: text(row, 0).zip(text(row, 1)), values_of: text(row, 2)?, count: count? })
    };
    let malformed = || Stopped::Malformed(format!("`{title}` did not return places and numbers"));
    rows.map(|row| one(row).ok_or_else(malformed)).collect()
}

/// What each row says of a table: schema, name, rows added, changed and deleted.
pub(super) fn written_rows(answer: &[SimpleQueryMessage], title: &str) -> Result<Vec<WrittenRows>, Stopped> {
    let rows = answer.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let read = |row: &SimpleQueryRow| {
        let text = |column: usize| row.try_get(column).ok().flatten();
        let rows = |column: usize| text(column)?.parse().ok();
        let table = TableName { schema: Ident::new(text(0)?), name: Ident::new(text(1)?) };
        Some(WrittenRows { table, added: rows(2)?, changed: rows(3)?, deleted: rows(4)? })
    };
    let malformed = || Stopped::Malformed(format!("`{title}` did not return tables with numbers of rows"));
    rows.map(|row| read(row).ok_or_else(malformed)).collect()
}

/// The row count of the statement.
pub(super) fn affected(answer: &[SimpleQueryMessage]) -> u64 {
    answer
        .iter()
        .map(|message| match message {
            SimpleQueryMessage::CommandComplete(rows) => *rows,
            _ => 0,
        })
        .sum()
}

/// Keys as the text of an array (manual, 8.15.2): every element quoted, so that `NULL`, commas and braces are text.
pub(in crate::server) fn array_text(keys: &[String]) -> String {
    let elements: Vec<_> =
        keys.iter().map(|key| format!("\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""))).collect();
    format!("{{{}}}", elements.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_become_the_text_of_an_array() {
        let keys = ["42", "a,b", "NULL", "say \"hi\"", "back\\slash", ""].map(String::from);
        assert_eq!(array_text(&keys), r#"{"42","a,b","NULL","say \"hi\"","back\\slash",""}"#);
    }
}
