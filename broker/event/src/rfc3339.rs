//! RFC 3339 timestamps: checked, never rewritten.

use crate::attribute::excerpt;
use crate::rule::Broken;

/// A `date-time` of RFC 3339, 5.6. A leap second is taken at any minute's end.
pub(crate) fn check(value: &str) -> Result<(), Broken> {
    if is_date_time(value.as_bytes()) {
        Ok(())
    } else {
        Err(format!("must be an RFC 3339 timestamp like `2026-01-31T12:00:00Z`; got `{}`", excerpt(value)))
    }
}

fn is_date_time(text: &[u8]) -> bool {
    let Some((date_time, rest)) = text.split_at_checked(19) else { return false };
    matches_shape(date_time, b"dddd-dd-ddTdd:dd:dd")
        && is_date(number(&date_time[..4]), number(&date_time[5..7]), number(&date_time[8..10]))
        && number(&date_time[11..13]) <= 23
        && number(&date_time[14..16]) <= 59
        && number(&date_time[17..]) <= 60
        && after_fraction(rest).is_some_and(is_offset)
}

/// `d` stands for a digit, `T` for either case of it, all else for itself.
fn matches_shape(text: &[u8], shape: &[u8]) -> bool {
    text.len() == shape.len()
        && text.iter().zip(shape).all(|(byte, want)| match want {
            b'd' => byte.is_ascii_digit(),
            b'T' => byte.eq_ignore_ascii_case(want),
            _ => byte == want,
        })
}

fn number(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |n, digit| n * 10 + u32::from(digit - b'0'))
}

fn is_date(year: u32, month: u32, day: u32) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// The rest behind an optional fraction; `None` when the dot has no digits.
fn after_fraction(text: &[u8]) -> Option<&[u8]> {
    let Some(fraction) = text.strip_prefix(b".") else { return Some(text) };
    let digits = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
    (digits > 0).then(|| &fraction[digits..])
}

fn is_offset(text: &[u8]) -> bool {
    match text.split_first() {
        Some((b'Z' | b'z', rest)) => rest.is_empty(),
        Some((b'+' | b'-', rest)) => {
            matches_shape(rest, b"dd:dd") && number(&rest[..2]) <= 23 && number(&rest[3..]) <= 59
        }
        _ => false,
    }
}
