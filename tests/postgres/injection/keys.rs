//! Whose rows: keys of subjects from the command line, from files, and for psql.

use super::{Cage, HOSTILE, array, text, typed};

#[test]
pub fn keys_are_keys_on_the_command_line_in_files_and_for_psql() {
    let cage =
        Cage::new("create table people (key text primary key, note text); create table numbers (id int primary key);");
    let keys: Vec<&str> = HOSTILE.to_vec();
    let fill = || {
        cage.db().sql("truncate efface.ledger, efface.erased, people");
        let mut rows: std::collections::BTreeMap<String, &str> = std::collections::BTreeMap::new();
        for key in &keys {
            // Neighbours: what a slip in quoting would take for the key.
            for other in [format!("{key}x"), format!("x{key}"), key.replace('\'', "''") + "'", key.to_uppercase() + "!"]
            {
                rows.entry(other).or_insert("stays");
            }
        }
        rows.extend(keys.iter().map(|key| ((*key).to_owned(), "goes")));
        let rows: Vec<_> = rows.iter().map(|(key, note)| format!("({}, '{note}')", text(key))).collect();
        cage.db().sql(&format!("insert into people values {}", rows.join(", ")));
    };
    let left = || {
        cage.db().value(
            "select count(*) filter (where note = 'goes') || ' ' || count(*) filter (where note = 'stays') from people",
        )
    };
    cage.place.policy(
        "version: 1\nname: p\nsubject: { table: people, key: key }\ntables: { people: delete }\nlimits: { max_subjects: 1000 }\n",
    );
    fill();
    let all = left();
    let stays = all.split_once(' ').expect("two counts").1;
    // Each by itself on the command line: it and nobody else.
    let mut tried = 0;
    for (index, key) in keys.iter().enumerate().step_by(4) {
        tried += 1;
        let ran = cage.tool(&["apply", "small.yaml", "--no-analyze", &format!("--subject={}", typed(key)), "--yes"]);
        assert_eq!(ran.code, Some(0), "{key:?}: {}", ran.err);
        assert_eq!(left(), format!("{} {stays}", keys.len() - index / 4 - 1), "{key:?}");
        cage.intact(key);
    }
    // All from a file, those with a line's end by argument.
    fill();
    let (lines, arguments): (Vec<&str>, Vec<&str>) = keys.iter().partition(|key| {
        !key.contains('\n') && !key.contains('\r') && !key.trim().is_empty() && !key.starts_with('\u{feff}')
    });
    let file: String = lines.iter().map(|key| format!("{}\n", typed(key))).collect();
    std::fs::write(cage.place.path("who.txt"), file).expect("the file is written");
    let subjects: Vec<String> = arguments.iter().map(|key| format!("--subject={}", typed(key))).collect();
    let mut words = vec!["apply", "small.yaml", "--subjects-from", "who.txt", "--yes"];
    words.extend(subjects.iter().map(String::as_str));
    let ran = cage.tool(&words);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(left(), format!("0 {stays}"));
    cage.intact("a file of keys");
    // By psql.
    fill();
    let script = cage.tool(&["plan", "small.yaml", "--format", "sql"]).out;
    let ran = cage.psql(&script, &[array(&keys)]);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(left(), format!("0 {stays}"));
    cage.intact("keys by psql");

    // Where a number is meant none of them is one, and nothing is done.
    cage.db().sql("insert into numbers select generate_series(1, 9)");
    cage.place.policy("version: 1\nname: p\nsubject: { table: numbers }\ntables: { numbers: delete }\nlimits: { max_subjects: 1000 }\n");
    let script = cage.tool(&["plan", "small.yaml", "--format", "sql"]).out;
    let mut none = 0;
    for raw in [
        "1); DELETE FROM numbers; --",
        "1 or true",
        "{1,2}",
        "1,2",
        "1;2",
        "NULL",
        "",
        " ",
        "1\u{0660}",
        "\u{661}",
        "1\n2",
        "'1'",
        "1--",
    ] {
        none += 1;
        let ran = cage.tool(&["apply", "small.yaml", &format!("--subject={raw}"), "--yes"]);
        assert_eq!(ran.code, Some(2), "{raw:?}: {}", ran.err);
        let ran = cage.psql(&script, &[raw.to_owned()]);
        // psql takes an array, which is what two of these are.
        assert!(!ran.status.success() || raw == "{1,2}", "{raw:?}");
        cage.intact(raw);
        if raw != "{1,2}" {
            assert_eq!(cage.db().value("select count(*) from numbers"), if none > 3 { "7" } else { "9" }, "{raw:?}");
        }
    }
    told!("{} hostile keys in a file and for psql, {tried} one by one, {none} where a number is meant", keys.len());
}
