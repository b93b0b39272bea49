//! No personal data in what efface writes (promise 9): every case and every way to fail, at trace level, with all that is
//! printed searched for every value in the database.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use efface::catalog::Catalog;
use efface::pgtype::PgType;

use crate::case::{Case, Ends, each};
use crate::harness::Db;

/// Shorter values stand in any text by chance.
const SHORTEST: usize = 4;

/// What was printed, and how it ended.
struct Ran {
    printed: String,
    code: Option<i32>,
}

/// The tool in a folder with the policy and files.
fn run(db: &Db, folder: &std::path::Path, line: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_efface"));
    command.args(line).current_dir(folder).env("DATABASE_URL", db.url()).env("EFFACE_SECRET", crate::cases::SECRET);
    let output = command.stdin(Stdio::null()).output().expect("the tool runs");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    Ran { printed, code: output.status.code() }
}

/// Every text in the database that neither the schema nor the policy says too: whole values, and the strings in documents
/// and arrays.
fn values(db: &Db, catalog: &Catalog, said: &str) -> BTreeSet<String> {
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let holds = |ty: &PgType| {
        ty.element().is_text() || matches!(ty.element(), PgType::Json | PgType::Jsonb | PgType::Other { .. })
    };
    let mut found = BTreeSet::new();
    for table in &catalog.tables {
        let from = format!("{}.{}", quoted(table.name.schema.as_str()), quoted(table.name.name.as_str()));
        for column in table.columns.iter().filter(|column| holds(&column.ty)) {
            let rows = db.rows(&format!("select distinct {}::text from {from}", quoted(column.name.as_str())));
            for value in rows.into_iter().filter_map(|mut row| row.remove(0)) {
                found.extend(value.split(['"', '{', '}', ',', '\n']).map(|part| part.trim().to_owned()));
                found.insert(value);
            }
        }
    }
    let said = said.to_lowercase();
    let tells = |value: &String| {
        value.chars().count() >= SHORTEST
            && value.chars().any(char::is_alphabetic)
            && !said.contains(&value.to_lowercase())
    };
    found.into_iter().filter(tells).collect()
}

/// The values that stand in a text, as they are or as JSON and debug output escape them.
fn hits<'v>(values: &'v BTreeSet<String>, printed: &str) -> Vec<&'v String> {
    let printed = printed.to_lowercase();
    let stands = |value: &&String| {
        let value = value.to_lowercase();
        let json = serde_json::to_string(&value).expect("a text is JSON");
        printed.contains(&value)
            || printed.contains(json.trim_matches('"'))
            || printed.contains(&format!("{}", value.escape_debug()))
    };
    values.iter().filter(stands).collect()
}

/// The subjects of a case as the command line takes them.
fn subjects(case: &Case) -> Vec<String> {
    let columns: Vec<Vec<&str>> = case
        .keys
        .iter()
        .map(|keys| keys.trim_matches(['{', '}']).split(',').map(|key| key.trim_matches('"')).collect())
        .collect();
    let rows = columns.first().map_or(0, Vec::len);
    (0..rows).map(|row| columns.iter().map(|column| column[row]).collect::<Vec<_>>().join(",")).collect()
}

/// What was searched in what was printed of the cases.
pub struct Searched {
    pub outputs: usize,
    /// Values looked for, one by one in each output.
    pub values: usize,
    pub found: Vec<String>,
}

pub fn searched() -> &'static Searched {
    static SEARCHED: OnceLock<Searched> = OnceLock::new();
    SEARCHED.get_or_init(cases)
}

