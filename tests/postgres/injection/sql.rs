//! The author's SQL: conditions, and queries of reports.

use super::Cage;

/// Conditions that would like to end before they end, or to go on behind their end.
const CONDITIONS: &[&str] = &[
    "true) or (true",
    "true)) or ((true",
    "true)))",
    "(true",
    "true; drop table canary.bird",
    "true); drop table canary.bird; --",
    "true\n; drop table canary.bird",
    "true -- and false",
    "true /* and false",
    "true /* x */ and id = 1",
    "true */ or /* true",
    "id = 1 -- )",
    "id = 1 --",
    "id = 1 /* ) */",
    "/**/ id = 1",
    "--\nid = 1",
    "id /* ;drop table canary.bird; */ = 1",
    "note = $$x$$",
    "note = $efface$x$efface$",
    "note = $efface_1$ $$ $efface_1$",
    "note = $a$'$a$ or note = $b$'$b$",
    "note = $x$ unfinished",
    "note = 'unfinished",
    "note = \"unfinished",
    "note = E'\\'' or id = 1",
    "note = E'\\' or true -- '",
    "note = 'a\\' or id = 1",
    "note = 'it''s'",
    "note = '''; drop table canary.bird; --'",
    "note = U&'d\\0061t\\+000061'",
    "note = U&'d!0061t' UESCAPE '!'",
    "u&\"no\\0074e\" = 'x'",
    "note = B'101'::text",
    "note = X'1F'::text",
    "note = N'x'",
    "note = e'x' 'y'",
    "note = 'x'\n'y'",
    "\\! touch hit",
    "true \\! touch hit",
    "true\n\\! touch hit",
    "true \\gset",
    "true \\g hit",
    "true \\;",
    "true \\watch",
    "note = '\n\\! touch hit\n'",
    "note ~ '\\!'",
    "note = ':key1'",
    ":key1 = '1'",
    ":'key1' is not null",
    ":\"key1\" is not null",
    "note = :{?key1}",
    "id = $1",
    "id = ?",
    "id = any(:subject)",
    "(:subject) is not null",
    "note = ':subject'",
    "id = any(:subject) -- :subject",
    "array[1,2][1:1] is null",
    "id::text = '1'",
    "id :: text = '1'",
    "id in (select 1) union select 1",
    "id = (select 1) ; select 1",
    "exists (delete from canary.bird returning 1)",
    "exists (with d as (delete from canary.bird returning 1) select from d)",
    "exists (select 1 into canary.x)",
    "exists (table canary.bird)",
    "exists (select 1 from canary.bird for update)",
    "exists (select from canary.bird)",
    "exists (values (1))",
    "(select note from canary.bird) = 'alive'",
    "set_config('efface.key1', '{2}', true) is not null",
    "pg_catalog.set_config('efface.key1', '{2}', true) is not null",
    "current_setting('efface.key1') = '{1}'",
    "id = 1 and pg_sleep(0) is not null",
    "row(1) = row(1)",
    "(id, note) = (1, 'x')",
    "id = 1 limit 1",
    "id = 1 order by 1",
    "id = 1 group by id",
    "id = 1 returning *",
    "id = 1 for update",
    "id = 1 as x",
    "id = 1, note = 'x'",
    "not id = 2",
    "case when true then id = 1 end",
    "id operator(pg_catalog.=) 1",
    "id = 1::int",
    "cast(id as text) = '1'",
    "note is json",
    "xmlparse(document note) is null",
    "note collate \"C\" = 'x'",
    "note like '%' escape '\\'",
    "note similar to '%'",
    "copy canary.bird to 'hit'",
    "current_user = 'postgres'",
    "commit",
    "null",
    "",
    "1",
    "'true'",
    "id",
    "*",
    "people",
    "people.*",
    "people is not null",
    "id = 1 and true or true",
    "\u{a0}id = 1",
    "id\u{3000}= 1",
    "id = 1\u{85}",
    "id = 1\u{2028}-- x",
    "id = 1\u{0}",
    "\u{feff}id = 1",
];

