//! Databases in which the same policies don't fit: the club's catalog with one thing changed.

use efface::catalog::{Catalog, Generated, OtherObject, Trigger, TriggerFunction, UniqueIndex};
use efface::diagnostic::render;
use efface::ident::{Ident, TableName};
use efface::policy;
use efface::source::SourceFile;

use crate::broken::{club, column, report, report_in, tables};

/// A foreign key that introspection can only name.
fn unsupported_key(kind: &str, about: &[&str], between: [&str; 2]) -> Catalog {
    let mut catalog = club();
    let public = |name: &str| TableName::new("public", name);
    catalog.others.push(OtherObject {
        kind: kind.into(),
        name: public("odd_key"),
        about: about.iter().copied().map(public).collect(),
        between: between.map(public).to_vec(),
        pairs: Vec::new(),
    });
    catalog.new().expect("a catalog")
}

#[test]
fn a_key_of_or_to_one_partition_in_reach_of_the_subject_is_refused() {
    let text = tables("  logins: delete\n");
    let catalog =
        unsupported_key("foreign key to one partition", &["clubs_audit", "logins"], ["clubs_audit", "logins_old"]);
    let (found, file) = report_in(&catalog, &text);
    insta::assert_snapshot!(render::text(&found, &file, false), @"
    error[unsupported-key]: foreign key `odd_key` from `clubs_audit` to `logins_old` is not followed
     --> policy.yaml:5:11
      |
    5 |   logins: delete
      |           ^^^^^^ in reach of the subject
      |
      = note: it is a foreign key to one partition, about `clubs_audit` and `logins`: the rows behind it would change or stay undecided
      = note: this version of efface follows the keys of a partitioned table by its root only
      = help: declare the key from root to root, or drop it

    1 error, 0 warnings
    ");
    // The subject's own table, though no rule is about it.
    let text = text.replace("  users: { keep: x }\n", "");
    let catalog = unsupported_key("temporal foreign key", &["clubs_audit", "users"], ["clubs_audit", "users"]);
    let (found, file) = report_in(&catalog, &text);
    insta::assert_snapshot!(render::text(&found, &file, false), @"
    error[unsupported-key]: foreign key `odd_key` from `clubs_audit` to `users` is not followed
     --> policy.yaml:3:19
      |
    3 | subject: { table: users }
      |                   ^^^^^ in reach of the subject
      |
      = note: it is a temporal foreign key, about `clubs_audit` and `users`: the rows behind it would change or stay undecided
      = help: this version of efface can't erase from tables with such a key; drop it, or take both tables out of reach

    1 error, 0 warnings
    ");
    // What is about other tables only is none of the policy's business.
    let catalog = unsupported_key("foreign key of one partition", &["clubs_audit"], ["clubs_audit", "clubs_audit"]);
    assert!(report_in(&catalog, &tables("")).0.is_empty());
    // Nobody can accept what nobody can see the end of.
    let catalog = unsupported_key("foreign key of one partition", &["diary", "users"], ["diary", "users"]);
    let accepted = format!("{}  - {{ code: unsupported-key, at: odd_key, because: x }}\n", tables(""));
    let refused = policy::read(&SourceFile::new("policy.yaml", &accepted));
    assert!(refused.is_err() || report_in(&catalog, &accepted).0.has_errors());
}

/// The catalog with one more unique index of `users`.
fn with_index(predicate: Option<(&str, &[&str])>, columns: &[&str]) -> Catalog {
    let mut catalog = club();
    let users = catalog.tables.iter_mut().find(|table| table.name.name.as_str() == "users").expect("users");
    let names = |names: &[&str]| names.iter().map(|name| Ident::from(*name)).collect::<Vec<_>>();
    let (condition, read) = predicate.unwrap_or_default();
    let place = if predicate.is_some() { format!(" WHERE {condition}") } else { String::new() };
    users.unique.push(UniqueIndex {
        name: "one_more".into(),
        definition: format!("CREATE UNIQUE INDEX one_more ON public.users USING btree ({}){place}", columns.join(", ")),
        columns: names(columns),
        expression_columns: Vec::new(),
        predicate_columns: names(read),
        partial: predicate.is_some(),
        nulls_not_distinct: false,
        deferrable: false,
        in_part: false,
    });
    // Only this index is asked here.
    users.unique.retain(|index| index.name.as_str() != "users_live_email");
    catalog
}

/// The catalog with a generated column of `users` under a unique index.
fn with_generated(sql: &str, from: &[&str], not_null: bool) -> Catalog {
    let mut catalog = with_index(None, &["made"]);
    let users = catalog.tables.iter_mut().find(|table| table.name.name.as_str() == "users").expect("users");
    let mut made = users.columns.iter().find(|column| column.name.as_str() == "nickname").expect("text").clone();
    made.name = "made".into();
    made.not_null = not_null;
    made.generated =
        Generated::Expression { sql: sql.into(), from: from.iter().map(|name| Ident::from(*name)).collect() };
    users.columns.push(made);
    catalog.new().expect("a catalog")
}

fn codes(catalog: &Catalog, decision: &str) -> Vec<&'static str> {
    report_in(catalog, &column(decision)).0.sorted().iter().map(|found| found.code.name()).collect()
}

#[test]
fn what_a_unique_generated_column_is_made_of_stays_apart() {
    let lower = with_generated("lower((nickname)::text)", &["nickname"], false);
    let (found, file) = report_in(&lower, &column("nickname: { replace: x }"));
    insta::assert_snapshot!(render::text(&found, &file, false), @"
    error[not-unique]: column `users.nickname`, from which `made` is generated, decides about the unique index `one_more`
     --> policy.yaml:7:28
      |
    7 |       nickname: { replace: x }
      |                            ^ a second row would get the same value
      |
      = note: CREATE UNIQUE INDEX one_more ON public.users USING btree (made)
      = help: use `null`, or keep it

    1 error, 0 warnings
    ");
    assert_eq!(codes(&lower, "nickname: { sql: upper(name) }"), ["not-unique"]);
    assert!(codes(&lower, "nickname: null").is_empty());
    let email = with_generated("lower(email)", &["email"], true);
    assert!(codes(&email, "email: { randomize: email }").is_empty());
    assert_eq!(codes(&email, "email: { replace: x }"), ["not-unique"]);
    let cut = with_generated("\"left\"(email, 3)", &["email"], false);
    assert_eq!(codes(&cut, "email: { randomize: email }"), ["not-unique"]);
    let two = with_generated("lower((email || name))", &["email", "name"], false);
    assert_eq!(codes(&two, "email: { randomize: email }"), ["not-unique"]);
}

#[test]
fn a_key_over_a_generated_column_moves_with_what_it_is_made_of() {
    let mut catalog = with_generated("lower((nickname)::text)", &["nickname"], false);
    let key = catalog.foreign_keys.iter_mut().find(|key| key.child.name.as_str() == "diary").expect("a key to users");
    key.pairs[0].parent = "made".into();
    assert!(codes(&catalog, "nickname: { replace: x }").contains(&"referenced-column"));
    let mut catalog = with_generated("lower((nickname)::text)", &["nickname"], false);
    let key = catalog.foreign_keys.iter_mut().find(|key| key.child.name.as_str() == "users").expect("a key of users");
    key.pairs[0].child = "made".into();
    assert!(codes(&catalog, "nickname: { replace: x }").contains(&"broken-reference"));
    assert!(codes(&catalog, "nickname: null").is_empty());
}

#[test]
fn a_generated_column_that_refuses_null_is_not_made_of_null() {
    let strict = with_generated("lower((nickname)::text)", &["nickname"], true);
    let (found, file) = report_in(&strict, &column("nickname: null"));
    insta::assert_snapshot!(render::text(&found, &file, false), @"
    error[not-null]: column `users.made` can't be null, and is generated from `users.nickname`
     --> policy.yaml:7:17
      |
    7 |       nickname: null
      |                 ^^^^ both would become null
      |
      = help: use `{ replace: … }` or `randomize`, or keep it

    1 error, 0 warnings
    ");
    let tolerant = with_generated("COALESCE(nickname, email)", &["email", "nickname"], true);
    assert_eq!(codes(&tolerant, "nickname: null"), ["not-unique"]);
}

#[test]
fn a_change_of_what_a_partial_index_asks_may_bring_the_row_in() {
    let nickname = |condition: &'static str| with_index(Some((condition, &["nickname"])), &["room"]);
    let closed = nickname("((nickname)::text = 'closed'::text)");
    let (found, file) = report_in(&closed, &column("nickname: { replace: closed }"));
    insta::assert_snapshot!(render::text(&found, &file, false), @"
    error[not-unique]: column `users.nickname` decides which rows are in the unique index `one_more`
     --> policy.yaml:7:28
      |
    7 |       nickname: { replace: closed }
      |                            ^^^^^^ the row may come into this partial index, where another may have its key
      |
      = note: CREATE UNIQUE INDEX one_more ON public.users USING btree (room) WHERE ((nickname)::text = 'closed'::text)
      = help: use `null`, or keep it

    1 error, 0 warnings
    ");
    assert!(codes(&closed, "nickname: { replace: open }").is_empty());
    assert!(codes(&closed, "nickname: null").is_empty());
    assert_eq!(codes(&closed, "nickname: { sql: upper(name) }"), ["not-unique"]);
    let other = nickname("((nickname)::text <> 'open'::text)");
    assert_eq!(codes(&other, "nickname: { replace: closed }"), ["not-unique"]);
    let status = with_index(Some(("(status = 'ended'::public.status)", &["status"])), &["room"]);
    assert_eq!(codes(&status, "status: { replace: ended }"), ["not-unique"]);
    assert!(codes(&status, "status: { replace: active }").is_empty());
    let live = with_index(Some(("(deleted_at IS NULL)", &["deleted_at"])), &["room"]);
    assert!(codes(&live, "deleted_at:\n        sql: coalesce(deleted_at, now())").is_empty());
    assert_eq!(codes(&live, "deleted_at: null"), ["not-unique"]);
    let gone = with_index(Some(("(deleted_at IS NOT NULL)", &["deleted_at"])), &["room"]);
    assert_eq!(codes(&gone, "deleted_at: { sql: now() }"), ["not-unique"]);
    assert!(codes(&gone, "deleted_at: null").is_empty());
    // The other words of a predicate count too: a generated column moves with what it is made of.
    let made = with_index(Some(("(full_name IS NOT NULL)", &["full_name"])), &["room"]);
    assert_eq!(codes(&made, "email: { randomize: email }"), ["not-unique"]);
}

fn inherited(table: &str) -> Catalog {
    let mut catalog = club();
    let found = catalog.tables.iter_mut().find(|found| found.name.name.as_str() == table).expect("the table");
    found.inherited_by.push(TableName::new("public", "old_ones"));
    catalog
}

#[test]
fn a_table_that_inherits_from_a_decided_one_has_to_be_decided_too() {
    let mut catalog = inherited("visits");
    let mut heir = catalog.tables.iter().find(|table| table.name.name.as_str() == "visits").expect("visits").clone();
    heir.name = TableName::new("public", "old_ones");
    heir.inherited_by.clear();
    catalog.tables.push(heir);
    let catalog = catalog.new().expect("a catalog");
    let (found, file) = report_in(&catalog, &tables(""));
    insta::assert_snapshot!(render::text(&found, &file, false), @r#"
    error[undecided-table]: table `old_ones` inherits from `visits`, and the policy decides only the latter
      --> policy.yaml:14:13
       |
    14 |   visits: { via: "(booking_id, club_id) -> bookings.client_id", keep: x }
       |             ^^^ decides `visits`
       |
       = note: a rule for `visits` decides its own rows alone, and foreign keys are not inherited
       = help: add `old_ones` under `tables:`, reached by a key of its own, one under `virtual_foreign_keys:`, or a `where` with `:subject`

    1 error, 0 warnings
    "#);
    let decided = tables("  old_ones:\n    where: club_id = any(:subject)\n    keep: x\n");
    let (found, file) = report_in(&catalog, &decided);
    assert!(found.is_empty(), "{}", render::text(&found, &file, false));
}

#[test]
fn what_inherits_and_is_no_table_of_ours_is_an_error() {
    let (found, file) = report_in(&inherited("visits"), &tables(""));
    insta::assert_snapshot!(render::text(&found, &file, false), @r#"
    error[unsupported-table]: `old_ones` inherits from `visits`, and no policy can decide it
      --> policy.yaml:14:13
       |
    14 |   visits: { via: "(booking_id, club_id) -> bookings.client_id", keep: x }
       |             ^^^ decides `visits`
       |
       = note: a rule decides a table's own rows
       = help: ALTER TABLE old_ones NO INHERIT visits, and erase there by other means

    1 error, 0 warnings
    "#);
}

#[test]
fn a_lock_timeout_above_the_server_s_deadlock_timeout_is_a_warning() {
    let text = tables("").replace("tables:\n", "limits: { lock_timeout: 2s }\ntables:\n");
    let (found, file) = report(&text);
    assert!(!found.has_errors());
    insta::assert_snapshot!(render::text(&found, &file, false), @"
    warning[long-lock-timeout]: the lock timeout of 2000 ms is above the server's `deadlock_timeout` of 1000 ms
     --> policy.yaml:4:25
      |
    4 | limits: { lock_timeout: 2s }
      |                         ^^ waits longer than the server does before it looks for a deadlock
      |
      = note: in a deadlock the server may then end the application's transaction instead of this one
      = help: use a `lock_timeout` below 1000 ms

    0 errors, 1 warning
    ");
    let mut patient = club();
    patient.observed.deadlock_timeout_ms = Some(2000);
    assert!(report_in(&patient, &text).0.is_empty());
    let accepted = format!("{text}  - {{ code: long-lock-timeout, at: lock_timeout, because: nightly run }}\n");
    assert!(report(&accepted).0.is_empty());
    assert!(report_in(&patient, &accepted).0.is_empty(), "another server's");
}

#[test]
fn triggers_that_would_look_names_up_elsewhere_are_a_warning() {
    let mut catalog = club();
    let ids = |names: &[&str]| names.iter().map(|name| Ident::from(*name)).collect::<Vec<_>>();
    let diary = catalog.tables.iter_mut().find(|table| table.name.name.as_str() == "diary").expect("diary");
    diary.triggers.push(Trigger {
        name: "log".into(),
        function: "public.log()".into(),
        definition: "CREATE TRIGGER log AFTER DELETE ON public.diary".into(),
        on_update: false,
        update_of: Vec::new(),
        on_delete: true,
        before_row: false,
        deferred: false,
        disabled: false,
    });
    catalog.functions.push(TriggerFunction {
        signature: "public.log()".into(),
        language: "plpgsql".into(),
        digest: "00".into(),
        mentions: Vec::new(),
        opaque: false,
    });
    catalog.observed.search_path = Some(ids(&["club", "public"]));
    let text = tables("  diary: delete\n");
    let differs = |catalog: &Catalog, text: &str| {
        let (found, file) = report_in(catalog, text);
        let words = render::text(&found, &file, false);
        words.contains("search-path-differs").then_some(words)
    };
    insta::assert_snapshot!(differs(&catalog, &text).expect("a warning"), @"
    warning[search-path-differs]: trigger `log` of `diary` would run with another search path than the role's own
     --> policy.yaml:5:10
      |
    5 |   diary: delete
      |          ^^^^^^ changes rows of this table
      |
      = note: the role's own search path is `club`, `public`
      = help: set `search_path: [club, public]` in the policy, so that names in trigger functions mean the same tables

    0 errors, 1 warning
    ");
    assert_eq!(differs(&catalog, &tables("")), None, "the trigger doesn't fire");
    assert_eq!(differs(&catalog, &text.replace("tables:\n", "search_path: [club, public]\ntables:\n")), None);
    let accepted = format!("{text}  - {{ code: search-path-differs, at: diary, because: names are qualified }}\n");
    assert_eq!(differs(&catalog, &accepted), None);
    catalog.observed.search_path = Some(ids(&["pg_catalog", "public"]));
    assert_eq!(differs(&catalog, &text), None);
    catalog.observed.search_path = None;
    assert_eq!(differs(&catalog, &text), None, "without a server nobody knows");
}
