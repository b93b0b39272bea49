//! Every table as the subject, every key as a path, every column with every decision: a policy is planned or refused
//! with a help, and the server reads what is planned.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use efface::catalog::{Catalog, ForeignKey, Table};
use efface::diagnostic::{Code, Report, Severity, render};
use efface::ident::{Ident, TableName};
use efface::plan::{self, Plan};
use efface::resolve::Resolved;
use efface::server::ask;
use efface::server::explain::{Question, explain};
use efface::source::SourceFile;
use efface::sql::probe::Answer;
use efface::sql::{self, Script};
use efface::{policy, resolve};

use super::tortured;
use crate::harness::Db;

/// A text in YAML's double quotes; what isn't plainly visible is escaped.
fn yaml(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c == ' ' || c.is_ascii_graphic() || (c.is_alphanumeric() && !c.is_ascii()) => quoted.push(c),
            c => write!(quoted, "\\U{:08x}", u32::from(c)).expect("writing to a string"),
        }
    }
    quoted + "\""
}

/// A name as in SQL.
fn quoted(name: &Ident) -> String {
    format!("\"{}\"", name.as_str().replace('"', "\"\""))
}

/// A table's name as a policy writes it, whatever it is called.
fn table_name(name: &TableName) -> String {
    yaml(&format!("{}.{}", quoted(&name.schema), quoted(&name.name)))
}

/// A policy about a table's rows, with rules for tables.
fn policy_text(subject: &Table, rules: &[(&TableName, String)]) -> String {
    let mut text = format!("version: 1\nname: torture\nsubject:\n  table: {}\n", table_name(&subject.name));
    if subject.primary_key.is_empty() {
        let some = subject.unique.first().map(|index| index.columns.clone()).unwrap_or_default();
        let key: Vec<_> = some.iter().map(|column| yaml(column.as_str())).collect();
        if !key.is_empty() {
            writeln!(text, "  key: [{}]", key.join(", ")).expect("writing to a string");
        }
    }
    text += "tables:\n";
    for (table, rule) in rules {
        writeln!(text, "  {}: {rule}", table_name(table)).expect("writing to a string");
    }
    text
}

/// A rule that keeps the key, and does something to every other column.
fn columns(table: &Table, others: &str) -> String {
    let kept: Vec<_> = table.primary_key.iter().map(|column| format!("{}: keep", yaml(column.as_str()))).collect();
    format!("{{ columns: {{ {} }}, other_columns: {others} }}", kept.join(", "))
}

const OTHERS: [&str; 4] = ["keep", "null", "default", "randomize"];

/// What can be decided about one column.
const DECISIONS: [&str; 16] = [
    "null",
    "default",
    "randomize",
    "keep",
    "{ replace: x }",
    "{ replace: 0 }",
    "{ replace: \"\" }",
    "{ replace: \"{}\" }",
    "{ sql: coalesce(null) }",
    "{ randomize: email }",
    "{ randomize: digits, format: '###' }",
    "{ randomize: integer }",
    "{ randomize: date }",
    "{ randomize: choice, from: [a, b] }",
    "{ json: { $.a: null, \"$.b[*].c\": randomize }, other_keys: keep }",
    "{ json: { $.a: keep, $.b: { mask: x } }, other_keys: remove }",
];

