//! JSON batch format 1.0.

use super::{BATCH, JSON, Lab};

fn member(id: &str) -> String {
    format!("{}}}", JSON.replace(r#""id":"1""#, &format!(r#""id":"{id}""#)))
}

#[tokio::test]
async fn s4_1_a_batch_is_an_array_of_events() {
    let lab = Lab::new().await;
    lab.accept(BATCH, format!(" [{} ,\n{}] ", member("a"), member("b"))).await;
    let mut ids: Vec<_> = lab.sink.got(2).await.iter().map(|got| got.json()["id"].clone()).collect();
    ids.sort_by_key(ToString::to_string);
    assert_eq!(ids, ["a", "b"]);
}

#[tokio::test]
async fn s4_1_what_is_no_array_of_events_is_refused() {
    let lab = Lab::new().await;
    for body in
        [member("a"), String::new(), "null".into(), "[".into(), "[1]".into(), "[[]]".into(), "[{}]".into()]
    {
        lab.refuse(400, BATCH, &body).await;
    }
    let trailing = lab.refuse(400, BATCH, format!("[{}] x", member("a"))).await;
    assert!(trailing.contains("trailing characters"), "{trailing}");
}

#[tokio::test]
async fn s4_1_one_invalid_member_refuses_the_batch_and_is_named() {
    let lab = Lab::new().await;
    let why = lab.refuse(400, BATCH, format!("[{},{}]", member("a"), member(""))).await;
    assert_eq!(why, "batch member 1: attribute `id`: must not be empty");
    assert_eq!(lab.pass_binary("").await.header("ce-id"), "1");
    assert_eq!(lab.sink.count(), 1, "nothing of the batch was taken");
}

#[tokio::test]
async fn s4_1_events_of_both_versions_may_stand_in_a_batch() {
    let lab = Lab::new().await;
    lab.accept(BATCH, format!("[{},{}]", member("a"), member("b").replace("1.0", "0.3"))).await;
    let mut versions: Vec<_> =
        lab.sink.got(2).await.iter().map(|got| got.json()["specversion"].clone()).collect();
    versions.sort_by_key(ToString::to_string);
    assert_eq!(versions, ["0.3", "1.0"]);
}

#[tokio::test]
async fn s4_2_the_media_type_is_application_cloudevents_batch_json() {
    let lab = Lab::new().await;
    assert_eq!(lab.pass(BATCH, format!("[{}]", member("a"))).await.json()["id"], "a");
    lab.refuse(415, "Content-Type: application/cloudevents-batch\r\n", "[]").await;
    lab.refuse(400, "Content-Type: application/json\r\n", format!("[{}]", member("a"))).await;
}

#[tokio::test]
async fn s4_3_an_empty_batch_is_valid() {
    let lab = Lab::new().await;
    lab.accept(BATCH, "[]").await;
    assert_eq!(lab.pass_binary("").await.header("ce-id"), "1");
    assert_eq!(lab.sink.count(), 1);
}
