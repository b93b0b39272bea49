//! Who are the subjects, and may they be erased?
//!
//! The script knows its subjects as one setting for each part of their key. Whoever starts the run binds them, or the
//! policy's `expired_when` chooses them: before any lock, by whatever it reads; and once more when their rows are locked,
//! because a condition that reads other tables is not asked again by the lock that waited (manual, 13.2.1).

use super::assert::Check;
use super::predicate::key_type;
use super::script::Sql;
use super::writer::{Scene, Writer};
use crate::pgtype::PgType;
use crate::plan::{Choice, Predicate};
use crate::resolve::{Condition, Subject, SubjectRows};

/// What psql tells those who wait for a retention run that had nothing to do.
pub(super) const NOBODY: &str = "nobody is expired; nothing was changed";

impl Scene<'_> {
    /// Chooses the subjects by the plan's own condition; none where they are given.
    pub fn chosen(&self) -> Option<Writer> {
        let (subject, expired) = self.expired()?;
        let mut rows = Writer::new();
        self.expired_rows(&mut rows, subject, expired);
        let mut w = Writer::new();
        w.kw("SELECT count(*) AS chosen, count(*) = 0 AS nobody");
        self.set_keys(&mut w, subject);
        w.kw("\nFROM ").rows_of(self.catalog, &self.catalog.table(subject.table).name).kw("\nWHERE ").sql(&rows);
        Some(w)
    }

    /// Leaves out those of the chosen, now locked, whom the condition no longer means.
    pub fn narrowed(&self) -> Option<Writer> {
        let (subject, expired) = self.expired()?;
        let mut w = Writer::new();
        w.kw("SELECT count(*) AS chosen, count(*) = 0 AS nobody");
        self.set_keys(&mut w, subject);
        w.kw("\nFROM ").rows_of(self.catalog, &self.catalog.table(subject.table).name).kw("\nWHERE ");
        w.sql(&self.rows(subject.table, &Predicate::Subject)).kw("\n  AND ");
        self.expired_rows(&mut w, subject, expired);
        Some(w)
    }

    /// The keys of the run as they are now, as text: one column for each part of the key.
    pub fn keys_as_text(&self) -> Sql {
        let mut w = Writer::new();
        w.kw("SELECT * FROM ROWS FROM (").list(0..self.key().len(), ", ", |w, index| {
            w.kw("unnest(current_setting('efface.key").number(index as i128 + 1).kw("')::text[])");
        });
        w.kw(")");
        w.finish()
    }

    fn expired(&self) -> Option<(&SubjectRows, &Condition)> {
        match &self.plan.choice {
            Choice::Given => None,
            Choice::Expired(condition) => Some((self.plan.subject.rows()?, condition)),
        }
    }

    /// The policy's subjects who are expired, as a condition over their table.
    fn expired_rows(&self, w: &mut Writer, subject: &SubjectRows, expired: &Condition) {
        if let Some(condition) = &subject.condition {
            self.condition(w, condition);
            w.kw("\n  AND ");
        }
        self.condition(w, expired);
    }

    /// Every key of the rows found, in the key's order, becomes the run's; the rows' own order says nothing.
    fn set_keys(&self, w: &mut Writer, subject: &SubjectRows) {
        let table = self.catalog.table(subject.table);
        for (index, column) in subject.key.iter().enumerate() {
            w.kw(",\n  set_config('efface.key").number(index as i128 + 1).kw("', coalesce(array_agg(");
            w.column(table, *column).kw(" ORDER BY ").list(&subject.key, ", ", |w, column| {
                w.column(table, *column);
            });
            w.kw(")::text, '{}'), true) IS NOT NULL AS key").number(index as i128 + 1).kw("_is_set");
        }
    }

    /// The types of the key's parts.
    fn key(&self) -> Vec<PgType> {
        self.plan.subject.key(self.catalog).into_iter().map(|(_, ty)| ty).collect()
    }

    /// What the checks call the subject: its table, or the name of the value.
    pub(super) fn subject_name(&self) -> String {
        match &self.plan.subject {
            Subject::Rows(rows) => self.catalog.table(rows.table).name.bare().to_string(),
            Subject::Value(value) => value.name.clone(),
            Subject::EveryRow => "every row".to_owned(),
        }
    }

    /// There are no more subjects than the policy allows.
    pub fn number_check(&self) -> Option<Check> {
        if self.key().is_empty() {
            return None;
        }
        // A key that is given twice is one subject.
        let mut many = Writer::new();
        many.kw("SELECT greatest(0, count(*) - ").number(self.plan.limits.max_subjects);
        many.kw(") FROM (SELECT DISTINCT * FROM (");
        self.subject_keys(&mut many);
        many.kw(") AS given) AS subjects");
        let most = self.plan.limits.max_subjects;
        let message = match &self.plan.choice {
            Choice::Given => {
                format!(
                    "more subjects than `limits.max_subjects` allows ({most}): give fewer, or raise the limit in the policy"
                )
            }
            Choice::Expired(_) => format!(
                "more are expired than `limits.max_subjects` allows ({most}): look at them, then raise the limit in the policy"
            ),
        };
        Some(Check { name: self.subject_name(), message, count: many })
    }

    /// The subject exists, once for each key, and is somebody whom this policy may erase.
    pub fn subject_checks(&self) -> Vec<Check> {
        let mut replica = Writer::new();
        replica.kw("SELECT CASE WHEN current_setting('session_replication_role') = 'origin' THEN 0 ELSE 1 END");
        let mut checks = vec![Check {
            name: "session_replication_role".into(),
            message: "foreign keys and triggers are off in this session: set it to `origin`".into(),
            count: replica,
        }];
        if let Some(empty) = self.empty_keys() {
            checks.push(Check {
                name: self.subject_name(),
                message: "the subject's key is empty, NULL or incomplete: give one value for each key column".into(),
                count: empty,
            });
        }
        checks.extend(self.number_check());
        if let Some(subject) = self.plan.subject.rows() {
            checks.extend(self.row_checks(subject));
        }
        checks
    }

    /// One where a key is missing.
    fn empty_keys(&self) -> Option<Writer> {
        let key = self.key();
        let first = key.first()?;
        let mut empty = Writer::new();
        empty.kw("SELECT CASE WHEN cardinality(");
        self.key_array(&mut empty, 0, first);
        empty.kw(") = 0");
        for (index, ty) in key.iter().enumerate() {
            empty.kw(" OR array_position(");
            self.key_array(&mut empty, index, ty);
            empty.kw(", NULL) IS NOT NULL");
            if index > 0 {
                empty.kw(" OR cardinality(");
                self.key_array(&mut empty, 0, first);
                empty.kw(") <> cardinality(");
                self.key_array(&mut empty, index, ty);
                empty.kw(")");
            }
        }
        // Without a table nothing else would tell an empty text from somebody: it stands in many rows.
        if matches!(self.plan.subject, Subject::Value(_)) {
            empty.kw(" OR '' = ANY (");
            self.key_array(&mut empty, 0, first);
            empty.kw("::text[])");
        }
        empty.kw(" THEN 1 ELSE 0 END");
        Some(empty)
    }

    /// Each subject has its row, and the policy means it.
    fn row_checks(&self, subject: &SubjectRows) -> Vec<Check> {
        let table = self.catalog.table(subject.table);
        let name = table.name.bare().to_string();
        let mut missing = Writer::new();
        missing.kw("SELECT count(*) FROM (");
        self.subject_keys(&mut missing);
        missing.kw(" EXCEPT SELECT ").list(&subject.key, ", ", |w, column| {
            w.column(table, *column).kw("::").printed(&key_type(&table.column_at(*column).ty));
        });
        missing.kw(" FROM ").rows_of(self.catalog, &table.name).kw(" WHERE ");
        missing.sql(&self.rows(subject.table, &Predicate::Subject));
        if self.plan.ledger {
            // Who was erased before and is erased again need not have a row any more.
            missing.kw(" EXCEPT ");
            self.known_keys(&mut missing);
        }
        missing.kw(") AS missing");
        let mut checks = vec![Check {
            name: name.clone(),
            message: "no row has this key: check it, or the subject is gone already".into(),
            count: missing,
        }];
        if let Some(condition) = &subject.condition {
            let mut outside = Writer::new();
            outside.kw("SELECT count(*) FROM ").rows_of(self.catalog, &table.name).kw(" WHERE ");
            outside.sql(&self.rows(subject.table, &Predicate::Subject)).kw(" AND (");
            self.condition(&mut outside, condition);
            outside.kw(") IS NOT TRUE");
            checks.push(Check {
                name,
                message: "the policy's `subject: where` does not hold for this row: this policy may not erase it"
                    .into(),
                count: outside,
            });
        }
        checks
    }
}
