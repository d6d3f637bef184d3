//! Section 3.6: what binds how tightly.

use super::gives;

#[test]
fn unary_operators_bind_tightest() {
    gives(
        "NOT false = false => false
         NOT 'true' LIKE 'f%' => true
         -'1' + 3 => 2
         -1 IN (-1) => true
         NOT EXISTS nothing => true
         --10 => 10
         - -10 => 10
         NOT - 1 => true cast",
    );
}

#[test]
fn like_and_in_bind_tighter_than_arithmetic_and_comparison() {
    gives(
        "2 * 3 IN (3) => 2
         true = 1 IN (1) => true
         1 + 1 LIKE '1' => 2
         'a' LIKE 'a' IN (true) => true
         1 IN (1) LIKE 'true' => true",
    );
}

#[test]
fn operators_of_one_level_bind_to_the_left() {
    gives(
        "10 - 4 - 3 => 3
         20 / 2 * 5 => 50
         7 % 4 * 2 => 6
         3 > 2 > 0 => true
         3 = 3 = 1 => true
         1 + 2 = 3 => true",
    );
}

#[test]
fn logical_operators_share_a_level_and_bind_to_the_right() {
    gives(
        "false AND true OR true => false
         (false AND true) OR true => true
         true OR false AND false => true
         true XOR true OR true => false
         (true XOR true) OR true => true
         true XOR true XOR true => true
         true AND false XOR true => true
         false OR true XOR true AND false => true
         true XOR false AND true => true",
    );
}

#[test]
fn signs_need_no_space() {
    gives("4-1 => 3\n 4 -1 => 3\n 4 - -1 => 5\n 4+1 => 5\n 4 +1 => 5\n 2*-3 => -6\n 4--1 => 5");
}
