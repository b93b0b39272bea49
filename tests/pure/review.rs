//! The plan for people, the saved plan, and what counts as moved.

use efface::catalog::{self, Catalog};
use efface::diagnostic::Report;
use efface::plan::plan;
use efface::review::{Estimates, PlanFile, Reviewed, plan_schema, text};
use efface::source::SourceFile;
use efface::sql::script;

const CATALOG: &str = r#"{
  "format": 1, "server_major": 15,
  "tables": [
    {"name": ["public", "users"], "primary_key": ["id"], "columns": [
      {"name": "id", "type_sql": "bigint", "ty": "big_int", "not_null": true},
      {"name": "role", "type_sql": "text", "ty": {"text": {"limit": null}}, "not_null": true},
      {"name": "name", "type_sql": "text", "ty": {"text": {"limit": null}}, "not_null": false},
      {"name": "created_at", "type_sql": "date", "ty": "date", "not_null": false}],
     "unique": [{"name": "users_pkey", "definition": "", "columns": ["id"]}], "indexed": [["id"]]},
    {"name": ["public", "notes"], "primary_key": ["id"], "columns": [
      {"name": "id", "type_sql": "bigint", "ty": "big_int", "not_null": true},
      {"name": "user_id", "type_sql": "bigint", "ty": "big_int", "not_null": true}],
     "unique": [{"name": "notes_pkey", "definition": "", "columns": ["id"]}], "indexed": [["id"], ["user_id"]]},
    {"name": ["public", "bills"], "primary_key": ["id"], "columns": [
      {"name": "id", "type_sql": "bigint", "ty": "big_int", "not_null": true},
      {"name": "user_id", "type_sql": "bigint", "ty": "big_int", "not_null": true},
      {"name": "paid", "type_sql": "boolean", "ty": "boolean", "not_null": true}],
     "unique": [{"name": "bills_pkey", "definition": "", "columns": ["id"]}], "indexed": [["id"], ["user_id"]]}],
  "foreign_keys": [
    {"name": "notes_user_id_fkey", "child": ["public", "notes"], "parent": ["public", "users"],
     "pairs": [{"child": "user_id", "parent": "id"}]},
    {"name": "bills_user_id_fkey", "child": ["public", "bills"], "parent": ["public", "users"],
     "pairs": [{"child": "user_id", "parent": "id"}]}],
  "enums": [], "domains": [], "functions": [], "extensions": [], "others": []
}"#;

const POLICY: &str = r#"version: 1
name: small
subject: { table: users, where: role = 'client' }
guards:
  - { name: unpaid bills, table: bills, via: user_id, where: not paid, message: settle these first }
tables:
  users:
    columns: { id: keep, role: keep, name: { replace: "[deleted]" }, created_at: { keep: joiners report } }
  notes: delete
  bills: { keep: "seven years: tax law" }
verify:
  unchanged:
    - name: bills per user
      query: select count(*) from bills
"#;

fn schema() -> Catalog {
    catalog::read(CATALOG).expect("the catalog is readable")
}

