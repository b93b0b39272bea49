//! Which references does the policy add to those that the database declares?
//!
//! Virtual foreign keys, and comparisons of values in paths. Both become keys of the policy's own catalog, so that every
//! later stage follows them like any other; what only some of them have (a condition, expressions) stands beside it.

use std::collections::BTreeSet;

use super::model::{Condition, Expression, Operand, Values};
use super::names::{Context, column};
use super::{condition, words};
use crate::catalog::{
    Basis, Catalog, CheckTime, ColumnId, ColumnPair, ForeignKey, KeyId, ReferentialAction, Table, TableId,
};
use crate::diagnostic::Report;
use crate::ident::{Ident, TableName};
use crate::pgtype::PgType;
use crate::policy::{self, PathText, Policy, Segment, VirtualKey};
use crate::source::Fragment;

/// The policy's own catalog, and what its own keys need besides.
pub(super) struct Links<'p> {
    pub catalog: Catalog,
    /// For virtual keys with a `where`: the key, the referencing table and the text.
    conditions: Vec<(KeyId, TableId, &'p Fragment)>,
    /// For comparisons: the key, and the last two segments of the path.
    values: Vec<(KeyId, Hop<'p>)>,
}

/// The end of a path that compares values: `lower(email) -> lower(users.email)`.
#[derive(Clone, Copy)]
struct Hop<'p> {
    child: TableId,
    own: &'p Segment,
    parent: TableId,
    theirs: &'p Segment,
}

/// Adds the policy's own references to a catalog.
pub(super) fn link<'p>(policy: &'p Policy, catalog: &Catalog, report: &mut Report) -> Links<'p> {
    let declared = catalog.all_keys().count();
    let mut keys: Vec<ForeignKey> = Vec::new();
    let mut conditions = Vec::new();
    for written in &policy.virtual_keys {
        let Some((child, key)) = virtual_key(catalog, &keys, written, report) else { continue };
        conditions.extend(written.condition.as_ref().map(|text| (KeyId(declared + keys.len()), child, text)));
        keys.push(key);
    }
    let with_keys = catalog.clone().with_virtual_keys(keys.clone());
    let mut values: Vec<(KeyId, Hop<'p>)> = Vec::new();
    let mut known: BTreeSet<(TableId, String)> = BTreeSet::new();
    for (table, path) in paths(policy, catalog) {
        let Some(hop) = hop(&with_keys, &policy.subject, table, path) else { continue };
        if known.insert((hop.child, text(hop.own, hop.theirs))) {
            values.push((KeyId(declared + keys.len()), hop));
            keys.push(compared(catalog, hop));
        }
    }
    let catalog = if values.is_empty() { with_keys } else { with_keys.with_virtual_keys(keys) };
    Links { catalog, conditions, values }
}

impl Links<'_> {
    /// What the conditions of virtual keys read.
    pub fn conditions(&self, context: &Context<'_>, report: &mut Report) -> Vec<(KeyId, Condition)> {
        let found = self
            .conditions
            .iter()
            .filter_map(|(key, table, text)| Some((*key, condition::resolve(context, *table, text, report)?)));
        found.collect()
    }

    /// What comparisons compare.
    pub fn values(&self, context: &Context<'_>, report: &mut Report) -> Vec<(KeyId, Values)> {
        let found = self.values.iter().filter_map(|(key, hop)| {
            let own = operand(context, hop.child, hop.own, report)?;
            let theirs = operand(context, hop.parent, hop.theirs, report)?;
            Some((*key, Values { own, theirs }))
        });
        found.collect()
    }
}

/// The comparison with which a path ends at this table, where it ends so.
pub(super) fn comparison(context: &Context<'_>, here: TableId, rest: &[Segment]) -> Option<KeyId> {
    let [own, theirs] = rest else { return None };
    let (name, text) = (&context.catalog.table(here).name, text(own, theirs));
    context.catalog.comparisons().find(|(_, key)| key.child == *name && key.name.as_str() == text).map(|(id, _)| id)
}

