//! A folder of manifests in; the table, the problems and the status out. One folder in `cases` is one case.

#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]

use broker_core::{Capabilities, Route, TriggerRoute};
use crds::{Compiled, ObjectId, ObjectStatus, Settings};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

fn settings() -> Settings {
    let backend = |able, durable| Capabilities { ordered_lanes: able, replay: able, durable };
    let ksvc = ObjectId { kind: "Service".into(), namespace: "default".into(), name: "ksvc".into() };
    Settings {
        default_backend: "log".into(),
        backends: BTreeMap::from([
            ("log".into(), backend(true, true)),
            ("memory".into(), backend(true, false)),
            ("plain".into(), backend(false, false)),
        ]),
        resolve: BTreeMap::from([(ksvc, "http://ksvc.example:8080/base/".into())]),
        base_url: "http://127.0.0.1:8080".into(),
    }
}

fn compile(folder: &Path) -> Compiled {
    let declared = manifests::load_once(&[folder.to_path_buf()]).unwrap();
    crds::compile(&declared.index, &settings())
}

fn describe(folder: &Path, compiled: &Compiled) -> String {
    let mut out = "=== table\n".to_owned();
    for route in compiled.table.routes.values() {
        describe_route(&mut out, route);
    }
    out.push_str("=== problems\n");
    for problem in &compiled.problems {
        let mut problem = problem.clone();
        let file = problem.file.take().unwrap();
        problem.file = Some(file.strip_prefix(folder).unwrap().to_path_buf());
        writeln!(out, "{:?} {problem}", problem.severity).unwrap();
    }
    out.push_str("=== status\n");
    for object in &compiled.objects {
        describe_status(&mut out, object);
    }
    writeln!(out, "=== held {:?}\n=== skipped {:?}", compiled.held, compiled.skipped).unwrap();
    out.replace(&format!("{}/", folder.display()), "")
}

fn describe_route(out: &mut String, route: &Route) {
    let Route { key, channel, hops, triggers } = route;
    let kind = key.kind.word().to_lowercase();
    writeln!(out, "{kind} {key}: {} {} {:?} hops {hops}", channel.backend, channel.id, channel.options)
        .unwrap();
    for trigger in triggers {
        let TriggerRoute { group, namespace, spec, sink, reply, step, delivery, dead_letter_sink, handshake } =
            &**trigger;
        writeln!(out, "  trigger {group} in {namespace}, incarnation {}", spec.incarnation).unwrap();
        writeln!(out, "    filter   {:?}", spec.filter).unwrap();
        writeln!(
            out,
            "    group    {:?} {:?} window {} waiting {} paused {} longest wait {:?}",
            spec.start, spec.order, spec.window, spec.max_waiting, spec.paused, spec.longest_wait
        )
        .unwrap();
        let step = if *step { ", a step" } else { "" };
        writeln!(out, "    sink     {sink:?}\n    reply    {reply:?}{step}").unwrap();
        writeln!(out, "    delivery {delivery:?}\n    dead     {dead_letter_sink:?}").unwrap();
        if *handshake {
            writeln!(out, "    handshake").unwrap();
        }
    }
}

fn describe_status(out: &mut String, object: &ObjectStatus) {
    let mut status = object.status.clone();
    let conditions = status.as_object_mut().and_then(|fields| fields.remove("conditions"));
    writeln!(out, "{} {} {status}", object.id, if object.valid { "in force" } else { "not in force" })
        .unwrap();
    for condition in conditions.iter().flat_map(|list| list.as_array().unwrap()) {
        let text = |name: &str| condition[name].as_str().unwrap_or_default().to_owned();
        writeln!(out, "  {} {} {} {}", text("type"), text("status"), text("reason"), text("message"))
            .unwrap();
    }
}

macro_rules! golden {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(stringify!($name));
            insta::assert_snapshot!(stringify!($name), describe(&folder, &compile(&folder)));
        }
    )*};
}

golden! {
    annotations
    annotations_refused
    backends
    broken_neighbours
    brokers_elsewhere
    capabilities
    channels
    channels_refused
    client_certificates
    config_and_secrets
    dead_letter_sinks
    delivery
    delivery_refused
    dependencies
    destinations
    destinations_refused
    filters
    filters_refused
    flows
    flows_refused
    second_definitions
    strangers
    unknown_fields
}

fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut examples: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    examples.sort();
    examples
}

#[test]
fn every_example_compiles_clean_and_says_what_it_shows() {
    assert!(examples().len() >= 5, "{:?}", examples());
    for example in examples() {
        let compiled = compile(&example);
        assert_eq!(compiled.problems, [], "{}", example.display());
        assert!(compiled.objects.iter().all(|object| object.valid), "{}", example.display());
        assert!(
            compiled.table.routes.values().any(|route| !route.triggers.is_empty()),
            "{}",
            example.display()
        );
        let text = std::fs::read_to_string(example.join("mesh.yaml")).unwrap();
        assert!(text.starts_with("# "), "{}", example.display());
    }
}

#[test]
fn the_cases_are_all_run() {
    let source = include_str!("golden.rs");
    for case in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")).unwrap() {
        let name = case.unwrap().file_name().into_string().unwrap();
        assert!(source.contains(&format!("\n    {name}\n")), "`{name}` is not run");
    }
}
