//! Which version of an object is in force.

#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]

use crds::{Admission, Declaration, Index, Object, Origin};
use serde_json::{Value, json};
use std::path::PathBuf;

fn object(file: &str, value: Value) -> Object {
    Object::new(value, Origin { file: Some(PathBuf::from(file)), ..Origin::default() }).unwrap()
}

fn trigger(file: &str, broker: &str, uri: &str) -> Object {
    object(
        file,
        json!({"apiVersion": "eventing.knative.dev/v1", "kind": "Trigger", "metadata": {"name": "t"},
            "spec": {"broker": broker, "subscriber": {"uri": uri}}}),
    )
}

fn broker(annotations: &Value, spec: &Value) -> Object {
    object(
        "mesh.yaml",
        json!({"apiVersion": "eventing.knative.dev/v1", "kind": "Broker",
            "metadata": {"name": "b", "annotations": annotations}, "spec": spec}),
    )
}

fn admit(admission: &mut Admission, objects: &[Object]) -> Index {
    admission.admit(Declaration { objects: objects.to_vec(), ..Declaration::default() })
}

/// The value of the only object in force.
fn in_force(index: &Index) -> &Value {
    let mut objects = index.objects();
    let (only, more) = (objects.next().unwrap(), objects.next());
    assert_eq!(more, None);
    &only.value
}

#[test]
fn an_invalid_version_leaves_the_last_good_one() {
    let mut admission = Admission::default();
    let good = trigger("a.yaml", "b", "http://one");
    assert!(admit(&mut admission, std::slice::from_ref(&good)).problems.is_empty());
    let index = admit(&mut admission, &[trigger("a.yaml", "b", "nowhere")]);
    assert_eq!(in_force(&index), &good.value);
    assert_eq!(index.problems.len(), 1);
    assert_eq!(admission.last_good().collect::<Vec<_>>(), [&good]);
}

#[test]
fn an_invalid_first_version_goes_to_compile_and_is_never_a_good_one() {
    let mut admission = Admission::default();
    let index = admit(&mut admission, &[trigger("a.yaml", "b", "nowhere")]);
    assert_eq!((index.objects().count(), index.problems.len()), (1, 0));
    assert_eq!(admission.last_good().count(), 0);
}

#[test]
fn a_trigger_stays_at_its_broker() {
    let mut admission = Admission::default();
    let good = trigger("a.yaml", "b", "http://one");
    admit(&mut admission, std::slice::from_ref(&good));
    let index = admit(&mut admission, &[trigger("a.yaml", "c", "http://two")]);
    assert_eq!(in_force(&index), &good.value);
    assert_eq!(index.problems[0].field, "spec.broker");
    // Removed and added again it may have another one.
    admit(&mut admission, &[]);
    let index = admit(&mut admission, &[trigger("a.yaml", "c", "http://two")]);
    assert_eq!(in_force(&index)["spec"]["broker"], "c");
}

#[test]
fn the_same_broker_named_otherwise_is_no_change() {
    let mut admission = Admission::default();
    admit(&mut admission, &[trigger("a.yaml", "b", "http://one")]);
    let mut by_ref = trigger("a.yaml", "b", "http://two");
    by_ref.value["spec"]["broker"] = Value::Null;
    by_ref.value["spec"]["brokerRef"] = json!({"apiVersion": "eventing.knative.dev/v1", "kind": "Broker", "name": "b", "namespace": "default"});
    let index = admit(&mut admission, &[by_ref]);
    assert_eq!(
        (in_force(&index)["spec"]["subscriber"]["uri"].as_str(), index.problems.len()),
        (Some("http://two"), 0)
    );
}

#[test]
fn class_backend_and_config_of_a_broker_stay_and_its_delivery_may_change() {
    let config = |name: &str| json!({"config": {"apiVersion": "v1", "kind": "ConfigMap", "name": name}});
    let class = |class: &str| json!({"eventing.knative.dev/broker.class": class});
    let good = broker(&class("Sluice"), &config("one"));
    for (changed, field) in [
        (broker(&class("Kafka"), &config("one")), "metadata.annotations[eventing.knative.dev/broker.class]"),
        (broker(&json!({}), &config("one")), "metadata.annotations[eventing.knative.dev/broker.class]"),
        (broker(&class("Sluice"), &config("two")), "spec.config"),
        (broker(&class("Sluice"), &json!({})), "spec.config"),
        (
            broker(
                &json!({"eventing.knative.dev/broker.class": "Sluice", "sluice.dev/channel": "memory"}),
                &config("one"),
            ),
            "metadata.annotations[sluice.dev/channel]",
        ),
    ] {
        let mut admission = Admission::new([good.clone()]);
        let index = admit(&mut admission, &[changed]);
        assert_eq!((in_force(&index), index.problems[0].field.as_str()), (&good.value, field));
    }
    let mut spec = config("one");
    spec["delivery"] = json!({"retry": 3});
    let mut admission = Admission::new([good]);
    assert!(admit(&mut admission, &[broker(&class("Sluice"), &spec)]).problems.is_empty());
}

