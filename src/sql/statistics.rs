//! What do planner statistics still hold of rows that have changed or gone?
//!
//! ANALYZE renews statistics from a sample of rows, and leaves some as they are: those of a table without rows, of a column
//! whose target is 0, of what the role may not ANALYZE. [`CANDIDATES`] finds these in the catalog. Whether they hold values
//! that no row has is then asked of the rows ([`missing()`]); the answer is a number, no value leaves the server.

use super::explain::SAFE_PATH;
use super::script::Sql;
use super::writer::Writer;
use crate::ident::{Ident, TableName};

/// A part of the statistics that ANALYZE may have left as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The table, partition or materialized view.
    pub relation: TableName,
    /// Whether that is a materialized view.
    pub is_view: bool,
    /// Where the statistics are called by another name: those of an index's expression, or extended ones.
    pub within: Option<TableName>,
    /// What makes that, as the server prints it.
    pub definition: Option<String>,
    /// The column as `pg_stats` names it; of extended statistics the one among theirs.
    pub column: String,
    /// The column, or the expression as the server prints it.
    pub expression: String,
    /// Its type with its collation, as ALTER TABLE takes it; none for what is no column, or one that can't be altered.
    pub type_sql: Option<String>,
    /// Whether they are over the rows of all tables below.
    pub inherited: bool,
    /// What is counted in them.
    pub shape: Shape,
    /// Why they weren't renewed.
    pub why: Why,
    /// Whether the role may look at them; else nobody knows what they hold.
    pub visible: bool,
}

/// What statistics count, and so how they are held against rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Values.
    Values,
    /// Values, and an array's elements.
    Elements,
    /// Words of a text.
    Lexemes,
    /// Bounds of ranges, which are no values of rows.
    Bounds,
    /// Combinations of values, of which this is the number of the column, counted from 1.
    Combined(i16),
}

/// Why statistics weren't renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The role may not ANALYZE it.
    Right,
    /// There is no row to sample.
    Empty,
    /// They are switched off.
    Target,
}

/// The columns of [`CANDIDATES`]' answer, in order, are: schema, name, kind, schema and name of where the statistics are,
/// column, expression, type, inherited, shape (`v`, `e`, `l`, `b`, or a number), why (`r`, `e`, `t`), visible, and what
/// makes the index or the extended statistics.
///
/// Parameters: schema and name of what was ANALYZEd, and the columns that changed (NULL for all).
pub const CANDIDATES: &str = include_str!("statistics.sql");

/// A question for the number of values in statistics that no row has.
pub fn missing(held: &Held) -> Option<Sql> {
    let mut w = Writer::new();
    let own = held.within.as_ref().unwrap_or(&held.relation);
    w.kw("SELECT pg_catalog.count(*) FROM (SELECT DISTINCT v.held FROM ");
    match held.shape {
        Shape::Combined(number) => {
            w.kw("pg_catalog.pg_stats_ext AS s, LATERAL (SELECT pg_catalog.unnest(s.most_common_vals[:][");
            w.number(number).kw(":").number(number).kw("])) AS v (held) WHERE s.statistics_schemaname = ");
            w.text(own.schema.as_str()).kw(" AND s.statistics_name = ").text(own.name.as_str());
            // Before 15 there are none over several tables.
            w.kw(" AND coalesce((pg_catalog.to_jsonb(s) ->> 'inherited')::pg_catalog.bool, false) = ");
            w.kw(if held.inherited { "true" } else { "false" });
        }
        Shape::Values | Shape::Elements | Shape::Lexemes => {
            let lists = match held.shape {
                Shape::Lexemes => "SELECT pg_catalog.unnest(s.most_common_elems::pg_catalog.text::pg_catalog.text[])",
                _ => {
                    "SELECT pg_catalog.unnest(s.most_common_vals::pg_catalog.text::pg_catalog.text[]) \
                     UNION ALL SELECT pg_catalog.unnest(s.histogram_bounds::pg_catalog.text::pg_catalog.text[])"
                }
            };
            w.kw("pg_catalog.pg_stats AS s, LATERAL (").kw(lists).kw(") AS v (held) WHERE s.schemaname = ");
            w.text(own.schema.as_str()).kw(" AND s.tablename = ").text(own.name.as_str());
            w.kw(" AND s.attname = ").text(&held.column).kw(" AND s.inherited = ");
            w.kw(if held.inherited { "true" } else { "false" });
        }
        // Lower and upper bounds stand there in an order of their own.
        Shape::Bounds => return None,
    }
    w.kw(") AS h WHERE h.held IS NOT NULL AND NOT EXISTS (SELECT FROM ");
    let only = if held.inherited || held.is_view { "" } else { "ONLY " };
    w.kw(only).table(&held.relation).kw(" AS r");
    // `concat` writes a value as its type does, which is how it stands in the statistics; a cast to text doesn't always.
    match held.shape {
        Shape::Lexemes => {
            w.kw(", LATERAL pg_catalog.unnest(").printed(&held.expression);
            w.kw(") AS l (lexeme, positions, weights) WHERE l.lexeme = h.held)");
        }
        Shape::Values | Shape::Elements | Shape::Bounds | Shape::Combined(_) => {
            w.kw(" WHERE pg_catalog.concat((").printed(&held.expression).kw(")) = h.held)");
        }
    }
    Some(w.finish())
}

/// What holds while [`missing()`] is asked: nobody else's operators are called.
pub fn setting() -> Sql {
    let mut w = Writer::new();
    w.kw(SAFE_PATH);
    w.finish()
}

