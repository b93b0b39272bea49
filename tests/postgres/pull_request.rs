//! What a pull request shows: files that are kept in git, findings on the lines of the policy, and what a change means.

use std::process::Stdio;

use crate::tool::{POLICY, Place, Ran, ended};

/// The tool without a database: what CI runs.
fn offline(place: &Place, line: &str) -> Ran {
    let mut command = place.command(line);
    command.env("DATABASE_URL", "host=/nowhere").stdin(Stdio::null());
    ended(command.spawn().expect("the tool starts"))
}

fn read(place: &Place, name: &str) -> String {
    std::fs::read_to_string(place.path(name)).expect("the file is there")
}

/// How many lines of one text are not in the other, in order.
fn changed_lines(before: &str, after: &str) -> (usize, usize) {
    let diff = similar::TextDiff::from_lines(before, after);
    let count = |tag| diff.iter_all_changes().filter(|change| change.tag() == tag).count();
    (count(similar::ChangeTag::Delete), count(similar::ChangeTag::Insert))
}

#[test]
fn a_folder_keeps_its_schema_so_that_check_plan_and_snapshot_need_no_database() {
    let place = Place::new();
    let ran = place.run("snapshot .");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.contains("./catalog.json: written\n"), "{}", ran.err);
    assert_eq!(read(&place, "catalog.json"), place.run("catalog").out);
    let live = place.run("plan small.yaml --format sql").out;
    for line in ["check small.yaml", "check .", "plan small.yaml", "snapshot --check ."] {
        let ran = offline(&place, &format!("{line} --catalog catalog.json"));
        assert_eq!(ran.code, Some(0), "{line}: {}", ran.err);
    }
    assert_eq!(offline(&place, "plan small.yaml --format sql --catalog catalog.json").out, live);
    assert!(place.run("snapshot . --check").err.contains("catalog.json: unchanged"));
}

#[test]
fn a_small_change_of_the_schema_is_a_small_difference_and_is_told_in_words() {
    let place = Place::new();
    assert_eq!(place.run("snapshot .").code, Some(0));
    let before = read(&place, "catalog.json");
    for (sql, words, most) in [
        ("alter table users add nickname varchar(40)", "column `users.nickname` was added", (0, 12)),
        ("alter table notes alter body set not null", "`notes.body` now refuses NULL", (1, 1)),
        ("alter table bills add check (amount >= 0)", "CHECK `bills_amount_check` of `bills` was added", (1, 10)),
        ("create index on users (height)", "the indexes of table `users` changed", (1, 5)),
        ("create table rooms (id int primary key)", "table `rooms` was added", (1, 40)),
        (
            "alter table bills drop constraint bills_user_id_fkey, add foreign key (user_id) references users on delete cascade",
            "ON DELETE of foreign key `bills_user_id_fkey` of `bills` to `users` changed from NO ACTION to CASCADE",
            (1, 2),
        ),
    ] {
        let before = read(&place, "catalog.json");
        place.db.sql(sql);
        let ran = place.run("snapshot --check .");
        assert_eq!(ran.code, Some(1), "{sql}");
        assert!(ran.err.contains(&format!("./catalog.json: {words}\n")), "{sql}: {}", ran.err);
        assert!(ran.out.contains("+++ ./catalog.json (now)"), "{sql}: {}", ran.out);
        assert_eq!(read(&place, "catalog.json"), before, "`--check` writes nothing");
        let ran = place.run("snapshot .");
        assert!(ran.err.contains(&format!("./catalog.json: {words}\n")), "{sql}: {}", ran.err);
        let (gone, new) = changed_lines(&before, &read(&place, "catalog.json"));
        assert!(gone <= most.0 && new <= most.1 && new > 0, "{sql}: {gone} lines went, {new} came");
    }
    // What the schema doesn't hold moves no file: rows, statistics, indexes built again.
    let now = read(&place, "catalog.json");
    assert_ne!(now, before);
    place
        .db
        .sql("insert into rooms select generate_series(1, 1000); analyze; reindex table users; set work_mem = '1MB'");
    place.run("snapshot .");
    assert_eq!(read(&place, "catalog.json"), now);
}

#[test]
fn the_schema_is_written_though_a_policy_no_longer_fits_it() {
    let place = Place::new();
    assert_eq!(place.run("snapshot .").code, Some(0));
    place.db.sql("alter table users add nickname text");
    let ran = place.run("snapshot .");
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("error[undecided-column]"), "{}", ran.err);
    assert!(read(&place, "catalog.json").contains("\"nickname\""));
}

