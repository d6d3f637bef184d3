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

impl TargetKind {
    /// The kind as people write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Broker => "Broker",
            Self::Channel => "Channel",
            Self::Sequence => "Sequence",
            Self::Parallel => "Parallel",
        }
    }

    /// True for what hands events from stage to stage.
    #[must_use]
    pub fn is_flow(self) -> bool {
        matches!(self, Self::Sequence | Self::Parallel)
    }
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

impl ObjectKey {
    /// `Kind/NS/NAME`, the key of [`crate::Readiness`].
    #[must_use]
    pub fn object(&self) -> String {
        format!("{}/{}/{}", self.kind.word(), self.namespace, self.name)
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
    /// A group of a channel: `NS/NAME` for a Trigger, `subscriptions/NS/NAME` for a Subscription,
    /// `sequences/NS/NAME/step-1` for a step. What dead letters,
    /// metrics and commands show; no two groups of a mesh have the same name.
    GroupName
}

impl GroupName {
    /// The group of a Trigger.
    #[must_use]
    pub fn trigger(namespace: &str, name: &str) -> Self {
        Self(format!("{namespace}/{name}").into())
    }

    /// The group of a Subscription.
    #[must_use]
    pub fn subscription(namespace: &str, name: &str) -> Self {
        Self(format!("subscriptions/{namespace}/{name}").into())
    }

    /// A group of a Sequence or Parallel: `sequences/NS/NAME/step-1`, `parallels/NS/NAME/branch-1/filter`.
    #[must_use]
    pub fn of_flow(flow: &ObjectKey, part: &str) -> Self {
        Self(format!("{flow}/{part}").into())
    }

    /// A group that belongs to this one.
    #[must_use]
    pub fn part(&self, part: &str) -> Self {
        Self(format!("{self}/{part}").into())
    }

    /// The group of its answers, where they leave the mesh.
    #[must_use]
    pub fn reply(&self) -> Self {
        self.part("reply")
    }

    /// `Kind/NS/NAME` of the object that it belongs to, the key of [`crate::Readiness`]. Several groups may belong to one.
    #[must_use]
    pub fn object(&self) -> String {
        let mut parts = self.0.split('/');
        let (first, second, third) = (parts.next(), parts.next(), parts.next());
        let kind = match first {
            Some("subscriptions") => "Subscription",
            Some("sequences") => "Sequence",
            Some("parallels") => "Parallel",
            _ => "Trigger",
        };
        match (second, third) {
            (Some(namespace), Some(name)) => format!("{kind}/{namespace}/{name}"),
            _ => format!("Trigger/{self}"),
        }
    }
}
name! {
    /// A channel in a backend, for example `broker/default/shop`. Stable over restarts.
    ChannelId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_belongs_to_one_object_whatever_its_namespace_is_called() {
        for (group, object) in [
            (GroupName::trigger("default", "x"), "Trigger/default/x"),
            (GroupName::trigger("subscriptions", "x"), "Trigger/subscriptions/x"),
            (GroupName::subscription("default", "x"), "Subscription/default/x"),
            (GroupName::subscription("default", "x").reply(), "Subscription/default/x"),
            (GroupName::subscription("subscriptions", "reply"), "Subscription/subscriptions/reply"),
            (GroupName::from("sequences/default/x/step-1"), "Sequence/default/x"),
            (GroupName::from("parallels/default/x/branch-1"), "Parallel/default/x"),
        ] {
            assert_eq!(group.object(), object);
        }
    }
}
