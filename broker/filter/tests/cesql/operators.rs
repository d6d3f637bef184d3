//! Section 3.4: operators, and section 3.3: the errors that they meet.

use super::gives;

#[test]
fn arithmetic_truncates_and_keeps_the_sign_of_the_dividend() {
    gives(
        "7 / 2 => 3
         -7 / 2 => -3
         7 % -2 => 1
         -7 % 2 => -1
         2 + 3 * 4 - 1 => 13",
    );
}

#[test]
fn arithmetic_that_has_no_result_is_a_math_error_and_0() {
    gives(
        "1 / 0 => 0 math
         1 % 0 => 0 math
         2147483647 + 1 => 0 math
         -2147483648 - 1 => 0 math
         65536 * 65536 => 0 math
         -2147483648 / -1 => 0 math
         -2147483648 % -1 => 0
         - (-2147483648) => 0 math
         2147483647 + 0 => 2147483647",
    );
}

#[test]
fn equality_casts_the_left_side_to_the_type_of_the_right() {
    gives(
        "'5' = 5 => true
         5 = '05' => false
         '05' = 5 => true
         true = 'TRUE' => false
         'TRUE' = true => true
         2 = true => true
         'x' = 5 => false cast
         'x' != 5 => false cast
         'a' <> 'A' => true",
    );
}

#[test]
fn order_compares_integers_only() {
    gives(
        "'10' > 9 => true
         9 >= '10' => false
         true < 2 => true
         'a' < 'b' => false cast
         2 <= 'b' => false cast",
    );
}

#[test]
fn and_and_or_look_no_further_than_they_must() {
    gives(
        "false AND 1 / 0 = 1 => false
         true OR 1 / 0 = 1 => true
         true AND 1 / 0 = 1 => false math
         false OR 1 / 0 = 1 => false math
         true XOR 1 / 0 = 1 => false math
         true XOR true => false
         true XOR false => true
         'true' AND 1 => true
         'x' AND true => false cast
         true AND 'x' => false cast",
    );
}

#[test]
fn not_casts_text_and_refuses_integers() {
    gives(
        "NOT true => false
         NOT 'FALSE' => true
         NOT 'x' => false cast
         NOT 10 => true cast
         NOT 0 => true cast
         NOT nothing => false missingAttribute
         NOT NOT true => true",
    );
}

#[test]
fn in_casts_its_members_to_the_type_of_the_item() {
    gives(
        "5 IN ('1', '05') => true
         '5' IN (5) => true
         '05' IN (5) => false
         true IN ('x', true) => false cast
         true IN (true, 'x') => true
         5 NOT IN (1, 2) => true
         nothing IN (1) => false missingAttribute
         nothing NOT IN (1) => false missingAttribute
         1 IN (nothing, 1) => false missingAttribute
         1 IN (1, nothing) => true
         1 NOT IN ('x') => false cast",
    );
}

#[test]
fn an_error_gives_the_zero_of_the_type_that_the_operator_returns() {
    gives(
        "nothing => false missingAttribute
         -nothing => 0 missingAttribute
         nothing + 1 => 0 missingAttribute
         1 / nothing => 0 missingAttribute
         nothing = 1 => false missingAttribute
         nothing LIKE 'x' => false missingAttribute
         LOWER(nothing) => '' missingAttribute
         LENGTH(nothing) => 0 missingAttribute
         IS_INT(nothing) => false missingAttribute",
    );
}

#[test]
fn the_first_error_from_the_left_counts_and_casts_come_after_both_sides() {
    gives(
        "1 / 0 + nothing => 0 math
         nothing + 1 / 0 => 0 missingAttribute
         'x' + nothing => 0 missingAttribute
         'x' + 1 / 0 => 0 math
         'x' < nothing => false missingAttribute
         1 / 0 = 1 OR true => false math",
    );
}
