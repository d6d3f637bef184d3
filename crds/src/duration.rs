//! ISO 8601 durations, as Knative writes them.

use jiff::{Span, SpanRelativeTo};
use std::time::Duration;

/// Reads `PT0.2S`, `PT10M`, `P1DT12H`, `P2W`. A day has 24 hours; months and years have no fixed length.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let wrong = |why: &str| {
        format!(
            "`{}` is no ISO 8601 duration: {why}; write for example `PT0.2S` or `P1D`",
            text.escape_debug()
        )
    };
    if !text.starts_with('P') {
        return Err(wrong("it does not start with `P`"));
    }
    let span: Span = text.parse().map_err(|_| wrong("it cannot be read"))?;
    if span.get_years() != 0 || span.get_months() != 0 {
        return Err(wrong("months and years have no fixed length"));
    }
    let exact = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| wrong("it is too long"))?;
    Duration::try_from(exact).map_err(|_| wrong("it is negative"))
}

/// As [`parse`], and zero is refused.
pub(crate) fn parse_positive(text: &str) -> Result<Duration, String> {
    match parse(text)? {
        Duration::ZERO => Err(format!("`{text}` must be longer than nothing")),
        duration => Ok(duration),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_of_fixed_length_are_read() {
        for (text, millis) in [
            ("PT0.2S", 200),
            ("PT10M", 600_000),
            ("PT1.5H", 5_400_000),
            ("P1DT1S", 86_401_000),
            ("P1W", 604_800_000),
            ("PT0S", 0),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "1s",
            "5 minutes",
            "PT",
            "P1M",
            "P1Y",
            "-PT1S",
            "PT-1S",
            "pt1s",
            " PT1S",
            "PT1S\n",
            "P99999999999D",
            "P",
        ] {
            assert!(parse(text).is_err(), "{text:?} was taken");
        }
        assert!(parse_positive("PT0S").is_err());
    }
}
