//! What is sent: events made from flags, as requests.

use super::Args;
use crate::error::CliError;
use bytes::Bytes;
use event::{Data, Event, EventBuilder};
use http::{HeaderMap, HeaderValue, header};
use std::io::Read;
use std::ops::Range;
use uuid::Uuid;

/// The content mode of single events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Mode {
    /// Attributes as headers.
    Binary,
    /// One JSON object.
    Structured,
}

/// Events that differ in their id only.
pub(super) struct Messages {
    like: EventBuilder,
    id: Option<String>,
    numbered: bool,
    mode: event::Mode,
    batch: bool,
}

/// One request, with the ids of the events in it.
pub(super) struct Message {
    pub(super) ids: Vec<String>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Messages {
    /// Checks the attributes once, for all of them.
    pub(super) fn new(args: &Args) -> Result<Self, CliError> {
        let mut like = Event::builder().set("type", &args.ty).set("source", &args.source);
        if let Some(subject) = &args.subject {
            like = like.set("subject", subject);
        }
        for (name, value) in &args.ext {
            like = like.set(name, value);
        }
        if let Some(data) = args.data.as_deref() {
            let data = read_data(data)?;
            like = like.set("datacontenttype", args.content_type.as_deref().unwrap_or_else(|| guess(&data)));
            like = like.data(Data::Bytes(data));
        } else if let Some(content_type) = &args.content_type {
            like = like.set("datacontenttype", content_type);
        }
        let mode = match args.mode {
            Mode::Binary => event::Mode::Binary,
            Mode::Structured => event::Mode::Structured,
        };
        let messages =
            Self { like, id: args.id.clone(), numbered: args.count > 1, mode, batch: args.batch.is_some() };
        messages.event(0).map_err(CliError::Usage)?;
        Ok(messages)
    }

    /// The request that carries the events with these numbers.
    pub(super) fn request(&self, numbers: Range<u64>) -> Message {
        let events: Vec<Event> = numbers
            .map(|number| self.event(number).expect("the first event had the same attributes and was valid"))
            .collect();
        let mut headers = HeaderMap::new();
        let body = match &events[..] {
            [one] if !self.batch => event::http::encode(one, self.mode, &mut headers),
            all => {
                let batch = HeaderValue::from_static("application/cloudevents-batch+json");
                headers.insert(header::CONTENT_TYPE, batch);
                let mut json = Vec::new();
                event::json::encode_batch(all, &mut json);
                json.into()
            }
        };
        Message { ids: events.iter().map(|event| event.id().to_owned()).collect(), headers, body }
    }

    fn event(&self, number: u64) -> Result<Event, String> {
        let id = match &self.id {
            Some(id) if self.numbered => format!("{id}-{}", number + 1),
            Some(id) => id.clone(),
            None => Uuid::now_v7().to_string(),
        };
        self.like.clone().set("id", &id).build().map_err(|error| error.to_string())
    }
}

fn read_data(data: &str) -> Result<Bytes, CliError> {
    let unreadable = |error: std::io::Error| CliError::Usage(format!("--data {data}: {error}"));
    match (data, data.strip_prefix('@')) {
        ("-", _) => {
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes).map_err(unreadable)?;
            Ok(bytes.into())
        }
        (_, Some(file)) => std::fs::read(file).map(Bytes::from).map_err(unreadable),
        (text, None) => Ok(Bytes::copy_from_slice(text.as_bytes())),
    }
}

fn guess(data: &[u8]) -> &'static str {
    if serde_json::from_slice::<serde::de::IgnoredAny>(data).is_ok() {
        "application/json"
    } else if std::str::from_utf8(data).is_ok() {
        "text/plain"
    } else {
        "application/octet-stream"
    }
}
