//! Edits inside JSON documents, for editors.

use serde_json::{Value, json};

use super::{described, object, partial_forms, propagate, random_forms, titled_by_action, words};

/// A path of keys and `[*]`; the reader is stricter about what a plain word is.
const PATH: &str =
    r#"^\$(\.[^\s.\[\]'"0-9*$@-][^\s.\[\]'"]*|\."([^"\\]|\\.)*"|\[\*\]|\['([^'\\]|\\.)*'\]|\["([^"\\]|\\.)*"\])+$"#;

/// The decision about a column of documents.
pub(super) fn document() -> Value {
    object(
        "the value is a JSON document, in which values at some paths change",
        &["json", "other_keys"],
        &[
            (
                "json",
                json!({
                    "description": "for each path, as `$.contacts[*].email` or `$['odd key']`, what happens to the value there",
                    "type": "object",
                    "minProperties": 1,
                    "propertyNames": { "pattern": PATH },
                    "additionalProperties": { "$ref": "#/$defs/edit" },
                }),
            ),
            (
                "other_keys",
                words(
                    "what happens to the keys that no path names, at every level that a path leads through: they stay, or they go with everything in them",
                    &[(json!("keep"), "they stay"), (json!("remove"), "they go, with everything in them")],
                ),
            ),
            propagate(),
        ],
    )
}

/// What happens to a value in a document.
pub(super) fn edit() -> Value {
    let mut forms = vec![
        words(
            "the value stays, its key goes, or it becomes JSON's null, a random text, or a pseudonym",
            &[
                (json!("keep"), "the value stays"),
                (json!("remove"), "the key goes, with everything in it"),
                (Value::Null, "the value becomes JSON's null"),
                (json!("randomize"), "the value becomes a random text; null stays null"),
                (json!("pseudonymize"), "the value becomes a pseudonym: equal values become equal ones"),
            ],
        ),
        object("the value stays", &["keep"], &[("keep", described("why the value stays", "reason"))]),
        object(
            "the value becomes a string",
            &["replace"],
            &[("replace", described("the new value, a JSON string", "literal"))],
        ),
    ];
    forms.extend(random_forms("randomize", "the value becomes random; null stays null"));
    forms.extend(random_forms("pseudonymize", "the value becomes one made of its text and of a secret"));
    let [mask, generalize, _] = partial_forms();
    forms.extend([mask, generalize]);
    for form in &mut forms {
        if let Some(properties) = form.get_mut("properties").and_then(Value::as_object_mut) {
            // Nothing references a value in a document.
            properties.remove("propagate");
            if let Some(generalize) = properties.get_mut("generalize") {
                // JSON has no moments.
                *generalize = generalize["anyOf"][1].take();
            }
        }
    }
    titled_by_action(&mut forms);
    json!({ "description": "what happens to a value in a document: a word, or a map with one action", "anyOf": forms })
}
