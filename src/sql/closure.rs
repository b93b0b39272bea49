//! Rows that are found by following keys until nothing new turns up.
//!
//! One `WITH RECURSIVE` for all tables of a closure (manual, 7.8.2): a row of it is the number of a member and the key of
//! one of its rows, in columns of the member's own. The recursive term may name itself only once, so what follows from a
//! row is a lateral sub-select with one part for each key.

use super::capture::alike;
use super::helper::Helper;
use super::predicate::key_type;
use super::writer::{Scene, Writer};
use crate::catalog::{ColumnId, ForeignKey, Table};
use crate::pgtype::PgType;
use crate::plan::{Closure, Follow, Member};

impl Scene<'_> {
    /// The query of a closure: all members with the keys of their rows.
    pub fn followed(&self, w: &mut Writer, closure: &Closure) {
        let types = self.types(closure);
        let seeded = closure.members.iter().enumerate().filter(|(_, member)| member.seeds != Closure::nothing());
        let seeds = seeded.map(|(index, member)| {
            let mut w = Writer::new();
            self.keys_of_member(&mut w, closure, index, &types);
            w.kw(" FROM ").rows_of(self.catalog, &self.catalog.table(member.table).name);
            w.kw("\n  WHERE ").sql(&self.rows(member.table, &member.seeds));
            w
        });
        self.followed_from(w, closure, &types, &seeds.collect::<Vec<_>>());
    }

    /// What a closure has not got yet: rows that reference its own, whether these are still there or not, and new ones with
    /// which it would begin.
    pub fn added(&self, w: &mut Writer, index: usize) {
        let closure = &self.plan.closures[index];
        let types = self.types(closure);
        let mut known = Writer::new();
        known.kw("SELECT * FROM pg_temp.efface_closure_").number(index as i128 + 1);
        let new = closure.members.iter().enumerate().filter_map(|(index, member)| {
            // Only rows that are remembered can be told from new ones. Where none are, no trigger writes.
            let captures = self.plan.captures.iter().enumerate();
            let (number, capture) = captures.into_iter().find(|(_, capture)| capture.table == member.table)?;
            if member.seeds == Closure::nothing() || !alike(&member.seeds) {
                return None;
            }
            let table = self.catalog.table(member.table);
            let mut w = Writer::new();
            self.keys_of_member(&mut w, closure, index, &types);
            w.kw(" FROM ").rows_of(self.catalog, &table.name);
            w.kw("\n  WHERE (").sql(&self.rows(member.table, &member.seeds)).kw(") AND ");
            w.columns(table, &capture.key).kw(" NOT IN (SELECT ").list(1..=capture.key.len(), ", ", |w, n| {
                w.kw("key").number(n as i128);
            });
            w.kw(" FROM pg_temp.efface_rows_").number(number as i128 + 1).kw(")");
            Some(w)
        });
        let seeds: Vec<Writer> = std::iter::once(known.clone()).chain(new).collect();
        self.followed_from(w, closure, &types, &seeds);
        w.kw("\nEXCEPT ").sql(&known);
    }

    /// Some rows, and those that reference them, to the end.
    fn followed_from(&self, w: &mut Writer, closure: &Closure, types: &[PgType], seeds: &[Writer]) {
        let set = self.helper(Helper::Reached);
        if let [only] = &closure.members[..]
            && only.follows.is_empty()
        {
            w.kw("SELECT * FROM (\n  ").list(seeds, "\n  UNION\n  ", |w, seeds| {
                w.sql(seeds);
            });
            w.kw("\n) AS ").printed(&set).kw(" (").list(1..=types.len(), ", ", |w, n| {
                w.kw("key").number(n as i128);
            });
            w.kw(")");
            return;
        }
        w.kw("WITH RECURSIVE ").printed(&set).kw(" (").kw(if is_single(closure) { "" } else { "member, " });
        w.list(1..=types.len(), ", ", |w, n| {
            w.kw("key").number(n as i128);
        });
        w.kw(") AS (\n  ");
        w.list(seeds, "\n  UNION\n  ", |w, seeds| {
            w.sql(seeds);
        });
        w.kw("\n  UNION\n  SELECT efface_next.* FROM ").printed(&set).kw(" CROSS JOIN LATERAL (\n    ");
        let follows = closure
            .members
            .iter()
            .enumerate()
            .flat_map(|(index, member)| member.follows.iter().map(move |follow| (index, member, follow)));
        w.list(follows, "\n    UNION ALL\n    ", |w, (index, member, follow)| {
            // Without the fence the planner joins, and reads the whole table once for each level.
            w.kw("(");
            self.keys_of_member(w, closure, index, types);
            self.next(w, closure, member, follow);
            w.kw(" OFFSET 0)");
        });
        w.kw("\n  ) AS efface_next\n)\nSELECT * FROM ").printed(&set);
    }

    /// `SELECT` and the columns of one member, those of the others empty.
    fn keys_of_member(&self, w: &mut Writer, closure: &Closure, index: usize, types: &[PgType]) {
        let member = &closure.members[index];
        let table = self.catalog.table(member.table);
        let first = offset(closure, index);
        w.kw("SELECT ");
        if !is_single(closure) {
            w.number(index as i128 + 1).kw(", ");
        }
        w.list(types.iter().enumerate(), ", ", |w, (place, ty)| match place.checked_sub(first) {
            Some(own) if own < member.key.len() => {
                // All terms have to agree on a column's type and collation, lengths and domains included.
                let (column, plain) = (member.key[own], key_type(ty));
                let casts = table.column_at(column).type_sql != plain;
                w.kw(if casts { "CAST(" } else { "" }).column(table, column);
                if casts {
                    w.kw(" AS ").printed(&plain).kw(")");
                }
                w.kw(if is_collated(ty) { " COLLATE \"default\"" } else { "" });
            }
            _ => {
                w.kw("NULL::").printed(&key_type(ty));
            }
        });
    }

    /// From where the rows come that reference a row of the set.
    fn next(&self, w: &mut Writer, closure: &Closure, member: &Member, follow: &Follow) {
        let (child, foreign) = (self.catalog.table(member.table), self.catalog.key(follow.key));
        let above = &closure.members[follow.member];
        let parent = self.catalog.table(above.table);
        let first = offset(closure, follow.member);
        let set = self.helper(Helper::Reached);
        w.kw(" FROM ").rows_of(self.catalog, &child.name).kw(" WHERE ");
        if !is_single(closure) {
            w.printed(&set).kw(".member = ").number(follow.member as i128 + 1).kw(" AND ");
        }
        let set_keys = |w: &mut Writer| {
            w.list(1..=above.key.len(), ", ", |w, n| {
                w.printed(&set).kw(".key").number((first + n) as i128);
            });
        };
        // The set holds keys by which rows are told apart; a foreign key may reference others.
        match aligned(child, parent, &above.key, foreign) {
            Some(columns) => {
                w.columns(child, &columns).kw(" = ");
                w.kw(if columns.len() > 1 { "(" } else { "" });
                set_keys(w);
                w.kw(if columns.len() > 1 { ")" } else { "" });
            }
            None => {
                let columns: Vec<ColumnId> = foreign.child_columns().filter_map(|name| child.column_id(name)).collect();
                w.columns(child, &columns).kw(" IN (SELECT ").list(foreign.parent_columns(), ", ", |w, name| {
                    w.ident(name);
                });
                w.kw(" FROM ").rows_of(self.catalog, &parent.name).kw(" WHERE ").columns(parent, &above.key).kw(" = ");
                w.kw(if above.key.len() > 1 { "(" } else { "" });
                set_keys(w);
                w.kw(if above.key.len() > 1 { "))" } else { ")" });
            }
        }
        if let Some(condition) = &follow.condition {
            w.kw(" AND ");
            self.condition(w, condition);
        }
    }

    /// The rows of one member, as a sub-select of their keys.
    pub fn closure_keys(&self, w: &mut Writer, index: usize, member: usize) {
        let closure = &self.plan.closures[index];
        let first = offset(closure, member);
        w.kw("SELECT ").list(1..=closure.members[member].key.len(), ", ", |w, n| {
            w.kw("key").number((first + n) as i128);
        });
        if self.inline {
            w.kw(" FROM (\n");
            self.followed(w, closure);
            w.kw("\n) AS efface_closure");
        } else {
            w.kw(" FROM pg_temp.efface_closure_").number(index as i128 + 1);
        }
        if !is_single(closure) {
            w.kw(" WHERE member = ").number(member as i128 + 1);
        }
    }

    /// The columns by which the closure's table is analyzed: keys, never values.
    pub fn closure_columns(&self, w: &mut Writer, closure: &Closure) {
        w.kw(if is_single(closure) { "" } else { "member, " });
        w.list(1..=self.types(closure).len(), ", ", |w, n| {
            w.kw("key").number(n as i128);
        });
    }

    /// The types of all key columns, member by member.
    fn types(&self, closure: &Closure) -> Vec<PgType> {
        let columns = closure.members.iter().flat_map(|member| {
            let table = self.catalog.table(member.table);
            member.key.iter().map(|id| table.column_at(*id).ty.clone())
        });
        columns.collect()
    }
}

/// Whether the closure is a tree in one table: then no number tells its members apart.
fn is_single(closure: &Closure) -> bool {
    closure.members.len() == 1
}

/// Whether texts of the type are compared by a collation.
fn is_collated(ty: &PgType) -> bool {
    matches!(ty, PgType::Text { .. } | PgType::Char { .. } | PgType::Name | PgType::Citext)
}

/// How many key columns stand before those of a member.
fn offset(closure: &Closure, member: usize) -> usize {
    closure.members[..member].iter().map(|member| member.key.len()).sum()
}

/// The referencing columns in the order of a key of the parent, where the foreign key references exactly that.
pub(super) fn aligned(child: &Table, parent: &Table, key: &[ColumnId], foreign: &ForeignKey) -> Option<Vec<ColumnId>> {
    if foreign.pairs.len() != key.len() {
        return None;
    }
    let column = |id: &ColumnId| {
        let name = &parent.column_at(*id).name;
        let pair = foreign.pairs.iter().find(|pair| pair.parent == *name)?;
        child.column_id(&pair.child)
    };
    key.iter().map(column).collect()
}
