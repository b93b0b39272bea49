//! What do a condition and an expression mean for one row?
//!
//! A small language that is printed as SQL for the policy and evaluated here in three-valued logic: `None` is unknown.

use super::print::{ident, literal, table_name};
use super::world::{ColumnId, Row, TableId, Value, World};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    Greater,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    True,
    Compare(ColumnId, Comparison, Value),
    IsNull(ColumnId),
    IsNotNull(ColumnId),
    IsTrue(ColumnId),
    In(ColumnId, Vec<Value>),
    Like(ColumnId, &'static str),
    Distinct(ColumnId, Value),
    Coalesced(ColumnId, Value),
    /// `column in (select other.column from other where …)`: how a scope reads another table.
    InSelect {
        column: ColumnId,
        table: TableId,
        selected: ColumnId,
        filter: Option<Box<Condition>>,
    },
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
    Not(Box<Condition>),
}

impl Condition {
    /// The truth for a row of a table, in the state of `world`.
    pub fn holds(&self, world: &World, row: &Row) -> Option<bool> {
        let known = |column: ColumnId| Some(&row[column]).filter(|value| !value.is_null());
        match self {
            Condition::True => Some(true),
            Condition::Compare(column, comparison, value) => known(*column).map(|found| match comparison {
                Comparison::Equal => found == value,
                Comparison::NotEqual => found != value,
                Comparison::Less => found < value,
                Comparison::Greater => found > value,
            }),
            Condition::IsNull(column) => Some(row[*column].is_null()),
            Condition::IsNotNull(column) => Some(!row[*column].is_null()),
            Condition::IsTrue(column) => known(*column).map(|found| *found == Value::Boolean(true)),
            Condition::In(column, values) => known(*column).and_then(|found| is_in(found, values)),
            Condition::Like(column, prefix) => {
                known(*column).map(|found| matches!(found, Value::Text(text) if text.starts_with(prefix)))
            }
            Condition::Distinct(column, value) => Some(row[*column] != *value),
            Condition::Coalesced(column, value) => Some(row[*column].is_null() || row[*column] == *value),
            Condition::InSelect { column, table, selected, filter } => {
                let passes =
                    |other: &&Row| filter.as_ref().is_none_or(|condition| condition.holds(world, other) == Some(true));
                let values: Vec<Value> =
                    world.rows_by_name(*table).filter(passes).map(|other| other[*selected].clone()).collect();
                if values.is_empty() {
                    return Some(false);
                }
                known(*column).and_then(|found| is_in(found, &values))
            }
            Condition::And(left, right) => match (left.holds(world, row), right.holds(world, row)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                (None, _) | (_, None) => None,
            },
            Condition::Or(left, right) => match (left.holds(world, row), right.holds(world, row)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                (None, _) | (_, None) => None,
            },
            Condition::Not(inner) => inner.holds(world, row).map(|truth| !truth),
        }
    }

    /// As SQL over the table's columns; `alias` qualifies them where the condition stands in a sub-select.
    pub fn sql(&self, world: &World, table: TableId, alias: Option<&str>) -> String {
        let column = |id: &ColumnId| {
            let name = ident(&world.tables[table].columns[*id].name);
            alias.map_or(name.clone(), |alias| format!("{alias}.{name}"))
        };
        let inner = |condition: &Condition| condition.sql(world, table, alias);
        match self {
            Condition::True => "true".into(),
            Condition::Compare(id, comparison, value) => {
                let operator = match comparison {
                    Comparison::Equal => "=",
                    Comparison::NotEqual => "<>",
                    Comparison::Less => "<",
                    Comparison::Greater => ">",
                };
                format!("{} {operator} {}", column(id), literal(value))
            }
            Condition::IsNull(id) => format!("{} is null", column(id)),
            Condition::IsNotNull(id) => format!("{} is not null", column(id)),
            Condition::IsTrue(id) => column(id),
            Condition::In(id, values) => {
                format!("{} in ({})", column(id), values.iter().map(literal).collect::<Vec<_>>().join(", "))
            }
            Condition::Like(id, prefix) => format!("{} like '{prefix}%'", column(id)),
            Condition::Distinct(id, value) => format!("{} is distinct from {}", column(id), literal(value)),
            Condition::Coalesced(id, value) => {
                format!("coalesce({}, {}) = {}", column(id), literal(value), literal(value))
            }
            Condition::InSelect { column: id, table: other, selected, filter } => {
                let selected = ident(&world.tables[*other].columns[*selected].name);
                let filter = filter
                    .as_ref()
                    .map_or(String::new(), |condition| format!(" where {}", condition.sql(world, *other, Some("o"))));
                let other = table_name(&world.tables[*other]);
                format!("{} in (select o.{selected} from {other} as o{filter})", column(id))
            }
            Condition::And(left, right) => format!("({} and {})", inner(left), inner(right)),
            Condition::Or(left, right) => format!("({} or {})", inner(left), inner(right)),
            Condition::Not(negated) => format!("not ({})", inner(negated)),
        }
    }

