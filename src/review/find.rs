//! Where do values stand that somebody knows?

use std::fmt::Write;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::words::count;

/// The format of what `efface find` prints; raised when an older reader could misread a newer file.
pub const FIND_FORMAT: u32 = 1;

/// What was found of some values: places and counts, never the values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// The format of this file: 1.
    pub format: u32,
    /// The version of efface that looked.
    pub efface: String,
    /// Whether they stand somewhere.
    pub outcome: SearchOutcome,
    /// How many values were looked for.
    pub values: u64,
    /// Values that were not, with the reason.
    pub set_aside: Vec<SetAside>,
    /// How many relations were to be looked through.
    pub relations: u64,
    /// How many relations were left out by `--schema`, `--table` or `--exclude`.
    pub left_out: u64,
    /// Where they stand, by relation, in the order of its columns.
    pub found: Vec<FoundPlace>,
    /// What could not be looked through, with the reason.
    pub not_searched: Vec<NotSearched>,
}

/// Whether values stand somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SearchOutcome {
    /// In a place that is named.
    Found,
    /// Nowhere, and everything was looked through.
    Nothing,
    /// Nothing was found, but not every value was looked for, or not in every place.
    Unknown,
}

/// Which of the values: by its line, or by the column from which it was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Which {
    /// The number of its line.
    Line(u32),
    /// The column of the subject's rows that has it, or `:subject`.
    Column(String),
}

/// A value that was not looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetAside {
    /// Which.
    pub value: Which,
    /// Why not.
    pub because: String,
}

/// A column in which values stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FoundPlace {
    /// The relation.
    pub relation: String,
    /// The partitioned table whose partition it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_of: Option<String>,
    /// Its column.
    pub column: String,
    /// The column's type.
    #[serde(rename = "type")]
    pub ty: String,
    /// In how many rows.
    pub rows: u64,
    /// Which values, each with its number of rows.
    pub values: Vec<FoundValue>,
    /// Where in documents; keys that could be somebody's are shown as a star.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<FoundPath>,
    /// The rows by primary key, where keys were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<FoundKeys>,
}

/// One of the values in a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FoundValue {
    /// Which.
    pub value: Which,
    /// In how many rows.
    pub rows: u64,
}

/// A place in documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FoundPath {
    /// The path.
    pub path: String,
    /// In how many documents.
    pub rows: u64,
}

/// Rows by primary key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FoundKeys {
    /// The columns of the key; empty where the relation has none that the role may read.
    pub columns: Vec<String>,
    /// The first keys; a part in which one of the values stands is null.
    pub rows: Vec<Vec<Option<String>>>,
}

/// What could not be looked through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotSearched {
    /// The relation.
    pub relation: String,
    /// Its column, where only that could not be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Why.
    pub because: String,
}

impl Search {
    /// What to say in one word.
    pub fn outcome(found: &[FoundPlace], not_searched: &[NotSearched], set_aside: &[SetAside]) -> SearchOutcome {
        match (found, not_searched, set_aside) {
            ([_, ..], _, _) => SearchOutcome::Found,
            ([], [], []) => SearchOutcome::Nothing,
            ([], _, _) => SearchOutcome::Unknown,
        }
    }

    /// For people: a line for each place, aligned.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a `String` can't fail.
        let mut line = |line: String| {
            let _ = writeln!(text, "{}", line.trim_end());
        };
        let cells: Vec<[String; 4]> = self.found.iter().map(cells).collect();
        let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths = [width(0), width(1), width(2)];
        for (place, [name, ty, rows, which]) in self.found.iter().zip(&cells) {
            let [first, second, third] = widths;
            line(format!("{name:first$}  {ty:second$}  {rows:>third$}  {which}"));
            for path in &place.paths {
                line(format!("  at {}: {}", path.path, count(path.rows, "row")));
            }
            if let Some(keys) = &place.keys {
                line(format!("  {}", told(keys, place.rows)));
            }
        }
        if !self.not_searched.is_empty() {
            line(String::new());
            line("not looked through".into());
            for it in &self.not_searched {
                let column = it.column.iter().map(|column| format!(".{column}")).collect::<String>();
                line(format!("  {}{column}: {}", it.relation, it.because));
            }
        }
        if !self.set_aside.is_empty() {
            line(String::new());
            line("not looked for".into());
            for it in &self.set_aside {
                line(format!("  {}: {}", it.value.words(), it.because));
            }
        }
        if !text.is_empty() {
            text.push('\n');
        }
        let left_out = if self.left_out > 0 { format!(", {} left out", self.left_out) } else { String::new() };
        let (values, relations) = (count(self.values, "value"), count(self.relations, "relation"));
        let _ = writeln!(text, "{values} looked for in {relations}{left_out}");
        let _ = writeln!(
            text,
            "{}",
            match self.outcome {
                SearchOutcome::Found => format!("found in {}", count(self.found.len() as u64, "column")),
                SearchOutcome::Nothing => "found nowhere".to_owned(),
                SearchOutcome::Unknown =>
                    "found nowhere that could be looked through: whether there is more is not known".to_owned(),
            }
        );
        text
    }

    /// For machines: JSON with a newline at its end.
    pub fn json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("names, texts and numbers are always JSON");
        text.push('\n');
        text
    }
}

