//! Where a destination leads.

use super::Settings;
use super::neighbours::Neighbours;
use crate::kind::{self, Kind};
use crate::nearest;
use crate::parse::{Destination, Reference, Service};
use crate::{ObjectId, parse};
use broker_core::{HttpSink, ObjectKey, PrintSink, Sink};
use std::sync::Arc;

/// A destination that leads somewhere.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    pub(crate) sink: Sink,
    /// As status shows it.
    pub(crate) uri: String,
    /// PEM roots, as status shows them.
    pub(crate) ca_certs: Option<String>,
}

/// The URL that producers post to.
pub(super) fn target_address(settings: &Settings, key: &ObjectKey) -> String {
    format!("{}/{key}", settings.base_url.trim_end_matches('/'))
}

/// What status shows for a sink inside this process, which has no URL.
pub(super) fn print_address(sink: &PrintSink) -> String {
    format!("print:{}", sink.name)
}

/// Follows a destination. `Err`: what is missing and what to do.
pub(super) fn resolve(destination: &Destination, neighbours: &Neighbours<'_>) -> Result<Resolved, String> {
    let (reference, path, ca_certs) = match destination {
        Destination::Uri(http) => return Ok(over_http(http.clone())),
        Destination::Object { reference, path, ca_certs } => (reference, path, ca_certs),
    };
    match inside(reference, neighbours)? {
        Some(resolved) if path.is_none() => Ok(resolved),
        Some(_) => Err(format!("a {} has no paths: remove `uri`", reference.id.kind)),
        None => {
            let base = address(reference, neighbours)?;
            let uri = match path {
                Some(path) => join(&base, path)?,
                None => base,
            };
            Ok(over_http(Arc::new(HttpSink { uri, ca_certs: ca_certs.clone(), client_certificate: None })))
        }
    }
}

fn over_http(http: Arc<HttpSink>) -> Resolved {
    let (uri, ca_certs) = (http.uri.to_string(), http.ca_certs.clone());
    Resolved { sink: Sink::Http(http), uri, ca_certs }
}

/// Objects of this mesh that take events without HTTP; `None`: it is another object.
fn inside(reference: &Reference, neighbours: &Neighbours<'_>) -> Result<Option<Resolved>, String> {
    let Reference { api_version, id } = reference;
    if kind::is_target(api_version, &id.kind) {
        if let Some(key) = neighbours.targets.get(id) {
            let uri = target_address(neighbours.settings, key);
            return Ok(Some(Resolved { sink: Sink::Target(key.clone()), uri, ca_certs: None }));
        }
        return elsewhere_or(id, neighbours, || missing_target(id, neighbours));
    }
    if kind::is(api_version, &id.kind, Kind::IntegrationSink) {
        if let Some(sink) = neighbours.sinks.get(id) {
            let uri = print_address(sink);
            return Ok(Some(Resolved { sink: Sink::Print(sink.clone()), uri, ca_certs: None }));
        }
        return elsewhere_or(id, neighbours, || missing(id, neighbours, neighbours.sinks.keys()));
    }
    Ok(None)
}

/// `--resolve` may know an object of ours that lives in another mesh.
fn elsewhere_or(
    id: &ObjectId,
    neighbours: &Neighbours<'_>,
    missing: impl FnOnce() -> String,
) -> Result<Option<Resolved>, String> {
    if neighbours.settings.resolve.contains_key(id) { Ok(None) } else { Err(missing()) }
}

/// Why a Broker, Channel or flow cannot be referred to.
pub(super) fn missing_target(id: &ObjectId, neighbours: &Neighbours<'_>) -> String {
    missing(id, neighbours, neighbours.targets.keys().filter(|other| other.kind == id.kind))
}

