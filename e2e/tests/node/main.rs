//! Tests on a real node, with the operator as a pod: `make e2e` runs them.

mod ask;
mod cli;
mod client;
mod drift;
mod entry;
mod inside;
mod limits;
mod load;
mod managed;
mod names;
mod operator;
mod packets;
mod place;
mod pod;
mod predicted;
mod processes;
mod reach;
mod releases;
mod rollout;
mod samples;
mod traces;
mod volume;
