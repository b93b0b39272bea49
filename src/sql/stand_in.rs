//! Are the rows there to which references are reassigned, and do they stay?

use super::assert::Check;
use super::helper::Helper;
use super::value;
use super::writer::{Scene, Writer};
use crate::catalog::ColumnPair;
use crate::plan::{Predicate, StandIn};

impl Scene<'_> {
    /// Every stand-in row is there, and stays.
    pub fn stand_in_checks(&self) -> Vec<Check> {
        self.plan.stand_ins.iter().flat_map(|stand_in| self.stand_in_check(stand_in)).collect()
    }

    fn stand_in_check(&self, stand_in: &StandIn) -> Vec<Check> {
        let foreign = self.catalog.key(stand_in.key);
        let child = self.catalog.table(stand_in.table);
        let columns: Vec<_> = foreign.child_columns().map(|name| name.bare().to_string()).collect();
        let name = format!("{}.{}", child.name.bare(), columns.join(", "));
        let parent = foreign.parent.bare().to_string();

        let mut missing = Writer::new();
        missing.kw("SELECT count(*) FROM ");
        let one_for_all = self.kept(stand_in).is_empty() && stand_in.condition.is_none();
        if one_for_all {
            missing.kw("(SELECT 1) AS efface_one WHERE NOT EXISTS (SELECT FROM ");
        } else {
            missing
                .rows_of(self.catalog, &child.name)
                .kw(" WHERE (")
                .sql(&self.rows(stand_in.table, &stand_in.rows))
                .kw(")");
            if let Some(condition) = &stand_in.condition {
                missing.kw(" AND ");
                self.condition(&mut missing, condition);
            }
            for pair in self.kept(stand_in) {
                missing.kw(" AND ").ident(&pair.child).kw(" IS NOT NULL");
            }
            missing.kw(" AND NOT EXISTS (SELECT FROM ");
        }
        missing.rows_of(self.catalog, &foreign.parent).kw(" AS ").printed(&self.helper(Helper::StandIn)).kw(" WHERE ");
        self.is_stand_in(&mut missing, stand_in);
        missing.kw(")");
        let mut checks = vec![Check {
            name: name.clone(),
            message: format!("the stand-in row is not in `{parent}`: insert it, or name another key in `reassign_to`"),
            count: missing,
        }];
        let parent = foreign.parent.bare();
        let unfit = [
            (&stand_in.going, "is the subject's own or is deleted itself"),
            (&stand_in.renamed, "gets another key itself"),
        ];
        for (rows, why) in unfit.into_iter().filter(|(rows, _)| **rows != Predicate::Any(Vec::new())) {
            if let Some(count) = self.stand_ins_among(stand_in, rows) {
                let message = format!("the stand-in row in `{parent}` {why}: name another key in `reassign_to`");
                checks.push(Check { name: name.clone(), message, count });
            }
        }
        checks
    }

    /// How many stand-in rows are among rows of the referenced table.
    fn stand_ins_among(&self, stand_in: &StandIn, rows: &Predicate) -> Option<Writer> {
        let foreign = self.catalog.key(stand_in.key);
        let (id, child) = (self.catalog.parent(stand_in.key)?, self.catalog.table(stand_in.table));
        let parent = self.catalog.table(id);
        let mut count = Writer::new();
        count.kw("SELECT count(*) FROM ").rows_of(self.catalog, &foreign.parent).kw(" WHERE (");
        count.sql(&self.rows(id, rows)).kw(") AND (").list(&foreign.pairs, ", ", |w, pair| {
            w.ident(&pair.parent);
        });
        count.kw(") IN (SELECT ").list(&foreign.pairs, ", ", |w, pair| {
            match self.reassigned(stand_in, pair) {
                // In a sub-select nothing else says what an untyped literal is.
                Some(text) => match parent.column(&pair.parent) {
                    Some(column) => w.kw("CAST(").text(text).kw(" AS ").printed(&column.type_sql).kw(")"),
                    None => w.text(text),
                },
                None => w.ident(&pair.child),
            };
        });
        if !self.kept(stand_in).is_empty() {
            count.kw(" FROM ").rows_of(self.catalog, &child.name).kw(" WHERE ");
            count.sql(&self.rows(stand_in.table, &stand_in.rows));
        }
        count.kw(")");
        Some(count)
    }

    /// The new value of a referencing column, where it is one.
    fn reassigned<'a>(&self, stand_in: &'a StandIn, pair: &ColumnPair) -> Option<&'a str> {
        let column = self.catalog.table(stand_in.table).column_id(&pair.child)?;
        stand_in.values.iter().find(|(own, _)| *own == column).map(|(_, text)| text.as_str())
    }

    /// The columns of the key that stay as they are: which row stands in depends on theirs.
    fn kept(&self, stand_in: &StandIn) -> Vec<&ColumnPair> {
        let pairs = self.catalog.key(stand_in.key).pairs.iter();
        pairs.filter(|pair| self.reassigned(stand_in, pair).is_none()).collect()
    }

    fn is_stand_in(&self, w: &mut Writer, stand_in: &StandIn) {
        // Within a query over the referencing table, which may be the same.
        let helper = self.helper(Helper::StandIn);
        let foreign = self.catalog.key(stand_in.key);
        let child = self.catalog.table(stand_in.table);
        let parent = self.catalog.parent(stand_in.key).map(|id| self.catalog.table(id));
        w.list(&foreign.pairs, " AND ", |w, pair| {
            w.printed(&helper).kw(".").ident(&pair.parent).kw(" = ");
            match (self.reassigned(stand_in, pair), parent.and_then(|parent| parent.column(&pair.parent))) {
                (Some(text), Some(column)) => value::literal(w, column, text),
                (Some(text), None) => w.text(text),
                (None, _) => w.ident(&child.name.name).kw(".").ident(&pair.child),
            };
        });
    }
}
