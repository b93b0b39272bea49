//! A small catalog for the tests of this module.

use super::*;
use crate::ident::{Ident, TableName};
use crate::pgtype::PgType;

pub(super) fn name(table: &str) -> TableName {
    TableName::new("public", table)
}

pub(super) fn column(name: &str, type_sql: &str, ty: PgType) -> Column {
    Column {
        name: Ident::from(name),
        type_sql: type_sql.into(),
        ty,
        domains: Vec::new(),
        not_null: false,
        nondeterministic: false,
        not_null_in_part: false,
        default: None,
        generated: Generated::No,
    }
}

pub(super) fn table(table: &str, columns: Vec<Column>) -> Table {
    Table {
        name: name(table),
        columns,
        primary_key: vec!["id".into()],
        unique: Vec::new(),
        checks: Vec::new(),
        exclusions: Vec::new(),
        indexed: Vec::new(),
        triggers: Vec::new(),
        rewrite_rules: Vec::new(),
        row_security: RowSecurity::Off,
        partitioned: None,
        inherited_by: Vec::new(),
        inherits: Vec::new(),
    }
}

/// `bookings` and `notes` reference `users`; `clubs` stands alone; a trigger of `users` writes `audits`.
pub(super) fn catalog() -> Catalog {
    let id = || column("id", "bigint", PgType::BigInt);
    let user = || column("user_id", "bigint", PgType::BigInt);
    let key = |child: &str| ForeignKey {
        name: format!("{child}_user_id_fkey").as_str().into(),
        child: name(child),
        parent: name("users"),
        pairs: vec![ColumnPair { child: "user_id".into(), parent: "id".into() }],
        on_delete: ReferentialAction::NoAction,
        on_update: ReferentialAction::NoAction,
        set_columns: Vec::new(),
        match_full: false,
        check: CheckTime::Immediate,
        not_valid: false,
        unenforced: false,
        basis: Basis::Declared,
    };
    let status = PgType::Enum { name: name("status") };
    let mut users = table("users", vec![id(), column("email", "text", PgType::Text { limit: None })]);
    users.triggers.push(Trigger {
        name: "log".into(),
        function: "public.log()".into(),
        definition: "CREATE TRIGGER log …".into(),
        on_update: true,
        update_of: Vec::new(),
        on_delete: true,
        before_row: false,
        deferred: false,
        disabled: false,
    });
    let catalog = Catalog {
        format: CATALOG_FORMAT,
        server_major: 15,
        tables: vec![
            users,
            table("bookings", vec![id(), user(), column("status", "public.status", status)]),
            table("notes", vec![id(), user(), column("text", "text", PgType::Text { limit: None })]),
            table("audits", vec![id()]),
            table("clubs", vec![id()]),
        ],
        foreign_keys: vec![key("bookings"), key("notes")],
        enums: vec![EnumType { name: name("status"), labels: vec!["booked".into(), "attended".into()] }],
        domains: Vec::new(),
        functions: vec![TriggerFunction {
            signature: "public.log()".into(),
            language: "plpgsql".into(),
            digest: "00".into(),
            mentions: vec![name("audits")],
            opaque: false,
        }],
        extensions: Vec::new(),
        others: vec![OtherObject {
            kind: "view".into(),
            name: name("monthly"),
            about: vec![name("bookings")],
            between: Vec::new(),
            pairs: Vec::new(),
        }],
        ..Catalog::default()
    };
    catalog.new().expect("the sample fits together")
}