#[test]
fn no_case_prints_a_value_at_any_level_of_detail() {
    let Searched { outputs, values, found } = searched();
    assert!(*outputs > 0 && values > outputs, "something was searched for");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn cases() -> Searched {
    let (mut outputs, mut searched, mut found) = (0, 0, Vec::new());
    let counted = std::cell::RefCell::new((&mut outputs, &mut searched, &mut found));
    each(|case| {
        if case.role.is_some() || case.keys.iter().any(|keys| keys.contains('\\')) {
            return;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let (schema, policy) = (case.file("schema.sql"), case.file("policy.yaml"));
        std::fs::write(folder.path().join("policy.yaml"), &policy).expect("the policy is written");
        let db = Db::with(&schema);
        db.sql(&case.file("data.sql"));
        let catalog = db.catalog();
        let values = values(&db, &catalog, &format!("{schema}{policy}{VOCABULARY}{PAGE}"));
        let subjects = subjects(case);
        std::fs::write(folder.path().join("subjects"), subjects.join("\n")).expect("the subjects are written");
        let every_row = policy.contains("every_row: true");
        let database = db.value("select current_database()");
        let whose: &[&str] = match () {
            () if every_row => &[],
            () if case.expired => &["--expired"],
            () => &["--subjects-from", "subjects"],
        };
        let consent: &[&str] = if every_row { &["--yes-all-rows", &database] } else { &["--yes"] };
        let verified: &[&str] = if case.expired { &[] } else { whose };
        let mut lines: Vec<(Vec<&str>, bool)> = vec![
            ([&["-vvv", "--log-format", "json", "apply", "policy.yaml"], whose, consent].concat(), true),
            ([&["-vvv", "verify", "policy.yaml"], verified].concat(), false),
        ];
        // What these print differs little from case to case, and takes its time.
        if case.name.len() % 3 == 0 {
            lines.insert(0, ([&["-vvv", "rehearse", "policy.yaml", "--format", "json"], whose].concat(), true));
            lines.insert(0, (vec!["-vvv", "check", "policy.yaml"], false));
            lines.push((vec!["-vvv", "ledger", "export"], false));
            for format in ["markdown", "html"] {
                lines.insert(0, (vec!["-vvv", "plan", "policy.yaml", "--format", format], false));
            }
        }
        // Before anybody is erased: every value in the database is found, and told by line or column.
        if case.name.len() % 3 == 1 {
            let all = values.iter().filter(|value| !value.contains('\n')).cloned().collect::<Vec<_>>();
            std::fs::write(folder.path().join("values"), all.join("\n") + "\nnobody\n")
                .expect("the values are written");
            lines.insert(0, (vec!["-vvv", "find", "values", "--jobs", "3"], false));
            if !every_row && !case.expired {
                lines.insert(
                    0,
                    ([&["-vvv", "find", "--format", "json", "--policy", "policy.yaml"], whose].concat(), false),
                );
            }
        }
        // Every table as the subject of a first policy, which looks at the rows of all that lead to it.
        let names: Vec<String> = catalog.tables.iter().map(|table| table.name.bare().to_string()).collect();
        let drafted = names.iter().filter(|_| case.name.len() % 4 == 1);
        lines.extend(drafted.map(|name| (vec!["-vvv", "init", "--subject", name], false)));
        for (line, ends) in lines {
            let ran = run(&db, folder.path(), &line);
            if ends {
                let well = case.ends == Ends::Committed;
                assert_eq!(ran.code == Some(0), well, "{line:?}: {}", ran.printed);
            }
            let mut counted = counted.borrow_mut();
            *counted.0 += 1;
            *counted.1 += values.len();
            for value in hits(&values, &ran.printed) {
                let at = ran.printed.to_lowercase().find(&value.to_lowercase()).unwrap_or(0);
                let around: String = ran.printed.chars().skip(at.saturating_sub(60)).take(140).collect();
                counted.2.push(format!("{}: {line:?}: {value:?} in … {around}", case.name));
            }
        }
    });
    #[allow(clippy::print_stdout, reason = "the count belongs to the run's record")]
    let () = println!("secrecy: {outputs} outputs searched for {searched} values, {} found", found.len());
    Searched { outputs, values: searched, found }
}

const PEOPLE: &str = "
    create table users (id bigint primary key, name text, email text unique, age int check (age > 0), friend_id bigint references users);
    create table notes (id int primary key, user_id bigint references users, body text, constraint short_enough check (length(body) < 90));
    create index on users (friend_id); create index on notes (user_id);
    insert into users values (1, 'MARKED Berg', 'marked@example.org', 30, null), (2, 'MARKED Roth', 'x', 31, 1);
    insert into notes values (1, 1, 'MARKED note'), (2, 2, 'MARKED other');
    create function collide() returns trigger language plpgsql as $$
    begin insert into users (id, email) values (98, 'MARKED twice'), (99, 'MARKED twice'); return new; end $$;
    create function shout() returns trigger language plpgsql as $$
    begin raise exception 'no % here', old.body using detail = 'MARKED ' || old.body, hint = 'ask ' || old.body; end $$;
    create function whisper() returns trigger language plpgsql as $$
    begin raise notice 'gone: %', old.body; raise warning 'MARKED %', old.body; return new; end $$;";

/// Ways to fail on the server, each with the column of the subject's row, or of their note, that is computed so.
const FAILURES: [(&str, &str, &str); 9] = [
    ("a cast of a value", "users.name", "(name::int)::text"),
    ("a unique violation", "notes.body", "'x'"),
    ("a CHECK", "users.age", "age - 1000"),
    ("a CHECK over a text", "notes.body", "repeat(body, 20)"),
    ("a value out of range", "users.age", "age * 2000000000"),
    ("a division", "users.age", "age / (age - age)"),
    ("a pattern", "users.name", "substring(name from '[' || name)"),
    ("a trigger that raises", "notes.body", "'x'"),
    ("a trigger that tells", "notes.body", "'x'"),
];

#[test]
fn no_failure_quotes_a_row() {
    for (what, column, sql) in FAILURES {
        let db = Db::with(PEOPLE);
        match what {
            "a unique violation" => {
                db.sql("create trigger collides before update on notes for each row execute function collide()")
            }
            "a trigger that raises" => {
                db.sql("create trigger shouts before update on notes for each row execute function shout()")
            }
            "a trigger that tells" => {
                db.sql("create trigger whispers before update on notes for each row execute function whisper()")
            }
            _ => {}
        }
        let computed = |table: &str| match column.strip_prefix(table) {
            Some(column) => format!("\n        {}:\n          sql: |\n            {sql}", &column[1..]),
            None => " { id: keep }".to_owned(),
        };
        let policy = format!(
            "version: 1\nname: p\nsubject: {{ table: users }}\ntables:\n  users:\n    - columns:{}\n      other_columns: keep\n    \
             - {{ via: friend_id, keep: a friend }}\n  notes:\n    - columns:{}\n      other_columns: keep\n",
            computed("users"),
            computed("notes"),
        );
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("policy.yaml"), policy).expect("the policy is written");
        for format in ["text", "json"] {
            for line in [
                &["check", "policy.yaml"][..],
                &["rehearse", "policy.yaml", "--subject", "1"],
                &["apply", "policy.yaml", "--subject", "1", "--yes"],
            ] {
                let ran = run(&db, folder.path(), &[&["-vvv", "--log-format", format], line].concat());
                assert!(!ran.printed.contains("MARKED") && !ran.printed.contains("marked@"), "{what}: {}", ran.printed);
                assert_ne!(ran.code, Some(70), "{what}: {}", ran.printed);
                if line[0] == "apply" && what != "a trigger that tells" {
                    assert_eq!(ran.code, Some(3), "{what}: {}", ran.printed);
                    assert!(ran.printed.contains("SQLSTATE"), "{what}: {}", ran.printed);
                }
            }
        }
        if what != "a trigger that tells" {
            let line = ["apply", "policy.yaml", "--subject", "1", "--yes", "--show-server-detail"];
            let ran = run(&db, folder.path(), &line);
            assert_ne!(ran.code, Some(0), "{what}");
        }
    }
}

/// The shape of a plan in each format, and of a graph; each with a policy that fits and one that doesn't.
#[test]
fn no_format_of_a_plan_or_a_graph_prints_a_value() {
    let db = Db::with(PEOPLE);
    db.sql("insert into notes select n, 1, 'MARKED ' || n from generate_series(10, 400) n; analyze");
    let folder = tempfile::tempdir().expect("a folder");
    let tables = "  users:\n    - { columns: { name: null, email: { randomize: email } }, other_columns: keep }\n    \
                  - { via: friend_id, keep: a friend }\n";
    let policy = |more: &str| format!("version: 1\nname: p\nsubject: {{ table: users }}\ntables:\n{tables}{more}");
    std::fs::write(folder.path().join("good.yaml"), policy("  notes: delete\n")).expect("the policy is written");
    std::fs::write(folder.path().join("bad.yaml"), policy("")).expect("the policy is written");
    let plan = ["text", "sql", "json", "markdown", "html"].map(|format| ("plan", format));
    let graph = ["mermaid", "dot", "svg"].map(|format| ("graph", format));
    let check = ["text", "json", "sarif", "github", "gitlab"].map(|format| ("check", format));
    for (command, format) in plan.into_iter().chain(graph).chain(check) {
        for file in ["good.yaml", "bad.yaml"] {
            let ran = run(&db, folder.path(), &["-vvv", "--log-format", "json", command, file, "--format", format]);
            assert!(!ran.printed.to_lowercase().contains("marked"), "{command} {format}: {}", ran.printed);
            let well = file == "good.yaml" || command == "graph";
            assert_eq!(ran.code, Some(i32::from(!well)), "{command} {format} {file}: {}", ran.printed);
            let told = ran.printed.contains("notes") || (command == "check" && well);
            assert!(told, "{command} {format} {file}: {}", ran.printed);
        }
    }
}

#[test]
fn what_is_typed_in_the_wrong_place_is_not_repeated() {
    let db = Db::with(PEOPLE);
    let folder = tempfile::tempdir().expect("a folder");
    let policy = "version: 1\nname: p\nsubject: { table: users }\ntables:\n  users: { columns: { name: null }, other_columns: keep }\n";
    std::fs::write(folder.path().join("policy.yaml"), policy).expect("the policy is written");
    std::fs::write(folder.path().join("people"), "1\nMARKED Berg\n").expect("the file is written");
    for line in [
        &["apply", "policy.yaml", "--subject", "MARKED Berg", "--yes"][..],
        &["apply", "policy.yaml", "--subject", "1,MARKED Berg", "--yes"],
        &["rehearse", "policy.yaml", "--subjects-from", "people"],
        &["verify", "policy.yaml", "--subject", "1", "--values-from", "people", "--everywhere"],
        &["verify", "policy.yaml", "--subject", "MARKED"],
    ] {
        let ran = run(&db, folder.path(), &[&["-vvv"], line].concat());
        assert!(!ran.printed.contains("MARKED"), "{line:?}: {}", ran.printed);
        assert!(matches!(ran.code, Some(1..=3)), "{line:?}: {}", ran.printed);
    }
}

/// The style and the script of a plan's page hold words, too.
const PAGE: &str = concat!(
    include_str!("../../src/review/html/page.css"),
    include_str!("../../src/review/html/page.js"),
    include_str!("../../src/review/picture.css"),
);

/// Words of our own that values in the cases also are.
const VOCABULARY: &str = "gone stays kept change nobody there called constraint";
