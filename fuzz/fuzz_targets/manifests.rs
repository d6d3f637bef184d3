#![no_main]
//! The text of a manifest, from YAML to the table.

use broker_core::Capabilities;
use crds::{Admission, Compiled, Object, Settings};
use filter::Filter;
use std::collections::BTreeMap;
use std::path::Path;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let declaration = manifests::read_text(Path::new("mesh.yaml"), text);
    let mut admission = Admission::default();
    let compiled = crds::compile(&admission.admit(declaration.clone()), &settings());
    judge(&compiled);
    // A restart changes nothing: what was good is stored as JSON, read again, and meets the same file.
    let good: Vec<Object> = admission.last_good().map(restored).collect();
    let again = crds::compile(&Admission::new(good).admit(declaration), &settings());
    assert_eq!(again.problems, compiled.problems);
    assert_eq!(again.table, compiled.table);
});

fn settings() -> Settings {
    let log = Capabilities { ordered_lanes: true, replay: true, durable: true };
    Settings {
        default_backend: "log".to_owned(),
        backends: BTreeMap::from([("log".to_owned(), log)]),
        resolve: BTreeMap::new(),
        base_url: "http://127.0.0.1:8080".to_owned(),
    }
}

fn judge(compiled: &Compiled) {
    for problem in &compiled.problems {
        let text = problem.to_string();
        assert_eq!(text.lines().count(), 1, "{text:?}");
    }
    for trigger in compiled.table.routes.values().flat_map(|route| &route.triggers) {
        let filter = &trigger.spec.filter;
        assert!(filter.depth() <= Filter::MAX_DEPTH, "{filter:?}");
        let stored = serde_json::to_vec(filter).expect("a filter is JSON");
        assert_eq!(serde_json::from_slice::<Filter>(&stored).ok().as_ref(), Some(filter));
    }
}

fn restored(object: &Object) -> Object {
    let stored = serde_json::to_vec(&object.value).expect("an object is JSON");
    let value = serde_json::from_slice(&stored).expect("what is stored can be read");
    Object::new(value, object.origin.clone()).expect("an object stays one")
}
