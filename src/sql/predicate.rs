//! Which rows, as SQL.
//!
//! A single way to the subject is an `IN (SELECT …)`: its estimate is exact, and it is an index scan where there is an
//! index. Several ways are gathered by the table's primary key with UNION ALL, each an index scan of its own: sub-selects
//! under OR would read the whole table. Without a key they are `= ANY (ARRAY(SELECT …))` with OR between them, which the
//! planner combines from indexes, but may also search row by row.

use super::writer::{Scene, Writer};
use crate::catalog::{ColumnId, KeyId, Table, TableId};
use crate::pgtype::PgType;
use crate::plan::{Predicate, direct_columns};
use crate::resolve::{Condition, Operand, Values};

/// Whether several ways stand beside each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Only,
    OneOfSeveral,
}

impl Scene<'_> {
    /// The rows of a predicate over `table`, as a condition.
    pub fn rows(&self, table: TableId, rows: &Predicate) -> Writer {
        let mut w = Writer::new();
        self.write(&mut w, table, rows, Way::Only);
        w
    }

    fn write(&self, w: &mut Writer, table: TableId, rows: &Predicate, way: Way) {
        let here = self.catalog.table(table);
        match rows {
            Predicate::Subject if self.anyone => self.any_subject(w),
            Predicate::Subject => match self.plan.subject.rows() {
                Some(subject) => self.member(w, here, &subject.key, way, |w| self.subject_keys(w)),
                // Nobody has such a row.
                None => {
                    w.kw("false");
                }
            },
            Predicate::References { key, rows } => self.references(w, table, *key, rows, way),
            Predicate::ReferencedBy { key, rows } => self.referenced_by(w, table, *key, rows, way),
            Predicate::Captured { capture, rules, added } => {
                let captured = &self.plan.captures[*capture];
                self.member(w, here, &captured.key, way, |w| {
                    self.captured_keys(w, *capture, rules);
                    if let Some(round) = added {
                        w.kw(" AND round = ").number(*round as i128);
                    }
                });
            }
            Predicate::Closure { closure, member } => {
                let key = &self.plan.closures[*closure].members[*member].key;
                self.member(w, here, key, way, |w| self.closure_keys(w, *closure, *member));
            }
            Predicate::Matches { key, values, rows } => self.matches(w, *key, values, rows, way),
            Predicate::Author(condition) => self.condition(w, condition),
            Predicate::All(parts) => {
                let narrowing: Vec<_> = parts.iter().filter(|part| **part != Predicate::All(Vec::new())).collect();
                if narrowing.is_empty() {
                    w.kw("true");
                }
                w.list(narrowing, "\n  AND ", |w, part| {
                    let open = matches!(part, Predicate::Any(inner) if inner.len() != 1);
                    if open {
                        w.kw("(");
                    }
                    self.write(w, table, part, way);
                    if open {
                        w.kw(")");
                    }
                });
            }
            Predicate::Any(parts) if parts.len() > 1 && !here.primary_key.is_empty() && !self.anyone => {
                self.any_by_key(w, table, parts);
            }
            Predicate::Any(parts) => {
                if parts.is_empty() {
                    w.kw("false");
                }
                let way = if parts.len() > 1 { Way::OneOfSeveral } else { way };
                w.list(parts, "\n   OR ", |w, part| {
                    let open = matches!(part, Predicate::All(inner) if inner.len() != 1);
                    if open {
                        w.kw("(");
                    }
                    self.write(w, table, part, way);
                    if open {
                        w.kw(")");
                    }
                });
            }
            Predicate::NotTrue(part) => {
                w.kw("(");
                self.write(w, table, part, Way::Only);
                w.kw(") IS NOT TRUE");
            }
        }
    }

    /// The keys of the rows that a capture remembers for some rules.
    pub fn captured_keys(&self, w: &mut Writer, capture: usize, rules: &[usize]) {
        w.kw("SELECT ").list(1..=self.plan.captures[capture].key.len(), ", ", |w, index| {
            w.kw("key").number(index as i128);
        });
        w.kw(" FROM pg_temp.efface_rows_").number(capture as i128 + 1).kw(" WHERE rule ");
        match rules {
            [only] => w.kw("= ").number(*only as i128),
            many => w
                .kw("IN (")
                .list(many, ", ", |w, rule| {
                    w.number(*rule as i128);
                })
                .kw(")"),
        };
    }

    /// Rows of any of several ways, gathered by the table's own key.
    fn any_by_key(&self, w: &mut Writer, table: TableId, parts: &[Predicate]) {
        let here = self.catalog.table(table);
        let several = here.primary_key.len() > 1;
        let key = |w: &mut Writer| {
            w.list(&here.primary_key, ", ", |w, name| {
                w.ident(name);
            });
        };
        w.kw(if several { "(" } else { "" });
        key(w);
        w.kw(if several { ")" } else { "" }).kw(" IN (\n  ").list(parts, "\n  UNION ALL\n  ", |w, part| {
            w.kw("SELECT ");
            key(w);
            w.kw(" FROM ").rows_of(self.catalog, &here.name).kw(" WHERE ");
            self.write(w, table, part, Way::Only);
        });
        w.kw("\n)");
    }

    fn references(&self, w: &mut Writer, table: TableId, key: KeyId, rows: &Predicate, way: Way) {
        let here = self.catalog.table(table);
        if let Some(columns) = direct_columns(self.catalog, &self.plan.subject, key, rows) {
            if self.anyone {
                w.columns(here, &columns).kw(" IS NOT NULL");
                return;
            }
            return self.member(w, here, &columns, way, |w| self.subject_keys(w));
        }
        let foreign = self.catalog.key(key);
        let columns: Vec<ColumnId> = foreign.child_columns().filter_map(|name| here.column_id(name)).collect();
        self.member(w, here, &columns, way, |w| {
            w.kw("SELECT ").list(foreign.parent_columns(), ", ", |w, name| {
                w.ident(name);
            });
            w.kw(" FROM ").rows_of(self.catalog, &foreign.parent).kw(" WHERE ");
            if let Some(parent) = self.catalog.parent(key) {
                self.write(w, parent, rows, Way::Only);
            }
        });
    }

    fn referenced_by(&self, w: &mut Writer, table: TableId, key: KeyId, rows: &Predicate, way: Way) {
        let here = self.catalog.table(table);
        let foreign = self.catalog.key(key);
        let columns: Vec<ColumnId> = foreign.parent_columns().filter_map(|name| here.column_id(name)).collect();
        self.member(w, here, &columns, way, |w| {
            w.kw("SELECT ").list(foreign.child_columns(), ", ", |w, name| {
                w.ident(name);
            });
            w.kw(" FROM ").rows_of(self.catalog, &foreign.child).kw(" WHERE ");
            if let Some(child) = self.catalog.child(key) {
                self.write(w, child, rows, Way::Only);
            }
        });
    }

    /// A value equals one of another table's.
    fn matches(&self, w: &mut Writer, key: KeyId, values: &Values, rows: &Predicate, way: Way) {
        let foreign = self.catalog.key(key);
        let several = way == Way::OneOfSeveral;
        let child = self.catalog.child(key).map(|id| self.catalog.table(id));
        let fits = |columns: &[ColumnId]| child.is_some_and(|child| fits_an_array(child, columns));
        let several = several && !matches!(&values.own, Operand::Columns(columns) if !fits(columns));
        if let Some(child) = self.catalog.child(key) {
            self.operand(w, child, &values.own, true);
        }
        w.kw(if several { " = ANY (ARRAY(SELECT " } else { " IN (SELECT " });
        if let Some(parent) = self.catalog.parent(key) {
            self.operand(w, parent, &values.theirs, false);
        }
        w.kw(" FROM ").rows_of(self.catalog, &foreign.parent).kw(" WHERE ");
        if let Some(parent) = self.catalog.parent(key) {
            self.says_something(w, parent, &values.theirs);
            self.write(w, parent, &Predicate::All(vec![rows.clone()]), Way::Only);
        }
        w.kw(if several { "))" } else { ")" });
    }

    /// An empty text is everybody's who left the field empty: it says of no row whose it is, and neither do blanks.
    pub(super) fn says_something(&self, w: &mut Writer, table: TableId, operand: &Operand) {
        let here = self.catalog.table(table);
        let may_be_empty = |column: &ColumnId| {
            matches!(
                here.column_at(*column).ty,
                PgType::Text { .. } | PgType::Char { .. } | PgType::Citext | PgType::Name | PgType::Other { .. }
            )
        };
        match operand {
            // Beside a number or a date an empty part is one of a whole.
            Operand::Columns(columns) if columns.iter().all(may_be_empty) => {
                w.kw("(").list(columns, " OR ", |w, column| {
                    w.kw("btrim(").column(here, *column).kw("::text) <> ''");
                });
                w.kw(") AND ");
            }
            Operand::Columns(_) => {}
            Operand::Expression(_) => {
                w.kw("btrim((");
                self.operand(w, table, operand, false);
                w.kw(")::text) <> '' AND ");
            }
        }
    }

    /// One side of a comparison; several columns stand in parentheses only where they are one value.
    fn operand(&self, w: &mut Writer, table: TableId, operand: &Operand, as_row: bool) {
        let table = self.catalog.table(table);
        match operand {
            Operand::Columns(columns) if as_row => {
                w.columns(table, columns);
            }
            Operand::Columns(columns) => {
                w.list(columns, ", ", |w, column| {
                    w.column(table, *column);
                });
            }
            Operand::Expression(expression) => {
                w.author(&expression.fragment, &[], &Writer::new());
            }
        }
    }

    /// `columns IN (select)`, or the form that may stand beside others.
    fn member(&self, w: &mut Writer, table: &Table, columns: &[ColumnId], way: Way, select: impl Fn(&mut Writer)) {
        match (way, columns, &table.primary_key[..]) {
            (Way::OneOfSeveral, [_], _) if fits_an_array(table, columns) => {
                w.columns(table, columns).kw(" = ANY (ARRAY(");
                select(w);
                w.kw("))");
            }
            // An array of rows can't be looked up in an index, but an array of the table's own keys can.
            (Way::OneOfSeveral, _, [key]) if table.column_id(key).is_some_and(|id| fits_an_array(table, &[id])) => {
                w.ident(key)
                    .kw(" = ANY (ARRAY(SELECT ")
                    .ident(key)
                    .kw(" FROM ")
                    .rows_of(self.catalog, &table.name)
                    .kw(" WHERE ");
                w.columns(table, columns).kw(" IN (");
                select(w);
                w.kw(")))");
            }
            _ => {
                w.columns(table, columns).kw(" IN (");
                select(w);
                w.kw(")");
            }
        }
    }

    /// The keys of the run as a sub-select, one column for each of the subject's key.
    pub fn subject_keys(&self, w: &mut Writer) {
        let key = self.plan.subject.key(self.catalog);
        let arrays = |w: &mut Writer| {
            w.list(key.iter().enumerate(), ", ", |w, (index, (_, ty))| {
                self.key_array(w, index, ty);
            });
        };
        if key.len() == 1 {
            w.kw("SELECT unnest(");
            arrays(w);
            w.kw(")");
        } else {
            w.kw("SELECT * FROM unnest(");
            arrays(w);
            w.kw(")");
        }
    }

    /// One setting as an array. Never with `missing_ok`: an unset key must be an error, not zero rows.
    pub fn key_array(&self, w: &mut Writer, index: usize, ty: &PgType) {
        w.kw("current_setting('efface.key").number(index as i128 + 1).kw("')::");
        w.printed(&key_type(ty)).kw("[]");
    }

    /// An author's condition.
    pub fn condition(&self, w: &mut Writer, condition: &Condition) {
        w.author(&condition.fragment, &condition.subject, &self.subject_in_author());
    }

    /// What `:subject` stands for: an array of keys, or for a composite key the rows of one.
    pub fn subject_in_author(&self) -> Writer {
        let mut keys = Writer::new();
        if let [(_, ty)] = &self.plan.subject.key(self.catalog)[..] {
            self.key_array(&mut keys, 0, ty);
        } else {
            self.subject_keys(&mut keys);
        }
        keys
    }
}

