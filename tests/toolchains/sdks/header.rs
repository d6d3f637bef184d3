//! Attribute values as HTTP header values (HTTP binding 1.0, 3.1.3.2), written down once more as a judge.

use super::sdk::{HeaderReader, HeaderWriter};

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

impl HeaderWriter {
    /// The header that an SDK makes of an attribute; else the status that the sender gets, 0 if it sends nothing.
    pub(super) fn write(self, value: &str) -> Result<String, u64> {
        let is_latin1 = value.chars().all(|c| u32::from(c) < 256);
        match self {
            Self::Encodes => Ok(encode(value)),
            Self::Utf8 => Ok(value.to_owned()),
            Self::Latin1 | Self::Ascii if value.is_ascii() => Ok(value.to_owned()),
            Self::Latin1 if is_latin1 => Err(400),
            Self::Ascii if is_latin1 => Ok(value.replace(|c: char| !c.is_ascii(), "?")),
            Self::Latin1 | Self::Ascii => Err(0),
        }
    }
}

impl HeaderReader {
    /// The attribute that an SDK makes of a header.
    pub(super) fn read(self, header: &str) -> String {
        let seen = if self.latin1 { header.bytes().map(char::from).collect() } else { header.to_owned() };
        if self.decodes { decode(&seen) } else { seen }
    }
}
