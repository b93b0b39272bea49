//! Assertions: DO blocks that fail the transaction, say everything that they found, and count themselves.
//!
//! Inside a DO block there are no psql variables and no parameters (manual, DO), so it reads settings only. Each that
//! passes raises `efface.passed` by one; the gate before COMMIT demands the full count.

use super::script::{ASSERTION_FAILED, Assertion};
use super::value;
use super::writer::{Scene, Writer};
use crate::catalog::{Basis, Column, ForeignKey, TableId};
use crate::plan::{Predicate, Step, StepAction};
use crate::resolve::{IfShared, NewValue, ResolvedReport};

/// One thing to find: how many rows are wrong, and what to say about them.
pub(super) struct Check {
    /// What it is about, for people.
    pub name: String,
    /// What is wrong and what to do, for people.
    pub message: String,
    /// An expression that gives the number of wrong rows.
    pub count: Writer,
}

/// A DO block over some checks: all are evaluated, all findings reported at once.
pub(super) fn block(assertion: Assertion, headline: &str, checks: &[Check]) -> Writer {
    let finds = |body: &mut Writer| {
        body.kw(
            "  SELECT jsonb_agg(jsonb_build_object('name', name, 'message', message, 'rows', n)) INTO efface_found\n",
        );
        body.kw("  FROM (VALUES\n").list(checks, ",\n", |w, check| {
            w.kw("    (").text(&check.name).kw(", ").text(&check.message).kw(",\n      (").sql(&check.count).kw("))");
        });
        body.kw("\n  ) AS efface_check (name, message, n) WHERE n IS DISTINCT FROM 0;\n");
    };
    own_block("", finds, assertion, headline)
}

/// A DO block that finds things in a way of its own, and leaves them in `efface_found`; with the variables that it needs.
pub(super) fn own_block(variables: &str, finds: impl Fn(&mut Writer), assertion: Assertion, headline: &str) -> Writer {
    let mut body = Writer::new();
    body.kw("\n#variable_conflict use_column\nDECLARE\n  efface_found jsonb;\n");
    if !variables.is_empty() {
        body.kw("  ").printed(variables).kw("\n");
    }
    body.kw("BEGIN\n");
    finds(&mut body);
    body.kw("  IF efface_found IS NOT NULL THEN\n    RAISE EXCEPTION USING ERRCODE = ").text(ASSERTION_FAILED);
    body.kw(",\n      MESSAGE = ").text(headline);
    body.kw(" || (SELECT string_agg(format(E'\\n- %s: %s (%s)', f ->> 'name', f ->> 'message', f ->> 'rows'), '')");
    body.kw(" FROM jsonb_array_elements(efface_found) AS f),\n      DETAIL = jsonb_build_object('assertion', ");
    body.text(name(assertion)).kw(", 'findings', efface_found)::text;\n  END IF;\n");
    body.kw(
        "  PERFORM set_config('efface.passed', (current_setting('efface.passed')::integer + 1)::text, true);\nEND ",
    );
    let tag = dollar_tag(body.as_str());
    let mut w = Writer::new();
    w.kw("DO ").printed(&tag).sql(&body).printed(&tag);
    w
}

/// The name of an assertion in its DETAIL; the same as serde's.
fn name(assertion: Assertion) -> &'static str {
    match assertion {
        Assertion::SearchPath => "search_path",
        Assertion::Subject => "subject",
        Assertion::Secret => "secret",
        Assertion::Ledger => "ledger",
        Assertion::Erased => "erased",
        Assertion::Meanwhile => "meanwhile",
        Assertion::Guards => "guards",
        Assertion::Limits => "limits",
        Assertion::StandIns => "stand_ins",
        Assertion::Shared => "shared",
        Assertion::Expected => "expected",
        Assertion::Values => "values",
        Assertion::References => "references",
        Assertion::Steps => "steps",
        Assertion::Reports => "reports",
        Assertion::Gone => "gone",
    }
}

/// A key by the columns that reference: `audits.user_id`.
fn reference(key: &ForeignKey) -> String {
    let columns: Vec<_> = key.child_columns().map(|column| column.bare().to_string()).collect();
    match &columns[..] {
        [only] => format!("{}.{only}", key.child.bare()),
        many => format!("{}.({})", key.child.bare(), many.join(", ")),
    }
}

/// A dollar quote that the text doesn't contain: `$efface$`, else with a number.
fn dollar_tag(text: &str) -> String {
    let mut number = 0;
    loop {
        let tag = if number == 0 { "$efface$".to_owned() } else { format!("$efface_{number}$") };
        if !text.contains(&tag) {
            return tag;
        }
        number += 1;
    }
}