/// The policies that begin with a table.
fn about(catalog: &Catalog, table: &Table) -> Vec<String> {
    let name = &table.name;
    let mut policies: Vec<String> =
        ["delete", "cascade", "{ keep: x }"].iter().map(|rule| policy_text(table, &[(name, (*rule).into())])).collect();
    policies.extend(OTHERS.iter().map(|others| policy_text(table, &[(name, columns(table, others))])));
    // Everything that references it, by the constraint's name or by its columns.
    let to: Vec<&ForeignKey> = catalog.keys_to(name).map(|(_, key)| key).filter(|key| key.child != *name).collect();
    for (by_name, action) in [(true, "rows: delete"), (false, "rows: cascade"), (true, "keep: x")] {
        let via = |key: &ForeignKey| {
            let columns: Vec<_> = key.child_columns().map(quoted).collect();
            yaml(&if by_name { quoted(&key.name) } else { format!("({})", columns.join(", ")) })
        };
        let mut children: BTreeMap<&TableName, Vec<String>> = BTreeMap::new();
        to.iter().for_each(|key| children.entry(&key.child).or_default().push(via(key)));
        let rule = |paths: Vec<String>| format!("{{ via: [{}], {action} }}", paths.join(", "));
        let rules = children.into_iter().map(|(child, paths)| (child, rule(paths)));
        let own = std::iter::once((name, "{ keep: x }".to_owned()));
        policies.push(policy_text(table, &own.chain(rules).collect::<Vec<_>>()));
    }
    // Its own rows above and below.
    for (_, key) in catalog.keys_of(name).filter(|(_, key)| key.parent == *name) {
        let via = yaml(&quoted(&key.name));
        policies.push(policy_text(table, &[(name, format!("[{{ keep: x }}, {{ via: {via}, rows: delete }}]"))]));
    }
    policies
}

/// Each column of a table with each decision.
fn about_columns(table: &Table) -> Vec<String> {
    let decided = |column: &Ident, decision: &str| {
        let rule = format!("{{ columns: {{ {}: {decision} }}, other_columns: keep }}", yaml(column.as_str()));
        policy_text(table, &[(&table.name, rule)])
    };
    let each = table.columns.iter().flat_map(|column| DECISIONS.map(|decision| decided(&column.name, decision)));
    each.collect()
}

/// From text to script.
fn through(file: &SourceFile, catalog: &Catalog) -> Result<(Resolved, Plan, Script), Report> {
    let written = policy::read(file)?;
    let resolved = resolve::resolve(&written.value, catalog)?.value;
    let plan = plan::plan(&resolved.policy, &resolved.catalog)?;
    let script = sql::script(&plan, &resolved.catalog, file);
    Ok((resolved, plan, script))
}

/// What came of many policies.
#[derive(Default)]
struct Outcome {
    planned: usize,
    refused: BTreeMap<&'static str, usize>,
    wrong: BTreeSet<String>,
    objections: BTreeMap<String, usize>,
}

impl Outcome {
    fn take(&mut self, db: &Db, catalog: &Catalog, text: &str) {
        let file = SourceFile::new("policy.yaml", text);
        let through = || {
            let result = through(&file, catalog);
            if let Err(report) = &result {
                render::text(report, &file, false);
                render::json(&[render::Found { file: file.clone(), report: report.clone() }]);
            }
            result
        };
        match catch_unwind(AssertUnwindSafe(through)) {
            Err(panic) => {
                let words = panic.downcast_ref::<String>().map(String::as_str);
                let words = words.or(panic.downcast_ref::<&str>().copied()).unwrap_or_default();
                self.wrong.insert(format!("panicked: {words}\n{text}"));
            }
            Ok(Err(report)) => self.refused(&report, &file),
            Ok(Ok((resolved, plan, script))) => {
                self.planned += 1;
                // A comment is for people, and must end where its line ends.
                let comments = script.statements.iter().flat_map(|statement| &statement.comment);
                if let Some(comment) = comments.into_iter().find(|line| line.contains(char::is_control)) {
                    self.wrong.insert(format!("a control character in a comment: {comment:?}"));
                }
                self.judged(db, &resolved, &plan, text);
            }
        }
    }

    fn refused(&mut self, report: &Report, file: &SourceFile) {
        let errors = report.sorted().into_iter().filter(|found| found.severity == Severity::Error).collect::<Vec<_>>();
        assert!(!errors.is_empty(), "refused without an error:\n{}", file.text());
        for found in errors {
            *self.refused.entry(found.code.name()).or_default() += 1;
            let code = found.code.name();
            if found.help.is_empty() {
                self.wrong.insert(format!("{code} without a help, like: {}", first_words(&found.message)));
            }
            if found.primary.is_none() {
                self.wrong.insert(format!("{code} without a place, like: {}", first_words(&found.message)));
            }
            if found.message.contains(char::is_control) {
                self.wrong.insert(format!("{code} with a control character: {:?}", found.message));
            }
        }
    }

