//! What are the tables' columns made of?

use std::collections::BTreeMap;

use tokio_postgres::Row;

use super::relations::{Place, Relations};
use super::{get, ident, idents, sorted, unknown};
use crate::catalog::{Check, Column, CompositeType, Domain, EnumType, Field, Generated};
use crate::ident::{Ident, TableName};
use crate::pgtype::PgType;
use crate::server::ServerError;

/// The types in use by oid.
pub(super) struct Types(BTreeMap<u32, Type>);

struct Type {
    name: TableName,
    kind: String,
    base: u32,
    base_typmod: i32,
    element: u32,
    not_null: bool,
    default: Option<String>,
    type_sql: String,
    labels: Vec<String>,
    /// Of a composite type: names, types and type modifiers.
    fields: Vec<(Ident, u32, i32)>,
    /// Of a range or multirange: the type of its bounds.
    subtype: Option<u32>,
    extension: Option<String>,
    checks: Vec<Check>,
}

pub(super) fn read_types(rows: &[Row]) -> Result<Types, ServerError> {
    let mut types = BTreeMap::new();
    for row in rows {
        let found = Type {
            name: TableName { schema: ident(row, "schema")?, name: ident(row, "name")? },
            kind: get(row, "kind")?,
            base: get(row, "base")?,
            base_typmod: get(row, "base_typmod")?,
            element: get(row, "element")?,
            not_null: get(row, "not_null")?,
            default: get(row, "expression")?,
            type_sql: get(row, "type_sql")?,
            labels: get(row, "labels")?,
            fields: fields(row)?,
            subtype: get(row, "subtype")?,
            extension: get(row, "extension")?,
            checks: Vec::new(),
        };
        types.insert(get(row, "oid")?, found);
    }
    Ok(Types(types))
}

fn fields(row: &Row) -> Result<Vec<(Ident, u32, i32)>, ServerError> {
    let names: Vec<Ident> = idents(row, "field_names")?;
    let types: Vec<u32> = get(row, "field_types")?;
    let typmods: Vec<i32> = get(row, "field_typmods")?;
    Ok(names.into_iter().zip(types).zip(typmods).map(|((name, ty), typmod)| (name, ty, typmod)).collect())
}

/// The types that have more to tell than a name.
pub(super) struct TypesFound {
    pub enums: Vec<EnumType>,
    pub domains: Vec<Domain>,
    pub composites: Vec<CompositeType>,
}

impl Types {
    /// Adds a CHECK to a domain.
    pub(super) fn add_check(&mut self, domain: u32, check: Check) {
        if let Some(found) = self.0.get_mut(&domain) {
            found.checks.push(check);
        }
    }

    /// The type with its domains unfolded; those that were are pushed, outermost first.
    fn unfold(&self, oid: u32, typmod: i32, domains: &mut Vec<TableName>) -> Result<PgType, ServerError> {
        let (mut oid, mut typmod) = (oid, typmod);
        loop {
            let found = self.0.get(&oid).ok_or_else(|| unknown("pg_attribute.atttypid", &oid.to_string()))?;
            match found.kind.as_str() {
                "d" => {
                    domains.push(found.name.clone());
                    (oid, typmod) = (found.base, found.base_typmod);
                }
                "e" => return Ok(PgType::Enum { name: found.name.clone() }),
                // An array of a NOT NULL domain takes NULL itself: its elements' domains are not the column's.
                "b" if found.element != 0 => {
                    let mut domains = Vec::new();
                    let of = Box::new(self.unfold(found.element, typmod, &mut domains)?);
                    return Ok(PgType::Array { of, domains });
                }
                "b" if found.extension.as_deref() == Some("citext") && found.name.name.as_str() == "citext" => {
                    return Ok(PgType::Citext);
                }
                "b" if found.name.schema.as_str() == "pg_catalog" => return Ok(builtin(found, typmod)),
                "c" => return Ok(PgType::Composite { name: found.name.clone() }),
                code @ ("r" | "m") => {
                    let subtype = found.subtype.ok_or_else(|| unknown("pg_range.rngsubtype", &found.type_sql))?;
                    let of = Box::new(self.unfold(subtype, -1, &mut Vec::new())?);
                    return Ok(PgType::Range { name: found.type_sql.clone(), of, multi: code == "m" });
                }
                // Pseudo-types, and base types that somebody made.
                "b" | "p" => return Ok(PgType::Other { name: found.type_sql.clone() }),
                code => return Err(unknown("pg_type.typtype", code)),
            }
        }
    }

    pub(super) fn into_catalog(self) -> Result<TypesFound, ServerError> {
        let composites = self.0.values().filter(|found| found.kind == "c").map(|found| self.composite(found));
        let composites = composites.collect::<Result<_, _>>()?;
        let (mut enums, mut domains) = (Vec::new(), Vec::new());
        for found in self.0.into_values() {
            match found.kind.as_str() {
                "e" => enums.push(EnumType { name: found.name, labels: found.labels }),
                // information_schema has domains of its own, which views are made of and no table should be.
                "d" => domains.push(Domain {
                    name: found.name,
                    not_null: found.not_null,
                    default: found.default,
                    checks: found.checks,
                }),
                _ => {}
            }
        }
        Ok(TypesFound { enums, domains, composites })
    }