/// Plans the policy against a catalog, and hands everything to be reviewed to a test.
fn reviewed<T>(catalog: &Catalog, rows: Vec<Option<u64>>, look: impl FnOnce(&Reviewed<'_>) -> T) -> T {
    reviewed_policy(POLICY, catalog, rows, look)
}

fn reviewed_policy<T>(
    policy: &str,
    catalog: &Catalog,
    rows: Vec<Option<u64>>,
    look: impl FnOnce(&Reviewed<'_>) -> T,
) -> T {
    let file = SourceFile::new("policies/small.yaml", policy);
    let read = efface::policy::read(&file).unwrap_or_else(|report| panic!("{:#?}", report.sorted())).value;
    let resolved = efface::resolve::resolve(&read, catalog).unwrap_or_else(|report| panic!("{:#?}", report.sorted()));
    let efface::resolve::Resolved { policy, catalog } = &resolved.value;
    let plan = plan(policy, catalog).unwrap_or_else(|report| panic!("{:#?}", report.sorted()));
    let script = script(&plan, catalog, &file);
    let (estimates, warnings) = (Estimates { rows }, Report::default());
    look(&Reviewed {
        file: &file,
        policy,
        catalog,
        plan: &plan,
        script: &script,
        estimates: &estimates,
        warnings: &warnings,
    })
}

#[test]
fn a_plan_says_what_how_many_why_and_what_stays() {
    let page = reviewed(&schema(), vec![Some(1200), None], text);
    for law in
        ["1.  delete notes: about 1,200 rows", "2.  change users", "bills: seven years: tax law", "users.created_at"]
    {
        assert!(page.contains(law), "{law}:\n{page}");
    }
    // Digests move with the wording of the script; what people read is the picture.
    let without_digests: Vec<_> = page.lines().filter(|line| !line.contains("sha256:")).collect();
    insta::assert_snapshot!(without_digests.join("\n"));
}

#[test]
fn a_step_that_only_a_condition_finds_names_the_window_that_stays() {
    let window = "inserted and not committed";
    assert!(!reviewed(&schema(), Vec::new(), text).contains(window), "a key makes others wait");
    let by_condition = POLICY.replace("notes: delete", "notes: { where: user_id = any(:subject), rows: delete }")
        + "accept: [{ code: path-not-followed, at: notes.user_id, because: the condition does }]\n";
    let page = reviewed_policy(&by_condition, &schema(), Vec::new(), text);
    assert!(page.contains(window), "{page}");
}

#[test]
fn a_saved_plan_is_what_its_json_schema_says_and_reads_back() {
    let plan = reviewed(&schema(), vec![Some(1), None], PlanFile::new);
    let value = serde_json::from_str(&plan.write()).expect("JSON");
    let validator = jsonschema::validator_for(&plan_schema()).expect("a JSON Schema");
    assert!(validator.is_valid(&value), "{:?}", validator.iter_errors(&value).collect::<Vec<_>>());
    assert_eq!(PlanFile::read(&plan.write()).expect("a plan"), plan);
}

#[test]
fn estimates_and_the_version_of_efface_are_no_drift() {
    let catalog = schema();
    let mut saved = reviewed(&catalog, vec![None, None], PlanFile::new);
    saved.efface = "0.0.1".into();
    reviewed(&catalog, vec![Some(7), Some(8)], |now| {
        assert!(saved.policy_moved(now.file).is_empty());
        assert!(saved.schema_moved(now.catalog).is_empty());
        assert_eq!(saved.edited(&PlanFile::new(now)), Vec::<String>::new());
    });
}

#[test]
fn whatever_is_edited_in_a_saved_plan_is_noticed() {
    /// Changes the `at`th text, number or list of the file that is a plan's own; false when there is none.
    fn edit(value: &mut serde_json::Value, at: &mut usize) -> bool {
        let leaf = |at: &mut usize| {
            *at = at.wrapping_sub(1);
            *at == usize::MAX
        };
        match value {
            serde_json::Value::String(text) if leaf(at) => text.push('x'),
            serde_json::Value::Number(number) if leaf(at) => {
                *value = (number.as_u64().expect("no plan has another number") + 1).into();
            }
            serde_json::Value::Array(items) => {
                if items.iter_mut().any(|item| edit(item, at)) {
                    return true;
                }
                if items.is_empty() || !leaf(at) {
                    return false;
                }
                items.pop();
            }
            serde_json::Value::Object(parts) => return parts.values_mut().any(|part| edit(part, at)),
            _ => return false,
        }
        true
    }
    let now = reviewed(&schema(), Vec::new(), PlanFile::new);
    let whole: serde_json::Value = serde_json::from_str(&now.write()).expect("JSON");
    let mut edits = 0;
    for at in 0.. {
        let mut value = whole.clone();
        value.as_object_mut().expect("a map").retain(|part, _| part != "efface" && part != "estimates");
        let mut left = at;
        if !edit(&mut value, &mut left) {
            break;
        }
        value["efface"] = whole["efface"].clone();
        value["estimates"] = whole["estimates"].clone();
        // What can't be read any more is refused before it is compared.
        if let Ok(saved) = PlanFile::read(&value.to_string()) {
            let words = saved.edited(&now).join("\n");
            assert!(words.ends_with("it was edited"), "edit {at}: {words}");
            assert!(!words.contains("`estimates`") && !words.contains("`efface`"), "{words}");
            edits += 1;
        }
    }
    assert!(edits > 60, "{edits}");
}

#[test]
fn a_table_that_nobody_touches_is_no_drift_and_a_new_reference_is() {
    let saved = reviewed(&schema(), Vec::new(), PlanFile::new);
    let with_a_table = |key: &str| {
        let table = r#"{"name": ["public", "letters"], "columns": [
            {"name": "user_id", "type_sql": "bigint", "ty": "big_int", "not_null": false}]},
            {"name": ["public", "notes"]"#;
        let text = CATALOG.replace(r#"{"name": ["public", "notes"]"#, table);
        catalog::read(&text.replace(r#""foreign_keys": ["#, &format!(r#""foreign_keys": [{key}"#))).expect("a catalog")
    };
    assert_eq!(saved.schema_moved(&with_a_table("")), Vec::<String>::new());
    let key = r#"{"name": "letters_user_id_fkey", "child": ["public", "letters"], "parent": ["public", "users"],
        "pairs": [{"child": "user_id", "parent": "id"}]},"#;
    let moved = saved.schema_moved(&with_a_table(key)).join("\n");
    assert!(moved.contains("letters_user_id_fkey"), "{moved}");
}

#[test]
fn a_plan_of_another_format_is_told_from_a_damaged_one() {
    let format = |text: &str| PlanFile::read(text).expect_err("no plan").to_string();
    assert_eq!(format(r#"{"format": 2, "more": true}"#), "the plan has format 2, this efface reads format 1");
    assert_eq!(format("{}"), "the file is not a plan that `efface plan --out` wrote");
}

#[test]
fn what_stands_behind_the_steps_is_on_the_page_and_in_the_file() {
    let policy = POLICY
        .replace(
            "subject: {",
            "virtual_foreign_keys:\n  - { table: bills, columns: id, references: users, where: paid }\nsubject: {",
        )
        .replace("  notes: delete\n", "")
        .replace("  bills: {", "  bills: { via: user_id,")
        + "accept:\n  - { code: path-not-followed, at: notes.user_id, because: nobody writes, expect: none }\n  \
           - { code: path-not-followed, at: bills.id, because: nobody does, expect: none }\n";
    reviewed_policy(&policy, &schema(), Vec::new(), |reviewed| {
        let (page, file) = (text(reviewed), PlanFile::new(reviewed));
        let [guard] = &file.guards[..] else { panic!("one guard: {:?}", file.guards) };
        assert_eq!(guard.rows, "the subject's rows of bills where not paid");
        assert!(page.contains(&guard.rows), "{page}");
        assert!(file.expected.iter().any(|line| line.contains("`notes_user_id_fkey`")), "{:?}", file.expected);
        assert!(file.virtual_keys.iter().any(|line| line.ends_with("only where paid")), "{:?}", file.virtual_keys);
        for line in file.expected.iter().chain(&file.virtual_keys) {
            assert!(page.contains(line), "{line}\n{page}");
        }
    });
    for case in crate::case::all() {
        let Ok(read) = efface::policy::read(&case.policy) else { continue };
        let catalog = catalog::read(&case.file("catalog.json")).expect("the recorded catalog");
        let Ok(resolved) = efface::resolve::resolve(&read.value, &catalog) else { continue };
        let efface::resolve::Resolved { policy, catalog } = &resolved.value;
        let Ok(plan) = plan(policy, catalog) else { continue };
        let script = script(&plan, catalog, &case.policy);
        let (estimates, warnings) = (Estimates { rows: Vec::new() }, Report::default());
        let reviewed = Reviewed {
            file: &case.policy,
            policy,
            catalog,
            plan: &plan,
            script: &script,
            estimates: &estimates,
            warnings: &warnings,
        };
        let (page, file) = (text(&reviewed), PlanFile::new(&reviewed));
        let counts = [file.expected.len(), file.closures.len(), file.captures.len(), file.deferred.len()];
        let planned = [plan.expected.len(), plan.closures.len(), plan.captures.len(), plan.deferred.len()];
        assert_eq!(counts, planned, "{}", case.name);
        for line in [&file.expected, &file.closures, &file.captures, &file.deferred].into_iter().flatten() {
            assert!(page.contains(line), "{}: {line}\n{page}", case.name);
        }
    }
}
