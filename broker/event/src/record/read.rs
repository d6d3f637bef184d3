//! Reading records.

use super::cursor::{Cursor, text};
use super::{RecordError, VERSION, data_kind, flag, slot_kind};
use crate::draft::MAX_ATTRIBUTES;
use crate::event::{Slot, Span};
use crate::rule::REQUIRED;
use crate::{
    Addressee, Audience, Data, Envelope, Event, FlowStep, Kind, Mode, Record, Timestamp, TraceContext,
};
use bytes::Bytes;

/// Reads a record; the payload is a slice of `bytes`.
///
/// # Errors
/// When the bytes are not what [`encode`](super::encode) writes, or a newer program wrote them.
pub fn decode(mut bytes: Bytes) -> Result<Record, RecordError> {
    let mut cursor = Cursor::new(&bytes);
    match cursor.byte("version")? {
        VERSION => {}
        newer if newer > VERSION => {
            return Err(RecordError(format!(
                "its format {newer} is newer than {VERSION}, use a newer sluice"
            )));
        }
        other => return Err(RecordError(format!("there is no format {other}"))),
    }
    let flags = cursor.byte("flags")?;
    if flags & !flag::ALL != 0 {
        return Err(RecordError(format!("flags {flags:#04x} are not known")));
    }
    let envelope = read_envelope(flags, &mut cursor)?;
    let mode = if flags & flag::STRUCTURED == 0 { Mode::Binary } else { Mode::Structured };
    let data_kind = cursor.byte("payload kind")?;
    let (text, slots) = read_attributes(&mut cursor)?;
    let rest = cursor.left();
    let data = read_data(data_kind, bytes.split_off(bytes.len() - rest))?;
    Ok(Record { envelope, event: Event { text, slots, data, mode } })
}

fn read_envelope(flags: u8, cursor: &mut Cursor<'_>) -> Result<Envelope, RecordError> {
    let has = |flag| flags & flag != 0;
    Ok(Envelope {
        hops: cursor.byte("hops")?,
        accepted_at: Timestamp(cursor.fixed("acceptance")?),
        audience: if has(flag::GROUPS) { read_groups(cursor)? } else { Audience::All },
        trace: has(flag::TRACE).then(|| read_trace(cursor)).transpose()?,
        flow: has(flag::FLOW).then(|| read_flow(cursor)).transpose()?,
        redrive: has(flag::REDRIVE).then(|| cursor.string("redrive")).transpose()?,
        origin: has(flag::ORIGIN).then(|| cursor.fixed("origin")).transpose()?,
    })
}

fn read_groups(cursor: &mut Cursor<'_>) -> Result<Audience, RecordError> {
    /// An empty name, an attempt count of one byte, a time.
    const SMALLEST: usize = 10;
    let count = cursor.count(SMALLEST, "audience")?;
    let addressees = (0..count).map(|_| {
        Ok(Addressee {
            group: cursor.string("group")?,
            attempts: cursor.varint_u32("attempts")?,
            due: Timestamp(cursor.fixed("due time")?),
        })
    });
    addressees.collect::<Result<_, _>>().map(Audience::Groups)
}

fn read_trace(cursor: &mut Cursor<'_>) -> Result<TraceContext, RecordError> {
    Ok(TraceContext { parent: cursor.string("traceparent")?, state: cursor.string("tracestate")? })
}

fn read_flow(cursor: &mut Cursor<'_>) -> Result<FlowStep, RecordError> {
    Ok(FlowStep {
        flow: cursor.string("flow")?,
        step: cursor.varint_u32("flow step")?,
        cause: cursor.fixed("cause")?,
    })
}

/// All text in one piece, and the slots that cut it.
fn read_attributes(cursor: &mut Cursor<'_>) -> Result<(Box<str>, Box<[Slot]>), RecordError> {
    /// The type and two lengths.
    const SMALLEST: usize = 3;
    let count = cursor.count(SMALLEST, "attributes")?;
    if count > MAX_ATTRIBUTES {
        return Err(RecordError(format!("attributes: {count} are too many")));
    }
    let mut slots = Vec::with_capacity(count);
    let mut end = 0;
    for _ in 0..count {
        end = read_slot(end, cursor, &mut slots)?;
    }
    let text = text(cursor.take(end as usize, "attribute text")?, "attribute text")?;
    check_slots(text, &slots)?;
    Ok((text.into(), slots.into_boxed_slice()))
}

/// Reads the slot whose text begins at `start`, and says where it ends.
fn read_slot(start: u32, cursor: &mut Cursor<'_>, slots: &mut Vec<Slot>) -> Result<u32, RecordError> {
    let byte = cursor.byte("attribute type")?;
    let kind = match byte & !slot_kind::HAS_RAW {
        slot_kind::STRING => Kind::String,
        slot_kind::INTEGER => Kind::Integer,
        slot_kind::BOOLEAN => Kind::Boolean,
        other => return Err(RecordError(format!("attribute type {other} is not known"))),
    };
    let name = read_span(start, cursor)?;
    let value = read_span(name.end, cursor)?;
    let raw = (byte & slot_kind::HAS_RAW != 0).then(|| read_span(value.end, cursor)).transpose()?;
    slots.push(Slot { name, value, raw, kind });
    Ok(raw.unwrap_or(value).end)
}

fn read_span(start: u32, cursor: &mut Cursor<'_>) -> Result<Span, RecordError> {
    let length = cursor.varint_u32("attribute length")?;
    match start.checked_add(length) {
        Some(end) => Ok(Span { start, end }),
        None => Err(RecordError("attribute length: the number is too large".to_owned())),
    }
}

/// No span cuts a character, and the required attributes stand in front. The spans touch one another.
fn check_slots(text: &str, slots: &[Slot]) -> Result<(), RecordError> {
    let ends =
        slots.iter().flat_map(|slot| [slot.name.end, slot.value.end, slot.raw.unwrap_or(slot.value).end]);
    if !ends.into_iter().all(|end| text.is_char_boundary(end as usize)) {
        return Err(RecordError("attribute text: a character is cut".to_owned()));
    }
    let names = slots.iter().map(|slot| text.get(slot.name.start as usize..slot.name.end as usize));
    if !names.take(REQUIRED.len()).eq(REQUIRED.into_iter().map(Some)) {
        return Err(RecordError(format!("attributes: the first are not {}", REQUIRED.join(", "))));
    }
    Ok(())
}

fn read_data(kind: u8, payload: Bytes) -> Result<Data, RecordError> {
    match kind {
        data_kind::ABSENT if payload.is_empty() => Ok(Data::Absent),
        data_kind::ABSENT => Err(RecordError("payload: there is one, and should not".to_owned())),
        data_kind::BYTES => Ok(Data::Bytes(payload)),
        data_kind::JSON => Ok(Data::Json(payload)),
        data_kind::TEXT => Ok(Data::Text(payload)),
        data_kind::BASE64 => Ok(Data::Base64(payload)),
        other => Err(RecordError(format!("payload kind {other} is not known"))),
    }
}
