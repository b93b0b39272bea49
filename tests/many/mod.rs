//! Schemas and policies of any number of tables, under any names: for what has to stay readable, or within a size.

use efface::catalog::{self, Catalog};
use efface::source::SourceFile;
use serde_json::{Value, json};

/// Names that mean something to Mermaid, DOT, Markdown, HTML or YAML, and some that are only unusual.
pub const UGLY: [&str; 36] = [
    "end",
    "subgraph",
    "a\"b",
    "a[b]",
    "two\nlines",
    "pipe|d",
    "`tick`",
    "``` fence",
    "<b>bold</b>",
    "@everyone",
    "#123",
    "1. one",
    "- dash",
    "__init__",
    "flowchart",
    "%% remark",
    "semi;colon",
    "-->",
    "click",
    "style",
    "Umläut",
    "日本語の表",
    "smile😀",
    "$1",
    "&amp;",
    "{{curly}}",
    "back\\slash\\n",
    "*/ comment",
    "</script>",
    "</details>",
    "]]>",
    "tab\there",
    "x.y",
    "https://example.org",
    "GH-7 :tada: ~~gone~~",
    "sixty_three_characters_are_the_most_that_a_name_in_sql_can_have",
];

/// So many names, the ugly ones first.
pub fn names(count: usize) -> Vec<String> {
    let plain = ["orders", "invoices", "messages", "events", "visits", "documents", "payments", "addresses"];
    let numbered = (0..).map(|number: usize| format!("{}_{:03}", plain[number % plain.len()], number));
    UGLY.iter().map(|name| (*name).to_owned()).chain(numbered).take(count).collect()
}

/// The table that a table references, beside `users`: a few lead there over others.
fn parent(index: usize) -> Option<usize> {
    (index >= 10 && index.is_multiple_of(7)).then_some(index / 7)
}

/// A table `users`, and tables of these names that reference it or one another.
pub fn schema(names: &[String]) -> Catalog {
    let column = |name: &str| json!({ "name": name, "type_sql": "bigint", "ty": "big_int", "not_null": false });
    let id = json!({ "name": "id", "type_sql": "bigint", "ty": "big_int", "not_null": true });
    let text = |name: &str| json!({ "name": name, "type_sql": "text", "ty": { "text": { "limit": null } }, "not_null": false });
    let unique = json!([{ "name": "pkey", "definition": "", "columns": ["id"] }]);
    let mut tables =
        vec![json!({ "name": ["public", "users"], "primary_key": ["id"], "unique": unique, "indexed": [["id"]],
        "columns": [id, text("name"), text("na|me `x` <i>")] })];
    let mut keys: Vec<Value> = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let by = if index.is_multiple_of(3) {
            format!("by \"{name}\" | `x`").chars().take(60).collect()
        } else {
            "user_id".to_owned()
        };
        let mut indexed = vec![json!(["id"]), json!([by])];
        let mut columns = vec![id.clone(), column(&by), text("body")];
        let key = |by: &str, to: &str, number: usize| {
            json!({ "name": format!("key_{number}"), "child": ["public", name], "parent": ["public", to],
                "pairs": [{ "child": by, "parent": "id" }] })
        };
        match parent(index) {
            Some(parent) => {
                columns.push(column("parent_id"));
                indexed.push(json!(["parent_id"]));
                keys.push(key("parent_id", &names[parent], 1));
            }
            None => keys.push(key(&by, "users", 0)),
        }
        tables.push(json!({ "name": ["public", name], "primary_key": ["id"], "unique": unique, "indexed": indexed,
            "columns": columns }));
    }
    let catalog = json!({ "format": 1, "server_major": 15, "tables": tables, "foreign_keys": keys, "enums": [], "domains": [],
        "functions": [], "extensions": [], "others": [] });
    catalog::read(&catalog.to_string()).expect("a catalog")
}

/// The way from a table to `users`.
fn path(names: &[String], index: usize, by: &dyn Fn(usize) -> String) -> String {
    let mut path = "parent_id".to_owned();
    let mut here = index;
    while let Some(at) = parent(here) {
        let column = if parent(at).is_some() { "parent_id".to_owned() } else { by(at) };
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        path.push_str(&format!(" -> {}.{}", quoted(&names[at]), quoted(&column)));
        here = at;
    }
    path
}

/// A policy for [`schema`]; unfinished, it leaves out every eleventh table and columns of others. Names and words are
/// written as JSON, which is YAML too.
pub fn policy(names: &[String], words: &str, finished: bool) -> SourceFile {
    let quoted = |name: &str| json!(format!("\"{}\"", name.replace('"', "\"\""))).to_string();
    let by = |index: usize, schema: &Catalog| -> String {
        let table = schema.tables.iter().find(|table| table.name.name.as_str() == names[index]).expect("it is there");
        let key = schema.foreign_keys.iter().find(|key| key.child == table.name).expect("it references");
        key.pairs[0].child.as_str().to_owned()
    };
    let schema = schema(names);
    // A name has one line.
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut text = format!(
        "version: 1\nname: {}\nsubject: {{ table: users }}\nguards:\n  - {{ name: {line}, table: {}, via: {}, \
         message: {words} }}\ntables:\n  users:\n    columns: {{ id: keep, name: {{ replace: {words} }}, {}: null }}\n",
        json!("many tables"),
        quoted(&names[0]),
        quoted(&by(0, &schema)),
        json!("na|me `x` <i>"),
        line = json!(line),
        words = json!(words),
    );
    for (index, name) in names.iter().enumerate() {
        if !finished && index % 11 == 5 {
            continue;
        }
        let own = quoted(&by(index, &schema));
        let via = match parent(index) {
            None => own.clone(),
            Some(_) => json!(path(names, index, &|at| by(at, &schema))).to_string(),
        };
        let decision = match index % 4 {
            _ if (0..names.len()).any(|other| parent(other) == Some(index)) => format!("keep: {}", json!(words)),
            0 | 1 => format!("rows: delete, via: {via}"),
            2 if !finished => format!("via: {via}, columns: {{ body: {{ replace: {} }} }}", json!(words)),
            2 => format!(
                "via: {via}, name: {}, columns: {{ body: {{ replace: {} }} }}, other_columns: keep",
                json!(line),
                json!(words)
            ),
            _ => format!("keep: {}", json!(words)),
        };
        let via_kept = if decision.starts_with("keep") { format!(", via: {via}") } else { String::new() };
        text.push_str(&format!("  {}: {{ {decision}{via_kept} }}\n", quoted(name)));
    }
    SourceFile::new("policies/many.yaml", text)
}
