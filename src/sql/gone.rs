//! Values that must be gone are read before the first change and looked for behind the last.
//!
//! They are found as whole values and inside of texts and documents, in either case, with any blanks, escaped as JSON and
//! HTML do it, composed or not; of a value that is digits, with whatever stands between these. What comes out is places and
//! numbers of rows.

use super::assert;
use super::find::Holds;
use super::owner::qualified;
use super::pattern::SAYING;
use super::script::Assertion;
use super::sieve;
use super::value;
use super::writer::{Scene, Writer};
use crate::action::SHORT;
use crate::catalog::{Column, ColumnId, Table};
use crate::pgtype::PgType;
use crate::plan::{GonePlace, GoneValues};

/// What is looked for without what stands between its digits: at least that many of them, and no letter.
pub(super) const DIGITS: u32 = 7;

impl Scene<'_> {
    /// How a column is called in what is found: `users.email`.
    pub fn gone_name(&self, gone: &GoneValues) -> String {
        match gone.column {
            None => ":subject".to_owned(),
            Some((table, column)) => self.catalog.spelled(table, column),
        }
    }

    /// The values as they are before the first change, one statement for each set of rows.
    pub fn gone_values(&self, gone: &GoneValues) -> Vec<Writer> {
        let begin = || {
            let mut w = Writer::new();
            w.kw("INSERT INTO pg_temp.efface_values SELECT ").text(&self.gone_name(gone)).kw(", ");
            w
        };
        let Some((id, column)) = gone.column else {
            let mut w = begin();
            w.kw("pg_catalog.unnest(current_setting('efface.key1')::text[])");
            return vec![w];
        };
        let table = self.catalog.table(id);
        let several = matches!(table.column_at(column).ty, PgType::Array { .. });
        let of_rows = |(rows, change): &(_, Option<_>)| {
            let mut w = begin();
            w.kw(if several { "unnest(" } else { "" }).column(table, column).kw(if several { ")" } else { "" });
            w.kw("::text FROM ").rows_of(self.catalog, &table.name).kw(" WHERE ").sql(&self.rows(id, rows));
            // A value that has taken another's place already is nobody's.
            if let Some(holds) = change.as_ref().and_then(|change| value::holds(self, table, change)) {
                w.kw(" AND (").sql(&holds).kw(") IS NOT TRUE");
            }
            w
        };
        gone.rows.iter().map(of_rows).collect()
    }

    /// How the values are looked for: for each column one pattern for plain texts and one for those with escapes, and how
    /// many values are too short to be looked for.
    pub fn gone_patterns(&self) -> Writer {
        let mut w = Writer::new();
        w.kw("CREATE TEMP TABLE efface_gone ON COMMIT DROP AS\nWITH pattern AS (\n");
        let mut source = Writer::new();
        source.kw("SELECT place AS key1, value FROM pg_temp.efface_values WHERE length(btrim(normalize(value))) >= ");
        source.number(SHORT);
        self.patterns_with(&mut w, 1, &[source], "", true);
        w.kw("\n), digits AS (\n  SELECT place, ");
        digits(&mut w);
        w.kw(" AS either, array_agg(DISTINCT ");
        sieve::of_digits(&mut w);
        w.kw(") AS digit_sieves\n  FROM pg_temp.efface_values, ");
        digits_of_value(&mut w);
        w.kw("\n  GROUP BY place\n)\n");
        w.kw("SELECT place, anywhere, (SELECT count(DISTINCT value) FROM pg_temp.efface_values AS short WHERE short.place = column_of.place AND length(btrim(normalize(value))) < ");
        w.number(SHORT).kw(" AND value ~ ").regex(SAYING).kw(") AS short,\n");
        w.kw("  concat_ws('|', plain, either) AS plain, concat_ws('|', escaped, either) AS escaped,\n");
        w.kw("  coalesce(sieves, '{}') || coalesce(digit_sieves, '{}') AS sieves, coalesce(coarse, '{}') || coalesce(digit_sieves, '{}') AS coarse\nFROM (VALUES ");
        let values = self.plan.gone.iter().flat_map(|gone| &gone.values);
        w.list(values, ", ", |w, gone| {
            w.kw("(").text(&self.gone_name(gone)).kw(if gone.anywhere { ", true)" } else { ", false)" });
        });
        w.kw(") AS column_of (place, anywhere)\nLEFT JOIN pattern ON pattern.key1 = place LEFT JOIN digits USING (place)");
        w
    }

    /// No pattern is longer than the server can use.
    pub fn gone_check(&self) -> assert::Check {
        let mut count = Writer::new();
        count.kw("SELECT count(*) FROM pg_temp.efface_gone WHERE length(escaped) > ").number(super::pattern::LONGEST);
        let message = "the people of this run have too many values to be looked for at once: erase fewer in one run";
        assert::Check { name: "verify.gone".into(), message: message.into(), count }
    }

    /// Looks through a table, once.
    pub fn gone_search(&self, place: &GonePlace) -> Writer {
        let table = self.catalog.table(place.table);
        let mut w = Writer::new();
        w.kw("INSERT INTO pg_temp.efface_seen\nSELECT ").text(&table.name.bare().to_string());
        w.kw(", cell.name, gone.place, gone.anywhere, reached, count(*)\nFROM (\n  SELECT ((");
        w.sql(&self.rows(place.table, &place.reached)).kw(")");
        // A transaction's own number is its age 0: what was written since has none, or less.
        w.kw(if place.written { " OR age(xmin) <= 0" } else { "" }).kw(") IS TRUE AS reached");
        for (n, column) in place.columns.iter().enumerate() {
            w.kw(", ");
            cell(&mut w, table, *column);
            w.kw(" AS cell").number(n as i128 + 1);
        }
        w.kw("\n  FROM ").rows_of(self.catalog, &table.name);
        self.may_hold(&mut w, table, &place.columns);
        w.kw("\n) AS efface_row\nCROSS JOIN LATERAL (VALUES ").list(
            place.columns.iter().enumerate(),
            ", ",
            |w, (n, column)| {
                let name = table.column_at(*column).name.bare().to_string();
                w.kw("(").text(&name).kw(", cell").number(n as i128 + 1).kw(")");
            },
        );
        w.kw(") AS cell (name, text)\nJOIN pg_temp.efface_gone AS gone ON gone.plain <> '' AND ");
        sieve::any_stands(&mut w, "cell.text", "gone");
        w.kw("\nGROUP BY cell.name, gone.place, gone.anywhere, reached");
        w
    }

    /// The rows of which some cell could hold a value: asked of a whole row at once, and cheaply, since most hold none.
    fn may_hold(&self, w: &mut Writer, table: &Table, columns: &[ColumnId]) {
        let holds = |column: &ColumnId| holds(table.column_at(*column));
        let texts = columns.iter().filter(|column| holds(column) != Holds::Words);
        let cells = texts.map(|column| {
            let mut cell = Writer::new();
            plain_cell(&mut cell, &qualified(table, &table.column_at(*column).name), holds(column));
            cell
        });
        w.kw("\n  WHERE ");
        sieve::low(w, &cells.collect::<Vec<_>>());
        w.kw(" LIKE ANY ((SELECT array_agg(sieve) FROM pg_temp.efface_gone, unnest(coarse) AS sieve)::text[])");
        for column in columns {
            let name = qualified(table, &table.column_at(*column).name);
            match holds(column) {
                Holds::Words => {
                    w.kw("\n    OR ").sql(&name).kw(" @@ ANY ((SELECT array_agg(");
                    w.kw(ASKED).kw(") FROM pg_temp.efface_values)::tsquery[])");
                }
                Holds::Bytes => {
                    w.kw("\n    OR EXISTS (SELECT FROM pg_temp.efface_values WHERE ");
                    stands_in_bytes(w, &name);
                    w.kw(")");
                }
                Holds::Texts | Holds::Printed | Holds::Documents => {}
            }
        }
    }

    /// Nothing was found where nothing may be.
    pub fn gone_assertion(&self) -> Writer {
        let finds = |w: &mut Writer| {
            w.kw(
                "  SELECT jsonb_agg(jsonb_build_object('name', relation || '.' || name, 'message', CASE WHEN reached\n",
            );
            w.kw("    THEN 'values of ' || place || ' are still in rows that were reached or written: decide this column, or the table, in the policy'\n");
            w.kw("    ELSE 'values of ' || place || ' are in other rows, and the policy says `anywhere: error`' END, 'rows', n)\n");
            w.kw("    ORDER BY relation, name, place, reached) INTO efface_found\n  FROM pg_temp.efface_seen WHERE reached OR anywhere;\n");
        };
        assert::own_block("", finds, Assertion::Gone, "values are not gone:")
    }

    /// What was found where it may be, and how many values were not looked for, because they are short.
    pub fn gone_elsewhere(&self) -> Writer {
        let mut w = Writer::new();
        w.kw("SELECT relation, name, place, n AS rows FROM pg_temp.efface_seen\nUNION ALL\n");
        w.kw("SELECT NULL, NULL, place, short FROM pg_temp.efface_gone WHERE short > 0\nORDER BY 1, 2, 3");
        w
    }
}

