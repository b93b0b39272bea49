//! Hard case 12: a trigger that copies OLD rows into a history table; a materialized view; a tsvector column; a jsonb snapshot
//! of the person in another table; planner statistics.

use super::{ends, receipt, said};
use crate::harness::Db;

/// Ann is everywhere; Bob and the others are nobody's business.
const SCHEMA: &str = "
    create table users (id int primary key, name text, email text,
        search tsvector generated always as (to_tsvector('simple', coalesce(name, '') || ' ' || coalesce(email, ''))) stored);
    create table profiles (id int primary key, user_id int references users, bio text, bio_words tsvector);
    create trigger words before insert or update on profiles for each row
        execute function tsvector_update_trigger(bio_words, 'pg_catalog.simple', bio);
    create table users_history (id serial primary key, user_id int, old_name text, old_email text);
    create function remember() returns trigger language plpgsql as $$ begin
        insert into users_history (user_id, old_name, old_email) values (old.id, old.name, old.email); return new; end $$;
    create trigger history after update or delete on users for each row execute function remember();
    create table orders (id int primary key, user_id int references users, amount int, buyer jsonb);
    create index on profiles (user_id);
    create index on orders (user_id);
    create view named as select id, name from users;
    create materialized view leaderboard as
        select n.id, n.name, sum(o.amount) as total from named n join orders o on o.user_id = n.id group by 1, 2;
    create unique index on leaderboard (id);
    create materialized view top as select name from leaderboard where total > 5;
    insert into users select n, 'MARKED SECRET Ann', 'SECRET@example.org' from generate_series(1, 1) as n;
    insert into users select n, 'Bob ' || n % 7, 'bob' || n || '@example.org' from generate_series(2, 300) as n;
    insert into profiles select n, n, case n when 1 then 'SECRET knee' else 'fine ' || n % 9 end from generate_series(1, 300) as n;
    insert into users_history (user_id, old_name, old_email) select 1, 'SECRET Anne', 'SECRET@old.example.org' from generate_series(1, 5);
    insert into orders select n, 1 + n % 3, 10,
        jsonb_build_object('name', u.name, 'email', u.email, 'vat', 7) from generate_series(1, 60) as n join users u on u.id = 1 + n % 3;
    refresh materialized view leaderboard; refresh materialized view top;
    analyze;";

const POLICY: &str = r#"version: 1
name: p
subject: { table: users }
virtual_foreign_keys:
  - { table: users_history, columns: user_id, references: users, lock: table }
tables:
  users: { columns: { id: keep, name: { replace: gone }, email: null } }
  profiles: { columns: { id: keep, user_id: keep, bio: null }, other_columns: keep }
  users_history: delete
  orders:
    columns: { id: keep, user_id: keep, amount: { keep: the books }, buyer: { json: { $.name: remove, $.email: remove, $.vat: keep }, other_keys: remove } }
  leaderboard: { refresh: concurrently }
  top: { refresh: true }
verify:
  unchanged:
    - { name: revenue, query: select sum(total) from leaderboard }
"#;

/// Where the mark is found, in every text of every table and materialized view, and in the statistics that planners read.
fn found(db: &Db) -> Vec<String> {
    let relations = db.rows("select oid::regclass::text from pg_class where relkind in ('r', 'm') and relnamespace = 'public'::regnamespace order by 1");
    let relations = relations.into_iter().flatten().flatten();
    let hits = |name: &String| db.value(&format!("select count(*) from {name} as r where r::text ~* 'secret'")) != "0";
    let mut places: Vec<String> = relations.filter(hits).collect();
    let held = "select distinct tablename || '.' || attname from pg_stats where schemaname = 'public'
                and concat(most_common_vals, histogram_bounds, most_common_elems) ~* 'secret' order by 1";
    places.extend(db.rows(held).into_iter().flatten().flatten().map(|it| format!("statistics of {it}")));
    places
}

#[test]
fn hard_case_12_what_is_copied_elsewhere_is_found_and_handled_or_named() {
    let db = Db::with(SCHEMA);
    // A marked value has to be everywhere before, or nothing is shown.
    let before = found(&db);
    let places = ["users", "profiles", "users_history", "orders", "leaderboard", "top"];
    for place in places {
        assert!(before.iter().any(|it| it == place), "{place}: {before:?}");
    }
    assert!(before.iter().any(|it| it.starts_with("statistics of orders.buyer")), "{before:?}");

    // What is forgotten in the policy is named by check.
    let forgets =
        |line: &str| POLICY.lines().filter(|it| !it.contains(line)).fold(String::new(), |all, it| all + it + "\n");
    let without_views = ends(&db, &forgets("refresh:"), "check p.yaml", 0).err;
    assert!(
        without_views.contains("`leaderboard` keeps old values") && without_views.contains("`top` keeps"),
        "{without_views}"
    );
    let without_history = forgets("users_history").replace("virtual_foreign_keys:\n", "");
    let without_history = ends(&db, &without_history, "check p.yaml", 0).err;
    assert!(without_history.contains("mentions `users_history`, and no rule decides"), "{without_history}");
    let ran = ends(&db, POLICY, "check p.yaml", 0);
    assert!(!ran.err.contains("stale-materialized-view") && !ran.err.contains("trigger-beyond-policy"), "{}", ran.err);

    // What the trigger notes about the change of its base table goes with the rest of the history.
    let plan = ends(&db, POLICY, "plan p.yaml", 0).out;
    let (base, history) = (plan.find("change users:"), plan.find("delete users_history:"));
    assert!(base.is_some() && base < history, "{plan}");

    let receipt = receipt(&db, POLICY, 1);
    // Rows are clean; of the emptied history planners remember something, and its owner is told how to make them forget.
    let left = found(&db);
    assert!(left.iter().all(|it| it.starts_with("statistics of users_history.")), "{left:?}");
    let to_do = said(&receipt, "to_do");
    assert!(to_do.iter().all(|it| it.starts_with("planner statistics of `users_history`")), "{to_do:?}");
    assert!(!to_do.is_empty() && !left.is_empty(), "{to_do:?} {left:?}");
    for sentence in to_do {
        db.sql(sentence.split_once("its owner runs: ").expect("a statement").1);
    }
    assert_eq!(found(&db), Vec::<String>::new());
    assert_eq!(db.value("select search::text || coalesce((select bio_words::text from profiles p where p.id = 1), '') from users u where id = 1"), "'gone':1");
    assert_eq!(db.value("select count(*) from leaderboard"), "3", "the leaderboard stands");
}
