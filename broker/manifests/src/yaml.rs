//! YAML text to JSON values that know on which line each of their fields stands.

use crds::{field_path, item_path};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::Spanned;
use std::collections::BTreeMap;
use std::fmt;

/// One document of a file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Document {
    pub(crate) value: Value,
    /// Line of its first field.
    pub(crate) line: Option<u32>,
    /// Lines of its fields by path.
    pub(crate) lines: BTreeMap<String, u32>,
}

/// Why a file is no YAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) line: Option<u32>,
    pub(crate) message: String,
}

/// Reads every document; empty ones are left out. JSON is YAML, too.
pub(crate) fn parse(text: &str) -> Result<Vec<Document>, SyntaxError> {
    let nodes: Vec<Spanned<Node>> = serde_saphyr::from_multiple_with_options(text, options(text.len()))
        .map_err(|error| syntax(&error))?;
    Ok(nodes.into_iter().map(document).collect())
}

/// Values and names in one file: some 25,000 Triggers. Each takes some 200 bytes while the file is read.
const MAX_NODES: usize = 1_000_000;

/// Bounds of one file. What is written out may be as large as the file; aliases may not multiply it.
fn options(bytes: usize) -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_documents: 100_000,
            max_events: bytes.saturating_mul(2) + 1000,
            max_nodes: (bytes + 1000).min(MAX_NODES),
            max_total_scalar_bytes: bytes.saturating_mul(2) + 1000,
            max_depth: 64,
            max_aliases: 1000,
            max_anchors: 1000,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 100_000,
        },
        // `on`, `yes` and `n` are text, as in YAML 1.2.
        strict_booleans: true,
        with_snippet: false,
    }
}

fn syntax(error: &serde_saphyr::Error) -> SyntaxError {
    let line = error.location().and_then(|at| line(at.line()));
    let text = error.render_with_formatter(&serde_saphyr::UserMessageFormatter);
    // The place is told beforehand, as with every other problem.
    let message = text.lines().next().unwrap_or_default();
    let end = message.find(" at line ").unwrap_or(message.len());
    SyntaxError { line, message: message[..end].to_owned() }
}

fn line(line: u64) -> Option<u32> {
    u32::try_from(line).ok().filter(|line| *line > 0)
}

fn document(node: Spanned<Node>) -> Document {
    let start = line(node.referenced.line());
    let mut lines = BTreeMap::new();
    let value = node.value.into_value("", &mut lines);
    Document { value, line: start, lines }
}

/// A value as it was written, with its places.
enum Node {
    Scalar(Value),
    List(Vec<Spanned<Node>>),
    Map(Vec<(Spanned<String>, Spanned<Node>)>),
}

impl Node {
    fn into_value(self, path: &str, lines: &mut BTreeMap<String, u32>) -> Value {
        match self {
            Self::Scalar(value) => value,
            Self::List(items) => {
                let items = items.into_iter().enumerate().map(|(i, item)| {
                    let path = item_path(path, i);
                    lines.extend(line(item.referenced.line()).map(|line| (path.clone(), line)));
                    item.value.into_value(&path, lines)
                });
                Value::Array(items.collect())
            }
            Self::Map(fields) => {
                let fields = fields.into_iter().map(|(name, node)| {
                    let path = field_path(path, &name.value);
                    lines.extend(line(name.referenced.line()).map(|line| (path.clone(), line)));
                    (name.value, node.value.into_value(&path, lines))
                });
                Value::Object(fields.collect::<Map<_, _>>())
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that JSON has, too")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Scalar(Value::from(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Scalar(Value::from(value)))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Node, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("infinite numbers are not allowed"))?;
        Ok(Node::Scalar(Value::Number(number)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Scalar(Value::from(value)))
    }

    fn visit_string<E>(self, value: String) -> Result<Node, E> {
        Ok(Node::Scalar(Value::from(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Node, A::Error> {
        let mut map = Vec::new();
        while let Some(field) = fields.next_entry()? {
            map.push(field);
        }
        Ok(Node::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_field_knows_its_line() {
        let text = "# a comment\nkind: A\nspec:\n  filters:\n    - exact:\n        type: x\n    - {prefix: {a.b/c: y}}\n---\nkind: B\n";
        let documents = parse(text).unwrap();
        let first = &documents[0];
        assert_eq!(first.line, Some(2));
        let lines: Vec<(&str, u32)> = first.lines.iter().map(|(path, line)| (path.as_str(), *line)).collect();
        assert_eq!(
            lines,
            [
                ("kind", 2),
                ("spec", 3),
                ("spec.filters", 4),
                ("spec.filters[0]", 5),
                ("spec.filters[0].exact", 5),
                ("spec.filters[0].exact.type", 6),
                ("spec.filters[1]", 7),
                ("spec.filters[1].prefix", 7),
                ("spec.filters[1].prefix[a.b/c]", 7),
            ]
        );
        assert_eq!((documents[1].line, &documents[1].value), (Some(9), &json!({"kind": "B"})));
    }

    #[test]
    fn scalars_are_those_of_yaml_1_2() {
        let text = "a: on\nb: true\nc: 5\nd: 5.5\ne: ~\nf: '5'\ng: 2026-01-01\nh: |\n  x\n  y\ni: null\n";
        let want = json!({"a": "on", "b": true, "c": 5, "d": 5.5, "e": null, "f": "5", "g": "2026-01-01",
            "h": "x\ny\n", "i": null});
        assert_eq!(parse(text).unwrap()[0].value, want);
    }

    #[test]
    fn json_and_anchors_are_read() {
        assert_eq!(
            parse("{\n\t\"a\": [1, {\"b\": \"c\"}]\n}").unwrap()[0].value,
            json!({"a": [1, {"b": "c"}]})
        );
        let aliased = &parse("a: &x {t: 1}\nb: *x\n").unwrap()[0];
        assert_eq!(aliased.value, json!({"a": {"t": 1}, "b": {"t": 1}}));
    }

    #[test]
    fn nothing_and_comments_are_no_document() {
        assert_eq!(parse("").unwrap(), []);
        assert_eq!(parse("# nothing\n---\n---\n# more\n").unwrap(), []);
    }

    #[test]
    fn a_syntax_error_names_its_line() {
        for (text, line) in
            [("a: 1\nb: [1, 2\n", 2), ("a: 1\n  b: 2\n", 2), ("a: 1\na: 2\n", 2), ("a: *nobody\n", 1)]
        {
            let error = parse(text).unwrap_err();
            assert_eq!(error.line, Some(line), "{error:?}");
            assert!(!error.message.is_empty() && !error.message.contains('\n'), "{error:?}");
        }
    }

    #[test]
    fn an_error_behind_an_alias_names_one_place() {
        let (open, close) = ("[".repeat(40), "]".repeat(40));
        let error = parse(&format!("a: &a {open}x{close}\nb: {open}*a{close}\n")).unwrap_err();
        assert_eq!(error.line, Some(2));
        assert!(!error.message.contains("line") && !error.message.contains("used"), "{error:?}");
    }

    #[test]
    fn bombs_are_defused() {
        let mut billion = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for i in 1..10 {
            let refs = vec![format!("*a{}", i - 1); 10].join(", ");
            billion.push_str(&format!("a{i}: &a{i} [{refs}]\n"));
        }
        assert!(parse(&billion).is_err());
        assert!(parse(&"[".repeat(100_000)).is_err());
        assert!(parse(&"{a: ".repeat(100_000)).is_err());
    }
}
