//! How does a run enter itself in the ledger, and recognise whom it has erased before?
//!
//! Statements of the script like any other, over the tables of `schema/ledger.sql`. The kill switch is held first. When
//! the subjects' rows are locked, the ledger is asked whether it knows them: if it does and nothing of theirs is left,
//! the run is over; if something is left or new, it is refused unless somebody has said `again`. The entry comes last, in
//! the same transaction, one writer at a time: a lock within the statement that inserts would be younger than what the
//! statement sees, and two entries would follow the same one.

use super::assert::{Check, own_block};
use super::keyed::text_of;
use super::script::{Assertion, Sql};
use super::writer::{Scene, Writer};
use crate::catalog::Catalog;
use crate::ident::{Ident, shown};
use crate::pgtype::PgType;
use crate::plan::{Choice, Plan, Step, StepAction};
use crate::resolve::Subject;

/// What makes the ledger's tables.
pub const LEDGER_DDL: &str = include_str!("../../schema/ledger.sql");
/// The version of the tables that scripts are written for.
pub const LEDGER_VERSION: i32 = 1;
/// The tables of the schema `efface`, which are no part of a catalog.
pub const LEDGER_TABLES: [&str; 6] = ["version", "control", "salt", "turn", "ledger", "erased"];

/// What the first entry follows.
pub const NO_ENTRY: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The privileges of a role that erases: it adds entries, and neither changes nor removes one.
pub const LEDGER_PRIVILEGES: [&str; 5] = [
    "USAGE ON SCHEMA efface",
    "SELECT ON efface.version, efface.control, efface.salt, efface.ledger, efface.erased",
    "INSERT ON efface.ledger, efface.erased",
    "UPDATE (held) ON efface.control",
    "UPDATE ON efface.turn",
];

/// The statements that give these privileges to a role.
pub fn ledger_grants(role: &Ident) -> String {
    let statement = |privilege: &'static str| {
        let mut w = Writer::new();
        w.kw("GRANT ").kw(privilege).kw(" TO ").ident(role).kw(";");
        w.as_str().to_owned() + "\n"
    };
    LEDGER_PRIVILEGES.map(statement).concat()
}

/// The same as comments, for people: a role's name may hold the end of a line.
pub fn ledger_grants_told(role: &Ident) -> String {
    let mut quoted = Writer::new();
    quoted.ident(role);
    let role = shown(quoted.as_str()).to_string();
    LEDGER_PRIVILEGES.map(|privilege| format!("-- GRANT {privilege} TO {role};\n")).concat()
}

/// How an entry's moment is written where its digest is made, and wherever it is shown.
pub(crate) const MOMENT: &str = "'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'";

/// What the ledger calls the run's subjects, in the order of their keys.
const SUBJECTS: &str = "current_setting('efface.subjects')::text[]";

/// What an entry says that is known before the run.
pub(super) struct Known<'a> {
    /// The digest of its file.
    pub policy_sha256: &'a str,
    /// The digest of the script so far.
    pub plan_sha256: &'a str,
    /// Which step each statement that changes rows belongs to, by index, in the order in which they run.
    pub ran: &'a [usize],
}

/// Where psql keeps the number of rows of a statement until it is entered.
pub(super) enum Counted {
    /// Of the so manieth statement of a single step.
    Step(usize),
    /// Of a step that runs in one statement with others, by index.
    Together(usize),
}

impl Counted {
    /// The name of the variable.
    pub fn variable(&self) -> String {
        match self {
            Counted::Step(number) => format!("efface_rows_{number}"),
            // As the statement calls its column, behind the prefix that `\gset` puts before it.
            Counted::Together(step) => format!("efface_step_{}", step + 1),
        }
    }
}

