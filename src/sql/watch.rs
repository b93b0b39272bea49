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
use crate::plan::Watched;

impl Lowering<'_> {
    /// How things are before the first step.
    pub fn watch(&mut self) {
        let plan = self.scene.plan;
        if plan.triggers.is_empty() {
            return;
        }
        let mut comment = vec!["Triggers will fire: what they do beyond the steps is counted.".to_owned()];
        let mut w = Writer::new();
        // Counts of transactions before this one may not have been reported yet, so they begin with something.
        w.kw("SELECT set_config('efface.counted', (\n");
        w.kw("    SELECT coalesce(jsonb_object_agg(relid::text, jsonb_build_array(n_tup_ins, n_tup_upd, n_tup_del)), '{}')::text\n");
        w.kw("    FROM pg_stat_xact_user_tables WHERE n_tup_ins + n_tup_upd + n_tup_del > 0), true) IS NOT NULL AS rows_are_counted");
        if !plan.watched.is_empty() {
            // A list, since a function takes a hundred arguments at most.
            w.kw(",\n  set_config('efface.going', (\n    SELECT jsonb_agg(rows ORDER BY place)::text FROM (VALUES\n");
            w.list(plan.watched.iter().zip(0_i128..), ",\n", |w, (watched, place)| {
                w.kw("      (").number(place).kw(", ").sql(&self.scene.going(watched)).kw(")");
            });
            w.kw("\n    ) AS efface_watched (place, rows)), true) IS NOT NULL AS rows_that_go_are_counted");
            let names: Vec<_> = plan.watched.iter().map(|watched| self.name(watched.table)).collect();
            comment.push(format!("They may delete rows of {}: no more than the steps do.", names.join(", ")));
        }
        self.prepare(Phase::Before, "begin to count what triggers do", comment, w);
    }

    /// What was counted, behind the last step and sweep, and before anything else writes.
    pub fn count_triggered(&mut self) {
        if self.scene.plan.triggers.is_empty() {
            return;
        }
        let mut w = Writer::new();
        w.kw("SELECT n.nspname AS schema, r.relname AS table,\n");
        w.kw("  sum(c.n_tup_ins - b.ins) AS added, sum(c.n_tup_upd - b.upd) AS changed, sum(c.n_tup_del - b.del) AS deleted\n");
        w.kw("FROM pg_stat_xact_user_tables AS c\n");
        w.kw("CROSS JOIN (SELECT current_setting('efface.counted')::jsonb) AS s (counted)\n");
        w.kw("CROSS JOIN LATERAL (SELECT coalesce((counted -> c.relid::text ->> 0)::bigint, 0),\n");
        w.kw("    coalesce((counted -> c.relid::text ->> 1)::bigint, 0),\n");
        w.kw("    coalesce((counted -> c.relid::text ->> 2)::bigint, 0)) AS b (ins, upd, del)\n");
        w.kw("JOIN pg_class AS r ON r.oid = coalesce(pg_partition_root(c.relid), c.relid)\n");
        w.kw("JOIN pg_namespace AS n ON n.oid = r.relnamespace\n");
        w.kw("WHERE n.nspname !~ '^pg_' AND c.n_tup_ins + c.n_tup_upd + c.n_tup_del > b.ins + b.upd + b.del\n");
        w.kw("GROUP BY 1, 2 ORDER BY 1, 2");
        let comment = vec!["What the steps and the triggers that they fired have done, by table.".to_owned()];
        self.push(Phase::Sweeps, "count what triggers did", Role::CountTriggered, comment, w);
    }

    /// No trigger has deleted what no step names.
    pub fn unnamed(&mut self) {
        let watched = self.scene.plan.watched.iter().zip(0_i128..);
        let checks: Vec<Check> = watched.map(|(watched, place)| self.scene.deleted_check(watched, place)).collect();
        let headline = "a trigger did what no step says:";
        self.assertion(Phase::Verification, Assertion::Unnamed, headline, &checks, Vec::new());
    }
}

impl Scene<'_> {
    /// How many rows of a table the steps will delete, together with what was counted of it so far.
    fn going(&self, watched: &Watched) -> Writer {
        let mut w = Writer::new();
        if !watched.going.is_empty() {
            w.kw("(").sql(&self.count_of(watched.table, &watched.rows())).kw(") + ");
        }
        w.sql(&self.net(watched.table));
        w
    }

    /// Rows of a table, partitions included, that this transaction has deleted, less those that it has added.
    fn net(&self, table: TableId) -> Writer {
        let mut relation = Writer::new();
        relation.table(&self.catalog.table(table).name);
        let mut w = Writer::new();
        if self.catalog.table(table).partitioned.is_some() {
            w.kw("(SELECT coalesce(sum(pg_stat_get_xact_tuples_deleted(relid) - pg_stat_get_xact_tuples_inserted(relid)), 0)");
            w.kw(" FROM pg_partition_tree(").text(relation.as_str()).kw("::regclass))");
        } else {
            w.kw("(pg_stat_get_xact_tuples_deleted(").text(relation.as_str());
            w.kw("::regclass) - pg_stat_get_xact_tuples_inserted(").text(relation.as_str()).kw("::regclass))");
        }
        w
    }

    fn deleted_check(&self, watched: &Watched, place: i128) -> Check {
        let mut count = Writer::new();
        count.kw("SELECT greatest(").sql(&self.net(watched.table));
        count.kw(" - (current_setting('efface.going')::jsonb ->> ").number(place).kw(")::bigint, 0)");
        Check {
            name: self.catalog.table(watched.table).name.bare().to_string(),
            message:
                "rows were deleted that no step names, by a trigger: look at the triggers that the plan lists, or decide \
                      these rows with a rule"
                    .into(),
            count,
        }
    }
}
