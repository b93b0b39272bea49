//! Where in a database do some values stand?
//!
//! They come as parameters, from whoever knows them, and are looked for as `verify.gone` does it, in READ ONLY transactions.

use super::gone::cell_of;
use super::letters;
use super::pattern::{SAYING, Spelled};
use super::script::Sql;
use super::writer::Writer;
use crate::action::SHORT;
use crate::ident::{Ident, TableName};

/// How a column holds texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holds {
    /// As values that print as texts.
    Texts,
    /// As bytes.
    Bytes,
    /// As the words of a text search vector.
    Words,
}

/// A relation to look through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Haystack {
    /// Its name.
    pub name: TableName,
    /// Whether relations that inherit from it are looked through by themselves.
    pub only: bool,
    /// Its columns that may hold texts; at least one.
    pub columns: Vec<(Ident, Holds)>,
}

/// A query for what the values in `$1` (`text[]`) are looked for by: a pattern for texts as they are, one for texts with
/// escapes, both NULL where no value is long enough, and how many are not.
pub fn patterns_of_values() -> Sql {
    let spelled = Spelled { in_question: true };
    let mut w = Writer::new();
    w.kw("WITH efface_given AS MATERIALIZED (SELECT DISTINCT btrim(value) AS value FROM pg_catalog.unnest($1::text[]) AS value), ");
    for (name, spelling) in spelled.spelling() {
        w.kw(name).kw(" AS MATERIALIZED (\n").sql(&spelling).kw("\n), ");
    }
    w.kw("pattern AS (\n");
    let mut source = Writer::new();
    source.kw("SELECT value FROM efface_given WHERE length(normalize(value)) >= ").number(SHORT);
    spelled.patterns_in(&mut w, 0, &[source], "");
    w.kw("\n), digits AS (\n  SELECT ");
    super::gone::digits(&mut w);
    w.kw(" AS either\n  FROM efface_given, ");
    super::gone::digits_of_value(&mut w);
    w.kw("\n)\nSELECT NULLIF(concat_ws('|', plain, either), '') AS plain, NULLIF(concat_ws('|', escaped, either), '') AS escaped,\n");
    w.kw("  (SELECT count(*) FROM efface_given WHERE length(normalize(value)) < ").number(SHORT);
    w.kw(" OR value !~ ").regex(SAYING).kw(") AS short\nFROM digits LEFT JOIN pattern ON true");
    w.finish()
}

/// A query for the columns of a relation in which they stand, each with its number of rows: `$1` and `$2` are the patterns,
/// `$3` the values (`text[]`).
pub fn search(haystack: &Haystack) -> Sql {
    let mut w = Writer::new();
    w.kw("SELECT cell.name, count(*)\nFROM (\n  SELECT ").list(
        haystack.columns.iter().enumerate(),
        ", ",
        |w, (n, it)| {
            let (column, holds) = it;
            let mut name = Writer::new();
            name.kw("efface_row.").ident(column);
            cell_of(w, &name, *holds, "(SELECT pg_catalog.unnest($3::text[]) AS value) AS given");
            w.kw(" AS cell").number(n as i128 + 1);
        },
    );
    w.kw("\n  FROM ")
        .kw(if haystack.only { "ONLY " } else { "" })
        .table(&haystack.name)
        .kw(" AS efface_row\n) AS efface_row\n");
    w.kw("CROSS JOIN LATERAL (VALUES ").list(haystack.columns.iter().enumerate(), ", ", |w, (n, (name, _))| {
        w.kw("(").text(name.as_str()).kw(", cell").number(n as i128 + 1).kw(")");
    });
    w.kw(") AS cell (name, text)\nWHERE cell.text COLLATE \"C\" ~ CASE WHEN cell.text COLLATE \"C\" ~ ");
    w.regex(letters::ESCAPES)
        .kw(" THEN $2::text ELSE $1::text END AND cardinality($3::text[]) > 0\nGROUP BY cell.name ORDER BY cell.name");
    w.finish()
}
