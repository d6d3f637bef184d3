use super::house::{Server, object, sluice};
use crate::commands::{Cli, Command, dispatch};
use crate::error::Exit;
use crate::output::tests::captured;
use broker_core::{
    ChannelId, ChannelOptions, ChannelRef, DeliveryPolicy, GroupName, GroupSpec, HttpSink, ObjectKey, Order,
    Route, RoutingTable, Sink, StartAt, TriggerRoute,
};
use clap::Parser;
use filter::Filter;
use serde_json::json;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

fn shop() -> RoutingTable {
    let key = ObjectKey::broker("default", "shop");
    let id = ChannelId::from("broker/default/shop");
    let channel = ChannelRef { backend: "memory".to_owned(), id, options: ChannelOptions::default() };
    let bill = TriggerRoute {
        group: GroupName::from("default/bill"),
        namespace: "default".into(),
        spec: GroupSpec {
            incarnation: String::new(),
            filter: Filter::Exact("type".to_owned(), "order.new".to_owned()),
            start: StartAt::Now,
            order: Order::None,
            window: NonZeroUsize::new(100).unwrap(),
            max_waiting: 100,
            paused: false,
            longest_wait: Duration::from_secs(300),
        },
        sink: Sink::Http(Arc::new(HttpSink {
            uri: "http://127.0.0.1:3000/".parse().unwrap(),
            ca_certs: None,
            client_certificate: None,
        })),
        reply: None,
        step: false,
        delivery: DeliveryPolicy::default(),
        dead_letter_sink: None,
        handshake: false,
    };
    let route = Route { key: key.clone(), channel, hops: 255, triggers: vec![Arc::new(bill)] };
    RoutingTable { routes: BTreeMap::from([(key, Arc::new(route))]), ..RoutingTable::default() }
}

async fn server() -> Server {
    let address = json!({ "address": { "url": "http://127.0.0.1:8080/default/shop" }, "conditions": [] });
    let refused = json!({ "type": "Ready", "status": "False", "reason": "Invalid", "message": "what" });
    let mut torn = object("Trigger", "prod", "torn", json!({ "conditions": [refused] }));
    torn.valid = false;
    let objects = vec![
        object("Broker", "default", "shop", address),
        object(
            "Trigger",
            "default",
            "bill",
            json!({ "subscriberUri": "http://127.0.0.1:3000/", "conditions": [] }),
        ),
        torn,
        object("Secret", "default", "key", json!({})),
    ];
    Server::start(shop(), objects).await
}

#[tokio::test]
async fn get_prints_as_kubectl_does() {
    let server = server().await;
    let triggers = server.sluice(&["get", "triggers", "-A"]).await;
    let want = "\
NAMESPACE   NAME   READY   REASON    AGE   URL                      BACKLOG   RETRYING   DEAD
default     bill   True              3m    http://127.0.0.1:3000/   0         0          0
prod        torn   False   Invalid   3m
";
    assert_eq!(triggers.out, want);
    let all = server.sluice(&["get", "-o", "wide"]).await.out;
    let names: Vec<&str> = all.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(names, ["NAME", "broker/shop", "trigger/bill", "secret/key"], "{all}");
    assert!(all.lines().next().unwrap().ends_with("IN-FLIGHT   OLDEST   MESSAGE"), "{all}");
}

#[tokio::test]
async fn get_gives_programs_what_they_ask_for() {
    let server = server().await;
    let names = server.sluice(&["get", "-A", "-o", "name"]).await.out;
    let want = "broker.eventing.knative.dev/shop\ntrigger.eventing.knative.dev/bill\n\
                trigger.eventing.knative.dev/torn\nsecret/key\n";
    assert_eq!(names, want);
    let one = server.sluice(&["get", "br/shop", "-o", "json"]).await.json();
    assert_eq!((&one["kind"], &one["status"]["sluice"]["backlog"]), (&json!("Broker"), &json!(0)));
    let list = server.sluice(&["get", "tr", "-o", "json"]).await.json();
    assert_eq!((&list["kind"], list["items"].as_array().unwrap().len()), (&json!("List"), 1));
    let yaml = server.sluice(&["get", "trigger", "torn", "-n", "prod", "-o", "yaml"]).await.out;
    assert!(yaml.starts_with("apiVersion: eventing.knative.dev/v1\nkind: Trigger\n"), "{yaml}");
}

