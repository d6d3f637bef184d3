//! Segment files whose checksums fit: those that the log writes, with any content.

use crc32c::{crc32c, crc32c_append};
use std::hash::{DefaultHasher, Hash, Hasher};

const HEADER: usize = 512;
const FRAME: usize = 48;
const SEQUENCE: [u8; 4] = 1u32.to_le_bytes();
/// One above the last kind of frame.
const KINDS: u8 = 8;

/// Takes what follows the first sector for frames, makes their lengths and checksums fit, and counts those that are
/// of a kind that there is.
pub fn sealed(bytes: &[u8]) -> (Vec<u8>, usize) {
    let id = id(bytes);
    let mut segment = header(&id);
    segment.extend_from_slice(bytes.get(HEADER..).unwrap_or_default());
    let seed = crc32c_append(crc32c(&id), &SEQUENCE);
    let (mut at, mut sound) = (HEADER, 0);
    while segment.len() >= at + FRAME {
        let (length, end) = fitting(&segment[at..]);
        let frame = &mut segment[at..at + FRAME + length];
        put(frame, 4, length as u32);
        put(frame, 8, crc32c(&frame[FRAME..]));
        frame[12..16].copy_from_slice(&SEQUENCE);
        put(frame, 0, crc32c_append(seed, &frame[4..FRAME]));
        sound += usize::from((1..KINDS).contains(&frame[28]));
        at += end;
    }
    (segment, sound)
}

/// Another one for other bytes. A fixed one is as good as told: the fuzzer watches comparisons, and forges frames
/// inside payloads, which nobody can who does not know a folder's number.
fn id(bytes: &[u8]) -> [u8; 16] {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    let mut id = [0; 16];
    id[..8].copy_from_slice(&hasher.finish().to_le_bytes());
    id
}

fn header(id: &[u8; 16]) -> Vec<u8> {
    let mut sector = vec![0; HEADER];
    sector[..8].copy_from_slice(b"sluicLOG");
    put(&mut sector, 8, 1);
    sector[12..16].copy_from_slice(&SEQUENCE);
    sector[16..32].copy_from_slice(id);
    let crc = crc32c(&sector[..32]);
    put(&mut sector, 32, crc);
    sector
}

/// The payload's length and the frame's; a frame that reaches beyond the end gets no payload.
fn fitting(rest: &[u8]) -> (usize, usize) {
    let length = u32::from_le_bytes([rest[4], rest[5], rest[6], rest[7]]) as usize;
    let whole = (FRAME + length).next_multiple_of(8);
    if whole <= rest.len() { (length, whole) } else { (0, FRAME) }
}

fn put(bytes: &mut [u8], at: usize, number: u32) {
    bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
}
