//! A destination, before anybody looks whether what it refers to is there.

use crate::api;
use crate::hidden::hidden_character;
use crate::report::Report;
use crate::{ObjectId, field_path, kind};
use broker_core::HttpSink;
use std::sync::Arc;

/// Who gets events.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Destination {
    /// A URL.
    Uri(Arc<HttpSink>),
    /// An object, and a path at its address.
    Object { reference: Reference, path: Option<String>, ca_certs: Option<String> },
}

/// An object that is referred to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    /// `group/version`; the group alone for a kind that is not ours and was named so.
    pub(crate) api_version: String,
    pub(crate) id: ObjectId,
}

impl Reference {
    /// `group/version Kind`, for people.
    pub(crate) fn kind_text(&self) -> String {
        format!("{} {}", self.api_version, self.id.kind)
    }
}

pub(super) fn parse(
    spec: &api::Destination,
    field: &str,
    namespace: &str,
    report: &mut Report<'_>,
) -> Option<Destination> {
    if spec.audience.is_some() {
        report.warning(field_path(field, "audience"), "not supported by this version yet: it is ignored");
    }
    let ca_certs = match &spec.ca_certs {
        None => None,
        Some(pem) => Some(report.take(&field_path(field, "CACerts"), certificates(pem))?),
    };
    let uri_field = field_path(field, "uri");
    match (&spec.reference, &spec.uri) {
        (None, None) => {
            report.error(field, "names nobody: set `uri` to a URL, or `ref` to an object");
            None
        }
        (None, Some(uri)) => {
            let uri = report.take(&uri_field, absolute(uri))?;
            Some(Destination::Uri(Arc::new(HttpSink { uri, ca_certs, client_certificate: None })))
        }
        (Some(object), uri) => {
            let path = match uri {
                None => None,
                Some(uri) => Some(report.take(&uri_field, relative(uri))?),
            };
            let reference = reference(object, &field_path(field, "ref"), namespace, report)?;
            Some(Destination::Object { reference, path, ca_certs })
        }
    }
}

/// A reference whose namespace is that of the referring object, if it names none.
pub(super) fn reference(
    spec: &api::KReference,
    field: &str,
    namespace: &str,
    report: &mut Report<'_>,
) -> Option<Reference> {
    let by_group = || Some(kind::version_of(spec.group.as_deref()?, spec.kind.as_deref()?));
    let api_version = spec.api_version.as_deref().or_else(by_group);
    let mut required = |value: Option<&str>, name: &str| match value {
        Some(text) if !text.is_empty() => Some(text.to_owned()),
        _ => {
            report.error(field, format!("`{name}` is missing"));
            None
        }
    };
    let (kind, name) = (required(spec.kind.as_deref(), "kind"), required(spec.name.as_deref(), "name"));
    let api_version = required(api_version, "apiVersion");
    let namespace = spec.namespace.as_deref().filter(|n| !n.is_empty()).unwrap_or(namespace).to_owned();
    Some(Reference { api_version: api_version?, id: ObjectId { kind: kind?, namespace, name: name? } })
}

/// An absolute URL.
pub(crate) fn absolute(text: &str) -> Result<http::Uri, String> {
    let uri = uri(text)?;
    match (uri.scheme_str(), uri.host()) {
        (Some("http" | "https"), Some(host)) if !host.is_empty() => Ok(uri),
        (Some("http" | "https"), _) => Err(format!("`{text}` names no host")),
        (Some(scheme), _) => Err(format!("`{scheme}` is not supported: write `http://` or `https://`")),
        (None, _) => {
            Err(format!("`{text}` is not an absolute URL: write `http://HOST/...`, or set `ref` too"))
        }
    }
}

/// What may stand beside a `ref`.
fn relative(text: &str) -> Result<String, String> {
    let has_scheme = text.split(['/', '?']).next().is_some_and(|first| first.contains(':'));
    if has_scheme {
        return Err("an absolute URL cannot stand beside `ref`: remove one of them".to_owned());
    }
    if text.starts_with("//") {
        return Err("names another host than `ref`: start it with one slash".to_owned());
    }
    let rooted = if text.starts_with('/') { text.to_owned() } else { format!("/{text}") };
    uri(&rooted)?;
    Ok(text.to_owned())
}

fn uri(text: &str) -> Result<http::Uri, String> {
    if let Some(hidden) = hidden_character(text) {
        return Err(format!("the URL has {hidden}"));
    }
    if text.contains('#') {
        return Err(format!("`{text}` has a fragment, which is never sent: remove it"));
    }
    text.parse().map_err(|why| format!("`{}` is no URL: {why}", text.escape_debug()))
}

/// PEM roots, at least one.
fn certificates(pem: &str) -> Result<String, String> {
    certificates::roots(pem.as_bytes()).map(|_| pem.to_owned()).map_err(|why| why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_urls() {
        for good in ["http://a", "https://a.b:8443/x?y=1", "http://127.0.0.1:3000/", "http://[::1]:80/x"] {
            assert!(absolute(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("", "no URL"),
            ("/path", "not an absolute URL"),
            ("host/path", "no URL"),
            ("ftp://a", "`ftp` is not supported"),
            ("http://a\n", "a newline at its end"),
            ("http://a\u{200b}b", "U+200B"),
            ("http://a b", "no URL"),
            ("http://a/#x", "fragment"),
            ("http:///x", "no"),
        ] {
            let error = absolute(bad).unwrap_err();
            assert!(error.contains(why), "{bad:?}: {error}");
        }
    }

    #[test]
    fn relative_urls_stay_at_their_host() {
        for good in ["/x", "x/y", "x?y=http://z", "?q=1", "../x"] {
            assert_eq!(relative(good), Ok(good.to_owned()));
        }
        for bad in ["http://a/x", "//a/x", "mailto:x", "/x\n", "/a b"] {
            assert!(relative(bad).is_err(), "{bad:?} was taken");
        }
    }
}
