//! One story a file, told against the running program.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod bad_input;
mod batch;
mod binding;
mod budget;
mod channel;
mod channel_crash;
mod channel_dead_letters;
mod channel_manifests;
mod channel_reply;
mod crash;
mod dead_letter_sink;
mod drain;
mod exit_codes;
mod flow_crash;
mod flow_dead_letters;
mod flow_edit;
mod flow_parallel;
mod flow_sequence;
mod http;
mod metrics;
mod neighbours;
mod order;
mod pause;
mod quickstart;
mod reload;
mod replay;
mod reply_loop;
mod restart;
mod retention;
mod retry;
mod tls;
mod tls_reload;
mod tls_sinks;