fn missing<'a>(
    id: &ObjectId,
    neighbours: &Neighbours<'_>,
    known: impl Iterator<Item = &'a ObjectId> + Clone,
) -> String {
    let ObjectId { kind, namespace, name } = id;
    if neighbours.broken.contains(id) {
        return format!("{kind} `{namespace}/{name}` is not in force: see its own problem");
    }
    let hint = match known.clone().find(|other| other.name == *name) {
        Some(other) => format!(", did you mean the one in namespace `{}`?", other.namespace),
        None => {
            nearest::hint(name, known.filter(|other| other.namespace == *namespace).map(|o| o.name.as_str()))
        }
    };
    format!("there is no {kind} `{namespace}/{name}`: add it to the manifests, or correct the name{hint}")
}

/// The address of an object outside of this mesh.
fn address(reference: &Reference, neighbours: &Neighbours<'_>) -> Result<http::Uri, String> {
    let Reference { api_version, id } = reference;
    let service = neighbours.services.get(id).filter(|_| kind::is(api_version, &id.kind, Kind::Service));
    if let Some(Service::External(uri)) = service {
        return Ok(uri.clone());
    }
    let Some(url) = neighbours.settings.resolve.get(id) else {
        if neighbours.broken.contains(id) {
            return Err(missing(id, neighbours, std::iter::empty()));
        }
        let ObjectId { kind, namespace, name } = id;
        return Err(match service {
            Some(_) => format!("Service `{namespace}/{name}` leads into a cluster"),
            None => format!("nobody here knows the address of {kind} `{namespace}/{name}`"),
        } + &format!(
            ": say where it is with `--resolve {kind}/{namespace}/{name}=URL`{}",
            hint_service(api_version, kind)
        ));
    };
    parse::absolute_url(url)
        .map_err(|why| format!("`--resolve {}/{}/{}`: {why}", id.kind, id.namespace, id.name))
}

fn hint_service(api_version: &str, kind: &str) -> &'static str {
    if kind::is(api_version, kind, Kind::Service) {
        ", or declare a Service of type ExternalName"
    } else {
        ""
    }
}

/// RFC 3986 section 5.2, as far as a path beside a `ref` needs it.
fn join(base: &http::Uri, relative: &str) -> Result<http::Uri, String> {
    let (path, query) = match relative.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (relative, None),
    };
    let path = match path {
        "" => base.path().to_owned(),
        rooted if rooted.starts_with('/') => without_dots(rooted),
        beside => {
            let folder = base.path().rfind('/').map_or("", |end| &base.path()[..end]);
            without_dots(&format!("{folder}/{beside}"))
        }
    };
    let target = query.map_or_else(|| path.clone(), |query| format!("{path}?{query}"));
    let mut parts = base.clone().into_parts();
    parts.path_and_query = Some(target.parse().map_err(|why| format!("`{relative}` is no path: {why}"))?);
    http::Uri::from_parts(parts).map_err(|why| format!("`{relative}` cannot stand at `{base}`: {why}"))
}

/// Resolves `.` and `..`.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut ends_in_folder = false;
    for part in path.split('/').skip(1) {
        ends_in_folder = matches!(part, "." | "..");
        match part {
            "." => {}
            ".." => drop(kept.pop()),
            part => kept.push(part),
        }
    }
    let end = if ends_in_folder && !kept.is_empty() { "/" } else { "" };
    format!("/{}{end}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_url_is_resolved_against_the_address() {
        let base: http::Uri = "http://host:81/a/b".parse().unwrap();
        for (relative, want) in [
            ("/x", "http://host:81/x"),
            ("x", "http://host:81/a/x"),
            ("../x?y=1", "http://host:81/x?y=1"),
            ("/../x/./y", "http://host:81/x/y"),
            ("/x/", "http://host:81/x/"),
            ("/x/..", "http://host:81/"),
            ("/x/y/..", "http://host:81/x/"),
            ("?q", "http://host:81/a/b?q"),
        ] {
            assert_eq!(join(&base, relative).unwrap().to_string(), want, "{relative}");
        }
        let bare: http::Uri = "http://host".parse().unwrap();
        assert_eq!(join(&bare, "x").unwrap().to_string(), "http://host/x");
    }
}
