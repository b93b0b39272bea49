//! New values that their column doesn't take.

use super::{list, of};
use crate::catalog::{Catalog, Column, Exclusion, ForeignKey, Table, UniqueIndex};
use crate::diagnostic::{Code, Diagnostic};
use crate::ident::{Ident, shown};
use crate::resolve::literal::Misfit;
use crate::resolve::model::{ColumnChange, Derived, NewValue};
use crate::resolve::unique::Collision;
use crate::source::Span;

pub(in crate::resolve) fn generated_column(table: &Table, column: &Column, from: &[Ident], span: Span) -> Diagnostic {
    Diagnostic::new(Code::GeneratedColumn, format!("the database computes column `{}`", of(table, column)))
        .at(span, "a generated column")
        .help(match from {
            [] => "leave it out".to_owned(),
            from => format!("decide what it is made of: {}; leave it out here", list(from.iter())),
        })
}

pub(in crate::resolve) fn identity_column(table: &Table, column: &Column, span: Span) -> Diagnostic {
    Diagnostic::new(Code::GeneratedColumn, format!("no statement may set column `{}`", of(table, column)))
        .at(span, "GENERATED ALWAYS AS IDENTITY")
        .help("keep it")
}

pub(in crate::resolve) fn not_null(catalog: &Catalog, table: &Table, column: &Column, span: Span) -> Diagnostic {
    let domain = column.domains.iter().find(|name| catalog.domain(name).is_some_and(|domain| domain.not_null));
    let found = Diagnostic::new(Code::NotNull, format!("column `{}` can't be null", of(table, column)))
        .at(span, "would become null");
    let found = match domain {
        Some(domain) if !column.not_null => found.note(format!("its domain `{}` is NOT NULL", domain.bare())),
        _ => found.note("it is declared NOT NULL"),
    };
    found.help(if column.ty.is_text() {
        "use `{ replace: \"[deleted]\" }` or `randomize`"
    } else {
        "use `{ replace: … }`, `randomize` or `default`"
    })
}

pub(in crate::resolve) fn generated_not_null(table: &Table, column: &Column, made: &Column, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::NotNull,
        format!("column `{}` can't be null, and is generated from `{}`", of(table, made), of(table, column)),
    )
    .at(span, "both would become null")
    .help("use `{ replace: … }` or `randomize`, or keep it")
}

pub(in crate::resolve) fn no_default(catalog: &Catalog, table: &Table, column: &Column, span: Span) -> Diagnostic {
    Diagnostic::new(Code::NoDefault, format!("column `{}` has no default", of(table, column)))
        .at(span, "nothing to set it to")
        .help(if catalog.refuses_null(column) {
            "use `{ replace: … }` or `randomize`"
        } else {
            "write `null` to set it to NULL"
        })
}

pub(in crate::resolve) fn literal_misfit(
    catalog: &Catalog,
    table: &Table,
    column: &Column,
    problem: Misfit,
    span: Span,
) -> Diagnostic {
    let name = of(table, column);
    match problem {
        Misfit::TooLong { length, limit } => Diagnostic::new(
            Code::TooLong,
            format!("{length} characters don't fit column `{name}`, which takes {limit}"),
        )
        .at(span, format!("`{}`", column.type_sql))
        .help("use a shorter value"),
        Misfit::NotInEnum(name_of_enum) => {
            let labels = catalog.enum_type(&name_of_enum).map(|found| found.labels.clone()).unwrap_or_default();
            let labels: Vec<_> = labels.iter().map(|label| format!("`{}`", shown(label))).collect();
            Diagnostic::new(
                Code::NotInEnum,
                format!("not a label of enum `{}`, the type of column `{name}`", name_of_enum.bare()),
            )
            .at(span, "not a label")
            .help(format!("its labels are {}", labels.join(", ")))
        }
        Misfit::WrongType(wanted) => {
            Diagnostic::new(Code::WrongType, format!("column `{name}` of type `{}` takes {wanted}", column.type_sql))
                .at(span, "not such a value")
                .help(match column.ty {
                    crate::pgtype::PgType::Date
                    | crate::pgtype::PgType::Timestamp
                    | crate::pgtype::PgType::Timestamptz => "for a moment of the run use `{ sql: now() }`",
                    _ => "mend the value",
                })
        }
    }
}

pub(in crate::resolve) fn referenced_column(
    table: &Table,
    column: &Column,
    key: &ForeignKey,
    offer: bool,
    span: Span,
) -> Diagnostic {
    Diagnostic::new(
        Code::ReferencedColumn,
        format!("column `{}` is referenced by `{}`", of(table, column), key.child.bare()),
    )
    .at(span, "would change under the rows that reference it")
    .note(format!("foreign key `{}` of `{}`", key.name.bare(), key.child.bare()))
    .help(match offer {
        true => "add `propagate: true`, and everything that references it takes the new value too; or keep it",
        false => "keep it",
    })
}

