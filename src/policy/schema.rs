//! The JSON Schema of a policy: for editors, which complete keys and mark slips while one types.
//!
//! It says what has which shape. What a schema can't say — a duplicate key, SQL, the order of rules, the spelling of a
//! null — only [`read`](super::read) refuses; nothing that the reader accepts is refused by the schema.

mod document;

use serde_json::{Map, Value, json};

use super::random::options;
use crate::action::Unit;
use crate::action::random::{Kind, LONGEST};
use crate::diagnostic::Code;

/// The JSON Schema (draft 2020-12) of version 1 of the policy language, as far as this version of efface knows it.
pub fn json_schema() -> Value {
    let mut schema = object(
        "a policy: whose rows are erased, and what happens to every table and column that leads to them",
        &["version", "name", "tables"],
        &[
            ("version", json!({ "description": "the version of the policy language", "const": 1 })),
            ("name", text("the policy's name, for plans and receipts; one line, at most 100 characters")),
            ("description", text("what the policy is for")),
            ("subject", subject()),
            (
                "every_row",
                json!({ "description": "the rows of everybody, for a masked copy; instead of `subject`", "const": true }),
            ),
            (
                "virtual_foreign_keys",
                list("references that the database doesn't declare", titled("a reference", virtual_key())),
            ),
            (
                "search_path",
                json!({
                    "description": "the schemas in which SQL of the policy and of triggers looks names up; default `public`; \
                                    `[]` for PostgreSQL's own names alone",
                    "anyOf": [
                        reference("bare_name"),
                        { "type": "array", "uniqueItems": true, "items": reference("bare_name") },
                    ],
                }),
            ),
            (
                "guards",
                list(
                    "what must not be found before anything is changed; all that is found is shown at once",
                    titled("a guard", guard()),
                ),
            ),
            ("tables", tables()),
            ("verify", verify()),
            ("limits", limits()),
            ("accept", list("warnings that someone has looked at", titled("a warning", acceptance()))),
        ],
    );
    let definitions = json!({
        "name": { "type": ["string", "number", "boolean"], "minLength": 1 },
        // One name and nothing else is taken as it stands, `null` too.
        "bare_name": { "type": ["string", "number", "boolean", "null"], "minLength": 1 },
        "sql": { "type": ["string", "number", "boolean"], "minLength": 1 },
        "text": { "type": ["string", "number", "boolean"], "pattern": "\\S" },
        "literal": { "type": ["string", "number", "boolean"] },
        "time": { "type": "string", "pattern": "^[0-9]*[1-9][0-9]*(ms|s|min|h)$" },
        "reason": { "type": ["string", "number"], "pattern": "\\S", "not": { "enum": ["yes", "no", "on", "off", "true", "false"] } },
        "via": one_or_many(
            "how rows belong to the subject: `column`, `column -> table.column`, a constraint's name, two values as in `lower(email) -> lower(users.email)`, or a list of these",
            &reference("name"),
        ),
        "referenced_by": one_or_many(
            "rows that rows of another table point to: `table.column`, `table.(a, b)`, `table.constraint`, or a list of these",
            &reference("name"),
        ),
        "rule": rule(),
        "refresh": refresh(),
        "decision": decision(),
        "edit": document::edit(),
    });
    if let Value::Object(top) = &mut schema {
        top.insert("oneOf".into(), json!([{ "required": ["subject"] }, { "required": ["every_row"] }]));
        top.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
        top.insert("title".into(), json!("efface policy"));
        top.insert("$defs".into(), definitions);
    }
    schema
}

fn subject() -> Value {
    let rows = titled(
        "rows of a table",
        object(
            "whose rows are erased: those of a table's rows, given by key",
            &["table"],
            &[
                ("table", name("the subject's table: `table` in `public`, or `schema.table`")),
                ("key", one_or_many("the columns of the key; the primary key when left out", &reference("bare_name"))),
                ("where", sql("nobody else can ever be erased by this policy")),
                ("expired_when", sql("whom `--expired` chooses")),
            ],
        ),
    );
    let value = titled(
        "a value",
        object(
            "whose rows are erased: those of whoever is only a value, such as a guest's address",
            &["value", "name"],
            &[
                ("value", name("the value's type, as in a cast: `text`")),
                (
                    "name",
                    json!({ "description": "what the value is called: `email`", "$ref": "#/$defs/text", "maxLength": 63 }),
                ),
            ],
        ),
    );
    json!({ "description": "whose rows are erased: those of a table's rows, or of a value", "anyOf": [rows, value] })
}

