//! `/healthz` and `/readyz`.

use crate::ProblemDetails;
use crate::api::Api;
use axum::extract::State;
use broker_core::Health;
use std::sync::Arc;

/// The process runs; nothing is said about whether it can work.
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether events sent now are expected to be taken, and if not, every reason.
pub(crate) async fn readyz(State(api): State<Arc<Api>>) -> Result<&'static str, ProblemDetails> {
    let reasons = api.red_lights();
    if reasons.is_empty() { Ok("ok\n") } else { Err(ProblemDetails::not_ready(reasons)) }
}

impl Api {
    fn red_lights(&self) -> Vec<String> {
        let starting = *self.admin.published.borrow() == 0;
        let starting = starting.then(|| "the manifests are not in force yet".to_owned());
        let draining =
            self.admin.draining.is_cancelled().then(|| "the server is draining and will end".to_owned());
        let backends = self.admin.backends.iter().filter_map(|(name, health)| match &*health.borrow() {
            Health::Up => None,
            Health::Down(why) => Some(format!("backend `{name}` is away: {why}")),
            Health::Failed(why) => Some(format!("backend `{name}` failed and does not come back: {why}")),
        });
        starting.into_iter().chain(draining).chain(backends).collect()
    }
}
