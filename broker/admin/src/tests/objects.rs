use super::house::House;
use broker_core::State;
use serde_json::{Value, json};

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
    let house = House::new();
    assert_eq!(ready(&item(&house, "Trigger", "bill").await)["status"], "Unknown");
    house.readiness().set("Trigger/default/bill", State::Ready);
    assert_eq!(ready(&item(&house, "Trigger", "bill").await)["status"], "True");
    let away = State::NotReady { reason: "Backend".to_owned(), message: "it is away".to_owned() };
    house.readiness().set("Trigger/default/bill", away);
    let condition = ready(&item(&house, "Trigger", "bill").await);
    let want = json!({ "type": "Ready", "status": "False", "reason": "Backend", "message": "it is away" });
    assert_eq!(condition, want);
}

#[tokio::test]
async fn an_object_that_is_not_in_force_is_not_ready_whatever_provisioning_says() {
    let house = House::new();
    house.readiness().set("Trigger/default/torn", State::Ready);
    assert_eq!(ready(&item(&house, "Trigger", "torn").await)["reason"], "BadFilter");
}

#[tokio::test]
async fn the_numbers_of_a_broker_are_those_of_its_triggers_together() {
    let house = House::new();
    let bill = &item(&house, "Trigger", "bill").await["status"]["sluice"];
    assert_eq!((&bill["backlog"], &bill["retrying"], &bill["inFlight"]), (&json!(7), &json!(6), &json!(1)));
    assert_eq!(bill["dead"], 0);
    let shop = &item(&house, "Broker", "shop").await["status"]["sluice"];
    assert_eq!((&shop["backlog"], &shop["retrying"], &shop["inFlight"]), (&json!(9), &json!(7), &json!(2)));
    let oldest = shop["oldestSeconds"].as_f64().unwrap();
    assert!((7.0..60.0).contains(&oldest), "{oldest}");
}

#[tokio::test]
async fn the_value_of_a_secret_is_not_shown() {
    let house = House::new();
    let secret = item(&house, "Secret", "key").await;
    assert_eq!(secret["data"], json!({ "password": "(hidden)" }));
}

#[tokio::test]
async fn an_object_without_an_age_gets_one() {
    let house = House::new();
    let created = item(&house, "Broker", "shop").await["metadata"]["creationTimestamp"].clone();
    assert!(created.as_str().unwrap().parse::<jiff::Timestamp>().is_ok(), "{created}");
}
