//! What have triggers done beyond the steps?
//!
//! The server counts the rows that a transaction inserts, changes and deletes, table by table, whoever does it in there
//! (`pg_stat_xact_user_tables`; no other session's rows are among them). So nothing is guessed: the difference to what
//! the steps counted is the triggers'. What they have deleted beyond the scopes stops the run; the rest is told.

use super::assert::Check;
use super::lower::Lowering;
use super::script::{Assertion, Phase, Role};
use super::writer::{Scene, Writer};
use crate::catalog::TableId;
use crate::plan::{KeptValues, Watched};

impl Lowering<'_> {
    /// How things are before the first step.
    pub fn watch(&mut self) {
        let plan = self.scene.plan;
        if plan.triggers.is_empty() {
            return;
        }
        let phase = Phase::Before;
        let mut w = Writer::new();
        w.kw("CREATE TEMP TABLE efface_counted ON COMMIT DROP AS\n");
        w.kw("SELECT relid, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_xact_user_tables");
        let comment = vec!["Triggers will fire: what they do beyond the steps is counted.".to_owned()];
        self.prepare(phase, "begin to count what triggers do", comment, w);
        if !plan.watched.is_empty() {
            let mut w = Writer::new();
            w.kw("CREATE TEMP TABLE efface_going ON COMMIT DROP AS\nSELECT * FROM (VALUES\n");
            w.list(plan.watched.iter().zip(1_i128..), ",\n", |w, (watched, number)| {
                w.kw("  (").number(number).kw(", (").sql(&self.scene.going(watched)).kw("))");
            });
            w.kw("\n) AS efface_rows (number, rows)");
            let names: Vec<_> = plan.watched.iter().map(|watched| self.name(watched.table)).collect();
            let comment = vec![format!("{}: a trigger may delete rows there, no more than these.", names.join(", "))];
            self.prepare(phase, "count the rows that go", comment, w);
        }
        for (number, kept) in (1..).zip(&plan.kept_values) {
            let name = self.name(kept.table);
            let mut w = Writer::new();
            w.kw("CREATE TEMP TABLE efface_kept_").number(number).kw(" ON COMMIT DROP AS\n");
            w.sql(&self.scene.kept_values(kept));
            let comment = vec![format!(
                "{name}: a trigger may write these rows, of which columns are kept for a reason ({}).",
                self.place(kept.origin)
            )];
            self.prepare(phase, &format!("remember what stays in {name}"), comment, w);
        }
    }

    /// What was counted, behind the last step and sweep, and before anything else writes.
    pub fn count_triggered(&mut self) {
        if self.scene.plan.triggers.is_empty() {
            return;
        }
        let mut w = Writer::new();
        w.kw("SELECT n.nspname AS schema, r.relname AS table, sum(c.n_tup_ins - coalesce(b.n_tup_ins, 0)) AS added,\n");
        w.kw("  sum(c.n_tup_upd - coalesce(b.n_tup_upd, 0)) AS changed, sum(c.n_tup_del - coalesce(b.n_tup_del, 0)) AS deleted\n");
        w.kw("FROM pg_stat_xact_user_tables AS c\nLEFT JOIN pg_temp.efface_counted AS b ON b.relid = c.relid\n");
        w.kw("JOIN pg_class AS r ON r.oid = coalesce(pg_partition_root(c.relid), c.relid)\n");
        w.kw("JOIN pg_namespace AS n ON n.oid = r.relnamespace\n");
        w.kw("WHERE n.nspname !~ '^pg_' AND r.relpersistence <> 't'\nGROUP BY 1, 2\n");
        w.kw("HAVING sum(c.n_tup_ins + c.n_tup_upd + c.n_tup_del\n");
        w.kw("  - coalesce(b.n_tup_ins + b.n_tup_upd + b.n_tup_del, 0)) > 0\nORDER BY 1, 2");
        let comment = vec!["What the steps and the triggers that they fired have done, by table.".to_owned()];
        self.push(Phase::Sweeps, "count what triggers did", Role::CountTriggered, comment, w);
    }

    /// No trigger has deleted what no step names, or changed what stays for a reason.
    pub fn unnamed(&mut self) {
        let watched = self.scene.plan.watched.iter().zip(1_i128..);
        let deleted = watched.map(|(watched, number)| self.scene.deleted_check(watched, number));
        let kept = self.scene.plan.kept_values.iter().zip(1_i128..);
        let kept = kept.map(|(kept, number)| self.scene.kept_check(kept, number));
        let checks: Vec<Check> = deleted.chain(kept).collect();
        let headline = "a trigger did what no step says:";
        self.assertion(Phase::Verification, Assertion::Unnamed, headline, &checks, Vec::new());
    }
}

