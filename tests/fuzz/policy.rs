//! Any bytes as a policy.
#![no_main]

mod laws;

libfuzzer_sys::fuzz_target!(|text: &str| laws::reads_safely(text));
