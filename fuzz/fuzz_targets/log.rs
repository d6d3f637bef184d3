#![no_main]
//! A segment file of the log: as it is, and with every checksum put right, so that what lies behind them is
//! reached, too.

use channel_log::scan;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let seen = scan(bytes);
    assert!(seen.unreadable <= seen.frames, "{seen:?}");
    let (segment, sound) = fuzz::segment::sealed(bytes);
    let seen = scan(&segment);
    assert_eq!(seen.frames, sound, "{seen:?}");
    // Cut anywhere, as by a power failure: no frame is seen that was not there.
    let torn = &segment[..segment.len() - bytes.len() % segment.len()];
    assert!(scan(torn).frames <= sound);
});
