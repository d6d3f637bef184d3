//! Broker classes, and the backend each of them means.

use crate::nearest;

/// Which backend a Broker's class asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// The default backend.
    Default,
    /// This one.
    Backend(&'static str),
}

/// Every class that is taken in standalone mode.
const CLASSES: [(&str, Class); 5] = [
    ("Sluice", Class::Default),
    ("MTChannelBasedBroker", Class::Default),
    ("Kafka", Class::Backend("kafka")),
    ("RabbitMQBroker", Class::Backend("rabbitmq")),
    ("NatsJetStreamBroker", Class::Backend("nats")),
];

pub(crate) fn parse(class: &str) -> Result<Class, String> {
    if let Some((_, found)) = CLASSES.iter().find(|(name, _)| *name == class) {
        return Ok(*found);
    }
    let hint = nearest::hint(class, CLASSES.iter().map(|(name, _)| *name));
    let names: Vec<String> = CLASSES.iter().map(|(name, _)| format!("`{name}`")).collect();
    Err(format!("class `{}` is none of {}{hint}", class.escape_debug(), names.join(", ")))
}

/// The backend that a channel template's kind means.
pub(crate) fn of_template(kind: &str) -> Result<Class, String> {
    match kind {
        "InMemoryChannel" => Ok(Class::Default),
        "KafkaChannel" => Ok(Class::Backend("kafka")),
        "NatsJetStreamChannel" => Ok(Class::Backend("nats")),
        _ => Err(format!(
            "`{}` is none of `InMemoryChannel`, `KafkaChannel`, `NatsJetStreamChannel`",
            kind.escape_debug()
        )),
    }
}
