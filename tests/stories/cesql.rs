//! Expressions and the other dialects decide who gets what; one that is none decides nothing.

use serde_json::Value;
use tests::{Mesh, Message, Sink, Trigger, broker, run, until};

fn order(id: &str, ty: &str, attributes: &[(&str, &str)]) -> Message {
    let set = |message: Message, (name, value): &(&str, &str)| message.header(&format!("ce-{name}"), value);
    attributes.iter().fold(Message::new(id, ty), set)
}

/// What every story sends: an order that is urgent, one that is not, one that does not say, and a stranger.
fn orders() -> [Message; 4] {
    [
        order("urgent", "order.new", &[("priority", "9"), ("subject", "Köln")]),
        order("calm", "order.new", &[("priority", "2"), ("subject", "Kiel")]),
        order("silent", "order.paid", &[]),
        order("strange", "mail.new", &[("priority", "high")]),
    ]
}

async fn arrive(sink: &Sink, wanted: &[&str]) {
    sink.got(wanted.len()).await;
    let mut ids = sink.ids();
    ids.sort_unstable();
    assert_eq!(ids, wanted);
}

#[tokio::test]
async fn each_dialect_takes_its_events() {
    let cases: [(&[&str], &[&str]); 9] = [
        (&["exact: {type: order.new, priority: \"9\"}"], &["urgent"]),
        (&["prefix: {type: order.}", "suffix: {type: .new}"], &["calm", "urgent"]),
        (&["any: [{exact: {type: mail.new}}, {not: {prefix: {type: order.n}}}]"], &["silent", "strange"]),
        (&["all: [{prefix: {type: order.}}, {not: {exact: {priority: \"2\"}}}]"], &["silent", "urgent"]),
        (&["cesql: \"type = 'order.new' AND priority > 5\""], &["urgent"]),
        (
            &["cesql: \"type LIKE '%.new' AND (EXISTS subject OR priority = 'high')\""],
            &["calm", "strange", "urgent"],
        ),
        (&["cesql: \"LENGTH(subject) = 4 AND subject LIKE 'K_l%'\""], &["urgent"]),
        // Erring about `silent` (not set) and `strange` (no number): they do not pass, so `not` passes them.
        (&["not: {cesql: \"priority > 5\"}"], &["calm", "silent", "strange"]),
        (
            &["cesql: \"type IN ('order.paid', 'mail.new')\"", "not: {cesql: \"type = 'mail.new'\"}"],
            &["silent"],
        ),
    ];
    let mut manifests = vec![broker("shop", &[])];
    let mut sinks = Vec::new();
    for (n, (filters, _)) in cases.iter().enumerate() {
        let sink = Sink::start().await;
        let trigger = Trigger::new(&format!("t{n}"), &sink.url());
        manifests.push(filters.iter().fold(trigger, |trigger, line| trigger.filtered(line)).to_string());
        sinks.push(sink);
    }
    let mesh = Mesh::with(&manifests).await;
    mesh.accept("/default/shop", orders()).await;
    for (sink, (_, wanted)) in sinks.iter().zip(cases) {
        arrive(sink, wanted).await;
    }
}

#[tokio::test]
async fn an_expression_that_errs_or_is_no_boolean_passes_nothing_and_is_counted() {
    let sinks = [Sink::start().await, Sink::start().await, Sink::start().await];
    let trigger = |n: usize, name: &str, expression: &str| {
        Trigger::new(name, &sinks[n].url()).filtered(&format!("cesql: \"{expression}\"")).to_string()
    };
    let mesh = Mesh::with(&[
        broker("shop", &[]),
        trigger(0, "errs", "INT(priority) > 5"),
        trigger(1, "number", "LENGTH(type)"),
        trigger(2, "fine", "TRUE"),
    ])
    .await;
    mesh.accept("/default/shop", orders()).await;
    arrive(&sinks[0], &["urgent"]).await;
    arrive(&sinks[2], &["calm", "silent", "strange", "urgent"]).await;
    for (trigger, errors) in [("errs", 2.0), ("number", 4.0), ("fine", 0.0)] {
        let metric = format!("sluice_filter_errors_total{{trigger=\"default/{trigger}\"}}");
        until(&metric, async || mesh.metric(&metric).await == errors).await;
    }
    assert_eq!(sinks[1].count(), 0);
}

