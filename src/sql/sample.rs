//! How is the database asked for what a first policy is guessed from?
//!
//! The order of columns and what is said about them; and a few rows of a table, as texts that are cut off, for shapes that
//! are counted and values that are forgotten.

use super::script::Sql;
use super::writer::Writer;
use crate::catalog::{Catalog, ColumnId, Table};
use crate::ident::TableName;
use crate::pgtype::PgType;

/// How many characters of a value are looked at.
const LONGEST: u32 = 4_000;

/// Above this estimate a table's pages are sampled, where its first rows would be its oldest ones.
const LARGE: u64 = 20_000;

/// What holds while a sample is taken: nothing of the database's own is called by name, and nobody waits long.
pub fn sample_settings() -> Vec<Sql> {
    let setting = |words: &'static str| {
        let mut w = Writer::new();
        w.kw(words);
        w.finish()
    };
    vec![setting("SET LOCAL search_path = pg_catalog; SET LOCAL statement_timeout = '3s'")]
}

/// The columns of tables in their order, with their comments: schema, table, column, comment.
pub fn columns_of(tables: &[TableName]) -> Sql {
    let mut w = Writer::new();
    w.kw("SELECT n.nspname, c.relname, a.attname, pg_catalog.col_description(c.oid, a.attnum)\n");
    w.kw("FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace\n");
    w.kw("JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped\n");
    w.kw("WHERE (n.nspname, c.relname) IN (");
    w.list(tables, ", ", |w, name| {
        w.kw("(").text(name.schema.as_str()).kw(", ").text(name.name.as_str()).kw(")");
    });
    w.kw(")\nORDER BY n.nspname, c.relname, a.attnum");
    w.finish()
}

/// The columns that are worth a look: where the type says nothing about what stands there.
pub fn sampled_columns(table: &Table) -> Vec<ColumnId> {
    let is_open = |ty: &PgType| match ty.element() {
        PgType::Text { .. }
        | PgType::Char { .. }
        | PgType::Citext
        | PgType::Name
        | PgType::Json
        | PgType::Jsonb
        | PgType::Bytea
        | PgType::Composite { .. }
        | PgType::Other { .. } => true,
        PgType::SmallInt
        | PgType::Integer
        | PgType::BigInt
        | PgType::Numeric { .. }
        | PgType::Real
        | PgType::Double
        | PgType::Boolean
        | PgType::Date
        | PgType::Time
        | PgType::Timestamp
        | PgType::Timestamptz
        | PgType::Interval
        | PgType::Uuid
        | PgType::Inet
        | PgType::Cidr
        | PgType::Enum { .. }
        | PgType::Bit { .. }
        | PgType::VarBit { .. }
        | PgType::Range { .. }
        | PgType::Array { .. } => false,
    };
    let columns = table.columns.iter().enumerate();
    columns.filter(|(_, column)| is_open(&column.ty)).map(|(index, _)| ColumnId(index)).collect()
}

/// At most so many rows of a table, each of these columns as the beginning of a text. Of a large table its pages are
/// drawn, the same ones each time; `whole` takes its first rows.
pub fn sample(catalog: &Catalog, table: &Table, columns: &[ColumnId], rows: usize, whole: bool) -> Sql {
    let mut w = Writer::new();
    w.kw("SELECT ");
    w.list(columns, ", ", |w, column| {
        let bytes = table.column_at(*column).ty == PgType::Bytea;
        // By its type's own output, never by a cast: whoever made a type may have made one, and it would run with our rights.
        w.kw(if bytes {
            "pg_catalog.encode(pg_catalog.substr("
        } else {
            "pg_catalog.\"left\"(pg_catalog.format('%s', "
        });
        w.column(table, *column);
        w.kw(if bytes { ", 1, " } else { "), " }).number(LONGEST);
        w.kw(if bytes { "), 'escape')" } else { ")" });
    });
    w.kw(" FROM ").rows_of(catalog, &table.name);
    if let Some(estimate) = catalog.observed.rows.get(&table.name).filter(|rows| **rows > LARGE && !whole) {
        // Eight times as many rows as are wanted, in hundredths of a percent, never none at all; and of each page every
        // eighth, so that the limit is met by many pages instead of the first ones.
        let share = (rows as u64 * 8 * 10_000 / estimate).clamp(1, 10_000);
        w.kw(" TABLESAMPLE SYSTEM (").number(share).kw(" / 100.0) REPEATABLE (0)");
        w.kw(" WHERE (ctid::pg_catalog.text::pg_catalog.point)[1]::pg_catalog.int4 % 8 = 1");
    }
    w.kw(" LIMIT ").number(rows as u64);
    w.finish()
}
