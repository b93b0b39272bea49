//! Materialized views are brought up to date, in the transaction.

use super::lower::Lowering;
use super::script::{Phase, Role, Sql};
use super::writer::Writer;
use crate::catalog::RowSecurity;
use crate::ident::TableName;

/// The statement that refreshes a materialized view.
pub fn refresh_statement(view: &TableName, concurrently: bool) -> Sql {
    statement(view, concurrently).finish()
}

fn statement(view: &TableName, concurrently: bool) -> Writer {
    let mut w = Writer::new();
    w.kw("REFRESH MATERIALIZED VIEW ").kw(if concurrently { "CONCURRENTLY " } else { "" }).table(view);
    w
}

impl Lowering<'_> {
    /// Behind all changes, and before the reports are compared, which may read these views.
    pub fn refresh(&mut self) {
        let (plan, catalog) = (self.scene.plan, self.scene.catalog);
        if plan.refreshes.is_empty() {
            return;
        }
        let phase = Phase::Derived;
        let reads = |view| catalog.materialized_view(view).into_iter().flat_map(|found| &found.reads);
        let secured =
            |table| catalog.table_id(table).is_some_and(|id| catalog.table(id).row_security != RowSecurity::Off);
        let is_secured =
            plan.refreshes.iter().flat_map(|refresh| reads(&refresh.view)).any(|read| secured(&read.table));
        if is_secured {
            let mut w = Writer::new();
            w.kw("SET LOCAL row_security = on");
            let comment = vec!["A materialized view is read with its owner's rights, as it always is.".to_owned()];
            self.prepare(phase, "settings", comment, w);
        }
        for refresh in &plan.refreshes {
            let name = refresh.view.bare().to_string();
            let meanwhile = match refresh.concurrently {
                true => "readers go on, other refreshes wait until COMMIT",
                false => "whoever reads it waits until COMMIT",
            };
            let w = statement(&refresh.view, refresh.concurrently);
            let place = self.place(refresh.origin);
            let comment = vec![format!("{name}: forgets what has changed; {meanwhile} ({place})")];
            self.push(phase, format!("refresh {name}"), Role::Prepare, comment, w);
        }
        if is_secured {
            let mut w = Writer::new();
            w.kw("SET LOCAL row_security = off");
            self.prepare(phase, "settings", Vec::new(), w);
        }
    }
}
