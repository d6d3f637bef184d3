//! From a file's text to the objects in it.

use crate::yaml::{self, Document};
use crds::{Object, Origin, Problem, Severity};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// What one file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Contents {
    pub(crate) objects: Vec<Object>,
    pub(crate) problems: Vec<Problem>,
    /// False when it is not known what else the file defines: nothing of it may be deleted.
    pub(crate) complete: bool,
}

impl Contents {
    /// A file of which nothing is known.
    pub(crate) fn unknown(problem: Problem) -> Self {
        Self { objects: Vec::new(), problems: vec![problem], complete: false }
    }
}

/// Reads a file's text. A syntax error anywhere hides all of it; a document that is no object hides itself.
pub(crate) fn read(file: &Path, text: &str) -> Contents {
    if text.is_empty() {
        // An editor truncates before it writes.
        let message = "is empty: it changes nothing; delete the file to remove what it defined";
        return Contents::unknown(Problem::of_file(file, None, Severity::Warning, message));
    }
    let documents = match yaml::parse(text.strip_prefix('\u{feff}').unwrap_or(text)) {
        Ok(documents) => documents,
        Err(error) => {
            let message = format!("{}: nothing in this file is changed until it is corrected", error.message);
            return Contents::unknown(Problem::of_file(file, error.line, Severity::Error, message));
        }
    };
    let mut contents = Contents { complete: true, ..Contents::default() };
    for document in documents.into_iter().flat_map(items) {
        contents.add(file, document);
    }
    contents
}

impl Contents {
    fn add(&mut self, file: &Path, document: Document) {
        let Document { mut value, line, lines } = document;
        remove_server_side(&mut value);
        let origin = Origin { file: Some(file.to_path_buf()), line, lines };
        match Object::new(value, origin.clone()) {
            Ok(object) => self.objects.push(object),
            Err(error) => {
                self.complete = false;
                let line = origin.lines.get(&error.field).copied().or(line);
                let field = error.field.clone();
                let problem = Problem::of_file(file, line, Severity::Error, error.message);
                self.problems.push(Problem { field, ..problem });
            }
        }
    }
}

/// The items of a `kind: List`; other documents stay what they are.
fn items(mut document: Document) -> Vec<Document> {
    let is_list = document.value["kind"] == "List" && document.value["apiVersion"] == "v1";
    let Some(Value::Array(items)) = document.value.get_mut("items").filter(|_| is_list).map(Value::take)
    else {
        return vec![document];
    };
    let mut lines: Vec<BTreeMap<String, u32>> = vec![BTreeMap::new(); items.len()];
    for (path, line) in document.lines {
        let Some((index, field)) = path.strip_prefix("items[").and_then(|rest| rest.split_once(']')) else {
            continue;
        };
        if let Some(lines) = index.parse().ok().and_then(|index: usize| lines.get_mut(index)) {
            lines.insert(field.trim_start_matches('.').to_owned(), line);
        }
    }
    let with_lines = items.into_iter().zip(lines);
    with_lines.map(|(value, mut lines)| Document { value, line: lines.remove(""), lines }).collect()
}

/// What an API server writes into an object. In a file it is a left-over of `kubectl get -o yaml`.
fn remove_server_side(value: &mut Value) {
    let Value::Object(fields) = value else { return };
    fields.remove("status");
    if let Some(Value::Object(metadata)) = fields.get_mut("metadata") {
        for name in ["uid", "generation", "resourceVersion", "creationTimestamp", "managedFields", "selfLink"]
        {
            metadata.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(text: &str) -> Contents {
        read(Path::new("mesh.yaml"), text)
    }

    #[test]
    fn a_list_is_its_items() {
        let list = contents(
            "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata: {name: a}\n- apiVersion: v1\n  kind: Secret\n  metadata:\n    name: b\n",
        );
        let places: Vec<_> = list
            .objects
            .iter()
            .map(|o| (o.id.name.as_str(), o.origin.line, o.line_of("metadata.name")))
            .collect();
        assert_eq!(places, [("a", Some(4), Some(6)), ("b", Some(7), Some(10))]);
    }

    #[test]
    fn a_document_that_is_no_object_leaves_the_others() {
        let some =
            contents("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n---\nversion: 3\nservices: {}\n");
        assert_eq!((some.objects.len(), some.complete), (1, false));
        assert_eq!(
            some.problems[0].to_string(),
            "mesh.yaml:5: apiVersion: `apiVersion` is missing: nobody can say which object this is"
        );
    }

    #[test]
    fn a_syntax_error_hides_the_whole_file() {
        let none = contents("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n---\na: [\n");
        assert_eq!((none.objects.len(), none.complete, none.problems.len()), (0, false, 1));
        assert_eq!(none.problems[0].line, Some(5));
    }

    #[test]
    fn an_empty_file_changes_nothing_and_one_of_comments_defines_nothing() {
        assert!(!contents("").complete);
        assert_eq!(contents("# all gone\n"), Contents { complete: true, ..Contents::default() });
    }

    #[test]
    fn what_a_server_wrote_is_left_out() {
        let text =
            "apiVersion: v1\nkind: Secret\nmetadata: {name: a, uid: x, generation: 3}\nstatus: {a: b}\n";
        let value = &contents(text).objects[0].value;
        assert!(value.get("status").is_none() && value.pointer("/metadata/uid").is_none());
    }
}
