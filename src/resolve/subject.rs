//! Whose rows does the policy mean?
//!
//! Rows of a table by their key, which has to tell people apart; a value that conditions compare with; or every row.

use super::model::{Subject, SubjectRows, SubjectValue};
use super::names::{Context, Whose, column};
use super::{condition, words};
use crate::catalog::{Catalog, ColumnId, TableId};
use crate::diagnostic::Report;
use crate::pgtype::PgType;
use crate::policy;
use crate::source::{Fragment, Spanned};

/// Looks up the subject.
pub(super) fn resolve(context: &Context<'_>, written: &policy::Subject, report: &mut Report) -> Option<Subject> {
    match (written, context.whose) {
        (policy::Subject::Rows(rows), Whose::Of(table)) => {
            self::rows(context, table, rows, report).map(|rows| Subject::Rows(Box::new(rows)))
        }
        (policy::Subject::Value(value), _) => {
            let ty = value_type(context.catalog, &value.ty, report)?;
            Some(Subject::Value(SubjectValue { name: value.name.value.clone(), ty }))
        }
        (policy::Subject::EveryRow(_), _) => Some(Subject::EveryRow),
        (policy::Subject::Rows(_), Whose::Value | Whose::EveryRow) => None,
    }
}

/// The subject's key has to tell people apart: unique together, never null.
fn rows(context: &Context<'_>, id: TableId, written: &policy::SubjectRows, report: &mut Report) -> Option<SubjectRows> {
    let table = context.catalog.table(id);
    let key: Vec<ColumnId> = if written.key.is_empty() {
        table.primary_key.iter().filter_map(|name| table.column_id(name)).collect()
    } else {
        let found: Vec<_> = written.key.iter().map(|name| column(table, name, written.table.span, report)).collect();
        found.into_iter().collect::<Option<_>>()?
    };
    if key.is_empty() {
        report.push(words::subject_without_key(table, written.table.span));
        return None;
    }
    if !context.catalog.tells_rows_apart(table, &key) {
        let span = written.key.first().map_or(written.table.span, |first| first.span);
        report.push(words::key_not_unique(table, &key, span));
    }
    let mut condition = |fragment: &Option<Fragment>| match fragment {
        Some(fragment) => condition::resolve(context, id, fragment, report).map(Some),
        None => Some(None),
    };
    let (condition, expired_when) = (condition(&written.condition), condition(&written.expired_when));
    Some(SubjectRows { table: id, key, condition: condition?, expired_when: expired_when? })
}

/// Types that a value can have, by the names that SQL has for them (manual, table 8.1).
const TYPES: &[(&[&str], PgType)] = &[
    (&["text", "varchar", "character varying"], PgType::Text { limit: None }),
    (&["citext"], PgType::Citext),
    (&["uuid"], PgType::Uuid),
    (&["bigint", "int8"], PgType::BigInt),
    (&["integer", "int", "int4"], PgType::Integer),
    (&["smallint", "int2"], PgType::SmallInt),
    (&["numeric", "decimal"], PgType::Numeric { precision: None, scale: None }),
    (&["date"], PgType::Date),
    (&["inet"], PgType::Inet),
];

/// The type of a value, as SQL names it; a length is none of the key's, which is compared whole.
fn value_type(catalog: &Catalog, written: &Spanned<String>, report: &mut Report) -> Option<PgType> {
    let name = written.value.split('(').next().unwrap_or_default().trim().to_lowercase();
    let citext = catalog.extensions.iter().find(|extension| extension.name.as_str() == "citext");
    if citext.is_some_and(|citext| name == format!("{}.citext", citext.schema.as_str())) {
        return Some(PgType::Citext);
    }
    let found = TYPES.iter().find(|(names, _)| names.contains(&name.as_str())).map(|(_, ty)| ty.clone());
    match &found {
        None => {
            let known: Vec<_> = TYPES.iter().flat_map(|(names, _)| names.iter().copied()).collect();
            report.push(words::unknown_value_type(written, &known));
        }
        Some(PgType::Citext) if citext.is_none() => {
            report.push(words::value_without_extension(written.span));
            return None;
        }
        Some(_) => {}
    }
    found
}
