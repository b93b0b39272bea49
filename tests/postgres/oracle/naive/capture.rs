//! What has to be remembered before anything changes, as SQL?
//!
//! For each table a temporary table `s…` with, for each row, the number of its rule, whether a cascade takes it (`c`),
//! whether it goes (`g`), and whether it is held because it is a parent that somebody else needs (`h`).

use super::numbers;
use super::reach::{decided, is_somebody_else, key, key_of, matches, references};
use crate::oracle::engine::PlanFault;
use crate::oracle::print::{ident, literal, rows_of};
use crate::oracle::rules::{Action, Case, Decision, IfShared, Reach};
use crate::oracle::world::{KeyId, TableId};

/// Tables with parents that must not be shared, and the numbers of the rules that say so.
pub fn refusing(case: &Case) -> Vec<(TableId, String)> {
    let refuses = |reach: &Reach| matches!(reach, Reach::Parents(_, IfShared::Refuse));
    let any = |&table: &TableId| case.policy.rules(table).unwrap_or_default().iter().any(|it| refuses(&it.reach));
    (0..case.world.tables.len()).filter(any).map(|id| (id, numbers(case, id, |reach, _| refuses(reach)))).collect()
}

/// The statements that remember.
pub fn statements(case: &Case, fault: Option<PlanFault>) -> Vec<String> {
    let mut all = Vec::new();
    for id in in_order(case) {
        let (key, rule, name) = (key(case, id), decided(case, id), rows_of(&case.world.tables[id]));
        all.push(format!(
            "create temp table s{id} on commit drop as \
             select {key}, {rule} as r, false as c, false as g, false as h from {name} as t"
        ));
    }
    all.push(format!(
        "do $efface$ declare n int; m int; begin loop\n{};\nexit when m = 0; end loop; end $efface$",
        round(case, fault).join(";\n")
    ));
    all
}

/// The tables, those with rules about parents behind the tables that these are looked up from.
fn in_order(case: &Case) -> Vec<TableId> {
    let mut order: Vec<TableId> = Vec::new();
    let needs = |table: TableId| -> Vec<TableId> {
        let rules = case.policy.rules(table).unwrap_or_default();
        let keys = rules.iter().filter_map(|rule| match &rule.reach {
            Reach::Parents(keys, _) => Some(keys),
            _ => None,
        });
        keys.flatten().map(|&key| case.world.keys[key].child).collect()
    };
    while order.len() < case.world.tables.len() {
        let is_ready = |id: &TableId| !order.contains(id) && needs(*id).iter().all(|need| order.contains(need));
        let Some(next) = (0..case.world.tables.len()).find(is_ready) else { break };
        order.push(next);
    }
    order
}

/// One round: everything that goes, then the parents that turn out to be shared. The last round finds none.
fn round(case: &Case, fault: Option<PlanFault>) -> Vec<String> {
    let world = &case.world;
    let mut all = Vec::new();
    for id in 0..world.tables.len() {
        let cascades = numbers(case, id, |_, action| *action == Action::Cascade);
        all.push(format!("update s{id} set g = false, c = r in ({cascades}) and not h"));
    }
    let grow = (0..world.keys.len()).map(|at| {
        let (child, parent) = (world.keys[at].child, world.keys[at].parent);
        let is_taken =
            format!("({}) in (select {} from s{parent} where c)", key_of(case, parent, "p"), key(case, parent));
        format!(
            "update s{child} set c = true where not c and ({key}) in (select {key} from {} as t where {}); \
             get diagnostics n = row_count; m := m + n",
            rows_of(&world.tables[child]),
            references(case, at, "t", "p", &is_taken),
            key = key(case, child),
        )
    });
    let has_cascade = case.policy.tables.iter().flat_map(|it| &it.rules).any(|rule| rule.action == Action::Cascade);
    if has_cascade && fault != Some(PlanFault::ClosureCutShort) {
        let grow: Vec<String> = grow.collect();
        all.push(format!("loop m := 0; {}; exit when m = 0; end loop", grow.join(";\n")));
    }
    for id in 0..world.tables.len() {
        let deletes = numbers(case, id, |_, action| action.deletes());
        all.push(format!("update s{id} set g = c or r in ({deletes}) and not h"));
    }
    all.push("m := 0".into());
    if fault != Some(PlanFault::SharedDeleted) {
        let parents = (0..world.tables.len()).filter(|&id| {
            case.policy.rules(id).unwrap_or_default().iter().any(|rule| matches!(rule.reach, Reach::Parents(..)))
        });
        all.extend(parents.map(|id| keep_shared(case, id)));
    }
    all
}