#[tokio::test]
async fn get_says_what_is_not_there() {
    let server = server().await;
    let none = server.sluice(&["get", "broker", "-n", "empty"]).await;
    assert_eq!((none.exit, none.err.as_str()), (Exit::Done, "No resources found in empty namespace.\n"));
    let missing = server.sluice(&["get", "broker", "none"]).await;
    assert_eq!((missing.exit, missing.out.as_str()), (Exit::Failed, ""));
    assert!(missing.err.contains("no broker `none` in default"), "{}", missing.err);
    let unknown = server.sluice(&["get", "pods"]).await;
    assert_eq!(unknown.exit, Exit::Usage);
    assert!(unknown.err.contains("`pods`"), "{}", unknown.err);
}

#[tokio::test]
async fn without_a_server_every_command_says_so_in_one_line() {
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    for command in [&["get"][..], &["tail"], &["dlq", "list"], &["dlq", "purge", "--all"]] {
        let done = sluice(&[command, &["--server", &url]].concat()).await;
        assert_eq!(done.exit, Exit::NoServer, "{command:?}");
        assert!(done.err.starts_with("error: no sluice server answers at ") && done.err.lines().count() == 1);
    }
    assert_eq!(sluice(&["get", "--server", "nonsense"]).await.exit, Exit::Usage);
}

