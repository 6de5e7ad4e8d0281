//! The drivers of the fuzzer with a few thousand inputs: what holds for any recording, for whatever is typed, and for
//! whatever clients and servers say.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "fuzzed/drive.rs"]
mod drive;
#[path = "fuzzed/fetch.rs"]
mod fetch;
#[path = "fuzzed/serve.rs"]
mod serve;

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        // Where those of the library's own tests are.
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("proptest-regressions/fuzz.txt"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_is_recorded_or_typed_what_must_hold_holds(data in prop::collection::vec(any::<u8>(), 0..400)) {
        drive::drive(&data);
    }

    #[test]
    fn whatever_a_client_says_the_server_goes_on(data in prop::collection::vec(any::<u8>(), 0..300)) {
        serve::drive(&data);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        // Each is a fetch over sockets.
        cases: 600,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("proptest-regressions/fuzz.txt"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_a_server_says_nothing_is_claimed_that_is_not_so(data in prop::collection::vec(any::<u8>(), 0..600)) {
        fetch::drive(&data);
    }
}
