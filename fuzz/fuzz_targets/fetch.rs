//! Whatever a server may answer, through the whole fetch.
#![no_main]

#[path = "../../tests/fuzzed/fetch.rs"]
mod fetch;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fetch::drive(data));
