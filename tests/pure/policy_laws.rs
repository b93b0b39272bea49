//! What holds for every text that is given to the reader.

use efface::diagnostic::Diagnostic;
use efface::policy::{read, sql};
use efface::source::SourceFile;
use proptest::prelude::*;

use crate::policy_broken::OF_SHAPE;
use crate::policy_good::WHOLE;
use crate::policy_schema::by_schema;
use crate::reader_laws::{by_another_reader, is_a_path_or_says_where, passes_or_is_refused, reads_safely};

/// A good policy in which pieces are deleted, doubled or replaced.
fn mutated() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(String::new()),
        prop::sample::select(vec![
            ":",
            " ",
            "\n",
            "#",
            "-",
            "- ",
            "{",
            "}",
            "[",
            "]",
            "'",
            "\"",
            "|",
            ">",
            "&a ",
            "*a",
            "!t ",
            "null",
            "~",
            "\t",
            "\r",
            ",",
            "(",
            ")",
            "->",
            "::",
            ":x",
            "\\",
            "é",
            "\u{feff}",
            "--",
            "/*",
            "?",
            "%",
            "@",
            "where",
            "via",
            ";",
            "$1",
            "<<: ",
            "lower(",
            "::text",
            " -> ",
            "->>",
            "$.",
            "[*]",
            "['",
            "']",
            "remove",
            "value",
            "referenced_by",
            "every_row: true\n",
            "true",
            "{ pseudonymize: email, domain: a.b }",
            "{ mask: \"*\", keep_first: 1, keep_last: 4 }",
            "{ generalize: year }",
            "{ generalize: 1_0 }",
            "{ shift_days: 30 }",
            "pseudonymize",
            "keep_last: ",
            ", propagate: true",
            "{ scrub: [users.name], with: \"[deleted]\" }",
            ", length: 16",
        ])
        .prop_map(str::to_owned),
        ".{0,4}",
    ];
    prop::collection::vec((0..WHOLE.len(), 0..12_usize, piece), 1..4).prop_map(|edits| {
        let mut text = WHOLE.to_owned();
        for (at, len, piece) in edits {
            let start = text.floor_char_boundary(at.min(text.len()));
            let end = text.floor_char_boundary((start + len).min(text.len()));
            text.replace_range(start..end, &piece);
        }
        text
    })
}