fn channel(kind: &str, annotations: &Value, spec: &Value) -> Object {
    object(
        "mesh.yaml",
        json!({"apiVersion": "messaging.knative.dev/v1", "kind": kind,
            "metadata": {"name": "c", "annotations": annotations}, "spec": spec}),
    )
}

fn template(kind: &str) -> Value {
    json!({"channelTemplate": {"apiVersion": "messaging.knative.dev/v1", "kind": kind}})
}

#[test]
fn backend_and_template_of_a_channel_stay_and_its_delivery_may_change() {
    let good = channel("Channel", &json!({}), &json!({}));
    let memory = json!({"sluice.dev/channel": "memory"});
    for (changed, field) in [
        (channel("Channel", &memory, &json!({})), "metadata.annotations[sluice.dev/channel]"),
        (channel("Channel", &json!({}), &template("KafkaChannel")), "spec.channelTemplate"),
    ] {
        let mut admission = Admission::new([good.clone()]);
        let index = admit(&mut admission, &[changed]);
        assert_eq!((in_force(&index), index.problems[0].field.as_str()), (&good.value, field));
    }
    // What is left out is an InMemoryChannel.
    let mut spec = template("InMemoryChannel");
    spec["delivery"] = json!({"retry": 3});
    let mut admission = Admission::new([good]);
    assert!(admit(&mut admission, &[channel("Channel", &json!({}), &spec)]).problems.is_empty());
    let mut admission = Admission::new([channel("InMemoryChannel", &json!({}), &json!({}))]);
    let index = admit(&mut admission, &[channel("InMemoryChannel", &memory, &json!({}))]);
    assert_eq!(index.problems[0].field, "metadata.annotations[sluice.dev/channel]");
}

#[test]
fn a_subscription_stays_at_its_channel_and_the_rest_may_change() {
    let subscription = |name: &str, uri: &str| {
        let channel = json!({"apiVersion": "messaging.knative.dev/v1", "kind": "Channel", "name": name});
        let spec = json!({"channel": channel, "subscriber": {"uri": uri}, "reply": {"uri": uri}});
        self::channel("Subscription", &json!({}), &spec)
    };
    let mut admission = Admission::new([subscription("c", "http://one")]);
    let changed = subscription("c", "http://two");
    assert!(admit(&mut admission, std::slice::from_ref(&changed)).problems.is_empty());
    let index = admit(&mut admission, &[subscription("d", "http://three")]);
    assert_eq!((in_force(&index), index.problems[0].field.as_str()), (&changed.value, "spec.channel"));
}

#[test]
fn a_new_uid_is_a_new_object() {
    let mut admission = Admission::default();
    let with_uid = |uid: &str, broker: &str| {
        let mut object = trigger("a.yaml", broker, "http://one");
        object.value["metadata"]["uid"] = json!(uid);
        object
    };
    admit(&mut admission, &[with_uid("1", "b")]);
    let index = admit(&mut admission, &[with_uid("2", "c")]);
    assert_eq!((in_force(&index)["spec"]["broker"].as_str(), index.problems.len()), (Some("c"), 0));
}

#[test]
fn what_is_not_known_is_not_deleted() {
    let good = trigger("folder/a.yaml", "b", "http://one");
    for (unknown, count) in [("folder", 1), ("folder/a.yaml", 1), ("folder/b.yaml", 0), ("fold", 0)] {
        let mut admission = Admission::new([good.clone()]);
        let declaration = Declaration { unknown: vec![PathBuf::from(unknown)], ..Declaration::default() };
        assert_eq!(admission.admit(declaration).objects().count(), count, "{unknown}");
    }
}

#[test]
fn the_definition_in_force_stays_and_without_one_the_first() {
    let (one, two) = (trigger("a.yaml", "b", "http://one"), trigger("b.yaml", "b", "http://two"));
    let mut admission = Admission::default();
    let index = admit(&mut admission, &[one.clone(), two.clone()]);
    assert_eq!((in_force(&index), index.problems.len()), (&one.value, 1));
    let mut admission = Admission::new([two.clone()]);
    let index = admit(&mut admission, &[one, two.clone()]);
    assert_eq!(in_force(&index), &two.value);
    assert_eq!(index.problems[0].file, Some(PathBuf::from("a.yaml")));
}

#[test]
fn the_file_that_holds_the_refused_version_speaks_for_the_object() {
    let mut admission = Admission::new([trigger("a.yaml", "b", "http://one")]);
    admit(&mut admission, &[trigger("b.yaml", "b", "nowhere")]);
    let declaration = Declaration { unknown: vec![PathBuf::from("b.yaml")], ..Declaration::default() };
    assert_eq!(admission.admit(declaration).objects().count(), 1);
}
