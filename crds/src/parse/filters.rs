//! Filters. Whatever is not understood is refused: a filter that cannot be read never passes everything.

use crate::api::{SubscriptionsApiFilter, TriggerFilter};
use crate::report::Report;
use crate::{field_path, item_path};
use filter::Filter;
use filter::cesql::Expression;
use std::collections::BTreeMap;

/// The filter of a Trigger: `filters` where it has an element, else `filter.attributes`.
pub(super) fn parse(
    attributes: Option<&TriggerFilter>,
    filters: Option<&[SubscriptionsApiFilter]>,
    report: &mut Report<'_>,
) -> Option<Filter> {
    // Both are judged even if one of them is overridden, as Knative does.
    let older = attributes.and_then(|f| f.attributes.as_ref()).map(|a| attribute_filter(a, report));
    match filters {
        Some(filters) if !filters.is_empty() => {
            let filter = list(filters, "spec.filters", report).map(all_of)?;
            report.take("spec.filters", not_too_deep(filter))
        }
        _ => older.unwrap_or_else(|| Some(Filter::everything())),
    }
}

fn not_too_deep(filter: Filter) -> Result<Filter, String> {
    match filter.depth() {
        0..=Filter::MAX_DEPTH => Ok(filter),
        depth => Err(format!("nested {depth} deep: at most {} levels are taken", Filter::MAX_DEPTH)),
    }
}

/// `filter.attributes`: equal, or present where the value is empty.
fn attribute_filter(attributes: &BTreeMap<String, String>, report: &mut Report<'_>) -> Option<Filter> {
    let field = "spec.filter.attributes";
    let parts = attributes.iter().map(|(name, value)| {
        attribute_name(name, field, report)?;
        // The name that `dataschema` had before CloudEvents 1.0.
        let name = if name == "schemaurl" { "dataschema" } else { name };
        Some(match value.is_empty() {
            true => Filter::Present(name.to_owned()),
            false => Filter::Exact(name.to_owned(), value.clone()),
        })
    });
    collect(parts).map(all_of)
}

fn list(filters: &[SubscriptionsApiFilter], field: &str, report: &mut Report<'_>) -> Option<Vec<Filter>> {
    collect(filters.iter().enumerate().map(|(i, filter)| dialect(filter, &item_path(field, i), report)))
}

/// All of them, or nothing; every one is looked at, so that every problem is found.
fn collect(parts: impl Iterator<Item = Option<Filter>>) -> Option<Vec<Filter>> {
    let parts: Vec<Option<Filter>> = parts.collect();
    parts.into_iter().collect()
}

fn all_of(mut parts: Vec<Filter>) -> Filter {
    match parts.len() {
        1 => parts.swap_remove(0),
        _ => Filter::All(parts),
    }
}

/// One element, with exactly one dialect.
fn dialect(spec: &SubscriptionsApiFilter, field: &str, report: &mut Report<'_>) -> Option<Filter> {
    let set = [
        ("all", spec.all.is_some()),
        ("any", spec.any.is_some()),
        ("not", spec.not.is_some()),
        ("exact", spec.exact.is_some()),
        ("prefix", spec.prefix.is_some()),
        ("suffix", spec.suffix.is_some()),
        ("cesql", spec.cesql.is_some()),
    ];
    let names: Vec<&str> = set.iter().filter(|(_, set)| *set).map(|(name, _)| *name).collect();
    let [name] = names.as_slice() else {
        let found =
            if names.is_empty() { "no dialect".to_owned() } else { format!("`{}`", names.join("`, `")) };
        report.error(
            field,
            format!("one element has one dialect, this one has {found}; write one of `exact`, `prefix`, `suffix`, `all`, `any`, `not`, `cesql`"),
        );
        return None;
    };
    let field = field_path(field, name);
    if let Some(text) = &spec.cesql {
        return expression(text, &field, report);
    }
    combined(spec, &field, report).or_else(|| compared(spec, &field, report)).flatten()
}