pub(in crate::resolve) fn subject_key_changes(table: &Table, column: &Column, span: Span) -> Diagnostic {
    Diagnostic::new(Code::ReferencedColumn, format!("column `{}` is the subject's key", of(table, column)))
        .at(span, "would change while the run finds rows by it")
        .help("keep it, or choose another key under `subject:`")
}

pub(in crate::resolve) fn broken_reference(table: &Table, column: &Column, key: &ForeignKey, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::BrokenReference,
        format!(
            "column `{}` references `{}`, and the new value would point at nothing",
            of(table, column),
            key.parent.bare()
        ),
    )
    .at(span, "a reference")
    .note(format!("foreign key `{}`", key.name.bare()))
    .help(match column.not_null {
        true => "use `{ reassign_to: … }` with the key of a stand-in row, or keep it",
        false => "use `null`, `default` or `{ reassign_to: … }` with the key of a stand-in row, or keep it",
    })
}

pub(in crate::resolve) fn match_full(table: &Table, key: &ForeignKey, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::BrokenReference,
        format!(
            "foreign key `{}` of `{}` is MATCH FULL: null in one column is refused",
            key.name.bare(),
            table.name.bare()
        ),
    )
    .at(span, "only this column becomes null")
    .help(format!("set all of {} to `null`", list(key.child_columns())))
}

pub(in crate::resolve) fn partition_key(table: &Table, column: &Column, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::PartitionKey,
        format!("table `{}` is partitioned by column `{}`", table.name.bare(), column.name.bare()),
    )
    .at(span, "rows would move to another partition")
    .help("keep it")
}

pub(in crate::resolve) fn exclusion(
    table: &Table,
    exclusion: &Exclusion,
    change: &ColumnChange,
    how: Collision<'_>,
) -> Diagnostic {
    let column = table.column_at(change.column);
    let message = match how {
        Collision::Value => {
            format!("column `{}` is under the exclusion constraint `{}`", of(table, column), exclusion.name.bare())
        }
        Collision::Enters => format!(
            "column `{}` decides which rows are under the exclusion constraint `{}`",
            of(table, column),
            exclusion.name.bare()
        ),
        Collision::Generated(made) => format!(
            "column `{}`, from which `{}` is generated, decides about the exclusion constraint `{}`",
            of(table, column),
            made.name.bare(),
            exclusion.name.bare()
        ),
    };
    let plain = how == Collision::Value && !column.not_null && change.value != NewValue::Null;
    Diagnostic::new(Code::ExclusionConstraint, message)
        .at(change.value_at, "may collide with another row")
        .note(shown(&exclusion.definition).to_string())
        .help(if plain { "keep it, or set it to `null`" } else { "keep it" })
}

pub(in crate::resolve) fn not_unique(
    table: &Table,
    index: &UniqueIndex,
    change: &ColumnChange,
    how: Collision<'_>,
    instead: &[&'static str],
) -> Diagnostic {
    let column = table.column_at(change.column);
    let enters = how == Collision::Enters;
    let what = match &change.value {
        _ if enters => "the row may come into this partial index, where another may have its key",
        NewValue::Null if index.nulls_not_distinct => "a second NULL would collide (NULLS NOT DISTINCT)",
        NewValue::Null => "efface can't tell that the new value is unique in this index",
        NewValue::Literal(_) | NewValue::StandIn(_) => "a second row would get the same value",
        NewValue::Default => "a second row would get the same default",
        NewValue::Expression(_) => "efface can't tell that the expression is unique",
        NewValue::Random(generator) if generator.is_unique() => "what is compared of these random values may repeat",
        NewValue::Random(_) => "these random values may repeat",
        NewValue::Derived(Derived::Pseudonym(_)) => {
            "an equal value that was pseudonymised before, or is in a row that this rule doesn't reach, has this pseudonym"
        }
        NewValue::Derived(_) => "two values may become one",
    };
    let message = match how {
        Collision::Value => format!("column `{}` is under the unique index `{}`", of(table, column), index.name.bare()),
        Collision::Enters => {
            format!("column `{}` decides which rows are in the unique index `{}`", of(table, column), index.name.bare())
        }
        Collision::Generated(made) => format!(
            "column `{}`, from which `{}` is generated, decides about the unique index `{}`",
            of(table, column),
            made.name.bare(),
            index.name.bare()
        ),
    };
    let words = Diagnostic::new(Code::NotUnique, message).at(change.value_at, what);
    words.note(shown(&index.definition).to_string()).help(match instead {
        [] => "keep it".to_owned(),
        [only] => format!("use {only}, or keep it"),
        [others @ .., last] => format!("use {} or {last}, or keep it", others.join(", ")),
    })
}