/// Every path of the policy with the table of its rule or guard.
fn paths<'p>(policy: &'p Policy, catalog: &Catalog) -> Vec<(TableId, &'p PathText)> {
    let mut paths = Vec::new();
    for entry in &policy.tables {
        let Some(table) = catalog.table_id(&entry.table.value) else { continue };
        let vias = entry.rules.iter().filter_map(|rule| rule.via.as_ref());
        paths.extend(vias.flat_map(|via| &via.paths).map(|path| (table, path)));
    }
    for guard in &policy.guards {
        let Some(table) = catalog.table_id(&guard.table.value) else { continue };
        paths.extend(guard.via.iter().flat_map(|via| &via.paths).map(|path| (table, path)));
    }
    paths
}

fn hop<'p>(catalog: &Catalog, subject: &policy::Subject, table: TableId, path: &'p PathText) -> Option<Hop<'p>> {
    let policy::Subject::Rows(subject) = subject else { return None };
    let [.., own, theirs] = &path.segments[..] else { return None };
    let parent = catalog.table_id(&subject.table.value)?;
    let child = own.table.as_ref().map_or(Some(table), |name| catalog.table_id(name))?;
    if theirs.table.as_ref() != Some(&subject.table.value) {
        return None;
    }
    if own.expression.is_none() && theirs.expression.is_none() {
        let plain = |table: TableId, segment: &Segment| {
            segment.names.iter().all(|name| catalog.table(table).column(name).is_some())
        };
        let mut wanted: Vec<&Ident> = own.names.iter().collect();
        wanted.sort();
        // Where there is a key to follow, what stands behind the arrow is the next one.
        let is_key = |key: &ForeignKey| {
            let mut columns: Vec<_> = key.child_columns().collect();
            columns.sort();
            columns == wanted || own.names[..] == [key.name.clone()]
        };
        let follows = catalog.keys_from(child).any(|(_, key)| is_key(key));
        if follows || own.names.len() != theirs.names.len() || !plain(child, own) || !plain(parent, theirs) {
            return None;
        }
    }
    Some(Hop { child, own, parent, theirs })
}

/// A comparison as it is written, which is its name.
fn text(own: &Segment, theirs: &Segment) -> String {
    let part = |segment: &Segment, table: Option<&TableName>| match (&segment.expression, table) {
        (Some(fragment), _) => fragment.text.trim().to_owned(),
        (None, table) => {
            let names: Vec<_> = segment.names.iter().map(|name| name.bare().to_string()).collect();
            let names = if names.len() == 1 { names.concat() } else { format!("({})", names.join(", ")) };
            table.map_or(names.clone(), |table| format!("{}.{names}", table.bare()))
        }
    };
    format!("{} -> {}", part(own, own.table.as_ref()), part(theirs, theirs.table.as_ref()))
}

/// A comparison as a key between its tables; it has no columns of its own.
fn compared(catalog: &Catalog, hop: Hop<'_>) -> ForeignKey {
    let name = text(hop.own, hop.theirs);
    key(name, catalog.table(hop.child), catalog.table(hop.parent), Vec::new(), Basis::Values)
}

fn key(name: String, child: &Table, parent: &Table, pairs: Vec<ColumnPair>, basis: Basis) -> ForeignKey {
    ForeignKey {
        name: Ident::new(name),
        child: child.name.clone(),
        parent: parent.name.clone(),
        pairs,
        on_delete: ReferentialAction::NoAction,
        on_update: ReferentialAction::NoAction,
        set_columns: Vec::new(),
        match_full: false,
        check: CheckTime::Immediate,
        not_valid: false,
        unenforced: false,
        basis,
    }
}