    fn composite(&self, found: &Type) -> Result<CompositeType, ServerError> {
        let field = |(name, ty, typmod): &(Ident, u32, i32)| {
            let mut domains = Vec::new();
            let ty = self.unfold(*ty, *typmod, &mut domains)?;
            Ok(Field { name: name.clone(), ty, domains })
        };
        let fields = found.fields.iter().map(field).collect::<Result<_, ServerError>>()?;
        Ok(CompositeType { name: found.name.clone(), fields })
    }
}

/// The types of pg_catalog; the type modifier's meaning is each type's own (`typmodin` in PostgreSQL's sources).
fn builtin(found: &Type, typmod: i32) -> PgType {
    // Character types count four bytes of header.
    let limit = u32::try_from(typmod - 4).ok();
    match found.name.name.as_str() {
        "text" => PgType::Text { limit: None },
        "varchar" => PgType::Text { limit },
        // Without a length, bpchar takes any; it is then text whose trailing blanks don't count.
        "bpchar" => limit.map_or(PgType::Text { limit: None }, |length| PgType::Char { length }),
        "name" => PgType::Name,
        "int2" => PgType::SmallInt,
        "int4" => PgType::Integer,
        "int8" => PgType::BigInt,
        "numeric" => match limit {
            None => PgType::Numeric { precision: None, scale: None },
            // Sixteen bits of precision; eleven of scale, which is signed from 15 on.
            Some(bits) => {
                let scale = i32::try_from(bits & 0x7ff).map(|scale| (scale ^ 1024) - 1024).unwrap_or_default();
                PgType::Numeric { precision: Some((bits >> 16) & 0xffff), scale: Some(scale) }
            }
        },
        "float4" => PgType::Real,
        "float8" => PgType::Double,
        "bool" => PgType::Boolean,
        "date" => PgType::Date,
        "time" => PgType::Time,
        "timestamp" => PgType::Timestamp,
        "timestamptz" => PgType::Timestamptz,
        "interval" => PgType::Interval,
        "uuid" => PgType::Uuid,
        "json" => PgType::Json,
        "jsonb" => PgType::Jsonb,
        "bytea" => PgType::Bytea,
        "inet" => PgType::Inet,
        "cidr" => PgType::Cidr,
        "bit" => PgType::Bit { length: u32::try_from(typmod).unwrap_or(1) },
        "varbit" => PgType::VarBit { limit: u32::try_from(typmod).ok() },
        _ => PgType::Other { name: found.type_sql.clone() },
    }
}

pub(super) fn read_columns(rows: &[Row], types: &Types, relations: &mut Relations) -> Result<(), ServerError> {
    let mut refused_by_partitions = Vec::new();
    for row in rows {
        let relation: u32 = get(row, "relation")?;
        match relations.place(relation) {
            Place::Table(table) => table.columns.push(column(row, types)?),
            Place::PartitionOf(_) if get(row, "not_null")? => {
                refused_by_partitions.push((relation, ident(row, "name")?))
            }
            Place::PartitionOf(_) | Place::Elsewhere => {}
        }
    }
    // A partition can refuse what its root takes: then the table refuses it, for some of its rows only.
    for (partition, name) in refused_by_partitions {
        if let Place::PartitionOf(table) = relations.place(partition) {
            for column in table.columns.iter_mut().filter(|column| column.name == name && !column.not_null) {
                (column.not_null, column.not_null_in_part) = (true, true);
            }
        }
    }
    Ok(())
}

fn column(row: &Row, types: &Types) -> Result<Column, ServerError> {
    let mut domains = Vec::new();
    let ty = types.unfold(get(row, "type")?, get(row, "typmod")?, &mut domains)?;
    let (identity, generated): (String, String) = (get(row, "identity")?, get(row, "generated")?);
    let expression: Option<String> = get(row, "expression")?;
    let (generated, default) = match (identity.as_str(), generated.as_str()) {
        ("", "") => (Generated::No, expression),
        ("a", "") => (Generated::IdentityAlways, None),
        ("d", "") => (Generated::IdentityByDefault, None),
        // Stored, or (18) computed when read: neither can be set.
        ("", "s" | "v") => {
            (Generated::Expression { sql: expression.unwrap_or_default(), from: sorted(row, "made_of")? }, None)
        }
        ("", code) => return Err(unknown("pg_attribute.attgenerated", code)),
        (code, _) => return Err(unknown("pg_attribute.attidentity", code)),
    };
    Ok(Column {
        name: ident(row, "name")?,
        type_sql: get(row, "type_sql")?,
        ty,
        domains,
        nondeterministic: get(row, "nondeterministic")?,
        not_null: get(row, "not_null")?,
        not_null_in_part: get(row, "not_null_in_part")?,
        default,
        generated,
    })
}