    /// The server reads every step and knows every name in it, or a question before has told why not.
    fn judged(&mut self, db: &Db, resolved: &Resolved, plan: &Plan, text: &str) {
        let (client, catalog) = (&db.connection().client, &resolved.catalog);
        let settings = sql::explain::settings(plan, catalog, false);
        let mut told = false;
        for question in sql::probe::questions(plan, &resolved.policy, catalog) {
            let answer = db.block_on(ask::answer(client, &settings, &question)).expect("a connection");
            let Some(answer @ Answer::Refused { .. }) = answer else { continue };
            let finding = question.finding(&answer);
            told |= finding.is_some();
            // Our own question, and not the author's SQL, is what the server doesn't understand.
            if let (Answer::Refused { sqlstate, message, .. }, Some(found)) = (&answer, &finding)
                && sqlstate.starts_with("42")
                && found.code == Code::Unverified
            {
                self.wrong.insert(format!("{message}: {}", question.sql.as_str()));
            }
            if finding.is_some_and(|found| found.help.is_empty()) {
                self.wrong.insert(format!("an objection without a help: {answer:?}"));
            }
        }
        let questions: Vec<_> =
            sql::explain::questions(plan, catalog).into_iter().map(|(step, sql)| Question { step, sql }).collect();
        let sample = sql::explain::settings(plan, catalog, true);
        match db.block_on(explain(client, &sample, plan.steps.len(), &questions)) {
            Ok(explained) => {
                *self.objections.entry("steps explained".into()).or_default() +=
                    explained.estimates.rows.iter().flatten().count();
                for (_, objection) in explained.refused {
                    *self.objections.entry(objection.sqlstate.clone()).or_default() += 1;
                    // Not even understood: then it is our text that is wrong. A value that doesn't fit, or a table that
                    // is published without a replica identity, is what `check` tells by these very objections.
                    if objection.sqlstate.starts_with("42") && !told {
                        self.wrong.insert(format!("{objection:?}\n{text}"));
                    }
                }
            }
            Err(error) => drop(self.wrong.insert(format!("{:?}\n{text}", error.with_detail(true)))),
        }
    }

    /// Says what came of it, and fails where something is wrong or where nearly nothing was planned.
    #[allow(clippy::print_stdout, reason = "the mix belongs to the run's record")]
    fn judge(self, at_least: usize) {
        println!("{} planned; refused: {:?}; steps: {:?}", self.planned, self.refused, self.objections);
        let shown: Vec<_> = self.wrong.iter().take(400).cloned().collect();
        assert!(self.wrong.is_empty(), "{} are wrong:\n{}", self.wrong.len(), shown.join("\n\n"));
        assert!(self.planned >= at_least, "only {} were planned", self.planned);
    }
}

/// Messages that differ in their names only are one finding.
fn first_words(message: &str) -> String {
    message.split('`').step_by(2).collect::<Vec<_>>().join("…")
}

