//! Media types (RFC 2045, 5.1): what `datacontenttype` and `content-type` hold.

use crate::attribute::excerpt;
use crate::rule::Broken;

/// `type/subtype` without its parameters.
pub(crate) fn essence(media_type: &str) -> &str {
    media_type.split_once(';').map_or(media_type, |(essence, _)| essence).trim_ascii()
}

/// Whether it declares JSON: `*/json` or `*/*+json` (JSON format 1.0, 3.1.1).
pub(crate) fn is_json(media_type: &str) -> bool {
    let Some((_, subtype)) = essence(media_type).split_once('/') else { return false };
    let suffix = subtype.rsplit_once('+').map_or(subtype, |(_, suffix)| suffix);
    suffix.eq_ignore_ascii_case("json")
}

/// Two tokens and a slash, then anything that a header can carry.
pub(crate) fn check(value: &str) -> Result<(), Broken> {
    let typed = essence(value).split_once('/').is_some_and(|(t, s)| is_token(t) && is_token(s));
    if typed && value.is_ascii() {
        Ok(())
    } else {
        Err(format!("must be a media type like `application/json`, in ASCII; got `{}`", excerpt(value)))
    }
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}
