//! Which tables, columns and keys?

use super::Shape;
use crate::oracle::rng::Rng;
use crate::oracle::world::{
    Column, ColumnId, Declaration, Enumeration, ForeignKey, Layout, OnDelete, Table, TableId, Type, World,
};

const TABLES: [&str; 12] = [
    "users", "bookings", "visits", "payments", "notes", "members", "audits", "invoices", "messages", "photos", "plans",
    "shifts",
];
const ODD_TABLES: [&str; 9] =
    ["Order Items", "a\"b", "select", "Übung", "Person", "group", "it's", "v1.2", "naïve  table"];
const COLUMNS: [&str; 12] =
    ["name", "email", "note", "status", "title", "phone", "city", "height", "born_on", "profile", "is_open", "amount"];
const ODD_COLUMNS: [&str; 12] =
    ["Full Name", "order", "größe", "it's", "a\"b", "No", "on", "x.y", "user", "null", "1st", "->"];

/// A schema without rows, and the subject's table.
pub fn world(rng: &mut Rng, shape: &Shape) -> (World, TableId) {
    let enums = vec![
        Enumeration { name: "status", labels: vec!["booked", "attended", "cancelled"] },
        Enumeration { name: "Kind of", labels: vec!["in progress", "it's", "Ünklar"] },
    ];
    let mut world = World { enums, tables: Vec::new(), keys: Vec::new() };
    let count = rng.between(shape.tables.0, shape.tables.1);
    let mut subject = usize::from(rng.chance(shape.subject_parents));
    if subject == 1 && rng.chance(shape.parents / 2) {
        subject = 2;
    }
    for id in 0..count {
        table(rng, shape, &mut world, id, subject);
    }
    super::links::close_circles(rng, shape, &mut world, subject);
    if rng.chance(shape.loose_tables) {
        loose_table(rng, shape, &mut world, subject);
    }
    super::layout::heir(rng, shape, &mut world, subject);
    if rng.chance(15) {
        // Nobody's table: introspection must survive its name.
        let mut bystander = empty_table(rng, shape, &world);
        bystander.name = "x\n; DROP TABLE y".into();
        serial_key(rng, &mut bystander);
        payload(rng, shape, &mut bystander);
        world.tables.push(bystander);
    }
    (world, subject)
}

fn table(rng: &mut Rng, shape: &Shape, world: &mut World, id: TableId, subject: TableId) {
    let mut table = empty_table(rng, shape, world);
    let is_composite = rng.chance(shape.composite_keys);
    match is_composite {
        false => serial_key(rng, &mut table),
        true => {
            let number = add(&mut table, "number", Type::Integer, false);
            table.primary.push(number);
        }
    }
    world.tables.push(table);
    for parent in parents(rng, shape, id, subject) {
        reference(rng, shape, world, id, parent);
    }
    let table = &mut world.tables[id];
    if is_composite {
        // A tenant of its own, or the first reference: `(club_id, number)`.
        let first = world.keys.iter().find(|key| key.child == id).map(|key| key.child_columns[0]);
        let with = match first.filter(|_| rng.chance(50)) {
            Some(column) => column,
            None => add(table, "tenant", Type::Integer, false),
        };
        table.columns[with].nullable = false;
        table.primary.insert(rng.below(2), with);
    }
    payload(rng, shape, table);
    uniques(rng, shape, table);
    super::links::virtual_keys(rng, shape, world, id, subject);
    let is_tree = rng.chance(if id == subject { shape.referrals } else { shape.trees });
    if is_tree {
        let before = world.keys.len();
        reference(rng, shape, world, id, id);
        for key in &world.keys[before..] {
            for &column in &key.child_columns {
                if !world.tables[id].primary.contains(&column) {
                    world.tables[id].columns[column].nullable = true;
                }
            }
        }
    }
}

/// The tables that a new one references; mostly such that lead to the subject.
fn parents(rng: &mut Rng, shape: &Shape, id: TableId, subject: TableId) -> Vec<TableId> {
    let mut parents = Vec::new();
    if id == subject && id > 0 {
        parents.push(rng.below(id));
        if rng.chance(25) {
            parents.push(rng.below(id));
        }
    } else if id > 0 && id < subject {
        if rng.chance(50) {
            parents.push(rng.below(id));
        }
    } else if id > subject {
        let first = if rng.chance(45) { subject } else { rng.between(subject, id - 1) };
        parents.push(first);
        if rng.chance(shape.parallel_keys) {
            parents.push(first);
        }
        if rng.chance(40) {
            parents.push(rng.below(id));
        }
    }
    parents
}

pub fn empty_table(rng: &mut Rng, shape: &Shape, world: &World) -> Table {
    let schema = if rng.chance(shape.second_schema) { crate::oracle::print::SCHEMAS[1] } else { "public" };
    let taken = |name: &str| world.tables.iter().any(|other| other.name == name && other.schema == schema);
    let name = loop {
        let name = if rng.chance(shape.odd_names) { *rng.pick(&ODD_TABLES) } else { *rng.pick(&TABLES) };
        if !taken(name) {
            break name.to_owned();
        }
    };
    let layout = Layout::Plain;
    Table { layout, schema, name, columns: Vec::new(), primary: Vec::new(), uniques: Vec::new(), rows: Vec::new() }
}

fn serial_key(rng: &mut Rng, table: &mut Table) {
    let (name, ty) = *rng.pick(&[
        ("id", Type::Integer),
        ("id", Type::Bigint),
        ("id", Type::Bigint),
        ("code", Type::Varchar(12)),
        ("Nr", Type::Integer),
    ]);
    let id = add(table, name, ty, false);
    table.primary.push(id);
}

