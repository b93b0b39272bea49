//! Whose rows: which values can be a subject, and what a policy for every row must not leave open.

use efface::catalog::{self, Catalog};
use efface::plan::{Choice, TableLock, plan_for};
use efface::source::SourceFile;
use efface::{policy, resolve};

use crate::broken::report_in;

macro_rules! of_case {
    ($name:literal) => {
        catalog::read(include_str!(concat!("../cases/", $name, "/catalog.json"))).expect("the recorded catalog")
    };
}

/// The codes of the errors, each with the table that it is about; every one offers a next action.
fn errors(catalog: &Catalog, text: &str) -> Vec<String> {
    let (report, _) = report_in(catalog, text);
    let errors = report.sorted().into_iter().filter(|found| found.severity == efface::diagnostic::Severity::Error);
    errors
        .map(|found| {
            assert!(!found.help.is_empty(), "no help: {}", found.message);
            format!("{} {}", found.code.name(), found.object.as_deref().unwrap_or_default()).trim_end().to_owned()
        })
        .collect()
}

fn guest(ty: &str) -> String {
    format!(
        "version: 1\nname: guest\nsubject: {{ value: {ty}, name: email }}\ntables:\n  newsletter:\n    \
         where: email = any(:subject)\n    rows: delete\n"
    )
}

#[test]
fn a_value_has_a_type_that_keys_are_bound_of() {
    let catalog = of_case!("an-address-that-nobody-has");
    for ty in
        ["text", "TEXT", "varchar(80)", "character varying", "uuid", "bigint", "int8", "numeric(9)", "inet", "date"]
    {
        assert_eq!(errors(&catalog, &guest(ty)), [""; 0], "{ty}");
    }
    for ty in ["money", "txt", "json", "citext", "public.citext"] {
        assert_eq!(errors(&catalog, &guest(ty)), ["invalid-subject"], "{ty}");
    }
}

#[test]
fn citext_is_a_type_where_the_extension_is() {
    let catalog = of_case!("a-guest-s-address-in-capitals");
    for (ty, expected) in [("citext", &[][..]), ("ext.citext", &[]), ("public.citext", &["invalid-subject"])] {
        assert_eq!(errors(&catalog, &guest(ty)), expected, "{ty}");
    }
}

/// Every table is deleted but for what is said of `devices` and `accounts`.
fn copy(devices: &str, accounts: &str) -> String {
    format!(
        "version: 1\nname: copy\nevery_row: true\ntables:\n  sessions: delete\n  messages: delete\n  devices: {devices}\n  \
         accounts: {accounts}\n"
    )
}

#[test]
fn rows_that_stay_must_not_reference_rows_that_go_in_a_masked_copy() {
    let catalog = of_case!("a-masked-copy-without-a-table-and-what-hangs-on-it");
    let cleared = "{ columns: { id: keep, plan: keep, last_session_id: null } }";
    for (devices, accounts, expected) in [
        ("delete", "delete", &[][..]),
        ("delete", cleared, &[]),
        ("[{ where: id > 1, rows: delete }, { rows: delete }]", cleared, &[]),
        ("{ keep: x }", "delete", &["orphans devices.session_id"]),
        ("delete", "{ keep: x }", &["orphans accounts.last_session_id"]),
        ("[{ where: id > 1, rows: delete }, { keep: x }]", "delete", &["orphans devices.session_id"]),
        ("[{ where: id > 1, keep: x }, { rows: delete }]", "delete", &["orphans devices.session_id"]),
        ("{ columns: { id: keep, name: null, session_id: keep } }", "delete", &["orphans devices.session_id"]),
    ] {
        let text = copy(devices, accounts);
        assert_eq!(errors(&catalog, &text), expected, "{text}");
    }
}

#[test]
fn a_masked_copy_decides_every_table() {
    let catalog = of_case!("a-masked-copy-without-a-table-and-what-hangs-on-it");
    let text = "version: 1\nname: copy\nevery_row: true\ntables:\n  devices: delete\n";
    let missing = ["accounts", "messages", "sessions"].map(|table| format!("undecided-table {table}"));
    assert_eq!(errors(&catalog, text), missing);
}

#[test]
fn only_a_retention_run_reads_what_says_who_is_expired() {
    let text = "version: 1\nname: retention\nsubject:\n  table: users\n  expired_when: id not in (select user_id from notes)\n\
                tables:\n  users: delete\n";
    let written = policy::read(&SourceFile::new("policy.yaml", text)).expect("the policy is readable");
    let resolved = resolve::resolve(&written.value, &of_case!("nobody-is-expired")).expect("it fits").value;
    let locks = |choice: Choice| -> Vec<(String, TableLock)> {
        let plan = plan_for(choice, &resolved.policy, &resolved.catalog).expect("it can be planned");
        let named = |(id, lock)| (resolved.catalog.table(id).name.bare().to_string(), lock);
        plan.table_locks.into_iter().map(named).collect()
    };
    let users = ("users".to_owned(), TableLock::RowExclusive);
    assert_eq!(locks(Choice::Given), std::slice::from_ref(&users));
    let expired = Choice::expired(&resolved.policy).expect("the policy says who is expired");
    assert_eq!(locks(expired), [("notes".to_owned(), TableLock::AccessShare), users]);
}
