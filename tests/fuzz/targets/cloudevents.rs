//! See `doors`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| onefold_fuzz::bounded("cloudevents", bytes));
