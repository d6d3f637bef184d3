use super::house::{House, event, soon};
use crate::{Admin, Client, ClientError, TailLine};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

async fn serve(admin: Admin, stop: &CancellationToken) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let stop = stop.clone();
    (address, tokio::spawn(async move { admin.serve(listener, stop).await.unwrap() }))
}

#[tokio::test]
async fn the_client_reads_what_the_server_writes() {
    let house = House::new().await;
    let (address, server) = serve(house.admin.clone(), &house.stop).await;
    let client = Client::new(&format!("http://{address}/"), None, None).unwrap();
    assert_eq!(client.objects().await.unwrap().len(), 5);
    assert!(client.dead_letters(&Default::default()).await.unwrap().is_empty());
    let refused = client.dead_letter("a b").await.unwrap_err();
    assert!(matches!(&refused, ClientError::Refused(p) if p.status == 404), "{refused}");
    assert!(refused.to_string().contains("`a b`"), "{refused}");
    let mut tail = client.tail(Some("default/shop"), None).await.unwrap();
    house.publish("order.new", "1").await;
    let Some(TailLine::Accepted(line)) = tail.next().await.unwrap() else { panic!("no event") };
    assert_eq!(line.target, "default/shop");
    house.stop.cancel();
    assert!(soon(tail.next()).await.unwrap().is_none());
    soon(server).await.unwrap();
}

#[tokio::test]
async fn the_client_explains_as_the_table_does() {
    let house = House::new().await;
    let (address, _server) = serve(house.admin.clone(), &house.stop).await;
    let client = Client::new(&format!("http://{address}"), None, None).unwrap();
    let paid = event("order.paid", "1");
    let said = client.explain(Some("default/shop"), &paid).await.unwrap();
    assert_eq!(said, crate::explain(&house.admin.routes.snapshot(), None, &paid).unwrap());
    let names: Vec<_> = said.iter().map(|e| (e.trigger.as_str(), e.matches)).collect();
    assert_eq!(names, [("default/bill", true), ("default/hold", false), ("default/ship", true)]);
    let held = client.explain(None, &event("hold.on", "2")).await.unwrap();
    assert_eq!(held.iter().map(|e| e.matches).collect::<Vec<_>>(), [false, true, false]);
    assert!(held[1].reason.contains("paused"), "{}", held[1].reason);
    assert!(held[2].reason.contains("order.paid"), "{}", held[2].reason);
    let nowhere = client.explain(Some("default/none"), &paid).await.unwrap_err();
    assert!(nowhere.to_string().contains("`default/none`"), "{nowhere}");
}

#[tokio::test]
async fn a_token_is_sent_and_needed() {
    let mut house = House::new().await;
    house.admin.token = Some("secret".to_owned());
    let (address, _server) = serve(house.admin.clone(), &house.stop).await;
    let server = format!("http://{address}");
    assert!(Client::new(&server, Some("secret"), None).unwrap().objects().await.is_ok());
    let refused = Client::new(&server, None, None).unwrap().objects().await.unwrap_err();
    assert!(matches!(&refused, ClientError::Refused(p) if p.status == 401), "{refused}");
}

#[tokio::test]
async fn nobody_there_is_told_from_a_refusal() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let gone = Client::new(&format!("http://{address}"), None, None).unwrap().objects().await.unwrap_err();
    assert!(matches!(gone, ClientError::Unreachable { .. }), "{gone}");
    for bad in ["localhost:9090", "ftp://localhost", "", "http://"] {
        let error = Client::new(bad, None, None).unwrap_err();
        assert!(matches!(error, ClientError::Address { .. }), "{bad}: {error}");
    }
}

#[tokio::test]
async fn an_open_request_is_finished_and_then_the_port_is_free() {
    let house = House::new().await;
    let (address, server) = serve(house.admin.clone(), &house.stop).await;
    let mut open = TcpStream::connect(&address).await.unwrap();
    let event = r#"{"specversion":"1.0","id":"1","source":"/s","type":"order.new"}"#;
    let head = format!(
        "POST /api/v1/explain HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\n\
         content-type: application/cloudevents+json\r\ncontent-length: {}\r\n\r\n",
        event.len()
    );
    open.write_all(head.as_bytes()).await.unwrap();
    let mut go_on = [0; 25];
    soon(open.read_exact(&mut go_on)).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    house.stop.cancel();
    tokio::task::yield_now().await;
    open.write_all(event.as_bytes()).await.unwrap();
    let mut answer = String::new();
    soon(open.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("default/bill"), "{answer}");
    soon(server).await.unwrap();
    TcpListener::bind(&address).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_says_nothing_is_closed() {
    let house = House::new().await;
    let (address, _server) = serve(house.admin.clone(), &house.stop).await;
    let mut silent = TcpStream::connect(&address).await.unwrap();
    let mut half = TcpStream::connect(&address).await.unwrap();
    silent.write_all(b"P").await.unwrap();
    half.write_all(b"GET /healthz HTTP/1.1\r\nhost:").await.unwrap();
    let (mut nothing, mut something) = (String::new(), Vec::new());
    soon(silent.read_to_string(&mut nothing)).await.unwrap();
    assert_eq!(nothing, "");
    // Closed with an answer or without one.
    let _ = soon(half.read_to_end(&mut something)).await;
    assert!(!something.starts_with(b"HTTP/1.1 200"));
}
