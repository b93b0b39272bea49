//! A second, even simpler engine: the policy by hand-written SQL.
//!
//! Scopes are captured in temporary tables, then tables are worked off from the leaves upwards. It checks nothing, knows
//! nothing of plans, and shares nothing with the engine: it holds the model, and the generator, against a real server.

use super::engine::{Engine, EngineOutcome, PlanFault, Server};
use super::law::{Form, law_of};
use super::print::{column_list, ident, literal, table_name};
use super::world::{Action, Case, ColumnId, Decision, KeyId, Random, Reach, TableId, TableRules, Value};

pub struct Naive;

impl Engine for Naive {
    fn checks(&self) -> bool {
        false
    }

    fn run(&mut self, case: &Case, server: &mut dyn Server, fault: Option<PlanFault>) -> EngineOutcome {
        let outcome = run(case, server, fault);
        let end = if matches!(outcome, Ok(EngineOutcome::Done)) { "commit" } else { "rollback" };
        match server.sql(end).and(outcome) {
            Ok(outcome) => outcome,
            Err(text) => EngineOutcome::Failed(text),
        }
    }
}

fn run(case: &Case, server: &mut dyn Server, fault: Option<PlanFault>) -> Result<EngineOutcome, String> {
    let policy = &case.policy;
    server.sql("begin")?;
    if let Some(condition) = &policy.condition {
        let condition = condition.sql(&case.world, policy.subject, Some("t"));
        let person = reach(case, policy.subject, &Reach::Implied);
        let subject = table_name(&case.world.tables[policy.subject]);
        if server.rows(&format!("select 1 from {subject} as t where {person} and ({condition})"))?.is_empty() {
            return Ok(EngineOutcome::Failed("the subject doesn't qualify".into()));
        }
    }
    let mut blocked = Vec::new();
    for guard in &policy.guards {
        let condition =
            guard.condition.as_ref().map_or("true".into(), |it| it.sql(&case.world, guard.table, Some("t")));
        let table = table_name(&case.world.tables[guard.table]);
        let reach = reach(case, guard.table, &guard.reach);
        if !server.rows(&format!("select 1 from {table} as t where {reach} and ({condition})"))?.is_empty() {
            blocked.push(guard.name.clone());
        }
    }
    if !blocked.is_empty() {
        return Ok(EngineOutcome::Blocked(blocked));
    }
    let before = reports(case, server)?;
    for statement in statements(case, fault) {
        server.sql(&statement)?;
    }
    let after = reports(case, server)?;
    let moved = before.iter().zip(&after).zip(&policy.reports).filter(|((before, after), _)| before != after);
    let moved: Vec<String> = moved.map(|(_, report)| report.name.clone()).collect();
    Ok(if moved.is_empty() { EngineOutcome::Done } else { EngineOutcome::RolledBack(moved) })
}

fn reports(case: &Case, server: &mut dyn Server) -> Result<Vec<Vec<Vec<Option<String>>>>, String> {
    let queries = case.policy.reports.iter().map(|report| report.query(&case.world));
    queries.map(|query| server.rows(&format!("select r::text from ({query}) as r order by 1"))).collect()
}

/// Captures, then changes and deletes.
fn statements(case: &Case, fault: Option<PlanFault>) -> Vec<String> {
    let world = &case.world;
    let mut captures = Vec::new();
    for (id, table) in world.tables.iter().enumerate() {
        let key = column_list(table, &table.primary);
        let entry = case.policy.tables.iter().find(|entry| entry.table == id);
        let rule = entry.map_or("-1".into(), |entry| decided(case, entry));
        let name = table_name(table);
        captures.push(format!(
            "create temp table s{id} on commit drop as select {key}, {rule} as \"rule\" from {name} as t"
        ));
        // What a cascade takes: rows of its rules, then rows that reference rows already taken.
        let cascades = numbers(entry, |action| *action == Action::Cascade);
        captures.push(format!(
            "create temp table c{id} on commit drop as select {key} from s{id} where \"rule\" in ({cascades})"
        ));
    }
    for (id, table) in world.tables.iter().enumerate() {
        let key = column_list(table, &table.primary);
        for (at, foreign) in world.keys.iter().enumerate().filter(|(_, foreign)| foreign.child == id) {
            let parent = column_list(&world.tables[foreign.parent], &world.tables[foreign.parent].primary);
            let is_taken = references(
                case,
                at,
                "t",
                "p",
                &format!("({}) in (select {parent} from c{})", qualified(case, foreign.parent, "p"), foreign.parent),
            );
            let take = format!(
                "insert into c{id} select {key} from {} as t where {is_taken} and ({key}) not in (select {key} from c{id})",
                table_name(table)
            );
            let rounds = if foreign.parent == id { table.rows.len() } else { 1 };
            captures.extend(std::iter::repeat_n(take, rounds));
        }
    }
    let mut changes: Vec<String> = Vec::new();
    let mut deletes: Vec<String> = Vec::new();
    for id in (0..world.tables.len()).rev() {
        let table = &world.tables[id];
        let (name, key) = (table_name(table), column_list(table, &table.primary));
        let entry = case.policy.tables.iter().find(|entry| entry.table == id);
        let in_rule = |numbers: &str| match (fault, entry) {
            (Some(PlanFault::CaptureLeftOut), Some(entry)) => format!("({}) in ({numbers})", decided(case, entry)),
            _ => format!("({key}) in (select {key} from s{id} where \"rule\" in ({numbers}))"),
        };
        for (number, rule) in entry.iter().flat_map(|entry| entry.rules.iter().enumerate()) {
            let sets = assignments(case, id, &rule.action);
            if !sets.is_empty() {
                changes.push(format!("update {name} as t set {sets} where {}", in_rule(&number.to_string())));
            }
        }
        let gone = in_rule(&numbers(entry, Action::deletes));
        let delete = format!("delete from {name} as t where {gone} or ({key}) in (select {key} from c{id})");
        if fault == Some(PlanFault::CaptureLeftOut) { changes.push(delete) } else { deletes.push(delete) }
    }
    if fault == Some(PlanFault::EdgeDropped) {
        deletes.reverse();
    }
    captures.into_iter().chain(changes).chain(deletes).collect()
}

