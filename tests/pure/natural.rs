//! Natural keys that change together with what references them, stand-in rows: what is refused, and why.

use efface::catalog::{
    self, Basis, Catalog, CheckTime, ColumnPair, ForeignKey, ReferentialAction, RewriteRule, Trigger,
};
use efface::catalog::{Check, TriggerFunction};
use efface::ident::{Ident, TableName};
use efface::plan::{self, StepAction};
use efface::source::SourceFile;
use efface::{policy, resolve, sql};

use crate::broken::report_in;

fn forum() -> Catalog {
    let text = include_str!("../cases/a-natural-key-takes-its-references-along/catalog.json");
    catalog::read(text).expect("the recorded catalog")
}

/// The case's policy with another decision about the user's own row.
fn policy(columns: &str) -> String {
    let text = include_str!("../cases/a-natural-key-takes-its-references-along/policy.yaml");
    let (before, rest) = text.split_once("        id: keep\n").expect("the columns");
    let (_, after) = rest.split_once("    - name: whom they invited").expect("the next rule");
    let line = format!("      columns: {{ {columns} }}\n      other_columns: keep\n");
    let accept = "accept:\n  - { code: other-columns-kept, at: users, because: x }\n";
    format!("{}{line}    - name: whom they invited{after}{accept}", before.replace("      columns:\n", ""))
}

fn codes(catalog: &Catalog, columns: &str) -> Vec<String> {
    let (found, _) = report_in(catalog, &policy(columns));
    for finding in found.sorted() {
        assert!(!finding.help.is_empty(), "{} says what to do", finding.message);
    }
    found.sorted().iter().map(|finding| format!("{}: {}", finding.code.name(), finding.message)).collect()
}

fn table<'a>(catalog: &'a mut Catalog, name: &str) -> &'a mut catalog::Table {
    catalog.tables.iter_mut().find(|table| table.name.name.as_str() == name).expect("the table")
}

const PROPAGATED: &str = "name: { randomize: token, propagate: true }";

#[test]
fn a_natural_key_needs_the_word_and_then_fits_everything_that_follows() {
    assert_eq!(
        codes(&forum(), "name: { randomize: token }"),
        ["referenced-column: column `users.name` is referenced by `mentions`"]
    );
    assert!(codes(&forum(), PROPAGATED).is_empty());
    assert_eq!(
        codes(&forum(), "name: { randomize: token, length: 40, propagate: true }"),
        ["too-long: 40 characters don't fit column `badges.holder`, which follows and takes 32"]
    );
    assert_eq!(
        codes(&forum(), "bio: { replace: x, propagate: true }"),
        ["nothing-to-propagate: no key references column `users.bio`"]
    );
    let all_alike = codes(&forum(), "name: { replace: nobody, propagate: true }");
    assert!(all_alike[0].starts_with("not-unique"), "{all_alike:?}");
}

#[test]
fn the_subject_s_own_key_never_changes() {
    let text = policy(PROPAGATED).replace("subject: { table: users }", "subject: { table: users, key: name }");
    let (found, _) = report_in(&forum(), &text);
    assert!(found.sorted().iter().any(|found| found.message == "column `users.name` is the subject's key"));
}

#[test]
fn what_follows_may_be_in_the_way() {
    let mut ruled = forum();
    table(&mut ruled, "badges").rewrite_rules.push(RewriteRule {
        name: "log".into(),
        event: "update".into(),
        instead: false,
        definition: "CREATE RULE log …".into(),
    });
    assert_eq!(codes(&ruled, PROPAGATED), ["changed-by-rule: table `badges` has the rewrite rule `log` on update"]);

    let mut unreadable = forum();
    unreadable.observed.unreadable.push(TableName::new("public", "badges"));
    let found = codes(&unreadable, PROPAGATED);
    assert!(found.iter().any(|found| found.contains("this role may not read them")), "{found:?}");

    let mut checked = forum();
    table(&mut checked, "posts").checks.push(Check {
        name: "lower_case".into(),
        expression: "((author)::text = lower((author)::text))".into(),
        columns: vec!["author".into()],
        not_valid: false,
        partition: None,
    });
    let found = codes(&checked, PROPAGATED);
    assert!(found.len() == 1 && found[0].starts_with("unverified"), "{found:?}");

    let mut elsewhere = forum();
    elsewhere.foreign_keys.push(key("posts", "bodies", &[("author", "body")]));
    table(&mut elsewhere, "posts").columns.sort_by(|a, b| a.name.cmp(&b.name));
    let mut bodies = table(&mut elsewhere, "posts").clone();
    bodies.name = TableName::new("public", "bodies");
    elsewhere.tables.push(bodies);
    let found = codes(&elsewhere.new().expect("a catalog"), PROPAGATED);
    let lost = "broken-reference: column `posts.author` references `bodies`, and the new value would point at nothing";
    assert!(found.iter().any(|found| found == lost), "{found:?}");
}