fn virtual_key() -> Value {
    object(
        "a reference that the database doesn't declare",
        &["table", "columns", "references"],
        &[
            ("table", name("the referencing table")),
            ("columns", one_or_many("the referencing columns", &reference("bare_name"))),
            ("references", name("the referenced table, by its primary key, or `table(a, b)` by these columns")),
            ("where", sql("which rows of the referencing table reference that table")),
            (
                "lock",
                json!({ "description": "writers of the referencing table wait, so that no new row escapes", "const": "table" }),
            ),
        ],
    )
}

fn guard() -> Value {
    let mut guard = object(
        "rows that must not exist",
        &["name", "table", "message"],
        &[
            ("name", text("the guard's name")),
            ("table", name("the table that is looked at")),
            ("via", described("how its rows belong to the subject, as in a rule", "via")),
            ("referenced_by", described("or that rows of the subject's point to them, as in a rule", "referenced_by")),
            ("where", sql("which of these rows block")),
            ("message", text("what to do about them")),
        ],
    );
    if let Value::Object(map) = &mut guard {
        map.insert("not".into(), json!({ "required": ["via", "referenced_by"] }));
    }
    guard
}

fn tables() -> Value {
    json!({
        "description": "what happens to the rows of each table: a rule, or a list of which the first that matches decides",
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {
            "anyOf": [
                { "$ref": "#/$defs/rule" },
                { "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/rule" } },
                { "$ref": "#/$defs/refresh" },
            ],
        },
    })
}

fn refresh() -> Value {
    let how = words(
        "`true` writes it anew, and readers wait until COMMIT; `concurrently` lets them read on, and needs a unique index",
        &[
            (json!(true), "written anew; readers wait until COMMIT"),
            (json!("concurrently"), "readers read on; it needs a unique index"),
        ],
    );
    titled("refresh", object("a materialized view, refreshed in the transaction", &["refresh"], &[("refresh", how)]))
}

fn rule() -> Value {
    let mut rule = object(
        "a rule: which rows, and what happens to them",
        &[],
        &[
            ("name", text("the rule's name")),
            (
                "via",
                described(
                    "how the rows belong to the subject; may be left out where only one foreign key leads there",
                    "via",
                ),
            ),
            (
                "referenced_by",
                described("the other way round: rows that reached rows of another table point to", "referenced_by"),
            ),
            (
                "if_shared",
                words(
                    "what happens to a row that someone else's rows point to as well: it stays, or the run fails",
                    &[
                        (json!("keep"), "the row stays, and is counted"),
                        (json!("refuse"), "the run fails, and everything is rolled back"),
                    ],
                ),
            ),
            ("where", sql("which of these rows; with `:subject` in it, instead of `via`")),
            ("keep", described("the rows stay, for this reason", "reason")),
            (
                "rows",
                words(
                    "the rows are deleted; `cascade` also deletes the rows that reference them",
                    &[
                        (json!("delete"), "the rows are deleted; whatever references them needs a rule of its own"),
                        (json!("cascade"), "the rows are deleted, and the rows that reference them, and so on down"),
                        (json!("undecided"), "nobody has decided yet: an error of `check`; `efface init` writes it"),
                    ],
                ),
            ),
            (
                "columns",
                json!({
                    "description": "the rows stay, with these columns changed",
                    "type": "object",
                    "minProperties": 1,
                    "additionalProperties": { "$ref": "#/$defs/decision" },
                }),
            ),
            (
                "other_columns",
                words(
                    "what happens to the columns without a name under `columns`",
                    &[
                        (json!("keep"), "they stay as they are"),
                        (Value::Null, "they become NULL"),
                        (json!("default"), "they take their default"),
                        (json!("randomize"), "they become random, by their type"),
                    ],
                ),
            ),
        ],
    );
    if let Value::Object(map) = &mut rule {
        let one = ["keep", "rows", "columns"].map(|key| json!({ "required": [key] }));
        map.insert("oneOf".into(), json!(one));
        map.insert("not".into(), json!({ "required": ["via", "referenced_by"] }));
        let together =
            json!({ "other_columns": ["columns"], "referenced_by": ["if_shared"], "if_shared": ["referenced_by"] });
        map.insert("dependentRequired".into(), together);
    }
    json!({ "anyOf": [
        words(
            "what happens to the table's rows of the subject: `delete`, `cascade`, or not decided yet",
            &[
                (json!("delete"), "the rows are deleted; whatever references them needs a rule of its own"),
                (json!("cascade"), "the rows are deleted, and the rows that reference them, and so on down"),
                (json!("undecided"), "not decided yet: `check` refuses it until somebody has"),
            ],
        ),
        titled("a rule", rule),
    ] })
}

