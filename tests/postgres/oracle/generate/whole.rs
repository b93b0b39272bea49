//! Which policies are about nobody with a row: every row, or somebody who is a value?

use super::Shape;
use super::circles::Circles;
use super::decisions::releases;
use super::policy::Draft;
use crate::oracle::rng::Rng;
use crate::oracle::rules::{Accepted, Action, Policy, Reach, TableRules, Whose};
use crate::oracle::world::{ColumnId, KeyId, Layout, Path, TableId, Type, Value, World};

/// Whether every table's name can be written in a policy.
pub fn can_be_whole(world: &World) -> bool {
    !world.tables.iter().any(|table| table.name.contains('\n'))
}

fn draft<'a>(rng: &'a mut Rng, shape: &'a Shape, world: &'a World, whose: Whose, order: Vec<TableId>) -> Draft<'a> {
    let policy = Policy {
        whose,
        subject: 0,
        key: None,
        condition: None,
        guards: Vec::new(),
        tables: Vec::new(),
        reports: Vec::new(),
        accepted: Vec::new(),
        by_name: vec![false; world.keys.len()],
    };
    let circles = Circles { order, ..Circles::new(world, 0) };
    Draft { rng, shape, world, policy, persons: &[], circles, deleted: Vec::new(), taken: Vec::new() }
}

/// A masked copy: every table is decided, parents first.
pub fn every_row(rng: &mut Rng, shape: &Shape, world: &World) -> Policy {
    let mut draft = draft(rng, shape, world, Whose::EveryRow, (0..world.tables.len()).collect());
    for table in 0..world.tables.len() {
        let gone = |parent: TableId| draft.deleted.iter().any(|(at, _)| *at == parent);
        let mut settle: Vec<KeyId> = (0..world.keys.len())
            .filter(|&id| world.keys[id].child == table && world.keys[id].parent != table)
            .filter(|&id| gone(world.keys[id].parent))
            .collect();
        let must_delete = settle.iter().any(|&key| releases(world, key).is_empty());
        settle.extend(draft.let_go_in_advance(table));
        let own_keys = draft.self_keys(table);
        let can_delete =
            !draft.circles.frozen.contains(&table) && own_keys.iter().all(|&key| !releases(world, key).is_empty());
        let deletes = can_delete && draft.rng.chance(shape.deletes / 2);
        if deletes {
            settle.extend(own_keys);
        }
        let mut rules = match must_delete {
            true => {
                draft.deleted.push((table, Path::new()));
                vec![draft.rule(vec![Path::new()], None, Action::Delete)]
            }
            false => draft.group(table, &[Path::new()], deletes, &settle),
        };
        rules.iter_mut().for_each(|rule| rule.reach = Reach::EveryRow);
        let as_list = draft.rng.chance(15);
        draft.policy.tables.push(TableRules { table, rules, as_list });
    }
    let mut policy = draft.policy;
    rng.shuffle(&mut policy.tables);
    policy
}

/// A guest, who is a text in some columns.
pub fn values(rng: &mut Rng, shape: &Shape, world: &World) -> Policy {
    let is_text = |ty: Type| matches!(ty, Type::Text | Type::Varchar(_));
    let mut places: Vec<(TableId, ColumnId)> = Vec::new();
    for (table, it) in world.tables.iter().enumerate().filter(|(_, it)| !it.name.contains('\n')) {
        let texts = (0..it.columns.len()).filter(|&id| is_text(it.columns[id].ty));
        places.extend(texts.map(|id| (table, id)));
    }
    rng.shuffle(&mut places);
    let mut seen: Vec<TableId> = Vec::new();
    places.retain(|(table, _)| {
        let is_new = !seen.contains(table);
        seen.push(*table);
        is_new
    });
    let is_somebody = |value: &&Value| matches!(value, Value::Text(text) if !text.is_empty());
    let found: Vec<Value> = places
        .iter()
        .flat_map(|&(table, column)| world.tables[table].rows.iter().map(move |row| &row[column]))
        .filter(is_somebody)
        .cloned()
        .collect();
    let mut guests: Vec<Value> = Vec::new();
    for _ in 0..if rng.chance(shape.sets) { 2 } else { 1 } {
        let guest = if found.is_empty() { Value::Text("nobody".into()) } else { rng.pick(&found).clone() };
        if !guests.contains(&guest) {
            guests.push(guest);
        }
    }
    let mut draft = draft(rng, shape, world, Whose::Values(guests), Vec::new());
    for &(table, column) in &places {
        if draft.is_cascaded(table) || draft.rng.chance(20) && !draft.policy.tables.is_empty() {
            continue;
        }
        let keeps = |at: &TableId| draft.policy.rules(*at).is_some();
        let can_cascade = !world.below(table).iter().any(|at| *at == table || keeps(at));
        match can_cascade && draft.rng.chance(shape.cascades) {
            true => {
                let mut rule = draft.rule(vec![Path::new()], None, Action::Cascade);
                rule.reach = Reach::BySubject(vec![column]);
                draft.policy.tables.push(TableRules { table, rules: vec![rule], as_list: false });
            }
            false => draft.by_value(table, column),
        }
    }
    draft.below_values(&places);
    draft.policy
}

impl Draft<'_> {
    /// Whether a cascade takes rows of a table.
    fn is_cascaded(&self, table: TableId) -> bool {
        let is_below = |entry: &TableRules| {
            let cascades = entry.rules.iter().any(|rule| rule.action == Action::Cascade);
            cascades && self.world.below(entry.table).contains(&table)
        };
        self.policy.tables.iter().any(is_below)
    }

    /// Rules for the rows in which a guest's value stands in a column.
    fn by_value(&mut self, table: TableId, column: ColumnId) {
        let is_referenced = self.world.keys.iter().any(|key| key.parent == table);
        let mut rules = self.group(table, &[Path::new()], !is_referenced, &[]);
        rules.iter_mut().for_each(|rule| rule.reach = Reach::BySubject(vec![column]));
        self.policy.tables.push(TableRules { table, rules, as_list: false });
    }

    /// Tables below a guest's rows are decided, too, or somebody has said that they need not be.
    fn below_values(&mut self, places: &[(TableId, ColumnId)]) {
        let is_open = |draft: &Self, id: &KeyId| {
            let key = &draft.world.keys[*id];
            draft.policy.rules(key.parent).is_some()
                && draft.policy.rules(key.child).is_none()
                && !draft.is_cascaded(key.child)
                && !draft.policy.accepted.iter().any(|it| it.key == *id)
        };
        let is_left = |draft: &Self, id: &TableId| match draft.world.tables[*id].layout {
            Layout::Heir(of) => draft.policy.rules(of).is_some() && draft.policy.rules(*id).is_none(),
            Layout::Plain | Layout::Partitioned { .. } => false,
        };
        let heirs = |draft: &Self, place: &&(TableId, ColumnId)| is_left(draft, &place.0);
        while let Some(&(table, column)) = places.iter().find(|place| heirs(self, place)) {
            self.by_value(table, column);
        }
        while let Some(id) = (0..self.world.keys.len()).find(|id| is_open(self, id)) {
            let child = self.world.keys[id].child;
            match places.iter().find(|(table, _)| *table == child) {
                // Now and then a table is forgotten.
                _ if self.rng.chance(4) => return,
                Some(&(table, column)) if self.rng.chance(50) => self.by_value(table, column),
                _ => self.policy.accepted.push(Accepted { key: id, expect_none: false }),
            }
        }
    }
}
