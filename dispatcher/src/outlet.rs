//! A way out for events: over HTTP, through the door of this mesh, or printed.

use crate::client::Answer;
use crate::failure::{Class, Failure, Remedy};
use crate::request::{HttpOutlet, Parcel};
use crate::trigger::Means;
use broker_core::{Arrival, ObjectKey, PrintSink, Sink};
use std::sync::Arc;

/// A sink, made ready to be used.
pub(crate) enum Outlet {
    Http(Box<HttpOutlet>),
    Target(ObjectKey),
    Print(Arc<PrintSink>),
}

impl Outlet {
    pub(crate) fn new(sink: &Sink, namespace: &str, means: &Means) -> Self {
        match sink {
            Sink::Http(http) => {
                Self::Http(Box::new(HttpOutlet::new(&means.pool, http, namespace, means.reply_bytes)))
            }
            Sink::Target(key) => Self::Target(key.clone()),
            Sink::Print(print) => Self::Print(print.clone()),
        }
    }

    /// The same way out, to a sink that is asked for its consent; only one over HTTP can be.
    pub(crate) fn with_origin(self, namespace: &str) -> Self {
        match self {
            Self::Http(http) => Self::Http(Box::new(http.with_origin(namespace))),
            Self::Target(_) | Self::Print(_) => self,
        }
    }

    /// Hands the event over. `Ok`: somebody else is responsible; an answer only if it came over HTTP.
    pub(crate) async fn send(&self, parcel: Parcel<'_>, means: &Means) -> Result<Option<Answer>, Failure> {
        match self {
            Self::Http(http) => match http.send(parcel).await? {
                answer if answer.status.is_success() => Ok(Some(answer)),
                answer => Err(Failure::refused(&answer)),
            },
            Self::Target(key) => Box::pin(publish(key, parcel, means)).await.map(|()| None),
            Self::Print(sink) => Box::pin(print(sink, parcel, means)).await.map(|()| None),
        }
    }

    /// What people know it by: `knativeerrordest`.
    pub(crate) fn address(&self) -> String {
        match self {
            Self::Http(http) => http.address.clone(),
            Self::Target(key) => key.to_string(),
            Self::Print(sink) => sink.name.clone(),
        }
    }
}

async fn publish(key: &ObjectKey, parcel: Parcel<'_>, means: &Means) -> Result<(), Failure> {
    let arrival = Arrival { hops: Some(parcel.hops), trace: parcel.trace.cloned() };
    Ok(means.publisher.publish(key, vec![parcel.event.clone()], arrival).await?)
}

async fn print(sink: &PrintSink, parcel: Parcel<'_>, means: &Means) -> Result<(), Failure> {
    let printed = means.printer.print(sink, parcel.event);
    match tokio::time::timeout(parcel.policy.timeout, printed).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(why)) => Err(Failure::new(Remedy::Retry, Class::Broken, why)),
        Err(_) => {
            let why = "the output takes nothing more (is it a pipe that nobody reads?)".to_owned();
            Err(Failure::new(Remedy::Retry, Class::Timeout, why))
        }
    }
}