impl Scene<'_> {
    /// Nobody else goes than whom the policy may erase, though a cascade leads back to the subjects' table.
    pub fn stranger_checks(&self) -> Vec<Check> {
        let Some(subject) = self.plan.subject.rows() else { return Vec::new() };
        let Some(condition) = &subject.condition else { return Vec::new() };
        let table = self.catalog.table(subject.table);
        let deleting = self.plan.steps.iter().filter(|step| {
            step.table == subject.table && step.action == StepAction::Delete && step.rows != Predicate::Subject
        });
        let check = |step: &Step| {
            let mut count = Writer::new();
            count.kw("SELECT count(*) FROM ").rows_of(self.catalog, &table.name).kw(" WHERE (");
            count.sql(&self.rows(subject.table, &step.rows)).kw(") AND (");
            self.condition(&mut count, condition);
            count.kw(") IS NOT TRUE");
            Check {
                name: table.name.bare().to_string(),
                message: "rows would go for which the policy's `subject: where` does not hold: keep the cascade from \
                          leading back here, with a rule that clears the reference"
                    .into(),
                count,
            }
        };
        deleting.map(check).collect()
    }

    /// No guard finds a row.
    pub fn guard_checks(&self) -> Vec<Check> {
        let guards = self.plan.guards.iter();
        guards
            .map(|guard| Check {
                name: guard.name.clone(),
                message: guard.message.clone(),
                count: self.count_of(guard.table, &guard.rows),
            })
            .collect()
    }

    /// Nobody else references rows whose rule refuses that.
    pub fn shared_checks(&self) -> Vec<Check> {
        let refused = self.plan.shared.iter().filter(|shared| shared.if_shared == IfShared::Refuse);
        refused
            .map(|shared| Check {
                name: self.catalog.table(shared.table).name.bare().to_string(),
                message: "others reference these rows too, and `if_shared: refuse` stands at their rule: take the \
                          references away, or write `if_shared: keep`"
                    .into(),
                count: self.count_of(shared.table, &shared.rows),
            })
            .collect()
    }

    /// No row references, by a key that nobody follows, what the policy reaches.
    pub fn expected_checks(&self) -> Vec<Check> {
        let expected = self.plan.expected.iter();
        expected
            .map(|none| Check {
                name: reference(self.catalog.key(none.key)),
                message:
                    "rows reference what the policy reaches, where `expect: none` says that there are none: add a \
                          rule for them, or take `expect: none` away"
                        .into(),
                count: self.count_of(none.table, &none.rows),
            })
            .collect()
    }

    /// How many rows of a table a predicate holds for.
    pub fn count_of(&self, table: TableId, rows: &Predicate) -> Writer {
        let mut count = Writer::new();
        count.kw("SELECT count(*) FROM ").rows_of(self.catalog, &self.catalog.table(table).name).kw(" WHERE ");
        count.sql(&self.rows(table, rows));
        count
    }

    /// No table has more rows in scope than allowed.
    pub fn limit_checks(&self) -> Vec<Check> {
        let limits = self.plan.limited_rows.iter();
        limits
            .map(|(table, most, rows)| {
                let name = &self.catalog.table(*table).name;
                let mut count = Writer::new();
                count.kw("SELECT CASE WHEN count(*) > ").number(*most).kw(" THEN count(*) ELSE 0 END FROM ");
                count.rows_of(self.catalog, name).kw(" WHERE ").sql(&self.rows(*table, rows));
                Check {
                    name: name.bare().to_string(),
                    message: format!(
                        "more rows than `limits.max_rows` allows ({most}): look at them, or raise the limit in the policy"
                    ),
                    count,
                }
            })
            .collect()
    }

    /// Nothing is left that references the rows of a delete by a key on which the database would act by itself: it would
    /// delete or change rows that no step names. What `check` has proven is asked again here, because a column's default
    /// may lead to a row that goes, and a trigger may have added rows.
    pub fn reference_checks(&self, step: &Step) -> Vec<Check> {
        let parent = self.catalog.table(step.table);
        let keys = self.catalog.keys_onto(step.table).filter(|(_, key)| !key.is_enforced() || key.on_delete.acts());
        keys.filter_map(|(id, key)| {
            let child = self.catalog.child(id)?;
            let references = Predicate::References { key: id, rows: Box::new(step.rows.clone()) };
            let rows = match self.plan.virtual_conditions.get(&id) {
                Some(condition) => Predicate::All(vec![references, Predicate::Author(condition.clone())]),
                None => references,
            };
            let what = match key.basis {
                Basis::Declared if key.unenforced => "whose triggers are disabled".to_owned(),
                Basis::Declared => format!("and ON DELETE {} would act on them unasked", key.on_delete.sql()),
                Basis::Virtual { .. } | Basis::Values => "which nobody enforces".to_owned(),
            };
            let mut count = Writer::new();
            count.kw("SELECT count(*) FROM ").rows_of(self.catalog, &key.child).kw(" WHERE ").sql(&self.rows(child, &rows));
            // Rows that go in the same statement may reference each other; where nobody enforces the key, they may also go
            // later.
            let with = |other: &&Step| {
                other.table == child
                    && other.action == StepAction::Delete
                    && (child == step.table
                        || !key.is_enforced()
                        || (step.together.is_some() && other.together == step.together))
            };
            let going = std::iter::once(step).chain(&self.plan.steps).find(with);
            if let Some(other) = going {
                count.kw(" AND (").sql(&self.rows(child, &other.rows)).kw(") IS NOT TRUE");
            }
            Some(Check {
                name: key.child.bare().to_string(),
                message: format!(
                    "rows still reference rows of `{}` that are to be deleted, by `{}`, {what}: settle them with a rule, and \
                     look at defaults and triggers",
                    parent.name.bare(),
                    key.name.bare(),
                ),
                count,
            })
        })
        .collect()
    }

    /// The rows are read again, because counts lie: a BEFORE trigger may have kept a row, or a value.
    pub fn step_checks(&self) -> Vec<Check> {
        self.plan
            .steps
            .iter()
            .enumerate()
            .flat_map(|(index, step)| {
                let values = self.step_check(step).into_iter().chain(self.value_check(index, step));
                values.chain(self.path_checks(step))
            })
            .collect()
    }

    /// No path into documents leads past values that it was meant for.
    fn path_checks(&self, step: &Step) -> Vec<Check> {
        let StepAction::Change(changes) = &step.action else { return Vec::new() };
        let table = self.catalog.table(step.table);
        let missed = changes.iter().filter_map(|change| match &change.value {
            NewValue::Derived(derived) => {
                let column = table.column_at(change.column);
                Some((column, self.derived_misses(table, column, derived)?))
            }
            NewValue::Null
            | NewValue::Default
            | NewValue::Literal(_)
            | NewValue::StandIn(_)
            | NewValue::Expression(_)
            | NewValue::Random(_) => None,
        });
        let check = |(column, missed): (&Column, Writer)| {
            let mut count = Writer::new();
            count.kw("SELECT count(*) FROM ").rows_of(self.catalog, &table.name).kw(" WHERE (");
            count.sql(&self.rows(step.table, &step.rows)).kw(") AND ").sql(&missed);
            Check {
                name: format!("{}.{}", table.name.bare(), column.name.bare()),
                message:
                    "documents have an array where a path names a key, or an object where it has `[*]`, and what is \
                          in it would stay: add a path for the other shape"
                        .into(),
                count,
            }
        };
        missed.map(check).collect()
    }

    fn step_check(&self, step: &Step) -> Option<Check> {
        let table = self.catalog.table(step.table);
        let mut count = Writer::new();
        count.kw("SELECT count(*) FROM ").rows_of(self.catalog, &table.name).kw(" WHERE (");
        count.sql(&self.rows(step.table, &step.rows)).kw(")");
        let what = step.name.as_ref().map(|name| format!(", rule `{name}`")).unwrap_or_default();
        let name = format!("{}{what}", table.name.bare());
        match &step.action {
            StepAction::Delete => Some(Check {
                name,
                message: "rows that were to be deleted are there: look at the triggers of the table".into(),
                count,
            }),
            StepAction::Change(changes) => {
                let holds: Vec<Writer> =
                    changes.iter().filter_map(|change| value::holds(self, table, change)).collect();
                if holds.is_empty() {
                    return None;
                }
                count.kw(" AND (").list(&holds, " AND ", |w, hold| {
                    w.sql(hold);
                });
                count.kw(") IS NOT TRUE");
                Some(Check {
                    name,
                    message: "rows do not have the new values: look at the triggers of the table".into(),
                    count,
                })
            }
        }
    }

    /// Values that can't be told by their looks are those that were remembered.
    fn value_check(&self, index: usize, step: &Step) -> Option<Check> {
        step.values_first.as_ref()?;
        let table = self.catalog.table(step.table);
        let mut count = Writer::new();
        count.kw("SELECT count(*) FROM ").rows_of(self.catalog, &table.name).kw(", ").sql(&self.remembered(index));
        count
            .kw(" WHERE ")
            .sql(&self.remembered_rows(step))
            .kw(" AND (")
            .sql(&self.remembered_hold(step))
            .kw(") IS NOT TRUE");
        Some(Check {
            name: table.name.bare().to_string(),
            message: "rows do not have the new values: look at the triggers of the table".into(),
            count,
        })
    }

    /// No report moved: its rows, as a multiset of digests, are the same.
    pub fn report_checks(&self) -> Vec<Check> {
        let reports = self.plan.reports.iter().enumerate();
        reports
            .map(|(index, report)| {
                let mut count = Writer::new();
                count.kw("SELECT coalesce(sum(abs(coalesce(b.n, 0) - coalesce(a.n, 0))), 0)::bigint FROM pg_temp.efface_report_");
                count.number(index as i128 + 1).kw(" AS b FULL JOIN (");
                count.sql(&report_digests(report)).kw(") AS a ON a.h = b.h");
                Check {
                    name: report.name.clone(),
                    message: "the report's rows differ from before: the policy changes what it counts, or another session did".into(),
                    count,
                }
            })
            .collect()
    }
}

/// A report as a multiset of digests of whole rows: any column types and names, and no value is kept.
pub(super) fn report_digests(report: &ResolvedReport) -> Writer {
    let mut w = Writer::new();
    w.kw("SELECT encode(sha256(convert_to(efface_row::text, 'UTF8')), 'hex') AS h, count(*) AS n\nFROM ");
    // The newline keeps a trailing comment of the author's from swallowing the parenthesis.
    w.author_block(&report.query).kw(" AS efface_row\nGROUP BY 1");
    w
}
