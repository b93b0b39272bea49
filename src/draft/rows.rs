//! Which tables reach the subject, by which ways, and what happens to their rows?
//!
//! Ways are found key by key from the subject's table outwards. A key that says whom a row is about is followed; one that
//! says who did something (`created_by`) is not, and neither is what hangs on rows that several people share. What comes
//! out is consistent: whatever references a deleted row goes too or lets go of it, or the row isn't deleted.

use std::collections::{BTreeMap, BTreeSet};

use super::tables::{self, Kind};
use super::words;
use crate::catalog::{Catalog, ColumnId, ForeignKey, Generated, KeyId, ReferentialAction, TableId};
use crate::resolve::Path;

/// What happens to the rows that are the subject's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// They go.
    Delete,
    /// They stay, and their columns are decided.
    Stay,
    /// They stay as they are, and what hangs on them too: somebody has said so.
    Keep,
    /// Somebody has to say.
    Undecided,
}

/// One table of the draft.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    pub table: TableId,
    pub fate: Fate,
    /// Why, for a comment.
    pub why: String,
    /// How many keys away.
    pub distance: usize,
    /// The ways to the rows that are about the subject; none in the subject's own table.
    pub owned: Vec<Path>,
    /// Ways to rows that reference a row which goes, and stay.
    pub letting_go: Vec<Path>,
    /// Keys to the subject that say who did something, where other rows of the table are decided.
    pub acted: Vec<Path>,
    /// The undecided table on which the rows hang: they go or stay with it.
    pub follows: Option<TableId>,
    /// Whether the table inherits from the subject's: its rows are persons, and no key leads to them.
    pub heir: bool,
    /// References to rows that go, which are cleared, with the table of those rows.
    pub cleared: BTreeMap<ColumnId, TableId>,
}

/// A key that no rule follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Closed {
    pub key: KeyId,
    pub why: String,
}

/// All tables of a draft, by distance and name, and the keys that end it.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub tables: Vec<Rows>,
    pub closed: Vec<Closed>,
}

/// What earlier attempts have shown.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// Tables whose rows can't be deleted, and why.
    pub stays: BTreeMap<TableId, String>,
    /// Tables about which nothing can be guessed, and why.
    pub doubtful: BTreeMap<TableId, String>,
    /// What somebody has said already.
    pub said: BTreeMap<TableId, Fate>,
    /// Tables whose columns can't be changed, whatever is decided.
    pub unchangeable: BTreeSet<TableId>,
}

/// Why a key is not followed that says who did something.
pub(super) const ACTED: &str =
    "it says who did something, not whom the row is about; it leads to a row that is nobody any more";

/// More ways to one table than this nobody reads.
const MOST_WAYS: usize = 6;
const LONGEST_WAY: usize = 5;

/// Lays out the rows. What can't be deleted after all is remembered in `known`.
pub(super) fn lay_out(catalog: &Catalog, subject: TableId, known: &mut Known) -> Layout {
    loop {
        let mut attempt = Attempt { catalog, subject, known, rows: BTreeMap::new(), closed: Vec::new() };
        attempt.reach();
        match attempt.settle() {
            Ok(()) => {
                let closed = attempt.closed();
                let mut tables: Vec<Rows> = attempt.rows.into_values().collect();
                tables.sort_by_key(|rows| (rows.distance, rows.table));
                return Layout { tables, closed };
            }
            Err((table, why)) => {
                // Nothing is tried twice, so this ends.
                known.stays.insert(table, why);
            }
        }
    }
}

struct Attempt<'a> {
    catalog: &'a Catalog,
    subject: TableId,
    known: &'a Known,
    rows: BTreeMap<TableId, Rows>,
    closed: Vec<Closed>,
}