/// Remembers the parents of a table that rows reference that stay, or that no rule is about.
fn keep_shared(case: &Case, id: TableId) -> String {
    let is_parent = |reach: &Reach| matches!(reach, Reach::Parents(..));
    let going = numbers(case, id, |reach, action| is_parent(reach) && action.deletes());
    let changing = numbers(case, id, |reach, action| is_parent(reach) && !action.deletes() && action.acts());
    // Parents in one table that may have to stay hold what they reference there.
    let may_stay = numbers(case, id, |reach, action| {
        matches!(reach, Reach::Parents(_, IfShared::Keep)) && *action != Action::Cascade && action.acts()
    });
    let needs = |at: KeyId| {
        let child = case.world.keys[at].child;
        let sibling = if child == id { format!("d.r in ({may_stay})") } else { "false".into() };
        format!(
            "exists (select 1 from {child_name} as r join s{child} as d on ({r}) = ({d}) where {matches} and ({sibling} or not d.g \
             and case when s.r in ({going}) then d.h or not ({cleared}) \
             else d.h or d.r = -1 or ({other} and not ({cleared}) and not ({let_go})) end))",
            child_name = rows_of(&case.world.tables[child]),
            r = key_of(case, child, "r"),
            d = key_of(case, child, "d"),
            matches = matches(case, at, "r", "t"),
            cleared = cleared(case, at),
            let_go = let_go(case, at),
            other = is_somebody_else(case, child, "r"),
        )
    };
    let into = (0..case.world.keys.len()).filter(|&at| case.world.keys[at].parent == id);
    let needed: Vec<String> = into.map(needs).collect();
    format!(
        "update s{id} as s set h = true from {name} as t where ({own}) = ({remembered}) \
         and s.r in ({going}, {changing}) and not s.h and ({}); \
         get diagnostics n = row_count; m := m + n",
        needed.join(" or "),
        own = key_of(case, id, "t"),
        remembered = key_of(case, id, "s"),
        name = rows_of(&case.world.tables[id]),
    )
}

/// Whether the rule `d.r` lets go of the reference that row `r` has by a key.
fn cleared(case: &Case, at: KeyId) -> String {
    let key = &case.world.keys[at];
    let table = &case.world.tables[key.child];
    let mut all = vec!["false".to_owned()];
    for (number, rule) in case.policy.rules(key.child).unwrap_or_default().iter().enumerate() {
        for &column in &key.child_columns {
            let name = ident(&table.columns[column].name);
            let differs = match rule.action.decision(column) {
                Some(Decision::Null) => "true".into(),
                Some(Decision::Default) => {
                    let value = table.columns[column].default.as_ref().map_or("null".into(), literal);
                    format!("r.{name} is distinct from {value}")
                }
                Some(Decision::Reassign(text)) => {
                    let value = crate::oracle::law::read(&case.world, key.child, column, text);
                    format!("r.{name} is distinct from {}", literal(&value))
                }
                _ => continue,
            };
            all.push(format!("d.r = {number} and {differs}"));
        }
    }
    all.join(" or ")
}

/// Whether the rule `d.r` has decided about the whole reference by a key, whatever comes out.
fn let_go(case: &Case, at: KeyId) -> String {
    let key = &case.world.keys[at];
    let numbers = numbers(case, key.child, |_, action| {
        let mut decisions = key.child_columns.iter().map(|&column| action.decision(column));
        let is_moved = decisions.clone().any(|it| matches!(it, Some(Decision::Reassign(_))));
        is_moved || decisions.all(|it| matches!(it, Some(Decision::Null | Decision::Default)))
    });
    format!("d.r in ({numbers})")
}
