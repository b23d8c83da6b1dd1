//! List of all checks, as tests.

/// Generates a test for each check of the suite, in a module of that name: first the name, then a
/// function that makes a [`Rig`](crate::conformance::Rig), which may live on another thread.
///
/// ```no_run
/// # use conclib_testing::conformance::{BoxFuture, Link, Rig, Supports};
/// # #[derive(Default)]
/// # struct MyRig;
/// # impl Rig for MyRig {
/// #     fn supports(&self) -> Supports { Supports::none() }
/// #     fn serve<'a>(
/// #         &'a self,
/// #         _: &'a conclib::spi::Inlet,
/// #     ) -> BoxFuture<'a, std::sync::Arc<dyn conclib::spi::Broker>> {
/// #         unimplemented!()
/// #     }
/// #     fn connect<'a>(&'a self, _: &'a conclib::System) -> BoxFuture<'a, Box<dyn Link>> {
/// #         unimplemented!()
/// #     }
/// # }
/// conclib_testing::conformance!(mod my_broker, MyRig::default);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! conformance {
    (mod $name:ident, $make:expr $(,)?) => {
        #[cfg(test)]
        mod $name {
            $crate::conformance! { @checks $make;
                answers {
                    each_of_2000_askers_gets_its_own_answer: nothing on_threads,
                    answers_out_of_order_reach_their_askers: at_most_once on_one_thread,
                    messages_of_one_sender_arrive_in_order: nothing on_one_thread,
                    large_bodies_keep_their_place_in_the_order: nothing on_one_thread,
                    each_of_two_clients_is_served_in_its_order: nothing on_one_thread,
                }
                control {
                    a_far_actor_is_stopped_and_killed: control on_one_thread,
                    a_far_actor_is_not_ended_by_its_name: named_control on_one_thread,
                    a_named_actor_is_ended_by_any_client_if_that_is_permitted: named_control on_one_thread,
                    a_watcher_hears_of_the_end_of_a_named_actor: named_control on_one_thread,
                    a_watcher_of_a_named_actor_hears_of_a_lost_connection: named_control on_one_thread,
                    a_watcher_hears_of_the_end_of_a_far_actor: control on_one_thread,
                    a_watcher_hears_of_a_lost_connection: control on_one_thread,
                }
                deadlines {
                    an_ask_ends_by_its_deadline: nothing on_one_thread,
                    a_request_that_is_late_in_the_mailbox_is_not_handled: at_most_once on_one_thread,
                    an_ask_without_time_is_not_sent: nothing on_one_thread,
                    a_handler_hears_that_its_asker_has_gone: at_most_once on_one_thread,
                    a_request_whose_asker_has_gone_is_skipped: at_most_once on_one_thread,
                }
                fates {
                    an_ask_ends_in_a_reply_an_error_or_a_failure: at_most_once on_one_thread,
                    a_kill_of_the_actor_ends_its_asks: at_most_once on_one_thread,
                    a_stop_of_the_actor_answers_the_asks_in_its_mailbox: at_most_once on_one_thread,
                    a_panic_of_the_actor_ends_its_asks: at_most_once on_one_thread,
                    a_lost_connection_ends_the_asks_under_way: at_most_once on_one_thread,
                    a_client_that_closes_ends_its_own_asks: at_most_once on_one_thread,
                    a_server_that_dies_ends_all_asks: at_most_once on_one_thread,
                    no_ask_is_handled_twice_or_answered_falsely: nothing on_threads,
                }
                hostile {
                    a_peer_that_writes_no_frames_is_disconnected: nothing on_one_thread,
                    a_peer_that_breaks_the_protocol_is_disconnected: nothing on_one_thread,
                    a_frame_that_is_cut_off_harms_no_other: nothing on_one_thread,
                    frames_may_come_in_pieces: nothing on_one_thread,
                    a_request_that_cannot_be_served_fails_alone: nothing on_one_thread,
                    late_frames_do_no_harm: nothing on_one_thread,
                    a_peer_that_does_not_read_holds_up_no_other: nothing on_one_thread,
                }
                limits {
                    bodies_of_up_to_eight_mebibytes_come_back_as_they_were: nothing on_one_thread,
                    a_larger_body_is_refused_by_its_sender: nothing on_one_thread,
                    a_larger_reply_is_an_error_of_its_asker: nothing on_one_thread,
                }
                outages {
                    an_ask_waits_for_the_next_connection: reconnect on_one_thread,
                    an_ask_without_a_connection_ends_by_its_deadline: reconnect on_one_thread,
                    a_server_that_comes_back_serves_its_former_clients: reconnect on_one_thread,
                    a_lost_connection_is_one_client_s_alone: reconnect on_one_thread,
                }
                pressure {
                    a_full_mailbox_refuses: at_most_once on_one_thread,
                    an_actor_that_hangs_holds_up_no_other: nothing on_threads,
                    large_answers_hold_up_no_other_asker: nothing on_one_thread,
                }
                references {
                    callbacks_go_both_ways: references on_one_thread,
                    a_reference_that_comes_home_is_local: references on_one_thread,
                    an_anonymous_actor_lives_as_long_as_its_far_references: references on_one_thread,
                    a_lost_connection_lets_its_actors_go: references on_one_thread,
                    a_request_that_is_refused_lets_its_actors_go: references on_one_thread,
                    recipients_and_weak_references_travel: references on_one_thread,
                    references_in_a_stream_keep_their_actors_alive: references on_one_thread,
                    too_many_references_in_a_message_are_refused: references on_one_thread,
                    a_cycle_of_asks_fails_at_once: references on_one_thread,
                    named_actors_are_referred_to_in_both_directions: named_references on_one_thread,
                    a_cycle_of_named_actors_fails_at_once: named_references on_one_thread,
                    a_link_without_references_refuses_them: no_references on_one_thread,
                }
                shutdown {
                    a_shutdown_answers_the_asks_in_the_mailboxes: at_most_once on_one_thread,
                    a_reply_that_outlives_its_actor_is_sent: nothing on_one_thread,
                    a_request_after_the_shutdown_is_not_handled: nothing on_one_thread,
                    a_broker_that_closes_ends_the_asks_under_way: at_most_once on_one_thread,
                }
                streams {
                    items_come_complete_and_in_order: streams on_one_thread,
                    a_slow_reader_bounds_the_items_that_are_made: streams on_one_thread,
                    readers_that_do_not_read_hold_up_no_other: streams on_one_thread,
                    a_reader_that_leaves_ends_the_stream: streams on_one_thread,
                    a_stream_that_panics_ends_in_that_error: streams on_one_thread,
                    the_end_of_the_actor_ends_its_streams_in_an_error: streams on_one_thread,
                    a_lost_connection_ends_its_streams_in_an_error: streams on_one_thread,
                    streams_and_asks_share_a_connection: streams on_threads,
                    a_broker_without_streams_refuses_them: no_streams on_one_thread,
                }
                tells {
                    a_tell_resolves_once_it_is_queued: nothing on_one_thread,
                    a_tell_that_fails_gives_its_message_back: at_most_once on_one_thread,
                    a_told_error_ends_nothing: nothing on_one_thread,
                    a_tell_is_confirmed_when_it_is_handled: nothing on_one_thread,
                    a_tell_whose_turn_is_ended_fails: at_most_once on_one_thread,
                    a_durable_message_is_handled_or_refused: nothing on_one_thread,
                }
            }
        }
    };
    (@checks $make:expr; $($group:ident { $($check:ident: $need:ident $run:ident,)* })*) => {
        $(
            mod $group {
                #[allow(unused_imports, reason = "the rig may be named by a full path")]
                use super::super::*;
                $(
                    #[test]
                    fn $check() {
                        $crate::conformance::$run(
                            $make,
                            $crate::conformance::Need::$need,
                            |stage| {
                                ::std::boxed::Box::pin(
                                    $crate::conformance::checks::$group::$check(stage),
                                )
                            },
                        );
                    }
                )*
            }
        )*
    };
}
