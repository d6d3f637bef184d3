//! An IntegrationSink, alone.

use crate::Object;
use crate::api::IntegrationSinkSpec;
use crate::report::Report;
use broker_core::PrintSink;

pub(super) fn parse(
    object: &Object,
    spec: IntegrationSinkSpec,
    report: &mut Report<'_>,
) -> Option<PrintSink> {
    if spec.aws.is_some() {
        report.error("spec.aws", "is not supported: `log` is the only variant, it prints the events");
        return None;
    }
    let Some(log) = spec.log else {
        report.error("spec", "names no variant: write `log: {}` to print the events");
        return None;
    };
    Some(PrintSink {
        name: format!("{}/{}", object.id.namespace, object.id.name),
        logger: log.logger_name,
        show_headers: log.show_headers || log.show_all_properties,
        show_body: log.show_body || log.show_all_properties,
        multiline: log.multiline,
    })
}