/// The same for the elements of arrays, which are counted beside the arrays.
pub fn missing_elements(held: &Held) -> Option<Sql> {
    if held.shape != Shape::Elements {
        return None;
    }
    let own = held.within.as_ref().unwrap_or(&held.relation);
    let mut w = Writer::new();
    w.kw("SELECT pg_catalog.count(*) FROM (SELECT DISTINCT v.held FROM pg_catalog.pg_stats AS s, LATERAL (SELECT ");
    w.kw(
        "pg_catalog.unnest(s.most_common_elems::pg_catalog.text::pg_catalog.text[])) AS v (held) WHERE s.schemaname = ",
    );
    w.text(own.schema.as_str()).kw(" AND s.tablename = ").text(own.name.as_str());
    w.kw(" AND s.attname = ").text(&held.column).kw(" AND s.inherited = ");
    w.kw(if held.inherited { "true" } else { "false" });
    w.kw(") AS h WHERE h.held IS NOT NULL AND NOT EXISTS (SELECT FROM ");
    w.kw(if held.inherited || held.is_view { "" } else { "ONLY " }).table(&held.relation);
    w.kw(" AS r, LATERAL pg_catalog.unnest(").printed(&held.expression);
    w.kw(") AS e (element) WHERE pg_catalog.concat(e.element) = h.held)");
    Some(w.finish())
}

/// The statements by which the owner takes some statistics of one relation away, all for one reason; none where no
/// statement does. A partition's columns are altered with its root's.
pub fn cure(held: &[&Held], root: &TableName, server_major: u32) -> Option<Sql> {
    let first = held.first()?;
    let mut w = Writer::new();
    let column = |w: &mut Writer, held: &Held| {
        w.ident(&Ident::new(held.column.as_str()));
    };
    match (first.why, &first.within, first.shape) {
        (Why::Target, None, _) => {
            w.kw("ALTER TABLE ").table(root).kw(" ").list(held, ", ", |w, held| {
                w.kw("ALTER COLUMN ");
                column(w, held);
                w.kw(" SET STATISTICS -1");
            });
            w.kw("; ANALYZE ").table(root);
        }
        (Why::Target, Some(name), Shape::Combined(_)) => {
            w.kw("ALTER STATISTICS ").table(name).kw(" SET STATISTICS -1; ANALYZE ").table(root);
        }
        (Why::Right | Why::Target, ..) => {
            w.kw("ANALYZE ").table(&first.relation);
        }
        // Nothing but a new one begins without.
        (Why::Empty, Some(name), shape) => {
            let definition = first.definition.as_ref()?;
            let is_index = definition.starts_with("CREATE INDEX") || definition.starts_with("CREATE UNIQUE INDEX");
            w.kw(if is_index { "DROP INDEX " } else { "DROP STATISTICS " }).table(name);
            w.kw("; ").printed(definition);
            // Statistics of no rows are empty; those of the other partitions are renewed.
            if matches!(shape, Shape::Combined(_)) && *root != first.relation {
                w.kw("; ANALYZE ").table(root);
            }
        }
        (Why::Empty, None, _) if server_major >= 18 => {
            w.list(held, "; ", |w, held| {
                w.kw("SELECT pg_clear_attribute_stats(").text(held.relation.schema.as_str()).kw(", ");
                w.text(held.relation.name.as_str()).kw(", ").text(&held.column);
                w.kw(if held.inherited { ", true)" } else { ", false)" });
            });
        }
        (Why::Empty, None, _) => {
            let types: Vec<_> = held.iter().filter_map(|held| Some((held, held.type_sql.as_ref()?))).collect();
            if types.is_empty() || first.is_view {
                return None;
            }
            w.kw("ALTER TABLE ").table(root).kw(" ").list(types, ", ", |w, (held, type_sql)| {
                w.kw("ALTER COLUMN ");
                column(w, held);
                w.kw(" TYPE ").printed(type_sql);
            });
            if *root != first.relation {
                w.kw("; ANALYZE ").table(root);
            }
        }
    }
    Some(w.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held() -> Held {
        Held {
            relation: TableName::new("public", "no\"tes"),
            is_view: false,
            within: None,
            definition: None,
            column: "bo'dy".into(),
            expression: "r.\"bo'dy\"".into(),
            type_sql: Some("text COLLATE pg_catalog.\"C\"".into()),
            inherited: false,
            shape: Shape::Values,
            why: Why::Empty,
            visible: true,
        }
    }

    #[test]
    fn the_owners_statement_fits_why_and_where() {
        let cured = |held: &Held, major| cure(&[held], &held.relation, major).map(|sql| sql.as_str().to_owned());
        let empty = "ALTER TABLE public.\"no\"\"tes\" ALTER COLUMN \"bo'dy\" TYPE text COLLATE pg_catalog.\"C\"";
        assert_eq!(cured(&held(), 15).as_deref(), Some(empty));
        let newer = "SELECT pg_clear_attribute_stats('public', 'no\"tes', 'bo''dy', false)";
        assert_eq!(cured(&held(), 18).as_deref(), Some(newer));
        let right = Held { why: Why::Right, ..held() };
        assert_eq!(cured(&right, 15).as_deref(), Some("ANALYZE public.\"no\"\"tes\""));
        assert_eq!(cured(&Held { is_view: true, ..held() }, 15), None);
        let of_partition = cure(&[&held()], &TableName::new("public", "all"), 15).unwrap();
        assert!(of_partition.as_str().starts_with("ALTER TABLE public.\"all\" "), "{of_partition:?}");
    }

    #[test]
    fn bounds_of_ranges_are_no_values_of_rows() {
        assert!(missing(&Held { shape: Shape::Bounds, ..held() }).is_none());
        assert!(missing(&held()).is_some() && missing_elements(&held()).is_none());
    }
}
