//! Places of a policy that name tables, columns, keys and types.

use super::{Cage, HOSTILE, scalar};

#[test]
pub fn paths_and_places_that_name_nothing_are_refused() {
    let cage = Cage::new(
        "create table people (id int primary key, note text);
         create table notes (id int primary key, person_id int references people, body text); create index on notes (person_id);",
    );
    let dump = || ["people", "notes"].map(|table| cage.db().dump_table(table));
    cage.db().sql("insert into people values (1, 'x'), (2, 'y'); insert into notes values (1, 1, 'a'), (2, 2, 'b')");
    let before = dump();
    let hostile = HOSTILE.iter().copied().chain([
        "person_id -> people.id; drop table canary.bird",
        "person_id) in (select 1) or (true",
        "lower(body) -> lower(people.note)) or (true",
        "lower(body); drop table canary.bird -> people.note",
        "body -> people.note -- x",
        "body -> lower(people.note /*)",
        "body -> (select 1)",
        "(select body) -> people.note",
        "body -> people.note) or (true",
        "set_config('a', body, true) -> people.note",
        "person_id -> people",
        "(person_id, body) -> people.(id, note); x",
        "pg_sleep(1)::text -> people.note",
        "\"person_id",
        "person_id\"",
    ]);
    let (mut tried, mut further) = (0, 0);
    let catalog = cage.db().catalog();
    for hostile in hostile {
        let templates = [
            format!(
                "version: 1\nname: p\nsubject: {{ table: people }}\ntables: {{ people: {{ columns: {{ id: keep, note: null }} }}, notes: {{ via: {0}, rows: delete }} }}\n",
                scalar(hostile)
            ),
            format!("version: 1\nname: p\nsubject: {{ table: {0} }}\ntables: {{ people: delete }}\n", scalar(hostile)),
            format!(
                "version: 1\nname: p\nsubject: {{ table: people, key: {0} }}\ntables: {{ people: delete, notes: delete }}\n",
                scalar(hostile)
            ),
            format!(
                "version: 1\nname: p\nsubject: {{ table: people }}\nvirtual_foreign_keys: [{{ table: notes, columns: {0}, references: people }}]\ntables: {{ people: delete, notes: {{ via: person_id, rows: delete }} }}\n",
                scalar(hostile)
            ),
            format!(
                "version: 1\nname: p\nsubject: {{ table: people }}\nvirtual_foreign_keys: [{{ table: notes, columns: id, references: {0} }}]\ntables: {{ people: delete, notes: {{ via: person_id, rows: delete }} }}\n",
                scalar(hostile)
            ),
            format!(
                "version: 1\nname: p\nsubject: {{ value: {0}, name: x }}\ntables: {{ people: {{ where: note = any(:subject), rows: delete }} }}\n",
                scalar(hostile)
            ),
        ];
        for policy in templates {
            tried += 1;
            let file = efface::source::SourceFile::new("small.yaml", policy.as_str());
            let resolved = efface::policy::read(&file).and_then(|read| efface::resolve::resolve(&read.value, &catalog));
            if resolved.is_err() {
                continue;
            }
            further += 1;
            cage.place.policy(&policy);
            let ran = cage.tool(&["apply", "small.yaml", "--subject=1", "--yes"]);
            assert!(matches!(ran.code, Some(1 | 2)), "{policy}\n{:?} {}", ran.code, ran.err);
        }
        cage.intact(hostile);
        assert_eq!(dump(), before, "{hostile:?}");
    }
    told!(
        "{tried} hostile paths, tables, keys, references and types of subjects; {further} of them went to the server"
    );
    assert!(tried > 600);
}
