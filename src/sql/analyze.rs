//! ANALYZE for what a run touched.

use super::Sql;
use super::writer::Writer;
use crate::ident::{Ident, TableName};

/// `ANALYZE` of these columns of a table, or of all where none is named. A partitioned table takes its partitions along.
pub fn analyze(table: &TableName, columns: &[&Ident]) -> Sql {
    let mut w = Writer::new();
    w.kw("ANALYZE ").table(table);
    if !columns.is_empty() {
        w.kw(" (").list(columns, ", ", |w, column| {
            w.ident(column);
        });
        w.kw(")");
    }
    w.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_names_stay_names() {
        let sql = analyze(&TableName::new("club", "a\"b"), &[&Ident::new("e mail"), &Ident::new("id")]);
        assert_eq!(sql.as_str(), "ANALYZE club.\"a\"\"b\" (\"e mail\", id)");
    }
}
