//! The list of all laws: the one place that names a law beside its definition.

/// Calls `callback! { [input] laws { port { law … } … } histories { model { law … } } }`. A law is
/// asked once, a history for each seed.
///
/// Whoever wants something other than tests of all laws (a table of them, a part of them) gives a
/// macro of their own.
#[macro_export]
macro_rules! for_each_test {
    ($callback:path, $($input:tt)*) => {
        $callback! {
            [$($input)*]
            laws {
                catalog {
                    an_inserted_slo_is_found
                    an_unknown_slo_is_not_found
                    every_field_of_a_definition_is_kept
                    every_query_of_an_indicator_is_kept
                    long_texts_are_kept_whole
                    a_name_is_unique_among_the_slos_of_a_service
                    a_name_belongs_to_its_service
                    a_disabled_slo_keeps_its_name
                    a_deleted_slo_gives_its_name_back
                    an_id_is_used_once
                    a_new_store_is_seeded
                    a_store_that_was_emptied_is_not_seeded
                    a_seeded_store_is_not_seeded_again
                    seeds_that_collide_plant_nothing
                    an_empty_store_lists_no_slos
                    slos_are_listed_in_the_order_of_their_ids
                    pages_of_slos_tile_the_list
                    a_page_may_begin_after_an_unknown_id
                    a_list_of_slos_has_a_maximum
                    slos_are_listed_by_service
                    slos_are_listed_by_label
                    a_label_with_special_characters_is_found
                    a_disabled_slo_is_listed
                    a_deleted_slo_stays_findable
                    deleted_slos_are_not_counted
                    an_update_replaces_the_slo
                    an_update_of_a_version_that_has_passed_is_refused
                    an_unknown_slo_cannot_be_updated
                    an_update_cannot_take_anothers_name
                    an_update_with_a_restart_begins_anew
                    an_update_without_a_restart_keeps_the_place
                    an_update_may_ask_for_more_history
                    a_stretch_is_folded_again_when_it_is_asked_for
                    an_unknown_slo_cannot_be_folded_again
                    an_update_ends_its_alerts
                    an_update_that_lost_an_alert_changes_nothing
                }
                corrections {
                    every_field_of_a_correction_is_kept
                    an_unknown_correction_is_not_found
                    the_id_of_a_correction_is_used_once
                    a_cancelled_correction_stays_stored
                    an_unknown_correction_cannot_be_cancelled
                    an_ended_correction_stays_stored
                    an_unknown_correction_cannot_be_ended
                    corrections_in_force_are_limited
                    old_corrections_are_pruned
                    pages_of_corrections_tile_the_list
                    corrections_are_listed_by_scope_and_period
                    in_force_is_what_holds_for_an_slo
                    a_correction_raises_the_revision_of_its_slos
                    a_claim_brings_the_corrections_in_force
                    a_correction_does_not_supersede_a_slot
                }
                samples {
                    an_appended_sample_is_read_back
                    no_samples_are_appended
                    the_same_sample_again_is_a_duplicate
                    another_value_replaces_a_sample
                    labels_distinguish_samples
                    a_series_is_ordered_by_instant_then_labels
                    a_series_is_half_open
                    a_series_is_limited
                    a_series_is_of_one_metric_of_one_service
                    instants_are_kept_to_the_microsecond
                    numbers_are_kept_exactly
                    counts_are_kept_exactly
                    a_metric_with_counts_refuses_a_number
                    a_metric_with_numbers_refuses_counts
                    the_first_sample_says_what_a_metric_is
                    ten_thousand_samples_are_appended_at_once
                    a_late_sample_marks_its_slice
                    a_sample_in_time_marks_nothing
                    a_sample_of_a_folded_slice_marks_it
                    a_sample_beside_a_claim_marks_its_slice
                    a_late_duplicate_marks_nothing
                    a_late_correction_marks_its_slice
                    a_late_sample_marks_each_slo_by_its_own_slices
                    a_late_sample_marks_no_other_slo
                    a_late_sample_marks_live_slos_only
                    many_late_samples_of_a_slice_mark_it_once
                    a_mark_does_not_raise_the_revision
                    a_registered_target_is_due
                    a_target_is_not_due_before_its_instant
                    a_target_that_stays_keeps_its_place
                    a_target_that_is_removed_is_not_asked
                    a_claim_does_not_outlive_its_target
                    the_longest_due_targets_are_claimed_first
                    a_claimed_target_is_hidden_until_the_claim_ends
                    a_late_holder_of_a_target_is_superseded
                    a_late_holder_of_an_untaken_target_is_heard
                    completing_a_target_appends_and_moves_it
                    completing_a_target_marks_late_samples
                    concurrent_takers_never_share_a_target
                }
                silences {
                    every_field_of_a_silence_is_kept
                    the_id_of_a_silence_is_used_once
                    a_stale_change_of_a_silence_changes_nothing
                    a_silence_ends_with_the_beginning_of_its_successor
                    silences_are_listed_by_state
                    silences_that_ended_long_ago_are_left_out
                    a_silence_that_recurs_is_listed_by_its_occurrences
                    a_change_of_a_silence_is_seen_at_once
                    what_a_silence_keeps_back_names_it
                    the_end_of_a_silence_makes_due_what_it_kept_back
                    a_silence_that_ended_meanwhile_keeps_nothing_back
                }
                maintenances {
                    every_field_of_a_maintenance_is_kept
                    a_maintenance_is_written_once_and_ended_once
                    maintenances_are_listed_and_those_that_stand_are_found
                    maintenances_that_stand_are_limited
                    the_end_of_a_maintenance_makes_due_what_it_kept_back
                }
                services {
                    a_declared_service_is_found
                    every_field_of_a_declaration_is_kept
                    an_unknown_service_is_not_found
                    a_service_is_declared_once
                    what_is_only_named_is_no_declaration
                    a_declaration_replaces_the_one_that_was_read
                    a_declaration_that_was_read_too_early_is_refused
                    a_declaration_is_taken_back
                    an_undeclared_service_cannot_be_taken_back
                    a_service_that_an_slo_names_is_known
                    a_service_that_a_sample_names_is_known
                    a_service_that_an_alert_names_is_known
                    a_service_that_is_depended_on_is_known
                    a_service_that_is_named_stays_known_without_its_declaration
                    services_are_found_in_the_order_of_their_names
                    services_are_listed_in_the_order_of_their_names
                    pages_of_services_tile_the_list
                    a_list_of_services_has_a_maximum
                    dependents_are_those_that_depend_directly
                    a_new_declaration_ends_the_old_dependencies
                }
                health {
                    live_slos_come_with_what_was_found_last
                    slos_that_are_not_live_are_no_evidence
                    probe_samples_are_those_of_probes
                    open_alerts_are_counted_by_service
                    a_snapshot_is_kept_whole
                    the_newest_snapshot_holds
                    an_instant_is_recorded_once
                    a_history_of_health_is_in_order
                    old_snapshots_are_forgotten
                }
                evaluations {
                    a_claim_shows_where_evaluation_stands
                    a_slot_is_claimed_when_it_is_due
                    only_live_slos_are_claimed
                    a_dead_takers_claim_ends
                    the_longest_due_slots_are_claimed_first
                    a_released_claim_is_free
                    a_release_of_a_lost_claim_is_passed_over
                    nothing_is_released
                    concurrent_takers_never_share_a_slot
                    the_earliest_slot_is_of_a_live_slo
                    nothing_is_committed
                    a_commit_moves_the_slot
                    a_claim_tells_what_was_recorded_last
                    a_commit_stores_its_alerts
                    a_commit_that_lost_an_alert_leaves_no_trace
                    a_batch_applies_all_but_the_superseded
                    appending_does_not_raise_the_revision
                    a_commit_of_an_old_epoch_is_superseded
                    a_late_commit_of_an_untaken_slot_is_applied
                    a_slot_is_committed_once
                    a_holder_adds_history_until_another_takes_the_slot
                    a_slot_is_committed_once_in_a_batch
                    a_commit_of_another_slot_is_superseded
                    a_changed_definition_refuses_the_commit
                    a_deleted_slo_refuses_the_commit
                    an_unknown_slo_refuses_the_commit
                    a_refused_commit_keeps_the_marks
                    hours_are_read_back_in_order
                    an_hour_is_replaced_whole
                    slices_are_kept_exactly
                    hours_belong_to_a_generation
                    refolding_raises_the_revision
                    what_is_left_of_dirty_ranges_stays_dirty
                    a_mark_that_came_after_the_claim_survives
                    an_unfolded_range_stays_dirty
                    a_claim_of_a_composite_brings_its_members
                    a_claim_of_a_composite_brings_what_was_learned_of_its_members
                    what_a_member_folds_again_is_dirty_for_its_composites
                    what_a_member_folds_while_a_composite_is_claimed_is_dirty
                    a_superseded_member_marks_nothing
                    a_member_with_other_slices_makes_the_windows_of_its_composites_dirty
                    a_member_with_the_same_slices_makes_nothing_of_its_composites_dirty
                    a_member_that_left_marks_nothing
                    a_composite_of_an_unknown_slo_is_refused
                    a_composite_within_itself_is_refused
                    standings_tell_what_the_last_slot_found
                    an_slo_without_a_slot_has_no_standing
                    a_deleted_slo_keeps_its_standing
                    calculations_are_kept_whole
                    history_holds_calculations_and_gaps_in_order
                    a_slot_is_recorded_once
                    budgets_are_kept_whole
                    budgets_are_read_in_the_order_of_time
                    a_budget_is_recorded_once
                }
                alerts {
                    a_new_episode_is_found
                    an_unknown_episode_is_not_found
                    every_field_of_an_episode_is_kept
                    every_reason_of_an_end_is_kept
                    a_transition_replaces_the_episode
                    a_transition_that_was_read_too_early_is_superseded
                    a_transition_of_an_unknown_episode_is_superseded
                    an_identity_has_one_open_episode
                    the_next_episode_begins_after_the_end
                    a_transition_is_stored_with_its_intents
                    the_same_intent_twice_is_one
                    a_transition_does_not_undo_a_delivery
                    concurrent_writers_never_share_a_transition
                    the_newest_episode_of_each_identity_is_found
                    pages_that_are_open_or_ended_lately_are_found
                    many_identities_are_looked_up_at_once
                    episodes_are_listed_newest_first
                    pages_of_episodes_tile_the_list
                    episodes_are_listed_by_what_they_are
                    an_empty_store_lists_no_episodes
                    an_episode_is_claimed_when_it_is_due
                    only_what_time_moves_is_claimed
                    an_acknowledged_episode_is_claimed
                    the_longest_due_episodes_are_claimed_first
                    a_claimed_episode_is_hidden_until_the_claim_ends
                    a_transition_frees_the_claim
                    an_episode_is_postponed
                    an_episode_is_postponed_at_its_transition_only
                    concurrent_takers_never_share_an_episode
                }
                incidents {
                    a_new_incident_is_found
                    an_unknown_incident_is_not_found
                    every_field_of_an_incident_is_kept
                    an_incident_is_opened_once
                    a_change_replaces_the_incident_and_adds_to_its_timeline
                    a_change_of_a_version_that_has_passed_is_superseded
                    changes_are_stored_together_or_not_at_all
                    an_incident_and_its_notices_are_stored_together_or_not_at_all
                    an_alert_belongs_to_one_incident
                    alerts_move_with_a_merge
                    a_transition_keeps_the_incident_of_an_alert
                    concurrent_writers_never_share_a_version
                    a_grave_alert_opens_an_incident
                    the_next_alert_of_a_service_joins
                    slos_that_fire_in_one_batch_share_an_incident
                    alerts_at_the_same_time_share_an_incident
                    a_lesser_alert_joins_and_opens_nothing
                    an_alert_that_does_not_count_leaves_incidents_alone
                    an_alert_joins_the_incident_of_a_neighbour
                    an_alert_joins_the_incident_of_a_dependent
                    the_nearest_incident_is_joined
                    an_alert_that_becomes_graver_raises_its_incident
                    an_alert_that_becomes_grave_opens_an_incident
                    an_alert_that_comes_back_joins_the_live_incident
                    an_alert_that_comes_back_after_the_end_opens_a_recurrence
                    an_incident_that_is_over_is_not_joined
                    a_candidate_is_confirmed_by_a_grave_alert
                    a_superseded_alert_opens_nothing
                    incidents_are_listed_newest_first
                    pages_of_incidents_tile_the_list
                    incidents_are_listed_by_what_they_are
                    loose_alerts_are_in_no_incident
                }
                outbox {
                    messages_are_listed_from_the_last
                    messages_are_listed_by_state_and_destination
                    a_dead_message_is_sent_again
                    only_a_dead_message_is_sent_again
                    what_has_ended_is_not_sent_again_as_firing
                    what_may_have_arrived_is_marked_when_it_is_sent_again
                    a_dead_notice_is_sent_again
                    a_destination_is_broken_until_a_message_arrives
                    a_stopped_destination_is_broken_until_it_is_configured_anew
                    what_may_have_arrived_breaks_no_destination
                    what_was_given_up_is_missed_until_the_fallback_hears
                    what_does_not_arrive_is_missed_after_a_while
                    what_a_lane_holds_back_is_missed
                    what_has_ended_is_not_missed
                    what_is_missed_is_missed_until_all_of_the_fallback_hear
                    what_fell_back_once_is_not_missed_again
                    what_was_given_up_twice_is_missed_once
                    without_a_fallback_nothing_is_missed
                    a_message_that_nobody_tries_is_overdue
                    an_alert_that_nobody_moves_is_overdue
                    a_delivered_message_has_told
                    a_delivery_moves_its_own_transition_only
                    a_delivery_moves_no_ended_episode
                    the_last_delivery_is_the_latest
                    what_was_told_is_what_the_message_said
                    a_late_answer_is_superseded
                    a_late_answer_of_an_untaken_try_is_heard
                    an_answer_is_heard_once
                    a_message_that_was_refused_has_told_nobody
                    a_message_that_may_have_arrived_has_told
                    a_message_given_up_on_an_unknown_try_has_told
                    a_message_whose_holder_died_has_told
                    a_degraded_resend_carries_the_same_intents
                    a_degraded_resend_inherits_what_may_have_arrived
                    a_delivered_end_is_believed
                    a_claimed_delivery_is_hidden_until_the_claim_ends
                    the_first_try_has_the_epoch_one
                    a_retry_is_due_at_its_instant
                    a_try_after_a_refusal_is_no_repeat
                    a_try_after_an_unknown_one_may_be_a_repeat
                    a_try_after_a_dead_holder_may_be_a_repeat
                    what_has_ended_is_not_tried_again
                    urgent_deliveries_are_claimed_first
                    concurrent_takers_never_share_a_delivery
                    concurrent_recorders_never_share_a_try
                    an_empty_outbox_has_no_groups
                    an_intent_makes_a_group
                    an_intent_is_due_at_its_instant
                    each_destination_has_its_group
                    a_group_has_all_pending_intents
                    a_group_waits_until_one_of_its_intents_is_due
                    urgent_groups_come_first
                    an_end_is_as_urgent_as_a_beginning
                    a_message_under_way_holds_its_identity
                    a_dead_message_holds_nothing
                    the_next_episode_waits_for_the_end_of_the_last
                    what_was_told_is_known_to_the_next_group
                    the_sequence_grows_with_every_message
                    what_is_withheld_is_not_due_again
                    sending_freezes_the_message
                    a_frozen_message_is_claimed
                    a_message_supersedes_older_intents
                    a_second_judgement_is_superseded
                    a_judgement_takes_all_its_intents_or_none
                    what_is_withheld_says_why
                    what_is_postponed_is_judged_again
                    a_judgement_of_unknown_intents_is_superseded
                    concurrent_dispatchers_never_share_an_intent
                    a_paused_lane_waits_until_the_pause_ends
                    a_stopped_lane_waits
                    other_lanes_go_on
                    the_longer_pause_holds
                    a_stop_outlives_a_pause
                    an_unchanged_destination_keeps_its_lane
                    a_changed_destination_starts_its_lane_again
                    what_is_meant_for_a_removed_destination_ends
                    an_intent_for_a_removed_destination_ends_at_once
                    an_intent_waits_for_its_destination
                    a_destination_that_comes_back_is_told_again
                    a_removed_destination_may_have_been_told
                    a_dead_message_may_stop_its_lane
                    an_unknown_episode_has_an_empty_ledger
                    a_ledger_shows_everything
                    every_field_of_a_try_is_kept
                    the_depth_counts_what_waits
                    a_ticket_waits_for_the_page_of_its_slo
                    the_end_of_a_ticket_waits_too
                    a_ticket_waits_until_the_end_of_the_page_is_told
                    only_tickets_wait_and_only_for_their_own_page
                    a_message_may_speak_of_several_episodes
                    a_message_takes_all_its_intents_or_none
                    a_message_tells_of_each_of_its_episodes
                    a_message_given_up_ends_all_that_it_carried
                    a_message_under_way_holds_each_of_its_identities
                    a_degraded_resend_speaks_of_all
                    an_end_follows_a_digest
                    what_was_said_lately_is_known
                    an_episode_is_forgotten_without_its_neighbours
                    each_destination_has_its_share_of_groups
                    each_destination_has_its_share_of_deliveries
                    a_spaced_lane_begins_one_message_at_a_time
                    a_lane_says_how_it_stands
                    each_destination_has_its_share_of_notices
                    a_notice_is_told_once
                    a_notice_is_kept_as_it_was_written
                    an_unknown_notice_is_not_found
                    a_withheld_notice_says_why
                    a_notice_is_tried_until_it_is_given_up
                    a_refused_notice_is_carried_by_its_minimal_form
                    a_notice_waits_for_its_lane
                    a_notice_to_a_removed_destination_ends
                    old_notices_are_forgotten
                }
                replies {
                    a_new_key_is_claimed
                    a_kept_answer_is_given_again
                    an_empty_answer_is_kept
                    a_claimed_key_is_under_way_until_the_claim_ends
                    a_key_stands_for_one_request
                    a_key_belongs_to_its_scope
                    a_released_key_is_given_again
                    a_late_holder_of_a_key_is_superseded
                    a_kept_answer_never_changes
                    an_unknown_key_cannot_be_kept
                    a_key_is_forgotten_after_a_day
                    old_answers_are_pruned_in_batches
                }
                retention {
                    an_empty_store_forgets_nothing
                    old_samples_are_forgotten_in_batches
                    a_forgotten_metric_may_change_its_kind
                    fine_hours_become_sums
                    old_hours_are_forgotten
                    old_history_is_forgotten
                    old_episodes_are_forgotten
                    an_episode_that_is_owed_is_kept
                    a_forgotten_episode_was_never_told
                    the_newer_episode_outlives_the_older
                    an_old_incident_is_forgotten
                    an_alert_is_kept_as_long_as_its_incident
                }
            }
            histories {
                model {
                    a_random_history_has_the_answers_of_the_reference
                }
            }
        }
    };
}