/// `cesql`. What is legal and can only err is refused too: such a filter would match nothing in silence.
fn expression(text: &str, field: &str, report: &mut Report<'_>) -> Option<Filter> {
    let expression = text.parse::<Expression>().map_err(|error| error.to_string());
    let expression = report.take(field, expression)?;
    let mut usable = true;
    for advice in expression.advice().iter().cloned().chain(expression.never_passes()) {
        let message = format!("{}: {}", advice.place, advice.message);
        match advice.fatal {
            true => report.error(field, message),
            false => report.warning(field, message),
        }
        usable &= !advice.fatal;
    }
    usable.then_some(Filter::Cesql(expression))
}

/// `all`, `any`, `not`; the outer `None`: it is none of them.
fn combined(spec: &SubscriptionsApiFilter, field: &str, report: &mut Report<'_>) -> Option<Option<Filter>> {
    if let Some(inner) = &spec.not {
        return Some(dialect(inner, field, report).map(|inner| Filter::Not(Box::new(inner))));
    }
    let (filters, build): (_, fn(Vec<Filter>) -> Filter) = match (&spec.all, &spec.any) {
        (Some(filters), _) => (filters, Filter::All),
        (_, Some(filters)) => (filters, Filter::Any),
        (None, None) => return None,
    };
    if filters.is_empty() {
        report.error(field, "is empty: give it a filter, or remove it");
        return Some(None);
    }
    Some(list(filters, field, report).map(build))
}

/// `exact`, `prefix`, `suffix`; the outer `None`: it is none of them.
fn compared(spec: &SubscriptionsApiFilter, field: &str, report: &mut Report<'_>) -> Option<Option<Filter>> {
    let (attributes, build): (_, fn(String, String) -> Filter) =
        match (&spec.exact, &spec.prefix, &spec.suffix) {
            (Some(attributes), ..) => (attributes, Filter::Exact),
            (_, Some(attributes), _) => (attributes, Filter::Prefix),
            (.., Some(attributes)) => (attributes, Filter::Suffix),
            (None, None, None) => return None,
        };
    if attributes.is_empty() {
        report.error(field, "is empty: name an attribute and its value, or remove it");
        return Some(None);
    }
    let parts = attributes.iter().map(|(name, value)| {
        attribute_name(name, field, report)?;
        if value.is_empty() {
            report.error(field_path(field, name), "the value is empty: write what the attribute must be");
            return None;
        }
        Some(build(name.clone(), value.clone()))
    });
    Some(collect(parts).map(all_of))
}

fn attribute_name(name: &str, field: &str, report: &mut Report<'_>) -> Option<()> {
    let starts = name.bytes().next().is_some_and(|c| c.is_ascii_lowercase());
    if starts && name.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()) {
        return Some(());
    }
    report.error(
        field_path(field, name),
        format!(
            "`{}` is no attribute name: lower-case letters and digits, a letter first",
            name.escape_debug()
        ),
    );
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Object, Origin};
    use serde_json::json;

    fn nested(levels: usize) -> SubscriptionsApiFilter {
        let type_a = BTreeMap::from([("type".to_owned(), "a".to_owned())]);
        let comparison = SubscriptionsApiFilter { exact: Some(type_a), ..SubscriptionsApiFilter::default() };
        (1..levels).fold(comparison, |inner, _| SubscriptionsApiFilter {
            not: Some(Box::new(inner)),
            ..SubscriptionsApiFilter::default()
        })
    }

    #[test]
    fn the_deepest_filter_is_taken_and_a_deeper_one_refused() {
        let trigger =
            json!({"apiVersion": "eventing.knative.dev/v1", "kind": "Trigger", "metadata": {"name": "t"}});
        let trigger = Object::new(trigger, Origin::default()).unwrap();
        for (levels, taken) in [(Filter::MAX_DEPTH, true), (Filter::MAX_DEPTH + 1, false)] {
            let mut report = Report::new(&trigger);
            let filter = parse(None, Some(&[nested(levels)]), &mut report);
            assert_eq!((filter.is_some(), report.into_problems().is_empty()), (taken, taken));
        }
    }
}
