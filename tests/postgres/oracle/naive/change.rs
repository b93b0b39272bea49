//! What is carried out, as SQL?

use super::computed::{computed, digest_function, each};
use super::numbers;
use super::reach::{decided, key, key_of, matches};
use crate::oracle::engine::PlanFault;
use crate::oracle::law::{Form, law_of};
use crate::oracle::print::{ident, literal, rows_of, type_name};
use crate::oracle::rules::{Action, Case, Decision, Random};
use crate::oracle::world::{ColumnId, KeyId, TableId, Value};

/// New values first, then everything that goes.
pub fn statements(case: &Case, fault: Option<PlanFault>) -> Vec<String> {
    let world = &case.world;
    let (mut all, carry) = propagate(case);
    all.insert(0, digest_function(fault));
    if !carry.is_empty() {
        // Old and new keys don't fit together until all of them are new.
        all.insert(0, "set local session_replication_role = replica".into());
    }
    let mut deletes: Vec<String> = Vec::new();
    for id in (0..world.tables.len()).rev() {
        let (name, key) = (rows_of(&world.tables[id]), key(case, id));
        let in_rule = |numbers: &str| match fault {
            Some(PlanFault::CaptureLeftOut) => format!("({}) in ({numbers})", decided(case, id)),
            _ => format!("({key}) in (select {key} from s{id} where r in ({numbers}) and not h)"),
        };
        for (number, rule) in case.policy.rules(id).unwrap_or_default().iter().enumerate() {
            let sets = assignments(case, id, &rule.action);
            if !sets.is_empty() {
                all.push(format!("update {name} as t set {sets} where {}", in_rule(&number.to_string())));
            }
        }
        let gone = format!("({key}) in (select {key} from s{id} where g)");
        if fault == Some(PlanFault::CaptureLeftOut) {
            let now = in_rule(&numbers(case, id, |_, action| action.deletes()));
            all.push(format!("delete from {name} as t where {now} or {gone}"));
        } else {
            deletes.push(format!("delete from {name} as t where {gone}"));
        }
    }
    all.extend(carry);
    all.push("set local session_replication_role = origin".into());
    if fault == Some(PlanFault::EdgeDropped) {
        all.extend(deletes.into_iter().rev());
    } else if !deletes.is_empty() {
        // One statement: keys are looked at when it ends, whatever references what.
        let each = deletes.iter().enumerate().map(|(number, delete)| format!("d{number} as ({delete})"));
        all.push(format!("with {} select 1", each.collect::<Vec<_>>().join(",\n")));
    }
    all
}

fn assignments(case: &Case, table: TableId, action: &Action) -> String {
    let columns = &case.world.tables[table].columns;
    let set = |id: ColumnId| {
        let decision = action.decision(id)?;
        match decision {
            Decision::Keep | Decision::Undecided | Decision::Propagate(_) => None,
            _ => Some(format!("{} = {}", ident(&columns[id].name), value(case, table, id, decision))),
        }
    };
    (0..columns.len()).filter_map(set).collect::<Vec<_>>().join(", ")
}

/// A new value, over the columns of `t`.
fn value(case: &Case, table: TableId, id: ColumnId, decision: &Decision) -> String {
    match decision {
        Decision::Keep | Decision::Undecided => ident(&case.world.tables[table].columns[id].name),
        Decision::Null => "null".into(),
        Decision::Default => "default".into(),
        Decision::Replace(text) | Decision::Reassign(text) => literal(&Value::Text(text.clone())),
        Decision::Sql(expression) => expression.sql(&case.world, table),
        Decision::Mask(_) | Decision::Generalize(_) | Decision::ShiftDays(_) | Decision::Pseudonymize(_) => {
            let column = &case.world.tables[table].columns[id];
            let made = computed(case, &format!("t.{}", ident(&column.name)), column.ty, decision);
            format!("cast({made} as {})", type_name(&case.world, column.ty))
        }
        Decision::Randomize(random) => {
            let column = &case.world.tables[table].columns[id];
            let (name, ty) = (ident(&column.name), type_name(&case.world, column.ty));
            format!("case when t.{name} is not null then cast({} as {ty}) end", random_sql(case, table, id, random))
        }
        Decision::Propagate(decision) => value(case, table, id, decision),
    }
}

