//! Where in a database do some values stand?
//!
//! They come from whoever knows them, and are looked for as `verify.gone` does it, in READ ONLY transactions: as parameters,
//! or where a log of statements would hold these, in temporary tables that a COPY has filled. What comes out is places,
//! numbers of rows and which of the values, by number; never a value, nor a key of a document that could be one.

use super::gone::{digits_of_value, plain_cell};
use super::pattern::Spelled;
use super::script::Sql;
use super::sieve;
use super::writer::Writer;
use crate::action::SHORT;
use crate::ident::{Ident, TableName};

/// How a column holds texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holds {
    /// As values of PostgreSQL's own types that print as texts.
    Texts,
    /// As values of somebody's type, which its output function prints: a cast could be anybody's function.
    Printed,
    /// As documents, json or jsonb.
    Documents,
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
    /// The columns of its primary key; none where it has none.
    pub key: Vec<Ident>,
}

/// Where a question finds the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// In its parameters.
    Parameters,
    /// In temporary tables of this transaction.
    Tables,
}

/// What is told of each place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// The primary keys of so many rows.
    pub keys: Option<u32>,
    /// Where in documents.
    pub paths: Paths,
    /// Whether the database's texts are in another encoding than UTF-8.
    pub other_encoding: bool,
}

/// How the keys of documents are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Paths {
    /// Not at all.
    #[default]
    Hidden,
    /// Those that are words of the schema; a star stands for the others.
    Known,
    /// All but those in which a value stands.
    All,
}

/// What makes the temporary table of values, with the COPY that fills it: a number and a value in each line.
pub fn values_table() -> (Sql, Sql) {
    let mut table = Writer::new();
    table.kw("CREATE TEMP TABLE efface_value (no integer, value text) ON COMMIT DROP");
    let mut copy = Writer::new();
    copy.kw("COPY pg_temp.efface_value FROM STDIN (ENCODING 'UTF8')");
    (table.finish(), copy.finish())
}

/// The same for the values as [`spelled`] answers them, and the value with each.
pub fn spelled_table() -> (Sql, Sql) {
    let mut table = Writer::new();
    table.kw("CREATE TEMP TABLE efface_spelled (no integer, value text, plain text, escaped text, sieve text, coarse text) ON COMMIT DROP");
    let mut copy = Writer::new();
    copy.kw("COPY pg_temp.efface_spelled FROM STDIN (ENCODING 'UTF8')");
    (table.finish(), copy.finish())
}

/// A query for what values are looked for by: of each number in `$1` with the value in `$2` its pattern for texts as they
/// are, one for texts with escapes, and of both the sieves, in rows of its own. A number without a row can't be looked for:
/// its values are too short, or say nothing.
pub fn spelled(given: Given, short: bool) -> Sql {
    let spelled = Spelled { in_question: true };
    let mut w = Writer::new();
    w.kw("WITH efface_given AS MATERIALIZED (SELECT no, btrim(value) AS value FROM ").kw(match given {
        Given::Parameters => "unnest($1::integer[], $2::text[]) AS given (no, value)), ",
        Given::Tables => "pg_temp.efface_value), ",
    });
    for (name, spelling) in spelled.spelling() {
        w.kw(name).kw(" AS MATERIALIZED (\n").sql(&spelling).kw("\n), ");
    }
    w.kw("pattern AS (\n");
    let mut source = Writer::new();
    source.kw("SELECT no AS key1, value FROM efface_given WHERE length(normalize(value)) >= ");
    source.number(if short { 1 } else { SHORT });
    spelled.patterns_with(&mut w, 1, &[source], "", true);
    w.kw("\n), digits AS (\n  SELECT no AS key1, ");
    super::gone::digits(&mut w);
    w.kw(" AS either, array_agg(");
    sieve::of_digits(&mut w);
    w.kw(" ORDER BY number) AS digit_sieves\n  FROM efface_given, ");
    digits_of_value(&mut w);
    w.kw("\n  GROUP BY no\n), whole AS (\n");
    w.kw("  SELECT key1 AS no, NULLIF(concat_ws('|', plain, either), '') AS plain, NULLIF(concat_ws('|', escaped, either), '') AS escaped,\n");
    w.kw("    coalesce(sieves, '{}') || coalesce(digit_sieves, '{}') AS sieves, coalesce(coarse, '{}') || coalesce(digit_sieves, '{}') AS coarse\n");
    w.kw("  FROM pattern FULL JOIN digits USING (key1)\n)\n");
    w.kw("SELECT no, plain, escaped, sieve, coarse_sieve AS coarse\nFROM whole, unnest(sieves, coarse) AS each (sieve, coarse_sieve)\n");
    w.kw(
        "WHERE plain IS NOT NULL AND escaped IS NOT NULL\nORDER BY no, sieve COLLATE \"C\", coarse_sieve COLLATE \"C\"",
    );
    w.finish()
}