fn decision() -> Value {
    let mut forms = vec![
        words(
            "the value stays, becomes NULL, its default, random by its type, a pseudonym by its type, or is not decided yet",
            &[
                (json!("keep"), "the value stays; `{ keep: reason }` says why"),
                (Value::Null, "the value becomes NULL"),
                (json!("default"), "the value becomes the column's default"),
                (json!("randomize"), "the value becomes random, by its type; NULL stays NULL"),
                (json!("pseudonymize"), "the value becomes a pseudonym, by its type: equal values become equal ones"),
                (json!("undecided"), "not decided yet: `check` refuses it until somebody has"),
            ],
        ),
        object("the value stays", &["keep"], &[("keep", described("why the value stays", "reason"))]),
        object(
            "the value becomes a literal",
            &["replace"],
            &[
                (
                    "replace",
                    described("the new value, as text; an array or JSON as PostgreSQL text in quotes", "literal"),
                ),
                propagate(),
            ],
        ),
        object(
            "the value becomes an SQL expression",
            &["sql"],
            &[("sql", sql("an expression over the row")), propagate()],
        ),
        object(
            "the reference becomes one to a stand-in row",
            &["reassign_to"],
            &[("reassign_to", described("the key of the stand-in row", "literal")), propagate()],
        ),
    ];
    for (action, description) in [
        ("randomize", "the value becomes random; NULL stays NULL"),
        (
            "pseudonymize",
            "the value becomes one made of it and of a secret: equal values become equal ones, in every table and run with the same secret",
        ),
    ] {
        forms.extend(random_forms(action, description));
    }
    forms.extend(partial_forms());
    forms.push(document::document());
    forms.push(scrub_form());
    titled_by_action(&mut forms);
    json!({ "description": "what happens to a column: a word, or a map with one action", "anyOf": forms })
}

/// The forms of an action that takes a kind of random value: kinds with the same options share one.
fn random_forms(action: &str, description: &str) -> Vec<Value> {
    let mut groups: Vec<(&[&str], Vec<Kind>)> = Vec::new();
    for kind in Kind::ALL.iter().copied() {
        match groups.iter_mut().find(|(known, _)| *known == options(kind)) {
            Some((_, kinds)) => kinds.push(kind),
            None => groups.push((options(kind), vec![kind])),
        }
    }
    let form = |(names, kinds): (&[&str], Vec<Kind>)| {
        let summaries: Vec<String> = kinds.iter().map(|kind| format!("{}: {}", kind.name(), kind.summary())).collect();
        let kinds: Vec<(Value, &str)> = kinds.iter().map(|kind| (json!(kind.name()), kind.summary())).collect();
        let kind = words(&format!("{description}. {}", summaries.join("; ")), &kinds);
        let mut properties = vec![(action, kind)];
        properties.extend(names.iter().map(|name| (*name, option(name))));
        properties.push(propagate());
        object(description, &[action], &properties)
    };
    groups.into_iter().map(form).collect()
}

