//! Is every column decided, and does each decision fit?

use super::Check;
use crate::oracle::computed::{hundredths, maker};
use crate::oracle::law::law_of;
use crate::oracle::rules::{Action, Decision, Rule, TableRules, Whose};
use crate::oracle::world::{ColumnId, ForeignKey, Layout, TableId, Type};

impl Check<'_> {
    /// Every column is decided, and each decision fits.
    pub(super) fn columns(&mut self, entry: &TableRules, rule: &Rule) {
        let table = entry.table;
        if !matches!(rule.action, Action::Columns { .. }) {
            return;
        }
        let mut changed = Vec::new();
        for column in 0..self.world.tables[table].columns.len() {
            let place = format!("{}.{:?}", self.name(table), self.world.tables[table].columns[column].name);
            match rule.action.decision(column) {
                None | Some(Decision::Undecided) => self.push(true, &["undecided-column"], place),
                Some(Decision::Keep) => {}
                Some(decision) => {
                    changed.push((column, decision));
                    self.fit(table, column, decision, place);
                }
            }
        }
        let is_whole = self.case.policy.whose == Whose::EveryRow && entry.rules.len() == 1 && rule.condition.is_none();
        self.uniqueness(table, &changed, is_whole);
    }

    fn fit(&mut self, table: TableId, id: ColumnId, decision: &Decision, place: String) {
        let column = &self.world.tables[table].columns[id];
        if matches!(self.world.tables[table].layout, Layout::Partitioned { by, .. } if by == id) {
            self.push(true, &["partition-key"], place.clone());
        }
        if self.world.is_referenced(table, id) && !matches!(decision, Decision::Propagate(_)) {
            self.push(
                true,
                &["referenced-column", "not-null", "not-unique", "no-default", "wrong-type"],
                place.clone(),
            );
        }
        match decision {
            Decision::Keep | Decision::Undecided => {}
            Decision::Propagate(decision) => {
                self.followers(table, id, &place);
                self.fit_of_propagated((table, id), decision, place);
            }
            Decision::Reassign(_) if !self.world.is_reference(table, id) => {
                self.push(true, &["invalid-value", "unknown-action", "broken-reference", "wrong-type"], place);
            }
            // The stand-in row may be among those that go, or not be there at all.
            Decision::Reassign(_) if self.may_dangle(table, id) => {
                self.push(false, &["broken-reference", "orphans"], place);
            }
            Decision::Reassign(_) => {}
            Decision::Null if column.nullable => {}
            Decision::Null => self.push(true, &["not-null"], place),
            Decision::Default if column.default.is_none() => self.push(true, &["no-default", "not-null"], place),
            Decision::Default if self.is_left_behind(table, id) => self.push(true, &["broken-reference"], place),
            // The stand-in row may be among those that go.
            Decision::Default if self.may_dangle(table, id) => {
                self.push(false, &["broken-reference", "orphans"], place)
            }
            Decision::Default => {}
            Decision::Sql(_) if self.world.is_reference(table, id) => self.push(false, &["broken-reference"], place),
            Decision::Sql(_) => {}
            Decision::Replace(text) => {
                if self.world.is_reference(table, id) {
                    self.push(false, &["broken-reference"], place.clone());
                }
                match column.ty {
                    Type::Integer if text.parse::<i32>().is_err() => self.push(true, &["wrong-type"], place),
                    Type::Bigint if text.parse::<i64>().is_err() => self.push(true, &["wrong-type"], place),
                    Type::Varchar(length) if text.chars().count() > length => self.push(true, &["too-long"], place),
                    Type::Boolean if text != "true" && text != "false" => self.push(true, &["wrong-type"], place),
                    Type::Date if text.len() != 10 => self.push(true, &["wrong-type", "invalid-value"], place),
                    Type::Timestamp if text.len() != 19 => self.push(true, &["wrong-type", "invalid-value"], place),
                    Type::Numeric if hundredths(text).is_none() => self.push(true, &["wrong-type"], place),
                    // What an array's text means, only the server says: by a question of its own, or when the step runs.
                    Type::Texts if !text.starts_with('{') => self.push(false, &["wrong-type", "invalid-value"], place),
                    Type::Jsonb if !text.starts_with(['{', '[']) => self.push(true, &["wrong-type"], place),
                    Type::Enum(of) if !self.world.enums[of].labels.contains(&text.as_str()) => {
                        self.push(true, &["not-in-enum"], place);
                    }
                    _ => {}
                }
            }
            Decision::Mask(_) | Decision::Generalize(_) | Decision::ShiftDays(_) | Decision::Pseudonymize(_) => {
                if self.world.is_reference(table, id) {
                    self.push(true, &["broken-reference", "not-unique", "wrong-type", "too-long"], place.clone());
                }
                self.computed(column.ty, decision, place);
            }
            Decision::Randomize(_) => {
                if self.world.is_reference(table, id) {
                    self.push(true, &["broken-reference", "not-unique", "wrong-type"], place);
                }
            }
        }
    }

    /// Whether a type has such values, and the column the room for them.
    fn computed(&mut self, ty: Type, decision: &Decision, place: String) {
        let fits = match decision {
            Decision::Mask(_) => matches!(ty, Type::Text | Type::Varchar(_) | Type::Texts),
            Decision::Generalize(coarser) => coarser.fits(ty),
            Decision::ShiftDays(_) => matches!(ty, Type::Date | Type::Timestamp),
            Decision::Pseudonymize(random) => maker(self.world, ty, random).is_some(),
            _ => true,
        };
        if !fits {
            self.push_computed("refused a computed value that doesn't fit its column", &["wrong-type"], place.clone());
        }
        if let (Decision::Pseudonymize(random), Type::Varchar(length)) = (decision, ty)
            && maker(self.world, ty, random).is_some_and(|maker| maker.length() > length)
        {
            self.push_computed("refused a pseudonym that is too long", &["too-long"], place);
        }
    }

    /// Whether a fixed value in a reference may point at nothing: its row goes or is called otherwise, or the value is only a part of a key,
    /// or there is no such row.
    fn may_dangle(&self, table: TableId, column: ColumnId) -> bool {
        let policy = &self.case.policy;
        let loses = |parent: TableId| {
            let deletes =
                |at: TableId| policy.rules(at).is_some_and(|rules| rules.iter().any(|it| it.action.deletes()));
            let is_below_cascade = |at: &TableRules| {
                at.rules.iter().any(|it| it.action == Action::Cascade) && self.world.below(at.table).contains(&parent)
            };
            deletes(parent) || self.is_cascade(parent) || policy.tables.iter().any(is_below_cascade)
        };
        let keys: Vec<_> =
            self.keys_from(table).into_iter().filter(|(_, k)| k.child_columns.contains(&column)).collect();
        let renames = |parent: TableId, column: ColumnId| {
            let rules = policy.rules(parent).unwrap_or_default();
            rules.iter().any(|rule| matches!(rule.action.decision(column), Some(Decision::Propagate(_))))
        };
        let may = |key: &ForeignKey| {
            let renamed = key.parent_columns.iter().any(|&column| renames(key.parent, column));
            key.child_columns.len() > 1 || renamed || loses(key.parent)
        };
        keys.len() > 1 || keys.iter().any(|(_, key)| may(key))
    }

    /// Whether a natural key that is propagated goes into a column by a key that nobody enforces.
    fn is_left_behind(&self, table: TableId, column: ColumnId) -> bool {
        let policy = &self.case.policy;
        let is_carried = |at: TableId, column: ColumnId| {
            let rules = policy.rules(at).unwrap_or_default();
            rules.iter().any(|rule| matches!(rule.action.decision(column), Some(Decision::Propagate(_))))
        };
        let receivers = self.world.receivers(&is_carried);
        self.keys_from(table).into_iter().filter(|(_, key)| key.is_virtual()).any(|(_, key)| {
            let mut pairs = key.child_columns.iter().zip(&key.parent_columns);
            pairs.any(|(&own, &parent)| {
                own == column && (is_carried(key.parent, parent) || receivers.contains(&(key.parent, parent)))
            })
        })
    }

    /// What takes a propagated value must not reference anything else by it.
    fn followers(&mut self, table: TableId, id: ColumnId, place: &str) {
        let receivers = self.world.receivers(&|at, column| (at, column) == (table, id));
        let is_told = |at: TableId, column: ColumnId| (at, column) == (table, id) || receivers.contains(&(at, column));
        let is_elsewhere = |(at, column): &(TableId, ColumnId)| {
            let mut keys = self.keys_from(*at).into_iter().filter(|(_, key)| key.child_columns.contains(column));
            keys.any(|(_, key)| !key.parent_columns.iter().any(|&parent| is_told(key.parent, parent)))
        };
        if receivers.iter().any(is_elsewhere) {
            self.push(true, &["broken-reference"], place.to_owned());
        }
    }

    /// What goes into other rows too must fit there, and be unique where they reference it.
    fn fit_of_propagated(&mut self, (table, id): (TableId, ColumnId), decision: &Decision, place: String) {
        const CODES: &[&str] = &["not-unique", "referenced-column", "wrong-type", "too-long", "not-null"];
        match decision {
            Decision::Randomize(_) => {}
            Decision::Pseudonymize(_) => {
                self.computed(self.world.tables[table].columns[id].ty, decision, place.clone());
                // Whoever takes it has to be unique by it, too.
                let receivers = self.world.receivers(&|at, column| (at, column) == (table, id));
                let is_unique = |&(at, column): &(TableId, ColumnId)| {
                    let it = &self.world.tables[at];
                    it.uniques.iter().chain([&it.primary]).any(|columns| columns.contains(&column))
                };
                if receivers.iter().any(is_unique) {
                    self.push(false, CODES, place);
                }
            }
            _ => self.push(false, CODES, place),
        }
    }

    /// What changes under a unique key is unique by construction, or null; or every row of a table gets a pseudonym.
    fn uniqueness(&mut self, table: TableId, changed: &[(ColumnId, &Decision)], is_whole: bool) {
        let it = &self.world.tables[table];
        for columns in it.uniques.iter().chain([&it.primary]) {
            let decisions: Vec<_> = changed.iter().filter(|(column, _)| columns.contains(column)).collect();
            let is_unique = |(column, decision): &&&(ColumnId, &Decision)| match decision {
                Decision::Null => true,
                Decision::Randomize(random) => law_of(self.world, table, *column, random).unique,
                Decision::Propagate(inner) => match inner.as_ref() {
                    Decision::Randomize(random) => law_of(self.world, table, *column, random).unique,
                    _ => false,
                },
                _ => false,
            };
            let keeps_apart = |(column, decision): &&(ColumnId, &Decision)| {
                let inner = if let Decision::Propagate(inner) = decision { inner } else { *decision };
                let Decision::Pseudonymize(random) = inner else { return false };
                maker(self.world, it.columns[*column].ty, random).is_some_and(|maker| maker.is_unique())
            };
            let unique = decisions.iter().filter(is_unique).count();
            if unique == decisions.len() || is_whole && decisions.iter().all(keeps_apart) {
                continue;
            }
            let place = format!("a unique key of {}", self.name(table));
            let codes =
                &["not-unique", "referenced-column", "no-default", "wrong-type", "broken-reference", "too-long"];
            let class = match decisions.as_slice() {
                [(_, Decision::Mask(_))] => "refused a mask under a unique key",
                [(_, Decision::Generalize(_))] => "refused a coarser value under a unique key",
                [(_, Decision::Pseudonymize(_))] => "refused a pseudonym under a unique key",
                _ => {
                    self.push(unique == 0, codes, place);
                    continue;
                }
            };
            // Where the value fits as well, it is for this reason alone.
            self.push_computed(class, &["not-unique"], place);
        }
    }
}
