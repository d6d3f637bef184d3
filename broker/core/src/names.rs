//! Names of things, as types that cannot be mixed up.

use std::fmt;
use std::sync::Arc;

/// A record's place in its lane. Positions of a lane only grow; gaps are legal.
pub type Position = u64;

/// One ordered part of a channel. Records of one `partitionkey` share a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane(pub u32);

impl Lane {
    /// The lane that holds the channel's dead letters; never offered to groups.
    pub const DEAD_LETTERS: Self = Self(u32::MAX);
}

/// The kinds that events can be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TargetKind {
    /// `eventing.knative.dev` Broker.
    Broker,
    /// `messaging.knative.dev` Channel.
    Channel,
    /// `flows.knative.dev` Sequence.
    Sequence,
    /// `flows.knative.dev` Parallel.
    Parallel,
}

/// A target's identity: kind, namespace, name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    /// The kind.
    pub kind: TargetKind,
    /// The namespace.
    pub namespace: Arc<str>,
    /// The name.
    pub name: Arc<str>,
}

impl ObjectKey {
    /// The key of a target.
    #[must_use]
    pub fn new(kind: TargetKind, namespace: &str, name: &str) -> Self {
        Self { kind, namespace: namespace.into(), name: name.into() }
    }

    /// The key of a Broker.
    #[must_use]
    pub fn broker(namespace: &str, name: &str) -> Self {
        Self::new(TargetKind::Broker, namespace, name)
    }
}

impl fmt::Display for ObjectKey {
    /// `NS/NAME` for a Broker, with the path prefix of `interface.md` for the others.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = match self.kind {
            TargetKind::Broker => "",
            TargetKind::Channel => "channels/",
            TargetKind::Sequence => "sequences/",
            TargetKind::Parallel => "parallels/",
        };
        write!(f, "{prefix}{}/{}", self.namespace, self.name)
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $type(pub Arc<str>);

        impl $type {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $type {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $type {
            fn from(name: &str) -> Self {
                Self(name.into())
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name! {
    /// A group of a channel: for a Trigger `NS/NAME`. What dead letters, metrics and commands show.
    GroupName
}
name! {
    /// A channel in a backend, for example `broker/default/shop`. Stable over restarts.
    ChannelId
}
