//! From what runs and what should run to what must change. Pure.

use broker_core::{ChannelId, GroupName, RoutingTable, TriggerRoute};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A group of a channel: one worker.
pub(crate) type Key = (ChannelId, GroupName);

/// One step from the old table to the new one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    /// A new trigger.
    Start(Key, Arc<TriggerRoute>),
    /// The same trigger delivers differently from the next event on.
    Replace(Key, Arc<TriggerRoute>),
    /// It is gone.
    Stop(Key),
}

/// What must change so that exactly the triggers of `table` run. Stops come first.
pub(crate) fn plan(running: &BTreeMap<Key, Arc<TriggerRoute>>, table: &RoutingTable) -> Vec<Change> {
    let wanted: BTreeMap<Key, &Arc<TriggerRoute>> = table
        .routes
        .values()
        .flat_map(|route| route.triggers.iter().map(|t| ((route.channel.id.clone(), t.group.clone()), t)))
        .collect();
    let stops = running.keys().filter(|key| !wanted.contains_key(*key)).cloned().map(Change::Stop);
    let rest = wanted.iter().filter_map(|(key, route)| match running.get(key) {
        None => Some(Change::Start(key.clone(), (*route).clone())),
        Some(old) if delivers_alike(old, route) => None,
        Some(_) => Some(Change::Replace(key.clone(), (*route).clone())),
    });
    stops.chain(rest).collect()
}

/// Filter, window, order and pause are the engine's.
fn delivers_alike(a: &Arc<TriggerRoute>, b: &Arc<TriggerRoute>) -> bool {
    Arc::ptr_eq(a, b)
        || (a.sink == b.sink
            && a.reply == b.reply
            && a.step == b.step
            && a.delivery == b.delivery
            && a.dead_letter_sink == b.dead_letter_sink
            && a.namespace == b.namespace
            && a.handshake == b.handshake)
}

#[cfg(test)]
mod tests {
    use super::*;
    use broker_core::{
        ChannelOptions, ChannelRef, DeliveryPolicy, GroupSpec, ObjectKey, Order, ReplyTo, Route, Sink,
        StartAt,
    };
    use std::num::NonZeroUsize;
    use std::time::Duration;

    fn trigger(name: &str) -> TriggerRoute {
        TriggerRoute {
            group: GroupName::from(name),
            namespace: "default".into(),
            spec: GroupSpec {
                incarnation: String::new(),
                filter: filter::Filter::everything(),
                start: StartAt::Now,
                order: Order::None,
                window: NonZeroUsize::MIN,
                max_waiting: 1,
                paused: false,
                longest_wait: Duration::ZERO,
            },
            sink: Sink::Target(ObjectKey::broker("default", "other")),
            reply: None,
            step: false,
            delivery: DeliveryPolicy::default(),
            dead_letter_sink: None,
            handshake: false,
        }
    }

    fn table(channel: &str, triggers: Vec<TriggerRoute>) -> RoutingTable {
        let key = ObjectKey::broker("default", "shop");
        let channel = ChannelRef {
            backend: "memory".to_owned(),
            id: ChannelId::from(channel),
            options: ChannelOptions::default(),
        };
        let triggers = triggers.into_iter().map(Arc::new).collect();
        let route = Route { key: key.clone(), channel, hops: 255, triggers };
        RoutingTable { generation: 1, routes: [(key, Arc::new(route))].into(), ..RoutingTable::default() }
    }

    /// Applies a plan as the dispatcher does and says what it was.
    fn step(running: &mut BTreeMap<Key, Arc<TriggerRoute>>, table: &RoutingTable) -> Vec<String> {
        let changes = plan(running, table);
        let mut said = Vec::new();
        for change in changes {
            said.push(match change {
                Change::Start((channel, group), route) => {
                    let word = format!("start {channel} {group}");
                    running.insert((channel, group), route);
                    word
                }
                Change::Replace(key, route) => {
                    let word = format!("replace {}", key.1);
                    running.insert(key, route);
                    word
                }
                Change::Stop(key) => {
                    running.remove(&key);
                    format!("stop {}", key.1)
                }
            });
        }
        said
    }

    #[test]
    fn only_what_changed_is_touched() {
        let mut running = BTreeMap::new();
        let both = table("c", vec![trigger("a"), trigger("b")]);
        assert_eq!(step(&mut running, &both), ["start c a", "start c b"]);
        assert!(step(&mut running, &both).is_empty());

        let mut changed = trigger("b");
        changed.delivery.retries = 1;
        assert_eq!(step(&mut running, &table("c", vec![trigger("a"), changed.clone()])), ["replace b"]);
        assert_eq!(step(&mut running, &table("c", vec![changed])), ["stop a"]);
        assert_eq!(step(&mut running, &RoutingTable::default()), ["stop b"]);
        assert!(running.is_empty());
    }

    #[test]
    fn what_the_engine_does_is_no_change_here() {
        let mut running = BTreeMap::new();
        step(&mut running, &table("c", vec![trigger("a")]));
        let mut changed = trigger("a");
        changed.spec.filter = filter::Filter::Present("x".to_owned());
        changed.spec.paused = true;
        assert!(step(&mut running, &table("c", vec![changed])).is_empty());
    }

    #[test]
    fn each_part_of_delivering_is_a_change() {
        let change: [fn(&mut TriggerRoute); 7] = [
            |t| t.sink = Sink::Target(ObjectKey::broker("default", "another")),
            |t| t.reply = Some(ReplyTo::Target(ObjectKey::broker("default", "shop"))),
            |t| t.dead_letter_sink = Some(Sink::Target(ObjectKey::broker("default", "dead"))),
            |t| t.delivery.timeout = Duration::from_secs(1),
            |t| t.step = true,
            |t| t.namespace = "elsewhere".into(),
            |t| t.handshake = true,
        ];
        for change in change {
            let mut running = BTreeMap::new();
            step(&mut running, &table("c", vec![trigger("a")]));
            let mut changed = trigger("a");
            change(&mut changed);
            assert_eq!(step(&mut running, &table("c", vec![changed])), ["replace a"]);
        }
    }

    #[test]
    fn the_same_name_in_another_channel_is_another_group() {
        let mut running = BTreeMap::new();
        step(&mut running, &table("c", vec![trigger("a")]));
        assert_eq!(step(&mut running, &table("d", vec![trigger("a")])), ["stop a", "start d a"]);
    }
}
