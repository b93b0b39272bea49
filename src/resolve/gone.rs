//! Which values must not be found afterwards?

use super::model::{ResolvedGone, ResolvedPolicy, RowAction};
use super::names::{self, Context, Whose};
use super::scrub::is_sought;
use super::words;
use crate::action::ValuesOf;
use crate::catalog::Catalog;
use crate::diagnostic::Report;
use crate::policy::Gone;
use crate::source::Spanned;

/// Looks up the columns.
pub(super) fn resolve(context: &Context<'_>, written: &[Gone], report: &mut Report) -> Vec<ResolvedGone> {
    if let (Whose::EveryRow, Some(first)) = (context.whose, written.first()) {
        report.push(words::gone_of_every_row(first.values.span));
        return Vec::new();
    }
    written.iter().filter_map(|gone| one(context, gone, report)).collect()
}

fn one(context: &Context<'_>, gone: &Gone, report: &mut Report) -> Option<ResolvedGone> {
    let origin = gone.values.span;
    let column = match &gone.values.value {
        ValuesOf::Subject => None,
        ValuesOf::Column { table, column } => {
            let id = names::table(context.catalog, &Spanned::new(table.clone(), origin), report)?;
            let table = context.catalog.table(id);
            let Some(found) = table.column_id(column) else {
                report.push(words::unknown_column(table, column, origin));
                return None;
            };
            if !is_sought(&table.column_at(found).ty) {
                report.push(words::not_sought(table, table.column_at(found), origin));
                return None;
            }
            if !context.decided.contains(&id) {
                report.push(words::gone_outside_policy(table, origin));
                return None;
            }
            Some((id, found))
        }
    };
    Some(ResolvedGone { column, anywhere: gone.anywhere, origin })
}

/// Some rule takes the values away.
pub(super) fn check(policy: &ResolvedPolicy, catalog: &Catalog, report: &mut Report) {
    for gone in &policy.gone {
        let Some((table, column)) = gone.column else { continue };
        let goes = policy.rules_of(table).any(|(_, rule)| match &rule.action {
            RowAction::Keep(_) => false,
            RowAction::Delete { .. } => true,
            RowAction::Change { .. } => rule.change_of(column).is_some(),
        });
        if !goes {
            let table = catalog.table(table);
            report.push(words::gone_but_kept(table, table.column_at(column), gone.origin));
        }
    }
}
