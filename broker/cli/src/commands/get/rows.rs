//! The table of objects.

use super::{age, kind};
use crate::error::CliError;
use crate::output::Output;
use crate::table::{Columns, judged};
use comfy_table::Cell;
use event::Timestamp;
use serde_json::Value;
use std::time::Duration;

/// One row per object; the kind stands before the name where several are listed.
pub(super) fn print(
    objects: &[Value],
    wide: bool,
    with_namespace: bool,
    one_kind: bool,
    out: &mut Output,
) -> Result<(), CliError> {
    let mut header = vec!["NAME", "READY", "REASON", "AGE", "URL", "BACKLOG", "RETRYING", "DEAD"];
    if with_namespace {
        header.insert(0, "NAMESPACE");
    }
    if wide {
        header.extend(["IN-FLIGHT", "OLDEST", "MESSAGE"]);
    }
    let mut columns = Columns::new(out, &header);
    let now = Timestamp::now();
    for object in objects {
        let name = text(&object["metadata"]["name"]);
        let name = if one_kind { name } else { format!("{}/{name}", kind::kind_of(object).to_lowercase()) };
        let mut cells = Vec::new();
        if with_namespace {
            cells.push(Cell::new(text(&object["metadata"]["namespace"])));
        }
        cells.push(Cell::new(name));
        cells.extend(status(object, now));
        if wide {
            cells.extend(more(object));
        }
        columns.row(cells);
    }
    Ok(columns.print(out)?)
}

fn status(object: &Value, now: Timestamp) -> [Cell; 7] {
    let status = &object["status"];
    let ready = ready(object);
    let physical = &status["physicalSubscription"];
    let urls = [
        &status["address"]["url"],
        &status["subscriberUri"],
        &physical["subscriberUri"],
        &physical["replyUri"],
    ];
    let url = urls.into_iter().find(|url| url.is_string());
    let numbers = &status["sluice"];
    [
        ready.map_or_else(|| Cell::new(""), |ready| judged(&text(&ready["status"]))),
        Cell::new(why(object).0),
        Cell::new(age_of(object, now)),
        Cell::new(url.map_or_else(String::new, text)),
        Cell::new(text(&numbers["backlog"])),
        Cell::new(text(&numbers["retrying"])),
        Cell::new(text(&numbers["dead"])),
    ]
}

fn more(object: &Value) -> [Cell; 3] {
    let numbers = &object["status"]["sluice"];
    let oldest = numbers["oldestSeconds"].as_f64().filter(|seconds| *seconds > 0.0);
    let oldest = oldest.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    [
        Cell::new(text(&numbers["inFlight"])),
        Cell::new(oldest.map_or_else(String::new, age::short)),
        Cell::new(why(object).1),
    ]
}

/// Why the object is not Ready, else why its deliveries fail: a word and a message.
fn why(object: &Value) -> (String, String) {
    let failure = &object["status"]["sluice"]["failure"];
    match ready(object) {
        Some(ready) if failure.is_null() || !ready["reason"].is_null() => {
            (text(&ready["reason"]), text(&ready["message"]))
        }
        _ if failure.is_null() => (String::new(), String::new()),
        _ => ("DeliveryFails".to_owned(), text(failure)),
    }
}

fn ready(object: &Value) -> Option<&Value> {
    object["status"]["conditions"].as_array()?.iter().find(|condition| condition["type"] == "Ready")
}

fn age_of(object: &Value, now: Timestamp) -> String {
    let created =
        object["metadata"]["creationTimestamp"].as_str().and_then(|t| t.parse::<jiff::Timestamp>().ok());
    created
        .and_then(|created| u64::try_from(created.as_millisecond()).ok())
        .map_or_else(String::new, |created| age::short(now.since(Timestamp(created))))
}

/// A string without its quotes, a number as it is, nothing for nothing.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
