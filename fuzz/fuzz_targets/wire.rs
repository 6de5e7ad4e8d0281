//! Lenses, indexes, the decoder and what a person types, with inputs that the fuzzer makes up.
#![no_main]

#[path = "../../tests/fuzzed/drive.rs"]
mod drive;

libfuzzer_sys::fuzz_target!(|data: &[u8]| drive::drive(data));
