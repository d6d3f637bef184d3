//! A Secret, alone.

use crate::api;
use crate::field_path;
use crate::hidden::hidden_character;
use crate::report::Report;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;
use std::fmt;

/// What a Secret holds; never shown, not even by `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Secret {
    values: BTreeMap<String, Vec<u8>>,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

impl Secret {
    /// Keys whose value has a character that nobody sees, and which one. PEM and binary values are left alone.
    pub(crate) fn hidden(&self) -> impl Iterator<Item = (&str, String)> {
        self.values.iter().filter_map(|(key, value)| {
            let text = std::str::from_utf8(value).ok().filter(|text| is_one_line(text))?;
            Some((key.as_str(), hidden_character(text)?))
        })
    }
}

/// A password, a name, an address: no PEM block, no configuration file.
fn is_one_line(text: &str) -> bool {
    text.trim_end().lines().count() <= 1
}

pub(super) fn parse(spec: api::Secret, report: &mut Report<'_>) -> Option<Secret> {
    let mut values = BTreeMap::new();
    let mut readable = true;
    for (key, text) in &spec.data {
        match STANDARD.decode(text.split_ascii_whitespace().collect::<String>()) {
            Ok(value) => drop(values.insert(key.clone(), value)),
            Err(_) => {
                readable = false;
                report.error(field_path("data", key), "is not base64: put plain text under `stringData`");
            }
        }
    }
    values.extend(spec.string_data.into_iter().map(|(key, text)| (key, text.into_bytes())));
    let secret = Secret { values };
    for (key, hidden) in secret.hidden() {
        let parent = if spec.data.contains_key(key) { "data" } else { "stringData" };
        report.warning(
            field_path(parent, key),
            format!("the value has {hidden}: objects that refer to it are refused; `echo -n` writes none"),
        );
    }
    readable.then_some(secret)
}
