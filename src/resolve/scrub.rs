//! Whose values are looked for in the texts of a rule's rows?
//!
//! Those of the people to whom a row belongs, by the rule's own ways, as long as both the row and the values can be followed
//! to the same person. Where they can't (a `where` with `:subject`, parents), the values of all people of the run are looked
//! for in each row.

use std::collections::BTreeMap;

use super::model::{Derived, Owner, Path, People, Reach, Reads, Scrub, ValueSet, ValueSource};
use super::names::{self, Context, Whose};
use super::{path, words};
use crate::action::{self, ValuesOf};
use crate::catalog::{Catalog, ColumnId, KeyId, TableId};
use crate::diagnostic::Report;
use crate::pgtype::PgType;
use crate::policy::Via;
use crate::source::{Span, Spanned};

/// The column that is scrubbed, and how its rows are reached.
pub(super) struct Target<'a> {
    pub table: TableId,
    pub column: ColumnId,
    /// None where that is wrong itself, which is reported elsewhere.
    pub reach: Option<&'a Reach>,
    /// How the rows belong to people in a policy for every row, where that is written out.
    pub via: Option<&'a Via>,
}

/// A column with values, and where the policy names it.
struct Named {
    table: TableId,
    column: ColumnId,
    at: Span,
}

/// Looks up whose values are scrubbed from a column.
pub(super) fn resolve(
    context: &Context<'_>,
    target: &Target<'_>,
    written: &Spanned<action::Scrub>,
    report: &mut Report,
) -> Option<Derived> {
    let catalog = context.catalog;
    let table = catalog.table(target.table);
    let column = table.column_at(target.column);
    let mut complete = true;
    if !holds_text(&column.ty) {
        report.push(words::scrub_misfit(table, column, written.span));
        complete = false;
    }
    let mut named = Vec::new();
    let mut by_subject = false;
    for values in &written.value.values {
        match &values.value {
            ValuesOf::Subject => by_subject = true,
            ValuesOf::Column { table, column } => {
                match named_column(context, &Spanned::new((table, column), values.span), report) {
                    Some(found) => named.push(found),
                    None => complete = false,
                }
            }
        }
    }
    // Of what isn't there nobody can say whose it is.
    if !complete {
        return None;
    }
    let short = written.value.short;
    let people = match context.whose {
        Whose::Of(subject) => of_subjects(context, subject, target.reach?, &named, short),
        Whose::Value => together(&named, by_subject, short).into_iter().collect(),
        Whose::EveryRow => of_everybody(context, target, &named, short, written.span, report)?,
    };
    let reads = reads(context, &people);
    Some(Derived::Scrub(Box::new(Scrub { with: written.value.with.value.clone(), people, reads })))
}

/// Whether people's names may stand in values of a type.
fn holds_text(ty: &PgType) -> bool {
    matches!(ty.element(), PgType::Text { .. } | PgType::Char { .. } | PgType::Citext | PgType::Json | PgType::Jsonb)
}

/// Whether values of a type stand in texts as the server prints them.
pub(super) fn is_sought(ty: &PgType) -> bool {
    match ty {
        PgType::Array { of, .. } => is_sought(of),
        PgType::SmallInt | PgType::Integer | PgType::BigInt | PgType::Uuid => true,
        other => other.is_text(),
    }
}

fn named_column(
    context: &Context<'_>,
    written: &Spanned<(&crate::ident::TableName, &crate::ident::Ident)>,
    report: &mut Report,
) -> Option<Named> {
    let (name, column) = written.value;
    let at = written.span;
    let id = names::table(context.catalog, &Spanned::new(name.clone(), at), report)?;
    let table = context.catalog.table(id);
    let Some(column) = table.column_id(column) else {
        report.push(words::unknown_column(table, column, at));
        return None;
    };
    if !is_sought(&table.column_at(column).ty) {
        report.push(words::not_sought(table, table.column_at(column), at));
        return None;
    }
    // In the subject's table every subject has a row; in another one only rules say whose the rows are.
    let reached = context.decided.contains(&id) || context.whose == Whose::Of(id);
    if !reached {
        report.push(words::scrub_outside_policy(table, at));
        return None;
    }
    Some(Named { table: id, column, at })
}