/// A pattern for numbers with whatever may stand between their digits.
pub(super) fn digits(w: &mut Writer) {
    w.kw("string_agg(DISTINCT '(?<![0-9])0*' || regexp_replace(number, ").regex("(.)(?=.)").kw(", ");
    w.regex(r"\1[^0-9[:alpha:]]{0,3}").kw(", 'g') || '(?![0-9])', '|')");
}

/// The digits of each value that is nothing else.
pub(super) fn digits_of_value(w: &mut Writer) {
    // A number is dialled with two zeros where it is written with a plus.
    w.kw("LATERAL (SELECT ltrim(regexp_replace(value, '[^0-9]', '', 'g'), '0')) AS said (number)\n");
    w.kw("  WHERE length(number) >= ").number(DIGITS).kw(" AND value !~ '[[:alpha:]]'");
}

/// A column as a text to search; text search vectors and bytes with values that stand in them.
fn cell(w: &mut Writer, table: &Table, column: ColumnId) {
    let column: &Column = table.column_at(column);
    // With its table: a sub-select has columns of its own.
    let name = qualified(table, &column.name);
    match holds(column) {
        holds @ (Holds::Texts | Holds::Printed | Holds::Documents) => plain_cell(w, &name, holds),
        holds @ Holds::Bytes => {
            plain_cell(w, &name, holds);
            w.kw(" || coalesce((SELECT string_agg(' ' || value, '') FROM pg_temp.efface_values WHERE ");
            stands_in_bytes(w, &name);
            w.kw("), '')");
        }
        // Its words are no text any more: the values of which it holds the words, one behind the other.
        Holds::Words => {
            w.kw("(SELECT string_agg(value, ' ') FROM pg_temp.efface_values WHERE ").sql(&name);
            w.kw(" @@ (").kw(ASKED).kw("))");
        }
    }
}

