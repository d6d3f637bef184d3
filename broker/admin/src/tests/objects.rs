use super::house::{House, until};
use broker_core::State;
use serde_json::{Value, json};
use std::time::Duration;

async fn item(house: &House, kind: &str, name: &str) -> Value {
    let list = house.ask("GET", "/api/v1/objects").await.json();
    let items = list["items"].as_array().unwrap().clone();
    items.into_iter().find(|i| i["kind"] == kind && i["metadata"]["name"] == name).unwrap()
}

fn ready(object: &Value) -> Value {
    let conditions = object["status"]["conditions"].as_array().unwrap();
    conditions.iter().find(|c| c["type"] == "Ready").unwrap().clone()
}

#[tokio::test]
async fn an_object_is_ready_when_provisioning_says_so_and_not_before() {
    let starting = House::starting();
    assert_eq!(ready(&item(&starting, "Trigger", "bill").await)["status"], "Unknown");
    let house = House::new().await;
    assert_eq!(ready(&item(&house, "Trigger", "bill").await)["status"], "True");
    let away = State::NotReady { reason: "Backend".to_owned(), message: "it is away".to_owned() };
    house.admin.readiness.set("Trigger/default/bill", away);
    let condition = ready(&item(&house, "Trigger", "bill").await);
    let want = json!({ "type": "Ready", "status": "False", "reason": "Backend", "message": "it is away" });
    assert_eq!(condition, want);
}

#[tokio::test]
async fn an_object_that_is_not_in_force_is_not_ready_whatever_provisioning_says() {
    let house = House::new().await;
    house.admin.readiness.set("Trigger/default/torn", State::Ready);
    assert_eq!(ready(&item(&house, "Trigger", "torn").await)["reason"], "BadFilter");
}

#[tokio::test]
async fn the_numbers_of_a_broker_are_those_of_its_triggers_together() {
    let house = House::new().await;
    let mut bill = house.channel().subscribe(&"default/bill".into()).await.unwrap();
    let mut ship = house.channel().subscribe(&"default/ship".into()).await.unwrap();
    for (ty, id) in [("order.new", "1"), ("order.new", "2"), ("order.paid", "3")] {
        house.publish(ty, id).await;
    }
    house.bury("x", "default/bill", "order.new", 1).await;
    let first = bill.next().await.unwrap();
    let _second = bill.next().await.unwrap();
    let _third = bill.next().await.unwrap();
    let _fourth = ship.next().await.unwrap();
    first.nack(Duration::from_secs(100));
    let numbers = async |kind, name| {
        let n = &item(&house, kind, name).await["status"]["sluice"];
        ["backlog", "retrying", "inFlight", "dead"].map(|field| n[field].as_u64().unwrap())
    };
    until("the numbers of bill", async || numbers("Trigger", "bill").await == [3, 1, 2, 1]).await;
    until("the numbers of ship", async || numbers("Trigger", "ship").await == [1, 0, 1, 0]).await;
    // How far the paused one is behind is known as an upper bound only.
    let hold = item(&house, "Trigger", "hold").await["status"]["sluice"]["backlog"].as_u64().unwrap();
    assert_eq!(numbers("Broker", "shop").await, [4 + hold, 1, 3, 1]);
    let bill = item(&house, "Trigger", "bill").await["status"]["sluice"]["oldestSeconds"].clone();
    let shop = item(&house, "Broker", "shop").await["status"]["sluice"]["oldestSeconds"].clone();
    assert!(bill.as_f64() > Some(0.0) && bill.as_f64() <= shop.as_f64(), "{bill} {shop}");
}

#[tokio::test]
async fn an_object_without_an_age_gets_one() {
    let house = House::new().await;
    let created = item(&house, "Broker", "shop").await["metadata"]["creationTimestamp"].clone();
    assert!(created.as_str().unwrap().parse::<jiff::Timestamp>().is_ok(), "{created}");
}
