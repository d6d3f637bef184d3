use super::house::sluice;
use crate::error::Exit;
use serde_json::json;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const SHOP: &str = "\
apiVersion: eventing.knative.dev/v1
kind: Broker
metadata:
  name: shop
---
apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata:
  name: bill
spec:
  broker: shop
  filters:
    - prefix:
        type: order.
  subscriber:
    uri: http://127.0.0.1:3000/
";

fn folder(manifest: &str) -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("shop.yaml");
    std::fs::write(&file, manifest).unwrap();
    (folder, file)
}

fn typed(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[tokio::test]
async fn nothing_wrong_is_0() {
    let (folder, file) = folder(SHOP);
    for path in [folder.path(), &file] {
        let done = sluice(&["check", "--strict", typed(path)]).await;
        assert_eq!((done.exit, done.out.as_str()), (Exit::Done, ""), "{}", done.err);
        assert_eq!(done.err, "2 objects, 0 problems, 0 warnings\n");
    }
}

#[tokio::test]
async fn a_problem_is_1_and_says_where() {
    let (folder, file) = folder(&SHOP.replace("broker: shop", "broker: Shop_1"));
    let done = sluice(&["check", typed(folder.path())]).await;
    assert_eq!(done.exit, Exit::Failed, "{}", done.out);
    let want = format!("{}:11: Trigger default/bill: spec.broker: ", file.display());
    assert!(done.out.starts_with(&want), "{}", done.out);
    let json = sluice(&["check", "-o", "json", typed(folder.path())]).await.json();
    assert_eq!(
        (&json[0]["line"], &json[0]["severity"], &json[0]["name"]),
        (&json!(11), &json!("error"), &json!("default/bill"))
    );
}

#[tokio::test]
async fn a_warning_is_0_unless_it_counts() {
    let (folder, _) = folder(&SHOP.replace("metadata:\n  name: bill", "metadata:\n  name: bill\nspecs: {}"));
    let done = sluice(&["check", typed(folder.path())]).await;
    assert_eq!(done.exit, Exit::Done, "{}", done.out);
    assert!(done.out.trim_end().ends_with("(warning)") && done.out.contains("specs"), "{}", done.out);
    assert_eq!(sluice(&["check", "--strict", typed(folder.path())]).await.exit, Exit::Failed);
}

#[tokio::test]
async fn only_broken_files_are_a_problem_and_no_files_are_64() {
    let (broken, _) = folder("kind: [Broker\n");
    let done = sluice(&["check", typed(broken.path())]).await;
    assert_eq!(done.exit, Exit::Failed, "{}", done.err);
    assert!(done.out.contains("shop.yaml:"), "{}", done.out);
    let (other, _) = folder("apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: x\n");
    for nothing in [other.path(), Path::new("/no/such/folder")] {
        let done = sluice(&["check", typed(nothing)]).await;
        assert_eq!(done.exit, Exit::BadConfig, "{}", done.out);
        assert!(done.err.contains(typed(nothing)) && done.err.lines().count() == 1, "{}", done.err);
    }
}

#[tokio::test]
async fn a_wrong_expression_is_pointed_at() {
    let wrong = SHOP.replace("prefix:\n        type: order.", "cesql: type = = 'a'");
    let (folder, file) = folder(&wrong);
    let done = sluice(&["check", typed(folder.path())]).await;
    assert_eq!(done.exit, Exit::Failed, "{}", done.out);
    let want = format!("{}:13: Trigger default/bill: spec.filters[0].cesql: column 8: ", file.display());
    assert!(done.out.starts_with(&want), "{}", done.out);
}

#[tokio::test]
async fn eval_prints_the_value_and_points_at_what_is_wrong() {
    let done = sluice(&["eval", "-1 + '43'"]).await;
    assert_eq!((done.exit, done.out.as_str(), done.err.as_str()), (Exit::Done, "42\n", ""));
    let done = sluice(&["eval", "1 + subject"]).await;
    let said =
        "1 + subject\n    ^\nerror: missingAttribute error at column 5: `subject` is not set in the event\n";
    assert_eq!((done.exit, done.out.as_str(), done.err.as_str()), (Exit::Failed, "0\n", said));
    let done = sluice(&["eval", "type LIKE id"]).await;
    let said =
        "type LIKE id\n          ^\nerror: column 11: a pattern in quotes is expected here, found `id`\n";
    assert_eq!((done.exit, done.out.as_str(), done.err.as_str()), (Exit::Failed, "", said));
    let done = sluice(&["eval", "NOT id = 'x'"]).await;
    assert!(done.err.starts_with("note: column 1: NOT binds tighter"), "{}", done.err);
}

#[tokio::test]
async fn eval_is_about_the_event_in_a_file() {
    let (folder, _) = folder(SHOP);
    let event = folder.path().join("event.txt");
    std::fs::write(&event, r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","n":5}"#).unwrap();
    let done = sluice(&["eval", "CONCAT(type, n)", "--event", typed(&event)]).await;
    assert_eq!((done.exit, done.out.as_str()), (Exit::Done, "t5\n"), "{}", done.err);
    assert_eq!(sluice(&["eval", "id", "--event", "/no/such/file"]).await.exit, Exit::Usage);
}

#[tokio::test]
async fn explain_names_what_is_not_in_force() {
    let (folder, _) = folder(&SHOP.replace("type: order.", "Type: order."));
    let event = folder.path().join("event.txt");
    std::fs::write(&event, r#"{"specversion":"1.0","id":"1","source":"/s","type":"order.new"}"#).unwrap();
    let done = sluice(&["explain", "--event", typed(&event), typed(folder.path())]).await;
    assert_eq!((done.exit, done.out.as_str()), (Exit::Done, ""));
    assert!(done.err.contains("Trigger default/bill: spec.filters[0].prefix"), "{}", done.err);
}

#[tokio::test]
async fn explain_needs_no_server() {
    let (folder, _) = folder(SHOP);
    let event = folder.path().join("event.txt");
    for (ty, matches) in [("order.new", true), ("mail.sent", false)] {
        std::fs::write(
            &event,
            json!({ "specversion": "1.0", "id": "1", "source": "/s", "type": ty }).to_string(),
        )
        .unwrap();
        let done = sluice(&["explain", "--event", typed(&event), "-o", "json", typed(folder.path())]).await;
        assert_eq!(done.exit, Exit::Done, "{}", done.err);
        assert_eq!(done.json()[0]["trigger"], "default/bill");
        assert_eq!(done.json()[0]["matches"], matches, "{ty}");
    }
    let event = typed(&event);
    let nowhere = sluice(&["explain", "--event", event, "--broker", "none", typed(folder.path())]).await;
    assert_eq!(nowhere.exit, Exit::Failed);
    assert!(nowhere.err.contains("`default/none`"), "{}", nowhere.err);
    assert_eq!(sluice(&["explain", "--event", event, "/no/such/folder"]).await.exit, Exit::BadConfig);
}
