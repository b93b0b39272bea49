//! Any text as the author's SQL.
#![no_main]

#[allow(dead_code)]
mod laws;

libfuzzer_sys::fuzz_target!(|text: &str| laws::passes_or_is_refused(text));