#[tokio::test]
async fn tail_prints_events_until_the_server_ends() {
    for (format, want) in
        [("text", " default/shop order.new 1 /test\n"), ("json", "\"type\":\"order.new\"}\n")]
    {
        let server = server().await;
        let (mut output, out, _) = captured();
        let typed = ["sluice", "tail", "shop", "--type", "order", "-o", format, "--server", &server.url];
        let Command::Other(command) = Cli::try_parse_from(typed).unwrap().command else { panic!() };
        let tailing = tokio::spawn(async move {
            let result = dispatch(command, BTreeMap::new(), &mut output).await;
            output.conclude(result)
        });
        while !out.text().contains('\n') {
            server.publish("mail.sent", "0").await;
            server.publish("order.new", "1").await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let text = out.text();
        assert!(text.lines().next().unwrap().to_owned() + "\n" != text || text.ends_with(want), "{text}");
        assert!(text.contains(want) && !text.contains("mail.sent"), "{text}");
        server.stop.cancel();
        assert_eq!(tailing.await.unwrap(), Exit::NoServer);
    }
}

#[tokio::test]
async fn tail_says_when_it_waits_for_a_broker_that_is_not_there() {
    let server = server().await;
    let (mut output, _, err) = captured();
    let typed = ["sluice", "tail", "shopp", "--server", &server.url];
    let Command::Other(command) = Cli::try_parse_from(typed).unwrap().command else { panic!() };
    let tailing = tokio::spawn(async move { dispatch(command, BTreeMap::new(), &mut output).await });
    while err.text().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(err.text().starts_with("there is no Broker `default/shopp` yet"), "{}", err.text());
    tailing.abort();
}

#[tokio::test]
async fn tail_says_what_is_wrong_with_its_filter() {
    let torn = sluice(&["tail", "--filter", "type = "]).await;
    let said = "type = \n      ^\nerror: column 7: a value is expected here, the expression ends\n";
    assert_eq!((torn.exit, torn.err.as_str()), (Exit::Failed, said));
    let never = sluice(&["tail", "--filter", "FOO(1)", "--server", "http://127.0.0.1:1"]).await;
    assert!(never.err.starts_with("note: column 1: there is no function `FOO`"), "{}", never.err);
}

#[tokio::test]
async fn dead_letters_are_listed_and_shown() {
    let server = server().await;
    assert_eq!(server.sluice(&["dlq", "list"]).await.err, "no dead letters\n");
    server.bury("a").await;
    let list = server.sluice(&["dlq", "list", "--trigger", "bill"]).await.out;
    let want = "\
ID   TRIGGER        ATTEMPTS   STATUS   LAST                       TYPE        REASON
a    default/bill   3          400      1970-01-01T00:00:02.000Z   order.new   the sink answered 400
";
    assert_eq!(list, want);
    let show = server.sluice(&["dlq", "show", "a"]).await.out;
    assert!(show.contains("last body    no such \u{fffd}[2Jcustomer\n"), "{show}");
    assert!(show.ends_with("event order.new a /test\n"), "{show}");
    let json = server.sluice(&["dlq", "list", "-o", "json"]).await.json();
    assert_eq!((&json[0]["lastStatus"], &json[0]["event"]["id"]), (&json!(400), &json!("a")));
    assert_eq!(server.sluice(&["dlq", "show", "none"]).await.exit, Exit::Failed);
}

#[tokio::test]
async fn a_limit_that_cuts_is_told() {
    let server = server().await;
    server.bury("a").await;
    server.bury("b").await;
    let cut = server.sluice(&["dlq", "list", "--limit", "1"]).await;
    assert!(cut.err.contains("only the first 1"), "{}", cut.err);
    assert_eq!(server.sluice(&["dlq", "list", "--limit", "3"]).await.err, "");
}

#[tokio::test]
async fn redrive_and_purge_want_to_be_told_which() {
    let server = server().await;
    server.bury("a").await;
    server.bury("b").await;
    for action in ["redrive", "purge"] {
        let done = server.sluice(&["dlq", action]).await;
        assert_eq!(done.exit, Exit::Usage);
        assert!(done.err.contains("--all"), "{}", done.err);
    }
    let redriven = server.sluice(&["dlq", "redrive", "a"]).await;
    assert_eq!((redriven.exit, redriven.out.as_str()), (Exit::Done, "a redriven\n"));
    let mut bill = server.channel().subscribe(&"default/bill".into()).await.unwrap();
    assert_eq!(bill.next().await.unwrap().record.event.id(), "a");
    let purged = server.sluice(&["dlq", "purge", "--all", "-o", "json"]).await;
    assert_eq!(purged.json(), json!({ "ids": ["a", "b"] }));
    let again = server.sluice(&["dlq", "purge", "a"]).await;
    assert_eq!(again.exit, Exit::Failed);
    assert!(again.err.contains("`a`"), "{}", again.err);
}

#[tokio::test]
async fn explain_asks_the_server() {
    let server = server().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let event = r#"{"specversion":"1.0","id":"1","source":"/s","type":"order.paid"}"#;
    std::fs::write(file.path(), event).unwrap();
    let path = file.path().to_str().unwrap();
    let done = server.sluice(&["explain", "--event", path, "--broker", "shop", "-o", "json"]).await;
    let said = done.json();
    assert_eq!((&said[0]["trigger"], &said[0]["matches"]), (&json!("default/bill"), &json!(false)));
    assert!(said[0]["reason"].as_str().unwrap().contains("order.new"), "{said}");
    let text = server.sluice(&["explain", "--event", path]).await.out;
    assert!(text.starts_with("TRIGGER        MATCHES   REASON\ndefault/bill   no        "), "{text}");
    let nowhere = server.sluice(&["explain", "--event", path, "--broker", "none"]).await;
    assert_eq!(nowhere.exit, Exit::Failed);
    std::fs::write(file.path(), "{}").unwrap();
    let bad = server.sluice(&["explain", "--event", path]).await;
    assert_eq!(bad.exit, Exit::Failed);
    assert!(bad.err.contains(path), "{}", bad.err);
}