/// The forms of the actions that let a part of the value stay.
fn partial_forms() -> [Value; 3] {
    let kept = |description: &str| json!({ "description": description, "type": "integer", "minimum": 1, "maximum": 1_000_000 });
    let units: Vec<&str> = Unit::ALL.iter().map(|unit| unit.name()).collect();
    let step = json!({ "description": "numbers are cut to its multiples, towards zero", "type": ["number", "string"], "pattern": "^[0-9]*[1-9][0-9]*(\\.[0-9]+)?$|^[0-9]+\\.[0-9]*[1-9][0-9]*$", "exclusiveMinimum": 0 });
    [
        object(
            "every character of the value becomes the same one, but for some at the ends",
            &["mask"],
            &[
                (
                    "mask",
                    json!({ "description": "the character", "type": ["string", "integer"], "pattern": "^\\S$", "minimum": 0, "maximum": 9 }),
                ),
                ("keep_first", kept("how many characters at the beginning stay")),
                ("keep_last", kept("how many characters at the end stay")),
                propagate(),
            ],
        ),
        object(
            "the value becomes a coarser one",
            &["generalize"],
            &[
                (
                    "generalize",
                    json!({
                        "description": "a unit to whose beginning a moment is cut, or a number",
                        "anyOf": [{ "description": "moments are cut to its beginning", "enum": units }, step],
                    }),
                ),
                propagate(),
            ],
        ),
        object(
            "the value moves by a random number of days, never by none",
            &["shift_days"],
            &[
                (
                    "shift_days",
                    json!({ "description": "the most days, either way", "type": "integer", "minimum": 1, "maximum": 36_525 }),
                ),
                propagate(),
            ],
        ),
    ]
}

/// The form of the action that looks for people's values in a text.
fn scrub_form() -> Value {
    let columns = "where the values are that are looked for: `users.name`, or a list of these; `:subject` where the subject is a value";
    let with = json!({
        "description": "what stands in their place: no control character, and none of `\" \\ & < >`",
        "type": ["string", "number", "boolean"],
        "pattern": "^[^\"\\\\&<>\\u0000-\\u001f\\u007f-\\u009f]*$",
        "maxLength": 100,
    });
    let short = json!({ "description": "values of less than four characters too, which stand in texts by chance", "const": true });
    object(
        "the values of those whose rows these are become another text, wherever they stand alone in this one",
        &["scrub", "with"],
        &[
            ("scrub", one_or_many(columns, &reference("name"))),
            ("with", with),
            ("short", short),
            (
                "via",
                described(
                    "in a policy for every row: how these rows belong to those whose values are looked for",
                    "via",
                ),
            ),
        ],
    )
}

/// The option of every action that makes a new value.
fn propagate() -> (&'static str, Value) {
    let description = "the new value also goes into every column that references this one";
    ("propagate", json!({ "description": description, "const": true }))
}

/// An option of `randomize`.
fn option(name: &str) -> Value {
    match name {
        "domain" => described("the domain of the address; default `deleted.invalid`", "literal"),
        "format" => {
            json!({ "description": "a picture in which each `#` becomes a digit", "type": "string", "pattern": "#" })
        }
        "min" => described("the least value", "literal"),
        "max" => described("the greatest value", "literal"),
        "length" => json!({
            "description": "how many characters, of bytes how many bytes",
            "type": "integer",
            "minimum": 1,
            "maximum": LONGEST,
        }),
        _ => list("the values, of which one is chosen", reference("literal")),
    }
}

fn verify() -> Value {
    let report = titled(
        "a report",
        object("a report", &["name", "query"], &[("name", text("the report's name")), ("query", sql("one SELECT"))]),
    );
    let anywhere = json!({ "description": "other people's rows must not hold the values either", "const": "error" });
    let column = described("the column: `users.email`; `:subject` where the subject is a value", "name");
    let entry = json!({ "anyOf": [
        reference("name"),
        titled("a column", object("a column with options", &["column"], &[("column", column), ("anywhere", anywhere)])),
    ] });
    let gone = "columns whose old values must not be found afterwards: `users.email`, or a list of these";
    let gone = one_or_many(gone, &entry);
    let mut verify = object(
        "what has to hold inside the transaction; a failure rolls everything back",
        &[],
        &[("unchanged", list("reports that return the same rows after as before", report)), ("gone", gone)],
    );
    verify["minProperties"] = json!(1);
    verify
}

