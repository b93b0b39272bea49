//! Planner statistics: what ANALYZE doesn't renew is told, with the owner's statement, and the statement does it.

use super::{as_role, receipt, said};
use crate::harness::Db;

/// How many statistics hold the marked values, by tables.
fn held(db: &Db) -> String {
    db.value(
        "select coalesce(string_agg(place, ',' order by place), '')
         from (select distinct tablename || case when inherited then '*' else '' end as place from pg_stats
               where schemaname = 'public'
                 and concat(most_common_vals, histogram_bounds, most_common_elems) ~* 'secret') as s",
    )
}

/// Runs what a receipt says that the owner runs.
fn obey(db: &Db, to_do: &[String]) {
    for sentence in to_do {
        if let Some((_, statement)) = sentence.split_once("its owner runs: ") {
            db.sql(statement);
        }
    }
}

const USERS: &str = "create table users (id int primary key);
    insert into users select generate_series(1, 3);
    create table notes (id int primary key, user_id int references users, body text, tags text[], words tsvector);
    create index on notes (user_id);
    insert into notes select n, 1, 'SECRET ' || n % 5, array['SECRET', n::text], to_tsvector('simple', 'SECRETword')
        from generate_series(1, 300) as n;
    analyze;";

const DELETE: &str =
    "version: 1\nname: p\nsubject: { table: users }\ntables:\n  users: { keep: the books }\n  notes: delete\n";

#[test]
fn an_emptied_table_keeps_its_values_and_its_owner_is_told_the_statement() {
    let db = Db::with(USERS);
    assert_eq!(held(&db), "notes");
    let receipt = receipt(&db, DELETE, 1);
    let to_do = said(&receipt, "to_do");
    assert!(to_do.iter().any(|it| it.contains("`notes` hold values of body, ") && it.contains("no rows")), "{to_do:?}");
    assert_eq!(held(&db), "notes", "ANALYZE has left them");
    obey(&db, &to_do);
    assert_eq!(held(&db), "");
}

#[test]
fn a_table_with_rows_left_is_clean_and_nothing_is_to_do() {
    let db =
        Db::with(&format!("{USERS} insert into notes values (1000, 2, 'fine', '{{a}}', to_tsvector('simple', 'b'))"));
    assert_eq!(said(&receipt(&db, DELETE, 0), "to_do"), Vec::<String>::new());
    assert_eq!(held(&db), "");
}

/// Whether the server can take statistics away without a change of the table.
fn clears_statistics(db: &Db) -> bool {
    db.connection().server_version.major >= 18
}

#[test]
fn partitions_and_their_roots_are_looked_at_each_by_itself() {
    let db = Db::with(
        "create table users (id int primary key);
         insert into users values (1), (2);
         create table notes (id int, user_id int references users, body text) partition by range (id);
         create table notes_old partition of notes for values from (0) to (1000);
         create table notes_new partition of notes for values from (1000) to (2000);
         create index on notes (user_id);
         insert into notes select n, 1, 'SECRET ' || n % 5 from generate_series(1, 300) as n;
         insert into notes select n, 2, 'fine ' || n % 5 from generate_series(1000, 1300) as n;
         analyze;",
    );
    assert_eq!(held(&db), "notes*,notes_old");
    let receipt = receipt(&db, DELETE, 1);
    assert_eq!(held(&db), "notes_old", "the root's are renewed");
    let to_do = said(&receipt, "to_do");
    let column =
        if clears_statistics(&db) { "'notes_old', 'body'" } else { "ALTER TABLE public.notes ALTER COLUMN body" };
    assert!(to_do.iter().any(|it| it.contains("`notes_old`") && it.contains(column)), "{to_do:?}");
    // The table has no primary key, so `id` is a value like others, and it is what partitions are told by.
    let key = |it: &String| it.contains("values of id that") && it.contains("the partition key is in the way");
    let cleared = |it: &String| clears_statistics(&db) && it.contains("'notes_old', 'id'");
    assert!(to_do.iter().any(|it| key(it) || cleared(it)), "{to_do:?}");
    obey(&db, &to_do);
    assert_eq!(held(&db), "");
}

#[test]
fn a_table_that_inherits_leaves_none_in_its_parent() {
    let db = Db::with(
        "create table users (id int primary key);
         insert into users values (1), (2);
         create table texts (id int, body text);
         create table notes (user_id int references users, primary key (id)) inherits (texts);
         create index on notes (user_id);
         insert into notes select n, 'SECRET ' || n % 5, 1 from generate_series(1, 300) as n;
         insert into notes select n, 'fine ' || n % 5, 2 from generate_series(1000, 1300) as n;
         analyze;",
    );
    assert_eq!(held(&db), "notes,texts*");
    assert_eq!(said(&receipt(&db, DELETE, 0), "to_do"), Vec::<String>::new());
    assert_eq!(held(&db), "");
}

#[test]
fn a_role_that_may_not_analyze_says_whose_turn_it_is() {
    let db = Db::with(&format!(
        "{USERS} create role clerk_stats login; grant usage on schema efface to clerk_stats;
         grant select on users to clerk_stats; grant update on users to clerk_stats;
         grant select, delete, update on notes to clerk_stats;
         insert into notes select n, 2, 'fine', null, null from generate_series(1000, 1300) as n; analyze notes;"
    ));
    let clerk = as_role(&db, "clerk_stats");
    let line = "apply p.yaml --subject 1 --yes --no-ledger --format json";
    let ran = super::ends(&clerk, DELETE, line, 1);
    let receipt = serde_json::from_str(&ran.out).expect("a receipt");
    let to_do = said(&receipt, "to_do");
    assert!(to_do.iter().any(|it| it.contains("`notes`") && it.contains("may not ANALYZE")), "{to_do:?}");
    assert_eq!(held(&db), "notes");
    obey(&db, &to_do);
    assert_eq!(held(&db), "");
}

