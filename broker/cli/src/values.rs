//! Values of flags, parsed once.

use broker_core::{ObjectKey, TargetKind};
use crds::ObjectId;
use http::Uri;
use jiff::SignedDuration;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

/// `KIND/NS/NAME=URL`: where a reference to something that is not in the manifests points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolve {
    /// What is referred to.
    pub id: ObjectId,
    /// Absolute, `http` or `https`.
    pub url: String,
}

/// `HOST:PORT`; a name is looked up.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    text.to_socket_addrs()
        .map_err(|error| format!("expected HOST:PORT, for example 127.0.0.1:8080 ({error})"))?
        .next()
        .ok_or_else(|| "the name has no address".to_owned())
}

/// A number of bytes with a unit: `512KiB`, `1MiB`, `2GB`; without one, bytes.
pub(crate) fn bytes(text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" | "k" => 1000,
        "kib" | "ki" => 1 << 10,
        "mb" | "m" => 1_000_000,
        "mib" | "mi" => 1 << 20,
        "gb" | "g" => 1_000_000_000,
        "gib" | "gi" => 1 << 30,
        _ => return Err("expected a number of bytes like 512KiB or 1MiB".to_owned()),
    };
    digits
        .trim_end()
        .parse::<usize>()
        .ok()
        .and_then(|number| number.checked_mul(unit))
        .filter(|bytes| *bytes > 0)
        .ok_or_else(|| "expected a number of bytes like 512KiB or 1MiB".to_owned())
}

/// `250ms`, `30s`, `5m`, `24h`, `1h30m`, or ISO 8601 (`PT30S`).
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let parsed =
        text.parse::<SignedDuration>().map_err(|_| "expected a duration like 30s or 24h".to_owned())?;
    Duration::try_from(parsed).map_err(|_| "a duration is not negative".to_owned())
}

/// See [`Resolve`].
pub(crate) fn resolve(text: &str) -> Result<Resolve, String> {
    let expected =
        || "expected KIND/NS/NAME=URL, for example Service/default/bill=http://127.0.0.1:3000".to_owned();
    let (object, url) = text.split_once('=').ok_or_else(expected)?;
    let mut parts = object.split('/').map(str::to_owned);
    let (Some(kind), Some(namespace), Some(name), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(expected());
    };
    if kind.is_empty() || namespace.is_empty() || name.is_empty() {
        return Err(expected());
    }
    http_url(url)?;
    Ok(Resolve { id: ObjectId { kind, namespace, name }, url: url.to_owned() })
}

/// An absolute URL with the scheme `http` or `https`.
pub(crate) fn http_url(text: &str) -> Result<Uri, String> {
    let uri: Uri = text.parse().map_err(|error| format!("`{text}` is no URL: {error}"))?;
    match uri.scheme_str() {
        Some("http" | "https") => Ok(uri),
        _ => Err(format!("`{text}`: expected a URL that begins with http:// or https://")),
    }
}

/// What events can be sent to: `NS/NAME` of a Broker, the same behind its prefix for the other kinds. A name alone is a
/// Broker in `default`.
pub(crate) fn target(text: &str) -> Result<ObjectKey, String> {
    let parts: Vec<&str> = text.split('/').collect();
    let (kind, namespace, name) = match parts[..] {
        [name] => (TargetKind::Broker, "default", name),
        [namespace, name] => (TargetKind::Broker, namespace, name),
        ["channels", namespace, name] => (TargetKind::Channel, namespace, name),
        ["sequences", namespace, name] => (TargetKind::Sequence, namespace, name),
        ["parallels", namespace, name] => (TargetKind::Parallel, namespace, name),
        _ => (TargetKind::Broker, "", ""),
    };
    match namespace.is_empty() || name.is_empty() {
        true => {
            Err("expected NS/BROKER, channels/NS/CHANNEL, sequences/NS/NAME or parallels/NS/NAME".to_owned())
        }
        false => Ok(ObjectKey::new(kind, namespace, name)),
    }
}

/// Who dead letters belong to: `NS/NAME` of a Trigger, `subscriptions/NS/NAME` of a Subscription, with `/reply` behind it
/// for its answers, `sequences/NS/NAME/step-1` and `parallels/NS/NAME/branch-1` of a flow. A name alone is a Trigger in
/// `default`.
pub(crate) fn group(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.split('/').collect();
    let expected = || {
        "expected NS/NAME of a Trigger, subscriptions/NS/NAME, sequences/NS/NAME/step-1 or parallels/NS/NAME/branch-1"
            .to_owned()
    };
    match parts[..] {
        _ if parts.iter().any(|part| part.is_empty()) => Err(expected()),
        [name] => Ok(format!("default/{name}")),
        [_, _]
        | ["subscriptions", _, _]
        | ["subscriptions", _, _, "reply"]
        | ["sequences" | "parallels", _, _, _]
        | ["parallels", _, _, _, "filter" | "reply"] => Ok(text.to_owned()),
        _ => Err(expected()),
    }
}

/// `NAME=VALUE` of an extension attribute.
pub(crate) fn extension(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| "expected NAME=VALUE".to_owned())?;
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_units() {
        for (text, want) in
            [("1", 1), ("512KiB", 524_288), ("1MiB", 1_048_576), ("1mi", 1_048_576), ("2 MB", 2_000_000)]
        {
            assert_eq!(bytes(text), Ok(want), "{text}");
        }
        for bad in ["", "0", "MiB", "1.5MiB", "-1", "1TiBB", "99999999999GiB"] {
            assert!(bytes(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn durations_have_units() {
        for (text, millis) in
            [("250ms", 250), ("30s", 30_000), ("24h", 86_400_000), ("PT1M", 60_000), ("0s", 0)]
        {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for bad in ["", "30", "-5s", "soon"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_resolve_names_an_object_and_a_url() {
        let parsed = resolve("Service/default/bill=http://127.0.0.1:3000/x?a=b").unwrap();
        assert_eq!(parsed.id.to_string(), "Service/default/bill");
        assert_eq!(parsed.url, "http://127.0.0.1:3000/x?a=b");
        for bad in [
            "",
            "Service/bill=http://x",
            "Service/default/bill",
            "a/b/c/d=http://x",
            "/a/b=http://x",
            "a/b/c=x",
        ] {
            assert!(resolve(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_target_is_a_broker_unless_its_prefix_says_otherwise() {
        for (text, want) in [("shop", "default/shop"), ("a/b", "a/b"), ("channels/a/b", "channels/a/b")] {
            assert_eq!(target(text).map(|key| key.to_string()).as_deref(), Ok(want));
        }
        assert_eq!(target("channels/b").map(|key| key.kind), Ok(TargetKind::Broker));
        for bad in ["", "/", "a/", "/b", "a/b/c", "channels//b", "channels/a/", "channels/a/b/c"] {
            assert!(target(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn dead_letters_belong_to_a_trigger_unless_a_prefix_says_otherwise() {
        for (text, want) in [
            ("bill", "default/bill"),
            ("a/b", "a/b"),
            ("subscriptions/a", "subscriptions/a"),
            ("subscriptions/a/b", "subscriptions/a/b"),
            ("subscriptions/a/b/reply", "subscriptions/a/b/reply"),
        ] {
            assert_eq!(group(text).as_deref(), Ok(want));
        }
        for bad in ["", "/", "a/", "a/b/c", "subscriptions/a/b/", "subscriptions/a/b/c"] {
            assert!(group(bad).is_err(), "{bad}");
        }
    }
}
