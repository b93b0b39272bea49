//! How does a case look to a server?
//!
//! DDL and INSERTs, and the quoting that they share with conditions.

use super::rules::Report;
use super::world::{Column, ForeignKey, Layout, OnDelete, Table, Type, Value, World};

/// A name as SQL.
pub fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A qualified name as SQL.
pub fn table_name(table: &Table) -> String {
    format!("{}.{}", ident(table.schema), ident(&table.name))
}

/// A table's own rows, whoever inherits from it.
pub fn rows_of(table: &Table) -> String {
    match table.layout {
        Layout::Partitioned { .. } => table_name(table),
        Layout::Plain | Layout::Heir(_) => format!("only {}", table_name(table)),
    }
}

/// A value as SQL.
pub fn literal(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Integer(number) => number.to_string(),
        Value::Boolean(truth) => truth.to_string(),
        Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
    }
}

/// Names of columns as SQL, with commas.
pub fn column_list(table: &Table, columns: &[usize]) -> String {
    columns.iter().map(|&column| ident(&table.columns[column].name)).collect::<Vec<_>>().join(", ")
}

/// The schemas that cases live in, emptied before each.
pub const SCHEMAS: [&str; 2] = ["public", "Club House"];

/// Everything that has to be run before a policy: an empty database becomes the case's.
pub fn setup(world: &World) -> String {
    let mut sql = String::from("set client_min_messages = warning;\n");
    for schema in SCHEMAS {
        sql += &format!("drop schema if exists {0} cascade;\ncreate schema {0};\n", ident(schema));
    }
    // Tables that reference each other can only be filled before they do.
    sql + &ddl(world) + &inserts(world) + &foreign_keys(world)
}

/// The foreign keys that the database knows of.
pub fn foreign_keys(world: &World) -> String {
    world.keys.iter().filter(|key| !key.is_virtual()).map(|key| foreign_key(world, key)).collect()
}

/// The tables of a case, without foreign keys.
pub fn ddl(world: &World) -> String {
    let mut sql = String::new();
    for enumeration in &world.enums {
        let labels: Vec<_> = enumeration.labels.iter().map(|&label| literal(&Value::Text(label.into()))).collect();
        sql += &format!("create type public.{} as enum ({});\n", ident(enumeration.name), labels.join(", "));
    }
    for table in &world.tables {
        let mut lines: Vec<String> = table
            .columns
            .iter()
            .map(|column| {
                let null = if column.nullable { "" } else { " not null" };
                let default =
                    column.default.as_ref().map_or(String::new(), |value| format!(" default {}", literal(value)));
                format!("  {} {}{default}{null}", ident(&column.name), type_name(world, column.ty))
            })
            .collect();
        lines.push(format!("  primary key ({})", column_list(table, &table.primary)));
        lines.extend(table.uniques.iter().map(|columns| format!("  unique ({})", column_list(table, columns))));
        let (kept, more) = layout(world, table);
        sql += &format!("create table {} (\n{}\n){kept};\n{more}", table_name(table), lines.join(",\n"));
    }
    sql
}

/// Where a table's rows are kept: what stands behind its columns, and what has to be said later.
fn layout(world: &World, table: &Table) -> (String, String) {
    match &table.layout {
        Layout::Plain => (String::new(), String::new()),
        Layout::Partitioned { by, nested } => {
            let by_hash = format!(" partition by hash ({})", ident(&table.columns[*by].name));
            let within = if *nested { by_hash.as_str() } else { "" };
            let part = |of: &str, number: usize, within: &str| {
                let name = Table { name: format!("{of}_{number}"), ..table.clone() };
                let of = Table { name: of.to_owned(), ..table.clone() };
                format!(
                    "create table {} partition of {} for values with (modulus 2, remainder {number}){within};\n",
                    table_name(&name),
                    table_name(&of)
                )
            };
            let mut parts = part(&table.name, 0, "") + &part(&table.name, 1, within);
            if *nested {
                let inner = format!("{}_1", table.name);
                parts += &(part(&inner, 0, "") + &part(&inner, 1, ""));
            }
            (by_hash, parts)
        }
        Layout::Heir(of) => {
            let above = &world.tables[*of];
            let unset = |(own, theirs): (&Column, &Column)| {
                let is_inherited = own.default.is_none() && theirs.default.is_some();
                let unset = format!("alter table {} alter {} drop default;\n", table_name(table), ident(&own.name));
                is_inherited.then_some(unset)
            };
            let unset = table.columns.iter().zip(&above.columns).filter_map(unset).collect();
            (format!(" inherits ({})", table_name(above)), unset)
        }
    }
}

fn foreign_key(world: &World, key: &ForeignKey) -> String {
    let action = match key.on_delete {
        OnDelete::NoAction => "",
        OnDelete::Restrict => " on delete restrict",
        OnDelete::Cascade => " on delete cascade",
        OnDelete::SetNull => " on delete set null",
        OnDelete::SetDefault => " on delete set default",
    };
    let (child, parent) = (&world.tables[key.child], &world.tables[key.parent]);
    format!(
        "alter table {} add constraint {} foreign key ({}) references {} ({}){action};\n",
        table_name(child),
        ident(&key.name),
        column_list(child, &key.child_columns),
        table_name(parent),
        column_list(parent, &key.parent_columns),
    )
}

pub fn type_name(world: &World, ty: Type) -> String {
    match ty {
        Type::Integer => "int".into(),
        Type::Bigint => "bigint".into(),
        Type::Text => "text".into(),
        Type::Varchar(length) => format!("varchar({length})"),
        Type::Boolean => "boolean".into(),
        Type::Date => "date".into(),
        Type::Timestamp => "timestamp".into(),
        Type::Numeric => "numeric(12, 2)".into(),
        Type::Texts => "text[]".into(),
        Type::Jsonb => "jsonb".into(),
        Type::Enum(id) => format!("public.{}", ident(world.enums[id].name)),
    }
}

/// The rows of a case.
pub fn inserts(world: &World) -> String {
    let mut sql = String::new();
    for table in world.tables.iter().filter(|table| !table.rows.is_empty()) {
        let row = |row: &Vec<Value>| format!("  ({})", row.iter().map(literal).collect::<Vec<_>>().join(", "));
        let rows: Vec<_> = table.rows.iter().map(row).collect();
        sql += &format!("insert into {} values\n{};\n", table_name(table), rows.join(",\n"));
    }
    sql
}

/// A query for a whole table as text, in the columns' order.
pub fn dump(table: &Table) -> String {
    let columns: Vec<_> = table.columns.iter().map(|column| format!("{}::text", ident(&column.name))).collect();
    format!("select {} from {}", columns.join(", "), rows_of(table))
}

impl Report {
    /// The report as a query.
    pub fn query(&self, world: &World) -> String {
        let table = &world.tables[self.table];
        let filter =
            self.condition.as_ref().map_or(String::new(), |it| format!(" where {}", it.sql(world, self.table, None)));
        let column = ident(&table.columns[self.column].name);
        format!("select {column}, count(*) from {}{filter} group by 1", table_name(table))
    }
}