#[tokio::test]
async fn a_filter_that_is_none_stops_its_trigger_and_nobody_else() {
    let (wrong, fine) = (Sink::start().await, Sink::start().await);
    let mut mesh = Mesh::new();
    let cases = [
        ("syntax", "cesql: \"type == 'order.new'\"", "column 7: "),
        ("function", "cesql: \"TRUE OR LENGHT(type) = 1\"", "column 9: there is no function `LENGHT`"),
        ("two", "{exact: {type: order.new}, cesql: \"TRUE\"}", "`exact`, `cesql`"),
        ("none", "{}", "no dialect"),
    ];
    mesh.write("fine.yaml", &[broker("shop", &[]), Trigger::new("fine", &fine.url()).to_string()].concat());
    for (name, filter, _) in cases {
        mesh.write(&format!("{name}.yaml"), &Trigger::new(name, &wrong.url()).filtered(filter).to_string());
    }
    mesh.launch().await;
    until("the good trigger", async || {
        mesh.post("/default/shop", order("1", "order.new", &[])).await.status == 202 && fine.count() > 0
    })
    .await;

    let check = run(mesh.folder(), &["check", "manifests"]).await;
    assert_eq!(check.code, Some(1));
    let listed = mesh.cli(&["get", "trigger", "-o", "json"]).await.done().json();
    let objects = listed["items"].as_array().unwrap().clone();
    for (name, _, says) in cases {
        let line = check.out.lines().find(|line| line.contains(&format!("Trigger default/{name}: ")));
        let line = line.unwrap_or_else(|| panic!("{name}: {check:?}"));
        assert!(line.contains(&format!("{name}.yaml:8: ")) && line.contains(says), "{line}");
        let ready = ready(&objects, name);
        assert_eq!(ready["status"], "False", "{ready}");
        assert!(ready["message"].as_str().unwrap().contains(says), "{ready}");
    }
    assert_eq!(ready(&objects, "fine")["status"], "True");
    assert_eq!(wrong.count(), 0);
}

fn ready(objects: &[Value], name: &str) -> Value {
    let object = objects.iter().find(|object| object["metadata"]["name"] == name).unwrap();
    let conditions = object["status"]["conditions"].as_array().unwrap();
    conditions.iter().find(|condition| condition["type"] == "Ready").unwrap().clone()
}

#[tokio::test]
async fn the_running_program_explains_an_expression() {
    let sink = Sink::start().await;
    let bill = Trigger::new("bill", &sink.url()).filtered("cesql: \"type = 'order.new' AND priority > 5\"");
    let mesh = Mesh::with(&[broker("shop", &[]), bill.to_string()]).await;
    let event = mesh.folder().join("event.json");
    let explain = async |json: &str| {
        std::fs::write(&event, json).unwrap();
        let event = event.to_str().unwrap();
        mesh.cli(&["explain", "--event", event, "--broker", "default/shop", "-o", "json"]).await.done().json()
            [0]
        .clone()
    };
    let said =
        explain(r#"{"specversion":"1.0","id":"1","source":"/s","type":"order.new","priority":2}"#).await;
    assert_eq!(said["matches"], false);
    assert_eq!(said["reason"], "filters[0].cesql: `priority > 5` is false: `priority` is `2`");
    let said = explain(r#"{"specversion":"1.0","id":"1","source":"/s","type":"order.new"}"#).await;
    assert_eq!(
        said["reason"],
        "filters[0].cesql: missingAttribute error at column 24: `priority` is not set in the event"
    );
    let said =
        explain(r#"{"specversion":"1.0","id":"1","source":"/s","type":"order.new","priority":7}"#).await;
    assert_eq!(said["matches"], true);
}
