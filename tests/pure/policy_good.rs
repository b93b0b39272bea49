//! Policies that are read, and what is read from them.

use efface::action::{Decision, OtherColumns, random::Kind};
use efface::policy::{Policy, RowDecision, Subject, read};
use efface::source::SourceFile;

/// A policy with everything that this version knows.
pub const WHOLE: &str = r###"# yaml-language-server: $schema=../schema/policy.schema.json
version: 1
name: client-erasure
description: Erase one client on request. Sessions, payments and reports stay.
search_path: [public, club]

subject:                              # whose rows
  table: users
  key: id                             # may be left out
  where: role = 'client'              # nobody else can ever be erased by this policy
  expired_when: last_seen_at < now() - interval '3 years'

virtual_foreign_keys:                 # references that the database doesn't declare
  - table: audits
    columns: auditable_id
    references: users
    where: auditable_type = 'User'
  - { table: club.members, columns: [club_id, number], references: "club.people(club, no)", lock: table }

guards:
  - name: archived first
    table: users
    where: archived_at is null
    message: archive the client before erasing
  - name: outstanding payments
    table: payments
    via: client_id
    where: status in ('due', 'failed')
    message: settle, refund or write off these payments first
  - { name: a home, table: homes, referenced_by: users.home_id, message: sell it }

tables:
  users:
    columns:
      id: keep
      created_at: { keep: joiners-per-month report }
      name: { replace: "[deleted]" }
      email: { randomize: email, domain: deleted.invalid }
      mobile_no: null
      pin: { randomize: digits, format: "## ##" }
      born: { randomize: date, min: 1950-01-01, max: 2000-12-31 }
      token: { randomize: token, length: 32 }
      profile:
        json: { $.phone: remove, "$.contacts[*].email": { mask: x, keep_last: 4 }, "$['odd key']": null, $.a: { keep: b } }
        other_keys: keep
      gender: { randomize: choice, from: [no, "x y", 007] }
      null: default
      on: randomize
      007: { sql: now() }
      code: { replace: x1, propagate: true }
      trainer_id: { reassign_to: 0x01 }
      login: pseudonymize
      phone: { pseudonymize: digits, format: "+## ####" }
      referred_by: { pseudonymize: email, domain: a.invalid, propagate: true }
      card: { mask: "*", keep_first: 2, keep_last: 4 }
      height: { generalize: 0.5 }
      seen_at: { generalize: month }
      joined_on: { shift_days: 30 }
      diary: { scrub: [users.name, club.people.mail], with: "[deleted]", short: true }
    other_columns: keep

  audits:
    rows: delete
    via: [auditable_id, user_id]

  bookings:                           # the first rule that matches a row decides it
    - name: cancel upcoming
      via: client_id
      where: |
        starts_at > now()  -- the future
        and status = 'booked'
      columns: { status: { replace: cancelled }, note: null }
      other_columns: keep
    - name: history
      via: client_id
      columns: { note: null }
      other_columns: null

  visits:
    via: booking_id -> bookings.client_id
    keep: counted in the monthly attendance report

  club.members:
    via: '(number, club_id) -> "odd.schema".t.(a, b)'
    rows: cascade

  guests:
    where: email = any(:subject::text[]) and slots[1] is not null
    rows: delete

  orders:
    via: [lower(email) -> lower(users.email), booking_id -> btrim(bookings.mail) -> club.people.mail]
    rows: delete

  addresses:                          # the other way round: rows that the client points to
    referenced_by: [users.address_id, 'club.members.(a, b)', bookings.bookings_address_fkey]
    if_shared: keep
    rows: delete

  subscriptions:
    - where: status = 'active'
      columns:
        status: { replace: cancelled }
      other_columns: default
    - keep: ended subscriptions are in the revenue report

  comments: cascade
  later: undecided
  letters: { via: user_id, rows: undecided }
  members_by_month: { refresh: true }
  club.names: { refresh: concurrently }

verify:
  unchanged:
    - name: sessions conducted per month
      query: |
        with m as (select * from bookings)
        select date_trunc('month', starts_at), count(*) from m group by 1
  gone: [users.name, { column: users.email, anywhere: error }]

limits: { lock_timeout: 300ms, statement_timeout: 1min, max_subjects: 1, max_rows: { audits: 100000 } }
accept:
  - { code: unindexed-foreign-key, at: audits.user_id, because: nightly run }
  - { code: path-not-followed, at: "*.created_by_id", because: only staff create rows, expect: none }
"###;

