//! What every store must prove: each promise of [`Store`] as a test that runs on all of them.
//!
//! A store's own tests name a [`Bed`] and write `promises!(bed)`.

pub(crate) mod accepting;
pub(crate) mod chains;
mod dice;
pub(crate) mod fixtures;
pub(crate) mod gates;
pub(crate) mod keeping;
pub(crate) mod lanes;
pub(crate) mod leasing;
pub(crate) mod losing;
pub(crate) mod model;

use std::time::Duration;

use crate::runtime::{Clock, Timestamp};

use super::{Claim, Claimed, LEASE, LeasedJob, Next, Record, Store};

/// Where a store of one kind is made for a test, anew for each.
pub(crate) trait Bed {
    type Store: Store + 'static;

    /// An empty store.
    fn open(&self, clock: &Clock) -> Self::Store;

    /// The same store in the next process.
    fn reopen(&self, store: Self::Store, clock: &Clock) -> Self::Store;
}

/// A store under test and the time it sees.
pub(crate) struct World<B: Bed> {
    pub(crate) bed: B,
    pub(crate) clock: Clock,
    pub(crate) store: B::Store,
}

impl<B: Bed> World<B> {
    pub(crate) fn new(bed: B) -> Self {
        let clock = Clock::settable(Timestamp::from_seconds(1_700_000_000));
        let store = bed.open(&clock);
        Self { bed, clock, store }
    }

    pub(crate) fn reopen(self) -> Self {
        let store = self.bed.reopen(self.store, &self.clock);
        Self { store, ..self }
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(crate) async fn claim(&self, free: &[(&str, usize)]) -> Claimed {
        let free = free.iter().map(|(name, n)| ((*name).to_owned(), *n));
        let free = free.collect();
        let lease = LEASE;
        self.store.claim(Claim { lease, free }).await.unwrap()
    }

    /// Claims the one job that is due at `chat`.
    #[track_caller]
    pub(crate) fn claim_one(&self) -> impl Future<Output = LeasedJob> {
        let place = std::panic::Location::caller();
        async move {
            let mut jobs = self.claim(&[("chat", 9)]).await.jobs;
            assert_eq!(jobs.len(), 1, "jobs claimed at {place}");
            jobs.remove(0)
        }
    }

    /// Records what follows for a lease, with an attempt; answers whether it was held.
    pub(crate) async fn record(&self, leased: &LeasedJob, next: Next) -> bool {
        let record = Record {
            lease: leased.lease,
            attempt: Some(fixtures::attempt(1)),
            next,
        };
        self.store.record(vec![record]).await.unwrap()[0]
    }
}

/// Writes a test for each promise, for the bed that an expression makes.
macro_rules! promises {
    ($bed:expr) => {
        $crate::stores::contract::promises! { $bed;
            accepting::events_come_back_exactly
            accepting::a_known_key_is_a_duplicate
            accepting::keys_are_forgotten_in_time
            accepting::one_of_sixteen_is_new
            accepting::a_batch_is_kept_wholly_or_not_at_all
            accepting::wanted_jobs_are_leased_at_once
            accepting::replays_add_a_run
            leasing::the_longest_due_comes_first
            leasing::next_due_is_when_to_ask_again
            leasing::nothing_is_claimed_twice
            leasing::paused_destinations_get_nothing
            leasing::a_renewed_lease_goes_on
            leasing::retries_wait_and_count_only_if_they_should
            leasing::released_jobs_are_due_at_once
            leasing::a_prepared_body_is_kept
            losing::a_record_under_a_lost_lease_changes_nothing
            losing::an_expired_lease_is_held_until_somebody_comes_by
            losing::reopening_voids_all_leases
            losing::three_runs_lost_are_poison
            losing::an_outcome_between_lost_leases_clears_the_count
            losing::a_started_job_dies_in_doubt
            chains::followers_become_ready_when_all_is_done
            chains::outputs_are_kept_for_followers
            chains::followers_of_the_dead_are_skipped_and_revived
            chains::a_follower_of_two_dead_needs_both
            chains::what_cannot_be_done_at_birth_is_skipped
            chains::requeueing_starts_afresh_and_goes_last
            chains::what_cannot_be_requeued_says_why
            chains::stranded_jobs_die_at_their_age
            gates::a_gateless_firing_opens_at_the_next_claim
            gates::a_throttle_lets_so_many_through
            gates::a_late_event_counts_beside_those_before_it
            gates::a_pass_counts_for_what_comes_late_after_a_sweep
            gates::a_throttle_outlives_a_clock_that_was_set_back
            gates::a_value_passes_when_it_changed
            gates::from_and_to_say_which_change
            gates::what_nobody_calls_off_happens
            gates::another_event_calls_off
            gates::only_what_comes_after_calls_off
            gates::two_events_are_joined_in_either_order
            gates::what_comes_too_late_is_not_joined
            gates::a_digest_gathers_until_its_window_closes
            gates::a_digest_closes_when_it_is_quiet_or_full
            gates::a_digest_of_too_few_comes_to_nothing
            gates::a_delay_counts_from_where_it_opened
            gates::what_is_held_waits_for_the_hour
            gates::one_claim_looks_at_so_many_firings
            gates::what_gates_need_is_kept_and_then_swept
            lanes::a_lane_runs_one_at_a_time_in_order
            lanes::the_first_keeps_its_turn_while_it_retries
            lanes::a_requeued_job_goes_to_the_end
            lanes::a_held_lane_waits_for_a_person
            lanes::a_turn_is_taken_when_nothing_else_is_waited_for
            keeping::a_sweep_keeps_what_is_pending_or_dead
            keeping::a_sweep_returns_leases_that_ran_out
            keeping::events_are_listed_newest_first
            keeping::events_come_back_whole_in_pages
            keeping::jobs_are_listed_last_first
            keeping::facts_and_rule_sets_are_kept
            keeping::a_restart_keeps_everything
        }
    };
    ($bed:expr; $($chapter:ident::$promise:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                $crate::stores::contract::$chapter::$promise($bed).await;
            }
        )*
    };
}
pub(crate) use promises;
