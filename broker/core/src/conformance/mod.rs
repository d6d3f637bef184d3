//! What every backend must do: the suite beside the contract, run by each backend against the real thing.
//!
//! ```ignore
//! broker_core::conformance!(MyHarness::new());           // in real time
//! broker_core::conformance!(MyHarness::new(), paused);   // in paused time: nothing of it may run outside tokio
//! broker_core::lane_conformance!(MyHarness::new());      // if a process can lose a lane and live on
//! ```
//!
//! The first half ([`appending`], [`reading`], [`stating`], [`opening`], [`losing`]) is about [`Log`](crate::Log)
//! alone. The second ([`lending`], [`grouping`], [`ordering`], [`concluding`],
//! [`restarting`], [`burying`]) is about the
//! [`Channel`](crate::Channel) that the engine makes of it. Each test gets a harness of its own, with no data in it.
#![expect(clippy::unwrap_used, reason = "this is a test suite: an error ends the test")]
#![expect(clippy::missing_panics_doc, reason = "to panic is how a test says no")]

pub mod appending;
pub mod burying;
pub mod concluding;
pub mod grouping;
mod harness;
pub mod lending;
pub mod losing;
mod mesh;
pub mod opening;
pub mod ordering;
pub mod reading;
pub mod restarting;
mod sample;
pub mod stating;
mod waiting;

pub use harness::{Harness, LaneHarness};
pub use waiting::bounded;

/// One test for each promise, in the room of the test's name. See [`crate::conformance`].
#[macro_export]
macro_rules! conformance {
    ($harness:expr) => { $crate::conformance!(@all [tokio::test] $harness); };
    ($harness:expr, paused) => { $crate::conformance!(@all [tokio::test(start_paused = true)] $harness); };
    (@all $attribute:tt $harness:expr) => {
        $crate::conformance!(@room appending $attribute $harness;
            records_are_read_in_the_order_of_their_appends
            a_batch_keeps_its_order
            an_append_ends_the_wait_of_a_reader
            what_was_appended_is_below_the_end_at_once
            concurrent_appends_are_all_there
            a_large_record_comes_back_whole
            lanes_do_not_mix
            a_full_channel_says_so_until_there_is_room
            a_full_channel_still_takes_what_makes_room
        );
        $crate::conformance!(@room reading $attribute $harness;
            readers_are_independent
            a_reader_starts_where_it_is_told
            a_wait_that_is_given_up_loses_nothing
            records_are_found_by_position
            first_and_end_enclose_the_records
            what_was_truncated_is_gone_and_the_rest_is_not
            truncating_to_the_end_spares_what_comes_later
            a_position_is_found_by_time
        );
        $crate::conformance!(@room stating $attribute $harness;
            state_comes_back_in_order
            a_snapshot_replaces_what_was_before
            each_lane_has_its_own_state
            a_piece_of_full_size_is_taken
        );
        $crate::conformance!(@room opening $attribute $harness;
            every_lane_is_announced_once
            opening_twice_gives_the_same_log
            channels_are_listed_and_separate
            a_removed_channel_is_gone
            a_removed_log_ends_its_readers
            a_closed_backend_takes_nothing
            records_and_state_survive_the_process
        );
        $crate::conformance!(@room lending $attribute $harness;
            every_event_comes_once_and_in_order
            groups_are_independent
            the_window_bounds_what_is_lent
            acks_in_any_order_skip_nothing
            a_dropped_delivery_comes_back_untried
            a_nacked_event_waits_and_counts
            a_waiting_event_takes_no_slot
            leaving_gives_everything_back
            a_second_subscription_replaces_the_first
            a_slow_group_does_not_hold_the_others
        );
        $crate::conformance!(@room grouping $attribute $harness;
            a_group_gets_what_its_filter_matches
            nothing_is_missed_once_the_group_is_there
            a_group_can_start_now
            a_group_can_start_with_the_earliest
            a_group_can_start_at_a_time
            ensuring_again_changes_nothing
            a_changed_filter_keeps_the_place
            a_paused_group_resumes
            a_parked_group_resumes
            a_removed_group_is_gone
            another_incarnation_starts_anew
            an_addressed_event_reaches_its_group_and_no_other
        );
        $crate::conformance!(@room ordering $attribute $harness;
            a_failing_event_holds_back_its_key_and_nothing_else
            order_is_kept_through_failures
            order_survives_a_restart
        );
        $crate::conformance!(@room concluding $attribute $harness;
            an_answer_goes_on_and_its_cause_is_done
            an_answer_stays_in_the_lane_of_its_cause
            a_conclusion_survives_a_crash
            a_conclusion_survives_two_crashes
            a_conclusion_closes_what_the_state_has_as_open
            a_conclusion_is_about_one_delivery_of_one_group
        );
        $crate::conformance!(@room restarting $attribute $harness;
            attempts_and_waits_survive
            what_was_acked_stays_done_and_the_rest_comes_back
            the_last_ack_before_leaving_counts
            an_ack_from_an_earlier_life_is_harmless
            a_crash_loses_nothing
            what_nobody_took_is_still_there
            a_parked_group_survives
            a_removed_group_stays_removed
        );
        $crate::conformance!(@room burying $attribute $harness;
            a_dead_letter_is_kept_until_it_is_purged
            a_new_failure_updates_its_letter
            a_query_means_what_it_says
            a_redrive_reaches_the_trigger_that_failed
            a_letter_goes_when_its_redrive_succeeded
            dead_letters_survive_the_process
        );
    };
    (@room $room:ident [$attribute:meta] $harness:expr; $($test:ident)*) => {
        $(
            #[$attribute]
            async fn $test() {
                let harness = $harness;
                $crate::conformance::bounded($crate::conformance::$room::$test(&harness)).await;
            }
        )*
    };
}

/// The tests for backends whose processes can lose a lane and live on. See [`crate::conformance`].
#[macro_export]
macro_rules! lane_conformance {
    ($harness:expr) => { $crate::lane_conformance!(@all [tokio::test] $harness); };
    ($harness:expr, paused) => { $crate::lane_conformance!(@all [tokio::test(start_paused = true)] $harness); };
    (@all $attribute:tt $harness:expr) => {
        $crate::conformance!(@room losing $attribute $harness;
            a_lost_lane_is_told_and_fenced
            a_lane_that_came_back_has_its_state
            a_lost_lane_lends_again_when_it_comes_back
            a_conclusion_of_a_lost_lane_counts
        );
    };
}
