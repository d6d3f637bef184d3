//! What the data plane obeys. Pure data: everything in it is parsed, nothing is invalid.

use crate::{ChannelId, ChannelOptions, DeliveryPolicy, GroupName, GroupSpec, ObjectKey};
use filter::Filter;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// Everything that users declared, compiled.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RoutingTable {
    /// Grows with every table.
    pub generation: u64,
    /// What events can be sent to.
    pub routes: BTreeMap<ObjectKey, Arc<Route>>,
    /// What is declared and out of force, because something is wrong with it.
    pub held: Held,
}

/// Declared, but not in force: it was not removed, so the time that removed objects keep their data
/// (`--keep-removed`) does not run for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// The channels of such Brokers.
    pub channels: BTreeSet<ChannelId>,
    /// The groups of such Triggers.
    pub groups: BTreeSet<GroupName>,
}

/// A Broker, Channel, Sequence or Parallel: where its events go.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// Its identity.
    pub key: ObjectKey,
    /// The log that keeps its events.
    pub channel: ChannelRef,
    /// Rounds an event may make (`sluice.dev/hops`).
    pub hops: u8,
    /// Its Triggers, Subscriptions or steps, by name. An event that comes in goes to those whose filter it passes.
    pub triggers: Vec<Arc<TriggerRoute>>,
}

impl Route {
    /// False for a flow whose stages are not there yet.
    #[must_use]
    pub fn takes_events(&self) -> bool {
        !self.triggers.is_empty() || !self.key.kind.is_flow()
    }
}

/// A channel in a backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelRef {
    /// The backend's word: `log`, `memory`, ...
    pub backend: String,
    /// The channel's name there.
    pub id: ChannelId,
    /// Budget and retention.
    pub options: ChannelOptions,
}

/// A Trigger, Subscription or step of a flow: which events, to whom, how.
#[derive(Clone, Debug, PartialEq)]
pub struct TriggerRoute {
    /// The group in the channel, and what people see: `NS/NAME` of a Trigger, `sequences/NS/NAME/step-1`.
    pub group: GroupName,
    /// The namespace, for `Kn-Namespace`.
    pub namespace: Arc<str>,
    /// Filter, start, order, window, pause.
    pub spec: GroupSpec,
    /// Who gets the events.
    pub sink: Sink,
    /// Who gets the sink's answers; `None`: none is asked for. A Trigger's go to its Broker.
    pub reply: Option<ReplyTo>,
    /// A step of a flow: that an event is done here becomes durable before it is acked, answer or not, so that not
    /// even a crash repeats the step. Costs an append.
    pub step: bool,
    /// Tries and waits.
    pub delivery: DeliveryPolicy,
    /// Who gets events that could not be delivered; `None`: the dead letter store at once.
    pub dead_letter_sink: Option<Sink>,
    /// The sink is asked for its consent before the first event (`sluice.dev/webhook-handshake`).
    pub handshake: bool,
}

impl TriggerRoute {
    /// True for a group that no event from outside goes to: it takes answers that are addressed to it.
    #[must_use]
    pub fn is_only_addressed(&self) -> bool {
        matches!(&self.spec.filter, Filter::Any(none) if none.is_empty())
    }
}

/// Where a sink's answers go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplyTo {
    /// Through the door to this target, with one round less.
    Target(ObjectKey),
    /// To this group of the same channel and nobody else: durable together with the end of the delivery that was
    /// answered, without a round less. A next step; or a sink of its own, so that a reply is tried, repeated and
    /// dead-lettered by itself.
    Group(GroupName),
    /// To nobody. They are asked for all the same: a sink of a channel is never told whether somebody wants its answer.
    Nobody,
}

/// Where a request goes.
#[derive(Clone, Debug, PartialEq)]
pub enum Sink {
    /// Somebody who speaks HTTP.
    Http(Arc<HttpSink>),
    /// A Broker, Channel or flow of this mesh: through the door, without HTTP, keeping the hops.
    Target(ObjectKey),
    /// An `IntegrationSink` with `log`: printed by this process.
    Print(Arc<PrintSink>),
}

/// A sink that speaks HTTP.
#[derive(Clone, PartialEq)]
pub struct HttpSink {
    /// Absolute, `http` or `https`.
    pub uri: http::Uri,
    /// PEM roots that are trusted in addition, from `CACerts`.
    pub ca_certs: Option<String>,
    /// Shown when the sink asks who we are (`sluice.dev/client-certificate`).
    pub client_certificate: Option<Arc<ClientCertificate>>,
}

/// A certificate and its key that belong together.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ClientCertificate {
    /// PEM: the own certificate, then those that lead to a root.
    pub chain: Vec<u8>,
    /// PEM: the private key, not encrypted.
    pub key: Vec<u8>,
}

impl fmt::Debug for HttpSink {
    /// The certificate only where there is one: few sinks ask.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("HttpSink");
        shown.field("uri", &self.uri).field("ca_certs", &self.ca_certs);
        if let Some(own) = &self.client_certificate {
            shown.field("client_certificate", own);
        }
        shown.finish()
    }
}

impl fmt::Debug for ClientCertificate {
    /// Never the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate").finish_non_exhaustive()
    }
}

/// An `IntegrationSink` with `log`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrintSink {
    /// `NS/NAME`.
    pub name: String,
    /// The logger's name (`loggerName`).
    pub logger: String,
    /// Whether attributes are printed (`showHeaders`).
    pub show_headers: bool,
    /// Whether the payload is printed (`showBody`).
    pub show_body: bool,
    /// Over several lines (`multiline`).
    pub multiline: bool,
}