    /// The columns of its own table, and the columns of other tables, that the condition reads.
    pub fn reads(&self, table: TableId) -> Vec<(TableId, ColumnId)> {
        match self {
            Condition::True => Vec::new(),
            Condition::Compare(column, ..)
            | Condition::IsNull(column)
            | Condition::IsNotNull(column)
            | Condition::IsTrue(column)
            | Condition::In(column, _)
            | Condition::Like(column, _)
            | Condition::Distinct(column, _)
            | Condition::Coalesced(column, _) => vec![(table, *column)],
            Condition::InSelect { column, table: other, selected, filter } => {
                let mut all = vec![(table, *column), (*other, *selected)];
                all.extend(filter.iter().flat_map(|condition| condition.reads(*other)));
                all
            }
            Condition::And(left, right) | Condition::Or(left, right) => {
                left.reads(table).into_iter().chain(right.reads(table)).collect()
            }
            Condition::Not(inner) => inner.reads(table),
        }
    }
}

fn is_in(found: &Value, values: &[Value]) -> Option<bool> {
    match values.contains(found) {
        true => Some(true),
        false if values.iter().any(Value::is_null) => None,
        false => Some(false),
    }
}

/// What `{ sql: … }` may say, as far as the model understands it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    Literal(Value),
    /// Only over ASCII values: the rest is the collation's business.
    Upper(ColumnId),
    Lower(ColumnId),
    Column(ColumnId),
    Coalesce(ColumnId, Value),
    Prefixed(&'static str, ColumnId),
    Plus(ColumnId, i64),
    Missing(ColumnId, Value, Value),
}

impl Expression {
    pub fn value(&self, row: &Row) -> Value {
        let map = |column: &ColumnId, change: &dyn Fn(&str) -> String| match &row[*column] {
            Value::Text(text) => Value::Text(change(text)),
            other => other.clone(),
        };
        match self {
            Expression::Literal(value) => value.clone(),
            Expression::Upper(column) => map(column, &|text| text.to_ascii_uppercase()),
            Expression::Lower(column) => map(column, &|text| text.to_ascii_lowercase()),
            Expression::Column(column) => row[*column].clone(),
            Expression::Coalesce(column, value) if row[*column].is_null() => value.clone(),
            Expression::Coalesce(column, _) => row[*column].clone(),
            Expression::Prefixed(prefix, column) => map(column, &|text| format!("{prefix}{text}")),
            Expression::Plus(column, number) => match &row[*column] {
                Value::Integer(found) => Value::Integer(found + number),
                other => other.clone(),
            },
            Expression::Missing(column, value, _) if row[*column].is_null() => value.clone(),
            Expression::Missing(_, _, otherwise) => otherwise.clone(),
        }
    }

    /// The column that it reads.
    pub fn reads(&self) -> Option<ColumnId> {
        match self {
            Expression::Literal(_) => None,
            Expression::Upper(column)
            | Expression::Lower(column)
            | Expression::Column(column)
            | Expression::Coalesce(column, _)
            | Expression::Prefixed(_, column)
            | Expression::Plus(column, _)
            | Expression::Missing(column, ..) => Some(*column),
        }
    }

    pub fn sql(&self, world: &World, table: TableId) -> String {
        let column = |id: &ColumnId| ident(&world.tables[table].columns[*id].name);
        match self {
            Expression::Literal(value) => literal(value),
            Expression::Upper(id) => format!("upper({})", column(id)),
            Expression::Lower(id) => format!("lower({})", column(id)),
            Expression::Column(id) => column(id),
            Expression::Coalesce(id, value) => format!("coalesce({}, {})", column(id), literal(value)),
            Expression::Prefixed(prefix, id) => format!("'{prefix}' || {}", column(id)),
            Expression::Plus(id, number) => format!("{} + {number}", column(id)),
            Expression::Missing(id, value, otherwise) => {
                format!("case when {} is null then {} else {} end", column(id), literal(value), literal(otherwise))
            }
        }
    }
}