/// A query for the places in a relation where they stand. Its parameters are `$1` the numbers, `$2` the values, `$3` to `$6`
/// patterns and sieves as [`spelled`] answers them, each an array, and `$7` the keys of documents that may be shown. Its rows
/// are: what is told, the number of a column, a number, words, and a number of rows.
pub fn search(haystack: &Haystack, given: Given, details: Details) -> Sql {
    let mut w = Writer::new();
    w.kw("WITH RECURSIVE efface_given AS MATERIALIZED (SELECT no, value, plain, escaped, sieve, coarse FROM ").kw(match given {
        Given::Parameters => "unnest($1::integer[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) AS given (no, value, plain, escaped, sieve, coarse)",
        Given::Tables => "pg_temp.efface_spelled",
    });
    w.kw("),\nefface_sieves AS MATERIALIZED (SELECT array_agg(DISTINCT sieve) AS plain, array_agg(DISTINCT coarse) AS coarse FROM efface_given),\n");
    let holds = |wanted: Holds| haystack.columns.iter().any(|(_, holds)| *holds == wanted);
    if holds(Holds::Words) {
        w.kw("efface_asked AS MATERIALIZED (SELECT DISTINCT no, phraseto_tsquery('simple', value) || phraseto_tsquery(value) AS query FROM efface_given),\n");
    }
    if holds(Holds::Bytes) {
        w.kw("efface_bytes AS MATERIALIZED (\n  SELECT DISTINCT no, textsend(form) AS bytes FROM efface_given,\n");
        w.kw("    LATERAL (VALUES (value), (lower(value)), (upper(value)), (initcap(value))");
        w.kw(if details.other_encoding { "" } else { ", (normalize(value, NFD))" }).kw(") AS forms (form)\n");
        w.kw("  WHERE value ~ ").regex(r"[^\u0001-\u007f]").kw("\n),\n");
    }
    hits(&mut w, haystack, details);
    if details.paths != Paths::Hidden && holds(Holds::Documents) {
        paths(&mut w, haystack, details.paths);
    }
    w.kw("\nSELECT 'rows' AS what, n, NULL::integer AS no, NULL::text[] AS words, count(*) AS rows FROM efface_hit GROUP BY n\nUNION ALL\n");
    w.kw("SELECT 'value', n, no, NULL, count(*) FROM efface_hit, unnest(numbers) AS no GROUP BY n, no");
    if details.paths != Paths::Hidden && holds(Holds::Documents) {
        w.kw("\nUNION ALL\nSELECT 'path', n, NULL, ARRAY[path], count(*) FROM efface_path GROUP BY n, path");
    }
    if let (Some(most), [_, ..]) = (details.keys, &haystack.key[..]) {
        w.kw("\nUNION ALL\nSELECT 'key', n, nth::integer, key, 1 FROM (\n  SELECT n, row_number() OVER (PARTITION BY n ORDER BY ");
        w.list(1..=haystack.key.len(), ", ", |w, n| {
            w.kw("length(key[").number(n as i128).kw("]), key[").number(n as i128).kw("] COLLATE \"C\"");
        });
        w.kw(") AS nth,\n    ARRAY(SELECT CASE WHEN EXISTS (SELECT FROM efface_given WHERE ");
        sieve::stands(&mut w, "part", "efface_given");
        w.kw(") THEN NULL ELSE part END FROM unnest(key) WITH ORDINALITY AS parts (part, nth) ORDER BY nth) AS key\n  FROM efface_hit\n) AS keyed WHERE nth <= ");
        w.number(most);
    }
    w.finish()
}

