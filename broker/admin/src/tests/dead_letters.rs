use super::house::{House, event, soon};
use serde_json::json;

async fn four() -> House {
    let house = House::new().await;
    house.bury("a", "default/bill", "order.new", 1_000).await;
    house.bury("b", "default/ship", "order.paid", 2_000).await;
    house.bury("c", "default/bill", "order.paid", 3_000).await;
    house.bury("d/é", "default/bill", "order.new", 4_000).await;
    house
}

async fn ids(house: &House, query: &str) -> Vec<String> {
    let list = house.ask("GET", &format!("/api/v1/dead-letters{query}")).await.json();
    list.as_array().unwrap().iter().map(|letter| letter["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_dead_letter_tells_its_whole_story() {
    let house = four().await;
    let letter = house.ask("GET", "/api/v1/dead-letters/b").await;
    let want = json!({
        "id": "b",
        "trigger": "default/ship",
        "event": { "specversion": "1.0", "id": "b", "source": "/test", "type": "order.paid" },
        "reason": "the sink answered 400",
        "attempts": 3,
        "lastStatus": 400,
        "lastBody": "no \u{fffd}",
        "firstTime": "1970-01-01T00:00:02.000Z",
        "lastTime": "1970-01-01T00:00:02.000Z",
    });
    assert_eq!(letter.json(), want);
    assert_eq!(house.ask("GET", "/api/v1/dead-letters").await.json()[1], want);
}

#[tokio::test]
async fn conditions_narrow_the_list() {
    let house = four().await;
    for (query, want) in [
        ("", vec!["a", "b", "c", "d/é"]),
        ("?trigger=default/bill", vec!["a", "c", "d/é"]),
        ("?type=order.paid", vec!["b", "c"]),
        ("?trigger=default/bill&type=order.paid", vec!["c"]),
        ("?since=1970-01-01T00:00:03Z", vec!["c", "d/é"]),
        ("?since=1h", vec![]),
        ("?limit=2", vec!["a", "b"]),
        ("?id=a&id=c&id=none", vec!["a", "c"]),
    ] {
        assert_eq!(ids(&house, query).await, want, "{query}");
    }
    assert_eq!(house.ask("GET", "/api/v1/dead-letters/d%2F%C3%A9").await.json()["id"], "d/é");
}

#[tokio::test]
async fn all_channels_answer_and_a_limit_is_for_them_together() {
    let house = four().await;
    house.bury_in_attic("y").await;
    house.bury_in_attic("z").await;
    assert_eq!(ids(&house, "?limit=3").await, ["y", "z", "a"]);
    assert_eq!(ids(&house, "?limit=2").await, ["y", "z"]);
    assert_eq!(ids(&house, "").await.len(), 6);
    let purged = house.ask("DELETE", "/api/v1/dead-letters?all=true&limit=3").await.json();
    assert_eq!(purged, json!({ "ids": ["y", "z", "a"] }));
}

#[tokio::test]
async fn a_redrive_reaches_its_trigger_and_is_not_sent_twice() {
    let house = four().await;
    let mut bill = house.channel().subscribe(&"default/bill".into()).await.unwrap();
    let redriven = house.ask("POST", "/api/v1/dead-letters/c/redrive").await.json();
    assert_eq!(redriven, json!({ "ids": ["c"] }));
    let lent = bill.next().await.unwrap();
    assert_eq!(lent.record.event.id(), "c");
    assert_eq!(lent.record.envelope.redrive.as_deref(), Some("c"));
    let again = house.ask("POST", "/api/v1/dead-letters/c/redrive").await;
    assert_eq!(again.status, 409, "{}", again.text);
    assert_eq!(ids(&house, "").await.len(), 4, "it goes when it was delivered, not before");
    let rest = house.ask("POST", "/api/v1/dead-letters/redrive?trigger=default/bill").await.json();
    assert_eq!(rest, json!({ "ids": ["a", "d/é"] }));
}

#[tokio::test]
async fn a_purge_takes_what_it_was_told_and_no_more() {
    let house = four().await;
    let purged = house.ask("DELETE", "/api/v1/dead-letters?trigger=default/bill&limit=2").await.json();
    assert_eq!(purged, json!({ "ids": ["a", "c"] }));
    assert_eq!(ids(&house, "").await, ["b", "d/é"]);
    assert_eq!(house.ask("DELETE", "/api/v1/dead-letters/b").await.json(), json!({ "ids": ["b"] }));
    assert_eq!(house.ask("DELETE", "/api/v1/dead-letters/b").await.status, 404);
    let rest = house.ask("DELETE", "/api/v1/dead-letters?all=true").await.json();
    assert_eq!(rest, json!({ "ids": ["d/é"] }));
    assert_eq!(house.ask("GET", "/api/v1/dead-letters").await.text, "[]\n");
}

#[tokio::test]
async fn a_reply_is_redriven_through_the_door_to_everybody_it_concerns() {
    let house = House::new().await;
    house.bury_reply(event("order.paid", "r")).await;
    let mut bill = house.channel().subscribe(&"default/bill".into()).await.unwrap();
    let mut ship = house.channel().subscribe(&"default/ship".into()).await.unwrap();
    let redriven = house.ask("POST", "/api/v1/dead-letters/redrive?id=r").await.json();
    assert_eq!(redriven, json!({ "ids": ["r"] }));
    for trigger in [&mut bill, &mut ship] {
        let lent = soon(trigger.next()).await.unwrap();
        assert_eq!((lent.record.event.id(), lent.record.envelope.hops), ("r", 255));
        assert_eq!(lent.record.envelope.redrive, None, "it is an event like others");
    }
    assert_eq!(house.ask("GET", "/api/v1/dead-letters").await.text, "[]\n");
}

#[tokio::test]
async fn a_reply_that_is_refused_again_stays_and_says_what_to_do() {
    let house = four().await;
    let large = event::EventBuilder::from(&event("order.paid", "large"));
    let large = large.data(event::Data::Bytes(vec![b'x'; 2 << 20].into())).build().unwrap();
    house.bury_reply(large).await;
    house.bury_reply(event("order.paid", "small")).await;
    let redriven = house.ask("POST", "/api/v1/dead-letters/redrive?all=true").await;
    assert_eq!(redriven.status, 409, "{}", redriven.text);
    let detail = redriven.json()["detail"].as_str().unwrap().to_owned();
    for part in ["`large` is a reply to `default/bill`", "--max-event-size", "at least 5 others were done"] {
        assert!(detail.contains(part), "{detail}");
    }
    let kept = house.ask("GET", "/api/v1/dead-letters/large").await.json();
    assert_eq!(kept["attempts"], 4);
    assert_eq!(house.ask("GET", "/api/v1/dead-letters/small").await.status, 404);
}
