//! Which values does the database know of the subjects that a policy would erase?

use super::explain::uncaptured;
use super::script::Sql;
use super::value;
use super::writer::{Scene, Writer};
use crate::catalog::{Catalog, ColumnId, TableId};
use crate::pgtype::PgType;
use crate::plan::{Plan, Predicate, StepAction};
use crate::resolve::ColumnChange;

/// Sets of rows, each with what takes the value's place.
type Rows = Vec<(Predicate, Option<ColumnChange>)>;

/// The values that are to go, column by column: those of `verify.gone`; where the policy names none, or all are wanted, those
/// that the subjects' own rows lose. Each with the column's name and a query for its texts, to be asked with
/// [`super::left_settings`].
pub fn known_values(plan: &Plan, catalog: &Catalog, all: bool) -> Vec<(String, Sql)> {
    let scene = Scene { inline: true, ..Scene::new(catalog, plan) };
    let mut known: Vec<((TableId, ColumnId), Rows)> = Vec::new();
    let mut add = |place: (TableId, ColumnId), rows: Rows| {
        if !rows.is_empty() && !known.iter().any(|(other, _)| *other == place) {
            known.push((place, rows));
        }
    };
    for gone in plan.gone.iter().flat_map(|gone| &gone.values) {
        if let Some(place) = gone.column {
            add(place, gone.rows.clone());
        }
    }
    let own = all || plan.gone.is_none();
    if let Some(table) = plan.subject.table().filter(|_| own) {
        let columns = catalog.table(table).columns.iter().enumerate().filter(|(_, column)| is_a_value(&column.ty));
        for column in columns.map(|(index, _)| ColumnId(index)) {
            let of_step = |action: &StepAction| match action {
                StepAction::Delete => Some(None),
                StepAction::Change(changes) => {
                    changes.iter().find(|change| change.column == column).map(|change| Some(change.clone()))
                }
            };
            let steps = plan.steps.iter().filter(|step| step.table == table);
            let rows = steps.filter_map(|step| Some((Predicate::Subject, of_step(&step.action)?)));
            add((table, column), rows.collect());
        }
    }
    let known = known.into_iter().map(|((id, column), rows)| {
        let table = catalog.table(id);
        let several = matches!(table.column_at(column).ty, PgType::Array { .. });
        let mut w = Writer::new();
        w.list(&rows, "\nUNION\n", |w, (rows, change)| {
            w.kw("SELECT ").kw(if several { "unnest(" } else { "" }).column(table, column).kw(if several {
                ")"
            } else {
                ""
            });
            w.kw("::text AS value FROM ").rows_of(catalog, &table.name).kw(" WHERE ");
            w.sql(&scene.rows(id, &uncaptured(plan, rows)));
            // A value that has taken another's place already is nobody's.
            if let Some(holds) = change.as_ref().and_then(|change| value::holds(&scene, table, change)) {
                w.kw(" AND (").sql(&holds).kw(") IS NOT TRUE");
            }
        });
        (catalog.spelled(id, column), w.finish())
    });
    known.collect()
}

/// Whether values of a type are texts of their own: a document or a blob as a whole stands nowhere else.
fn is_a_value(ty: &PgType) -> bool {
    match ty {
        PgType::Text { .. }
        | PgType::Char { .. }
        | PgType::Citext
        | PgType::Name
        | PgType::Uuid
        | PgType::Inet
        | PgType::Cidr => true,
        PgType::Array { of, .. } => is_a_value(of),
        PgType::Json
        | PgType::Jsonb
        | PgType::Bytea
        | PgType::Composite { .. }
        | PgType::Other { .. }
        | PgType::SmallInt
        | PgType::Integer
        | PgType::BigInt
        | PgType::Numeric { .. }
        | PgType::Real
        | PgType::Double
        | PgType::Boolean
        | PgType::Date
        | PgType::Time
        | PgType::Timestamp
        | PgType::Timestamptz
        | PgType::Interval
        | PgType::Enum { .. }
        | PgType::Bit { .. }
        | PgType::VarBit { .. }
        | PgType::Range { .. } => false,
    }
}
