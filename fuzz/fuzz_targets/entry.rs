#![no_main]
//! What a lane holds: event records, group changes, dead letters. Without the log's checksum around it,
//! damage may decode to something else; that must be written and read again as what it is.

use broker_core::Entry;
use bytes::Bytes;
use event::Mode;
use http::HeaderMap;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(entry) = Entry::decode(Bytes::copy_from_slice(bytes)) else { return };
    if let Entry::Event(record) = &entry {
        for mode in [Mode::Binary, Mode::Structured] {
            event::http::encode(&record.event, mode, &mut HeaderMap::new());
        }
    }
    let mut out = Vec::new();
    entry.encode(&mut out);
    assert_eq!(Entry::decode(out.into()), Ok(entry));
});