/// Everything that has a new value because of `propagate`: how it is remembered in `v…`, and how it is written where
/// no rule has written something else.
fn propagate(case: &Case) -> (Vec<String>, Vec<String>) {
    let (mut remember, mut write, mut moved) = (Vec::new(), Vec::new(), Vec::new());
    let mut open: Vec<(TableId, ColumnId, String)> = Vec::new();
    let mut number = 0;
    for entry in &case.policy.tables {
        let it = &case.world.tables[entry.table];
        for (rule, id) in (0..entry.rules.len()).flat_map(|rule| (0..it.columns.len()).map(move |id| (rule, id))) {
            let Some(Decision::Propagate(decision)) = entry.rules[rule].action.decision(id) else { continue };
            let key = key(case, entry.table);
            let name = format!("v{number}");
            number += 1;
            remember.push(format!(
                "create temp table {name} on commit drop as select {}, {own} as efface_old, {} as efface_new from {} as t join s{} as s using ({key}) \
                 where s.r = {rule} and not s.h and not s.g",
                key_of(case, entry.table, "t"),
                value(case, entry.table, id, decision),
                rows_of(it),
                entry.table,
                own = ident(&it.columns[id].name),
            ));
            open.push((entry.table, id, name));
        }
    }
    while let Some((table, id, name)) = open.pop() {
        write.push(format!(
            "update {} as t set {own} = v.efface_new from {name} as v \
             where ({}) = ({}) and t.{own} is not distinct from v.efface_old",
            rows_of(&case.world.tables[table]),
            key_of(case, table, "t"),
            key_of(case, table, "v"),
            own = ident(&case.world.tables[table].columns[id].name),
        ));
        for (at, foreign) in case.world.keys.iter().enumerate().filter(|(_, foreign)| foreign.parent == table) {
            let pairs = foreign.child_columns.iter().zip(&foreign.parent_columns);
            for (&own, _) in pairs.filter(|(_, parent)| **parent == id) {
                let below = format!("v{number}");
                number += 1;
                remember.push(format!(
                    "create temp table {below} on commit drop as select {}, c.{} as efface_old, v.efface_new from {} as c join {} as p on {} \
                     join {name} as v on ({}) = ({})",
                    key_of(case, foreign.child, "c"),
                    ident(&case.world.tables[foreign.child].columns[own].name),
                    rows_of(&case.world.tables[foreign.child]),
                    rows_of(&case.world.tables[table]),
                    matches(case, at, "c", "p"),
                    key_of(case, table, "p"),
                    key_of(case, table, "v"),
                ));
                open.push((foreign.child, own, below));
                moved.extend(move_along(case, (at, own), &name));
            }
        }
    }
    write.extend(moved);
    (remember, write)
}

/// References that a rule has moved to a row whose natural key is called otherwise now, as `v…` remembers.
fn move_along(case: &Case, (at, own): (KeyId, ColumnId), remembered: &str) -> Option<String> {
    let foreign = &case.world.keys[at];
    let rules = case.policy.rules(foreign.child).unwrap_or_default().iter().enumerate();
    let moving: Vec<String> = rules
        .filter(|(_, rule)| foreign.child_columns == [own] && case.is_moved(Some(rule), own))
        .map(|(number, _)| number.to_string())
        .collect();
    let condition = foreign.condition().map_or("true".into(), |it| it.sql(&case.world, foreign.child, Some("t")));
    (!moving.is_empty()).then(|| {
        format!(
            "update {} as t set {column} = v.efface_new from {remembered} as v, s{child} as d where ({}) = ({}) \
             and d.r in ({}) and not d.h and not d.g and t.{column} = v.efface_old and ({condition})",
            rows_of(&case.world.tables[foreign.child]),
            key_of(case, foreign.child, "t"),
            key_of(case, foreign.child, "d"),
            moving.join(", "),
            column = ident(&case.world.tables[foreign.child].columns[own].name),
            child = foreign.child,
        )
    })
}

fn random_sql(case: &Case, table: TableId, column: ColumnId, random: &Random) -> String {
    let law = law_of(&case.world, table, column, random);
    if let Form::Each(form) = &law.form {
        let name = format!("t.{}", ident(&case.world.tables[table].columns[column].name));
        let element = form_sql(form, law.fits);
        return each(&name, &format!("case when e.value is not null then {element} end"));
    }
    form_sql(&law.form, law.fits)
}

/// A value of a form, of so many characters at most.
fn form_sql(form: &Form, fits: usize) -> String {
    let text = |text: &str| literal(&Value::Text(text.into()));
    match form {
        Form::Hex { length } => {
            format!("left(md5(gen_random_uuid()::text), {})", length.unwrap_or(fits).min(fits).min(32))
        }
        Form::Email { domain } => {
            let left = fits.saturating_sub(domain.len() + 1).min(32);
            format!("left(md5(gen_random_uuid()::text), {left}) || '@{domain}'")
        }
        Form::Words => text("Somebody Else"),
        Form::Picture(picture) => text(&picture.replace('#', "5")),
        Form::Integer { min, .. } => format!("({min})"),
        Form::Date { min, .. } => text(min),
        Form::Fraction => "0.25".into(),
        Form::Moment => text("1999-12-31 23:59:59"),
        Form::Boolean => "true".into(),
        Form::OneOf(values) => text(values[0]),
        Form::Document => "jsonb_build_object('random', md5(gen_random_uuid()::text))".into(),
        // An array's elements are looked at one by one, and what is moved isn't random as a whole.
        Form::Each(_) | Form::Moved { .. } => "null".into(),
    }
}