#[test]
fn statistics_that_a_role_is_not_shown_are_not_taken_for_clean() {
    // Who may do anything with the root need not have a right to its partitions, and then sees none of their statistics.
    let db = Db::with(
        "create table users (id int primary key);
         insert into users values (1), (2);
         create table notes (id int, user_id int references users, body text) partition by range (id);
         create table notes_old partition of notes for values from (0) to (1000);
         create index on notes (user_id);
         insert into notes select n, 1, 'SECRET ' || n % 5 from generate_series(1, 300) as n;
         analyze;
         create role clerk_blind login; grant usage on schema efface to clerk_blind;
         grant select, update on users to clerk_blind; grant select, delete, update on notes to clerk_blind;",
    );
    let clerk = as_role(&db, "clerk_blind");
    let ran = super::run(&clerk, DELETE, "apply p.yaml --subject 1 --yes --no-ledger --format json");
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    let receipt: serde_json::Value = serde_json::from_str(&ran.out).expect("a receipt");
    let to_do = said(&receipt, "to_do");
    let hidden = |it: &String| it.contains("`notes_old` may hold old values of body, id");
    assert!(to_do.iter().any(hidden), "{to_do:?}");
    assert!(to_do.iter().any(|it| it.contains("may neither renew nor look at them")), "{to_do:?}");
}

#[test]
fn a_column_whose_statistics_are_switched_off_keeps_the_old_ones() {
    let db = Db::with(
        "create table users (id int primary key, name text);
         insert into users select n, 'SECRET ' || n % 5 from generate_series(1, 300) as n;
         analyze; alter table users alter column name set statistics 0;",
    );
    let policy =
        "version: 1\nname: p\nsubject: { table: users }\ntables:\n  users: { columns: { id: keep, name: null } }\n";
    // Others still have that value, so it can be theirs.
    assert_eq!(said(&receipt(&db, policy, 0), "to_do"), Vec::<String>::new());
    db.sql("update users set name = 'someone' where id > 1");
    db.sql("update users set name = 'SECRET 1' where id = 1");
    let policy = format!("{policy}limits: {{ max_subjects: 1 }}\n");
    let to_do = said(&receipt_again(&db, &policy), "to_do");
    assert!(to_do[0].contains("of name that no row has") && to_do[0].contains("SET STATISTICS -1"), "{to_do:?}");
    obey(&db, &to_do);
    assert_eq!(held(&db), "");
}

fn receipt_again(db: &Db, policy: &str) -> serde_json::Value {
    let ran = super::ends(db, policy, "apply p.yaml --subject 1 --yes --again --format json", 1);
    serde_json::from_str(&ran.out).expect("a receipt")
}

#[test]
fn expressions_of_indexes_and_extended_statistics_are_looked_at_too() {
    let db = Db::with(&format!(
        "{USERS} create index notes_lower on notes (lower(body)); create statistics notes_both (mcv) on user_id, body from notes;
         analyze notes;"
    ));
    let since_14 = db.value("select current_setting('server_version_num')::int >= 140000") == "t";
    if since_14 {
        db.sql("create statistics notes_upper on (upper(body)), (length(body)) from notes; analyze notes");
    }
    let extended = "select count(*) from pg_stats_ext where statistics_name = 'notes_both' and most_common_vals::text like '%SECRET%'";
    assert_eq!(db.value(extended), "1");
    let to_do = said(&receipt(&db, DELETE, 1), "to_do");
    for place in [
        "(in `notes_lower`)",
        "(in `notes_both`)",
        "DROP STATISTICS public.notes_both; CREATE STATISTICS",
        "DROP INDEX public.notes_lower",
    ] {
        assert!(to_do.iter().any(|it| it.contains(place)), "{place}: {to_do:?}");
    }
    obey(&db, &to_do);
    assert_eq!(held(&db), "");
    assert_eq!(db.value(extended), "0");
    if since_14 {
        assert!(to_do.iter().any(|it| it.contains("(in `notes_upper`)")), "{to_do:?}");
        assert_eq!(db.value("select count(*) from pg_stats_ext_exprs where most_common_vals is not null"), "0");
    }
    // Nothing is gone but what the statistics held.
    assert_eq!(db.value("select count(*) from pg_indexes where indexname = 'notes_lower'"), "1");
    assert_eq!(db.value("select count(*) from pg_statistic_ext"), if since_14 { "2" } else { "1" });
}

#[test]
fn a_column_that_a_view_reads_is_not_said_to_be_altered() {
    let db = Db::with(&format!("{USERS} create view bodies as select body from notes;"));
    let to_do = said(&receipt(&db, DELETE, 1), "to_do");
    let in_the_way = |it: &String| it.contains("of body that no row has") && it.contains("a view or the partition key");
    let cleared =
        |it: &String| clears_statistics(&db) && it.contains("pg_clear_attribute_stats('public', 'notes', 'body'");
    assert!(to_do.iter().any(|it| in_the_way(it) || cleared(it)), "{to_do:?}");
    // All others are, and the statement is taken.
    obey(&db, &to_do);
    db.sql("insert into notes (id, user_id, body) values (1, 2, 'fine'); analyze notes");
    assert_eq!(held(&db), "", "once there are rows again, ANALYZE does it");
}
