//! A Service, alone.

use crate::api::ServiceSpec;
use crate::hidden::hidden_character;
use crate::report::Report;
use crate::{Object, fields};
use serde_json::Value;

/// Where a Service leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// To this URL.
    External(http::Uri),
    /// Into a cluster: only `--resolve` knows.
    Cluster,
}

/// The many fields that only a cluster reads are no reason for a warning.
pub(super) fn parse(object: &Object, report: &mut Report<'_>) -> Option<Service> {
    let spec: ServiceSpec = match fields::read(object.value.get("spec").unwrap_or(&Value::Null), "spec") {
        Ok(read) => read.value,
        Err(errors) => {
            for error in errors {
                report.error(error.field.unwrap_or_default(), error.message);
            }
            return None;
        }
    };
    if spec.ty.as_deref() != Some("ExternalName") {
        return Some(Service::Cluster);
    }
    report.take("spec.externalName", external(&spec)).map(Service::External)
}

fn external(spec: &ServiceSpec) -> Result<http::Uri, String> {
    let name = spec.external_name.as_deref().filter(|name| !name.is_empty());
    let name = name.ok_or("is missing: a Service of type ExternalName needs the host it stands for")?;
    if let Some(hidden) = hidden_character(name) {
        return Err(format!("the host has {hidden}"));
    }
    let url = match spec.ports.as_slice() {
        [only] if only.port != 0 => format!("http://{name}:{}", only.port),
        _ => format!("http://{name}"),
    };
    let is_host = |uri: &http::Uri| uri.host() == Some(name) && uri.path() == "/" && uri.query().is_none();
    url.parse().ok().filter(is_host).ok_or_else(|| format!("`{}` is no host name", name.escape_debug()))
}
