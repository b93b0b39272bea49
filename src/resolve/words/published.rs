//! Publications that can't send what the policy does.

use crate::catalog::{Publication, PublishedTable};
use crate::diagnostic::{Code, Diagnostic};
use crate::ident::TableName;
use crate::source::Span;

/// What a publication sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::resolve) enum Sent {
    Updates,
    Deletes,
}

pub(in crate::resolve) fn no_replica_identity(
    publication: &Publication,
    published: &PublishedTable,
    sent: Sent,
    span: Span,
) -> Diagnostic {
    let table = published.table.bare();
    let partitions =
        |names: &[TableName]| names.iter().map(|name| name.bare().to_string()).collect::<Vec<_>>().join(", ");
    let of_itself = published.without_identity.contains(&published.table);
    let what = match of_itself {
        true => format!("table `{table}`"),
        false => format!("partition {} of table `{table}`", partitions(&published.without_identity)),
    };
    let (verb, operation) = match sent {
        Sent::Updates => ("change", "update"),
        Sent::Deletes => ("delete", "delete"),
    };
    let publication = publication.name.bare();
    let names: Vec<_> = published.without_identity.iter().map(|name| name.bare().to_string()).collect();
    let first = names.first().cloned().unwrap_or_default();
    Diagnostic::new(
        Code::NoReplicaIdentity,
        format!("{what} is published by `{publication}`, and has no replica identity"),
    )
    .at(span, format!("would {verb} its rows"))
    .note("the server refuses what it has to send to subscribers and can't tell the row of")
    .help(format!("add a primary key, or ALTER TABLE {first} REPLICA IDENTITY USING INDEX … (or FULL, which sends old rows as a whole)"))
    .help(format!("or take the table, or `{operation}`, out of `{publication}`"))
    .about(table.to_string())
}