/// Adds a column; a taken name gets a number.
pub fn add(table: &mut Table, name: &str, ty: Type, nullable: bool) -> ColumnId {
    let taken = |name: &str| table.columns.iter().any(|column| column.name == name);
    let mut free = name.to_owned();
    let mut number = 2;
    while taken(&free) {
        free = format!("{name}_{number}");
        number += 1;
    }
    table.columns.push(Column { name: free, ty, nullable, default: None });
    table.columns.len() - 1
}

fn payload(rng: &mut Rng, shape: &Shape, table: &mut Table) {
    for _ in 0..rng.between(2, 5) {
        let name = if rng.chance(shape.odd_names) { *rng.pick(&ODD_COLUMNS) } else { *rng.pick(&COLUMNS) };
        let ty = *rng.pick(&[
            Type::Text,
            Type::Text,
            Type::Text,
            Type::Varchar(8),
            Type::Varchar(40),
            Type::Integer,
            Type::Bigint,
            Type::Boolean,
            Type::Date,
            Type::Timestamp,
            Type::Numeric,
            Type::Texts,
            Type::Jsonb,
            Type::Enum(0),
            Type::Enum(0),
            Type::Enum(1),
        ]);
        let nullable = rng.chance(shape.nullable);
        let id = add(table, name, ty, nullable);
        if rng.chance(30) {
            table.columns[id].default = Some(super::data::value(rng, ty, true));
        }
    }
}

fn uniques(rng: &mut Rng, shape: &Shape, table: &mut Table) {
    if !rng.chance(shape.uniques) {
        return;
    }
    let ty = *rng.pick(&[Type::Text, Type::Text, Type::Varchar(40), Type::Integer]);
    let nullable = rng.chance(shape.nullable);
    let name = *rng.pick(&["login", "E-Mail"]);
    let login = add(table, name, ty, nullable);
    let mut columns = vec![login];
    let plain: Vec<ColumnId> =
        (0..login).filter(|&id| !table.primary.contains(&id) && table.columns[id].ty == Type::Integer).collect();
    if !plain.is_empty() && rng.chance(50) {
        columns.insert(rng.below(2), *rng.pick(&plain));
    }
    table.uniques.push(columns);
}

/// Adds a foreign key to the parent's primary key or to a unique one, its columns in any order.
fn reference(rng: &mut Rng, shape: &Shape, world: &mut World, child: TableId, parent: TableId) {
    let shares = rng.chance(shape.shared_columns);
    add_key(rng, shape, world, (child, parent), shares, Declaration::Database);
}

/// Adds a key from a child to a parent with columns of its own, unless it `shares` those of other references.
pub fn add_key(
    rng: &mut Rng,
    shape: &Shape,
    world: &mut World,
    (child, parent): (TableId, TableId),
    shares: bool,
    declared: Declaration,
) {
    let uniques = &world.tables[parent].uniques;
    let target = match uniques.first() {
        Some(unique) if rng.chance(shape.unique_targets) && child != parent => unique.clone(),
        _ => world.tables[parent].primary.clone(),
    };
    let mut parent_columns = target;
    rng.shuffle(&mut parent_columns);
    let nullable = rng.chance(shape.nullable);
    let shares = parent_columns.len() > 1 && shares;
    let mut child_columns: Vec<ColumnId> = Vec::new();
    for &column in &parent_columns {
        let (ty, parent_name) =
            (world.tables[parent].columns[column].ty, world.tables[parent].columns[column].name.clone());
        // What nobody enforces may point at nothing.
        let is_declared = |own: ColumnId| {
            let mut keys = world.keys.iter().filter(|key| key.child == child && key.child_columns.contains(&own));
            keys.next().is_some_and(|first| !first.is_virtual() && keys.all(|key| !key.is_virtual()))
        };
        let shared = (0..world.tables[child].columns.len()).find(|&own| {
            shares
                && world.tables[child].columns[own].ty == ty
                && !child_columns.contains(&own)
                && (is_declared(own) || world.tables[child].columns[own].name == "tenant")
        });
        let prefix = match (rng.below(3), child == parent) {
            (_, true) => "parent".to_owned(),
            (0, false) => "by".to_owned(),
            _ => world.tables[parent].name.trim_end_matches('s').to_owned(),
        };
        child_columns.push(match shared {
            Some(own) => own,
            None => add(&mut world.tables[child], &format!("{prefix}_{parent_name}"), ty, nullable),
        });
    }
    let on_delete = *rng.pick(&[
        OnDelete::NoAction,
        OnDelete::NoAction,
        OnDelete::Restrict,
        OnDelete::Cascade,
        OnDelete::Cascade,
        OnDelete::SetNull,
        OnDelete::SetDefault,
    ]);
    let name = format!("{}_fk{}", world.tables[child].name.replace(' ', "_"), world.keys.len());
    world.keys.push(ForeignKey { declared, name, child, child_columns, parent, parent_columns, on_delete });
}

/// A table whose rows belong to people by convention only.
fn loose_table(rng: &mut Rng, shape: &Shape, world: &mut World, subject: TableId) {
    let mut table = empty_table(rng, shape, world);
    serial_key(rng, &mut table);
    for &column in &world.tables[subject].primary {
        let ty = world.tables[subject].columns[column].ty;
        add(&mut table, "user_ref", ty, true);
    }
    payload(rng, shape, &mut table);
    world.tables.push(table);
}
