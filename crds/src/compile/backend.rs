//! Which backend keeps the events of a Broker or channel: annotation beats template or config, that beats class,
//! that beats the default.

use super::Settings;
use super::neighbours::Neighbours;
use crate::annotations::{self, BROKER_CLASS, CHANNEL, TargetSettings};
use crate::class::{self, Class};
use crate::hidden::hidden_character;
use crate::nearest;
use crate::parse::{Broker, ConfigRef};
use crate::report::Report;
use crate::{ObjectId, field_path};
use broker_core::Capabilities;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Key of a ConfigMap that holds a channel template as YAML.
const TEMPLATE: &str = "channel-template-spec";
/// Key of a ConfigMap that names a Secret.
const SECRET: &str = "auth.secret.ref.name";
/// Keys of a ConfigMap that say where a backend is, and which one it is.
const ADDRESSES: [(&str, &str); 3] =
    [("bootstrap.servers", "kafka"), ("rabbitmq.url", "rabbitmq"), ("nats.url", "nats")];

/// Which backend an object chooses.
pub(super) struct Choice<'a> {
    /// The field that says so.
    field: String,
    /// `None`: the default one.
    backend: Option<&'a str>,
}

/// What a Broker chooses. `None`: its configuration is broken, the report says how.
pub(super) fn of_broker<'a>(
    broker: &'a Broker,
    neighbours: &Neighbours<'_>,
    report: &mut Report<'_>,
) -> Option<Choice<'a>> {
    let from_config = match &broker.config {
        None => None,
        Some(config) => of_config(config, neighbours, report)?,
    };
    let (field, backend) = match (&broker.settings.channel, from_config, broker.class) {
        (Some(name), ..) => (annotations::field(CHANNEL), Some(name.as_str())),
        (None, Some(Class::Backend(name)), _) => ("spec.config".to_owned(), Some(name)),
        (None, None, Class::Backend(name)) => (annotations::field(BROKER_CLASS), Some(name)),
        (None, Some(Class::Default), _) | (None, None, Class::Default) => ("spec".to_owned(), None),
    };
    Some(Choice { field, backend })
}

/// What a channel or flow chooses.
pub(super) fn of_template(settings: &TargetSettings, template: Class) -> Choice<'_> {
    let (field, backend) = match (&settings.channel, template) {
        (Some(name), _) => (annotations::field(CHANNEL), Some(name.as_str())),
        (None, Class::Backend(name)) => ("spec.channelTemplate.kind".to_owned(), Some(name)),
        (None, Class::Default) => ("spec".to_owned(), None),
    };
    Choice { field, backend }
}

/// The backend and what it can do. `None`: this process does not have it, the report says what to do.
pub(super) fn find(
    choice: &Choice<'_>,
    settings: &Settings,
    report: &mut Report<'_>,
) -> Option<(String, Capabilities)> {
    let name = choice.backend.unwrap_or(&settings.default_backend);
    match settings.backends.get(name) {
        Some(capabilities) => Some((name.to_owned(), *capabilities)),
        None => {
            let known = || settings.backends.keys().map(String::as_str);
            let names: Vec<String> = known().map(|name| format!("`{name}`")).collect();
            report.error(
                &choice.field,
                format!(
                    "backend `{}` is not part of this process, there is {}: choose one with `{CHANNEL}`, or start with the one you want{}",
                    name.escape_debug(),
                    names.join(", "),
                    nearest::hint(name, known())
                ),
            );
            None
        }
    }
}

/// What the ConfigMap chooses; the inner `None`: nothing. The outer: something is wrong.
fn of_config(
    config: &ConfigRef,
    neighbours: &Neighbours<'_>,
    report: &mut Report<'_>,
) -> Option<Option<Class>> {
    let ObjectId { namespace, name, .. } = &config.id;
    let Some(data) = neighbours.config_maps.get(&config.id) else {
        if config.is_of_installation() {
            report.warning(
                "spec.config",
                format!("ConfigMap `{namespace}/{name}` is not here: the class chooses the backend, as if it were empty"),
            );
            return Some(None);
        }
        report.error(
            "spec.config",
            format!(
                "there is no ConfigMap `{namespace}/{name}`: add it to the manifests, or remove `config`"
            ),
        );
        return None;
    };
    check_values(config, data, neighbours, report)?;
    match data.get(TEMPLATE) {
        Some(template) => match template_kind(template) {
            Ok(class) => Some(Some(class)),
            Err(why) => {
                report.error("spec.config", format!("`{TEMPLATE}` of ConfigMap `{namespace}/{name}`: {why}"));
                None
            }
        },
        None => Some(
            ADDRESSES
                .iter()
                .find(|(key, _)| data.contains_key(*key))
                .map(|(_, backend)| Class::Backend(backend)),
        ),
    }
}

/// Names characters in addresses and credentials that nobody sees; they are never passed on.
fn check_values(
    config: &ConfigRef,
    data: &BTreeMap<String, String>,
    neighbours: &Neighbours<'_>,
    report: &mut Report<'_>,
) -> Option<()> {
    let ObjectId { namespace, name, .. } = &config.id;
    let keys = ADDRESSES.iter().map(|(key, _)| *key).chain([SECRET]);
    let found = keys.filter_map(|key| Some((key, hidden_character(data.get(key)?)?))).next();
    if let Some((key, hidden)) = found {
        report.error(
            "spec.config",
            format!("{} of ConfigMap `{namespace}/{name}` has {hidden}: remove it", field_path("data", key)),
        );
        return None;
    }
    let Some(secret_name) = data.get(SECRET) else { return Some(()) };
    let id = ObjectId { kind: "Secret".to_owned(), namespace: namespace.clone(), name: secret_name.clone() };
    let Some(secret) = neighbours.secrets.get(&id) else {
        report.error(
            "spec.config",
            format!("`{SECRET}` of ConfigMap `{namespace}/{name}`: there is no valid Secret `{namespace}/{secret_name}`"),
        );
        return None;
    };
    if let Some((key, hidden)) = secret.hidden().next() {
        report.error(
            "spec.config",
            format!("Secret `{namespace}/{secret_name}`: the value of `{key}` has {hidden}: remove it"),
        );
        return None;
    }
    Some(())
}

/// The part of a channel template that chooses the backend.
#[derive(Deserialize)]
struct Template {
    kind: String,
}

fn template_kind(yaml: &str) -> Result<Class, String> {
    let template: Template =
        serde_saphyr::from_str(yaml).map_err(|_| "it is no YAML with a `kind`".to_owned())?;
    class::of_template(&template.kind)
}
