//! ANALYZE for what a run touched.

use super::script::Sql;
use super::writer::Writer;
use crate::ident::TableName;

/// `ANALYZE` of a table. A partitioned table takes its partitions along.
pub fn analyze(table: &TableName) -> Sql {
    let mut w = Writer::new();
    w.kw("ANALYZE ").table(table);
    w.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_names_stay_names() {
        assert_eq!(analyze(&TableName::new("club", "a\"b")).as_str(), "ANALYZE club.\"a\"\"b\"");
    }
}
