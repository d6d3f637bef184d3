//! Section 3.7: casts.

use super::gives;

#[test]
fn to_integer() {
    gives(
        "INT('12') => 12
         INT('-12') => -12
         INT('+12') => 12
         INT('007') => 7
         INT(true) => 1
         INT(false) => 0
         INT('2147483648') => 0 cast
         INT('-2147483648') => -2147483648
         INT('') => 0 cast
         INT(' 1') => 0 cast
         INT('1.0') => 0 cast
         INT('0x1') => 0 cast
         INT('١') => 0 cast",
    );
}

#[test]
fn to_boolean() {
    gives(
        "BOOL('tRuE') => true
         BOOL('FALSE') => false
         BOOL('1') => false cast
         BOOL('') => false cast
         BOOL(0) => false
         BOOL(-50) => true",
    );
}

#[test]
fn to_string() {
    gives(
        "STRING(true) => 'true'
         STRING(-7) => '-7'
         STRING(+7) => '7'
         STRING('x') => 'x'",
    );
}

#[test]
fn asking_whether_a_cast_exists_is_no_error() {
    gives(
        "IS_INT('5') => true
         IS_INT('x') => false
         IS_INT(true) => true
         IS_BOOL('x') => false
         IS_BOOL('False') => true
         IS_BOOL(5) => true",
    );
}