/// A policy with a decision whose action, value and options are anybody's guess.
fn decided() -> impl Strategy<Value = String> {
    let action = prop::sample::select(vec![
        "keep",
        "replace",
        "sql",
        "randomize",
        "pseudonymize",
        "mask",
        "generalize",
        "shift_days",
        "reassign_to",
        "json",
        "scrub",
    ]);
    let value = || {
        prop::sample::select(vec![
            "x",
            "'*'",
            "\"\"",
            "' '",
            "null",
            "~",
            "year",
            "week",
            "email",
            "text",
            "bytes",
            "date",
            "digits",
            "integer",
            "choice",
            "number",
            "0",
            "7",
            "10",
            "30",
            "0.5",
            ".5",
            "0.50",
            "1e1",
            "-1",
            "+1",
            "1_000",
            "0x10",
            "007",
            "36525",
            "36526",
            "1000000",
            "1000001",
            "10000",
            "10001",
            "2020-01-01",
            "a.invalid",
            "'# #'",
            "'x y'",
            "true",
            "on",
            "[]",
            "[a, b]",
            "[10]",
            "{}",
            "{ $.a: remove }",
            "users.name",
            "[users.name, a.b]",
            "{ $.a: { mask: x } }",
            "",
        ])
    };
    let option = prop::sample::select(vec![
        "domain",
        "format",
        "min",
        "max",
        "length",
        "from",
        "keep_first",
        "keep_last",
        "propagate",
        "other_keys",
        "with",
        "short",
    ]);
    let options = prop::collection::btree_map(option, value(), 0..3);
    (action, value(), options).prop_map(|(action, value, options)| {
        let options: String = options.iter().map(|(option, value)| format!(", {option}: {value}")).collect();
        crate::policy_good::with_rules(&format!("    columns: {{ a: {{ {action}: {value}{options} }} }}\n"))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn a_decision_that_the_reader_takes_the_schema_takes(text in decided()) {
        reads_safely(&text);
        if read(&SourceFile::new("p", &text)).is_ok() {
            prop_assert!(by_schema(&text), "the schema refuses:\n{}", text);
        }
    }
}

/// Whether a policy is refused for its shape alone, and is YAML to other readers.
fn has_wrong_shape(text: &str) -> bool {
    let Err(report) = read(&SourceFile::new("p", text)) else { return false };
    // Others see one line where YAML has folded several.
    let is_of_shape = |found: &&Diagnostic| {
        OF_SHAPE.contains(&found.code.name()) && !found.message.ends_with("stands on several lines")
    };
    let of_shape = report.sorted().iter().all(is_of_shape);
    of_shape && serde_saphyr::from_str::<serde_json::Value>(text).is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn a_decision_that_the_reader_refuses_for_its_shape_the_schema_refuses(text in decided()) {
        prop_assert!(!has_wrong_shape(&text) || !by_schema(&text), "the schema accepts:\n{}", text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_policy_that_the_reader_refuses_for_its_shape_the_schema_refuses(text in mutated()) {
        // See below.
        let text = text.replace("      null: ", "      nil: ");
        prop_assert!(!has_wrong_shape(&text) || !by_schema(&text), "the schema accepts:\n{}", text);
    }

    #[test]
    fn any_bytes_are_read_safely(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        reads_safely(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_text_in_the_shape_of_yaml_is_read_safely(text in "[a-z:\\-{}\\[\\],#'\"|>&*!?% \n\t~é]{0,80}") {
        reads_safely(&text);
        reads_safely(&format!("tables:\n  t:\n    where: {text}"));
    }

    #[test]
    fn a_policy_with_a_slip_is_read_safely(text in mutated()) {
        reads_safely(&text);
    }

    #[test]
    fn what_the_reader_takes_the_schema_takes(text in mutated()) {
        // A bare `null` as a key is a name to us, and no key at all to other readers of YAML.
        let text = text.replace("      null: ", "      nil: ");
        if read(&SourceFile::new("p", &text)).is_ok() {
            prop_assert!(by_schema(&text), "the schema refuses:\n{}", text);
        }
    }

    #[test]
    fn any_sql_passes_the_gate_or_is_refused_within_its_text(text in "[a-z0-9:'\"$(),.;=<>*/ \n\\\\-]{0,40}") {
        passes_or_is_refused(&text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text_is_a_path_into_a_document_or_says_where_not(text in "\\$?([.\\[\\]*'\"a-c\\\\u0-9 $é\n]|\\['a|'\\]|\\[\\*\\]|\\\\u00e9|.){0,14}") {
        is_a_path_or_says_where(&text);
    }
}

#[test]
fn the_other_reader_reads_good_policies() {
    // Else the comparison in `reads_safely` would compare nothing.
    assert!(by_another_reader(WHOLE).is_some());
    for case in crate::case::all() {
        assert!(by_another_reader(case.policy.text()).is_some(), "{}", case.name);
        reads_safely(case.policy.text());
    }
}

#[test]
fn a_file_of_ten_megabytes_is_refused_at_once() {
    reads_safely(&"a: b\n".repeat(2 << 20));
    reads_safely(&"a".repeat(10 << 20));
}

#[test]
fn a_chain_of_operators_as_long_as_the_gate_reads_is_no_stack_overflow() {
    for chain in [format!("a{}", " or a".repeat(1_200)), format!("a{}", " or a".repeat(2_000_000 / 5))] {
        let _ = sql::parse_condition(&chain);
    }
    let _ = sql::parse_condition(&format!("{}1", "- ".repeat(2_000)));
    let _ = sql::parse_condition(&"(".repeat(4_000));
    let _ = sql::parse_condition(&format!("a{}", "::text".repeat(2_400)));
    let _ = sql::parse_query(&format!("select 1{}", " union select 1".repeat(800)));
    let _ = sql::parse_condition(&format!("not {}a", "not ".repeat(2_000)));
}
