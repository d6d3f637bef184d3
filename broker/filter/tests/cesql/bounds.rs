//! Whatever is written, neither parsing nor dropping nor evaluating exhausts stack, memory or time.

use super::{event, outcome, parse};
use filter::Filter;
use filter::cesql::{ErrorKind, Expression, Value};

fn error(text: &str) -> String {
    text.parse::<Expression>().expect_err("it is too much").to_string()
}

#[test]
fn nesting_ends_at_64_levels() {
    let nests: [fn(usize) -> String; 8] = [
        |n| format!("{}TRUE{}", "(".repeat(n), ")".repeat(n)),
        |n| format!("{}TRUE", "NOT ".repeat(n)),
        |n| format!("{}1", "- ".repeat(n)),
        |n| format!("1{}", " + 1".repeat(n)),
        |n| format!("{}1{}", "ABS(".repeat(n), ")".repeat(n)),
        |n| format!("1{}", " IN (1)".repeat(n)),
        |n| format!("{}1{}", "1 IN (".repeat(n), ")".repeat(n)),
        |n| format!("{}1{}", "1 IN(1,".repeat(n), ")".repeat(n)),
    ];
    for nest in nests {
        assert!(nest(63).parse::<Expression>().is_ok(), "{}", nest(3));
        for levels in [64, 2000] {
            assert!(error(&nest(levels)).contains("64 levels"), "{}", nest(3));
        }
    }
}

#[test]
fn long_lists_are_not_deep() {
    let or = format!("FALSE{} OR id = '1'", " OR type = 'x'".repeat(900));
    assert_eq!(outcome(&or), "true");
    let mixed = format!("TRUE{}", " AND TRUE XOR FALSE OR FALSE".repeat(400));
    assert_eq!(outcome(&mixed), "true");
    let set = format!("7 IN ({}7)", "1, ".repeat(5000));
    assert_eq!(outcome(&set), "true");
    for text in [or, mixed, set] {
        let filter = Filter::Cesql(parse(&text));
        assert!(filter.matches(&event()) && filter.explain(&event()).matches);
    }
}

#[test]
fn length_ends_at_16_kib() {
    let text = |length: usize| format!("'{}'", "x".repeat(length - 2));
    assert!(text(16 * 1024).parse::<Expression>().is_ok());
    assert!(error(&text(16 * 1024 + 1)).contains("at most 16384"));
}

#[test]
fn text_that_is_put_together_ends_at_1_mib() {
    let big = event::Event::builder().set("id", "1").set("source", "s").set("type", "t");
    let big = big.set("big", &"x".repeat(300 * 1024)).build().unwrap();
    let length = |copies: usize| parse(&format!("LENGTH(CONCAT({}''))", "big, ".repeat(copies)));
    assert_eq!(length(3).evaluate(&big), (Value::Integer(3 * 300 * 1024), None));
    let much = length(3000);
    let (value, fault) = much.evaluate(&big);
    assert_eq!((value, fault.unwrap().kind()), (Value::Integer(0), ErrorKind::FunctionEvaluation));
}

/// A megabyte in an attribute, and expressions that walk along it again and again.
#[test]
fn work_ends_at_8_million_steps() {
    let big = event::Event::builder().set("id", "1").set("source", "s").set("type", "t");
    let (x, zeros) = ("x".repeat(1000 * 1000), "0".repeat(1000 * 1000));
    let big = big.set("big", &x).set("zeros", &zeros).build().unwrap();
    for text in [
        format!("big LIKE '%{}y%'", "_".repeat(12_000)),
        format!("{}TRUE", "big LIKE '%y%' OR ".repeat(800)),
        format!("{}TRUE", "UPPER(big) = '' OR ".repeat(800)),
        format!("{}TRUE", "RIGHT(big, 1) = '' OR ".repeat(700)),
        format!("{}TRUE", "zeros = 1 OR ".repeat(1000)),
        format!("1 IN ({}1)", "zeros, ".repeat(1000)),
        format!("{}TRUE", "zeros > 1 OR ".repeat(1000)),
        format!("{}TRUE", "NOT IS_INT(zeros) OR ".repeat(700)),
    ] {
        let much = parse(&text);
        let (value, fault) = much.evaluate(&big);
        let fault = fault.unwrap_or_else(|| panic!("{}: {value}", &text[..40]));
        assert_eq!(fault.kind(), ErrorKind::FunctionEvaluation, "{}", &text[..40]);
        assert!(much.describe(&fault).contains("too much work"), "{}", much.describe(&fault));
    }
    for text in
        ["big = 'y' OR ", "big LIKE 'y%' OR ", "big LIKE '_y%' OR ", "big LIKE '%y' OR ", "big IN ('y') OR "]
    {
        let cheap = parse(&format!("{}TRUE", text.repeat(800)));
        assert_eq!(cheap.evaluate(&big), (Value::Boolean(true), None), "{text}");
    }
}

#[test]
fn a_pattern_made_to_backtrack_does_not() {
    let text = "a".repeat(7000);
    let pattern = "a%".repeat(3000);
    assert_eq!(outcome(&format!("'{text}' LIKE '{pattern}b'")), "false");
}