#[test]
fn every_table_as_the_subject_is_planned_or_refused_with_a_help() {
    let db = tortured();
    // With everything published, tables without a key would be refused for that alone; the columns below keep them.
    db.sql(r#"drop publication everything, "some ""tables""", one_part"#);
    let catalog = db.catalog();
    let mut outcome = Outcome::default();
    for table in &catalog.tables {
        // Hundreds of tables differ in their names only.
        let enough: &[usize] = match table.name.schema.as_str() {
            "public" => &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
            "twin_b" => &[1, 4, 7],
            _ => &[0],
        };
        let all = about(&catalog, table);
        let small;
        let within = match table.name.schema.as_str() {
            "public" => &catalog,
            _ => {
                let near = catalog.keys_to(&table.name).map(|(_, key)| key.child.clone());
                small = catalog.part(&near.chain([table.name.clone()]).collect()).new().expect("a part is a catalog");
                &small
            }
        };
        for text in enough.iter().filter_map(|index| all.get(*index)) {
            outcome.take(&db, within, text);
        }
    }
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for other in &catalog.others {
        let seen = kinds.entry(&other.kind).or_default();
        *seen += 1;
        if *seen > 8 {
            continue;
        }
        let text = format!(
            "version: 1\nname: torture\nsubject: {{ table: {} }}\ntables: {{ t: {{ keep: x }} }}\n",
            table_name(&other.name)
        );
        outcome.take(&db, &catalog, &text);
    }
    outcome.judge(450);
}

#[test]
fn every_column_with_every_decision_is_planned_or_refused_with_a_help() {
    let db = tortured();
    let catalog = db.catalog();
    let mut outcome = Outcome::default();
    let few = |table: &&Table| table.name.schema.as_str() == "public" && table.name.name.as_str() != "wide";
    for table in catalog.tables.iter().filter(few) {
        // Nothing references it here: what becomes of its columns is what is asked.
        let alone = catalog.part(&BTreeSet::from([table.name.clone()]));
        let alone = Catalog { foreign_keys: Vec::new(), ..alone }.new();
        let alone = alone.expect("a table by itself is a catalog");
        for text in about_columns(table) {
            outcome.take(&db, &alone, &text);
        }
    }
    outcome.judge(800);
}

/// What `efface check` prints about a policy, against a live database.
fn checked(db: &Db, policy: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("policy.yaml"), policy).expect("the policy is written");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_efface"));
    command.args(["check", "policy.yaml"]).current_dir(folder.path()).env("DATABASE_URL", db.url());
    let output = command.output().expect("the tool runs");
    String::from_utf8(output.stderr).expect("UTF-8")
}

#[test]
fn what_the_server_would_refuse_to_run_is_a_finding_of_check() {
    let db = Db::with(
        "create table users (id int primary key, flags bit(3)); create table notes (user_id int references users, body text);
         create index on notes (user_id); create publication everything for all tables",
    );
    let policy = |notes: &str, users: &str| {
        format!("version: 1\nname: p\nsubject: {{ table: users }}\ntables:\n  users: {users}\n  notes: {notes}\n")
    };
    insta::assert_snapshot!(checked(&db, &policy("delete", "{ keep: x }")), @r#"
    error[no-replica-identity]: table `notes` is published by `everything`, and has no replica identity
     --> policy.yaml:6:10
      |
    6 |   notes: delete
      |          ^^^^^^ would delete its rows
      |
      = note: the server refuses what it has to send to subscribers and can't tell the row of
      = help: add a primary key, or ALTER TABLE notes REPLICA IDENTITY USING INDEX … (or FULL, which sends old rows as a whole)
      = help: or take the table, or `delete`, out of `everything`

    1 error, 0 warnings
    for more about a finding: efface explain no-replica-identity
    "#);
    insta::assert_snapshot!(checked(&db, &policy("{ keep: x }", "{ columns: { id: keep, flags: { replace: '1' } } }")), @r#"
    error[sql-refused]: the server refuses this for table `users`: a value doesn't fit (SQLSTATE 22026); the server's message is withheld, since it may quote rows (`--show-server-detail` shows it)
     --> policy.yaml:5:12
      |
    5 |   users: { columns: { id: keep, flags: { replace: '1' } } }
      |            ^^^^^^^ this rule asks for it
      |
      = help: look at the statement with `efface plan --format sql`, and try it in psql

    1 error, 0 warnings
    for more about a finding: efface explain sql-refused
    "#);
    db.sql("alter table notes replica identity full");
    assert!(checked(&db, &policy("delete", "{ keep: x }")).starts_with("policy.yaml fits the schema"));
}

#[test]
fn a_literal_that_names_nothing_is_no_value_of_an_object_type() {
    let db = Db::with("create table users (id int primary key, class regclass)");
    let policy = "version: 1\nname: p\nsubject: { table: users }\ntables:\n  users: { columns: { id: keep, class: { replace: nowhere } } }\n";
    insta::assert_snapshot!(checked(&db, policy), @r#"
    error[wrong-type]: the new value of `users.class` is not one of type `regclass`: relation "nowhere" does not exist
     --> policy.yaml:5:51
      |
    5 |   users: { columns: { id: keep, class: { replace: nowhere } } }
      |                                                   ^^^^^^^ the server refuses it
      |
      = help: try it in psql: SELECT CAST(… AS regclass)

    1 error, 0 warnings
    for more about a finding: efface explain wrong-type
    "#);
}
