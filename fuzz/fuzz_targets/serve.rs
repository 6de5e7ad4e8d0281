//! What any client may say to the greeting server, whatever its rules are.
#![no_main]

#[path = "../../tests/fuzzed/serve.rs"]
mod serve;

libfuzzer_sys::fuzz_target!(|data: &[u8]| serve::drive(data));
