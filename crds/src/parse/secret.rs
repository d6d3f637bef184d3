//! A Secret, alone.

use crate::api;
use crate::field_path;
use crate::hidden::hidden_character;
use crate::report::Report;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use broker_core::ClientCertificate;
use certificates::{Identity, Part};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// Type of a Secret that holds a certificate, and its keys.
const TLS: &str = "kubernetes.io/tls";
const CHAIN: &str = "tls.crt";
const KEY: &str = "tls.key";

/// What is wrong with the value of a key; said of the value.
type BadValue = (&'static str, String);

/// What a Secret holds; never shown, not even by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret {
    values: BTreeMap<String, Vec<u8>>,
    /// Read once, however many Triggers show it.
    client_certificate: Result<Arc<ClientCertificate>, BadValue>,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

impl Secret {
    fn new(values: BTreeMap<String, Vec<u8>>) -> Self {
        let client_certificate = client_certificate(&values).map(Arc::new);
        Self { values, client_certificate }
    }

    /// The certificate in it. `Err`: the key whose value is wrong, and how.
    pub(crate) fn client_certificate(&self) -> Result<Arc<ClientCertificate>, BadValue> {
        self.client_certificate.clone()
    }

    /// Keys whose value has a character that nobody sees, and which one. PEM and binary values are left alone.
    pub(crate) fn hidden(&self) -> impl Iterator<Item = (&str, String)> {
        self.values.iter().filter_map(|(key, value)| {
            let text = std::str::from_utf8(value).ok().filter(|text| is_one_line(text))?;
            Some((key.as_str(), hidden_character(text)?))
        })
    }
}

fn client_certificate(values: &BTreeMap<String, Vec<u8>>) -> Result<ClientCertificate, BadValue> {
    let value = |key| values.get(key).cloned().ok_or((key, "is missing".to_owned()));
    let (chain, key) = (value(CHAIN)?, value(KEY)?);
    match Identity::new(&chain, &key) {
        Ok(_) => Ok(ClientCertificate { chain, key }),
        Err(error) => {
            let key = if error.part() == Part::Key { KEY } else { CHAIN };
            Err((key, error.to_string()))
        }
    }
}

/// A password, a name, an address: no PEM block, no configuration file.
fn is_one_line(text: &str) -> bool {
    text.trim_end().lines().count() <= 1
}

pub(super) fn parse(spec: api::Secret, report: &mut Report<'_>) -> Option<Secret> {
    let plain: BTreeSet<String> = spec.string_data.keys().cloned().collect();
    let parent_of = |key: &str| if plain.contains(key) { "stringData" } else { "data" };
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
    let secret = Secret::new(values);
    for (key, hidden) in secret.hidden() {
        report.warning(
            field_path(parent_of(key), key),
            format!("the value has {hidden}: objects that refer to it are refused; `echo -n` writes none"),
        );
    }
    if let (Some(TLS), true, Err((key, why))) = (spec.ty.as_deref(), readable, &secret.client_certificate) {
        report.error(field_path(parent_of(key), key), why);
        return None;
    }
    readable.then_some(secret)
}
