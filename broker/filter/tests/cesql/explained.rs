//! Which part of an expression decided.

use super::{event, parse};
use filter::Filter;

#[track_caller]
fn explains(text: &str, matches: bool, reason: &str) {
    let explanation = Filter::Cesql(parse(text)).explain(&event());
    assert_eq!((explanation.matches, explanation.reason.as_str()), (matches, reason), "{text}");
    assert_eq!(explanation.part, "filters[0].cesql");
}

#[test]
fn the_part_that_decides_is_named_with_its_attributes() {
    explains("type = 'a' AND id = '1'", false, "`type = 'a'` is false: `type` is `com.shop.order`");
    explains("id = '1' AND type = 'a'", false, "`type = 'a'` is false: `type` is `com.shop.order`");
    explains("type = 'a' OR id = '1'", true, "`id = '1'` is true: `id` is `1`");
    explains("id = '1' AND hop < 6", true, "`id = '1' AND hop < 6` is true: `id` is `1`, `hop` is `5`");
    explains("(id = '2' OR hop = 6)", false, "`(id = '2' OR hop = 6)` is false: `id` is `1`, `hop` is `5`");
    explains("NOT EXISTS nothing", true, "`NOT EXISTS nothing` is true: `nothing` is not set");
}

#[test]
fn errors_are_named_with_their_place() {
    explains(
        "id = '1' AND nothing = 'x'",
        false,
        "missingAttribute error at column 14: `nothing` is not set in the event",
    );
    explains("type > 5", false, "cast error at column 1: `type` cannot be cast to Integer");
    explains("1 / (5 - hop) = 1", false, "math error at column 1: `1 / (5 - hop)` divides by zero");
    explains(
        "LEFT(id, -1) = ''",
        false,
        "functionEvaluation error at column 1: `LEFT(id, -1)` asks for less than no characters",
    );
}

#[test]
fn a_value_that_is_no_boolean_is_shown() {
    explains("LENGTH(id)", false, "it gives `1`, and only `true` passes");
}

#[test]
fn not_around_an_expression_that_errs_passes() {
    let filter = Filter::Not(Box::new(Filter::Cesql(parse("nothing = 'x'"))));
    assert!(filter.matches(&event()));
    assert_eq!(
        filter.explain(&event()).to_string(),
        "filters[0].not.cesql: not excluded by `not`: missingAttribute error at column 1: `nothing` is not set in the event"
    );
}
