//! Writing records.

use super::{VERSION, data_kind, flag, slot_kind};
use crate::event::Span;
use crate::{Audience, Data, Envelope, Event, Kind, Mode, Record};

/// Appends the record's bytes to `out`.
pub fn encode(record: &Record, out: &mut Vec<u8>) {
    out.reserve(record.event.size() + 64);
    out.extend_from_slice(&[VERSION, flags(record), record.envelope.hops]);
    write_envelope(&record.envelope, out);
    write_event(&record.event, out);
}

fn flags(record: &Record) -> u8 {
    let envelope = &record.envelope;
    let set = [
        (matches!(envelope.audience, Audience::Groups(_)), flag::GROUPS),
        (envelope.trace.is_some(), flag::TRACE),
        (envelope.flow.is_some(), flag::FLOW),
        (envelope.redrive.is_some(), flag::REDRIVE),
        (envelope.origin.is_some(), flag::ORIGIN),
        (record.event.mode() == Mode::Structured, flag::STRUCTURED),
    ];
    set.iter().filter(|(is_set, _)| *is_set).fold(0, |flags, (_, flag)| flags | flag)
}

fn write_envelope(envelope: &Envelope, out: &mut Vec<u8>) {
    out.extend_from_slice(&envelope.accepted_at.0.to_le_bytes());
    if let Audience::Groups(addressees) = &envelope.audience {
        write_varint(addressees.len() as u64, out);
        for addressee in addressees {
            write_str(&addressee.group, out);
            write_varint(addressee.attempts.into(), out);
            out.extend_from_slice(&addressee.due.0.to_le_bytes());
        }
    }
    if let Some(trace) = &envelope.trace {
        write_str(&trace.parent, out);
        write_str(&trace.state, out);
    }
    if let Some(flow) = &envelope.flow {
        write_str(&flow.flow, out);
        write_varint(flow.step.into(), out);
        out.extend_from_slice(&flow.cause.to_le_bytes());
    }
    if let Some(redrive) = &envelope.redrive {
        write_str(redrive, out);
    }
    if let Some(origin) = envelope.origin {
        out.extend_from_slice(&origin.to_le_bytes());
    }
}

/// The event's text lies in the order of its slots, so it is written as it is.
fn write_event(event: &Event, out: &mut Vec<u8>) {
    out.push(match event.data {
        Data::Absent => data_kind::ABSENT,
        Data::Bytes(_) => data_kind::BYTES,
        Data::Json(_) => data_kind::JSON,
        Data::Text(_) => data_kind::TEXT,
        Data::Base64(_) => data_kind::BASE64,
    });
    write_varint(event.slots.len() as u64, out);
    for slot in &event.slots {
        let kind = match slot.kind {
            Kind::String => slot_kind::STRING,
            Kind::Integer => slot_kind::INTEGER,
            Kind::Boolean => slot_kind::BOOLEAN,
        };
        out.push(kind | slot.raw.map_or(0, |_| slot_kind::HAS_RAW));
        for span in [Some(slot.name), Some(slot.value), slot.raw].into_iter().flatten() {
            write_varint(length(span), out);
        }
    }
    out.extend_from_slice(event.text.as_bytes());
    out.extend_from_slice(event.data.bytes());
}

fn length(span: Span) -> u64 {
    (span.end - span.start).into()
}

fn write_str(text: &str, out: &mut Vec<u8>) {
    write_varint(text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}

fn write_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
