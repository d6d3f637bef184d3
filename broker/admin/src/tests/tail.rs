use super::house::{House, soon};
use axum::body::Body;
use http::Request;
use http_body_util::BodyExt;
use tower::ServiceExt;

async fn open(house: &House, query: &str) -> Body {
    let request = Request::get(format!("/api/v1/tail{query}")).body(Body::empty()).unwrap();
    let answer = house.router_on("127.0.0.1:9090").oneshot(request).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/x-ndjson");
    answer.into_body()
}

async fn line(body: &mut Body) -> String {
    let data = soon(body.frame()).await.unwrap().unwrap().into_data().unwrap();
    String::from_utf8(data.to_vec()).unwrap()
}

#[tokio::test]
async fn only_what_was_asked_for_comes_and_in_order() {
    let house = House::new().await;
    let mut body = open(&house, "?target=default/shop&type=order.").await;
    let mut filtered = open(&house, "?filter=id%20%3D%20%273%27").await;
    let mut elsewhere = open(&house, "?target=default/other").await;
    house.publish("order.new", "1").await;
    house.publish("mail.sent", "2").await;
    house.publish("order.paid", "3").await;
    let first = line(&mut body).await;
    assert!(first.starts_with(r#"{"target":"default/shop","acceptedAt":""#), "{first}");
    assert!(first.contains(r#""id":"1""#) && first.ends_with("}\n"), "{first}");
    assert!(line(&mut body).await.contains(r#""id":"3""#));
    assert!(line(&mut filtered).await.contains(r#""id":"3""#));
    house.stop.cancel();
    assert!(soon(elsewhere.frame()).await.is_none(), "nothing was sent to the other target");
}

#[tokio::test]
async fn a_slow_reader_is_told_how_much_it_missed_and_delays_nobody() {
    let house = House::new().await;
    let mut body = open(&house, "").await;
    for id in 0..1030 {
        house.publish("order.new", &id.to_string()).await;
    }
    assert_eq!(line(&mut body).await, "{\"missed\":6}\n");
    assert!(line(&mut body).await.contains(r#""id":"6""#));
}

#[tokio::test]
async fn the_stream_ends_with_the_server() {
    let house = House::new().await;
    let mut body = open(&house, "").await;
    house.stop.cancel();
    assert!(soon(body.frame()).await.is_none());
}