/// What is looked at, one row for each cell in which a value stands.
fn hits(w: &mut Writer, haystack: &Haystack, details: Details) {
    let columns = || haystack.columns.iter().enumerate();
    let texts = || columns().filter(|(_, (_, holds))| *holds != Holds::Words).map(|(n, _)| n + 1);
    let of = |wanted: Holds| columns().filter(move |(_, (_, holds))| *holds == wanted).map(|(n, _)| n + 1);
    let keyed = details.keys.is_some() && !haystack.key.is_empty();
    w.kw("efface_hit AS MATERIALIZED (\n  SELECT cell.n, found.numbers, cell.text AS document, ").kw(if keyed {
        "key"
    } else {
        "NULL::text[] AS key"
    });
    w.kw("\n  FROM (\n    SELECT *, ");
    let cells = texts().map(|n| {
        let mut cell = Writer::new();
        cell.kw("cell").number(n as i128);
        cell
    });
    sieve::low(w, &cells.collect::<Vec<_>>());
    w.kw(" AS low\n    FROM (\n      SELECT ").list(columns(), ", ", |w, (n, (column, holds))| {
        let (mut name, n) = (Writer::new(), n as i128 + 1);
        name.kw("efface_row.").ident(column);
        match holds {
            Holds::Texts | Holds::Documents | Holds::Printed => {
                plain_cell(w, &name, *holds);
                w.kw(" AS cell").number(n)
            }
            Holds::Bytes => {
                plain_cell(w, &name, *holds);
                w.kw(" AS cell").number(n).kw(", ").sql(&name).kw(" AS bytes").number(n)
            }
            Holds::Words => w.sql(&name).kw(" AS words").number(n),
        };
    });
    if keyed {
        w.kw(", ARRAY[").list(&haystack.key, ", ", |w, column| {
            w.kw("concat(efface_row.").ident(column).kw(")");
        });
        w.kw("] AS key");
    }
    w.kw("\n      FROM ").kw(if haystack.only { "ONLY " } else { "" }).table(&haystack.name);
    w.kw(" AS efface_row\n      OFFSET 0\n    ) AS efface_row\n    OFFSET 0\n  ) AS efface_row\n  CROSS JOIN LATERAL (VALUES ");
    w.list(columns(), ", ", |w, (n, (_, holds))| {
        let n = n as i128 + 1;
        w.kw("(").number(n);
        let mut cell = |is: bool, name: &'static str, null: &'static str| {
            w.kw(", ");
            if is {
                w.kw(name).number(n)
            } else {
                w.kw(null)
            };
        };
        cell(*holds != Holds::Words, "cell", "NULL::text");
        cell(*holds == Holds::Bytes, "bytes", "NULL::bytea");
        cell(*holds == Holds::Words, "words", "NULL::tsvector");
        w.kw(")");
    });
    w.kw(") AS cell (n, text, bytes, words)\n  CROSS JOIN LATERAL (\n    SELECT array_agg(DISTINCT no) AS numbers FROM (\n      SELECT no FROM efface_given WHERE ");
    sieve::stands(w, "cell.text", "efface_given");
    if of(Holds::Bytes).next().is_some() {
        w.kw("\n      UNION ALL SELECT no FROM efface_bytes AS sought WHERE position(sought.bytes IN cell.bytes) > 0");
    }
    if of(Holds::Words).next().is_some() {
        w.kw("\n      UNION ALL SELECT no FROM efface_asked WHERE cell.words @@ query");
    }
    w.kw("\n    ) AS each\n  ) AS found\n  WHERE found.numbers IS NOT NULL AND (");
    sieve::lets_through(
        w,
        "low",
        "(SELECT plain FROM efface_sieves)::text[]",
        "(SELECT coarse FROM efface_sieves)::text[]",
    );
    for n in of(Holds::Bytes) {
        w.kw("\n    OR EXISTS (SELECT FROM efface_bytes AS sought WHERE position(sought.bytes IN bytes")
            .number(n as i128)
            .kw(") > 0)");
    }
    for n in of(Holds::Words) {
        w.kw("\n    OR words").number(n as i128).kw(" @@ ANY ((SELECT array_agg(query) FROM efface_asked)::tsquery[])");
    }
    w.kw(")\n)");
}

