//! What holds for every text that is given to the reader.

use efface::diagnostic::render;
use efface::policy::{read, sql};
use efface::source::SourceFile;
use proptest::prelude::*;

use crate::policy_good::WHOLE;

/// No panic, places inside the file, twice the same; an error where there is no policy.
fn reads_safely(text: &str) {
    let file = SourceFile::new("p.yaml", text);
    let (first, second) = (read(&file), read(&file));
    let report = match (first, second) {
        (Ok(first), Ok(second)) => {
            assert_eq!(first.value, second.value);
            first.warnings
        }
        (Err(first), Err(second)) => {
            assert!(first.has_errors());
            assert_eq!(first, second);
            first
        }
        (Ok(_), Err(_)) | (Err(_), Ok(_)) => panic!("not the same twice"),
    };
    for found in report.sorted() {
        for label in found.primary.iter().chain(&found.labels) {
            assert!(text.get(label.span.range()).is_some(), "{found:?}");
        }
    }
    let shown = render::text(&report, &file, false);
    assert!(!shown.contains(|c: char| c.is_control() && c != '\n'));
    let _ = render::text(&report, &file, true);
    let _ = render::json(&report, &file);
}

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
            "value",
            "referenced_by",
            "every_row: true\n",
            "true",
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

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
    fn any_sql_passes_the_gate_or_is_refused_within_its_text(text in "[a-z0-9:'\"$(),.;=<>*/ \n\\\\-]{0,40}") {
        for gate in [sql::parse_condition, sql::parse_expression, sql::parse_query] {
            match gate(&text) {
                Ok(parsed) => {
                    for column in parsed.columns {
                        prop_assert!(text.get(column.span.range()).is_some());
                    }
                }
                Err(error) => prop_assert!(text.is_char_boundary(error.at), "{:?}", error),
            }
        }
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
