//! The one door in.

use crate::{AppendError, Channel, ChannelId, Channels, Delivery, GroupName, ObjectKey, Routes};
use event::{Addressee, Audience, Envelope, Event, Record, Timestamp, TraceContext};
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;

/// Takes every event from outside: HTTP, a reply, a source. `Ok` means durable. Cheap to clone.
#[derive(Clone)]
pub struct Publisher {
    routes: Routes,
    channels: Channels,
    limits: Limits,
    taps: broadcast::Sender<Tapped>,
}

/// What the door lets through.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one event, attributes and payload (`--max-event-size` and room for attributes).
    pub max_event_bytes: usize,
}

/// An event seen by somebody who listens at the door (`sluice tail`).
#[derive(Clone, Debug)]
pub struct Tapped {
    /// Where it was sent.
    pub target: ObjectKey,
    /// The event as it was accepted.
    pub record: Arc<Record>,
}

/// Where an event comes from, as far as it matters at the door.
#[derive(Clone, Debug, Default)]
pub struct Arrival {
    /// Rounds left after this one, when it is a reply or comes from a Broker of this mesh; `None`: from outside.
    pub hops: Option<u8>,
    /// W3C trace context to keep with it.
    pub trace: Option<TraceContext>,
}

/// Why the door did not let an event in. Each has one status code, in `ingress`.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PublishError {
    /// 404.
    #[error("there is no {} `{}/{}`", .0.kind.word(), .0.namespace, .0.name)]
    NoSuchTarget(ObjectKey),
    /// 400 from outside; final for a reply.
    #[error(
        "the event has no rounds left (`sluice.dev/hops`, `knativebrokerttl`): is a sink answering with an event that its own trigger matches?"
    )]
    OutOfHops,
    /// 413; final for a reply.
    #[error("the event has {size} bytes, allowed are {max} (`--max-event-size`)")]
    TooLarge {
        /// Bytes of the event.
        size: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// 503 with `Retry-After`: full, or the backend is away.
    #[error("{detail}")]
    Unavailable {
        /// What is not available and why.
        detail: String,
        /// When to come again.
        retry_after: Duration,
    },
}

impl PublishError {
    /// True when sending the same event again cannot succeed.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::OutOfHops | Self::TooLarge { .. })
    }
}

/// Extension that carries the hops between Knative brokers; it can only lower ours and is not passed on.
const TTL: &str = "knativebrokerttl";
/// Taps that fall further behind than this lose events; delivery never waits for them.
const TAP_BUFFER: usize = 1024;

impl Publisher {
    /// A door to what `routes` declares and `channels` holds.
    #[must_use]
    pub fn new(routes: Routes, channels: Channels, limits: Limits) -> Self {
        Self { routes, channels, limits, taps: broadcast::Sender::new(TAP_BUFFER) }
    }

    /// True when events can be sent to `target`; asked before a body is read.
    #[must_use]
    pub fn knows(&self, target: &ObjectKey) -> bool {
        self.routes.load().route(target).is_some()
    }

    /// Makes the events durable in the target's channel, all in one append.
    ///
    /// # Errors
    /// See [`PublishError`]. On `Unavailable` any prefix may have been taken.
    pub async fn publish(
        &self,
        target: &ObjectKey,
        events: Vec<Event>,
        arrival: Arrival,
    ) -> Result<(), PublishError> {
        let table = self.routes.snapshot();
        let route = table.route(target).ok_or_else(|| PublishError::NoSuchTarget(target.clone()))?;
        if !route.takes_events() {
            return Err(not_ready(target, "its stages are still being made"));
        }
        let channel = self.channel(&route.channel.id, target)?;
        let hops = arrival.hops.unwrap_or(route.hops).min(route.hops);
        let now = Timestamp::now();
        let records = self.admit_all(events, hops, now, arrival.trace.as_ref())?;
        let tapped = (self.taps.receiver_count() > 0).then(|| records.clone());
        channel.append(records).await.map_err(|e| refused(target, &e))?;
        for record in tapped.into_iter().flatten() {
            // Nobody listening any more is no error.
            let _ = self.taps.send(Tapped { target: target.clone(), record: Arc::new(record) });
        }
        Ok(())
    }

