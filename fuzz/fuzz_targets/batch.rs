#![no_main]
//! A batch in the JSON format.

use bytes::Bytes;
use event::json::{decode_batch, encode_batch};

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    match decode_batch(&Bytes::copy_from_slice(text)) {
        Ok(events) => {
            events.iter().for_each(fuzz::passes_on);
            let mut out = Vec::new();
            encode_batch(&events, &mut out);
            assert_eq!(decode_batch(&Bytes::from(out)).map(|e| e.len()), Ok(events.len()));
        }
        Err(refusal) => fuzz::is_one_line(&refusal),
    }
});