/// The subjects whose row it is, and those of whom nobody can tell.
fn of_subjects(context: &Context<'_>, subject: TableId, reach: &Reach, named: &[Named], short: bool) -> Vec<People> {
    let ways = ways_of(reach);
    let owner = || Owner { table: subject, key: context.subject_key.clone() };
    let mut told = Vec::new();
    let mut untold = Vec::new();
    for found in named {
        match source_ways(context, subject, found.table).filter(|_| ways.is_some()) {
            Some(ways) => told.push(ValueSource::Column { table: found.table, column: found.column, ways }),
            None => untold.push(found),
        }
    }
    let told = (!told.is_empty()).then(|| People {
        values: ValueSet { owner: Some(owner()), sources: sorted(told), short },
        ways: ways.unwrap_or_default(),
    });
    told.into_iter().chain(together(untold, false, short)).collect()
}

/// The values of all people of the run, as one.
fn together<'n>(named: impl IntoIterator<Item = &'n Named>, by_subject: bool, short: bool) -> Option<People> {
    let columns = named.into_iter().map(|found| ValueSource::Column {
        table: found.table,
        column: found.column,
        ways: Vec::new(),
    });
    let sources: Vec<_> = columns.chain(by_subject.then_some(ValueSource::Subject)).collect();
    let values = ValueSet { owner: None, sources: sorted(sources), short };
    (!values.sources.is_empty()).then_some(People { values, ways: Vec::new() })
}

/// The ways from rows to those whose rows they are; none where no path says so.
fn ways_of(reach: &Reach) -> Option<Vec<Path>> {
    match reach {
        Reach::OwnRow => Some(vec![Path(Vec::new())]),
        Reach::Paths(paths) => Some(paths.clone()),
        Reach::Condition | Reach::Cascade(_) | Reach::Parents(_) | Reach::EveryRow => None,
    }
}

/// The ways from the rows of a table with values to the subjects: those of all of its rules.
fn source_ways(context: &Context<'_>, subject: TableId, table: TableId) -> Option<Vec<Path>> {
    if table == subject {
        return Some(vec![Path(Vec::new())]);
    }
    let rules = context.written.get(&table).into_iter().flat_map(|entry| &entry.rules);
    let mut ways: Vec<Path> = Vec::new();
    for rule in rules {
        for way in ways_of(&names::reach_of(context, table, rule)?)? {
            if !ways.contains(&way) {
                ways.push(way);
            }
        }
    }
    (!ways.is_empty()).then_some(ways)
}

/// In a policy for every row: those of each named table, to whom a way leads.
fn of_everybody(
    context: &Context<'_>,
    target: &Target<'_>,
    named: &[Named],
    short: bool,
    span: Span,
    report: &mut Report,
) -> Option<Vec<People>> {
    let catalog = context.catalog;
    let mut tables: Vec<TableId> = named.iter().map(|found| found.table).collect();
    tables.sort();
    tables.dedup();
    let written = written_ways(context, target, &tables, report)?;
    let mut people = Vec::new();
    let mut complete = true;
    for owner in tables {
        let of_owner: Vec<&Named> = named.iter().filter(|found| found.table == owner).collect();
        let at = of_owner.first().map_or(span, |found| found.at);
        let ways = match written.get(&owner) {
            Some(ways) => Some(ways.clone()),
            None => only_way(context, target, owner, at, report),
        };
        let key = key_of(catalog, owner);
        if key.is_none() {
            report.push(words::scrub_without_key(catalog.table(owner), at));
        }
        let (Some(ways), Some(key)) = (ways, key) else {
            complete = false;
            continue;
        };
        let own = || vec![Path(Vec::new())];
        let sources =
            of_owner.iter().map(|found| ValueSource::Column { table: found.table, column: found.column, ways: own() });
        let values = ValueSet { owner: Some(Owner { table: owner, key }), sources: sorted(sources.collect()), short };
        people.push(People { values, ways });
    }
    complete.then_some(people)
}

