//! ANALYZE for what a run touched.

use super::Sql;
use crate::ident::{Ident, TableName};

/// `ANALYZE` of these columns of a table, or of all where none is named. A partitioned table takes its partitions along.
pub fn analyze(table: &TableName, columns: &[&Ident]) -> Sql {
    let quoted = |name: &Ident| format!("\"{}\"", name.as_str().replace('"', "\"\""));
    let mut text = format!("ANALYZE {}.{}", quoted(&table.schema), quoted(&table.name));
    if !columns.is_empty() {
        let columns: Vec<_> = columns.iter().map(|column| quoted(column)).collect();
        text.push_str(&format!(" ({})", columns.join(", ")));
    }
    Sql::new(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_names_stay_names() {
        let sql = analyze(&TableName::new("club", "a\"b"), &[&Ident::new("e mail")]);
        assert_eq!(sql.as_str(), "ANALYZE \"club\".\"a\"\"b\" (\"e mail\")");
    }
}