/// The numbers of the rules with such an action, for `in (…)`.
fn numbers(entry: Option<&TableRules>, wanted: impl Fn(&Action) -> bool) -> String {
    let rules = entry.map_or(&[][..], |entry| &entry.rules);
    let found = rules.iter().enumerate().filter(|(_, rule)| wanted(&rule.action)).map(|(number, _)| number.to_string());
    found.chain(["-2".into()]).collect::<Vec<_>>().join(", ")
}

/// The number of the first rule that matches `t`.
fn decided(case: &Case, entry: &TableRules) -> String {
    let branch = |(number, rule): (usize, &super::world::Rule)| {
        let condition = rule.condition.as_ref().map_or("true".into(), |it| it.sql(&case.world, entry.table, Some("t")));
        format!(" when {} and ({condition}) then {number}", reach(case, entry.table, &rule.reach))
    };
    format!("case{} else -1 end", entry.rules.iter().enumerate().map(branch).collect::<String>())
}

fn qualified(case: &Case, table: TableId, alias: &str) -> String {
    let table = &case.world.tables[table];
    table.primary.iter().map(|&id| format!("{alias}.{}", ident(&table.columns[id].name))).collect::<Vec<_>>().join(", ")
}

/// Whether `t` is within reach.
fn reach(case: &Case, table: TableId, reach: &Reach) -> String {
    if let Reach::BySubject(columns) = reach {
        return is_person(case, table, columns, "t");
    }
    let paths = case.policy.resolved(&case.world, table, reach).unwrap_or_default();
    let each: Vec<_> = paths.iter().map(|path| follow(case, path, "t", 0)).collect();
    format!("({})", each.join(" or "))
}

fn follow(case: &Case, path: &[KeyId], alias: &str, depth: usize) -> String {
    match path.split_first() {
        None => is_person(case, case.policy.subject, case.key_columns(), alias),
        Some((&key, rest)) => {
            let parent = format!("p{depth}");
            references(case, key, alias, &parent, &follow(case, rest, &parent, depth + 1))
        }
    }
}

fn references(case: &Case, key: KeyId, child: &str, parent: &str, and: &str) -> String {
    let key = &case.world.keys[key];
    let (from, to) = (&case.world.tables[key.child], &case.world.tables[key.parent]);
    let pair = |(&c, &p): (&ColumnId, &ColumnId)| {
        format!("{child}.{} = {parent}.{}", ident(&from.columns[c].name), ident(&to.columns[p].name))
    };
    let pairs: Vec<_> = key.child_columns.iter().zip(&key.parent_columns).map(pair).collect();
    format!("exists (select 1 from {} as {parent} where {} and {and})", table_name(to), pairs.join(" and "))
}

fn is_person(case: &Case, table: TableId, columns: &[ColumnId], alias: &str) -> String {
    let person = &case.world.tables[case.policy.subject].rows[case.person];
    let pair = |(&own, &key): (&ColumnId, &ColumnId)| {
        format!("{alias}.{} = {}", ident(&case.world.tables[table].columns[own].name), literal(&person[key]))
    };
    columns.iter().zip(case.key_columns()).map(pair).collect::<Vec<_>>().join(" and ")
}

fn assignments(case: &Case, table: TableId, action: &Action) -> String {
    let columns = &case.world.tables[table].columns;
    let set = |id: ColumnId| {
        let value = match action.decision(id)? {
            Decision::Keep | Decision::Undecided => return None,
            Decision::Null => "null".into(),
            Decision::Default => "default".into(),
            Decision::Replace(text) => literal(&Value::Text(text.clone())),
            Decision::Sql(expression) => expression.sql(&case.world, table),
            Decision::Randomize(random) => random_sql(case, table, id, random),
        };
        Some(format!("{} = {value}", ident(&columns[id].name)))
    };
    (0..columns.len()).filter_map(set).collect::<Vec<_>>().join(", ")
}

fn random_sql(case: &Case, table: TableId, column: ColumnId, random: &Random) -> String {
    let law = law_of(&case.world, table, column, random);
    let text = |text: &str| literal(&Value::Text(text.into()));
    match law.form {
        Form::Hex { length } => {
            format!("left(md5(gen_random_uuid()::text), {})", length.unwrap_or(law.fits).min(law.fits).min(32))
        }
        Form::Email { domain } => format!("md5(gen_random_uuid()::text) || '@{domain}'"),
        Form::Words => text("Somebody Else"),
        Form::Picture(picture) => text(&picture.replace('#', "5")),
        Form::Integer { min, .. } => format!("({min})"),
        Form::Date { min, .. } => text(min),
        Form::Boolean => "true".into(),
        Form::OneOf(values) => text(values[0]),
        Form::Nothing => "null".into(),
    }
}