/// Reads a policy that has to be fine; its twin is `policy_broken::refused`.
pub fn accepted(text: &str) -> Policy {
    let file = SourceFile::new("policy.yaml", text);
    match read(&file) {
        Ok(policy) => policy.value,
        Err(report) => panic!("refused:\n{}", efface::diagnostic::render::text(&report, &file, false)),
    }
}

/// A policy around the rules of one table.
pub fn with_rules(rules: &str) -> String {
    format!("version: 1\nname: p\nsubject: {{ table: users }}\ntables:\n  users:\n{rules}")
}

/// What happens to the columns of the first rule.
fn decisions(policy: &Policy) -> Vec<(&str, &Decision)> {
    let RowDecision::Columns { columns, .. } = &policy.tables[0].rules[0].action.value else { panic!("no columns") };
    columns.iter().map(|column| (column.column.value.as_str(), &column.decision.value)).collect()
}

#[test]
fn a_whole_policy_is_read() {
    let policy = accepted(WHOLE);
    assert_eq!(policy.search_path.len(), 2);
    let Subject::Rows(rows) = &policy.subject else { panic!("{:?}", policy.subject) };
    assert_eq!(rows.condition.as_ref().unwrap().text, "role = 'client'");
    assert_eq!(policy.tables.len(), 12);
    let RowDecision::Columns { other, .. } = &policy.tables[2].rules[1].action.value else { panic!("no columns") };
    assert_eq!(other.as_ref().unwrap().value, OtherColumns::Null);
    let via = policy.tables[4].rules[0].via.as_ref().unwrap();
    assert_eq!(via.paths[0].segments[1].table, Some(efface::ident::TableName::new("odd.schema", "t")));
    assert_eq!(policy.tables[5].rules[0].via, None);
    assert_eq!(policy.limits.statement_timeout.as_ref().unwrap().value.as_secs(), 60);
    assert_eq!(policy.accept.len(), 2);
}

#[test]
fn keys_and_literals_keep_the_author_s_spelling() {
    let policy = accepted(WHOLE);
    let decisions = decisions(&policy);
    let find = |name: &str| decisions.iter().find(|(column, _)| *column == name).unwrap().1;
    assert!(matches!(find("null"), Decision::Default));
    assert!(matches!(find("on"), Decision::Randomize(random) if random.kind.is_none()));
    assert!(matches!(find("007"), Decision::Sql(sql) if sql.text == "now()"));
    let Decision::Randomize(random) = find("gender") else { panic!("not random") };
    assert_eq!(random.kind.as_ref().unwrap().value, Kind::Choice);
    let from: Vec<&str> = random.from.iter().map(|value| value.value.as_str()).collect();
    assert_eq!(from, ["no", "x y", "007"]);
}

#[test]
fn a_replaced_value_is_what_the_author_sees() {
    for written in ["no", "on", "007", "1e3", "1.10", "12:30", "0x1F", "2020-01-01", "1_000", ".inf", "1e999", "a: b"] {
        let value = if written.contains(": ") { format!("\"{written}\"") } else { written.to_owned() };
        let policy = accepted(&with_rules(&format!("    columns: {{ a: {{ replace: {value} }} }}\n")));
        assert!(matches!(decisions(&policy)[0].1, Decision::Replace(text) if text.value == written), "{written}");
    }
}

#[test]
fn every_character_of_a_block_finds_its_place() {
    let file = SourceFile::new("p", WHOLE.replace('\n', "\r\n"));
    for text in [SourceFile::new("p", WHOLE), file] {
        let policy = read(&text).unwrap().value;
        let sql = policy.tables[2].rules[0].condition.as_ref().unwrap();
        assert_eq!(sql.text, "starts_at > now()  -- the future\nand status = 'booked'");
        for (at, c) in sql.text.char_indices().filter(|(_, c)| *c != '\n') {
            assert!(text.text()[sql.locate(at)..].starts_with(c));
        }
    }
}

#[test]
fn a_byte_order_mark_and_a_document_start_are_nothing() {
    accepted(&format!("\u{feff}{WHOLE}"));
    accepted(&format!("---\n{WHOLE}...\n"));
}

#[test]
fn a_table_with_a_line_break_in_its_name_is_one_for_guards_and_rules_alike() {
    let text = r#"version: 1
name: p
subject: { table: users }
guards:
  - { name: g, table: "\"odd\nname\"", via: user_id, message: m }
tables:
  "\"odd\nname\"": delete
"#;
    let policy = read(&SourceFile::new("p", text)).expect("a policy").value;
    assert_eq!(policy.guards[0].table.value, policy.tables[0].table.value);
    assert_eq!(policy.guards[0].table.value.name.as_str(), "odd\nname");
}