fn limits() -> Value {
    object(
        "bounds on time and rows",
        &[],
        &[
            ("lock_timeout", described("how long to wait for a lock, with its unit; default `300ms`", "time")),
            ("statement_timeout", described("how long one statement may take, with its unit; default `60s`", "time")),
            (
                "max_subjects",
                json!({ "description": "how many subjects one run may have; default 1", "type": "integer", "minimum": 1 }),
            ),
            (
                "max_rows",
                json!({
                    "description": "how many rows of a table one transaction may change or delete",
                    "type": "object",
                    "additionalProperties": { "type": "integer", "minimum": 0 },
                }),
            ),
        ],
    )
}

fn acceptance() -> Value {
    let codes = Code::ALL.iter().filter(|code| code.is_acceptable()).map(|code| (json!(code.name()), code.summary()));
    let codes: Vec<(Value, &str)> = codes.collect();
    let mut acceptance = object(
        "a warning that someone has looked at",
        &["code", "at", "because"],
        &[
            ("code", words("the code of the finding, as `check` prints it", &codes)),
            (
                "at",
                json!({
                    "description": "its place as the finding names it: `table` or `table.column`; `*` stands for any characters",
                    "$ref": "#/$defs/text",
                    "pattern": "[^*. ]",
                }),
            ),
            ("because", text("why it is fine")),
            (
                "expect",
                json!({
                    "description": "no row may be found there, which the transaction asserts; for `path-not-followed`",
                    "const": "none",
                }),
            ),
        ],
    );
    if let Value::Object(map) = &mut acceptance {
        let code = json!({ "description": "the only code that is about rows", "const": Code::PathNotFollowed.name() });
        map.insert("if".into(), json!({ "required": ["expect"] }));
        map.insert("then".into(), json!({ "properties": { "code": code } }));
    }
    acceptance
}

fn object(description: &str, required: &[&str], properties: &[(&str, Value)]) -> Value {
    let properties: Map<String, Value> =
        properties.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    let mut object = json!({
        "description": description,
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    object
}

/// Words with what each means, which editors show beside it (`enumDescriptions` is no part of JSON Schema: others pass over
/// it).
fn words(description: &str, words: &[(Value, &str)]) -> Value {
    let values: Vec<&Value> = words.iter().map(|(word, _)| word).collect();
    let meanings: Vec<&str> = words.iter().map(|(_, meaning)| *meaning).collect();
    json!({ "description": description, "enum": values, "enumDescriptions": meanings })
}

/// What editors call a form that they offer.
fn titled(title: &str, mut form: Value) -> Value {
    form["title"] = json!(title);
    form
}

/// Each map of one action is called by the action, and by the first kind where several have the same options.
fn titled_by_action(forms: &mut [Value]) {
    for form in forms.iter_mut().filter(|form| form.get("properties").is_some()) {
        let action = form["required"][0].as_str().unwrap_or_default().to_owned();
        let kinds = form["properties"][action.as_str()]["enum"].as_array().cloned().unwrap_or_default();
        let title = match kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>()[..] {
            [] => action,
            [only] => format!("{action}: {only}"),
            [first, ..] => format!("{action}: {first}, …"),
        };
        form["title"] = json!(title);
    }
}

fn list(description: &str, items: Value) -> Value {
    json!({ "description": description, "type": "array", "minItems": 1, "items": items })
}

fn one_or_many(description: &str, item: &Value) -> Value {
    let many = json!({ "type": "array", "minItems": 1, "uniqueItems": true, "items": item });
    json!({ "description": description, "anyOf": [item, many] })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

fn described(description: &str, name: &str) -> Value {
    json!({ "description": description, "$ref": format!("#/$defs/{name}") })
}

fn name(description: &str) -> Value {
    described(description, "name")
}

fn text(description: &str) -> Value {
    described(description, "text")
}

fn sql(description: &str) -> Value {
    described(description, "sql")
}
