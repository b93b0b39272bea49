//! Which rows, as SQL?

use crate::oracle::print::{column_list, ident, literal, rows_of};
use crate::oracle::rules::{Case, Decision, Reach, Rule, Whose};
use crate::oracle::world::{ColumnId, KeyId, TableId, Value};

/// A table's primary key, with commas.
pub fn key(case: &Case, table: TableId) -> String {
    let table = &case.world.tables[table];
    column_list(table, &table.primary)
}

/// A table's primary key behind an alias.
pub fn key_of(case: &Case, table: TableId, alias: &str) -> String {
    let table = &case.world.tables[table];
    table.primary.iter().map(|&id| format!("{alias}.{}", ident(&table.columns[id].name))).collect::<Vec<_>>().join(", ")
}

/// The number of the first rule that matches `t`.
pub fn decided(case: &Case, table: TableId) -> String {
    let rules = case.policy.rules(table).unwrap_or_default();
    let branch = |(number, rule): (usize, &Rule)| {
        let condition = rule.condition.as_ref().map_or("true".into(), |it| it.sql(&case.world, table, Some("t")));
        format!(" when {} and ({condition}) then {number}", reach(case, table, &rule.reach))
    };
    match rules {
        [] => "-1".into(),
        rules => format!("case{} else -1 end", rules.iter().enumerate().map(branch).collect::<String>()),
    }
}

/// Whether `t` is within reach.
pub fn reach(case: &Case, table: TableId, reach: &Reach) -> String {
    let each: Vec<String> = match reach {
        Reach::EveryRow => vec!["true".into()],
        Reach::BySubject(columns) => vec![is_person(case, table, columns, "t")],
        Reach::Parents(keys, _) => keys.iter().map(|&key| is_pointed_at(case, key)).collect(),
        Reach::Implied | Reach::Via(_) | Reach::Misspelt(_) => {
            let paths = case.policy.resolved(&case.world, table, reach).unwrap_or_default();
            let others = match case.policy.whose == Whose::Rows && table == case.policy.subject {
                true => is_somebody_else(case, table, "t"),
                false => "true".into(),
            };
            let rows = |path: &Vec<KeyId>| match &path[..] {
                [] => follow(case, path, "t", 0),
                _ => format!("({others} and {})", follow(case, path, "t", 0)),
            };
            paths.iter().map(rows).collect()
        }
    };
    format!("({})", each.join(" or "))
}

/// Whether a row that some rule decides references `t`.
fn is_pointed_at(case: &Case, key: KeyId) -> String {
    let foreign = &case.world.keys[key];
    let (child, own) = (foreign.child, rows_of(&case.world.tables[foreign.child]));
    format!(
        "exists (select 1 from {own} as r join s{child} as d on ({}) = ({}) where d.r >= 0 and not {} and {})",
        key_of(case, child, "r"),
        key_of(case, child, "d"),
        is_somebody_else(case, child, "r"),
        matches(case, key, "r", "t")
    )
}

/// Whether a row is another person's than those who are erased.
pub fn is_somebody_else(case: &Case, table: TableId, alias: &str) -> String {
    if case.policy.whose == Whose::Rows && table == case.policy.subject {
        format!("not {}", is_person(case, table, case.key_columns(), alias))
    } else {
        "false".into()
    }
}

/// Whether a row's natural key changes, or what it references by it does.
pub fn is_renamed(case: &Case, (table, column): (TableId, ColumnId), alias: &str, seen: &mut Vec<KeyId>) -> String {
    let carried = |rule: &Rule| matches!(rule.action.decision(column), Some(Decision::Propagate(_)));
    let rules = case.policy.rules(table).unwrap_or_default().iter().enumerate();
    let numbers: Vec<String> = rules.filter(|(_, rule)| carried(rule)).map(|(number, _)| number.to_string()).collect();
    let own = match numbers.is_empty() {
        true => "false".into(),
        false => format!(
            "exists (select 1 from s{table} as q where ({}) = ({}) and q.r in ({}) and not q.h)",
            key_of(case, table, alias),
            key_of(case, table, "q"),
            numbers.join(", ")
        ),
    };
    let mut each = vec![own];
    for (id, key) in case.world.keys.iter().enumerate().filter(|(_, key)| key.child == table) {
        let Some(place) = key.child_columns.iter().position(|&own| own == column) else { continue };
        if seen.contains(&id) {
            continue;
        }
        seen.push(id);
        let parent = format!("u{}", seen.len());
        let above = is_renamed(case, (key.parent, key.parent_columns[place]), &parent, seen);
        each.push(references(case, id, alias, &parent, &format!("({above})")));
    }
    each.join(" or ")
}

/// Whether a row belongs to a person by a path.
pub fn follow(case: &Case, path: &[KeyId], alias: &str, depth: usize) -> String {
    match path.split_first() {
        None => is_person(case, case.policy.subject, case.key_columns(), alias),
        Some((&key, rest)) => {
            let parent = format!("p{depth}");
            references(case, key, alias, &parent, &follow(case, rest, &parent, depth + 1))
        }
    }
}

/// Whether a row references one of which something holds.
pub fn references(case: &Case, key: KeyId, child: &str, parent: &str, and: &str) -> String {
    let to = rows_of(&case.world.tables[case.world.keys[key].parent]);
    format!("exists (select 1 from {to} as {parent} where {} and {and})", matches(case, key, child, parent))
}

/// Whether one row references another.
pub fn matches(case: &Case, key: KeyId, child: &str, parent: &str) -> String {
    let key = &case.world.keys[key];
    let (from, to) = (&case.world.tables[key.child], &case.world.tables[key.parent]);
    let pair = |(&c, &p): (&ColumnId, &ColumnId)| {
        format!("{child}.{} = {parent}.{}", ident(&from.columns[c].name), ident(&to.columns[p].name))
    };
    let condition = key.condition().map(|it| format!("({})", it.sql(&case.world, key.child, Some(child))));
    let pairs: Vec<_> = key.child_columns.iter().zip(&key.parent_columns).map(pair).chain(condition).collect();
    pairs.join(" and ")
}

fn is_person(case: &Case, table: TableId, columns: &[ColumnId], alias: &str) -> String {
    let names: Vec<String> =
        columns.iter().map(|&own| format!("{alias}.{}", ident(&case.world.tables[table].columns[own].name))).collect();
    let key = |key: Vec<Value>| format!("({})", key.iter().map(literal).collect::<Vec<_>>().join(", "));
    let keys: Vec<String> = case.keys().into_iter().map(key).collect();
    format!("({}) in ({})", names.join(", "), keys.join(", "))
}
