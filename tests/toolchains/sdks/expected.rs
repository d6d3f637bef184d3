//! What a receiver must get of an event, and what is different.

use super::cases::{self, Case};
use super::exceptions::{self, Side};
use super::header;
use super::sdk::{Mode, Sdk};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::Value;

/// An event that was accepted.
#[derive(Clone, Debug)]
pub(super) struct Sending {
    sdk: &'static Sdk,
    mode: Mode,
    case: Case,
}

/// The three ways to each receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    AsItCame,
    Binary,
    Structured,
}

impl Delivery {
    pub(super) const ALL: [Self; 3] = [Self::AsItCame, Self::Binary, Self::Structured];

    pub(super) fn path(self) -> &'static str {
        match self {
            Self::AsItCame => "/as-it-came",
            Self::Binary => "/binary",
            Self::Structured => "/structured",
        }
    }
}

impl Sending {
    /// The event, if it can be sent so; else the status that the sender gets, 0 if it sends nothing.
    pub(super) fn new(sdk: &'static Sdk, mode: Mode, case: Case) -> Result<Self, u64> {
        if mode == Mode::Binary {
            let values = case.event.as_object().unwrap().values();
            let extensions = case.event["extensions"].as_object().into_iter().flat_map(|all| all.values());
            let texts = values.chain(extensions).filter_map(Value::as_str);
            texts.map(|text| sdk.writes.write(text)).collect::<Result<Vec<_>, _>>()?;
        }
        Ok(Self { sdk, mode, case })
    }

    pub(super) fn id(&self) -> String {
        cases::numbered(&self.case, self.sdk, self.mode)["id"].as_str().unwrap().to_owned()
    }

    /// The mode it is delivered in.
    fn arrives(&self, delivery: Delivery) -> Mode {
        match (delivery, self.mode) {
            (Delivery::Binary, _) | (Delivery::AsItCame, Mode::Binary) => Mode::Binary,
            (Delivery::Structured, _) | (Delivery::AsItCame, Mode::Structured | Mode::Batch) => {
                Mode::Structured
            }
        }
    }

    /// The event as this receiver shows it; `None` when it refuses it.
    pub(super) fn at(&self, delivery: Delivery, receiver: &Sdk) -> Option<Value> {
        let arrives = self.arrives(delivery);
        let mut event = cases::numbered(&self.case, self.sdk, self.mode);
        let from = (self.sdk.name, sends(self.mode));
        event = exceptions::apply(self.sdk, from.1, self.case.name, from, event)?;
        if self.mode != Mode::Binary && event["datacontenttype"].is_null() {
            // What the JSON format implies is made explicit on the way (CloudEvents 1.0, `datacontenttype`).
            event["datacontenttype"] = "application/json".into();
        }
        let text = |value: &str| self.text(value, arrives, receiver);
        for name in ["source", "subject", "dataschema"] {
            if let Some(value) = event.get(name).and_then(Value::as_str) {
                event[name] =
                    if name == "subject" { text(value) } else { self.uri(value, arrives, receiver) }.into();
            }
        }
        let extensions = event["extensions"].as_object().cloned().unwrap_or_default();
        let typed = self.mode != Mode::Binary && arrives != Mode::Binary;
        let extension = |(name, value)| match value {
            Value::String(value) => (name, text(&value).into()),
            value if typed => (name, value),
            value => (name, value.to_string().into()),
        };
        event["extensions"] = extensions.into_iter().map(extension).collect();
        exceptions::apply(receiver, gets(arrives), self.case.name, from, event)
    }

    /// The text of an attribute, through all headers on its way.
    fn text(&self, value: &str, arrives: Mode, receiver: &Sdk) -> String {
        let sent = (self.mode == Mode::Binary).then(|| self.sdk.writes.write(value).unwrap());
        match (sent, arrives) {
            (Some(sent), Mode::Binary) => receiver.reads.read(&sent),
            (None, Mode::Binary) => receiver.reads.read(&header::encode(value)),
            (Some(sent), _) => header::decode(&sent),
            (None, _) => value.to_owned(),
        }
    }

    /// A URI that was not encoded once more for its header is taken as it is, if nothing else makes a URI of it.
    fn uri(&self, value: &str, arrives: Mode, receiver: &Sdk) -> String {
        let text = self.text(value, arrives, receiver);
        if arrives == Mode::Binary || !text.contains(' ') { text } else { value.to_owned() }
    }

    fn time_digits(&self, receiver: &Sdk) -> usize {
        self.sdk.time_digits.min(receiver.time_digits)
    }
}

/// A line for each member that is not as expected.
pub(super) fn differences(sending: &Sending, receiver: &Sdk, expected: &Value, got: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for name in ["source", "type", "subject", "dataschema", "datacontenttype", "extensions"] {
        if expected[name] != got[name] {
            wrong.push(format!("{name}: expected {}, got {}", expected[name], got[name]));
        }
    }
    if !same_time(sending, receiver, &expected["time"], &got["time"]) {
        wrong.push(format!("time: expected {}, got {}", expected["time"], got["time"]));
    }
    if !same_data(&expected["data"], &got["data"]) {
        wrong.push(format!("data: expected {}, got {}", expected["data"], got["data"]));
    }
    wrong
}

fn sends(mode: Mode) -> Side {
    if mode == Mode::Binary { Side::SendsBinary } else { Side::SendsJson }
}

fn gets(mode: Mode) -> Side {
    if mode == Mode::Binary { Side::GetsBinary } else { Side::GetsJson }
}

/// As instants, to the digits that both SDKs keep.
fn same_time(sending: &Sending, receiver: &Sdk, expected: &Value, got: &Value) -> bool {
    let time = |value: &Value| value.as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let unit = 10_i128.pow(9 - u32::try_from(sending.time_digits(receiver)).unwrap());
    let cut = |time: Timestamp| time.as_nanosecond().div_euclid(unit);
    match (time(expected).map(cut), time(got).map(cut)) {
        (None, Some(_)) => sending.sdk.adds_time || receiver.adds_time,
        (expected, got) => expected == got,
    }
}

/// As values when JSON was sent, else as bytes.
fn same_data(expected: &Value, got: &Value) -> bool {
    if let Some(value) = expected.get("unparsed") {
        return got["json"].as_str().and_then(|text| serde_json::from_str(text).ok()).as_ref() == Some(value);
    }
    match expected.get("json") {
        Some(value) => {
            let read = || serde_json::from_slice(&bytes(got)?).ok();
            got.get("json").cloned().or_else(read).as_ref() == Some(value)
        }
        None => bytes(expected) == bytes(got),
    }
}

fn bytes(data: &Value) -> Option<Vec<u8>> {
    // What claims to be JSON and is not comes out as a string.
    if let Some(text) = data["text"].as_str().or(data["json"].as_str()) {
        return Some(text.as_bytes().to_vec());
    }
    data["base64"].as_str().map(|encoded| STANDARD.decode(encoded).unwrap())
}
