//! Section 3.2: attributes, and section 3.4.4: whether they are there.

use super::gives;
use event::Event;
use filter::cesql::{Expression, Value};

#[test]
fn attributes_have_the_type_that_the_event_gives_them() {
    gives(
        "type => 'com.shop.order'
         TYPE => 'com.shop.order'
         hop => '5'
         hop + 1 => 6
         count => 7
         paid => true
         paid AND count > 6 => true
         count = '7' => true
         count IN ('007') => true
         '07' = count => true
         specversion => '1.0'",
    );
}

#[test]
fn one_that_is_not_set_is_an_error() {
    gives("subject => false missingAttribute\n data => false missingAttribute");
}

#[test]
fn exists_never_errs() {
    gives(
        "EXISTS nothing => false
         NOT EXISTS nothing => true
         EXISTS note => true
         exists SHOP AND EXISTS id AND EXISTS source AND EXISTS type AND EXISTS specversion => true
         EXISTS nothing AND nothing = 1 => false",
    );
}

#[test]
fn times_and_uris_are_text_as_they_came() {
    let event = Event::builder().set("id", "1").set("source", "HTTP://A.example/%7e").set("type", "t");
    let event = event.set("time", "2018-04-26T14:48:09.000+02:00").build().unwrap();
    for (attribute, wanted) in [("time", "2018-04-26T14:48:09.000+02:00"), ("source", "HTTP://A.example/%7e")]
    {
        let expression: Expression = attribute.parse().unwrap();
        assert_eq!(expression.evaluate(&event), (Value::String(wanted.into()), None));
    }
}

#[test]
fn names_may_begin_with_a_digit() {
    let event = Event::builder().set("id", "1").set("source", "s").set("type", "t").set("5g", "yes");
    let event = event.build().unwrap();
    let expression: Expression = "5G = 'yes'".parse().unwrap();
    assert_eq!(expression.evaluate(&event), (Value::Boolean(true), None));
}