/// The paths of `via`, each with the table of those to whom it leads.
fn written_ways(
    context: &Context<'_>,
    target: &Target<'_>,
    tables: &[TableId],
    report: &mut Report,
) -> Option<BTreeMap<TableId, Vec<Path>>> {
    let mut ways: BTreeMap<TableId, Vec<Path>> = BTreeMap::new();
    let mut complete = true;
    for text in target.via.iter().flat_map(|via| &via.paths) {
        let to = |owner: TableId, report: &mut Report| path::resolve(context, owner, target.table, text, report);
        let found = tables.iter().find_map(|owner| Some((*owner, to(*owner, &mut Report::default())?)));
        match (found, tables.first()) {
            (Some((owner, way)), _) => ways.entry(owner).or_default().push(way),
            (None, first) => {
                // What is wrong with it is the same for every table that it doesn't lead to.
                first.map(|owner| to(*owner, report));
                complete = false;
            }
        }
    }
    complete.then_some(ways)
}

/// The way from a row to the people of a table, where there is only one.
fn only_way(
    context: &Context<'_>,
    target: &Target<'_>,
    owner: TableId,
    at: Span,
    report: &mut Report,
) -> Option<Vec<Path>> {
    if target.table == owner {
        return Some(vec![Path(Vec::new())]);
    }
    let catalog = context.catalog;
    let direct: Vec<KeyId> =
        catalog.keys_from(target.table).map(|(key, _)| key).filter(|key| catalog.parent(*key) == Some(owner)).collect();
    if let [only] = direct[..] {
        return Some(vec![Path(vec![only])]);
    }
    let mut candidates = path::candidates(catalog, owner, target.table, 2);
    match candidates.len() {
        1 => candidates.pop().map(|only| vec![only]),
        _ => {
            report.push(words::scrub_path_required(context, owner, target.table, at));
            None
        }
    }
}

/// What tells the rows of a table apart.
fn key_of(catalog: &Catalog, id: TableId) -> Option<Vec<ColumnId>> {
    let table = catalog.table(id);
    let mut keys =
        table.keys().filter_map(|names| names.iter().map(|name| table.column_id(name)).collect::<Option<Vec<_>>>());
    keys.find(|key| key.iter().all(|id| catalog.is_never_null(table.column_at(*id))))
}

fn sorted(mut sources: Vec<ValueSource>) -> Vec<ValueSource> {
    sources.sort();
    sources
}

/// What telling whose a row is reads: the columns of its own that begin the ways, and the tables on these.
fn reads(context: &Context<'_>, people: &[People]) -> Reads {
    let mut found = Reads::default();
    for (of, way) in people.iter().flat_map(|of| of.ways.iter().map(move |way| (of, way))) {
        for (index, key) in way.0.iter().enumerate() {
            read_key(context, *key, index == 0, &mut found);
            let last = index + 1 == way.0.len();
            // Where the last reference is to the key itself, nobody has to look at the row that it leads to.
            if !(last && leads_to(context.catalog, *key, of.values.owner.as_ref())) {
                found.tables.extend(context.catalog.parent(*key));
            }
        }
    }
    found.own.sort();
    found.own.dedup();
    found.tables.sort();
    found.tables.dedup();
    found
}

fn read_key(context: &Context<'_>, key: KeyId, own: bool, found: &mut Reads) {
    let catalog = context.catalog;
    let mut expressions: Vec<Reads> = context.conditions.get(&key).map(|it| it.reads.clone()).into_iter().collect();
    match context.values.get(&key) {
        Some(values) => {
            let theirs = values.theirs.reads();
            found.unknown |= theirs.unknown;
            found.tables.extend(theirs.tables);
            expressions.push(values.own.reads());
        }
        None if own => {
            if let Some(child) = catalog.child(key) {
                let child = catalog.table(child);
                found.own.extend(catalog.key(key).child_columns().filter_map(|name| child.column_id(name)));
            }
        }
        None => {}
    }
    for reads in expressions {
        found.unknown |= reads.unknown;
        found.tables.extend(reads.tables);
        if own {
            found.own.extend(reads.own);
        }
    }
}

/// Whether a foreign key references exactly the columns by which people are told apart.
pub(crate) fn leads_to(catalog: &Catalog, key: KeyId, owner: Option<&Owner>) -> bool {
    let (Some(owner), foreign) = (owner, catalog.key(key)) else { return false };
    let table = catalog.table(owner.table);
    let is_of_key = |column: &ColumnId| foreign.parent_columns().any(|name| *name == table.column_at(*column).name);
    catalog.parent(key) == Some(owner.table)
        && foreign.pairs.len() == owner.key.len()
        && owner.key.iter().all(is_of_key)
}