/// Whether `= ANY (ARRAY(SELECT …))` compares with these columns: with one, and not of an array type, whose values the
/// array would be made of end to end.
fn fits_an_array(table: &Table, columns: &[ColumnId]) -> bool {
    let [only] = columns else { return false };
    match &table.column_at(*only).ty {
        PgType::Array { .. } => false,
        PgType::Other { name } => !matches!(name.as_str(), "int2vector" | "oidvector"),
        _ => true,
    }
}

/// The type in which keys are compared: without a length or precision, because a cast would cut a longer key down to
/// somebody else's.
pub(super) fn key_type(ty: &PgType) -> String {
    let name = match ty {
        PgType::Text { .. } | PgType::Name => "text",
        PgType::Char { .. } => "bpchar",
        PgType::SmallInt => "smallint",
        PgType::Integer => "integer",
        PgType::BigInt => "bigint",
        PgType::Numeric { .. } => "numeric",
        PgType::Real => "real",
        PgType::Double => "double precision",
        PgType::Boolean => "boolean",
        PgType::Date => "date",
        PgType::Time => "time",
        PgType::Timestamp => "timestamp",
        PgType::Timestamptz => "timestamptz",
        PgType::Interval => "interval",
        PgType::Uuid => "uuid",
        PgType::Json => "json",
        PgType::Jsonb => "jsonb",
        PgType::Bytea => "bytea",
        PgType::Inet => "inet",
        PgType::Cidr => "cidr",
        PgType::Bit { .. } | PgType::VarBit { .. } => "bit varying",
        // Its schema is in the script's search path.
        PgType::Citext => "citext",
        PgType::Enum { name } | PgType::Composite { name } => {
            let mut w = Writer::new();
            w.table(name);
            return w.as_str().to_owned();
        }
        PgType::Array { of, .. } => return format!("{}[]", key_type(of)),
        PgType::Range { name, .. } | PgType::Other { name } => return name.clone(),
    };
    name.to_owned()
}
