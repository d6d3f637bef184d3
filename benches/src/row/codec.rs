//! The pure parts alone, in this process: what one event costs in each codec and in the filter index.

use crate::bench::{Bench, Wanted};
use bytes::Bytes;
use event::http::Decoded;
use event::{Data, Envelope, Event, Mode, Record, Timestamp};
use filter::{Filter, Index};
use http::HeaderMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

const GROUPS: u32 = 10_000;

pub(super) fn run(bench: &mut Bench) -> Result<(), crate::Error> {
    let event = sample()?;
    let (mut headers, mut json) = (HeaderMap::new(), Vec::new());
    let body = event::http::encode(&event, Mode::Binary, &mut headers);
    event::json::encode(&event, &mut json);
    let json = Bytes::from(json);
    let record = Record { envelope: Envelope::accepted(255, Timestamp::now()), event: event.clone() };
    let mut stored = Vec::new();
    event::record::encode(&record, &mut stored);
    let stored = Bytes::from(stored);
    same(&event, &headers, &body, &json, &stored)?;

    bench.time("binary, read", || event::http::decode(&headers, body.clone()).is_ok());
    bench.time("binary, written", || {
        let mut headers = HeaderMap::with_capacity(16);
        event::http::encode(&event, Mode::Binary, &mut headers).len()
    });
    bench.time("JSON, read", || event::json::decode(&json).is_ok());
    let mut out = Vec::with_capacity(4096);
    bench.time("JSON, written", || {
        out.clear();
        event::json::encode(&event, &mut out);
        out.len()
    });
    bench.time("record, read", || event::record::decode(stored.clone()).is_ok());
    bench.time("record, written", || {
        out.clear();
        event::record::encode(&record, &mut out);
        out.len()
    });
    let (index, mut matched) = (index(), Vec::new());
    bench.time("index of 10,000 filters", || {
        index.matches(&event, &mut matched);
        matched.len()
    });
    Ok(())
}

impl Bench {
    /// Notes what one call costs, in a loop of a second.
    fn time<T>(&mut self, what: &str, mut call: impl FnMut() -> T) {
        let limit = Duration::from_secs_f64(self.seconds.min(1.0));
        let (start, mut calls) = (Instant::now(), 0u64);
        while start.elapsed() < limit {
            for _ in 0..1_000 {
                black_box(call());
            }
            calls += 1_000;
        }
        let micros = start.elapsed().as_secs_f64() * 1e6 / calls as f64;
        self.note("codec", what, micros, "us", Wanted::Nothing);
    }
}

fn sample() -> Result<Event, crate::Error> {
    let builder = Event::builder()
        .set("id", "00000000000000000001")
        .set("source", "/benches")
        .set("type", crate::mesh::TYPE)
        .set("sent", "00000000000000000001")
        .set("datacontenttype", "text/plain");
    Ok(builder.data(Data::Bytes(Bytes::from("x".repeat(256)))).build()?)
}

/// Timing an error would flatter: everything must come back as it was.
fn same(
    event: &Event,
    headers: &HeaderMap,
    body: &Bytes,
    json: &Bytes,
    stored: &Bytes,
) -> Result<(), crate::Error> {
    let Decoded::One(binary) = event::http::decode(headers, body.clone())? else {
        return Err("a batch".into());
    };
    for other in [binary, event::json::decode(json)?, event::record::decode(stored.clone())?.event] {
        if other.id() != event.id() || other.data().bytes() != event.data().bytes() {
            return Err("a codec changed the event".into());
        }
    }
    Ok(())
}

fn index() -> Index {
    let mut index = Index::default();
    for group in 1..GROUPS {
        index.insert(group, &Filter::Exact("type".to_owned(), format!("com.example.other.{group}")));
    }
    index.insert(0, &Filter::Exact("type".to_owned(), crate::mesh::TYPE.to_owned()));
    index
}
