//! Attribute values as HTTP header values (HTTP binding 1.0, 3.1.3.2), written down once more as a judge.

use super::sdk::HeaderReader;

pub(super) fn encode(value: &str) -> String {
    let encode = |byte: u8| match byte {
        b'"' | b'%' => format!("%{byte:02X}"),
        b'!'..=b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    value.bytes().map(encode).collect()
}

/// A `%` without two hexadecimal digits stands for itself.
pub(super) fn decode(header: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = header.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|_| first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap()
}

impl HeaderReader {
    /// The attribute that an SDK makes of a header.
    pub(super) fn read(self, header: &str) -> String {
        let seen = if self.latin1 { header.bytes().map(char::from).collect() } else { header.to_owned() };
        if self.decodes { decode(&seen) } else { seen }
    }
}
