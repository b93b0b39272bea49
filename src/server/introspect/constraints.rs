//! What do the tables' constraints and indexes say?

use tokio_postgres::Row;

use super::columns::Types;
use super::relations::{Place, Relations};
use super::{get, ident, idents, sorted, unknown};
use crate::catalog::{Check, CheckTime, ColumnPair, Exclusion, ForeignKey, ReferentialAction, UniqueIndex};
use crate::ident::TableName;
use crate::server::ServerError;

pub(super) fn read_checks(rows: &[Row], relations: &mut Relations, types: &mut Types) -> Result<(), ServerError> {
    for row in rows {
        let (relation, domain): (u32, u32) = (get(row, "relation")?, get(row, "type")?);
        let name = ident(row, "name")?;
        let expression = get::<Option<String>>(row, "expression")?.unwrap_or_default();
        let not_valid = !get::<bool>(row, "is_valid")?;
        if domain != 0 {
            types.add_check(domain, Check { name, expression, columns: Vec::new(), not_valid, partition: None });
            continue;
        }
        let own_name = relations.name(relation).cloned();
        let (table, partition) = match relations.place(relation) {
            Place::Table(table) => (table, None),
            // What one partition refuses, the table refuses for some of its rows.
            Place::PartitionOf(table) if get(row, "own")? => (table, own_name),
            Place::PartitionOf(_) => continue,
            Place::Elsewhere => {
                relations.note_on("CHECK constraint", name, relation);
                continue;
            }
        };
        let columns = sorted(row, "columns")?;
        match get::<String>(row, "kind")?.as_str() {
            "c" => table.checks.push(Check { name, expression, columns, not_valid, partition }),
            "x" => table.exclusions.push(Exclusion { name, definition: get(row, "definition")?, columns }),
            code => return Err(unknown("pg_constraint.contype", code)),
        }
    }
    Ok(())
}

pub(super) fn read_indexes(rows: &[Row], relations: &mut Relations) -> Result<(), ServerError> {
    for row in rows {
        let (relation, unique, primary): (u32, bool, bool) =
            (get(row, "relation")?, get(row, "is_unique")?, get(row, "is_primary")?);
        let (table, whole) = match relations.place(relation) {
            Place::Table(table) => (table, true),
            // An index that only one partition has serves no search of the table, but what it refuses is refused.
            Place::PartitionOf(table) if unique && !get::<bool>(row, "is_attached")? => (table, false),
            Place::PartitionOf(_) | Place::Elsewhere => continue,
        };
        let columns = idents(row, "key_columns")?;
        let (valid, partial): (bool, bool) = (get(row, "is_valid")?, get(row, "is_partial")?);
        let leading = usize::try_from(get::<i64>(row, "leading")?).unwrap_or_default();
        let searchable = matches!(get::<String>(row, "method")?.as_str(), "btree" | "hash");
        if whole && valid && searchable && !partial && leading > 0 {
            table.indexed.push(columns.iter().take(leading).cloned().collect());
        }
        if whole && valid && primary {
            table.primary_key = columns.clone();
        }
        if unique {
            table.unique.push(UniqueIndex {
                name: ident(row, "name")?,
                definition: get(row, "definition")?,
                columns,
                expression_columns: sorted(row, "expression_columns")?,
                predicate_columns: sorted(row, "predicate_columns")?,
                partial,
                nulls_not_distinct: get(row, "nulls_not_distinct")?,
                deferrable: get(row, "is_deferrable")?,
                in_part: !(whole && valid),
            });
        }
    }
    Ok(())
}

pub(super) fn read_foreign_keys(rows: &[Row], relations: &mut Relations) -> Result<Vec<ForeignKey>, ServerError> {
    let mut keys = Vec::new();
    for row in rows {
        let (child, parent): (u32, u32) = (get(row, "child")?, get(row, "parent")?);
        if relations.name(child).is_none() && relations.name(parent).is_none() {
            // Within the ledger, which is no part of the catalog.
            continue;
        }
        let name = ident(row, "name")?;
        let pairs: Vec<_> = idents(row, "child_columns")?
            .into_iter()
            .zip(idents(row, "parent_columns")?)
            .map(|(child, parent)| ColumnPair { child, parent })
            .collect();
        let strange = if relations.is_partition(child) {
            Some("foreign key of one partition")
        } else if relations.is_partition(parent) {
            Some("foreign key to one partition")
        } else if get(row, "is_temporal")? {
            Some("temporal foreign key")
        } else if relations.root(child).is_none() || relations.root(parent).is_none() {
            Some("foreign key from or to a table of an extension")
        } else {
            None
        };
        let both = (relations.name(child).cloned(), relations.name(parent).cloned());
        let (None, (Some(child_name), Some(parent_name))) = (strange, both) else {
            let kind = strange.unwrap_or("foreign key");
            let name = TableName { schema: ident(row, "schema")?, name };
            relations.note_key(kind, name, [child, parent], pairs);
            continue;
        };
        let match_full = match get::<String>(row, "match")?.as_str() {
            "s" => false,
            "f" => true,
            code => return Err(unknown("pg_constraint.confmatchtype", code)),
        };
        keys.push(ForeignKey {
            name,
            child: child_name,
            parent: parent_name,
            pairs,
            on_delete: action("pg_constraint.confdeltype", &get::<String>(row, "on_delete")?)?,
            on_update: action("pg_constraint.confupdtype", &get::<String>(row, "on_update")?)?,
            set_columns: sorted(row, "set_columns")?,
            match_full,
            check: match (get(row, "is_deferrable")?, get(row, "is_deferred")?) {
                (false, _) => CheckTime::Immediate,
                (true, false) => CheckTime::DeferrableImmediate,
                (true, true) => CheckTime::DeferrableDeferred,
            },
            not_valid: !get::<bool>(row, "is_valid")?,
            unenforced: get(row, "is_unenforced")?,
            basis: crate::catalog::Basis::Declared,
        });
    }
    Ok(keys)
}

fn action(column: &'static str, code: &str) -> Result<ReferentialAction, ServerError> {
    match code {
        "a" => Ok(ReferentialAction::NoAction),
        "r" => Ok(ReferentialAction::Restrict),
        "c" => Ok(ReferentialAction::Cascade),
        "n" => Ok(ReferentialAction::SetNull),
        "d" => Ok(ReferentialAction::SetDefault),
        code => Err(unknown(column, code)),
    }
}