impl Which {
    fn words(&self) -> String {
        match self {
            Which::Line(line) => format!("line {line}"),
            Which::Column(column) => column.clone(),
        }
    }
}

/// Name, type, rows, which values.
fn cells(place: &FoundPlace) -> [String; 4] {
    let lines: Vec<String> = place
        .values
        .iter()
        .filter_map(|it| match &it.value {
            Which::Line(line) => Some(line.to_string()),
            Which::Column(_) => None,
        })
        .collect();
    let columns = place.values.iter().filter_map(|it| match &it.value {
        Which::Line(_) => None,
        Which::Column(column) => Some(column.clone()),
    });
    const MOST: usize = 12;
    let more = lines.len().saturating_sub(MOST);
    let first = lines.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
    let lines = match (lines.len(), more) {
        (0, _) => None,
        (1, _) => Some(format!("line {first}")),
        (_, 0) => Some(format!("lines {first}")),
        (_, more) => Some(format!("lines {first} and {more} more")),
    };
    let which = lines.into_iter().chain(columns).collect::<Vec<_>>().join(", ");
    [format!("{}.{}", place.relation, place.column), place.ty.clone(), count(place.rows, "row"), which]
}

fn told(keys: &FoundKeys, rows: u64) -> String {
    if keys.columns.is_empty() {
        return "no primary key that can be read".into();
    }
    let key = |key: &Vec<Option<String>>| {
        let parts: Vec<&str> = key.iter().map(|part| part.as_deref().unwrap_or("…")).collect();
        if parts.len() == 1 { parts.concat() } else { format!("({})", parts.join(", ")) }
    };
    let columns =
        if keys.columns.len() == 1 { keys.columns.concat() } else { format!("({})", keys.columns.join(", ")) };
    let more = rows.saturating_sub(keys.rows.len() as u64);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{columns}: {}{more}", keys.rows.iter().map(key).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(relation: &str, column: &str, ty: &str, rows: u64, lines: &[u32]) -> FoundPlace {
        FoundPlace {
            relation: relation.into(),
            partition_of: None,
            column: column.into(),
            ty: ty.into(),
            rows,
            values: lines.iter().map(|line| FoundValue { value: Which::Line(*line), rows }).collect(),
            paths: Vec::new(),
            keys: None,
        }
    }

    fn search(found: Vec<FoundPlace>, not_searched: Vec<NotSearched>, set_aside: Vec<SetAside>) -> Search {
        let outcome = Search::outcome(&found, &not_searched, &set_aside);
        Search {
            format: 1,
            efface: "0".into(),
            outcome,
            values: 2,
            set_aside,
            relations: 3,
            left_out: 0,
            found,
            not_searched,
        }
    }

    #[test]
    fn places_are_aligned_and_values_are_told_by_their_lines() {
        let mut audits = place("audits", "row_data", "jsonb", 12, &[1, 3]);
        audits.paths = vec![FoundPath { path: "$.email".into(), rows: 12 }];
        audits.keys = Some(FoundKeys { columns: vec!["id".into()], rows: vec![vec![Some("7".into())], vec![None]] });
        let all: Vec<u32> = (1..=15).collect();
        let text =
            search(vec![audits, place("users", "email", "email_address", 1, &all)], Vec::new(), Vec::new()).text();
        insta::assert_snapshot!(text, @"
        audits.row_data  jsonb          12 rows  lines 1, 3
          at $.email: 12 rows
          id: 7, … and 10 more
        users.email      email_address    1 row  lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 3 more

        2 values looked for in 3 relations
        found in 2 columns
        ");
    }

    #[test]
    fn nothing_is_said_only_where_everything_was_looked_through() {
        let barred = NotSearched { relation: "far".into(), column: None, because: "it is a foreign table".into() };
        let short = SetAside { value: Which::Line(2), because: "fewer than four characters".into() };
        for (not_searched, set_aside, outcome) in [
            (vec![], vec![], SearchOutcome::Nothing),
            (vec![barred.clone()], vec![], SearchOutcome::Unknown),
            (vec![], vec![short], SearchOutcome::Unknown),
        ] {
            let found = search(Vec::new(), not_searched, set_aside);
            assert_eq!(found.outcome, outcome);
            assert_eq!(found.text().contains("found nowhere\n"), outcome == SearchOutcome::Nothing, "{}", found.text());
        }
        assert_eq!(search(vec![place("a", "b", "text", 1, &[1])], vec![barred], vec![]).outcome, SearchOutcome::Found);
    }
}
