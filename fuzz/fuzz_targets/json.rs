#![no_main]
//! One event in the JSON format.

use bytes::Bytes;

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    match event::json::decode(&Bytes::copy_from_slice(text)) {
        Ok(event) => fuzz::passes_on(&event),
        Err(refusal) => fuzz::is_one_line(&refusal),
    }
});
