//! Nonsense from outside changes nothing.

use tests::{Mesh, Message, Sink, Trigger, broker, run, until};

#[tokio::test]
async fn bad_requests_are_refused_with_reasons_and_nothing_else_happens() {
    let sink = Sink::start().await;
    let mesh = Mesh::with(&[broker("shop", &[]), Trigger::new("bill", &sink.url()).to_string()]).await;
    let event = || Message::new("1", "order");
    let structured = |body: &str| Message::json("application/cloudevents+json", body.to_owned());
    let cases = [
        (400, "specversion", event().without("ce-specversion")),
        (400, "id", event().without("ce-id")),
        (400, "id", event().header("ce-id", "")),
        (400, "source", event().header("ce-source", "not a uri reference")),
        (400, "time", event().header("ce-time", "yesterday")),
        (400, "specversion", event().header("ce-specversion", "9.9")),
        (400, "", structured("{")),
        (400, "", structured("[]")),
        (400, "id", structured(r#"{"specversion":"1.0","id":"1","id":"2","source":"/a","type":"t"}"#)),
        (
            400,
            "data",
            structured(
                r#"{"specversion":"1.0","id":"1","source":"/a","type":"t","data":1,"data_base64":"AA=="}"#,
            ),
        ),
        (413, "max-event-size", event().data(vec![b'x'; 1024 * 1024 + 1])),
        (415, "", Message::json("application/cloudevents+avro", "x")),
        (415, "gzip", event().header("content-encoding", "gzip")),
    ];
    for (status, named, message) in cases {
        let shown = format!("{message:?}").chars().take(400).collect::<String>();
        let answer = mesh.post("/default/shop", message).await;
        assert_eq!(answer.status, status, "{shown}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{shown}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(named) && !detail.contains('\n'), "{shown}: {detail}");
    }
    assert_eq!(mesh.post("/default/nobody", event()).await.status, 404);
    assert_eq!(mesh.client().get(&mesh.events("/default/shop")).await.unwrap().status, 405);

    mesh.accept("/default/shop", [Message::new("good", "order")]).await;
    sink.got(1).await;
    assert_eq!(sink.ids(), ["good"]);
}

#[tokio::test]
async fn a_broken_manifest_stops_only_itself() {
    let sink = Sink::start().await;
    let mut mesh = Mesh::new();
    mesh.write("good.yaml", &[broker("shop", &[]), Trigger::new("bill", &sink.url()).to_string()].concat());
    mesh.write("broken.yaml", "apiVersion: v1\nkind: [\n");
    mesh.write("invalid.yaml", &Trigger::new("nowhere", "not a url").to_string());
    mesh.launch().await;
    until("the good trigger", async || {
        mesh.post("/default/shop", Message::new("1", "order")).await.status == 202 && sink.count() > 0
    })
    .await;

    let check = run(mesh.folder(), &["check", "manifests"]).await;
    assert_eq!(check.code, Some(1));
    assert!(check.out.contains("broken.yaml:"), "{}", check.out);
    let line =
        check.out.lines().find(|line| line.contains("invalid.yaml:")).unwrap_or_else(|| panic!("{check:?}"));
    assert!(line.contains("Trigger default/nowhere") && line.contains("uri"), "{line}");
    let json = run(mesh.folder(), &["check", "manifests", "-o", "json"]).await.json();
    assert!(
        json.as_array()
            .unwrap()
            .iter()
            .any(|problem| problem["name"].as_str().is_some_and(|n| n.ends_with("nowhere"))),
        "{json}"
    );
}