#[test]
fn a_default_leads_to_a_natural_key_that_changes_only_where_somebody_enforces_that_it_is_there() {
    let text = include_str!("../cases/a-stand-in-whose-natural-key-changes/policy.yaml");
    let catalog = include_str!("../cases/a-stand-in-whose-natural-key-changes/catalog.json");
    let mut catalog = catalog::read(catalog).expect("the recorded catalog");
    for (of, column) in [("posts", "author"), ("votes", "voter"), ("likes", "liker")] {
        let columns = &mut table(&mut catalog, of).columns;
        let found = columns.iter_mut().find(|found| found.name == Ident::from(column)).expect("the column");
        found.default = Some("'ghost'::text".into());
    }
    let text = text.replace("{ reassign_to: ghost }", "default");
    let (found, _) = report_in(&catalog, &text);
    let found: Vec<String> = found.sorted().iter().map(|it| format!("{}: {}", it.code.name(), it.message)).collect();
    assert_eq!(
        found,
        [
            "broken-reference: the default of `votes.voter` may lead to a row of `users` whose key changes",
            "broken-reference: the default of `likes.liker` may lead to a row of `profiles` whose key changes",
        ]
    );
    // Where no rule changes the key, the default may be anything.
    let kept = text.replace("{ randomize: token, propagate: true }", "keep");
    let (found, _) = report_in(&catalog, &kept);
    assert!(!found.has_errors(), "{:?}", found.sorted());
}

/// A trigger of `on` that writes `target`.
fn with_trigger(on: &str, target: &str, before_row: bool, update_of: &[&str]) -> Catalog {
    let mut catalog = forum();
    table(&mut catalog, on).triggers.push(Trigger {
        name: "count".into(),
        function: "public.count()".into(),
        definition: "CREATE TRIGGER count …".into(),
        on_update: true,
        update_of: update_of.iter().map(|name| Ident::from(*name)).collect(),
        on_delete: false,
        before_row,
        deferred: false,
        disabled: false,
    });
    catalog.functions.push(TriggerFunction {
        signature: "public.count()".into(),
        language: "plpgsql".into(),
        digest: "00".into(),
        mentions: vec![TableName::new("public", target)],
        opaque: false,
    });
    catalog
}

#[test]
fn a_before_trigger_must_not_write_what_the_same_statement_changes() {
    let found = codes(&with_trigger("posts", "users", true, &[]), PROPAGATED);
    assert_eq!(
        found,
        ["trigger-in-the-way: trigger `count` of `posts` may write `users`, which changes in the same statement"]
    );
    assert!(codes(&with_trigger("posts", "users", true, &["body"]), PROPAGATED).is_empty(), "it doesn't fire");
    let after = codes(&with_trigger("posts", "users", false, &[]), PROPAGATED);
    assert!(after.iter().all(|found| !found.starts_with("trigger-in-the-way")), "{after:?}");
}

#[test]
fn a_way_that_leads_back_to_the_natural_key_is_refused() {
    let mut catalog = forum();
    catalog.foreign_keys.push(key("users", "profiles", &[("name", "name")]));
    let found = codes(&catalog.new().expect("a catalog"), PROPAGATED);
    let circle = "key-cycle: what references `users` leads in a circle, and its new values with it";
    assert!(found.iter().any(|found| found == circle), "{found:?}");
}

fn key(child: &str, parent: &str, pairs: &[(&str, &str)]) -> ForeignKey {
    ForeignKey {
        name: format!("{child}_{parent}_fkey").as_str().into(),
        child: TableName::new("public", child),
        parent: TableName::new("public", parent),
        pairs: pairs
            .iter()
            .map(|(child, parent)| ColumnPair { child: Ident::from(*child), parent: Ident::from(*parent) })
            .collect(),
        on_delete: ReferentialAction::NoAction,
        on_update: ReferentialAction::NoAction,
        set_columns: Vec::new(),
        match_full: false,
        check: CheckTime::Immediate,
        not_valid: false,
        unenforced: false,
        basis: Basis::Declared,
    }
}

#[test]
fn only_a_reference_can_be_reassigned() {
    assert_eq!(
        codes(&forum(), "bio: { reassign_to: 1 }"),
        ["broken-reference: column `users.bio` is part of no foreign key, so there is no row to reassign to"]
    );
    assert!(codes(&forum(), "invited_by: { reassign_to: ghost }").is_empty());
}

#[test]
fn three_hundred_keys_to_one_table_are_three_hundred_steps() {
    let mut catalog = forum();
    let posts = table(&mut catalog, "posts").clone();
    catalog.tables.retain(|table| table.name.name.as_str() == "users");
    catalog.foreign_keys.clear();
    for number in 0..300 {
        let name = format!("posts_{number:03}");
        catalog.foreign_keys.push(key(&name, "users", &[("author", "name")]));
        catalog.tables.push(catalog::Table { name: TableName::new("public", name.as_str()), ..posts.clone() });
    }
    let catalog = catalog.new().expect("a catalog");
    let file = SourceFile::new("p.yaml", "version: 1\nname: p\nsubject: { table: users }\ntables:\n  users: cascade\n");
    let policy = policy::read(&file).expect("a policy").value;
    let resolved = resolve::resolve(&policy, &catalog).expect("it fits").value;
    let plan = plan::plan(&resolved.policy, &resolved.catalog).expect("a plan");
    assert_eq!(plan.steps.len(), 301);
    assert!(plan.steps.iter().all(|step| step.action == StepAction::Delete));
    assert_eq!(
        plan.steps.last().map(|step| &resolved.catalog.table(step.table).name),
        Some(&TableName::new("public", "users"))
    );
    let script = sql::script(&plan, &resolved.catalog, &file);
    let deletes =
        script.statements.iter().filter(|statement| statement.sql.as_str().starts_with("DELETE FROM")).count();
    assert_eq!(deletes, 301);
}
