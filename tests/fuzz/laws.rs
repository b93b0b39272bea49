//! What holds for every text that is given to the reader of policies or to the gate for SQL: for the tests with random
//! texts, and for the fuzzer, which looks for texts that break it.

use efface::diagnostic::render;
use efface::policy::{json_path, outline, read, sql};
use efface::source::SourceFile;
use libyaml_safer::{EventData, Parser, ScalarStyle};
use serde_json::{Value, json};

/// No panic, places inside the file, twice the same; an error where there is no policy. And where there is one, a reader of
/// another family sees the same keys and values in the file, unless it is stricter and sees none.
pub fn reads_safely(text: &str) {
    let file = SourceFile::new("p.yaml", text);
    let (first, second) = (read(&file), read(&file));
    let report = match (first, second) {
        (Ok(first), Ok(second)) => {
            assert_eq!(first.value, second.value);
            // The other reader panics where a block ends without a newline.
            let closed = format!("{}\n", text.trim_end_matches('\n'));
            if let Some(other) = by_another_reader(&closed) {
                let ours = outline(&SourceFile::new("p.yaml", closed.as_str())).expect("it was read");
                assert_same(&ours, &other);
            }
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
    let _ = render::json(&[render::Found { file: file.clone(), report: report.clone() }]);
}

/// Either gate lets it pass, with places inside the text, or says where it can't.
pub fn passes_or_is_refused(text: &str) {
    for gate in [sql::parse_condition, sql::parse_expression, sql::parse_query] {
        match gate(text) {
            Ok(parsed) => {
                for span in parsed.columns.iter().map(|column| column.span).chain(parsed.subject) {
                    assert!(text.get(span.range()).is_some());
                }
            }
            Err(error) => assert!(text.is_char_boundary(error.at), "{error:?}"),
        }
    }
    let _ = sql::parse_type(text);
}

/// It is a path, which printed reads back as itself, or the first place is told where it can't be one.
pub fn is_a_path_or_says_where(text: &str) {
    match json_path::parse(text) {
        Ok(path) => assert_eq!(json_path::parse(&path.to_string()), Ok(path)),
        Err(error) => {
            assert!(text.get(error.at.clone()).is_some(), "{error:?}");
            assert!(!error.at.is_empty() || error.at.start == text.len(), "{error:?}");
            // Nothing behind that place is to blame.
            let before = &text[..error.at.start];
            let longer = json_path::parse(&format!("{before}\0"));
            assert!(longer.is_err_and(|other| other.at.start <= error.at.start), "{error:?}");
        }
    }
}

fn assert_same(ours: &Value, other: &Value) {
    let (ours, other) = (format!("{ours:#}"), format!("{other:#}"));
    let differs = ours.lines().zip(other.lines()).find(|(ours, other)| ours != other);
    assert!(differs.is_none() && ours.len() == other.len(), "two readers read it differently: {differs:?}");
}

/// The file's only document as libyaml reads it, in the form of [`outline`]; `None` where it refuses it.
pub fn by_another_reader(text: &str) -> Option<Value> {
    let mut bytes = text.as_bytes();
    let mut parser = Parser::new();
    parser.set_input_string(&mut bytes);
    // Lists and maps that are open: what is in them so far. The file itself is a list of documents.
    let mut open: Vec<(bool, Vec<Value>)> = vec![(false, Vec::new())];
    loop {
        let done = match parser.parse().ok()?.data {
            EventData::Scalar { value, style, .. } => {
                let nothing = style == ScalarStyle::Plain && value.is_empty();
                Some(if nothing { Value::Null } else { value.into() })
            }
            EventData::SequenceStart { .. } => {
                open.push((false, Vec::new()));
                None
            }
            EventData::MappingStart { .. } => {
                open.push((true, Vec::new()));
                None
            }
            EventData::SequenceEnd => open.pop().map(|(_, items)| items.into()),
            EventData::MappingEnd => open.pop().map(|(_, items)| json!({ "map": items.chunks(2).collect::<Vec<_>>() })),
            EventData::StreamEnd => break,
            EventData::Alias { .. } => return None,
            EventData::StreamStart { .. } | EventData::DocumentStart { .. } | EventData::DocumentEnd { .. } => None,
        };
        if let (Some(done), Some((_, items))) = (done, open.last_mut()) {
            items.push(done);
        }
    }
    let (_, documents) = open.pop()?;
    <[Value; 1]>::try_from(documents).ok().map(|[document]| document)
}
