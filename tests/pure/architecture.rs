//! `ARCHITECTURE.md` can't go stale: its module table is the rule.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The module table: what each module may import.
fn allowed() -> BTreeMap<String, BTreeSet<String>> {
    let page = text(&root().join("ARCHITECTURE.md"));
    let rows = page.lines().skip_while(|line| !line.starts_with("| module |")).skip(2);
    let cells =
        |line: &str| -> Vec<String> { line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect() };
    let names = |cell: &str| -> BTreeSet<String> {
        cell.split(',').map(|name| name.trim().trim_matches('`').to_owned()).filter(|name| name != "nothing").collect()
    };
    rows.take_while(|line| line.starts_with('|'))
        .map(cells)
        .map(|row| {
            assert_eq!(row.len(), 3, "module, what lives there, what it may import: {row:?}");
            (row[0].trim_matches('`').to_owned(), names(&row[2]))
        })
        .collect()
}

/// The modules of the crate, each with its files.
fn modules() -> BTreeMap<String, Vec<PathBuf>> {
    let mut found: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    let src = root().join("src");
    let mut folders = vec![src.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let first = path.strip_prefix(&src).expect("below src").iter().next().expect("a name");
                let module = first.to_string_lossy().trim_end_matches(".rs").to_owned();
                found.entry(module).or_default().push(path);
            }
        }
    }
    // The crate's root names the modules, and the program calls one.
    found.retain(|module, _| module != "lib" && module != "main");
    found
}

/// The modules that a source file names: `use crate::x::…`, `use crate::{x, y::z}`, and `crate::x::…` in the code.
fn imported(source: &str) -> BTreeSet<String> {
    // Comments may name what the code may not.
    let code: String =
        source.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    let mut found = BTreeSet::new();
    for (at, word) in code.match_indices("crate::") {
        // `$crate::` is the same; `serde_crate::` is not.
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[at + word.len()..];
        match rest.strip_prefix('{') {
            None => found.extend(first_name(rest)),
            Some(group) => found.extend(top_level(group).into_iter().filter_map(first_name)),
        }
    }
    found
}

/// The identifier that a text begins with.
fn first_name(text: &str) -> Option<String> {
    let text = text.trim_start();
    let name: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (!name.is_empty()).then_some(name)
}

/// The parts between the commas of a group, up to its own closing brace.
fn top_level(group: &str) -> Vec<&str> {
    let mut depth = 0usize;
    let mut start = 0;
    let mut parts = Vec::new();
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                parts.push(&group[start..at]);
                return parts;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts
}

#[test]
fn every_module_has_a_row_and_every_row_a_module() {
    let rows: Vec<_> = allowed().into_keys().collect();
    let modules: Vec<_> = modules().into_keys().collect();
    assert_eq!(rows, modules, "the module table of ARCHITECTURE.md and src/ differ");
}

#[test]
fn a_file_imports_only_what_its_row_allows() {
    let allowed = allowed();
    let mut wrong = Vec::new();
    for (module, files) in modules() {
        let Some(may) = allowed.get(&module) else { continue };
        for file in files {
            for other in imported(&text(&file)) {
                if other != module && !may.contains(&other) {
                    let file = file.strip_prefix(root()).expect("below the root").display().to_string();
                    wrong.push(format!("{file} imports `{other}`, which the row of `{module}` does not allow"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "change the code, or ARCHITECTURE.md and say why:\n{}", wrong.join("\n"));
}

#[test]
fn a_row_allows_nothing_that_is_never_imported() {
    let modules = modules();
    for (module, may) in allowed() {
        let used: BTreeSet<_> = modules[&module].iter().flat_map(|file| imported(&text(file))).collect();
        let spare: Vec<_> = may.difference(&used).collect();
        assert!(spare.is_empty(), "the row of `{module}` allows {spare:?}, which it does not import");
    }
}

#[test]
fn the_rows_have_no_circle() {
    let mut left = allowed();
    while !left.is_empty() {
        let names: BTreeSet<_> = left.keys().cloned().collect();
        let free = left.iter().find(|(_, may)| may.is_disjoint(&names)).map(|(module, _)| module.clone());
        let free = free.unwrap_or_else(|| panic!("these modules import each other in a circle: {names:?}"));
        left.remove(&free);
    }
}

#[test]
fn the_core_is_free_of_sockets_and_sql_text_stays_in_one_place() {
    let allowed = allowed();
    for (module, may) in &allowed {
        assert!(module == "cli" || !may.contains("server"), "only the command line stands on the server");
        assert!(!may.contains("cli"), "nothing stands on the command line");
    }
    for never in ["policy", "catalog"] {
        assert!(
            !allowed["policy"].contains(never) && !allowed["catalog"].contains(never),
            "they never import each other"
        );
    }
}

#[test]
fn imports_are_found_in_every_form() {
    let source = "use crate::ident::Ident;\nuse crate::{plan, sql::{self, Script}, source::*};\n// crate::cli\n\
                  fn f(x: crate::pgtype::PgType) { $crate::policy::read(); other_crate::server(); }";
    let found: Vec<_> = imported(source).into_iter().collect();
    assert_eq!(found, ["ident", "pgtype", "plan", "policy", "source", "sql"]);
}