impl Attempt<'_> {
    fn reach(&mut self) {
        let catalog = self.catalog;
        let mut own = self.empty(self.subject, 0);
        own.fate = Fate::Stay;
        self.rows.insert(self.subject, own);
        let mut acted: Vec<KeyId> = Vec::new();
        let mut frontier: Vec<(TableId, Path)> = Vec::new();
        for (id, key) in catalog.keys_onto(self.subject) {
            let Some(child) = catalog.child(id) else { continue };
            if child == self.subject {
                self.rows.get_mut(&child).expect("was put there").acted.push(Path(vec![id]));
            } else if self.is_actor(key) {
                acted.push(id);
            } else {
                frontier.push((child, Path(vec![id])));
            }
        }
        // What somebody has written is about its author, where nobody else is named.
        let (written, acted): (Vec<KeyId>, Vec<KeyId>) = acted.into_iter().partition(|id| {
            let child = catalog.child(*id).expect("it was one");
            let name = catalog.table(child).name.name.as_str();
            let author = catalog.key(*id).child_columns().any(|column| words::is_author(column.as_str()));
            let alone = !frontier.iter().any(|(table, _)| *table == child);
            author && alone && tables::kind(name) == Some(Kind::Content)
        });
        frontier.extend(written.into_iter().map(|id| (catalog.child(id).expect("it was one"), Path(vec![id]))));
        for length in 1..=LONGEST_WAY {
            let mut fresh: BTreeSet<TableId> = BTreeSet::new();
            for (table, path) in &frontier {
                if !self.rows.contains_key(table) {
                    let rows = self.empty(*table, length);
                    self.rows.insert(*table, rows);
                    fresh.insert(*table);
                }
                self.rows.get_mut(table).expect("was put there").owned.push(path.clone());
            }
            for table in fresh {
                let (fate, why) = self.fate(table);
                let follows = self.followed(table).filter(|_| fate == Fate::Undecided);
                let rows = self.rows.get_mut(&table).expect("was put there");
                (rows.fate, rows.why, rows.follows) = (fate, why, follows);
            }
            frontier = self.onward(&frontier);
        }
        let heirs: Vec<TableId> =
            catalog.table(self.subject).inherited_by.iter().filter_map(|name| catalog.table_id(name)).collect();
        for table in heirs {
            if !self.rows.contains_key(&table) {
                let mut rows = self.empty(table, 1);
                rows.heir = true;
                rows.why = "rows of the person's table that only inherit from it: no key leads to them".to_owned();
                self.rows.insert(table, rows);
            }
        }
        // Who did something matters only beside rows that are decided anyway.
        for id in acted {
            let child = catalog.child(id).expect("it was one");
            if let Some(rows) = self.rows.get_mut(&child) {
                rows.acted.push(Path(vec![id]));
            }
        }
    }

    fn empty(&self, table: TableId, distance: usize) -> Rows {
        Rows {
            table,
            fate: Fate::Undecided,
            why: String::new(),
            distance,
            owned: Vec::new(),
            letting_go: Vec::new(),
            acted: Vec::new(),
            follows: None,
            heir: false,
            cleared: BTreeMap::new(),
        }
    }

    /// The ways that are one key longer.
    fn onward(&self, frontier: &[(TableId, Path)]) -> Vec<(TableId, Path)> {
        let catalog = self.catalog;
        let mut found: Vec<(TableId, Path)> = Vec::new();
        for (parent, path) in frontier {
            if self.is_shared(*parent) || self.rows[parent].fate == Fate::Keep {
                continue;
            }
            for (id, key) in catalog.keys_onto(*parent) {
                let Some(child) = catalog.child(id) else { continue };
                let again = child == self.subject
                    || child == *parent
                    || path.0.iter().any(|on| catalog.child(*on) == Some(child));
                if again || self.is_actor(key) {
                    continue;
                }
                // Whose a row is it says itself: others' rows on the subject's stay others'.
                let says = |path: &Path| path.0.len() == 1 && self.is_never_null(path.0[0]);
                let own = self.rows.get(&child).is_some_and(|rows| rows.owned.iter().any(says));
                if own {
                    continue;
                }
                let more = self.rows.get(&child).map_or(0, |rows| rows.owned.len())
                    + found.iter().filter(|(table, _)| *table == child).count();
                let whole = Path([vec![id], path.0.clone()].concat());
                if more < MOST_WAYS {
                    found.push((child, whole));
                }
            }
        }
        found
    }

    fn is_actor(&self, key: &ForeignKey) -> bool {
        let catalog = self.catalog;
        let subject = catalog.table(self.subject).name.name.as_str();
        let Some(child) = catalog.table_id(&key.child) else { return false };
        // A row that has the person's key for its own is the person's, whatever it is called.
        let table = catalog.table(child);
        let columns: Vec<ColumnId> = key.child_columns().filter_map(|name| table.column_id(name)).collect();
        let named = key.child_columns().any(|column| words::is_actor(column.as_str(), subject));
        named && !table.is_key(&columns)
    }

    fn is_never_null(&self, key: KeyId) -> bool {
        let key = self.catalog.key(key);
        let Some(table) = self.catalog.table_id(&key.child).map(|id| self.catalog.table(id)) else { return false };
        key.child_columns().all(|name| table.column(name).is_some_and(|column| self.catalog.refuses_null(column)))
    }

    fn is_shared(&self, table: TableId) -> bool {
        let children = self.catalog.keys_onto(table).next().is_some();
        children && tables::kind(self.catalog.table(table).name.name.as_str()) == Some(Kind::Shared)
    }

    /// What happens to a table's rows, as its shortest ways suggest.
    fn fate(&self, table: TableId) -> (Fate, String) {
        let catalog = self.catalog;
        let rows = &self.rows[&table];
        if let Some(why) = self.known.doubtful.get(&table) {
            return (Fate::Undecided, why.clone());
        }
        if let Some(why) = self.known.stays.get(&table) {
            return (Fate::Stay, why.clone());
        }
        if let Some(fate) = self.known.said.get(&table) {
            return (*fate, "as was said when this was drafted".to_owned());
        }
        let kind = tables::kind(catalog.table(table).name.name.as_str());
        let firsts: Vec<&ForeignKey> = rows.owned.iter().map(|path| catalog.key(path.0[0])).collect();
        let all = |action: ReferentialAction| firsts.iter().all(|key| key.on_delete == action);
        let names = |action: ReferentialAction| {
            let keys = firsts.iter().filter(|key| key.on_delete == action);
            keys.map(|key| format!("`{}`", columns(key))).collect::<Vec<_>>().join(", ")
        };
        match kind {
            Some(Kind::Shared) if self.is_shared(table) => {
                let why = "others may work in it, or it may be the person's alone".to_owned();
                return (Fate::Undecided, why);
            }
            Some(kind @ Kind::Fleeting) => return (Fate::Delete, kind.words().to_owned()),
            Some(kind @ Kind::Books) if !self.is_bare_link(table) => return (Fate::Stay, kind.words().to_owned()),
            Some(kind @ Kind::History) if self.is_filled_by_trigger(table) => {
                return (Fate::Delete, format!("{}, and a trigger fills it", kind.words()));
            }
            // The law may want it kept.
            Some(kind @ Kind::History) if !all(ReferentialAction::Cascade) => {
                return (Fate::Undecided, kind.words().to_owned());
            }
            Some(Kind::Books | Kind::History | Kind::Content | Kind::Shared) | None => {}
        }
        let parents: BTreeSet<TableId> = rows.owned.iter().filter_map(|path| catalog.parent(path.0[0])).collect();
        let parent = parents.iter().find(|parent| **parent != self.subject);
        if let Some(parent) = parent {
            let of = format!("`{}`", catalog.table(*parent).name.bare());
            let stands = self.rows.get(parent).map_or(Fate::Stay, |rows| rows.fate);
            return match stands {
                Fate::Delete
                    if rows.owned.iter().any(|path| self.is_never_null(path.0[0]))
                        || all(ReferentialAction::Cascade) =>
                {
                    (Fate::Delete, format!("hangs on {of}, whose rows go"))
                }
                Fate::Delete => (Fate::Stay, format!("may stay without {of}, whose rows go")),
                Fate::Stay | Fate::Keep => (Fate::Stay, format!("hangs on {of}, whose rows stay")),
                Fate::Undecided => (Fate::Undecided, format!("hangs on {of}: goes or stays with it")),
            };
        }
        if all(ReferentialAction::Cascade) {
            let why = format!(
                "`ON DELETE CASCADE` of {}: the schema lets them go with the person",
                names(ReferentialAction::Cascade)
            );
            return (Fate::Delete, why);
        }
        if firsts.iter().any(|key| key.on_delete == ReferentialAction::SetNull) {
            let why = format!(
                "`ON DELETE SET NULL` of {}: the schema keeps them without the person",
                names(ReferentialAction::SetNull)
            );
            return (Fate::Stay, why);
        }
        if self.is_link(table) {
            return (Fate::Delete, "nothing but links between the person and something else".to_owned());
        }
        let why = match kind {
            Some(kind) => kind.words().to_owned(),
            None => "neither its name nor its keys say whether these rows go with the person".to_owned(),
        };
        (Fate::Undecided, why)
    }

    /// The undecided table on which all rows of a table hang, where they have no other way.
    fn followed(&self, table: TableId) -> Option<TableId> {
        let parents: BTreeSet<TableId> =
            self.rows[&table].owned.iter().filter_map(|path| self.catalog.parent(path.0[0])).collect();
        let undecided = |parent: &TableId| {
            self.rows.get(parent).is_some_and(|rows| rows.fate == Fate::Undecided && *parent != self.subject)
        };
        let first = parents.iter().next().copied()?;
        parents.iter().all(undecided).then_some(first)
    }

    /// Whether a table holds nothing but references, its key and moments.
    fn is_link(&self, table: TableId) -> bool {
        let catalog = self.catalog;
        let columns = &catalog.table(table).columns;
        let referenced: BTreeSet<_> = catalog.keys_from(table).flat_map(|(_, key)| key.child_columns()).collect();
        let is_moment = |ty: &crate::pgtype::PgType| {
            use crate::pgtype::PgType;
            matches!(ty, PgType::Timestamp | PgType::Timestamptz | PgType::Date)
        };
        catalog.keys_from(table).count() > 1
            && columns.iter().all(|column| {
                referenced.contains(&column.name)
                    || catalog.table(table).primary_key.contains(&column.name)
                    || is_moment(&column.ty)
            })
    }

    /// Whether a table holds nothing of its own, not even a number for its rows.
    fn is_bare_link(&self, table: TableId) -> bool {
        let key = &self.catalog.table(table).primary_key;
        let of_keys = |name: &&crate::ident::Ident| {
            self.catalog.keys_from(table).any(|(_, foreign)| foreign.child_columns().any(|column| column == *name))
        };
        self.is_link(table) && key.iter().all(|name| of_keys(&name))
    }

    /// Whether a trigger of any table mentions this one.
    fn is_filled_by_trigger(&self, table: TableId) -> bool {
        let name = &self.catalog.table(table).name;
        let mentions =
            |function: &str| self.catalog.function(function).is_some_and(|function| function.mentions.contains(name));
        self.catalog.tables.iter().any(|other| {
            other.name != *name && other.triggers.iter().any(|trigger| !trigger.disabled && mentions(&trigger.function))
        })
    }

    /// Sees to it that nothing references a row that goes.
    fn settle(&mut self) -> Result<(), (TableId, String)> {
        let catalog = self.catalog;
        let mut work: Vec<(TableId, Path)> = Vec::new();
        for rows in self.rows.values().filter(|rows| rows.fate == Fate::Delete) {
            work.extend(rows.owned.iter().map(|path| (rows.table, path.clone())));
        }
        while let Some((parent, path)) = work.pop() {
            let parent_name = catalog.table(parent).name.bare().to_string();
            for (id, key) in catalog.keys_onto(parent) {
                let Some(child) = catalog.child(id) else { continue };
                let child_name = catalog.table(child).name.bare().to_string();
                let stays =
                    |why: &str| Err((parent, format!("`{child_name}` references them by `{}`{why}", columns(key))));
                let whole = Path([vec![id], path.0.clone()].concat());
                if whole.0.len() > LONGEST_WAY + 2 {
                    return stays(", in a circle");
                }
                let fate = self.rows.get(&child).map(|rows| rows.fate);
                let goes = fate == Some(Fate::Delete) && child != parent;
                if goes {
                    let rows = self.rows.get_mut(&child).expect("has a fate");
                    if path.0.contains(&id) {
                        return stays(", in a circle");
                    }
                    if !rows.owned.contains(&whole) {
                        rows.owned.push(whole.clone());
                        work.push((child, whole));
                    }
                    if self.rows[&child].owned.len() > 4 * MOST_WAYS {
                        return stays(", by too many ways");
                    }
                    continue;
                }
                if let Some(clearing) = self.clearing(child, key) {
                    let rows = match self.rows.get_mut(&child) {
                        Some(rows) => rows,
                        None => {
                            let mut rows = self.empty(child, path.0.len() + 1);
                            (rows.fate, rows.why) =
                                (Fate::Stay, format!("reference rows of `{parent_name}`, which go"));
                            self.rows.entry(child).or_insert(rows)
                        }
                    };
                    if rows.fate == Fate::Undecided {
                        rows.fate = Fate::Stay;
                        rows.why = format!("they let go of `{parent_name}`, whose rows go");
                    }
                    rows.cleared.extend(clearing.into_iter().map(|column| (column, parent)));
                    if !rows.owned.contains(&whole) && !rows.letting_go.contains(&whole) {
                        rows.letting_go.push(whole);
                    }
                    continue;
                }
                let may_go = fate.is_none()
                    && child != parent
                    && !self.known.stays.contains_key(&child)
                    && !self.known.doubtful.contains_key(&child)
                    && tables::kind(catalog.table(child).name.name.as_str()) != Some(Kind::Books)
                    && !self.is_actor(key);
                if !may_go {
                    return stays(if fate == Some(Fate::Undecided) { ", and are undecided" } else { ", and stay" });
                }
                let mut rows = self.empty(child, path.0.len() + 1);
                (rows.fate, rows.why) = (Fate::Delete, format!("hangs on `{parent_name}`, whose rows go"));
                rows.owned.push(whole.clone());
                self.rows.insert(child, rows);
                work.push((child, whole));
            }
        }
        for rows in self.rows.values_mut() {
            rows.owned.sort();
            rows.letting_go.sort();
            rows.acted.sort();
        }
        Ok(())
    }

    /// The columns that are set to NULL so that a reference is gone; none where that can't be.
    fn clearing(&self, child: TableId, key: &ForeignKey) -> Option<Vec<ColumnId>> {
        let catalog = self.catalog;
        let table = catalog.table(child);
        let nullable = |name: &&crate::ident::Ident| {
            table.column(name).is_some_and(|column| {
                let others = catalog.keys_from(child).filter(|(_, other)| other.name != key.name);
                let shared = others.flat_map(|(_, other)| other.child_columns()).any(|other| other == *name);
                let partitions = table.partitioned.as_ref().is_some_and(|part| part.columns.contains(name));
                let bound = catalog.refuses_null(column) || column.not_null_in_part || partitions;
                let kept = table.primary_key.contains(name) || (shared && key.pairs.len() > 1);
                !bound && !kept && column.generated == Generated::No
            })
        };
        let free: Vec<ColumnId> =
            key.child_columns().filter(nullable).filter_map(|name| table.column_id(name)).collect();
        let enough = if key.match_full { free.len() == key.pairs.len() } else { !free.is_empty() };
        enough.then_some(free)
    }

    /// Keys onto tables of the draft that no rule follows.
    fn closed(&mut self) -> Vec<Closed> {
        let catalog = self.catalog;
        let mut closed = std::mem::take(&mut self.closed);
        for (id, key) in catalog.keys() {
            let (Some(child), Some(parent)) = (catalog.child(id), catalog.parent(id)) else { continue };
            if !self.rows.contains_key(&parent) {
                continue;
            }
            let starts = |path: &Path| path.0.first() == Some(&id);
            let followed = self
                .rows
                .get(&child)
                .is_some_and(|rows| rows.owned.iter().chain(&rows.letting_go).chain(&rows.acted).any(starts));
            if followed {
                continue;
            }
            let parent_name = catalog.table(parent).name.bare();
            let why = if self.is_actor(key) {
                "it says who did something, not whom the row is about; it leads to a row that is nobody any more"
                    .to_owned()
            } else if child == parent {
                format!("other rows of `{parent_name}` are decided by whose they are")
            } else if child == self.subject {
                "other people's rows; the person's own is decided".to_owned()
            } else if self.rows[&parent].fate == Fate::Keep {
                format!("hangs on `{parent_name}`, which is kept as it is")
            } else if self.is_shared(parent) {
                format!("what hangs on `{parent_name}` is other people's too")
            } else {
                format!("whose a row is it says itself; others' rows that hang on `{parent_name}` are others'")
            };
            closed.push(Closed { key: id, why });
        }
        closed
    }
}

/// The columns of a key, for people.
pub(super) fn columns(key: &ForeignKey) -> String {
    let names: Vec<String> = key.child_columns().map(|name| name.bare().to_string()).collect();
    match &names[..] {
        [only] => only.clone(),
        many => format!("({})", many.join(", ")),
    }
}
