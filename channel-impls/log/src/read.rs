//! Reads records of one lane from the disk.

use crate::extent::Span;
use crate::frame::{HEADER, Header, Kind};
use crate::index::Plan;
use crate::lane::Lane;
use crate::scan::{Found, Scanner};
use crate::shared::Shared;
use crate::state::Piece;
use crate::{Damage, segment::Segment};
use broker_core::{Entry, Position};
use bytes::Bytes;
use std::io;

/// Reads for one lane. Blocks: to be used on a thread that may.
pub(crate) struct Records<'a> {
    shared: &'a Shared,
    lane: &'a Lane,
}

/// A record as it lies on disk: stamp, position, payload.
pub(crate) type Raw = (u64, Position, Bytes);

impl<'a> Records<'a> {
    pub(crate) fn new(shared: &'a Shared, lane: &'a Lane) -> Self {
        Self { shared, lane }
    }

    /// The records of a plan, ascending, each once; damaged ones are left out and reported.
    pub(crate) fn raw(&self, plan: &Plan) -> io::Result<Vec<Raw>> {
        let mut records = Vec::new();
        for span in &plan.spans {
            self.span(span, &|position| (plan.from..plan.next).contains(&position), &mut records)?;
        }
        // A span may hold copies of records that were moved.
        records.sort_by_key(|(_, position, _)| *position);
        records.dedup_by_key(|(_, position, _)| *position);
        Ok(records)
    }

    /// As [`Records::raw`], decoded.
    pub(crate) fn entries(&self, plan: &Plan) -> io::Result<Vec<(Position, Entry)>> {
        Ok(self.decoded(self.raw(plan)?))
    }

    /// The records at these ascending positions.
    pub(crate) fn at(&self, spans: &[Span], positions: &[Position]) -> io::Result<Vec<(Position, Entry)>> {
        let mut records = Vec::new();
        for span in spans {
            self.span(span, &|position| positions.binary_search(&position).is_ok(), &mut records)?;
        }
        records.sort_by_key(|(_, position, _)| *position);
        records.dedup_by_key(|(_, position, _)| *position);
        Ok(self.decoded(records))
    }

    fn decoded(&self, records: Vec<Raw>) -> Vec<(Position, Entry)> {
        let decode = |(_, position, payload)| match Entry::decode(payload) {
            Ok(entry) => Some((position, entry)),
            Err(error) => {
                tracing::warn!(position, %error, "a record cannot be read, skipped");
                self.shared.metrics.damaged.inc();
                None
            }
        };
        records.into_iter().filter_map(decode).collect()
    }

    fn span(&self, span: &Span, wanted: &dyn Fn(Position) -> bool, records: &mut Vec<Raw>) -> io::Result<()> {
        let bytes = Bytes::from(load(&span.segment, span.offset, span.len)?);
        for found in Scanner::new(&bytes, span.offset, span.segment.life) {
            match found {
                Found::Frame { header, payload, .. } => {
                    if self.is_ours(&header) && wanted(header.position) {
                        records.push((header.stamp, header.position, bytes.slice(payload)));
                    }
                }
                Found::Damaged { offset, bytes, header } => {
                    if header.is_none_or(|h| self.is_ours(&h) && wanted(h.position)) {
                        self.shared.report(Damage { file: span.segment.name(), offset, bytes });
                    }
                }
            }
        }
        Ok(())
    }

    fn is_ours(&self, header: &Header) -> bool {
        header.kind == Kind::Entry && header.channel == self.lane.channel && header.lane == self.lane.number.0
    }

    /// The bytes of a piece of state; `None` when it is damaged.
    pub(crate) fn piece(&self, piece: &Piece) -> io::Result<Option<Bytes>> {
        let Span { segment, offset, len } = &piece.span;
        let bytes = Bytes::from(load(segment, *offset, *len)?);
        if let Some(Found::Frame { payload, .. }) = Scanner::new(&bytes, *offset, segment.life).next() {
            return Ok(Some(bytes.slice(payload)));
        }
        self.shared.report(Damage { file: segment.name(), offset: *offset, bytes: *len });
        Ok(None)
    }

    /// When the record at the start of a span was appended; `None` when its header is damaged.
    pub(crate) fn stamp(&self, span: &Span) -> io::Result<Option<u64>> {
        let bytes = load(&span.segment, span.offset, u32::try_from(HEADER).unwrap_or(0))?;
        Ok(Header::read(span.segment.life, &bytes).map(|header| header.stamp))
    }
}

fn load(segment: &Segment, offset: u32, len: u32) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; len as usize];
    let read = segment.file.read_at(u64::from(offset), &mut bytes)?;
    bytes.truncate(read);
    Ok(bytes)
}