/// How a column holds texts.
fn holds(column: &Column) -> Holds {
    match &column.ty {
        PgType::Bytea => Holds::Bytes,
        PgType::Other { name } if name == "tsvector" => Holds::Words,
        _ => Holds::Texts,
    }
}

/// What a text search vector is asked of a `value`.
const ASKED: &str = "phraseto_tsquery('simple', value) || phraseto_tsquery(value)";

/// A value whose characters are more than a byte each stands in bytes as it is, or in another case.
fn stands_in_bytes(w: &mut Writer, column: &Writer) {
    w.kw("length(value) >= ").number(SHORT).kw(" AND value ~ ").regex(r"[^\u0001-\u007f]").kw(" AND EXISTS (SELECT FROM (VALUES (value), (lower(value)), (upper(value)), (initcap(value)), (normalize(value, NFD))) AS forms (form) WHERE position(textsend(form) IN ");
    w.sql(column).kw(") > 0)");
}

/// A column as a text to search, but for the words of a text search vector. Bytes that are no printable ASCII are blanks: what
/// stands beside a text in them belongs to no word of it.
pub(super) fn plain_cell(w: &mut Writer, column: &Writer, holds: Holds) {
    match holds {
        Holds::Texts | Holds::Documents => w.sql(column).kw("::text"),
        Holds::Printed => w.kw("concat(").sql(column).kw(")"),
        Holds::Bytes => {
            w.kw("regexp_replace(encode(").sql(column).kw(", 'escape'), ").regex(r"\\[0-7]{3}").kw(", ' ', 'g')")
        }
        Holds::Words => w.kw("NULL::text"),
    };
}
