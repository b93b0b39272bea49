//! Where in the script are the values read that must be gone, and where are they looked for?
//!
//! None of these statements is there where the policy names no such values.

use super::lower::Lowering;
use super::script::{Assertion, Phase, Role, Statement};
use super::writer::Writer;
use crate::plan::GonePlace;

impl Lowering<'_> {
    /// Behind everything that is remembered: as it is before the first change.
    pub fn values_to_go(&mut self) {
        let Some(gone) = &self.scene.plan.gone else { return };
        let phase = Phase::Freeze;
        let title = "read the values that must be gone";
        let mut w = Writer::new();
        w.kw("CREATE TEMP TABLE efface_values (place text, value text) ON COMMIT DROP");
        let comment = vec!["Values that must be gone afterwards; no statistics are ever made of them.".to_owned()];
        self.prepare(phase, title, comment, w);
        for values in &gone.values {
            for sql in self.scene.gone_values(values) {
                self.prepare(phase, title, Vec::new(), sql);
            }
        }
        let comment = vec!["As regular expressions, one for each column.".to_owned()];
        self.prepare(phase, title, comment, self.scene.gone_patterns());
        let check = self.scene.gone_check();
        self.assertion(phase, Assertion::Values, "values can't be looked for:", &[check], Vec::new());
    }

    /// Behind the other verifications, which take less time.
    pub fn verify_gone(&mut self) {
        let Some(gone) = &self.scene.plan.gone else { return };
        let phase = Phase::Verification;
        let mut w = Writer::new();
        w.kw("CREATE TEMP TABLE efface_seen (relation text, name text, place text, anywhere boolean, reached boolean, n bigint) ON COMMIT DROP");
        let comment = vec![
            "Where old values still are: in rows that were reached or written, and in those of other people."
                .to_owned(),
        ];
        self.prepare(phase, "look for values that must be gone", comment, w);
        for place in &gone.places {
            let search = self.search(phase, place);
            self.statements.push(search);
        }
        let sql = self.scene.gone_assertion();
        self.assert(phase, Assertion::Gone, Vec::new(), sql);
        let elsewhere = self.scene.gone_elsewhere();
        self.push(phase, "list what was found elsewhere", Role::ListFound, Vec::new(), elsewhere);
    }

    /// What only a rehearsal has the time for.
    pub fn search_further(&self) -> Vec<Statement> {
        let Some(gone) = self.scene.plan.gone.as_ref().filter(|gone| !gone.further.is_empty()) else {
            return Vec::new();
        };
        let phase = Phase::Verification;
        let statement = |title: &str, role: Role, sql: Writer| Statement {
            phase,
            title: title.to_owned(),
            comment: Vec::new(),
            sql: sql.finish(),
            role,
        };
        let mut forget = Writer::new();
        forget.kw("DELETE FROM pg_temp.efface_seen");
        let forget = statement("look for values that must be gone", Role::Prepare, forget);
        let list = statement("list what was found elsewhere", Role::ListFound, self.scene.gone_elsewhere());
        let searches = gone.further.iter().map(|place| self.search(phase, place));
        std::iter::once(forget).chain(searches).chain([list]).collect()
    }

    fn search(&self, phase: Phase, place: &GonePlace) -> Statement {
        let table = self.scene.catalog.table(place.table).name.bare().to_string();
        Statement {
            phase,
            title: format!("look for values that must be gone in {table}"),
            comment: Vec::new(),
            sql: self.scene.gone_search(place).finish(),
            role: Role::Prepare,
        }
    }
}
