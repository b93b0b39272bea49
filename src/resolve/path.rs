//! By which foreign keys does a path lead to the subject?

use std::collections::{BTreeMap, VecDeque};

use super::model::Path;
use super::names::Context;
use super::{link, words};
use crate::catalog::{Basis, Catalog, ForeignKey, KeyId, TableId};
use crate::diagnostic::Report;
use crate::ident::Ident;
use crate::policy::{PathText, Segment};

/// Follows a written path from a table up to the subject's.
pub(super) fn resolve(
    context: &Context<'_>,
    subject: TableId,
    from: TableId,
    text: &PathText,
    report: &mut Report,
) -> Option<Path> {
    let catalog = context.catalog;
    let mut here = from;
    let mut keys = Vec::new();
    for (index, segment) in text.segments.iter().enumerate() {
        let table = catalog.table(here);
        if let Some(named) = &segment.table
            && *named != table.name
        {
            // After the last key that leads there: `client_id -> users.id` says once more where the path has arrived.
            report.push(words::path_elsewhere(table, named, segment.span));
            return None;
        }
        if let Some(compared) = link::comparison(context, here, &text.segments[index..]) {
            keys.push(compared);
            return Some(Path(keys));
        }
        let next = text.segments.get(index + 1).and_then(|next| next.table.as_ref());
        let aim = next.unwrap_or(&catalog.table(subject).name);
        let candidates = matching(catalog, here, segment);
        let towards: Vec<_> = candidates.iter().copied().filter(|id| catalog.key(*id).parent == *aim).collect();
        let key = match (&candidates[..], &towards[..]) {
            ([], _) => {
                report.push(words::unknown_key(catalog, table, segment));
                return None;
            }
            (_, [only]) | ([only], []) => *only,
            (_, several) => {
                report.push(words::ambiguous_key(
                    catalog,
                    table,
                    segment,
                    if several.is_empty() { &candidates } else { several },
                ));
                return None;
            }
        };
        keys.push(key);
        here = catalog.parent(key)?;
        let last = index + 1 == text.segments.len();
        if last && here != subject {
            report.push(words::path_ends_elsewhere(context, subject, here, text));
            return None;
        }
        if !last && !context.decided.contains(&here) {
            report.push(words::path_outside_policy(catalog.table(here), segment.span));
            return None;
        }
    }
    Some(Path(keys))
}

/// The keys of a table that a segment may mean: by its columns, in any order, or by the constraint's name.
pub(super) fn matching(catalog: &Catalog, table: TableId, segment: &Segment) -> Vec<KeyId> {
    let mut wanted: Vec<&Ident> = segment.names.iter().collect();
    wanted.sort();
    let by_columns = |key: &ForeignKey| {
        let mut columns: Vec<_> = key.child_columns().collect();
        columns.sort();
        columns == wanted
    };
    let found: Vec<_> = catalog.keys_from(table).filter(|(_, key)| by_columns(key)).map(|(id, _)| id).collect();
    if !found.is_empty() || segment.names.len() > 1 {
        return found;
    }
    catalog.keys_from(table).filter(|(_, key)| Some(&key.name) == segment.names.first()).map(|(id, _)| id).collect()
}

/// Paths from a table to the subject's that a policy could name, shortest first; at most `most`.
///
/// Each key is used at most once in a path, and no path leaves the subject's table again.
pub(super) fn candidates(catalog: &Catalog, subject: TableId, from: TableId, most: usize) -> Vec<Path> {
    let mut found = Vec::new();
    let mut queue = VecDeque::from([(from, Vec::new())]);
    // A schema of a thousand tables has more paths than anybody reads.
    let mut steps = 0;
    while let Some((here, keys)) = queue.pop_front() {
        steps += 1;
        if found.len() == most || steps > 10_000 {
            break;
        }
        for (id, _) in catalog.keys_from(here) {
            if keys.contains(&id) {
                continue;
            }
            let Some(next) = catalog.parent(id) else { continue };
            let longer: Vec<KeyId> = keys.iter().copied().chain([id]).collect();
            if next == subject {
                found.push(Path(longer));
            } else {
                queue.push_back((next, longer));
            }
        }
    }
    found.truncate(most);
    found
}

/// For every table that leads to one of these, how many keys away from the subject it is at least, when they are that
/// far themselves; keys for which `open` is false are not followed.
pub(super) fn distances(
    catalog: &Catalog,
    starts: &BTreeMap<TableId, usize>,
    open: impl Fn(KeyId) -> bool,
) -> BTreeMap<TableId, usize> {
    let mut inbound: BTreeMap<TableId, Vec<TableId>> = BTreeMap::new();
    for (id, _) in catalog.keys().filter(|(id, _)| open(*id)) {
        if let (Some(child), Some(parent)) = (catalog.child(id), catalog.parent(id)) {
            inbound.entry(parent).or_default().push(child);
        }
    }
    let mut distances = starts.clone();
    let mut nearest: Vec<(usize, TableId)> = starts.iter().map(|(table, distance)| (*distance, *table)).collect();
    nearest.sort();
    let mut queue: VecDeque<(usize, TableId)> = nearest.into();
    while let Some((distance, here)) = queue.pop_front() {
        for child in inbound.get(&here).into_iter().flatten() {
            if distances.get(child).is_none_or(|known| *known > distance + 1) {
                distances.insert(*child, distance + 1);
                queue.push_back((distance + 1, *child));
            }
        }
    }
    distances
}

/// A path as a policy would write it: `booking_id -> bookings.client_id`.
pub(crate) fn written(catalog: &Catalog, path: &Path) -> String {
    let part = |index: usize, id: &KeyId| {
        let key = catalog.key(*id);
        if key.basis == Basis::Values {
            return key.name.as_str().to_owned();
        }
        let columns: Vec<_> = key.child_columns().map(|column| column.bare().to_string()).collect();
        let same = |other: &ForeignKey| {
            other.parent == key.parent
                && other.child_columns().collect::<Vec<_>>() == key.child_columns().collect::<Vec<_>>()
        };
        // Two keys over the same columns to one table are told apart by the constraint's name.
        let siblings = catalog.child(*id).into_iter().flat_map(|child| catalog.keys_from(child));
        let several = siblings.filter(|(_, other)| same(other)).count() > 1;
        let reference = match &columns[..] {
            _ if several => key.name.bare().to_string(),
            [only] => only.clone(),
            many => format!("({})", many.join(", ")),
        };
        if index == 0 { reference } else { format!("{}.{reference}", key.child.bare()) }
    };
    let parts: Vec<_> = path.0.iter().enumerate().map(|(index, id)| part(index, id)).collect();
    parts.join(" -> ")
}
