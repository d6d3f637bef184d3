use super::house::{Answer, House, until};
use crate::api::api_routes;
use axum::body::Body;
use broker_core::Health;
use http::Request;
use serde_json::Value;
use tower::ServiceExt;

#[tokio::test]
async fn the_description_and_the_routes_are_the_same() {
    let house = House::new().await;
    let described = house.ask("GET", "/api/v1/openapi.json").await.json();
    let paths = described["paths"].as_object().unwrap();
    let routed: Vec<&str> = api_routes().iter().map(|(path, _)| *path).collect();
    assert_eq!(paths.len(), routed.len());
    for path in routed {
        let methods = paths.get(path).unwrap_or_else(|| panic!("{path} is not described"));
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let request =
                Request::builder().method(method).uri(format!("/api/v1{}", path.replace("{id}", "x")));
            let router = house.router_on("127.0.0.1:9090");
            let answer = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
            let described = methods.get(method.to_ascii_lowercase()).is_some();
            assert_eq!(answer.status() != 405, described, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn every_schema_that_is_named_is_there() {
    let described = House::new().await.ask("GET", "/api/v1/openapi.json").await;
    let schemas = described.json()["components"]["schemas"].clone();
    let names: Vec<&str> =
        described.text.split("#/components/schemas/").skip(1).map(|s| s.split('"').next().unwrap()).collect();
    assert!(!names.is_empty());
    for name in names {
        assert!(schemas[name].is_object(), "{name}");
    }
}

#[tokio::test]
async fn ready_once_the_first_table_is_in_force_and_until_something_is_red() {
    let starting = House::starting();
    assert!(starting.ask("GET", "/readyz").await.text.contains("not in force yet"));
    assert_eq!(starting.ask("GET", "/healthz").await.status, 200);
    let house = House::new().await;
    assert_eq!(house.ask("GET", "/readyz").await.status, 200);
    house.backend.faults().set_health(Health::Failed("fsync: no space left".to_owned()));
    house.admin.draining.cancel();
    let red = house.ask("GET", "/readyz").await;
    assert_eq!((red.status, red.content_type.as_str()), (503, "application/problem+json"));
    let reasons = red.json()["reasons"].as_array().unwrap().clone();
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    assert!(reasons[1].as_str().unwrap().contains("fsync: no space left"), "{reasons:?}");
}

#[tokio::test]
async fn metrics_are_open_metrics_with_each_trigger() {
    let house = House::new().await;
    let mut bill = house.channel().subscribe(&"default/bill".into()).await.unwrap();
    house.bury("x", "default/ship", "order.paid", 1).await;
    house.publish("order.new", "1").await;
    let _lent = bill.next().await.unwrap();
    until("an event of bill is in flight", async || {
        house
            .ask("GET", "/metrics")
            .await
            .text
            .contains("sluice_trigger_in_flight{trigger=\"default/bill\"} 1")
    })
    .await;
    let metrics = house.ask("GET", "/metrics").await;
    assert!(metrics.content_type.starts_with("application/openmetrics-text"), "{}", metrics.content_type);
    for line in [
        "# TYPE sluice_trigger_lag gauge",
        "sluice_trigger_lag{trigger=\"default/bill\"} 1",
        "sluice_trigger_waiting{trigger=\"default/bill\"} 0",
        "sluice_dead_letters{trigger=\"default/ship\"} 1",
        "sluice_dead_letters{trigger=\"default/bill\"} 0",
        "sluice_backend_up{backend=\"memory\"} 1",
        "# EOF",
    ] {
        assert!(metrics.text.contains(line), "{line} is not in\n{}", metrics.text);
    }
}

async fn ask_from(house: &House, address: &str, path: &str, bearer: Option<&str>) -> Answer {
    let mut request = Request::get(path);
    if let Some(token) = bearer {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request.body(Body::empty()).unwrap();
    Answer::of(house.router_on(address).oneshot(request).await.unwrap()).await
}

#[tokio::test]
async fn elsewhere_the_api_needs_a_token_and_health_does_not() {
    let mut house = House::new().await;
    let anywhere = "0.0.0.0:9090";
    assert_eq!(ask_from(&house, anywhere, "/api/v1/objects", None).await.status, 403);
    house.admin.token = Some("secret".to_owned());
    let refused = ask_from(&house, anywhere, "/api/v1/objects", None).await;
    assert_eq!((refused.status, refused.content_type.as_str()), (401, "application/problem+json"));
    assert_eq!(ask_from(&house, anywhere, "/api/v1/objects", Some("wrong")).await.status, 401);
    assert_eq!(ask_from(&house, anywhere, "/api/v1/objects", Some("secret")).await.status, 200);
    assert_eq!(ask_from(&house, anywhere, "/api/v1/nothing", None).await.status, 401);
    for open in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(ask_from(&house, anywhere, open, None).await.status, 200, "{open}");
    }
}

#[tokio::test]
async fn wrong_requests_get_a_problem_that_says_what_is_wrong() {
    let house = House::new().await;
    for (method, path, status, names) in [
        ("GET", "/nothing", 404, "openapi.json"),
        ("GET", "/api/v1/nothing", 404, "openapi.json"),
        ("PUT", "/api/v1/objects", 405, "Allow"),
        ("GET", "/api/v1/dead-letters?triger=x", 400, "`triger`"),
        ("GET", "/api/v1/dead-letters?limit=0", 400, "`limit`"),
        ("GET", "/api/v1/dead-letters?since=soon", 400, "`soon`"),
        ("POST", "/api/v1/dead-letters/redrive", 400, "all=true"),
        ("DELETE", "/api/v1/dead-letters", 400, "all=true"),
        ("GET", "/api/v1/dead-letters/x", 404, "`x`"),
        ("POST", "/api/v1/dead-letters/x/redrive", 404, "`x`"),
        ("GET", "/api/v1/tail?filter=type%20%3D", 400, "`filter`: column 7: "),
        ("GET", "/api/v1/tail?colour=x", 400, "colour"),
        ("GET", "/api/v1/dead-letters?limit=10001", 400, "10000"),
        ("POST", "/api/v1/explain?brokr=x", 400, "brokr"),
    ] {
        let answer = house.ask(method, path).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text);
        assert_eq!(answer.content_type, "application/problem+json", "{method} {path}");
        let problem: Value = answer.json();
        assert_eq!(problem["status"], answer.status, "{method} {path}");
        assert!(problem["detail"].as_str().unwrap().contains(names), "{method} {path}: {problem}");
    }
}