/// Writes one test for each law, run on the store that `fresh` makes.
///
/// `store_tests!(crate::fresh)` for an `async fn fresh() -> MyStore`, and
/// `store_tests!(guarded crate::fresh)` for an `async fn fresh() -> (MyStore, Guard)` whose guard
/// lives as long as the test.
#[macro_export]
macro_rules! store_tests {
    (guarded $fresh:path) => {
        $crate::for_each_test! { $crate::write_tests, guarded $fresh }
    };
    ($fresh:path) => {
        $crate::for_each_test! { $crate::write_tests, plain $fresh }
    };
}

/// One module a port with one test a law.
#[doc(hidden)]
#[macro_export]
macro_rules! write_tests {
    (
        [$guard:ident $fresh:path]
        laws { $($port:ident { $($law:ident)* })* }
        histories { $($model:ident { $($history:ident)* })* }
    ) => {
        $(mod $port {
            $(#[test]
            fn $law() {
                $crate::run(async {
                    let (store, _guard) = $crate::begin!($guard $fresh);
                    $crate::$port::$law(&store).await.expect("the store answers");
                });
            })*
        })*
        $(mod $model {
            $(#[test]
            fn $history() {
                $crate::run(async {
                    for seed in $crate::$model::SEEDS {
                        let (store, _guard) = $crate::begin!($guard $fresh);
                        let verdict = $crate::$model::$history(&store, seed).await;
                        verdict.expect("the store answers");
                    }
                });
            })*
        })*
    };
}

/// A new store, and what has to live as long as it.
#[doc(hidden)]
#[macro_export]
macro_rules! begin {
    (guarded $fresh:path) => {
        $fresh().await
    };
    (plain $fresh:path) => {
        ($fresh().await, ())
    };
}
