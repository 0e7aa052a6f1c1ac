//! Tests on a real node, with the operator as a pod: `make e2e` runs them.

mod ask;
mod drift;
mod limits;
mod operator;
mod place;
mod processes;
mod rollout;
mod samples;
mod traces;
mod volume;
