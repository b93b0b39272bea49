//! Promise 4: no row that another session commits before our COMMIT escapes through a declared key.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::Db;

const SCHEMA: &str = "
    create table users (id bigint primary key, name text not null);
    create table bookings (id bigint primary key, user_id bigint not null references users, note text);
    create table visits (id bigint primary key, booking_id bigint not null references bookings, note text);
    create index on bookings (user_id);
    create index on visits (booking_id);
    insert into users values (1, 'SECRET'), (2, 'Tom');
    insert into bookings values (1, 1, 'SECRET'), (2, 2, 'fine');
    insert into visits values (1, 1, 'SECRET'), (2, 2, 'fine');
";

const POLICY: &str = r#"version: 1
name: closed
subject: { table: users }
tables:
  users: { columns: { id: keep, name: { replace: "[deleted]" } } }
  bookings: { columns: { id: keep, user_id: keep, note: null } }
  visits:
    via: booking_id -> bookings.user_id
    rows: delete
limits: { lock_timeout: 20s }
"#;

struct Place {
    db: Db,
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self::with(SCHEMA, POLICY)
    }

    fn with(schema: &str, policy: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("closed.yaml"), policy).expect("the policy is written");
        Self { db: Db::with(schema), folder }
    }

    fn apply(&self) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_efface"));
        command.args(["apply", "--yes", "closed.yaml", "--subject", "1"]).current_dir(self.folder.path());
        command.env("DATABASE_URL", self.db.url()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the tool starts")
    }

    /// Waits until so many sessions wait for a lock.
    fn until_waiting(&self, sessions: &str) {
        let begun = Instant::now();
        let waiting =
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        while self.db.value(waiting) != sessions {
            assert!(begun.elapsed() < Duration::from_secs(20), "nobody waits");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn committed(child: Child) {
    let output = child.wait_with_output().expect("the tool ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_booking_that_another_session_commits_while_we_wait_does_not_escape() {
    let place = Place::new();
    let other = place.db.again();
    other.sql("begin");
    other.sql("insert into bookings values (3, 1, 'SECRET')");
    other.sql("insert into visits values (3, 3, 'SECRET')");
    let child = place.apply();
    // The freeze waits for the other's hold on the subject's row, and reads only then.
    place.until_waiting("1");
    other.sql("commit");
    committed(child);
    assert_eq!(place.db.value("select count(*) from bookings where user_id = 1 and note is not null"), "0");
    assert_eq!(place.db.value("select count(*) from visits where note = 'SECRET'"), "0");
    assert_eq!(place.db.value("select count(*) from visits where note = 'fine'"), "1");
}

#[test]
fn a_booking_that_another_session_moves_to_somebody_else_while_we_wait_is_left_alone() {
    let place = Place::new();
    let other = place.db.again();
    other.sql("begin");
    other.sql("update visits set booking_id = 2, note = 'of Tom' where id = 1");
    let child = place.apply();
    place.until_waiting("1");
    other.sql("commit");
    committed(child);
    assert_eq!(place.db.rows("select note from visits order by id"), [[Some("of Tom".into())], [Some("fine".into())]]);
}

#[test]
fn rows_on_the_way_are_locked_before_anything_is_read() {
    let place = Place::new();
    let other = place.db.again();
    // Holds the last statement before the steps up: the visit's row.
    other.sql("begin");
    other.sql("select 1 from visits where id = 1 for update");
    let child = place.apply();
    place.until_waiting("1");
    // Meanwhile the subject's row and the booking are ours: new rows below them wait.
    let refused = place.db.again();
    refused.sql("set lock_timeout = '100ms'");
    for insert in ["insert into bookings values (4, 1, 'late')", "insert into visits values (4, 1, 'late')"] {
        assert_eq!(refused.refused(insert).sqlstate(), Some("55P03"), "{insert}");
    }
    refused.sql("insert into bookings values (5, 2, 'of somebody else')");
    other.sql("commit");
    committed(child);
    assert_eq!(place.db.value("select count(*) from visits where note = 'SECRET'"), "0");
}

#[test]
fn two_runs_for_one_client_do_not_get_in_each_others_way() {
    let place = Place::new();
    let (first, second) = (place.apply(), place.apply());
    committed(first);
    committed(second);
    assert_eq!(place.db.value("select count(*) from bookings where user_id = 1 and note is not null"), "0");
}

/// Comments of the client's, with a reply of somebody else's below one.
fn tree() -> Place {
    Place::with(
        "create table users (id bigint primary key, name text);
         create table comments (
             id bigint primary key,
             author_id bigint not null references users,
             parent_id bigint references comments on delete cascade,
             body text
         );
         create index on comments (author_id);
         create index on comments (parent_id);
         insert into users values (1, 'SECRET'), (2, 'Tom');
         insert into comments values (1, 1, null, 'SECRET'), (2, 2, 1, 'SECRET'), (3, 2, null, 'fine');",
        "version: 1\nname: closed\nsubject: { table: users }\ntables:\n  users: { columns: { id: keep, name: null } }\n  \
         comments: cascade\nlimits: { lock_timeout: 20s }\n",
    )
}

#[test]
fn a_reply_far_below_that_another_session_commits_while_we_wait_does_not_escape() {
    let place = tree();
    let other = place.db.again();
    other.sql("begin");
    other.sql("insert into comments values (4, 2, 2, 'SECRET'), (5, 2, 4, 'SECRET')");
    let child = place.apply();
    place.until_waiting("1");
    other.sql("commit");
    committed(child);
    assert_eq!(place.db.rows("select body from comments"), [[Some("fine".into())]]);
}

#[test]
fn a_branch_that_another_session_moves_away_while_we_wait_is_left_alone() {
    let place = tree();
    let other = place.db.again();
    other.sql("begin");
    other.sql("update comments set parent_id = 3, body = 'of Tom' where id = 2");
    let child = place.apply();
    place.until_waiting("1");
    other.sql("commit");
    committed(child);
    assert_eq!(
        place.db.rows("select body from comments order by id"),
        [[Some("of Tom".into())], [Some("fine".into())]]
    );
}

#[test]
fn rows_by_a_virtual_key_do_not_escape_where_their_table_is_locked() {
    let place = Place::with(
        "create table users (id bigint primary key, name text);
         create table audits (id bigint primary key, auditable_id bigint, auditable_type text, body text);
         create index on audits (auditable_id);
         insert into users values (1, 'SECRET'), (2, 'Tom');
         insert into audits values (1, 1, 'User', 'SECRET'), (2, 1, 'Club', 'fine');",
        "version: 1\nname: closed\nsubject: { table: users }\nvirtual_foreign_keys:\n  - table: audits\n    \
         columns: auditable_id\n    references: users\n    where: auditable_type = 'User'\n    lock: table\n\
         tables:\n  users: delete\n  audits: delete\nlimits: { lock_timeout: 20s }\n",
    );
    let other = place.db.again();
    other.sql("begin");
    other.sql("insert into audits values (3, 1, 'User', 'SECRET'), (4, 1, 'Club', 'fine')");
    let child = place.apply();
    place.until_waiting("1");
    other.sql("commit");
    committed(child);
    assert_eq!(place.db.rows("select body from audits"), [[Some("fine".into())], [Some("fine".into())]]);
}

#[test]
fn an_address_that_somebody_moves_into_while_we_wait_is_shared() {
    let place = Place::with(
        "create table addresses (id bigint primary key, street text);
         create table users (id bigint primary key, name text, address_id bigint references addresses);
         create index on users (address_id);
         insert into addresses values (1, 'shared'), (2, 'SECRET');
         insert into users values (1, 'SECRET', 1), (2, 'Tom', null);",
        "version: 1\nname: closed\nsubject: { table: users }\ntables:\n  users: delete\n  addresses:\n    \
         referenced_by: users.address_id\n    if_shared: keep\n    rows: delete\nlimits: { lock_timeout: 20s }\n",
    );
    let other = place.db.again();
    other.sql("begin");
    other.sql("update users set address_id = 1 where id = 2");
    let child = place.apply();
    place.until_waiting("1");
    other.sql("commit");
    committed(child);
    assert_eq!(place.db.value("select street from addresses where id = 1"), "shared");
    assert_eq!(place.db.value("select count(*) from users"), "1");
}