    /// Makes it durable that `group` is done with the delivery, together with the answers that go on to the group
    /// `to` of the same channel. The answers keep the hops of the event: a flow has an end.
    ///
    /// # Errors
    /// See [`PublishError`]. On `Unavailable` any prefix may have been taken.
    pub async fn hand_on(
        &self,
        channel: &ChannelId,
        group: &GroupName,
        delivery: &Delivery,
        to: Option<&GroupName>,
        answers: Vec<Event>,
    ) -> Result<(), PublishError> {
        let open = self.channel(channel, group)?;
        let envelope = &delivery.record.envelope;
        let mut records =
            self.admit_all(answers, envelope.hops, Timestamp::now(), envelope.trace.as_ref())?;
        let addressee = |group: &GroupName| Addressee {
            group: group.to_string(),
            attempts: 0,
            due: Timestamp::default(),
        };
        for record in &mut records {
            record.envelope.audience = Audience::Groups(to.into_iter().map(addressee).collect());
        }
        open.conclude(group, delivery, records).await.map_err(|e| refused(group, &e))
    }

    /// Whether an event with so many rounds left can be let in at all.
    ///
    /// # Errors
    /// One that is final: [`PublishError::TooLarge`] or [`PublishError::OutOfHops`].
    pub fn admits(&self, event: &Event, hops: u8) -> Result<(), PublishError> {
        let (size, max) = (event.size(), self.limits.max_event_bytes);
        if size > max {
            return Err(PublishError::TooLarge { size, max });
        }
        if rounds(event, hops) == 0 { Err(PublishError::OutOfHops) } else { Ok(()) }
    }

    /// Listens to what is accepted from now on. A listener that is too slow misses events.
    #[must_use]
    pub fn tap(&self) -> broadcast::Receiver<Tapped> {
        self.taps.subscribe()
    }

    fn channel(&self, id: &ChannelId, asker: &dyn Display) -> Result<Arc<dyn Channel>, PublishError> {
        self.channels.get(id).ok_or_else(|| not_ready(asker, "its channel is still being opened"))
    }

    fn admit_all(
        &self,
        events: Vec<Event>,
        hops: u8,
        now: Timestamp,
        trace: Option<&TraceContext>,
    ) -> Result<Vec<Record>, PublishError> {
        events.into_iter().map(|event| self.admit(event, hops, now, trace.cloned())).collect()
    }

    fn admit(
        &self,
        event: Event,
        hops: u8,
        now: Timestamp,
        trace: Option<TraceContext>,
    ) -> Result<Record, PublishError> {
        self.admits(&event, hops)?;
        let rounds = rounds(&event, hops);
        let event = match event.get(TTL) {
            None => event,
            Some(_) => event::EventBuilder::from(&event).unset(TTL).build().unwrap_or(event),
        };
        let mut envelope = Envelope::accepted(rounds, now);
        envelope.trace = trace;
        Ok(Record { envelope, event })
    }
}

/// The rounds that are left, which a Knative broker on the way may have lowered.
fn rounds(event: &Event, hops: u8) -> u8 {
    let ttl = event.get(TTL).and_then(|ttl| ttl.parse::<u8>().ok());
    ttl.map_or(hops, |ttl| ttl.min(hops))
}

fn not_ready(target: &dyn Display, why: &str) -> PublishError {
    PublishError::Unavailable {
        detail: format!("`{target}` is not ready yet: {why}"),
        retry_after: Duration::from_secs(1),
    }
}

fn refused(target: &dyn Display, error: &AppendError) -> PublishError {
    match error {
        AppendError::TooLarge { size, max } => PublishError::TooLarge { size: *size, max: *max },
        AppendError::Full { .. } => PublishError::Unavailable {
            detail: format!("`{target}`: {error}"),
            retry_after: Duration::from_secs(10),
        },
        AppendError::Unavailable(_) => PublishError::Unavailable {
            detail: format!("`{target}`: {error}"),
            retry_after: Duration::from_secs(2),
        },
    }
}