impl Scene<'_> {
    /// How many rows the steps of a table will delete, together with what was counted of it so far: deleted less added.
    fn going(&self, watched: &Watched) -> Writer {
        let mut w = Writer::new();
        w.kw("SELECT ");
        if watched.going.is_empty() {
            w.kw("0");
        } else {
            w.kw("(").sql(&self.count_of(watched.table, &watched.rows())).kw(")");
        }
        w.kw(" + (").sql(&self.net(watched.table)).kw(")");
        w
    }

    /// Rows of a table, partitions included, that this transaction has deleted, less those that it has added.
    fn net(&self, table: TableId) -> Writer {
        let name = &self.catalog.table(table).name;
        let mut relation = Writer::new();
        relation.table(name);
        let relation = relation.as_str().to_owned();
        let counts = "pg_stat_get_xact_tuples_deleted(relid) - pg_stat_get_xact_tuples_inserted(relid)";
        let mut w = Writer::new();
        match self.catalog.table(table).partitioned {
            Some(_) => {
                w.kw("SELECT coalesce(sum(").kw(counts).kw("), 0) FROM pg_partition_tree(").text(&relation);
                w.kw("::regclass)");
            }
            None => {
                w.kw("SELECT ").kw(counts).kw(" FROM (VALUES (").text(&relation).kw("::regclass)) AS r (relid)");
            }
        }
        w
    }

    fn deleted_check(&self, watched: &Watched, number: i128) -> Check {
        let mut count = Writer::new();
        count.kw("SELECT greatest((").sql(&self.net(watched.table));
        count.kw(") - (SELECT rows FROM pg_temp.efface_going WHERE number = ").number(number).kw("), 0)");
        Check {
            name: self.catalog.table(watched.table).name.bare().to_string(),
            message: "rows were deleted that no step names, by a trigger: look at the triggers that the plan lists, or decide \
                      these rows with a rule"
                .into(),
            count,
        }
    }

    /// The keys and digests of what stays; the values themselves are not copied.
    fn kept_values(&self, kept: &KeptValues) -> Writer {
        let table = self.catalog.table(kept.table);
        let mut w = Writer::new();
        w.kw("SELECT ").list(kept.key.iter().zip(1_i128..), ", ", |w, (column, number)| {
            w.column(table, *column).kw(" AS key").number(number);
        });
        w.kw(", ").sql(&self.digest_of(kept)).kw(" AS kept FROM ").rows_of(self.catalog, &table.name);
        w.kw(" WHERE ").sql(&self.rows(kept.table, &kept.rows));
        w
    }

    fn digest_of(&self, kept: &KeptValues) -> Writer {
        let table = self.catalog.table(kept.table);
        let mut w = Writer::new();
        w.kw("md5(ROW(").list(&kept.columns, ", ", |w, column| {
            w.column(table, *column);
        });
        w.kw(")::text)");
        w
    }

    fn kept_check(&self, kept: &KeptValues, number: i128) -> Check {
        let table = self.catalog.table(kept.table);
        let mut count = Writer::new();
        count.kw("SELECT count(*) FROM pg_temp.efface_kept_").number(number).kw(" AS k WHERE NOT EXISTS (SELECT FROM ");
        count.rows_of(self.catalog, &table.name).kw(" WHERE ");
        count.list(kept.key.iter().zip(1_i128..), " AND ", |w, (column, number)| {
            w.column(table, *column).kw(" = k.key").number(number);
        });
        count.kw(" AND ").sql(&self.digest_of(kept)).kw(" = k.kept)");
        let columns: Vec<_> =
            kept.columns.iter().map(|column| table.column_at(*column).name.bare().to_string()).collect();
        Check {
            name: table.name.bare().to_string(),
            message: format!(
                "rows lost what the policy keeps for a reason ({}), by a trigger: decide these columns, or look at the triggers \
                 that the plan lists",
                columns.join(", ")
            ),
            count,
        }
    }
}