impl Scene<'_> {
    /// What a run is told about itself: as psql runs it, and with `$1` for "again" and `$2` for the program.
    pub fn told(&self) -> (Writer, Writer) {
        let statement = |again: &str, runner: &str| {
            let mut w = Writer::new();
            w.kw("SELECT set_config('efface.again', ").printed(again);
            w.kw(", true) IS NOT NULL AND set_config('efface.runner', ").printed(runner);
            w.kw(", true) IS NOT NULL AS run_is_told");
            w
        };
        (statement(":'again'", "'psql'"), statement("$1", "$2"))
    }

    /// There is a ledger, and nobody has switched efface off; nobody can until the run has ended.
    pub fn switched_on(&self) -> Writer {
        own_block(
            "efface_problem text;",
            |w| {
                w.kw("  IF to_regclass('efface.version') IS NULL THEN\n    efface_problem := ");
                w.text(
                    "this database has no ledger: make one with `efface ledger init`, or write the script with `--no-ledger`",
                );
                w.kw(";\n  ELSIF (SELECT max(version) FROM efface.version) IS DISTINCT FROM ").number(LEDGER_VERSION);
                w.kw(" THEN\n    efface_problem := ").text("the ledger is of another version of efface");
                w.kw(";\n  ELSE\n    SELECT CASE WHEN NOT enabled THEN ")
                    .text("efface is switched off in this database: ");
                w.kw(" || reason END INTO efface_problem FROM efface.control FOR SHARE;\n");
                w.kw("    IF NOT FOUND THEN\n      efface_problem := ").text("efface.control has no row");
                w.kw(";\n    END IF;\n  END IF;\n  IF efface_problem IS NOT NULL THEN\n");
                w.kw("    efface_found := jsonb_build_array(jsonb_build_object('name', 'ledger', 'message', efface_problem, 'rows', 0));\n");
                w.kw("  END IF;\n");
            },
            Assertion::Ledger,
            "nothing can be entered in the ledger:",
        )
    }

    /// Whether the run has subjects that the ledger could know.
    pub fn has_subjects(&self) -> bool {
        !matches!(self.plan.subject, Subject::EveryRow)
    }

    /// Says once what the run's subjects are called in the ledger, in the order of their keys.
    pub fn call_subjects(&self) -> Writer {
        let key = self.plan.subject.key(self.catalog);
        let mut w = Writer::new();
        w.kw("SELECT set_config('efface.subjects', coalesce(array_agg(").sql(&self.as_entered());
        w.kw(" ORDER BY given.n), '{}')::text, true) IS NOT NULL AS subjects_are_called\nFROM ");
        // Of several arrays only the bare name, which then is always PostgreSQL's own (manual, 7.2.1.4).
        w.kw(if key.len() == 1 { "pg_catalog.unnest(" } else { "unnest(" });
        w.list(key.iter().enumerate(), ", ", |w, (index, (_, ty))| {
            self.key_array(w, index, ty);
        });
        w.kw(") WITH ORDINALITY AS given (").list(1..=key.len(), ", ", |w, n| {
            w.kw("key").number(n as i128);
        });
        w.kw(", n)");
        w
    }

    /// A key as it is entered: as it stands where it can't be personal, otherwise as a keyed digest.
    fn as_entered(&self) -> Writer {
        let key = self.plan.subject.key(self.catalog);
        let column = |n: usize| {
            let mut w = Writer::new();
            w.kw("given.key").number(n as i128 + 1);
            w
        };
        let mut w = Writer::new();
        if key.iter().all(|(_, ty)| is_impersonal(ty)) {
            w.list(0..key.len(), " || ',' || ", |w, n| {
                w.sql(&column(n)).kw("::text");
            });
            return w;
        }
        w.kw("'hmac-sha256:' || encode(sha256((SELECT outer_key FROM efface.salt)");
        w.kw(" || sha256((SELECT inner_key FROM efface.salt) || convert_to(json_build_array(");
        w.list(key.iter().enumerate(), ", ", |w, (n, (_, ty))| {
            w.sql(&text_of(&column(n), Some(ty)));
        });
        w.kw(")::text, 'UTF8'))), 'hex')");
        w
    }

    /// Entries of this policy about these subjects, with `known` for who and `entry` for which.
    fn entries(&self, w: &mut Writer) {
        w.kw("efface.erased AS known\n  JOIN efface.ledger AS entry ON entry.seq = known.entry AND entry.policy = ");
        w.text(&self.plan.policy).kw(" AND entry.subject IS NOT DISTINCT FROM ");
        self.entered_subject(w);
        w.kw(" AND entry.key = ");
        self.entered_key(w);
        w.kw("\n  WHERE known.subject IN (SELECT pg_catalog.unnest(").kw(SUBJECTS).kw("))");
    }

    fn entered_subject(&self, w: &mut Writer) {
        match self.plan.subject.table() {
            Some(table) => w.text(&self.catalog.table(table).name.bare().to_string()),
            None => w.kw("NULL::text"),
        };
    }

    fn entered_key(&self, w: &mut Writer) {
        let key = self.plan.subject.key(self.catalog);
        w.kw("ARRAY[").list(&key, ", ", |w, (name, _)| {
            w.text(name);
        });
        w.kw("]::text[]");
    }

    /// The keys that the ledger knows, one column for each of the subject's key: their rows may be gone.
    pub fn known_keys(&self, w: &mut Writer) {
        w.kw("SELECT ");
        self.key_columns(w);
        self.among_known(w, "current_setting('efface.known')::text[]");
    }

    fn key_columns(&self, w: &mut Writer) {
        w.list(1..=self.plan.subject.key(self.catalog).len(), ", ", |w, n| {
            w.kw("key").number(n as i128);
        });
    }

    /// The keys beside what the ledger calls them, those that are among the known.
    fn among_known(&self, w: &mut Writer, known: &'static str) {
        let key = self.plan.subject.key(self.catalog);
        w.kw(" FROM unnest(").list(key.iter().enumerate(), ", ", |w, (index, (_, ty))| {
            self.key_array(w, index, ty);
        });
        w.kw(", ").kw(SUBJECTS).kw(") AS given (");
        self.key_columns(w);
        w.kw(", subject) WHERE subject IN (SELECT pg_catalog.unnest(").kw(known).kw("))");
    }

    /// Asks the ledger for the subjects, now that their rows are locked, and where it knows them the data for what is left.
    pub fn recognise(&self) -> Writer {
        let ask = |w: &mut Writer| {
            w.kw("  SELECT array_agg(DISTINCT known.subject), max(entry.seq) INTO efface_known, efface_entry\n  FROM ");
            self.entries(w);
            w.kw(";\n  PERFORM set_config('efface.known', coalesce(efface_known, '{}')::text, true), ");
            w.kw("set_config('efface.done', 'off', true),\n");
            w.kw("    set_config('efface.entry', coalesce(efface_entry, 0)::text, true);\n");
            w.kw("  IF efface_entry IS NOT NULL AND current_setting('efface.again') <> 'on' THEN\n");
            w.kw("    SELECT count(DISTINCT subject) INTO efface_given FROM pg_catalog.unnest(")
                .kw(SUBJECTS)
                .kw(") AS subject;\n");
            self.look_for_known(w);
            w.kw("  END IF;\n");
        };
        let variables = "efface_known text[];\n  efface_entry bigint;\n  efface_given bigint;\n  efface_all text[];\n  efface_some text[];";
        own_block(variables, ask, Assertion::Erased, "erased before, and something is left or new:")
    }

    /// Whether anything is left of those whom the ledger knows.
    fn look_for_known(&self, w: &mut Writer) {
        let settings = |w: &mut Writer, from: &'static str| {
            w.kw("    PERFORM ").list(1..=self.plan.subject.key(self.catalog).len(), ", ", |w, n| {
                w.kw("set_config('efface.key")
                    .number(n as i128)
                    .kw("', ")
                    .kw(from)
                    .kw("[")
                    .number(n as i128)
                    .kw("], true)");
            });
            w.kw(";\n");
        };
        let keys = 1..=self.plan.subject.key(self.catalog).len();
        let given = self.plan.choice == Choice::Given;
        if given {
            // Of those alone, for as long as it takes to look.
            w.kw("    efface_all := ARRAY[").list(keys.clone(), ", ", |w, n| {
                w.kw("current_setting('efface.key").number(n as i128).kw("')");
            });
            w.kw("];\n    SELECT ARRAY[").list(keys, ", ", |w, n| {
                w.kw("array_agg(key").number(n as i128).kw(" ORDER BY subject)::text");
            });
            w.kw("] INTO efface_some");
            self.among_known(w, "efface_known");
            w.kw(";\n");
            settings(w, "efface_some");
        }
        w.kw(
            "    SELECT jsonb_agg(jsonb_build_object('name', name, 'message', message, 'rows', n)) INTO efface_found\n",
        );
        w.kw("    FROM (VALUES\n").list(&self.left(), ",\n", |w, check| {
            w.kw("      (")
                .text(&check.name)
                .kw(", ")
                .text(&check.message)
                .kw(",\n        (")
                .sql(&check.count)
                .kw("))");
        });
        w.kw("\n    ) AS efface_check (name, message, n) WHERE n IS DISTINCT FROM 0;\n");
        if given {
            settings(w, "efface_all");
            // Asked for by name: what is there now may be somebody else's.
            w.kw("    IF efface_found IS NOT NULL THEN\n");
            w.kw("      efface_found := jsonb_build_array(jsonb_build_object('name', ").text(&self.subject_name());
            w.kw(", 'message', format(");
            w.text("%s of the %s subjects were erased before, the last by entry %s of the ledger");
            w.kw(", cardinality(efface_known), efface_given, efface_entry), 'rows', 0)) || efface_found;\n    ELSIF ");
        } else {
            // Chosen by what is true of them now, whoever they are.
            w.kw("    IF efface_found IS NULL AND ");
        }
        w.kw("cardinality(efface_known) = efface_given THEN\n");
        w.kw("      PERFORM set_config('efface.done', 'on', true);\n    END IF;\n");
        if !given {
            w.kw("    efface_found := NULL;\n");
        }
    }

    /// Whether the run is over, because the subjects were erased before and nothing is left of them; and by which entry.
    pub fn erased_before(&self) -> Writer {
        let mut w = Writer::new();
        w.kw("SELECT current_setting('efface.done')::boolean AS done, current_setting('efface.entry') AS entry");
        w
    }

    /// What is left of the subjects in each step's scope, as checks.
    fn left(&self) -> Vec<Check> {
        let check = |step: &Step| {
            let left = self.left_of(step);
            let rule = step.name.as_ref().map(|name| format!(", rule `{name}`")).unwrap_or_default();
            let name = format!("{}{rule}", self.catalog.table(step.table).name.bare());
            Check { name, message: left.what.words().into(), count: left.count }
        };
        let mut checks: Vec<Check> = self.plan.steps.iter().map(check).collect();
        if checks.is_empty() {
            let mut count = Writer::new();
            count.kw("SELECT 0");
            checks.push(Check { name: self.subject_name(), message: "nothing".into(), count });
        }
        checks
    }

    /// Nobody else has erased the subjects since the ledger was asked: of those without a row of their own no lock tells.
    pub fn meanwhile_check(&self) -> Check {
        let mut count = Writer::new();
        count
            .kw("SELECT count(DISTINCT known.subject) - cardinality(current_setting('efface.known')::text[])\n  FROM ");
        self.entries(&mut count);
        Check {
            name: self.subject_name(),
            message: "another run has erased the same subject meanwhile: run again, and it is recognised".into(),
            count,
        }
    }

    /// The turn to write.
    pub fn lock_ledger(&self) -> Writer {
        let mut w = Writer::new();
        w.kw("LOCK TABLE efface.turn IN EXCLUSIVE MODE");
        w
    }

    /// The rows of each statement, in order: as psql has counted them, and with `$1`.
    pub fn counted(&self, counted: &[Counted]) -> (Writer, Writer) {
        let statement = |rows: &Writer| {
            let mut w = Writer::new();
            w.kw("SELECT set_config('efface.rows', ").sql(rows).kw(", true) IS NOT NULL AS rows_are_told");
            w
        };
        let (mut psql, mut engine) = (Writer::new(), Writer::new());
        if counted.is_empty() {
            psql.kw("'{}'");
        } else {
            // psql fills nothing in within quotes; and a function takes no more than a hundred arguments.
            psql.kw("ARRAY[").list(counted, ", ", |w, it| {
                w.kw(":").printed(&it.variable());
            });
            psql.kw("]::bigint[]::text");
        }
        engine.kw("$1");
        (statement(&psql), statement(&engine))
    }

    /// The entry, with whom it is about; returns its number and digest.
    pub fn enter(&self, known: &Known<'_>) -> Writer {
        let mut w = Writer::new();
        w.kw("WITH subjects AS (\n  ");
        if self.has_subjects() {
            w.kw("SELECT DISTINCT pg_catalog.unnest(").kw(SUBJECTS).kw(") AS subject");
        } else {
            w.kw("SELECT NULL::text AS subject WHERE false");
        }
        w.kw("\n), steps AS (\n  SELECT step.number, step.action, step.name, coalesce(sum(ran.rows), 0)::bigint AS rows\n  FROM ");
        self.steps_as_table(&mut w);
        w.kw("\n  LEFT JOIN unnest('{").list(known.ran, ",", |w, step| {
            w.number(*step as i128 + 1);
        });
        w.kw("}'::integer[], current_setting('efface.rows')::bigint[]) AS ran (number, rows) ON ran.number = step.number");
        w.kw("\n  GROUP BY step.number, step.action, step.name\n), entry AS (\n  SELECT\n");
        w.kw("    coalesce((SELECT max(seq) FROM efface.ledger), 0) + 1 AS seq,\n");
        w.kw("    coalesce((SELECT digest FROM efface.ledger ORDER BY seq DESC LIMIT 1), repeat('0', 64)) AS prev,\n");
        w.kw("    now() AS at,\n    session_user::text AS role,\n    pg_current_xact_id()::text AS transaction,\n");
        w.kw("    current_setting('efface.runner') AS runner,\n    ")
            .text(&self.plan.policy)
            .kw("::text AS policy,\n    ");
        w.text(known.policy_sha256)
            .kw("::text AS policy_sha256,\n    ")
            .text(known.plan_sha256)
            .kw("::text AS plan_sha256,\n    ");
        self.entered_subject(&mut w);
        w.kw("::text AS subject,\n    ");
        self.entered_key(&mut w);
        w.kw(" AS key,\n    ").text(self.chosen_how()).kw("::text AS chosen,\n");
        w.kw("    (SELECT count(*) FROM subjects) AS subjects,\n");
        w.kw("    (SELECT encode(sha256(convert_to(coalesce(string_agg(subject, E'\\n' ORDER BY subject COLLATE \"C\"), ''), 'UTF8')), 'hex') FROM subjects) AS subjects_sha256,\n");
        w.kw("    (SELECT coalesce(jsonb_agg(jsonb_build_object('action', action, 'table', name, 'rows', rows) ORDER BY number), '[]') FROM steps) AS steps\n");
        w.kw("), written AS (\n  INSERT INTO efface.ledger (seq, prev, digest, at, role, transaction, runner, policy, policy_sha256, plan_sha256, subject, key, chosen, subjects, subjects_sha256, steps)\n");
        w.kw(
            "  SELECT seq, prev, encode(sha256(convert_to(concat_ws(E'\\n',\n      'efface ledger entry, version 1',\n",
        );
        w.kw("      'seq ' || seq,\n      'prev ' || to_json(prev)::text,\n");
        w.kw("      'at ' || to_json(to_char(at AT TIME ZONE 'UTC', ").kw(MOMENT).kw("))::text,\n");
        w.list(
            ["role", "transaction", "runner", "policy", "policy_sha256", "plan_sha256", "subject"],
            "",
            |w, field| {
                w.kw("      '").kw(field).kw(" ' || to_json(").kw(field).kw(")::text,\n");
            },
        );
        w.kw("      'key ' || array_to_json(key)::text,\n      'chosen ' || to_json(chosen)::text,\n");
        w.kw("      'subjects ' || subjects || ' ' || to_json(subjects_sha256)::text,\n");
        w.kw("      (SELECT string_agg(concat_ws(' ', 'step', number, to_json(action)::text, rows, to_json(name)::text), E'\\n' ORDER BY number) FROM steps)\n");
        w.kw("    ), 'UTF8')), 'hex'), at, role, transaction, runner, policy, policy_sha256, plan_sha256, subject, key, chosen, subjects, subjects_sha256, steps\n");
        w.kw("  FROM entry RETURNING seq, digest\n), listed AS (\n");
        w.kw("  INSERT INTO efface.erased (entry, subject) SELECT written.seq, subjects.subject FROM written, subjects\n)\n");
        w.kw("SELECT seq, digest FROM written");
        w
    }

    fn chosen_how(&self) -> &'static str {
        match (&self.plan.subject, &self.plan.choice) {
            (Subject::EveryRow, _) => "every row",
            (Subject::Rows(_) | Subject::Value(_), Choice::Given) => "given",
            (Subject::Rows(_) | Subject::Value(_), Choice::Expired(_)) => "expired",
        }
    }

    fn steps_as_table(&self, w: &mut Writer) {
        let steps = self.plan.steps.iter().enumerate();
        if self.plan.steps.is_empty() {
            w.kw("(SELECT 0, '', '' WHERE false)");
        } else {
            w.kw("(VALUES\n").list(steps, ",\n", |w, (index, step)| {
                let action = match &step.action {
                    StepAction::Delete => "delete",
                    StepAction::Change(_) => "change",
                };
                w.kw("    (").number(index as i128 + 1).kw(", ").text(action).kw(", ");
                w.text(&self.catalog.table(step.table).name.bare().to_string()).kw(")");
            });
            w.kw("\n  )");
        }
        w.kw(" AS step (number, action, name)");
    }
}

/// Two statements, behind those that take the keys: one that calls the subjects as the ledger does, and a query for how many
/// of them it knows, and the last entry about any of them.
pub fn ledger_questions(plan: &Plan, catalog: &Catalog) -> (Sql, Sql) {
    let scene = Scene::new(catalog, plan);
    let mut w = Writer::new();
    w.kw("SELECT count(DISTINCT known.subject), max(entry.seq)\nFROM ");
    scene.entries(&mut w);
    (scene.call_subjects().finish(), w.finish())
}

/// Whether a key of this type tells nothing about whom it is of.
fn is_impersonal(ty: &PgType) -> bool {
    matches!(ty, PgType::SmallInt | PgType::Integer | PgType::BigInt | PgType::Uuid)
}