/// A virtual foreign key: like a declared one, but that nobody enforces it.
fn virtual_key(
    catalog: &Catalog,
    earlier: &[ForeignKey],
    written: &VirtualKey,
    report: &mut Report,
) -> Option<(TableId, ForeignKey)> {
    let child_id = super::names::table(catalog, &written.table, report);
    let parent_id = super::names::table(catalog, &written.references, report);
    let (child, parent) = (catalog.table(child_id?), catalog.table(parent_id?));
    let found: Vec<_> = written.columns.iter().map(|name| column(child, name, written.table.span, report)).collect();
    let columns: Vec<ColumnId> = found.into_iter().collect::<Option<_>>()?;
    let names = if written.key.is_empty() { &parent.primary_key } else { &written.key };
    if names.is_empty() {
        report.push(words::virtual_key_without_key(parent, written.references.span));
        return None;
    }
    let found: Vec<Option<ColumnId>> = names.iter().map(|name| parent.column_id(name)).collect();
    if let Some((name, _)) = names.iter().zip(&found).find(|(_, found)| found.is_none()) {
        report.push(words::unknown_column(parent, name, written.references.span));
        return None;
    }
    let key_columns: Vec<ColumnId> = found.into_iter().flatten().collect();
    if key_columns.len() != columns.len() {
        report.push(words::virtual_key_length(parent, names, columns.len(), written.references.span));
        return None;
    }
    if !parent.is_key(&key_columns) {
        report.push(words::virtual_key_not_unique(parent, names, written.references.span));
        return None;
    }
    for (own, theirs) in columns.iter().zip(&key_columns) {
        let (own, theirs) = (child.column_at(*own), parent.column_at(*theirs));
        if !comparable(&own.ty, &theirs.ty) {
            report.push(words::virtual_key_types(child, own, parent, theirs, written.span));
            return None;
        }
    }
    let pair = |(own, theirs): (&ColumnId, &ColumnId)| ColumnPair {
        child: child.column_at(*own).name.clone(),
        parent: parent.column_at(*theirs).name.clone(),
    };
    let pairs: Vec<ColumnPair> = columns.iter().zip(&key_columns).map(pair).collect();
    let columns: Vec<_> = written.columns.iter().map(|name| name.value.bare().to_string()).collect();
    let name = format!("{} references {}", columns.join(", "), parent.name.bare());
    let basis = Basis::Virtual { lock_table: written.lock_table };
    let found = key(name, child, parent, pairs, basis);
    let same = |other: &ForeignKey| {
        let sorted = |key: &ForeignKey| {
            let mut pairs = key.pairs.clone();
            pairs.sort();
            pairs
        };
        other.child == found.child && other.parent == found.parent && sorted(other) == sorted(&found)
    };
    if let Some(other) = catalog.foreign_keys.iter().chain(earlier).find(|other| same(other)) {
        report.push(words::virtual_key_twice(other, written.span));
        return None;
    }
    child_id.map(|id| (id, found))
}

/// Whether values of both types can be compared as they are (manual, chapter 10): what we don't know, the server does.
fn comparable(own: &PgType, theirs: &PgType) -> bool {
    let family = |ty: &PgType| match ty {
        PgType::SmallInt
        | PgType::Integer
        | PgType::BigInt
        | PgType::Numeric { .. }
        | PgType::Real
        | PgType::Double => Some(0),
        PgType::Text { .. } | PgType::Char { .. } | PgType::Citext | PgType::Name => Some(1),
        PgType::Date | PgType::Timestamp | PgType::Timestamptz => Some(2),
        PgType::Inet | PgType::Cidr => Some(3),
        _ => None,
    };
    match (family(own), family(theirs)) {
        (Some(own), Some(theirs)) => own == theirs,
        (None, None) => own == theirs || matches!((own, theirs), (PgType::Other { .. }, PgType::Other { .. })),
        _ => matches!(own, PgType::Other { .. }) || matches!(theirs, PgType::Other { .. }),
    }
}

/// One side of a comparison.
fn operand(context: &Context<'_>, table: TableId, segment: &Segment, report: &mut Report) -> Option<Operand> {
    let found = context.catalog.table(table);
    match &segment.expression {
        None => {
            let columns: Vec<_> = segment.names.iter().map(|name| found.column_id(name)).collect();
            columns.into_iter().collect::<Option<Vec<_>>>().map(Operand::Columns)
        }
        Some(fragment) => {
            let parsed = policy::sql::parse_expression(&fragment.text).ok()?;
            condition::check_columns(found, fragment, &parsed, report).then(|| {
                let reads = condition::reads(context, table, &parsed);
                Operand::Expression(Expression { fragment: fragment.clone(), reads })
            })
        }
    }
}
