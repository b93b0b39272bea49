//! Which changes would the server refuse, because it has to send them to subscribers and can't say of which row?

use std::collections::BTreeMap;

use super::touched::Touched;
use super::words;
use crate::catalog::{Catalog, TableId};
use crate::diagnostic::Report;

/// Tables that are published without a replica identity, where rules do what the publication sends.
pub(super) fn check(touched: &BTreeMap<TableId, Touched>, catalog: &Catalog, report: &mut Report) {
    for (id, touched) in touched {
        let table = catalog.table(*id);
        let sent = |what: fn(&crate::catalog::Publication) -> bool| {
            let found = catalog.publications.iter().filter(move |publication| what(publication));
            let mut found = found.flat_map(|publication| publication.tables.iter().map(move |it| (publication, it)));
            found.find(|(_, published)| published.table == table.name && !published.without_identity.is_empty())
        };
        if let (Some(place), Some((publication, published))) = (touched.deletes, sent(|it| it.deletes)) {
            report.push(words::no_replica_identity(publication, published, words::Sent::Deletes, place));
        }
        let changed = touched.columns.values().min();
        if let (Some(place), Some((publication, published))) = (changed, sent(|it| it.updates)) {
            report.push(words::no_replica_identity(publication, published, words::Sent::Updates, *place));
        }
    }
}
