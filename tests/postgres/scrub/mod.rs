//! `scrub` against a naive model: thousands of values in thousands of texts and documents, in one run for every row.

mod documents;
mod naive;
mod texts;

use efface::source::SourceFile;
use efface::{plan, policy, resolve, sql};

use crate::harness::Db;
use crate::oracle::rng::Rng;
use documents::Document;
use naive::{Value, has_escapes, scrubbed};

const SCHEMA: &str = "
    create table people (id integer primary key, names text[] not null);
    create table notes (id integer primary key, person_id integer not null references people, body text, doc json, docb jsonb);
    create index on notes (person_id);
";

const POLICY: &str = "version: 1
name: scrub
every_row: true
tables:
  people: { keep: their values are what is looked for }
  notes:
    columns:
      id: keep
      person_id: keep
      body: { scrub: [people.names], with: WITH, short: true }
      doc: { scrub: [people.names], with: WITH, short: true }
      docb: { scrub: [people.names], with: WITH, short: true }
limits: { statement_timeout: 10min }
";

const WITH: &str = "[deleted]";

/// The first seed; a failure names it.
fn seed() -> u64 {
    std::env::var("EFFACE_SCRUB_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1)
}

/// How many people; each has a handful of texts.
fn people() -> usize {
    std::env::var("EFFACE_SCRUB_PEOPLE").ok().and_then(|count| count.parse().ok()).unwrap_or(250)
}

/// A text as an SQL literal.
fn literal(text: &str) -> String {
    sql::quote::literal(text)
}

/// Runs a policy for every row.
fn run(db: &Db, policy: &str) {
    let file = SourceFile::new("policy.yaml", policy);
    let written = policy::read(&file).unwrap_or_else(|report| panic!("{report:?}"));
    let resolved = resolve::resolve(&written.value, &db.catalog()).unwrap_or_else(|report| panic!("{report:?}"));
    let (policy, catalog) = (&resolved.value.policy, &resolved.value.catalog);
    let plan = plan::plan(policy, catalog).unwrap_or_else(|report| panic!("{report:?}"));
    for statement in &sql::script(&plan, catalog, &file).statements {
        db.sql(statement.sql.as_str());
    }
}

fn fill(db: &Db, table: &str, rows: &[String]) {
    for rows in rows.chunks(500) {
        db.sql(&format!("insert into {table} values {}", rows.join(", ")));
    }
}

/// One row that is to be scrubbed.
struct Note {
    person: usize,
    body: String,
    /// With strings that nobody can read, as `json` takes them.
    doc: Document,
    docb: Document,
}

/// A database with people and texts about them.
fn filled(names: &[Vec<String>], notes: &[Note]) -> Db {
    let db = Db::with(SCHEMA);
    let array = |values: &[String]| values.iter().map(|value| literal(value)).collect::<Vec<_>>().join(", ");
    let people = names.iter().enumerate().map(|(id, values)| format!("({id}, array[{}])", array(values)));
    fill(&db, "people", &people.collect::<Vec<_>>());
    let notes = notes.iter().enumerate().map(|(id, note)| {
        let (doc, docb) = (literal(&note.doc.written()), literal(&note.docb.written()));
        format!("({id}, {}, {}, {doc}, {docb})", note.person, literal(&note.body))
    });
    fill(&db, "notes", &notes.collect::<Vec<_>>());
    db
}

#[test]
fn values_go_from_texts_and_documents_as_a_naive_search_says_and_nothing_else_does() {
    let mut rng = Rng::new(seed());
    let names: Vec<Vec<String>> =
        (0..people()).map(|_| (0..rng.between(1, 3)).map(|_| texts::value(&mut rng)).collect()).collect();
    let notes: Vec<Note> = (0..people() * 10)
        .map(|number| {
            let values = &names[number / 10];
            Note {
                person: number / 10,
                body: texts::text(&mut rng, values),
                doc: Document::any(&mut rng, values, false),
                docb: Document::any(&mut rng, values, true),
            }
        })
        .collect();
    let db = filled(&names, &notes);
    run(&db, &POLICY.replace("WITH", &format!("{WITH:?}")));
    let found = db.rows("select body, doc, docb from notes order by id");
    let (mut changed, mut wrong) = (0, Vec::new());
    for (note, row) in notes.iter().zip(&found) {
        let values: Vec<Value> = names[note.person].iter().filter_map(|value| Value::new(value)).collect();
        let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).map_err(|error| error.to_string());
        let expected = [
            scrubbed(&note.body, &values, WITH, has_escapes(&note.body)),
            note.doc.scrubbed(&values, WITH, has_escapes(&note.doc.written())),
            note.docb.scrubbed(&values, WITH, true),
        ];
        let before = [note.body.clone(), note.doc.written(), note.docb.written()];
        for (index, (expected, before)) in expected.iter().zip(&before).enumerate() {
            changed += usize::from(expected != before);
            let found = row[index].as_deref().unwrap_or_default();
            // The server writes a `jsonb` in its own way.
            let same = if index == 2 { json(found) == json(expected) } else { found == expected };
            if !same {
                let values = &names[note.person];
                wrong.push(format!(
                    "values   {values:?}\ntext     {before:?}\nexpected {expected:?}\nfound    {found:?}"
                ));
            }
        }
    }
    let (all, count) = (3 * notes.len(), wrong.len());
    wrong.sort_by_key(String::len);
    wrong.truncate(5);
    assert!(wrong.is_empty(), "seed {}: {count} of {all} texts are wrong:\n{}", seed(), wrong.join("\n\n"));
    assert!(changed * 3 > all, "only {changed} of {all} texts had anything in them");
}
