#![no_main]
//! A request or answer: headers and body.

use event::http::{Decoded, decode, decode_reply};

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    let (headers, body) = fuzz::message(text);
    let reply = decode_reply(&headers, body.clone());
    match decode(&headers, body) {
        Ok(Decoded::One(event)) => fuzz::passes_on(&event),
        Ok(Decoded::Batch(events)) => events.iter().for_each(fuzz::passes_on),
        Err(refusal) => {
            fuzz::is_one_line(&refusal);
            assert!(!matches!(reply, Ok(Some(_))), "an answer is not read otherwise than a request");
        }
    }
});
