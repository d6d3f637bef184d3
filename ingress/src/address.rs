//! Which target a request is for.

use crate::refusal::Refusal;
use broker_core::{ObjectKey, TargetKind};
use http::Version;
use http::header::HOST;
use http::request::Parts;

/// Ends the first label of a host that addresses a Channel.
const CHANNEL_SUFFIX: &str = "-kn-channel";

/// The host a request is for. In HTTP/1.1 it is named exactly once (RFC 9112, 3.2); an absolute request
/// target beats it. In HTTP/2 it is the authority.
pub(crate) fn host(head: &Parts) -> Result<&str, Refusal> {
    let authority = head.uri.authority().map(http::uri::Authority::as_str);
    let mut named = head.headers.get_all(HOST).iter();
    let header = match (named.next(), named.next()) {
        (_, Some(_)) => return Err(Refusal::TwoHosts),
        (header, None) => header,
    };
    let header = match header {
        Some(value) => Some(value.to_str().ok().filter(|host| is_host(host)).ok_or(Refusal::BadHost)?),
        None => None,
    };
    match (head.version, authority, header) {
        (Version::HTTP_2, Some(one), Some(other)) if !one.eq_ignore_ascii_case(other) => {
            Err(Refusal::TwoHosts)
        }
        (Version::HTTP_2, Some(authority), _) => Ok(authority),
        (Version::HTTP_10, _, None) => Ok(authority.unwrap_or_default()),
        (_, _, None) => Err(Refusal::NoHost),
        (_, authority, Some(header)) => Ok(authority.unwrap_or(header)),
    }
}

/// Letters, digits and punctuation of a name, an address or a port; nothing that could be a second host.
fn is_host(host: &str) -> bool {
    host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%!$&'()*+;=:[]".contains(&b))
}

/// Whether a path says nothing, so that it is the host that means the target.
pub(crate) fn is_bare(path: &str) -> bool {
    matches!(path, "" | "/")
}

/// The target that a path (or, where it is bare, a host) means; `None` when it can mean none.
pub(crate) fn target(path: &str, host: &str) -> Option<ObjectKey> {
    if is_bare(path) {
        return channel_of(host);
    }
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    let mut segments = path.split('/');
    match (segments.next()?, segments.next()?, segments.next(), segments.next()) {
        (namespace, name, None, None) => key(TargetKind::Broker, namespace, name),
        (prefix, namespace, Some(name), None) => key(kind_of(prefix)?, namespace, name),
        _ => None,
    }
}

fn kind_of(prefix: &str) -> Option<TargetKind> {
    match prefix {
        "channels" => Some(TargetKind::Channel),
        "sequences" => Some(TargetKind::Sequence),
        "parallels" => Some(TargetKind::Parallel),
        _ => None,
    }
}

/// `NAME-kn-channel.NS`, alone or followed by `.svc` and a cluster's domain, with or without a port.
fn channel_of(host: &str) -> Option<ObjectKey> {
    let host = host.split(':').next().unwrap_or(host).to_ascii_lowercase();
    let (first, rest) = host.split_once('.')?;
    let name = first.strip_suffix(CHANNEL_SUFFIX)?;
    let namespace = match rest.split_once('.') {
        None => rest,
        Some((namespace, "svc")) => namespace,
        Some((namespace, domain)) if domain.starts_with("svc.") => namespace,
        Some(_) => return None,
    };
    key(TargetKind::Channel, namespace, name)
}

fn key(kind: TargetKind, namespace: &str, name: &str) -> Option<ObjectKey> {
    let complete = !namespace.is_empty() && !name.is_empty();
    complete.then(|| ObjectKey { kind, namespace: namespace.into(), name: name.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(path: &str, host: &str) -> Option<String> {
        target(path, host).map(|key| key.to_string())
    }

    #[test]
    fn a_path_of_two_segments_is_a_broker() {
        for path in ["/ns/name", "/ns/name/"] {
            assert_eq!(shown(path, "any").as_deref(), Some("ns/name"));
        }
        assert_eq!(target("/channels/name", "any").map(|k| k.kind), Some(TargetKind::Broker));
    }

    #[test]
    fn a_prefix_and_two_segments_are_a_channel_or_a_flow() {
        for path in ["/channels/ns/name", "/sequences/ns/name", "/parallels/ns/name/"] {
            assert_eq!(shown(path, "any").as_deref(), Some(path.trim_matches('/')));
        }
    }

    #[test]
    fn any_other_path_is_nothing() {
        for path in [
            "/",
            "",
            "/one",
            "/one/",
            "//",
            "/a//",
            "//b",
            "/a/b/c",
            "/a/b//",
            "/channels/a/b/c",
            "/channels//b",
            "*",
        ] {
            assert_eq!(shown(path, "localhost:8080"), None, "{path}");
        }
    }

    #[test]
    fn a_host_means_nothing_beside_a_path() {
        for path in ["//", "/one", "*"] {
            assert_eq!(shown(path, "jobs-kn-channel.ns"), None, "{path}");
        }
    }

    #[test]
    fn a_host_can_name_a_channel() {
        for host in [
            "jobs-kn-channel.ns",
            "jobs-kn-channel.ns:8080",
            "jobs-kn-channel.ns.svc",
            "jobs-kn-channel.ns.svc.cluster.local",
            "Jobs-kn-Channel.NS.svc.cluster.local:80",
        ] {
            for path in ["", "/"] {
                assert_eq!(shown(path, host).as_deref(), Some("channels/ns/jobs"), "{host}");
            }
        }
    }

    #[test]
    fn other_hosts_name_nothing() {
        for host in [
            "",
            "jobs.ns",
            "-kn-channel.ns",
            "jobs-kn-channel",
            "jobs-kn-channel.",
            "jobs-kn-channel.ns.example.com",
            "[::1]:8080",
        ] {
            assert_eq!(shown("/", host), None, "{host}");
        }
    }
}
