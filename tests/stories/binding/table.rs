//! `docs/conformance.md` and `docs/http.md` name each test of these folders, and no test that is not there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Where a test may be whose name stands in a table.
const PLACES: [&str; 8] = [
    "tests/stories",
    "tests/stories/binding",
    "tests/stories/http",
    "tests/toolchains",
    "tests/toolchains/cesql",
    "broker/filter/tests/cesql",
    "ingress/tests/http",
    "dispatcher/tests/it",
];

#[test]
fn every_rule_has_its_test_and_every_test_its_rule() {
    for (page, folder) in [("conformance.md", "binding"), ("http.md", "http")] {
        let named = named(page);
        let there: BTreeSet<String> = PLACES.iter().flat_map(|place| tests_in(&root().join(place))).collect();
        let missing: Vec<_> = named.difference(&there).collect();
        assert!(missing.is_empty(), "docs/{page} names tests that are not there: {missing:#?}");
        let unnamed: Vec<_> = tests_in(&root().join("tests/stories").join(folder))
            .into_iter()
            .filter(|test| !test.starts_with("table::") && !named.contains(test))
            .collect();
        assert!(unnamed.is_empty(), "docs/{page} does not name {unnamed:#?}");
    }
}

/// The tests in the tables of rules of a page; every row says rule, section, tests and result.
fn named(page: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(root().join("docs").join(page)).unwrap();
    let tables = text.split("\n\n").filter(|block| block.starts_with("| rule "));
    let mut named = BTreeSet::new();
    for row in tables.flat_map(|table| table.lines().skip(2)) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [_, _, tests, result] = cells[..] else { panic!("not four cells in docs/{page}: {row}") };
        let known = ["passes", "departs: ", "later: "].iter().any(|word| result.starts_with(word));
        assert!(known, "no result in docs/{page}: {row}");
        assert!(!result.starts_with("passes") || tests.contains("::"), "no test in docs/{page}: {row}");
        named.extend(tests.split('`').filter(|word| word.contains("::")).map(ToOwned::to_owned));
    }
    assert!(!named.is_empty(), "docs/{page} has no table");
    named
}

/// The tests in the files of a folder, as `FILE::NAME`.
fn tests_in(folder: &Path) -> BTreeSet<String> {
    let mut tests = BTreeSet::new();
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(Result::unwrap);
    for path in entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "rs")) {
        let file = path.file_stem().unwrap().to_str().unwrap();
        let source = std::fs::read_to_string(&path).unwrap();
        let mut is_test = false;
        for line in source.lines() {
            if let Some((_, rest)) = line.split_once("fn ").filter(|_| is_test) {
                let name = rest.split('(').next().unwrap();
                assert!(tests.insert(format!("{file}::{name}")), "{file}::{name} twice");
            }
            is_test = line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        }
    }
    tests
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