#[test]
fn somebody_elses_file_is_not_written_over_and_one_that_a_merge_has_broken_is() {
    let place = Place::new();
    std::fs::write(place.path("catalog.json"), "{ \"products\": [] }\n").expect("written");
    let ran = place.run("snapshot .");
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("`./catalog.json` is not a catalog that efface wrote"), "{}", ran.err);
    assert!(!place.path("small.sql").exists(), "nothing is written");
    let ours = place.run("catalog").out;
    let broken = ours.replacen("\"name\"", "<<<<<<< ours\n\"name\"", 1);
    std::fs::write(place.path("catalog.json"), broken).expect("written");
    let ran = place.run("snapshot .");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(read(&place, "catalog.json"), ours);
    // A policy by its own name keeps no schema, and a schema from a file is kept already.
    std::fs::remove_file(place.path("catalog.json")).expect("removed");
    assert_eq!(place.run("snapshot small.yaml").code, Some(0));
    std::fs::write(place.path("other.json"), ours).expect("written");
    assert_eq!(offline(&place, "snapshot . --catalog other.json").code, Some(0));
    assert!(!place.path("catalog.json").exists());
}

#[test]
fn findings_of_several_policies_stand_in_one_list_at_their_lines() {
    let place = Place::new();
    place.run("snapshot .");
    place.db.sql("alter table users add nickname text");
    std::fs::write(place.path("second.yaml"), POLICY.replace("height: null", "hight: null")).expect("written");
    let ran = place.run("check . --format json");
    assert_eq!(ran.code, Some(1));
    let found: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    let of = |found: &serde_json::Value| {
        let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
        (text("file"), found["line"].as_u64().unwrap_or_default(), text("code"))
    };
    let found: Vec<_> = found.as_array().expect("a list").iter().map(of).collect();
    let expected = [("second.yaml", 19, "unknown-column"), ("small.yaml", 14, "undecided-column")];
    let expected = expected.map(|(file, line, code)| (file.to_owned(), line, code.to_owned()));
    assert_eq!(found, expected, "{}", ran.err);
    for format in ["sarif", "github", "gitlab"] {
        let ran = place.run(&format!("check . --format {format}"));
        assert_eq!(ran.code, Some(1), "{}", ran.err);
        assert!(!ran.err.contains("undecided-column"), "{format}: what is printed twice is read never");
        insta::assert_snapshot!(format!("check-{format}"), ran.out);
    }
    std::fs::remove_file(place.path("second.yaml")).expect("removed");
    place.policy(&POLICY.replace("      height: null", "      height: null\n      nickname: null"));
    for (format, nothing) in [("json", "[]\n"), ("github", ""), ("gitlab", "[]\n")] {
        let ran = place.run(&format!("check . --format {format}"));
        assert_eq!((ran.code, ran.out.as_str()), (Some(0), nothing), "{}", ran.err);
    }
}

#[test]
fn plan_diff_takes_policies_with_their_schema_and_saved_plans() {
    let place = Place::new();
    assert_eq!(place.run("snapshot .").code, Some(0));
    assert_eq!(place.run("plan small.yaml --out before.json").code, Some(0));
    std::fs::create_dir(place.path("now")).expect("a folder");
    std::fs::write(place.path("now/small.yaml"), POLICY.replace("height: null", "height: keep")).expect("written");
    let ran = offline(&place, "plan diff small.yaml now/small.yaml");
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("beside `now/small.yaml` there is no `now/catalog.json`"), "{}", ran.err);
    assert!(ran.err.contains("`efface snapshot` on the folder writes it"), "{}", ran.err);
    std::fs::copy(place.path("catalog.json"), place.path("now/catalog.json")).expect("copied");
    let summary = "small: users.height: kept, before null\n";
    for old in ["small.yaml", "before.json"] {
        let ran = offline(&place, &format!("plan diff {old} now/small.yaml"));
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{old}");
        assert!(ran.out.starts_with(summary), "{old}: {}", ran.out);
    }
    let ran = offline(&place, "plan diff before.json small.yaml");
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "small: nothing changes\n"));
    let ran = offline(&place, "plan diff before.json now/small.yaml --format json");
    let json: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!((&json["data"][0]["effect"], &json["data"][0]["about"]), (&"less".into(), &"users.height".into()));
    // What is refused, with what to do.
    for (line, code, words) in [
        ("plan diff before.json", 2, "<NEW>"),
        ("plan diff nothing.json small.yaml", 2, "reading `nothing.json` failed"),
        ("plan diff catalog.json small.yaml", 2, "save one with `efface plan --out`"),
        ("plan diff before.json broken.yaml", 1, "error[unknown-column]"),
        ("plan diff before.json small.yaml --expired", 2, "expired_when"),
        ("plan", 2, "<POLICY>"),
    ] {
        std::fs::write(place.path("broken.yaml"), POLICY.replace("height:", "hight:")).expect("written");
        let ran = offline(&place, line);
        assert_eq!(ran.code, Some(code), "{line}: {}", ran.err);
        assert!(ran.err.contains(words), "{line}: {}", ran.err);
    }
}