/// Where in the documents: as a path whose keys are shown where they tell nothing of anybody.
fn paths(w: &mut Writer, haystack: &Haystack, shown: Paths) {
    let documents = haystack.columns.iter().enumerate().filter(|(_, (_, holds))| *holds == Holds::Documents);
    // Each document has a number, since two may be the same.
    w.kw(",\nefface_document AS MATERIALIZED (\n  SELECT row_number() OVER () AS id, n, numbers, document::json AS node FROM efface_hit\n  WHERE n IN (");
    w.list(documents, ", ", |w, (n, _)| {
        w.number(n as i128 + 1);
    });
    // What no json function reads, though the type takes it.
    w.kw(") AND document !~ ")
        .regex(r"\\u(0000|[dD][89a-fA-F])")
        .kw("\n),\nefface_walk (id, n, numbers, path, key, node) AS (\n");
    w.kw("  SELECT id, n, numbers, '$', NULL::text, node FROM efface_document\n  UNION ALL\n");
    w.kw("  SELECT id, n, numbers, path || step.said, step.key, step.node\n  FROM efface_walk AS walk, LATERAL (\n    SELECT CASE WHEN ");
    let unless = |w: &mut Writer| {
        w.kw("EXISTS (SELECT FROM efface_given WHERE no = ANY (walk.numbers) AND ");
        sieve::stands(w, "member.key", "efface_given");
        w.kw(")");
    };
    match shown {
        Paths::Hidden | Paths::Known => {
            w.kw("lower(replace(member.key, '_', '')) NOT IN (SELECT lower(replace(word, '_', '')) FROM unnest($7::text[]) AS word) OR ");
            unless(w);
        }
        Paths::All => unless(w),
    }
    w.kw(" THEN '.*' WHEN member.key ~ '^[A-Za-z_][A-Za-z0-9_]*$' THEN '.' || member.key ELSE '.' || to_json(member.key)::text END, member.key, member.value\n");
    w.kw("    FROM json_each(CASE json_typeof(walk.node) WHEN 'object' THEN walk.node ELSE '{}' END) AS member (key, value)\n");
    w.kw("    UNION ALL SELECT '[*]', NULL, item FROM json_array_elements(CASE json_typeof(walk.node) WHEN 'array' THEN walk.node ELSE '[]' END) AS item\n");
    w.kw(
        "  ) AS step (said, key, node)\n),\nefface_path AS (\n  SELECT DISTINCT id, n, path FROM efface_walk AS walk\n",
    );
    w.kw("  WHERE EXISTS (SELECT FROM efface_given WHERE no = ANY (walk.numbers) AND (CASE WHEN json_typeof(walk.node) IN ('string', 'number') THEN ");
    sieve::stands(w, "walk.node::text", "efface_given");
    w.kw(" ELSE false END OR ");
    sieve::stands(w, "walk.key", "efface_given");
    w.kw("))\n)");
}
