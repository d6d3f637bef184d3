//! `/metrics`, in the OpenMetrics text format.

use crate::ProblemDetails;
use crate::api::{Api, aside};
use axum::extract::State;
use axum::response::IntoResponse;
use http::{StatusCode, header};
use prometheus_client::encoding::text::encode;
use std::sync::Arc;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything in the registry; gauges that are looked up per scrape are collectors in it (see [`crate::Gauges`]).
pub(crate) async fn scrape(State(api): State<Arc<Api>>) -> Result<impl IntoResponse, ProblemDetails> {
    let text = aside(move || {
        let mut text = String::new();
        encode(&mut text, &api.admin.registry).map(|()| text)
    });
    let text = text.await?.map_err(|_| {
        ProblemDetails::new(StatusCode::INTERNAL_SERVER_ERROR, "a metric could not be written")
    })?;
    Ok(([(header::CONTENT_TYPE, OPEN_METRICS)], text))
}
