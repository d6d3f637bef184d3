//! Files change while they are watched; the process restarts.

#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]

use manifests::{Declared, LastGood, LoadError, Watch};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

const BROKER: &str = "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: shop}\n";

fn trigger(name: &str, uri: &str) -> String {
    format!(
        "apiVersion: eventing.knative.dev/v1\nkind: Trigger\nmetadata: {{name: {name}}}\nspec:\n  broker: shop\n  subscriber: {{uri: '{uri}'}}\n"
    )
}

/// A folder of manifests, a data folder, and a mesh that can be restarted.
struct Mesh {
    manifests: tempfile::TempDir,
    data: tempfile::TempDir,
}

impl Mesh {
    fn new() -> Self {
        let mesh = Self { manifests: tempfile::tempdir().unwrap(), data: tempfile::tempdir().unwrap() };
        mesh.write("broker.yaml", BROKER);
        mesh
    }

    fn path(&self, name: &str) -> PathBuf {
        self.manifests.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn try_start(&self) -> Result<Watch, LoadError> {
        let store = LastGood::open(&self.data.path().join("manifests")).unwrap();
        Watch::start(&[self.manifests.path().to_path_buf()], Some(store))
    }

    fn start(&self) -> Watch {
        self.try_start().unwrap()
    }
}

/// The subscriber of a Trigger in force.
fn uri(declared: &Declared, name: &str) -> Option<String> {
    let object =
        declared.index.objects().find(|object| object.id.kind == "Trigger" && object.id.name == name)?;
    object.value.pointer("/spec/subscriber/uri")?.as_str().map(str::to_owned)
}

fn problems(declared: &Declared) -> Vec<String> {
    declared.index.problems.iter().map(|problem| problem.message.clone()).collect()
}

/// The first declaration that is as wanted; in force within a second.
async fn until(watch: &mut Watch, wanted: impl Fn(&Declared) -> bool) -> Arc<Declared> {
    let found = async {
        loop {
            let declared = watch.current();
            if wanted(&declared) {
                return declared;
            }
            watch.changed().await.expect("the thread lives");
        }
    };
    // More than the second that is promised: the machine may be busy.
    tokio::time::timeout(Duration::from_secs(5), found).await.expect("not in force")
}

#[tokio::test]
async fn a_change_a_new_file_and_a_removed_one_come_into_force() {
    let mesh = Mesh::new();
    mesh.write("a.yaml", &trigger("a", "http://one"));
    let mut watch = mesh.start();
    assert_eq!(uri(&watch.current(), "a").unwrap(), "http://one");
    mesh.write("a.yaml", &trigger("a", "http://two"));
    until(&mut watch, |declared| uri(declared, "a").as_deref() == Some("http://two")).await;
    mesh.write("b.yml", &trigger("b", "http://b"));
    until(&mut watch, |declared| uri(declared, "b").is_some()).await;
    fs::remove_file(mesh.path("a.yaml")).unwrap();
    let declared = until(&mut watch, |declared| uri(declared, "a").is_none()).await;
    assert_eq!((problems(&declared), declared.files), (vec![], 2));
}

#[tokio::test]
async fn a_syntax_error_changes_nothing_not_even_over_a_restart() {
    let mesh = Mesh::new();
    mesh.write("a.yaml", &trigger("a", "http://one"));
    let mut watch = mesh.start();
    mesh.write("a.yaml", "spec: [\n");
    let declared = until(&mut watch, |declared| !declared.index.problems.is_empty()).await;
    assert_eq!(uri(&declared, "a").unwrap(), "http://one");
    drop(watch);
    let mut watch = mesh.start();
    assert_eq!(uri(&watch.current(), "a").unwrap(), "http://one");
    assert_eq!(watch.current().index.problems.len(), 1);
    // Corrected, the file speaks for itself again: what it does not define goes.
    mesh.write("a.yaml", "# nothing\n");
    let declared = until(&mut watch, |declared| uri(declared, "a").is_none()).await;
    assert_eq!(problems(&declared), Vec::<String>::new());
}

#[tokio::test]
async fn an_invalid_version_stops_only_itself_not_even_over_a_restart() {
    let mesh = Mesh::new();
    mesh.write("a.yaml", &trigger("a", "http://one"));
    let mut watch = mesh.start();
    mesh.write("a.yaml", &format!("{}---\n{}", trigger("a", "nowhere"), trigger("b", "http://b")));
    let declared = until(&mut watch, |declared| uri(declared, "b").is_some()).await;
    assert_eq!(uri(&declared, "a").unwrap(), "http://one");
    assert!(problems(&declared)[0].ends_with("(the last good version stays in force)"), "{declared:?}");
    drop(watch);
    assert_eq!(uri(&mesh.start().current(), "a").unwrap(), "http://one");
}

#[tokio::test]
async fn what_is_removed_while_the_process_is_down_is_gone() {
    let mesh = Mesh::new();
    mesh.write("a.yaml", &trigger("a", "http://one"));
    drop(mesh.start());
    fs::remove_file(mesh.path("a.yaml")).unwrap();
    assert_eq!(uri(&mesh.start().current(), "a"), None);
}

#[tokio::test]
async fn an_unreadable_folder_deletes_nothing() {
    let mesh = Mesh::new();
    let mut watch = mesh.start();
    let away = mesh.data.path().join("away");
    fs::rename(mesh.manifests.path(), &away).unwrap();
    let declared = until(&mut watch, |declared| !declared.index.problems.is_empty()).await;
    assert_eq!(declared.index.objects().count(), 1);
    // And it is watched again when it comes back.
    fs::rename(&away, mesh.manifests.path()).unwrap();
    until(&mut watch, |declared| declared.index.problems.is_empty()).await;
    mesh.write("a.yaml", &trigger("a", "http://one"));
    until(&mut watch, |declared| uri(declared, "a").is_some()).await;
}

#[tokio::test]
async fn moving_an_object_to_another_file_is_no_change() {
    let mesh = Mesh::new();
    mesh.write("a.yaml", &trigger("a", "http://one"));
    let mut watch = mesh.start();
    fs::rename(mesh.path("a.yaml"), mesh.path("z.yaml")).unwrap();
    let moved = |declared: &Declared| {
        declared.index.objects().any(|object| object.origin.file.as_deref() == Some(&mesh.path("z.yaml")))
    };
    let declared = until(&mut watch, moved).await;
    assert_eq!(uri(&declared, "a").unwrap(), "http://one");
    // From now on `z.yaml` speaks for it.
    mesh.write("z.yaml", "spec: [\n");
    let declared = until(&mut watch, |declared| !declared.index.problems.is_empty()).await;
    assert!(uri(&declared, "a").is_some());
}

#[tokio::test]
async fn a_second_definition_does_not_replace_the_one_in_force() {
    let mesh = Mesh::new();
    mesh.write("m.yaml", &trigger("a", "http://one"));
    let mut watch = mesh.start();
    // Before `m.yaml` in the order of names.
    mesh.write("a.yaml", &trigger("a", "http://two"));
    let declared = until(&mut watch, |declared| !declared.index.problems.is_empty()).await;
    assert_eq!(uri(&declared, "a").unwrap(), "http://one");
    drop(watch);
    assert_eq!(uri(&mesh.start().current(), "a").unwrap(), "http://one");
}

#[cfg(unix)]
#[tokio::test]
async fn a_mounted_config_map_is_swapped_as_a_whole() {
    let mesh = Mesh::new();
    let version = |name: &str, uri: &str| {
        fs::create_dir(mesh.path(name)).unwrap();
        mesh.write(&format!("{name}/a.yaml"), &trigger("a", uri));
    };
    let link = |target: &str, name: &str| std::os::unix::fs::symlink(target, mesh.path(name)).unwrap();
    version("..1", "http://one");
    link("..1", "..data");
    link("..data/a.yaml", "a.yaml");
    let mut watch = mesh.start();
    assert_eq!(uri(&watch.current(), "a").unwrap(), "http://one");
    version("..2", "http://two");
    link("..2", "..data_tmp");
    fs::rename(mesh.path("..data_tmp"), mesh.path("..data")).unwrap();
    until(&mut watch, |declared| uri(declared, "a").as_deref() == Some("http://two")).await;
}

/// Nothing tells of it: the system watches the folder that the link led to.
#[cfg(unix)]
#[tokio::test]
async fn a_link_to_another_folder_is_noticed_without_being_told() {
    let mesh = Mesh::new();
    for version in ["1", "2"] {
        fs::create_dir(mesh.path(version)).unwrap();
        mesh.write(&format!("{version}/a.yaml"), &trigger("a", &format!("http://{version}")));
    }
    let link = |target: &str, name: &str| std::os::unix::fs::symlink(target, mesh.path(name)).unwrap();
    link("1", "current");
    let mut watch = Watch::start(&[mesh.path("current")], None).unwrap();
    link("2", "next");
    fs::rename(mesh.path("next"), mesh.path("current")).unwrap();
    until(&mut watch, |declared| uri(declared, "a").as_deref() == Some("http://2")).await;
}

#[tokio::test]
async fn a_single_file_that_an_editor_replaces_is_followed() {
    let mesh = Mesh::new();
    mesh.write("new", &trigger("a", "http://one"));
    let mut watch = Watch::start(&[mesh.path("broker.yaml")], None).unwrap();
    fs::rename(mesh.path("new"), mesh.path("broker.yaml")).unwrap();
    until(&mut watch, |declared| uri(declared, "a").is_some()).await;
    // Its absence for a moment deletes nothing.
    fs::remove_file(mesh.path("broker.yaml")).unwrap();
    let declared = until(&mut watch, |declared| !declared.index.problems.is_empty()).await;
    assert!(uri(&declared, "a").is_some());
}

#[test]
fn a_start_without_anything_usable_is_refused() {
    let empty = tempfile::tempdir().unwrap();
    let start = |path: &Path| Watch::start(&[path.to_path_buf()], None).unwrap_err();
    assert!(matches!(start(empty.path()), LoadError::NothingUsable { problems, .. } if problems.is_empty()));
    assert!(matches!(start(&empty.path().join("nowhere")), LoadError::NoSuchPath(_)));
    fs::write(empty.path().join("a.yaml"), "a: [").unwrap();
    assert!(matches!(start(empty.path()), LoadError::NothingUsable { problems, .. } if problems.len() == 1));
    assert!(manifests::load_once(&[empty.path().to_path_buf()]).is_err());
}

#[test]
fn what_is_no_manifest_or_no_file_is_left_alone() {
    let mesh = Mesh::new();
    for name in ["notes.txt", ".hidden.yaml", "old.yaml.bak"] {
        mesh.write(name, "a: [");
    }
    fs::create_dir(mesh.path("sub.yaml")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("broker.yaml", mesh.path("alias.yaml")).unwrap();
    let paths = [mesh.manifests.path().to_path_buf(), mesh.path("broker.yaml")];
    let declared = manifests::load_once(&paths).unwrap();
    assert_eq!((declared.files, problems(&declared)), (1, vec![]));
}

#[test]
fn a_file_that_is_too_large_is_named_and_not_read() {
    let mesh = Mesh::new();
    fs::File::create(mesh.path("large.yaml")).unwrap().set_len(17 * 1024 * 1024).unwrap();
    let declared = manifests::load_once(&[mesh.manifests.path().to_path_buf()]).unwrap();
    assert!(problems(&declared)[0].contains("split it"), "{:?}", problems(&declared));
}
