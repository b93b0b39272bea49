//! Any text where a policy has a path: behind `via` and `referenced_by`, as the columns and the aim of a virtual key, and
//! into a document.
#![no_main]

#[allow(dead_code)]
mod laws;

libfuzzer_sys::fuzz_target!(|text: &str| {
    laws::is_a_path_or_says_where(text);
    let quoted = format!("'{}'", text.replace('\'', "''"));
    for written in [text, quoted.as_str()] {
        laws::reads_safely(&format!(
            "version: 1\nname: p\nsubject: {{ table: users }}\nvirtual_foreign_keys:\n  - table: a\n    columns: {written}\n    \
             references: {written}\ntables:\n  a:\n    via: {written}\n    rows: delete\n  b:\n    referenced_by: {written}\n    \
             if_shared: keep\n    rows: delete\n  c:\n    columns:\n      d:\n        json:\n          {written}: null\n          \
             $.a[*]['b']: remove\n        other_keys: keep\n"
        ));
    }
});