/// Queries that would like to do more than look.
const QUERIES: &[&str] = &[
    "select 1",
    "select 1;",
    "select 1; drop table canary.bird",
    "select 1) as x; drop table canary.bird; --",
    "select 1 --",
    "select 1 /*",
    "select 1 -- ) AS efface_row",
    "delete from canary.bird",
    "delete from canary.bird returning 1",
    "with d as (delete from canary.bird returning 1) select * from d",
    "with d as (update canary.bird set note = '' returning 1) select * from d",
    "insert into canary.bird values (2, '') returning 1",
    "select * into canary.x from canary.bird",
    "select * from canary.bird for update",
    "table canary.bird",
    "values (1)",
    "(select 1)",
    "select 1 union all select 2",
    "select 1 \\gexec",
    "select 1\n\\! touch hit",
    "select :key1",
    "select $1",
    "select ':key1'",
    "select $efface$x$efface$",
    "select '\n\\! touch hit\n' as x",
    "select 1 as efface_row",
    "select efface_row.* from (select 1 as a) as efface_row",
    "explain select 1",
    "show all",
    "call x()",
    "do $$ begin end $$",
    "copy canary.bird to 'hit'",
    "select 1 as \"a\"\"b\", 2 as \"a\"\"b\"",
    "select",
    "select from canary.bird",
    "with recursive r(n) as (select 1 union all select n + 1 from r where n < 3) select * from r",
    "select set_config('efface.key1', '{2}', true)",
    "select 1 where false",
    "begin",
    "",
];

#[test]
pub fn conditions_and_queries_are_what_they_say_or_refused() {
    let cage = Cage::new("create table people (id int primary key, note text);");
    let fill = || {
        cage.db().sql("truncate efface.ledger, efface.erased, people; insert into people select n, n::text from generate_series(1, 4) n");
        cage.db().sql("insert into people values (5, 'data'), (6, ''''), (7, 'x'), (8, 'it''s'), (9, ':subject'), (10, ''), (11, null)");
    };
    let rows = || cage.db().value("select string_agg(id::text, ',' order by id) from people");
    let block = |sql: &str| sql.split('\n').map(|line| format!("        {line}\n")).collect::<String>();
    let (mut tried, mut accepted) = (0, Vec::new());
    for hostile in CONDITIONS {
        tried += 1;
        fill();
        let all = rows();
        cage.place.policy(&format!(
            "version: 1\nname: p\nevery_row: true\nsearch_path: []\ntables:\n  canary.bird: {{ keep: it lives }}\n  people:\n    - rows: delete\n      where: |\n{}    - keep: rest\n",
            block(hostile)
        ));
        let ran = cage.tool(&["apply", "small.yaml", "--yes-all-rows", &cage.db().value("select current_database()")]);
        cage.intact(hostile);
        if !ran.err.contains("committed as transaction") {
            assert_eq!(rows(), all, "{hostile:?}: {}", ran.err);
            assert!(matches!(ran.code, Some(1..=3)), "{hostile:?}: {:?} {}", ran.code, ran.err);
            continue;
        }
        accepted.push(*hostile);
        let left = rows();
        fill();
        // What the server says of the very same words, where nothing stands around them.
        cage.db().sql(&format!("delete from people where (\n{hostile}\n)"));
        assert_eq!(rows(), left, "{hostile:?}");
        fill();
        let script = cage.tool(&["plan", "small.yaml", "--format", "sql"]).out;
        let ran = cage.psql(&script, &[]);
        assert!(ran.status.success(), "{hostile:?}: {}", String::from_utf8_lossy(&ran.stderr));
        assert_eq!(rows(), left, "{hostile:?} by psql");
        cage.intact(hostile);
    }
    assert!(accepted.len() > 20, "{accepted:?}");
    told!("{tried} hostile conditions, {} of them are conditions after all", accepted.len());

    let (mut tried, mut accepted) = (0, 0);
    for hostile in QUERIES {
        tried += 1;
        fill();
        let all = rows();
        cage.place.policy(&format!(
            "version: 1\nname: p\nsubject: {{ table: people }}\ntables: {{ people: delete }}\nverify:\n  unchanged:\n    - name: r\n      query: |\n{}",
            block(hostile)
        ));
        let ran = cage.tool(&["apply", "small.yaml", "--subject=1", "--yes"]);
        cage.intact(hostile);
        if ran.code != Some(0) {
            assert_eq!(rows(), all, "{hostile:?}: {}", ran.err);
            assert!(matches!(ran.code, Some(1..=3)), "{hostile:?}: {:?} {}", ran.code, ran.err);
            continue;
        }
        accepted += 1;
        assert_eq!(Some(rows().as_str()), all.strip_prefix("1,"), "{hostile:?}");
        fill();
        let script = cage.tool(&["plan", "small.yaml", "--format", "sql"]).out;
        let ran = cage.psql(&script, &["{1}".to_owned()]);
        assert!(ran.status.success(), "{hostile:?}: {}", String::from_utf8_lossy(&ran.stderr));
        assert_eq!(Some(rows().as_str()), all.strip_prefix("1,"), "{hostile:?} by psql");
        cage.intact(hostile);
    }
    told!("{tried} hostile queries of reports, {accepted} of them are queries after all");
    assert!(accepted > 8);
}
